/** Who holds a store's directory: a lock that is also held against a second opening in the same process.
 *
 *  LevelDB's own lock is an fcntl lock, which a process loses when it closes any descriptor of the file; LevelDB 1.23
 *  does just that when one process opens a directory twice. So flock on a file of our own goes before it: the system
 *  gives it up with the process, and it holds between two openings in one. The file says the owner's pid; it means
 *  something only while the lock is held. */
#ifndef GASP_STORE_OWNER_H
#define GASP_STORE_OWNER_H

#include "gasp/kv.h"

/** Characters of a directory's path: PATH_MAX of Linux less a file name in it. */
enum { GASP_STORE_PATH_MAX = 4064 };

/** A held lock. A zeroed one is not held: fd 0 is never used for it. */
typedef struct gasp_owner {
    int fd;
} gasp_owner;

/** Takes the lock of directory `dir`, which must be there.
 *  Errors: GASP_ERR_STORE_LOCKED  somebody holds it; why names the pid
 *          GASP_ERR_STORE_IO      the file cannot be made, locked or written */
gasp_err gasp_owner_take(gasp_owner *owner, const char *dir, gasp_kv_text *why) GASP_MUST_CHECK;

/** Gives the lock back. One that is not held is accepted. */
void gasp_owner_leave(gasp_owner *owner);

/** Deletes the file while the lock is held, as the last step of deleting the directory, and gives the lock back. */
void gasp_owner_delete(gasp_owner *owner, const char *dir);

/** Whether another process holds an fcntl lock on the file `name` of `dir`; 0 when none does, else its pid. Only for a
 *  file that this process has no lock on: it would lose it. */
long gasp_owner_foreign(const char *dir, const char *name);

#endif
