/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/line_source.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/codec/gunzip.h"

enum { BLOCK = 1 << 20 };

struct firn_line_source {
    firn_env *env;
    firn_store *store;
    firn_store_file *file;
    int64_t offset, size;
    firn_gunzip *gz; /* NULL: plain text */
    char *raw;       /* gzip only: BLOCK bytes, raw[raw_at..raw_len) not unpacked yet */
    size_t raw_at, raw_len;
    firn_buf text;
    bool is_last;
    XXH3_state_t *hash;
};

firn_status firn_line_source_create(firn_env *env, firn_store *store, firn_line_source **out,
                                    firn_error *err)
{
    firn_line_source *s = firn_mem_alloc_zero(env->alloc, sizeof *s);
    *out = NULL;
    if (!s) return firn_fail_nomem(err);
    s->env = env;
    s->store = store;
    s->hash = XXH3_createState();
    s->raw = firn_mem_alloc(env->alloc, BLOCK);
    firn_buf_init(&s->text, env->alloc, 4 * FIRN_LIMIT_JSON_LINE);
    if (!s->hash || !s->raw) {
        firn_line_source_destroy(s);
        return firn_fail_nomem(err);
    }
    *out = s;
    return FIRN_OK;
}

void firn_line_source_close(firn_line_source *source)
{
    firn_store_close(source->file);
    source->file = NULL;
    firn_gunzip_destroy(source->gz);
    source->gz = NULL;
}

void firn_line_source_destroy(firn_line_source *source)
{
    if (!source) return;
    firn_line_source_close(source);
    XXH3_freeState(source->hash);
    firn_buf_dispose(&source->text);
    firn_mem_free(source->env->alloc, source->raw);
    firn_mem_free(source->env->alloc, source);
}

firn_status firn_line_source_open(firn_line_source *source, firn_str path, firn_error *err)
{
    firn_line_source_close(source);
    firn_buf_clear(&source->text);
    source->offset = 0;
    source->raw_at = source->raw_len = 0;
    source->is_last = false;
    XXH3_128bits_reset(source->hash);
    FIRN_TRY(firn_store_open(source->store, path, &source->file, err));
    source->size = firn_store_file_size(source->file);
    if (firn_str_ends_with(path, FIRN_STR(".gz"))) FIRN_TRY(firn_gunzip_create(&source->gz, err));
    return FIRN_OK;
}

/* Next bytes of the file to out; *n 0 at its end. */
static firn_status read_block(firn_line_source *s, char *out, size_t *n, firn_error *err)
{
    const int64_t left = s->size - s->offset;
    *n = left < BLOCK ? (size_t)left : BLOCK;
    if (*n == 0) return FIRN_OK;
    FIRN_TRY(firn_store_read_at(s->file, s->offset, out, *n, err));
    XXH3_128bits_update(s->hash, out, *n);
    s->offset += (int64_t)*n;
    return FIRN_OK;
}

static firn_status more_plain(firn_line_source *s, firn_error *err)
{
    size_t n = 0;
    char *room = firn_buf_reserve(&s->text, BLOCK);
    if (!room) return firn_buf_check(&s->text, err);
    FIRN_TRY(read_block(s, room, &n, err));
    s->text.len += n;
    s->is_last = s->offset == s->size;
    return FIRN_OK;
}

/* Unpack up to BLOCK bytes of text. */
static firn_status more_gzip(firn_line_source *s, firn_error *err)
{
    size_t filled = 0;
    char *room = firn_buf_reserve(&s->text, BLOCK);
    if (!room) return firn_buf_check(&s->text, err);
    while (filled < BLOCK && !s->is_last) {
        size_t used = 0;
        size_t made = 0;
        if (s->raw_at == s->raw_len) {
            FIRN_TRY(read_block(s, s->raw, &s->raw_len, err));
            s->raw_at = 0;
        }
        const firn_status st = firn_gunzip_step(
            s->gz, (firn_str){s->raw + s->raw_at, s->raw_len - s->raw_at}, s->offset == s->size,
            room + filled, BLOCK - filled, &used, &made, err);
        s->raw_at += used;
        filled += made;
        if (st == FIRN_DONE)
            s->is_last = true;
        else if (st != FIRN_OK && st != FIRN_NEED_MORE)
            return st;
    }
    s->text.len += filled;
    return FIRN_OK;
}

firn_status firn_line_source_more(firn_line_source *source, size_t used, firn_str *text,
                                  bool *is_last, firn_error *err)
{
    firn_buf *buf = &source->text;
    if (used) memmove(buf->data, buf->data + used, buf->len - used);
    buf->len -= used;
    if (!source->is_last) {
        if (source->gz)
            FIRN_TRY(more_gzip(source, err));
        else
            FIRN_TRY(more_plain(source, err));
    }
    *text = firn_buf_view(buf);
    *is_last = source->is_last;
    return FIRN_OK;
}

void firn_line_source_hash(const firn_line_source *source, char hash[33])
{
    const XXH128_hash_t h = XXH3_128bits_digest(source->hash);
    (void)snprintf(hash, 33, "%016llx%016llx", (unsigned long long)h.high64,
                   (unsigned long long)h.low64);
}

firn_status firn_line_source_hash_file(firn_line_source *source, firn_str path, char hash[33],
                                       firn_error *err)
{
    size_t n = 1;
    FIRN_TRY(firn_line_source_open(source, path, err));
    while (n > 0) FIRN_TRY(read_block(source, source->raw, &n, err));
    firn_line_source_hash(source, hash);
    firn_line_source_close(source);
    return FIRN_OK;
}
