#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-scripts goes red for a script that cannot run."""

import os
import shutil

import control

CLEAN = {
    "scripts/good": '#!/usr/bin/env bash\nset -eu\nprintf "%s\\n" "$1"\n',
    "scripts/good.py": "#!/usr/bin/env python3\nprint(1)\n",
    "scripts/lib/part.sh": "# shellcheck shell=bash\npart() {\n\tprintf x\n}\n",
    "README.md": "if then fi (\n",
}
ROWS = [
    ("bash that does not parse", {"scripts/bad": "#!/bin/bash\nif true; then\n"}, ["scripts/bad"]),
    ("sh that does not parse", {"scripts/bad": "#!/bin/sh\ncase x in\n"}, ["scripts/bad"]),
    ("a part that does not parse", {"scripts/lib/part.sh": "part() {\n"}, ["scripts/lib/part.sh"]),
    ("python that does not compile", {"tests/bad.py": "def f(:\n"}, ["tests/bad.py"]),
    ("a script that may not be run", {"scripts/plain": "#!/bin/sh\ntrue\n"},
     ["scripts/plain: has an interpreter line"]),
]
if shutil.which("shellcheck"):
    ROWS.append(("an unquoted variable", {"scripts/bad": "#!/bin/bash\nrm -r $1\n"}, ["SC2086"]))


def prepare(root):
    """Makes a checkout in which everything but "plain" may be run."""
    control.expect(control.run(["git", "init", "-q", root]), 0)
    for folder, _, names in os.walk(os.path.join(root, "scripts")):
        for name in names:
            if name != "plain":
                os.chmod(os.path.join(folder, name), 0o755)


if __name__ == "__main__":
    control.main(control.tree_cases("check-scripts", CLEAN, ROWS, prepare))
