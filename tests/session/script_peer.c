/* A peer that speaks by a script. It shares the codec with the session under test, and nothing else of it. */
#include "session/script_peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chain/bump.h"
#include "record/state.h"
#include "session/port.h"
#include "set/bloom.h"

void script_config(gasp_session_config *config, gasp_wallet *wallet, bool initiator)
{
    gasp_session_config_init(config);
    config->wallet = wallet;
    config->initiator = initiator;
    memset(config->seed32, 23, sizeof config->seed32);
}

void script_start(script_peer *p, const gasp_session_config *config)
{
    *p = (script_peer){.now = {1000, 1700000000000}, .batch = 8};
    p->initiator = !config->initiator;
    assert_err(gasp_session_new(&p->side.session, config), GASP_OK);
    p->open = (gasp_open){.version_min = GASP_PROTOCOL_VERSION,
                          .version_max = GASP_PROTOCOL_VERSION,
                          .network = (uint8_t)gasp_wallet_network(config->wallet),
                          .collection = config->collection,
                          .rights = GASP_RIGHT_READ,
                          .max_frame = 65536,
                          .max_message = 1 << 25,
                          .max_wants = 4096,
                          .credit_roots = 1024,
                          .credit_bytes = 1 << 24,
                          .schemes = {GASP_SCHEME_BLOOM},
                          .n_schemes = 1,
                          .match = (uint8_t)config->match,
                          .state_version = GASP_STATE_VERSION,
                          .has_summary = true,
                          .summary = {.count = 1}};
    gasp_frames_in_init(&p->frames, UINT32_MAX, 1u << 30, NULL);
    gasp_buf_init(&p->out, SIZE_MAX, NULL);
}

void script_free(script_peer *p)
{
    gasp_session_free(p->side.session);
    free(p->side.events);
    gasp_frames_in_clear(&p->frames);
    gasp_buf_clear(&p->out);
    free(p->txs);
    free(p->order);
    free(p->sent);
}

/* ---- what it has --------------------------------------------------------------------------------------------------- */

size_t script_add(script_peer *p, const script_tx *tx)
{
    size_t n = p->n_txs + 1;
    p->txs = realloc(p->txs, n * sizeof *p->txs);
    p->order = realloc(p->order, n * sizeof *p->order);
    p->sent = realloc(p->sent, n * sizeof *p->sent);
    assert_true(p->txs != NULL && p->order != NULL && p->sent != NULL);
    p->txs[p->n_txs] = *tx;
    p->sent[p->n_txs] = false;
    if (tx->n_vouts > 0)
        p->order[p->n_order++] = p->n_txs;
    return p->n_txs++;
}

static bool unspendable(gasp_bytes script)
{
    return script.len >= 2 && memcmp(script.data, "\0\x6a", 2) == 0;
}

void script_take_block(script_peer *p, const test_block *block, uint32_t **vouts)
{
    size_t n = 0;
    p->height = block->height;
    p->block = block->txids;
    p->n_block = block->n;
    for (size_t i = 0; i < block->n; i++)
        n += block->root[i] ? block->txs[i]->n_out : 0;
    *vouts = calloc(n + 1, sizeof **vouts);
    assert_non_null(*vouts);
    uint32_t *next = *vouts;
    for (size_t i = 0; i < block->n; i++) {
        script_tx tx = {block->txids[i], block->txs[i]->raw, !block->unproven[i], i, next, 0};
        if (!block->needed[i])
            continue;
        for (size_t v = 0; block->root[i] && v < block->txs[i]->n_out; v++)
            if (!unspendable(block->txs[i]->out[v].script))
                next[tx.n_vouts++] = (uint32_t)v;
        next += tx.n_vouts;
        (void)script_add(p, &tx);
    }
}

size_t script_find(const script_peer *p, const gasp_txid *txid)
{
    for (size_t i = 0; i < p->n_txs; i++)
        if (memcmp(p->txs[i].txid.b, txid->b, 32) == 0)
            return i;
    return SIZE_MAX;
}

/* ---- what it says -------------------------------------------------------------------------------------------------- */

void script_say(script_peer *p, uint16_t type, gasp_bytes message)
{
    assert_err(gasp_frames_out(&p->out, type, message, GASP_FRAME_MIN_MAX), GASP_OK);
}

/* A message built by one of the encoders. */
#define SAY(p, type, w_name, encode)                                                                                   \
    do {                                                                                                               \
        gasp_buf say_buf;                                                                                              \
        gasp_buf_init(&say_buf, SIZE_MAX, NULL);                                                                       \
        gasp_writer w_name = gasp_writer_growing(&say_buf);                                                            \
        encode;                                                                                                        \
        assert_err((w_name).err, GASP_OK);                                                                             \
        script_say((p), (uint16_t)(type), gasp_buf_view(&say_buf));                                                    \
        gasp_buf_clear(&say_buf);                                                                                      \
    } while (0)

void script_say_open(script_peer *p)
{
    SAY(p, GASP_MSG_OPEN, w, gasp_open_encode(&w, &p->open));
}

/* A filter of no items: the peer has nothing. */
void script_say_filter(script_peer *p)
{
    const uint8_t key[GASP_BLOOM_KEY_LEN] = {1, 2, 3};
    gasp_items none;
    gasp_items_init(&none, (gasp_match)p->open.match, 1, NULL);
    assert_err(gasp_items_seal(&none), GASP_OK);
    assert_err(gasp_items_index_outpoints(&none), GASP_OK);
    SAY(p, GASP_MSG_FILTER, w, {
        gasp_write_u8(&w, 1);
        assert_err(gasp_bloom_part_encode(&w, &none, 0, key), GASP_OK);
    });
    gasp_items_clear(&none);
}

void script_say_roots_end(script_peer *p)
{
    const gasp_roots_end end = {.roots = p->n_roots, .outputs = p->n_outputs};
    p->ended = true;
    SAY(p, GASP_MSG_ROOTS_END, w, gasp_roots_end_encode(&w, &end));
}

void script_say_close(script_peer *p, gasp_result result)
{
    const gasp_close close = {.result = (uint8_t)result};
    SAY(p, GASP_MSG_CLOSE, w, gasp_close_encode(&w, &close));
}

void script_inv_message(gasp_buf *out, const script_peer *p, const size_t *which, size_t n, uint8_t flags,
                        const gasp_txid *wanted)
{
    gasp_bump *bump = NULL;
    gasp_inv_batch batch = {.bumps = &bump, .invs = calloc(n + 1, sizeof *batch.invs), .n_invs = n};
    size_t *selected = calloc(n + 1, sizeof *selected);
    size_t n_selected = 0;
    assert_true(batch.invs != NULL && selected != NULL);
    for (size_t i = 0; i < n; i++) {
        const script_tx *tx = &p->txs[which[i]];
        gasp_inv *inv = &batch.invs[i];
        *inv =
            (gasp_inv){.flags = (uint8_t)(flags | GASP_INV_TX), .txid = tx->txid, .wanted = tx->txid, .raw = tx->raw};
        if (wanted != NULL)
            inv->wanted = wanted[i];
        if ((inv->flags & GASP_INV_ROOT) != 0) {
            inv->roots = (uint32_t *)(uintptr_t)tx->vouts;
            inv->n_roots = tx->n_vouts;
        }
        if (tx->proven) {
            inv->flags |= GASP_INV_PROVEN;
            selected[n_selected++] = tx->index;
        }
    }
    if (n_selected > 0) {
        assert_err(gasp_bump_from_block(&bump, p->height, p->block, p->n_block, selected, n_selected, NULL), GASP_OK);
        batch.n_bumps = 1;
        batch.blocks = calloc(1, sizeof *batch.blocks);
        assert_non_null(batch.blocks);
    }
    gasp_buf_init(out, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(out);
    gasp_inv_batch_encode(&w, &batch);
    assert_err(w.err, GASP_OK);
    gasp_bump_free(bump);
    free(batch.blocks);
    free(batch.invs);
    free(selected);
}

void script_say_invs(script_peer *p, const size_t *which, size_t n, uint8_t flags, const gasp_txid *wanted)
{
    gasp_buf message;
    script_inv_message(&message, p, which, n, flags, wanted);
    script_say(p, GASP_MSG_INV, gasp_buf_view(&message));
    gasp_buf_clear(&message);
    for (size_t i = 0; (flags & GASP_INV_ROOT) != 0 && i < n; i++) {
        p->sent[which[i]] = true;
        p->n_roots++;
        p->n_outputs += p->txs[which[i]].n_vouts;
    }
}

static void say_short(script_peer *p, gasp_msg type, const gasp_want *list, size_t n)
{
    if (n == 0)
        return;
    SAY(p, type, w, {
        gasp_write_compact(&w, n);
        for (size_t i = 0; i < n; i++)
            gasp_want_encode(&w, type, &list[i]);
    });
}

/* The next few roots; their end behind the last. */
static void offer(script_peer *p)
{
    size_t which[64];
    size_t n = 0;
    for (; p->next_root < p->n_order && n < p->batch && n < 64; p->next_root++)
        if (!p->sent[p->order[p->next_root]])
            which[n++] = p->order[p->next_root];
    if (n > 0)
        script_say_invs(p, which, n, GASP_INV_ROOT, NULL);
    if (p->next_root == p->n_order && !p->ended)
        script_say_roots_end(p);
}

/* ---- what it hears ------------------------------------------------------------------------------------------------- */

static void on_wants(script_peer *p, gasp_reader *r)
{
    size_t count = gasp_read_count(r, GASP_WANT_LEN);
    gasp_want *lists[2] = {calloc(count + 1, sizeof(gasp_want)), calloc(count + 1, sizeof(gasp_want))};
    size_t n_list[2] = {0, 0};
    assert_true(lists[0] != NULL && lists[1] != NULL);
    for (size_t i = 0; i < count; i++) {
        gasp_want want;
        gasp_want_read(&want, r, GASP_MSG_WANT);
        size_t give = script_find(p, &want.outpoint.txid);
        p->n_wants++;
        if (p->mute)
            continue;
        script_way way = give == SIZE_MAX ? SCRIPT_ABSENT : SCRIPT_GIVE;
        if (p->answer != NULL)
            way = p->answer(p->ctx, &want, &give);
        want.reason = GASP_ABSENT_UNKNOWN;
        if (way == SCRIPT_ABSENT || way == SCRIPT_SENT)
            lists[way == SCRIPT_SENT][n_list[way == SCRIPT_SENT]++] = want;
        p->n_absent += way == SCRIPT_ABSENT;
        if (way != SCRIPT_GIVE)
            continue;
        bool root = p->txs[give].n_vouts > 0 && !p->sent[give];
        p->n_answers++;
        script_say_invs(p, &give, 1, (uint8_t)(GASP_INV_ANSWER | (root ? GASP_INV_ROOT : 0)), &want.outpoint.txid);
    }
    assert_err(gasp_reader_finish(r, NULL), GASP_OK);
    say_short(p, GASP_MSG_ABSENT, lists[0], n_list[0]);
    say_short(p, GASP_MSG_SENT, lists[1], n_list[1]);
    free(lists[0]);
    free(lists[1]);
}

static void hear(script_peer *p, uint16_t type, gasp_bytes message)
{
    gasp_reader r = gasp_reader_of(message);
    p->heard[type < 64 ? type : 63]++;
    if (type == GASP_MSG_OPEN) {
        assert_err(gasp_open_decode(&p->theirs, &r), GASP_OK);
        if (!p->mute && p->side.opened.kind == 0)
            script_say_open(p);
    } else if (type == GASP_MSG_FILTER) {
        p->filter_done = gasp_read_u8(&r) == 1;
    } else if (type == GASP_MSG_WANT) {
        on_wants(p, &r);
    } else if (type == GASP_MSG_ERROR) {
        assert_err(gasp_error_decode(&p->error, &r), GASP_OK);
    } else if (type == GASP_MSG_CREDIT) {
        gasp_credit credit;
        assert_err(gasp_credit_decode(&credit, &r), GASP_OK);
        p->credit.roots += credit.roots;
        p->credit.bytes += credit.bytes;
    } else if (type == GASP_MSG_CLOSE) {
        assert_err(gasp_close_decode(&p->close, &r), GASP_OK);
        if (!p->mute && !p->initiator)
            script_say_close(p, GASP_RESULT_COMPLETE);
    } else if (type == GASP_MSG_TURN_END && !p->mute && p->initiator) {
        script_say_close(p, GASP_RESULT_COMPLETE);
    }
}

bool script_step(script_peer *p)
{
    bool moved = false;
    const uint8_t *out;
    size_t len;
    p->now.mono_ms++;
    p->now.wall_ms++;
    if (p->out.len > 0) {
        gasp_err err = gasp_session_recv(p->side.session, p->out.data, p->out.len, p->now);
        p->side.err = p->side.err == GASP_OK ? err : p->side.err;
        gasp_buf_clear(&p->out);
        moved = true;
    }
    pair_take_events(&p->side);
    gasp_err err = gasp_session_send(p->side.session, &out, &len, p->now);
    p->side.err = p->side.err == GASP_OK ? err : p->side.err;
    for (size_t at = 0; at < len;) {
        size_t used = 0;
        uint16_t type = 0;
        gasp_blob *message = NULL;
        gasp_err took = gasp_frames_in_take(&p->frames, &used, &type, &message, out + at, len - at);
        at += used;
        if (took == GASP_AGAIN)
            continue;
        assert_err(took, GASP_OK);
        hear(p, type, gasp_blob_view(message));
        gasp_blob_release(message);
    }
    pair_take_events(&p->side);
    if (!p->mute && p->filter_done && !p->ended)
        offer(p);
    return moved || len > 0 || p->out.len > 0;
}

void script_run(script_peer *p)
{
    while (script_step(p))
        ;
}

const gasp_event *script_event(const script_peer *p, gasp_event_kind kind, const gasp_txid *txid)
{
    for (size_t i = 0; i < p->side.n_events; i++)
        if (p->side.events[i].kind == kind && memcmp(p->side.events[i].graph.txid.b, txid->b, 32) == 0)
            return &p->side.events[i];
    return NULL;
}
