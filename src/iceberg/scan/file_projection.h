/* SPDX-License-Identifier: Apache-2.0 */
/* Where each wanted column of a scan comes from in one data file: read from it, or the same for
 * all its rows (specification, "Column Projection"). */
#ifndef FIRN_ICEBERG_FILE_PROJECTION_H
#define FIRN_ICEBERG_FILE_PROJECTION_H

#include "iceberg/scan/name_mapping.h"
#include "iceberg/scan/plan.h"
#include "iceberg/scan/row_file.h"

typedef enum firn_column_origin {
    FIRN_COLUMN_READ = 0,
    FIRN_COLUMN_CONSTANT, /* value */
    FIRN_COLUMN_POSITION, /* first + row number in the file */
} firn_column_origin;

typedef struct firn_column_plan {
    firn_column_origin origin;
    firn_column_origin nulls; /* of a column that is read: what its nulls stand for; READ: null */
    firn_value value;         /* of the column's type; bytes borrowed from the task */
    int64_t first;
} firn_column_plan;

typedef struct firn_file_projection {
    firn_column_plan *columns; /* one per wanted field */
    size_t n_columns;
    const firn_type *read_type; /* STRUCT of the columns to read, named as the match needs */
    size_t *read_columns;       /* their places among the wanted ones */
    size_t n_read;
    firn_row_match match;
} firn_file_projection;

/* True for the columns that need no look into the file: _file, _pos, _spec_id, _deleted. Those of
 * position delete files and of row lineage are columns like others. */
bool firn_field_is_metadata(int32_t field_id);

/* By ids if the file has any. */
firn_row_match firn_row_match_of(const firn_schema *file_schema);

/* file_schema NULL: all wanted fields are metadata columns. Everything lives in the arena. */
FIRN_MUST_CHECK firn_status firn_file_projection_make(const firn_type *wanted,
                                                      const firn_scan_task *task,
                                                      const firn_schema *file_schema,
                                                      const firn_name_mapping *mapping,
                                                      firn_arena *arena, firn_file_projection *out,
                                                      firn_error *err);

#endif
