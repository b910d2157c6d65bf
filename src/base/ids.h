/* SPDX-License-Identifier: Apache-2.0 */
/* Ascending arrays of ids: fields are int32_t, snapshots int64_t. */
#ifndef FIRN_BASE_IDS_H
#define FIRN_BASE_IDS_H

#include "firn/base.h"

void firn_ids_sort(int32_t *ids, size_t n);
/* ids: ascending. */
bool firn_ids_have(const int32_t *ids, size_t n, int32_t id);

void firn_ids_sort_i64(int64_t *ids, size_t n);
bool firn_ids_have_i64(const int64_t *ids, size_t n, int64_t id);

#endif
