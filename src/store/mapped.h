/* SPDX-License-Identifier: Apache-2.0 */
/* A store in front of another: locations that begin with one prefix are looked up under another.
 * For tables whose metadata name the place where they were written, not the one they are at. */
#ifndef FIRN_STORE_MAPPED_H
#define FIRN_STORE_MAPPED_H

#include "firn/ext/store.h"

typedef struct firn_path_mapping {
    firn_str from, to; /* texts; from is not empty */
} firn_path_mapping;

/* Every location goes to inner, with the longest `from` that it begins with replaced by its `to`.
 * What inner lists is given back under the names that were asked for. Texts are copied; inner
 * outlives the store. FIRN_ERR_ARG: an empty from. */
FIRN_MUST_CHECK firn_status firn_store_create_mapped(firn_store *inner,
                                                     const firn_path_mapping *mappings, size_t n,
                                                     firn_store **out, firn_error *err);

#endif
