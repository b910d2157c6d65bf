/* SPDX-License-Identifier: Apache-2.0 */
/* Large manifests in parts, cut at block borders: one large manifest keeps all threads of a plan
 * busy as well as many small ones do. Internal to this folder. */
#ifndef FIRN_ICEBERG_MANIFEST_PARTS_H
#define FIRN_ICEBERG_MANIFEST_PARTS_H

#include "iceberg/scan/manifest_scan.h"

bool firn_manifest_is_large(const firn_manifest_file *manifest);
/* Replaces large manifests among the scans by their parts, in order, where there are too few
 * manifests for so many threads. Their bytes are read into bytes_arena. */
FIRN_MUST_CHECK firn_status firn_manifests_split(const firn_manifest_scan_opts *opts,
                                                 size_t n_threads, firn_arena *arena,
                                                 firn_arena *bytes_arena,
                                                 firn_manifest_scan **scans, size_t *n_scans,
                                                 firn_error *err);
/* When all are read: row ids inherited in a part go on where those of the part before ended. */
FIRN_MUST_CHECK firn_status firn_manifest_parts_settle(firn_manifest_scan *scans, size_t n_scans,
                                                       firn_arena *arena, firn_error *err);

#endif
