/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network: who is reached by an address, and what a line does to a datagram: loss, duplication,
 * reordering, delay, a largest size, cuts. All by chance of the seed. Somebody may sit on the path,
 * see everything, and put in what he likes. */
#include "simulation/sim_internal.h"

const struct sim_link sim_good_link = { .delay_us = 5 * CYG_MSEC };

struct sim_link sim_bad_link(struct sim *s, bool bounded)
{
    /* Delays stay well below the first retransmission (4 s): a line is bad, not from the moon. Of
     * each datagram one may be lost at each end's sending: with two, question and answer together
     * can need the fourth try, and then a responder's 30 s for the next message may be over. */
    return (struct sim_link){ .loss_permille = sim_below(s, bounded ? 300 : 600),
                              .dup_permille = sim_below(s, 150),
                              .reorder_permille = sim_below(s, 200),
                              .delay_us = 1 + sim_below(s, 100 * CYG_MSEC),
                              .jitter_us = sim_below(s, 200 * CYG_MSEC),
                              .reorder_us = sim_below(s, 700 * CYG_MSEC),
                              .max_loss = bounded ? 1 : 0 };
}

void sim_link_all(struct sim *s, const struct sim_link *link)
{
    s->link = *link;
    s->n_links = 0;
}

static struct sim_link *link_row(struct sim *s, const struct sim_host *from,
                                 const struct sim_host *to)
{
    for (size_t i = 0; i < s->n_links; i++) {
        if (s->links[i].from == from && s->links[i].to == to) {
            return &s->links[i].link;
        }
    }
    return NULL;
}

void sim_link_from_to(struct sim_host *a, struct sim_host *b, const struct sim_link *link)
{
    struct sim *s = a->sim;
    struct sim_link *row = link_row(s, a, b);
    if (row == NULL) {
        SIM_GROW(s->links, s->n_links, s->room_links);
        s->links[s->n_links] = (struct sim_link_row){ .from = a, .to = b };
        row = &s->links[s->n_links++].link;
    }
    *row = *link;
}

void sim_link_between(struct sim_host *a, struct sim_host *b, const struct sim_link *link)
{
    sim_link_from_to(a, b, link);
    sim_link_from_to(b, a, link);
}

static void cut_one(struct sim_host *a, struct sim_host *b, bool cut)
{
    const struct sim_link *row = link_row(a->sim, a, b);
    struct sim_link link = row != NULL ? *row : a->sim->link;
    link.cut = cut;
    sim_link_from_to(a, b, &link);
}

void sim_cut(struct sim_host *a, struct sim_host *b, bool cut)
{
    sim_tell(a->sim, "the line between %s and %s is %s", a->name, b->name, cut ? "cut" : "mended");
    cut_one(a, b, cut);
    cut_one(b, a, cut);
}

/* ---- addresses ---- */

struct sim_host *sim_resolve(struct sim *s, const struct sim_nat *nat, struct cyg_address *address,
                             bool touch)
{
    for (size_t i = 0; i < s->n_hosts; i++) {
        struct sim_host *h = s->hosts[i];
        for (size_t k = 0; h->nat == nat && k < h->n_addresses; k++) {
            if (cyg_address_equal(&h->addresses[k], address)) {
                return h;
            }
        }
    }
    for (size_t i = 0; i < s->n_nats; i++) {
        if (sim_nat_has(s->nats[i], address)) {
            return sim_nat_in(s->nats[i], address, touch);
        }
    }
    return NULL;
}

/* ---- datagrams under way ---- */

struct flight {
    struct cyg_address src, dst;
    const struct sim_nat *nat; /* the network behind a box in which it travels; NULL: outside */
    uint8_t protocol;
    bool genuine;
    uint8_t *bytes;
    size_t len;
};

static void flight_free(void *what)
{
    struct flight *f = what;
    sim_release(f->bytes);
    sim_release(f);
}

static void arrive(struct sim *s, void *what)
{
    struct flight *f = what;
    struct cyg_path path = { .local = f->dst, .remote = f->src };
    struct sim_host *h = sim_resolve(s, f->nat, &path.local, true);
    if (h != NULL) {
        sim_traffic_note(h, &path.remote, 0, f->len);
        sim_host_receive(h, &path, f->protocol, (struct cyg_span){ f->bytes, f->len });
    }
}

static void fly(struct sim *s, const struct sim_frame *frame, const struct sim_nat *nat,
                cyg_usec delay)
{
    struct flight *f = sim_alloc(sizeof(*f));
    *f = (struct flight){ .src = frame->src,
                          .dst = frame->dst,
                          .nat = nat,
                          .protocol = frame->protocol,
                          .genuine = frame->genuine,
                          .bytes = sim_copy(frame->bytes, frame->len),
                          .len = frame->len };
    bool counts = frame->len > 1; /* keepalives go on for ever */
    sim_event(s, s->now + delay, counts, arrive, flight_free, f);
}

static uint64_t frame_hash(uint64_t hash, const struct sim_frame *frame)
{
    hash = sim_hash(hash, cyg_address_span(&frame->src));
    hash = sim_hash(hash, cyg_address_span(&frame->dst));
    uint16_t ports[] = { frame->src.port, frame->dst.port };
    hash = sim_hash(hash, (struct cyg_span){ (const uint8_t *)ports, sizeof(ports) });
    return sim_hash(hash, (struct cyg_span){ frame->bytes, frame->len });
}

/* Whether the line loses it. The same bytes between the same ends count together. */
static bool is_lost(struct sim *s, const struct sim_link *link, const struct sim_frame *frame)
{
    if (pcg_below(&s->net_random, 1000) >= link->loss_permille) {
        return false;
    }
    if (link->max_loss == 0) {
        return true;
    }
    uint8_t *losses = &s->losses[frame_hash(SIM_HASH_START, frame) % CYG_LEN(s->losses)];
    if (*losses >= link->max_loss) {
        return false;
    }
    (*losses)++;
    return true;
}

static cyg_usec delay_of(struct sim *s, const struct sim_link *link)
{
    cyg_usec delay = link->delay_us + pcg_between(&s->net_random, 0, link->jitter_us);
    if (pcg_below(&s->net_random, 1000) < link->reorder_permille) {
        delay += pcg_between(&s->net_random, 0, link->reorder_us);
    }
    return delay;
}

/* What happens to a frame on its line; nat: it does not leave the network behind that box. */
static void travel(struct sim *s, struct sim_frame *frame, const struct sim_nat *nat)
{
    const struct sim_link *link = frame->genuine ? link_row(s, frame->from, frame->to) : NULL;
    if (link == NULL) {
        link = frame->genuine ? &s->link : &sim_good_link;
    }
    const char *fate = NULL;
    if (s->tap != NULL && s->tap(s, frame, s->tap_context) == SIM_DROP) {
        fate = "taken off the wire";
    } else if (link->cut) {
        fate = "cut";
    } else if (link->mtu > 0 && frame->len > link->mtu) {
        fate = "too long for the line";
    } else if (is_lost(s, link, frame)) {
        fate = "lost";
    }
    if (fate == NULL) {
        fly(s, frame, nat, delay_of(s, link));
        if (pcg_below(&s->net_random, 1000) < link->dup_permille) {
            fate = "doubled";
            fly(s, frame, nat, delay_of(s, link));
        }
    }
    sim_story_frame(s, frame, fate);
}

static void tape(struct sim *s, const struct sim_frame *frame)
{
    SIM_GROW(s->tape, s->n_tape, s->room_tape);
    s->tape[s->n_tape] = *frame;
    s->tape[s->n_tape++].bytes = sim_copy(frame->bytes, frame->len);
}

void sim_net_send(struct sim *s, struct sim_host *from, const struct cyg_address *src,
                  const struct cyg_address *dst, uint8_t protocol, struct cyg_span bytes)
{
    struct sim_frame frame = { .at = s->now,
                               .src = *src,
                               .dst = *dst,
                               .from = from,
                               .protocol = protocol,
                               .genuine = true,
                               .bytes = sim_copy(bytes.data, bytes.len),
                               .len = bytes.len };
    struct cyg_address inner = *dst;
    const struct sim_nat *nat = from->nat;
    frame.to = sim_resolve(s, nat, &inner, false);
    if (nat != NULL && (frame.to == NULL || frame.to->nat != nat)) {
        nat = NULL;
        if (protocol == 17) {
            sim_nat_out(from->nat, from, &frame.src);
        }
        inner = *dst;
        frame.to = sim_resolve(s, NULL, &inner, false);
    }
    sim_traffic_note(from, dst, bytes.len, 0);
    s->trace =
        frame_hash(sim_hash(s->trace, (struct cyg_span){ (const uint8_t *)&s->now, 8 }), &frame);
    if (s->taping) {
        tape(s, &frame);
    }
    travel(s, &frame, nat);
    sim_release(frame.bytes);
}

/* ---- somebody on the path ---- */

void sim_tap(struct sim *s,
             enum sim_verdict (*tap)(struct sim *s, struct sim_frame *frame, void *context),
             void *context)
{
    s->tap = tap;
    s->tap_context = context;
}

void sim_tape_start(struct sim *s)
{
    s->taping = true;
}

size_t sim_tape_len(const struct sim *s)
{
    return s->n_tape;
}

const struct sim_frame *sim_tape(const struct sim *s, size_t index)
{
    return &s->tape[index];
}

static void injected(struct sim *s, void *what)
{
    struct sim_frame *frame = what;
    struct cyg_address inner = frame->dst;
    frame->to = sim_resolve(s, NULL, &inner, false);
    travel(s, frame, NULL);
}

static void frame_free(void *what)
{
    struct sim_frame *frame = what;
    sim_release(frame->bytes);
    sim_release(frame);
}

static void inject(struct sim *s, const struct cyg_address *src, const struct cyg_address *dst,
                   uint8_t protocol, struct cyg_span bytes, cyg_usec delay)
{
    struct sim_frame *frame = sim_alloc(sizeof(*frame));
    *frame = (struct sim_frame){ .at = s->now + delay,
                                 .src = *src,
                                 .dst = *dst,
                                 .protocol = protocol,
                                 .bytes = sim_copy(bytes.data, bytes.len),
                                 .len = bytes.len };
    sim_event(s, s->now + delay, true, injected, frame_free, frame);
}

void sim_inject(struct sim *s, const struct cyg_address *src, const struct cyg_address *dst,
                struct cyg_span bytes, cyg_usec delay)
{
    inject(s, src, dst, 17, bytes, delay);
}

void sim_replay(struct sim *s, const struct sim_frame *frame, cyg_usec delay)
{
    inject(s, &frame->src, &frame->dst, frame->protocol,
           (struct cyg_span){ frame->bytes, frame->len }, delay);
}

struct cyg_span sim_frame_ike(const struct sim_frame *frame)
{
    static const uint8_t marker[4];
    struct cyg_span bytes = { frame->bytes, frame->len };
    bool plain = frame->src.port == 500 || frame->dst.port == 500;
    if (frame->protocol != 17) {
        return (struct cyg_span){ NULL, 0 };
    }
    if (bytes.len >= 4 && memcmp(bytes.data, marker, 4) == 0) {
        bytes = cyg_span_after(bytes, 4); /* a cookie of an IKE message never begins so: no plain
                                             message of ours is mistaken */
    } else if (!plain) {
        return (struct cyg_span){ NULL, 0 };
    }
    return bytes.len >= 28 ? bytes : (struct cyg_span){ NULL, 0 };
}

void sim_net_clear(struct sim *s)
{
    for (size_t i = 0; i < s->n_tape; i++) {
        sim_release(s->tape[i].bytes);
    }
    for (size_t i = 0; i < s->n_nats; i++) {
        sim_nat_free(s->nats[i]);
    }
    sim_release(s->tape);
    sim_release(s->links);
}
