/* The one table behind every name, text and class of gasp/error.h. A test compares it with the header. */
#include "gasp/error.h"

#include <stddef.h>

typedef struct row {
    gasp_err err;
    gasp_class cls;
    gasp_refusal refusal;
    const char *name;
    const char *text;
} row;

#define ROW(code, cls, refusal, name, text)                                                                            \
    {                                                                                                                  \
        GASP_##code, GASP_CLASS_##cls, GASP_REFUSAL_##refusal, name, text                                              \
    }

static const row rows[] = {
    ROW(OK, NONE, NONE, "ok", "done"),
    ROW(ABSENT, NONE, NONE, "absent", "what was looked for is not there"),
    ROW(PENDING, NONE, NONE, "pending", "the answer comes later, under the ticket that was given"),
    ROW(DONE, NONE, NONE, "done", "nothing more to give"),
    ROW(AGAIN, NONE, NONE, "again", "not now: more input is needed first"),
    ROW(ERR_MISUSE, MISUSE, NONE, "misuse", "an argument outside of what the function's documentation allows"),
    ROW(ERR_NOMEM, RESOURCE, NONE, "nomem", "the allocator gave NULL"),
    ROW(ERR_LIMIT, RESOURCE, NONE, "limit", "a named limit would be exceeded"),
    ROW(ERR_INTERNAL, INTERNAL, NONE, "internal", "a state that the library's own rules exclude"),
    ROW(ERR_UNSUPPORTED, MISUSE, NONE, "unsupported", "asked for something that this build or version does not have"),
    ROW(ERR_PROVEN, MISUSE, NONE, "proven", "the transaction is proven"),
    ROW(ERR_SHORT, DECODE, NONE, "short", "the input ends inside a field"),
    ROW(ERR_TRAILING, DECODE, NONE, "trailing", "bytes are left over after the last field"),
    ROW(ERR_COMPACT_SIZE, DECODE, NONE, "compact_size", "a CompactSize that is not in its shortest form"),
    ROW(ERR_COUNT, DECODE, NONE, "count", "a count that the rest of the input cannot hold"),
    ROW(ERR_TEXT_HEX, DECODE, NONE, "text_hex", "not hex, or of the wrong length"),
    ROW(ERR_TEXT_OUTPOINT, DECODE, NONE, "text_outpoint", "not `<txid>.<vout>`"),
    ROW(ERR_TEXT_NUMBER, DECODE, NONE, "text_number", "not a number, or out of its range"),
    ROW(ERR_FORMAT_UNKNOWN, DECODE, NONE, "format_unknown", "none of the formats that are read here"),
    ROW(ERR_JSON, DECODE, NONE, "json", "not JSON, or not of the documented form"),
    ROW(ERR_BACKUP_VERSION, DECODE, NONE, "backup_version",
        "a backup of a form or layout that this library does not read"),
    ROW(ERR_BACKUP_FORM, DECODE, NONE, "backup_form",
        "a backup whose rows do not ascend, or contradict its head or end"),
    ROW(ERR_BACKUP_HASH, DECODE, NONE, "backup_hash",
        "a backup that was altered: its bytes do not hash to what its end says"),
    ROW(ERR_TX_NO_INPUTS, DECODE, NONE, "tx_no_inputs", "a transaction without inputs"),
    ROW(ERR_TX_NO_OUTPUTS, DECODE, NONE, "tx_no_outputs", "a transaction without outputs"),
    ROW(ERR_TX_EF_MARKER, DECODE, NONE, "tx_ef_marker",
        "extended form was asked for and its marker 0000000000ef is not there"),
    ROW(ERR_TX_VALUE, DECODE, NONE, "tx_value", "an output above 21 million coins, or their sum"),
    ROW(ERR_TX_TOO_LARGE, DECODE, NONE, "tx_too_large", "longer than GASP_TX_MAX bytes"),
    ROW(ERR_HEADER_LENGTH, DECODE, NONE, "header_length", "headers are not a multiple of 80 bytes"),
    ROW(ERR_BUMP_LEVELS, DECODE, NONE, "bump_levels", "no level, or more than 64"),
    ROW(ERR_BUMP_EMPTY_LEVEL, DECODE, NONE, "bump_empty_level", "level 0 without leaves"),
    ROW(ERR_BUMP_FLAGS, DECODE, NONE, "bump_flags", "leaf flags other than 0, 1, 2"),
    ROW(ERR_BUMP_OFFSET_RANGE, DECODE, NONE, "bump_offset_range", "an offset that a level of this height cannot have"),
    ROW(ERR_BUMP_OFFSET_TWICE, DECODE, NONE, "bump_offset_twice", "an offset twice in a level"),
    ROW(ERR_BUMP_UNNEEDED, DECODE, NONE, "bump_unneeded", "a leaf above level 0 that no path uses"),
    ROW(ERR_BUMP_MISSING, DECODE, NONE, "bump_missing", "a sibling is neither given nor computable"),
    ROW(ERR_BUMP_CONTRADICTION, DECODE, NONE, "bump_contradiction",
        "a given hash differs from what the leaves below give"),
    ROW(ERR_BUMP_HEIGHT, DECODE, NONE, "bump_height", "a block height of 2^32 or more"),
    ROW(ERR_BUMP_NOT_SAME, DECODE, NONE, "bump_not_same", "paths to merge are of different blocks"),
    ROW(ERR_BUMP_NO_TXID, DECODE, NONE, "bump_no_txid", "level 0 has no hash"),
    ROW(ERR_BUMP_DUPLICATE, DECODE, NONE, "bump_duplicate",
        "a duplicate flag where none can be, or equal siblings without one"),
    ROW(ERR_BEEF_VERSION, DECODE, NONE, "beef_version", "first four bytes are no version of BEEF"),
    ROW(ERR_BEEF_BUMP_INDEX, DECODE, NONE, "beef_bump_index", "a transaction names a BUMP that is not there"),
    ROW(ERR_BEEF_FORMAT, DECODE, NONE, "beef_format",
        "a transaction format byte (V2), or a has-BUMP byte (V1), that is not defined"),
    ROW(ERR_BEEF_NO_SUBJECT, DECODE, NONE, "beef_no_subject", "atomic: the subject transaction is not in it"),
    ROW(ERR_BEEF_UNRELATED, DECODE, NONE, "beef_unrelated", "atomic: a transaction that is no ancestor of the subject"),
    ROW(ERR_BEEF_TXID_ONLY, DECODE, NONE, "beef_txid_only",
        "a transaction is named by its txid where its bytes are needed"),
    ROW(ERR_BEEF_CYCLE, DECODE, NONE, "beef_cycle", "transactions that are each other's ancestors"),
    ROW(ERR_PROOF_NOT_LEAF, VERIFY, FINAL, "proof_not_leaf", "the transaction is no leaf of its path"),
    ROW(ERR_PROOF_ROOT, VERIFY, FINAL, "proof_root", "the path's root is not the root of the block at its height"),
    ROW(ERR_PROOF_NO_HEADER, VERIFY, MISSING, "proof_no_header", "no header known at that height"),
    ROW(ERR_PROOF_TX_64, VERIFY, FINAL, "proof_tx_64", "64 bytes long, which an inner node of a merkle tree is too"),
    ROW(ERR_HEADER_LINK, VERIFY, FINAL, "header_link", "previous-block hash is not the hash of the header before"),
    ROW(ERR_HEADER_VERSION, VERIFY, FINAL, "header_version", "version too low for the height"),
    ROW(ERR_HEADER_TIME, VERIFY, FINAL, "header_time", "time not above the median of the last 11"),
    ROW(ERR_HEADER_FUTURE, VERIFY, TIME, "header_future", "more than two hours ahead of our clock"),
    ROW(ERR_HEADER_BITS, VERIFY, FINAL, "header_bits", "nBits is not what the difficulty rules demand"),
    ROW(ERR_HEADER_TARGET, VERIFY, FINAL, "header_target", "nBits is no target of this network"),
    ROW(ERR_HEADER_HASH, VERIFY, FINAL, "header_hash", "hash above target"),
    ROW(ERR_HEADER_PIN, VERIFY, FINAL, "header_pin", "not the pinned or checkpointed header at that height"),
    ROW(ERR_HEADER_UNKNOWN_PARENT, VERIFY, MISSING, "header_unknown_parent", "the header before is not known"),
    ROW(ERR_HEADER_RUN_SHORT, VERIFY, MISSING, "header_run_short",
        "a start in the middle needs more headers before the pin"),
    ROW(ERR_VERIFY_TXID, VERIFY, FINAL, "verify_txid", "bytes do not hash to the txid that was asked for"),
    ROW(ERR_VERIFY_SCRIPT, VERIFY, FINAL, "verify_script", "a script does not pass"),
    ROW(ERR_VERIFY_DEFERRED, VERIFY, POLICY, "verify_deferred", "a script of a kind that this version does not check"),
    ROW(ERR_VERIFY_AMOUNT, VERIFY, FINAL, "verify_amount", "outputs exceed inputs, or a value is out of range"),
    ROW(ERR_VERIFY_NO_OUTPOINT, VERIFY, FINAL, "verify_no_outpoint",
        "an input names an output that its source does not have"),
    ROW(ERR_VERIFY_INPUT_TWICE, VERIFY, FINAL, "verify_input_twice", "two inputs spend one output"),
    ROW(ERR_VERIFY_COINBASE, VERIFY, FINAL, "verify_coinbase", "an unproven coinbase, or a null outpoint among inputs"),
    ROW(ERR_VERIFY_PARENT, VERIFY, FINAL, "verify_parent", "a transaction it spends from was refused"),
    ROW(ERR_VERIFY_NO_PARENT, VERIFY, MISSING, "verify_no_parent", "a transaction it spends from was not given"),
    ROW(ERR_VERIFY_CYCLE, VERIFY, FINAL, "verify_cycle", "it is its own ancestor"),
    ROW(ERR_VERIFY_SPENT, VERIFY, FINAL, "verify_spent", "an input is spent by a proven transaction"),
    ROW(ERR_VERIFY_POLICY, VERIFY, POLICY, "verify_policy", "a limit of this wallet"),
    ROW(ERR_VERIFY_DECLINED, VERIFY, POLICY, "verify_declined", "the host did not want it"),
    ROW(ERR_VERIFY_STATE, VERIFY, FINAL, "verify_state",
        "entries and proof do not hash to the state that was announced"),
    ROW(ERR_VERIFY_NOT_ASKED, VERIFY, FINAL, "verify_not_asked", "neither a root nor wanted"),
    ROW(ERR_VERIFY_NO_SPEND, VERIFY, FINAL, "verify_no_spend",
        "it does not spend the output that it was announced for"),
    ROW(ERR_VERIFY_LATER, VERIFY, TIME, "verify_later", "the host will say later whether it wants it"),
    ROW(ERR_ENTRY_KEY, DECODE, NONE, "entry_key", "an entry's key is empty, too long, or not UTF-8"),
    ROW(ERR_ENTRY_VALUE, DECODE, NONE, "entry_value", "an entry's value is too long"),
    ROW(ERR_ENTRY_FUTURE, VERIFY, TIME, "entry_future", "an entry dated more than ten minutes ahead"),
    ROW(ERR_ENTRY_FORM, DECODE, NONE, "entry_form",
        "an entry with unassigned flags, or entries that do not strictly ascend"),
    ROW(ERR_PEER_FRAME, PEER, NONE, "peer_frame",
        "a frame longer than allowed, with unassigned flags, or a MORE that does not fit"),
    ROW(ERR_PEER_MESSAGE, PEER, NONE, "peer_message", "a message that cannot be read, or an unknown even one"),
    ROW(ERR_PEER_UNEXPECTED, PEER, NONE, "peer_unexpected", "a message that its state does not allow"),
    ROW(ERR_PEER_VERSION, PEER, NONE, "peer_version", "no protocol version in common"),
    ROW(ERR_PEER_NETWORK, PEER, NONE, "peer_network", "another network"),
    ROW(ERR_PEER_NOTHING_COMMON, PEER, NONE, "peer_nothing_common", "no scheme or state version in common"),
    ROW(ERR_PEER_DENIED, PEER, NONE, "peer_denied",
        "no such collection, or no right to it: the peer does not say which"),
    ROW(ERR_PEER_CREDIT, PEER, NONE, "peer_credit", "more roots than credit was given for"),
    ROW(ERR_PEER_LIMIT, PEER, NONE, "peer_limit", "a limit that was announced to the peer"),
    ROW(ERR_PEER_FILTER, PEER, NONE, "peer_filter", "a bloom filter outside of its bounds"),
    ROW(ERR_PEER_CLOSED, PEER, NONE, "peer_closed", "the connection ended before the round did"),
    ROW(ERR_PEER_ERROR, PEER, NONE, "peer_error", "the peer ended the session with an error of its own"),
    ROW(ERR_PEER_IDLE, PEER, NONE, "peer_idle", "nothing came for longer than allowed"),
    ROW(ERR_TRACE, VERIFY, FINAL, "trace", "replaying a recorded session gave other bytes, events or questions"),
    ROW(ERR_STORE_IO, STORE, NONE, "store_io", "reading or writing failed; see the message"),
    ROW(ERR_STORE_LOCKED, STORE, NONE, "store_locked", "another process holds it"),
    ROW(ERR_STORE_LAYOUT, STORE, NONE, "store_layout", "a layout version that this library does not know"),
    ROW(ERR_STORE_CORRUPT, STORE, NONE, "store_corrupt", "a row that cannot be what was written"),
    ROW(ERR_STORE_MISSING, STORE, NONE, "store_missing", "there is no wallet there"),
    ROW(ERR_STORE_EXISTS, STORE, NONE, "store_exists", "there is one already"),
    ROW(ERR_STORE_NETWORK, STORE, NONE, "store_network", "the wallet is of another network"),
    ROW(ERR_NET_ADDRESS, TRANSPORT, NONE, "net_address", "an address that cannot be read or resolved"),
    ROW(ERR_NET_CONNECT, TRANSPORT, NONE, "net_connect", "no connection could be made"),
    ROW(ERR_NET_LISTEN, TRANSPORT, NONE, "net_listen", "cannot listen there"),
    ROW(ERR_NET_IO, TRANSPORT, NONE, "net_io", "an open connection failed"),
    ROW(ERR_NET_REFUSED, TRANSPORT, NONE, "net_refused",
        "not allowed without a flag that says so (an open port, an anonymous peer)"),
    ROW(ERR_FILE_OPEN, TRANSPORT, NONE, "file_open", "a file cannot be opened, read or written"),
    ROW(ERR_NET_STOPPED, TRANSPORT, NONE, "net_stopped", "this node was stopped before the session was done"),
    ROW(ERR_NET_TIMEOUT, TRANSPORT, NONE, "net_timeout", "not done within the given time"),
};

static const row *find(gasp_err err)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].err == err)
            return &rows[i];
    return NULL;
}

const char *gasp_err_name(gasp_err err)
{
    const row *found = find(err);
    return found != NULL ? found->name : "unknown";
}

const char *gasp_err_text(gasp_err err)
{
    const row *found = find(err);
    return found != NULL ? found->text : "an error number that this version does not know";
}

gasp_class gasp_err_class(gasp_err err)
{
    const row *found = find(err);
    return found != NULL ? found->cls : GASP_CLASS_NONE;
}

gasp_refusal gasp_err_refusal(gasp_err err)
{
    const row *found = find(err);
    return found != NULL ? found->refusal : GASP_REFUSAL_NONE;
}

const char *gasp_class_name(gasp_class cls)
{
    switch (cls) {
    case GASP_CLASS_NONE:
        return "none";
    case GASP_CLASS_MISUSE:
        return "misuse";
    case GASP_CLASS_RESOURCE:
        return "resource";
    case GASP_CLASS_DECODE:
        return "decode";
    case GASP_CLASS_VERIFY:
        return "verify";
    case GASP_CLASS_PEER:
        return "peer";
    case GASP_CLASS_STORE:
        return "store";
    case GASP_CLASS_INTERNAL:
        return "internal";
    case GASP_CLASS_TRANSPORT:
        return "transport";
    }
    return "unknown";
}

const char *gasp_refusal_name(gasp_refusal refusal)
{
    switch (refusal) {
    case GASP_REFUSAL_NONE:
        return "none";
    case GASP_REFUSAL_FINAL:
        return "final";
    case GASP_REFUSAL_POLICY:
        return "policy";
    case GASP_REFUSAL_TIME:
        return "time";
    case GASP_REFUSAL_MISSING:
        return "missing";
    }
    return "unknown";
}
