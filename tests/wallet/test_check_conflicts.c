/* gasp_wallet_check on conflicts, several proofs and headers beside the best chain: a wallet that has all of them is whole,
 * and each row that is spoilt is named. */
#include <string.h>

#include "wallet/told.h"
#include "wallet/txn.h"

static const gasp_collection standard = {{0}};

/* fund is proven; a and b spend fund.0; c stands on a; twice has proofs in two blocks of the best chain; one header is
 * beside it. */
typedef struct scene {
    told_world x;
    told_tx fund, a, b, c, twice;
    told_block base, low, high;
    mined_header beside;
} scene;

static void make(scene *s)
{
    s->x = told_begin();
    told_world *x = &s->x;
    s->fund = told_spend(NULL, 0, 2, 1);
    s->a = told_spend(&s->fund, 0, 2, 2);
    s->b = told_spend(&s->fund, 0, 1, 3);
    s->c = told_spend(&s->a, 0, 1, 4);
    s->twice = told_spend(NULL, 0, 1, 5);
    const told_tx *first[] = {&s->fund};
    const told_tx *list[] = {&s->twice};
    mined_header below_low = mined_orphan(49, 1), below_high = mined_orphan(59, 2);
    s->base = told_block_of(&x->genesis, first, 1, 1);
    s->low = told_block_of(&below_low, list, 1, 2);
    s->high = told_block_of(&below_high, list, 1, 3);
    told_header(x, &s->base.header);
    s->beside = mined_next(&x->genesis, NULL, 9);
    told_header(x, &s->beside);
    assert_err(gasp_wallet_headers_trust(x->w, s->low.header.raw80, 50, told_now(x)), GASP_OK);
    assert_err(gasp_wallet_headers_trust(x->w, s->high.header.raw80, 60, told_now(x)), GASP_OK);
    told_add(x, &s->fund, &s->base, 2, GASP_FATE_COMMITTED);
    told_add(x, &s->a, NULL, 2, GASP_FATE_COMMITTED);
    told_add(x, &s->c, NULL, 1, GASP_FATE_COMMITTED);
    told_add(x, &s->b, NULL, 1, GASP_FATE_COMMITTED);
    told_add(x, &s->twice, &s->low, 1, GASP_FATE_COMMITTED);
    told_add(x, &s->twice, &s->high, 1, GASP_FATE_COMMITTED);
    mined_healthy(x->w);
}

/* The store is not whole any more. */
static void unmake(scene *s)
{
    told_tx *all[] = {&s->fund, &s->a, &s->b, &s->c, &s->twice};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        told_free(all[i]);
    told_block_free(&s->base);
    told_block_free(&s->low);
    told_block_free(&s->high);
    gasp_wallet_free(s->x.w);
    gasp_kv_close(s->x.kv);
}

static void write_row(scene *s, gasp_kv_verb verb, const gasp_key *key, gasp_bytes value)
{
    const gasp_kv_op op = {verb, gasp_key_view(key), value};
    assert_err(s->x.kv->write(s->x.kv->user, &op, 1, true), GASP_OK);
}

static gasp_row_info info_of(scene *s, const told_tx *tx)
{
    gasp_txn txn;
    gasp_row_info info;
    assert_err(gasp_txn_look(&txn, s->x.w), GASP_OK);
    assert_err(gasp_txn_info(&txn, &info, &tx->txid), GASP_OK);
    gasp_txn_end(&txn);
    return info;
}

static void put_info(scene *s, const told_tx *tx, const gasp_row_info *info)
{
    gasp_key key = gasp_key_info(&tx->txid);
    gasp_row row = gasp_row_info_encode(info);
    write_row(s, GASP_KV_PUT, &key, (gasp_bytes){row.b, row.len});
}

static void set_contested(scene *s, const told_tx *tx, bool contested)
{
    gasp_row_info info = info_of(s, tx);
    info.contested = contested;
    put_info(s, tx, &info);
}

static void toggle_output(scene *s, const told_tx *tx)
{
    const gasp_outpoint outpoint = {tx->txid, 0};
    gasp_key key = gasp_key_output(&standard, &outpoint);
    gasp_txn txn;
    gasp_row_output row;
    assert_err(gasp_txn_look(&txn, s->x.w), GASP_OK);
    assert_err(gasp_txn_output(&txn, &row, &standard, &outpoint), GASP_OK);
    gasp_txn_end(&txn);
    row.contested = !row.contested;
    gasp_row bytes = gasp_row_output_encode(&row);
    write_row(s, GASP_KV_PUT, &key, (gasp_bytes){bytes.b, bytes.len});
}

static void side_not_said(scene *s)
{
    set_contested(s, &s->a, false);
}

static void descendant_not_said(scene *s)
{
    set_contested(s, &s->c, false);
}

static void proven_and_contested(scene *s)
{
    set_contested(s, &s->fund, true);
}

static void side_gone(scene *s)
{
    const gasp_outpoint prev = {s->fund.txid, 0};
    gasp_key key = gasp_key_spender(&prev, &s->b.txid);
    write_row(s, GASP_KV_DELETE, &key, (gasp_bytes){0});
}

static void output_not_said(scene *s)
{
    toggle_output(s, &s->a);
}

static void spent_output_not_said(scene *s)
{
    toggle_output(s, &s->fund);
}

static void output_said(scene *s)
{
    toggle_output(s, &s->twice);
}

static void higher_anchor(scene *s)
{
    gasp_row_info info = info_of(s, &s->twice);
    info.anchor = (gasp_anchor){60, s->high.header.hash, 1};
    put_info(s, &s->twice, &info);
}

static void no_row_k(scene *s)
{
    gasp_key key = gasp_key_beside(1, &s->beside.hash);
    write_row(s, GASP_KV_DELETE, &key, (gasp_bytes){0});
}

static void row_k_of_nothing(scene *s)
{
    gasp_key key = gasp_key_beside(1, &(gasp_block_hash){{7}});
    write_row(s, GASP_KV_PUT, &key, (gasp_bytes){0});
}

static void row_k_with_value(scene *s)
{
    gasp_key key = gasp_key_beside(1, &s->beside.hash);
    write_row(s, GASP_KV_PUT, &key, (gasp_bytes){(const uint8_t *)"x", 1});
}

static void row_k_long(scene *s)
{
    gasp_key key = gasp_key_beside(1, &s->beside.hash);
    key.b[key.len++] = 0;
    write_row(s, GASP_KV_PUT, &key, (gasp_bytes){0});
}

typedef struct spoilt {
    void (*spoil)(scene *s);
    const char *problem;
} spoilt;

static const spoilt cases[] = {
    {side_not_said, "contested, but its row does not say so"},
    {descendant_not_said, "contested, but its row does not say so"},
    {proven_and_contested, "its row i is missing or cannot be read"},
    {side_gone, "contested by nothing that is held"},
    {output_not_said, "output: shown as uncontested"},
    {spent_output_not_said, "output: shown as uncontested"},
    {output_said, "output: shown as contested"},
    {higher_anchor, "anchored above another held proof in the best chain"},
    {no_row_k, "not in the best chain, and without its row k"},
    {row_k_of_nothing, "row k of a header that is not held"},
    {row_k_with_value, "row k: a key or value of another length"},
    {row_k_long, "row k: a key or value of another length"},
};

typedef struct listening {
    const char *want;
    bool heard;
} listening;

static gasp_err hear(void *ctx, const gasp_problem *problem)
{
    listening *l = ctx;
    size_t len = strlen(problem->what), want = strlen(l->want);
    l->heard = l->heard || (len >= want && strcmp(problem->what + len - want, l->want) == 0);
    return GASP_OK;
}

static void every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene s;
        gasp_check_report report;
        listening l = {cases[i].problem, false};
        make(&s);
        cases[i].spoil(&s);
        assert_err(gasp_wallet_check(s.x.w, &report, hear, &l), GASP_OK);
        if (!l.heard || report.problems == 0)
            fail_msg("case %zu: \"%s\" was not said", i, cases[i].problem);
        unmake(&s);
    }
    print_message("count: %zu kinds of damage to conflicts and branches named\n", sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
