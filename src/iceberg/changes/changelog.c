/* SPDX-License-Identifier: Apache-2.0 */
/* The changelog as a stream: snapshot by snapshot (or all at once, where only the net change is
 * wanted) plan, judge where rows may only have been moved, then read what is wanted of the rows.
 * Not here: planning (change_step.h), telling rows apart (change_verdict.h). */
#include "iceberg/changes/changelog.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/ids.h"
#include "base/str.h"
#include "format/columns/drop_rows.h"
#include "iceberg/changes/change_verdict.h"
#include "iceberg/scan/read.h"
#include "iceberg/txn/snapshot_update.h"

static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};

static const firn_field k_change_fields[] = {
    {.id = FIRN_FIELD_CHANGE_TYPE,
     .is_required = true,
     .name = FIRN_STR_INIT("_change_type"),
     .type = &k_text},
    {.id = FIRN_FIELD_CHANGE_ORDINAL,
     .is_required = true,
     .name = FIRN_STR_INIT("_change_ordinal"),
     .type = &k_int},
    {.id = FIRN_FIELD_COMMIT_ID,
     .is_required = true,
     .name = FIRN_STR_INIT("_commit_snapshot_id"),
     .type = &k_long},
};
#define N_CHANGE_FIELDS (sizeof k_change_fields / sizeof *k_change_fields)

/* What a change is called. */
typedef enum change_kind {
    CHANGE_DELETE = 0,
    CHANGE_UPDATE_BEFORE,
    CHANGE_INSERT,
    CHANGE_UPDATE_AFTER,
} change_kind;

static const char *const k_kinds[] = {"DELETE", "UPDATE_BEFORE", "INSERT", "UPDATE_AFTER"};

/* A column of the result that no file has. */
typedef union change_cells {
    firn_view views[FIRN_BATCH_ROWS];
    int64_t longs[FIRN_BATCH_ROWS];
    int32_t ints[FIRN_BATCH_ROWS];
} change_cells;

struct firn_changes {
    firn_change_source source;
    firn_change_tally tally;
    firn_changes_opts opts;
    const firn_expr *filter; /* as given */
    firn_arena *arena;
    const firn_type *columns; /* of the result */
    firn_type read;           /* columns of the table among them */
    firn_type compared;       /* what tells rows apart; no fields: nothing has to */
    int32_t *key_ids;         /* of the key's columns, ascending; none of a row id */
    size_t n_key_ids;
    firn_verdict_opts verdict_opts;
    const firn_snapshot **snapshots;
    size_t n_snapshots;
    size_t next; /* snapshot */
    /* the group of snapshots that is read: one, or all */
    firn_arena *group_arena;
    size_t first; /* snapshot */
    firn_change_rows *rows;
    firn_verdicts *verdicts; /* NULL: all rows count */
    firn_batch shown;
    change_cells **cells; /* one a column of the result; NULL where files have it */
};

bool firn_field_is_change(int32_t field_id)
{
    return field_id == FIRN_FIELD_COMMIT_TIME ||
           (field_id >= FIRN_FIELD_COMMIT_ID && field_id <= FIRN_FIELD_CHANGE_TYPE);
}

firn_status firn_changelog_columns(const firn_schema *schema, firn_arena *arena,
                                   const firn_type **out, firn_error *err)
{
    const size_t n = schema->root.n_fields;
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    firn_field *fields = firn_arena_array(arena, n + N_CHANGE_FIELDS, sizeof *fields);
    if (!type || !fields) return firn_fail_nomem(err);
    if (n > 0) memcpy(fields, schema->root.fields, n * sizeof *fields);
    memcpy(fields + n, k_change_fields, sizeof k_change_fields);
    *type =
        (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n + N_CHANGE_FIELDS};
    *out = type;
    return FIRN_OK;
}

/* ---- the key of a row ---- */

static bool find_path(const firn_type *type, int32_t id, firn_change_key *key)
{
    if (type->kind != FIRN_TYPE_STRUCT || key->n == FIRN_CHANGE_KEY_DEPTH) return false;
    for (size_t i = 0; i < type->n_fields; i++) {
        key->path[key->n++] = i;
        if (type->fields[i].id == id || find_path(type->fields[i].type, id, key)) return true;
        key->n--;
    }
    return false;
}

static firn_status add_key(const firn_changes *c, firn_change_key *keys, size_t *n,
                           const firn_field *field, firn_str name, firn_error *err)
{
    firn_change_key *key = &keys[*n];
    *key = (firn_change_key){.name = name};
    if (!field)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "no column \"%.*s\" to tell rows apart by",
                         FIRN_STR_ARG(name));
    if (!firn_type_is_primitive(field->type) || !find_path(&c->source.schema->root, field->id, key))
        return firn_fail(err, FIRN_ERR_ARG, "identifier \"%.*s\" is not a column of simple type",
                         FIRN_STR_ARG(name));
    c->key_ids[(*n)++] = field->id;
    return FIRN_OK;
}

/* The row's id behind the columns of the table. */
static firn_status use_row_id(firn_changes *c, firn_error *err)
{
    firn_verdict_opts *v = &c->verdict_opts;
    firn_field *fields = firn_arena_array(c->arena, c->compared.n_fields + 1, sizeof *fields);
    firn_change_key *key = firn_arena_alloc_zero(c->arena, sizeof *key);
    if (!fields || !key) return firn_fail_nomem(err);
    if (c->source.metadata->format_version < 3) {
        (void)firn_fail(err, FIRN_ERR_ARG,
                        "updates need a key: the table has neither identifier fields nor row ids");
        return firn_error_hint(err, FIRN_ERR_ARG, "name the identifier columns");
    }
    memcpy(fields, c->compared.fields, c->compared.n_fields * sizeof *fields);
    fields[c->compared.n_fields] = firn_field_row_id;
    key->path[0] = c->compared.n_fields;
    key->n = 1;
    key->name = firn_field_row_id.name;
    c->compared.fields = fields;
    c->compared.n_fields++;
    v->keys = key;
    v->n_keys = 1;
    v->is_row_id = true;
    return FIRN_OK;
}

static firn_status find_keys(firn_changes *c, firn_error *err)
{
    const firn_schema *schema = c->source.schema;
    const bool is_named = c->opts.n_identifiers > 0;
    const size_t n = is_named ? c->opts.n_identifiers : schema->n_identifier_field_ids;
    firn_verdict_opts *v = &c->verdict_opts;
    if (n == 0) return use_row_id(c, err);
    firn_change_key *keys = firn_arena_array(c->arena, n, sizeof *keys);
    c->key_ids = firn_arena_array(c->arena, n, sizeof *c->key_ids);
    if (!keys || !c->key_ids) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const firn_field *field =
            is_named ? firn_schema_find_name(schema, c->opts.identifiers[i])
                     : firn_schema_find_id(schema, schema->identifier_field_ids[i]);
        const firn_str name = is_named ? c->opts.identifiers[i]
                              : field  ? field->name
                                       : (firn_str){0};
        FIRN_TRY(add_key(c, keys, &v->n_keys, field, name, err));
    }
    v->keys = keys;
    c->n_key_ids = n;
    firn_ids_sort(c->key_ids, n);
    return FIRN_OK;
}

static firn_status init_verdicts(firn_changes *c, firn_error *err)
{
    firn_verdict_opts *v = &c->verdict_opts;
    const firn_changes_opts *opts = &c->opts;
    if (opts->with_carryovers) {
        if (!opts->with_updates && !opts->is_net) return FIRN_OK;
        return firn_fail(err, FIRN_ERR_ARG,
                         "rows that were only moved cannot be kept with updates or net changes");
    }
    c->compared = c->source.schema->root;
    v->columns = &c->compared;
    v->n_values = c->compared.n_fields;
    v->is_net = opts->is_net;
    v->memory_bytes = opts->memory_bytes > 0 ? opts->memory_bytes : c->source.env->memory_bytes / 4;
    return opts->with_updates ? find_keys(c, err) : FIRN_OK;
}

/* ---- opening ---- */

static firn_status find_snapshots(firn_changes *c, firn_error *err)
{
    const firn_table_metadata *metadata = c->source.metadata;
    const int64_t to_id = c->opts.to_snapshot_id;
    const int64_t from_id = c->opts.from_snapshot_id > 0 ? c->opts.from_snapshot_id : 0;
    const firn_snapshot *to = to_id > 0 ? firn_metadata_find_snapshot(metadata, to_id)
                                        : firn_metadata_current_snapshot(metadata);
    if (!to && to_id > 0)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no snapshot %" PRId64, to_id);
    return firn_change_snapshots(metadata, from_id, to, c->arena, &c->snapshots, &c->n_snapshots,
                                 err);
}

static const firn_field *find_column(const firn_type *root, int32_t id)
{
    for (size_t i = 0; i < root->n_fields; i++)
        if (root->fields[i].id == id) return &root->fields[i];
    return NULL;
}

static firn_status split_columns(firn_changes *c, firn_error *err)
{
    const size_t n = c->columns->n_fields;
    firn_field *fields = firn_arena_array(c->arena, n, sizeof *fields);
    c->shown.columns = firn_arena_array(c->arena, n, sizeof *c->shown.columns);
    c->cells = firn_arena_array(c->arena, n, sizeof(change_cells *));
    if (!fields || !c->shown.columns || !c->cells) return firn_fail_nomem(err);
    c->shown.n_columns = n;
    c->read = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields};
    for (size_t i = 0; i < n; i++) {
        const firn_field *field = &c->columns->fields[i];
        if (firn_field_is_change(field->id)) {
            c->cells[i] = firn_arena_alloc(c->arena, sizeof *c->cells[i]);
            if (!c->cells[i]) return firn_fail_nomem(err);
            continue;
        }
        const firn_field *column = find_column(&c->source.schema->root, field->id);
        if (!column)
            return firn_fail(err, FIRN_ERR_ARG, "the table has no column \"%.*s\"",
                             FIRN_STR_ARG(field->name));
        fields[c->read.n_fields++] = *column;
    }
    return FIRN_OK;
}

static firn_status init(firn_changes *c, firn_error *err)
{
    c->source.schema = c->opts.schema ? c->opts.schema : firn_metadata_schema(c->source.metadata);
    c->columns = c->opts.columns;
    if (!c->columns) FIRN_TRY(firn_changelog_columns(c->source.schema, c->arena, &c->columns, err));
    FIRN_TRY(split_columns(c, err));
    FIRN_TRY(init_verdicts(c, err));
    FIRN_TRY(firn_change_filter_create(c->filter, c->source.schema, c->opts.with_updates,
                                       c->key_ids, c->n_key_ids, c->arena, &c->source.filter, err));
    return find_snapshots(c, err);
}

firn_status firn_changelog_open(firn_env *env, firn_store *store,
                                const firn_table_metadata *metadata, const firn_changes_opts *opts,
                                const firn_expr *filter, firn_changes **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(env->alloc, 0);
    firn_changes *c = arena ? firn_arena_alloc_zero(arena, sizeof *c) : NULL;
    *out = NULL;
    if (!c) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    c->source =
        (firn_change_source){.env = env, .store = store, .metadata = metadata, .tally = &c->tally};
    c->filter = filter;
    c->arena = arena;
    if (opts) c->opts = *opts;
    c->group_arena = firn_arena_create(env->alloc, 0);
    const firn_status st = c->group_arena ? init(c, err) : firn_fail_nomem(err);
    if (st != FIRN_OK)
        firn_changes_close(c);
    else
        *out = c;
    return st;
}

firn_status firn_changes_open(firn_table *table, const firn_changes_opts *opts, firn_changes **out,
                              firn_error *err)
{
    return firn_changelog_open(firn_table_env(table), firn_table_store(table),
                               firn_table_metadata_of(table), opts, NULL, out, err);
}

static void close_group(firn_changes *c)
{
    firn_change_rows_close(c->rows);
    firn_verdicts_destroy(c->verdicts);
    c->rows = NULL;
    c->verdicts = NULL;
    firn_arena_reset(c->group_arena);
}

void firn_changes_close(firn_changes *changes)
{
    if (!changes) return;
    if (changes->group_arena) close_group(changes);
    firn_arena_destroy(changes->group_arena);
    firn_arena_destroy(changes->arena); /* holds changes itself */
}

const firn_change_tally *firn_changelog_tally(const firn_changes *changes)
{
    return &changes->tally;
}

const firn_expr *firn_changelog_filter(const firn_changes *changes)
{
    return firn_change_filter_expr(changes->source.filter);
}

const firn_type *firn_changes_columns(const firn_changes *changes)
{
    return changes->columns;
}

/* ---- groups of snapshots ---- */

/* Rows can only have been moved where some are gone and some are new. */
static bool needs_verdicts(const firn_changes *c, const firn_change_step *steps, size_t n)
{
    bool has_gone = false;
    bool has_added = false;
    for (size_t i = 0; i < n; i++) {
        has_gone = has_gone || steps[i].gone.n_tasks > 0;
        has_added = has_added || steps[i].added.n_tasks > 0;
    }
    return has_gone && has_added && c->verdict_opts.columns;
}

/* FIRN_DONE when no snapshot is left. */
static firn_status plan_group(firn_changes *c, firn_change_step **out, size_t *n_out,
                              firn_error *err)
{
    const size_t n = c->opts.is_net ? c->n_snapshots : 1;
    if (c->next >= c->n_snapshots) return FIRN_DONE;
    firn_change_step *steps = firn_arena_array(c->group_arena, n, sizeof *steps);
    if (!steps) return firn_fail_nomem(err);
    *out = steps;
    *n_out = n;
    c->first = c->next;
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(firn_change_step_plan(&c->source, c->snapshots[c->next++], c->group_arena,
                                       &steps[i], err));
    return FIRN_OK;
}

firn_status firn_changelog_plan(firn_changes *changes, firn_error *err)
{
    firn_status st = FIRN_OK;
    while (st == FIRN_OK) {
        firn_change_step *steps = NULL;
        size_t n = 0;
        st = plan_group(changes, &steps, &n, err);
        firn_arena_reset(changes->group_arena);
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status open_group(firn_changes *c, firn_error *err)
{
    firn_change_step *steps = NULL;
    size_t n = 0;
    const firn_status st = plan_group(c, &steps, &n, err);
    if (st != FIRN_OK) return st;
    if (needs_verdicts(c, steps, n))
        FIRN_TRY(firn_verdicts_make(&c->source, steps, n, &c->verdict_opts, &c->verdicts, err));
    return firn_change_rows_open(&c->source, steps, n, &c->read, &c->rows, err);
}

/* ---- rows ---- */

/* Takes out the rows that are no changes; kinds are those of the others. */
static void judge_batch(const firn_changes *c, firn_batch *batch, const firn_change_place *place,
                        uint8_t *kinds)
{
    uint64_t keep[FIRN_ROW_WORDS(FIRN_BATCH_ROWS)];
    const uint8_t plain = place->is_added ? CHANGE_INSERT : CHANGE_DELETE;
    size_t n = 0;
    if (!c->verdicts) {
        memset(kinds, plain, (size_t)batch->n_rows);
        return;
    }
    memset(keep, 0, sizeof keep);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        const firn_verdict verdict = firn_verdict_of(c->verdicts, place->first_row + (uint64_t)row);
        if (verdict == FIRN_VERDICT_DROP) continue;
        keep[(uint64_t)row >> 6] |= (uint64_t)1 << ((uint64_t)row & 63);
        kinds[n++] = verdict == FIRN_VERDICT_UPDATE ? (uint8_t)(plain + 1) : plain;
    }
    firn_batch_keep_rows(batch, keep);
}

static void fill_cells(change_cells *cells, int32_t field_id, const firn_snapshot *snapshot,
                       size_t ordinal, const uint8_t *kinds, int64_t n_rows)
{
    for (int64_t row = 0; row < n_rows; row++) {
        const char *kind = k_kinds[kinds[row]];
        switch (field_id) {
        case FIRN_FIELD_CHANGE_TYPE:
            cells->views[row] = firn_view_of(kind, (uint32_t)strlen(kind));
            break;
        case FIRN_FIELD_CHANGE_ORDINAL: cells->ints[row] = (int32_t)ordinal; break;
        case FIRN_FIELD_COMMIT_ID: cells->longs[row] = snapshot->snapshot_id; break;
        default: cells->longs[row] = snapshot->timestamp_ms * 1000; break;
        }
    }
}

static void show_batch(firn_changes *c, const firn_batch *batch, size_t ordinal,
                       const uint8_t *kinds)
{
    size_t from = 0;
    for (size_t i = 0; i < c->shown.n_columns; i++) {
        const firn_field *field = &c->columns->fields[i];
        firn_column *column = &c->shown.columns[i];
        if (!firn_field_is_change(field->id)) {
            *column = batch->columns[from++];
            continue;
        }
        fill_cells(c->cells[i], field->id, c->snapshots[ordinal], ordinal, kinds, batch->n_rows);
        *column = (firn_column){.type = field->type,
                                .values = c->cells[i],
                                .n_values = batch->n_rows,
                                .capacity = FIRN_BATCH_ROWS};
    }
    c->shown.n_rows = batch->n_rows;
}

firn_status firn_changes_next(firn_changes *changes, const firn_batch **out, firn_error *err)
{
    uint8_t kinds[FIRN_BATCH_ROWS] = {0};
    firn_batch *batch = NULL;
    firn_change_place place;
    for (;;) {
        if (!changes->rows) FIRN_TRY(open_group(changes, err));
        const firn_status st = firn_change_rows_next(changes->rows, &batch, &place, err);
        if (st == FIRN_DONE) {
            close_group(changes);
            continue;
        }
        FIRN_TRY(st);
        judge_batch(changes, batch, &place, kinds);
        if (batch->n_rows == 0) continue;
        show_batch(changes, batch, changes->first + place.step, kinds);
        *out = &changes->shown;
        return FIRN_OK;
    }
}
