/* Checking a wallet from its primary rows. It reads one snapshot, so it can run beside commits; it writes nothing, and
 * goes on after each problem. */
#include "wallet/check.h"

gasp_err gasp_check_say(gasp_checking *c, const gasp_outpoint *place, const char *what)
{
    gasp_problem problem = {.what = what, .outpoint.vout = UINT32_MAX};
    if (c->stopped != GASP_OK)
        return GASP_DONE;
    if (place != NULL)
        problem.outpoint = *place;
    c->report->problems++;
    if (c->visit != NULL)
        c->stopped = c->visit(c->ctx, &problem);
    return c->stopped == GASP_OK ? GASP_OK : GASP_DONE;
}

gasp_err gasp_check_say_tx(gasp_checking *c, const gasp_txid *txid, const char *what)
{
    gasp_outpoint place = {*txid, UINT32_MAX};
    return gasp_check_say(c, &place, what);
}

gasp_err gasp_check_soft(gasp_err err, bool *there)
{
    *there = err == GASP_OK;
    return err == GASP_ABSENT || err == GASP_ERR_STORE_CORRUPT ? GASP_OK : err;
}

gasp_err gasp_check_scan(gasp_checking *c, char letter, gasp_kv_row row, void *ctx)
{
    gasp_key prefix = gasp_key_kind(letter);
    return c->stopped == GASP_OK ? gasp_txn_scan(&c->txn, &prefix, row, ctx) : GASP_OK;
}

gasp_err gasp_wallet_check(gasp_wallet *wallet, gasp_check_report *report, gasp_problem_visit visit, void *ctx)
{
    gasp_checking c = {.report = report, .visit = visit, .ctx = ctx};
    *report = (gasp_check_report){0};
    gasp_err err = gasp_txn_look(&c.txn, wallet);
    bool readable;
    if (err == GASP_OK)
        err = gasp_check_soft(gasp_collections_read(&c.collections, &c.txn), &readable);
    if (err == GASP_OK)
        err = gasp_check_headers(&c);
    if (err == GASP_OK)
        err = gasp_check_settled(&c);
    if (err == GASP_OK)
        err = gasp_check_transactions(&c);
    if (err == GASP_OK)
        err = gasp_check_indexes(&c);
    gasp_collections_clear(&c.collections);
    gasp_txn_end(&c.txn);
    if (err == GASP_DONE)
        err = GASP_OK;
    if (err != GASP_OK || c.stopped == GASP_OK)
        return err;
    return c.stopped == GASP_DONE ? GASP_OK : c.stopped;
}
