#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""squeeze.py against small scripts whose outcome is known, and the beacon itself against what it
may use.

usage: test_squeeze.py SQUEEZE.PY
"""

import importlib.util
import os
import re
import sys

PATH = os.path.abspath(sys.argv[1])
spec = importlib.util.spec_from_file_location("squeeze", PATH)
squeeze = importlib.util.module_from_spec(spec)
spec.loader.exec_module(squeeze)

# What comes in, what goes out.
CASES = [
    ("/* a */ f(1); // b\n", "f(1);"),
    ("const long = 1;\nf(long);", "const e=1;f(e);"),
    ("const long = 1;\nf(x.long, {long: long});", "const e=1;f(x.long,{long:e});"),
    ("const long = a ? b : c;\nlong;", "const e=a?b:c;e;"),
    # As often as it is used: the second gets the first letter.
    ("let a1; let b1; b1 = b1;", "let t;let e;e=e;"),
    # A letter that somebody else uses is not taken.
    ("const long = e;", "const t=e;"),
    ("const f1 = (x1, y1) => x1 + y1;", "const n=(e,t)=>e+t;"),
    ("const f1 = async x1 => await x1;", "const t=async e=>await e;"),
    ("function f1(x1) { return x1; }", "function e(x1){return x1}"),
    ("try { f(); } catch (error) { g(error); }", "try{f()}catch(e){g(e)}"),
    ("const s = 'long // /* */ \\' x';", "const e='long // /* */ \\' x';"),
    ("s.replace(/[/'\"]+/g, '');", "s.replace(/[/'\"]+/g,'');"),
    ("const a1 = b / c / d;", "const e=b/c/d;"),
    ("a = b + +c; a = b - -c; a = b + ++c;", "a=b+ +c;a=b- -c;a=b+ ++c;"),
    ("typeof x; new Y; delete z.w;", "typeof x;new Y;delete z.w;"),
    # An end of line that ends a statement stays; others do not.
    ("a = b\nc = d", "a=b\nc=d"),
    ("if (a)\n\tb();\nelse\n\tc();", "if(a)\nb();else\nc();"),
    ("f(a,\n\tb)\n\t.c();", "f(a,b).c();"),
    ("f(...x);", "f(...x);"),
    ("for (;;) { a(); }", "for(;;){a()}"),
]
REFUSED = ["f(`x`);", "const long = 1; f({long});", "f({long, a: 1});", "a # b;"]


def test_cases():
    return ["%r: %r, not %r" % (source, got, wanted) for source, wanted in CASES
            for got in [squeeze.squeeze(source).rstrip("\n")] if got != wanted]


def test_refused():
    wrong = []
    for source in REFUSED:
        try:
            wrong.append("%r: %r" % (source, squeeze.squeeze(source)))
        except squeeze.Refused:
            pass
    return wrong


def beacon():
    with open(os.path.join(os.path.dirname(PATH), "waymark.js"), encoding="utf-8") as file:
        return file.read()


def test_same_every_time():
    plain = squeeze.squeeze(beacon()).encode()
    return [] if squeeze.c_file(plain) == squeeze.c_file(plain) else ["two forms"]


def test_no_name_is_ours_and_global():
    """Names that browsers give meaning to may not be declared: they would be renamed where they
    mean the browser's."""
    browser = set(
        "window document navigator location localStorage sessionStorage screen crypto fetch Blob"
        " Promise Date Math Object Array JSON Intl Number URLSearchParams Uint8Array setTimeout clearTimeout"
        " parseInt addEventListener devicePixelRatio".split())
    tokens = squeeze.tokens_of(beacon())
    ours = squeeze.declared(tokens)
    used = {tokens[i].text for i in squeeze.variables(tokens)}
    strange = used - ours - browser
    return ["declared, but the browser's: %s" % name for name in sorted(ours & browser)] + [
        "neither declared nor known: %s" % name for name in sorted(strange)]


def test_language_is_es2017():
    """Spread in objects, optional catch and chaining, and named groups are younger."""
    text = squeeze.squeeze(beacon())
    return [pattern for pattern in (r"[{,]\.\.\.\w+[,}]\s*\)?:", r"catch\{", r"\?\.\D", r"\?\?", r"\(\?<", r"\*\*=")
            if re.search(pattern, text)]


TESTS = [test_cases, test_refused, test_same_every_time, test_no_name_is_ours_and_global,
         test_language_is_es2017]


def main():
    failed = False
    print("1..%d" % len(TESTS))
    for number, test in enumerate(TESTS, 1):
        wrong = test()
        for line in wrong:
            print("# " + line)
        print("%s %d - %s" % ("not ok" if wrong else "ok", number, test.__name__[5:].replace("_", " ")))
        failed = failed or bool(wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
