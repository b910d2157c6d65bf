/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming gunzip (several members allowed) with bounded memory. */
#ifndef FIRN_FORMAT_GUNZIP_H
#define FIRN_FORMAT_GUNZIP_H

#include "format/byte_io.h"

typedef struct firn_gunzip firn_gunzip;
FIRN_MUST_CHECK firn_status firn_gunzip_create(firn_gunzip **out, firn_error *err);
void firn_gunzip_destroy(firn_gunzip *gz);
/* Consumes from in, fills out: *used and *made tell how much. FIRN_DONE when the stream ended and
 * is_last; FIRN_NEED_MORE when in is used up; FIRN_OK when out is full. A stream cut short is
 * FIRN_ERR_CORRUPT. */
FIRN_MUST_CHECK firn_status firn_gunzip_step(firn_gunzip *gz, firn_str in, bool is_last, void *out,
                                             size_t out_size, size_t *used, size_t *made,
                                             firn_error *err);
#endif
