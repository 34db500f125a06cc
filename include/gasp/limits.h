/** The limits of this library, as one list: what a peer or a file can make it do, and where that ends.
 *
 *  Every loop, list, depth, buffer and wait that somebody else has a say in has a row here. `gasp limits` prints them,
 *  docs/limits.md is made from them. A row that a configuration sets shows the default; what a running session, wallet
 *  or node was given is known to whoever gave it.
 *
 *  Names and numbers of rows are for people and reports. They may grow and change with the version: do not build on the
 *  order of rows, nor on a name to stay.
 */
#ifndef GASP_LIMITS_H
#define GASP_LIMITS_H

#include "gasp/error.h"
#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One limit. All texts are static storage, and none is NULL. */
typedef struct gasp_limit_info {
    const char
        *name;      /**< "max_wants": lower-case letters, digits and _; unique. As in docs/protocol.md where that names
                       *   the limit too */
    uint64_t value; /**< in units of `unit`: what is still allowed */
    const char *unit; /**< what is counted: "bytes", "ms", "roots" */
    const char
        *set;     /**< "fixed", or the field that sets it: "gasp_session_limits.max_wants"; value is then its default */
    gasp_err err; /**< what is answered beyond it; GASP_OK where nothing is: see `beyond` */
    const char *beyond; /**< what happens beyond it, in a few words: "the session ends" */
    const char *bounds; /**< what is bounded, and why by this much */
    const char *test;   /**< the test that fails without it: "room/program: case" */
} gasp_limit_info;

/** Row i of the list, from 0; NULL behind the last one. Rows that a configuration sets come first. Static storage.
 *  Bounds:  no allocation; safe from any thread. */
GASP_API const gasp_limit_info *gasp_limit_at(size_t i);

/** The row with that name; NULL when there is none. Static storage. Bounds: as above. */
GASP_API const gasp_limit_info *gasp_limit_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
