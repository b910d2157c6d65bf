/* SPDX-License-Identifier: Apache-2.0 */
/* Commits for writers of other processes: whoever has a table's turn takes the requests of those
 * that wait for it into its first attempt, behind its own snapshots. Who asked finds out what
 * became of it from the answer, or by reading the table.
 *
 * A guest is never worth a failure of ours: what cannot be read or built is declined, and its
 * writer commits by itself and tells its user what is wrong. The same after a lost race, as a
 * second attempt may take long. Files of a guest are its writer's: only what was made here for the
 * attempt is removed, and, when it landed, a manifest that was merged into another. */
#include "base/error.h"
#include "iceberg/txn/commit_request.h"
#include "iceberg/txn/commit_run.h"

static const firn_catalog *catalog_of(const firn_commit_run *run)
{
    return run->parts[0].leader->table->catalog;
}

static void answer(const firn_commit_run *run, size_t number, firn_request_end end)
{
    const firn_catalog *catalog = catalog_of(run);
    firn_catalog_get_ops(catalog)->answer_request(firn_catalog_ctx(catalog), run->parts[0].turn,
                                                  number, end);
}

static void close_guest(const firn_commit_guest *guest)
{
    for (size_t i = 0; i < guest->n; i++) firn_txn_close(guest->txns[i]);
}

static firn_status build_guest(const firn_commit_run *run, firn_commit_guest *guest,
                               firn_str request, firn_error *err)
{
    firn_commit_part *part = &run->parts[0];
    FIRN_TRY(firn_commit_request__decode(request, part->leader->table, part->base, run->guest_arena,
                                         &guest->txns, &guest->n, err));
    for (size_t i = 0; i < guest->n; i++)
        FIRN_TRY(firn_commit__build(run, part, guest->txns[i], err));
    return FIRN_OK;
}

static void decline(const firn_commit_run *run, firn_commit_guest *guest)
{
    for (size_t i = 0; i < guest->n; i++)
        if (guest->txns[i]) firn_written__remove(guest->txns[i], FIRN_KEEP_FOR_RETRY);
    close_guest(guest);
    guest->n = 0;
    guest->is_in = false;
    answer(run, guest->number, FIRN_REQUEST_NOT_DONE);
}

static void take_guest(const firn_commit_run *run, firn_commit_guest *guest, firn_str request)
{
    firn_error err;
    const firn_commit_mark mark = firn_commit__mark(&run->parts[0]);
    firn_error_clear(&err);
    guest->is_in = true;
    if (build_guest(run, guest, request, &err) == FIRN_OK) return;
    firn_commit__take_back(&run->parts[0], &mark);
    firn_log_write(run->parts[0].leader->table->env->log, FIRN_LOG_DEBUG,
                   "the commit of another process is left to itself: %s", err.message);
    decline(run, guest);
}

void firn_commit__take_guests(firn_commit_run *run)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog_of(run));
    const firn_str *requests = NULL;
    if (!run->is_shared || run->attempt > 0 || !run->parts[0].turn) return;
    run->guest_arena = firn_arena_create(run->parts[0].leader->table->env->alloc, 0);
    if (!run->guest_arena) return;
    const size_t n = ops->take_requests(firn_catalog_ctx(catalog_of(run)), run->parts[0].turn,
                                        run->guest_arena, &requests);
    run->guests = firn_arena_array(run->guest_arena, n, sizeof *run->guests);
    for (size_t i = 0; i < n; i++) {
        if (!run->guests) {
            answer(run, i, FIRN_REQUEST_NOT_DONE);
            continue;
        }
        run->guests[i] = (firn_commit_guest){.number = i};
        take_guest(run, &run->guests[i], requests[i]);
        run->n_guests++;
    }
}

static void end_guest(const firn_commit_run *run, firn_commit_guest *guest, firn_request_end end)
{
    for (size_t i = 0; i < guest->n && end == FIRN_REQUEST_LANDED; i++)
        firn_written__remove(guest->txns[i], FIRN_KEEP_USED);
    close_guest(guest);
    answer(run, guest->number, end);
}

void firn_commit__answer_guests(firn_commit_run *run, firn_request_end end)
{
    for (size_t i = 0; i < run->n_guests; i++) {
        firn_commit_guest *guest = &run->guests[i];
        if (!guest->is_in) continue;
        if (end == FIRN_REQUEST_NOT_DONE)
            decline(run, guest);
        else
            end_guest(run, guest, end);
    }
    run->n_guests = 0;
    run->guests = NULL;
    firn_arena_destroy(run->guest_arena);
    run->guest_arena = NULL;
}
