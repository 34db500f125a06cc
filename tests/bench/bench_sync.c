/* bench_sync OUTPUTS RUNS [FILE]: everything from a full wallet to an empty one, through two sessions in this thread, on
 * stores in memory. Each output is of a transaction of its own that a block proves. What a run costs is from the first byte
 * to the end of both sessions, commits included. FILE: the same outputs for the peer, a line of JSON each. */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/made.h"
#include "gasp/beef.h"
#include "gasp/session.h"

typedef struct side {
    gasp_session *session;
    gasp_result result;
    bool equal;
} side;

static void take_events(side *s)
{
    gasp_event event;
    while (gasp_session_event(s->session, &event) == GASP_OK) {
        bench_check(event.kind != GASP_EVENT_REFUSED);
        if (event.kind != GASP_EVENT_CLOSED)
            continue;
        s->result = event.closed.result;
        s->equal = event.closed.equal;
    }
}

static void start(side *s, gasp_wallet *wallet, bool initiator)
{
    gasp_session_config config;
    gasp_session_config_init(&config);
    config.wallet = wallet;
    config.initiator = initiator;
    memset(config.seed32, initiator ? 1 : 2, sizeof config.seed32);
    *s = (side){0};
    bench_check(gasp_session_new(&s->session, &config) == GASP_OK);
}

static void sync(side both[2])
{
    gasp_time now = {1000, 1700000001000};
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < 2; i++) {
            const uint8_t *out;
            size_t len;
            now.mono_ms++;
            now.wall_ms++;
            bench_check(gasp_session_send(both[i].session, &out, &len, now) == GASP_OK);
            take_events(&both[i]);
            if (len == 0)
                continue;
            moved = true;
            bench_check(gasp_session_recv(both[!i].session, out, len, now) == GASP_OK);
            take_events(&both[!i]);
        }
    }
    for (int i = 0; i < 2; i++)
        bench_check(gasp_session_done(both[i].session) && both[i].result == GASP_RESULT_COMPLETE && both[i].equal);
}

static uint64_t output_count(gasp_wallet *wallet)
{
    const gasp_collection by_default = {{0}};
    gasp_set_summary summary;
    bench_check(gasp_wallet_summary(wallet, &summary, &by_default) == GASP_OK);
    return summary.count;
}

static void fill(gasp_wallet *wallet, const bench_block *block)
{
    gasp_beef *beef = NULL;
    gasp_bump *own = NULL;
    size_t index;
    bench_trust(wallet, block->raw80, block->height);
    bench_check(gasp_beef_new(&beef, 1, NULL) == GASP_OK);
    bench_check(gasp_bump_canonical(&own, block->bump, NULL) == GASP_OK);
    bench_check(gasp_beef_add_bump_take(beef, &index, own) == GASP_OK);
    for (size_t i = 0; i < BENCH_BLOCK_OURS; i++)
        bench_check(gasp_beef_add_tx_view(beef, block->txs[i], index) == GASP_OK);
    gasp_bytes bytes = bench_beef_end(beef);
    bench_check(bench_add(wallet, bytes) == BENCH_BLOCK_OURS);
    free((void *)(uintptr_t)bytes.data);
}

static void write_block(FILE *out, const bench_block *block)
{
    static gasp_bump *paths[BENCH_BLOCK_OURS];
    bench_check(gasp_bump_split(paths, block->bump, block->txids, BENCH_BLOCK_OURS, NULL) == GASP_OK);
    gasp_merkle_root root = gasp_bump_root(block->bump);
    for (size_t i = 0; i < BENCH_BLOCK_OURS; i++) {
        uint8_t bump[1024];
        char text[GASP_HASH_TEXT_MAX];
        size_t len;
        gasp_merkle_root_to_text(text, &root);
        bench_check(gasp_bump_encode(paths[i], bump, sizeof bump, &len) == GASP_OK);
        fprintf(out, "{\"height\":%" PRIu32 ",\"root\":\"%s\",\"tx\":\"", block->height, text);
        bench_hex(out, block->txs[i]);
        fprintf(out, "\",\"proof\":\"");
        bench_hex(out, (gasp_bytes){bump, len});
        fprintf(out, "\"}\n");
        gasp_bump_free(paths[i]);
    }
}

static void run_once(bench_time *t, gasp_wallet *full, bench_block *const *blocks, size_t n_blocks,
                     gasp_session_stats *stats)
{
    side both[2];
    bench_wallet empty = bench_wallet_new();
    for (size_t i = 0; i < n_blocks; i++)
        bench_trust(empty.wallet, blocks[i]->raw80, blocks[i]->height);
    bench_start(t);
    start(&both[0], empty.wallet, true);
    start(&both[1], full, false);
    sync(both);
    bench_stop(t);
    bench_check(output_count(empty.wallet) == n_blocks * BENCH_BLOCK_OURS);
    gasp_session_count(both[0].session, stats);
    gasp_session_free(both[0].session);
    gasp_session_free(both[1].session);
    bench_wallet_free(&empty);
}

int main(int argc, char **argv)
{
    size_t outputs = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    size_t n_blocks = outputs / BENCH_BLOCK_OURS;
    bench_check(n_blocks > 0 && outputs % BENCH_BLOCK_OURS == 0 && runs > 0);
    bench_block **blocks = calloc(n_blocks, sizeof *blocks);
    bench_check(blocks != NULL);
    for (size_t i = 0; i < n_blocks; i++)
        blocks[i] = bench_block_new(1000 + (uint32_t)i);
    if (argc > 3) {
        FILE *out = fopen(argv[3], "w");
        bench_check(out != NULL);
        for (size_t i = 0; i < n_blocks; i++)
            write_block(out, blocks[i]);
        bench_check(fclose(out) == 0);
    }
    bench_time import = {0};
    bench_time t = {0};
    gasp_session_stats stats;
    bench_wallet full = bench_wallet_new();
    bench_start(&import);
    for (size_t i = 0; i < n_blocks; i++)
        fill(full.wallet, blocks[i]);
    bench_stop(&import);
    bench_say("import", "gasp", &import, (double)outputs, "");
    for (size_t i = 0; i < runs; i++)
        run_once(&t, full.wallet, blocks, n_blocks, &stats);
    char more[256];
    snprintf(more, sizeof more,
             ",\"bytes_per_unit\":%.1f,\"bytes_up\":%" PRIu64 ",\"bytes_down\":%" PRIu64 ",\"messages\":%" PRIu64
             ",\"round_trips\":%" PRIu64,
             (double)(stats.bytes_in + stats.bytes_out) / (double)outputs, stats.bytes_out, stats.bytes_in,
             stats.messages_in + stats.messages_out, stats.round_trips);
    bench_say("sync", "gasp", &t, (double)outputs, more);
    bench_wallet_free(&full);
    return EXIT_SUCCESS;
}
