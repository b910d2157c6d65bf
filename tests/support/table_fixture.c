/* SPDX-License-Identifier: Apache-2.0 */
#include "table_fixture.h"

#include <stdio.h>

#include "base/str.h"
#include "corpus.h"
#include "firn_test.h"
#include "iceberg/spec/metadata_json.h"
#include "store/local.h"
#include "store/mapped.h"
#include "store/store_read.h"

void firn_table_fixture_open(firn_table_fixture *fixture, const char *table, int32_t n_threads)
{
    firn_error err = {0};
    firn_str bytes;
    char location[256];
    firn_path_mapping mapping = {.from = firn_str_of(FIRN_FIXTURE_PREFIX)};
    *fixture = (firn_table_fixture){.arena = firn_arena_create(NULL, 0)};
    assert_non_null(fixture->arena);
    const char *folder = corpus_data_path(fixture->arena, "tables");
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = n_threads), &fixture->env, &err), &err);
    assert_ok(firn_store_create(&fixture->local, &err), &err);
    assert_ok(firn_store_add_local(fixture->local, fixture->env, &err), &err);
    mapping.to = firn_arena_printf(fixture->arena, "%s/", folder);
    assert_ok(firn_store_create_mapped(fixture->local, &mapping, 1, &fixture->store, &err), &err);
    snprintf(location, sizeof location, FIRN_FIXTURE_PREFIX "%s/metadata/current.json", table);
    assert_ok(firn_store_read_all(fixture->store, firn_str_of(location), (size_t)1 << 20,
                                  fixture->arena, &bytes, &err),
              &err);
    assert_ok(firn_metadata_parse(bytes, fixture->arena, &fixture->metadata, &err), &err);
}

void firn_table_fixture_close(firn_table_fixture *fixture)
{
    firn_arena_destroy(fixture->arena);
    firn_store_destroy(fixture->store);
    firn_store_destroy(fixture->local);
    firn_env_destroy(fixture->env);
}
