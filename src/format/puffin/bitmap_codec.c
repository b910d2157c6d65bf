/* SPDX-License-Identifier: Apache-2.0 */
/* Bitmaps as bytes: RoaringFormatSpec, "General layout" and "Extension for 64-bit
 * implementations". All numbers are little-endian.
 *
 *   64-bit: count u64 | (key u32 | 32-bit bitmap) ...
 *   32-bit: cookie 12346 u32 | count u32                          no runs among the containers
 *           cookie 12347 u16 | count-1 u16 | a bit a container    is it runs?
 *           (key u16 | cardinality-1 u16) ...
 *           offset u32 ...    of each container; left out with the second cookie and count < 4
 *           containers: values u16 ... | 8 KB of bits | count u16 (first u16 | length-1 u16) ...
 *
 * A bitmap has the smallest of these forms when written; read, it is what the bytes say. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/cursor.h"
#include "base/error.h"
#include "format/puffin/bitmap_container.h"

#define COOKIE_NO_RUNS     12346u
#define COOKIE_RUNS        12347u
#define NO_OFFSETS_BELOW   4u
#define MIN_BITMAP64_BYTES 12u /* a key and an empty bitmap */
#define RUN_BYTES          4u

/* ---- writing ---- */

static uint32_t count_runs(const firn_container *c)
{
    uint32_t n = 0;
    uint32_t at = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    while (firn_container_next_run(c, &at, &first, &last)) n++;
    return n;
}

typedef struct encoding {
    firn_container_kind kind;
    size_t size;
} encoding;

static encoding smallest_encoding(const firn_container *c)
{
    encoding e = {FIRN_CONTAINER_BITSET, FIRN_CONTAINER_BITSET_LEN};
    if (c->cardinality <= FIRN_CONTAINER_MAX_ARRAY)
        e = (encoding){FIRN_CONTAINER_ARRAY, (size_t)c->cardinality * 2};
    const size_t as_runs = 2 + (size_t)count_runs(c) * RUN_BYTES;
    if (as_runs < e.size) e = (encoding){FIRN_CONTAINER_RUNS, as_runs};
    return e;
}

static void write_container(const firn_container *c, const encoding *e, firn_buf *out)
{
    uint32_t at = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    if (e->kind == FIRN_CONTAINER_BITSET) {
        uint64_t words[FIRN_CONTAINER_WORDS] = {0};
        firn_container_to_words(c, words);
        firn_buf_append(out, words, sizeof words);
        return;
    }
    if (e->kind == FIRN_CONTAINER_RUNS) firn_buf_u16le(out, (uint16_t)((e->size - 2) / RUN_BYTES));
    while (firn_container_next_run(c, &at, &first, &last)) {
        if (e->kind == FIRN_CONTAINER_RUNS) {
            firn_buf_u16le(out, (uint16_t)first);
            firn_buf_u16le(out, (uint16_t)(last - first));
            continue;
        }
        for (uint32_t v = first; v <= last; v++) firn_buf_u16le(out, (uint16_t)v);
    }
}

static void write_run_flags(const encoding *encodings, size_t n, firn_buf *out)
{
    for (size_t i = 0; i < n; i += 8) {
        uint8_t flags = 0;
        for (size_t j = i; j < n && j < i + 8; j++)
            if (encodings[j].kind == FIRN_CONTAINER_RUNS) flags = (uint8_t)(flags | 1u << (j - i));
        firn_buf_byte(out, flags);
    }
}

/* Size of all before the first container. */
static size_t header_size(size_t n, bool has_runs)
{
    const size_t flags = has_runs ? (n + 7) / 8 : 4; /* or the count */
    const size_t offsets = has_runs && n < NO_OFFSETS_BELOW ? 0 : n * 4;
    return 4 + flags + n * 4 + offsets;
}

static void write_header(const firn_container *containers, const encoding *encodings, size_t n,
                         bool has_runs, firn_buf *out)
{
    size_t offset = header_size(n, has_runs);
    if (has_runs) {
        firn_buf_u32le(out, COOKIE_RUNS | (uint32_t)(n - 1) << 16);
        write_run_flags(encodings, n, out);
    } else {
        firn_buf_u32le(out, COOKIE_NO_RUNS);
        firn_buf_u32le(out, (uint32_t)n);
    }
    for (size_t i = 0; i < n; i++) {
        firn_buf_u16le(out, (uint16_t)(containers[i].key & UINT16_MAX));
        firn_buf_u16le(out, (uint16_t)(containers[i].cardinality - 1));
    }
    if (has_runs && n < NO_OFFSETS_BELOW) return;
    for (size_t i = 0; i < n; i++) {
        firn_buf_u32le(out, (uint32_t)offset); /* at most 65,536 times 8 KB */
        offset += encodings[i].size;
    }
}

/* Containers whose keys have the same upper 32 bits. */
static firn_status write_bitmap32(const firn_bitmap *bitmap, size_t from, size_t to, firn_buf *out,
                                  firn_error *err)
{
    const firn_container *containers = bitmap->containers + from;
    const size_t n = to - from;
    bool has_runs = false;
    encoding *encodings = firn_mem_array(bitmap->alloc, n + 1, sizeof *encodings);
    if (!encodings) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        encodings[i] = smallest_encoding(&containers[i]);
        has_runs = has_runs || encodings[i].kind == FIRN_CONTAINER_RUNS;
    }
    write_header(containers, encodings, n, has_runs, out);
    for (size_t i = 0; i < n; i++) write_container(&containers[i], &encodings[i], out);
    firn_mem_free(bitmap->alloc, encodings);
    return firn_buf_check(out, err);
}

/* The containers from on that share the upper 32 bits of their positions. */
static size_t end_of_group(const firn_bitmap *bitmap, size_t from)
{
    size_t to = from + 1;
    while (to < bitmap->n && bitmap->containers[to].key >> 16 == bitmap->containers[from].key >> 16)
        to++;
    return to;
}

firn_status firn_bitmap_encode(const firn_bitmap *bitmap, firn_buf *out, firn_error *err)
{
    uint64_t n = 0;
    for (size_t i = 0; i < bitmap->n; i = end_of_group(bitmap, i)) n++;
    firn_buf_u64le(out, n);
    for (size_t i = 0; i < bitmap->n;) {
        const size_t end = end_of_group(bitmap, i);
        firn_buf_u32le(out, (uint32_t)(bitmap->containers[i].key >> 16));
        FIRN_TRY(write_bitmap32(bitmap, i, end, out, err));
        i = end;
    }
    return firn_buf_check(out, err);
}

firn_status firn_bitmap_encode32(const firn_bitmap *bitmap, firn_buf *out, firn_error *err)
{
    uint64_t max = 0;
    if (firn_bitmap_max(bitmap, &max) && max > UINT32_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "position %" PRIu64 " in a bitmap of 32 bits", max);
    return write_bitmap32(bitmap, 0, bitmap->n, out, err);
}

/* ---- reading ---- */

typedef struct decoder {
    firn_cursor in;
    firn_bitmap *bitmap;
    firn_error *err;
    /* of the 32-bit bitmap at hand */
    uint64_t start; /* position of its cookie: offsets count from there */
    uint64_t high;  /* its key */
    size_t n;
    firn_str run_flags; /* empty: no runs */
    firn_str descriptions;
    firn_str offsets; /* empty: none */
} decoder;

static firn_status fail_at(const decoder *d, const char *what, uint64_t found, uint64_t expected)
{
    return firn_fail_at(d->err, firn_cursor_pos(&d->in),
                        "roaring bitmap: %s %" PRIu64 ", expected %" PRIu64, what, found, expected);
}

static firn_status read_header(decoder *d)
{
    uint32_t cookie = 0;
    uint32_t n = 0;
    d->start = firn_cursor_pos(&d->in);
    d->run_flags = (firn_str){0};
    FIRN_TRY(firn_cursor_u32le(&d->in, &cookie, d->err));
    if ((cookie & UINT16_MAX) == COOKIE_RUNS) {
        n = (cookie >> 16) + 1;
        FIRN_TRY(firn_cursor_take(&d->in, (n + 7) / 8, &d->run_flags, d->err));
    } else if (cookie == COOKIE_NO_RUNS) {
        FIRN_TRY(firn_cursor_u32le(&d->in, &n, d->err));
        if (n > FIRN_CONTAINER_SIZE)
            return fail_at(d, "number of containers", n, FIRN_CONTAINER_SIZE);
    } else {
        return firn_fail_at(d->err, d->start,
                            "roaring bitmap: cookie %" PRIu32 ", expected %u or %u", cookie,
                            COOKIE_NO_RUNS, COOKIE_RUNS);
    }
    d->n = n;
    return FIRN_OK;
}

static firn_status read_tables(decoder *d)
{
    FIRN_TRY(read_header(d));
    FIRN_TRY(firn_cursor_take(&d->in, (uint64_t)d->n * 4, &d->descriptions, d->err));
    d->offsets = (firn_str){0};
    if (d->run_flags.len > 0 && d->n < NO_OFFSETS_BELOW) return FIRN_OK;
    return firn_cursor_take(&d->in, (uint64_t)d->n * 4, &d->offsets, d->err);
}

/* Copies size bytes of the input into the container. */
static firn_status copy_memory(decoder *d, firn_container *c, size_t size, firn_str *bytes)
{
    FIRN_TRY(firn_cursor_take(&d->in, size, bytes, d->err));
    c->as.memory = firn_mem_alloc(d->bitmap->alloc, size);
    if (!c->as.memory) return firn_fail_nomem(d->err);
    memcpy(c->as.memory, bytes->data, size);
    return FIRN_OK;
}

static firn_status read_array(decoder *d, firn_container *c)
{
    firn_str bytes;
    c->kind = FIRN_CONTAINER_ARRAY;
    c->n = c->cap = c->cardinality;
    FIRN_TRY(copy_memory(d, c, (size_t)c->n * sizeof *c->as.values, &bytes));
    for (uint32_t i = 1; i < c->n; i++)
        if (c->as.values[i] <= c->as.values[i - 1])
            return firn_fail_at(d->err, firn_cursor_pos(&d->in) - 2 * (uint64_t)(c->n - i),
                                "roaring bitmap: value %u behind %u in an array container",
                                c->as.values[i], c->as.values[i - 1]);
    return FIRN_OK;
}

static firn_status read_bitset(decoder *d, firn_container *c)
{
    firn_str bytes;
    c->kind = FIRN_CONTAINER_BITSET;
    FIRN_TRY(copy_memory(d, c, FIRN_CONTAINER_BITSET_LEN, &bytes));
    const uint32_t found = firn_container_count(c, 0, FIRN_CONTAINER_SIZE - 1);
    if (found != c->cardinality)
        return fail_at(d, "positions in a bitset container", found, c->cardinality);
    return FIRN_OK;
}

/* Checks the runs and joins those that touch. */
static firn_status check_runs(const decoder *d, firn_container *c)
{
    uint32_t n = 0;
    uint32_t total = 0;
    uint32_t next = 0; /* first position behind the runs so far */
    for (uint32_t i = 0; i < c->n; i++) {
        const firn_container_run run = c->as.runs[i];
        const uint32_t end = (uint32_t)run.first + run.more + 1;
        if ((i > 0 && run.first < next) || end > FIRN_CONTAINER_SIZE)
            return firn_fail_at(d->err, firn_cursor_pos(&d->in) - (uint64_t)RUN_BYTES * (c->n - i),
                                "roaring bitmap: run of %u from %u behind one that ends at %u",
                                run.more + 1u, run.first, next);
        if (i > 0 && run.first == next)
            c->as.runs[n - 1].more = (uint16_t)(end - 1 - c->as.runs[n - 1].first);
        else
            c->as.runs[n++] = run;
        next = end;
        total += run.more + 1u;
    }
    c->n = n;
    if (total != c->cardinality)
        return fail_at(d, "positions in a run container", total, c->cardinality);
    return FIRN_OK;
}

static firn_status read_runs(decoder *d, firn_container *c)
{
    firn_str bytes;
    FIRN_TRY(firn_cursor_take(&d->in, 2, &bytes, d->err));
    c->kind = FIRN_CONTAINER_RUNS;
    c->n = c->cap = firn_load_u16le(bytes.data);
    if (c->n == 0) return fail_at(d, "runs in a container", 0, 1);
    FIRN_TRY(copy_memory(d, c, (size_t)c->n * RUN_BYTES, &bytes));
    return check_runs(d, c);
}

static bool is_run_container(const decoder *d, size_t i)
{
    return d->run_flags.len > 0 && ((uint8_t)d->run_flags.data[i / 8] >> (i % 8) & 1) != 0;
}

static firn_status read_container(decoder *d, size_t i, firn_container *c)
{
    const char *description = d->descriptions.data + i * 4;
    const uint16_t key = firn_load_u16le(description);
    c->key = d->high << 16 | key;
    c->cardinality = firn_load_u16le(description + 2) + 1u;
    if (i > 0 && key <= firn_load_u16le(description - 4))
        return firn_fail_at(d->err, firn_cursor_pos(&d->in),
                            "roaring bitmap: container %u behind container %u", key,
                            firn_load_u16le(description - 4));
    if (d->offsets.len > 0) {
        const uint32_t offset = firn_load_u32le(d->offsets.data + i * 4);
        if (d->start + offset != firn_cursor_pos(&d->in))
            return fail_at(d, "offset of a container", offset, firn_cursor_pos(&d->in) - d->start);
    }
    if (is_run_container(d, i)) return read_runs(d, c);
    return c->cardinality <= FIRN_CONTAINER_MAX_ARRAY ? read_array(d, c) : read_bitset(d, c);
}

static firn_status read_bitmap32(decoder *d)
{
    FIRN_TRY(read_tables(d));
    for (size_t i = 0; i < d->n; i++) {
        firn_container c = {0};
        firn_status st = read_container(d, i, &c);
        if (st == FIRN_OK) st = firn_bitmap_insert(d->bitmap, d->bitmap->n, &c, d->err);
        if (st != FIRN_OK) {
            firn_container_dispose(&c, d->bitmap->alloc);
            return st;
        }
    }
    return FIRN_OK;
}

static firn_status read_bitmap64(decoder *d)
{
    uint64_t n = 0;
    FIRN_TRY(firn_cursor_u64le(&d->in, &n, d->err));
    if (n > firn_cursor_left(&d->in) / MIN_BITMAP64_BYTES)
        return firn_fail_at(d->err, firn_cursor_pos(&d->in),
                            "roaring bitmap: %" PRIu64 " bitmaps in %zu bytes", n,
                            firn_cursor_left(&d->in));
    for (uint64_t i = 0; i < n; i++) {
        uint32_t key = 0;
        FIRN_TRY(firn_cursor_u32le(&d->in, &key, d->err));
        if (i > 0 && key <= d->high)
            return firn_fail_at(d->err, firn_cursor_pos(&d->in),
                                "roaring bitmap: key %" PRIu32 " behind key %" PRIu64, key,
                                d->high);
        d->high = key;
        FIRN_TRY(read_bitmap32(d));
    }
    return FIRN_OK;
}

static firn_status decode(firn_str bytes, uint64_t base_offset, const firn_allocator *alloc,
                          firn_status (*read)(decoder *d), firn_bitmap **out, firn_error *err)
{
    decoder d = {.in = firn_cursor_of(bytes, base_offset), .err = err};
    *out = NULL;
    FIRN_TRY(firn_bitmap_create(alloc, &d.bitmap, err));
    firn_status st = read(&d);
    if (st == FIRN_OK && firn_cursor_left(&d.in) > 0)
        st = fail_at(&d, "bytes behind its end", firn_cursor_left(&d.in), 0);
    if (st != FIRN_OK) {
        firn_bitmap_destroy(d.bitmap);
        return st;
    }
    *out = d.bitmap;
    return FIRN_OK;
}

firn_status firn_bitmap_decode(firn_str bytes, uint64_t base_offset, const firn_allocator *alloc,
                               firn_bitmap **out, firn_error *err)
{
    return decode(bytes, base_offset, alloc, read_bitmap64, out, err);
}

firn_status firn_bitmap_decode32(firn_str bytes, uint64_t base_offset, const firn_allocator *alloc,
                                 firn_bitmap **out, firn_error *err)
{
    return decode(bytes, base_offset, alloc, read_bitmap32, out, err);
}
