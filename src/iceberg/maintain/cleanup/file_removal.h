/* SPDX-License-Identifier: Apache-2.0 */
/* Removing many files at once. What may go is decided before. */
#ifndef FIRN_ICEBERG_FILE_REMOVAL_H
#define FIRN_ICEBERG_FILE_REMOVAL_H

#include "base/env.h"
#include "firn/ext/store.h"

/* On all threads; files that are gone already are fine, others that cannot be removed are logged
 * and counted in *n_failed. The first step at failpoint "maintain.remove.file". */
FIRN_MUST_CHECK firn_status firn_files_remove(firn_env *env, firn_store *store,
                                              const firn_str *paths, size_t n, int64_t *n_failed,
                                              firn_error *err);

#endif
