#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-pure goes red for each way of asking the world, and for each place to remember."""

import os
import re

import control

HEAD = "#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n" \
    "#include <sys/random.h>\n#include <sys/socket.h>\n#include <sys/time.h>\n#include <time.h>\n" \
    "#include <unistd.h>\n"

# name, code that core must not have (@ is a name of its own), what the check says of it
IMPURE = [
    ("clock", "long @(void) { return time(NULL); }", "needs time"),
    ("precise clock", "int @(struct timespec *t) { return clock_gettime(0, t); }",
     "needs clock_gettime"),
    ("time of day", "int @(struct timeval *t) { return gettimeofday(t, NULL); }",
     "needs gettimeofday"),
    ("zone of the server", "void @(time_t *t, struct tm *m) { localtime_r(t, m); }",
     "needs localtime_r"),
    ("log", 'void @(int n) { printf("%d", n); }', "needs (printf|__printf_chk)"),
    ("log to a stream", 'void @(FILE *o) { fprintf(o, "%p", o); }', "needs (fprintf|__fprintf_chk)"),
    ("line to a stream", 'void @(void) { puts("x"); }', "needs puts"),
    ("file", 'void *@(void) { return fopen("x", "r"); }', "needs fopen"),
    ("descriptor", 'int @(void) { return open("x", 0); }', "needs open"),
    ("read", "long @(char *b) { return read(0, b, 1); }", "needs read"),
    ("write", "long @(char *b) { return write(1, b, 1); }", "needs write"),
    ("socket", "int @(void) { return socket(1, 1, 0); }", "needs socket"),
    ("chance", "int @(void) { return rand(); }", "needs rand"),
    ("better chance", "long @(void) { return random(); }", "needs random"),
    ("best chance", "long @(char *b) { return getrandom(b, 1, 0); }", "needs getrandom"),
    ("environment", 'char *@(void) { return getenv("X"); }', "needs getenv"),
    ("process", "int @(void) { return getpid(); }", "needs getpid"),
    ("exit", "void @(void) { exit(1); }", "needs exit"),
    ("a room above", "int codec_read(void); int @(void) { return codec_read(); }",
     "needs codec_read"),
    ("a global", "int full = 1; int @(void) { return full++; }", "keeps full"),
    ("an empty global", "int empty; int @(void) { return empty++; }", "keeps empty"),
    ("a hidden global", "int @(void) { static int inner; return inner++; }", r"keeps inner[.\d]*"),
    ("a thread's global", "static _Thread_local int own; int @(void) { return own++; }",
     "keeps own"),
]

PURE = HEAD + """
int base_twice(int n);
static const char *const names[] = {"a", "b"};
int g(char *b, int n) {
	char *copy = malloc(8);
	memcpy(copy, names[n], 2);
	snprintf(b, 8, "%s%d", copy, base_twice(n));
	free(copy);
	return (int)strlen(b);
}
"""
BASE = "int base_twice(int n);\nint base_twice(int n) { return 2 * n; }\n"
BUILDS = {
    "plain": ["-O1"],
    "sanitized": ["-O1", "-fsanitize=address,undefined"],
    "fortified": ["-O2", "-D_FORTIFY_SOURCE=3", "-fstack-protector-strong"],
}


def look(root, core, flags):
    """Makes libbase.a and libcore.a of C text; returns what the check says."""
    control.write(root, {"base.c": BASE, "core.c": core})
    command = [os.path.join(control.SCRIPTS, "check-pure")]
    for name in ("base", "core"):
        compiler = ["gcc", "-w", "-fPIE", *flags, "-c", name + ".c", "-o", name + ".o"]
        control.expect(control.run(compiler, cwd=root), 0)
        control.expect(control.run(["ar", "rcs", "lib%s.a" % name, name + ".o"], cwd=root), 0)
        command.append(os.path.join(root, "lib%s.a" % name))
    return control.run(command)


def pure(flags):
    return lambda root: control.expect(look(root, PURE, flags), 0)


def impure(flags):
    """All of IMPURE in one archive; each must be named."""

    def function(root):
        lines = [text.replace("@", "f%d" % number) for number, (_, text, _) in enumerate(IMPURE)]
        done = look(root, PURE + "\n".join(lines) + "\n", flags)
        control.expect(done, 1)
        said = [line for line in done[1].splitlines() if line.startswith("libcore.a(core.o): ")]
        for name, _, pattern in IMPURE:
            hits = [line for line in said if re.search(": %s(,|$)" % pattern, line)]
            assert len(hits) == 1, "%s: %d lines say %r:\n%s" % (name, len(hits), pattern, done[1])
        assert len(said) == len(IMPURE), "%d lines:\n%s" % (len(said), done[1])

    return function


def alone(text, pattern):
    """One of IMPURE by itself is enough."""

    def function(root):
        done = look(root, PURE + text.replace("@", "f") + "\n", BUILDS["plain"])
        control.expect(done, 1)
        assert re.search(": %s(,|$)" % pattern, done[1], re.MULTILINE), done[1]

    return function


def absent(root):
    command = [os.path.join(control.SCRIPTS, "check-pure"), os.path.join(root, "libcore.a")]
    control.expect(control.run(command), 2)


if __name__ == "__main__":
    cases = [("no archive is not green", absent)]
    for build, build_flags in BUILDS.items():
        cases.append(("pure code is green, " + build, pure(build_flags)))
        cases.append(("impure code is named, " + build, impure(build_flags)))
    cases += [(row[0] + ", alone", alone(*row[1:])) for row in IMPURE]
    control.main(cases)
