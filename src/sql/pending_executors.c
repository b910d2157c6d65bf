/* SPDX-License-Identifier: Apache-2.0 */
/* Statement families whose executor is not in the tree: they are left to the engine. */
#include "sql/sql_session.h"

firn_status firn_call_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                              firn_error *err)
{
    (void)session;
    (void)sql;
    (void)out;
    (void)err;
    *handled = false;
    return FIRN_OK;
}

firn_status firn_show_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                              firn_error *err)
{
    (void)session;
    (void)sql;
    (void)out;
    (void)err;
    *handled = false;
    return FIRN_OK;
}
