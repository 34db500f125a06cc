/** For the files of this room only: what stands behind gasp_loop, and how objects on it are found when it is freed.
 *
 *  Every object on a loop is in a ring. Freeing the loop drops each; an object leaves the ring at once when it is
 * dropped, and gives its memory back when libuv has closed its last handle, which is after all callbacks of that turn.
 */
#ifndef GASP_NET_LIVE_H
#define GASP_NET_LIVE_H

#include <uv.h>

#include "net/loop.h"

/** Bytes that one read takes at most. One buffer serves a whole loop: what a read gives is handed on before the next.
 */
enum { GASP_READ_MAX = 65536 };

typedef struct gasp_live {
    struct gasp_live *next;
    struct gasp_live *prev;
    void (*drop)(void *owner); /**< ends the owner without callbacks and takes it out of the ring */
    void *owner;
} gasp_live;

struct gasp_loop {
    uv_loop_t uv;
    const gasp_mem *mem;
    gasp_live ring; /**< its head; no object */
    bool stopped;
    bool closing; /**< being freed: nothing new is taken */
    char read_buffer[GASP_READ_MAX];
};

/** A zeroed object of len bytes for this loop.
 *  Errors: GASP_ERR_MISUSE  the loop is being freed;  GASP_ERR_NOMEM */
gasp_err gasp_live_alloc(void **out, gasp_loop *loop, size_t len) GASP_MUST_CHECK;

void gasp_live_add(gasp_loop *loop, gasp_live *live, void (*drop)(void *owner), void *owner);

/** Takes it out of its ring; nothing when it is in none. */
void gasp_live_remove(gasp_live *live);

#endif
