/* Histories at random: adds, spends, proofs, blocks on every branch, forgetting. A model of plain sets says after each step
 * what is held, anchored, standing, contested and spent; the wallet must say the same, be whole by its own check, and at
 * the end equal a wallet that is made anew from what stands. */
#include <stdlib.h>
#include <string.h>

#include "gasp/tx.h"
#include "lib/random.h"
#include "wallet/told.h"

enum { TXS = 16, BLOCKS = 24, STEPS = 70, OUTS = 2 };

typedef struct model_tx {
    told_tx tx;
    bool forged; /* only a block makes it stand */
    size_t n_in;
    int from[2]; /* -1: nobody's */
    uint32_t vout[2];
    bool held;
    bool proof[BLOCKS];
    uint32_t n_ours;
    /* derived */
    int anchor; /* block, or -1 */
    bool stands;
    bool contested;
} model_tx;

typedef struct model_block {
    told_block block; /* bump NULL: empty */
    mined_header header;
    int before; /* -1: genesis */
    size_t txs[TOLD_IN_BLOCK];
    size_t n;
    bool best;
} model_block;

typedef struct model {
    told_world x;
    test_random r;
    model_tx txs[TXS];
    model_block blocks[BLOCKS];
    size_t n_blocks;
    int tip; /* of the best chain, -1: genesis */
} model;

static size_t below(model *m, size_t n)
{
    return (size_t)test_random_below(&m->r, n);
}

/* ---- the model ------------------------------------------------------------------------------------------------- */

static bool share(const model_tx *a, const model_tx *b)
{
    for (size_t i = 0; i < a->n_in; i++)
        for (size_t k = 0; k < b->n_in; k++)
            if (memcmp(&a->tx.in[i], &b->tx.in[k], sizeof a->tx.in[i]) == 0)
                return true;
    return false;
}

/* Whether it could stand without a proof, by what is held now. */
static bool grounded(const model *m, size_t t)
{
    const model_tx *tx = &m->txs[t];
    for (size_t i = 0; i < tx->n_in; i++)
        if (tx->from[i] < 0 || !m->txs[tx->from[i]].held || !m->txs[tx->from[i]].stands)
            return false;
    for (size_t i = 0; i < TXS; i++)
        if (i != t && m->txs[i].held && m->txs[i].anchor >= 0 && share(tx, &m->txs[i]))
            return false;
    return !tx->forged;
}

static void derive(model *m)
{
    for (size_t b = 0; b < m->n_blocks; b++)
        m->blocks[b].best = false;
    for (int b = m->tip; b >= 0; b = m->blocks[b].before)
        m->blocks[b].best = true;
    for (size_t t = 0; t < TXS; t++) {
        model_tx *tx = &m->txs[t];
        tx->anchor = -1;
        tx->stands = tx->contested = false;
        for (size_t b = 0; b < m->n_blocks; b++)
            if (tx->held && tx->proof[b] && m->blocks[b].best)
                tx->anchor = (int)b;
    }
    for (size_t t = 0; t < TXS; t++) /* parents stand before children */
        m->txs[t].stands = m->txs[t].held && (m->txs[t].anchor >= 0 || grounded(m, t));
    for (size_t t = 0; t < TXS; t++) {
        model_tx *tx = &m->txs[t];
        for (size_t i = 0; i < TXS && tx->stands && tx->anchor < 0; i++)
            tx->contested = tx->contested || (i != t && m->txs[i].stands && share(tx, &m->txs[i]));
        for (size_t i = 0; i < tx->n_in && tx->stands && tx->anchor < 0; i++)
            tx->contested = tx->contested || m->txs[tx->from[i]].contested;
    }
}

static size_t spenders(const model *m, size_t t, uint32_t vout)
{
    size_t n = 0;
    for (size_t i = 0; i < TXS; i++)
        for (size_t k = 0; k < m->txs[i].n_in && m->txs[i].stands; k++)
            n += m->txs[i].from[k] == (int)t && m->txs[i].vout[k] == vout;
    return n;
}

/* ---- the wallet against it ------------------------------------------------------------------------------------- */

static void compare_tx(model *m, size_t t)
{
    const model_tx *tx = &m->txs[t];
    gasp_held held;
    gasp_err err = gasp_wallet_transaction(m->x.w, &held, &tx->tx.txid);
    assert_err(err, tx->held ? GASP_OK : GASP_ABSENT);
    if (err != GASP_OK)
        return;
    assert_int_equal(held.anchor != NULL, tx->anchor >= 0);
    if (held.anchor != NULL)
        assert_memory_equal(held.anchor->block.b, m->blocks[tx->anchor].header.hash.b, 32);
    assert_int_equal(held.stands, tx->stands);
    assert_int_equal(held.contested, tx->contested);
    gasp_held_clear(&held);
}

typedef struct checking {
    model *m;
    bool seen[TXS][OUTS];
    size_t items;
} checking;

static gasp_err compare_output(void *ctx, const gasp_output *out)
{
    checking *c = ctx;
    size_t t = 0;
    while (t < TXS && memcmp(c->m->txs[t].tx.txid.b, out->outpoint.txid.b, 32) != 0)
        t++;
    assert_true(t < TXS);
    const model_tx *tx = &c->m->txs[t];
    size_t n = spenders(c->m, t, out->outpoint.vout);
    assert_true(tx->held && out->outpoint.vout < tx->n_ours);
    c->seen[t][out->outpoint.vout] = true;
    assert_int_equal(out->n_spenders, n);
    assert_int_equal(out->spent, n > 0);
    assert_int_equal(out->unanchored, !tx->stands);
    assert_int_equal(out->contested, tx->contested || n > 1);
    assert_int_equal(out->anchor != NULL, tx->anchor >= 0);
    c->items += n == 0 && tx->stands;
    return GASP_OK;
}

static void compare(model *m)
{
    checking c = {.m = m};
    gasp_list_config config;
    derive(m);
    for (size_t t = 0; t < TXS; t++)
        compare_tx(m, t);
    gasp_list_config_init(&config);
    config.filter = GASP_LIST_ALL;
    assert_err(gasp_wallet_list(m->x.w, &config, NULL, compare_output, &c), GASP_OK);
    for (size_t t = 0; t < TXS; t++)
        for (uint32_t v = 0; v < OUTS; v++)
            assert_int_equal(c.seen[t][v], m->txs[t].held && v < m->txs[t].n_ours);
    assert_int_equal(told_items(&m->x), c.items);
    mined_healthy(m->x.w);
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

static bool kept(gasp_fate fate)
{
    return fate == GASP_FATE_COMMITTED || fate == GASP_FATE_KNOWN;
}

static gasp_err note(void *ctx, const gasp_verdict *verdict)
{
    *(gasp_verdict *)ctx = *verdict;
    return GASP_OK;
}

static gasp_fate give(model *m, size_t t, const told_block *block, uint32_t n_ours, bool spend)
{
    static const uint32_t vouts[OUTS] = {0, 1};
    gasp_verdict v = {.fate = 0};
    gasp_add_config config;
    gasp_beef *beef = made_beef();
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = vouts;
    config.n_vouts = n_ours;
    made_beef_add(beef, m->txs[t].tx.raw, block != NULL ? block->bump : NULL);
    gasp_bytes bytes = made_beef_end(beef);
    gasp_time now = told_now(&m->x);
    if (spend)
        assert_err(gasp_wallet_spend(m->x.w, bytes.data, bytes.len, &config, now, note, &v, NULL), GASP_OK);
    else
        assert_err(gasp_wallet_add(m->x.w, bytes.data, bytes.len, &config, now, note, &v, NULL), GASP_OK);
    test_release(bytes);
    return v.fate;
}

static void hold(model_tx *tx, uint32_t n_ours)
{
    tx->held = true;
    tx->n_ours = tx->n_ours > n_ours ? tx->n_ours : n_ours;
}

static void step_add(model *m)
{
    size_t t = below(m, TXS);
    model_tx *tx = &m->txs[t];
    uint32_t n = 1 + (uint32_t)below(m, OUTS);
    bool good = (tx->held && tx->stands) || grounded(m, t);
    assert_int_equal(kept(give(m, t, NULL, n, false)), good);
    if (good)
        hold(tx, n);
}

static void step_add_proven(model *m)
{
    if (m->n_blocks == 0)
        return;
    size_t b = below(m, m->n_blocks);
    const model_block *block = &m->blocks[b];
    if (block->n == 0)
        return;
    size_t t = block->txs[below(m, block->n)];
    model_tx *tx = &m->txs[t];
    uint32_t n = 1 + (uint32_t)below(m, OUTS);
    bool news = !tx->held || !tx->proof[b] || (block->best && n > tx->n_ours);
    gasp_fate fate = give(m, t, &block->block, n, false);
    assert_int_equal(kept(fate), block->best || tx->held);
    if (kept(fate))
        assert_int_equal(fate, news ? GASP_FATE_COMMITTED : GASP_FATE_KNOWN);
    if (block->best && news) {
        hold(tx, n);
        tx->proof[b] = true;
        return;
    }
    for (size_t i = 0; i < block->n; i++) /* of what no graph was committed with the path is taken as told by itself */
        m->txs[block->txs[i]].proof[b] = m->txs[block->txs[i]].proof[b] || m->txs[block->txs[i]].held;
}

static void step_prove(model *m)
{
    if (m->n_blocks == 0)
        return;
    size_t b = below(m, m->n_blocks);
    const model_block *block = &m->blocks[b];
    if (block->n == 0)
        return;
    made_report report = told_prove(&m->x, block->block.bytes);
    assert_int_equal(report.n, block->n);
    for (size_t i = 0; i < block->n; i++) {
        model_tx *tx = &m->txs[block->txs[i]];
        gasp_fate want = !tx->held ? GASP_FATE_UNNEEDED : tx->proof[b] ? GASP_FATE_KNOWN : GASP_FATE_COMMITTED;
        assert_int_equal(made_verdict(&report, &tx->tx.txid)->fate, want);
        tx->proof[b] = tx->proof[b] || tx->held;
    }
}

static void step_spend(model *m)
{
    size_t t = below(m, TXS);
    model_tx *tx = &m->txs[t];
    bool ours = tx->held && tx->stands;
    for (size_t i = 0; i < tx->n_in; i++)
        if (tx->from[i] >= 0) {
            const model_tx *from = &m->txs[tx->from[i]];
            ours =
                ours || (from->held && tx->vout[i] < from->n_ours) || spenders(m, (size_t)tx->from[i], tx->vout[i]) > 0;
        }
    bool good = ours && ((tx->held && tx->stands) || grounded(m, t));
    assert_int_equal(kept(give(m, t, NULL, 0, true)), good);
    if (good)
        hold(tx, 0);
}

static void step_forget(model *m)
{
    size_t t = below(m, TXS);
    bool gone[TXS] = {false};
    size_t n = 0;
    if (!m->txs[t].held || m->txs[t].anchor >= 0) {
        told_forget(&m->x, &m->txs[t].tx, m->txs[t].held ? GASP_ERR_PROVEN : GASP_ABSENT);
        return;
    }
    gone[t] = true;
    for (size_t i = 0; i < TXS; i++) {
        model_tx *tx = &m->txs[i];
        for (size_t k = 0; k < tx->n_in; k++)
            gone[i] = gone[i] || (tx->from[k] >= 0 && gone[tx->from[k]] && tx->held && tx->anchor < 0);
        if (!gone[i])
            continue;
        n++;
        tx->held = false;
        tx->n_ours = 0;
        memset(tx->proof, 0, sizeof tx->proof);
    }
    assert_int_equal(told_forget(&m->x, &m->txs[t].tx, GASP_OK), n);
}

/* Whether a transaction can be in a block on top of that one: neither it nor a rival is in its chain. */
static bool can_be_mined(const model *m, size_t t, int before, const model_block *in)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->txs[i] == t || share(&m->txs[t], &m->txs[in->txs[i]]))
            return false;
    for (int b = before; b >= 0; b = m->blocks[b].before)
        for (size_t i = 0; i < m->blocks[b].n; i++)
            if (m->blocks[b].txs[i] == t || share(&m->txs[t], &m->txs[m->blocks[b].txs[i]]))
                return false;
    return true;
}

static void step_block(model *m)
{
    if (m->n_blocks == BLOCKS)
        return;
    model_block *block = &m->blocks[m->n_blocks];
    const told_tx *list[TOLD_IN_BLOCK];
    size_t salt = m->n_blocks + 100;
    block->before = below(m, 3) > 0 ? m->tip : (int)below(m, m->n_blocks + 1) - 1;
    for (size_t i = below(m, 4); i > 0; i--) {
        size_t t = below(m, TXS);
        if (can_be_mined(m, t, block->before, block))
            block->txs[block->n++] = t;
    }
    for (size_t i = 0; i < block->n; i++)
        list[i] = &m->txs[block->txs[i]].tx;
    const mined_header *on = block->before < 0 ? &m->x.genesis : &m->blocks[block->before].header;
    if (block->n > 0) {
        block->block = told_block_of(on, list, block->n, (uint32_t)salt);
        block->header = block->block.header;
    } else {
        block->header = mined_next(on, NULL, (uint32_t)salt);
    }
    told_header(&m->x, &block->header);
    uint32_t best = m->tip < 0 ? 0 : m->blocks[m->tip].header.height;
    m->n_blocks++;
    if (block->header.height > best)
        m->tip = (int)m->n_blocks - 1;
}

/* ---- histories ------------------------------------------------------------------------------------------------- */

static void plant(model *m)
{
    for (size_t t = 0; t < TXS; t++) {
        model_tx *tx = &m->txs[t];
        const told_tx *from[2] = {NULL, NULL};
        tx->n_in = t > 4 && below(m, 3) == 0 ? 2 : 1;
        for (size_t i = 0; i < tx->n_in; i++) {
            tx->from[i] = t < 3 ? -1 : (int)below(m, t);
            tx->vout[i] = (uint32_t)below(m, OUTS);
            from[i] = tx->from[i] < 0 ? NULL : &m->txs[tx->from[i]].tx;
        }
        if (tx->n_in == 2 && tx->from[0] == tx->from[1] && tx->vout[0] == tx->vout[1])
            tx->n_in = 1;
        tx->tx = told_spend_all(from, tx->vout, tx->n_in, OUTS, (uint32_t)t + 1);
        tx->forged = below(m, 10) == 0;
        if (!tx->forged)
            continue;
        /* One byte of a signature: another txid, and only a block would take it. */
        uint8_t *raw = (uint8_t *)(uintptr_t)tx->tx.raw.data;
        gasp_tx *read = NULL;
        raw[4 + 1 + 36 + 1 + 20] ^= 1;
        assert_err(gasp_tx_decode(&read, tx->tx.raw, NULL, NULL), GASP_OK);
        tx->tx.txid = gasp_tx_txid(read);
        gasp_tx_free(read);
    }
}

typedef struct rows {
    gasp_output list[TXS * OUTS];
    gasp_txid spenders[TXS * OUTS][TXS];
    size_t n;
} rows;

static gasp_err row(void *ctx, const gasp_output *out)
{
    rows *to = ctx;
    if (out->unanchored)
        return GASP_OK;
    gasp_output *mine = &to->list[to->n];
    *mine = *out;
    for (size_t i = 0; i < out->n_spenders; i++)
        to->spenders[to->n][i] = out->spenders[i];
    /* Only what can be compared is left. */
    mine->script.data = NULL;
    mine->spenders = NULL;
    mine->entries = NULL;
    mine->anchor = NULL; /* it is in the state */
    mine->arrived_ms = 0;
    to->n++;
    return GASP_OK;
}

static void same_rows(const rows *a, const rows *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const gasp_output *p = &a->list[i], *q = &b->list[i];
        assert_memory_equal(&p->outpoint, &q->outpoint, sizeof p->outpoint);
        assert_memory_equal(p->state.b, q->state.b, 32);
        assert_int_equal(p->spent, q->spent);
        assert_int_equal(p->contested, q->contested);
        assert_int_equal(p->n_spenders, q->n_spenders);
        assert_memory_equal(p->spender.b, q->spender.b, 32);
        for (size_t k = 0; k < p->n_spenders; k++)
            assert_memory_equal(a->spenders[i][k].b, b->spenders[i][k].b, 32);
    }
}

/* A new wallet of the best chain and of what stands on it, parents first, lists the same as the old one. */
static void made_anew(model *m)
{
    told_world anew = told_begin();
    rows *old = calloc(2, sizeof *old);
    gasp_list_config config;
    gasp_set_summary a, b;
    assert_non_null(old);
    int path[BLOCKS];
    size_t n = 0;
    for (int at = m->tip; at >= 0; at = m->blocks[at].before)
        path[n++] = at;
    while (n > 0)
        told_header(&anew, &m->blocks[path[--n]].header);
    for (size_t t = 0; t < TXS; t++) {
        const model_tx *tx = &m->txs[t];
        gasp_bump *own = NULL;
        uint8_t bytes[1024];
        size_t len;
        if (!tx->stands)
            continue;
        mined_block block = {.anchor = {0}};
        if (tx->anchor >= 0) {
            const model_block *in = &m->blocks[tx->anchor];
            block.anchor = (gasp_anchor){in->header.height, in->header.hash, 0};
            assert_err(gasp_bump_find(in->block.bump, &block.anchor.index, &tx->tx.txid), GASP_OK);
            assert_err(gasp_bump_trim(&own, in->block.bump, &tx->tx.txid, 1, NULL), GASP_OK);
            assert_err(gasp_bump_encode(own, bytes, sizeof bytes, &len), GASP_OK);
            block.bump = (gasp_bytes){bytes, len};
            gasp_bump_free(own);
        }
        mined_commit(anew.w, &tx->tx.txid, tx->tx.raw, tx->anchor >= 0 ? &block : NULL, tx->n_ours);
    }
    gasp_list_config_init(&config);
    config.filter = GASP_LIST_ALL;
    assert_err(gasp_wallet_list(m->x.w, &config, NULL, row, &old[0]), GASP_OK);
    assert_err(gasp_wallet_list(anew.w, &config, NULL, row, &old[1]), GASP_OK);
    same_rows(&old[0], &old[1]);
    assert_err(gasp_wallet_summary(m->x.w, &a, &config.collection), GASP_OK);
    assert_err(gasp_wallet_summary(anew.w, &b, &config.collection), GASP_OK);
    assert_memory_equal(&a, &b, sizeof a);
    free(old);
    told_end(&anew);
}

static void random_histories(void **state)
{
    (void)state;
    test_random r = test_random_start("wallet/history");
    unsigned runs = 400 / test_one_in() + 1;
    size_t steps = 0, contested = 0, fallen = 0, side = 0;
    for (unsigned run = 0; run < runs; run++) {
        model *m = calloc(1, sizeof *m);
        assert_non_null(m);
        m->x = told_begin();
        m->r = r;
        m->tip = -1;
        plant(m);
        for (size_t i = 0; i < STEPS; i++, steps++) {
            static void (*const step[])(model *) = {step_add,        step_add,   step_add,   step_add_proven,
                                                    step_add_proven, step_prove, step_spend, step_forget,
                                                    step_block,      step_block};
            derive(m);
            step[below(m, sizeof step / sizeof step[0])](m);
            compare(m);
            for (size_t t = 0; t < TXS; t++) {
                contested += m->txs[t].contested;
                fallen += m->txs[t].held && !m->txs[t].stands;
                for (size_t b = 0; b < m->n_blocks; b++)
                    side += m->txs[t].proof[b] && !m->blocks[b].best;
            }
        }
        made_anew(m);
        r = m->r;
        for (size_t t = 0; t < TXS; t++)
            told_free(&m->txs[t].tx);
        for (size_t b = 0; b < m->n_blocks; b++)
            if (m->blocks[b].n > 0)
                told_block_free(&m->blocks[b].block);
        told_end(&m->x);
        free(m);
    }
    /* What it is about did occur. */
    assert_true(contested > 0 && fallen > 0 && side > 0);
    print_message("count: %zu steps of %u histories; %zu contested, %zu not standing, %zu stale proofs seen\n", steps,
                  runs, contested, fallen, side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_histories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
