/* SPDX-License-Identifier: Apache-2.0 */
/* A number is the place of the text in its lane's dictionary, times the lanes, plus the lane. */
#include "iceberg/sort/sort_texts.h"

#include <string.h>

#include "base/error.h"
#include "format/parquet/encoding/parquet_encode_dict.h"

#define K_MAX_BYTES ((int64_t)4 << 20) /* of a lane's texts of a column: the cache has an end */
#define K_OVERHEAD  8                  /* bytes in memory for each of text, with very short ones */
#define K_TRIED     8192               /* values, before they are judged */

typedef struct text_lane {
    firn_parquet_dict dict;
    firn_buf values, indices; /* of a batch: those that are not null */
    int64_t n_values;
    bool is_closed;
} text_lane;

typedef struct text_column {
    text_lane *lanes; /* NULL: not a column of text */
    firn_view *views; /* when finished */
    uint32_t *firsts; /* as well: the least number of the same text */
    uint32_t n;
} text_column;

struct firn_sort_texts {
    const firn_allocator *alloc;
    size_t n_lanes, n_columns;
    uint64_t id;
    text_column *columns;
};

static bool is_text(const firn_type *type)
{
    return type->kind == FIRN_TYPE_STRING || type->kind == FIRN_TYPE_BINARY;
}

static firn_status open_column(firn_sort_texts *t, text_column *c, size_t max_bytes,
                               firn_error *err)
{
    c->lanes = firn_mem_array(t->alloc, t->n_lanes, sizeof *c->lanes);
    if (!c->lanes) return firn_fail_nomem(err);
    for (size_t i = 0; i < t->n_lanes; i++) {
        text_lane *lane = &c->lanes[i];
        *lane = (text_lane){0};
        firn_parquet_dict_init(&lane->dict, t->alloc, 0, true, max_bytes);
        firn_buf_init(&lane->values, t->alloc, 0);
        firn_buf_init(&lane->indices, t->alloc, 0);
    }
    return FIRN_OK;
}

static firn_status open_columns(firn_sort_texts *t, const firn_type *root, int64_t max_bytes,
                                firn_error *err)
{
    int64_t n = 0;
    for (size_t i = 0; i < root->n_fields; i++) n += is_text(root->fields[i].type);
    if (n == 0) return FIRN_OK;
    int64_t share = max_bytes / K_OVERHEAD / n / (int64_t)t->n_lanes;
    if (share > K_MAX_BYTES) share = K_MAX_BYTES;
    for (size_t i = 0; i < root->n_fields; i++)
        if (is_text(root->fields[i].type))
            FIRN_TRY(open_column(t, &t->columns[i], (size_t)share, err));
    return FIRN_OK;
}

firn_status firn_sort_texts_create(const firn_type *root, size_t n_lanes, int64_t max_bytes,
                                   uint64_t id, const firn_allocator *alloc, firn_sort_texts **out,
                                   firn_error *err)
{
    *out = NULL;
    firn_sort_texts *t = firn_mem_alloc_zero(alloc, sizeof *t);
    if (!t) return firn_fail_nomem(err);
    *t = (firn_sort_texts){
        .alloc = alloc, .n_lanes = n_lanes, .n_columns = root->n_fields, .id = id};
    t->columns = firn_mem_alloc_zero(alloc, (t->n_columns + 1) * sizeof *t->columns);
    const firn_status st =
        t->columns ? open_columns(t, root, max_bytes, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_sort_texts_destroy(t);
        return st;
    }
    *out = t;
    return FIRN_OK;
}

void firn_sort_texts_destroy(firn_sort_texts *texts)
{
    if (!texts) return;
    for (size_t i = 0; texts->columns && i < texts->n_columns; i++) {
        text_column *c = &texts->columns[i];
        for (size_t k = 0; c->lanes && k < texts->n_lanes; k++) {
            firn_parquet_dict_dispose(&c->lanes[k].dict);
            firn_buf_dispose(&c->lanes[k].values);
            firn_buf_dispose(&c->lanes[k].indices);
        }
        firn_mem_free(texts->alloc, c->lanes);
        firn_mem_free(texts->alloc, c->views);
        firn_mem_free(texts->alloc, c->firsts);
    }
    firn_mem_free(texts->alloc, texts->columns);
    firn_mem_free(texts->alloc, texts);
}

/* ---- numbers ---- */

static const firn_view *not_null(text_lane *lane, const firn_column *values, int64_t n, size_t *out)
{
    const firn_view *from = values->values;
    *out = (size_t)n;
    if (!values->validity) return from;
    firn_buf_clear(&lane->values);
    firn_view *to = (firn_view *)(void *)firn_buf_reserve(&lane->values, (size_t)n * sizeof *to);
    size_t k = 0;
    for (int64_t r = 0; to && r < n; r++) {
        to[k] = from[r];
        k += firn_column_is_valid(values, r);
    }
    *out = k;
    return to;
}

/* indices: of the first n_done values that are not null. */
static void spread(const firn_sort_texts *t, size_t lane, const firn_column *values, int64_t n,
                   const uint32_t *indices, size_t n_done, uint32_t *out)
{
    size_t k = 0;
    for (int64_t r = 0; r < n; r++) {
        out[r] = FIRN_NO_CODE;
        if (k == n_done || !firn_column_is_valid(values, r)) continue;
        out[r] = indices[k++] * (uint32_t)t->n_lanes + (uint32_t)lane;
    }
}

firn_status firn_sort_texts_add(firn_sort_texts *texts, size_t lane, size_t column,
                                const firn_column *values, int64_t n, uint32_t *out,
                                firn_error *err)
{
    text_lane *l = texts->columns[column].lanes ? &texts->columns[column].lanes[lane] : NULL;
    size_t n_done = 0;
    size_t n_values = 0;
    if (!l || l->is_closed) {
        memset(out, 0xff, (size_t)n * sizeof *out); /* FIRN_NO_CODE */
        return FIRN_OK;
    }
    const firn_view *views = not_null(l, values, n, &n_values);
    firn_buf_clear(&l->indices);
    uint32_t *indices =
        (uint32_t *)(void *)firn_buf_reserve(&l->indices, (size_t)n * sizeof *indices + 1);
    if (!views || !indices) return firn_fail_nomem(err);
    FIRN_TRY(firn_parquet_dict_add(&l->dict, views, n_values, indices, &n_done, err));
    spread(texts, lane, values, n, indices, n_done, out);
    l->n_values += (int64_t)n_values;
    const bool are_different = l->n_values >= K_TRIED && (int64_t)l->dict.n > l->n_values / 4 * 3;
    l->is_closed = n_done < n_values || are_different;
    return FIRN_OK;
}

/* ---- views ---- */

static firn_status view_lane(const firn_sort_texts *t, text_column *c, size_t lane, firn_error *err)
{
    text_lane *l = &c->lanes[lane];
    firn_buf_clear(&l->indices);
    firn_buf_clear(&l->values);
    uint32_t *indices =
        (uint32_t *)(void *)firn_buf_reserve(&l->indices, (size_t)l->dict.n * sizeof *indices + 1);
    if (!indices) return firn_fail_nomem(err);
    for (uint32_t i = 0; i < l->dict.n; i++) indices[i] = i;
    firn_parquet_dict_values(&l->dict, indices, l->dict.n, &l->values);
    FIRN_TRY(firn_buf_check(&l->values, err));
    for (uint32_t i = 0; i < l->dict.n; i++)
        memcpy(&c->views[i * t->n_lanes + lane], l->values.data + i * sizeof(firn_view),
               sizeof(firn_view));
    firn_buf_dispose(&l->indices);
    firn_buf_dispose(&l->values);
    return FIRN_OK;
}

/* Texts of all lanes in one dictionary: which of their numbers are of the same one. found: by place
 * in the dictionary, the first number. */
static firn_status find_firsts(const firn_sort_texts *t, text_column *c, uint32_t *found,
                               firn_error *err)
{
    firn_parquet_dict all;
    uint32_t n_found = 0;
    firn_status st = FIRN_OK;
    firn_parquet_dict_init(&all, t->alloc, 0, true, SIZE_MAX);
    for (uint32_t i = 0; i < c->n && st == FIRN_OK; i++) {
        uint32_t place = 0;
        size_t n_done = 0;
        st = firn_parquet_dict_add(&all, &c->views[i], 1, &place, &n_done, err);
        if (st != FIRN_OK) break;
        if (place == n_found) found[n_found++] = i;
        c->firsts[i] = found[place];
    }
    firn_parquet_dict_dispose(&all);
    return st;
}

static firn_status finish_column(const firn_sort_texts *t, text_column *c, firn_error *err)
{
    uint32_t most = 0;
    for (size_t k = 0; c->lanes && k < t->n_lanes; k++)
        if (c->lanes[k].dict.n > most) most = c->lanes[k].dict.n;
    if (most == 0) return FIRN_OK;
    c->n = most * (uint32_t)t->n_lanes;
    c->views = firn_mem_alloc_zero(t->alloc, c->n * sizeof *c->views);
    c->firsts = firn_mem_array(t->alloc, c->n, sizeof *c->firsts);
    if (!c->views || !c->firsts) return firn_fail_nomem(err);
    for (size_t k = 0; k < t->n_lanes; k++) FIRN_TRY(view_lane(t, c, k, err));
    uint32_t *found = firn_mem_array(t->alloc, c->n, sizeof *found);
    const firn_status st = found ? find_firsts(t, c, found, err) : firn_fail_nomem(err);
    firn_mem_free(t->alloc, found);
    return st;
}

firn_status firn_sort_texts_finish(firn_sort_texts *texts, firn_error *err)
{
    for (size_t i = 0; i < texts->n_columns; i++)
        FIRN_TRY(finish_column(texts, &texts->columns[i], err));
    return FIRN_OK;
}

const firn_view *firn_sort_texts_views(const firn_sort_texts *texts, size_t column, uint32_t *n)
{
    *n = texts->columns[column].n;
    return texts->columns[column].views;
}

const uint32_t *firn_sort_texts_firsts(const firn_sort_texts *texts, size_t column)
{
    return texts->columns[column].firsts;
}

uint64_t firn_sort_texts_id(const firn_sort_texts *texts)
{
    return texts->id;
}
