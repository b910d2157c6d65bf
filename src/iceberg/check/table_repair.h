/* SPDX-License-Identifier: Apache-2.0 */
/* Mends what the doctor found, as far as nothing can get lost by it: manifest entries and counts,
 * dangling deletes, totals, statistics entries. All in one commit, which fails when the table has
 * moved on since it was looked at; no data file is touched, none is removed. */
#ifndef FIRN_ICEBERG_TABLE_REPAIR_H
#define FIRN_ICEBERG_TABLE_REPAIR_H

#include "firn/table.h"
#include "iceberg/check/table_doctor.h"

/* How many findings of the report a repair would mend. */
size_t firn_repair_count(const firn_doctor_report *report);
/* report: of the table's metadata as the handle shows them. Nothing is done when there is nothing
 * to mend. FIRN_ERR_CONFLICT: the table has changed since. */
FIRN_MUST_CHECK firn_status firn_table_repair(firn_table *table, const firn_doctor_report *report,
                                              firn_error *err);

#endif
