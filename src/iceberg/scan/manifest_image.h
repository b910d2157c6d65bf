/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest's live entries in columns, which need no decoding: what the manifest cache keeps. A
 * filter looks at two or three columns of numbers; the others are read when an entry is wanted.
 *
 * Bytes of an image, all numbers little-endian:
 *
 *   "FIRNMI02"  u64 checksum of the header from here on
 *   u32 header bytes in all   u32 bytes of the key   u32 parts   u32 columns
 *   key, padded to 8
 *   parts:    u64 entries   i64 rows with inherited ids   i64 bytes of files   u64 columns
 *   columns:  u32 kind   u32 form   u32 width   i32 field   i64 base   u64 offset   u64 size
 *             u64 checksum
 *   data of the columns
 *
 *   NUMBERS   entries * width bytes; a value is base + those bytes. BOUNDS_4 and BOUNDS_8 are texts
 *             of 4 and 8 bytes, kept as numbers
 *   TEXTS     u32 starts[n + 1] in the column's data, the top bit for "absent"; what all texts
 *             begin with; what each of them has behind that, from its start to the next
 *   EVEN      texts of one length: what all of them begin with; base bytes of each behind that
 *
 * A part is some of the entries, in order. Nothing in an image is believed: whatever
 * does not add up is FIRN_ERR_CORRUPT, and the manifest is read instead.
 *
 * Not here: column sizes, which no plan looks at; making images (image_builder.h), keeping them
 * (manifest_cache.h). */
#ifndef FIRN_ICEBERG_MANIFEST_IMAGE_H
#define FIRN_ICEBERG_MANIFEST_IMAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "iceberg/spec/manifest.h"
#include "store/cache_folder.h"

typedef enum firn_image_kind {
    /* numbers */
    FIRN_IMAGE_STATUS = 0,
    FIRN_IMAGE_CONTENT,
    FIRN_IMAGE_FORMAT,
    FIRN_IMAGE_SNAPSHOT_ID,
    FIRN_IMAGE_SEQUENCE,
    FIRN_IMAGE_FILE_SEQUENCE,
    FIRN_IMAGE_RECORD_COUNT,
    FIRN_IMAGE_FILE_SIZE,
    FIRN_IMAGE_SORT_ORDER,
    FIRN_IMAGE_FIRST_ROW_ID,
    FIRN_IMAGE_CONTENT_OFFSET,
    FIRN_IMAGE_CONTENT_SIZE,
    FIRN_IMAGE_TUPLE, /* index of the partition tuple */
    /* texts */
    FIRN_IMAGE_PATH,
    FIRN_IMAGE_KEY_METADATA,
    FIRN_IMAGE_REFERENCED_FILE,
    FIRN_IMAGE_SPLIT_OFFSETS, /* i64 each */
    FIRN_IMAGE_EQUALITY_IDS,  /* i32 each */
    FIRN_IMAGE_TUPLES,        /* base of them, the partition tuples */
    /* one for each field: numbers, -1 absent */
    FIRN_IMAGE_VALUE_COUNTS,
    FIRN_IMAGE_NULL_COUNTS,
    FIRN_IMAGE_NAN_COUNTS,
    /* one for each field: texts */
    FIRN_IMAGE_LOWER,
    FIRN_IMAGE_UPPER,
    FIRN_IMAGE_N_KINDS,
} firn_image_kind;

#define FIRN_IMAGE_BY_FIELD FIRN_IMAGE_VALUE_COUNTS /* this kind and those after it */
#define FIRN_IMAGE_ABSENT   ((uint32_t)1 << 31)     /* in the start of a text */

typedef enum firn_image_form {
    FIRN_IMAGE_NUMBERS = 0,
    FIRN_IMAGE_TEXTS,
    FIRN_IMAGE_BOUNDS_4,
    FIRN_IMAGE_BOUNDS_8,
    FIRN_IMAGE_EVEN,
    FIRN_IMAGE_N_FORMS,
} firn_image_form;

typedef struct firn_image_column {
    firn_image_kind kind;
    firn_image_form form;
    uint8_t width; /* 0, 1, 2, 4, 8 */
    int32_t field_id;
    int64_t base;
    uint64_t offset, size, checksum;
    size_t shared; /* TEXTS, EVEN: bytes that all begin with */
    char *data;    /* NULL: not read yet */
} firn_image_column;

typedef struct firn_image_part {
    size_t n_entries;
    int64_t n_row_ids; /* see firn_manifest_reader_row_ids() */
    int64_t live_bytes;
    firn_image_column *columns; /* ascending (kind, field) */
    size_t n_columns;
} firn_image_part;

typedef struct firn_manifest_image {
    firn_arena *arena; /* holds the image itself */
    firn_str key;
    firn_image_part *parts;
    size_t n_parts;
    size_t n_columns;                /* of all parts */
    size_t n_bytes;                  /* of data in memory */
    bool is_borrowed;                /* all of that data */
    pthread_mutex_t lock;            /* of columns' data and the file */
    const firn_cache_folder *folder; /* NULL: all columns are in memory */
    char file_name[48];
    firn_cache_file file; /* open between uses of the image; fd -1: not */
    /* of the cache */
    size_t n_users;
    bool is_kept;
    int64_t n_counted; /* bytes, as the cache counted them last */
    struct firn_manifest_image *next_in_bucket, *newer, *older;
} firn_manifest_image;

/* An image without parts. Data that it borrows is not freed with it. */
FIRN_MUST_CHECK firn_status firn_manifest_image_create(firn_str key, firn_manifest_image **out,
                                                       firn_error *err);
void firn_manifest_image_destroy(firn_manifest_image *image);

/* The header of a file; columns are read as they are needed. *out takes the file over. FIRN_DONE:
 * it is of another key. */
FIRN_MUST_CHECK firn_status firn_manifest_image_open(const firn_cache_folder *folder,
                                                     const char *name, firn_cache_file *file,
                                                     firn_str key, firn_manifest_image **out,
                                                     firn_error *err);
/* Writes the image into the folder; false: not written. */
bool firn_manifest_image_write(firn_manifest_image *image, firn_cache_folder *folder,
                               const char *name);

/* Copies of data that was borrowed. */
FIRN_MUST_CHECK firn_status firn_manifest_image_own_data(firn_manifest_image *image,
                                                         firn_error *err);
/* Nobody uses the image: data that the file has, and the file, until they are asked for again. */
void firn_manifest_image_drop_data(firn_manifest_image *image);
void firn_manifest_image_close_file(firn_manifest_image *image);

/* The column, with its data checked and in memory; *out NULL: there is none of that kind. Any
 * thread. */
FIRN_MUST_CHECK firn_status firn_manifest_image_column(firn_manifest_image *image, size_t part,
                                                       firn_image_kind kind, int32_t field_id,
                                                       const firn_image_column **out,
                                                       firn_error *err);
/* Texts as such, not numbers for which they may be kept. */
static inline bool firn_image_is_text(const firn_image_column *column)
{
    return column->form == FIRN_IMAGE_TEXTS || column->form == FIRN_IMAGE_EVEN;
}
/* Values of a column whose data is there; i < entries (for TUPLES: < base). */
int64_t firn_image_number(const firn_image_column *column, size_t i);
/* Absent: data NULL. Borrowed from the column or, where it has to be put together, in the arena. */
FIRN_MUST_CHECK firn_status firn_image_text(const firn_image_column *column, size_t i,
                                            firn_arena *arena, firn_str *out, firn_error *err);
/* Into bytes, of a column kept as numbers. */
firn_str firn_image_bound(const firn_image_column *column, size_t i, char bytes[8]);

#endif
