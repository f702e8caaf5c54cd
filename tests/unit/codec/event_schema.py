#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The collector and schemas/event.schema.json accept the same events.

Each member is given every kind of value, alone and in pairs; schema and collector must agree on all
that a schema can say. usage: event_schema.py EVENT_LINT    (the program of event_lint.c). TAP.
"""

import itertools
import json
import os
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
GOOD = {"type": "track", "event": "Product Added", "userId": "u1", "messageId": "m1"}
ABSENT = object()
VALUES = [
    ABSENT, None, True, False, 0, 1, 12345, 1.5, "", "x", "track", "page", "Track", [], {}, {"a": 1},
    "x" * 100, "x" * 101, "x" * 256, "x" * 257, "2026-11-21", "2026-11-21T18:58:53.120Z",
    "2026-11-21 18:58", "2026-11-21T18:58:53+01:00", "2026-11-21T18:58:53+0100", "1761480000",
    "1761480000000", "today", "2026-1-2", "18:58",
    999999999, 1000000000, 9999999999, 10000000000, 1000000000000, 9999999999999, 10000000000000,
]
MEMBERS = [
    "type", "event", "userId", "anonymousId", "messageId", "timestamp", "originalTimestamp", "sentAt",
    "properties", "traits", "context", "identifiers", "zzz",
]
IDENTIFIERS = ["card", "email", "phone", "order", "device", "user", "anon", "zzz"]
NAMELESS = {"type": "page", "messageId": "m1"}


def with_member(event, name, value):
    changed = {key: old for key, old in event.items() if key != name}
    if value is not ABSENT:
        changed[name] = value
    return changed


def events():
    for name, value in itertools.product(MEMBERS, VALUES):
        yield with_member(GOOD, name, value)
    for user, visitor in itertools.product(VALUES, VALUES):
        yield with_member(with_member(GOOD, "userId", user), "anonymousId", visitor)
    for name, value in itertools.product(IDENTIFIERS, VALUES):
        yield with_member(NAMELESS, "identifiers", with_member({}, name, value))
        yield with_member(NAMELESS, "identifiers", with_member({"order": 7}, name, value))
        yield with_member(GOOD, "identifiers", with_member({}, name, value))
    for kind, name in itertools.product(VALUES, VALUES):
        yield with_member(with_member(GOOD, "type", kind), "event", name)


def bodies():
    for value in VALUES:
        yield {} if value is ABSENT else {"batch": value}
    for name, value in itertools.product(["context", "sentAt", "writeKey", "zzz"], VALUES):
        yield with_member({"batch": [GOOD]}, name, value)
    for value in VALUES[1:]:
        yield {"batch": [value]}
    yield {"batch": [GOOD] * 2500}
    yield {"batch": [GOOD] * 2501}
    yield [GOOD]
    yield "x"


def names_nobody(event):
    """Of the values here nothing but zeros is blocked, and what is no address and no number."""
    others = event.get("identifiers", {})
    names = [event.get("userId"), event.get("anonymousId"), *others.values()]
    return (0 in [name for name in names if name is not False]
            or "@" not in str(others.get("email", "@"))
            or sum(c.isdigit() for c in str(others.get("phone", 12345))) < 5)


def verdicts(lint, texts):
    done = subprocess.run(
        [lint], input="".join(texts), check=True, stdout=subprocess.PIPE, text=True
    )
    return [line.split(" ") if line else [] for line in done.stdout.splitlines()]


def main():
    print("1..1")
    try:
        import jsonschema
    except ImportError as error:
        print("ok 1 - collector and schema agree # SKIP %s" % error)
        return 0
    with open(os.path.join(ROOT, "schemas/event.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    batch = jsonschema.Draft202012Validator({"$ref": "#/$defs/batch", "$defs": schema["$defs"]})
    cases = [{"batch": [event]} for event in events()] + list(bodies())
    said = verdicts(sys.argv[1], [json.dumps(case) + "\n" for case in cases])
    assert len(said) == len(cases)
    differ = 0
    for case, codes in zip(cases, said):
        # Which values name nobody is a matter of the shop's settings, not of the shape.
        accepted = all(code in ("accepted", "blocked_id") for code in codes)
        if "blocked_id" in codes and not names_nobody(case["batch"][0]):
            accepted = False
        if batch.is_valid(case) != accepted:
            differ += 1
            print("# collector %s, schema %s: %s" % (codes[:3], not accepted, str(case)[:150]))
    print("# %d bodies" % len(cases))
    print("%s 1 - collector and schema agree" % ("not ok" if differ else "ok"))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
