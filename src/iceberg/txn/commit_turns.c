/* SPDX-License-Identifier: Apache-2.0 */
/* Turns, where the catalog gives them: a run takes those of all its tables before its first
 * attempt, so that few races are lost at all. Appends to one table are offered to the writer whose
 * turn it is in the meantime (commit_guests.c).
 *
 * Invariant: from the moment another writer takes a request until it is known not to have landed,
 * the files it names may be in use by a snapshot that we do not know, so all of them stay. It is
 * known when the other writer says so, or when it is dead and the table, read in our turn, does not
 * have the snapshot. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/commit_request.h"
#include "iceberg/txn/commit_run.h"

#define K_TURN_TIMEOUT_MS   10000
#define K_MAX_REQUEST_BYTES ((size_t)1 << 20)

/* Everybody who takes several takes them in the order of the tables' names, so that no two wait for
 * each other. */
static firn_commit_part *next_without_turn(const firn_commit_run *run, firn_str after)
{
    firn_commit_part *next = NULL;
    for (size_t i = 0; i < run->n_parts; i++) {
        firn_commit_part *part = &run->parts[i];
        const firn_str name = part->leader->table->text;
        if (after.data && firn_str_compare(name, after) <= 0) continue;
        if (!next || firn_str_compare(name, next->leader->table->text) < 0) next = part;
    }
    return next;
}

static firn_turn_end take_turn(firn_commit_part *part, firn_str request)
{
    const firn_table *table = part->leader->table;
    const firn_catalog_ops *ops = firn_catalog_get_ops(table->catalog);
    if (!ops->take_turn || table->create_updates) return FIRN_TURN_NONE;
    return ops->take_turn(firn_catalog_ctx(table->catalog), &table->ident, request,
                          K_TURN_TIMEOUT_MS, &part->turn);
}

/* Left empty for what others cannot commit. */
static void make_request(const firn_commit_run *run, firn_buf *out)
{
    firn_error ignored;
    if (!run->is_shared) return;
    if (firn_commit_request__encode(run->members, run->n, out, &ignored) != FIRN_OK)
        firn_buf_clear(out);
}

static void fill_errors(const firn_commit_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        firn_fail(run->members[i].err, FIRN_ERR_COMMIT_UNKNOWN,
                  "commit to %.*s: another process has it in its hands and does not say what "
                  "became of it",
                  FIRN_STR_ARG(run->members[i].txn->table->text));
}

static bool take_only_turn(firn_commit_run *run)
{
    firn_buf request;
    firn_buf_init(&request, NULL, K_MAX_REQUEST_BYTES);
    make_request(run, &request);
    const firn_turn_end end = take_turn(&run->parts[0], firn_buf_view(&request));
    firn_buf_dispose(&request);
    run->is_inherited = end == FIRN_TURN_INHERITED;
    if (end != FIRN_TURN_LANDED && end != FIRN_TURN_UNKNOWN) return true;
    firn_commit__leave_files(run);
    if (end == FIRN_TURN_LANDED) {
        firn_commit__land_rest(run);
    } else {
        fill_errors(run);
        firn_commit__resolve_all(run);
    }
    return false;
}

bool firn_commit__take_turns(firn_commit_run *run)
{
    firn_str last = {0};
    firn_commit_part *part;
    if (run->n_parts == 1) return take_only_turn(run);
    while ((part = next_without_turn(run, last)) != NULL) {
        last = part->leader->table->text;
        (void)take_turn(part, (firn_str){0});
    }
    return true;
}

void firn_commit__end_turns(const firn_commit_run *run)
{
    for (size_t i = 0; i < run->n_parts; i++) {
        firn_commit_part *part = &run->parts[i];
        const firn_catalog *catalog = part->leader->table->catalog;
        if (!part->turn) continue;
        firn_catalog_get_ops(catalog)->end_turn(firn_catalog_ctx(catalog), part->turn);
        part->turn = NULL;
    }
}
