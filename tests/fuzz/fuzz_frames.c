/* Frames: u16 max_frame and u16 max_message (in units of 16 bytes), then a stream. Messages come out alike whether the stream
 * is read at once or byte by byte, and are the same when they were put into frames anew. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "gasp/message.h"
#include "session/frame.h"

/* Messages one behind the other: type, length, bytes. */
static void put(gasp_buf *out, uint16_t type, gasp_bytes message)
{
    uint64_t len = message.len;
    FUZZ_HOLDS(gasp_buf_append(out, &type, sizeof type) == GASP_OK);
    FUZZ_HOLDS(gasp_buf_append(out, &len, sizeof len) == GASP_OK);
    FUZZ_HOLDS(gasp_buf_append(out, message.data, message.len) == GASP_OK);
}

typedef struct seen {
    gasp_buf messages;
    gasp_buf frames; /* of the same messages, made anew */
    uint32_t max_frame;
} seen;

static gasp_err see(void *ctx, uint16_t type, gasp_bytes message)
{
    seen *s = ctx;
    put(&s->messages, type, message);
    FUZZ_HOLDS(gasp_frames_out(&s->frames, type, message, s->max_frame) == GASP_OK);
    return GASP_OK;
}

static void seen_init(seen *s, uint32_t max_frame)
{
    gasp_buf_init(&s->messages, SIZE_MAX, NULL);
    gasp_buf_init(&s->frames, SIZE_MAX, NULL);
    s->max_frame = max_frame;
}

static void seen_clear(seen *s)
{
    gasp_buf_clear(&s->messages);
    gasp_buf_clear(&s->frames);
}

static void same(const gasp_buf *a, const gasp_buf *b)
{
    FUZZ_HOLDS(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

/* Byte by byte. GASP_AGAIN: it ends inside of a message. */
static gasp_err slowly(gasp_buf *messages, gasp_bytes stream, uint32_t max_frame, uint32_t max_message)
{
    gasp_frames_in in;
    gasp_err err = GASP_OK;
    size_t whole = 0; /* bytes up to the end of the last message */
    gasp_buf_init(messages, SIZE_MAX, NULL);
    gasp_frames_in_init(&in, max_frame, max_message, NULL);
    for (size_t i = 0; i < stream.len; i++) {
        size_t used = 0;
        uint16_t type = 0;
        gasp_blob *message = NULL;
        err = gasp_frames_in_take(&in, &used, &type, &message, stream.data + i, 1);
        if (err < 0)
            break;
        FUZZ_HOLDS(used == 1);
        if (err == GASP_OK) {
            put(messages, type, gasp_blob_view(message));
            gasp_blob_release(message);
            whole = i + 1;
        }
    }
    gasp_frames_in_clear(&in);
    return err < 0 ? err : whole == stream.len ? GASP_OK : GASP_AGAIN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    seen first;
    seen second;
    gasp_buf bytewise;
    if (size < 4)
        return 0;
    const uint32_t max_frame = 1 + (uint32_t)(data[0] | data[1] << 8);
    const uint32_t max_message = 16 * (uint32_t)(data[2] | data[3] << 8);
    const gasp_bytes stream = {data + 4, size - 4};
    seen_init(&first, max_frame);
    seen_init(&second, max_frame);
    gasp_err err = gasp_frames_read(stream, max_frame, max_message, see, &first, NULL);
    FUZZ_HOLDS(slowly(&bytewise, stream, max_frame, max_message) == err);
    same(&bytewise, &first.messages);
    FUZZ_HOLDS(gasp_frames_read(gasp_buf_view(&first.frames), max_frame, max_message, see, &second, NULL) == GASP_OK);
    same(&second.messages, &first.messages);
    same(&second.frames, &first.frames);
    gasp_buf_clear(&bytewise);
    seen_clear(&first);
    seen_clear(&second);
    return 0;
}
