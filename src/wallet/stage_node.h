/** The inside of the stage, shared by its files: nodes, how they hang together, and the moves between their states. */
#ifndef GASP_WALLET_STAGE_NODE_H
#define GASP_WALLET_STAGE_NODE_H

#include "base/map.h"
#include "wallet/stage.h"

typedef enum node_state {
    NODE_GAP = 0,  /**< waited for, not given yet */
    NODE_FIND,     /**< to be asked about, or asked about */
    NODE_WAIT,     /**< some parent is a gap or not verified */
    NODE_VERIFY,   /**< to be verified, or being verified */
    NODE_VERIFIED, /**< holds; not stored by us yet */
    NODE_COMMIT,   /**< part of a graph that is being committed */
    NODE_COMMITTED,
    NODE_REFUSED
} node_state;

typedef struct node node;

/** One input that waits for the node in whose list this hangs. */
typedef struct edge {
    node *child;
    struct edge *next;
} edge;

struct node {
    gasp_txid txid;
    node_state state;
    bool filled; /**< a gasp_stage_node was given */
    bool held;   /**< the wallet has the transaction: only roots, proof and entries can be new */

    gasp_tx *tx;
    gasp_blob *blob;
    size_t bytes; /**< counted against max_bytes */

    bool proven;
    gasp_anchor anchor; /**< block is filled when the header was found */
    gasp_merkle_root root;
    gasp_data bump;
    gasp_data entries;
    gasp_input_hash *hashes; /**< one an input, or NULL */
    bool expected;           /**< it answers a metadata want: */
    gasp_outpoint expect_outpoint;
    gasp_state_hash expect_hash;

    uint32_t *roots;
    size_t n_roots;
    uint32_t *late; /**< roots that came while the node was being committed */
    size_t n_late;
    unsigned attempts; /**< commits that answered GASP_AGAIN */

    /* One an input of an unproven node, allocated together when its inputs were found; else NULL. */
    gasp_source *sources;
    node **parents; /**< staged parents; NULL where the wallet holds the source */
    edge *edges;
    size_t n_inputs;
    size_t n_waiting; /**< inputs whose parent is not verified */
    size_t n_linked;  /**< edges that hang in a parent's list */

    edge *children;  /**< inputs that wait for this node */
    size_t n_living; /**< inputs of unfinished nodes that have this one as parent */

    gasp_err err; /**< when refused, with its cause */
    gasp_txid cause;
    gasp_err cause_err;

    bool in_commit_queue;
    uint32_t mark;  /**< of the walk that saw it last */
    node *next;     /**< in the queue of its state */
    node *gap_prev; /**< among the gaps that something waits for */
    node *gap_next;
    bool in_gaps;
    node *park_next; /**< in the list of parked nodes */
    node *work_next; /**< in the work list of a walk; in a graph, the node after it */
    node *up;        /**< while a graph is gathered: who led here */
    size_t cursor;   /**< and which input is looked at next */
    node *graph;     /**< of a root that is being committed: its graph's first node */
};

typedef struct queue {
    node *head;
    node *tail;
} queue;

struct gasp_stage {
    gasp_collection collection;
    const gasp_mem *mem;
    size_t max_nodes;
    size_t max_bytes;
    gasp_map nodes; /**< txid -> node * */

    queue to_find;
    queue finding; /**< asked, in the order of the question */
    queue to_verify;
    queue verifying;
    queue to_commit;  /**< roots */
    queue committing; /**< roots, one a graph, in the order of the question */
    node *gap_head;   /**< gaps, in the order in which something began to wait for them */
    node *gap_tail;
    node *want;   /**< the first of them that was not wanted yet */
    node *parked; /**< committed while a find was out: its answer may still name them */

    gasp_map metadata_asked; /**< txid */
    gasp_stage_want *metadata;
    size_t n_metadata;
    size_t cap_metadata;
    size_t next_metadata;

    gasp_stage_verdict *verdicts;
    size_t n_verdicts;
    size_t cap_verdicts;
    size_t next_verdict;

    size_t n_pending; /**< nodes that still move: FIND, WAIT, VERIFY, COMMIT, or queued for commit */
    uint32_t mark;
    gasp_stage_counts counts;
};

/** Verdicts and metadata wants that may stand unread at one time, for each staged node; they are small, so this only
 *  keeps a caller that never reads them from growing without end. */
enum { STAGE_UNREAD_PER_NODE = 4 };

void queue_push(queue *q, node *n);
node *queue_pop(queue *q);

/** The node under txid; made as a gap when there was none. Errors: GASP_ERR_LIMIT, GASP_ERR_NOMEM. */
gasp_err stage_node_get(gasp_stage *stage, node **out, const gasp_txid *txid) GASP_MUST_CHECK;

void stage_set_state(gasp_stage *stage, node *n, node_state state);

/** Frees what a finished node does not need any more, or all of it, as far as nothing hangs on it. */
void stage_let_go(gasp_stage *stage, node *n);

/** Frees the node itself and forgets it. */
void stage_forget(gasp_stage *stage, node *n);

/** Frees transaction, proof, entries and inputs. */
void stage_release_body(gasp_stage *stage, node *n);

gasp_err stage_say(gasp_stage *stage, const node *n, gasp_err err, const gasp_txid *cause, gasp_err cause_err,
                   size_t input, bool stored) GASP_MUST_CHECK;

/** Refuses a node and everything staged that stands on it. */
gasp_err stage_refuse(gasp_stage *stage, node *n, gasp_err err, size_t input) GASP_MUST_CHECK;

/** A gap begins, or ceases, to be waited for. */
void stage_gap_link(gasp_stage *stage, node *gap);
void stage_gap_unlink(gasp_stage *stage, node *gap);

/** Refuses a node because a parent of it fell, and everything staged that waits for the node. */
gasp_err stage_refuse_after(gasp_stage *stage, node *n, const node *parent, size_t input) GASP_MUST_CHECK;

/** The late roots of a node become roots like the others. */
gasp_err stage_take_late(gasp_stage *stage, node *n) GASP_MUST_CHECK;

/** Refuses what waits for a gap. */
gasp_err stage_refuse_waiting(gasp_stage *stage, node *gap) GASP_MUST_CHECK;

/** The node holds: wakes what waited for it, and queues it for commit when it is a root. */
gasp_err stage_holds(gasp_stage *stage, node *n) GASP_MUST_CHECK;

/** Queues a node that holds for commit. */
void stage_queue_commit(gasp_stage *stage, node *n);

/** The node and its parents are done with each other. */
void stage_finish(gasp_stage *stage, node *n);

#endif
