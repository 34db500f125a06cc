/** What a message of the protocol says, field by field: for tools that show what went over a wire, and for checking a second
 *  implementation against vectors/message/. A session needs none of this.
 *
 *  A message is visited as a flat run of fields. Lists and groups have a field where they begin and one where they end, so
 *  that a visitor without memory of its own can write JSON:
 *
 *      {"refs": [{"outpoint": ..., "kind": 0, "max_len": 1}]}
 *      LIST refs, GROUP, OUTPOINT outpoint, NUMBER kind, NUMBER max_len, GROUP_END, LIST_END
 *
 *  The names are those of docs/protocol.md; a field that a message leaves out is not visited.
 */
#ifndef GASP_MESSAGE_H
#define GASP_MESSAGE_H

#include "gasp/set.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a field is. */
typedef enum gasp_field_kind {
    GASP_FIELD_NUMBER = 1,   /**< number, of at most 32 bits on the wire */
    GASP_FIELD_NUMBER64 = 2, /**< number, of 64 bits: more than a number of JavaScript holds */
    GASP_FIELD_BYTES = 3,    /**< bytes, in natural order */
    GASP_FIELD_HASH = 4,     /**< bytes: 32 of them, internal order; shown reversed (a txid, a block hash) */
    GASP_FIELD_OUTPOINT = 5, /**< outpoint */
    GASP_FIELD_WORD = 6,     /**< word: static text, the name of what a number means */
    GASP_FIELD_NONE = 7,     /**< a place of a list that holds nothing */
    GASP_FIELD_LIST = 8,     /**< a list begins; its members have no names */
    GASP_FIELD_LIST_END = 9,
    GASP_FIELD_GROUP = 10, /**< named fields that belong together begin */
    GASP_FIELD_GROUP_END = 11
} gasp_field_kind;

/** One field. Which member counts, kind says; the others are zero. */
typedef struct gasp_field {
    gasp_field_kind kind;
    const char *name; /**< static text; NULL in a list, and at an end */
    uint64_t number;
    gasp_bytes bytes; /**< valid during the visit */
    gasp_outpoint outpoint;
    const char *word;
} gasp_field;

/** Anything but GASP_OK ends the visits: GASP_DONE is answered as GASP_OK, errors as they are. */
typedef gasp_err (*gasp_field_visit)(void *ctx, const gasp_field *field);

/** The name of a type of message as docs/protocol.md has it ("open", "inv", ...); NULL for one that version 1 does not
 *  know. Static storage. */
GASP_API const char *gasp_message_name(uint16_t type);

/** Reads one message, without its frames, and visits its fields. Its form is judged, as a session judges it; whether it is
 *  expected, and whether what it says holds, is not.
 *
 *  Shape:   visit: NULL to check only. Nothing is visited before the whole message was read.
 *  Answers: GASP_ABSENT  an unknown type that is skipped: an odd one
 *  Errors:  GASP_ERR_PEER_MESSAGE, also for an unknown even type; GASP_ERR_PEER_FILTER; the decoding errors of its parts
 *           fault->at is the offset in the message, fault->item is 0
 *           GASP_ERR_NOMEM
 *  Bounds:  O(len) time and memory.
 *  Source:  docs/protocol.md, "Messages". */
GASP_API gasp_err gasp_message_read(uint16_t type, gasp_bytes message, gasp_field_visit visit, void *ctx,
                                    const gasp_mem *mem, gasp_fault *fault) GASP_MUST_CHECK;

/** A whole message out of frames; valid during the visit. Answers as gasp_field_visit does. */
typedef gasp_err (*gasp_message_visit)(void *ctx, uint16_t type, gasp_bytes message);

/** Puts the messages of a stream of frames together and visits each when it is whole.
 *
 *  Shape:   max_frame, max_message: bytes that a frame and a message may have.
 *  Answers: GASP_OK  the stream ends with a message; GASP_AGAIN  it ends inside of one
 *  Errors:  GASP_ERR_PEER_FRAME  a frame above max_frame, an unassigned flag, a MORE without payload or with another type
 *           GASP_ERR_PEER_LIMIT  a message above max_message;  GASP_ERR_NOMEM
 *  Bounds:  O(len) time; memory of the largest message. */
GASP_API gasp_err gasp_frames_read(gasp_bytes stream, uint32_t max_frame, uint32_t max_message,
                                   gasp_message_visit visit, void *ctx, const gasp_mem *mem) GASP_MUST_CHECK;

/* ---- what OPEN and CLOSE say of sets -------------------------------------------------------------------------------- */

enum {
    GASP_ACCOUNT_KEY_LEN = 16,  /**< bytes of a bounds key: field 18 of OPEN */
    GASP_ACCOUNT_RANGES = 17,   /**< that 16 bounds make of all outpoint ids */
    GASP_ACCOUNT_PRINT_LEN = 16 /**< bytes of a fingerprint */
};

/** The 17 fingerprints of a set that CLOSE tells a peer with this bounds key.
 *
 *  Shape:   items: n of them, in any order; id and outpoint_id count, time only where two items have the same id.
 *  Errors:  those of gasp_set_summarise
 *  Bounds:  O(n log n).
 *  Source:  docs/protocol.md, "The account". */
GASP_API gasp_err gasp_account_of(uint8_t prints[GASP_ACCOUNT_RANGES][GASP_ACCOUNT_PRINT_LEN],
                                  const gasp_set_item items[], size_t n, const uint8_t key[GASP_ACCOUNT_KEY_LEN],
                                  const gasp_mem *mem) GASP_MUST_CHECK;

/** The name under which OPEN tells that a pair of summaries was settled: field 19. The order of the two is the same.
 *  Source: docs/protocol.md, "OPEN". */
GASP_API void gasp_settled_of(uint8_t out[32], const gasp_set_summary *a, const gasp_set_summary *b);

#ifdef __cplusplus
}
#endif
#endif
