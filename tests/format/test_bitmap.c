/* SPDX-License-Identifier: Apache-2.0 */
/* Bitmaps against a plain array of flags, and hostile bytes. Files of other writers are in
 * test_puffin_corpora.c. */
#include "firn_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "fail_alloc.h"
#include "format/puffin/bitmap.h"

#define SPAN 200000u /* positions of the random tests: four containers */

typedef struct model {
    uint8_t flags[SPAN];
    firn_bitmap *bitmap;
    uint64_t seed;
} model;

static uint64_t next_random(model *m, uint64_t below)
{
    m->seed ^= m->seed << 13;
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return m->seed % below;
}

static void add(firn_bitmap *bitmap, uint64_t position)
{
    firn_error err;
    assert_ok(firn_bitmap_add(bitmap, position, &err), &err);
}

static firn_bitmap *create(void)
{
    firn_error err;
    firn_bitmap *bitmap = NULL;
    assert_ok(firn_bitmap_create(NULL, &bitmap, &err), &err);
    return bitmap;
}

static void model_range(model *m, uint64_t from, uint64_t to)
{
    firn_error err;
    if (to > SPAN) to = SPAN;
    if (from < to) memset(m->flags + from, 1, to - from);
    assert_ok(firn_bitmap_add_range(m->bitmap, from, to, &err), &err);
}

/* Values, short and long runs, in the proportions that give every kind of container. */
static void fill(model *m, uint64_t n_values, uint64_t n_runs, uint64_t max_run)
{
    for (uint64_t i = 0; i < n_values; i++) {
        const uint64_t at = next_random(m, SPAN);
        m->flags[at] = 1;
        add(m->bitmap, at);
    }
    for (uint64_t i = 0; i < n_runs; i++) {
        const uint64_t from = next_random(m, SPAN);
        model_range(m, from, from + next_random(m, max_run));
    }
}

static void check_values(const model *m)
{
    uint64_t chunk[97];
    uint64_t n_expected = 0;
    uint64_t n_found = 0;
    size_t n;
    firn_bitmap_cursor cursor = {0};
    for (size_t i = 0; i < SPAN; i++) {
        n_expected += m->flags[i];
        if (firn_bitmap_contains(m->bitmap, i) != (m->flags[i] != 0)) fail_msg("position %zu", i);
    }
    assert_int_equal(firn_bitmap_cardinality(m->bitmap), n_expected);
    uint64_t previous = 0;
    while ((n = firn_bitmap_next(m->bitmap, &cursor, chunk, 97)) > 0) {
        for (size_t i = 0; i < n; i++) {
            assert_true(chunk[i] < SPAN && m->flags[chunk[i]] != 0);
            assert_true(n_found + i == 0 || chunk[i] > previous);
            previous = chunk[i];
        }
        n_found += n;
    }
    assert_int_equal(n_found, n_expected);
}

static void check_window(const model *m, uint64_t from, size_t n, size_t skip)
{
    uint64_t bits[SPAN / 64 + 4];
    uint64_t n_hit = 0;
    memset(bits, 0xff, sizeof bits);
    const uint64_t n_cleared = firn_bitmap_clear_bits(m->bitmap, from, n, skip, bits);
    for (size_t i = 0; i < sizeof bits * 8; i++) {
        const uint64_t position = from + i - skip;
        const bool hit = i >= skip && i < skip + n && position < SPAN && m->flags[position] != 0;
        n_hit += hit;
        if ((bits[i / 64] >> (i % 64) & 1) == hit) fail_msg("bit %zu of a window", i);
    }
    assert_int_equal(n_cleared, n_hit);
    assert_int_equal(firn_bitmap_count(m->bitmap, from, from + n), n_hit);
}

static void check_windows(model *m)
{
    for (int i = 0; i < 40; i++) {
        const uint64_t from = next_random(m, SPAN);
        const size_t n = (size_t)next_random(m, i < 20 ? 300 : SPAN - from);
        check_window(m, from, n, (size_t)i);
    }
    check_window(m, 0, SPAN, 0);
    check_window(m, 65535, 2, 0);
    check_window(m, 65536, 65536, 0);
    check_window(m, SPAN - 1, 100, 0);
}

static void check_round_trip(model *m)
{
    firn_error err;
    firn_buf first;
    firn_buf second;
    firn_bitmap *again = NULL;
    firn_buf_init(&first, NULL, 0);
    firn_buf_init(&second, NULL, 0);
    assert_ok(firn_bitmap_encode(m->bitmap, &first, &err), &err);
    assert_ok(firn_bitmap_decode(firn_buf_view(&first), 0, NULL, &again, &err), &err);
    assert_ok(firn_bitmap_encode(again, &second, &err), &err);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    firn_bitmap_destroy(m->bitmap);
    m->bitmap = again;
    check_values(m);
    check_windows(m);
    firn_buf_dispose(&first);
    firn_buf_dispose(&second);
}

static const struct shape {
    uint64_t n_values, n_runs, max_run;
} k_shapes[] = {{0, 0, 0},         {1, 0, 0},     {3000, 0, 0},   {40000, 0, 0},
                {0, 1, SPAN},      {0, 50, 3000}, {0, 9000, 20},  {100, 100, 100},
                {20000, 3, 70000}, {0, 20000, 3}, {150000, 0, 0}, {16000, 5, 10}};

static void test_random_sets_equal_a_plain_array(void **state)
{
    static model m;
    (void)state;
    for (size_t i = 0; i < sizeof k_shapes / sizeof *k_shapes; i++) {
        m = (model){.bitmap = create(), .seed = 88172645463325252u + i};
        fill(&m, k_shapes[i].n_values, k_shapes[i].n_runs, k_shapes[i].max_run);
        check_values(&m);
        check_windows(&m);
        check_round_trip(&m);
        fill(&m, 50, 5, 500); /* what was read can be added to */
        check_values(&m);
        firn_bitmap_destroy(m.bitmap);
    }
}

static void test_or_equals_adding_both(void **state)
{
    static model a;
    static model b;
    firn_error err;
    const size_t n = sizeof k_shapes / sizeof *k_shapes;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j += 2) {
            a = (model){.bitmap = create(), .seed = 1234567 + i};
            b = (model){.bitmap = create(), .seed = 7654321 + j};
            fill(&a, k_shapes[i].n_values / 4, k_shapes[i].n_runs / 4, k_shapes[i].max_run + 1);
            fill(&b, k_shapes[j].n_values / 4, k_shapes[j].n_runs / 4, k_shapes[j].max_run + 1);
            assert_ok(firn_bitmap_or(a.bitmap, b.bitmap, &err), &err);
            for (size_t k = 0; k < SPAN; k++) a.flags[k] |= b.flags[k];
            check_values(&a);
            check_values(&b);
            firn_bitmap_destroy(a.bitmap);
            firn_bitmap_destroy(b.bitmap);
        }
    }
}

static void test_positions_of_64_bits(void **state)
{
    static const uint64_t k_positions[] = {
        0,         65535,         65536, UINT32_MAX, (uint64_t)1 << 32, (uint64_t)5 << 40,
        INT64_MAX, UINT64_MAX - 1};
    const size_t n = sizeof k_positions / sizeof *k_positions;
    uint64_t found[16];
    uint64_t max = 0;
    firn_error err;
    firn_buf out;
    firn_bitmap *bitmap = create();
    firn_bitmap *again = NULL;
    firn_bitmap_cursor cursor = {0};
    (void)state;
    assert_false(firn_bitmap_max(bitmap, &max));
    for (size_t i = n; i > 0; i--) add(bitmap, k_positions[i - 1]);
    for (size_t i = 0; i < n; i++) add(bitmap, k_positions[i]);
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_bitmap_encode(bitmap, &out, &err), &err);
    assert_ok(firn_bitmap_decode(firn_buf_view(&out), 0, NULL, &again, &err), &err);
    assert_int_equal(firn_bitmap_next(again, &cursor, found, 16), n);
    assert_memory_equal(found, k_positions, sizeof k_positions);
    assert_true(firn_bitmap_max(again, &max));
    assert_int_equal(max, UINT64_MAX - 1);
    assert_int_equal(firn_bitmap_count(again, 1, (uint64_t)1 << 33), 4);
    assert_fails(firn_bitmap_encode32(again, &out, &err), FIRN_ERR_ARG, &err,
                 "position 18446744073709551614 in a bitmap of 32 bits");
    firn_buf_dispose(&out);
    firn_bitmap_destroy(bitmap);
    firn_bitmap_destroy(again);
}

static void test_ranges_over_containers(void **state)
{
    const uint64_t end = (uint64_t)3 * 65536 + 1;
    firn_error err;
    firn_bitmap *bitmap = create();
    firn_buf out;
    (void)state;
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_bitmap_add_range(bitmap, 70000, 70000, &err), &err);
    assert_ok(firn_bitmap_add_range(bitmap, 9, 3, &err), &err);
    assert_int_equal(firn_bitmap_cardinality(bitmap), 0);
    assert_ok(firn_bitmap_add_range(bitmap, 65000, end, &err), &err);
    assert_int_equal(firn_bitmap_cardinality(bitmap), end - 65000);
    assert_false(firn_bitmap_contains(bitmap, 64999));
    assert_true(firn_bitmap_contains(bitmap, end - 1));
    assert_false(firn_bitmap_contains(bitmap, end));
    assert_ok(firn_bitmap_encode32(bitmap, &out, &err), &err);
    /* cookie, flags, 4 descriptions, 4 offsets, three runs of 6 bytes and one value */
    assert_int_equal(out.len, 4 + 1 + 16 + 16 + 3 * 6 + 2);
    firn_buf_dispose(&out);
    firn_bitmap_destroy(bitmap);
}

/* ---- hostile bytes ---- */

#define B(literal) FIRN_STR_INIT(literal)

static const struct bad_case {
    firn_str bytes;
    uint64_t position;
    const char *message;
} k_bad32[] = {
    {B(""), 0, "truncated: 4 bytes needed, 0 left"},
    {B("\x39\x30\0\0\0\0\0\0"), 0, "cookie 12345, expected 12346 or 12347"},
    {B("\x3a\x30\0\0\1\0\1\0"), 8, "number of containers 65537, expected 65536"},
    {B("\x3a\x30\0\0\1\0\0\0"), 8, "truncated: 4 bytes needed, 0 left"},
    {B("\x3a\x30\0\0\1\0\0\0\0\0\1\0\x10\0\0\0\2\0\1\0"), 18, "value 1 behind 2 in an array"},
    {B("\x3a\x30\0\0\1\0\0\0\0\0\1\0\x10\0\0\0\2\0\2\0"), 18, "value 2 behind 2 in an array"},
    {B("\x3a\x30\0\0\1\0\0\0\0\0\0\0\x11\0\0\0\2\0"), 16, "offset of a container 17, expected 16"},
    {B("\x3a\x30\0\0\1\0\0\0\0\0\0\0\x10\0\0\0\2\0z"), 18, "bytes behind its end 1, expected 0"},
    {B("\x3a\x30\0\0\1\0\0\0\0\0\1\0\x10\0\0\0\2\0\3"), 16, "truncated: 4 bytes needed, 3 left"},
    {B("\x3a\x30\0\0\2\0\0\0\5\0\0\0\5\0\0\0\x18\0\0\0\x1a\0\0\0\1\0\1\0"), 26,
     "container 5 behind container 5"},
    {B("\x3b\x30\0\0\1\0\0\1\0\0\0"), 11, "runs in a container 0, expected 1"},
    {B("\x3b\x30\0\0\1\0\0\1\0\1\0\5\0\2\0"), 15, "positions in a run container 3, expected 2"},
    {B("\x3b\x30\0\0\1\0\0\1\0\1\0\xff\xff\1\0"), 11, "run of 2 from 65535"},
    {B("\x3b\x30\0\0\1\0\0\3\0\2\0\5\0\1\0\6\0\1\0"), 15,
     "run of 2 from 6 behind one that ends at 7"},
};

static void test_bad_bitmaps_are_refused_with_the_place(void **state)
{
    firn_error err;
    (void)state;
    for (size_t i = 0; i < sizeof k_bad32 / sizeof *k_bad32; i++) {
        firn_bitmap *bitmap = NULL;
        assert_fails(firn_bitmap_decode32(k_bad32[i].bytes, 100, NULL, &bitmap, &err),
                     FIRN_ERR_CORRUPT, &err, k_bad32[i].message);
        assert_int_equal(err.position, 100 + k_bad32[i].position);
        assert_null(bitmap);
    }
}

static void test_runs_that_touch_are_joined(void **state)
{
    const firn_str bytes = FIRN_STR("\x3b\x30\0\0\1\0\0\3\0\2\0\5\0\1\0\7\0\1\0");
    const firn_str joined = FIRN_STR("\x3b\x30\0\0\1\0\0\3\0\1\0\5\0\3\0");
    firn_error err;
    firn_buf out;
    firn_bitmap *bitmap = NULL;
    (void)state;
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_bitmap_decode32(bytes, 0, NULL, &bitmap, &err), &err);
    assert_ok(firn_bitmap_encode32(bitmap, &out, &err), &err);
    assert_int_equal(out.len, joined.len);
    assert_memory_equal(out.data, joined.data, joined.len);
    firn_buf_dispose(&out);
    firn_bitmap_destroy(bitmap);
}

static void test_many_claimed_bitmaps_allocate_nothing(void **state)
{
    const firn_str bytes = FIRN_STR("\xff\xff\xff\xff\xff\xff\xff\x0f\0\0\0\0\x3a\x30\0\0\0\0\0\0");
    const firn_str keys = FIRN_STR("\2\0\0\0\0\0\0\0\5\0\0\0\x3a\x30\0\0\0\0\0\0"
                                   "\5\0\0\0\x3a\x30\0\0\0\0\0\0");
    firn_error err;
    firn_bitmap *bitmap = NULL;
    (void)state;
    firn_fail_alloc_arm(0, false);
    assert_fails(firn_bitmap_decode(bytes, 0, NULL, &bitmap, &err), FIRN_ERR_CORRUPT, &err,
                 "1152921504606846975 bitmaps in 12 bytes");
    assert_true(firn_fail_alloc_peak_bytes() < 1024);
    firn_fail_alloc_disarm();
    assert_fails(firn_bitmap_decode(keys, 0, NULL, &bitmap, &err), FIRN_ERR_CORRUPT, &err,
                 "key 5 behind key 5");
}

static firn_bitmap *mixed_bitmap(void)
{
    firn_error err;
    firn_bitmap *bitmap = create();
    for (uint64_t i = 0; i < 300; i++) add(bitmap, i * i);
    assert_ok(firn_bitmap_add_range(bitmap, 100000, 100500, &err), &err);
    for (uint64_t i = 0; i < 5000; i++) add(bitmap, ((uint64_t)7 << 32) + i * 7);
    return bitmap;
}

/* Every prefix fails; every flipped bit fails or gives another bitmap, and nothing worse. */
static void test_truncated_and_damaged_bytes(void **state)
{
    firn_error err;
    firn_buf out;
    firn_bitmap *bitmap = mixed_bitmap();
    firn_bitmap *again = NULL;
    (void)state;
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_bitmap_encode(bitmap, &out, &err), &err);
    for (size_t n = 0; n < out.len; n += n < 900 ? 1 : 97) {
        const firn_str cut = {out.data, n};
        const firn_status st = firn_bitmap_decode(cut, 0, NULL, &again, &err);
        assert_int_equal(st, FIRN_ERR_CORRUPT);
    }
    for (size_t i = 0; i < out.len * 8; i += i < 4000 ? 1 : 531) {
        out.data[i / 8] = (char)(out.data[i / 8] ^ 1 << (i % 8));
        if (firn_bitmap_decode(firn_buf_view(&out), 0, NULL, &again, &err) == FIRN_OK)
            firn_bitmap_destroy(again);
        out.data[i / 8] = (char)(out.data[i / 8] ^ 1 << (i % 8));
    }
    firn_buf_dispose(&out);
    firn_bitmap_destroy(bitmap);
}

/* ---- refused allocations ---- */

static firn_status use_everything(firn_bitmap *a, firn_bitmap *b, firn_buf *out, firn_error *err)
{
    for (uint64_t i = 0; i < 20; i++) FIRN_TRY(firn_bitmap_add(a, i * 3, err));
    FIRN_TRY(firn_bitmap_add_range(a, 10, 40, err));
    FIRN_TRY(firn_bitmap_add_range(b, 65530, 65540, err));
    FIRN_TRY(firn_bitmap_add(b, 70000, err));
    FIRN_TRY(firn_bitmap_add(b, (uint64_t)9 << 33, err));
    FIRN_TRY(firn_bitmap_or(a, b, err));
    FIRN_TRY(firn_bitmap_or(b, a, err));
    return firn_bitmap_encode(a, out, err);
}

static firn_status run_all(void *ctx, firn_error *err)
{
    firn_bitmap *a = NULL;
    firn_bitmap *b = NULL;
    firn_bitmap *c = NULL;
    firn_buf out;
    (void)ctx;
    firn_buf_init(&out, NULL, 0);
    firn_status st = firn_bitmap_create(NULL, &a, err);
    if (st == FIRN_OK) st = firn_bitmap_create(NULL, &b, err);
    if (st == FIRN_OK) st = use_everything(a, b, &out, err);
    if (st == FIRN_OK) st = firn_bitmap_decode(firn_buf_view(&out), 0, NULL, &c, err);
    firn_bitmap_destroy(a);
    firn_bitmap_destroy(b);
    firn_bitmap_destroy(c);
    firn_buf_dispose(&out);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(firn_fail_alloc_each(run_all, NULL) > 15);
}

static void test_a_failed_add_changes_nothing(void **state)
{
    firn_test_alloc alloc = {0};
    const firn_allocator interface = firn_test_alloc_interface(&alloc);
    firn_error err;
    firn_bitmap *bitmap = NULL;
    (void)state;
    assert_ok(firn_bitmap_create(&interface, &bitmap, &err), &err);
    for (uint64_t i = 0; i < 4096; i++) assert_ok(firn_bitmap_add(bitmap, i * 2, &err), &err);
    alloc.fail_at = alloc.n_calls + 1;
    assert_fails(firn_bitmap_add(bitmap, 9001, &err), FIRN_ERR_NOMEM, &err, NULL);
    assert_int_equal(firn_bitmap_cardinality(bitmap), 4096);
    assert_false(firn_bitmap_contains(bitmap, 9001));
    alloc.fail_at = 0;
    assert_ok(firn_bitmap_add(bitmap, 9001, &err), &err);
    assert_int_equal(firn_bitmap_cardinality(bitmap), 4097);
    firn_bitmap_destroy(bitmap);
    assert_int_equal(alloc.n_live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_sets_equal_a_plain_array),
        cmocka_unit_test(test_or_equals_adding_both),
        cmocka_unit_test(test_positions_of_64_bits),
        cmocka_unit_test(test_ranges_over_containers),
        cmocka_unit_test(test_bad_bitmaps_are_refused_with_the_place),
        cmocka_unit_test(test_runs_that_touch_are_joined),
        cmocka_unit_test(test_many_claimed_bitmaps_allocate_nothing),
        cmocka_unit_test(test_truncated_and_damaged_bytes),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_a_failed_add_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
