#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The compiler of rules and schemas/rule.schema.json describe one format.

What the compiler knows is asked of it: shown a member that nobody knows, it lists those it knows.
usage: rule_schema.py RULE_LINT    (the program of rule_lint.c). Speaks TAP.
"""

import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
RULE = {
    "id": "a",
    "class": "task",
    "arm": ["x"],
    "wait": "1h",
    "wait_for": ["till-1"],
    "channels": ["task"],
}
# Where an object of each kind stands in a rule, and where the schema describes it.
OBJECTS = {
    "rule": ("", ["$defs", "rule"]),
    "entry of arm": ("/arm/0", ["$defs", "arm_entry"]),
    "entry of touch": ("/touch/0", ["$defs", "start_entry"]),
    "entry of cancel": ("/cancel/0", ["$defs", "cancel"]),
    "entry of goal": ("/goal/0", ["$defs", "goal"]),
    "at_least": ("/arm/0/at_least", ["$defs", "arm_entry", "properties", "at_least"]),
    "stage_changed": ("/stage_changed", ["$defs", "rule", "properties", "stage_changed"]),
    "calendar": ("/calendar", ["$defs", "rule", "properties", "calendar"]),
    "wait": ("/wait", ["$defs", "wait_object"]),
    "time to send": ("/send_at", ["$defs", "rule", "properties", "send_at"]),
    "cap": ("/cap", ["$defs", "rule", "properties", "cap"]),
    "once": ("/once", ["$defs", "rule", "properties", "once"]),
    "episode": ("/episode", ["$defs", "rule", "properties", "episode"]),
    "step": ("/steps/0", ["$defs", "rule", "properties", "steps", "items"]),
    "priority": ("/priority", ["$defs", "rule", "properties", "priority"]),
    "send_at": ("/send_at", ["$defs", "rule", "properties", "send_at"]),
    "cap": ("/cap", ["$defs", "rule", "properties", "cap"]),
}
WORDS = {
    "mode": ["$defs", "rule", "properties", "mode", "enum"],
    "class": ["$defs", "rule", "properties", "class", "enum"],
    "anchor": ["$defs", "rule", "properties", "anchor", "enum"],
    "gates": ["$defs", "rule", "properties", "gates", "enum"],
    "quiet": ["$defs", "rule", "properties", "quiet", "enum"],
    "on_cap": ["$defs", "rule", "properties", "on_cap", "enum"],
    "on_hold_end": ["$defs", "rule", "properties", "on_hold_end", "enum"],
    "exit_policy": ["$defs", "rule", "properties", "exit_policy", "enum"],
    "gates": ["$defs", "rule", "properties", "gates", "enum"],
    "quiet": ["$defs", "rule", "properties", "quiet", "enum"],
    "on_cap": ["$defs", "rule", "properties", "on_cap", "enum"],
    "calendar/leap": ["$defs", "rule", "properties", "calendar", "properties", "leap", "enum"],
    "calendar/whose": ["$defs", "rule", "properties", "calendar", "properties", "whose", "enum"],
    "stage_changed/to": ["$defs", "stage", "enum"],
    "stage_changed/from/0": ["$defs", "stage", "enum"],
    "channels/0": ["$defs", "channels", "items", "enum"],
    "episode/scope": ["$defs", "rule", "properties", "episode", "properties", "scope", "enum"],
    "cancel/0/match": ["$defs", "cancel", "properties", "match", "enum"],
}


def read_json(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return json.load(file)


SCHEMA = read_json("schemas/rule.schema.json")


def look_up(path):
    found = SCHEMA
    for name in path:
        found = found[name]
    return found


def compile_rule(rule):
    """What the compiler says of a rule: (pointer, message) of each problem."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(rule, file)
        file.flush()
        done = subprocess.run(
            [sys.argv[1], file.name], check=False, stdout=subprocess.PIPE, text=True
        )
    assert done.returncode in (0, 1), "rule_lint exits %d" % done.returncode
    fields = [line.split("\t") for line in done.stdout.splitlines()]
    return [(pointer, message) for _, pointer, _, message in fields]


def with_value(pointer, value):
    """RULE with VALUE at POINTER; lists and objects on the way are made."""
    rule = copy.deepcopy(RULE)
    steps = pointer.strip("/").split("/")
    here = rule
    if pointer == "":
        return value
    for step, after in zip(steps, steps[1:]):
        if after == "0":
            here[step] = [{"event": "y"}]
            here = here[step]
        elif isinstance(here, list):
            here = here[0]
        else:
            if not isinstance(here.get(step), (dict, list)):
                here[step] = {}
            here = here[step]
    if isinstance(here, list):
        here[0] = value
    else:
        here[steps[-1]] = value
    return rule


def same(what, compiler, schema):
    assert set(compiler) == set(schema), "%s: only the compiler has %s, only the schema %s" % (
        what,
        sorted(set(compiler) - set(schema)),
        sorted(set(schema) - set(compiler)),
    )


def test_members():
    for name, (pointer, path) in OBJECTS.items():
        said = [m for p, m in compile_rule(with_value(pointer, {"zzz": 1})) if p == pointer + "/zzz"]
        assert len(said) == 1 and "it may have " in said[0], "%s: %s" % (name, said)
        same(name, said[0].split("it may have ")[1].split(", "), look_up(path)["properties"])
        assert look_up(path)["additionalProperties"] is False, name


def test_required():
    for name, (pointer, path) in OBJECTS.items():
        said = [m for p, m in compile_rule(with_value(pointer, {})) if p == pointer]
        needed = [re.search(r"needs the member `(\w+)`", message) for message in said]
        required = list(look_up(path).get("required", []))
        if name == "rule":
            # Without a calendar, which nothing here has.
            required += look_up(path)["oneOf"][0]["required"]
        same(name, [n.group(1) for n in needed if n], required)


def test_words():
    for pointer, path in WORDS.items():
        said = [m for p, m in compile_rule(with_value("/" + pointer, "zzz")) if p == "/" + pointer]
        if pointer == "cancel/0/match":
            rule = with_value("/cancel/0", {"event": "y", "match": "zzz"})
            said = [m for p, m in compile_rule(rule) if p == "/cancel/0/match"]
        assert len(said) == 1, "%s: %s" % (pointer, said)
        same(pointer, said[0].split("in quotes: ")[1].split(", "), look_up(path))


def test_conditions():
    condition = look_up(["$defs", "condition", "properties"])
    said = compile_rule(with_value("/arm/0", {"event": "x", "when": {"zzz": 1}}))[0][1]
    operators = re.search(r"they are ([^(]*) \(", said).group(1).split(" ")
    same("operators", operators, condition)
    # What facts there are is in a page of its own, which test_facts holds to the compiler's table.
    with open(os.path.join(ROOT, "schemas/facts.md"), encoding="utf-8") as page:
        facts = re.findall(r"^\| `(s\.[^`]*)` \| true or false", page.read(), re.MULTILINE)
    assert facts, "no facts in facts.md"
    for fact in facts:
        assert re.search(condition["var"]["pattern"], fact), fact
    asked = [{"var": fact} for fact in facts if fact != "s.order_delivered"]
    assert compile_rule(with_value("/fire_if", {"or": asked})) == [], "facts that are none"


def test_descriptions():
    def walk(node, path):
        if isinstance(node, list):
            for i, item in enumerate(node):
                walk(item, "%s/%d" % (path, i))
        if not isinstance(node, dict):
            return
        for name, member in node.get("properties", {}).items():
            assert member.get("description"), "%s/properties/%s has no description" % (path, name)
        for name, member in node.items():
            walk(member, path + "/" + name)

    walk(SCHEMA, "")


def good_files():
    """Files of rules; the policy beside them has a schema of its own."""
    files = glob.glob(ROOT + "/deploy/rules/*.json") + glob.glob(ROOT + "/tests/data/rules/*/*.json")
    return sorted(path for path in files if os.path.basename(path) != "policy.json")


def test_good_files():
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for path in good_files():
        problems = [error.message for error in validator.iter_errors(read_json(path))]
        assert not problems, "%s: %s" % (path, problems)
    # And a schema that accepts anything would accept these.
    for member in ("zzz", "policy"):
        assert not validator.is_valid(dict(RULE, **{member: 1})), member
    for member in set(RULE) - {"wait_for"}:
        assert not validator.is_valid({k: v for k, v in RULE.items() if k != member}), member
    assert validator.is_valid(RULE)


def main():
    cases = [
        test_members,
        test_required,
        test_words,
        test_conditions,
        test_descriptions,
        test_good_files,
    ]
    failed = 0
    print("1..%d" % len(cases))
    for number, case in enumerate(cases, 1):
        name = case.__name__[5:].replace("_", " ")
        try:
            case()
            print("ok %d - %s" % (number, name))
        except ImportError as error:
            print("ok %d - %s # SKIP %s" % (number, name, error))
        except AssertionError as error:
            failed += 1
            print("# %s\nnot ok %d - %s" % (error, number, name))
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
