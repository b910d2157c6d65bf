/* SPDX-License-Identifier: Apache-2.0 */
/* The order generator: what it says it wrote is what a reader finds, and the bytes depend on the
 * options only. */
#include "firn_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/codec/gunzip.h"
#include "format/json/json.h"
#include "format/text/ndjson.h"
#include "pipeline/generate.h"
#include "store/local.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_price = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 3};
static const firn_field k_fields[] = {
    {.id = 1, .is_required = true, .name = FIRN_STR_INIT("order_id"), .type = &k_string},
    {.id = 2, .is_required = true, .name = FIRN_STR_INIT("line"), .type = &k_int},
    {.id = 3, .is_required = true, .name = FIRN_STR_INIT("event_time"), .type = &k_time},
    {.id = 4, .name = FIRN_STR_INIT("customer_id"), .type = &k_string},
    {.id = 5, .is_required = true, .name = FIRN_STR_INIT("country"), .type = &k_string},
    {.id = 6, .is_required = true, .name = FIRN_STR_INIT("stock_code"), .type = &k_string},
    {.id = 7, .is_required = true, .name = FIRN_STR_INIT("description"), .type = &k_string},
    {.id = 8, .is_required = true, .name = FIRN_STR_INIT("quantity"), .type = &k_int},
    {.id = 9, .is_required = true, .name = FIRN_STR_INIT("unit_price"), .type = &k_price},
    {.id = 10, .is_required = true, .name = FIRN_STR_INIT("status"), .type = &k_string},
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 10};

typedef struct fixture {
    char folder[FIRN_TEST_PATH];
    char truth[FIRN_TEST_PATH];
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    firn_generate_opts opts;
    firn_generate_truth wrote;
} fixture;

static void begin(fixture *f)
{
    firn_error err = {0};

    memset(f, 0, sizeof *f);
    firn_test_tempdir(f->folder);
    f->arena = firn_arena_create(NULL, 0);
    assert_ok(firn_env_create(NULL, &f->env, &err), &err);
    assert_ok(firn_store_create(&f->store, &err), &err);
    assert_ok(firn_store_add_local(f->store, f->env, &err), &err);
    firn_generate_opts_init(&f->opts);
    f->opts.folder = firn_str_of(f->folder);
    f->opts.n_lines = 20000;
    f->opts.rate = 100;
}

static void end(fixture *f)
{
    firn_test_remove_tree(f->folder);
    firn_store_destroy(f->store);
    firn_env_destroy(f->env);
    firn_arena_destroy(f->arena);
}

static void generate(fixture *f)
{
    firn_error err = {0};

    assert_ok(firn_generate_orders(f->env, f->store, &f->opts, &f->wrote, &err), &err);
}

/* ---- reading back ---- */

typedef struct row {
    firn_str order_id;
    int32_t line;
    int64_t time_us, quantity, amount;
} row;

typedef struct found {
    firn_generate_truth t;
    row *rows;
    size_t n_rows;
    firn_arena *arena;
} found;

static firn_status count_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    (void)line;
    (void)err;
    ((found *)ctx)->t.malformed++;
    return FIRN_OK;
}

static void add_rows(found *f, const firn_batch *batch)
{
    for (int64_t r = 0; r < batch->n_rows; r++) {
        row *to = &f->rows[f->n_rows++];
        to->order_id = firn_arena_copy(f->arena, firn_column_get(&batch->columns[0], r).as.bytes);
        to->line = firn_column_get(&batch->columns[1], r).as.i32;
        to->time_us = firn_column_get(&batch->columns[2], r).as.i64;
        to->quantity = firn_column_get(&batch->columns[7], r).as.i32;
        to->amount = to->quantity * (int64_t)firn_column_get(&batch->columns[8], r).as.decimal;
        f->t.missing_customer += firn_column_get(&batch->columns[3], r).is_null;
        f->t.negative += to->quantity < 0;
        f->t.quantity += to->quantity;
        f->t.amount += to->amount;
        f->t.events++;
    }
}

static void read_file(void *ctx, const char *name, firn_str bytes)
{
    found *f = ctx;
    const firn_ndjson_opts opts = {.on_bad_line = count_bad, .ctx = f};
    firn_ndjson_decoder *decoder = NULL;
    firn_batch *batch = NULL;
    firn_error err = {0};
    size_t at = 0;
    firn_status st;

    (void)name;
    f->t.files++;
    assert_ok(firn_ndjson_decoder_create(&k_root, &opts, &decoder, &err), &err);
    assert_ok(firn_batch_create(&k_root, 1000, &batch, &err), &err);
    do {
        size_t used = 0;
        firn_batch_reset(batch);
        st = firn_ndjson_decode(decoder, firn_str_slice(bytes, at, bytes.len), true, 1000, batch,
                                NULL, &used, &err);
        at += used;
        add_rows(f, batch);
    } while (st == FIRN_OK);
    assert_int_equal(st, FIRN_DONE);
    firn_batch_destroy(batch);
    firn_ndjson_decoder_destroy(decoder);
}

static int compare_rows(const void *a, const void *b)
{
    const row *x = a;
    const row *y = b;
    const int by_order = firn_str_compare(x->order_id, y->order_id);

    if (by_order != 0) return by_order;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return x->time_us < y->time_us ? -1 : x->time_us > y->time_us;
}

/* Sums over the latest row of each key, and how many rows repeat one of the same time. */
static void sum_latest(found *f)
{
    qsort(f->rows, f->n_rows, sizeof *f->rows, compare_rows);
    for (size_t i = 0; i < f->n_rows; i++) {
        const row *r = &f->rows[i];
        const row *next = i + 1 < f->n_rows ? r + 1 : NULL;
        const bool is_same_key =
            next && next->line == r->line && firn_str_equals(next->order_id, r->order_id);
        if (is_same_key && next->time_us == r->time_us) f->t.duplicates++;
        if (is_same_key) continue;
        f->t.keys++;
        f->t.latest_quantity += r->quantity;
        f->t.latest_amount += r->amount;
    }
}

static void test_truth_is_what_a_reader_finds(void **state)
{
    fixture f;
    found seen = {0};

    (void)state;
    begin(&f);
    f.opts.malformed = 0.02;
    f.opts.n_lines = 50000;
    generate(&f);
    seen.arena = f.arena;
    seen.rows = firn_arena_array(f.arena, (size_t)f.wrote.events, sizeof *seen.rows);
    (void)corpus_each(f.arena, f.folder, ".ndjson", read_file, &seen);
    sum_latest(&seen);
    assert_int_equal(f.wrote.lines, 50000);
    assert_int_equal(f.wrote.events + f.wrote.malformed, 50000);
    assert_int_equal(seen.t.events, f.wrote.events);
    assert_int_equal(seen.t.malformed, f.wrote.malformed);
    assert_int_equal(seen.t.negative, f.wrote.negative);
    assert_int_equal(seen.t.missing_customer, f.wrote.missing_customer);
    assert_int_equal(seen.t.quantity, f.wrote.quantity);
    assert_int_equal(seen.t.amount, f.wrote.amount);
    assert_int_equal(seen.t.keys, f.wrote.keys);
    assert_int_equal(seen.t.duplicates, f.wrote.duplicates);
    assert_int_equal(seen.t.latest_quantity, f.wrote.latest_quantity);
    assert_int_equal(seen.t.latest_amount, f.wrote.latest_amount);
    assert_int_equal(seen.t.files, f.wrote.files);
    assert_int_equal(f.wrote.files, 9); /* 500 seconds, a file a minute */
    assert_int_equal(f.wrote.keys + f.wrote.duplicates + f.wrote.updates, f.wrote.events);
    end(&f);
}

static void assert_near(int64_t count, double expected)
{
    if ((double)count < expected * 0.8 || (double)count > expected * 1.2)
        fail_msg("%lld, expected about %.0f", (long long)count, expected);
}

static void test_shares_are_kept(void **state)
{
    fixture f;

    (void)state;
    begin(&f);
    f.opts.n_lines = 100000;
    f.opts.malformed = 0.05;
    f.opts.late = 0.1;
    generate(&f);
    assert_near(f.wrote.malformed, 5000);
    assert_near(f.wrote.truncated, 1250);
    assert_near(f.wrote.wrong_type, 1250);
    assert_near(f.wrote.broken_utf8, 1250);
    assert_near(f.wrote.not_json, 1250);
    assert_near(f.wrote.duplicates, 1000);
    assert_near(f.wrote.updates, 5000);
    assert_near(f.wrote.late, 8900);
    assert_near(f.wrote.negative, 1900);
    assert_near(f.wrote.missing_customer, 2850);
    end(&f);
}

static void test_zero_shares_mean_none(void **state)
{
    fixture f;

    (void)state;
    begin(&f);
    f.opts.malformed = f.opts.duplicates = f.opts.updates = 0;
    f.opts.negative = f.opts.missing_customer = f.opts.late = 0;
    generate(&f);
    assert_int_equal(f.wrote.keys, f.wrote.lines);
    assert_int_equal(f.wrote.negative + f.wrote.missing_customer + f.wrote.late, 0);
    end(&f);
}

/* ---- the same bytes ---- */

static void append_bytes(void *ctx, const char *name, firn_str bytes)
{
    (void)name;
    firn_buf_str(ctx, bytes);
}

static void append_unpacked(void *ctx, const char *name, firn_str bytes)
{
    firn_gunzip *gz = NULL;
    char piece[4096];
    firn_status st;

    (void)name;
    assert_int_equal(firn_gunzip_create(&gz, NULL), FIRN_OK);
    do {
        size_t used = 0;
        size_t made = 0;
        st = firn_gunzip_step(gz, bytes, true, piece, sizeof piece, &used, &made, NULL);
        bytes = firn_str_slice(bytes, used, bytes.len);
        firn_buf_append(ctx, piece, made);
    } while (st == FIRN_OK);
    assert_int_equal(st, FIRN_DONE);
    firn_gunzip_destroy(gz);
}

static void test_pace_and_compression_do_not_change_the_bytes(void **state)
{
    fixture plain;
    fixture other;
    firn_test_clock clock;
    firn_clock fake;
    firn_buf a;
    firn_buf b;

    (void)state;
    begin(&plain);
    begin(&other);
    firn_test_clock_init(&clock, 0);
    fake = firn_test_clock_interface(&clock);
    firn_buf_init(&a, NULL, 100000000);
    firn_buf_init(&b, NULL, 100000000);
    generate(&plain);
    other.env->clock = &fake;
    other.opts.is_gzip = true;
    other.opts.is_real_time = true;
    generate(&other);
    assert_int_equal(corpus_each(plain.arena, plain.folder, ".ndjson", append_bytes, &a), 4);
    assert_int_equal(corpus_each(other.arena, other.folder, ".ndjson.gz", append_unpacked, &b), 4);
    assert_true(clock.slept_us >= INT64_C(240000000));
    assert_int_equal(a.len, plain.wrote.bytes);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    firn_buf_dispose(&a);
    firn_buf_dispose(&b);
    end(&plain);
    end(&other);
}

/* Demos and recorded results depend on the bytes: changing them must be a decision. */
static void test_bytes_of_a_seed_never_change(void **state)
{
    fixture f;
    firn_buf a;
    const firn_str first = FIRN_STR(
        "{\"order_id\":\"O-00000001\",\"line\":1,\"event_time\":\"2026-01-01T00:00:00.000Z\","
        "\"customer_id\":\"C00000\",\"country\":\"United Kingdom\",\"stock_code\":\"23272\","
        "\"description\":\"GOLD LINEN STORAGE TIN\",\"quantity\":2,\"unit_price\":18.369,"
        "\"status\":\"new\"}\n");

    (void)state;
    begin(&f);
    firn_buf_init(&a, NULL, 100000000);
    generate(&f);
    (void)corpus_each(f.arena, f.folder, ".ndjson", append_bytes, &a);
    assert_true(firn_str_starts_with(firn_buf_view(&a), first));
    assert_int_equal(firn_str_hash(firn_buf_view(&a)), UINT64_C(0x294a68dc76fa50f1));
    firn_buf_dispose(&a);
    end(&f);
}

/* ---- limits and failures ---- */

static void test_duration_and_interval_decide_the_files(void **state)
{
    fixture f;

    (void)state;
    begin(&f);
    f.opts.n_lines = 0;
    f.opts.duration_us = 90 * 1000000;
    f.opts.rate = 7;
    f.opts.file_interval_us = 10 * 1000000;
    generate(&f);
    assert_int_equal(f.wrote.lines, 630);
    assert_int_equal(f.wrote.files, 9);
    assert_int_equal(firn_test_count_files(f.folder), 9);
    end(&f);
}

static void test_truth_file_holds_the_counts(void **state)
{
    fixture f;
    json_t *doc = NULL;
    int64_t value = 0;
    firn_error err = {0};

    (void)state;
    begin(&f);
    f.opts.truth = firn_test_path(f.truth, f.folder, "_truth.json");
    generate(&f);
    assert_ok(firn_json_parse(corpus_read(f.arena, f.truth), f.arena, &doc, &err), &err);
    assert_int_equal(firn_json_get_i64(doc, "events", &value, &err), FIRN_OK);
    assert_int_equal(value, f.wrote.events);
    assert_int_equal(firn_json_get_i64(doc, "files", &value, &err), FIRN_OK);
    assert_int_equal(value, f.wrote.files);
    assert_int_equal(firn_json_get_i64(doc, "latest_amount_thousandths", &value, &err), FIRN_OK);
    assert_int_equal(value, f.wrote.latest_amount);
    end(&f);
}

static void test_existing_files_are_not_replaced(void **state)
{
    fixture f;
    firn_error err = {0};

    (void)state;
    begin(&f);
    generate(&f);
    assert_fails(firn_generate_orders(f.env, f.store, &f.opts, &f.wrote, &err), FIRN_ERR_EXISTS,
                 &err, NULL);
    assert_int_equal(f.wrote.files, 0);
    end(&f);
}

/* Cancels at the first sleep: the second file is on its way then. */
static void sleep_and_cancel(void *ctx, int64_t us)
{
    fixture *f = ctx;

    (void)us;
    firn_env_cancel(f->env);
}

static int64_t no_time(void *ctx)
{
    (void)ctx;
    return 0;
}

static void test_cancelled_file_is_not_left_behind(void **state)
{
    fixture f;
    const firn_clock clock = {&f, no_time, no_time, sleep_and_cancel};
    firn_error err = {0};

    (void)state;
    begin(&f);
    f.env->clock = &clock;
    f.opts.is_real_time = true;
    f.opts.n_lines = 0;
    f.opts.truth = firn_test_path(f.truth, f.folder, "_truth.json");
    assert_fails(firn_generate_orders(f.env, f.store, &f.opts, &f.wrote, &err), FIRN_ERR_CANCELLED,
                 &err, NULL);
    assert_int_equal(f.wrote.files, 0);
    assert_int_equal(f.wrote.lines, 0);
    assert_int_equal(firn_test_count_files(f.folder), 1); /* the truth */
    end(&f);
}

static void assert_refused(fixture *f, const char *message)
{
    firn_error err = {0};

    assert_fails(firn_generate_orders(f->env, f->store, &f->opts, &f->wrote, &err), FIRN_ERR_ARG,
                 &err, message);
    firn_generate_opts_init(&f->opts);
    f->opts.folder = firn_str_of(f->folder);
    f->opts.n_lines = 1;
}

static void test_bad_options_are_refused(void **state)
{
    fixture f;

    (void)state;
    begin(&f);
    f.opts.n_lines = 0;
    assert_refused(&f, "a number of events or a duration is needed");
    f.opts.rate = 0;
    assert_refused(&f, "rate of 0 events a second");
    f.opts.late = 1.5;
    assert_refused(&f, "share of late events must be from 0 to 1, found 1.5");
    f.opts.updates = 0.999;
    assert_refused(&f, "are more than 1");
    f.opts.file_interval_us = 1500000;
    assert_refused(&f, "file interval must be whole seconds");
    f.opts.start_us = -1000000;
    assert_refused(&f, "start must be a whole second from 1970");
    f.opts.folder = (firn_str){0};
    assert_refused(&f, "no landing folder given");
    assert_int_equal(firn_test_count_files(f.folder), 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth_is_what_a_reader_finds),
        cmocka_unit_test(test_shares_are_kept),
        cmocka_unit_test(test_zero_shares_mean_none),
        cmocka_unit_test(test_pace_and_compression_do_not_change_the_bytes),
        cmocka_unit_test(test_bytes_of_a_seed_never_change),
        cmocka_unit_test(test_duration_and_interval_decide_the_files),
        cmocka_unit_test(test_truth_file_holds_the_counts),
        cmocka_unit_test(test_existing_files_are_not_replaced),
        cmocka_unit_test(test_cancelled_file_is_not_left_behind),
        cmocka_unit_test(test_bad_options_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
