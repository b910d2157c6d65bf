/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/call/changes_call.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/changes/changelog.h"
#include "sql/resolve/query_rewrite.h"
#include "sql/session/session_state.h"

/* ---- values ---- */

typedef enum value_kind {
    VALUE_NULL = 0,
    VALUE_BOOLEAN, /* number */
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_TIME, /* number: milliseconds */
    VALUE_LIST, /* items: an array's, or key, value, key, value of a map */
} value_kind;

typedef struct call_value {
    value_kind kind;
    size_t offset;
    int64_t number;
    firn_str text;
    firn_str *items;
    size_t n_items, cap_items;
} call_value;

static firn_status parse_time(firn_sql_parser *p, call_value *out, firn_error *err)
{
    int64_t us = 0;
    FIRN_TRY(firn_parser_string(p, &out->text, err));
    if (!firn_parse_timestamp_us(out->text, &us, NULL))
        return firn_sql_fail(err, out->offset, "found \"%.*s\", expected a timestamp such as %s",
                             FIRN_STR_ARG(out->text), "'2024-01-31 12:00:00'");
    out->kind = VALUE_TIME;
    out->number = us / 1000;
    return FIRN_OK;
}

/* Texts up to the closing symbol; a map's keys and values may be joined by a colon. */
static firn_status parse_items(firn_sql_parser *p, const char *close, call_value *out,
                               firn_error *err)
{
    out->kind = VALUE_LIST;
    while (!firn_parser_accept_symbol(p, close)) {
        if (out->n_items > 0 && !firn_parser_accept_symbol(p, ":"))
            FIRN_TRY(firn_parser_expect_symbol(p, ",", err));
        firn_str *slot =
            firn_arena_push(p->arena, &out->items, &out->n_items, &out->cap_items, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        if (firn_parser_peek(p).kind == FIRN_TOKEN_STRING) {
            FIRN_TRY(firn_parser_string(p, slot, err));
            continue;
        }
        int64_t number = 0;
        FIRN_TRY(firn_parser_integer(p, &number, err));
        *slot = firn_arena_printf(p->arena, "%" PRId64, number);
        if (!slot->data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static firn_status parse_value(firn_sql_parser *p, call_value *out, firn_error *err)
{
    const firn_token token = firn_parser_peek(p);
    *out = (call_value){.offset = token.offset};
    if (firn_parser_accept(p, "NULL")) return FIRN_OK;
    if (firn_parser_accept(p, "TIMESTAMP")) return parse_time(p, out, err);
    if (firn_parser_accept_symbol(p, "[")) return parse_items(p, "]", out, err);
    if (firn_parser_accept(p, "ARRAY") || firn_parser_accept(p, "MAP")) {
        if (firn_parser_accept_symbol(p, "[")) return parse_items(p, "]", out, err);
        if (firn_parser_accept_symbol(p, "{")) return parse_items(p, "}", out, err);
        FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
        return parse_items(p, ")", out, err);
    }
    if (token.kind == FIRN_TOKEN_STRING) {
        out->kind = VALUE_STRING;
        return firn_parser_string(p, &out->text, err);
    }
    out->kind = VALUE_BOOLEAN;
    if (firn_parser_accept(p, "FALSE")) return FIRN_OK;
    out->number = 1;
    if (firn_parser_accept(p, "TRUE")) return FIRN_OK;
    out->kind = VALUE_NUMBER;
    return firn_parser_integer(p, &out->number, err);
}

/* ---- arguments ---- */

typedef enum argument {
    ARGUMENT_NONE = 0,
    ARGUMENT_SCHEMA,
    ARGUMENT_TABLE,
    ARGUMENT_FROM,
    ARGUMENT_TO,
    ARGUMENT_VIEW,
    ARGUMENT_OPTIONS,
    ARGUMENT_UPDATES,
    ARGUMENT_IDENTIFIERS,
    ARGUMENT_NET,
    ARGUMENT_MOVED, /* keep or remove rows that were only moved */
    ARGUMENT_COUNT,
} argument;

#define IN_FUNCTION  (1U << FIRN_CHANGES_FUNCTION)
#define IN_TRINO     (1U << FIRN_CHANGES_TRINO)
#define IN_PROCEDURE (1U << FIRN_CHANGES_PROCEDURE)

static const struct {
    const char *name;
    argument argument;
    unsigned forms;
} k_arguments[] = {
    {"schema_name", ARGUMENT_SCHEMA, IN_TRINO},
    {"table_name", ARGUMENT_TABLE, IN_TRINO | IN_FUNCTION},
    {"table", ARGUMENT_TABLE, IN_FUNCTION | IN_PROCEDURE},
    {"start_snapshot_id", ARGUMENT_FROM, IN_TRINO | IN_FUNCTION},
    {"end_snapshot_id", ARGUMENT_TO, IN_TRINO | IN_FUNCTION},
    {"from", ARGUMENT_FROM, IN_FUNCTION},
    {"to", ARGUMENT_TO, IN_FUNCTION},
    {"changelog_view", ARGUMENT_VIEW, IN_PROCEDURE},
    {"options", ARGUMENT_OPTIONS, IN_PROCEDURE},
    {"compute_updates", ARGUMENT_UPDATES, IN_FUNCTION | IN_PROCEDURE},
    {"identifier_columns", ARGUMENT_IDENTIFIERS, IN_FUNCTION | IN_PROCEDURE},
    {"net_changes", ARGUMENT_NET, IN_FUNCTION | IN_PROCEDURE},
    {"remove_carryovers", ARGUMENT_MOVED, IN_FUNCTION | IN_PROCEDURE},
};

/* By position. */
static const argument k_places[][6] = {
    [FIRN_CHANGES_FUNCTION] = {ARGUMENT_TABLE, ARGUMENT_FROM, ARGUMENT_TO},
    [FIRN_CHANGES_TRINO] = {ARGUMENT_SCHEMA, ARGUMENT_TABLE, ARGUMENT_FROM, ARGUMENT_TO},
    [FIRN_CHANGES_PROCEDURE] = {ARGUMENT_TABLE, ARGUMENT_VIEW, ARGUMENT_OPTIONS, ARGUMENT_UPDATES,
                                ARGUMENT_IDENTIFIERS, ARGUMENT_NET},
};

static argument find_argument(firn_changes_form form, firn_str name)
{
    for (size_t i = 0; i < sizeof k_arguments / sizeof *k_arguments; i++)
        if ((k_arguments[i].forms & (1U << form)) != 0 &&
            firn_str_equals_nocase(name, firn_str_of(k_arguments[i].name)))
            return k_arguments[i].argument;
    return ARGUMENT_NONE;
}

/* "name =>", "name :=" in front of a value. */
static bool accept_name(firn_sql_parser *p, firn_token *out)
{
    const firn_sql_parser before = *p;
    *out = firn_lexer_next(&p->lexer);
    if (out->kind == FIRN_TOKEN_WORD || out->kind == FIRN_TOKEN_QUOTED) {
        if (firn_parser_accept_symbol(p, "=>") || firn_parser_accept_symbol(p, ":=")) return true;
        if (firn_parser_accept_symbol(p, ":") && firn_parser_accept_symbol(p, "=")) return true;
    }
    *p = before;
    return false;
}

static firn_status parse_argument(firn_sql_parser *p, firn_changes_form form, size_t *place,
                                  call_value *values, firn_error *err)
{
    firn_token name;
    argument which = ARGUMENT_NONE;
    const bool is_named = accept_name(p, &name);
    if (!is_named) name = firn_parser_peek(p);
    if (is_named)
        which = find_argument(form, firn_token_unquote(&name, p->arena));
    else if (*place < sizeof k_places[0] / sizeof *k_places[0])
        which = k_places[form][(*place)++];
    if (which == ARGUMENT_NONE)
        return firn_sql_fail(err, name.offset, "there is no argument %s%.*s",
                             is_named ? "" : "at this place: ", FIRN_STR_ARG(name.text));
    if (values[which].offset != 0)
        return firn_sql_fail(err, name.offset, "argument %.*s is given twice",
                             FIRN_STR_ARG(name.text));
    return parse_value(p, &values[which], err);
}

/* ---- what they mean ---- */

static firn_status want_text(const call_value *value, firn_str *out, firn_error *err)
{
    *out = value->text;
    if (value->kind == VALUE_STRING || value->kind == VALUE_NULL) return FIRN_OK;
    return firn_sql_fail(err, value->offset, "expected a text in quotes");
}

static firn_status want_flag(const call_value *value, bool *out, firn_error *err)
{
    if (value->kind == VALUE_NULL) return FIRN_OK;
    *out = value->number != 0;
    if (value->kind == VALUE_BOOLEAN) return FIRN_OK;
    return firn_sql_fail(err, value->offset, "expected true or false");
}

static firn_status want_bound(const call_value *value, firn_changes_bound *out, firn_error *err)
{
    *out =
        (firn_changes_bound){.number = value->number, .text = value->text, .offset = value->offset};
    switch (value->kind) {
    case VALUE_NULL: return FIRN_OK;
    case VALUE_NUMBER: out->kind = FIRN_BOUND_ID; return FIRN_OK;
    case VALUE_STRING: out->kind = FIRN_BOUND_TEXT; return FIRN_OK;
    case VALUE_TIME: out->kind = FIRN_BOUND_TIME; return FIRN_OK;
    default: break;
    }
    return firn_sql_fail(err, value->offset, "expected a snapshot id, a name or a timestamp");
}

static firn_status read_option(const call_value *options, firn_str key, firn_str text,
                               firn_changes_call *out, firn_error *err)
{
    const bool is_start = firn_str_starts_with(key, FIRN_STR("start-"));
    firn_changes_bound *bound = is_start ? &out->from : &out->to;
    const firn_str rest = firn_str_slice(key, is_start ? 6 : 4, key.len);
    const bool is_known = is_start || firn_str_starts_with(key, FIRN_STR("end-"));
    const bool is_id = is_known && firn_str_equals(rest, FIRN_STR("snapshot-id"));
    if (!is_id && !(is_known && firn_str_equals(rest, FIRN_STR("timestamp"))))
        return firn_sql_fail(err, options->offset,
                             "found option \"%.*s\", expected start-snapshot-id, end-snapshot-id, "
                             "start-timestamp or end-timestamp",
                             FIRN_STR_ARG(key));
    if (bound->kind != FIRN_BOUND_NONE)
        return firn_sql_fail(err, options->offset, "the range has two %s",
                             is_start ? "starts" : "ends");
    bound->kind = is_id ? FIRN_BOUND_ID : FIRN_BOUND_TIME;
    bound->offset = options->offset;
    if (firn_str_to_i64(text, &bound->number)) return FIRN_OK;
    return firn_sql_fail(err, options->offset, "option \"%.*s\" is \"%.*s\", expected a number",
                         FIRN_STR_ARG(key), FIRN_STR_ARG(text));
}

static firn_status read_options(const call_value *options, firn_changes_call *out, firn_error *err)
{
    if (options->kind == VALUE_NULL) return FIRN_OK;
    if (options->kind != VALUE_LIST || options->n_items % 2 != 0)
        return firn_sql_fail(err, options->offset, "expected map('key', 'value', ...)");
    for (size_t i = 0; i < options->n_items; i += 2)
        FIRN_TRY(read_option(options, options->items[i], options->items[i + 1], out, err));
    return FIRN_OK;
}

/* "ns.t" as a name; in front of it the catalog of the function, and a schema given apart. */
static firn_status read_table(firn_arena *arena, const firn_sql_name *function,
                              const call_value *values, firn_changes_call *out, firn_error *err)
{
    const call_value *table = &values[ARGUMENT_TABLE];
    const bool has_schema = out->form == FIRN_CHANGES_TRINO;
    firn_sql_name name = {0};
    firn_str text;
    size_t n = 0;
    if (table->kind != VALUE_STRING)
        return firn_sql_fail(err, table->offset, "the argument table is missing");
    firn_str *parts = NULL;
    firn_lexer lexer = firn_lexer_of(table->text);
    if (!has_schema && (firn_session__parse_name(&lexer, arena, &name, NULL) != FIRN_OK ||
                        firn_lexer_peek(&lexer).kind != FIRN_TOKEN_END))
        return firn_sql_fail(err, table->offset, "found \"%.*s\", expected a table's name",
                             FIRN_STR_ARG(table->text));
    parts = firn_arena_array(arena, name.n_parts + 3, sizeof *parts);
    if (!parts) return firn_fail_nomem(err);
    const bool is_system = function->n_parts >= 2; /* [catalog.]system.f, catalog.f */
    const bool has_catalog =
        function->n_parts == 3 ||
        (is_system && !firn_str_equals_nocase(function->parts[0], FIRN_STR("system")));
    if (has_catalog && (has_schema || name.n_parts == 2)) parts[n++] = function->parts[0];
    if (has_schema) {
        FIRN_TRY(want_text(&values[ARGUMENT_SCHEMA], &text, err));
        parts[n++] = text;
        parts[n++] = table->text;
    }
    for (size_t i = 0; i < name.n_parts; i++) parts[n++] = name.parts[i];
    out->table = (firn_sql_name){
        .parts = parts, .n_parts = n, .offset = table->offset, .length = table->text.len};
    return FIRN_OK;
}

static firn_status read_values(const call_value *values, firn_changes_call *out, firn_error *err)
{
    const call_value *identifiers = &values[ARGUMENT_IDENTIFIERS];
    bool removes_moved = true;
    FIRN_TRY(want_bound(&values[ARGUMENT_FROM], &out->from, err));
    FIRN_TRY(want_bound(&values[ARGUMENT_TO], &out->to, err));
    FIRN_TRY(read_options(&values[ARGUMENT_OPTIONS], out, err));
    FIRN_TRY(want_text(&values[ARGUMENT_VIEW], &out->view, err));
    FIRN_TRY(want_flag(&values[ARGUMENT_UPDATES], &out->with_updates, err));
    FIRN_TRY(want_flag(&values[ARGUMENT_NET], &out->is_net, err));
    FIRN_TRY(want_flag(&values[ARGUMENT_MOVED], &removes_moved, err));
    out->with_carryovers = !removes_moved;
    if (identifiers->kind != VALUE_NULL && identifiers->kind != VALUE_LIST)
        return firn_sql_fail(err, identifiers->offset, "expected array('column', ...)");
    out->identifiers = identifiers->items;
    out->n_identifiers = identifiers->n_items;
    if (values[ARGUMENT_UPDATES].kind == VALUE_NULL) out->with_updates = out->n_identifiers > 0;
    return FIRN_OK;
}

firn_status firn_changes_call_parse(firn_arena *arena, firn_str text, firn_changes_form form,
                                    firn_changes_call *out, firn_error *err)
{
    firn_sql_parser p = firn_parser_of(arena, text);
    call_value values[ARGUMENT_COUNT] = {0};
    firn_sql_name function;
    size_t place = 0;
    bool is_first = true;
    *out = (firn_changes_call){.form = form};
    FIRN_TRY(firn_parser_name(&p, &function, err));
    FIRN_TRY(firn_parser_expect_symbol(&p, "(", err));
    while (!firn_parser_accept_symbol(&p, ")")) {
        if (!is_first) FIRN_TRY(firn_parser_expect_symbol(&p, ",", err));
        is_first = false;
        FIRN_TRY(parse_argument(&p, form, &place, values, err));
    }
    FIRN_TRY(firn_parser_expect_end(&p, err));
    FIRN_TRY(read_table(arena, &function, values, out, err));
    if (form == FIRN_CHANGES_TRINO &&
        (values[ARGUMENT_FROM].kind != VALUE_NUMBER || values[ARGUMENT_TO].kind != VALUE_NUMBER))
        return firn_sql_fail(err, function.offset,
                             "table_changes needs the arguments schema_name, table_name, "
                             "start_snapshot_id and end_snapshot_id");
    return read_values(values, out, err);
}

/* ---- for one table ---- */

/* The newest ancestor made at or before a time; NULL: none. */
static const firn_snapshot *ancestor_at(const firn_table_metadata *metadata,
                                        const firn_snapshot *snapshot, int64_t time_ms)
{
    for (size_t i = 0; snapshot && i <= metadata->n_snapshots; i++) {
        if (snapshot->timestamp_ms <= time_ms) return snapshot;
        snapshot = firn_metadata_find_snapshot(metadata, snapshot->parent_snapshot_id);
    }
    return NULL;
}

/* The snapshot a bound means; for times the history of head is looked at. *out 0: before the first,
 * which a start may name, too. */
static firn_status find_bound(const firn_changes_bound *bound, const firn_table_metadata *metadata,
                              const firn_snapshot *head, bool is_end, int64_t *out, firn_error *err)
{
    int64_t us = 0;
    int64_t time_ms = bound->number;
    bool is_time = bound->kind == FIRN_BOUND_TIME;
    *out = bound->number;
    if (bound->kind == FIRN_BOUND_TEXT) {
        const firn_snapshot_ref *ref = firn_metadata_find_ref(metadata, bound->text);
        if (ref) *out = ref->snapshot_id;
        if (ref) return FIRN_OK;
        if (!firn_str_to_i64(bound->text, out)) {
            is_time = firn_parse_timestamp_us(bound->text, &us, NULL);
            time_ms = us / 1000;
            if (!is_time)
                return firn_sql_fail(err, bound->offset,
                                     "the table has no branch, tag or snapshot \"%.*s\"",
                                     FIRN_STR_ARG(bound->text));
        }
    }
    if (is_time) {
        const firn_snapshot *found = ancestor_at(metadata, head, time_ms);
        *out = found ? found->snapshot_id : 0;
    } else if ((*out != 0 || is_end) && !firn_metadata_find_snapshot(metadata, *out)) {
        return firn_sql_fail(err, bound->offset, "the table has no snapshot %" PRId64, *out);
    }
    return FIRN_OK;
}

static firn_status find_range(const firn_changes_call *call, const firn_table_metadata *metadata,
                              firn_changes_opts *opts, firn_error *err)
{
    const firn_snapshot *head = firn_metadata_current_snapshot(metadata);
    if (call->to.kind != FIRN_BOUND_NONE) {
        FIRN_TRY(find_bound(&call->to, metadata, head, true, &opts->to_snapshot_id, err));
        if (opts->to_snapshot_id == 0) { /* a time before the first snapshot: nothing changed */
            opts->from_snapshot_id = head ? head->snapshot_id : 0;
            return FIRN_OK;
        }
        head = firn_metadata_find_snapshot(metadata, opts->to_snapshot_id);
    }
    if (call->from.kind != FIRN_BOUND_NONE)
        FIRN_TRY(find_bound(&call->from, metadata, head, false, &opts->from_snapshot_id, err));
    const bool is_same = head && opts->from_snapshot_id == head->snapshot_id;
    if (call->form == FIRN_CHANGES_TRINO && is_same)
        return firn_sql_fail(err, call->from.offset,
                             "snapshot %" PRId64 " is both the start, which is not part of the "
                             "range, and its end",
                             opts->from_snapshot_id);
    return FIRN_OK;
}

/* Trino's names and order. */
static firn_status trino_columns(const firn_schema *schema, firn_arena *arena,
                                 const firn_type **out, firn_error *err)
{
    static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};
    const firn_field last[] = {
        {.id = FIRN_FIELD_CHANGE_TYPE, .name = FIRN_STR("_change_type"), .type = &k_text},
        {.id = FIRN_FIELD_COMMIT_ID, .name = FIRN_STR("_change_version_id"), .type = &k_long},
        {.id = FIRN_FIELD_COMMIT_TIME, .name = FIRN_STR("_change_timestamp"), .type = &k_time},
        {.id = FIRN_FIELD_CHANGE_ORDINAL, .name = FIRN_STR("_change_ordinal"), .type = &k_int}};
    const size_t n_last = sizeof last / sizeof *last;
    const size_t n = schema->root.n_fields;
    firn_field *fields = firn_arena_array(arena, n + n_last, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !type) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) fields[i] = schema->root.fields[i];
    for (size_t i = 0; i < n_last; i++) fields[n + i] = last[i];
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n + n_last};
    *out = type;
    return FIRN_OK;
}

firn_status firn_changes_call_opts(const firn_changes_call *call,
                                   const firn_table_metadata *metadata, firn_arena *arena,
                                   const firn_changes_opts **out, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(metadata);
    firn_changes_opts *opts = firn_arena_alloc_zero(arena, sizeof *opts);
    if (!opts) return firn_fail_nomem(err);
    *opts = (firn_changes_opts){.struct_size = sizeof *opts,
                                .schema = schema,
                                .with_updates = call->with_updates,
                                .identifiers = call->identifiers,
                                .n_identifiers = call->n_identifiers,
                                .is_net = call->is_net,
                                .with_carryovers = call->with_carryovers};
    FIRN_TRY(find_range(call, metadata, opts, err));
    FIRN_TRY(call->form == FIRN_CHANGES_TRINO
                 ? trino_columns(schema, arena, &opts->columns, err)
                 : firn_changelog_columns(schema, arena, &opts->columns, err));
    *out = opts;
    return FIRN_OK;
}
