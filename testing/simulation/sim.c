/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The world of a simulation: its seed, its clock and the events that wait. Time jumps from event to
 * event; what happens at one moment happens in the order in which it was planned. */
#include "simulation/sim_internal.h"

#include "simulation/suites.h"

#include <inttypes.h>

struct sim *sim_new(uint64_t seed, bool tell)
{
    struct sim *s = sim_alloc(sizeof(*s));
    sim_secrets_clear();
    s->seed = seed;
    s->now = SIM_START;
    s->trace = SIM_HASH_START;
    s->random = pcg_of(seed, SIM_STREAM_TEST);
    s->net_random = pcg_of(seed, SIM_STREAM_NET);
    s->nat_random = pcg_of(seed, SIM_STREAM_NAT);
    s->link = sim_good_link;
    s->tell = tell;
    if (tell) {
        s->story = open_memstream(&s->story_text, &s->story_len);
    }
    return s;
}

static void events_clear(struct sim *s)
{
    for (size_t i = 0; i < s->n_events; i++) {
        if (s->events[i].drop != NULL) {
            s->events[i].drop(s->events[i].what);
        }
    }
    s->n_events = 0;
}

void sim_free(struct sim *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->n_hosts; i++) {
        sim_host_free(s->hosts[i]);
    }
    events_clear(s); /* behind the hosts: jobs and answers that were still out */
    sim_net_clear(s);
    if (s->story != NULL) {
        fclose(s->story);
        sim_release(s->story_text);
    }
    sim_release(s->events);
    sim_release(s);
}

cyg_usec sim_now(const struct sim *s)
{
    return s->now;
}

uint64_t sim_seed(const struct sim *s)
{
    return s->seed;
}

uint64_t sim_trace(const struct sim *s)
{
    return s->trace;
}

uint32_t sim_below(struct sim *s, uint32_t limit)
{
    return pcg_below(&s->random, limit);
}

bool sim_chance(struct sim *s, unsigned permille)
{
    return sim_below(s, 1000) < permille;
}

uint64_t sim_hash(uint64_t hash, struct cyg_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    }
    return hash;
}

/* ---- events ---- */

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

void sim_event(struct sim *s, cyg_usec at, bool under_way, void (*run)(struct sim *s, void *what),
               void (*drop)(void *what), void *what)
{
    SIM_GROW(s->events, s->n_events, s->room_events);
    struct sim_event event = { .at = at < s->now ? s->now : at,
                               .number = s->next_event++,
                               .under_way = under_way,
                               .run = run,
                               .drop = drop,
                               .what = what };
    size_t i = s->n_events++;
    while (i > 0 && is_before(&event, &s->events[(i - 1) / 2])) {
        s->events[i] = s->events[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->events[i] = event;
    s->under_way += under_way;
}

static struct sim_event event_take(struct sim *s)
{
    struct sim_event first = s->events[0];
    struct sim_event last = s->events[--s->n_events];
    size_t i = 0;
    for (size_t child = 1; child < s->n_events; child = 2 * i + 1) {
        if (child + 1 < s->n_events && is_before(&s->events[child + 1], &s->events[child])) {
            child++;
        }
        if (!is_before(&s->events[child], &last)) {
            break;
        }
        s->events[i] = s->events[child];
        i = child;
    }
    if (s->n_events > 0) {
        s->events[i] = last;
    }
    return first;
}

void sim_at(struct sim *s, cyg_usec when, void (*call)(struct sim *s, void *what), void *what)
{
    sim_event(s, when, false, call, NULL, what);
}

/* ---- time ---- */

/* Do the next event if it is not later than `end`. */
static bool step(struct sim *s, cyg_usec end)
{
    if (s->failed || s->n_events == 0 || s->events[0].at > end) {
        return false;
    }
    struct sim_event event = event_take(s);
    if (event.at > s->now) {
        s->now = event.at;
        s->spins = 0;
    }
    s->under_way -= event.under_way;
    event.run(s, event.what);
    if (event.drop != NULL) {
        event.drop(event.what);
    }
    return true;
}

bool sim_run_until(struct sim *s, cyg_usec limit, bool (*condition)(struct sim *s, void *context),
                   void *context)
{
    cyg_usec end = s->now + limit;
    while (!condition(s, context)) {
        if (!step(s, end)) {
            s->now = s->failed ? s->now : end;
            return !s->failed && condition(s, context);
        }
    }
    return true;
}

void sim_run(struct sim *s, cyg_usec duration)
{
    cyg_usec end = s->now + duration;
    while (step(s, end)) {
    }
    s->now = s->failed ? s->now : end;
}

bool sim_is_idle(const struct sim *s)
{
    if (s->under_way > 0) {
        return false;
    }
    for (size_t i = 0; i < s->n_hosts; i++) {
        struct engine_counts counts = sim_counts(s->hosts[i]);
        if (counts.exchanges + counts.half_open + counts.jobs + counts.kernel_ops > 0) {
            return false;
        }
    }
    return true;
}

static bool idle_condition(struct sim *s, void *context)
{
    (void)context;
    return sim_is_idle(s);
}

bool sim_run_idle(struct sim *s, cyg_usec limit)
{
    return sim_run_until(s, limit, idle_condition, NULL);
}

/* ---- failures ---- */

void sim_fail(struct sim *s, const char *file, int line, const char *format, ...)
{
    if (s->failed) {
        return;
    }
    s->failed = true;
    const char *slash = strrchr(file, '/');
    int n = snprintf(s->failure, sizeof(s->failure),
                     "%s:%d at %" PRIu64 ".%06" PRIu64 " s: ", slash != NULL ? slash + 1 : file,
                     line, (s->now - SIM_START) / CYG_SEC, (s->now - SIM_START) % CYG_SEC);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(s->failure + n, sizeof(s->failure) / 2 - (size_t)n, format, args);
    va_end(args);
    n = (int)strlen(s->failure);
    if (s->complaint[0] != '\0') {
        (void)snprintf(s->failure + n, sizeof(s->failure) - (size_t)n, " (%s)", s->complaint);
    }
    sim_tell(s, "FAILED %s", s->failure);
}

bool sim_failed(const struct sim *s)
{
    return s->failed;
}

const char *sim_failure(const struct sim *s)
{
    return s->failure;
}

bool sim_complain(struct sim *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(s->complaint, sizeof(s->complaint), format, args);
    va_end(args);
    return false;
}

const char *sim_complaint(const struct sim *s)
{
    return s->complaint;
}
