/* SPDX-License-Identifier: Apache-2.0 */
/* MD5 (RFC 1321), for comparing with digests in test corpora only. */
#ifndef FIRN_TEST_MD5_H
#define FIRN_TEST_MD5_H

#include "firn/base.h"

typedef struct firn_test_md5 {
    uint32_t state[4];
    uint64_t n_bytes;
    uint8_t block[64];
} firn_test_md5;

void firn_test_md5_init(firn_test_md5 *md5);
void firn_test_md5_add(firn_test_md5 *md5, const void *data, size_t n);
/* 32 hexadecimal digits and NUL. */
void firn_test_md5_hex(firn_test_md5 *md5, char out[33]);

#endif
