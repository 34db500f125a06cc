/** Frames: how messages travel. A frame is u32 length of its payload, u16 type, u16 flags, payload. With flag MORE the
 *  message goes on in the next frame, which has the same type; the other flags are zero. */
#ifndef GASP_SESSION_FRAME_H
#define GASP_SESSION_FRAME_H

#include "base/blob.h"
#include "base/buf.h"

enum { GASP_FRAME_HEAD = 8, GASP_FRAME_MORE = 1, GASP_FRAME_MIN_MAX = 1024 /**< the least max_frame may be */ };

/** The least max_message may be: the largest FILTER part that this version sends, and room for a WANT message. */
enum { GASP_MESSAGE_MIN_MAX = 1024 * 1024 };

/** Puts a message together from frames as their bytes come in. */
typedef struct gasp_frames_in {
    uint32_t max_frame;
    uint32_t max_message;
    uint8_t head[GASP_FRAME_HEAD];
    size_t head_len;
    uint32_t left;  /**< bytes of the present frame's payload still to come */
    uint16_t flags; /**< of the present frame */
    uint16_t type;  /**< of the message */
    bool open;      /**< a message has begun */
    gasp_buf payload;
} gasp_frames_in;

void gasp_frames_in_init(gasp_frames_in *in, uint32_t max_frame, uint32_t max_message, const gasp_mem *mem);
void gasp_frames_in_clear(gasp_frames_in *in);

/** Takes messages of up to max_message bytes from here on. */
void gasp_frames_in_raise(gasp_frames_in *in, uint32_t max_message);

/** Takes bytes up to the end of one message.
 *
 *  Gives:   *used: bytes taken. On GASP_OK a message is whole: *type, and *message with one owner (the caller).
 *           GASP_AGAIN: all bytes were taken and the message goes on.
 *  Errors:  GASP_ERR_PEER_FRAME  a frame above max_frame, an unassigned flag, a MORE without payload or with another type
 *           GASP_ERR_PEER_LIMIT  a message above max_message;  GASP_ERR_NOMEM */
gasp_err gasp_frames_in_take(gasp_frames_in *in, size_t *used, uint16_t *type, gasp_blob **message,
                             const uint8_t *bytes, size_t len) GASP_MUST_CHECK;

/** Appends a message as frames of at most max_frame bytes of payload. */
gasp_err gasp_frames_out(gasp_buf *out, uint16_t type, gasp_bytes message, uint32_t max_frame) GASP_MUST_CHECK;

#endif
