"""What the checks share: finding files, taking comments out of C, and the form of a report."""

import os
import re
import sys

SKIPPED = {"build", ".git", "node_modules", "__pycache__"}


def files(root, folders, endings):
    """Paths below root, sorted, in the given folders ('' is the root itself), with one of the endings."""
    found = []
    for folder in folders:
        for where, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = sorted(name for name in inner if name not in SKIPPED)
            found += [os.path.relpath(os.path.join(where, name), root) for name in names if name.endswith(endings)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


LITERAL_OR_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_comments(text, keep_literals=True):
    """The code of a C file with every line at its place; comments, and literals when not kept, become spaces."""

    def blank(match):
        found = match.group(0)
        if found[0] in "\"'" and keep_literals:
            return found
        return re.sub(r"[^\n]", " ", found)

    return LITERAL_OR_COMMENT.sub(blank, text)


def comments(text):
    """Every comment of a C file, as it stands."""
    return [m.group(0) for m in LITERAL_OR_COMMENT.finditer(text) if m.group(0)[0] == "/"]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Report:
    """Collects what is wrong. A check ends with finish(), which prints it and gives the exit code."""

    def __init__(self, name):
        self.name = name
        self.faults = []

    def fault(self, path, line, rule):
        self.faults.append(f"{path}:{line}: {rule}")

    def finish(self, facts):
        for fault in self.faults:
            print(fault)
        if not self.faults:
            print(f"check: {self.name} ok ({facts})")
        return 1 if self.faults else 0


def root_argument():
    """The first argument: the top of the tree to check (the self-test gives others than ours)."""
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.getcwd()
