/* SPDX-License-Identifier: Apache-2.0 */
/* firn table PROCEDURE NAME [ARGUMENT=VALUE ...]: the procedures of CALL without the SQL engine. */
#include "base/error.h"
#include "base/str.h"
#include "table_actions.h"

/* "a,b" or "k=v,k=v". */
static firn_status split_list(firn_procedure_call *call, firn_argument_kind kind, firn_str text,
                              firn_procedure_value *out, firn_error *err)
{
    firn_str *items = NULL;
    size_t cap = 0;
    while (text.data) {
        firn_str item = firn_str_split(&text, ',');
        const bool is_pair = kind == FIRN_ARGUMENT_PAIRS;
        for (int i = 0; i < (is_pair ? 2 : 1); i++) {
            firn_str *slot =
                firn_arena_push(call->arena, &items, &out->n_items, &cap, sizeof *slot);
            if (!slot) return firn_fail_nomem(err);
            *slot = firn_str_trim(is_pair ? firn_str_split(&item, '=') : item);
        }
        if (is_pair && item.data)
            return firn_fail(err, FIRN_ERR_ARG, "expected KEY=VALUE, found \"=%.*s\"",
                             FIRN_STR_ARG(item));
    }
    out->items = items;
    return FIRN_OK;
}

static firn_status read_argument(firn_procedure_call *call, firn_str text, firn_error *err)
{
    const firn_procedure *p = call->procedure;
    firn_str value = text;
    const firn_str name = firn_str_split(&value, '=');
    if (!value.data)
        return firn_fail(err, FIRN_ERR_ARG, "expected ARGUMENT=VALUE, found \"%.*s\"",
                         FIRN_STR_ARG(text));
    const size_t at = firn_procedure_find_argument(p, name);
    if (at == SIZE_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "%s has no argument \"%.*s\"", p->name,
                         FIRN_STR_ARG(name));
    firn_procedure_value *out = &call->values[at];
    if (out->is_given)
        return firn_fail(err, FIRN_ERR_ARG, "argument %s is given twice", p->arguments[at].name);
    *out = (firn_procedure_value){.is_given = true, .text = value};
    const firn_argument_kind kind = p->arguments[at].kind;
    if (kind != FIRN_ARGUMENT_TEXTS && kind != FIRN_ARGUMENT_PAIRS) return FIRN_OK;
    return split_list(call, kind, value, out, err);
}

static void show_cell(firn_outline *out, const char *name, const firn_value *cell)
{
    if (cell->is_null) return;
    if (cell->kind == FIRN_TYPE_STRING)
        firn_outline_str(out, name, cell->as.bytes);
    else
        firn_outline_i64(out, name, cell->kind == FIRN_TYPE_INT ? cell->as.i32 : cell->as.i64);
}

static void show_rows(const firn_procedure_call *call, firn_outline *out)
{
    const size_t n = firn_procedure_n_columns(call->procedure);
    firn_outline_begin_list(out, NULL);
    for (size_t r = 0; r < call->n_rows; r++) {
        firn_outline_begin(out, NULL);
        for (size_t i = 0; i < n; i++)
            show_cell(out, call->procedure->columns[i].name, &call->cells[r * n + i]);
        firn_outline_end(out);
    }
    firn_outline_end(out);
}

static firn_status resolve_table(void *ctx, firn_str name, firn_catalog **catalog,
                                 firn_ident *ident, firn_error *err)
{
    app *a = ctx;
    const firn_str text = firn_arena_copy(a->arena, name);
    *catalog = a->catalog;
    if (!text.data) return firn_fail_nomem(err);
    return table_parse_ident(a, text.data, false, ident, err);
}

firn_status table_procedure(app *a, const app_args *args, const firn_procedure *procedure,
                            firn_outline *out, firn_error *err)
{
    firn_procedure_call call = {.procedure = procedure,
                                .env = a->env,
                                .store = a->store,
                                .catalog = a->catalog,
                                .arena = a->arena,
                                .resolve = resolve_table,
                                .resolve_ctx = a,
                                .allows_files = true};
    FIRN_TRY(
        table_parse_ident(a, args->n_words > 1 ? args->words[1] : "", false, &call.ident, err));
    for (size_t i = 2; i < args->n_words; i++)
        FIRN_TRY(read_argument(&call, firn_str_of(args->words[i]), err));
    if (procedure->subject == FIRN_SUBJECT_TABLE)
        FIRN_TRY(firn_table_open(a->env, a->store, a->catalog, &call.ident, &call.table, err));
    const firn_status st = firn_procedure_run(&call, err);
    firn_table_close(call.table);
    if (st == FIRN_OK) show_rows(&call, out);
    return st;
}
