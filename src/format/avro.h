/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas, object container files and the binary encoding of primitives.
 *
 * The reader side gives schema trees with Iceberg's field ids and decompressed blocks; whoever
 * reads records (manifests) walks the tree once to make a plan, then decodes with a cursor. The
 * writer side takes the schema as JSON, verbatim, and already encoded records. */
#ifndef FIRN_FORMAT_AVRO_H
#define FIRN_FORMAT_AVRO_H

#include "base/arena.h"
#include "base/cursor.h"
#include "format/byte_io.h"
#include "format/codec.h"

typedef enum firn_avro_kind {
    FIRN_AVRO_NULL = 0,
    FIRN_AVRO_BOOLEAN,
    FIRN_AVRO_INT,
    FIRN_AVRO_LONG,
    FIRN_AVRO_FLOAT,
    FIRN_AVRO_DOUBLE,
    FIRN_AVRO_BYTES,
    FIRN_AVRO_STRING,
    FIRN_AVRO_RECORD,
    FIRN_AVRO_ENUM,
    FIRN_AVRO_ARRAY,
    FIRN_AVRO_MAP,
    FIRN_AVRO_UNION,
    FIRN_AVRO_FIXED,
} firn_avro_kind;

typedef struct firn_avro_schema firn_avro_schema;

typedef struct firn_avro_field {
    firn_str name;
    int32_t field_id; /* -1: none */
    const firn_avro_schema *schema;
} firn_avro_field;

struct firn_avro_schema {
    firn_avro_kind kind;
    firn_str name;         /* RECORD, ENUM, FIXED: full name */
    firn_str logical_type; /* empty: none */
    int32_t precision, scale;
    int32_t size;                  /* FIXED */
    int32_t element_id;            /* ARRAY: "element-id", -1 none */
    int32_t key_id, value_id;      /* MAP: -1 none */
    bool adjust_to_utc;            /* timestamps */
    uint32_t min_bytes;            /* of one value's encoding; 0 means that it is always empty */
    const firn_avro_field *fields; /* RECORD: fields; ARRAY, MAP: 1; UNION: one per branch */
    size_t n_fields;
    const firn_str *symbols; /* ENUM */
    size_t n_symbols;
};

/* Zero-byte values (nulls, records without fields) cost no input: one file or array has at most so
 * many of them. */
#define FIRN_AVRO_MAX_EMPTY_VALUES 1000000

/* Parse an Avro schema. Named types may be referred to later; a reference cycle is allowed only
 * below depth FIRN_LIMIT_NESTING when data is read. The document is needed until the return only.
 */
FIRN_MUST_CHECK firn_status firn_avro_schema_parse(firn_str json, firn_arena *arena,
                                                   const firn_avro_schema **out, firn_error *err);

/* ---- container reader ---- */

typedef struct firn_avro_reader firn_avro_reader;

typedef struct firn_avro_block {
    int64_t n_records;
    firn_str data; /* decompressed; valid until the next call */
    int64_t file_offset;
} firn_avro_block;

/* bytes: the whole file, borrowed; must outlive the reader. */
FIRN_MUST_CHECK firn_status firn_avro_reader_open(firn_str bytes, firn_avro_reader **out,
                                                  firn_error *err);
void firn_avro_reader_close(firn_avro_reader *reader);
const firn_avro_schema *firn_avro_reader_schema(const firn_avro_reader *reader);
/* Key-value metadata of the header; false if absent. Borrowed from the reader. */
bool firn_avro_reader_meta(const firn_avro_reader *reader, firn_str key, firn_str *out);
/* FIRN_DONE at the end of the file. */
FIRN_MUST_CHECK firn_status firn_avro_reader_next(firn_avro_reader *reader, firn_avro_block *out,
                                                  firn_error *err);

/* ---- values ---- */

/* Skip one value of the schema. */
FIRN_MUST_CHECK firn_status firn_avro_skip(firn_cursor *c, const firn_avro_schema *schema,
                                           firn_error *err);
FIRN_MUST_CHECK firn_status firn_avro_read_bytes(firn_cursor *c, firn_str *out, firn_error *err);
/* Union branch index, checked against n_branches. */
FIRN_MUST_CHECK firn_status firn_avro_read_branch(firn_cursor *c, size_t n_branches, size_t *out,
                                                  firn_error *err);
/* Next block of an array or map: number of items (0 ends it). Negative counts' byte sizes are
 * read and checked. Each item must take at least min_item_bytes. */
FIRN_MUST_CHECK firn_status firn_avro_read_block_count(firn_cursor *c, size_t min_item_bytes,
                                                       int64_t *out, firn_error *err);
/* Encoders append to a buf: longs and ints are firn_buf_zigzag. */
void firn_avro_write_bytes(firn_buf *out, firn_str bytes);

/* ---- container writer ---- */

typedef struct firn_avro_writer firn_avro_writer;

typedef struct firn_avro_meta {
    firn_str key, value;
} firn_avro_meta;

/* Writes the header. sync: 16 random bytes. codec: NONE, DEFLATE, ZSTD. level 0: default. */
FIRN_MUST_CHECK firn_status firn_avro_writer_create(
    firn_str schema_json, const firn_avro_meta *meta, size_t n_meta, firn_codec codec, int level,
    const uint8_t sync[16], const firn_byte_sink *sink, firn_avro_writer **out, firn_error *err);
void firn_avro_writer_destroy(firn_avro_writer *writer);
/* One encoded record. A block is closed at 64 KiB of records. */
FIRN_MUST_CHECK firn_status firn_avro_writer_append(firn_avro_writer *writer, firn_str record,
                                                    firn_error *err);
FIRN_MUST_CHECK firn_status firn_avro_writer_finish(firn_avro_writer *writer, firn_error *err);

#endif
