/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of an image in their packed forms, as manifest_image.h draws them. Internal to this
 * folder. */
#ifndef FIRN_ICEBERG_IMAGE_PACK_H
#define FIRN_ICEBERG_IMAGE_PACK_H

#include "base/buf.h"
#include "iceberg/scan/manifest_image.h"

/* Both append the data to packed and fill in what the column is beyond its kind and form, texts
 * their form, too. Where the data is in packed is the caller's to note before. */
FIRN_MUST_CHECK firn_status firn_image_pack_numbers(const int64_t *numbers, size_t n,
                                                    firn_buf *packed, firn_image_column *out,
                                                    firn_error *err);
/* Texts one after another in bytes, each from its start to the next; FIRN_IMAGE_ABSENT in the start
 * of one that is not there. The bytes may move. */
FIRN_MUST_CHECK firn_status firn_image_pack_texts(firn_buf *bytes, const uint32_t *starts, size_t n,
                                                  firn_buf *packed, firn_image_column *out,
                                                  firn_error *err);

#endif
