/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the four files of the settings share. The way of a file: settings_file.c reads it,
 * settings_scan.c follows includes and notes where each name stands, libconfuse parses the whole,
 * settings_value.c makes typed values of its strings, settings.c keeps them. */
#pragma once

#include <cygnet/settings_load.h>

#include <glob.h>
#include <stdint.h>

#define SETTINGS_BYTES_MAX (1024u * 1024u) /* of all files together */
#define SETTINGS_DEPTH_MAX 8u              /* of includes */

/* Text that grows. */
struct buffer {
    char *data;
    size_t len, room;
};

/* Append; always NUL-terminated afterwards. CYG_NOMEM changes nothing. */
CYG_MUST_USE enum cyg_code buffer_add(struct buffer *b, const char *bytes, size_t n);

/* A place in a file. */
struct place {
    const char *file; /* borrowed from struct scan */
    uint32_t line;    /* from 1 */
};

/* One value of the settings: a row of a section's table with what the file or the row says. */
struct entry {
    const struct cyg_setting *row;
    struct place place; /* file NULL: not given */
    bool is_set;        /* there is a value, from the file or the fallback */
    char *string;
    int64_t number; /* INT, BOOL, TIME, BYTES */
    char **list;
    size_t list_len;
};

struct section {
    char *name;
    struct place place; /* where it was opened; file NULL: not given */
    struct entry *entries;
    size_t n;
};

struct cyg_settings {
    struct section *sections;
    size_t n;
};

struct section *settings_section(const struct cyg_settings *settings, const char *name);
struct entry *settings_entry(const struct section *section, const char *key);

/* Read a whole file, append it to *ret. Refuses what is no regular file or is writable by group or
 * others. *budget is what may still be read, and shrinks. */
CYG_MUST_USE enum cyg_code settings_read(const char *path, size_t *budget, struct buffer *ret,
                                         struct cyg_error *err);

/* The files that an include names, sorted, in *ret; relative to the folder of `from`. The caller
 * gives *ret as zeros and calls globfree() in any case. A pattern may match nothing, a plain name
 * not. */
CYG_MUST_USE enum cyg_code settings_glob(const char *from, const char *pattern, glob_t *ret,
                                         struct cyg_error *err);

/* All files as one text that libconfuse takes, with the way back from its lines to ours. */
struct scan {
    struct cyg_settings *settings; /* places are noted here */
    bool peek;                     /* drop what is in no table, instead of refusing it */
    struct buffer text;
    uint32_t lines; /* of text, so far */
    size_t budget;
    char **files; /* names of all files read */
    size_t n_files;
    struct segment {
        uint32_t from; /* first line of text that it maps */
        struct place place;
    } * segments;
    size_t n_segments;
    /* the grammar, as far as names are concerned */
    enum {
        WANT_NAME,
        WANT_SIGN,
        WANT_VALUE,
        IN_LIST
    } state;
    char name[64]; /* the name read last */
    struct place name_at;
    size_t statement_at; /* where it begins in text */
    bool drop;           /* the statement that runs is to be dropped */
    struct section *in;  /* NULL: in a section that is to be dropped */
    unsigned depth;      /* of sections: 0 top level */
};

CYG_MUST_USE enum cyg_code settings_scan(struct scan *scan, const char *path,
                                         struct cyg_error *err);
void settings_scan_clear(struct scan *scan);
/* The place of a line of text. */
struct place settings_scan_place(const struct scan *scan, uint32_t line);

/* "FILE:LINE: what", the front of the file's name left out where it is too long. */
struct cyg_quote settings_quote(struct place place, const char *what);

/* What a row wants, in words. */
struct cyg_quote settings_want(const struct cyg_setting *row);

/* Make the typed value of a string. CYG_MALFORMED: it is none. */
CYG_MUST_USE enum cyg_code settings_value(struct entry *entry, const char *text);

/* Take a list's elements, or the words of a fallback ("a, b"). */
CYG_MUST_USE enum cyg_code settings_list_add(struct entry *entry, const char *text, size_t len);
CYG_MUST_USE enum cyg_code settings_list_fallback(struct entry *entry, const char *text);

/* The nearest name to a misspelt one; NULL when there is none at all. */
const char *settings_nearest(const char *wrong, const char *const *names, size_t n);
