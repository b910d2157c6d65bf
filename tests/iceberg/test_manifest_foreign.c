/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of other writers (Java, Spark, PyIceberg). Given a manifest list and the folder its
 * manifests are in, the program prints what it reads, one line an entry, for
 * tests/python/test_spec_readers.py to compare with PyIceberg. */
#include <inttypes.h>
#include <stdlib.h>

#include "iceberg/spec/manifest.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/schema_json.h"
#include "spec_support.h"

static firn_str fixture(firn_arena *arena, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/iceberg/%s", FIRN_TEST_DATA, name);
    const firn_str bytes = read_file(arena, path);
    if (!bytes.data) fail_msg("cannot read %s", path);
    return bytes;
}

static firn_manifest_file *read_list(firn_arena *arena, const char *name, size_t n_expected)
{
    firn_error err = {0};
    firn_manifest_file *files = NULL;
    size_t n = 0;
    assert_ok(firn_manifest_list_read(fixture(arena, name), arena, &files, &n, &err), &err);
    assert_int_equal(n, n_expected);
    return files;
}

static firn_str text_of(firn_arena *arena, const firn_value *value)
{
    firn_error err = {0};
    firn_str out;
    assert_ok(firn_value_to_text(value, arena, &out, &err), &err);
    return out;
}

static void test_java_manifest_of_rare_types(void **state)
{
    firn_error err = {0};
    const firn_table_metadata *m = NULL;
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry e;
    size_t n = 0;
    int64_t rows = 0;
    assert_ok(firn_metadata_parse(fixture(*state, "java_types.metadata.json"), *state, &m, &err),
              &err);
    firn_manifest_file *files = read_list(*state, "java_types_manifest_list.avro", 1);
    assert_int_equal(files[0].added_snapshot_id, 4706317445336261639);
    assert_int_equal(files[0].sequence_number, 1);
    assert_ok(firn_manifest_reader_open(fixture(*state, "java_types_manifest.avro"), files,
                                        firn_metadata_schema(m), firn_metadata_spec(m),
                                        FIRN_MANIFEST_ALL, &reader, &err),
              &err);
    for (; firn_manifest_reader_next(reader, &e, &err) == FIRN_OK; n++) {
        rows += e.file.record_count;
        assert_int_equal(e.status, FIRN_ENTRY_ADDED);
        assert_int_equal(e.sequence_number, 1);
        assert_int_equal(e.file.n_partition, firn_metadata_spec(m)->n_fields);
        assert_true(e.file.value_counts.n > 0);
        for (size_t i = 0; i < e.file.n_partition; i++) {
            assert_true(text_of(*state, &e.file.partition[i]).len > 0);
        }
    }
    assert_int_equal(n, files[0].added_files);
    assert_int_equal(rows, files[0].added_rows);
    firn_manifest_reader_close(reader);
}

static void test_spark_deletion_vectors(void **state)
{
    static const char *const k_names[] = {"spark_dv_manifest_a.avro", "spark_dv_manifest_b.avro"};
    size_t n_vectors = 0;
    for (size_t i = 0; i < 2; i++) {
        firn_error err = {0};
        firn_manifest_reader *reader = NULL;
        firn_manifest_entry e;
        assert_ok(firn_manifest_reader_open(fixture(*state, k_names[i]), NULL, NULL, NULL,
                                            FIRN_MANIFEST_NO_METRICS, &reader, &err),
                  &err);
        while (firn_manifest_reader_next(reader, &e, &err) == FIRN_OK) {
            if (e.file.format != FIRN_FILE_PUFFIN) continue;
            n_vectors++;
            assert_int_equal(e.file.content, FIRN_CONTENT_POSITION_DELETES);
            assert_true(e.file.referenced_data_file.len > 0);
            assert_true(e.file.content_offset >= 4);
            assert_true(e.file.content_size_bytes > 0);
        }
        firn_manifest_reader_close(reader);
    }
    assert_true(n_vectors > 0);
}

static void test_v1_files_of_pyiceberg(void **state)
{
    firn_error err = {0};
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry e;
    firn_manifest_file *files = read_list(*state, "pyiceberg_v1_manifest_list.avro", 2);
    assert_int_equal(files[0].content, FIRN_CONTENT_DATA);
    assert_int_equal(files[0].sequence_number, 0);
    assert_ok(firn_manifest_reader_open(fixture(*state, "pyiceberg_v1_manifest.avro"), &files[0],
                                        NULL, NULL, FIRN_MANIFEST_ALL, &reader, &err),
              &err);
    assert_ok(firn_manifest_reader_next(reader, &e, &err), &err);
    assert_int_equal(e.sequence_number, 0);
    assert_int_equal(e.file.content, FIRN_CONTENT_DATA);
    assert_int_equal(e.file.format, FIRN_FILE_PARQUET);
    assert_int_equal(e.file.record_count, files[0].added_rows);
    firn_manifest_reader_close(reader);
}

/* ---- printing, for the comparison with PyIceberg ---- */

static void print_hex(firn_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) printf("%02x", (uint8_t)bytes.data[i]);
}

static void print_map(const char *name, const firn_metric_map *map, bool is_bound)
{
    printf("\t%s", name);
    for (size_t i = 0; i < map->n; i++) {
        printf(" %" PRId32 "=", map->items[i].field_id);
        if (is_bound) {
            print_hex(map->items[i].bound);
        } else {
            printf("%" PRId64, map->items[i].count);
        }
    }
}

static void print_decimal(firn_int128 value)
{
    char digits[48];
    size_t n = 0;
    firn_int128 rest = value;
    do {
        const int digit = (int)(rest % 10);
        digits[n++] = (char)('0' + (digit < 0 ? -digit : digit));
        rest /= 10;
    } while (rest != 0);
    if (value < 0) printf("-");
    while (n > 0) printf("%c", digits[--n]);
}

static void print_value(const firn_value *v)
{
    uint64_t bits = 0;
    const double number = v->kind == FIRN_TYPE_FLOAT ? (double)v->as.f32 : v->as.f64;
    printf(" ");
    if (v->is_null) {
        printf("null");
        return;
    }
    switch (v->kind) {
    case FIRN_TYPE_BOOLEAN: printf("%d", v->as.boolean); break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: printf("%" PRId32, v->as.i32); break;
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
        memcpy(&bits, &number, sizeof bits);
        printf("%016" PRIx64, bits);
        break;
    case FIRN_TYPE_DECIMAL: print_decimal(v->as.decimal); break;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: print_hex(v->as.bytes); break;
    default: printf("%" PRId64, v->as.i64); break;
    }
}

static void print_entry(const firn_manifest_entry *e)
{
    const firn_data_file *f = &e->file;
    printf("%d\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\t%d\t%.*s\t%" PRId64 "\t%" PRId64,
           (int)e->status, e->snapshot_id, e->sequence_number, e->file_sequence_number,
           (int)f->content, (int)f->format, FIRN_STR_ARG(f->path), f->record_count,
           f->file_size_bytes);
    printf("\tpartition");
    for (size_t i = 0; i < f->n_partition; i++) print_value(&f->partition[i]);
    print_map("sizes", &f->column_sizes, false);
    print_map("values", &f->value_counts, false);
    print_map("nulls", &f->null_value_counts, false);
    print_map("nans", &f->nan_value_counts, false);
    print_map("lower", &f->lower_bounds, true);
    print_map("upper", &f->upper_bounds, true);
    printf("\tids");
    for (size_t i = 0; i < f->n_equality_ids; i++) printf(" %" PRId32, f->equality_ids[i]);
    printf("\toffsets");
    for (size_t i = 0; i < f->n_split_offsets; i++) printf(" %" PRId64, f->split_offsets[i]);
    printf("\n");
}

static firn_status print_manifest(firn_arena *arena, const firn_manifest_file *file,
                                  const char *folder, firn_error *err)
{
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry e;
    firn_str rest = file->path;
    firn_str name = rest;
    while (rest.data) name = firn_str_split(&rest, '/');
    const firn_str path = firn_arena_printf(arena, "%s/%.*s", folder, FIRN_STR_ARG(name));
    const firn_str bytes = read_file(arena, path.data);
    if (!bytes.data) return FIRN_OK; /* expired, and cleaned up */
    FIRN_TRY(firn_manifest_reader_open(bytes, file, NULL, NULL, FIRN_MANIFEST_ALL, &reader, err));
    firn_status st = firn_manifest_reader_next(reader, &e, err);
    for (; st == FIRN_OK; st = firn_manifest_reader_next(reader, &e, err)) print_entry(&e);
    firn_manifest_reader_close(reader);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static int print_list(const char *list, const char *folder)
{
    firn_error err = {0};
    firn_manifest_file *files = NULL;
    size_t n = 0;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_str bytes = arena ? read_file(arena, list) : (firn_str){0};
    firn_status st = firn_manifest_list_read(bytes, arena, &files, &n, &err);
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        st = print_manifest(arena, &files[i], folder, &err);
    }
    if (st != FIRN_OK) fprintf(stderr, "%s\n", err.message);
    firn_arena_destroy(arena);
    return st == FIRN_OK ? 0 : 1;
}

#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(test_java_manifest_of_rare_types),
        ARENA_TEST(test_spark_deletion_vectors),
        ARENA_TEST(test_v1_files_of_pyiceberg),
    };
    if (argc > 2) return print_list(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
