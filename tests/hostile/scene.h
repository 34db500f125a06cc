/** Two wallets that have twenty graphs to exchange, as rows that can be copied into any store, as often as a test breaks
 *  something. Made through the public interface alone, so that it says nothing of how a sync is done.
 *
 *  Each side has ten graphs that the other lacks, two of each kind: a proven output; one with a label; an unproven
 *  transaction on a proven one; a chain of three with a label on its end; and an unproven transaction that spends an output
 *  which both sides have among their spendable ones. */
#ifndef TESTS_HOSTILE_SCENE_H
#define TESTS_HOSTILE_SCENE_H

#include "gasp/session.h"
#include "lib/data.h"

enum {
    SCENE_GRAPHS = 20,
    SCENE_TXS = 2 * SCENE_GRAPHS + 4 * 3, /* at most */
    SCENE_START_MS = 1700000000
};

typedef struct scene {
    gasp_kv *base[2];       /**< the rows of each side before the sync, in memory */
    size_t rows[2];         /**< how many */
    gasp_set_summary after; /**< of both sides when nothing goes wrong */
    gasp_txid txids[SCENE_TXS];
    size_t n_txids;
    gasp_outpoint mine[2]; /**< an output of each side, which stays unspent */
    gasp_bytes spend;      /**< a transaction that pays an output of side 0 to somebody else; not in the sync */
} scene;

void scene_make(scene *s);
void scene_free(scene *s);

/** Writes all rows of one store into another, which is empty. */
void scene_copy(const gasp_kv *from, const gasp_kv *to);

/** A store in memory with the rows of a side. mem: NULL is the C heap. */
gasp_kv *scene_store(const scene *s, int side, const gasp_mem *mem);

/** A fingerprint of all rows of a store: equal for equal rows. */
uint64_t scene_mark(const gasp_kv *kv);

/** Opens the wallet in a store. */
gasp_wallet *scene_open(const gasp_kv *kv);

/** The same, but its host declines a graph. What it declined is due again when the wallet is opened by scene_open. */
gasp_wallet *scene_open_declining(const gasp_kv *kv, const gasp_txid *declined);

/** The same, but scripts are believed without running them: for the part of a run that was done many times before. */
gasp_wallet *scene_open_trusting(const gasp_kv *kv);

/** The wallet's own check finds nothing, and every output that it has is one of the scene. where: for the message. */
void scene_check(const scene *s, gasp_wallet *wallet, const char *where);

/** Whether the default collection holds an output of this transaction, spent or not. */
bool scene_has(gasp_wallet *wallet, const gasp_txid *txid);

/** An own folder for stores, in memory where there is such a place; without a slash at its end. Removed by
 *  scene_folder_end, which expects that nothing is in it. */
void scene_folder(char out[256]);
void scene_folder_end(const char *path);

#endif
