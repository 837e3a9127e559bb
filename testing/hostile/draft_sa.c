/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An SA payload from text, for tables that a person can read: see draft_sa() in draft.h. What does
 * not parse is our own mistake: tests abort. */
#include "hostile/draft.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A generic header that is open: where it begins, and how it will lie. */
struct open {
    size_t at;  /* 0: none is open */
    long extra; /* added to the length */
    long count; /* transforms that a proposal claims; HONESTLY */
    long next, reserved;
};

struct state {
    uint8_t *out;
    size_t len;
    struct open proposal, transform;
    size_t n_transforms;
};

static void put(struct state *s, uint64_t value, size_t bytes)
{
    while (bytes-- > 0) {
        s->out[s->len++] = (uint8_t)(value >> (8 * bytes));
    }
}

static uint8_t digit(char c)
{
    return (uint8_t)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

static void put_hex(struct state *s, const char **at)
{
    while (isxdigit((unsigned char)(*at)[0]) && isxdigit((unsigned char)(*at)[1])) {
        put(s, (uint64_t)(digit((*at)[0]) << 4 | digit((*at)[1])), 1);
        *at += 2;
    }
}

/* Patch the header's fields that are known at its end. */
static void close_one(struct state *s, struct open *o, uint8_t next)
{
    if (o->at == 0) {
        return;
    }
    size_t begin = o->at - 1, length = s->len - begin + (size_t)o->extra;
    s->out[begin] = (uint8_t)(o->next == HONESTLY ? next : o->next);
    s->out[begin + 1] = (uint8_t)(o->reserved == HONESTLY ? 0 : o->reserved);
    s->out[begin + 2] = (uint8_t)(length >> 8);
    s->out[begin + 3] = (uint8_t)length;
    o->at = 0;
}

static void close_proposal(struct state *s, uint8_t next)
{
    close_one(s, &s->transform, 0);
    if (s->proposal.at != 0) {
        long count = s->proposal.count;
        s->out[s->proposal.at - 1 + 7] =
            (uint8_t)(count == HONESTLY ? (long)s->n_transforms : count);
    }
    close_one(s, &s->proposal, next);
    s->n_transforms = 0;
}

/* #2 >3 +4 -1 !255 behind a P or T. */
static void read_lies(struct open *o, const char **at)
{
    while (**at != '\0' && strchr("#>+-!", **at) != NULL) {
        char kind = **at;
        char *end;
        long value = strtol(*at + 1, &end, 10);
        *at = end;
        switch (kind) {
        case '#':
            o->count = value;
            break;
        case '>':
            o->next = value;
            break;
        case '!':
            o->reserved = value;
            break;
        default:
            o->extra = kind == '+' ? value : -value;
        }
    }
}

static uint64_t number(const char **at)
{
    char *end;
    uint64_t value = strtoull(*at, &end, 10);
    if (end == *at) {
        abort();
    }
    *at = end;
    return value;
}

static void read_proposal(struct state *s, const char **at)
{
    close_proposal(s, PAYLOAD_P);
    s->proposal = (struct open){ s->len + 1, 0, HONESTLY, HONESTLY, HONESTLY };
    put(s, 0, 4);
    put(s, number(at), 1);
    ++*at;
    put(s, number(at), 1);
    size_t spi_at = s->len;
    put(s, 0, 2);
    if (**at == '/') {
        ++*at;
        put_hex(s, at);
        s->out[spi_at] = (uint8_t)(s->len - spi_at - 2);
    }
    if (**at == '=') { /* the SPI size that it claims */
        ++*at;
        s->out[spi_at] = (uint8_t)number(at);
    }
    read_lies(&s->proposal, at);
}

static void read_transform(struct state *s, const char **at)
{
    close_one(s, &s->transform, PAYLOAD_T);
    s->transform = (struct open){ s->len + 1, 0, HONESTLY, HONESTLY, HONESTLY };
    s->n_transforms++;
    put(s, 0, 4);
    put(s, number(at), 1);
    ++*at;
    put(s, number(at), 1);
    put(s, 0, 2);
    read_lies(&s->transform, at);
}

static void read_attribute(struct state *s, const char **at)
{
    uint64_t type = number(at);
    char form = *(*at)++;
    if (form == '=') {
        put(s, 0x8000 | type, 2);
        put(s, number(at), 2);
        return;
    }
    put(s, type, 2);
    size_t length_at = s->len;
    put(s, 0, 2);
    put_hex(s, at);
    size_t length = s->len - length_at - 2;
    if (**at == '+') {
        ++*at;
        length += number(at);
    }
    s->out[length_at] = (uint8_t)(length >> 8);
    s->out[length_at + 1] = (uint8_t)length;
}

void draft_sa(struct draft *d, const char *text)
{
    uint32_t doi = DOI_IPSEC, situation = 1;
    struct state s = { .out = draft_take(d, 65536) };
    s.len = 8;
    for (const char *at = text; *at != '\0'; at += *at == ' ') {
        if (strncmp(at, "doi=", 4) == 0) {
            at += 4;
            doi = (uint32_t)number(&at);
        } else if (strncmp(at, "sit=", 4) == 0) {
            at += 4;
            situation = (uint32_t)number(&at);
        } else if (*at == 'P') {
            at++;
            read_proposal(&s, &at);
        } else if (*at == 'T') {
            at++;
            read_transform(&s, &at);
        } else if (*at != ' ') {
            read_attribute(&s, &at);
        }
        if (s.len > 60000 || (*at != ' ' && *at != '\0')) {
            abort();
        }
    }
    close_proposal(&s, 0);
    size_t end = s.len;
    s.len = 0;
    put(&s, doi, 4);
    put(&s, situation, 4);
    draft_body(d, PAYLOAD_SA, (struct cyg_span){ s.out, end });
}
