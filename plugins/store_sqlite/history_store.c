/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history's functions of struct cyg_store_ops. */
#include "history.h"
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cyg_code store_set_history(struct store *store, const char *database, const char *setting,
                                struct cyg_error *err)
{
    char path[4096];
    int len;
    if (setting == NULL) { /* beside the database */
        const char *slash = strrchr(database, '/');
        len = snprintf(path, sizeof path, "%.*shistory.db",
                       slash != NULL ? (int)(slash - database) + 1 : 0, database);
    } else {
        len = snprintf(path, sizeof path, "%s", strcmp(setting, "none") == 0 ? "" : setting);
    }
    if (len < 0 || (size_t)len >= sizeof path) {
        return CYG_FAIL(err, CYG_R_HISTORY_OPEN, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_words("the path is too long"));
    }
    free(store->history_path);
    store->history_path = strdup(path);
    return store->history_path != NULL ? CYG_OK : CYG_FAIL(err, CYG_R_NOMEM);
}

static enum cyg_code off(const struct store *store, struct cyg_error *err)
{
    const bool wanted = store->history_path != NULL && store->history_path[0] != '\0';
    return CYG_FAIL(err, CYG_R_HISTORY_OFF,
                    .got_quote = cyg_quote_words(wanted ? "it could not be opened, the log says why"
                                                        : "the settings want none"));
}

enum cyg_code store_history_open(void *self, uint64_t *ret_last, struct cyg_error *err)
{
    struct store *store = self;
    if (store->history_path == NULL || store->history_path[0] == '\0') {
        return off(store, err);
    }
    enum cyg_code code = history_open(store->history_path, &store->history, err);
    if (code == CYG_OK) {
        *ret_last = history_last(store->history);
    }
    return code;
}

enum cyg_code store_history_write(void *self, const struct cyg_history_entry *entries, size_t n,
                                  const struct cyg_history_drop *drops, size_t n_drops,
                                  cyg_usec deadline, struct cyg_error *err)
{
    struct store *store = self;
    if (store->history == NULL) {
        return off(store, err);
    }
    return history_write(store->history, entries, n, drops, n_drops, deadline, err);
}

/* A handshake that was refused before the peer had said who it is belongs to whom its address
 * belongs to. */
enum cyg_code store_history_read(void *self, const struct cyg_history_query *query,
                                 cyg_usec deadline, struct cyg_history **ret, struct cyg_error *err)
{
    struct store *store = self;
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = NULL;
    if (store->history == NULL) {
        return off(store, err);
    }
    if (query->peer[0] != '\0') { /* one that is no more has a history still */
        struct cyg_error ignored;
        (void)store_peer_by_name(store, query->peer, NULL, deadline, &peer, &ignored);
    }
    return history_read(store->history, query, peer != NULL ? peer->remote_addrs : NULL,
                        peer != NULL ? peer->n_remote_addrs : 0, deadline, ret, err);
}
