/* Sessions joined in memory. */
#include "session/pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/reader.h"
#include "chain/tx.h"
#include "gasp/beef.h"
#include "gasp/block.h"
#include "session/frame.h"

void pair_config(gasp_session_config config[2], gasp_wallet *a, gasp_wallet *b)
{
    for (int i = 0; i < 2; i++) {
        gasp_session_config_init(&config[i]);
        config[i].wallet = i == 0 ? a : b;
        config[i].initiator = i == 0;
        memset(config[i].seed32, 17 + i, sizeof config[i].seed32);
    }
}

void pair_start(pair *p, const gasp_session_config config[2])
{
    *p = (pair){.now = {1000, 1700000000000}};
    for (int i = 0; i < 2; i++)
        assert_err(gasp_session_new(&p->side[i].session, &config[i]), GASP_OK);
}

void pair_take_events(pair_side *side)
{
    gasp_event event;
    while (gasp_session_event(side->session, &event) == GASP_OK) {
        side->events = realloc(side->events, (side->n_events + 1) * sizeof event);
        assert_non_null(side->events);
        side->events[side->n_events++] = event;
        if (event.kind == GASP_EVENT_OPENED)
            side->opened = event;
        if (event.kind == GASP_EVENT_CLOSED)
            side->closed = event;
        side->committed += event.kind == GASP_EVENT_COMMITTED;
        side->refused += event.kind == GASP_EVENT_REFUSED;
    }
}

static void deliver(pair *p, int to, const uint8_t *bytes, size_t len)
{
    pair_side *side = &p->side[to];
    size_t piece = p->piece > 0 ? p->piece : len;
    for (size_t at = 0; at < len; at += piece) {
        gasp_err err = gasp_session_recv(side->session, bytes + at, len - at < piece ? len - at : piece, p->now);
        if (side->err == GASP_OK)
            side->err = err;
        pair_take_events(side);
    }
}

/* With a hook messages are taken apart and put together again. */
static void through_hook(pair *p, int from, const uint8_t *bytes, size_t len, gasp_frames_in *frames)
{
    for (size_t at = 0; at < len;) {
        size_t used = 0;
        uint16_t type = 0;
        gasp_blob *message = NULL;
        gasp_err err = gasp_frames_in_take(frames, &used, &type, &message, bytes + at, len - at);
        at += used;
        if (err == GASP_AGAIN)
            continue;
        assert_err(err, GASP_OK);
        gasp_buf changed;
        gasp_buf out;
        gasp_buf_init(&changed, SIZE_MAX, NULL);
        gasp_buf_init(&out, SIZE_MAX, NULL);
        gasp_err verdict = p->hook(p->hook_ctx, from, &type, gasp_blob_view(message), &changed);
        if (verdict != GASP_DONE) {
            gasp_bytes view = verdict == GASP_ABSENT ? gasp_blob_view(message) : gasp_buf_view(&changed);
            assert_err(gasp_frames_out(&out, type, view, 65536), GASP_OK);
            deliver(p, !from, out.data, out.len);
        }
        gasp_buf_clear(&changed);
        gasp_buf_clear(&out);
        gasp_blob_release(message);
    }
}

void pair_step(pair *p)
{
    gasp_frames_in frames[2];
    for (int i = 0; i < 2; i++)
        gasp_frames_in_init(&frames[i], UINT32_MAX, 1u << 30, NULL);
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < 2; i++) {
            const uint8_t *out;
            size_t len;
            p->now.mono_ms++;
            p->now.wall_ms++;
            gasp_err err = gasp_session_send(p->side[i].session, &out, &len, p->now);
            if (p->side[i].err == GASP_OK)
                p->side[i].err = err;
            pair_take_events(&p->side[i]);
            if (len == 0)
                continue;
            moved = true;
            uint8_t *copy = malloc(len);
            assert_non_null(copy);
            memcpy(copy, out, len);
            if (p->hook != NULL)
                through_hook(p, i, copy, len, &frames[i]);
            else
                deliver(p, !i, copy, len);
            free(copy);
        }
    }
    for (int i = 0; i < 2; i++)
        gasp_frames_in_clear(&frames[i]);
}

void pair_run(pair *p)
{
    pair_step(p);
    for (int i = 0; i < 2; i++) { /* an initiator that is done hangs up, and the responder rests no longer */
        if (!gasp_session_done(p->side[!i].session) || gasp_session_done(p->side[i].session))
            continue;
        gasp_err err = gasp_session_closed(p->side[i].session, p->now);
        if (p->side[i].err == GASP_OK && p->side[!i].err == GASP_OK)
            p->side[i].err = err;
    }
    assert_true(gasp_session_done(p->side[0].session) || gasp_session_done(p->side[1].session));
}

void pair_free(pair *p)
{
    for (int i = 0; i < 2; i++) {
        gasp_session_free(p->side[i].session);
        free(p->side[i].events);
    }
}

void pair_assert_complete(const pair *p)
{
    for (int i = 0; i < 2; i++) {
        assert_err(p->side[i].err, GASP_OK);
        assert_true(gasp_session_done(p->side[i].session));
        assert_int_equal(p->side[i].closed.kind, GASP_EVENT_CLOSED);
        assert_int_equal(p->side[i].closed.closed.result, GASP_RESULT_COMPLETE);
        assert_true(p->side[i].closed.closed.equal);
    }
}

const gasp_event *pair_event(const pair_side *side, gasp_event_kind kind, size_t n)
{
    for (size_t i = 0; i < side->n_events; i++)
        if (side->events[i].kind == kind && n-- == 0)
            return &side->events[i];
    return NULL;
}

size_t pair_count(const pair_side *side, gasp_event_kind kind)
{
    size_t n = 0;
    while (pair_event(side, kind, n) != NULL)
        n++;
    return n;
}

gasp_session_stats pair_stats(const pair_side *side)
{
    gasp_session_stats stats;
    gasp_session_count(side->session, &stats);
    return stats;
}

/* ---- wallets ------------------------------------------------------------------------------------------------------- */

test_wallet test_wallet_new(gasp_network network, const gasp_verifier *verifier)
{
    test_wallet w;
    gasp_wallet_config config;
    const gasp_time now = {1, 1600000000000};
    assert_err(gasp_kv_memory_new(&w.kv, NULL), GASP_OK);
    gasp_wallet_config_init(&config);
    config.kv = w.kv;
    config.verifier = verifier;
    memset(config.seed32, 5, sizeof config.seed32);
    assert_err(gasp_wallet_create(&config, network, now), GASP_OK);
    assert_err(gasp_wallet_open(&w.wallet, &config), GASP_OK);
    return w;
}

void test_wallet_free(test_wallet *w)
{
    gasp_wallet_free(w->wallet);
    gasp_kv_close(w->kv);
}

static gasp_err count_committed(void *ctx, const gasp_verdict *verdict)
{
    size_t *committed = ctx;
    *committed += verdict->fate == GASP_FATE_COMMITTED;
    return GASP_OK;
}

gasp_err test_keep_verdict(void *ctx, const gasp_verdict *verdict)
{
    *(gasp_verdict *)ctx = *verdict;
    return GASP_OK;
}

gasp_err test_add(gasp_wallet *w, gasp_bytes bytes, size_t *committed)
{
    gasp_add_config config;
    const gasp_time now = {2, 1600000001000};
    *committed = 0;
    gasp_add_config_init(&config);
    return gasp_wallet_add(w, bytes.data, bytes.len, &config, now, count_committed, committed, NULL);
}

typedef struct listing {
    gasp_buf text;
    size_t n;
} listing;

static gasp_err list_one(void *ctx, const gasp_output *output)
{
    listing *l = ctx;
    if (output->unanchored) /* it is shown, but is no item */
        return GASP_OK;
    l->n++;
    gasp_err err = gasp_buf_append(&l->text, &output->outpoint, sizeof output->outpoint);
    if (err == GASP_OK)
        err = gasp_buf_append(&l->text, output->script.data, output->script.len);
    if (err == GASP_OK)
        err = gasp_buf_append(&l->text, output->state.b, 32);
    return err;
}

static listing list_all(gasp_wallet *w)
{
    const gasp_collection by_default = {{0}};
    listing l = {0};
    gasp_buf_init(&l.text, SIZE_MAX, NULL);
    assert_err(gasp_wallet_outputs(w, &by_default, NULL, false, list_one, &l), GASP_OK);
    return l;
}

void assert_same_outputs(gasp_wallet *a, gasp_wallet *b)
{
    listing x = list_all(a);
    listing y = list_all(b);
    assert_int_equal(x.n, y.n);
    assert_int_equal(x.text.len, y.text.len);
    if (x.text.len > 0)
        assert_memory_equal(x.text.data, y.text.data, x.text.len);
    gasp_buf_clear(&x.text);
    gasp_buf_clear(&y.text);
}

size_t test_output_count(gasp_wallet *w)
{
    listing l = list_all(w);
    gasp_buf_clear(&l.text);
    return l.n;
}

/* ---- blocks -------------------------------------------------------------------------------------------------------- */

static bool is_p2pkh(gasp_bytes script)
{
    return script.len == 25 && memcmp(script.data, "\x76\xa9\x14", 3) == 0 &&
           memcmp(script.data + 23, "\x88\xac", 2) == 0;
}

size_t test_block_index(const test_block *block, const gasp_txid *txid)
{
    size_t i = 0;
    while (i < block->n && memcmp(block->txids[i].b, txid->b, 32) != 0)
        i++;
    return i;
}

static bool stands_in_block(const test_block *block, size_t i)
{
    const gasp_tx *tx = block->txs[i];
    for (size_t k = 0; k < tx->n_in; k++) {
        size_t parent = test_block_index(block, &tx->in[k].prev.txid);
        if (parent == block->n || !is_p2pkh(block->txs[parent]->out[tx->in[k].prev.vout].script))
            return false;
    }
    return true;
}

static bool can_be_spent(const gasp_tx *tx)
{
    for (size_t i = 0; i < tx->n_out; i++)
        if (tx->out[i].script.len < 2 || memcmp(tx->out[i].script.data, "\0\x6a", 2) != 0)
            return true;
    return false;
}

static size_t parent_of(const test_block *block, size_t i, size_t input)
{
    return test_block_index(block, &block->txs[i]->in[input].prev.txid);
}

/* Children stand behind their parents in a block, so one pass from the end finds all that the chosen stand on. */
static void mark_needed(const test_block *block, bool *needed)
{
    for (size_t i = block->n; i-- > 0;)
        for (size_t k = 0; needed[i] && block->unproven[i] && k < block->txs[i]->n_in; k++)
            needed[parent_of(block, i, k)] = true;
}

test_block test_block_load(const char *name, uint32_t height)
{
    test_block block = {.bytes = test_shared_file(name), .height = height};
    gasp_block reader;
    gasp_tx *tx;
    assert_err(gasp_block_open(&reader, block.bytes, NULL), GASP_OK);
    while (gasp_block_next(&reader, &tx, NULL, NULL) == GASP_OK) {
        block.txs = realloc(block.txs, (block.n + 1) * sizeof(gasp_tx *));
        block.txids = realloc(block.txids, (block.n + 1) * sizeof(gasp_txid));
        block.txs[block.n] = tx;
        block.txids[block.n++] = tx->txid;
    }
    block.unproven = calloc(block.n, sizeof(bool));
    block.root = calloc(block.n, sizeof(bool));
    block.needed = calloc(block.n, sizeof(bool));
    bool *parent = calloc(block.n, sizeof(bool));
    size_t *depth = calloc(block.n, sizeof(size_t));
    for (size_t i = 1; i < block.n; i++) {
        block.unproven[i] = stands_in_block(&block, i);
        for (size_t k = 0; block.unproven[i] && k < block.txs[i]->n_in; k++) {
            size_t below = parent_of(&block, i, k);
            parent[below] = true;
            depth[i] = depth[below] + 1 > depth[i] ? depth[below] + 1 : depth[i];
        }
    }
    for (size_t i = 0; i < block.n; i++)
        block.needed[i] = block.root[i] = block.unproven[i] && !parent[i] && can_be_spent(block.txs[i]);
    mark_needed(&block, block.needed);
    for (size_t i = 0; i < block.n; i++) {
        block.n_roots += block.root[i];
        block.n_inner += block.needed[i] && block.unproven[i] && !block.root[i];
        block.n_proven += block.needed[i] && !block.unproven[i];
        block.depth = block.root[i] && depth[i] > block.depth ? depth[i] : block.depth;
    }
    free(depth);
    free(parent);
    return block;
}

void test_block_free(test_block *block)
{
    for (size_t i = 0; i < block->n; i++)
        gasp_tx_free(block->txs[i]);
    free(block->txs);
    free(block->txids);
    free(block->unproven);
    free(block->root);
    free(block->needed);
    test_release(block->bytes);
}

void test_block_trust(const test_block *block, gasp_wallet *wallet)
{
    const gasp_time now = {3, 1600000002000};
    assert_err(gasp_wallet_headers_trust(wallet, block->bytes.data, block->height, now), GASP_OK);
}

gasp_bytes test_block_beef(const test_block *block, size_t parts, size_t from, size_t to)
{
    bool *taken = calloc(block->n, sizeof(bool));
    size_t *selected = calloc(block->n, sizeof(size_t));
    size_t n_selected = 0;
    size_t path = GASP_BEEF_NO_BUMP;
    gasp_beef *beef = NULL;
    size_t place = 0;
    for (size_t i = 0; i < block->n; i++) {
        taken[i] = block->root[i] && place % parts >= from && place % parts < to;
        place += block->root[i];
    }
    mark_needed(block, taken);
    for (size_t i = 0; i < block->n; i++)
        if (taken[i] && !block->unproven[i])
            selected[n_selected++] = i;
    assert_err(gasp_beef_new(&beef, 1, NULL), GASP_OK);
    gasp_bump *bump = NULL;
    assert_err(gasp_bump_from_block(&bump, block->height, block->txids, block->n, selected, n_selected, NULL), GASP_OK);
    assert_err(gasp_beef_add_bump_take(beef, &path, bump), GASP_OK);
    for (size_t i = 0; i < block->n; i++)
        if (taken[i])
            assert_err(gasp_beef_add_tx_view(beef, block->txs[i]->raw, block->unproven[i] ? GASP_BEEF_NO_BUMP : path),
                       GASP_OK);
    assert_err(gasp_beef_canonicalise(beef, NULL), GASP_OK);
    size_t len = 0;
    assert_err(gasp_beef_encode(beef, NULL, 0, &len), GASP_OK);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    assert_err(gasp_beef_encode(beef, bytes, len, &len), GASP_OK);
    gasp_beef_free(beef);
    free(taken);
    free(selected);
    return (gasp_bytes){bytes, len};
}
