/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the files of the settings: who may write them, how big they are, which an include
 * names. */
#include "settings_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum cyg_code buffer_add(struct buffer *b, const char *bytes, size_t n)
{
    if (n >= b->room - b->len) {
        size_t room = (b->len + n + 1) * 2;
        char *bigger = realloc(b->data, room);
        if (bigger == NULL) {
            return CYG_NOMEM;
        }
        b->data = bigger;
        b->room = room;
    }
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
    return CYG_OK;
}

static enum cyg_code cannot_read(const char *path, int number, struct cyg_error *err)
{
    char text[64];
    return CYG_FAIL(err, CYG_R_SETTINGS_OPEN, .got_quote = cyg_quote_text(path),
                    .want_quote = cyg_quote_text(strerror_r(number, text, sizeof text)));
}

static enum cyg_code check_file(const char *path, int fd, struct cyg_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return cannot_read(path, errno, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return CYG_FAIL(err, CYG_R_SETTINGS_OPEN, .got_quote = cyg_quote_text(path),
                        .want_quote = cyg_quote_text("it is no regular file"));
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) { /* H-180 */
        return CYG_FAIL(err, CYG_R_SETTINGS_WRITABLE, .got_quote = cyg_quote_text(path));
    }
    return CYG_OK;
}

static enum cyg_code read_all(const char *path, int fd, size_t *budget, struct buffer *ret,
                              struct cyg_error *err)
{
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return cannot_read(path, errno, err);
        }
        if ((size_t)n > *budget) {
            return CYG_FAIL(err, CYG_R_SETTINGS_BIG, .got_quote = cyg_quote_text(path),
                            .want = SETTINGS_BYTES_MAX);
        }
        *budget -= (size_t)n;
        if (memchr(chunk, '\0', (size_t)n) != NULL) {
            return CYG_FAIL(err, CYG_R_SETTINGS_OPEN, .got_quote = cyg_quote_text(path),
                            .want_quote = cyg_quote_text("it is no text"));
        }
        if (buffer_add(ret, chunk, (size_t)n) != CYG_OK) {
            return CYG_FAIL(err, CYG_R_NOMEM);
        }
    }
    return CYG_OK;
}

enum cyg_code settings_read(const char *path, size_t *budget, struct buffer *ret,
                            struct cyg_error *err)
{
    /* Not blocking: somebody may have put a FIFO there. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return cannot_read(path, errno, err);
    }
    enum cyg_code code = check_file(path, fd, err);
    if (code == CYG_OK) {
        code = read_all(path, fd, budget, ret, err);
    }
    (void)close(fd); /* it was only read */
    return code;
}

/* An include is relative to the folder of the file that it stands in. */
static char *join(const char *from, const char *pattern)
{
    const char *slash = strrchr(from, '/');
    char *path = NULL;
    if (pattern[0] == '/' || slash == NULL) {
        return strdup(pattern);
    }
    return asprintf(&path, "%.*s%s", (int)(slash - from + 1), from, pattern) < 0 ? NULL : path;
}

enum cyg_code settings_glob(const char *from, const char *pattern, glob_t *ret,
                            struct cyg_error *err)
{
    char *whole = join(from, pattern);
    if (whole == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    bool plain = strpbrk(pattern, "*?[") == NULL;
    int result = glob(whole, plain ? GLOB_NOCHECK : 0, NULL, ret);
    enum cyg_code code = CYG_OK;
    if (result != 0 && result != GLOB_NOMATCH) {
        code = result == GLOB_NOSPACE ? CYG_NOMEM : cannot_read(whole, EIO, err);
    }
    free(whole);
    return code == CYG_NOMEM ? CYG_FAIL(err, CYG_R_NOMEM) : code;
}
