/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas of unknown origin: what parses has a canonical form, which parses to the same form,
 * and Iceberg types. */
#include <string.h>

#include "base/str.h"
#include "format/avro/avro_fingerprint.h"
#include "format/avro/avro_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)64 << 20)
#define FORM_LIMIT  ((size_t)1 << 20)

static void check_form(const firn_avro_schema *schema, firn_arena *arena)
{
    const firn_avro_schema *again = NULL;
    firn_buf form;
    firn_buf form_again;

    firn_buf_init(&form, NULL, FORM_LIMIT);
    firn_buf_init(&form_again, NULL, FORM_LIMIT);
    if (firn_avro_canonical_form(schema, &form, NULL) == FIRN_OK &&
        firn_avro_schema_parse(firn_buf_view(&form), arena, &again, NULL) == FIRN_OK &&
        firn_avro_canonical_form(again, &form_again, NULL) == FIRN_OK &&
        !firn_str_equals(firn_buf_view(&form), firn_buf_view(&form_again)))
        __builtin_trap();
    firn_buf_dispose(&form);
    firn_buf_dispose(&form_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const firn_avro_schema *schema = NULL;
    const firn_schema *types = NULL;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);

    if (!arena) return 0;
    if (firn_avro_schema_parse((firn_str){(const char *)data, size}, arena, &schema, NULL) ==
        FIRN_OK) {
        check_form(schema, arena);
        if (firn_avro_file_schema(schema, arena, &types, NULL) == FIRN_OK && !types)
            __builtin_trap();
    }
    firn_arena_destroy(arena);
    return 0;
}
