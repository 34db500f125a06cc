/* Peers that break the protocol: every message where it is not expected, messages and frames that are malformed, OPENs that
 * have nothing in common with ours, silence, and connections that end. Each ends the session with its own error, the peer
 * is told why, and what was stored before stays whole. */
#include <stdlib.h>
#include <string.h>

#include "session/inside.h"
#include "session/made.h"

enum { CHAIN = 5 };

/* ---- every message in every state ---------------------------------------------------------------------------------- */

typedef enum place {
    START,          /* an initiator that has said nothing */
    OPENING,        /* it waits for the answer */
    OPENING_SECOND, /* a responder */
    RECEIVING,
    SENDING,
    SENT_ALL, /* sending, and its roots have ended */
    CLOSING,
    RESTING,        /* an initiator that stays, after a round */
    RESTING_SECOND, /* a responder after a round */
    PLACES
} place;

static const char *const place_names[PLACES] = {"start",     "opening", "opening, responder",
                                                "receiving", "sending", "sent all",
                                                "closing",   "resting", "resting, responder"};

static const uint16_t types[] = {GASP_MSG_OPEN,   GASP_MSG_CLOSE,   GASP_MSG_ERROR,     GASP_MSG_KEEPALIVE,
                                 GASP_MSG_FILTER, GASP_MSG_INV,     GASP_MSG_WANT,      GASP_MSG_SENT,
                                 GASP_MSG_ABSENT, GASP_MSG_CREDIT,  GASP_MSG_ROOTS_END, GASP_MSG_TURN_END,
                                 GASP_MSG_ROUND,  GASP_MSG_CHANGED, GASP_MSG_SKIP,      GASP_MSG_SPEND};
enum { TYPES = sizeof types / sizeof types[0] };

/* What docs/protocol.md allows in each place beside ERROR and KEEPALIVE, which may come everywhere; 0 ends a row. */
static const uint16_t allowed[PLACES][5] = {
    [START] = {0},
    [OPENING] = {GASP_MSG_OPEN},
    [OPENING_SECOND] = {GASP_MSG_OPEN},
    [RECEIVING] = {GASP_MSG_INV, GASP_MSG_SENT, GASP_MSG_ABSENT, GASP_MSG_ROOTS_END, GASP_MSG_SPEND},
    [SENDING] = {GASP_MSG_FILTER, GASP_MSG_WANT, GASP_MSG_CREDIT, GASP_MSG_SKIP},
    [SENT_ALL] = {GASP_MSG_WANT, GASP_MSG_CREDIT, GASP_MSG_TURN_END},
    [CLOSING] = {GASP_MSG_CLOSE},
    [RESTING] = {GASP_MSG_CHANGED},
    [RESTING_SECOND] = {GASP_MSG_ROUND},
};

static bool is_allowed(place at, uint16_t type)
{
    bool found = type == GASP_MSG_ERROR || type == GASP_MSG_KEEPALIVE;
    for (size_t i = 0; i < 5; i++)
        found = found || allowed[at][i] == type;
    return found;
}

static void steps(script_peer *p)
{
    while (script_step(p))
        ;
}

/* Brings a session to a place. The peer is mute from then on. */
static void go_to(made_run *run, place at)
{
    made_run_init(run, CHAIN, SIZE_MAX, at != OPENING_SECOND && at != RESTING_SECOND);
    run->config.stay = at == RESTING;
    if (at == SENDING || at == SENT_ALL)
        made_chain_add(&run->chain, run->w.wallet, CHAIN, true);
    made_run_start(run);
    script_peer *p = &run->p;
    p->open.features = GASP_FEATURE_SKIP | GASP_FEATURE_SPEND | GASP_FEATURE_ROUNDS;
    if (at == RESTING || at == RESTING_SECOND) {
        if (p->initiator)
            script_say_open(p);
        script_run(p);
        assert_int_equal(p->heard[GASP_MSG_CLOSE], 1);
    }
    p->mute = true;
    if (at == RESTING || at == RESTING_SECOND)
        return;
    if (at == START || at == OPENING_SECOND)
        return;
    (void)script_step(p);
    if (at == OPENING)
        return;
    p->open.rights = at == SENDING || at == SENT_ALL ? GASP_RIGHT_WRITE : GASP_RIGHT_READ;
    script_say_open(p);
    steps(p);
    if (at == SENT_ALL)
        script_say_filter(p);
    if (at == CLOSING)
        script_say_roots_end(p);
    steps(p);
    assert_err(p->side.err, GASP_OK);
    assert_int_equal(p->heard[GASP_MSG_FILTER], at == RECEIVING || at == CLOSING);
    assert_int_equal(p->heard[GASP_MSG_ROOTS_END], at == SENT_ALL);
    assert_int_equal(p->heard[GASP_MSG_CLOSE], at == CLOSING);
}

static void made_run_over(made_run *run)
{
    made_run_stop(run);
    made_run_free(run);
}

/* A message of that type that is well formed, and harmless where it is expected. */
static void say_well_formed(script_peer *p, uint16_t type)
{
    static const uint8_t zeros[80] = {0};
    static const uint8_t one[69] = {1};
    static const uint8_t round[57] = {1};
    const size_t first = 0;
    switch (type) {
    case GASP_MSG_OPEN:
        script_say_open(p);
        break;
    case GASP_MSG_CLOSE:
        script_say_close(p, GASP_RESULT_COMPLETE);
        break;
    case GASP_MSG_FILTER:
        script_say_filter(p);
        break;
    case GASP_MSG_INV:
        script_say_invs(p, &first, 1, GASP_INV_ROOT, NULL);
        break;
    case GASP_MSG_ERROR:
    case GASP_MSG_CREDIT:
        script_say(p, type, (gasp_bytes){zeros, 12});
        break;
    case GASP_MSG_WANT:
    case GASP_MSG_SENT:
    case GASP_MSG_ABSENT:
        script_say(p, type, (gasp_bytes){zeros, 1});
        break;
    case GASP_MSG_ROOTS_END:
        script_say_roots_end(p);
        break;
    case GASP_MSG_TURN_END:
        script_say(p, type, (gasp_bytes){zeros, 2});
        break;
    case GASP_MSG_ROUND:
        script_say(p, type, (gasp_bytes){round, 57});
        break;
    case GASP_MSG_SKIP:
    case GASP_MSG_SPEND:
        script_say(p, type, (gasp_bytes){one, type == GASP_MSG_SKIP ? 37 : 69});
        break;
    default:
        script_say(p, type, (gasp_bytes){zeros, 0});
    }
}

/* The session ended with this error, and the last words name reason and message. */
static void assert_ended(const script_peer *p, gasp_err err, gasp_reason reason, uint16_t message)
{
    gasp_session_fault fault;
    gasp_session_why(p->side.session, &fault);
    assert_err(p->side.err, err);
    assert_err(fault.err, err);
    assert_int_equal(fault.message, message);
    assert_true(gasp_session_done(p->side.session));
    assert_int_equal(p->heard[GASP_MSG_ERROR], 1);
    assert_int_equal(p->error.reason, reason);
    assert_int_equal(p->error.message, message);
    assert_true(gasp_session_deadline(p->side.session) == UINT64_MAX);
    assert_err(gasp_session_recv(p->side.session, (const uint8_t *)"x", 1, p->now), err);
}

static void every_message(void **state)
{
    size_t unexpected = 0;
    size_t expected = 0;
    (void)state;
    for (int at = 0; at < PLACES; at++) {
        for (size_t i = 0; i < TYPES; i++) {
            made_run run;
            go_to(&run, (place)at);
            say_well_formed(&run.p, types[i]);
            steps(&run.p);
            if (types[i] == GASP_MSG_ERROR) {
                assert_err(run.p.side.err, GASP_ERR_PEER_ERROR);
                assert_int_equal(run.p.heard[GASP_MSG_ERROR], 0);
                expected++;
            } else if (is_allowed((place)at, types[i])) {
                if (run.p.side.err != GASP_OK)
                    fail_msg("%s: message %u was not taken", place_names[at], types[i]);
                expected++;
            } else {
                if (run.p.side.err != GASP_ERR_PEER_UNEXPECTED)
                    fail_msg("%s: message %u was answered %d", place_names[at], types[i], run.p.side.err);
                assert_ended(&run.p, GASP_ERR_PEER_UNEXPECTED, GASP_REASON_UNEXPECTED, types[i]);
                unexpected++;
            }
            made_run_over(&run);
        }
    }
    print_message("count: messages by state: %zu unexpected, %zu expected\n", unexpected, expected);
}

/* What is expected once, or not yet. */
static void once_only(void **state)
{
    static const struct {
        place at;
        uint16_t first;
        uint16_t second;
    } rows[] = {
        {SENDING, 0, GASP_MSG_TURN_END},
        {SENDING, GASP_MSG_FILTER, GASP_MSG_FILTER},
        {RECEIVING, GASP_MSG_INV, GASP_MSG_FILTER},
        {SENDING, GASP_MSG_SKIP, GASP_MSG_SKIP},
        {SENDING, GASP_MSG_FILTER, GASP_MSG_SKIP},
        {SENT_ALL, GASP_MSG_TURN_END, GASP_MSG_TURN_END},
        {OPENING, GASP_MSG_OPEN, GASP_MSG_OPEN},
        {OPENING_SECOND, GASP_MSG_OPEN, GASP_MSG_OPEN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        made_run run;
        go_to(&run, rows[i].at);
        if (rows[i].first != 0)
            say_well_formed(&run.p, rows[i].first);
        say_well_formed(&run.p, rows[i].second);
        steps(&run.p);
        assert_ended(&run.p, GASP_ERR_PEER_UNEXPECTED, GASP_REASON_UNEXPECTED, rows[i].second);
        made_run_over(&run);
    }
    print_message("count: messages out of their order: %zu\n", sizeof rows / sizeof rows[0]);
}

/* ---- growth -------------------------------------------------------------------------------------------------------- */

static void unknown_messages(void **state)
{
    static const uint8_t junk[5] = {9, 9, 9, 9, 9};
    static const uint16_t odd[3] = {27, 4001, 65535};
    (void)state;
    for (int at = 0; at < PLACES; at++) {
        made_run run;
        go_to(&run, (place)at);
        for (size_t i = 0; i < 3; i++)
            script_say(&run.p, odd[i], (gasp_bytes){junk, i == 1 ? 0 : sizeof junk});
        steps(&run.p);
        assert_err(run.p.side.err, GASP_OK);
        assert_false(gasp_session_done(run.p.side.session));
        script_say(&run.p, (uint16_t)(4000 + 2 * at), (gasp_bytes){junk, sizeof junk});
        steps(&run.p);
        assert_ended(&run.p, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED, (uint16_t)(4000 + 2 * at));
        made_run_over(&run);
    }
}

static void open_message(gasp_buf *out, const gasp_open *open)
{
    gasp_buf_init(out, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(out);
    gasp_open_encode(&w, open);
    assert_err(w.err, GASP_OK);
}

/* An OPEN with bytes put in at an offset: fields are type, length, value, and type and length below 253 are one byte. */
static gasp_err open_with(size_t at_end, const uint8_t *more, size_t n_more)
{
    made_run run;
    gasp_buf open;
    gasp_buf changed;
    go_to(&run, OPENING_SECOND);
    open_message(&open, &run.p.open);
    gasp_buf_init(&changed, SIZE_MAX, NULL);
    size_t at = at_end ? open.len : 4 + 2 + 2 + 3; /* behind the network */
    assert_err(gasp_buf_append(&changed, open.data, at), GASP_OK);
    assert_err(gasp_buf_append(&changed, more, n_more), GASP_OK);
    assert_err(gasp_buf_append(&changed, open.data + at, open.len - at), GASP_OK);
    script_say(&run.p, GASP_MSG_OPEN, gasp_buf_view(&changed));
    steps(&run.p);
    gasp_err err = run.p.side.err;
    if (err == GASP_OK)
        assert_int_equal(run.p.heard[GASP_MSG_OPEN], 1);
    else
        assert_ended(&run.p, err, GASP_REASON_MALFORMED, GASP_MSG_OPEN);
    gasp_buf_clear(&open);
    gasp_buf_clear(&changed);
    made_run_over(&run);
    return err;
}

static void unknown_fields(void **state)
{
    static const uint8_t odd[] = {21, 2, 1, 1, 23, 0, 253, 0xa1, 0x0f, 1, 7};
    static const uint8_t one_odd[] = {1, 3, 5, 5, 5};
    static const uint8_t even[] = {20, 1, 0};
    static const uint8_t descending[] = {23, 0, 21, 0};
    static const uint8_t twice[] = {21, 0, 21, 0};
    static const uint8_t again[] = {0, 1, 3};
    static const uint8_t runs_over[] = {21, 9, 0};
    (void)state;
    assert_err(open_with(1, odd, sizeof odd), GASP_OK);
    assert_err(open_with(0, one_odd, sizeof one_odd), GASP_OK);
    assert_err(open_with(1, even, sizeof even), GASP_ERR_PEER_MESSAGE);
    assert_err(open_with(1, descending, sizeof descending), GASP_ERR_PEER_MESSAGE);
    assert_err(open_with(1, twice, sizeof twice), GASP_ERR_PEER_MESSAGE);
    assert_err(open_with(0, again, sizeof again), GASP_ERR_PEER_MESSAGE);
    assert_err(open_with(1, runs_over, sizeof runs_over), GASP_ERR_SHORT);
}

/* ---- malformed ----------------------------------------------------------------------------------------------------- */

/* One message cut at each of its bytes, and with one byte too many. */
static size_t cut_everywhere(place at, uint16_t type, gasp_bytes message)
{
    size_t cases = 0;
    uint8_t *longer = calloc(message.len + 1, 1);
    assert_non_null(longer);
    memcpy(longer, message.data, message.len);
    for (size_t len = 0; len <= message.len + 1; len++) {
        made_run run;
        if (len == message.len || (len > 600 && len < message.len && len % test_one_in() != 0))
            continue; /* far inside of a filter's bits one place is like another */
        go_to(&run, at);
        script_say(&run.p, type, (gasp_bytes){longer, len});
        steps(&run.p);
        gasp_class cls = gasp_err_class(run.p.side.err);
        if (cls != GASP_CLASS_DECODE && cls != GASP_CLASS_PEER)
            fail_msg("message %u cut at %zu: %d", type, len, run.p.side.err);
        assert_ended(&run.p, run.p.side.err, GASP_REASON_MALFORMED, type);
        assert_int_equal(test_output_count(run.w.wallet), at == SENDING ? CHAIN : 0);
        made_run_over(&run);
        cases++;
    }
    free(longer);
    return cases;
}

static void truncated(void **state)
{
    made_run run;
    gasp_buf open;
    gasp_buf inv;
    size_t cases = 0;
    (void)state;
    go_to(&run, OPENING_SECOND);
    run.p.open.has_summary = false; /* the last field, and the one that may be left out */
    open_message(&open, &run.p.open);
    const size_t which[2] = {0, 1};
    script_inv_message(&inv, &run.p, which, 2, GASP_INV_ROOT, NULL);
    cases += cut_everywhere(OPENING_SECOND, GASP_MSG_OPEN, gasp_buf_view(&open));
    cases += cut_everywhere(RECEIVING, GASP_MSG_INV, gasp_buf_view(&inv));
    gasp_buf_clear(&run.p.out);
    script_say_filter(&run.p);
    /* The filter's message out of its frames, which are of GASP_FRAME_MIN_MAX bytes. */
    gasp_buf filter;
    gasp_buf_init(&filter, SIZE_MAX, NULL);
    for (size_t at = 0; at < run.p.out.len;) {
        size_t len = (size_t)run.p.out.data[at] | (size_t)run.p.out.data[at + 1] << 8;
        assert_err(gasp_buf_append(&filter, run.p.out.data + at + GASP_FRAME_HEAD, len), GASP_OK);
        at += GASP_FRAME_HEAD + len;
    }
    gasp_buf_clear(&run.p.out);
    cases += cut_everywhere(SENDING, GASP_MSG_FILTER, gasp_buf_view(&filter));
    print_message("count: messages cut short: %zu\n", cases);
    gasp_buf_clear(&open);
    gasp_buf_clear(&inv);
    gasp_buf_clear(&filter);
    made_run_over(&run);
}

static void put_frame(gasp_buf *out, uint32_t len, uint16_t type, uint16_t flags, size_t payload)
{
    gasp_writer w = gasp_writer_growing(out);
    gasp_write_u32(&w, len);
    gasp_write_u16(&w, type);
    gasp_write_u16(&w, flags);
    for (size_t i = 0; i < payload; i++)
        gasp_write_u8(&w, 0);
    assert_err(w.err, GASP_OK);
}

static void frames(void **state)
{
    (void)state;
    for (int way = 0; way < 9; way++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, false);
        run.config.limits.max_frame = 1024;
        run.config.limits.max_message = GASP_MESSAGE_MIN_MAX;
        made_run_start(&run);
        run.p.mute = true;
        gasp_err expected = GASP_ERR_PEER_FRAME;
        gasp_buf *out = &run.p.out;
        if (way == 0)
            put_frame(out, 1025, GASP_MSG_OPEN, 0, 0);
        else if (way == 1)
            put_frame(out, UINT32_MAX, GASP_MSG_OPEN, 0, 0);
        else if (way == 2)
            put_frame(out, 8, GASP_MSG_OPEN, 2, 0);
        else if (way == 3)
            put_frame(out, 0, GASP_MSG_OPEN, GASP_FRAME_MORE, 0);
        else if (way == 4) {
            put_frame(out, 8, GASP_MSG_OPEN, GASP_FRAME_MORE, 8);
            put_frame(out, 8, GASP_MSG_CLOSE, 0, 8);
        } else {
            /* An odd message of one byte more than may be, or just as much: before OPEN, and after it. */
            if (way > 6)
                script_say_open(&run.p);
            for (int i = 0; i < (way > 6 ? GASP_MESSAGE_MIN_MAX : MESSAGE_BEFORE_OPEN) / 1024; i++)
                put_frame(out, 1024, 4001, GASP_FRAME_MORE, 1024);
            put_frame(out, way % 2 == 1, 4001, 0, way % 2 == 1);
            expected = way % 2 == 1 ? GASP_ERR_PEER_LIMIT : GASP_OK;
        }
        steps(&run.p);
        if (expected != GASP_OK)
            assert_ended(&run.p, expected, expected == GASP_ERR_PEER_LIMIT ? GASP_REASON_LIMIT : GASP_REASON_MALFORMED,
                         0);
        else
            assert_err(run.p.side.err, GASP_OK);
        made_run_over(&run);
    }
}

/* Limits of our own that no session can be run with. */
static void own_limits(void **state)
{
    (void)state;
    for (int way = 0; way < 9; way++) {
        made_run run;
        gasp_session *s = NULL;
        made_run_init(&run, 2, SIZE_MAX, false);
        gasp_session_limits *limits = &run.config.limits;
        limits->max_frame = way == 0 ? GASP_FRAME_MIN_MAX - 1 : limits->max_frame;
        limits->max_message = way == 1 ? GASP_MESSAGE_MIN_MAX - 1 : limits->max_message;
        limits->max_wants = way == 2 ? 0 : limits->max_wants;
        limits->credit_roots = way == 3 ? 0 : limits->credit_roots;
        limits->credit_bytes = way == 4 ? 0 : limits->credit_bytes;
        limits->max_nodes = way == 5 ? 0 : limits->max_nodes;
        limits->idle_ms = way == 6 ? 0 : limits->idle_ms;
        run.config.peer_len = way == 7 ? GASP_PEER_MAX + 1 : 0;
        run.config.wallet = way == 8 ? NULL : run.config.wallet;
        assert_err(gasp_session_new(&s, &run.config), GASP_ERR_MISUSE);
        made_run_free(&run);
    }
}

/* ---- nothing in common --------------------------------------------------------------------------------------------- */

typedef void (*change)(gasp_open *open);

static void other_network(gasp_open *o)
{
    o->network = GASP_NETWORK_MAIN;
}
static void later_version(gasp_open *o)
{
    o->version_min = 2, o->version_max = 3;
}
static void no_version(gasp_open *o)
{
    o->version_min = o->version_max = 0;
}
static void two_versions(gasp_open *o)
{
    o->version_max = 2;
}
static void other_scheme(gasp_open *o)
{
    o->schemes[0] = GASP_SCHEME_NEGENTROPY;
}
static void two_schemes(gasp_open *o)
{
    o->schemes[1] = GASP_SCHEME_NEGENTROPY, o->n_schemes = 2;
}
static void other_collection(gasp_open *o)
{
    o->collection.b[3] = 1;
}
static void no_rights(gasp_open *o)
{
    o->rights = 0;
}
static void some_feature(gasp_open *o)
{
    o->features = UINT64_C(1) << 40;
}
static void small_frames(gasp_open *o)
{
    o->max_frame = GASP_FRAME_MIN_MAX - 1;
}
static void small_messages(gasp_open *o)
{
    o->max_message = o->max_frame - 1;
}
static void no_wants(gasp_open *o)
{
    o->max_wants = 0;
}
static void no_credit_roots(gasp_open *o)
{
    o->credit_roots = 0;
}
static void no_credit_bytes(gasp_open *o)
{
    o->credit_bytes = 0;
}
static void no_match(gasp_open *o)
{
    o->match = 7;
}
static void too_many_items(gasp_open *o)
{
    o->summary.count = 16777217;
}
static void harmless(gasp_open *o)
{
    o->has_summary = false;
}

static void opens(void **state)
{
    static const struct {
        change change;
        bool first; /* the session is the initiator, and this is the answer */
        gasp_err err;
        gasp_reason reason;
    } rows[] = {
        {other_network, false, GASP_ERR_PEER_NETWORK, GASP_REASON_NETWORK},
        {other_network, true, GASP_ERR_PEER_NETWORK, GASP_REASON_NETWORK},
        {later_version, false, GASP_ERR_PEER_VERSION, GASP_REASON_VERSION},
        {later_version, true, GASP_ERR_PEER_VERSION, GASP_REASON_VERSION},
        {no_version, false, GASP_ERR_PEER_VERSION, GASP_REASON_VERSION},
        {two_versions, false, GASP_OK, 0},
        {two_versions, true, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {other_scheme, false, GASP_ERR_PEER_NOTHING_COMMON, GASP_REASON_NOTHING_COMMON},
        {other_scheme, true, GASP_ERR_PEER_NOTHING_COMMON, GASP_REASON_NOTHING_COMMON},
        {two_schemes, false, GASP_OK, 0},
        {two_schemes, true, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {other_collection, false, GASP_ERR_PEER_DENIED, GASP_REASON_DENIED},
        {other_collection, true, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {no_rights, true, GASP_ERR_PEER_DENIED, GASP_REASON_DENIED},
        {some_feature, false, GASP_OK, 0},
        {some_feature, true, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {small_frames, false, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {small_messages, true, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {no_wants, false, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {no_credit_roots, false, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {no_credit_bytes, true, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {no_match, false, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED},
        {too_many_items, false, GASP_ERR_PEER_LIMIT, GASP_REASON_LIMIT},
        {harmless, false, GASP_OK, 0},
        {harmless, true, GASP_OK, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        made_run run;
        go_to(&run, rows[i].first ? OPENING : OPENING_SECOND);
        rows[i].change(&run.p.open);
        script_say_open(&run.p);
        steps(&run.p);
        if (rows[i].err == GASP_OK)
            assert_err(run.p.side.err, GASP_OK);
        else
            assert_ended(&run.p, rows[i].err, rows[i].reason, GASP_MSG_OPEN);
        made_run_over(&run);
    }
    print_message("count: OPENs: %zu\n", sizeof rows / sizeof rows[0]);
}

static unsigned by_name(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    (void)collection;
    return peer_len == 3 && memcmp(peer, "bob", 3) == 0 ? *(unsigned *)user : 0;
}

/* Rights are asked of the access port under the peer's name; without any the session tells nothing of what it has. */
static void access_port(void **state)
{
    unsigned rights = GASP_RIGHT_WRITE;
    const gasp_access access = {sizeof access, &rights, by_name};
    (void)state;
    for (int way = 0; way < 2; way++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, false);
        run.config.access = &access;
        run.config.peer = (const uint8_t *)(way == 0 ? "bob" : "eve");
        run.config.peer_len = 3;
        made_run_start(&run);
        script_say_open(&run.p);
        steps(&run.p);
        if (way == 1) {
            assert_ended(&run.p, GASP_ERR_PEER_DENIED, GASP_REASON_DENIED, GASP_MSG_OPEN);
            assert_int_equal(run.p.heard[GASP_MSG_OPEN], 0);
        } else {
            assert_int_equal(run.p.theirs.rights, GASP_RIGHT_WRITE);
        }
        made_run_over(&run);
    }
}

/* ---- time and ends ------------------------------------------------------------------------------------------------- */

static void silence(void **state)
{
    (void)state;
    for (int at = OPENING; at < RESTING; at++) {
        made_run run;
        go_to(&run, (place)at);
        script_peer *p = &run.p;
        if (at == OPENING_SECOND) {
            script_say(p, GASP_MSG_KEEPALIVE, (gasp_bytes){NULL, 0}); /* its time runs from the first bytes on */
            steps(p);
        }
        for (int i = 0; i < 3; i++) {
            uint64_t deadline = gasp_session_deadline(p->side.session);
            assert_true(deadline <= p->now.mono_ms + run.config.limits.idle_ms);
            p->now.mono_ms = deadline - 1;
            assert_err(gasp_session_recv(p->side.session, NULL, 0, p->now), GASP_OK);
            script_say(p, GASP_MSG_KEEPALIVE, (gasp_bytes){NULL, 0});
            steps(p);
            assert_err(p->side.err, GASP_OK);
        }
        p->now.mono_ms = gasp_session_deadline(p->side.session);
        assert_err(gasp_session_recv(p->side.session, NULL, 0, p->now), GASP_ERR_PEER_IDLE);
        p->side.err = GASP_ERR_PEER_IDLE;
        steps(p);
        assert_ended(p, GASP_ERR_PEER_IDLE, GASP_REASON_IDLE, 0);
        made_run_over(&run);
    }
}

/* The connection ends after each step of a sync: what was stored is whole, and another sync finishes the work. */
static void closed_at_every_step(void **state)
{
    size_t cases = 0;
    (void)state;
    for (size_t n = 0;; n++) {
        made_run run;
        made_run_init(&run, CHAIN, SIZE_MAX, true);
        made_run_start(&run);
        for (size_t i = 0; i < n; i++)
            (void)script_step(&run.p);
        if (gasp_session_done(run.p.side.session)) {
            made_run_over(&run);
            break;
        }
        assert_err(gasp_session_closed(run.p.side.session, run.p.now), GASP_ERR_PEER_CLOSED);
        assert_true(gasp_session_done(run.p.side.session));
        pair_take_events(&run.p.side);
        assert_int_equal(test_output_count(run.w.wallet), run.p.side.committed);
        made_run_stop(&run);
        made_run_start(&run);
        steps(&run.p);
        assert_err(run.p.side.err, GASP_OK);
        assert_int_equal(run.p.side.closed.closed.result, GASP_RESULT_COMPLETE);
        assert_int_equal(test_output_count(run.w.wallet), CHAIN);
        made_run_over(&run);
        cases++;
    }
    assert_true(cases > 5);
    print_message("count: connections that ended early: %zu\n", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message),
        cmocka_unit_test(once_only),
        cmocka_unit_test(unknown_messages),
        cmocka_unit_test(unknown_fields),
        cmocka_unit_test(truncated),
        cmocka_unit_test(frames),
        cmocka_unit_test(own_limits),
        cmocka_unit_test(opens),
        cmocka_unit_test(access_port),
        cmocka_unit_test(silence),
        cmocka_unit_test(closed_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
