/* SPDX-License-Identifier: Apache-2.0 */
/* The digests are libmd's. It has no SHA-224, which is SHA-256 from another start and cut off. */
#include "sql/engine/sha2.h"

#include <sha2.h>
#include <string.h>

#define SHA224_BYTES 28

static void sha_32(firn_str data, const uint32_t start[8], uint8_t *out, size_t n)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA2_CTX ctx;
    SHA256Init(&ctx);
    if (start) memcpy(ctx.state.st32, start, sizeof ctx.state.st32);
    SHA256Update(&ctx, (const uint8_t *)data.data, data.len);
    SHA256Final(digest, &ctx);
    memcpy(out, digest, n);
}

static void sha_384(firn_str data, uint8_t *out)
{
    SHA2_CTX ctx;
    SHA384Init(&ctx);
    SHA384Update(&ctx, (const uint8_t *)data.data, data.len);
    SHA384Final(out, &ctx);
}

static void sha_512(firn_str data, uint8_t *out)
{
    SHA2_CTX ctx;
    SHA512Init(&ctx);
    SHA512Update(&ctx, (const uint8_t *)data.data, data.len);
    SHA512Final(out, &ctx);
}

bool firn_sha2(firn_str data, int bits, uint8_t out[FIRN_SHA2_MAX_BYTES])
{
    static const uint32_t k_start_224[8] = {0xc1059ed8u, 0x367cd507u, 0x3070dd17u, 0xf70e5939u,
                                            0xffc00b31u, 0x68581511u, 0x64f98fa7u, 0xbefa4fa4u};
    if (!data.data) data.data = "";
    switch (bits) {
    case 224: sha_32(data, k_start_224, out, SHA224_BYTES); return true;
    case 256: sha_32(data, NULL, out, SHA256_DIGEST_LENGTH); return true;
    case 384: sha_384(data, out); return true;
    case 512: sha_512(data, out); return true;
    default: return false;
    }
}
