/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up order events for demos and tests: NDJSON files in a landing folder, with as many faults
 * as asked for and, on request, the exact counts of everything that was written.
 *
 * One line an event, keys in this order:
 *   {"order_id":"O-00000123","line":1,"event_time":"2026-01-01T00:00:00.000Z","customer_id":"C01234",
 *    "country":"Norway","stock_code":"20123","description":"RED GLASS LANTERN","quantity":6,
 *    "unit_price":2.55,"status":"new"}
 *
 * The same options give the same bytes, on every machine and at any pace. A file becomes visible
 * whole or not at all. Not for benchmark data of other shapes. */
#ifndef FIRN_PIPELINE_GENERATE_H
#define FIRN_PIPELINE_GENERATE_H

#include "base/env.h"
#include "firn/ext/store.h"

typedef struct firn_generate_opts {
    uint64_t seed;
    firn_str folder;          /* location in the store; files are <folder>/orders-<time>.ndjson */
    int64_t n_lines;          /* stop after so many lines; 0: no such limit */
    int64_t duration_us;      /* of simulated time; 0: no such limit. One limit must be set unless
                                 is_real_time */
    int64_t start_us;         /* time of the first event, whole seconds */
    int64_t rate;             /* lines a second of simulated time */
    int64_t file_interval_us; /* simulated time in one file; whole seconds */
    bool is_gzip;
    bool is_real_time; /* finish a file no earlier than its interval has passed on the clock */
    /* Shares of all lines, 0 to 1; together at most 1 */
    double malformed;
    double duplicates; /* an earlier line once more, byte by byte */
    double updates;    /* an earlier order line with a new event_time and status */
    /* Shares of the lines that are neither of these three */
    double negative;         /* quantity below zero */
    double missing_customer; /* customer_id null, or no such key */
    double late;             /* event_time 1 to 72 hours back */
    firn_str truth;          /* location of a JSON file for the counts; empty: none */
} firn_generate_opts;

/* What was written. */
typedef struct firn_generate_truth {
    int64_t lines;                                                   /* events + malformed */
    int64_t events;                                                  /* well-formed lines */
    int64_t malformed, truncated, wrong_type, broken_utf8, not_json; /* the first is their sum */
    int64_t duplicates, updates;
    int64_t keys;             /* different (order_id, line) of the events */
    int64_t negative;         /* events with quantity < 0, duplicates and updates included */
    int64_t missing_customer; /* events without customer, duplicates and updates included */
    int64_t late;             /* events made late; duplicates and updates of them do not count */
    int64_t quantity;         /* sum over the events */
    int64_t amount;           /* sum of quantity * unit_price over the events, in thousandths */
    int64_t latest_quantity;  /* the same sums over the latest event of each key */
    int64_t latest_amount;
    int64_t files, bytes; /* bytes: before compression */
} firn_generate_truth;

/* Defaults: seed 1, 1000 lines a second from 2026-01-01T00:00:00Z, a file a minute, 1 % of
 * duplicates, 5 % of updates, 2 % negative, 3 % missing customers, 1 % late, 0.1 % malformed. */
void firn_generate_opts_init(firn_generate_opts *opts);

/* Cancelled: the files finished so far stay, and out and the truth file count just these.
 * FIRN_ERR_EXISTS: the folder has a file of that name already. */
FIRN_MUST_CHECK firn_status firn_generate_orders(firn_env *env, firn_store *store,
                                                 const firn_generate_opts *opts,
                                                 firn_generate_truth *out, firn_error *err);

#endif
