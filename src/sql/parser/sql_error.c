/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in a statement: FIRN_ERR_ARG with the place. */
#include <stdio.h>

#include "base/error.h"
#include "sql/session/sql_session.h"

firn_status firn_sql_fail(firn_error *err, size_t offset, const char *fmt, ...)
{
    char message[sizeof err->message];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    (void)firn_fail(err, FIRN_ERR_ARG, "%s", message);
    if (err) err->position = offset;
    return FIRN_ERR_ARG;
}
