/* SPDX-License-Identifier: Apache-2.0 */
/* Times scan planning over a synthetic table.
 *
 * usage: bench_plan --write FOLDER [--files N] [--manifests N]   (100000 files, 10 manifests)
 *        bench_plan --plan METADATA [--id N]                     (no id: all files)
 *
 * The first form writes metadata only, no data files: 12 columns with metrics, partitioned by day,
 * a file of each 1000 ids. The second plans once, in a new process, and prints seconds, files
 * planned and files a second. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/spec/metadata_json.h"
#include "store/local.h"
#include "store/store_read.h"

#define N_COLUMNS     12
#define ROWS_PER_FILE 1000

typedef struct bench {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    const char *folder;
    int64_t n_files, n_manifests;
    firn_field fields[N_COLUMNS];
    firn_schema schema;
    firn_partition_field spec_field;
    firn_partition_spec spec;
} bench;

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const int64_t k_offsets[] = {4, 20000, 45000};
static const uint8_t k_sync[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static firn_str text(const bench *b, const char *name)
{
    return firn_arena_printf(b->arena, "%s/%s", b->folder, name);
}

static void make_schema(bench *b)
{
    for (int32_t i = 0; i < N_COLUMNS; i++) {
        const firn_type *type = i == 1 ? &k_date : i % 3 == 2 ? &k_string : &k_long;
        b->fields[i] = (firn_field){
            .id = i + 1, .name = firn_arena_printf(b->arena, "c%d", (int)i), .type = type};
        if (i == 0) b->fields[i].name = FIRN_STR("id");
        if (i == 1) b->fields[i].name = FIRN_STR("day");
    }
    b->schema = (firn_schema){
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = b->fields, .n_fields = N_COLUMNS}};
    b->spec_field = (firn_partition_field){.source_id = 2,
                                           .field_id = 1000,
                                           .name = FIRN_STR("day"),
                                           .transform = {.kind = FIRN_TRANSFORM_IDENTITY}};
    b->spec = (firn_partition_spec){.fields = &b->spec_field, .n_fields = 1};
}

/* ---- writing ---- */

/* Plain files instead of the store, whose every object is durable: a table of 100,000 manifests
 * would be waited for a third of an hour. */
static firn_status write_file(void *ctx, const void *data, size_t n, firn_error *err)
{
    if (fwrite(data, 1, n, ctx) == n) return FIRN_OK;
    return firn_fail_errno(err, errno, "cannot write");
}

static firn_status open_file(firn_str path, FILE **out, firn_error *err)
{
    *out = fopen(path.data, "wb");
    return *out ? FIRN_OK : firn_fail_errno(err, errno, "cannot create %s", path.data);
}

static firn_status close_file(FILE *file, firn_status st, firn_error *err)
{
    if (fclose(file) != 0 && st == FIRN_OK) return firn_fail_errno(err, errno, "cannot write");
    return st;
}

typedef struct entry_memory {
    firn_metric counts[N_COLUMNS], nulls[N_COLUMNS], sizes[N_COLUMNS];
    firn_metric lower[N_COLUMNS], upper[N_COLUMNS];
    char bytes[2 * N_COLUMNS][32];
    char path[300];
    firn_value partition;
} entry_memory;

static firn_str bound_of(const bench *b, int32_t column, int64_t file, int64_t id, int32_t day,
                         char bytes[32])
{
    const firn_type_kind kind = b->fields[column].type->kind;
    if (kind == FIRN_TYPE_DATE) memcpy(bytes, &day, sizeof day);
    if (kind == FIRN_TYPE_LONG) memcpy(bytes, &id, sizeof id);
    if (kind == FIRN_TYPE_STRING) snprintf(bytes, 32, "value %010" PRId64, file);
    return (firn_str){bytes, kind == FIRN_TYPE_DATE ? 4 : kind == FIRN_TYPE_LONG ? 8 : 16};
}

static firn_manifest_entry make_entry(const bench *b, int64_t file, entry_memory *m)
{
    const int32_t day = (int32_t)(file * 100 / b->n_files);
    for (int32_t i = 0; i < N_COLUMNS; i++) {
        const int32_t id = i + 1;
        m->counts[i] = (firn_metric){.field_id = id, .count = ROWS_PER_FILE};
        m->nulls[i] = (firn_metric){.field_id = id};
        m->sizes[i] = (firn_metric){.field_id = id, .count = 4000 + file % 100};
        m->lower[i] = (firn_metric){
            .field_id = id,
            .bound = bound_of(b, i, file, file * ROWS_PER_FILE, day, m->bytes[2 * (size_t)i])};
        m->upper[i] = (firn_metric){.field_id = id,
                                    .bound = bound_of(b, i, file, (file + 1) * ROWS_PER_FILE - 1,
                                                      day, m->bytes[2 * (size_t)i + 1])};
    }
    m->partition = (firn_value){.kind = FIRN_TYPE_DATE, .as.i32 = day};
    const int n = snprintf(m->path, sizeof m->path, "%s/data/day=%05d/%08" PRId64 ".parquet",
                           b->folder, (int)day, file);
    return (firn_manifest_entry){
        .status = FIRN_ENTRY_ADDED,
        .snapshot_id = 1,
        .sequence_number = -1,
        .file_sequence_number = -1,
        .file = {.path = {m->path, (size_t)n},
                 .partition = &m->partition,
                 .n_partition = 1,
                 .record_count = ROWS_PER_FILE,
                 .file_size_bytes = 50000 + file * 7919 % 100000,
                 .split_offsets = k_offsets,
                 .n_split_offsets = file % 2 ? sizeof k_offsets / sizeof *k_offsets : 0,
                 .column_sizes = {m->sizes, N_COLUMNS},
                 .value_counts = {m->counts, N_COLUMNS},
                 .null_value_counts = {m->nulls, N_COLUMNS},
                 .lower_bounds = {m->lower, N_COLUMNS},
                 .upper_bounds = {m->upper, N_COLUMNS},
                 .sort_order_id = -1,
                 .first_row_id = -1,
                 .content_offset = -1,
                 .content_size_bytes = -1},
    };
}

static firn_manifest_write_opts write_opts(const bench *b)
{
    return (firn_manifest_write_opts){.format_version = 2,
                                      .schema = &b->schema,
                                      .spec = &b->spec,
                                      .snapshot_id = 1,
                                      .parent_snapshot_id = -1,
                                      .sequence_number = 1,
                                      .sync = k_sync};
}

static firn_status write_manifest(const bench *b, int64_t index, firn_manifest_file *out,
                                  firn_error *err)
{
    const firn_manifest_write_opts opts = write_opts(b);
    const int64_t from = b->n_files * index / b->n_manifests;
    const int64_t to = b->n_files * (index + 1) / b->n_manifests;
    FILE *file = NULL;
    firn_manifest_writer *writer = NULL;
    entry_memory memory;
    const firn_str path = firn_arena_printf(b->arena, "%s/m%" PRId64 ".avro", b->folder, index);

    FIRN_TRY(open_file(path, &file, err));
    const firn_byte_sink sink = {file, write_file};
    firn_status st = firn_manifest_writer_create(&opts, FIRN_CONTENT_DATA, &sink, &writer, err);
    for (int64_t i = from; st == FIRN_OK && i < to; i++) {
        const firn_manifest_entry entry = make_entry(b, i, &memory);
        st = firn_manifest_writer_append(writer, &entry, err);
    }
    if (st == FIRN_OK) st = firn_manifest_writer_finish(writer, b->arena, out, err);
    if (writer) firn_manifest_writer_destroy(writer);
    out->path = path;
    return close_file(file, st, err);
}

static firn_status write_table(const bench *b, firn_error *err)
{
    const firn_manifest_write_opts opts = write_opts(b);
    FILE *file = NULL;
    firn_manifest_file *files = firn_arena_array(b->arena, (size_t)b->n_manifests, sizeof *files);
    if (!files) return FIRN_ERR_NOMEM;
    for (int64_t i = 0; i < b->n_manifests; i++) FIRN_TRY(write_manifest(b, i, &files[i], err));
    FIRN_TRY(open_file(text(b, "list.avro"), &file, err));
    const firn_byte_sink sink = {file, write_file};
    const firn_status st =
        firn_manifest_list_write(&opts, files, (size_t)b->n_manifests, &sink, err);
    return close_file(file, st, err);
}

/* ---- metadata ---- */

static firn_status write_metadata(const bench *b, firn_error *err)
{
    const firn_partition_spec *const specs[] = {&b->spec};
    const firn_schema *const schemas[] = {&b->schema};
    const firn_sort_order unsorted = {0};
    const firn_sort_order *const orders[] = {&unsorted};
    const firn_snapshot_ref main_ref = {.name = FIRN_STR("main"),
                                        .snapshot_id = 1,
                                        .min_snapshots_to_keep = -1,
                                        .max_snapshot_age_ms = -1,
                                        .max_ref_age_ms = -1};
    const firn_snapshot snapshot = {.snapshot_id = 1,
                                    .parent_snapshot_id = -1,
                                    .sequence_number = 1,
                                    .timestamp_ms = 1767225600000,
                                    .manifest_list = text(b, "list.avro"),
                                    .operation = FIRN_STR("append"),
                                    .first_row_id = -1,
                                    .added_rows = -1};
    const firn_table_metadata metadata = {.format_version = 2,
                                          .table_uuid =
                                              FIRN_STR("5f3c9a10-0000-4000-8000-000000000001"),
                                          .location = firn_str_of(b->folder),
                                          .last_sequence_number = 1,
                                          .last_updated_ms = 1767225600000,
                                          .last_column_id = N_COLUMNS,
                                          .schemas = schemas,
                                          .n_schemas = 1,
                                          .specs = specs,
                                          .n_specs = 1,
                                          .last_partition_id = 1000,
                                          .sort_orders = orders,
                                          .n_sort_orders = 1,
                                          .current_snapshot_id = 1,
                                          .snapshots = &snapshot,
                                          .n_snapshots = 1,
                                          .refs = &main_ref,
                                          .n_refs = 1,
                                          .next_row_id = -1};
    firn_buf json;
    firn_buf_init(&json, NULL, FIRN_LIMIT_METADATA);
    firn_status st = firn_metadata_format(&metadata, &json, err);
    if (st == FIRN_OK)
        st = firn_store_put(b->store, text(b, "00000-bench.metadata.json"), firn_buf_view(&json),
                            err);
    firn_buf_dispose(&json);
    return st;
}

/* ---- planning ---- */

static firn_status plan(bench *b, firn_str location, const firn_value *id, firn_error *err)
{
    firn_str bytes;
    const firn_table_metadata *metadata = NULL;
    firn_plan_opts opts = {0};
    firn_scan_plan out;

    FIRN_TRY(firn_store_read_all(b->store, location, FIRN_LIMIT_METADATA, b->arena, &bytes, err));
    FIRN_TRY(firn_metadata_parse(bytes, b->arena, &metadata, err));
    if (id) opts.filter = firn_expr_predicate(b->arena, FIRN_EXPR_EQ, FIRN_STR("id"), id, 1);
    const int64_t from = firn_clock_monotonic_us(b->env->clock);
    FIRN_TRY(firn_scan_plan_files(b->env, b->store, metadata, &opts, b->arena, &out, err));
    const double seconds = (double)(firn_clock_monotonic_us(b->env->clock) - from) / 1e6;
    printf("%.6f %" PRId64 " %.0f files/s, %" PRId64 " of %" PRId64 " manifests read\n", seconds,
           out.stats.files_matched, (double)out.stats.files_total / seconds,
           out.stats.manifests_read, out.stats.manifests_total);
    return FIRN_OK;
}

/* ---- command line ---- */

typedef struct arguments {
    const char *write_to, *metadata;
    int64_t n_files, n_manifests;
    bool has_id;
    firn_value id;
} arguments;

static bool parse_arguments(int argc, char **argv, arguments *out)
{
    *out = (arguments){.n_files = 100000, .n_manifests = 10, .id = {.kind = FIRN_TYPE_LONG}};
    for (int i = 1; i + 1 < argc; i += 2) {
        const firn_str name = firn_str_of(argv[i]);
        const firn_str value = firn_str_of(argv[i + 1]);
        bool is_ok = true;
        if (firn_str_equals(name, FIRN_STR("--write"))) {
            out->write_to = argv[i + 1];
        } else if (firn_str_equals(name, FIRN_STR("--plan"))) {
            out->metadata = argv[i + 1];
        } else if (firn_str_equals(name, FIRN_STR("--files"))) {
            is_ok = firn_str_to_i64(value, &out->n_files) && out->n_files > 0;
        } else if (firn_str_equals(name, FIRN_STR("--manifests"))) {
            is_ok = firn_str_to_i64(value, &out->n_manifests) && out->n_manifests > 0;
        } else if (firn_str_equals(name, FIRN_STR("--id"))) {
            is_ok = out->has_id = firn_str_to_i64(value, &out->id.as.i64);
        } else {
            is_ok = false;
        }
        if (!is_ok) return false;
    }
    return argc % 2 == 1 && !out->write_to != !out->metadata;
}

static firn_status run(bench *b, const arguments *args, firn_error *err)
{
    FIRN_TRY(firn_store_add_local(b->store, b->env, err));
    if (args->metadata)
        return plan(b, firn_str_of(args->metadata), args->has_id ? &args->id : NULL, err);
    b->folder = args->write_to;
    b->n_files = args->n_files;
    b->n_manifests = args->n_manifests;
    make_schema(b);
    FIRN_TRY(write_table(b, err));
    return write_metadata(b, err);
}

int main(int argc, char **argv)
{
    firn_error err = {0};
    arguments args;
    bench b = {0};
    if (!parse_arguments(argc, argv, &args)) {
        fprintf(stderr, "usage: bench_plan --write FOLDER [--files N] [--manifests N]\n"
                        "       bench_plan --plan METADATA [--id N]\n");
        return 2;
    }
    b.arena = firn_arena_create(NULL, 0);
    firn_status st = firn_env_create(NULL, &b.env, &err);
    if (st == FIRN_OK) st = firn_store_create(&b.store, &err);
    if (st == FIRN_OK) st = run(&b, &args, &err);
    if (st != FIRN_OK) fprintf(stderr, "bench_plan: %s\n", err.message);
    firn_store_destroy(b.store);
    firn_env_destroy(b.env);
    firn_arena_destroy(b.arena);
    return st == FIRN_OK ? 0 : 1;
}
