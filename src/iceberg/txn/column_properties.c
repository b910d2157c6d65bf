/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/txn/column_properties.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/name_mapping.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/schema_names.h"

/* ---- name mapping ---- */

static bool is_entry_of(const json_t *entry, int32_t id)
{
    const json_t *found = json_object_get(entry, "field-id");
    return json_is_integer(found) && json_integer_value(found) == id;
}

static json_t *find_entry(const json_t *level, int32_t id)
{
    for (size_t i = 0; i < json_array_size(level); i++)
        if (is_entry_of(json_array_get(level, i), id)) return json_array_get(level, i);
    return NULL;
}

static bool is_name(const json_t *json, firn_str name)
{
    const firn_str text = {json_string_value(json), json_string_length(json)};
    return json_is_string(json) && firn_str_equals(text, name);
}

/* The name means the field id from now on, and no other field of the level. */
static void take_name(firn_json_build *b, const json_t *level, firn_str name, int32_t id)
{
    for (size_t i = 0; i < json_array_size(level); i++) {
        const json_t *entry = json_array_get(level, i);
        json_t *names = json_object_get(entry, "names");
        if (is_entry_of(entry, id)) continue;
        for (size_t k = json_array_size(names); k-- > 0;)
            if (is_name(json_array_get(names, k), name) && json_array_remove(names, k))
                firn_json_build_fail(b, firn_fail_nomem(b->err));
    }
}

static void add_name(firn_json_build *b, const json_t *entry, firn_str name)
{
    json_t *names = json_object_get(entry, "names");
    for (size_t k = 0; k < json_array_size(names); k++)
        if (is_name(json_array_get(names, k), name)) return;
    firn_json_build_str(b, names, NULL, name);
}

static void map_level(firn_json_build *b, json_t *level, const firn_type *now,
                      const firn_schema *before);

/* Nested no deeper than types are. */
static void map_field(firn_json_build *b, json_t *level, const firn_field *field,
                      const firn_schema *before)
{
    const firn_field *old = before ? firn_schema_find_id(before, field->id) : NULL;
    json_t *entry = find_entry(level, field->id);
    if (!old || !firn_str_equals(old->name, field->name)) {
        take_name(b, level, field->name, field->id);
        if (entry) add_name(b, entry, field->name);
    }
    if (!old && !entry) {
        entry = firn_json_build_object(b, level, NULL);
        firn_json_build_i64(b, entry, "field-id", field->id);
        firn_json_build_str(b, firn_json_build_array(b, entry, "names"), NULL, field->name);
    }
    if (!entry || firn_type_is_primitive(field->type)) return;
    json_t *below = json_object_get(entry, "fields");
    if (!json_is_array(below)) below = firn_json_build_array(b, entry, "fields");
    map_level(b, below, field->type, old ? before : NULL);
}

static void map_level(firn_json_build *b, json_t *level, const firn_type *now,
                      const firn_schema *before)
{
    for (size_t i = 0; i < now->n_fields && level && b->status == FIRN_OK; i++)
        map_field(b, level, &now->fields[i], before);
}

static firn_status map_names(const firn_txn_draft *draft, firn_str mapping, firn_arena *arena,
                             firn_str *out, firn_error *err)
{
    firn_json_build b = {.err = err};
    firn_error ignored = {0};
    const firn_name_mapping *parsed = NULL;
    json_t *root = NULL;
    *out = (firn_str){0};
    firn_arena *scratch = firn_arena_create(NULL, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_status st = firn_name_mapping_parse(mapping, scratch, &parsed, &ignored);
    if (st == FIRN_OK) st = firn_json_parse(mapping, scratch, &root, &ignored);
    const bool is_read = st == FIRN_OK;
    if (st != FIRN_ERR_NOMEM) st = FIRN_OK;
    if (is_read) {
        map_level(&b, root, &draft->schema->root, firn_metadata_schema(draft->base));
        st = b.status;
        if (st == FIRN_OK) st = firn_json_keep(root, arena, out, err);
    }
    firn_arena_destroy(scratch);
    return st == FIRN_ERR_NOMEM ? firn_fail_nomem(err) : st;
}

firn_status firn_schema__name_mapping(const firn_schema *schema, firn_arena *arena, firn_str *out,
                                      firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *built = NULL;
    json_t *root = json_array();
    map_level(&b, root, &schema->root, NULL);
    FIRN_TRY(firn_json_build_finish(&b, root, &built));
    const firn_status st = firn_json_keep(built, arena, out, err);
    json_decref(built);
    return st;
}

/* ---- settings per column ---- */

static const firn_str k_prefixes[] = {
    FIRN_STR_INIT("write.metadata.metrics.column."),
    FIRN_STR_INIT("write.parquet.bloom-filter-enabled.column."),
    FIRN_STR_INIT("write.parquet.stats-enabled.column."),
};

/* The column a property is about; empty: none. */
static firn_str column_of(firn_str key)
{
    for (size_t i = 0; i < sizeof k_prefixes / sizeof *k_prefixes; i++)
        if (firn_str_starts_with(key, k_prefixes[i]))
            return firn_str_slice(key, k_prefixes[i].len, key.len);
    return (firn_str){0};
}

struct property_changes {
    const firn_txn_draft *draft;
    firn_arena *arena;
    firn_property *set, *removed;
    size_t n_set, n_removed;
};

static bool is_in_draft(const firn_txn_draft *draft, firn_str key)
{
    for (size_t i = 0; i < draft->n_set; i++)
        if (firn_str_equals(draft->set[i].key, key)) return true;
    for (size_t i = 0; i < draft->n_removed; i++)
        if (firn_str_equals(draft->removed[i].key, key)) return true;
    return false;
}

static firn_status follow_column(struct property_changes *c, const firn_property *item,
                                 firn_str column, firn_error *err)
{
    const firn_schema *before = firn_metadata_schema(c->draft->base);
    const firn_field *field = firn_schema_find_name(before, column);
    firn_str name;
    if (!field) return FIRN_OK;
    FIRN_TRY(firn_schema_name_of(c->draft->schema, field->id, c->arena, &name, err));
    if (firn_str_equals(name, column)) return FIRN_OK;
    if (name.len > 0 && firn_schema_find_name(c->draft->schema, column) != NULL &&
        firn_schema_find_name(c->draft->schema, column)->id == field->id)
        return FIRN_OK; /* another spelling of the same name */
    c->removed[c->n_removed++].key = item->key;
    if (name.len == 0) return FIRN_OK;
    const firn_str key = firn_arena_printf(
        c->arena, "%.*s%.*s",
        FIRN_STR_ARG(firn_str_slice(item->key, 0, item->key.len - column.len)), FIRN_STR_ARG(name));
    if (!key.data) return firn_fail_nomem(err);
    c->set[c->n_set++] = (firn_property){key, item->value};
    return FIRN_OK;
}

static firn_status follow(struct property_changes *c, const firn_property *item, firn_error *err)
{
    const firn_str column = column_of(item->key);
    firn_str mapping = {0};
    if (is_in_draft(c->draft, item->key)) return FIRN_OK;
    if (column.len > 0) return follow_column(c, item, column, err);
    if (!firn_str_equals(item->key, FIRN_NAME_MAPPING_PROPERTY)) return FIRN_OK;
    FIRN_TRY(map_names(c->draft, item->value, c->arena, &mapping, err));
    if (mapping.len == 0 || firn_str_equals(mapping, item->value)) return FIRN_OK;
    c->set[c->n_set++] = (firn_property){item->key, mapping};
    return FIRN_OK;
}

firn_status firn_updates__column_properties(const firn_txn_draft *draft, firn_update_list *list,
                                            firn_error *err)
{
    const firn_properties *all = &draft->base->properties;
    struct property_changes c = {.draft = draft, .arena = list->arena};
    c.set = firn_arena_array(list->arena, all->n, sizeof *c.set);
    c.removed = firn_arena_array(list->arena, all->n, sizeof *c.removed);
    if (!c.set || !c.removed) return firn_fail_nomem(err);
    for (size_t i = 0; i < all->n; i++) FIRN_TRY(follow(&c, &all->items[i], err));
    const firn_update remove = {.kind = FIRN_UPDATE_REMOVE_PROPERTIES,
                                .properties = {c.removed, c.n_removed}};
    const firn_update set = {.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {c.set, c.n_set}};
    if (c.n_removed > 0) FIRN_TRY(firn_updates__push(list, &remove, err));
    return c.n_set > 0 ? firn_updates__push(list, &set, err) : FIRN_OK;
}
