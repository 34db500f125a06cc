/** The JSON notation of chain formats: product gasp::json, which links jansson (gasp::gasp does not).
 *
 *  A merkle path, as BRC-74 writes it:
 *
 *      {"blockHeight": 100, "path": [[{"offset": 0, "hash": "<64 hex digits>", "txid": true},
 *                                     {"offset": 1, "hash": "<64 hex digits>"}],
 *                                    [{"offset": 1, "duplicate": true}]]}
 *
 *  path holds one array per level. Numbers are integers below 2^63: JSON integers are read no further, and an offset
 * beyond that, which only a path of 64 levels can have, is written but not read. Hashes are in display order, the
 * reverse of the wire. txid and duplicate may be false, which says the same as leaving them out. Members with other
 * names are skipped, as peers in JavaScript do; a member that is named twice is refused.
 */
#ifndef GASP_JSON_H
#define GASP_JSON_H

#include "gasp/bump.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /** Bytes of a JSON text, at most: a parsed text takes some twenty times its length. */
    GASP_JSON_TEXT_MAX = 16 * 1024 * 1024,
    /** Nesting of arrays and objects, at most. A path has four; jansson's own parser is recursive. */
    GASP_JSON_DEPTH_MAX = 16
};

/** Reads a path from JSON and checks it against all the rules of gasp/bump.h. Leaves are kept in their order.
 *
 *  Shape:   text: len bytes of UTF-8, one JSON object and nothing after it; no NUL is needed.
 *  Gives:   *out, which the caller frees with gasp_bump_free.
 *  Errors:  GASP_ERR_JSON                not JSON, a member twice, or a member missing or of another type than above;
 *                                        fault->at is the offset in the text when it is no JSON, else as below
 *           GASP_ERR_TEXT_HEX            a hash that is not 64 hex digits
 *           GASP_ERR_BUMP_FLAGS          a leaf that has both hash and duplicate, or both txid and duplicate: the wire
 *                                        form cannot say that
 *           GASP_ERR_BUMP_HEIGHT         blockHeight of 2^32 or more, or negative
 *           GASP_ERR_BUMP_OFFSET_RANGE   a negative offset, and as in gasp_bump_decode
 *           GASP_ERR_LIMIT               more than GASP_JSON_TEXT_MAX bytes, GASP_JSON_DEPTH_MAX levels of nesting or
 *                                        GASP_BUMP_LEAVES_MAX leaves
 *           GASP_ERR_NOMEM, and the rules of gasp_bump_decode.
 *           fault->item is the level, fault->at the number of the leaf in its level.
 *  Bounds:  O(len) before the path itself is checked. jansson's memory comes from the C library's heap. */
GASP_API gasp_err gasp_bump_from_json(gasp_bump **out, const char *text, size_t len, const gasp_mem *mem,
                                      gasp_fault *fault) GASP_MUST_CHECK;

/** Writes a path as JSON: the leaves in the order that they are held in, members in the order shown above, no spaces.
 *  For the canonical form of a path that was read, write what gasp_bump_canonical gives.
 *
 *  Shape:   out: cap bytes, or NULL to learn the length alone.
 *  Gives:   *len: bytes of the text and its closing NUL, also when cap is too small.
 *  Errors:  GASP_ERR_LIMIT  out is given and cap is less than *len; out is then undefined
 *  Bounds:  O(len), no allocation. */
GASP_API gasp_err gasp_bump_to_json(const gasp_bump *bump, char *out, size_t cap, size_t *len) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
