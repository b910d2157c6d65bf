/* SPDX-License-Identifier: Apache-2.0 */
/* SHOW CREATE TABLE, VIEW and SCHEMA as Trino lays them out: one column a line, options in the
 * order of the alphabet. A view's query is written as it was made. Not here: Spark's form
 * (show_create.c). */
#include "base/error.h"
#include "base/str.h"
#include "sql/show/show.h"

/* Small letters need no quotes. */
static void put_name(firn_session *session, firn_buf *out, firn_str name)
{
    bool is_plain = name.len > 0;
    for (size_t i = 0; i < name.len && is_plain; i++) {
        const char c = name.data[i];
        is_plain = (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9');
    }
    firn_buf_str(out, is_plain ? name : firn_sql_quote(name, session->arena));
}

static void put_full_name(firn_session *session, const firn_described *d, firn_buf *out)
{
    put_name(session, out, firn_catalog_name(d->catalog));
    for (size_t i = 0; i <= d->ident.n_levels; i++) {
        firn_buf_byte(out, '.');
        put_name(session, out, i < d->ident.n_levels ? d->ident.levels[i] : d->ident.name);
    }
}

static void put_columns(firn_session *session, const firn_described *d, firn_buf *out)
{
    firn_buf_cstr(out, " (\n");
    for (size_t i = 0; i < d->root->n_fields; i++) {
        const firn_field *field = &d->root->fields[i];
        firn_buf_cstr(out, "   ");
        put_name(session, out, field->name);
        firn_buf_byte(out, ' ');
        firn_dialect_put_sql_type(FIRN_DIALECT_TRINO, field->type, out);
        if (field->is_required) firn_buf_cstr(out, " NOT NULL");
        if (field->doc.len > 0) {
            firn_buf_cstr(out, " COMMENT ");
            firn_buf_quoted(out, field->doc, '\'');
        }
        firn_buf_cstr(out, i + 1 < d->root->n_fields ? ",\n" : "\n");
    }
    firn_buf_cstr(out, ")\n");
}

/* ---- options ---- */

static void put_transform(firn_session *session, const firn_transform *t, firn_str column,
                          firn_buf *out)
{
    static const char *const k_names[] = {
        [FIRN_TRANSFORM_IDENTITY] = NULL,       [FIRN_TRANSFORM_BUCKET] = "bucket",
        [FIRN_TRANSFORM_TRUNCATE] = "truncate", [FIRN_TRANSFORM_YEAR] = "year",
        [FIRN_TRANSFORM_MONTH] = "month",       [FIRN_TRANSFORM_DAY] = "day",
        [FIRN_TRANSFORM_HOUR] = "hour",         [FIRN_TRANSFORM_VOID] = "void",
        [FIRN_TRANSFORM_UNKNOWN] = "unknown"};
    const char *name = k_names[t->kind];
    if (name) firn_buf_printf(out, "%s(", name);
    put_name(session, out, column);
    if (t->kind == FIRN_TRANSFORM_BUCKET || t->kind == FIRN_TRANSFORM_TRUNCATE)
        firn_buf_printf(out, ", %d", (int)t->param);
    if (name) firn_buf_byte(out, ')');
}

/* A buffer's text as a string, and the buffer empty again. */
static void put_buffered(firn_buf *from, firn_buf *out)
{
    firn_buf_quoted(out, firn_buf_view(from), '\'');
    firn_buf_dispose(from);
}

static void put_partitioning(firn_session *session, const firn_table_metadata *table, firn_buf *out)
{
    const firn_partition_spec *spec = firn_metadata_spec(table);
    const char *before = ",\n   partitioning = ARRAY[";
    for (size_t i = 0; i < spec->n_fields; i++) {
        firn_buf item;
        if (spec->fields[i].transform.kind == FIRN_TRANSFORM_VOID) continue;
        firn_buf_cstr(out, before);
        firn_buf_init(&item, session->env->alloc, 0);
        put_transform(session, &spec->fields[i].transform,
                      firn_show__column_name(table, spec->fields[i].source_id), &item);
        put_buffered(&item, out);
        before = ",";
    }
    if (before[1] == '\0') firn_buf_byte(out, ']');
}

static void put_sorting(firn_session *session, const firn_table_metadata *table, firn_buf *out)
{
    const firn_sort_order *order = firn_metadata_sort_order(table);
    const char *before = ",\n   sorted_by = ARRAY[";
    for (size_t i = 0; order && i < order->n_fields; i++) {
        const firn_sort_field *field = &order->fields[i];
        firn_buf item;
        firn_buf_cstr(out, before);
        firn_buf_init(&item, session->env->alloc, 0);
        put_transform(session, &field->transform, firn_show__column_name(table, field->source_id),
                      &item);
        firn_buf_cstr(&item, field->is_descending ? " DESC" : " ASC");
        firn_buf_cstr(&item, field->nulls_last ? " NULLS LAST" : " NULLS FIRST");
        put_buffered(&item, out);
        before = ",";
    }
    if (before[1] == '\0') firn_buf_byte(out, ']');
}

static firn_str property(const firn_described *d, const char *key, const char *unset)
{
    return firn_properties_get(&d->properties, firn_str_of(key),
                               unset ? firn_str_of(unset) : (firn_str){0});
}

static void put_upper(firn_buf *out, firn_str text)
{
    firn_buf_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        firn_buf_byte(out, (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
    }
    firn_buf_byte(out, '\'');
}

static void put_options(firn_session *session, const firn_described *d, firn_buf *out)
{
    const firn_str codec = property(d, "write.parquet.compression-codec", NULL);
    const firn_str data = property(d, "write.data.path", NULL);
    const firn_str layout = property(d, "write.object-storage.enabled", NULL);
    firn_buf_cstr(out, "WITH (\n");
    if (codec.data) {
        firn_buf_cstr(out, "   compression_codec = ");
        put_upper(out, codec);
        firn_buf_cstr(out, ",\n");
    }
    if (data.data) {
        firn_buf_cstr(out, "   data_location = ");
        firn_buf_quoted(out, data, '\'');
        firn_buf_cstr(out, ",\n");
    }
    firn_buf_cstr(out, "   format = ");
    put_upper(out, property(d, "write.format.default", "PARQUET"));
    firn_buf_printf(out,
                    ",\n   format_version = %d,\n   location = ", (int)d->table->format_version);
    firn_buf_quoted(out, d->location, '\'');
    firn_buf_cstr(out, ",\n   max_commit_retry = ");
    firn_buf_str(out, property(d, "commit.retry.num-retries", "4"));
    if (layout.data) {
        firn_buf_cstr(out, ",\n   object_store_layout_enabled = ");
        firn_buf_str(out, layout);
    }
    put_partitioning(session, d->table, out);
    put_sorting(session, d->table, out);
    firn_buf_cstr(out, "\n)");
}

/* ---- statements ---- */

static void put_comment(const firn_described *d, const char *before, const char *after,
                        firn_buf *out)
{
    const firn_str comment = property(d, "comment", NULL);
    if (!comment.data) return;
    firn_buf_cstr(out, before);
    firn_buf_quoted(out, comment, '\'');
    firn_buf_cstr(out, after);
}

firn_status firn_show__trino_create_text(firn_session *session, const firn_described *d,
                                         firn_str *out, firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, session->env->alloc, 0);
    firn_buf_cstr(&buf, d->table ? "CREATE TABLE " : "CREATE VIEW ");
    put_full_name(session, d, &buf);
    if (d->table) {
        put_columns(session, d, &buf);
        put_comment(d, "COMMENT ", "\n", &buf);
        put_options(session, d, &buf);
    } else {
        put_comment(d, " COMMENT ", "", &buf);
        firn_buf_cstr(&buf, " SECURITY DEFINER AS\n");
        if (d->version->n_representations > 0)
            firn_buf_str(&buf, firn_str_trim(d->version->representations[0].sql));
    }
    return firn_show__take_text(session, &buf, out, err);
}

static firn_status schema_location(firn_session *session, firn_catalog *catalog,
                                   const firn_ident *ns, firn_str *out, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    firn_properties properties;
    FIRN_TRY(ops->load_namespace(firn_catalog_ctx(catalog), ns, session->arena, &properties, err));
    *out = firn_properties_get(&properties, FIRN_STR("location"), (firn_str){0});
    if (out->data) return FIRN_OK;
    const firn_ident as_table = {ns->levels, ns->n_levels - 1, ns->levels[ns->n_levels - 1]};
    return ops->default_location(firn_catalog_ctx(catalog), &as_table, session->arena, out, err);
}

firn_status firn_show__trino_schema_text(firn_session *session, firn_catalog *catalog,
                                         const firn_ident *ns, firn_str *out, firn_error *err)
{
    firn_buf buf;
    firn_str location;
    FIRN_TRY(schema_location(session, catalog, ns, &location, err));
    firn_buf_init(&buf, session->env->alloc, 0);
    firn_buf_cstr(&buf, "CREATE SCHEMA ");
    put_name(session, &buf, firn_catalog_name(catalog));
    for (size_t i = 0; i < ns->n_levels; i++) {
        firn_buf_byte(&buf, '.');
        put_name(session, &buf, ns->levels[i]);
    }
    firn_buf_cstr(&buf, "\nWITH (\n   location = ");
    firn_buf_quoted(&buf, location, '\'');
    firn_buf_cstr(&buf, "\n)");
    return firn_show__take_text(session, &buf, out, err);
}
