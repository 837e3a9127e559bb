/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A data plane that takes notes: it keeps what is ordered, checks that orders make sense (SPIs
 * reserved before they are used, keys of the right length, nothing twice, nothing removed that is
 * not there), answers after a time of chance, in order per SA, and refuses or fails where told. Its
 * traffic is in sim_esp.c. */
#include "simulation/sim_kernel.h"

struct sim_kernel *sim_kernel_new(struct sim_host *h)
{
    struct sim_kernel *k = sim_alloc(sizeof(*k));
    k->host = h;
    k->random = pcg_of(h->sim->seed, SIM_STREAM_HOST + 4 * h->index + 2);
    k->settings =
        (struct sim_kernel_settings){ .capabilities = CYG_KERNEL_TUNNEL | CYG_KERNEL_TRANSPORT
                                                      | CYG_KERNEL_RAW_ESP | CYG_KERNEL_UDP_ENCAP,
                                      .min_us = 10,
                                      .max_us = 500 };
    return k;
}

void sim_kernel_reset(struct sim_kernel *k)
{
    for (size_t i = 0; i < k->n_sas; i++) {
        cyg_wipe(&k->sas[i], sizeof(k->sas[i]));
    }
    k->n_sas = k->n_policies = k->n_reserved = 0;
}

void sim_kernel_free(struct sim_kernel *k)
{
    sim_kernel_reset(k);
    sim_release(k->sas);
    sim_release(k->policies);
    sim_release(k->reserved);
    sim_release(k);
}

/* ---- what the engine asks directly ---- */

static uint32_t kernel_capabilities(void *self)
{
    const struct sim_kernel *k = self;
    return k->settings.capabilities;
}

static bool kernel_supports(void *self, enum cyg_alg cipher, enum cyg_alg integ)
{
    (void)self;
    const struct cyg_alg_info *c = cyg_alg_info(cipher);
    return c != NULL && c->kind == CYG_ALG_KIND_CIPHER && (c->icv > 0) == (integ == CYG_ALG_NONE);
}

const struct cyg_kernel_ops *sim_kernel_ops_table(void)
{
    static const struct cyg_kernel_ops ops = { .size = sizeof(ops),
                                               .capabilities = kernel_capabilities,
                                               .supports = kernel_supports };
    return &ops;
}

/* ---- finding ---- */

static size_t find_reserved(const struct sim_kernel *k, uint32_t spi)
{
    size_t i = 0;
    while (i < k->n_reserved && k->reserved[i] != spi) {
        i++;
    }
    return i;
}

static size_t find_sa(const struct sim_kernel *k, const struct cyg_sa_spec *sa)
{
    size_t i = 0;
    while (i < k->n_sas
           && !(k->sas[i].spec.spi == sa->spi && k->sas[i].spec.inbound == sa->inbound
                && k->sas[i].spec.protocol == sa->protocol
                && (sa->inbound
                    || cyg_address_equal(&k->sas[i].spec.path.remote, &sa->path.remote)))) {
        i++;
    }
    return i;
}

static bool same_flow(const struct cyg_flow *a, const struct cyg_flow *b)
{
    return cyg_selector_equal(&a->local, &b->local) && cyg_selector_equal(&a->remote, &b->remote);
}

static size_t find_policy(const struct sim_kernel *k, const struct cyg_flow *flow)
{
    size_t i = 0;
    while (i < k->n_policies && !same_flow(&k->policies[i].flow, flow)) {
        i++;
    }
    return i;
}

bool sim_kernel_has_policy(const struct sim_kernel *k, uint32_t reqid, const struct cyg_flow *flow)
{
    size_t i = find_policy(k, flow);
    return i < k->n_policies && k->policies[i].reqid == reqid;
}

/* ---- carrying out ---- */

static void reserve(struct sim_kernel *k, struct cyg_kernel_result *result)
{
    uint32_t spi;
    do {
        spi = pcg_next(&k->random);
    } while (spi <= 255 || find_reserved(k, spi) < k->n_reserved);
    SIM_GROW(k->reserved, k->n_reserved, k->room_reserved);
    k->reserved[k->n_reserved++] = spi;
    result->spi = spi;
}

static bool release(struct sim_kernel *k, uint32_t spi)
{
    size_t i = find_reserved(k, spi);
    if (i == k->n_reserved) {
        return false;
    }
    k->reserved[i] = k->reserved[--k->n_reserved];
    return true;
}

/* What is wrong with an SA before it is looked for; NULL: nothing. */
static const char *spec_problem(const struct cyg_sa_spec *sa)
{
    const struct cyg_alg_info *cipher = cyg_alg_info((enum cyg_alg)sa->cipher);
    const struct cyg_alg_info *integ = cyg_alg_info((enum cyg_alg)sa->integ);
    if (cipher == NULL || cipher->kind != CYG_ALG_KIND_CIPHER) {
        return "no cipher";
    }
    if (sa->cipher_key.len != cipher->key_bits / 8 + cipher->salt) {
        return "cipher key of a wrong length";
    }
    if (sa->integ_key.len != (integ != NULL ? integ->mac_key : 0)
        || (integ == NULL && cipher->icv == 0)) {
        return "integrity key of a wrong length";
    }
    if (sa->reqid == 0 || sa->spi <= 255 || sa->replay_window < 64) {
        return "no reqid, SPI or replay window";
    }
    if (cyg_address_is_any(&sa->path.local) || cyg_address_is_any(&sa->path.remote)) {
        return "an open path";
    }
    if (sa->udp_encap && (sa->path.local.port == 0 || sa->path.remote.port == 0)) {
        return "encapsulation without ports";
    }
    if (sa->mode != CYG_MODE_TUNNEL && sa->mode != CYG_MODE_TRANSPORT) {
        return "no mode";
    }
    return sa->protocol != CYG_IPSEC_ESP ? "another protocol than ESP" : NULL;
}

static const char *sa_add(struct sim_kernel *k, const struct cyg_sa_spec *sa)
{
    const char *problem = spec_problem(sa);
    if (problem != NULL) {
        return problem;
    }
    if (find_sa(k, sa) < k->n_sas) {
        return "an SA that is there already";
    }
    if (sa->inbound && !release(k, sa->spi)) {
        return "an inbound SPI that was not reserved";
    }
    SIM_GROW(k->sas, k->n_sas, k->room_sas);
    k->sas[k->n_sas++] = (struct sim_sa){ .spec = *sa };
    if (sa->keepalive) {
        sim_kernel_keepalive(k);
    }
    return NULL;
}

static const char *sa_remove(struct sim_kernel *k, const struct cyg_sa_spec *sa)
{
    size_t i = find_sa(k, sa);
    if (i == k->n_sas) {
        return "the removal of an SA that is not there";
    }
    for (k->n_sas--; i < k->n_sas; i++) { /* in order: the newest outbound SA sends */
        k->sas[i] = k->sas[i + 1];
    }
    cyg_wipe(&k->sas[k->n_sas], sizeof(k->sas[k->n_sas]));
    return NULL;
}

static const char *sa_move(struct sim_kernel *k, const struct cyg_sa_spec *sa)
{
    /* path is the new one: an outbound SA is found by the peer's SPI alone */
    for (size_t i = 0; i < k->n_sas; i++) {
        if (k->sas[i].spec.spi == sa->spi && k->sas[i].spec.inbound == sa->inbound) {
            k->sas[i].spec.path = sa->path;
            return NULL;
        }
    }
    return "the move of an SA that is not there";
}

static void sa_query(const struct sim_kernel *k, const struct cyg_sa_spec *sa,
                     struct cyg_kernel_result *result)
{
    size_t i = find_sa(k, sa);
    if (i == k->n_sas) {
        result->code = CYG_NOT_FOUND;
        return;
    }
    result->bytes = k->sas[i].bytes;
    result->packets = k->sas[i].packets;
    result->last_used = k->sas[i].last_used;
    result->integrity_failures = k->sas[i].integrity_failures;
}

static const char *policy_add(struct sim_kernel *k, const struct cyg_policy_spec *policy,
                              struct cyg_kernel_result *result)
{
    if (policy->reqid == 0) {
        return "a policy without reqid";
    }
    size_t i = find_policy(k, &policy->flow);
    if (i < k->n_policies && k->policies[i].reqid != policy->reqid) {
        const struct cyg_flow *flow = &policy->flow;
        result->code =
            CYG_FAIL(&result->error, CYG_R_POLICY_HELD, .got = k->policies[i].reqid,
                     .got_quote = cyg_quote(
                         CYG_QUOTE_FLOW, (struct cyg_span){ (const uint8_t *)flow, sizeof *flow }));
        return NULL;
    }
    if (i == k->n_policies) {
        SIM_GROW(k->policies, k->n_policies, k->room_policies);
        k->n_policies++;
    }
    k->policies[i] = *policy;
    return NULL;
}

static const char *policy_remove(struct sim_kernel *k, const struct cyg_policy_spec *policy)
{
    size_t i = find_policy(k, &policy->flow);
    if (i == k->n_policies || k->policies[i].reqid != policy->reqid) {
        return "the removal of a policy that is not there";
    }
    k->policies[i] = k->policies[--k->n_policies];
    return NULL;
}

static const char *carry_out(struct sim_kernel *k, const struct cyg_kernel_op *op,
                             struct cyg_kernel_result *result)
{
    switch (op->type) {
    case CYG_KERNEL_SPI_RESERVE:
        reserve(k, result);
        return NULL;
    case CYG_KERNEL_SPI_RELEASE:
        return release(k, op->sa.spi) ? NULL : "the release of an SPI that is not reserved";
    case CYG_KERNEL_SA_ADD:
        return sa_add(k, &op->sa);
    case CYG_KERNEL_SA_REMOVE:
        return sa_remove(k, &op->sa);
    case CYG_KERNEL_SA_MOVE:
        return sa_move(k, &op->sa);
    case CYG_KERNEL_SA_QUERY:
        sa_query(k, &op->sa, result);
        return NULL;
    case CYG_KERNEL_POLICY_ADD:
        return policy_add(k, &op->policy, result);
    case CYG_KERNEL_POLICY_REMOVE:
        return policy_remove(k, &op->policy);
    }
    return "an operation that does not exist";
}

/* ---- operations under way ---- */

struct work {
    struct sim_kernel *kernel;
    uint64_t boot;
    struct cyg_kernel_op op;
    bool fails;
};

static void work_free(void *what)
{
    struct work *w = what;
    cyg_wipe(w, sizeof(*w)); /* keys */
    sim_release(w);
}

static void work_done(struct sim *s, void *what)
{
    struct work *w = what;
    struct sim_kernel *k = w->kernel;
    struct cyg_kernel_result result = { .code = CYG_OK };
    if (w->boot != k->host->boot) {
        return;
    }
    if (w->fails) {
        result.code = CYG_INTERNAL;
        result.error.reason = CYG_R_INTERNAL;
        result.error.got_quote = cyg_quote_text("the simulated data plane fails");
    } else {
        const char *problem = carry_out(k, &w->op, &result);
        if (problem != NULL) {
            SIM_BROKEN(s, "%s orders %s of its data plane (SPI %08x)", k->host->name, problem,
                       w->op.type < CYG_KERNEL_POLICY_ADD ? w->op.sa.spi : 0);
            return;
        }
    }
    sim_story_kernel(k->host, &w->op, w->fails ? "fails" : "is done");
    if (w->op.tag != 0 && sim_enter(k->host)) {
        engine_kernel_done(k->host->engine, s->now, w->op.tag, &result);
        sim_leave(k->host);
    }
}

static bool chosen_to_fail(struct sim_kernel *k, const struct cyg_kernel_op *op, bool answer)
{
    if (k->fail_in > 0 && k->fail_type == op->type && k->fail_answer == answer
        && --k->fail_in == 0) {
        return true;
    }
    bool undoes = op->type == CYG_KERNEL_SPI_RELEASE || op->type == CYG_KERNEL_SA_REMOVE
                  || op->type == CYG_KERNEL_POLICY_REMOVE;
    unsigned permille = answer ? k->settings.fail_permille : k->settings.refuse_permille;
    return !undoes && permille > 0 && pcg_below(&k->random, 1000) < permille;
}

enum cyg_code sim_kernel_submit(void *context, const struct cyg_kernel_op *op)
{
    struct sim_host *h = context;
    struct sim_kernel *k = h->kernel;
    if (op->type < CYG_KERNEL_SPI_RESERVE || op->type > CYG_KERNEL_POLICY_REMOVE) {
        SIM_BROKEN(h->sim, "%s orders the operation %d", h->name, (int)op->type);
        return CYG_INTERNAL;
    }
    k->ops[op->type]++;
    if (chosen_to_fail(k, op, false)) {
        sim_story_kernel(h, op, "is not taken");
        return CYG_LIMIT;
    }
    struct work *w = sim_alloc(sizeof(*w));
    *w = (struct work){
        .kernel = k, .boot = h->boot, .op = *op, .fails = chosen_to_fail(k, op, true)
    };
    /* In order per SA and per flow, else in any order. */
    bool is_policy = op->type >= CYG_KERNEL_POLICY_ADD;
    cyg_usec *last = &k->busy_until[(is_policy ? op->policy.reqid : op->sa.spi) % SIM_KERNEL_ORDER];
    cyg_usec at = h->sim->now + pcg_between(&k->random, k->settings.min_us, k->settings.max_us);
    *last = at > *last ? at : *last;
    sim_event(h->sim, *last, true, work_done, work_free, w);
    return CYG_OK;
}

/* ---- for scenarios ---- */

void sim_kernel_set(struct sim_host *h, const struct sim_kernel_settings *settings)
{
    h->kernel->settings = *settings;
}

struct sim_kernel_settings sim_kernel_get(const struct sim_host *h)
{
    return h->kernel->settings;
}

void sim_kernel_fail(struct sim_host *h, enum cyg_kernel_op_type type, unsigned nth, bool answer)
{
    h->kernel->fail_type = type;
    h->kernel->fail_in = nth;
    h->kernel->fail_answer = answer;
}

unsigned sim_kernel_fail_left(const struct sim_host *h)
{
    return h->kernel->fail_in;
}

size_t sim_sas(const struct sim_host *h)
{
    return h->kernel->n_sas;
}

size_t sim_policies(const struct sim_host *h)
{
    return h->kernel->n_policies;
}

size_t sim_reserved(const struct sim_host *h)
{
    return h->kernel->n_reserved;
}

const struct cyg_sa_spec *sim_sa(const struct sim_host *h, size_t index)
{
    return &h->kernel->sas[index].spec;
}

unsigned sim_kernel_ops(const struct sim_host *h, enum cyg_kernel_op_type type)
{
    return h->kernel->ops[type];
}

void sim_too_big(struct sim_host *h, uint32_t path_bytes, uint32_t inner_bytes)
{
    struct cyg_kernel_event event = { .type = CYG_KERNEL_EVENT_TOO_BIG,
                                      .path_bytes = path_bytes,
                                      .inner_bytes = inner_bytes };
    for (size_t i = 0; i < h->kernel->n_sas; i++) {
        if (!h->kernel->sas[i].spec.inbound) {
            event.spi = h->kernel->sas[i].spec.spi;
            event.reqid = h->kernel->sas[i].spec.reqid;
            event.path = h->kernel->sas[i].spec.path;
        }
    }
    if (sim_enter(h)) {
        engine_kernel_event(h->engine, h->sim->now, &event);
        sim_leave(h);
    }
}

void sim_sa_expire(struct sim_host *h, uint32_t spi)
{
    struct cyg_kernel_event event = { .type = CYG_KERNEL_EVENT_SA_EXPIRED,
                                      .spi = spi,
                                      .inbound = true };
    for (size_t i = 0; i < h->kernel->n_sas; i++) {
        if (h->kernel->sas[i].spec.spi == spi && h->kernel->sas[i].spec.inbound) {
            event.reqid = h->kernel->sas[i].spec.reqid;
            event.path = h->kernel->sas[i].spec.path;
        }
    }
    if (sim_enter(h)) {
        engine_kernel_event(h->engine, h->sim->now, &event);
        sim_leave(h);
    }
}
