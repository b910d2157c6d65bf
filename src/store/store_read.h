/* SPDX-License-Identifier: Apache-2.0 */
/* Whole-object reads with a limit. */
#ifndef FIRN_STORE_READ_H
#define FIRN_STORE_READ_H

#include "base/arena.h"
#include "firn/ext/store.h"

/* All bytes of an object into the arena; FIRN_ERR_LIMIT when larger than max_bytes. */
FIRN_MUST_CHECK firn_status firn_store_read_all(firn_store *store, firn_str path, size_t max_bytes,
                                                firn_arena *arena, firn_str *out, firn_error *err);

#endif
