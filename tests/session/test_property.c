/* Two or three wallets through random adds, spends, labels, proofs, reorgs, refusals and partitions. After each step a wallet
 * is compared with the model of plain sets (model.h); of a sync only what it may have moved is believed, and what both sides
 * say of it is checked against their listings. Then all get all headers and sync until nothing changes: what is an item
 * where must be what the model says, and what differs is of a class that the model knows.
 *
 * GASP_RUN=<n> with the printed GASP_SEED repeats one run and tells its steps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/play.h"

enum { RUNS = 6000, RUNS_OF_UNIVERSE = 16, OPERATIONS = 40, QUIET_MAX = 10 };

static const gasp_collection by_default = {{0}};

/* ---- syncs --------------------------------------------------------------------------------------------------------- */

typedef struct session_kind {
    int who[2];        /* the initiator first */
    uint8_t rights[2]; /* what each gives the other */
    gasp_match match;
    bool small; /* limits */
    uint64_t features;
    size_t piece;
} session_kind;

static unsigned rights_of(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    (void)peer;
    (void)peer_len;
    (void)collection;
    return *(const uint8_t *)user;
}

/* Leaves features out of an OPEN: behind magic, versions and network. */
static gasp_err fewer_features(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    const uint64_t *features = ctx;
    if (*type != 2 || from != 0)
        return GASP_ABSENT;
    assert_err(gasp_buf_append(out, message.data, message.len), GASP_OK);
    assert_int_equal(out->data[11], 2);
    out->data[13] &= (uint8_t)*features;
    return GASP_OK;
}

static void small_limits(world *w, gasp_session_limits *limits)
{
    if (play_one_in(w, 2))
        limits->max_wants = 1 + (uint32_t)play_below(w, 3);
    if (play_one_in(w, 2))
        limits->credit_roots = 1 + (uint32_t)play_below(w, 2);
    if (play_one_in(w, 2))
        limits->credit_bytes = 1 + test_random_below(&w->r, 600);
    if (play_one_in(w, 2))
        limits->max_nodes = 1 + (uint32_t)play_below(w, 6);
    if (play_one_in(w, 2))
        limits->max_stage_bytes = 600 + test_random_below(&w->r, 6000);
    if (play_one_in(w, 2))
        limits->max_frame = 1024 + (uint32_t)play_below(w, 3000);
}

/* How a session ended. */
typedef struct outcome {
    gasp_event closed[2];
    gasp_event opened[2];
} outcome;

static outcome connect(world *w, session_kind *kind)
{
    gasp_session_config config[2];
    gasp_access access[2];
    outcome out;
    pair p;
    pair_config(config, w->w[kind->who[0]].wallet, w->w[kind->who[1]].wallet);
    for (int i = 0; i < 2; i++) {
        static const uint8_t names[MODEL_WALLETS] = {'a', 'b', 'c'};
        access[i] = (gasp_access){sizeof access[i], &kind->rights[i], rights_of};
        config[i].access = &access[i];
        config[i].peer = &names[kind->who[!i]];
        config[i].peer_len = 1;
        config[i].match = kind->match;
        test_random_fill(&w->r, config[i].seed32, sizeof config[i].seed32);
        if (kind->small)
            small_limits(w, &config[i].limits);
    }
    pair_start(&p, config);
    p.now = play_now(w);
    p.piece = kind->piece;
    if (kind->features != UINT64_MAX) {
        p.hook = fewer_features;
        p.hook_ctx = &kind->features;
    }
    pair_run(&p);
    for (int i = 0; i < 2; i++) {
        gasp_session_fault why;
        gasp_session_why(p.side[i].session, &why);
        if (p.side[i].err != GASP_OK)
            print_error("wallet %d: %s at %" PRIu64 " of message %u\n", kind->who[i], gasp_err_name(why.err), why.at,
                        why.message);
    }
    for (int i = 0; i < 2; i++) {
        EXPECT(p.side[i].err == GASP_OK, "the session of %d ended: %s", kind->who[i], gasp_err_name(p.side[i].err));
        EXPECT(p.side[i].closed.kind == GASP_EVENT_CLOSED, "the session of %d did not close", kind->who[i]);
        out.closed[i] = p.side[i].closed;
        out.opened[i] = p.side[i].opened;
        for (size_t k = 0; k < p.side[i].n_events && run.talk; k++) {
            const gasp_event *e = &p.side[i].events[k];
            if (e->kind == GASP_EVENT_COMMITTED || e->kind == GASP_EVENT_REFUSED)
                SAY("   %d %s %d%s: %s, %s of %d\n", kind->who[i],
                    e->kind == GASP_EVENT_COMMITTED ? "takes" : "refuses", universe_tx(w->u, &e->graph.txid),
                    e->graph.spend ? " (spend)" : "", gasp_err_name(e->graph.err), gasp_err_name(e->graph.cause_err),
                    universe_tx(w->u, &e->graph.cause));
            if (e->kind == GASP_EVENT_CLOSED)
                SAY("   %d closes round %u: result %d accounted %d equal %d\n", kind->who[i], e->closed.round,
                    e->closed.result, e->closed.accounted, e->closed.equal);
        }
    }
    pair_free(&p);
    return out;
}

static bool may_flow(const session_kind *kind, int from)
{
    return (kind->rights[from] & GASP_RIGHT_READ) != 0 && (kind->rights[!from] & GASP_RIGHT_WRITE) != 0;
}

/* Takes over what a sync moved into a wallet, if the other one had it and may give it. */
static void believe(world *w, const model *before, int to, int from, bool may, const seen *s)
{
    model_wallet *it = &w->m.wallet[to];
    const model_wallet *had = &before->wallet[from];
    for (int tx = 0; tx < w->m.n_txs; tx++) {
        bool news = s->sets.held[tx] && !it->held[tx];
        EXPECT(!news || (may && had->held[tx] && s->view.stands[tx]), "wallet %d: %d from %d", to, tx, from);
        it->held[tx] = it->held[tx] || news;
        it->passed[tx] = it->passed[tx] || (it->lenient && s->view.stands[tx] && s->view.anchor[tx] == MODEL_NONE);
        int b = s->view.anchor[tx];
        if (b != MODEL_NONE && !it->proof[tx][b]) {
            EXPECT(may && had->proof[tx][b], "wallet %d: %d proven in %d", to, tx, b);
            it->proof[tx][b] = true;
        }
        for (int k = 0; k < MODEL_OUTS; k++) {
            if (!s->sets.own[tx][k] || it->own[tx][k])
                continue;
            EXPECT(may && had->own[tx][k], "wallet %d: %d.%d its own", to, tx, k);
            it->own[tx][k] = true;
        }
        for (int e = 0; e < MODEL_ENTRIES; e++)
            if (may && memcmp(&s->sets.entry[tx][e], &had->entry[tx][e], sizeof had->entry[tx][e]) == 0)
                model_tell(&w->m, to, tx, e, had->entry[tx][e]);
    }
    model_rest(&w->m, to);
    play_compare(w, to, s);
}

/* ---- what is said of a sync ---------------------------------------------------------------------------------------- */

typedef struct remembered {
    const universe *u;
    int who;
    bool any[MODEL_TXS][MODEL_OUTS];
    bool spent[MODEL_TXS][MODEL_OUTS];
} remembered;

static gasp_err see_refusal(void *ctx, const gasp_refusal_info *info)
{
    remembered *r = ctx;
    int tx = universe_tx(r->u, &info->outpoint.txid);
    r->any[tx][info->outpoint.vout] = true;
    r->spent[tx][info->outpoint.vout] = info->err == GASP_OK;
    SAY("   wallet %d remembers %d.%u: %s, of %d%s\n", r->who, tx, info->outpoint.vout, gasp_err_name(info->err),
        universe_tx(r->u, &info->cause), info->due ? ", due" : "");
    return GASP_OK;
}

static void refusals_of(remembered *r, const world *w, int i)
{
    memset(r, 0, sizeof *r);
    r->u = w->u;
    r->who = i;
    assert_err(gasp_wallet_refusals(w->w[i].wallet, &by_default, NULL, play_now(w), see_refusal, r), GASP_OK);
}

/* Whether one wallet has a transaction in the state of the other one, or in one that more was joined to. */
static bool has_more(const seen *mine, const seen *theirs, int tx, int vout)
{
    const model_entry *x = mine->sets.entry[tx];
    const model_entry *y = theirs->sets.entry[tx];
    if (theirs->view.anchor[tx] != MODEL_NONE && mine->view.anchor[tx] != theirs->view.anchor[tx])
        return false;
    bool later = x[vout].at > y[vout].at || (x[vout].at == y[vout].at && x[vout].rank >= y[vout].rank);
    const model_entry *p = &x[MODEL_BROADCAST];
    const model_entry *q = &y[MODEL_BROADCAST];
    return later && (theirs->view.anchor[tx] != MODEL_NONE || p->at > q->at || (p->at == q->at && p->rank >= q->rank));
}

/* Whether a transaction of the peer can never stand beside what is proven here. */
static bool lost(const world *w, const seen *mine, int tx)
{
    bool below_it[MODEL_TXS] = {false};
    below_it[tx] = true;
    for (int i = tx; i >= 0; i--) {
        for (int k = 0; k < w->m.n_txs && below_it[i]; k++)
            if (mine->view.anchor[k] != MODEL_NONE && model_rivals(&w->m, i, k))
                return true;
        for (int k = 0; k < w->m.tx[i].n_in && below_it[i]; k++)
            if (w->m.tx[i].in[k].tx != MODEL_NONE)
                below_it[w->m.tx[i].in[k].tx] = true;
    }
    return false;
}

/* A side that accounted for its peer says the truth about each item that the peer has now. */
static void check_word(const world *w, int me, const seen *mine, const seen *theirs, const gasp_event *closed,
                       gasp_match match)
{
    remembered r;
    model_view v;
    refusals_of(&r, w, me);
    model_look(&v, &w->m, &w->m.wallet[me]);
    for (int tx = 0; tx < w->m.n_txs; tx++) {
        for (int k = 0; k < MODEL_OUTS; k++) {
            if (!theirs->view.item[tx][k] || v.spends[tx][k] > 0) /* known as spent here */
                continue;
            bool here = mine->view.item[tx][k] && (match == GASP_MATCH_OUTPOINT || has_more(mine, theirs, tx, k));
            bool refused = r.any[tx][k] || (theirs->view.anchor[tx] == MODEL_NONE && lost(w, mine, tx));
            EXPECT(here || refused, "wallet %d accounts for %d.%d", me, tx, k);
            EXPECT(here || r.spent[tx][k] || closed->closed.result != GASP_RESULT_COMPLETE,
                   "wallet %d is complete without %d.%d", me, tx, k);
        }
    }
}

/* One session, and all that can be said of it. */
static outcome sync(world *w, session_kind *kind)
{
    static model before;
    seen s[2];
    before = w->m;
    SAY("%u: %d connects to %d%s%s, rights %d %d, features %d\n", run.step, kind->who[0], kind->who[1],
        kind->small ? ", small" : "", kind->match == GASP_MATCH_OUTPOINT ? ", by outpoint" : "", kind->rights[0],
        kind->rights[1], (int)(kind->features & 15));
    outcome out = connect(w, kind);
    for (int i = 0; i < 2; i++) {
        play_see(&s[i], w, kind->who[i]);
        believe(w, &before, kind->who[i], kind->who[!i], may_flow(kind, !i), &s[i]);
    }
    for (int i = 0; i < 2; i++) {
        const gasp_event *e = &out.closed[i];
        bool same = memcmp(&s[0].summary, &s[1].summary, sizeof s[0].summary) == 0;
        bool told = (kind->rights[!i] & GASP_RIGHT_READ) != 0 && kind->match == GASP_MATCH_STATE;
        EXPECT(!told || e->closed.equal == same, "%d says equal: %d", kind->who[i], e->closed.equal);
        if (e->closed.accounted && may_flow(kind, !i)) {
            check_word(w, kind->who[i], &s[i], &s[!i], e, kind->match);
            w->counts->accounted++;
        }
    }
    w->counts->syncs++;
    return out;
}

static session_kind full(const world *w, int a, int b)
{
    return (session_kind){
        .who = {a, b}, .rights = {w->rights[a][b], w->rights[b][a]}, .match = GASP_MATCH_STATE, .features = UINT64_MAX};
}

static void op_sync(world *w, int i)
{
    static const size_t pieces[] = {0, 0, 1, 7, 100};
    int other = (i + 1 + play_below(w, w->m.n_wallets - 1)) % w->m.n_wallets;
    session_kind kind = full(w, i, other);
    kind.piece = pieces[play_below(w, 5)];
    if (play_one_in(w, 8))
        kind.match = GASP_MATCH_OUTPOINT;
    if (play_one_in(w, 6))
        kind.small = true;
    else if (play_one_in(w, 8))
        kind.features = (uint64_t)play_below(w, 16);
    if (play_one_in(w, 8))
        kind.rights[play_below(w, 2)] &= (uint8_t)(1 + play_below(w, 2));
    if (kind.rights[0] == 0 || kind.rights[1] == 0)
        return;
    (void)sync(w, &kind);
}

static void operate(world *w)
{
    int n = 5 + play_below(w, OPERATIONS - 4);
    for (int k = 0; k < w->m.n_wallets; k++)
        play_headers(w, k, play_below(w, w->m.n_blocks - 1));
    for (run.step = 1; (int)run.step <= n; run.step++) {
        int i = play_below(w, w->m.n_wallets);
        int what = play_below(w, 18);
        w->wall_ms += play_one_in(w, 3) ? 0 : test_random_below(&w->r, 20 * PLAY_MINUTE);
        if (what < 5)
            play_add(w, i);
        else if (what < 7)
            play_prove(w, i);
        else if (what < 8)
            play_headers(w, i, play_below(w, w->m.n_blocks - 1));
        else if (what < 10)
            play_tell(w, i);
        else if (what < 11)
            play_forget(w, i);
        else if (what < 13)
            play_force(w, i);
        else
            op_sync(w, i);
        for (int k = 0; k < w->m.n_wallets; k++)
            play_look(w, k);
        w->counts->operations++;
    }
}

/* ---- quiet rounds -------------------------------------------------------------------------------------------------- */

/* All pairs, until nothing changes; the model has the same rounds. */
static void quiet(world *w, model *foretold)
{
    static model before;
    bool moved = true;
    for (int pass = 0; moved; pass++) {
        EXPECT(pass < QUIET_MAX, "no end of changes");
        before = w->m;
        bool settled = true;
        w->wall_ms += 2 * PLAY_HOUR;
        for (int a = 0; a < w->m.n_wallets; a++)
            for (int b = 0; b < a; b++) {
                bool turned = play_one_in(w, 2);
                run.step++;
                session_kind kind = full(w, turned ? b : a, turned ? a : b);
                outcome out = sync(w, &kind);
                model_round(foretold, kind.who[0], kind.who[1]);
                for (int i = 0; i < 2; i++)
                    settled = settled && (out.closed[i].closed.accounted || !may_flow(&kind, !i));
            }
        moved = memcmp(before.wallet, w->m.wallet, sizeof before.wallet) != 0;
        EXPECT(moved || settled, "nothing changes, and it is not accounted for");
    }
}

/* Whether anything is an item at one wallet and not, or differently, at another one: of which class. */
static void classify(world *w, const model *free)
{
    bool clean = true;
    model_view v[MODEL_WALLETS];
    model_view f[MODEL_WALLETS];
    for (int i = 0; i < w->m.n_wallets; i++) {
        model_look(&v[i], &w->m, &w->m.wallet[i]);
        model_look(&f[i], free, &free->wallet[i]);
    }
    for (int i = 0; i < w->m.n_wallets * w->m.n_wallets * MODEL_TXS * MODEL_OUTS; i++) {
        int a = i % w->m.n_wallets;
        int b = i / w->m.n_wallets % w->m.n_wallets;
        int tx = i / w->m.n_wallets / w->m.n_wallets / MODEL_OUTS;
        int k = i / w->m.n_wallets / w->m.n_wallets % MODEL_OUTS;
        if (a == b || tx >= w->m.n_txs || !v[a].item[tx][k])
            continue;
        w->counts->items++;
        bool same = model_same_item(&w->m, a, b, &v[a], &v[b], tx, k);
        EXPECT(same || !v[b].item[tx][k] || !w->m.flow[a][b] || !w->m.flow[b][a], "%d.%d differs at %d and %d", tx, k,
               a, b);
        bool view = same && v[a].contested[tx] != v[b].contested[tx];
        if (same && !view)
            continue;
        clean = false;
        if (view)
            w->counts->conflict++;
        else if (!f[a].item[tx][k] || model_same_item(free, a, b, &f[a], &f[b], tx, k))
            w->counts->no_permission++;
        else
            w->counts->refused++;
    }
    w->counts->clean += clean;
}

static bool at_least(const model_entry *a, const model_entry *b)
{
    return a->at > b->at || (a->at == b->at && a->rank >= b->rank);
}

static bool all_may(const model *m)
{
    for (int a = 0; a < m->n_wallets; a++)
        for (int b = 0; b < m->n_wallets; b++)
            if (a != b && !m->flow[a][b])
                return false;
    return true;
}

/* Whether another wallet refused an output for good before it learned of the proven rival: then it does not look again, and
 * tells nobody of the rival. */
static bool remembered_elsewhere(const world *w, int i, int tx, int vout)
{
    bool found = false;
    for (int other = 0; other < w->m.n_wallets; other++) {
        remembered r;
        if (other == i)
            continue;
        refusals_of(&r, w, other);
        found = found || (r.any[tx][vout] && !r.spent[tx][vout]);
    }
    return found;
}

/* The items of each wallet are those that the model foretold, in the same state. A proof or an entry may have come along
 * with what was refused then; somebody has to have had it. Where something may go one way only it may be missing: what is
 * known of an output that is spent at its receiver, and named in SKIP, comes by way of the receiver's own items, or not; and
 * so an item may be left whose rival was proven at the other. */
static void compare_items(const world *w, const model *before, const model *foretold)
{
    const bool open = all_may(&w->m);
    for (int i = 0; i < w->m.n_wallets; i++) {
        model_view is;
        model_view should;
        model_look(&is, &w->m, &w->m.wallet[i]);
        model_look(&should, foretold, &foretold->wallet[i]);
        for (int n = 0; n < w->m.n_txs * MODEL_OUTS; n++) {
            int tx = n / MODEL_OUTS;
            int k = n % MODEL_OUTS;
            bool kept = is.item[tx][k] && !should.item[tx][k] && (!open || remembered_elsewhere(w, i, tx, k));
            EXPECT(kept || is.item[tx][k] == should.item[tx][k], "wallet %d: %d.%d is an item: %d", i, tx, k,
                   is.item[tx][k]);
            if (kept)
                continue;
            bool less = is.anchor[tx] == MODEL_NONE && should.anchor[tx] != MODEL_NONE;
            bool more = is.anchor[tx] != MODEL_NONE && should.anchor[tx] == MODEL_NONE;
            EXPECT(!is.item[tx][k] || is.anchor[tx] == should.anchor[tx] || more || (less && !open),
                   "wallet %d: %d anchored in %d, not %d", i, tx, is.anchor[tx], should.anchor[tx]);
            for (int e = 0; e < MODEL_ENTRIES && is.item[tx][k]; e++) {
                const model_entry *at = &w->m.wallet[i].entry[tx][e];
                bool had = false;
                for (int from = 0; from < w->m.n_wallets; from++)
                    had = had || memcmp(at, &before->wallet[from].entry[tx][e], sizeof *at) == 0;
                bool shown = e == k || (e == MODEL_BROADCAST && is.anchor[tx] == MODEL_NONE);
                EXPECT(!shown || (had && (!open || at_least(at, &foretold->wallet[i].entry[tx][e]))),
                       "wallet %d: entry %d of %d", i, e, tx);
            }
        }
    }
}

typedef struct checking {
    const world *w;
    int wallet;
    uint64_t known;
} checking;

static gasp_err print_problem(void *ctx, const gasp_problem *problem)
{
    checking *c = ctx;
    int tx = universe_tx(c->w->u, &problem->outpoint.txid);
    if (tx != MODEL_NONE &&
        c->w->m.wallet[c->wallet].passed[tx]) /* its scripts do not pass: that is why it was forced */
        c->known++;
    else
        print_error("%d.%u: %s\n", tx, problem->outpoint.vout, problem->what);
    return GASP_OK;
}

static void check_all(world *w)
{
    for (int i = 0; i < w->m.n_wallets; i++) {
        gasp_check_report report;
        checking c = {w, i, 0};
        assert_err(gasp_wallet_check(w->w[i].wallet, &report, print_problem, &c), GASP_OK);
        EXPECT(report.problems == c.known, "wallet %d has problems", i);
    }
}

static void finish(world *w)
{
    static model before;
    static model foretold;
    static model free;
    w->policy++; /* what limits refused is due again */
    w->wall_ms += 3 * PLAY_HOUR;
    for (int i = 0; i < w->m.n_wallets; i++) {
        gasp_wallet_free(w->w[i].wallet);
        play_open(w, i, false);
        for (int b = 0; b < w->m.n_blocks; b++)
            play_headers(w, i, b);
        play_look(w, i);
    }
    before = foretold = free = w->m;
    for (int i = 0; i < MODEL_WALLETS * MODEL_WALLETS; i++)
        free.flow[i / MODEL_WALLETS][i % MODEL_WALLETS] = true;
    EXPECT(model_settle(&free), "the model has no end");
    quiet(w, &foretold);
    compare_items(w, &before, &foretold);
    classify(w, &free);
    check_all(w);
}

/* ---- runs ---------------------------------------------------------------------------------------------------------- */

static int was_ended(void **state)
{
    (void)state;
    if (run.going)
        print_error("to repeat it: GASP_RUN=%" PRIu64 " with the GASP_SEED above\n", run.number);
    return 0;
}

static void wallets_agree(void **state)
{
    (void)state;
    test_random start = test_random_start("wallets_agree");
    const char *given = getenv("GASP_RUN");
    uint64_t n = RUNS / test_one_in();
    static universe u;
    static world w;
    counts total = {0};
    for (uint64_t i = 0; i < n; i++) {
        test_random of_run = {start.state + i * UINT64_C(0x632be59bd9b4e019)};
        test_random of_universe = {start.state + (i / RUNS_OF_UNIVERSE) * UINT64_C(0xd1342543de82ef95) + 1};
        if (given != NULL && strtoull(given, NULL, 10) != i)
            continue;
        if (given != NULL || i % RUNS_OF_UNIVERSE == 0) {
            universe_free(&u);
            universe_make(&u, &of_universe);
        }
        memset(&w, 0, sizeof w);
        w.u = &u;
        w.r = of_run;
        w.counts = &total;
        run.going = true;
        run.talk = given != NULL;
        run.number = i;
        run.step = 0;
        if (run.talk)
            universe_print(&u);
        play_begin(&w);
        operate(&w);
        finish(&w);
        play_end(&w);
        total.runs++;
    }
    run.going = false;
    universe_free(&u);
    printf("count: %" PRIu64 " runs, %" PRIu64 " with no exception at all\n", total.runs, total.clean);
    printf("count: %" PRIu64 " operations, %" PRIu64 " syncs, %" PRIu64 " words of a side checked\n", total.operations,
           total.syncs, total.accounted);
    printf("count: %" PRIu64 " items compared: %" PRIu64 " refused with reason, %" PRIu64 " conflict view, %" PRIu64
           " no permission\n",
           total.items, total.refused, total.conflict, total.no_permission);
    assert_true(given != NULL || total.clean * 5 >= total.runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(wallets_agree, was_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
