/* Refusals and what was agreed with peers. Both are small rows that only save work: what is lost or too much of it costs
 * another offer, never an item. Whether a refusal is due is decided when it is asked for, because what it waits for comes
 * without anybody telling it. */
#include "wallet/refusals.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "record/state.h"
#include "set/sort.h"
#include "wallet/headers_port.h"
#include "wallet/inside.h"
#include "wallet/rows.h"
#include "wallet/view.h"

void gasp_note_clear(gasp_note *note)
{
    if (note->mem == NULL)
        return;
    gasp_mem_free(note->mem, note->refused);
    *note = (gasp_note){0};
}

void gasp_skips_clear(gasp_skips *skips)
{
    if (skips->mem == NULL)
        return;
    gasp_mem_free(skips->mem, skips->list);
    *skips = (gasp_skips){0};
}

/* ---- what is due --------------------------------------------------------------------------------------------------- */

static uint32_t policy_now(const gasp_wallet *wallet)
{
    return (uint32_t)GASP_POLICY_BUILTIN << 24 | (wallet->policy & 0xffffff);
}

/* Whether the best chain has a block with that merkle root at that height: a proof that had none there would have one now.
 * Never under the lock, which a host's chain may not be asked under. */
static gasp_err in_chain(gasp_txn *txn, bool *out, uint32_t height, const gasp_merkle_root *wanted)
{
    gasp_merkle_root root;
    gasp_block_hash hash;
    gasp_err err = gasp_chain_block_at(txn, &hash, &root, height);
    *out = err == GASP_OK && memcmp(root.b, wanted->b, sizeof root.b) == 0;
    return err == GASP_ABSENT ? GASP_OK : err;
}

static gasp_err spent_due(gasp_txn *txn, bool *due, const gasp_outpoint *outpoint, const gasp_txid *spender)
{
    gasp_txid now;
    bool anchored;
    gasp_err err = gasp_view_spender(txn, &now, &anchored, outpoint);
    *due = err == GASP_ABSENT || memcmp(now.b, spender->b, sizeof now.b) != 0;
    return err == GASP_ABSENT ? GASP_OK : err;
}

/* Whether a transaction is a member of the collection and stands. What another collection holds is not looked at: what is
 * named in SKIP would tell of it. */
static gasp_err stands_in(gasp_txn *txn, bool *out, const gasp_collection *collection, const gasp_txid *txid)
{
    gasp_row_info info = {0};
    gasp_err err = gasp_view_member(txn, out, &info, collection, txid);
    *out = err == GASP_OK && *out && info.stands;
    return err;
}

static gasp_err missing_due(gasp_txn *txn, bool *due, const gasp_collection *collection, const gasp_row_refusal *row,
                            gasp_time now)
{
    *due = now.wall_ms >= row->noted_ms + gasp_limit(REFUSAL_RETRY_MS);
    if (*due)
        return GASP_OK;
    if (row->err == GASP_ERR_PROOF_NO_HEADER)
        return in_chain(txn, due, row->height, &row->root);
    return stands_in(txn, due, collection, &row->other);
}

/* What fell for another transaction's sake: the item id does not cover that one's state, so that nobody notices when it is
 * proven, a peer has another path of it, or the block of a proven rival leaves the best chain. */
static bool fell_long_ago(const gasp_outpoint *outpoint, const gasp_row_refusal *row, gasp_time now)
{
    bool other = memcmp(row->other.b, outpoint->txid.b, sizeof row->other.b) != 0;
    return (other || row->err == GASP_ERR_VERIFY_SPENT) && now.wall_ms >= row->noted_ms + gasp_limit(REFUSAL_RETRY_MS);
}

/* One that was refused without a proof, and is here with one by now: what was wrong with it does not count any more. */
static gasp_err stands_by_now(gasp_txn *txn, bool *due, const gasp_collection *collection,
                              const gasp_outpoint *outpoint, const gasp_row_refusal *row)
{
    bool by_itself = row->err == GASP_ERR_VERIFY_SCRIPT || row->err == GASP_ERR_VERIFY_DEFERRED ||
                     row->err == GASP_ERR_VERIFY_AMOUNT || row->err == GASP_ERR_VERIFY_POLICY;
    if (!by_itself || row->time != gasp_item_time(NULL))
        return GASP_OK;
    return stands_in(txn, due, collection, &outpoint->txid);
}

/* A path that led elsewhere than to the block at its height is final, unless it was of another branch: then it is due when
 * that branch is the best chain. */
static gasp_err is_due(gasp_txn *txn, bool *due, const gasp_collection *collection, const gasp_outpoint *outpoint,
                       const gasp_row_refusal *row, gasp_time now)
{
    uint32_t top = 0;
    gasp_err err = GASP_OK;
    *due = false;
    if (row->err == GASP_OK)
        return spent_due(txn, due, outpoint, &row->other);
    *due = fell_long_ago(outpoint, row, now);
    if (!*due)
        err = stands_by_now(txn, due, collection, outpoint, row);
    if (*due || err != GASP_OK)
        return err;
    switch (gasp_err_refusal(row->err)) {
    case GASP_REFUSAL_NONE:
    case GASP_REFUSAL_FINAL:
        return row->err == GASP_ERR_PROOF_ROOT ? in_chain(txn, due, row->height, &row->root) : GASP_OK;
    case GASP_REFUSAL_POLICY:
        *due = row->policy != policy_now(txn->wallet);
        return GASP_OK;
    case GASP_REFUSAL_TIME:
        if (row->height > 0)
            err = gasp_chain_height_now(txn, &top);
        *due = (row->height > 0 && top >= row->height) || (row->until_ms > 0 && now.wall_ms >= row->until_ms) ||
               (row->height == 0 && row->until_ms == 0);
        return err;
    case GASP_REFUSAL_MISSING:
        return missing_due(txn, due, collection, row, now);
    }
    return GASP_OK;
}

static bool is_final(const gasp_row_refusal *row)
{
    gasp_refusal refusal = gasp_err_refusal(row->err);
    return refusal == GASP_REFUSAL_FINAL || refusal == GASP_REFUSAL_NONE;
}

/* ---- noting -------------------------------------------------------------------------------------------------------- */

typedef struct counting {
    size_t n;
    size_t max;
} counting;

static gasp_err count_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    counting *c = ctx;
    (void)key;
    (void)value;
    return ++c->n >= c->max ? GASP_DONE : GASP_OK;
}

static gasp_err count_refusals(gasp_txn *txn, size_t *out, const gasp_collection *collection, size_t max)
{
    counting c = {0, max};
    gasp_key prefix = gasp_key_refusals(collection);
    gasp_err err = gasp_txn_scan(txn, &prefix, count_row, &c);
    *out = c.n;
    return err;
}

static void peer_hash(uint8_t out[32], gasp_bytes peer)
{
    gasp_sha256_once(out, peer.data, peer.len);
}

/* Whether any peer's copy of the item would be refused for it: the fault is one of the transaction's own bytes. */
static bool for_everybody(const gasp_refused *r)
{
    static const gasp_err own[] = {GASP_ERR_VERIFY_SCRIPT,      GASP_ERR_VERIFY_DEFERRED,    GASP_ERR_VERIFY_AMOUNT,
                                   GASP_ERR_VERIFY_NO_OUTPOINT, GASP_ERR_VERIFY_INPUT_TWICE, GASP_ERR_VERIFY_COINBASE,
                                   GASP_ERR_PROOF_TX_64};
    bool found = false;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        found = found || r->err == own[i];
    return r->err == GASP_OK || (found && memcmp(r->other.b, r->outpoint.txid.b, sizeof r->other.b) == 0);
}

static gasp_err put_refusal(gasp_txn *txn, const gasp_collection *collection, const gasp_refused *r, gasp_bytes peer,
                            gasp_time now)
{
    uint8_t hash[32] = {0};
    gasp_key key = gasp_key_refusal(collection, &r->outpoint);
    gasp_row_refusal row = {.err = r->err,
                            .policy = policy_now(txn->wallet),
                            .height = r->height,
                            .until_ms = r->until_ms,
                            .noted_ms = now.wall_ms,
                            .time = (uint32_t)r->time,
                            .id = r->id,
                            .other = r->other,
                            .root = r->root};
    if (!for_everybody(r))
        peer_hash(hash, peer);
    memcpy(row.peer16, hash, sizeof row.peer16);
    gasp_row encoded = gasp_row_refusal_encode(&row);
    return gasp_txn_put_row(txn, &key, &encoded);
}

typedef struct settled_keys {
    const gasp_collection *collection;
    gasp_key *list;
    size_t n;
    size_t cap;
    const gasp_mem *mem;
} settled_keys;

/* Row y: peer, collection. */
static gasp_err settled_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    settled_keys *found = ctx;
    gasp_collection collection;
    void *list = found->list;
    (void)value;
    gasp_err err = gasp_key_read_hash(collection.b, key, 1 + 32);
    if (err != GASP_OK || memcmp(collection.b, found->collection->b, sizeof collection.b) != 0)
        return err;
    err = gasp_mem_grow(found->mem, &list, &found->cap, found->n + 1, sizeof *found->list, GASP_TXN_OPS_MAX);
    found->list = list;
    if (err != GASP_OK)
        return err;
    gasp_key *to = &found->list[found->n++];
    memcpy(to->b, key.data, key.len);
    to->len = key.len;
    return GASP_OK;
}

/* Forgets what was settled with whatever peer; a scan must not write. */
static gasp_err drop_settled(gasp_txn *txn, const gasp_collection *collection)
{
    settled_keys found = {.collection = collection, .mem = txn->wallet->mem};
    gasp_key prefix = gasp_key_kind('y');
    gasp_err err = gasp_txn_scan(txn, &prefix, settled_row, &found);
    for (size_t i = 0; err == GASP_OK && i < found.n; i++)
        err = gasp_txn_delete(txn, &found.list[i]);
    gasp_mem_free(found.mem, found.list);
    return err;
}

gasp_err gasp_refusal_drop(gasp_txn *txn, const gasp_collection *collection, const gasp_outpoint *outpoint)
{
    gasp_key key = gasp_key_refusal(collection, outpoint);
    if (!txn->refusals_known) { /* most wallets have none, and then no commit looks for one */
        size_t held;
        gasp_err err = count_refusals(txn, &held, collection, 1);
        if (err != GASP_OK)
            return err;
        txn->refusals_known = true;
        txn->refusals_held = held > 0;
    }
    if (!txn->refusals_held)
        return GASP_OK;
    gasp_err err = gasp_txn_has(txn, &key);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    err = gasp_txn_delete(txn, &key);
    return err == GASP_OK ? drop_settled(txn, collection) : err;
}

static gasp_err put_settled(gasp_txn *txn, const gasp_note *note)
{
    uint8_t hash[32];
    peer_hash(hash, note->peer);
    gasp_key key = gasp_key_peer(hash, &note->collection);
    gasp_row row =
        gasp_row_peer_encode(&(gasp_row_peer){note->mine, note->theirs, policy_now(txn->wallet), note->result});
    return gasp_txn_put_row(txn, &key, &row);
}

gasp_err gasp_wallet_note(gasp_wallet *wallet, const gasp_note *note, gasp_time now)
{
    gasp_txn txn = {0};
    size_t held = 0;
    gasp_lock_take(&wallet->writer);
    gasp_err err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = count_refusals(&txn, &held, &note->collection, gasp_limit(REFUSALS));
    for (size_t i = 0; err == GASP_OK && i < note->n_refused && held < gasp_limit(REFUSALS); i++, held++)
        err = put_refusal(&txn, &note->collection, &note->refused[i], note->peer, now);
    /* With a full memory some may be forgotten, and then nothing would offer them again. */
    if (err == GASP_OK && note->settle && held < gasp_limit(REFUSALS))
        err = put_settled(&txn, note);
    if (err == GASP_OK)
        err = gasp_txn_write(&txn);
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    return err;
}

/* ---- asking -------------------------------------------------------------------------------------------------------- */

typedef struct reading {
    gasp_txn *txn;
    const gasp_collection *collection;
    gasp_skips *out;
    gasp_match match;
    uint8_t peer[32]; /* hash of its name */
    gasp_time now;
    size_t cap;
} reading;

static bool concerns(const gasp_row_refusal *row, const uint8_t peer[32])
{
    static const uint8_t everybody[sizeof row->peer16] = {0};
    return memcmp(row->peer16, everybody, sizeof everybody) == 0 || memcmp(row->peer16, peer, sizeof everybody) == 0;
}

static gasp_err skip_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    reading *in = ctx;
    gasp_skip skip = {0};
    gasp_row_refusal row;
    bool due = false;
    gasp_err err = gasp_key_read_outpoint(&skip.outpoint, key, 1 + 32);
    if (err == GASP_OK)
        err = gasp_row_refusal_decode(&row, value);
    if (err == GASP_OK && !concerns(&row, in->peer))
        return GASP_OK;
    if (err == GASP_OK)
        err = is_due(in->txn, &due, in->collection, &skip.outpoint, &row, in->now);
    if (err != GASP_OK)
        return err;
    if (due || in->out->n == gasp_limit(REFUSALS)) {
        in->out->due++;
        return GASP_OK;
    }
    void *list = in->out->list;
    err = gasp_mem_grow(in->out->mem, &list, &in->cap, in->out->n + 1, sizeof *in->out->list, gasp_limit(REFUSALS));
    in->out->list = list;
    if (err != GASP_OK)
        return err;
    skip.final = is_final(&row);
    skip.spent = row.err == GASP_OK;
    skip.spender = row.other;
    skip.time = row.time;
    skip.id = row.id;
    if (in->match == GASP_MATCH_OUTPOINT) {
        skip.time = 0;
        gasp_item_id_of_outpoint(&skip.id, &skip.outpoint);
    }
    in->out->list[in->out->n++] = skip;
    return GASP_OK;
}

static int order_skips(const void *a, const void *b, const void *user)
{
    const gasp_skip *x = a;
    const gasp_skip *y = b;
    (void)user;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

static gasp_err read_settled(gasp_txn *txn, gasp_skips *out, const gasp_collection *collection, gasp_bytes peer,
                             const gasp_set_summary *mine)
{
    uint8_t hash[32];
    gasp_data value = {0};
    gasp_row_peer row;
    peer_hash(hash, peer);
    gasp_key key = gasp_key_peer(hash, collection);
    gasp_err err = gasp_txn_get(txn, &value, &key);
    if (err == GASP_OK)
        err = gasp_row_peer_decode(&row, (gasp_bytes){value.data, value.len});
    gasp_data_clear(&value);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    out->settled = out->due == 0 && row.policy == policy_now(txn->wallet) && gasp_set_summary_equal(&row.mine, mine);
    gasp_settled_pair(out->pair, &row.mine, &row.theirs);
    out->result = row.result;
    return GASP_OK;
}

gasp_err gasp_wallet_skips(gasp_wallet *wallet, gasp_skips *out, const gasp_collection *collection, gasp_match match,
                           gasp_bytes peer, const gasp_set_summary *mine, gasp_time now)
{
    gasp_txn txn;
    *out = (gasp_skips){.mem = wallet->mem};
    reading in = {.txn = &txn, .collection = collection, .out = out, .match = match, .now = now};
    peer_hash(in.peer, peer);
    gasp_key prefix = gasp_key_refusals(collection);
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = gasp_txn_scan(&txn, &prefix, skip_row, &in);
    if (err == GASP_OK && out->n > 1)
        err = gasp_sort(out->list, out->n, sizeof *out->list, order_skips, NULL, wallet->mem);
    if (err == GASP_OK && match == GASP_MATCH_STATE)
        err = read_settled(&txn, out, collection, peer, mine);
    gasp_txn_end(&txn);
    if (err != GASP_OK)
        gasp_skips_clear(out);
    return err;
}

static void summary_bytes(uint8_t out[56], const gasp_set_summary *summary)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(summary->count >> (8 * i));
    memcpy(out + 8, summary->sum, sizeof summary->sum);
    memcpy(out + 40, summary->fingerprint, sizeof summary->fingerprint);
}

void gasp_settled_pair(uint8_t out[32], const gasp_set_summary *a, const gasp_set_summary *b)
{
    uint8_t pair[2][56];
    gasp_sha256 ctx;
    summary_bytes(pair[0], a);
    summary_bytes(pair[1], b);
    bool in_order = memcmp(pair[0], pair[1], sizeof pair[0]) <= 0;
    gasp_sha256_tagged_init(&ctx, "gasp/settled/1");
    gasp_sha256_update(&ctx, pair[in_order ? 0 : 1], sizeof pair[0]);
    gasp_sha256_update(&ctx, pair[in_order ? 1 : 0], sizeof pair[0]);
    gasp_sha256_final(&ctx, out);
}

/* ---- the host's listing -------------------------------------------------------------------------------------------- */

typedef struct telling {
    gasp_txn *txn;
    const gasp_collection *collection;
    gasp_time now;
    gasp_refusal_visit visit;
    void *ctx;
} telling;

static gasp_err tell_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    const telling *t = ctx;
    gasp_row_refusal row;
    gasp_refusal_info info = {0};
    gasp_err err = gasp_key_read_outpoint(&info.outpoint, key, 1 + 32);
    if (err == GASP_OK)
        err = gasp_row_refusal_decode(&row, value);
    if (err == GASP_OK)
        err = is_due(t->txn, &info.due, t->collection, &info.outpoint, &row, t->now);
    if (err != GASP_OK)
        return err;
    info.err = row.err;
    info.cause = row.other;
    info.height = row.height;
    info.until_ms = row.until_ms;
    info.noted_ms = row.noted_ms;
    return t->visit(t->ctx, &info);
}

gasp_err gasp_wallet_refusals(gasp_wallet *wallet, const gasp_collection *collection, const gasp_outpoint *after,
                              gasp_time now, gasp_refusal_visit visit, void *ctx)
{
    const gasp_kv *kv = wallet->kv;
    gasp_txn txn;
    telling t = {&txn, collection, now, visit, ctx};
    gasp_key prefix = gasp_key_refusals(collection);
    gasp_key from = prefix;
    gasp_key to = gasp_key_after(&prefix);
    if (after != NULL) {
        from = gasp_key_refusal(collection, after);
        from.b[from.len++] = 0; /* the first key that can stand behind it */
    }
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = kv->scan(kv->user, txn.snapshot, gasp_key_view(&from), gasp_key_view(&to), false, tell_row, &t);
    gasp_txn_end(&txn);
    return err;
}
