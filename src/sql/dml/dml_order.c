/* SPDX-License-Identifier: Apache-2.0 */
/* The order of new rows: by partition where write.distribution-mode asks for it, then by the
 * table's sort order. The engine sorts, and spills when the rows do not fit into memory.
 *
 * Without a mode, tables with a sort order are distributed by range, others not at all: one writer
 * has a file open for every partition, so rows need not come together. A transform that the engine
 * has no expression for (bucket; truncate of decimals and bytes) ends the order before it; the
 * files are not called sorted then. */
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "sql/dml/dml.h"

typedef struct order_writer {
    firn_sql_text *text; /* the keys */
    const firn_schema *schema;
    size_t n_leading; /* columns of the query before the table's */
    size_t n_keys;
} order_writer;

static const firn_field *find_column(const order_writer *w, int32_t id, size_t *index)
{
    const firn_type *root = &w->schema->root;
    for (size_t i = 0; i < root->n_fields; i++) {
        if (root->fields[i].id != id) continue;
        *index = i + w->n_leading;
        return &root->fields[i];
    }
    return NULL; /* inside of another, or gone */
}

/* ---- transforms ---- */

static bool is_timestamp(firn_type_kind kind)
{
    return kind == FIRN_TYPE_TIMESTAMP || kind == FIRN_TYPE_TIMESTAMPTZ ||
           kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
}

/* In UTC, whatever the session's zone. */
static bool put_unit(firn_sql_text *text, const char *unit, firn_type_kind kind, size_t column)
{
    const bool has_zone = kind == FIRN_TYPE_TIMESTAMPTZ || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    if (!is_timestamp(kind) && kind != FIRN_TYPE_DATE) return false;
    firn_buf_printf(&text->buf,
                    has_zone ? "date_trunc('%s', make_timestamp(epoch_us(\"firn_%zu\")))"
                             : "date_trunc('%s', \"firn_%zu\")",
                    unit, column);
    return true;
}

static bool put_truncated(firn_sql_text *text, int32_t width, firn_type_kind kind, size_t column)
{
    switch (kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG: /* the multiple below, also of negative numbers */
        firn_buf_printf(&text->buf, "(\"firn_%zu\"::HUGEINT - ((\"firn_%zu\" %% %d) + %d) %% %d)",
                        column, column, width, width, width);
        return true;
    case FIRN_TYPE_STRING:
        firn_buf_printf(&text->buf, "left(\"firn_%zu\", %d)", column, width);
        return true;
    default: return false;
    }
}

/* False: nothing written. */
static bool put_transformed(firn_sql_text *text, const firn_transform *transform,
                            firn_type_kind kind, size_t column)
{
    switch (transform->kind) {
    case FIRN_TRANSFORM_IDENTITY: firn_buf_printf(&text->buf, "\"firn_%zu\"", column); return true;
    case FIRN_TRANSFORM_TRUNCATE: return put_truncated(text, transform->param, kind, column);
    case FIRN_TRANSFORM_YEAR: return put_unit(text, "year", kind, column);
    case FIRN_TRANSFORM_MONTH: return put_unit(text, "month", kind, column);
    case FIRN_TRANSFORM_DAY: return put_unit(text, "day", kind, column);
    case FIRN_TRANSFORM_HOUR: return put_unit(text, "hour", kind, column);
    case FIRN_TRANSFORM_BUCKET:
    case FIRN_TRANSFORM_VOID:
    case FIRN_TRANSFORM_UNKNOWN: break;
    }
    return false;
}

static bool put_key(order_writer *w, int32_t source_id, const firn_transform *transform,
                    const char *direction)
{
    size_t column = 0;
    const firn_field *field = find_column(w, source_id, &column);
    if (!field || !firn_type_is_primitive(field->type)) return false;
    const size_t before = w->text->buf.len;
    firn_sql_text_put(w->text, w->n_keys > 0 ? ", " : " ORDER BY ");
    if (!put_transformed(w->text, transform, field->type->kind, column)) {
        w->text->buf.len = before;
        return false;
    }
    firn_sql_text_put(w->text, direction);
    w->n_keys++;
    return true;
}

/* ---- keys ---- */

/* Rows of a partition together; which partition comes first does not matter. */
static void put_partition(order_writer *w, const firn_partition_spec *spec)
{
    for (size_t i = 0; i < spec->n_fields; i++)
        (void)put_key(w, spec->fields[i].source_id, &spec->fields[i].transform, "");
}

/* All fields; false: not to the end. */
static bool put_sort_order(order_writer *w, const firn_sort_order *order)
{
    for (size_t i = 0; i < order->n_fields; i++) {
        const firn_sort_field *field = &order->fields[i];
        const char *direction = field->is_descending
                                    ? (field->nulls_last ? " DESC NULLS LAST" : " DESC NULLS FIRST")
                                    : (field->nulls_last ? " ASC NULLS LAST" : " ASC NULLS FIRST");
        if (!put_key(w, field->source_id, &field->transform, direction)) return false;
    }
    return true;
}

static firn_status read_mode(const firn_table_metadata *metadata, bool *is_clustered,
                             firn_error *err)
{
    const firn_sort_order *order = firn_metadata_sort_order(metadata);
    const bool is_sorted = order && order->n_fields > 0;
    const firn_str mode =
        firn_properties_get(&metadata->properties, FIRN_STR("write.distribution-mode"),
                            is_sorted ? FIRN_STR("range") : FIRN_STR("none"));
    *is_clustered = firn_str_equals_nocase(mode, FIRN_STR("hash")) ||
                    firn_str_equals_nocase(mode, FIRN_STR("range"));
    if (*is_clustered || firn_str_equals_nocase(mode, FIRN_STR("none"))) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "write.distribution-mode is \"%.*s\", expected none, hash or range",
                     FIRN_STR_ARG(mode));
}

static firn_status write_keys(order_writer *w, const firn_table_metadata *metadata,
                              int32_t *sort_order_id, firn_error *err)
{
    const firn_sort_order *order = firn_metadata_sort_order(metadata);
    bool is_clustered = false;
    *sort_order_id = 0;
    FIRN_TRY(read_mode(metadata, &is_clustered, err));
    if (is_clustered) put_partition(w, firn_metadata_spec(metadata));
    if (order && order->n_fields > 0 && put_sort_order(w, order)) *sort_order_id = order->order_id;
    return FIRN_OK;
}

/* ---- the query ---- */

/* "SELECT * FROM (query) AS rows(columns) ORDER BY keys" */
static firn_status wrap(const firn_dml_rows *rows, size_t n_columns, firn_str keys, firn_str *out,
                        firn_error *err)
{
    static const char k_head[] = "SELECT * FROM (";
    firn_sql_text text;
    firn_sql_text_init(&text, rows->text->session, (firn_str){0});
    firn_sql_text_put(&text, k_head);
    firn_sql_text_str(&text, rows->sql);
    firn_sql_text_put(&text, ") AS \"firn_rows\"(");
    for (size_t i = 0; i < n_columns; i++)
        firn_buf_printf(&text.buf, i > 0 ? ", \"firn_%zu\"" : "\"firn_%zu\"", i);
    firn_sql_text_put(&text, ")");
    firn_sql_text_str(&text, keys);
    FIRN_TRY(firn_sql_text_finish(&text, out, err));
    for (size_t i = 0; i < rows->text->n_pieces; i++)
        rows->text->pieces[i].out_at += sizeof k_head - 1;
    return FIRN_OK;
}

firn_status firn_dml__order_rows(firn_dml_rows *rows, const firn_table *table, size_t n_leading,
                                 int32_t *sort_order_id, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    firn_sql_text text;
    firn_str keys;
    order_writer w = {
        .text = &text, .schema = firn_metadata_schema(metadata), .n_leading = n_leading};
    firn_sql_text_init(&text, rows->text->session, (firn_str){0});
    const firn_status st = write_keys(&w, metadata, sort_order_id, err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    FIRN_TRY(firn_sql_text_finish(&text, &keys, err));
    if (w.n_keys == 0) return FIRN_OK;
    return wrap(rows, n_leading + w.schema->root.n_fields, keys, &rows->sql, err);
}
