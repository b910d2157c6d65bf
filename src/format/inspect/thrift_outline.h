/* SPDX-License-Identifier: Apache-2.0 */
/* Thrift structs as an outline, by a table of their members: everything that is written is shown,
 * under the name the format gives it. Not here: whether it makes sense (parquet_footer.c). */
#ifndef FIRN_FORMAT_THRIFT_OUTLINE_H
#define FIRN_FORMAT_THRIFT_OUTLINE_H

#include "format/inspect/outline.h"
#include "format/parquet/thrift/thrift.h"

typedef enum firn_thrift_shape {
    FIRN_SHAPE_INT = 0, /* any width; with names: an enum */
    FIRN_SHAPE_BOOL,
    FIRN_SHAPE_DOUBLE,
    FIRN_SHAPE_TEXT,
    FIRN_SHAPE_BYTES, /* hex */
    FIRN_SHAPE_BOUND, /* bytes of a value of the column's type */
    FIRN_SHAPE_STRUCT,
    FIRN_SHAPE_UNION, /* a struct with one member */
} firn_thrift_shape;

typedef struct firn_thrift_table firn_thrift_table;

typedef struct firn_thrift_member {
    const char *name;
    const char *const *names; /* INT: of the values 0.., ends with NULL; NULL in between: no name */
    const firn_thrift_table *table; /* STRUCT (NULL: has no members), UNION */
    firn_thrift_shape shape;
    int keep; /* INT: slot in firn_thrift_outline.kept + 1; 0: none */
    int16_t id;
    bool is_list;
} firn_thrift_member;

struct firn_thrift_table {
    const char *name;
    const firn_thrift_member *members;
    size_t n_members;
    bool is_line; /* few values: one line of text */
    int hook;     /* given to on_end when the struct was shown, before its outline ends; 0: none */
};

#define FIRN_THRIFT_KEPT          16
#define FIRN_THRIFT_KEPT_PHYSICAL 0 /* firn_pq_physical: the type of bounds; negative: unknown */

typedef struct firn_thrift_outline {
    firn_thrift in;
    firn_outline *out;
    int64_t kept[FIRN_THRIFT_KEPT]; /* numbers seen, for the hooks; the caller resets them */
    firn_status (*on_end)(struct firn_thrift_outline *t, int hook, firn_error *err);
    void *ctx;
} firn_thrift_outline;

/* Shows the struct that begins at t->in. */
FIRN_MUST_CHECK firn_status firn_thrift_outline_struct(firn_thrift_outline *t, const char *name,
                                                       const firn_thrift_table *table,
                                                       firn_error *err);

#endif
