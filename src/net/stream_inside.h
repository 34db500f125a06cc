/** For the files of this room only: how a stream is put together before its owner gets it, and what a child tells it.
 */
#ifndef GASP_NET_STREAM_INSIDE_H
#define GASP_NET_STREAM_INSIDE_H

#include "base/buf.h"
#include "net/live.h"
#include "net/stream.h"

typedef struct gasp_child gasp_child; /**< exec.c */

/** One libuv stream of either kind, under the types that its functions want. */
typedef union gasp_stream_end {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
} gasp_stream_end;

/** What the owner was told by on_end. */
typedef enum gasp_stream_told { GASP_TOLD_NOTHING = 0, GASP_TOLD_END = 1, GASP_TOLD_ERROR = 2 } gasp_stream_told;

struct gasp_stream {
    gasp_live live;
    gasp_loop *loop;
    gasp_transport transport;
    bool local;
    char peer[GASP_STREAM_PEER_MAX];
    gasp_net_error error;
    gasp_stream_calls calls;
    void *ctx;

    gasp_stream_end in;  /**< reads; writes too unless split */
    gasp_stream_end out; /**< writes, when split */
    bool split;          /**< pipes have a handle for each direction */
    int in_flags;        /**< file status flags to give back on close, -1: none. They are shared with other processes */
    int out_flags;
    uv_timer_t timer;
    unsigned handles;  /**< libuv handles that are not closed yet */
    gasp_child *child; /**< the command at the other end */

    gasp_buf pending; /**< taken while another write is under way */
    gasp_buf flying;  /**< the one write that libuv has */
    uv_write_t write_request;
    uv_shutdown_t shutdown_request;

    gasp_stream_told told;
    bool started, paused, reading;
    bool writing;         /**< flying is in use */
    bool want_room;       /**< on_writable is owed */
    bool shutdown_wanted; /**< no more writes are taken */
    bool shutdown_done;
    bool read_ended;
    bool write_failed;
    bool overdue; /**< GASP_STREAM_GRACE_MS are over */
    bool lingering;
    bool closing;
};

/** A stream with no handle but its timer. Errors: GASP_ERR_NOMEM;  GASP_ERR_MISUSE  the loop is being freed. */
gasp_err gasp_stream_create(gasp_stream **out, gasp_loop *loop, gasp_transport transport) GASP_MUST_CHECK;

/** Readies `in` as a TCP or pipe handle without a descriptor. */
void gasp_stream_ready_tcp(gasp_stream *stream);
void gasp_stream_ready_pipe(gasp_stream *stream);

/** After a TCP stream is connected: its peer's text, whether that is local, no delay, keep-alive. */
void gasp_stream_connected_tcp(gasp_stream *stream);

/** Something changed that may end it: a child exited. */
void gasp_stream_settle(gasp_stream *stream);

#endif
