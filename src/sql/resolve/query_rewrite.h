/* SPDX-License-Identifier: Apache-2.0 */
/* A query's text made ready for the engine: time travel clauses become private suffixes of table
 * names, "ns.t.col" becomes "t.col", backquotes become double quotes, "*" leaves out metadata
 * columns. Works on tokens; everything else is passed on as it is, and positions map back.
 *
 * Not here: what names mean (resolve.c). */
#ifndef FIRN_SQL_QUERY_REWRITE_H
#define FIRN_SQL_QUERY_REWRITE_H

#include "base/arena.h"
#include "sql/metadata_tables/metadata_columns.h"
#include "sql/parser/lexer.h"
#include "sql/resolve/join_text.h"

typedef enum firn_travel_kind {
    FIRN_TRAVEL_NONE = 0,
    FIRN_TRAVEL_VERSION,   /* snapshot id, tag or branch */
    FIRN_TRAVEL_TIMESTAMP, /* what was current then */
} firn_travel_kind;

typedef struct firn_time_travel {
    firn_travel_kind kind;
    bool is_number;
    bool is_milliseconds; /* not seconds */
    int64_t number;       /* snapshot id, or seconds since 1970 */
    firn_str text;        /* unquoted literal */
    size_t offset;        /* of the literal in the statement */
} firn_time_travel;

/* A table reference of a FROM clause, or one with a time travel clause. */
typedef struct firn_table_ref {
    const firn_str *parts; /* unquoted */
    size_t n_parts;
    size_t offset, length; /* of the name in the statement */
    size_t end;            /* of the name and its time travel clause */
    firn_time_travel at;
    firn_str call; /* a call of a function of changes, as written; else empty, and a name */
    bool is_cte;   /* one part that a WITH of the statement defines */
    bool is_twin;  /* others have its name, and it must be told apart from them: by its suffix */
    firn_metadata_columns metadata_columns; /* that it has and the statement names */
} firn_table_ref;

typedef struct firn_rewrite_segment {
    size_t out_at;
    size_t in_at;
    size_t copied; /* bytes that are the same in both; 0: replaced text */
} firn_rewrite_segment;

typedef struct firn_rewrite {
    firn_str sql; /* NUL-terminated at len */
    const firn_table_ref *refs;
    size_t n_refs;
    const firn_rewrite_segment *segments;
    size_t n_segments;
    firn_join_text joins;
    struct firn_joins *scans; /* of these joins, while they run; the session's */
} firn_rewrite;

typedef struct firn_rewrite_opts {
    firn_str key; /* suffix of reference i: "@<key>:<first_tag + i>" */
    size_t first_tag;
    bool tag_all; /* suffix every reference but CTEs, not only those with time travel or metadata
                     columns */
    /* Which of the metadata columns that the statement names a reference has. NULL: none. */
    firn_metadata_columns (*metadata_columns)(const void *ctx, const firn_table_ref *ref,
                                              firn_metadata_columns named);
    /* A name that the engine must not look up, because it may have something else of that name.
     * NULL: none. */
    bool (*is_ours)(const void *ctx, const firn_table_ref *ref);
    /* Whether a name that several references have is a table's; their joins are not told without.
     * NULL: joins are not asked for. */
    bool (*is_table)(const void *ctx, const firn_table_ref *ref);
    /* What an expression of a time travel clause gives: text or number are filled in, of the kind
     * that is there. NULL: literals only. */
    firn_status (*evaluate)(const void *ctx, firn_str expression, firn_time_travel *out,
                            firn_error *err);
    const void *ctx;
} firn_rewrite_opts;

/* Result in the arena. FIRN_ERR_ARG with a position for a malformed time travel clause. */
FIRN_MUST_CHECK firn_status firn_query_rewrite(firn_str sql, const firn_rewrite_opts *opts,
                                               firn_arena *arena, firn_rewrite *out,
                                               firn_error *err);
/* Where byte position of the rewritten text is in the statement. */
size_t firn_rewrite_position(const firn_rewrite *rewritten, size_t position);
/* The tag behind "name@<key>:<n>"; *name_out is the name without it. False: no suffix. */
bool firn_rewrite_read_tag(firn_str part, firn_str key, firn_str *name_out, size_t *tag_out);
/* "name@<key>:<n>" in double quotes. data NULL: out of memory. */
firn_str firn_rewrite_tagged_name(firn_arena *arena, firn_str name, firn_str key, size_t tag);

/* Text of a word, quoted identifier or string literal without its quotes. data NULL: out of
 * memory or not one of them. */
firn_str firn_token_unquote(const firn_token *token, firn_arena *arena);
/* name in double quotes. data NULL: out of memory. */
firn_str firn_sql_quote(firn_str name, firn_arena *arena);

#endif
