/* What a side does with the OPEN of the other: each rule of docs/protocol.md, "OPEN" and "Rights and turns", broken alone,
 * on proposals and answers that vectors/message/open.json gives; the order of the rules; and what an answer chooses. */
#include <string.h>

#include "session/frame.h"
#include "session/message.h"
#include "session/pair.h"
#include "session/vectors.h"

static const gasp_time now = {1000, 1700000000000};

/* The bytes of a case are checked field by field in test_message.c. */
static gasp_open read_case(const char *name)
{
    json_t *file = vectors_open("open");
    gasp_open open = {0};
    bool found = false;
    for (size_t i = 0; i < vectors_count(file); i++) {
        const json_t *row = vectors_case(file, i);
        if (strcmp(test_json_text(row, "name"), name) != 0)
            continue;
        gasp_reader r = gasp_reader_of(vectors_hex(row, "hex"));
        assert_err(gasp_open_decode(&open, &r), GASP_OK);
        vectors_drop();
        found = true;
    }
    assert_true(found);
    json_decref(file);
    return open;
}

/* A session that says its first words, and what those and all later ones are. */
typedef struct scene {
    test_wallet w;
    gasp_session *s;
    gasp_frames_in frames;
    gasp_open said;  /**< its OPEN */
    uint16_t last;   /**< type of its last message, 0 for none */
    uint16_t reason; /**< of its ERROR, 0 for none */
} scene;

static void listen(scene *sc)
{
    const uint8_t *bytes;
    size_t len;
    do {
        assert_err(gasp_session_send(sc->s, &bytes, &len, now), GASP_OK);
        for (size_t at = 0; at < len;) {
            size_t used = 0;
            gasp_blob *message = NULL;
            gasp_err err = gasp_frames_in_take(&sc->frames, &used, &sc->last, &message, bytes + at, len - at);
            at += used;
            if (err == GASP_AGAIN)
                continue;
            assert_err(err, GASP_OK);
            gasp_reader r = gasp_reader_of(gasp_blob_view(message));
            gasp_error_msg error = {0};
            if (sc->last == GASP_MSG_OPEN)
                assert_err(gasp_open_decode(&sc->said, &r), GASP_OK);
            if (sc->last == GASP_MSG_ERROR)
                assert_err(gasp_error_decode(&error, &r), GASP_OK);
            sc->reason = error.reason;
            gasp_blob_release(message);
        }
    } while (len > 0);
}

static scene scene_new(bool initiator, gasp_match match, const gasp_access *access)
{
    scene sc = {.w = test_wallet_new(GASP_NETWORK_MAIN, NULL)};
    gasp_session_config config[2];
    pair_config(config, sc.w.wallet, sc.w.wallet);
    gasp_session_config *its = &config[initiator ? 0 : 1];
    its->match = match;
    its->access = access;
    gasp_frames_in_init(&sc.frames, UINT32_MAX, 1u << 20, NULL);
    assert_err(gasp_session_new(&sc.s, its), GASP_OK);
    listen(&sc);
    assert_int_equal(sc.last, initiator ? GASP_MSG_OPEN : 0);
    return sc;
}

static gasp_err hear_message(scene *sc, gasp_msg type, gasp_bytes message)
{
    gasp_buf frames;
    gasp_buf_init(&frames, SIZE_MAX, NULL);
    assert_err(gasp_frames_out(&frames, (uint16_t)type, message, 65536), GASP_OK);
    gasp_err err = gasp_session_recv(sc->s, frames.data, frames.len, now);
    gasp_buf_clear(&frames);
    listen(sc);
    return err;
}

static gasp_err hear(scene *sc, const gasp_open *open)
{
    gasp_buf message;
    gasp_buf_init(&message, SIZE_MAX, NULL);
    gasp_writer w = gasp_writer_growing(&message);
    gasp_open_encode(&w, open);
    gasp_err err = hear_message(sc, GASP_MSG_OPEN, gasp_buf_view(&message));
    gasp_buf_clear(&message);
    return err;
}

static void scene_free(scene *sc)
{
    gasp_session_free(sc->s);
    gasp_frames_in_clear(&sc->frames);
    test_wallet_free(&sc->w);
}

/* It is refused with that error, and the peer is told the reason. */
static void refused(bool by_initiator, gasp_match match, const gasp_open *open, gasp_err expected, gasp_reason reason)
{
    scene sc = scene_new(by_initiator, match, NULL);
    assert_err(hear(&sc, open), expected);
    assert_true(gasp_session_done(sc.s));
    assert_int_equal(sc.last, GASP_MSG_ERROR);
    assert_int_equal(sc.reason, reason);
    scene_free(&sc);
}

static void proposal_refused(const gasp_open *open, gasp_err expected, gasp_reason reason)
{
    refused(false, GASP_MATCH_STATE, open, expected, reason);
}

static void answer_refused(const gasp_open *open, gasp_err expected, gasp_reason reason)
{
    refused(true, GASP_MATCH_STATE, open, expected, reason);
}

static void proposals(void **state)
{
    (void)state;
    const gasp_open good = read_case("initiator");
    gasp_open open = good;
    open.summary.count = 16777217;
    proposal_refused(&open, GASP_ERR_PEER_LIMIT, GASP_REASON_LIMIT);
    open.credit_bytes = 0; /* from here on each is broken besides those before: the first rule of the list counts */
    proposal_refused(&open, GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED);
    open.n_schemes = 1;
    open.schemes[0] = GASP_SCHEME_NEGENTROPY;
    proposal_refused(&open, GASP_ERR_PEER_NOTHING_COMMON, GASP_REASON_NOTHING_COMMON);
    open.network = GASP_NETWORK_REGTEST;
    proposal_refused(&open, GASP_ERR_PEER_NETWORK, GASP_REASON_NETWORK);
    open.version_min = 2;
    proposal_refused(&open, GASP_ERR_PEER_VERSION, GASP_REASON_VERSION);
    open = good;
    open.version_min = open.version_max = 0;
    proposal_refused(&open, GASP_ERR_PEER_VERSION, GASP_REASON_VERSION);
    open = good;
    open.collection.b[31] = 1;
    proposal_refused(&open, GASP_ERR_PEER_DENIED, GASP_REASON_DENIED);
}

static void limits(void **state)
{
    (void)state;
    const gasp_open good = read_case("initiator");
    gasp_open open[7] = {good, good, good, good, good, good, good};
    open[0].max_frame = 1023;
    open[1].max_message = open[1].max_frame - 1;
    open[2].max_wants = 0;
    open[3].credit_roots = 0;
    open[4].credit_bytes = 0;
    open[6].max_message = GASP_MESSAGE_MIN_MAX - 1;
    for (size_t i = 0; i < 7; i++)
        if (i != 5)
            proposal_refused(&open[i], GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED);
    open[5].max_frame = 1024;
    open[5].max_message = GASP_MESSAGE_MIN_MAX;
    open[5].max_wants = open[5].credit_roots = 1;
    open[5].credit_bytes = 1;
    scene sc = scene_new(false, GASP_MATCH_STATE, NULL);
    assert_err(hear(&sc, &open[5]), GASP_OK);
    assert_int_equal(sc.last, GASP_MSG_OPEN);
    scene_free(&sc);
}

static void answers(void **state)
{
    (void)state;
    const gasp_open good = read_case("answer");
    scene sc = scene_new(true, GASP_MATCH_STATE, NULL);
    assert_err(hear(&sc, &good), GASP_OK);
    assert_int_equal(sc.last, GASP_MSG_FILTER); /* its turn to receive */
    scene_free(&sc);
    gasp_open open[6] = {good, good, good, good, good, good};
    open[0].version_min = 0;
    open[1].n_schemes = 2;
    open[1].schemes[1] = GASP_SCHEME_NEGENTROPY;
    open[2].collection.b[0] = 1;
    open[3].features = GASP_FEATURES + 1; /* 16 was not offered */
    open[4].match = GASP_MATCH_STATE;     /* when only outpoint was offered */
    for (size_t i = 0; i < 4; i++)
        answer_refused(&open[i], GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED);
    refused(true, GASP_MATCH_OUTPOINT, &open[4], GASP_ERR_PEER_MESSAGE, GASP_REASON_MALFORMED);
    open[5].rights = 0;
    answer_refused(&open[5], GASP_ERR_PEER_DENIED, GASP_REASON_DENIED);
}

/* What a responder answers to a proposal. */
static void chosen(gasp_match ours, const gasp_open *proposal, gasp_match expected)
{
    scene sc = scene_new(false, ours, NULL);
    assert_err(hear(&sc, proposal), GASP_OK);
    assert_int_equal(sc.said.version_min, 1);
    assert_int_equal(sc.said.version_max, 1);
    assert_int_equal(sc.said.features, proposal->features & GASP_FEATURES);
    assert_int_equal(sc.said.n_schemes, 1);
    assert_int_equal(sc.said.schemes[0], GASP_SCHEME_BLOOM);
    assert_int_equal(sc.said.match, expected);
    assert_memory_equal(sc.said.collection.b, proposal->collection.b, sizeof proposal->collection.b);
    assert_true(sc.said.has_summary);
    scene_free(&sc);
}

static void choices(void **state)
{
    (void)state;
    gasp_open open = read_case("initiator");
    chosen(GASP_MATCH_STATE, &open, GASP_MATCH_STATE);
    chosen(GASP_MATCH_OUTPOINT, &open, GASP_MATCH_OUTPOINT);
    open.features = 6 | UINT64_C(1) << 40; /* the last one is not known here, and not taken */
    open.state_version = 2;
    chosen(GASP_MATCH_STATE, &open, GASP_MATCH_OUTPOINT);
    open.state_version = 1;
    open.match = GASP_MATCH_OUTPOINT;
    chosen(GASP_MATCH_STATE, &open, GASP_MATCH_OUTPOINT);
}

static unsigned rights_of(void *user, const uint8_t *peer, size_t peer_len, const gasp_collection *collection)
{
    (void)peer;
    (void)peer_len;
    (void)collection;
    return *(const unsigned *)user;
}

/* Which turns take place, seen by the initiator: what it says after the answer. */
static void first_words(unsigned given, const gasp_open *answer)
{
    unsigned user = given;
    const gasp_access access = {sizeof access, &user, rights_of};
    bool receives = (answer->rights & GASP_RIGHT_READ) != 0 && (given & GASP_RIGHT_WRITE) != 0;
    bool sends = (given & GASP_RIGHT_READ) != 0 && (answer->rights & GASP_RIGHT_WRITE) != 0;
    bool looks = sends && (answer->features & GASP_FEATURE_ACCOUNT) != 0;
    scene sc = scene_new(true, GASP_MATCH_STATE, &access);
    assert_int_equal(sc.said.rights, given);
    sc.last = 0;
    assert_err(hear(&sc, answer), GASP_OK);
    /* A receiver sends its filter, also when its peer may only look at it; a sender waits for one; and with nothing to do
     * comes CLOSE. */
    assert_int_equal(sc.last, receives || looks ? GASP_MSG_FILTER : sends ? 0 : GASP_MSG_CLOSE);
    scene_free(&sc);
}

static void turns(void **state)
{
    (void)state;
    gasp_open open = read_case("answer");
    for (unsigned given = 1; given <= 3; given++)
        for (unsigned got = 1; got <= 3; got++) {
            open.rights = (uint8_t)got;
            open.features = GASP_FEATURES;
            first_words(given, &open);
            open.features = GASP_FEATURES - GASP_FEATURE_ACCOUNT;
            first_words(given, &open);
        }
}

/* A peer that may not read has a look at what it lacks, for the account; it does not get a transaction by it. */
static void look(void **state)
{
    (void)state;
    static const gasp_msg types[] = {GASP_MSG_WANT, GASP_MSG_SKIP, GASP_MSG_TURN_END};
    static const uint8_t bytes[1 + 36 + 5] = {1}; /* one reference of zeros */
    static const size_t lens[] = {1 + 36 + 5, 1 + 36, 2};
    const uint8_t none[25] = {0};
    unsigned given = GASP_RIGHT_WRITE;
    const gasp_access access = {sizeof access, &given, rights_of};
    gasp_open open = read_case("answer");
    open.rights = GASP_RIGHT_READ;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        scene sc = scene_new(true, GASP_MATCH_STATE, &access);
        assert_err(hear(&sc, &open), GASP_OK);
        assert_int_equal(sc.last, GASP_MSG_FILTER);
        assert_err(hear_message(&sc, GASP_MSG_ROOTS_END, (gasp_bytes){none, sizeof none}), GASP_OK);
        assert_int_equal(sc.last, GASP_MSG_TURN_END);
        gasp_bytes message = {types[i] == GASP_MSG_TURN_END ? none : bytes, lens[i]};
        assert_err(hear_message(&sc, types[i], message), GASP_ERR_PEER_UNEXPECTED);
        assert_int_equal(sc.reason, GASP_REASON_UNEXPECTED);
        scene_free(&sc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proposals), cmocka_unit_test(limits), cmocka_unit_test(answers),
        cmocka_unit_test(choices),   cmocka_unit_test(turns),  cmocka_unit_test(look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
