/* SPDX-License-Identifier: Apache-2.0 */
/* Options of rewrites as text: MAP('min-input-files', '2', ..), sort orders, filters. */
#ifndef FIRN_ICEBERG_PROCEDURE_OPTIONS_H
#define FIRN_ICEBERG_PROCEDURE_OPTIONS_H

#include "iceberg/maintain/procedures/procedure.h"

typedef enum firn_option_kind {
    FIRN_OPTION_I64 = 0, /* above 0 */
    FIRN_OPTION_I32,     /* above 0 */
    FIRN_OPTION_BOOL,
    FIRN_OPTION_SHARE,   /* double */
    FIRN_OPTION_IGNORED, /* known to Spark, nothing to us */
} firn_option_kind;

typedef struct firn_option {
    const char *name;
    firn_option_kind kind;
    size_t offset; /* of the field in the options' struct */
} firn_option;

/* Sets fields of opts; FIRN_ERR_ARG for a name that is not in the table. */
FIRN_MUST_CHECK firn_status firn_call_options(firn_procedure_call *call, size_t argument,
                                              const firn_option *options, size_t n_options,
                                              void *opts, firn_error *err);
/* "c DESC NULLS LAST, bucket(4, d)" or "zorder(a, b)" or "hilbert(a, b)". */
FIRN_MUST_CHECK firn_status firn_call_sort_order(firn_procedure_call *call, size_t argument,
                                                 firn_file_rewrite_opts *opts, firn_error *err);
/* The filter; text in double quotes is a literal where there is no such column, as Spark has it. */
FIRN_MUST_CHECK firn_status firn_call_filter(firn_procedure_call *call, size_t argument,
                                             firn_str *out, firn_error *err);
/* "100MB", "1 GiB", plain bytes. */
FIRN_MUST_CHECK firn_status firn_call_size(firn_procedure_call *call, size_t argument, int64_t *out,
                                           firn_error *err);

#endif
