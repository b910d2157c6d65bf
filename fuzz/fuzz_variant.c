/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of unknown origin to variants, which have a type then; and bytes that are said to be a
 * variant. */
#include "base/str.h"
#include "format/variant/variant_json.h"
#include "format/variant/variant_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_LIMIT ((size_t)64 << 20)

static void check_parts(firn_str variant)
{
    firn_str metadata, value, item;
    firn_variant_array array;
    if (firn_variant_split(variant, &metadata, &value, NULL) != FIRN_OK) return;
    if (firn_variant_array_parse(value, &array, NULL) != FIRN_OK) return;
    for (uint32_t i = 0; i < array.n; i++)
        if (firn_variant_array_item(&array, i, &item, NULL) == FIRN_OK &&
            (item.len == 0 || item.data < value.data ||
             item.data + item.len > value.data + value.len))
            __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const firn_str bytes = {(const char *)data, size};
    firn_buf variant, words;
    firn_buf_init(&variant, NULL, TEXT_LIMIT);
    firn_buf_init(&words, NULL, TEXT_LIMIT);
    if (firn_variant_of_json(bytes, &variant, NULL) == FIRN_OK) {
        if (firn_variant_put_schema(firn_buf_view(&variant), &words, NULL) != FIRN_OK)
            __builtin_trap();
        check_parts(firn_buf_view(&variant));
    }
    firn_buf_clear(&words);
    if (firn_variant_put_schema(bytes, &words, NULL) == FIRN_OK && words.len == 0) __builtin_trap();
    check_parts(bytes);
    firn_buf_dispose(&variant);
    firn_buf_dispose(&words);
    return 0;
}
