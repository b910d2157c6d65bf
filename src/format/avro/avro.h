/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas, object container files and the binary encoding of primitives.
 *
 * The reader side gives schema trees with Iceberg's field ids and a cursor on each record; whoever
 * reads records walks the tree once to make a plan, then decodes with the cursor: manifests
 * (iceberg/spec), rows (avro_rows.h), text (avro_render.h). The writer side takes the schema as
 * JSON, verbatim, and already encoded records. */
#ifndef FIRN_FORMAT_AVRO_H
#define FIRN_FORMAT_AVRO_H

#include "base/arena.h"
#include "base/cursor.h"
#include "format/byte_io.h"
#include "format/codec/codec.h"

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

/* What a value means. An unknown annotation, or one that does not fit the type under it, is none,
 * as the specification wants. */
typedef enum firn_avro_logical {
    FIRN_AVRO_PLAIN = 0,
    FIRN_AVRO_DECIMAL,          /* BYTES, FIXED: two's complement, big-endian */
    FIRN_AVRO_UUID,             /* STRING, FIXED(16) */
    FIRN_AVRO_DATE,             /* INT: days */
    FIRN_AVRO_TIME_MILLIS,      /* INT */
    FIRN_AVRO_TIME_MICROS,      /* LONG, as all below */
    FIRN_AVRO_TIMESTAMP_MILLIS, /* instants; zone or not: adjust_to_utc */
    FIRN_AVRO_TIMESTAMP_MICROS,
    FIRN_AVRO_TIMESTAMP_NANOS,
    FIRN_AVRO_LOCAL_TIMESTAMP_MILLIS,
    FIRN_AVRO_LOCAL_TIMESTAMP_MICROS,
    FIRN_AVRO_LOCAL_TIMESTAMP_NANOS,
    FIRN_AVRO_DURATION,   /* FIXED(12): months, days, milliseconds */
    FIRN_AVRO_KEY_VALUES, /* ARRAY of (key, value) records: Iceberg's map */
} firn_avro_logical;

typedef struct firn_avro_schema firn_avro_schema;

typedef struct firn_avro_field {
    firn_str name;
    int32_t field_id; /* -1: none */
    const firn_avro_schema *schema;
    const firn_str *aliases;
    size_t n_aliases;
} firn_avro_field;

struct firn_avro_schema {
    firn_avro_kind kind;
    firn_avro_logical logical;
    firn_str name;                 /* RECORD, ENUM, FIXED: full name */
    int32_t precision, scale;      /* DECIMAL */
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
 * below depth FIRN_LIMIT_NESTING when data is read. Defaults, docs and orders are passed over: what
 * a column missing from a file holds is Iceberg's to say. The document is needed until the return
 * only. */
FIRN_MUST_CHECK firn_status firn_avro_schema_parse(firn_str json, firn_arena *arena,
                                                   const firn_avro_schema **out, firn_error *err);

/* ---- container reader ---- */

typedef struct firn_avro_reader firn_avro_reader;

/* bytes: the whole file, borrowed; must outlive the reader. */
FIRN_MUST_CHECK firn_status firn_avro_reader_open(firn_str bytes, firn_avro_reader **out,
                                                  firn_error *err);
/* The same over ranged reads, a window of 1 MiB or one block at a time. source is copied; its ctx
 * must outlive the reader. */
FIRN_MUST_CHECK firn_status firn_avro_reader_open_source(const firn_byte_source *source,
                                                         firn_avro_reader **out, firn_error *err);
void firn_avro_reader_close(firn_avro_reader *reader);
/* Lives as long as the reader. */
const firn_avro_schema *firn_avro_reader_schema(const firn_avro_reader *reader);
/* Key-value metadata of the header; false if absent. Borrowed from the reader. */
bool firn_avro_reader_meta(const firn_avro_reader *reader, firn_str key, firn_str *out);
/* Cursor at the next record, which the caller decodes or skips as a whole before the next call:
 * bytes left over at the end of a block are an error. What it points to is valid until the next
 * call. FIRN_DONE at the end of the file. */
FIRN_MUST_CHECK firn_status firn_avro_reader_next(firn_avro_reader *reader, firn_cursor **out,
                                                  firn_error *err);
/* Says in err which record of which block failed to decode; returns st. */
firn_status firn_avro_reader_blame(const firn_avro_reader *reader, firn_status st, firn_error *err);

/* Part of a file, for several readers: whole blocks. */
typedef struct firn_avro_part {
    size_t from, to; /* bytes of the file; from 0: its first block */
    int64_t n_records;
} firn_avro_part;

/* Cuts the file at block borders into parts of part_bytes or a little more; at least one. Looks at
 * the frames only. */
FIRN_MUST_CHECK firn_status firn_avro_split(firn_str bytes, size_t part_bytes, firn_arena *arena,
                                            firn_avro_part **out, size_t *n_out, firn_error *err);
/* The same of a file that a reader has open, with a small read for each block. The reader has given
 * no record yet, and gives none after it. */
FIRN_MUST_CHECK firn_status firn_avro_reader_split(firn_avro_reader *reader, size_t part_bytes,
                                                   firn_arena *arena, firn_avro_part **out,
                                                   size_t *n_out, firn_error *err);
/* Restricts a reader, before its first record, to one part. */
void firn_avro_reader_limit(firn_avro_reader *reader, const firn_avro_part *part);

/* ---- values ---- */

/* Skip one value of the schema. */
FIRN_MUST_CHECK firn_status firn_avro_skip(firn_cursor *c, const firn_avro_schema *schema,
                                           firn_error *err);
/* int or long: up to eight bytes at once where ten are left. */
FIRN_MUST_CHECK static inline firn_status firn_avro_read_long(firn_cursor *c, int64_t *out,
                                                              firn_error *err)
{
    if (firn_cursor_left(c) < 10) return firn_cursor_zigzag(c, out, err);
    uint64_t v = *c->at;
    size_t n = 1;
    if (v >= 0x80) {
        v = firn_load_u64le(c->at);
        const uint64_t stop = ~v & 0x8080808080808080u; /* the last byte has no high bit */
        if (stop == 0) return firn_cursor_zigzag(c, out, err);
        n = ((size_t)__builtin_ctzll(stop) >> 3) + 1;
        v &= (stop ^ (stop - 1)) & 0x7f7f7f7f7f7f7f7fu;
        v = (v & 0x007f007f007f007fu) | (v & 0x7f007f007f007f00u) >> 1;
        v = (v & 0x00003fff00003fffu) | (v & 0x3fff00003fff0000u) >> 2;
        v = (v & 0x000000000fffffffu) | (v & 0x0fffffff00000000u) >> 4;
    }
    c->at += n;
    *out = (int64_t)((v >> 1) ^ (0 - (v & 1)));
    return FIRN_OK;
}

/* Steps over n ints or longs. */
FIRN_MUST_CHECK firn_status firn_avro_skip_longs(firn_cursor *c, uint64_t n, firn_error *err);

/* bytes or string, borrowed. */
FIRN_MUST_CHECK static inline firn_status firn_avro_read_bytes(firn_cursor *c, firn_str *out,
                                                               firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    int64_t n = 0;

    FIRN_TRY(firn_avro_read_long(c, &n, err));
    if (n < 0) return firn_fail_at(err, at, "negative length %lld", (long long)n);
    return firn_cursor_take(c, (uint64_t)n, out, err);
}

/* Union branch index, checked against n_branches. */
FIRN_MUST_CHECK firn_status firn_avro_read_branch(firn_cursor *c, size_t n_branches, size_t *out,
                                                  firn_error *err);
/* Enum symbol, checked against n_symbols. */
FIRN_MUST_CHECK firn_status firn_avro_read_symbol(firn_cursor *c, size_t n_symbols, size_t *out,
                                                  firn_error *err);
/* 8-4-4-4-12 hexadecimal digits to 16 bytes; false for anything else. */
bool firn_avro_parse_uuid(firn_str text, uint8_t out[16]);
/* Next block of an array or map: number of items (0 ends it), and the bytes of the block where it
 * says them (a negative count), else -1. Each item must take at least min_item_bytes of what is
 * left. */
FIRN_MUST_CHECK firn_status firn_avro_read_block(firn_cursor *c, size_t min_item_bytes,
                                                 int64_t *n_out, int64_t *size_out,
                                                 firn_error *err);
/* After the items of a block that began at start: they took as many bytes as it said. */
FIRN_MUST_CHECK firn_status firn_avro_end_block(const firn_cursor *c, uint64_t start, int64_t size,
                                                firn_error *err);
/* Encoders append to a buf: longs and ints are firn_buf_zigzag. */
void firn_avro_write_bytes(firn_buf *out, firn_str bytes);

/* Appends a name as Avro allows it: letters, digits and underscores; everything else becomes _xHEX,
 * a digit in front gets an underscore. True if it changed. */
bool firn_avro_put_name(firn_buf *out, firn_str name);

/* ---- container writer ---- */

typedef struct firn_avro_writer firn_avro_writer;

typedef struct firn_avro_meta {
    firn_str key, value;
} firn_avro_meta;

/* Writes the header. sync: 16 random bytes. codec: NONE, DEFLATE, ZSTD, AVRO_SNAPPY. level 0:
 * default. */
FIRN_MUST_CHECK firn_status firn_avro_writer_create(
    firn_str schema_json, const firn_avro_meta *meta, size_t n_meta, firn_codec codec, int level,
    const uint8_t sync[16], const firn_byte_sink *sink, firn_avro_writer **out, firn_error *err);
void firn_avro_writer_destroy(firn_avro_writer *writer);
/* One encoded record. A block is closed at 64 KiB of records. */
FIRN_MUST_CHECK firn_status firn_avro_writer_append(firn_avro_writer *writer, firn_str record,
                                                    firn_error *err);
FIRN_MUST_CHECK firn_status firn_avro_writer_finish(firn_avro_writer *writer, firn_error *err);

#endif
