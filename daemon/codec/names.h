/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the wire's numbers in the terms of IANA; the rows stand in wire.def. Thread: constant
 * tables, any. */
#pragma once

#include "wire.h"

enum name_table {
    NAME_EXCHANGE = 0,
    NAME_PAYLOAD,
    NAME_DOI,
    NAME_PROTOCOL,
    NAME_NOTIFY,
    NAME_ID,
    NAME_CERT,
    NAME_IKE_ATTR,
    NAME_IKE_CIPHER,
    NAME_IKE_HASH,
    NAME_IKE_AUTH,
    NAME_GROUP_DESC,
    NAME_GROUP_TYPE,
    NAME_LIFE,
    NAME_IKE_TRANSFORM,
    NAME_IPSEC_ATTR,
    NAME_ESP,
    NAME_AH,
    NAME_IPCOMP,
    NAME_ENCAP,
    NAME_INTEG_ATTR,
    NAME_CONFIG,
    NAME_CONFIG_ATTR,
    NAME_XAUTH_TYPE,
    NAME_TABLES,
};

#define NAME_TEXT 64u /* enough for every name_format */

/* The registered name; NULL for an unknown number. Static. */
const char *name_find(enum name_table table, uint64_t number);

/* The name, or "notify message type (40500)" where the number has none. Returns buffer. */
const char *name_format(enum name_table table, uint64_t number, char *buffer, size_t size);

/* Which table names the transform ids of a protocol, and which the attributes of its transforms. */
enum name_table name_transforms_of(uint8_t protocol);
enum name_table name_attributes_of(uint8_t protocol);
/* Which table names the values of an attribute; NAME_TABLES when they are plain numbers. */
enum name_table name_values_of(uint8_t protocol, uint16_t attribute);
