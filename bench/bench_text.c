/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding orders or lineitems (bench/format_data.py writes some) as landing models do: reads the
 * file, CSV or NDJSON by its name, decodes it and sums every column. Prints the seconds of each
 * round and the sums.
 *
 *   bench_text file.(csv|ndjson) [rounds [orders|lineitem]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_support.h"
#include "pipeline/row_decoder.h"

#define CHUNK ((size_t)1 << 20)

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_timestamptz = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_money = {.kind = FIRN_TYPE_DECIMAL, .precision = 15, .scale = 2};
static const firn_type k_price = {.kind = FIRN_TYPE_DECIMAL, .precision = 12, .scale = 3};

#define FIELD(n, t)                                    \
    {                                                  \
        .id = 1, .name = FIRN_STR_INIT(n), .type = (t) \
    }

#define MAX_FIELDS 16
#define ROOT(name, of)              \
    static const firn_type name = { \
        .kind = FIRN_TYPE_STRUCT, .fields = (of), .n_fields = sizeof(of) / sizeof((of)[0])}

static const firn_field k_order_fields[] = {
    FIELD("order_id", &k_string),        FIELD("line", &k_int),
    FIELD("event_time", &k_timestamptz), FIELD("customer_id", &k_string),
    FIELD("country", &k_string),         FIELD("stock_code", &k_string),
    FIELD("description", &k_string),     FIELD("quantity", &k_int),
    FIELD("unit_price", &k_price),       FIELD("status", &k_string),
};
ROOT(k_orders, k_order_fields);

static const firn_field k_lineitem_fields[] = {
    FIELD("l_orderkey", &k_long),     FIELD("l_partkey", &k_long),
    FIELD("l_suppkey", &k_long),      FIELD("l_linenumber", &k_int),
    FIELD("l_quantity", &k_money),    FIELD("l_extendedprice", &k_money),
    FIELD("l_discount", &k_money),    FIELD("l_tax", &k_money),
    FIELD("l_returnflag", &k_string), FIELD("l_linestatus", &k_string),
    FIELD("l_shipdate", &k_date),     FIELD("l_commitdate", &k_date),
    FIELD("l_receiptdate", &k_date),  FIELD("l_shipinstruct", &k_string),
    FIELD("l_shipmode", &k_string),   FIELD("l_comment", &k_string),
};
ROOT(k_lineitem, k_lineitem_fields);

static firn_status count_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    (void)line;
    (void)err;
    ++*(int64_t *)ctx;
    return FIRN_OK;
}

typedef struct decode_job {
    bench_file file;
    char *chunk; /* CHUNK bytes */
    firn_row_decoder *decoder;
    firn_batch *batch;
    const firn_type *root;
    uint64_t sums[MAX_FIELDS];
} decode_job;

/* All complete lines of bytes; returns how many bytes they take. */
static size_t decode_lines(decode_job *job, firn_str bytes, bool is_last)
{
    firn_error err = {0};
    firn_status st = FIRN_OK;
    size_t at = 0;
    while (st == FIRN_OK) {
        size_t used = 0;
        firn_batch_reset(job->batch);
        st = firn_row_decode(job->decoder, (firn_str){bytes.data + at, bytes.len - at}, is_last,
                             job->batch, NULL, &used, &err);
        if (st != FIRN_DONE && st != FIRN_NEED_MORE) bench_check(st, &err);
        bench_add_sums(job->batch, job->sums);
        at += used;
    }
    return at;
}

static void decode_all(decode_job *job)
{
    firn_error err = {0};
    const int64_t size = job->file.source.size_bytes;
    size_t kept = 0;
    firn_row_decoder_reset(job->decoder);
    for (size_t i = 0; i < job->root->n_fields; i++) job->sums[i] = 0;
    for (int64_t at = 0; at < size;) {
        const size_t room = CHUNK - kept;
        const size_t n = size - at < (int64_t)room ? (size_t)(size - at) : room;
        bench_check(job->file.source.read_at(&job->file, at, job->chunk + kept, n, &err), &err);
        at += (int64_t)n;
        const firn_str bytes = {job->chunk, kept + n};
        const size_t used = decode_lines(job, bytes, at == size);
        kept = bytes.len - used;
        memmove(job->chunk, job->chunk + used, kept);
    }
}

int main(int argc, char **argv)
{
    static decode_job job;
    int64_t n_bad = 0;
    firn_row_decoder_opts opts = {.on_bad_line = count_bad, .ctx = &n_bad};
    firn_error err = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_text file.(csv|ndjson) [rounds [orders|lineitem]]\n");
        return 2;
    }
    opts.format = strstr(argv[1], ".csv") ? FIRN_LANDING_CSV : FIRN_LANDING_NDJSON;
    job.root = argc > 3 && strcmp(argv[3], "lineitem") == 0 ? &k_lineitem : &k_orders;
    bench_file_open(&job.file, argv[1]);
    job.chunk = malloc(CHUNK);
    if (!job.chunk) return 1;
    bench_check(firn_row_decoder_create(job.root, &opts, &job.decoder, &err), &err);
    bench_check(firn_batch_create(job.root, FIRN_BATCH_ROWS, &job.batch, &err), &err);
    for (long i = argc > 2 ? strtol(argv[2], NULL, 10) : 1; i > 0; i--) {
        const bench_clock start = bench_now();
        decode_all(&job);
        bench_print_since(start);
    }
    bench_print_sums(job.sums, job.root->n_fields);
    printf("bad %lld\n", (long long)n_bad);
    firn_batch_destroy(job.batch);
    firn_row_decoder_destroy(job.decoder);
    free(job.chunk);
    bench_file_close(&job.file);
    return 0;
}
