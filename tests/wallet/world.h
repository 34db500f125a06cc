/** A stage with a wallet that is made of plain sets: transactions with what is wrong with them, the wallet's answers, and
 *  single steps. Questions are answered when they are taken and handed back one step later, so that other things happen in
 *  between. */
#ifndef TESTS_WALLET_WORLD_H
#define TESTS_WALLET_WORLD_H

#include "base/map.h"
#include "lib/data.h"
#include "wallet/stage.h"

enum { NODES = 48, INPUTS = 4, OUTPUTS = 4, SAT = 1000 };

typedef enum fault_kind { SOUND, BAD_FORM, BAD_SCRIPT, NO_BLOCK, BAD_ROOT, BAD_COMMIT } fault_kind;

/* One transaction of a world, and what became of it. */
typedef struct item {
    gasp_txid txid;
    gasp_bytes raw;
    size_t n_in;
    size_t parent[INPUTS];
    uint32_t vout[INPUTS];
    bool spent[INPUTS]; /* the wallet says so */
    bool held;          /* the wallet has it from the start */
    bool given;
    bool root;
    bool proven;
    fault_kind fault;

    bool stored;
    bool came;
    bool asked; /* a want for it is out */
    unsigned scripts;
    unsigned wants;
    unsigned n_verdicts;
    gasp_stage_verdict verdict;

    bool holds; /* the model's */
    bool alive;
    bool needed;
} item;

typedef struct world {
    item *list;
    size_t n;
    gasp_map index; /* txid -> number */
    gasp_stage *stage;
    bool pull; /* nothing but roots comes unasked */
    bool flawless;
    bool crowded; /* the stage is smaller than what is given: things come again */
    gasp_find find;
    bool find_out;
    gasp_verify verify;
    bool verify_out;
    gasp_commit commit;
    bool commit_out;
} world;

/** n transactions, to be described and then made in order; and a stage. */
void world_init(world *w, size_t n, size_t max_nodes, size_t max_bytes);
void world_clear(world *w);

/** Makes the transaction of a number, when its parents are made. */
void world_make(world *w, size_t i);

/** A world that is a chain on one held transaction, number 0; the last one is its root. */
void world_chain(world *w, size_t depth);

/** Puts a transaction into the stage; roots are its outputs 0 and 2. */
void world_give(world *w, size_t i);

/** Offers some outputs of a transaction that was given before. */
void world_offer(world *w, size_t i, const uint32_t *roots, size_t n);

/** Each does one thing and tells whether there was one: answers the question that is out, else takes the next one. */
bool world_step_find(world *w);
bool world_step_verify(world *w);
bool world_step_commit(world *w);

/** Takes one want: gives the transaction in a world that pulls, says that it is absent when it never comes. */
bool world_step_want(world *w);

void world_take_verdicts(world *w);

/** All steps in turn until nothing moves. */
void world_settle(world *w);

/** What must hold for a transaction; what a wallet that holds nothing else must keep. */
void world_model(world *w);

/** The transaction of a txid, NULL when it is none of the world. */
item *world_look(const world *w, const gasp_txid *txid);

#endif
