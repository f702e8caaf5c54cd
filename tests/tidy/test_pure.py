#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/check-pure goes red for each way of asking the world, and for each place to remember."""

import os

import control

HEAD = "#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n" \
    "#include <sys/random.h>\n#include <sys/socket.h>\n#include <sys/time.h>\n#include <time.h>\n" \
    "#include <unistd.h>\n"

# name, a line of code that core must not have, what the check names
IMPURE = [
    ("clock", "long f(void) { return time(NULL); }", "time"),
    ("precise clock", "int f(struct timespec *t) { return clock_gettime(0, t); }", "clock_gettime"),
    ("time of day", "int f(struct timeval *t) { return gettimeofday(t, NULL); }", "gettimeofday"),
    ("zone of the server", "void f(time_t *t, struct tm *m) { localtime_r(t, m); }", "localtime_r"),
    ("log", 'void f(void) { printf("%d", 1); }', "printf"),
    ("log to a stream", 'void f(FILE *o) { fprintf(o, "%d", 1); }', "fprintf"),
    ("line to a stream", 'void f(void) { puts("x"); }', "puts"),
    ("file", 'void *f(void) { return fopen("x", "r"); }', "fopen"),
    ("descriptor", 'int f(void) { return open("x", 0); }', "open"),
    ("read", "long f(char *b) { return read(0, b, 1); }", "read"),
    ("write", "long f(char *b) { return write(1, b, 1); }", "write"),
    ("socket", "int f(void) { return socket(1, 1, 0); }", "socket"),
    ("chance", "int f(void) { return rand(); }", "rand"),
    ("better chance", "long f(void) { return random(); }", "random"),
    ("best chance", "long f(char *b) { return getrandom(b, 1, 0); }", "getrandom"),
    ("environment", 'char *f(void) { return getenv("X"); }', "getenv"),
    ("process", "int f(void) { return getpid(); }", "getpid"),
    ("exit", "void f(void) { exit(1); }", "exit"),
    ("a room above", "int codec_read(void); int f(void) { return codec_read(); }", "codec_read"),
    ("a global", "int counter = 1; int f(void) { return counter++; }", "keeps counter"),
    ("an empty global", "int counter; int f(void) { return counter++; }", "keeps counter"),
    ("a hidden global", "int f(void) { static int n; return n++; }", "keeps n"),
    ("a thread's global", "static _Thread_local int n; int f(void) { return n++; }", "keeps n"),
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


def archives(root, core, flags):
    """Makes libbase.a and libcore.a of C text; returns their paths."""
    control.write(root, {"base.c": "int base_twice(int n);\nint base_twice(int n) { return 2 * n; }\n"})
    control.write(root, {"core.c": core})
    paths = []
    for name in ("base", "core"):
        command = ["gcc", "-w", "-fPIE", *flags, "-c", name + ".c", "-o", name + ".o"]
        control.expect(control.run(command, cwd=root), 0)
        control.expect(control.run(["ar", "rcs", "lib%s.a" % name, name + ".o"], cwd=root), 0)
        paths.append(os.path.join(root, "lib%s.a" % name))
    return paths


def case(core, flags, status, *parts):
    def function(root):
        command = [os.path.join(control.SCRIPTS, "check-pure")] + archives(root, core, flags)
        control.expect(control.run(command), status, *parts)

    return function


SANITIZED = ["-O1", "-fsanitize=address,undefined"]
FORTIFIED = ["-O2", "-D_FORTIFY_SOURCE=3", "-fstack-protector-strong"]

if __name__ == "__main__":
    cases = [
        ("pure code is green", case(PURE, ["-O1"], 0)),
        ("pure code is green when sanitized", case(PURE, SANITIZED, 0)),
        ("pure code is green when fortified", case(PURE, FORTIFIED, 0)),
        ("no archive is not green", lambda root: control.expect(
            control.run([os.path.join(control.SCRIPTS, "check-pure"), root + "/libcore.a"]), 2)),
    ]
    for name, line, part in IMPURE:
        cases.append((name, case(HEAD + PURE + line + "\n", ["-O1"], 1, "libcore.a", part)))
    for name, line, part in IMPURE:
        cases.append((name + ", sanitized", case(HEAD + PURE + line + "\n", SANITIZED, 1, part)))
    for name, line, part in IMPURE:
        cases.append((name + ", fortified", case(HEAD + PURE + line + "\n", FORTIFIED, 1)))
    control.main(cases)
