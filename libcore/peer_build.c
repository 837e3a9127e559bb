/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packing a peer into one allocation. Lists grow in arrays of their own first; their total is known
 * at the end, then everything moves into one block. */
#include <cygnet/peer_build.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* A list that grows, of elements of one size. */
struct list {
    void *items;
    size_t n, room, size, max;
};

struct child {
    struct cyg_peer_child fields;
    char name[CYG_PEER_NAME + 1];
    struct list proposals, local_ts, remote_ts;
};

struct cyg_peer_build {
    struct cyg_peer fields;
    char name[CYG_PEER_NAME + 1];
    struct list local_addrs, remote_addrs, initiate_to, proposals, children;
    struct cyg_peer_child nowhere; /* given out after a failure */
    uint64_t mixed;
    uint16_t failure; /* enum cyg_reason; the first one counts */
    const char *failed_at;
    size_t failed_max;
};

static void fail(struct cyg_peer_build *b, enum cyg_reason reason, const char *what, size_t max)
{
    if (b->failure == 0) {
        b->failure = (uint16_t)reason;
        b->failed_at = what;
        b->failed_max = max;
    }
}

static struct list list_of(size_t size, size_t max)
{
    return (struct list){ .size = size, .max = max };
}

/* Append a copy; NULL, and the failure remembered, when it does not fit. */
static void *append(struct cyg_peer_build *b, struct list *l, const void *item, const char *what)
{
    if (l->n == l->max) {
        fail(b, CYG_R_PEER_TOO_BIG, what, l->max);
        return NULL;
    }
    if (l->n == l->room) {
        size_t room = l->room == 0 ? 4 : l->room * 2;
        void *bigger = reallocarray(l->items, room, l->size);
        if (bigger == NULL) {
            fail(b, CYG_R_NOMEM, what, 0);
            return NULL;
        }
        l->items = bigger;
        l->room = room;
    }
    void *at = (char *)l->items + l->n * l->size;
    memcpy(at, item, l->size);
    l->n++;
    return at;
}

static void set_name(struct cyg_peer_build *b, char into[CYG_PEER_NAME + 1], const char *name)
{
    size_t len = strlen(name);
    if (len > CYG_PEER_NAME) {
        fail(b, CYG_R_PEER_TOO_BIG, "bytes of a name", CYG_PEER_NAME);
        return;
    }
    memcpy(into, name, len + 1);
}

struct cyg_peer_build *cyg_peer_build_new(const char *name)
{
    struct cyg_peer_build *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return NULL;
    }
    b->fields.auth_method = 1;
    b->fields.keyingtries = 1;
    b->local_addrs = list_of(sizeof(struct cyg_prefix), CYG_PEER_ADDRESSES);
    b->remote_addrs = list_of(sizeof(struct cyg_prefix), CYG_PEER_ADDRESSES);
    b->initiate_to = list_of(sizeof(struct cyg_address), CYG_PEER_ADDRESSES);
    b->proposals = list_of(sizeof(struct cyg_proposal), CYG_PEER_PROPOSALS);
    b->children = list_of(sizeof(struct child), CYG_PEER_CHILDREN);
    set_name(b, b->name, name);
    return b;
}

void cyg_peer_build_free(struct cyg_peer_build *b)
{
    if (b == NULL) {
        return;
    }
    struct child *children = b->children.items;
    for (size_t i = 0; i < b->children.n; i++) {
        free(children[i].proposals.items);
        free(children[i].local_ts.items);
        free(children[i].remote_ts.items);
    }
    free(b->children.items);
    free(b->local_addrs.items);
    free(b->remote_addrs.items);
    free(b->initiate_to.items);
    free(b->proposals.items);
    free(b);
}

struct cyg_peer *cyg_peer_build_fields(struct cyg_peer_build *b)
{
    return &b->fields;
}

void cyg_peer_build_local_addr(struct cyg_peer_build *b, const struct cyg_prefix *prefix)
{
    append(b, &b->local_addrs, prefix, "local addresses");
}

void cyg_peer_build_remote_addr(struct cyg_peer_build *b, const struct cyg_prefix *prefix)
{
    append(b, &b->remote_addrs, prefix, "remote addresses");
}

void cyg_peer_build_initiate_to(struct cyg_peer_build *b, const struct cyg_address *address)
{
    append(b, &b->initiate_to, address, "addresses to initiate to");
}

void cyg_peer_build_proposal(struct cyg_peer_build *b, const struct cyg_proposal *proposal)
{
    append(b, &b->proposals, proposal, "proposals");
}

struct cyg_peer_child *cyg_peer_build_child(struct cyg_peer_build *b, const char *name)
{
    struct child c = {
        .fields = { .mode = CYG_MODE_TUNNEL, .replay_window = 64 },
        .proposals = list_of(sizeof(struct cyg_proposal), CYG_PEER_PROPOSALS),
        .local_ts = list_of(sizeof(struct cyg_selector), CYG_PEER_SELECTORS),
        .remote_ts = list_of(sizeof(struct cyg_selector), CYG_PEER_SELECTORS),
    };
    set_name(b, c.name, name);
    struct child *added = append(b, &b->children, &c, "children");
    return added != NULL ? &added->fields : &b->nowhere;
}

/* The child that was begun last; our own bug when there is none. */
static struct child *last_child(struct cyg_peer_build *b)
{
    struct child *children = b->children.items;
    if (b->children.n == 0) {
        if (b->failure != 0) {
            return NULL;
        }
        cyg_bug(__FILE__, __LINE__, "a child's field before the child");
    }
    return &children[b->children.n - 1];
}

void cyg_peer_build_child_proposal(struct cyg_peer_build *b, const struct cyg_proposal *proposal)
{
    struct child *c = last_child(b);
    if (c != NULL) {
        append(b, &c->proposals, proposal, "proposals of a child");
    }
}

void cyg_peer_build_local_ts(struct cyg_peer_build *b, const struct cyg_selector *selector)
{
    struct child *c = last_child(b);
    if (c != NULL) {
        append(b, &c->local_ts, selector, "local traffic selectors");
    }
}

void cyg_peer_build_remote_ts(struct cyg_peer_build *b, const struct cyg_selector *selector)
{
    struct child *c = last_child(b);
    if (c != NULL) {
        append(b, &c->remote_ts, selector, "remote traffic selectors");
    }
}

/* FNV-1a, 64 bits: cheap, and nobody but us chooses what goes in. */
#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    }
    return hash;
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    return mix(hash, &number, sizeof number);
}

static uint64_t mix_address(uint64_t hash, const struct cyg_address *a)
{
    hash = mix_number(hash, a->family);
    hash = mix_number(hash, a->port);
    return mix(hash, a->bytes, sizeof a->bytes);
}

static uint64_t mix_prefixes(uint64_t hash, const struct list *l)
{
    const struct cyg_prefix *p = l->items;
    hash = mix_number(hash, l->n);
    for (size_t i = 0; i < l->n; i++) {
        hash = mix_number(mix_address(hash, &p[i].address), p[i].bits);
    }
    return hash;
}

static uint64_t mix_proposals(uint64_t hash, const struct list *l)
{
    const struct cyg_proposal *p = l->items;
    hash = mix_number(hash, l->n);
    for (size_t i = 0; i < l->n; i++) {
        hash = mix_number(hash, p[i].protocol);
        hash = mix_number(hash, p[i].n_ciphers);
        hash = mix(hash, p[i].ciphers, p[i].n_ciphers);
        hash = mix_number(hash, p[i].n_integs);
        hash = mix(hash, p[i].integs, p[i].n_integs);
        hash = mix_number(hash, p[i].n_groups);
        hash = mix(hash, p[i].groups, p[i].n_groups);
    }
    return hash;
}

static uint64_t mix_selectors(uint64_t hash, const struct list *l)
{
    const struct cyg_selector *s = l->items;
    hash = mix_number(hash, l->n);
    for (size_t i = 0; i < l->n; i++) {
        hash = mix_number(hash, s[i].dynamic);
        hash = mix_number(hash, s[i].protocol);
        hash = mix_number(hash, s[i].port);
        hash = mix_address(mix_address(hash, &s[i].from), &s[i].to);
    }
    return hash;
}

static uint64_t mix_identity(uint64_t hash, const struct cyg_identity *id)
{
    hash = mix_number(hash, id->type);
    hash = mix_number(hash, id->len);
    return mix(hash, id->data, id->len);
}

static uint64_t phase1_hash(const struct cyg_peer_build *b)
{
    const struct cyg_peer *f = &b->fields;
    const uint64_t numbers[] = { f->local_port,   f->remote_port,   f->auth_method,  f->aggressive,
                                 f->prefer_own,   f->encap,         f->unique,       f->nat_vids,
                                 f->rekey_time_s, f->reauth_time_s, f->over_time_s,  f->rand_time_s,
                                 f->lifetime_s,   f->dpd_delay_s,   f->dpd_timeout_s };
    const struct cyg_address *to = b->initiate_to.items;
    uint64_t hash = mix_number(FNV_START, b->mixed);
    for (size_t i = 0; i < CYG_LEN(numbers); i++) {
        hash = mix_number(hash, numbers[i]);
    }
    hash = mix_identity(mix_identity(hash, &f->local_id), &f->remote_id);
    hash = mix_prefixes(mix_prefixes(hash, &b->local_addrs), &b->remote_addrs);
    hash = mix_number(hash, b->initiate_to.n);
    for (size_t i = 0; i < b->initiate_to.n; i++) {
        hash = mix_address(hash, &to[i]);
    }
    return mix_proposals(hash, &b->proposals);
}

static uint64_t child_hash(const struct child *c)
{
    const struct cyg_peer_child *f = &c->fields;
    const uint64_t numbers[] = { f->mode,         f->start_action, f->sha256_96,   f->prefer_own,
                                 f->rekey_time_s, f->life_time_s,  f->rand_time_s, f->rekey_bytes,
                                 f->life_bytes,   f->replay_window };
    uint64_t hash = mix(FNV_START, c->name, strlen(c->name) + 1);
    for (size_t i = 0; i < CYG_LEN(numbers); i++) {
        hash = mix_number(hash, numbers[i]);
    }
    hash = mix_proposals(hash, &c->proposals);
    return mix_selectors(mix_selectors(hash, &c->local_ts), &c->remote_ts);
}

void cyg_peer_build_mix(struct cyg_peer_build *b, struct cyg_span bytes)
{
    b->mixed = mix_number(b->mixed != 0 ? b->mixed : FNV_START, bytes.len);
    b->mixed = mix(b->mixed, bytes.data, bytes.len);
}

/* A block that is filled from the front. With base NULL it only counts. */
struct block {
    uint8_t *base;
    size_t used;
};

static void *block_add(struct block *to, const void *data, size_t len)
{
    const size_t align = alignof(max_align_t);
    size_t at = (to->used + align - 1) / align * align;
    to->used = at + len;
    if (to->base == NULL) {
        return NULL;
    }
    if (len > 0) {
        memcpy(to->base + at, data, len);
    }
    return to->base + at;
}

static void *block_add_list(struct block *to, const struct list *l)
{
    return block_add(to, l->items, l->n * l->size);
}

static void pack_child(struct block *to, const struct child *c, struct cyg_peer_child *into)
{
    struct cyg_peer_child packed = c->fields;
    packed.name = block_add(to, c->name, strlen(c->name) + 1);
    packed.proposals = block_add_list(to, &c->proposals);
    packed.local_ts = block_add_list(to, &c->local_ts);
    packed.remote_ts = block_add_list(to, &c->remote_ts);
    packed.n_proposals = (uint16_t)c->proposals.n;
    packed.n_local_ts = (uint16_t)c->local_ts.n;
    packed.n_remote_ts = (uint16_t)c->remote_ts.n;
    packed.hash = child_hash(c);
    if (into != NULL) {
        *into = packed;
    }
}

/* The same walk counts and copies, so that the two cannot disagree. */
static struct cyg_peer *pack(const struct cyg_peer_build *b, struct block *to)
{
    struct cyg_peer packed = b->fields;
    struct cyg_peer *peer = block_add(to, &packed, sizeof packed);
    const struct child *children = b->children.items;
    packed.references = 1;
    packed.name = block_add(to, b->name, strlen(b->name) + 1);
    packed.local_addrs = block_add_list(to, &b->local_addrs);
    packed.remote_addrs = block_add_list(to, &b->remote_addrs);
    packed.initiate_to = block_add_list(to, &b->initiate_to);
    packed.proposals = block_add_list(to, &b->proposals);
    packed.n_local_addrs = (uint16_t)b->local_addrs.n;
    packed.n_remote_addrs = (uint16_t)b->remote_addrs.n;
    packed.n_initiate_to = (uint16_t)b->initiate_to.n;
    packed.n_proposals = (uint16_t)b->proposals.n;
    packed.n_children = (uint16_t)b->children.n;
    packed.phase1_hash = phase1_hash(b);
    const size_t align = alignof(max_align_t);
    size_t at = (to->used + align - 1) / align * align;
    to->used = at + b->children.n * sizeof(struct cyg_peer_child);
    struct cyg_peer_child *into = NULL;
    if (to->base != NULL) {
        into = (struct cyg_peer_child *)(void *)(to->base + at);
    }
    for (size_t i = 0; i < b->children.n; i++) {
        pack_child(to, &children[i], into != NULL ? &into[i] : NULL);
    }
    packed.children = into;
    if (peer != NULL) {
        *peer = packed;
    }
    return peer;
}

enum cyg_code cyg_peer_build_finish(struct cyg_peer_build *b, struct cyg_peer **ret,
                                    struct cyg_error *err)
{
    if (b->failure != 0) {
        return CYG_FAIL(err, b->failure, .got_quote = cyg_quote_text(b->failed_at),
                        .want = b->failed_max);
    }
    struct block block = { NULL, 0 };
    pack(b, &block);
    block.base = calloc(1, block.used);
    if (block.base == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    block.used = 0;
    *ret = pack(b, &block);
    return CYG_OK;
}
