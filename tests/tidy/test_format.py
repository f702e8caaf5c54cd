#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-format goes red for C that is laid out otherwise."""

import os

import control

with open(os.path.join(control.ROOT, ".clang-format"), encoding="utf-8") as style:
    CLEAN = {
        ".clang-format": style.read(),
        "src/base/a.c": "int a(int n)\n{\n\treturn n;\n}\n",
        "include/base/a.h": "int a(int n);\n",
        "tests/unit/base/test_a.c": "int main(void)\n{\n\treturn 0;\n}\n",
    }

if __name__ == "__main__":
    control.main(
        control.tree_cases(
            "check-format",
            CLEAN,
            [
                ("spaces in place of a tab", {"src/base/a.c": "int a(int n)\n{\n    return n;\n}\n"},
                 ["src/base/a.c:2", "scripts/format"]),
                ("a header", {"include/base/a.h": "int   a( int n );\n"}, ["include/base/a.h:1"]),
                ("a test", {"tests/unit/base/test_a.c": "int main(void) {\n\treturn 0;\n}\n"},
                 ["tests/unit/base/test_a.c:1"]),
            ],
        )
    )
