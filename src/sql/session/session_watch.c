/* SPDX-License-Identifier: Apache-2.0 */
/* The session's second thread. firn_session_cancel() may run in a signal handler and so only sets
 * a flag and posts a semaphore; this thread interrupts the engine, and again until the statement
 * has ended, since an interrupt that comes before the engine starts is lost. It reports progress
 * too. */
#include <errno.h>
#include <time.h>

#include "base/error.h"
#include "sql/session/session_state.h"

#define PROGRESS_MS INT64_C(100)
#define CANCEL_MS   10

static void wait_ms(sem_t *wake, int64_t ms)
{
    /* the system's wall clock is the only one sem_timedwait knows */
    const int64_t until_us = firn_clock_wall_us(firn_clock_system()) + ms * 1000;
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    while (sem_timedwait(wake, &until) == -1 && errno == EINTR) {
    }
}

static void wait_for_work(firn_session *session)
{
    const bool is_running = atomic_load(&session->is_running);
    if (is_running && atomic_load(&session->own.is_cancelled)) {
        wait_ms(&session->wake, CANCEL_MS);
    } else if (is_running && session->on_progress) {
        wait_ms(&session->wake, PROGRESS_MS);
    } else {
        while (sem_wait(&session->wake) == -1 && errno == EINTR) {
        }
    }
}

static void report_progress(firn_session *session)
{
    int64_t done = 0;
    int64_t total = 0;
    (void)pthread_mutex_lock(&session->lock);
    firn_engine *engine = session->engine;
    (void)pthread_mutex_unlock(&session->lock);
    if (!engine) return;
    double fraction = -1; /* nothing of ours is scanned */
    if (firn_engine_progress(engine, &done, &total))
        fraction = total > 0 ? (double)done / (double)total : 0.0;
    session->on_progress(session->progress_ctx, fraction, done, total);
}

static void interrupt(firn_session *session)
{
    (void)pthread_mutex_lock(&session->lock);
    if (session->engine && atomic_load(&session->own.is_cancelled)) {
        firn_engine_interrupt(session->engine);
    }
    (void)pthread_mutex_unlock(&session->lock);
}

static void *run(void *arg)
{
    firn_session *session = arg;
    const firn_clock *clock = session->shared->clock; /* each statement writes its own env anew */
    int64_t last_us = firn_clock_monotonic_us(clock);
    for (;;) {
        wait_for_work(session);
        if (atomic_load(&session->is_closing)) return NULL;
        if (!atomic_load(&session->is_running)) continue;
        if (atomic_load(&session->own.is_cancelled)) interrupt(session);
        const int64_t now_us = firn_clock_monotonic_us(clock);
        if (session->on_progress && now_us - last_us >= PROGRESS_MS * 1000) {
            last_us = now_us;
            report_progress(session);
        }
    }
}

firn_status firn_session__watch(firn_session *session, firn_error *err)
{
    if (sem_init(&session->wake, 0, 0) == -1) {
        return firn_fail_errno(err, errno, "the session's semaphore");
    }
    const int failure = pthread_create(&session->watcher, NULL, run, session);
    if (failure != 0) {
        (void)sem_destroy(&session->wake);
        return firn_fail_errno(err, failure, "the session's thread");
    }
    session->has_watcher = true;
    return FIRN_OK;
}

void firn_session__unwatch(firn_session *session)
{
    if (!session->has_watcher) return;
    atomic_store(&session->is_closing, true);
    (void)sem_post(&session->wake);
    (void)pthread_join(session->watcher, NULL);
    (void)sem_destroy(&session->wake);
    session->has_watcher = false;
}
