/* Made data. splitmix64 of a number gives every byte that means nothing, so that all runs see the same. */
#include "bench/bench.h"

#include "bench/made.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "crypto/hash.h"
#include "gasp/beef.h"
#include "gasp/header.h"
#include "gasp/leveldb.h"
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

void bench_block_free(bench_block *block)
{
    for (size_t i = 0; i < BENCH_BLOCK_OURS; i++)
        free((void *)(uintptr_t)block->txs[i].data);
    gasp_bump_free(block->bump);
    free(block);
}

bench_wallet bench_wallet_new(const char *path)
{
    bench_wallet w = {.path = path != NULL ? strdup(path) : NULL};
    gasp_wallet_config config;
    if (path == NULL)
        bench_check(gasp_kv_memory_new(&w.kv, NULL) == GASP_OK);
    gasp_leveldb_config create;
    gasp_leveldb_config_init(&create);
    create.mode = GASP_LEVELDB_CREATE;
    if (path != NULL)
        bench_check(gasp_kv_leveldb_open(&w.kv, path, &create, NULL, NULL) == GASP_OK);
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
    if (w->path != NULL)
        bench_check(gasp_kv_leveldb_destroy(w->path, NULL) == GASP_OK);
    free(w->path);
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

void bench_add_some(gasp_wallet *wallet, const bench_block *block, size_t from, size_t n)
{
    static gasp_bump *paths[BENCH_BLOCK_OURS];
    gasp_beef *beef = NULL;
    gasp_bump *own = NULL;
    size_t index;
    bench_check(gasp_bump_split(paths, block->bump, block->txids + from, n, NULL) == GASP_OK);
    bench_check(gasp_bump_merge(&own, (const gasp_bump *const *)paths, n, NULL) == GASP_OK);
    bench_check(gasp_beef_new(&beef, 1, NULL) == GASP_OK);
    bench_check(gasp_beef_add_bump_take(beef, &index, own) == GASP_OK);
    for (size_t i = 0; i < n; i++) {
        gasp_bump_free(paths[i]);
        bench_check(gasp_beef_add_tx_view(beef, block->txs[from + i], index) == GASP_OK);
    }
    gasp_bytes bytes = bench_beef_end(beef);
    bench_check(bench_add(wallet, bytes) == n);
    free((void *)(uintptr_t)bytes.data);
}

void bench_verify_export(gasp_wallet *wallet, const gasp_txid *txid)
{
    gasp_data bytes = {0};
    gasp_beef *beef = NULL;
    gasp_beef_item item;
    gasp_header header;
    bench_check(gasp_wallet_export(wallet, &bytes, txid, GASP_EXPORT_BEEF) == GASP_OK);
    bench_check(gasp_beef_decode(&beef, (gasp_bytes){bytes.data, bytes.len}, NULL, NULL) == GASP_OK);
    bench_check(gasp_beef_check(beef, NULL) == GASP_OK);
    bench_check(gasp_beef_tx_count(beef) == 1 && gasp_beef_bump_count(beef) == 1);
    bench_check(gasp_beef_tx(beef, 0, &item) == GASP_OK && memcmp(item.txid.b, txid->b, sizeof txid->b) == 0);
    gasp_merkle_root root = gasp_bump_root(gasp_beef_bump(beef, 0));
    bench_block *block = bench_block_new(gasp_bump_height(gasp_beef_bump(beef, 0)));
    gasp_header_decode(&header, block->raw80);
    bench_check(memcmp(header.root.b, root.b, sizeof root.b) == 0);
    bench_block_free(block);
    gasp_beef_free(beef);
    gasp_data_clear(&bytes);
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

void bench_write_rows(FILE *out, const bench_block *block)
{
    static gasp_bump *paths[BENCH_BLOCK_OURS];
    char text[GASP_HASH_TEXT_MAX];
    gasp_merkle_root root = gasp_bump_root(block->bump);
    gasp_merkle_root_to_text(text, &root);
    bench_check(gasp_bump_split(paths, block->bump, block->txids, BENCH_BLOCK_OURS, NULL) == GASP_OK);
    for (size_t i = 0; i < BENCH_BLOCK_OURS; i++) {
        uint8_t bump[1024];
        size_t len;
        bench_check(gasp_bump_encode(paths[i], bump, sizeof bump, &len) == GASP_OK);
        fprintf(out, "{\"height\":%u,\"root\":\"%s\",\"tx\":\"", (unsigned)block->height, text);
        bench_hex(out, block->txs[i]);
        fprintf(out, "\",\"proof\":\"");
        bench_hex(out, (gasp_bytes){bump, len});
        fprintf(out, "\"}\n");
        gasp_bump_free(paths[i]);
    }
}
