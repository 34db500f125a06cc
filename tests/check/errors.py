"""errors.py [ROOT]: every code of gasp/error.h has its own number and one row in base/error.c, and every code that src/
answers is named by a test or a vector."""

import re
import sys

from common import Report, files, line_of, read, root_argument, without_comments

HEADER = "include/gasp/error.h"
TABLE = "src/base/error.c"

# Answered, and not made to happen by any input; each with its reason.
UNREACHABLE = {
    "ERR_INTERNAL": "answered where the library's own rules exclude the state",
}


def main():
    root = root_argument()
    report = Report("errors")
    header = without_comments(read(root, HEADER))
    table = without_comments(read(root, TABLE))
    begin, end = header.index("typedef enum gasp_err {"), header.index("} gasp_err;")
    codes, numbers = {}, {}
    for match in re.finditer(r"\bGASP_(\w+)\s*=\s*(-?\d+)", header[begin:end]):
        name, number = match.group(1), int(match.group(2))
        line = line_of(header, begin + match.start())
        codes[name] = line
        if number in numbers:
            report.fault(HEADER, line, f"GASP_{name} has the number of GASP_{numbers[number]}")
        numbers[number] = name
        if name.startswith("ERR_") != (number < 0):
            report.fault(HEADER, line, f"GASP_{name}: errors are negative, answers are not")
    rows = re.findall(r"\bROW\((\w+),", table)
    for name, line in codes.items():
        if rows.count(name) != 1:
            report.fault(HEADER, line, f"GASP_{name} has {rows.count(name)} rows in {TABLE}")
    tested = "\n".join(read(root, path) for path in files(root, ["tests", "vectors"], (".c", ".h", ".json", ".sh"))
                       if not path.startswith("tests/check/"))
    answered = set()
    for path in files(root, ["src"], (".c",)):
        if path == TABLE:
            continue
        code = without_comments(read(root, path), keep_literals=False)
        for match in re.finditer(r"\bGASP_(ERR_\w+)", code):
            name = match.group(1)
            if name in answered or name not in codes:
                continue
            answered.add(name)
            text = name[len("ERR_"):].lower()
            if name not in UNREACHABLE and f"GASP_{name}" not in tested and f'"{text}"' not in tested:
                report.fault(path, line_of(code, match.start()), f"GASP_{name} is answered and no test names it")
    return report.finish(f"{len(codes)} codes, {len(answered)} answered in src/")


sys.exit(main())
