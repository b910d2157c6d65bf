/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of manifests; see manifest_parts.h. */
#include "iceberg/scan/manifest_parts.h"

#include "base/error.h"
#include "base/limits.h"
#include "iceberg/scan/image_scan.h"
#include "store/store_read.h"

/* With fewer manifests than this a thread, large ones are cut. Bounds what is held in memory. */
#define MANIFESTS_A_THREAD 4
#define LARGE_BYTES        ((int64_t)4 << 20)
#define PART_BYTES         ((size_t)1 << 20)

bool firn_manifest_is_large(const firn_manifest_file *manifest)
{
    return manifest->length >= LARGE_BYTES;
}

typedef struct part_list {
    firn_arena *arena;
    firn_manifest_scan *items;
    size_t n, cap;
} part_list;

static firn_status add_scan(part_list *list, const firn_manifest_scan *scan, firn_error *err)
{
    firn_manifest_scan *slot =
        firn_arena_push(list->arena, &list->items, &list->n, &list->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *scan;
    return FIRN_OK;
}

static firn_status add_parts(part_list *list, const firn_manifest_scan_opts *opts,
                             const firn_manifest_scan *whole, firn_arena *bytes_arena,
                             firn_error *err)
{
    firn_manifest_scan scan = *whole;
    firn_avro_part *parts = NULL;
    FIRN_TRY(firn_store_read_all(opts->store, whole->manifest->path, FIRN_LIMIT_METADATA,
                                 bytes_arena, &scan.bytes, err));
    FIRN_TRY(firn_avro_split(scan.bytes, PART_BYTES, bytes_arena, &parts, &scan.n_parts, err));
    for (; scan.part_index < scan.n_parts; scan.part_index++) {
        scan.part = parts[scan.part_index];
        FIRN_TRY(add_scan(list, &scan, err));
    }
    return FIRN_OK;
}

firn_status firn_manifests_split(const firn_manifest_scan_opts *opts, size_t n_threads,
                                 firn_arena *arena, firn_arena *bytes_arena,
                                 firn_manifest_scan **scans, size_t *n_scans, firn_error *err)
{
    part_list list = {.arena = arena};
    if (n_threads < 2 || *n_scans >= MANIFESTS_A_THREAD * n_threads) return FIRN_OK;
    for (size_t i = 0; i < *n_scans; i++) {
        firn_manifest_scan *scan = &(*scans)[i];
        if (firn_manifest_is_large(scan->manifest)) firn_image_scan_find(opts, scan);
        if (!firn_manifest_is_large(scan->manifest) || scan->image)
            FIRN_TRY(add_scan(&list, scan, err));
        else
            FIRN_TRY(firn_error_wrap(err, add_parts(&list, opts, scan, bytes_arena, err),
                                     "manifest %.*s", FIRN_STR_ARG(scan->manifest->path)));
    }
    *scans = list.items;
    *n_scans = list.n;
    return FIRN_OK;
}

static firn_status settle_part(firn_manifest_scan *scan, int64_t first, firn_arena *arena,
                               firn_error *err)
{
    for (size_t i = 0; i < scan->n_tasks; i++) {
        firn_scan_task *task = &scan->tasks[i];
        if (task->file->first_row_id >= -1) continue;
        firn_data_file *file = firn_arena_alloc(arena, sizeof *file);
        if (!file) return firn_fail_nomem(err);
        *file = *task->file;
        file->first_row_id = first + FIRN_RELATIVE_ROW_ID(file->first_row_id);
        task->file = file;
    }
    return FIRN_OK;
}

firn_status firn_manifest_parts_settle(firn_manifest_scan *scans, size_t n_scans, firn_arena *arena,
                                       firn_error *err)
{
    int64_t next = 0;
    for (size_t i = 0; i < n_scans; i++) {
        firn_manifest_scan *scan = &scans[i];
        if (scan->part_index == 0) next = scan->manifest->first_row_id;
        if (scan->n_parts == 0 || next < 0) continue;
        FIRN_TRY(settle_part(scan, next, arena, err));
        if (scan->n_row_ids > INT64_MAX - next)
            return firn_fail(err, FIRN_ERR_CORRUPT, "manifest %.*s: row ids overflow",
                             FIRN_STR_ARG(scan->manifest->path));
        next += scan->n_row_ids;
    }
    return FIRN_OK;
}
