/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vendor IDs, RFC 2408 3.16: the known ones, how each is recognised, and what it announces. The
 * rows stand in vid.def (source: FEATURES 1.8). Thread: constant table, any. */
#pragma once

#include "wire.h"

/* What follows the row's bytes in a genuine one (H-028: a prefix matches only where the definition
 * says so). */
enum vid_rule {
    VID_EXACT = 0,
    VID_VERSION, /* exactly the given number of further bytes: a version */
    VID_PREFIX,  /* anything, nothing too */
};

enum vid_id {
    VID_UNKNOWN = 0,
#define VID(id, ...)      VID_##id,
#define VID_SENT(id, ...) VID_##id,
#include "vid.def"
    VID_COUNT,
};

struct vid_info {
    enum vid_id id;
    const char *name;
    enum vid_rule rule;
    uint8_t extra;        /* bytes of the version, of VID_VERSION */
    struct cyg_span data; /* that it begins with */
    struct cyg_span send; /* what we send for it, version included; empty: nothing */
};

/* The row of a body; NULL for an unknown one. */
const struct vid_info *vid_identify(struct cyg_span body);

/* The row of an id; NULL for VID_UNKNOWN and anything out of range. */
const struct vid_info *vid_info(enum vid_id id);

/* What follows the row's bytes: the version. body was identified as v. */
struct cyg_span vid_version(const struct vid_info *v, struct cyg_span body);

/* Flags of the FRAGMENTATION vendor ID: bit 31 main and aggressive, bit 30 base mode; one without
 * flags (Windows) counts as bit 31. 0 for any other vendor ID. */
uint32_t vid_fragmentation_flags(struct cyg_span body);
