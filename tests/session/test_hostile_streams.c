/* Streams: random bytes, and what honest peers said with anything in it changed. Whatever comes, nothing is stored that an
 * honest peer would not have given, and the wallet passes its own check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/made.h"

enum { CHAIN = 6 };

/* A session that takes, whose peer has read the filter and says nothing by itself. */
static void receiving(made_run *run)
{
    made_run_start(run);
    run->p.mute = true;
    (void)script_step(&run->p);
    script_say_open(&run->p);
    script_run(&run->p);
    assert_true(run->p.filter_done);
}

static gasp_err only_honest(void *ctx, const gasp_output *output)
{
    const made_chain *chain = ctx;
    for (size_t i = 0; i < chain->n; i++)
        if (memcmp(chain->txid[i].b, output->outpoint.txid.b, 32) == 0)
            return GASP_OK;
    return GASP_ERR_INTERNAL;
}

static void assert_honest(made_run *run)
{
    const gasp_collection by_default = {{0}};
    assert_err(gasp_wallet_outputs(run->w.wallet, &by_default, NULL, true, only_honest, &run->chain), GASP_OK);
}

static void random_bytes(void **state)
{
    test_random r = test_random_start("session/hostile: random bytes");
    size_t rounds = 2000 / test_one_in() + 1;
    made_run run;
    (void)state;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    for (size_t round = 0; round < rounds; round++) {
        uint8_t bytes[300];
        run.config.initiator = round % 2 == 0;
        if (round % 4 < 2) {
            receiving(&run);
        } else {
            made_run_start(&run);
            run.p.mute = true;
        }
        for (int i = 0; i < 8 && !gasp_session_done(run.p.side.session); i++) {
            test_random_fill(&r, bytes, sizeof bytes);
            size_t len = 1 + (size_t)test_random_below(&r, sizeof bytes);
            if (test_random_below(&r, 2) == 0) { /* a frame that is one, of random content */
                script_say(&run.p, (uint16_t)(2 * test_random_below(&r, 13)), (gasp_bytes){bytes, len});
            } else {
                assert_err(gasp_buf_append(&run.p.out, bytes, len), GASP_OK);
            }
            while (script_step(&run.p))
                ;
        }
        assert_int_equal(test_output_count(run.w.wallet), 0);
        made_run_stop(&run);
    }
    made_run_free(&run);
    print_message("count: random streams: %zu\n", rounds);
}

static void say_want(script_peer *p, const gasp_txid *txid)
{
    gasp_buf buf;
    const gasp_want want = {.outpoint = {*txid, 0}, .max_len = 10000};
    gasp_buf_init(&buf, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&buf);
    gasp_write_compact(&w, 1);
    gasp_want_encode(&w, GASP_MSG_WANT, &want);
    assert_err(w.err, GASP_OK);
    script_say(p, GASP_MSG_WANT, gasp_buf_view(&buf));
    gasp_buf_clear(&buf);
}

/* What an honest peer said, in the pieces in which it was delivered. */
typedef struct stream {
    gasp_buf bytes;
    size_t end[64];
    size_t n;
} stream;

static void say_more(script_peer *p, const made_chain *chain, int way)
{
    if (way == 2 && p->now.mono_ms == 1000) {
        script_say_open(p);
    } else if (way == 3 && p->now.mono_ms == 1000) {
        p->open.rights = GASP_RIGHT_WRITE;
        p->ended = true;
    } else if (way == 3 && p->theirs.network != 0 && p->n_wants == 0) {
        script_say_filter(p);
        p->n_wants = 1;
    } else if (way == 3 && p->heard[GASP_MSG_INV] == 1 && p->n_wants == 1) {
        say_want(p, &chain->txid[2]);
        say_want(p, &chain->txid[0]);
        p->n_wants = 3;
    } else if (way == 3 && p->heard[GASP_MSG_ROOTS_END] == 1 && p->n_wants == 3) {
        script_say(p, GASP_MSG_TURN_END, (gasp_bytes){(const uint8_t *)"\0", 2});
        p->n_wants = 4;
    }
}

/* way: 0 the peer gives, 1 and one of what it gives is bad, 2 to a responder, 3 it takes. */
static void record(stream *st, made_run *run, int way)
{
    *st = (stream){0};
    gasp_buf_init(&st->bytes, SIZE_MAX, NULL);
    made_run_start(run);
    do {
        say_more(&run->p, &run->chain, way);
        if (run->p.out.len == 0)
            continue;
        assert_err(gasp_buf_append(&st->bytes, run->p.out.data, run->p.out.len), GASP_OK);
        assert_true(st->n < 64);
        st->end[st->n++] = st->bytes.len;
    } while (script_step(&run->p));
    assert_err(run->p.side.err, GASP_OK);
    assert_true(gasp_session_done(run->p.side.session));
    assert_int_equal(run->p.side.committed, way == 1 ? 3 : (way == 3 ? 0 : CHAIN));
    made_run_stop(run);
}

/* Writes what was said as a file of tests/fuzz/corpus/session: see fuzz_session.c. */
static void write_corpus(const char *name, uint8_t flags, const stream *st)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/session/%s", GASP_SOURCE_DIR, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputc(flags, file);
    for (size_t i = 0; i < st->n; i++) {
        size_t from = i > 0 ? st->end[i - 1] : 0;
        size_t len = st->end[i] - from;
        fputc((int)(len & 0xff), file);
        fputc((int)(len >> 8), file);
        assert_int_equal(fwrite(st->bytes.data + from, 1, len, file), len);
    }
    fclose(file);
}

/* What peers say to a session that takes, to one that gives, and to a responder. With GASP_WRITE_CORPUS=1 the files of the
 * fuzz target are written anew. */
static void corpus(void **state)
{
    static const char *const names[4] = {"takes", "takes-one-bad", "responder-takes", "gives"};
    (void)state;
    for (int way = 0; way < 4; way++) {
        made_run run;
        stream st;
        made_run_init(&run, CHAIN, way == 1 ? 3 : SIZE_MAX, way != 2);
        if (way == 3)
            made_chain_add(&run.chain, run.w.wallet, 4, false);
        record(&st, &run, way);
        if (getenv("GASP_WRITE_CORPUS") != NULL)
            write_corpus(names[way], (uint8_t)((way != 2) + (way == 3 ? 2 : 0)), &st);
        gasp_buf_clear(&st.bytes);
        made_run_free(&run);
    }
}

/* One piece with something in it changed. */
static void change(gasp_buf *out, gasp_bytes piece, const stream *st, test_random *r)
{
    size_t at = (size_t)test_random_below(r, piece.len);
    size_t len = 1 + (size_t)test_random_below(r, piece.len - at < 40 ? piece.len - at : 40);
    uint8_t fresh[40];
    gasp_bytes middle = {piece.data + at, len};
    uint64_t way = test_random_below(r, 6);
    test_random_fill(r, fresh, sizeof fresh);
    if (way == 0)
        middle.len = 0; /* left out */
    else if (way == 1)
        middle = (gasp_bytes){fresh, len}; /* other bytes */
    else if (way == 2)
        middle = (gasp_bytes){st->bytes.data + test_random_below(r, st->bytes.len - len), len}; /* of elsewhere */
    else
        len = 1; /* one bit */
    assert_err(gasp_buf_append(out, piece.data, at), GASP_OK);
    if (way < 3) {
        assert_err(gasp_buf_append(out, middle.data, middle.len), GASP_OK);
    } else {
        uint8_t bit = (uint8_t)(piece.data[at] ^ 1u << test_random_below(r, 8));
        assert_err(gasp_buf_append(out, &bit, 1), GASP_OK);
    }
    if (way == 5)
        assert_err(gasp_buf_append(out, piece.data + at, 1), GASP_OK);
    assert_err(gasp_buf_append(out, piece.data + at + len, piece.len - at - len), GASP_OK);
}

static void changed_streams(void **state)
{
    test_random r = test_random_start("session/hostile: changed streams");
    size_t rounds = 10000 / test_one_in() + 1;
    size_t all = 0;
    size_t ended = 0;
    made_run run;
    stream st;
    (void)state;
    made_run_init(&run, CHAIN, SIZE_MAX, true);
    record(&st, &run, 0);
    assert_true(st.n > 5);
    for (size_t round = 0; round < rounds; round++) {
        test_wallet_free(&run.w);
        run.w = test_wallet_new(GASP_NETWORK_REGTEST, NULL);
        made_block_trust(&run.chain.block, run.w.wallet);
        run.config.wallet = run.w.wallet;
        made_run_start(&run);
        run.p.mute = true;
        size_t where = (size_t)test_random_below(&r, st.n);
        (void)script_step(&run.p);
        for (size_t i = 0; i < st.n; i++) {
            size_t from = i > 0 ? st.end[i - 1] : 0;
            gasp_bytes piece = {st.bytes.data + from, st.end[i] - from};
            if (i == where)
                change(&run.p.out, piece, &st, &r);
            else
                assert_err(gasp_buf_append(&run.p.out, piece.data, piece.len), GASP_OK);
            (void)script_step(&run.p);
        }
        while (script_step(&run.p))
            ;
        assert_honest(&run);
        if (round % 16 == 0) {
            gasp_check_report report;
            assert_err(gasp_wallet_check(run.w.wallet, &report, NULL, NULL), GASP_OK);
            assert_int_equal(report.problems, 0);
        }
        ended += run.p.side.err != GASP_OK;
        all += test_output_count(run.w.wallet) == CHAIN;
        made_run_stop(&run);
    }
    assert_true(ended > rounds / 10 && all > 0);
    print_message("count: changed streams: %zu, of which %zu ended the session and %zu gave everything\n", rounds,
                  ended, all);
    gasp_buf_clear(&st.bytes);
    made_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(corpus),
        cmocka_unit_test(changed_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
