/* SPDX-License-Identifier: Apache-2.0 */
/* Which reference of a text a scan is of, for the joins of the text: by its private suffix, or by a
 * name that no other has. Not here: what is joined (join_text.h). */
#include "base/error.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"
#include "sql/session/session_state.h"

bool firn_session__is_table(const void *ctx, const firn_table_ref *ref)
{
    const reference_scope *in = ctx;
    firn_session *session = in->session;
    const firn_type *columns = NULL;
    firn_error ignored;
    const firn_sql_name name = {.parts = ref->parts, .n_parts = ref->n_parts};
    if (session->n_catalogs == 0 ||
        firn_session__columns_of(session, in->view, &name, &columns, &ignored) != FIRN_OK ||
        !columns)
        return false;
    const size_t n_tags = session->statement.n_tags;
    const bool is_engines = !in->view && firn_session__is_temporary(session, &name);
    session->statement.n_tags = n_tags; /* the question to the engine is over */
    return !is_engines;
}

static bool is_same_name(const firn_table_ref *ref, const firn_sql_name *name)
{
    if (ref->n_parts != name->n_parts) return false;
    for (size_t i = 0; i < ref->n_parts; i++)
        if (!firn_str_equals_nocase(ref->parts[i], name->parts[i])) return false;
    return true;
}

void firn_session__find_joins(const firn_session *session, const statement_tag *tag,
                              const view_scope *scope, const firn_sql_name *name,
                              firn_scan_source *source)
{
    const firn_rewrite *rewrite = tag || scope ? NULL : session->statement.rewrite;
    size_t n = 0;
    if (tag) {
        source->joins = tag->joins;
        source->join_ref = tag->join_ref;
    }
    for (size_t i = 0; rewrite && i < rewrite->n_refs; i++) {
        if (!is_same_name(&rewrite->refs[i], name)) continue;
        source->joins = n++ == 0 ? rewrite->scans : NULL;
        source->join_ref = i;
    }
}
