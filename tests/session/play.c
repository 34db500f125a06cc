/* Wallets and the model of them, side by side. */
#include "session/play.h"

#include <string.h>

#include "crypto/hash.h"
#include "wallet/questions.h"

static const gasp_collection by_default = {{0}};
static const char *const values[PLAY_VALUES] = {"", "coffee", "tea", "rent", "cake"};

play_run run;

bool play_one_in(world *w, uint64_t n)
{
    return test_random_below(&w->r, n) == 0;
}

int play_below(world *w, int n)
{
    return (int)test_random_below(&w->r, (uint64_t)n);
}

gasp_time play_now(const world *w)
{
    return (gasp_time){w->wall_ms - UINT64_C(1600000000000), w->wall_ms};
}

/* ---- wallets ------------------------------------------------------------------------------------------------------- */

static gasp_err pass_all(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
{
    (void)user;
    (void)ticket;
    memset(verdicts, 0, gasp_verify_batch_len(batch) * sizeof *verdicts);
    return GASP_OK;
}

void play_open(world *w, int i, bool create)
{
    gasp_wallet_config config;
    gasp_wallet_config_init(&config);
    config.kv = w->w[i].kv;
    config.policy = w->policy;
    config.verifier = w->m.wallet[i].lenient ? &w->verifier : NULL;
    memset(config.seed32, 5 + i, sizeof config.seed32);
    if (create)
        assert_err(gasp_wallet_create(&config, GASP_NETWORK_REGTEST, play_now(w)), GASP_OK);
    assert_err(gasp_wallet_open(&w->w[i].wallet, &config), GASP_OK);
}

void play_begin(world *w)
{
    w->m = w->u->m;
    w->m.n_wallets = 2 + play_below(w, 2);
    w->wall_ms = UINT64_C(1700000000000);
    gasp_verifier_init(&w->verifier);
    w->verifier.verify = pass_all;
    bool restricted = play_one_in(w, 4);
    for (int i = 0; i < w->m.n_wallets; i++) {
        w->m.wallet[i].lenient = play_one_in(w, 4);
        w->m.wallet[i].knows[UNIVERSE_GENESIS] = true;
        w->m.wallet[i].tip = UNIVERSE_GENESIS;
        assert_err(gasp_kv_memory_new(&w->w[i].kv, NULL), GASP_OK);
        play_open(w, i, true);
        for (int k = 0; k < w->m.n_wallets; k++)
            w->rights[i][k] =
                restricted && play_one_in(w, 2) ? (uint8_t)(1 + play_below(w, 2)) : GASP_RIGHT_READ | GASP_RIGHT_WRITE;
        SAY("wallet %d%s\n", i, w->m.wallet[i].lenient ? ", lenient" : "");
    }
    for (int a = 0; a < w->m.n_wallets; a++)
        for (int b = 0; b < w->m.n_wallets; b++) {
            w->m.flow[a][b] =
                a != b && (w->rights[a][b] & GASP_RIGHT_READ) != 0 && (w->rights[b][a] & GASP_RIGHT_WRITE) != 0;
            if (a != b && !w->m.flow[a][b])
                SAY("nothing goes from %d to %d\n", a, b);
        }
}

void play_end(world *w)
{
    for (int i = 0; i < w->m.n_wallets; i++)
        test_wallet_free(&w->w[i]);
}

/* ---- what a wallet says -------------------------------------------------------------------------------------------- */

typedef struct seeing {
    const universe *u;
    seen *out;
} seeing;

static int rank_of(int value)
{
    uint8_t own[32];
    int rank = 0;
    gasp_sha256_once(own, (const uint8_t *)values[value], strlen(values[value]));
    for (int i = 0; i < PLAY_VALUES; i++) {
        uint8_t other[32];
        gasp_sha256_once(other, (const uint8_t *)values[i], strlen(values[i]));
        rank += memcmp(other, own, 32) < 0;
    }
    return rank;
}

static void see_entries(seen *out, int tx, const gasp_entry *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int which = list[i].of_output ? (int)list[i].vout : MODEL_BROADCAST;
        int value = 0;
        const gasp_bytes is = list[i].value;
        while (strlen(values[value]) != is.len || (is.len > 0 && memcmp(values[value], is.data, is.len) != 0))
            value++;
        out->sets.entry[tx][which] = (model_entry){list[i].timestamp_us, value, rank_of(value)};
    }
}

static gasp_err see_output(void *ctx, const gasp_output *output)
{
    const seeing *s = ctx;
    int tx = universe_tx(s->u, &output->outpoint.txid);
    int vout = (int)output->outpoint.vout;
    EXPECT(tx != MODEL_NONE, "an output of nobody's transaction");
    s->out->sets.own[tx][vout] = true;
    s->out->state[tx][vout] = output->state;
    s->out->view.item[tx][vout] = !output->spent && !output->unanchored;
    s->out->view.spends[tx][vout] = (int)output->n_spenders;
    s->out->view.spender[tx][vout] = output->spent ? universe_tx(s->u, &output->spender) : MODEL_NONE;
    EXPECT(output->spent == (output->n_spenders > 0), "spent by nobody");
    s->out->contested[tx][vout] = output->contested;
    return GASP_OK;
}

void play_see(seen *out, const world *w, int i)
{
    seeing s = {w->u, out};
    memset(out, 0, sizeof *out);
    for (int tx = 0; tx < w->m.n_txs; tx++) {
        gasp_held held;
        out->view.anchor[tx] = MODEL_NONE;
        gasp_err err = gasp_wallet_transaction(w->w[i].wallet, &held, &w->u->txid[tx]);
        if (err == GASP_ABSENT)
            continue;
        assert_err(err, GASP_OK);
        out->sets.held[tx] = true;
        out->view.stands[tx] = held.stands;
        out->view.contested[tx] = held.contested;
        if (held.anchor != NULL)
            out->view.anchor[tx] = universe_block(w->u, &held.anchor->block);
        see_entries(out, tx, held.entries, held.n_entries);
        gasp_held_clear(&held);
    }
    assert_err(gasp_wallet_outputs(w->w[i].wallet, &by_default, NULL, true, see_output, &s), GASP_OK);
    assert_err(gasp_wallet_summary(w->w[i].wallet, &out->summary, &by_default), GASP_OK);
}

/* What follows from the model's sets must be what the wallet shows. */
void play_compare(const world *w, int i, const seen *s)
{
    const model_wallet *it = &w->m.wallet[i];
    gasp_header_info tip;
    model_view v;
    model_look(&v, &w->m, it);
    assert_err(gasp_wallet_headers_tip(w->w[i].wallet, &tip), GASP_OK);
    EXPECT(universe_block(w->u, &tip.hash) == it->tip, "wallet %d: tip %d, not %d", i, universe_block(w->u, &tip.hash),
           it->tip);
    for (int tx = 0; tx < w->m.n_txs; tx++) {
        EXPECT(s->sets.held[tx] == it->held[tx], "wallet %d: %d held: %d", i, tx, s->sets.held[tx]);
        if (!it->held[tx])
            continue;
        EXPECT(s->view.anchor[tx] == v.anchor[tx], "wallet %d: %d anchored in %d, not %d", i, tx, s->view.anchor[tx],
               v.anchor[tx]);
        EXPECT(s->view.stands[tx] == v.stands[tx], "wallet %d: %d stands: %d", i, tx, s->view.stands[tx]);
        EXPECT(s->view.contested[tx] == v.contested[tx], "wallet %d: %d contested: %d", i, tx, s->view.contested[tx]);
        EXPECT(memcmp(s->sets.entry[tx], it->entry[tx], sizeof it->entry[tx]) == 0, "wallet %d: entries of %d", i, tx);
        for (int k = 0; k < MODEL_OUTS; k++) {
            EXPECT(s->sets.own[tx][k] == it->own[tx][k], "wallet %d: %d.%d ours: %d", i, tx, k, s->sets.own[tx][k]);
            if (!it->own[tx][k])
                continue;
            EXPECT(s->view.item[tx][k] == v.item[tx][k], "wallet %d: %d.%d an item: %d", i, tx, k, s->view.item[tx][k]);
            EXPECT(s->view.spends[tx][k] == v.spends[tx][k], "wallet %d: %d.%d spent by %d, not %d", i, tx, k,
                   s->view.spends[tx][k], v.spends[tx][k]);
            EXPECT(s->view.spender[tx][k] == v.spender[tx][k], "wallet %d: %d.%d spent by number %d, not %d", i, tx, k,
                   s->view.spender[tx][k], v.spender[tx][k]);
            EXPECT(s->contested[tx][k] == (v.contested[tx] || v.spends[tx][k] > 1), "wallet %d: %d.%d contested", i, tx,
                   k);
        }
    }
}

void play_look(world *w, int i)
{
    seen s;
    model_rest(&w->m, i);
    play_see(&s, w, i);
    play_compare(w, i, &s);
}

/* ---- what a host does ---------------------------------------------------------------------------------------------- */

/* A block that a transaction stands in, mostly one of the wallet's best chain. */
static int some_block(world *w, int i, int tx)
{
    int all[MODEL_BLOCKS];
    int best = MODEL_NONE;
    int n = 0;
    for (int b = 0; b < w->m.n_blocks; b++) {
        if (!w->u->mined[tx][b])
            continue;
        all[n++] = b;
        best = model_in_chain(&w->m, &w->m.wallet[i], b) ? b : best;
    }
    if (n == 0 || (best != MODEL_NONE && !play_one_in(w, 8)))
        return best;
    return all[play_below(w, n)];
}

/* A transaction and what it stands on, down to proofs or to what the wallet has. */
static void make_file(world *w, int i, int tx, model_file *file)
{
    model_view v;
    model_look(&v, &w->m, &w->m.wallet[i]);
    memset(file->given, 0, sizeof file->given);
    file->given[tx] = true;
    for (int k = tx; k >= 0; k--) {
        bool funding = w->m.tx[k].in[0].tx == MODEL_NONE;
        file->proof[k] = file->given[k] && (funding || play_one_in(w, 3)) ? some_block(w, i, k) : MODEL_NONE;
        for (int n = 0; n < w->m.tx[k].n_in && file->given[k] && file->proof[k] == MODEL_NONE && !funding; n++)
            if (!v.stands[w->m.tx[k].in[n].tx] || play_one_in(w, 2))
                file->given[w->m.tx[k].in[n].tx] = true;
    }
}

void play_add(world *w, int i)
{
    model_file file;
    gasp_add_config config;
    gasp_verdict verdict = {0};
    uint32_t vouts[MODEL_OUTS];
    bool own[MODEL_OUTS] = {false};
    int tx = play_below(w, w->m.n_txs);
    bool spend = play_one_in(w, 2);
    make_file(w, i, tx, &file);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = vouts;
    for (int k = 0; k < w->m.tx[tx].n_out; k++)
        if (play_one_in(w, 2) || (!spend && config.n_vouts == 0)) {
            own[k] = true;
            vouts[config.n_vouts++] = (uint32_t)k;
        }
    gasp_bytes bytes = universe_file(w->u, &file);
    gasp_err err = spend ? gasp_wallet_spend(w->w[i].wallet, bytes.data, bytes.len, &config, play_now(w),
                                             test_keep_verdict, &verdict, NULL)
                         : gasp_wallet_add(w->w[i].wallet, bytes.data, bytes.len, &config, play_now(w),
                                           test_keep_verdict, &verdict, NULL);
    test_release(bytes);
    assert_err(err, GASP_OK);
    int block = file.proof[tx];
    bool proof =
        w->m.wallet[i].held[tx] && block != MODEL_NONE && w->m.wallet[i].knows[block]; /* news by itself, maybe */
    bool taken = model_add(&w->m, i, tx, &file, own, spend, false);
    SAY("%u: %s %d to %d (%d%d%d): %d\n", run.step, spend ? "spend" : "add", tx, i, own[0], own[1], own[2], taken);
    for (int k = 0; k < w->m.n_txs && run.talk; k++)
        if (file.given[k])
            SAY("   with %d in block %d\n", k, file.proof[k]);
    EXPECT(proof || taken == (verdict.fate == GASP_FATE_COMMITTED || verdict.fate == GASP_FATE_KNOWN),
           "fate %d (%s) of %d", verdict.fate, gasp_err_name(verdict.cause_err), tx);
}

/* At a lenient wallet: what no wallet should take, committed as if a verifier had let it pass. */
void play_force(world *w, int i)
{
    static const uint32_t vouts[MODEL_OUTS] = {0, 1, 2};
    model_file file = {.given = {false}};
    bool own[MODEL_OUTS] = {false};
    int tx = play_below(w, w->m.n_txs);
    gasp_tx *decoded = NULL;
    model_view v;
    model_look(&v, &w->m, &w->m.wallet[i]);
    file.given[tx] = true;
    file.proof[tx] = MODEL_NONE;
    for (int k = 0; k < w->m.tx[tx].n_out; k++)
        own[k] = true;
    if (!w->m.wallet[i].lenient || v.stands[tx] || !model_add(&w->m, i, tx, &file, own, false, true))
        return;
    assert_err(gasp_tx_decode(&decoded, w->u->raw[tx], NULL, NULL), GASP_OK);
    gasp_commit_node node = {
        .txid = w->u->txid[tx], .tx = decoded, .roots = vouts, .n_roots = (size_t)w->m.tx[tx].n_out};
    gasp_commit_graph graph = {.nodes = &node, .n_nodes = 1};
    gasp_commit commit = {.graphs = &graph, .n_graphs = 1};
    assert_err(gasp_wallet_commit(w->w[i].wallet, &commit, play_now(w)), GASP_OK);
    assert_err(graph.verdict, GASP_OK);
    gasp_tx_free(decoded);
    SAY("%u: force %d to %d\n", run.step, tx, i);
}

void play_prove(world *w, int i)
{
    int tx = play_below(w, w->m.n_txs);
    int block = some_block(w, i, tx);
    if (block == MODEL_NONE)
        return;
    gasp_bytes path = universe_path(w->u, tx, block);
    assert_err(gasp_wallet_prove(w->w[i].wallet, path.data, path.len, play_now(w), NULL, NULL, NULL), GASP_OK);
    test_release(path);
    model_prove(&w->m, i, tx, block);
    SAY("%u: prove %d at %d in block %d\n", run.step, tx, i, block);
}

void play_headers(world *w, int i, int block)
{
    int path[MODEL_BLOCKS];
    int n = 0;
    universe_headers(w->u, w->w[i].wallet, block);
    for (int b = block; b != MODEL_NONE; b = w->m.block[b].parent)
        path[n++] = b;
    while (n-- > 0)
        if (!w->m.wallet[i].knows[path[n]])
            model_header(&w->m, i, path[n]);
    model_rest(&w->m, i);
    SAY("%u: headers up to %d at %d\n", run.step, block, i);
}

void play_tell(world *w, int i)
{
    int tx = play_below(w, w->m.n_txs);
    int which = play_below(w, w->m.tx[tx].n_out + 1);
    int value = play_below(w, PLAY_VALUES);
    const uint8_t *text = (const uint8_t *)values[value];
    const gasp_outpoint outpoint = {w->u->txid[tx], (uint32_t)which};
    bool label = which < w->m.tx[tx].n_out;
    which = label ? which : MODEL_BROADCAST;
    model_entry old = w->m.wallet[i].entry[tx][which];
    model_entry entry = {w->wall_ms * 1000, value, rank_of(value)};
    gasp_err err =
        label ? gasp_wallet_label(w->w[i].wallet, &outpoint, "label", text, strlen(values[value]), play_now(w))
              : gasp_wallet_broadcast(w->w[i].wallet, &outpoint.txid, text, strlen(values[value]), play_now(w));
    assert_err(err, w->m.wallet[i].held[tx] ? GASP_OK : GASP_ABSENT);
    entry.at = old.at >= entry.at ? old.at + 1 : entry.at;
    if (w->m.wallet[i].held[tx] && (value > 0 || old.value > 0))
        model_tell(&w->m, i, tx, which, entry);
    SAY("%u: tell %d.%d at %d: %s\n", run.step, tx, which, i, values[value]);
}

void play_forget(world *w, int i)
{
    int tx = play_below(w, w->m.n_txs);
    size_t n;
    bool held = w->m.wallet[i].held[tx];
    gasp_err err = gasp_wallet_forget(w->w[i].wallet, &n, &w->u->txid[tx], play_now(w));
    bool gone = model_forget(&w->m, i, tx);
    SAY("%u: forget %d at %d: %d\n", run.step, tx, i, gone);
    assert_err(err, gone ? GASP_OK : (held ? GASP_ERR_PROVEN : GASP_ABSENT));
}
