/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical forms and fingerprints against the cases of the Avro project. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/avro/avro_fingerprint.h"

static firn_str form_of(firn_arena *arena, firn_str json)
{
    const firn_avro_schema *schema = NULL;
    firn_error err = {0};
    firn_buf out;

    firn_buf_init(&out, NULL, 100000);
    assert_ok(firn_avro_schema_parse(json, arena, &schema, &err), &err);
    assert_ok(firn_avro_canonical_form(schema, &out, &err), &err);
    const firn_str form = firn_arena_copy(arena, firn_buf_view(&out));
    firn_buf_dispose(&out);
    return form;
}

/* Text behind a tag: the rest of the line, or the lines up to one that says INPUT. */
static firn_str text_of(firn_str text, firn_str tag, size_t from, size_t end)
{
    const size_t at = firn_str_find(text, tag, from);
    const firn_str here_document = FIRN_STR("\nINPUT\n");

    if (at == SIZE_MAX || at >= end) return (firn_str){0};
    const size_t start = at + tag.len;
    const size_t stop =
        firn_str_find(text, text.data[start] == '\n' ? here_document : FIRN_STR("\n"), start);
    return firn_str_trim(firn_str_slice(text, start, stop));
}

static void test_forms_and_fingerprints_are_those_of_the_avro_project(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_str text = corpus_read(arena, corpus_data_path(arena, "avro/schema_tests.txt"));
    size_t at = firn_str_find(text, FIRN_STR("\n<<INPUT"), 0);
    int n_forms = 0;
    int n_prints = 0;

    (void)state;
    while (at != SIZE_MAX) {
        const size_t next = firn_str_find(text, FIRN_STR("\n<<INPUT"), at + 1);
        const firn_str form = form_of(arena, text_of(text, FIRN_STR("<<INPUT"), at, next));
        const firn_str wanted = text_of(text, FIRN_STR("<<canonical"), at, next);
        const firn_str print = text_of(text, FIRN_STR("<<fingerprint"), at, next);
        int64_t number = 0;
        if (!firn_str_equals(form, wanted))
            fail_msg("%.*s, expected %.*s", FIRN_STR_ARG(form), FIRN_STR_ARG(wanted));
        n_forms++;
        if (print.len > 0) {
            assert_true(firn_str_to_i64(print, &number));
            assert_int_equal(firn_avro_fingerprint(form), (uint64_t)number);
            n_prints++;
        }
        at = next;
    }
    assert_int_equal(n_forms, 34);
    assert_int_equal(n_prints, 26);
    firn_arena_destroy(arena);
}

static void test_a_named_type_is_written_once(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);

    (void)state;
    assert_str(form_of(arena, FIRN_STR("{\"type\":\"record\",\"name\":\"n.R\",\"fields\":["
                                       "{\"name\":\"a\",\"type\":{\"type\":\"fixed\",\"name\":"
                                       "\"F\",\"size\":2}},{\"name\":\"b\",\"type\":\"F\"}]}")),
               "{\"name\":\"n.R\",\"type\":\"record\",\"fields\":[{\"name\":\"a\",\"type\":"
               "{\"name\":\"n.F\",\"type\":\"fixed\",\"size\":2}},{\"name\":\"b\",\"type\":"
               "\"n.F\"}]}");
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_and_fingerprints_are_those_of_the_avro_project),
        cmocka_unit_test(test_a_named_type_is_written_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
