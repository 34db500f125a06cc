/* Rows that others derive: by block, by spent output, entries, collections, members, outputs, changes. Each is compared
 * with what it is derived from; that none is missing is asked from the other side (check_txs.c), or here for outputs. */
#include <string.h>

#include "crypto/hash.h"
#include "record/state.h"
#include "wallet/check.h"
#include "wallet/view.h"

/* ---- b, s, v ------------------------------------------------------------------------------------------------------- */

static gasp_err in_block_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_block_hash block;
    gasp_txid txid;
    bool held;
    if (key.len != 65 || value.len != 0 || gasp_key_read_hash(block.b, key, 1) != GASP_OK ||
        gasp_key_read_hash(txid.b, key, 33) != GASP_OK)
        return gasp_check_say(c, NULL, "row b: a key or value of another length");
    gasp_key proof = gasp_key_proof(&txid, &block);
    gasp_err err = gasp_check_soft(gasp_txn_has(&c->txn, &proof), &held);
    return err == GASP_OK && !held ? gasp_check_say_tx(c, &txid, "row b without its proof") : err;
}

static gasp_err spender_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_outpoint outpoint;
    gasp_txid txid;
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    bool held;
    bool spends = false;
    if (key.len != 1 + GASP_OUTPOINT_LEN + 32 || value.len != 0 ||
        gasp_key_read_outpoint(&outpoint, key, 1) != GASP_OK ||
        gasp_key_read_hash(txid.b, key, 1 + GASP_OUTPOINT_LEN) != GASP_OK)
        return gasp_check_say(c, NULL, "row s: a key or value of another length");
    gasp_err err = gasp_check_soft(gasp_view_tx(&c->txn, &tx, &blob, &txid), &held);
    if (err != GASP_OK)
        return err;
    for (size_t i = 0; held && i < tx->n_in && !spends; i++)
        spends = tx->in[i].prev.vout == outpoint.vout && memcmp(tx->in[i].prev.txid.b, outpoint.txid.b, 32) == 0;
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    return spends ? GASP_OK : gasp_check_say(c, &outpoint, "row s of a transaction that does not spend it");
}

static gasp_err verified_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_txid txid;
    bool held;
    if (key.len != 33 || value.len != 8 || gasp_key_read_hash(txid.b, key, 1) != GASP_OK)
        return gasp_check_say(c, NULL, "row v: a key or value of another length");
    gasp_key raw = gasp_key_raw(&txid);
    gasp_err err = gasp_check_soft(gasp_txn_has(&c->txn, &raw), &held);
    return err == GASP_OK && !held ? gasp_check_say_tx(c, &txid, "row v of a transaction that is not held") : err;
}

/* ---- e ------------------------------------------------------------------------------------------------------------- */

static gasp_err entry_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_entry entry;
    gasp_txid txid;
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    uint8_t hash[32];
    bool held;
    if (gasp_key_read_hash(txid.b, key, 1) != GASP_OK || gasp_row_entry_decode(&entry, key, value) != GASP_OK)
        return gasp_check_say(c, NULL, "entry: a row that cannot be read");
    gasp_sha256_once(hash, entry.value.data, entry.value.len);
    gasp_err err = gasp_check_soft(gasp_view_tx(&c->txn, &tx, &blob, &txid), &held);
    bool fits = held && (!entry.of_output || entry.vout < tx->n_out);
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    if (err == GASP_OK && memcmp(hash, entry.value_hash, sizeof hash) != 0)
        err = gasp_check_say_tx(c, &txid, "an entry whose value has another hash");
    if (err == GASP_OK && !fits)
        err = gasp_check_say_tx(c, &txid, "an entry of something that is not held");
    return err;
}

/* ---- n, m, o ------------------------------------------------------------------------------------------------------- */

static gasp_err collection_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)value;
    return key.len == 33 ? GASP_OK : gasp_check_say(ctx, NULL, "collection: a key of another length");
}

static bool is_collection(const gasp_checking *c, const gasp_collection *id)
{
    for (size_t i = 0; i < c->collections.n; i++)
        if (memcmp(c->collections.list[i].b, id->b, sizeof id->b) == 0)
            return true;
    return false;
}

static gasp_err member_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_collection collection;
    gasp_txid txid;
    bool held;
    if (key.len != 65 || value.len != 0 || gasp_key_read_hash(collection.b, key, 1) != GASP_OK ||
        gasp_key_read_hash(txid.b, key, 33) != GASP_OK)
        return gasp_check_say(c, NULL, "row m: a key or value of another length");
    if (!is_collection(c, &collection))
        return gasp_check_say_tx(c, &txid, "member of a collection that is none");
    gasp_key raw = gasp_key_raw(&txid);
    gasp_err err = gasp_check_soft(gasp_txn_has(&c->txn, &raw), &held);
    return err == GASP_OK && !held ? gasp_check_say_tx(c, &txid, "member, but it is not held") : err;
}

/* The row as it would be written now. *there: its transaction is held, has that output and can be read. */
static gasp_err derive_output(gasp_checking *c, gasp_row_output *out, bool *there, const gasp_outpoint *outpoint)
{
    gasp_row_info info = {0};
    gasp_spenders spenders;
    gasp_tx *tx = NULL;
    gasp_blob *blob = NULL;
    bool known;
    gasp_err err = gasp_view_tx(&c->txn, &tx, &blob, &outpoint->txid);
    if (err == GASP_OK && outpoint->vout >= tx->n_out)
        err = GASP_ABSENT;
    gasp_tx_free(tx);
    gasp_blob_release(blob);
    if (err == GASP_OK)
        err = gasp_txn_info(&c->txn, &info, &outpoint->txid);
    err = gasp_check_soft(err, there);
    if (err != GASP_OK || !*there)
        return err;
    err = gasp_check_soft(gasp_view_spenders(&c->txn, &spenders, outpoint), &known);
    out->spent = known && spenders.n > 0;
    out->contested = info.contested || (known && spenders.n > 1);
    gasp_spenders_clear(&spenders);
    out->unanchored = !info.stands;
    out->time = (uint32_t)gasp_item_time(info.anchored ? &info.anchor : NULL);
    if (err == GASP_OK)
        err = gasp_check_soft(gasp_view_state(&c->txn, &out->state, outpoint, &info), there);
    return err;
}

static gasp_err compare_output(gasp_checking *c, const gasp_outpoint *place, const gasp_row_output *row,
                               const gasp_row_output *want)
{
    gasp_err err = GASP_OK;
    if (row->spent != want->spent)
        err = gasp_check_say(c, place, want->spent ? "output: shown as unspent" : "output: shown as spent");
    if (err == GASP_OK && row->unanchored != want->unanchored)
        err = gasp_check_say(c, place,
                             want->unanchored ? "output: in the spendable view, but its transaction does not stand"
                                              : "output: not in the spendable view, but its transaction stands");
    if (err == GASP_OK && row->contested != want->contested)
        err = gasp_check_say(c, place, want->contested ? "output: shown as uncontested" : "output: shown as contested");
    if (err == GASP_OK && row->time != want->time)
        err = gasp_check_say(c, place, "output: its item has another time");
    if (err == GASP_OK && memcmp(row->state.b, want->state.b, sizeof row->state.b) != 0)
        err = gasp_check_say(c, place, "output: another state hash");
    return err;
}

static gasp_err output_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_collection collection;
    gasp_outpoint outpoint;
    gasp_row_output row;
    gasp_row_output want = {0};
    bool there;
    if (key.len != 33 + GASP_OUTPOINT_LEN || gasp_key_read_hash(collection.b, key, 1) != GASP_OK ||
        gasp_key_read_outpoint(&outpoint, key, 33) != GASP_OK)
        return gasp_check_say(c, NULL, "output: a key of another length");
    c->report->outputs++;
    if (!is_collection(c, &collection))
        return gasp_check_say(c, &outpoint, "output: of a collection that is none");
    if (gasp_row_output_decode(&row, value) != GASP_OK)
        return gasp_check_say(c, &outpoint, "output: a row that cannot be read");
    gasp_err err = derive_output(c, &want, &there, &outpoint);
    if (err != GASP_OK)
        return err;
    if (!there)
        return gasp_check_say(c, &outpoint, "output: of nothing that is held");
    gasp_key member = gasp_key_member(&collection, &outpoint.txid);
    err = gasp_check_soft(gasp_txn_has(&c->txn, &member), &there);
    if (err == GASP_OK && !there)
        err = gasp_check_say(c, &outpoint, "output: its transaction is no member");
    return err == GASP_OK ? compare_output(c, &outpoint, &row, &want) : err;
}

/* ---- c, and what is no row of ours --------------------------------------------------------------------------------- */

typedef struct changing {
    gasp_checking *c;
    uint64_t seq;
    uint64_t wall_ms;
} changing;

static gasp_err change_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    changing *log = ctx;
    gasp_change change;
    gasp_err err = GASP_OK;
    if (gasp_row_change_decode(&change, key, value) != GASP_OK)
        return gasp_check_say(log->c, NULL, "change: a row that cannot be read");
    if (change.seq != log->seq + 1)
        err = gasp_check_say(log->c, &change.outpoint, "change: a number is missing before it");
    if (err == GASP_OK && log->seq > 0 && change.wall_ms <= log->wall_ms)
        err = gasp_check_say(log->c, &change.outpoint, "change: not later than the one before");
    log->seq = change.seq;
    log->wall_ms = change.wall_ms;
    return err;
}

static gasp_err check_changes(gasp_checking *c)
{
    changing log = {.c = c};
    gasp_err err = gasp_check_scan(c, 'c', change_row, &log);
    if (err == GASP_OK && c->stopped == GASP_OK && (log.seq != c->txn.state.seq || log.wall_ms > c->txn.state.wall_ms))
        err = gasp_check_say(c, NULL, "state: the last change is another one");
    return err;
}

static gasp_err single_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)value;
    return key.len == 1 ? GASP_OK : gasp_check_say(ctx, NULL, "a row of no kind that is known");
}

static gasp_err strange_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    (void)key;
    (void)value;
    return gasp_check_say(ctx, NULL, "a row of no kind that is known");
}

/* Rows r, g and y are of the layout, and no version that this library reads wrote any (keys.h). */
static gasp_err check_strange(gasp_checking *c)
{
    static const char known[] = "hHkBtipbsvenmocrgy";
    gasp_err err = gasp_check_scan(c, 'V', single_row, c);
    if (err == GASP_OK)
        err = gasp_check_scan(c, 'S', single_row, c);
    for (int letter = 0; err == GASP_OK && letter < 256; letter++)
        if (letter != 'V' && letter != 'S' && (letter == 0 || strchr(known, letter) == NULL))
            err = gasp_check_scan(c, (char)letter, strange_row, c);
    return err;
}

gasp_err gasp_check_indexes(gasp_checking *c)
{
    static const struct {
        char letter;
        gasp_kv_row row;
    } kinds[] = {{'b', in_block_row},   {'s', spender_row}, {'v', verified_row}, {'e', entry_row},
                 {'n', collection_row}, {'m', member_row},  {'o', output_row}};
    gasp_err err = GASP_OK;
    static const gasp_collection first;
    if (!is_collection(c, &first))
        err = gasp_check_say(c, NULL, "collection: the default one is missing");
    for (size_t i = 0; err == GASP_OK && i < sizeof kinds / sizeof kinds[0]; i++)
        err = gasp_check_scan(c, kinds[i].letter, kinds[i].row, c);
    if (err == GASP_OK)
        err = check_changes(c);
    return err == GASP_OK ? check_strange(c) : err;
}
