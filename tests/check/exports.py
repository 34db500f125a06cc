"""exports.py ROOT LIBDIR: the shared libraries in LIBDIR export every function that include/gasp declares with GASP_API,
each from one library, and nothing else; no public function is declared without GASP_API."""

import glob
import os
import re
import subprocess
import sys

from common import Report, files, line_of, read, root_argument, without_comments

FUNCTION = re.compile(r"^(?!typedef\b)([^;{}#]*?)\b(\w+)\s*\(", re.S)


def statements(code):
    """Offsets and texts of what stands outside of braces, up to its semicolon or brace."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)
    code = code.replace('extern "C" {', "            ;")
    depth, start = 0, 0
    for at, char in enumerate(code):
        if char == "{":
            depth += 1
        elif char == "}":
            depth = max(0, depth - 1)
        elif char == ";" and depth == 0:
            yield start, code[start:at]
            start = at + 1


def declared(root, report):
    names = {}
    for path in files(root, ["include"], (".h",)):
        code = without_comments(read(root, path))
        for start, text in statements(code):
            lead = len(text) - len(text.lstrip(" \n\t}"))
            text = text[lead:]
            if text.startswith(("typedef", "struct", "enum", "union")) or "(" not in text:
                continue
            match = FUNCTION.match(text)
            if not match:
                continue
            line = line_of(code, start + lead)
            if "GASP_API" not in match.group(1).split():
                report.fault(path, line, f"{match.group(2)} is declared without GASP_API")
            elif not match.group(2).startswith("gasp_"):
                report.fault(path, line, f"{match.group(2)} does not begin with gasp_")
            else:
                names[match.group(2)] = (path, line)
    return names


def exported(library):
    said = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", library], text=True, capture_output=True,
                          check=True)
    return [line.split()[0] for line in said.stdout.splitlines()]


def main():
    root = root_argument()
    report = Report("exports")
    names = declared(root, report)
    owner = {}
    libraries = sorted(glob.glob(os.path.join(sys.argv[2], "libgasp*.so")))
    for library in libraries:
        short = os.path.basename(library)
        for name in exported(library):
            if name not in names:
                report.fault(short, 0, f"exports {name}, which no public header declares with GASP_API")
            if name in owner:
                report.fault(short, 0, f"exports {name}, which {owner[name]} exports too")
            owner[name] = short
    for name, (path, line) in sorted(names.items()):
        if name not in owner:
            report.fault(path, line, f"{name} is declared and no library exports it")
    return report.finish(f"{len(names)} functions, {len(libraries)} libraries")


sys.exit(main())
