/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands about what is not built yet: listings are empty, as there is nothing; the rest is
 * refused by name with the milestone that brings it. */
#include "commands.h"

#include <string.h>

static const struct {
    const char *command;
    uint8_t milestone; /* 0: IKEv2 only */
} later[] = {
    { "rekey", 4 },       { "redirect", 0 },       { "install", 3 },          { "load-cert", 2 },
    { "load-key", 2 },    { "unload-key", 2 },     { "load-token", 5 },       { "load-pool", 6 },
    { "unload-pool", 6 }, { "load-authority", 2 }, { "unload-authority", 2 },
};

void command_later(struct client *client, struct cyg_span message)
{
    const char *name = client_command(client);
    struct cyg_error error = { .reason = CYG_R_COMMAND_IKEV2, .got_quote = cyg_quote_text(name) };
    (void)message;
    for (size_t i = 0; i < CYG_LEN(later); i++) {
        if (later[i].milestone != 0 && strcmp(later[i].command, name) == 0) {
            error.reason = CYG_R_COMMAND_LATER;
            error.got = later[i].milestone;
        }
    }
    client_fail(client, &error);
}

/* No policy of its own is ever installed, so there is none to take away. */
void command_uninstall(struct client *client, struct cyg_span message)
{
    char child[CYG_NAME_MAX] = "";
    cyg_vici_get_text(message, "child", child, sizeof child);
    if (child[0] == '\0') {
        client_fail(client, &(struct cyg_error){ .reason = CYG_R_ORDER_ARGUMENT,
                                                 .want_quote = cyg_quote_text("child") });
        return;
    }
    client_fail(client, &(struct cyg_error){ .reason = CYG_R_POLICY_NAME,
                                             .got_quote = cyg_quote_text(child),
                                             .got = 3 });
}

static void reply_list(struct client *client, const char *name)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    if (name != NULL) {
        cyg_vici_list(&w, name);
        cyg_vici_list_end(&w);
    }
    client_reply(client, &w);
}

void command_get_keys(struct client *client, struct cyg_span message)
{
    (void)message;
    reply_list(client, "keys");
}

void command_get_authorities(struct client *client, struct cyg_span message)
{
    (void)message;
    reply_list(client, "authorities");
}

void command_nothing_to_list(struct client *client, struct cyg_span message)
{
    (void)message;
    reply_list(client, NULL);
}

/* No certificate is kept, so the cache is always flushed. */
void command_flush_certs(struct client *client, struct cyg_span message)
{
    struct cyg_vici_writer w;
    (void)message;
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    cyg_vici_bool(&w, "success", true);
    client_reply(client, &w);
}
