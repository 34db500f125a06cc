/* Headers as the host gives them: runs and single trusted ones. A run is taken in
 * batches, each one atomic and under the writer lock, so that what a crash leaves is a shorter run. Work only grows along
 * a run, so asking once a batch which chain is the best gives the same answer as asking after each header. */
#include "wallet/headers.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "spv/work.h"
#include "wallet/headers_port.h"
#include "wallet/reorg.h"

typedef struct importing {
    gasp_wallet *wallet;
    gasp_bytes run;
    size_t n;
    size_t at; /* the next one */
    gasp_header_window window;
    gasp_headers_report report;
    gasp_time now;
} importing;

/* One batch of it. */
typedef struct batch {
    gasp_txn txn;
    gasp_moves moves;
    gasp_headers_report report;
    gasp_block_hash last; /* accepted */
    gasp_work work;       /* of the chain up to it */
    bool any;
} batch;

static bool same(const gasp_block_hash *a, const gasp_block_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* ---- where a run begins -------------------------------------------------------------------------------------------- */

/* A pinned run whose parent is held must agree with it. */
static gasp_err start_pinned(importing *im, gasp_txn *txn, uint32_t height, const gasp_pin *pin, gasp_fault *fault)
{
    const gasp_header_pin inner = {pin->height, pin->hash, pin->work};
    gasp_row_header row;
    gasp_err err = gasp_header_window_start_run(&im->window, height, im->run, &inner, fault);
    if (err != GASP_OK || height == 0)
        return err;
    err = gasp_txn_header(txn, &row, &im->window.last);
    if (err == GASP_ABSENT || (err == GASP_OK && row.trust == GASP_TRUST_DECREE))
        return GASP_OK;
    if (err == GASP_OK && row.height != height - 1)
        err = GASP_ERR_HEADER_LINK;
    else if (err == GASP_OK && gasp_work_compare(&row.work, &im->window.work) != 0)
        err = GASP_ERR_HEADER_PIN;
    if (err != GASP_OK && fault != NULL)
        *fault = (gasp_fault){.err = err};
    return err;
}

static gasp_err start_linked(importing *im, gasp_txn *txn, uint32_t height)
{
    gasp_header header;
    gasp_block_hash hash;
    gasp_row_header row;
    if (height == 0)
        return GASP_OK;
    gasp_header_decode(&header, im->run.data);
    gasp_header_hash(&hash, im->run.data);
    gasp_err err = gasp_txn_header(txn, &row, &hash);
    if (err == GASP_OK && row.trust != GASP_TRUST_DECREE && row.height == height) {
        im->at = 1;
        im->report.known = 1;
        return gasp_chain_window(&im->window, txn, &row, &hash);
    }
    if (err == GASP_OK || err == GASP_ABSENT)
        err = gasp_txn_header(txn, &row, &header.prev);
    if (err == GASP_ABSENT)
        return GASP_ERR_HEADER_UNKNOWN_PARENT;
    if (err == GASP_OK && row.height != height - 1)
        return GASP_ERR_HEADER_LINK;
    return err == GASP_OK ? gasp_chain_window(&im->window, txn, &row, &header.prev) : err;
}

/* What the report says of the tip. */
static gasp_err note_tip(gasp_headers_report *report, gasp_txn *txn)
{
    gasp_row_header row;
    gasp_err err = gasp_txn_header(txn, &row, &txn->state.tip);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_STORE_CORRUPT : err;
    report->tip_height = row.height;
    report->tip = txn->state.tip;
    return GASP_OK;
}

static gasp_err start(importing *im, uint32_t height, const gasp_pin *pin, gasp_fault *fault)
{
    gasp_txn txn;
    gasp_err err = gasp_txn_look(&txn, im->wallet);
    if (err != GASP_OK)
        return err;
    err = note_tip(&im->report, &txn);
    if (err == GASP_OK)
        err = gasp_header_count(&im->n, im->run, fault);
    if (err != GASP_OK || (im->n == 0 && pin == NULL))
        goto out;
    im->report.given = im->n;
    err = gasp_header_window_init(&im->window, im->wallet->network, im->wallet->mem);
    if (err == GASP_OK && pin != NULL) {
        err = start_pinned(im, &txn, height, pin, fault);
    } else if (err == GASP_OK) {
        err = start_linked(im, &txn, height);
        if (err != GASP_OK && fault != NULL)
            *fault = (gasp_fault){.err = err};
    }
out:
    gasp_txn_end(&txn);
    return err;
}

/* ---- one header ---------------------------------------------------------------------------------------------------- */

/* What the rules say of the header to come. One that is held and lacks the headers to be judged again stands as it is. */
static gasp_err judge(importing *im, gasp_header_step *step, const gasp_row_header *held, const uint8_t *raw80)
{
    const gasp_header_window *w = &im->window;
    bool judged = held != NULL && held->trust == GASP_TRUST_RULES;
    if (held != NULL && gasp_header_window_lacks(w) > 0) {
        gasp_block_hash hash;
        gasp_header_hash(&hash, raw80);
        *step = gasp_chain_step(held, &hash);
        return same(&step->header.prev, &w->last) ? GASP_OK : GASP_ERR_HEADER_LINK;
    }
    gasp_err err = gasp_header_window_check(w, step, raw80, judged ? NULL : &im->now);
    if (err == GASP_OK && held != NULL &&
        (held->height != step->height || gasp_work_compare(&held->work, &step->work) != 0))
        return GASP_ERR_HEADER_PIN; /* a pin and the rules, or two pins, contradict each other */
    return err;
}

/* Whether the header's child is in the best chain without it (or with it by decree alone): a gap between two runs closes. */
static gasp_err look_above(batch *b, const gasp_header_step *step, bool decreed, bool *joins)
{
    gasp_row_header child;
    gasp_header header;
    gasp_block_hash hash;
    gasp_work sum;
    *joins = false;
    if (step->height == UINT32_MAX)
        return GASP_OK;
    gasp_err err = gasp_txn_header_at(&b->txn, &child, &hash, step->height + 1);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    gasp_header_decode(&header, child.raw80);
    if (child.trust == GASP_TRUST_DECREE || !same(&header.prev, &step->hash))
        return GASP_OK;
    if (!gasp_work_of_bits(&sum, header.bits) || gasp_work_add(&sum, &sum, &step->work) ||
        gasp_work_compare(&sum, &child.work) != 0)
        return GASP_ERR_HEADER_PIN;
    err = gasp_chain_hash_at(&b->txn, &hash, step->height);
    *joins = err == GASP_ABSENT || (err == GASP_OK && (decreed || !same(&hash, &step->hash)));
    return err == GASP_ABSENT ? GASP_OK : err;
}

/* One that was trusted by decree is from here on judged with its chain. */
static gasp_err end_decree(batch *b, const gasp_row_header *held, const gasp_block_hash *hash)
{
    gasp_block_hash there;
    gasp_err err = gasp_chain_hash_at(&b->txn, &there, held->height);
    if (err == GASP_OK && same(&there, hash))
        err = gasp_chain_put(&b->txn, &b->moves, held->height, NULL);
    if (err == GASP_OK)
        err = gasp_chain_top(&b->txn, &b->txn.state.top, 0);
    return err == GASP_ABSENT ? GASP_OK : err;
}

static gasp_err take(importing *im, batch *b, const uint8_t *raw80)
{
    gasp_row_header row;
    gasp_header_step step;
    gasp_block_hash hash;
    gasp_header_hash(&hash, raw80);
    gasp_err err = gasp_txn_header(&b->txn, &row, &hash);
    if (err != GASP_OK && err != GASP_ABSENT)
        return err;
    bool decreed = err == GASP_OK && row.trust == GASP_TRUST_DECREE;
    bool held = err == GASP_OK && !decreed;
    err = judge(im, &step, held ? &row : NULL, raw80);
    if (err != GASP_OK)
        return err;
    bool news = !held || (row.trust == GASP_TRUST_PIN && !step.linked);
    bool joins = false;
    if (news)
        err = look_above(b, &step, decreed, &joins);
    if (err == GASP_OK && decreed)
        err = end_decree(b, &row, &hash);
    if (err == GASP_OK && news) {
        gasp_key key = gasp_key_header(&hash);
        row = (gasp_row_header){
            .height = step.height, .work = step.work, .trust = step.linked ? GASP_TRUST_PIN : GASP_TRUST_RULES};
        memcpy(row.raw80, raw80, sizeof row.raw80);
        gasp_row bytes = gasp_row_header_encode(&row);
        err = gasp_txn_put_row(&b->txn, &key, &bytes);
    }
    if (err == GASP_OK && joins)
        err = gasp_chain_join(&b->txn, &b->moves, &hash);
    if (err == GASP_OK)
        err = gasp_header_window_push(&im->window, &step);
    if (err != GASP_OK)
        return err;
    b->report.known += news ? 0 : 1;
    b->report.linked += news && step.linked ? 1 : 0;
    b->report.judged += news && !step.linked ? 1 : 0;
    b->last = hash;
    b->work = step.work;
    b->any = true;
    return GASP_OK;
}

/* ---- batches ------------------------------------------------------------------------------------------------------- */

/* Rows k of those headers from number `from` on that are not in the best chain. */
static gasp_err note_beside(const importing *im, batch *b, size_t from)
{
    gasp_err err = GASP_OK;
    for (size_t i = from; err == GASP_OK && i < im->at; i++) {
        gasp_row_header row;
        gasp_block_hash hash;
        gasp_block_hash there;
        gasp_header_hash(&hash, im->run.data + i * GASP_HEADER_LEN);
        err = gasp_txn_header(&b->txn, &row, &hash);
        if (err == GASP_OK)
            err = gasp_chain_hash_at(&b->txn, &there, row.height);
        if (err == GASP_OK && same(&there, &hash))
            continue;
        gasp_key key = gasp_key_beside(row.height, &hash);
        if (err == GASP_OK || err == GASP_ABSENT)
            err = gasp_txn_put(&b->txn, &key, (gasp_bytes){0});
    }
    return err;
}

static gasp_err settle(const importing *im, batch *b, size_t from, gasp_time now)
{
    gasp_row_header tip;
    if (!b->any)
        return GASP_OK;
    gasp_err err = gasp_txn_header(&b->txn, &tip, &b->txn.state.tip);
    if (err == GASP_ABSENT)
        err = GASP_ERR_STORE_CORRUPT;
    if (err == GASP_OK && gasp_work_compare(&b->work, &tip.work) > 0)
        err = gasp_chain_enter(&b->txn, &b->moves, &b->last); /* and with it all of the batch */
    else if (err == GASP_OK)
        err = note_beside(im, b, from);
    if (err == GASP_OK)
        err = gasp_reorg(&b->txn, b->moves.blocks, b->moves.n, now);
    if (err == GASP_OK)
        err = note_tip(&b->report, &b->txn);
    b->report.reorganised = b->report.reorganised || b->moves.reorganised;
    return err;
}

/* Up to as many headers as a batch takes. An error of one is answered after what came before it was written. */
static gasp_err take_batch(importing *im, gasp_fault *fault)
{
    batch b = {.report = im->report};
    gasp_err broken = GASP_OK;
    gasp_lock_take(&im->wallet->writer);
    gasp_err err = gasp_txn_begin(&b.txn, im->wallet);
    if (err == GASP_OK)
        err = gasp_moves_begin(&b.moves, &b.txn);
    size_t from = im->at;
    size_t end = im->n - from < gasp_limit(HEADER_BATCH) ? im->n : from + gasp_limit(HEADER_BATCH);
    while (err == GASP_OK && broken == GASP_OK && im->at < end) {
        gasp_err one = take(im, &b, im->run.data + im->at * GASP_HEADER_LEN);
        if (gasp_err_class(one) == GASP_CLASS_VERIFY)
            broken = one;
        else
            err = one;
        im->at += one == GASP_OK ? 1 : 0;
    }
    if (err == GASP_OK)
        err = settle(im, &b, from, im->now);
    if (err == GASP_OK)
        err = gasp_txn_write(&b.txn);
    if (err == GASP_OK)
        im->report = b.report;
    gasp_moves_clear(&b.moves);
    gasp_txn_end(&b.txn);
    gasp_lock_give(&im->wallet->writer);
    if (err == GASP_OK && broken != GASP_OK && fault != NULL)
        *fault = (gasp_fault){broken, (uint64_t)im->at * GASP_HEADER_LEN, im->at};
    return err == GASP_OK ? broken : err;
}

/* The host keeps the chain: its rules, its rows. */
static gasp_err import_hosted(importing *im, uint32_t height, const gasp_pin *pin, gasp_fault *fault)
{
    const gasp_headers *port = im->wallet->headers;
    gasp_headers_report *report = &im->report;
    gasp_fault own = {0};
    gasp_header_info tip;
    gasp_err err = port->put != NULL ? gasp_header_count(&im->n, im->run, fault) : GASP_ERR_UNSUPPORTED;
    if (err != GASP_OK)
        return err;
    report->given = im->n;
    err = port->put(port->user, &report->judged, im->run.data, im->run.len, height, pin, im->now,
                    fault != NULL ? fault : &own);
    gasp_err settled = gasp_chain_settle(im->wallet, &report->reorganised, im->now);
    if (err == GASP_OK)
        report->known = report->given - report->judged;
    if (port->tip(port->user, &tip) == GASP_OK) {
        report->tip_height = tip.height;
        report->tip = tip.hash;
    }
    return err == GASP_OK ? settled : err;
}

gasp_err gasp_wallet_headers_import(gasp_wallet *wallet, gasp_headers_report *report, const uint8_t *raw,
                                    size_t raw_len, uint32_t height, const gasp_pin *pin, gasp_time now,
                                    gasp_fault *fault)
{
    importing im = {.wallet = wallet, .run = {raw, raw_len}, .now = now};
    if (wallet->headers != NULL) {
        gasp_err answer = import_hosted(&im, height, pin, fault);
        *report = im.report;
        return answer;
    }
    gasp_err err = start(&im, height, pin, fault);
    while (err == GASP_OK && im.at < im.n)
        err = take_batch(&im, fault);
    gasp_header_window_clear(&im.window);
    *report = im.report;
    return err;
}

/* ---- by decree ----------------------------------------------------------------------------------------------------- */

/* Whether a linked chain says something else. GASP_DONE: it is in the best chain at that height already. */
static gasp_err decree_fits(gasp_txn *txn, const gasp_header_step *step)
{
    gasp_row_header row;
    gasp_block_hash hash;
    gasp_header header;
    gasp_err err = gasp_txn_header_at(txn, &row, &hash, step->height);
    if (err == GASP_OK && same(&hash, &step->hash))
        return GASP_DONE;
    if (err == GASP_OK && row.trust != GASP_TRUST_DECREE)
        return GASP_ERR_HEADER_PIN;
    if (err == GASP_OK || err == GASP_ABSENT)
        err = gasp_txn_header(txn, &row, &step->hash);
    if (err == GASP_OK && row.trust != GASP_TRUST_DECREE)
        return GASP_ERR_HEADER_PIN; /* of a branch or another height: rules decide where it stands */
    if (err != GASP_OK && err != GASP_ABSENT)
        return err;
    if (step->height == UINT32_MAX)
        return GASP_OK;
    err = gasp_txn_header_at(txn, &row, &hash, step->height + 1);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    gasp_header_decode(&header, row.raw80);
    return row.trust != GASP_TRUST_DECREE && !same(&header.prev, &step->hash) ? GASP_ERR_HEADER_PIN : GASP_OK;
}

/* A header has one height: what an earlier decree said of it is no longer so. */
static gasp_err leave_height(gasp_txn *txn, gasp_moves *moves, const gasp_block_hash *hash)
{
    gasp_row_header row;
    gasp_block_hash there;
    gasp_err err = gasp_txn_header(txn, &row, hash);
    if (err == GASP_OK)
        err = gasp_chain_hash_at(txn, &there, row.height);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_OK : err;
    return same(&there, hash) ? gasp_chain_put(txn, moves, row.height, NULL) : GASP_OK;
}

static gasp_err decree(gasp_txn *txn, gasp_moves *moves, const gasp_header_step *step, const uint8_t raw80[80],
                       gasp_time now)
{
    gasp_row_header row = {.height = step->height, .trust = GASP_TRUST_DECREE};
    gasp_key key = gasp_key_header(&step->hash);
    memcpy(row.raw80, raw80, sizeof row.raw80);
    gasp_row bytes = gasp_row_header_encode(&row);
    gasp_err err = decree_fits(txn, step);
    if (err == GASP_OK)
        err = leave_height(txn, moves, &step->hash);
    if (err == GASP_OK)
        err = gasp_txn_put_row(txn, &key, &bytes);
    if (err == GASP_OK)
        err = gasp_chain_put(txn, moves, step->height, &step->hash);
    if (err == GASP_OK)
        err = gasp_chain_top(txn, &txn->state.top, 0);
    if (err == GASP_OK && txn->state.top < step->height)
        txn->state.top = step->height;
    if (err == GASP_OK)
        err = gasp_reorg(txn, moves->blocks, moves->n, now);
    return err == GASP_OK ? gasp_txn_write(txn) : err;
}

gasp_err gasp_wallet_headers_trust(gasp_wallet *wallet, const uint8_t raw80[80], uint32_t height, gasp_time now)
{
    gasp_header_step step;
    gasp_txn txn = {0};
    gasp_moves moves = {0};
    if (wallet->headers != NULL)
        return GASP_ERR_UNSUPPORTED;
    gasp_err err = gasp_header_trust(&step, gasp_network_rules_of(wallet->network), height, raw80);
    if (err != GASP_OK)
        return err;
    gasp_lock_take(&wallet->writer);
    err = gasp_txn_begin(&txn, wallet);
    if (err == GASP_OK)
        err = gasp_moves_begin(&moves, &txn);
    if (err == GASP_OK)
        err = decree(&txn, &moves, &step, raw80, now);
    gasp_moves_clear(&moves);
    gasp_txn_end(&txn);
    gasp_lock_give(&wallet->writer);
    return err == GASP_DONE ? GASP_OK : err;
}
