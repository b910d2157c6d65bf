/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and walking manifests through the store. What goes into them is decided in
 * manifest_changes.c, manifest_removal.c and manifest_merge.c. */
#include "iceberg/txn/manifest_files.h"

#include "base/error.h"
#include "base/limits.h"
#include "store/store_read.h"

/* ---- output ---- */

firn_status firn_metadata_output__open(firn_txn *txn, firn_str path, firn_metadata_output *out,
                                       firn_error *err)
{
    *out = (firn_metadata_output){0};
    FIRN_TRY(firn_written__note(txn, path, err));
    return firn_store_begin(txn->table->store, path, &out->writer, err);
}

firn_status firn_metadata_output__write(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_metadata_output *out = ctx;
    FIRN_TRY(firn_store_write(out->writer, data, n, err));
    out->n_bytes += (int64_t)n;
    return FIRN_OK;
}

firn_status firn_metadata_output__finish(firn_metadata_output *out, firn_error *err)
{
    firn_store_writer *writer = out->writer;
    out->writer = NULL;
    return firn_store_finish_content(&writer, 1, err);
}

void firn_metadata_output__abandon(firn_metadata_output *out)
{
    firn_store_abandon(out->writer);
    out->writer = NULL;
}

/* ---- run ---- */

firn_status firn_manifest_run__init(firn_manifest_run *run, firn_snapshot_files *files,
                                    int32_t spec_id, firn_content content, firn_error *err)
{
    *run = (firn_manifest_run){.files = files, .content = content};
    run->spec = firn_metadata_find_spec(files->metadata, spec_id);
    if (run->spec) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "table has no partition spec %d", spec_id);
}

/* Void fields have no values, and may be of columns that were gone when the others came. */
static bool has_sources(const firn_schema *schema, const firn_partition_spec *spec)
{
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (spec->fields[i].transform.kind == FIRN_TRANSFORM_VOID) continue;
        if (!firn_schema_find_id(schema, spec->fields[i].source_id)) return false;
    }
    return true;
}

/* The current one, or for a spec of columns that are gone the newest that has them. */
static const firn_schema *schema_of(const firn_table_metadata *metadata,
                                    const firn_partition_spec *spec)
{
    const firn_schema *current = firn_metadata_schema(metadata);
    if (has_sources(current, spec)) return current;
    for (size_t i = metadata->n_schemas; i-- > 0;) {
        if (has_sources(metadata->schemas[i], spec)) return metadata->schemas[i];
    }
    return current;
}

static firn_status open_manifest(firn_manifest_run *run, firn_error *err)
{
    firn_snapshot_files *files = run->files;
    const firn_manifest_write_opts opts = {
        .format_version = files->metadata->format_version,
        .schema = schema_of(files->metadata, run->spec),
        .spec = run->spec,
        .snapshot_id = files->snapshot_id,
        .parent_snapshot_id = files->parent_snapshot_id,
        .sequence_number = files->sequence_number,
        .sync = files->sync,
    };
    const firn_byte_sink sink = {&run->output, firn_metadata_output__write};
    run->path = firn_arena_printf(files->arena, "%.*s/%s-m%d.avro", FIRN_STR_ARG(files->folder),
                                  files->uuid, files->n_written++);
    if (!run->path.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_metadata_output__open(files->txn, run->path, &run->output, err));
    return firn_manifest_writer_create(&opts, run->content, &sink, &run->writer, err);
}

firn_status firn_manifest_run__finish(firn_manifest_run *run, firn_error *err)
{
    firn_snapshot_files *files = run->files;
    firn_manifest_file manifest = {0};
    if (!run->writer) return FIRN_OK;
    FIRN_TRY(firn_manifest_writer_finish(run->writer, files->arena, &manifest, err));
    firn_manifest_writer_destroy(run->writer);
    run->writer = NULL;
    FIRN_TRY(firn_metadata_output__finish(&run->output, err));
    manifest.path = run->path;
    manifest.length = run->output.n_bytes;
    firn_manifest_file *slot = firn_arena_push(files->arena, &files->manifests, &files->n_manifests,
                                               &files->cap_manifests, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = manifest;
    files->counts.manifests_created++;
    return FIRN_OK;
}

firn_status firn_manifest_run__append(firn_manifest_run *run, const firn_manifest_entry *entry,
                                      firn_error *err)
{
    if (run->writer && run->output.n_bytes >= run->files->target_bytes)
        FIRN_TRY(firn_manifest_run__finish(run, err));
    if (!run->writer) FIRN_TRY(open_manifest(run, err));
    return firn_manifest_writer_append(run->writer, entry, err);
}

void firn_manifest_run__dispose(firn_manifest_run *run)
{
    firn_manifest_writer_destroy(run->writer);
    run->writer = NULL;
    firn_metadata_output__abandon(&run->output);
}

/* ---- walk ---- */

/* v3: entries without a row id of their own follow one another from the manifest's first one.
 * A rewritten manifest gets another first row id, so kept entries must carry theirs. */
static void inherit_row_id(const firn_manifest_file *manifest, firn_manifest_entry *entry,
                           int64_t *next_row_id)
{
    if (manifest->first_row_id < 0 || entry->status == FIRN_ENTRY_DELETED) return;
    if (entry->file.first_row_id >= 0) return;
    entry->file.first_row_id = *next_row_id;
    *next_row_id += entry->file.record_count;
}

static firn_status walk(firn_manifest_reader *reader, const firn_manifest_file *manifest,
                        firn_entry_fn fn, void *ctx, firn_error *err)
{
    firn_manifest_entry entry;
    int64_t next_row_id = manifest->first_row_id;
    firn_status st;
    while ((st = firn_manifest_reader_next(reader, &entry, err)) == FIRN_OK) {
        inherit_row_id(manifest, &entry, &next_row_id);
        FIRN_TRY(fn(ctx, &entry, err));
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_status firn_manifest__each(firn_store *store, firn_env *env,
                                const firn_table_metadata *metadata,
                                const firn_manifest_file *manifest, firn_manifest_columns columns,
                                firn_entry_fn fn, void *ctx, firn_error *err)
{
    firn_manifest_reader *reader = NULL;
    firn_str bytes;
    firn_arena *scratch = firn_arena_create(env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_status st =
        firn_store_read_all(store, manifest->path, FIRN_LIMIT_METADATA, scratch, &bytes, err);
    if (st == FIRN_OK)
        st = firn_manifest_reader_open(bytes, manifest, firn_metadata_schema(metadata),
                                       firn_metadata_find_spec(metadata, manifest->spec_id),
                                       columns, &reader, err);
    if (st == FIRN_OK) {
        st = walk(reader, manifest, fn, ctx, err);
        firn_manifest_reader_close(reader);
    }
    firn_arena_destroy(scratch);
    /* Conflicts and what cannot be done are about a data file, which the message names. */
    if (st == FIRN_ERR_CONFLICT || st == FIRN_ERR_ARG) return st;
    return firn_error_wrap(err, st, "manifest %.*s", FIRN_STR_ARG(manifest->path));
}
