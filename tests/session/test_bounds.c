/* What a peer cannot make a session do beyond its bounds: serve one transaction many times, hold a large message for a
 * small transaction, take batches of a million, read long before it has judged who speaks; and what a session says of
 * itself when rights keep a turn away. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/inside.h"
#include "session/made.h"

enum { CHAIN = 5, INNER = 2 };

/* Takes what the session says until it says nothing more. */
static void steps(script_peer *p)
{
    while (script_step(p))
        ;
}

/* A session that sends, its filter read and its one root, the end of the chain, out. */
static void start_sending(made_run *run)
{
    made_run_init(run, CHAIN, SIZE_MAX, true);
    made_chain_add(&run->chain, run->w.wallet, CHAIN, false);
    made_run_start(run);
    run->p.mute = true;
    (void)script_step(&run->p);
    run->p.open.rights = GASP_RIGHT_WRITE;
    script_say_open(&run->p);
    steps(&run->p);
    script_say_filter(&run->p);
    steps(&run->p);
    assert_err(run->p.side.err, GASP_OK);
    assert_int_equal(run->p.heard[GASP_MSG_ROOTS_END], 1);
}

/* A session that receives; config may be changed before made_run_start by `change`. */
static void start_receiving(made_run *run, const gasp_mem *mem)
{
    made_run_init(run, CHAIN, SIZE_MAX, true);
    run->config.mem = mem;
    made_run_start(run);
    run->p.mute = true;
    (void)script_step(&run->p);
    script_say_open(&run->p);
    steps(&run->p);
    assert_err(run->p.side.err, GASP_OK);
    assert_int_equal(run->p.heard[GASP_MSG_FILTER], 1);
}

static void say_wants(script_peer *p, const gasp_want *want, size_t n)
{
    gasp_buf buf;
    gasp_buf_init(&buf, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_compact(&w, n);
    for (size_t i = 0; i < n; i++)
        gasp_want_encode(&w, GASP_MSG_WANT, want);
    assert_err(w.err, GASP_OK);
    script_say(p, GASP_MSG_WANT, gasp_buf_view(&buf));
    gasp_buf_clear(&buf);
}

static void one_transaction_once(void **state)
{
    (void)state;
    made_run run;
    gasp_session_stats before;
    gasp_session_stats after;
    start_sending(&run);
    gasp_want want = {.outpoint = {run.chain.txid[INNER], 0}, .kind = GASP_WANT_TX, .max_len = 1 << 20};
    gasp_session_count(run.p.side.session, &before);
    say_wants(&run.p, &want, 300);
    steps(&run.p);
    say_wants(&run.p, &want, 300);
    steps(&run.p);
    gasp_session_count(run.p.side.session, &after);
    assert_err(run.p.side.err, GASP_OK);
    assert_int_equal(after.wants_in - before.wants_in, 600);
    assert_int_equal(after.invs_out - before.invs_out, 1);
    assert_true(run.p.heard[GASP_MSG_SENT] > 0);
    made_run_stop(&run);
    made_run_free(&run);
}

static void metadata_a_few_times(void **state)
{
    (void)state;
    made_run run;
    gasp_session_stats before;
    gasp_session_stats after;
    start_sending(&run);
    gasp_want want = {.outpoint = {run.chain.txid[INNER], 0}, .kind = GASP_WANT_METADATA};
    gasp_session_count(run.p.side.session, &before);
    say_wants(&run.p, &want, 100);
    steps(&run.p);
    gasp_session_count(run.p.side.session, &after);
    assert_err(run.p.side.err, GASP_OK);
    assert_int_equal(after.invs_out - before.invs_out, run.config.limits.serve_repeats);
    assert_true(run.p.heard[GASP_MSG_ABSENT] > 0);
    made_run_stop(&run);
    made_run_free(&run);
}

static void bytes_served(void **state)
{
    (void)state;
    made_run run;
    gasp_session_stats stats;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    run.config.limits.serve_bytes = 1; /* the first answer goes over it */
    made_chain_add(&run.chain, run.w.wallet, CHAIN, false);
    made_run_start(&run);
    run.p.mute = true;
    (void)script_step(&run.p);
    run.p.open.rights = GASP_RIGHT_WRITE;
    script_say_open(&run.p);
    steps(&run.p);
    script_say_filter(&run.p);
    steps(&run.p);
    for (size_t i = 0; i < 3; i++) {
        gasp_want want = {.outpoint = {run.chain.txid[i], 0}, .kind = GASP_WANT_TX, .max_len = 1 << 20};
        say_wants(&run.p, &want, 1);
        steps(&run.p);
    }
    gasp_session_count(run.p.side.session, &stats);
    assert_int_equal(stats.invs_out, 1 + 1);
    assert_int_equal(run.p.heard[GASP_MSG_ABSENT], 2);
    made_run_stop(&run);
    made_run_free(&run);
}

/* ---- batches ------------------------------------------------------------------------------------------------------- */

static void batch_refused(const uint8_t *bytes, size_t len)
{
    made_run run;
    start_receiving(&run, NULL);
    script_say(&run.p, GASP_MSG_INV, (gasp_bytes){bytes, len});
    steps(&run.p);
    assert_err(run.p.side.err, GASP_ERR_PEER_LIMIT);
    assert_int_equal(run.p.error.reason, GASP_REASON_LIMIT);
    made_run_stop(&run);
    made_run_free(&run);
}

static void batches_are_small(void **state)
{
    (void)state;
    /* No path, then one transaction more than allowed: flags 0, a txid of zeros, no entries. */
    size_t len = 1 + 3 + 34 * (GASP_INV_BATCH_MAX + 1);
    uint8_t *bytes = calloc(len, 1);
    bytes[1] = 0xfd;
    bytes[2] = (GASP_INV_BATCH_MAX + 1) & 0xff;
    bytes[3] = (GASP_INV_BATCH_MAX + 1) >> 8;
    batch_refused(bytes, len);
    /* As many paths. */
    memmove(bytes, bytes + 1, 3);
    batch_refused(bytes, len);
    free(bytes);
}

static void first_message_is_short(void **state)
{
    (void)state;
    made_run run;
    made_run_init(&run, CHAIN, SIZE_MAX, false);
    made_run_start(&run);
    run.p.mute = true;
    uint8_t *bytes = calloc(MESSAGE_BEFORE_OPEN + 1, 1);
    script_say(&run.p, GASP_MSG_OPEN, (gasp_bytes){bytes, MESSAGE_BEFORE_OPEN + 1});
    steps(&run.p);
    assert_err(run.p.side.err, GASP_ERR_PEER_LIMIT);
    free(bytes);
    made_run_stop(&run);
    made_run_free(&run);
}

/* Every path of a batch is named by a transaction of it, also where credit cut the batch short. */
static gasp_err look_at_paths(void *ctx, int from, uint16_t *type, gasp_bytes message, gasp_buf *out)
{
    size_t *batches = ctx;
    gasp_inv_batch batch;
    (void)from;
    (void)out;
    if (*type != GASP_MSG_INV)
        return GASP_ABSENT;
    gasp_reader r = gasp_reader_of(message);
    assert_err(gasp_inv_batch_decode(&batch, &r, gasp_mem_default()), GASP_OK);
    for (size_t b = 0; b < batch.n_bumps; b++) {
        size_t proved = 0;
        for (size_t i = 0; i < batch.n_invs; i++)
            proved += (batch.invs[i].flags & GASP_INV_PROVEN) != 0 && batch.invs[i].block == b;
        assert_true(proved > 0);
    }
    gasp_inv_batch_clear(&batch);
    ++*batches;
    return GASP_ABSENT;
}

static void paths_are_named(void **state)
{
    (void)state;
    enum { FUNDINGS = 12, BLOCKS = 3, EACH = FUNDINGS / BLOCKS };
    test_wallet full = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    test_wallet empty = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
    for (size_t b = 0; b < BLOCKS; b++) {
        gasp_bytes raws[EACH];
        gasp_txid txids[EACH];
        made_block block;
        size_t committed;
        for (size_t i = 0; i < EACH; i++)
            raws[i] = made_funding(&txids[i], (uint8_t)(b * EACH + i), 1, 1000, 1);
        made_block_mine(&block, MADE_HEIGHT + 2 * (uint32_t)b, txids, EACH);
        made_block_trust(&block, full.wallet);
        made_block_trust(&block, empty.wallet);
        gasp_bytes beef = made_beef(&block, raws, txids, EACH);
        assert_err(test_add(full.wallet, beef, &committed), GASP_OK);
        assert_int_equal(committed, EACH);
        test_release(beef);
        for (size_t i = 0; i < EACH; i++)
            test_release(raws[i]);
    }
    gasp_session_config config[2];
    pair p;
    size_t batches = 0;
    pair_config(config, empty.wallet, full.wallet);
    config[0].limits.credit_roots = 8;
    config[0].limits.credit_bytes = 250; /* a root or two, and the next does not fit */
    pair_start(&p, config);
    p.hook = look_at_paths;
    p.hook_ctx = &batches;
    pair_run(&p);
    pair_assert_complete(&p);
    assert_same_outputs(full.wallet, empty.wallet);
    assert_true(batches > 1);
    pair_free(&p);
    test_wallet_free(&full);
    test_wallet_free(&empty);
}

/* ---- memory -------------------------------------------------------------------------------------------------------- */

/* The heap, counting what is held. */
static size_t held;

static void *counted_allocate(void *user, size_t len)
{
    (void)user;
    void *block = malloc(len);
    held += malloc_usable_size(block);
    return block;
}

static void *counted_resize(void *user, void *block, size_t len)
{
    (void)user;
    held -= malloc_usable_size(block);
    block = realloc(block, len);
    held += malloc_usable_size(block);
    return block;
}

static void counted_release(void *user, void *block)
{
    (void)user;
    held -= malloc_usable_size(block);
    free(block);
}

/* A root that waits for its parent comes in one message with megabytes that nobody asked for. While it waits, those are
 * gone. */
static void small_transaction_of_a_large_message(void **state)
{
    (void)state;
    enum { FILLER = 8 * 1024 * 1024 };
    const gasp_mem mem = {sizeof mem, NULL, counted_allocate, counted_resize, counted_release};
    const size_t last = CHAIN - 1;
    made_run run;
    gasp_buf message;
    start_receiving(&run, &mem);
    size_t before = held;
    script_inv_message(&message, &run.p, &last, 1, GASP_INV_ROOT, NULL);
    assert_int_equal(message.data[0], 0); /* no path */
    assert_int_equal(message.data[1], 1);
    message.data[1] = 2;
    /* A second transaction, neither offered nor wanted: one input, one output with a script of FILLER bytes. */
    gasp_writer w = gasp_writer_growing(&message);
    gasp_write_u8(&w, GASP_INV_TX);
    size_t head = 4 + 1 + 36 + 1 + 4 + 1 + 8 + 5;
    gasp_write_compact(&w, head + FILLER + 4);
    const uint8_t start[46] = {1, 0, 0, 0, 1, 7};
    gasp_write_bytes(&w, start, 4 + 1 + 36 + 1);
    gasp_write_u32(&w, UINT32_MAX);
    gasp_write_u8(&w, 1);
    gasp_write_u64(&w, 1000);
    gasp_write_compact(&w, FILLER);
    uint8_t *filler = calloc(FILLER, 1);
    gasp_write_bytes(&w, filler, FILLER);
    free(filler);
    gasp_write_u32(&w, 0);
    gasp_write_u8(&w, 0);
    gasp_write_u8(&w, 0);
    assert_err(w.err, GASP_OK);
    script_say(&run.p, GASP_MSG_INV, gasp_buf_view(&message));
    gasp_buf_clear(&message);
    steps(&run.p);
    assert_err(run.p.side.err, GASP_OK);
    assert_int_equal(run.p.heard[GASP_MSG_WANT], 1); /* the root was read, and waits */
    assert_non_null(script_event(&run.p, GASP_EVENT_REFUSED, &run.p.side.events[run.p.side.n_events - 1].graph.txid));
    assert_true(held < before + FILLER / 8);
    made_run_stop(&run);
    made_run_free(&run);
    assert_int_equal(held, 0);
}

/* ---- rights, time -------------------------------------------------------------------------------------------------- */

static unsigned write_only(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    (void)user;
    (void)peer;
    (void)peer_len;
    (void)collection;
    return GASP_RIGHT_WRITE;
}

/* Who may not read is not told what we have, and who was not let read does not call the round complete. */
static void rights_keep_a_turn_away(void **state)
{
    (void)state;
    const gasp_access access = {sizeof access, NULL, write_only};
    made_run run;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    made_chain_add(&run.chain, run.w.wallet, CHAIN, false);
    run.config.access = &access;
    made_run_start(&run);
    run.p.mute = true;
    (void)script_step(&run.p);
    assert_false(run.p.theirs.has_summary);
    run.p.open.rights = GASP_RIGHT_WRITE; /* neither lets the other read: no turn takes place */
    script_say_open(&run.p);
    steps(&run.p);
    assert_int_equal(run.p.heard[GASP_MSG_FILTER], 0);
    assert_int_equal(run.p.heard[GASP_MSG_CLOSE], 1);
    assert_int_equal(run.p.close.result, GASP_RESULT_PARTIAL);
    made_run_stop(&run);
    made_run_free(&run);
}

/* A slow transport takes long over what we say: the peer's silence meanwhile is not held against it. */
static void time_to_say_counts(void **state)
{
    (void)state;
    made_run run;
    const uint8_t *out;
    size_t len;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    made_run_start(&run);
    script_peer *p = &run.p;
    p->mute = true;
    (void)script_step(p);
    gasp_buf open;
    gasp_buf frames;
    gasp_buf_init(&open, SIZE_MAX, NULL);
    gasp_buf_init(&frames, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&open);
    gasp_open_encode(&w, &p->open);
    assert_err(gasp_frames_out(&frames, GASP_MSG_OPEN, gasp_buf_view(&open), 65536), GASP_OK);
    assert_err(gasp_session_recv(p->side.session, frames.data, frames.len, p->now), GASP_OK);
    p->now.mono_ms += run.config.limits.idle_ms - 1;
    assert_err(gasp_session_send(p->side.session, &out, &len, p->now), GASP_OK);
    assert_true(len > 0); /* our filter */
    p->now.mono_ms += run.config.limits.idle_ms - 1;
    assert_err(gasp_session_recv(p->side.session, NULL, 0, p->now), GASP_OK);
    assert_true(gasp_session_deadline(p->side.session) == p->now.mono_ms + 1);
    p->now.mono_ms += 1;
    assert_err(gasp_session_recv(p->side.session, NULL, 0, p->now), GASP_ERR_PEER_IDLE);
    gasp_buf_clear(&open);
    gasp_buf_clear(&frames);
    made_run_stop(&run);
    made_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_transaction_once),
        cmocka_unit_test(metadata_a_few_times),
        cmocka_unit_test(bytes_served),
        cmocka_unit_test(batches_are_small),
        cmocka_unit_test(paths_are_named),
        cmocka_unit_test(first_message_is_short),
        cmocka_unit_test(small_transaction_of_a_large_message),
        cmocka_unit_test(rights_keep_a_turn_away),
        cmocka_unit_test(time_to_say_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
