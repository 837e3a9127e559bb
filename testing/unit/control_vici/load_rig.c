/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See load_rig.h. */
#include "load_rig.h"

#include "control_vici/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct load_rig rig;

int load_setup(void **state)
{
    (void)state;
    strcpy(rig.folder, "/tmp/cygnet-load-test.XXXXXX");
    if (mkdtemp(rig.folder) == NULL) {
        return -1;
    }
    rig.fake = fake_daemon_new(rig.folder, true);
    if (rig.fake == NULL) {
        return -1;
    }
    rig.fd = vici_client_connect(fake_daemon_socket(rig.fake));
    return 0;
}

int load_teardown(void **state)
{
    (void)state;
    close(rig.fd);
    fake_daemon_free(rig.fake);
    return rmdir(rig.folder); /* nothing is left behind, so no secret either (H-184) */
}

/* --- A client --- */

const struct packet *receive(void)
{
    static struct packet p;
    assert_true(vici_client_read(rig.fd, &p));
    return &p;
}

void put_text(struct cyg_vici_writer *w, const char *text)
{
    char copy[4096], *save = NULL, key[256] = "";
    bool in_list = false;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *t = strtok_r(copy, " \n", &save); t != NULL; t = strtok_r(NULL, " \n", &save)) {
        if (strcmp(t, "{") == 0) {
            cyg_vici_section(w, key);
        } else if (strcmp(t, "}") == 0) {
            cyg_vici_section_end(w);
        } else if (strcmp(t, "[") == 0) {
            cyg_vici_list(w, key);
            in_list = true;
        } else if (strcmp(t, "]") == 0) {
            cyg_vici_list_end(w);
            in_list = false;
        } else if (in_list) {
            cyg_vici_item(w, "%s", t);
        } else if (strcmp(t, "=") == 0) {
            t = strtok_r(NULL, " \n", &save);
            if (strcmp(t, "[") == 0) {
                cyg_vici_list(w, key);
                in_list = true;
            } else {
                cyg_vici_key(w, key, "%s", t);
            }
        } else {
            snprintf(key, sizeof key, "%s", t);
        }
    }
}

const struct packet *command(const char *name, const char *text)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, name);
    put_text(&w, text);
    vici_client_send(rig.fd, &w);
    return receive();
}

const char *text_of(const struct packet *p, const char *key)
{
    static char text[1024];
    return cyg_vici_get_text(p->message, key, text, sizeof text) ? text : "";
}

void assert_done(const char *name, const char *text)
{
    const struct packet *p = command(name, text);
    if (strcmp(text_of(p, "success"), "yes") != 0) {
        fail_msg("%s %s: %s", name, text, text_of(p, "errmsg"));
    }
}

void assert_refused(const char *name, const char *text, const char *reason)
{
    const struct packet *p = command(name, text);
    if (strcmp(text_of(p, "success"), "no") != 0) {
        fail_msg("%s %s was done", name, text);
    }
    if (strcmp(text_of(p, "cygnet-reason"), reason) != 0) {
        fail_msg("%s %s: %s, not %s", name, text, text_of(p, "errmsg"), reason);
    }
}

/* All keys and values of a message as the text that put_text reads. */
const char *flatten(struct cyg_span message)
{
    static char text[16384];
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    size_t at = 0;
    text[0] = '\0';
    while (cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        static const char *const middles[] = {
            [CYG_VICI_SECTION_START] = " { ", [CYG_VICI_SECTION_END] = "} ",
            [CYG_VICI_KEY_VALUE] = " = ",     [CYG_VICI_LIST_START] = " = [ ",
            [CYG_VICI_LIST_ITEM] = "",        [CYG_VICI_LIST_END] = "] "
        };
        const bool valued = e.type == CYG_VICI_KEY_VALUE || e.type == CYG_VICI_LIST_ITEM;
        const int n = snprintf(text + at, sizeof text - at, "%.*s%s%.*s%s", (int)e.name.len,
                               e.name.len > 0 ? (const char *)e.name.data : "", middles[e.type],
                               (int)e.value.len, e.value.len > 0 ? (const char *)e.value.data : "",
                               valued ? " " : "");
        assert_true(n >= 0 && (size_t)n < sizeof text - at);
        at += (size_t)n;
    }
    return text;
}

struct cyg_peer *stored(const char *name)
{
    struct vici *vici = fake_daemon_vici(rig.fake);
    struct cyg_peer *peer = NULL;
    struct cyg_error error = { 0 };
    return vici->ops->peer_by_name(vici->store, name, NULL, cyg_time_now() + 5 * CYG_SEC, &peer,
                                   &error)
                   == CYG_OK
               ? peer
               : NULL;
}
