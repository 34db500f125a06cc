/** What a session asks of its wallet, as a table of functions, so that a trace can answer in the wallet's place. The
 *  questions are those of wallet/ask.h; each batch belongs to the session and stays where it is until it is answered.
 *
 *  Every function answers GASP_OK (the batch is filled in), GASP_PENDING (it will be: `finish` fills it in when the ticket
 *  is resumed) or an error, which ends the session. */
#ifndef GASP_SESSION_PORT_H
#define GASP_SESSION_PORT_H

#include "gasp/session.h"
#include "set/items.h"
#include "wallet/ask.h"
#include "wallet/refusals.h"

/** The fourth question: everything the collection has, what is remembered of it, and where the best chain stands. */
typedef struct gasp_snapshot {
    gasp_collection collection;
    gasp_match match;
    gasp_bytes peer; /**< view */
    gasp_skips skips;
    gasp_items items; /**< sealed; the asker's to clear */
    uint32_t tip_height;
    gasp_block_hash tip;
} gasp_snapshot;

typedef enum gasp_ask_kind {
    GASP_ASK_SNAPSHOT = 0,
    GASP_ASK_FIND = 1,
    GASP_ASK_LOAD = 2,
    GASP_ASK_VERIFY = 3,
    GASP_ASK_COMMIT = 4,
    GASP_ASK_NOTE = 5, /**< what is to be remembered; the answer says nothing */
    GASP_ASK_KINDS = 6
} gasp_ask_kind;

/** A batch of any kind. */
typedef union gasp_ask {
    gasp_snapshot snapshot;
    gasp_find find;
    gasp_load load;
    gasp_verify verify;
    gasp_commit commit;
    gasp_note note;
} gasp_ask;

typedef struct gasp_port {
    void *user;
    gasp_err (*ask)(void *user, gasp_ask_kind kind, gasp_ask *ask, uint64_t ticket, gasp_time now);

    /** After GASP_PENDING, when the ticket was resumed. */
    gasp_err (*finish)(void *user, gasp_ask_kind kind, gasp_ask *ask, uint64_t ticket, gasp_time now);

    /** The session ends while the ticket is pending. */
    void (*cancel)(void *user, gasp_ask_kind kind, uint64_t ticket);

    /** The rights of a peer. Errors: those of the store; *out is then 0. */
    gasp_err (*rights)(void *user, unsigned *out, const uint8_t *peer, size_t peer_len,
                       const gasp_collection *collection);
    void (*free)(void *user);
} gasp_port;

/** Frees a batch of any kind. */
void gasp_ask_clear(gasp_ask_kind kind, gasp_ask *ask);

/** The port of a real wallet. peer: the opaque name that its admit port is told; at most GASP_PEER_MAX bytes, copied. */
gasp_err gasp_port_of_wallet(gasp_port *out, gasp_wallet *wallet, const gasp_access *access, gasp_bytes peer,
                             const gasp_mem *mem) GASP_MUST_CHECK;

#endif
