/* SHA-256 and RIPEMD-160 by OpenSSL. The low-level streams are used although OpenSSL 3 marks them as old: its one-shot
 * and EVP forms look the algorithm up on each call, which costs five times the hash itself on the inputs of 64 to 300
 * bytes that this library hashes by the million. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"

#include <openssl/ripemd.h>
#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(gasp_sha256) >= sizeof(SHA256_CTX), "gasp_sha256 holds OpenSSL's context");
_Static_assert(_Alignof(gasp_sha256) >= _Alignof(SHA256_CTX), "gasp_sha256 is aligned for OpenSSL's context");

static SHA256_CTX *inside(gasp_sha256 *ctx)
{
    return (SHA256_CTX *)(void *)ctx->opaque;
}

void gasp_sha256_init(gasp_sha256 *ctx)
{
    (void)SHA256_Init(inside(ctx));
}

void gasp_sha256_update(gasp_sha256 *ctx, const void *bytes, size_t len)
{
    (void)SHA256_Update(inside(ctx), bytes, len);
}

void gasp_sha256_final(gasp_sha256 *ctx, uint8_t out[32])
{
    (void)SHA256_Final(out, inside(ctx));
}

void gasp_sha256_final_twice(gasp_sha256 *ctx, uint8_t out[32])
{
    gasp_sha256_final(ctx, out);
    gasp_sha256_once(out, out, 32);
}

void gasp_sha256_once(uint8_t out[32], const void *bytes, size_t len)
{
    gasp_sha256 ctx;
    gasp_sha256_init(&ctx);
    gasp_sha256_update(&ctx, bytes, len);
    gasp_sha256_final(&ctx, out);
}

void gasp_sha256d(uint8_t out[32], const void *bytes, size_t len)
{
    gasp_sha256_once(out, bytes, len);
    gasp_sha256_once(out, out, 32);
}

void gasp_sha256d_pair(uint8_t out[32], const uint8_t left[32], const uint8_t right[32])
{
    uint8_t both[64];
    memcpy(both, left, 32);
    memcpy(both + 32, right, 32);
    gasp_sha256d(out, both, sizeof both);
}

void gasp_sha256_tagged_init(gasp_sha256 *ctx, const char *tag)
{
    uint8_t hash[32];
    gasp_sha256_once(hash, tag, strlen(tag));
    gasp_sha256_init(ctx);
    gasp_sha256_update(ctx, hash, sizeof hash);
    gasp_sha256_update(ctx, hash, sizeof hash);
}

void gasp_hash160(uint8_t out[20], const void *bytes, size_t len)
{
    uint8_t hash[32];
    gasp_sha256_once(hash, bytes, len);
    (void)RIPEMD160(hash, sizeof hash, out);
}
