/* SPDX-License-Identifier: Apache-2.0 */
/* Row groups taken over: whatever files they come from, the new file has their rows, statistics and
 * page indexes that hold, and the metrics that encoding the rows anew gives. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "format/parquet/copy/parquet_copy.h"
#include "format/parquet/layout/parquet_meta.h"
#include "random_parquet.h"

#define ROUNDS      20
#define MAX_ROWS    3000
#define MAX_SOURCES 5

/* ---- any files ---- */

typedef struct source {
    firn_batch *rows; /* those that stay */
    uint64_t *gone;   /* bit per row of the file; NULL: all stay */
    firn_buf bytes;
    firn_parquet_file *file;
} source;

typedef struct fixture {
    random_parquet p;
    firn_type root;
    source sources[MAX_SOURCES];
    size_t n_sources;
    int64_t page_rows; /* of texts; 0: the default */
    firn_batch *all;
    firn_buf bytes;
    firn_parquet_writer *writer;
    firn_pool *pool;
    size_t n_taken, n_decoded; /* columns of row groups */
    size_t n_kept, n_recoded;  /* pages of row groups without some rows */
} fixture;

static void open_source(source *s, random_parquet *p)
{
    const firn_byte_source bytes = {
        .ctx = &s->bytes, .size_bytes = (int64_t)s->bytes.len, .read_at = random_parquet_read_buf};
    assert_ok(firn_parquet_file_open(&bytes, &s->file, &p->err), &p->err);
}

/* Rows here and there, or runs of them, go. */
static void leave_rows_out(random_parquet *p, const firn_type *root, source *s)
{
    const int64_t n = s->rows->n_rows;
    const uint64_t spread = 1 + random_parquet_below(p, 3000),
                   run = 1 + random_parquet_below(p, 90);
    int64_t *stay = firn_arena_array(p->arena, (size_t)n + 1, sizeof *stay);
    int64_t n_stay = 0;
    firn_batch *rest = NULL;
    s->gone = firn_arena_array(p->arena, (size_t)n / 64 + 1, sizeof *s->gone);
    for (int64_t i = 0; i < n;) {
        for (int64_t k = (int64_t)random_parquet_below(p, spread); k > 0 && i < n; k--)
            stay[n_stay++] = i++;
        for (int64_t k = (int64_t)random_parquet_below(p, run); k > 0 && i < n; k--, i++)
            s->gone[i >> 6] |= (uint64_t)1 << (i & 63);
    }
    assert_ok(firn_batch_create(root, n_stay + 1, &rest, &p->err), &p->err);
    assert_ok(firn_batch_append_rows(rest, s->rows, stay, n_stay, &p->err), &p->err);
    firn_batch_destroy(s->rows);
    s->rows = rest;
}

/* Sources differ from what the writer wants in part of their options. */
static void make_sources(fixture *f, const firn_parquet_write_opts *wanted)
{
    random_parquet *p = &f->p;
    f->n_sources = 1 + (size_t)random_parquet_below(p, MAX_SOURCES);
    assert_ok(firn_batch_create(&f->root, 1, &f->all, &p->err), &p->err);
    for (size_t i = 0; i < f->n_sources; i++) {
        source *s = &f->sources[i];
        firn_parquet_write_opts opts = random_parquet_opts(p);
        if (random_parquet_below(p, 4)) opts.codec = wanted->codec;
        const uint64_t most = random_parquet_below(p, 4) ? MAX_ROWS : 30;
        s->rows = random_parquet_rows(p, &f->root, (int64_t)random_parquet_below(p, most));
        firn_buf_init(&s->bytes, NULL, 0);
        random_parquet_write_file(p, &f->root, s->rows, &opts, &s->bytes);
        open_source(s, p);
        if (random_parquet_below(p, 2)) leave_rows_out(p, &f->root, s);
        assert_ok(firn_batch_append(f->all, s->rows, 0, s->rows->n_rows, &p->err), &p->err);
    }
}

static void fill(fixture *f, const firn_batch *rows, int64_t from, int64_t n)
{
    while (n > 0) {
        const int64_t some = 1 + (int64_t)random_parquet_below(&f->p, (uint64_t)n);
        firn_batch *piece = NULL;
        assert_ok(firn_batch_create(&f->root, some, &piece, &f->p.err), &f->p.err);
        assert_ok(firn_batch_append(piece, rows, from, some, &f->p.err), &f->p.err);
        assert_ok(firn_parquet_writer_fill(f->writer, piece, &f->p.err), &f->p.err);
        firn_batch_destroy(piece);
        from += some;
        n -= some;
    }
}

static bool has_rows(const source *s, size_t group)
{
    int64_t first = 0;
    for (size_t g = 0; g < group; g++) first += firn_parquet_row_group_rows(s->file, g);
    for (int64_t i = first; i < first + firn_parquet_row_group_rows(s->file, group); i++)
        if (!s->gone || (s->gone[i >> 6] >> (i & 63) & 1) == 0) return true;
    return false;
}

static firn_parquet_copy *open_copy(fixture *f, const source *s, size_t group)
{
    firn_error *err = &f->p.err;
    firn_parquet_copy *copy = NULL;
    size_t n_kept = 0, n_recoded = 0;
    if (!s->gone) {
        assert_ok(firn_parquet_copy_open(f->writer, s->file, group, &copy, err), err);
        return copy;
    }
    assert_ok(firn_parquet_copy_open_rest(f->writer, s->file, group, s->gone, &copy, err), err);
    firn_parquet_copy_pages(copy, &n_kept, &n_recoded);
    f->n_kept += n_kept;
    f->n_recoded += n_recoded;
    return copy;
}

/* Row groups of a source, several at once up to one with columns to decode. */
static void copy_source(fixture *f, const source *s)
{
    firn_error *err = &f->p.err;
    int64_t at = 0;
    const size_t n_groups = firn_parquet_file_row_groups(s->file);
    for (size_t g = 0; g < n_groups;) {
        firn_parquet_copy *copies[4];
        const bool *is_decoded = NULL;
        size_t n = 0, n_decoded = 0;
        int64_t first = at;
        for (; g < n_groups && n < 4 && n_decoded == 0; g++) {
            if (s->gone && !has_rows(s, g)) continue;
            first = at;
            copies[n] = open_copy(f, s, g);
            at += firn_parquet_copy_rows(copies[n]);
            n_decoded = firn_parquet_copy_decoded(copies[n++], &is_decoded);
            f->n_decoded += n_decoded;
            f->n_taken += f->root.n_fields - n_decoded;
        }
        assert_ok(firn_parquet_writer_copy(f->writer, copies, n, err), err);
        if (n_decoded > 0) fill(f, s->rows, first, at - first);
        for (size_t i = 0; i < n; i++) firn_parquet_copy_close(copies[i]);
    }
    assert_int_equal(at, s->rows->n_rows);
}

static firn_file_metrics copy_or_append(fixture *f, const firn_parquet_write_opts *opts)
{
    firn_error *err = &f->p.err;
    const firn_byte_sink sink = {&f->bytes, random_parquet_write_buf};
    firn_file_metrics metrics;
    firn_buf_init(&f->bytes, NULL, 0);
    assert_ok(firn_parquet_writer_create(&f->root, opts, &sink, &f->writer, err), err);
    for (size_t i = 0; i < f->n_sources; i++) {
        if (random_parquet_below(&f->p, 8) == 0)
            assert_ok(firn_parquet_writer_append(f->writer, f->sources[i].rows, err), err);
        else
            copy_source(f, &f->sources[i]);
    }
    assert_ok(firn_parquet_writer_finish(f->writer, f->p.arena, &metrics, err), err);
    firn_parquet_writer_destroy(f->writer);
    return metrics;
}

static void assert_same_bytes(bool has, firn_str a, bool other_has, firn_str b)
{
    assert_int_equal(has, other_has);
    if (!has) return;
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

static void assert_same_metrics(const firn_file_metrics *a, const firn_file_metrics *b)
{
    assert_int_equal(a->record_count, b->record_count);
    assert_int_equal(a->n_columns, b->n_columns);
    for (size_t i = 0; i < a->n_columns; i++) {
        const firn_column_metrics *x = &a->columns[i], *y = &b->columns[i];
        assert_int_equal(x->field_id, y->field_id);
        assert_int_equal(x->value_count, y->value_count);
        assert_int_equal(x->null_count, y->null_count);
        assert_int_equal(x->nan_count, y->nan_count);
        assert_same_bytes(x->has_lower, x->lower, y->has_lower, y->lower);
        assert_same_bytes(x->has_upper, x->upper, y->has_upper, y->upper);
    }
}

static firn_file_metrics encode_anew(fixture *f, const firn_parquet_write_opts *opts)
{
    firn_error *err = &f->p.err;
    firn_buf bytes;
    firn_parquet_writer *writer;
    firn_file_metrics metrics;
    const firn_byte_sink sink = {&bytes, random_parquet_write_buf};
    firn_buf_init(&bytes, NULL, 0);
    assert_ok(firn_parquet_writer_create(&f->root, opts, &sink, &writer, err), err);
    assert_ok(firn_parquet_writer_append(writer, f->all, err), err);
    assert_ok(firn_parquet_writer_finish(writer, f->p.arena, &metrics, err), err);
    firn_parquet_writer_destroy(writer);
    firn_buf_dispose(&bytes);
    return metrics;
}

static void dispose(fixture *f)
{
    for (size_t i = 0; i < f->n_sources; i++) {
        firn_parquet_file_close(f->sources[i].file);
        firn_buf_dispose(&f->sources[i].bytes);
        firn_batch_destroy(f->sources[i].rows);
    }
    firn_buf_dispose(&f->bytes);
    firn_batch_destroy(f->all);
    firn_arena_destroy(f->p.arena);
}

/* A writer that few columns do not fit: most seeds are about what is taken over. */
static firn_parquet_write_opts wanted_opts(fixture *f, uint64_t seed)
{
    firn_parquet_write_opts opts = random_parquet_opts(&f->p);
    if (seed % 4 == 3) return opts;
    firn_parquet_column_opts *columns =
        firn_arena_array(f->p.arena, opts.n_columns, sizeof *columns);
    for (size_t i = 0; i < opts.n_columns; i++) {
        columns[i] = opts.columns[i];
        columns[i].has_bloom = columns[i].no_dictionary = false;
        columns[i].metrics = (firn_metrics_mode)random_parquet_below(&f->p, 4);
    }
    opts.columns = columns;
    opts.page_rows = 1 + (int64_t)random_parquet_below(&f->p, 100);
    return opts;
}

static void copy_any(uint64_t seed, size_t counts[4])
{
    fixture f = {.p = {.next_id = 1, .arena = firn_arena_create(NULL, 0)},
                 .root = {.kind = FIRN_TYPE_STRUCT}};
    firn_prng_init(&f.p.prng, seed);
    random_parquet_members(&f.p, &f.root, 1 + random_parquet_below(&f.p, 6), 0);
    firn_parquet_write_opts opts = wanted_opts(&f, seed);
    make_sources(&f, &opts);
    if (seed % 4 == 0) {
        assert_ok(firn_pool_create(3, &f.pool, &f.p.err), &f.p.err);
        assert_ok(firn_parquet_workspace_create(f.pool, NULL, &opts.workspace, &f.p.err), &f.p.err);
    }
    const firn_file_metrics copied = copy_or_append(&f, &opts);
    random_parquet_check(&f.p, &f.root, f.all, &f.bytes);
    const firn_file_metrics fresh = encode_anew(&f, &opts);
    assert_same_metrics(&copied, &fresh);
    counts[0] += f.n_taken;
    counts[1] += f.n_decoded;
    counts[2] += f.n_kept;
    counts[3] += f.n_recoded;
    firn_parquet_workspace_destroy(opts.workspace);
    firn_pool_destroy(f.pool);
    dispose(&f);
}

static void test_any_row_groups_make_a_file_of_their_rows(void **state)
{
    const uint64_t rounds = *(const uint64_t *)*state;
    size_t counts[4] = {0};
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        print_message("seed %d\n", (int)seed);
        copy_any(seed, counts);
    }
    print_message("%zu columns of row groups taken over, %zu decoded; without some rows, %zu pages "
                  "taken over, %zu coded again\n",
                  counts[0], counts[1], counts[2], counts[3]);
    assert_true(counts[0] > 10 * rounds && counts[1] > rounds);
    assert_true(counts[2] > 2 * rounds && counts[3] > 2 * rounds);
}

/* ---- one column of text ---- */

#define TEXT_ROWS 4000

static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_field k_text_field = {
    .id = 1, .is_required = true, .name = FIRN_STR_INIT("s"), .type = &k_text};

/* n_sources files; values are first, first + 1, .. of n_distinct, the next file's begin with step.
 */
static void make_texts(fixture *f, size_t n_sources, int step, int n_distinct)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD, .page_rows = f->page_rows};
    const int64_t page_rows = f->page_rows;
    firn_error *err = &f->p.err;
    *f = (fixture){.p = {.next_id = 2, .arena = firn_arena_create(NULL, 0)},
                   .root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_text_field, .n_fields = 1},
                   .n_sources = n_sources,
                   .page_rows = page_rows};
    firn_prng_init(&f->p.prng, 1);
    firn_buf_init(&f->bytes, NULL, 0);
    assert_ok(firn_batch_create(&f->root, 1, &f->all, err), err);
    for (size_t i = 0; i < n_sources; i++) {
        source *s = &f->sources[i];
        assert_ok(firn_batch_create(&f->root, TEXT_ROWS, &s->rows, err), err);
        for (int row = 0; row < TEXT_ROWS; row++) {
            const firn_str text = firn_arena_printf(f->p.arena, "the value numbered %d",
                                                    (int)i * step + row % n_distinct);
            ((firn_view *)s->rows->columns[0].values)[row] =
                firn_view_of(text.data, (uint32_t)text.len);
        }
        s->rows->n_rows = s->rows->columns[0].n_values = TEXT_ROWS;
        firn_buf_init(&s->bytes, NULL, 0);
        random_parquet_write_file(&f->p, &f->root, s->rows, &opts, &s->bytes);
        open_source(s, &f->p);
        assert_ok(firn_batch_append(f->all, s->rows, 0, TEXT_ROWS, err), err);
    }
}

static void begin(fixture *f, const firn_parquet_write_opts *opts)
{
    const firn_byte_sink sink = {&f->bytes, random_parquet_write_buf};
    assert_ok(firn_parquet_writer_create(&f->root, opts, &sink, &f->writer, &f->p.err), &f->p.err);
}

/* The new file's only row group's only chunk. */
static firn_pq_chunk finish(fixture *f)
{
    firn_file_metrics metrics;
    firn_parquet_file *file = NULL;
    const firn_byte_source bytes = {
        .ctx = &f->bytes, .size_bytes = 0, .read_at = random_parquet_read_buf};
    assert_ok(firn_parquet_writer_finish(f->writer, f->p.arena, &metrics, &f->p.err), &f->p.err);
    firn_parquet_writer_destroy(f->writer);
    random_parquet_check(&f->p, &f->root, f->all, &f->bytes);
    firn_byte_source whole = bytes;
    whole.size_bytes = (int64_t)f->bytes.len;
    assert_ok(firn_parquet_file_open(&whole, &file, &f->p.err), &f->p.err);
    assert_int_equal(file->n_row_groups, 1);
    firn_pq_chunk chunk = file->row_groups[0].chunks[0];
    chunk.stats.min_value = firn_arena_copy(f->p.arena, chunk.stats.min_value);
    chunk.stats.max_value = firn_arena_copy(f->p.arena, chunk.stats.max_value);
    firn_parquet_file_close(file);
    return chunk;
}

static size_t data_bytes(const firn_pq_chunk *chunk)
{
    return (size_t)(chunk->compressed_bytes - (chunk->data_offset - chunk->dictionary_offset));
}

static void test_sources_with_one_dictionary_keep_their_pages(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD};
    fixture f = {0};
    size_t at = 0;
    (void)state;
    make_texts(&f, 2, 0, 50);
    begin(&f, &opts);
    for (size_t i = 0; i < 2; i++) copy_source(&f, &f.sources[i]);
    assert_int_equal(f.n_taken, 2);
    const firn_pq_chunk chunk = finish(&f);
    assert_true(chunk.has_only_indices && chunk.dictionary_offset == 4);
    for (size_t i = 0; i < 2; i++) {
        const firn_pq_chunk *from = &f.sources[i].file->row_groups[0].chunks[0];
        const size_t n = data_bytes(from);
        assert_memory_equal(f.bytes.data + chunk.data_offset + at,
                            f.sources[i].bytes.data + from->data_offset, n);
        at += n;
    }
    assert_int_equal(at, data_bytes(&chunk));
    dispose(&f);
}

static void test_indices_get_their_numbers_in_the_one_dictionary(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD};
    fixture f = {0};
    (void)state;
    make_texts(&f, 3, 20, 50);
    begin(&f, &opts);
    for (size_t i = 0; i < 3; i++) copy_source(&f, &f.sources[i]);
    assert_int_equal(f.n_taken, 3);
    const firn_pq_chunk chunk = finish(&f);
    assert_true(chunk.has_only_indices);
    assert_int_equal(chunk.n_values, 3 * TEXT_ROWS);
    dispose(&f);
}

static void test_values_are_written_where_the_dictionary_has_no_room(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD, .dictionary_bytes = 3000};
    fixture f = {0};
    (void)state;
    make_texts(&f, 3, 50, 100);
    begin(&f, &opts);
    for (size_t i = 0; i < 3; i++) copy_source(&f, &f.sources[i]);
    assert_int_equal(f.n_taken, 3);
    const firn_pq_chunk chunk = finish(&f);
    assert_true(!chunk.has_only_indices && chunk.dictionary_offset == 4);
    dispose(&f);
}

static void test_a_large_row_group_stays_one_by_itself(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD, .row_group_rows = TEXT_ROWS};
    fixture f = {0};
    firn_file_metrics metrics;
    (void)state;
    make_texts(&f, 2, 50, 100);
    begin(&f, &opts);
    for (size_t i = 0; i < 2; i++) copy_source(&f, &f.sources[i]);
    assert_ok(firn_parquet_writer_finish(f.writer, f.p.arena, &metrics, &f.p.err), &f.p.err);
    assert_int_equal(metrics.n_split_offsets, 2);
    const firn_pq_chunk *from = &f.sources[0].file->row_groups[0].chunks[0];
    assert_memory_equal(f.bytes.data + 4, f.sources[0].bytes.data + 4,
                        (size_t)from->compressed_bytes);
    random_parquet_check(&f.p, &f.root, f.all, &f.bytes);
    firn_parquet_writer_destroy(f.writer);
    dispose(&f);
}

static void test_a_damaged_page_is_not_copied(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD};
    fixture f = {0};
    firn_parquet_copy *copy = NULL;
    (void)state;
    make_texts(&f, 1, 0, 50);
    const firn_pq_chunk *from = &f.sources[0].file->row_groups[0].chunks[0];
    /* A small file is in memory since it was opened: damage it there. */
    char *tail = (char *)(uintptr_t)f.sources[0].file->tail.data;
    tail[from->data_offset + from->compressed_bytes - (from->data_offset - 4) - 1] ^= 1;
    begin(&f, &opts);
    assert_int_equal(firn_parquet_copy_open(f.writer, f.sources[0].file, 0, &copy, &f.p.err),
                     FIRN_ERR_CORRUPT);
    assert_non_null(strstr(f.p.err.message, "page checksum is"));
    assert_null(copy);
    firn_parquet_writer_destroy(f.writer);
    dispose(&f);
}

static void test_rows_to_fill_in_come_first(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_SNAPPY};
    fixture f = {0};
    firn_parquet_copy *copy = NULL;
    const bool *is_decoded = NULL;
    (void)state;
    make_texts(&f, 1, 0, 50);
    begin(&f, &opts); /* another codec: the column is to be decoded */
    assert_ok(firn_parquet_copy_open(f.writer, f.sources[0].file, 0, &copy, &f.p.err), &f.p.err);
    assert_int_equal(firn_parquet_copy_decoded(copy, &is_decoded), 1);
    assert_true(is_decoded[0]);
    assert_ok(firn_parquet_writer_copy(f.writer, &copy, 1, &f.p.err), &f.p.err);
    assert_int_equal(firn_parquet_writer_append(f.writer, f.all, &f.p.err), FIRN_ERR_ARG);
    assert_string_equal(f.p.err.message, "4000 rows of the row group copied last are to come");
    fill(&f, f.all, 0, TEXT_ROWS);
    assert_int_equal(firn_parquet_writer_fill(f.writer, f.all, &f.p.err), FIRN_ERR_ARG);
    firn_parquet_copy_close(copy);
    (void)finish(&f);
    dispose(&f);
}

/* The rows in [from, to) go. */
static firn_pq_chunk copy_without(fixture *f, int64_t from, int64_t to, size_t n_recoded)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD, .page_rows = f->page_rows};
    firn_error *err = &f->p.err;
    firn_parquet_copy *copy = NULL;
    uint64_t gone[TEXT_ROWS / 64 + 1] = {0};
    size_t n_kept = 0, n_others = 0;
    for (int64_t i = from; i < to; i++) gone[i >> 6] |= (uint64_t)1 << (i & 63);
    firn_batch *all = NULL;
    assert_ok(firn_batch_create(&f->root, TEXT_ROWS, &all, err), err);
    assert_ok(firn_batch_append(all, f->all, 0, from, err), err);
    assert_ok(firn_batch_append(all, f->all, to, TEXT_ROWS - to, err), err);
    firn_batch_destroy(f->all);
    f->all = all;
    begin(f, &opts);
    assert_ok(firn_parquet_copy_open_rest(f->writer, f->sources[0].file, 0, gone, &copy, err), err);
    firn_parquet_copy_pages(copy, &n_kept, &n_others);
    assert_int_equal(n_others, n_recoded);
    assert_true(n_kept > TEXT_ROWS / (size_t)f->page_rows - n_recoded - 3);
    assert_int_equal(firn_parquet_copy_rows(copy), TEXT_ROWS - (to - from));
    assert_ok(firn_parquet_writer_copy(f->writer, &copy, 1, err), err);
    firn_parquet_copy_close(copy);
    return finish(f);
}

static void test_pages_without_rows_that_go_stay_as_they_are(void **state)
{
    fixture f = {.page_rows = 100};
    (void)state;
    make_texts(&f, 1, 0, TEXT_ROWS); /* no dictionary */
    const firn_pq_chunk *from = &f.sources[0].file->row_groups[0].chunks[0];
    const firn_pq_chunk chunk = copy_without(&f, TEXT_ROWS - 3, TEXT_ROWS, 1);
    const size_t n = (size_t)from->compressed_bytes / 2;
    assert_memory_equal(f.bytes.data + chunk.data_offset,
                        f.sources[0].bytes.data + from->data_offset, n);
    dispose(&f);
}

/* Bounds are those of the rows that stay, not of the chunk that was. */
static void test_statistics_do_not_tell_of_rows_that_went(void **state)
{
    fixture f = {.page_rows = 100};
    (void)state;
    make_texts(&f, 1, 0, TEXT_ROWS);
    const firn_pq_chunk chunk = copy_without(&f, 0, 450, 5);
    assert_int_equal(chunk.n_values, TEXT_ROWS - 450);
    assert_int_equal(chunk.stats.null_count, 0);
    assert_str(chunk.stats.min_value, "the value numbered 1000");
    assert_str(chunk.stats.max_value, "the value numbered 999");
    dispose(&f);
}

/* An argument is the number of rounds. */
int main(int argc, char **argv)
{
    int64_t rounds = ROUNDS;
    if (argc == 2 && !firn_str_to_i64(firn_str_of(argv[1]), &rounds)) return 2;
    uint64_t count = (uint64_t)rounds;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_any_row_groups_make_a_file_of_their_rows, &count),
        cmocka_unit_test(test_sources_with_one_dictionary_keep_their_pages),
        cmocka_unit_test(test_indices_get_their_numbers_in_the_one_dictionary),
        cmocka_unit_test(test_values_are_written_where_the_dictionary_has_no_room),
        cmocka_unit_test(test_a_large_row_group_stays_one_by_itself),
        cmocka_unit_test(test_a_damaged_page_is_not_copied),
        cmocka_unit_test(test_rows_to_fill_in_come_first),
        cmocka_unit_test(test_pages_without_rows_that_go_stay_as_they_are),
        cmocka_unit_test(test_statistics_do_not_tell_of_rows_that_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
