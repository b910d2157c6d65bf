/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures: CALL system.name(...) and ALTER TABLE t EXECUTE name(...), with Spark's arguments and
 * output. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/ddl.h"
#include "sql/row_builder.h"

/* Arguments by name; NULL: not given. */
typedef struct call_arguments {
    const firn_ast_argument *table, *snapshot_id, *timestamp, *ref;
} call_arguments;

typedef struct call_context {
    firn_session *session;
    const firn_ast_call *call;
    call_arguments given;
    firn_table *table;
    const firn_table_metadata *metadata;
    int64_t snapshot_id; /* the new one */
} call_context;

typedef struct procedure {
    const char *name;
    const char *arguments[4]; /* in order, the table first */
    bool may_lack_last;
    firn_status (*run)(call_context *c, firn_txn *txn, firn_error *err);
} procedure;

/* ---- what they do ---- */

static firn_status read_snapshot(const call_context *c, const firn_ast_argument *argument,
                                 int64_t *out, firn_error *err)
{
    if (!firn_str_to_i64(argument->text, out)) {
        return firn_sql_fail(err, argument->offset, "found \"%.*s\", expected a snapshot id",
                             FIRN_STR_ARG(argument->text));
    }
    if (firn_metadata_find_snapshot(c->metadata, *out)) return FIRN_OK;
    return firn_sql_fail(err, argument->offset, "the table has no snapshot %" PRId64, *out);
}

static firn_status rollback_to_snapshot(call_context *c, firn_txn *txn, firn_error *err)
{
    FIRN_TRY(read_snapshot(c, c->given.snapshot_id, &c->snapshot_id, err));
    return firn_ddl__at(c->given.snapshot_id->offset,
                        firn_txn_rollback_to(txn, c->snapshot_id, err), err);
}

static firn_status rollback_to_timestamp(call_context *c, firn_txn *txn, firn_error *err)
{
    const firn_ast_argument *argument = c->given.timestamp;
    int64_t us = 0;
    if (!argument->is_string || !firn_parse_timestamp_us(argument->text, &us, NULL)) {
        return firn_sql_fail(err, argument->offset,
                             "found \"%.*s\", expected a timestamp such as %s",
                             FIRN_STR_ARG(argument->text), "'2024-01-31 12:00:00'");
    }
    const firn_snapshot *s = firn_metadata_current_snapshot(c->metadata);
    for (size_t i = 0; s && i <= c->metadata->n_snapshots; i++) {
        if (s->timestamp_ms * 1000 < us) {
            c->snapshot_id = s->snapshot_id;
            return firn_txn_rollback_to(txn, s->snapshot_id, err);
        }
        s = firn_metadata_find_snapshot(c->metadata, s->parent_snapshot_id);
    }
    return firn_sql_fail(err, argument->offset, "the table had no snapshot before %.*s",
                         FIRN_STR_ARG(argument->text));
}

static firn_status set_current_snapshot(call_context *c, firn_txn *txn, firn_error *err)
{
    if (!c->given.snapshot_id == !c->given.ref) {
        return firn_sql_fail(err, c->call->name.offset,
                             "expected one of snapshot_id and ref, found %s",
                             c->given.ref ? "both" : "none");
    }
    if (c->given.snapshot_id) {
        FIRN_TRY(read_snapshot(c, c->given.snapshot_id, &c->snapshot_id, err));
    } else {
        const firn_snapshot_ref *ref = firn_metadata_find_ref(c->metadata, c->given.ref->text);
        if (!ref) {
            return firn_sql_fail(err, c->given.ref->offset,
                                 "the table has no branch or tag \"%.*s\"",
                                 FIRN_STR_ARG(c->given.ref->text));
        }
        c->snapshot_id = ref->snapshot_id;
    }
    return firn_txn_set_current_snapshot(txn, c->snapshot_id, err);
}

static const procedure k_procedures[] = {
    {"rollback_to_snapshot", {"table", "snapshot_id"}, false, rollback_to_snapshot},
    {"rollback_to_timestamp", {"table", "timestamp"}, false, rollback_to_timestamp},
    {"set_current_snapshot", {"table", "snapshot_id", "ref"}, true, set_current_snapshot},
};

/* ---- arguments ---- */

static const firn_ast_argument **slot_of(call_arguments *given, const char *name)
{
    const firn_str s = firn_str_of(name);
    if (firn_str_equals(s, FIRN_STR("table"))) return &given->table;
    if (firn_str_equals(s, FIRN_STR("snapshot_id"))) return &given->snapshot_id;
    if (firn_str_equals(s, FIRN_STR("timestamp"))) return &given->timestamp;
    return &given->ref;
}

static const char *find_argument(const procedure *p, firn_str name)
{
    for (size_t i = 0; i < 4 && p->arguments[i]; i++) {
        if (firn_str_equals_nocase(name, firn_str_of(p->arguments[i]))) return p->arguments[i];
    }
    return NULL;
}

static firn_status read_arguments(call_context *c, const procedure *p, bool has_table,
                                  firn_error *err)
{
    size_t position = has_table ? 1 : 0;
    for (size_t i = 0; i < c->call->n_arguments; i++) {
        const firn_ast_argument *argument = &c->call->arguments[i];
        const char *name = argument->name.len > 0 ? find_argument(p, argument->name)
                           : position < 4         ? p->arguments[position++]
                                                  : NULL;
        if (!name) {
            return firn_sql_fail(err, argument->offset, "%s has no argument %s%.*s", p->name,
                                 argument->name.len > 0 ? "" : "at this place",
                                 FIRN_STR_ARG(argument->name));
        }
        const firn_ast_argument **slot = slot_of(&c->given, name);
        if (*slot) return firn_sql_fail(err, argument->offset, "argument %s is given twice", name);
        *slot = argument;
    }
    for (size_t i = has_table ? 1 : 0; i < 4 && p->arguments[i] && !p->may_lack_last; i++) {
        if (*slot_of(&c->given, p->arguments[i])) continue;
        return firn_sql_fail(err, c->call->name.offset, "%s needs the argument %s", p->name,
                             p->arguments[i]);
    }
    return FIRN_OK;
}

/* 'db.t' of the arguments, in the catalog that CALL names. */
static firn_status table_name(const call_context *c, const firn_ast_argument *table,
                              firn_sql_name *out, firn_error *err)
{
    if (!table) {
        return firn_sql_fail(err, c->call->name.offset, "the procedure needs the argument table");
    }
    firn_arena *arena = c->session->arena;
    firn_lexer lexer = firn_lexer_of(table->text);
    const firn_str catalog = c->call->name.n_parts > 2 ? c->call->name.parts[0] : (firn_str){0};
    if (firn_session__parse_name(&lexer, arena, out, NULL) != FIRN_OK ||
        firn_lexer_peek(&lexer).kind != FIRN_TOKEN_END) {
        return firn_sql_fail(err, table->offset, "found \"%.*s\", expected a table's name",
                             FIRN_STR_ARG(table->text));
    }
    out->offset = table->offset;
    const bool is_full =
        out->n_parts > 2 && firn_session__find_catalog(c->session, out->parts[0]) != NULL;
    if (catalog.len == 0 || is_full || out->n_parts < 2) return FIRN_OK;
    firn_str *parts = firn_arena_array(arena, out->n_parts + 1, sizeof *parts);
    if (!parts) return firn_fail_nomem(err);
    parts[0] = catalog;
    for (size_t i = 0; i < out->n_parts; i++) parts[i + 1] = out->parts[i];
    out->parts = parts;
    out->n_parts++;
    return FIRN_OK;
}

/* ---- running ---- */

static firn_status give_ids(firn_session *session, int64_t previous, int64_t current,
                            firn_result **out, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    static const firn_field k_fields[] = {
        {.id = 1, .name = FIRN_STR_INIT("previous_snapshot_id"), .type = &k_long},
        {.id = 2, .name = FIRN_STR_INIT("current_snapshot_id"), .type = &k_long}};
    static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2};
    firn_row_builder b = firn_rows_begin(&k_root, err);
    firn_column *column = firn_rows_column(&b, 0);
    if (previous < 0)
        firn_cell_null(&b, column);
    else
        firn_cell_long(&b, column, previous);
    firn_cell_long(&b, firn_rows_column(&b, 1), current);
    const firn_status st = firn_rows_finish(&b);
    if (st != FIRN_OK) {
        firn_batch_destroy(b.batch);
        return st;
    }
    return firn_session__result_of_batch(session, &k_root, b.batch, "CALL", out, err);
}

static firn_status run_on_table(call_context *c, const procedure *p, firn_result **out,
                                firn_error *err)
{
    firn_txn *txn = NULL;
    c->metadata = firn_table_metadata_of(c->table);
    const int64_t previous = c->metadata->current_snapshot_id;
    FIRN_TRY(firn_txn_begin(c->table, &txn, err));
    firn_status st = p->run(c, txn, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    FIRN_TRY(st);
    return give_ids(c->session, previous, c->snapshot_id, out, err);
}

static firn_status fail_unknown(const firn_ast_call *call, firn_error *err)
{
    (void)firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: procedure %.*s",
                    FIRN_STR_ARG(call->name.parts[call->name.n_parts - 1]));
    if (err) err->position = call->name.offset;
    return firn_error_hint(
        err, FIRN_ERR_UNSUPPORTED,
        "procedures: rollback_to_snapshot, rollback_to_timestamp, set_current_snapshot");
}

firn_status firn_call__run(firn_session *session, const firn_ast_call *call,
                           const firn_sql_name *table, firn_result **out, firn_error *err)
{
    const firn_str name = call->name.parts[call->name.n_parts - 1];
    const procedure *p = NULL;
    call_context c = {.session = session, .call = call};
    firn_sql_name target;
    for (size_t i = 0; i < sizeof k_procedures / sizeof *k_procedures && !p; i++) {
        if (firn_str_equals_nocase(name, firn_str_of(k_procedures[i].name))) p = &k_procedures[i];
    }
    if (!p) return fail_unknown(call, err);
    FIRN_TRY(read_arguments(&c, p, table != NULL, err));
    if (table)
        target = *table;
    else
        FIRN_TRY(table_name(&c, c.given.table, &target, err));
    FIRN_TRY(firn_session__open_table(session, &target, &c.table, err));
    const firn_status st = run_on_table(&c, p, out, err);
    firn_table_close(c.table);
    return st;
}

firn_status firn_call_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                              firn_error *err)
{
    firn_sql_parser parser = firn_parser_of(session->arena, sql);
    firn_ast_call call;
    *handled = false;
    if (!firn_parser_accept(&parser, "CALL")) return FIRN_OK;
    const firn_sql_parser before = parser;
    firn_sql_name name;
    if (firn_parser_name(&parser, &name, NULL) != FIRN_OK || name.n_parts < 2) return FIRN_OK;
    if (!firn_str_equals_nocase(name.parts[name.n_parts - 2], FIRN_STR("system"))) return FIRN_OK;
    *handled = true;
    parser = before;
    FIRN_TRY(firn_parse_call(&parser, &call, err));
    if (name.n_parts > 3 ||
        (name.n_parts == 3 && !firn_session__find_catalog(session, name.parts[0]))) {
        return firn_sql_fail(err, name.offset, "there is no catalog \"%.*s\"",
                             FIRN_STR_ARG(name.parts[0]));
    }
    return firn_call__run(session, &call, NULL, out, err);
}
