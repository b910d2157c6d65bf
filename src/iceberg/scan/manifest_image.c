/* SPDX-License-Identifier: Apache-2.0 */
/* Images as files and as columns; see manifest_image.h. */
#include "iceberg/scan/manifest_image.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

#define MAGIC        "FIRNMI02"
#define MAGIC_BYTES  8
#define START_BYTES  32 /* magic, checksum and the four sizes */
#define PART_BYTES   32
#define COLUMN_BYTES 48
#define HEADER_MAX   ((size_t)64 << 20)

/* ---- life ---- */

firn_status firn_manifest_image_create(firn_str key, firn_manifest_image **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_manifest_image *image = arena ? firn_arena_alloc_zero(arena, sizeof *image) : NULL;
    *out = NULL;
    if (image) image->key = firn_arena_copy(arena, key);
    if (!image || !image->key.data) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    image->arena = arena;
    image->file.fd = -1;
    (void)pthread_mutex_init(&image->lock, NULL);
    *out = image;
    return FIRN_OK;
}

void firn_manifest_image_drop_data(firn_manifest_image *image)
{
    for (size_t p = 0; p < image->n_parts; p++) {
        if (!image->parts[p].columns) continue; /* of a header that turned out to be wrong */
        for (size_t i = 0; i < image->parts[p].n_columns; i++) {
            firn_image_column *column = &image->parts[p].columns[i];
            if (!image->is_borrowed) firn_mem_free(NULL, column->data);
            column->data = NULL;
        }
    }
    image->n_bytes = 0;
    image->is_borrowed = false;
}

static firn_status own_column(firn_image_column *column, firn_error *err)
{
    char *data = firn_mem_alloc(NULL, column->size ? (size_t)column->size : 1);
    if (!data) return firn_fail_nomem(err);
    if (column->size > 0) memcpy(data, column->data, (size_t)column->size);
    column->data = data;
    return FIRN_OK;
}

firn_status firn_manifest_image_own_data(firn_manifest_image *image, firn_error *err)
{
    bool is_owned = true;
    if (!image->is_borrowed) return FIRN_OK;
    for (size_t p = 0; p < image->n_parts; p++) {
        for (size_t i = 0; i < image->parts[p].n_columns; i++) {
            firn_image_column *column = &image->parts[p].columns[i];
            is_owned = is_owned && own_column(column, err) == FIRN_OK;
            if (!is_owned) column->data = NULL;
        }
    }
    image->is_borrowed = false;
    return is_owned ? FIRN_OK : FIRN_ERR_NOMEM;
}

void firn_manifest_image_close_file(firn_manifest_image *image)
{
    firn_cache_file_close(&image->file);
}

void firn_manifest_image_destroy(firn_manifest_image *image)
{
    if (!image) return;
    firn_manifest_image_drop_data(image);
    firn_cache_file_close(&image->file);
    (void)pthread_mutex_destroy(&image->lock);
    firn_arena_destroy(image->arena); /* holds image itself */
}

/* ---- values ---- */

static uint64_t load(const char *at, size_t width)
{
    uint64_t value = 0;
    memcpy(&value, at, width); /* little-endian, as the machine is */
    return value;
}

int64_t firn_image_number(const firn_image_column *column, size_t i)
{
    const uint64_t delta =
        column->width ? load(column->data + i * column->width, column->width) : 0;
    return (int64_t)((uint64_t)column->base + delta);
}

static uint32_t start_of(const firn_image_column *column, size_t i)
{
    uint32_t start;
    memcpy(&start, column->data + i * sizeof start, sizeof start);
    return start;
}

/* Values of a column of texts; TUPLES have their own number. */
static uint64_t count_of(const firn_image_part *part, const firn_image_column *column)
{
    return column->kind == FIRN_IMAGE_TUPLES ? (uint64_t)column->base : part->n_entries;
}

firn_str firn_image_bound(const firn_image_column *column, size_t i, char bytes[8])
{
    const int64_t value = firn_image_number(column, i);
    memcpy(bytes, &value, sizeof value);
    return (firn_str){bytes, column->form == FIRN_IMAGE_BOUNDS_4 ? 4 : 8};
}

/* What a text has behind what all begin with; data NULL: absent. */
static firn_str rest_of(const firn_image_column *column, size_t i)
{
    if (column->form == FIRN_IMAGE_EVEN) {
        const size_t n = (size_t)column->base;
        return (firn_str){column->data + column->shared + i * n, n};
    }
    const uint32_t start = start_of(column, i);
    const size_t from = start & ~FIRN_IMAGE_ABSENT;
    if (start & FIRN_IMAGE_ABSENT) return (firn_str){0};
    return (firn_str){column->data + from, (start_of(column, i + 1) & ~FIRN_IMAGE_ABSENT) - from};
}

firn_status firn_image_text(const firn_image_column *column, size_t i, firn_arena *arena,
                            firn_str *out, firn_error *err)
{
    const size_t n_before = column->shared;
    const bool is_even = column->form == FIRN_IMAGE_EVEN;
    const firn_str rest = rest_of(column, i);
    *out = rest;
    if (!rest.data || n_before == 0) return FIRN_OK;
    char *text = firn_arena_alloc(arena, n_before + rest.len);
    if (!text) return firn_fail_nomem(err);
    const size_t shared_end = is_even ? n_before : start_of(column, 0) & ~FIRN_IMAGE_ABSENT;
    memcpy(text, column->data + shared_end - n_before, n_before);
    if (rest.len > 0) memcpy(text + n_before, rest.data, rest.len);
    *out = (firn_str){text, n_before + rest.len};
    return FIRN_OK;
}

/* ---- what is read is checked ---- */

static firn_status fail(const firn_image_column *column, const char *what, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "image column %d of field %" PRId32 ": %s",
                     (int)column->kind, column->field_id, what);
}

/* Starts count from the beginning of the column's data, so that a value is one addition away. */
static firn_status check_texts(firn_image_column *column, uint64_t n, firn_error *err)
{
    const uint64_t start_bytes = (n + 1) * sizeof(uint32_t);
    if (column->size < start_bytes) return fail(column, "shorter than its starts", err);
    uint64_t before = start_of(column, 0) & ~FIRN_IMAGE_ABSENT;
    if (before < start_bytes) return fail(column, "does not start", err);
    column->shared = (size_t)(before - start_bytes);
    for (size_t i = 1; i <= n; i++) {
        const uint32_t start = start_of(column, i) & ~FIRN_IMAGE_ABSENT;
        if (start < before) return fail(column, "goes back", err);
        before = start;
    }
    return before == column->size ? FIRN_OK : fail(column, "does not end", err);
}

static firn_status check_data(const firn_image_part *part, firn_image_column *column,
                              firn_error *err)
{
    const firn_str data = {column->data, (size_t)column->size};
    if (firn_str_hash(data) != column->checksum) return fail(column, "wrong checksum", err);
    if (column->form == FIRN_IMAGE_TEXTS) return check_texts(column, count_of(part, column), err);
    if (column->form == FIRN_IMAGE_EVEN)
        column->shared = (size_t)(column->size - part->n_entries * (uint64_t)column->base);
    return FIRN_OK;
}

static bool is_width(uint8_t width)
{
    return width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
}

static bool is_form_of(const firn_image_column *column)
{
    const bool is_number =
        column->kind < FIRN_IMAGE_PATH ||
        (column->kind >= FIRN_IMAGE_VALUE_COUNTS && column->kind <= FIRN_IMAGE_NAN_COUNTS);
    if (is_number) return column->form == FIRN_IMAGE_NUMBERS;
    if (column->kind == FIRN_IMAGE_TUPLES) return column->form == FIRN_IMAGE_TEXTS;
    if (column->kind < FIRN_IMAGE_BY_FIELD) return firn_image_is_text(column);
    return column->form != FIRN_IMAGE_NUMBERS;
}

/* Paths are not empty: there are no more entries than bytes. */
static bool is_even_size(const firn_image_part *part, const firn_image_column *column)
{
    const int64_t least = column->kind == FIRN_IMAGE_PATH ? 1 : 0;
    if (column->base < least || column->size >= FIRN_IMAGE_ABSENT) return false;
    return column->base == 0 || part->n_entries <= column->size / (uint64_t)column->base;
}

/* Sizes are what the entries need, so that no count is bigger than the bytes that are there. */
static firn_status check_column(const firn_image_part *part, const firn_image_column *column,
                                uint64_t file_size, firn_error *err)
{
    if (column->kind >= FIRN_IMAGE_N_KINDS || column->form >= FIRN_IMAGE_N_FORMS ||
        !is_width(column->width) || !is_form_of(column))
        return fail(column, "of no known form", err);
    if (column->offset > file_size || column->size > file_size - column->offset)
        return fail(column, "outside the file", err);
    if (column->form == FIRN_IMAGE_TEXTS) {
        if (column->base < 0 || count_of(part, column) >= column->size / sizeof(uint32_t) ||
            column->size >= FIRN_IMAGE_ABSENT)
            return fail(column, "has no room for its values", err);
        return FIRN_OK;
    }
    if (column->form == FIRN_IMAGE_EVEN)
        return is_even_size(part, column) ? FIRN_OK : fail(column, "of a wrong size", err);
    return column->size == part->n_entries * column->width ? FIRN_OK
                                                           : fail(column, "of a wrong size", err);
}

/* ---- columns ---- */

static int compare_column(const firn_image_column *column, firn_image_kind kind, int32_t field_id)
{
    if (column->kind != kind) return column->kind < kind ? -1 : 1;
    return (column->field_id > field_id) - (column->field_id < field_id);
}

static firn_image_column *find_column(const firn_image_part *part, firn_image_kind kind,
                                      int32_t field_id)
{
    size_t from = 0;
    size_t to = part->n_columns;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const int order = compare_column(&part->columns[mid], kind, field_id);
        if (order == 0) return &part->columns[mid];
        if (order < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return NULL;
}

/* Under the lock. */
static firn_status read_column(firn_manifest_image *image, const firn_image_part *part,
                               firn_image_column *column, firn_error *err)
{
    if (!image->folder) return fail(column, "without data", err);
    if (image->file.fd < 0 && !firn_cache_file_open(image->folder, image->file_name, &image->file))
        return fail(column, "its file is gone", err);
    char *data = firn_mem_alloc(NULL, column->size ? (size_t)column->size : 1);
    if (!data) return firn_fail_nomem(err);
    firn_image_column filled = *column;
    filled.data = data;
    firn_status st = FIRN_OK;
    if (!firn_cache_file_read(&image->file, column->offset, data, (size_t)column->size))
        st = fail(column, "its file is cut", err);
    if (st == FIRN_OK) st = check_data(part, &filled, err);
    if (st != FIRN_OK) {
        firn_mem_free(NULL, data);
        return st;
    }
    *column = filled;
    image->n_bytes += (size_t)column->size;
    return FIRN_OK;
}

firn_status firn_manifest_image_column(firn_manifest_image *image, size_t part,
                                       firn_image_kind kind, int32_t field_id,
                                       const firn_image_column **out, firn_error *err)
{
    firn_image_column *column = find_column(&image->parts[part], kind, field_id);
    firn_status st = FIRN_OK;
    *out = column;
    if (!column) return FIRN_OK;
    (void)pthread_mutex_lock(&image->lock);
    if (!column->data) st = read_column(image, &image->parts[part], column, err);
    (void)pthread_mutex_unlock(&image->lock);
    return st;
}

/* ---- files ---- */

static size_t padded(size_t n)
{
    return (n + 7) / 8 * 8;
}

static firn_status read_image_column(firn_cursor *c, firn_image_column *out, firn_error *err)
{
    uint32_t kind = 0;
    uint32_t form = 0;
    uint32_t width = 0;
    uint32_t field = 0;
    uint64_t base = 0;
    FIRN_TRY(firn_cursor_u32le(c, &kind, err));
    FIRN_TRY(firn_cursor_u32le(c, &form, err));
    FIRN_TRY(firn_cursor_u32le(c, &width, err));
    FIRN_TRY(firn_cursor_u32le(c, &field, err));
    FIRN_TRY(firn_cursor_u64le(c, &base, err));
    FIRN_TRY(firn_cursor_u64le(c, &out->offset, err));
    FIRN_TRY(firn_cursor_u64le(c, &out->size, err));
    FIRN_TRY(firn_cursor_u64le(c, &out->checksum, err));
    if (kind >= FIRN_IMAGE_N_KINDS || form >= FIRN_IMAGE_N_FORMS || width > 8)
        return firn_fail(err, FIRN_ERR_CORRUPT, "image column of kind %" PRIu32, kind);
    out->kind = (firn_image_kind)kind;
    out->form = (firn_image_form)form;
    out->width = (uint8_t)width;
    out->field_id = (int32_t)field;
    out->base = (int64_t)base;
    return FIRN_OK;
}

static firn_status read_part(firn_cursor *c, firn_image_part *out, firn_error *err)
{
    uint64_t n_entries = 0;
    uint64_t n_row_ids = 0;
    uint64_t live_bytes = 0;
    uint64_t n_columns = 0;
    FIRN_TRY(firn_cursor_u64le(c, &n_entries, err));
    FIRN_TRY(firn_cursor_u64le(c, &n_row_ids, err));
    FIRN_TRY(firn_cursor_u64le(c, &live_bytes, err));
    FIRN_TRY(firn_cursor_u64le(c, &n_columns, err));
    if (n_entries >= FIRN_IMAGE_ABSENT || n_row_ids > INT64_MAX || live_bytes > INT64_MAX ||
        n_columns > HEADER_MAX)
        return firn_fail(err, FIRN_ERR_CORRUPT, "image part of %" PRIu64 " entries", n_entries);
    *out = (firn_image_part){.n_entries = (size_t)n_entries,
                             .n_row_ids = (int64_t)n_row_ids,
                             .live_bytes = (int64_t)live_bytes,
                             .n_columns = (size_t)n_columns};
    return FIRN_OK;
}

/* Ascending, so that they are found; paths and tuples, so that entries are bounded by bytes. */
static firn_status check_part(const firn_image_part *part, uint64_t file_size, firn_error *err)
{
    for (size_t i = 0; i < part->n_columns; i++) {
        const firn_image_column *column = &part->columns[i];
        FIRN_TRY(check_column(part, column, file_size, err));
        if (i > 0 && compare_column(column - 1, column->kind, column->field_id) >= 0)
            return fail(column, "out of order", err);
    }
    for (int kind = 0; kind < FIRN_IMAGE_BY_FIELD; kind++)
        if (!find_column(part, (firn_image_kind)kind, 0))
            return firn_fail(err, FIRN_ERR_CORRUPT, "image without column %d", kind);
    return FIRN_OK;
}

static firn_status read_directory(firn_manifest_image *image, firn_cursor *c, uint64_t n_columns,
                                  firn_error *err)
{
    const uint64_t file_size = (uint64_t)image->file.size_bytes;
    size_t next = 0;
    for (size_t i = 0; i < image->n_parts; i++) FIRN_TRY(read_part(c, &image->parts[i], err));
    firn_image_column *columns = firn_arena_array(image->arena, (size_t)n_columns, sizeof *columns);
    if (!columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < n_columns; i++) FIRN_TRY(read_image_column(c, &columns[i], err));
    for (size_t i = 0; i < image->n_parts; i++) {
        firn_image_part *part = &image->parts[i];
        if (part->n_columns > n_columns - next)
            return firn_fail(err, FIRN_ERR_CORRUPT, "image part of %zu columns", part->n_columns);
        part->columns = columns + next;
        next += part->n_columns;
        FIRN_TRY(check_part(part, file_size, err));
    }
    image->n_columns = next;
    return next == n_columns ? FIRN_OK
                             : firn_fail(err, FIRN_ERR_CORRUPT, "image columns of no part");
}

/* bytes: the header behind the magic. FIRN_DONE: of another key. */
static firn_status parse_header(firn_manifest_image *image, firn_str bytes, firn_error *err)
{
    firn_cursor c = firn_cursor_of(bytes, MAGIC_BYTES);
    uint64_t checksum = 0;
    uint32_t sizes[4] = {0};
    firn_str key;
    FIRN_TRY(firn_cursor_u64le(&c, &checksum, err));
    for (size_t i = 0; i < 4; i++) FIRN_TRY(firn_cursor_u32le(&c, &sizes[i], err));
    if (checksum != firn_str_hash(firn_str_slice(bytes, 8, bytes.len)))
        return firn_fail(err, FIRN_ERR_CORRUPT, "image header with a wrong checksum");
    FIRN_TRY(firn_cursor_take(&c, padded(sizes[1]), &key, err));
    if (!firn_str_equals(firn_str_slice(key, 0, sizes[1]), image->key)) return FIRN_DONE;
    const uint64_t needed = (uint64_t)sizes[2] * PART_BYTES + (uint64_t)sizes[3] * COLUMN_BYTES;
    if (firn_cursor_left(&c) != needed)
        return firn_fail(err, FIRN_ERR_CORRUPT, "image header of %zu bytes", bytes.len);
    image->parts = firn_arena_array(image->arena, sizes[2], sizeof *image->parts);
    if (!image->parts) return firn_fail_nomem(err);
    image->n_parts = sizes[2];
    return read_directory(image, &c, sizes[3], err);
}

static firn_status read_header(firn_manifest_image *image, firn_error *err)
{
    char start[START_BYTES];
    uint32_t n_bytes = 0;
    if (!firn_cache_file_read(&image->file, 0, start, sizeof start) ||
        memcmp(start, MAGIC, MAGIC_BYTES) != 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "not an image");
    memcpy(&n_bytes, start + 16, sizeof n_bytes);
    if (n_bytes < START_BYTES || n_bytes > HEADER_MAX)
        return firn_fail(err, FIRN_ERR_CORRUPT, "image header of %" PRIu32 " bytes", n_bytes);
    char *bytes = firn_mem_alloc(NULL, n_bytes);
    if (!bytes) return firn_fail_nomem(err);
    firn_status st = FIRN_OK;
    if (!firn_cache_file_read(&image->file, MAGIC_BYTES, bytes, n_bytes - MAGIC_BYTES))
        st = firn_fail(err, FIRN_ERR_CORRUPT, "image header is cut");
    if (st == FIRN_OK) st = parse_header(image, (firn_str){bytes, n_bytes - MAGIC_BYTES}, err);
    firn_mem_free(NULL, bytes);
    return st;
}

firn_status firn_manifest_image_open(const firn_cache_folder *folder, const char *name,
                                     firn_cache_file *file, firn_str key, firn_manifest_image **out,
                                     firn_error *err)
{
    firn_manifest_image *image = NULL;
    *out = NULL;
    const firn_status made = firn_manifest_image_create(key, &image, err);
    if (made != FIRN_OK) {
        firn_cache_file_close(file);
        return made;
    }
    image->folder = folder;
    image->file = *file;
    file->fd = -1;
    memcpy(image->file_name, name, strlen(name) + 1);
    const firn_status st = read_header(image, err);
    if (st == FIRN_OK)
        *out = image;
    else
        firn_manifest_image_destroy(image);
    return st;
}

/* ---- writing ---- */

static void put_parts(const firn_manifest_image *image, firn_buf *out)
{
    for (size_t i = 0; i < image->n_parts; i++) {
        const firn_image_part *part = &image->parts[i];
        firn_buf_u64le(out, part->n_entries);
        firn_buf_u64le(out, (uint64_t)part->n_row_ids);
        firn_buf_u64le(out, (uint64_t)part->live_bytes);
        firn_buf_u64le(out, part->n_columns);
    }
}

/* Gives the columns their places behind a header of so many bytes. */
static void put_columns(firn_manifest_image *image, uint64_t offset, firn_buf *out)
{
    for (size_t p = 0; p < image->n_parts; p++) {
        for (size_t i = 0; i < image->parts[p].n_columns; i++) {
            firn_image_column *column = &image->parts[p].columns[i];
            column->offset = offset;
            column->checksum = firn_str_hash((firn_str){column->data, (size_t)column->size});
            offset += column->size;
            firn_buf_u32le(out, (uint32_t)column->kind);
            firn_buf_u32le(out, (uint32_t)column->form);
            firn_buf_u32le(out, column->width);
            firn_buf_u32le(out, (uint32_t)column->field_id);
            firn_buf_u64le(out, (uint64_t)column->base);
            firn_buf_u64le(out, column->offset);
            firn_buf_u64le(out, column->size);
            firn_buf_u64le(out, column->checksum);
        }
    }
}

static void put_header(firn_manifest_image *image, firn_buf *out)
{
    static const char k_zeros[8] = {0};
    const size_t n_bytes = START_BYTES + padded(image->key.len) + image->n_parts * PART_BYTES +
                           image->n_columns * COLUMN_BYTES;
    firn_buf_append(out, MAGIC, MAGIC_BYTES);
    firn_buf_u64le(out, 0);
    firn_buf_u32le(out, (uint32_t)n_bytes);
    firn_buf_u32le(out, (uint32_t)image->key.len);
    firn_buf_u32le(out, (uint32_t)image->n_parts);
    firn_buf_u32le(out, (uint32_t)image->n_columns);
    firn_buf_str(out, image->key);
    firn_buf_append(out, k_zeros, padded(image->key.len) - image->key.len);
    put_parts(image, out);
    put_columns(image, n_bytes, out);
    if (out->status != FIRN_OK) return;
    const uint64_t checksum =
        firn_str_hash(firn_str_slice(firn_buf_view(out), MAGIC_BYTES + 8, out->len));
    memcpy(out->data + MAGIC_BYTES, &checksum, sizeof checksum);
}

static bool write_pieces(const firn_manifest_image *image, firn_cache_folder *folder,
                         const char *name, firn_str header)
{
    size_t n = 1;
    firn_str *pieces = firn_mem_array(NULL, image->n_columns + 1, sizeof *pieces);
    if (!pieces) return false;
    pieces[0] = header;
    for (size_t p = 0; p < image->n_parts; p++) {
        for (size_t i = 0; i < image->parts[p].n_columns; i++) {
            const firn_image_column *column = &image->parts[p].columns[i];
            firn_str *last = &pieces[n - 1];
            if (n > 1 && last->data + last->len == column->data) /* the rule, with one builder */
                last->len += (size_t)column->size;
            else
                pieces[n++] = (firn_str){column->data, (size_t)column->size};
        }
    }
    const bool is_ok = firn_cache_folder_put(folder, name, pieces, n);
    firn_mem_free(NULL, pieces);
    return is_ok;
}

bool firn_manifest_image_write(firn_manifest_image *image, firn_cache_folder *folder,
                               const char *name)
{
    firn_buf header;
    firn_buf_init(&header, NULL, HEADER_MAX);
    put_header(image, &header);
    const bool is_ok =
        header.status == FIRN_OK && write_pieces(image, folder, name, firn_buf_view(&header));
    firn_buf_dispose(&header);
    if (!is_ok) return false;
    memcpy(image->file_name, name, strlen(name) + 1);
    image->folder = folder;
    return true;
}
