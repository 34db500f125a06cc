/* System calls with a fault in them. They ask the kernel directly, since the C library's functions of these names are
 * hidden by them. LevelDB may call from a thread of its own, so there is a lock. */
#include "hostile/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

static struct {
    pthread_mutex_t lock;
    char folder[512]; /* "" while nothing is watched */
    disk_fault fault;
    size_t seen;
    bool half[FILES_MAX];  /* this file was given half of a write: the rest fails */
    bool below[FILES_MAX]; /* this descriptor is of a file below the folder */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

void disk_watch(const char *folder, const disk_fault *fault)
{
    pthread_mutex_lock(&disk.lock);
    snprintf(disk.folder, sizeof disk.folder, "%s", folder);
    disk.fault = *fault;
    disk.seen = 0;
    memset(disk.half, 0, sizeof disk.half);
    pthread_mutex_unlock(&disk.lock);
}

size_t disk_heal(void)
{
    pthread_mutex_lock(&disk.lock);
    size_t seen = disk.seen;
    disk.folder[0] = 0;
    disk.fault = (disk_fault){0};
    memset(disk.half, 0, sizeof disk.half);
    pthread_mutex_unlock(&disk.lock);
    return seen;
}

/* Counts a call; whether it fails. */
static bool fails(bool counts)
{
    if (!counts)
        return false;
    disk.seen++;
    return disk.fault.nth != 0 && (disk.fault.stays ? disk.seen >= disk.fault.nth : disk.seen == disk.fault.nth);
}

static bool path_fails(const char *path)
{
    pthread_mutex_lock(&disk.lock);
    size_t len = strlen(disk.folder);
    bool answer = fails(len > 0 && strncmp(path, disk.folder, len) == 0);
    int code = disk.fault.code;
    pthread_mutex_unlock(&disk.lock);
    if (answer)
        errno = code;
    return answer;
}

static bool watched(int fd)
{
    return disk.folder[0] != 0 && fd >= 0 && fd < FILES_MAX && disk.below[fd];
}

static bool file_fails(int fd)
{
    pthread_mutex_lock(&disk.lock);
    bool answer = fails(watched(fd));
    int code = disk.fault.code;
    pthread_mutex_unlock(&disk.lock);
    if (answer)
        errno = code;
    return answer;
}

/* How many bytes of a write go through; SIZE_MAX when it fails. */
static size_t write_room(int fd, size_t len)
{
    size_t room = len;
    pthread_mutex_lock(&disk.lock);
    if (watched(fd) && disk.half[fd]) {
        disk.half[fd] = disk.fault.stays;
        room = SIZE_MAX;
    } else if (fails(watched(fd))) {
        disk.half[fd] = disk.fault.part && len > 1;
        room = disk.half[fd] ? len / 2 : SIZE_MAX;
    }
    int code = disk.fault.code;
    pthread_mutex_unlock(&disk.lock);
    if (room == SIZE_MAX)
        errno = code;
    return room;
}

/* ---- in the place of the C library's ------------------------------------------------------------------------------- */

#define SEEN __attribute__((visibility("default")))

SEEN int open(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode = 0;
    va_start(more, flags);
    if ((flags & O_CREAT) != 0)
        mode = va_arg(more, mode_t);
    va_end(more);
    if (path_fails(path))
        return -1;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&disk.lock);
    size_t len = strlen(disk.folder);
    if (fd >= 0 && fd < FILES_MAX)
        disk.below[fd] = len > 0 && strncmp(path, disk.folder, len) == 0;
    pthread_mutex_unlock(&disk.lock);
    return fd;
}

SEEN ssize_t write(int fd, const void *bytes, size_t len)
{
    size_t room = write_room(fd, len);
    return room == SIZE_MAX ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, room);
}

SEEN ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    size_t room = write_room(fd, len);
    return room == SIZE_MAX ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, bytes, room, at);
}

SEEN int fsync(int fd)
{
    return file_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

SEEN int fdatasync(int fd)
{
    return file_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

SEEN int ftruncate(int fd, off_t len)
{
    return file_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

SEEN int rename(const char *from, const char *to)
{
    return path_fails(from) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0u);
}

SEEN int mkdir(const char *path, mode_t mode)
{
    return path_fails(path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

SEEN int unlink(const char *path)
{
    return path_fails(path) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
