/* Large things between two wallets, with every byte of memory counted: a transaction of a megabyte, one of 24 MiB, a chain of
 * ten thousand, one with five thousand parents, and a stage that is smaller than what is offered. What the wallet and the
 * session of a side take together is bounded by a sum that each test states; the store is not counted. */
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "crypto/hash.h"
#include "gasp/bump.h"
#include "gasp/header.h"
#include "session/made.h"
#include "wallet/questions.h"

enum { KIB = 1024, MIB = 1024 * 1024, SAT = 1000 };

/* ---- counted memory ------------------------------------------------------------------------------------------------ */

typedef struct counted {
    gasp_mem mem;
    size_t now;
    size_t peak;
} counted;

enum { HEAD = 16 /**< before each block: its length */ };

static void *counted_resize(void *user, void *block, size_t len)
{
    counted *c = user;
    uint8_t *old = block != NULL ? (uint8_t *)block - HEAD : NULL;
    size_t before = 0;
    if (old != NULL)
        memcpy(&before, old, sizeof before);
    uint8_t *fresh = realloc(old, HEAD + len);
    assert_non_null(fresh);
    memcpy(fresh, &len, sizeof len);
    /* While a block grows both may be there. */
    c->peak = c->now + len > c->peak ? c->now + len : c->peak;
    c->now = c->now + len - before;
    return fresh + HEAD;
}

static void *counted_allocate(void *user, size_t len)
{
    return counted_resize(user, NULL, len);
}

static void counted_release(void *user, void *block)
{
    counted *c = user;
    size_t len;
    if (block == NULL)
        return;
    memcpy(&len, (uint8_t *)block - HEAD, sizeof len);
    c->now -= len;
    free((uint8_t *)block - HEAD);
}

/* ---- transactions that anybody may spend --------------------------------------------------------------------------- */

/* Spends outputs with nothing; n_out outputs that hold `sat` each, and one with `data` bytes that nobody can spend. */
static gasp_bytes free_tx(gasp_txid *txid, const gasp_outpoint *prev, size_t n_in, size_t n_out, uint64_t sat,
                          size_t data)
{
    gasp_buf buf;
    gasp_buf_init(&buf, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_u32(&w, 1);
    gasp_write_compact(&w, n_in);
    for (size_t i = 0; i < n_in; i++) {
        gasp_write_outpoint(&w, &prev[i]);
        gasp_write_compact(&w, 0);
        gasp_write_u32(&w, UINT32_MAX);
    }
    gasp_write_compact(&w, n_out + (data > 0));
    for (size_t i = 0; i < n_out; i++) {
        gasp_write_u64(&w, sat);
        gasp_write_compact(&w, 1);
        gasp_write_u8(&w, 0x51);
    }
    if (data > 0) {
        uint8_t *filler = calloc(1, data);
        assert_true(filler != NULL && data > 2);
        filler[1] = 0x6a;
        gasp_write_u64(&w, 0);
        gasp_write_compact(&w, data);
        gasp_write_bytes(&w, filler, data);
        free(filler);
    }
    gasp_write_u32(&w, 0);
    assert_err(w.err, GASP_OK);
    gasp_sha256d(txid->b, buf.data, buf.len);
    uint8_t *bytes = malloc(buf.len);
    assert_non_null(bytes);
    memcpy(bytes, buf.data, buf.len);
    gasp_bytes raw = {bytes, buf.len};
    gasp_buf_clear(&buf);
    return raw;
}

/* What a wallet is given: some transactions in a block, and what stands on them. */
typedef struct load_of {
    gasp_bytes *raw;
    gasp_txid *txid;
    bool *spent; /* by another one of these */
    size_t n;
    size_t cap;
    made_block block;
    size_t n_proven; /* the first ones */
} load_of;

static gasp_txid load_add(load_of *l, gasp_bytes raw, const gasp_txid *txid)
{
    if (l->n == l->cap) {
        l->cap = l->cap > 0 ? 2 * l->cap : 64;
        l->raw = realloc(l->raw, l->cap * sizeof *l->raw);
        l->txid = realloc(l->txid, l->cap * sizeof *l->txid);
        l->spent = realloc(l->spent, l->cap * sizeof *l->spent);
        assert_true(l->raw != NULL && l->txid != NULL && l->spent != NULL);
    }
    l->raw[l->n] = raw;
    l->spent[l->n] = false;
    l->txid[l->n++] = *txid;
    return *txid;
}

/* Adds one that spends these outputs, of transactions that were added before. */
static gasp_txid load_spend(load_of *l, const gasp_outpoint *prev, size_t n_in, size_t n_out, size_t data)
{
    gasp_txid txid;
    for (size_t k = 0; k < n_in; k++) {
        size_t i = n_in > 1 ? k + 1 : l->n; /* a fan-in spends all but the first, in their order */
        while (i == l->n || memcmp(l->txid[i].b, prev[k].txid.b, 32) != 0) {
            assert_true(i > 0);
            i--;
        }
        l->spent[i] = true;
    }
    gasp_bytes raw = free_tx(&txid, prev, n_in, n_out, n_in * SAT / n_out, data);
    return load_add(l, raw, &txid);
}

/* The first transaction, which the block holds: n_out outputs. */
static gasp_txid load_fund(load_of *l, size_t n_out)
{
    gasp_outpoint nowhere = {.vout = 7};
    gasp_txid txid;
    memset(nowhere.txid.b, 0xab, sizeof nowhere.txid.b);
    gasp_bytes raw = free_tx(&txid, &nowhere, 1, n_out, SAT, 0);
    return load_add(l, raw, &txid);
}

static void load_mine(load_of *l)
{
    gasp_txid others[MADE_MAX] = {{{1}}};
    l->n_proven = l->n;
    memcpy(others + 1, l->txid, l->n * sizeof *others);
    made_block_mine(&l->block, MADE_HEIGHT, others, l->n + 1);
}

static void load_free(load_of *l)
{
    for (size_t i = 0; i < l->n; i++)
        test_release(l->raw[i]);
    free(l->raw);
    free(l->txid);
    free(l->spent);
}

/* Who checks the scripts `1`, which this library's own verifier leaves to others. */
static gasp_err believe(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
{
    (void)user;
    (void)ticket;
    for (size_t i = 0; i < gasp_verify_batch_len(batch); i++)
        verdicts[i] = GASP_OK;
    return GASP_OK;
}

static const gasp_verifier believer = {.size = sizeof believer, .verify = believe};

/* ---- two sides ----------------------------------------------------------------------------------------------------- */

typedef struct side {
    counted c;
    gasp_kv *kv;
    gasp_wallet *wallet;
} side;

static void side_open(side *s, const load_of *l)
{
    gasp_wallet_config config;
    const gasp_time now = {1, 1600000000000};
    *s = (side){.c = {.mem = {.size = sizeof(gasp_mem),
                              .user = &s->c,
                              .allocate = counted_allocate,
                              .resize = counted_resize,
                              .release = counted_release}}};
    assert_err(gasp_kv_memory_new(&s->kv, NULL), GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = s->kv;
    config.mem = &s->c.mem;
    config.verifier = &believer;
    memset(config.seed32, 5, sizeof config.seed32);
    assert_err(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, now), GASP_OK);
    assert_err(gasp_wallet_open(&s->wallet, &config), GASP_OK);
    made_block_trust(&l->block, s->wallet);
}

static void side_close(side *s)
{
    gasp_wallet_free(s->wallet);
    gasp_kv_close(s->kv);
    assert_int_equal(s->c.now, 0);
}

/* Keeps all of a load as if it had been verified; of those that no other spends output 0 is offered. */
static void side_add(side *s, const load_of *l)
{
    static const uint32_t first = 0;
    const gasp_time now = {2, 1600000001000};
    gasp_commit_graph graph = {.n_nodes = l->n};
    gasp_commit commit = {.graphs = &graph, .n_graphs = 1};
    gasp_tx **txs = calloc(l->n, sizeof *txs);
    gasp_data *paths = calloc(l->n, sizeof *paths);
    graph.nodes = calloc(l->n, sizeof *graph.nodes);
    assert_true(txs != NULL && paths != NULL && graph.nodes != NULL);
    for (size_t i = 0; i < l->n; i++)
        assert_err(gasp_tx_decode(&txs[i], l->raw[i], NULL, NULL), GASP_OK);
    for (size_t i = 0; i < l->n; i++) {
        gasp_commit_node *node = &graph.nodes[i];
        *node = (gasp_commit_node){.txid = l->txid[i], .tx = txs[i], .proven = i < l->n_proven};
        node->roots = &first;
        node->n_roots = l->spent[i] ? 0 : 1;
        if (!node->proven)
            continue;
        gasp_bump *bump = NULL;
        const size_t index = i + 1;
        node->anchor = (gasp_anchor){.height = l->block.height, .index = index};
        gasp_header_hash(&node->anchor.block, l->block.raw80);
        assert_err(gasp_bump_from_block(&bump, l->block.height, l->block.txids, l->block.n, &index, 1, NULL), GASP_OK);
        paths[i].data = malloc(4096);
        assert_non_null(paths[i].data);
        assert_err(gasp_bump_encode(bump, paths[i].data, 4096, &paths[i].len), GASP_OK);
        gasp_bump_free(bump);
        node->bump = (gasp_bytes){paths[i].data, paths[i].len};
    }
    assert_err(gasp_wallet_commit(s->wallet, &commit, now), GASP_OK);
    assert_err(graph.verdict, GASP_OK);
    for (size_t i = 0; i < l->n; i++) {
        gasp_tx_free(txs[i]);
        free(paths[i].data);
    }
    free(txs);
    free(paths);
    free(graph.nodes);
    s->c.peak = s->c.now;
}

/* What was seen of a run. */
typedef struct seen {
    size_t peak[2];
    uint64_t taken; /* roots committed by the side that had nothing */
    uint64_t refused;
    gasp_err refusal; /* of the last one */
    gasp_session_stats stats;
    gasp_result result;
    bool equal;
    size_t largest; /* piece of bytes that went over */
} seen;

static gasp_err see_message(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    seen *s = ctx;
    (void)from;
    (void)type;
    (void)out;
    s->largest = message.len > s->largest ? message.len : s->largest;
    return GASP_ABSENT;
}

/* A round between a side that has the load and one that has nothing. Messages go over in frames of 64 KiB. */
static seen run(side *full, side *empty, const gasp_session_limits *limits)
{
    gasp_session_config config[2];
    seen s = {.taken = 0};
    pair p;
    pair_config(config, full->wallet, empty->wallet);
    config[0].mem = &full->c.mem;
    config[1].mem = &empty->c.mem;
    if (limits != NULL)
        config[1].limits = *limits;
    assert_int_equal(config[0].limits.max_frame, 64 * KIB);
    assert_int_equal(config[1].limits.max_frame, 64 * KIB);
    pair_start(&p, config);
    p.hook = see_message;
    p.hook_ctx = &s;
    pair_run(&p);
    for (int i = 0; i < 2; i++) {
        assert_err(p.side[i].err, GASP_OK);
        assert_int_equal(p.side[i].closed.kind, GASP_EVENT_CLOSED);
    }
    s.result = p.side[1].closed.closed.result;
    s.equal = p.side[1].closed.closed.equal;
    s.taken = p.side[1].committed;
    s.refused = p.side[1].refused;
    for (size_t i = 0; i < p.side[1].n_events; i++)
        if (p.side[1].events[i].kind == GASP_EVENT_REFUSED)
            s.refusal = p.side[1].events[i].graph.cause_err;
    gasp_session_count(p.side[1].session, &s.stats);
    pair_free(&p);
    s.peak[0] = full->c.peak;
    s.peak[1] = empty->c.peak;
    return s;
}

/* Both end complete and equal, and neither took more than that many bytes at any time. */
static void assert_complete(const seen *s, size_t sender, size_t receiver, const char *what)
{
    print_message("count: %s: %llu wants, largest message %zu, peak of sender %zu KiB, of receiver %zu KiB\n", what,
                  (unsigned long long)s->stats.wants_out, s->largest, s->peak[0] / KIB, s->peak[1] / KIB);
    assert_int_equal(s->result, GASP_RESULT_COMPLETE);
    assert_true(s->equal);
    assert_int_equal(s->refused, 0);
    assert_in_range(s->peak[0], 0, sender);
    assert_in_range(s->peak[1], 0, receiver);
}

/* ---- large transactions -------------------------------------------------------------------------------------------- */

static void a_megabyte_with_5569_inputs(void **state)
{
    (void)state;
    load_of l = {0};
    side full;
    side empty;
    gasp_txid txid;
    gasp_bytes raw =
        test_shared_file("transactions/bb41a757f405890fb0f5856228e23b715702d714d59bf2b1feb70d8b2b4e3e08.bin");
    assert_int_equal(raw.len, 999657);
    gasp_sha256d(txid.b, raw.data, raw.len);
    (void)load_add(&l, raw, &txid);
    load_mine(&l);
    side_open(&full, &l);
    side_open(&empty, &l);
    side_add(&full, &l);
    seen s = run(&full, &empty, NULL);
    assert_complete(&s, 6 * MIB, 8 * MIB, "999,657 bytes");
    assert_int_equal(s.taken, 1);
    assert_same_outputs(full.wallet, empty.wallet);
    side_close(&full);
    side_close(&empty);
    load_free(&l);
}

enum { LARGE = 24 * MIB };

/* As a root, which takes all credit; and as what a root stands on, which does not fit what a WANT reserves at first. */
static void twenty_four_mebibytes(void **state)
{
    (void)state;
    for (int below = 0; below < 2; below++) {
        load_of l = {0};
        side full;
        side empty;
        gasp_outpoint prev = {.vout = 0};
        prev.txid = load_fund(&l, 1);
        load_mine(&l);
        prev.txid = load_spend(&l, &prev, 1, 1, LARGE);
        if (below == 1)
            (void)load_spend(&l, &prev, 1, 1, 0);
        side_open(&full, &l);
        side_open(&empty, &l);
        side_add(&full, &l);
        seen s = run(&full, &empty, NULL);
        /* The sender has it as it is stored, as a message and as frames; two of these while they grow. */
        assert_complete(&s, 5 * (size_t)LARGE, (64 + 32) * (size_t)MIB,
                        below == 1 ? "24 MiB below a root" : "24 MiB as a root");
        assert_true(s.largest > LARGE && s.largest < LARGE + 64 * KIB);
        assert_int_equal(s.stats.absent_in, below);
        assert_same_outputs(full.wallet, empty.wallet);
        side_close(&full);
        side_close(&empty);
        load_free(&l);
    }
}

/* ---- many ---------------------------------------------------------------------------------------------------------- */

static void a_chain_of_ten_thousand(void **state)
{
    (void)state;
    enum { DEPTH = 10000 };
    load_of l = {0};
    side full;
    side empty;
    gasp_outpoint prev = {.vout = 0};
    prev.txid = load_fund(&l, 1);
    load_mine(&l);
    for (size_t i = 0; i < DEPTH; i++)
        prev.txid = load_spend(&l, &prev, 1, 1, 0);
    side_open(&full, &l);
    side_open(&empty, &l);
    side_add(&full, &l);
    seen s = run(&full, &empty, NULL);
    assert_complete(&s, 4 * MIB, 48 * MIB, "a chain of 10,000");
    assert_int_equal(s.stats.wants_out, DEPTH);
    assert_int_equal(s.taken, 1);
    assert_same_outputs(full.wallet, empty.wallet);
    side_close(&full);
    side_close(&empty);
    load_free(&l);
}

static void five_thousand_parents(void **state)
{
    (void)state;
    enum { PARENTS = 5000 };
    load_of l = {0};
    side full;
    side empty;
    gasp_outpoint *prev = calloc(PARENTS, sizeof *prev);
    gasp_outpoint from = {.vout = 0};
    assert_non_null(prev);
    from.txid = load_fund(&l, PARENTS);
    load_mine(&l);
    for (; from.vout < PARENTS; from.vout++)
        prev[from.vout].txid = load_spend(&l, &from, 1, 1, 0);
    (void)load_spend(&l, prev, PARENTS, 1, 0);
    side_open(&full, &l);
    side_open(&empty, &l);
    side_add(&full, &l);
    seen s = run(&full, &empty, NULL);
    assert_complete(&s, 4 * MIB, 24 * MIB, "5,000 parents");
    assert_int_equal(s.stats.wants_out, PARENTS + 2); /* the funding has 5,000 outputs: longer than a WANT reserves */
    assert_int_equal(s.stats.absent_in, 1);
    assert_same_outputs(full.wallet, empty.wallet);
    side_close(&full);
    side_close(&empty);
    load_free(&l);
    free(prev);
}

/* Whatever the stage has room for, no more than that is taken beside what nodes, questions and the store's batch need: the
 * graph of 5,002 transactions is kept or refused for policy. */
static void no_more_than_the_stage_has(void **state)
{
    (void)state;
    enum { PARENTS = 5000, STEPS = 5 };
    size_t kept = 0;
    for (size_t step = 0; step < STEPS; step++) {
        load_of l = {0};
        side full;
        side empty;
        gasp_session_config config;
        gasp_outpoint *prev = calloc(PARENTS, sizeof *prev);
        gasp_outpoint from = {.vout = 0};
        assert_non_null(prev);
        from.txid = load_fund(&l, PARENTS);
        load_mine(&l);
        for (; from.vout < PARENTS; from.vout++)
            prev[from.vout].txid = load_spend(&l, &from, 1, 1, 0);
        (void)load_spend(&l, prev, PARENTS, 1, 0);
        gasp_session_config_init(&config);
        config.limits.max_stage_bytes = (size_t)MIB << step;
        config.limits.credit_bytes = config.limits.max_stage_bytes / 2;
        side_open(&full, &l);
        side_open(&empty, &l);
        side_add(&full, &l);
        seen s = run(&full, &empty, &config.limits);
        print_message("count: 5,000 parents in a stage of %zu KiB: %s, peak of receiver %zu KiB\n",
                      (size_t)config.limits.max_stage_bytes / KIB, s.taken > 0 ? "kept" : "refused", s.peak[1] / KIB);
        assert_int_equal(s.taken + s.refused, 1);
        assert_in_range(s.peak[1], 0, config.limits.max_stage_bytes + 8 * MIB);
        if (s.refused > 0)
            assert_err(s.refusal, GASP_ERR_VERIFY_POLICY);
        kept += s.taken;
        side_close(&full);
        side_close(&empty);
        load_free(&l);
        free(prev);
    }
    assert_in_range(kept, 1, STEPS - 1);
}

/* ---- more than there is room for ----------------------------------------------------------------------------------- */

enum { GRAPHS = 40, STAGE = 512 * KIB, PIECE = 60 * KIB };

/* GRAPHS graphs of five transactions, about 300 KiB each, on one funding; the last of each is offered. */
static void make_graphs(load_of *l)
{
    gasp_outpoint prev = {.vout = 0};
    gasp_txid funding = load_fund(l, GRAPHS + 1);
    load_mine(l);
    for (size_t g = 0; g < GRAPHS; g++) {
        prev = (gasp_outpoint){funding, (uint32_t)g};
        for (size_t i = 0; i < 5; i++, prev.vout = 0)
            prev.txid = load_spend(l, &prev, 1, 1, PIECE + g);
    }
}

static gasp_session_limits small_stage(void)
{
    gasp_session_config config;
    gasp_session_config_init(&config);
    config.limits.max_stage_bytes = STAGE;
    config.limits.credit_bytes = STAGE / 2;
    return config.limits;
}

static void a_small_stage_loses_no_graph(void **state)
{
    (void)state;
    load_of l = {0};
    side full;
    side empty;
    gasp_session_limits limits = small_stage();
    make_graphs(&l);
    side_open(&full, &l);
    side_open(&empty, &l);
    side_add(&full, &l);
    seen s = run(&full, &empty, &limits);
    assert_complete(&s, 4 * MIB, STAGE + 2 * MIB, "40 graphs of 300 KiB in a stage of 512 KiB");
    assert_int_equal(s.taken, GRAPHS);
    assert_int_equal(test_output_count(empty.wallet), GRAPHS);
    assert_same_outputs(full.wallet, empty.wallet);
    side_close(&full);
    side_close(&empty);
    load_free(&l);
}

/* One more, of 600 KiB: it is refused for policy, and every other one is taken. */
static void what_cannot_fit_is_refused_alone(void **state)
{
    (void)state;
    for (int one = 0; one < 2; one++) { /* in ten pieces, or in one that is larger than the stage */
        load_of l = {0};
        side full;
        side empty;
        gasp_session_limits limits = small_stage();
        make_graphs(&l);
        gasp_outpoint prev = {l.txid[0], GRAPHS};
        for (size_t i = 0; i < (one ? 1 : 10); i++, prev.vout = 0)
            prev.txid = load_spend(&l, &prev, 1, 1, one ? 10 * PIECE : PIECE);
        if (one)
            (void)load_spend(&l, &prev, 1, 1, 0);
        side_open(&full, &l);
        side_open(&empty, &l);
        side_add(&full, &l);
        seen s = run(&full, &empty, &limits);
        assert_int_equal(s.taken, GRAPHS);
        assert_int_equal(s.refused, 1);
        assert_err(s.refusal, GASP_ERR_VERIFY_POLICY);
        assert_int_equal(s.result, GASP_RESULT_PARTIAL);
        assert_int_equal(test_output_count(empty.wallet), GRAPHS);
        assert_in_range(s.peak[1], 0, STAGE + 2 * MIB);
        side_close(&full);
        side_close(&empty);
        load_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_megabyte_with_5569_inputs),      cmocka_unit_test(twenty_four_mebibytes),
        cmocka_unit_test(a_chain_of_ten_thousand),          cmocka_unit_test(five_thousand_parents),
        cmocka_unit_test(no_more_than_the_stage_has),       cmocka_unit_test(a_small_stage_loses_no_graph),
        cmocka_unit_test(what_cannot_fit_is_refused_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
