/* SPDX-License-Identifier: Apache-2.0 */
/* Orders in an Iceberg table from C: open a home, create a table and insert with SQL, append a
 * batch without SQL, query.
 *
 *     make && ./orders my-home */
#include <firn/firn.h>
#include <inttypes.h>
#include <stdio.h>

/* One statement; rows are of no interest. */
static firn_status run(firn_session *session, const char *sql, firn_error *err)
{
    firn_result *result = NULL;
    FIRN_TRY(firn_session_execute(session, (firn_str){sql, strlen(sql)}, &result, err));
    const firn_str tag = firn_result_tag(result);
    const int64_t n = firn_result_rows_changed(result);
    if (n >= 0)
        printf("%.*s: %" PRId64 " rows\n", FIRN_STR_ARG(tag), n);
    else
        printf("%.*s\n", FIRN_STR_ARG(tag));
    firn_result_close(result);
    return FIRN_OK;
}

/* Three orders, of 1, 2 and 3 pieces, as columns of a batch. */
static firn_status fill(firn_batch *batch, firn_error *err)
{
    static const firn_str customers[] = {FIRN_STR_INIT("ada"), FIRN_STR_INIT("grace"),
                                         FIRN_STR_INIT("somebody with a long name")};
    int64_t *ids = batch->columns[0].values;
    firn_view *names = batch->columns[1].values;
    int32_t *pieces = batch->columns[2].values;
    for (int i = 0; i < 3; i++) {
        ids[i] = 100 + i;
        pieces[i] = i + 1;
        FIRN_TRY(firn_column_copy_bytes(&batch->columns[1], customers[i], &names[i], err));
    }
    firn_column_set_null(&batch->columns[2], 2); /* how many pieces is not known */
    for (size_t c = 0; c < batch->n_columns; c++) batch->columns[c].n_values = 3;
    batch->n_rows = 3;
    return FIRN_OK;
}

static firn_status append_to(firn_table *table, firn_error *err)
{
    firn_batch *batch = NULL;
    firn_append *append = NULL;
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(table));
    firn_status st = firn_batch_create(&schema->root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = fill(batch, err);
    if (st == FIRN_OK) st = firn_append_begin(table, &append, err);
    if (st == FIRN_OK) st = firn_append_rows(append, batch, err); /* as often as there are rows */
    if (st == FIRN_OK) st = firn_append_commit(append, err);
    firn_append_close(append);
    firn_batch_destroy(batch);
    return st;
}

static firn_status append(firn_home *home, firn_error *err)
{
    const firn_str level = FIRN_STR("default");
    const firn_ident ident = {.levels = &level, .n_levels = 1, .name = FIRN_STR("orders")};
    firn_table *table = NULL;
    FIRN_TRY(firn_table_open(firn_home_env(home), firn_home_store(home), firn_home_catalog(home),
                             &ident, &table, err));
    const firn_status st = append_to(table, err);
    firn_table_close(table);
    return st;
}

static firn_status query(firn_session *session, firn_error *err)
{
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    FIRN_TRY(firn_session_execute(
        session, FIRN_STR("SELECT id, customer, pieces FROM orders ORDER BY id"), &result, err));
    firn_status st;
    while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        const int64_t *ids = batch->columns[0].values;
        const firn_view *names = batch->columns[1].values;
        const int32_t *pieces = batch->columns[2].values;
        for (int64_t i = 0; i < batch->n_rows; i++) {
            const firn_str name = firn_view_str(&names[i]);
            printf("%" PRId64 " %.*s ", ids[i], FIRN_STR_ARG(name));
            if (firn_column_is_valid(&batch->columns[2], i))
                printf("%" PRId32 "\n", pieces[i]);
            else
                printf("unknown\n");
        }
    }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status work(firn_home *home, firn_session *session, firn_error *err)
{
    FIRN_TRY(run(session,
                 "CREATE TABLE IF NOT EXISTS orders (id BIGINT, customer VARCHAR, "
                 "pieces INT) PARTITIONED BY (bucket(4, id))",
                 err));
    FIRN_TRY(run(session, "INSERT INTO orders VALUES (1, 'alan', 7), (2, 'edsger', 5)", err));
    FIRN_TRY(append(home, err));
    return query(session, err);
}

int main(int argc, char **argv)
{
    firn_error err = {0};
    firn_home *home = NULL;
    firn_session *session = NULL;
    const char *path = argc > 1 ? argv[1] : "orders-home";

    firn_status st =
        firn_home_create(FIRN_HOME_OPTS(.path = {path, strlen(path)}), NULL, &home, &err);
    if (st == FIRN_OK) {
        firn_catalog *const catalogs[] = {firn_home_catalog(home)};
        st = firn_session_open(firn_home_env(home), firn_home_store(home),
                               FIRN_SESSION_OPTS(.catalogs = catalogs, .n_catalogs = 1), &session,
                               &err);
    }
    if (st == FIRN_OK) st = work(home, session, &err);
    if (st != FIRN_OK) {
        fprintf(stderr, "error: %s\n", err.message);
        if (err.hint[0]) fprintf(stderr, "hint: %s\n", err.hint);
    }
    firn_session_close(session);
    firn_home_close(home);
    return st == FIRN_OK ? 0 : 1;
}
