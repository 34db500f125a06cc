/* Recursion: a scripted sender offers the ends of chains of real blocks, and everything below has to be asked for. What
 * must come of it is computed here by plain sets over the block. */
#include <stdlib.h>
#include <string.h>

#include "session/script_peer.h"

typedef struct model {
    const test_block *block;
    bool *absent; /* the sender answers ABSENT for it */
    bool *holds;  /* it is given, and all that it stands on */
    bool *kept;   /* a root that holds, or something that one stands on */
    size_t n_roots;
} model;

static size_t parent_of(const test_block *block, size_t i, size_t input)
{
    return test_block_index(block, &block->txs[i]->in[input].prev.txid);
}

/* Parents stand before their children in a block: one pass up, one down. */
static void model_make(model *m, const test_block *block, const bool *absent)
{
    *m = (model){.block = block};
    m->absent = calloc(block->n, sizeof(bool));
    m->holds = calloc(block->n, sizeof(bool));
    m->kept = calloc(block->n, sizeof(bool));
    assert_true(m->absent != NULL && m->holds != NULL && m->kept != NULL);
    for (size_t i = 0; i < block->n; i++) {
        m->absent[i] = absent[i] && !block->root[i];
        m->holds[i] = block->needed[i] && !m->absent[i];
        for (size_t k = 0; m->holds[i] && block->unproven[i] && k < block->txs[i]->n_in; k++)
            m->holds[i] = m->holds[parent_of(block, i, k)];
    }
    for (size_t i = block->n; i-- > 0;) {
        m->kept[i] = m->kept[i] || (block->root[i] && m->holds[i]);
        m->n_roots += block->root[i] && m->holds[i];
        for (size_t k = 0; m->kept[i] && block->unproven[i] && k < block->txs[i]->n_in; k++)
            m->kept[parent_of(block, i, k)] = true;
    }
}

static void model_free(model *m)
{
    free(m->absent);
    free(m->holds);
    free(m->kept);
}

/* The wallet holds exactly what the model keeps. */
static void assert_holds(gasp_wallet *wallet, const model *m)
{
    for (size_t i = 0; i < m->block->n; i++) {
        gasp_held held;
        gasp_err err = gasp_wallet_transaction(wallet, &held, &m->block->txids[i]);
        assert_err(err, m->kept[i] ? GASP_OK : GASP_ABSENT);
        if (err == GASP_OK)
            gasp_held_clear(&held);
    }
}

static script_way by_model(void *ctx, const gasp_want *want, size_t *give)
{
    const model *m = ctx;
    size_t i = test_block_index(m->block, &want->outpoint.txid);
    return *give == SIZE_MAX || m->absent[i] ? SCRIPT_ABSENT : SCRIPT_GIVE;
}

/* Every root, and the reason for each that must not come. */
static void assert_events(const script_peer *p, const model *m)
{
    for (size_t i = 0; i < m->block->n; i++) {
        if (!m->block->root[i])
            continue;
        const gasp_event *committed = script_event(p, GASP_EVENT_COMMITTED, &m->block->txids[i]);
        const gasp_event *refused = script_event(p, GASP_EVENT_REFUSED, &m->block->txids[i]);
        assert_true((committed != NULL) == m->holds[i]);
        assert_true((refused != NULL) == !m->holds[i]);
        if (refused == NULL)
            continue;
        size_t cause = test_block_index(m->block, &refused->graph.cause);
        assert_true(cause < m->block->n && m->absent[cause]);
        assert_int_equal(refused->graph.cause_err, GASP_ERR_VERIFY_NO_PARENT);
        assert_true(refused->graph.err == GASP_ERR_VERIFY_NO_PARENT || refused->graph.err == GASP_ERR_VERIFY_PARENT);
    }
}

/* One round. order: NULL for block order. Gives the numbers of the session. */
static gasp_session_stats round_of(const test_block *block, const size_t *order, const model *m)
{
    test_wallet w = test_wallet_new(GASP_NETWORK_MAIN, NULL);
    gasp_session_config config;
    gasp_session_stats stats;
    script_peer p;
    uint32_t *vouts;
    test_block_trust(block, w.wallet);
    script_config(&config, w.wallet, true);
    script_start(&p, &config);
    script_take_block(&p, block, &vouts);
    p.answer = by_model;
    p.ctx = (void *)(uintptr_t)m;
    if (order != NULL)
        memcpy(p.order, order, p.n_order * sizeof *order);
    script_run(&p);
    assert_err(p.side.err, GASP_OK);
    assert_true(gasp_session_done(p.side.session));
    bool all = m->n_roots == block->n_roots;
    assert_int_equal(p.side.closed.closed.result, all ? GASP_RESULT_COMPLETE : GASP_RESULT_PARTIAL);
    assert_int_equal(p.side.committed, m->n_roots);
    assert_holds(w.wallet, m);
    assert_events(&p, m);
    gasp_session_count(p.side.session, &stats);
    assert_int_equal(stats.wants_out, p.n_wants);
    assert_int_equal(stats.absent_in, p.n_absent);
    assert_int_equal(stats.invs_in, p.n_answers + block->n_roots);
    assert_int_equal(stats.roots_in, block->n_roots);
    script_free(&p);
    free(vouts);
    test_wallet_free(&w);
    return stats;
}

/* Roots by number of script_take_block, which leaves out what no root needs. */
static size_t *root_numbers(const test_block *block)
{
    size_t *numbers = calloc(block->n_roots, sizeof *numbers);
    size_t number = 0;
    size_t n = 0;
    assert_non_null(numbers);
    for (size_t i = 0; i < block->n; i++) {
        if (block->root[i])
            numbers[n++] = number;
        number += block->needed[i];
    }
    return numbers;
}

static void shuffle(size_t *list, size_t n, test_random *r)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)test_random_below(r, i);
        size_t kept = list[i - 1];
        list[i - 1] = list[j];
        list[j] = kept;
    }
}

static void any_order(const char *name, uint32_t height, size_t wants)
{
    test_block block = test_block_load(name, height);
    test_random r = test_random_start("session/recursion: order of roots");
    bool *none = calloc(block.n, sizeof(bool));
    size_t *order = root_numbers(&block);
    size_t n_orders = 22;
    model m;
    model_make(&m, &block, none);
    assert_int_equal(m.n_roots, block.n_roots);
    assert_int_equal(block.n_inner + block.n_proven, wants);
    for (size_t round = 0; round < n_orders; round++) {
        for (size_t i = 0; round == 1 && i < block.n_roots / 2; i++) {
            size_t kept = order[i];
            order[i] = order[block.n_roots - 1 - i];
            order[block.n_roots - 1 - i] = kept;
        }
        if (round > 1)
            shuffle(order, block.n_roots, &r);
        gasp_session_stats stats = round_of(&block, order, &m);
        assert_int_equal(stats.wants_out, wants);
        assert_int_equal(stats.invs_in - block.n_roots, wants);
        assert_int_equal(stats.scripts, block.n_roots + block.n_inner);
        assert_int_equal(stats.refused, 0);
    }
    print_message("count: block %u: %zu wants and %zu answers in each of %zu orders of its %zu roots\n", height, wants,
                  wants, n_orders, block.n_roots);
    model_free(&m);
    free(order);
    free(none);
    test_block_free(&block);
}

static void order_413567(void **state)
{
    (void)state;
    any_order("blocks/mainnet-413567.block", 413567, 183);
}

static void order_705985(void **state)
{
    (void)state;
    any_order("blocks/bsv-mainnet-705985.block", 705985, 55);
}

/* With no answer at all nothing is kept: every root stands on something that it has to ask for. */
static void all_absent(const test_block *block, bool *absent)
{
    model m;
    memset(absent, 1, block->n * sizeof(bool));
    model_make(&m, block, absent);
    assert_int_equal(m.n_roots, 0);
    gasp_session_stats stats = round_of(block, NULL, &m);
    assert_int_equal(stats.absent_in, stats.wants_out);
    assert_int_equal(stats.invs_in, block->n_roots);
    assert_int_equal(stats.scripts, 0);
    assert_int_equal(stats.refused, block->n_roots);
    model_free(&m);
}

/* Each inner transaction alone. */
static size_t each_absent(const test_block *block, bool *absent)
{
    size_t n = 0;
    size_t seen = 0;
    for (size_t i = 0; i < block->n; i++) {
        if (!block->needed[i] || block->root[i] || seen++ % test_one_in() != 0)
            continue;
        model m;
        memset(absent, 0, block->n * sizeof(bool));
        absent[i] = true;
        model_make(&m, block, absent);
        assert_true(m.n_roots < block->n_roots);
        gasp_session_stats stats = round_of(block, NULL, &m);
        assert_int_equal(stats.absent_in, 1);
        model_free(&m);
        n++;
    }
    return n;
}

static size_t some_absent(const test_block *block, bool *absent, test_random *r)
{
    size_t rounds = 40 / test_one_in() + 1;
    for (size_t round = 0; round < rounds; round++) {
        model m;
        uint64_t one_in = 2 + test_random_below(r, 60);
        for (size_t i = 0; i < block->n; i++)
            absent[i] = test_random_below(r, one_in) == 0;
        size_t *order = root_numbers(block);
        shuffle(order, block->n_roots, r);
        model_make(&m, block, absent);
        (void)round_of(block, order, &m);
        model_free(&m);
        free(order);
    }
    return rounds;
}

static void gaps(const char *name, uint32_t height)
{
    test_block block = test_block_load(name, height);
    test_random r = test_random_start("session/recursion: absent answers");
    bool *absent = calloc(block.n, sizeof(bool));
    all_absent(&block, absent);
    size_t each = each_absent(&block, absent);
    size_t some = some_absent(&block, absent, &r);
    print_message("count: block %u: nothing above a gap commits, all else does: all absent, each of %zu alone, %zu "
                  "random sets\n",
                  height, each, some);
    free(absent);
    test_block_free(&block);
}

static void gaps_413567(void **state)
{
    (void)state;
    gaps("blocks/mainnet-413567.block", 413567);
}

static void gaps_705985(void **state)
{
    (void)state;
    gaps("blocks/bsv-mainnet-705985.block", 705985);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_413567),
        cmocka_unit_test(order_705985),
        cmocka_unit_test(gaps_413567),
        cmocka_unit_test(gaps_705985),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
