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
    gasp_ecdsa *ecdsa;
    uint8_t seed32[32];
    gasp_network network;
    gasp_lock writer; /**< held from the first read of a commit to its write. Of the host's code only the kv port runs
                       *   under it: reading and writing as one is what it is for */
};

#endif
