/* SPDX-License-Identifier: Apache-2.0 */
/* How fast rows become Parquet: 16 columns like TPC-H's lineitem, made in memory first, written
 * with zstd level 1 by one thread. Prints rows/s of processor time, values/s and bytes.
 *
 *   bench_parquet_encode [rows [codec [nulls [file]]]]
 *
 * rows: default 1000000; codec: the number in codec.h, default zstd; nulls: percent of every
 * column; file: keep the last one and print the columns' sizes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "base/str.h"
#include "format/parquet/write/parquet_writer.h"

#define TYPE(name, ...) static const firn_type name = {__VA_ARGS__}
TYPE(k_long, .kind = FIRN_TYPE_LONG);
TYPE(k_int, .kind = FIRN_TYPE_INT);
TYPE(k_date, .kind = FIRN_TYPE_DATE);
TYPE(k_string, .kind = FIRN_TYPE_STRING);
TYPE(k_decimal, .kind = FIRN_TYPE_DECIMAL, .precision = 15, .scale = 2);

#define FIELD(i, n, t)                                    \
    {                                                     \
        .id = (i), .name = FIRN_STR_INIT(n), .type = &(t) \
    }
static const firn_field k_fields[] = {
    FIELD(1, "l_orderkey", k_long),     FIELD(2, "l_partkey", k_long),
    FIELD(3, "l_suppkey", k_long),      FIELD(4, "l_linenumber", k_int),
    FIELD(5, "l_quantity", k_decimal),  FIELD(6, "l_extendedprice", k_decimal),
    FIELD(7, "l_discount", k_decimal),  FIELD(8, "l_tax", k_decimal),
    FIELD(9, "l_returnflag", k_string), FIELD(10, "l_linestatus", k_string),
    FIELD(11, "l_shipdate", k_date),    FIELD(12, "l_commitdate", k_date),
    FIELD(13, "l_receiptdate", k_date), FIELD(14, "l_shipinstruct", k_string),
    FIELD(15, "l_shipmode", k_string),  FIELD(16, "l_comment", k_string),
};
TYPE(k_root, .kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 16);

static const char *const k_flags[] = {"A", "N", "R"};
static const char *const k_status[] = {"F", "O"};
static const char *const k_instruct[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE",
                                         "TAKE BACK RETURN"};
static const char *const k_modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
static const char *const k_words[] = {
    "carefully", "final",     "deposits", "sleep",       "furiously", "quickly",  "pending",
    "accounts",  "requests",  "the",      "even",        "bold",      "packages", "across",
    "ironic",    "blithely",  "regular",  "theodolites", "silent",    "above",    "slyly",
    "special",   "platelets", "express",  "ideas",       "unusual",   "haggle",   "nag",
    "among",     "foxes",     "dolphins", "detect"};

static void check(firn_status st, const firn_error *err)
{
    if (st == FIRN_OK) return;
    fprintf(stderr, "%s: %s\n", firn_status_name(st), err->message);
    exit(1);
}

static void put_text(firn_column *c, int64_t r, const char *text, firn_error *err)
{
    check(firn_column_copy_bytes(c, firn_str_of(text), (firn_view *)c->values + r, err), err);
}

static void put_long(firn_column *c, int64_t r, uint64_t v)
{
    ((int64_t *)c->values)[r] = (int64_t)v;
}

static void put_row(firn_batch *batch, int64_t r, uint64_t order, uint64_t line, firn_prng *prng)
{
    firn_error err;
    firn_column *c = batch->columns;
    const uint64_t quantity = 1 + firn_prng_below(prng, 50), part = firn_prng_below(prng, 200000);
    const int32_t ship = 8036 + (int32_t)firn_prng_below(prng, 2520);
    char text[64] = "";
    put_long(&c[0], r, order);
    put_long(&c[1], r, part);
    put_long(&c[2], r, firn_prng_below(prng, 10000));
    ((int32_t *)c[3].values)[r] = (int32_t)line;
    put_long(&c[4], r, quantity * 100);
    put_long(&c[5], r, quantity * (90000 + part % 20001 * 10 + part / 10 % 1000));
    put_long(&c[6], r, firn_prng_below(prng, 11));
    put_long(&c[7], r, firn_prng_below(prng, 9));
    put_text(&c[8], r, k_flags[firn_prng_below(prng, 3)], &err);
    put_text(&c[9], r, k_status[ship > 9298], &err);
    ((int32_t *)c[10].values)[r] = ship;
    ((int32_t *)c[11].values)[r] = ship + (int32_t)firn_prng_below(prng, 120) - 60;
    ((int32_t *)c[12].values)[r] = ship + 1 + (int32_t)firn_prng_below(prng, 30);
    put_text(&c[13], r, k_instruct[firn_prng_below(prng, 4)], &err);
    put_text(&c[14], r, k_modes[firn_prng_below(prng, 7)], &err);
    const size_t want = 10 + firn_prng_below(prng, 34);
    for (size_t len = 0; len < want;) {
        const char *word = k_words[firn_prng_below(prng, 32)];
        len += (size_t)snprintf(text + len, want + 1 - len, "%s ", word);
        if (len > want) len = want;
    }
    put_text(&c[15], r, text + firn_prng_below(prng, 4), &err);
}

typedef struct sink_state {
    FILE *file; /* NULL: count only */
    int64_t bytes;
} sink_state;

static firn_status write_sink(void *ctx, const void *data, size_t n, firn_error *err)
{
    sink_state *sink = ctx;
    (void)err;
    sink->bytes += (int64_t)n;
    if (sink->file && fwrite(data, 1, n, sink->file) != n) return FIRN_ERR_IO;
    return FIRN_OK;
}

static void put_nulls(firn_batch *batch, uint64_t percent, firn_prng *prng)
{
    for (size_t c = 0; c < batch->n_columns && percent; c++)
        for (int64_t r = 0; r < batch->n_rows; r++)
            if (firn_prng_below(prng, 100) < percent) firn_column_set_null(&batch->columns[c], r);
}

static firn_batch **make_batches(int64_t rows, uint64_t null_percent, size_t *n_out)
{
    const size_t n = (size_t)((rows + FIRN_BATCH_ROWS - 1) / FIRN_BATCH_ROWS);
    firn_batch **batches = firn_mem_array(NULL, n, sizeof(firn_batch *));
    firn_prng prng;
    firn_error err;
    uint64_t order = 1, line = 1;
    firn_prng_init(&prng, 42);
    if (!batches) exit(1);
    for (size_t b = 0; b < n; b++) {
        check(firn_batch_create(&k_root, FIRN_BATCH_ROWS, &batches[b], &err), &err);
        const int64_t left = rows - (int64_t)b * FIRN_BATCH_ROWS;
        batches[b]->n_rows = left < FIRN_BATCH_ROWS ? left : FIRN_BATCH_ROWS;
        for (int64_t r = 0; r < batches[b]->n_rows; r++) {
            put_row(batches[b], r, order, line, &prng);
            if (++line <= 1 + firn_prng_below(&prng, 7)) continue;
            line = 1;
            order += firn_prng_below(&prng, 8) ? 1 : 25;
        }
        put_nulls(batches[b], null_percent, &prng);
    }
    *n_out = n;
    return batches;
}

static double encode(firn_batch **batches, size_t n, firn_codec codec, sink_state *state)
{
    const firn_parquet_write_opts opts = {.codec = codec};
    const firn_byte_sink sink = {state, write_sink};
    firn_parquet_writer *writer;
    firn_file_metrics metrics;
    firn_error err;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const clock_t start = clock();
    check(firn_parquet_writer_create(&k_root, &opts, &sink, &writer, &err), &err);
    for (size_t i = 0; i < n; i++)
        check(firn_parquet_writer_append(writer, batches[i], &err), &err);
    check(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    for (size_t i = 0; i < metrics.n_columns && state->file; i++)
        printf("  %-18.*s %10lld bytes\n", FIRN_STR_ARG(k_fields[i].name),
               (long long)metrics.columns[i].column_size_bytes);
    firn_parquet_writer_destroy(writer);
    firn_arena_destroy(arena);
    return seconds;
}

int main(int argc, char **argv)
{
    const int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
    const firn_codec codec = argc > 2 ? (firn_codec)atoi(argv[2]) : FIRN_CODEC_ZSTD;
    double best = 1e30;
    size_t n;
    sink_state state = {0};
    firn_batch **batches = make_batches(rows, argc > 3 ? strtoull(argv[3], NULL, 10) : 0, &n);
    for (int run = 0; run < 3; run++) {
        state = (sink_state){argc > 4 && run == 2 ? fopen(argv[4], "wb") : NULL, 0};
        const double seconds = encode(batches, n, codec, &state);
        if (state.file && fclose(state.file)) return 1;
        if (seconds < best) best = seconds;
    }
    printf("%lld rows, codec %d: %.3f s, %.2f M rows/s, %.1f M values/s, %lld bytes\n",
           (long long)rows, (int)codec, best, (double)rows / best / 1e6,
           (double)rows * 16 / best / 1e6, (long long)state.bytes);
    for (size_t i = 0; i < n; i++) firn_batch_destroy(batches[i]);
    firn_mem_free(NULL, batches);
    return 0;
}
