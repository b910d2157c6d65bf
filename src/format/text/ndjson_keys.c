/* SPDX-License-Identifier: Apache-2.0 */
/* What is rare about the keys of an object: those that are not plain names, learning, and what can
 * be wrong. The loop over the members is in ndjson_members.h. */
#include "format/text/ndjson_internal.h"

/* A place to remember an unknown key; NULL when there are too many of them. */
static ndjson_slot *add_unknown(ndjson_object *object, firn_str key)
{
    const size_t limit = object->n_columns + NDJSON_UNKNOWN_SLOTS;
    firn_str copy;
    ndjson_slot *slot;

    if ((size_t)object->n_slots == limit || key.len > NDJSON_LITERAL) return NULL;
    slot = &object->slots[object->n_slots];
    copy = firn_arena_copy(object->arena, key);
    if (!copy.data || firn_map_put(&object->names, copy, slot, NULL) != FIRN_OK) return NULL;
    slot->column = -1;
    object->n_slots++;
    return slot;
}

const char *ndjson_read_key(ndjson_line *line, ndjson_object *object, const char *p,
                            ndjson_slot **out)
{
    firn_str key;

    if (*p != '"')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected a key, found %s",
                                     ndjson_found(p)));
    p = ndjson_read_string(line, p, &key);
    if (!p) return NULL;
    *out = firn_map_find(&object->names, key);
    if (!*out) *out = add_unknown(object, key);
    return p;
}

const char *ndjson_fail_colon(ndjson_line *line, const char *key, const char *key_end,
                              const char *p)
{
    return ndjson_stop(line, p,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                 "expected ':' after key %.*s, found %s", (int)(key_end - key), key,
                                 ndjson_found(p)));
}

void ndjson_learn_key(ndjson_slot *previous, ndjson_slot *slot, const char *from, const char *to)
{
    const firn_str written = {from, (size_t)(to - from)};

    if (written.len <= NDJSON_LITERAL) ndjson_literal_set(&slot->written, written);
    if (previous && slot->written.n > 0) previous->following = slot;
}

const char *ndjson_fail_duplicate(ndjson_line *line, const ndjson_node *node, const char *p)
{
    return ndjson_stop(line, p,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT, "duplicate key \"%.*s\"",
                                 FIRN_STR_ARG(node->name)));
}

const char *ndjson_fill_missing(ndjson_line *line, const ndjson_object *object,
                                firn_column *columns, int64_t row, const char *p)
{
    for (size_t i = 0; i < object->n_columns; i++) {
        if (object->seen[i] == object->epoch) continue;
        if (object->nodes[i].is_required)
            return ndjson_stop(line, p,
                               firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                         "missing \"%.*s\", which is required",
                                         FIRN_STR_ARG(object->nodes[i].name)));
        ndjson_set_null(&columns[i], row);
    }
    return p;
}

void ndjson_next_epoch(ndjson_object *object)
{
    if (++object->epoch != 0) return;
    memset(object->seen, 0, object->n_columns * sizeof *object->seen);
    object->epoch = 1;
}
