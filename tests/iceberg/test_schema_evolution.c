/* SPDX-License-Identifier: Apache-2.0 */
/* Which schema changes are made and which refused, and what comes out: every case that
 * tests/data/schema_evolution.tsv has, with the verdict of Iceberg's Java library (made by
 * tests/peers/java, class Evolution). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/json/json.h"
#include "iceberg/spec/metadata_builder.h"
#include "iceberg/spec/schema_json.h"
#include "iceberg/txn/txn_internal.h"
#include "lake_fixture.h"

#define MAX_LINE 16384

struct row {
    char version[4];
    char change[32];
    char column[32];
    char argument[32];
    char verdict[16];
    char detail[MAX_LINE];
};

static const char k_different[] = "different";

/* ---- what differs on purpose: docs/iceberg.md, "Evolution" ---- */

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    const size_t n = strlen(text);
    return n >= strlen(with) && is(text + n - strlen(with), with);
}

static bool is_date(const char *column)
{
    return is(column, "c_date") || is(column, "ls.element.y") || is(column, "d");
}

/* NULL: none. */
static const char *explanation(const struct row *row)
{
    const char *change = row->change;
    const char *column = row->column;
    const bool is_v3 = is(row->version, "3");
    if (is(change, "promote") && is_v3 && is_date(column) &&
        (is(row->argument, "timestamp") || is(row->argument, "timestamp_ns")))
        return "the specification lets dates become timestamps";
    if (is(change, "require")) return "the table has no rows, so no row has null";
    if (is(change, "default") && !is_v3) return "defaults are of version 3";
    if (is(change, "default") && (is_date(column) || starts(column, "c_time")))
        return "an integer is no date and no time";
    if (is(change, "rename") && (ends(column, ".element") || ends(column, ".value")))
        return "elements and values have no name of their own";
    if (is(change, "default") && (ends(column, ".element") || ends(column, ".value")))
        return "elements and values have no defaults";
    if (is(change, "first") && is(column, "ms.key.k")) return "map keys do not change";
    if (is(change, "drop") && (is(column, "p") || is(column, "d") || is(column, "o")))
        return "partition fields and the sort order need their columns";
    if ((is(change, "rename") || starts(change, "add")) &&
        (is(row->argument, "C_LONG") || is(row->argument, "C_INT") || is(row->argument, "I")))
        return "names that differ in case only are ambiguous for most engines";
    return NULL;
}

/* ---- changes ---- */

static firn_str last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return firn_str_of(dot ? dot + 1 : path);
}

static firn_status add(firn_txn *txn, const struct row *row, firn_error *err)
{
    static const firn_type integer = {.kind = FIRN_TYPE_INT};
    static const firn_value five = {.kind = FIRN_TYPE_INT, .as.i32 = 5};
    char path[80];
    const bool is_root = is(row->column, "-");
    (void)snprintf(path, sizeof path, "%s%s%s", is_root ? "" : row->column, is_root ? "" : ".",
                   row->argument);
    const firn_field field = {.type = &integer,
                              .is_required = starts(row->change, "add_required"),
                              .initial_default = strstr(row->change, "default") ? &five : NULL};
    return firn_txn_add_field(txn, firn_str_of(path), &field, (firn_position){0}, err);
}

static firn_status move(firn_txn *txn, const struct row *row, firn_position_kind kind,
                        firn_error *err)
{
    const firn_position position = {kind, last_part(row->argument)};
    return firn_txn_move_column(txn, firn_str_of(row->column), position, err);
}

static firn_status apply(firn_txn *txn, const struct row *row, firn_error *err)
{
    static const firn_value five = {.kind = FIRN_TYPE_INT, .as.i32 = 5};
    const firn_str column = firn_str_of(row->column);
    firn_type type;
    if (is(row->change, "promote")) {
        assert_ok(firn_type_parse_primitive(firn_str_of(row->argument), &type, err), err);
        return firn_txn_promote_column(txn, column, &type, err);
    }
    if (is(row->change, "drop")) return firn_txn_drop_column(txn, column, err);
    if (is(row->change, "optional")) return firn_txn_make_optional(txn, column, err);
    if (is(row->change, "require"))
        return firn_txn_make_required(txn, column, FIRN_ROWS_CHECKED, err);
    if (is(row->change, "first")) return move(txn, row, FIRN_POSITION_FIRST, err);
    if (is(row->change, "after")) return move(txn, row, FIRN_POSITION_AFTER, err);
    if (is(row->change, "before")) return move(txn, row, FIRN_POSITION_BEFORE, err);
    if (is(row->change, "identifier")) return firn_txn_set_identifier_fields(txn, &column, 1, err);
    if (is(row->change, "default")) return firn_txn_set_default(txn, column, &five, err);
    if (is(row->change, "rename"))
        return firn_txn_rename_column(txn, column, firn_str_of(row->argument), err);
    return add(txn, row, err);
}

/* ---- what comes out ---- */

struct lines {
    firn_arena *arena;
    firn_str items[128];
    size_t n;
};

static void add_lines(struct lines *lines, const firn_type *type, firn_str prefix)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        char kind[64];
        const firn_field *f = &type->fields[i];
        const bool is_nested = !firn_type_is_primitive(f->type);
        const firn_str name = firn_arena_printf(lines->arena, "%.*s%.*s", FIRN_STR_ARG(prefix),
                                                FIRN_STR_ARG(f->name));
        lines->items[lines->n++] = firn_arena_printf(
            lines->arena, "%.*s %zu %d %s%s%s%s", FIRN_STR_ARG(name), i, (int)f->id,
            is_nested ? "nested" : firn_type_name(f->type, kind, sizeof kind),
            f->is_required ? " required" : " optional", f->initial_default ? " initial" : "",
            f->write_default ? " write" : "");
        if (is_nested)
            add_lines(lines, f->type, firn_arena_printf(lines->arena, "%.*s.", FIRN_STR_ARG(name)));
    }
}

static void all_lines(struct lines *lines, const firn_schema *schema)
{
    lines->n = 0;
    add_lines(lines, &schema->root, FIRN_STR(""));
    lines->items[lines->n++] = firn_arena_printf(
        lines->arena, "identifier [%d]",
        schema->n_identifier_field_ids > 0 ? (int)schema->identifier_field_ids[0] : 0);
}

/* The lines of after that before does not have. */
static void difference(const firn_schema *before, const firn_schema *after, firn_arena *arena,
                       char *out, size_t size)
{
    struct lines old = {.arena = arena};
    struct lines new = {.arena = arena};
    size_t len = 0;
    all_lines(&old, before);
    all_lines(&new, after);
    (void)snprintf(out, size, "-");
    for (size_t i = 0; i < new.n; i++) {
        size_t at = 0;
        while (at < old.n && !firn_str_equals(old.items[at], new.items[i])) at++;
        if (at < old.n) continue;
        len += (size_t)snprintf(out + len, size - len, "%s%.*s", len > 0 ? "; " : "",
                                FIRN_STR_ARG(new.items[i]));
    }
}

/* ---- cases ---- */

static firn_table *make_table(firn_test_lake *lake, const char *json, const char *version)
{
    firn_error err;
    json_t *parsed = NULL;
    const firn_schema *schema = NULL;
    firn_table *table = NULL;
    const firn_ident ident = firn_test_ident(version);
    assert_ok(firn_json_parse(firn_str_of(json), lake->arena, &parsed, &err), &err);
    assert_ok(firn_schema_from_json(parsed, lake->arena, &schema, &err), &err);
    const firn_partition_field fields[] = {
        {.source_id = firn_schema_find_name(schema, FIRN_STR("p"))->id},
        {.source_id = firn_schema_find_name(schema, FIRN_STR("d"))->id,
         .transform = {.kind = FIRN_TRANSFORM_DAY}}};
    const firn_sort_field by = {.source_id = firn_schema_find_name(schema, FIRN_STR("o"))->id};
    const firn_partition_spec spec = {.fields = fields, .n_fields = 2};
    const firn_sort_order order = {.fields = &by, .n_fields = 1};
    const firn_property property = {FIRN_STR("format-version"), firn_str_of(version)};
    assert_ok(firn_table_create(lake->env, lake->store, lake->catalog, &ident,
                                FIRN_TABLE_CREATE_OPTS(.schema = schema, .spec = &spec,
                                                       .sort_order = &order,
                                                       .properties = {&property, 1}),
                                &table, &err),
              &err);
    return table;
}

static const char *verdict(firn_table *table, const struct row *row, firn_error *err)
{
    static char detail[MAX_LINE];
    firn_txn *txn = NULL;
    const char *out = "refused";
    const firn_table_metadata *m = firn_table_metadata_of(table);
    firn_arena *arena = firn_arena_create(NULL, 0);
    assert_ok(firn_txn_begin(table, &txn, err), err);
    firn_status st = apply(txn, row, err);
    if (st == FIRN_OK) st = firn_schema_check(txn->draft.schema, m->format_version, err);
    if (st == FIRN_OK) {
        difference(firn_metadata_schema(m), txn->draft.schema, arena, detail, sizeof detail);
        out = is(detail, row->detail) || is(row->verdict, "refused") ? "ok" : k_different;
        if (out == k_different) print_message("firn makes %s\n", detail);
    }
    firn_txn_close(txn);
    firn_arena_destroy(arena);
    return out;
}

static bool parse(char *line, struct row *row)
{
    line[strcspn(line, "\n")] = '\0';
    return sscanf(line, "%3[^\t]\t%31[^\t]\t%31[^\t]\t%31[^\t]\t%15[^\t]\t%16383[^\t]",
                  row->version, row->change, row->column, row->argument, row->verdict,
                  row->detail) == 6;
}

static void test_every_change_ends_as_in_java(void **state)
{
    static char line[MAX_LINE];
    static char schema[MAX_LINE];
    static struct row row;
    firn_test_lake lake;
    firn_table *tables[2];
    int n_rows = 0;
    int n_wrong = 0;
    int n_explained = 0;
    (void)state;
    firn_test_lake_open_in_memory(&lake);
    FILE *file = fopen(FIRN_TEST_DATA "/schema_evolution.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(schema, sizeof schema, file));
    tables[0] = make_table(&lake, schema, "2");
    tables[1] = make_table(&lake, schema, "3");
    while (fgets(line, sizeof line, file)) {
        firn_error err = {0};
        assert_true(parse(line, &row));
        const char *got = verdict(tables[is(row.version, "3")], &row, &err);
        n_rows++;
        if (is(got, row.verdict)) continue;
        n_explained += explanation(&row) != NULL;
        if (explanation(&row) && got != k_different) continue;
        n_wrong++;
        print_message("v%s %s %s %s: %s, firn says %s: %s\n", row.version, row.change, row.column,
                      row.argument, row.verdict, got, err.message);
    }
    (void)fclose(file);
    firn_table_close(tables[0]);
    firn_table_close(tables[1]);
    firn_test_lake_close(&lake, false);
    assert_int_equal(n_wrong, 0);
    assert_int_equal(n_rows, 3312);
    print_message("%d cases, %d differ on purpose\n", n_rows, n_explained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_change_ends_as_in_java)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
