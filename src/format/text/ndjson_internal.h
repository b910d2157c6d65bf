/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the NDJSON decoder. One parse function per type decodes the value at p into a row of a
 * column and returns the byte behind it, or NULL when the line is bad.
 *
 * Every line ends with a newline and NDJSON_PADDING readable bytes, so nothing here checks for the
 * end: a newline is legal nowhere inside a line and stops every scan. */
#ifndef FIRN_FORMAT_NDJSON_INTERNAL_H
#define FIRN_FORMAT_NDJSON_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"
#include "format/text/ndjson.h"
#include "format/text/ndjson_scan.h"

struct ndjson_kernels;

typedef struct ndjson_line {
    const struct ndjson_kernels *kernels;
    const char *fault; /* where the line is bad */
    firn_error reason; /* why */
    firn_status hard;  /* not the line's fault: memory, limits; ends decoding */
    firn_buf scratch;  /* unescaped text */
} ndjson_line;

typedef struct ndjson_node ndjson_node;
typedef struct ndjson_object ndjson_object;

typedef const char *(*ndjson_parse_fn)(ndjson_line *line, ndjson_node *node, firn_column *column,
                                       int64_t row, const char *p);

/* The same for a value given as its text alone (the inside of a string, a key, a field of CSV),
 * behind which NDJSON_PADDING bytes can be read, the first of them no part of any value. False: the
 * line is bad; the caller knows where. */
typedef bool (*ndjson_text_fn)(ndjson_line *line, ndjson_node *node, firn_column *column,
                               int64_t row, firn_str text);

struct ndjson_node {
    ndjson_parse_fn parse;
    ndjson_text_fn parse_text;
    const firn_type *type;
    firn_str name;
    bool is_required;
    ndjson_object *object; /* STRUCT */
    ndjson_node *items;    /* LIST: element; MAP: key, value */
    char day_text[16];     /* timestamps: the date of the row before, "2010-12-01" */
    int64_t day_seconds;
};

/* Up to NDJSON_LITERAL bytes that are compared at once. */
typedef struct ndjson_literal {
    char text[NDJSON_LITERAL];
    uint32_t mask; /* a bit for each byte that counts */
    uint32_t n;
} ndjson_literal;

/* text: at most NDJSON_LITERAL bytes */
static inline void ndjson_literal_set(ndjson_literal *literal, firn_str text)
{
    memcpy(literal->text, text.data, text.len);
    literal->mask = (uint32_t)((UINT64_C(1) << text.len) - 1);
    literal->n = (uint32_t)text.len;
}

/* A key, and where its value goes. */
typedef struct ndjson_slot ndjson_slot;
struct ndjson_slot {
    ndjson_literal written; /* the last time: from behind the brace or comma to the value */
    ndjson_slot *following; /* the key that came next last time; its `written` is set. NULL: none */
    int32_t column;         /* -1: unknown key, its value is skipped */
    ndjson_literal name;    /* with the quote behind it, when it is in the object's table */
};

#define NDJSON_UNKNOWN_SLOTS 64

/* A JSON object with known members: a line, or a struct. */
struct ndjson_object {
    ndjson_node *nodes; /* one per column */
    size_t n_columns;
    uint32_t *seen; /* == epoch: the column has its value in this object */
    uint32_t epoch;
    ndjson_slot *slots; /* columns, then up to NDJSON_UNKNOWN_SLOTS unknown keys */
    int32_t n_slots;
    ndjson_slot before; /* is followed by the first key */
    int32_t confidence; /* in the prediction: up with each key it finds, down with the others */
    const struct ndjson_kernels *kernels;
    firn_arena *arena;
    firn_map names; /* name -> slot */
    /* The same for columns with short plain names: ndjson_key_hash -> slot + 1, 0: free. */
    uint32_t *table;
    uint32_t table_mask;
};

/* Of the n bytes of a key, behind which NDJSON_PADDING can be read. */
static inline uint32_t ndjson_key_hash(const char *key, size_t n)
{
    uint64_t head;
    uint64_t tail;

    if (n == 0) return 0;
    memcpy(&head, key, 8);
    if (n < 8) return (uint32_t)(((head << (64 - 8 * n)) * UINT64_C(0x9E3779B97F4A7C15)) >> 40);
    memcpy(&tail, key + n - 8, 8);
    return (uint32_t)(((head ^ (tail << 1 | tail >> 63) ^ n) * UINT64_C(0x9E3779B97F4A7C15)) >> 40);
}

/* Remember why the line is bad. Use: return ndjson_stop(line, p, firn_fail(&line->reason, ...)). */
static inline const char *ndjson_stop(ndjson_line *line, const char *p, firn_status reason)
{
    (void)reason;
    line->fault = p;
    return NULL;
}

/* The same in a text function: return ndjson_refuse(firn_fail(&line->reason, ...)). */
static inline bool ndjson_refuse(firn_status reason)
{
    return reason == FIRN_OK;
}

/* A failure that is not the line's fault; the error is in line->reason. */
static inline const char *ndjson_fail_hard(ndjson_line *line, firn_status st)
{
    line->hard = st;
    return NULL;
}

#define NDJSON_PARSE(name)                                                                   \
    const char *name(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row, \
                     const char *p)
#define NDJSON_TEXT(name) \
    bool name(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row, firn_str text)

/* ---- ndjson_plan.c ---- */
FIRN_MUST_CHECK firn_status ndjson_object_create(firn_arena *arena, const firn_type *type,
                                                 const struct ndjson_kernels *kernels,
                                                 ndjson_object **out, firn_error *err);

/* ---- ndjson_keys.c: what is rare about the keys of an object ---- */
/* The key at p, which was not found in the table: *out its slot, or NULL when it is unknown and no
 * place is left to remember it. Returns the byte behind it. */
const char *ndjson_read_key(ndjson_line *line, ndjson_object *object, const char *p,
                            ndjson_slot **out);
/* p: not the colon that had to follow the key that begins at key */
const char *ndjson_fail_colon(ndjson_line *line, const char *key, const char *key_end,
                              const char *p);
/* Remembers how a key was written and what it followed (NULL: nothing to predict from). */
void ndjson_learn_key(ndjson_slot *previous, ndjson_slot *slot, const char *from, const char *to);
const char *ndjson_fail_duplicate(ndjson_line *line, const ndjson_node *node, const char *p);
/* An object ended, and some columns had no value. p: behind it; returned unless one is required. */
const char *ndjson_fill_missing(ndjson_line *line, const ndjson_object *object,
                                firn_column *columns, int64_t row, const char *p);
void ndjson_next_epoch(ndjson_object *object);

/* ---- ndjson_nested.c ---- */
NDJSON_PARSE(ndjson_parse_struct);
NDJSON_PARSE(ndjson_parse_list);
/* Room for one more entry in the child; its index, or -1. */
int64_t ndjson_add_entry(ndjson_line *line, firn_column *child);
/* The row's entry, which begins empty at the end of the child. */
firn_list_entry *ndjson_begin_entries(firn_column *column, int64_t row);
const char *ndjson_fail_after_value(ndjson_line *line, const char *p, char close);
/* What else can stand where a value of node was expected: null, or a value of a wrong type. */
NDJSON_PARSE(ndjson_parse_other);
/* "a number", "a string", ... for messages */
const char *ndjson_expected(const firn_type *type);
/* Makes the row null, with everything in it. */
void ndjson_set_null(const firn_column *column, int64_t row);

/* ---- ndjson_map.c ---- */
NDJSON_PARSE(ndjson_parse_map);

/* ---- ndjson_skip.c: any value, checked but not kept ---- */
const char *ndjson_skip_value(ndjson_line *line, const char *p);
const char *ndjson_skip_string(ndjson_line *line, const char *p);
const char *ndjson_skip_number(ndjson_line *line, const char *p);
/* "a string", "an object", ... for messages */
const char *ndjson_found(const char *p);

/* ---- ndjson_text.c ---- */
/* The string at p (its quote): *out borrows from the line or from line->scratch. */
const char *ndjson_read_string(ndjson_line *line, const char *p, firn_str *out);
/* A text column's string with escapes, or without end. from: its first byte; p: the byte that
 * stopped its scan, no quote. */
const char *ndjson_store_escaped(ndjson_line *line, firn_column *column, int64_t row,
                                 const char *from, const char *p);
/* A value of a string column that is no string: null, or its text as it stands. */
NDJSON_PARSE(ndjson_store_raw);
/* Copies bytes into the column. False: no memory. */
bool ndjson_store_bytes(ndjson_line *line, firn_column *column, int64_t row, firn_str bytes);
/* Makes what is read behind a text in buf harmless. */
bool ndjson_pad(ndjson_line *line, firn_buf *buf);
NDJSON_TEXT(ndjson_text_string);
/* A string whose inside node->parse_text takes. */
NDJSON_PARSE(ndjson_parse_quoted);

/* ---- ndjson_binary.c ---- */
NDJSON_TEXT(ndjson_text_binary); /* base64 */
NDJSON_TEXT(ndjson_text_hex);    /* FIXED and UUID */

/* ---- ndjson_number.c ---- */
NDJSON_PARSE(ndjson_parse_boolean);
NDJSON_PARSE(ndjson_parse_int);
NDJSON_PARSE(ndjson_parse_long);
NDJSON_PARSE(ndjson_parse_float);
NDJSON_PARSE(ndjson_parse_double);

/* ---- ndjson_decimal.c ---- */
NDJSON_PARSE(ndjson_parse_decimal);

/* ---- ndjson_loose.c: booleans and numbers as people write them ---- */
NDJSON_TEXT(ndjson_text_boolean);
NDJSON_TEXT(ndjson_text_number);
/* STRUCT, LIST, MAP: JSON in a field of CSV */
NDJSON_TEXT(ndjson_text_json);

/* ---- ndjson_time.c ---- */
NDJSON_PARSE(ndjson_parse_date);
NDJSON_PARSE(ndjson_parse_timestamp);
NDJSON_TEXT(ndjson_text_timestamp);
NDJSON_TEXT(ndjson_text_date);
NDJSON_TEXT(ndjson_text_time);

#endif
