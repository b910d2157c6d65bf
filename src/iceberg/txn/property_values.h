/* SPDX-License-Identifier: Apache-2.0 */
/* Which values table properties may be given. What is in a table already is read leniently: others
 * write there, too. Internal to this folder. */
#ifndef FIRN_ICEBERG_PROPERTY_VALUES_H
#define FIRN_ICEBERG_PROPERTY_VALUES_H

#include "firn/metadata.h"

/* FIRN_ERR_ARG for a value that Iceberg's documentation gives the property no meaning for.
 * Properties that are not known may have any. */
FIRN_MUST_CHECK firn_status firn_property_check(const firn_property *item, firn_error *err);

#endif
