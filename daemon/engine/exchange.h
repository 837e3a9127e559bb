/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An exchange under way: where it stands in its table of steps, its IV, the message it sent last,
 * what it waits for. The tables themselves stand in the file of each exchange (main_mode.c,
 * quick_mode.c, informational.c); what every message needs is done by the walker, from the row.
 * Ownership: an exchange belongs to its IKE SA; what lives as long as it comes from its arena.
 * Thread: the engine's. Source: RFC 2408 4, RFC 2409 5. */
#pragma once

#include "arena.h"
#include "codec/message.h"
#include "half_open.h"
#include "ike_sa.h"
#include "timers.h"

#include <cygnet/control.h>

#define WAITING_MAX          4u     /* messages that wait for a suspended exchange */
#define WAITING_BYTES_MAX    8192u  /* of one exchange */
#define WAITING_UNPROVEN_MAX 65536u /* of all SAs not yet authenticated together */

struct engine_job;
struct exchange;
struct records;

/* What a handler did with a message. */
enum step_result {
    STEP_TAKEN = 0, /* all is well: state, IV and path follow */
    STEP_SUSPENDED, /* slow work was begun; the function named to it goes on */
    STEP_REFUSED,   /* *err says why; the reason's row says what happens */
};

/* How a message of a step is protected. */
enum protect {
    PROTECT_NONE = 0,
    PROTECT_ENCRYPTED, /* the proof is among the payloads and the handler's business: MM5, MM6 */
    PROTECT_HASH_1,    /* encrypted, and HASH(n) checked before the handler sees it */
    PROTECT_HASH_2,
    PROTECT_HASH_3,
};

/* Takes a message whose payloads, counts and protection the walker has checked. The exchange
 * changes only when nothing can fail any more. */
typedef enum step_result step_handler(struct exchange *x, const struct message *in,
                                      struct cyg_error *err);

/* Goes on when the job or the data-plane operation is done that the exchange was suspended for. */
typedef enum step_result job_handler(struct exchange *x, struct engine_job *job,
                                     struct cyg_error *err);
typedef enum step_result kernel_handler(struct exchange *x, const struct cyg_kernel_result *result,
                                        struct cyg_error *err);

/* One row: a message that is accepted in a state. VID, N and private payloads are allowed in every
 * row; payloads not named stand at most once unless they are in `many`. */
struct step {
    const char *name; /* for logs: "main 3" */
    uint8_t state, next;
    uint8_t protect;                  /* enum protect */
    bool soften;                      /* what would kill is only held */
    uint8_t first, second;            /* AT() of the payload that has to stand there; 0: any */
    uint32_t required, allowed, many; /* PL() bits */
    step_handler *handle;
};

/* A payload's place in `first` and `second`. */
#define AT(kind) ((uint8_t)(PK_##kind + 1))

/* One exchange in one role. */
struct exchange_kind {
    const char *name;
    uint8_t type; /* enum exchange_type */
    bool initiator, phase1;
    bool once;       /* over after one message: informational */
    uint8_t n_steps; /* one for each message that we accept */
    uint8_t done;    /* the state behind the last */
    uint32_t repeat; /* 1u << state: our last message is repeated by timer while it waits there */
    const struct step *steps;

    /* Initiators: build and send the first message. */
    enum step_result (*start)(struct exchange *x, struct cyg_error *err);

    /* It is over: why->reason 0 is success. Gives back what the arena does not hold. May be NULL.
     */
    void (*ended)(struct exchange *x, const struct cyg_error *why);
};

/* The message that is being worked on: all that changes with it, until its step is taken. */
struct work {
    const struct step *step; /* NULL: our own first message is being made */
    uint64_t seen;           /* keyed hash of the datagram */
    struct cyg_path path;    /* that it came on */
    uint8_t next;            /* state when taken */
    uint8_t iv[IV_MAX];      /* after the message, then after our answer */
    bool active;
    bool whole;      /* it decrypted to a well-formed chain with every required payload */
    bool proved;     /* it was authenticated */
    bool answered;   /* by a message of ours */
    uint16_t unread; /* bytes of a message that could not be opened, until that was told */
};

/* A message that waits. */
struct waiting {
    struct waiting *next;
    bool unproven; /* counted among those of strangers */
    struct cyg_path path;
    size_t len;
    uint8_t bytes[];
};

struct exchange {
    struct table_item by_id;      /* engine->exchanges */
    struct exchange *prev, *next; /* of the IKE SA */
    struct exchange *next_ended;
    struct engine *engine;
    struct ike_sa *sa;
    const struct exchange_kind *kind;
    uint64_t id, order_id; /* order_id: of the order it serves, as its giver
                              knows it, 0: none */

    uint64_t awaited; /* job or tag that it is suspended for; 0: none */
    job_handler *on_job;
    kernel_handler *on_kernel;

    struct arena arena;
    void *data;                       /* the kind's own, from the arena */
    struct cyg_span nonce_i, nonce_r; /* bodies, from the arena */
    struct datagram *sent;            /* our last message, to be repeated */
    struct waiting *waiting;
    struct records *records; /* from the arena; NULL: none yet */
    struct half_open_entry *half_open;
    const struct cyg_kernel_result *ops_failed; /* the first failure of the awaited operations */
    unsigned ops_pending;                       /* of them not yet answered */

    struct timer timer;
    uint64_t seen;        /* the last message taken, to know it when it comes again */
    cyg_usec answered_at; /* when that was answered last */
    cyg_usec begun;
    uint32_t message_id;
    uint32_t waiting_bytes;
    uint8_t state, tries, answered, n_waiting;
    uint8_t iv[IV_MAX];
    bool ended, suspended;
    bool hinted, hint_repeated; /* refused in clear; our message was repeated once since */
    bool unreachable;           /* ICMP said so: not proof, for the record only */
    uint8_t refusals;           /* of quick modes, that did not say which one they mean */
    uint8_t shown;              /* records of a stranger's handshake: 0 not asked, 1 yes, 2 no */
    uint8_t decrypts;           /* in this second, of an SA not authenticated (H-072) */
    cyg_usec decrypts_since;
    bool retry_start; /* the first message could not be made yet: the timer tries again */
    bool heard;       /* the peer has answered at least once */
    bool replied;     /* `sent` answers the message `seen`: its duplicate gets it again */
    bool final; /* the data plane has been changed: a failure ends it, nothing is tried again */
    struct work work;
    struct cyg_error *hint; /* in the arena: why it will probably fail, not proved; reason 0: no
                               more */
};

/* Make an exchange of an IKE SA. *ret belongs to the SA. CYG_NOMEM. */
CYG_MUST_USE enum cyg_code exchange_new(struct ike_sa *sa, const struct exchange_kind *kind,
                                        uint32_t message_id, struct exchange **ret,
                                        struct cyg_error *err);

/* The running exchange of this type and Message ID; NULL. */
struct exchange *exchange_find(const struct ike_sa *sa, uint8_t type, uint32_t message_id);

/* The one with this id; NULL when it is gone. */
struct exchange *exchange_by_id(struct engine *engine, uint64_t id);

/* Send an initiator's first message; refused, the exchange has ended. */
void exchange_start(struct exchange *x);

/* Begin work on our own first message. */
void exchange_work_begin(struct exchange *x, uint8_t next);

/* The message being worked on is authenticated: the SA has heard from its peer, on this path. Of
 * informational ones only a fresh R-U-THERE says that (H-083, H-151). */
void exchange_proved(struct exchange *x);

/* Do what a step's result says: commit, wait, or react. */
void exchange_conclude(struct exchange *x, enum step_result result, struct cyg_error *err);

/* What it is suspended for is done. */
void exchange_job_done(struct exchange *x, struct engine_job *job);
void exchange_kernel_done(struct exchange *x, const struct cyg_kernel_result *result);

/* Suspend for a job or a tag. */
enum step_result exchange_await_job(struct exchange *x, uint64_t id, job_handler *then);
enum step_result exchange_await_kernel(struct exchange *x, uint64_t tag, kernel_handler *then);

/* Make our nonce in the arena. */
CYG_MUST_USE enum cyg_code exchange_make_nonce(struct exchange *x, struct cyg_span *ret,
                                               struct cyg_error *err);

/* Keep a message until the exchange goes on; dropped beyond the bounds. */
void exchange_wait(struct exchange *x, const struct cyg_path *path, struct cyg_span datagram);

/* A message came again that was taken: repeat the answer, at most once a second and 5 times
 * (H-066). */
void exchange_repeat_answer(struct exchange *x);

/* A refusal in clear has come: not proved, so any valid message wins over it. */
void exchange_hint(struct exchange *x, const struct cyg_error *hint);

/* Something came that shows why it will probably fail: said in the end, if nothing better comes. */
void exchange_suspect(struct exchange *x, const struct cyg_error *why);

/* ICMP says that the peer can't be reached: said once, and again in the end if it stays silent. */
void exchange_unreachable(struct exchange *x);

/* The timer fired. */
void exchange_timer(struct exchange *x);

/* End it, with the reason (NULL: success). It is freed when the call into the engine ends. */
void exchange_end(struct exchange *x, const struct cyg_error *why);

/* Free those that ended. */
void exchange_reap(struct exchange *x);

/* Delay before the nth (from 0) repetition: first * base^n. */
cyg_usec exchange_delay(const struct engine_settings *settings, unsigned n);
