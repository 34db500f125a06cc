/* Frames by vectors/message/frame.json: streams of bytes that give the stated messages, in one piece and byte by byte, and
 * those messages written as that stream; and streams that no peer may send. */
#include "session/frame.h"

#include <string.h>

#include "session/vectors.h"

/* Takes a stream in pieces; *n: how many of the stated messages came. */
static gasp_err take_all(const json_t *row, gasp_bytes stream, size_t piece, size_t *n)
{
    const json_t *messages = json_object_get(json_object_get(row, "fields"), "messages");
    gasp_frames_in in;
    gasp_err err = GASP_AGAIN;
    *n = 0;
    gasp_frames_in_init(&in, (uint32_t)vectors_number(row, "max_frame"), (uint32_t)vectors_number(row, "max_message"),
                        NULL);
    for (size_t at = 0; at < stream.len && err >= 0;) {
        uint16_t type = 0;
        size_t used = 0;
        gasp_blob *message = NULL;
        size_t len = stream.len - at < piece ? stream.len - at : piece;
        err = gasp_frames_in_take(&in, &used, &type, &message, stream.data + at, len);
        at += used;
        if (err != GASP_OK)
            continue;
        const json_t *want = json_array_get(messages, *n);
        if (want != NULL) {
            vectors_same_number(want, "type", type);
            vectors_same_bytes(want, "hex", gasp_blob_view(message));
        }
        ++*n;
        gasp_blob_release(message);
    }
    gasp_frames_in_clear(&in);
    return err;
}

static void run_valid(const json_t *row, gasp_bytes stream)
{
    const json_t *messages = json_object_get(json_object_get(row, "fields"), "messages");
    gasp_buf out;
    size_t n;
    for (size_t piece = 1; piece <= stream.len; piece = piece == 1 ? 7 : piece == 7 ? stream.len : stream.len + 1) {
        assert_err(take_all(row, stream, piece, &n), GASP_OK);
        assert_int_equal(n, json_array_size(messages));
    }
    if (json_is_false(json_object_get(row, "canonical")))
        return;
    gasp_buf_init(&out, SIZE_MAX, NULL);
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *message = json_array_get(messages, i);
        assert_err(gasp_frames_out(&out, (uint16_t)vectors_number(message, "type"), vectors_hex(message, "hex"),
                                   (uint32_t)vectors_number(row, "max_frame")),
                   GASP_OK);
    }
    vectors_same_bytes(row, "hex", gasp_buf_view(&out));
    gasp_buf_clear(&out);
}

static void frames(void **state)
{
    (void)state;
    json_t *file = vectors_open("frame");
    size_t counts[2] = {0, 0};
    for (size_t i = 0; i < vectors_count(file); i++) {
        const json_t *row = vectors_case(file, i);
        bool valid = json_object_get(row, "error") == NULL;
        gasp_bytes stream = vectors_hex(row, "hex");
        size_t n = 0;
        if (valid)
            run_valid(row, stream);
        for (size_t piece = 1; !valid && piece <= stream.len; piece += stream.len - 1) {
            gasp_err err = take_all(row, stream, piece, &n);
            vectors_hold(err < 0 && strcmp(gasp_err_name(err), test_json_text(row, "error")) == 0, gasp_err_name(err));
            vectors_same_number(row, "messages", n);
        }
        counts[valid ? 0 : 1]++;
        vectors_drop();
    }
    print_message("count: frames: %zu valid, %zu invalid streams\n", counts[0], counts[1]);
    assert_int_equal(counts[0], 7);
    assert_int_equal(counts[1], 9);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
