/** One connection, whatever carries it: bytes in, bytes out, each direction with its own end.
 *
 *  Streams come from connect.h, listen.h and stdio.h and belong to who receives them. Nothing is read before
 *  gasp_stream_start. Reading never waits for writing: bytes are given as they come however much is queued to be
 * written, unless the owner pauses it. What is queued is bounded: above GASP_STREAM_QUEUE_HIGH nothing more is taken,
 * so an owner pulls output from its session only while gasp_stream_has_room.
 *
 *  The life of a stream: start, then write, pause and resume at will; shutdown says that no more will be written; close
 * or linger ends it. Callbacks run on the loop, never inside a call of this header, and none comes after close or
 * linger.
 */
#ifndef GASP_NET_STREAM_H
#define GASP_NET_STREAM_H

#include "base/limits.h"
#include "net/address.h"
#include "net/error.h"
#include "net/loop.h"

typedef struct gasp_stream gasp_stream;

enum {
    GASP_STREAM_QUEUE_HIGH =
        GASP_LIMIT_STREAM_QUEUE, /**< bytes queued at which no more is taken: keeps a fast link busy for one turn */
    GASP_STREAM_QUEUE_LOW = 64 * 1024, /**< bytes queued at which room is announced again */
    GASP_STREAM_WRITE_MAX =
        GASP_LIMIT_STREAM_WRITE, /**< bytes in one write; memory for output stays below this plus the above */
    GASP_STREAM_PEER_MAX = 300,  /**< characters that describe the other side, NUL included */
    /** After a failed write, or the end of a child's output: what the other side sent before, and the child's exit
     * status, tell more than "broken pipe". They have this long to come. */
    GASP_STREAM_GRACE_MS = GASP_LIMIT_STREAM_GRACE_MS
};

/** Any of them may be NULL. ctx is what gasp_stream_start was given. */
typedef struct gasp_stream_calls {
    /** Bytes came; they are valid during the call only. 1 to 65,536 of them. */
    void (*on_bytes)(void *ctx, gasp_bytes bytes);
    /** There is room again: the queue had reached GASP_STREAM_QUEUE_HIGH and went down to GASP_STREAM_QUEUE_LOW. */
    void (*on_writable)(void *ctx);
    /** All that was written before gasp_stream_shutdown is with the system, and the other side was told that it was
     * all. */
    void (*on_shutdown)(void *ctx);
    /** GASP_OK: the other side said that no more bytes come; writing may go on. For exec: the command's exit status was
     * 0 as well, if it was known in time. GASP_ERR_NET_IO: the connection failed, or the command ended with another
     * status (gasp_stream_error says which); nothing more is called, only close is left to do. Called once, or twice:
     * first with GASP_OK and later with an error of writing or a late exit status. */
    void (*on_end)(void *ctx, gasp_err reason);
} gasp_stream_calls;

/** Begins to read. Once per stream; *calls is copied. */
void gasp_stream_start(gasp_stream *stream, const gasp_stream_calls *calls, void *ctx);

/** Queues a copy of all len bytes, or none of them.
 *  Gives:   GASP_AGAIN  the queue is at its high mark: on_writable will tell
 *  Errors:  GASP_ERR_NET_IO  writing failed before, or now: on_end will tell
 *           GASP_ERR_LIMIT   len > GASP_STREAM_WRITE_MAX
 *           GASP_ERR_MISUSE  after gasp_stream_shutdown
 *           GASP_ERR_NOMEM   nothing was taken */
gasp_err gasp_stream_write(gasp_stream *stream, const void *bytes, size_t len) GASP_MUST_CHECK;

/** Whether a write would be taken now. When not, on_writable will tell. */
bool gasp_stream_has_room(gasp_stream *stream);

/** Bytes that were taken and are not yet with the system. */
size_t gasp_stream_queued(const gasp_stream *stream);

/** Stops on_bytes until resumed; the end of the stream is not seen meanwhile either. Allowed before start. */
void gasp_stream_pause(gasp_stream *stream);
void gasp_stream_resume(gasp_stream *stream);

/** No more writes: what is queued goes out, then the other side sees the end. Reading goes on. */
void gasp_stream_shutdown(gasp_stream *stream);

/** Ends it at once. Queued bytes may be lost; over TCP, so may be bytes already sent. A command that was started is
 * told to end if it does not by itself (exec.h). NULL is accepted. */
void gasp_stream_close(gasp_stream *stream);

/** Ends it for the owner, but lets queued bytes arrive: shuts down, throws away what still comes, and closes when the
 * other side ends too or after max_ms. The way to end a stream whose last message matters. NULL is accepted. */
void gasp_stream_linger(gasp_stream *stream, uint64_t max_ms);

/** Who is at the other end, for logs: "tcp 127.0.0.1:5123", "unix /path", "exec pid 123", "stdio". Lives as long as the
 *  stream. */
const char *gasp_stream_peer(const gasp_stream *stream);

gasp_transport gasp_stream_transport(const gasp_stream *stream);

/** Whether the other end is on this machine by the resolved address; true for all but TCP. */
bool gasp_stream_is_local(const gasp_stream *stream);

/** The first thing that failed. Lives as long as the stream. */
const gasp_net_error *gasp_stream_error(const gasp_stream *stream);

#endif
