/** The table of limits: every loop, list, depth, buffer and wait that a peer or a file can influence. What a limit is
 *  stands here and nowhere else; rooms take their values from it, or, where the value is part of an interface, it takes
 *  it from the public header.
 *
 *  Where a limit is kept, code asks gasp_limit(ROW), or gasp_limit_set(ROW, value) when a configuration sets it. That
 *  is the value, and nothing else. Only in a build with GASP_LIMITS_SWITCH it is a call, and the environment variable
 *  GASP_LIMIT_OFF=<name> lifts that one limit: `./dev check` runs each row's test so, and it must fail
 *  (tests/check/limits.py).
 *
 *  A row: identifier; name; value (what is still allowed); unit; for those of a configuration the field; the error that
 *  is answered beyond it; what happens then; the test that fails without it, "room/program: case"; what it bounds, and
 *  why. */
#ifndef GASP_BASE_LIMITS_H
#define GASP_BASE_LIMITS_H

#include "gasp/backup.h"
#include "gasp/beef.h"
#include "gasp/bump.h"
#include "gasp/json.h"
#include "gasp/kv.h"
#include "gasp/limits.h"
#include "gasp/record.h"
#include "gasp/tx.h"

/* clang-format off */

/** Set by a configuration; the values are defaults. */
#define GASP_LIMITS_SET(ROW)                                                                                           \
    ROW(MAX_FRAME, "max_frame", 65536, "bytes", "gasp_session_limits.max_frame",                                       \
        GASP_ERR_PEER_FRAME, "the session ends", "session/hostile: frames",                                            \
        "Payload of one frame: what is read before anything can be judged.")                                           \
    ROW(MAX_MESSAGE, "max_message", 32 * 1024 * 1024, "bytes", "gasp_session_limits.max_message",                      \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/hostile: frames",                                            \
        "One message over all its frames: it stands in memory whole, with what is decoded from it.")                   \
    ROW(MAX_WANTS, "max_wants", 4096, "wants", "gasp_session_limits.max_wants",                                        \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/hostile_graphs: too_many_wants",                             \
        "References that a peer has open here, each of which is remembered.")                                          \
    ROW(CREDIT_ROOTS, "credit_roots", 4096, "roots", "gasp_session_limits.credit_roots",                               \
        GASP_ERR_PEER_CREDIT, "the session ends", "session/hostile_graphs: credit_exceeded",                           \
        "Roots that have no verdict yet: graphs that are followed side by side.")                                      \
    ROW(CREDIT_BYTES, "credit_bytes", 16 * 1024 * 1024, "bytes", "gasp_session_limits.credit_bytes",                   \
        GASP_ERR_PEER_CREDIT, "the session ends", "session/hostile_graphs: credit_exceeded",                           \
        "INVs of those roots. One root may come alone whatever its length.")                                           \
    ROW(MAX_NODES, "max_nodes", 65536, "transactions", "gasp_session_limits.max_nodes",                                \
        GASP_ERR_VERIFY_POLICY, "that root is refused", "wallet/stage_room: nodes_are_limited",                        \
        "Transactions staged at one time, those that are waited for included: width and depth of all graphs "          \
        "together.")                                                                                                   \
    ROW(MAX_STAGE_BYTES, "max_stage_bytes", 64 * 1024 * 1024, "bytes", "gasp_session_limits.max_stage_bytes",          \
        GASP_ERR_VERIFY_POLICY, "that root is refused", "wallet/stage_room: bytes_are_limited",                        \
        "Staged transactions, paths and entries, and room kept for answers that are open.")                            \
    ROW(MAX_ROOTS, "max_roots", 16777216, "roots", "gasp_session_limits.max_roots",                                    \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/limits: max_roots",                                          \
        "Roots in one turn, and SPENDs in one turn: each takes a place in a table until its verdict.")                 \
    ROW(MAX_ITEMS, "max_items", 16777216, "items", "gasp_session_limits.max_items",                                    \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/limits: max_items",                                          \
        "Items that a peer says it holds, hence the parts of its filter, and outputs that it offers in a turn.")       \
    ROW(SERVE_BYTES, "serve_bytes", UINT64_C(4) * 1024 * 1024 * 1024, "bytes", "gasp_session_limits.serve_bytes",      \
        GASP_OK, "ABSENT, reason limit", "session/bounds: bytes_served",                                               \
        "Answers to WANT in one turn.")                                                                                \
    ROW(SERVE_REPEATS, "serve_repeats", 3, "times", "gasp_session_limits.serve_repeats",                               \
        GASP_OK, "ABSENT, reason limit", "session/bounds: metadata_a_few_times",                                       \
        "Answers with metadata of one transaction in a turn, and with the same transaction again.")                    \
    ROW(IDLE_MS, "idle_ms", 120000, "ms", "gasp_session_limits.idle_ms",                                               \
        GASP_ERR_PEER_IDLE, "the session ends", "session/hostile: silence",                                            \
        "Silence in both directions while it is the peer's turn to speak.")                                            \
    ROW(CONNECTIONS, "connections", 64, "connections", "gasp_node_config.max_connections",                             \
        GASP_ERR_LIMIT, "the newest is closed", "node/node: cap",                                                      \
        "Peers that came to a listener and are served at one time.")                                                   \
    ROW(CONNECT_MS, "connect_ms", 10000, "ms", "gasp_node_config.connect_ms",                                          \
        GASP_ERR_NET_CONNECT, "there is no connection", "net/connect: clock_runs_out",                                 \
        "Making a connection, its name's look-up included.")

/** The same for everybody. */
#define GASP_LIMITS_FIXED(ROW)                                                                                         \
    ROW(MESSAGE_BEFORE_OPEN, "message_before_open", 65536, "bytes",                                                    \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/bounds: first_message_is_short",                             \
        "A message of a peer that has not been judged: an OPEN is far shorter.")                                       \
    ROW(LOCATOR, "locator", 64, "hashes",                                                                              \
        GASP_ERR_PEER_MESSAGE, "the session ends", "session/limits: locator",                                          \
        "Block hashes in a locator; with doubling steps more than any chain needs.")                                   \
    ROW(SCHEMES, "schemes", 16, "schemes",                                                                             \
        GASP_ERR_PEER_MESSAGE, "the session ends", "session/limits: schemes",                                          \
        "Set schemes that an OPEN proposes.")                                                                          \
    ROW(SKIPS, "skips", 16384, "references",                                                                           \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/message: test_skip_limit",                                   \
        "Items in a SKIP: an exact list, looked up one by one. As many refusals are remembered for a collection.")     \
    ROW(INV_BATCH, "inv_batch", 1024, "INVs or paths",                                                                 \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/bounds: batches_are_small",                                  \
        "INVs in one message, and merkle paths beside them.")                                                          \
    ROW(BATCH_BYTES, "batch_bytes", 262144, "bytes",                                                                   \
        GASP_OK, "the next message has the rest", "session/limits: batch_bytes",                                       \
        "INVs that are put into one message, unless the first alone is longer: what a WANT makes us hold in "          \
        "memory.")                                                                                                     \
    ROW(WANTS_IN_TURN, "wants_in_turn", 1 << 24, "wants",                                                              \
        GASP_ERR_PEER_LIMIT, "the session ends", "session/limits: wants_in_turn",                                      \
        "WANTs in one turn: what a peer costs that asks again and again.")                                             \
    ROW(REPAIRS, "repairs", 3, "rounds",                                                                               \
        GASP_OK, "the round ends partial", "session/limits: repairs",                                                  \
        "Rounds that follow by themselves because an account did not hold.")                                           \
    ROW(EVENTS, "events", 1 << 20, "events",                                                                           \
        GASP_ERR_LIMIT, "the session ends", "session/limits: events",                                                  \
        "Events that the host has not read: it reads them after every call.")                                          \
    ROW(CLAIMS, "claims", 1 << 20, "claims",                                                                           \
        GASP_OK, "the round ends partial", "session/limits: claims",                                                   \
        "Refused or lacking outputs that an account names one by one.")                                                \
    ROW(OWED, "owed", 65536, "spends",                                                                                 \
        GASP_OK, "they come with the next round", "session/limits: owed",                                              \
        "SPENDs that are kept for a peer until its turn.")                                                             \
    ROW(PART_ITEMS, "part_items", 65536, "items",                                                                      \
        GASP_ERR_PEER_FILTER, "the session ends", "set/bloom: refusals",                                               \
        "Items of one part of a filter: bounds what is in memory and sent at once.")                                   \
    ROW(PART_BITS, "part_bits", 8388608, "bits",                                                                       \
        GASP_ERR_PEER_FILTER, "the session ends", "set/bloom: refusals",                                               \
        "Bits of a part: twice what a full part needs at our rate.")                                                   \
    ROW(PART_PROBES, "part_probes", 24, "probes",                                                                      \
        GASP_ERR_PEER_FILTER, "the session ends", "set/bloom: refusals",                                               \
        "Probes of one element: our rate needs 20, each is a cache miss that the peer makes us pay.")                  \
    ROW(ITEMS, "items", 0x7fffffff, "items",                                                                           \
        GASP_ERR_LIMIT, "the session ends", "set/limits: items",                                                       \
        "A set in memory: positions are 32 bits wide.")                                                                \
    ROW(TX_BYTES, "tx_bytes", GASP_TX_MAX, "bytes",                                                                    \
        GASP_ERR_TX_TOO_LARGE, "it is malformed", "chain/tx: too_large",                                               \
        "One transaction. Its inputs and outputs are counted against the bytes that follow before room is made "       \
        "for them.")                                                                                                   \
    ROW(BUMP_LEVELS, "bump_levels", GASP_BUMP_LEVELS_MAX, "levels",                                                    \
        GASP_ERR_BUMP_LEVELS, "it is malformed", "chain/bump: own_invalid",                                            \
        "Levels of a merkle path: offsets are 64 bits wide.")                                                          \
    ROW(BUMP_LEAVES, "bump_leaves", GASP_BUMP_LEAVES_MAX, "leaves",                                                    \
        GASP_ERR_LIMIT, "it is refused", "chain/bump: more_leaves_than_allowed",                                       \
        "Leaves of a merkle path over all its levels.")                                                                \
    ROW(BEEF_TXS, "beef_txs", GASP_BEEF_TXS_MAX, "transactions",                                                       \
        GASP_ERR_LIMIT, "it is refused", "chain/beef: limits",                                                         \
        "Transactions of a BEEF.")                                                                                     \
    ROW(BEEF_BUMPS, "beef_bumps", GASP_BEEF_BUMPS_MAX, "paths",                                                        \
        GASP_ERR_LIMIT, "it is refused", "chain/beef: limits",                                                         \
        "Merkle paths of a BEEF.")                                                                                     \
    ROW(JSON_TEXT, "json_text", GASP_JSON_TEXT_MAX, "bytes",                                                           \
        GASP_ERR_LIMIT, "it is refused", "json/bump_json: too_long",                                                   \
        "Text of a merkle path in JSON: its parser needs many times as much memory.")                                  \
    ROW(JSON_DEPTH, "json_depth", GASP_JSON_DEPTH_MAX, "levels",                                                       \
        GASP_ERR_LIMIT, "it is refused", "json/bump_json: too_deep",                                                   \
        "Brackets inside each other: the parser recurses.")                                                            \
    ROW(ENTRIES, "entries", GASP_ENTRIES_MAX, "entries",                                                               \
        GASP_ERR_LIMIT, "they are refused", "record/join: limits",                                                     \
        "Metadata of a transaction and all its outputs together.")                                                     \
    ROW(ENTRIES_PER_SUBJECT, "entries_per_subject", GASP_ENTRIES_PER_SUBJECT_MAX, "entries",                           \
        GASP_ERR_LIMIT, "they are refused", "record/join: limits",                                                     \
        "Metadata of one author about one output, or about the transaction itself.")                                   \
    ROW(ENTRY_NAME, "entry_name", GASP_ENTRY_NAME_MAX, "bytes",                                                        \
        GASP_ERR_ENTRY_KEY, "it is malformed", "record/entry: make_refuses",                                           \
        "Name of an entry; its length is one byte on the wire.")                                                       \
    ROW(ENTRY_VALUE, "entry_value", GASP_ENTRY_VALUE_MAX, "bytes",                                                     \
        GASP_ERR_ENTRY_VALUE, "it is malformed", "record/entry: make_refuses",                                         \
        "Value of an entry: it stands inline in rows and INVs.")                                                       \
    ROW(SIGHASH_BYTES, "sighash_bytes", 256 * 1024 * 1024, "bytes",                                                    \
        GASP_ERR_VERIFY_POLICY, "that transaction is refused", "spv/verify: sighash_limit",                            \
        "What is hashed to check the scripts of one transaction: in old forms each signature hashes it whole.")        \
    ROW(SIGNATURES, "signatures", 1 << 22, "checks",                                                                   \
        GASP_ERR_LIMIT, "that call fails", "spv/verify: batch_limit",                                                  \
        "Inputs in one batch for the verifier.")                                                                       \
    ROW(WANT_AGAIN, "want_again", 4, "times",                                                                          \
        GASP_ERR_VERIFY_POLICY, "that root is refused", "wallet/stage_room: sizes_that_grow_come_to_an_end",           \
        "Answers for one transaction that did not help: longer than was told, or without room for it.")                \
    ROW(UNREAD_PER_NODE, "unread_per_node", 4, "verdicts",                                                             \
        GASP_ERR_LIMIT, "that call fails", "wallet/limits: unread",                                                    \
        "Verdicts and questions that stand unread, for each of max_nodes.")                                            \
    ROW(COMMIT_ATTEMPTS, "commit_attempts", 16, "times",                                                               \
        GASP_ERR_VERIFY_NO_PARENT, "that root is refused", "wallet/limits: commit_attempts",                           \
        "Commits of one graph that the wallet answered with `again`, because something changed beneath.")              \
    ROW(CHAIN_TRIES, "chain_tries", 8, "tries",                                                                        \
        GASP_OK, "again at the next commit", "wallet/headers_port: a_chain_that_does_not_stand_still",                 \
        "Looks at a host's chain that moves meanwhile, under one call.")                                               \
    ROW(HEADER_BATCH, "header_batch", 2000, "headers",                                                                 \
        GASP_OK, "a further batch", "wallet/limits: header_batch",                                                     \
        "Headers of one import that are written at once: some 800 KiB of rows, and few enough batches that "           \
        "syncing them costs nothing.")                                                                                 \
    ROW(ADD_NODES, "add_nodes", 4 * GASP_BEEF_TXS_MAX, "transactions",                                                 \
        GASP_ERR_VERIFY_POLICY, "that transaction is refused", "wallet/limits: add_nodes",                             \
        "What max_nodes is for a peer, for a file that is imported: its transactions and what is missing beside "      \
        "them.")                                                                                                       \
    ROW(CHAIN_SHIFT, "chain_shift", 100000, "blocks",                                                                  \
        GASP_OK, "all anchors are looked at", "wallet/limits: chain_shift",                                            \
        "Blocks that are followed one by one from the old best chain of a host to its new one.")                       \
    ROW(RIVALS, "rivals", 256, "transactions",                                                                         \
        GASP_ERR_VERIFY_POLICY, "that transaction is refused", "wallet/add_facts: too_many_rivals",                    \
        "Unproven transactions that spend one output and are held as conflict.")                                       \
    ROW(REFUSALS, "refusals", 16384, "refusals",                                                                       \
        GASP_OK, "later ones are not remembered", "wallet/limits: refusals",                                           \
        "Refusals that are remembered for one collection; all of them go into one SKIP.")                              \
    ROW(REFUSAL_RETRY_MS, "refusal_retry_ms", 3600 * 1000, "ms",                                                       \
        GASP_OK, "it is asked for again", "session/remembered: due_after_an_hour",                                         \
        "How long a refusal is believed that stood on another transaction.")                                           \
    ROW(COLLECTIONS, "collections", 1024, "collections",                                                               \
        GASP_ERR_LIMIT, "it is not made", "wallet/limits: collections",                                                \
        "Collections of a wallet: every commit looks each spent output up in all of them.")                            \
    ROW(BATCH_OPS, "batch_ops", GASP_KV_BATCH_OPS_MAX, "rows",                                                         \
        GASP_ERR_LIMIT, "nothing is written", "store/memory: misuse_and_limits",                                       \
        "Rows written at once: all of them are in memory.")                                                            \
    ROW(BATCH_WRITE_BYTES, "batch_write_bytes", GASP_KV_BATCH_MAX, "bytes",                                            \
        GASP_ERR_LIMIT, "nothing is written", "store/memory: misuse_and_limits",                                       \
        "Keys and values written at once, for the same reason.")                                                       \
    ROW(KEY_BYTES, "key_bytes", GASP_KV_KEY_MAX, "bytes",                                                              \
        GASP_ERR_LIMIT, "nothing is written", "store/memory: misuse_and_limits",                                       \
        "Key of a row: indexes hold one for each row in memory.")                                                      \
    ROW(VALUE_BYTES, "value_bytes", GASP_KV_VALUE_MAX, "bytes",                                                        \
        GASP_ERR_LIMIT, "nothing is written", "store/memory: misuse_and_limits",                                       \
        "Value of a row: LevelDB counts the bytes of a block in 32 bits.")                                             \
    ROW(RESTORE_ROWS, "restore_rows", GASP_BACKUP_BATCH_ROWS, "rows",                                                  \
        GASP_OK, "a further batch", "wallet/backup: in_bounded_batches",                                               \
        "Rows of a backup in memory while it is restored.")                                                            \
    ROW(RESTORE_BYTES, "restore_bytes", GASP_BACKUP_BATCH_LEN, "bytes",                                                \
        GASP_OK, "a further batch", "wallet/backup: in_bounded_batches",                                               \
        "Bytes of them.")                                                                                              \
    ROW(STREAM_WRITE, "stream_write", 16 * 1024 * 1024, "bytes",                                                       \
        GASP_ERR_LIMIT, "nothing is written", "net/stream: limits_of_write",                                           \
        "One write to a connection.")                                                                                  \
    ROW(STREAM_QUEUE, "stream_queue", 256 * 1024, "bytes",                                                             \
        GASP_OK, "no more is made until it is below", "node/abrupt: never_reads",                                      \
        "Output that a connection has not taken.")                                                                     \
    ROW(STREAM_GRACE_MS, "stream_grace_ms", 500, "ms",                                                                 \
        GASP_OK, "the connection ends", "net/stream: broken_output_alone",                                             \
        "Wait for last words of a peer that takes nothing any more.")                                                  \
    ROW(CONNECTION_END_MS, "connection_end_ms", 2000, "ms",                                                            \
        GASP_OK, "the connection is closed", "node/abrupt: never_reads",                                               \
        "Wait for a peer to take the last words of a session.")                                                        \
    ROW(CHILD_END_MS, "child_end_ms", 1000, "ms",                                                                      \
        GASP_OK, "SIGTERM", "net/exec: children_are_ended",                                                            \
        "Wait for a command of exec: to end by itself.")                                                               \
    ROW(CHILD_KILL_MS, "child_kill_ms", 2000, "ms",                                                                    \
        GASP_OK, "SIGKILL", "net/exec: children_are_ended",                                                            \
        "Wait for it to obey SIGTERM.")                                                                                \
    ROW(ADDRESS_TEXT, "address_text", 4096, "bytes",                                                                   \
        GASP_ERR_NET_ADDRESS, "it is refused", "net/address: lengths",                                                 \
        "An address, its NUL included; a longer command belongs into a script.")                                       \
    ROW(ADDRESS_HOST, "address_host", 254, "bytes",                                                                    \
        GASP_ERR_NET_ADDRESS, "it is refused", "net/address: lengths",                                                 \
        "A host name, its NUL included (RFC 1035, section 2.3.4).")                                                    \
    ROW(ADDRESS_PATH, "address_path", 108, "bytes",                                                                    \
        GASP_ERR_NET_ADDRESS, "it is refused", "net/address: lengths",                                                 \
        "A socket's path, its NUL included: sun_path of Linux.")

/* clang-format on */

/** Numbers of rows: GASP_LIMIT_ROW_MAX_FRAME and so on. */
enum {
#define GASP_LIMIT_ROW_SET(id, name, value, unit, set, err, beyond, test, bounds) GASP_LIMIT_ROW_##id,
#define GASP_LIMIT_ROW_FIXED(id, name, value, unit, err, beyond, test, bounds) GASP_LIMIT_ROW_##id,
    GASP_LIMITS_SET(GASP_LIMIT_ROW_SET) GASP_LIMITS_FIXED(GASP_LIMIT_ROW_FIXED) GASP_LIMIT_ROWS
};

/** Values of fixed rows as constants, for arrays and for other enums: GASP_LIMIT_EVENTS and so on. */
enum {
#define GASP_LIMIT_VALUE(id, name, value, unit, err, beyond, test, bounds) GASP_LIMIT_##id = (value),
    GASP_LIMITS_FIXED(GASP_LIMIT_VALUE) GASP_LIMIT_VALUES_END = 0
};

/** The value of a row in the table: the default of one that a configuration sets. */
uint64_t gasp_limit_value(int row);

#ifdef GASP_LIMITS_SWITCH
/** value, or so much that nothing reaches it when the row is switched off. What a cast to 32 bits leaves of that is
 *  large, too. */
uint64_t gasp_limit_switched(int row, uint64_t value);
#define gasp_limit(ROW) gasp_limit_switched(GASP_LIMIT_ROW_##ROW, GASP_LIMIT_##ROW)
#define gasp_limit_set(ROW, value) gasp_limit_switched(GASP_LIMIT_ROW_##ROW, (value))
#else
#define gasp_limit(ROW) ((uint64_t)GASP_LIMIT_##ROW)
#define gasp_limit_set(ROW, value) ((uint64_t)(value))
#endif

#endif
