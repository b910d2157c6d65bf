/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a column chunk has values that pass a test, by its bloom filter or its dictionary page.
 * Inside the format room; parquet_select.c decides when to ask. */
#ifndef FIRN_FORMAT_PARQUET_PROBE_H
#define FIRN_FORMAT_PARQUET_PROBE_H

#include "format/parquet/read/parquet_convert.h"

/* A column chunk and how its values become those of the test's column. */
typedef struct firn_pq_probe {
    const firn_parquet_file *file;
    size_t row_group;
    const firn_pq_node *leaf;
    const firn_pq_conv *conv;
} firn_pq_probe;

/* *may_pass false: surely none. Damaged filters and dictionaries are not believed; failures are
 * those of input, memory and the like. */
FIRN_MUST_CHECK firn_status firn_pq_probe_bloom(const firn_pq_probe *probe, const firn_filter *test,
                                                firn_arena *arena, bool *may_pass, firn_error *err);
FIRN_MUST_CHECK firn_status firn_pq_probe_dictionary(const firn_pq_probe *probe,
                                                     const firn_filter *test, bool *may_pass,
                                                     firn_error *err);
/* True for failures that mean "this part of the file is damaged or of the future". */
bool firn_pq_is_damage(firn_status st);

#endif
