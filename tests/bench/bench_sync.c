/* bench_sync STORE OUTPUTS DIFFER [FOLDER]: a wallet of OUTPUTS outputs is synced through a loopback socket, again and again,
 * by two processes: a child that serves it, and this one. STORE is memory, or leveldb, whose stores are in FOLDER. DIFFER 0:
 * this side is empty each time. Else it holds the same outputs, and before each run half of DIFFER new ones come to each
 * side. A line on standard input is one step: "prepare" is answered with {"address":...}, where the child listens; then
 * "go ADDRESS", which may be something in between, with the figures. After it 100 outputs are exported and verified.
 * bench_sync rows FILE BLOCKS: the outputs of as many blocks for the peer, a line of JSON each. */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/made.h"
#include "bench/pair.h"
#include "lib/random.h"

enum { CHECKED = 100, FIRST_HEIGHT = 1000 };

/* One of the two processes: what it does, and what it holds. */
typedef struct side {
    const char *folder; /* of LevelDB; NULL: in memory */
    size_t n_blocks;
    size_t differ;
    uint32_t runs; /* that were prepared */
    int control;   /* to the other process */
    bench_wallet held;
} side;

static bench_block *block_of(size_t n)
{
    return bench_block_new(FIRST_HEIGHT + (uint32_t)n);
}

static void hold_new(side *s, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s-%" PRIu32, s->folder != NULL ? s->folder : "", name, s->runs);
    s->held = bench_wallet_new(s->folder != NULL ? path : NULL);
}

static void hold_all(side *s)
{
    for (size_t i = 0; i < s->n_blocks; i++) {
        bench_block *block = block_of(i);
        bench_trust(s->held.wallet, block->raw80, block->height);
        bench_add_some(s->held.wallet, block, 0, BENCH_BLOCK_OURS);
        bench_block_free(block);
    }
}

/* Half of the new outputs of a run, those from number `from` on in a block that both know. */
static void hold_news(side *s, size_t from)
{
    if (s->differ == 0)
        return;
    bench_block *block = block_of(s->n_blocks + s->runs);
    bench_trust(s->held.wallet, block->raw80, block->height);
    bench_add_some(s->held.wallet, block, from, s->differ / 2);
    bench_block_free(block);
}

/* ---- the child: for each byte that comes it tells where it listens, and then what the sync cost it -------------------- */

static void tell_headers(const side *s)
{
    for (size_t i = 0; i < s->n_blocks; i++) {
        bench_block *block = block_of(i);
        bench_write(s->control, block->raw80, sizeof block->raw80);
        bench_block_free(block);
    }
}

static void serve(side *s)
{
    uint8_t byte;
    hold_new(s, "full");
    hold_all(s);
    tell_headers(s);
    while (bench_read(s->control, &byte, 1)) {
        s->runs++;
        hold_news(s, 0);
        double cpu_s = bench_serve(s->held.wallet, s->control);
        bench_write(s->control, &cpu_s, sizeof cpu_s);
    }
    bench_wallet_free(&s->held);
}

/* ---- this process --------------------------------------------------------------------------------------------------- */

static void prepare(side *s, const uint8_t (*headers)[80])
{
    char address[GASP_ADDRESS_MAX];
    s->runs++;
    bench_write(s->control, "r", 1);
    hold_news(s, s->differ / 2);
    if (s->differ == 0) {
        hold_new(s, "empty");
        for (size_t i = 0; i < s->n_blocks; i++)
            bench_trust(s->held.wallet, headers[i], FIRST_HEIGHT + (uint32_t)i);
    }
    bench_check(bench_read(s->control, address, sizeof address));
    printf("{\"address\":\"%s\"}\n", address);
    fflush(stdout);
}

typedef struct list {
    gasp_txid *txids;
    size_t n;
    size_t max;
} list;

static gasp_err collect(void *ctx, const gasp_output *output)
{
    list *all = ctx;
    bench_check(all->n < all->max);
    all->txids[all->n++] = output->outpoint.txid;
    return GASP_OK;
}

/* What came can be given on, and leads to the roots of trusted headers. */
static void verify_some(const side *s)
{
    const gasp_collection by_default = {{0}};
    test_random random = {s->runs};
    list all = {.max = s->n_blocks * BENCH_BLOCK_OURS + s->runs * s->differ};
    all.txids = calloc(all.max, sizeof *all.txids);
    bench_check(all.txids != NULL);
    bench_check(gasp_wallet_outputs(s->held.wallet, &by_default, NULL, false, collect, &all) == GASP_OK);
    bench_check(all.n == all.max);
    for (size_t i = 0; i < CHECKED; i++)
        bench_verify_export(s->held.wallet, &all.txids[test_random_below(&random, all.n)]);
    free(all.txids);
}

static void go(side *s, const char *address)
{
    double theirs_s;
    bench_synced mine = bench_sync(s->held.wallet, address);
    const gasp_session_stats *stats = &mine.stats;
    bench_check(bench_read(s->control, &theirs_s, sizeof theirs_s));
    size_t peak_kib = bench_peak_kib();
    verify_some(s);
    printf("{\"seconds\":%.6f,\"cpu_s\":%.6f,\"bytes_up\":%" PRIu64 ",\"bytes_down\":%" PRIu64 ",\"messages\":%" PRIu64
           ",\"round_trips\":%" PRIu64 ",\"peak_kib\":%zu}\n",
           mine.wall_s, mine.cpu_s + theirs_s, stats->bytes_out, stats->bytes_in,
           stats->messages_in + stats->messages_out, stats->round_trips, peak_kib);
    fflush(stdout);
    if (s->differ == 0)
        bench_wallet_free(&s->held);
}

static void ask(side *s)
{
    char line[GASP_ADDRESS_MAX + 8];
    uint8_t(*headers)[80] = calloc(s->n_blocks, sizeof *headers);
    bench_check(headers != NULL && bench_read(s->control, headers, s->n_blocks * sizeof *headers));
    if (s->differ > 0) {
        hold_new(s, "other");
        hold_all(s);
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "go ", 3) == 0)
            go(s, line + 3);
        else
            prepare(s, (const uint8_t(*)[80])headers);
    }
    if (s->differ > 0)
        bench_wallet_free(&s->held);
    free(headers);
}

static void write_rows(const char *path, size_t n_blocks)
{
    FILE *out = fopen(path, "w");
    bench_check(out != NULL);
    for (size_t i = 0; i < n_blocks; i++) {
        bench_block *block = block_of(i);
        bench_write_rows(out, block);
        bench_block_free(block);
    }
    bench_check(fclose(out) == 0);
}

int main(int argc, char **argv)
{
    int ends[2];
    bench_check(argc > 3);
    if (strcmp(argv[1], "rows") == 0) {
        write_rows(argv[2], strtoul(argv[3], NULL, 10));
        return EXIT_SUCCESS;
    }
    side s = {.n_blocks = strtoul(argv[2], NULL, 10) / BENCH_BLOCK_OURS, .differ = strtoul(argv[3], NULL, 10)};
    s.folder = strcmp(argv[1], "leveldb") == 0 ? argv[4] : NULL;
    bench_check(s.n_blocks > 0 && s.differ <= BENCH_BLOCK_OURS && (s.folder != NULL || strcmp(argv[1], "memory") == 0));
    bench_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    pid_t child = fork();
    bench_check(child >= 0);
    s.control = ends[child == 0];
    (void)close(ends[child != 0]);
    if (child == 0) {
        serve(&s);
        return EXIT_SUCCESS;
    }
    ask(&s);
    (void)close(s.control);
    int status;
    bench_check(waitpid(child, &status, 0) == child && status == 0);
    return EXIT_SUCCESS;
}
