/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine may do to the world, and what comes back to it. Engine's thread, but for the two
 * functions that a lane's thread calls. */
#include "daemon_internal.h"

#include <stdlib.h>

static void world_send(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct daemon *d = context;
    sockets_send(d->sockets, path, datagram);
}

/* A job on its way through a lane. */
struct slip {
    struct daemon *daemon;
    struct engine_job *job;
    struct mail *mail; /* made before, so that no answer is lost for want of memory */
};

static void slip_run(void *context)
{
    struct slip *slip = context;
    engine_job_run(slip->job);
}

static void slip_done(void *context)
{
    struct slip *slip = context;
    slip->mail->job = slip->job;
    if (!mailbox_post(slip->daemon->mailbox, slip->mail)) {
        engine_job_free(slip->job); /* the engine is going */
    }
    free(slip);
}

static enum cyg_code world_job(void *context, enum cyg_lane lane, bool stranger,
                               struct engine_job *job)
{
    struct daemon *d = context;
    struct slip *slip = malloc(sizeof *slip);
    struct mail *mail = mail_new(MAIL_JOB_DONE, 0);
    enum cyg_code code = slip == NULL || mail == NULL ? CYG_NOMEM : CYG_OK;
    if (code == CYG_OK) {
        *slip = (struct slip){ .daemon = d, .job = job, .mail = mail };
        code = lanes_put(d->lanes, lane, stranger, slip_run, slip_done, slip);
    }
    if (code == CYG_OK) {
        d->lanes_to_wake |= 1u << lane;
    }
    if (code != CYG_OK) {
        free(mail);
        free(slip);
    }
    return code;
}

static enum cyg_code world_kernel(void *context, const struct cyg_kernel_op *op)
{
    struct daemon *d = context;
    const struct cyg_kernel_ops *ops = d->kernel.ops;
    if (d->wireshark != NULL && op->type == CYG_KERNEL_SA_ADD) {
        wireshark_esp(d->wireshark, &op->sa);
    }
    return ops == NULL ? CYG_UNSUPPORTED : ops->submit(d->kernel.self, op);
}

static void world_event(void *context, const struct cyg_event *event)
{
    struct daemon *d = context;
    if (event->type == CYG_EVENT_ORDER_DONE && event->order_id == d->shutdown_order
        && d->shutdown_order != 0) {
        daemon_end_soon(d); /* later: the engine must not be called from here */
    }
    control_publish(d->control, event);
}

static enum cyg_code world_random(void *context, uint8_t *out, size_t len)
{
    struct daemon *d = context;
    const struct cyg_rng_ops *ops = d->crypto.rng.ops;
    return ops == NULL ? CYG_UNSUPPORTED : ops->fill(d->crypto.rng.self, out, len);
}

static void world_ike_key(void *context, struct cyg_span cookie_i, struct cyg_span key)
{
    struct daemon *d = context;
    wireshark_ike(d->wireshark, cookie_i, key);
}

struct engine_world world_of(struct daemon *daemon)
{
    return (struct engine_world){ .context = daemon,
                                  .send = world_send,
                                  .job = world_job,
                                  .kernel = world_kernel,
                                  .event = world_event,
                                  .random = world_random,
                                  .ike_key = daemon->wireshark != NULL ? world_ike_key : NULL };
}
