/** The rules of the header chain, on values: no store, no clock, no network.
 *
 *  A *window* is what must be known of the headers before the next one to judge it: at most the last 2,016 of
 *  {time, nBits, accumulated work}, and the hash that it must name. The wallet holds one at its tip and pushes what
 *  passed; for a branch it begins one at the branch's last header and prepends rows while it walks back in its store.
 *
 *  Rules are checked in one fixed order, and the first that is broken is the answer, so that an error names its rule:
 *
 *      1 link      GASP_ERR_HEADER_LINK       names the hash of the header before
 *      2 version   GASP_ERR_HEADER_VERSION    not below what its height demands
 *        window    GASP_ERR_HEADER_RUN_SHORT  (ours: what follows needs more headers than are known)
 *      3 time      GASP_ERR_HEADER_TIME       above the median of the last 11
 *                  GASP_ERR_HEADER_FUTURE     at most two hours ahead of our clock, when one is given
 *      4 nBits     GASP_ERR_HEADER_TARGET     a positive target, not above the network's easiest
 *                  GASP_ERR_HEADER_BITS       exactly what the difficulty rule gives
 *      5 hash      GASP_ERR_HEADER_HASH       not above the target
 *      6 pin       GASP_ERR_HEADER_PIN        not another header than the checkpoint or the pin at its height
 *
 *  Three starts. From genesis: an empty window; genesis itself passes as header 0 by its checkpoint. From a *pinned
 *  run*: consecutive headers that end at (or reach past) one that the user vouches for with height, hash and chain
 *  work; those up to the pin stand by their links to it (rules 1, 2, the first half of 4, 5, 6), those after it by
 *  every rule. From a single *trusted* header, by decree: it has no work, and nothing after it can be judged.
 *
 *  Source: the facts of bitcoin-sv src/validation.cpp (879fc8b, ContextualCheckBlockHeader) and src/pow.cpp
 *  (058b6d015a61).
 */
#ifndef GASP_SPV_HEADERS_H
#define GASP_SPV_HEADERS_H

#include "gasp/header.h"
#include "spv/networks.h"

enum {
    GASP_HEADER_WINDOW_MAX = 2016, /**< the classic retarget looks at the header 2,016 back; nothing looks further */
    GASP_HEADER_WINDOW_DAA = 147,  /**< cw-144: the last three headers, and the three that end 144 before */
    GASP_HEADER_MEDIAN = 11,       /**< headers in a median time */
    GASP_HEADER_FUTURE_S = 7200 /**< how far a header's time may be ahead of ours; also what a missing median costs */
};

/** What is kept of a header to judge later ones. */
typedef struct gasp_header_row {
    uint32_t time;
    uint32_t bits;
    gasp_work work; /**< of the whole chain up to and including it */
} gasp_header_row;

/** A header with what the rules made of it. */
typedef struct gasp_header_step {
    gasp_header header;
    gasp_block_hash hash;
    uint32_t height;
    gasp_work work; /**< of the whole chain up to and including it; zero for a trusted one */
    bool linked;    /**< stands by its link to the pin: time and difficulty were not judged */
} gasp_header_step;

/** The header that a run is pinned by. */
typedef struct gasp_header_pin {
    uint32_t height;
    gasp_block_hash hash;
    gasp_work work; /**< of the whole chain up to and including it */
} gasp_header_pin;

/** The inside belongs to headers*.c; about 80 KiB are allocated at init and nothing later. */
typedef struct gasp_header_window {
    const gasp_network_rules *rules;
    gasp_header_row *rows; /**< a ring of GASP_HEADER_WINDOW_MAX, the oldest at `first` */
    size_t first;
    size_t n_rows;
    uint64_t next;        /**< height of the header to come: 0 .. 2^32 */
    gasp_block_hash last; /**< the hash that it must name */
    gasp_work work;       /**< of the chain up to `last` */
    bool pinned;          /**< headers up to pin.height stand by their links */
    bool decree;          /**< begins at a trusted header: nothing follows */
    gasp_header_pin pin;
    const gasp_mem *mem;
} gasp_header_window;

/** An empty window: the header to come is genesis.
 *  Errors: GASP_ERR_MISUSE  no such network;  GASP_ERR_NOMEM */
gasp_err gasp_header_window_init(gasp_header_window *w, gasp_network network, const gasp_mem *mem) GASP_MUST_CHECK;

/** Frees the rows. A zeroed window is accepted. */
void gasp_header_window_clear(gasp_header_window *w);

/** Starts again with the network's genesis header, which *step then describes.
 *  Errors: GASP_ERR_INTERNAL  the constants of the network contradict each other */
gasp_err gasp_header_window_start_genesis(gasp_header_window *w, gasp_header_step *step) GASP_MUST_CHECK;

/** Starts again before a run that holds the pin. The headers up to the pin are checked backwards by their links, and
 *  their work is derived from the pin's by subtraction. On GASP_OK the header to come is the first of the run: the
 *  caller then checks and pushes the same run forward. On an error the window is empty.
 *
 *  Shape:   run: n * 80 bytes, the first one of height first_height; it may reach past the pin, the rest is not read.
 *  Errors:  GASP_ERR_HEADER_LENGTH     not a multiple of 80 bytes
 *           GASP_ERR_MISUSE            the pin's height lies outside of the run
 *           GASP_ERR_HEADER_RUN_SHORT  fewer headers up to the pin than the one after it needs (147; 2,016 below the
 *                                      height of cw-144; never more than there are since genesis)
 *           GASP_ERR_HEADER_PIN        the header there has another hash; a checkpoint inside the run has; or the pin's
 *                                      work is less than that of the run (not equal to it, when it begins at genesis)
 *           GASP_ERR_HEADER_LINK, _VERSION, _TARGET, _HASH  of one header
 *           fault: item is the index of the header in the run, at the offset of its first byte.
 *  Bounds:  O(headers up to the pin) time, no allocation. */
gasp_err gasp_header_window_start_run(gasp_header_window *w, uint32_t first_height, gasp_bytes run,
                                      const gasp_header_pin *pin, gasp_fault *fault) GASP_MUST_CHECK;

/** Starts again at a trusted header (gasp_header_trust): the next one that links to it is answered
 *  GASP_ERR_HEADER_RUN_SHORT. */
void gasp_header_window_start_trusted(gasp_header_window *w, const gasp_header_step *trusted);

/** Starts again at a header that is held, with its row; rows before it follow by gasp_header_window_prepend. */
void gasp_header_window_load(gasp_header_window *w, uint32_t height, const gasp_block_hash *hash,
                             const gasp_header_row *row);

/** The row of the header before the oldest one in the window.
 *  Errors: GASP_ERR_MISUSE  the window reaches back to genesis, is empty, or holds GASP_HEADER_WINDOW_MAX rows */
gasp_err gasp_header_window_prepend(gasp_header_window *w, const gasp_header_row *row) GASP_MUST_CHECK;

/** How many rows are missing before the header to come can be judged: 0 when it can be. */
size_t gasp_header_window_lacks(const gasp_header_window *w);

/** Judges the header to come; *step is written only on GASP_OK. The window does not change.
 *
 *  Units:   now: our clock, or NULL when the future rule is not to be applied (a file of old headers, a replay).
 *  Errors:  the GASP_ERR_HEADER_* of the table above, in its order;
 *           GASP_ERR_LIMIT  height 2^32, or the chain's work leaves 256 bits (before all other rules; after them)
 *  Bounds:  constant time and no allocation (on the test network a walk of at most 2,016 rows). */
gasp_err gasp_header_window_check(const gasp_header_window *w, gasp_header_step *step,
                                  const uint8_t raw80[GASP_HEADER_LEN], const gasp_time *now) GASP_MUST_CHECK;

/** Takes what gasp_header_window_check answered on this window.
 *  Errors: GASP_ERR_MISUSE  the step is not of the height to come, or does not link; nothing changed */
gasp_err gasp_header_window_push(gasp_header_window *w, const gasp_header_step *step) GASP_MUST_CHECK;

/** The row `back` headers before the last one (0: the last), NULL when the window does not hold it. */
const gasp_header_row *gasp_header_window_row(const gasp_header_window *w, size_t back);

/** Judges one header by what can be judged without any other: for one that the user trusts by decree. *step, with no
 *  work, is written only on GASP_OK.
 *  Errors: GASP_ERR_HEADER_VERSION, _TARGET, _HASH, _PIN, in this order */
gasp_err gasp_header_trust(gasp_header_step *step, const gasp_network_rules *rules, uint32_t height,
                           const uint8_t raw80[GASP_HEADER_LEN]) GASP_MUST_CHECK;

/** The median time of the header at `height`: of its own time and those of the 10 before it (of all there are, below
 *  height 10). times[0] is its own, then backwards. Where fewer are known, as after a trusted header, it is its time
 *  less GASP_HEADER_FUTURE_S: a bound that the real median can pass only if miners' clocks were two hours off.
 *
 *  Shape: n_times >= 1; more than 11 are not read. */
uint32_t gasp_header_median_time(const uint32_t *times, size_t n_times, uint32_t height);

#endif
