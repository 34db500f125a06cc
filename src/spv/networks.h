/** What each network fixes for its headers: genesis, the easiest target, version heights, which difficulty rule holds
 *  where, and the hashes that must stand at certain heights. Constants; nothing here changes while a process runs.
 *
 *  Source: bitcoin-sv src/chainparams.cpp (03b304e655d0), except the pins above height 530,359, whose sources stand
 *  beside them.
 */
#ifndef GASP_SPV_NETWORKS_H
#define GASP_SPV_NETWORKS_H

#include "gasp/types.h"

/** At this height no other header is accepted. The hash is in display order, as every source gives it. */
typedef struct gasp_checkpoint {
    uint32_t height;
    const char *hash;
} gasp_checkpoint;

/** From `height` on, a header's version (a signed number) is at least `least`. */
typedef struct gasp_version_rule {
    uint32_t height;
    int32_t least;
} gasp_version_rule;

typedef struct gasp_network_rules {
    gasp_network network;
    const char *genesis; /**< the 80 bytes of header 0 as hex */
    uint32_t limit_bits; /**< nBits of the easiest target */
    bool no_retarget;    /**< nBits of a header are those of the one before (regtest) */
    bool min_difficulty; /**< a header more than 20 minutes after the one before has the easiest target (test) */
    uint32_t daa_height; /**< after a header of this height or above, cw-144; before: every 2,016 headers, and EDA */
    gasp_version_rule versions[3];
    const char *minimum_work;           /**< a best chain of less work has not been read whole; 64 hex digits */
    const gasp_checkpoint *checkpoints; /**< by height, genesis first */
    size_t n_checkpoints;
} gasp_network_rules;

/** The rules of a network; NULL for a number that is none. */
const gasp_network_rules *gasp_network_rules_of(gasp_network network);

/** The 80 bytes of the network's first header. */
void gasp_network_genesis(uint8_t raw80[GASP_HEADER_LEN], const gasp_network_rules *rules);

/** The work below which a chain is not taken for the whole one of this network; zero on regtest. */
void gasp_network_minimum_work(gasp_work *out, const gasp_network_rules *rules);

/** Whether that header may stand at that height.
 *  Errors: GASP_ERR_HEADER_PIN  a checkpoint has another hash there */
gasp_err gasp_network_checkpoint(const gasp_network_rules *rules, uint32_t height,
                                 const gasp_block_hash *hash) GASP_MUST_CHECK;

/** Errors: GASP_ERR_HEADER_VERSION  the version is too low for that height */
gasp_err gasp_network_version(const gasp_network_rules *rules, uint32_t height, uint32_t version) GASP_MUST_CHECK;

#endif
