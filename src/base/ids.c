/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of no ids may be NULL, which qsort and bsearch do not take. */
#include "base/ids.h"

#include <stdlib.h>

static int compare_i32(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a;
    const int32_t y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int compare_i64(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void firn_ids_sort(int32_t *ids, size_t n)
{
    if (n > 1) qsort(ids, n, sizeof *ids, compare_i32);
}

bool firn_ids_have(const int32_t *ids, size_t n, int32_t id)
{
    return n > 0 && bsearch(&id, ids, n, sizeof id, compare_i32) != NULL;
}

void firn_ids_sort_i64(int64_t *ids, size_t n)
{
    if (n > 1) qsort(ids, n, sizeof *ids, compare_i64);
}

bool firn_ids_have_i64(const int64_t *ids, size_t n, int64_t id)
{
    return n > 0 && bsearch(&id, ids, n, sizeof id, compare_i64) != NULL;
}
