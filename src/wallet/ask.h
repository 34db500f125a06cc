/** The questions that whoever gathers transactions asks a wallet, as values: what is held (find), the nodes themselves
 *  (load), whether transactions hold (verify), and the request to keep them (commit). Each question is a batch, made by
 *  the asker and filled by the wallet, so that a session can put the same answers into a trace and read them back with no
 *  wallet behind it. The fourth point of contact, a snapshot of the items, is a gasp_items (set/items.h).
 *
 *  Ownership: a batch belongs to the asker, who frees it with its clear function; what the wallet fills in is then freed
 *  too. Inputs of a question are views that stay valid until its answer was taken.
 */
#ifndef GASP_WALLET_ASK_H
#define GASP_WALLET_ASK_H

#include "base/blob.h"
#include "chain/tx.h"
#include "gasp/record.h"

/* ---- find: what is known here ------------------------------------------------------------------------------------ */

/** What the wallet knows of an output that a staged transaction spends. */
typedef enum gasp_source_state {
    GASP_SOURCE_UNKNOWN = 0,    /**< its transaction is no member of the collection: it has to be wanted */
    GASP_SOURCE_HELD = 1,       /**< it stands on the best chain here */
    GASP_SOURCE_UNANCHORED = 2, /**< its transaction is a member, but its block left the best chain */
    GASP_SOURCE_NO_OUTPUT = 3,  /**< its transaction is held and has no such output */
    GASP_SOURCE_SPENT = 4       /**< held, and a proven transaction other than the asking one spends it */
} gasp_source_state;

typedef struct gasp_source {
    gasp_outpoint outpoint; /**< the question */
    gasp_txid spender;      /**< the question: who spends it */
    gasp_source_state state;
    uint64_t sat;         /**< of the output, with HELD and SPENT */
    gasp_bytes script;    /**< of the output, a view into blob */
    gasp_blob *blob;      /**< one owner of the bytes behind script */
    bool proven;          /**< whether its transaction has an anchor */
    uint32_t height;      /**< of the anchor when proven */
    gasp_state_hash hash; /**< what the wallet has as the state of the output */
    bool has_rival;       /**< with SPENT: the one that spends it is a member of the collection: */
    gasp_txid rival;      /**< that one */
} gasp_source;

/** Whether a transaction is held as a member of the collection, standing on the best chain. */
typedef struct gasp_find_tx {
    gasp_txid txid; /**< the question */
    bool held;
} gasp_find_tx;

/** The block that a proof names by its height. */
typedef struct gasp_find_block {
    uint32_t height; /**< the question */
    bool known;      /**< a header of the best chain is held there */
    gasp_block_hash hash;
    gasp_merkle_root root;
} gasp_find_block;

/** Whether an offered output is known as spent. */
typedef struct gasp_find_spent {
    gasp_outpoint outpoint; /**< the question */
    bool spent;             /**< a member of the collection that stands spends it: */
    gasp_txid spender;
    bool anchored; /**< the spender has a proof */
} gasp_find_spent;

/** A spend that the sender announced. */
typedef struct gasp_find_spend {
    gasp_outpoint outpoint; /**< the question */
    gasp_txid spender;      /**< the question */
    bool ours; /**< the outpoint is an output of the collection, or a member of the collection that stands spends it */
    bool
        held; /**< the spender is a member of the collection and stands; not if it is unproven and another one that stands
                *   spends the outpoint, too: the peer may know that it is proven */
} gasp_find_spend;

typedef struct gasp_find {
    gasp_collection collection;
    gasp_find_tx *txs;
    size_t n_txs;
    gasp_find_block *blocks;
    size_t n_blocks;
    gasp_source *sources;
    size_t n_sources;
    gasp_find_spent *spents;
    size_t n_spents;
    gasp_find_spend *spends;
    size_t n_spends;
    const gasp_mem *mem;
} gasp_find;

void gasp_find_clear(gasp_find *find);

/* ---- load: nodes to send ----------------------------------------------------------------------------------------- */

/** The state hash of one output that a loaded transaction spends; absent when we do not hold it. */
typedef struct gasp_input_hash {
    bool present;
    gasp_state_hash hash;
} gasp_input_hash;

typedef struct gasp_load_node {
    gasp_txid txid; /**< the question */
    bool found;     /**< it is a member of the collection and stands on the best chain */
    gasp_blob *raw; /**< the transaction */
    bool proven;
    gasp_anchor anchor;      /**< when proven */
    gasp_blob *bump;         /**< when proven: BRC-74, this transaction alone */
    gasp_blob *entries;      /**< gasp_entries in wire form */
    gasp_input_hash *inputs; /**< one an input */
    size_t n_inputs;
} gasp_load_node;

typedef struct gasp_load {
    gasp_collection collection;
    gasp_load_node *nodes;
    size_t n_nodes;
    size_t
        max_bytes;   /**< the question: nodes are read until they take this much; the first is read whatever it takes */
    size_t n_loaded; /**< the answer: how many were read, from the first on; at least 1 of n_nodes */
    const gasp_mem *mem;
} gasp_load;

void gasp_load_clear(gasp_load *load);

/* ---- verify ------------------------------------------------------------------------------------------------------ */

/** One unproven transaction with every output it spends. */
typedef struct gasp_verify_node {
    gasp_txid txid;
    const gasp_tx *tx;          /**< view */
    const gasp_source *sources; /**< view, one an input, all HELD */
    gasp_err verdict;           /**< the answer: GASP_OK or an error of class verify */
    size_t input;               /**< the answer: which input failed, where it is one */
} gasp_verify_node;

typedef struct gasp_verify {
    gasp_verify_node *nodes;
    size_t n_nodes;
    uint32_t spending_height; /**< of the block that they would come into; 0: the one after the best chain's tip */
    const gasp_mem *mem;
} gasp_verify;

void gasp_verify_clear(gasp_verify *verify);

/* ---- commit ------------------------------------------------------------------------------------------------------ */

/** One transaction to keep, or with tx NULL what is newly known of one that is held. */
typedef struct gasp_commit_node {
    gasp_txid txid;
    const gasp_tx *tx; /**< view; NULL: held already */
    bool proven;
    gasp_anchor anchor;    /**< when proven */
    gasp_bytes bump;       /**< when proven: BRC-74, this transaction alone; view */
    gasp_bytes entries;    /**< gasp_entries in wire form; view */
    const uint32_t *roots; /**< outputs that become ours; view */
    size_t n_roots;
    size_t n_taken; /**< the answer, of a graph that is kept: how many of its outputs are ours by it */
    bool keep;      /**< no outputs of it are offered; it is kept because it spends one of ours */
    const gasp_source
        *sources; /**< of an unproven one: what its scripts were run against, one an input; view. NULL: not
                                 *   told, and then not compared with what is held now */
} gasp_commit_node;

/** An output that was offered and that the host did not take, though its transaction is kept. */
typedef struct gasp_commit_declined {
    gasp_outpoint outpoint;
    gasp_err err;    /**< GASP_ERR_VERIFY_DECLINED or GASP_ERR_VERIFY_LATER */
    uint32_t height; /**< with LATER: when to ask again; 0: at no height */
    uint64_t ms;     /**< wall time; 0: at none */
} gasp_commit_declined;

/** What is kept together or not at all, parents before children. */
typedef struct gasp_commit_graph {
    gasp_commit_node *nodes;
    size_t n_nodes;
    gasp_err verdict; /**< the answer; GASP_AGAIN: headers or parents changed since find, gather it again */
    size_t failed;    /**< the answer, unless verdict is GASP_OK: number of the node that does not hold */
    bool changed;     /**< the answer: something new was stored */

    /* More of the answer, from the admit port. */
    uint32_t later_height;          /**< with GASP_ERR_VERIFY_LATER: when to ask again; 0: at no height */
    uint64_t later_ms;              /**< wall time; 0: at none */
    gasp_commit_declined *declined; /**< of a graph that is kept */
    size_t n_declined;
} gasp_commit_graph;

typedef struct gasp_commit {
    gasp_collection collection;
    gasp_commit_graph *graphs;
    size_t n_graphs;
    const gasp_mem *mem;
} gasp_commit;

void gasp_commit_clear(gasp_commit *commit);

#endif
