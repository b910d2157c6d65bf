/* SPDX-License-Identifier: Apache-2.0 */
/* Commit requests of unknown origin: what is read has sane numbers and parts. */
#include "base/env.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "iceberg/txn/commit_request.h"
#include "iceberg/txn/snapshot_summary.h"
#include "store/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)64 << 20)
#define UUID        "9c12d441-03fe-4693-9a96-a0705ddf69c1"

static const firn_partition_field k_field = {
    .source_id = 1, .field_id = 1000, .name = FIRN_STR_INIT("a")};
static const firn_partition_spec k_spec = {.fields = &k_field, .n_fields = 1};
static const firn_partition_spec *const k_specs[] = {&k_spec};
static const firn_schema k_schema = {.root = {.kind = FIRN_TYPE_STRUCT}};
static const firn_schema *const k_schemas[] = {&k_schema};
static const firn_property k_folders[] = {
    {FIRN_STR_INIT("write.metadata.path"), FIRN_STR_INIT("memory://w")},
    {FIRN_STR_INIT("write.data.path"), FIRN_STR_INIT("memory://w/d")},
};
static const firn_table_metadata k_base = {.format_version = 2,
                                           .properties = {k_folders, 2},
                                           .table_uuid = FIRN_STR_INIT(UUID),
                                           .last_column_id = 1,
                                           .schemas = k_schemas,
                                           .n_schemas = 1,
                                           .specs = k_specs,
                                           .n_specs = 1,
                                           .current_snapshot_id = -1};

static void check_change(const firn_snapshot_change *change)
{
    if (change->snapshot_id < 0 || change->counts->added_records < 0 || !change->is_made)
        __builtin_trap();
    if (change->pending_name.len > 0 &&
        !firn_str_starts_with(change->pending_name, FIRN_STR("memory://w/d/")))
        __builtin_trap();
    for (size_t i = 0; i < change->n_made; i++)
        if (change->made[i].n_partitions != 1 ||
            !firn_str_starts_with(change->made[i].path, FIRN_STR("memory://w/")) ||
            change->made[i].length < 0)
            __builtin_trap();
}

static void check_all(firn_txn *const *txns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!firn_commit__can_share(txns[i])) __builtin_trap();
        for (size_t c = 0; c < txns[i]->n_changes; c++) check_change(&txns[i]->changes[c]);
    }
}

static void run(firn_table *table, firn_str bytes, firn_arena *arena)
{
    firn_txn **txns = NULL;
    size_t n = 0;
    if (firn_commit_request__decode(bytes, table, &k_base, arena, &txns, &n, NULL) == FIRN_OK)
        check_all(txns, n);
    for (size_t i = 0; i < n; i++) firn_txn_close(txns[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const firn_str k_levels[] = {FIRN_STR_INIT("db")};
    const firn_ident ident = {k_levels, 1, FIRN_STR("t")};
    firn_env *env = NULL;
    firn_store *store = NULL;
    firn_catalog *catalog = NULL;
    firn_table *table = NULL;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);
    if (arena && firn_env_create(NULL, &env, NULL) == FIRN_OK &&
        firn_store_create(&store, NULL) == FIRN_OK &&
        firn_memory_catalog_open(env, store, FIRN_STR("m"), FIRN_STR("memory://w"), &catalog,
                                 NULL) == FIRN_OK &&
        firn_table__make(env, store, catalog, &ident, &table, NULL) == FIRN_OK) {
        table->loaded.metadata = &k_base;
        run(table, (firn_str){(const char *)data, size}, arena);
        firn_table_close(table);
    }
    firn_catalog_destroy(catalog);
    if (store) firn_store_destroy(store);
    if (env) firn_env_destroy(env);
    firn_arena_destroy(arena);
    return 0;
}
