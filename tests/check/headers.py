"""headers.py [ROOT]: every public header compiles alone as C11 and as C++17, by gcc and by clang, with strict warnings;
is at least half comment; keeps to what bindings can read; and is included by gasp.h."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from common import Report, comments, files, line_of, read, root_argument, without_comments

STRICT = "-fsyntax-only -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -x".split()
COMPILERS = [
    ["gcc", "-std=c11", "-Wstrict-prototypes"] + STRICT + ["c"],
    ["clang", "-std=c11", "-Wstrict-prototypes"] + STRICT + ["c"],
    ["g++", "-std=c++17"] + STRICT + ["c++"],
    ["clang++", "-std=c++17"] + STRICT + ["c++"],
]

# Percent of the characters that are no space and no boilerplate (guards, includes, extern "C").
COMMENT_LEAST = 50

# Kept from bindings, with the reason.
BANNED = [
    (r"\.\.\.", "no variable arguments: bindings cannot pass them"),
    (r"^\s+\w[\w ]*:\s*\d+\s*;", "no bit fields: their layout is the compiler's"),
    (r"^\s*inline\b|\bstatic\s+inline\b", "no inline functions: bindings need symbols"),
]


def compile_alone(root, path, compiler):
    source = f'#include "{path[len("include/"):]}"\n'
    done = subprocess.run(compiler + ["-I", os.path.join(root, "include"), "-"], input=source, text=True,
                          capture_output=True, check=False)
    said = [line for line in done.stderr.splitlines() if "error:" in line]
    return (said or done.stderr.splitlines()[:1])[0] if done.returncode else None


def comment_percent(text):
    told = sum(len(re.sub(r"\s", "", comment)) for comment in comments(text))
    code = re.sub(r'^\s*#.*$|^\s*extern "C" \{\s*$', "", without_comments(text), flags=re.M)
    code = re.sub(r"#ifdef __cplusplus\s*\}\s*#endif", "", code)
    return 100 * told // max(1, told + len(re.sub(r"\s", "", code)))


def main():
    root = root_argument()
    report = Report("headers")
    headers = files(root, ["include"], (".h",))
    jobs = [(path, compiler) for path in headers for compiler in COMPILERS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (path, compiler), said in zip(jobs, pool.map(lambda job: compile_alone(root, *job), jobs)):
            if said:
                report.fault(path, 1, f"does not compile alone by {compiler[0]} {compiler[1]}: {said}")
    lowest = 100
    for path in headers:
        text = read(root, path)
        code = without_comments(text)
        if path != "include/gasp/gasp.h":
            percent = comment_percent(text)
            lowest = min(lowest, percent)
            if percent < COMMENT_LEAST:
                report.fault(path, 1, f"{percent} % comment, at least {COMMENT_LEAST} is the rule")
        if not text.startswith("/**"):
            report.fault(path, 1, "a public header begins with a /** comment that says what it is for")
        if "GASP_API" in code and 'extern "C" {' not in code:
            report.fault(path, 1, 'no extern "C"')
        for pattern, why in BANNED:
            for match in re.finditer(pattern, code, re.M):
                report.fault(path, line_of(code, match.start()), why)
    if "include/gasp/gasp.h" in headers:
        whole = read(root, "include/gasp/gasp.h")
        for path in headers:
            name = path[len("include/"):]
            if name != "gasp/gasp.h" and f'#include "{name}"' not in whole:
                report.fault("include/gasp/gasp.h", 1, f"does not include {name}")
    return report.finish(f"{len(headers)} headers, {len(jobs)} compilations, least comment {lowest} %")


sys.exit(main())
