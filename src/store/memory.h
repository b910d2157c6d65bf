/* SPDX-License-Identifier: Apache-2.0 */
/* In-memory driver for "memory://..." locations: tests, and tables that need not last. */
#ifndef FIRN_STORE_MEMORY_H
#define FIRN_STORE_MEMORY_H

#include "base/env.h"
#include "firn/ext/store.h"

FIRN_MUST_CHECK firn_status firn_store_add_memory(firn_store *store, firn_env *env,
                                                  firn_error *err);

#endif
