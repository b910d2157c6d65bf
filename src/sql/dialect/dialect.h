/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect of a session: how types are spelled in what it answers. What a dialect changes in
 * what it reads is dialect_text.h. */
#ifndef FIRN_SQL_DIALECT_H
#define FIRN_SQL_DIALECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/types.h"

typedef enum firn_dialect {
    FIRN_DIALECT_DUCKDB = 0,
    FIRN_DIALECT_SPARK,
    FIRN_DIALECT_TRINO,
} firn_dialect;

/* False: there is no such dialect. */
bool firn_dialect_of(firn_str name, firn_dialect *out);
const char *firn_dialect_name(firn_dialect dialect);
/* The type as columns of results are headed: "decimal(9, 2)" in Trino. DuckDB's own spelling is the
 * engine's; here it is written like Spark's. */
void firn_dialect_put_type(firn_dialect dialect, const firn_type *type, firn_buf *out);
/* The type as DESCRIBE shows it: "decimal(9,2)" in Trino. */
void firn_dialect_put_column_type(firn_dialect dialect, const firn_type *type, firn_buf *out);
/* The type as SHOW CREATE TABLE writes it. */
void firn_dialect_put_sql_type(firn_dialect dialect, const firn_type *type, firn_buf *out);
/* The spelling of a type that only the engine has, or that has a name of its own in it ("SMALLINT",
 * "INTERVAL", "TIMESTAMP_MS"); NULL: none. */
const char *firn_dialect_engine_type(firn_dialect dialect, firn_str engine_name);

/* The name as the dialect keeps it: in Trino names of tables, schemas and columns are lower case,
 * quoted or not. The name itself, or a copy in the arena; data NULL: out of memory. */
firn_str firn_dialect_fold(firn_dialect dialect, firn_str name, firn_arena *arena);

#endif
