/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance procedures by name, with the arguments, defaults and output columns of Iceberg's
 * Spark procedures: one table of them for SQL (CALL, ALTER TABLE .. EXECUTE) and the command line.
 * What they do is in the files that firn/maintain.h and firn/table.h describe; here are names,
 * arguments as text, and rows as values.
 *
 * Not here: how arguments are written in SQL or on a command line, which table a name means. */
#ifndef FIRN_ICEBERG_PROCEDURE_H
#define FIRN_ICEBERG_PROCEDURE_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/maintain.h"

#define FIRN_PROCEDURE_MAX_ARGUMENTS 12
#define FIRN_PROCEDURE_MAX_COLUMNS   6

typedef enum firn_argument_kind {
    FIRN_ARGUMENT_TEXT = 0,
    FIRN_ARGUMENT_LONG,
    FIRN_ARGUMENT_BOOLEAN,
    FIRN_ARGUMENT_TIME,     /* milliseconds since 1970 */
    FIRN_ARGUMENT_DURATION, /* microseconds: "7d", "12h" */
    FIRN_ARGUMENT_TEXTS,    /* ARRAY('a', 'b'); on a command line a,b */
    FIRN_ARGUMENT_PAIRS,    /* MAP('k', 'v'); on a command line k=v,k=v */
} firn_argument_kind;

typedef struct firn_procedure_argument {
    const char *name; /* NULL: no more */
    firn_argument_kind kind;
    bool is_required;
} firn_procedure_argument;

typedef struct firn_procedure_column {
    const char *name; /* NULL: no more */
    firn_type_kind kind;
} firn_procedure_column;

typedef struct firn_procedure_call firn_procedure_call;

/* What a procedure is about. */
typedef enum firn_procedure_subject {
    FIRN_SUBJECT_TABLE = 0,   /* a table that exists */
    FIRN_SUBJECT_NAME,        /* a name for a new table */
    FIRN_SUBJECT_NAME_SECOND, /* the same, behind the first of the arguments without names */
} firn_procedure_subject;

typedef struct firn_procedure {
    const char *name;
    firn_procedure_subject subject;
    firn_procedure_argument arguments[FIRN_PROCEDURE_MAX_ARGUMENTS]; /* behind the table */
    firn_procedure_column columns[FIRN_PROCEDURE_MAX_COLUMNS];
    firn_status (*run)(firn_procedure_call *call, firn_error *err);
} firn_procedure;

/* One argument as it was written, without quotes. */
typedef struct firn_procedure_value {
    bool is_given;
    firn_str text;
    const firn_str *items; /* TEXTS; PAIRS: key, value, key, value */
    size_t n_items;
} firn_procedure_value;

/* Another table that an argument names. */
typedef firn_status (*firn_procedure_resolve_fn)(void *ctx, firn_str name, firn_catalog **catalog,
                                                 firn_ident *ident, firn_error *err);

struct firn_procedure_call {
    const firn_procedure *procedure;
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_ident ident;
    firn_table *table; /* NULL for SUBJECT_NAME */
    firn_procedure_resolve_fn resolve;
    void *resolve_ctx;
    bool allows_files; /* arguments may name files and folders that are no table's */
    firn_arena *arena; /* of rows, and for the run */
    firn_procedure_value values[FIRN_PROCEDURE_MAX_ARGUMENTS]; /* as procedure->arguments */
    /* results */
    firn_value *cells; /* n_rows times the number of columns */
    size_t n_rows, cap_rows;
    size_t failed_argument; /* which argument an error is about; SIZE_MAX: none */
};

/* NULL: there is none. Dashes are as good as underscores. */
const firn_procedure *firn_procedure_find(firn_str name);
/* i-th procedure in the order of the alphabet; NULL behind the last. */
const firn_procedure *firn_procedure_at(size_t i);
size_t firn_procedure_n_columns(const firn_procedure *procedure);
/* Index of the argument; SIZE_MAX: there is none. */
size_t firn_procedure_find_argument(const firn_procedure *procedure, firn_str name);
/* Checks that required arguments are there and runs. */
FIRN_MUST_CHECK firn_status firn_procedure_run(firn_procedure_call *call, firn_error *err);

/* ---- for procedures ---- */

/* *out stays as it is where the argument is not given. */
FIRN_MUST_CHECK firn_status firn_call_i64(firn_procedure_call *call, size_t argument, int64_t *out,
                                          firn_error *err);
FIRN_MUST_CHECK firn_status firn_call_bool(firn_procedure_call *call, size_t argument, bool *out,
                                           firn_error *err);
FIRN_MUST_CHECK firn_status firn_call_time_ms(firn_procedure_call *call, size_t argument,
                                              int64_t *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_call_duration_us(firn_procedure_call *call, size_t argument,
                                                  int64_t *out, firn_error *err);
/* Empty where it is not given. */
firn_str firn_call_text(const firn_procedure_call *call, size_t argument);
/* Numbers of a TEXTS argument, in the arena. */
FIRN_MUST_CHECK firn_status firn_call_i64s(firn_procedure_call *call, size_t argument,
                                           int64_t **out, size_t *n_out, firn_error *err);
/* Pairs of a PAIRS argument, in the arena. */
FIRN_MUST_CHECK firn_status firn_call_pairs(firn_procedure_call *call, size_t argument,
                                            firn_properties *out, firn_error *err);
/* Notes the argument and fails. */
firn_status firn_call_fail(firn_procedure_call *call, size_t argument, firn_error *err,
                           const char *fmt, ...) FIRN_PRINTF(4, 5);
/* Adds a row; its cells are the procedure's columns, null until set. NULL: out of memory. */
firn_value *firn_call_row(firn_procedure_call *call);
void firn_cell_set_i64(firn_value *cell, int64_t value);  /* INT or LONG, by the cell's kind */
void firn_cell_set_text(firn_value *cell, firn_str text); /* borrowed */

/* procedure_snapshots.c */
firn_status firn_procedure__ancestors_of(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__cherrypick_snapshot(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__fast_forward(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__publish_changes(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__rollback_to_snapshot(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__rollback_to_timestamp(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__set_current_snapshot(firn_procedure_call *call, firn_error *err);
/* procedure_cleanup.c */
firn_status firn_procedure__expire_snapshots(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__remove_orphan_files(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__drop_extended_stats(firn_procedure_call *call, firn_error *err);
/* procedure_rewrite.c */
firn_status firn_procedure__rewrite_data_files(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__rewrite_manifests(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__rewrite_position_delete_files(firn_procedure_call *call,
                                                          firn_error *err);
firn_status firn_procedure__optimize(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__maintain(firn_procedure_call *call, firn_error *err);
/* procedure_import.c */
firn_status firn_procedure__add_files(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__migrate(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__snapshot(firn_procedure_call *call, firn_error *err);
/* procedure_paths.c */
firn_status firn_procedure__rewrite_table_path(firn_procedure_call *call, firn_error *err);
/* procedure_register.c */
firn_status firn_procedure__register_table(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__unregister_table(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__compute_table_stats(firn_procedure_call *call, firn_error *err);
firn_status firn_procedure__compute_partition_stats(firn_procedure_call *call, firn_error *err);

#endif
