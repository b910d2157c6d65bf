/* SPDX-License-Identifier: Apache-2.0 */
/* Reading lines from a person at a terminal: editing, history, completion, pasted text. Behind it
 * is libedit; nothing else of the program knows. ~/.editrc is read. */
#ifndef FIRN_APP_LINE_EDITOR_H
#define FIRN_APP_LINE_EDITOR_H

#include "base/arena.h"
#include "firn/base.h"
#include "line_style.h"

typedef struct line_editor line_editor;

/* What may stand in place of the word before the cursor. */
typedef struct line_choices {
    firn_arena *arena;
    size_t word_from; /* the word begins at this byte of the line */
    firn_str *items;
    size_t n, cap;
} line_choices;

typedef struct line_editor_opts {
    const char *history_path; /* NULL: none is kept */
    int32_t history_size;     /* lines */
    /* Fill out for the word that ends at the cursor. */
    void (*complete)(void *ctx, firn_str line, size_t cursor, line_choices *out);
    /* The line_style of each byte of the line, all plain before; cursor SIZE_MAX: no longer in it.
     */
    void (*paint)(void *ctx, firn_str line, size_t cursor, uint8_t *styles);
    void *ctx;
} line_editor_opts;

typedef enum line_end {
    LINE_READ = 0,
    LINE_INTERRUPTED, /* Ctrl-C: what was typed is dropped */
    LINE_EOF,
} line_end;

/* opts is copied. NULL: out of memory, or the terminal cannot be used. */
line_editor *line_editor_open(const line_editor_opts *opts, firn_arena *arena);
void line_editor_close(line_editor *editor);
/* Whether lines are painted while they are typed. False: the terminal cannot. */
bool line_editor_set_painted(line_editor *editor, bool is_painted);
/* One line, or several that were pasted or called back, with a line break at the end; borrowed
 * until the next call. */
line_end line_editor_read(line_editor *editor, const char *prompt, firn_str *out);
/* Keep a text, line breaks included, in the history and its file. */
void line_editor_remember(line_editor *editor, firn_str text);
/* Adds a copy of the item unless it is there. */
void line_choices_add(line_choices *choices, firn_str item);

#endif
