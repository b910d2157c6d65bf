/* SPDX-License-Identifier: Apache-2.0 */
/* VIEW: stored in the catalog as an Iceberg view; replaced when the model's query changed. */
#include "base/error.h"
#include "base/str.h"
#include "pipeline/run.h"

static bool has_query(const firn_view_metadata *view, firn_str query)
{
    for (size_t i = 0; i < view->n_versions; i++) {
        const firn_view_version *v = &view->versions[i];
        if (v->version_id != view->current_version_id) continue;
        for (size_t r = 0; r < v->n_representations; r++) {
            if (firn_str_equals(firn_str_trim(v->representations[r].sql), query)) return true;
        }
    }
    return false;
}

/* One try; *is_lost when another run made or changed the view at the same time. */
static firn_status put_view(firn_run *run, bool *is_lost, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(run->catalog);
    firn_loaded_view loaded = {0};
    firn_status st = ops->load_view(firn_catalog_ctx(run->catalog), &run->model->ident, run->arena,
                                    &loaded, err);
    const bool exists = st == FIRN_OK;
    *is_lost = false;
    if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND) return st;
    if (exists && has_query(loaded.metadata, run->model->query)) {
        run->report->action = "nothing new";
        return FIRN_OK;
    }
    if (run->opts->is_dry_run) {
        run->report->state = FIRN_MODEL_WOULD_RUN;
        run->report->action = exists ? "would replace view" : "would create view";
        return FIRN_OK;
    }
    FIRN_TRY(firn_run_create_namespace(run, err));
    st = firn_run_sql(run, err, "CREATE OR REPLACE VIEW %s AS %.*s", firn_run_quoted(run, "").data,
                      FIRN_STR_ARG(run->model->query));
    *is_lost = st == FIRN_ERR_EXISTS || st == FIRN_ERR_CONFLICT;
    if (st != FIRN_OK) return st;
    run->report->state = FIRN_MODEL_RAN;
    run->report->action = exists ? "replaced view" : "created view";
    return FIRN_OK;
}

firn_status firn_run_view(firn_run *run, firn_error *err)
{
    firn_status st = FIRN_OK;
    bool is_lost = true;
    for (int attempt = 0; is_lost && attempt < FIRN_RUN_ATTEMPTS; attempt++)
        st = put_view(run, &is_lost, err);
    return st;
}
