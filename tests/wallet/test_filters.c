/* Listings with a filter: each filter gives exactly the outputs that it names, in order; labels; pages by limit and
 * cursor; and what may stand in a config. */
#include <string.h>

#include "wallet/told.h"

static const gasp_collection standard = {{0}};

/* One of each kind: proven and not, spent and not, contested, not standing. */
typedef struct shelf {
    told_world x;
    told_tx fund, plain, sides[2], on_side, spent, stale, loser;
    told_block base, gone, won;
} shelf;

static void fill(shelf *s)
{
    s->x = told_begin();
    told_world *x = &s->x;
    s->fund = told_spend(NULL, 0, 4, 1);
    s->plain = told_spend(&s->fund, 0, 1, 2);
    s->sides[0] = told_spend(&s->fund, 1, 2, 3);
    s->sides[1] = told_spend(&s->fund, 1, 1, 4);
    s->on_side = told_spend(&s->sides[0], 0, 1, 5);
    s->spent = told_spend(&s->fund, 2, 1, 6);
    s->stale = told_spend(NULL, 0, 1, 7);
    s->loser = told_spend(&s->fund, 2, 1, 8);
    const told_tx *first[] = {&s->fund};
    const told_tx *of_gone[] = {&s->stale};
    const told_tx *of_won[] = {&s->spent};
    s->base = told_block_of(&x->genesis, first, 1, 1);
    s->gone = told_block_of(&s->base.header, of_gone, 1, 2);
    told_header(x, &s->base.header);
    told_header(x, &s->gone.header);
    told_add(x, &s->fund, &s->base, 4, GASP_FATE_COMMITTED);
    told_add(x, &s->stale, &s->gone, 1, GASP_FATE_COMMITTED);
    told_add(x, &s->plain, NULL, 1, GASP_FATE_COMMITTED);
    told_add(x, &s->sides[0], NULL, 2, GASP_FATE_COMMITTED);
    told_add(x, &s->sides[1], NULL, 1, GASP_FATE_COMMITTED);
    told_add(x, &s->on_side, NULL, 1, GASP_FATE_COMMITTED);
    told_add(x, &s->loser, NULL, 1, GASP_FATE_COMMITTED);
    mined_header fork = told_grow(x, &s->base.header, 2, 3);
    s->won = told_block_of(&fork, of_won, 1, 4);
    told_header(x, &s->won.header);
    told_add(x, &s->spent, &s->won, 1, GASP_FATE_COMMITTED);
}

static void clear(shelf *s)
{
    told_tx *all[] = {&s->fund, &s->plain, &s->sides[0], &s->sides[1], &s->on_side, &s->spent, &s->stale, &s->loser};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        told_free(all[i]);
    told_block_free(&s->base);
    told_block_free(&s->gone);
    told_block_free(&s->won);
    told_end(&s->x);
}

typedef struct listed {
    gasp_outpoint list[16];
    size_t n;
    size_t stop_at;
    gasp_err with;
} listed;

static gasp_err see(void *ctx, const gasp_output *out)
{
    listed *to = ctx;
    assert_true(to->n < 16);
    if (to->n > 0) {
        int order = memcmp(to->list[to->n - 1].txid.b, out->outpoint.txid.b, 32);
        assert_true(order < 0 || (order == 0 && to->list[to->n - 1].vout < out->outpoint.vout));
    }
    assert_true(out->arrived_ms > mined_now.wall_ms);
    to->list[to->n++] = out->outpoint;
    return to->stop_at == to->n ? to->with : GASP_OK;
}

static gasp_list_config of(gasp_list_filter filter)
{
    gasp_list_config config;
    gasp_list_config_init(&config);
    assert_int_equal(config.filter, GASP_LIST_UNSPENT);
    config.filter = filter;
    return config;
}

static bool has(const listed *l, const told_tx *tx, uint32_t vout)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->list[i].vout == vout && memcmp(l->list[i].txid.b, tx->txid.b, 32) == 0)
            return true;
    return false;
}

typedef struct line {
    size_t tx;
    uint32_t vout;
    const char *in; /* filters: a letter each */
} line;

/* Unspent, All, sPendable, uNproven, Spent, Conflicts. fund 0, plain 1, sides 2 and 3, on_side 4, spent 5, stale 6,
 * loser 7. */
static const line lines[] = {
    {0, 0, "AS"},   {0, 1, "ASC"},  {0, 2, "AS"},   {0, 3, "UAP"}, {1, 0, "UAPN"}, {2, 0, "ASC"},
    {2, 1, "UANC"}, {3, 0, "UANC"}, {4, 0, "UANC"}, {5, 0, "UAP"}, {6, 0, "UAN"},  {7, 0, "UAN"},
};
enum { LINES = sizeof lines / sizeof lines[0] };

static void every_filter(void **state)
{
    (void)state;
    static const char letters[] = "?UAPNSC";
    shelf s;
    size_t counted = 0;
    fill(&s);
    const told_tx *all[] = {&s.fund, &s.plain, &s.sides[0], &s.sides[1], &s.on_side, &s.spent, &s.stale, &s.loser};
    for (int filter = GASP_LIST_UNSPENT; filter <= GASP_LIST_CONFLICTS; filter++) {
        listed l = {.n = 0};
        bool more = true;
        size_t n = 0;
        gasp_list_config config = of((gasp_list_filter)filter);
        assert_err(gasp_wallet_list(s.x.w, &config, &more, see, &l), GASP_OK);
        assert_false(more);
        for (size_t i = 0; i < LINES; i++) {
            bool in = strchr(lines[i].in, letters[filter]) != NULL;
            if (has(&l, all[lines[i].tx], lines[i].vout) != in)
                fail_msg("filter %c, line %zu: %s", letters[filter], i, in ? "missing" : "listed");
            n += in;
        }
        assert_int_equal(l.n, n);
        counted += n;
    }
    /* The older form is two of them. */
    for (int spent = 0; spent < 2; spent++) {
        listed old = {.n = 0}, new = {.n = 0};
        gasp_list_config config = of(spent ? GASP_LIST_ALL : GASP_LIST_UNSPENT);
        assert_err(gasp_wallet_outputs(s.x.w, &standard, NULL, spent == 1, see, &old), GASP_OK);
        assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &new), GASP_OK);
        assert_memory_equal(&old, &new, sizeof old);
    }
    print_message("count: %zu outputs in 6 filters of a listing\n", counted);
    clear(&s);
}

static size_t count(told_world *x, const gasp_list_config *config)
{
    listed l = {.n = 0};
    assert_err(gasp_wallet_list(x->w, config, NULL, see, &l), GASP_OK);
    return l.n;
}

static void by_label(void **state)
{
    (void)state;
    shelf s;
    fill(&s);
    told_world *x = &s.x;
    const gasp_outpoint plain = {s.plain.txid, 0}, spent = {s.fund.txid, 0}, side = {s.sides[0].txid, 1};
    assert_err(gasp_wallet_label(x->w, &plain, "use", (const uint8_t *)"rent", 4, told_now(x)), GASP_OK);
    assert_err(gasp_wallet_label(x->w, &spent, "use", (const uint8_t *)"rent", 4, told_now(x)), GASP_OK);
    assert_err(gasp_wallet_label(x->w, &side, "use", (const uint8_t *)"food", 4, told_now(x)), GASP_OK);
    assert_err(gasp_wallet_broadcast(x->w, &s.sides[0].txid, (const uint8_t *)"ok", 2, told_now(x)), GASP_OK);
    gasp_list_config config = of(GASP_LIST_UNSPENT);
    config.label = "use";
    assert_int_equal(count(x, &config), 2);
    config.filter = GASP_LIST_ALL;
    assert_int_equal(count(x, &config), 3);
    config.value = (const uint8_t *)"rent";
    config.value_len = 4;
    assert_int_equal(count(x, &config), 2);
    config.value_len = 3; /* exactly, not as a beginning */
    assert_int_equal(count(x, &config), 0);
    config.filter = GASP_LIST_SPENT;
    config.value_len = 4;
    assert_int_equal(count(x, &config), 1);
    config.filter = GASP_LIST_CONFLICTS;
    config.value = (const uint8_t *)"food";
    assert_int_equal(count(x, &config), 1);
    config.label = "us";
    assert_int_equal(count(x, &config), 0);
    /* What is said of a transaction is said of all its outputs. */
    config = of(GASP_LIST_ALL);
    config.label = GASP_ENTRY_BROADCAST;
    assert_int_equal(count(x, &config), 2);
    /* What was removed is not there. */
    assert_err(gasp_wallet_label(x->w, &plain, "use", NULL, 0, told_now(x)), GASP_OK);
    config.label = "use";
    assert_int_equal(count(x, &config), 2);
    config.value = (const uint8_t *)"";
    assert_int_equal(count(x, &config), 0);
    clear(&s);
}

/* Every limit, with every cursor that follows, gives the same whole. */
static void by_pages(void **state)
{
    (void)state;
    shelf s;
    fill(&s);
    size_t pages = 0;
    for (int filter = GASP_LIST_UNSPENT; filter <= GASP_LIST_CONFLICTS; filter++) {
        listed whole = {.n = 0};
        gasp_list_config config = of((gasp_list_filter)filter);
        assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &whole), GASP_OK);
        for (uint64_t limit = 1; limit <= whole.n + 1; limit++) {
            listed l = {.n = 0};
            bool more = true;
            gasp_outpoint last;
            config.limit = limit;
            config.after = NULL;
            for (size_t at = 0; more; at = l.n, pages++) {
                assert_err(gasp_wallet_list(s.x.w, &config, &more, see, &l), GASP_OK);
                assert_int_equal(l.n, at + limit < whole.n ? at + limit : whole.n);
                assert_int_equal(more, l.n < whole.n);
                last = l.list[l.n - 1];
                config.after = &last;
            }
            assert_memory_equal(l.list, whole.list, sizeof whole.list);
            listed first = {.n = 0};
            config.after = NULL;
            assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &first), GASP_OK); /* nobody asks for more */
            assert_int_equal(first.n, limit < whole.n ? limit : whole.n);
        }
    }
    print_message("count: %zu pages of listings\n", pages);
    clear(&s);
}

static void configs_and_visits(void **state)
{
    (void)state;
    shelf s;
    fill(&s);
    listed l = {.n = 0};
    gasp_list_config config = of((gasp_list_filter)0);
    bool more = true;
    assert_err(gasp_wallet_list(s.x.w, &config, &more, see, &l), GASP_ERR_MISUSE);
    assert_false(more);
    config = of((gasp_list_filter)(GASP_LIST_CONFLICTS + 1));
    assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &l), GASP_ERR_MISUSE);
    config = of(GASP_LIST_ALL);
    config.value = (const uint8_t *)"x";
    assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &l), GASP_ERR_MISUSE);
    config.label = "";
    assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &l), GASP_ERR_ENTRY_KEY);
    config = of(GASP_LIST_ALL);
    config.size = 1;
    assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &l), GASP_ERR_MISUSE);
    assert_int_equal(l.n, 0);
    config = of(GASP_LIST_ALL);
    config.collection.b[5] = 1; /* none of that name */
    assert_err(gasp_wallet_list(s.x.w, &config, NULL, see, &l), GASP_OK);
    assert_int_equal(l.n, 0);
    config = of(GASP_LIST_ALL);
    l = (listed){.stop_at = 2, .with = GASP_DONE};
    more = true;
    assert_err(gasp_wallet_list(s.x.w, &config, &more, see, &l), GASP_OK);
    assert_int_equal(l.n, 2);
    assert_false(more);
    l = (listed){.stop_at = 3, .with = GASP_ERR_LIMIT};
    assert_err(gasp_wallet_list(s.x.w, &config, &more, see, &l), GASP_ERR_LIMIT);
    assert_int_equal(l.n, 3);
    clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter),
        cmocka_unit_test(by_label),
        cmocka_unit_test(by_pages),
        cmocka_unit_test(configs_and_visits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
