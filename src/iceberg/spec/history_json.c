/* SPDX-License-Identifier: Apache-2.0 */
/* A scanner that knows just enough of JSON: it goes over the document once to find the arrays, and
 * over their objects once to take their members as they lie there. It answers "not mine" (false)
 * to whatever it does not expect. */
#include "iceberg/spec/history_json.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/metadata_parts_json.h"

#define K_MIN_BYTES     2048 /* shorter arrays are no gain */
#define K_MAX_SUMMARY   128
#define K_MAX_INT_CHARS 20

typedef struct scan {
    const char *at, *end;
} scan;

/* What is missing has no data to begin at. */
static scan scan_of(firn_str text)
{
    const char *at = text.data ? text.data : "";
    return (scan){at, at + text.len};
}

/* ---- tokens ---- */

/* The next byte that is no white space; 0 at the end. */
static char peek(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
    if (s->at == s->end) return 0;
    return *s->at;
}

static bool take(scan *s, char c)
{
    if (peek(s) != c) return false;
    s->at++;
    return true;
}

static bool take_text(scan *s, firn_str *out)
{
    if (!take(s, '"')) return false;
    const char *start = s->at;
    while (s->at < s->end && *s->at != '"') {
        if (*s->at == '\\' || (unsigned char)*s->at < ' ') return false;
        s->at++;
    }
    if (s->at == s->end) return false;
    *out = (firn_str){start, (size_t)(s->at++ - start)};
    return true;
}

static bool take_number(scan *s, int64_t *out)
{
    (void)peek(s);
    const char *start = s->at;
    while (s->at < s->end && (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))) s->at++;
    const size_t len = (size_t)(s->at - start);
    const size_t sign = len > 0 && *start == '-';
    if (len <= sign || len > K_MAX_INT_CHARS) return false;
    if (start[sign] == '0' && len > sign + 1) return false;
    return firn_str_to_i64((firn_str){start, len}, out);
}

/* Past the end of a string, whose first quote is behind. */
static bool skip_text(scan *s)
{
    while (s->at < s->end) {
        const char c = *s->at++;
        if (c == '"') return true;
        if (c == '\\' && s->at < s->end) s->at++;
    }
    return false;
}

/* To the end of a value in which so many brackets are open, by its brackets. */
static bool skip_rest(scan *s, int64_t depth)
{
    while (s->at < s->end) {
        const char c = *s->at;
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) return true;
        s->at++;
        if (c == '"' && !skip_text(s)) return false;
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
}

static bool skip_value(scan *s)
{
    (void)peek(s);
    return skip_rest(s, 0);
}

/* ---- what is known ---- */

/* Texts of snapshots lie one behind the other in the document they were read from. */
firn_history_known firn_history_of(const firn_table_metadata *older)
{
    if (!older || older->n_snapshots == 0) return (firn_history_known){0};
    const firn_str first = older->snapshots[0].json;
    const firn_str last = older->snapshots[older->n_snapshots - 1].json;
    if (first.len == 0 || last.len == 0 || last.data < first.data) return (firn_history_known){0};
    const firn_str text = {first.data, (size_t)(last.data + last.len - first.data)};
    return (firn_history_known){text, older->snapshots, older->n_snapshots};
}

/* The array begins with what is known, and a snapshot ends there. */
static bool begins_with(firn_str array, const firn_history_known *known)
{
    const size_t len = known->text.len;
    if (len == 0 || array.len < len + 2 || array.data[0] != '[') return false;
    const char next = array.data[len + 1];
    return (next == ',' || next == ']') && memcmp(array.data + 1, known->text.data, len) == 0;
}

/* Past the value of "snapshots", which is at hand. */
static bool skip_snapshots(scan *s, firn_history_known *known)
{
    const firn_str left = {s->at, (size_t)(s->end - s->at)};
    if (!begins_with(left, known)) {
        *known = (firn_history_known){0};
        return skip_value(s);
    }
    s->at += 1 + known->text.len;
    return skip_rest(s, 1);
}

/* ---- finding ---- */

static bool find_arrays(firn_str document, firn_history_known *known, firn_history_text *out)
{
    scan s = scan_of(document);
    firn_str key;
    if (!take(&s, '{')) return false;
    do {
        if (!take_text(&s, &key) || !take(&s, ':')) return false;
        (void)peek(&s);
        const char *start = s.at;
        const bool is_snapshots = firn_str_equals(key, FIRN_STR("snapshots"));
        if (!(is_snapshots ? skip_snapshots(&s, known) : skip_value(&s))) return false;
        const firn_str value = {start, (size_t)(s.at - start)};
        if (!firn_str_starts_with(value, FIRN_STR("["))) continue;
        if (is_snapshots) {
            if (out->snapshots.len > 0) return false;
            out->snapshots = value;
        } else if (firn_str_equals(key, FIRN_STR("snapshot-log"))) {
            if (out->snapshot_log.len > 0) return false;
            out->snapshot_log = value;
        }
    } while (take(&s, ','));
    return true;
}

static bool is_text(const firn_history_text *history, const firn_history_known *known)
{
    const size_t from = known->text.len > 0 ? known->text.len + 1 : 0;
    return firn_utf8_is_valid(firn_str_slice(history->snapshots, from, history->snapshots.len)) &&
           firn_utf8_is_valid(history->snapshot_log);
}

bool firn_history_split(firn_str document, firn_history_known *known, firn_arena *arena,
                        firn_history_text *out)
{
    firn_buf rest;
    const char *at = document.data;
    *out = (firn_history_text){0};
    if (document.len < K_MIN_BYTES || !find_arrays(document, known, out)) return false;
    if (out->snapshots.len + out->snapshot_log.len < K_MIN_BYTES) return false;
    firn_str parts[] = {out->snapshots, out->snapshot_log};
    if (parts[1].len > 0 && parts[1].data < parts[0].data) {
        parts[0] = out->snapshot_log;
        parts[1] = out->snapshots;
    }
    firn_buf_init(&rest, NULL, FIRN_LIMIT_METADATA);
    for (size_t i = 0; i < 2; i++) {
        if (parts[i].len == 0) continue;
        firn_buf_append(&rest, at, (size_t)(parts[i].data - at));
        firn_buf_cstr(&rest, "[]");
        at = parts[i].data + parts[i].len;
    }
    firn_buf_append(&rest, at, (size_t)(document.data + document.len - at));
    out->rest = firn_arena_copy(arena, firn_buf_view(&rest));
    const bool is_whole = rest.status == FIRN_OK;
    firn_buf_dispose(&rest);
    return is_whole && out->rest.data && is_text(out, known);
}

/* ---- snapshots ---- */

enum member {
    MEMBER_ID = 1,
    MEMBER_PARENT = 2,
    MEMBER_SEQUENCE = 4,
    MEMBER_TIME = 8,
    MEMBER_LIST = 16,
    MEMBER_SCHEMA = 32,
    MEMBER_ROW_ID = 64,
    MEMBER_ROWS = 128,
    MEMBER_SUMMARY = 256,
};

static enum member member_of(firn_str key)
{
    static const struct {
        firn_str key;
        enum member member;
    } k_members[] = {
        {FIRN_STR_INIT("snapshot-id"), MEMBER_ID},
        {FIRN_STR_INIT("parent-snapshot-id"), MEMBER_PARENT},
        {FIRN_STR_INIT("sequence-number"), MEMBER_SEQUENCE},
        {FIRN_STR_INIT("timestamp-ms"), MEMBER_TIME},
        {FIRN_STR_INIT("manifest-list"), MEMBER_LIST},
        {FIRN_STR_INIT("schema-id"), MEMBER_SCHEMA},
        {FIRN_STR_INIT("first-row-id"), MEMBER_ROW_ID},
        {FIRN_STR_INIT("added-rows"), MEMBER_ROWS},
        {FIRN_STR_INIT("summary"), MEMBER_SUMMARY},
    };
    for (size_t i = 0; i < sizeof k_members / sizeof *k_members; i++)
        if (firn_str_equals(key, k_members[i].key)) return k_members[i].member;
    return (enum member)0;
}

static bool has_key(const firn_property *items, size_t n, firn_str key)
{
    for (size_t i = 0; i < n; i++)
        if (firn_str_equals(items[i].key, key)) return true;
    return false;
}

static bool take_summary(scan *s, firn_arena *arena, firn_snapshot *out)
{
    firn_property items[K_MAX_SUMMARY];
    size_t n = 0;
    bool has_operation = false;
    if (!take(s, '{')) return false;
    if (take(s, '}')) return true;
    do {
        firn_property *item = &items[n];
        if (n == K_MAX_SUMMARY || !take_text(s, &item->key) || !take(s, ':') ||
            !take_text(s, &item->value) || has_key(items, n, item->key))
            return false;
        if (!firn_str_equals(item->key, FIRN_STR("operation"))) {
            n++;
        } else if (!has_operation) {
            out->operation = item->value;
            has_operation = true;
        } else {
            return false;
        }
    } while (take(s, ','));
    firn_property *copy = firn_arena_array(arena, n, sizeof *copy);
    if (!copy || !take(s, '}')) return false;
    memcpy(copy, items, n * sizeof *copy);
    out->summary = (firn_properties){copy, n};
    return true;
}

static bool take_number32(scan *s, int32_t *out)
{
    int64_t wide = 0;
    if (!take_number(s, &wide) || wide < INT32_MIN || wide > INT32_MAX) return false;
    *out = (int32_t)wide;
    return true;
}

static bool take_member(scan *s, enum member member, firn_arena *arena, firn_snapshot *out)
{
    switch (member) {
    case MEMBER_ID: return take_number(s, &out->snapshot_id);
    case MEMBER_PARENT: return take_number(s, &out->parent_snapshot_id);
    case MEMBER_SEQUENCE: return take_number(s, &out->sequence_number) && out->sequence_number >= 0;
    case MEMBER_TIME: return take_number(s, &out->timestamp_ms);
    case MEMBER_LIST: return take_text(s, &out->manifest_list) && out->manifest_list.len > 0;
    case MEMBER_SCHEMA: return take_number32(s, &out->schema_id);
    case MEMBER_ROW_ID: return take_number(s, &out->first_row_id) && out->first_row_id >= 0;
    case MEMBER_ROWS: return take_number(s, &out->added_rows) && out->added_rows >= 0;
    case MEMBER_SUMMARY: return take_summary(s, arena, out);
    }
    return false;
}

static bool take_snapshot(scan *s, firn_arena *arena, firn_snapshot *out)
{
    const unsigned required = MEMBER_ID | MEMBER_TIME | MEMBER_LIST;
    unsigned seen = 0;
    *out = (firn_snapshot){
        .parent_snapshot_id = -1, .schema_id = -1, .first_row_id = -1, .added_rows = -1};
    (void)peek(s);
    const char *start = s->at;
    if (!take(s, '{')) return false;
    do {
        firn_str key;
        if (!take_text(s, &key) || !take(s, ':')) return false;
        const enum member member = member_of(key);
        if ((seen & member) != 0 || !take_member(s, member, arena, out)) return false;
        seen |= member;
    } while (take(s, ','));
    if (!take(s, '}') || (seen & required) != required) return false;
    out->json = (firn_str){start, (size_t)(s->at - start)};
    return true;
}

/* A snapshot that is not as usual. */
static firn_status read_tree(scan *s, firn_arena *arena, firn_snapshot *out, firn_error *err)
{
    json_t *tree = NULL;
    const char *start = s->at;
    if (!skip_value(s)) return FIRN_NEED_MORE;
    const firn_str text = {start, (size_t)(s->at - start)};
    firn_arena *scratch = firn_arena_create(NULL, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_status st = firn_json_parse(text, scratch, &tree, err);
    if (st == FIRN_OK) st = firn_snapshot_from_json(tree, arena, out, err);
    firn_arena_destroy(scratch);
    out->json = text;
    return st == FIRN_OK || st == FIRN_ERR_NOMEM ? st : FIRN_NEED_MORE;
}

static firn_status read_snapshot(scan *s, firn_arena *arena, firn_snapshot *out, firn_error *err)
{
    (void)peek(s);
    const scan before = *s;
    if (take_snapshot(s, arena, out)) return FIRN_OK;
    *s = before;
    return read_tree(s, arena, out, err);
}

/* ---- snapshots that are known ---- */

struct move {
    firn_str from, to; /* the same text in two documents */
    bool is_lost;
};

/* What the tree read lies elsewhere, in the arena of the older document. */
static void move_text(struct move *move, firn_str *text)
{
    if (text->len == 0) return;
    const size_t at = (size_t)((uintptr_t)text->data - (uintptr_t)move->from.data);
    if (at >= move->from.len || move->from.len - at < text->len) {
        move->is_lost = true;
        return;
    }
    text->data = move->to.data + at;
}

static firn_property *move_summary(struct move *move, firn_snapshot *snapshot, firn_property *items)
{
    const size_t n = snapshot->summary.n;
    if (n > 0) memcpy(items, snapshot->summary.items, n * sizeof *items);
    for (size_t i = 0; i < n; i++) {
        move_text(move, &items[i].key);
        move_text(move, &items[i].value);
    }
    snapshot->summary.items = items;
    return items + n;
}

static bool is_usual(const firn_snapshot *snapshot)
{
    return snapshot->n_manifests == 0 && snapshot->key_id.len == 0 && snapshot->extra_json.len == 0;
}

/* False: some of them have to be read anew. */
static bool move_known(const firn_history_known *known, firn_str array, firn_property *items,
                       firn_snapshot *out)
{
    struct move move = {known->text, firn_str_slice(array, 1, known->text.len + 1), false};
    for (size_t i = 0; i < known->n && !move.is_lost; i++) {
        out[i] = known->snapshots[i];
        if (!is_usual(&out[i])) return false;
        move_text(&move, &out[i].json);
        move_text(&move, &out[i].manifest_list);
        move_text(&move, &out[i].operation);
        items = move_summary(&move, &out[i], items);
    }
    return !move.is_lost;
}

static firn_status take_known(const firn_history_known *known, firn_str array, firn_arena *arena,
                              firn_snapshot **out, size_t *cap, firn_error *err)
{
    size_t n_items = 0;
    for (size_t i = 0; i < known->n; i++) n_items += known->snapshots[i].summary.n;
    *cap = known->n + 64;
    firn_property *items = firn_arena_array(arena, n_items, sizeof *items);
    *out = firn_arena_array(arena, *cap, sizeof **out);
    if (!items || !*out) return firn_fail_nomem(err);
    return move_known(known, array, items, *out) ? FIRN_OK : FIRN_NEED_MORE;
}

firn_status firn_history_read_snapshots(firn_str array, const firn_history_known *known,
                                        firn_arena *arena, firn_snapshot **out, size_t *n_out,
                                        firn_error *err)
{
    scan s = scan_of(array);
    size_t cap = 0;
    *out = NULL;
    *n_out = 0;
    if (!take(&s, '[')) return FIRN_NEED_MORE;
    if (known->n > 0) {
        FIRN_TRY(take_known(known, array, arena, out, &cap, err));
        *n_out = known->n;
        s.at = array.data + 1 + known->text.len;
    } else if (take(&s, ']')) {
        return FIRN_OK;
    } else {
        firn_snapshot *slot = firn_arena_push(arena, out, n_out, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(read_snapshot(&s, arena, slot, err));
    }
    while (take(&s, ',')) {
        firn_snapshot *slot = firn_arena_push(arena, out, n_out, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(read_snapshot(&s, arena, slot, err));
    }
    return take(&s, ']') && s.at == s.end ? FIRN_OK : FIRN_NEED_MORE;
}

/* ---- log ---- */

static bool take_log_entry(scan *s, firn_snapshot_log_entry *out)
{
    bool has_time = false;
    bool has_id = false;
    if (!take(s, '{')) return false;
    do {
        firn_str key;
        int64_t number = 0;
        if (!take_text(s, &key) || !take(s, ':') || !take_number(s, &number)) return false;
        if (!has_time && firn_str_equals(key, FIRN_STR("timestamp-ms"))) {
            out->timestamp_ms = number;
            has_time = true;
        } else if (!has_id && firn_str_equals(key, FIRN_STR("snapshot-id"))) {
            out->snapshot_id = number;
            has_id = true;
        } else {
            return false;
        }
    } while (take(s, ','));
    return take(s, '}') && has_time && has_id;
}

firn_status firn_history_read_log(firn_str array, firn_arena *arena, firn_snapshot_log_entry **out,
                                  size_t *n_out, firn_error *err)
{
    scan s = scan_of(array);
    size_t cap = 0;
    *out = NULL;
    *n_out = 0;
    if (array.len == 0) return FIRN_OK;
    if (!take(&s, '[')) return FIRN_NEED_MORE;
    if (take(&s, ']')) return FIRN_OK;
    do {
        firn_snapshot_log_entry *slot = firn_arena_push(arena, out, n_out, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        if (!take_log_entry(&s, slot)) return FIRN_NEED_MORE;
    } while (take(&s, ','));
    return take(&s, ']') && s.at == s.end ? FIRN_OK : FIRN_NEED_MORE;
}

/* ---- writing ---- */

static firn_status write_snapshot(const firn_snapshot *snapshot, int32_t format_version,
                                  firn_buf *out, firn_error *err)
{
    json_t *tree = NULL;
    if (snapshot->json.len > 0) {
        firn_buf_str(out, snapshot->json);
        return FIRN_OK;
    }
    FIRN_TRY(firn_snapshot_to_json(snapshot, format_version, &tree, err));
    const firn_status st = firn_json_write(tree, out, err);
    json_decref(tree);
    return st;
}

firn_status firn_history_write_snapshots(const firn_table_metadata *metadata, firn_buf *out,
                                         firn_error *err)
{
    size_t n_known = metadata->n_snapshots;
    for (size_t i = 0; i < metadata->n_snapshots; i++) n_known += metadata->snapshots[i].json.len;
    (void)firn_buf_reserve(out, n_known); /* a failure shows in the end */
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < metadata->n_snapshots; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        FIRN_TRY(write_snapshot(&metadata->snapshots[i], metadata->format_version, out, err));
    }
    firn_buf_byte(out, ']');
    return firn_buf_check(out, err);
}

static void write_number(firn_buf *out, int64_t value)
{
    char digits[K_MAX_INT_CHARS + 1];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) digits[--at] = '-';
    firn_buf_append(out, digits + at, sizeof digits - at);
}

void firn_history_write_log(const firn_table_metadata *metadata, firn_buf *out)
{
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < metadata->n_snapshot_log; i++) {
        firn_buf_cstr(out, i > 0 ? ",{\"timestamp-ms\":" : "{\"timestamp-ms\":");
        write_number(out, metadata->snapshot_log[i].timestamp_ms);
        firn_buf_cstr(out, ",\"snapshot-id\":");
        write_number(out, metadata->snapshot_log[i].snapshot_id);
        firn_buf_byte(out, '}');
    }
    firn_buf_byte(out, ']');
}
