/* SPDX-License-Identifier: Apache-2.0 */
/* Thread pool. One run at a time uses the workers; a run that finds them busy (another thread's
 * run, or a run started from inside an item) does its items on the calling thread, so nesting
 * cannot deadlock.
 *
 * lock protects run, generation, n_active and is_closing. A worker takes part in a run only after
 * it has counted itself into n_active under the lock, and the caller clears run under the lock
 * before it waits for n_active to reach 0: so no worker can touch a run that has ended. */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"

#define THREADS_MAX 1024

typedef struct run {
    firn_pool_fn fn;
    void *ctx;
    size_t n;
    atomic_size_t next;
    atomic_bool has_failed;
    pthread_mutex_t *lock; /* of first_* */
    firn_status first_status;
    firn_error first_error;
} run;

typedef struct worker {
    firn_pool *pool;
    size_t index;
    pthread_t thread;
} worker;

struct firn_pool {
    pthread_mutex_t busy; /* held during a run that uses the workers */
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_cond_t idle;
    run *run;
    uint64_t generation;
    size_t n_active;
    bool is_closing;
    size_t n_workers; /* threads besides the caller */
    worker workers[];
};

static void keep_first_failure(run *r, firn_status st, const firn_error *error)
{
    (void)pthread_mutex_lock(r->lock);
    if (r->first_status == FIRN_OK) {
        r->first_status = st;
        r->first_error = *error;
    }
    (void)pthread_mutex_unlock(r->lock);
    atomic_store(&r->has_failed, true);
}

static void work_on(run *r, size_t index)
{
    while (!atomic_load(&r->has_failed)) {
        size_t item = atomic_fetch_add(&r->next, 1);
        firn_error error;
        firn_status st;
        if (item >= r->n) return;
        firn_error_clear(&error);
        st = r->fn(r->ctx, item, index, &error);
        if (st != FIRN_OK) keep_first_failure(r, st, &error);
    }
}

static void *worker_main(void *arg)
{
    worker *self = arg;
    firn_pool *pool = self->pool;
    uint64_t seen = 0;

    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        run *r;
        while (!pool->is_closing && (pool->generation == seen || !pool->run))
            (void)pthread_cond_wait(&pool->work, &pool->lock);
        if (pool->is_closing) break;
        seen = pool->generation;
        r = pool->run;
        pool->n_active++;
        (void)pthread_mutex_unlock(&pool->lock);
        work_on(r, self->index);
        (void)pthread_mutex_lock(&pool->lock);
        if (--pool->n_active == 0) (void)pthread_cond_signal(&pool->idle);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Workers take no signals: they belong to the program's own threads. */
static int start_workers(firn_pool *pool, size_t n)
{
    sigset_t all;
    sigset_t before;
    int rc = 0;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < n && rc == 0; i++) {
        worker *w = &pool->workers[i];
        w->pool = pool;
        w->index = i + 1;
        rc = pthread_create(&w->thread, NULL, worker_main, w);
        if (rc == 0) pool->n_workers++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

firn_status firn_pool_create(int32_t n_threads, firn_pool **out, firn_error *err)
{
    size_t n_workers;
    firn_pool *pool;
    int rc;

    *out = NULL;
    if (n_threads < 1 || n_threads > THREADS_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "%d threads, expected 1 to %d", (int)n_threads,
                         THREADS_MAX);
    n_workers = (size_t)n_threads - 1;
    pool = firn_mem_alloc_zero(NULL, sizeof *pool + n_workers * sizeof pool->workers[0]);
    if (!pool) return firn_fail_nomem(err);
    (void)pthread_mutex_init(&pool->busy, NULL);
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->work, NULL);
    (void)pthread_cond_init(&pool->idle, NULL);
    rc = start_workers(pool, n_workers);
    if (rc != 0) {
        firn_pool_destroy(pool);
        return firn_fail_errno(err, rc, "cannot start %zu threads", n_workers);
    }
    *out = pool;
    return FIRN_OK;
}

void firn_pool_destroy(firn_pool *pool)
{
    if (!pool) return;
    (void)pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->n_workers; i++) (void)pthread_join(pool->workers[i].thread, NULL);
    (void)pthread_cond_destroy(&pool->idle);
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_mutex_destroy(&pool->lock);
    (void)pthread_mutex_destroy(&pool->busy);
    firn_mem_free(NULL, pool);
}

int32_t firn_pool_threads(const firn_pool *pool)
{
    return pool ? (int32_t)pool->n_workers + 1 : 1;
}

static firn_status run_here(size_t n, firn_pool_fn fn, void *ctx, firn_error *err)
{
    for (size_t i = 0; i < n; i++) FIRN_TRY(fn(ctx, i, 0, err));
    return FIRN_OK;
}

static void run_on_all(firn_pool *pool, run *r)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->run = r;
    pool->generation++;
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
    work_on(r, 0);
    (void)pthread_mutex_lock(&pool->lock);
    pool->run = NULL;
    while (pool->n_active) (void)pthread_cond_wait(&pool->idle, &pool->lock);
    (void)pthread_mutex_unlock(&pool->lock);
}

firn_status firn_pool_run(firn_pool *pool, size_t n, firn_pool_fn fn, void *ctx, firn_error *err)
{
    run r = {.fn = fn, .ctx = ctx, .n = n};

    if (!pool || pool->n_workers == 0 || n < 2 || pthread_mutex_trylock(&pool->busy) != 0)
        return run_here(n, fn, ctx, err);
    r.lock = &pool->lock;
    run_on_all(pool, &r);
    (void)pthread_mutex_unlock(&pool->busy);
    if (r.first_status >= FIRN_ERR_NOMEM && err) *err = r.first_error;
    return r.first_status;
}
