/* SPDX-License-Identifier: Apache-2.0 */
/* Property: whatever schema, values, batch sizes and options, the reader gives back what the writer
 * was given, the same bytes whatever the threads; the statistics of row groups and pages hold for
 * all values, and bloom filters miss none. */
#include "firn_test.h"

#include "base/str.h"
#include "random_parquet.h"

#define ROUNDS   60
#define MAX_ROWS 6000

/* The same rows in the same pieces, on three threads. */
static void check_threads(random_parquet *p, const firn_type *root, const firn_batch *rows,
                          firn_parquet_write_opts opts, const firn_buf *expected)
{
    firn_buf bytes;
    firn_pool *pool;
    firn_buf_init(&bytes, NULL, 0);
    assert_ok(firn_pool_create(3, &pool, &p->err), &p->err);
    assert_ok(firn_parquet_workspace_create(pool, NULL, &opts.workspace, &p->err), &p->err);
    random_parquet_write_file(p, root, rows, &opts, &bytes);
    assert_int_equal(bytes.len, expected->len);
    assert_memory_equal(bytes.data, expected->data, bytes.len);
    firn_parquet_workspace_destroy(opts.workspace);
    firn_pool_destroy(pool);
    firn_buf_dispose(&bytes);
}

static void round_trip(uint64_t seed)
{
    random_parquet p = {.next_id = 1, .arena = firn_arena_create(NULL, 0)};
    firn_type root = {.kind = FIRN_TYPE_STRUCT};
    firn_buf bytes;
    firn_prng_init(&p.prng, seed);
    random_parquet_members(&p, &root, 1 + random_parquet_below(&p, 6), 0);
    const uint64_t most = random_parquet_below(&p, 3) ? MAX_ROWS : 20;
    firn_batch *rows = random_parquet_rows(&p, &root, (int64_t)random_parquet_below(&p, most));
    firn_buf_init(&bytes, NULL, 0);
    const firn_parquet_write_opts opts = random_parquet_opts(&p);
    const firn_prng before = p.prng;
    random_parquet_write_file(&p, &root, rows, &opts, &bytes);
    p.prng = before;
    if (seed % 4 == 0) check_threads(&p, &root, rows, opts, &bytes);
    random_parquet_check(&p, &root, rows, &bytes);
    firn_buf_dispose(&bytes);
    firn_batch_destroy(rows);
    firn_arena_destroy(p.arena);
}

static void test_reader_gives_back_what_the_writer_got(void **state)
{
    const uint64_t rounds = *(const uint64_t *)*state;
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        print_message("seed %d\n", (int)seed);
        round_trip(seed);
    }
}

/* An argument is the number of rounds. */
int main(int argc, char **argv)
{
    int64_t rounds = ROUNDS;
    if (argc == 2 && !firn_str_to_i64(firn_str_of(argv[1]), &rounds)) return 2;
    uint64_t count = (uint64_t)rounds;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_reader_gives_back_what_the_writer_got, &count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
