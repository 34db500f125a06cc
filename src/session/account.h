/** The account of a round: whether each side has all that the other has, but for what was refused.
 *
 *  While a round goes on two lists are kept: `claims`, items of the peer that we do not hold as it holds them, and
 *  `lacks`, outpoints of ours that it said it does not hold. When the turns are over, of the items in any range
 *
 *      sum(theirs) = sum(ours) - sum(ours that they lack) + sum(theirs that we lack)
 *
 *  and their number likewise. Each side tells the fingerprints of 17 ranges between 16 bounds drawn from the other's key,
 *  which nobody who makes transactions can know; a side compares them with what it expects. If all are equal, nothing was
 *  hidden by a filter in either direction and nothing changed meanwhile. It needs no trust in the transfer, only in what
 *  the peer says of its own set.
 *
 *  Ranges go by outpoint id, so that an output in two states falls in one range.
 */
#ifndef GASP_SESSION_ACCOUNT_H
#define GASP_SESSION_ACCOUNT_H

#include "base/limits.h"
#include "base/map.h"
#include "session/message.h"
#include "set/items.h"

/** An item of the peer that we do not hold as it does. */
typedef struct claim {
    gasp_outpoint outpoint;
    gasp_item_id id; /**< as the peer holds it, under the match in force */
    uint8_t result;  /**< gasp_result of a round that ends with it: refused for good, to come later, or neither */
    bool gone;       /**< the peer was told who spends it, and took that */
} claim;

typedef struct account {
    const gasp_mem *mem;
    claim *claims;
    size_t n_claims;
    size_t cap_claims;
    gasp_map lacks; /**< outpoint36 of ours that the peer lacks */
    bool known;     /**< the peer's filter was walked in this round: `lacks` is whole */
    bool lost;      /**< too much to keep count of */
} account;

enum {
    CLAIMS_MAX =
        GASP_LIMIT_CLAIMS /**< claims, and outpoints that the peer lacks beyond which a round is not accounted for */
};

void account_init(account *a, const uint8_t seed16[16], const gasp_mem *mem);
void account_clear(account *a);

/** The peer holds an item that we do not. */
gasp_err account_claim(account *a, const gasp_outpoint *outpoint, const gasp_item_id *id,
                       gasp_result result) GASP_MUST_CHECK;

/** What the claims that are not gone make of the round's result. */
gasp_result account_result(const account *a);

/** The peer lacks one of ours. */
gasp_err account_lacks(account *a, const gasp_outpoint *outpoint) GASP_MUST_CHECK;

/** The fingerprints that a peer with this key is told. */
void account_prints(uint8_t out[GASP_PRINTS][GASP_PRINT_LEN], const gasp_items *items,
                    const uint8_t key[GASP_BOUNDS_KEY_LEN]);

/** Whether the peer's fingerprints, made under our key, are what follows from our items (with outpoints indexed) and the
 *  two lists. `last`: we received after we sent, so that an item that we changed by joining is unknown to the peer. */
gasp_err account_holds(bool *out, account *a, const gasp_items *items, const uint8_t key[GASP_BOUNDS_KEY_LEN],
                       const uint8_t prints[GASP_PRINTS][GASP_PRINT_LEN], bool last) GASP_MUST_CHECK;

#endif
