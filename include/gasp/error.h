/** What a call can answer: one enum for the whole library, and for each value a class that tells the caller what to do.
 *
 *  0 is success, positive values are answers that are no failure (each function says which it gives), negative values are
 *  errors. Numbers never change and are never used twice; new ones are added at the end of their block.
 */
#ifndef GASP_ERROR_H
#define GASP_ERROR_H

#include <stdint.h>

#if defined(__GNUC__)
#define GASP_API __attribute__((visibility("default"))) /**< part of the public interface */
#define GASP_MUST_CHECK __attribute__((warn_unused_result))
#else
#define GASP_API
#define GASP_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a caller does about an error. */
typedef enum gasp_class {
    GASP_CLASS_NONE = 0,     /**< no error */
    GASP_CLASS_MISUSE = 1,   /**< the call broke its contract: mend the caller */
    GASP_CLASS_RESOURCE = 2, /**< memory or a limit: free something, or try later */
    GASP_CLASS_DECODE = 3,   /**< bytes or text are malformed: drop them, and the peer they came from */
    GASP_CLASS_VERIFY = 4,   /**< well formed but not acceptable: drop that transaction (see gasp_refusal) */
    GASP_CLASS_PEER = 5,     /**< the peer broke the protocol or ended it: drop the session */
    GASP_CLASS_STORE = 6,    /**< the store failed: nothing was changed, reopen or try later */
    GASP_CLASS_INTERNAL = 7, /**< a fault of the library: stop and report it */
    GASP_CLASS_TRANSPORT = 8 /**< the connection or an operating-system resource failed: try again */
} gasp_class;

/** For errors of GASP_CLASS_VERIFY: whether the same transaction can be acceptable later. */
typedef enum gasp_refusal {
    GASP_REFUSAL_NONE = 0,   /**< not a refusal */
    GASP_REFUSAL_FINAL = 1,  /**< never: it breaks a rule of the chain */
    GASP_REFUSAL_POLICY = 2, /**< when this wallet's own limits or abilities change */
    GASP_REFUSAL_TIME = 3,   /**< at a later height or time */
    GASP_REFUSAL_MISSING = 4 /**< when something that it stands on arrives */
} gasp_refusal;

typedef enum gasp_err {
    GASP_OK = 0,
    GASP_ABSENT = 1,  /**< what was looked for is not there */
    GASP_PENDING = 2, /**< the answer comes later, under the ticket that was given */
    GASP_DONE = 3,    /**< nothing more to give */
    GASP_AGAIN = 4,   /**< not now: more input is needed first */

    /* the call itself */
    GASP_ERR_MISUSE = -1,      /**< an argument outside of what the function's documentation allows */
    GASP_ERR_NOMEM = -2,       /**< the allocator gave NULL */
    GASP_ERR_LIMIT = -3,       /**< a named limit would be exceeded */
    GASP_ERR_INTERNAL = -4,    /**< a state that the library's own rules exclude */
    GASP_ERR_UNSUPPORTED = -5, /**< asked for something that this build or version does not have */
    GASP_ERR_PROVEN = -6,      /**< asked to forget a transaction that is proven */

    /* text and bytes in general */
    GASP_ERR_SHORT = -20,          /**< the input ends inside a field */
    GASP_ERR_TRAILING = -21,       /**< bytes are left over after the last field */
    GASP_ERR_COMPACT_SIZE = -22,   /**< a CompactSize that is not in its shortest form */
    GASP_ERR_COUNT = -23,          /**< a count that the rest of the input cannot hold */
    GASP_ERR_TEXT_HEX = -24,       /**< not hex, or of the wrong length */
    GASP_ERR_TEXT_OUTPOINT = -25,  /**< not `<txid>.<vout>` */
    GASP_ERR_TEXT_NUMBER = -26,    /**< not a number, or out of its range */
    GASP_ERR_FORMAT_UNKNOWN = -27, /**< none of the formats that are read here */
    GASP_ERR_JSON = -28,           /**< not JSON, or not of the documented form */
    GASP_ERR_BACKUP_VERSION = -29, /**< a backup of a form or layout that this library does not read */
    GASP_ERR_BACKUP_FORM = -30,    /**< a backup whose rows do not ascend, or contradict its head or end */
    GASP_ERR_BACKUP_HASH = -31,    /**< a backup that was altered: its bytes do not hash to what its end says */

    /* transaction, header */
    GASP_ERR_TX_NO_INPUTS = -40,  /**< a transaction without inputs */
    GASP_ERR_TX_NO_OUTPUTS = -41, /**< a transaction without outputs */
    GASP_ERR_TX_EF_MARKER = -42,  /**< extended form was asked for and its marker 0000000000ef is not there */
    GASP_ERR_TX_VALUE = -43,      /**< an output above 21 million coins, or their sum */
    GASP_ERR_TX_TOO_LARGE = -44,  /**< longer than GASP_TX_MAX bytes */
    GASP_ERR_HEADER_LENGTH = -45, /**< headers are not a multiple of 80 bytes */

    /* BUMP, BRC-74 */
    GASP_ERR_BUMP_LEVELS = -60,        /**< no level, or more than 64 */
    GASP_ERR_BUMP_EMPTY_LEVEL = -61,   /**< level 0 without leaves */
    GASP_ERR_BUMP_FLAGS = -62,         /**< leaf flags other than 0, 1, 2 */
    GASP_ERR_BUMP_OFFSET_RANGE = -63,  /**< an offset that a level of this height cannot have */
    GASP_ERR_BUMP_OFFSET_TWICE = -64,  /**< an offset twice in a level */
    GASP_ERR_BUMP_UNNEEDED = -65,      /**< a leaf above level 0 that no path uses */
    GASP_ERR_BUMP_MISSING = -66,       /**< a sibling is neither given nor computable */
    GASP_ERR_BUMP_CONTRADICTION = -67, /**< a given hash differs from what the leaves below give */
    GASP_ERR_BUMP_HEIGHT = -68,        /**< a block height of 2^32 or more */
    GASP_ERR_BUMP_NOT_SAME = -69,      /**< paths to merge are of different blocks */
    GASP_ERR_BUMP_NO_TXID = -70,       /**< level 0 has no hash */
    GASP_ERR_BUMP_DUPLICATE =
        -71, /**< a duplicate flag where none can be (gasp/bump.h, rule 5), or equal siblings without one */

    /* BEEF, BRC-62, BRC-95, BRC-96 */
    GASP_ERR_BEEF_VERSION = -80,    /**< first four bytes are no version of BEEF */
    GASP_ERR_BEEF_BUMP_INDEX = -81, /**< a transaction names a BUMP that is not there */
    GASP_ERR_BEEF_FORMAT = -82,     /**< a transaction format byte (V2), or a has-BUMP byte (V1), that is not defined */
    GASP_ERR_BEEF_NO_SUBJECT = -83, /**< atomic: the subject transaction is not in it */
    GASP_ERR_BEEF_UNRELATED = -84,  /**< atomic: a transaction that is no ancestor of the subject */
    GASP_ERR_BEEF_TXID_ONLY = -85,  /**< a transaction is named by its txid where its bytes are needed */
    GASP_ERR_BEEF_CYCLE = -86,      /**< transactions that are each other's ancestors */

    /* proofs and headers: well formed but not acceptable */
    GASP_ERR_PROOF_NOT_LEAF = -100,        /**< final: the transaction is no leaf of its path */
    GASP_ERR_PROOF_ROOT = -101,            /**< final: the path's root is not the root of the block at its height */
    GASP_ERR_PROOF_NO_HEADER = -102,       /**< missing: no header known at that height */
    GASP_ERR_PROOF_TX_64 = -103,           /**< final: 64 bytes long, which an inner node of a merkle tree is too */
    GASP_ERR_HEADER_LINK = -110,           /**< final: previous-block hash is not the hash of the header before */
    GASP_ERR_HEADER_VERSION = -111,        /**< final: version too low for the height */
    GASP_ERR_HEADER_TIME = -112,           /**< final: time not above the median of the last 11 */
    GASP_ERR_HEADER_FUTURE = -113,         /**< time: more than two hours ahead of our clock */
    GASP_ERR_HEADER_BITS = -114,           /**< final: nBits is not what the difficulty rules demand */
    GASP_ERR_HEADER_TARGET = -115,         /**< final: nBits is no target of this network */
    GASP_ERR_HEADER_HASH = -116,           /**< final: hash above target */
    GASP_ERR_HEADER_PIN = -117,            /**< final: not the pinned or checkpointed header at that height */
    GASP_ERR_HEADER_UNKNOWN_PARENT = -118, /**< missing: the header before is not known */
    GASP_ERR_HEADER_RUN_SHORT = -119,      /**< missing: a start in the middle needs more headers before the pin */

    /* one transaction: well formed but not acceptable */
    GASP_ERR_VERIFY_TXID = -130,        /**< final: bytes do not hash to the txid that was asked for */
    GASP_ERR_VERIFY_SCRIPT = -131,      /**< final: a script does not pass */
    GASP_ERR_VERIFY_DEFERRED = -132,    /**< policy: a script of a kind that this version does not check */
    GASP_ERR_VERIFY_AMOUNT = -133,      /**< final: outputs exceed inputs, or a value is out of range */
    GASP_ERR_VERIFY_NO_OUTPOINT = -134, /**< final: an input names an output that its source does not have */
    GASP_ERR_VERIFY_INPUT_TWICE = -135, /**< final: two inputs spend one output */
    GASP_ERR_VERIFY_COINBASE = -136,    /**< final: an unproven coinbase, or a null outpoint among inputs */
    GASP_ERR_VERIFY_PARENT = -137,      /**< as the parent: a transaction it spends from was refused */
    GASP_ERR_VERIFY_NO_PARENT = -138,   /**< missing: a transaction it spends from was not given */
    GASP_ERR_VERIFY_CYCLE = -139,       /**< final: it is its own ancestor */
    GASP_ERR_VERIFY_SPENT = -140,       /**< final: an input is spent by a proven transaction */
    GASP_ERR_VERIFY_POLICY = -141,      /**< policy: a limit of this wallet */
    GASP_ERR_VERIFY_DECLINED = -142,    /**< policy: the host did not want it */
    GASP_ERR_VERIFY_STATE = -143,       /**< final: entries and proof do not hash to the state that was announced */
    GASP_ERR_VERIFY_NOT_ASKED = -144,   /**< final: neither a root nor wanted */
    GASP_ERR_VERIFY_NO_SPEND = -145,    /**< final: it does not spend the output that it was announced for */
    GASP_ERR_VERIFY_LATER = -146,       /**< time: the host will say later whether it wants it */

    /* metadata */
    GASP_ERR_ENTRY_KEY = -160,    /**< an entry's key is empty, too long, or not UTF-8 */
    GASP_ERR_ENTRY_VALUE = -161,  /**< an entry's value is too long */
    GASP_ERR_ENTRY_FUTURE = -162, /**< time: an entry dated more than ten minutes ahead */
    GASP_ERR_ENTRY_FORM = -163,   /**< an entry with unassigned flags, or entries that do not strictly ascend */

    /* the peer */
    GASP_ERR_PEER_FRAME = -180, /**< a frame longer than allowed, with unassigned flags, or a MORE that does not fit */
    GASP_ERR_PEER_MESSAGE = -181,        /**< a message that cannot be read, or an unknown even one */
    GASP_ERR_PEER_UNEXPECTED = -182,     /**< a message that its state does not allow */
    GASP_ERR_PEER_VERSION = -183,        /**< no protocol version in common */
    GASP_ERR_PEER_NETWORK = -184,        /**< another network */
    GASP_ERR_PEER_NOTHING_COMMON = -185, /**< no scheme or state version in common */
    GASP_ERR_PEER_DENIED = -186,         /**< no such collection, or no right to it: the peer does not say which */
    GASP_ERR_PEER_CREDIT = -187,         /**< more roots than credit was given for */
    GASP_ERR_PEER_LIMIT = -188,          /**< a limit that was announced to the peer */
    GASP_ERR_PEER_FILTER = -189,         /**< a bloom filter outside of its bounds */
    GASP_ERR_PEER_CLOSED = -190,         /**< the connection ended before the round did */
    GASP_ERR_PEER_ERROR = -191,          /**< the peer ended the session with an error of its own */
    GASP_ERR_PEER_IDLE = -192,           /**< nothing came for longer than allowed */
    GASP_ERR_TRACE = -193,               /**< replaying a recorded session gave other bytes, events or questions */

    /* the store */
    GASP_ERR_STORE_IO = -210,      /**< reading or writing failed; see the message */
    GASP_ERR_STORE_LOCKED = -211,  /**< another process holds it */
    GASP_ERR_STORE_LAYOUT = -212,  /**< a layout version that this library does not know */
    GASP_ERR_STORE_CORRUPT = -213, /**< a row that cannot be what was written */
    GASP_ERR_STORE_MISSING = -214, /**< there is no wallet there */
    GASP_ERR_STORE_EXISTS = -215,  /**< there is one already */
    GASP_ERR_STORE_NETWORK = -216, /**< the wallet is of another network */

    /* the transport */
    GASP_ERR_NET_ADDRESS = -230, /**< an address that cannot be read or resolved */
    GASP_ERR_NET_CONNECT = -231, /**< no connection could be made */
    GASP_ERR_NET_LISTEN = -232,  /**< cannot listen there */
    GASP_ERR_NET_IO = -233,      /**< an open connection failed */
    GASP_ERR_NET_REFUSED = -234, /**< not allowed without a flag that says so (an open port, an anonymous peer) */
    GASP_ERR_FILE_OPEN = -235,   /**< a file cannot be opened, read or written */
    GASP_ERR_NET_STOPPED = -236, /**< this node was stopped before the session was done */
    GASP_ERR_NET_TIMEOUT = -237  /**< it was not done within the time that its host gave it */
} gasp_err;

/** Where an error is and what it concerns. Decoders fill it when the caller gives one (NULL: not wanted);
 *  on success it is not touched. */
typedef struct gasp_fault {
    gasp_err err;  /**< the rule that was broken; the same value that the function answers */
    uint64_t at;   /**< offset in bytes from the start of the input that the caller gave */
    uint64_t item; /**< which one, where the format has several (transaction, level, header, row), from 0 */
} gasp_fault;

/** The name of a value as it stands in this header without GASP_ and ERR_, in lower case ("bump_flags"); "unknown" for a
 *  number that is none. Static storage. */
GASP_API const char *gasp_err_name(gasp_err err);

/** One line for people, without a full stop ("leaf flags other than 0, 1, 2"). Static storage. */
GASP_API const char *gasp_err_text(gasp_err err);

/** What to do about it. GASP_CLASS_NONE for 0 and positive values. */
GASP_API gasp_class gasp_err_class(gasp_err err);

/** Whether the same transaction can be acceptable later; GASP_REFUSAL_NONE when err is no refusal. */
GASP_API gasp_refusal gasp_err_refusal(gasp_err err);

/** The name of a class ("misuse", "decode", ...). Static storage. */
GASP_API const char *gasp_class_name(gasp_class cls);

/** The name of a refusal class ("final", "policy", "time", "missing"). Static storage. */
GASP_API const char *gasp_refusal_name(gasp_refusal refusal);

#ifdef __cplusplus
}
#endif
#endif
