/* SPDX-License-Identifier: Apache-2.0 */
/* Every failpoint of the program, one a line, sorted. Included by failpoint.c inside the
 * initialiser of its table, so it has no include guard. */
/* clang-format off */
"catalog.commit.after_metadata",
"catalog.commit.after_swap",
"catalog.commit.before_metadata",
"catalog.commit.before_swap",
"catalog.commit.reread",
"catalog.commit.sql_commit",
"pipeline.load.after_commit",
"pipeline.load.before_commit",
"pipeline.model.after_commit",
"pipeline.model.before_commit",
"store.put.after_link",
"store.put.before_link",
"store.put.before_sync",
"txn.commit.after_catalog",
"txn.commit.after_manifests",
"txn.commit.before_catalog",
"txn.commit.before_manifests",
"txn.commit.reread",
"writer.file.after_finish",
"writer.file.before_finish",
