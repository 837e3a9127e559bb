/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See half_open.h. */
#include "half_open.h"

#include "exchange.h"
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#define DAY (86400 * CYG_SEC)

/* A source: an IPv4 address, or an IPv6 /64, which one host can fill as it likes. */
struct half_open_address {
    struct table_item by_key;
    uint8_t key[9];
    uint32_t n;
    bool known; /* one of its handshakes was found to be of a configured prefix */
    cyg_usec until;
};

static void source_key(const struct cyg_address *address, uint8_t key[9])
{
    memset(key, 0, 9);
    key[0] = address->family;
    memcpy(key + 1, address->bytes, address->family == 4 ? 4 : 8);
}

static struct half_open_address *source_find(const struct engine *engine, struct table_item *table,
                                             const struct cyg_address *address)
{
    uint8_t key[9];
    source_key(address, key);
    return TABLE_OWNER(struct half_open_address, by_key,
                       table_find(engine, table, cyg_span_of_array(key)));
}

static struct half_open_address *source_add(const struct engine *engine, struct table_item **table,
                                            const struct cyg_address *address)
{
    struct half_open_address *source = calloc(1, sizeof *source);
    if (source == NULL) {
        return NULL;
    }
    source_key(address, source->key);
    if (!table_add(engine, table, &source->by_key, cyg_span_of_array(source->key))) {
        free(source);
        return NULL;
    }
    return source;
}

static void source_delete(struct table_item **table, struct half_open_address *source)
{
    table_remove(table, &source->by_key);
    free(source);
}

static struct half_open_address *oldest(struct table_item *table)
{
    return TABLE_OWNER(struct half_open_address, by_key, table);
}

enum cyg_code half_open_init(struct engine *engine)
{
    struct half_open *h = &engine->half_open;
    for (size_t class = 0; class < HALF_OPEN_CLASSES; class ++) {
        h->fresh[class] = calloc(engine->settings.half_open_max, sizeof(struct half_open_entry *));
        if (h->fresh[class] == NULL) {
            return CYG_NOMEM;
        }
    }
    return CYG_OK;
}

void half_open_clear(struct engine *engine)
{
    struct half_open *h = &engine->half_open;
    while (h->proven != NULL) {
        source_delete(&h->proven, oldest(h->proven));
    }
    for (size_t class = 0; class < HALF_OPEN_CLASSES; class ++) {
        free(h->fresh[class]);
        h->fresh[class] = NULL;
    }
}

static void key_of(const struct cyg_path *path, const struct header *header,
                   struct half_open_key *ret)
{
    *ret = (struct half_open_key){
        .family = path->remote.family,
        .port = { (uint8_t)(path->remote.port >> 8), (uint8_t)path->remote.port },
    };
    memcpy(ret->address, path->remote.bytes, sizeof ret->address);
    memcpy(ret->cookie, header->cookie_i, COOKIE_LEN);
}

struct exchange *half_open_find(const struct engine *engine, const struct cyg_path *path,
                                const struct header *h)
{
    struct half_open_key key;
    key_of(path, h, &key);
    struct half_open_entry *entry =
        TABLE_OWNER(struct half_open_entry, by_key,
                    table_find(engine, engine->half_open.table, TABLE_KEY(key)));
    return entry == NULL ? NULL : entry->exchange;
}

/* ---- those that have only seen their first message ---- */

static void fresh_add(struct half_open *h, struct half_open_entry *entry)
{
    h->fresh[entry->class][h->n_fresh[entry->class]++] = entry;
    entry->slot = h->n_fresh[entry->class];
}

static void fresh_remove(struct half_open *h, struct half_open_entry *entry)
{
    if (entry->slot == 0) {
        return;
    }
    struct half_open_entry **fresh = h->fresh[entry->class];
    struct half_open_entry *last = fresh[--h->n_fresh[entry->class]];
    fresh[entry->slot - 1] = last;
    last->slot = entry->slot;
    entry->slot = 0;
}

/* An honest peer's next message comes within a round trip, a spoofed one's never: so chance hits
 * the flood. false: nothing of this class may go. */
static bool replace_one(struct engine *engine, enum half_open_class class)
{
    struct half_open *h = &engine->half_open;
    if (h->n_fresh[class] == 0) {
        return false;
    }
    struct half_open_entry *victim = h->fresh[class][engine_below(engine, h->n_fresh[class])];
    struct cyg_error err;
    (void)CYG_FAIL(&err, CYG_R_HALF_OPEN_REPLACED, .want = engine->settings.half_open_max);
    exchange_end(victim->exchange, &err);
    return true;
}

/* Make room for one more of this class. */
static bool make_room(struct engine *engine, enum half_open_class class, size_t size)
{
    struct half_open *h = &engine->half_open;
    unsigned max = engine->settings.half_open_max;
    size_t max_bytes = (size_t)max * HALF_OPEN_BYTES;
    if (class == HALF_OPEN_UNKNOWN && h->n[HALF_OPEN_UNKNOWN] >= max / 2
        && !replace_one(engine, HALF_OPEN_UNKNOWN)) {
        return false;
    }
    while (h->n[HALF_OPEN_UNKNOWN] + h->n[HALF_OPEN_KNOWN] >= max || h->bytes + size > max_bytes) {
        if (!replace_one(engine, HALF_OPEN_UNKNOWN)
            && (class == HALF_OPEN_UNKNOWN || !replace_one(engine, HALF_OPEN_KNOWN))) {
            return false;
        }
    }
    return true;
}

enum cyg_code half_open_admit(struct engine *engine, const struct cyg_path *path,
                              const struct header *header, size_t len, bool known,
                              struct half_open_entry **ret, struct cyg_error *err)
{
    struct half_open *h = &engine->half_open;
    struct half_open_address *source = source_find(engine, h->addresses, &path->remote);
    bool many = known || (source != NULL && source->known);
    unsigned limit = many ? HALF_OPEN_PER_KNOWN_ADDRESS : engine->settings.half_open_per_address;
    if (source != NULL && source->n >= limit) {
        return CYG_FAIL(err, CYG_R_HALF_OPEN_ADDRESS, .got = source->n, .want = limit);
    }
    enum half_open_class class = known ? HALF_OPEN_KNOWN : HALF_OPEN_UNKNOWN;
    if (!make_room(engine, class, len)) {
        return CYG_FAIL(err, CYG_R_HALF_OPEN_FULL, .want = engine->settings.half_open_max);
    }
    source = source_find(engine, h->addresses, &path->remote); /* the victim may have been its */
    if (source == NULL) {
        source = source_add(engine, &h->addresses, &path->remote);
    }
    struct half_open_entry *entry = source == NULL ? NULL : calloc(1, sizeof *entry);
    if (entry != NULL) {
        key_of(path, header, &entry->key);
        if (!table_add(engine, &h->table, &entry->by_key, TABLE_KEY(entry->key))) {
            free(entry);
            entry = NULL;
        }
    }
    if (entry == NULL) {
        if (source != NULL && source->n == 0) {
            source_delete(&h->addresses, source);
        }
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    source->n++;
    entry->class = (uint8_t) class;
    entry->size = (uint32_t)len;
    entry->bytes_in = (uint32_t)len;
    h->n[class]++;
    h->bytes += len;
    engine->counts.half_open++;
    fresh_add(h, entry);
    *ret = entry;
    return CYG_OK;
}

static struct half_open_address *source_of(const struct engine *engine,
                                           const struct half_open_entry *entry)
{
    struct cyg_address remote = { .family = entry->key.family };
    memcpy(remote.bytes, entry->key.address, sizeof remote.bytes);
    return source_find(engine, engine->half_open.addresses, &remote);
}

void half_open_known(struct engine *engine, struct half_open_entry *entry)
{
    struct half_open *h = &engine->half_open;
    struct half_open_address *source = source_of(engine, entry);
    if (source != NULL) {
        source->known =
            true; /* what follows is looked up anew, but need not count as a stranger's */
    }
    if (entry->class == HALF_OPEN_KNOWN) {
        return;
    }
    bool fresh = entry->slot != 0;
    fresh_remove(h, entry);
    h->n[HALF_OPEN_UNKNOWN]--;
    entry->class = HALF_OPEN_KNOWN;
    h->n[HALF_OPEN_KNOWN]++;
    if (fresh) {
        fresh_add(h, entry);
    }
}

void half_open_progressed(struct engine *engine, struct half_open_entry *entry)
{
    fresh_remove(&engine->half_open, entry);
    entry->bytes_in = UINT32_MAX / HALF_OPEN_AMPLIFY;
}

void half_open_leave(struct engine *engine, struct half_open_entry *entry)
{
    if (entry == NULL) {
        return;
    }
    struct half_open *h = &engine->half_open;
    fresh_remove(h, entry);
    h->n[entry->class]--;
    h->bytes -= entry->size;
    engine->counts.half_open--;
    struct half_open_address *source = source_of(engine, entry);
    if (source != NULL && --source->n == 0) {
        source_delete(&h->addresses, source);
    }
    table_remove(&h->table, &entry->by_key);
    free(entry);
    if (engine->counts.half_open == 0) {
        groups_flush(engine);
    }
}

/* ---- sources that have authenticated ---- */

void half_open_proven(struct engine *engine, const struct cyg_path *path)
{
    struct half_open *h = &engine->half_open;
    struct half_open_address *source = source_find(engine, h->proven, &path->remote);
    if (source != NULL) {
        source_delete(&h->proven, source); /* so that the table's head is the oldest */
    } else if (table_count(h->proven) >= HALF_OPEN_PROVEN) {
        source_delete(&h->proven, oldest(h->proven));
    }
    source = source_add(engine, &h->proven, &path->remote);
    if (source != NULL) {
        source->until = cyg_usec_add(engine->now, DAY);
    }
}

bool half_open_is_proven(const struct engine *engine, const struct cyg_address *remote)
{
    const struct half_open_address *source = source_find(engine, engine->half_open.proven, remote);
    return source != NULL && engine->now < source->until;
}

/* ---- amplification ---- */

void half_open_received(struct half_open_entry *entry, size_t len)
{
    if (entry != NULL && entry->bytes_in < UINT32_MAX / HALF_OPEN_AMPLIFY - len) {
        entry->bytes_in += (uint32_t)len;
    }
}

void half_open_sent(struct half_open_entry *entry, size_t len)
{
    if (entry != NULL) {
        entry->bytes_out += (uint32_t)len;
    }
}

bool half_open_may_send(const struct half_open_entry *entry, size_t len)
{
    return entry == NULL
           || (uint64_t)entry->bytes_out + len <= (uint64_t)entry->bytes_in * HALF_OPEN_AMPLIFY;
}
