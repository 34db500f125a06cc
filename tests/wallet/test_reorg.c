/* What a reorganisation does to transactions: blocks of mined regtest headers hold transactions with real signatures, the
 * best chain goes elsewhere and comes back. After every step the whole wallet is checked against itself, and a chain that
 * came back leaves every row as it was, but for headers, counters and the log of changes. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "gasp/tx.h"
#include "lib/data.h"
#include "lib/keys.h"
#include "lib/random.h"
#include "wallet/inside.h"
#include "wallet/made_headers.h"
#include "wallet/txn.h"

static const gasp_collection collection;

typedef struct world {
    gasp_kv *kv;
    gasp_wallet *w;
    mined_header genesis;
} world;

static world begin(void)
{
    world x = {0};
    assert_err(gasp_kv_memory_new(&x.kv, NULL), GASP_OK);
    x.w = mined_wallet(x.kv, GASP_NETWORK_REGTEST);
    x.genesis = mined_genesis();
    return x;
}

static void end(world *x)
{
    mined_healthy(x->w);
    gasp_wallet_free(x->w);
    gasp_kv_close(x->kv);
}

static void take(world *x, const mined_header *header)
{
    mined_import(x->w, header, 1, GASP_OK, NULL);
}

/* n headers on top of another one, imported one by one; the last is answered. */
static mined_header grow(world *x, const mined_header *from, size_t n, uint32_t salt)
{
    mined_header at = *from;
    for (size_t i = 0; i < n; i++) {
        at = mined_next(&at, NULL, salt);
        take(x, &at);
    }
    return at;
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

typedef struct spend {
    gasp_txid txid;
    gasp_bytes raw;
} spend;

/* Spends output vout of `from` (txid NULL: one that nobody holds, of that number) into two outputs. */
static spend make(const gasp_txid *from, uint32_t vout, uint64_t sat, bool forged)
{
    spend out;
    test_in in = {.prev.vout = vout, .sat = sat, .lock = TEST_P2PKH, .key = forged ? 99 : 1};
    const test_out outs[2] = {{sat / 2, TEST_P2PKH, 1}, {sat / 4, TEST_P2PKH, 1}};
    const test_spec spec = {.in = &in, .n_in = 1, .out = outs, .n_out = 2};
    if (from != NULL)
        in.prev.txid = *from;
    else
        memset(in.prev.txid.b, 0xee, sizeof in.prev.txid.b);
    out.raw = test_tx_make(&out.txid, &spec);
    return out;
}

static void commit(world *x, const spend *tx, const mined_block *block)
{
    mined_commit(x->w, &tx->txid, tx->raw, block, 2);
}

/* ---- what the wallet shows ------------------------------------------------------------------------------------- */

typedef struct seen {
    gasp_outpoint outpoint;
    bool found;
    bool spent;
    bool unanchored;
    bool anchored;
    gasp_anchor anchor;
    gasp_state_hash state;
} seen;

/* Straight from rows o and i: the listing has its own tests. */
static seen look(world *x, const gasp_txid *txid, uint32_t vout)
{
    seen out = {.outpoint = {*txid, vout}};
    gasp_txn txn;
    gasp_row_output row;
    gasp_row_info info;
    assert_err(gasp_txn_look(&txn, x->w), GASP_OK);
    gasp_err err = gasp_txn_output(&txn, &row, &collection, &out.outpoint);
    if (err == GASP_OK) {
        assert_err(gasp_txn_info(&txn, &info, txid), GASP_OK);
        out.found = true;
        out.spent = row.spent;
        out.unanchored = row.unanchored;
        out.anchored = info.anchored;
        out.anchor = info.anchor;
        out.state = row.state;
        assert_int_equal(row.unanchored, !info.stands);
    }
    gasp_txn_end(&txn);
    return out;
}

/* s: spendable, x: spent, u: not standing; then + when it has an anchor. */
static void shows(world *x, const spend *tx, uint32_t vout, const char *want)
{
    seen at = look(x, &tx->txid, vout);
    char is[3] = {0};
    assert_true(at.found);
    is[0] = at.unanchored ? 'u' : at.spent ? 'x' : 's';
    is[1] = at.anchored ? '+' : 0;
    assert_string_equal(is, want);
}

static uint64_t items(world *x)
{
    gasp_set_summary summary;
    gasp_set_summary anew;
    assert_err(gasp_wallet_summary(x->w, &summary, &collection), GASP_OK);
    /* What was kept and brought up to date is what all rows say. */
    gasp_wallet_snapshot_forget(x->w);
    assert_err(gasp_wallet_summary(x->w, &anew, &collection), GASP_OK);
    assert_true(gasp_set_summary_equal(&summary, &anew));
    return summary.count;
}

static gasp_err count_kind(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_change change;
    unsigned *kinds = ctx;
    gasp_err err = gasp_row_change_decode(&change, key, value);
    if (err == GASP_OK)
        kinds[change.kind]++;
    return err;
}

/* How many changes of a kind were ever logged. */
static unsigned changes(world *x, gasp_change_kind kind)
{
    unsigned kinds[16] = {0};
    gasp_txn txn;
    gasp_key prefix = gasp_key_kind('c');
    assert_err(gasp_txn_look(&txn, x->w), GASP_OK);
    assert_err(gasp_txn_scan(&txn, &prefix, count_kind, kinds), GASP_OK);
    gasp_txn_end(&txn);
    return kinds[kind];
}

static gasp_err digest_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_sha256 *hash = ctx;
    if (strchr("hHkSc", key.data[0]) != NULL)
        return GASP_OK;
    gasp_sha256_update(hash, key.data, key.len);
    gasp_sha256_update(hash, value.data, value.len);
    return GASP_OK;
}

typedef struct digest {
    uint8_t b[32];
} digest;

/* Of every row but headers, state and changes. */
static digest rows(world *x)
{
    digest out;
    gasp_sha256 hash;
    gasp_sha256_init(&hash);
    assert_err(x->kv->scan(x->kv->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, digest_row, &hash), GASP_OK);
    gasp_sha256_final(&hash, out.b);
    return out;
}

/* ---- cases ----------------------------------------------------------------------------------------------------- */

/* A proven one and two generations on top of it leave together and return together. */
static void descendants_follow(void **state)
{
    (void)state;
    world x = begin();
    spend t0 = make(NULL, 0, 1000000, false), t1 = make(&t0.txid, 0, 500000, false),
          t2 = make(&t1.txid, 0, 250000, false);
    mined_header trunk = grow(&x, &x.genesis, 3, 1);
    mined_block block = mined_block_of(&trunk, &t0.txid, 1);
    take(&x, &block.header);
    commit(&x, &t0, &block);
    commit(&x, &t1, NULL);
    commit(&x, &t2, NULL);
    mined_header a = grow(&x, &block.header, 1, 1);
    assert_int_equal(items(&x), 4);
    shows(&x, &t0, 0, "x+");
    shows(&x, &t0, 1, "s+");
    shows(&x, &t1, 0, "x");
    shows(&x, &t2, 0, "s");
    const digest before = rows(&x);
    gasp_set_summary was, is;
    assert_err(gasp_wallet_summary(x.w, &was, &collection), GASP_OK);
    assert_int_equal(changes(&x, GASP_CHANGE_UNANCHORED), 0);

    mined_header b = grow(&x, &trunk, 3, 2);
    mined_tip_is(x.w, &b);
    assert_int_equal(items(&x), 0);
    for (uint32_t v = 0; v < 2; v++) {
        shows(&x, &t0, v, "u");
        shows(&x, &t1, v, "u");
        shows(&x, &t2, v, "u");
    }
    assert_int_equal(changes(&x, GASP_CHANGE_UNANCHORED), 6);
    mined_healthy(x.w);

    unsigned stated = changes(&x, GASP_CHANGE_STATE);
    (void)grow(&x, &a, 2, 1);
    digest after = rows(&x);
    assert_memory_equal(before.b, after.b, 32);
    assert_err(gasp_wallet_summary(x.w, &is, &collection), GASP_OK);
    assert_memory_equal(&was, &is, sizeof was);
    assert_true(changes(&x, GASP_CHANGE_STATE) >= stated + 6);
    test_release(block.bump);
    test_release(t0.raw);
    test_release(t1.raw);
    test_release(t2.raw);
    end(&x);
}

/* Proofs in both branches: whichever is best anchors it, and nothing that hangs on it falls. */
static void two_proofs(void **state)
{
    (void)state;
    world x = begin();
    spend t0 = make(NULL, 0, 1000000, false), t1 = make(&t0.txid, 0, 500000, false);
    mined_header trunk = grow(&x, &x.genesis, 3, 1);
    mined_block in_a = mined_block_of(&trunk, &t0.txid, 1);
    take(&x, &in_a.header);
    commit(&x, &t0, &in_a);
    commit(&x, &t1, NULL);
    mined_header first = mined_next(&trunk, NULL, 2);
    mined_block in_b = mined_block_of(&first, &t0.txid, 2);
    take(&x, &first);
    take(&x, &in_b.header);
    shows(&x, &t0, 0, "u");
    shows(&x, &t1, 0, "u");
    /* The proof of the new block: what hangs on it returns in the same commit. */
    mined_commit(x.w, &t0.txid, (gasp_bytes){0}, &in_b, 0);
    shows(&x, &t0, 0, "x+");
    shows(&x, &t1, 0, "s");
    seen b_state = look(&x, &t0.txid, 1);
    assert_memory_equal(b_state.anchor.block.b, in_b.header.hash.b, 32);
    mined_healthy(x.w);
    unsigned fallen = changes(&x, GASP_CHANGE_UNANCHORED);
    mined_header a = grow(&x, &in_a.header, 2, 1);
    seen a_state = look(&x, &t0.txid, 1);
    assert_true(a_state.anchored);
    assert_memory_equal(a_state.anchor.block.b, in_a.header.hash.b, 32);
    assert_int_equal(a_state.anchor.height, 4);
    assert_memory_not_equal(a_state.state.b, b_state.state.b, 32);
    shows(&x, &t1, 0, "s");
    mined_healthy(x.w);
    (void)grow(&x, &in_b.header, 3, 2);
    seen again = look(&x, &t0.txid, 1);
    assert_memory_equal(again.state.b, b_state.state.b, 32);
    assert_memory_equal(&again.anchor.block, &b_state.anchor.block, 32);
    shows(&x, &t1, 0, "s");
    assert_int_equal(changes(&x, GASP_CHANGE_UNANCHORED), fallen);
    (void)grow(&x, &a, 3, 1);
    seen back = look(&x, &t0.txid, 1);
    assert_memory_equal(back.state.b, a_state.state.b, 32);
    test_release(in_a.bump);
    test_release(in_b.bump);
    test_release(t0.raw);
    test_release(t1.raw);
    end(&x);
}

/* One whose sources stand goes on as an unproven one, but only if its scripts pass: they never ran for it. */
static void becomes_unproven(void **state)
{
    (void)state;
    world x = begin();
    spend t0 = make(NULL, 0, 1000000, false), good = make(&t0.txid, 0, 500000, false),
          bad = make(&t0.txid, 1, 250000, true);
    spend on_bad = make(&bad.txid, 0, 125000, false);
    mined_header trunk = grow(&x, &x.genesis, 2, 1);
    mined_block base = mined_block_of(&trunk, &t0.txid, 1);
    take(&x, &base.header);
    commit(&x, &t0, &base);
    mined_block of_good = mined_block_of(&base.header, &good.txid, 1);
    take(&x, &of_good.header);
    mined_block of_bad = mined_block_of(&of_good.header, &bad.txid, 1);
    take(&x, &of_bad.header);
    commit(&x, &good, &of_good);
    commit(&x, &bad, &of_bad);
    commit(&x, &on_bad, NULL);
    const digest before = rows(&x);
    shows(&x, &good, 0, "s+");
    shows(&x, &bad, 0, "x+");
    shows(&x, &on_bad, 0, "s");
    shows(&x, &t0, 1, "x+");
    (void)grow(&x, &base.header, 3, 2);
    shows(&x, &good, 0, "s");
    shows(&x, &t0, 0, "x+");
    shows(&x, &bad, 0, "u");
    shows(&x, &on_bad, 0, "u");
    shows(&x, &t0, 1, "s+"); /* its only spender does not stand: it can be spent again */
    mined_healthy(x.w);
    (void)grow(&x, &of_bad.header, 2, 1);
    digest after = rows(&x);
    assert_memory_equal(before.b, after.b, 32);
    shows(&x, &t0, 1, "x+");
    test_release(base.bump);
    test_release(of_good.bump);
    test_release(of_bad.bump);
    test_release(t0.raw);
    test_release(good.raw);
    test_release(bad.raw);
    test_release(on_bad.raw);
    end(&x);
}

/* Two that spend the same output: the proven one wins, as long as its block stands. */
static void rivals(void **state)
{
    (void)state;
    world x = begin();
    spend t0 = make(NULL, 0, 1000000, false), loser = make(&t0.txid, 0, 500000, false),
          child = make(&loser.txid, 0, 250000, false);
    test_in in = {.prev = {t0.txid, 0}, .sat = 500000, .lock = TEST_P2PKH, .key = 1};
    const test_out out = {400000, TEST_P2PKH, 2};
    const test_spec spec = {.in = &in, .n_in = 1, .out = &out, .n_out = 1};
    spend winner;
    winner.raw = test_tx_make(&winner.txid, &spec);
    mined_header trunk = grow(&x, &x.genesis, 2, 1);
    mined_block base = mined_block_of(&trunk, &t0.txid, 1);
    take(&x, &base.header);
    commit(&x, &t0, &base);
    commit(&x, &loser, NULL);
    commit(&x, &child, NULL);
    mined_block won = mined_block_of(&base.header, &winner.txid, 1);
    take(&x, &won.header);
    mined_commit(x.w, &winner.txid, winner.raw, &won, 1);
    shows(&x, &winner, 0, "s+");
    shows(&x, &loser, 0, "u");
    shows(&x, &child, 0, "u");
    mined_healthy(x.w);
    const digest before = rows(&x);
    (void)grow(&x, &base.header, 2, 2);
    shows(&x, &winner, 0, "s");
    shows(&x, &loser, 0, "x");
    shows(&x, &child, 0, "s");
    mined_healthy(x.w);
    (void)grow(&x, &won.header, 2, 1);
    digest after = rows(&x);
    assert_memory_equal(before.b, after.b, 32);
    test_release(base.bump);
    test_release(won.bump);
    test_release(t0.raw);
    test_release(loser.raw);
    test_release(child.raw);
    test_release(winner.raw);
    end(&x);
}

/* A block that is trusted by decree anchors as long as no linked chain says otherwise. */
static void trusted_block(void **state)
{
    (void)state;
    world x = begin();
    spend t0 = make(NULL, 0, 1000000, false), t1 = make(&t0.txid, 0, 500000, false);
    mined_header trunk = grow(&x, &x.genesis, 2, 1);
    mined_header *run = mined_run(&trunk, 9, 1);
    mined_block block = mined_block_of(&run[8], &t0.txid, 1);
    assert_err(gasp_wallet_headers_trust(x.w, block.header.raw80, block.header.height, mined_now), GASP_OK);
    commit(&x, &t0, &block);
    commit(&x, &t1, NULL);
    shows(&x, &t0, 1, "s+");
    const digest before = rows(&x);
    /* Another decree at its height, and the first one again. */
    mined_header other = mined_orphan(block.header.height, 7);
    assert_err(gasp_wallet_headers_trust(x.w, other.raw80, other.height, mined_now), GASP_OK);
    shows(&x, &t0, 1, "u");
    shows(&x, &t1, 1, "u");
    mined_healthy(x.w);
    assert_err(gasp_wallet_headers_trust(x.w, block.header.raw80, block.header.height, mined_now), GASP_OK);
    digest after = rows(&x);
    assert_memory_equal(before.b, after.b, 32);
    /* The linked chain reaches it: nothing changes. Another one takes the height: it falls. */
    mined_import(x.w, run, 9, GASP_OK, NULL);
    take(&x, &block.header);
    after = rows(&x);
    assert_memory_equal(before.b, after.b, 32);
    (void)grow(&x, &trunk, 11, 3);
    shows(&x, &t0, 1, "u");
    mined_healthy(x.w);
    (void)grow(&x, &block.header, 2, 1);
    after = rows(&x);
    assert_memory_equal(before.b, after.b, 32);
    free(run);
    test_release(block.bump);
    test_release(t0.raw);
    test_release(t1.raw);
    end(&x);
}

/* ---- memory that ends ------------------------------------------------------------------------------------------ */

typedef struct meter {
    gasp_mem mem;
    size_t left; /* allocations until they fail */
} meter;

static void *metered(void *user, size_t len)
{
    meter *m = user;
    return m->left > 0 && m->left-- > 0 ? malloc(len) : NULL;
}

static void *metered_more(void *user, void *block, size_t len)
{
    meter *m = user;
    return m->left > 0 && m->left-- > 0 ? realloc(block, len) : NULL;
}

static void released(void *user, void *block)
{
    (void)user;
    free(block);
}

/* Each allocation of a reorganisation fails in turn: it is answered so, and nothing has changed. */
static void memory_ends(void **state)
{
    (void)state;
    world x = begin();
    spend t0 = make(NULL, 0, 1000000, false), t1 = make(&t0.txid, 0, 500000, false);
    mined_header trunk = grow(&x, &x.genesis, 2, 1);
    mined_block base = mined_block_of(&trunk, &t0.txid, 1);
    take(&x, &base.header);
    commit(&x, &t0, &base);
    mined_block block = mined_block_of(&base.header, &t1.txid, 1);
    take(&x, &block.header);
    commit(&x, &t1, &block);
    mined_header b = grow(&x, &base.header, 1, 2);
    mined_header last = mined_next(&b, NULL, 2);
    const digest before = rows(&x);
    meter m = {{sizeof(gasp_mem), &m, metered, metered_more, released}, SIZE_MAX};
    gasp_wallet_config config;
    gasp_wallet *w = NULL;
    gasp_wallet_config_init(&config);
    config.kv = x.kv;
    config.mem = &m.mem;
    assert_err(gasp_wallet_open(&w, &config), GASP_OK);
    gasp_err err = GASP_ERR_NOMEM;
    size_t n = 0;
    for (; err == GASP_ERR_NOMEM; n++) {
        gasp_headers_report report;
        digest after = rows(&x);
        assert_memory_equal(before.b, after.b, 32);
        m.left = n;
        err = gasp_wallet_headers_import(w, &report, last.raw80, 80, last.height, NULL, mined_now, NULL);
        m.left = SIZE_MAX;
        if (err == GASP_ERR_NOMEM && report.judged == 0)
            mined_tip_is(x.w, &block.header);
    }
    assert_err(err, GASP_OK);
    assert_true(n > 10);
    shows(&x, &t1, 0, "s");
    print_message("count: %zu allocations of a reorganisation failed in turn\n", n - 1);
    gasp_wallet_free(w);
    test_release(base.bump);
    test_release(block.bump);
    test_release(t0.raw);
    test_release(t1.raw);
    end(&x);
}

/* ---- there and back, at random --------------------------------------------------------------------------------- */

enum { TXS = 24, DEEP = 12 };

typedef struct forest {
    spend tx[TXS];
    mined_block block[DEEP];
    bool left[TXS][2]; /* outputs that nothing of the forest spends yet */
} forest;

/* A few transactions that spend nothing held, then spends of random ones; each third is in one of the blocks. */
static void plant(world *x, forest *f, test_random *r, mined_header *tip)
{
    size_t blocks = 0;
    for (size_t i = 0; i < TXS; i++) {
        size_t from = i < 4 ? TXS : (size_t)test_random_below(r, i);
        uint32_t vout = (uint32_t)test_random_below(r, 2);
        uint64_t sat = UINT64_C(1) << 40;
        if (from < TXS && f->left[from][vout]) {
            seen at = look(x, &f->tx[from].txid, vout);
            assert_true(at.found);
            gasp_tx *tx = NULL;
            assert_err(gasp_tx_decode(&tx, f->tx[from].raw, NULL, NULL), GASP_OK);
            sat = gasp_tx_out(tx, vout)->sat;
            gasp_tx_free(tx);
            f->left[from][vout] = false;
            f->tx[i] = make(&f->tx[from].txid, vout, sat, false);
        } else {
            f->tx[i] = make(NULL, (uint32_t)i, sat, false);
            from = TXS;
        }
        f->left[i][0] = f->left[i][1] = true;
        if (from == TXS || (blocks < DEEP - 4 && test_random_below(r, 3) == 0)) {
            if (blocks == DEEP)
                fail_msg("more blocks than planned");
            mined_block *block = &f->block[blocks++];
            *block = mined_block_of(tip, &f->tx[i].txid, (uint32_t)i);
            take(x, &block->header);
            *tip = block->header;
            commit(x, &f->tx[i], block);
        } else {
            commit(x, &f->tx[i], NULL);
        }
        if (blocks == DEEP)
            for (size_t k = i + 1; k < TXS; k++)
                f->tx[k] = (spend){0};
        if (blocks == DEEP)
            return;
    }
}

static void there_and_back(void **state)
{
    (void)state;
    test_random r = test_random_start("wallet/reorg");
    unsigned rounds = 60 / test_one_in() + 1;
    unsigned moved = 0;
    for (unsigned round = 0; round < rounds; round++) {
        world x = begin();
        forest f = {0};
        mined_header trunk = grow(&x, &x.genesis, 1, 1);
        mined_header tip = trunk;
        plant(&x, &f, &r, &tip);
        mined_healthy(x.w);
        const digest before = rows(&x);
        gasp_set_summary was, is;
        assert_err(gasp_wallet_summary(x.w, &was, &collection), GASP_OK);
        for (unsigned turn = 0; turn < 3; turn++) {
            /* Away from a random block of the chain, by one header more than it has, and back by two more. */
            size_t at = (size_t)test_random_below(&r, tip.height);
            mined_header fork = x.genesis;
            if (at > 0) {
                gasp_header_info info;
                assert_err(gasp_wallet_header_at(x.w, &info, (uint32_t)at), GASP_OK);
                gasp_header fields;
                gasp_header_decode(&fields, info.raw80);
                memcpy(fork.raw80, info.raw80, 80);
                fork.hash = info.hash;
                fork.height = info.height;
                fork.time = fields.time;
            }
            (void)grow(&x, &fork, tip.height - at + 1, 1000 + 10 * round + turn);
            mined_healthy(x.w);
            digest away = rows(&x);
            moved += memcmp(away.b, before.b, 32) != 0 ? 1 : 0;
            tip = grow(&x, &tip, 2, 2000 + 10 * round + turn);
            mined_tip_is(x.w, &tip);
            digest after = rows(&x);
            assert_memory_equal(before.b, after.b, 32);
            assert_err(gasp_wallet_summary(x.w, &is, &collection), GASP_OK);
            assert_memory_equal(&was, &is, sizeof was);
        }
        for (size_t i = 0; i < TXS; i++)
            test_release(f.tx[i].raw);
        for (size_t i = 0; i < DEEP; i++)
            test_release(f.block[i].bump);
        end(&x);
    }
    assert_true(moved > 0);
    print_message("count: %u reorganisations there and back, %u of them moved rows, all came back\n", 3 * rounds,
                  moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descendants_follow), cmocka_unit_test(two_proofs),
        cmocka_unit_test(becomes_unproven),   cmocka_unit_test(rivals),
        cmocka_unit_test(trusted_block),      cmocka_unit_test(memory_ends),
        cmocka_unit_test(there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
