/** The kv port: how a wallet keeps things. An ordered map from byte strings to byte strings, with consistent views of
 *  one moment and atomic batches. It knows no rule of a wallet: what the keys mean stands in src/wallet.
 *
 *  A host may give its own store by filling in a gasp_kv. Three come with the library: memory and
 *  overlay (here) and LevelDB (gasp/leveldb.h). One test suite, tests/store/suite.c, says what each of them must do.
 *
 *  Order:   keys are compared as unsigned bytes, a key before every longer one that it begins.
 *  Threads: every function may be called from any thread at any time, except `close`.
 *  Moments: a call sees the store as it was at one moment: that of its snapshot, or with NULL some moment between the
 *           beginning and the end of the call. A write that has returned is seen by every later call.
 *  Calling back: `get` and `scan` call the caller back with no lock held. The callback may call the same store again,
 *           also to write; what it writes is not seen by the call that is running.
 *  Source:  docs/architecture.md, "Ports".
 */
#ifndef GASP_KV_H
#define GASP_KV_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GASP_KV_KEY_MAX = 512,           /**< bytes of a key; 1 at least. Indexes hold a key per row in memory */
    GASP_KV_VALUE_MAX = 1073741824,  /**< bytes of a value, 2^30: LevelDB counts the bytes of a block in 32 bits */
    GASP_KV_BATCH_OPS_MAX = 4194304, /**< ops of a batch, 2^22: all of it is held in memory at once */
    GASP_KV_BATCH_MAX = 2147483647,  /**< bytes of all keys and values of a batch, for the same reason */
    GASP_KV_TEXT_MAX = 512           /**< characters of a message, with its NUL */
};

/** A view of one moment. Opaque; made and released by the store that it belongs to, and never used with another one. */
typedef struct gasp_kv_snapshot gasp_kv_snapshot;

/** What went wrong, for people: one line without a full stop, "" when nothing did. Longer texts are cut. */
typedef struct gasp_kv_text {
    char text[GASP_KV_TEXT_MAX];
} gasp_kv_text;

/** What an op of a batch does. Zero is none of them, so that an op which nobody filled in is refused. */
typedef enum gasp_kv_verb {
    GASP_KV_PUT = 1,   /**< key -> value, whether or not key was there */
    GASP_KV_DELETE = 2 /**< key is not there afterwards, whether or not it was; value is not looked at */
} gasp_kv_verb;

/** One step of a batch. The bytes belong to the caller and are read during the call only. */
typedef struct gasp_kv_op {
    gasp_kv_verb verb;
    gasp_bytes key;   /**< 1..GASP_KV_KEY_MAX bytes */
    gasp_bytes value; /**< 0..GASP_KV_VALUE_MAX bytes; an empty value is a value */
} gasp_kv_op;

/** Called by `get` for a key that is there: index is its place in the caller's array, value is valid only during this
 *  call. Answers GASP_OK to go on and GASP_DONE to stop (`get` then answers GASP_OK). Any other value stops too, and
 *  `get` answers that value. */
typedef gasp_err (*gasp_kv_found)(void *ctx, size_t index, gasp_bytes value);

/** Called by `scan` for a row; key and value are valid only during this call. Answers as gasp_kv_found does. */
typedef gasp_err (*gasp_kv_row)(void *ctx, gasp_bytes key, gasp_bytes value);

/** The port. `user` is given back to each function. Every function is required, except `close`.
 *
 *  Errors that any of the first five may answer:
 *    GASP_ERR_STORE_IO       the store below failed. `write`: the batch is there as a whole or not at all, and a `get`
 *                            tells which; writing it again is right in both cases, as long as nothing else was
 *                            written between. The port stays usable: each later call tries anew (a full disk can be
 *                            made empty). Snapshots of before may be lost: they then answer this error until released
 *    GASP_ERR_STORE_CORRUPT  the store holds bytes that it did not write
 *    GASP_ERR_NOMEM          nothing was changed
 *    GASP_ERR_MISUSE         a NULL where none is allowed, an empty key, an op without a verb
 *    GASP_ERR_LIMIT          one of the limits above; nothing was changed */
typedef struct gasp_kv {
    size_t size; /**< sizeof(gasp_kv), for later growth */
    void *user;

    /** Fixes the present moment. The caller gives *out back to `release`, in any order, before `close`.
     *  Bounds: what a snapshot still sees is not freed by later writes, so one that is kept long costs space. */
    gasp_err (*snapshot)(void *user, gasp_kv_snapshot **out);

    /** Ends a snapshot. NULL is accepted. No call may be using it. */
    void (*release)(void *user, gasp_kv_snapshot *snapshot);

    /** Looks up n keys; calls found(ctx, i, value) in order of i for each key that is there, and nothing for one that
     *  is not (being absent is no error). The same key may stand in several places and is found in each.
     *  snapshot: NULL for the newest state. keys: 1..GASP_KV_KEY_MAX bytes each; n may be 0. */
    gasp_err (*get)(void *user, const gasp_kv_snapshot *snapshot, const gasp_bytes *keys, size_t n, gasp_kv_found found,
                    void *ctx);

    /** Calls row(ctx, key, value) for each row with from <= key < to, in order of keys, or in the opposite order when
     *  reverse is set (the range is the same one). An empty `from` is the beginning, an empty `to` is the end; a range
     *  whose end does not lie behind its beginning holds nothing. Bounds may be as long as a key may.
     *  When the store fails, the rows given so far are right and without a gap between them.
     *  snapshot: NULL for the newest state. */
    gasp_err (*scan)(void *user, const gasp_kv_snapshot *snapshot, gasp_bytes from, gasp_bytes to, bool reverse,
                     gasp_kv_row row, void *ctx);

    /** Does n ops as one: after any failure, of the process or the machine too, all of them are there or none. When
     *  several name one key the last of them counts. n may be 0.
     *  sync: GASP_OK then means that the batch is on the disk, as far as the operating system tells. Without it a batch
     *  outlives the process but perhaps not the machine; a later synced batch does not vouch for earlier unsynced ones.
     *  Batches of several threads are done one after another. */
    gasp_err (*write)(void *user, const gasp_kv_op *ops, size_t n, bool sync);

    /** Copies the text of the newest failure that this store answered to any thread; "" when there was none. With
     *  several threads it may be another one's: it is for people, never for decisions. */
    void (*why)(void *user, gasp_kv_text *out);

    /** Ends the store and frees it, this struct included when the store made it. No other call may be running;
     *  snapshots that are left are released. NULL when there is nothing to end. */
    void (*close)(void *user);
} gasp_kv;

/** Ends a store that one of the library's constructors made. NULL is accepted. */
GASP_API void gasp_kv_close(gasp_kv *kv);

/** A store that lives in memory and ends with the process: for tests, and for hosts that keep nothing.
 *
 *  Gives:   *out on GASP_OK only; the caller ends it with gasp_kv_close. mem must outlive it; NULL is the C heap.
 *  Errors:  GASP_ERR_MISUSE  out is NULL
 *           GASP_ERR_NOMEM
 *  Bounds:  a balanced tree: get and each op of a batch O(log rows), a row of a scan O(1) on average, a snapshot O(1)
 *           in time and space. A row costs about 60 bytes more than its key and value. What a snapshot keeps from being
 *           freed is all that was replaced since, also what it does not see. `sync` means nothing here. Readers do not
 *           wait for a writer. It never answers GASP_ERR_STORE_IO or GASP_ERR_STORE_CORRUPT.
 */
GASP_API gasp_err gasp_kv_memory_new(gasp_kv **out, const gasp_mem *mem) GASP_MUST_CHECK;

/** A store that reads through to another one and keeps its own writes in memory: what would happen, without its
 *  happening. Nothing is ever written below, and what others write there from now on is not seen: the view below is a
 *  snapshot of this moment, held until the overlay is closed.
 *
 *  Shape:   below: any store; it must outlive the overlay, which does not close it.
 *  Gives:   *out on GASP_OK only; the caller ends it with gasp_kv_close. mem must outlive it; NULL is the C heap.
 *  Errors:  GASP_ERR_MISUSE  out or below is NULL, or below was made for another version of gasp_kv
 *           GASP_ERR_NOMEM, and what `below->snapshot` answers
 *  Bounds:  what was written or deleted costs as much memory as in gasp_kv_memory_new, for the overlay's whole life; a
 *           get costs one more look in memory, a scan one more for each row below. `sync` means nothing here. It answers
 *           GASP_ERR_STORE_IO and GASP_ERR_STORE_CORRUPT only where the store below does.
 */
GASP_API gasp_err gasp_kv_overlay_new(gasp_kv **out, const gasp_kv *below, const gasp_mem *mem) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
