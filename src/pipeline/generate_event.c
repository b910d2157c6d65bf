/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing and writing order events. Text is put together by hand: printf would cost more than
 * all the rest. */
#include "pipeline/generate_event.h"

#include <string.h>

#include "base/str.h"

#define US_PER_HOUR INT64_C(3600000000)
#define US_PER_DAY  (24 * US_PER_HOUR)
#define N_CUSTOMERS 20000
#define N_PRODUCTS  4096

#define TEXT(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

typedef struct text {
    const char *data;
    size_t len;
} text;

/* Cumulative weights of 1000. */
static const struct country {
    text name;
    uint32_t up_to;
} k_countries[] = {
    {TEXT("United Kingdom"), 550},
    {TEXT("Germany"), 640},
    {TEXT("France"), 720},
    {TEXT("Ireland"), 770},
    {TEXT("Spain"), 800},
    {TEXT("Netherlands"), 828},
    {TEXT("Belgium"), 850},
    {TEXT("Switzerland"), 870},
    {TEXT("Portugal"), 886},
    {TEXT("Australia"), 900},
    {TEXT("Norway"), 912},
    {TEXT("Italy"), 923},
    {TEXT("Sweden"), 932},
    {TEXT("Finland"), 940},
    {TEXT("Austria"), 947},
    {TEXT("Denmark"), 954},
    {TEXT("Japan"), 960},
    {TEXT("Poland"), 965},
    {TEXT("USA"), 970},
    {TEXT("Canada"), 974},
    {TEXT("Greece"), 978},
    {TEXT("Iceland"), 981},
    {TEXT("Singapore"), 984},
    {TEXT("Cyprus"), 987},
    {TEXT("Israel"), 990},
    {TEXT("Malta"), 992},
    {TEXT("Lithuania"), 994},
    {TEXT("Brazil"), 996},
    {TEXT("C\xc3\xb4te d'Ivoire"), 998},
    {TEXT("Bahrain"), 1000},
};

static const text k_colours[16] = {
    TEXT("WHITE"), TEXT("RED"),    TEXT("BLUE"),   TEXT("GREEN"), TEXT("PINK"),  TEXT("IVORY"),
    TEXT("BLACK"), TEXT("SILVER"), TEXT("GOLD"),   TEXT("CREAM"), TEXT("AMBER"), TEXT("VIOLET"),
    TEXT("CORAL"), TEXT("GREY"),   TEXT("COPPER"), TEXT("TEAL"),
};
static const text k_materials[16] = {
    TEXT("METAL"),  TEXT("GLASS"),   TEXT("WOODEN"), TEXT("PAPER"),
    TEXT("COTTON"), TEXT("CERAMIC"), TEXT("ENAMEL"), TEXT("KNITTED"),
    TEXT("FELT"),   TEXT("WICKER"),  TEXT("VELVET"), TEXT("PORCELAIN"),
    TEXT("LINEN"),  TEXT("HANGING"), TEXT("RETRO"),  TEXT("POLKADOT"),
};
static const text k_things[16] = {
    TEXT("LANTERN"),       TEXT("T-LIGHT HOLDER"),
    TEXT("HEART"),         TEXT("LUNCH BAG"),
    TEXT("CAKE STAND"),    TEXT("MUG"),
    TEXT("DOORMAT"),       TEXT("WATER BOTTLE"),
    TEXT("CLOCK"),         TEXT("CUSHION COVER"),
    TEXT("PHOTO FRAME"),   TEXT("BUNTING"),
    TEXT("STORAGE TIN"),   TEXT("PARASOL"),
    TEXT("JIGSAW PUZZLE"), TEXT("SPICE DRAWER 3 TIER"),
};

static const text k_statuses[] = {TEXT("new"), TEXT("paid"), TEXT("shipped"), TEXT("cancelled")};

/* In thousandths; seven of eight prices have two decimals. */
static int32_t product_price(uint16_t product)
{
    const uint32_t mixed = (uint32_t)product * 2654435761u >> 12;
    const int32_t price = (int32_t)(mixed % 19900) + 100;

    return product % 8 == 0 ? price : price / 10 * 10;
}

/* ---- text ---- */

static char *put(char *p, const char *data, size_t n)
{
    memcpy(p, data, n);
    return p + n;
}

#define PUT(p, literal) put(p, literal, sizeof(literal) - 1)

/* Exactly n digits. */
static char *put_digits(char *p, uint32_t value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + n;
}

static char *put_number(char *p, uint32_t value)
{
    int n = 1;

    for (uint32_t rest = value; rest >= 10; rest /= 10) n++;
    return put_digits(p, value, n);
}

static char *put_price(char *p, int32_t thousandths)
{
    p = put_number(p, (uint32_t)thousandths / 1000);
    *p++ = '.';
    if (thousandths % 10 == 0) return put_digits(p, (uint32_t)thousandths % 1000 / 10, 2);
    return put_digits(p, (uint32_t)thousandths % 1000, 3);
}

static void set_day(order_stream *stream, int64_t day)
{
    const firn_civil civil = firn_civil_from_us(day * US_PER_DAY);
    char *p = put_digits(stream->day_text, (uint32_t)civil.year, 4);

    *p++ = '-';
    p = put_digits(p, (uint32_t)civil.month, 2);
    *p++ = '-';
    (void)put_digits(p, (uint32_t)civil.day, 2);
    stream->day = day;
}

/* "2026-01-01T00:00:00.000Z"; times before 1970 do not occur. */
static char *put_time(order_stream *stream, char *p, int64_t time_us)
{
    const int64_t day = time_us / US_PER_DAY;
    const uint32_t ms = (uint32_t)(time_us % US_PER_DAY / 1000);

    if (day != stream->day) set_day(stream, day);
    p = put(p, stream->day_text, 10);
    *p++ = 'T';
    p = put_digits(p, ms / 3600000, 2);
    *p++ = ':';
    p = put_digits(p, ms / 60000 % 60, 2);
    *p++ = ':';
    p = put_digits(p, ms / 1000 % 60, 2);
    *p++ = '.';
    p = put_digits(p, ms % 1000, 3);
    *p++ = 'Z';
    return p;
}

static char *put_product(char *p, uint16_t product)
{
    const text colour = k_colours[product & 15];
    const text material = k_materials[product >> 4 & 15];
    const text thing = k_things[product >> 8 & 15];

    p = PUT(p, ",\"stock_code\":\"");
    p = put_digits(p, 20000u + product, 5);
    if (product % 5 == 0) *p++ = (char)('A' + product % 26);
    p = PUT(p, "\",\"description\":\"");
    p = put(p, colour.data, colour.len);
    *p++ = ' ';
    p = put(p, material.data, material.len);
    *p++ = ' ';
    return put(p, thing.data, thing.len);
}

static char *put_customer(char *p, const order_event *event)
{
    switch ((order_customer)event->customer_kind) {
    case ORDER_CUSTOMER_ABSENT: return p;
    case ORDER_CUSTOMER_NULL: return PUT(p, ",\"customer_id\":null");
    case ORDER_CUSTOMER_KNOWN: break;
    }
    p = PUT(p, ",\"customer_id\":\"C");
    p = put_digits(p, event->customer, 5);
    *p++ = '"';
    return p;
}

/* Without newline. */
static char *put_event(order_stream *stream, char *p, const order_event *event)
{
    const text country = k_countries[event->country].name;
    const text status = k_statuses[event->status];

    p = PUT(p, "{\"order_id\":\"O-");
    p = event->order < 100000000 ? put_digits(p, event->order, 8) : put_number(p, event->order);
    p = PUT(p, "\",\"line\":");
    p = put_number(p, event->line);
    p = PUT(p, ",\"event_time\":\"");
    p = put_time(stream, p, event->time_us);
    *p++ = '"';
    p = put_customer(p, event);
    p = PUT(p, ",\"country\":\"");
    p = put(p, country.data, country.len);
    *p++ = '"';
    p = put_product(p, event->product);
    p = PUT(p, "\",\"quantity\":");
    if (event->quantity < 0) *p++ = '-';
    p = put_number(p, (uint32_t)(event->quantity < 0 ? -event->quantity : event->quantity));
    p = PUT(p, ",\"unit_price\":");
    p = put_price(p, product_price(event->product));
    p = PUT(p, ",\"status\":\"");
    p = put(p, status.data, status.len);
    return PUT(p, "\"}");
}

/* ---- choice ---- */

static uint32_t draw(order_stream *stream)
{
    return (uint32_t)(firn_prng_next(&stream->prng) >> 32);
}

/* [0, bound) from 32 random bits; the bias does not matter here. */
static uint32_t scale(uint32_t random, uint32_t bound)
{
    return (uint32_t)((uint64_t)random * bound >> 32);
}

static uint8_t pick_country(uint32_t random)
{
    const uint32_t at = scale(random, 1000);
    uint8_t i = 0;

    while (at >= k_countries[i].up_to) i++;
    return i;
}

static void begin_order(order_stream *stream)
{
    const uint64_t random = firn_prng_next(&stream->prng);

    stream->current.order++;
    stream->current.line = 0;
    /* Squaring makes low numbers frequent: some customers buy a lot. */
    const uint32_t where = (uint32_t)(random & 0xffff);
    stream->current.customer = (uint32_t)((uint64_t)where * where * N_CUSTOMERS >> 32);
    stream->current.country = pick_country((uint32_t)(random >> 32));
    stream->lines_left = 1 + scale((uint32_t)(random >> 16), 7);
}

static order_event next_order_line(order_stream *stream, int64_t now_us)
{
    const uint64_t random = firn_prng_next(&stream->prng);
    const uint32_t low = (uint32_t)random;
    order_event event;

    if (stream->lines_left == 0) begin_order(stream);
    stream->lines_left--;
    stream->current.line++;
    event = stream->current;
    event.time_us = now_us;
    event.product = (uint16_t)(random >> 52 & (N_PRODUCTS - 1));
    /* Mostly a few, now and then dozens. */
    event.quantity =
        (int32_t)(1 + (random >> 40 & 3) + ((random >> 42 & 7) == 0 ? random >> 45 & 63 : 0));
    if (draw(stream) < stream->share_negative) event.quantity = -event.quantity;
    if (draw(stream) < stream->share_missing)
        event.customer_kind = low & 1 ? ORDER_CUSTOMER_NULL : ORDER_CUSTOMER_ABSENT;
    return event;
}

static void make_late(order_stream *stream, order_event *event)
{
    if (draw(stream) >= stream->share_late) return;
    event->time_us -=
        US_PER_HOUR + (int64_t)firn_prng_below(&stream->prng, (uint64_t)71 * 3600000) * 1000;
    if (event->time_us < 0) event->time_us = 0;
    stream->truth->late++;
}

/* ---- counting ---- */

static int64_t event_amount(const order_event *event)
{
    return (int64_t)event->quantity * product_price(event->product);
}

static void count_event(firn_generate_truth *truth, const order_event *event)
{
    truth->events++;
    truth->negative += event->quantity < 0;
    truth->missing_customer += event->customer_kind != ORDER_CUSTOMER_KNOWN;
    truth->quantity += event->quantity;
    truth->amount += event_amount(event);
}

static void count_latest(firn_generate_truth *truth, const order_event *event)
{
    truth->latest_quantity += event->quantity;
    truth->latest_amount += event_amount(event);
}

/* ---- the kinds of lines ---- */

static char *put_new(order_stream *stream, char *p, int64_t now_us)
{
    order_event event = next_order_line(stream, now_us);

    make_late(stream, &event);
    count_event(stream->truth, &event);
    count_latest(stream->truth, &event);
    stream->truth->keys++;
    stream->history[stream->n_history++ % ORDER_HISTORY] = event;
    return put_event(stream, p, &event);
}

static order_event *pick_earlier(order_stream *stream)
{
    const size_t n = stream->n_history < ORDER_HISTORY ? stream->n_history : ORDER_HISTORY;

    return &stream->history[scale(draw(stream), (uint32_t)n)];
}

static char *put_duplicate(order_stream *stream, char *p)
{
    const order_event *event = pick_earlier(stream);

    count_event(stream->truth, event);
    stream->truth->duplicates++;
    return put_event(stream, p, event);
}

/* new -> paid -> shipped, and a few are cancelled. An update is at least a millisecond after the
 * event it changes, so the latest event of a key by time is also its last in the files. */
static char *put_update(order_stream *stream, char *p, int64_t now_us)
{
    order_event *event = pick_earlier(stream);

    stream->truth->latest_quantity -= event->quantity;
    stream->truth->latest_amount -= event_amount(event);
    if (scale(draw(stream), 16) == 0)
        event->status = ORDER_CANCELLED;
    else if (event->status < ORDER_SHIPPED)
        event->status++;
    event->time_us = now_us > event->time_us ? now_us : event->time_us + 1000;
    count_event(stream->truth, event);
    count_latest(stream->truth, event);
    stream->truth->updates++;
    return put_event(stream, p, event);
}

/* A text where the quantity was. */
static char *put_wrong_type(char *p, char *end)
{
    const firn_str line = {p, (size_t)(end - p)};
    const firn_str key = FIRN_STR("\"quantity\":");
    const size_t from = firn_str_find(line, key, 0) + key.len;
    const size_t to = firn_str_find(line, FIRN_STR(","), from);
    char tail[ORDER_LINE_MAX];
    const size_t n_tail = line.len - to;

    memcpy(tail, p + to, n_tail);
    p = PUT(p + from, "\"many\"");
    return put(p, tail, n_tail);
}

/* A line that no reader with typed columns takes. */
static char *put_malformed(order_stream *stream, char *p, int64_t now_us)
{
    const order_event event = next_order_line(stream, now_us);
    const uint32_t random = draw(stream);
    char *end = put_event(stream, p, &event);

    stream->truth->malformed++;
    switch (random & 3) {
    case 0: /* a writer that died */
        stream->truth->truncated++;
        return p + 10 + scale(random, (uint32_t)(end - p) - 11);
    case 1: stream->truth->wrong_type++; return put_wrong_type(p, end);
    case 2: /* Latin-1 */ stream->truth->broken_utf8++; return PUT(end - 2, " caf\xe9\"}");
    default:
        stream->truth->not_json++;
        p = PUT(p, "ERROR: upstream timed out after ");
        p = put_number(p, 1000 + scale(random, 9000));
        return PUT(p, " ms");
    }
}

static uint32_t threshold(double share)
{
    if (share <= 0) return 0;
    return share >= 1 ? UINT32_MAX : (uint32_t)(share * 4294967296.0);
}

void order_stream_init(order_stream *stream, const firn_generate_opts *opts, order_event *history,
                       firn_generate_truth *truth)
{
    memset(stream, 0, sizeof *stream);
    firn_prng_init(&stream->prng, opts->seed);
    stream->share_malformed = threshold(opts->malformed);
    stream->share_duplicates = threshold(opts->malformed + opts->duplicates);
    stream->share_updates = threshold(opts->malformed + opts->duplicates + opts->updates);
    stream->share_negative = threshold(opts->negative);
    stream->share_missing = threshold(opts->missing_customer);
    stream->share_late = threshold(opts->late);
    stream->history = history;
    stream->truth = truth;
    stream->day = -1;
}

size_t order_stream_next(order_stream *stream, int64_t now_us, char *out)
{
    const uint32_t kind = draw(stream);
    char *p;

    now_us -= now_us % 1000; /* events have milliseconds */
    if (kind < stream->share_malformed)
        p = put_malformed(stream, out, now_us);
    else if (kind < stream->share_duplicates && stream->n_history > 0)
        p = put_duplicate(stream, out);
    else if (kind < stream->share_updates && kind >= stream->share_duplicates &&
             stream->n_history > 0)
        p = put_update(stream, out, now_us);
    else
        p = put_new(stream, out, now_us);
    *p++ = '\n';
    stream->truth->lines++;
    stream->truth->bytes += p - out;
    return (size_t)(p - out);
}
