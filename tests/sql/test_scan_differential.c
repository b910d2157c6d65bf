/* SPDX-License-Identifier: Apache-2.0 */
/* Random nested queries over an Iceberg table and over a native copy must agree. The engine's
 * optimizer moves filters through joins, unions and common table expressions; a filter kept with
 * the wrong scan shows here and nowhere else. */
#include "sql_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/str.h"

#define ROWS    5000
#define QUERIES 60
#define DEPTH   3

typedef struct text {
    char bytes[16384];
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

static void put_predicate(text *t, firn_prng *r, const char *a)
{
    static const char *const k_regions[] = {"eu", "us", "apac"};
    switch (below(r, 9)) {
    case 0: put(t, "%s.id < %d", a, 5 + below(r, 400)); break;
    case 1: put(t, "%s.id >= %d", a, 4600 + below(r, 390)); break;
    case 2: put(t, "%s.id = %d", a, below(r, 100)); break;
    case 3: put(t, "%s.region = '%s'", a, k_regions[below(r, 3)]); break;
    case 4: put(t, "%s.amount > %d and %s.id < 300", a, below(r, 900), a); break;
    case 5: put(t, "%s.id between 10 and %d", a, 11 + below(r, 50)); break;
    case 6: put(t, "%s.id in (1, %d, 7)", a, below(r, 50)); break;
    case 7: put(t, "(%s.region is null or %s.id > %d)", a, a, 4900 + below(r, 99)); break;
    default: put(t, "(%s.region like 'a%%' and not %s.id > %d)", a, a, below(r, 700)); break;
    }
}

/* TABLE stands for the table; columns are id, region, amount. */
static void put_relation(text *t, firn_prng *r, int depth)
{
    static const char *const k_materialized[] = {"", "not materialized", "materialized"};
    const int kind = depth > 0 ? below(r, 8) : 0;
    switch (kind) {
    case 1:
        put(t, "select a.id, b.region, a.amount from (");
        put_relation(t, r, depth - 1);
        put(t, ") a join (");
        put_relation(t, r, depth - 1);
        put(t, ") b on a.id = b.id");
        return;
    case 2:
        put(t, "select * from (");
        put_relation(t, r, depth - 1);
        put(t, ") u union all select * from (");
        put_relation(t, r, depth - 1);
        put(t, ") v");
        return;
    case 3:
        put(t, "select max(id) id, region, sum((amount * 100)::bigint) amount from (");
        put_relation(t, r, depth - 1);
        put(t, ") g group by region");
        return;
    case 4:
        put(t, "with c as %s (", k_materialized[below(r, 3)]);
        put_relation(t, r, depth - 1);
        put(t, ") select c1.id, c2.region, c1.amount from c c1 join c c2 on c1.id = c2.id where ");
        put_predicate(t, r, below(r, 2) ? "c1" : "c2");
        return;
    case 5:
        put(t, "select id, region, amount from (");
        put_relation(t, r, depth - 1);
        put(t, ") s where s.id in (select id from (");
        put_relation(t, r, depth - 1);
        put(t, ") q) and ");
        put_predicate(t, r, "s");
        return;
    case 6:
        put(t, "select id, region, amount from (");
        put_relation(t, r, depth - 1);
        put(t, ") s left join (select id id2, count(*) c from (");
        put_relation(t, r, depth - 1);
        put(t, ") w group by 1) z on s.id = z.id2 where coalesce(c, 0) >= 0");
        return;
    case 7:
        put(t, "select * from (");
        put_relation(t, r, depth - 1);
        put(t, ") o order by id limit 1000000");
        return;
    default:
        put(t, "select id, region, amount from TABLE x where ");
        put_predicate(t, r, "x");
        return;
    }
}

static void put_on(text *out, const text *query, const char *table)
{
    const char *at = query->bytes;
    const char *found;
    while ((found = strstr(at, "TABLE"))) {
        put(out, "%.*s%s", (int)(found - at), at, table);
        at = found + strlen("TABLE");
    }
    put(out, "%s", at);
}

static void expect_same(sql_fixture *f, const text *query)
{
    static text sql;
    firn_error err = {0};
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    sql.len = 0;
    put(&sql, "select (select list(z order by z::varchar) from (");
    put_on(&sql, query, "lake.\"default\".d");
    put(&sql, ") z) is not distinct from (select list(z order by z::varchar) from (");
    put_on(&sql, query, "native");
    put(&sql, ") z)");
    firn_status st =
        firn_session_execute(f->session, (firn_str){sql.bytes, sql.len}, &result, &err);
    if (st == FIRN_OK) st = firn_result_next(result, &batch, &err);
    if (st != FIRN_OK) fail_msg("%s: %s", err.message, query->bytes);
    if (!firn_column_get(&batch->columns[0], 0).as.boolean) fail_msg("differs: %s", query->bytes);
    firn_result_close(result);
}

static void test_random_queries_agree_with_a_native_copy(void **state)
{
    sql_fixture *f = *state;
    static text query;
    firn_prng r;
    const char *seed = getenv("FIRN_TEST_SEED");
    const char *count = getenv("FIRN_TEST_COUNT");
    static const char k_rows[] =
        "select r::bigint, case when r % 7 = 0 then null else ['eu', 'us', 'apac', 'latam'][1 + "
        "r % 4] end, (r * 2654435761 % 100000)::double / 100 from range(%d, %d) t(r)";
    sql_make_table(f, "default", "d", "id bigint, region varchar, amount double", "region");
    for (int i = 0; i < 4; i++) {
        char sql[512];
        char rows[64];
        (void)snprintf(rows, sizeof rows, "range(%d, %d)", i * ROWS / 4, (i + 1) * ROWS / 4);
        (void)snprintf(sql, sizeof sql, "%.*s%s t(r)", (int)(strstr(k_rows, "range(%d") - k_rows),
                       k_rows, rows);
        (void)sql_append(f, "default", "d", sql);
    }
    sql_run(f, "create temp table native as select * from d");
    firn_prng_init(&r, seed ? strtoull(seed, NULL, 10) : 1);
    const int n = count ? atoi(count) : QUERIES;
    for (int i = 0; i < n; i++) {
        query.len = 0;
        put_relation(&query, &r, DEPTH);
        expect_same(f, &query);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_queries_agree_with_a_native_copy),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
