#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-headers goes red for a header that leans on its includer."""

import control

CLEAN = {
    "include/base/a.h": "#pragma once\n#include <stddef.h>\nsize_t a_size(void);\n",
    "include/core/b.h": '#pragma once\n#include "base/a.h"\nsize_t b_size(size_t n);\n',
    "src/core/own.h": '#pragma once\n#include "core/b.h"\n',
}
NEEDY = "#pragma once\nsize_t c_size(void);\n"
CLEAN["tests/node_modules/fetched.h"] = NEEDY  # not ours

if __name__ == "__main__":
    control.main(
        control.tree_cases(
            "check-headers",
            CLEAN,
            [
                ("a type not included", {"include/core/c.h": NEEDY},
                 ["include/core/c.h: not alone with gcc", "include/core/c.h: not alone with clang"]),
                ("a private header", {"src/core/c.h": NEEDY}, ["src/core/c.h: not alone with gcc"]),
                ("a header that is not there", {"include/core/b.h": '#include "base/none.h"\n'},
                 ["include/core/b.h: not alone"]),
                ("an old declaration", {"include/core/c.h": "int c();\n"}, ["include/core/c.h"]),
            ],
        )
    )
