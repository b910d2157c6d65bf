/* SPDX-License-Identifier: Apache-2.0 */
/* How many columns of a terminal a text takes. */
#ifndef FIRN_APP_DISPLAY_WIDTH_H
#define FIRN_APP_DISPLAY_WIDTH_H

#include "firn/base.h"

/* Control characters and bytes that are no UTF-8 count one (they are shown as a blank). */
int32_t display_width(firn_str text);
/* Longest prefix that fits into width columns; *used gets its width. */
firn_str display_cut(firn_str text, int32_t width, int32_t *used);

#endif
