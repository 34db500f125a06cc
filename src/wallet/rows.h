/** The values of a wallet's rows (keys.h), as structs and as bytes. Decoding answers GASP_ERR_STORE_CORRUPT for bytes that
 *  encoding cannot have made. */
#ifndef GASP_WALLET_ROWS_H
#define GASP_WALLET_ROWS_H

#include "gasp/wallet.h"

/** Room for any encoded row of this file. */
enum { GASP_ROW_MAX = 192 };

typedef struct gasp_row {
    uint8_t b[GASP_ROW_MAX];
    size_t len;
} gasp_row;

/** V */
typedef struct gasp_row_layout {
    uint32_t version;
    gasp_network network;
    uint64_t created_ms;
} gasp_row_layout;

/** S: the counters that every commit moves. */
typedef struct gasp_row_state {
    uint64_t seq;        /**< of the last change */
    uint64_t wall_ms;    /**< of the last change: never goes back */
    uint64_t epoch;      /**< moves when the best chain does */
    gasp_block_hash tip; /**< last header of the best chain that has work */
    uint32_t top;        /**< highest height of the best chain, trusted headers included */

    /* What anchors were last settled to (headers_port.h). */
    bool hosted;          /**< a host's chain; the rest is zero when it is not: */
    uint64_t host_epoch;  /**< of its port */
    uint32_t host_height; /**< of its tip then */
    gasp_block_hash host_tip;
} gasp_row_state;

/** h */
typedef struct gasp_row_header {
    uint8_t raw80[80];
    uint32_t height;
    gasp_work work;
    gasp_trust trust;
} gasp_row_header;

/** i: what is known of a held transaction. */
typedef struct gasp_row_info {
    uint64_t arrived_ms;
    bool stands;        /**< anchored, or unproven with all its sources standing */
    bool anchored;      /**< a proof in the best chain is held: */
    gasp_anchor anchor; /**< of several, the lowest */
    bool
        contested; /**< it stands without an anchor, and so does another one that spends what it spends, or it stands on
                     *   one of which that is so */
} gasp_row_info;

/** o: an output that is ours, with what a snapshot needs of it. */
typedef struct gasp_row_output {
    bool spent;      /**< a held transaction that stands spends it */
    bool unanchored; /**< its transaction does not stand */
    bool contested;  /**< its transaction is contested, or two or more that stand spend it */
    uint32_t time;   /**< of the item: gasp_item_time */
    gasp_state_hash state;
} gasp_row_output;

/** r: an output that is not to be offered again yet (refusals.h). */
typedef struct gasp_row_refusal {
    gasp_err err;          /**< GASP_OK: it is spent */
    uint32_t policy;       /**< policy version at which it was refused */
    uint32_t height;       /**< as in gasp_refused */
    uint64_t until_ms;     /**< as in gasp_refused */
    uint64_t noted_ms;     /**< wall time */
    uint32_t time;         /**< of the item, match=state */
    gasp_item_id id;       /**< of the item, match=state */
    gasp_txid other;       /**< as in gasp_refused */
    gasp_merkle_root root; /**< as in gasp_refused */
    uint8_t peer16[16];    /**< whose fault it is: of a hash of its name; zero: it holds for every peer */
} gasp_row_refusal;

/** y: the summaries with which the last round with a peer ended, when it accounted for both. */
typedef struct gasp_row_peer {
    gasp_set_summary mine;
    gasp_set_summary theirs;
    uint32_t policy; /**< policy version then */
    uint8_t result;  /**< gasp_result */
} gasp_row_peer;

gasp_row gasp_row_refusal_encode(const gasp_row_refusal *row);
gasp_err gasp_row_refusal_decode(gasp_row_refusal *out, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_row gasp_row_peer_encode(const gasp_row_peer *row);
gasp_err gasp_row_peer_decode(gasp_row_peer *out, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_row gasp_row_layout_encode(const gasp_row_layout *row);
gasp_err gasp_row_layout_decode(gasp_row_layout *out, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_row gasp_row_state_encode(const gasp_row_state *row);
gasp_err gasp_row_state_decode(gasp_row_state *out, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_row gasp_row_header_encode(const gasp_row_header *row);
gasp_err gasp_row_header_decode(gasp_row_header *out, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_row gasp_row_info_encode(const gasp_row_info *row);
gasp_err gasp_row_info_decode(gasp_row_info *out, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_row gasp_row_output_encode(const gasp_row_output *row);
gasp_err gasp_row_output_decode(gasp_row_output *out, gasp_bytes bytes) GASP_MUST_CHECK;
gasp_row gasp_row_change_encode(const gasp_change *change);
gasp_err gasp_row_change_decode(gasp_change *out, gasp_bytes key, gasp_bytes bytes) GASP_MUST_CHECK;

/** p: the head of a proof row; the BUMP follows it. */
enum { GASP_ROW_PROOF_HEAD = 12 };
gasp_row gasp_row_proof_head(uint32_t height, uint64_t index);
gasp_err gasp_row_proof_decode(uint32_t *height, uint64_t *index, gasp_bytes *bump, gasp_bytes bytes) GASP_MUST_CHECK;

/** e: the head of an entry row; the value follows it. */
gasp_row gasp_row_entry_head(const gasp_entry *entry);

/** An entry from its row: name and value are views of key and bytes. */
gasp_err gasp_row_entry_decode(gasp_entry *out, gasp_bytes key, gasp_bytes bytes) GASP_MUST_CHECK;

#endif
