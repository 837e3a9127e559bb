/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the wire's numbers. */
#include "names.h"

#include <inttypes.h>
#include <stdio.h>

struct name {
    uint16_t number;
    const char *name;
};

/* clang-format off */
#define ROW(symbol, number, text) { (number), (text) },
static const struct name exchanges[] = {
#define EXCHANGE ROW
#include "wire.def"
};
static const struct name payloads[] = {
#define PAYLOAD ROW
#include "wire.def"
};
static const struct name dois[] = {
#define DOI ROW
#include "wire.def"
};
static const struct name protocols[] = {
#define PROTOCOL ROW
#include "wire.def"
};
static const struct name notifies[] = {
#define NOTIFY ROW
#include "wire.def"
};
static const struct name ids[] = {
#define ID ROW
#include "wire.def"
};
static const struct name certs[] = {
#define CERT ROW
#include "wire.def"
};
static const struct name ike_attrs[] = {
#define IKE_ATTR ROW
#include "wire.def"
};
static const struct name ike_ciphers[] = {
#define IKE_CIPHER ROW
#include "wire.def"
};
static const struct name ike_hashes[] = {
#define IKE_HASH ROW
#include "wire.def"
};
static const struct name ike_auths[] = {
#define IKE_AUTH ROW
#include "wire.def"
};
static const struct name group_descs[] = {
#define GROUP_DESC ROW
#include "wire.def"
};
static const struct name group_types[] = {
#define GROUP_TYPE ROW
#include "wire.def"
};
static const struct name lives[] = {
#define LIFE ROW
#include "wire.def"
};
static const struct name ike_transforms[] = {
#define IKE_TRANSFORM ROW
#include "wire.def"
};
static const struct name ipsec_attrs[] = {
#define IPSEC_ATTR ROW
#include "wire.def"
};
static const struct name esps[] = {
#define ESP ROW
#include "wire.def"
};
static const struct name ahs[] = {
#define AH ROW
#include "wire.def"
};
static const struct name ipcomps[] = {
#define IPCOMP ROW
#include "wire.def"
};
static const struct name encaps[] = {
#define ENCAP ROW
#include "wire.def"
};
static const struct name integ_attrs[] = {
#define INTEG_ATTR ROW
#include "wire.def"
};
static const struct name configs[] = {
#define CONFIG ROW
#include "wire.def"
};
static const struct name config_attrs[] = {
#define CONFIG_ATTR ROW
#include "wire.def"
};
static const struct name xauth_types[] = {
#define XAUTH_TYPE ROW
#include "wire.def"
};

#define TABLE(rows, what) { (rows), CYG_LEN(rows), (what) }
static const struct {
    const struct name *rows;
    size_t n;
    const char *what; /* how an unknown number is called */
} tables[] = {
    [NAME_EXCHANGE]      = TABLE(exchanges, "exchange type"),
    [NAME_PAYLOAD]       = TABLE(payloads, "payload type"),
    [NAME_DOI]           = TABLE(dois, "DOI"),
    [NAME_PROTOCOL]      = TABLE(protocols, "protocol"),
    [NAME_NOTIFY]        = TABLE(notifies, "notify message type"),
    [NAME_ID]            = TABLE(ids, "identification type"),
    [NAME_CERT]          = TABLE(certs, "certificate encoding"),
    [NAME_IKE_ATTR]      = TABLE(ike_attrs, "attribute"),
    [NAME_IKE_CIPHER]    = TABLE(ike_ciphers, "encryption algorithm"),
    [NAME_IKE_HASH]      = TABLE(ike_hashes, "hash algorithm"),
    [NAME_IKE_AUTH]      = TABLE(ike_auths, "authentication method"),
    [NAME_GROUP_DESC]    = TABLE(group_descs, "group description"),
    [NAME_GROUP_TYPE]    = TABLE(group_types, "group type"),
    [NAME_LIFE]          = TABLE(lives, "life type"),
    [NAME_IKE_TRANSFORM] = TABLE(ike_transforms, "transform"),
    [NAME_IPSEC_ATTR]    = TABLE(ipsec_attrs, "attribute"),
    [NAME_ESP]           = TABLE(esps, "ESP transform"),
    [NAME_AH]            = TABLE(ahs, "AH transform"),
    [NAME_IPCOMP]        = TABLE(ipcomps, "IPComp transform"),
    [NAME_ENCAP]         = TABLE(encaps, "encapsulation mode"),
    [NAME_INTEG_ATTR]    = TABLE(integ_attrs, "authentication algorithm"),
    [NAME_CONFIG]        = TABLE(configs, "message type"),
    [NAME_CONFIG_ATTR]   = TABLE(config_attrs, "attribute"),
    [NAME_XAUTH_TYPE]    = TABLE(xauth_types, "XAUTH type"),
};
/* clang-format on */
_Static_assert(CYG_LEN(tables) == NAME_TABLES, "a registry without a table");

const char *name_find(enum name_table table, uint64_t number)
{
    size_t low = 0;
    size_t high = tables[table].n;
    while (low < high) { /* rows stand in order of their number */
        size_t mid = low + (high - low) / 2;
        const struct name *row = &tables[table].rows[mid];
        if (row->number == number) {
            return row->name;
        }
        if (row->number < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

const char *name_format(enum name_table table, uint64_t number, char *buffer, size_t size)
{
    const char *name = name_find(table, number);
    if (name != NULL) {
        snprintf(buffer, size, "%s", name);
    } else {
        snprintf(buffer, size, "%s (%" PRIu64 ")", tables[table].what, number);
    }
    return buffer;
}

enum name_table name_transforms_of(uint8_t protocol)
{
    switch (protocol) {
    case PROTOCOL_ISAKMP:
        return NAME_IKE_TRANSFORM;
    case PROTOCOL_AH:
        return NAME_AH;
    case PROTOCOL_IPCOMP:
        return NAME_IPCOMP;
    default:
        return NAME_ESP;
    }
}

enum name_table name_attributes_of(uint8_t protocol)
{
    return protocol == PROTOCOL_ISAKMP ? NAME_IKE_ATTR : NAME_IPSEC_ATTR;
}

static enum name_table ike_values_of(uint16_t attribute)
{
    switch (attribute) {
    case IKE_ATTR_CIPHER:
        return NAME_IKE_CIPHER;
    case IKE_ATTR_HASH:
        return NAME_IKE_HASH;
    case IKE_ATTR_AUTH_METHOD:
        return NAME_IKE_AUTH;
    case IKE_ATTR_GROUP:
        return NAME_GROUP_DESC;
    case IKE_ATTR_GROUP_TYPE:
        return NAME_GROUP_TYPE;
    case IKE_ATTR_LIFE_TYPE:
        return NAME_LIFE;
    default:
        return NAME_TABLES;
    }
}

static enum name_table ipsec_values_of(uint16_t attribute)
{
    switch (attribute) {
    case IPSEC_ATTR_LIFE_TYPE:
        return NAME_LIFE;
    case IPSEC_ATTR_GROUP:
        return NAME_GROUP_DESC;
    case IPSEC_ATTR_ENCAP:
        return NAME_ENCAP;
    case IPSEC_ATTR_INTEG:
        return NAME_INTEG_ATTR;
    default:
        return NAME_TABLES;
    }
}

enum name_table name_values_of(uint8_t protocol, uint16_t attribute)
{
    return protocol == PROTOCOL_ISAKMP ? ike_values_of(attribute) : ipsec_values_of(attribute);
}
