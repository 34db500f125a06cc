/** The hashes of the chain and of our own values. Streams are plain structs on the caller's stack; nothing can fail and
 *  nothing is allocated. Output order is the hash function's own, which for txids and blocks is the internal order. */
#ifndef GASP_CRYPTO_HASH_H
#define GASP_CRYPTO_HASH_H

#include "gasp/types.h"

/** A running SHA-256 (FIPS 180-4). The inside belongs to hash.c. */
typedef struct gasp_sha256 {
    uint64_t opaque[14];
} gasp_sha256;

void gasp_sha256_init(gasp_sha256 *ctx);
void gasp_sha256_update(gasp_sha256 *ctx, const void *bytes, size_t len);

/** Ends the stream; ctx must be initialised again before further use. */
void gasp_sha256_final(gasp_sha256 *ctx, uint8_t out[32]);

/** Ends the stream and hashes its result once more (SHA256d). */
void gasp_sha256_final_twice(gasp_sha256 *ctx, uint8_t out[32]);

void gasp_sha256_once(uint8_t out[32], const void *bytes, size_t len);
void gasp_sha256d(uint8_t out[32], const void *bytes, size_t len);

/** SHA256d(left || right): an inner node of a merkle tree. out may be left or right. */
void gasp_sha256d_pair(uint8_t out[32], const uint8_t left[32], const uint8_t right[32]);

/** Begins SHA256(SHA256(tag) || SHA256(tag) || ...): the tagged form of BIP340, used for all values that are our own
 *  (docs/protocol.md lists the tags). tag: text without its NUL. */
void gasp_sha256_tagged_init(gasp_sha256 *ctx, const char *tag);

/** RIPEMD160(SHA256(bytes)). */
void gasp_hash160(uint8_t out[20], const void *bytes, size_t len);

#endif
