/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the store: chunks wait here, go in batches to the storage-write lane, are made text
 * there, and written in one transaction. The queue's bound counts what waits and what is out. */
#include "recorder_internal.h"

#include <cygnet/time.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_DEADLINE CYG_SEC
#define SAY_EVERY      (60 * CYG_SEC) /* that something was lost */

struct writer {
    struct control *control;
    struct lanes *lanes;
    const struct cyg_store_ops *ops; /* NULL: nothing is kept */
    void *store;
    struct chunk *chunks, **end;
    size_t n; /* entries in them */
    struct cyg_history_drop drops[RECORDER_DROPS_MAX];
    size_t n_drops;
    cyg_usec said_at;
    /* Written by the lane's thread too. */
    atomic_size_t out;         /* entries of batches that are out */
    atomic_uint batches;       /* that are out */
    atomic_uint_fast64_t lost; /* and not yet said */
    _Atomic uint16_t why;      /* reason of the last failure; 0: the queue was full */
};

struct batch {
    struct writer *writer;
    struct chunk *chunks;
    size_t n;
    size_t n_drops;
    struct cyg_history_drop drops[];
};

void chunk_free(struct chunk *chunk)
{
    if (chunk == NULL) {
        return;
    }
    while (chunk->items != NULL) {
        struct item *next = chunk->items->next;
        free(chunk->items);
        chunk->items = next;
    }
    free(chunk);
}

static void chunks_free(struct chunk *chunks)
{
    while (chunks != NULL) {
        struct chunk *next = chunks->next;
        chunk_free(chunks);
        chunks = next;
    }
}

enum cyg_code writer_new(struct control *control, struct lanes *lanes,
                         const struct cyg_store_ops *ops, void *store, struct writer **ret)
{
    struct writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return CYG_NOMEM;
    }
    w->control = control;
    w->lanes = lanes;
    w->ops = ops;
    w->store = store;
    w->end = &w->chunks;
    *ret = w;
    return CYG_OK;
}

void writer_free(struct writer *w)
{
    if (w != NULL) {
        chunks_free(w->chunks);
        free(w);
    }
}

/* ---- losses ---- */

void writer_lose(struct writer *w, uint64_t n)
{
    if (w->ops != NULL) {
        atomic_fetch_add(&w->lost, n);
    }
}

/* Say what was lost, now and then. */
static void say_lost(struct writer *w)
{
    const cyg_usec now = cyg_time_now();
    if (atomic_load(&w->lost) == 0 || (w->said_at != 0 && now - w->said_at < SAY_EVERY)) {
        return;
    }
    struct cyg_error why = { .reason = atomic_exchange(&w->why, 0) };
    char text[CYG_QUOTE_MAX + 1] = "they came faster than they can be written";
    const struct cyg_reason_info *info = cyg_reason_info(why.reason);
    if (info != NULL) {
        snprintf(text, sizeof text, "%s", info->name);
    }
    w->said_at = now;
    control_publish(w->control,
                    &(struct cyg_event){ .type = CYG_EVENT_LOG,
                                         .when = now,
                                         .group = CYG_LOG_DMN,
                                         .error = { .reason = CYG_R_HISTORY_LOST,
                                                    .got = atomic_exchange(&w->lost, 0),
                                                    .got_quote = cyg_quote_words(text) } });
}

/* ---- queue ---- */

void writer_put(struct writer *w, struct chunk *chunk)
{
    if (w->ops == NULL || chunk->n == 0) {
        chunk_free(chunk);
        return;
    }
    if (w->n + atomic_load(&w->out) + chunk->n > RECORDER_QUEUE_MAX) {
        writer_lose(w, chunk->n);
        chunk_free(chunk);
        return;
    }
    chunk->next = NULL;
    *w->end = chunk;
    w->end = &chunk->next;
    w->n += chunk->n;
}

/* 192.0.2.0/24, 2001:db8::/48. */
static void network_of(const struct cyg_address *source, char text[CYG_ADDRESS_TEXT])
{
    struct cyg_address network = *source;
    const size_t len = cyg_address_len(source), keep = len == 4 ? 3 : 6;
    char address[CYG_ADDRESS_TEXT];
    network.port = 0;
    if (len > keep) {
        memset(network.bytes + keep, 0, len - keep);
    }
    snprintf(text, CYG_ADDRESS_TEXT, "%.48s/%zu",
             cyg_address_format(&network, address, sizeof address), 8 * keep);
}

void writer_count(struct writer *w, uint16_t reason, const struct cyg_address *source, int64_t when)
{
    char network[CYG_ADDRESS_TEXT];
    size_t i = 0;
    if (w->ops == NULL) {
        return;
    }
    network_of(source, network);
    while (i < w->n_drops
           && (w->drops[i].reason != reason || strcmp(w->drops[i].network, network) != 0)) {
        i++;
    }
    if (i == RECORDER_DROPS_MAX) {
        writer_lose(w, 1);
        return;
    }
    struct cyg_history_drop *d = &w->drops[i];
    if (i == w->n_drops) {
        w->n_drops++;
        *d = (struct cyg_history_drop){ .reason = reason, .first = when };
        memcpy(d->network, network, sizeof d->network);
    }
    d->count++;
    d->last = when;
}

bool writer_waits(const struct writer *w)
{
    return w->chunks != NULL || w->n_drops > 0;
}

/* ---- batches ---- */

static void add_chunk(struct cyg_history_builder *b, const struct chunk *chunk,
                      struct entry_texts *texts)
{
    struct cyg_history_entry entry;
    uint32_t seq = chunk->seq;
    for (const struct item *item = chunk->items; item != NULL; item = item->next) {
        entry_of_item(&chunk->head, seq++, item, texts, &entry);
        cyg_history_add(b, &entry);
    }
    if (chunk->ending.result != NULL) {
        entry_of_ending(&chunk->head, seq, &chunk->ending, texts, &entry);
        cyg_history_add(b, &entry);
    }
}

/* On the lane's thread. */
static void batch_run(void *context)
{
    struct batch *batch = context;
    struct writer *w = batch->writer;
    struct cyg_history_builder b = { 0 };
    struct cyg_history *history = NULL;
    struct cyg_error err = { .reason = CYG_R_NOMEM };
    struct entry_texts *texts = malloc(sizeof *texts);
    for (const struct chunk *c = batch->chunks; c != NULL && texts != NULL; c = c->next) {
        add_chunk(&b, c, texts);
    }
    b.failed |= texts == NULL;
    free(texts);
    enum cyg_code code = cyg_history_finish(&b, &history);
    if (code == CYG_OK) {
        code = w->ops->history_write(w->store, history->entries, history->n, batch->drops,
                                     batch->n_drops, cyg_time_now() + WRITE_DEADLINE, &err);
    }
    cyg_history_free(history);
    if (code != CYG_OK) {
        atomic_store(&w->why, err.reason);
        atomic_fetch_add(&w->lost, batch->n + batch->n_drops);
    }
}

static void batch_done(void *context)
{
    struct batch *batch = context;
    struct writer *w = batch->writer;
    const size_t n = batch->n;
    chunks_free(batch->chunks);
    free(batch);
    atomic_fetch_sub(&w->out, n);
    atomic_fetch_sub(&w->batches, 1); /* the last touch: w may go now */
}

void writer_send(struct writer *w, bool now)
{
    say_lost(w);
    if (!writer_waits(w) || (!now && atomic_load(&w->batches) > 0)) {
        return;
    }
    const size_t drops = w->n_drops * sizeof w->drops[0];
    struct batch *batch = malloc(sizeof *batch + drops);
    if (batch == NULL) {
        return; /* later */
    }
    *batch = (struct batch){ .writer = w, .chunks = w->chunks, .n = w->n, .n_drops = w->n_drops };
    memcpy(batch->drops, w->drops, drops);
    atomic_fetch_add(&w->out, w->n);
    atomic_fetch_add(&w->batches, 1);
    if (lanes_submit(w->lanes, CYG_LANE_STORAGE_WRITE, false, batch_run, batch_done, batch)
        != CYG_OK) {
        atomic_fetch_sub(&w->out, w->n);
        atomic_fetch_sub(&w->batches, 1);
        free(batch);
        return; /* the lane is full: what does not fit here meanwhile is lost */
    }
    w->chunks = NULL;
    w->end = &w->chunks;
    w->n = 0;
    w->n_drops = 0;
}
