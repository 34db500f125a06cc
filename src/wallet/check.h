/** The inside of gasp_wallet_check: one moment of the store, looked at kind by kind. Each part scans rows of one kind and
 *  looks up what they are derived from, so that memory does not grow with the wallet. */
#ifndef GASP_WALLET_CHECK_H
#define GASP_WALLET_CHECK_H

#include "wallet/collections.h"
#include "wallet/txn.h"

typedef struct gasp_checking {
    gasp_txn txn; /**< for reading */
    gasp_check_report *report;
    gasp_problem_visit visit;
    void *ctx;
    gasp_collections collections;
    gasp_err stopped; /**< what a visit answered that ended the check; GASP_OK while it goes on */
} gasp_checking;

/** Reports a problem. place NULL: it concerns no transaction. Answers GASP_OK, or GASP_DONE when the check has ended. */
gasp_err gasp_check_say(gasp_checking *c, const gasp_outpoint *place, const char *what) GASP_MUST_CHECK;

/** The same of a transaction as a whole. */
gasp_err gasp_check_say_tx(gasp_checking *c, const gasp_txid *txid, const char *what) GASP_MUST_CHECK;

/** Splits what a lookup answered: *there when it gave something; a row that is missing or cannot be read is no failure of
 *  the check, and is reported where that row is looked at. Other errors are answered as they are. */
gasp_err gasp_check_soft(gasp_err err, bool *there) GASP_MUST_CHECK;

/** Calls row for each row of a kind, with c as ctx, unless the check has ended. */
gasp_err gasp_check_scan(gasp_checking *c, char letter, gasp_kv_row row, void *ctx) GASP_MUST_CHECK;

/** Rows h and H, and the state's tip and top. */
gasp_err gasp_check_headers(gasp_checking *c) GASP_MUST_CHECK;

/** Rows B, and what the state says of a host's chain, against its port where that can be asked. */
gasp_err gasp_check_settled(gasp_checking *c) GASP_MUST_CHECK;

/** Rows t, i and p. */
gasp_err gasp_check_transactions(gasp_checking *c) GASP_MUST_CHECK;

/** Rows b, s, v, e, n, m, o, c, and rows of no kind. */
gasp_err gasp_check_indexes(gasp_checking *c) GASP_MUST_CHECK;

#endif
