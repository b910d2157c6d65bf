/* SPDX-License-Identifier: Apache-2.0 */
/* Each encoding of Parquet under each type it may stand for. The first bytes of the input say
 * which; the rest is the page, and the file around it is made here, so that every mutation reaches
 * the decoders.
 *
 *   type | encoding | flags | values (2 bytes) | dictionary bytes (1) | dictionary page | data page
 */
#include <string.h>

#include "base/error.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/thrift/thrift_writer.h"

#define HEAD_BYTES 6
#define MAX_VALUES 4096
#define MAX_INPUT  ((size_t)1 << 15)

enum { FLAG_OPTIONAL = 1, FLAG_V2 = 2, FLAG_DICTIONARY = 4, FLAG_REPEATED = 8, FLAG_FEW = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Physical type, length of fixed ones, converted type (-1: none) with precision. */
static const struct type_case {
    int32_t physical, length, converted, precision;
} k_types[] = {
    {0, 0, -1, 0}, {1, 0, -1, 0}, {2, 0, -1, 0}, {3, 0, -1, 0}, {4, 0, -1, 0},
    {5, 0, -1, 0}, {6, 0, -1, 0}, {6, 0, 0, 0},  {7, 5, -1, 0}, {1, 0, 6, 0},
    {1, 0, 5, 9},  {2, 0, 5, 18}, {7, 9, 5, 20}, {6, 0, 5, 38}, {1, 0, 7, 0},
    {2, 0, 9, 0},  {2, 0, 14, 0}, {1, 0, 11, 0}, {1, 0, 15, 0}, {7, 12, 21, 0},
};
static const int32_t k_encodings[] = {0, 2, 3, 4, 5, 6, 7, 8, 9};

typedef struct page_input {
    struct type_case type;
    int32_t encoding;
    unsigned flags;
    int32_t n_values;
    firn_str dictionary, page;
} page_input;

static page_input parse_input(const uint8_t *data, size_t size)
{
    const firn_str rest = {(const char *)data + HEAD_BYTES, size - HEAD_BYTES};
    page_input in = {.type = k_types[data[0] % (sizeof k_types / sizeof k_types[0])],
                     .encoding =
                         k_encodings[data[1] % (sizeof k_encodings / sizeof k_encodings[0])],
                     .flags = data[2]};
    in.n_values = (int32_t)(((unsigned)data[3] << 8 | data[4]) % MAX_VALUES) + 1;
    if (in.flags & FLAG_FEW) in.n_values = in.n_values % 64 + 1;
    const size_t n = in.flags & FLAG_DICTIONARY && data[5] < rest.len ? data[5] : 0;
    in.dictionary = (firn_str){rest.data, n};
    in.page = (firn_str){rest.data + n, rest.len - n};
    return in;
}

static void put_page(firn_buf *out, const page_input *in, bool is_dictionary)
{
    const bool is_v2 = (in->flags & FLAG_V2) != 0;
    const firn_str body = is_dictionary ? in->dictionary : in->page;
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, is_dictionary ? 2 : is_v2 ? 3 : 0);
    firn_thrift_put_i32(&w, 2, (int32_t)body.len);
    firn_thrift_put_i32(&w, 3, (int32_t)body.len);
    firn_thrift_put_struct(&w, is_dictionary ? 7 : is_v2 ? 8 : 5);
    firn_thrift_put_i32(&w, 1, is_dictionary ? (int32_t)body.len % 64 + 1 : in->n_values);
    if (!is_dictionary && is_v2) {
        const int32_t levels = (int32_t)(body.len / 4);
        firn_thrift_put_i32(&w, 2, 0);
        firn_thrift_put_i32(&w, 3, in->n_values);
        firn_thrift_put_i32(&w, 4, in->encoding);
        firn_thrift_put_i32(&w, 5, in->flags & (FLAG_OPTIONAL | FLAG_REPEATED) ? levels : 0);
        firn_thrift_put_i32(&w, 6, in->flags & FLAG_REPEATED ? levels : 0);
    } else {
        firn_thrift_put_i32(&w, 2, is_dictionary ? 0 : in->encoding);
        firn_thrift_put_i32(&w, 3, 3);
        firn_thrift_put_i32(&w, 4, 3);
    }
    firn_thrift_put_end(&w);
    firn_thrift_put_end(&w);
    firn_buf_str(out, body);
}

static void put_schema(firn_thrift_writer *w, const page_input *in)
{
    firn_thrift_put_list_of_structs(w, 2, 2);
    firn_thrift_put_element_struct(w);
    firn_thrift_put_bytes(w, 4, FIRN_STR("r"));
    firn_thrift_put_i32(w, 5, 1);
    firn_thrift_put_end(w);
    firn_thrift_put_element_struct(w);
    firn_thrift_put_i32(w, 1, in->type.physical);
    if (in->type.length) firn_thrift_put_i32(w, 2, in->type.length);
    firn_thrift_put_i32(w, 3, in->flags & FLAG_REPEATED ? 2 : in->flags & FLAG_OPTIONAL ? 1 : 0);
    firn_thrift_put_bytes(w, 4, FIRN_STR("c"));
    if (in->type.converted >= 0) firn_thrift_put_i32(w, 6, in->type.converted);
    if (in->type.precision) firn_thrift_put_i32(w, 7, 2);
    if (in->type.precision) firn_thrift_put_i32(w, 8, in->type.precision);
    firn_thrift_put_end(w);
}

static void put_footer(firn_buf *out, const page_input *in, size_t first, size_t data, size_t end)
{
    const size_t start = out->len;
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, 1);
    put_schema(&w, in);
    firn_thrift_put_i64(&w, 3, in->n_values);
    firn_thrift_put_list_of_structs(&w, 4, 1);
    firn_thrift_put_element_struct(&w);
    firn_thrift_put_list_of_structs(&w, 1, 1);
    firn_thrift_put_element_struct(&w);
    firn_thrift_put_i64(&w, 2, (int64_t)first);
    firn_thrift_put_struct(&w, 3);
    firn_thrift_put_i32(&w, 1, in->type.physical);
    firn_thrift_put_list_of_i32(&w, 2, 1);
    firn_thrift_put_element_i32(&w, in->encoding);
    firn_thrift_put_list_of_bytes(&w, 3, 1);
    firn_thrift_put_element_bytes(&w, FIRN_STR("c"));
    firn_thrift_put_i32(&w, 4, 0);
    firn_thrift_put_i64(&w, 5, in->n_values);
    firn_thrift_put_i64(&w, 6, (int64_t)(end - first));
    firn_thrift_put_i64(&w, 7, (int64_t)(end - first));
    firn_thrift_put_i64(&w, 9, (int64_t)data);
    if (data > first) firn_thrift_put_i64(&w, 11, (int64_t)first);
    firn_thrift_put_end(&w); /* ColumnMetaData */
    firn_thrift_put_end(&w); /* ColumnChunk */
    firn_thrift_put_i64(&w, 2, (int64_t)(end - first));
    firn_thrift_put_i64(&w, 3, in->n_values);
    firn_thrift_put_end(&w); /* RowGroup */
    firn_thrift_put_end(&w); /* FileMetaData */
    firn_buf_u32le(out, (uint32_t)(out->len - start));
}

static void put_file(firn_buf *out, const page_input *in)
{
    firn_buf_cstr(out, "PAR1");
    const size_t first = out->len;
    if (in->flags & FLAG_DICTIONARY) put_page(out, in, true);
    const size_t data = out->len;
    put_page(out, in, false);
    put_footer(out, in, first, data, out->len);
    firn_buf_cstr(out, "PAR1");
}

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_buf *bytes = ctx;
    if (offset < 0 || (uint64_t)offset > bytes->len || n > bytes->len - (size_t)offset)
        return firn_fail(err, FIRN_ERR_IO, "read outside of the file");
    if (n > 0) memcpy(out, bytes->data + offset, n);
    return FIRN_OK;
}

/* Reads every byte that views name, so that a sanitizer sees those that are not ours. */
static uint64_t touch(const firn_column *column, int64_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < column->n_children; i++)
        sum += touch(&column->children[i], column->children[i].n_values);
    if (firn_column_width(column->type) != sizeof(firn_view) ||
        column->type->kind == FIRN_TYPE_DECIMAL || column->type->kind == FIRN_TYPE_LIST)
        return sum;
    for (int64_t r = 0; r < n; r++) {
        if (!firn_column_is_valid(column, r)) continue;
        const firn_str s = firn_view_str((const firn_view *)column->values + r);
        for (size_t i = 0; i < s.len; i++) sum += (uint8_t)s.data[i];
    }
    return sum;
}

static void read_rows(const firn_parquet_file *file)
{
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES};
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    volatile uint64_t sum = 0;
    firn_error err = {0};
    firn_status st = firn_batch_create(root, 100, &batch, &err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, &err);
    while (st == FIRN_OK) {
        st = firn_parquet_rows_next(rows, 100, batch, &err);
        if (st == FIRN_OK) sum += touch(&batch->columns[0], batch->n_rows);
    }
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err = {0};
    firn_parquet_file *file = NULL;
    firn_buf bytes;
    if (size < HEAD_BYTES || size > MAX_INPUT) return 0;
    const page_input in = parse_input(data, size);
    firn_buf_init(&bytes, NULL, 0);
    put_file(&bytes, &in);
    const firn_byte_source source = {
        .ctx = &bytes, .size_bytes = (int64_t)bytes.len, .read_at = read_at};
    if (firn_parquet_file_open(&source, &file, &err) == FIRN_OK) {
        read_rows(file);
        firn_parquet_file_close(file);
    } else if (in.type.length == 0 && !strstr(err.message, "not supported")) {
        __builtin_trap(); /* what is made here is a file */
    }
    firn_buf_dispose(&bytes);
    return 0;
}
