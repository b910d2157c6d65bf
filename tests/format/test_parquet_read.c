/* SPDX-License-Identifier: Apache-2.0 */
/* Reading Parquet files of pyarrow and others: values, projection, promotion, defaults, memory of
 * the caller, statistics. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/parquet/layout/parquet_meta.h"
#include "parquet_canon.h"

typedef struct fixture {
    firn_arena *arena;
    firn_str bytes;
    firn_byte_source source;
    firn_parquet_file *file;
    firn_parquet_rows *rows;
    firn_batch *batch;
    firn_error err;
} fixture;

static int set_up(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    fixture *f = arena ? firn_arena_alloc_zero(arena, sizeof *f) : NULL;
    if (!f) return -1;
    f->arena = arena;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    firn_parquet_rows_close(f->rows);
    firn_batch_destroy(f->batch);
    firn_parquet_file_close(f->file);
    firn_arena_destroy(f->arena);
    return 0;
}

static void open_file(fixture *f, const char *name)
{
    const firn_str path = firn_arena_printf(f->arena, "parquet/%s", name);
    f->bytes = corpus_read(f->arena, corpus_data_path(f->arena, path.data));
    f->source = canon_source(&f->bytes);
    assert_ok(firn_parquet_file_open(&f->source, &f->file, &f->err), &f->err);
}

static firn_status open_rows(fixture *f, const firn_type *projection, firn_parquet_match match)
{
    const firn_parquet_rows_opts opts = {.match = match};
    firn_parquet_rows_close(f->rows);
    firn_batch_destroy(f->batch);
    f->batch = NULL;
    assert_ok(firn_batch_create(projection, FIRN_BATCH_ROWS, &f->batch, &f->err), &f->err);
    return firn_parquet_rows_open(f->file, projection, &opts, &f->rows, &f->err);
}

static firn_type *new_type(fixture *f, firn_type_kind kind)
{
    firn_type *type = firn_arena_alloc_zero(f->arena, sizeof *type);
    assert_non_null(type);
    type->kind = kind;
    return type;
}

static firn_field field_of(int32_t id, const char *name, const firn_type *type)
{
    return (firn_field){.id = id, .name = firn_str_of(name), .type = type};
}

static firn_type struct_of(const firn_field *fields, size_t n)
{
    return (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
}

/* ---- values ---- */

typedef struct golden_case {
    firn_arena *arena;
    const char *folder;
    size_t n_files;
} golden_case;

static void compare_with_rows(void *ctx, const char *name, firn_str bytes)
{
    golden_case *g = ctx;
    firn_error err = {0};
    firn_buf rows;
    int64_t n_rows = 0;
    const firn_str stem = firn_str_slice(firn_str_of(name), 0, strlen(name) - strlen(".parquet"));
    /* Nanoseconds cannot hold its years: test_far_int96_comes_back has it. */
    if (firn_str_equals(stem, FIRN_STR("int96_from_spark"))) return;
    const firn_str path =
        firn_arena_printf(g->arena, "%s/%.*s.rows", g->folder, FIRN_STR_ARG(stem));
    const firn_str want = corpus_read(g->arena, corpus_data_path(g->arena, path.data));
    for (firn_cpu_level level = FIRN_CPU_PORTABLE; level <= FIRN_CPU_AVX512; level++) {
        firn_buf_init(&rows, NULL, (size_t)16 << 20);
        const firn_status st = canon_parquet_on(level, bytes, &rows, &n_rows, &err);
        if (st != FIRN_OK) fail_msg("%s: %s", name, err.message);
        if (!firn_str_equals(firn_buf_view(&rows), want))
            fail_msg("%s: rows differ on level %d", name, (int)level);
        firn_buf_dispose(&rows);
    }
    g->n_files++;
}

static void test_rows_equal_pyarrows(void **state)
{
    fixture *f = *state;
    golden_case g = {f->arena, "parquet", 0};
    corpus_each(f->arena, corpus_data_path(f->arena, g.folder), ".parquet", compare_with_rows, &g);
    assert_true(g.n_files >= 12);
}

static void test_rows_of_other_writers_equal_pyarrows(void **state)
{
    fixture *f = *state;
    golden_case g = {f->arena, "parquet/foreign", 0};
    corpus_each(f->arena, corpus_data_path(f->arena, g.folder), ".parquet", compare_with_rows, &g);
    assert_true(g.n_files >= 7);
}

static void test_far_int96_comes_back(void **state)
{
    static const int64_t k_want[] = {
        1704141296123456,   1704070800000000, 253402225200000000, 1735599600000000, 0,
        9089380393200000000};
    fixture *f = *state;
    open_file(f, "foreign/int96_from_spark.parquet");
    const firn_type *root = &firn_parquet_file_schema(f->file)->root;
    assert_int_equal(root->fields[0].type->kind, FIRN_TYPE_TIMESTAMPTZ);
    assert_ok(open_rows(f, root, FIRN_PARQUET_MATCH_NAMES), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 100, f->batch, &f->err), &f->err);
    assert_int_equal(f->batch->n_rows, 6);
    for (int64_t i = 0; i < 6; i++) {
        assert_int_equal(firn_column_is_valid(&f->batch->columns[0], i), i != 4);
        assert_true(((const int64_t *)f->batch->columns[0].values)[i] == k_want[i]);
    }
}

/* ---- projection ---- */

static void test_fields_are_found_by_id_under_new_names(void **state)
{
    fixture *f = *state;
    const firn_field fields[] = {field_of(2, "renamed", new_type(f, FIRN_TYPE_STRING)),
                                 field_of(1, "key", new_type(f, FIRN_TYPE_INT))};
    const firn_type projection = struct_of(fields, 2);
    int64_t row = 0;
    firn_status st;
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    while ((st = firn_parquet_rows_next(f->rows, 3, f->batch, &f->err)) == FIRN_OK) {
        assert_int_equal(firn_parquet_rows_position(f->rows), row);
        for (int64_t i = 0; i < f->batch->n_rows; i++, row++) {
            const firn_value name = firn_column_get(&f->batch->columns[0], i);
            assert_int_equal(firn_column_get(&f->batch->columns[1], i).as.i32, row);
            assert_int_equal(name.is_null, row % 3 == 0);
            if (!name.is_null) {
                char want[16];
                (void)snprintf(want, sizeof want, "name %d", (int)row);
                assert_str(name.as.bytes, want);
            }
        }
    }
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(row, 10);
}

static void test_types_are_promoted(void **state)
{
    fixture *f = *state;
    firn_type *wide = new_type(f, FIRN_TYPE_DECIMAL);
    wide->precision = 30;
    wide->scale = 2;
    const firn_field fields[] = {field_of(1, "id", new_type(f, FIRN_TYPE_LONG)),
                                 field_of(4, "ratio", new_type(f, FIRN_TYPE_DOUBLE)),
                                 field_of(3, "price", wide)};
    const firn_type projection = struct_of(fields, 3);
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 4, f->batch, &f->err), &f->err);
    assert_int_equal(f->batch->n_rows, 4);
    assert_true(firn_column_get(&f->batch->columns[0], 3).as.i64 == 3);
    assert_true(firn_column_get(&f->batch->columns[1], 3).as.f64 == 3 / 8.0);
    assert_true(firn_column_get(&f->batch->columns[2], 3).as.decimal == 75);
}

static void test_missing_fields_are_null_or_their_default(void **state)
{
    fixture *f = *state;
    const firn_value seven = {.kind = FIRN_TYPE_LONG, .as.i64 = 7};
    const firn_value text = {.kind = FIRN_TYPE_STRING, .as.bytes = FIRN_STR("longer than twelve")};
    const firn_field element = field_of(21, "element", new_type(f, FIRN_TYPE_STRING));
    firn_type *list = new_type(f, FIRN_TYPE_LIST);
    list->fields = &element;
    list->n_fields = 1;
    firn_field fields[] = {field_of(10, "none", new_type(f, FIRN_TYPE_STRING)),
                           field_of(11, "seven", new_type(f, FIRN_TYPE_LONG)),
                           field_of(12, "text", new_type(f, FIRN_TYPE_STRING)),
                           field_of(13, "list", list),
                           field_of(1, "id", new_type(f, FIRN_TYPE_INT))};
    fields[1].initial_default = &seven;
    fields[1].is_required = true;
    fields[2].initial_default = &text;
    const firn_type projection = struct_of(fields, 5);
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 4, f->batch, &f->err), &f->err);
    for (int64_t i = 0; i < 4; i++) {
        assert_true(firn_column_get(&f->batch->columns[0], i).is_null);
        assert_true(firn_column_get(&f->batch->columns[1], i).as.i64 == 7);
        assert_str(firn_column_get(&f->batch->columns[2], i).as.bytes, "longer than twelve");
        assert_false(firn_column_is_valid(&f->batch->columns[3], i));
        assert_int_equal(((const firn_list_entry *)f->batch->columns[3].values)[i].length, 0);
    }
}

static void test_missing_structs_are_null_or_made_of_defaults(void **state)
{
    fixture *f = *state;
    const firn_value seven = {.kind = FIRN_TYPE_LONG, .as.i64 = 7};
    const firn_value made = {.kind = FIRN_TYPE_STRUCT};
    firn_field inner[] = {field_of(31, "seven", new_type(f, FIRN_TYPE_LONG)),
                          field_of(32, "none", new_type(f, FIRN_TYPE_STRING))};
    inner[0].initial_default = &seven;
    inner[0].is_required = true;
    const firn_type inner_type = struct_of(inner, 2);
    firn_field outer[] = {field_of(30, "inner", &inner_type)};
    outer[0].initial_default = &made;
    const firn_type outer_type = struct_of(outer, 1);
    firn_field fields[] = {field_of(10, "absent", &inner_type), field_of(11, "made", &outer_type)};
    fields[1].initial_default = &made;
    fields[1].is_required = true;
    const firn_type projection = struct_of(fields, 2);
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 4, f->batch, &f->err), &f->err);
    const firn_column *absent = &f->batch->columns[0], *in = &f->batch->columns[1].children[0];
    for (int64_t i = 0; i < 4; i++) {
        assert_false(firn_column_is_valid(absent, i));
        assert_false(firn_column_is_valid(&absent->children[0], i));
        assert_true(firn_column_is_valid(&f->batch->columns[1], i));
        assert_true(firn_column_is_valid(in, i));
        assert_true(firn_column_get(&in->children[0], i).as.i64 == 7);
        assert_true(firn_column_get(&in->children[1], i).is_null);
    }
}

static void test_default_struct_without_default_of_a_required_field_is_refused(void **state)
{
    fixture *f = *state;
    const firn_value made = {.kind = FIRN_TYPE_STRUCT};
    firn_field inner[] = {field_of(31, "seven", new_type(f, FIRN_TYPE_LONG))};
    inner[0].is_required = true;
    const firn_type inner_type = struct_of(inner, 1);
    firn_field fields[] = {field_of(10, "made", &inner_type)};
    fields[0].initial_default = &made;
    const firn_type projection = struct_of(fields, 1);
    open_file(f, "field_ids.parquet");
    assert_fails(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), FIRN_ERR_CORRUPT, &f->err,
                 "default of made: required field seven (id 31) is not in the file");
}

/* Rows of one column that lies in lists and structs, as text of their nulls and lengths only. */
static void put_shape(const firn_column *column, int64_t row, bool is_missing, char *out,
                      size_t size)
{
    const firn_type_kind kind = column->type->kind;
    size_t len = strlen(out);
    if (kind != FIRN_TYPE_STRUCT && kind != FIRN_TYPE_LIST) {
        assert_true(!is_missing || !firn_column_is_valid(column, row));
        return;
    }
    if (!firn_column_is_valid(column, row)) {
        snprintf(out + len, size - len, "-");
        return;
    }
    snprintf(out + len, size - len, kind == FIRN_TYPE_LIST ? "[" : "{");
    const firn_list_entry *entry = (const firn_list_entry *)column->values + row;
    const firn_list_entry one = {(uint64_t)row, 1};
    if (kind == FIRN_TYPE_STRUCT) entry = &one;
    for (uint64_t i = 0; i < entry->length; i++)
        put_shape(&column->children[0], (int64_t)(entry->offset + i), is_missing, out, size);
    len = strlen(out);
    snprintf(out + len, size - len, kind == FIRN_TYPE_LIST ? "]" : "}");
}

/* What the first rows of a column are like when field is read. */
static const char *read_shape(fixture *f, const firn_field *field, bool is_missing)
{
    const firn_type projection = struct_of(field, 1);
    const size_t size = 4096;
    char *out = firn_arena_alloc_zero(f->arena, size);
    assert_non_null(out);
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_NAMES), &f->err);
    int64_t n = 0;
    firn_status st;
    while ((st = firn_parquet_rows_next(f->rows, 7, f->batch, &f->err)) == FIRN_OK) {
        for (int64_t i = 0; i < f->batch->n_rows; i++)
            put_shape(&f->batch->columns[0], i, is_missing, out, size);
        n += f->batch->n_rows;
    }
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(n, 90);
    return out;
}

static void test_groups_have_their_shape_when_none_of_their_fields_is_in_the_file(void **state)
{
    fixture *f = *state;
    const firn_field gone = field_of(-1, "gone", new_type(f, FIRN_TYPE_LONG));
    const firn_field x = field_of(-1, "x", new_type(f, FIRN_TYPE_INT));
    const firn_field d = field_of(-1, "d", new_type(f, FIRN_TYPE_DOUBLE));
    const firn_field *leaves[2][2] = {{&x, &gone}, {&d, &gone}};
    static const char *const names[] = {"parts", "point"};
    open_file(f, "nested_v1.parquet");
    for (size_t c = 0; c < 2; c++) {
        const char *shapes[2];
        for (size_t k = 0; k < 2; k++) {
            const firn_type inner = struct_of(leaves[c][k], 1);
            const firn_field member = field_of(-1, c == 0 ? "element" : "c", &inner);
            firn_type outer = struct_of(&member, 1);
            if (c == 0) outer.kind = FIRN_TYPE_LIST;
            const firn_field field = field_of(-1, names[c], &outer);
            shapes[k] = read_shape(f, &field, k == 1);
        }
        assert_true(strlen(shapes[0]) > 90);
        assert_string_equal(shapes[1], shapes[0]);
    }
}

static void test_missing_required_field_is_refused(void **state)
{
    fixture *f = *state;
    firn_field fields[] = {field_of(10, "gone", new_type(f, FIRN_TYPE_STRING))};
    fields[0].is_required = true;
    const firn_type projection = struct_of(fields, 1);
    open_file(f, "field_ids.parquet");
    assert_fails(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), FIRN_ERR_CORRUPT, &f->err,
                 "required field gone (id 10) is not in the file");
}

static void test_null_in_a_required_field_is_refused(void **state)
{
    fixture *f = *state;
    firn_field fields[] = {field_of(2, "name", new_type(f, FIRN_TYPE_STRING))};
    fields[0].is_required = true;
    const firn_type projection = struct_of(fields, 1);
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    assert_fails(firn_parquet_rows_next(f->rows, 4, f->batch, &f->err), FIRN_ERR_CORRUPT, &f->err,
                 "column name is required but has");
    assert_fails(firn_parquet_rows_next(f->rows, 4, f->batch, &f->err), FIRN_ERR_ARG, &f->err,
                 "failed before");
}

static void test_narrowing_is_refused(void **state)
{
    fixture *f = *state;
    const firn_field fields[] = {field_of(2, "name", new_type(f, FIRN_TYPE_INT))};
    const firn_type projection = struct_of(fields, 1);
    open_file(f, "field_ids.parquet");
    assert_fails(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), FIRN_ERR_UNSUPPORTED, &f->err,
                 "column name of type string");
}

static void test_part_of_a_struct_keeps_its_nulls(void **state)
{
    fixture *f = *state;
    const firn_field inner[] = {field_of(99, "new", new_type(f, FIRN_TYPE_INT))};
    const firn_field some[] = {field_of(7, "y", new_type(f, FIRN_TYPE_FLOAT))};
    firn_type only_new = struct_of(inner, 1), only_y = struct_of(some, 1);
    const firn_field fields[] = {field_of(5, "point", &only_new)};
    const firn_type projection = struct_of(fields, 1);
    const firn_field fields_y[] = {field_of(5, "point", &only_y)};
    const firn_type projection_y = struct_of(fields_y, 1);
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection_y, FIRN_PARQUET_MATCH_IDS), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 4, f->batch, &f->err), &f->err);
    assert_true(firn_column_get(&f->batch->columns[0].children[0], 3).as.f32 == 1.5F);
    /* Nothing of the struct is in the projection: its nulls come from a column read for that. */
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 4, f->batch, &f->err), &f->err);
    for (int64_t i = 0; i < 4; i++) {
        assert_int_equal(firn_column_is_valid(&f->batch->columns[0], i), i != 0);
        assert_false(firn_column_is_valid(&f->batch->columns[0].children[0], i));
    }
}

static void test_no_columns_still_counts_rows(void **state)
{
    fixture *f = *state;
    const firn_type projection = struct_of(NULL, 0);
    int64_t n = 0;
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    while (firn_parquet_rows_next(f->rows, 3, f->batch, &f->err) == FIRN_OK) n += f->batch->n_rows;
    assert_int_equal(n, 10);
}

static void test_row_groups_can_be_chosen(void **state)
{
    fixture *f = *state;
    const firn_field fields[] = {field_of(1, "id", new_type(f, FIRN_TYPE_INT))};
    const firn_type projection = struct_of(fields, 1);
    firn_parquet_rows_opts opts = {.first_row_group = 1, .n_row_groups = 1};
    open_file(f, "field_ids.parquet");
    assert_int_equal(firn_parquet_file_row_groups(f->file), 3);
    assert_int_equal(firn_parquet_row_group_rows(f->file, 1), 4);
    assert_ok(firn_batch_create(&projection, 16, &f->batch, &f->err), &f->err);
    assert_ok(firn_parquet_rows_open(f->file, &projection, &opts, &f->rows, &f->err), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 16, f->batch, &f->err), &f->err);
    assert_int_equal(f->batch->n_rows, 4);
    assert_int_equal(firn_parquet_rows_position(f->rows), 4);
    assert_int_equal(((const int32_t *)f->batch->columns[0].values)[0], 4);
    assert_int_equal(firn_parquet_rows_next(f->rows, 16, f->batch, &f->err), FIRN_DONE);
    firn_parquet_rows_close(f->rows);
    f->rows = NULL;
    opts.first_row_group = 4;
    assert_fails(firn_parquet_rows_open(f->file, &projection, &opts, &f->rows, &f->err),
                 FIRN_ERR_ARG, &f->err, "the file has 3");
}

/* ---- memory ---- */

static void test_columns_are_filled_in_the_callers_memory(void **state)
{
    fixture *f = *state;
    int32_t values[16];
    uint64_t validity[1] = {0};
    const firn_field fields[] = {field_of(1, "id", new_type(f, FIRN_TYPE_INT))};
    const firn_type projection = struct_of(fields, 1);
    firn_column column = {
        .type = fields[0].type, .values = values, .validity = validity, .capacity = 16};
    firn_batch batch = {.n_columns = 1, .columns = &column};
    open_file(f, "field_ids.parquet");
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_IDS), &f->err);
    assert_ok(firn_parquet_rows_next(f->rows, 16, &batch, &f->err), &f->err);
    assert_ptr_equal(column.values, values);
    assert_int_equal(values[3], 3);
    assert_int_equal(validity[0] & 15, 15);
}

static void test_columns_without_memory_are_lent_some(void **state)
{
    fixture *f = *state;
    open_file(f, "nested_v1.parquet");
    const firn_type *root = &firn_parquet_file_schema(f->file)->root;
    firn_column columns[8] = {{0}};
    firn_batch batch = {.n_columns = root->n_fields, .columns = columns};
    int64_t n = 0, elements = 0;
    assert_ok(open_rows(f, root, FIRN_PARQUET_MATCH_NAMES), &f->err);
    while (firn_parquet_rows_next(f->rows, 7, &batch, &f->err) == FIRN_OK) {
        assert_null(columns[1].owner);
        for (int64_t i = 0; i < batch.n_rows; i++)
            elements += (int64_t)((const firn_list_entry *)columns[1].values)[i].length;
        n += batch.n_rows;
    }
    assert_int_equal(n, 90);
    assert_true(elements > 0);
}

static void test_views_live_until_the_second_next_call(void **state)
{
    fixture *f = *state;
    open_file(f, "plain_v1_none.parquet");
    const firn_field *s = firn_schema_find_name(firn_parquet_file_schema(f->file), FIRN_STR("s"));
    const firn_type projection = struct_of(s, 1);
    firn_view kept[90];
    firn_str copies[90] = {{0}};
    int64_t n = 0, before = 0;
    assert_ok(open_rows(f, &projection, FIRN_PARQUET_MATCH_NAMES), &f->err);
    while (firn_parquet_rows_next(f->rows, 11, f->batch, &f->err) == FIRN_OK) {
        /* What the call before gave must still be what it was. */
        for (int64_t i = before; i < n; i++)
            assert_true(firn_str_equals(firn_view_str(&kept[i]), copies[i]));
        before = n;
        for (int64_t i = 0; i < f->batch->n_rows; i++, n++) {
            kept[n] = ((const firn_view *)f->batch->columns[0].values)[i];
            copies[n] = firn_arena_copy(f->arena, firn_view_str(&kept[n]));
        }
    }
    assert_int_equal(n, 90);
}

/* ---- statistics ---- */

static void test_statistics_are_values_of_the_tables_type(void **state)
{
    fixture *f = *state;
    firn_parquet_stats stats;
    const firn_type *wide = new_type(f, FIRN_TYPE_LONG);
    open_file(f, "field_ids.parquet");
    assert_ok(firn_parquet_row_group_stats(f->file, 1, 1, wide, &stats, &f->err), &f->err);
    assert_true(stats.has_min && stats.has_max && stats.has_null_count);
    assert_true(stats.min.as.i64 == 4 && stats.max.as.i64 == 7);
    assert_int_equal(stats.null_count, 0);
    assert_int_equal(stats.value_count, 4);
    assert_ok(
        firn_parquet_row_group_stats(f->file, 0, 2, new_type(f, FIRN_TYPE_STRING), &stats, &f->err),
        &f->err);
    assert_str(stats.min.as.bytes, "name 1");
    assert_str(stats.max.as.bytes, "name 2");
    assert_int_equal(stats.null_count, 2);
    assert_ok(firn_parquet_row_group_stats(f->file, 0, 77, wide, &stats, &f->err), &f->err);
    assert_false(stats.has_min || stats.has_max || stats.has_null_count);
}

static void test_nan_in_statistics_is_no_bound(void **state)
{
    fixture *f = *state;
    firn_parquet_stats stats;
    open_file(f, "foreign/nan_in_stats.parquet");
    const firn_type *type = firn_parquet_file_schema(f->file)->root.fields[0].type;
    assert_int_equal(type->kind, FIRN_TYPE_DOUBLE);
    f->file->leaves[0]->id = 1; /* the file has no ids */
    assert_ok(firn_parquet_row_group_stats(f->file, 0, 1, type, &stats, &f->err), &f->err);
    assert_true(stats.has_null_count && f->file->row_groups[0].chunks[0].stats.has_max_value);
    assert_false(stats.has_min || stats.has_max);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_rows_equal_pyarrows),
        TEST(test_rows_of_other_writers_equal_pyarrows),
        TEST(test_far_int96_comes_back),
        TEST(test_fields_are_found_by_id_under_new_names),
        TEST(test_types_are_promoted),
        TEST(test_missing_fields_are_null_or_their_default),
        TEST(test_missing_structs_are_null_or_made_of_defaults),
        TEST(test_default_struct_without_default_of_a_required_field_is_refused),
        TEST(test_groups_have_their_shape_when_none_of_their_fields_is_in_the_file),
        TEST(test_missing_required_field_is_refused),
        TEST(test_null_in_a_required_field_is_refused),
        TEST(test_narrowing_is_refused),
        TEST(test_part_of_a_struct_keeps_its_nulls),
        TEST(test_no_columns_still_counts_rows),
        TEST(test_row_groups_can_be_chosen),
        TEST(test_columns_are_filled_in_the_callers_memory),
        TEST(test_columns_without_memory_are_lent_some),
        TEST(test_views_live_until_the_second_next_call),
        TEST(test_statistics_are_values_of_the_tables_type),
        TEST(test_nan_in_statistics_is_no_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
