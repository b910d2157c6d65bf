/* SPDX-License-Identifier: Apache-2.0 */
/* Reading test input files. */
#include "corpus.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

firn_str corpus_read(firn_arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    long size;

    if (!file) fail_msg("cannot open %s", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    data = firn_arena_alloc(arena, (size_t)size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, file), (size_t)size);
    (void)fclose(file);
    return (firn_str){data, (size_t)size};
}

const char *corpus_data_path(firn_arena *arena, const char *relative)
{
    return firn_arena_printf(arena, "%s/%s", FIRN_TEST_DATA, relative).data;
}

const char *corpus_path(firn_arena *arena, const char *relative)
{
    const char *root = getenv("FIRN_CORPORA");

    if (root && *root) return firn_arena_printf(arena, "%s/%s", root, relative).data;
    print_message("skipped: %s (set FIRN_CORPORA to the folder of test corpora)\n", relative);
    return NULL;
}

size_t corpus_each(firn_arena *arena, const char *folder, const char *suffix,
                   void (*fn)(void *ctx, const char *name, firn_str bytes), void *ctx)
{
    struct dirent **entries;
    const int n = scandir(folder, &entries, NULL, alphasort);
    size_t n_called = 0;

    if (n < 0) fail_msg("cannot list %s", folder);
    for (int i = 0; i < n; i++) {
        const firn_str name = firn_str_of(entries[i]->d_name);
        if (name.data[0] != '.' && firn_str_ends_with(name, firn_str_of(suffix))) {
            fn(ctx, entries[i]->d_name,
               corpus_read(arena, firn_arena_printf(arena, "%s/%s", folder, name.data).data));
            n_called++;
        }
        free(entries[i]);
    }
    free(entries);
    return n_called;
}
