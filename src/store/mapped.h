/* SPDX-License-Identifier: Apache-2.0 */
/* A store driver that serves locations with a prefix from a local folder: tables whose metadata
 * hold the absolute locations of the machine that wrote them. Tests and "firn cat --table --map".
 */
#ifndef FIRN_STORE_MAPPED_H
#define FIRN_STORE_MAPPED_H

#include "base/env.h"
#include "firn/ext/store.h"

/* "<prefix><rest>" becomes "<folder>/<rest>", for reading and writing. Both texts are copied. Add
 * it before the local driver when the prefix is one that driver would take. */
FIRN_MUST_CHECK firn_status firn_store_add_mapped(firn_store *store, firn_env *env,
                                                  const char *prefix, const char *folder,
                                                  firn_error *err);

#endif
