#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes of the readable waymark.js the bytes that are served, as a C file: plain and gzipped, each
with its ETag.

Three things shrink: comments, blanks, and the names of what the script declares. No more than that,
so that what runs in a browser can still be laid beside the source, line by line. The same source
gives the same bytes for ever.

It knows as much JavaScript as it needs and refuses what it could get wrong: template literals, and
`{name}` as short for `{name: name}`. Elsewhere a name is taken for a member if it follows a dot, or
stands before the colon of an object literal. A script may not declare a name that it also
uses for something global.

usage: squeeze.py SCRIPT.js OUTPUT.c     squeeze.py --print SCRIPT.js
"""

import collections
import gzip
import hashlib
import re
import sys

TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<newline>\n)|(?P<blank>[ \t]+)"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<name>[A-Za-z_$][\w$]*)|(?P<number>\d[\w.]*)"
    r"|(?P<mark>=>|\.\.\.|===|!==|\*\*|&&|\|\||\+\+|--|<<|>>>|>>|[-+*/%&|^<>=!]=|[][{}()<>;:,.?!~=+*/%&|^-])",
    re.DOTALL)
REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")

KEYWORDS = set(
    "arguments async await break case catch class const continue default delete do else false"
    " finally for function if in instanceof let new null of return super switch this throw true try"
    " typeof undefined var void while with yield".split())

Token = collections.namedtuple("Token", "kind text")


class Refused(Exception):
    """What the script must not contain."""


def ends_value(token):
    """Whether a slash behind the token divides."""
    if token.kind == "name":
        return token.text not in KEYWORDS - {"this", "true", "false", "null", "undefined"}
    return token.kind in ("number", "string", "regex") or token.text in (")", "]", "}")


def tokens_of(text):
    """The tokens without comments and blanks; ends of lines that may end a statement stay."""
    found, at, newline = [], 0, False
    while at < len(text):
        regex = text[at] == "/" and text[at + 1] not in "*/" and not (found and ends_value(found[-1]))
        match = (REGEX if regex else TOKEN).match(text, at)
        if not match:
            raise Refused("line %d: %r" % (text.count("\n", 0, at) + 1, text[at:at + 20]))
        at = match.end()
        kind = "regex" if regex else match.lastgroup
        if kind in ("comment", "blank", "newline"):
            newline = newline or "\n" in match.group()
            continue
        token = Token(kind, match.group())
        if newline and found and may_end(found[-1], token):
            found.append(Token("newline", "\n"))
        found.append(token)
        newline = False
    return found


def may_end(before, after):
    """Whether a line between the two could be the end of a statement without a semicolon."""
    return ((before.kind != "mark" or before.text in (")", "]", "}", "++", "--"))
            and (after.kind != "mark" or after.text in ("{", "!", "~", "++", "--")))


def declared(tokens):
    """The names that the script declares: variables, functions, parameters."""
    names = set()
    for i, token in enumerate(tokens):
        if token.kind == "name" and token.text in ("const", "let", "var", "function", "class"):
            names.add(tokens[i + 1].text)
        elif token.text == "=>":
            names |= parameters(tokens, i - 1)
        elif token.text == "catch" and tokens[i + 1].text == "(":
            names.add(tokens[i + 2].text)
    return {name for name in names if re.match(r"[A-Za-z_$]", name)} - KEYWORDS


def parameters(tokens, last):
    """The names before an arrow whose parameters end at token LAST."""
    if tokens[last].text != ")":
        return {tokens[last].text}
    names = set()
    while tokens[last].text != "(":
        if tokens[last].kind == "name":
            names.add(tokens[last].text)
        last -= 1
    return names


def variables(tokens):
    """Yields the places of names that are no members."""
    brackets = []
    for i, token in enumerate(tokens):
        if token.text in ("{", "(", "["):
            brackets.append(token.text)
        elif token.text in ("}", ")", "]"):
            brackets.pop()
        if token.kind != "name" or token.text in KEYWORDS or tokens[i - 1].text == ".":
            continue
        if brackets and brackets[-1] == "{" and tokens[i - 1].text in ("{", ","):
            if tokens[i + 1].text == ":":
                continue
            if tokens[i + 1].text in (",", "}"):
                raise Refused("{%s} is short for {%s: %s}" % ((token.text,) * 3))
        yield i


def short_names(taken):
    """One letter, then two."""
    letters = "etnsriaocldufphmgbyvwkxqjzETNSRIAOCLDUFPHMGBYVWKXQJZ"
    for name in list(letters) + [a + b for a in letters for b in letters]:
        if name not in taken and name not in KEYWORDS:
            yield name


def rename(tokens):
    """The tokens with declared names as short as their number of uses earns them."""
    places = list(variables(tokens))
    ours = declared(tokens)
    uses = collections.Counter(tokens[i].text for i in places)
    taken = set(uses) - ours
    ranked = sorted((name for name in uses if name in ours), key=lambda name: (-uses[name], name))
    short = dict(zip(ranked, short_names(taken)))
    result = list(tokens)
    for i in places:
        result[i] = Token("name", short.get(tokens[i].text, tokens[i].text))
    return result


def joined(tokens):
    """The text, with a blank only where two tokens would become one."""
    parts = []
    for before, after in zip([Token("newline", "")] + tokens, tokens):
        words = {"name", "number", "regex"}
        if before.kind in words and after.kind in {"name", "number"}:
            parts.append(" ")
        elif before.text[-1:] in ("+", "-", "/") and before.text[-1:] == after.text[:1]:
            parts.append(" ")
        elif before.text == ";" and after.text == "}":
            parts.pop()
        parts.append(after.text)
    return "".join(parts) + "\n"


def squeeze(text):
    return joined(rename(tokens_of(text)))


def c_bytes(name, data):
    """A C array."""
    lines = [", ".join("0x%02x" % byte for byte in data[i:i + 16]) for i in range(0, len(data), 16)]
    return "static const unsigned char %s[] = {\n\t%s,\n};\n" % (name, ",\n\t".join(lines))


def c_file(plain):
    """What src/collector/beacon/beacon_script.h declares."""
    packed = gzip.compress(plain, 9, mtime=0)
    # The compressed form is another representation and has a tag of its own (RFC 9110, 8.8.3.3).
    tag = hashlib.sha256(plain).hexdigest()[:16]
    return (
        "/* Made by squeeze.py. */\n#include \"beacon_script.h\"\n\n"
        + c_bytes("plain", plain) + c_bytes("packed", packed)
        + "const struct beacon_script beacon_script = {\n"
        "\t.plain = {(const char *)plain, sizeof(plain)},\n"
        "\t.gzip = {(const char *)packed, sizeof(packed)},\n"
        "\t.plain_tag = \"\\\"%s\\\"\",\n\t.gzip_tag = \"\\\"%s-gzip\\\"\",\n};\n" % (tag, tag))


def main(args):
    if len(args) != 2:
        sys.exit(__doc__)
    show = args[0] == "--print"
    source = args[1] if show else args[0]
    try:
        with open(source, encoding="utf-8") as file:
            text = squeeze(file.read())
    except Refused as reason:
        sys.exit("%s: %s" % (source, reason))
    if show:
        sys.stdout.write(text)
        return
    with open(args[1], "w", encoding="ascii") as file:
        file.write(c_file(text.encode("utf-8")))


if __name__ == "__main__":
    main(sys.argv[1:])
