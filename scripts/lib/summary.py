# SPDX-License-Identifier: MIT
"""Counts the cases of a meson test run and says which failed, and why.

meson counts programs; a reader wants cases. So each TAP line counts as one, a program without TAP
counts as one, and a program that breaks after its last line (a leak, a missing line of its plan, a
time limit) counts as one more failure. The last line is "N passed, N failed[, N skipped]".

usage: summary.py [--failed NAME]... TESTLOG.json
"""

import argparse
import json
import re
import sys

PLAN = re.compile(r"^1\.\.(\d+)", re.MULTILINE)
CASE = re.compile(r"^(not ok|ok)\b[ \t]*(.*)$", re.MULTILINE)
SKIPPED = re.compile(r"#\s*skip\b", re.IGNORECASE)
SHOWN_LINES = 60
NAME_LENGTH = 160
EXIT_SKIPPED = 77


class Count:
    """The cases of one program: names of those that failed, numbers of the others."""

    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failed = []


def count_tap(test, output):
    """Counts the lines of a program that speaks TAP."""
    count = Count()
    for word, name in CASE.findall(output):
        if word == "not ok":
            count.failed.append(name)
        elif SKIPPED.search(name):
            count.skipped += 1
        else:
            count.passed += 1
    planned = int(PLAN.search(output).group(1))
    seen = count.passed + count.skipped + len(count.failed)
    if test["result"] not in ("OK", "SKIP") and not count.failed:
        count.failed.append("ended with %s, status %s" % (test["result"], test["returncode"]))
    elif planned != seen and not count.failed:
        count.failed.append("planned %d cases, showed %d" % (planned, seen))
    elif planned == 0:
        count.skipped += 1
    return count


def count_plain(test):
    """Counts a program that only exits: one case."""
    count = Count()
    if test["result"] == "OK":
        count.passed = 1
    elif test["result"] == "SKIP" and test["returncode"] == EXIT_SKIPPED:
        count.skipped = 1
    else:
        # Often no more than the name is handed on: the first of what it said goes with it.
        said = (test.get("stdout") or "").strip().split("\n")[0][:NAME_LENGTH]
        ended = "ended with %s, status %s" % (test["result"], test["returncode"])
        count.failed.append(ended + (": " + said if said else ""))
    return count


def show(test, count):
    """Prints what a failed program said."""
    print("\n--- %s" % test["name"])
    for name in count.failed:
        print("not ok %s" % name)
    # meson adds a line of its own to what a TAP program says on stderr; the reason is on stdout.
    said = [line for stream in ("stdout", "stderr")
            for line in (test.get(stream) or "").rstrip().splitlines()
            if not re.match(r"^ok\b", line)]
    if len(said) > SHOWN_LINES:
        print("(the last %d of %d lines)" % (SHOWN_LINES, len(said)))
    for line in said[-SHOWN_LINES:]:
        print("    " + line)


def read_log(path):
    """Returns the tests of a log; an absent log has none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        return []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--failed", action="append", default=[], help="a failure from elsewhere")
    parser.add_argument("log")
    args = parser.parse_args()

    passed, failed, skipped = 0, len(args.failed), 0
    for test in read_log(args.log):
        output = test.get("stdout") or ""
        count = count_tap(test, output) if PLAN.search(output) else count_plain(test)
        passed += count.passed
        skipped += count.skipped
        failed += len(count.failed)
        if count.failed:
            show(test, count)
    for name in args.failed:
        print("\n--- %s failed" % name)
    if passed + failed == 0:
        print("\nNo test ran.")
    print("\n%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
