/* SPDX-License-Identifier: Apache-2.0 */
/* Results that are a tree of values, on standard output: --format text or json. */
#ifndef FIRN_APP_OUTLINE_OUTPUT_H
#define FIRN_APP_OUTLINE_OUTPUT_H

#include "app.h"
#include "format/inspect/outline.h"

#define APP_OUTLINE_OPTION                                   \
    {                                                        \
        "format", 0, "FORMAT", "text or json; default: text" \
    }

/* From --format; FIRN_ERR_ARG for another one. */
FIRN_MUST_CHECK firn_status outline_style(const app_args *args, firn_outline_style *out,
                                          firn_error *err);
void outline_open(firn_outline *out, firn_outline_style style);
/* Ends the output; st is how the rest went, and stays the result when it failed. */
FIRN_MUST_CHECK firn_status outline_close(firn_outline *out, firn_status st, firn_error *err);

#endif
