/* SPDX-License-Identifier: Apache-2.0 */
/* Partition values of a data file against the bounds of its columns. Part of table_doctor.h. */
#ifndef FIRN_ICEBERG_DOCTOR_PARTITION_H
#define FIRN_ICEBERG_DOCTOR_PARTITION_H

#include "iceberg/check/live_files.h"

/* The first partition field whose value no row between the bounds can have; NULL: none. Says
 * nothing of columns with text or bytes, whose bounds may be cut, and of buckets of several
 * values. */
const firn_partition_field *firn_doctor_wrong_partition(const firn_table_metadata *metadata,
                                                        const firn_live_file *file,
                                                        firn_arena *scratch);

/* True when a row's transformed value may stand in a file of the partition value want. */
bool firn_doctor_same_partition(const firn_transform *transform, const firn_value *value,
                                const firn_value *want);

#endif
