/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding order events from memory: MB/s and rows/s of one core.
 *
 *   bench_ndjson [file.ndjson]     without a file: a million made-up orders */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "format/ndjson.h"

#define ROUNDS 5

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_timestamptz = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_price = {.kind = FIRN_TYPE_DECIMAL, .precision = 12, .scale = 3};

#define FIELD(n, t)                                  \
    {                                                \
        .id = 1, .name = FIRN_STR_INIT(n), .type = t \
    }

static const firn_field k_fields[] = {
    FIELD("order_id", &k_string),        FIELD("line", &k_int),
    FIELD("event_time", &k_timestamptz), FIELD("customer_id", &k_string),
    FIELD("country", &k_string),         FIELD("stock_code", &k_string),
    FIELD("description", &k_string),     FIELD("quantity", &k_int),
    FIELD("unit_price", &k_price),       FIELD("status", &k_string),
};
static const firn_type k_root = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = sizeof k_fields / sizeof k_fields[0]};

static void die(const firn_error *err)
{
    fprintf(stderr, "bench_ndjson: %s\n", err->message);
    exit(1);
}

static firn_str make_orders(int64_t n)
{
    const size_t line_max = 300;
    char *data = malloc((size_t)n * line_max);
    size_t len = 0;
    firn_prng prng;

    if (!data) exit(1);
    firn_prng_init(&prng, 7);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t r = firn_prng_next(&prng);
        char customer[16] = "null";
        if (r % 20)
            (void)snprintf(customer, sizeof customer, "\"C%05u\"", (unsigned)(r >> 8 & 0xffff));
        len += (size_t)snprintf(
            data + len, line_max,
            "{\"order_id\":\"O-%08lld\",\"line\":%lld,\"event_time\":\"2026-01-05T%02u:%02u:%02u."
            "%03uZ\",\"customer_id\":%s,\"country\":\"United Kingdom\",\"stock_code\":\"%05u\","
            "\"description\":\"WHITE HANGING HEART T-LIGHT HOLDER\",\"quantity\":%u,"
            "\"unit_price\":%u.%02u,\"status\":\"paid\"}\n",
            (long long)(i / 4), (long long)(i % 4 + 1), (unsigned)(i / 3600000 % 24),
            (unsigned)(i / 60000 % 60), (unsigned)(i / 1000 % 60), (unsigned)(i % 1000), customer,
            (unsigned)(r >> 32 & 0x7fff), (unsigned)(r >> 48 & 31) + 1, (unsigned)(r >> 53 & 63),
            (unsigned)(r >> 57) % 100);
    }
    return (firn_str){data, len};
}

static firn_str read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    long size;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        perror(path);
        exit(1);
    }
    rewind(file);
    data = malloc((size_t)size + 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) exit(1);
    (void)fclose(file);
    return (firn_str){data, (size_t)size};
}

static firn_status count_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    (void)line;
    (void)err;
    ++*(int64_t *)ctx;
    return FIRN_OK;
}

static int64_t decode_all(firn_ndjson_decoder *decoder, firn_batch *batch, firn_str bytes)
{
    firn_error err = {0};
    int64_t rows = 0;
    size_t at = 0;
    firn_status st;

    firn_ndjson_decoder_reset(decoder);
    do {
        size_t used = 0;
        firn_batch_reset(batch);
        st = firn_ndjson_decode(decoder, (firn_str){bytes.data + at, bytes.len - at}, true,
                                FIRN_BATCH_ROWS, batch, NULL, &used, &err);
        if (st != FIRN_OK && st != FIRN_DONE) die(&err);
        at += used;
        rows += batch->n_rows;
    } while (st == FIRN_OK);
    return rows;
}

int main(int argc, char **argv)
{
    const firn_str bytes = argc > 1 ? read_file(argv[1]) : make_orders(1000000);
    int64_t n_bad = 0;
    const firn_ndjson_opts opts = {.on_bad_line = count_bad, .ctx = &n_bad};
    firn_ndjson_decoder *decoder = NULL;
    firn_batch *batch = NULL;
    firn_error err = {0};

    if (firn_ndjson_decoder_create(&k_root, &opts, &decoder, &err) != FIRN_OK) die(&err);
    if (firn_batch_create(&k_root, FIRN_BATCH_ROWS, &batch, &err) != FIRN_OK) die(&err);
    for (int i = 0; i < ROUNDS; i++) {
        const int64_t start = firn_clock_monotonic_us(firn_clock_system());
        n_bad = 0;
        const int64_t rows = decode_all(decoder, batch, bytes);
        const double us = (double)(firn_clock_monotonic_us(firn_clock_system()) - start);
        printf("%lld rows, %lld bad, %.0f MB/s, %.2f M rows/s\n", (long long)rows, (long long)n_bad,
               (double)bytes.len / us, (double)rows / us);
    }
    firn_batch_destroy(batch);
    firn_ndjson_decoder_destroy(decoder);
    free((void *)(uintptr_t)bytes.data);
    return 0;
}
