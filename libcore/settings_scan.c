/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From files to one text for libconfuse. Comments are taken out (libconfuse refuses them inside a
 * list), includes are put in, "$" is written so that libconfuse does not look into the environment,
 * and the place of every section and key is noted, which libconfuse does not keep. What is no word,
 * string or sign of ours is passed on: the grammar is libconfuse's. */
#include "settings_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One file while it is read. */
struct cursor {
    const char *pos, *end;
    struct place at;
};

static enum cyg_code scan_file(struct scan *s, const char *path, unsigned depth, struct place from,
                               struct cyg_error *err);

static enum cyg_code put(struct scan *s, const char *bytes, size_t n, struct cyg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        s->lines += bytes[i] == '\n';
    }
    return buffer_add(&s->text, bytes, n) == CYG_OK ? CYG_OK : CYG_FAIL(err, CYG_R_NOMEM);
}

/* From the next line of text on, lines are those of this place. */
static enum cyg_code map_lines(struct scan *s, struct place at, struct cyg_error *err)
{
    enum cyg_code code = put(s, "\n", 1, err);
    if (code != CYG_OK) {
        return code;
    }
    struct segment *more = reallocarray(s->segments, s->n_segments + 1, sizeof *more);
    if (more == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    s->segments = more;
    s->segments[s->n_segments++] = (struct segment){ s->lines + 1, at };
    return CYG_OK;
}

struct place settings_scan_place(const struct scan *s, uint32_t line)
{
    struct place at = { s->n_files > 0 ? s->files[0] : "", 1 };
    for (size_t i = 0; i < s->n_segments && s->segments[i].from <= line; i++) {
        at = s->segments[i].place;
        at.line += line - s->segments[i].from;
    }
    return at;
}

/* ---- names: which statement is this? ---- */

static enum cyg_code unknown(const struct scan *s, enum cyg_reason reason, struct cyg_error *err)
{
    const char *names[64];
    size_t n = 0;
    for (size_t i = 0; reason == CYG_R_SETTINGS_SECTION && i < s->settings->n; i++) {
        if (s->settings->sections[i].name[0] != '\0' && n < CYG_LEN(names)) {
            names[n++] = s->settings->sections[i].name;
        }
    }
    for (size_t i = 0; reason == CYG_R_SETTINGS_KEY && i < s->in->n && n < CYG_LEN(names); i++) {
        names[n++] = s->in->entries[i].row->key;
    }
    char what[160];
    snprintf(what, sizeof what, "%s%s%s", s->in->name, s->in->name[0] != '\0' ? "." : "", s->name);
    const char *nearest = settings_nearest(s->name, names, n);
    return CYG_FAIL(err, reason, .offset = s->name_at.line,
                    .got_quote = settings_quote(s->name_at, what),
                    .want_quote = cyg_quote_text(nearest != NULL ? nearest : "none"));
}

static enum cyg_code given_twice(const struct scan *s, struct place first, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_SETTINGS_TWICE, .offset = s->name_at.line,
                    .got_quote = settings_quote(s->name_at, s->name),
                    .want_quote = settings_quote(first, s->name));
}

static enum cyg_code begin_section(struct scan *s, struct cyg_error *err)
{
    struct section *section = settings_section(s->settings, s->name);
    s->depth++;
    if (s->drop || s->in == NULL) {
        return CYG_OK;
    }
    if (s->depth > 1 || section == NULL || s->name[0] == '\0') {
        if (s->peek) {
            s->drop = true;
            return CYG_OK;
        }
        return unknown(s, s->depth > 1 ? CYG_R_SETTINGS_KEY : CYG_R_SETTINGS_SECTION, err);
    }
    if (section->place.file != NULL) {
        return given_twice(s, section->place, err);
    }
    section->place = s->name_at;
    s->in = section;
    return CYG_OK;
}

static enum cyg_code begin_key(struct scan *s, struct cyg_error *err)
{
    if (s->drop) {
        return CYG_OK;
    }
    struct entry *entry = settings_entry(s->in, s->name);
    if (entry == NULL) {
        if (s->peek) {
            s->drop = true;
            return CYG_OK;
        }
        return unknown(s, CYG_R_SETTINGS_KEY, err);
    }
    if (entry->place.file != NULL) {
        return given_twice(s, entry->place, err);
    }
    entry->place = s->name_at;
    return CYG_OK;
}

/* A statement has ended: blank it out if nobody wants it. Lines stay what they are. */
static void end_statement(struct scan *s)
{
    s->state = WANT_NAME;
    if (s->depth > 0 || !s->drop) {
        return;
    }
    for (size_t i = s->statement_at; i < s->text.len; i++) {
        if (s->text.data[i] != '\n') {
            s->text.data[i] = ' ';
        }
    }
    s->drop = false;
}

static enum cyg_code sign(struct scan *s, char c, struct cyg_error *err)
{
    enum cyg_code code = put(s, &c, 1, err);
    if (code != CYG_OK) {
        return code;
    }
    switch (s->state) {
    case WANT_NAME:
        if (c == '}' && s->depth > 0) {
            if (--s->depth == 0) {
                s->in = settings_section(s->settings, "");
                end_statement(s);
            }
        }
        return CYG_OK;
    case WANT_SIGN:
        s->state = c == '=' ? WANT_VALUE : WANT_NAME;
        return c == '=' ? begin_key(s, err) : c == '{' ? begin_section(s, err) : CYG_OK;
    case WANT_VALUE:
        if (c == '{') {
            s->state = IN_LIST;
        }
        return CYG_OK;
    case IN_LIST:
        if (c == '}') {
            end_statement(s);
        }
        return CYG_OK;
    }
    return CYG_OK;
}

/* A word or string was put into text at `start`. */
static void word(struct scan *s, const char *name, size_t n, struct place at, size_t start)
{
    if (s->state == WANT_NAME) {
        n = n < sizeof s->name - 1 ? n : sizeof s->name - 1;
        memcpy(s->name, name, n);
        s->name[n] = '\0';
        s->name_at = at;
        if (s->depth == 0) {
            s->statement_at = start;
        }
        s->state = WANT_SIGN;
    } else if (s->state == WANT_VALUE) {
        end_statement(s);
    }
}

/* ---- characters ---- */

static void step(struct cursor *c)
{
    c->at.line += *c->pos == '\n';
    c->pos++;
}

static bool starts(const struct cursor *c, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(c->end - c->pos) >= n && memcmp(c->pos, with, n) == 0;
}

/* Newlines inside are put out, so that lines stay the same. */
static enum cyg_code skip_comment(struct scan *s, struct cursor *c, struct cyg_error *err)
{
    bool block = starts(c, "/*");
    struct place begin = c->at;
    while (c->pos < c->end && (block ? !starts(c, "*/") : *c->pos != '\n')) {
        enum cyg_code code = *c->pos == '\n' ? put(s, "\n", 1, err) : CYG_OK;
        if (code != CYG_OK) {
            return code;
        }
        step(c);
    }
    if (block) {
        if (c->pos == c->end) {
            return CYG_FAIL(err, CYG_R_SETTINGS_OPEN_END, .offset = begin.line,
                            .got_quote = settings_quote(begin, "/*"));
        }
        c->pos += 2;
    }
    return put(s, " ", 1, err);
}

static enum cyg_code quoted(struct scan *s, struct cursor *c, struct cyg_error *err)
{
    char quote = *c->pos;
    struct place begin = c->at;
    const char *first = c->pos + 1;
    size_t start = s->text.len;
    enum cyg_code code = put(s, c->pos++, 1, err);
    while (code == CYG_OK && c->pos < c->end && *c->pos != quote) {
        if (*c->pos == '$' && quote == '"') {
            code = put(s, "\\x24", 4, err);
            c->pos++;
            continue;
        }
        if (*c->pos == '\\' && c->end - c->pos > 1) {
            code = put(s, c->pos, 1, err);
            c->pos++;
        }
        if (code == CYG_OK) {
            code = put(s, c->pos, 1, err);
            step(c);
        }
    }
    if (code != CYG_OK) {
        return code;
    }
    if (c->pos == c->end) {
        return CYG_FAIL(err, CYG_R_SETTINGS_OPEN_END, .offset = begin.line,
                        .got_quote = settings_quote(begin, quote == '"' ? "\"" : "'"));
    }
    word(s, first, (size_t)(c->pos - first), begin, start);
    return put(s, c->pos++, 1, err);
}

/* A word ends at blanks, quotes, signs and "#"; "${x}" belongs to it. */
static size_t bare_length(const struct cursor *c)
{
    const char *p = c->pos;
    while (p < c->end && strchr(" \t\r\n\"'={}(),#", *p) == NULL
           && !(*p == '+' && c->end - p > 1 && p[1] == '=')) {
        const char *close = NULL;
        if (*p == '$' && c->end - p > 1 && p[1] == '{') {
            close = memchr(p, '}', (size_t)(c->end - p));
        }
        p = close != NULL ? close + 1 : p + 1;
    }
    return (size_t)(p - c->pos);
}

/* Words go to libconfuse as strings, so that no character of theirs means anything to it. */
static enum cyg_code bare(struct scan *s, struct cursor *c, size_t n, struct cyg_error *err)
{
    size_t start = s->text.len;
    struct place begin = c->at;
    const char *first = c->pos;
    enum cyg_code code = put(s, "\"", 1, err);
    for (size_t i = 0; code == CYG_OK && i < n; i++) {
        const char *as = *c->pos == '$'    ? "\\x24"
                         : *c->pos == '\\' ? "\\\\"
                         : *c->pos == '"'  ? "\\\""
                                           : NULL;
        code = as != NULL ? put(s, as, strlen(as), err) : put(s, c->pos, 1, err);
        step(c);
    }
    if (code == CYG_OK) {
        code = put(s, "\" ", 2, err);
    }
    word(s, first, n, begin, start);
    return code;
}

/* ---- include ---- */

static void skip_blanks(struct cursor *c)
{
    while (c->pos < c->end && isspace((unsigned char)*c->pos)) {
        step(c);
    }
}

/* include ( "pattern" ): *ret is malloc'd. NULL: it is not written so. */
static char *include_pattern(struct cursor *c)
{
    skip_blanks(c);
    if (!starts(c, "(")) {
        return NULL;
    }
    c->pos++;
    skip_blanks(c);
    if (!starts(c, "\"") && !starts(c, "'")) {
        return NULL;
    }
    const char *first = c->pos + 1;
    const char *last = memchr(first, *c->pos, (size_t)(c->end - first));
    if (last == NULL || last == first || memchr(first, '\n', (size_t)(last - first)) != NULL) {
        return NULL;
    }
    c->pos = last + 1;
    skip_blanks(c);
    if (!starts(c, ")")) {
        return NULL;
    }
    c->pos++;
    return strndup(first, (size_t)(last - first));
}

static enum cyg_code include(struct scan *s, struct cursor *c, unsigned depth,
                             struct cyg_error *err)
{
    struct place begin = c->at;
    c->pos += strlen("include");
    char *pattern = include_pattern(c);
    glob_t found = { 0 };
    if (pattern == NULL) {
        return CYG_FAIL(err, CYG_R_SETTINGS_INCLUDE, .offset = begin.line,
                        .got_quote = settings_quote(begin, "include"));
    }
    enum cyg_code code = settings_glob(begin.file, pattern, &found, err);
    for (size_t i = 0; code == CYG_OK && i < found.gl_pathc; i++) {
        code = scan_file(s, found.gl_pathv[i], depth + 1, begin, err);
    }
    globfree(&found);
    free(pattern);
    return code == CYG_OK ? map_lines(s, c->at, err) : code;
}

/* ---- a file ---- */

static enum cyg_code scan_token(struct scan *s, struct cursor *c, unsigned depth,
                                struct cyg_error *err)
{
    if (isspace((unsigned char)*c->pos)) {
        enum cyg_code code = put(s, c->pos, 1, err);
        step(c);
        return code;
    }
    if (*c->pos == '#' || starts(c, "//") || starts(c, "/*")) {
        return skip_comment(s, c, err);
    }
    if (*c->pos == '"' || *c->pos == '\'') {
        return quoted(s, c, err);
    }
    size_t n = bare_length(c);
    if (n == 0) {
        enum cyg_code code = CYG_OK;
        if (*c->pos == '+') { /* "+=" */
            code = put(s, c->pos++, 1, err);
        }
        return code == CYG_OK ? sign(s, *c->pos++, err) : code;
    }
    if (s->state == WANT_NAME && n == strlen("include") && starts(c, "include")) {
        return include(s, c, depth, err);
    }
    return bare(s, c, n, err);
}

static enum cyg_code scan_text(struct scan *s, struct cursor *c, unsigned depth,
                               struct cyg_error *err)
{
    unsigned before = s->depth;
    enum cyg_code code = map_lines(s, c->at, err);
    while (code == CYG_OK && c->pos < c->end) {
        code = scan_token(s, c, depth, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    /* libconfuse takes the end of the text for the end of every section. */
    bool in_value = s->state == WANT_VALUE || s->state == IN_LIST;
    if (s->depth > before || in_value) {
        struct place at = in_value ? s->name_at : s->in->place.file != NULL ? s->in->place : c->at;
        return CYG_FAIL(err, CYG_R_SETTINGS_OPEN_END, .offset = at.line,
                        .got_quote = settings_quote(at, in_value ? s->name : "{"));
    }
    return CYG_OK;
}

static enum cyg_code scan_file(struct scan *s, const char *path, unsigned depth, struct place from,
                               struct cyg_error *err)
{
    if (depth > SETTINGS_DEPTH_MAX) {
        return CYG_FAIL(err, CYG_R_SETTINGS_DEPTH, .offset = from.line,
                        .got_quote = settings_quote(from, "include"), .want = SETTINGS_DEPTH_MAX);
    }
    char **files = reallocarray(s->files, s->n_files + 1, sizeof *files);
    if (files == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    s->files = files;
    files[s->n_files] = strdup(path);
    const char *name = files[s->n_files];
    if (name == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    s->n_files++;
    struct buffer content = { 0 };
    enum cyg_code code = settings_read(path, &s->budget, &content, err);
    if (code == CYG_OK) {
        const char *begin = content.data != NULL ? content.data : "";
        struct cursor c = { begin, begin + content.len, { name, 1 } };
        code = scan_text(s, &c, depth, err);
    }
    free(content.data);
    return code;
}

enum cyg_code settings_scan(struct scan *s, const char *path, struct cyg_error *err)
{
    s->in = settings_section(s->settings, "");
    s->budget = SETTINGS_BYTES_MAX;
    s->state = WANT_NAME;
    return scan_file(s, path, 0, (struct place){ path, 0 }, err);
}

void settings_scan_clear(struct scan *s)
{
    for (size_t i = 0; i < s->n_files; i++) {
        free(s->files[i]);
    }
    free(s->files);
    free(s->segments);
    free(s->text.data);
    *s = (struct scan){ 0 };
}
