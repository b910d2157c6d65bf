/* SPDX-License-Identifier: Apache-2.0 */
/* Eight writers change tables of all format versions in every way at once and are killed: at
 * random moments and at the failpoints. Nothing that a writer was told may be wrong.
 *
 * Each writer owns a slot: the rows with its number, of which nobody else changes any. The slot, in
 * memory that the processes share, holds a digest of these rows in each table, and of the commit
 * under way the digest if it lands. Whoever takes the slot over after a kill, or after an unknown
 * outcome, reads the table: it must be one of the two, and stay so. In the end a judge looks at
 * every snapshot. Then the same once more with writers that hardly do anything but append, so that
 * they commit for each other.
 *
 *   TORTURE_SECONDS (2), TORTURE_KILLS (0: as many as the time allows), TORTURE_SEED */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "base/str.h"
#include "iceberg/check/table_doctor.h"
#include "lake_fixture.h"
#include "row_table.h"

#define N_SLOTS   8
#define N_TABLES  4
#define SLOT_SPAN INT64_C(1000000000)
#define MAX_ROWS  60 /* of a slot in a table */

static const struct table_kind {
    const char *name, *version;
    bool is_partitioned;
} k_tables[N_TABLES] = {
    {"one", "1", false},
    {"two", "2", false},
    {"two_by_grp", "2", true},
    {"three", "3", false},
};

static const int k_appended[2] = {2, 3}; /* of writers that do little but append: v2 and v3 */

enum op_kind {
    OP_INSERT = 0,
    OP_COPY_ON_WRITE,
    OP_MERGE_ON_READ,
    OP_REPLACE,
    OP_COMPACT,
    OP_TAG,
    OP_SCHEMA,
    OP_PROPERTIES,
    OP_FORGET_SNAPSHOTS,
    OP_MANIFESTS,
    OP_TOGETHER, /* inserts into two tables */
    N_OPS,
};

static const char *const k_op_names[N_OPS] = {
    "insert", "copy-on-write", "merge-on-read", "replace",   "compact",   "tag",
    "schema", "properties",    "forget",        "manifests", "two tables"};

struct slot {
    firn_test_digest now[N_TABLES];
    firn_test_digest next[N_TABLES]; /* if the commit under way lands */
    bool is_pending;
    bool is_unknown; /* pending because nobody could tell */
    int64_t next_id;
    int64_t n_begun[N_OPS], n_landed[N_OPS], n_refused[N_OPS], n_unknown, n_resolved_landed,
        n_resolved_lost;
    bool is_wrong;
    char why[400];
};

struct shared {
    struct slot slots[N_SLOTS];
};

struct job {
    const char *folder;
    struct shared *shared;
    int number;
    uint64_t seed;
    bool appends; /* hardly anything else, many to one table: commits are shared */
    char failpoints[96];
};

struct writer {
    firn_test_lake lake;
    struct slot *slot;
    int number;
    bool appends;
    firn_prng prng;
    firn_test_row_table t;
    firn_error err;
};

static uint64_t dice(struct writer *w, uint64_t n)
{
    return firn_prng_below(&w->prng, n);
}

static void wrong(struct writer *w, const char *what)
{
    w->slot->is_wrong = true;
    (void)snprintf(w->slot->why, sizeof w->slot->why, "writer %d: %s", w->number, what);
    _exit(8);
}

/* ---- a slot's rows ---- */

static int64_t first_id(int number)
{
    return (number + 1) * SLOT_SPAN;
}

static bool is_mine(const struct writer *w, const firn_test_row *row)
{
    return row->id >= first_id(w->number) && row->id < first_id(w->number + 1);
}

static firn_status open_table(struct writer *w, int table)
{
    const firn_ident ident = firn_test_ident(k_tables[table].name);
    w->t = (firn_test_row_table){.env = w->lake.env,
                                 .store = w->lake.store,
                                 .catalog = w->lake.catalog,
                                 .arena = w->lake.arena};
    firn_arena_reset(w->lake.arena);
    return firn_table_open(w->lake.env, w->lake.store, w->lake.catalog, &ident, &w->t.table,
                           &w->err);
}

static firn_status digest_of(struct writer *w, int64_t snapshot_id, firn_test_digest *out)
{
    firn_test_rows rows;
    *out = (firn_test_digest){0};
    const bool is_empty = firn_table_metadata_of(w->t.table)->current_snapshot_id < 0;
    FIRN_TRY(firn_test_rows_read(&w->t, is_empty ? -1 : snapshot_id, &rows, &w->err));
    for (size_t i = 0; i < rows.n; i++)
        if (is_mine(w, &rows.items[i])) firn_test_digest_add(out, &rows.items[i]);
    return FIRN_OK;
}

/* What the tables hold must be what was acknowledged, or what was under way; of several tables the
 * same. Returns false when they cannot be read. */
static bool resolve(struct writer *w)
{
    bool can_be_old = true;
    bool can_be_new = w->slot->is_pending;
    for (int i = 0; i < N_TABLES; i++) {
        firn_test_digest found;
        if (open_table(w, i) != FIRN_OK) return false;
        const firn_status st = digest_of(w, 0, &found);
        firn_table_close(w->t.table);
        if (st != FIRN_OK) return false;
        can_be_old = can_be_old && firn_test_digest_equals(&found, &w->slot->now[i]);
        can_be_new = can_be_new && firn_test_digest_equals(&found, &w->slot->next[i]);
    }
    if (!can_be_old && !can_be_new) {
        char text[128];
        (void)snprintf(text, sizeof text, "rows are neither as acknowledged nor as under way%s",
                       w->slot->is_pending ? "" : " (nothing is)");
        wrong(w, text);
    }
    if (w->slot->is_pending) {
        if (can_be_new) memcpy(w->slot->now, w->slot->next, sizeof w->slot->now);
        if (can_be_new)
            w->slot->n_resolved_landed++;
        else
            w->slot->n_resolved_lost++;
    }
    w->slot->is_pending = w->slot->is_unknown = false;
    return true;
}

/* ---- operations ---- */

struct edit {
    struct writer *w;
    firn_test_digest after;
    uint64_t delete_in, update_in; /* one of so many; 0: none */
    bool drops_all;
};

static firn_test_verdict judge(void *ctx, firn_test_row *row)
{
    struct edit *edit = ctx;
    struct writer *w = edit->w;
    if (!is_mine(w, row)) return FIRN_TEST_KEEP;
    if (edit->delete_in > 0 && dice(w, edit->delete_in) == 0) return FIRN_TEST_DELETE;
    const bool is_changed = edit->update_in > 0 && dice(w, edit->update_in) == 0;
    if (is_changed) row->val += 1 + (int64_t)dice(w, 1000);
    firn_test_digest_add(&edit->after, row);
    return is_changed ? FIRN_TEST_UPDATE : FIRN_TEST_KEEP;
}

static size_t make_rows(struct writer *w, firn_test_row *rows, size_t max)
{
    const size_t n = 1 + (size_t)dice(w, max);
    for (size_t i = 0; i < n; i++)
        rows[i] = (firn_test_row){.id = first_id(w->number) + w->slot->next_id++,
                                  .grp = w->number,
                                  .val = (int64_t)dice(w, 100000)};
    return n;
}

/* The change of rows, and the digest if it lands. */
static firn_status edit_rows(struct writer *w, int table, enum op_kind op, firn_txn *txn)
{
    static const firn_test_edit_kind k_kinds[] = {
        [OP_INSERT] = FIRN_TEST_INSERT,
        [OP_COPY_ON_WRITE] = FIRN_TEST_COPY_ON_WRITE,
        [OP_MERGE_ON_READ] = FIRN_TEST_MERGE_ON_READ,
        [OP_REPLACE] = FIRN_TEST_REPLACE,
        [OP_COMPACT] = FIRN_TEST_COMPACT,
    };
    firn_test_row rows[8];
    struct edit edit = {.w = w};
    const bool is_full = w->slot->now[table].n > MAX_ROWS;
    const bool inserts = op == OP_INSERT || op == OP_REPLACE;
    const size_t n = inserts ? make_rows(w, rows, 8) : 0;
    if (op == OP_COPY_ON_WRITE || op == OP_MERGE_ON_READ) {
        edit.delete_in = is_full ? 2 : 6;
        edit.update_in = dice(w, 2) ? 4 : 0;
    } else if (op != OP_REPLACE) {
        edit.after = w->slot->now[table];
    }
    const firn_test_edit change = {.kind = k_kinds[op],
                                   .inserted = rows,
                                   .n_inserted = n,
                                   .judge = judge,
                                   .ctx = &edit,
                                   .isolation = dice(w, 4) ? FIRN_ISOLATION_SNAPSHOT
                                                           : FIRN_ISOLATION_SERIALIZABLE};
    FIRN_TRY(firn_test_rows_edit(&w->t, txn, &change, &w->err));
    for (size_t i = 0; i < n; i++) firn_test_digest_add(&edit.after, &rows[i]);
    w->slot->next[table] = edit.after;
    return FIRN_OK;
}

/* Tags say in their name what they show of the writer's rows. */
static firn_status add_tag(struct writer *w, firn_txn *txn)
{
    firn_test_digest found;
    char name[96];
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    if (m->current_snapshot_id < 0 || m->n_refs > 40) return FIRN_OK;
    FIRN_TRY(digest_of(w, 0, &found));
    (void)snprintf(name, sizeof name, "w%d.%" PRId64 ".%" PRId64 ".%016" PRIx64, w->number, found.n,
                   found.sum, found.hash);
    return firn_txn_set_ref(txn, firn_str_of(name),
                            FIRN_REF_OPTS(.is_tag = true, .mode = FIRN_REF_CREATE_OR_REPLACE,
                                          .snapshot_id = m->current_snapshot_id),
                            &w->err);
}

static firn_status change_schema(struct writer *w, firn_txn *txn)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(w->t.table));
    char name[32];
    if (schema->root.n_fields > 5)
        return firn_txn_drop_column(txn, schema->root.fields[3].name, &w->err);
    (void)snprintf(name, sizeof name, "c%d_%" PRIu64, w->number, dice(w, 1000000));
    return firn_txn_add_column(txn, firn_str_of(name), &k_int, FIRN_STR(""), (firn_position){0},
                               &w->err);
}

static firn_status change_properties(struct writer *w, firn_txn *txn)
{
    char value[24];
    (void)snprintf(value, sizeof value, "%" PRIu64, dice(w, 1000000));
    const firn_property p = {FIRN_STR_INIT("touched"), firn_str_of(value)};
    return firn_txn_set_properties(txn, &p, 1, &w->err);
}

/* Old snapshots that no reference needs. */
static firn_status forget_snapshots(struct writer *w, firn_txn *txn)
{
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    int64_t ids[64];
    size_t n = 0;
    for (size_t i = 0; i + 40 < m->n_snapshots && n < 64; i++) {
        bool is_named = false;
        for (size_t r = 0; r < m->n_refs; r++)
            is_named = is_named || m->refs[r].snapshot_id == m->snapshots[i].snapshot_id;
        if (!is_named) ids[n++] = m->snapshots[i].snapshot_id;
    }
    return n > 0 ? firn_txn_remove_snapshots(txn, ids, n, &w->err) : FIRN_OK;
}

static firn_status rewrite_manifests(struct writer *w, firn_txn *txn)
{
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    if (m->current_snapshot_id == -1) return FIRN_OK;
    const firn_change change = {.kind = FIRN_CHANGE_REWRITE_MANIFESTS,
                                .from_snapshot_id = m->current_snapshot_id,
                                .manifest_spec_id = m->default_spec_id};
    return firn_txn_change_files(txn, &change, &w->err);
}

static firn_status fill(struct writer *w, int table, enum op_kind op, firn_txn *txn)
{
    switch (op) {
    case OP_TAG: return add_tag(w, txn);
    case OP_SCHEMA: return change_schema(w, txn);
    case OP_PROPERTIES: return change_properties(w, txn);
    case OP_FORGET_SNAPSHOTS: return forget_snapshots(w, txn);
    case OP_MANIFESTS: return rewrite_manifests(w, txn);
    case OP_INSERT:
    case OP_COPY_ON_WRITE:
    case OP_MERGE_ON_READ:
    case OP_REPLACE:
    case OP_COMPACT: return edit_rows(w, table, op, txn);
    case OP_TOGETHER: return edit_rows(w, table, OP_INSERT, txn);
    case N_OPS: break;
    }
    return FIRN_OK;
}

/* What a commit said is written down at once: a kill may come at any moment. */
static void note_outcome(struct writer *w, enum op_kind op, firn_status st)
{
    struct slot *slot = w->slot;
    if (st == FIRN_ERR_COMMIT_UNKNOWN) {
        slot->is_unknown = true;
        slot->n_unknown++;
        return;
    }
    if (st == FIRN_OK) {
        memcpy(slot->now, slot->next, sizeof slot->now);
        slot->n_landed[op]++;
    } else {
        slot->n_refused[op]++;
    }
    slot->is_pending = false;
}

static void run_alone(struct writer *w, int table, enum op_kind op)
{
    firn_txn *txn = NULL;
    if (open_table(w, table) != FIRN_OK) return;
    firn_status st = firn_txn_begin(w->t.table, &txn, &w->err);
    memcpy(w->slot->next, w->slot->now, sizeof w->slot->now);
    if (st == FIRN_OK) st = fill(w, table, op, txn);
    if (st == FIRN_OK) {
        w->slot->n_begun[op]++;
        w->slot->is_pending = true;
        note_outcome(w, op, firn_txn_commit(txn, &w->err));
    }
    firn_txn_close(txn);
    firn_table_close(w->t.table);
}

static void run_together(struct writer *w)
{
    firn_txn *txns[2] = {NULL, NULL};
    firn_table *tables[2] = {NULL, NULL};
    const int first = (int)dice(w, N_TABLES);
    firn_status st = FIRN_OK;
    memcpy(w->slot->next, w->slot->now, sizeof w->slot->now);
    for (int i = 0; i < 2 && st == FIRN_OK; i++) {
        const int table = (first + i) % N_TABLES;
        st = open_table(w, table);
        if (st == FIRN_OK) tables[i] = w->t.table;
        if (st == FIRN_OK) st = firn_txn_begin(w->t.table, &txns[i], &w->err);
        if (st == FIRN_OK) st = fill(w, table, OP_TOGETHER, txns[i]);
    }
    if (st == FIRN_OK) {
        w->slot->n_begun[OP_TOGETHER]++;
        w->slot->is_pending = true;
        st = firn_txn_commit_all(txns, 2, &w->err);
        note_outcome(w, OP_TOGETHER, st);
        for (int i = 0; i < 2 && st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN; i++)
            firn_txn_discard_files(txns[i]);
    }
    for (int i = 0; i < 2; i++) {
        firn_txn_close(txns[i]);
        if (tables[i]) firn_table_close(tables[i]);
    }
}

static void step(struct writer *w)
{
    const int table = w->appends ? k_appended[w->number % 2] : (int)dice(w, N_TABLES);
    enum op_kind op = w->appends && dice(w, 10) > 0 ? OP_INSERT : (enum op_kind)dice(w, N_OPS);
    if (w->slot->now[table].n > MAX_ROWS && op == OP_INSERT) op = OP_COPY_ON_WRITE;
    if (op == OP_MERGE_ON_READ && k_tables[table].version[0] == '1') op = OP_COPY_ON_WRITE;
    if (op == OP_REPLACE && !k_tables[table].is_partitioned) op = OP_INSERT;
    if (w->slot->is_unknown && !resolve(w)) return;
    if (op == OP_TOGETHER)
        run_together(w);
    else
        run_alone(w, table, op);
}

static void write_for_ever(void *arg)
{
    const struct job *job = arg;
    struct writer w = {
        .slot = &job->shared->slots[job->number], .number = job->number, .appends = job->appends};
    firn_test_lake_reopen(&w.lake, job->folder, job->failpoints[0] ? job->failpoints : NULL);
    w.lake.env->clock = firn_clock_system();
    firn_prng_init(&w.prng, job->seed);
    while (!resolve(&w)) {
    }
    for (;;) step(&w);
}

/* ---- the killer ---- */

static int64_t now_ms(void)
{
    return firn_clock_monotonic_us(firn_clock_system()) / 1000;
}

static size_t read_failpoints(const char *const **out)
{
    static const char *const k_names[] = {
#include "base/failpoint_names.h"
    };
    *out = k_names;
    return sizeof k_names / sizeof *k_names;
}

/* Those of turns stand together. */
static void choose_turns(const char *const **names, size_t *n)
{
    size_t first = 0;
    while (strncmp((*names)[first], "catalog.turn.", 13) != 0) first++;
    *names += first;
    for (*n = 0; strncmp((*names)[*n], "catalog.turn.", 13) == 0;) ++*n;
}

/* A third of the writers are sent to die at a failpoint. */
static void arm(struct job *job, firn_prng *prng)
{
    const char *const *names = NULL;
    size_t n = read_failpoints(&names);
    if (job->appends && firn_prng_below(prng, 2)) choose_turns(&names, &n);
    job->failpoints[0] = '\0';
    if (firn_prng_below(prng, 3) > 0) return;
    (void)snprintf(job->failpoints, sizeof job->failpoints, "%s=%s@%d",
                   names[firn_prng_below(prng, n)], firn_prng_below(prng, 4) ? "kill" : "error",
                   1 + (int)firn_prng_below(prng, 12));
}

struct torture {
    firn_test_lake lake;
    struct shared *shared;
    firn_prng prng;
    struct job jobs[N_SLOTS];
    pid_t pids[N_SLOTS];
    int64_t n_killed, n_died;
    bool appends;
};

static void start(struct torture *t, int i)
{
    t->jobs[i].folder = t->lake.folder;
    t->jobs[i].shared = t->shared;
    t->jobs[i].number = i;
    t->jobs[i].appends = t->appends;
    t->jobs[i].seed = firn_prng_next(&t->prng);
    arm(&t->jobs[i], &t->prng);
    t->pids[i] = firn_test_fork(write_for_ever, &t->jobs[i]);
}

static void stop_all(struct torture *t)
{
    for (int i = 0; i < N_SLOTS; i++)
        if (t->pids[i] > 0) (void)kill(t->pids[i], SIGKILL);
    for (int i = 0; i < N_SLOTS; i++)
        if (t->pids[i] > 0) (void)waitpid(t->pids[i], NULL, 0);
}

/* A writer that ended by itself died at a failpoint, or something is wrong. */
static void reap(struct torture *t)
{
    for (int i = 0; i < N_SLOTS; i++) {
        int status = 0;
        if (waitpid(t->pids[i], &status, WNOHANG) != t->pids[i]) continue;
        t->pids[i] = -1;
        if (t->shared->slots[i].is_wrong || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
            stop_all(t);
            fail_msg("%s (ended with %d, failpoints \"%s\", seed %" PRIu64 ")",
                     t->shared->slots[i].why, status, t->jobs[i].failpoints, t->jobs[i].seed);
        }
        t->n_died++;
        start(t, i);
    }
}

static void kill_one(struct torture *t)
{
    const int i = (int)firn_prng_below(&t->prng, N_SLOTS);
    (void)kill(t->pids[i], SIGKILL);
    (void)waitpid(t->pids[i], NULL, 0);
    t->n_killed++;
    start(t, i);
}

static void sleep_ms(int64_t ms)
{
    const struct timespec wait = {ms / 1000, (ms % 1000) * 1000000};
    (void)nanosleep(&wait, NULL);
}

/* ---- the judge ---- */

static void check_tag(struct writer *w, const firn_snapshot_ref *ref)
{
    firn_test_digest found;
    char name[96];
    firn_str rest = ref->name;
    int64_t number = 0;
    if (!ref->is_tag || ref->name.data[0] != 'w') return;
    rest = firn_str_slice(rest, 1, rest.len);
    assert_true(firn_str_to_i64(firn_str_split(&rest, '.'), &number));
    w->number = (int)number;
    assert_ok(digest_of(w, ref->snapshot_id, &found), &w->err);
    (void)snprintf(name, sizeof name, "w%d.%" PRId64 ".%" PRId64 ".%016" PRIx64, w->number, found.n,
                   found.sum, found.hash);
    assert_str(ref->name, name);
}

/* Every file of every snapshot is there, whole. */
static void check_snapshot(struct writer *w, const firn_snapshot *snapshot)
{
    firn_scan_plan plan;
    firn_store_entry entry;
    const firn_plan_opts opts = {.snapshot_id = snapshot->snapshot_id};
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    assert_ok(
        firn_scan_plan_files(w->lake.env, w->lake.store, m, &opts, w->lake.arena, &plan, &w->err),
        &w->err);
    for (size_t i = 0; i < plan.n_tasks; i++) {
        const firn_scan_task *task = &plan.tasks[i];
        assert_ok(firn_store_stat(w->lake.store, task->file->path, &entry, &w->err), &w->err);
        assert_int_equal(entry.size_bytes, task->file->file_size_bytes);
        for (size_t d = 0; d < task->n_deletes; d++) {
            const firn_data_file *file = &task->deletes[d]->file;
            assert_ok(firn_store_stat(w->lake.store, file->path, &entry, &w->err), &w->err);
            assert_int_equal(entry.size_bytes, file->file_size_bytes);
        }
    }
}

static void check_doctor(struct writer *w)
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

static int64_t judge_table(struct torture *t, struct writer *w, int table)
{
    firn_test_rows rows;
    firn_test_digest expected = {0};
    firn_test_digest found = {0};
    assert_ok(open_table(w, table), &w->err);
    const firn_table_metadata *m = firn_table_metadata_of(w->t.table);
    for (int i = 0; i < N_SLOTS; i++) {
        expected.n += t->shared->slots[i].now[table].n;
        expected.sum += t->shared->slots[i].now[table].sum;
        expected.hash += t->shared->slots[i].now[table].hash;
    }
    assert_ok(firn_test_rows_read(&w->t, m->current_snapshot_id < 0 ? -1 : 0, &rows, &w->err),
              &w->err);
    for (size_t i = 0; i < rows.n; i++) firn_test_digest_add(&found, &rows.items[i]);
    assert_int_equal(found.n, expected.n);
    assert_int_equal(found.sum, expected.sum);
    assert_true(found.hash == expected.hash);
    for (size_t i = 0; i < m->n_snapshots; i++) check_snapshot(w, &m->snapshots[i]);
    for (size_t i = 0; i < m->n_refs; i++) check_tag(w, &m->refs[i]);
    check_doctor(w);
    const int64_t n_snapshots = (int64_t)m->n_snapshots;
    firn_table_close(w->t.table);
    return n_snapshots;
}

static void judge_all(struct torture *t)
{
    int64_t n_snapshots = 0;
    struct writer w = {0};
    firn_test_lake_reopen(&w.lake, t->lake.folder, NULL);
    for (int i = 0; i < N_SLOTS; i++) {
        w.slot = &t->shared->slots[i];
        w.number = i;
        if (!resolve(&w)) fail_msg("slot %d: %s", i, w.err.message);
    }
    for (int i = 0; i < N_TABLES; i++) n_snapshots += judge_table(t, &w, i);
    firn_test_lake_close(&w.lake, true);
    print_message("%" PRId64 " snapshots looked at\n", n_snapshots);
}

static void print_counts(const struct torture *t)
{
    int64_t unknown = 0;
    int64_t landed = 0;
    int64_t lost = 0;
    for (int op = 0; op < N_OPS; op++) {
        int64_t n[3] = {0};
        for (int i = 0; i < N_SLOTS; i++) {
            n[0] += t->shared->slots[i].n_begun[op];
            n[1] += t->shared->slots[i].n_landed[op];
            n[2] += t->shared->slots[i].n_refused[op];
        }
        print_message("%-13s %6" PRId64 " begun %6" PRId64 " landed %6" PRId64 " refused\n",
                      k_op_names[op], n[0], n[1], n[2]);
    }
    for (int i = 0; i < N_SLOTS; i++) {
        unknown += t->shared->slots[i].n_unknown;
        landed += t->shared->slots[i].n_resolved_landed;
        lost += t->shared->slots[i].n_resolved_lost;
    }
    print_message("%" PRId64 " killed at random, %" PRId64
                  " died at failpoints; under way: %" PRId64 " had landed, %" PRId64
                  " had not; %" PRId64 " answers unknown\n",
                  t->n_killed, t->n_died, landed, lost, unknown);
}

/* ---- main ---- */

static int64_t number_from_env(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    int64_t value = 0;
    return text && firn_str_to_i64(firn_str_of(text), &value) ? value : fallback;
}

static void make_tables(struct torture *t)
{
    firn_error err;
    const firn_test_row_table rows = {.env = t->lake.env,
                                      .store = t->lake.store,
                                      .catalog = t->lake.catalog,
                                      .arena = t->lake.arena};
    for (int i = 0; i < N_TABLES; i++) {
        const firn_property properties[] = {
            {FIRN_STR_INIT("format-version"), firn_str_of(k_tables[i].version)},
            {FIRN_STR_INIT("commit.retry.num-retries"), FIRN_STR_INIT("20")},
            {FIRN_STR_INIT("commit.retry.min-wait-ms"), FIRN_STR_INIT("2")},
            {FIRN_STR_INIT("commit.retry.max-wait-ms"), FIRN_STR_INIT("50")},
            {FIRN_STR_INIT("commit.status-check.min-wait-ms"), FIRN_STR_INIT("2")},
            {FIRN_STR_INIT("commit.manifest.min-count-to-merge"), FIRN_STR_INIT("6")},
            {FIRN_STR_INIT("write.metadata.previous-versions-max"), FIRN_STR_INIT("20")},
            {FIRN_STR_INIT("write.metadata.delete-after-commit.enabled"), FIRN_STR_INIT("true")},
        };
        const firn_ident ident = firn_test_ident(k_tables[i].name);
        assert_ok(firn_test_row_table_create(&rows, &ident, k_tables[i].is_partitioned, properties,
                                             sizeof properties / sizeof *properties, &err),
                  &err);
    }
}

static void run_torture(bool appends)
{
    struct torture t = {.appends = appends};
    const int64_t seed = number_from_env("TORTURE_SEED", now_ms());
    const int64_t n_kills = number_from_env("TORTURE_KILLS", 0);
    const int64_t end = now_ms() + number_from_env("TORTURE_SECONDS", 2) * 1000;
    print_message("seed %" PRId64 "\n", seed);
    firn_test_lake_open(&t.lake, true, NULL);
    make_tables(&t);
    firn_prng_init(&t.prng, (uint64_t)seed);
    t.shared =
        mmap(NULL, sizeof *t.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(t.shared != MAP_FAILED);
    memset(t.shared, 0, sizeof *t.shared);
    for (int i = 0; i < N_SLOTS; i++) start(&t, i);
    while (n_kills > 0 ? t.n_killed < n_kills : now_ms() < end) {
        sleep_ms((int64_t)firn_prng_below(&t.prng, 60));
        reap(&t);
        kill_one(&t);
    }
    stop_all(&t);
    print_counts(&t);
    judge_all(&t);
    (void)munmap(t.shared, sizeof *t.shared);
    firn_test_lake_close(&t.lake, false);
}

static void test_killed_writers_never_lie(void **state)
{
    (void)state;
    run_torture(false);
}

static void test_killed_writers_that_share_commits_never_lie(void **state)
{
    (void)state;
    run_torture(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_writers_never_lie),
        cmocka_unit_test(test_killed_writers_that_share_commits_never_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
