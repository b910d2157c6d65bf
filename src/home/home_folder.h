/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of a home: where it is, absolute paths, making what is missing. */
#ifndef FIRN_HOME_HOME_FOLDER_H
#define FIRN_HOME_HOME_FOLDER_H

#include "base/arena.h"

/* Absolute form of a path, which need not exist; NUL-terminated. */
FIRN_MUST_CHECK firn_status firn_folder_absolute(firn_arena *arena, firn_str path, firn_str *out,
                                                 firn_error *err);
/* Make a folder and those above it; one that is there is fine. */
FIRN_MUST_CHECK firn_status firn_folder_make(firn_arena *arena, firn_str path, firn_error *err);
/* The home to use where none is named: FIRN_HOME (unless ignore_environment), "." if it has a
 * firn.yaml, else ~/.firn. */
firn_str firn_folder_default_home(firn_arena *arena, bool ignore_environment);

#endif
