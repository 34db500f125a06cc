/** The stored header chain: rows h (every header) and H (the best chain by height).
 *
 *  What always holds:
 *    - a header that is not trusted by decree has the height and the work that follow from its parent, when that is held;
 *      its parent is held unless it is genesis or the first of a pinned run;
 *    - state.tip is the header of most work, the first of equals that was seen, and is in H with all its ancestors that
 *      are held;
 *    - below the first of those, H may have *lower runs*, which no held header links to the tip. One that hangs on a pin
 *      stays as long as nothing contradicts it; of one that hangs on genesis what no checkpoint vouches for leaves;
 *    - headers trusted by decree stand in H where no linked one does;
 *    - every held header that is not in H has its row k, by which proofs of its block are recognised. Rows k of headers
 *      that came into H stay.
 */
#ifndef GASP_WALLET_HEADERS_H
#define GASP_WALLET_HEADERS_H

#include "spv/headers.h"
#include "wallet/txn.h"

/** What became of the best chain in one batch: the blocks that left it or came into it, as far as proofs are held for
 *  them. */
typedef struct gasp_moves {
    gasp_block_hash *blocks;
    size_t n;
    size_t cap;
    bool moved;       /**< H is another one */
    bool reorganised; /**< a header that had been judged or pinned left it */
    bool proofs;      /**< the store holds proofs at all */
    const gasp_mem *mem;
} gasp_moves;

/** Looks whether proofs are held. *moves is the caller's to clear. */
gasp_err gasp_moves_begin(gasp_moves *moves, gasp_txn *txn) GASP_MUST_CHECK;
void gasp_moves_clear(gasp_moves *moves);

/** The hash in H at a height; GASP_ABSENT. */
gasp_err gasp_chain_hash_at(gasp_txn *txn, gasp_block_hash *out, uint32_t height) GASP_MUST_CHECK;

/** Puts (or, with hash NULL, deletes) the H row of a height; what was there leaves. Moves state.epoch. */
gasp_err gasp_chain_put(gasp_txn *txn, gasp_moves *moves, uint32_t height, const gasp_block_hash *hash) GASP_MUST_CHECK;

/** Makes the chain that ends at a held header the best one, in H and in the state. */
gasp_err gasp_chain_enter(gasp_txn *txn, gasp_moves *moves, const gasp_block_hash *tip) GASP_MUST_CHECK;

/** Brings a held header, whose child is in the best chain, and its ancestors into it. */
gasp_err gasp_chain_join(gasp_txn *txn, gasp_moves *moves, const gasp_block_hash *hash) GASP_MUST_CHECK;

/** The height that the key of an H row names. */
gasp_err gasp_chain_read_height(uint32_t *out, gasp_bytes key) GASP_MUST_CHECK;

/** The highest height that H had before this txn and still has, or `least` when that is higher. */
gasp_err gasp_chain_top(gasp_txn *txn, uint32_t *out, uint32_t least) GASP_MUST_CHECK;

/** A header that is held, as a step of a window. */
gasp_header_step gasp_chain_step(const gasp_row_header *row, const gasp_block_hash *hash);

/** A window whose last header is that held one, with as many before it as the next one's rules want and are held. */
gasp_err gasp_chain_window(gasp_header_window *w, gasp_txn *txn, const gasp_row_header *row,
                           const gasp_block_hash *hash) GASP_MUST_CHECK;

#endif
