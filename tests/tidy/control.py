# SPDX-License-Identifier: MIT
"""Shows a check a small tree of files and looks at what it says.

A check that cannot fail is worth nothing, so each has a control: cases that break one rule each
and must turn it red, and the same tree unbroken, which must be green. Speaks TAP.
"""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SCRIPTS = os.path.join(ROOT, "scripts")


def write(root, files):
    """Writes a tree: files maps a path to its text."""
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def run(command, **kwargs):
    """Runs a command; returns its status and what it said on both streams."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, **kwargs
    )
    return done.returncode, done.stdout


def main(cases):
    """Runs (name, function) pairs, each in an empty directory; a function raises to fail."""
    failed = 0
    print("1..%d" % len(cases))
    for number, (name, function) in enumerate(cases, 1):
        with tempfile.TemporaryDirectory(prefix="waymark-control-") as root:
            try:
                function(root)
                print("ok %d - %s" % (number, name))
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                failed += 1
                for line in str(error).splitlines():
                    print("# %s" % line)
                print("not ok %d - %s" % (number, name))
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


def expect(done, status, *parts):
    """Asserts the status and that each part was said."""
    assert done[0] == status, "status %d, not %d:\n%s" % (done[0], status, done[1])
    for part in parts:
        assert part in done[1], "does not say %r:\n%s" % (part, done[1])


def tree_cases(check, clean, rows, prepare=lambda root: None):
    """Cases for a check with --root: clean is green; each row (name, changes, parts) is red."""
    command = [os.path.join(SCRIPTS, check), "--root"]

    def case(files, status, parts):
        def function(root):
            write(root, files)
            prepare(root)
            expect(run(command + [root]), status, *parts)

        return function

    cases = [("a clean tree is green", case(clean, 0, ()))]
    for name, changes, parts in rows:
        cases.append((name, case({**clean, **changes}, 1, parts)))
    return cases
