/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit on input, with its reason. Each has a test at limit-1, limit, limit+1. */
#ifndef FIRN_BASE_LIMITS_H
#define FIRN_BASE_LIMITS_H

#include "firn/base.h"

#define FIRN_LIMIT_ARENA         ((size_t)4 << 30) /* one operation's tree of objects */
#define FIRN_LIMIT_NESTING       64                /* types, Thrift: no real file is deeper */
#define FIRN_LIMIT_JSON_NESTING  256    /* three levels of JSON for each of a type, and some */
#define FIRN_LIMIT_COLUMNS       100000 /* leaf columns of one schema */
#define FIRN_LIMIT_FOOTER        ((size_t)64 << 20) /* Parquet footer bytes */
#define FIRN_LIMIT_VECTOR_BLOB   ((size_t)1 << 30)  /* deletion vector: bits of 8 G rows */
#define FIRN_LIMIT_PUFFIN_FOOTER ((size_t)64 << 20) /* JSON, unpacked: some 200,000 blobs */
#define FIRN_LIMIT_THETA_ENTRIES 131072             /* 16 times those of a sketch of ours */
#define FIRN_LIMIT_THRIFT_STRING ((size_t)16 << 20)
#define FIRN_LIMIT_THRIFT_LIST   1000000
#define FIRN_LIMIT_PAGE          ((size_t)256 << 20) /* uncompressed Parquet page or Avro block */
#define FIRN_LIMIT_METADATA      ((size_t)512 << 20) /* table metadata JSON, unpacked */
#define FIRN_LIMIT_SNAPSHOTS     100000
#define FIRN_LIMIT_SCHEMAS       10000
#define FIRN_LIMIT_MANIFESTS     1000000 /* entries of one manifest list */
#define FIRN_LIMIT_PATH          2048
#define FIRN_LIMIT_JSON_LINE     ((size_t)16 << 20) /* one NDJSON line */
#define FIRN_LIMIT_JSON_NUMBER   2048               /* bytes of one number in JSON */
#define FIRN_LIMIT_CSV_ROW       ((size_t)16 << 20) /* one row of CSV, so also one field */
#define FIRN_LIMIT_SQL_TEXT      ((size_t)16 << 20)

#endif
