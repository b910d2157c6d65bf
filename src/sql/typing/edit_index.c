/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of a statement found by their tokens. */
#include "base/error.h"
#include "sql/typing/typing.h"

firn_status firn_edits_index(const firn_edits *edits, size_t n_tokens, firn_arena *arena,
                             firn_edit_index *out, firn_error *err)
{
    *out = (firn_edit_index){.items = edits->items, .n_tokens = n_tokens};
    out->inner_first = firn_arena_array(arena, n_tokens, sizeof *out->inner_first);
    out->outer_first = firn_arena_array(arena, n_tokens, sizeof *out->outer_first);
    out->next_outer = firn_arena_array(arena, edits->n, sizeof *out->next_outer);
    out->next_inner = firn_arena_array(arena, edits->n, sizeof *out->next_inner);
    if (!out->inner_first || !out->outer_first || !out->next_outer || !out->next_inner)
        return firn_fail_nomem(err);
    for (size_t i = 0; i < n_tokens; i++) out->inner_first[i] = out->outer_first[i] = 0;
    for (size_t i = 0; i < edits->n; i++) {
        const size_t token = edits->items[i].token;
        out->next_inner[i] = out->outer_first[token];
        out->outer_first[token] = i + 1;
    }
    for (size_t i = edits->n; i-- > 0;) {
        const size_t token = edits->items[i].token;
        out->next_outer[i] = out->inner_first[token];
        out->inner_first[token] = i + 1;
    }
    return FIRN_OK;
}

/* From edit number `at` (1 + index) on, one of the place. */
static const firn_edit *find_from(const firn_edit_index *index, size_t at, firn_edit_place place)
{
    const size_t *next = place == FIRN_EDIT_BEFORE ? index->next_inner : index->next_outer;
    while (at > 0 && index->items[at - 1].place != place) at = next[at - 1];
    return at > 0 ? &index->items[at - 1] : NULL;
}

const firn_edit *firn_edits_find(const firn_edit_index *index, firn_edit_place place, size_t token)
{
    if (!index || token >= index->n_tokens) return NULL;
    const bool is_before = place == FIRN_EDIT_BEFORE;
    return find_from(index, is_before ? index->outer_first[token] : index->inner_first[token],
                     place);
}

const firn_edit *firn_edits_next(const firn_edit_index *index, const firn_edit *edit)
{
    const size_t at = (size_t)(edit - index->items);
    const bool is_before = edit->place == FIRN_EDIT_BEFORE;
    return find_from(index, is_before ? index->next_inner[at] : index->next_outer[at], edit->place);
}
