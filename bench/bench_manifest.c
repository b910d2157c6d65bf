/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a manifest from memory, one core: entries/s with all statistics, with what pruning
 * needs, and with none.
 *
 *   bench_manifest [entries [columns]]         default: 100000 entries, 20 columns with statistics
 *   bench_manifest entries columns file.avro   only writes
 *   bench_manifest --read file.avro            decodes every field twice, prints seconds and sums
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "bench_support.h"
#include "iceberg/spec/manifest.h"

#define ROUNDS      5
#define MAX_COLUMNS 1000

static firn_status sink_write(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_field k_field = {.id = 1, .name = FIRN_STR_INIT("d"), .type = &k_date};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_field, .n_fields = 1}};
static const firn_partition_field k_part = {
    .source_id = 1, .field_id = 1000, .name = FIRN_STR_INIT("d")};
static const firn_partition_spec k_spec = {.fields = &k_part, .n_fields = 1};

/* Statistics of one file: like real ones they differ from file to file, which is what makes
 * unpacking cost what it costs. */
static void fill(firn_metric *counts, firn_metric *bounds, char *bytes, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        const int64_t noise = (int64_t)(seed >> 48);
        counts[i] = (firn_metric){(int32_t)i + 1, 1000000 + noise, {0}};
        for (size_t k = 0; k < 8; k++) bytes[8 * i + k] = (char)(k < 3 ? seed >> (40 + 8 * k) : 0);
        bounds[i] = (firn_metric){(int32_t)i + 1, 0, {bytes + 8 * i, 8}};
    }
}

static void write_manifest(firn_buf *out, size_t n_entries, size_t n_columns,
                           firn_manifest_file *file, firn_arena *arena)
{
    static firn_metric counts[MAX_COLUMNS];
    static firn_metric bounds[MAX_COLUMNS];
    static char bytes[8 * MAX_COLUMNS];
    static const uint8_t k_sync[16] = {1, 2, 3};
    const firn_byte_sink sink = {out, sink_write};
    const firn_manifest_write_opts opts = {.format_version = 2,
                                           .schema = &k_schema,
                                           .spec = &k_spec,
                                           .snapshot_id = 1,
                                           .parent_snapshot_id = -1,
                                           .sequence_number = 1,
                                           .sync = k_sync};
    firn_manifest_writer *writer = NULL;
    firn_error err = {0};
    const firn_metric_map c = {counts, n_columns};
    const firn_metric_map b = {bounds, n_columns};
    bench_check(firn_manifest_writer_create(&opts, FIRN_CONTENT_DATA, &sink, &writer, &err), &err);
    for (size_t i = 0; i < n_entries; i++) {
        char path[128];
        fill(counts, bounds, bytes, n_columns, i);
        (void)snprintf(path, sizeof path, "s3://bucket/warehouse/db/t/data/d=%zu/%08zu.parquet",
                       i % 365, i);
        const firn_value day = {.kind = FIRN_TYPE_DATE, .as.i32 = (int32_t)(i % 365)};
        const int64_t offset = 4;
        const firn_manifest_entry e = {.status = FIRN_ENTRY_ADDED,
                                       .snapshot_id = -1,
                                       .sequence_number = -1,
                                       .file_sequence_number = -1,
                                       .file = {.path = firn_str_of(path),
                                                .partition = &day,
                                                .n_partition = 1,
                                                .record_count = 1000000,
                                                .file_size_bytes = 134217728,
                                                .column_sizes = c,
                                                .value_counts = c,
                                                .null_value_counts = c,
                                                .nan_value_counts = c,
                                                .lower_bounds = b,
                                                .upper_bounds = b,
                                                .split_offsets = &offset,
                                                .n_split_offsets = 1,
                                                .sort_order_id = 0,
                                                .first_row_id = -1,
                                                .content_offset = -1,
                                                .content_size_bytes = -1}};
        bench_check(firn_manifest_writer_append(writer, &e, &err), &err);
    }
    bench_check(firn_manifest_writer_finish(writer, arena, file, &err), &err);
    firn_manifest_writer_destroy(writer);
}

static void read_manifest(firn_str bytes, const firn_manifest_file *file,
                          firn_manifest_columns columns, const char *name, size_t n_entries)
{
    const firn_clock *clock = firn_clock_system();
    int64_t best = INT64_MAX;
    int64_t rows = 0;
    for (int round = 0; round < ROUNDS; round++) {
        firn_error err = {0};
        firn_manifest_reader *reader = NULL;
        firn_manifest_entry e;
        const int64_t start = firn_clock_monotonic_us(clock);
        bench_check(
            firn_manifest_reader_open(bytes, file, &k_schema, &k_spec, columns, &reader, &err),
            &err);
        firn_status st = firn_manifest_reader_next(reader, &e, &err);
        for (; st == FIRN_OK; st = firn_manifest_reader_next(reader, &e, &err)) {
            rows += e.file.record_count;
        }
        if (st != FIRN_DONE) bench_check(st, &err);
        firn_manifest_reader_close(reader);
        const int64_t took = firn_clock_monotonic_us(clock) - start;
        if (took < best) best = took;
    }
    printf("%-12s %8.1f ms  %6.2f M entries/s  (%" PRId64 " rows)\n", name, (double)best / 1000,
           (double)n_entries / (double)best, rows / ROUNDS);
}

static uint64_t sum_counts(const firn_metric_map *map)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < map->n; i++) sum += (uint64_t)map->items[i].count;
    return sum;
}

static uint64_t sum_bounds(const firn_metric_map *map)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < map->n; i++) sum += map->items[i].bound.len;
    return sum;
}

static void add_entry(const firn_data_file *file, uint64_t *sums)
{
    sums[0]++;
    sums[1] += (uint64_t)file->record_count;
    sums[2] += sum_counts(&file->column_sizes);
    sums[3] += sum_counts(&file->value_counts);
    sums[4] += sum_counts(&file->null_value_counts);
    sums[5] += sum_counts(&file->nan_value_counts);
    sums[6] += sum_bounds(&file->lower_bounds);
    sums[7] += sum_bounds(&file->upper_bounds);
}

static void read_once(const char *path, bool is_last)
{
    uint64_t sums[8] = {0};
    firn_error err = {0};
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry e;
    const bench_clock start = bench_now();
    const firn_str bytes = bench_file_read(path);
    const firn_manifest_file file = {.path = firn_str_of(path),
                                     .length = (int64_t)bytes.len,
                                     .sequence_number = 1,
                                     .min_sequence_number = 1,
                                     .added_snapshot_id = 1,
                                     .first_row_id = -1};
    bench_check(firn_manifest_reader_open(bytes, &file, &k_schema, &k_spec, FIRN_MANIFEST_ALL,
                                          &reader, &err),
                &err);
    firn_status st = firn_manifest_reader_next(reader, &e, &err);
    for (; st == FIRN_OK; st = firn_manifest_reader_next(reader, &e, &err))
        add_entry(&e.file, sums);
    if (st != FIRN_DONE) bench_check(st, &err);
    firn_manifest_reader_close(reader);
    free((void *)(uintptr_t)bytes.data);
    bench_print_since(start);
    if (is_last) bench_print_sums(sums, sizeof sums / sizeof *sums);
}

static int save(const char *path, firn_str bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file) return 1;
    const bool is_written = fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
    return fclose(file) == 0 && is_written ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && firn_str_equals(firn_str_of(argv[1]), FIRN_STR("--read"))) {
        read_once(argv[2], false);
        read_once(argv[2], true);
        return 0;
    }
    const size_t n_entries = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 100000;
    const size_t n_columns = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 20;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_manifest_file file;
    firn_buf buf;
    if (!arena || n_columns > MAX_COLUMNS) return 2;
    firn_buf_init(&buf, NULL, (size_t)4 << 30);
    const int64_t start = firn_clock_monotonic_us(firn_clock_system());
    write_manifest(&buf, n_entries, n_columns, &file, arena);
    const double took = (double)(firn_clock_monotonic_us(firn_clock_system()) - start);
    if (argc > 3) return save(argv[3], firn_buf_view(&buf));
    printf("%zu entries, %zu columns, %.1f MB; written at %.2f M entries/s\n", n_entries, n_columns,
           (double)buf.len / 1e6, (double)n_entries / took);
    read_manifest(firn_buf_view(&buf), &file, FIRN_MANIFEST_ALL, "all", n_entries);
    read_manifest(firn_buf_view(&buf), &file, FIRN_MANIFEST_BOUNDS, "bounds", n_entries);
    read_manifest(firn_buf_view(&buf), &file, FIRN_MANIFEST_NO_METRICS, "no metrics", n_entries);
    firn_buf_dispose(&buf);
    firn_arena_destroy(arena);
    return 0;
}
