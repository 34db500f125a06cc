/** A disk that fails. The program's own open, write, fsync and the like stand in the place of the C library's, for this
 *  program and every library in it; they count the calls that touch files below one folder, and fail one of them, or all from
 *  one on, as a full or a broken disk does.
 *
 *  What a failing write leaves: nothing, or with `part` the first half of its bytes. */
#ifndef TESTS_HOSTILE_DISK_H
#define TESTS_HOSTILE_DISK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct disk_fault {
    size_t nth; /**< which call fails, from 1; 0: none */
    int code;   /**< errno that it gives */
    bool stays; /**< so does every later one */
    bool part;  /**< a failing write leaves half of its bytes, and says so first, as the system does */
} disk_fault;

/** Calls below this folder count from now on, from zero. */
void disk_watch(const char *folder, const disk_fault *fault);

/** Nothing fails any more; how many calls were counted. */
size_t disk_heal(void);

#endif
