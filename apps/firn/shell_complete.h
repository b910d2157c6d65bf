/* SPDX-License-Identifier: Apache-2.0 */
/* What the Tab key offers. Names come from the catalog as it is now; functions and settings from
 * the engine, asked once. */
#ifndef FIRN_APP_SHELL_COMPLETE_H
#define FIRN_APP_SHELL_COMPLETE_H

#include "line_editor.h"
#include "shell.h"

/* before: the lines of the statement above this one. */
void shell_complete(shell *sh, firn_str before, firn_str line, size_t cursor, line_choices *out);

#endif
