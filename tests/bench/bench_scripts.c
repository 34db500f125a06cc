/* bench_scripts RUNS: P2PKH inputs verified as the wallet does it, from the transaction's bytes to its verdict, against
 * libsecp256k1 alone doing nothing but the parsing and the check of as many signatures. Both in turns, in this thread. And
 * the same transactions given to a wallet in one BEEF. Each has a key of its own. */
#include "bench/bench.h"

#include <secp256k1.h>
#include <stdlib.h>
#include <string.h>

#include "bench/made.h"
#include "chain/tx.h"
#include "crypto/ecdsa.h"
#include "gasp/beef.h"
#include "lib/keys.h"
#include "script/sighash.h"
#include "spv/verify.h"

enum { N = 2000, SAT = 1000 };

typedef struct spend {
    gasp_bytes raw;
    gasp_bytes lock;
    uint8_t hash[32];
    gasp_bytes der;
    gasp_bytes key;
} spend;

static spend spends[N];
static gasp_bytes parent;
static const gasp_spv_setting setting = {GASP_NETWORK_REGTEST, 2000, GASP_SPV_SIGHASH_BYTES_MAX};

/* What the bare loop is given: signature and key as they stand in the unlocking script, and the hash that was signed. */
static void take_apart(spend *s)
{
    gasp_tx *tx = NULL;
    gasp_sighash_cache cache;
    bench_check(gasp_tx_decode(&tx, s->raw, NULL, NULL) == GASP_OK);
    gasp_bytes unlock = tx->in[0].script;
    size_t signature = unlock.data[0];
    s->der = (gasp_bytes){unlock.data + 1, signature - 1};
    s->key = (gasp_bytes){unlock.data + 2 + signature, unlock.data[1 + signature]};
    gasp_sighash_cache_init(&cache, tx);
    gasp_sighash_forkid(s->hash, tx, &cache, 0, s->lock, SAT, GASP_SIGHASH_ALL | GASP_SIGHASH_FORKID);
    gasp_tx_free(tx);
}

static void make(gasp_txid *parent_txid)
{
    static test_out outs[N];
    const test_in nowhere = {{{{1}}, 0}, (uint64_t)N * SAT, TEST_P2PKH, 0};
    for (uint32_t i = 0; i < N; i++)
        outs[i] = (test_out){SAT, TEST_P2PKH, i};
    parent = test_tx_make(parent_txid, &(test_spec){.in = &nowhere, .n_in = 1, .out = outs, .n_out = N});
    for (uint32_t i = 0; i < N; i++) {
        const test_in in = {{*parent_txid, i}, SAT, TEST_P2PKH, i};
        const test_out out[2] = {{SAT / 2, TEST_P2PKH, 1}, {SAT / 2, TEST_P2PKH, 2}};
        spends[i].raw = test_tx_make(NULL, &(test_spec){.in = &in, .n_in = 1, .out = out, .n_out = 2});
        spends[i].lock = test_lock_script(TEST_P2PKH, i);
        take_apart(&spends[i]);
    }
}

static void bare(bench_time *t, const secp256k1_context *ctx)
{
    int good = 0;
    bench_start(t);
    for (int i = 0; i < N; i++) {
        secp256k1_pubkey key;
        secp256k1_ecdsa_signature signature;
        const spend *s = &spends[i];
        good += secp256k1_ec_pubkey_parse(ctx, &key, s->key.data, s->key.len) &&
                secp256k1_ecdsa_signature_parse_der(ctx, &signature, s->der.data, s->der.len) &&
                (secp256k1_ecdsa_signature_normalize(ctx, &signature, &signature), true) &&
                secp256k1_ecdsa_verify(ctx, &signature, s->hash, &key);
    }
    bench_stop(t);
    bench_check(good == N);
}

/* One batch for all, as a wallet makes one for many transactions. */
static void ours(bench_time *t, const gasp_ecdsa *ecdsa, const gasp_tx *funds)
{
    static gasp_tx *txs[N];
    static gasp_spv_source sources[N];
    gasp_verify_batch batch;
    size_t input;
    bench_start(t);
    gasp_verify_batch_init(&batch, ecdsa, N, NULL);
    for (size_t i = 0; i < N; i++) {
        uint64_t fee;
        bench_check(gasp_tx_decode(&txs[i], spends[i].raw, NULL, NULL) == GASP_OK);
        bench_check(gasp_spv_check_form(txs[i], &input, NULL) == GASP_OK);
        bench_check(gasp_spv_source_of(&sources[i], funds, 1000, &txs[i]->in[0].prev) == GASP_OK);
        bench_check(gasp_spv_check_amounts(txs[i], &fee, &sources[i]) == GASP_OK);
        bench_check(gasp_spv_add_jobs(&batch, &input, txs[i], &sources[i], &setting) == GASP_OK);
    }
    for (size_t i = 0; i < N; i++) {
        gasp_err verdict = gasp_verify_batch_run(&batch, i);
        bench_check(gasp_spv_verdict(&input, &verdict, 1) == GASP_OK);
    }
    gasp_verify_batch_clear(&batch);
    for (size_t i = 0; i < N; i++)
        gasp_tx_free(txs[i]);
    bench_stop(t);
}

static gasp_bytes beef_of(const gasp_txid *parent_txid, uint8_t raw80[80])
{
    gasp_beef *beef = NULL;
    gasp_bump *bump = NULL;
    const size_t second = 1;
    size_t index;
    gasp_txid all[2] = {{{0xcb}}, *parent_txid};
    bench_check(gasp_bump_from_block(&bump, 1000, all, 2, &second, 1, NULL) == GASP_OK);
    gasp_merkle_root root = gasp_bump_root(bump);
    bench_header(raw80, &root, 1000);
    bench_check(gasp_beef_new(&beef, 1, NULL) == GASP_OK);
    bench_check(gasp_beef_add_bump_take(beef, &index, bump) == GASP_OK);
    bench_check(gasp_beef_add_tx_view(beef, parent, index) == GASP_OK);
    for (size_t i = 0; i < N; i++)
        bench_check(gasp_beef_add_tx_view(beef, spends[i].raw, GASP_BEEF_NO_BUMP) == GASP_OK);
    return bench_beef_end(beef);
}

static void through_wallet(bench_time *t, gasp_bytes beef, const uint8_t raw80[80])
{
    bench_wallet w = bench_wallet_new(NULL);
    bench_trust(w.wallet, raw80, 1000);
    bench_start(t);
    bench_check(bench_add(w.wallet, beef) == N + 1);
    bench_stop(t);
    bench_wallet_free(&w);
}

int main(int argc, char **argv)
{
    size_t runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
    bench_time alone = {0}, spv = {0}, wallet = {0};
    gasp_txid parent_txid;
    gasp_tx *funds = NULL;
    gasp_ecdsa *ecdsa = NULL;
    uint8_t raw80[80];
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
    make(&parent_txid);
    bench_check(gasp_tx_decode(&funds, parent, NULL, NULL) == GASP_OK);
    bench_check(gasp_ecdsa_new(&ecdsa, NULL) == GASP_OK);
    gasp_bytes beef = beef_of(&parent_txid, raw80);
    for (size_t i = 0; i < runs; i++) {
        bare(&alone, ctx);
        ours(&spv, ecdsa, funds);
        through_wallet(&wallet, beef, raw80);
    }
    char more[64];
    bench_say("signatures alone", "libsecp256k1", &alone, N, "");
    snprintf(more, sizeof more, ",\"ratio\":%.3f,\"target\":0.8", bench_ratio(&alone, &spv));
    bench_say("scripts", "gasp", &spv, N, more);
    snprintf(more, sizeof more, ",\"ratio\":%.3f", bench_ratio(&alone, &wallet));
    bench_say("scripts through a wallet", "gasp", &wallet, N, more);
    gasp_ecdsa_free(ecdsa);
    gasp_tx_free(funds);
    secp256k1_context_destroy(ctx);
    return EXIT_SUCCESS;
}
