/* SPDX-License-Identifier: Apache-2.0 */
/* Taking rows out of batches, and the values of equality deletes. Whole tables with deletes are in
 * test_scan_corpus.c. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "firn_test.h"
#include "format/columns/drop_rows.h"
#include "format/parquet/write/parquet_writer.h"
#include "iceberg/scan/equality_deletes.h"
#include "iceberg/scan/position_deletes.h"
#include "store/memory.h"

#define N 5000 /* more than a batch of a reader has */

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_field k_inner[] = {{.id = 4, .name = FIRN_STR_INIT("x"), .type = &k_double}};
static const firn_type k_struct = {.kind = FIRN_TYPE_STRUCT, .fields = k_inner, .n_fields = 1};
static const firn_field k_fields[] = {{.id = 1, .name = FIRN_STR_INIT("id"), .type = &k_long},
                                      {.id = 2, .name = FIRN_STR_INIT("name"), .type = &k_string},
                                      {.id = 3, .name = FIRN_STR_INIT("s"), .type = &k_struct}};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 3}};

static firn_batch *make_batch(void)
{
    firn_error err;
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(&k_schema.root, N, &batch, &err), &err);
    batch->n_rows = N;
    for (int64_t i = 0; i < N; i++) {
        const firn_str text = i % 3 ? FIRN_STR("a text that is not inline") : FIRN_STR("short");
        ((int64_t *)batch->columns[0].values)[i] = i;
        ((firn_view *)batch->columns[1].values)[i] = firn_view_of(text.data, (uint32_t)text.len);
        ((double *)batch->columns[2].children[0].values)[i] = (double)i / 4;
        if (i % 5 == 0) firn_column_set_null(&batch->columns[0], i);
        if (i % 7 == 0) firn_column_set_null(&batch->columns[2], i);
        if (i % 11 == 0) firn_column_set_null(&batch->columns[2].children[0], i);
    }
    for (size_t i = 0; i < 3; i++) batch->columns[i].n_values = N;
    batch->columns[2].children[0].n_values = N;
    return batch;
}

static void check_row(const firn_batch *batch, int64_t row, int64_t i)
{
    const firn_column *s = &batch->columns[2];
    assert_int_equal(firn_column_is_valid(&batch->columns[0], row), i % 5 != 0);
    assert_int_equal(((int64_t *)batch->columns[0].values)[row], i);
    assert_str(firn_view_str(&((firn_view *)batch->columns[1].values)[row]),
               i % 3 ? "a text that is not inline" : "short");
    assert_int_equal(firn_column_is_valid(s, row), i % 7 != 0);
    assert_int_equal(firn_column_is_valid(&s->children[0], row), i % 11 != 0);
    assert_true(((double *)s->children[0].values)[row] == (double)i / 4);
}

static void check_keep(const bool *kept)
{
    uint64_t bits[FIRN_ROW_WORDS(N)];
    int64_t row = 0;
    firn_batch *batch = make_batch();
    memset(bits, 0xff, sizeof bits);
    for (size_t i = 0; i < N; i++)
        if (!kept[i]) bits[i / 64] &= ~((uint64_t)1 << (i % 64));
    firn_batch_keep_rows(batch, bits);
    for (int64_t i = 0; i < N; i++)
        if (kept[i]) check_row(batch, row++, i);
    assert_int_equal(batch->n_rows, row);
    assert_int_equal(batch->columns[0].n_values, row);
    assert_int_equal(batch->columns[2].children[0].n_values, row);
    firn_batch_destroy(batch);
}

static void test_rows_that_are_kept_keep_their_values(void **state)
{
    static const unsigned k_percent[] = {0, 1, 5, 50, 95, 99, 100};
    bool kept[N];
    uint32_t seed = 12345;
    (void)state;
    for (size_t p = 0; p < sizeof k_percent / sizeof *k_percent; p++) {
        for (size_t i = 0; i < N; i++) {
            seed = seed * 1664525u + 1013904223u;
            kept[i] = (seed >> 16) % 100 >= k_percent[p];
        }
        check_keep(kept);
    }
    for (size_t i = 0; i < N; i++) kept[i] = i < 64 || i >= 960; /* whole words go */
    check_keep(kept);
}

/* ---- equality deletes ---- */

typedef struct equality_fixture {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    firn_table_metadata metadata;
    firn_delete_source source;
    firn_equality_set set;
    firn_error err;
} equality_fixture;

static int open_fixture(void **state)
{
    static equality_fixture f;
    static const firn_schema *schemas[] = {&k_schema};
    f = (equality_fixture){.arena = firn_arena_create(NULL, 0)};
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 1), &f.env, &f.err), &f.err);
    assert_ok(firn_store_create(&f.store, &f.err), &f.err);
    assert_ok(firn_store_add_memory(f.store, f.env, &f.err), &f.err);
    f.metadata = (firn_table_metadata){
        .format_version = 2, .schemas = schemas, .n_schemas = 1, .current_schema_id = 0};
    f.source = (firn_delete_source){f.env, f.store, &f.metadata};
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    equality_fixture *f = *state;
    firn_store_destroy(f->store);
    firn_env_destroy(f->env);
    firn_arena_destroy(f->arena);
    return 0;
}

static firn_status to_store(void *ctx, const void *data, size_t n, firn_error *err)
{
    return firn_store_write(ctx, data, n, err);
}

static void write_file(equality_fixture *f, const firn_type *root, const firn_batch *batch,
                       firn_str path)
{
    firn_file_metrics metrics;
    firn_store_writer *out = NULL;
    firn_parquet_writer *writer = NULL;
    assert_ok(firn_store_begin(f->store, path, &out, &f->err), &f->err);
    const firn_byte_sink sink = {out, to_store};
    assert_ok(firn_parquet_writer_create(root, NULL, &sink, &writer, &f->err), &f->err);
    assert_ok(firn_parquet_writer_append(writer, batch, &f->err), &f->err);
    assert_ok(firn_parquet_writer_finish(writer, f->arena, &metrics, &f->err), &f->err);
    firn_parquet_writer_destroy(writer);
    assert_ok(firn_store_finish(out, &f->err), &f->err);
}

static const firn_partition_spec k_plain_spec = {.n_fields = 0};

/* Deletes rows by s.x; NULL: where that is null. */
static void read_deletes(equality_fixture *f, const double *const *values, size_t n,
                         int64_t sequence)
{
    static const int32_t ids[] = {4};
    firn_batch *batch = NULL;
    const firn_field root_field = k_fields[2];
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &root_field, .n_fields = 1};
    const firn_str path =
        firn_arena_printf(f->arena, "memory:///deletes-%d.parquet", (int)sequence);
    assert_ok(firn_batch_create(&root, (int64_t)n, &batch, &f->err), &f->err);
    firn_column *x = &batch->columns[0].children[0];
    for (size_t i = 0; i < n; i++) {
        ((double *)x->values)[i] = values[i] ? *values[i] : 0;
        if (!values[i]) firn_column_set_null(x, (int64_t)i);
    }
    batch->n_rows = batch->columns[0].n_values = x->n_values = (int64_t)n;
    write_file(f, &root, batch, path);
    firn_batch_destroy(batch);
    const firn_delete_file file = {.file = {.content = FIRN_CONTENT_EQUALITY_DELETES,
                                            .path = path,
                                            .record_count = (int64_t)n,
                                            .equality_ids = ids,
                                            .n_equality_ids = 1},
                                   .spec = &k_plain_spec,
                                   .sequence_number = sequence};
    assert_ok(firn_equality_set_read(&f->set, &f->source, &file, &f->err), &f->err);
}

static void test_positions_count_for_every_spelling_of_their_file(void **state)
{
    static const char *const k_paths[] = {"file:/w/a", "/w/a", "file:///w/a", "/w/b"};
    equality_fixture *f = *state;
    firn_batch *batch = NULL;
    firn_map wanted;
    firn_map bitmaps;
    const firn_str path = FIRN_STR("memory:///positions.parquet");
    assert_ok(firn_batch_create(&firn_position_delete_row, 4, &batch, &f->err), &f->err);
    for (size_t i = 0; i < 4; i++) {
        ((firn_view *)batch->columns[0].values)[i] =
            firn_view_of(k_paths[i], (uint32_t)strlen(k_paths[i]));
        ((int64_t *)batch->columns[1].values)[i] = (int64_t)i * 10;
    }
    batch->n_rows = batch->columns[0].n_values = batch->columns[1].n_values = 4;
    write_file(f, &firn_position_delete_row, batch, path);
    firn_batch_destroy(batch);
    const firn_delete_file file = {
        .file = {.content = FIRN_CONTENT_POSITION_DELETES, .path = path, .record_count = 4},
        .spec = &k_plain_spec};
    firn_map_init(&wanted, f->arena);
    firn_map_init(&bitmaps, f->arena);
    assert_ok(firn_map_put(&wanted, FIRN_STR("/w/a"), f, &f->err), &f->err);
    assert_ok(firn_position_deletes_read(&f->source, &file, &wanted, &bitmaps, &f->err), &f->err);
    assert_int_equal(bitmaps.n_entries, 1);
    const firn_bitmap *positions = firn_map_find(&bitmaps, FIRN_STR("/w/a"));
    assert_non_null(positions);
    assert_int_equal(firn_bitmap_cardinality(positions), 3);
    assert_true(firn_bitmap_contains(positions, 0));
    assert_true(firn_bitmap_contains(positions, 20));
    assert_false(firn_bitmap_contains(positions, 30));
}

/* Bits of the rows that stay: s.x is 1.5, null, NaN, -0, 0, and s is null. */
static uint64_t left_of(equality_fixture *f, int64_t sequence)
{
    uint64_t keep = 0x3f;
    firn_buf key;
    firn_batch *batch = NULL;
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_fields[2], .n_fields = 1};
    assert_ok(firn_batch_create(&root, 6, &batch, &f->err), &f->err);
    const double values[] = {1.5, 9, -(double)NAN, -0.0, 0, 1.5};
    memcpy(batch->columns[0].children[0].values, values, sizeof values);
    firn_column_set_null(&batch->columns[0].children[0], 1);
    firn_column_set_null(&batch->columns[0], 5);
    const firn_column *columns[] = {&batch->columns[0]};
    firn_buf_init(&key, NULL, 0);
    assert_ok(firn_equality_set_apply(&f->set, columns, 6, sequence, &key, &keep, &f->err),
              &f->err);
    firn_buf_dispose(&key);
    firn_batch_destroy(batch);
    return keep;
}

static void test_values_are_compared_as_java_does_it(void **state)
{
    equality_fixture *f = *state;
    const double one = 1.5;
    const double nan = (double)NAN;
    const double zero = 0;
    const double *const first[] = {&one, &nan, &zero};
    const double *const second[] = {NULL, &one};
    const int32_t id = 4;
    assert_ok(firn_equality_set_init(&f->set, &f->metadata, &id, 1, f->arena, &f->err), &f->err);
    assert_int_equal(f->set.columns[0].depth, 1);
    read_deletes(f, first, 3, 5);
    assert_int_equal(left_of(f, 4), 0x2a); /* the null, -0 and the null struct */
    assert_int_equal(left_of(f, 5), 0x3f); /* as old as the deletes */
    read_deletes(f, second, 2, 7);
    assert_int_equal(left_of(f, 4), 0x08);
    assert_int_equal(left_of(f, 6), 0x1c); /* only what the newer file deletes */
    assert_int_equal(left_of(f, 7), 0x3f);
}

static void test_columns_that_cannot_be_compared_are_refused(void **state)
{
    equality_fixture *f = *state;
    const int32_t of_struct = 3;
    const int32_t nobody = 77;
    assert_fails(firn_equality_set_init(&f->set, &f->metadata, &of_struct, 1, f->arena, &f->err),
                 FIRN_ERR_UNSUPPORTED, &f->err, "not supported: equality deletes by s, struct");
    assert_fails(firn_equality_set_init(&f->set, &f->metadata, &nobody, 1, f->arena, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, "field 77, which no schema of the table has");
    assert_fails(firn_equality_set_init(&f->set, &f->metadata, NULL, FIRN_EQUALITY_MAX_COLUMNS + 1,
                                        f->arena, &f->err),
                 FIRN_ERR_LIMIT, &f->err, "1001 columns, limit 1000");
}

/* ---- deletion vectors ---- */

static void refuse_vector(equality_fixture *f, int64_t offset, int64_t size, firn_status status,
                          const char *message)
{
    firn_bitmap *bitmap = NULL;
    const firn_delete_file file = {.file = {.content = FIRN_CONTENT_POSITION_DELETES,
                                            .format = FIRN_FILE_PUFFIN,
                                            .path = FIRN_STR("memory:///v.puffin"),
                                            .record_count = 1,
                                            .content_offset = offset,
                                            .content_size_bytes = size}};
    assert_fails(firn_deletion_vector_read(&f->source, &file, f->arena, &bitmap, &f->err), status,
                 &f->err, message);
}

static void test_vectors_outside_their_file_are_refused(void **state)
{
    equality_fixture *f = *state;
    firn_store_writer *out = NULL;
    assert_ok(firn_store_begin(f->store, FIRN_STR("memory:///v.puffin"), &out, &f->err), &f->err);
    assert_ok(firn_store_write(out, "0123456789abcdef", 16, &f->err), &f->err);
    assert_ok(firn_store_finish(out, &f->err), &f->err);
    refuse_vector(f, -1, 4, FIRN_ERR_CORRUPT, "without its place in the file");
    refuse_vector(f, 4, 13, FIRN_ERR_CORRUPT, "of 13 bytes at 4 in a file of 16");
    refuse_vector(f, INT64_MAX, 1, FIRN_ERR_CORRUPT, "in a file of 16");
    refuse_vector(f, 4, (1 << 30) - 1, FIRN_ERR_CORRUPT, "of 1073741823 bytes at 4 in a file of");
    refuse_vector(f, 4, 1 << 30, FIRN_ERR_CORRUPT, "of 1073741824 bytes at 4 in a file of 16");
    refuse_vector(f, 4, (1 << 30) + 1, FIRN_ERR_LIMIT, "limit 1073741824");
    refuse_vector(f, 4, 12, FIRN_ERR_CORRUPT, "delete file memory:///v.puffin: deletion vector");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_are_kept_keep_their_values),
        IN_FIXTURE(test_values_are_compared_as_java_does_it),
        IN_FIXTURE(test_columns_that_cannot_be_compared_are_refused),
        IN_FIXTURE(test_positions_count_for_every_spelling_of_their_file),
        IN_FIXTURE(test_vectors_outside_their_file_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
