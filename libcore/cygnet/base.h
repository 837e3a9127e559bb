/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every other header needs: attributes, the result code, cleanup of locals.
 * Plugin authors may use the CYG_CLEANUP macros and need not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CYG_PUBLIC            __attribute__((visibility("default")))
#define CYG_MUST_USE          __attribute__((warn_unused_result))
#define CYG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Number of elements of an array (not of a pointer). */
#define CYG_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A local that cleans itself up on every way out: CYG_CLEANUP(x_freep) struct x *x = NULL; */
#define CYG_CLEANUP(function) __attribute__((cleanup(function)))

/* Give away what a CYG_CLEANUP local owns: return CYG_TAKE(x); */
#define CYG_TAKE(pointer)                   \
    (__extension__({                        \
        __auto_type cyg_taken_ = (pointer); \
        (pointer) = NULL;                   \
        cyg_taken_;                         \
    }))

/* Define TYPE's pointer cleanup `function##p` from its destructor `function`. */
#define CYG_DEFINE_CLEANUP(type, function)        \
    static inline void function##p(type *pointer) \
    {                                             \
        function(*pointer);                       \
    }                                             \
    struct cyg_eat_semicolon_

/* What the caller of a failing function acts on; details are in struct cyg_error (error.h). */
enum cyg_code {
    CYG_OK = 0,
    CYG_MALFORMED = -1,   /* input that has no meaning: drop it */
    CYG_REFUSED = -2,     /* well-formed, but policy, proof or peer says no */
    CYG_NOT_FOUND = -3,   /* nothing of that name, address, id */
    CYG_LIMIT = -4,       /* a documented bound is reached: later, or never */
    CYG_NOMEM = -5,       /* allocation failed; nothing has changed */
    CYG_UNSUPPORTED = -6, /* known by name, not provided by any loaded plugin */
    CYG_INTERNAL = -7,    /* a library or the system failed */
};

/* Reached code that cannot be reached: our own bug. Prints file and line, aborts. */
CYG_PUBLIC _Noreturn void cyg_bug(const char *file, int line, const char *what);
#define cyg_unreachable() cyg_bug(__FILE__, __LINE__, "unreachable code reached")
