"""calls.py ROOT BUILD: no object of a room in BUILD refers to a function of the C library that its room has no business
with. Read from the objects, so that no macro and no header hides a call."""

import re
import subprocess
import sys

from common import Report, files, line_of, read, root_argument, without_comments

# What is kept from whom: names, reason, and the beginnings of the paths below src/ that may use them all the same.
GROUPS = [
    ("malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf posix_memalign aligned_alloc",
     "memory comes from gasp_mem (base/mem.h)", ["base/mem.c", "cli/"]),
    ("strcpy strcat stpcpy sprintf vsprintf gets scanf sscanf __isoc99_sscanf __isoc99_scanf strtok",
     "writes or reads without a bound", []),
    ("atoi atol atoll atof", "cannot tell a number from none", []),
    ("abort exit _exit _Exit quick_exit __assert_fail longjmp siglongjmp",
     "the library never ends the process; answer an error", []),
    ("rand srand rand_r random srandom drand48 lrand48 time clock gettimeofday clock_gettime localtime gmtime",
     "time and randomness come in as arguments", ["node/", "cli/"]),
    ("getrandom getentropy RAND_bytes RAND_priv_bytes", "entropy is given by the host", ["node/"]),
    ("getenv secure_getenv setenv putenv environ", "the environment is for node and cli", ["node/", "cli/"]),
    ("fopen fdopen fclose fread fwrite fputs fputc puts putchar printf fprintf vprintf vfprintf perror stdin stdout "
     "stderr open openat close read write pread pwrite lseek unlink rename mkdir rmdir stat fstat opendir fsync",
     "files and terminals are for store, net, node and cli", ["store/", "net/", "node/", "cli/"]),
    ("socket bind listen accept connect send recv sendto recvfrom poll select epoll_wait",
     "sockets are for net", ["net/", "node/"]),
    ("pthread_create thrd_create fork vfork execve system popen signal sigaction sleep usleep nanosleep",
     "threads and processes are for node", ["net/", "node/"]),
    ("setlocale localeconv strerror", "depends on the locale of the process, or is not safe from threads",
     ["store/", "net/", "node/", "cli/"]),
]

# Exceptions of one name in one file, each with its reason.
EXCEPTIONS = {
    # jansson gives texts that it wrote in the C heap, and its allocator can be changed only for the whole process.
    ("json/", "free"),
    # A command waits for a store that another one holds; it has no loop and no thread beside it.
    ("cli/", "nanosleep"),
}

RULES = {name: (why, places) for names, why, places in GROUPS for name in names.split()}


def undefined(path):
    said = subprocess.run(["nm", "-u", "--format=posix", path], text=True, capture_output=True, check=True)
    return [line.split()[0].split("@")[0] for line in said.stdout.splitlines() if line.strip()]


def place(root, source, name):
    text = without_comments(read(root, source), keep_literals=False)
    match = re.search(rf"\b{re.escape(name)}\b", text)
    return line_of(text, match.start()) if match else 1


def main():
    root, build = root_argument(), sys.argv[2]
    report = Report("calls")
    objects = files(build, ["src"], (".c.o",))
    rooms = [path for path in objects if "/gasp_room_" in path]
    seen = 0
    for path in rooms:
        inside = re.sub(r"^src/([^/]+)/CMakeFiles/[^/]+/(.*)\.o$", r"\1/\2", path)
        for name in undefined(f"{build}/{path}"):
            seen += 1
            if name not in RULES:
                continue
            why, places = RULES[name]
            if any(inside.startswith(begin) for begin in places):
                continue
            if any(inside.startswith(begin) and name == only for begin, only in EXCEPTIONS):
                continue
            report.fault(f"src/{inside}", place(root, f"src/{inside}", name), f"{name}: {why}")
    built = {re.sub(r"^src/([^/]+)/CMakeFiles/[^/]+/(.*)\.o$", r"src/\1/\2", path) for path in rooms}
    for path in files(root, ["src"], (".c",)):
        if path not in built:
            report.fault(path, 1, "is in no room: its folder's CMakeLists.txt does not name it")
    if not rooms:
        report.fault(build, 0, "no objects of rooms: not built?")
    return report.finish(f"{len(rooms)} objects, {seen} references, {len(RULES)} names banned")


sys.exit(main())
