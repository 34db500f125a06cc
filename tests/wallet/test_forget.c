/* Forgetting, and what a broadcaster answered: what leaves and what stays, what is spendable again, that nothing of the
 * forgotten is left in the store, and that it may come again. */
#include <stdlib.h>
#include <string.h>

#include "wallet/told.h"
#include "wallet/txn.h"

typedef struct hunt {
    const gasp_txid *txid;
    size_t found;
} hunt;

static gasp_err look_in(void *ctx, gasp_bytes key, gasp_bytes value)
{
    hunt *h = ctx;
    (void)value;
    if (key.data[0] == 'c')
        return GASP_OK; /* the log keeps what was */
    for (size_t i = 0; i + 32 <= key.len; i++)
        if (memcmp(key.data + i, h->txid->b, 32) == 0)
            h->found++;
    return GASP_OK;
}

/* Rows whose key names a transaction. */
static size_t rows_of(told_world *x, const told_tx *tx)
{
    hunt h = {&tx->txid, 0};
    assert_err(x->kv->scan(x->kv->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, look_in, &h), GASP_OK);
    return h.found;
}

static gasp_err only_log(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_bytes *all = ctx;
    uint8_t *more;
    if (key.data[0] == 'c' || key.data[0] == 'S')
        return GASP_OK;
    more = realloc((void *)(uintptr_t)all->data, all->len + key.len + value.len);
    assert_non_null(more);
    memcpy(more + all->len, key.data, key.len);
    memcpy(more + all->len + key.len, value.data, value.len);
    *all = (gasp_bytes){more, all->len + key.len + value.len};
    return GASP_OK;
}

/* Every row but the log and its counters. */
static gasp_bytes facts(told_world *x)
{
    gasp_bytes all = {malloc(1), 0};
    assert_err(x->kv->scan(x->kv->user, NULL, (gasp_bytes){0}, (gasp_bytes){0}, false, only_log, &all), GASP_OK);
    return all;
}

static void same_facts(told_world *x, gasp_bytes before)
{
    gasp_bytes now = facts(x);
    assert_int_equal(before.len, now.len);
    assert_memory_equal(before.data, now.data, now.len);
    test_release(now);
}

/* A tree of unproven ones leaves from any of its nodes downwards, and the store is as it was before they came. */
static void a_tree_leaves(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 3, 1), a = told_spend(&fund, 0, 2, 2), b = told_spend(&a, 0, 2, 3),
            c = told_spend(&b, 0, 1, 4), pay = told_spend(&a, 1, 1, 5), nobody = told_spend(NULL, 0, 1, 6);
    const told_tx *from[] = {&b, &fund};
    const uint32_t vouts[] = {1, 1};
    told_tx wide = told_spend_all(from, vouts, 2, 1, 7);
    const told_tx *first[] = {&fund};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    gasp_outpoint labelled = {b.txid, 0};
    told_header(&x, &base.header);
    told_add(&x, &fund, &base, 3, GASP_FATE_COMMITTED);
    gasp_bytes before = facts(&x);
    told_add(&x, &a, NULL, 2, GASP_FATE_COMMITTED);
    gasp_bytes with_a = facts(&x);
    told_add(&x, &b, NULL, 2, GASP_FATE_COMMITTED);
    told_add(&x, &c, NULL, 1, GASP_FATE_COMMITTED);
    told_add(&x, &wide, NULL, 1, GASP_FATE_COMMITTED);
    assert_err(gasp_wallet_label(x.w, &labelled, "note", (const uint8_t *)"mine", 4, told_now(&x)), GASP_OK);
    told_shows(&x, &a, 0, "x");
    told_shows(&x, &fund, 1, "x+");

    uint64_t seq = told_seq(&x);
    assert_int_equal(told_forget(&x, &b, GASP_OK), 3);
    same_facts(&x, with_a);
    told_held(&x, &b, false);
    told_held(&x, &c, false);
    told_held(&x, &wide, false);
    assert_int_equal(rows_of(&x, &b) + rows_of(&x, &c) + rows_of(&x, &wide), 0);
    told_shows(&x, &a, 0, "s");
    told_shows(&x, &fund, 1, "s+");
    told_shows(&x, &b, 0, "-");
    assert_string_equal(told_changes(&x, &b, 0, seq), "G");
    assert_string_equal(told_changes(&x, &b, 1, seq), "G");
    assert_string_equal(told_changes(&x, &c, 0, seq), "G");
    assert_string_equal(told_changes(&x, &wide, 0, seq), "G");
    assert_string_equal(told_changes(&x, &a, 0, seq), "F");
    assert_string_equal(told_changes(&x, &fund, 1, seq), "F");
    assert_string_equal(told_changes(&x, &a, 1, seq), "");
    mined_healthy(x.w);

    /* One of which nothing was ours, kept for what it spends. */
    seq = told_seq(&x);
    told_spends(&x, &pay, GASP_FATE_COMMITTED);
    assert_int_equal(told_forget(&x, &pay, GASP_OK), 1);
    assert_string_equal(told_changes(&x, NULL, 0, seq), "SF");
    same_facts(&x, with_a);

    /* It may come again. */
    told_add(&x, &b, NULL, 2, GASP_FATE_COMMITTED);
    told_shows(&x, &b, 0, "s");
    assert_err(gasp_wallet_forget(x.w, NULL, &a.txid, told_now(&x)), GASP_OK);
    same_facts(&x, before);
    assert_int_equal(told_items(&x), 3);

    /* What is not held, what is proven. */
    gasp_bytes dump = made_dump(x.kv);
    told_forget(&x, &nobody, GASP_ABSENT);
    told_forget(&x, &fund, GASP_ERR_PROVEN);
    gasp_bytes after = made_dump(x.kv);
    assert_int_equal(dump.len, after.len);
    assert_memory_equal(dump.data, after.data, dump.len);
    test_release(dump);
    test_release(after);
    test_release(before);
    test_release(with_a);
    told_tx *all[] = {&fund, &a, &b, &c, &pay, &nobody, &wide};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        told_free(all[i]);
    told_block_free(&base);
    told_end(&x);
}

/* The loser of a conflict, one of two sides, one of three: who is left is contested as long as two are. */
static void sides_of_a_conflict(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), side[3], child;
    const told_tx *first[] = {&fund};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    told_header(&x, &base.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    for (uint32_t i = 0; i < 3; i++) {
        side[i] = told_spend(&fund, 0, 2, 10 + i);
        told_add(&x, &side[i], NULL, 2, GASP_FATE_COMMITTED);
    }
    child = told_spend(&side[0], 0, 1, 20);
    told_add(&x, &child, NULL, 1, GASP_FATE_COMMITTED);
    assert_int_equal(told_look(&x, &fund, 0).out.n_spenders, 3);
    uint64_t seq = told_seq(&x);
    assert_int_equal(told_forget(&x, &side[1], GASP_OK), 1);
    told_shows(&x, &side[0], 1, "s!");
    told_shows(&x, &side[2], 1, "s!");
    told_shows(&x, &fund, 0, "x+!");
    assert_string_equal(told_changes(&x, &side[0], 1, seq), "");
    mined_healthy(x.w);
    assert_int_equal(told_forget(&x, &side[2], GASP_OK), 1);
    told_shows(&x, &side[0], 1, "s");
    told_shows(&x, &child, 0, "s");
    told_shows(&x, &fund, 0, "x+");
    assert_string_equal(told_changes(&x, &side[0], 1, seq), "N");
    assert_string_equal(told_changes(&x, &child, 0, seq), "N");
    assert_string_equal(told_changes(&x, &fund, 0, seq), "N");
    mined_healthy(x.w);

    /* One that lost against a proven one is no spender: nothing is freed by it. */
    told_add(&x, &side[1], NULL, 2, GASP_FATE_COMMITTED);
    const told_tx *list[] = {&side[1]};
    told_block block = told_block_of(&base.header, list, 1, 2);
    told_header(&x, &block.header);
    told_prove(&x, block.bytes);
    told_shows(&x, &side[0], 1, "u");
    seq = told_seq(&x);
    assert_int_equal(told_forget(&x, &side[0], GASP_OK), 2);
    told_shows(&x, &fund, 0, "x+");
    assert_string_equal(told_changes(&x, &fund, 0, seq), "");
    assert_string_equal(told_changes(&x, &child, 0, seq), "G");
    told_forget(&x, &side[1], GASP_ERR_PROVEN);
    for (size_t i = 0; i < 3; i++)
        told_free(&side[i]);
    told_free(&fund);
    told_free(&child);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

/* One that had a proof and lost its block can be forgotten with that proof; a descendant that is proven stays, with all
 * that stands on it. */
static void stale_proofs_and_proven_descendants(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), a = told_spend(&fund, 0, 2, 2), b = told_spend(&a, 0, 2, 3),
            c = told_spend(&b, 0, 1, 4);
    const told_tx *first[] = {&fund};
    const told_tx *of_a[] = {&a};
    const told_tx *of_b[] = {&b};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    told_block stale = told_block_of(&base.header, of_a, 1, 2);
    told_header(&x, &base.header);
    told_header(&x, &stale.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &a, &stale, 2, GASP_FATE_COMMITTED);
    told_add(&x, &b, NULL, 2, GASP_FATE_COMMITTED);
    told_add(&x, &c, NULL, 1, GASP_FATE_COMMITTED);
    told_forget(&x, &a, GASP_ERR_PROVEN);
    mined_header tip = told_grow(&x, &base.header, 2, 3);
    told_block block = told_block_of(&tip, of_b, 1, 4);
    told_header(&x, &block.header);
    told_prove(&x, block.bytes);
    told_shows(&x, &a, 1, "s");
    told_shows(&x, &b, 0, "x+");
    assert_int_equal(told_forget(&x, &a, GASP_OK), 1);
    assert_int_equal(rows_of(&x, &a), 1); /* b spends it */
    told_shows(&x, &b, 0, "x+");
    told_shows(&x, &b, 1, "s+");
    told_shows(&x, &c, 0, "s");
    told_shows(&x, &fund, 0, "s+");
    mined_healthy(x.w);
    /* It comes back as it was. */
    told_add(&x, &a, NULL, 2, GASP_FATE_COMMITTED);
    told_shows(&x, &a, 0, "x");
    told_shows(&x, &fund, 0, "x+");
    told_tx *all[] = {&fund, &a, &b, &c};
    for (size_t i = 0; i < 4; i++)
        told_free(all[i]);
    told_block_free(&base);
    told_block_free(&stale);
    told_block_free(&block);
    told_end(&x);
}

/* A chain of many: walked, not recursed. */
static void a_long_chain(void **state)
{
    (void)state;
    enum { LONG = 600 };
    told_world x = told_begin();
    told_tx *chain = calloc(LONG, sizeof *chain);
    assert_non_null(chain);
    chain[0] = told_spend(NULL, 0, 1, 1);
    const told_tx *first[] = {&chain[0]};
    told_block base = told_block_of(&x.genesis, first, 1, 1);
    gasp_beef *beef = made_beef();
    told_header(&x, &base.header);
    made_beef_add(beef, chain[0].raw, base.bump);
    for (uint32_t i = 1; i < LONG; i++) {
        chain[i] = told_spend(&chain[i - 1], 0, 1, i + 1);
        made_beef_add(beef, chain[i].raw, NULL);
    }
    gasp_bytes bytes = made_beef_end(beef);
    gasp_add_config config;
    gasp_add_config_init(&config);
    assert_err(gasp_wallet_add(x.w, bytes.data, bytes.len, &config, told_now(&x), NULL, NULL, NULL), GASP_OK);
    told_held(&x, &chain[LONG - 1], true);
    assert_int_equal(told_forget(&x, &chain[1], GASP_OK), LONG - 1);
    told_held(&x, &chain[LONG - 1], false);
    told_held(&x, &chain[0], true);
    for (size_t i = 0; i < LONG; i++)
        told_free(&chain[i]);
    free(chain);
    test_release(bytes);
    told_block_free(&base);
    told_end(&x);
}

/* ---- broadcast ------------------------------------------------------------------------------------------------- */

static void a_broadcast_is_noted(void **state)
{
    (void)state;
    told_world x = told_begin();
    told_tx fund = told_spend(NULL, 0, 2, 1), a = told_spend(&fund, 0, 2, 2), nobody = told_spend(NULL, 0, 1, 6);
    const told_tx *first[] = {&fund};
    const told_tx *list[] = {&a};
    told_block base = told_block_of(&x.genesis, first, 1, 1), block = told_block_of(&base.header, list, 1, 2);
    uint8_t *much = calloc(1, GASP_ENTRY_VALUE_MAX + 1);
    gasp_held held;
    assert_non_null(much);
    told_header(&x, &base.header);
    told_header(&x, &block.header);
    told_add(&x, &fund, &base, 2, GASP_FATE_COMMITTED);
    told_add(&x, &a, NULL, 2, GASP_FATE_COMMITTED);
    told_seen was = told_look(&x, &a, 0);
    uint64_t seq = told_seq(&x);
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, (const uint8_t *)"seen", 4, told_now(&x)), GASP_OK);
    assert_err(gasp_wallet_transaction(x.w, &held, &a.txid), GASP_OK);
    assert_int_equal(held.n_entries, 1);
    assert_false(held.entries[0].of_output);
    assert_int_equal(held.entries[0].name.len, 9);
    assert_memory_equal(held.entries[0].name.data, "broadcast", 9);
    assert_int_equal(held.entries[0].value.len, 4);
    assert_memory_equal(held.entries[0].value.data, "seen", 4);
    assert_int_equal(held.entries[0].timestamp_us, x.ms * 1000);
    gasp_held_clear(&held);
    /* Both outputs have another state by it, while it is unproven. */
    told_seen is = told_look(&x, &a, 0);
    assert_memory_not_equal(was.out.state.b, is.out.state.b, 32);
    assert_string_equal(told_changes(&x, &a, 0, seq), "T");
    assert_string_equal(told_changes(&x, &a, 1, seq), "T");
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, much, GASP_ENTRY_VALUE_MAX, told_now(&x)), GASP_OK);
    assert_string_equal(told_changes(&x, &a, 0, seq), "TT");
    /* Removing it leaves a tombstone, once. */
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, NULL, 0, told_now(&x)), GASP_OK);
    assert_string_equal(told_changes(&x, &a, 0, seq), "TTT");
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, NULL, 0, told_now(&x)), GASP_OK);
    assert_string_equal(told_changes(&x, &a, 0, seq), "TTT");
    mined_healthy(x.w);
    /* With a proof it is kept and counts no more. */
    told_prove(&x, block.bytes);
    was = told_look(&x, &a, 0);
    seq = told_seq(&x);
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, (const uint8_t *)"mined", 5, told_now(&x)), GASP_OK);
    is = told_look(&x, &a, 0);
    assert_memory_equal(was.out.state.b, is.out.state.b, 32);
    assert_int_equal(is.out.n_entries, 1);
    assert_string_equal(told_changes(&x, NULL, 0, seq), "");

    assert_err(gasp_wallet_broadcast(x.w, &nobody.txid, (const uint8_t *)"x", 1, told_now(&x)), GASP_ABSENT);
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, much, GASP_ENTRY_VALUE_MAX + 1, told_now(&x)), GASP_ERR_ENTRY_VALUE);
    const gasp_time last = {0, UINT64_MAX};
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, (const uint8_t *)"end", 3, last), GASP_OK);
    assert_err(gasp_wallet_broadcast(x.w, &a.txid, (const uint8_t *)"more", 4, last), GASP_ERR_LIMIT);
    free(much);
    told_free(&fund);
    told_free(&a);
    told_free(&nobody);
    told_block_free(&base);
    told_block_free(&block);
    told_end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_leaves),
        cmocka_unit_test(sides_of_a_conflict),
        cmocka_unit_test(stale_proofs_and_proven_descendants),
        cmocka_unit_test(a_long_chain),
        cmocka_unit_test(a_broadcast_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
