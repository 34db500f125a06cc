/** The inside of a wallet, for the files of this room. */
#ifndef GASP_WALLET_INSIDE_H
#define GASP_WALLET_INSIDE_H

#include "base/lock.h"
#include "crypto/ecdsa.h"
#include "gasp/wallet.h"

struct gasp_wallet {
    const gasp_kv *kv;
    const gasp_mem *mem;
    const gasp_verifier *verifier; /**< NULL: the calling thread */
    const gasp_headers *headers;   /**< NULL: the wallet's own rows */
    const gasp_admit *admit;       /**< NULL: what was offered is taken */
    gasp_ecdsa *ecdsa;
    uint8_t seed32[32];
    gasp_network network;
    uint32_t policy;  /**< the host's policy version */
    gasp_lock writer; /**< held from the first read of a commit to its write. Of the host's code only the kv port runs
                       *   under it: reading and writing as one is what it is for */
    gasp_lock kept_lock;        /**< guards `kept`; held while a snapshot is made of it and the store */
    struct gasp_kept_set *kept; /**< the snapshot that was made last (snapshot.c), NULL for none */
};

/** Frees the snapshot that is kept. Nobody else uses the wallet, or kept_lock is held. */
void gasp_wallet_snapshot_forget(gasp_wallet *wallet);

#endif
