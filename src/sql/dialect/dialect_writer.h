/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that translate a dialect (dialect_*.c) share: the statement as tokens, and the
 * text that is being written from it, with where each piece came from. */
#ifndef FIRN_SQL_DIALECT_WRITER_H
#define FIRN_SQL_DIALECT_WRITER_H

#include "base/buf.h"
#include "sql/dialect/dialect_text.h"
#include "sql/session/sql_session.h"

#define FIRN_NO_MATCH SIZE_MAX

typedef struct firn_dialect_writer {
    const firn_dialect_opts *opts;
    firn_arena *arena;
    firn_str sql;
    firn_token *t; /* the last is FIRN_TOKEN_END */
    size_t n, cap;
    size_t *match; /* per token: the bracket that closes or opens it, or FIRN_NO_MATCH */
    firn_buf out;
    firn_rewrite_segment *segments;
    size_t n_segments, cap_segments;
    int depth;
    firn_str counted; /* parameter of a lambda that counts from 0 in the dialect; empty: none */
    const struct firn_edit_index *edits; /* sql/typing/typing.h; NULL: none */
    size_t last_after;                   /* token whose edits behind it were written last, */
    size_t last_from;                    /* those of what begins here or later */
    bool has_relations;                  /* names of what stands in FROM clauses are known: */
    firn_str *relations;
    size_t n_relations, cap_relations;
} firn_dialect_writer;

/* A call under way: name, arguments, and FILTER, OVER and the like behind it. */
typedef struct firn_dialect_call {
    size_t name;        /* token */
    size_t open, close; /* parentheses */
    size_t end;         /* token behind the call and what belongs to it */
    const size_t *args; /* first token of each argument; args[n_args] is close + 1 */
    size_t n_args;
} firn_dialect_call;

/* How a function is written in DuckDB. Templates: $1 .. $9 an argument, $* all of them, $w what
 * follows the parentheses (FILTER, OVER), $C and $S the current catalog and schema as strings. */
#define FIRN_WITH_TAIL "$w" /* the text beside a write that writes what follows, too */
typedef struct firn_dialect_function {
    const char *name;
    size_t min_args, max_args;
    const char *text; /* NULL: write; FIRN_WITH_TAIL */
    firn_status (*write)(firn_dialect_writer *w, const firn_dialect_call *call, firn_error *err);
} firn_dialect_function;

/* Tables end with a NULL name; several entries of a name differ by their arguments. */
const firn_dialect_function *firn_dialect_spark_functions(void);
const firn_dialect_function *firn_dialect_trino_functions(void);

/* ---- tokens; beyond the end is the END token ---- */
const firn_token *firn_dialect_token(const firn_dialect_writer *w, size_t i);
bool firn_dialect_is_word(const firn_dialect_writer *w, size_t i, const char *word);
bool firn_dialect_is_any(const firn_dialect_writer *w, size_t i, const char *const *words);
bool firn_dialect_is_symbol(const firn_dialect_writer *w, size_t i, const char *symbol);
bool firn_dialect_is_name(const firn_dialect_writer *w, size_t i);
/* The token behind i, or behind the bracket that i opens. */
size_t firn_dialect_skip(const firn_dialect_writer *w, size_t i);
/* Token behind FILTER (..), OVER (..) and the like that begin at i; i: there is none. */
size_t firn_dialect_call_end(const firn_dialect_writer *w, size_t i);
/* Nothing is between the token and the next. */
bool firn_dialect_touches(const firn_dialect_writer *w, size_t i);
/* The text of a string literal as the dialect means it. False: not one, or out of memory. */
bool firn_dialect_string(const firn_dialect_writer *w, size_t i, firn_str *out);

/* ---- writing ---- */
/* Tokens [from, to), translated. */
FIRN_MUST_CHECK firn_status firn_dialect_emit(firn_dialect_writer *w, size_t from, size_t to,
                                              firn_error *err);
/* One argument of a call. */
FIRN_MUST_CHECK firn_status firn_dialect_emit_arg(firn_dialect_writer *w,
                                                  const firn_dialect_call *call, size_t arg,
                                                  firn_error *err);
/* "before argument after" */
FIRN_MUST_CHECK firn_status firn_dialect_put_arg(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, const char *before,
                                                 size_t arg, const char *after, firn_error *err);
/* The statement is wrong at the token, or not supported there. */
FIRN_MUST_CHECK firn_status firn_dialect_fail_at(const firn_dialect_writer *w, size_t token,
                                                 const char *what, firn_error *err);
/* As written. */
FIRN_MUST_CHECK firn_status firn_dialect_copy(firn_dialect_writer *w, size_t from, size_t to,
                                              firn_error *err);
/* Words that stand for what is at the token. */
FIRN_MUST_CHECK firn_status firn_dialect_put(firn_dialect_writer *w, size_t at, const char *words,
                                             firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_put_string(firn_dialect_writer *w, size_t at,
                                                    firn_str value, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_put_name(firn_dialect_writer *w, size_t at, firn_str name,
                                                  firn_error *err);
/* What stands between the token and the one before. */
FIRN_MUST_CHECK firn_status firn_dialect_gap(firn_dialect_writer *w, size_t i, firn_error *err);

/* ---- dialect_literals.c: strings, numbers, typed literals, types in casts. *next: the token
 * behind what was written; unchanged when it is none of these. ---- */
FIRN_MUST_CHECK firn_status firn_dialect_literal(firn_dialect_writer *w, size_t i, size_t *next,
                                                 firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_cast(firn_dialect_writer *w, size_t i, size_t *next,
                                              firn_error *err);

/* ---- dialect_regexp.c: a pattern of Java with named groups, as a string of SQL ---- */
/* The string at i is the pattern of a call, and has such groups. */
bool firn_dialect_is_named_pattern(const firn_dialect_writer *w, size_t i);
FIRN_MUST_CHECK firn_status firn_dialect_put_pattern(firn_dialect_writer *w, size_t i,
                                                     firn_error *err);

/* ---- dialect_variant.c: v:a.b[0]. *next as above ---- */
FIRN_MUST_CHECK firn_status firn_dialect_variant_path(firn_dialect_writer *w, size_t i,
                                                      size_t *next, firn_error *err);

/* ---- dialect_names.c: the word at i is a name of Trino's and of no use to DuckDB unquoted ---- */
bool firn_dialect_is_reserved_name(const firn_dialect_writer *w, size_t i);

/* ---- dialect_trino_clauses.c: TABLE(f(..)), FETCH .. WITH TIES, VALUES as a statement and the
 * like. *next as above ---- */
FIRN_MUST_CHECK firn_status firn_dialect_trino_clause(firn_dialect_writer *w, size_t i, size_t to,
                                                      size_t *next, firn_error *err);

/* ---- dialect_builders.c: the name of the windows that Spark's window() groups by ---- */
FIRN_MUST_CHECK firn_status firn_dialect_window_name(firn_dialect_writer *w, size_t i, size_t *next,
                                                     firn_error *err);

/* ---- dialect_sessions.c: FROM at i of a query that is grouped by session_window(..). *next as
 * above: the GROUP BY ---- */
FIRN_MUST_CHECK firn_status firn_dialect_session_windows(firn_dialect_writer *w, size_t i,
                                                         size_t to, size_t *next, firn_error *err);

/* WINDOW w AS (..) */
bool firn_dialect_is_window_clause(const firn_dialect_writer *w, size_t i);

/* ---- dialect_clauses.c: what is neither a literal nor a call ---- */
FIRN_MUST_CHECK firn_status firn_dialect_clause(firn_dialect_writer *w, size_t i, size_t to,
                                                size_t *next, firn_error *err);

/* ---- dialect_generators.c: what makes rows. *next as above ---- */
/* LATERAL [VIEW] explode(x) at i */
FIRN_MUST_CHECK firn_status firn_dialect_lateral(firn_dialect_writer *w, size_t i, size_t *next,
                                                 firn_error *err);
/* UNNEST(x) in FROM */
FIRN_MUST_CHECK firn_status firn_dialect_unnest(firn_dialect_writer *w, size_t i, size_t *next,
                                                firn_error *err);
/* The list [first, end) of a SELECT and its FROM clause, when an item makes several columns. */
FIRN_MUST_CHECK firn_status firn_dialect_generated(firn_dialect_writer *w, size_t first, size_t end,
                                                   size_t to, size_t *next, firn_error *err);

/* ---- dialect_pipes.c: the query [from, to) when it has pipes; *done false: it has none ---- */
bool firn_dialect_has_pipes(const firn_dialect_writer *w, size_t from, size_t to);
FIRN_MUST_CHECK firn_status firn_dialect_piped(firn_dialect_writer *w, size_t from, size_t to,
                                               bool *done, firn_error *err);

/* ---- dialect_select.c: the list behind SELECT, with names for columns that have none ---- */
/* Items [from, to), commas included, the first of them the index-th of its list. */
FIRN_MUST_CHECK firn_status firn_dialect_list(firn_dialect_writer *w, size_t from, size_t to,
                                              size_t index, firn_error *err);
/* The tokens that make the item [from, to) of a list end here; its name follows. */
size_t firn_dialect_item_end(const firn_dialect_writer *w, size_t from, size_t to);
FIRN_MUST_CHECK firn_status firn_dialect_select(firn_dialect_writer *w, size_t i, size_t to,
                                                size_t *next, firn_error *err);

#endif
