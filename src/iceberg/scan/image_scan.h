/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of a plan out of the manifest cache, and into it. Internal to this folder. */
#ifndef FIRN_ICEBERG_IMAGE_SCAN_H
#define FIRN_ICEBERG_IMAGE_SCAN_H

#include "iceberg/scan/manifest_scan.h"

/* Looks for the manifest's image and keeps it in scan->image; NULL: there is none, or none is of
 * use. A second call does nothing. */
void firn_image_scan_find(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan);
/* What reading the manifest would give, from scan->image, which is released. FIRN_DONE: the image
 * is damaged, nothing was added, and the manifest has to be read. */
FIRN_MUST_CHECK firn_status firn_image_scan_run(const firn_manifest_scan_opts *opts,
                                                firn_manifest_scan *scan, firn_arena *scratch,
                                                firn_arena *results, firn_error *err);
/* A builder in scan->builder if an image should be made while the manifest is read. */
void firn_image_scan_build(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan);
/* Gives the cache the image of a manifest whose parts have been read, all or none of which have
 * builders. */
void firn_image_scan_keep(const firn_manifest_scan_opts *opts, firn_manifest_scan *parts, size_t n);
/* What is left of a scan that was not run to its end. */
void firn_image_scan_drop(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan);

#endif
