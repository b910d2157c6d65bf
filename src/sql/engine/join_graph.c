/* SPDX-License-Identifier: Apache-2.0 */
/* See the header: names of the text become columns of tables as the engine finds them, innermost
 * query first; where it might find another, none is. */
#include "sql/engine/join_graph.h"

#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_scan.h"
#include "sql/engine/join_values.h"

/* Of a text: more are not looked at. */
#define MOST_PAIRS 256

/* ---- columns ---- */

static const firn_field *find_field(const firn_type *root, firn_str name)
{
    for (size_t i = 0; i < root->n_fields; i++)
        if (firn_str_equals_nocase(root->fields[i].name, name)) return &root->fields[i];
    return NULL;
}

/* NULL: not a table of ours. */
static const firn_type *columns_of(const firn_joins *joins, const firn_join_item *item)
{
    const firn_scan_source *source =
        item->ref < joins->n_tables ? joins->tables[item->ref].source : NULL;
    return source ? firn_scan_source_root(source) : NULL;
}

typedef enum lookup {
    LOOKUP_UNKNOWN = 0, /* it may be another's, or several's */
    LOOKUP_ABSENT,
    LOOKUP_FOUND,
} lookup;

static bool has_name(const firn_str *names, size_t n, firn_str name)
{
    for (size_t i = 0; i < n; i++)
        if (firn_str_equals_nocase(names[i], name)) return true;
    return false;
}

/* "name": of one table that we know. If others had it, too, the engine would refuse the name. */
static lookup look_up_name(const firn_joins *joins, const firn_join_block *block,
                           const firn_join_column *column, join_column *out)
{
    size_t n = 0;
    bool knows_all = true;
    bool is_in = false;
    if (!column->is_merged && has_name(block->merged, block->n_merged, column->name))
        return LOOKUP_UNKNOWN;
    for (size_t i = 0; i < block->n_items; i++) {
        const firn_type *root = columns_of(joins, &block->items[i]);
        const firn_field *field = root ? find_field(root, column->name) : NULL;
        const bool is_here = i >= column->first && i < column->end;
        knows_all = knows_all && root;
        if (!field || (column->is_merged && !is_here)) continue;
        out->field = field;
        out->ref = block->items[i].ref;
        is_in = is_here;
        n++;
    }
    if (n == 1) return is_in ? LOOKUP_FOUND : LOOKUP_UNKNOWN;
    const bool is_alias = has_name(block->aliases, block->n_aliases, column->name);
    return n == 0 && knows_all && !is_alias ? LOOKUP_ABSENT : LOOKUP_UNKNOWN;
}

/* "table.name"; what is no table may be a struct, of a column or of an alias. */
static lookup look_up_qualified(const firn_joins *joins, const firn_join_block *block,
                                const firn_join_column *column, join_column *out)
{
    const firn_join_item *item = NULL;
    size_t at = 0;
    for (size_t i = 0; i < block->n_items; i++) {
        if (!firn_str_equals_nocase(block->items[i].alias, column->table)) continue;
        if (item) return LOOKUP_UNKNOWN;
        item = &block->items[i];
        at = i;
    }
    if (item) {
        const firn_type *root = columns_of(joins, item);
        out->field = root ? find_field(root, column->name) : NULL;
        out->ref = item->ref;
        const bool is_in = at >= column->first && at < column->end;
        return out->field && is_in ? LOOKUP_FOUND : LOOKUP_UNKNOWN;
    }
    for (size_t i = 0; i < block->n_items; i++) {
        const firn_type *root = columns_of(joins, &block->items[i]);
        if (!root || find_field(root, column->table)) return LOOKUP_UNKNOWN;
    }
    const bool is_alias = has_name(block->aliases, block->n_aliases, column->table);
    return is_alias ? LOOKUP_UNKNOWN : LOOKUP_ABSENT;
}

static bool find_column(const firn_joins *joins, const firn_join_column *column, join_column *out)
{
    const firn_join_text *text = joins->text;
    firn_join_column wanted = *column;
    for (out->block = column->block; out->block != FIRN_JOIN_NONE;) {
        const firn_join_block *block = &text->blocks[out->block];
        if (!block->is_read) return false;
        const lookup found = wanted.table.len > 0 ? look_up_qualified(joins, block, &wanted, out)
                                                  : look_up_name(joins, block, &wanted, out);
        if (found != LOOKUP_ABSENT) return found == LOOKUP_FOUND;
        if (!wanted.may_climb) return false;
        out->block = block->parent;
        wanted.first = 0;
        wanted.end = SIZE_MAX;
    }
    return false;
}

/* ---- pairs ---- */

typedef struct found_pair {
    join_column columns[2];
    bool reduces[2];
} found_pair;

static bool is_whole(firn_type_kind kind)
{
    return kind == FIRN_TYPE_INT || kind == FIRN_TYPE_LONG;
}

/* Equal numbers are equal values. */
static bool is_comparable(const firn_type *a, const firn_type *b)
{
    if (!firn_key_set_takes(a) || !firn_key_set_takes(b)) return false;
    if (is_whole(a->kind) && is_whole(b->kind)) return true;
    return a->kind == b->kind && (a->kind != FIRN_TYPE_DECIMAL || a->scale == b->scale);
}

bool join_takes_part(const firn_joins *joins, size_t ref)
{
    const join_table *table = &joins->tables[ref];
    const firn_scan_source *source = table->source;
    return table->n_plans == 1 && source && source->metadata && !source->changes &&
           !source->numbers;
}

static bool find_pair(const firn_joins *joins, const firn_join_pair *pair, found_pair *out)
{
    for (int i = 0; i < 2; i++) {
        if (!find_column(joins, &pair->columns[i], &out->columns[i])) return false;
        if (!join_takes_part(joins, out->columns[i].ref)) return false;
        out->reduces[i] = pair->reduces[i];
    }
    const join_column *a = &out->columns[0];
    const join_column *b = &out->columns[1];
    if (a->ref == b->ref || !is_comparable(a->field->type, b->field->type)) return false;
    const bool is_climbed[2] = {a->block != pair->columns[0].block,
                                b->block != pair->columns[1].block};
    if (!is_climbed[0] && !is_climbed[1]) return true;
    if (is_climbed[0] && is_climbed[1]) return false;
    const int outer = is_climbed[0] ? 0 : 1;
    const firn_join_block *inner = &joins->text->blocks[pair->columns[outer].block];
    out->reduces[outer] = inner->is_exists && inner->parent == out->columns[outer].block;
    return true;
}

/* ---- the graph ---- */

static bool is_same(const join_column *a, const join_column *b)
{
    return a->ref == b->ref && a->field->id == b->field->id;
}

static void add_column(join_graph *graph, const join_column *column)
{
    for (size_t i = 0; i < graph->n_columns; i++)
        if (is_same(&graph->columns[i], column)) return;
    graph->columns[graph->n_columns++] = *column;
}

firn_status join_graph_make(const firn_joins *joins, firn_arena *arena, join_graph *out,
                            firn_error *err)
{
    const firn_join_text *text = joins->text;
    const size_t n_pairs = text->n_pairs < MOST_PAIRS ? text->n_pairs : MOST_PAIRS;
    *out = (join_graph){0};
    out->columns = firn_arena_array(arena, 2 * n_pairs, sizeof *out->columns);
    out->edges = firn_arena_array(arena, 2 * n_pairs, sizeof *out->edges);
    if (!out->columns || !out->edges) return firn_fail_nomem(err);
    for (size_t i = 0; i < n_pairs; i++) {
        found_pair pair;
        if (!find_pair(joins, &text->pairs[i], &pair)) continue;
        for (int k = 0; k < 2; k++) {
            add_column(out, &pair.columns[k]);
            if (pair.reduces[k])
                out->edges[out->n_edges++] = (join_edge){pair.columns[1 - k], pair.columns[k]};
        }
    }
    return FIRN_OK;
}

size_t join_graph_reach(const join_graph *graph, const join_column *from, join_direction direction,
                        join_column out[JOIN_MOST_REACHED])
{
    size_t n = 0;
    size_t at = 0;
    const join_column *column = from;
    for (;;) {
        for (size_t i = 0; i < graph->n_edges; i++) {
            const join_edge *edge = &graph->edges[i];
            const join_column *near = direction == JOIN_FORWARD ? &edge->from : &edge->to;
            const join_column *far = direction == JOIN_FORWARD ? &edge->to : &edge->from;
            size_t known = 0;
            if (!is_same(near, column)) continue;
            while (known < n && !is_same(&out[known], far)) known++;
            if (known == n && n < JOIN_MOST_REACHED) out[n++] = *far;
        }
        if (at == n) return n;
        column = &out[at++];
    }
}
