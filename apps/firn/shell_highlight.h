/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a statement look like while it is typed. */
#ifndef FIRN_APP_SHELL_HIGHLIGHT_H
#define FIRN_APP_SHELL_HIGHLIGHT_H

#include "line_style.h"
#include "shell.h"

/* before: the lines of the statement above this one. cursor: a byte of line, its end, or SIZE_MAX
 * for none. styles: a line_style for each byte of line, all plain before. */
void shell_highlight(const shell *sh, firn_str before, firn_str line, size_t cursor,
                     uint8_t *styles);

#endif
