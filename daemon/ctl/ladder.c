/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See ladder.h. */
#include "ladder.h"

#include "ctl.h"

#include <cygnet/control.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEFT      10u /* column of our end; the time stands before it */
#define TURNS_MAX 32u /* exchanges whose messages are counted at once */

/* The messages of one exchange, to give them their numbers. */
struct turn {
    char exchange[32], message_id[16];
    unsigned nth; /* exchange of its kind in this negotiation, from 1 */
    unsigned messages, sent, received;
    unsigned
        unread; /* number of the last one that could not be read; a readable one has it again */
};

struct ladder {
    struct paper *paper;
    char peer[CYG_NAME_MAX], number[24];
    char remote[80]; /* address where it began, without port */
    double begun;    /* unix time, 0: no entry came yet */
    bool has_lanes, is_over;
    size_t n_turns; /* that there were; kept are the last TURNS_MAX */
    struct turn turns[TURNS_MAX];
    json_t *decisions; /* for the end */
    size_t decided_at; /* n_turns at the last of them */
};

struct ladder *ladder_new(struct paper *paper)
{
    struct ladder *l = calloc(1, sizeof *l);
    ctl_must(l != NULL);
    l->paper = paper;
    l->decisions = json_array();
    return l;
}

void ladder_free(struct ladder *l)
{
    if (l != NULL) {
        json_decref(l->decisions);
        free(l);
    }
}

static unsigned right(const struct ladder *l)
{
    return l->paper->width - 1;
}

/* --- The head --- */

void ladder_format_time(double when, char *text, size_t size)
{
    const time_t seconds = (time_t)when;
    struct tm local;
    text[0] = '\0';
    if (localtime_r(&seconds, &local) != NULL) {
        (void)strftime(text, size, "%Y-%m-%d %H:%M:%S", &local);
    }
}

static void put_name(struct ladder *l)
{
    if (l->peer[0] != '\0') {
        paper_text(l->paper, PAPER_BOLD, "%s", l->peer);
    } else {
        paper_text(l->paper, PAPER_BOLD, "unknown peer%s%s", l->remote[0] != '\0' ? " at " : "",
                   l->remote);
    }
    paper_text(l->paper, PAPER_PLAIN, ", negotiation %s", l->number);
}

static void put_head(struct ladder *l, const json_t *entry)
{
    char when[32];
    const char *role = ctl_text(entry, "role"), *id = ctl_text(entry, "remote-id");
    const char *uniqueid = ctl_text(entry, "ike-uniqueid");
    ladder_format_time(l->begun, when, sizeof when);
    put_name(l);
    paper_text(l->paper, PAPER_PLAIN, ", %s", when);
    if (role[0] != '\0') {
        paper_text(l->paper, PAPER_PLAIN, ", begun by %s",
                   strcmp(role, "initiator") == 0 ? "us" : "the peer");
    }
    if (uniqueid[0] != '\0' && strcmp(uniqueid, "0") != 0) {
        paper_text(l->paper, PAPER_PLAIN, ", IKE SA %s", uniqueid);
    }
    paper_line_end(l->paper);
    if (id[0] != '\0') {
        paper_text(l->paper, PAPER_PLAIN, "the peer is to be %s", id);
        paper_line_end(l->paper);
    }
}

/* Our end and the peer's over their lanes. */
static void put_ends(struct ladder *l, const json_t *entry)
{
    struct paper *p = l->paper;
    const char *local = ctl_text(entry, "local"), *remote = ctl_text(entry, "remote");
    char theirs[128];
    snprintf(theirs, sizeof theirs, "%s the peer", remote);
    l->has_lanes = true;
    paper_line_end(p);
    paper_fill(p, PAPER_PLAIN, SIGN_SPACE, LEFT);
    paper_text(p, PAPER_PLAIN, "us %s", local);
    const unsigned columns = paper_columns(theirs);
    paper_fill(p, PAPER_PLAIN, SIGN_SPACE, p->width > columns ? p->width - columns : 0);
    paper_text(p, PAPER_PLAIN, "%s%s", p->column == LEFT ? " " : "", theirs);
    paper_line_end(p);
}

/* Seconds since the negotiation began. */
static double since(const struct ladder *l, const json_t *entry)
{
    const double when = strtod(ctl_text(entry, "time"), NULL);
    return when > l->begun ? when - l->begun : 0;
}

static void put_time(struct ladder *l, const json_t *entry)
{
    paper_text(l->paper, PAPER_DIM, "%8.3f", since(l, entry));
    paper_fill(l->paper, PAPER_PLAIN, SIGN_SPACE, LEFT);
}

/* --- Messages --- */

/* "MM" for main mode and its like: what stands before the number of a message. */
static const char *short_name(const char *exchange)
{
    static const char *const names[][2] = {
        { "main mode", "MM" },       { "aggressive", "AM" },   { "quick mode", "QM" },
        { "informational", "INFO" }, { "transaction", "CFG" }, { "new group", "NG" },
    };
    for (size_t i = 0; i < CYG_LEN(names); i++) {
        if (strncmp(exchange, names[i][0], strlen(names[i][0])) == 0) {
            return names[i][1];
        }
    }
    return exchange;
}

static struct turn *find_turn(struct ladder *l, const json_t *entry)
{
    const char *exchange = ctl_text(entry, "exchange"), *id = ctl_text(entry, "message-id");
    const size_t kept = l->n_turns < TURNS_MAX ? l->n_turns : TURNS_MAX;
    unsigned nth = 1;
    for (size_t i = 0; i < kept; i++) {
        struct turn *t = &l->turns[i];
        if (strcmp(t->exchange, exchange) == 0 && strcmp(t->message_id, id) == 0) {
            return t;
        }
        nth = strcmp(t->exchange, exchange) == 0 && t->nth >= nth ? t->nth + 1 : nth;
    }
    struct turn *t = &l->turns[l->n_turns++ % TURNS_MAX];
    *t = (struct turn){ .nth = nth };
    snprintf(t->exchange, sizeof t->exchange, "%s", exchange);
    snprintf(t->message_id, sizeof t->message_id, "%s", id);
    return t;
}

static bool is_unread(const json_t *entry)
{
    return strcmp(ctl_text(entry, "reason"), "MESSAGE_UNREAD") == 0;
}

/* The number of a message in its exchange; *again: it came before. */
static unsigned number_of(struct turn *t, const json_t *entry, bool *again)
{
    unsigned *last = strcmp(ctl_text(entry, "direction"), "sent") == 0 ? &t->sent : &t->received;
    *again = ctl_is_yes(entry, "resent");
    if (is_unread(entry)) {
        *again = t->unread == t->messages + 1;
        t->unread = t->messages + 1;
        return t->unread;
    }
    if (!*again || *last == 0) {
        *last = ++t->messages;
    }
    return *last;
}

/* "MM1", "QM2", of the second quick mode "QM2 #2"; repeated ones keep their number. */
static void label_of(struct ladder *l, const json_t *entry, char *text, size_t size)
{
    struct turn *t = find_turn(l, entry);
    bool again;
    const char *name = short_name(t->exchange);
    const unsigned number = number_of(t, entry, &again);
    const bool is_info = strcmp(name, "INFO") == 0;
    int n = is_info ? snprintf(text, size, "%s", name) : snprintf(text, size, "%s%u", name, number);
    if (!is_info && t->nth > 1) {
        n += snprintf(text + n, size - (size_t)n, " #%u", t->nth);
    }
    if (again) {
        snprintf(text + n, size - (size_t)n, " again");
    }
}

/* The name of a payload: what stands before the colon in "SA: IPSEC, 4 proposals"; of a
 * notification or delete also what it is about: "N NO-PROPOSAL-CHOSEN". */
static void name_of(const char *payload, char *name, size_t size)
{
    const size_t len = strcspn(payload, ":");
    const bool says_more =
        len == 1 && strncmp(payload + 1, ": ", 2) == 0 && (payload[0] == 'N' || payload[0] == 'D');
    if (says_more) {
        snprintf(name, size, "%c %.*s", payload[0], (int)strcspn(payload + 3, ","), payload + 3);
    } else {
        snprintf(name, size, "%.*s", (int)len, payload);
    }
}

/* "SA, 5 VID": equal ones are counted. */
static void payloads_of(const json_t *entry, char *text, size_t size)
{
    const json_t *list = json_object_get(entry, "payloads");
    char names[64][48];
    unsigned counts[64], n = 0;
    for (size_t i = 0; i < json_array_size(list) && n < CYG_LEN(names); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name == NULL || name[0] == ' ' || strncmp(name, "padding:", 8) == 0) {
            continue; /* what is inside of the payload before, or no payload */
        }
        char *to = names[n];
        name_of(name, to, sizeof names[0]);
        unsigned same = 0;
        while (same < n && strcmp(names[same], to) != 0) {
            same++;
        }
        counts[same] = same == n ? 1 : counts[same] + 1;
        n += same == n ? 1 : 0;
    }
    size_t at = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < n && at < size; i++) {
        char count[16] = "";
        if (counts[i] > 1) {
            snprintf(count, sizeof count, "%u ", counts[i]);
        }
        const int more =
            snprintf(text + at, size - at, "%s%s%s", i > 0 ? ", " : "", count, names[i]);
        at += more > 0 ? (size_t)more : 0;
    }
}

static void cut(char *text, unsigned columns)
{
    if (paper_columns(text) > columns && columns > 3) {
        const char *rest;
        text[paper_break(text, columns - 3, &rest)] = '\0';
        memcpy(text + strlen(text), "...", 4); /* what was cut off was longer */
    }
}

static void put_message(struct ladder *l, const json_t *entry)
{
    struct paper *p = l->paper;
    char label[64], payloads[512], size[32];
    const bool sent = strcmp(ctl_text(entry, "direction"), "sent") == 0;
    if (!l->has_lanes) {
        put_ends(l, entry);
    }
    label_of(l, entry, label, sizeof label);
    payloads_of(entry, payloads, sizeof payloads);
    if (is_unread(entry)) {
        snprintf(payloads, sizeof payloads, "can't be read");
    }
    snprintf(size, sizeof size, " %s bytes ", ctl_text(entry, "bytes"));
    const unsigned size_at = right(l) - 2 - paper_columns(size);
    cut(payloads, size_at - LEFT - 8 - paper_columns(label));
    put_time(l, entry);
    paper_sign(p, PAPER_PLAIN, SIGN_LANE);
    paper_sign(p, PAPER_PLAIN, sent ? SIGN_SHAFT : SIGN_TO_US);
    paper_sign(p, PAPER_PLAIN, SIGN_SHAFT);
    paper_text(p, PAPER_BOLD, " %s ", label);
    if (payloads[0] != '\0') {
        paper_text(p, PAPER_PLAIN, " %s ", payloads);
    }
    paper_fill(p, PAPER_PLAIN, SIGN_SHAFT, size_at);
    paper_text(p, PAPER_DIM, "%s", size);
    paper_sign(p, PAPER_PLAIN, SIGN_SHAFT);
    paper_sign(p, PAPER_PLAIN, sent ? SIGN_TO_PEER : SIGN_SHAFT);
    paper_sign(p, PAPER_PLAIN, SIGN_LANE);
    paper_line_end(p);
}

/* --- Decisions --- */

/* A text between the lanes, with a sign in front of its first line. */
static void put_between(struct ladder *l, enum paper_style style, enum paper_sign sign,
                        const char *text)
{
    struct paper *p = l->paper;
    const unsigned column = LEFT + 5;
    bool first = true;
    do {
        const char *rest;
        const size_t len = paper_break(text, right(l) - column - 2, &rest);
        paper_fill(p, PAPER_PLAIN, SIGN_SPACE, LEFT);
        paper_sign(p, PAPER_PLAIN, l->has_lanes ? SIGN_LANE : SIGN_SPACE);
        paper_fill(p, PAPER_PLAIN, SIGN_SPACE, column - 2);
        paper_sign(p, style, first ? sign : SIGN_SPACE);
        paper_fill(p, PAPER_PLAIN, SIGN_SPACE, column);
        paper_text(p, style, "%.*s", (int)len, text);
        if (l->has_lanes) {
            paper_fill(p, PAPER_PLAIN, SIGN_SPACE, right(l));
            paper_sign(p, PAPER_PLAIN, SIGN_LANE);
        }
        paper_line_end(p);
        text = rest;
        first = false;
    } while (*text != '\0');
}

/* The repetitions of a message that can't be read would only repeat the decision. */
static bool is_repeated(const struct ladder *l, const json_t *entry)
{
    const size_t n = json_array_size(l->decisions);
    return n > 0 && l->n_turns == l->decided_at
           && strcmp(ctl_text(json_array_get(l->decisions, n - 1), "text"), ctl_text(entry, "text"))
                  == 0;
}

static void put_decision(struct ladder *l, const json_t *entry)
{
    const bool differs = json_object_get(entry, "compare") != NULL;
    if (is_repeated(l, entry)) {
        return;
    }
    put_between(l, differs ? PAPER_BAD : PAPER_PLAIN, SIGN_NOTE, ctl_text(entry, "text"));
    if (differs || ctl_text(entry, "mend")[0] != '\0') {
        json_array_append(l->decisions, (json_t *)(uintptr_t)entry);
        l->decided_at = l->n_turns;
    }
}

/* --- The end --- */

/* Of a refusal that compared one pair of proposals, flows or identities only, what to change in
 * that pair: more exact than what the end can say of all of them. "": there were none, or several.
 */
static const char *advice_of_pair(const struct ladder *l)
{
    const char *only = "";
    for (size_t i = 0; i < json_array_size(l->decisions); i++) {
        const json_t *decision = json_array_get(l->decisions, i);
        const char *mend = ctl_text(decision, "mend");
        if (json_object_get(decision, "compare") == NULL || strcmp(mend, only) == 0) {
            continue;
        }
        if (only[0] != '\0') {
            return "";
        }
        only = mend;
    }
    return only;
}

/* What to change: of the one pair that was compared, of the end itself, of the decision that it
 * repeats, or of the last with advice. */
static const char *advice(const struct ladder *l, const json_t *end)
{
    const char *best = advice_of_pair(l), *last = "";
    best = best[0] != '\0' ? best : ctl_text(end, "mend");
    for (size_t i = 0; best[0] == '\0' && i < json_array_size(l->decisions); i++) {
        const json_t *decision = json_array_get(l->decisions, i);
        const char *mend = ctl_text(decision, "mend");
        last = mend[0] != '\0' ? mend : last;
        if (strcmp(ctl_text(decision, "reason"), ctl_text(end, "reason")) == 0) {
            best = mend;
        }
    }
    return best[0] != '\0' ? best : last;
}

static void put_result(struct ladder *l, const json_t *entry, bool is_bad)
{
    static const char *const words[][2] = {
        { "up", "Up" },
        { "failed", "Failed" },
        { "down", "Ended" },
        { "replaced", "Replaced" },
        { "found", "Found later, on a tunnel that is up" },
    };
    struct paper *p = l->paper;
    const enum paper_style style = is_bad ? PAPER_BAD : PAPER_GOOD;
    const char *result = ctl_text(entry, "result");
    const bool is_found = strcmp(result, "found") == 0;
    for (size_t i = 0; i < CYG_LEN(words); i++) {
        result = strcmp(result, words[i][0]) == 0 ? words[i][1] : result;
    }
    paper_line_end(p);
    paper_sign(p, style, is_bad ? SIGN_BAD : SIGN_GOOD);
    paper_text(p, style, " %s", result);
    if (!is_found) { /* nothing went on that could have taken time */
        paper_text(p, PAPER_PLAIN, " after %.3f s", since(l, entry));
    }
    paper_line_end(p);
}

static void put_end(struct ladder *l, const json_t *entry)
{
    struct paper *p = l->paper;
    const char *result = ctl_text(entry, "result"), *text = ctl_text(entry, "text");
    const bool is_bad = strcmp(result, "failed") == 0 || strcmp(result, "found") == 0;
    put_result(l, entry, is_bad);
    if (is_bad) {
        const char *change = advice(l, entry); /* before the end itself is one of them */
        if (json_object_get(entry, "compare") != NULL) {
            json_array_append(l->decisions, (json_t *)(uintptr_t)entry);
        }
        verdict_compare(p, l->decisions);
        verdict_words(p, text, change);
    } else if (text[0] != '\0') {
        paper_paragraph(p, PAPER_PLAIN, 2, text);
    }
    l->is_over = true;
}

/* --- All of it --- */

void ladder_again(struct ladder *l)
{
    paper_line_end(l->paper);
    put_name(l);
    paper_text(l->paper, PAPER_PLAIN, " goes on");
    paper_line_end(l->paper);
}

void ladder_entry(struct ladder *l, const json_t *entry)
{
    const char *kind = ctl_text(entry, "kind"), *peer = ctl_text(entry, "peer");
    if (peer[0] != '\0') {
        snprintf(l->peer, sizeof l->peer, "%s", peer);
    }
    if (l->number[0] == '\0') {
        snprintf(l->number, sizeof l->number, "%s", ctl_text(entry, "negotiation"));
        const char *remote = ctl_text(entry, "remote");
        snprintf(l->remote, sizeof l->remote, "%.*s", (int)strcspn(remote, "["), remote);
        l->begun = strtod(ctl_text(entry, "time"), NULL);
        put_head(l, entry);
    }
    if (strcmp(kind, "message") == 0) {
        put_message(l, entry);
    } else if (strcmp(kind, "end") == 0) {
        put_end(l, entry);
    } else if (strcmp(kind, "up") == 0) {
        put_between(l, PAPER_GOOD, SIGN_GOOD, ctl_text(entry, "text"));
    } else {
        put_decision(l, entry);
    }
}

void ladder_pause(struct ladder *l)
{
    if (!l->is_over && l->number[0] != '\0') {
        paper_line_end(l->paper);
        paper_text(l->paper, PAPER_PLAIN, "It is not over yet.");
        paper_line_end(l->paper);
        const size_t n = json_array_size(l->decisions);
        if (n > 0) {
            const json_t *last = json_array_get(l->decisions, n - 1);
            verdict_compare(l->paper, l->decisions);
            verdict_words(l->paper, ctl_text(last, "text"), ctl_text(last, "mend"));
        }
    }
}
