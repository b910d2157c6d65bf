/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/import/import_list.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/location_key.h"

/* What Hive calls the folder of rows whose value is null. */
#define NULL_FOLDER FIRN_STR("__HIVE_DEFAULT_PARTITION__")

#define MAX_COLUMNS 64

typedef struct list_op {
    const firn_import_source *source;
    firn_str root; /* path of the location, without trailing slashes */
    firn_arena *arena;
    firn_import_list *out;
    size_t cap;
} list_op;

/* ---- names of folders ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* "%3A" is ":"; a percent sign that begins nothing is itself. */
static firn_str decode(firn_arena *arena, firn_str text)
{
    char *out = firn_arena_alloc(arena, text.len + 1);
    size_t n = 0;
    if (!out) return (firn_str){0};
    for (size_t i = 0; i < text.len; i++) {
        const bool has_two = text.data[i] == '%' && text.len - i > 2;
        const int high = has_two ? hex_digit(text.data[i + 1]) : -1;
        const int low = has_two ? hex_digit(text.data[i + 2]) : -1;
        const uint8_t code = (uint8_t)(high * 16 + low);
        memcpy(&out[n++], high >= 0 && low >= 0 ? (const char *)&code : &text.data[i], 1);
        if (high >= 0 && low >= 0) i += 2;
    }
    return (firn_str){out, n};
}

static bool is_hidden(firn_str name)
{
    const bool is_partition = firn_str_find(name, FIRN_STR("="), 0) != SIZE_MAX;
    return firn_str_starts_with(name, FIRN_STR(".")) ||
           (firn_str_starts_with(name, FIRN_STR("_")) && !is_partition);
}

typedef struct folder_values {
    firn_str columns[MAX_COLUMNS], values[MAX_COLUMNS];
    size_t n;
} folder_values;

static firn_status add_folder(const list_op *op, firn_str name, folder_values *out, firn_error *err)
{
    const size_t at = firn_str_find(name, FIRN_STR("="), 0);
    if (at == SIZE_MAX || at == 0) return FIRN_OK;
    if (out->n == MAX_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d partition columns", MAX_COLUMNS);
    const firn_str value = firn_str_slice(name, at + 1, name.len);
    out->columns[out->n] = decode(op->arena, firn_str_slice(name, 0, at));
    if (!out->columns[out->n].data) return firn_fail_nomem(err);
    out->values[out->n] = (firn_str){0};
    if (!firn_str_equals(value, NULL_FOLDER)) {
        out->values[out->n] = decode(op->arena, value);
        if (!out->values[out->n].data) return firn_fail_nomem(err);
    }
    out->n++;
    return FIRN_OK;
}

/* The path below the root, part by part. *is_meant: none of them is hidden. */
static firn_status read_folders(const list_op *op, firn_str below, folder_values *out,
                                bool *is_meant, firn_error *err)
{
    size_t n_folders = 0;
    out->n = 0;
    *is_meant = true;
    while (below.data && *is_meant) {
        const firn_str name = firn_str_split(&below, '/');
        if (name.len == 0) continue;
        *is_meant = !is_hidden(name);
        if (!below.data) break; /* the file itself */
        n_folders++;
        FIRN_TRY(add_folder(op, name, out, err));
    }
    if (op->source->is_flat && n_folders > 0) *is_meant = false;
    return FIRN_OK;
}

/* ---- files ---- */

static firn_status copy_strs(firn_arena *arena, const firn_str *from, size_t n,
                             const firn_str **out, firn_error *err)
{
    firn_str *to = firn_arena_array(arena, n, sizeof *to);
    if (!to) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) to[i] = from[i];
    *out = to;
    return FIRN_OK;
}

static firn_status check_columns(const list_op *op, const folder_values *found, firn_str path,
                                 firn_error *err)
{
    const firn_import_list *list = op->out;
    bool is_same = found->n == list->n_columns;
    for (size_t i = 0; is_same && i < found->n; i++)
        is_same = firn_str_equals_nocase(found->columns[i], list->columns[i]);
    if (is_same) return FIRN_OK;
    return firn_fail(
        err, FIRN_ERR_ARG, "files of different partition columns: %zu in %.*s, %zu in %.*s",
        list->n_columns, FIRN_STR_ARG(list->files[0].path), found->n, FIRN_STR_ARG(path));
}

static firn_status add_file(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    list_op *op = ctx;
    folder_values found;
    bool is_meant = false;
    const firn_location_rules no_rules = {{0}, {0}};
    const firn_str path = firn_location_key_of(entry->path, &no_rules).path;
    const firn_str below = firn_str_slice(path, op->root.len, path.len);
    if (op->source->left_out.len > 0 && firn_location_is_inside(entry->path, op->source->left_out))
        return FIRN_OK;
    FIRN_TRY(read_folders(op, below, &found, &is_meant, err));
    if (!is_meant) return FIRN_OK;
    if (op->out->n_files == 0) {
        FIRN_TRY(copy_strs(op->arena, found.columns, found.n, &op->out->columns, err));
        op->out->n_columns = found.n;
    }
    FIRN_TRY(check_columns(op, &found, entry->path, err));
    firn_import_file *file =
        firn_arena_push(op->arena, &op->out->files, &op->out->n_files, &op->cap, sizeof *file);
    if (!file) return firn_fail_nomem(err);
    file->size_bytes = entry->size_bytes;
    file->path = firn_arena_copy(op->arena, entry->path);
    if (!file->path.data) return firn_fail_nomem(err);
    return copy_strs(op->arena, found.values, found.n, &file->values, err);
}

firn_status firn_import_list_read(firn_store *store, const firn_import_source *source,
                                  firn_arena *arena, firn_import_list *out, firn_error *err)
{
    const firn_location_rules no_rules = {{0}, {0}};
    list_op op = {.source = source, .arena = arena, .out = out};
    *out = (firn_import_list){0};
    op.root = firn_location_key_of(source->location, &no_rules).path;
    while (op.root.len > 1 && op.root.data[op.root.len - 1] == '/') op.root.len--;
    if (firn_str_equals(op.root, FIRN_STR("/"))) op.root.len = 0;
    FIRN_TRY(firn_store_list(store, source->location, add_file, &op, err));
    if (out->n_files > 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no file at or below %.*s",
                     FIRN_STR_ARG(source->location));
}
