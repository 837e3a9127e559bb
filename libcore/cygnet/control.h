/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What services (control-vici, later updown, metrics) and the engine tell each other: orders, their
 * results, events, and records of SAs. Compact data; text is made on the control thread. Thread:
 * values. */
#pragma once

#include <cygnet/error.h>
#include <cygnet/kernel.h>
#include <cygnet/peer.h>

/* Log groups, charon's names. */
enum cyg_log_group {
    CYG_LOG_DMN = 0,
    CYG_LOG_MGR,
    CYG_LOG_IKE,
    CYG_LOG_CHD,
    CYG_LOG_JOB,
    CYG_LOG_CFG,
    CYG_LOG_KNL,
    CYG_LOG_NET,
    CYG_LOG_ASN,
    CYG_LOG_ENC,
    CYG_LOG_ESP,
    CYG_LOG_LIB,
    CYG_LOG_GROUPS,
};

enum cyg_order_type {
    CYG_ORDER_INITIATE = 1, /* child of a peer (child empty: phase 1 only) */
    CYG_ORDER_TERMINATE,    /* by the names or unique ids given */
    CYG_ORDER_POLL_STORE,   /* look for changed peers now (SIGHUP, load-conn) */
    CYG_ORDER_SHUTDOWN,     /* delete all SAs, then say done */
};

#define CYG_NAME_MAX 64u

struct cyg_history_entry;

struct cyg_order {
    enum cyg_order_type type;
    uint64_t id; /* made by host->order; results and progress carry it */
    char ike[CYG_NAME_MAX], child[CYG_NAME_MAX];
    uint32_t ike_id, child_id; /* TERMINATE: 0: not given */
    bool force;                /* TERMINATE: do not wait for anything */
    bool idle_too;             /* TERMINATE a child: its IKE SA too, if that has none left */
    bool again;                /* TERMINATE a child that is up: then bring it up anew */
};

enum cyg_event_type {
    CYG_EVENT_LOG = 1u << 0,     /* a reason record or a step of an exchange */
    CYG_EVENT_MESSAGE = 1u << 1, /* an IKE message was sent or taken */
    CYG_EVENT_IKE_UP = 1u << 2,
    CYG_EVENT_IKE_DOWN = 1u << 3,
    CYG_EVENT_CHILD_UP = 1u << 4,
    CYG_EVENT_CHILD_DOWN = 1u << 5,
    CYG_EVENT_ORDER_DONE = 1u << 6,   /* error.reason 0: success; INITIATE: error.got flow pairs are
                                         up, error.want were asked for; TERMINATE: error.got SAs were
                                         ended (none to be found: CYG_R_NO_SUCH_SA) */
    CYG_EVENT_EXCHANGE_END = 1u << 7, /* of phase 1 or a quick mode: error is why, reason 0: done */
    CYG_EVENT_HISTORY = 1u << 8,      /* the recorder has made an entry (cygnet/history.h) */
};

enum cyg_ike_state {
    CYG_IKE_CREATED = 0,
    CYG_IKE_CONNECTING,
    CYG_IKE_ESTABLISHED,
    CYG_IKE_REKEYING,
    CYG_IKE_DELETING,
};

enum cyg_child_state {
    CYG_CHILD_CREATED = 0,
    CYG_CHILD_INSTALLING,
    CYG_CHILD_INSTALLED,
    CYG_CHILD_REKEYING,
    CYG_CHILD_DELETING,
};

/* One SA pair of a child. */
struct cyg_child_record {
    uint32_t uniqueid, ike_uniqueid, reqid;
    char name[CYG_NAME_MAX];
    uint8_t state, mode, protocol, cipher, integ, group; /* enums */
    bool encap;
    uint32_t spi_in, spi_out;
    uint64_t bytes_in, packets_in, bytes_out, packets_out;
    cyg_usec used_in, used_out;               /* 0: never */
    cyg_usec installed, rekey_at, expires_at; /* CYG_NEVER: not */
    struct cyg_flow flow;
};

struct cyg_ike_record {
    uint32_t uniqueid;
    char name[CYG_NAME_MAX];
    uint8_t state; /* enum cyg_ike_state */
    bool initiator, nat_local, nat_remote, nat_any, nat_fake, dpd;
    uint8_t cookie_i[8], cookie_r[8];
    struct cyg_path path;
    struct cyg_identity local_id, remote_id;
    uint8_t cipher, integ, group;                          /* enum cyg_alg */
    cyg_usec established, rekey_at, reauth_at, expires_at; /* CYG_NEVER: not */
    uint16_t n_children; /* that follow this record in a listing */
};

struct cyg_event {
    enum cyg_event_type type;
    cyg_usec when;
    uint64_t order_id; /* 0: belongs to none */
    uint32_t ike_uniqueid;
    char name[CYG_NAME_MAX]; /* of the peer; "" while not known */
    /* LOG, MESSAGE, ORDER_DONE */
    uint8_t group;          /* enum cyg_log_group */
    int8_t level;           /* -1 .. 4 */
    struct cyg_error error; /* the record: a row of reason.def, informative ones included */
    struct cyg_path path;
    /* MESSAGE: the clear text of the message, borrowed for the call; secrets never in it */
    bool sent;
    struct cyg_span message;
    /* IKE_*, CHILD_*: borrowed for the call */
    const struct cyg_ike_record *ike;
    const struct cyg_child_record *children;
    size_t n_children;
    /* Of the IKE SA, where the event has one; zero while not known. */
    uint8_t cookie_i[8], cookie_r[8];
    /* EXCHANGE_END: ISAKMP exchange type, and Message ID. */
    uint8_t exchange;
    uint32_t message_id;
    /* HISTORY: borrowed for the call */
    const struct cyg_history_entry *entry;
};
