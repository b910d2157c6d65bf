/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a set that are too large for a thread's share of the memory are handed on to a set of
 * their own, which takes their place in the list, until all fit. */
#include "iceberg/sort/row_sorter.h"

#include <pthread.h>

#include "base/error.h"
#include "iceberg/write/writer_config.h"

/* Of the memory, by threads: what lists and columns of a part take while it is sorted is more. */
#define K_PART_SHARE  12
#define K_HELD_EIGHTH 6 /* eighths of the memory for rows while they come */
#define K_MIN_PART    ((int64_t)64 << 10)
#define K_TEXTS       16   /* of the memory: for texts that many rows have */
#define K_MAX_SPREAD  4096 /* parts that one is handed on to */
#define K_MAX_DEPTH   8    /* times */

typedef struct lane {
    firn_sort_lane sort;
    firn_packed_batch packed;
    firn_keys keys;
    firn_buf places;
    firn_arena *scratch;
} lane;

/* In order. */
typedef struct listed_part {
    firn_sort_parts *set;
    size_t index; /* in it */
    size_t origin;
    int depth;
} listed_part;

struct firn_row_sorter {
    firn_env *env;
    firn_store *store;
    firn_row_sorter_opts opts;
    firn_arena *arena;
    firn_str folder;
    char uuid[37];
    pthread_mutex_t lock; /* of has_rows, and of the layout until then */
    bool has_rows;
    firn_row_layout layout;
    firn_sort_texts *texts;
    firn_sort_memory memory;
    firn_sort_scratches scratches;
    lane *lanes;
    size_t n_lanes;
    firn_sort_parts **sets;
    size_t n_sets, cap_sets;
    listed_part *parts;
    size_t n_parts, cap_parts;
    firn_part_rows *window; /* parts that are sorted together, for next */
    size_t n_window, cap_window, at;
    size_t next_part;
    firn_batch *out;
};

/* ---- create ---- */

static firn_status add_set(firn_row_sorter *s, const firn_key_samples *samples, size_t n_parts,
                           firn_sort_parts **out, firn_error *err)
{
    firn_sort_parts_opts opts = {.env = s->env,
                                 .store = s->store,
                                 .layout = &s->layout,
                                 .order = s->opts.order,
                                 .texts = s->texts,
                                 .memory = &s->memory,
                                 .scratches = &s->scratches};
    firn_sort_parts **slot =
        firn_arena_push(s->arena, &s->sets, &s->n_sets, &s->cap_sets, sizeof(firn_sort_parts *));
    opts.path = firn_arena_printf(s->arena, "%.*s/spill-%s-%zu", FIRN_STR_ARG(s->folder), s->uuid,
                                  s->n_sets);
    if (!slot || !opts.path.data) return firn_fail_nomem(err);
    if (samples) FIRN_TRY(firn_sort_cuts_make(&opts.cuts, samples, n_parts, s->arena, err));
    FIRN_TRY(firn_sort_parts_create(&opts, slot, err));
    *out = *slot;
    return FIRN_OK;
}

static firn_status init_lanes(firn_row_sorter *s, firn_error *err)
{
    firn_pool *pool = firn_env_pool(s->env);
    const size_t n_threads = pool ? (size_t)firn_pool_threads(pool) : 1;
    s->n_lanes = s->opts.n_lanes > n_threads ? s->opts.n_lanes : n_threads;
    s->cap_window = n_threads;
    s->lanes = firn_arena_array(s->arena, s->n_lanes, sizeof *s->lanes);
    s->window = firn_arena_array(s->arena, s->cap_window, sizeof *s->window);
    if (!s->lanes || !s->window) return firn_fail_nomem(err);
    for (size_t i = 0; i < s->n_lanes; i++) {
        firn_keys_init(&s->lanes[i].keys, s->env->alloc, SIZE_MAX);
        firn_buf_init(&s->lanes[i].places, s->env->alloc, SIZE_MAX);
    }
    for (size_t i = 0; i < s->n_lanes; i++) {
        lane *l = &s->lanes[i];
        FIRN_TRY(firn_packed_batch_init(&l->packed, &s->layout, s->env->alloc, s->arena, err));
        l->scratch = firn_arena_create(s->env->alloc, 0);
        if (!l->scratch) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static firn_status init(firn_row_sorter *s, const firn_table_metadata *metadata, firn_error *err)
{
    firn_writer_config config;
    firn_sort_parts *first = NULL;
    const firn_type *root = &s->opts.schema->root;
    FIRN_TRY(firn_row_layout_init(&s->layout, root, firn_row_order_place_width(s->opts.order),
                                  s->arena, err));
    FIRN_TRY(init_lanes(s, err));
    FIRN_TRY(firn_sort_texts_create(root, s->n_lanes, s->opts.memory_bytes / K_TEXTS,
                                    firn_random_u64(s->env->random) | 1, s->env->alloc, &s->texts,
                                    err));
    FIRN_TRY(firn_writer_config__read(metadata, s->opts.schema, s->arena, &config, err));
    s->folder = config.folder;
    firn_random_uuid(s->env->random, s->uuid);
    return add_set(s, s->opts.samples, s->opts.n_parts, &first, err);
}

firn_status firn_row_sorter_create(firn_env *env, firn_store *store,
                                   const firn_table_metadata *metadata,
                                   const firn_row_sorter_opts *opts, firn_row_sorter **out,
                                   firn_error *err)
{
    *out = NULL;
    firn_row_sorter *s = firn_mem_alloc_zero(env->alloc, sizeof *s);
    if (!s) return firn_fail_nomem(err);
    s->env = env;
    s->store = store;
    s->opts = *opts;
    (void)pthread_mutex_init(&s->lock, NULL);
    firn_sort_memory_init(&s->memory, env->alloc, opts->memory_bytes / 8 * K_HELD_EIGHTH,
                          opts->n_parts);
    firn_sort_scratches_init(&s->scratches, &s->layout, env->alloc);
    s->arena = firn_arena_create(env->alloc, 0);
    const firn_status st = s->arena ? init(s, metadata, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_row_sorter_destroy(s);
        return st;
    }
    *out = s;
    return FIRN_OK;
}

static void close_window(firn_row_sorter *s)
{
    for (size_t i = 0; i < s->n_window; i++) firn_part_rows_close(&s->window[i]);
    s->n_window = s->at = 0;
}

void firn_row_sorter_destroy(firn_row_sorter *sorter)
{
    if (!sorter) return;
    close_window(sorter);
    firn_batch_destroy(sorter->out);
    for (size_t i = 0; i < sorter->n_sets; i++) firn_sort_parts_destroy(sorter->sets[i]);
    for (size_t i = 0; sorter->lanes && i < sorter->n_lanes; i++) {
        firn_sort_lane_dispose(&sorter->lanes[i].sort, sorter->env->alloc);
        firn_packed_batch_dispose(&sorter->lanes[i].packed);
        firn_keys_dispose(&sorter->lanes[i].keys);
        firn_buf_dispose(&sorter->lanes[i].places);
        firn_arena_destroy(sorter->lanes[i].scratch);
    }
    firn_sort_texts_destroy(sorter->texts);
    firn_sort_scratches_dispose(&sorter->scratches);
    firn_sort_memory_dispose(&sorter->memory);
    firn_arena_destroy(sorter->arena);
    (void)pthread_mutex_destroy(&sorter->lock);
    firn_mem_free(sorter->env->alloc, sorter);
}

int64_t firn_row_sorter_spilled(const firn_row_sorter *sorter)
{
    int64_t n = 0;
    for (size_t i = 0; i < sorter->n_sets; i++) n += firn_sort_parts_spilled(sorter->sets[i]);
    return n;
}

/* ---- append ---- */

/* The first rows tell which columns are narrow. */
static void look_at_first(firn_row_sorter *s, const firn_batch *batch)
{
    (void)pthread_mutex_lock(&s->lock);
    if (!s->has_rows && batch->n_rows > 0) {
        firn_row_layout_narrow(&s->layout, batch);
        s->has_rows = true;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

/* On the curve, if there is one. */
static firn_status tell_places(const firn_row_sorter *s, lane *l, const firn_batch *batch,
                               firn_error *err)
{
    const size_t width = s->layout.place_width;
    if (width == 0) return FIRN_OK;
    firn_buf_clear(&l->places);
    char *places = firn_buf_reserve(&l->places, (size_t)batch->n_rows * width + 1);
    if (!places) return firn_buf_check(&l->places, err);
    firn_row_order_places(s->opts.order, batch, places);
    return FIRN_OK;
}

firn_status firn_row_sorter_append(firn_row_sorter *sorter, size_t lane_index,
                                   const firn_batch *batch, uint64_t first, firn_error *err)
{
    lane *l = &sorter->lanes[lane_index];
    if (sorter->parts) return firn_fail(err, FIRN_ERR_ARG, "the rows are sorted already");
    look_at_first(sorter, batch);
    const bool needs_keys = firn_sort_parts_needs_keys(sorter->sets[0]);
    firn_keys_clear(&l->keys);
    if (needs_keys)
        FIRN_TRY(firn_row_order_keys(sorter->opts.order, batch, l->scratch, &l->keys, err));
    FIRN_TRY(tell_places(sorter, l, batch, err));
    FIRN_TRY(firn_packed_batch_put(&l->packed, &sorter->layout, batch, l->places.data,
                                   sorter->texts, lane_index, err));
    const firn_slot_rows rows = {.columns = &l->packed.columns,
                                 .n = batch->n_rows,
                                 .keys = needs_keys ? &l->keys : NULL,
                                 .first = first};
    return firn_sort_parts_add(sorter->sets[0], &l->sort, &rows, err);
}

/* ---- parts that fit ---- */

static firn_status list_set(firn_row_sorter *s, listed_part **parts, size_t *n, size_t *cap,
                            const listed_part *first, firn_error *err)
{
    for (size_t i = 0; i < firn_sort_parts_count(first->set); i++) {
        listed_part *slot = firn_arena_push(s->arena, parts, n, cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = *first;
        slot->index = i;
        if (first->depth == 0) slot->origin = i;
    }
    return FIRN_OK;
}

static firn_status spread_part(firn_row_sorter *s, const listed_part *large, int64_t max_bytes,
                               firn_sort_parts **out, firn_error *err)
{
    firn_sort_lane *lanes = firn_arena_array(s->arena, s->n_lanes, sizeof *lanes);
    const int64_t n_bytes = firn_sort_parts_bytes(large->set, large->index);
    int64_t n = 2 * (n_bytes / max_bytes + 1); /* samples are not exact */
    if (n > K_MAX_SPREAD) n = K_MAX_SPREAD;
    if (!lanes) return firn_fail_nomem(err);
    firn_status st =
        add_set(s, firn_sort_parts_samples(large->set, large->index), (size_t)n, out, err);
    if (st == FIRN_OK) st = firn_sort_parts_hand_on(large->set, large->index, *out, lanes, err);
    for (size_t i = 0; i < s->n_lanes; i++) firn_sort_lane_dispose(&lanes[i], s->env->alloc);
    return st;
}

static bool is_large(const listed_part *p, int64_t max_bytes)
{
    return firn_sort_parts_bytes(p->set, p->index) > max_bytes &&
           firn_sort_parts_rows(p->set, p->index) > 1 && p->depth < K_MAX_DEPTH;
}

/* The list once more, with what large parts were handed on to in their place. */
static firn_status spread_large(firn_row_sorter *s, int64_t max_bytes, bool *is_changed,
                                firn_error *err)
{
    listed_part *parts = NULL;
    size_t n = 0;
    size_t cap = 0;
    *is_changed = false;
    for (size_t i = 0; s->parts && i < s->n_parts; i++) {
        listed_part p = s->parts[i];
        if (is_large(&p, max_bytes)) {
            FIRN_TRY(spread_part(s, &s->parts[i], max_bytes, &p.set, err));
            p.depth++;
            FIRN_TRY(list_set(s, &parts, &n, &cap, &p, err));
            *is_changed = true;
            continue;
        }
        listed_part *slot = firn_arena_push(s->arena, &parts, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = p;
    }
    s->parts = parts;
    s->n_parts = n;
    s->cap_parts = cap;
    return FIRN_OK;
}

firn_status firn_row_sorter_finish(firn_row_sorter *sorter, firn_error *err)
{
    const listed_part first = {.set = sorter->sets[0]};
    const int64_t share = sorter->opts.memory_bytes / (K_PART_SHARE * (int64_t)sorter->cap_window);
    const int64_t max_bytes = share > K_MIN_PART ? share : K_MIN_PART;
    bool is_changed = true;
    if (sorter->parts) return firn_fail(err, FIRN_ERR_ARG, "the rows are sorted already");
    FIRN_TRY(firn_sort_texts_finish(sorter->texts, err));
    FIRN_TRY(firn_sort_parts_finish(first.set, err));
    FIRN_TRY(list_set(sorter, &sorter->parts, &sorter->n_parts, &sorter->cap_parts, &first, err));
    while (is_changed) FIRN_TRY(spread_large(sorter, max_bytes, &is_changed, err));
    return FIRN_OK;
}

size_t firn_row_sorter_parts(const firn_row_sorter *sorter)
{
    return sorter->n_parts;
}

size_t firn_row_sorter_origin(const firn_row_sorter *sorter, size_t part)
{
    return sorter->parts[part].origin;
}

/* ---- rows in order ---- */

firn_status firn_part_rows_open(firn_part_rows *rows, firn_row_sorter *sorter, size_t part,
                                firn_error *err)
{
    const listed_part *p = &sorter->parts[part];
    *rows = (firn_part_rows){.sorter = sorter, .part = part};
    FIRN_TRY(firn_env_check_cancel(sorter->env, err));
    return firn_sort_parts_sort(p->set, p->index, &rows->sorted, err);
}

firn_status firn_part_rows_next(firn_part_rows *rows, int64_t max_rows, firn_batch *batch,
                                firn_error *err)
{
    const int64_t rest = rows->sorted.n_rows - rows->at;
    const int64_t n = rest < max_rows ? rest : max_rows;
    if (n == 0) return FIRN_DONE;
    firn_batch_reset(batch);
    firn_sort_scratch *scratch = rows->sorted.scratch;
    FIRN_TRY(firn_sort_scratch_codes(&rows->sorter->scratches, scratch, (size_t)n, err));
    FIRN_TRY(firn_packed_rows_get(&rows->sorted.source, scratch->places + rows->at, n, NULL,
                                  scratch->codes, batch, err));
    rows->at += n;
    return FIRN_OK;
}

void firn_part_rows_close(firn_part_rows *rows)
{
    if (!rows->sorter) return;
    const listed_part *p = &rows->sorter->parts[rows->part];
    firn_sort_parts_close(p->set, p->index, &rows->sorted);
    *rows = (firn_part_rows){0};
}

static firn_status open_in_window(void *ctx, size_t i, size_t thread, firn_error *err)
{
    firn_row_sorter *s = ctx;
    (void)thread;
    return firn_part_rows_open(&s->window[i], s, s->next_part + i, err);
}

static firn_status fill_window(firn_row_sorter *s, firn_error *err)
{
    close_window(s);
    const size_t rest = s->n_parts - s->next_part;
    s->n_window = rest < s->cap_window ? rest : s->cap_window;
    FIRN_TRY(firn_pool_run(firn_env_pool(s->env), s->n_window, open_in_window, s, err));
    s->next_part += s->n_window;
    return FIRN_OK;
}

firn_status firn_row_sorter_next(firn_row_sorter *sorter, const firn_batch **out, firn_error *err)
{
    if (!sorter->out)
        FIRN_TRY(
            firn_batch_create(&sorter->opts.schema->root, FIRN_SORTER_ROWS, &sorter->out, err));
    for (;;) {
        if (sorter->at < sorter->n_window) {
            const firn_status st = firn_part_rows_next(&sorter->window[sorter->at],
                                                       FIRN_SORTER_ROWS, sorter->out, err);
            *out = sorter->out;
            if (st != FIRN_DONE) return st;
            firn_part_rows_close(&sorter->window[sorter->at++]);
        } else if (sorter->next_part < sorter->n_parts) {
            FIRN_TRY(fill_window(sorter, err));
        } else {
            return FIRN_DONE;
        }
    }
}
