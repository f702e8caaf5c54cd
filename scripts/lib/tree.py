# SPDX-License-Identifier: MIT
"""What the checks have in common: where the tree is, which files it holds, what they include.

Every check takes --root, so that its own test can show it a tree that breaks the rule.
"""

import argparse
import os
import re
import subprocess
import sys

# What the tests fetch into the tree, headers and all, is not ours to judge.
FETCHED = {"node_modules"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include\b[ \t]*(?:<([^>\n]+)>|"([^"\n]+)"|(.*))', re.MULTILINE)


def parser(doc):
    """An argument parser that knows --root."""
    result = argparse.ArgumentParser(description=doc.strip().splitlines()[0])
    result.add_argument(
        "--root",
        default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."),
        help="the tree to look at, this one if not given",
    )
    return result


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def files(root, tops, suffixes):
    """Paths, relative to root and sorted, of the files below tops that end in one of suffixes."""
    found = []
    for top in tops:
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = [name for name in folders if name not in FETCHED]
            for name in names:
                if name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


def listed(root):
    """Paths of all files that git keeps or would keep."""
    command = ["git", "-c", "safe.directory=" + os.path.realpath(root), "-C", root]
    command += ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    paths = sorted(set(output.decode("utf-8", "replace").split("\0")) - {""})
    return [path for path in paths if os.path.isfile(os.path.join(root, path))]


def includes(text):
    """Yields (line number, header, kind) for each include; kind is "<", '"' or "?"."""
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        system, local, other = match.groups()
        if system:
            yield line, system, "<"
        elif local:
            yield line, local, '"'
        else:
            yield line, other.strip(), "?"


def finish(found, advice):
    """Prints what was found and what to do about it; returns the exit status."""
    for line in found:
        print(line)
    if found:
        print(advice)
    return 1 if found else 0


def run(main):
    """Runs main; a check that cannot look at all exits 2, which is not "all is well"."""
    try:
        sys.exit(main())
    except (OSError, subprocess.SubprocessError) as error:
        print("cannot check: %s" % error)
        sys.exit(2)
