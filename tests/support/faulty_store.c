/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarding store driver with faults. */
#include "faulty_store.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"

static const char *const k_slot_names[FIRN_TEST_SLOTS] = {
    "open", "read_at", "create", "write", "finish", "remove", "list", "stat",
};

/* Fails if the current call of the slot is armed for this moment. */
static firn_status check(const firn_test_faulty *faulty, firn_test_slot slot, firn_test_when when,
                         firn_error *err)
{
    const firn_test_fault *fault = &faulty->slots[slot];
    int64_t n_fails = fault->n_fails ? fault->n_fails : 1;

    if (fault->fail_at == 0 || fault->when != when) return FIRN_OK;
    if (fault->n_calls < fault->fail_at || fault->n_calls >= fault->fail_at + n_fails)
        return FIRN_OK;
    if (faulty->meanwhile) {
        faulty->meanwhile(faulty->meanwhile_ctx);
        return FIRN_OK;
    }
    return firn_fail(err, fault->status == FIRN_OK ? FIRN_ERR_IO : fault->status,
                     "injected fault: %s call %" PRId64, k_slot_names[slot], fault->n_calls);
}

static firn_status before(firn_test_faulty *faulty, firn_test_slot slot, firn_error *err)
{
    faulty->slots[slot].n_calls++;
    return check(faulty, slot, FIRN_TEST_BEFORE, err);
}

static firn_status after(const firn_test_faulty *faulty, firn_test_slot slot, firn_error *err)
{
    return check(faulty, slot, FIRN_TEST_AFTER, err);
}

static bool faulty_handles(void *ctx, firn_str location)
{
    (void)ctx;
    (void)location;
    return true;
}

static firn_status faulty_open(void *ctx, firn_str path, void **file_out, int64_t *size_out,
                               firn_error *err)
{
    firn_test_faulty *faulty = ctx;
    firn_store_file *file = NULL;
    firn_status st;

    FIRN_TRY(before(faulty, FIRN_TEST_OPEN, err));
    FIRN_TRY(firn_store_open(faulty->inner, path, &file, err));
    st = after(faulty, FIRN_TEST_OPEN, err);
    if (st != FIRN_OK) {
        firn_store_close(file);
        return st;
    }
    *file_out = file;
    *size_out = firn_store_file_size(file);
    return FIRN_OK;
}

static firn_status faulty_read_at(void *ctx, void *file, int64_t offset, void *out, size_t n,
                                  firn_error *err)
{
    firn_test_faulty *faulty = ctx;

    FIRN_TRY(before(faulty, FIRN_TEST_READ_AT, err));
    FIRN_TRY(firn_store_read_at(file, offset, out, n, err));
    return after(faulty, FIRN_TEST_READ_AT, err);
}

static size_t faulty_read_bytes(void *ctx, const void *file)
{
    (void)file;
    return ((firn_test_faulty *)ctx)->read_bytes;
}

static void faulty_close(void *ctx, void *file)
{
    (void)ctx;
    firn_store_close(file);
}

static firn_status faulty_create(void *ctx, firn_str path, void **writer_out, firn_error *err)
{
    firn_test_faulty *faulty = ctx;
    firn_store_writer *writer = NULL;
    firn_status st;

    FIRN_TRY(before(faulty, FIRN_TEST_CREATE, err));
    FIRN_TRY(firn_store_begin(faulty->inner, path, &writer, err));
    st = after(faulty, FIRN_TEST_CREATE, err);
    if (st != FIRN_OK) {
        firn_store_abandon(writer);
        return st;
    }
    *writer_out = writer;
    return FIRN_OK;
}

static firn_status faulty_write(void *ctx, void *writer, const void *data, size_t n,
                                firn_error *err)
{
    firn_test_faulty *faulty = ctx;

    FIRN_TRY(before(faulty, FIRN_TEST_WRITE, err));
    FIRN_TRY(firn_store_write(writer, data, n, err));
    return after(faulty, FIRN_TEST_WRITE, err);
}

static firn_status faulty_finish(void *ctx, void *writer, firn_error *err)
{
    firn_test_faulty *faulty = ctx;
    firn_status st = before(faulty, FIRN_TEST_FINISH, err);

    if (st != FIRN_OK) {
        firn_store_abandon(writer);
        return st;
    }
    FIRN_TRY(firn_store_finish(writer, err));
    return after(faulty, FIRN_TEST_FINISH, err);
}

static void faulty_abandon(void *ctx, void *writer)
{
    (void)ctx;
    firn_store_abandon(writer);
}

static firn_status faulty_remove(void *ctx, firn_str path, firn_error *err)
{
    firn_test_faulty *faulty = ctx;

    FIRN_TRY(before(faulty, FIRN_TEST_REMOVE, err));
    FIRN_TRY(firn_store_remove(faulty->inner, path, err));
    return after(faulty, FIRN_TEST_REMOVE, err);
}

static firn_status faulty_list(void *ctx, firn_str prefix, firn_store_list_fn fn, void *fn_ctx,
                               firn_error *err)
{
    firn_test_faulty *faulty = ctx;

    FIRN_TRY(before(faulty, FIRN_TEST_LIST, err));
    FIRN_TRY(firn_store_list(faulty->inner, prefix, fn, fn_ctx, err));
    return after(faulty, FIRN_TEST_LIST, err);
}

static firn_status faulty_stat(void *ctx, firn_str path, firn_store_entry *out, firn_error *err)
{
    firn_test_faulty *faulty = ctx;

    FIRN_TRY(before(faulty, FIRN_TEST_STAT, err));
    FIRN_TRY(firn_store_stat(faulty->inner, path, out, err));
    return after(faulty, FIRN_TEST_STAT, err);
}

static void faulty_destroy(void *ctx)
{
    (void)ctx; /* the caller's storage */
}

void firn_test_faulty_init(firn_test_faulty *faulty, firn_store *inner)
{
    memset(faulty, 0, sizeof *faulty);
    faulty->inner = inner;
}

firn_status firn_test_faulty_add(firn_store *store, firn_test_faulty *faulty, firn_error *err)
{
    static const firn_store_ops ops = {
        .struct_size = sizeof(firn_store_ops),
        .handles = faulty_handles,
        .open = faulty_open,
        .read_at = faulty_read_at,
        .read_bytes = faulty_read_bytes,
        .close = faulty_close,
        .create = faulty_create,
        .write = faulty_write,
        .finish = faulty_finish,
        .abandon = faulty_abandon,
        .remove = faulty_remove,
        .list = faulty_list,
        .stat = faulty_stat,
        .destroy = faulty_destroy,
    };
    return firn_store_add(store, &ops, faulty, err);
}

void firn_test_faulty_arm(firn_test_faulty *faulty, firn_test_slot slot, int64_t nth,
                          firn_test_when when, firn_status status)
{
    firn_test_fault *fault = &faulty->slots[slot];

    fault->fail_at = fault->n_calls + nth;
    fault->n_fails = 1;
    fault->when = when;
    fault->status = status;
}

void firn_test_faulty_disarm(firn_test_faulty *faulty)
{
    for (int i = 0; i < FIRN_TEST_SLOTS; i++) faulty->slots[i].fail_at = 0;
}
