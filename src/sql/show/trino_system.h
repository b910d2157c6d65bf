/* SPDX-License-Identifier: Apache-2.0 */
/* Trino's tables about tables: information_schema of a catalog, and the catalog "system" with its
 * schemas metadata, jdbc and runtime. Each is a query over the rows of information_schema.h.
 *
 * Source: Trino's documentation, "System connector", and its information schema. */
#ifndef FIRN_SQL_TRINO_SYSTEM_H
#define FIRN_SQL_TRINO_SYSTEM_H

#include "sql/engine/engine.h"
#include "sql/session/session_state.h"

/* Does the name mean one of them in Trino's dialect, whether it is there or not:
 * "information_schema.x", "cat.information_schema.x", "system.schema.x". */
bool firn_trino_is_system(const firn_session *session, const firn_str *parts, size_t n_parts);
/* FIRN_ERR_NOT_FOUND (without a message): none of that name. current: the catalog of names without
 * one. */
FIRN_MUST_CHECK firn_status firn_trino_claim_system(firn_session *session, firn_catalog *current,
                                                    const firn_sql_name *name,
                                                    firn_engine_claim *out, firn_error *err);
/* Names of the tables of one of the schemas; NULL behind the last. */
const char *firn_trino_system_table(firn_str schema, size_t i);

#endif
