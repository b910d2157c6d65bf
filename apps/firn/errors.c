/* SPDX-License-Identifier: Apache-2.0 */
/* Errors for people: one line, the source line with a caret, a hint; or one JSON object. */
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "base/str.h"
#include "format/json/json.h"

static int exit_status_of(const firn_error *err)
{
    return err->status == FIRN_ERR_CANCELLED ? APP_INTERRUPTED : APP_FAILED;
}

/* Line of the fault in the file or text; 0: not known. */
static uint32_t line_of(const firn_error *err, const app_sql_place *place)
{
    if (!place || place->line == 0) return err->line;
    return place->line + (err->line > 0 ? err->line - 1 : 0);
}

static void print_json(const firn_error *err, const app_sql_place *place)
{
    firn_buf out;
    const uint32_t line = err->line || (place && place->file) ? line_of(err, place) : 0;
    firn_buf_init(&out, NULL, 1 << 16);
    firn_buf_cstr(&out, "{\"status\":");
    firn_json_quote(&out, firn_str_of(firn_status_name(err->status)));
    firn_buf_cstr(&out, ",\"message\":");
    firn_json_quote(&out, firn_str_of(err->message));
    if (err->hint[0]) {
        firn_buf_cstr(&out, ",\"hint\":");
        firn_json_quote(&out, firn_str_of(err->hint));
    }
    if (place && place->file) {
        firn_buf_cstr(&out, ",\"file\":");
        firn_json_quote(&out, firn_str_of(place->file));
    }
    if (line) firn_buf_printf(&out, ",\"line\":%u", line);
    firn_buf_printf(&out, ",\"position\":%llu}", (unsigned long long)err->position);
    fprintf(stderr, "%.*s\n", FIRN_STR_ARG(firn_buf_view(&out)));
    firn_buf_dispose(&out);
}

/* "LINE 2: SELECT colour FROM t" and a caret below the fault. */
static void print_caret(const char *sql, uint64_t position, uint32_t first_line)
{
    const size_t len = strlen(sql);
    if (position > len) return;
    size_t start = (size_t)position;
    while (start > 0 && sql[start - 1] != '\n') start--;
    size_t end = (size_t)position;
    while (end < len && sql[end] != '\n') end++;
    unsigned line = first_line ? first_line : 1;
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

/* One line, whatever bytes of a file the message quotes; the label is coloured on a terminal. */
static void print_line(const char *label, const char *color, const char *text)
{
    const bool has_color = app_wants_color(STDERR_FILENO);
    fprintf(stderr, "%s%s:%s ", has_color ? color : "", label, has_color ? "\033[0m" : "");
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            fprintf(stderr, "\\x%02x", (unsigned char)*text);
        else
            fputc(*text, stderr);
    }
    fputc('\n', stderr);
}

static const char k_red[] = "\033[1;31m";
static const char k_cyan[] = "\033[36m";

int app_print_error(const app *a, const firn_error *err, const app_sql_place *place)
{
    if (a->is_error_json) {
        print_json(err, place);
        return exit_status_of(err);
    }
    if (place && place->file && place->line)
        fprintf(stderr, "%s:%u: ", place->file, line_of(err, place));
    print_line("error", k_red, err->message[0] ? err->message : firn_status_name(err->status));
    /* a corrupt document has lines of its own */
    if (place && place->sql && err->status != FIRN_ERR_CORRUPT && err->line)
        print_caret(place->sql, err->position, place->line);
    if (err->hint[0]) print_line("hint", k_cyan, err->hint);
    if (err->status == FIRN_ERR_COMMIT_UNKNOWN)
        print_line("hint", k_cyan,
                   "the commit may have landed; look at the table's snapshots before trying again");
    return exit_status_of(err);
}

int app_print_open_error(const app *a, const firn_error *err)
{
    (void)app_print_error(a, err, NULL);
    return err->status == FIRN_ERR_ARG || err->status == FIRN_ERR_UNSUPPORTED ? APP_USAGE
                                                                              : APP_CANNOT_OPEN;
}
