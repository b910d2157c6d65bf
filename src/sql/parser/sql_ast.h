/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that change things, as the parsers (parse_*.c) hand them to the executors. Names are
 * as written; texts for the engine borrow from the statement; the rest lives in the arena of the
 * parser. An absent text has len 0. */
#ifndef FIRN_SQL_SQL_AST_H
#define FIRN_SQL_SQL_AST_H

#include "firn/table.h"
#include "sql/parser/sql_parser.h"

/* ---- parts ---- */

/* "bucket(16, id)" of PARTITIONED BY, or of an order with its direction. */
typedef struct firn_ast_transform {
    firn_transform transform;
    firn_str column; /* dotted */
    firn_str name;   /* AS name */
    bool is_descending;
    bool nulls_last;
    size_t offset;
} firn_ast_transform;

typedef struct firn_ast_transforms {
    firn_ast_transform *items;
    size_t n, cap;
} firn_ast_transforms;

typedef struct firn_ast_columns {
    firn_field *items; /* types, docs and nullability; ids are provisional */
    size_t n, cap;
} firn_ast_columns;

typedef struct firn_ast_properties {
    firn_property *items;
    size_t n, cap;
} firn_ast_properties;

/* The clauses around CREATE TABLE, in any order. */
typedef struct firn_ast_table_options {
    firn_ast_transforms partitions;
    firn_ast_transforms order;
    firn_ast_properties properties; /* Iceberg's names */
    firn_ast_properties unset;      /* keys whose value is DEFAULT */
    firn_str location;
    bool has_partitions, has_order;
} firn_ast_table_options;

/* ---- CREATE, DROP ---- */

typedef enum firn_ast_object {
    FIRN_AST_TABLE = 0,
    FIRN_AST_VIEW,
    FIRN_AST_SCHEMA,
} firn_ast_object;

typedef struct firn_ast_create {
    firn_ast_object object;
    firn_sql_name name;
    bool or_replace, if_not_exists;
    bool needs_old;           /* REPLACE TABLE: it must exist */
    firn_ast_columns columns; /* VIEW: names and docs only */
    firn_ast_table_options options;
    firn_str comment;
    firn_str query;  /* CREATE .. AS */
    firn_str *names; /* of its columns; NULL: its own */
    size_t n_names, cap_names;
    bool has_no_data; /* WITH NO DATA */
    bool has_like;
    firn_sql_name like;
} firn_ast_create;

typedef struct firn_ast_drop {
    firn_ast_object object;
    firn_sql_name name;
    bool if_exists;
    bool is_cascade;
    bool is_purge;
} firn_ast_drop;

/* ---- ALTER ---- */

typedef enum firn_ast_alter_kind {
    FIRN_ALTER_RENAME = 0,        /* new_name */
    FIRN_ALTER_ADD_COLUMNS,       /* columns, with their positions */
    FIRN_ALTER_DROP_COLUMNS,      /* columns: names */
    FIRN_ALTER_RENAME_COLUMN,     /* column, text; if_column_exists */
    FIRN_ALTER_COLUMN_TYPE,       /* column, type */
    FIRN_ALTER_COLUMN_COMMENT,    /* column, text */
    FIRN_ALTER_COLUMN_POSITION,   /* column, position */
    FIRN_ALTER_COLUMN_OPTIONAL,   /* column */
    FIRN_ALTER_COLUMN_REQUIRED,   /* column */
    FIRN_ALTER_COLUMN_DEFAULT,    /* column; text: literal, empty: none */
    FIRN_ALTER_SET_IDENTIFIER,    /* columns: names */
    FIRN_ALTER_DROP_IDENTIFIER,   /* columns: names */
    FIRN_ALTER_SET_PROPERTIES,    /* options: properties, and partitions and order when set */
    FIRN_ALTER_UNSET_PROPERTIES,  /* options.properties: keys */
    FIRN_ALTER_ADD_PARTITION,     /* transform */
    FIRN_ALTER_DROP_PARTITION,    /* transform, or its column is the field's name */
    FIRN_ALTER_REPLACE_PARTITION, /* transform (old), replacement */
    FIRN_ALTER_SET_PARTITIONS,    /* options.partitions */
    FIRN_ALTER_SET_ORDER,         /* options.order; none: unordered */
    FIRN_ALTER_SET_REF,           /* text: branch or tag; ref */
    FIRN_ALTER_DROP_REF,          /* text; ref.is_tag; if_column_exists */
    FIRN_ALTER_EXECUTE,           /* text: procedure; arguments */
} firn_ast_alter_kind;

typedef struct firn_ast_new_column {
    firn_str path; /* dotted */
    size_t offset;
    firn_field field;
    firn_position position;
} firn_ast_new_column;

/* An argument of a procedure. */
typedef struct firn_ast_argument {
    firn_str name; /* empty: by position */
    firn_str text; /* unquoted literal, or an expression as it stands */
    bool is_string;
    bool is_expression;
    bool is_list;          /* ARRAY(a, b), [a, b], MAP(k, v): items, text is empty */
    const firn_str *items; /* unquoted literals */
    size_t n_items;
    size_t offset;
} firn_ast_argument;

typedef struct firn_ast_call {
    firn_sql_name name;
    firn_ast_argument *arguments;
    size_t n_arguments, cap_arguments;
    firn_str where; /* EXECUTE x(..) WHERE text; empty: none */
    size_t where_offset;
} firn_ast_call;

typedef struct firn_ast_alter {
    firn_ast_alter_kind kind;
    firn_ast_object object;
    firn_sql_name name;
    bool if_exists;        /* the table */
    bool if_not_exists;    /* columns to add */
    bool if_column_exists; /* what to drop */
    firn_sql_name new_name;
    firn_str column, text;
    size_t column_offset;
    firn_ast_new_column *columns;
    size_t n_columns, cap_columns;
    firn_type type;
    firn_position position;
    firn_ast_transform transform, replacement;
    firn_ast_table_options options;
    firn_ref_opts ref;
    firn_str distribution; /* WRITE ORDERED BY: "range" or "none"; "hash" by partition */
    firn_ast_call call;
} firn_ast_alter;

/* ---- rows ---- */

typedef struct firn_ast_assignment {
    firn_sql_name name;     /* "t.s.a" of SET t.s.a = 1, as written; parts NULL: only a column */
    firn_str column;        /* "s"; of SET: once it is checked */
    const firn_str *fields; /* below the column: "a" */
    size_t n_fields;
    firn_str value; /* text; empty: DEFAULT */
    size_t offset;
} firn_ast_assignment;

typedef struct firn_ast_assignments {
    firn_ast_assignment *items;
    size_t n, cap;
} firn_ast_assignments;

typedef struct firn_ast_insert {
    firn_sql_name target;
    firn_str replace_where; /* REPLACE WHERE condition; empty: none */
    bool is_overwrite;
    bool by_name;
    firn_str *columns; /* NULL: all */
    size_t n_columns, cap_columns;
    size_t *offsets; /* of the columns in the statement */
    size_t n_offsets, cap_offsets;
    firn_ast_assignments partition; /* PARTITION (level = 'INFO') */
    bool has_partition;
    firn_str with;  /* WITH clause before the statement */
    firn_str query; /* SELECT, VALUES, TABLE ... */
} firn_ast_insert;

/* DELETE, TRUNCATE and UPDATE. */
typedef struct firn_ast_change {
    firn_sql_name target;
    firn_str alias; /* never empty */
    bool is_update;
    firn_ast_assignments assignments;
    firn_str with;
    firn_str from;  /* UPDATE .. FROM, DELETE .. USING */
    firn_str where; /* empty: all rows */
} firn_ast_change;

typedef enum firn_ast_when {
    FIRN_WHEN_MATCHED = 0,
    FIRN_WHEN_NOT_MATCHED,
    FIRN_WHEN_NOT_MATCHED_BY_SOURCE,
} firn_ast_when;

typedef enum firn_ast_action {
    FIRN_ACTION_NOTHING = 0,
    FIRN_ACTION_UPDATE,
    FIRN_ACTION_DELETE,
    FIRN_ACTION_INSERT,
} firn_ast_action;

typedef struct firn_ast_merge_clause {
    firn_ast_when when;
    firn_ast_action action;
    firn_str condition; /* empty: none */
    bool is_star;       /* UPDATE SET *, INSERT * */
    firn_ast_assignments values;
    size_t offset;
} firn_ast_merge_clause;

typedef struct firn_ast_merge {
    firn_sql_name target;
    firn_str alias; /* never empty */
    firn_str with;
    firn_str source; /* table reference without its alias */
    firn_str source_alias;
    firn_str source_columns; /* "(a, b)" behind the alias, parentheses included */
    firn_str on;
    bool evolves_schema; /* WITH SCHEMA EVOLUTION */
    firn_ast_merge_clause *clauses;
    size_t n_clauses, cap_clauses;
} firn_ast_merge;

/* ---- parsers; *handled false: the statement is of another kind ---- */

FIRN_MUST_CHECK firn_status firn_parse_create(firn_sql_parser *p, bool *handled,
                                              firn_ast_create *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_parse_drop(firn_sql_parser *p, bool *handled, firn_ast_drop *out,
                                            firn_error *err);
FIRN_MUST_CHECK firn_status firn_parse_alter(firn_sql_parser *p, bool *handled, firn_ast_alter *out,
                                             firn_error *err);
/* The statement behind a WITH clause, when there is one: parsers of changes begin here. */
FIRN_MUST_CHECK firn_status firn_parse_with(firn_sql_parser *p, firn_str *with_out,
                                            firn_error *err);
FIRN_MUST_CHECK firn_status firn_parse_insert(firn_sql_parser *p, firn_ast_insert *out,
                                              firn_error *err);
FIRN_MUST_CHECK firn_status firn_parse_change(firn_sql_parser *p, firn_ast_change *out,
                                              firn_error *err);
FIRN_MUST_CHECK firn_status firn_parse_merge(firn_sql_parser *p, firn_ast_merge *out,
                                             firn_error *err);
/* CREATE, REPLACE and DROP of a branch or tag behind ALTER TABLE name; *handled false: another
 * action. */
FIRN_MUST_CHECK firn_status firn_parse_ref(firn_sql_parser *p, bool *handled, firn_ast_alter *out,
                                           firn_error *err);
/* Behind CALL: a name and its arguments. */
FIRN_MUST_CHECK firn_status firn_parse_call(firn_sql_parser *p, firn_ast_call *out,
                                            firn_error *err);

/* ---- parts, for several parsers (parse_options.c) ---- */

FIRN_MUST_CHECK firn_status firn_parse_transform(firn_sql_parser *p, firn_ast_transform *out,
                                                 firn_error *err);
/* transform [ASC|DESC] [NULLS FIRST|LAST] */
FIRN_MUST_CHECK firn_status firn_parse_order_item(firn_sql_parser *p, firn_ast_transforms *out,
                                                  firn_error *err);
/* One of the clauses around CREATE TABLE; *found false: none begins here. Columns that PARTITIONED
 * BY declares with their type are added to columns (may be NULL). */
FIRN_MUST_CHECK firn_status firn_parse_table_option(firn_sql_parser *p, firn_ast_table_options *out,
                                                    firn_ast_columns *columns, bool *found,
                                                    firn_error *err);
/* ( key = value, ... ) with Iceberg's keys. */
FIRN_MUST_CHECK firn_status firn_parse_properties(firn_sql_parser *p, firn_ast_properties *out,
                                                  firn_error *err);
/* Trino's and DuckDB's ( key = value, ... ). */
FIRN_MUST_CHECK firn_status firn_parse_with_options(firn_sql_parser *p, firn_ast_table_options *out,
                                                    firn_error *err);
/* One of its items. */
FIRN_MUST_CHECK firn_status firn_parse_with_option(firn_sql_parser *p, firn_ast_table_options *out,
                                                   firn_error *err);
FIRN_MUST_CHECK firn_status firn_parse_key(firn_sql_parser *p, firn_str *out, firn_error *err);
/* name type [NOT NULL] [COMMENT 'text'] */
FIRN_MUST_CHECK firn_status firn_parse_column(firn_sql_parser *p, int32_t *next_id, firn_field *out,
                                              firn_error *err);

#endif
