/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a row filter: parsed or refused with a place in the text; what is parsed has a text
 * of its own and binds to a schema, or is refused. */
#include <stdlib.h>

#include "base/arena.h"
#include "iceberg/expr/expr_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition) abort();
}

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("a"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("b"), .type = &k_string},
    {.id = 3, .name = FIRN_STR_INIT("c"), .type = &k_double},
    {.id = 4, .name = FIRN_STR_INIT("d"), .type = &k_date},
    {.id = 5, .name = FIRN_STR_INIT("e"), .type = &k_decimal},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 5}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_arena *arena = firn_arena_create(NULL, (size_t)64 << 20);
    const firn_str text = {(const char *)data, size};
    const firn_expr *filter = NULL;
    const firn_expr *bound = NULL;
    firn_str shown;
    firn_error err = {0};
    check(arena != NULL);
    if (firn_expr_parse(text, arena, &filter, &err) != FIRN_OK) {
        check(err.message[0] != '\0' && err.position <= size);
    } else {
        if (firn_expr_format(filter, arena, &shown, &err) == FIRN_OK) check(shown.data != NULL);
        if (firn_expr_bind(filter, &k_schema, arena, &bound, &err) == FIRN_OK) check(bound != NULL);
    }
    firn_arena_destroy(arena);
    return 0;
}
