#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-tidy goes red for a finding, also one in a file or header that was clean before."""

import json
import os

import control

GOOD = '#include "a.h"\nint a(int n)\n{\n\treturn n + A;\n}\n'
BAD = '#include "a.h"\nint a(int n)\n{\n\tint *p = 0;\n\treturn n ? *p : A;\n}\n'
HEAP = """#include "a.h"
#include <stdlib.h>
static void freep(char **p)
{
	free(*p);
}
int a(int n)
{
	__attribute__((cleanup(freep))) char *p = malloc(4);
	if (!p || n > 3)
		return -1;
	p[0] = 'a';
%s	return p[0];
}
"""


def tree(root, text, header="#define A 1\nint a(int n);\n"):
    """Writes a tree with one source, configured in build/."""
    with open(os.path.join(control.ROOT, ".clang-tidy"), encoding="utf-8") as rules:
        control.write(root, {".clang-tidy": rules.read()})
    entry = {"directory": root + "/build", "file": "../src/a.c",
             "command": "gcc -Wlogical-op -I../src -c ../src/a.c"}
    control.write(root, {
        "src/a.h": header, "src/a.c": text, "build/compile_commands.json": json.dumps([entry]),
    })


def look(root, **kwargs):
    command = [os.path.join(control.SCRIPTS, "check-tidy"), "--root", root, root + "/build"]
    return control.run(command, **kwargs)


def dying(root, times):
    """Looks with a clang-tidy that dies so many times before it finds all well."""
    tree(root, GOOD)
    control.write(root, {"bin/clang-tidy": "#!/bin/sh\necho x >>%s/tries\n"
                         "[ $(wc -l <%s/tries) -gt %d ] || kill -SEGV $$\n" % (root, root, times)})
    os.chmod(root + "/bin/clang-tidy", 0o755)
    return look(root, env={**os.environ, "PATH": root + "/bin:" + os.environ["PATH"]})


def dies_once(root):
    control.expect(dying(root, 1), 0)


def dies_again(root):
    control.expect(dying(root, 2), 1, "a.c: clang-tidy died of signal 11")


def clean(root):
    tree(root, GOOD)
    control.expect(look(root), 0)
    control.expect(look(root), 0)


def finding(root):
    tree(root, BAD)
    control.expect(look(root), 1, "a.c:5", "clang-analyzer")
    control.expect(look(root), 1, "a.c:5")


def cleanup_attribute(root):
    tree(root, HEAP % "")
    control.expect(look(root), 0)


def size_beside_it(root):
    tree(root, HEAP % ("\tn = 0;\n" * 70))
    control.expect(look(root), 0)


def use_after_free(root):
    tree(root, HEAP % "\tfree(p);\n")
    control.expect(look(root), 1, "a.c:14", "clang-analyzer-unix.Malloc")


def clean_before(root):
    tree(root, GOOD)
    control.expect(look(root), 0)
    tree(root, BAD)
    control.expect(look(root), 1, "a.c:5")


def header_clean_before(root):
    tree(root, GOOD)
    control.expect(look(root), 0)
    tree(root, GOOD, "#define A (1 / 0)\nint a(int n);\n")
    control.expect(look(root), 1, "a.c:4")


def rules_changed(root):
    tree(root, "int a(int n);\nint a(int n)\n{\n\tint b = n, c = b;\n\treturn c;\n}\n")
    control.expect(look(root), 0)
    rules = 'Checks: "-*,readability-isolate-declaration"\nWarningsAsErrors: "*"\n'
    control.write(root, {".clang-tidy": rules})
    control.expect(look(root), 1, "a.c:4")


def does_not_compile(root):
    tree(root, "int a(\n")
    control.expect(look(root), 1, "a.c")


def not_configured(root):
    control.expect(look(root), 2, "cannot check")


if __name__ == "__main__":
    control.main([
        ("a clean tree is green", clean),
        ("a finding is red, twice", finding),
        ("a cleanup attribute is no leak", cleanup_attribute),
        ("a size is only guidance", size_beside_it),
        ("a use after free", use_after_free),
        ("a file that was clean before", clean_before),
        ("a header that was clean before", header_clean_before),
        ("rules that were laxer before", rules_changed),
        ("a file that does not compile", does_not_compile),
        ("a build that is not configured", not_configured),
        ("an analyser that dies is asked again", dies_once),
        ("an analyser that dies twice", dies_again),
    ])
