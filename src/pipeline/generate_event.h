/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of order events behind generate.h: which event comes next, and its text. No files. */
#ifndef FIRN_PIPELINE_GENERATE_EVENT_H
#define FIRN_PIPELINE_GENERATE_EVENT_H

#include "pipeline/generate.h"

/* No line is longer. */
#define ORDER_LINE_MAX 512
/* How far back duplicates and updates reach. */
#define ORDER_HISTORY 16384

typedef enum order_status {
    ORDER_NEW = 0,
    ORDER_PAID,
    ORDER_SHIPPED,
    ORDER_CANCELLED,
} order_status;

typedef enum order_customer {
    ORDER_CUSTOMER_KNOWN = 0,
    ORDER_CUSTOMER_NULL,
    ORDER_CUSTOMER_ABSENT,
} order_customer;

typedef struct order_event {
    int64_t time_us;
    uint32_t order;
    uint32_t customer;
    int32_t quantity;
    uint16_t product;
    uint8_t line;
    uint8_t country;
    uint8_t status; /* order_status */
    uint8_t customer_kind;
} order_event;

/* An order takes shape line by line. */
typedef struct order_stream {
    firn_prng prng;
    uint32_t share_malformed, share_duplicates, share_updates; /* of 2^32, added up */
    uint32_t share_negative, share_missing, share_late;
    order_event current; /* the order whose lines are being written */
    uint32_t lines_left;
    order_event *history; /* ORDER_HISTORY of them */
    size_t n_history;
    char day_text[11]; /* "2026-01-01-" of day */
    int64_t day;
    firn_generate_truth *truth;
} order_stream;

/* history: storage for ORDER_HISTORY events. truth is added to. */
void order_stream_init(order_stream *stream, const firn_generate_opts *opts, order_event *history,
                       firn_generate_truth *truth);
/* Writes the next line, its newline included, to out (ORDER_LINE_MAX bytes); returns its length. */
size_t order_stream_next(order_stream *stream, int64_t now_us, char *out);

#endif
