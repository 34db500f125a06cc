/** The values that every other header speaks of: memory, views, hashes, outpoints.
 *
 *  All of them are plain structs, frozen for ever: they may be copied with `=`, compared with memcmp and kept in files in
 *  the form their comment gives. A hash is held in *internal* order (the order of the wire); the reversed order that
 *  explorers show ("display order") exists only in text. Hashes of different things are different types, so that
 *  exchanging two arguments does not compile.
 *
 *  Argument order in the whole library: object, outputs, in/outs, inputs, flags, time; a length follows its array.
 */
#ifndef GASP_TYPES_H
#define GASP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gasp/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A view: bytes that belong to somebody else. The function that gives one says how long it lives.
 *  data may be NULL only when len is 0. */
typedef struct gasp_bytes {
    const uint8_t *data;
    size_t len;
} gasp_bytes;

/** Where memory comes from. The three functions follow malloc, realloc and free, with the host's pointer in front:
 *  allocate and resize give NULL when there is none, release accepts NULL. They may be called from any thread that calls
 *  the library. Wherever the library takes a `const gasp_mem *`, NULL means the C library's heap; the struct must outlive
 *  the object it was given to. Memory of OpenSSL, libsecp256k1, libbloom, LevelDB and libuv does not pass through it. */
typedef struct gasp_mem {
    size_t size; /**< sizeof(gasp_mem), for later growth */
    void *user;  /**< given back to each function */
    void *(*allocate)(void *user, size_t len);
    void *(*resize)(void *user, void *block, size_t len);
    void (*release)(void *user, void *block);
} gasp_mem;

/** Bytes that belong to the caller. Zero it before its first use; free it with gasp_data_clear. */
typedef struct gasp_data {
    uint8_t *data;
    size_t len;
    const gasp_mem *mem; /**< whose release frees data */
} gasp_data;

/** Frees what a function gave and leaves an empty gasp_data. A zeroed one is accepted. */
GASP_API void gasp_data_clear(gasp_data *data);

/** SHA256d of a transaction, internal order. */
typedef struct gasp_txid {
    uint8_t b[32];
} gasp_txid;

/** SHA256d of a block header, internal order. */
typedef struct gasp_block_hash {
    uint8_t b[32];
} gasp_block_hash;

/** Root of a block's merkle tree, internal order. */
typedef struct gasp_merkle_root {
    uint8_t b[32];
} gasp_merkle_root;

/** The metadata hash of BRC-76: all that is known of one output (docs/protocol.md, "Values"). Natural order. */
typedef struct gasp_state_hash {
    uint8_t b[32];
} gasp_state_hash;

/** The id under which an output stands in an item set (docs/protocol.md, "Values"). Natural order. */
typedef struct gasp_item_id {
    uint8_t b[32];
} gasp_item_id;

/** A set of outputs over one transaction store. Any 32 bytes; all zero is the collection called `default`. */
typedef struct gasp_collection {
    uint8_t b[32];
} gasp_collection;

/** Accumulated proof of work, big-endian, so that memcmp orders it. */
typedef struct gasp_work {
    uint8_t be[32];
} gasp_work;

/** One output of one transaction. On the wire and in stores: txid, then vout as u32 little-endian (36 bytes). */
typedef struct gasp_outpoint {
    gasp_txid txid;
    uint32_t vout;
} gasp_outpoint;

enum {
    GASP_OUTPOINT_LEN = 36,      /**< bytes of an outpoint on the wire */
    GASP_HASH_TEXT_MAX = 65,     /**< a hash as text and its NUL */
    GASP_OUTPOINT_TEXT_MAX = 76, /**< 64 hex digits, a dot, at most 10 digits, NUL */
    GASP_HEADER_LEN = 80         /**< bytes of a block header */
};

/** The chain that a wallet lives on. Never mixed: a peer of another network is refused. */
typedef enum gasp_network { GASP_NETWORK_MAIN = 1, GASP_NETWORK_TEST = 2, GASP_NETWORK_REGTEST = 3 } gasp_network;

/** Time as the library sees it: always an argument, never read from a clock.
 *  mono_ms only counts forward (for deadlines), wall_ms is milliseconds since 1970 UTC (for records). */
typedef struct gasp_time {
    uint64_t mono_ms;
    uint64_t wall_ms;
} gasp_time;

/** Writes a txid as 64 lower-case hex digits in display order and a NUL. */
GASP_API void gasp_txid_to_text(char out[GASP_HASH_TEXT_MAX], const gasp_txid *txid);

/** Reads 64 hex digits (either case) in display order.
 *  Errors: GASP_ERR_TEXT_HEX  not exactly 64 hex digits; *out is untouched */
GASP_API gasp_err gasp_txid_from_text(gasp_txid *out, const char *text) GASP_MUST_CHECK;

/** As gasp_txid_to_text, for a block hash. */
GASP_API void gasp_block_hash_to_text(char out[GASP_HASH_TEXT_MAX], const gasp_block_hash *hash);

/** As gasp_txid_from_text, for a block hash. */
GASP_API gasp_err gasp_block_hash_from_text(gasp_block_hash *out, const char *text) GASP_MUST_CHECK;

/** As gasp_txid_to_text, for a merkle root. */
GASP_API void gasp_merkle_root_to_text(char out[GASP_HASH_TEXT_MAX], const gasp_merkle_root *root);

/** Writes `<txid>.<vout>` and a NUL: the form that GASP peers use everywhere. */
GASP_API void gasp_outpoint_to_text(char out[GASP_OUTPOINT_TEXT_MAX], const gasp_outpoint *outpoint);

/** Reads `<txid>.<vout>`; `_` and `:` are accepted in place of the dot, as peers and explorers write them.
 *  Errors: GASP_ERR_TEXT_HEX       the first 64 characters are not hex digits
 *          GASP_ERR_TEXT_OUTPOINT  no separator, or vout is not a decimal number below 2^32 without a leading zero */
GASP_API gasp_err gasp_outpoint_from_text(gasp_outpoint *out, const char *text) GASP_MUST_CHECK;

/** Writes len bytes as 2 * len lower-case hex digits and a NUL; out has room for 2 * len + 1 characters. */
GASP_API void gasp_hex_encode(char *out, const uint8_t *bytes, size_t len);

/** Reads 2 * len hex digits (either case) into out.
 *  Errors: GASP_ERR_TEXT_HEX  text_len is not 2 * len, or a character is no hex digit; out is then undefined */
GASP_API gasp_err gasp_hex_decode(uint8_t *out, size_t len, const char *text, size_t text_len) GASP_MUST_CHECK;

/** The name of a network as the command writes it ("main", "test", "regtest"); NULL for a number that is none. */
GASP_API const char *gasp_network_name(gasp_network network);

/** The network of that name; GASP_ABSENT when there is none. */
GASP_API gasp_err gasp_network_from_name(gasp_network *out, const char *name) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
