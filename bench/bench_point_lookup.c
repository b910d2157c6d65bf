/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a large Parquet file by the value of a BIGINT column: open the file, find the row by
 * statistics and page index, decode the columns wanted. Prints the seconds of each round, the sums
 * of the row's columns, and how often and how much was read.
 *
 *   bench_point_lookup file.parquet column value [rounds [column ...]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "bench_support.h"
#include "format/parquet/read/parquet_select.h"

#define MAX_COLUMNS 256

typedef struct lookup {
    bench_file file;
    const char *key;
    int64_t value;
    const char *const *columns; /* wanted; none: all */
    size_t n_columns;
    uint64_t sums[MAX_COLUMNS];
    size_t n_sums;
} lookup;

static bool is_wanted(const lookup *l, firn_str name)
{
    bool found = l->n_columns == 0;
    for (size_t i = 0; i < l->n_columns && !found; i++)
        found = firn_str_equals(name, (firn_str){l->columns[i], strlen(l->columns[i])});
    return found;
}

static firn_type project(lookup *l, const firn_type *root, firn_field *fields,
                         const firn_field **key)
{
    firn_type out = {.kind = FIRN_TYPE_STRUCT, .fields = fields};
    for (size_t i = 0; i < root->n_fields && out.n_fields < MAX_COLUMNS; i++) {
        const firn_field *field = &root->fields[i];
        if (firn_str_equals(field->name, (firn_str){l->key, strlen(l->key)})) *key = field;
        if (is_wanted(l, field->name)) fields[out.n_fields++] = *field;
    }
    if (!*key) exit(2);
    l->n_sums = out.n_fields;
    return out;
}

static void read_group(lookup *l, const firn_parquet_file *file, const firn_type *projection,
                       const firn_filter *filter, size_t group)
{
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_parquet_selection selection;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_status st;
    bench_check(
        firn_parquet_select(file, group, filter, FIRN_PARQUET_MATCH_NAMES, arena, &selection, &err),
        &err);
    if (selection.n_rows > 0) {
        const firn_parquet_rows_opts opts = {.first_row_group = group,
                                             .n_row_groups = 1,
                                             .match = FIRN_PARQUET_MATCH_NAMES,
                                             .ranges = selection.ranges,
                                             .n_ranges = selection.n_ranges,
                                             .filter = filter};
        bench_check(firn_batch_create(projection, FIRN_BATCH_ROWS, &batch, &err), &err);
        bench_check(firn_parquet_rows_open(file, projection, &opts, &rows, &err), &err);
        while ((st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err)) == FIRN_OK)
            bench_add_sums(batch, l->sums); /* one row or none: the key is unique */
        if (st != FIRN_DONE) bench_check(st, &err);
        firn_parquet_rows_close(rows);
        firn_batch_destroy(batch);
    }
    firn_arena_destroy(arena);
}

static void look_up(lookup *l)
{
    firn_error err = {0};
    firn_parquet_file *file = NULL;
    firn_field fields[MAX_COLUMNS];
    const firn_field *key = NULL;
    const firn_value value = {.kind = FIRN_TYPE_LONG, .as.i64 = l->value};
    const bench_clock start = bench_now();
    memset(l->sums, 0, sizeof l->sums);
    l->file.n_reads = l->file.n_bytes = 0;
    bench_check(firn_parquet_file_open(&l->file.source, &file, &err), &err);
    const firn_type projection = project(l, &firn_parquet_file_schema(file)->root, fields, &key);
    const firn_filter filter = {
        .op = FIRN_FILTER_IN, .column = key, .values = &value, .n_values = 1};
    for (size_t i = 0; i < firn_parquet_file_row_groups(file); i++)
        read_group(l, file, &projection, &filter, i);
    firn_parquet_file_close(file);
    bench_print_since(start);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr,
                "usage: bench_point_lookup file.parquet column value [rounds [column ...]]\n");
        return 2;
    }
    lookup l = {.key = argv[2], .value = strtoll(argv[3], NULL, 10)};
    if (argc > 5) {
        l.columns = (const char *const *)(argv + 5);
        l.n_columns = (size_t)argc - 5;
    }
    bench_file_open(&l.file, argv[1]);
    for (long i = argc > 4 ? strtol(argv[4], NULL, 10) : 1; i > 0; i--) look_up(&l);
    bench_print_sums(l.sums, l.n_sums);
    printf("reads %lld\nbytes %lld\n", (long long)l.file.n_reads, (long long)l.file.n_bytes);
    bench_file_close(&l.file);
    return 0;
}
