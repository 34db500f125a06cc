/* Replaying a trace: a session over a port that answers from the records. Calls are made as they were recorded; what the
 * session says and reports must be what it said and reported. */
#include <string.h>

#include "base/mem.h"
#include "record/state.h"
#include "session/trace.h"

typedef struct replaying {
    const gasp_mem *mem;
    gasp_reader r;    /**< over the whole trace */
    size_t record_at; /**< offset of the record that is being replayed */
    uint64_t events;
    uint64_t bytes;
} replaying;

/* ---- reading records ----------------------------------------------------------------------------------------------- */

void trace_limits_read(gasp_session_limits *out, gasp_reader *r)
{
    out->max_frame = gasp_read_u32(r);
    out->max_message = gasp_read_u32(r);
    out->max_wants = gasp_read_u32(r);
    out->credit_roots = gasp_read_u32(r);
    out->credit_bytes = gasp_read_u64(r);
    out->max_nodes = gasp_read_u32(r);
    out->max_stage_bytes = gasp_read_u64(r);
    out->max_roots = gasp_read_u64(r);
    out->max_items = gasp_read_u64(r);
    out->serve_bytes = gasp_read_u64(r);
    out->serve_repeats = gasp_read_u32(r);
    out->idle_ms = gasp_read_u32(r);
}

/* The next record's kind and body. */
static uint8_t next_record(replaying *p, gasp_reader *body)
{
    p->record_at = p->r.at;
    uint8_t kind = gasp_read_u8(&p->r);
    *body = gasp_reader_of(gasp_read_sized(&p->r));
    return p->r.err == GASP_OK ? kind : 0;
}

static gasp_time read_time(gasp_reader *r)
{
    gasp_time time;
    time.mono_ms = gasp_read_u64(r);
    time.wall_ms = gasp_read_u64(r);
    return time;
}

static gasp_blob *read_blob(gasp_reader *r, const gasp_mem *mem, gasp_err *err)
{
    gasp_bytes bytes = gasp_read_sized(r);
    if (r->err != GASP_OK || *err != GASP_OK)
        return NULL;
    gasp_blob *blob = gasp_blob_new(bytes.len, mem);
    if (blob == NULL)
        *err = GASP_ERR_NOMEM;
    else if (bytes.len > 0)
        memcpy(blob->data, bytes.data, bytes.len);
    return blob;
}

static gasp_err read_skips(gasp_reader *r, gasp_skips *out, const gasp_mem *mem)
{
    *out = (gasp_skips){.mem = mem};
    size_t count = gasp_read_count(r, GASP_OUTPOINT_LEN + 8 + 32 + 1 + 32);
    out->list = gasp_mem_zalloc_array(mem, count, sizeof *out->list);
    if (out->list == NULL)
        return GASP_ERR_NOMEM;
    for (; out->n < count && r->err == GASP_OK; out->n++) {
        gasp_skip *skip = &out->list[out->n];
        gasp_read_outpoint(r, &skip->outpoint);
        skip->time = gasp_read_u64(r);
        gasp_read_into(r, skip->id.b, 32);
        uint8_t flags = gasp_read_u8(r);
        skip->final = (flags & 1) != 0;
        skip->spent = (flags & 2) != 0;
        gasp_read_into(r, skip->spender.b, 32);
    }
    out->due = gasp_read_u64(r);
    out->settled = gasp_read_u8(r) != 0;
    gasp_read_into(r, out->pair, sizeof out->pair);
    out->result = gasp_read_u8(r);
    return GASP_OK;
}

static gasp_err read_snapshot(gasp_reader *r, gasp_snapshot *snapshot, const gasp_mem *mem)
{
    gasp_items_init(&snapshot->items, snapshot->match, GASP_ITEMS_MAX, mem);
    snapshot->tip_height = gasp_read_u32(r);
    gasp_read_into(r, snapshot->tip.b, 32);
    size_t count = gasp_read_count(r, 8 + 32 + GASP_OUTPOINT_LEN);
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && r->err == GASP_OK && i < count; i++) {
        gasp_item_id id;
        gasp_item_id outpoint_id;
        gasp_outpoint outpoint;
        uint64_t time = gasp_read_u64(r);
        gasp_read_into(r, id.b, 32);
        gasp_read_outpoint(r, &outpoint);
        gasp_item_id_of_outpoint(&outpoint_id, &outpoint);
        err = gasp_items_add(&snapshot->items, time, &id, &outpoint_id, &outpoint);
    }
    if (err == GASP_OK)
        err = gasp_items_seal(&snapshot->items);
    return err == GASP_OK ? read_skips(r, &snapshot->skips, mem) : err;
}

static gasp_err read_find_spends(gasp_reader *r, gasp_find *find)
{
    if (gasp_read_count(r, 33) != find->n_spents)
        return GASP_ERR_TRACE;
    for (size_t i = 0; i < find->n_spents; i++) {
        uint8_t flags = gasp_read_u8(r);
        find->spents[i].spent = (flags & 1) != 0;
        find->spents[i].anchored = (flags & 2) != 0;
        gasp_read_into(r, find->spents[i].spender.b, 32);
    }
    if (gasp_read_count(r, 1) != find->n_spends)
        return GASP_ERR_TRACE;
    for (size_t i = 0; i < find->n_spends; i++) {
        uint8_t flags = gasp_read_u8(r);
        find->spends[i].ours = (flags & 1) != 0;
        find->spends[i].held = (flags & 2) != 0;
    }
    return GASP_OK;
}

static gasp_err read_find(gasp_reader *r, gasp_find *find, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    if (gasp_read_count(r, 1) != find->n_txs)
        return GASP_ERR_TRACE;
    for (size_t i = 0; i < find->n_txs; i++)
        find->txs[i].held = gasp_read_u8(r) != 0;
    if (gasp_read_count(r, 65) != find->n_blocks)
        return GASP_ERR_TRACE;
    for (size_t i = 0; i < find->n_blocks; i++) {
        find->blocks[i].known = gasp_read_u8(r) != 0;
        gasp_read_into(r, find->blocks[i].hash.b, 32);
        gasp_read_into(r, find->blocks[i].root.b, 32);
    }
    if (gasp_read_count(r, 80) != find->n_sources)
        return GASP_ERR_TRACE;
    for (size_t i = 0; err == GASP_OK && i < find->n_sources; i++) {
        gasp_source *source = &find->sources[i];
        uint8_t state = gasp_read_u8(r);
        if (state > GASP_SOURCE_SPENT)
            return GASP_ERR_TRACE;
        source->state = (gasp_source_state)state;
        source->sat = gasp_read_u64(r);
        source->proven = gasp_read_u8(r) != 0;
        source->height = gasp_read_u32(r);
        gasp_read_into(r, source->hash.b, 32);
        source->has_rival = gasp_read_u8(r) != 0;
        gasp_read_into(r, source->rival.b, 32);
        source->blob = read_blob(r, mem, &err);
        if (source->blob != NULL)
            source->script = gasp_blob_view(source->blob);
    }
    return err == GASP_OK ? read_find_spends(r, find) : err;
}

static gasp_err read_load_node(gasp_reader *r, gasp_load_node *node, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    uint8_t flags = gasp_read_u8(r);
    if ((flags & 1) == 0)
        return GASP_OK;
    node->raw = read_blob(r, mem, &err);
    node->entries = read_blob(r, mem, &err);
    node->proven = (flags & 2) != 0;
    if (node->proven) {
        node->anchor.height = gasp_read_u32(r);
        gasp_read_into(r, node->anchor.block.b, 32);
        node->anchor.index = gasp_read_u64(r);
        node->bump = read_blob(r, mem, &err);
    }
    size_t n_inputs = gasp_read_count(r, 33);
    if (err != GASP_OK || r->err != GASP_OK)
        return err;
    node->inputs = gasp_mem_zalloc_array(mem, n_inputs, sizeof *node->inputs);
    if (node->inputs == NULL)
        return GASP_ERR_NOMEM;
    for (node->n_inputs = 0; node->n_inputs < n_inputs; node->n_inputs++) {
        node->inputs[node->n_inputs].present = gasp_read_u8(r) != 0;
        gasp_read_into(r, node->inputs[node->n_inputs].hash.b, 32);
    }
    node->found = r->err == GASP_OK;
    return GASP_OK;
}

static gasp_err read_load(gasp_reader *r, gasp_load *load, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    load->n_loaded = gasp_read_count(r, 1);
    if (load->n_loaded == 0 || load->n_loaded > load->n_nodes)
        return GASP_ERR_TRACE;
    for (size_t i = 0; err == GASP_OK && r->err == GASP_OK && i < load->n_loaded; i++)
        err = read_load_node(r, &load->nodes[i], mem);
    return err;
}

static gasp_err read_verify(gasp_reader *r, gasp_verify *verify)
{
    if (gasp_read_count(r, 12) != verify->n_nodes)
        return GASP_ERR_TRACE;
    for (size_t i = 0; i < verify->n_nodes; i++) {
        verify->nodes[i].verdict = (gasp_err)(int32_t)gasp_read_u32(r);
        verify->nodes[i].input = (size_t)gasp_read_u64(r);
    }
    return GASP_OK;
}

static gasp_err read_declined(gasp_reader *r, gasp_commit_graph *graph, const gasp_mem *mem)
{
    size_t count = gasp_read_count(r, GASP_OUTPOINT_LEN + 16);
    if (count == 0)
        return GASP_OK;
    graph->declined = gasp_mem_zalloc_array(mem, count, sizeof *graph->declined);
    if (graph->declined == NULL)
        return GASP_ERR_NOMEM;
    for (; graph->n_declined < count; graph->n_declined++) {
        gasp_commit_declined *one = &graph->declined[graph->n_declined];
        gasp_read_outpoint(r, &one->outpoint);
        one->err = (gasp_err)(int32_t)gasp_read_u32(r);
        one->height = gasp_read_u32(r);
        one->ms = gasp_read_u64(r);
    }
    return GASP_OK;
}

static gasp_err read_commit(gasp_reader *r, gasp_commit *commit)
{
    gasp_err err = GASP_OK;
    if (gasp_read_count(r, 19) != commit->n_graphs)
        return GASP_ERR_TRACE;
    for (size_t i = 0; err == GASP_OK && i < commit->n_graphs; i++) {
        gasp_commit_graph *graph = &commit->graphs[i];
        graph->verdict = (gasp_err)(int32_t)gasp_read_u32(r);
        graph->changed = gasp_read_u8(r) != 0;
        graph->failed = (size_t)gasp_read_compact(r);
        graph->later_height = gasp_read_u32(r);
        graph->later_ms = gasp_read_u64(r);
        err = read_declined(r, graph, commit->mem);
    }
    return err;
}

gasp_err trace_answer_read(gasp_reader *r, gasp_ask_kind kind, gasp_ask *ask, const gasp_mem *mem)
{
    gasp_err err = GASP_ERR_TRACE;
    if (kind == GASP_ASK_SNAPSHOT)
        err = read_snapshot(r, &ask->snapshot, mem);
    else if (kind == GASP_ASK_FIND)
        err = read_find(r, &ask->find, mem);
    else if (kind == GASP_ASK_LOAD)
        err = read_load(r, &ask->load, mem);
    else if (kind == GASP_ASK_VERIFY)
        err = read_verify(r, &ask->verify);
    else if (kind == GASP_ASK_COMMIT)
        err = read_commit(r, &ask->commit);
    else if (kind == GASP_ASK_NOTE)
        err = GASP_OK;
    if (err != GASP_OK)
        return err;
    return gasp_reader_finish(r, NULL) == GASP_OK ? GASP_OK : GASP_ERR_TRACE;
}

/* ---- the port ------------------------------------------------------------------------------------------------------ */

static gasp_err answer(void *user, gasp_ask_kind kind, gasp_ask *ask)
{
    replaying *p = user;
    gasp_reader body;
    if (next_record(p, &body) != TRACE_ANSWER || gasp_read_u8(&body) != (uint8_t)kind)
        return GASP_ERR_TRACE;
    gasp_err status = (gasp_err)(int32_t)gasp_read_u32(&body);
    if (body.err != GASP_OK)
        return GASP_ERR_TRACE;
    return status == GASP_OK ? trace_answer_read(&body, kind, ask, p->mem) : status;
}

static gasp_err port_ask(void *user, gasp_ask_kind kind, gasp_ask *ask, uint64_t ticket, gasp_time now)
{
    (void)ticket;
    (void)now;
    return answer(user, kind, ask);
}

static gasp_err port_finish(void *user, gasp_ask_kind kind, gasp_ask *ask, uint64_t ticket, gasp_time now)
{
    (void)now;
    (void)ticket;
    return answer(user, kind, ask);
}

static void port_cancel(void *user, gasp_ask_kind kind, uint64_t ticket)
{
    (void)user;
    (void)kind;
    (void)ticket;
}

static gasp_err port_rights(void *user, unsigned *out, const uint8_t *peer, size_t peer_len,
                            const gasp_collection *collection)
{
    replaying *p = user;
    gasp_reader body;
    (void)peer;
    (void)peer_len;
    (void)collection;
    *out = 0;
    if (next_record(p, &body) != TRACE_RIGHTS)
        return GASP_OK;
    *out = gasp_read_u8(&body);
    return gasp_reader_left(&body) > 0 ? (gasp_err)(int32_t)gasp_read_u32(&body) : GASP_OK;
}

static void port_free(void *user)
{
    (void)user;
}

/* ---- the run ------------------------------------------------------------------------------------------------------- */

static gasp_err start(replaying *p, gasp_session **out)
{
    gasp_session_config config;
    gasp_reader body;
    gasp_port port = {p, port_ask, port_finish, port_cancel, port_rights, port_free};
    gasp_session_config_init(&config);
    gasp_bytes word = gasp_read_bytes(&p->r, TRACE_MAGIC_LEN);
    if (word.data == NULL || memcmp(word.data, trace_magic, TRACE_MAGIC_LEN) != 0 ||
        gasp_read_u8(&p->r) != TRACE_VERSION)
        return GASP_ERR_FORMAT_UNKNOWN;
    if (next_record(p, &body) != TRACE_BEGIN)
        return GASP_ERR_TRACE;
    config.mem = p->mem;
    config.initiator = gasp_read_u8(&body) != 0;
    gasp_network network = (gasp_network)gasp_read_u8(&body);
    config.match = (gasp_match)gasp_read_u8(&body);
    config.stay = gasp_read_u8(&body) != 0;
    gasp_read_into(&body, config.collection.b, 32);
    gasp_read_into(&body, config.seed32, 32);
    gasp_bytes peer = gasp_read_sized(&body);
    config.peer = peer.data;
    config.peer_len = peer.len;
    trace_limits_read(&config.limits, &body);
    gasp_err err = gasp_reader_finish(&body, NULL);
    return err == GASP_OK ? session_new_over(out, &config, network, port) : err;
}

/* What gasp_session_send gives must be what the SENT record has. */
static gasp_err replay_send(replaying *p, gasp_session *s, gasp_reader *body)
{
    const uint8_t *out;
    size_t len;
    gasp_reader sent;
    gasp_time now = read_time(body);
    gasp_err err = gasp_session_send(s, &out, &len, now);
    if (err == GASP_ERR_TRACE || next_record(p, &sent) != TRACE_SENT)
        return GASP_ERR_TRACE;
    if (len != sent.len || (len > 0 && memcmp(out, sent.base, len) != 0))
        return GASP_ERR_TRACE;
    p->bytes += len;
    return GASP_OK;
}

static gasp_err replay_event(replaying *p, gasp_session *s, const gasp_reader *body)
{
    gasp_event event;
    gasp_buf bytes;
    gasp_buf_init(&bytes, SIZE_MAX, p->mem);
    gasp_err err = gasp_session_event(s, &event);
    if (err == GASP_OK) {
        gasp_writer w = gasp_writer_growing(&bytes);
        trace_event_write(&w, &event);
        err = w.err;
    }
    bool same = err == GASP_OK && bytes.len == body->len && memcmp(bytes.data, body->base, bytes.len) == 0;
    gasp_buf_clear(&bytes);
    p->events++;
    return err == GASP_ERR_NOMEM ? err : (same ? GASP_OK : GASP_ERR_TRACE);
}

/* One record that is a call. An error that the session answers is part of the trace: only a difference matters, and that
 * shows in what it says, reports and asks. */
static gasp_err replay_call(replaying *p, gasp_session *s, uint8_t kind, gasp_reader *body)
{
    gasp_err err = GASP_ERR_TRACE;
    if (kind == TRACE_SEND)
        return replay_send(p, s, body);
    if (kind == TRACE_EVENT)
        return replay_event(p, s, body);
    gasp_time now = read_time(body);
    if (kind == TRACE_RECV)
        err = gasp_session_recv(s, body->base + body->at, body->err == GASP_OK ? body->len - body->at : 0, now);
    else if (kind == TRACE_RESUME)
        err = gasp_session_resume(s, gasp_read_u64(body), now);
    else if (kind == TRACE_CLOSED)
        err = gasp_session_closed(s, now);
    else if (kind == TRACE_CHANGED)
        err = gasp_session_changed(s, now);
    return err == GASP_ERR_TRACE || body->err != GASP_OK ? GASP_ERR_TRACE : GASP_OK;
}

gasp_err gasp_trace_replay(const uint8_t *trace, size_t len, uint64_t *events, uint64_t *bytes, const gasp_mem *mem,
                           gasp_fault *fault)
{
    replaying p = {.mem = gasp_mem_or_default(mem), .r = gasp_reader_of((gasp_bytes){trace, len})};
    gasp_session *s = NULL;
    gasp_event event;
    gasp_err err = start(&p, &s);
    while (err == GASP_OK && p.r.at < p.r.len && p.r.err == GASP_OK) {
        gasp_reader body;
        uint8_t kind = next_record(&p, &body);
        if (p.r.err == GASP_OK)
            err = replay_call(&p, s, kind, &body);
    }
    if (err == GASP_OK)
        err = gasp_reader_status(&p.r, NULL);
    /* Nothing may be reported beyond what was, once all that was read then has been compared. */
    if (err == GASP_OK && p.events > 0 && gasp_session_event(s, &event) == GASP_OK)
        err = GASP_ERR_TRACE;
    gasp_session_free(s);
    *events = p.events;
    *bytes = p.bytes;
    if (err != GASP_OK && fault != NULL)
        *fault = (gasp_fault){.err = err, .at = p.record_at};
    return err;
}
