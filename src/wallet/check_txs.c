/* Transactions: bytes, what is said of them, proofs. Scripts of every unproven one that stands run again, in this
 * thread; whether one stands is derived anew from what it spends. */
#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "gasp/bump.h"
#include "wallet/check.h"
#include "wallet/headers_port.h"
#include "wallet/standing.h"
#include "wallet/view.h"

/* ---- i against what is held ---------------------------------------------------------------------------------------- */

static gasp_err check_anchor(gasp_checking *c, const gasp_row_info *info, const gasp_txid *txid)
{
    gasp_key key = gasp_key_proof(txid, &info->anchor.block);
    gasp_anchor any;
    gasp_block_hash there;
    gasp_data row = {0};
    gasp_bytes bump;
    uint32_t height = 0;
    uint64_t index = 0;
    bool held;
    gasp_err err;
    if (!info->anchored) {
        err = gasp_check_soft(gasp_standing_anchor(&c->txn, &any, txid), &held);
        return err == GASP_OK && held ? gasp_check_say_tx(c, txid, "unproven, though a proof in the best chain is held")
                                      : err;
    }
    err = gasp_txn_get(&c->txn, &row, &key);
    if (err == GASP_OK)
        err = gasp_row_proof_decode(&height, &index, &bump, (gasp_bytes){row.data, row.len});
    err = gasp_check_soft(err, &held);
    gasp_data_clear(&row);
    if (err == GASP_OK && (!held || height != info->anchor.height || index != info->anchor.index))
        err = gasp_check_say_tx(c, txid, "anchored where no held proof puts it");
    if (err == GASP_OK)
        err = gasp_check_soft(gasp_standing_anchor(&c->txn, &any, txid), &held);
    if (err == GASP_OK && held && any.height < info->anchor.height)
        err = gasp_check_say_tx(c, txid, "anchored above another held proof in the best chain");
    if (err == GASP_OK)
        err = gasp_check_soft(gasp_chain_settled_at(&c->txn, &there, info->anchor.height), &held);
    if (err == GASP_OK && (!held || memcmp(there.b, info->anchor.block.b, sizeof there.b) != 0))
        err = gasp_check_say_tx(c, txid, "anchored in a block that is not in the best chain");
    return err == GASP_OK && !info->stands ? gasp_check_say_tx(c, txid, "anchored, but it does not stand") : err;
}

static gasp_err check_standing(gasp_checking *c, const gasp_row_info *info, const gasp_tx *tx)
{
    bool could = false;
    gasp_err verdict = GASP_OK;
    const gasp_mem *mem = c->txn.wallet->mem;
    gasp_source *sources = gasp_mem_zalloc_array(mem, tx->n_in, sizeof *sources);
    if (sources == NULL)
        return GASP_ERR_NOMEM;
    gasp_err err = gasp_standing_sources(&c->txn, &could, sources, tx);
    if (err == GASP_ERR_STORE_CORRUPT) {
        could = false; /* what is wrong with the source is said at its own row */
        err = GASP_OK;
    }
    if (err == GASP_OK && could) {
        c->report->scripts += tx->n_in;
        err = gasp_standing_verify(&c->txn, &verdict, sources, tx);
    }
    gasp_standing_release(sources, tx->n_in, mem);
    if (err != GASP_OK)
        return err;
    if (info->stands && !could)
        return gasp_check_say_tx(c, &tx->txid, "stands without all that it spends");
    if (info->stands && verdict != GASP_OK)
        return gasp_check_say_tx(c, &tx->txid, gasp_err_text(verdict));
    if (info->stands || !could || verdict != GASP_OK)
        return GASP_OK;
    return gasp_check_say_tx(c, &tx->txid, "does not stand, though all that it spends does");
}

static gasp_err check_contested(gasp_checking *c, const gasp_row_info *info, const gasp_tx *tx)
{
    bool contested = false;
    bool known;
    if (!info->stands || info->anchored)
        return GASP_OK; /* the row could not say so */
    gasp_err err = gasp_check_soft(gasp_standing_contested(&c->txn, &contested, tx), &known);
    if (err != GASP_OK || !known || contested == info->contested)
        return err;
    return gasp_check_say_tx(
        c, &tx->txid, contested ? "contested, but its row does not say so" : "contested by nothing that is held");
}

/* ---- t ------------------------------------------------------------------------------------------------------------- */

static gasp_err check_spends(gasp_checking *c, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    if (gasp_tx_is_coinbase(tx))
        return GASP_OK; /* spends nothing */
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++) {
        gasp_key key = gasp_key_spender(&tx->in[i].prev, &tx->txid);
        bool there;
        err = gasp_check_soft(gasp_txn_has(&c->txn, &key), &there);
        if (err == GASP_OK && !there)
            err = gasp_check_say_tx(c, &tx->txid, "an input without its row s");
    }
    return err;
}

static gasp_err raw_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_row_info info;
    gasp_txid txid;
    gasp_tx *tx = NULL;
    bool held;
    if (key.len != 33 || gasp_key_read_hash(txid.b, key, 1) != GASP_OK)
        return gasp_check_say(c, NULL, "transaction: a key of another length");
    c->report->transactions++;
    gasp_err err = gasp_tx_decode(&tx, value, c->txn.wallet->mem, NULL);
    if (gasp_err_class(err) == GASP_CLASS_DECODE)
        return gasp_check_say_tx(c, &txid, "its bytes are no transaction");
    if (err != GASP_OK)
        return err;
    if (memcmp(tx->txid.b, txid.b, sizeof txid.b) != 0 || tx->extended) {
        err = gasp_check_say_tx(c, &txid, "its bytes do not hash to its txid");
        goto out;
    }
    err = gasp_check_soft(gasp_txn_info(&c->txn, &info, &txid), &held);
    if (err == GASP_OK && !held)
        err = gasp_check_say_tx(c, &txid, "its row i is missing or cannot be read");
    if (err == GASP_OK && held)
        err = check_anchor(c, &info, &txid);
    if (err == GASP_OK && held && !info.anchored)
        err = check_standing(c, &info, tx);
    if (err == GASP_OK && held)
        err = check_contested(c, &info, tx);
    if (err == GASP_OK)
        err = check_spends(c, tx);
out:
    gasp_tx_free(tx);
    return err;
}

static gasp_err info_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_txid txid;
    bool held;
    (void)value; /* was read with its row t */
    if (key.len != 33 || gasp_key_read_hash(txid.b, key, 1) != GASP_OK)
        return gasp_check_say(c, NULL, "row i: a key of another length");
    gasp_key raw = gasp_key_raw(&txid);
    gasp_err err = gasp_check_soft(gasp_txn_has(&c->txn, &raw), &held);
    return err == GASP_OK && !held ? gasp_check_say_tx(c, &txid, "row i of a transaction that is not held") : err;
}

/* ---- p ------------------------------------------------------------------------------------------------------------- */

static gasp_err check_bump(gasp_checking *c, const gasp_txid *txid, const gasp_block_hash *block, gasp_bytes value)
{
    gasp_merkle_root expected;
    gasp_bump *bump = NULL;
    gasp_bytes bytes;
    uint32_t height;
    uint64_t index;
    uint64_t found;
    bool held;
    if (gasp_row_proof_decode(&height, &index, &bytes, value) != GASP_OK)
        return gasp_check_say_tx(c, txid, "a proof that cannot be read");
    gasp_err err = gasp_bump_decode(&bump, bytes, c->txn.wallet->mem, NULL);
    if (gasp_err_class(err) == GASP_CLASS_DECODE)
        return gasp_check_say_tx(c, txid, "a proof that is no merkle path");
    if (err != GASP_OK)
        return err;
    if (gasp_bump_find(bump, &found, txid) != GASP_OK || found != index || gasp_bump_height(bump) != height) {
        err = gasp_check_say_tx(c, txid, "a proof of something else than its row says");
        goto out;
    }
    err = gasp_check_soft(gasp_chain_root_of(&c->txn, &expected, block), &held);
    if (err != GASP_OK)
        goto out;
    gasp_merkle_root root = gasp_bump_root(bump);
    if (!held && !c->txn.state.hosted) /* a host may have forgotten a stale one */
        err = gasp_check_say_tx(c, txid, "a proof of a block whose header is not held");
    else if (held && memcmp(root.b, expected.b, sizeof root.b) != 0)
        err = gasp_check_say_tx(c, txid, "a proof whose root is not that of its block");
out:
    gasp_bump_free(bump);
    return err;
}

static gasp_err proof_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    gasp_checking *c = ctx;
    gasp_txid txid;
    gasp_block_hash block;
    gasp_data raw;
    bool held;
    if (key.len != 65 || gasp_key_read_hash(txid.b, key, 1) != GASP_OK ||
        gasp_key_read_hash(block.b, key, 33) != GASP_OK)
        return gasp_check_say(c, NULL, "proof: a key of another length");
    c->report->proofs++;
    gasp_key by_txid = gasp_key_raw(&txid);
    gasp_key by_block = gasp_key_in_block(&block, &txid);
    gasp_err err = gasp_check_soft(gasp_txn_get(&c->txn, &raw, &by_txid), &held);
    size_t len = raw.len;
    gasp_data_clear(&raw);
    if (err == GASP_OK && !held)
        err = gasp_check_say_tx(c, &txid, "a proof of a transaction that is not held");
    if (err == GASP_OK && held && len == 64)
        err = gasp_check_say_tx(c, &txid, gasp_err_text(GASP_ERR_PROOF_TX_64));
    if (err == GASP_OK)
        err = gasp_check_soft(gasp_txn_has(&c->txn, &by_block), &held);
    if (err == GASP_OK && !held)
        err = gasp_check_say_tx(c, &txid, "a proof without its row b");
    return err == GASP_OK ? check_bump(c, &txid, &block, value) : err;
}

gasp_err gasp_check_transactions(gasp_checking *c)
{
    gasp_err err = gasp_check_scan(c, 't', raw_row, c);
    if (err == GASP_OK)
        err = gasp_check_scan(c, 'i', info_row, c);
    return err == GASP_OK ? gasp_check_scan(c, 'p', proof_row, c) : err;
}
