/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/pipeline.h
 * @brief A folder of SQL models, and running what is due.
 *
 * Each file *.sql of the folder (sub-folders too) holds one model: a MODEL (...) block, optional
 * EXPECT clauses, and for most kinds a query. Dependencies are found from the FROM clauses. See
 * docs/pipelines.md for the form.
 *
 * Exactly once: what a model has read is committed together with the rows it wrote.
 *
 * Ownership:  load/close; reports are borrowed for the callback.
 * Threads:    one pipeline, one thread.
 */
#ifndef FIRN_PIPELINE_H
#define FIRN_PIPELINE_H

#include "firn/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

FIRN_BEGIN_DECLS

typedef struct firn_pipeline firn_pipeline;

typedef enum firn_model_kind {
    FIRN_MODEL_LANDING = 0,               /**< files of a folder, each loaded exactly once */
    FIRN_MODEL_INCREMENTAL_BY_UNIQUE_KEY, /**< new rows of its source, merged by key */
    FIRN_MODEL_VIEW,                      /**< an Iceberg view */
} firn_model_kind;

typedef enum firn_model_state {
    FIRN_MODEL_UP_TO_DATE = 0, /**< nothing to do */
    FIRN_MODEL_WOULD_RUN,      /**< dry run: there is something to do */
    FIRN_MODEL_RAN,
    FIRN_MODEL_FAILED,
    FIRN_MODEL_SKIPPED, /**< a model it depends on failed */
} firn_model_state;

/** @brief What became of one model in a run. */
typedef struct firn_model_report {
    firn_str name;
    firn_model_kind kind;
    firn_model_state state;
    int64_t rows_in;          /**< read from the source (lines, for LANDING) */
    int64_t rows_out;         /**< added or changed in the target */
    int64_t rows_quarantined; /**< malformed lines, or rows that broke an expectation */
    int64_t rows_dropped;     /**< EXPECT ... ON VIOLATION DROP ROW */
    int64_t files_in;         /**< LANDING: landing files loaded (dry run: waiting) */
    int64_t files_out;        /**< data files written */
    int64_t bytes_in;         /**< LANDING: bytes of landing files */
    double seconds;
    const char *action;       /**< "loaded", "merged", "created view", "nothing new"... */
    const firn_error *error;  /**< FIRN_MODEL_FAILED */
    const firn_str *warnings; /**< e.g. a landing file that changed after it was loaded */
    size_t n_warnings;
} firn_model_report;

typedef struct firn_pipeline_opts {
    size_t struct_size;
    const firn_property *variables; /**< --set name=value: @name in model files */
    size_t n_variables;
    const firn_str *select; /**< names of models to run; none: all */
    size_t n_select;
    bool is_dry_run;
    void (*on_report)(void *ctx, const firn_model_report *report); /**< as each model ends */
    /** Progress of the running model; fraction < 0: unknown. At most ten times a second. */
    void (*on_progress)(void *ctx, firn_str model, double fraction, int64_t rows);
    void *ctx;
} firn_pipeline_opts;

#define FIRN_PIPELINE_OPTS(...) \
    (&(firn_pipeline_opts){.struct_size = sizeof(firn_pipeline_opts), __VA_ARGS__})

/**
 * @brief Read and check the models of a folder: syntax, variables, cycles, duplicate names.
 * @retval FIRN_ERR_ARG  A model is wrong; the message starts with file:line.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_pipeline_load(firn_env *env, firn_store *store,
                                                        firn_catalog *catalog, firn_str folder,
                                                        const firn_pipeline_opts *opts,
                                                        firn_pipeline **out, firn_error *err);
FIRN_API void firn_pipeline_close(firn_pipeline *pipeline);
/**
 * @brief Run what is due, in dependency order. A failed model skips what depends on it; the others
 * run. Two runs may work at the same time: each landing file and each row is still taken once.
 *
 * @param[out] n_failed    Models that failed or were skipped.
 * @param[out] n_warnings  Warnings of all models (a landing file that changed, ...).
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_pipeline_run(firn_pipeline *pipeline, int64_t *n_failed,
                                                       int64_t *n_warnings, firn_error *err);

FIRN_END_DECLS

#endif
