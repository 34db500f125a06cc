/* The merkle root of a list of txids, in one pass and constant memory: `pending[l]` is the last complete node of level
 * l that has no right sibling yet, present when bit l of the number of txids so far is set, as in a binary counter. The
 * last nodes of odd levels are closed at the end. Must never recurse or allocate. */
#include "chain/merkle.h"

#include <string.h>

#include "crypto/hash.h"

enum { LEVELS = 64 }; /* a count of txids is a size_t */

static void join(uint8_t out[32], const uint8_t left[32], const uint8_t right[32], bool *equal)
{
    if (memcmp(left, right, 32) == 0)
        *equal = true;
    gasp_sha256d_pair(out, left, right);
}

/* Adds txid number `index`: every pair that becomes complete is hashed. */
static void add(uint8_t pending[LEVELS][32], const gasp_txid *txid, size_t index, bool *equal)
{
    uint8_t node[32];
    size_t level = 0;
    memcpy(node, txid->b, 32);
    for (; ((index >> level) & 1) != 0; level++)
        join(node, pending[level], node, equal);
    memcpy(pending[level], node, 32);
}

/* Closes the levels from below: `last` is the node that the levels so far left over at the right edge. */
static void close_levels(uint8_t root[32], uint8_t pending[LEVELS][32], size_t n, bool *equal)
{
    bool have_last = false;
    size_t level = 0;
    uint8_t last[32] = {0};
    for (size_t nodes = n; nodes > 1; nodes = nodes / 2 + nodes % 2, level++) {
        bool waiting = ((n >> level) & 1) != 0;
        if (waiting && have_last) {
            join(last, pending[level], last, equal);
        } else if (waiting) {
            gasp_sha256d_pair(last, pending[level], pending[level]);
            have_last = true;
        } else if (have_last) {
            gasp_sha256d_pair(last, last, last);
        }
    }
    memcpy(root, have_last ? last : pending[level], 32);
}

void gasp_merkle_root_of(gasp_merkle_root *out, bool *equal_siblings, const gasp_txid txids[], size_t n)
{
    uint8_t pending[LEVELS][32] = {{0}};
    bool equal = false;
    for (size_t i = 0; i < n; i++)
        add(pending, &txids[i], i, &equal);
    close_levels(out->b, pending, n, &equal);
    if (equal_siblings != NULL)
        *equal_siblings = equal;
}
