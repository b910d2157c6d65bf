/* SPDX-License-Identifier: Apache-2.0 */
/* Files cut and packed into splits; what Iceberg's Java library makes of the same files is compared
 * in tests/peers/test_split_plans.py. */
#include <string.h>

#include "iceberg/scan/split_plan.h"
#include "spec_support.h"

static firn_data_file parquet(int64_t size)
{
    return (firn_data_file){.path = FIRN_STR("f"), .file_size_bytes = size};
}

/* "a+n" for each piece: split by split, separated by "|"; a file is its letter. */
static firn_str splits_of(firn_arena *arena, const firn_split_opts *opts,
                          const firn_scan_task *tasks, size_t n)
{
    firn_error err = {0};
    firn_split *splits = NULL;
    size_t n_splits = 0;
    firn_buf out;
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_split_tasks(opts, tasks, n, arena, &splits, &n_splits, &err), &err);
    for (size_t i = 0; i < n_splits; i++) {
        int64_t bytes = 0;
        if (i > 0) firn_buf_byte(&out, '|');
        for (size_t k = 0; k < splits[i].n_pieces; k++) {
            const firn_split_piece *p = &splits[i].pieces[k];
            firn_buf_printf(&out, "%s%c%lld+%lld", k > 0 ? " " : "", 'a' + (int)(p->task - tasks),
                            (long long)p->offset, (long long)p->length);
            bytes += p->length;
        }
        assert_int_equal(splits[i].bytes, bytes);
        assert_true(splits[i].weight >= bytes);
    }
    const firn_str text = firn_arena_copy(arena, firn_buf_view(&out));
    firn_buf_dispose(&out);
    return text;
}

static void test_files_without_offsets_are_cut_at_the_target_size(void **state)
{
    const firn_split_opts opts = {100, 1, 10};
    const firn_data_file files[] = {parquet(250), parquet(0), parquet(100), parquet(49)};
    firn_scan_task tasks[4] = {{0}};
    for (size_t i = 0; i < 4; i++) tasks[i].file = &files[i];
    assert_str(splits_of(*state, &opts, tasks, 4), "a0+100|a100+100|c0+100|a200+50 d0+49");
}

static void test_offsets_are_kept_and_neighbours_grow_together(void **state)
{
    static const int64_t k_offsets[] = {4, 40, 90, 160};
    const firn_split_opts opts = {100, 1, 10};
    firn_data_file file = parquet(200);
    file.split_offsets = k_offsets;
    file.n_split_offsets = 4;
    const firn_scan_task task = {.file = &file};
    assert_str(splits_of(*state, &opts, &task, 1), "a4+86|a90+70|a160+40");
    const firn_split_opts wide = {1000, 1, 10};
    assert_str(splits_of(*state, &wide, &task, 1), "a4+196");
}

static void test_offsets_that_cannot_be_are_not_used(void **state)
{
    static const int64_t k_bad[][2] = {{50, 50}, {90, 20}, {4, 200}, {-4, 20}};
    const firn_split_opts opts = {100, 1, 10};
    for (size_t i = 0; i < 4; i++) {
        firn_data_file file = parquet(200);
        file.split_offsets = k_bad[i];
        file.n_split_offsets = 2;
        const firn_scan_task task = {.file = &file};
        assert_str(splits_of(*state, &opts, &task, 1), "a0+100|a100+100");
    }
}

static void test_small_files_weigh_what_opening_them_costs(void **state)
{
    const firn_split_opts opts = {100, 40, 10};
    const firn_data_file files[] = {parquet(1), parquet(1), parquet(1), parquet(70)};
    firn_scan_task tasks[4] = {{0}};
    for (size_t i = 0; i < 4; i++) tasks[i].file = &files[i];
    assert_str(splits_of(*state, &opts, tasks, 4), "a0+1 b0+1|d0+70|c0+1");
}

static void test_deletes_weigh_with_their_files(void **state)
{
    const firn_split_opts opts = {100, 1, 10};
    const firn_delete_file vector = {.file = {.content = FIRN_CONTENT_POSITION_DELETES,
                                              .format = FIRN_FILE_PUFFIN,
                                              .file_size_bytes = 100000,
                                              .content_offset = 4,
                                              .content_size_bytes = 30}};
    const firn_delete_file *deletes[] = {&vector};
    const firn_data_file files[] = {parquet(50), parquet(30), parquet(20)};
    firn_scan_task tasks[3] = {{0}};
    for (size_t i = 0; i < 3; i++) tasks[i].file = &files[i];
    assert_str(splits_of(*state, &opts, tasks, 3), "a0+50 b0+30 c0+20");
    tasks[0].deletes = deletes;
    tasks[0].n_deletes = 1;
    assert_str(splits_of(*state, &opts, tasks, 3), "a0+50 c0+20|b0+30");
}

static void test_the_fullest_goes_when_too_many_are_open(void **state)
{
    const firn_split_opts opts = {100, 1, 2};
    const firn_data_file files[] = {parquet(60), parquet(90), parquet(80), parquet(40),
                                    parquet(20)};
    firn_scan_task tasks[5] = {{0}};
    for (size_t i = 0; i < 5; i++) tasks[i].file = &files[i];
    assert_str(splits_of(*state, &opts, tasks, 5), "b0+90|a0+60 d0+40|c0+80 e0+20");
}

static void test_properties_of_the_table(void **state)
{
    firn_error err = {0};
    firn_split_opts opts;
    firn_property items[] = {{FIRN_STR("read.split.target-size"), FIRN_STR("33554432")},
                             {FIRN_STR("read.split.planning-lookback"), FIRN_STR("3")}};
    firn_table_metadata metadata = {0};
    (void)state;
    assert_ok(firn_split_opts_of(&metadata, &opts, &err), &err);
    assert_int_equal(opts.target_bytes, 134217728);
    assert_int_equal(opts.open_file_bytes, 4194304);
    assert_int_equal(opts.lookback, 10);
    metadata.properties = (firn_properties){items, 2};
    assert_ok(firn_split_opts_of(&metadata, &opts, &err), &err);
    assert_int_equal(opts.target_bytes, 33554432);
    assert_int_equal(opts.lookback, 3);
    items[0].value = FIRN_STR("0");
    assert_fails(firn_split_opts_of(&metadata, &opts, &err), FIRN_ERR_ARG, &err,
                 "read.split.target-size is \"0\", expected a number above 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files_without_offsets_are_cut_at_the_target_size,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_offsets_are_kept_and_neighbours_grow_together,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_offsets_that_cannot_be_are_not_used, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_small_files_weigh_what_opening_them_costs, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_deletes_weigh_with_their_files, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_the_fullest_goes_when_too_many_are_open, make_arena,
                                        drop_arena),
        cmocka_unit_test(test_properties_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
