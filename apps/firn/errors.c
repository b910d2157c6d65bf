/* SPDX-License-Identifier: Apache-2.0 */
/* Errors for people: one line, the source line with a caret, a hint; or one JSON object. */
#include <string.h>

#include "app.h"
#include "base/str.h"
#include "format/json.h"

static int exit_status_of(const firn_error *err)
{
    return err->status == FIRN_ERR_CANCELLED ? APP_INTERRUPTED : APP_FAILED;
}

static void print_json(const firn_error *err)
{
    firn_buf out;
    firn_buf_init(&out, NULL, 1 << 16);
    firn_buf_cstr(&out, "{\"status\":");
    firn_json_quote(&out, firn_str_of(firn_status_name(err->status)));
    firn_buf_cstr(&out, ",\"message\":");
    firn_json_quote(&out, firn_str_of(err->message));
    if (err->hint[0]) {
        firn_buf_cstr(&out, ",\"hint\":");
        firn_json_quote(&out, firn_str_of(err->hint));
    }
    if (err->line) firn_buf_printf(&out, ",\"line\":%u", err->line);
    firn_buf_printf(&out, ",\"position\":%llu}", (unsigned long long)err->position);
    fprintf(stderr, "%.*s\n", FIRN_STR_ARG(firn_buf_view(&out)));
    firn_buf_dispose(&out);
}

/* "LINE 2: SELECT colour FROM t" and a caret below the fault. */
static void print_caret(const char *sql, uint64_t position)
{
    const size_t len = strlen(sql);
    if (position > len) return;
    size_t start = (size_t)position;
    while (start > 0 && sql[start - 1] != '\n') start--;
    size_t end = (size_t)position;
    while (end < len && sql[end] != '\n') end++;
    unsigned line = 1;
    for (size_t i = 0; i < start; i++) line += sql[i] == '\n';
    /* Long lines are cut around the fault. */
    size_t from = start;
    if (position - start > 70) from = (size_t)position - 60;
    if (end - from > 110) end = from + 110;
    while (from < end && ((unsigned char)sql[from] & 0xC0) == 0x80) from++;
    while (end > from && end < len && ((unsigned char)sql[end] & 0xC0) == 0x80) end--;
    const int head = fprintf(stderr, "LINE %u: %s", line, from > start ? "..." : "");
    fprintf(stderr, "%.*s\n", (int)(end - from), sql + from);
    int column = head;
    for (size_t i = from; i < position; i++)
        column += ((unsigned char)sql[i] & 0xC0) != 0x80; /* count characters, not bytes */
    fprintf(stderr, "%*s^\n", column, "");
}

/* One line, whatever bytes of a file the message quotes. */
static void print_line(const char *label, const char *text)
{
    fprintf(stderr, "%s: ", label);
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            fprintf(stderr, "\\x%02x", (unsigned char)*text);
        else
            fputc(*text, stderr);
    }
    fputc('\n', stderr);
}

int app_print_error(const app *a, const firn_error *err, const char *sql)
{
    if (a->is_error_json) {
        print_json(err);
        return exit_status_of(err);
    }
    print_line("error", err->message[0] ? err->message : firn_status_name(err->status));
    /* a corrupt document has lines of its own */
    if (sql && err->status != FIRN_ERR_CORRUPT && err->line) print_caret(sql, err->position);
    if (err->hint[0]) print_line("hint", err->hint);
    if (err->status == FIRN_ERR_COMMIT_UNKNOWN)
        fprintf(stderr, "hint: the commit may have landed; look at the table's snapshots before "
                        "trying again\n");
    return exit_status_of(err);
}

int app_print_open_error(const app *a, const firn_error *err)
{
    (void)app_print_error(a, err, NULL);
    return err->status == FIRN_ERR_ARG || err->status == FIRN_ERR_UNSUPPORTED ? APP_USAGE
                                                                              : APP_CANNOT_OPEN;
}
