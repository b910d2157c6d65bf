/* SPDX-License-Identifier: Apache-2.0 */
/* Random sequences of INSERT, UPDATE, DELETE and MERGE on an Iceberg table and on a native table of
 * the engine must leave the same rows. */
#include "sql_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/str.h"

#define STATEMENTS 12

typedef struct text {
    char bytes[8192];
    size_t len;
} text;

static void put(text *t, const char *fmt, ...) FIRN_PRINTF(2, 3);
static void put(text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(t->bytes + t->len, sizeof t->bytes - t->len, fmt, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof t->bytes - t->len);
    t->len += (size_t)n;
}

static int below(firn_prng *r, int bound)
{
    return (int)firn_prng_below(r, (uint64_t)bound);
}

/* On columns of t: some that Iceberg understands, some that only the engine does. */
static void put_condition(text *s, firn_prng *r)
{
    static const char *const k_groups[] = {"a", "b", "c", "d"};
    switch (below(r, 12)) {
    case 0: put(s, "t.id < %d", below(r, 200)); break;
    case 1: put(s, "t.id between %d and %d", below(r, 100), 100 + below(r, 100)); break;
    case 2: put(s, "t.g = '%s'", k_groups[below(r, 4)]); break;
    case 3: put(s, "t.g is null"); break;
    case 4: put(s, "t.v %% 3 = %d", below(r, 3)); break;
    case 5: put(s, "t.g in ('a', '%s') and t.id > %d", k_groups[below(r, 4)], below(r, 200)); break;
    case 6: put(s, "not (t.id > %d or t.g = 'b')", below(r, 200)); break;
    case 7: put(s, "t.d >= date '2024-01-%02d'", 1 + below(r, 28)); break;
    case 8: put(s, "t.id = (select max(id) from TABLE)"); break;
    case 9: put(s, "t.d < date '2024-01-%02d' or t.g <> 'c'", 1 + below(r, 28)); break;
    case 10: put(s, "t.n > %d.5 and length(t.g) = 1", below(r, 100)); break;
    default: put(s, "t.v is not null and not t.g in ('a', 'c')"); break;
    }
}

static void put_condition_in_parentheses(text *s, firn_prng *r)
{
    put(s, "(");
    put_condition(s, r);
    put(s, ")");
}

/* One row a key. */
static void put_source(text *s, firn_prng *r)
{
    const int n = 1 + below(r, 60);
    put(s,
        "(select ((i * 7 + %d) %% 260)::int as id, case when i %% 9 = 0 then null else chr((97 + i "
        "%% 4)::int) end as g, (i * %d)::int as v, date '2024-01-01' + (i %% 40)::int as d, (i / "
        "4)::decimal(9,2) as n from range(%d) x(i))",
        below(r, 260), 1 + below(r, 5), n);
}

static void put_insert(text *s, firn_prng *r)
{
    if (below(r, 2)) {
        put(s, "insert into TABLE (v, id) values (%d, %d), (null, null)", below(r, 50),
            below(r, 300));
        return;
    }
    put(s, "insert into TABLE select id, g, v, d, n from ");
    put_source(s, r);
    put(s, " q");
}

static void put_update(text *s, firn_prng *r)
{
    if (below(r, 3) == 0) {
        put(s, "update TABLE t set v = s.v + 1, g = coalesce(s.g, 'a') from ");
        put_source(s, r);
        put(s, " s where t.id = s.id and ");
    } else {
        static const char *const k_sets[] = {"v = t.v + 1", "g = 'd', v = null", "n = n * 2",
                                             "d = d + 1, id = id + 1"};
        put(s, "update TABLE as t set %s where ", k_sets[below(r, 4)]);
    }
    put_condition_in_parentheses(s, r);
}

static void put_delete(text *s, firn_prng *r)
{
    if (below(r, 4) == 0) {
        put(s, "delete from TABLE t using ");
        put_source(s, r);
        put(s, " s where t.id = s.id and ");
    } else {
        put(s, "delete from TABLE t where ");
    }
    put_condition_in_parentheses(s, r);
    put(s, " and t.id %% 4 = 1");
}

static void put_merge(text *s, firn_prng *r)
{
    const bool has_insert = below(r, 4) != 0;
    put(s, "merge into TABLE t using ");
    put_source(s, r);
    put(s, " s on t.id = s.id%s", below(r, 3) ? "" : " and t.g = s.g");
    if (below(r, 2)) put(s, " when matched and s.v %% 5 = 0 then delete");
    if (below(r, 3) == 0) put(s, " when matched and t.v > 100 then do nothing");
    const bool has_update = below(r, 3) != 0;
    if (has_update) put(s, " when matched then update set v = s.v, n = t.n + s.n");
    if (has_insert && below(r, 2)) {
        put(s, " when not matched and s.id %% 2 = 0 then insert (id, v) values (s.id, -1)");
    }
    if (has_insert || !has_update) {
        put(s, " when not matched then insert (id, g, v, d, n) values (s.id, s.g, s.v, s.d, s.n)");
    }
    if (below(r, 4) == 0) {
        put(s, " when not matched by source and t.id > 240 then delete");
        if (below(r, 2)) put(s, " when not matched by source then update set v = 0");
    }
}

static void put_statement(text *s, firn_prng *r)
{
    switch (below(r, 6)) {
    case 0: put_insert(s, r); break;
    case 1: put_update(s, r); break;
    case 2: put_delete(s, r); break;
    default: put_merge(s, r); break;
    }
}

static void put_on(text *out, const text *statement, const char *table)
{
    const char *at = statement->bytes;
    const char *found;
    out->len = 0;
    while ((found = strstr(at, "TABLE"))) {
        put(out, "%.*s%s", (int)(found - at), at, table);
        at = found + strlen("TABLE");
    }
    put(out, "%s", at);
}

static firn_status run_on(sql_fixture *f, const text *statement, const char *table, firn_error *err)
{
    static text sql;
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    put_on(&sql, statement, table);
    firn_status st = firn_session_execute(f->session, (firn_str){sql.bytes, sql.len}, &result, err);
    if (st == FIRN_OK && firn_result_columns(result)->n_fields > 0) {
        while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        }
    }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static void expect_same_rows(sql_fixture *f, const char *table, const text *statement)
{
    char sql[256];
    char rows[4096];
    (void)snprintf(sql, sizeof sql, "(from %s except all from n_%s)", table, table);
    if (sql_rows(f, sql, rows, sizeof rows)[0])
        fail_msg("%s\nextra rows %s", statement->bytes, rows);
    (void)snprintf(sql, sizeof sql, "(from n_%s except all from %s)", table, table);
    if (sql_rows(f, sql, rows, sizeof rows)[0])
        fail_msg("%s\nlost rows %s", statement->bytes, rows);
}

static void run_sequence(sql_fixture *f, const char *name, const char *clauses, uint64_t seed)
{
    static text statement;
    char sql[512];
    char native[64];
    firn_prng r;
    const char *count = getenv("FIRN_TEST_COUNT");
    const int n = count ? atoi(count) : STATEMENTS;
    firn_prng_init(&r, seed);
    (void)snprintf(sql, sizeof sql,
                   "create table %s (id int, g varchar, v int, d date, n decimal(9,2)) %s", name,
                   clauses);
    sql_run(f, sql);
    (void)snprintf(native, sizeof native, "n_%s", name);
    (void)snprintf(sql, sizeof sql, "create temp table %s as from %s", native, name);
    sql_run(f, sql);
    for (int i = 0; i < n; i++) {
        firn_error ours = {0};
        firn_error theirs = {0};
        statement.len = 0;
        put_statement(&statement, &r);
        const firn_status mine = run_on(f, &statement, name, &ours);
        const firn_status native_st = run_on(f, &statement, native, &theirs);
        if ((mine == FIRN_OK) != (native_st == FIRN_OK)) {
            fail_msg("%s\nours: %s\nnative: %s", statement.bytes, ours.message, theirs.message);
        }
        expect_same_rows(f, name, &statement);
    }
}

static uint64_t seed_of(uint64_t fallback)
{
    const char *seed = getenv("FIRN_TEST_SEED");
    return seed ? strtoull(seed, NULL, 10) : fallback;
}

static void test_changes_of_a_plain_table_agree_with_a_native_one(void **state)
{
    run_sequence(*state, "plain", "", seed_of(1));
}

static void test_changes_of_a_partitioned_table_agree_with_a_native_one(void **state)
{
    run_sequence(*state, "parted", "partitioned by (g, month(d))", seed_of(2));
}

static void test_changes_of_a_bucketed_table_agree_with_a_native_one(void **state)
{
    run_sequence(*state, "bucketed", "partitioned by (bucket(3, id))", seed_of(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_of_a_plain_table_agree_with_a_native_one),
        cmocka_unit_test(test_changes_of_a_partitioned_table_agree_with_a_native_one),
        cmocka_unit_test(test_changes_of_a_bucketed_table_agree_with_a_native_one),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
