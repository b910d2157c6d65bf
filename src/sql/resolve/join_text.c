/* SPDX-License-Identifier: Apache-2.0 */
/* Query blocks, their FROM clauses and what follows of their conditions; see join_text.h. A clause
 * that is not understood takes its block out, a statement that is none of the usual kind all. */
#include "sql/resolve/join_text.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/resolve/join_reader.h"

/* A FROM clause being read. */
typedef struct from_reader {
    join_reader *r;
    size_t block;
    size_t at, end;
    firn_join_item *items;
    size_t n_items, cap_items;
    firn_str *merged;
    size_t n_merged, cap_merged;
    bool has_failed;
} from_reader;

typedef enum join_kind {
    JOIN_NOT = 0, /* no join follows */
    JOIN_CROSS,
    JOIN_INNER,
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
} join_kind;

static size_t read_query(join_reader *r, join_range in, size_t parent);

static bool is_opening(const join_reader *r, size_t i)
{
    return join_is_symbol(r, i, "(") || join_is_symbol(r, i, "[") || join_is_symbol(r, i, "{");
}

static bool is_closing(const join_reader *r, size_t i)
{
    return join_is_symbol(r, i, ")") || join_is_symbol(r, i, "]") || join_is_symbol(r, i, "}");
}

/* ---- pairs ---- */

static void add_pair(join_reader *r, const firn_join_column *a, const firn_join_column *b,
                     bool reduces_a, bool reduces_b)
{
    firn_join_pair *slot =
        firn_arena_push(r->arena, &r->pairs, &r->n_pairs, &r->cap_pairs, sizeof *slot);
    if (slot)
        *slot = (firn_join_pair){{*a, *b}, {reduces_a, reduces_b}};
    else
        r->is_out_of_memory = true;
}

static firn_join_column column_in(firn_join_column column, size_t block, join_range items)
{
    column.block = block;
    column.first = items.first;
    column.end = items.end;
    return column;
}

/* Of ON and USING: rows of the side that is kept whole are not reduced. Which side a column is of
 * is found out when tables are known, so both ways are noted. */
static void add_joined(from_reader *f, const firn_join_column sides[2], join_kind kind,
                       join_range left, join_range right)
{
    const join_range all = {left.first, right.end};
    if (kind == JOIN_INNER) {
        const firn_join_column a = column_in(sides[0], f->block, all);
        const firn_join_column b = column_in(sides[1], f->block, all);
        add_pair(f->r, &a, &b, true, true);
    }
    if (kind != JOIN_LEFT && kind != JOIN_RIGHT) return;
    const join_range kept = kind == JOIN_LEFT ? left : right;
    const join_range other = kind == JOIN_LEFT ? right : left;
    for (int i = 0; i < 2; i++) {
        const firn_join_column a = column_in(sides[i], f->block, other);
        const firn_join_column b = column_in(sides[1 - i], f->block, kept);
        add_pair(f->r, &a, &b, true, false);
    }
}

/* ---- subqueries ---- */

/* The first of the words that is no name: "t.limit" and "AS limit" are. */
static size_t find_any(const join_reader *r, size_t from, size_t end, const char *const *words)
{
    for (; from < end; from = join_step(r, from)) {
        const bool is_named =
            from > 0 && (join_is_symbol(r, from - 1, ".") || join_is_word(r, from - 1, "AS"));
        if (!is_named && join_is_any(r, from, words)) return from;
    }
    return end;
}

static const char *const k_set_operations[] = {"UNION", "INTERSECT", "EXCEPT", NULL};
static const char *const k_after_from[] = {"WHERE",   "GROUP",  "HAVING", "WINDOW",
                                           "QUALIFY", "ORDER",  "LIMIT",  "OFFSET",
                                           "FETCH",   "SELECT", NULL};
/* Behind WHERE, and what makes more or less of rows than one of each. */
static const char *const k_tails[] = {"GROUP", "HAVING", "WINDOW", "QUALIFY",
                                      "LIMIT", "OFFSET", "FETCH",  NULL};
static const char *const k_after_where[] = {"GROUP", "HAVING", "WINDOW", "QUALIFY", "ORDER",
                                            "LIMIT", "OFFSET", "FETCH",  NULL};

/* FROM of a clause, not of IS DISTINCT FROM. */
static size_t find_from(const join_reader *r, size_t from, size_t end)
{
    static const char *const k_from[] = {"FROM", NULL};
    size_t at = find_any(r, from, end, k_from);
    while (at < end && at > from && join_is_word(r, at - 1, "DISTINCT"))
        at = find_any(r, at + 1, end, k_from);
    return at;
}

/* One SELECT and no others beside it: the tokens of its list, and of what is behind its FROM. */
static bool read_single(const join_reader *r, join_range in, join_range *list, join_range *tail)
{
    const size_t from = find_from(r, in.first, in.end);
    if (!join_is_word(r, in.first, "SELECT") || from == in.end ||
        find_any(r, in.first, in.end, k_set_operations) < in.end)
        return false;
    *list = (join_range){in.first + 1, from};
    *tail = (join_range){from + 1, in.end};
    return true;
}

/* Whatever is selected, there is a row only where tables have one. */
static bool is_plain_exists(const join_reader *r, join_range in)
{
    join_range list;
    join_range tail;
    if (!read_single(r, in, &list, &tail)) return false;
    for (size_t i = list.first; i < list.end; i++)
        if (r->closing[i] > i) return false; /* it may be an aggregate's */
    return find_any(r, tail.first, tail.end, k_tails) == tail.end;
}

/* The only column of a subquery's list. */
static bool read_selected(join_reader *r, join_range list, firn_join_column *out)
{
    if (join_is_word(r, list.first, "DISTINCT") || join_is_word(r, list.first, "ALL")) list.first++;
    if (join_column_read(r, list, out)) return true;
    for (size_t n = 1; n <= 2 && list.end > list.first + n; n++) {
        const bool has_as = join_is_word(r, list.end - 2, "AS");
        const join_range column = {list.first, list.end - n};
        if (has_as == (n == 2) && join_is_name(r, list.end - 1) && join_column_read(r, column, out))
            return true;
    }
    return false;
}

/* Groups by this column alone: those of other values do not change. */
static bool is_grouped_by(join_reader *r, join_range tail, const firn_join_column *column)
{
    firn_join_column key;
    const size_t at = find_any(r, tail.first, tail.end, k_tails);
    if (!join_is_word(r, at, "GROUP") || !join_is_word(r, at + 1, "BY")) return false;
    const size_t end = find_any(r, at + 1, tail.end, k_after_where);
    return join_column_read(r, (join_range){at + 2, end}, &key) &&
           firn_str_equals_nocase(key.name, column->name) &&
           firn_str_equals_nocase(key.table, column->table) &&
           find_any(r, end, tail.end,
                    (const char *const[]){"WINDOW", "QUALIFY", "LIMIT", "OFFSET", "FETCH", "GROUP",
                                          NULL}) == tail.end;
}

/* column IN (SELECT other ..), the parenthesis at open. */
static void add_in(join_reader *r, size_t open, size_t block, size_t inner)
{
    join_range list;
    join_range tail;
    firn_join_column outer_column;
    firn_join_column inner_column;
    const join_range in = {open + 1, r->closing[open]};
    const size_t n = open >= 4 && join_is_symbol(r, open - 3, ".") ? 3 : 1;
    if (!read_single(r, in, &list, &tail) || !read_selected(r, list, &inner_column) ||
        !join_column_read(r, (join_range){open - 1 - n, open - 1}, &outer_column))
        return;
    const bool is_plain = find_any(r, tail.first, tail.end, k_tails) == tail.end ||
                          is_grouped_by(r, tail, &inner_column);
    const firn_join_column a =
        column_in(outer_column, block, (join_range){0, r->blocks[block].n_items});
    const firn_join_column b =
        column_in(inner_column, inner, (join_range){0, r->blocks[inner].n_items});
    add_pair(r, &a, &b, true, is_plain);
}

/* The queries in parentheses among the tokens; those of WHERE and of the list have their block. */
static void read_subqueries(join_reader *r, join_range in, size_t block)
{
    for (size_t i = in.first; i < in.end; i++) {
        if (!join_is_query(r, i)) continue;
        const join_range inside = {i + 1, r->closing[i]};
        const size_t inner = read_query(r, inside, block);
        if (inner != FIRN_JOIN_NONE && block != FIRN_JOIN_NONE) {
            if (r->roles[i] == JOIN_ROLE_IN) add_in(r, i, block, inner);
            if (r->roles[i] == JOIN_ROLE_EXISTS)
                r->blocks[inner].is_exists = is_plain_exists(r, inside);
        }
        i = r->closing[i];
    }
}

/* ---- FROM ---- */

static bool accept(from_reader *f, const char *word)
{
    const bool is_there = f->at < f->end && join_is_word(f->r, f->at, word);
    f->at += is_there;
    return is_there;
}

static void read_alias(from_reader *f, firn_join_item *item)
{
    static const char *const k_others[] = {"ON",         "USING",   "JOIN",  "LEFT",  "RIGHT",
                                           "FULL",       "INNER",   "CROSS", "OUTER", "NATURAL",
                                           "ASOF",       "SEMI",    "ANTI",  "AT",    "FOR",
                                           "POSITIONAL", "LATERAL", "WITH",  NULL};
    const join_reader *r = f->r;
    const bool has_as = accept(f, "AS");
    const bool has_name =
        f->at < f->end && join_is_name(r, f->at) && (has_as || !join_is_any(r, f->at, k_others));
    f->has_failed |= has_as && !has_name;
    if (!has_name) return;
    item->alias = firn_token_unquote(join_token(r, f->at++), r->arena);
    f->r->is_out_of_memory |= !item->alias.data;
    if (f->at >= f->end || !join_is_symbol(r, f->at, "(")) return;
    item->ref = FIRN_JOIN_NONE; /* its columns have other names */
    f->at = join_step(r, f->at);
}

static void read_list(from_reader *f);

/* A subquery, or joins in parentheses. */
static void read_group(from_reader *f, firn_join_item *item, bool *is_item)
{
    const join_range inside = {f->at + 1, f->r->closing[f->at]};
    static const char *const k_queries[] = {"SELECT", "WITH", "VALUES", NULL};
    *is_item = join_is_any(f->r, inside.first, k_queries);
    const size_t end = f->end;
    if (*is_item) {
        (void)read_query(f->r, inside, FIRN_JOIN_NONE); /* it may name what is to its left only */
        f->at = inside.end + 1;
        return;
    }
    f->at = inside.first;
    f->end = inside.end;
    read_list(f);
    f->has_failed |= f->at != inside.end;
    f->at = inside.end + 1;
    f->end = end;
    read_alias(f, item);
    f->has_failed |= item->alias.len > 0; /* it hides the names inside */
}

/* A table's name, or a function. */
static void read_named(from_reader *f, firn_join_item *item)
{
    const join_reader *r = f->r;
    const size_t index = r->t->ref_at[f->at];
    if (index != SIZE_MAX) {
        const firn_table_ref *ref = &r->t->refs[index];
        if (!ref->is_cte && ref->call.len == 0) item->ref = index;
        item->alias = ref->parts[ref->n_parts - 1];
        while (f->at < f->end && join_token(r, f->at)->offset < ref->end) f->at++;
        return;
    }
    f->at++;
    while (f->at + 1 < f->end && join_is_symbol(r, f->at, ".") && join_is_name(r, f->at + 1))
        f->at += 2;
    f->has_failed |= f->at >= f->end || !join_is_symbol(r, f->at, "(");
    if (f->has_failed) return;
    read_subqueries(f->r, (join_range){f->at + 1, r->closing[f->at]}, FIRN_JOIN_NONE);
    f->at = join_step(r, f->at);
}

static void read_primary(from_reader *f)
{
    firn_join_item item = {.ref = FIRN_JOIN_NONE};
    bool is_item = true;
    (void)accept(f, "LATERAL");
    f->has_failed |= f->at >= f->end;
    if (f->has_failed) return;
    if (join_is_symbol(f->r, f->at, "("))
        read_group(f, &item, &is_item);
    else if (join_is_name(f->r, f->at))
        read_named(f, &item);
    else
        f->has_failed = true;
    if (f->has_failed || !is_item) return;
    read_alias(f, &item);
    firn_join_item *slot =
        firn_arena_push(f->r->arena, &f->items, &f->n_items, &f->cap_items, sizeof *slot);
    if (slot)
        *slot = item;
    else
        f->r->is_out_of_memory = true;
}

static bool is_call(const from_reader *f)
{
    return join_is_symbol(f->r, f->at + 1, "(");
}

static join_kind read_kind(from_reader *f)
{
    join_kind kind = JOIN_INNER;
    if (f->at >= f->end || is_call(f)) return JOIN_NOT;
    if (accept(f, "CROSS"))
        kind = JOIN_CROSS;
    else if (accept(f, "LEFT"))
        kind = JOIN_LEFT;
    else if (accept(f, "RIGHT"))
        kind = JOIN_RIGHT;
    else if (accept(f, "FULL"))
        kind = JOIN_FULL;
    else
        (void)accept(f, "INNER");
    if (kind >= JOIN_LEFT) (void)accept(f, "OUTER");
    if (accept(f, "JOIN")) return kind;
    return JOIN_NOT; /* SEMI, ASOF, .. stay where a comma is expected */
}

/* Up to the next join or comma. */
static void read_on(from_reader *f, join_kind kind, join_range left, join_range right)
{
    static const char *const k_joins[] = {"JOIN",    "LEFT", "RIGHT", "FULL", "INNER",      "CROSS",
                                          "NATURAL", "ASOF", "SEMI",  "ANTI", "POSITIONAL", NULL};
    join_reader *r = f->r;
    join_equalities found = {0};
    const size_t first = f->at;
    while (f->at < f->end && !join_is_symbol(r, f->at, ",") &&
           (!join_is_any(r, f->at, k_joins) || is_call(f)))
        f->at = join_step(r, f->at);
    const join_range condition = {first, f->at};
    join_conditions_read(r, condition, &found);
    for (size_t i = 0; i < found.n; i++) {
        firn_join_column sides[2];
        if (join_column_read(r, found.items[i].sides[0], &sides[0]) &&
            join_column_read(r, found.items[i].sides[1], &sides[1]))
            add_joined(f, sides, kind, left, right);
    }
    read_subqueries(r, condition, FIRN_JOIN_NONE);
}

/* False: the column has been merged before, and may be of any table that has it. */
static bool merge(from_reader *f, firn_str name)
{
    for (size_t i = 0; i < f->n_merged; i++)
        if (firn_str_equals_nocase(f->merged[i], name)) return false;
    firn_str *slot =
        firn_arena_push(f->r->arena, &f->merged, &f->n_merged, &f->cap_merged, sizeof *slot);
    if (slot)
        *slot = name;
    else
        f->r->is_out_of_memory = true;
    return slot != NULL;
}

static void read_using(from_reader *f, join_kind kind, join_range left, join_range right)
{
    if (f->at >= f->end || !join_is_symbol(f->r, f->at, "(")) {
        f->has_failed = true;
        return;
    }
    const size_t close = f->r->closing[f->at];
    for (size_t i = f->at + 1; i < close; i += 2) {
        firn_join_column name;
        if (!join_column_read(f->r, (join_range){i, i + 1}, &name) || !merge(f, name.name))
            continue;
        name.is_merged = true;
        const firn_join_column a = column_in(name, f->block, left);
        const firn_join_column b = column_in(name, f->block, right);
        if (kind != JOIN_FULL) add_pair(f->r, &a, &b, kind != JOIN_LEFT, kind != JOIN_RIGHT);
    }
    f->at = close + 1;
}

static void read_joins(from_reader *f)
{
    const size_t first = f->n_items;
    read_primary(f);
    while (!f->has_failed && f->at < f->end) {
        const join_kind kind = read_kind(f);
        if (kind == JOIN_NOT) return;
        const join_range left = {first, f->n_items};
        read_primary(f);
        if (f->has_failed || kind == JOIN_CROSS) continue;
        const join_range right = {left.end, f->n_items};
        if (accept(f, "ON"))
            read_on(f, kind, left, right);
        else if (accept(f, "USING"))
            read_using(f, kind, left, right);
        else
            f->has_failed = true;
    }
}

static void read_list(from_reader *f)
{
    if (++f->r->depth > FIRN_LIMIT_NESTING) f->r->has_given_up = f->has_failed = true;
    for (bool is_more = !f->has_failed; is_more;) {
        read_joins(f);
        is_more = !f->has_failed && f->at < f->end && join_is_symbol(f->r, f->at, ",");
        f->at += is_more;
    }
    f->r->depth--;
}

/* ---- blocks ---- */

static size_t add_block(join_reader *r, size_t parent)
{
    firn_join_block *slot =
        firn_arena_push(r->arena, &r->blocks, &r->n_blocks, &r->cap_blocks, sizeof *slot);
    if (!slot) {
        r->is_out_of_memory = true;
        return FIRN_JOIN_NONE;
    }
    *slot = (firn_join_block){.parent = parent, .is_read = true};
    return r->n_blocks - 1;
}

/* A name at i that ends an item of a list, and is not all of it or what an operator is applied to.
 */
static bool is_alias(const join_reader *r, size_t i)
{
    const firn_token *before = join_token(r, i - 1);
    static const char *const k_words[] = {"SELECT", "DISTINCT", "ALL", NULL};
    if (!join_is_name(r, i)) return false;
    if (join_is_symbol(r, i + 1, ":") || is_closing(r, i - 1)) return true;
    return before->kind != FIRN_TOKEN_SYMBOL && !join_is_any(r, i - 1, k_words);
}

static void read_aliases(join_reader *r, size_t block, join_range list)
{
    firn_str *names = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (size_t i = list.first; i < list.end; i = join_step(r, i)) {
        if (!is_alias(r, i)) continue;
        firn_str *slot = firn_arena_push(r->arena, &names, &n, &cap, sizeof *slot);
        if (slot) *slot = firn_token_unquote(join_token(r, i), r->arena);
        r->is_out_of_memory |= !slot || !slot->data;
    }
    r->blocks[block].aliases = names;
    r->blocks[block].n_aliases = n;
}

static void read_from(join_reader *r, size_t block, join_range in)
{
    from_reader f = {.r = r, .block = block, .at = in.first, .end = in.end};
    const size_t n_pairs = r->n_pairs;
    read_list(&f);
    f.has_failed |= f.at != in.end;
    r->blocks[block].is_read = !f.has_failed;
    r->blocks[block].items = f.items;
    r->blocks[block].n_items = f.n_items;
    r->blocks[block].merged = f.merged;
    r->blocks[block].n_merged = f.n_merged;
    if (f.has_failed) r->n_pairs = n_pairs;
}

static void read_where(join_reader *r, size_t block, join_range in)
{
    join_equalities found = {0};
    const join_range items = {0, r->blocks[block].n_items};
    join_conditions_read(r, in, &found);
    for (size_t i = 0; i < found.n && r->blocks[block].is_read; i++) {
        firn_join_column sides[2];
        if (!join_column_read(r, found.items[i].sides[0], &sides[0]) ||
            !join_column_read(r, found.items[i].sides[1], &sides[1]))
            continue;
        for (int k = 0; k < 2; k++) {
            sides[k] = column_in(sides[k], block, items);
            sides[k].may_climb = true;
        }
        add_pair(r, &sides[0], &sides[1], true, true);
    }
    read_subqueries(r, in, block);
}

/* What is between two set operations. FIRN_JOIN_NONE: no SELECT of its own. */
static size_t read_block(join_reader *r, join_range in, size_t parent)
{
    static const char *const k_select[] = {"SELECT", NULL};
    const size_t select = find_any(r, in.first, in.end, k_select);
    const size_t from = find_from(r, in.first, in.end);
    r->has_given_up |= from < select; /* FROM without SELECT, or before it */
    read_subqueries(r, (join_range){in.first, select}, FIRN_JOIN_NONE);
    if (select == in.end || r->has_given_up) return FIRN_JOIN_NONE;
    const size_t block = add_block(r, parent);
    if (block == FIRN_JOIN_NONE) return block;
    read_aliases(r, block, (join_range){select + 1, from});
    read_subqueries(r, (join_range){select + 1, from}, block);
    if (from == in.end) return block;
    const size_t where = find_any(r, from, in.end, k_after_from);
    const bool has_where = where < in.end && join_is_word(r, where, "WHERE");
    const size_t tail = has_where ? find_any(r, where + 1, in.end, k_after_where) : where;
    read_from(r, block, (join_range){from + 1, where});
    if (has_where) read_where(r, block, (join_range){where + 1, tail});
    read_subqueries(r, (join_range){tail, in.end}, FIRN_JOIN_NONE);
    return block;
}

/* The block that the query is; FIRN_JOIN_NONE: several. */
static size_t read_query(join_reader *r, join_range in, size_t parent)
{
    size_t block = FIRN_JOIN_NONE;
    size_t n = 0;
    if (++r->depth > FIRN_LIMIT_NESTING) r->has_given_up = true;
    for (size_t from = in.first; from < in.end && !r->has_given_up && !r->is_out_of_memory; n++) {
        const size_t to = find_any(r, from, in.end, k_set_operations);
        block = read_block(r, (join_range){from, to}, parent);
        from = to + 1;
    }
    r->depth--;
    return n == 1 ? block : FIRN_JOIN_NONE;
}

/* ---- the statement ---- */

/* False: not one to each. */
static bool match_brackets(join_reader *r)
{
    size_t *open = firn_arena_array(r->arena, r->t->n, sizeof *open);
    size_t depth = 0;
    r->is_out_of_memory |= !open;
    for (size_t i = 0; i < r->t->n && open; i++) {
        if (is_opening(r, i)) open[depth++] = i;
        if (!is_closing(r, i)) continue;
        if (depth == 0) return false;
        r->closing[open[--depth]] = i;
    }
    return depth == 0;
}

/* A query, by itself or explained, without clauses that make its rows depend on more than what its
 * tables' rows are. */
static bool is_usual(const join_reader *r)
{
    static const char *const k_begins[] = {"SELECT", "WITH", "EXPLAIN", NULL};
    static const char *const k_unusual[] = {"TABLESAMPLE", "PIVOT", "UNPIVOT", NULL};
    size_t first = 0;
    while (join_is_symbol(r, first, "(")) first++;
    if (!join_is_any(r, first, k_begins)) return false;
    for (size_t i = 0; i < r->t->n; i++) {
        if (r->t->items[i].kind == FIRN_TOKEN_BAD || join_is_symbol(r, i, ";")) return false;
        if (join_is_any(r, i, k_unusual)) return false;
        if (join_is_word(r, i, "USING") && join_is_word(r, i + 1, "SAMPLE")) return false;
        const bool is_first = i > 0 && join_is_symbol(r, i - 1, "(");
        if (is_first && join_is_word(r, i, "FROM")) return false;
    }
    return true;
}

firn_status firn_join_text_read(const firn_query_tokens *tokens, firn_arena *arena,
                                firn_join_text *out, firn_error *err)
{
    join_reader r = {.t = tokens, .arena = arena};
    *out = (firn_join_text){0};
    if (tokens->n_refs < 2 || !is_usual(&r)) return FIRN_OK;
    r.closing = firn_arena_array(arena, tokens->n, sizeof *r.closing);
    r.roles = firn_arena_array(arena, tokens->n, sizeof *r.roles);
    if (!r.closing || !r.roles) return firn_fail_nomem(err);
    if (match_brackets(&r)) (void)read_query(&r, (join_range){0, tokens->n - 1}, FIRN_JOIN_NONE);
    if (r.is_out_of_memory) return firn_fail_nomem(err);
    if (r.has_given_up) return FIRN_OK;
    *out = (firn_join_text){r.blocks, r.n_blocks, r.pairs, r.n_pairs};
    return FIRN_OK;
}
