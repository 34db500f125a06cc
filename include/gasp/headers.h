/** The headers port: a host's own header chain in the place of the wallet's.
 *
 *  A wallet without this port (NULL) keeps headers itself: gasp_wallet_headers_import and its rules (gasp/wallet.h). A host
 *  that has a checked header chain already, of its node or its service, gives a gasp_headers instead. The wallet then
 *  believes what the port says of the best chain, and checks no header itself.
 *
 *  The wallet remembers which chain it last *settled* to: its epoch, its tip, and for the blocks that it holds proofs in,
 *  which of them are in that chain. After the host's chain moved the host calls gasp_wallet_headers_changed, and in one
 *  batch whatever stood on a block that left stands there no longer, whatever stood on one that came in stands again, and
 *  the changes say so. A host that forgets, or that dies between the two, loses nothing: a commit that finds the epoch
 *  moved settles first.
 *
 *      static gasp_err my_tip(void *user, gasp_header_info *out)
 *      {
 *          const my_chain *chain = user;
 *          *out = chain->list[chain->n - 1];
 *          return GASP_OK;
 *      }
 */
#ifndef GASP_HEADERS_H
#define GASP_HEADERS_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Why a header is believed. */
typedef enum gasp_trust {
    GASP_TRUST_RULES = 1, /**< judged by every rule of the network */
    GASP_TRUST_PIN = 2,   /**< linked to a pinned header, from before the first one that could be judged */
    GASP_TRUST_DECREE = 3 /**< the user said so (gasp_wallet_headers_trust) */
} gasp_trust;

/** A header that is held. */
typedef struct gasp_header_info {
    uint8_t raw80[80];
    gasp_block_hash hash; /**< of raw80 */
    uint32_t height;
    gasp_work work; /**< of the whole chain up to it; zero for a header that is trusted by decree */
    gasp_trust trust;
} gasp_header_info;

/** A header that the caller vouches for: where a run of headers that does not reach back to genesis gets its height and
 *  its work from. */
typedef struct gasp_pin {
    uint32_t height;
    gasp_block_hash hash;
    gasp_work work; /**< chain work including it */
} gasp_pin;

/** What gasp_wallet_headers_import did; of a run that was refused in the middle, what came before. */
typedef struct gasp_headers_report {
    uint64_t given;  /**< headers in the input */
    uint64_t linked; /**< accepted by link and hash alone, up to the pin */
    uint64_t judged; /**< accepted by every rule */
    uint64_t known;  /**< held before, by no weaker trust */
    uint32_t tip_height;
    gasp_block_hash tip;
    bool reorganised; /**< judged or pinned headers left the best chain */
} gasp_headers_report;

/** Hashes of a locator at most: 10 one by one, then at twice the distance each, down to the lowest header. */
enum { GASP_LOCATOR_MAX = 48 };

/** What a host gives. Every function but `put` and `locator` is required. They are called from any thread that calls the
 *  wallet, several at a time, with no lock of the wallet held; they must not call the wallet.
 *
 *  Consistent:  when `epoch` answers the same before and after some calls, these calls saw one and the same chain.
 *  Errors:      any negative value ends the call that asked, which answers it; GASP_ERR_STORE_IO is right for a source
 *               that failed. GASP_ABSENT is no error where it is said. */
typedef struct gasp_headers {
    size_t size; /**< sizeof(gasp_headers) */
    void *user;  /**< given back to each function */

    /** A number that is another one whenever the best chain is. It may start anew with each process only if it cannot
     *  repeat for another chain: a count of moves that is kept, or bytes of the tip's hash. */
    gasp_err (*epoch)(void *user, uint64_t *epoch);

    /** The last header of the best chain. */
    gasp_err (*tip)(void *user, gasp_header_info *out);

    /** The header of the best chain at a height; GASP_ABSENT above the tip, and where the host keeps none. */
    gasp_err (*at)(void *user, gasp_header_info *out, uint32_t height);

    /** A header by its hash, of the best chain or of another branch; GASP_ABSENT when it is not known (any more). Stale
     *  headers that the host still knows make settling cheap: the wallet walks back from the tip it last settled to. */
    gasp_err (*find)(void *user, gasp_header_info *out, const gasp_block_hash *hash);

    /** Hashes of the best chain from the tip down, from which a peer sees where its chain leaves ours.
     *  Shape:   hashes: room for GASP_LOCATOR_MAX; *n, how many were written.
     *  NULL: the wallet makes one from tip and at. */
    gasp_err (*locator)(void *user, gasp_block_hash *hashes, size_t *n);

    /** Takes a run of consecutive headers, whatever they come from (gasp_wallet_headers_import), by the host's own rules.
     *  Shape:   raw: raw_len bytes, a multiple of 80; height: of the first; pin: NULL, or what the caller vouches for.
     *  Gives:   *taken, how many of them were new and are held now.
     *  Errors:  as gasp_wallet_headers_import, with *fault (never NULL).
     *  NULL: importing answers GASP_ERR_UNSUPPORTED. */
    gasp_err (*put)(void *user, uint64_t *taken, const uint8_t *raw, size_t raw_len, uint32_t height,
                    const gasp_pin *pin, gasp_time now, gasp_fault *fault);
} gasp_headers;

/** Zeroes the struct and sets its size. */
GASP_API void gasp_headers_init(gasp_headers *headers);

#ifdef __cplusplus
}
#endif
#endif
