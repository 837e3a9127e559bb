/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building a message: header, then payloads one behind the other; next-payload fields and lengths
 * are patched in. Writes through the caller's writer and inherits its rule: do everything, then ask
 * cyg_writer_ok() once. The writer may hold other bytes in front (fragments, tests).
 *
 *   struct builder b;
 *   builder_begin(&b, &w, &header);
 *   builder_payload(&b, PAYLOAD_KE, public_value);
 *   builder_payload_begin(&b, PAYLOAD_N);
 *   notify_encode(&notify, &w);
 *   builder_payload_end(&b);
 *   builder_end(&b);
 *
 * An encrypted message: builder_reserve() a HASH payload, fill it over builder_after(), then
 * builder_pad(), builder_end(), and encrypt builder_body() in place. Thread: values. */
#pragma once

#include "message.h"

#include <cygnet/writer.h>

struct builder {
    struct cyg_writer *w; /* borrowed */
    size_t begin;         /* offset of the message in the writer */
    size_t next_at;       /* offset of the next-payload field that waits for a type */
    size_t last_end;      /* offset behind the last closed payload */
    struct cyg_block block;
    bool open; /* between payload_begin and payload_end */
};

/* Write the header; its next and length are put in later, the rest as given. */
void builder_begin(struct builder *b, struct cyg_writer *w, const struct header *header);

/* Open a payload, its generic header written: the body goes straight into the writer. */
void builder_payload_begin(struct builder *b, uint8_t type);
void builder_payload_end(struct builder *b);

/* A payload with this body. */
void builder_payload(struct builder *b, uint8_t type, struct cyg_span body);

/* A payload with a body of n zero bytes to be filled by the caller. Returns its offset in the
 * writer, for builder_fill. */
size_t builder_reserve(struct builder *b, uint8_t type, size_t n);

/* Put bytes where builder_reserve said. Nothing happens when the writer has failed. */
void builder_fill(struct builder *b, size_t offset, struct cyg_span bytes);

/* What stands behind the reserved body of n bytes at offset up to the end of the last payload: the
 * bytes that its hash covers. Empty when the writer has failed. */
struct cyg_span builder_after(const struct builder *b, size_t offset, size_t n);

/* Fill up with zero bytes so that what follows the header is a multiple of the cipher's block (RFC
 * 2409 App. B). */
void builder_pad(struct builder *b, size_t block);

/* Patch the header's Length. The message is whole. */
void builder_end(struct builder *b);

/* The whole message; the message without its header. Empty when the writer has failed. */
struct cyg_span builder_message(const struct builder *b);
struct cyg_span builder_body(const struct builder *b);
