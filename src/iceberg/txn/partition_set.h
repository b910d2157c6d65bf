/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of partitions, by spec and values: a map whose keys are firn_partition_key()s. */
#ifndef FIRN_ICEBERG_PARTITION_SET_H
#define FIRN_ICEBERG_PARTITION_SET_H

#include "base/map.h"
#include "iceberg/spec/manifest.h"

/* The file's partition; keys are copied to the map's arena. */
FIRN_MUST_CHECK firn_status firn_partition_set__add(firn_map *set, const firn_data_file *file,
                                                    firn_error *err);
FIRN_MUST_CHECK firn_status firn_partition_set__has(const firn_map *set, const firn_data_file *file,
                                                    bool *out, firn_error *err);

#endif
