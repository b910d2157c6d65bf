/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Trino on bytes that the engine lacks: HMAC, Base32, checksums of columns, text of
 * bytes that may not be UTF-8. Not for secrets: nothing is cleared. */
#include <math.h>
#include <md5.h>
#include <sha1.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"
#include "sql/engine/sha2.h"

static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};

/* ---- firn_hmac(bytes, key, 'sha256'): RFC 2104 ---- */

typedef struct hash_kind {
    const char *name;
    size_t block, digest;
    int sha2_bits; /* 0: MD5 or SHA-1 */
} hash_kind;

static const hash_kind k_hashes[] = {
    {"md5", 64, 16, 0}, {"sha1", 64, 20, 0}, {"sha256", 64, 32, 256}, {"sha512", 128, 64, 512}};

static void digest(const hash_kind *kind, firn_str data, uint8_t out[FIRN_SHA2_MAX_BYTES])
{
    const uint8_t *bytes = (const uint8_t *)(data.data ? data.data : "");
    if (kind->sha2_bits > 0) {
        (void)firn_sha2(data, kind->sha2_bits, out);
    } else if (kind->digest == 16) {
        MD5_CTX ctx;
        MD5Init(&ctx);
        MD5Update(&ctx, bytes, data.len);
        MD5Final(out, &ctx);
    } else {
        SHA1_CTX ctx;
        SHA1Init(&ctx);
        SHA1Update(&ctx, bytes, data.len);
        SHA1Final(out, &ctx);
    }
}

/* digest((key ^ pad) || data) */
static void padded_digest(const hash_kind *kind, const uint8_t key[128], uint8_t pad, firn_str data,
                          char *room, uint8_t out[FIRN_SHA2_MAX_BYTES])
{
    for (size_t i = 0; i < kind->block; i++) room[i] = (char)(key[i] ^ pad);
    if (data.len > 0) memcpy(room + kind->block, data.data, data.len);
    digest(kind, (firn_str){room, kind->block + data.len}, out);
}

static firn_status hmac(firn_call *c, const hash_kind *kind, firn_str data, firn_str key,
                        uint8_t out[FIRN_SHA2_MAX_BYTES], firn_error *err)
{
    uint8_t block[128] = {0};
    uint8_t inner[FIRN_SHA2_MAX_BYTES];
    const size_t larger = data.len > kind->digest ? data.len : kind->digest;
    char *room = firn_arena_alloc(c->arena, kind->block + larger);
    if (!room) return firn_fail_nomem(err);
    if (key.len > kind->block)
        digest(kind, key, block);
    else if (key.len > 0)
        memcpy(block, key.data, key.len);
    padded_digest(kind, block, 0x36, data, room, inner);
    padded_digest(kind, block, 0x5c, (firn_str){(const char *)inner, kind->digest}, room, out);
    return FIRN_OK;
}

static firn_status hmac_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_binary, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        uint8_t bytes[FIRN_SHA2_MAX_BYTES];
        const hash_kind *kind = NULL;
        if (!firn_call_are_valid(c, 3, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        for (size_t i = 0; i < sizeof k_hashes / sizeof *k_hashes; i++)
            if (firn_str_equals(firn_call_text_of(c, 2, r), firn_str_of(k_hashes[i].name)))
                kind = &k_hashes[i];
        if (!kind) return firn_fail(err, FIRN_ERR_ARG, "no such hash");
        FIRN_TRY(hmac(c, kind, firn_call_text_of(c, 0, r), firn_call_text_of(c, 1, r), bytes, err));
        const firn_str text = {(const char *)bytes, kind->digest};
        FIRN_TRY(firn_call_put_text(c, &out, r, text, err));
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_to_base32(bytes), firn_from_base32(text): RFC 4648 ---- */

static firn_status put_base32(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                              firn_error *err)
{
    static const char k_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const firn_str bytes = firn_call_text_of(c, 0, r);
    (void)is_null;
    (void)err;
    for (size_t i = 0; i < bytes.len; i += 5) {
        uint64_t word = 0;
        const size_t n = bytes.len - i < 5 ? bytes.len - i : 5;
        for (size_t k = 0; k < 5; k++) word = word << 8 | (k < n ? (uint8_t)bytes.data[i + k] : 0);
        for (size_t k = 0; k < 8; k++)
            firn_buf_byte(out,
                          (uint8_t)(5 * k < 8 * n ? k_digits[word >> (35 - 5 * k) & 31] : '='));
    }
    return FIRN_OK;
}

static firn_status to_base32_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 1, put_base32, err);
}

static int base32_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static firn_status from_base32(firn_str text, char *out, size_t *n_out, firn_error *err)
{
    uint64_t word = 0;
    unsigned n_bits = 0;
    while (text.len > 0 && text.data[text.len - 1] == '=') text.len--;
    *n_out = 0;
    for (size_t i = 0; i < text.len; i++) {
        const int value = base32_digit(text.data[i]);
        if (value < 0)
            return firn_fail(err, FIRN_ERR_ARG, "byte 0x%02x at %zu is no digit of Base32",
                             (unsigned)(uint8_t)text.data[i], i);
        word = (word << 5 | (unsigned)value) & 0xffff;
        n_bits += 5;
        if (n_bits < 8) continue;
        n_bits -= 8;
        out[(*n_out)++] = (char)(word >> n_bits & 0xff);
    }
    return FIRN_OK;
}

static firn_status from_base32_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_binary, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        size_t n = 0;
        if (!firn_call_are_valid(c, 1, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_str text = firn_call_text_of(c, 0, r);
        char *room = firn_arena_alloc(c->arena, text.len + 1);
        if (!room) return firn_fail_nomem(err);
        FIRN_TRY(from_base32(text, room, &n, err));
        FIRN_TRY(firn_call_put_text(c, &out, r, (firn_str){room, n}, err));
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_utf8(bytes, replacement): what is not UTF-8 is replaced ---- */

/* Bytes of the character at s; 0: none begins there. */
static size_t character_at(firn_str s)
{
    for (size_t n = 1; n <= 4 && n <= s.len; n++)
        if (firn_utf8_is_valid((firn_str){s.data, n})) return n;
    return 0;
}

static firn_status put_utf8(firn_call *c, int64_t r, firn_buf *out, bool *is_null, firn_error *err)
{
    const firn_str bytes = firn_call_text_of(c, 0, r);
    const firn_str replacement = firn_call_text_of(c, 1, r);
    (void)is_null;
    (void)err;
    if (firn_utf8_is_valid(bytes)) {
        firn_buf_str(out, bytes);
        return FIRN_OK;
    }
    for (size_t i = 0; i < bytes.len;) {
        const size_t n = character_at(firn_str_slice(bytes, i, bytes.len));
        firn_buf_str(out, n > 0 ? firn_str_slice(bytes, i, i + n) : replacement);
        i += n > 0 ? n : 1;
    }
    return FIRN_OK;
}

static firn_status utf8_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 2, put_utf8, err);
}

/* ---- firn_checksum_item(x): what each value of a column adds to checksum() ---- */

#define CHECKSUM_PRIME 0x9E3779B185EBCA87U

static uint64_t hash_long(int64_t value)
{
    return XXH64(&value, sizeof value, 0);
}

/* False: no such type. */
static bool hash_item(const firn_column *column, int64_t r, uint64_t *out)
{
    const firn_value value = firn_column_get(column, r);
    switch ((int)value.kind) {
    case FIRN_TYPE_BOOLEAN: *out = hash_long(value.as.boolean); return true;
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_INT: *out = hash_long(value.as.i32); return true;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIMESTAMP: *out = hash_long(value.as.i64); return true;
    case FIRN_TYPE_DECIMAL:
        *out = hash_long((int64_t)value.as.decimal);
        return column->type->precision <= 18;
    case FIRN_TYPE_DOUBLE: {
        const bool is_zero = fpclassify(value.as.f64) == FP_ZERO;
        int64_t bits = 0x7ff8000000000000;
        if (!isnan(value.as.f64)) memcpy(&bits, &value.as.f64, sizeof bits);
        *out = hash_long(is_zero ? 0 : bits);
        return true;
    }
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_BINARY:
        *out = XXH64(value.as.bytes.data ? value.as.bytes.data : "", value.as.bytes.len, 0);
        return true;
    default: return false;
    }
}

static firn_status checksum_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        uint64_t item = 1; /* null */
        if (firn_column_is_valid(&c->args[0], r) && !hash_item(&c->args[0], r, &item))
            return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: checksum() of such a type");
        ((int64_t *)out.values)[r] = (int64_t)(item * CHECKSUM_PRIME);
    }
    return firn_call_finish(c, &out, err);
}

/* firn_checksum(the items' sum as text): its last eight bytes, the least first */
static firn_status total_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_binary, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        char bytes[8];
        uint64_t sum = 0;
        if (!firn_call_are_valid(c, 1, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        const firn_str text = firn_call_text_of(c, 0, r);
        const bool is_minus = text.len > 0 && text.data[0] == '-';
        for (size_t i = is_minus; i < text.len; i++)
            sum = sum * 10 + (uint64_t)(text.data[i] - '0');
        if (is_minus) sum = 0 - sum;
        for (size_t i = 0; i < 8; i++) bytes[i] = (char)(sum >> 8 * i & 0xff);
        FIRN_TRY(firn_call_put_text(c, &out, r, (firn_str){bytes, 8}, err));
    }
    return firn_call_finish(c, &out, err);
}

const firn_function_def *firn_engine_bytes(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_hmac", {"BLOB", "BLOB", "VARCHAR"}, "BLOB", hmac_rows, 3, NULL},
        {"firn_to_base32", {"BLOB"}, "VARCHAR", to_base32_rows, 1, NULL},
        {"firn_from_base32", {"VARCHAR"}, "BLOB", from_base32_rows, 1, NULL},
        {"firn_utf8", {"BLOB", "VARCHAR"}, "VARCHAR", utf8_rows, 2, NULL},
        {"firn_checksum_item", {"ANY"}, "BIGINT", checksum_rows, 1, NULL},
        {"firn_checksum", {"VARCHAR"}, "BLOB", total_rows, 1, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
