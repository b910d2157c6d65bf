/* SPDX-License-Identifier: Apache-2.0 */
/* Which pairs of concurrent commits conflict: every case that tests/data/commit_conflicts.tsv has,
 * with the verdict of Iceberg's Java library (made by tests/peers/java, class Conflicts). */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

#define MAX_LINE 256

struct row {
    char version[4];
    char mine[32];
    char theirs[32];
    char place[16];
    char isolation[16];
    char verdict[16];
};

struct scene {
    firn_test_lake *lake;
    firn_table *table;
    int32_t version;
    int n_made;
};

/* ---- files: "a" is day 1 with ids 0-9, "b" day 2 with ids 10-19 ---- */

static firn_data_file data(struct scene *s, const char *name, int at)
{
    return firn_test_data_file(s->lake, s->table, name, at + 1, 10 * at, 10);
}

static firn_data_file deletes(struct scene *s, int at)
{
    const firn_metric_map none = {0};
    char name[32];
    (void)snprintf(name, sizeof name, "d%d", s->n_made++);
    firn_data_file file = data(s, name, at);
    file.record_count = 2;
    file.value_counts = file.null_value_counts = file.lower_bounds = file.upper_bounds = none;
    return file;
}

static firn_data_file positions(struct scene *s, int at)
{
    firn_data_file file = deletes(s, at);
    file.content = FIRN_CONTENT_POSITION_DELETES;
    file.referenced_data_file = data(s, at == 0 ? "a" : "b", at).path;
    if (s->version < 3) return file;
    file.format = FIRN_FILE_PUFFIN;
    file.content_offset = 4;
    file.content_size_bytes = 40;
    return file;
}

static firn_data_file equality(struct scene *s, int at)
{
    static const int32_t ids[] = {1};
    firn_data_file file = deletes(s, at);
    file.content = FIRN_CONTENT_EQUALITY_DELETES;
    file.equality_ids = ids;
    file.n_equality_ids = 1;
    return file;
}

/* ---- operations ---- */

struct operation {
    firn_data_file added[2];
    firn_file_key removed;
    firn_change change;
};

static void fill(struct scene *s, const char *name, const char *file_name, int at,
                 struct operation *op)
{
    firn_change *c = &op->change;
    *op = (struct operation){.added = {data(s, file_name, at)},
                             .removed = {.path = data(s, at == 0 ? "a" : "b", at).path},
                             .change = {.n_added = 1, .carries_row_ids = true}};
    c->added = op->added;
    c->removed = &op->removed;
    if (strcmp(name, "append") == 0) return;
    if (strcmp(name, "replace_partitions") == 0) {
        c->kind = FIRN_CHANGE_REPLACE_PARTITIONS;
        return;
    }
    if (strcmp(name, "overwrite_filter") == 0) {
        c->kind = FIRN_CHANGE_OVERWRITE;
        return;
    }
    if (strstr(name, "rewrite") || strcmp(name, "overwrite_files") == 0 ||
        strcmp(name, "delete_file") == 0) {
        c->kind = strstr(name, "rewrite") ? FIRN_CHANGE_REWRITE : FIRN_CHANGE_OVERWRITE;
        c->n_removed = 1;
        if (strcmp(name, "delete_file") == 0) c->n_added = 0;
        return;
    }
    c->kind = FIRN_CHANGE_ROW_DELTA;
    if (strcmp(name, "update_rows") == 0) {
        c->is_update = true;
        op->added[1] = positions(s, at);
        c->n_added = 2;
        return;
    }
    op->added[0] = strcmp(name, "equality_delete") == 0 ? equality(s, at) : positions(s, at);
}

static const firn_expr *first_ten(struct scene *s)
{
    const firn_value ten = {.kind = FIRN_TYPE_LONG, .as.i64 = 10};
    const firn_expr *bound = NULL;
    firn_error err;
    const firn_expr *e = firn_expr_predicate(s->lake->arena, FIRN_EXPR_LT, FIRN_STR("id"), &ten, 1);
    assert_non_null(e);
    assert_ok(firn_expr_bind(e, firn_metadata_schema(firn_table_metadata_of(s->table)),
                             s->lake->arena, &bound, &err),
              &err);
    return bound;
}

static firn_status commit(firn_table *table, const firn_change *change, firn_error *err)
{
    firn_txn *txn = NULL;
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_status st = firn_txn_change_files(txn, change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

static void commit_theirs(struct scene *s, const struct row *row)
{
    struct operation op;
    firn_error err;
    firn_table *other = firn_test_table_open(s->lake, "t");
    fill(s, row->theirs, "theirs", strcmp(row->place, "same") == 0 ? 0 : 1, &op);
    op.change.from_snapshot_id = firn_table_metadata_of(other)->current_snapshot_id;
    assert_ok(commit(other, &op.change, &err), &err);
    firn_table_close(other);
}

static firn_status commit_mine(struct scene *s, const struct row *row, firn_error *err)
{
    struct operation op;
    const firn_table_metadata *read = firn_table_metadata_of(s->table);
    fill(s, row->mine, "mine", 0, &op);
    op.change.from_snapshot_id = read->current_snapshot_id;
    op.change.isolation = strcmp(row->isolation, "snapshot") == 0 ? FIRN_ISOLATION_SNAPSHOT
                                                                  : FIRN_ISOLATION_SERIALIZABLE;
    op.change.filter = first_ten(s);
    if (strcmp(row->mine, "overwrite_filter") == 0) op.change.remove_filter = op.change.filter;
    if (strcmp(row->mine, "rewrite_kept_sequence") == 0)
        op.change.data_sequence_number = read->last_sequence_number;
    return commit(s->table, &op.change, err);
}

static const char *verdict_of(firn_test_lake *lake, const struct row *row)
{
    struct scene s = {.lake = lake, .version = row->version[0] - '0'};
    firn_error err;
    const firn_ident ident = firn_test_ident("t");
    const firn_catalog_ops *ops = firn_catalog_get_ops(lake->catalog);
    s.table = firn_test_table(lake, "t", true, "format-version", row->version, NULL);
    assert_ok(firn_test_append(lake, s.table, "a", 1, 0, 10, &err), &err);
    assert_ok(firn_test_append(lake, s.table, "b", 2, 10, 10, &err), &err);
    commit_theirs(&s, row);
    const firn_status st = commit_mine(&s, row, &err);
    if (st != FIRN_ERR_CONFLICT) assert_ok(st, &err);
    firn_table_close(s.table);
    assert_ok(ops->drop_table(firn_catalog_ctx(lake->catalog), &ident, &err), &err);
    return st == FIRN_OK ? "ok" : "conflict";
}

static bool parse(const char *line, struct row *row)
{
    return sscanf(line, "%3s %31s %31s %15s %15s %15s", row->version, row->mine, row->theirs,
                  row->place, row->isolation, row->verdict) == 6;
}

static void test_every_pair_has_javas_verdict(void **state)
{
    firn_test_lake *lake = *state;
    char line[MAX_LINE];
    struct row row;
    int n = 0;
    int n_wrong = 0;
    FILE *file = fopen(FIRN_TEST_DATA "/commit_conflicts.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file)); /* names */
    while (fgets(line, sizeof line, file)) {
        assert_true(parse(line, &row));
        const char *verdict = verdict_of(lake, &row);
        n++;
        if (strcmp(verdict, row.verdict) == 0) continue;
        n_wrong++;
        print_message("%s, Iceberg says %s: %s", verdict, row.verdict, line);
    }
    (void)fclose(file);
    assert_int_equal(n, 632);
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_pair_has_javas_verdict, firn_test_memory_lake,
                                        firn_test_lake_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
