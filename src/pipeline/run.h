/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a pipeline: what its model executors share. */
#ifndef FIRN_PIPELINE_RUN_H
#define FIRN_PIPELINE_RUN_H

#include "base/env.h"
#include "firn/session.h"
#include "firn/table.h"
#include "pipeline/model.h"

typedef struct firn_run {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_session *session; /* opened by the first SQL statement; use firn_run_session() */
    firn_arena *arena;     /* of the model that is running */
    const firn_pipeline_opts *opts;
    const firn_model *model;
    firn_model_report *report;
    firn_str *warnings;
    size_t n_warnings, cap_warnings;
    bool source_will_change; /* dry run: a model this one reads would run */
} firn_run;

/* Executors. Each fills run->report, and in a dry run only looks. */
FIRN_MUST_CHECK firn_status firn_run_landing(firn_run *run, firn_error *err);
FIRN_MUST_CHECK firn_status firn_run_incremental(firn_run *run, firn_error *err);
FIRN_MUST_CHECK firn_status firn_run_view(firn_run *run, firn_error *err);

/* How often a model starts again after losing a race against another writer. */
enum { FIRN_RUN_ATTEMPTS = 10 };

FIRN_MUST_CHECK firn_status firn_run_session(firn_run *run, firn_session **out, firn_error *err);
/* Run a statement, throw its rows away. */
FIRN_MUST_CHECK firn_status firn_run_sql(firn_run *run, firn_error *err, const char *fmt, ...)
    FIRN_PRINTF(3, 4);
/* "catalog"."ns"."name<suffix>" of the running model, for SQL. .data NULL when out of memory. */
firn_str firn_run_quoted(firn_run *run, const char *suffix);
/* Identifier of <model><suffix>. */
FIRN_MUST_CHECK firn_status firn_run_ident(firn_run *run, const char *suffix, firn_ident *out,
                                           firn_error *err);
/* Open <model><suffix>; *out NULL (and FIRN_OK) when it does not exist. */
FIRN_MUST_CHECK firn_status firn_run_open(firn_run *run, const char *suffix, firn_table **out,
                                          firn_error *err);
FIRN_MUST_CHECK firn_status firn_run_create_namespace(firn_run *run, firn_error *err);
FIRN_MUST_CHECK firn_status firn_run_warn(firn_run *run, firn_error *err, const char *fmt, ...)
    FIRN_PRINTF(3, 4);
void firn_run_progress(const firn_run *run, double fraction, int64_t rows);

#endif
