/* SHA-256 and RIPEMD-160 by OpenSSL. The low-level functions are used although OpenSSL 3 marks them as old: its one-shot and
 * EVP forms look the algorithm up on each call, which costs five times the hash itself on the inputs of 64 to 300 bytes
 * that this library hashes by the million. For the same reason the end of a message is padded here, on the stack, and given
 * to the compression function as blocks: OpenSSL's own ending takes and wipes a buffer for as long as a block takes. */
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

static void put_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

/* Compresses what is left of a message, less than a block, with its padding; out may be where it stands. */
static void finish(SHA256_CTX *ctx, uint8_t out[32], const void *rest, size_t n, uint64_t len)
{
    uint8_t block[2 * SHA256_CBLOCK] = {0};
    size_t end = n + 9 <= SHA256_CBLOCK ? SHA256_CBLOCK : sizeof block;
    if (rest != NULL && n > 0)
        memcpy(block, rest, n);
    block[n] = 0x80;
    put_u32(block + end - 8, (uint32_t)(len >> 29));
    put_u32(block + end - 4, (uint32_t)(len << 3));
    SHA256_Transform(ctx, block);
    if (end > SHA256_CBLOCK)
        SHA256_Transform(ctx, block + SHA256_CBLOCK);
    for (size_t i = 0; i < 8; i++)
        put_u32(out + 4 * i, ctx->h[i]);
}

void gasp_sha256_final(gasp_sha256 *ctx, uint8_t out[32])
{
    SHA256_CTX *c = inside(ctx);
    uint64_t bits = (uint64_t)c->Nh << 32 | c->Nl;
    finish(c, out, c->data, c->num, bits / 8);
}

void gasp_sha256_final_twice(gasp_sha256 *ctx, uint8_t out[32])
{
    gasp_sha256_final(ctx, out);
    gasp_sha256_once(out, out, 32);
}

void gasp_sha256_once(uint8_t out[32], const void *bytes, size_t len)
{
    SHA256_CTX ctx;
    size_t whole = len - len % SHA256_CBLOCK;
    (void)SHA256_Init(&ctx);
    if (whole > 0)
        (void)SHA256_Update(&ctx, bytes, whole);
    finish(&ctx, out, len > whole ? (const uint8_t *)bytes + whole : NULL, len - whole, len);
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

/* States after SHA256(tag) || SHA256(tag), one block, of the tags that are hashed for every output. test_hash.c compares
 * them. */
static const struct {
    const char *tag;
    uint32_t h[8];
} after_tag[] = {
    {"gasp/item/state/1",
     {0x6b48c06d, 0xa300adc3, 0x063aa223, 0x96932d61, 0x5761707d, 0xee5550ef, 0x51278853, 0x38b136ac}},
    {"gasp/item/outpoint/1",
     {0x2a5a6b45, 0xb1d54b84, 0xa54e2b0c, 0x511bef61, 0xa819d3e6, 0x5946deee, 0x48d7d1d7, 0x414d02c9}},
    {"gasp/state/1", {0x356059d1, 0x3e6c8f35, 0x4f64d06d, 0x20ee4118, 0x9d173b03, 0x1f6d5077, 0xdb216b76, 0x7aaf5473}},
    {"gasp/entries/1",
     {0xa8ab00da, 0xa9cdffaf, 0xe81efc19, 0x04ced792, 0x12badf80, 0x55ce23d9, 0x08d65929, 0xce9dde96}},
};

void gasp_sha256_tagged_init(gasp_sha256 *ctx, const char *tag)
{
    uint8_t hash[32];
    gasp_sha256_init(ctx);
    for (size_t i = 0; i < sizeof after_tag / sizeof after_tag[0]; i++) {
        if (strcmp(after_tag[i].tag, tag) != 0)
            continue;
        memcpy(inside(ctx)->h, after_tag[i].h, sizeof after_tag[i].h);
        inside(ctx)->Nl = 8 * SHA256_CBLOCK;
        return;
    }
    gasp_sha256_once(hash, tag, strlen(tag));
    gasp_sha256_update(ctx, hash, sizeof hash);
    gasp_sha256_update(ctx, hash, sizeof hash);
}

void gasp_hash160(uint8_t out[20], const void *bytes, size_t len)
{
    uint8_t hash[32];
    gasp_sha256_once(hash, bytes, len);
    (void)RIPEMD160(hash, sizeof hash, out);
}
