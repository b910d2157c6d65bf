/* SPDX-License-Identifier: Apache-2.0 */
/* Avro records to structs, planned once and run many times: the record's schema is walked at open,
 * each of its fields becomes one step (decode to an offset, or step over), and reading a record is
 * a walk over the steps. Fields are found by field id, never by name. */
#ifndef FIRN_ICEBERG_RECORD_PLAN_H
#define FIRN_ICEBERG_RECORD_PLAN_H

#include "base/arena.h"
#include "base/cursor.h"
#include "base/error.h"
#include "format/avro/avro.h"

typedef struct firn_record_step firn_record_step;

/* base: the struct being filled. Called only for values that are not null. */
typedef firn_status (*firn_record_fn)(void *ctx, const firn_record_step *step, firn_cursor *c,
                                      void *base, firn_error *err);

typedef enum firn_record_kind {
    FIRN_RECORD_SKIP = 0,
    FIRN_RECORD_BOOL,  /* bool */
    FIRN_RECORD_I32,   /* int32_t; a long in range is fine */
    FIRN_RECORD_I64,   /* int64_t */
    FIRN_RECORD_BYTES, /* firn_str: string, bytes or fixed */
    FIRN_RECORD_CALL,  /* fn */
} firn_record_kind;

/* What the reader wants of a record. */
typedef struct firn_record_want {
    int32_t field_id;
    firn_record_kind kind;
    bool is_required; /* the schema must have it */
    size_t offset;
    firn_record_fn fn;
    size_t arg; /* for fn */
    const char *name;
} firn_record_want;

struct firn_record_step {
    firn_record_kind kind;
    int8_t null_branch; /* of a union with null; -1: not a union */
    size_t offset;
    firn_record_fn fn;
    size_t arg;
    const firn_avro_schema *schema; /* of the value (without null); of the whole field for SKIP */
    int32_t field_id;
};

typedef struct firn_record_plan {
    const firn_record_step *steps;
    size_t n_steps;
} firn_record_plan;

FIRN_MUST_CHECK firn_status firn_record_plan_make(const firn_avro_schema *schema,
                                                  const firn_record_want *wants, size_t n_wants,
                                                  firn_arena *arena, firn_record_plan *out,
                                                  firn_error *err);
/* Members of absent or null fields stay as they are in base. */
FIRN_MUST_CHECK firn_status firn_record_read(const firn_record_plan *plan, firn_cursor *c,
                                             void *ctx, void *base, firn_error *err);
/* The schema of a value that may be null: [null, X] gives X and the branch of null. */
FIRN_MUST_CHECK firn_status firn_record_unwrap(const firn_avro_schema *schema, int32_t field_id,
                                               const firn_avro_schema **out, int8_t *null_branch,
                                               firn_error *err);

#endif
