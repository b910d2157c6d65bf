/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical text of a Parquet file's rows, the same that tests/data/make_parquet.py computes
 * with pyarrow: one line a row, "[" columns "]". Integers, dates, times (in the unit of the file)
 * and timestamps as numbers, INT96 in nanoseconds, floats as %.9g, doubles as %.17g, decimals as
 * quoted text, strings quoted, bytes as quoted hex, lists as [..], maps as [[k,v],..], structs as
 * {"name":value,..}. */
#ifndef FIRN_TEST_PARQUET_CANON_H
#define FIRN_TEST_PARQUET_CANON_H

#include "base/buf.h"
#include "base/cpu.h"
#include "format/byte_io.h"

/* Reads all rows and appends their text; *n_rows counts them. */
FIRN_MUST_CHECK firn_status canon_parquet(firn_str file, firn_buf *out, int64_t *n_rows,
                                          firn_error *err);
/* The same with instructions of a processor of that level at most. */
FIRN_MUST_CHECK firn_status canon_parquet_on(firn_cpu_level level, firn_str file, firn_buf *out,
                                             int64_t *n_rows, firn_error *err);
/* The same with all pages unpacked in windows of so many bytes that can be. */
FIRN_MUST_CHECK firn_status canon_parquet_streamed(size_t window_bytes, firn_str file,
                                                   firn_buf *out, int64_t *n_rows, firn_error *err);
/* The same with a cache of unpacked pages, in which the file has that path. */
FIRN_MUST_CHECK firn_status canon_parquet_kept(struct firn_page_cache *pages, firn_str path,
                                               firn_str bytes, firn_buf *out, int64_t *n_rows,
                                               firn_error *err);
/* The same file as a source; bytes is borrowed. */
firn_byte_source canon_source(firn_str *bytes);
/* Lower-case hex MD5 of the bytes. */
void canon_md5(firn_str bytes, char out[33]);

#endif
