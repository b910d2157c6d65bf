/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs, started by a person: pager, editor, shell commands. */
#ifndef FIRN_APP_CHILD_COMMAND_H
#define FIRN_APP_CHILD_COMMAND_H

#include <sys/types.h>

#include "firn/base.h"

/* "sh -c command" with this as its standard input; -1: ours. */
FIRN_MUST_CHECK firn_status spawn_command(const char *command, int input, pid_t *out,
                                          firn_error *err);
/* A pipe into the command. */
FIRN_MUST_CHECK firn_status spawn_reader(const char *command, pid_t *out, int *pipe_out,
                                         firn_error *err);
/* Waits until it ended: its exit status, 128 + signal when one ended it. Ctrl-C is the other
 * program's as long as this waits. */
int spawn_wait(pid_t pid);

#endif
