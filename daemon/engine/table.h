/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hash tables: uthash, always with a keyed hash value that the caller computes (engine_hash), so
 * that nobody can choose cookies, SPIs or addresses that collide (H-102), and without its exit() on
 * an exhausted heap: TABLE_ADD says whether it worked. */
#pragma once

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Add `item` (with a member hh) to table `head` under keylen bytes at keyptr. false: no memory. */
#define TABLE_ADD(handle, head, keyptr, keylen, hash, item)                                     \
    (__extension__({                                                                            \
        HASH_ADD_KEYPTR_BYHASHVALUE(handle, head, keyptr, (unsigned)(keylen), (unsigned)(hash), \
                                    item);                                                      \
        (item)->handle.tbl != NULL;                                                             \
    }))

/* Set `ret` to what stands under the key, or NULL. */
#define TABLE_FIND(handle, head, keyptr, keylen, hash, ret) \
    HASH_FIND_BYHASHVALUE(handle, head, keyptr, (unsigned)(keylen), (unsigned)(hash), ret)

#define TABLE_DELETE(handle, head, item) HASH_DELETE(handle, head, item)
