/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message that is being forged: header and payloads as a list that can be changed one by one,
 * each with the lies that its generic header shall tell; then bytes. What is encrypted is opened
 * with the keys of the puppet's engine, and sealed again: HASH(n) made anew, padded, encrypted.
 * Ownership: a draft owns its bytes; bodies of parts lie in its pool. */
#pragma once

#include "codec/message.h"

#include <cygnet/secret.h>

#define DRAFT_PARTS 1024u
#define DRAFT_POOL  (512u * 1024)
#define DRAFT_OUT   65600u
#define HONESTLY    (-1L) /* next, reserved or length of a part: as it should be */

struct engine;

struct part {
    uint8_t type;
    uint8_t *body;
    size_t len;
    long next, reserved, length; /* what the generic header says; HONESTLY */
};

/* What is needed to seal: read from the puppet's engine. */
struct draft_keys {
    const struct cyg_crypto *crypto;
    uint8_t cipher, hash; /* enum cyg_alg */
    size_t block;
    struct cyg_key skeyid_a, cipher_key;
    uint8_t iv[16]; /* for this message */
};

struct draft {
    struct header header;
    struct part parts[DRAFT_PARTS];
    size_t n;
    long first, length;       /* the header's; HONESTLY */
    struct cyg_span trailing; /* behind the last payload (encrypted: as padding) */
    bool encrypted;           /* has to be sealed */
    bool hashed;              /* begins with HASH(1), made anew when sealed unless keep_hash */
    bool keep_hash;
    bool other_id; /* HASH is made for Message ID hash_id */
    uint32_t hash_id;
    size_t cut; /* so many bytes are taken off the last payload before it is hashed */
    struct draft_keys keys;
    struct cyg_span nonce_i, nonce_r; /* HASH(2), HASH(3) */
    uint8_t hash_number;              /* 1, 2, 3 */

    uint8_t out[DRAFT_OUT]; /* the datagram, without marker */
    size_t out_len;
    uint8_t pool[DRAFT_POOL];
    size_t pool_used;
};

/* An empty message of main mode with random-looking cookies, responder's zero. */
void draft_clear(struct draft *d);

/* Read a clear message, or a decrypted one. False: it does not parse. */
bool draft_parse(struct draft *d, struct cyg_span message);

/* Make the bytes: out, out_len; seals it if it is encrypted. */
void draft_encode(struct draft *d);

/* ---- changes ---- */

/* n bytes of the pool, zero. */
uint8_t *draft_take(struct draft *d, size_t n);
/* The nth (from 0) payload of a wire type; NULL. */
struct part *draft_find(struct draft *d, uint8_t type, size_t nth);
/* Put a payload in front of number `at`; behind the last: draft_add. Returns it. */
struct part *draft_insert(struct draft *d, size_t at, uint8_t type, struct cyg_span body);
struct part *draft_add(struct draft *d, uint8_t type, struct cyg_span body);
struct part *draft_add_text(struct draft *d, uint8_t type, const char *body);
/* The same, a body of n bytes, all of this value. */
struct part *draft_fill(struct draft *d, uint8_t type, uint8_t value, size_t n);
void draft_remove(struct draft *d, uint8_t type); /* all of that type */
/* Put another body into the first payload of a type, adding it if there is none. */
void draft_body(struct draft *d, uint8_t type, struct cyg_span body);
/* The body of the first payload of a type becomes n bytes long: cut, or zeros behind it. */
void draft_resize(struct draft *d, uint8_t type, size_t n);

/* The SA payload's body from text, blanks between: doi=1 sit=1 come first if they are to differ;
 * P1/1 is proposal 1 for protocol 1, P1/3/12345678 one with an SPI; T1/1 transform 1 with id 1;
 * 1=7 an attribute in short form, 12:00007080 in long form. Behind P and T: #2 the number of
 * transforms that it claims, >3 the next payload, +4 or -1 what its length lies by, !255 its
 * RESERVED byte; behind an attribute in long form +4 likewise. */
void draft_sa(struct draft *d, const char *text);

/* A Notification: type, protocol, SPI and data. And a Delete of n SPIs, claiming `claim`. */
void draft_notify(struct draft *d, uint8_t protocol, uint16_t type, struct cyg_span spi,
                  struct cyg_span data);
void draft_delete(struct draft *d, uint32_t doi, uint8_t protocol, uint8_t spi_size, uint16_t claim,
                  struct cyg_span spis);
/* Both cookies, as an SPI. */
struct cyg_span draft_cookies(struct draft *d);
