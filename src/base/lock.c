/* A plain POSIX mutex: thread checkers know it, and C11's not. Taking or giving one that was initialised cannot fail. */
#include "base/lock.h"

gasp_err gasp_lock_init(gasp_lock *lock)
{
    return pthread_mutex_init(&lock->mutex, NULL) == 0 ? GASP_OK : GASP_ERR_NOMEM;
}

void gasp_lock_clear(gasp_lock *lock)
{
    (void)pthread_mutex_destroy(&lock->mutex);
}

void gasp_lock_take(gasp_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
}

void gasp_lock_give(gasp_lock *lock)
{
    (void)pthread_mutex_unlock(&lock->mutex);
}
