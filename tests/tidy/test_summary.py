#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The closing line of scripts/test: counted by hand for each way in which a program can end."""

import json
import os

import control


def program(stdout, result="OK", returncode=0, stderr=""):
    return {"name": "x", "stdout": stdout, "stderr": stderr, "result": result,
            "returncode": returncode}


GOOD = program("1..2\nok 1 - a\nok 2 - b\n")
# name, programs, arguments, status, closing line, what else is said
ROWS = [
    ("all passed", [GOOD, program("said ok\n")], [], 0, "3 passed, 0 failed", ""),
    ("one case failed",
     [GOOD, program("1..2\nok 1 - a\nnot ok 2 - b\n", "ERROR", 1, "# b.c:7: x == 1")], [], 1,
     "3 passed, 1 failed", "# b.c:7: x == 1"),
    ("a reason on stdout, and a word of meson's",
     [program("1..1\n# seed 7: 1, not 2\nnot ok 1 - a\n", "ERROR", 1, "(test program exited)")],
     [], 1, "0 passed, 1 failed", "# seed 7: 1, not 2"),
    ("a case skipped", [program("1..2\nok 1 - a\nok 2 - b # SKIP no data\n")], [], 0,
     "1 passed, 0 failed, 1 skipped", ""),
    ("a program skipped, with TAP", [GOOD, program("1..0 # SKIP no server\n", "SKIP")], [], 0,
     "2 passed, 0 failed, 1 skipped", ""),
    ("a program skipped, without", [GOOD, program("", "SKIP", 77)], [], 0,
     "2 passed, 0 failed, 1 skipped", ""),
    ("a program that says nothing", [GOOD, program("", "SKIP", 0)], [], 1, "2 passed, 1 failed", ""),
    ("a leak after the last case",
     [program("1..1\nok 1 - a\n", "ERROR", 23, "LeakSanitizer: 8 bytes")], [], 1,
     "1 passed, 1 failed", "LeakSanitizer: 8 bytes"),
    ("dead after one of two cases", [program("1..2\nok 1 - a\n", "ERROR", -11)], [], 1,
     "1 passed, 1 failed", "status -11"),
    ("fewer cases than planned", [program("1..2\nok 1 - a\n")], [], 1, "1 passed, 1 failed",
     "planned 2 cases, showed 1"),
    ("a time limit", [program("1..2\nok 1 - a\n", "TIMEOUT", -15)], [], 1, "1 passed, 1 failed",
     "TIMEOUT"),
    ("a program that exits 1", [program("oh", "FAIL", 1)], [], 1, "0 passed, 1 failed", "oh"),
    ("a program that exits 1, in its name", [program("a.c:5: wrong\nmore\n", "FAIL", 1)], [], 1,
     "0 passed, 1 failed", "not ok ended with FAIL, status 1: a.c:5: wrong"),
    ("a build that failed", [GOOD], ["--failed", "build with clang"], 1, "2 passed, 1 failed",
     "build with clang failed"),
    ("only skipped", [program("", "SKIP", 77)], [], 1, "0 passed, 0 failed, 1 skipped", "No test ran"),
    ("nothing ran", [], [], 1, "0 passed, 0 failed", "No test ran"),
]


def case(programs, args, status, closing, said):
    def function(root):
        text = "".join(json.dumps(row) + "\n" for row in programs)
        control.write(root, {"testlog.json": text})
        command = ["python3", os.path.join(control.SCRIPTS, "lib", "summary.py"), *args]
        done = control.run(command + [os.path.join(root, "testlog.json")])
        control.expect(done, status, said)
        last = done[1].rstrip("\n").split("\n")[-1]
        assert last == closing, "closes with %r, not %r" % (last, closing)

    return function


if __name__ == "__main__":
    control.main([(row[0], case(*row[1:])) for row in ROWS])
