"""size.py [ROOT]: functions of at most 80 lines, files of at most 700, and what the first lines of a file say."""

import re
import statistics
import sys

from common import Report, files, line_of, read, root_argument

FUNCTION_MOST = 80
FILE_MOST = 700
FIRST_COMMENT_MOST = 10


def functions(text):
    """(line, body lines) of every function: its braces stand alone in the first column (.clang-format sees to that)."""
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start - 1
            start = None


def main():
    root = root_argument()
    report = Report("size")
    lengths, longest_file = [0], 0
    for path in files(root, ["src", "include", "tests"], (".c", ".h")):
        text = read(root, path)
        lines = text.count("\n")
        longest_file = max(longest_file, lines)
        if lines > FILE_MOST:
            report.fault(path, FILE_MOST, f"{lines} lines, at most {FILE_MOST}: does it hold one thing?")
        first = re.match(r"/\*.*?\*/", text, re.S)
        if not first:
            report.fault(path, 1, "begins without a comment that says its job")
        elif path.endswith(".c") and line_of(first.group(0), first.end()) > FIRST_COMMENT_MOST:
            report.fault(path, 1, f"first comment of more than {FIRST_COMMENT_MOST} lines")
        for line, length in functions(text):
            if path.startswith("src/"):
                lengths.append(length)
            if length > FUNCTION_MOST:
                report.fault(path, line, f"function of {length} lines, at most {FUNCTION_MOST}")
    return report.finish(f"{len(lengths) - 1} functions, median {statistics.median(lengths):.0f} lines, "
                         f"longest {max(lengths)}; longest file {longest_file}")


sys.exit(main())
