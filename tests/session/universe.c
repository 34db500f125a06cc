/* Worlds for the property test. Blocks stand on the first header of regtest; no era of scripts changes within them. */
#include "session/universe.h"

#include <stdlib.h>
#include <string.h>

#include "gasp/beef.h"
#include "gasp/bump.h"
#include "gasp/header.h"
#include "lib/data.h"
#include "lib/keys.h"
#include "spv/networks.h"

enum { BITS = 0x207fffff, KEYS = 4, WRONG_KEY = 9999 };

static bool one_in(test_random *r, uint64_t n)
{
    return test_random_below(r, n) == 0;
}

static int below(test_random *r, int n)
{
    return (int)test_random_below(r, (uint64_t)n);
}

/* ---- transactions -------------------------------------------------------------------------------------------------- */

/* Whether what a transaction stands on, itself included, has two that spend one output: nothing would ever take it. */
static bool contradicts(const model *m, int tx)
{
    bool below_it[MODEL_TXS] = {false};
    below_it[tx] = true;
    for (int i = tx; i >= 0; i--)
        for (int k = 0; k < m->tx[i].n_in && below_it[i]; k++)
            if (m->tx[i].in[k].tx != MODEL_NONE)
                below_it[m->tx[i].in[k].tx] = true;
    for (int a = 0; a <= tx; a++)
        for (int b = 0; b < a; b++)
            if (below_it[a] && below_it[b] && model_rivals(m, a, b))
                return true;
    return false;
}

static bool spent_before(const model *m, int tx, const model_in *in)
{
    for (int i = 0; i < tx; i++)
        for (int k = 0; k < m->tx[i].n_in; k++)
            if (m->tx[i].in[k].tx == in->tx && m->tx[i].in[k].vout == in->vout)
                return true;
    return false;
}

/* Spends mostly what nobody spends yet, sometimes what another one does. */
static void choose_inputs(universe *u, test_random *r, int tx)
{
    model_tx *it = &u->m.tx[tx];
    do {
        it->n_in = 1 + below(r, MODEL_INS);
        for (int k = 0; k < it->n_in; k++) {
            model_in *in = &it->in[k];
            do {
                in->tx = below(r, tx);
                in->vout = below(r, u->m.tx[in->tx].n_out);
            } while (spent_before(&u->m, tx, in) && !one_in(r, 4));
        }
    } while (it->n_in == 2 && ((it->in[0].tx == it->in[1].tx && it->in[0].vout == it->in[1].vout)));
}

static void sign(universe *u, test_random *r, int tx, bool funding)
{
    model_tx *it = &u->m.tx[tx];
    test_in in[MODEL_INS];
    test_out out[MODEL_OUTS];
    uint64_t total = 0;
    bool bad = !funding && one_in(r, 6);
    it->passes = !funding && !bad;
    for (int k = 0; k < it->n_in; k++) {
        const model_in *from = &it->in[k];
        in[k] = (test_in){.prev = {.vout = (uint32_t)from->vout}, .lock = TEST_TRUE};
        if (funding) {
            memset(in[k].prev.txid.b, 0xfd, 32);
            memcpy(in[k].prev.txid.b, &u->salt, sizeof u->salt);
            in[k].prev.vout = (uint32_t)tx;
            continue;
        }
        in[k].prev.txid = u->txid[from->tx];
        in[k].sat = u->sat[from->tx];
        in[k].lock = u->open[from->tx][from->vout] ? TEST_TRUE : TEST_P2PKH;
        in[k].key = bad ? WRONG_KEY : (uint32_t)(from->vout + 1);
        it->passes = it->passes && !u->open[from->tx][from->vout];
        total += u->sat[from->tx];
    }
    u->sat[tx] = funding ? 1000000000 : total / (uint64_t)it->n_out - 1;
    for (int k = 0; k < it->n_out; k++) {
        u->open[tx][k] = one_in(r, 12);
        out[k] = (test_out){u->sat[tx], u->open[tx][k] ? TEST_TRUE : TEST_P2PKH, (uint32_t)k + 1};
    }
    u->raw[tx] = test_tx_make(&u->txid[tx], &(test_spec){.in = in,
                                                         .n_in = (size_t)it->n_in,
                                                         .out = out,
                                                         .n_out = (size_t)it->n_out,
                                                         .locktime = u->salt % 100 + (uint32_t)tx});
}

static void make_transactions(universe *u, test_random *r)
{
    model *m = &u->m;
    int funding = 1 + below(r, 3);
    int wanted = 5 + below(r, MODEL_TXS - 4);
    for (m->n_txs = 0; m->n_txs < wanted; m->n_txs++) {
        model_tx *it = &m->tx[m->n_txs];
        it->n_out = 1 + below(r, MODEL_OUTS);
        if (m->n_txs < funding) {
            it->n_in = 1;
            it->in[0] = (model_in){MODEL_NONE, 0};
            it->n_out = MODEL_OUTS;
        } else {
            do
                choose_inputs(u, r, m->n_txs);
            while (contradicts(m, m->n_txs));
        }
        sign(u, r, m->n_txs, m->n_txs < funding);
    }
    for (int i = 0; i < m->n_txs; i++)
        for (int k = 0; k < m->n_txs; k++)
            m->tx[i].rank += memcmp(u->txid[k].b, u->txid[i].b, 32) < 0;
}

/* ---- blocks -------------------------------------------------------------------------------------------------------- */

static bool mined_below(const universe *u, int tx, int block)
{
    for (int b = block; b != MODEL_NONE; b = u->m.block[b].parent)
        if (u->mined[tx][b])
            return true;
    return false;
}

static bool may_be_mined(const universe *u, int tx, int block)
{
    const model_tx *it = &u->m.tx[tx];
    if (mined_below(u, tx, block))
        return false;
    for (int k = 0; k < it->n_in; k++)
        if (it->in[k].tx != MODEL_NONE && !mined_below(u, it->in[k].tx, block))
            return false;
    for (int i = 0; i < u->m.n_txs; i++)
        if (model_rivals(&u->m, i, tx) && mined_below(u, i, block))
            return false;
    return true;
}

static void mine(universe *u, int block)
{
    const model_block *it = &u->m.block[block];
    gasp_bump *bump = NULL;
    const size_t first = 0;
    gasp_header header = {.version = 4, .prev = u->hash[it->parent], .bits = BITS};
    header.time = u->time[block] = u->time[it->parent] + 600;
    assert_err(
        gasp_bump_from_block(&bump, (uint32_t)it->height, u->in_block[block], u->n_in_block[block], &first, 1, NULL),
        GASP_OK);
    header.root = gasp_bump_root(bump);
    gasp_bump_free(bump);
    do {
        header.nonce++;
        gasp_header_encode(u->raw80[block], &header);
        gasp_header_hash(&u->hash[block], u->raw80[block]);
    } while (u->hash[block].b[31] >= 0x7f);
}

/* A transaction that nobody knows. */
static void make_stranger(universe *u, int block, size_t at)
{
    gasp_txid *txid = &u->in_block[block][at];
    memset(txid->b, 0xcb, 32);
    memcpy(txid->b, &u->salt, sizeof u->salt);
    memcpy(txid->b + 4, &block, sizeof block);
    memcpy(txid->b + 8, &at, sizeof at);
}

static int add_block(universe *u, test_random *r, int parent)
{
    int block = u->m.n_blocks++;
    u->m.block[block] = (model_block){parent, u->m.block[parent].height + 1};
    u->n_in_block[block] = 2; /* a block has two at least, so that a path is one */
    make_stranger(u, block, 0);
    make_stranger(u, block, 1);
    for (int i = 0; i < u->m.n_txs; i++) {
        bool funding = u->m.tx[i].in[0].tx == MODEL_NONE;
        if (!may_be_mined(u, i, block) || !one_in(r, funding ? 2 : 5))
            continue;
        u->mined[i][block] = true;
        make_stranger(u, block, u->n_in_block[block]); /* beside each: a path is of one transaction of ours */
        u->in_block[block][u->n_in_block[block] + 1] = u->txid[i];
        u->n_in_block[block] += 2;
    }
    mine(u, block);
    return block;
}

static void make_blocks(universe *u, test_random *r)
{
    gasp_header header;
    int tip = UNIVERSE_GENESIS;
    int highest = 0;
    gasp_network_genesis(u->raw80[0], gasp_network_rules_of(GASP_NETWORK_REGTEST));
    gasp_header_decode(&header, u->raw80[0]);
    gasp_header_hash(&u->hash[0], u->raw80[0]);
    u->time[0] = header.time;
    u->m.n_blocks = 1;
    u->m.block[0] = (model_block){MODEL_NONE, 0};
    for (int i = 2 + below(r, 3); i > 0; i--)
        tip = add_block(u, r, tip);
    int branch[2] = {tip, tip};
    for (int b = 0; b < 2; b++) {
        for (int i = 1 + below(r, 4); i > 0; i--)
            branch[b] = add_block(u, r, branch[b]);
        highest = u->m.block[branch[b]].height > highest ? u->m.block[branch[b]].height : highest;
    }
    u->last = branch[below(r, 2)];
    while (u->m.block[u->last].height <= highest)
        u->last = add_block(u, r, u->last);
}

void universe_make(universe *u, test_random *r)
{
    memset(u, 0, sizeof *u);
    u->salt = (uint32_t)test_random_next(r);
    make_transactions(u, r);
    make_blocks(u, r);
}

void universe_free(universe *u)
{
    for (int i = 0; i < u->m.n_txs; i++)
        test_release(u->raw[i]);
    u->m.n_txs = 0;
}

void universe_print(const universe *u)
{
    for (int b = 0; b < u->m.n_blocks; b++)
        print_message("block %d: height %d, on %d\n", b, u->m.block[b].height, u->m.block[b].parent);
    for (int i = 0; i < u->m.n_txs; i++) {
        const model_tx *tx = &u->m.tx[i];
        print_message("transaction %d: %d outputs%s, spends", i, tx->n_out, tx->passes ? "" : ", does not pass");
        for (int k = 0; k < tx->n_in; k++)
            print_message(" %d.%d", tx->in[k].tx, tx->in[k].vout);
        for (int b = 0; b < u->m.n_blocks; b++)
            if (u->mined[i][b])
                print_message(", in block %d", b);
        print_message("\n");
    }
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

static gasp_bump *path(const universe *u, int tx, int block)
{
    gasp_bump *bump = NULL;
    size_t at = 0;
    while (memcmp(u->in_block[block][at].b, u->txid[tx].b, 32) != 0)
        at++;
    assert_err(gasp_bump_from_block(&bump, (uint32_t)u->m.block[block].height, u->in_block[block], u->n_in_block[block],
                                    &at, 1, NULL),
               GASP_OK);
    return bump;
}

gasp_bytes universe_path(const universe *u, int tx, int block)
{
    gasp_bump *bump = path(u, tx, block);
    size_t len = 0;
    assert_err(gasp_bump_encode(bump, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_bump_encode(bump, bytes, len, &len), GASP_OK);
    gasp_bump_free(bump);
    return (gasp_bytes){bytes, len};
}

gasp_bytes universe_file(const universe *u, const model_file *file)
{
    gasp_beef *beef = NULL;
    size_t len = 0;
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    for (int i = 0; i < u->m.n_txs; i++) {
        size_t at = GASP_BEEF_NO_BUMP;
        if (!file->given[i])
            continue;
        if (file->proof[i] != MODEL_NONE)
            assert_err(gasp_beef_add_bump_take(beef, &at, path(u, i, file->proof[i])), GASP_OK);
        assert_err(gasp_beef_add_tx_view(beef, u->raw[i], at), GASP_OK);
    }
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    assert_err(gasp_beef_encode(beef, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_beef_encode(beef, bytes, len, &len), GASP_OK);
    gasp_beef_free(beef);
    return (gasp_bytes){bytes, len};
}

void universe_headers(const universe *u, gasp_wallet *wallet, int block)
{
    const gasp_time now = {1000, UINT64_C(4000000000000)};
    uint8_t bytes[MODEL_BLOCKS * 80];
    size_t n = (size_t)u->m.block[block].height;
    gasp_headers_report report;
    if (n == 0)
        return;
    size_t at = n;
    for (int b = block; at > 0; b = u->m.block[b].parent)
        memcpy(bytes + 80 * --at, u->raw80[b], 80);
    assert_err(gasp_wallet_headers_import(wallet, &report, bytes, n * 80, 1, NULL, now, NULL), GASP_OK);
}

int universe_tx(const universe *u, const gasp_txid *txid)
{
    int i = u->m.n_txs - 1;
    while (i >= 0 && memcmp(u->txid[i].b, txid->b, 32) != 0)
        i--;
    return i;
}

int universe_block(const universe *u, const gasp_block_hash *hash)
{
    int b = u->m.n_blocks - 1;
    while (b >= 0 && memcmp(u->hash[b].b, hash->b, 32) != 0)
        b--;
    return b;
}
