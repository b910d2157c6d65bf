/* SPDX-License-Identifier: Apache-2.0 */
/* A variant is one view, its metadata's bytes followed by its value's. Here the two are told apart.
 * Not here: what is in the value. */
#ifndef FIRN_FORMAT_VARIANT_SPLIT_H
#define FIRN_FORMAT_VARIANT_SPLIT_H

#include "firn/base.h"

/* The metadata says itself how long it is (VariantEncoding, "Metadata encoding"). FIRN_ERR_ARG when
 * it is malformed or no value follows. */
FIRN_MUST_CHECK firn_status firn_variant_split(firn_str variant, firn_str *metadata,
                                               firn_str *value, firn_error *err);

#endif
