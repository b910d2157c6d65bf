/* SPDX-License-Identifier: Apache-2.0 */
/* What schema changes share: finding columns in a draft, putting changed ones back, and the rules
 * for new fields and defaults. The changes themselves are schema_update.c, schema_promote.c,
 * schema_require.c and schema_union.c. */
#ifndef FIRN_ICEBERG_SCHEMA_EDIT_H
#define FIRN_ICEBERG_SCHEMA_EDIT_H

#include "iceberg/txn/schema_tree.h"
#include "iceberg/txn/txn_internal.h"

FIRN_MUST_CHECK firn_status firn_draft__need_column(const firn_schema *schema, firn_str path,
                                                    const firn_field **out, firn_error *err);
/* A column that has a name and place of its own, unlike "element", "key" and "value". */
FIRN_MUST_CHECK firn_status firn_draft__need_struct_field(const firn_schema *schema, firn_str path,
                                                          const firn_field **out,
                                                          const firn_type **parent_out,
                                                          firn_error *err);
bool firn_schema__is_identifier(const firn_schema *schema, int32_t id);
/* The format version when the actions so far have landed. */
int32_t firn_draft__version(const firn_txn_draft *draft);

FIRN_MUST_CHECK firn_status firn_draft__edit(firn_txn_draft *draft, const firn_tree_edit *edit,
                                             firn_error *err);
/* The field with this id becomes *field. */
FIRN_MUST_CHECK firn_status firn_draft__set_field(firn_txn_draft *draft, const firn_field *field,
                                                  firn_error *err);
/* An action on one column with at most a text. */
FIRN_MUST_CHECK firn_status firn_txn__act_on_column(firn_txn *txn, firn_action_fn apply,
                                                    firn_str path, firn_str text, firn_error *err);

/* The value as one of the column's type; refused below format version 3 and where the type has no
 * defaults. */
FIRN_MUST_CHECK firn_status firn_draft__check_default(const firn_txn_draft *draft, firn_str path,
                                                      const firn_type *type,
                                                      const firn_value *value, firn_value *out,
                                                      firn_error *err);
/* Types and defaults that the table's version has; settles the defaults of the field. */
FIRN_MUST_CHECK firn_status firn_draft__check_new_field(const firn_txn_draft *draft,
                                                        firn_field *field, firn_error *err);
/* Ids for the field and all below it. */
FIRN_MUST_CHECK firn_status firn_draft__number_field(firn_txn_draft *draft, firn_field *field,
                                                     firn_error *err);

/* True if the specification lets from become to. */
bool firn_type__is_promotion(const firn_type *from, const firn_type *to, int32_t format_version);
/* The field gets the type, or the reason why it cannot; path is for messages. */
FIRN_MUST_CHECK firn_status firn_draft__promote(firn_txn_draft *draft, const firn_field *field,
                                                firn_str path, const firn_type *type,
                                                firn_error *err);

#endif
