/* gasp_wallet_check on a wallet with something of every kind in it: nothing is found as it is, and then each kind of row
 * is spoilt in turn, straight in the store, and the problem that is named is the one that was made. */
#include <string.h>

#include "wallet/made_headers.h"
#include "wallet/spoil.h"

enum { CASES = 72 };

typedef struct listening {
    const char *want;
    bool heard;
    size_t n;
    size_t stop_after;
    gasp_err with;
    char all[4096];
} listening;

static gasp_err hear(void *ctx, const gasp_problem *problem)
{
    listening *l = ctx;
    size_t len = strlen(problem->what), want = l->want != NULL ? strlen(l->want) : 0;
    size_t at = strlen(l->all);
    assert_null(strchr(problem->what, '\n'));
    if (want > 0 && len >= want && strcmp(problem->what + len - want, l->want) == 0)
        l->heard = true;
    if (at + len + 2 < sizeof l->all) {
        memcpy(l->all + at, problem->what, len);
        memcpy(l->all + at + len, "\n", 2);
    }
    l->n++;
    return l->stop_after > 0 && l->n >= l->stop_after ? l->with : GASP_OK;
}

static void nothing_found(void **state)
{
    (void)state;
    gasp_kv *kv = NULL;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_wallet *w = spoil_make(kv);
    gasp_check_report report = mined_healthy(w);
    assert_int_equal(report.headers, 1 + 14 + 1 + 1);
    assert_int_equal(report.transactions, 2);
    assert_int_equal(report.proofs, 1);
    assert_int_equal(report.outputs, 4);
    assert_int_equal(report.scripts, 1);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
    spoil_end();
}

static void every_kind(void **state)
{
    (void)state;
    assert_int_equal(spoil_count, CASES);
    for (size_t i = 0; i < spoil_count; i++) {
        gasp_kv *kv = NULL;
        gasp_check_report report;
        listening l = {.want = spoil_cases[i].problem};
        assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
        gasp_wallet *w = spoil_make(kv);
        spoil_cases[i].spoil(kv);
        assert_err(gasp_wallet_check(w, &report, hear, &l), GASP_OK);
        assert_int_equal(report.problems, l.n);
        if (!l.heard)
            fail_msg("case %zu: wanted \"%s\", heard\n%s", i, spoil_cases[i].problem, l.all);
        assert_err(gasp_wallet_check(w, &report, NULL, NULL), GASP_OK);
        assert_int_equal(report.problems, l.n);
        gasp_wallet_free(w);
        gasp_kv_close(kv);
        spoil_end();
    }
    print_message("count: %zu kinds of damage of %u named\n", spoil_count, (unsigned)CASES);
}

/* A visit that ends the check, quietly or with an error of its own. */
static void visit_stops(void **state)
{
    (void)state;
    gasp_kv *kv = NULL;
    gasp_check_report report;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_wallet *w = spoil_make(kv);
    spoil_three(kv);
    listening all = {0};
    assert_err(gasp_wallet_check(w, &report, hear, &all), GASP_OK);
    assert_true(all.n > 3);
    for (size_t stop = 1; stop < all.n; stop++) {
        listening quiet = {.stop_after = stop, .with = GASP_DONE};
        listening loud = {.stop_after = stop, .with = GASP_ERR_LIMIT};
        assert_err(gasp_wallet_check(w, &report, hear, &quiet), GASP_OK);
        assert_int_equal(quiet.n, stop);
        assert_err(gasp_wallet_check(w, &report, hear, &loud), GASP_ERR_LIMIT);
        assert_int_equal(loud.n, stop);
        assert_int_equal(report.problems, stop);
    }
    gasp_wallet_free(w);
    gasp_kv_close(kv);
    spoil_end();
}

/* Without the state there is no moment to look at. */
static void no_state(void **state)
{
    (void)state;
    gasp_kv *kv = NULL;
    gasp_check_report report;
    assert_err(gasp_kv_memory_new(&kv, NULL), GASP_OK);
    gasp_wallet *w = spoil_make(kv);
    const gasp_kv_op op = {GASP_KV_PUT, {(const uint8_t *)"S", 1}, {(const uint8_t *)"short", 5}};
    assert_err(kv->write(kv->user, &op, 1, true), GASP_OK);
    assert_err(gasp_wallet_check(w, &report, NULL, NULL), GASP_ERR_STORE_CORRUPT);
    gasp_wallet_free(w);
    gasp_kv_close(kv);
    spoil_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_found),
        cmocka_unit_test(every_kind),
        cmocka_unit_test(visit_stops),
        cmocka_unit_test(no_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
