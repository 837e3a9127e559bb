/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hostile suite: the rows of the catalogue of hostile inputs, by id, as tables. A row says what
 * is sent, how often (its variants), and what has to happen; scene.c plays it on a stage and checks
 * the five things that hold after every row (check.c). Rows are written once; two runners give them
 * a stage: stage_sim.c (engines in the simulation, virtual time) and a live cygnetd over UDP.
 *
 * On the stage: the VICTIM (the code under test); the PUPPET, an honest engine in the runner's own
 * process whose wire goes through our hands, so that whatever "the peer" or "somebody on the path"
 * sends is a message of the puppet's, changed, and whose keys can be read; HONEST, another peer
 * that has to come up in its usual time whatever happens; and strangers at addresses of their own.
 *
 * Configuration of the stage, the same for each runner: victim "b"; puppet "a" and honest "c" as
 * its peers with STAGE_SECRET, each found by address, aes256-sha256-modp2048 and aes128-sha256,
 * a child "net" between 10.N.0.0/16; and a peer "any" with remote_addrs = %any, remote_id =
 * other.example.org, the same proposal, STAGE_OTHER_SECRET. Thread: one. */
#pragma once

#include "hostile/draft.h"

#include "engine/engine.h"

#include <stdio.h>

#define STAGE_SECRET       "swordfish-of-the-sim"
#define STAGE_OTHER_SECRET "turbot-of-somebody-else"

struct stage;

/* ---- rows ---- */

/* Messages that go towards the victim, sent by the puppet: even ones of main mode and QM2 when the
 * victim initiates. */
enum message_at {
    AT_NONE = 0,
    AT_MM1,
    AT_MM2,
    AT_MM3,
    AT_MM4,
    AT_MM5,
    AT_MM6,
    AT_QM1,
    AT_QM2,
    AT_QM3,
    AT_INFO, /* when all is up: a new informational message of the peer, HASH and nothing else */
};

/* Who sends it. */
enum scene {
    SCENE_STRANGER, /* a stranger, a first message of main mode, changed. `established`: all is up
                     */
    SCENE_PATH,     /* somebody on the path, without keys: message `at`, changed, arrives just in
                       front of the genuine one */
    SCENE_PEER,     /* the peer itself, with the keys: message `at`, changed under the encryption */
    SCENE_PLAY,     /* row->play does it all */
};

/* What has to happen (HOSTILE.md "Reactions"). */
enum reaction {
    DROP = 1, /* no reply, nothing changes */
    HOLD,     /* drop, and the genuine message that follows is taken */
    NOTIFY,   /* drop, and at most one clear Informational, no longer than what came */
    FAIL,     /* the exchange ends, one protected notify, the IKE SA stays */
    KILL,     /* the attempt at phase 1 ends, one protected notify */
    ANSWER,   /* taken as if nothing were wrong: the next message of the exchange comes */
    PASS,     /* the same, and with it the negotiation completes */
    GONE,     /* the IKE SA ends, as the peer asked */
    ANYTHING, /* of the above; all that holds after every row holds */
};

struct variant {
    const char *name; /* what differs from the honest message */
    /* Change the message: before encryption, and behind it (of a datagram as it goes out). Either
     * may be NULL; both get this variant. */
    void (*make)(struct draft *d, const struct variant *v);
    void (*spoil)(struct draft *d, const struct variant *v);
    uint64_t a, b;    /* parameters of make and spoil */
    uint64_t to;      /* not 0: as many variants as there are values of `a` from a to this */
    const char *text; /* and one as text: an SA in the notation of draft_sa() */
    unsigned dh;      /* Diffie-Hellman operations that it may cost */
    enum message_at at;
    enum reaction reaction;
    uint16_t notify; /* its type, for NOTIFY, FAIL, KILL; 0: any or none */
    unsigned reason; /* enum cyg_reason: a record with it is published; 0: none is required */
};

/* What a runner can do; rows that need more are skipped, by name. */
enum need {
    NEED_TIME = 1u << 0,   /* minutes to days of virtual time */
    NEED_INSIDE = 1u << 1, /* a look into the victim's engine, or failures injected into it */
    NEED_ORDERS = 1u << 2, /* the victim can be told to begin */
};

struct row {
    const char *id;   /* "H-018", "H-018b" where a second table belongs to it */
    const char *what; /* what is sent, in a line */
    const char *why;  /* why the expected reaction is the right one */
    enum scene scene;
    bool established; /* SCENE_STRANGER: behind the first negotiation, not before */
    bool natt;        /* puppet and victim believe in a NAT: port 4500 */
    bool pfs;         /* phase 2 with modp2048; the runner looks here when it resets */
    unsigned needs;   /* enum need */
    const struct variant *variants;
    size_t n;
    /* SCENE_PLAY: variants[i].a and others are its parameters. Fails by stage_fail(). */
    void (*play)(struct stage *s, const struct variant *v);
    const char *not_built; /* what it concerns does not exist yet: its name; no variants then */
    const char *elsewhere; /* tested by this program, in tests with the id in their comment */
};

struct group {
    const char *letter, *name;
    const struct row *rows;
    size_t n;
};

/* A, B, C ..., NULL behind the last (rows.c). */
extern const struct group *const hostile_groups[];
#define GROUP(letter) extern const struct group hostile_group_##letter;
#include "hostile/groups.def"
#undef GROUP

/* How many variants a row has, ranges counted out; the one of that number. */
size_t row_variants(const struct row *row);
struct variant row_variant(const struct row *row, size_t number);

/* Rows of a table: variants and their number. */
#define VARIANTS(table) .variants = (table), .n = CYG_LEN(table)

/* ---- the stage ---- */

enum actor {
    VICTIM,
    PUPPET,
    HONEST,
};

struct stage_facts {
    size_t ike_sas, half_open, children, exchanges; /* of the victim */
    unsigned dh_jobs, sql_jobs; /* begun by it since reset; a live one: 0 where it can't be known */
    size_t memory;              /* bytes that it holds; of a live one its resident size */
};

#define SECRET_BYTES 8u

struct stage_record {
    unsigned reason; /* enum cyg_reason */
    unsigned payload;
    uint32_t offset;
    const char *text; /* as a log shows it */
};

/* What a runner provides. `context` is stage->context. Times are of the stage's clock. */
struct stage_ops {
    const char *name;
    unsigned can; /* enum need */

    /* Victim, puppet and honest peer as after a start, configured, nothing up. False: the reason
     * was told with stage_fail. */
    bool (*reset)(void *context, bool natt);

    /* Send a UDP payload to the victim's port (500 or 4500), from the stranger of that number
     * (0, 1, 2 ...; from_port 0: 500, or 4500 when to_port is) or from the puppet's address. */
    void (*send_stranger)(void *context, unsigned stranger, uint16_t from_port, uint16_t to_port,
                          struct cyg_span payload);
    void (*send_puppet)(void *context, uint16_t to_port, struct cyg_span payload);

    cyg_usec (*now)(void *context);
    void (*run)(void *context, cyg_usec duration);

    /* Begin to bring child "net" up: the puppet or the honest peer with the victim, or the victim
     * with the puppet. Does not wait. */
    void (*initiate)(void *context, enum actor who);
    /* Terminate the IKE SA between that peer and the victim, from the peer's side. Does not wait.
     */
    void (*terminate)(void *context, enum actor who);
    /* Whether the last initiate of that actor has succeeded, both ends up. */
    bool (*is_up)(void *context, enum actor who);
    /* One packet each way through the tunnel between the victim and that peer, now. */
    bool (*ping)(void *context, enum actor peer);

    /* An engine of ours; the victim's too where the runner can NEED_INSIDE, else NULL. */
    struct engine *(*engine)(void *context, enum actor who);

    void (*facts)(void *context, struct stage_facts *ret);
    /* All of the victim's state that an unauthenticated message must not change: IVs, Message IDs,
     * endpoints, liveness, lifetimes, windows; as a number. A live one: what list-sas tells. */
    uint64_t (*digest)(void *context);
    /* Bytes that the victim sent to that stranger, and got from it, since reset. */
    void (*traffic)(void *context, unsigned stranger, uint64_t *ret_sent, uint64_t *ret_received);
    /* Each record that the victim has published since reset, oldest first. */
    void (*records)(void *context, void (*each)(void *arg, const struct stage_record *r),
                    void *arg);
    /* Whether a secret that any engine here has made or used since reset begins with these bytes:
     * pre-shared keys, SKEYIDs, cipher keys, private values and shared secrets of Diffie-Hellman.
     * NULL where a runner sees no records. */
    bool (*is_secret)(void *context, const uint8_t bytes[SECRET_BYTES]);
    /* Send a UDP payload with forged addresses; NULL where a runner can't. */
    void (*forge)(void *context, const struct cyg_address *src, const struct cyg_address *dst,
                  struct cyg_span payload);
    /* A line of the story. */
    void (*tell)(void *context, const char *line);
};

/* A datagram on the puppet's wire or at a stranger's address, marker taken off. */
struct stage_frame {
    bool from_victim;
    int stranger;          /* -1: between puppet and victim */
    uint16_t port;         /* the victim's */
    struct cyg_span bytes; /* in the stage's pool */
};

#define STAGE_FRAMES 512u
#define STAGE_POOL   (1u << 20)

struct stage {
    const struct stage_ops *ops;
    void *context;
    const struct row *row;
    const struct variant *variant;
    bool failed;
    char failure[512];

    /* stage.c's: the message that is waited for, and what has come */
    enum message_at hold;
    bool held, mute; /* mute: nothing of the puppet's goes out, nothing comes to it */
    struct stage_frame caught;
    struct draft_keys keys; /* of the puppet when it sent that */
    uint8_t nonces[2][256];
    size_t nonce_len[2];
    unsigned n_main, n_quick; /* different messages that the puppet has sent */
    unsigned n_new;           /* exchanges that the stage began under its keys */
    uint64_t last_hash;
    struct stage_frame frames[STAGE_FRAMES]; /* since reset; what is more is not kept */
    size_t n_frames;
    uint8_t pool[STAGE_POOL];
    size_t pool_used;
    struct draft *draft;
};

/* ---- called by the runners ---- */

/* A datagram of the puppet's engine is about to go to the victim: false, it must not (the scene
 * holds it back, and will send it itself by send_puppet). */
bool stage_puppet_sends(struct stage *s, uint16_t to_port, struct cyg_span ike);
/* The victim has sent this to the puppet (stranger -1) or to a stranger: false, the puppet's engine
 * must not see it. */
bool stage_victim_sends(struct stage *s, int stranger, uint16_t from_port, struct cyg_span ike);

/* Play one variant of a row on a stage and check everything. True: passed; s->failure says why not.
 */
bool scene_play(struct stage *s, const struct row *row, const struct variant *v);

/* ---- for rows with a play of their own ---- */

CYG_PRINTF(2, 3) void stage_fail(struct stage *s, const char *format, ...);
CYG_PRINTF(2, 3) void stage_tell(struct stage *s, const char *format, ...);

/* The play fails and returns, here, unless the condition holds. */
#define REQUIRE(s, condition)                  \
    do {                                       \
        if (!(condition)) {                    \
            stage_fail((s), "%s", #condition); \
            return;                            \
        }                                      \
    } while (0)

/* Run until the condition holds; false: it did not within the time. */
bool stage_until(struct stage *s, bool (*condition)(struct stage *s), cyg_usec limit);
/* Initiate, and wait until it is up. */
bool stage_up(struct stage *s, enum actor who);
/* Initiate, and wait until message `at` of the puppet is held back: it is in s->draft. */
bool stage_catch(struct stage *s, enum message_at at);
/* Send the held message as it was, and hold no more. */
void stage_release(struct stage *s);
/* Read the held message into the draft: what is encrypted is opened with the puppet's keys. */
bool stage_read_caught(struct stage *s, struct draft *d);
/* A new message of the puppet's own under its IKE SA, HASH(1) and nothing else: exchange 5 or 32.
 */
bool stage_new_message(struct stage *s, struct draft *d, uint8_t exchange);
/* Send what the draft has become, from the puppet's address, or from a stranger's to port 500. */
void stage_send(struct stage *s, struct cyg_span ike);
void stage_send_stranger(struct stage *s, unsigned stranger, struct cyg_span ike);
/* The puppet's engine shall go on from the draft as if it had made it itself: its IV follows. */
void stage_follow(struct stage *s, const struct draft *d);
/* An honest first message of main mode from nobody in particular. */
#define HONEST_OFFER "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12:00007080"
void stage_first_message(struct draft *d);
/* How many records with this reason the victim has published. */
unsigned stage_reasons(struct stage *s, enum cyg_reason reason);
/* Frames of the victim since number `since`: how many, to the puppet (-1) or a stranger. */
unsigned stage_answers(struct stage *s, size_t since, int stranger);
/* The notify in a frame of the victim, clear or under the puppet's keys: its type, 0: none. */
uint16_t stage_notify_in(struct stage *s, const struct stage_frame *frame, bool *ret_clear);

/* ---- check.c: what holds after every row ---- */

/* (2) The honest peer comes up in its usual time, and carries traffic. */
void check_honest(struct stage *s);
/* What the victim was like at a moment. */
struct stage_before {
    struct stage_facts facts;
    uint64_t digest;
    size_t frames;
    cyg_usec at;
};
struct stage_before stage_look(struct stage *s);
/* (3) Nothing has changed since, and nothing was begun. */
void check_unchanged(struct stage *s, const struct stage_before *b);
/* (4) No more Diffie-Hellman than the variant allows, and no query but that for an address group
 * (and the store's poll). */
void check_jobs(struct stage *s, const struct stage_before *b);
/* (5) Every record names what it should, holds no secret and no raw control character. */
void check_records(struct stage *s);
