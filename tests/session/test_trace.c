/* Traces: whatever happened in a session, what was recorded replays to the same bytes and events with no wallet behind it;
 * a damaged trace is told apart or, where nothing of what it changed shows, replays the same, and never does harm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/made.h"
#include "session/trace.h"

enum { TRACE_VECTOR_MAX = 64 * 1024 };

static gasp_err record(void *ctx, const uint8_t *bytes, size_t len)
{
    return gasp_buf_append(ctx, bytes, len);
}

static void record_begin(gasp_session_config *config, gasp_buf *trace)
{
    gasp_buf_init(trace, SIZE_MAX, NULL);
    config->trace = record;
    config->trace_ctx = trace;
}

/* Replays, compares the counts with those of the session that was recorded, and frees the trace. */
static void assert_replays(gasp_buf *trace, const pair_side *side)
{
    gasp_session_stats stats;
    gasp_fault fault = {0};
    uint64_t events = 0;
    uint64_t bytes = 0;
    gasp_session_count(side->session, &stats);
    gasp_err err = gasp_trace_replay(trace->data, trace->len, &events, &bytes, NULL, &fault);
    if (err != GASP_OK)
        print_error("record at %llu\n", (unsigned long long)fault.at);
    assert_err(err, GASP_OK);
    assert_int_equal(events, side->n_events);
    assert_int_equal(bytes, stats.bytes_out);
    gasp_buf_clear(trace);
}

/* ---- whole sessions ------------------------------------------------------------------------------------------------ */

static test_wallet wallet_of(const test_block *block, size_t parts, size_t from, size_t to)
{
    test_wallet w = test_wallet_new(GASP_NETWORK_MAIN, NULL);
    test_block_trust(block, w.wallet);
    if (from < to) {
        size_t committed;
        gasp_bytes beef = test_block_beef(block, parts, from, to);
        assert_err(test_add(w.wallet, beef, &committed), GASP_OK);
        test_release(beef);
    }
    return w;
}

static void traced_pair(gasp_wallet *a, gasp_wallet *b, size_t piece, bool equal)
{
    gasp_session_config config[2];
    gasp_buf traces[2];
    pair p;
    pair_config(config, a, b);
    for (int i = 0; i < 2; i++)
        record_begin(&config[i], &traces[i]);
    pair_start(&p, config);
    p.piece = piece;
    pair_run(&p);
    pair_assert_complete(&p);
    assert_true(p.side[0].opened.opened.equal == equal);
    for (int i = 0; i < 2; i++)
        assert_replays(&traces[i], &p.side[i]);
    pair_free(&p);
}

static void whole_blocks(void **state)
{
    static const char *const names[] = {"blocks/mainnet-413567.block", "blocks/bsv-mainnet-705985.block"};
    static const uint32_t heights[] = {413567, 705985};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t piece = 0; piece < 2000; piece += 1999) {
            test_block block = test_block_load(names[i], heights[i]);
            test_wallet full = wallet_of(&block, 1, 0, 1);
            test_wallet empty = wallet_of(&block, 1, 0, 0);
            traced_pair(empty.wallet, full.wallet, piece, false);
            test_wallet_free(&full);
            test_wallet_free(&empty);
            test_block_free(&block);
        }
    }
}

/* Both have something for the other; the round after that says that nothing is left. */
static void parts_and_equal(void **state)
{
    test_block block = test_block_load("blocks/bsv-mainnet-705985.block", 705985);
    test_wallet a = wallet_of(&block, 3, 0, 2);
    test_wallet b = wallet_of(&block, 3, 1, 3);
    (void)state;
    traced_pair(a.wallet, b.wallet, 0, false);
    traced_pair(a.wallet, b.wallet, 0, true);
    test_wallet_free(&a);
    test_wallet_free(&b);
    test_block_free(&block);
}

typedef struct traced {
    made_chain chain;
    test_wallet w;
    script_peer p;
    gasp_buf trace;
} traced;

static void traced_start(traced *t, size_t n, size_t bad, bool each)
{
    gasp_session_config config;
    made_chain_make(&t->chain, n, bad);
    t->w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    made_block_trust(&t->chain.block, t->w.wallet);
    script_config(&config, t->w.wallet, true);
    record_begin(&config, &t->trace);
    script_start(&t->p, &config);
    made_chain_give(&t->chain, &t->p, 0, n, each);
}

static void traced_end(traced *t)
{
    assert_replays(&t->trace, &t->p.side);
    script_free(&t->p);
    test_wallet_free(&t->w);
    made_chain_free(&t->chain);
}

static void refusals(void **state)
{
    (void)state;
    for (size_t bad = 1; bad < 8; bad += 3) {
        traced t;
        traced_start(&t, 8, bad, bad != 4);
        script_run(&t.p);
        assert_true(t.p.side.refused > 0);
        assert_true(gasp_session_done(t.p.side.session));
        traced_end(&t);
    }
}

/* The peer breaks the session, in several ways; the last words are in the trace too. */
static void broken_by_peer(void **state)
{
    static const uint8_t junk[] = {1, 2, 3};
    (void)state;
    for (int way = 0; way < 5; way++) {
        traced t;
        traced_start(&t, 6, SIZE_MAX, true);
        t.p.batch = 1;
        for (int i = 0; i < 3; i++)
            (void)script_step(&t.p);
        if (way == 0)
            script_say_open(&t.p);
        else if (way == 1)
            script_say(&t.p, GASP_MSG_INV, (gasp_bytes){junk, sizeof junk});
        else if (way == 2)
            script_say(&t.p, 4000, (gasp_bytes){junk, sizeof junk});
        else if (way == 3)
            assert_err(gasp_session_closed(t.p.side.session, t.p.now), GASP_ERR_PEER_CLOSED);
        t.p.mute = true;
        if (way == 4) {
            t.p.now.mono_ms += 1000000;
            assert_err(gasp_session_recv(t.p.side.session, NULL, 0, t.p.now), GASP_ERR_PEER_IDLE);
        }
        script_run(&t.p);
        assert_true(gasp_session_done(t.p.side.session));
        assert_int_equal(t.p.heard[GASP_MSG_ERROR], way != 3);
        traced_end(&t);
    }
}

/* ---- damage -------------------------------------------------------------------------------------------------------- */

/* The two traces of a small sync between two wallets: what vectors/trace/ has. */
static void small_traces(gasp_buf traces[2])
{
    made_chain chain;
    gasp_session_config config[2];
    pair p;
    test_wallet a = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    test_wallet b = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    const uint8_t label[] = "rent";
    const gasp_time then = {1, 1600000003000};
    made_chain_make(&chain, 5, SIZE_MAX);
    made_block_trust(&chain.block, a.wallet);
    made_block_trust(&chain.block, b.wallet);
    made_chain_add(&chain, a.wallet, 2, true);
    made_chain_add(&chain, b.wallet, 5, false);
    const gasp_outpoint outpoint = {chain.txid[1], 1};
    assert_err(gasp_wallet_label(a.wallet, &outpoint, "label", label, sizeof label - 1, then), GASP_OK);
    pair_config(config, a.wallet, b.wallet);
    for (int i = 0; i < 2; i++)
        record_begin(&config[i], &traces[i]);
    pair_start(&p, config);
    pair_run(&p);
    pair_assert_complete(&p);
    assert_same_outputs(a.wallet, b.wallet);
    assert_int_equal(test_output_count(a.wallet), 3);
    pair_free(&p);
    test_wallet_free(&a);
    test_wallet_free(&b);
    made_chain_free(&chain);
}

/* The kind of the record that each byte belongs to, where it is in a record's body; 0 elsewhere. *starts: whether a
 * record begins there that is a call. */
static void map_records(const gasp_buf *trace, uint8_t *kind, bool *starts)
{
    gasp_reader r = gasp_reader_of(gasp_buf_view(trace));
    memset(kind, 0, trace->len);
    memset(starts, 0, (trace->len + 1) * sizeof *starts);
    (void)gasp_read_bytes(&r, TRACE_MAGIC_LEN + 1);
    while (gasp_reader_left(&r) > 0) {
        size_t at = r.at;
        uint8_t its = gasp_read_u8(&r);
        gasp_bytes body = gasp_read_sized(&r);
        assert_err(r.err, GASP_OK);
        memset(kind + (r.at - body.len), its, body.len);
        starts[at] = its != TRACE_SENT && its != TRACE_ANSWER && its != TRACE_RIGHTS;
    }
    starts[trace->len] = true;
}

/* What the session said or reported is compared byte by byte, so that any change there shows. A change of what went in
 * shows when the session does anything else for it; a wall clock, an amount that only scripts look at, or a limit that is
 * not reached do not. */
static void every_byte(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    gasp_buf traces[2];
    size_t flips = 0;
    size_t same = 0;
    (void)state;
    small_traces(traces);
    for (int side = 0; side < 2; side++) {
        gasp_buf *t = &traces[side];
        uint8_t *kind = malloc(t->len);
        bool *starts = malloc((t->len + 1) * sizeof *starts);
        assert_true(kind != NULL && starts != NULL);
        map_records(t, kind, starts);
        for (size_t i = 0; i < t->len; i++) {
            for (size_t m = 0; m < sizeof masks; m++) {
                uint64_t events;
                uint64_t bytes;
                t->data[i] ^= masks[m];
                gasp_err err = gasp_trace_replay(t->data, t->len, &events, &bytes, NULL, NULL);
                t->data[i] ^= masks[m];
                bool said = kind[i] == TRACE_SENT || kind[i] == TRACE_EVENT;
                if (i < TRACE_MAGIC_LEN + 1)
                    assert_err(err, GASP_ERR_FORMAT_UNKNOWN);
                else if (said)
                    assert_err(err, GASP_ERR_TRACE);
                same += err == GASP_OK;
                flips++;
            }
        }
        free(kind);
        free(starts);
        gasp_buf_clear(t);
    }
    assert_true(same < flips / 2);
    print_message("count: trace: %zu flipped bytes, %zu of them without any effect\n", flips, same);
}

/* Cut where a call ends it is a shorter trace; anywhere else it fails. */
static void every_length(void **state)
{
    gasp_buf traces[2];
    size_t cuts = 0;
    size_t whole = 0;
    (void)state;
    small_traces(traces);
    for (int side = 0; side < 2; side++) {
        gasp_buf *t = &traces[side];
        uint8_t *kind = malloc(t->len);
        bool *starts = malloc((t->len + 1) * sizeof *starts);
        assert_true(kind != NULL && starts != NULL);
        map_records(t, kind, starts);
        for (size_t len = 0; len < t->len; len++) {
            uint64_t events;
            uint64_t bytes;
            gasp_err err = gasp_trace_replay(t->data, len, &events, &bytes, NULL, NULL);
            if (err == GASP_OK && !starts[len])
                fail_msg("a trace of %zu bytes replays when it is cut at %zu", t->len, len);
            cuts++;
            whole += err == GASP_OK;
        }
        free(kind);
        free(starts);
        gasp_buf_clear(t);
    }
    assert_true(whole > 0);
    print_message("count: trace: %zu cuts, %zu of them between two calls\n", cuts, whole);
}

/* ---- vectors ------------------------------------------------------------------------------------------------------- */

static const char *const vector_names[2] = {"vectors/trace/chain-initiator.trace",
                                            "vectors/trace/chain-responder.trace"};

/* With GASP_WRITE_TRACES=1 the vectors are written anew, which a change of the protocol or of a trace's form needs. */
static void write_vectors(void)
{
    gasp_buf traces[2];
    small_traces(traces);
    for (int i = 0; i < 2; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", GASP_SOURCE_DIR, vector_names[i]);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(traces[i].data, 1, traces[i].len, file), traces[i].len);
        fclose(file);
        gasp_buf_clear(&traces[i]);
    }
}

static void vectors(void **state)
{
    (void)state;
    if (getenv("GASP_WRITE_TRACES") != NULL)
        write_vectors();
    for (int i = 0; i < 2; i++) {
        gasp_bytes trace = test_own_file(vector_names[i]);
        gasp_fault fault = {0};
        uint64_t events = 0;
        uint64_t bytes = 0;
        assert_true(trace.len < TRACE_VECTOR_MAX);
        assert_err(gasp_trace_replay(trace.data, trace.len, &events, &bytes, NULL, &fault), GASP_OK);
        assert_true(events >= 4 && bytes > 500);
        print_message("count: %s: %zu bytes, %llu events, %llu bytes sent\n", vector_names[i], trace.len,
                      (unsigned long long)events, (unsigned long long)bytes);
        test_release(trace);
    }
}

/* What is no trace at all. */
static void no_trace(void **state)
{
    static const uint8_t other[] = "GASPTRACE\x02";
    uint64_t events;
    uint64_t bytes;
    (void)state;
    assert_err(gasp_trace_replay(NULL, 0, &events, &bytes, NULL, NULL), GASP_ERR_FORMAT_UNKNOWN);
    assert_err(gasp_trace_replay(other, sizeof other - 1, &events, &bytes, NULL, NULL), GASP_ERR_FORMAT_UNKNOWN);
}

static gasp_err full(void *ctx, const uint8_t *bytes, size_t len)
{
    size_t *left = ctx;
    (void)bytes;
    if (len > *left)
        return GASP_ERR_FILE_OPEN;
    *left -= len;
    return GASP_OK;
}

/* A trace that cannot be written ends the session with the sink's error. */
static void sink_fails(void **state)
{
    made_chain chain;
    size_t ended = 0;
    size_t unborn = 0;
    (void)state;
    made_chain_make(&chain, 3, SIZE_MAX);
    for (size_t room = 0; room < 12000; room += 97) {
        gasp_session_config config;
        gasp_session *s = NULL;
        script_peer p;
        size_t left = room;
        test_wallet w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&chain.block, w.wallet);
        script_config(&config, w.wallet, true);
        config.trace = full;
        config.trace_ctx = &left;
        gasp_err err = gasp_session_new(&s, &config);
        if (err != GASP_OK) {
            assert_err(err, GASP_ERR_FILE_OPEN);
            unborn++;
        } else {
            gasp_session_free(s);
            left = room;
            script_start(&p, &config);
            made_chain_give(&chain, &p, 0, 3, true);
            script_run(&p);
            assert_true(p.side.err == GASP_OK || p.side.err == GASP_ERR_FILE_OPEN);
            ended += p.side.err == GASP_ERR_FILE_OPEN;
            assert_true(gasp_session_done(p.side.session));
            script_free(&p);
        }
        test_wallet_free(&w);
    }
    assert_true(unborn > 1 && ended > 10);
    made_chain_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_blocks),   cmocka_unit_test(parts_and_equal), cmocka_unit_test(refusals),
        cmocka_unit_test(broken_by_peer), cmocka_unit_test(every_byte),      cmocka_unit_test(every_length),
        cmocka_unit_test(vectors),        cmocka_unit_test(no_trace),        cmocka_unit_test(sink_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
