/* SPDX-License-Identifier: Apache-2.0 */
/* The values are divided into ranges of as many rows each. A file's distance is how far its parts
 * of rows in the ranges are from those of all rows: 0 for a file that is like all of them, nearly 2
 * for one with a single range. What is told from n files is off by the average of it, divided by
 * the root of n. */
#include "iceberg/maintain/rewrite/sample_spread.h"

#include "base/error.h"
#include "iceberg/sort/key_sort.h"

#define K_RANGES       16
#define K_MAX_DISTANCE 0.5 /* on average */

typedef struct spread {
    uint64_t *sorted, *spare;
    uint64_t cuts[K_RANGES - 1];
    uint32_t *counts; /* of a file: K_RANGES each */
    uint32_t totals[K_RANGES];
} spread;

static size_t range_of(const spread *x, uint64_t value)
{
    size_t n = 0;
    for (size_t i = 0; i < K_RANGES - 1; i++) n += value >= x->cuts[i];
    return n;
}

/* Times the file's rows. */
static double distance_of(const spread *x, size_t file, size_t n)
{
    const uint32_t *counts = x->counts + file * K_RANGES;
    double in_file = 0;
    double distance = 0;
    for (size_t i = 0; i < K_RANGES; i++) in_file += counts[i];
    for (size_t i = 0; i < K_RANGES; i++) {
        const double difference = counts[i] - in_file * x->totals[i] / (double)n;
        distance += difference < 0 ? -difference : difference;
    }
    return distance;
}

static bool measure(spread *x, const uint64_t *values, const uint32_t *files, size_t n,
                    size_t n_files)
{
    double distance = 0;
    for (size_t i = 0; i < n; i++) x->sorted[i] = values[i];
    firn_number_sort(x->sorted, x->spare, n, 0, 64);
    for (size_t i = 1; i < K_RANGES; i++) x->cuts[i - 1] = x->sorted[i * n / K_RANGES];
    for (size_t i = 0; i < n_files * K_RANGES; i++) x->counts[i] = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t range = range_of(x, values[i]);
        x->counts[(size_t)files[i] * K_RANGES + range]++;
        x->totals[range]++;
    }
    for (size_t i = 0; i < n_files; i++) distance += distance_of(x, i, n);
    return distance <= K_MAX_DISTANCE * (double)n;
}

firn_status firn_samples_are_spread(const uint64_t *values, const uint32_t *files, size_t n,
                                    size_t n_files, const firn_allocator *alloc, bool *out,
                                    firn_error *err)
{
    spread x = {.sorted = firn_mem_array(alloc, n + 1, sizeof *x.sorted),
                .spare = firn_mem_array(alloc, n + 1, sizeof *x.spare),
                .counts = firn_mem_array(alloc, n_files * K_RANGES + 1, sizeof *x.counts)};
    const bool has_memory = x.sorted && x.spare && x.counts;
    *out = has_memory && n > 0 && measure(&x, values, files, n, n_files);
    firn_mem_free(alloc, x.sorted);
    firn_mem_free(alloc, x.spare);
    firn_mem_free(alloc, x.counts);
    return has_memory ? FIRN_OK : firn_fail_nomem(err);
}
