/* SPDX-License-Identifier: Apache-2.0 */
/* Dialect and columns of CSV from its beginning. */
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "format/text/csv_internal.h"
#include "format/text/guess.h"

#define DEFAULT_ROWS   1000
#define DELIMITER_ROWS 100

typedef struct sample {
    firn_str bytes;
    bool is_whole;
    size_t at;
    bool is_out_of_memory;
    csv_row row;
    firn_buf value;
    firn_csv_dialect dialect;
    firn_arena *arena;
    size_t n_columns;
    firn_str *names;
    firn_guess *guesses;
} sample;

/* The next row that has fields; false at the end of the sample or of what can be cut. */
static bool next_row(sample *s, firn_str *text)
{
    while (s->at < s->bytes.len) {
        const firn_str rest = firn_str_slice(s->bytes, s->at, s->bytes.len);
        const bool is_last = s->is_whole && rest.len <= FIRN_LIMIT_CSV_ROW;
        if (csv_next_row(&s->dialect, firn_str_slice(rest, 0, FIRN_LIMIT_CSV_ROW), is_last,
                         &s->row) != CSV_FOUND_ROW) {
            s->is_out_of_memory |= s->row.fields.status == FIRN_ERR_NOMEM;
            return false;
        }
        s->at += s->row.n_bytes + s->row.n_newline;
        *text = firn_str_slice(rest, 0, s->row.n_bytes);
        if (s->row.n_fields > 0) return true;
    }
    return false;
}

static firn_status field_value(sample *s, firn_str row, size_t i, firn_str *out, firn_error *err)
{
    firn_buf_clear(&s->value);
    csv_append_value(&s->dialect, row.data, csv_field_at(&s->row, i), &s->value);
    *out = firn_buf_view(&s->value);
    return firn_buf_check(&s->value, err);
}

/* ---- delimiter ---- */

/* Rows with as many fields as the first, and that number; 0 fields: not a delimiter of this. */
static size_t count_even_rows(sample *s, char delimiter, size_t *n_fields)
{
    size_t n_even = 0;
    firn_str text;

    s->at = 0;
    s->dialect.delimiter = delimiter;
    *n_fields = 0;
    for (size_t i = 0; i < DELIMITER_ROWS && next_row(s, &text); i++) {
        if (i == 0) *n_fields = s->row.n_fields;
        n_even += s->row.n_fields == *n_fields;
    }
    return *n_fields > 1 ? n_even : 0;
}

static void find_delimiter(sample *s)
{
    static const char k_candidates[] = ",;\t|";
    char best = ',';
    size_t best_even = 0;
    size_t best_fields = 0;

    for (size_t i = 0; i < sizeof k_candidates - 1; i++) {
        size_t n_fields;
        size_t n_even;
        if (k_candidates[i] == s->dialect.quote || k_candidates[i] == s->dialect.escape) continue;
        n_even = count_even_rows(s, k_candidates[i], &n_fields);
        if (n_even < best_even || (n_even == best_even && n_fields <= best_fields)) continue;
        best = k_candidates[i];
        best_even = n_even;
        best_fields = n_fields;
    }
    s->dialect.delimiter = best;
}

/* ---- header ---- */

static firn_status read_header(sample *s, firn_str text, bool *is_header, firn_error *err)
{
    firn_map seen;

    firn_map_init(&seen, s->arena);
    *is_header = firn_utf8_is_valid(text);
    for (size_t i = 0; i < s->n_columns && *is_header; i++) {
        firn_str name;
        FIRN_TRY(field_value(s, text, i, &name, err));
        s->names[i] = firn_arena_copy(s->arena, name);
        if (!s->names[i].data) return firn_fail_nomem(err);
        if (name.len == 0 || firn_map_has(&seen, name) || firn_guess_text(name) != 0)
            *is_header = false;
        FIRN_TRY(firn_map_put(&seen, s->names[i], s, err));
    }
    return FIRN_OK;
}

static firn_status name_columns(sample *s, firn_error *err)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        s->names[i] = firn_arena_printf(s->arena, "column%zu", i);
        if (!s->names[i].data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static firn_status begin_columns(sample *s, firn_error *err)
{
    bool is_header = false;
    firn_str text;

    s->at = 0;
    if (!next_row(s, &text))
        return firn_fail(err, FIRN_ERR_CORRUPT, "no row of csv in the first %zu bytes",
                         s->bytes.len);
    s->n_columns = s->row.n_fields;
    s->names = firn_arena_array(s->arena, s->n_columns, sizeof *s->names);
    s->guesses = firn_arena_array(s->arena, s->n_columns, sizeof *s->guesses);
    if (!s->names || !s->guesses) return firn_fail_nomem(err);
    for (size_t i = 0; i < s->n_columns; i++) s->guesses[i] = FIRN_GUESS_ALL;
    if (!s->dialect.has_no_header) FIRN_TRY(read_header(s, text, &is_header, err));
    s->dialect.has_no_header = !is_header;
    if (is_header) return FIRN_OK;
    s->at = 0;
    return name_columns(s, err);
}

/* ---- columns ---- */

static firn_status guess_row(sample *s, firn_str text, firn_error *err)
{
    if (s->row.n_fields != s->n_columns) return FIRN_OK; /* will be reported as bad */
    for (size_t i = 0; i < s->n_columns; i++) {
        const bool is_quoted = csv_field_at(&s->row, i)->is_quoted;
        firn_str value;
        if (s->guesses[i] == 0) continue;
        FIRN_TRY(field_value(s, text, i, &value, err));
        if (firn_str_equals(value, s->dialect.null_text) && (!is_quoted || value.len == 0))
            continue;
        s->guesses[i] &= firn_guess_text(value);
    }
    return FIRN_OK;
}

static firn_status make_root(const sample *s, const firn_type **out, firn_error *err)
{
    firn_type *root = firn_arena_alloc_zero(s->arena, sizeof *root);
    firn_field *fields = firn_arena_array(s->arena, s->n_columns, sizeof *fields);

    if (!root || !fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < s->n_columns; i++)
        fields[i] = (firn_field){
            .id = (int32_t)i + 1, .name = s->names[i], .type = firn_guess_type(s->guesses[i])};
    *root = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = s->n_columns};
    *out = root;
    return FIRN_OK;
}

static firn_status infer(sample *s, int64_t max_rows, const firn_type **root, firn_error *err)
{
    firn_str text;

    FIRN_TRY(begin_columns(s, err));
    for (int64_t i = 0; i < max_rows && next_row(s, &text); i++) FIRN_TRY(guess_row(s, text, err));
    return make_root(s, root, err);
}

firn_status firn_csv_infer(firn_str bytes, bool is_whole, int64_t max_rows,
                           const firn_csv_dialect *given, firn_arena *arena,
                           firn_csv_dialect *dialect, const firn_type **root, firn_error *err)
{
    sample s = {.bytes = bytes, .is_whole = is_whole, .arena = arena};
    firn_status st;

    FIRN_TRY(csv_dialect_check(given, &s.dialect, err));
    if (firn_str_starts_with(bytes, FIRN_STR("\xEF\xBB\xBF")))
        s.bytes = firn_str_slice(bytes, 3, bytes.len);
    firn_buf_init(&s.row.fields, NULL, FIRN_LIMIT_COLUMNS * sizeof(csv_field));
    firn_buf_init(&s.value, NULL, FIRN_LIMIT_CSV_ROW);
    if (!given || !given->delimiter) find_delimiter(&s);
    st = infer(&s, max_rows > 0 ? max_rows : DEFAULT_ROWS, root, err);
    if (s.is_out_of_memory) st = firn_fail_nomem(err);
    *dialect = s.dialect;
    firn_buf_dispose(&s.row.fields);
    firn_buf_dispose(&s.value);
    return st;
}
