/** A session that needs no wallet, for the tests of the node: it stands behind the functions of gasp/session.h, sends a
 * known run of bytes, checks the peer's, and asks the verifier on the way. What it does is said by a test_world, which takes
 * the place of the wallet.
 *
 * Its messages: 'D' length32 bytes; 'E' nothing more will come, which a responder says when it has heard it and has all its
 * verdicts; 'F' the same of the initiator, which ends it; 'X' the sender ended with an error. So an initiator that is done
 * knows that the responder lacks nothing but that 'F'. */
#ifndef TESTS_NODE_FAKE_SESSION_H
#define TESTS_NODE_FAKE_SESSION_H

#include "gasp/session.h"
#include "node/batch.h"

/** Used by the thread of one node, and read by the test when that has ended. */
typedef struct test_world {
    const test_jobs *jobs;
    const gasp_verifier *verifier;
    test_random random;
    uint64_t to_send;     /**< bytes that each session sends */
    uint32_t piece;       /**< bytes of one answer of gasp_session_send, at most; 0: 5,000 */
    uint64_t verify_each; /**< asks the verifier once for so many bytes that came; 0: never */
    size_t batch_len;     /**< most entries of a batch */
    bool slow;            /**< batches of signatures only */
    uint64_t fail_at;     /**< fails with GASP_ERR_PEER_MESSAGE after so many bytes; 0: never */
    bool silent;          /**< says nothing, not even that it is done */
    uint64_t idle_ms;     /**< 0: never idle */
    gasp_err new_err;     /**< what gasp_session_new answers */

    unsigned n_sessions;
    unsigned n_live;
    unsigned n_done;
    unsigned n_pending; /**< batches that were handed over */
    unsigned n_resumed;
    unsigned n_cancelled;
    unsigned n_at_once; /**< batches that were done at once */
    unsigned n_denied;
    uint64_t received; /**< bytes of the peers' runs */
    uint64_t pulled;   /**< bytes given by gasp_session_send */
    char peer[32];     /**< the last one's name */
    uint8_t seed32[32];
    gasp_collection collection;
    gasp_match match;
} test_world;

#define TEST_WALLET(world) ((gasp_wallet *)(void *)(world))

/** Byte number `at` of what an initiator, or a responder, sends. */
uint8_t test_byte(uint64_t at, bool initiator);

#endif
