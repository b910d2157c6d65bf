/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that append to one table at the same time commit as one: while a thread waits for the
 * disk, others queue up, and the first of them then commits for all. So the price of a durable
 * commit is shared, and no thread loses a race against another of its process.
 *
 *   wait     until nobody commits to the table, or somebody has done it for us
 *   lead     take all that wait for the table, commit, tell them
 *
 * The lock guards the list and the flags of its entries, never a commit. Entries are on the stacks
 * of the waiting threads; a leader touches the transactions of the others only while they wait. */
#include <pthread.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/txn_internal.h"

#define K_MAX_MEMBERS 64

typedef struct waiter {
    struct waiter *next;
    firn_txn *txn;
    firn_error *err;
    firn_status status;
    bool is_taken; /* by a leader; itself included */
    bool is_done;
} waiter;

struct firn_commit_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    waiter *first; /* in order of arrival; those that are done leave by themselves */
};

firn_status firn_commit_queue__create(firn_commit_queue **out, firn_error *err)
{
    firn_commit_queue *queue = firn_mem_alloc_zero(NULL, sizeof *queue);
    *out = NULL;
    if (!queue) return firn_fail_nomem(err);
    if (pthread_mutex_init(&queue->lock, NULL) != 0) {
        firn_mem_free(NULL, queue);
        return firn_fail_nomem(err);
    }
    if (pthread_cond_init(&queue->changed, NULL) != 0) {
        pthread_mutex_destroy(&queue->lock);
        firn_mem_free(NULL, queue);
        return firn_fail_nomem(err);
    }
    *out = queue;
    return FIRN_OK;
}

void firn_commit_queue__destroy(firn_commit_queue *queue)
{
    if (!queue) return;
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    firn_mem_free(NULL, queue);
}

static void enter(firn_commit_queue *queue, waiter *self)
{
    waiter **at = &queue->first;
    while (*at) at = &(*at)->next;
    *at = self;
}

static void leave(firn_commit_queue *queue, waiter *self)
{
    waiter **at = &queue->first;
    while (*at != self) at = &(*at)->next;
    *at = self->next;
}

static bool is_same_table(const firn_txn *a, const firn_txn *b)
{
    return a->table->store == b->table->store && firn_str_equals(a->table->text, b->table->text);
}

/* Somebody commits to the table right now. */
static bool is_busy(const firn_commit_queue *queue, const firn_txn *txn)
{
    for (const waiter *w = queue->first; w; w = w->next)
        if (w->is_taken && !w->is_done && is_same_table(w->txn, txn)) return true;
    return false;
}

/* Self first, as its table handle is the one that is used. */
static size_t take_members(const firn_commit_queue *queue, waiter *self, waiter **taken)
{
    size_t n = 0;
    self->is_taken = true;
    taken[n++] = self;
    for (waiter *w = queue->first; w && n < K_MAX_MEMBERS; w = w->next) {
        if (w->is_taken || !is_same_table(w->txn, self->txn)) continue;
        w->is_taken = true;
        taken[n++] = w;
    }
    return n;
}

static void lead(firn_commit_queue *queue, waiter *self)
{
    waiter *taken[K_MAX_MEMBERS];
    firn_commit_member members[K_MAX_MEMBERS];
    const size_t n = take_members(queue, self, taken);
    for (size_t i = 0; i < n; i++)
        members[i] = (firn_commit_member){.txn = taken[i]->txn, .err = taken[i]->err};
    pthread_mutex_unlock(&queue->lock);
    firn_commit__run(members, n, FIRN_COMMIT_SHARED);
    pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < n; i++) {
        taken[i]->status = members[i].status;
        taken[i]->is_done = true;
    }
    pthread_cond_broadcast(&queue->changed);
}

/* What needs nobody else is done before the queue: the manifests of the added files. */
static firn_status prepare(firn_txn *txn, firn_error *err)
{
    /* a table that this transaction replaces has the files' spec only as the handle shows it */
    const firn_table_metadata *metadata = firn_table_metadata_of(txn->table);
    for (size_t i = 0; i < txn->n_changes; i++)
        FIRN_TRY(firn_snapshot__prepare(txn, &txn->changes[i], metadata, err));
    return FIRN_OK;
}

static firn_status wait_or_lead(firn_commit_queue *queue, firn_txn *txn, firn_error *err)
{
    waiter self = {.txn = txn, .err = err};
    pthread_mutex_lock(&queue->lock);
    enter(queue, &self);
    while (!self.is_done) {
        if (self.is_taken || is_busy(queue, txn))
            pthread_cond_wait(&queue->changed, &queue->lock);
        else
            lead(queue, &self);
    }
    leave(queue, &self);
    pthread_mutex_unlock(&queue->lock);
    return self.status;
}

firn_status firn_commit_queue__commit(firn_txn *txn, firn_error *err)
{
    const firn_status st = prepare(txn, err);
    if (st == FIRN_OK)
        return wait_or_lead(firn_catalog__commit_queue(txn->table->catalog), txn, err);
    firn_written__remove(txn, FIRN_KEEP_NOTHING);
    if (!txn->keeps_files) firn_txn_discard_files(txn);
    return firn_error_wrap(err, st, "commit to %.*s", FIRN_STR_ARG(txn->table->text));
}
