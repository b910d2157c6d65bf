/* SPDX-License-Identifier: Apache-2.0 */
/* firn cat: the rows of a file, or of a table without a catalog. Needs no home and never loads the
 * SQL engine. */
#include <string.h>

#include "app.h"
#include "base/error.h"
#include "base/str.h"
#include "file_rows.h"
#include "format/avro/avro_render.h"
#include "positions.h"
#include "row_output.h"
#include "table_source.h"

static const app_option k_options[] = {
    ROW_OUTPUT_OPTIONS,
    {"columns", 0, "LIST", "these columns only, in this order: a,b.c"},
    {"as", 0, "KIND", "what the file is; default: by its content"},
    {"blob", 0, "N", "contents of the N-th blob of a Puffin file, from 0"},
    TABLE_SOURCE_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "FILE is a Parquet, Avro, NDJSON or CSV file, also packed with "
    "gzip. Columns of NDJSON and CSV\n"
    "are inferred from the beginning of the file. --as takes parquet, avro, ndjson and csv, and\n"
    "deletion-vector, bitmap32 and bitmap64 for files that are positions, printed one a line.\n"
    "\n"
    "With --table there is no FILE: the rows of an Iceberg table, deleted ones left out. Times are "
    "in\n"
    "--where as text, or as DATE '2024-01-31' and TIMESTAMP '2024-01-31 12:00:00'.\n";

static const struct {
    const char *name;
    firn_file_kind kind;
} k_kinds[] = {
    {"parquet", FIRN_KIND_PARQUET},
    {"avro", FIRN_KIND_AVRO},
    {"ndjson", FIRN_KIND_NDJSON},
    {"csv", FIRN_KIND_CSV},
};

static firn_status parse_as(const char *name, firn_file_kind *kind, firn_error *err)
{
    for (size_t i = 0; name && i < sizeof k_kinds / sizeof k_kinds[0]; i++) {
        if (strcmp(k_kinds[i].name, name) != 0) continue;
        *kind = k_kinds[i].kind;
        return FIRN_OK;
    }
    return name ? firn_fail(err, FIRN_ERR_ARG, "--as: unknown kind of file \"%s\"", name) : FIRN_OK;
}

/* Avro values of any schema, those that no column can hold too. */
static firn_status print_canonical_avro(const input_file *in, int64_t limit, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    firn_buf out;
    FIRN_TRY(firn_avro_reader_open_source(&in->source, &reader, err));
    firn_buf_init(&out, NULL, 0);
    firn_status st = FIRN_OK;
    for (int64_t n = 0; st == FIRN_OK && n != limit; n++) {
        st = firn_avro_render_next(reader, &out, err);
        if (st != FIRN_OK) break;
        firn_buf_byte(&out, '\n');
        st = row_output_put(&out, 1 << 16, err);
    }
    if (st == FIRN_OK || st == FIRN_DONE) st = row_output_put(&out, 1, err);
    firn_buf_dispose(&out);
    firn_avro_reader_close(reader);
    return st;
}

/* The command's options, checked before a file is opened. */
typedef struct cat_opts {
    file_rows_opts rows;
    row_output output;
    bool is_table;
    positions_kind positions;
    int64_t blob; /* -1: none */
} cat_opts;

static firn_status parse_options(const app_args *args, cat_opts *out, firn_error *err)
{
    memset(out, 0, sizeof *out);
    out->is_table = app_args_has(args, "table");
    if (out->is_table && args->n_words != 0)
        return firn_fail(err, FIRN_ERR_ARG, "cat takes a file or --table, found both");
    if (!out->is_table && args->n_words != 1)
        return firn_fail(err, FIRN_ERR_ARG, "cat needs one file, found %zu", args->n_words);
    FIRN_TRY(row_output_parse(args, &out->output, err));
    out->rows.columns = app_args_get(args, "columns", NULL);
    out->rows.with_file_types = out->output.is_canonical;
    out->rows.limit = out->output.limit;
    FIRN_TRY(app_args_count(args, "blob", &out->blob, err));
    const char *as = app_args_get(args, "as", NULL);
    if (as) out->positions = positions_parse(as);
    return out->positions ? FIRN_OK : parse_as(as, &out->rows.kind, err);
}

static firn_status print_file(app *a, const cat_opts *opts, input_file *in, firn_error *err)
{
    file_rows_opts how = opts->rows;
    firn_file_kind kind = how.kind;
    file_rows *rows = NULL;
    if (opts->positions || opts->blob >= 0)
        return positions_print(in, opts->positions, opts->blob, a->arena, err);
    FIRN_TRY(input_kind(in, &kind, &how.is_gzip, err));
    if (how.kind == FIRN_KIND_UNKNOWN) how.kind = kind;
    if (how.kind == FIRN_KIND_AVRO && opts->output.is_canonical && !how.columns)
        return print_canonical_avro(in, how.limit, err);
    firn_status st = file_rows_open(in, &how, a->arena, &rows, err);
    if (st == FIRN_OK) {
        const row_stream stream = file_rows_stream(rows);
        st = row_output_print(&opts->output, &stream, err);
    }
    file_rows_close(rows);
    if (st == FIRN_OK || st == FIRN_DONE) return FIRN_OK;
    /* any text may be CSV, so what is wrong with it may be that it is none */
    const bool is_guess = opts->rows.kind == FIRN_KIND_UNKNOWN && kind == FIRN_KIND_CSV;
    if (!is_guess || st != FIRN_ERR_CORRUPT) return st;
    return firn_error_wrap(err, st, "text, read as CSV");
}

static firn_status cat_file(app *a, const app_args *args, const cat_opts *opts, firn_error *err)
{
    input_file in = {.fd = -1};
    firn_status st = input_open(args->words[0], &in, err);
    if (st == FIRN_OK) st = input_wrap(&in, print_file(a, opts, &in, err), err);
    input_close(&in);
    return st;
}

static firn_status cat_table(app *a, const app_args *args, const cat_opts *opts, firn_error *err)
{
    table_source source;
    table_stream rows = {0};
    firn_status st = table_source_open(a, args, &source, err);
    if (st == FIRN_OK)
        st = table_stream_open(a, &source, opts->rows.columns, opts->rows.limit, &rows, err);
    if (st == FIRN_OK) st = row_output_print(&opts->output, &rows.stream, err);
    table_stream_close(&rows);
    table_source_close(&source);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    cat_opts opts;
    if (parse_options(args, &opts, &err) != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    firn_status st =
        opts.is_table ? cat_table(a, args, &opts, &err) : cat_file(a, args, &opts, &err);
    if (st == FIRN_OK && fflush(stdout) != 0)
        st = firn_fail(&err, FIRN_ERR_IO, "cannot write the rows");
    return st == FIRN_OK ? APP_OK : app_print_error(a, &err, NULL);
}

const app_command app_command_cat = {
    "cat",
    "FILE | --table METADATA [options]",
    "print the rows of a file or a table",
    k_details,
    k_options,
    run,
    "firn cat examples/retail/landing/dt=2010-12-01/orders-2010-12-01.ndjson.gz --limit 3\n"
    "firn cat --table \"$(ls -t demo/warehouse/silver/orders/metadata/*.metadata.json | head -n "
    "1)\" --limit 3"};
