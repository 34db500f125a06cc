/* Made data. splitmix64 of a number gives every byte that means nothing, so that all runs see the same. */
#include "bench/bench.h"

#include "bench/made.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "crypto/hash.h"
#include "gasp/beef.h"
#include "gasp/header.h"
#include "lib/random.h"

enum { INPUT_SCRIPT = 107, TX_LEN = 226 };

static void write_random(gasp_writer *w, test_random *random, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gasp_write_u8(w, (uint8_t)test_random_next(random));
}

gasp_bytes bench_tx(gasp_txid *txid, uint64_t number)
{
    test_random random = {number * 1000003};
    uint8_t *bytes = malloc(TX_LEN);
    bench_check(bytes != NULL);
    gasp_writer w = gasp_writer_fixed(bytes, TX_LEN);
    gasp_write_u32(&w, 1);
    gasp_write_u8(&w, 1);
    write_random(&w, &random, 36);
    gasp_write_u8(&w, INPUT_SCRIPT);
    write_random(&w, &random, INPUT_SCRIPT);
    gasp_write_u32(&w, UINT32_MAX);
    gasp_write_u8(&w, 2);
    for (int i = 0; i < 2; i++) {
        gasp_write_u64(&w, 1000 + test_random_below(&random, 100000));
        gasp_write_bytes(&w, "\x19\x76\xa9\x14", 4);
        write_random(&w, &random, 20);
        gasp_write_bytes(&w, "\x88\xac", 2);
    }
    gasp_write_u32(&w, 0);
    bench_check(w.err == GASP_OK && w.len == TX_LEN);
    gasp_sha256d(txid->b, bytes, TX_LEN);
    return (gasp_bytes){bytes, TX_LEN};
}

void bench_header(uint8_t raw80[80], const gasp_merkle_root *root, uint32_t height)
{
    gasp_block_hash hash;
    gasp_header header = {.version = 0x20000000, .root = *root, .time = 1600000000 + height, .bits = 0x207fffff};
    memset(header.prev.b, 0xee, sizeof header.prev.b);
    do {
        header.nonce++;
        gasp_header_encode(raw80, &header);
        gasp_header_hash(&hash, raw80);
    } while (hash.b[31] >= 0x7f);
}

bench_block *bench_block_new(uint32_t height)
{
    static gasp_txid all[BENCH_BLOCK_LEAVES];
    size_t which[BENCH_BLOCK_OURS];
    test_random random = {height};
    bench_block *block = calloc(1, sizeof *block);
    bench_check(block != NULL);
    block->height = height;
    test_random_fill(&random, all, sizeof all);
    for (size_t i = 0; i < BENCH_BLOCK_OURS; i++) {
        which[i] = 1 + i * ((BENCH_BLOCK_LEAVES - 1) / BENCH_BLOCK_OURS) + test_random_below(&random, 40);
        block->txs[i] = bench_tx(&block->txids[i], (uint64_t)height * BENCH_BLOCK_OURS + i);
        all[which[i]] = block->txids[i];
    }
    bench_check(gasp_bump_from_block(&block->bump, height, all, BENCH_BLOCK_LEAVES, which, BENCH_BLOCK_OURS, NULL) ==
                GASP_OK);
    gasp_merkle_root root = gasp_bump_root(block->bump);
    bench_header(block->raw80, &root, height);
    return block;
}

bench_wallet bench_wallet_new(void)
{
    bench_wallet w = {0};
    gasp_wallet_config config;
    bench_check(gasp_kv_memory_new(&w.kv, NULL) == GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = w.kv;
    memset(config.seed32, 7, sizeof config.seed32);
    bench_check(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, (gasp_time){1, 1700000000000}) == GASP_OK);
    bench_check(gasp_wallet_open(&w.wallet, &config) == GASP_OK);
    return w;
}

void bench_wallet_free(bench_wallet *w)
{
    gasp_wallet_free(w->wallet);
    gasp_kv_close(w->kv);
}

void bench_trust(gasp_wallet *wallet, const uint8_t raw80[80], uint32_t height)
{
    bench_check(gasp_wallet_headers_trust(wallet, raw80, height, (gasp_time){2, 1700000000001}) == GASP_OK);
}

static gasp_err count_committed(void *ctx, const gasp_verdict *verdict)
{
    *(size_t *)ctx += verdict->fate == GASP_FATE_COMMITTED;
    return GASP_OK;
}

size_t bench_add(gasp_wallet *wallet, gasp_bytes beef)
{
    static const uint32_t first[] = {0};
    size_t committed = 0;
    gasp_add_config config;
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = first;
    config.n_vouts = 1;
    bench_check(gasp_wallet_add(wallet, beef.data, beef.len, &config, (gasp_time){3, 1700000000002}, count_committed,
                                &committed, NULL) == GASP_OK);
    return committed;
}

gasp_bytes bench_beef_end(gasp_beef *beef)
{
    size_t len = 0;
    bench_check(gasp_beef_canonicalise(beef, NULL) == GASP_OK);
    bench_check(gasp_beef_encode(beef, NULL, 0, &len) == GASP_OK);
    uint8_t *bytes = malloc(len);
    bench_check(bytes != NULL && gasp_beef_encode(beef, bytes, len, &len) == GASP_OK);
    gasp_beef_free(beef);
    return (gasp_bytes){bytes, len};
}

void bench_hex(FILE *out, gasp_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        fprintf(out, "%02x", bytes.data[i]);
}
