/* The lock of a store's directory. Must never open LevelDB's LOCK file while this process has LevelDB open on that
 * directory: closing it would drop the lock that LevelDB holds. */
#include "store/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_PATH_MAX = GASP_STORE_PATH_MAX + 32,
    PID_TEXT_MAX = 24, /* a 64-bit number, newline, NUL */
    TRIES = 16         /* each lost to somebody who deleted the store at that moment */
};

static void file_path(char out[FILE_PATH_MAX], const char *dir, const char *name)
{
    snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name);
}

static gasp_err failed(const char *path, const char *doing, gasp_kv_text *why)
{
    int code = errno;
    snprintf(why->text, sizeof why->text, "%.400s: cannot %s: %s", path, doing, strerror(code));
    return GASP_ERR_STORE_IO;
}

static gasp_err held_by(int fd, const char *dir, gasp_kv_text *why)
{
    char text[PID_TEXT_MAX] = "";
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    long pid = len > 0 ? strtol(text, NULL, 10) : 0;
    if (pid <= 0) /* it took the lock just now and has not said its name */
        snprintf(why->text, sizeof why->text, "%.400s: another process has it open", dir);
    else if (pid == (long)getpid())
        snprintf(why->text, sizeof why->text, "%.400s: this process (pid %ld) has it open already", dir, pid);
    else
        snprintf(why->text, sizeof why->text, "%.400s: process %ld has it open", dir, pid);
    return GASP_ERR_STORE_LOCKED;
}

static gasp_err sign(int fd, const char *path, gasp_kv_text *why)
{
    char text[PID_TEXT_MAX];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return failed(path, "write", why);
    return GASP_OK;
}

/* GASP_AGAIN when the locked file is no longer the one in the directory. */
static gasp_err take_once(int *out, const char *path, const char *dir, gasp_kv_text *why)
{
    struct stat status;
    gasp_err err = GASP_OK;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed(path, "open", why);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        err = errno == EWOULDBLOCK ? held_by(fd, dir, why) : failed(path, "lock", why);
    else if (fstat(fd, &status) != 0)
        err = failed(path, "look at", why);
    else if (status.st_nlink == 0)
        err = GASP_AGAIN;
    else
        err = sign(fd, path, why);
    if (err == GASP_OK)
        *out = fd;
    else
        close(fd);
    return err;
}

gasp_err gasp_owner_take(gasp_owner *owner, const char *dir, gasp_kv_text *why)
{
    char path[FILE_PATH_MAX];
    file_path(path, dir, "OWNER");
    gasp_err err = GASP_AGAIN;
    for (int i = 0; err == GASP_AGAIN && i < TRIES; i++)
        err = take_once(&owner->fd, path, dir, why);
    if (err == GASP_AGAIN) {
        snprintf(why->text, sizeof why->text, "%.400s: deleted again and again", path);
        err = GASP_ERR_STORE_IO;
    }
    return err;
}

void gasp_owner_leave(gasp_owner *owner)
{
    if (owner->fd <= 0)
        return;
    /* So that the next one's pid is never taken for this one's; a failure leaves a number that nobody reads unlocked.
     */
    if (ftruncate(owner->fd, 0) != 0)
        errno = 0;
    close(owner->fd);
    owner->fd = 0;
}

void gasp_owner_delete(gasp_owner *owner, const char *dir)
{
    char path[FILE_PATH_MAX];
    file_path(path, dir, "OWNER");
    unlink(path);
    gasp_owner_leave(owner);
}

long gasp_owner_foreign(const char *dir, const char *name)
{
    char path[FILE_PATH_MAX];
    file_path(path, dir, name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return 0;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    long pid = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? (long)lock.l_pid : 0;
    close(fd);
    return pid;
}
