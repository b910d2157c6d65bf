/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of rows and keys that a part needs while it is sorted and read, from one part to the next:
 * memory that the kernel has to give anew for every part costs as much as sorting does. From any
 * thread. Not here: the rows (sort_memory.h). */
#ifndef FIRN_ICEBERG_SORT_SCRATCH_H
#define FIRN_ICEBERG_SORT_SCRATCH_H

#include <pthread.h>

#include "iceberg/sort/key_sort.h"
#include "iceberg/sort/packed_rows.h"

typedef struct firn_sort_scratch {
    struct firn_sort_scratch *next;
    firn_row_place *places, *spare;
    size_t cap; /* of both */
    firn_sort_entry *entries, *spare_entries;
    size_t cap_entries; /* of both */
    firn_keys keys;
    firn_row_codes *codes; /* of each column, with room for cap_codes rows */
    size_t cap_codes;
} firn_sort_scratch;

typedef struct firn_sort_scratches {
    const firn_allocator *alloc;
    const firn_row_layout *layout;
    pthread_mutex_t lock;
    firn_sort_scratch *free; /* under the lock */
} firn_sort_scratches;

void firn_sort_scratches_init(firn_sort_scratches *scratches, const firn_row_layout *layout,
                              const firn_allocator *alloc);
/* After all were given back. */
void firn_sort_scratches_dispose(firn_sort_scratches *scratches);
/* One with places for n rows, without keys. */
FIRN_MUST_CHECK firn_status firn_sort_scratch_take(firn_sort_scratches *scratches, size_t n,
                                                   firn_sort_scratch **out, firn_error *err);
/* Entries for n rows, for those who need them. */
FIRN_MUST_CHECK firn_status firn_sort_scratch_entries(const firn_sort_scratches *scratches,
                                                      firn_sort_scratch *scratch, size_t n,
                                                      firn_error *err);
/* NULL is fine. */
void firn_sort_scratch_give(firn_sort_scratches *scratches, firn_sort_scratch *scratch);
/* Room for the numbers of n rows' texts. */
FIRN_MUST_CHECK firn_status firn_sort_scratch_codes(const firn_sort_scratches *scratches,
                                                    firn_sort_scratch *scratch, size_t n,
                                                    firn_error *err);

#endif
