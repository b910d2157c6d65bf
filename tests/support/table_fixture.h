/* SPDX-License-Identifier: Apache-2.0 */
/* One of the tables in tests/data/tables (see make_tables.py), opened for reading. */
#ifndef FIRN_TABLE_FIXTURE_H
#define FIRN_TABLE_FIXTURE_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/ext/store.h"
#include "firn/metadata.h"

#define FIRN_FIXTURE_PREFIX "s3://firn-tables/"

typedef struct firn_table_fixture {
    firn_env *env;
    firn_store *local;
    firn_store *store; /* the fixture's locations, in local */
    firn_arena *arena;
    const firn_table_metadata *metadata;
} firn_table_fixture;

/* Fails the test if the table cannot be loaded. */
void firn_table_fixture_open(firn_table_fixture *fixture, const char *table, int32_t n_threads);
void firn_table_fixture_close(firn_table_fixture *fixture);

#endif
