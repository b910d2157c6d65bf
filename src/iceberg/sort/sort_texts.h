/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that many rows have, by numbers: rows that are sorted carry the numbers. Each lane gives
 * numbers of its own, so that none waits for another; a text may have several.
 *
 * A column whose texts hardly come again, or take too many bytes, gets no more numbers. */
#ifndef FIRN_ICEBERG_SORT_TEXTS_H
#define FIRN_ICEBERG_SORT_TEXTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/columns/value_codes.h"

typedef struct firn_sort_texts firn_sort_texts;

/* root: the rows' columns, borrowed. max_bytes: of memory for all texts, about. id: not 0. */
FIRN_MUST_CHECK firn_status firn_sort_texts_create(const firn_type *root, size_t n_lanes,
                                                   int64_t max_bytes, uint64_t id,
                                                   const firn_allocator *alloc,
                                                   firn_sort_texts **out, firn_error *err);
/* NULL is fine. */
void firn_sort_texts_destroy(firn_sort_texts *texts);
/* The numbers of n values of a column: FIRN_NO_CODE where there is none. */
FIRN_MUST_CHECK firn_status firn_sort_texts_add(firn_sort_texts *texts, size_t lane, size_t column,
                                                const firn_column *values, int64_t n, uint32_t *out,
                                                firn_error *err);
/* After all add, before the rest. */
FIRN_MUST_CHECK firn_status firn_sort_texts_finish(firn_sort_texts *texts, firn_error *err);
/* Of a column, by number; empty views where there is no such number. */
const firn_view *firn_sort_texts_views(const firn_sort_texts *texts, size_t column, uint32_t *n);
/* Of a column, by number: the first one of the same text; as many as views. */
const uint32_t *firn_sort_texts_firsts(const firn_sort_texts *texts, size_t column);
uint64_t firn_sort_texts_id(const firn_sort_texts *texts);

#endif
