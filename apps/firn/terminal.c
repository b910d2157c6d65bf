/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal is like. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app.h"

int32_t app_terminal_width(int32_t fallback)
{
    struct winsize size;
    const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
    return is_known ? size.ws_col : fallback;
}

bool app_wants_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fd) == 1 && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}
