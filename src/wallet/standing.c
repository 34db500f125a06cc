/* Deriving whether transactions stand. Reads only. Nothing stands here by a script that was not run: a transaction that
 * was taken on the word of a block is verified before it stands without one. */
#include "wallet/standing.h"

#include <string.h>

#include "base/mem.h"
#include "record/state.h"
#include "spv/verify.h"
#include "wallet/headers_port.h"
#include "wallet/questions.h"
#include "wallet/view.h"

/* ---- anchors ------------------------------------------------------------------------------------------------------- */

static gasp_err in_chain(gasp_txn *txn, bool *out, uint32_t height, const gasp_block_hash *block)
{
    gasp_block_hash there;
    gasp_err err = gasp_chain_settled_at(txn, &there, height);
    *out = err == GASP_OK && memcmp(there.b, block->b, sizeof there.b) == 0;
    return err == GASP_ABSENT ? GASP_OK : err;
}

typedef struct anchoring {
    gasp_txn *txn;
    gasp_anchor *out;
    bool found;
} anchoring;

static gasp_err proof_row(void *ctx, gasp_bytes key, gasp_bytes value)
{
    anchoring *a = ctx;
    gasp_anchor anchor;
    gasp_bytes bump;
    bool ours = false;
    gasp_err err = gasp_key_read_hash(anchor.block.b, key, 1 + 32);
    if (err == GASP_OK)
        err = gasp_row_proof_decode(&anchor.height, &anchor.index, &bump, value);
    if (err == GASP_OK)
        err = in_chain(a->txn, &ours, anchor.height, &anchor.block);
    if (err == GASP_OK && ours && (!a->found || anchor.height < a->out->height)) {
        *a->out = anchor;
        a->found = true;
    }
    return err;
}

gasp_err gasp_standing_anchor(gasp_txn *txn, gasp_anchor *out, const gasp_txid *txid)
{
    gasp_key prefix = gasp_key_proofs(txid);
    anchoring a = {txn, out, false};
    gasp_err err = gasp_txn_scan(txn, &prefix, proof_row, &a);
    return err == GASP_OK && !a.found ? GASP_ABSENT : err;
}

/* ---- sources ------------------------------------------------------------------------------------------------------- */

static gasp_err source_of(gasp_txn *txn, bool *stands, gasp_source *source, const gasp_txid *spender)
{
    gasp_row_info info;
    gasp_tx *tx = NULL;
    gasp_txid other;
    bool anchored = false;
    *stands = false;
    gasp_err err = gasp_txn_info(txn, &info, &source->outpoint.txid);
    if (err != GASP_OK || !info.stands)
        return err == GASP_ABSENT ? GASP_OK : err;
    err = gasp_view_spender(txn, &other, &anchored, &source->outpoint);
    if (err == GASP_OK && anchored && memcmp(other.b, spender->b, sizeof other.b) != 0)
        return GASP_OK;
    if (err == GASP_OK || err == GASP_ABSENT)
        err = gasp_view_tx(txn, &tx, &source->blob, &source->outpoint.txid);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    if (source->outpoint.vout < tx->n_out) {
        *stands = true;
        source->state = GASP_SOURCE_HELD;
        source->sat = tx->out[source->outpoint.vout].sat;
        source->script = tx->out[source->outpoint.vout].script;
        source->proven = info.anchored;
        source->height = info.anchored ? info.anchor.height : 0;
    }
    gasp_tx_free(tx);
    return GASP_OK;
}

gasp_err gasp_standing_sources(gasp_txn *txn, bool *stands, gasp_source *sources, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    *stands = true;
    for (size_t i = 0; err == GASP_OK && *stands && i < tx->n_in; i++) {
        sources[i].outpoint = tx->in[i].prev;
        sources[i].spender = tx->txid;
        err = source_of(txn, stands, &sources[i], &tx->txid);
    }
    return err;
}

void gasp_standing_release(gasp_source *sources, size_t n, const gasp_mem *mem)
{
    for (size_t i = 0; sources != NULL && i < n; i++)
        gasp_blob_release(sources[i].blob);
    gasp_mem_free(mem, sources);
}

gasp_err gasp_standing_verify(gasp_txn *txn, gasp_err *verdict, const gasp_source *sources, const gasp_tx *tx)
{
    gasp_wallet *wallet = txn->wallet;
    gasp_verify_node node = {.txid = tx->txid, .tx = tx, .sources = sources};
    gasp_verify verify = {
        .nodes = &node, .n_nodes = 1, .spending_height = gasp_chain_height(txn) + 1, .mem = wallet->mem};
    gasp_verify_run *run = NULL;
    size_t input;
    *verdict = gasp_spv_check_form(tx, &input, wallet->mem);
    if (*verdict != GASP_OK)
        return gasp_err_class(*verdict) == GASP_CLASS_RESOURCE ? *verdict : GASP_OK;
    gasp_err err = gasp_wallet_verify(wallet, &run, &verify, NULL, 0);
    if (err != GASP_OK)
        return err;
    gasp_wallet_verify_end(run, &verify);
    *verdict = node.verdict;
    return GASP_OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static gasp_err derive_unproven(gasp_txn *txn, bool *stands, bool verified, const gasp_tx *tx)
{
    gasp_source *sources = gasp_mem_zalloc_array(txn->wallet->mem, tx->n_in, sizeof *sources);
    if (sources == NULL)
        return GASP_ERR_NOMEM;
    gasp_err err = gasp_standing_sources(txn, stands, sources, tx);
    if (err == GASP_OK && *stands && !verified) {
        gasp_err verdict;
        err = gasp_standing_verify(txn, &verdict, sources, tx);
        *stands = err == GASP_OK && verdict == GASP_OK;
    }
    gasp_standing_release(sources, tx->n_in, txn->wallet->mem);
    return err;
}

gasp_err gasp_standing_contested(gasp_txn *txn, bool *contested, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    *contested = false;
    for (size_t i = 0; err == GASP_OK && !*contested && i < tx->n_in; i++) {
        gasp_row_info info = {0};
        err = gasp_txn_info(txn, &info, &tx->in[i].prev.txid);
        if (err == GASP_ABSENT)
            err = GASP_OK;
        if (err != GASP_OK || info.contested) {
            *contested = err == GASP_OK;
            return err;
        }
        err = gasp_view_rivalled(txn, contested, &tx->in[i].prev, &tx->txid);
    }
    return err;
}

gasp_err gasp_standing_derive(gasp_txn *txn, gasp_row_info *out, const gasp_row_info *now, const gasp_tx *tx)
{
    *out = *now;
    gasp_err err = gasp_standing_anchor(txn, &out->anchor, &tx->txid);
    out->anchored = out->stands = err == GASP_OK;
    out->contested = false;
    if (err != GASP_ABSENT)
        return err;
    out->anchor = (gasp_anchor){0};
    err = derive_unproven(txn, &out->stands, now->stands && !now->anchored, tx);
    return err == GASP_OK && out->stands ? gasp_standing_contested(txn, &out->contested, tx) : err;
}
