/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a manifest, or of a part of one, gathered into a part of an image. Internal to this
 * folder. */
#ifndef FIRN_ICEBERG_IMAGE_BUILDER_H
#define FIRN_ICEBERG_IMAGE_BUILDER_H

#include "iceberg/scan/manifest_image.h"

typedef struct firn_image_builder firn_image_builder;

FIRN_MUST_CHECK firn_status firn_image_builder_create(firn_image_builder **out, firn_error *err);
void firn_image_builder_destroy(firn_image_builder *builder);
/* Empty again, with the memory that it has. */
void firn_image_builder_reset(firn_image_builder *builder);
/* A live entry with all metrics but column sizes; copied. FIRN_DONE: there is too much of it for an
 * image, which is no error; the builder is of no use any more. */
FIRN_MUST_CHECK firn_status firn_image_builder_append(firn_image_builder *builder,
                                                      const firn_manifest_entry *entry,
                                                      firn_error *err);
/* What was gathered as the next parts of the image, which borrows them from the builder. */
FIRN_MUST_CHECK firn_status firn_image_builder_finish(firn_image_builder *builder,
                                                      int64_t n_row_ids, firn_manifest_image *image,
                                                      firn_error *err);

/* A partition tuple of an image; values' texts are borrowed from the bytes. FIRN_ERR_CORRUPT unless
 * there are n values. */
FIRN_MUST_CHECK firn_status firn_image_tuple_decode(firn_str bytes, firn_value *values, size_t n,
                                                    firn_error *err);

#endif
