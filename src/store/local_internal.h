/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the local folder driver only. ctx of every slot is the firn_env. */
#ifndef FIRN_STORE_LOCAL_INTERNAL_H
#define FIRN_STORE_LOCAL_INTERNAL_H

#include <sys/stat.h>

#include "base/limits.h"
#include "firn/ext/store.h"

#define FIRN_LOCAL_PATH_SIZE (FIRN_LIMIT_PATH + 1)
/* Names of unfinished objects begin so; listings leave them out. */
#define FIRN_LOCAL_TEMP_PREFIX ".firn-tmp-"

/* NUL-terminated path of a location that firn_local_path() accepts. */
firn_status firn_local__cpath(firn_str location, char out[FIRN_LOCAL_PATH_SIZE], firn_error *err);
int64_t firn_local__modified_us(const struct stat *info);

firn_status firn_local__create(void *ctx, firn_str location, void **writer_out, firn_error *err);
firn_status firn_local__write(void *ctx, void *opened, const void *data, size_t n, firn_error *err);
firn_status firn_local__finish(void *ctx, void *opened, firn_error *err);
firn_status firn_local__finish_content(void *ctx, void *const *opened, size_t n, firn_error *err);
firn_status firn_local__sync_names(void *ctx, const firn_str *locations, size_t n, firn_error *err);
void firn_local__make_scratch(void *ctx, void *opened);
void firn_local__abandon(void *ctx, void *opened);
firn_status firn_local__list(void *ctx, firn_str prefix, firn_store_list_fn fn, void *fn_ctx,
                             firn_error *err);

#endif
