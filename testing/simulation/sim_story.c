/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The story of a run: what was sent, what became of it on the wire, what the engines said and
 * ordered, one line each, in order. Kept only when a run is told (sim_new), that is when a failed
 * one is run again. */
#include "simulation/sim_internal.h"

#include "codec/text.h"

#include <inttypes.h>

static void stamp(struct sim *s)
{
    cyg_usec t = s->now - SIM_START;
    fprintf(s->story, "%5" PRIu64 ".%06" PRIu64 "  ", t / CYG_SEC, t % CYG_SEC);
}

void sim_tell(struct sim *s, const char *format, ...)
{
    if (!s->tell) {
        return;
    }
    stamp(s);
    va_list args;
    va_start(args, format);
    vfprintf(s->story, format, args);
    va_end(args);
    fputc('\n', s->story);
}

const char *sim_story(struct sim *s)
{
    if (!s->tell) {
        return "";
    }
    fflush(s->story);
    return s->story_text;
}

void sim_story_host(struct sim_host *h, const char *what)
{
    sim_tell(h->sim, "%s %s", h->name, what);
}

/* ---- messages ---- */

static void story_line(void *context, const char *line)
{
    struct sim *s = context;
    fprintf(s->story, "                  %s\n", line);
}

static void story_message(struct sim_host *h, const struct cyg_event *event)
{
    struct sim *s = h->sim;
    struct message m = { .n = 0 };
    char remote[CYG_ADDRESS_TEXT];
    stamp(s);
    fprintf(s->story, "%s %s %s, %zu bytes\n", h->name, event->sent ? "sends to" : "takes from",
            cyg_endpoint_format(&event->path.remote, remote, sizeof(remote)), event->message.len);
    if (header_decode(event->message, &m.header, NULL) != CYG_OK) {
        return;
    }
    struct cyg_span body = cyg_span_after(event->message, HEADER_LEN);
    if (message_decode_chain(m.header.next, body, true, &m, NULL) != CYG_OK) {
        char line[TEXT_LINE];
        story_line(s, header_format_line(&m.header, line, sizeof(line)));
        return;
    }
    message_format(&m, &(const struct text_sink){ .line = story_line, .context = s });
}

/* ---- events ---- */

static const char *event_name(enum cyg_event_type type)
{
    switch (type) {
    case CYG_EVENT_LOG:
    case CYG_EVENT_MESSAGE:
        return "";
    case CYG_EVENT_IKE_UP:
        return "IKE SA up";
    case CYG_EVENT_IKE_DOWN:
        return "IKE SA down";
    case CYG_EVENT_CHILD_UP:
        return "child up";
    case CYG_EVENT_CHILD_DOWN:
        return "child down";
    case CYG_EVENT_ORDER_DONE:
        return "order done";
    case CYG_EVENT_EXCHANGE_END:
        return "exchange ended";
    case CYG_EVENT_HISTORY: /* the daemon's */
        break;
    }
    return "?";
}

void sim_story_event(struct sim_host *h, const struct cyg_event *event)
{
    struct sim *s = h->sim;
    if (event->type == CYG_EVENT_MESSAGE) {
        story_message(h, event);
        return;
    }
    char text[1024] = "";
    if (event->error.reason != 0) {
        (void)cyg_error_format(&event->error, text, sizeof(text));
    }
    sim_tell(s, "%s: %s%s%s%s", h->name, event_name(event->type),
             event_name(event->type)[0] != '\0' ? ". " : "", text,
             event->order_id != 0 ? " (for an order)" : "");
}

/* ---- the wire and the data plane ---- */

void sim_story_frame(struct sim *s, const struct sim_frame *frame, const char *fate)
{
    if (!s->tell) {
        return;
    }
    char src[CYG_ADDRESS_TEXT], dst[CYG_ADDRESS_TEXT];
    struct cyg_span ike = sim_frame_ike(frame);
    struct header header;
    char line[TEXT_LINE] = "not IKE";
    if (ike.len > 0 && header_decode(ike, &header, NULL) == CYG_OK) {
        (void)header_format_line(&header, line, sizeof(line));
    }
    sim_tell(s, "%s %s -> %s %s%s%s, %zu bytes: %s", frame->genuine ? "wire" : "INJECTED",
             cyg_endpoint_format(&frame->src, src, sizeof(src)),
             cyg_endpoint_format(&frame->dst, dst, sizeof(dst)),
             frame->protocol == 50 ? "ESP " : "", fate != NULL ? fate : "passes",
             frame->to == NULL ? " (nobody there)" : "", frame->len, line);
}

static const char *op_name(enum cyg_kernel_op_type type)
{
    static const char *const names[] = { "?",        "reserve SPI", "release SPI",
                                         "add SA",   "remove SA",   "move SA",
                                         "query SA", "add policy",  "remove policy" };
    return (size_t)type < CYG_LEN(names) ? names[type] : "?";
}

void sim_story_kernel(struct sim_host *h, const struct cyg_kernel_op *op, const char *fate)
{
    if (!h->sim->tell) {
        return;
    }
    if (op->type >= CYG_KERNEL_POLICY_ADD) {
        char local[CYG_SELECTOR_TEXT], remote[CYG_SELECTOR_TEXT];
        sim_tell(h->sim, "%s's data plane: %s %s == %s (reqid %u) %s", h->name, op_name(op->type),
                 cyg_selector_format(&op->policy.flow.local, local, sizeof(local)),
                 cyg_selector_format(&op->policy.flow.remote, remote, sizeof(remote)),
                 op->policy.reqid, fate);
        return;
    }
    sim_tell(h->sim, "%s's data plane: %s %08x %s (reqid %u) %s", h->name, op_name(op->type),
             op->sa.spi, op->sa.inbound ? "in" : "out", op->sa.reqid, fate);
}
