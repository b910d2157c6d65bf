/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that stand for the values of a column, beside the values themselves: who gets rows in a
 * column need not compare the values where the numbers are the same. Not a dictionary of a file,
 * and not needed to read the column: who does not know of them reads values. */
#ifndef FIRN_FORMAT_VALUE_CODES_H
#define FIRN_FORMAT_VALUE_CODES_H

#include "firn/batch.h"

#define FIRN_NO_CODE UINT32_MAX /* of nulls, and of values that have none */

/* What firn_column.codes points to. */
typedef struct firn_value_codes {
    const uint32_t *numbers; /* of the rows of the batch; NULL: none */
    uint32_t n;              /* all numbers are below, or FIRN_NO_CODE */
    uint64_t id;             /* under one id equal numbers are equal values; never 0 */
} firn_value_codes;

#endif
