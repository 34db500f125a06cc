"""words.py [ROOT]: no words that mark what is unfinished, no path of somebody's machine, no address of a package registry."""

import os
import re
import sys

from common import Report, files, line_of, read, root_argument

# Written so that this file does not match itself.
RULES = [
    (r"(?i)\b(to[d]o|fix[m]e|x[x]x|h[a]ck|st[u]bs?|not im[p]lemented|unim[p]lemented|place[h]olders?|for n[o]w|"
     r"simpl[i]fied|dum[m]y)\b", "marks something unfinished: finish it, or say what it does"),
    (r"(?<![\w.])/(?:r[o]ot|w[o]rk|f[a]rm|h[o]me|Us[e]rs)/", "path of one machine"),
    (r"https?://(?:reg[i]stry|d[e]b|sec[u]rity|pr[o]xy|ind[e]x|st[a]tic)\.", "address of a package registry"),
    (r'"resol[v]ed": *"http', "address of a package registry (npm: omit-lockfile-registry-resolved)"),
]

ENDINGS = (".c", ".h", ".cc", ".py", ".sh", ".js", ".mjs", ".ts", ".md", ".txt", ".cmake", ".in", ".json", ".yml", ".dot")
NAMES = {"dev", "run", ".clang-tidy", ".clang-format", ".editorconfig", ".gitignore", ".npmrc", "Doxyfile"}


def main():
    root = root_argument()
    report = Report("words")
    paths = [path for path in files(root, [""], "") if path.endswith(ENDINGS) or os.path.basename(path) in NAMES]
    for path in paths:
        text = read(root, path)
        for pattern, why in RULES:
            for match in re.finditer(pattern, text):
                report.fault(path, line_of(text, match.start()), f"'{match.group(0)}' {why}")
    return report.finish(f"{len(paths)} files")


sys.exit(main())
