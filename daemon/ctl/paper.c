/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See paper.h. */
#include "paper.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80u
#define WIDTH_MIN     60u
#define WIDTH_MAX     132u /* longer arrows help nobody */
#define TEXT_MAX      2048u

static unsigned width_of_terminal(void)
{
    struct winsize size = { 0 };
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return WIDTH_DEFAULT;
    }
    return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

struct paper paper_of_stdout(void)
{
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    return (struct paper){
        .out = stdout,
        .width = is_terminal ? width_of_terminal() : WIDTH_DEFAULT,
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        .colour = is_terminal && term != NULL && strcmp(term, "dumb") != 0
                  && (no_colour == NULL || no_colour[0] == '\0'),
    };
}

/* Whether a byte goes on with a character of UTF-8. */
static bool goes_on(char byte)
{
    return ((unsigned char)byte & 0xc0u) == 0x80u;
}

unsigned paper_columns(const char *text)
{
    unsigned n = 0;
    for (; *text != '\0'; text++) {
        n += goes_on(*text) ? 0 : 1;
    }
    return n;
}

static void begin_style(const struct paper *p, enum paper_style style)
{
    static const char *const codes[PAPER_STYLES] = { [PAPER_PLAIN] = "",
                                                     [PAPER_BOLD] = "\033[1m",
                                                     [PAPER_DIM] = "\033[2m",
                                                     [PAPER_GOOD] = "\033[32m",
                                                     [PAPER_BAD] = "\033[31m" };
    if (p->colour) {
        fputs(codes[style], p->out);
    }
}

static void end_style(const struct paper *p, enum paper_style style)
{
    if (p->colour && style != PAPER_PLAIN) {
        fputs("\033[0m", p->out);
    }
}

/* Characters that the terminal would obey never get there: the daemon escapes what is foreign, this
 * is for a daemon that does not. */
static void put_text(struct paper *p, enum paper_style style, const char *text, size_t len)
{
    begin_style(p, style);
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        const bool is_ascii = (unsigned char)c < 0x80;
        p->column += goes_on(c) ? 0 : 1;
        if (is_ascii ? (c >= 0x20 && c != 0x7f) : p->utf8) {
            putc(c, p->out);
        } else if (!goes_on(c)) {
            putc('?', p->out);
        }
    }
    end_style(p, style);
}

void paper_text(struct paper *p, enum paper_style style, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0) {
        put_text(p, style, text, strlen(text));
    }
}

static const char *sign_text(const struct paper *p, enum paper_sign sign)
{
    static const char *const signs[SIGNS][2] = {
        [SIGN_SPACE] = { " ", " " },   [SIGN_LANE] = { "|", "│" },  [SIGN_SHAFT] = { "-", "─" },
        [SIGN_TO_PEER] = { ">", "▶" }, [SIGN_TO_US] = { "<", "◀" }, [SIGN_GOOD] = { "+", "✓" },
        [SIGN_BAD] = { "!", "✗" },     [SIGN_NOTE] = { "-", "·" },  [SIGN_MARK] = { "^", "^" },
    };
    return signs[sign][p->utf8 ? 1 : 0];
}

void paper_sign(struct paper *p, enum paper_style style, enum paper_sign sign)
{
    begin_style(p, style);
    fputs(sign_text(p, sign), p->out);
    end_style(p, style);
    p->column++;
}

void paper_fill(struct paper *p, enum paper_style style, enum paper_sign sign, unsigned until)
{
    if (p->column >= until) {
        return;
    }
    begin_style(p, style);
    for (; p->column < until; p->column++) {
        fputs(sign_text(p, sign), p->out);
    }
    end_style(p, style);
}

void paper_line_end(struct paper *p)
{
    putc('\n', p->out);
    p->column = 0;
}

size_t paper_break(const char *text, unsigned columns, const char **ret_rest)
{
    size_t at = 0, space = 0;
    unsigned n = 0;
    for (; text[at] != '\0' && (n < columns || goes_on(text[at])); at++) {
        n += goes_on(text[at]) ? 0 : 1;
        if (text[at] == ' ') {
            space = at;
        }
    }
    if (text[at] != '\0' && text[at] != ' ' && space > 0) {
        at = space;
    }
    if (at == 0 && text[0] != '\0') { /* no room at all: one character all the same */
        at = 1;
        while (goes_on(text[at])) {
            at++;
        }
    }
    *ret_rest = text + at + strspn(text + at, " ");
    return at;
}

void paper_paragraph(struct paper *p, enum paper_style style, unsigned column, const char *text)
{
    const unsigned columns = p->width > column ? p->width - column : 1;
    do {
        const char *rest;
        const size_t len = paper_break(text, columns, &rest);
        paper_fill(p, PAPER_PLAIN, SIGN_SPACE, column);
        put_text(p, style, text, len);
        paper_line_end(p);
        text = rest;
    } while (*text != '\0');
}
