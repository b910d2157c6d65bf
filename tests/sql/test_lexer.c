/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of SQL text and the ends of statements. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "firn/session.h"
#include "sql/parser/lexer.h"

/* Kinds, one letter a token: w word, q quoted, s string, n number, y symbol, p parameter, b bad. */
static const struct token_case {
    const char *sql;
    const char *kinds;
    const char *last; /* text of the last token */
} k_cases[] = {
    {"", "", ""},
    {"  -- only a comment", "", ""},
    {"select a.b", "wwyw", "b"},
    {"\"a\"\"b\" `c``d`", "qq", "`c``d`"},
    {"'it''s'", "s", "'it''s'"},
    {"E'a\\'b' x'00'", "ss", "x'00'"},
    {"$$a;'b$$ $t$x$$y$t$", "ss", "$t$x$$y$t$"},
    {"$1 ? :name", "ppp", ":name"},
    {"1 2.5 .5 1e-3 0xff 1_000", "nnnnnn", "1_000"},
    {"1..2", "nyn", ".2"},
    {"a<=b <> c::int", "wywywyw", "int"},
    {"a->>'x' || b", "wysyw", "b"},
    {"/* a /* b */ c */ d", "w", "d"},
    {"x -- y\n z", "ww", "z"},
    {"'open", "b", "'open"},
    {"\"open", "b", "\"open"},
    {"/* open", "b", "/* open"},
    {"$t$ open", "b", "$t$ open"},
    {"a \x01 b", "wbw", "b"},
    {"gr\xc3\xb6\xc3\x9f"
     "e",
     "w",
     "gr\xc3\xb6\xc3\x9f"
     "e"},
    {"e'", "b", "e'"},
    {"E'a\\", "b", "E'a\\"},
};

static void test_text_becomes_tokens(void **state)
{
    (void)state;
    static const char k_letters[] = "ewqsnypb";
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const struct token_case *c = &k_cases[i];
        firn_lexer lexer = firn_lexer_of(firn_str_of(c->sql));
        char kinds[64] = {0};
        firn_str last = FIRN_STR("");
        for (size_t n = 0; n < 60; n++) {
            const firn_token peeked = firn_lexer_peek(&lexer);
            const firn_token token = firn_lexer_next(&lexer);
            assert_int_equal(peeked.offset, token.offset);
            if (token.kind == FIRN_TOKEN_END) break;
            assert_ptr_equal(token.text.data, lexer.sql.data + token.offset);
            kinds[n] = k_letters[token.kind];
            last = token.text;
        }
        assert_string_equal(kinds, c->kinds);
        assert_str(last, c->last);
    }
}

static void test_keywords_are_compared_without_case(void **state)
{
    (void)state;
    firn_lexer lexer = firn_lexer_of(FIRN_STR("Select \"select\" <="));
    firn_token token = firn_lexer_next(&lexer);
    assert_true(firn_token_is(&token, "SELECT"));
    assert_false(firn_token_is(&token, "SELECTS"));
    token = firn_lexer_next(&lexer);
    assert_false(firn_token_is(&token, "SELECT"));
    token = firn_lexer_next(&lexer);
    assert_true(firn_token_is_symbol(&token, "<="));
    assert_false(firn_token_is_symbol(&token, "<"));
}

static void test_statements_end_at_semicolons_outside_quotes(void **state)
{
    (void)state;
    assert_int_equal(firn_sql_statement_length(FIRN_STR("select 1; select 2")), 9);
    assert_int_equal(firn_sql_statement_length(FIRN_STR("select ';' -- ;\n, \";\", $$;$$;x")), 29);
    assert_int_equal(firn_sql_statement_length(FIRN_STR("/* ; */;")), 8);
    assert_int_equal(firn_sql_statement_length(FIRN_STR("select 1")), 0);
    assert_int_equal(firn_sql_statement_length(FIRN_STR("select 'a;")), 0);
    assert_int_equal(firn_sql_statement_length(FIRN_STR("")), 0);
    assert_int_equal(firn_sql_statement_length((firn_str){0}), 0);
}

/* Every prefix of every case ends: no token is empty and none reaches beyond the text. */
static void test_every_prefix_is_read_to_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        for (size_t len = 0; len <= strlen(k_cases[i].sql); len++) {
            firn_lexer lexer = firn_lexer_of((firn_str){k_cases[i].sql, len});
            size_t at = 0;
            for (;;) {
                const firn_token token = firn_lexer_next(&lexer);
                if (token.kind == FIRN_TOKEN_END) break;
                assert_true(token.text.len > 0);
                assert_true(token.offset >= at);
                at = token.offset + token.text.len;
                assert_true(at <= len);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_becomes_tokens),
        cmocka_unit_test(test_keywords_are_compared_without_case),
        cmocka_unit_test(test_statements_end_at_semicolons_outside_quotes),
        cmocka_unit_test(test_every_prefix_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
