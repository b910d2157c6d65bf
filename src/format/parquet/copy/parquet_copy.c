/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns of a row group fit a writer as they are: the same field with the same levels and
 * the same stored form. Not here: what pages must be like (parquet_copy_pages.c). */
#include "format/parquet/copy/parquet_copy.h"

#include "base/error.h"
#include "base/str.h"
#include "format/parquet/copy/parquet_copy_internal.h"
#include "format/parquet/read/parquet_convert.h"
#include "format/parquet/write/parquet_writer_internal.h"

/* A source with this part of the rows or bytes of a row group is one by itself. */
#define LONE_PART 2
/* One of more than so many times the writer's size is not kept. */
#define MOST_GROUPS 2
/* Pages with less than this part of the writer's rows or bytes of a page are put together. */
#define SMALL_PAGE_PART 16

/* ---- the same column? ---- */

static const firn_pq_node *child_of(const firn_pq_node *node, size_t hint, int32_t id)
{
    if (hint < node->n_children && node->children[hint].id == id) return &node->children[hint];
    for (size_t i = 0; i < node->n_children; i++)
        if (node->children[i].id == id) return &node->children[i];
    return NULL;
}

/* One of the two columns of a variant that is not shredded. */
static const firn_pq_node *variant_part(const firn_pq_node *node, firn_parquet_part part)
{
    static const char *const k_names[] = {"metadata", "value"};
    if (node->n_children != 2) return NULL;
    for (size_t i = 0; i < 2; i++)
        if (!firn_str_equals(node->children[i].name, firn_str_of(k_names[i])) ||
            node->children[i].element->physical != FIRN_PQ_BYTE_ARRAY)
            return NULL;
    return &node->children[part == FIRN_LEAF_VARIANT_METADATA ? 0 : 1];
}

/* Down from the root: each field with the writer's id, kind and nullability. */
static const firn_pq_node *find_node(const firn_pq_node *node, const firn_type *type,
                                     const firn_parquet_leaf *leaf)
{
    for (size_t i = 0; i < leaf->n_steps; i++) {
        const firn_parquet_step *step = &leaf->steps[i];
        const firn_field *field = &type->fields[step->child];
        if (field->id < 0) return NULL;
        node = child_of(node, step->child, field->id);
        if (!node || node->is_required == step->is_optional || node->type.kind != field->type->kind)
            return NULL;
        type = field->type;
    }
    if (leaf->part != FIRN_LEAF_WHOLE) node = variant_part(node, leaf->part);
    if (!node || node->def != leaf->max_def || node->rep != leaf->max_rep) return NULL;
    return node;
}

static bool is_stored_alike(const firn_pq_node *node, const firn_parquet_leaf *leaf)
{
    firn_pq_conv conv;
    if (node->n_children > 0 || node->element->physical != (int32_t)leaf->physical) return false;
    if (leaf->physical == FIRN_PHYSICAL_FIXED && node->element->type_length != leaf->type_length)
        return false;
    if (leaf->part != FIRN_LEAF_WHOLE) return true;
    if (leaf->type->kind == FIRN_TYPE_GEOMETRY || leaf->type->kind == FIRN_TYPE_GEOGRAPHY)
        return false; /* their boxes are not read */
    if (firn_pq_conv_plan(node, FIRN_PARQUET_TYPES_TABLE, leaf->type, &conv, NULL) != FIRN_OK)
        return false;
    if (leaf->physical == FIRN_PHYSICAL_FIXED && conv.kind == FIRN_PQ_CONV_DECIMAL)
        return node->type.scale == leaf->type->scale;
    return conv.kind == FIRN_PQ_CONV_COPY || conv.kind == FIRN_PQ_CONV_BOOL ||
           conv.kind == FIRN_PQ_CONV_VIEW;
}

static bool is_chunk_usable(const firn_parquet_writer *w, const firn_parquet_leaf *leaf,
                            const firn_parquet_copy *copy, const firn_pq_chunk *chunk)
{
    firn_codec codec;
    if (leaf->no_copy) return false;
    if (!chunk->has_meta || chunk->is_encrypted || chunk->is_external) return false;
    if (firn_pq_codec_of(chunk->codec, &codec, NULL) != FIRN_OK || codec != w->settings.codec)
        return false;
    return !leaf->has_bloom || (copy->is_lone && chunk->bloom.offset > 0);
}

/* ---- all columns ---- */

static void free_chunks(firn_parquet_copy *copy)
{
    for (size_t i = 0; i < copy->n_chunks; i++) firn_mem_free(copy->alloc, copy->chunks[i].bytes);
}

static firn_status look_at(const firn_parquet_writer *w, firn_parquet_copy *copy, size_t i,
                           firn_error *err)
{
    const firn_parquet_leaf *leaf = &w->leaves[i];
    firn_pq_source_chunk *out = &copy->chunks[i];
    const firn_pq_node *node = find_node(&copy->file->root, &w->root, leaf);
    if (!node || !is_stored_alike(node, leaf)) return FIRN_DONE;
    const firn_pq_chunk *chunk = &copy->file->row_groups[copy->row_group].chunks[node->first_leaf];
    out->n_unpacked = chunk->uncompressed_bytes;
    if (!is_chunk_usable(w, leaf, copy, chunk)) return FIRN_DONE;
    out->way = FIRN_PQ_SOURCE_COPIED;
    out->node = node;
    out->chunk = chunk;
    return firn_pq_source_chunk_read(copy, leaf, node->first_leaf, out, err);
}

/* The file has the column in some form, and what it stores is what is read. */
static bool is_recodable(const firn_parquet_copy *copy, const firn_parquet_leaf *leaf)
{
    const size_t column = leaf->steps[0].child;
    const int32_t id = copy->root->fields[column].id;
    return copy->is_rest && !leaf->no_copy && id >= 0 && child_of(&copy->file->root, column, id);
}

/* The column does not fit. */
static void give_up(const firn_parquet_writer *w, firn_parquet_copy *copy, size_t leaf)
{
    const size_t column = w->leaves[leaf].steps[0].child;
    firn_pq_source_chunk *chunk = &copy->chunks[leaf];
    firn_mem_free(copy->alloc, chunk->bytes);
    *chunk = (firn_pq_source_chunk){.n_unpacked = chunk->n_unpacked};
    if (is_recodable(copy, &w->leaves[leaf])) {
        chunk->way = FIRN_PQ_SOURCE_RECODED;
        return;
    }
    copy->n_decoded += !copy->is_decoded[column];
    copy->is_decoded[column] = true;
}

/* Sizes are the footer's word, which decides no more than where row groups end. False: more than
 * the writer's row groups are to have. */
static bool add_sizes(const firn_parquet_writer *w, const firn_parquet_file *file, size_t row_group,
                      int64_t *n_unpacked)
{
    const firn_pq_row_group *group = &file->row_groups[row_group];
    *n_unpacked = 0;
    for (size_t i = 0; i < file->n_leaves; i++) {
        const int64_t n = group->chunks[i].uncompressed_bytes;
        if (n < 0 || n > MOST_GROUPS * w->group_bytes - *n_unpacked) return false;
        *n_unpacked += n;
    }
    return group->n_rows <= MOST_GROUPS * w->group_rows;
}

bool firn_parquet_copy_fits(const firn_parquet_writer *writer, const firn_parquet_file *file,
                            size_t row_group)
{
    int64_t n_unpacked = 0;
    return row_group < file->n_row_groups && add_sizes(writer, file, row_group, &n_unpacked);
}

static bool is_fit_in_size(const firn_parquet_writer *w, firn_parquet_copy *copy)
{
    const bool is_fit = add_sizes(w, copy->file, copy->row_group, &copy->n_unpacked);
    copy->is_lone =
        copy->n_rows >= w->group_rows / LONE_PART || copy->n_unpacked >= w->group_bytes / LONE_PART;
    return is_fit && copy->n_rows > 0;
}

static firn_status open_copy(const firn_parquet_writer *w, firn_parquet_copy *copy, firn_error *err)
{
    copy->chunks = firn_arena_array(copy->arena, w->n_leaves, sizeof *copy->chunks);
    copy->is_decoded = firn_arena_array(copy->arena, w->root.n_fields, sizeof *copy->is_decoded);
    if (!copy->chunks || !copy->is_decoded) return firn_fail_nomem(err);
    copy->n_chunks = w->n_leaves;
    copy->least_page_values = (int64_t)w->settings.page_rows / SMALL_PAGE_PART;
    copy->least_page_bytes = (int64_t)w->settings.page_bytes / SMALL_PAGE_PART;
    const bool is_fit = is_fit_in_size(w, copy);
    for (size_t i = 0; i < w->n_leaves; i++) {
        const firn_status st = is_fit ? look_at(w, copy, i, err) : FIRN_DONE;
        if (st == FIRN_DONE)
            give_up(w, copy, i);
        else
            FIRN_TRY(st);
    }
    return FIRN_OK;
}

static firn_status make_copy(const firn_parquet_writer *w, const firn_parquet_file *file,
                             size_t row_group, firn_parquet_copy **out, firn_error *err)
{
    *out = NULL;
    if (row_group >= file->n_row_groups)
        return firn_fail(err, FIRN_ERR_ARG, "row group %zu, the file has %zu", row_group,
                         file->n_row_groups);
    firn_arena *arena = firn_arena_create(w->settings.alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_parquet_copy *copy = firn_arena_alloc_zero(arena, sizeof *copy);
    if (!copy) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    copy->alloc = w->settings.alloc;
    copy->arena = arena;
    copy->file = file;
    copy->row_group = row_group;
    copy->root = &w->root;
    copy->first_row = file->row_groups[row_group].first_row;
    copy->n_rows = copy->n_source_rows = file->row_groups[row_group].n_rows;
    *out = copy;
    return FIRN_OK;
}

static firn_status look_at_all(const firn_parquet_writer *w, firn_parquet_copy **copy,
                               firn_error *err)
{
    const firn_status st = open_copy(w, *copy, err);
    if (st == FIRN_OK) return FIRN_OK;
    firn_parquet_copy_close(*copy);
    *copy = NULL;
    return st;
}

firn_status firn_parquet_copy_open(const firn_parquet_writer *writer, const firn_parquet_file *file,
                                   size_t row_group, firn_parquet_copy **out, firn_error *err)
{
    FIRN_TRY(make_copy(writer, file, row_group, out, err));
    return look_at_all(writer, out, err);
}

/* ---- rows that go ---- */

/* Bits [first, first + n), n at most 64. */
static uint64_t bits_at(const uint64_t *bits, int64_t first, int64_t n)
{
    const uint64_t at = (uint64_t)first, shift = at & 63;
    uint64_t word = bits[at >> 6] >> shift;
    if (shift + (uint64_t)n > 64) word |= bits[(at >> 6) + 1] << (64 - shift);
    return n < 64 ? word & (((uint64_t)1 << n) - 1) : word;
}

uint64_t firn_pq_copy_gone(const firn_parquet_copy *copy, int64_t first, int64_t n)
{
    return copy->gone ? bits_at(copy->gone, copy->first_row + first, n) : 0;
}

bool firn_pq_copy_has_gone(const firn_parquet_copy *copy, int64_t first, int64_t n)
{
    for (int64_t i = 0; copy->gone && i < n; i += 64)
        if (firn_pq_copy_gone(copy, first + i, n - i < 64 ? n - i : 64) != 0) return true;
    return false;
}

static int64_t count_gone(const firn_parquet_copy *copy)
{
    int64_t n = 0;
    for (int64_t i = 0; i < copy->n_source_rows; i += 64) {
        const int64_t rest = copy->n_source_rows - i;
        n += __builtin_popcountll(firn_pq_copy_gone(copy, i, rest < 64 ? rest : 64));
    }
    return n;
}

firn_status firn_parquet_copy_open_rest(const firn_parquet_writer *writer,
                                        const firn_parquet_file *file, size_t row_group,
                                        const uint64_t *gone, firn_parquet_copy **out,
                                        firn_error *err)
{
    FIRN_TRY(make_copy(writer, file, row_group, out, err));
    firn_parquet_copy *copy = *out;
    copy->is_rest = true;
    copy->gone = gone;
    const int64_t n_gone = count_gone(copy);
    copy->n_rows -= n_gone;
    if (n_gone == 0) copy->gone = NULL;
    return look_at_all(writer, out, err);
}

/* ---- what it is ---- */

void firn_parquet_copy_close(firn_parquet_copy *copy)
{
    if (!copy) return;
    free_chunks(copy);
    firn_arena_destroy(copy->arena);
}

int64_t firn_parquet_copy_rows(const firn_parquet_copy *copy)
{
    return copy->n_rows;
}

void firn_parquet_copy_pages(const firn_parquet_copy *copy, size_t *n_kept, size_t *n_recoded)
{
    *n_kept = *n_recoded = 0;
    for (size_t i = 0; i < copy->n_chunks; i++) {
        const firn_pq_source_chunk *chunk = &copy->chunks[i];
        *n_kept += chunk->n_pages - chunk->n_recoded;
        *n_recoded += chunk->n_recoded + (chunk->way == FIRN_PQ_SOURCE_RECODED);
    }
}

size_t firn_parquet_copy_decoded(const firn_parquet_copy *copy, const bool **out)
{
    *out = copy->is_decoded;
    return copy->n_decoded;
}
