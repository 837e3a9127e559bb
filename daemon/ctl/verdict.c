/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a negotiation that failed: both sides next to each other with the difference marked,
 * what happened, what to change. */
#include "ctl.h"
#include "ladder.h"

#include <string.h>

#define INDENT     4u
#define MARKED_MAX 512u /* bytes of an item that can be marked; more is shown unmarked */

/* How the items of a comparison fall into parts. */
struct parts {
    const char *separators;
    bool by_place; /* a part equals only one in the same place: local and remote net */
};

static struct parts parts_of(const char *what)
{
    const bool is_proposal = strncmp(what, "proposal", 8) == 0;
    return (struct parts){ .separators = is_proposal ? "-, " : " ", .by_place = !is_proposal };
}

/* Whether any item of the list has this part, in this place if that matters. */
static bool has_part(const json_t *list, const struct parts *how, const char *part, size_t len,
                     size_t place)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *at = json_string_value(json_array_get(list, i));
        size_t here = 0;
        for (at += strspn(at, how->separators); *at != '\0'; here++) {
            const size_t n = strcspn(at, how->separators);
            if (n == len && strncmp(at, part, len) == 0 && (!how->by_place || here == place)) {
                return true;
            }
            at += n;
            at += strspn(at, how->separators);
        }
    }
    return false;
}

/* Set marks[i] for each byte of the item that stands in a part which the other side lacks. */
static void mark(const char *item, const json_t *other, const struct parts *how,
                 bool marks[static MARKED_MAX])
{
    memset(marks, 0, MARKED_MAX * sizeof *marks);
    if (json_array_size(other) == 0) {
        return;
    }
    size_t place = 0;
    for (size_t at = strspn(item, how->separators); item[at] != '\0'; place++) {
        const size_t n = strcspn(item + at, how->separators);
        const bool differs = !has_part(other, how, item + at, n, place);
        for (size_t i = at; i < at + n && i < MARKED_MAX; i++) {
            marks[i] = differs;
        }
        at += n;
        at += strspn(item + at, how->separators);
    }
}

/* One item in one column, line by line: what is left of it, and its marks. */
struct cell {
    const char *item, *rest;
    unsigned from, columns;
    bool marks[MARKED_MAX];
    size_t line_at, line_len; /* the line that stands on paper now */
};

static void put_part(struct paper *p, struct cell *c)
{
    const char *next;
    c->line_at = (size_t)(c->rest - c->item);
    c->line_len = paper_break(c->rest, c->columns, &next);
    if (c->line_len > 0) {
        paper_fill(p, PAPER_PLAIN, SIGN_SPACE, c->from);
    }
    for (size_t i = c->line_at; i < c->line_at + c->line_len;) {
        const bool bad = i < MARKED_MAX && c->marks[i];
        size_t end = i;
        while (end < c->line_at + c->line_len && (end < MARKED_MAX && c->marks[end]) == bad) {
            end++;
        }
        paper_text(p, bad ? PAPER_BAD : PAPER_PLAIN, "%.*s", (int)(end - i), c->item + i);
        i = end;
    }
    c->rest = next;
}

static bool has_marks(const struct cell *c)
{
    for (size_t i = c->line_at; i < c->line_at + c->line_len && i < MARKED_MAX; i++) {
        if (c->marks[i]) {
            return true;
        }
    }
    return false;
}

static void put_marks(struct paper *p, const struct cell *c)
{
    if (!has_marks(c)) {
        return;
    }
    unsigned column = c->from;
    for (size_t i = c->line_at; i < c->line_at + c->line_len && i < MARKED_MAX; i++) {
        if (((unsigned char)c->item[i] & 0xc0u) == 0x80u) {
            continue; /* one sign for one character */
        }
        if (c->marks[i]) {
            paper_fill(p, PAPER_PLAIN, SIGN_SPACE, column);
            paper_sign(p, PAPER_BAD, SIGN_MARK);
        }
        column++;
    }
}

static void put_cells(struct paper *p, struct cell cells[static 2])
{
    while (*cells[0].rest != '\0' || *cells[1].rest != '\0') {
        put_part(p, &cells[0]);
        put_part(p, &cells[1]);
        paper_line_end(p);
        if (has_marks(&cells[0]) || has_marks(&cells[1])) {
            put_marks(p, &cells[0]);
            put_marks(p, &cells[1]);
            paper_line_end(p);
        }
    }
}

static void set_item(struct cell *c, const json_t *list, size_t i, const json_t *other,
                     const struct parts *how)
{
    const char *item = json_string_value(json_array_get(list, i));
    c->item = c->rest = item != NULL ? item : "";
    mark(c->item, other, how, c->marks);
}

static void put_joined(struct paper *p, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        paper_text(p, PAPER_BOLD, "%s%s", i > 0 ? ", " : "",
                   json_string_value(json_array_get(list, i)));
    }
}

static void put_comparison(struct paper *p, const char *what, const json_t *comparison)
{
    const json_t *ours = json_object_get(comparison, "ours");
    const json_t *theirs = json_object_get(comparison, "theirs");
    const json_t *differs = json_object_get(comparison, "differs");
    const struct parts how = parts_of(what);
    const unsigned half = (p->width - INDENT) / 2;
    struct cell cells[2] = { { .from = INDENT, .columns = half - 2 },
                             { .from = INDENT + half, .columns = half } };
    paper_line_end(p);
    paper_text(p, PAPER_PLAIN, "  %s that differ%s", what,
               json_array_size(differs) > 0 ? " in " : "");
    put_joined(p, differs);
    paper_line_end(p);
    paper_fill(p, PAPER_PLAIN, SIGN_SPACE, INDENT);
    paper_text(p, PAPER_DIM, "here");
    paper_fill(p, PAPER_PLAIN, SIGN_SPACE, INDENT + half);
    paper_text(p, PAPER_DIM, "the peer");
    paper_line_end(p);
    const size_t n = json_array_size(ours), m = json_array_size(theirs);
    for (size_t i = 0; i < n || i < m; i++) {
        set_item(&cells[0], ours, i, theirs, &how);
        set_item(&cells[1], theirs, i, ours, &how);
        put_cells(p, cells);
    }
}

/* Add what is not there yet. */
static void unite(json_t *into, const char *key, const json_t *from)
{
    json_t *list = json_object_get(into, key);
    const json_t *more = json_object_get(from, key);
    if (list == NULL) {
        list = json_array();
        json_object_set_new(into, key, list);
    }
    for (size_t i = 0; i < json_array_size(more); i++) {
        json_t *item = json_array_get(more, i);
        size_t same = 0;
        while (same < json_array_size(list) && !json_equal(json_array_get(list, same), item)) {
            same++;
        }
        if (same == json_array_size(list) && json_is_string(item)) {
            json_array_append(list, item);
        }
    }
}

void verdict_compare(struct paper *p, const json_t *decisions)
{
    json_t *all = json_object();
    for (size_t i = 0; i < json_array_size(decisions); i++) {
        const json_t *compare = json_object_get(json_array_get(decisions, i), "compare");
        const char *what = ctl_text(compare, "what");
        if (compare == NULL) {
            continue;
        }
        json_t *united = json_object_get(all, what);
        if (united == NULL) {
            united = json_object();
            json_object_set_new(all, what, united);
        }
        unite(united, "ours", compare);
        unite(united, "theirs", compare);
        unite(united, "differs", compare);
    }
    const char *what;
    json_t *comparison;
    json_object_foreach(all, what, comparison)
    {
        put_comparison(p, what, comparison);
    }
    json_decref(all);
}

void verdict_words(struct paper *p, const char *happened, const char *change)
{
    static const char heads[2][16] = { "What happened", "What to change" };
    const char *const texts[] = { happened, change };
    const unsigned column = 18;
    paper_line_end(p);
    for (size_t i = 0; i < CYG_LEN(heads); i++) {
        if (texts[i][0] != '\0') {
            paper_text(p, PAPER_BOLD, "  %s", heads[i]);
            paper_paragraph(p, PAPER_PLAIN, column, texts[i]);
        }
    }
}
