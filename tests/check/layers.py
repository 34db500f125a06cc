"""layers.py [ROOT]: who includes whom (docs/architecture.md, "Rooms"). Nothing lower names anything higher, each library
is named by one room, and only the outer rooms see the operating system."""

import re
import sys

from common import Report, files, line_of, read, root_argument, without_comments

# Every room and the rooms below it that it may include. gasp/ is open to all.
ROOMS = {
    "base": "",
    "crypto": "base",
    "chain": "base crypto",
    "script": "base crypto chain",
    "spv": "base crypto chain script",
    "record": "base crypto chain",
    "set": "base crypto",
    "wallet": "base crypto chain script spv record set",
    "session": "base crypto chain script spv record set wallet",
    "store": "base",
    "json": "base",
    "net": "base crypto",
    "node": "base crypto chain script spv record set wallet session store net",
    "cli": "",
}

# Libraries: beginning of the included name, and the only places that may include it.
LIBRARIES = {
    "openssl/": ["crypto/"],
    "secp256k1": ["crypto/"],
    "bloom.h": ["set/"],
    "leveldb/": ["store/leveldb"],
    "uv.h": ["net/", "node/"],
    "jansson.h": ["json/", "cli/"],
}

# Of the C library, what has no clock, file, thread, environment or end of the process in it.
PURE = {f"{name}.h" for name in "ctype inttypes limits stdalign stdarg stdbool stddef stdint stdio stdlib string".split()}
# A mutex is needed where hosts call from several threads; it stands in one file.
PURE_ALSO = {"pthread.h": ["base/lock.h", "base/lock.c"], "stdatomic.h": ["base/"], "math.h": ["set/"]}
OUTER = ("store", "net", "node", "cli")

# Public headers are read by bindings and by C++: the plainest headers only.
PUBLIC = {"stdbool.h", "stddef.h", "stdint.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def check_room(report, path, room, line, name):
    inside = path.split("/", 1)[1]
    top = name.split("/")[0]
    if top == "gasp" and "/" in name:
        return
    if "/" in name and top in ROOMS:
        if top != room and top not in ROOMS[room].split():
            report.fault(path, line, f"room {room} may not include {name}")
        return
    for begin, places in LIBRARIES.items():
        if name.startswith(begin):
            if not any(inside.startswith(place) for place in places):
                report.fault(path, line, f"{name} is for {', '.join(places)} only")
            return
    if name in PURE or room in OUTER:
        return
    if not any(inside.startswith(place) for place in PURE_ALSO.get(name, [])):
        report.fault(path, line, f"room {room} may not include {name}: time, files, threads and sockets are for {', '.join(OUTER)}")


def main():
    root = root_argument()
    report = Report("layers")
    count = 0
    for path in files(root, ["src", "include"], (".c", ".h")):
        text = without_comments(read(root, path))
        room = path.split("/")[1]
        for match in INCLUDE.finditer(text):
            count += 1
            quote, name = match.groups()
            line = line_of(text, match.start(1))
            ours = name.startswith("gasp/") or (name.split("/")[0] in ROOMS and "/" in name)
            if path.startswith("include/"):
                if not name.startswith("gasp/") and name not in PUBLIC:
                    report.fault(path, line, f"a public header may not include {name}")
                continue
            if room not in ROOMS:
                report.fault(path, 1, f"room {room} is not in the table of tests/check/layers.py")
                break
            if quote == '"' and not ours:
                report.fault(path, line, f'"{name}": write "room/file.h" or "gasp/topic.h"')
                continue
            check_room(report, path, room, line, name)
    return report.finish(f"{count} includes, {len(ROOMS)} rooms")


sys.exit(main())
