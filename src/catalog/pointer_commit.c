/* SPDX-License-Identifier: Apache-2.0 */
/* The commit of a pointer catalog: check, apply, write new metadata documents, then swap all
 * pointers in one transaction.
 *
 *   load base of each table -> requirements -> updates -> documents (new names) -> swap, all or
 * none
 *
 * Metadata documents never change, so "the pointer is still the one that was read" is the same as
 * "the requirements still hold"; the check needs no lock. Bad interleaving: another process commits
 * between load and swap; its pointer differs from ours, the swap changes no row, nothing landed.
 * When the last step (COMMIT) fails the pointers are read again: they tell landed from lost. Only
 * if that is impossible too the outcome is unknown, and then nothing is removed. */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/pointer_catalog.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/metadata_update.h"

struct commit_item {
    const firn_table_commit *commit;
    firn_str text; /* for messages */
    firn_catalog_row row;
    const firn_table_metadata *base; /* NULL: to be created */
    firn_str base_location;
    const firn_table_metadata *next;
    bool is_changed; /* false: requirements only */
    bool is_written; /* the document at row.location is ours */
};

struct commit_op {
    struct commit_item *items;
    size_t n;
    firn_arena *arena;                  /* of the results and the bases they share parts with */
    const firn_commit_objects *objects; /* NULL: none, or ended */
    firn_buf *bufs;                     /* n_documents, of those that change */
    firn_document *documents;
    size_t n_documents;
};

/* ---- prepare ---- */

static bool wants_create(const firn_table_commit *commit)
{
    for (size_t i = 0; i < commit->n_requirements; i++)
        if (commit->requirements[i].kind == FIRN_REQUIRE_CREATE) return true;
    return false;
}

static firn_status load_base(firn_pointer_catalog *catalog, struct commit_item *item,
                             firn_arena *arena, firn_error *err)
{
    firn_error local;
    firn_error *use = err ? err : &local;
    firn_catalog_row row = {0};
    firn_status st = firn_pointer__find(catalog, &item->commit->ident, false, arena, &row, use);
    FIRN_TRY(firn_pointer__namespace(&item->commit->ident, arena, &item->row.ns, err));
    item->row.name = item->commit->ident.name;
    if (!wants_create(item->commit)) {
        FIRN_TRY(st);
        item->base_location = row.location;
        return firn_pointer__load(catalog, row.location, arena, &item->base, err);
    }
    if (st == FIRN_OK)
        return firn_fail(err, FIRN_ERR_EXISTS, "table %.*s exists already",
                         FIRN_STR_ARG(item->text));
    if (st != FIRN_ERR_NOT_FOUND) return st;
    if (row.is_view)
        return firn_fail(err, FIRN_ERR_EXISTS, "view %.*s exists already",
                         FIRN_STR_ARG(item->text));
    return firn_pointer__check_name(item->row.name, "table", err);
}

static int64_t next_timestamp(const firn_pointer_catalog *catalog, const struct commit_item *item)
{
    const int64_t now = firn_clock_wall_ms(catalog->env->clock);
    const firn_table_commit *commit = item->commit;
    int64_t latest = item->base ? item->base->last_updated_ms : now;
    for (size_t i = 0; i < commit->n_updates; i++)
        if (commit->updates[i].kind == FIRN_UPDATE_ADD_SNAPSHOT && commit->updates[i].snapshot &&
            commit->updates[i].snapshot->timestamp_ms > latest)
            latest = commit->updates[i].snapshot->timestamp_ms;
    return now > latest ? now : latest;
}

static firn_status prepare_item(firn_pointer_catalog *catalog, struct commit_item *item,
                                firn_arena *arena, firn_error *err)
{
    const firn_table_commit *commit = item->commit;
    char uuid[37];
    item->text = firn_pointer__text(&commit->ident, arena);
    FIRN_TRY(load_base(catalog, item, arena, err));
    FIRN_TRY(firn_error_wrap(
        err, firn_requirements_check(item->base, commit->requirements, commit->n_requirements, err),
        "table %.*s", FIRN_STR_ARG(item->text)));
    if (commit->n_updates == 0) {
        if (!item->base)
            return firn_fail(err, FIRN_ERR_ARG, "commit creates table %.*s without any update",
                             FIRN_STR_ARG(item->text));
        item->next = item->base;
        item->row.location = item->base_location;
        return FIRN_OK;
    }
    item->is_changed = true;
    FIRN_TRY(firn_error_wrap(err,
                             firn_updates_apply(item->base, item->base_location, commit->updates,
                                                commit->n_updates, next_timestamp(catalog, item),
                                                arena, &item->next, err),
                             "table %.*s", FIRN_STR_ARG(item->text)));
    firn_random_uuid(catalog->env->random, uuid);
    return firn_metadata_next_location(item->next, item->base_location, uuid, arena,
                                       &item->row.location, err);
}

static firn_status check_distinct(const struct commit_op *op, firn_error *err)
{
    for (size_t i = 0; i < op->n; i++)
        for (size_t j = i + 1; j < op->n; j++)
            if (firn_str_equals(op->items[i].row.ns, op->items[j].row.ns) &&
                firn_str_equals(op->items[i].row.name, op->items[j].row.name))
                return firn_fail(err, FIRN_ERR_ARG, "commit names table %.*s twice",
                                 FIRN_STR_ARG(op->items[i].text));
    return FIRN_OK;
}

static firn_status pack_document(const firn_pointer_catalog *catalog, firn_str location,
                                 firn_buf *buf, firn_error *err)
{
    firn_buf packed;
    if (!firn_metadata_is_packed(location)) return FIRN_OK;
    firn_buf_init(&packed, catalog->env->alloc, FIRN_LIMIT_METADATA);
    const firn_status st = firn_json_pack(firn_buf_view(buf), &packed, err);
    firn_buf_dispose(buf);
    *buf = packed;
    return st;
}

/* The text is the operation's until the document is written. */
static firn_status format_document(firn_pointer_catalog *catalog, const struct commit_item *item,
                                   firn_buf *buf, firn_document *out, firn_error *err)
{
    firn_buf_init(buf, catalog->env->alloc, FIRN_LIMIT_METADATA);
    FIRN_TRY(firn_env_failpoint(catalog->env, "catalog.commit.before_metadata", err));
    FIRN_TRY(firn_error_wrap(err, firn_metadata_format(item->next, buf, err), "metadata file %.*s",
                             FIRN_STR_ARG(item->row.location)));
    FIRN_TRY(pack_document(catalog, item->row.location, buf, err));
    *out = (firn_document){item->row.location, firn_buf_view(buf)};
    return FIRN_OK;
}

static firn_status format_documents(firn_pointer_catalog *catalog, struct commit_op *op,
                                    firn_error *err)
{
    op->bufs = firn_arena_array(op->arena, op->n, sizeof *op->bufs);
    op->documents = firn_arena_array(op->arena, op->n, sizeof *op->documents);
    if (!op->bufs || !op->documents) return firn_fail_nomem(err);
    for (size_t i = 0; i < op->n; i++) {
        if (!op->items[i].is_changed) continue;
        const size_t at = op->n_documents++;
        FIRN_TRY(format_document(catalog, &op->items[i], &op->bufs[at], &op->documents[at], err));
    }
    return FIRN_OK;
}

static firn_status write_documents(firn_pointer_catalog *catalog, struct commit_op *op,
                                   firn_error *err)
{
    firn_status st = format_documents(catalog, op, err);
    if (st == FIRN_OK) {
        const firn_commit_objects *objects = op->objects;
        op->objects = NULL;
        st = catalog->rows->put_documents(catalog->rows_ctx, op->documents, op->n_documents,
                                          objects, err);
        if (st != FIRN_OK && op->n_documents > 0)
            st = firn_error_wrap(err, st, "metadata file %.*s",
                                 FIRN_STR_ARG(op->documents[0].location));
    }
    for (size_t i = 0; i < op->n_documents; i++) firn_buf_dispose(&op->bufs[i]);
    FIRN_TRY(st);
    for (size_t i = 0; i < op->n; i++) op->items[i].is_written = op->items[i].is_changed;
    return op->n_documents > 0
               ? firn_env_failpoint(catalog->env, "catalog.commit.after_metadata", err)
               : FIRN_OK;
}

/* ---- swap ---- */

static firn_status swap_item(firn_pointer_catalog *catalog, struct commit_op *op,
                             struct commit_item *item, firn_error *err)
{
    firn_catalog_row now = {0};
    if (item->commit->turn)
        FIRN_TRY(catalog->rows->check_turn(catalog->rows_ctx, item->commit->turn, err));
    if (!item->base) {
        FIRN_TRY(firn_pointer__need_namespace(catalog, item->row.ns, op->arena, err));
        return catalog->rows->insert(catalog->rows_ctx, &item->row, err);
    }
    if (item->is_changed)
        return catalog->rows->swap(catalog->rows_ctx, &item->row, item->base_location, err);
    FIRN_TRY(
        catalog->rows->find(catalog->rows_ctx, item->row.ns, item->row.name, op->arena, &now, err));
    if (firn_str_equals(now.location, item->base_location)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CONFLICT, "another commit changed the table");
}

static firn_status swap_all(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct commit_op *op = arg;
    FIRN_TRY(firn_env_failpoint(catalog->env, "catalog.commit.before_swap", err));
    for (size_t i = 0; i < op->n; i++) {
        const firn_status st = swap_item(catalog, op, &op->items[i], err);
        if (st == FIRN_ERR_CONFLICT && err) err->flags |= FIRN_ERROR_RETRYABLE;
        if (st != FIRN_OK)
            return firn_error_wrap(err, st, "table %.*s", FIRN_STR_ARG(op->items[i].text));
    }
    return firn_env_failpoint(catalog->env, "catalog.commit.after_swap", err);
}

/* ---- after a COMMIT of unknown outcome ---- */

/* Landed when the pointer is ours, or when a later commit has ours in its log. */
static firn_status has_landed(firn_pointer_catalog *catalog, const struct commit_item *item,
                              firn_arena *arena, bool *landed, firn_error *err)
{
    firn_catalog_row now = {0};
    const firn_table_metadata *metadata = NULL;
    *landed = false;
    const firn_status st =
        firn_pointer__find(catalog, &item->commit->ident, false, arena, &now, err);
    if (st == FIRN_ERR_NOT_FOUND && !item->base) return FIRN_OK;
    FIRN_TRY(st);
    *landed = firn_str_equals(now.location, item->row.location);
    if (*landed || (item->base && firn_str_equals(now.location, item->base_location)))
        return FIRN_OK;
    FIRN_TRY(firn_pointer__load(catalog, now.location, arena, &metadata, err));
    for (size_t i = 0; i < metadata->n_metadata_log && !*landed; i++)
        *landed = firn_str_equals(metadata->metadata_log[i].metadata_file, item->row.location);
    /* A log that was cut may have lost our entry: then nobody can tell. */
    if (!*landed && metadata->n_metadata_log >= 100) return FIRN_ERR_COMMIT_UNKNOWN;
    return FIRN_OK;
}

static firn_status resolve_unknown(firn_pointer_catalog *catalog, const struct commit_op *op,
                                   firn_error *err)
{
    firn_error ignored;
    firn_error_clear(&ignored);
    firn_status st = firn_env_failpoint(catalog->env, "catalog.commit.reread", &ignored);
    for (size_t i = 0; i < op->n && st == FIRN_OK; i++) {
        bool landed = false;
        if (!op->items[i].is_changed) continue;
        st = has_landed(catalog, &op->items[i], op->arena, &landed, &ignored);
        if (st == FIRN_OK && landed) return FIRN_OK;
        if (st == FIRN_OK)
            return firn_error_wrap(err, firn_fail(err, FIRN_ERR_IO, "nothing was changed"),
                                   "commit of table %.*s failed", FIRN_STR_ARG(op->items[i].text));
    }
    return firn_error_hint(err, FIRN_ERR_COMMIT_UNKNOWN,
                           "the commit may have landed: look at the table before trying again");
}

/* ---- commit ---- */

static void remove_document(firn_pointer_catalog *catalog, firn_str location)
{
    firn_error local;
    const firn_status st = catalog->rows->remove_document(catalog->rows_ctx, location, &local);
    if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND)
        firn_log_write(catalog->env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s",
                       FIRN_STR_ARG(location), local.message);
}

static void remove_documents(firn_pointer_catalog *catalog, const struct commit_op *op)
{
    for (size_t i = 0; i < op->n; i++)
        if (op->items[i].is_written) remove_document(catalog, op->items[i].row.location);
}

static bool is_logged(const firn_table_metadata *metadata, firn_str location)
{
    for (size_t i = 0; i < metadata->n_metadata_log; i++)
        if (firn_str_equals(metadata->metadata_log[i].metadata_file, location)) return true;
    return false;
}

/* write.metadata.delete-after-commit.enabled: documents that this commit pushed out of the log. */
static void remove_expired(firn_pointer_catalog *catalog, const struct commit_item *item)
{
    if (!item->is_changed || !item->base) return;
    if (!firn_str_equals_nocase(
            firn_properties_get(&item->next->properties,
                                FIRN_STR("write.metadata.delete-after-commit.enabled"),
                                FIRN_STR("false")),
            FIRN_STR("true")))
        return;
    for (size_t i = 0; i < item->base->n_metadata_log; i++)
        if (!is_logged(item->next, item->base->metadata_log[i].metadata_file))
            remove_document(catalog, item->base->metadata_log[i].metadata_file);
}

static firn_status commit_items(firn_pointer_catalog *catalog, struct commit_op *op,
                                firn_error *err)
{
    bool any_changed = false;
    for (size_t i = 0; i < op->n; i++) {
        FIRN_TRY(prepare_item(catalog, &op->items[i], op->arena, err));
        any_changed = any_changed || op->items[i].is_changed;
    }
    FIRN_TRY(check_distinct(op, err));
    FIRN_TRY(write_documents(catalog, op, err));
    const firn_status st = firn_pointer__run(catalog, any_changed, swap_all, op, err);
    return st == FIRN_ERR_COMMIT_UNKNOWN ? resolve_unknown(catalog, op, err) : st;
}

static firn_status commit_all(firn_pointer_catalog *catalog, const firn_table_commit *commits,
                              struct commit_op *op, firn_error *err)
{
    if (catalog->is_read_only) return firn_fail(err, FIRN_ERR_DENIED, "catalog is open read-only");
    op->items = firn_arena_array(op->arena, op->n, sizeof *op->items);
    if (!op->items) return firn_fail_nomem(err);
    for (size_t i = 0; i < op->n; i++) op->items[i].commit = &commits[i];
    const firn_status st = commit_items(catalog, op, err);
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN) remove_documents(catalog, op);
    return st;
}

firn_status firn_pointer__commit_with_objects(void *ctx, const firn_table_commit *commits, size_t n,
                                              const firn_commit_objects *objects, firn_arena *arena,
                                              firn_loaded_table *out, firn_error *err)
{
    firn_pointer_catalog *catalog = ctx;
    firn_error local;
    struct commit_op op = {.n = n, .arena = arena, .objects = objects};
    const firn_status st = commit_all(catalog, commits, &op, err ? err : &local);
    firn_commit_objects_abandon(op.objects);
    FIRN_TRY(st);
    for (size_t i = 0; i < n; i++) remove_expired(catalog, &op.items[i]);
    for (size_t i = 0; i < n && out; i++)
        out[i] = (firn_loaded_table){op.items[i].row.location, op.items[i].next};
    return FIRN_OK;
}

firn_status firn_pointer__commit(void *ctx, const firn_table_commit *commits, size_t n,
                                 firn_arena *arena, firn_loaded_table *out, firn_error *err)
{
    return firn_pointer__commit_with_objects(ctx, commits, n, NULL, arena, out, err);
}
