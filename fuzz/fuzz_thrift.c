/* SPDX-License-Identifier: Apache-2.0 */
/* Thrift compact bytes: read typed values where the field says so, skip the rest. */
#include "format/parquet/thrift/thrift.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static firn_status read_field(firn_thrift *t, const firn_thrift_field *f)
{
    firn_error err;
    firn_str bytes;
    int64_t wide;
    int32_t narrow;
    bool flag;
    switch (f->type) {
    case FIRN_THRIFT_TRUE:
    case FIRN_THRIFT_FALSE: return firn_thrift_bool(t, f, &flag, &err);
    case FIRN_THRIFT_I32: return firn_thrift_i32(t, f, &narrow, &err);
    case FIRN_THRIFT_I64: return firn_thrift_i64(t, f, &wide, &err);
    case FIRN_THRIFT_BINARY: return firn_thrift_binary(t, f, &bytes, &err);
    default: return firn_thrift_skip(t, f, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err;
    firn_thrift t = firn_thrift_of((firn_str){(const char *)data, size}, 0);
    firn_thrift_field f;
    if (firn_thrift_enter(&t, NULL, &f, &err) != FIRN_OK) return 0;
    while (firn_thrift_next(&t, &f, &err) == FIRN_OK)
        if (read_field(&t, &f) != FIRN_OK) break;
    return 0;
}
