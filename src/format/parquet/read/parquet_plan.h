/* SPDX-License-Identifier: Apache-2.0 */
/* How a projection is read from one file: for each projected field the file's column that feeds
 * it, or that none does. */
#ifndef FIRN_FORMAT_PARQUET_PLAN_H
#define FIRN_FORMAT_PARQUET_PLAN_H

#include "format/parquet/read/parquet_budget.h"
#include "format/parquet/read/parquet_leaf_read.h"
#include "format/parquet/read/parquet_variant.h"

typedef enum firn_pq_read_kind {
    FIRN_PQ_READ_MISSING = 0, /* nulls or the field's initial default */
    FIRN_PQ_READ_LEAF,
    FIRN_PQ_READ_STRUCT,
    FIRN_PQ_READ_LIST,    /* maps too */
    FIRN_PQ_READ_VARIANT, /* its child reads the group, which has its own column */
} firn_pq_read_kind;

typedef struct firn_pq_read {
    firn_pq_read_kind kind;
    const firn_field *field;
    const firn_pq_node *node; /* NULL when missing */
    int16_t slot_def;         /* definition level from which on there is a slot for this field: the
                                 list_def of the nearest list around it */
    firn_pq_leaf *leaf;       /* LEAF: its values; others: a leaf inside, for its levels */
    bool owns_shape;          /* no field inside reads leaf: it is read for this one, once; the
                                 fields around may borrow it */
    firn_pq_variant *variant;
    struct firn_pq_read *children;
    size_t n_children;
} firn_pq_read;

typedef struct firn_pq_plan {
    firn_arena *arena;
    const firn_parquet_file *file;
    firn_parquet_match match;
    firn_parquet_types types;
    firn_parquet_memory *memory;
    size_t window_bytes;    /* 0: shared out */
    firn_pq_budget *budget; /* in the arena */
    firn_pq_read root;
    firn_pq_leaf **leaves; /* in file order of discovery; disposed by the owner of the plan */
    size_t n_leaves, cap_leaves;
} firn_pq_plan;

/* Fills root and leaves for a projection of kind STRUCT. On failure leaves made so far stay in the
 * plan. */
FIRN_MUST_CHECK firn_status firn_pq_plan_build(firn_pq_plan *plan, const firn_type *projection,
                                               firn_error *err);

/* parquet_assemble.c */
/* Gives every leaf below read its column for the next batch. */
void firn_pq_bind(firn_pq_read *read, firn_column *column);
/* Reads up to max_rows rows of all leaves below a nested field; *n_rows in: rows wanted, or 0 when
 * this field may decide. */
FIRN_MUST_CHECK firn_status firn_pq_read_levels(firn_pq_read *read, size_t max_rows, size_t *n_rows,
                                                firn_error *err);
/* Turns levels and dense values into the column and its children, n_slots long, of which n_wanted
 * are not null around the field. */
FIRN_MUST_CHECK firn_status firn_pq_assemble(const firn_pq_read *read, firn_column *column,
                                             size_t n_slots, size_t n_wanted, firn_error *err);
/* n_slots nulls or defaults. */
FIRN_MUST_CHECK firn_status firn_pq_fill_missing(const firn_field *field, firn_column *column,
                                                 size_t n_slots, firn_error *err);

#endif
