/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See kernel_ops.h. */
#include "kernel_ops.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>

/* An operation not answered yet. What it has made is undone by its answer when nobody wants it any
 * more: before, there may be nothing to undo. */
struct kernel_wait {
    struct table_item by_tag; /* engine->kernel */
    uint64_t tag;
    uint64_t exchange, set; /* who waits, and for which set of operations; 0: nobody */
    struct flow_use *use;   /* held: of SA_ADD, POLICY_ADD, POLICY_REMOVE */
    uint32_t child_spi;     /* our SPI and id of the child that it is for */
    uint32_t child_id;
    uint32_t spi;
    enum cyg_kernel_op_type type;
    enum cyg_ipsec_protocol protocol;
    bool inbound, udp_encap;
    struct cyg_path path;
};

/* Submit; w (copied) says what the answer means. */
static enum cyg_code submit(struct engine *engine, struct cyg_kernel_op *op,
                            const struct kernel_wait *w, struct cyg_error *err)
{
    struct kernel_wait *wait = malloc(sizeof *wait);
    if (wait == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    *wait = *w;
    wait->tag = engine_id(engine);
    wait->type = op->type;
    op->tag = wait->tag;
    if (!table_add(engine, &engine->kernel, &wait->by_tag, TABLE_KEY(wait->tag))) {
        free(wait);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (engine->world.kernel(engine->world.context, op) != CYG_OK) {
        table_remove(&engine->kernel, &wait->by_tag);
        free(wait);
        return CYG_FAIL(err, CYG_R_KERNEL_BUSY);
    }
    if (wait->use != NULL) {
        flow_use_hold(
            wait->use); /* a flow that comes again finds its reqid, so all stays in order */
    }
    engine->counts.kernel_ops++;
    return CYG_OK;
}

/* Submit what nobody waits for but the end of a shutdown. Without memory to wait for its answer it
 * goes out all the same, with tag 0. Not taken: the data plane is going down, nothing can be done.
 */
static void submit_unanswered(struct engine *engine, struct cyg_kernel_op *op, struct flow_use *use)
{
    const struct kernel_wait nobody = { .use = use };
    struct cyg_error err = { 0 };
    if (submit(engine, op, &nobody, &err) != CYG_OK && err.reason == CYG_R_NOMEM) {
        op->tag = 0;
        (void)engine->world.kernel(engine->world.context, op);
    }
}

/* ---- SPIs ---- */

enum step_result kernel_reserve(struct exchange *x, enum cyg_ipsec_protocol protocol,
                                kernel_handler *then, struct cyg_error *err)
{
    struct engine *engine = x->engine;
    struct cyg_kernel_op op = {
        .type = CYG_KERNEL_SPI_RESERVE,
        .sa = { .protocol = (uint8_t)protocol, .path = x->sa->path, .inbound = true },
    };
    uint64_t set = engine_id(engine);
    const struct kernel_wait wait = {
        .exchange = x->id,
        .set = set,
        .protocol = protocol,
        .path = x->sa->path,
    };
    if (submit(engine, &op, &wait, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    x->ops_pending = 1;
    x->ops_failed = NULL;
    return exchange_await_kernel(x, set, then);
}

void kernel_release(struct engine *engine, enum cyg_ipsec_protocol protocol,
                    const struct cyg_path *path, uint32_t spi)
{
    struct cyg_kernel_op op = {
        .type = CYG_KERNEL_SPI_RELEASE,
        .sa = { .spi = spi, .protocol = (uint8_t)protocol, .path = *path, .inbound = true },
    };
    submit_unanswered(engine, &op, NULL);
}

/* ---- installing ---- */

static enum cyg_code add_sa(struct exchange *x, struct child_sa *child, bool inbound,
                            const struct child_keys *keys, uint64_t set, struct cyg_error *err)
{
    struct cyg_kernel_op op = { .type = CYG_KERNEL_SA_ADD };
    child_sa_spec(child, inbound, keys, &op.sa);
    const struct kernel_wait wait = {
        .exchange = x->id,
        .set = set,
        .use = child->use,
        .child_spi = child->spi_in,
        .child_id = child->uniqueid,
        .spi = op.sa.spi,
        .protocol = (enum cyg_ipsec_protocol)child->use->protocol,
        .inbound = inbound,
        .udp_encap = child->udp_encap,
        .path = child->path,
    };
    enum cyg_code code = submit(x->engine, &op, &wait, err);
    cyg_wipe(&op, sizeof op);
    if (code == CYG_OK) {
        *(inbound ? &child->part_in : &child->part_out) = PART_ORDERED;
        x->ops_pending++;
    }
    return code;
}

static enum cyg_code add_policy(struct exchange *x, struct child_sa *child, uint64_t set,
                                struct cyg_error *err)
{
    struct cyg_kernel_op op = { .type = CYG_KERNEL_POLICY_ADD };
    child_sa_policy(child, &op.policy);
    const struct kernel_wait wait = {
        .exchange = x->id,
        .set = set,
        .use = child->use,
        .child_spi = child->spi_in,
        .child_id = child->uniqueid,
        .path = child->path,
    };
    enum cyg_code code = submit(x->engine, &op, &wait, err);
    if (code == CYG_OK) {
        child->part_policy = PART_ORDERED;
        child->use->policies++;
        x->ops_pending++;
    }
    return code;
}

enum step_result kernel_install(struct exchange *x, struct child_sa *child,
                                const struct child_keys *in, const struct child_keys *out,
                                kernel_handler *then, struct cyg_error *err)
{
    uint64_t set = engine_id(x->engine);
    enum cyg_code code = CYG_OK;
    x->ops_pending = 0;
    x->ops_failed = NULL;
    if (in != NULL) {
        code = add_sa(x, child, true, in, set, err);
    }
    if (code == CYG_OK && out != NULL) {
        /* The policy first: what it lets through finds an SA a moment later; the other way round a
         * flow that somebody else holds would be stolen before it is refused. */
        code = add_policy(x, child, set, err);
        if (code == CYG_OK) {
            code = add_sa(x, child, false, out, set, err);
        }
    }
    if (code != CYG_OK) {
        x->ops_pending = 0; /* answers of this set are nobody's: they undo what was made */
        return STEP_REFUSED;
    }
    return exchange_await_kernel(x, set, then);
}

/* ---- taking away ---- */

static void remove_sa(struct engine *engine, struct flow_use *use, bool inbound, uint32_t spi,
                      bool udp_encap, const struct cyg_path *path)
{
    struct cyg_kernel_op op = {
        .type = CYG_KERNEL_SA_REMOVE,
        .sa = {
            .spi = spi,
            .reqid = use->reqid,
            .protocol = use->protocol,
            .mode = use->mode,
            .inbound = inbound,
            .udp_encap = udp_encap,
            .path = *path,
        },
    };
    submit_unanswered(engine, &op, NULL);
}

/* One child fewer holds the policy of a flow; with the last one it goes. A child that has ordered
 * it holds it too: else it would be taken away behind that order's back. */
static void drop_policy(struct engine *engine, struct flow_use *use, const struct cyg_path *path)
{
    use->policies--;
    if (use->policies > 0 || !use->has_policy) {
        return;
    }
    use->has_policy = false;
    struct cyg_kernel_op op = {
        .type = CYG_KERNEL_POLICY_REMOVE,
        .policy = {
            .reqid = use->reqid,
            .protocol = use->protocol,
            .mode = use->mode,
            .path = *path,
            .flow = use->flow,
        },
    };
    submit_unanswered(engine, &op, use);
}

void kernel_remove(struct child_sa *child)
{
    struct engine *engine = child->sa->engine;
    struct flow_use *use = child->use;
    if (child->part_policy == PART_THERE) {
        drop_policy(engine, use, &child->path);
    }
    if (child->part_out == PART_THERE) {
        remove_sa(engine, use, false, child->spi_out, child->udp_encap, &child->path);
    }
    if (child->part_in == PART_THERE) {
        remove_sa(engine, use, true, child->spi_in, child->udp_encap, &child->path);
    } else if (child->part_in == PART_NONE) {
        kernel_release(engine, (enum cyg_ipsec_protocol)use->protocol, &child->path, child->spi_in);
    }
}

static void move_sa(struct child_sa *child, bool inbound)
{
    static const struct child_keys none;
    struct cyg_kernel_op op = { .type = CYG_KERNEL_SA_MOVE };
    child_sa_spec(child, inbound, &none, &op.sa);
    submit_unanswered(child->sa->engine, &op, NULL);
}

static void move_policy(struct child_sa *child)
{
    struct cyg_kernel_op op = { .type = CYG_KERNEL_POLICY_ADD };
    child_sa_policy(child, &op.policy);
    submit_unanswered(child->sa->engine, &op, NULL);
}

void kernel_move(struct child_sa *child)
{
    if (child->part_out == PART_THERE) {
        move_sa(child, false);
    }
    if (child->part_in == PART_THERE) {
        move_sa(child, true);
    }
    if (child->part_policy == PART_THERE) {
        move_policy(child);
    }
}

/* Listings come in pages, and each is made again when its counters are there; somebody may ask for
 * them all the time. */
#define QUERY_INTERVAL (100 * CYG_MSEC)

void kernel_query(struct child_sa *child)
{
    const cyg_usec now = child->sa->engine->now;
    if (child->asked != 0 && now - child->asked < QUERY_INTERVAL) {
        return;
    }
    child->asked = now;
    for (unsigned inbound = 0; inbound < 2; inbound++) {
        if (child->state != CYG_CHILD_INSTALLED) {
            return;
        }
        struct cyg_kernel_op op = {
            .type = CYG_KERNEL_SA_QUERY,
            .sa = {
                .spi = inbound != 0 ? child->spi_in : child->spi_out,
                .reqid = child->use->reqid,
                .protocol = child->use->protocol,
                .inbound = inbound != 0,
                .path = child->path,
            },
        };
        const struct kernel_wait wait = {
            .child_spi = child->spi_in,
            .child_id = child->uniqueid,
            .inbound = inbound != 0,
        };
        (void)submit(child->sa->engine, &op, &wait, NULL); /* the next listing asks again */
    }
}

/* ---- answers ---- */

static void answer_query(struct engine *engine, const struct kernel_wait *wait,
                         const struct cyg_kernel_result *result)
{
    struct child_sa *child = child_sa_by_spi(engine, wait->child_spi);
    if (child == NULL || child->uniqueid != wait->child_id || result->code != CYG_OK) {
        return;
    }
    if (wait->inbound) {
        child->bytes_in = result->bytes;
        child->packets_in = result->packets;
        child->used_in = result->last_used;
        child_sa_judge(child, result->integrity_failures);
    } else {
        child->bytes_out = result->bytes;
        child->packets_out = result->packets;
        child->used_out = result->last_used;
    }
}

/* An SA was added, or not. Its child may have gone in the meantime, or moved. */
static void answer_sa(struct engine *engine, const struct kernel_wait *wait, bool ok,
                      struct child_sa *child)
{
    if (child != NULL) {
        *(wait->inbound ? &child->part_in : &child->part_out) = ok ? PART_THERE : PART_NONE;
        if (ok
            && (!cyg_endpoint_equal(&child->path.remote, &wait->path.remote)
                || !cyg_endpoint_equal(&child->path.local, &wait->path.local))) {
            move_sa(child, wait->inbound);
        }
    } else if (ok) {
        remove_sa(engine, wait->use, wait->inbound, wait->spi, wait->udp_encap, &wait->path);
    } else if (wait->inbound) {
        kernel_release(engine, wait->protocol, &wait->path, wait->spi);
    }
}

static void answer_policy(struct engine *engine, const struct kernel_wait *wait, bool ok,
                          struct child_sa *child)
{
    wait->use->has_policy |= ok;
    if (child != NULL) {
        child->part_policy = ok ? PART_THERE : PART_NONE;
    }
    if (child == NULL || !ok) {
        drop_policy(engine, wait->use, &wait->path);
    }
}

static void answer_exchange(struct exchange *x, const struct cyg_kernel_result *result)
{
    static const struct cyg_kernel_result no_memory = {
        .code = CYG_NOMEM,
        .error = { .reason = CYG_R_NOMEM },
    };
    if (result->code != CYG_OK && x->ops_failed == NULL) {
        struct cyg_kernel_result *kept = arena_take(&x->arena, sizeof *kept);
        if (kept != NULL) {
            *kept = *result;
        }
        x->ops_failed = kept != NULL ? kept : &no_memory;
    }
    if (--x->ops_pending == 0) {
        exchange_kernel_done(x, x->ops_failed != NULL ? x->ops_failed : result);
    }
}

static void take_answer(struct engine *engine, const struct kernel_wait *wait,
                        const struct cyg_kernel_result *result)
{
    bool ok = result->code == CYG_OK;
    struct child_sa *child = child_sa_by_spi(engine, wait->child_spi);
    struct exchange *x = exchange_by_id(engine, wait->exchange);
    bool waited = x != NULL && x->awaited == wait->set;
    if (child != NULL && child->uniqueid != wait->child_id) {
        child = NULL;
    }
    if (wait->set != 0 && wait->type == CYG_KERNEL_SA_ADD) {
        answer_sa(engine, wait, ok, child);
    } else if (wait->set != 0 && wait->type == CYG_KERNEL_POLICY_ADD) {
        answer_policy(engine, wait, ok, child);
    } else if (wait->type == CYG_KERNEL_SPI_RESERVE && ok && !waited) {
        kernel_release(engine, wait->protocol, &wait->path, result->spi);
    }
    if (waited) {
        answer_exchange(x, result);
    }
}

void kernel_answer(struct engine *engine, uint64_t tag, const struct cyg_kernel_result *result)
{
    struct kernel_wait *wait =
        TABLE_OWNER(struct kernel_wait, by_tag, table_find(engine, engine->kernel, TABLE_KEY(tag)));
    if (wait == NULL) {
        return;
    }
    table_remove(&engine->kernel, &wait->by_tag);
    engine->counts.kernel_ops--;
    if (wait->type == CYG_KERNEL_SA_QUERY) {
        answer_query(engine, wait, result);
    } else {
        take_answer(engine, wait, result);
    }
    if (wait->use != NULL) {
        flow_use_release(engine, wait->use);
    }
    free(wait);
}

void kernel_clear(struct engine *engine)
{
    while (engine->kernel != NULL) {
        struct kernel_wait *wait = TABLE_OWNER(struct kernel_wait, by_tag, engine->kernel);
        table_remove(&engine->kernel, &wait->by_tag);
        if (wait->use != NULL) {
            flow_use_release(engine, wait->use);
        }
        free(wait);
    }
}
