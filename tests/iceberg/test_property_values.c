/* SPDX-License-Identifier: Apache-2.0 */
/* Values that table properties may be given. */
#include "iceberg/txn/property_values.h"

#include "base/str.h"
#include "firn_test.h"

static firn_status check(const char *key, const char *value, firn_error *err)
{
    const firn_property item = {firn_str_of(key), firn_str_of(value)};
    return firn_property_check(&item, err);
}

static void test_values_with_a_meaning_are_taken(void **state)
{
    static const char *const k_good[][2] = {
        {"write.target-file-size-bytes", "1"},
        {"write.target-file-size-bytes", "536870912"},
        {"commit.retry.num-retries", "0"},
        {"commit.retry.num-retries", " 7 "},
        {"write.wap.enabled", "true"},
        {"gc.enabled", "False"},
        {"write.merge.mode", "merge-on-read"},
        {"write.merge.mode", "COPY-ON-WRITE"},
        {"write.delete.isolation-level", "snapshot"},
        {"write.distribution-mode", "none"},
        {"write.distribution-mode", "hash"},
        {"write.distribution-mode", "range"},
        {"owner", "abc"},
        {"write.something.new", "abc"},
    };
    firn_error err;
    (void)state;
    for (size_t i = 0; i < sizeof k_good / sizeof *k_good; i++)
        assert_ok(check(k_good[i][0], k_good[i][1], &err), &err);
}

static void test_others_are_refused(void **state)
{
    static const char *const k_bad[][3] = {
        {"write.target-file-size-bytes", "abc",
         "property \"write.target-file-size-bytes\" must be a whole number of at least 1, found "
         "\"abc\""},
        {"write.target-file-size-bytes", "0", "of at least 1, found \"0\""},
        {"write.target-file-size-bytes", "512MB", "found \"512MB\""},
        {"write.target-file-size-bytes", "99999999999999999999", "must be a whole number"},
        {"commit.retry.num-retries", "-1", "of at least 0, found \"-1\""},
        {"commit.retry.num-retries", "", "found \"\""},
        {"gc.enabled", "no", "property \"gc.enabled\" must be true or false, found \"no\""},
        {"gc.enabled", "or", "must be true or false"},
        {"gc.enabled", "", "must be true or false"},
        {"write.update.mode", "mor", "must be copy-on-write or merge-on-read, found \"mor\""},
        {"write.distribution-mode", "none,", "must be none, hash or range, found \"none,\""},
    };
    firn_error err;
    (void)state;
    for (size_t i = 0; i < sizeof k_bad / sizeof *k_bad; i++)
        assert_fails(check(k_bad[i][0], k_bad[i][1], &err), FIRN_ERR_ARG, &err, k_bad[i][2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_with_a_meaning_are_taken),
        cmocka_unit_test(test_others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
