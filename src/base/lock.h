/** A mutex. The library starts no threads; this is for objects that a host may call from several of its own. */
#ifndef GASP_BASE_LOCK_H
#define GASP_BASE_LOCK_H

#include <pthread.h>

#include "gasp/types.h"

typedef struct gasp_lock {
    pthread_mutex_t mutex;
} gasp_lock;

/** Errors: GASP_ERR_NOMEM. */
gasp_err gasp_lock_init(gasp_lock *lock) GASP_MUST_CHECK;
void gasp_lock_clear(gasp_lock *lock);
void gasp_lock_take(gasp_lock *lock);
void gasp_lock_give(gasp_lock *lock);

#endif
