/* SPDX-License-Identifier: Apache-2.0 */
/* A model file as a struct, and reading one.
 *
 *   MODEL ( name ns.table, kind LANDING (path @landing, format ndjson | csv), columns (...), ... );
 *   EXPECT name (condition) [ON VIOLATION QUARANTINE | DROP ROW | FAIL UPDATE];
 *   SELECT ...;
 *
 * @name stands for a variable given with --set: text inside quotes is left alone; in a query the
 * value is written as a string literal (as a number if it is one). */
#ifndef FIRN_PIPELINE_MODEL_H
#define FIRN_PIPELINE_MODEL_H

#include "base/arena.h"
#include "firn/pipeline.h"

typedef enum firn_violation {
    FIRN_VIOLATION_QUARANTINE = 0, /* the row goes to <model>_quarantine with the expectation */
    FIRN_VIOLATION_DROP_ROW,       /* the row is left out and counted */
    FIRN_VIOLATION_FAIL_UPDATE,    /* the model fails, nothing is committed */
} firn_violation;

typedef enum firn_landing_format {
    FIRN_LANDING_NDJSON = 0,
    FIRN_LANDING_CSV, /* with a header, comma and double quotes */
} firn_landing_format;

typedef struct firn_expectation {
    firn_str name;
    firn_str condition; /* SQL; false and null are violations */
    firn_violation on_violation;
} firn_expectation;

typedef struct firn_model {
    firn_str path;    /* of the file */
    firn_str name;    /* "silver.orders" */
    firn_ident ident; /* the same, as namespace and name */
    firn_model_kind kind;
    firn_str landing_path; /* LANDING: a folder */
    firn_landing_format landing_format;
    firn_str columns;           /* LANDING: SQL column list without the parentheses */
    const firn_str *unique_key; /* INCREMENTAL_BY_UNIQUE_KEY */
    size_t n_unique_key;
    firn_str updated_at;     /* empty: none */
    bool ignores_matched;    /* when_matched IGNORE */
    firn_str partitioned_by; /* SQL list without the parentheses; empty: none */
    const firn_expectation *expectations;
    size_t n_expectations;
    firn_str query;          /* variables put in; empty for LANDING */
    const firn_str *sources; /* dotted names of tables in the query's FROMs, first first */
    size_t n_sources;
} firn_model;

/* Parse the text of a model file; strings of *out live in the arena. Errors start with
 * "path:line: ". */
FIRN_MUST_CHECK firn_status firn_model_parse(firn_str path, firn_str text,
                                             const firn_property *variables, size_t n_variables,
                                             firn_arena *arena, firn_model *out, firn_error *err);
/* Names of tables that a query reads: after FROM and JOIN, common table expressions left out, in
 * order, each once. */
FIRN_MUST_CHECK firn_status firn_query_sources(firn_str query, firn_arena *arena, firn_str **out,
                                               size_t *n_out, firn_error *err);
/* Put the models in an order in which each comes after those it reads: order[i] is an index.
 * A cycle is FIRN_ERR_ARG and names its models. */
FIRN_MUST_CHECK firn_status firn_model_order(const firn_model *models, size_t n, firn_arena *arena,
                                             size_t **order, firn_error *err);
/* True if model reads other. */
bool firn_model_reads(const firn_model *model, const firn_model *other);

#endif
