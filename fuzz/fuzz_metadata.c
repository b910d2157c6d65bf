/* SPDX-License-Identifier: Apache-2.0 */
/* Table and view metadata files: what parses must be written and parse again, and to know it
 * already must make no difference. */
#include "base/str.h"
#include "iceberg/spec/metadata_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)256 << 20)

static firn_str format(const firn_table_metadata *metadata, firn_arena *arena)
{
    firn_buf buf;
    firn_str text = {0};
    firn_buf_init(&buf, NULL, ARENA_LIMIT);
    if (firn_metadata_format(metadata, &buf, NULL) == FIRN_OK)
        text = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return text;
}

static void read_known(firn_str text, const firn_table_metadata *known, firn_arena *arena)
{
    const firn_table_metadata *next = NULL;
    const firn_status st = firn_metadata_parse_next(text, known, arena, &next, NULL);
    if (st == FIRN_ERR_NOMEM) return;
    if (st != FIRN_OK) __builtin_trap();
    const firn_str a = format(known, arena);
    const firn_str b = format(next, arena);
    if (a.data && b.data && !firn_str_equals(a, b)) __builtin_trap();
}

static void write_and_read(const firn_table_metadata *metadata, firn_arena *arena)
{
    firn_error err = {0};
    firn_buf buf;
    const firn_table_metadata *again = NULL;

    firn_buf_init(&buf, NULL, ARENA_LIMIT);
    if (firn_metadata_format(metadata, &buf, &err) == FIRN_OK) {
        const firn_status st = firn_metadata_parse(firn_buf_view(&buf), arena, &again, &err);
        if (st != FIRN_OK && st != FIRN_ERR_NOMEM) __builtin_trap();
    }
    firn_buf_dispose(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const firn_str text = {(const char *)data, size};
    const firn_table_metadata *table = NULL;
    const firn_view_metadata *view = NULL;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);

    if (!arena) return 0;
    if (firn_metadata_parse(text, arena, &table, NULL) == FIRN_OK) {
        write_and_read(table, arena);
        read_known(text, table, arena);
    }
    if (firn_view_metadata_parse(text, arena, &view, NULL) == FIRN_OK) {
        firn_buf buf;
        firn_buf_init(&buf, NULL, ARENA_LIMIT);
        if (firn_view_metadata_format(view, &buf, NULL) != FIRN_OK) buf.len = 0;
        firn_buf_dispose(&buf);
    }
    firn_arena_destroy(arena);
    return 0;
}
