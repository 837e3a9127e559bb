/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of history entries, each with a copy of its texts. */
#include <cygnet/history.h>

#include <stdlib.h>
#include <string.h>

const char *cyg_history_kind_name(unsigned kind)
{
    static const char *const names[CYG_HISTORY_KINDS] = {
        [CYG_HISTORY_MESSAGE] = "message", [CYG_HISTORY_DECISION] = "decision",
        [CYG_HISTORY_UP] = "up",           [CYG_HISTORY_DOWN] = "down",
        [CYG_HISTORY_END] = "end",
    };
    return kind < CYG_HISTORY_KINDS ? names[kind] : NULL;
}

const char **cyg_history_text(struct cyg_history_entry *e, unsigned n)
{
    const char **const texts[CYG_HISTORY_TEXTS] = {
        &e->peer,     &e->remote_id, &e->local,   &e->remote, &e->source,   &e->cookie_i,
        &e->cookie_r, &e->exchange,  &e->text,    &e->mend,   &e->payloads, &e->what,
        &e->ours,     &e->theirs,    &e->differs, &e->result,
    };
    return n < CYG_HISTORY_TEXTS ? texts[n] : NULL;
}

/* The texts of one entry are one block, which its first text points to. */
static bool copy_texts(struct cyg_history_entry *e, size_t *bytes)
{
    size_t len[CYG_HISTORY_TEXTS], sum = 0;
    for (unsigned i = 0; i < CYG_HISTORY_TEXTS; i++) {
        const char *text = *cyg_history_text(e, i);
        len[i] = text != NULL ? strlen(text) + 1 : 1;
        sum += len[i];
    }
    char *at = malloc(sum);
    if (at == NULL) {
        return false;
    }
    *bytes += sum;
    for (unsigned i = 0; i < CYG_HISTORY_TEXTS; i++) {
        const char **text = cyg_history_text(e, i);
        memcpy(at, *text != NULL ? *text : "", len[i]);
        *text = at;
        at += len[i];
    }
    return true;
}

static void free_entries(struct cyg_history_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)*cyg_history_text(&entries[i], 0));
    }
    free(entries);
}

void cyg_history_add(struct cyg_history_builder *b, const struct cyg_history_entry *entry)
{
    if (b->failed) {
        return;
    }
    if (b->n == b->size) {
        const size_t size = b->size == 0 ? 16 : 2 * b->size;
        struct cyg_history_entry *grown = reallocarray(b->entries, size, sizeof *grown);
        if (grown == NULL) {
            b->failed = true;
            return;
        }
        b->entries = grown;
        b->size = size;
    }
    b->entries[b->n] = *entry;
    if (!copy_texts(&b->entries[b->n], &b->bytes)) {
        b->failed = true;
        return;
    }
    b->bytes += sizeof *entry;
    b->n++;
}

enum cyg_code cyg_history_finish(struct cyg_history_builder *b, struct cyg_history **ret)
{
    struct cyg_history *history = b->failed ? NULL : malloc(sizeof *history);
    if (history == NULL) {
        free_entries(b->entries, b->n);
    } else {
        *history = (struct cyg_history){ .n = b->n, .entries = b->entries };
        *ret = history;
    }
    *b = (struct cyg_history_builder){ 0 };
    return history != NULL ? CYG_OK : CYG_NOMEM;
}

void cyg_history_free(struct cyg_history *history)
{
    if (history != NULL) {
        free_entries(history->entries, history->n);
        free(history->drops);
        free(history);
    }
}
