/* SPDX-License-Identifier: Apache-2.0 */
/* What the executors of DML share: rows on their way into data files, and the files of a table
 * that a statement changes, written anew (copy-on-write) or given delete files (merge-on-read).
 * Nothing here commits. */
#ifndef FIRN_SQL_DML_H
#define FIRN_SQL_DML_H

#include "base/map.h"
#include "firn/table.h"
#include "iceberg/scan/plan.h"
#include "iceberg/scan/read.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/table_writer.h"
#include "sql/parser/sql_ast.h"
#include "sql/parser/sql_text.h"
#include "sql/session/session_state.h"

/* ---- dml_rows.c: a query's rows into data files ---- */

/* A query whose columns are a table's, in order and of its types; or one of changes, see
 * dml_apply.c. */
typedef struct firn_dml_rows {
    firn_sql_text *text;
    firn_str sql;
    firn_type columns; /* where the query makes the table */
} firn_dml_rows;

/* ---- dml_order.c ---- */

/* Have the engine order the rows as the table wants its files (write.distribution-mode, sort
 * order). n_leading: columns of the query before the table's. *sort_order_id: of files with these
 * rows alone; 0: unsorted. Once for a query. */
FIRN_MUST_CHECK firn_status firn_dml__order_rows(firn_dml_rows *rows, const firn_table *table,
                                                 size_t n_leading, int32_t *sort_order_id,
                                                 firn_error *err);

/* ---- dml_rows.c ---- */

/* Have the engine give the query's columns, which are the engine's own, as they are stored. */
FIRN_MUST_CHECK firn_status firn_dml__store(firn_dml_rows *rows, firn_error *err);

typedef struct firn_row_writer {
    firn_session *session;
    const firn_table *table;
    const firn_schema *schema; /* of the files: the table's, with lineage or without */
    firn_table_writer *writer;
    firn_arena *scratch; /* of one batch */
    firn_batch *chosen;  /* copies of chosen rows; made when needed */
    firn_data_file *files;
    size_t n_files;
    int64_t n_rows;
} firn_row_writer;

/* with_lineage: behind the table's columns, _row_id and _last_updated_sequence_number, null for
 * rows that inherit them. */
FIRN_MUST_CHECK firn_status firn_row_writer_init(firn_row_writer *w, firn_session *session,
                                                 const firn_table *table, bool with_lineage,
                                                 firn_error *err);
/* Columns as many as the writer's schema has, with the layouts of its types. FIRN_ERR_ARG for a
 * null in a required column. */
FIRN_MUST_CHECK firn_status firn_row_writer_append(firn_row_writer *w, const firn_column *columns,
                                                   int64_t n_rows, firn_error *err);
/* Only the named rows. */
FIRN_MUST_CHECK firn_status firn_row_writer_append_rows(firn_row_writer *w,
                                                        const firn_column *columns,
                                                        const int64_t *rows, int64_t n,
                                                        firn_error *err);
/* Fills w->files, which are the caller's to hand on or remove. sort_order_id: of their rows. */
FIRN_MUST_CHECK firn_status firn_row_writer_finish(firn_row_writer *w, int32_t sort_order_id,
                                                   firn_error *err);
/* Removes unfinished files. */
void firn_row_writer_dispose(firn_row_writer *w);

/* Write all rows, in the table's order; files in w->files. */
FIRN_MUST_CHECK firn_status firn_dml__write_rows(const firn_dml_rows *rows, firn_row_writer *w,
                                                 firn_error *err);
/* Append them in txn; no rows: no change of the transaction. */
FIRN_MUST_CHECK firn_status firn_dml__append_rows(const firn_dml_rows *rows, firn_table *table,
                                                  firn_txn *txn, int64_t *n_rows, int64_t *n_files,
                                                  firn_error *err);
/* Replace all rows of the table. */
FIRN_MUST_CHECK firn_status firn_dml__overwrite_rows(const firn_dml_rows *rows, firn_table *table,
                                                     firn_txn *txn, int64_t *n_rows,
                                                     firn_error *err);

/* ---- dml_assign.c ---- */
/* "the table has no column", and which it may have meant. */
firn_status firn_dml__fail_column(firn_str name, const firn_schema *schema, size_t offset,
                                  firn_error *err);

/* ---- dml_insert.c: any query as rows of a table ---- */

typedef struct firn_row_source {
    firn_str statement; /* what query is a piece of, for error positions */
    firn_str with;
    firn_str query;
    const firn_str *columns; /* column list of INSERT; NULL: all */
    const size_t *offsets;   /* of the columns in the statement; NULL: unknown */
    size_t n_columns;
    const firn_ast_assignments *constants; /* PARTITION (a = 1); NULL: none */
    bool by_name;
    const firn_sql_name *target; /* for messages; may be NULL */
} firn_row_source;

/* Casts and orders the query's columns as the schema has them; missing ones are null. */
FIRN_MUST_CHECK firn_status firn_dml__rows_of(firn_session *session, const firn_schema *schema,
                                              const firn_row_source *source, firn_dml_rows *out,
                                              firn_error *err);

/* ---- dml_overwrite.c ---- */

struct firn_dml_statement;
/* Columns of PARTITION are what the table is partitioned by. */
FIRN_MUST_CHECK firn_status firn_dml__check_partition(const firn_table *table,
                                                      const firn_ast_insert *ast, firn_error *err);
/* INSERT OVERWRITE and INSERT .. REPLACE WHERE. */
FIRN_MUST_CHECK firn_status firn_dml__overwrite(struct firn_dml_statement *s,
                                                const firn_ast_insert *ast,
                                                const firn_dml_rows *rows, firn_error *err);

/* ---- dml_target.c: the files of a table that a statement changes ---- */

typedef struct firn_target_file {
    const firn_scan_task *task;
    uint64_t *changed; /* bit per row: updated or deleted; NULL: none */
    int64_t n_changed;
} firn_target_file;

typedef struct firn_dml_target {
    firn_session *session;
    firn_table *table;
    const firn_schema *schema;
    int64_t snapshot_id;     /* -1: empty table */
    bool has_lineage;        /* its rows have ids, which they keep wherever they are written */
    const firn_expr *filter; /* bound, of all rows that may change; NULL: any */
    firn_scan_plan plan;     /* files that may hold such rows */
    firn_target_file *files; /* of the plan's tasks */
    firn_map by_path;
    firn_file_numbers numbers; /* of files[], by path */
    int64_t n_changed;
} firn_dml_target;

/* Plan the files that filter (bound or unbound; NULL: all rows) may match. The table's handle is
 * what mentions of the table in this statement show. */
FIRN_MUST_CHECK firn_status firn_dml_target_init(firn_dml_target *t, firn_session *session,
                                                 firn_table *table, const firn_expr *filter,
                                                 firn_error *err);
/* FIRN_ERR_ARG "matched by more than one" when the row was marked before, unless twice is fine. */
FIRN_MUST_CHECK firn_status firn_dml_target_mark(firn_dml_target *t, int32_t file, int64_t pos,
                                                 bool is_twice_fine, firn_error *err);
/* Mark all rows of a file. */
FIRN_MUST_CHECK firn_status firn_dml_target_mark_file(firn_dml_target *t, firn_target_file *file,
                                                      firn_error *err);
/* Make the change of txn: w's files instead of those with marked rows and the delete files that are
 * about these alone. No change when there is nothing to do. */
FIRN_MUST_CHECK firn_status firn_dml_target_finish(firn_dml_target *t, firn_row_writer *w,
                                                   firn_isolation isolation, firn_txn *txn,
                                                   size_t *n_removed, firn_error *err);

/* ---- dml_rest.c ---- */

/* Copy the rows that were not marked of the files that have marked ones. */
FIRN_MUST_CHECK firn_status firn_dml_target_copy_rest(firn_dml_target *t, firn_row_writer *w,
                                                      int64_t *n_copied, firn_error *err);

/* ---- dml_delta.c, in part ---- */

/* Files that a change removes, as it names them. */
typedef struct firn_removals {
    firn_arena *arena;
    firn_file_key *keys;
    size_t n, cap;
    size_t n_data_files;
} firn_removals;

/* A data file and the delete files that are about it alone. */
FIRN_MUST_CHECK firn_status firn_removals_add(firn_removals *r, const firn_scan_task *task,
                                              firn_error *err);
/* Only the delete files. */
FIRN_MUST_CHECK firn_status firn_removals_add_deletes(firn_removals *r, const firn_scan_task *task,
                                                      firn_error *err);

/* The table of a statement shows the handle's state wherever it is mentioned; ends with unpin. */
FIRN_MUST_CHECK firn_status firn_dml__pin(firn_session *session, firn_table *table,
                                          firn_error *err);
/* Forget loaded tables: before a statement is tried again. */
void firn_dml__unpin(firn_session *session);

/* ---- dml_apply.c ---- */

/* What a query of changes says in its fourth column. The first three are number of the file,
 * position and row id (firn_dml__put_place), null for inserted rows; the others are the table's
 * columns (none when rows are only deleted). */
enum { FIRN_ROW_INSERT = 1, FIRN_ROW_UPDATE = 2, FIRN_ROW_DELETE = 3 };

typedef struct firn_dml_counts {
    int64_t rows_inserted, rows_updated, rows_deleted, rows_copied;
    int64_t files_added, files_removed;
} firn_dml_counts;

typedef struct firn_apply_opts {
    firn_isolation isolation;
    bool is_twice_fine;     /* a row may be changed by several rows of the query */
    bool must_be_unchanged; /* inserts alone conflict with any commit since */
    bool is_merge_on_read;
    bool is_update;  /* rows are not only deleted */
    bool has_values; /* the query gives the table's columns */
} firn_apply_opts;

/* Run the query of changes and make the change of txn; none when nothing changes. */
FIRN_MUST_CHECK firn_status firn_dml__apply(firn_dml_target *target, const firn_dml_rows *rows,
                                            const firn_apply_opts *opts, firn_txn *txn,
                                            firn_dml_counts *counts, firn_error *err);
/* The first three columns with a comma behind each: of the target's alias; the row id is null where
 * rows have none. */
void firn_dml__put_place(firn_sql_text *text, const firn_dml_target *target, firn_str alias);
/* The same, all null. */
#define FIRN_DML_NO_PLACE "CAST(NULL AS INTEGER), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), "
/* "serializable" unless the property says "snapshot". */
firn_isolation firn_dml__isolation(const firn_table *table, const char *property);

/* ---- dml_delta.c ---- */

/* write.{delete,update,merge}.mode; where it is not set, copy-on-write, but in Trino's dialect
 * merge-on-read. FIRN_ERR_ARG for another value, FIRN_ERR_UNSUPPORTED where the table's format has
 * no delete files. */
FIRN_MUST_CHECK firn_status firn_dml__is_merge_on_read(const firn_session *session,
                                                       const firn_table *table,
                                                       const char *property, bool *out,
                                                       firn_error *err);
/* As firn_dml_target_finish(), with delete files for the marked rows. Files with no row left are
 * removed: *n_removed of them. */
FIRN_MUST_CHECK firn_status firn_dml_target_finish_delta(firn_dml_target *t,
                                                         const firn_row_writer *w,
                                                         const firn_apply_opts *opts, firn_txn *txn,
                                                         size_t *n_removed, firn_error *err);

/* ---- merge_keys.c ---- */

/* An equality between a column of the target and an expression on source rows. */
typedef struct firn_merge_key {
    const firn_field *field;
    firn_str source; /* SQL */
    bool is_null_safe;
} firn_merge_key;

/* What the keys of the source's rows say of the target's that can match. */
typedef struct firn_merge_range {
    const firn_expr *filter;    /* by the smallest and greatest; NULL: nothing */
    firn_str where;             /* the same as SQL on the target's columns: "true" for nothing */
    const firn_scan_test *keys; /* of columns of whole numbers whose keys leave room in between */
    size_t n_keys;
} firn_merge_range;

/* relation: "name" of the source in SQL, which is read twice. */
FIRN_MUST_CHECK firn_status firn_merge__bounds(firn_session *session, firn_str relation,
                                               const firn_merge_key *keys, size_t n,
                                               firn_merge_range *out, firn_error *err);

/* ---- merge_scope.c ---- */

/* A name of one of the columns stands alone in the piece. */
bool firn_merge__has_bare_column(firn_arena *arena, firn_str piece, const firn_type *columns);
/* "alias.x" is in it. */
bool firn_merge__names_table(firn_arena *arena, firn_str piece, firn_str alias);
/* The piece with such names qualified by alias; columns NULL: as it is. */
void firn_merge__put_scoped(firn_sql_text *text, firn_str piece, firn_str alias,
                            const firn_type *columns);

/* ---- dml_filter.c ---- */

/* The part of a condition that is an Iceberg expression on columns of the target: weaker than the
 * condition or the same (*is_exact). alias: the target's name in the condition. Never fails for a
 * condition that is not understood: TRUE then. */
FIRN_MUST_CHECK firn_status firn_dml__filter_of(firn_arena *arena, firn_str condition,
                                                firn_str alias, const firn_sql_name *target,
                                                const firn_schema *schema, const firn_expr **out,
                                                bool *is_exact, firn_error *err);

/* The next condition of a chain of ANDs; FIRN_DONE at the end, or when there is an OR. */
firn_status firn_dml__conjunct(firn_sql_parser *p, firn_str *out);
/* ---- dml_assign.c: SET a = 1, t.s.b = 2 ---- */

/* Find the columns and fields that are named: they exist, belong to the target, are set once. Names
 * without parts have their column already. */
FIRN_MUST_CHECK firn_status firn_dml__check_assignments(const firn_ast_assignments *assignments,
                                                        firn_str alias, const firn_sql_name *target,
                                                        const firn_schema *schema, firn_error *err);

/* A row's new values. */
typedef struct firn_assigned {
    const firn_ast_assignments *set; /* checked */
    firn_str table;                  /* alias of the row as it was; what is not set stays */
    void (*put)(const void *ctx, firn_sql_text *text, firn_str piece); /* the user's values */
    const void *ctx;
    firn_dialect dialect;
} firn_assigned;

/* What a column becomes, of its type. */
FIRN_MUST_CHECK firn_status firn_dml__put_assigned(const firn_assigned *row, firn_sql_text *text,
                                                   const firn_field *field, firn_error *err);
/* "CAST(" and " AS type)" around a value that is stored. */
void firn_dml__begin_cast(firn_dialect dialect, firn_sql_text *text, const firn_type *type);
FIRN_MUST_CHECK firn_status firn_dml__end_cast(firn_sql_text *text, const firn_type *type,
                                               firn_error *err);

/* ---- executors of one attempt; the transaction is committed by the caller ---- */

typedef struct firn_dml_statement {
    firn_session *session;
    firn_arena *arena;
    firn_str sql;
    firn_table *table;
    firn_txn *txn;
    int64_t n_changed; /* rows */
} firn_dml_statement;

FIRN_MUST_CHECK firn_status firn_dml__insert(firn_dml_statement *s, const firn_ast_insert *ast,
                                             firn_error *err);
FIRN_MUST_CHECK firn_status firn_dml__change(firn_dml_statement *s, const firn_ast_change *ast,
                                             firn_error *err);
FIRN_MUST_CHECK firn_status firn_dml__merge(firn_dml_statement *s, const firn_ast_merge *ast,
                                            firn_error *err);
/* ---- merge_evolution.c ---- */
/* Before a MERGE that says WITH SCHEMA EVOLUTION. */
FIRN_MUST_CHECK firn_status firn_dml__evolve(firn_dml_statement *s, const firn_ast_merge *ast,
                                             firn_error *err);

#endif
