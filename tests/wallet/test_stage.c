/* The stage with a wallet that is made of plain sets (world.h). Random graphs with random holders, gaps and faults, given in
 * random order, with answers that come late: a model that walks the sets says what must be committed, refused and wanted.
 * Then depth. */
#include <stdlib.h>
#include <string.h>

#include "lib/random.h"
#include "wallet/made.h"
#include "wallet/world.h"

/* Everything in any order, until nothing moves. */
static void run(world *w, test_random *r, const size_t *order, size_t n_order)
{
    size_t next = 0;
    for (size_t idle = 0; idle < 5;) {
        bool moved = false;
        switch (idle > 0 ? idle - 1 : test_random_below(r, 5)) {
        case 0:
            moved = world_step_find(w);
            break;
        case 1:
            moved = world_step_verify(w);
            break;
        case 2:
            moved = world_step_commit(w);
            break;
        case 3:
            moved = world_step_want(w);
            break;
        default:
            moved = false;
        }
        if (idle == 0 && next < n_order && test_random_below(r, 3) == 0) {
            const item *it = &w->list[order[next]];
            if (!it->came)
                world_give(w, order[next]);
            next++;
            moved = true;
        }
        idle = moved ? 0 : idle + 1;
        if (idle == 5 && next < n_order)
            idle = 0;
        world_take_verdicts(w);
    }
}

/* ---- the model ----------------------------------------------------------------------------------------------------- */

/* One of the faults that the transaction has must be the one that was told. */
static void check_fault(const world *w, const item *it)
{
    const gasp_stage_verdict *v = &it->verdict;
    bool own = memcmp(v->cause.b, it->txid.b, 32) == 0;
    bool told = false;
    assert_int_equal(v->root, it->root);
    if (own)
        assert_int_equal(v->err, v->cause_err);
    switch (it->fault) {
    case BAD_FORM:
        told = own && v->err == GASP_ERR_VERIFY_TXID;
        assert_true(told);
        return;
    case NO_BLOCK:
        if (it->proven) {
            assert_true(own && v->err == GASP_ERR_PROOF_NO_HEADER);
            assert_int_equal(v->height, it - w->list);
            return;
        }
        break;
    case BAD_ROOT:
        if (it->proven) {
            assert_true(own && v->err == GASP_ERR_PROOF_ROOT);
            return;
        }
        break;
    case BAD_SCRIPT:
        told = own && v->err == GASP_ERR_VERIFY_SCRIPT && it->scripts == 1;
        break;
    case BAD_COMMIT:
        told = own && v->err == GASP_ERR_VERIFY_SPENT;
        break;
    case SOUND:
        break;
    }
    for (size_t k = 0; !told && !it->proven && k < it->n_in; k++) {
        const item *parent = &w->list[it->parent[k]];
        bool fallen = parent->n_verdicts > 0 && parent->verdict.err != GASP_OK;
        if (k != v->input && v->err != GASP_ERR_VERIFY_SPENT)
            continue;
        if (own && v->err == GASP_ERR_VERIFY_NO_OUTPOINT)
            told = it->vout[k] >= OUTPUTS;
        else if (own && v->err == GASP_ERR_VERIFY_SPENT) /* itself, or one below it that went into the same graph */
            told = it->spent[k] || !parent->alive;
        else if (v->err == GASP_ERR_VERIFY_NO_PARENT)
            told = !parent->given && memcmp(v->cause.b, parent->txid.b, 32) == 0 && v->cause_err == v->err;
        else if (v->err == GASP_ERR_VERIFY_PARENT)
            told = fallen && memcmp(v->cause.b, parent->verdict.cause.b, 32) == 0 &&
                   v->cause_err == parent->verdict.cause_err && v->height == parent->verdict.height;
    }
    if (!told)
        fail_msg("transaction %td (fault %d): told %d at input %zu, there %d; not what it has", it - w->list,
                 (int)it->fault, (int)v->err, v->input, (int)v->cause_err);
}

typedef struct tally {
    size_t committed;
    size_t refused;
    size_t wanted;
    size_t scripts;
} tally;

static void check_world(const world *w, tally *t)
{
    for (size_t i = 0; i < w->n; i++) {
        const item *it = &w->list[i];
        assert_true(it->scripts <= 1 || w->crowded);
        assert_true(it->wants <= 1 || w->crowded);
        t->scripts += it->scripts;
        t->wanted += it->wants;
        if (it->wants > 0)
            assert_true(!it->held || (w->crowded && it->root));
        if (w->flawless && w->pull && !it->root &&
            !w->crowded) /* a root may come before it is met as a parent, or after */
            assert_int_equal(it->wants, it->needed && !it->held);
        assert_int_equal(it->stored, it->held || it->needed);
        if (!it->came) {
            assert_int_equal(it->n_verdicts, 0);
        } else if (w->crowded && !it->root && (it->held || !it->needed)) {
            continue; /* what nobody waits for had no room, or was larger than the stage */
        } else if (it->needed) {
            assert_int_equal(it->n_verdicts, 1);
            assert_err(it->verdict.err, GASP_OK);
            assert_int_equal(it->verdict.n_roots, it->root ? 2 : 0);
            if (it->held)
                assert_false(it->verdict.stored);
            t->committed++;
        } else if (!it->holds || (it->root && !it->alive)) {
            assert_int_equal(it->n_verdicts, 1);
            assert_true(it->verdict.err < 0);
            check_fault(w, it);
            t->refused++;
        } else {
            assert_true(it->n_verdicts <= (it->alive ? 0U : 1U));
        }
    }
    assert_true(gasp_stage_idle(w->stage));
}

static bool one_in(test_random *r, uint64_t n)
{
    return test_random_below(r, n) == 0;
}

static void random_item(world *w, test_random *r, size_t i)
{
    item *it = &w->list[i];
    static const fault_kind faults[] = {BAD_FORM, BAD_SCRIPT, NO_BLOCK, BAD_ROOT, BAD_COMMIT};
    it->n_in = i < 4 ? 0 : 1 + (size_t)test_random_below(r, INPUTS);
    for (size_t k = 0; k < it->n_in; k++) {
        size_t near = i < 12 ? i : 12;
        it->parent[k] = i - 1 - (size_t)test_random_below(r, near);
        it->vout[k] = (uint32_t)test_random_below(r, OUTPUTS);
        if (!w->flawless && one_in(r, 60))
            it->vout[k] = OUTPUTS + 1;
        for (size_t j = 0; j < k; j++) /* no output twice in one transaction */
            if (it->parent[j] == it->parent[k] && it->vout[j] == it->vout[k])
                it->n_in = k;
        if (it->n_in == k)
            break;
        it->spent[k] = !w->flawless && w->list[it->parent[k]].held && one_in(r, 12);
    }
    it->held = i < 4 || one_in(r, 12);
    it->given = it->held ? i >= 4 && one_in(r, 3) : w->flawless || !one_in(r, 25);
    it->root = it->given && one_in(r, 3);
    it->proven = one_in(r, 8);
    if (!w->flawless && it->given && one_in(r, 12))
        it->fault = faults[test_random_below(r, 5)];
    if (it->fault == BAD_COMMIT && (!it->root || it->held))
        it->fault = BAD_SCRIPT;
    if (it->fault == BAD_SCRIPT && (it->proven || it->held))
        it->fault = SOUND;
    if ((it->fault == NO_BLOCK || it->fault == BAD_ROOT) && !it->proven)
        it->fault = SOUND;
}

static void shuffle(test_random *r, size_t *order, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)test_random_below(r, i);
        size_t swapped = order[k];
        order[k] = order[i - 1];
        order[i - 1] = swapped;
    }
}

static void random_worlds_end_as_the_model_says(void **state)
{
    (void)state;
    test_random r = test_random_start("stage");
    size_t rounds = 20000 / test_one_in();
    tally t = {0};
    for (size_t round = 0; round < rounds; round++) {
        world w;
        size_t order[NODES];
        size_t n = 0;
        world_init(&w, 5 + (size_t)test_random_below(&r, NODES - 4), 10000, 1000000);
        w.flawless = one_in(&r, 3);
        w.pull = one_in(&r, 2);
        for (size_t i = 0; i < w.n; i++) {
            random_item(&w, &r, i);
            world_make(&w, i);
            if (w.list[i].given && (!w.pull || w.list[i].root || w.list[i].held))
                order[n++] = i;
        }
        shuffle(&r, order, n);
        world_model(&w);
        run(&w, &r, order, n);
        check_world(&w, &t);
        world_clear(&w);
    }
    assert_true(t.committed > rounds && t.refused > rounds / 2 && t.wanted > rounds / 2 && t.scripts > rounds);
    print_message("count: stage %zu random graphs: %zu transactions committed, %zu refused, %zu wanted, %zu verified\n",
                  rounds, t.committed, t.refused, t.wanted, t.scripts);
}

/* What a transaction takes in a stage, its inputs' scripts included. */
static size_t cost_of(const world *w, size_t i)
{
    world alone = *w;
    const gasp_stage_config config = {.max_nodes = 10, .max_bytes = 1000000};
    item before = w->list[i];
    assert_err(gasp_stage_new(&alone.stage, &config), GASP_OK);
    w->list[i].fault = SOUND;
    world_give(&alone, i);
    w->list[i] = before;
    size_t bytes = gasp_stage_count(alone.stage).bytes;
    gasp_stage_free(alone.stage);
    return bytes + w->list[i].n_in;
}

/* The most that a root takes with all it stands on, when that comes. */
static size_t largest_graph(const world *w)
{
    size_t largest = 0;
    for (size_t root = 0; root < w->n; root++) {
        bool in[NODES] = {false};
        size_t sum = 0;
        in[root] = w->list[root].root;
        for (size_t i = root + 1; i-- > 0;) {
            const item *it = &w->list[i];
            if (!in[i] || (it->held && i != root) || !it->given)
                continue;
            sum += cost_of(w, i);
            for (size_t k = 0; !it->proven && k < it->n_in; k++)
                in[it->parent[k]] = true;
        }
        largest = sum > largest ? sum : largest;
    }
    return largest;
}

/* The stage has room for the largest graph and the offers of all others, not for more. Whatever is lost in a larger one is
 * lost here, and nothing else; and it ends. */
static void a_crowded_stage_loses_nothing(void **state)
{
    (void)state;
    test_random r = test_random_start("crowded stage");
    size_t rounds = 6000 / test_one_in();
    size_t let_go = 0;
    size_t crowded = 0;
    tally t = {0};
    for (size_t round = 0; round < rounds; round++) {
        world w;
        size_t order[NODES];
        size_t n = 0;
        size_t all = 0;
        world_init(&w, 5 + (size_t)test_random_below(&r, NODES - 4), 10000, 1000000);
        w.flawless = one_in(&r, 3);
        w.pull = one_in(&r, 2);
        w.crowded = true;
        for (size_t i = 0; i < w.n; i++) {
            random_item(&w, &r, i);
            world_make(&w, i);
            if (w.list[i].given && (!w.pull || w.list[i].root || w.list[i].held))
                order[n++] = i;
            all += w.list[i].given ? cost_of(&w, i) : 0;
        }
        shuffle(&r, order, n);
        size_t room = largest_graph(&w) + 2 * sizeof(uint32_t) * w.n;
        const gasp_stage_config config = {.max_nodes = 10000, .max_bytes = room};
        gasp_stage_free(w.stage);
        assert_err(gasp_stage_new(&w.stage, &config), GASP_OK);
        world_model(&w);
        run(&w, &r, order, n);
        check_world(&w, &t);
        let_go += (size_t)gasp_stage_count(w.stage).let_go;
        crowded += room < all;
        world_clear(&w);
    }
    assert_true(crowded > rounds / 2 && let_go > rounds);
    print_message("count: stage %zu crowded graphs: %zu transactions committed, %zu refused, %zu let go\n", crowded,
                  t.committed, t.refused, let_go);
}

/* The same roots in another order want the same transactions. */
static void the_order_of_roots_does_not_matter(void **state)
{
    (void)state;
    test_random r = test_random_start("stage order");
    for (size_t round = 0; round < 200; round++) {
        bool wanted[2][NODES] = {{false}};
        uint64_t seed = test_random_next(&r);
        for (size_t run_no = 0; run_no < 2; run_no++) {
            world w;
            size_t order[NODES];
            size_t n = 0;
            test_random same = {seed};
            world_init(&w, NODES, 10000, 1000000);
            w.flawless = w.pull = true;
            for (size_t i = 0; i < w.n; i++) {
                random_item(&w, &same, i);
                world_make(&w, i);
                if (w.list[i].given && (w.list[i].root || w.list[i].held))
                    order[n++] = i;
            }
            shuffle(&r, order, n);
            world_model(&w);
            for (size_t i = 0; i < n; i++)
                world_give(&w, order[i]);
            run(&w, &r, NULL, 0);
            for (size_t i = 0; i < w.n; i++)
                wanted[run_no][i] = w.list[i].wants > 0;
            world_clear(&w);
        }
        assert_memory_equal(wanted[0], wanted[1], sizeof wanted[0]);
    }
}

/* ---- depth --------------------------------------------------------------------------------------------------------- */

static void deep_chains_need_no_stack(void **state)
{
    (void)state;
    enum { DEPTH = 10000 };
    static const size_t faults[] = {0, 1, DEPTH / 2};
    for (size_t f = 0; f < 3; f++) {
        for (int pull = 0; pull < 2; pull++) {
            world w;
            tally t = {0};
            world_chain(&w, DEPTH);
            w.pull = pull == 1;
            w.flawless = f == 0;
            if (f > 0)
                w.list[faults[f]].fault = BAD_SCRIPT;
            world_model(&w);
            for (size_t i = DEPTH; i >= (w.pull ? DEPTH : 1); i--)
                world_give(&w, i);
            world_settle(&w);
            check_world(&w, &t);
            assert_int_equal(t.committed, f == 0 ? DEPTH : 0);
            assert_int_equal(t.refused, f == 0 ? 0 : DEPTH + 1 - faults[f]);
            assert_int_equal(t.scripts, f == 0 ? DEPTH : faults[f]);
            assert_int_equal(t.wanted, pull == 1 ? DEPTH - 1 : 0);
            world_clear(&w);
        }
    }
    print_message("count: stage chains of 10,000, whole and broken at 1 and 5,000\n");
}

/* The deepest one never comes: nothing is stored, everything is told why. */
static void nothing_above_a_gap_is_stored(void **state)
{
    (void)state;
    world w;
    tally t = {0};
    world_chain(&w, 200);
    w.pull = true;
    w.list[1].given = false;
    world_model(&w);
    world_give(&w, 200);
    world_settle(&w);
    check_world(&w, &t);
    assert_int_equal(t.committed, 0);
    assert_int_equal(t.refused, 199);
    assert_int_equal(t.scripts, 0);
    assert_int_equal(gasp_stage_count(w.stage).bytes, 0);
    assert_err(w.list[200].verdict.cause_err, GASP_ERR_VERIFY_NO_PARENT);
    assert_memory_equal(w.list[200].verdict.cause.b, w.list[1].txid.b, 32);
    world_clear(&w);
}

/* Gaps fall in the order in which they were met, whatever the seed of the map. */
static void absent_gaps_fall_in_order(void **state)
{
    (void)state;
    enum { N = 40 };
    world w;
    gasp_stage_verdict v;
    world_init(&w, 2 * N, 1000, 1000000);
    for (size_t i = 0; i < 2 * N; i++) {
        w.list[i].n_in = i >= N;
        w.list[i].parent[0] = i - (i >= N ? N : 0);
        w.list[i].given = w.list[i].root = i >= N;
        world_make(&w, i);
    }
    for (size_t i = 2 * N; i-- > N;)
        world_give(&w, i);
    (void)world_step_find(&w);
    (void)world_step_find(&w);
    assert_false(gasp_stage_idle(w.stage));
    assert_err(gasp_stage_absent_all(w.stage), GASP_OK);
    for (size_t i = 2 * N; i-- > N;) {
        assert_err(gasp_stage_verdict_next(w.stage, &v), GASP_OK);
        assert_memory_equal(v.txid.b, w.list[i].txid.b, 32);
        assert_err(v.err, GASP_ERR_VERIFY_NO_PARENT);
        assert_memory_equal(v.cause.b, w.list[i - N].txid.b, 32);
    }
    assert_err(gasp_stage_verdict_next(w.stage, &v), GASP_DONE);
    assert_true(gasp_stage_idle(w.stage));
    assert_int_equal(gasp_stage_count(w.stage).bytes, 0);
    world_clear(&w);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_worlds_end_as_the_model_says), cmocka_unit_test(a_crowded_stage_loses_nothing),
        cmocka_unit_test(the_order_of_roots_does_not_matter),  cmocka_unit_test(deep_chains_need_no_stack),
        cmocka_unit_test(nothing_above_a_gap_is_stored),       cmocka_unit_test(absent_gaps_fall_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
