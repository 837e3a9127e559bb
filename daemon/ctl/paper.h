/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that is laid out: columns counted, lines broken, colour and signs as the terminal takes
 * them. Input is UTF-8; one character is one column (wide ones shift a line, nothing else). Thread:
 * one. */
#pragma once

#include <cygnet/base.h>

#include <stdio.h>

struct paper {
    FILE *out;
    unsigned width; /* columns of a line */
    bool utf8;      /* else ASCII signs, and "?" for every other character */
    bool colour;
    unsigned column; /* where the next character goes, from 0 */
};

enum paper_style {
    PAPER_PLAIN = 0,
    PAPER_BOLD,
    PAPER_DIM,
    PAPER_GOOD,
    PAPER_BAD,
    PAPER_STYLES
};

enum paper_sign {
    SIGN_SPACE = 0,
    SIGN_LANE,  /* the end of an arrow, standing */
    SIGN_SHAFT, /* of an arrow, lying */
    SIGN_TO_PEER,
    SIGN_TO_US,
    SIGN_GOOD,
    SIGN_BAD,
    SIGN_NOTE,
    SIGN_MARK, /* beneath what differs */
    SIGNS
};

/* As the terminal and the locale have it; a file or pipe has 80 columns and no colour. */
struct paper paper_of_stdout(void);

/* How many columns a text takes. */
unsigned paper_columns(const char *text);

void paper_text(struct paper *p, enum paper_style style, const char *format, ...) CYG_PRINTF(3, 4);
void paper_sign(struct paper *p, enum paper_style style, enum paper_sign sign);
/* Repeat a sign up to a column; nothing when it is passed already. */
void paper_fill(struct paper *p, enum paper_style style, enum paper_sign sign, unsigned until);
void paper_line_end(struct paper *p);

/* How many bytes of text go on a line of so many columns: broken at a space, a longer word cut. At
 * least one character. *ret_rest is what goes on the next line, without the space. */
size_t paper_break(const char *text, unsigned columns, const char **ret_rest);
/* Text from the column on, broken at the right margin; the next lines begin at `column` too. */
void paper_paragraph(struct paper *p, enum paper_style style, unsigned column, const char *text);
