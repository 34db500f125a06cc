/** ECDSA over secp256k1 as the chain uses it. How a signature or key must be *written* are rules of the chain, which
 * differ by era, and are functions of their own here; whether it is *right* is libsecp256k1's answer.
 *
 *  A signature in this header is the DER part alone, without the hash type byte that a script carries behind it. */
#ifndef GASP_CRYPTO_ECDSA_H
#define GASP_CRYPTO_ECDSA_H

#include "gasp/types.h"

/** What libsecp256k1 needs to verify. Never changed after it was made: any number of threads may use one. */
typedef struct gasp_ecdsa gasp_ecdsa;

enum {
    GASP_DER_MIN = 8,         /**< bytes of the shortest strict DER signature: r and s of one byte each (BIP66) */
    GASP_DER_MAX = 72,        /**< of the longest: r and s of 33 bytes each */
    GASP_PUBKEY_LEN = 33,     /**< bytes of a compressed key */
    GASP_PUBKEY_LONG_LEN = 65 /**< bytes of an uncompressed (or hybrid) key */
};

/** Memory comes from mem, as libsecp256k1 would abort where there is none.
 *  Errors: GASP_ERR_NOMEM */
gasp_err gasp_ecdsa_new(gasp_ecdsa **out, const gasp_mem *mem) GASP_MUST_CHECK;

/** NULL is accepted. */
void gasp_ecdsa_free(gasp_ecdsa *ecdsa);

/** Whether these bytes are a signature in the one form that BIP66 allows: shortest lengths, r and s positive and
 * without padding, nothing behind. The values themselves are not judged (r may be 0 or above the order: it then
 * verifies nothing). */
bool gasp_der_is_strict(gasp_bytes der);

/** Whether s is at most half the order of the group (the second form of the same signature is n - s).
 *  der must be strict; false when it is not. */
bool gasp_der_is_low_s(gasp_bytes der);

/** Whether these bytes look like a compressed (02, 03) or uncompressed (04) key: the forms allowed since August 2017.
 *  Whether there is such a point is not judged. */
bool gasp_pubkey_is_plain(gasp_bytes key);

/** Whether der is a signature of hash by key. High s is accepted; false for a signature that is not strict DER, a value
 *  that is 0 or above the order, and a key that is no point. Hybrid keys (06, 07) are read, as before August 2017. */
bool gasp_ecdsa_verify(const gasp_ecdsa *ecdsa, gasp_bytes key, gasp_bytes der, const uint8_t hash[32]);

#endif
