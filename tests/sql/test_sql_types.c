/* SPDX-License-Identifier: Apache-2.0 */
/* The spellings of types in three dialects. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "sql/session/sql_session.h"

static void describe(const firn_type *type, char *out, size_t size)
{
    char name[64];
    const size_t at = strlen(out);
    if (firn_type_is_primitive(type)) {
        (void)snprintf(out + at, size - at, "%s", firn_type_name(type, name, sizeof name));
        return;
    }
    (void)snprintf(out + at, size - at, "%s<", firn_type_name(type, name, sizeof name));
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *f = &type->fields[i];
        (void)snprintf(out + strlen(out), size - strlen(out), "%s%.*s:%d%s ", i ? "," : "",
                       FIRN_STR_ARG(f->name), (int)f->id, f->is_required ? "!" : "");
        describe(f->type, out, size);
    }
    (void)snprintf(out + strlen(out), size - strlen(out), ">");
}

static const struct type_case {
    const char *sql;
    const char *want;
} k_good[] = {
    {"int", "int"},
    {"SMALLINT", "int"},
    {"bigint", "long"},
    {"double precision", "double"},
    {"real", "float"},
    {"decimal(9,2)", "decimal(9,2)"},
    {"NUMERIC(5)", "decimal(5,0)"},
    {"varchar(20)", "string"},
    {"character varying(5)", "string"},
    {"string", "string"},
    {"timestamp", "timestamp"},
    {"timestamp(6) with time zone", "timestamptz"},
    {"timestamp with local time zone", "timestamptz"},
    {"timestamp(9)", "timestamp_ns"},
    {"timestamptz", "timestamptz"},
    {"timestamp_ntz", "timestamp"},
    {"time(6)", "time"},
    {"fixed[16]", "fixed[16]"},
    {"fixed(4)", "fixed[4]"},
    {"varbinary", "binary"},
    {"uuid", "uuid"},
    {"int[]", "list<element:1 int>"},
    {"int[][]", "list<element:2 list<element:1 int>>"},
    {"array<string>", "list<element:1 string>"},
    {"array(bigint)", "list<element:1 long>"},
    {"map<string, array<int>>", "map<key:1! string,value:2 list<element:3 int>>"},
    {"map(varchar, double)", "map<key:1! string,value:2 double>"},
    {"struct(a int, b varchar[])", "struct<a:1 int,b:2 list<element:3 string>>"},
    {"struct<a:int, `b c`: array<struct<d:string>>>",
     "struct<a:1 int,b c:2 list<element:3 struct<d:4 string>>>"},
    {"struct<a: struct<b: array<int>>, c: int>",
     "struct<a:1 struct<b:2 list<element:3 int>>,c:4 int>"},
    {"struct<a: struct<b: array<int>> not null, c: int>",
     "struct<a:1! struct<b:2 list<element:3 int>>,c:4 int>"},
    {"row(x integer not null, y boolean)", "struct<x:1! int,y:2 boolean>"},
    {"struct<a: int comment 'it', b: int>", "struct<a:1 int,b:2 int>"},
};

static void test_types_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_good / sizeof *k_good; i++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        firn_lexer lexer = firn_lexer_of(firn_str_of(k_good[i].sql));
        int32_t next_id = 1;
        firn_type type;
        firn_error err = {0};
        char text[512] = {0};
        assert_ok(firn_sql_type_parse(&lexer, &next_id, arena, &type, &err), &err);
        assert_int_equal(firn_lexer_next(&lexer).kind, FIRN_TOKEN_END);
        describe(&type, text, sizeof text);
        assert_string_equal(text, k_good[i].want);
        firn_arena_destroy(arena);
    }
}

static const struct bad_case {
    const char *sql;
    const char *message;
    size_t position;
} k_bad[] = {
    {"", "the type ends early", 0},
    {"integer1", "type integer1 does not exist in iceberg", 0},
    {"decimal(39)", "found 39 in a type, expected 1 to 38", 8},
    {"decimal(5,6)", "found 6 in a type, expected 0 to 5", 10},
    {"map<int>", "found \">\" in a type, expected ,", 7},
    {"struct<a int, A int>", "field \"A\" is in the struct twice", 14},
    {"struct<>", "expected (", 6},
    {"array<int", "the type ends early, expected >", 9},
    {"array<int>>", "expected >", 9},
    {"struct(a array<int>>, b int)", "found \",\" in a type, expected fewer", 20},
    {"'int'", "expected the name of a type", 0},
    {"timestamp with zone", "expected TIME ZONE", 15},
};

static void test_wrong_types_are_refused_with_a_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_bad / sizeof *k_bad; i++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        firn_lexer lexer = firn_lexer_of(firn_str_of(k_bad[i].sql));
        int32_t next_id = 1;
        firn_type type;
        firn_error err = {0};
        firn_status st = firn_sql_type_parse(&lexer, &next_id, arena, &type, &err);
        if (strcmp(k_bad[i].sql, "array<int>>") == 0) {
            assert_int_equal(st, FIRN_ERR_ARG); /* one ">" too many */
        } else {
            assert_fails(st, FIRN_ERR_ARG, &err, k_bad[i].message);
            assert_int_equal(err.position, k_bad[i].position);
        }
        firn_arena_destroy(arena);
    }
}

static void test_deep_nesting_is_refused(void **state)
{
    (void)state;
    char sql[1024] = {0};
    for (int i = 0; i < 70; i++) (void)strcat(sql, "array<");
    (void)strcat(sql, "int");
    for (int i = 0; i < 70; i++) (void)strcat(sql, ">");
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_lexer lexer = firn_lexer_of(firn_str_of(sql));
    int32_t next_id = 1;
    firn_type type;
    firn_error err = {0};
    assert_fails(firn_sql_type_parse(&lexer, &next_id, arena, &type, &err), FIRN_ERR_ARG, &err,
                 "nested deeper than 64");
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_read),
        cmocka_unit_test(test_wrong_types_are_refused_with_a_position),
        cmocka_unit_test(test_deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
