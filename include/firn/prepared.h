/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/prepared.h
 * @brief Statements with parameters: prepare once, bind values, execute again and again.
 *
 * Parameters are "?" (numbered as they come), "$1" or "?1", and ":name" or "$name"; one statement
 * uses one of the three kinds. They may stand wherever a literal may, in queries, INSERT, UPDATE,
 * DELETE, MERGE and CALL, and behind VERSION AS OF and TIMESTAMP AS OF. A value is never read as
 * SQL. Tables are looked up and the statement is planned at each execution, with the values known
 * to the filters.
 *
 * Ownership:  prepare/close; close before the session.
 * Threads:    as the session.
 */
#ifndef FIRN_PREPARED_H
#define FIRN_PREPARED_H

#include "firn/session.h"
#include "firn/types.h"

FIRN_BEGIN_DECLS

typedef struct firn_prepared firn_prepared;

/**
 * @brief Prepare one statement, in the dialect that the session has now. @p sql is copied.
 *
 * @retval FIRN_ERR_ARG  No statement, several, or parameters of several kinds; err->position is the
 *                       byte offset in @p sql.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_session_prepare(firn_session *session, firn_str sql,
                                                          firn_prepared **out, firn_error *err);
FIRN_API void firn_prepared_close(firn_prepared *prepared);
/** @brief How many values the statement needs. */
FIRN_API size_t firn_prepared_n_parameters(const firn_prepared *prepared);
/** @brief Name of a parameter, counted from 0; empty: it goes by its number. Borrowed. */
FIRN_API firn_str firn_prepared_parameter_name(const firn_prepared *prepared, size_t parameter);
/** @brief Number, from 0, of the parameter of this name. @retval FIRN_ERR_NOT_FOUND */
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_find(const firn_prepared *prepared,
                                                        firn_str name, size_t *out,
                                                        firn_error *err);

/**
 * @brief Give a parameter (from 0) a value of a primitive type, which stays until another is given.
 * @p value is copied; null with the type is a typed null.
 *
 * @retval FIRN_ERR_ARG          No such parameter, or the value is not of the type.
 * @retval FIRN_ERR_UNSUPPORTED  Types of which SQL has no literals here: variant, geometry.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_bind(firn_prepared *prepared, size_t parameter,
                                                        const firn_type *type,
                                                        const firn_value *value, firn_error *err);
/** @brief NULL without a type. */
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_bind_null(firn_prepared *prepared,
                                                             size_t parameter, firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_bind_boolean(firn_prepared *prepared,
                                                                size_t parameter, bool value,
                                                                firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_bind_long(firn_prepared *prepared,
                                                             size_t parameter, int64_t value,
                                                             firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_bind_double(firn_prepared *prepared,
                                                               size_t parameter, double value,
                                                               firn_error *err);
/** @brief UTF-8. */
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_bind_string(firn_prepared *prepared,
                                                               size_t parameter, firn_str value,
                                                               firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_bind_binary(firn_prepared *prepared,
                                                               size_t parameter, firn_str value,
                                                               firn_error *err);
/** @brief Forget all values. */
FIRN_API void firn_prepared_clear(firn_prepared *prepared);

/**
 * @brief Run the statement with its values, as firn_session_execute() would.
 *
 * Positions of errors are those of the prepared text.
 *
 * @retval FIRN_ERR_ARG  A parameter has no value, too.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_prepared_execute(firn_prepared *prepared,
                                                           firn_result **out, firn_error *err);

FIRN_END_DECLS

#endif
