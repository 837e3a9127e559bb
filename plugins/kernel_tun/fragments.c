/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fragments.h"

#include "checksum.h"

#include <cygnet/span.h>
#include <cygnet/writer.h>

#include <stdlib.h>
#include <string.h>

#define LONGEST 65535u

/* Where a fragment belongs. */
struct place {
    uint32_t id;
    size_t header;        /* that every fragment repeats, without the fragment header */
    size_t offset, begin; /* of its payload: in the datagram, in the packet */
    bool more;
    uint8_t next_header; /* IPv6: what the fragment header names */
};

/* The packet has been parsed: it is long enough for all of this. IPv6's fragment header must follow
 * the first header at once, as the kernel makes it. */
static bool place_of(const uint8_t *packet, const struct inner *p, struct place *ret)
{
    struct cyg_reader r = cyg_reader_of((struct cyg_span){ packet, p->len });
    struct place place = { 0 };
    if (p->family == 4) {
        place.header = place.begin = p->header_len;
        cyg_reader_take(&r, 4);
        place.id = cyg_reader_u16(&r);
        uint16_t field = cyg_reader_u16(&r);
        place.offset = (field & 0x1fffu) * 8u;
        place.more = (field & 0x2000) != 0;
    } else {
        cyg_reader_take(&r, 6);
        uint8_t first = cyg_reader_u8(&r);
        cyg_reader_take(&r, 33);
        place.next_header = cyg_reader_u8(&r);
        cyg_reader_u8(&r);
        uint16_t field = cyg_reader_u16(&r);
        place.id = cyg_reader_u32(&r);
        place.header = 40;
        place.begin = 48;
        place.offset = field & 0xfff8u;
        place.more = (field & 1) != 0;
        if (first != PROTO_FRAGMENT) {
            return false;
        }
    }
    *ret = place;
    return cyg_reader_ok(&r);
}

static unsigned slot_of(const struct fragments *f, const struct inner *p, uint32_t id)
{
    for (unsigned i = 0; i < FRAGMENT_SLOTS; i++) {
        const struct fragment_slot *slot = &f->slots[i];
        if (slot->len > 0 && slot->id == id && slot->first.family == p->family
            && slot->first.protocol == p->protocol && ip_equal(slot->first.source, p->source)
            && ip_equal(slot->first.destination, p->destination)) {
            return i;
        }
    }
    return FRAGMENT_SLOTS;
}

bool fragments_know(const struct fragments *f, const uint8_t *packet, const struct inner *p)
{
    struct place place;
    return place_of(packet, p, &place) && slot_of(f, p, place.id) < FRAGMENT_SLOTS;
}

static struct fragment_slot *open_slot(struct fragments *f)
{
    struct fragment_slot *slot = NULL;
    for (unsigned i = 0; i < FRAGMENT_SLOTS && slot == NULL; i++) {
        slot = f->slots[i].len == 0 ? &f->slots[i] : NULL;
    }
    if (slot == NULL) {
        slot = &f->slots[f->next++ % FRAGMENT_SLOTS]; /* its rest will not come any more */
    }
    if (slot->packet == NULL) {
        slot->packet = malloc(LONGEST);
    }
    return slot->packet != NULL ? slot : NULL;
}

/* Headers that say what the datagram has become. */
static void finish(struct fragment_slot *slot, const struct place *place)
{
    struct cyg_writer w = cyg_writer_of(slot->packet, place->header);
    if (slot->first.family == 6) {
        cyg_writer_reserve(&w, 4);
        cyg_writer_u16(&w, (uint16_t)(slot->len - 40));
        cyg_writer_u8(&w, place->next_header);
        return;
    }
    cyg_writer_reserve(&w, 2);
    cyg_writer_u16(&w, (uint16_t)slot->len);
    cyg_writer_reserve(&w, 2);
    cyg_writer_u16(&w, 0);
    slot->packet[10] = slot->packet[11] = 0;
    checksum_put(checksum_add(0, slot->packet, place->header), slot->packet + 10);
}

enum drop fragments_take(struct fragments *f, const uint8_t *packet, const struct inner *p,
                         uint8_t **ret_packet, struct inner *ret)
{
    struct place place;
    if (!place_of(packet, p, &place)) {
        return DROP_INNER_FRAGMENT;
    }
    size_t len = p->len - place.begin;
    unsigned known = slot_of(f, p, place.id);
    struct fragment_slot *slot = known < FRAGMENT_SLOTS ? &f->slots[known] : NULL;
    if (slot == NULL && place.offset == 0) {
        slot = open_slot(f);
        if (slot != NULL) {
            memcpy(slot->packet, packet, place.header);
            slot->first = *p;
            slot->id = place.id;
            slot->len = place.header;
        }
    }
    if (slot == NULL) {
        return DROP_INNER_FRAGMENT;
    }
    if (slot->len - place.header != place.offset || len > LONGEST - slot->len) {
        slot->len = 0;
        return DROP_INNER_FRAGMENT;
    }
    memcpy(slot->packet + slot->len, packet + place.begin, len);
    slot->len += len;
    if (place.more) {
        return DROP_INNER_MORE;
    }
    finish(slot, &place);
    enum drop drop = inner_parse((struct cyg_span){ slot->packet, slot->len }, ret);
    slot->len = 0;
    ret->dont_fragment = false;
    *ret_packet = slot->packet;
    return drop;
}

void fragments_clear(struct fragments *f)
{
    for (unsigned i = 0; i < FRAGMENT_SLOTS; i++) {
        free(f->slots[i].packet);
    }
    *f = (struct fragments){ 0 };
}
