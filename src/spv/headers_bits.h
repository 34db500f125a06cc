/** What nBits the next header must have: the difficulty rules of the networks.
 *
 *  - regtest never changes it;
 *  - after a header of daa_height or above, *cw-144*: the target that the work of the last 144 headers gives at ten
 *    minutes a header, where both ends are the middle one, by time, of three;
 *  - before, the *classic* rule: every 2,016 headers the target is scaled by the time they took, within a factor of 4;
 *    between, *EDA*: when the last six took 12 hours or more (by median times), the target grows by a quarter. EDA has
 *    no height in the node's code either; it is not known to have fired before 478,558;
 *  - on the test network a header more than 20 minutes after the one before has the easiest target, and under the
 *    classic rule the next ordinary one goes back to the last target that was not that.
 *
 *  Source: the facts of bitcoin-sv src/pow.cpp (058b6d015a61).
 */
#ifndef GASP_SPV_HEADERS_BITS_H
#define GASP_SPV_HEADERS_BITS_H

#include "spv/headers.h"

/** Rows that a window needs to judge the header at that height (fewer when there are fewer since genesis). */
size_t gasp_header_bits_need(const gasp_network_rules *rules, uint64_t height);

/** nBits of the header to come, whose own time matters on the test network only. The window lacks nothing. */
uint32_t gasp_header_next_bits(const gasp_header_window *w, uint32_t time);

/** Median of the times of up to 11 rows, the newest `back` headers before the last one. At least that row is held. */
uint32_t gasp_header_window_median(const gasp_header_window *w, size_t back);

/** The classic retarget. bits: of the 2,016 headers that end; times of the first and the last of them. */
uint32_t gasp_bits_classic(uint32_t bits, uint32_t first_time, uint32_t last_time, uint32_t limit_bits);

/** The emergency step: the target and a quarter of it. */
uint32_t gasp_bits_emergency(uint32_t bits, uint32_t limit_bits);

/** cw-144 between the two chosen headers. */
uint32_t gasp_bits_cw144(const gasp_header_row *first, const gasp_header_row *last, uint32_t limit_bits);

#endif
