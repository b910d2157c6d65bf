/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of iceberg/spec: checks that print the error, an arena, files. */
#ifndef FIRN_TESTS_SPEC_SUPPORT_H
#define FIRN_TESTS_SPEC_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

static inline void must(firn_status st, const firn_error *err)
{
    if (st != FIRN_OK) {
        fail_msg("%s: %s", firn_status_name(st), st >= FIRN_ERR_NOMEM ? err->message : "");
    }
}

/* The call failed with this status and a message that contains text. */
static inline void refused(firn_status st, firn_status expected, const firn_error *err,
                           const char *text)
{
    if (st != expected || !strstr(err->message, text)) {
        fail_msg("%s: \"%s\"; expected %s: \"%s\"", firn_status_name(st),
                 st >= FIRN_ERR_NOMEM ? err->message : "", firn_status_name(expected), text);
    }
}

static inline void assert_text(firn_str actual, const char *expected)
{
    if (actual.len != strlen(expected) || memcmp(actual.data, expected, actual.len) != 0) {
        fail_msg("\"%.*s\", expected \"%s\"", FIRN_STR_ARG(actual), expected);
    }
}

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
static inline firn_str read_whole(firn_arena *arena, const char *path)
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
