/* SPDX-License-Identifier: Apache-2.0 */
#include "input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"

enum { PIECE_BYTES = 1 << 20 };

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const input_file *in = ctx;
    size_t done = 0;
    if (offset < 0 || offset > in->source.size_bytes ||
        n > (uint64_t)(in->source.size_bytes - offset))
        return firn_fail_at(err, offset < 0 ? 0 : (uint64_t)offset,
                            "read of %zu bytes at %" PRId64 " in a file of %" PRId64, n, offset,
                            in->source.size_bytes);
    while (done < n) {
        const ssize_t got = pread(in->fd, (char *)out + done, n - done, offset + (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return firn_fail_errno(err, errno, "cannot read %s", in->path);
        if (got == 0) return firn_fail(err, FIRN_ERR_IO, "%s was cut while it was read", in->path);
        done += (size_t)got;
    }
    return FIRN_OK;
}

firn_status input_open(const char *path, input_file *out, firn_error *err)
{
    struct stat info;
    *out = (input_file){.path = path, .fd = -1};
    if (strcmp(path, "-") == 0)
        return firn_fail(err, FIRN_ERR_ARG,
                         "standard input cannot be read: most formats are read from their end");
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return firn_fail_errno(err, errno, "cannot open %s", path);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(fd);
        return firn_fail(err, FIRN_ERR_ARG, "%s is not a regular file", path);
    }
    out->fd = fd;
    out->source =
        (firn_byte_source){.ctx = out, .size_bytes = (int64_t)info.st_size, .read_at = read_at};
    return FIRN_OK;
}

void input_close(input_file *in)
{
    if (in->fd >= 0) (void)close(in->fd);
    in->fd = -1;
}

firn_status input_wrap(const input_file *in, firn_status st, firn_error *err)
{
    if (st == FIRN_ERR_CORRUPT && err->position > 0)
        return firn_error_wrap(err, st, "%s: byte %" PRIu64, in->path, err->position);
    return firn_error_wrap(err, st, "%s", in->path);
}

firn_status input_text_open(input_file *in, bool is_gzip, size_t max_bytes, input_text *out,
                            firn_error *err)
{
    *out = (input_text){.in = in};
    firn_buf_init(&out->packed, NULL, PIECE_BYTES);
    firn_buf_init(&out->text, NULL, max_bytes);
    return is_gzip ? firn_gunzip_create(&out->gz, err) : FIRN_OK;
}

void input_text_close(input_text *t)
{
    firn_gunzip_destroy(t->gz);
    firn_buf_dispose(&t->packed);
    firn_buf_dispose(&t->text);
    *t = (input_text){0};
}

firn_str input_text_view(const input_text *t)
{
    return (firn_str){t->text.data ? t->text.data + t->used : NULL, t->text.len - t->used};
}

/* Reads the next piece of the file behind what out holds. */
static firn_status read_piece(input_text *t, firn_buf *out, firn_error *err)
{
    const int64_t left = t->in->source.size_bytes - t->offset;
    size_t n = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    if (n > out->max - out->len) n = out->max - out->len;
    char *to = firn_buf_reserve(out, n);
    FIRN_TRY(firn_buf_check(out, err));
    FIRN_TRY(t->in->source.read_at(t->in->source.ctx, t->offset, to, n, err));
    out->len += n;
    t->offset += (int64_t)n;
    return FIRN_OK;
}

static firn_status unpack_piece(input_text *t, firn_error *err)
{
    size_t room = t->text.max - t->text.len;
    if (room > PIECE_BYTES) room = PIECE_BYTES;
    char *to = firn_buf_reserve(&t->text, room);
    FIRN_TRY(firn_buf_check(&t->text, err));
    for (;;) {
        size_t used = 0;
        size_t made = 0;
        if (t->packed_used == t->packed.len && t->offset < t->in->source.size_bytes) {
            firn_buf_clear(&t->packed);
            t->packed_used = 0;
            FIRN_TRY(read_piece(t, &t->packed, err));
        }
        const bool is_all_read = t->offset == t->in->source.size_bytes;
        const firn_str in = {t->packed.data + t->packed_used, t->packed.len - t->packed_used};
        const firn_status st =
            firn_gunzip_step(t->gz, in, is_all_read, to, room, &used, &made, err);
        if (st >= FIRN_ERR_NOMEM) return st;
        t->packed_used += used;
        t->text.len += made;
        t->is_last = st == FIRN_DONE;
        if (made > 0 || t->is_last) return FIRN_OK;
    }
}

firn_status input_text_more(input_text *t, firn_error *err)
{
    const firn_str rest = input_text_view(t);
    if (t->used > 0) {
        memmove(t->text.data, rest.data, rest.len);
        t->text.len = rest.len;
        t->used = 0;
    }
    if (t->is_last) return FIRN_OK;
    if (t->text.len == t->text.max)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %zu bytes", t->text.max);
    if (t->gz) return unpack_piece(t, err);
    FIRN_TRY(read_piece(t, &t->text, err));
    t->is_last = t->offset == t->in->source.size_bytes;
    return FIRN_OK;
}

firn_status input_text_sample(input_text *t, firn_error *err)
{
    while (!t->is_last && t->text.len < PIECE_BYTES) FIRN_TRY(input_text_more(t, err));
    return FIRN_OK;
}

firn_status input_read_all(input_file *in, bool is_gzip, size_t max_bytes, firn_buf *out,
                           firn_error *err)
{
    input_text t;
    if (!is_gzip && (uint64_t)in->source.size_bytes > max_bytes)
        return firn_fail(err, FIRN_ERR_LIMIT, "file of %" PRId64 " bytes, limit %zu",
                         in->source.size_bytes, max_bytes);
    firn_status st = input_text_open(in, is_gzip, max_bytes, &t, err);
    while (st == FIRN_OK && !t.is_last) st = input_text_more(&t, err);
    if (st == FIRN_OK) {
        firn_buf_dispose(out);
        *out = t.text;
        firn_buf_init(&t.text, NULL, 1);
    }
    input_text_close(&t);
    return st;
}

firn_status input_kind(input_file *in, firn_file_kind *kind, bool *is_gzip, firn_error *err)
{
    input_text t;
    const bool is_small = in->source.size_bytes <= FIRN_KIND_HEAD_BYTES;
    *is_gzip = false;
    firn_status st = input_text_open(in, false, FIRN_KIND_HEAD_BYTES, &t, err);
    if (st == FIRN_OK) st = input_text_more(&t, err);
    if (st == FIRN_OK) *kind = firn_file_kind_of(input_text_view(&t), is_small);
    input_text_close(&t);
    if (st != FIRN_OK || *kind != FIRN_KIND_GZIP) return st;
    *is_gzip = true;
    st = input_text_open(in, true, FIRN_KIND_HEAD_BYTES, &t, err);
    if (st == FIRN_OK) st = input_text_more(&t, err);
    if (st == FIRN_OK) *kind = firn_file_kind_of(input_text_view(&t), t.is_last);
    input_text_close(&t);
    return st;
}
