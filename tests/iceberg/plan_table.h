/* SPDX-License-Identifier: Apache-2.0 */
/* A table of invented files, in memory: manifests with metrics of all shapes, some missing, deletes
 * of all kinds, row ids inherited and brought along. For tests of planning; there are no rows. */
#ifndef FIRN_TESTS_PLAN_TABLE_H
#define FIRN_TESTS_PLAN_TABLE_H

#include "base/env.h"
#include "base/random.h"
#include "firn/ext/store.h"
#include "iceberg/scan/plan_stream.h"
#include "spec_support.h"
#include "store/memory.h"

#define PLAN_COLUMNS 7
#define PLAN_ROWS    100 /* of a file */

static const firn_type k_plan_types[PLAN_COLUMNS] = {
    {.kind = FIRN_TYPE_LONG},   {.kind = FIRN_TYPE_INT},  {.kind = FIRN_TYPE_STRING},
    {.kind = FIRN_TYPE_DOUBLE}, {.kind = FIRN_TYPE_DATE}, {.kind = FIRN_TYPE_FIXED, .length = 8},
    {.kind = FIRN_TYPE_BINARY}};
static const char *const k_plan_names[PLAN_COLUMNS] = {"id", "n", "s", "d", "day", "f", "b"};

typedef struct plan_table {
    firn_arena *arena;
    firn_env *env; /* without a cache */
    firn_store *store;
    firn_prng prng;
    firn_field fields[PLAN_COLUMNS];
    firn_schema schema;
    firn_partition_field spec_field;
    firn_partition_spec spec;
    firn_snapshot snapshot;
    firn_table_metadata metadata;
    const firn_schema *schemas[1];
    const firn_partition_spec *specs[1];
    firn_manifest_file *manifests;
    size_t n_manifests;
    int64_t n_files; /* of all */
    int64_t stretch; /* so many files in a row have the same counts; 0: by chance */
    firn_str some_path;
} plan_table;

static inline uint64_t plan_below(plan_table *t, uint64_t n)
{
    return firn_prng_below(&t->prng, n);
}

static inline firn_str plan_bound(plan_table *t, size_t column, int64_t value)
{
    char *out = firn_arena_alloc(t->arena, 64);
    const double number = (double)value / 4;
    const int32_t narrow = (int32_t)value;
    switch (t->fields[column].type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: memcpy(out, &narrow, 4); return (firn_str){out, 4};
    case FIRN_TYPE_DOUBLE: memcpy(out, &number, 8); return (firn_str){out, 8};
    case FIRN_TYPE_STRING:
        return firn_arena_printf(t->arena, "%s%05d", plan_below(t, 20) ? "text " : "", narrow);
    case FIRN_TYPE_BINARY: memset(out, 7, 64); return (firn_str){out, (size_t)narrow % 9};
    default: memcpy(out, &value, 8); return (firn_str){out, 8};
    }
}

typedef struct plan_metrics {
    firn_metric values[PLAN_COLUMNS], nulls[PLAN_COLUMNS], nans[PLAN_COLUMNS];
    firn_metric lower[PLAN_COLUMNS], upper[PLAN_COLUMNS];
} plan_metrics;

static inline bool plan_has_metric(plan_table *t, size_t kind, size_t i, int64_t at, uint64_t gaps)
{
    if (gaps == 0) return true;
    if (t->stretch == 0 || kind >= 3) return plan_below(t, gaps) != 0;
    return ((uint64_t)(at / t->stretch) + 3 * i + kind) % gaps != 0;
}

static inline int64_t plan_count(plan_table *t, size_t kind, size_t i, int64_t at)
{
    if (kind == 0) return PLAN_ROWS;
    if (t->stretch > 0) return (at / t->stretch + (int64_t)i) % 3 * (PLAN_ROWS / 2);
    return plan_below(t, 3) == 0 ? (int64_t)plan_below(t, 9) : 0;
}

/* gaps: one metric in so many is missing; 0: none is. */
static inline void plan_set_metrics(plan_table *t, firn_data_file *file, int64_t at, uint64_t gaps)
{
    plan_metrics *m = firn_arena_alloc_zero(t->arena, sizeof *m);
    const struct {
        firn_metric *items;
        firn_metric_map *map;
    } all[] = {{m->values, &file->value_counts},
               {m->nulls, &file->null_value_counts},
               {m->nans, &file->nan_value_counts},
               {m->lower, &file->lower_bounds},
               {m->upper, &file->upper_bounds}};
    for (size_t k = 0; k < 5; k++) {
        for (size_t i = 0; i < PLAN_COLUMNS; i++) {
            if (!plan_has_metric(t, k, i, at, gaps)) continue;
            firn_metric *item = &all[k].items[all[k].map->n++];
            item->field_id = t->fields[i].id;
            item->count = plan_count(t, k, i, at);
            if (k >= 3) item->bound = plan_bound(t, i, at * 10 + (k == 4 ? 12 : 0));
        }
        all[k].map->items = all[k].items;
    }
}

static inline firn_data_file plan_file(plan_table *t, int64_t at, uint64_t gaps)
{
    static const int64_t k_offsets[] = {4, 1000, 70000};
    firn_value *partition = firn_arena_alloc_zero(t->arena, sizeof *partition);
    *partition = (firn_value){
        .kind = FIRN_TYPE_DATE, .is_null = plan_below(t, 15) == 0, .as.i32 = (int32_t)(at / 7)};
    firn_data_file file = {
        .path = firn_arena_printf(t->arena, "memory://t/data/%06lld.parquet", (long long)at),
        .partition = partition,
        .n_partition = 1,
        .record_count = plan_below(t, 20) ? PLAN_ROWS : 0,
        .file_size_bytes = 100000 + at,
        .split_offsets = k_offsets,
        .n_split_offsets = plan_below(t, 4),
        .sort_order_id = (int32_t)plan_below(t, 3) - 1,
        .first_row_id = plan_below(t, 3) ? -1 : (int64_t)plan_below(t, 1000000),
        .content_offset = -1,
        .content_size_bytes = -1,
    };
    if (plan_below(t, 5) == 0) file.key_metadata = FIRN_STR("key");
    plan_set_metrics(t, &file, at, gaps);
    t->some_path = file.path;
    return file;
}

static inline firn_data_file plan_delete_file(plan_table *t, int64_t at, uint64_t gaps)
{
    static const int32_t k_ids[] = {1, 3};
    firn_data_file file = plan_file(t, at, gaps);
    file.first_row_id = -1;
    file.path = firn_arena_printf(t->arena, "memory://t/deletes/%06lld.parquet", (long long)at);
    file.content = at % 2 ? FIRN_CONTENT_EQUALITY_DELETES : FIRN_CONTENT_POSITION_DELETES;
    if (at % 2) {
        file.equality_ids = k_ids;
        file.n_equality_ids = 1 + plan_below(t, 2);
    } else if (plan_below(t, 2)) {
        file.referenced_data_file = t->some_path;
    }
    return file;
}

static inline firn_status plan_sink_write(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static inline void plan_add_manifest(plan_table *t, firn_content content, size_t n, uint64_t gaps)
{
    static const uint8_t k_sync[16] = {3, 1, 4};
    firn_error err = {0};
    firn_buf buf;
    firn_manifest_writer *writer = NULL;
    const firn_manifest_write_opts opts = {.format_version = 3,
                                           .schema = &t->schema,
                                           .spec = &t->spec,
                                           .snapshot_id = 1,
                                           .parent_snapshot_id = -1,
                                           .sequence_number = 1 + (int64_t)t->n_manifests,
                                           .sync = k_sync};
    firn_manifest_file *file = &t->manifests[t->n_manifests];
    firn_buf_init(&buf, NULL, 64 << 20);
    const firn_byte_sink sink = {&buf, plan_sink_write};
    assert_ok(firn_manifest_writer_create(&opts, content, &sink, &writer, &err), &err);
    for (size_t i = 0; i < n; i++) {
        firn_manifest_entry e = {.status = plan_below(t, 9) ? FIRN_ENTRY_ADDED : FIRN_ENTRY_DELETED,
                                 .snapshot_id = 1,
                                 .sequence_number = -1,
                                 .file_sequence_number = -1};
        e.file = content == FIRN_CONTENT_DATA ? plan_file(t, t->n_files++, gaps)
                                              : plan_delete_file(t, (int64_t)i, gaps);
        if (e.status == FIRN_ENTRY_DELETED) e.sequence_number = e.file_sequence_number = 1;
        assert_ok(firn_manifest_writer_append(writer, &e, &err), &err);
    }
    assert_ok(firn_manifest_writer_finish(writer, t->arena, file, &err), &err);
    firn_manifest_writer_destroy(writer);
    file->path = firn_arena_printf(t->arena, "memory://t/m%zu.avro", t->n_manifests);
    file->length = (int64_t)buf.len;
    file->first_row_id = content == FIRN_CONTENT_DATA ? 1000000 * (int64_t)t->n_manifests : -1;
    assert_ok(firn_store_put(t->store, file->path, firn_buf_view(&buf), &err), &err);
    firn_buf_dispose(&buf);
    t->n_manifests++;
}

/* The snapshot of the manifests added so far. */
static inline void plan_publish(plan_table *t)
{
    static const uint8_t k_sync[16] = {2, 7, 1};
    firn_error err = {0};
    firn_buf buf;
    const firn_byte_sink sink = {&buf, plan_sink_write};
    const firn_manifest_write_opts opts = {.format_version = 3,
                                           .schema = &t->schema,
                                           .spec = &t->spec,
                                           .snapshot_id = 1,
                                           .parent_snapshot_id = -1,
                                           .sequence_number = 9,
                                           .sync = k_sync};
    firn_buf_init(&buf, NULL, 64 << 20);
    assert_ok(firn_manifest_list_write(&opts, t->manifests, t->n_manifests, &sink, &err), &err);
    assert_ok(firn_store_put(t->store, t->snapshot.manifest_list, firn_buf_view(&buf), &err), &err);
    firn_buf_dispose(&buf);
}

static inline void plan_table_init(plan_table *t, uint64_t seed, size_t max_manifests)
{
    firn_error err = {0};
    *t = (plan_table){.arena = firn_arena_create(NULL, 0)};
    assert_non_null(t->arena);
    firn_prng_init(&t->prng, seed);
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 2), &t->env, &err), &err);
    assert_ok(firn_store_create(&t->store, &err), &err);
    assert_ok(firn_store_add_memory(t->store, t->env, &err), &err);
    for (size_t i = 0; i < PLAN_COLUMNS; i++)
        t->fields[i] = (firn_field){
            .id = (int32_t)i + 1, .name = firn_str_of(k_plan_names[i]), .type = &k_plan_types[i]};
    t->schema.root =
        (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = t->fields, .n_fields = PLAN_COLUMNS};
    t->spec_field = (firn_partition_field){.source_id = 5,
                                           .field_id = 1000,
                                           .name = FIRN_STR("day"),
                                           .transform = {.kind = FIRN_TRANSFORM_IDENTITY}};
    t->spec = (firn_partition_spec){.fields = &t->spec_field, .n_fields = 1};
    t->schemas[0] = &t->schema;
    t->specs[0] = &t->spec;
    t->snapshot = (firn_snapshot){.snapshot_id = 1,
                                  .parent_snapshot_id = -1,
                                  .sequence_number = 9,
                                  .manifest_list = FIRN_STR("memory://t/list.avro"),
                                  .operation = FIRN_STR("append"),
                                  .first_row_id = -1};
    t->metadata = (firn_table_metadata){.format_version = 3,
                                        .location = FIRN_STR("memory://t"),
                                        .schemas = t->schemas,
                                        .n_schemas = 1,
                                        .specs = t->specs,
                                        .n_specs = 1,
                                        .current_snapshot_id = 1,
                                        .snapshots = &t->snapshot,
                                        .n_snapshots = 1};
    t->manifests = firn_arena_array(t->arena, max_manifests, sizeof *t->manifests);
    assert_non_null(t->manifests);
}

static inline void plan_table_dispose(plan_table *t)
{
    firn_store_destroy(t->store);
    firn_env_destroy(t->env);
    firn_arena_destroy(t->arena);
}

/* All that a plan says, as lines: two plans are the same when their lines are. */
static inline void plan_put_task(firn_arena *arena, const firn_scan_task *task, firn_buf *out)
{
    firn_error err = {0};
    firn_str residual;
    const firn_data_file *f = task->file;
    assert_ok(firn_expr_format(task->residual, arena, &residual, &err), &err);
    firn_buf_printf(
        out, "%.*s %lld rows %lld bytes of %lld at %lld row %lld order %d key %zu spec %d",
        FIRN_STR_ARG(f->path), (long long)f->record_count, (long long)f->file_size_bytes,
        (long long)task->snapshot_id, (long long)task->sequence_number, (long long)f->first_row_id,
        (int)f->sort_order_id, f->key_metadata.len, (int)f->spec_id);
    firn_buf_printf(out, " day %d %d where %.*s splits", f->partition[0].is_null,
                    f->partition[0].is_null ? 0 : (int)f->partition[0].as.i32,
                    FIRN_STR_ARG(residual));
    for (size_t i = 0; i < f->n_split_offsets; i++)
        firn_buf_printf(out, " %lld", (long long)f->split_offsets[i]);
    for (size_t i = 0; i < task->n_deletes; i++)
        firn_buf_printf(out, " -%.*s", FIRN_STR_ARG(task->deletes[i]->file.path));
    firn_buf_byte(out, '\n');
}

static inline void plan_put_stats(const firn_scan_stats *s, firn_buf *out)
{
    firn_buf_printf(out, "manifests %lld/%lld deletes %lld/%lld files %lld/%lld bytes %lld/%lld ",
                    (long long)s->manifests_read, (long long)s->manifests_total,
                    (long long)s->delete_manifests_read, (long long)s->delete_manifests_total,
                    (long long)s->files_matched, (long long)s->files_total,
                    (long long)s->bytes_matched, (long long)s->bytes_total);
    firn_buf_printf(out, "rows %lld delete files %lld %lld\n", (long long)s->rows_matched,
                    (long long)s->position_delete_files, (long long)s->equality_delete_files);
}

#endif
