/* SPDX-License-Identifier: Apache-2.0 */
#include "outline_output.h"

#include <string.h>

#include "base/error.h"

static firn_status write_stdout(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)ctx;
    if (fwrite(data, 1, n, stdout) == n) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_IO, "cannot write to standard output");
}

firn_status outline_style(const app_args *args, firn_outline_style *out, firn_error *err)
{
    const char *format = app_args_get(args, "format", "text");
    *out = FIRN_OUTLINE_TEXT;
    if (strcmp(format, "json") == 0) *out = FIRN_OUTLINE_JSON;
    if (*out == FIRN_OUTLINE_TEXT && strcmp(format, "text") != 0)
        return firn_fail(err, FIRN_ERR_ARG, "--format: unknown format \"%s\"", format);
    return FIRN_OK;
}

void outline_open(firn_outline *out, firn_outline_style style)
{
    static const firn_byte_sink sink = {NULL, write_stdout};
    firn_outline_init(out, style, &sink);
}

firn_status outline_close(firn_outline *out, firn_status st, firn_error *err)
{
    const firn_status end = firn_outline_finish(out, st == FIRN_OK ? err : NULL);
    if (st != FIRN_OK) return st;
    if (end == FIRN_OK && fflush(stdout) != 0)
        return firn_fail(err, FIRN_ERR_IO, "cannot write to standard output");
    return end;
}
