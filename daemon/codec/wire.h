/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers of the wire as enums, one per registry; made out of wire.def. These are wire numbers
 * only: never an index, never an internal id (H-041). Identification types are those of
 * <cygnet/identity.h>. Sources: IANA isakmp-registry and ipsec-registry. */
#pragma once

#include <cygnet/identity.h>

enum exchange_type {
#define EXCHANGE(name, number, text) EXCHANGE_##name = (number),
#include "wire.def"
};

enum payload_type {
#define PAYLOAD(name, number, text) PAYLOAD_##name = (number),
#include "wire.def"
};

enum doi {
#define DOI(name, number, text) DOI_##name = (number),
#include "wire.def"
};

enum protocol_id {
#define PROTOCOL(name, number, text) PROTOCOL_##name = (number),
#include "wire.def"
};

enum notify_type {
#define NOTIFY(name, number, text) NOTIFY_##name = (number),
#include "wire.def"
};

enum cert_encoding {
#define CERT(name, number, text) CERT_##name = (number),
#include "wire.def"
};

enum ike_attribute {
#define IKE_ATTR(name, number, text) IKE_ATTR_##name = (number),
#include "wire.def"
};

enum ike_cipher {
#define IKE_CIPHER(name, number, text) IKE_CIPHER_##name = (number),
#include "wire.def"
};

enum ike_hash {
#define IKE_HASH(name, number, text) IKE_HASH_##name = (number),
#include "wire.def"
};

enum ike_auth {
#define IKE_AUTH(name, number, text) IKE_AUTH_##name = (number),
#include "wire.def"
};

enum group_description {
#define GROUP_DESC(name, number, text) GROUP_DESC_##name = (number),
#include "wire.def"
};

enum group_type {
#define GROUP_TYPE(name, number, text) GROUP_TYPE_##name = (number),
#include "wire.def"
};

enum life_type {
#define LIFE(name, number, text) LIFE_##name = (number),
#include "wire.def"
};

enum ike_transform {
#define IKE_TRANSFORM(name, number, text) IKE_TRANSFORM_##name = (number),
#include "wire.def"
};

enum ipsec_attribute {
#define IPSEC_ATTR(name, number, text) IPSEC_ATTR_##name = (number),
#include "wire.def"
};

enum esp_transform {
#define ESP(name, number, text) ESP_##name = (number),
#include "wire.def"
};

enum ah_transform {
#define AH(name, number, text) AH_##name = (number),
#include "wire.def"
};

enum ipcomp_transform {
#define IPCOMP(name, number, text) IPCOMP_##name = (number),
#include "wire.def"
};

enum encapsulation_mode {
#define ENCAP(name, number, text) ENCAP_##name = (number),
#include "wire.def"
};

enum integ_attribute {
#define INTEG_ATTR(name, number, text) INTEG_ATTR_##name = (number),
#include "wire.def"
};

enum config_type {
#define CONFIG(name, number, text) CONFIG_##name = (number),
#include "wire.def"
};

enum config_attribute {
#define CONFIG_ATTR(name, number, text) CONFIG_ATTR_##name = (number),
#include "wire.def"
};

enum xauth_type {
#define XAUTH_TYPE(name, number, text) XAUTH_TYPE_##name = (number),
#include "wire.def"
};

/* Situation of the SA payload, RFC 2407 4.2: bits. */
enum situation {
    SITUATION_IDENTITY_ONLY = 1u << 0,
    SITUATION_SECRECY = 1u << 1,
    SITUATION_INTEGRITY = 1u << 2,
};
