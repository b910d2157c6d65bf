/* SPDX-License-Identifier: Apache-2.0 */
/* firn inspect: what a file says about itself. Needs no home. */
#include <string.h>

#include "app.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "file_rows.h"
#include "format/inspect/inspect.h"
#include "format/json/json.h"
#include "iceberg/spec/inspect_iceberg.h"
#include "input_file.h"
#include "outline_output.h"

#define TEXT_BYTES ((size_t)64 << 20)

static const app_option k_options[] = {
    APP_OUTLINE_OPTION,
    {"brief", 0, NULL, "without pages, blocks and entries"},
    {"as", 0, "KIND", "what the file is; default: by its content"},
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "FILE is a Parquet, Avro, Puffin, NDJSON or CSV file, a manifest or a manifest list, or the\n"
    "metadata of a table or a view. --as takes parquet, avro, avro-schema, manifest, "
    "manifest-list,\n"
    "puffin, table-metadata, view-metadata, json, ndjson or csv.\n";

typedef struct inspect_opts {
    firn_outline_style style;
    firn_inspect_depth depth;
    const char *as;
} inspect_opts;

/* One thing the command can show. */
typedef struct inspect_job {
    app *a;
    input_file *in;
    const inspect_opts *opts;
    firn_outline *out;
    bool is_gzip;
} inspect_job;

static firn_status show_parquet(const inspect_job *job, firn_error *err)
{
    return firn_inspect_parquet(&job->in->source, job->opts->depth, job->out, err);
}

static firn_status show_avro(const inspect_job *job, firn_error *err)
{
    return firn_inspect_avro(&job->in->source, job->opts->depth, job->out, err);
}

/* Files that are shown from memory. */
typedef firn_status (*show_bytes)(const inspect_job *job, firn_str bytes, firn_error *err);

static firn_status with_bytes(const inspect_job *job, show_bytes show, firn_error *err)
{
    firn_buf bytes;
    firn_buf_init(&bytes, NULL, 0);
    firn_status st = input_read_all(job->in, job->is_gzip, FIRN_LIMIT_METADATA, &bytes, err);
    if (st == FIRN_OK) st = show(job, firn_buf_view(&bytes), err);
    firn_buf_dispose(&bytes);
    return st;
}

static firn_status show_schema_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    return firn_inspect_avro_schema(bytes, job->a->arena, job->out, err);
}

static firn_status show_list_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    return firn_inspect_manifest_list(bytes, job->opts->depth, job->a->arena, job->out, err);
}

static firn_status show_manifest_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    return firn_inspect_manifest(bytes, job->opts->depth, job->a->arena, job->out, err);
}

static firn_status show_metadata_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    return firn_inspect_metadata(bytes, FIRN_METADATA_ANY, job->a->arena, job->out, err);
}

static firn_status show_table_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    return firn_inspect_metadata(bytes, FIRN_METADATA_TABLE, job->a->arena, job->out, err);
}

static firn_status show_view_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    return firn_inspect_metadata(bytes, FIRN_METADATA_VIEW, job->a->arena, job->out, err);
}

static firn_status show_json_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    json_t *document = NULL;
    FIRN_TRY(firn_json_parse(bytes, job->a->arena, &document, err));
    firn_outline_begin(job->out, NULL);
    firn_outline_cstr(job->out, "format", "json");
    firn_outline_json(job->out, "value", document);
    firn_outline_end(job->out);
    return FIRN_OK;
}

static firn_status show_puffin_bytes(const inspect_job *job, firn_str bytes, firn_error *err)
{
    return firn_inspect_puffin(bytes, job->opts->depth, job->a->arena, job->out, err);
}

/* Rows are counted by reading them all, which also finds bad ones. */
static firn_status count_rows(const inspect_job *job, firn_file_kind kind, firn_error *err)
{
    const file_rows_opts opts = {.kind = kind, .is_gzip = job->is_gzip, .limit = -1};
    file_rows *rows = NULL;
    int64_t n = 0;
    firn_status st = file_rows_open(job->in, &opts, job->a->arena, &rows, err);
    if (st == FIRN_OK) {
        const row_stream stream = file_rows_stream(rows);
        const firn_batch *batch = NULL;
        while ((st = stream.next(stream.ctx, &batch, err)) == FIRN_OK) n += batch->n_rows;
    }
    file_rows_close(rows);
    if (st == FIRN_DONE) firn_outline_i64(job->out, "row_count", n);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status show_text(const inspect_job *job, firn_file_kind kind, firn_error *err)
{
    input_text t;
    firn_status st = input_text_open(job->in, job->is_gzip, TEXT_BYTES, &t, err);
    if (st == FIRN_OK) st = input_text_sample(&t, err);
    firn_outline_begin(job->out, NULL);
    if (st == FIRN_OK)
        st =
            kind == FIRN_KIND_CSV
                ? firn_inspect_csv(input_text_view(&t), t.is_last, job->a->arena, job->out, err)
                : firn_inspect_ndjson(input_text_view(&t), t.is_last, job->a->arena, job->out, err);
    input_text_close(&t);
    if (st == FIRN_OK && job->opts->depth == FIRN_INSPECT_ALL) st = count_rows(job, kind, err);
    firn_outline_end(job->out);
    return st;
}

static firn_status show_ndjson(const inspect_job *job, firn_error *err)
{
    return show_text(job, FIRN_KIND_NDJSON, err);
}

static firn_status show_csv(const inspect_job *job, firn_error *err)
{
    return show_text(job, FIRN_KIND_CSV, err);
}

static const struct inspect_kind {
    const char *name;
    firn_status (*show)(const inspect_job *job, firn_error *err);
    show_bytes show_bytes;
} k_kinds[] = {
    {"parquet", show_parquet, NULL},
    {"avro", show_avro, NULL},
    {"avro-schema", NULL, show_schema_bytes},
    {"manifest", NULL, show_manifest_bytes},
    {"manifest-list", NULL, show_list_bytes},
    {"table-metadata", NULL, show_table_bytes},
    {"view-metadata", NULL, show_view_bytes},
    {"metadata", NULL, show_metadata_bytes},
    {"json", NULL, show_json_bytes},
    {"ndjson", show_ndjson, NULL},
    {"csv", show_csv, NULL},
    {"puffin", NULL, show_puffin_bytes},
};

static const struct inspect_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof k_kinds / sizeof k_kinds[0]; i++)
        if (strcmp(k_kinds[i].name, name) == 0) return &k_kinds[i];
    return NULL;
}

/* Avro files of Iceberg are shown as what they mean. */
static firn_status name_of_avro(input_file *in, const char **name, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    FIRN_TRY(firn_avro_reader_open_source(&in->source, &reader, err));
    const firn_manifest_kind kind = firn_manifest_kind_of(firn_avro_reader_schema(reader));
    firn_avro_reader_close(reader);
    if (kind == FIRN_MANIFEST_LIST) *name = "manifest-list";
    if (kind == FIRN_MANIFEST_ENTRIES) *name = "manifest";
    return FIRN_OK;
}

/* A document without a format version is no metadata, but may be an Avro schema or any other. */
static firn_status name_of_json(input_file *in, bool is_gzip, const char **name, firn_error *err)
{
    firn_buf bytes;
    firn_buf_init(&bytes, NULL, 0);
    const firn_status st = input_read_all(in, is_gzip, FIRN_LIMIT_METADATA, &bytes, err);
    if (st == FIRN_OK &&
        firn_str_find(firn_buf_view(&bytes), FIRN_STR("\"format-version\""), 0) != SIZE_MAX)
        *name = "metadata";
    firn_buf_dispose(&bytes);
    return st;
}

static firn_status name_of_content(inspect_job *job, const char **name, firn_error *err)
{
    firn_file_kind kind = FIRN_KIND_UNKNOWN;
    FIRN_TRY(input_kind(job->in, &kind, &job->is_gzip, err));
    switch (kind) {
    case FIRN_KIND_PARQUET: *name = "parquet"; return FIRN_OK;
    case FIRN_KIND_PUFFIN: *name = "puffin"; return FIRN_OK;
    case FIRN_KIND_NDJSON: *name = "ndjson"; return FIRN_OK;
    case FIRN_KIND_CSV: *name = "csv"; return FIRN_OK;
    case FIRN_KIND_AVRO: *name = "avro"; return name_of_avro(job->in, name, err);
    case FIRN_KIND_JSON: *name = "json"; return name_of_json(job->in, job->is_gzip, name, err);
    case FIRN_KIND_UNKNOWN:
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         job->in->source.size_bytes ? "not a file of a known kind"
                                                    : "the file is empty");
    case FIRN_KIND_ORC:
    case FIRN_KIND_GZIP: break;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: structure of %s",
                     firn_file_kind_name(kind));
}

static firn_status inspect_file(app *a, const inspect_opts *opts, input_file *in, firn_error *err)
{
    firn_outline out;
    inspect_job job = {.a = a, .in = in, .opts = opts, .out = &out};
    const char *name = opts->as;
    const char *by_content = NULL;
    firn_status st = name_of_content(&job, &by_content, name ? NULL : err);
    if (!name && st != FIRN_OK) return st;
    const struct inspect_kind *kind = find_kind(name ? name : by_content);
    if (!kind) return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s", by_content);
    outline_open(&out, opts->style);
    st = kind->show ? kind->show(&job, err) : with_bytes(&job, kind->show_bytes, err);
    return outline_close(&out, st, err);
}

static firn_status parse_options(const app_args *args, inspect_opts *out, firn_error *err)
{
    *out = (inspect_opts){.as = app_args_get(args, "as", NULL)};
    if (args->n_words != 1)
        return firn_fail(err, FIRN_ERR_ARG, "inspect needs one file, found %zu", args->n_words);
    FIRN_TRY(outline_style(args, &out->style, err));
    if (out->as && !find_kind(out->as))
        return firn_fail(err, FIRN_ERR_ARG, "--as: unknown kind of file \"%s\"", out->as);
    if (app_args_has(args, "brief")) out->depth = FIRN_INSPECT_BRIEF;
    return FIRN_OK;
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    input_file in = {.fd = -1};
    inspect_opts opts;
    if (parse_options(args, &opts, &err) != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    firn_status st = input_open(args->words[0], &in, &err);
    if (st == FIRN_OK) st = input_wrap(&in, inspect_file(a, &opts, &in, &err), &err);
    input_close(&in);
    return st == FIRN_OK ? APP_OK : app_print_error(a, &err, NULL);
}

const app_command app_command_inspect = {
    "inspect",
    "FILE [options]",
    "show the structure of a file",
    k_details,
    k_options,
    run,
    "firn inspect examples/retail/landing/dt=2010-12-01/orders-2010-12-01.ndjson.gz --brief"};
