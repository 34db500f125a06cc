/* What a wallet under a host's headers port is settled to: rows B, against the proofs that they are there for, and against
 * the port as long as its epoch is the one of the state. That anchors follow from rows B is asked with the transactions. */
#include <stdio.h>
#include <string.h>

#include "wallet/check.h"
#include "wallet/headers.h"
#include "wallet/headers_port.h"

enum { WHAT_MAX = 200 };

typedef struct settled {
    gasp_checking *c;
    bool same_epoch; /* the port can be asked for the same chain */
} settled;

static gasp_err say(gasp_checking *c, uint32_t height, const char *what)
{
    char line[WHAT_MAX];
    snprintf(line, sizeof line, "row B, height %lu: %s", (unsigned long)height, what);
    return gasp_check_say(c, NULL, line);
}

static gasp_err first_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    *(bool *)ctx = true;
    return GASP_DONE;
}

static gasp_err settled_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    settled *s = ctx;
    gasp_block_hash hash;
    gasp_merkle_root root;
    uint32_t height;
    bool proofs = false;
    bool there;
    if (gasp_chain_read_height(&height, key) != GASP_OK || value.len != sizeof hash.b)
        return gasp_check_say(s->c, NULL, "row B: a key or value of another length");
    if (!s->c->txn.state.hosted)
        return say(s->c, height, "though the wallet follows its own headers");
    memcpy(hash.b, value.data, sizeof hash.b);
    gasp_key prefix = gasp_key_of_block(&hash);
    gasp_err err = gasp_txn_scan(&s->c->txn, &prefix, first_row, &proofs);
    if (err == GASP_OK && !proofs)
        err = say(s->c, height, "of a block that no proof is held in");
    if (err != GASP_OK || !s->same_epoch)
        return err;
    gasp_block_hash best;
    err = gasp_check_soft(gasp_chain_block_at(&s->c->txn, &best, &root, height), &there);
    if (err == GASP_OK && (!there || memcmp(best.b, hash.b, sizeof best.b) != 0))
        err = say(s->c, height, "not of the host's best chain");
    return err;
}

gasp_err gasp_check_settled(gasp_checking *c)
{
    const gasp_headers *port = c->txn.wallet->headers;
    const gasp_row_state *state = &c->txn.state;
    settled s = {.c = c};
    gasp_header_info tip;
    uint64_t epoch = 0;
    if (port != NULL && state->hosted) {
        gasp_err err = port->epoch(port->user, &epoch);
        if (err != GASP_OK)
            return err;
        s.same_epoch = epoch == state->host_epoch;
    }
    if (s.same_epoch) {
        gasp_err err = port->tip(port->user, &tip);
        if (err == GASP_OK && (tip.height != state->host_height || memcmp(tip.hash.b, state->host_tip.b, 32) != 0))
            err = gasp_check_say(c, NULL, "state: the host's tip is another one at the same epoch");
        if (err != GASP_OK)
            return err;
    }
    return gasp_check_scan(c, 'B', settled_row, &s);
}
