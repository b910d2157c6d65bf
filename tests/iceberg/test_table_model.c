/* SPDX-License-Identifier: Apache-2.0 */
/* Random operations on a table and on a model of it, an array of rows for each snapshot: whatever
 * is read (current rows, branches, tags, old snapshots) must be what the model says. Two handles
 * work in turn, so that commits also start from a table that has moved on.
 *
 *   MODEL_STEPS (900), MODEL_SEED: prints the seed; the same seed does the same
 *   MODEL_TRACE: prints each step, the number of its case in step() and main before it */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/str.h"
#include "firn_test.h"
#include "iceberg/check/table_doctor.h"
#include "lake_fixture.h"
#include "row_table.h"

#define MAX_ROWS      48
#define MAX_SNAPSHOTS 40
#define MAX_REFS      6
#define STEPS_A_TABLE INT64_C(300)
#define N_HANDLES     2

typedef struct model_snapshot {
    int64_t id;
    int64_t parent;
    firn_test_row rows[MAX_ROWS];
    size_t n;
    int64_t shape; /* of the table when it was made: how often it was replaced */
    bool is_append;
    firn_test_row added[MAX_ROWS]; /* of an append */
    size_t n_added;
} model_snapshot;

typedef struct model_ref {
    char name[16];
    bool is_tag;
    int64_t snapshot_id;
} model_ref;

typedef struct model {
    model_snapshot snapshots[MAX_SNAPSHOTS];
    size_t n_snapshots;
    model_ref refs[MAX_REFS];
    size_t n_refs;
    int64_t main_id; /* -1: none */
    int64_t next_id;
    int64_t shape;
} model;

typedef struct world {
    firn_test_lake lake;
    firn_prng prng;
    model model;
    int32_t version;
    int64_t step;
    firn_table *handles[N_HANDLES];
    firn_test_row_table t;
    firn_error err;
    int64_t n_refused;
    bool is_traced;
} world;

static uint64_t dice(world *w, uint64_t n)
{
    return firn_prng_below(&w->prng, n);
}

/* ---- model ---- */

static model_snapshot *find(model *m, int64_t id)
{
    for (size_t i = 0; i < m->n_snapshots; i++)
        if (m->snapshots[i].id == id) return &m->snapshots[i];
    return NULL;
}

static int64_t *head(model *m, const char *branch)
{
    for (size_t i = 0; branch && i < m->n_refs; i++)
        if (strcmp(m->refs[i].name, branch) == 0) return &m->refs[i].snapshot_id;
    return &m->main_id;
}

/* Rows of another shape have nothing that the columns of now could show. */
static bool has_shape(model *m, int64_t id)
{
    const model_snapshot *s = find(m, id);
    return !s || s->shape == m->shape;
}

static bool is_ancestor(model *m, int64_t id, int64_t of)
{
    while (of != -1 && of != id) {
        const model_snapshot *s = find(m, of);
        of = s ? s->parent : -1;
    }
    return of == id && id != -1;
}

static size_t copy_head(model *m, const char *branch, firn_test_row *rows)
{
    const model_snapshot *s = find(m, *head(m, branch));
    if (s) memcpy(rows, s->rows, s->n * sizeof *rows);
    return s ? s->n : 0;
}

static const char *any_branch(world *w)
{
    model *m = &w->model;
    if (m->n_refs == 0 || dice(w, 3) > 0) return NULL;
    const model_ref *ref = &m->refs[dice(w, m->n_refs)];
    return ref->is_tag || !has_shape(m, ref->snapshot_id) ? NULL : ref->name;
}

/* ---- comparing ---- */

static void compare(world *w, int64_t snapshot_id, const firn_test_row *want, size_t n,
                    const char *what)
{
    firn_test_rows got;
    assert_ok(firn_test_rows_read(&w->t, snapshot_id, &got, &w->err), &w->err);
    if (got.n != n)
        fail_msg("step %" PRId64 ", %s: %zu rows, expected %zu", w->step, what, got.n, n);
    for (size_t i = 0; i < n; i++) {
        const firn_test_row *a = &got.items[i];
        size_t at = 0;
        while (at < n && want[at].id != a->id) at++;
        if (at == n || want[at].grp != a->grp || want[at].val != a->val)
            fail_msg("step %" PRId64 ", %s: row (%" PRId64 ", %d, %" PRId64 ") is not as expected",
                     w->step, what, a->id, a->grp, a->val);
    }
}

static void compare_snapshot(world *w, int64_t id, const char *what)
{
    const model_snapshot *s = find(&w->model, id);
    assert_non_null(s);
    compare(w, id, s->rows, s->n, what);
}

/* Current rows always; a branch or tag and an old snapshot now and then. */
static void check(world *w)
{
    model *m = &w->model;
    firn_arena_reset(w->lake.arena);
    assert_ok(firn_table_refresh(w->t.table, &w->err), &w->err);
    const firn_table_metadata *metadata = firn_table_metadata_of(w->t.table);
    assert_int_equal(metadata->current_snapshot_id, m->main_id);
    assert_int_equal(metadata->n_snapshots, m->n_snapshots);
    for (size_t i = 1; i < metadata->n_snapshot_log; i++)
        assert_true(metadata->snapshot_log[i].timestamp_ms >=
                    metadata->snapshot_log[i - 1].timestamp_ms);
    if (m->main_id != -1) compare_snapshot(w, m->main_id, "main");
    if (m->n_refs > 0) {
        const model_ref *ref = &m->refs[dice(w, m->n_refs)];
        const firn_snapshot_ref *found = firn_metadata_find_ref(metadata, firn_str_of(ref->name));
        assert_non_null(found);
        assert_int_equal(found->snapshot_id, ref->snapshot_id);
        assert_int_equal(found->is_tag, ref->is_tag);
        compare_snapshot(w, ref->snapshot_id, ref->name);
    }
    if (m->n_snapshots > 0)
        compare_snapshot(w, m->snapshots[dice(w, m->n_snapshots)].id, "an old snapshot");
}

/* ---- rows ---- */

typedef struct edit_ctx {
    world *w;
    firn_test_row rows[MAX_ROWS]; /* what stays */
    size_t n;
    uint64_t delete_in, update_in;
    size_t n_changed;
} edit_ctx;

static firn_test_verdict judge(void *ctx, firn_test_row *row)
{
    edit_ctx *edit = ctx;
    if (edit->delete_in && dice(edit->w, edit->delete_in) == 0) {
        edit->n_changed++;
        return FIRN_TEST_DELETE;
    }
    const bool is_changed = edit->update_in && dice(edit->w, edit->update_in) == 0;
    if (is_changed) row->val = (int64_t)dice(edit->w, 1000000);
    edit->n_changed += is_changed;
    edit->rows[edit->n++] = *row;
    return is_changed ? FIRN_TEST_UPDATE : FIRN_TEST_KEEP;
}

static size_t make_rows(world *w, firn_test_row *rows, size_t room)
{
    const size_t n = 1 + (size_t)dice(w, room < 6 ? room : 6);
    for (size_t i = 0; i < n; i++)
        rows[i] = (firn_test_row){
            .id = w->model.next_id++, .grp = (int32_t)dice(w, 4), .val = (int64_t)dice(w, 1000000)};
    return n;
}

/* A dropped field of a version 1 table stays as void: all its rows are in one partition. */
static bool is_by_grp(const firn_table_metadata *m)
{
    const firn_partition_spec *spec = firn_metadata_spec(m);
    for (size_t i = 0; i < spec->n_fields; i++)
        if (spec->fields[i].transform.kind != FIRN_TRANSFORM_VOID) return true;
    return false;
}

/* Only the rows of partitions that get no new ones stay; of an unpartitioned table none. */
static void replace(const world *w, edit_ctx *edit, const firn_test_row *added, size_t n)
{
    const bool is_partitioned = is_by_grp(firn_table_metadata_of(w->t.table));
    size_t kept = 0;
    for (size_t i = 0; i < edit->n; i++) {
        bool goes = !is_partitioned;
        for (size_t k = 0; k < n; k++) goes = goes || added[k].grp == edit->rows[i].grp;
        if (!goes) edit->rows[kept++] = edit->rows[i];
    }
    edit->n = kept;
}

/* Files of another spec are not replaced: a partition of theirs is another one. */
static bool can_replace(world *w)
{
    firn_test_rows rows;
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    if (m->current_snapshot_id == -1) return true;
    assert_ok(firn_test_rows_read(&w->t, 0, &rows, &w->err), &w->err);
    for (size_t i = 0; i < rows.plan.n_tasks; i++)
        if (rows.plan.tasks[i].file->spec_id != m->default_spec_id) return false;
    return true;
}

static void note_snapshot(world *w, const char *branch, const edit_ctx *edit,
                          const firn_test_row *added, size_t n_added, bool is_append)
{
    model *m = &w->model;
    const firn_table_metadata *metadata = firn_table_metadata_of(w->t.table);
    const firn_snapshot_ref *ref =
        branch ? firn_metadata_find_ref(metadata, firn_str_of(branch)) : NULL;
    const int64_t id = ref ? ref->snapshot_id : metadata->current_snapshot_id;
    if (id == *head(m, branch)) return; /* a change without an effect */
    model_snapshot *s = &m->snapshots[m->n_snapshots++];
    *s = (model_snapshot){.id = id, .parent = *head(m, branch), .n = edit->n, .shape = m->shape};
    memcpy(s->rows, edit->rows, edit->n * sizeof *s->rows);
    memcpy(s->rows + s->n, added, n_added * sizeof *added);
    s->n += n_added;
    s->is_append = is_append;
    memcpy(s->added, added, n_added * sizeof *added);
    s->n_added = n_added;
    *head(m, branch) = id;
}

static void edit_rows(world *w, firn_test_edit_kind kind)
{
    firn_txn *txn = NULL;
    const char *branch = any_branch(w);
    edit_ctx edit = {.w = w};
    firn_test_row added[8];
    size_t n_added = 0;
    const bool inserts = kind == FIRN_TEST_INSERT || kind == FIRN_TEST_REPLACE;
    if (kind == FIRN_TEST_REPLACE && (branch || !can_replace(w))) return;
    if (inserts) edit.n = copy_head(&w->model, branch, edit.rows);
    if (inserts && edit.n + 8 > MAX_ROWS) return;
    if (inserts) n_added = make_rows(w, added, 6);
    if (kind == FIRN_TEST_REPLACE) replace(w, &edit, added, n_added);
    if (kind == FIRN_TEST_COMPACT) edit.n = copy_head(&w->model, branch, edit.rows);
    if (kind != FIRN_TEST_COMPACT) edit.delete_in = 2 + dice(w, 6);
    if (kind != FIRN_TEST_COMPACT) edit.update_in = dice(w, 2) ? 2 + dice(w, 4) : 0;
    const firn_test_edit change = {.kind = kind,
                                   .branch = branch,
                                   .inserted = added,
                                   .n_inserted = n_added,
                                   .judge = judge,
                                   .ctx = &edit};
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    assert_ok(firn_test_rows_edit(&w->t, txn, &change, &w->err), &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
    note_snapshot(w, branch, &edit, added, n_added, kind == FIRN_TEST_INSERT);
}

static int32_t first_column(const firn_table *table)
{
    return firn_metadata_schema(firn_table_metadata_of(table))->root.fields[0].id;
}

/* A table that is not there yet is the other handle's: a stale append lands on top, unless the
 * table was replaced meanwhile, so that its rows have none of the columns. */
static void append_stale(world *w)
{
    firn_txn *txn = NULL;
    firn_test_row added[8];
    edit_ctx edit = {.w = w};
    firn_test_row_table other = w->t;
    other.table = w->handles[1];
    edit.n = copy_head(&w->model, NULL, edit.rows);
    if (edit.n + 8 > MAX_ROWS) return;
    const size_t n = make_rows(w, added, 6);
    const firn_test_edit change = {.kind = FIRN_TEST_INSERT, .inserted = added, .n_inserted = n};
    assert_ok(firn_txn_begin(other.table, &txn, &w->err), &w->err);
    assert_ok(firn_test_rows_edit(&other, txn, &change, &w->err), &w->err);
    const bool is_legal = first_column(other.table) == first_column(w->t.table);
    const firn_status st = firn_txn_commit(txn, &w->err);
    firn_txn_close(txn);
    assert_ok(firn_table_refresh(other.table, &w->err), &w->err);
    assert_ok(firn_table_refresh(w->t.table, &w->err), &w->err);
    if (is_legal) {
        assert_ok(st, &w->err);
        note_snapshot(w, NULL, &edit, added, n, true);
    } else {
        assert_fails(st, FIRN_ERR_CONFLICT, &w->err, "column \"id\" required");
        w->n_refused++;
    }
}

/* ---- references and history ---- */

static void set_ref(world *w)
{
    model *m = &w->model;
    firn_txn *txn = NULL;
    if (m->n_snapshots == 0 || m->n_refs == MAX_REFS) return;
    model_ref *ref = &m->refs[m->n_refs];
    ref->is_tag = dice(w, 2) == 0;
    ref->snapshot_id = m->snapshots[dice(w, m->n_snapshots)].id;
    (void)snprintf(ref->name, sizeof ref->name, "r%" PRId64, w->step);
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    assert_ok(firn_txn_set_ref(
                  txn, firn_str_of(ref->name),
                  FIRN_REF_OPTS(.is_tag = ref->is_tag, .snapshot_id = ref->snapshot_id), &w->err),
              &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
    m->n_refs++;
}

static void drop_ref(world *w)
{
    model *m = &w->model;
    firn_txn *txn = NULL;
    if (m->n_refs == 0) return;
    const size_t at = (size_t)dice(w, m->n_refs);
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    assert_ok(
        firn_txn_drop_ref(txn, firn_str_of(m->refs[at].name), m->refs[at].is_tag, false, &w->err),
        &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
    m->refs[at] = m->refs[--m->n_refs];
}

static void move_main(world *w, bool is_rollback)
{
    model *m = &w->model;
    firn_txn *txn = NULL;
    if (m->n_snapshots == 0) return;
    const int64_t id = m->snapshots[dice(w, m->n_snapshots)].id;
    if (!has_shape(m, id)) return;
    const bool is_legal = !is_rollback || is_ancestor(m, id, m->main_id);
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    const firn_status st = is_rollback ? firn_txn_rollback_to(txn, id, &w->err)
                                       : firn_txn_set_current_snapshot(txn, id, &w->err);
    if (is_legal) {
        assert_ok(st, &w->err);
        assert_ok(firn_txn_commit(txn, &w->err), &w->err);
        m->main_id = id;
    } else {
        assert_int_equal(st, FIRN_ERR_ARG);
        w->n_refused++;
    }
    firn_txn_close(txn);
}

static void fast_forward(world *w)
{
    model *m = &w->model;
    firn_txn *txn = NULL;
    if (m->n_refs == 0 || m->main_id == -1) return;
    const model_ref *ref = &m->refs[dice(w, m->n_refs)];
    if (ref->is_tag || !has_shape(m, ref->snapshot_id)) return;
    const bool is_legal = is_ancestor(m, m->main_id, ref->snapshot_id);
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    firn_status st = firn_txn_fast_forward(txn, FIRN_STR("main"), firn_str_of(ref->name), &w->err);
    if (is_legal) {
        assert_ok(st, &w->err);
        assert_ok(firn_txn_commit(txn, &w->err), &w->err);
        m->main_id = ref->snapshot_id;
    } else {
        assert_int_equal(st, FIRN_ERR_ARG);
        w->n_refused++;
    }
    firn_txn_close(txn);
}

static bool has_ids_of(const model_snapshot *s, const firn_test_row *rows, size_t n)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < n; k++)
            if (s->rows[i].id == rows[k].id) return true;
    return false;
}

/* An append of another line of history is made again on main. */
static void cherry_pick(world *w)
{
    model *m = &w->model;
    firn_txn *txn = NULL;
    edit_ctx edit = {.w = w};
    if (m->n_snapshots == 0 || m->main_id == -1) return;
    const model_snapshot picked = m->snapshots[dice(w, m->n_snapshots)];
    const model_snapshot *main = find(m, m->main_id);
    if (!picked.is_append || picked.shape != m->shape || is_ancestor(m, picked.id, m->main_id) ||
        picked.parent == m->main_id || has_ids_of(main, picked.added, picked.n_added))
        return;
    edit.n = copy_head(m, NULL, edit.rows);
    if (edit.n + picked.n_added > MAX_ROWS) return;
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    const firn_status st = firn_txn_cherry_pick(txn, picked.id, &w->err);
    if (st == FIRN_ERR_ARG) { /* picked before, and gone again since */
        firn_txn_close(txn);
        w->n_refused++;
        return;
    }
    assert_ok(st, &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
    note_snapshot(w, NULL, &edit, picked.added, picked.n_added, false);
}

/* ---- evolution, housekeeping ---- */

static void rewrite_manifests(world *w)
{
    firn_txn *txn = NULL;
    edit_ctx edit = {.w = w};
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    if (m->current_snapshot_id == -1) return;
    const firn_change change = {.kind = FIRN_CHANGE_REWRITE_MANIFESTS,
                                .from_snapshot_id = m->current_snapshot_id,
                                .manifest_spec_id = m->specs[dice(w, m->n_specs)]->spec_id};
    edit.n = copy_head(&w->model, NULL, edit.rows);
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    assert_ok(firn_txn_change_files(txn, &change, &w->err), &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
    note_snapshot(w, NULL, &edit, edit.rows, 0, false);
}

static void replace_table(world *w)
{
    firn_txn *txn = NULL;
    firn_test_row added[8];
    const edit_ctx none = {.w = w};
    const size_t n = make_rows(w, added, 6);
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    assert_ok(firn_test_rows_replace_table(&w->t, txn, dice(w, 2) == 0, added, n, &w->err),
              &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
    w->model.shape++;
    note_snapshot(w, NULL, &none, added, n, false);
}

/* Up to an hour back: history stays in order. */
static void set_clock_back(world *w)
{
    w->lake.clock_state.wall_us -= (int64_t)dice(w, 3600) * 1000000;
}

static void evolve(world *w)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    firn_txn *txn = NULL;
    char name[24];
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(w->t.table));
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    (void)snprintf(name, sizeof name, "c%" PRId64, w->step);
    if (schema->root.n_fields > 5)
        assert_ok(firn_txn_drop_column(txn, schema->root.fields[4].name, &w->err), &w->err);
    else
        assert_ok(firn_txn_add_column(txn, firn_str_of(name), &k_int, FIRN_STR(""),
                                      (firn_position){0}, &w->err),
                  &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
}

static void repartition(world *w)
{
    firn_txn *txn = NULL;
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    const firn_partition_field by_grp = {.source_id = firn_metadata_schema(m)->root.fields[1].id,
                                         .name = FIRN_STR_INIT("grp")};
    const bool is_partitioned = is_by_grp(m);
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    assert_ok(firn_txn_set_spec(txn, &by_grp, is_partitioned ? 0 : 1, &w->err), &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
}

static void forget_snapshots(world *w)
{
    model *m = &w->model;
    firn_txn *txn = NULL;
    int64_t ids[MAX_SNAPSHOTS];
    size_t n = 0;
    size_t kept = 0;
    for (size_t i = 0; i < m->n_snapshots; i++) {
        const int64_t id = m->snapshots[i].id;
        bool is_named = id == m->main_id;
        for (size_t r = 0; r < m->n_refs; r++) is_named = is_named || m->refs[r].snapshot_id == id;
        if (!is_named && dice(w, 4) > 0)
            ids[n++] = id;
        else
            m->snapshots[kept++] = m->snapshots[i];
    }
    m->n_snapshots = kept;
    if (n == 0) return;
    assert_ok(firn_txn_begin(w->t.table, &txn, &w->err), &w->err);
    assert_ok(firn_txn_remove_snapshots(txn, ids, n, &w->err), &w->err);
    assert_ok(firn_txn_commit(txn, &w->err), &w->err);
    firn_txn_close(txn);
}

static void reopen(world *w)
{
    const firn_ident t = firn_test_ident("t");
    const size_t i = (size_t)dice(w, N_HANDLES);
    firn_table_close(w->handles[i]);
    assert_ok(
        firn_table_open(w->lake.env, w->lake.store, w->lake.catalog, &t, &w->handles[i], &w->err),
        &w->err);
    w->t.table = w->handles[0];
}

/* ---- steps ---- */

static void step(world *w)
{
    const uint64_t which = dice(w, 18);
    if (w->is_traced)
        print_message("step %" PRId64 ": %" PRIu64 " on %" PRId64 "\n", w->step, which,
                      w->model.main_id);
    if (w->model.n_snapshots + 2 > MAX_SNAPSHOTS) forget_snapshots(w);
    if (w->model.n_snapshots + 2 > MAX_SNAPSHOTS) return;
    switch (which) {
    case 0:
    case 1:
    case 2: edit_rows(w, FIRN_TEST_INSERT); break;
    case 3: edit_rows(w, FIRN_TEST_COPY_ON_WRITE); break;
    case 4:
    case 5:
        edit_rows(w, w->version == 1 ? FIRN_TEST_COPY_ON_WRITE : FIRN_TEST_MERGE_ON_READ);
        break;
    case 6: edit_rows(w, FIRN_TEST_REPLACE); break;
    case 7: edit_rows(w, FIRN_TEST_COMPACT); break;
    case 8: set_ref(w); break;
    case 9: dice(w, 2) ? drop_ref(w) : fast_forward(w); break;
    case 10: move_main(w, true); break;
    case 11: dice(w, 3) ? cherry_pick(w) : move_main(w, false); break;
    case 12: evolve(w); break;
    case 13: dice(w, 4) ? append_stale(w) : repartition(w); break;
    case 14: append_stale(w); break;
    case 15: rewrite_manifests(w); break;
    case 16: dice(w, 6) ? set_clock_back(w) : replace_table(w); break;
    default: dice(w, 4) ? reopen(w) : forget_snapshots(w); break;
    }
    check(w);
}

static void check_doctor(world *w)
{
    firn_doctor_report report;
    const firn_doctor_opts opts = {.reads_rows = true};
    assert_ok(firn_table_examine(w->lake.env, w->lake.store, firn_table_metadata_of(w->t.table),
                                 &opts, w->lake.arena, &report, &w->err),
              &w->err);
    for (size_t i = 0; i < report.n_findings; i++)
        print_message("doctor: %s: %.*s\n", firn_finding_name(report.findings[i].kind),
                      FIRN_STR_ARG(report.findings[i].message));
    assert_int_equal(report.n_findings, 0);
}

static void open_world(world *w, uint64_t seed, int32_t version)
{
    const char *versions[] = {"1", "2", "3"};
    const firn_property properties[] = {
        {FIRN_STR_INIT("format-version"), firn_str_of(versions[version - 1])},
        {FIRN_STR_INIT("commit.manifest.min-count-to-merge"), FIRN_STR_INIT("5")},
    };
    const firn_ident t = firn_test_ident("t");
    memset(w, 0, sizeof *w);
    w->is_traced = getenv("MODEL_TRACE") != NULL;
    w->version = version;
    w->model.main_id = -1;
    w->model.next_id = 1;
    firn_prng_init(&w->prng, seed);
    firn_test_lake_open_in_memory(&w->lake);
    w->t = (firn_test_row_table){.env = w->lake.env,
                                 .store = w->lake.store,
                                 .catalog = w->lake.catalog,
                                 .arena = w->lake.arena};
    assert_ok(firn_test_row_table_create(&w->t, &t, dice(w, 2) == 0, properties, 2, &w->err),
              &w->err);
    for (int i = 0; i < N_HANDLES; i++)
        assert_ok(firn_table_open(w->lake.env, w->lake.store, w->lake.catalog, &t, &w->handles[i],
                                  &w->err),
                  &w->err);
    w->t.table = w->handles[0];
}

static void run_table(world *w, uint64_t seed, int64_t n_steps)
{
    print_message("seed %" PRIu64 ", format version %d, %" PRId64 " steps\n", seed,
                  1 + (int)(seed % 3), n_steps);
    open_world(w, seed, 1 + (int32_t)(seed % 3));
    for (w->step = 0; w->step < n_steps; w->step++) {
        firn_test_clock_advance(&w->lake.clock_state, 1000);
        step(w);
    }
    check_doctor(w);
    for (int i = 0; i < N_HANDLES; i++) firn_table_close(w->handles[i]);
    firn_test_lake_close(&w->lake, false);
}

static int64_t number_from_env(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    int64_t value = 0;
    return text && firn_str_to_i64(firn_str_of(text), &value) ? value : fallback;
}

static void test_tables_are_what_their_model_says(void **state)
{
    int64_t left = number_from_env("MODEL_STEPS", 3 * STEPS_A_TABLE);
    uint64_t seed = (uint64_t)number_from_env("MODEL_SEED", 1);
    world *w = calloc(1, sizeof *w);
    (void)state;
    assert_non_null(w);
    for (; left > 0; left -= STEPS_A_TABLE)
        run_table(w, seed++, left < STEPS_A_TABLE ? left : STEPS_A_TABLE);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables_are_what_their_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
