/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of iceberg/spec: an arena per test, files. */
#ifndef FIRN_TESTS_SPEC_SUPPORT_H
#define FIRN_TESTS_SPEC_SUPPORT_H

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "firn_test.h"

static inline int make_arena(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static inline int drop_arena(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

/* Whole file in the arena; data NULL when it cannot be read. */
static inline firn_str read_file(firn_arena *arena, const char *path)
{
    firn_str out = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return out;
    if (fseek(file, 0, SEEK_END) == 0) {
        const long size = ftell(file);
        char *bytes = size >= 0 ? firn_arena_alloc(arena, (size_t)size + 1) : NULL;
        rewind(file);
        if (bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
            bytes[size] = '\0';
            out = (firn_str){bytes, (size_t)size};
        }
    }
    (void)fclose(file);
    return out;
}

#endif
