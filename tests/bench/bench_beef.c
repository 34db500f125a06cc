/* bench_beef RUNS [FILE]: reading a BEEF of 200 transactions, 100 of them proven by one path of a block of 128, the others
 * each spending one of those. FILE gets it as hex, for the peer. */
#include "bench/bench.h"

#include <stdlib.h>

#include "base/writer.h"
#include "bench/made.h"
#include "gasp/beef.h"

enum { REPEATS = 200, PROVEN = 100, LEAVES = 128 };

/* The same as bench_tx, spending output 0 of prev. */
static gasp_bytes child_of(const gasp_txid *prev, uint64_t number)
{
    gasp_txid txid;
    gasp_bytes tx = bench_tx(&txid, number);
    uint8_t *bytes = (uint8_t *)(uintptr_t)tx.data;
    for (size_t i = 0; i < 32; i++)
        bytes[5 + i] = prev->b[i];
    for (size_t i = 0; i < 4; i++)
        bytes[37 + i] = 0;
    return tx;
}

static gasp_bytes make_beef(void)
{
    gasp_beef *beef = NULL;
    gasp_bump *bump = NULL;
    gasp_bytes txs[LEAVES];
    gasp_txid txids[LEAVES];
    size_t which[PROVEN];
    size_t index;
    for (size_t i = 0; i < LEAVES; i++)
        txs[i] = bench_tx(&txids[i], i);
    for (size_t i = 0; i < PROVEN; i++)
        which[i] = i + 1;
    bench_check(gasp_bump_from_block(&bump, 1000, txids, LEAVES, which, PROVEN, NULL) == GASP_OK);
    bench_check(gasp_beef_new(&beef, 1, NULL) == GASP_OK);
    bench_check(gasp_beef_add_bump_take(beef, &index, bump) == GASP_OK);
    for (size_t i = 0; i < PROVEN; i++) {
        gasp_bytes child = child_of(&txids[which[i]], LEAVES + i);
        bench_check(gasp_beef_add_tx_view(beef, txs[which[i]], index) == GASP_OK);
        bench_check(gasp_beef_add_tx_view(beef, child, GASP_BEEF_NO_BUMP) == GASP_OK);
    }
    return bench_beef_end(beef);
}

static void decode(gasp_bytes bytes, bool check)
{
    gasp_beef *beef = NULL;
    bench_check(gasp_beef_decode(&beef, bytes, NULL, NULL) == GASP_OK);
    bench_check(gasp_beef_tx_count(beef) == (size_t)2 * PROVEN);
    bench_check(!check || gasp_beef_check(beef, NULL) == GASP_OK);
    gasp_beef_free(beef);
}

static void measure(const char *what, gasp_bytes bytes, size_t runs, bool check)
{
    bench_time t = {0};
    for (size_t run = 0; run < runs; run++) {
        bench_start(&t);
        for (int i = 0; i < REPEATS; i++)
            decode(bytes, check);
        bench_stop(&t);
    }
    char more[64];
    snprintf(more, sizeof more, ",\"bytes\":%zu,\"transactions\":%d", bytes.len, 2 * PROVEN);
    bench_say(what, "gasp", &t, REPEATS, more);
}

int main(int argc, char **argv)
{
    size_t runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
    gasp_bytes bytes = make_beef();
    if (argc > 2) {
        FILE *out = fopen(argv[2], "w");
        bench_check(out != NULL);
        bench_hex(out, bytes);
        bench_check(fclose(out) == 0);
    }
    measure("beef", bytes, runs, false);
    measure("beef and its check", bytes, runs, true);
    return EXIT_SUCCESS;
}
