/* SPDX-License-Identifier: Apache-2.0 */
/* Order events into landing files: limits, pacing, publishing, the truth file. The events
 * themselves are made in generate_event.c.
 *
 * A file holds the lines whose simulated time falls into its interval, so where files are cut
 * depends on the options only. It is written under the store's temporary name and becomes visible
 * when it is finished; with is_real_time that is not before its interval has passed. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "format/codec/codec.h"
#include "pipeline/generate_event.h"

#define US_PER_SECOND INT64_C(1000000)
/* 9999-12-01: what follows may not get five digits of year. */
#define LAST_START_US INT64_C(253399622400000000)
#define MAX_SPAN_US   (INT64_C(20) * 86400 * US_PER_SECOND)
#define BUFFER_BYTES  ((size_t)1 << 20)
#define SLEEP_MAX_US  INT64_C(100000)
#define GZIP_LEVEL    1

typedef struct generator {
    firn_env *env;
    firn_store *store;
    const firn_generate_opts *opts;
    order_stream stream;
    firn_generate_truth truth;     /* of everything made */
    firn_generate_truth published; /* of the finished files */
    firn_codec_ctx *codec;         /* gzip */
    order_event *history;
    firn_buf lines;
    firn_buf packed;
    int64_t clock_start_us; /* monotonic */
} generator;

void firn_generate_opts_init(firn_generate_opts *opts)
{
    *opts = (firn_generate_opts){
        .seed = 1,
        .start_us = INT64_C(1767225600) * US_PER_SECOND, /* 2026-01-01 */
        .rate = 1000,
        .file_interval_us = 60 * US_PER_SECOND,
        .malformed = 0.001,
        .duplicates = 0.01,
        .updates = 0.05,
        .negative = 0.02,
        .missing_customer = 0.03,
        .late = 0.01,
    };
}

static firn_status check_share(const char *name, double share, firn_error *err)
{
    if (share >= 0 && share <= 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "share of %s must be from 0 to 1, found %g", name, share);
}

static firn_status check_shares(const firn_generate_opts *o, firn_error *err)
{
    FIRN_TRY(check_share("malformed lines", o->malformed, err));
    FIRN_TRY(check_share("duplicates", o->duplicates, err));
    FIRN_TRY(check_share("updates", o->updates, err));
    FIRN_TRY(check_share("negative quantities", o->negative, err));
    FIRN_TRY(check_share("missing customers", o->missing_customer, err));
    FIRN_TRY(check_share("late events", o->late, err));
    if (o->malformed + o->duplicates + o->updates > 1)
        return firn_fail(err, FIRN_ERR_ARG,
                         "shares of malformed lines, duplicates and updates are more than 1");
    return FIRN_OK;
}

static firn_status check_opts(const firn_generate_opts *o, firn_error *err)
{
    if (o->folder.len == 0) return firn_fail(err, FIRN_ERR_ARG, "no landing folder given");
    if (o->n_lines < 0 || o->duration_us < 0)
        return firn_fail(err, FIRN_ERR_ARG, "number of events and duration must not be negative");
    if (o->n_lines == 0 && o->duration_us == 0 && !o->is_real_time)
        return firn_fail(err, FIRN_ERR_ARG, "a number of events or a duration is needed");
    if (o->rate < 1 || o->rate > 100 * US_PER_SECOND)
        return firn_fail(err, FIRN_ERR_ARG,
                         "rate of %" PRId64 " events a second, expected 1 to %" PRId64, o->rate,
                         100 * US_PER_SECOND);
    if (o->file_interval_us < US_PER_SECOND || o->file_interval_us % US_PER_SECOND != 0)
        return firn_fail(err, FIRN_ERR_ARG,
                         "file interval must be whole seconds, found %" PRId64 " us",
                         o->file_interval_us);
    if (o->start_us < 0 || o->start_us > LAST_START_US || o->start_us % US_PER_SECOND != 0)
        return firn_fail(err, FIRN_ERR_ARG,
                         "start must be a whole second from 1970 to 9999, found %" PRId64 " us",
                         o->start_us);
    return check_shares(o, err);
}

/* Simulated time of line i, from the start. */
static int64_t line_time(const firn_generate_opts *o, int64_t i)
{
    return i / o->rate * US_PER_SECOND + i % o->rate * US_PER_SECOND / o->rate;
}

static bool is_finished(const generator *g)
{
    const firn_generate_opts *o = g->opts;

    if (o->n_lines > 0 && g->truth.lines >= o->n_lines) return true;
    return o->duration_us > 0 && line_time(o, g->truth.lines) >= o->duration_us;
}

static firn_status write_lines(generator *g, firn_store_writer *writer, firn_error *err)
{
    const firn_buf *out = &g->lines;

    if (g->lines.len == 0) return FIRN_OK;
    if (g->opts->is_gzip) {
        /* One gzip member a buffer: bounded memory, and members may follow each other. */
        firn_buf_clear(&g->packed);
        FIRN_TRY(firn_codec_compress(g->codec, FIRN_CODEC_GZIP, GZIP_LEVEL,
                                     firn_buf_view(&g->lines), &g->packed, err));
        out = &g->packed;
    }
    FIRN_TRY(firn_store_write(writer, out->data, out->len, err));
    firn_buf_clear(&g->lines);
    return firn_env_check_cancel(g->env, err);
}

static firn_status write_interval(generator *g, firn_store_writer *writer, int64_t end_us,
                                  firn_error *err)
{
    firn_buf_clear(&g->lines);
    while (!is_finished(g)) {
        const int64_t at = line_time(g->opts, g->truth.lines);
        char *room;
        if (at >= end_us) break;
        if (g->lines.len + ORDER_LINE_MAX > BUFFER_BYTES) FIRN_TRY(write_lines(g, writer, err));
        room = firn_buf_reserve(&g->lines, ORDER_LINE_MAX);
        if (!room) return firn_buf_check(&g->lines, err);
        g->lines.len += order_stream_next(&g->stream, g->opts->start_us + at, room);
    }
    return write_lines(g, writer, err);
}

/* Until the simulated time is reached on the clock, in slices that notice a cancellation. */
static firn_status wait_for(generator *g, int64_t end_us, firn_error *err)
{
    const firn_clock *clock = g->env->clock;

    for (;;) {
        const int64_t left = g->clock_start_us + end_us - firn_clock_monotonic_us(clock);
        FIRN_TRY(firn_env_check_cancel(g->env, err));
        if (left <= 0) return FIRN_OK;
        clock->sleep_us(clock->ctx, left < SLEEP_MAX_US ? left : SLEEP_MAX_US);
    }
}

static void file_path(const generator *g, int64_t begin_us, firn_buf *out)
{
    const firn_civil t = firn_civil_from_us(g->opts->start_us + begin_us);
    const firn_str folder = g->opts->folder;

    firn_buf_str(out, folder);
    if (folder.data[folder.len - 1] != '/') firn_buf_byte(out, '/');
    firn_buf_printf(out, "orders-%04d%02d%02dT%02d%02d%02dZ.ndjson%s", (int)t.year, t.month, t.day,
                    t.hour, t.minute, t.second, g->opts->is_gzip ? ".gz" : "");
}

/* The file of the interval that begins at begin_us. */
static firn_status write_file(generator *g, int64_t begin_us, firn_str path, firn_error *err)
{
    const int64_t end_us = begin_us + g->opts->file_interval_us;
    firn_store_writer *writer = NULL;
    firn_status st;

    FIRN_TRY(firn_store_begin(g->store, path, &writer, err));
    st = write_interval(g, writer, end_us, err);
    if (st == FIRN_OK && g->opts->is_real_time) st = wait_for(g, end_us, err);
    if (st != FIRN_OK) {
        firn_store_abandon(writer);
        return st;
    }
    FIRN_TRY(firn_store_finish(writer, err));
    g->truth.files++;
    g->published = g->truth;
    return FIRN_OK;
}

static firn_status write_files(generator *g, firn_error *err)
{
    int64_t begin_us = 0;
    firn_buf path;
    firn_status st = FIRN_OK;

    firn_buf_init(&path, NULL, 4096);
    while (st == FIRN_OK && !is_finished(g)) {
        /* A slow rate leaves intervals without a line: no file for these. */
        begin_us = line_time(g->opts, g->truth.lines);
        begin_us -= begin_us % g->opts->file_interval_us;
        if (begin_us > LAST_START_US - g->opts->start_us + MAX_SPAN_US) {
            st = firn_fail(err, FIRN_ERR_LIMIT, "simulated time has reached the year 10000");
            break;
        }
        firn_buf_clear(&path);
        file_path(g, begin_us, &path);
        st = firn_buf_check(&path, err);
        if (st == FIRN_OK) st = write_file(g, begin_us, firn_buf_view(&path), err);
    }
    firn_buf_dispose(&path);
    return st;
}

static firn_status write_truth(const generator *g, firn_error *err)
{
    const firn_generate_truth *t = &g->published;
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {
        {"lines", t->lines},
        {"events", t->events},
        {"malformed", t->malformed},
        {"malformed_truncated", t->truncated},
        {"malformed_wrong_type", t->wrong_type},
        {"malformed_broken_utf8", t->broken_utf8},
        {"malformed_not_json", t->not_json},
        {"duplicates", t->duplicates},
        {"updates", t->updates},
        {"keys", t->keys},
        {"negative", t->negative},
        {"missing_customer", t->missing_customer},
        {"late", t->late},
        {"quantity", t->quantity},
        {"amount_thousandths", t->amount},
        {"latest_quantity", t->latest_quantity},
        {"latest_amount_thousandths", t->latest_amount},
        {"files", t->files},
        {"bytes", t->bytes},
    };
    firn_buf json;
    firn_status st;

    if (g->opts->truth.len == 0) return FIRN_OK;
    firn_buf_init(&json, NULL, 65536);
    firn_buf_printf(&json, "{\n  \"seed\": %" PRIu64, g->opts->seed);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        firn_buf_printf(&json, ",\n  \"%s\": %" PRId64, counts[i].name, counts[i].value);
    firn_buf_cstr(&json, "\n}\n");
    st = firn_buf_check(&json, err);
    if (st == FIRN_OK) st = firn_store_put(g->store, g->opts->truth, firn_buf_view(&json), err);
    firn_buf_dispose(&json);
    return st;
}

static firn_status run(generator *g, firn_error *err)
{
    firn_status st;

    g->history = firn_mem_array(NULL, ORDER_HISTORY, sizeof *g->history);
    if (!g->history) return firn_fail_nomem(err);
    if (g->opts->is_gzip) FIRN_TRY(firn_codec_ctx_create(&g->codec, err));
    order_stream_init(&g->stream, g->opts, g->history, &g->truth);
    g->clock_start_us = firn_clock_monotonic_us(g->env->clock);
    st = write_files(g, err);
    if (st != FIRN_OK && st != FIRN_ERR_CANCELLED) return st;
    FIRN_TRY(write_truth(g, err));
    return st;
}

firn_status firn_generate_orders(firn_env *env, firn_store *store, const firn_generate_opts *opts,
                                 firn_generate_truth *out, firn_error *err)
{
    generator g = {.env = env, .store = store, .opts = opts};
    firn_status st;

    FIRN_TRY(check_opts(opts, err));
    firn_buf_init(&g.lines, NULL, 2 * BUFFER_BYTES);
    firn_buf_init(&g.packed, NULL, 4 * BUFFER_BYTES);
    st = run(&g, err);
    *out = g.published;
    firn_buf_dispose(&g.lines);
    firn_buf_dispose(&g.packed);
    firn_codec_ctx_destroy(g.codec);
    firn_mem_free(NULL, g.history);
    return st;
}
