/* SPDX-License-Identifier: Apache-2.0 */
/* A table by its metadata file, without a catalog: --table, --snapshot, --ref, --where, --map. */
#ifndef FIRN_APP_TABLE_SOURCE_H
#define FIRN_APP_TABLE_SOURCE_H

#include "app.h"
#include "firn/metadata.h"
#include "iceberg/expr/expr.h"
#include "iceberg/scan/table_rows.h"
#include "row_stream.h"

/* For a command's table of options. */
#define TABLE_SOURCE_OPTIONS                                                                   \
    {"table", 0, "METADATA", "a table by its metadata file, without a catalog"},               \
        {"snapshot", 0, "ID", "the table as of a snapshot, with the schema of that snapshot"}, \
        {"ref", 0, "NAME", "the table as of a branch or tag"},                                 \
        {"where", 0, "SQL", "rows that pass a filter: \"a > 1 and b.c in ('x', 'y')\""},       \
    {                                                                                          \
        "map", 0, "OLD=NEW", "locations that begin with OLD are at NEW; repeatable"            \
    }

typedef struct table_source {
    firn_store *store; /* of the table's locations */
    firn_str location; /* of the metadata file */
    const firn_table_metadata *metadata;
    const firn_snapshot *snapshot; /* NULL: the table is empty */
    const firn_schema *schema;     /* to read with */
    const firn_expr *filter;       /* unbound; NULL: all rows */
} table_source;

/* Opens the home's store, maps it and loads the metadata. Close it, failed or not. FIRN_ERR_ARG for
 * wrong options. */
FIRN_MUST_CHECK firn_status table_source_open(app *a, const app_args *args, table_source *out,
                                              firn_error *err);
void table_source_close(table_source *source);

/* Its rows, limit of them at most (-1: all). */
typedef struct table_stream {
    firn_table_rows *rows;
    int64_t limit, n_given;
    firn_batch cut; /* the last batch of a limit */
    row_stream stream;
} table_stream;

/* columns: "a,b.c"; NULL: all. Close it, failed or not. */
FIRN_MUST_CHECK firn_status table_stream_open(app *a, const table_source *source,
                                              const char *columns, int64_t limit, table_stream *out,
                                              firn_error *err);
void table_stream_close(table_stream *stream);

#endif
