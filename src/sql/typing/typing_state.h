/* SPDX-License-Identifier: Apache-2.0 */
/* What typing_*.c share: the place in the tokens, names in scope, edits so far. */
#ifndef FIRN_SQL_TYPING_STATE_H
#define FIRN_SQL_TYPING_STATE_H

#include "sql/typing/type_rules.h"
#include "sql/typing/typing.h"

/* An argument of a call: tokens and type. */
typedef struct typed_arg {
    size_t from, to;
    firn_value_type type;
} typed_arg;

/* Something of a FROM clause. */
typedef struct typed_relation {
    firn_str name; /* alias, or the last part of its name; empty: none */
    const firn_typed_column *columns;
    size_t n_columns;
    bool is_known; /* else it may have any column */
} typed_relation;

typedef struct typed_scope {
    const struct typed_scope *outer;
    typed_relation *relations;
    size_t n_relations, cap_relations;
    bool is_merged; /* USING: "*" has some columns once */
} typed_scope;

/* A name that WITH defines. */
typedef struct typed_cte {
    const struct typed_cte *outer;
    typed_relation relation;
} typed_cte;

/* Running out of memory, or an error of the dialect, is kept in status; reading goes on until its
 * caller looks. */
typedef struct typer {
    const firn_dialect_writer *w;
    firn_arena *arena;
    firn_error *err;
    firn_status status;
    size_t i, to; /* next token; end of what is read */
    bool is_lost; /* the tokens are not what was expected */
    int depth;
    const typed_scope *scope;
    const typed_cte *ctes;
    firn_edit *edits;
    size_t n_edits, cap_edits;
} typer;

/* ---- typing_state.c ---- */
firn_dialect typer_dialect(const typer *t);
bool typer_at(const typer *t, const char *word);
bool typer_at_symbol(const typer *t, const char *symbol);
/* Skip the word or symbol when it is there. */
bool typer_take(typer *t, const char *word);
bool typer_take_symbol(typer *t, const char *symbol);
/* Not what was expected: the rest of the range stays as it is. */
firn_value_type typer_lose(typer *t);
void typer_fail(typer *t, firn_status status);
/* Unquoted; data NULL and lost: not a name. */
firn_str typer_take_name(typer *t);
void typer_edit(typer *t, firn_edit_place place, size_t token, size_t end, const char *text);
/* "before [from, to) after" */
void typer_wrap(typer *t, size_t from, size_t to, const char *before, const char *after);
const char *typer_printf(typer *t, const char *fmt, ...) FIRN_PRINTF(2, 3);
firn_value_type *typer_new_types(typer *t, size_t n);
/* A column by its name or "relation.name"; *n_used: how many of the parts name it, 0: not found. */
firn_value_type typer_find_column(const typer *t, const firn_str *parts, size_t n_parts,
                                  size_t *n_used);
/* The columns of all that is in scope are known. */
bool typer_is_scope_known(const typer *t);
void typer_add_relation(typer *t, typed_scope *scope, const typed_relation *relation);

/* ---- typing_expression.c ---- */
firn_value_type typer_expression(typer *t);
/* Without AND, OR, NOT and comparisons. */
firn_value_type typer_value(typer *t);
/* As below, but the last token may be a name behind the expression, which ends at *end. */
firn_value_type typer_item(typer *t, size_t from, size_t to, size_t *end);
/* [from, to) as an expression; unknown, and no edits, when it is more than one. t->i is to. */
firn_value_type typer_expression_in(typer *t, size_t from, size_t to);

/* ---- typing_primary.c ---- */
firn_value_type typer_primary(typer *t);

/* ---- typing_calls.c: name(..) and what is written like it ---- */
firn_value_type typer_call(typer *t);
firn_value_type typer_cast(typer *t);

/* ---- typing_literals.c ---- */
/* Unknown and nothing taken: not a literal. */
firn_value_type typer_literal(typer *t);
/* A type's name; unknown and lost: none. */
firn_value_type typer_type(typer *t);

/* ---- typing_edits.c: where the engine would compute otherwise. Tokens: [from, op) op [.., to) */
void typer_edit_operator(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                         const firn_value_type *b, const firn_value_type *result);
void typer_edit_comparison(typer *t, size_t from, size_t op, size_t to, const firn_value_type *a,
                           const firn_value_type *b);
/* CAST at [from, to) of a type to another. */
void typer_edit_cast(typer *t, size_t from, size_t to, const firn_value_type *a,
                     const firn_value_type *result);
/* typing_json.c: of the CAST, its operand [from, as) */
void typer_edit_json_cast(typer *t, size_t from, size_t as, const firn_value_type *a,
                          const firn_value_type *result);
/* A call at [from, to). */
void typer_edit_call(typer *t, size_t from, size_t to, firn_str name, const firn_value_type *args,
                     size_t n_args, const firn_value_type *result);
/* A column of the statement's result. */
/* A number as the decimal that ceil(x, n) of Spark makes of it. */
firn_value_type typer_as_decimal(const firn_value_type *number);
void typer_edit_result(typer *t, size_t from, size_t to, const firn_value_type *type);

/* ---- typing_zones.c ---- */
/* A zone by its name, which the token has, for a type; empty: UTC. */
firn_str typer_zone_named(typer *t, size_t token, firn_str name);
/* The value at [from, to) is told in its zone: a timestamp without one. */
void typer_edit_local(typer *t, size_t from, size_t to, const firn_value_type *type);
/* Of a call at [from, to), arguments that are looked at in their zones; zone: of its result. */
void typer_edit_zones(typer *t, size_t from, size_t to, firn_str name, const typed_arg *args,
                      size_t n_args, firn_str zone);
/* The zone of its result; zone: of the type that is known of it. */
firn_str typer_zone_of_call(typer *t, firn_str name, const typed_arg *args, size_t n_args,
                            firn_str zone);

/* ---- typing_query.c ---- */
/* The query [from, to): its columns. is_result: they are the statement's. */
typed_relation typer_query(typer *t, size_t from, size_t to, bool is_result);

/* ---- typing_from.c ---- */
/* Relations of [from, to) added to the scope. */
void typer_from(typer *t, size_t from, size_t to, typed_scope *scope);
/* Columns of a table or view by its name; not known: another kind of thing, or none. */
typed_relation typer_table(typer *t, const firn_str *parts, size_t n_parts);

#endif
