/* SPDX-License-Identifier: Apache-2.0 */
/* Names and numbers of parquet.thrift, nothing else. */
#include "format/parquet/layout/parquet_tables.h"

#define INT(id, name)                                  \
    {                                                  \
        name, NULL, NULL, FIRN_SHAPE_INT, 0, id, false \
    }
#define KEEP(id, name, slot)                                    \
    {                                                           \
        name, NULL, NULL, FIRN_SHAPE_INT, (slot) + 1, id, false \
    }
#define ENUM(id, name, names)                           \
    {                                                   \
        name, names, NULL, FIRN_SHAPE_INT, 0, id, false \
    }
#define KEEP_ENUM(id, name, n, s)                         \
    {                                                     \
        name, n, NULL, FIRN_SHAPE_INT, (s) + 1, id, false \
    }
#define BOOL(id, name)                                  \
    {                                                   \
        name, NULL, NULL, FIRN_SHAPE_BOOL, 0, id, false \
    }
#define DOUBLE(id, name)                                  \
    {                                                     \
        name, NULL, NULL, FIRN_SHAPE_DOUBLE, 0, id, false \
    }
#define TEXT(id, name)                                  \
    {                                                   \
        name, NULL, NULL, FIRN_SHAPE_TEXT, 0, id, false \
    }
#define BYTES(id, name)                                  \
    {                                                    \
        name, NULL, NULL, FIRN_SHAPE_BYTES, 0, id, false \
    }
#define BOUND(id, name)                                  \
    {                                                    \
        name, NULL, NULL, FIRN_SHAPE_BOUND, 0, id, false \
    }
#define STRUCT(id, name, table)                               \
    {                                                         \
        name, NULL, &(table), FIRN_SHAPE_STRUCT, 0, id, false \
    }
#define UNION(id, name, table)                               \
    {                                                        \
        name, NULL, &(table), FIRN_SHAPE_UNION, 0, id, false \
    }
#define NOTHING(id, name)                                 \
    {                                                     \
        name, NULL, NULL, FIRN_SHAPE_STRUCT, 0, id, false \
    }
#define LIST(id, name, shape)                \
    {                                        \
        name, NULL, NULL, shape, 0, id, true \
    }
#define ENUMS(id, name, names)                         \
    {                                                  \
        name, names, NULL, FIRN_SHAPE_INT, 0, id, true \
    }
#define STRUCTS(id, name, table)                             \
    {                                                        \
        name, NULL, &(table), FIRN_SHAPE_STRUCT, 0, id, true \
    }
#define UNIONS(id, name, table)                             \
    {                                                       \
        name, NULL, &(table), FIRN_SHAPE_UNION, 0, id, true \
    }
#define TABLE(name, list, is_line, hook)                            \
    {                                                               \
        name, list, sizeof(list) / sizeof((list)[0]), is_line, hook \
    }

static const char *const k_types[] = {"BOOLEAN", "INT32",  "INT64",      "INT96",
                                      "FLOAT",   "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY",
                                      NULL};
static const char *const k_repetitions[] = {"REQUIRED", "OPTIONAL", "REPEATED", NULL};
static const char *const k_converted[] = {"UTF8",
                                          "MAP",
                                          "MAP_KEY_VALUE",
                                          "LIST",
                                          "ENUM",
                                          "DECIMAL",
                                          "DATE",
                                          "TIME_MILLIS",
                                          "TIME_MICROS",
                                          "TIMESTAMP_MILLIS",
                                          "TIMESTAMP_MICROS",
                                          "UINT_8",
                                          "UINT_16",
                                          "UINT_32",
                                          "UINT_64",
                                          "INT_8",
                                          "INT_16",
                                          "INT_32",
                                          "INT_64",
                                          "JSON",
                                          "BSON",
                                          "INTERVAL",
                                          NULL};
static const char *const k_codecs[] = {"UNCOMPRESSED", "SNAPPY", "GZIP",    "LZO", "BROTLI",
                                       "LZ4",          "ZSTD",   "LZ4_RAW", NULL};
static const char *const k_encodings[] = {"PLAIN",
                                          "",
                                          "PLAIN_DICTIONARY",
                                          "RLE",
                                          "BIT_PACKED",
                                          "DELTA_BINARY_PACKED",
                                          "DELTA_LENGTH_BYTE_ARRAY",
                                          "DELTA_BYTE_ARRAY",
                                          "RLE_DICTIONARY",
                                          "BYTE_STREAM_SPLIT",
                                          NULL};
static const char *const k_pages[] = {"DATA_PAGE", "INDEX_PAGE", "DICTIONARY_PAGE", "DATA_PAGE_V2",
                                      NULL};
static const char *const k_orders[] = {"UNORDERED", "ASCENDING", "DESCENDING", NULL};
static const char *const k_edges[] = {"SPHERICAL", "VINCENTY", "THOMAS", "ANDOYER", "KARNEY", NULL};

/* ---- schema ---- */

static const firn_thrift_member k_unit[] = {NOTHING(1, "MILLIS"), NOTHING(2, "MICROS"),
                                            NOTHING(3, "NANOS")};
static const firn_thrift_table t_unit = TABLE("TimeUnit", k_unit, true, 0);
static const firn_thrift_member k_decimal[] = {INT(1, "scale"), INT(2, "precision")};
static const firn_thrift_table t_decimal = TABLE("DecimalType", k_decimal, true, 0);
static const firn_thrift_member k_time[] = {BOOL(1, "isAdjustedToUTC"), UNION(2, "unit", t_unit)};
static const firn_thrift_table t_time = TABLE("TimeType", k_time, true, 0);
static const firn_thrift_member k_integer[] = {INT(1, "bitWidth"), BOOL(2, "isSigned")};
static const firn_thrift_table t_integer = TABLE("IntType", k_integer, true, 0);
static const firn_thrift_member k_variant[] = {INT(1, "specification_version")};
static const firn_thrift_table t_variant = TABLE("VariantType", k_variant, true, 0);
static const firn_thrift_member k_geometry[] = {TEXT(1, "crs")};
static const firn_thrift_table t_geometry = TABLE("GeometryType", k_geometry, true, 0);
static const firn_thrift_member k_geography[] = {TEXT(1, "crs"), ENUM(2, "algorithm", k_edges)};
static const firn_thrift_table t_geography = TABLE("GeographyType", k_geography, true, 0);
static const firn_thrift_member k_logical[] = {
    NOTHING(1, "STRING"),
    NOTHING(2, "MAP"),
    NOTHING(3, "LIST"),
    NOTHING(4, "ENUM"),
    STRUCT(5, "DECIMAL", t_decimal),
    NOTHING(6, "DATE"),
    STRUCT(7, "TIME", t_time),
    STRUCT(8, "TIMESTAMP", t_time),
    STRUCT(10, "INTEGER", t_integer),
    NOTHING(11, "UNKNOWN"),
    NOTHING(12, "JSON"),
    NOTHING(13, "BSON"),
    NOTHING(14, "UUID"),
    NOTHING(15, "FLOAT16"),
    STRUCT(16, "VARIANT", t_variant),
    STRUCT(17, "GEOMETRY", t_geometry),
    STRUCT(18, "GEOGRAPHY", t_geography),
};
static const firn_thrift_table t_logical = TABLE("LogicalType", k_logical, true, 0);
static const firn_thrift_member k_element[] = {
    TEXT(4, "name"),        ENUM(1, "type", k_types),
    INT(2, "type_length"),  ENUM(3, "repetition_type", k_repetitions),
    INT(5, "num_children"), ENUM(6, "converted_type", k_converted),
    INT(7, "scale"),        INT(8, "precision"),
    INT(9, "field_id"),     UNION(10, "logicalType", t_logical),
};
static const firn_thrift_table t_element = TABLE("SchemaElement", k_element, true, 0);

/* ---- column chunks ---- */

static const firn_thrift_member k_key_value[] = {TEXT(1, "key"), TEXT(2, "value")};
static const firn_thrift_table t_key_value = TABLE("KeyValue", k_key_value, true, 0);
static const firn_thrift_member k_stats[] = {
    BOUND(1, "max"),
    BOUND(2, "min"),
    INT(3, "null_count"),
    INT(4, "distinct_count"),
    BOUND(5, "max_value"),
    BOUND(6, "min_value"),
    BOOL(7, "is_max_value_exact"),
    BOOL(8, "is_min_value_exact"),
    INT(9, "nan_count"),
};
static const firn_thrift_table t_stats = TABLE("Statistics", k_stats, true, 0);
static const firn_thrift_member k_encoding_stats[] = {
    ENUM(1, "page_type", k_pages), ENUM(2, "encoding", k_encodings), INT(3, "count")};
static const firn_thrift_table t_encoding_stats =
    TABLE("PageEncodingStats", k_encoding_stats, true, 0);
static const firn_thrift_member k_sizes[] = {
    INT(1, "unencoded_byte_array_data_bytes"),
    LIST(2, "repetition_level_histogram", FIRN_SHAPE_INT),
    LIST(3, "definition_level_histogram", FIRN_SHAPE_INT),
};
static const firn_thrift_table t_sizes = TABLE("SizeStatistics", k_sizes, true, 0);
static const firn_thrift_member k_box[] = {
    DOUBLE(1, "xmin"), DOUBLE(2, "xmax"), DOUBLE(3, "ymin"), DOUBLE(4, "ymax"),
    DOUBLE(5, "zmin"), DOUBLE(6, "zmax"), DOUBLE(7, "mmin"), DOUBLE(8, "mmax"),
};
static const firn_thrift_table t_box = TABLE("BoundingBox", k_box, true, 0);
static const firn_thrift_member k_geo[] = {STRUCT(1, "bbox", t_box),
                                           LIST(2, "geospatial_types", FIRN_SHAPE_INT)};
static const firn_thrift_table t_geo = TABLE("GeospatialStatistics", k_geo, true, 0);
static const firn_thrift_member k_meta[] = {
    KEEP_ENUM(1, "type", k_types, FIRN_PQ_KEPT_TYPE),
    ENUMS(2, "encodings", k_encodings),
    LIST(3, "path_in_schema", FIRN_SHAPE_TEXT),
    ENUM(4, "codec", k_codecs),
    KEEP(5, "num_values", FIRN_PQ_KEPT_VALUES),
    INT(6, "total_uncompressed_size"),
    KEEP(7, "total_compressed_size", FIRN_PQ_KEPT_SIZE),
    STRUCTS(8, "key_value_metadata", t_key_value),
    KEEP(9, "data_page_offset", FIRN_PQ_KEPT_DATA),
    INT(10, "index_page_offset"),
    KEEP(11, "dictionary_page_offset", FIRN_PQ_KEPT_DICTIONARY),
    STRUCT(12, "statistics", t_stats),
    STRUCTS(13, "encoding_stats", t_encoding_stats),
    KEEP(14, "bloom_filter_offset", FIRN_PQ_KEPT_BLOOM),
    INT(15, "bloom_filter_length"),
    STRUCT(16, "size_statistics", t_sizes),
    STRUCT(17, "geospatial_statistics", t_geo),
};
static const firn_thrift_table t_meta = TABLE("ColumnMetaData", k_meta, false, 0);
static const firn_thrift_member k_crypto[] = {NOTHING(1, "ENCRYPTION_WITH_FOOTER_KEY"),
                                              NOTHING(2, "ENCRYPTION_WITH_COLUMN_KEY")};
static const firn_thrift_table t_crypto = TABLE("ColumnCryptoMetaData", k_crypto, true, 0);
static const firn_thrift_member k_chunk[] = {
    TEXT(1, "file_path"),
    INT(2, "file_offset"),
    STRUCT(3, "meta_data", t_meta),
    KEEP(4, "offset_index_offset", FIRN_PQ_KEPT_OFFSET_INDEX),
    KEEP(5, "offset_index_length", FIRN_PQ_KEPT_OFFSET_INDEX_SIZE),
    KEEP(6, "column_index_offset", FIRN_PQ_KEPT_COLUMN_INDEX),
    KEEP(7, "column_index_length", FIRN_PQ_KEPT_COLUMN_INDEX_SIZE),
    UNION(8, "crypto_metadata", t_crypto),
    BYTES(9, "encrypted_column_metadata"),
};
static const firn_thrift_table t_chunk = TABLE("ColumnChunk", k_chunk, false, FIRN_PQ_HOOK_CHUNK);

/* ---- the footer ---- */

static const firn_thrift_member k_sorting[] = {INT(1, "column_idx"), BOOL(2, "descending"),
                                               BOOL(3, "nulls_first")};
static const firn_thrift_table t_sorting = TABLE("SortingColumn", k_sorting, true, 0);
static const firn_thrift_member k_group[] = {
    INT(3, "num_rows"),
    INT(2, "total_byte_size"),
    INT(6, "total_compressed_size"),
    INT(5, "file_offset"),
    INT(7, "ordinal"),
    STRUCTS(4, "sorting_columns", t_sorting),
    STRUCTS(1, "columns", t_chunk),
};
static const firn_thrift_table t_group = TABLE("RowGroup", k_group, false, 0);
static const firn_thrift_member k_order[] = {NOTHING(1, "TYPE_ORDER"),
                                             NOTHING(2, "IEEE_754_TOTAL_ORDER")};
static const firn_thrift_table t_order = TABLE("ColumnOrder", k_order, true, 0);
static const firn_thrift_member k_algorithm[] = {NOTHING(1, "AES_GCM_V1"),
                                                 NOTHING(2, "AES_GCM_CTR_V1")};
static const firn_thrift_table t_algorithm = TABLE("EncryptionAlgorithm", k_algorithm, true, 0);
static const firn_thrift_member k_file[] = {
    INT(1, "version"),
    TEXT(6, "created_by"),
    INT(3, "num_rows"),
    STRUCTS(2, "schema", t_element),
    STRUCTS(5, "key_value_metadata", t_key_value),
    UNIONS(7, "column_orders", t_order),
    UNION(8, "encryption_algorithm", t_algorithm),
    BYTES(9, "footer_signing_key_metadata"),
    STRUCTS(4, "row_groups", t_group),
};
const firn_thrift_table firn_pq_table_file = TABLE("FileMetaData", k_file, false, 0);

/* ---- pages and indexes ---- */

static const firn_thrift_member k_data_page[] = {
    KEEP(1, "num_values", FIRN_PQ_KEPT_PAGE_VALUES),
    ENUM(2, "encoding", k_encodings),
    ENUM(3, "definition_level_encoding", k_encodings),
    ENUM(4, "repetition_level_encoding", k_encodings),
    STRUCT(5, "statistics", t_stats),
};
static const firn_thrift_table t_data_page = TABLE("DataPageHeader", k_data_page, true, 0);
static const firn_thrift_member k_dictionary_page[] = {
    INT(1, "num_values"), ENUM(2, "encoding", k_encodings), BOOL(3, "is_sorted")};
static const firn_thrift_table t_dictionary_page =
    TABLE("DictionaryPageHeader", k_dictionary_page, true, 0);
static const firn_thrift_member k_data_page_v2[] = {
    KEEP(1, "num_values", FIRN_PQ_KEPT_PAGE_VALUES),
    INT(2, "num_nulls"),
    INT(3, "num_rows"),
    ENUM(4, "encoding", k_encodings),
    INT(5, "definition_levels_byte_length"),
    INT(6, "repetition_levels_byte_length"),
    BOOL(7, "is_compressed"),
    STRUCT(8, "statistics", t_stats),
};
static const firn_thrift_table t_data_page_v2 = TABLE("DataPageHeaderV2", k_data_page_v2, true, 0);
static const firn_thrift_member k_page[] = {
    KEEP_ENUM(1, "type", k_pages, FIRN_PQ_KEPT_PAGE_TYPE),
    INT(2, "uncompressed_page_size"),
    KEEP(3, "compressed_page_size", FIRN_PQ_KEPT_PAGE_SIZE),
    KEEP(4, "crc", FIRN_PQ_KEPT_CRC),
    STRUCT(5, "data_page_header", t_data_page),
    STRUCT(7, "dictionary_page_header", t_dictionary_page),
    STRUCT(8, "data_page_header_v2", t_data_page_v2),
};
const firn_thrift_table firn_pq_table_page = TABLE("PageHeader", k_page, true, FIRN_PQ_HOOK_PAGE);

static const firn_thrift_member k_location[] = {INT(1, "offset"), INT(2, "compressed_page_size"),
                                                INT(3, "first_row_index")};
static const firn_thrift_table t_location = TABLE("PageLocation", k_location, true, 0);
static const firn_thrift_member k_offset_index[] = {
    STRUCTS(1, "page_locations", t_location),
    LIST(2, "unencoded_byte_array_data_bytes", FIRN_SHAPE_INT),
};
const firn_thrift_table firn_pq_table_offset_index = TABLE("OffsetIndex", k_offset_index, false, 0);
static const firn_thrift_member k_column_index[] = {
    LIST(1, "null_pages", FIRN_SHAPE_BOOL),
    LIST(2, "min_values", FIRN_SHAPE_BOUND),
    LIST(3, "max_values", FIRN_SHAPE_BOUND),
    ENUM(4, "boundary_order", k_orders),
    LIST(5, "null_counts", FIRN_SHAPE_INT),
    LIST(6, "repetition_level_histograms", FIRN_SHAPE_INT),
    LIST(7, "definition_level_histograms", FIRN_SHAPE_INT),
    LIST(8, "nan_counts", FIRN_SHAPE_INT),
};
const firn_thrift_table firn_pq_table_column_index = TABLE("ColumnIndex", k_column_index, false, 0);

static const firn_thrift_member k_block[] = {NOTHING(1, "BLOCK")};
static const firn_thrift_table t_block = TABLE("BloomFilterAlgorithm", k_block, true, 0);
static const firn_thrift_member k_hash[] = {NOTHING(1, "XXHASH")};
static const firn_thrift_table t_hash = TABLE("BloomFilterHash", k_hash, true, 0);
static const firn_thrift_member k_packing[] = {NOTHING(1, "UNCOMPRESSED")};
static const firn_thrift_table t_packing = TABLE("BloomFilterCompression", k_packing, true, 0);
static const firn_thrift_member k_bloom[] = {INT(1, "numBytes"), UNION(2, "algorithm", t_block),
                                             UNION(3, "hash", t_hash),
                                             UNION(4, "compression", t_packing)};
const firn_thrift_table firn_pq_table_bloom = TABLE("BloomFilterHeader", k_bloom, true, 0);
