/* SPDX-License-Identifier: Apache-2.0 */
/* A path of SQL/JSON as it was read. For sql_json_path*.c only. */
#ifndef FIRN_SQL_SQL_JSON_PATH_AST_H
#define FIRN_SQL_SQL_JSON_PATH_AST_H

#include "sql/engine/sql_json_path.h"

typedef enum path_step_kind {
    STEP_MEMBER,
    STEP_ANY_MEMBER,
    STEP_ITEMS, /* [0, 2 to last] */
    STEP_ANY_ITEM,
    STEP_FILTER,
    STEP_SIZE,
    STEP_TYPE,
    STEP_DOUBLE,
    STEP_CEILING,
    STEP_FLOOR,
    STEP_ABS,
} path_step_kind;

typedef struct path_range {
    int64_t from, to;
    bool is_from_last, is_to_last; /* counted back from the last element */
} path_range;

typedef struct path_step {
    path_step_kind kind;
    firn_str name;
    path_range *ranges;
    size_t n_ranges, cap_ranges;
    struct path_test *test;
} path_step;

/* $ or @ and its steps, or a literal. */
typedef struct path_operand {
    bool is_literal, is_current; /* @ */
    firn_str literal;            /* JSON */
    path_step *steps;
    size_t n_steps, cap_steps;
} path_operand;

typedef enum path_test_kind {
    TEST_OR,
    TEST_AND,
    TEST_NOT,
    TEST_EXISTS,
    TEST_STARTS,
    TEST_UNKNOWN, /* (..) is unknown */
    TEST_EQUAL,
    TEST_UNEQUAL,
    TEST_LESS,
    TEST_AT_MOST,
    TEST_GREATER,
    TEST_AT_LEAST,
} path_test_kind;

typedef struct path_test {
    path_test_kind kind;
    struct path_test *left, *right;
    path_operand a, b;
} path_test;

struct firn_json_path {
    bool is_strict;
    path_operand root;
};

#endif
