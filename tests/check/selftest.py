"""Every rule of the scripts beside this one fires where it is broken, and is silent where it is kept: each case is a tiny
tree in a folder of its own, with the text that the check must say (None: it must pass)."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

TOPIC = '''/** A topic, told at length so that comment outweighs code in this small header. */
#ifndef GASP_TOPIC_H
#define GASP_TOPIC_H
#include "gasp/error.h"
#ifdef __cplusplus
extern "C" {
#endif
/** Answers seven, whatever happens, to everybody who asks; never fails, never waits. */
GASP_API int gasp_seven(void);
#ifdef __cplusplus
}
#endif
#endif
'''
ERROR = '''/** Codes of the self-test, with a comment that is long enough to be half of this header, and then some more of it. */
#ifndef GASP_ERROR_H
#define GASP_ERROR_H
#define GASP_API __attribute__((visibility("default")))
#ifdef __cplusplus
extern "C" {
#endif
/** What a call answers: zero is success, negative values are errors, each with the reason in its own comment. */
typedef enum gasp_err {
    GASP_OK = 0,        /**< done, and nothing more is to be said about it */
    GASP_ERR_ODD = -1   /**< an odd number, where the caller has promised an even one */
} gasp_err;
#ifdef __cplusplus
}
#endif
#endif
'''
TABLE = '''/* Table. */
#include "gasp/error.h"
static const int rows[] = {ROW(OK, "ok"), ROW(ERR_ODD, "odd")};
'''
SEVEN = '''/* Seven. */
#include "gasp/topic.h"
int gasp_seven(void)
{
    return 7;
}
'''
GOOD = {
    "include/gasp/error.h": ERROR,
    "include/gasp/topic.h": TOPIC,
    "src/base/error.c": TABLE,
    "src/base/seven.c": SEVEN,
    "src/chain/use.c": '/* Use. */\n#include "base/seven.h"\nint use(void) { return GASP_ERR_ODD; }\n',
    "tests/chain/test_use.c": "/* Test. */\nassert_err(use(), GASP_ERR_ODD);\n",
    "vectors/README.md": "Vectors.\n",
}

UNFINISHED = "TO" + "DO"
LONG = "/* Long. */\nint f(void)\n{\n" + "    x();\n" * 81 + "}\n"
CASES = [
    ("layers", {}, None),
    ("layers", {"src/base/up.c": '/* U. */\n#include "chain/tx.h"\n'}, "src/base/up.c:2: room base may not include chain/tx.h"),
    ("layers", {"src/cli/c.c": '/* C. */\n#include "base/mem.h"\n'}, "room cli may not include base/mem.h"),
    ("layers", {"src/chain/h.c": "/* H. */\n#include <openssl/sha.h>\n"}, "openssl/sha.h is for crypto/ only"),
    ("layers", {"src/store/memory.c": "/* M. */\n#include <leveldb/c.h>\n"}, "leveldb/c.h is for store/leveldb only"),
    ("layers", {"src/wallet/b.c": "/* B. */\n#include <bloom.h>\n"}, "bloom.h is for set/ only"),
    ("layers", {"src/session/t.c": "/* T. */\n#include <time.h>\n"}, "room session may not include time.h"),
    ("layers", {"src/wallet/s.c": "/* S. */\n#include <sys/socket.h>\n"}, "room wallet may not include sys/socket.h"),
    ("layers", {"src/base/x.c": '/* X. */\n#include "x.h"\n'}, 'write "room/file.h"'),
    ("layers", {"src/attic/x.c": '/* X. */\n#include "base/mem.h"\n'}, "room attic is not in the table"),
    ("layers", {"include/gasp/topic.h": TOPIC + "#include <stdio.h>\n"}, "a public header may not include stdio.h"),
    ("headers", {}, None),
    ("headers", {"include/gasp/topic.h": TOPIC.replace("(void);", "(size_t n);")}, "does not compile alone by gcc -std=c11"),
    ("headers", {"include/gasp/topic.h": TOPIC.replace("int gasp_seven(void)", "int gasp_seven(int class)")},
     "does not compile alone by g++ -std=c++17"),
    ("headers", {"include/gasp/topic.h": TOPIC.replace("Answers seven, whatever happens, to everybody who asks; never fails, never waits", "S")
                 .replace(", told at length so that comment outweighs code in this small header", "")}, "% comment, at least 50"),
    ("headers", {"include/gasp/topic.h": TOPIC.replace("(void);", "(int n, ...);")}, "topic.h:9: no variable arguments"),
    ("headers", {"include/gasp/topic.h": TOPIC.replace("/** Ans", "struct b {\n    unsigned one : 1;\n};\n/** Ans")}, "no bit fields"),
    ("headers", {"include/gasp/gasp.h": '/** All. */\n#include "gasp/error.h"\n#ifdef __cplusplus\nextern "C" {\n}\n#endif\n'},
     "does not include gasp/topic.h"),
    ("size", {}, None),
    ("size", {"src/base/long.c": LONG}, "src/base/long.c:3: function of 81 lines"),
    ("size", {"src/base/big.c": "/* Big. */\n" + "int x;\n" * 700}, "701 lines, at most 700"),
    ("size", {"src/base/bare.c": "int x;\n"}, "begins without a comment"),
    ("size", {"src/base/wordy.c": "/*" + " a\n" * 10 + "*/\n"}, "first comment of more than 10 lines"),
    ("words", {}, None),
    ("words", {"src/base/w.c": f"/* W.\n * {UNFINISHED} */\n"}, "src/base/w.c:2: '" + UNFINISHED + "' marks"),
    ("words", {"docs/x.md": "see /ho" + "me/me/notes\n"}, "path of one machine"),
    ("words", {"docs/x.md": "from https://regi" + "stry.npmjs.org/x\n"}, "address of a package registry"),
    ("errors", {}, None),
    ("errors", {"include/gasp/error.h": ERROR.replace("GASP_ERR_ODD = -1", "GASP_ERR_ODD = -1,\n    GASP_ERR_NEW = -1")},
     "GASP_ERR_NEW has the number of GASP_ERR_ODD"),
    ("errors", {"include/gasp/error.h": ERROR.replace("GASP_ERR_ODD = -1", "GASP_ERR_ODD = -1,\n    GASP_ERR_NEW = -2")},
     "GASP_ERR_NEW has 0 rows"),
    ("errors", {"include/gasp/error.h": ERROR.replace("-1", "1")}, "errors are negative"),
    ("errors", {"tests/chain/test_use.c": "/* Test. */\n"}, "GASP_ERR_ODD is answered and no test names it"),
]


def write(root, tree):
    for path, text in tree.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def run(name, *arguments):
    done = subprocess.run([sys.executable, "-B", os.path.join(HERE, f"{name}.py"), *arguments], text=True,
                          capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def judge(what, expected, code, said):
    """A text when the check did not do what was expected of it."""
    if expected is None:
        return f"{what}: failed on a good tree:\n{said}" if code != 0 else None
    if code != 1 or expected not in said:
        return f"{what}: exit {code}, expected 1 and '{expected}', said:\n{said}"
    return None


def compiled_cases(root):
    """exports and calls look at objects: both need a compiler."""
    include = os.path.join(root, "include")
    source = os.path.join(root, "src/base/seven.c")

    def library(text):
        write(root, {"src/base/seven.c": text, "src/base/error.c": "/* T. */\ntypedef int t;\n", "src/chain/use.c": "/* U. */\n"})
        subprocess.run(["gcc", "-shared", "-fPIC", "-fvisibility=hidden", "-I", include, "-o",
                        os.path.join(root, "libgasp.so"), source], check=True)
        folder = os.path.join(root, "build/src/base/CMakeFiles/gasp_room_base.dir")
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["gcc", "-c", "-I", include, "-o", os.path.join(folder, "seven.c.o"), source], check=True)
        os.makedirs(folder.replace("base", "chain"), exist_ok=True)
        for path in ("src/base/error.c", "src/chain/use.c"):
            where = folder.replace("base", path.split("/")[1])
            subprocess.run(["gcc", "-c", "-o", f"{where}/{os.path.basename(path)}.o", os.path.join(root, path)], check=True)

    build = os.path.join(root, "build")
    library(SEVEN)
    yield judge("exports", None, *run("exports", root, root))
    yield judge("calls", None, *run("calls", root, build))
    library(SEVEN + "GASP_API int gasp_eight(void);\nint gasp_eight(void) { return 8; }\n")
    yield judge("exports: extra", "exports gasp_eight, which no public header", *run("exports", root, root))
    library("/* Seven. */\n#include \"gasp/topic.h\"\n")
    yield judge("exports: absent", "gasp_seven is declared and no library exports it", *run("exports", root, root))
    write(root, {"include/gasp/topic.h": TOPIC.replace("GASP_API ", "")})
    yield judge("exports: unmarked", "topic.h:9: gasp_seven is declared without GASP_API", *run("exports", root, root))
    write(root, {"include/gasp/topic.h": TOPIC})
    for name, call in (("malloc", "malloc(1) != 0"), ("abort", "(abort(), 1)"), ("getenv", "getenv(\"X\") != 0"), ("atoi", "atoi(\"1\")")):
        library(SEVEN.replace("#include", "#include <stdlib.h>\n#include").replace("return 7", f"return {call}"))
        yield judge(f"calls: {name}", f"src/base/seven.c:6: {name}: ", *run("calls", root, build))
    library(SEVEN)
    write(root, {"src/base/alone.c": "/* A. */\n"})
    yield judge("calls: in no room", "src/base/alone.c:1: is in no room", *run("calls", root, build))


def limit_cases(root):
    """limits runs programs: scripts stand for them here, which see the limit lifted, or do not, or do not end."""
    row = {"name": "most", "value": 7, "unit": "roots", "set": "fixed", "error": None, "beyond": "it ends",
           "bounds": "Roots.", "test": "chain/use: seven"}
    found = 'echo "[       OK ] $GASP_TEST"\n'
    notices = '[ "${GASP_LIMIT_OFF:-}" != most ] || exit 1\n' + found

    def tree(program, change):
        table = json.dumps({"limits": [{**row, **change}]})
        write(root, {"src/base/limits.h": '/** T. */\nROW("most")\n', "docs/limits.md": "",
                     "b/bin/gasp": f"#!/bin/sh\ncat <<'END'\n{table}\nEND\n", "b/tests/test_chain_use": "#!/bin/sh\n" + program})
        for name in ("bin/gasp", "tests/test_chain_use"):
            os.chmod(os.path.join(root, "b", name), 0o755)
        run("limits", root, os.path.join(root, "b"), "--write")

    for what, expected, program, change in (
            ("notices", None, notices, {}),
            ("does not notice", "limits.h:2: most: chain/use: seven does not notice", found, {}),
            ("fails anyhow", "seven failed with the limit", "exit 1\n", {}),
            ("no such case", "does not run", "exit 0\n", {}),
            ("names none", "most: names no test", notices, {"test": ""}),
            ("a wait", None, '[ -z "${GASP_LIMIT_OFF:-}" ] || sleep 60\n' + found, {"unit": "ms"})):
        tree(program, change)
        yield judge(f"limits: {what}", expected, *run("limits", root, os.path.join(root, "b")))
    tree(notices, {})
    write(root, {"docs/limits.md": "# Limits\n\nSeven.\n"})
    yield judge("limits: document", "docs/limits.md:3: the table says", *run("limits", root, os.path.join(root, "b")))


def main():
    faults, count = [], 0
    for name, change, expected in CASES:
        with tempfile.TemporaryDirectory() as root:
            write(root, {**GOOD, **change})
            faults.append(judge(f"{name} {list(change)}", expected, *run(name, root)))
            count += 1
    with tempfile.TemporaryDirectory() as root:
        write(root, GOOD)
        for fault in compiled_cases(root):
            faults.append(fault)
            count += 1
    with tempfile.TemporaryDirectory() as root:
        for fault in limit_cases(root):
            faults.append(fault)
            count += 1
    faults = [fault for fault in faults if fault]
    for fault in faults:
        print(fault)
    if not faults:
        print(f"check: selftest ok ({count} cases)")
    return 1 if faults else 0


sys.exit(main())
