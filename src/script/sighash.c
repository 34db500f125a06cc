/* Signature hashes, streamed into SHA-256: no copy of the transaction is made and nothing is allocated. Hash types that
 * no rule defines are hashed as they stand, because old blocks hold such signatures. */
#include "script/sighash.h"

#include <string.h>

#include "crypto/hash.h"
#include "script/push.h"

static void put_u32(gasp_sha256 *h, uint32_t value)
{
    uint8_t b[4];
    gasp_writer w = gasp_writer_fixed(b, sizeof b);
    gasp_write_u32(&w, value);
    gasp_sha256_update(h, b, w.len);
}

static void put_u64(gasp_sha256 *h, uint64_t value)
{
    uint8_t b[8];
    gasp_writer w = gasp_writer_fixed(b, sizeof b);
    gasp_write_u64(&w, value);
    gasp_sha256_update(h, b, w.len);
}

static void put_compact(gasp_sha256 *h, uint64_t value)
{
    uint8_t b[9];
    gasp_writer w = gasp_writer_fixed(b, sizeof b);
    gasp_write_compact(&w, value);
    gasp_sha256_update(h, b, w.len);
}

static void put_outpoint(gasp_sha256 *h, const gasp_outpoint *outpoint)
{
    uint8_t b[GASP_OUTPOINT_LEN];
    gasp_writer w = gasp_writer_fixed(b, sizeof b);
    gasp_write_outpoint(&w, outpoint);
    gasp_sha256_update(h, b, w.len);
}

static void put_sized(gasp_sha256 *h, gasp_bytes bytes)
{
    put_compact(h, bytes.len);
    if (bytes.len > 0)
        gasp_sha256_update(h, bytes.data, bytes.len);
}

static void put_output(gasp_sha256 *h, const gasp_txout *out)
{
    put_u64(h, out->sat);
    put_sized(h, out->script);
}

static void hash_prevouts(uint8_t hash[32], const gasp_tx *tx)
{
    gasp_sha256 h;
    gasp_sha256_init(&h);
    for (size_t i = 0; i < tx->n_in; i++)
        put_outpoint(&h, &tx->in[i].prev);
    gasp_sha256_final_twice(&h, hash);
}

static void hash_sequences(uint8_t hash[32], const gasp_tx *tx)
{
    gasp_sha256 h;
    gasp_sha256_init(&h);
    for (size_t i = 0; i < tx->n_in; i++)
        put_u32(&h, tx->in[i].sequence);
    gasp_sha256_final_twice(&h, hash);
}

static void hash_outputs(uint8_t hash[32], const gasp_txout *out, size_t n_out)
{
    gasp_sha256 h;
    gasp_sha256_init(&h);
    for (size_t i = 0; i < n_out; i++)
        put_output(&h, &out[i]);
    gasp_sha256_final_twice(&h, hash);
}

void gasp_sighash_cache_init(gasp_sighash_cache *cache, const gasp_tx *tx)
{
    hash_prevouts(cache->prevouts, tx);
    hash_sequences(cache->sequences, tx);
    hash_outputs(cache->outputs, tx->out, tx->n_out);
}

/* The three shared parts as this hash type wants them: what it does not cover is zero. */
static gasp_sighash_cache covered_parts(const gasp_tx *tx, const gasp_sighash_cache *cache, size_t input,
                                        uint32_t hash_type)
{
    gasp_sighash_cache parts = {0};
    uint32_t base = hash_type & GASP_SIGHASH_BASE_MASK;
    bool alone = (hash_type & GASP_SIGHASH_ANYONECANPAY) != 0;
    bool all = base != GASP_SIGHASH_NONE && base != GASP_SIGHASH_SINGLE;
    gasp_sighash_cache own;
    if (cache == NULL && (!alone || all)) {
        gasp_sighash_cache_init(&own, tx);
        cache = &own;
    }
    if (!alone)
        memcpy(parts.prevouts, cache->prevouts, sizeof parts.prevouts);
    if (!alone && all)
        memcpy(parts.sequences, cache->sequences, sizeof parts.sequences);
    if (all)
        memcpy(parts.outputs, cache->outputs, sizeof parts.outputs);
    else if (base == GASP_SIGHASH_SINGLE && input < tx->n_out)
        hash_outputs(parts.outputs, &tx->out[input], 1);
    return parts;
}

void gasp_sighash_forkid(uint8_t hash[32], const gasp_tx *tx, const gasp_sighash_cache *cache, size_t input,
                         gasp_bytes script, uint64_t sat, uint32_t hash_type)
{
    gasp_sighash_cache parts = covered_parts(tx, cache, input, hash_type);
    gasp_sha256 h;
    gasp_sha256_init(&h);
    put_u32(&h, tx->version);
    gasp_sha256_update(&h, parts.prevouts, sizeof parts.prevouts);
    gasp_sha256_update(&h, parts.sequences, sizeof parts.sequences);
    put_outpoint(&h, &tx->in[input].prev);
    put_sized(&h, script);
    put_u64(&h, sat);
    put_u32(&h, tx->in[input].sequence);
    gasp_sha256_update(&h, parts.outputs, sizeof parts.outputs);
    put_u32(&h, tx->locktime);
    put_u32(&h, hash_type);
    gasp_sha256_final_twice(&h, hash);
}

/* The script code without its CODESEPARATORs. Opcodes behind one that cannot be read stand as they are. */
static void put_script_code(gasp_sha256 *h, gasp_bytes script)
{
    size_t separators = 0;
    gasp_op op;
    gasp_op_cursor cursor = gasp_op_cursor_of(script);
    while (gasp_op_next(&cursor, &op))
        separators += op.code == GASP_OP_CODESEPARATOR;
    put_compact(h, script.len - separators);
    size_t from = 0;
    cursor = gasp_op_cursor_of(script);
    while (gasp_op_next(&cursor, &op)) {
        if (op.code != GASP_OP_CODESEPARATOR)
            continue;
        gasp_sha256_update(h, script.data + from, op.at - from);
        from = op.at + 1;
    }
    if (from < script.len)
        gasp_sha256_update(h, script.data + from, script.len - from);
}

static void put_inputs(gasp_sha256 *h, const gasp_tx *tx, size_t input, gasp_bytes script, uint32_t hash_type)
{
    uint32_t base = hash_type & GASP_SIGHASH_BASE_MASK;
    bool alone = (hash_type & GASP_SIGHASH_ANYONECANPAY) != 0;
    bool others_free = base == GASP_SIGHASH_NONE || base == GASP_SIGHASH_SINGLE;
    put_compact(h, alone ? 1 : tx->n_in);
    for (size_t i = alone ? input : 0; i < (alone ? input + 1 : tx->n_in); i++) {
        put_outpoint(h, &tx->in[i].prev);
        if (i == input)
            put_script_code(h, script);
        else
            put_compact(h, 0);
        put_u32(h, i != input && others_free ? 0 : tx->in[i].sequence);
    }
}

static void put_outputs(gasp_sha256 *h, const gasp_tx *tx, size_t input, uint32_t hash_type)
{
    uint32_t base = hash_type & GASP_SIGHASH_BASE_MASK;
    if (base == GASP_SIGHASH_NONE) {
        put_compact(h, 0);
    } else if (base == GASP_SIGHASH_SINGLE) {
        const gasp_txout blank = {UINT64_MAX, {NULL, 0}};
        put_compact(h, input + 1);
        for (size_t i = 0; i < input; i++)
            put_output(h, &blank);
        put_output(h, &tx->out[input]);
    } else {
        put_compact(h, tx->n_out);
        for (size_t i = 0; i < tx->n_out; i++)
            put_output(h, &tx->out[i]);
    }
}

void gasp_sighash_original(uint8_t hash[32], const gasp_tx *tx, size_t input, gasp_bytes script, uint32_t hash_type)
{
    bool single = (hash_type & GASP_SIGHASH_BASE_MASK) == GASP_SIGHASH_SINGLE;
    if (single && input >= tx->n_out) {
        memset(hash, 0, 32);
        hash[0] = 1;
        return;
    }
    gasp_sha256 h;
    gasp_sha256_init(&h);
    put_u32(&h, tx->version);
    put_inputs(&h, tx, input, script, hash_type);
    put_outputs(&h, tx, input, hash_type);
    put_u32(&h, tx->locktime);
    put_u32(&h, hash_type);
    gasp_sha256_final_twice(&h, hash);
}

bool gasp_sighash_is_forkid(uint32_t hash_type)
{
    return (hash_type & GASP_SIGHASH_FORKID) != 0 && (hash_type & GASP_SIGHASH_CHRONICLE) == 0;
}

uint64_t gasp_sighash_cost(const gasp_tx *tx, gasp_bytes script, bool forkid_form)
{
    const uint64_t fixed = 256; /* more than the FORKID form's own fields take */
    return fixed + script.len + (forkid_form ? 0 : gasp_tx_len(tx));
}
