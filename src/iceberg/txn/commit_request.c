/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a request, numbers little-endian or of variable length, texts with their length
 * before them:
 *
 *   request   form (4 bytes), table uuid, format version, schema id, last column id,
 *             n, transaction*
 *   txn       n, (key, value)* of the summary, n, change*
 *   change    snapshot id, branch, is staged, pending name, files, records, bytes, partitions,
 *             n, manifest*
 *   manifest  path, snapshot id, length, spec id, six counts, key metadata, n, field summary*
 *   summary   flags, lower bound, upper bound
 *
 * What has its name pending, the manifests among it, is in the folders that the table's metadata
 * names, which whoever commits syncs.
 *
 * The schema's id stands for the promise that no column was made required since the rows were
 * written: with another schema the writer commits by itself and looks at its rows. */
#include "iceberg/txn/commit_request.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/txn/commit_run.h"
#include "iceberg/txn/snapshot_summary.h"
#include "iceberg/write/writer_config.h"

#define K_FORM       UINT32_C(0x32515246) /* "FRQ2" */
#define K_MAX_ITEMS  1024                 /* of each list */
#define K_MAX_NUMBER (INT64_C(1) << 53)   /* of rows, bytes, files: sums do not overflow */
#define K_HAS_NULL   1u
#define K_KNOWS_NAN  2u
#define K_HAS_NAN    4u
#define K_HAS_LOWER  8u
#define K_HAS_UPPER  16u

/* ---- encode ---- */

static void put_text(firn_buf *out, firn_str text)
{
    firn_buf_uvarint(out, text.len);
    firn_buf_str(out, text);
}

static void put_field(firn_buf *out, const firn_field_summary *s)
{
    const unsigned flags = (s->contains_null ? K_HAS_NULL : 0) |
                           (s->has_contains_nan ? K_KNOWS_NAN : 0) |
                           (s->contains_nan ? K_HAS_NAN : 0) | (s->has_lower ? K_HAS_LOWER : 0) |
                           (s->has_upper ? K_HAS_UPPER : 0);
    firn_buf_byte(out, (uint8_t)flags);
    if (s->has_lower) put_text(out, s->lower);
    if (s->has_upper) put_text(out, s->upper);
}

static void put_manifest(firn_buf *out, const firn_manifest_file *m)
{
    const int64_t numbers[] = {m->length,        m->spec_id,    m->added_files,   m->existing_files,
                               m->deleted_files, m->added_rows, m->existing_rows, m->deleted_rows};
    put_text(out, m->path);
    firn_buf_zigzag(out, m->added_snapshot_id);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) firn_buf_zigzag(out, numbers[i]);
    put_text(out, m->key_metadata);
    firn_buf_uvarint(out, m->n_partitions);
    for (size_t i = 0; i < m->n_partitions; i++) put_field(out, &m->partitions[i]);
}

static firn_status count_added(const firn_snapshot_change *change, firn_arena *scratch,
                               firn_summary_counts *out, firn_error *err)
{
    firn_summary__init(out, scratch);
    for (size_t i = 0; i < change->what.n_added; i++)
        FIRN_TRY(firn_summary__add(out, &change->what.added[i], err));
    return FIRN_OK;
}

static firn_status put_change(firn_buf *out, const firn_txn *txn, firn_snapshot_change *change,
                              firn_arena *scratch, firn_error *err)
{
    firn_summary_counts counts;
    firn_str pending_name;
    FIRN_TRY(count_added(change, scratch, &counts, err));
    FIRN_TRY(firn_commit__sync_names(txn, change, scratch, &pending_name, err));
    firn_buf_zigzag(out, change->snapshot_id);
    put_text(out, change->what.branch);
    firn_buf_byte(out, change->what.is_staged);
    put_text(out, pending_name);
    firn_buf_zigzag(out, counts.added_files);
    firn_buf_zigzag(out, counts.added_records);
    firn_buf_zigzag(out, counts.added_bytes);
    firn_buf_zigzag(out, (int64_t)counts.partitions.n_entries);
    firn_buf_uvarint(out, change->n_made);
    for (size_t i = 0; i < change->n_made; i++) put_manifest(out, &change->made[i]);
    return FIRN_OK;
}

static firn_status put_txn(firn_buf *out, const firn_txn *txn, firn_arena *scratch, firn_error *err)
{
    firn_buf_uvarint(out, txn->n_summary);
    for (size_t i = 0; i < txn->n_summary; i++) {
        put_text(out, txn->summary[i].key);
        put_text(out, txn->summary[i].value);
    }
    firn_buf_uvarint(out, txn->n_changes);
    for (size_t i = 0; i < txn->n_changes; i++)
        FIRN_TRY(put_change(out, txn, &txn->changes[i], scratch, err));
    return FIRN_OK;
}

static bool is_made_for(const firn_txn *txn, int32_t format_version)
{
    for (size_t i = 0; i < txn->n_changes; i++)
        if (!txn->changes[i].is_made || txn->changes[i].made_version != format_version)
            return false;
    return true;
}

/* All have seen the same layout, which the first one's stands for. */
static bool is_of_one_layout(const firn_commit_member *members, size_t n)
{
    const firn_table_metadata *first = members[0].txn->draft.base;
    for (size_t i = 0; i < n; i++) {
        const firn_table_metadata *seen = members[i].txn->draft.base;
        if (seen->current_schema_id != first->current_schema_id ||
            seen->last_column_id != first->last_column_id || seen->table_uuid.len == 0 ||
            !firn_str_equals(seen->table_uuid, first->table_uuid) ||
            !is_made_for(members[i].txn, first->format_version))
            return false;
    }
    return true;
}

static firn_status put_request(firn_buf *out, const firn_commit_member *members, size_t n,
                               firn_arena *scratch, firn_error *err)
{
    const firn_table_metadata *seen = members[0].txn->draft.base;
    firn_buf_u32le(out, K_FORM);
    put_text(out, seen->table_uuid);
    firn_buf_zigzag(out, seen->format_version);
    firn_buf_zigzag(out, seen->current_schema_id);
    firn_buf_zigzag(out, seen->last_column_id);
    firn_buf_uvarint(out, n);
    for (size_t i = 0; i < n; i++) FIRN_TRY(put_txn(out, members[i].txn, scratch, err));
    return firn_buf_check(out, err);
}

firn_status firn_commit_request__encode(const firn_commit_member *members, size_t n, firn_buf *out,
                                        firn_error *err)
{
    if (!is_of_one_layout(members, n))
        return firn_fail(err, FIRN_ERR_CONFLICT, "transactions saw different layouts");
    firn_arena *scratch = firn_arena_create(NULL, 0);
    if (!scratch) return firn_fail_nomem(err);
    const firn_status st = put_request(out, members, n, scratch, err);
    firn_arena_destroy(scratch);
    return st;
}

/* ---- decode ---- */

struct decode {
    firn_cursor in;
    firn_txn *txn;
    const firn_table_metadata *base;
    firn_str metadata_folder, data_folder; /* of the base */
    firn_error *err;
};

static firn_status malformed(const struct decode *d, const char *what)
{
    return firn_fail(d->err, FIRN_ERR_CORRUPT, "commit request: %s", what);
}

static firn_status take_text(struct decode *d, firn_str *out)
{
    uint64_t n = 0;
    firn_str found;
    FIRN_TRY(firn_cursor_uvarint(&d->in, &n, d->err));
    FIRN_TRY(firn_cursor_take(&d->in, n, &found, d->err));
    *out = firn_arena_copy(d->txn->files_arena, found);
    return out->data ? FIRN_OK : firn_fail_nomem(d->err);
}

/* An element takes a byte at least. */
static firn_status take_count(struct decode *d, size_t *out)
{
    uint64_t n = 0;
    FIRN_TRY(firn_cursor_uvarint(&d->in, &n, d->err));
    if (n > K_MAX_ITEMS || n > firn_cursor_left(&d->in)) return malformed(d, "list too long");
    *out = (size_t)n;
    return FIRN_OK;
}

static firn_status take_natural(struct decode *d, int64_t *out)
{
    FIRN_TRY(firn_cursor_zigzag(&d->in, out, d->err));
    return *out >= 0 && *out <= K_MAX_NUMBER ? FIRN_OK : malformed(d, "number out of range");
}

static firn_status take_field(struct decode *d, firn_field_summary *out)
{
    uint8_t flags = 0;
    FIRN_TRY(firn_cursor_u8(&d->in, &flags, d->err));
    *out = (firn_field_summary){.contains_null = (flags & K_HAS_NULL) != 0,
                                .has_contains_nan = (flags & K_KNOWS_NAN) != 0,
                                .contains_nan = (flags & K_HAS_NAN) != 0,
                                .has_lower = (flags & K_HAS_LOWER) != 0,
                                .has_upper = (flags & K_HAS_UPPER) != 0};
    if (out->has_lower) FIRN_TRY(take_text(d, &out->lower));
    if (out->has_upper) FIRN_TRY(take_text(d, &out->upper));
    return FIRN_OK;
}

static firn_status take_fields(struct decode *d, firn_manifest_file *out)
{
    FIRN_TRY(take_count(d, &out->n_partitions));
    firn_field_summary *fields =
        firn_arena_array(d->txn->files_arena, out->n_partitions, sizeof *fields);
    if (!fields) return firn_fail_nomem(d->err);
    for (size_t i = 0; i < out->n_partitions; i++) FIRN_TRY(take_field(d, &fields[i]));
    out->partitions = fields;
    return FIRN_OK;
}

/* The holder keeps the manifest, unless it merges it into another. */
static firn_status note_made(struct decode *d, firn_str path)
{
    FIRN_TRY(firn_written__note(d->txn, path, d->err));
    d->txn->written[d->txn->n_written - 1].is_kept = true;
    return FIRN_OK;
}

static firn_status check_place(const struct decode *d, firn_str path, firn_str folder)
{
    if (firn_commit__is_in_folder(path, folder)) return FIRN_OK;
    return firn_fail(d->err, FIRN_ERR_CONFLICT, "the table's files are in another folder by now");
}

static firn_status take_manifest(struct decode *d, int64_t snapshot_id, firn_manifest_file *out)
{
    int64_t n[8];
    int64_t added_by = 0;
    *out = (firn_manifest_file){.content = FIRN_CONTENT_DATA, .first_row_id = -1};
    FIRN_TRY(take_text(d, &out->path));
    FIRN_TRY(firn_cursor_zigzag(&d->in, &added_by, d->err));
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) FIRN_TRY(take_natural(d, &n[i]));
    FIRN_TRY(take_text(d, &out->key_metadata));
    FIRN_TRY(take_fields(d, out));
    const firn_partition_spec *spec =
        n[1] <= INT32_MAX ? firn_metadata_find_spec(d->base, (int32_t)n[1]) : NULL;
    if (!spec || spec->n_fields != out->n_partitions)
        return firn_fail(d->err, FIRN_ERR_CONFLICT, "the table has no such partition spec");
    if (added_by != snapshot_id) return malformed(d, "manifest of another");
    FIRN_TRY(check_place(d, out->path, d->metadata_folder));
    out->length = n[0];
    out->spec_id = spec->spec_id;
    out->added_snapshot_id = added_by;
    out->added_files = n[2];
    out->existing_files = n[3];
    out->deleted_files = n[4];
    out->added_rows = n[5];
    out->existing_rows = n[6];
    out->deleted_rows = n[7];
    return note_made(d, out->path);
}

static firn_status take_manifests(struct decode *d, firn_snapshot_change *change)
{
    FIRN_TRY(take_count(d, &change->n_made));
    firn_manifest_file *made = firn_arena_array(d->txn->files_arena, change->n_made, sizeof *made);
    if (!made) return firn_fail_nomem(d->err);
    for (size_t i = 0; i < change->n_made; i++)
        FIRN_TRY(take_manifest(d, change->snapshot_id, &made[i]));
    change->made = made;
    change->is_made = true;
    change->made_version = d->base->format_version;
    return FIRN_OK;
}

static firn_status take_counts(struct decode *d, firn_snapshot_change *change)
{
    firn_summary_counts *counts = firn_arena_alloc_zero(d->txn->files_arena, sizeof *counts);
    if (!counts) return firn_fail_nomem(d->err);
    FIRN_TRY(take_natural(d, &counts->added_files));
    FIRN_TRY(take_natural(d, &counts->added_records));
    FIRN_TRY(take_natural(d, &counts->added_bytes));
    change->counts = counts;
    return take_natural(d, &counts->other_partitions);
}

static firn_status take_change(struct decode *d)
{
    uint8_t is_staged = 0;
    firn_snapshot_change change = {.what = {.kind = FIRN_CHANGE_APPEND, .from_snapshot_id = -1}};
    FIRN_TRY(firn_cursor_zigzag(&d->in, &change.snapshot_id, d->err));
    if (change.snapshot_id < 0) return malformed(d, "negative snapshot id");
    FIRN_TRY(take_text(d, &change.what.branch));
    FIRN_TRY(firn_cursor_u8(&d->in, &is_staged, d->err));
    change.what.is_staged = is_staged != 0;
    FIRN_TRY(take_text(d, &change.pending_name));
    if (change.pending_name.len > 0) FIRN_TRY(check_place(d, change.pending_name, d->data_folder));
    FIRN_TRY(take_counts(d, &change));
    FIRN_TRY(take_manifests(d, &change));
    firn_snapshot_change *slot =
        firn_arena_push(d->txn->files_arena, &d->txn->changes, &d->txn->n_changes,
                        &d->txn->cap_changes, sizeof *slot);
    if (!slot) return firn_fail_nomem(d->err);
    *slot = change;
    return FIRN_OK;
}

static firn_status take_txn(struct decode *d)
{
    size_t n = 0;
    FIRN_TRY(take_count(d, &n));
    for (size_t i = 0; i < n; i++) {
        firn_property item;
        FIRN_TRY(take_text(d, &item.key));
        FIRN_TRY(take_text(d, &item.value));
        if (item.key.len == 0) return malformed(d, "summary entry without a key");
        FIRN_TRY(firn_txn_set_summary(d->txn, &item, 1, d->err));
    }
    FIRN_TRY(take_count(d, &n));
    if (n == 0) return malformed(d, "nothing to commit");
    for (size_t i = 0; i < n; i++) FIRN_TRY(take_change(d));
    return FIRN_OK;
}

static firn_status check_layout(struct decode *d)
{
    uint32_t form = 0;
    uint64_t n = 0;
    firn_str uuid;
    int64_t version = 0;
    int64_t schema = 0;
    int64_t column = 0;
    FIRN_TRY(firn_cursor_u32le(&d->in, &form, d->err));
    if (form != K_FORM) return malformed(d, "unknown form");
    FIRN_TRY(firn_cursor_uvarint(&d->in, &n, d->err));
    FIRN_TRY(firn_cursor_take(&d->in, n, &uuid, d->err));
    FIRN_TRY(firn_cursor_zigzag(&d->in, &version, d->err));
    FIRN_TRY(firn_cursor_zigzag(&d->in, &schema, d->err));
    FIRN_TRY(firn_cursor_zigzag(&d->in, &column, d->err));
    if (!firn_str_equals(uuid, d->base->table_uuid))
        return firn_fail(d->err, FIRN_ERR_CONFLICT, "the request is about another table");
    if (version != d->base->format_version || schema != d->base->current_schema_id ||
        column != d->base->last_column_id)
        return firn_fail(d->err, FIRN_ERR_CONFLICT, "the table has another layout by now");
    return FIRN_OK;
}

/* The slot is filled first, so that the caller closes what was begun. */
static firn_status begin_txn(struct decode *d, firn_table *table, firn_txn **slot)
{
    FIRN_TRY(firn_txn_begin(table, slot, d->err));
    d->txn = *slot;
    firn_txn__draft_init(&d->txn->draft, d->txn->arena, d->base);
    return take_txn(d);
}

firn_status firn_commit_request__decode(firn_str bytes, firn_table *table,
                                        const firn_table_metadata *base, firn_arena *arena,
                                        firn_txn ***out, size_t *n_out, firn_error *err)
{
    struct decode d = {.in = firn_cursor_of(bytes, 0), .base = base, .err = err};
    size_t n = 0;
    *out = NULL;
    *n_out = 0;
    FIRN_TRY(check_layout(&d));
    FIRN_TRY(firn_metadata_folder(base, arena, &d.metadata_folder, err));
    FIRN_TRY(firn_data_folder(base, arena, &d.data_folder, err));
    FIRN_TRY(take_count(&d, &n));
    firn_txn **txns = firn_arena_array(arena, n, sizeof *txns);
    if (!txns) return firn_fail_nomem(err);
    *out = txns;
    while (*n_out < n) {
        txns[*n_out] = NULL;
        FIRN_TRY(begin_txn(&d, table, &txns[(*n_out)++]));
    }
    return firn_cursor_left(&d.in) == 0 && n > 0 ? FIRN_OK : malformed(&d, "bytes left over");
}
