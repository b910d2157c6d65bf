/* SPDX-License-Identifier: Apache-2.0 */
/* The values that equality delete files of the same columns and the same partition delete, each
 * with the highest sequence number that deletes it: a row goes when its values are there with a
 * sequence number above its file's. Null equals null, NaN equals NaN, -0 is not 0. */
#ifndef FIRN_ICEBERG_EQUALITY_DELETES_H
#define FIRN_ICEBERG_EQUALITY_DELETES_H

#include "iceberg/scan/position_deletes.h"

#define FIRN_EQUALITY_MAX_COLUMNS 1000 /* of one delete file */

/* A column that is compared: where it is in a row. */
typedef struct firn_equality_column {
    firn_field root; /* top-level field; a struct is cut down to what leads to the column */
    size_t depth;    /* 0: root is the column; else how many structs it is inside */
} firn_equality_column;

typedef struct firn_equality_set {
    const firn_equality_column *columns;
    size_t n_columns;
    firn_map values; /* bytes of the values -> int64_t sequence number */
} firn_equality_set;

/* Looks the columns up in the table's schemas, dropped ones in old schemas. All in the arena. */
FIRN_MUST_CHECK firn_status firn_equality_set_init(firn_equality_set *set,
                                                   const firn_table_metadata *metadata,
                                                   const int32_t *field_ids, size_t n,
                                                   firn_arena *arena, firn_error *err);
/* Adds the rows of one delete file, and what the map needs to the set's arena. */
FIRN_MUST_CHECK firn_status firn_equality_set_read(firn_equality_set *set,
                                                   const firn_delete_source *source,
                                                   const firn_delete_file *file, firn_error *err);
/* Clears the bit of each row that is deleted from a file of that sequence number. columns[i] is the
 * root of the set's i-th column; key is scratch. */
FIRN_MUST_CHECK firn_status firn_equality_set_apply(const firn_equality_set *set,
                                                    const firn_column *const *columns,
                                                    int64_t n_rows, int64_t sequence_number,
                                                    firn_buf *key, uint64_t *keep, firn_error *err);

#endif
