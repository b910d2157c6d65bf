/* SPDX-License-Identifier: Apache-2.0 */
/* FileMetaData (parquet.thrift) and Iceberg metrics of a written file.
 *
 *   <row groups> <FileMetaData> <its length, 4 bytes> "PAR1" */
#include "format/parquet/write/parquet_writer_footer.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

/* CompressionCodec of parquet.thrift. */
static int32_t codec_number(firn_codec codec)
{
    switch (codec) {
    case FIRN_CODEC_SNAPPY: return 1;
    case FIRN_CODEC_GZIP: return 2;
    case FIRN_CODEC_BROTLI: return 4;
    case FIRN_CODEC_ZSTD: return 6;
    case FIRN_CODEC_LZ4_RAW: return 7;
    default: return 0;
    }
}

/* Levels are RLE, a dictionary page is PLAIN itself. */
static bool has_encoding(const firn_parquet_chunk *chunk, int encoding)
{
    return encoding == FIRN_ENCODING_RLE || chunk->n_pages[encoding] > 0 ||
           chunk->n_pages_v2[encoding] > 0 ||
           (encoding == FIRN_ENCODING_PLAIN && firn_parquet_chunk_has_dictionary(chunk));
}

static void put_encodings(firn_thrift_writer *w, const firn_parquet_chunk *chunk)
{
    size_t n = 0;
    for (int e = 0; e < FIRN_ENCODING_COUNT; e++) n += has_encoding(chunk, e);
    firn_thrift_put_list_of_i32(w, 2, n);
    for (int e = 0; e < FIRN_ENCODING_COUNT; e++)
        if (has_encoding(chunk, e)) firn_thrift_put_element_i32(w, e);
}

static void put_page_count(firn_thrift_writer *w, int32_t page_type, int32_t encoding, int32_t n)
{
    if (n == 0) return;
    firn_thrift_put_element_struct(w);
    firn_thrift_put_i32(w, 1, page_type);
    firn_thrift_put_i32(w, 2, encoding);
    firn_thrift_put_i32(w, 3, n);
    firn_thrift_put_end(w);
}

/* Lets readers know that all data pages are dictionary-coded, so that the dictionary can prune. */
static void put_encoding_stats(firn_thrift_writer *w, const firn_parquet_chunk *chunk)
{
    size_t n = firn_parquet_chunk_has_dictionary(chunk);
    for (int e = 0; e < FIRN_ENCODING_COUNT; e++)
        n += (size_t)(chunk->n_pages[e] > 0) + (size_t)(chunk->n_pages_v2[e] > 0);
    firn_thrift_put_list_of_structs(w, 13, n);
    put_page_count(w, 2, FIRN_ENCODING_PLAIN, firn_parquet_chunk_has_dictionary(chunk));
    for (int e = 0; e < FIRN_ENCODING_COUNT; e++) put_page_count(w, 0, e, chunk->n_pages[e]);
    for (int e = 0; e < FIRN_ENCODING_COUNT; e++) put_page_count(w, 3, e, chunk->n_pages_v2[e]);
}

static void put_statistics(firn_thrift_writer *w, const firn_parquet_leaf *leaf,
                           const firn_parquet_chunk *chunk)
{
    firn_thrift_put_struct(w, 12);
    firn_thrift_put_i64(w, 3, chunk->null_count);
    if (chunk->hi.is_set) firn_thrift_put_bytes(w, 5, chunk->hi.bytes);
    if (chunk->lo.is_set) firn_thrift_put_bytes(w, 6, chunk->lo.bytes);
    if (chunk->hi.is_set) firn_thrift_put_bool(w, 7, chunk->hi.is_exact);
    if (chunk->lo.is_set) firn_thrift_put_bool(w, 8, chunk->lo.is_exact);
    const bool is_float =
        leaf->physical == FIRN_PHYSICAL_FLOAT || leaf->physical == FIRN_PHYSICAL_DOUBLE;
    if (is_float && !chunk->lacks_nan_count) firn_thrift_put_i64(w, 9, chunk->nan_count);
    firn_thrift_put_end(w);
}

static void put_counts(firn_thrift_writer *w, int16_t id, const int64_t *counts, uint8_t max_level)
{
    if (!counts) return;
    firn_thrift_put_list_of_i64(w, id, max_level + 1u);
    for (size_t i = 0; i <= max_level; i++) firn_thrift_put_element_i64(w, counts[i]);
}

static void put_size_statistics(firn_thrift_writer *w, const firn_parquet_leaf *leaf,
                                const firn_parquet_chunk *chunk)
{
    const bool is_text = leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY && !chunk->lacks_text_bytes;
    if (!is_text && !chunk->def_counts) return;
    firn_thrift_put_struct(w, 16);
    if (is_text) firn_thrift_put_i64(w, 1, chunk->text_bytes);
    put_counts(w, 2, chunk->rep_counts, leaf->max_rep);
    put_counts(w, 3, chunk->def_counts, leaf->max_def);
    firn_thrift_put_end(w);
}

static void put_box(firn_thrift_writer *w, const firn_geo_box *box)
{
    if (!firn_geo_box_is_set(box)) return;
    firn_thrift_put_struct(w, 17);
    firn_thrift_put_struct(w, 1);
    for (int axis = 0; axis < FIRN_GEO_AXES; axis++) {
        if (!firn_geo_box_has(box, axis)) continue;
        firn_thrift_put_double(w, (int16_t)(2 * axis + 1), box->lo[axis]);
        firn_thrift_put_double(w, (int16_t)(2 * axis + 2), box->hi[axis]);
    }
    firn_thrift_put_end(w);
    firn_thrift_put_end(w);
}

/* Where the chunk's parts of the page index are. */
static void put_index_places(firn_thrift_writer *w, const firn_parquet_chunk *chunk)
{
    if (chunk->offset_index_length) {
        firn_thrift_put_i64(w, 4, chunk->offset_index_offset);
        firn_thrift_put_i32(w, 5, chunk->offset_index_length);
    }
    if (chunk->column_index_length) {
        firn_thrift_put_i64(w, 6, chunk->column_index_offset);
        firn_thrift_put_i32(w, 7, chunk->column_index_length);
    }
}

static void put_chunk(firn_thrift_writer *w, const firn_parquet_leaf *leaf, firn_codec codec,
                      const firn_parquet_chunk *chunk)
{
    firn_thrift_put_element_struct(w);
    firn_thrift_put_i64(w, 2, 0); /* deprecated: offset of metadata outside the footer */
    firn_thrift_put_struct(w, 3);
    firn_thrift_put_i32(w, 1, (int32_t)leaf->physical);
    put_encodings(w, chunk);
    firn_thrift_put_list_of_bytes(w, 3, leaf->n_path);
    for (size_t i = 0; i < leaf->n_path; i++) firn_thrift_put_element_bytes(w, leaf->path[i]);
    firn_thrift_put_i32(w, 4, codec_number(codec));
    firn_thrift_put_i64(w, 5, chunk->n_levels);
    firn_thrift_put_i64(w, 6, chunk->uncompressed_bytes);
    firn_thrift_put_i64(w, 7, chunk->compressed_bytes);
    firn_thrift_put_i64(w, 9, chunk->offset + chunk->dictionary_bytes);
    if (chunk->dictionary_bytes) firn_thrift_put_i64(w, 11, chunk->offset);
    put_statistics(w, leaf, chunk);
    put_encoding_stats(w, chunk);
    if (chunk->bloom_length) {
        firn_thrift_put_i64(w, 14, chunk->bloom_offset);
        firn_thrift_put_i32(w, 15, chunk->bloom_length);
    }
    put_size_statistics(w, leaf, chunk);
    if (leaf->type->kind == FIRN_TYPE_GEOMETRY || leaf->type->kind == FIRN_TYPE_GEOGRAPHY)
        put_box(w, &chunk->box);
    firn_thrift_put_end(w);
    put_index_places(w, chunk);
    firn_thrift_put_end(w);
}

static void put_group(firn_thrift_writer *w, const firn_parquet_footer *footer, size_t g)
{
    const firn_parquet_group *group = &footer->groups[g];
    int64_t uncompressed = 0, compressed = 0;
    firn_thrift_put_element_struct(w);
    firn_thrift_put_list_of_structs(w, 1, footer->n_leaves);
    for (size_t i = 0; i < footer->n_leaves; i++) {
        put_chunk(w, &footer->leaves[i], footer->codec, &group->chunks[i]);
        uncompressed += group->chunks[i].uncompressed_bytes;
        compressed += group->chunks[i].compressed_bytes;
    }
    firn_thrift_put_i64(w, 2, uncompressed);
    firn_thrift_put_i64(w, 3, group->n_rows);
    firn_thrift_put_i64(w, 5, group->offset);
    firn_thrift_put_i64(w, 6, compressed);
    if (g <= INT16_MAX) firn_thrift_put_i16(w, 7, (int16_t)g);
    firn_thrift_put_end(w);
}

static void put_key_values(firn_thrift_writer *w, const firn_parquet_footer *footer)
{
    if (footer->iceberg_schema_json.len == 0) return;
    firn_thrift_put_list_of_structs(w, 5, 1);
    firn_thrift_put_element_struct(w);
    firn_thrift_put_bytes(w, 1, FIRN_STR("iceberg.schema"));
    firn_thrift_put_bytes(w, 2, footer->iceberg_schema_json);
    firn_thrift_put_end(w);
}

firn_status firn_parquet_put_footer(const firn_parquet_footer *footer, firn_buf *out,
                                    firn_error *err)
{
    const size_t start = out->len;
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, 2);
    firn_parquet_put_schema(&w, 2, footer->root);
    firn_thrift_put_i64(&w, 3, footer->n_rows);
    firn_thrift_put_list_of_structs(&w, 4, footer->n_groups);
    for (size_t g = 0; g < footer->n_groups; g++) put_group(&w, footer, g);
    put_key_values(&w, footer);
    firn_thrift_put_bytes(&w, 6, FIRN_STR("firn version " FIRN_VERSION));
    firn_thrift_put_list_of_structs(&w, 7, footer->n_leaves);
    for (size_t i = 0; i < footer->n_leaves; i++) {
        firn_thrift_put_element_struct(&w);
        firn_thrift_put_empty(&w, 1); /* the order of the type */
        firn_thrift_put_end(&w);
    }
    firn_thrift_put_end(&w);
    if (out->status == FIRN_OK && out->len - start > FIRN_LIMIT_FOOTER)
        return firn_fail(err, FIRN_ERR_LIMIT, "Parquet footer of %zu bytes, limit %zu",
                         out->len - start, FIRN_LIMIT_FOOTER);
    firn_buf_u32le(out, (uint32_t)(out->len - start));
    firn_buf_cstr(out, "PAR1");
    return firn_buf_check(out, err);
}

/* ---- metrics ---- */

static firn_status set_bounds(const firn_parquet_column *c, firn_arena *arena,
                              firn_column_metrics *out, firn_error *err)
{
    const firn_type *type = c->leaf->type;
    if (type->kind == FIRN_TYPE_GEOMETRY || type->kind == FIRN_TYPE_GEOGRAPHY)
        return firn_geo_box_metrics(&c->file_box, arena, out, err);
    firn_value lo, hi;
    if (!firn_parquet_bounds_values(&c->file_bounds, type, &lo, &hi)) return FIRN_OK;
    const firn_metrics_cut cut = {c->leaf->metrics, c->leaf->truncate_length};
    return firn_column_metrics_set_bounds(out, type, &cut, &lo, &hi, arena, err);
}

static firn_status column_metrics(const firn_parquet_column *c, firn_arena *arena,
                                  firn_column_metrics *out, firn_error *err)
{
    const firn_parquet_leaf *leaf = c->leaf;
    const bool is_float =
        leaf->type->kind == FIRN_TYPE_FLOAT || leaf->type->kind == FIRN_TYPE_DOUBLE;
    *out = (firn_column_metrics){.field_id = leaf->field_id,
                                 .column_size_bytes = c->file_bytes,
                                 .value_count = -1,
                                 .null_count = -1,
                                 .nan_count = -1};
    if (leaf->metrics == FIRN_METRICS_NONE) return FIRN_OK;
    out->value_count = c->file_levels;
    out->null_count = c->file_nulls;
    if (is_float && !c->file_lacks_nan_count) out->nan_count = c->file_bounds.nan_count;
    /* a bound of list elements says nothing that Iceberg's evaluators could use */
    if (leaf->metrics == FIRN_METRICS_COUNTS || leaf->max_rep > 0) return FIRN_OK;
    return set_bounds(c, arena, out, err);
}

firn_status firn_parquet_file_metrics(const firn_parquet_footer *footer,
                                      const firn_parquet_column *columns, int64_t file_size_bytes,
                                      firn_arena *arena, firn_file_metrics *out, firn_error *err)
{
    *out = (firn_file_metrics){.record_count = footer->n_rows,
                               .file_size_bytes = file_size_bytes,
                               .n_split_offsets = footer->n_groups};
    out->columns = firn_arena_array(arena, footer->n_leaves, sizeof *out->columns);
    out->split_offsets = firn_arena_array(arena, footer->n_groups, sizeof *out->split_offsets);
    if (!out->columns || !out->split_offsets) return firn_fail_nomem(err);
    for (size_t i = 0; i < footer->n_leaves; i++) {
        if (columns[i].leaf->part == FIRN_LEAF_VARIANT_VALUE) /* its metadata came before it */
            out->columns[out->n_columns - 1].column_size_bytes += columns[i].file_bytes;
        else
            FIRN_TRY(column_metrics(&columns[i], arena, &out->columns[out->n_columns++], err));
    }
    firn_column_metrics_sort(out->columns, out->n_columns);
    for (size_t g = 0; g < footer->n_groups; g++) out->split_offsets[g] = footer->groups[g].offset;
    return FIRN_OK;
}
