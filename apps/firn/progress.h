/* SPDX-License-Identifier: Apache-2.0 */
/* One line on stderr that tells how far long work is. The caller sees to it that stderr is a
 * terminal. */
#ifndef FIRN_APP_PROGRESS_H
#define FIRN_APP_PROGRESS_H

#include "firn/base.h"

typedef struct progress {
    firn_str what;            /* in front, may be empty */
    double fraction;          /* below 0: not known */
    int64_t rows, rows_total; /* rows_total 0: not known */
    int64_t elapsed_us;
} progress;

/* "[####......]  40 %  4,000,000 of 10,000,000 rows, 2,000,000 rows/s, 3 s left"; the time it took
 * so far where what is left is not known. */
void progress_draw(const progress *p);
void progress_wipe(void);
/* "8.1 MB"; returns out. */
const char *progress_bytes(int64_t bytes, char out[32]);
/* "1,234,567"; returns out. */
const char *progress_count(int64_t n, char out[32]);

#endif
