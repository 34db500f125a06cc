/** The inside of a BEEF, shared by the file that reads it (beef.c), the one that judges it (beef_check.c) and the one
 * that makes it (beef_write.c). Other rooms use gasp/beef.h. */
#ifndef GASP_CHAIN_BEEF_H
#define GASP_CHAIN_BEEF_H

#include "chain/bump.h"
#include "chain/tx.h"
#include "gasp/beef.h"

/** One transaction. */
typedef struct gasp_beef_row {
    gasp_txid txid;
    gasp_tx *tx;   /**< owned; NULL when it is named by txid only */
    uint8_t *copy; /**< owned: the bytes under tx, when they are not the caller's */
    size_t bump;   /**< index into bumps, or GASP_BEEF_NO_BUMP */
    uint64_t at;   /**< offset in the bytes that were decoded */
} gasp_beef_row;

struct gasp_beef {
    unsigned version; /**< 1 or 2 */
    bool atomic;
    bool as_given; /**< transactions are written as they came, not in standard form: decoded and never changed since */
    bool changed;  /**< something was added since it was last canonical */
    gasp_txid subject;
    gasp_bump **bumps; /**< owned */
    size_t n_bumps;
    size_t cap_bumps;
    gasp_beef_row *rows;
    size_t n_rows;
    size_t cap_rows;
    size_t *order; /**< the rows sorted by txid, best first within a txid (gasp_beef_order_into); NULL when not known */
    const gasp_mem *mem;
};

/** Sorts the numbers 0..n-1 that stand in order, by less(ctx, a, b). Heapsort: no recursion, no memory, and the worst
 * case is the common one, since a peer chooses what is sorted. */
void gasp_beef_sort(size_t *order, size_t n, bool (*less)(const void *ctx, size_t a, size_t b), const void *ctx);

/** The order of blocks in canonical form: by height, then by the bytes of the root. 0 for two paths of one block. */
int gasp_beef_compare_blocks(const gasp_bump *a, const gasp_bump *b);

/** Fills order with the numbers of the rows, n_rows of them: by txid, then proven (in the order of their blocks) before
 * raw before txid only, then by place. */
void gasp_beef_order_into(const gasp_beef *beef, size_t *order);

/** As gasp_beef_order_into, in new memory that is the caller's. Errors: GASP_ERR_NOMEM. */
gasp_err gasp_beef_order(const gasp_beef *beef, size_t **out) GASP_MUST_CHECK;

/** The first place in beef->order (which must be known) whose row has that txid; beef->n_rows when there is none. */
size_t gasp_beef_place(const gasp_beef *beef, const gasp_txid *txid);

/** Frees what a row owns. */
void gasp_beef_row_clear(const gasp_beef *beef, gasp_beef_row *row);

#endif
