/** A wallet with something of every kind in it, and the ways in which its rows are spoilt, each with the problem that
 *  gasp_wallet_check has to name. One such wallet at a time. */
#ifndef TESTS_WALLET_SPOIL_H
#define TESTS_WALLET_SPOIL_H

#include "gasp/wallet.h"
#include "lib/data.h"

/** Headers on two branches and one by decree; a proven transaction and one on top of it, two outputs of ours each. */
gasp_wallet *spoil_make(const gasp_kv *kv);

/** Forgets what was made. */
void spoil_end(void);

typedef struct spoil_case {
    void (*spoil)(const gasp_kv *kv);
    const char *problem; /**< how the text of one of the problems ends */
} spoil_case;

extern const spoil_case spoil_cases[];
extern const size_t spoil_count;

/** Several at once: a header, a transaction, a row that is none. */
void spoil_three(const gasp_kv *kv);

#endif
