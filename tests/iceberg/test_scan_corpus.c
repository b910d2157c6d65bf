/* SPDX-License-Identifier: Apache-2.0 */
/* Scans of tables written by PyIceberg, Spark, Flink and Iceberg's Java library, against the rows
 * and planned files those writers' own readers give: every snapshot, reference and filter of every
 * table. Most need FIRN_CORPORA. What firn does not read (ORC data, types) must be refused, and is
 * counted by reason. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "canonical_rows.h"
#include "corpus.h"
#include "filter_parser.h"
#include "firn_test.h"
#include "format/json/json.h"
#include "iceberg/scan/exact_filter.h"
#include "iceberg/scan/read.h"
#include "iceberg/spec/metadata_json.h"
#include "store/local.h"
#include "store/mapped.h"
#include "store/store_read.h"

typedef struct tally {
    int tables, scans, scans_refused, filters, filters_planned_alike, filters_planned_fewer;
    int failures;
} tally;

typedef struct suite {
    firn_env *env;
    firn_store *local;
    firn_store *store; /* the corpus' locations, in local */
    firn_arena *arena; /* of one table */
    const firn_table_metadata *metadata;
    const char *table;
    int table_refused; /* scans of this table */
    tally n;
} suite;

static void complain(suite *s, const char *what, const char *detail, const firn_error *err)
{
    s->n.failures++;
    print_message("FAILED %s: %s: %s%s%s\n", s->table, what, detail, err ? ": " : "",
                  err ? err->message : "");
}

/* ---- one scan ---- */

typedef struct scan_result {
    int64_t n_rows;
    size_t n_files, n_deletes; /* planned; delete files for each data file they apply to */
    char md5[33];
} scan_result;

static firn_status read_rows(suite *s, firn_scan_reader *reader, const firn_schema *schema,
                             const firn_expr *filter, firn_test_lines *lines, firn_error *err)
{
    uint64_t keep[FIRN_BATCH_ROWS / 64];
    firn_batch *batch = NULL;
    firn_status st = firn_batch_create(&schema->root, FIRN_BATCH_ROWS, &batch, err);
    (void)s;
    while (st == FIRN_OK) {
        firn_batch_reset(batch);
        st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, NULL, err);
        if (st != FIRN_OK) break;
        memset(keep, 0xff, sizeof keep);
        st = firn_expr_keep_rows(filter, &schema->root, batch, keep, err);
        for (int64_t row = 0; st == FIRN_OK && row < batch->n_rows; row++)
            if (keep[row >> 6] >> (row & 63) & 1) firn_test_lines_add(lines, batch, row);
    }
    firn_batch_destroy(batch);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* pruning: what the planner and the reader may leave rows out by; filter: what rows must pass. */
static firn_status scan(suite *s, int64_t snapshot_id, const firn_schema *schema,
                        const firn_expr *pruning, const firn_expr *filter, scan_result *out,
                        firn_error *err)
{
    firn_scan_plan plan;
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_test_lines lines = {.arena = s->arena};
    const firn_plan_opts opts = {.snapshot_id = snapshot_id, .schema = schema, .filter = pruning};

    *out = (scan_result){0};
    FIRN_TRY(firn_scan_plan_files(s->env, s->store, s->metadata, &opts, s->arena, &plan, err));
    out->n_files = plan.n_tasks;
    for (size_t i = 0; i < plan.n_tasks; i++) out->n_deletes += plan.tasks[i].n_deletes;
    FIRN_TRY(firn_scan_queue_create(s->env, s->store, s->metadata, &plan, &queue, err));
    firn_status st = firn_scan_reader_open(queue, &schema->root, pruning, &reader, err);
    if (st == FIRN_OK) st = read_rows(s, reader, schema, filter, &lines, err);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    if (st != FIRN_OK) return st;
    out->n_rows = (int64_t)lines.n;
    firn_test_lines_md5(&lines, out->md5);
    return FIRN_OK;
}

/* False if the scan was refused. Complains about wrong rows. */
static bool check_scan(suite *s, const char *what, int64_t snapshot_id, const firn_schema *schema,
                       const firn_expr *filter, const json_t *expected, scan_result *out)
{
    firn_error err = {0};
    char detail[200];
    const firn_status st = scan(s, snapshot_id, schema, filter, filter, out, &err);
    s->n.scans++;
    if (st == FIRN_ERR_UNSUPPORTED && strstr(err.message, "not supported: ")) {
        if (s->table_refused++ == 0)
            print_message("refused %s: %s: %.90s\n", s->table, what, err.message);
        s->n.scans_refused++;
        return false;
    }
    if (st != FIRN_OK) {
        complain(s, what, firn_status_name(st), &err);
        return false;
    }
    const int64_t rows = json_integer_value(json_object_get(expected, "rows"));
    const char *md5 = json_string_value(json_object_get(expected, "sorted_rows_md5"));
    snprintf(detail, sizeof detail, "%" PRId64 " rows %s, expected %" PRId64 " rows %s",
             out->n_rows, out->md5, rows, md5);
    if (out->n_rows != rows || !md5 || strcmp(md5, out->md5) != 0) complain(s, what, detail, NULL);
    return true;
}

/* ---- one table ---- */

static const firn_schema *schema_of_snapshot(const suite *s, int64_t snapshot_id)
{
    const firn_snapshot *snapshot = firn_metadata_find_snapshot(s->metadata, snapshot_id);
    const firn_schema *schema =
        snapshot ? firn_metadata_find_schema(s->metadata, snapshot->schema_id) : NULL;
    return schema ? schema : firn_metadata_schema(s->metadata);
}

/* Do the expected columns name this schema's? PyIceberg and Spark differ in whose schema it is. */
static bool names_match(const firn_schema *schema, const json_t *columns)
{
    if (json_array_size(columns) != schema->root.n_fields) return false;
    for (size_t i = 0; i < schema->root.n_fields; i++)
        if (!firn_str_equals(schema->root.fields[i].name,
                             firn_str_of(json_string_value(json_array_get(columns, i)))))
            return false;
    return true;
}

static const firn_schema *schema_for(const suite *s, int64_t snapshot_id, const json_t *expected)
{
    const json_t *columns = json_object_get(expected, "columns");
    const firn_schema *schema = schema_of_snapshot(s, snapshot_id);
    if (!columns) return firn_metadata_schema(s->metadata);
    if (names_match(schema, columns)) return schema;
    return names_match(firn_metadata_schema(s->metadata), columns)
               ? firn_metadata_schema(s->metadata)
               : NULL;
}

static void check_snapshot(suite *s, const char *what, int64_t snapshot_id, const json_t *expected)
{
    scan_result result;
    if (!json_object_get(expected, "rows")) return;
    const firn_schema *schema = schema_for(s, snapshot_id, expected);
    if (!schema) {
        complain(s, what, "no schema has the expected columns", NULL);
        return;
    }
    check_scan(s, what, snapshot_id, schema, firn_expr_true(), expected, &result);
}

/* Filters whose matching rows Iceberg's own pruning loses. The reference is the same filter over
 * all files. */
static const struct {
    const char *table, *filter, *why;
} k_pruned_by_reference[] = {
    {"all_types", "d > 1.5", "a NaN is above all numbers, and bounds leave it out"},
    {"tr_numbers", "quantity < 0", "truncate wraps around at the least int"},
};

static const char *why_pruned(const suite *s, const char *filter)
{
    for (size_t i = 0; i < sizeof k_pruned_by_reference / sizeof k_pruned_by_reference[0]; i++)
        if (strcmp(k_pruned_by_reference[i].table, s->table) == 0 &&
            strcmp(k_pruned_by_reference[i].filter, filter) == 0)
            return k_pruned_by_reference[i].why;
    return NULL;
}

static void check_against_full_scan(suite *s, const char *text, const firn_expr *filter,
                                    const json_t *item)
{
    firn_error err = {0};
    scan_result all = {0};
    scan_result pruned = {0};
    const firn_schema *schema = firn_metadata_schema(s->metadata);
    const int64_t rows = json_integer_value(json_object_get(json_object_get(item, "scan"), "rows"));
    assert_ok(scan(s, 0, schema, firn_expr_true(), filter, &all, &err), &err);
    assert_ok(scan(s, 0, schema, filter, filter, &pruned, &err), &err);
    if (strcmp(all.md5, pruned.md5) != 0) complain(s, text, "rows are lost by pruning", NULL);
    if (all.n_rows <= rows) complain(s, text, "the reference loses no rows any more", NULL);
}

/* Fewer than Java would be wrong. More is right where Java leaves an equality delete file out for
 * columns that are in it but are not compared. */
static void check_deletes_planned(suite *s, const char *text, const scan_result *result,
                                  const json_t *item)
{
    char detail[200];
    const json_t *planned = json_object_get(item, "delete_files_planned");
    const int64_t n = json_integer_value(planned);
    if (!planned ||
        (int64_t)result->n_files != json_integer_value(json_object_get(item, "files_planned")))
        return;
    snprintf(detail, sizeof detail, "%zu delete files planned, expected %" PRId64,
             result->n_deletes, n);
    if ((int64_t)result->n_deletes < n) complain(s, text, detail, NULL);
    if ((int64_t)result->n_deletes > n) print_message("more %s: %s: %s\n", s->table, text, detail);
}

static void check_files_planned(suite *s, const char *text, const scan_result *result,
                                const json_t *item)
{
    char detail[200];
    const size_t n_files = result->n_files;
    const int64_t planned = json_integer_value(json_object_get(item, "files_planned"));
    snprintf(detail, sizeof detail, "%zu files planned, expected %" PRId64, n_files, planned);
    if ((int64_t)n_files > planned) complain(s, text, detail, NULL);
    check_deletes_planned(s, text, result, item);
    if ((int64_t)n_files == planned) s->n.filters_planned_alike++;
    if ((int64_t)n_files < planned) {
        s->n.filters_planned_fewer++;
        print_message("fewer %s: %s: %s\n", s->table, text, detail);
    }
}

static void check_filter(suite *s, const json_t *item)
{
    firn_error err = {0};
    scan_result result = {0};
    const char *text = json_string_value(json_object_get(item, "filter"));
    const firn_schema *schema = firn_metadata_schema(s->metadata);
    const firn_expr *bound = NULL;
    const firn_status st =
        firn_expr_bind(firn_test_filter(s->arena, text), schema, s->arena, &bound, &err);
    if (st != FIRN_OK) {
        complain(s, text, "bind", &err);
        return;
    }
    s->n.filters++;
    if (why_pruned(s, text)) {
        print_message("more rows than %s: %s: %s\n", s->table, text, why_pruned(s, text));
        check_against_full_scan(s, text, bound, item);
        return;
    }
    check_scan(s, text, 0, schema, bound, json_object_get(item, "scan"), &result);
    check_files_planned(s, text, &result, item);
}

static void check_table(suite *s, const json_t *expected)
{
    size_t i;
    json_t *item;
    const json_t *current = json_object_get(expected, "current");
    if (current) check_snapshot(s, "current", 0, current);
    if (json_object_get(expected, "rows")) check_snapshot(s, "current", 0, expected);
    json_array_foreach(json_object_get(expected, "snapshots"), i, item)
    {
        char what[64];
        const int64_t id = json_integer_value(json_object_get(item, "snapshot_id"));
        snprintf(what, sizeof what, "snapshot %" PRId64, id);
        check_snapshot(s, what, id, json_object_get(item, "scan"));
    }
    json_array_foreach(json_object_get(expected, "refs_scan"), i, item)
    {
        const char *name = json_string_value(json_object_get(item, "ref"));
        const firn_snapshot_ref *ref = firn_metadata_find_ref(s->metadata, firn_str_of(name));
        if (ref)
            check_snapshot(s, name, ref->snapshot_id, json_object_get(item, "scan"));
        else
            complain(s, name, "no such reference", NULL);
    }
    json_array_foreach(json_object_get(expected, "filters"), i, item) check_filter(s, item);
}

static firn_status load_table(suite *s, const json_t *expected, firn_error *err)
{
    firn_str bytes;
    const char *location = json_string_value(json_object_get(expected, "metadata_file"));
    if (!location) return firn_fail(err, FIRN_ERR_ARG, "no metadata_file");
    FIRN_TRY(firn_store_read_all(s->store, firn_str_of(location), (size_t)64 << 20, s->arena,
                                 &bytes, err));
    return firn_metadata_parse(bytes, s->arena, &s->metadata, err);
}

static void run_table(void *ctx, const char *name, firn_str bytes)
{
    suite *s = ctx;
    firn_error err = {0};
    json_t *expected = NULL;
    char table[256];
    const char *only = getenv("FIRN_TEST_TABLE");
    if (only && strncmp(only, name, strlen(only)) != 0) return;
    if (firn_str_ends_with(firn_str_of(name), FIRN_STR(".lineage.json"))) return;
    s->arena = firn_arena_create(NULL, 0);
    snprintf(table, sizeof table, "%.*s", (int)(strlen(name) - strlen(".json")), name);
    s->table = table;
    s->metadata = NULL;
    s->table_refused = 0;
    assert_ok(firn_json_parse(bytes, s->arena, &expected, &err), &err);
    const json_t *rendered = json_object_get(expected, "rendered_columns");
    if (!json_object_get(expected, "metadata_file") || json_object_get(expected, "view_uuid")) {
        print_message("skipped %s: not a table\n", table);
    } else if (rendered && !json_is_null(rendered)) {
        print_message("skipped %s: columns rendered by another reader\n", table);
    } else if (load_table(s, expected, &err) != FIRN_OK) {
        complain(s, "metadata", "", &err);
    } else {
        s->n.tables++;
        check_table(s, expected);
        if (s->table_refused > 1)
            print_message("        %s: %d scans in all\n", s->table, s->table_refused);
    }
    firn_arena_destroy(s->arena);
}

static void run_tables(firn_arena *arena, const char *root, const char *prefix, int min_tables)
{
    firn_error err = {0};
    suite s = {0};
    char path[1024];
    snprintf(path, sizeof path, "%s/bucket/", root);
    const firn_path_mapping mapping = {firn_str_of(prefix), firn_str_of(path)};
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 2), &s.env, &err), &err);
    assert_ok(firn_store_create(&s.local, &err), &err);
    assert_ok(firn_store_add_local(s.local, s.env, &err), &err);
    assert_ok(firn_store_create_mapped(s.local, &mapping, 1, &s.store, &err), &err);
    snprintf(path, sizeof path, "%s/expected", root);
    corpus_each(arena, path, ".json", run_table, &s);
    print_message("%s: %d tables, %d scans, %d refused; %d filters: %d planned alike, %d fewer\n",
                  root, s.n.tables, s.n.scans, s.n.scans_refused, s.n.filters,
                  s.n.filters_planned_alike, s.n.filters_planned_fewer);
    firn_store_destroy(s.store);
    firn_store_destroy(s.local);
    firn_env_destroy(s.env);
    assert_int_equal(s.n.failures, 0);
    if (!getenv("FIRN_TEST_TABLE")) assert_true(s.n.tables >= min_tables);
}

static void run_corpus(const char *corpus, const char *prefix, int min_tables)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const char *root = corpus_path(arena, corpus);
    if (root) run_tables(arena, root, prefix, min_tables);
    firn_arena_destroy(arena);
    if (!root) skip();
}

static void test_tables_with_deletes_give_the_rows_that_are_left(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    run_tables(arena, corpus_data_path(arena, "deletes"), "s3://firn-fixtures/", 3);
    firn_arena_destroy(arena);
}

static void test_pyiceberg_tables_give_their_rows(void **state)
{
    (void)state;
    run_corpus("own-tables", "s3://firn-fixtures/", 23);
}

static void test_spark_tables_give_their_rows(void **state)
{
    (void)state;
    run_corpus("spark-tables", "file:/firn-fixtures/", 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_with_deletes_give_the_rows_that_are_left),
        cmocka_unit_test(test_pyiceberg_tables_give_their_rows),
        cmocka_unit_test(test_spark_tables_give_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
