/* SPDX-License-Identifier: Apache-2.0 */
/* Failures of DuckDB as firn errors: status by numeric code, text, position and candidates from
 * the JSON that errors_as_json=true gives. */
#define FIRN_ENGINE_ERROR_C
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/json/json.h"
#include "sql/engine/engine_api.h"

static firn_status status_of(DUCKDB_V2_ERROR code)
{
    switch ((int)code) {
    case DUCKDB_V2_ERROR_RESOURCE_OUT_OF_MEMORY:
    case DUCKDB_V2_ERROR_INPUT_OBJECT_SIZE: return FIRN_ERR_LIMIT;
    case DUCKDB_V2_ERROR_RUNTIME_INTERRUPT: return FIRN_ERR_CANCELLED;
    case DUCKDB_V2_ERROR_CONFIGURATION_PERMISSION: return FIRN_ERR_DENIED;
    case DUCKDB_V2_ERROR_QUERY_NOT_IMPLEMENTED:
    case DUCKDB_V2_ERROR_RESOURCE_MISSING_EXTENSION:
    case DUCKDB_V2_ERROR_RESOURCE_AUTOLOAD: return FIRN_ERR_UNSUPPORTED;
    case DUCKDB_V2_ERROR_IO_FILE_NOT_FOUND: return FIRN_ERR_NOT_FOUND;
    case DUCKDB_V2_ERROR_IO_READ_FAILURE:
    case DUCKDB_V2_ERROR_IO_EOF:
    case DUCKDB_V2_ERROR_IO_GENERAL:
    case DUCKDB_V2_ERROR_IO_NETWORK:
    case DUCKDB_V2_ERROR_IO_HTTP: return FIRN_ERR_IO;
    case DUCKDB_V2_ERROR_RUNTIME_INTERNAL:
    case DUCKDB_V2_ERROR_RUNTIME_FATAL:
    case DUCKDB_V2_ERROR_RUNTIME_NULL_POINTER: return FIRN_ERR_INTERNAL;
    default: return FIRN_ERR_ARG; /* syntax, names, types, values: the user's statement */
    }
}

/* The first line only, without the full stop, first letter small unless it begins an acronym. */
static firn_str tidy(firn_str text, char *first)
{
    static const char k_small[] = "abcdefghijklmnopqrstuvwxyz";
    const char *newline = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
    if (newline) text.len = (size_t)(newline - text.data);
    text = firn_str_trim(text);
    while (text.len > 0 && (text.data[text.len - 1] == '.' || text.data[text.len - 1] == '!')) {
        text.len--;
    }
    *first = '\0';
    if (text.len > 0) *first = text.data[0];
    const bool is_word = text.len > 1 && text.data[1] >= 'a' && text.data[1] <= 'z';
    if (is_word && *first >= 'A' && *first <= 'Z') *first = k_small[*first - 'A'];
    return text;
}

firn_status firn_engine_fail_files(firn_error *err, firn_status status)
{
    return firn_error_hint(err, status,
                           "a session reads and writes files when it is opened for it: firn sql "
                           "--allow-files, or allow_files");
}

/* What is wrong with a line of CSV stands behind the line itself. */
static firn_str find_reason(firn_str line, firn_str text)
{
    const size_t at = firn_str_find(text, FIRN_STR("\nError "), 0);
    if (!firn_str_starts_with(line, FIRN_STR("CSV Error on Line")) || at == SIZE_MAX)
        return (firn_str){0};
    firn_str reason = firn_str_slice(text, at + 1, text.len);
    return firn_str_split(&reason, '\n');
}

static firn_status fail_text(firn_error *err, firn_status status, firn_str text)
{
    char first = '\0';
    char first_of_reason = '\0';
    const firn_str line = tidy(text, &first);
    if (line.len == 0) return firn_fail(err, status, "the sql engine gave no reason");
    const firn_str reason = tidy(find_reason(line, text), &first_of_reason);
    if (reason.len > 0)
        (void)firn_fail(err, status, "%.*s: %c%.*s", FIRN_STR_ARG(line), first_of_reason,
                        (int)(reason.len - 1), reason.data + 1);
    else
        (void)firn_fail(err, status, "%c%.*s", first, (int)(line.len - 1), line.data + 1);
    if (firn_str_find(line, FIRN_STR("operations are disabled by configuration"), 0) != SIZE_MAX)
        return firn_engine_fail_files(err, status);
    return status;
}

/* Metadata columns are not what anybody meant. */
static bool is_hidden(firn_str name)
{
    const firn_str bare = firn_str_slice(name, name.data[0] == '"', name.len);
    return firn_str_starts_with(bare, FIRN_STR("$")) || firn_str_starts_with(bare, FIRN_STR("_"));
}

/* "candidates" is one text of names separated by commas, nearest first. */
static void add_candidates(firn_str candidates, firn_error *err)
{
    firn_str rest = firn_str_trim(candidates);
    firn_str two[2] = {{0}};
    size_t n = 0;
    while (rest.data && n < 2) {
        const firn_str one = firn_str_trim(firn_str_split(&rest, ','));
        if (one.len > 0 && !is_hidden(one)) two[n++] = one;
    }
    if (!err || n == 0) return;
    (void)firn_error_hint(err, err->status, "did you mean %.*s%s%.*s?", FIRN_STR_ARG(two[0]),
                          n == 2 ? " or " : "", FIRN_STR_ARG(two[1]));
}

/* DuckDB puts 'Did you mean "x"' on a line of its own in the message. */
static void add_hint_line(firn_str message, firn_error *err)
{
    const size_t at = firn_str_find(message, FIRN_STR("Did you mean "), 0);
    if (!err || at == SIZE_MAX) return;
    firn_str line = firn_str_slice(message, at + sizeof "Did you mean " - 1, message.len);
    line = firn_str_split(&line, '\n');
    while (line.len > 0 && (line.data[line.len - 1] == '?' || line.data[line.len - 1] == ' ')) {
        line.len--;
    }
    (void)firn_error_hint(err, err->status, "did you mean %.*s?", FIRN_STR_ARG(line));
}

static firn_status fail_json(firn_engine *engine, firn_status status, firn_str text,
                             firn_error *err)
{
    firn_arena *arena = firn_arena_create(engine->opts.env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    json_t *root = NULL;
    firn_error ignored;
    firn_str message = text;
    firn_str candidates = {0};
    firn_str position_text = {0};
    bool has = false;
    if (firn_json_parse(text, arena, &root, &ignored) != FIRN_OK || !json_is_object(root) ||
        firn_json_get_str(root, "exception_message", &message, &ignored) != FIRN_OK) {
        root = NULL;
    }
    status = fail_text(err, status, message);
    if (root) {
        int64_t position = 0;
        add_hint_line(message, err);
        if (firn_json_opt_str(root, "candidates", &candidates, &has, &ignored) == FIRN_OK && has) {
            add_candidates(candidates, err);
        }
        if (firn_json_opt_str(root, "position", &position_text, &has, &ignored) == FIRN_OK && has &&
            firn_str_to_i64(position_text, &position) && position >= 0 && err) {
            err->position = (uint64_t)position;
            err->flags |= FIRN_ENGINE_POSITION;
        }
    }
    firn_arena_destroy(arena);
    return status;
}

/* True when DuckDB's text is the one that the callback gave it. */
static bool is_from_stash(const firn_error *stash, firn_str text)
{
    firn_str message = firn_str_of(stash->message);
    if (stash->status == FIRN_OK) return false;
    /* what JSON escapes looks different there */
    size_t n = 0;
    while (n < message.len && message.data[n] >= ' ' && message.data[n] != '"' &&
           message.data[n] != '\\') {
        n++;
    }
    message.len = n;
    return message.len == 0 || firn_str_find(text, message, 0) != SIZE_MAX;
}

/* SET of a setting of the engine, which is closed before users' statements run. */
static firn_status fail_locked(firn_error *err)
{
    const firn_status st = firn_fail(err, FIRN_ERR_DENIED,
                                     "settings of the engine cannot be changed within a session");
    return firn_error_hint(err, st,
                           "-o threads=2 and -o memory=2GiB, or firn.yaml, set what the "
                           "program may use");
}

firn_status firn_engine_fail(firn_engine *engine, DUCKDB_V2_ERROR code,
                             duckdb_v2_error_info_handle *info, firn_error *err)
{
    duckdb_v2_str raw = {0};
    if (*info) (void)engine->api->error_info_get_raw_text(*info, &raw);
    const firn_str text = firn_str_of_duckdb(raw);
    firn_status status = status_of(code);
    (void)pthread_mutex_lock(&engine->lock);
    const firn_error stash = engine->stash;
    (void)pthread_mutex_unlock(&engine->lock);
    if (is_from_stash(&stash, text)) {
        if (err) *err = stash;
        status = stash.status;
    } else if (status == FIRN_ERR_CANCELLED) {
        status = firn_fail(err, FIRN_ERR_CANCELLED, "the statement was cancelled");
    } else if (firn_str_find(text, FIRN_STR("the configuration has been locked"), 0) != SIZE_MAX) {
        status = fail_locked(err);
    } else if (text.len > 0 && text.data[0] == '{') {
        status = fail_json(engine, status, text, err);
    } else {
        status = fail_text(err, status, text);
    }
    (void)engine->api->error_info_destroy(info);
    return status;
}

void firn_engine_stash(firn_engine *engine, const firn_error *err,
                       duckdb_v2_error_info_handle *info)
{
    (void)pthread_mutex_lock(&engine->lock);
    if (engine->stash.status == FIRN_OK) engine->stash = *err;
    (void)pthread_mutex_unlock(&engine->lock);
    const duckdb_v2_str text = {err->message, strlen(err->message)};
    (void)engine->api->error_info_set_code(*info, DUCKDB_V2_ERROR_DATABASE_CATALOG);
    (void)engine->api->error_info_set_text(*info, &text);
}
