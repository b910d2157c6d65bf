/* SPDX-License-Identifier: Apache-2.0 */
/* Named points where a test kills the program or makes a step fail.
 * Form: "name=action[@n];name=action", action: kill (SIGKILL self), error (FIRN_ERR_IO), nospace,
 * sleep:MS, @n: only at the n-th hit (from 1). The command line takes it from FIRN_FAILPOINTS.
 * Names are "room.operation.step", e.g. "catalog.commit.before_swap"; the list of all names is
 * src/base/failpoint_names.h, and reaching an unlisted name is an assertion failure. */
#ifndef FIRN_BASE_FAILPOINT_H
#define FIRN_BASE_FAILPOINT_H

#include "firn/base.h"

typedef struct firn_failpoints firn_failpoints;

/* Empty spec: *out = NULL, which every function accepts and which costs nothing. */
FIRN_MUST_CHECK firn_status firn_failpoints_create(firn_str spec, firn_failpoints **out,
                                                   firn_error *err);
void firn_failpoints_destroy(firn_failpoints *fps);
FIRN_MUST_CHECK firn_status firn_failpoint_hit(firn_failpoints *fps, const char *name,
                                               firn_error *err);
/* All names known to the program, NULL-terminated. */
const char *const *firn_failpoint_names(void);

#endif
