/** What a signature signs. Two forms exist: the *original* one of 2009, and the *FORKID* one of August 2017, which has
 * the shape of BIP143 and signs the amount too. Hash type bits: base type in the low five (1 ALL, 2 NONE, 3 SINGLE,
 * others as ALL), 0x20 CHRONICLE, 0x40 FORKID, 0x80 ANYONECANPAY.
 *
 *  The original form hashes the whole transaction anew for each input: its cost is the transaction's length times its
 *  inputs, which gasp_sighash_cost tells before anything is hashed. */
#ifndef GASP_SCRIPT_SIGHASH_H
#define GASP_SCRIPT_SIGHASH_H

#include "chain/tx.h"

enum {
    GASP_SIGHASH_ALL = 1,
    GASP_SIGHASH_NONE = 2,
    GASP_SIGHASH_SINGLE = 3,
    GASP_SIGHASH_BASE_MASK = 0x1f,
    GASP_SIGHASH_CHRONICLE = 0x20,
    GASP_SIGHASH_FORKID = 0x40,
    GASP_SIGHASH_ANYONECANPAY = 0x80
};

/** The parts of the FORKID form that all inputs of a transaction share. Made once, then only read: by any threads. */
typedef struct gasp_sighash_cache {
    uint8_t prevouts[32];  /**< SHA256d of all outpoints */
    uint8_t sequences[32]; /**< SHA256d of all sequences */
    uint8_t outputs[32];   /**< SHA256d of all outputs */
} gasp_sighash_cache;

/** O(length of the transaction), no allocation. */
void gasp_sighash_cache_init(gasp_sighash_cache *cache, const gasp_tx *tx);

/** The FORKID form: hash of what a signature of input `input` signs.
 *
 *  Shape:   script: the script code; a CODESEPARATOR in it is not removed. cache: of this tx, or NULL (parts are then
 *           hashed here). input < tx->n_in.
 *  Units:   sat: satoshis of the output that is spent.
 *  Source:  BIP143 with hash type as u32 (fork value 0 in its upper 24 bits). */
void gasp_sighash_forkid(uint8_t hash[32], const gasp_tx *tx, const gasp_sighash_cache *cache, size_t input,
                         gasp_bytes script, uint64_t sat, uint32_t hash_type);

/** The original form. Each CODESEPARATOR is left out of script; what FindAndDelete removes is the caller's part.
 *  SINGLE for an input that has no output of its number gives the number one (little-endian), as nodes always did. */
void gasp_sighash_original(uint8_t hash[32], const gasp_tx *tx, size_t input, gasp_bytes script, uint32_t hash_type);

/** The form that hash_type asks for where FORKID is in force: with FORKID and without CHRONICLE the FORKID form, else
 * the original one. */
bool gasp_sighash_is_forkid(uint32_t hash_type);

/** Bytes that hashing takes at most: counted before a verdict, so that it does not depend on a machine's speed. */
uint64_t gasp_sighash_cost(const gasp_tx *tx, gasp_bytes script, bool forkid_form);

#endif
