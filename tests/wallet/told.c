/* The host of the tests. */
#include "wallet/told.h"

#include <stdlib.h>
#include <string.h>

#include "chain/merkle.h"
#include "gasp/bump.h"
#include "wallet/inside.h"

static const gasp_collection standard = {{0}};

told_world told_begin(void)
{
    told_world x = {.ms = mined_now.wall_ms};
    assert_err(gasp_kv_memory_new(&x.kv, NULL), GASP_OK);
    x.w = mined_wallet(x.kv, GASP_NETWORK_REGTEST);
    x.genesis = mined_genesis();
    return x;
}

void told_end(told_world *x)
{
    mined_healthy(x->w);
    gasp_wallet_free(x->w);
    gasp_kv_close(x->kv);
    *x = (told_world){0};
}

gasp_time told_now(told_world *x)
{
    x->ms++;
    return (gasp_time){x->ms, x->ms};
}

/* ---- transactions and blocks ----------------------------------------------------------------------------------- */

told_tx told_spend_all(const told_tx *const from[], const uint32_t vouts[], size_t n_in, uint32_t n_out, uint32_t salt)
{
    told_tx tx = {.n_in = n_in, .n_out = n_out};
    test_in in[TOLD_INPUTS] = {0};
    test_out out[TOLD_OUTPUTS] = {0};
    uint64_t sum = 0;
    assert_true(n_in > 0 && n_in <= TOLD_INPUTS && n_out <= TOLD_OUTPUTS);
    for (size_t i = 0; i < n_in; i++) {
        in[i] = (test_in){.lock = TEST_P2PKH, .key = 1, .prev.vout = vouts[i], .sat = UINT64_C(1) << 32};
        memset(in[i].prev.txid.b, 0xfd, sizeof in[i].prev.txid.b);
        memcpy(in[i].prev.txid.b, &salt, sizeof salt);
        if (from != NULL && from[i] != NULL) {
            in[i].prev.txid = from[i]->txid;
            in[i].sat = from[i]->sat;
        }
        sum += in[i].sat;
        tx.in[i] = in[i].prev;
    }
    tx.sat = sum / n_out;
    for (size_t i = 0; i < n_out; i++)
        out[i] = (test_out){tx.sat, TEST_P2PKH, 1};
    const test_spec spec = {.in = in, .n_in = n_in, .out = out, .n_out = n_out, .locktime = salt};
    tx.raw = test_tx_make(&tx.txid, &spec);
    return tx;
}

told_tx told_spend(const told_tx *from, uint32_t vout, uint32_t n_out, uint32_t salt)
{
    return told_spend_all(&from, &vout, 1, n_out, salt);
}

void told_free(told_tx *tx)
{
    test_release(tx->raw);
    tx->raw = (gasp_bytes){0};
}

told_block told_block_of(const mined_header *before, const told_tx *const txs[], size_t n, uint32_t salt)
{
    told_block block = {.bump = NULL};
    gasp_txid txids[1 + TOLD_IN_BLOCK] = {{{0}}};
    size_t which[TOLD_IN_BLOCK];
    gasp_merkle_root root;
    size_t len;
    assert_true(n > 0 && n <= TOLD_IN_BLOCK);
    memcpy(txids[0].b, &salt, sizeof salt);
    txids[0].b[31] = 0xcb;
    for (size_t i = 0; i < n; i++) {
        txids[i + 1] = txs[i]->txid;
        which[i] = i + 1;
    }
    gasp_merkle_root_of(&root, NULL, txids, n + 1);
    block.header = mined_next(before, &root, salt);
    assert_err(gasp_bump_from_block(&block.bump, block.header.height, txids, n + 1, which, n, NULL), GASP_OK);
    assert_err(gasp_bump_encode(block.bump, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_bump_encode(block.bump, bytes, len, &len), GASP_OK);
    block.bytes = (gasp_bytes){bytes, len};
    return block;
}

void told_block_free(told_block *block)
{
    gasp_bump_free(block->bump);
    test_release(block->bytes);
    *block = (told_block){0};
}

void told_header(told_world *x, const mined_header *header)
{
    mined_import(x->w, header, 1, GASP_OK, NULL);
}

mined_header told_grow(told_world *x, const mined_header *from, size_t n, uint32_t salt)
{
    mined_header at = *from;
    for (size_t i = 0; i < n; i++) {
        at = mined_next(&at, NULL, salt);
        told_header(x, &at);
    }
    return at;
}

/* ---- telling --------------------------------------------------------------------------------------------------- */

static gasp_err note(void *ctx, const gasp_verdict *verdict)
{
    made_report *to = ctx;
    assert_true(to->n < sizeof to->list / sizeof to->list[0]);
    to->list[to->n++] = *verdict;
    return GASP_OK;
}

static gasp_verdict expect(const made_report *report, const told_tx *tx, gasp_fate fate)
{
    const gasp_verdict *v = made_verdict(report, &tx->txid);
    if (v->fate != fate)
        fail_msg("fate %d with %s, expected %d", (int)v->fate, gasp_err_name(v->err), (int)fate);
    return *v;
}

gasp_verdict told_add(told_world *x, const told_tx *tx, const told_block *block, uint32_t n_ours, gasp_fate fate)
{
    static const uint32_t vouts[TOLD_OUTPUTS] = {0, 1, 2, 3};
    gasp_add_config config;
    made_report report = {.n = 0};
    gasp_beef *beef = made_beef();
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = vouts;
    config.n_vouts = n_ours;
    made_beef_add(beef, tx->raw, block != NULL ? block->bump : NULL);
    gasp_bytes bytes = made_beef_end(beef);
    assert_err(gasp_wallet_add(x->w, bytes.data, bytes.len, &config, told_now(x), note, &report, NULL), GASP_OK);
    test_release(bytes);
    return expect(&report, tx, fate);
}

gasp_verdict told_spends(told_world *x, const told_tx *tx, gasp_fate fate)
{
    made_report report = {.n = 0};
    assert_err(gasp_wallet_spend(x->w, tx->raw.data, tx->raw.len, NULL, told_now(x), note, &report, NULL), GASP_OK);
    assert_int_equal(report.n, 1);
    return expect(&report, tx, fate);
}

made_report told_prove(told_world *x, gasp_bytes bump)
{
    made_report report = {.n = 0};
    gasp_fault fault;
    assert_err(gasp_wallet_prove(x->w, bump.data, bump.len, told_now(x), note, &report, &fault), GASP_OK);
    return report;
}

size_t told_forget(told_world *x, const told_tx *tx, gasp_err expected)
{
    size_t n = 99;
    assert_err(gasp_wallet_forget(x->w, &n, &tx->txid, told_now(x)), expected);
    if (expected != GASP_OK)
        assert_int_equal(n, 0);
    return n;
}

/* ---- what is shown --------------------------------------------------------------------------------------------- */

static gasp_err see_one(void *ctx, const gasp_output *out)
{
    told_seen *to = ctx;
    if (memcmp(&out->outpoint, &to->out.outpoint, sizeof out->outpoint) != 0)
        return GASP_DONE;
    to->found = true;
    to->out = *out;
    to->anchored = out->anchor != NULL;
    if (to->anchored)
        to->anchor = *out->anchor;
    assert_true(out->spent == (out->n_spenders > 0));
    assert_true(out->n_spenders <= sizeof to->spenders / sizeof to->spenders[0]);
    for (size_t i = 0; i < out->n_spenders; i++)
        to->spenders[i] = out->spenders[i];
    return GASP_DONE;
}

told_seen told_look(told_world *x, const told_tx *tx, uint32_t vout)
{
    told_seen seen = {.out.outpoint = {tx->txid, vout}};
    gasp_outpoint before = {tx->txid, 0};
    gasp_list_config config;
    gasp_list_config_init(&config);
    config.filter = GASP_LIST_ALL;
    if (vout > 0)
        before.vout = vout - 1;
    else
        for (size_t i = 32; i-- > 0 && before.txid.b[i]-- == 0;)
            ;
    if (vout == 0)
        before.vout = UINT32_MAX;
    config.after = &before;
    assert_err(gasp_wallet_list(x->w, &config, NULL, see_one, &seen), GASP_OK);
    return seen;
}

void told_shows(told_world *x, const told_tx *tx, uint32_t vout, const char *want)
{
    told_seen seen = told_look(x, tx, vout);
    char is[4] = "-";
    size_t n = 0;
    if (seen.found) {
        is[n++] = seen.out.unanchored ? 'u' : seen.out.spent ? 'x' : 's';
        if (seen.anchored)
            is[n++] = '+';
        if (seen.out.contested)
            is[n++] = '!';
        is[n] = 0;
    }
    assert_string_equal(is, want);
}

void told_held(told_world *x, const told_tx *tx, bool held)
{
    gasp_held its;
    assert_err(gasp_wallet_transaction(x->w, &its, &tx->txid), held ? GASP_OK : GASP_ABSENT);
    if (held)
        gasp_held_clear(&its);
}

typedef struct reading {
    char text[256];
    size_t n;
    const gasp_outpoint *of;
    uint64_t last;
} reading;

static gasp_err read_change(void *ctx, const gasp_change *change)
{
    static const char letters[] = "?ASTUFCNG";
    reading *to = ctx;
    assert_true(change->kind > 0 && change->kind < sizeof letters - 1);
    to->last = change->seq;
    if (to->of != NULL && memcmp(to->of, &change->outpoint, sizeof *to->of) != 0)
        return GASP_OK;
    assert_true(to->n + 1 < sizeof to->text);
    to->text[to->n++] = letters[change->kind];
    return GASP_OK;
}

const char *told_changes(told_world *x, const told_tx *tx, uint32_t vout, uint64_t after)
{
    static reading r;
    gasp_outpoint of = {.vout = vout};
    r = (reading){.of = tx != NULL ? &of : NULL};
    if (tx != NULL)
        of.txid = tx->txid;
    assert_err(gasp_wallet_changes(x->w, after, read_change, &r), GASP_OK);
    return r.text;
}

static gasp_err last_change(void *ctx, const gasp_change *change)
{
    *(uint64_t *)ctx = change->seq;
    return GASP_OK;
}

uint64_t told_seq(told_world *x)
{
    uint64_t last = 0;
    assert_err(gasp_wallet_changes(x->w, 0, last_change, &last), GASP_OK);
    return last;
}

size_t told_items(told_world *x)
{
    gasp_set_summary summary;
    gasp_set_summary anew;
    assert_err(gasp_wallet_summary(x->w, &summary, &standard), GASP_OK);
    /* What was kept and brought up to date is what all rows say. */
    gasp_wallet_snapshot_forget(x->w);
    assert_err(gasp_wallet_summary(x->w, &anew, &standard), GASP_OK);
    assert_true(gasp_set_summary_equal(&summary, &anew));
    return (size_t)summary.count;
}
