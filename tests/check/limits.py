"""limits.py ROOT BUILD [--write]: the table of limits (src/base/limits.h) is true. Each row's test passes, and fails in the
same build when that one limit is lifted; docs/limits.md is what the table says (--write writes it and does no more).

BUILD is a folder that was configured with GASP_LIMITS_SWITCH=ON; what is needed there is built here, once. A test fails
when it ends with an error or by a signal: without a limit a call may read or write where nothing is. That it does not end
counts only for a limit that is a time, or a number of tries: its unit is ms or tries."""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

from common import Report, line_of, read, root_argument

TABLE = "src/base/limits.h"
DOCUMENT = "docs/limits.md"
PATIENCE = 30  # seconds for one test; those of a wait that was lifted are given WAITED
WAITED = 8
MEMORY = 3 << 30  # bytes of address space for one test
NAMED = re.compile(r"\w+/\w+: \w+")
FIXED = "The same for everybody"


def build(folder, *targets):
    if not os.path.exists(os.path.join(folder, "CMakeCache.txt")):
        return  # the self-test's: programs are there
    done = subprocess.run(["cmake", "--build", folder, "--target", *targets], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout[-3000:] + done.stderr)


def rows_of(folder):
    build(folder, "gasp_command")
    said = subprocess.run([os.path.join(folder, "bin", "gasp"), "limits", "--json"], capture_output=True, check=True)
    return json.loads(said.stdout)["limits"]


def document(rows):
    lines = ["# Limits", "",
             "What a peer, or a file, can make this library do, and where that ends. Made from the table in `" + TABLE + "`",
             "by `tests/check/limits.py`; `gasp limits` prints the same. `./dev check` builds the library once more, lifts",
             "one limit after the other, and fails when the test that a row names does not notice.", "",
             "Costs that decide a verdict are counted in operations and bytes, not in time, so that a trace replays.", ""]
    for title, part in (("Set by a configuration", [r for r in rows if r["set"] != "fixed"]),
                        (FIXED, [r for r in rows if r["set"] == "fixed"])):
        fixed = title == FIXED
        lines += ["## " + title, "",
                  f"| name | {'value' if fixed else 'default'} | bounds | beyond it | test |", "|---|---|---|---|---|"]
        for row in part:
            bounds = row["bounds"] if fixed else f"{row['bounds']} `{row['set']}`"
            beyond = f"{row['beyond']}, `{row['error']}`" if row["error"] else row["beyond"]
            lines.append(f"| {row['name']} | {row['value']:,} {row['unit']} | {bounds} | {beyond} | {row['test']} |")
        lines.append("")
    return "\n".join(lines)


def check_document(report, root, rows):
    have, want = read(root, DOCUMENT).split("\n"), document(rows).split("\n")
    for i, line in enumerate(want):
        if i >= len(have) or have[i] != line:
            report.fault(DOCUMENT, i + 1, f"the table says: {line}")
            return
    if len(have) > len(want):
        report.fault(DOCUMENT, len(want) + 1, "the table ends here")


def run_case(folder, test, off, patience):
    """How one case of a test program ended: "passed", "failed", "endless", or None when there is no such case."""
    program, case = test.split(": ")
    room, name = program.split("/")
    env = dict(os.environ, GASP_TEST=case, GASP_SEED="1", GASP_LIMIT_OFF=off)
    command = ["prlimit", f"--as={MEMORY}", os.path.join(folder, "tests", f"test_{room}_{name}")]
    child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace", start_new_session=True)
    try:
        said, _ = child.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        child.wait()
        return "endless"
    if child.returncode == 0:
        return "passed" if re.search(r"\[ +OK \] ", said) else None
    return "failed"


def check_row(folder, row):
    """What is wrong with a row, as a text, or None; and how long it took."""
    if not NAMED.fullmatch(row["test"]):
        return f"names no test: '{row['test']}'", 0
    start = time.monotonic()
    waits = row["unit"] in ("ms", "tries")
    on = run_case(folder, row["test"], "", PATIENCE)
    wrong = None
    if on is None:
        wrong = f"no test: {row['test']} does not run"
    elif on != "passed":
        wrong = f"{row['test']} {on} with the limit"
    else:
        off = run_case(folder, row["test"], row["name"], WAITED if waits else PATIENCE)
        if off == "passed":
            wrong = f"{row['test']} does not notice that the limit is lifted"
        elif off == "endless" and not waits:
            wrong = f"{row['test']} does not end without the limit"
    return wrong, time.monotonic() - start


def targets_of(rows):
    found = set()
    for row in rows:
        if NAMED.fullmatch(row["test"]):
            room, name = row["test"].split(": ")[0].split("/")
            found.add(f"test_{room}_{name}")
    return sorted(found)


def main():
    root, folder = root_argument(), sys.argv[2]
    report = Report("limits")
    rows = rows_of(folder)
    if "--write" in sys.argv:
        with open(os.path.join(root, DOCUMENT), "w", encoding="utf-8") as file:
            file.write(document(rows))
        return 0
    table = read(root, TABLE)
    check_document(report, root, rows)
    targets = targets_of(rows)
    build(folder, *targets)
    slowest = (0, "")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, (wrong, took) in zip(rows, pool.map(lambda row: check_row(folder, row), rows)):
            slowest = max(slowest, (took, row["name"]))
            if wrong:
                report.fault(TABLE, line_of(table, table.index(f'"{row["name"]}"')), f"{row['name']}: {wrong}")
    return report.finish(f"{len(rows)} limits, each with a test that fails without it, in {len(targets)} programs; "
                         f"the slowest is {slowest[1]}, {slowest[0]:.0f} s")


sys.exit(main())
