/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go: standard output, a pager when they are longer than the screen, a file or a
 * command (.output, .once). */
#ifndef FIRN_APP_SHELL_OUTPUT_H
#define FIRN_APP_SHELL_OUTPUT_H

#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"
#include "firn/base.h"

typedef struct shell_output {
    bool has_pager; /* allowed: a person looks at a terminal */
    /* A chosen file or command; NULL: standard output. */
    FILE *target;
    bool is_command; /* the target is a pipe into pid */
    bool is_once;    /* back to standard output after one result */
    pid_t pid;
    /* The pager of the running statement. */
    FILE *paged;           /* the stream that counts lines; NULL: none */
    firn_buf held;         /* printed, while it may still fit on the screen */
    int32_t rows, columns; /* of the screen */
    int32_t held_rows, held_width;
    bool is_long;   /* held no longer: in pager, or given up */
    bool was_left;  /* the pager ended before the output did */
    int pager_pipe; /* -1: none */
    pid_t pager_pid;
} shell_output;

void shell_output_init(shell_output *o);
void shell_output_dispose(shell_output *o);
/* Choose the target: a path, "|command", or "" for standard output. */
FIRN_MUST_CHECK firn_status shell_output_choose(shell_output *o, const char *target, bool is_once,
                                                firn_error *err);
/* Results go to a screen: no file, no command. */
bool shell_output_is_screen(const shell_output *o);
/* The stream for the next result. */
FILE *shell_output_begin(shell_output *o);
/* The result is written; waits for the pager to end. False: it was left early, so that a failure
 * to write is none. */
bool shell_output_end(shell_output *o);

#endif
