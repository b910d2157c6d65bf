/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "sql/resolve/query_stars.h"

#include "base/error.h"
#include "base/str.h"

/* One query block. */
typedef struct block {
    firn_metadata_columns columns; /* of its tables */
    size_t from;                   /* its first FROM; 0: none or not at the beginning of a query */
    bool has_select, is_change;
} block;

typedef struct star_finder {
    const firn_query_tokens *t;
    firn_arena *arena;
    size_t *block_of; /* per token */
    block *blocks;
    size_t n_blocks;
    firn_insertion *out;
    size_t n_out, cap_out;
} star_finder;

static const firn_token *token_at(const firn_query_tokens *t, size_t i)
{
    return &t->items[i < t->n ? i : t->n - 1];
}

static bool is_word(const firn_query_tokens *t, size_t i, const char *word)
{
    return firn_token_is(token_at(t, i), word);
}

static bool is_symbol(const firn_query_tokens *t, size_t i, const char *symbol)
{
    return firn_token_is_symbol(token_at(t, i), symbol);
}

static bool is_name(const firn_query_tokens *t, size_t i)
{
    const firn_token_kind kind = token_at(t, i)->kind;
    return kind == FIRN_TOKEN_WORD || kind == FIRN_TOKEN_QUOTED;
}

static bool is_any(const firn_query_tokens *t, size_t i, const char *const *words)
{
    for (; *words; words++) {
        if (is_word(t, i, *words)) return true;
    }
    return false;
}

static firn_str name_at(const star_finder *f, size_t i)
{
    return firn_token_unquote(token_at(f->t, i), f->arena);
}

/* ---- names ---- */

firn_metadata_columns firn_stars_named(const firn_query_tokens *t, firn_arena *arena)
{
    firn_metadata_columns named = 0;
    for (size_t i = 0; i + 1 < t->n; i++) {
        if (!is_name(t, i) || t->ref_at[i] != SIZE_MAX || is_symbol(t, i + 1, "(")) continue;
        if (i > 0 && is_word(t, i - 1, "AS")) continue;
        named |= firn_metadata_column_of(firn_token_unquote(&t->items[i], arena));
    }
    return named;
}

/* ---- blocks ---- */

static bool is_set_operation(const firn_query_tokens *t, size_t i)
{
    static const char *const k_words[] = {"UNION", "INTERSECT", "EXCEPT", NULL};
    return is_any(t, i, k_words);
}

/* FROM (a JOIN b): the parenthesis is of the same block. */
static bool is_join_parenthesis(const firn_query_tokens *t, size_t i)
{
    static const char *const k_queries[] = {"SELECT", "WITH", "FROM", "VALUES", "TABLE", NULL};
    const bool is_expected = i > 0 && (is_word(t, i - 1, "FROM") || is_word(t, i - 1, "JOIN"));
    return is_expected && is_name(t, i + 1) && !is_any(t, i + 1, k_queries);
}

/* Where FROM may begin a query that has no SELECT. */
static bool begins_query(const firn_query_tokens *t, size_t i)
{
    static const char *const k_before[] = {"UNION", "INTERSECT", "EXCEPT",  "ALL",     "BY",
                                           "NAME",  "AS",        "EXPLAIN", "ANALYZE", NULL};
    return i == 0 || is_symbol(t, i - 1, "(") || is_symbol(t, i - 1, ")") ||
           is_any(t, i - 1, k_before);
}

static void enter_token(const star_finder *f, size_t i, block *in)
{
    static const char *const k_changes[] = {"DELETE", "UPDATE", "TRUNCATE", NULL};
    const firn_query_tokens *t = f->t;
    if (is_word(t, i, "SELECT")) in->has_select = true;
    if (is_any(t, i, k_changes)) in->is_change = true;
    if (is_word(t, i, "FROM") && in->from == 0 && begins_query(t, i)) in->from = i + 1;
    if (t->ref_at[i] != SIZE_MAX) in->columns |= t->refs[t->ref_at[i]].metadata_columns;
}

static firn_status find_blocks(star_finder *f, firn_error *err)
{
    const firn_query_tokens *t = f->t;
    size_t *open = firn_arena_array(f->arena, t->n + 1, sizeof *open); /* block of each level */
    size_t depth = 0;
    f->block_of = firn_arena_array(f->arena, t->n, sizeof *f->block_of);
    f->blocks = firn_arena_array(f->arena, t->n + 1, sizeof *f->blocks);
    if (!open || !f->block_of || !f->blocks) return firn_fail_nomem(err);
    f->n_blocks = 1;
    for (size_t i = 0; i < t->n; i++) {
        if (is_set_operation(t, i)) open[depth] = f->n_blocks++;
        f->block_of[i] = open[depth];
        enter_token(f, i, &f->blocks[open[depth]]);
        if (is_symbol(t, i, "(")) {
            const size_t inner = is_join_parenthesis(t, i) ? open[depth] : f->n_blocks++;
            open[++depth] = inner;
        }
        if (is_symbol(t, i, ")") && depth > 0) depth--;
    }
    return FIRN_OK;
}

/* ---- stars ---- */

/* A star of a list of columns, not a multiplication. */
static bool is_star(const firn_query_tokens *t, size_t i)
{
    static const char *const k_before[] = {"SELECT", "DISTINCT", "ALL", NULL};
    static const char *const k_after[] = {"FROM", "EXCLUDE", "REPLACE", "RENAME", NULL};
    if (!is_symbol(t, i, "*") || i == 0) return false;
    return is_any(t, i - 1, k_before) || is_symbol(t, i - 1, ",") || is_symbol(t, i - 1, ".") ||
           is_any(t, i + 1, k_after);
}

/* The name is what the reference at token i goes by: its own or the alias behind it. */
static bool goes_by(const star_finder *f, size_t i, firn_str name)
{
    const firn_table_ref *ref = &f->t->refs[f->t->ref_at[i]];
    size_t end = i;
    while (end < f->t->n && token_at(f->t, end)->offset < ref->end) end++;
    if (is_word(f->t, end, "AS")) end++;
    return firn_str_equals_nocase(ref->parts[ref->n_parts - 1], name) ||
           (is_name(f->t, end) && firn_str_equals_nocase(name_at(f, end), name));
}

/* The columns that the star at token i must leave out. */
static firn_metadata_columns columns_of(const star_finder *f, size_t i)
{
    const firn_query_tokens *t = f->t;
    const size_t in = f->block_of[i];
    firn_metadata_columns columns = 0;
    if (i < 2 || !is_symbol(t, i - 1, ".") || !is_name(t, i - 2)) return f->blocks[in].columns;
    const firn_str name = name_at(f, i - 2);
    for (size_t k = 0; k < t->n; k++) {
        if (t->ref_at[k] == SIZE_MAX || f->block_of[k] != in || !goes_by(f, k, name)) continue;
        columns |= t->refs[t->ref_at[k]].metadata_columns;
    }
    return columns;
}

/* Those that EXCLUDE (a, b) from token i on names already. */
static firn_metadata_columns excluded(const star_finder *f, size_t i)
{
    firn_metadata_columns columns = 0;
    for (; i < f->t->n && !is_symbol(f->t, i, ")"); i++) {
        if (is_name(f->t, i)) columns |= firn_metadata_column_of(name_at(f, i));
    }
    return columns;
}

static firn_status insert(star_finder *f, size_t before, firn_str text, firn_error *err)
{
    firn_insertion *slot = firn_arena_push(f->arena, &f->out, &f->n_out, &f->cap_out, sizeof *slot);
    if (!slot || !text.data) return firn_fail_nomem(err);
    *slot = (firn_insertion){before, text};
    return FIRN_OK;
}

/* head, the names with commas between and behind them as asked, tail */
static firn_str list_names(const star_finder *f, firn_metadata_columns columns, const char *head,
                           const char *tail)
{
    firn_str text = firn_arena_copy(f->arena, firn_str_of(head));
    bool is_first = true;
    for (size_t i = 0; i < FIRN_N_METADATA_COLUMNS && text.data; i++) {
        if (!(columns >> i & 1)) continue;
        const firn_str name = firn_metadata_column_name(i);
        text = firn_arena_printf(f->arena, "%.*s%s\"%.*s\"", FIRN_STR_ARG(text),
                                 is_first ? "" : ", ", FIRN_STR_ARG(name));
        is_first = false;
    }
    return text.data ? firn_arena_printf(f->arena, "%.*s%s", FIRN_STR_ARG(text), tail) : text;
}

static firn_status write_star(star_finder *f, size_t i, firn_error *err)
{
    static const char *const k_patterns[] = {"LIKE", "ILIKE", "NOT", "SIMILAR", "GLOB", NULL};
    const firn_query_tokens *t = f->t;
    firn_metadata_columns columns = columns_of(f, i);
    if (columns == 0 || is_any(t, i + 1, k_patterns)) return FIRN_OK;
    if (!is_word(t, i + 1, "EXCLUDE"))
        return insert(f, i + 1, list_names(f, columns, "EXCLUDE (", ") "), err);
    if (is_symbol(t, i + 2, "(")) {
        columns &= ~excluded(f, i + 3);
        return columns ? insert(f, i + 3, list_names(f, columns, "", ", "), err) : FIRN_OK;
    }
    if (!is_name(t, i + 2)) return FIRN_OK;
    columns &= ~firn_metadata_column_of(name_at(f, i + 2));
    if (columns == 0) return FIRN_OK;
    FIRN_TRY(insert(f, i + 2, list_names(f, columns, "(", ", "), err));
    return insert(f, i + 3, FIRN_STR(")"), err);
}

/* FROM t without SELECT is SELECT * FROM t. */
static firn_status write_from(star_finder *f, size_t i, firn_error *err)
{
    const block *in = &f->blocks[f->block_of[i]];
    if (in->columns == 0 || in->from != i + 1 || in->has_select || in->is_change) return FIRN_OK;
    return insert(f, i, list_names(f, in->columns, "SELECT * EXCLUDE (", ") "), err);
}

firn_status firn_stars_find(const firn_query_tokens *t, firn_arena *arena, firn_insertion **out,
                            size_t *n_out, firn_error *err)
{
    star_finder f = {.t = t, .arena = arena};
    *out = NULL;
    *n_out = 0;
    FIRN_TRY(find_blocks(&f, err));
    for (size_t i = 0; i + 1 < t->n; i++) {
        if (is_star(t, i)) FIRN_TRY(write_star(&f, i, err));
        FIRN_TRY(write_from(&f, i, err));
    }
    *out = f.out;
    *n_out = f.n_out;
    return FIRN_OK;
}
