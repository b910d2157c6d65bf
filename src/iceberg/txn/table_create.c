/* SPDX-License-Identifier: Apache-2.0 */
/* New tables: ids assigned anew, the updates that make the table, and the transaction that commits
 * them. The staged metadata lets files be written before the table exists. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/spec/transform.h"
#include "iceberg/txn/property_values.h"
#include "iceberg/txn/schema_tree.h"
#include "iceberg/txn/txn_internal.h"

#define K_DEFAULT_FORMAT_VERSION 2

struct create_op {
    firn_arena *arena;
    firn_id_map ids; /* new ones of old ones, unless they are kept */
    bool keeps_ids;
    firn_schema *schema;
    firn_update_list list;
};

static firn_status push(struct create_op *op, firn_update update, firn_error *err)
{
    return firn_updates__push(&op->list, &update, err);
}

/* ---- schema ---- */

static firn_status check_names(const firn_type *type, firn_error *err)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        if (type->fields[i].name.len == 0)
            return firn_fail(err, FIRN_ERR_ARG, "column %zu has no name", i + 1);
        for (size_t j = 0; j < i; j++)
            if (firn_str_equals_nocase(type->fields[i].name, type->fields[j].name))
                return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" is there twice",
                                 FIRN_STR_ARG(type->fields[i].name));
        FIRN_TRY(check_names(type->fields[i].type, err));
    }
    return FIRN_OK;
}

static firn_status make_schema(struct create_op *op, const firn_table_create_opts *opts,
                               firn_error *err)
{
    int32_t last_id = 0;
    if (!opts->schema) return firn_fail(err, FIRN_ERR_ARG, "a new table needs a schema");
    op->ids.arena = op->arena;
    op->keeps_ids = opts->keeps_ids;
    if (op->keeps_ids) last_id = firn_schema_max_id(opts->schema);
    FIRN_TRY(firn_schema__copy(opts->schema, op->arena, op->keeps_ids ? NULL : &last_id, &op->ids,
                               &op->schema, err));
    FIRN_TRY(check_names(&op->schema->root, err));
    op->schema->schema_id = 0;
    FIRN_TRY(
        push(op, (firn_update){.kind = FIRN_UPDATE_ADD_SCHEMA, .id = last_id, .schema = op->schema},
             err));
    return push(op, (firn_update){.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1}, err);
}

/* The new id of a source column, which must be a plain value of each row. */
static firn_status map_source(const struct create_op *op, int32_t *source_id,
                              const firn_transform *transform, const firn_field **out,
                              firn_error *err)
{
    const int32_t id = op->keeps_ids ? *source_id : firn_id_map__find(&op->ids, *source_id);
    *out = id > 0 ? firn_schema_find_id(op->schema, id) : NULL;
    if (!*out)
        return firn_fail(err, FIRN_ERR_ARG, "no column with id %d to partition or sort by",
                         *source_id);
    if (firn_tree__is_repeated(&op->schema->root, id) || !firn_type_is_primitive((*out)->type))
        return firn_fail(err, FIRN_ERR_ARG,
                         "column \"%.*s\" cannot be partitioned or sorted by: it is nested",
                         FIRN_STR_ARG((*out)->name));
    if (transform->kind == FIRN_TRANSFORM_UNKNOWN)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: transform \"%.*s\"",
                         FIRN_STR_ARG(transform->text));
    *source_id = id;
    return firn_error_wrap(err, firn_transform_check(transform, (*out)->type, err),
                           "column \"%.*s\"", FIRN_STR_ARG((*out)->name));
}

/* ---- spec ---- */

static firn_status name_field(struct create_op *op, firn_partition_field *field,
                              const firn_field *source, firn_error *err)
{
    if (field->name.len == 0)
        FIRN_TRY(firn_transform_field_name(&field->transform, source->name, op->arena, &field->name,
                                           err));
    else
        field->name = firn_arena_copy(op->arena, field->name);
    if (!field->name.data) return firn_fail_nomem(err);
    const firn_field *column = firn_schema_find_name(op->schema, field->name);
    if (!column || !firn_str_equals(column->name, field->name)) return FIRN_OK;
    if (column == source && field->transform.kind == FIRN_TRANSFORM_IDENTITY) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "partition field \"%.*s\" has the name of a column it does not equal",
                     FIRN_STR_ARG(field->name));
}

static firn_status make_spec(struct create_op *op, const firn_partition_spec *spec, firn_error *err)
{
    const size_t n = spec ? spec->n_fields : 0;
    firn_partition_field *fields = firn_arena_array(op->arena, n, sizeof *fields);
    firn_partition_spec *made = firn_arena_alloc_zero(op->arena, sizeof *made);
    if (!fields || !made) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const firn_field *source = NULL;
        fields[i] = spec->fields[i];
        FIRN_TRY(map_source(op, &fields[i].source_id, &fields[i].transform, &source, err));
        FIRN_TRY(name_field(op, &fields[i], source, err));
        fields[i].field_id = 1000 + (int32_t)i;
        fields[i].transform.text = (firn_str){0};
        for (size_t j = 0; j < i; j++)
            if (firn_str_equals_nocase(fields[i].name, fields[j].name))
                return firn_fail(err, FIRN_ERR_ARG, "partition field \"%.*s\" is there twice",
                                 FIRN_STR_ARG(fields[i].name));
    }
    *made = (firn_partition_spec){.fields = fields, .n_fields = n};
    FIRN_TRY(push(op, (firn_update){.kind = FIRN_UPDATE_ADD_SPEC, .spec = made}, err));
    return push(op, (firn_update){.kind = FIRN_UPDATE_SET_DEFAULT_SPEC, .id = -1}, err);
}

static firn_status make_sort_order(struct create_op *op, const firn_sort_order *order,
                                   firn_error *err)
{
    const size_t n = order ? order->n_fields : 0;
    firn_sort_field *fields = firn_arena_array(op->arena, n, sizeof *fields);
    firn_sort_order *made = firn_arena_alloc_zero(op->arena, sizeof *made);
    if (!fields || !made) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const firn_field *source = NULL;
        fields[i] = order->fields[i];
        FIRN_TRY(map_source(op, &fields[i].source_id, &fields[i].transform, &source, err));
        fields[i].transform.text = (firn_str){0};
    }
    *made = (firn_sort_order){.order_id = n > 0 ? 1 : 0, .fields = fields, .n_fields = n};
    FIRN_TRY(push(op, (firn_update){.kind = FIRN_UPDATE_ADD_SORT_ORDER, .sort_order = made}, err));
    return push(op, (firn_update){.kind = FIRN_UPDATE_SET_DEFAULT_SORT_ORDER, .id = -1}, err);
}

/* ---- properties and location ---- */

static firn_status make_properties(struct create_op *op, firn_properties properties,
                                   firn_error *err)
{
    int64_t version = K_DEFAULT_FORMAT_VERSION;
    size_t n = 0;
    firn_property *items = firn_arena_array(op->arena, properties.n, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < properties.n; i++) {
        const firn_property *item = &properties.items[i];
        if (firn_str_equals(item->key, FIRN_STR("format-version"))) {
            if (!firn_str_to_i64(item->value, &version) || version < 1 || version > 3)
                return firn_fail(err, FIRN_ERR_ARG, "format-version \"%.*s\", expected 1, 2 or 3",
                                 FIRN_STR_ARG(item->value));
            continue;
        }
        FIRN_TRY(firn_property_check(item, err));
        items[n].key = firn_arena_copy(op->arena, item->key);
        items[n].value = firn_arena_copy(op->arena, item->value);
        if (!items[n].key.data || !items[n].value.data) return firn_fail_nomem(err);
        n++;
    }
    FIRN_TRY(push(op, (firn_update){.kind = FIRN_UPDATE_FORMAT_VERSION, .id = version}, err));
    if (n == 0) return FIRN_OK;
    return push(op, (firn_update){.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {items, n}},
                err);
}

static firn_status make_location(struct create_op *op, const firn_table *table, firn_str location,
                                 firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(table->catalog);
    firn_str text = location;
    while (text.len > 1 && text.data[text.len - 1] == '/') text.len--;
    if (text.len == 0)
        FIRN_TRY(ops->default_location(firn_catalog_ctx(table->catalog), &table->ident, op->arena,
                                       &text, err));
    text = firn_arena_copy(op->arena, text);
    if (!text.data) return firn_fail_nomem(err);
    return push(op, (firn_update){.kind = FIRN_UPDATE_SET_LOCATION, .text = text}, err);
}

/* ---- stage ---- */

static firn_status stage(firn_table *table, const firn_table_create_opts *opts, firn_error *err)
{
    struct create_op op = {.arena = table->ident_arena};
    char uuid[37];
    op.list.arena = op.arena;
    firn_random_uuid(table->env->random, uuid);
    const firn_str id = firn_arena_copy(op.arena, firn_str_of(uuid));
    if (!id.data) return firn_fail_nomem(err);
    FIRN_TRY(push(&op, (firn_update){.kind = FIRN_UPDATE_ASSIGN_UUID, .text = id}, err));
    FIRN_TRY(make_properties(&op, opts->properties, err));
    FIRN_TRY(make_location(&op, table, opts->location, err));
    FIRN_TRY(make_schema(&op, opts, err));
    FIRN_TRY(make_spec(&op, opts->spec, err));
    FIRN_TRY(make_sort_order(&op, opts->sort_order, err));
    table->create_updates = op.list.items;
    table->n_create_updates = op.list.n;
    table->loaded = (firn_loaded_table){0};
    return firn_updates_apply(NULL, FIRN_STR(""), op.list.items, op.list.n,
                              firn_clock_wall_ms(table->env->clock), op.arena,
                              &table->loaded.metadata, err);
}

/* Refused now rather than after files were written. The commit checks again. */
static firn_status check_free(const firn_table *table, firn_error *err)
{
    firn_loaded_table there;
    firn_error local;
    firn_arena *arena = firn_arena_create(table->env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    const firn_catalog_ops *ops = firn_catalog_get_ops(table->catalog);
    firn_status st = firn_table__load(table, arena, &there, &local);
    const bool is_taken = st == FIRN_OK;
    if (st == FIRN_ERR_NOT_FOUND) {
        const firn_ident ns = {table->ident.levels, table->ident.n_levels, {0}};
        firn_properties properties;
        st = ops->load_namespace(firn_catalog_ctx(table->catalog), &ns, arena, &properties, &local);
    }
    firn_arena_destroy(arena);
    if (is_taken)
        return firn_fail(err, FIRN_ERR_EXISTS, "table %.*s exists already",
                         FIRN_STR_ARG(table->text));
    if (st != FIRN_OK && err) *err = local;
    return st;
}

firn_status firn_txn_begin_create(firn_env *env, firn_store *store, firn_catalog *catalog,
                                  const firn_ident *ident, const firn_table_create_opts *opts,
                                  firn_table **table_out, firn_txn **out, firn_error *err)
{
    firn_table *table = NULL;
    *table_out = NULL;
    *out = NULL;
    if (!opts) return firn_fail(err, FIRN_ERR_ARG, "a new table needs a schema");
    FIRN_TRY(firn_table__make(env, store, catalog, ident, &table, err));
    firn_status st = check_free(table, err);
    if (st == FIRN_OK) st = stage(table, opts, err);
    if (st == FIRN_OK) st = firn_txn_begin(table, out, err);
    if (st != FIRN_OK) {
        firn_table_close(table);
        return st;
    }
    *table_out = table;
    return FIRN_OK;
}

firn_status firn_table_create(firn_env *env, firn_store *store, firn_catalog *catalog,
                              const firn_ident *ident, const firn_table_create_opts *opts,
                              firn_table **out, firn_error *err)
{
    firn_table *table = NULL;
    firn_txn *txn = NULL;
    *out = NULL;
    FIRN_TRY(firn_txn_begin_create(env, store, catalog, ident, opts, &table, &txn, err));
    const firn_status st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    if (st != FIRN_OK) {
        firn_table_close(table);
        return st;
    }
    *out = table;
    return FIRN_OK;
}
