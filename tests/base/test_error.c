/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses, messages, wrapping. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "firn_test.h"

static void test_fail_clears_old_details(void **state)
{
    firn_error err;
    (void)state;
    memset(&err, 'x', sizeof err);
    assert_int_equal(firn_fail(&err, FIRN_ERR_ARG, "found %d, expected %d", 3, 4), FIRN_ERR_ARG);
    assert_string_equal(err.message, "found 3, expected 4");
    assert_string_equal(err.hint, "");
    assert_int_equal(err.status, FIRN_ERR_ARG);
    assert_int_equal(err.flags, 0);
    assert_int_equal(err.os_code, 0);
    assert_int_equal(err.line, 0);
    assert_int_equal(err.position, 0);
}

static void test_null_error_is_accepted(void **state)
{
    (void)state;
    assert_int_equal(firn_fail(NULL, FIRN_ERR_IO, "x"), FIRN_ERR_IO);
    assert_int_equal(firn_fail_at(NULL, 3, "x"), FIRN_ERR_CORRUPT);
    assert_int_equal(firn_fail_errno(NULL, ENOENT, "x"), FIRN_ERR_NOT_FOUND);
    assert_int_equal(firn_fail_nomem(NULL), FIRN_ERR_NOMEM);
    assert_int_equal(firn_error_wrap(NULL, FIRN_ERR_IO, "x"), FIRN_ERR_IO);
    assert_int_equal(firn_error_hint(NULL, FIRN_ERR_IO, "x"), FIRN_ERR_IO);
    firn_error_clear(NULL);
}

static void test_corrupt_keeps_its_position(void **state)
{
    firn_error err;
    (void)state;
    assert_fails(firn_fail_at(&err, UINT64_C(1) << 40, "bad magic"), FIRN_ERR_CORRUPT, &err,
                 "bad magic");
    assert_true(err.position == UINT64_C(1) << 40);
}

static void test_errno_becomes_status_and_text(void **state)
{
    static const struct {
        int errnum;
        firn_status status;
        const char *message;
    } cases[] = {
        {ENOENT, FIRN_ERR_NOT_FOUND, "cannot open /a: No such file or directory"},
        {EEXIST, FIRN_ERR_EXISTS, "cannot open /a: File exists"},
        {EACCES, FIRN_ERR_DENIED, "cannot open /a: Permission denied"},
        {EPERM, FIRN_ERR_DENIED, "cannot open /a: Operation not permitted"},
        {EROFS, FIRN_ERR_DENIED, "cannot open /a: Read-only file system"},
        {ENOSPC, FIRN_ERR_IO, "cannot open /a: No space left on device"},
        {EIO, FIRN_ERR_IO, "cannot open /a: Input/output error"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        firn_error err;
        assert_fails(firn_fail_errno(&err, cases[i].errnum, "cannot open %s", "/a"),
                     cases[i].status, &err, NULL);
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(err.os_code, cases[i].errnum);
    }
}

static void test_long_context_does_not_hide_the_reason(void **state)
{
    char path[2000];
    firn_error err;
    (void)state;
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_fails(firn_fail_errno(&err, ENOSPC, "cannot write %s", path), FIRN_ERR_IO, &err,
                 ": No space left on device");
}

static void test_cut_message_stays_utf8(void **state)
{
    char text[sizeof((firn_error *)0)->message + 8];
    firn_error err;
    (void)state;
    memset(text, 'a', sizeof text);
    text[sizeof err.message - 2] = (char)0xe2; /* a three byte sequence across the end */
    text[sizeof err.message - 1] = (char)0x82;
    text[sizeof err.message] = (char)0xac;
    text[sizeof text - 1] = '\0';
    (void)firn_fail(&err, FIRN_ERR_ARG, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 2);
    assert_int_equal(err.message[sizeof err.message - 3], 'a');
}

static void test_wrap_puts_context_in_front(void **state)
{
    firn_error err;
    firn_status st;
    (void)state;
    st = firn_fail_at(&err, 7, "bad magic");
    st = firn_error_wrap(&err, st, "manifest %s", "m1.avro");
    assert_fails(st, FIRN_ERR_CORRUPT, &err, NULL);
    assert_string_equal(err.message, "manifest m1.avro: bad magic");
    assert_int_equal(err.position, 7);
    assert_int_equal(firn_error_wrap(&err, FIRN_DONE, "x"), FIRN_DONE);
    assert_int_equal(firn_error_wrap(&err, FIRN_OK, "x"), FIRN_OK);
    assert_string_equal(err.message, "manifest m1.avro: bad magic");
}

static void test_hint_is_kept_beside_the_message(void **state)
{
    firn_error err;
    (void)state;
    (void)firn_fail(&err, FIRN_ERR_NOT_FOUND, "no table \"a\"");
    assert_int_equal(firn_error_hint(&err, FIRN_ERR_NOT_FOUND, "did you mean \"%s\"", "b"),
                     FIRN_ERR_NOT_FOUND);
    assert_string_equal(err.message, "no table \"a\"");
    assert_string_equal(err.hint, "did you mean \"b\"");
}

static void test_message_may_quote_the_old_one(void **state)
{
    firn_error err;
    (void)state;
    (void)firn_fail(&err, FIRN_ERR_IO, "first");
    (void)firn_fail(&err, FIRN_ERR_IO, "second after %s", err.message);
    assert_string_equal(err.message, "second after first");
}

static void test_status_names(void **state)
{
    (void)state;
    assert_string_equal(firn_status_name(FIRN_OK), "ok");
    assert_string_equal(firn_status_name(FIRN_ERR_NOT_FOUND), "not found");
    for (int i = FIRN_ERR_NOMEM; i <= FIRN_ERR_INTERNAL; i++)
        assert_string_not_equal(firn_status_name((firn_status)i), "unknown status");
    assert_string_equal(firn_version(), FIRN_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail_clears_old_details),
        cmocka_unit_test(test_null_error_is_accepted),
        cmocka_unit_test(test_corrupt_keeps_its_position),
        cmocka_unit_test(test_errno_becomes_status_and_text),
        cmocka_unit_test(test_long_context_does_not_hide_the_reason),
        cmocka_unit_test(test_cut_message_stays_utf8),
        cmocka_unit_test(test_wrap_puts_context_in_front),
        cmocka_unit_test(test_hint_is_kept_beside_the_message),
        cmocka_unit_test(test_message_may_quote_the_old_one),
        cmocka_unit_test(test_status_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
