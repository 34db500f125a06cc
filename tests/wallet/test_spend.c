/* What the host spends, and conflicts: what is kept though nothing of it is ours, who is contested and since when, that
 * contested outputs stay items, and how a proof, a reorganisation or forgetting ends a conflict. */
#include <string.h>

#include "wallet/questions.h"
#include "wallet/told.h"
#include "wallet/view.h"

static const gasp_collection standard = {{0}};

/* A proven transaction with n outputs of ours. */
typedef struct funded {
    told_world x;
    told_tx fund;
    told_block base;
} funded;

static funded begin(uint32_t n)
{
    funded f = {.x = told_begin()};
    f.fund = told_spend(NULL, 0, n, 1);
    const told_tx *first[] = {&f.fund};
    f.base = told_block_of(&f.x.genesis, first, 1, 1);
    told_header(&f.x, &f.base.header);
    told_add(&f.x, &f.fund, &f.base, n, GASP_FATE_COMMITTED);
    return f;
}

static void end(funded *f)
{
    told_free(&f->fund);
    told_block_free(&f->base);
    told_end(&f->x);
}

static bool member_of(told_world *x, const gasp_collection *collection, const told_tx *tx)
{
    gasp_txn txn;
    gasp_key key = gasp_key_member(collection, &tx->txid);
    assert_err(gasp_txn_look(&txn, x->w), GASP_OK);
    gasp_err err = gasp_txn_has(&txn, &key);
    gasp_txn_end(&txn);
    return err == GASP_OK;
}

static bool member(told_world *x, const told_tx *tx)
{
    return member_of(x, &standard, tx);
}

/* Kept by what it spends, not by what it gives. */
static void kept_for_what_it_spends(void **state)
{
    (void)state;
    funded f = begin(2);
    told_tx pay = told_spend(&f.fund, 0, 2, 2), stranger = told_spend(NULL, 0, 1, 3), other = told_spend(NULL, 0, 2, 4),
            theirs = told_spend(&other, 1, 1, 5);
    const told_tx *list[] = {&other};
    told_block block = told_block_of(&f.base.header, list, 1, 2);
    told_header(&f.x, &block.header);
    told_add(&f.x, &other, &block, 1, GASP_FATE_COMMITTED);
    uint64_t seq = told_seq(&f.x);
    told_add(&f.x, &pay, NULL, 0, GASP_FATE_UNNEEDED); /* added without an output it is nothing to us */
    told_held(&f.x, &pay, false);
    gasp_verdict v = told_spends(&f.x, &pay, GASP_FATE_COMMITTED);
    assert_err(v.err, GASP_OK);
    assert_int_equal(v.n_outputs, 0);
    told_held(&f.x, &pay, true);
    assert_true(member(&f.x, &pay));
    told_shows(&f.x, &f.fund, 0, "x+");
    told_shows(&f.x, &f.fund, 1, "s+");
    told_shows(&f.x, &pay, 0, "-");
    assert_int_equal(told_items(&f.x), 2);
    assert_string_equal(told_changes(&f.x, NULL, 0, seq), "S");
    told_seen seen = told_look(&f.x, &f.fund, 0);
    assert_int_equal(seen.out.n_spenders, 1);
    assert_memory_equal(seen.out.spender.b, pay.txid.b, 32);
    assert_memory_equal(seen.spenders[0].b, pay.txid.b, 32);
    told_spends(&f.x, &pay, GASP_FATE_KNOWN);
    /* One that spends nothing of ours, and one of which we do not even know the source. */
    v = told_spends(&f.x, &theirs, GASP_FATE_UNNEEDED);
    assert_err(v.err, GASP_OK);
    assert_err(v.cause_err, GASP_OK);
    told_held(&f.x, &theirs, false);
    v = told_spends(&f.x, &stranger, GASP_FATE_ASIDE);
    assert_err(v.err, GASP_ERR_VERIFY_NO_PARENT);
    told_held(&f.x, &stranger, false);
    assert_string_equal(told_changes(&f.x, NULL, 0, seq), "S");
    told_free(&pay);
    told_free(&stranger);
    told_free(&other);
    told_free(&theirs);
    told_block_free(&block);
    end(&f);
}

static gasp_err note(void *ctx, const gasp_verdict *verdict)
{
    made_report *to = ctx;
    assert_true(to->n < sizeof to->list / sizeof to->list[0]);
    to->list[to->n++] = *verdict;
    return GASP_OK;
}

static made_report spend(told_world *x, gasp_bytes bytes, const gasp_add_config *config, gasp_err expected)
{
    made_report report = {.n = 0};
    gasp_fault fault = {0};
    assert_err(gasp_wallet_spend(x->w, bytes.data, bytes.len, config, told_now(x), note, &report, &fault), expected);
    return report;
}

/* Change comes back; a BEEF brings what we lack; all outputs when asked. */
static void with_change_and_ancestors(void **state)
{
    (void)state;
    funded f = begin(3);
    const uint32_t change = 1;
    gasp_add_config config;
    told_tx pay = told_spend(&f.fund, 0, 2, 2), theirs = told_spend(NULL, 0, 2, 3);
    const told_tx *from[] = {&f.fund, &theirs};
    const uint32_t vouts[] = {1, 1};
    told_tx joint = told_spend_all(from, vouts, 2, 2, 4), all = told_spend(&f.fund, 2, 3, 5);
    const told_tx *list[] = {&theirs};
    told_block block = told_block_of(&f.base.header, list, 1, 2);
    told_header(&f.x, &block.header);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = &change;
    config.n_vouts = 1;
    made_report report = spend(&f.x, pay.raw, &config, GASP_OK);
    made_expect(&report, &pay.txid, GASP_FATE_COMMITTED, GASP_OK);
    assert_int_equal(report.list[0].n_outputs, 1);
    told_shows(&f.x, &pay, 0, "-");
    told_shows(&f.x, &pay, 1, "s");
    told_shows(&f.x, &f.fund, 0, "x+");

    report = spend(&f.x, joint.raw, NULL, GASP_OK);
    made_expect(&report, &joint.txid, GASP_FATE_ASIDE, GASP_ERR_VERIFY_NO_PARENT);
    told_shows(&f.x, &f.fund, 1, "s+");
    gasp_beef *beef = made_beef();
    made_beef_add(beef, theirs.raw, block.bump);
    made_beef_add(beef, joint.raw, NULL);
    gasp_bytes bytes = made_beef_end(beef);
    report = spend(&f.x, bytes, NULL, GASP_OK);
    made_expect(&report, &joint.txid, GASP_FATE_COMMITTED, GASP_OK);
    made_expect(&report, &theirs.txid, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&f.x, &f.fund, 1, "x+");
    told_shows(&f.x, &theirs, 0, "-");
    assert_true(member(&f.x, &theirs) && member(&f.x, &joint)); /* so that peers can follow it */

    gasp_add_config_init(&config);
    report = spend(&f.x, all.raw, &config, GASP_OK);
    made_expect(&report, &all.txid, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&f.x, &all, 2, "s");
    test_release(bytes);
    told_free(&pay);
    told_free(&theirs);
    told_free(&joint);
    told_free(&all);
    told_block_free(&block);
    end(&f);
}

/* One that is in a block already; one that is forged; what is no transaction; what a collection, a config must be. */
static void proven_forged_and_malformed(void **state)
{
    (void)state;
    funded f = begin(2);
    gasp_add_config config;
    const uint32_t far = 9;
    told_tx pay = told_spend(&f.fund, 0, 2, 2);
    const told_tx *list[] = {&pay};
    told_block block = told_block_of(&f.base.header, list, 1, 2);
    test_in in = {.prev = {f.fund.txid, 1}, .sat = f.fund.sat, .lock = TEST_P2PKH, .key = 99};
    const test_out out = {f.fund.sat, TEST_P2PKH, 1};
    const test_spec spec = {.in = &in, .n_in = 1, .out = &out, .n_out = 1};
    told_tx forged = {.n_in = 1};
    forged.raw = test_tx_make(&forged.txid, &spec);
    gasp_bytes before = made_dump(f.x.kv);
    gasp_verdict v = told_spends(&f.x, &forged, GASP_FATE_REFUSED);
    assert_err(v.err, GASP_ERR_VERIFY_SCRIPT);
    spend(&f.x, (gasp_bytes){pay.raw.data, pay.raw.len - 1}, NULL, GASP_ERR_SHORT);
    spend(&f.x, (gasp_bytes){0}, NULL, GASP_ERR_FORMAT_UNKNOWN);
    gasp_add_config_init(&config);
    config.collection.b[0] = 1;
    spend(&f.x, pay.raw, &config, GASP_ERR_MISUSE);
    gasp_add_config_init(&config);
    config.take = GASP_TAKE_LIST;
    config.vouts = &far;
    config.n_vouts = 1;
    spend(&f.x, pay.raw, &config, GASP_ERR_COUNT);
    config.size = 1;
    spend(&f.x, pay.raw, &config, GASP_ERR_MISUSE);
    gasp_bytes after = made_dump(f.x.kv);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);

    told_header(&f.x, &block.header);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, pay.raw, block.bump);
    gasp_bytes bytes = made_beef_end(beef);
    made_report report = spend(&f.x, bytes, NULL, GASP_OK);
    made_expect(&report, &pay.txid, GASP_FATE_COMMITTED, GASP_OK);
    told_shows(&f.x, &f.fund, 0, "x+");
    /* After a proven one nobody else spends it. */
    told_tx late = told_spend(&f.fund, 0, 1, 3);
    v = told_spends(&f.x, &late, GASP_FATE_REFUSED);
    assert_err(v.err, GASP_ERR_VERIFY_SPENT);
    test_release(bytes);
    test_release(before);
    test_release(after);
    told_free(&pay);
    told_free(&late);
    told_free(&forged);
    told_block_free(&block);
    end(&f);
}

/* A proof of a held transaction is kept from a file though nothing else of the file is: of one that is a subject and is not
 * asked for, and of one that only others stand on. */
static void proof_beside_what_is_not_needed(void **state)
{
    (void)state;
    for (int alone = 0; alone < 2; alone++) {
        funded f = begin(2);
        told_tx pay = told_spend(&f.fund, 0, 2, 2);
        told_tx stranger = told_spend(&pay, 0, 1, 3);
        const told_tx *list[] = {&pay};
        told_block block = told_block_of(&f.base.header, list, 1, 2);
        gasp_add_config config;
        told_add(&f.x, &pay, NULL, 2, GASP_FATE_COMMITTED);
        told_header(&f.x, &block.header);
        gasp_add_config_init(&config);
        config.take = GASP_TAKE_LIST;
        gasp_beef *beef = made_beef();
        made_beef_add(beef, pay.raw, block.bump);
        if (alone == 0)
            made_beef_add(beef, stranger.raw, NULL);
        gasp_bytes bytes = made_beef_end(beef);
        made_report report;
        assert_err(made_add(f.x.w, bytes, &config, 5000, &report), GASP_OK);
        made_expect(&report, &pay.txid, GASP_FATE_COMMITTED, GASP_OK);
        if (alone == 0)
            made_expect(&report, &stranger.txid, GASP_FATE_UNNEEDED, GASP_OK);
        gasp_held held;
        assert_err(gasp_wallet_transaction(f.x.w, &held, &pay.txid), GASP_OK);
        assert_non_null(held.anchor);
        gasp_held_clear(&held);
        test_release(bytes);
        told_free(&pay);
        told_free(&stranger);
        told_block_free(&block);
        end(&f);
    }
}

/* ---- conflicts ------------------------------------------------------------------------------------------------- */

/* Two that spend one output, and what stands on them. */
typedef struct conflict {
    funded f;
    told_tx a, b;   /* both spend fund.0 */
    told_tx on_a;   /* spends a.0 */
    told_tx on_it;  /* spends on_a.0 */
    told_tx beside; /* spends fund.1 */
} conflict;

static conflict quarrel(void)
{
    conflict c = {.f = begin(2)};
    c.a = told_spend(&c.f.fund, 0, 2, 10);
    c.b = told_spend(&c.f.fund, 0, 2, 11);
    c.on_a = told_spend(&c.a, 0, 2, 12);
    c.on_it = told_spend(&c.on_a, 0, 1, 13);
    c.beside = told_spend(&c.f.fund, 1, 1, 14);
    told_add(&c.f.x, &c.a, NULL, 2, GASP_FATE_COMMITTED);
    told_add(&c.f.x, &c.on_a, NULL, 2, GASP_FATE_COMMITTED);
    told_add(&c.f.x, &c.beside, NULL, 1, GASP_FATE_COMMITTED);
    return c;
}

static void reconcile(conflict *c)
{
    told_free(&c->a);
    told_free(&c->b);
    told_free(&c->on_a);
    told_free(&c->on_it);
    told_free(&c->beside);
    end(&c->f);
}

/* Both are kept and every descendant is marked, those that were there and those that come; states and items are as if
 * there were no conflict. */
static void both_are_kept(void **state)
{
    (void)state;
    conflict c = quarrel();
    told_world *x = &c.f.x;
    told_shows(x, &c.f.fund, 0, "x+");
    told_shows(x, &c.a, 0, "x");
    told_shows(x, &c.a, 1, "s");
    told_shows(x, &c.on_a, 1, "s");
    told_seen was = told_look(x, &c.a, 1);
    size_t items = told_items(x);
    uint64_t seq = told_seq(x);
    gasp_verdict v = told_add(x, &c.b, NULL, 1, GASP_FATE_COMMITTED);
    assert_err(v.err, GASP_OK);
    told_shows(x, &c.f.fund, 0, "x+!");
    told_shows(x, &c.a, 0, "x!");
    told_shows(x, &c.a, 1, "s!");
    told_shows(x, &c.b, 0, "s!");
    told_shows(x, &c.on_a, 1, "s!");
    told_shows(x, &c.f.fund, 1, "x+");
    told_shows(x, &c.beside, 0, "s");
    assert_int_equal(told_items(x), items + 1);
    told_seen is = told_look(x, &c.a, 1);
    assert_memory_equal(was.out.state.b, is.out.state.b, 32);
    assert_string_equal(told_changes(x, &c.a, 1, seq), "C");
    assert_string_equal(told_changes(x, &c.on_a, 1, seq), "C");
    assert_string_equal(told_changes(x, &c.f.fund, 0, seq), "C");
    assert_string_equal(told_changes(x, &c.b, 0, seq), "A");
    assert_string_equal(told_changes(x, &c.beside, 0, seq), "");
    is = told_look(x, &c.f.fund, 0);
    assert_int_equal(is.out.n_spenders, 2);
    assert_true(memcmp(is.spenders[0].b, is.spenders[1].b, 32) < 0);
    assert_memory_equal(is.out.spender.b, is.spenders[0].b, 32);
    gasp_held held;
    assert_err(gasp_wallet_transaction(x->w, &held, &c.a.txid), GASP_OK);
    assert_true(held.stands && held.contested);
    gasp_held_clear(&held);
    mined_healthy(x->w);
    /* Of many, whatever the order in which they came. */
    for (uint32_t i = 0; i < 5; i++) {
        told_tx more = told_spend(&c.f.fund, 0, 1, 30 + i);
        told_spends(x, &more, GASP_FATE_COMMITTED);
        is = told_look(x, &c.f.fund, 0);
        assert_int_equal(is.out.n_spenders, 3 + i);
        for (size_t k = 0; k + 1 < is.out.n_spenders; k++)
            assert_true(memcmp(is.spenders[k].b, is.spenders[k + 1].b, 32) < 0);
        told_free(&more);
    }
    /* A descendant that comes now. */
    seq = told_seq(x);
    told_add(x, &c.on_it, NULL, 1, GASP_FATE_COMMITTED);
    told_shows(x, &c.on_it, 0, "s!");
    assert_string_equal(told_changes(x, &c.on_it, 0, seq), "A");
    told_spends(x, &c.b, GASP_FATE_KNOWN);
    reconcile(&c);
}

/* The side that is proven wins; the other one and all that stands on it do not stand. When its block goes, both are back,
 * contested; when it returns, it has won again. */
static void the_proven_one_wins(void **state)
{
    (void)state;
    conflict c = quarrel();
    told_world *x = &c.f.x;
    told_add(x, &c.b, NULL, 1, GASP_FATE_COMMITTED);
    told_add(x, &c.on_it, NULL, 1, GASP_FATE_COMMITTED);
    const told_tx *list[] = {&c.b};
    told_block block = told_block_of(&c.f.base.header, list, 1, 2);
    told_header(x, &block.header);
    uint64_t seq = told_seq(x);
    told_prove(x, block.bytes);
    told_shows(x, &c.b, 0, "s+");
    told_shows(x, &c.f.fund, 0, "x+");
    told_shows(x, &c.a, 0, "u");
    told_shows(x, &c.a, 1, "u");
    told_shows(x, &c.on_a, 1, "u");
    told_shows(x, &c.on_it, 0, "u");
    told_shows(x, &c.beside, 0, "s");
    assert_string_equal(told_changes(x, &c.b, 0, seq), "N");
    assert_string_equal(told_changes(x, &c.f.fund, 0, seq), "N");
    assert_string_equal(told_changes(x, &c.a, 1, seq), "U");
    assert_string_equal(told_changes(x, &c.on_it, 0, seq), "U");
    mined_healthy(x->w);
    gasp_bytes won = made_listing(x->w);

    (void)told_grow(x, &c.f.base.header, 2, 3);
    told_shows(x, &c.b, 0, "s!");
    told_shows(x, &c.f.fund, 0, "x+!");
    told_shows(x, &c.a, 1, "s!");
    told_shows(x, &c.on_a, 0, "x!");
    told_shows(x, &c.on_it, 0, "s!");
    assert_string_equal(told_changes(x, &c.beside, 0, seq), "");
    mined_healthy(x->w);
    (void)told_grow(x, &block.header, 2, 4);
    gasp_bytes again = made_listing(x->w);
    assert_int_equal(won.len, again.len);
    assert_memory_equal(won.data, again.data, won.len);
    test_release(won);
    test_release(again);
    told_block_free(&block);
    reconcile(&c);
}

/* A proven one that nobody here knew ends the conflict of two others. */
static void a_third_one_wins(void **state)
{
    (void)state;
    conflict c = quarrel();
    told_world *x = &c.f.x;
    told_tx third = told_spend(&c.f.fund, 0, 1, 15);
    const told_tx *list[] = {&third};
    told_block block = told_block_of(&c.f.base.header, list, 1, 2);
    told_add(x, &c.b, NULL, 1, GASP_FATE_COMMITTED);
    told_header(x, &block.header);
    uint64_t seq = told_seq(x);
    told_add(x, &third, &block, 1, GASP_FATE_COMMITTED);
    told_shows(x, &third, 0, "s+");
    told_shows(x, &c.a, 1, "u");
    told_shows(x, &c.b, 0, "u");
    told_shows(x, &c.on_a, 1, "u");
    told_shows(x, &c.f.fund, 0, "x+");
    assert_string_equal(told_changes(x, &c.f.fund, 0, seq), "N");
    mined_healthy(x->w);
    (void)told_grow(x, &c.f.base.header, 2, 3);
    told_shows(x, &third, 0, "s!");
    told_shows(x, &c.a, 1, "s!");
    assert_int_equal(told_look(x, &c.f.fund, 0).out.n_spenders, 3);
    /* What loses its ground altogether takes the conflict along. */
    (void)told_grow(x, &x->genesis, 5, 4);
    told_shows(x, &c.a, 1, "u");
    told_shows(x, &c.f.fund, 0, "u");
    told_free(&third);
    told_block_free(&block);
    reconcile(&c);
}

/* One with two inputs is in conflict with two others, of which one is proven: the third is free again. */
static void of_two_conflicts_one_is_left(void **state)
{
    (void)state;
    funded f = begin(3);
    told_world *x = &f.x;
    const told_tx *from[] = {&f.fund, &f.fund};
    const uint32_t both[] = {0, 1};
    told_tx wide = told_spend_all(from, both, 2, 1, 2), a = told_spend(&f.fund, 0, 1, 3),
            b = told_spend(&f.fund, 1, 1, 4);
    const told_tx *list[] = {&a};
    told_block block = told_block_of(&f.base.header, list, 1, 2);
    told_header(x, &block.header);
    told_add(x, &wide, NULL, 1, GASP_FATE_COMMITTED);
    told_add(x, &a, NULL, 1, GASP_FATE_COMMITTED);
    told_shows(x, &b, 0, "-");
    told_shows(x, &wide, 0, "s!");
    told_add(x, &b, NULL, 1, GASP_FATE_COMMITTED);
    told_shows(x, &a, 0, "s!");
    told_shows(x, &b, 0, "s!");
    mined_healthy(x->w);
    uint64_t seq = told_seq(x);
    told_prove(x, block.bytes);
    told_shows(x, &wide, 0, "u");
    told_shows(x, &a, 0, "s+");
    told_shows(x, &b, 0, "s");
    told_shows(x, &f.fund, 1, "x+");
    assert_string_equal(told_changes(x, &b, 0, seq), "N");
    assert_string_equal(told_changes(x, &f.fund, 1, seq), "N");
    mined_healthy(x->w);
    (void)told_grow(x, &f.base.header, 2, 3);
    told_shows(x, &b, 0, "s!");
    told_free(&wide);
    told_free(&a);
    told_free(&b);
    told_block_free(&block);
    end(&f);
}

/* A proven child lost its block while its parent was not here: when the parent comes, the child stands by its scripts. */
static void a_parent_that_comes_late(void **state)
{
    (void)state;
    for (int forged = 0; forged < 2; forged++) {
        told_world x = told_begin();
        told_tx parent = told_spend(NULL, 0, 2, 1), child = told_spend(&parent, 0, 2, 2),
                grandchild = told_spend(&child, 0, 1, 3);
        if (forged) { /* only a block could make it stand */
            test_in in = {.prev = {parent.txid, 0}, .sat = parent.sat, .lock = TEST_P2PKH, .key = 99};
            const test_out out[2] = {{parent.sat / 2, TEST_P2PKH, 1}, {parent.sat / 2, TEST_P2PKH, 1}};
            const test_spec spec = {.in = &in, .n_in = 1, .out = out, .n_out = 2, .locktime = 2};
            told_free(&child);
            told_free(&grandchild);
            child.raw = test_tx_make(&child.txid, &spec);
            grandchild = told_spend(&child, 0, 1, 3);
        }
        const told_tx *first[] = {&parent};
        const told_tx *list[] = {&child};
        told_block base = told_block_of(&x.genesis, first, 1, 1);
        told_block block = told_block_of(&base.header, list, 1, 2);
        told_header(&x, &base.header);
        told_header(&x, &block.header);
        told_add(&x, &child, &block, 2, GASP_FATE_COMMITTED);
        told_add(&x, &grandchild, NULL, 1, GASP_FATE_COMMITTED);
        (void)told_grow(&x, &base.header, 2, 3);
        told_shows(&x, &child, 1, "u");
        told_shows(&x, &grandchild, 0, "u");
        mined_healthy(x.w);
        uint64_t seq = told_seq(&x);
        told_add(&x, &parent, &base, 2, GASP_FATE_COMMITTED);
        told_shows(&x, &child, 0, forged ? "u" : "x");
        told_shows(&x, &child, 1, forged ? "u" : "s");
        told_shows(&x, &grandchild, 0, forged ? "u" : "s");
        told_shows(&x, &parent, 0, forged ? "s+" : "x+");
        assert_string_equal(told_changes(&x, &parent, 0, seq), forged ? "A" : "AS");
        assert_string_equal(told_changes(&x, &child, 1, seq), forged ? "" : "T");
        told_free(&parent);
        told_free(&child);
        told_free(&grandchild);
        told_block_free(&base);
        told_block_free(&block);
        told_end(&x);
    }
}

/* An output that is spent before it is ours is shown with its spender from the start. */
static void spent_before_it_is_ours(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx parent = told_spend(NULL, 0, 3, 1), child = told_spend(&parent, 0, 1, 2),
            other = told_spend(&parent, 1, 1, 3), rival = told_spend(&parent, 1, 1, 4);
    const told_tx *first[] = {&parent};
    const told_tx *list[] = {&child};
    told_block base = told_block_of(&x.genesis, first, 1, 1), block = told_block_of(&base.header, list, 1, 2);
    told_header(&x, &base.header);
    told_header(&x, &block.header);
    told_add(&x, &child, &block, 1, GASP_FATE_COMMITTED);
    told_add(&x, &parent, &base, 1, GASP_FATE_COMMITTED);
    told_shows(&x, &parent, 0, "x+");
    assert_string_equal(told_changes(&x, &parent, 0, 0), "A");
    told_add(&x, &other, NULL, 1, GASP_FATE_COMMITTED);
    told_add(&x, &rival, NULL, 1, GASP_FATE_COMMITTED);
    told_shows(&x, &parent, 1, "-");
    told_add(&x, &parent, NULL, 3, GASP_FATE_COMMITTED);
    told_shows(&x, &parent, 1, "x+!");
    told_shows(&x, &parent, 2, "s+");
    assert_string_equal(told_changes(&x, &parent, 1, 0), "A");
    told_free(&parent);
    told_free(&child);
    told_free(&other);
    told_free(&rival);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

/* Of another collection than the one in which the spender is held: it is a member there by what it spends, too. */
static void in_another_collection(void **state)
{
    (void)state;
    told_world x = told_begin();
    const gasp_collection second = {{2}};
    gasp_key row = gasp_key_collection(&second);
    const gasp_kv_op op = {GASP_KV_PUT, gasp_key_view(&row), {(const uint8_t *)"second", 6}};
    told_tx parent = told_spend(NULL, 0, 2, 1), child = told_spend(&parent, 0, 1, 2),
            later = told_spend(&parent, 1, 1, 3);
    const told_tx *first[] = {&parent};
    const told_tx *list[] = {&child};
    told_block base = told_block_of(&x.genesis, first, 1, 1), block = told_block_of(&base.header, list, 1, 2);
    gasp_add_config config;
    made_report report;
    assert_err(x.kv->write(x.kv->user, &op, 1, true), GASP_OK);
    gasp_wallet_free(x.w); /* what a wallet does not write itself it sees when it is opened */
    x.w = mined_open(x.kv);
    told_header(&x, &base.header);
    told_header(&x, &block.header);
    told_add(&x, &child, &block, 1, GASP_FATE_COMMITTED);
    gasp_beef *beef = made_beef();
    made_beef_add(beef, parent.raw, base.bump);
    gasp_bytes bytes = made_beef_end(beef);
    gasp_add_config_init(&config);
    config.collection = second;
    assert_err(made_add(x.w, bytes, &config, 500, &report), GASP_OK);
    made_expect(&report, &parent.txid, GASP_FATE_COMMITTED, GASP_OK);
    assert_true(member_of(&x, &second, &parent) && member_of(&x, &second, &child));
    assert_true(!member(&x, &parent) && member(&x, &child));
    /* Spent through the first one, of which the parent is no member: not known there. In the second it is. */
    told_spends(&x, &later, GASP_FATE_ASIDE);
    config.take = GASP_TAKE_LIST;
    report = spend(&x, later.raw, &config, GASP_OK);
    made_expect(&report, &later.txid, GASP_FATE_COMMITTED, GASP_OK);
    assert_true(member_of(&x, &second, &later) && !member(&x, &later));
    mined_healthy(x.w);
    assert_int_equal(told_forget(&x, &later, GASP_OK), 1);
    assert_false(member_of(&x, &second, &later));
    assert_string_equal(told_changes(&x, &parent, 1, 0), "ASF");
    test_release(bytes);
    told_free(&parent);
    told_free(&child);
    told_free(&later);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_for_what_it_spends),
        cmocka_unit_test(with_change_and_ancestors),
        cmocka_unit_test(proven_forged_and_malformed),
        cmocka_unit_test(proof_beside_what_is_not_needed),
        cmocka_unit_test(both_are_kept),
        cmocka_unit_test(the_proven_one_wins),
        cmocka_unit_test(a_third_one_wins),
        cmocka_unit_test(of_two_conflicts_one_is_left),
        cmocka_unit_test(a_parent_that_comes_late),
        cmocka_unit_test(spent_before_it_is_ours),
        cmocka_unit_test(in_another_collection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
