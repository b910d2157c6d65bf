/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as SQL: tokens cover the text, a rewrite keeps what it does not change and maps
 * positions back into the statement, types parse or fail. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"
#include "firn/session.h"
#include "sql/resolve/query_rewrite.h"
#include "sql/session/sql_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition) abort();
}

static void check_tokens(firn_str sql)
{
    firn_lexer lexer = firn_lexer_of(sql);
    size_t at = 0;
    for (;;) {
        const firn_token token = firn_lexer_next(&lexer);
        if (token.kind == FIRN_TOKEN_END) break;
        check(token.text.len > 0 && token.offset >= at);
        at = token.offset + token.text.len;
        check(at <= sql.len);
    }
    check(firn_sql_statement_length(sql) <= sql.len);
}

static bool is_table(const void *ctx, const firn_table_ref *ref)
{
    (void)ctx;
    return ref->n_parts < 3;
}

static void check_joins(const firn_join_text *joins, size_t n_refs)
{
    for (size_t i = 0; i < joins->n_pairs; i++) {
        for (int k = 0; k < 2; k++) {
            const firn_join_column *column = &joins->pairs[i].columns[k];
            check(column->block < joins->n_blocks && column->name.data);
            check(column->first <= column->end);
            check(column->end <= joins->blocks[column->block].n_items);
        }
    }
    for (size_t i = 0; i < joins->n_blocks; i++) {
        const firn_join_block *block = &joins->blocks[i];
        check(block->parent == FIRN_JOIN_NONE || block->parent < i);
        for (size_t k = 0; k < block->n_items; k++)
            check(block->items[k].ref == FIRN_JOIN_NONE || block->items[k].ref < n_refs);
    }
}

static void check_rewrite(firn_str sql, bool tag_all, firn_arena *arena)
{
    const firn_rewrite_opts opts = {
        .key = FIRN_STR("0123456789abcdef"), .tag_all = tag_all, .is_table = is_table};
    firn_rewrite out;
    firn_error err;
    if (firn_query_rewrite(sql, &opts, arena, &out, &err) != FIRN_OK) {
        check(err.position <= sql.len);
        return;
    }
    for (size_t i = 0; i <= out.sql.len; i++) check(firn_rewrite_position(&out, i) <= sql.len);
    for (size_t i = 0; i < out.n_refs; i++) {
        check(out.refs[i].n_parts > 0 && out.refs[i].offset + out.refs[i].length <= sql.len);
    }
    check_joins(&out.joins, out.n_refs);
}

static void check_type(firn_str sql, firn_arena *arena)
{
    firn_lexer lexer = firn_lexer_of(sql);
    firn_type type;
    firn_error err;
    int32_t next_id = 1;
    const firn_status st = firn_sql_type_parse(&lexer, &next_id, arena, &type, &err);
    check(st == FIRN_OK || (st == FIRN_ERR_ARG && err.position <= sql.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const firn_str sql = {(const char *)data, size};
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena || size > 4096) {
        firn_arena_destroy(arena);
        return 0;
    }
    check_tokens(sql);
    check_rewrite(sql, false, arena);
    check_rewrite(sql, true, arena);
    check_type(sql, arena);
    firn_arena_destroy(arena);
    return 0;
}
