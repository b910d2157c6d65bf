/* SPDX-License-Identifier: Apache-2.0 */
/* Spark's pipes: "FROM t |> WHERE a |> SELECT b" is made of queries in one another, the last stage
 * outermost. Stages that only add to a FROM clause (AS, JOIN) stay in it, so that names of
 * relations are known behind them. */
#include "base/error.h"
#include "base/limits.h"
#include "sql/dialect/dialect_writer.h"

#define MAX_STAGES FIRN_LIMIT_NESTING

typedef struct pipeline {
    firn_dialect_writer *w;
    size_t from;           /* first token */
    size_t at[MAX_STAGES]; /* tokens "|>", and behind the last of them the end */
    size_t n;
} pipeline;

static bool begins(const pipeline *p, size_t stage, const char *word)
{
    return firn_dialect_is_word(p->w, p->at[stage] + 1, word);
}

static firn_status put_stage(const pipeline *p, size_t n, firn_error *err);

static bool is_join(const pipeline *p, size_t stage)
{
    static const char *const k_words[] = {"JOIN",    "INNER",   "LEFT", "RIGHT", "FULL", "CROSS",
                                          "NATURAL", "LATERAL", "SEMI", "ANTI",  NULL};
    return firn_dialect_is_any(p->w, p->at[stage] + 1, k_words);
}

/* What the first n stages give, as a FROM clause has it. */
static firn_status put_relation(const pipeline *p, size_t n, firn_error *err)
{
    firn_dialect_writer *w = p->w;
    if (n == 0 && firn_dialect_is_word(w, p->from, "FROM"))
        return firn_dialect_emit(w, p->from + 1, p->at[0], err);
    if (n > 0 && is_join(p, n - 1)) {
        FIRN_TRY(put_relation(p, n - 1, err));
        FIRN_TRY(firn_dialect_put(w, p->at[n - 1], " ", err));
        return firn_dialect_emit(w, p->at[n - 1] + 1, p->at[n], err);
    }
    const bool is_named = n > 0 && begins(p, n - 1, "AS");
    FIRN_TRY(firn_dialect_put(w, p->from, "(", err));
    FIRN_TRY(put_stage(p, is_named ? n - 1 : n, err));
    FIRN_TRY(firn_dialect_put(w, p->from, ") ", err));
    if (is_named) return firn_dialect_copy(w, p->at[n - 1] + 1, p->at[n], err);
    return firn_dialect_put(w, p->from, "AS \"firn_piped\"", err);
}

/* "before, FROM, behind": a query of the stages in front of stage i. */
static firn_status put_query(const pipeline *p, size_t i, const char *before, const char *behind,
                             firn_error *err)
{
    FIRN_TRY(firn_dialect_put(p->w, p->at[i], before, err));
    FIRN_TRY(put_relation(p, i, err));
    return firn_dialect_put(p->w, p->at[i], behind, err);
}

/* SET a = x, b = y */
static firn_status put_replacements(const pipeline *p, size_t i, firn_error *err)
{
    firn_dialect_writer *w = p->w;
    const size_t end = p->at[i + 1];
    FIRN_TRY(firn_dialect_put(w, p->at[i], "SELECT * REPLACE (", err));
    for (size_t from = p->at[i] + 2; from < end;) {
        size_t comma = from;
        while (comma < end && !firn_dialect_is_symbol(w, comma, ","))
            comma = firn_dialect_skip(w, comma);
        if (!firn_dialect_is_symbol(w, from + 1, "="))
            return firn_dialect_fail_at(w, from, "expected column = expression", err);
        FIRN_TRY(firn_dialect_emit(w, from + 2, comma, err));
        FIRN_TRY(firn_dialect_put(w, from, " AS ", err));
        FIRN_TRY(firn_dialect_copy(w, from, from + 1, err));
        if (comma < end) FIRN_TRY(firn_dialect_put(w, comma, ", ", err));
        from = comma + 1;
    }
    return put_query(p, i, ") FROM ", "", err);
}

/* AGGREGATE x [GROUP BY y]: what it groups by comes first. */
static firn_status put_aggregate(const pipeline *p, size_t i, firn_error *err)
{
    firn_dialect_writer *w = p->w;
    const size_t end = p->at[i + 1];
    size_t group = p->at[i] + 2;
    while (group < end && !firn_dialect_is_word(w, group, "GROUP"))
        group = firn_dialect_skip(w, group);
    FIRN_TRY(firn_dialect_put(w, p->at[i], "SELECT ", err));
    if (group < end) FIRN_TRY(firn_dialect_list(w, group + 2, end, 0, err));
    if (group < end && group > p->at[i] + 2) FIRN_TRY(firn_dialect_put(w, group, ", ", err));
    FIRN_TRY(firn_dialect_list(w, p->at[i] + 2, group, 0, err));
    return put_query(p, i, " FROM ", group < end ? " GROUP BY ALL" : "", err);
}

static bool is_sorted(const pipeline *p, size_t stage)
{
    static const char *const k_words[] = {"ORDER", "LIMIT", "OFFSET", NULL};
    return firn_dialect_is_any(p->w, p->at[stage] + 1, k_words);
}

/* Stage i of those that make a list of columns. */
static firn_status put_list(const pipeline *p, size_t i, bool *done, firn_error *err)
{
    firn_dialect_writer *w = p->w;
    const size_t first = p->at[i] + 1;
    const size_t end = p->at[i + 1];
    *done = true;
    if (begins(p, i, "SET")) return put_replacements(p, i, err);
    if (begins(p, i, "AGGREGATE")) return put_aggregate(p, i, err);
    if (begins(p, i, "SELECT")) {
        FIRN_TRY(firn_dialect_emit(w, first, end, err));
        return put_query(p, i, " FROM ", "", err);
    }
    if (begins(p, i, "EXTEND")) {
        FIRN_TRY(firn_dialect_put(w, first, "SELECT *, ", err));
        FIRN_TRY(firn_dialect_list(w, first + 1, end, 0, err));
        return put_query(p, i, " FROM ", "", err);
    }
    if (begins(p, i, "DROP")) {
        FIRN_TRY(firn_dialect_put(w, first, "SELECT * EXCLUDE (", err));
        FIRN_TRY(firn_dialect_copy(w, first + 1, end, err));
        return put_query(p, i, ") FROM ", "", err);
    }
    *done = false;
    return FIRN_OK;
}

/* The query of the first n stages. */
static firn_status put_stage(const pipeline *p, size_t n, firn_error *err)
{
    static const char *const k_sets[] = {"UNION", "EXCEPT", "INTERSECT", "MINUS", NULL};
    firn_dialect_writer *w = p->w;
    bool done = false;
    if (n == 0) {
        const bool is_table = firn_dialect_is_word(w, p->from, "TABLE");
        if (is_table || firn_dialect_is_word(w, p->from, "FROM")) {
            FIRN_TRY(firn_dialect_put(w, p->from, "SELECT * FROM ", err));
            return firn_dialect_emit(w, p->from + 1, p->at[0], err);
        }
        return firn_dialect_emit(w, p->from, p->at[0], err);
    }
    const size_t i = n - 1;
    FIRN_TRY(put_list(p, i, &done, err));
    if (done) return FIRN_OK;
    if (begins(p, i, "AS") || is_join(p, i)) {
        FIRN_TRY(firn_dialect_put(w, p->at[i], "SELECT * FROM ", err));
        return put_relation(p, n, err);
    }
    if (firn_dialect_is_any(w, p->at[i] + 1, k_sets)) {
        FIRN_TRY(firn_dialect_put(w, p->at[i], "(", err));
        FIRN_TRY(put_stage(p, i, err));
        FIRN_TRY(firn_dialect_put(w, p->at[i], ") ", err));
    } else if (i > 0 && is_sorted(p, i - 1) && !begins(p, i, "ORDER") && is_sorted(p, i)) {
        FIRN_TRY(put_stage(p, i, err));
        FIRN_TRY(firn_dialect_put(w, p->at[i], " ", err));
    } else { /* WHERE, ORDER BY, LIMIT, PIVOT, TABLESAMPLE .. */
        FIRN_TRY(put_query(p, i, "SELECT * FROM ", " ", err));
    }
    return firn_dialect_emit(w, p->at[i] + 1, p->at[n], err);
}

bool firn_dialect_has_pipes(const firn_dialect_writer *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i = firn_dialect_skip(w, i)) {
        if (firn_dialect_is_symbol(w, i, "|>")) return true;
    }
    return false;
}

firn_status firn_dialect_piped(firn_dialect_writer *w, size_t from, size_t to, bool *done,
                               firn_error *err)
{
    pipeline p = {.w = w, .from = from};
    *done = false;
    for (size_t i = from; i < to; i = firn_dialect_skip(w, i)) {
        if (!firn_dialect_is_symbol(w, i, "|>")) continue;
        if (p.n + 1 == MAX_STAGES)
            return firn_fail(err, FIRN_ERR_LIMIT, "more than %d stages", MAX_STAGES);
        p.at[p.n++] = i;
    }
    if (p.n == 0) return FIRN_OK;
    p.at[p.n] = to;
    for (size_t i = 0; i < p.n; i++) {
        if (p.at[i] + 1 == p.at[i + 1])
            return firn_dialect_fail_at(w, p.at[i], "expected an operator behind \"|>\"", err);
    }
    *done = true;
    return put_stage(&p, p.n, err);
}
