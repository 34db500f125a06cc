/* Frames in and out. A length is judged before anything is kept for it: the payload grows with what has come, never with
 * what was announced. */
#include "session/frame.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/writer.h"

void gasp_frames_in_init(gasp_frames_in *in, uint32_t max_frame, uint32_t max_message, const gasp_mem *mem)
{
    *in = (gasp_frames_in){.max_frame = max_frame, .max_message = max_message};
    gasp_buf_init(&in->payload, max_message, mem);
}

void gasp_frames_in_clear(gasp_frames_in *in)
{
    gasp_buf_clear(&in->payload);
}

void gasp_frames_in_raise(gasp_frames_in *in, uint32_t max_message)
{
    in->max_message = max_message;
    in->payload.max = gasp_limit_set(MAX_MESSAGE, max_message);
}

/* The eight bytes are here: what they announce must be allowed. */
static gasp_err begin_frame(gasp_frames_in *in)
{
    gasp_reader r = gasp_reader_of((gasp_bytes){in->head, GASP_FRAME_HEAD});
    uint32_t len = gasp_read_u32(&r);
    uint16_t type = gasp_read_u16(&r);
    uint16_t flags = gasp_read_u16(&r);
    if (len > gasp_limit_set(MAX_FRAME, in->max_frame) || flags > GASP_FRAME_MORE)
        return GASP_ERR_PEER_FRAME;
    if ((in->open && type != in->type) || (flags == GASP_FRAME_MORE && len == 0))
        return GASP_ERR_PEER_FRAME;
    if (len > gasp_limit_set(MAX_MESSAGE, in->max_message) - in->payload.len)
        return GASP_ERR_PEER_LIMIT;
    in->type = type;
    in->flags = flags;
    in->left = len;
    in->open = true;
    return GASP_OK;
}

gasp_err gasp_frames_in_take(gasp_frames_in *in, size_t *used, uint16_t *type, gasp_blob **message,
                             const uint8_t *bytes, size_t len)
{
    *used = 0;
    for (;;) {
        while (in->head_len < GASP_FRAME_HEAD && *used < len)
            in->head[in->head_len++] = bytes[(*used)++];
        if (in->head_len < GASP_FRAME_HEAD)
            return GASP_AGAIN;
        if (in->head_len == GASP_FRAME_HEAD) {
            gasp_err err = begin_frame(in);
            if (err != GASP_OK)
                return err;
            in->head_len++; /* the head was read */
        }
        size_t take = len - *used < in->left ? len - *used : in->left;
        if (take > 0) {
            gasp_err err = gasp_buf_append(&in->payload, bytes + *used, take);
            if (err != GASP_OK)
                return err;
        }
        *used += take;
        in->left -= (uint32_t)take;
        if (in->left > 0)
            return GASP_AGAIN;
        in->head_len = 0;
        if (in->flags == GASP_FRAME_MORE)
            continue;
        in->open = false;
        *type = in->type;
        *message = gasp_blob_take(in->payload.data, in->payload.len, in->payload.mem);
        in->payload.data = NULL;
        in->payload.len = in->payload.cap = 0;
        return *message != NULL ? GASP_OK : GASP_ERR_NOMEM;
    }
}

gasp_err gasp_frames_out(gasp_buf *out, uint16_t type, gasp_bytes message, uint32_t max_frame)
{
    size_t at = 0;
    gasp_writer w = gasp_writer_growing(out);
    do {
        size_t part = message.len - at < max_frame ? message.len - at : max_frame;
        bool more = at + part < message.len;
        gasp_write_u32(&w, (uint32_t)part);
        gasp_write_u16(&w, type);
        gasp_write_u16(&w, more ? GASP_FRAME_MORE : 0);
        gasp_write_bytes(&w, message.len > 0 ? message.data + at : NULL, part);
        at += part;
    } while (at < message.len);
    return w.err;
}
