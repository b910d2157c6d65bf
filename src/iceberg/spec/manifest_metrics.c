/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/spec/manifest_metrics.h"

#include "base/error.h"
#include "base/ids.h"
#include "format/avro/avro.h"

#define LOW_IDS    64
#define PAIR_BYTES 18 /* of an id of one byte and any number, with room to load eight bytes */
#define END_BITS   0x8080808080808080u

/* ---- choices ---- */

firn_metric_choice firn_metric_choice_all(void)
{
    return (firn_metric_choice){.has_all = true, .low = UINT64_MAX};
}

firn_metric_choice firn_metric_choice_of(const int32_t *ids, size_t n)
{
    firn_metric_choice choice = {.ids = ids, .n_ids = n};
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= 0 && ids[i] < LOW_IDS) choice.low |= (uint64_t)1 << ids[i];
    return choice;
}

static bool is_chosen(const firn_metric_choice *choice, int64_t id)
{
    if (choice->has_all) return true;
    if (id < INT32_MIN || id > INT32_MAX) return false;
    return firn_ids_have(choice->ids, choice->n_ids, (int32_t)id);
}

/* Nothing that comes after is wanted: each of the chosen ones is there. */
static bool is_complete(const firn_metric_choice *choice, const firn_metric *items, size_t n)
{
    if (choice->has_all || n != choice->n_ids || n > 4) return false;
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (items[i].field_id == items[k].field_id) return false;
    return true;
}

/* ---- numbers of few bytes ---- */

/* A number from 0 to 63, which is one byte, and twice as much in it. */
static bool is_low(uint8_t byte)
{
    return (byte & 0x81) == 0;
}

/* The number of n bytes that word begins with. */
static int64_t decode(uint64_t word, uint64_t end)
{
    uint64_t v = word & (end ^ (end - 1)) & 0x7f7f7f7f7f7f7f7fu;
    v = (v & 0x007f007f007f007fu) | (v & 0x7f007f007f007f00u) >> 1;
    v = (v & 0x00003fff00003fffu) | (v & 0x3fff00003fff0000u) >> 2;
    v = (v & 0x000000000fffffffu) | (v & 0x0fffffff00000000u) >> 4;
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

/* ---- counts ---- */

static firn_status read_count(const firn_metric_choice *choice, firn_cursor *c, firn_metric *item,
                              size_t *n_kept, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(firn_avro_read_long(c, &id, err));
    *item = (firn_metric){.field_id = (int32_t)id};
    FIRN_TRY(firn_avro_read_long(c, &item->count, err));
    *n_kept += is_chosen(choice, id);
    return FIRN_OK;
}

firn_status firn_metrics_skip_counts(firn_cursor *c, int64_t n, firn_error *err)
{
    return firn_avro_skip_longs(c, 2 * (uint64_t)n, err);
}

firn_status firn_metrics_read_counts(const firn_metric_choice *choice, firn_cursor *c,
                                     firn_metric *items, int64_t n, size_t *n_kept, firn_error *err)
{
    size_t kept = 0;
    firn_cursor at = *c;
    for (int64_t i = 0; i < n; i++) {
        const bool has_room = firn_cursor_left(&at) >= PAIR_BYTES && is_low(*at.at);
        const uint64_t word = has_room ? firn_load_u64le(at.at + 1) : 0;
        const uint64_t end = has_room ? ~word & END_BITS : 0;
        if (end == 0) {
            FIRN_TRY(read_count(choice, &at, &items[kept], &kept, err));
            continue;
        }
        const int32_t id = *at.at >> 1;
        at.at += 2 + ((size_t)__builtin_ctzll(end) >> 3);
        if ((choice->low >> id & 1) == 0) continue;
        items[kept++] = (firn_metric){.field_id = id, .count = decode(word, end)};
        if (!is_complete(choice, items, kept)) continue;
        FIRN_TRY(firn_metrics_skip_counts(&at, n - i - 1, err));
        break;
    }
    *c = at;
    *n_kept += kept;
    return FIRN_OK;
}

/* ---- bounds ---- */

static firn_status read_bound(const firn_metric_choice *choice, firn_cursor *c, firn_metric *item,
                              size_t *n_kept, firn_error *err)
{
    int64_t id = 0;
    FIRN_TRY(firn_avro_read_long(c, &id, err));
    *item = (firn_metric){.field_id = (int32_t)id};
    FIRN_TRY(firn_avro_read_bytes(c, &item->bound, err));
    *n_kept += is_chosen(choice, id);
    return FIRN_OK;
}

firn_status firn_metrics_skip_bounds(firn_cursor *c, int64_t n, firn_error *err)
{
    const firn_metric_choice none = {0};
    firn_metric ignored;
    size_t n_kept = 0;
    return firn_metrics_read_bounds(&none, c, &ignored, n, &n_kept, err);
}

firn_status firn_metrics_read_bounds(const firn_metric_choice *choice, firn_cursor *c,
                                     firn_metric *items, int64_t n, size_t *n_kept, firn_error *err)
{
    size_t kept = 0;
    firn_cursor at = *c;
    for (int64_t i = 0; i < n; i++) {
        const size_t left = firn_cursor_left(&at);
        const bool is_short = left >= 2 && is_low(at.at[0]) && is_low(at.at[1]);
        const size_t len = is_short ? (size_t)at.at[1] >> 1 : SIZE_MAX - 2;
        if (2 + len > left) {
            FIRN_TRY(read_bound(choice, &at, &items[kept], &kept, err));
            continue;
        }
        const int32_t id = at.at[0] >> 1;
        if (choice->low >> id & 1)
            items[kept++] = (firn_metric){.field_id = id, .bound = {(const char *)at.at + 2, len}};
        at.at += 2 + len;
    }
    *c = at;
    *n_kept += kept;
    return FIRN_OK;
}
