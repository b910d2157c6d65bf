/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns of a row group fit a writer as they are: the same field with the same levels and
 * the same stored form. Not here: what pages must be like (parquet_copy_pages.c). */
#include "format/parquet_copy.h"

#include "base/error.h"
#include "base/str.h"
#include "format/parquet_convert.h"
#include "format/parquet_copy_internal.h"
#include "format/parquet_writer_internal.h"

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
    if (!is_chunk_usable(w, leaf, copy, chunk)) return FIRN_DONE;
    *out = (firn_pq_source_chunk){.node = node, .chunk = chunk};
    return firn_pq_source_chunk_read(copy, leaf, node->first_leaf, out, err);
}

static void mark_decoded(const firn_parquet_writer *w, firn_parquet_copy *copy, size_t leaf)
{
    const size_t column = w->leaves[leaf].steps[0].child;
    firn_pq_source_chunk *chunk = &copy->chunks[leaf];
    firn_mem_free(copy->alloc, chunk->bytes);
    *chunk = (firn_pq_source_chunk){0};
    copy->n_decoded += !copy->is_decoded[column];
    copy->is_decoded[column] = true;
}

/* Sizes are the footer's word, which decides no more than where row groups end. */
static bool is_fit_in_size(const firn_parquet_writer *w, firn_parquet_copy *copy)
{
    const firn_pq_row_group *group = &copy->file->row_groups[copy->row_group];
    for (size_t i = 0; i < copy->file->n_leaves; i++) {
        const int64_t n = group->chunks[i].uncompressed_bytes;
        if (n < 0 || n > MOST_GROUPS * w->group_bytes - copy->n_unpacked) return false;
        copy->n_unpacked += n;
    }
    copy->is_lone =
        copy->n_rows >= w->group_rows / LONE_PART || copy->n_unpacked >= w->group_bytes / LONE_PART;
    return copy->n_rows > 0 && copy->n_rows <= MOST_GROUPS * w->group_rows;
}

static firn_status open_copy(const firn_parquet_writer *w, firn_parquet_copy *copy, firn_error *err)
{
    copy->chunks = firn_arena_array(copy->arena, w->n_leaves, sizeof *copy->chunks);
    copy->is_decoded = firn_arena_array(copy->arena, w->root.n_fields, sizeof *copy->is_decoded);
    if (!copy->chunks || !copy->is_decoded) return firn_fail_nomem(err);
    copy->n_chunks = w->n_leaves;
    copy->least_page_values = (int64_t)w->settings.page_rows / SMALL_PAGE_PART;
    copy->least_page_bytes = (int64_t)w->settings.page_bytes / SMALL_PAGE_PART;
    copy->n_rows = copy->file->row_groups[copy->row_group].n_rows;
    const bool is_fit = is_fit_in_size(w, copy);
    for (size_t i = 0; i < w->n_leaves; i++) {
        const firn_status st = is_fit ? look_at(w, copy, i, err) : FIRN_DONE;
        if (st == FIRN_DONE)
            mark_decoded(w, copy, i);
        else
            FIRN_TRY(st);
        copy->n_bytes += (int64_t)copy->chunks[i].n_bytes;
    }
    return FIRN_OK;
}

firn_status firn_parquet_copy_open(const firn_parquet_writer *writer, const firn_parquet_file *file,
                                   size_t row_group, firn_parquet_copy **out, firn_error *err)
{
    *out = NULL;
    if (row_group >= file->n_row_groups)
        return firn_fail(err, FIRN_ERR_ARG, "row group %zu, the file has %zu", row_group,
                         file->n_row_groups);
    firn_arena *arena = firn_arena_create(writer->settings.alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_parquet_copy *copy = firn_arena_alloc_zero(arena, sizeof *copy);
    if (!copy) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    copy->alloc = writer->settings.alloc;
    copy->arena = arena;
    copy->file = file;
    copy->row_group = row_group;
    const firn_status st = open_copy(writer, copy, err);
    if (st == FIRN_OK)
        *out = copy;
    else
        firn_parquet_copy_close(copy);
    return st;
}

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

int64_t firn_parquet_copy_bytes(const firn_parquet_copy *copy)
{
    return copy->n_bytes;
}

size_t firn_parquet_copy_decoded(const firn_parquet_copy *copy, const bool **out)
{
    *out = copy->is_decoded;
    return copy->n_decoded;
}
