/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting and packing; see split_plan.h. Open splits are kept in the order they were begun, so the
 * first of the fullest is the oldest of them. */
#include "iceberg/scan/split_plan.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define TARGET_BYTES    ((int64_t)128 << 20)
#define OPEN_FILE_BYTES ((int64_t)4 << 20)
#define LOOKBACK        10
#define LOOKBACK_MAX    100000

typedef struct open_split {
    firn_split_piece *pieces;
    size_t n, cap;
    int64_t weight;
} open_split;

typedef struct packer {
    const firn_split_opts *opts;
    firn_arena *arena;
    firn_error *err;
    open_split *open; /* lookback + 1 of them */
    size_t n_open;
    firn_split *splits;
    size_t n_splits, cap_splits;
} packer;

/* ---- options ---- */

static firn_status read_option(const firn_table_metadata *metadata, firn_str key, int64_t fallback,
                               int64_t *out, firn_error *err)
{
    const firn_str text = firn_properties_get(&metadata->properties, key, FIRN_STR(""));
    *out = fallback;
    if (text.len == 0) return FIRN_OK;
    if (firn_str_to_i64(text, out) && *out > 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "%.*s is \"%.*s\", expected a number above 0",
                     FIRN_STR_ARG(key), FIRN_STR_ARG(text));
}

firn_status firn_split_opts_of(const firn_table_metadata *metadata, firn_split_opts *out,
                               firn_error *err)
{
    int64_t lookback = 0;
    FIRN_TRY(read_option(metadata, FIRN_STR("read.split.target-size"), TARGET_BYTES,
                         &out->target_bytes, err));
    FIRN_TRY(read_option(metadata, FIRN_STR("read.split.open-file-cost"), OPEN_FILE_BYTES,
                         &out->open_file_bytes, err));
    FIRN_TRY(
        read_option(metadata, FIRN_STR("read.split.planning-lookback"), LOOKBACK, &lookback, err));
    out->lookback = (int32_t)(lookback < LOOKBACK_MAX ? lookback : LOOKBACK_MAX);
    return FIRN_OK;
}

/* ---- weights ---- */

static int64_t add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Of what is read of a delete file: a deletion vector is a part of one. */
static int64_t delete_bytes(const firn_data_file *file)
{
    const int64_t n =
        firn_is_deletion_vector(file) ? file->content_size_bytes : file->file_size_bytes;
    return n > 0 ? n : 0;
}

static int64_t weight_of(const firn_split_opts *opts, const firn_split_piece *piece)
{
    const firn_scan_task *task = piece->task;
    int64_t bytes = piece->length;
    int64_t cost = opts->open_file_bytes;
    for (size_t i = 0; i < task->n_deletes; i++) {
        bytes = add(bytes, delete_bytes(&task->deletes[i]->file));
        cost = add(cost, opts->open_file_bytes);
    }
    return bytes > cost ? bytes : cost;
}

/* ---- packing ---- */

static bool continues(const firn_split_piece *before, const firn_split_piece *piece)
{
    return before->task == piece->task && before->offset + before->length == piece->offset;
}

static firn_status put_piece(packer *p, open_split *split, const firn_split_piece *piece,
                             int64_t weight)
{
    split->weight = add(split->weight, weight);
    if (split->n > 0 && continues(&split->pieces[split->n - 1], piece)) {
        split->pieces[split->n - 1].length += piece->length;
        return FIRN_OK;
    }
    firn_split_piece *slot =
        firn_arena_push(p->arena, &split->pieces, &split->n, &split->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(p->err);
    *slot = *piece;
    return FIRN_OK;
}

static firn_status close_fullest(packer *p)
{
    size_t fullest = 0;
    for (size_t i = 1; i < p->n_open; i++)
        if (p->open[i].weight > p->open[fullest].weight) fullest = i;
    firn_split *out =
        firn_arena_push(p->arena, &p->splits, &p->n_splits, &p->cap_splits, sizeof *out);
    if (!out) return firn_fail_nomem(p->err);
    const open_split *split = &p->open[fullest];
    *out = (firn_split){.pieces = split->pieces, .n_pieces = split->n, .weight = split->weight};
    for (size_t i = 0; i < split->n; i++) out->bytes = add(out->bytes, split->pieces[i].length);
    p->n_open--;
    memmove(p->open + fullest, p->open + fullest + 1, (p->n_open - fullest) * sizeof *p->open);
    return FIRN_OK;
}

static firn_status pack(packer *p, const firn_scan_task *task, int64_t offset, int64_t length)
{
    const firn_split_piece piece = {task, offset, length};
    const int64_t weight = weight_of(p->opts, &piece);
    for (size_t i = 0; i < p->n_open; i++)
        if (add(p->open[i].weight, weight) <= p->opts->target_bytes)
            return put_piece(p, &p->open[i], &piece, weight);
    open_split *split = &p->open[p->n_open++];
    *split = (open_split){0};
    FIRN_TRY(put_piece(p, split, &piece, weight));
    return p->n_open > (size_t)p->opts->lookback ? close_fullest(p) : FIRN_OK;
}

/* ---- cutting ---- */

/* Ascending and inside the file: writers are known to have written others. */
static bool has_good_offsets(const firn_data_file *file)
{
    const size_t n = file->n_split_offsets;
    if (n == 0 || file->split_offsets[0] < 0) return false;
    for (size_t i = 1; i < n; i++)
        if (file->split_offsets[i] <= file->split_offsets[i - 1]) return false;
    return file->split_offsets[n - 1] < file->file_size_bytes;
}

static firn_status cut(packer *p, const firn_scan_task *task)
{
    const firn_data_file *file = task->file;
    const int64_t size = file->file_size_bytes;
    if (has_good_offsets(file)) {
        for (size_t i = 0; i < file->n_split_offsets; i++) {
            const int64_t from = file->split_offsets[i];
            const int64_t to = i + 1 < file->n_split_offsets ? file->split_offsets[i + 1] : size;
            FIRN_TRY(pack(p, task, from, to - from));
        }
        return FIRN_OK;
    }
    const int64_t step = file->format == FIRN_FILE_PUFFIN ? size : p->opts->target_bytes;
    for (int64_t at = 0; at < size;) {
        const int64_t length = size - at < step ? size - at : step;
        FIRN_TRY(pack(p, task, at, length));
        at += length;
    }
    return FIRN_OK;
}

firn_status firn_split_tasks(const firn_split_opts *opts, const firn_scan_task *tasks,
                             size_t n_tasks, firn_arena *arena, firn_split **out, size_t *n_out,
                             firn_error *err)
{
    packer p = {.opts = opts, .arena = arena, .err = err};
    *out = NULL;
    *n_out = 0;
    if (opts->target_bytes <= 0 || opts->open_file_bytes < 0 || opts->lookback <= 0)
        return firn_fail(err, FIRN_ERR_ARG,
                         "splits of %" PRId64 " bytes with %" PRId32 " open, expected above 0",
                         opts->target_bytes, opts->lookback);
    p.open = firn_arena_array(arena, (size_t)opts->lookback + 1, sizeof *p.open);
    if (!p.open) return firn_fail_nomem(err);
    for (size_t i = 0; i < n_tasks; i++) FIRN_TRY(cut(&p, &tasks[i]));
    while (p.n_open > 0) FIRN_TRY(close_fullest(&p));
    *out = p.splits;
    *n_out = p.n_splits;
    return FIRN_OK;
}
