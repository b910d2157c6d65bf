/* SPDX-License-Identifier: Apache-2.0 */
/* Local folder driver: plain absolute paths, file:/p and file:///p. Writes go to a temporary name
 * in the target folder, are fsynced, linked to the final name (fails if taken), and the folder is
 * fsynced. */
#ifndef FIRN_STORE_LOCAL_H
#define FIRN_STORE_LOCAL_H

#include "base/env.h"
#include "firn/ext/store.h"

FIRN_MUST_CHECK firn_status firn_store_add_local(firn_store *store, firn_env *env, firn_error *err);
/* The path part of a local location; false for another scheme. */
bool firn_local_path(firn_str location, firn_str *path_out);

#endif
