#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The presets of deploy/hooks make of payloads what the senders' documentation says they are.

Each directory tests/data/hooks/PRESET/NAME is a case:

    headers          the header fields that count, `Name: value` a line; may be absent
    query            parameters, `name=value` a line; may be absent
    payload.json     the payload (payload.form: it comes as a form), or
    shared           `FILE MEMBER…`: it is in the shared data sets, inside these members of a file
    expected.ndjson  the events, in order; then `fault CODE`, `ignored` or `passed` where that is
                     what becomes of it

Members of an expected event may stand in any order; numbers compare as they are written. A messageId
that is a digest is written {"digest": [texts]} and is worked out here.

usage: hook_presets.py MAPPING_PROBE    (the program of mapping_probe.c). TAP.
"""

import hashlib
import json
import os
import re
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
PRESETS = os.path.join(ROOT, "deploy", "hooks")
CASES = os.path.join(ROOT, "tests", "data", "hooks")
SHARED = os.environ.get("WAYMARK_SHARED_DATA") or os.path.join(ROOT, "..", "shared", "data")

# What senders tell of that has no canonical name.
CUSTOM = {"Page Pinged", "Order Item Reported", "Self-Describing Event"}


class Number(str):
    """A number as it is written."""


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def lines_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip()]


def skip_blanks(text, at):
    while text[at] in " \t\r\n,:":
        at += 1
    return at


def member(text, name):
    """The bytes of a member (or item) of the object (or array) TEXT, untouched."""
    decoder = json.JSONDecoder()
    at = skip_blanks(text, 0) + 1
    index = 0
    while True:
        at = skip_blanks(text, at)
        key = str(index)
        if text.lstrip()[0] == "{":
            key, at = decoder.raw_decode(text, at)
            at = skip_blanks(text, at)
        _, end = decoder.raw_decode(text, at)
        if key == name:
            return text[at:end]
        at, index = end, index + 1


def payload_of(case):
    """The payload as bytes and whether it is a form; None if it is not here."""
    for name in ("payload.json", "payload.form"):
        path = os.path.join(case, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
            return data, name.endswith(".form")
    words = lines_of(os.path.join(case, "shared"))[0].split()
    path = os.path.join(SHARED, words[0])
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for word in words[1:]:
        text = member(text, word)
    return text.encode(), False


def digest(parts):
    netstrings = b"".join(b"%d:%s," % (len(p.encode()), p.encode()) for p in parts)
    return hashlib.sha256(netstrings).hexdigest()[:32]


def comparable(line):
    if not line.startswith("{"):
        return line.split(":")[0].split(" ")[:2] if line.startswith("fault") else line.split(" ")[0]
    event = parse(line)
    if isinstance(event.get("messageId"), dict):
        event["messageId"] = digest(event["messageId"]["digest"])
    return event


def run(probe, preset, case):
    """What is wrong with a case, as lines; None: its payload is not here."""
    found = payload_of(case)
    if found is None:
        return None
    command = [probe, os.path.join(PRESETS, preset + ".json"), "/dev/stdin"]
    command += ["--form"] if found[1] else []
    for line in lines_of(os.path.join(case, "headers")):
        command += ["-H", line]
    for line in lines_of(os.path.join(case, "query")):
        command += ["-Q", line]
    done = subprocess.run(command, input=found[0], stdout=subprocess.PIPE)
    got = done.stdout.decode().splitlines()
    want = lines_of(os.path.join(case, "expected.ndjson"))
    if done.returncode == 0 and [comparable(x) for x in got] == [comparable(x) for x in want]:
        return []
    return ["status %d" % done.returncode] + ["got  " + x for x in got] + ["want " + x for x in want]


def canonical_names():
    with open(os.path.join(ROOT, "include", "core", "vocab.h"), encoding="utf-8") as file:
        return set(re.findall(r'X\(\w+,\s*"([^"]+)"', file.read()))


def literals(value):
    """The texts without places that an expression may come to."""
    if isinstance(value, str):
        return [] if "{" in value else [value]
    if not isinstance(value, dict):
        return []
    parts = list(value.get("first", [])) + list(value.get("to", {}).values())
    parts += [value[key] for key in ("then", "else", "get", "const") if key in value]
    return [text for part in parts for text in literals(part)]


def check_preset(name):
    """What is wrong with a preset beside what the compiler says."""
    with open(os.path.join(PRESETS, name + ".json"), encoding="utf-8") as file:
        preset = json.load(file)
    known = canonical_names() | CUSTOM
    wrong = [] if preset.get("preset") == name else ["its `preset` is not its name"]
    if not preset.get("about"):
        wrong.append("it lacks `about`")
    for number, rule in enumerate(preset["events"]):
        if rule.get("type", "track") == "track":
            wrong += ["events/%d: `%s` is not in the vocabulary" % (number, text)
                      for text in literals(rule["event"]) if text not in known]
    if not os.path.isdir(os.path.join(CASES, name)):
        wrong.append("it has no case in tests/data/hooks")
    return wrong


def main(probe):
    presets = sorted(n[:-5] for n in os.listdir(PRESETS) if n.endswith(".json"))
    rows = [("preset " + name, lambda name=name: check_preset(name)) for name in presets]
    for preset in sorted(os.listdir(CASES)):
        for case in sorted(os.listdir(os.path.join(CASES, preset))):
            path = os.path.join(CASES, preset, case)
            rows.append((preset + "/" + case, lambda p=preset, c=path: run(probe, p, c)))
    print("1..%d" % len(rows))
    failed = 0
    for number, (name, check) in enumerate(rows, 1):
        wrong = check()
        if wrong is None:
            print("ok %d - %s # SKIP no shared data" % (number, name))
            continue
        failed += bool(wrong)
        print("%s %d - %s" % ("not ok" if wrong else "ok", number, name))
        for line in wrong:
            print("# " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
