/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Job lanes: one mutex, one semaphore and two queues each. Jobs take 0.1 ms and more, so the lock
 * is not what costs: being woken is. */
#include "lanes.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#define LANE_THREADS_MAX 64u

struct lane_job {
    void (*run)(void *context);
    void (*done)(void *context);
    void *context;
};

/* A ring of waiting jobs. */
struct lane_queue {
    struct lane_job jobs[LANE_QUEUE_MAX];
    size_t first, n;
};

struct lane {
    pthread_mutex_t mutex;
    sem_t wake; /* posted once for each thread that is taken from sleeping; posting never waits */
    struct lane_queue established, strangers; /* served in this order */
    bool closing;
    pthread_t threads[LANE_THREADS_MAX];
    unsigned n_threads;
    unsigned sleeping; /* threads that nobody has woken yet */
    unsigned waking;   /* threads that were woken and do not run yet */
    uint32_t active;   /* threads that run a job */
};

struct lanes {
    struct lane lane[CYG_LANES];
};

static void queue_put(struct lane_queue *q, struct lane_job job)
{
    q->jobs[(q->first + q->n++) % LANE_QUEUE_MAX] = job;
}

static bool queue_take(struct lane_queue *q, struct lane_job *ret)
{
    if (q->n == 0) {
        return false;
    }
    *ret = q->jobs[q->first];
    q->first = (q->first + 1) % LANE_QUEUE_MAX;
    q->n--;
    return true;
}

/* Until somebody wakes this thread; the mutex is held before and after. */
static void lane_sleep(struct lane *lane)
{
    lane->sleeping++;
    pthread_mutex_unlock(&lane->mutex);
    while (sem_wait(&lane->wake) != 0) { /* EINTR: a debugger's; all signals are blocked */
    }
    pthread_mutex_lock(&lane->mutex);
    lane->waking--;
}

/* Wake so many threads that sleep, not under the mutex: they would run into it and sleep again. */
static void lane_wake(struct lane *lane, unsigned n)
{
    while (n-- > 0) {
        sem_post(&lane->wake);
    }
}

/* Of the sleeping threads, at most n are to be woken; under the mutex. */
static unsigned lane_rouse(struct lane *lane, size_t n)
{
    const unsigned roused = n < lane->sleeping ? (unsigned)n : lane->sleeping;
    lane->sleeping -= roused;
    lane->waking += roused;
    return roused;
}

static void *lane_thread(void *argument)
{
    struct lane *lane = argument;
    for (;;) {
        struct lane_job job;
        pthread_mutex_lock(&lane->mutex);
        while (!queue_take(&lane->established, &job) && !queue_take(&lane->strangers, &job)) {
            if (lane->closing) {
                pthread_mutex_unlock(&lane->mutex);
                return NULL;
            }
            lane_sleep(lane);
        }
        lane->active++;
        pthread_mutex_unlock(&lane->mutex);
        job.run(job.context);
        job.done(job.context);
        pthread_mutex_lock(&lane->mutex);
        lane->active--;
        pthread_mutex_unlock(&lane->mutex);
    }
}

/* name: for top, perf and debuggers. */
static enum cyg_code lane_start(struct lane *lane, unsigned threads, const char *name)
{
    if (threads > LANE_THREADS_MAX) {
        threads = LANE_THREADS_MAX;
    }
    /* Signals belong to the engine's loop alone. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (lane->n_threads < threads
           && pthread_create(&lane->threads[lane->n_threads], NULL, lane_thread, lane) == 0) {
        (void)pthread_setname_np(lane->threads[lane->n_threads], name);
        lane->n_threads++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return lane->n_threads == threads ? CYG_OK : CYG_INTERNAL;
}

enum cyg_code lanes_new(unsigned crypto_threads, struct lanes **ret)
{
    static const unsigned fixed[CYG_LANES] = {
        [CYG_LANE_STORAGE] = 2, [CYG_LANE_STORAGE_WRITE] = 1, [CYG_LANE_SLOW] = 4
    };
    static const char *const names[CYG_LANES] = { [CYG_LANE_CRYPTO] = "crypto",
                                                  [CYG_LANE_STORAGE] = "storage",
                                                  [CYG_LANE_STORAGE_WRITE] = "storage-write",
                                                  [CYG_LANE_SLOW] = "slow" };
    struct lanes *lanes = calloc(1, sizeof *lanes);
    if (lanes == NULL) {
        return CYG_NOMEM;
    }
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; i < CYG_LANES; i++) {
        pthread_mutex_init(&lanes->lane[i].mutex, NULL);
        sem_init(&lanes->lane[i].wake, 0, 0);
    }
    for (size_t i = 0; code == CYG_OK && i < CYG_LANES; i++) {
        code =
            lane_start(&lanes->lane[i], i == CYG_LANE_CRYPTO ? crypto_threads : fixed[i], names[i]);
    }
    if (code != CYG_OK) {
        lanes_free(lanes);
        return code;
    }
    *ret = lanes;
    return CYG_OK;
}

enum cyg_code lanes_put(struct lanes *lanes, enum cyg_lane lane_id, bool stranger,
                        void (*run)(void *context), void (*done)(void *context), void *context)
{
    struct lane *lane = &lanes->lane[lane_id];
    const size_t room = stranger ? LANE_QUEUE_MAX / 2 : LANE_QUEUE_MAX;
    enum cyg_code code = CYG_LIMIT;
    pthread_mutex_lock(&lane->mutex);
    if (!lane->closing && lane->established.n + lane->strangers.n < room) {
        queue_put(stranger ? &lane->strangers : &lane->established,
                  (struct lane_job){ .run = run, .done = done, .context = context });
        code = CYG_OK;
    }
    pthread_mutex_unlock(&lane->mutex);
    return code;
}

void lanes_wake(struct lanes *lanes, enum cyg_lane lane_id)
{
    struct lane *lane = &lanes->lane[lane_id];
    pthread_mutex_lock(&lane->mutex);
    const size_t queued = lane->established.n + lane->strangers.n;
    const unsigned n = lane_rouse(lane, queued > lane->waking ? queued - lane->waking : 0);
    pthread_mutex_unlock(&lane->mutex);
    lane_wake(lane, n);
}

enum cyg_code lanes_submit(struct lanes *lanes, enum cyg_lane lane_id, bool stranger,
                           void (*run)(void *context), void (*done)(void *context), void *context)
{
    const enum cyg_code code = lanes_put(lanes, lane_id, stranger, run, done, context);
    if (code == CYG_OK) {
        lanes_wake(lanes, lane_id);
    }
    return code;
}

void lanes_counts(struct lanes *lanes, enum cyg_lane lane_id, uint32_t *ret_threads,
                  uint32_t *ret_active, uint32_t *ret_queued)
{
    struct lane *lane = &lanes->lane[lane_id];
    pthread_mutex_lock(&lane->mutex);
    *ret_threads = lane->n_threads;
    *ret_active = lane->active;
    *ret_queued = (uint32_t)(lane->established.n + lane->strangers.n);
    pthread_mutex_unlock(&lane->mutex);
}

void lanes_close(struct lanes *lanes)
{
    for (size_t i = 0; lanes != NULL && i < CYG_LANES; i++) {
        struct lane *lane = &lanes->lane[i];
        pthread_mutex_lock(&lane->mutex);
        lane->closing = true;
        const unsigned n = lane->n_threads;
        lane->n_threads = 0;
        const unsigned roused = lane_rouse(lane, lane->sleeping);
        pthread_mutex_unlock(&lane->mutex);
        lane_wake(lane, roused);
        for (unsigned t = 0; t < n; t++) {
            pthread_join(lane->threads[t], NULL);
        }
    }
}

void lanes_free(struct lanes *lanes)
{
    if (lanes == NULL) {
        return;
    }
    lanes_close(lanes);
    for (size_t i = 0; i < CYG_LANES; i++) {
        sem_destroy(&lanes->lane[i].wake);
        pthread_mutex_destroy(&lanes->lane[i].mutex);
    }
    free(lanes);
}
