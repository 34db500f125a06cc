/* Recording: each record is built whole and handed to the sink. */
#include "session/trace.h"

#include <string.h>

const uint8_t trace_magic[TRACE_MAGIC_LEN] = {'G', 'A', 'S', 'P', 'T', 'R', 'A', 'C', 'E'};

/* ---- what records hold --------------------------------------------------------------------------------------------- */

void trace_limits_write(gasp_writer *w, const gasp_session_limits *limits)
{
    gasp_write_u32(w, limits->max_frame);
    gasp_write_u32(w, limits->max_message);
    gasp_write_u32(w, limits->max_wants);
    gasp_write_u32(w, limits->credit_roots);
    gasp_write_u64(w, limits->credit_bytes);
    gasp_write_u32(w, limits->max_nodes);
    gasp_write_u64(w, limits->max_stage_bytes);
    gasp_write_u64(w, limits->max_roots);
    gasp_write_u64(w, limits->max_items);
    gasp_write_u64(w, limits->serve_bytes);
    gasp_write_u32(w, limits->serve_repeats);
    gasp_write_u32(w, limits->idle_ms);
}

void trace_event_write(gasp_writer *w, const gasp_event *event)
{
    gasp_write_u8(w, (uint8_t)event->kind);
    switch (event->kind) {
    case GASP_EVENT_OPENED:
        gasp_write_u16(w, event->opened.version);
        gasp_write_u8(w, (uint8_t)event->opened.match);
        gasp_write_u32(w, event->opened.round);
        gasp_write_u32(w, event->opened.peer_height);
        gasp_write_u64(w, event->opened.mine);
        gasp_write_u64(w, event->opened.theirs);
        gasp_write_u8(w, event->opened.equal);
        break;
    case GASP_EVENT_TURN:
        gasp_write_u8(w, event->turn.receiving);
        break;
    case GASP_EVENT_COMMITTED:
    case GASP_EVENT_REFUSED:
        gasp_write_bytes(w, event->graph.txid.b, 32);
        gasp_write_u32(w, event->graph.vout);
        gasp_write_u32(w, event->graph.n_outputs);
        gasp_write_u8(w, event->graph.spend);
        gasp_write_u8(w, event->graph.changed);
        gasp_write_u32(w, (uint32_t)event->graph.err);
        gasp_write_bytes(w, event->graph.cause.b, 32);
        gasp_write_u32(w, (uint32_t)event->graph.cause_err);
        gasp_write_u32(w, event->graph.height);
        break;
    case GASP_EVENT_CLOSED:
        gasp_write_u8(w, (uint8_t)event->closed.result);
        gasp_write_u8(w, (uint8_t)event->closed.peer_result);
        gasp_write_u32(w, event->closed.round);
        gasp_write_u8(w, event->closed.accounted);
        gasp_write_u8(w, event->closed.again);
        gasp_write_u8(w, event->closed.equal);
        gasp_summary_encode(w, &event->closed.summary);
        break;
    }
}

static void write_skips(gasp_writer *w, const gasp_skips *skips)
{
    gasp_write_compact(w, skips->n);
    for (size_t i = 0; i < skips->n; i++) {
        const gasp_skip *skip = &skips->list[i];
        gasp_write_outpoint(w, &skip->outpoint);
        gasp_write_u64(w, skip->time);
        gasp_write_bytes(w, skip->id.b, 32);
        gasp_write_u8(w, (uint8_t)((skip->final ? 1 : 0) | (skip->spent ? 2 : 0)));
        gasp_write_bytes(w, skip->spender.b, 32);
    }
    gasp_write_u64(w, skips->due);
    gasp_write_u8(w, skips->settled);
    gasp_write_bytes(w, skips->pair, sizeof skips->pair);
    gasp_write_u8(w, skips->result);
}

static void write_snapshot(gasp_writer *w, const gasp_snapshot *snapshot)
{
    gasp_write_u32(w, snapshot->tip_height);
    gasp_write_bytes(w, snapshot->tip.b, 32);
    gasp_write_compact(w, snapshot->items.len);
    for (size_t i = 0; i < snapshot->items.len; i++) {
        const gasp_item *item = &snapshot->items.item[i];
        gasp_write_u64(w, item->time);
        gasp_write_bytes(w, item->id.b, 32);
        gasp_write_outpoint(w, gasp_items_outpoint(&snapshot->items, i));
    }
    write_skips(w, &snapshot->skips);
}

static void write_find(gasp_writer *w, const gasp_find *find)
{
    gasp_write_compact(w, find->n_txs);
    for (size_t i = 0; i < find->n_txs; i++)
        gasp_write_u8(w, find->txs[i].held);
    gasp_write_compact(w, find->n_blocks);
    for (size_t i = 0; i < find->n_blocks; i++) {
        gasp_write_u8(w, find->blocks[i].known);
        gasp_write_bytes(w, find->blocks[i].hash.b, 32);
        gasp_write_bytes(w, find->blocks[i].root.b, 32);
    }
    gasp_write_compact(w, find->n_sources);
    for (size_t i = 0; i < find->n_sources; i++) {
        const gasp_source *source = &find->sources[i];
        gasp_write_u8(w, (uint8_t)source->state);
        gasp_write_u64(w, source->sat);
        gasp_write_u8(w, source->proven);
        gasp_write_u32(w, source->height);
        gasp_write_bytes(w, source->hash.b, 32);
        gasp_write_u8(w, source->has_rival);
        gasp_write_bytes(w, source->rival.b, 32);
        gasp_write_sized(w, source->script);
    }
    gasp_write_compact(w, find->n_spents);
    for (size_t i = 0; i < find->n_spents; i++) {
        gasp_write_u8(w, (uint8_t)((find->spents[i].spent ? 1 : 0) | (find->spents[i].anchored ? 2 : 0)));
        gasp_write_bytes(w, find->spents[i].spender.b, 32);
    }
    gasp_write_compact(w, find->n_spends);
    for (size_t i = 0; i < find->n_spends; i++)
        gasp_write_u8(w, (uint8_t)((find->spends[i].ours ? 1 : 0) | (find->spends[i].held ? 2 : 0)));
}

static void write_load(gasp_writer *w, const gasp_load *load)
{
    gasp_write_compact(w, load->n_loaded);
    for (size_t i = 0; i < load->n_loaded; i++) {
        const gasp_load_node *node = &load->nodes[i];
        gasp_write_u8(w, (uint8_t)((node->found ? 1 : 0) | (node->proven ? 2 : 0)));
        if (!node->found)
            continue;
        gasp_write_sized(w, gasp_blob_view(node->raw));
        gasp_write_sized(w, gasp_blob_view(node->entries));
        if (node->proven) {
            gasp_write_u32(w, node->anchor.height);
            gasp_write_bytes(w, node->anchor.block.b, 32);
            gasp_write_u64(w, node->anchor.index);
            gasp_write_sized(w, gasp_blob_view(node->bump));
        }
        gasp_write_compact(w, node->n_inputs);
        for (size_t k = 0; k < node->n_inputs; k++) {
            gasp_write_u8(w, node->inputs[k].present);
            gasp_write_bytes(w, node->inputs[k].hash.b, 32);
        }
    }
}

static void write_verify(gasp_writer *w, const gasp_verify *verify)
{
    gasp_write_compact(w, verify->n_nodes);
    for (size_t i = 0; i < verify->n_nodes; i++) {
        gasp_write_u32(w, (uint32_t)verify->nodes[i].verdict);
        gasp_write_u64(w, verify->nodes[i].input);
    }
}

static void write_commit(gasp_writer *w, const gasp_commit *commit)
{
    gasp_write_compact(w, commit->n_graphs);
    for (size_t i = 0; i < commit->n_graphs; i++) {
        const gasp_commit_graph *graph = &commit->graphs[i];
        gasp_write_u32(w, (uint32_t)graph->verdict);
        gasp_write_u8(w, graph->changed);
        gasp_write_compact(w, graph->failed);
        gasp_write_u32(w, graph->later_height);
        gasp_write_u64(w, graph->later_ms);
        gasp_write_compact(w, graph->n_declined);
        for (size_t k = 0; k < graph->n_declined; k++) {
            gasp_write_outpoint(w, &graph->declined[k].outpoint);
            gasp_write_u32(w, (uint32_t)graph->declined[k].err);
            gasp_write_u32(w, graph->declined[k].height);
            gasp_write_u64(w, graph->declined[k].ms);
        }
    }
}

void trace_answer_write(gasp_writer *w, gasp_ask_kind kind, const gasp_ask *ask)
{
    switch (kind) {
    case GASP_ASK_SNAPSHOT:
        write_snapshot(w, &ask->snapshot);
        break;
    case GASP_ASK_FIND:
        write_find(w, &ask->find);
        break;
    case GASP_ASK_LOAD:
        write_load(w, &ask->load);
        break;
    case GASP_ASK_VERIFY:
        write_verify(w, &ask->verify);
        break;
    case GASP_ASK_COMMIT:
        write_commit(w, &ask->commit);
        break;
    case GASP_ASK_NOTE: /* the answer is that it was done */
    case GASP_ASK_KINDS:
        break;
    }
}

/* ---- records ------------------------------------------------------------------------------------------------------- */

/* Hands a record to the sink and frees its body. */
static gasp_err put(gasp_session *s, uint8_t kind, gasp_buf *body, gasp_err err)
{
    uint8_t head[10];
    gasp_writer w = gasp_writer_fixed(head, sizeof head);
    gasp_write_u8(&w, kind);
    gasp_write_compact(&w, body->len);
    if (err == GASP_OK)
        err = s->trace(s->trace_ctx, head, w.len);
    if (err == GASP_OK && body->len > 0)
        err = s->trace(s->trace_ctx, body->data, body->len);
    gasp_buf_clear(body);
    return err;
}

static void begin(const gasp_session *s, gasp_buf *body, gasp_writer *w)
{
    gasp_buf_init(body, SIZE_MAX, s->mem);
    *w = gasp_writer_growing(body);
}

gasp_err trace_begin(gasp_session *s)
{
    const uint8_t version = TRACE_VERSION;
    gasp_buf body;
    gasp_writer w;
    if (s->trace == NULL)
        return GASP_OK;
    gasp_err err = s->trace(s->trace_ctx, trace_magic, sizeof trace_magic);
    if (err == GASP_OK)
        err = s->trace(s->trace_ctx, &version, 1);
    begin(s, &body, &w);
    gasp_write_u8(&w, s->initiator);
    gasp_write_u8(&w, s->ours.network);
    gasp_write_u8(&w, (uint8_t)s->match);
    gasp_write_u8(&w, s->stay);
    gasp_write_bytes(&w, s->collection.b, 32);
    gasp_write_bytes(&w, s->seed32, 32);
    gasp_write_sized(&w, (gasp_bytes){s->peer, s->peer_len});
    trace_limits_write(&w, &s->limits);
    return put(s, TRACE_BEGIN, &body, err != GASP_OK ? err : w.err);
}

/* A record of bytes, behind the time of the call where it is one. */
static gasp_err record(gasp_session *s, uint8_t kind, bool timed, gasp_bytes bytes)
{
    gasp_buf body;
    gasp_writer w;
    if (s->trace == NULL)
        return GASP_OK;
    begin(s, &body, &w);
    if (timed) {
        gasp_write_u64(&w, s->now.mono_ms);
        gasp_write_u64(&w, s->now.wall_ms);
    }
    gasp_write_bytes(&w, bytes.data, bytes.len);
    return put(s, kind, &body, w.err);
}

gasp_err trace_recv(gasp_session *s, gasp_bytes bytes)
{
    return record(s, TRACE_RECV, true, bytes);
}

gasp_err trace_send_begin(gasp_session *s)
{
    return record(s, TRACE_SEND, true, (gasp_bytes){NULL, 0});
}

gasp_err trace_sent(gasp_session *s, gasp_bytes bytes)
{
    return record(s, TRACE_SENT, false, bytes);
}

gasp_err trace_resume(gasp_session *s, uint64_t ticket)
{
    uint8_t bytes[8];
    gasp_writer w = gasp_writer_fixed(bytes, sizeof bytes);
    gasp_write_u64(&w, ticket);
    return record(s, TRACE_RESUME, true, (gasp_bytes){bytes, sizeof bytes});
}

gasp_err trace_closed(gasp_session *s)
{
    return record(s, TRACE_CLOSED, true, (gasp_bytes){NULL, 0});
}

gasp_err trace_changed(gasp_session *s)
{
    return record(s, TRACE_CHANGED, true, (gasp_bytes){NULL, 0});
}

gasp_err trace_rights(gasp_session *s, unsigned rights, gasp_err status)
{
    uint8_t body[5];
    gasp_writer w = gasp_writer_fixed(body, sizeof body);
    gasp_write_u8(&w, (uint8_t)rights);
    gasp_write_u32(&w, (uint32_t)status);
    gasp_err err = record(s, TRACE_RIGHTS, false, (gasp_bytes){body, status == GASP_OK ? 1 : sizeof body});
    return err != GASP_OK ? err : status;
}

gasp_err trace_event(gasp_session *s, const gasp_event *event)
{
    gasp_buf body;
    gasp_writer w;
    if (s->trace == NULL)
        return GASP_OK;
    begin(s, &body, &w);
    trace_event_write(&w, event);
    return put(s, TRACE_EVENT, &body, w.err);
}

gasp_err trace_answer(gasp_session *s, gasp_ask_kind kind, gasp_err status, const gasp_ask *ask)
{
    gasp_buf body;
    gasp_writer w;
    if (s->trace == NULL)
        return GASP_OK;
    begin(s, &body, &w);
    gasp_write_u8(&w, (uint8_t)kind);
    gasp_write_u32(&w, (uint32_t)status);
    if (status == GASP_OK)
        trace_answer_write(&w, kind, ask);
    return put(s, TRACE_ANSWER, &body, w.err);
}
