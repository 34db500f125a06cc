/* See vectors.h. */
#include "session/vectors.h"

#include <stdlib.h>
#include <string.h>

#include "session/frame.h"
#include "session/message.h"
#include "session/pair.h"

enum { HELD_MAX = 1024 };

static const char *running = "";
static gasp_bytes held[HELD_MAX];
static size_t n_held;

json_t *vectors_open(const char *topic)
{
    char path[128];
    snprintf(path, sizeof path, "vectors/message/%s.json", topic);
    return test_own_json(path);
}

size_t vectors_count(const json_t *file)
{
    size_t n = json_array_size(json_object_get(file, "cases"));
    assert_true(n > 0);
    return n;
}

const json_t *vectors_case(const json_t *file, size_t i)
{
    const json_t *row = json_array_get(json_object_get(file, "cases"), i);
    running = test_json_text(row, "name");
    return row;
}

gasp_bytes vectors_hex(const json_t *object, const char *key)
{
    assert_true(n_held < HELD_MAX);
    held[n_held] = test_hex(test_json_text(object, key));
    return held[n_held++];
}

void vectors_drop(void)
{
    while (n_held > 0)
        test_release(held[--n_held]);
}

uint64_t vectors_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 10);
    return (uint64_t)test_json_int(object, key);
}

gasp_txid vectors_txid(const json_t *object, const char *key)
{
    gasp_txid txid;
    assert_err(gasp_txid_from_text(&txid, test_json_text(object, key)), GASP_OK);
    return txid;
}

gasp_outpoint vectors_outpoint(const json_t *object, const char *key)
{
    gasp_outpoint outpoint;
    assert_err(gasp_outpoint_from_text(&outpoint, test_json_text(object, key)), GASP_OK);
    return outpoint;
}

void vectors_hash(uint8_t out[32], const char *display)
{
    gasp_txid hash;
    assert_err(gasp_txid_from_text(&hash, display), GASP_OK);
    memcpy(out, hash.b, 32);
}

void vectors_same_number(const json_t *object, const char *key, uint64_t got)
{
    uint64_t want = vectors_number(object, key);
    if (got != want)
        fail_msg("%s: %s is %llu, expected %llu", running, key, (unsigned long long)got, (unsigned long long)want);
}

void vectors_same_bytes(const json_t *object, const char *key, gasp_bytes got)
{
    gasp_bytes want = vectors_hex(object, key);
    if (got.len != want.len || (got.len > 0 && memcmp(got.data, want.data, got.len) != 0))
        fail_msg("%s: %s is not what is stated", running, key);
}

void vectors_hold(bool holds, const char *what)
{
    if (!holds)
        fail_msg("%s: %s", running, what);
}

/* ---- a session that waits for just that message --------------------------------------------------------------------- */

static const gasp_time at_that_time = {1000, 1700000000000};

static void feed(gasp_session *s, uint16_t type, gasp_bytes message, gasp_err expected)
{
    gasp_buf frames;
    gasp_buf_init(&frames, SIZE_MAX, NULL);
    assert_err(gasp_frames_out(&frames, type, message, 65536), GASP_OK);
    assert_err(gasp_session_recv(s, frames.data, frames.len, at_that_time), expected);
    gasp_buf_clear(&frames);
}

static void flush(gasp_session *s, gasp_buf *out)
{
    const uint8_t *bytes;
    size_t len;
    do {
        assert_err(gasp_session_send(s, &bytes, &len, at_that_time), GASP_OK);
        if (len > 0)
            assert_err(gasp_buf_append(out, bytes, len), GASP_OK);
    } while (len > 0);
}

/* The OPEN of a case of vectors/message/open.json. */
static void feed_open(gasp_session *s, const char *name)
{
    json_t *file = test_own_json("vectors/message/open.json");
    const json_t *cases = json_object_get(file, "cases");
    size_t i = 0;
    while (strcmp(test_json_text(json_array_get(cases, i), "name"), name) != 0)
        i++;
    gasp_bytes message = test_hex(test_json_text(json_array_get(cases, i), "hex"));
    feed(s, GASP_MSG_OPEN, message, GASP_OK);
    test_release(message);
    json_decref(file);
}

static void feed_close(gasp_session *s)
{
    json_t *file = test_own_json("vectors/message/close.json");
    const json_t *row = json_array_get(json_object_get(file, "cases"), 0);
    gasp_bytes message = test_hex(test_json_text(row, "hex"));
    feed(s, GASP_MSG_CLOSE, message, GASP_OK);
    test_release(message);
    json_decref(file);
}

static bool is_one_of(uint16_t type, const uint16_t list[], size_t n)
{
    size_t i = 0;
    while (i < n && list[i] != type)
        i++;
    return i < n;
}

/* Brings a session over an empty wallet to where it waits for a message of that type. */
static gasp_session *session_before(gasp_wallet *wallet, uint16_t type)
{
    static const uint16_t receiving[] = {GASP_MSG_INV, GASP_MSG_SENT, GASP_MSG_ABSENT, GASP_MSG_ROOTS_END,
                                         GASP_MSG_SPEND};
    static const uint16_t sending[] = {GASP_MSG_FILTER, GASP_MSG_WANT, GASP_MSG_CREDIT, GASP_MSG_TURN_END,
                                       GASP_MSG_SKIP};
    static const uint16_t resting[] = {GASP_MSG_ROUND, GASP_MSG_CHANGED};
    gasp_session_config config[2];
    gasp_session *s = NULL;
    gasp_buf said;
    bool receives = is_one_of(type, receiving, sizeof receiving / sizeof receiving[0]);
    bool sends = is_one_of(type, sending, sizeof sending / sizeof sending[0]);
    bool rests = is_one_of(type, resting, sizeof resting / sizeof resting[0]);
    gasp_buf_init(&said, SIZE_MAX, NULL);
    pair_config(config, wallet, wallet);
    config[0].stay = true;
    assert_err(gasp_session_new(&s, &config[receives || type == GASP_MSG_CHANGED ? 0 : 1]), GASP_OK);
    flush(s, &said);
    if (receives || type == GASP_MSG_CLOSE)
        feed_open(s, "answer");
    else if (sends)
        feed_open(s, "initiator");
    else if (rests)
        feed_open(s, "nothing");
    flush(s, &said);
    if (rests)
        feed_close(s);
    flush(s, &said);
    gasp_buf_clear(&said);
    return s;
}

/* Its last words: an ERROR that says what the session itself knows. */
static void assert_last_words(gasp_session *s, uint16_t type, gasp_err expected, uint64_t at)
{
    gasp_buf said;
    uint8_t words[12];
    gasp_buf_init(&said, SIZE_MAX, NULL);
    flush(s, &said);
    gasp_writer out = gasp_writer_fixed(words, sizeof words);
    gasp_write_u16(&out, (uint16_t)gasp_reason_of(expected));
    gasp_write_u16(&out, type);
    gasp_write_u64(&out, at);
    assert_int_equal(said.len, GASP_FRAME_HEAD + sizeof words);
    assert_int_equal(said.data[4], GASP_MSG_ERROR);
    assert_memory_equal(said.data + GASP_FRAME_HEAD, words, sizeof words);
    gasp_buf_clear(&said);
}

void vectors_session(uint16_t type, gasp_bytes message, gasp_err expected, uint64_t at)
{
    test_wallet w = test_wallet_new(GASP_NETWORK_MAIN, NULL);
    gasp_session *s = session_before(w.wallet, type);
    gasp_session_fault fault;
    feed(s, type, message, expected);
    gasp_session_why(s, &fault);
    assert_err(fault.err, expected);
    assert_int_equal(gasp_session_done(s), expected != GASP_OK);
    if (expected != GASP_OK) {
        assert_int_equal(fault.message, type);
        assert_int_equal(fault.at, at);
        assert_last_words(s, type, expected, at);
    }
    gasp_session_free(s);
    test_wallet_free(&w);
}

/* ---- running ------------------------------------------------------------------------------------------------------- */

static void run_invalid(vectors_checker check, const json_t *row, uint16_t type, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    gasp_err err = check(&r, NULL, NULL);
    vectors_hold(err < 0 && strcmp(gasp_err_name(err), test_json_text(row, "error")) == 0, gasp_err_name(err));
    vectors_same_number(row, "at", r.err_at);
    vectors_session(type, bytes, err, r.err_at);
}

static void run_valid(vectors_checker check, const json_t *row, gasp_bytes bytes)
{
    gasp_reader r = gasp_reader_of(bytes);
    gasp_buf encoded;
    gasp_buf_init(&encoded, SIZE_MAX, NULL);
    gasp_err err = check(&r, json_object_get(row, "fields"), &encoded);
    vectors_hold(err == GASP_OK, gasp_err_name(err));
    if (!json_is_false(json_object_get(row, "canonical")))
        vectors_same_bytes(row, "hex", gasp_buf_view(&encoded));
    gasp_buf_clear(&encoded);
}

void vectors_run(const char *topic, vectors_checker check, size_t valid, size_t invalid)
{
    json_t *file = vectors_open(topic);
    uint16_t type = (uint16_t)test_json_int(file, "type");
    size_t counts[2] = {0, 0};
    for (size_t i = 0; i < vectors_count(file); i++) {
        const json_t *row = vectors_case(file, i);
        bool is_valid = json_object_get(row, "error") == NULL;
        gasp_bytes bytes = vectors_hex(row, "hex");
        if (is_valid)
            run_valid(check, row, bytes);
        else
            run_invalid(check, row, type, bytes);
        counts[is_valid ? 0 : 1]++;
        vectors_drop();
    }
    print_message("count: message %s: %zu valid, %zu invalid\n", topic, counts[0], counts[1]);
    assert_int_equal(counts[0], valid);
    assert_int_equal(counts[1], invalid);
    json_decref(file);
}
