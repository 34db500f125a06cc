/** The inside of the stage, shared by its files: nodes, how they hang together, and the moves between their states. */
#ifndef GASP_WALLET_STAGE_NODE_H
#define GASP_WALLET_STAGE_NODE_H

#include "base/limits.h"
#include "base/map.h"
#include "wallet/stage.h"

typedef enum node_state {
    NODE_GAP = 0,  /**< not here: waited for, offered or announced; or let go of */
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
    struct edge **here; /**< what points to this; NULL: it hangs nowhere */
} edge;

struct node {
    gasp_txid txid;
    node_state state;
    bool filled;  /**< a gasp_stage_node was given, and is here */
    bool held;    /**< the wallet has the transaction: only roots, proof and entries can be new */
    bool counted; /**< in n_pending */

    gasp_tx *tx;
    gasp_blob *blob;
    size_t raw_len;      /**< of the transaction that was given */
    size_t script_bytes; /**< of the outputs in sources */
    size_t bytes;        /**< counted against max_bytes */

    bool proven;
    gasp_anchor anchor; /**< block is filled when the header was found */
    gasp_merkle_root root;
    gasp_data bump;
    gasp_data entries;
    gasp_input_hash *hashes; /**< one an input, or NULL */
    bool expected;           /**< it answers a metadata want: */
    gasp_outpoint expect_outpoint;
    gasp_state_hash expect_hash;

    /* What the sender told of it; for the verdict. */
    bool known;
    bool told_proven;
    gasp_anchor told;

    uint32_t *roots;
    size_t n_roots;
    uint32_t *late; /**< roots that came while the node was being committed */
    size_t n_late;
    size_t n_looked;         /**< roots that find was asked about */
    gasp_stage_spent *spent; /**< of these, what is spent */
    size_t n_spent;
    bool has_rival; /**< it, or what it stands on, was refused for: */
    gasp_stage_spent rival;
    unsigned attempts; /**< commits that answered GASP_AGAIN */

    bool spend;          /**< a verdict on a spend is due */
    unsigned asking;     /**< announced spends about which find is asked */
    bool spend_held;     /**< an answer: it is here */
    bool keep;           /**< an answer: it is kept because it spends an output of ours: */
    gasp_outpoint claim; /**< this one */

    /* One an input of an unproven node, allocated together when its inputs were found; else NULL. */
    gasp_source *sources; /**< with scripts until it is verified */
    node **parents;       /**< staged parents; NULL where the wallet holds the source */
    edge *edges;          /**< until it is verified */
    size_t n_inputs;
    size_t n_waiting; /**< inputs whose parent is not verified */

    edge *children;  /**< inputs that wait for this node */
    size_t n_living; /**< inputs of unfinished nodes that have this one as parent */

    gasp_err err; /**< when refused, with its cause */
    gasp_txid cause;
    gasp_err cause_err;
    gasp_merkle_root fault_root; /**< of the path at fault: its own, or the cause's */

    bool in_commit_queue;
    uint32_t mark;   /**< of the walk that saw it last */
    node *next;      /**< in the queue of its state */
    node *park_next; /**< in the list of parked nodes */
    node *work_next; /**< in the work list of a walk; in a graph, the node after it */
    node *up;        /**< while a graph is gathered: who led here */
    size_t cursor;   /**< and which input is looked at next */
    node *graph;     /**< of a root that is being committed: its graph's first node */

    node *gap_prev; /**< among the gaps that are to be wanted, or are wanted */
    node *gap_next;
    bool in_gaps;
    bool asked;      /**< a want for it is out: */
    size_t reserved; /**< for the answer */
    size_t told_max; /**< and its longest transaction */
    bool came;       /**< it was here and was let go of */
    size_t need;     /**< what it takes, as far as known; 0: nothing is known */
    unsigned drops;  /**< answers that did not help */
    node *root_prev; /**< among the unfinished roots, the oldest first */
    node *root_next;
    bool in_roots;
    uint32_t front; /**< stage->front_mark: the graph that is gathered alone needs it */
};

typedef struct queue {
    node *head;
    node *tail;
} queue;

/** An announced spend on its way to find. */
typedef struct spend_ask {
    node *spender;
    gasp_outpoint outpoint;
} spend_ask;

/** A verdict with what it points to. */
typedef struct stage_word {
    gasp_stage_verdict v;
    uint32_t *roots;
    gasp_data entries;
    gasp_stage_spent *spent;
    gasp_commit_declined *declined;
} stage_word;

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
    node *parked;     /**< committed while a find was out: its answer may still name them */

    spend_ask *spends; /**< the first `spends_out` are asked */
    size_t n_spends;
    size_t cap_spends;
    size_t spends_out;
    bool find_out;

    node *gap_head; /**< gaps: first those that are wanted, then, */
    node *gap_tail;
    node *want;      /**< from here on, those that are to be wanted */
    size_t n_open;   /**< wants that are out */
    size_t reserved; /**< for them */
    node *root_head; /**< unfinished roots, in the order in which they were offered */
    node *root_tail;
    node *front; /**< the root whose graph is gathered alone; NULL: all are */
    uint32_t front_mark;
    bool one_by_one; /**< something was let go of for a root: all that are unfinished are gathered in their order, else
                      *   each would take the room of the others in turn */

    gasp_map metadata_asked; /**< txid -> size_t reserved; 0 when answered */
    gasp_stage_want *metadata;
    size_t n_metadata;
    size_t cap_metadata;
    size_t next_metadata;

    stage_word *verdicts;
    size_t n_verdicts;
    size_t cap_verdicts;
    size_t next_verdict;

    size_t n_pending; /**< nodes that still move */
    uint32_t mark;
    gasp_stage_counts counts;
};

enum {
    STAGE_UNREAD_PER_NODE =
        GASP_LIMIT_UNREAD_PER_NODE, /**< verdicts and metadata wants that may stand unread at one time, for each staged node;
                                *   they are small, so this only keeps a caller that never reads them from growing
                                *   without end */
    STAGE_DROPS_MAX =
        GASP_LIMIT_WANT_AGAIN, /**< answers for one transaction that did not help: longer than the sender said, or had no
                                *   room though room for it was reserved. One is usual, two are possible */
    STAGE_FIND_SOURCES = 1 << 14 /**< spent outputs in one question, so that its memory does not grow with the stage */
};

void queue_push(queue *q, node *n);
node *queue_pop(queue *q);

/* ---- stage.c ------------------------------------------------------------------------------------------------------- */

/** The node under txid; made as a gap when there was none. Errors: GASP_ERR_LIMIT, GASP_ERR_NOMEM. */
gasp_err stage_node_get(gasp_stage *stage, node **out, const gasp_txid *txid) GASP_MUST_CHECK;

void stage_set_state(gasp_stage *stage, node *n, node_state state);

/** Whether the node still moves may have changed. */
void stage_recheck(gasp_stage *stage, node *n);

/** What the node takes may have changed. */
void stage_recount(gasp_stage *stage, node *n);

/** Frees what a finished node does not need any more, or all of it, as far as nothing hangs on it. */
void stage_let_go(gasp_stage *stage, node *n);

/** Frees transaction, proof, inputs and, without keep_offer, offered outputs and entries. */
void stage_release_body(gasp_stage *stage, node *n, bool keep_offer);

/** Frees the scripts that were needed to verify a node. */
void stage_release_scripts(gasp_stage *stage, node *n);

/** Frees all that was found of its inputs; it has no parents any more (stage_finish). */
void stage_release_inputs(gasp_stage *stage, node *n);

/** Adds outputs to a list; it ascends afterwards, each once. */
gasp_err stage_add_roots(gasp_stage *stage, uint32_t **list, size_t *len, const uint32_t *roots,
                         size_t n_roots) GASP_MUST_CHECK;

/** Whether it is to be kept for itself, not only for what stands on it. */
bool stage_is_root(const node *n);

/* ---- stage_say.c --------------------------------------------------------------------------------------------------- */

/** Says what became of a node, and takes offered outputs, entries and spent list out of it. Allocates nothing when there
 *  is room in the list of verdicts (stage_say_room). */
gasp_err stage_say(gasp_stage *stage, node *n, gasp_err err, const gasp_txid *cause, gasp_err cause_err, size_t input,
                   bool stored) GASP_MUST_CHECK;

/** More of the verdict that was said last: when the host wants to be asked again. */
void stage_say_until(gasp_stage *stage, uint32_t height, uint64_t wall_ms);

/** More of the verdict that was said last: which of these outputs, those of its transaction, the host left. */
gasp_err stage_say_declined(gasp_stage *stage, const gasp_commit_declined *list, size_t n) GASP_MUST_CHECK;

/** Room for that many verdicts more. GASP_ERR_LIMIT: too many are unread already. */
gasp_err stage_say_room(gasp_stage *stage, size_t more) GASP_MUST_CHECK;

/** A verdict on the announced spend alone; the node stays what it is. */
gasp_err stage_say_spend(gasp_stage *stage, node *n, gasp_err err) GASP_MUST_CHECK;

void stage_say_clear(gasp_stage *stage);

/* ---- stage_room.c -------------------------------------------------------------------------------------------------- */

/** A node becomes a root, or its verdict was said. */
void stage_root_link(gasp_stage *stage, node *n);
void stage_root_unlink(gasp_stage *stage, node *n);

/** A gap begins, or ceases, to be waited for. */
void stage_gap_link(gasp_stage *stage, node *gap);
void stage_gap_unlink(gasp_stage *stage, node *gap);

/** The want for a node is answered, or the node is forgotten. */
void stage_want_settle(gasp_stage *stage, node *n);

/** The same for a want for metadata. */
void stage_metadata_settle(gasp_stage *stage, const gasp_txid *txid);

/** Whether there is room for that much more. */
bool stage_fits(const gasp_stage *stage, size_t bytes);

/** Makes a node a gap again that is wanted later; of a root its offered outputs and entries stay. */
void stage_drop(gasp_stage *stage, node *n);

/** A node that belongs to the graph which is gathered alone stands on this one. */
void stage_front_add(gasp_stage *stage, node *n);

/* ---- stage_walk.c -------------------------------------------------------------------------------------------------- */

/** Refuses a node and everything staged that stands on it. */
gasp_err stage_refuse(gasp_stage *stage, node *n, gasp_err err, size_t input) GASP_MUST_CHECK;

/** Refuses a node because a parent of it fell, and everything staged that waits for the node. */
gasp_err stage_refuse_after(gasp_stage *stage, node *n, const node *parent, size_t input) GASP_MUST_CHECK;

/** The node holds: wakes what waited for it, and queues it for commit when it is a root. */
gasp_err stage_holds(gasp_stage *stage, node *n) GASP_MUST_CHECK;

/** Queues a node that holds for commit. */
void stage_queue_commit(gasp_stage *stage, node *n);

/** The node and its parents are done with each other. */
void stage_finish(gasp_stage *stage, node *n);

/** An input of a node hangs in the list of its parent; it is taken out. */
void stage_edge_link(node *parent, node *child, size_t i);
void stage_edge_unlink(edge *e);

/** Input i of a node gets its source from a staged parent that holds. Errors: GASP_ERR_VERIFY_NO_OUTPOINT  the parent has
 *  no such output; GASP_ERR_VERIFY_NO_PARENT  only news of the parent is staged, because the wallet came to hold it after
 *  it was asked about this input: it can be given again. */
gasp_err stage_take_source(gasp_stage *stage, node *n, size_t i, const node *parent) GASP_MUST_CHECK;

/* ---- stage_spend.c ------------------------------------------------------------------------------------------------- */

/** An announced spend was answered. */
gasp_err stage_spend_found(gasp_stage *stage, node *n, const gasp_find_spend *answer) GASP_MUST_CHECK;

/** The transaction of a node that is to be kept for a spend came: it must have that input, else the spend is refused. */
gasp_err stage_spend_check(gasp_stage *stage, node *n) GASP_MUST_CHECK;

#endif
