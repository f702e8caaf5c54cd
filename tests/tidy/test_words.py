#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-words goes red for each thing that a tree should not contain."""

import control

LICENCE = "/* SPDX-License-Identifier: MIT */\n"
CLEAN = {
    ".gitignore": "/build*/\n",
    "README.md": "Waymark: see https://example.org/work and src/workshop/x.\n",
    "build-x/anything.c": "built\n",
    "src/base/buf.c": LICENCE + "int buf;\n",
    "include/base/buf.h": LICENCE,
    "tests/unit/base/test_buf.c": LICENCE + "\n" * 599,
    "scripts/up": "#!/bin/sh\n# for nowhere, a hackney\n",
}
# Joined here, so that this file may itself be looked at.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "for " + "now",
              "not " + "implemented", "place" + "holder"]
MACHINE = ["/wo" + "rk/main", "/fa" + "rm/x", "/tm" + "p/w/x", "/tm" + "p/bash_jobs.0", "/ho" + "me/ann/x"]

ROWS = [
    ("unfinished: " + word, {path: LICENCE + "/* %s */\n" % word}, [path + ":2", word])
    for word in UNFINISHED
    for path in ("src/base/buf.c", "scripts/odd")
]
ROWS += [
    ("a machine's path: " + path, {"tests/unit/base/data.json": '{"p": "%s"}\n' % path},
     ["tests/unit/base/data.json:1: path of one machine"])
    for path in MACHINE
]
ROWS += [
    ("a file at the top", {"NOTES.txt": "x\n"}, ["NOTES.txt: not in the layout"]),
    ("a folder at the top", {"docs/a.md": "x\n"}, ["docs: not in the layout"]),
    ("one name for two sources", {"src/core/buf.c": LICENCE}, ["src/base/buf.c, src/core/buf.c"]),
    ("one name for two headers", {"src/core/buf.h": LICENCE}, ["include/base/buf.h, src/core/buf.h"]),
    ("no licence", {"src/base/x.c": "int x;\n"}, ["src/base/x.c:1: the first line"]),
    ("601 lines", {"src/base/x.c": LICENCE + "\n" * 600}, ["src/base/x.c: 601 lines"]),
]


def prepare(root):
    control.expect(control.run(["git", "init", "-q", root]), 0)


if __name__ == "__main__":
    control.main(control.tree_cases("check-words", CLEAN, ROWS, prepare))
