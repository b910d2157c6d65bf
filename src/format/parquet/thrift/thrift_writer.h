/* SPDX-License-Identifier: Apache-2.0 */
/* Writing Thrift's compact protocol, as far as Parquet needs it. Appends to a firn_buf, whose
 * sticky status is the only error. Not here: reading (thrift.h), what the structs mean. */
#ifndef FIRN_FORMAT_THRIFT_WRITER_H
#define FIRN_FORMAT_THRIFT_WRITER_H

#include "base/buf.h"

/* Structs in structs at most; Parquet's footer needs 6. */
#define FIRN_THRIFT_WRITER_DEPTH 12

typedef struct firn_thrift_writer {
    firn_buf *out;
    int depth;
    int16_t last_id[FIRN_THRIFT_WRITER_DEPTH];
} firn_thrift_writer;

/* Ready for the fields of a top-level struct, which firn_thrift_put_end() closes. */
firn_thrift_writer firn_thrift_writer_of(firn_buf *out);

void firn_thrift_put_bool(firn_thrift_writer *w, int16_t id, bool value);
void firn_thrift_put_i8(firn_thrift_writer *w, int16_t id, int8_t value);
void firn_thrift_put_i16(firn_thrift_writer *w, int16_t id, int16_t value);
void firn_thrift_put_i32(firn_thrift_writer *w, int16_t id, int32_t value);
void firn_thrift_put_i64(firn_thrift_writer *w, int16_t id, int64_t value);
void firn_thrift_put_bytes(firn_thrift_writer *w, int16_t id, firn_str value);
/* Begin a struct as the value of a field. */
void firn_thrift_put_struct(firn_thrift_writer *w, int16_t id);
/* End the innermost struct. */
void firn_thrift_put_end(firn_thrift_writer *w);
/* A struct without fields: the branch of a union. */
void firn_thrift_put_empty(firn_thrift_writer *w, int16_t id);

/* Lists: the header, then n elements of the same kind. */
void firn_thrift_put_list_of_structs(firn_thrift_writer *w, int16_t id, size_t n);
void firn_thrift_put_list_of_i32(firn_thrift_writer *w, int16_t id, size_t n);
void firn_thrift_put_list_of_i64(firn_thrift_writer *w, int16_t id, size_t n);
void firn_thrift_put_list_of_bool(firn_thrift_writer *w, int16_t id, size_t n);
void firn_thrift_put_double(firn_thrift_writer *w, int16_t id, double value);
void firn_thrift_put_list_of_bytes(firn_thrift_writer *w, int16_t id, size_t n);
void firn_thrift_put_element_struct(firn_thrift_writer *w); /* until firn_thrift_put_end */
void firn_thrift_put_element_i32(firn_thrift_writer *w, int32_t value);
void firn_thrift_put_element_i64(firn_thrift_writer *w, int64_t value);
void firn_thrift_put_element_bool(firn_thrift_writer *w, bool value);
void firn_thrift_put_element_bytes(firn_thrift_writer *w, firn_str value);

#endif
