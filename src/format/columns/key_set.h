/* SPDX-License-Identifier: Apache-2.0 */
/* Many whole numbers, asked whether one of them is a given number or between two: what a merge
 * looks for. As a bit for each number of their range where that is not much larger than they are,
 * else sorted, with a bloom filter that may take a number for one of them. Immutable once made.
 * Not here: lists in a user's query (firn_filter's IN), bloom filters of files (parquet_bloom.h).
 */
#ifndef FIRN_FORMAT_KEY_SET_H
#define FIRN_FORMAT_KEY_SET_H

#include "base/arena.h"
#include "firn/batch.h"

typedef struct firn_key_set firn_key_set;

/* Columns of the type are numbers that a set can hold: INT, LONG, DATE, TIMESTAMP[TZ], DECIMAL of
 * up to 18 digits. */
bool firn_key_set_takes(const firn_type *type);
/* The number that a value of such a type is. */
int64_t firn_key_of(const firn_value *value);
/* The value of such a type that a number is. */
firn_value firn_value_of_key(const firn_type *type, int64_t number);
/* Copies values of a column of such a type to out, of the rows with a bit in the mask (none at n
 * and beyond) that are not null, without the repetitions that follow each other; how many. */
size_t firn_key_copy(const firn_column *column, size_t n, const uint64_t *mask, int64_t *out);

/* Room for n numbers from low to high. *out NULL: a set would take more than most_bytes, or nearly
 * all numbers of the range are in it anyway. */
FIRN_MUST_CHECK firn_status firn_key_set_create(firn_arena *arena, int64_t low, int64_t high,
                                                int64_t n, size_t most_bytes, firn_key_set **out,
                                                firn_error *err);
/* Do numbers have to be added in ascending order? */
bool firn_key_set_is_sorted(const firn_key_set *set);
/* The n_rows values of a column that are not null. FIRN_ERR_INTERNAL for more numbers or others
 * than there is room for. */
FIRN_MUST_CHECK firn_status firn_key_set_add(firn_key_set *set, const firn_column *column,
                                             int64_t n_rows, firn_error *err);

/* Numbers in any order, also many times the same. */
typedef struct firn_key_run {
    const int64_t *numbers;
    size_t n;
} firn_key_run;
/* The numbers of all runs, which are from low to high; *out NULL as above. */
FIRN_MUST_CHECK firn_status firn_key_set_of_runs(firn_arena *arena, const firn_key_run *runs,
                                                 size_t n_runs, int64_t low, int64_t high,
                                                 size_t most_bytes, firn_key_set **out,
                                                 firn_error *err);
/* How many different ones are in it. */
size_t firn_key_set_count(const firn_key_set *set);

/* Is any number of the set between the two? */
bool firn_key_set_has_between(const firn_key_set *set, int64_t low, int64_t high);
bool firn_key_set_may_have(const firn_key_set *set, int64_t number);
/* Bit r of mask (n / 64 words, rounded up) becomes whether the set may have row r's number. */
void firn_key_set_test(const firn_key_set *set, const firn_column *column, size_t n,
                       uint64_t *mask);

#endif
