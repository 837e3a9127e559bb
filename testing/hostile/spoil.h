/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes that many rows need, as functions for a table: spoil_* of a datagram as it goes out,
 * make_* of a message before it is encrypted. Parameters are the variant's. */
#pragma once

#include "hostile/hostile.h"

/* The byte, or the four bytes, at offset a become b. */
void spoil_u8(struct draft *d, const struct variant *v);
void spoil_u32(struct draft *d, const struct variant *v);
/* The bit a (counted from the begin) is flipped. */
void spoil_bit(struct draft *d, const struct variant *v);
/* The datagram becomes a bytes long: cut, or bytes of 0x5a behind it. */
void spoil_length(struct draft *d, const struct variant *v);
/* The same, and the header's Length fits. */
void spoil_length_fits(struct draft *d, const struct variant *v);
/* b bytes of 0x5a behind it. */
void spoil_tail(struct draft *d, const struct variant *v);

/* Of header fields: flags are a (and encryption as it was); Message ID is a; exchange type is a. */
void make_flags(struct draft *d, const struct variant *v);
void make_message_id(struct draft *d, const struct variant *v);
void make_exchange(struct draft *d, const struct variant *v);

/* No payload of type a any more; one more like the first of type a; one of type a in front, its
 * body b bytes of 0x33; the same at the end. */
void make_without(struct draft *d, const struct variant *v);
void make_twice(struct draft *d, const struct variant *v);
void make_first(struct draft *d, const struct variant *v);
void make_with(struct draft *d, const struct variant *v);
/* The body of the payload of type a becomes b bytes long. */
void make_resized(struct draft *d, const struct variant *v);
/* The SA payload from the variant's text. */
void make_sa(struct draft *d, const struct variant *v);
