#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The compiler of policies and schemas/policy.schema.json describe one format.

What the compiler knows is asked of it: shown a member that nobody knows, it lists those it knows.
usage: policy_schema.py RULE_LINT    (the program of rule_lint.c). Speaks TAP.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
POLICY = ["properties", "policy"]
# Where an object of each kind stands in a policy, and where the schema describes it.
OBJECTS = {
    "policy": ([], POLICY),
    "channel": (["channels", "sms"], POLICY + ["properties", "channels", "additionalProperties"]),
    "country": (["countries", "FR"], POLICY + ["properties", "countries", "additionalProperties"]),
    "opening": (["opening"], POLICY + ["properties", "opening"]),
    "cap": (["caps", 0], POLICY + ["properties", "caps", "items"]),
    "arbitration": (["arbitration"], POLICY + ["properties", "arbitration"]),
    "thetas": (["thetas"], POLICY + ["properties", "thetas"]),
    "holdout": (["holdout"], POLICY + ["properties", "holdout"]),
    "lapse": (["lapse"], POLICY + ["properties", "lapse"]),
    "at_risk": (["lapse", "at_risk"], POLICY + ["properties", "lapse", "properties", "at_risk"]),
    "tier": (["value_tiers", 0], POLICY + ["properties", "value_tiers", "items"]),
    "model": (["models", "a"], POLICY + ["properties", "models", "additionalProperties"]),
    "part": (
        ["models", "a", "parts", 0],
        POLICY
        + ["properties", "models", "additionalProperties", "properties", "parts", "items"],
    ),
}


def read_json(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return json.load(file)


SCHEMA = read_json("schemas/policy.schema.json")


def look_up(path):
    found = SCHEMA
    for name in path:
        found = found[name]
    return found


def compile_policy(policy):
    """What the compiler says of it: (pointer, message) of each problem."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump({"policy": policy}, file)
        file.flush()
        done = subprocess.run(
            [sys.argv[1], file.name], check=False, stdout=subprocess.PIPE, text=True
        )
    assert done.returncode in (0, 1), "rule_lint exits %d" % done.returncode
    fields = [line.split("\t") for line in done.stdout.splitlines()]
    return [(pointer, message) for _, pointer, _, message in fields]


def at(path, value):
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


def same(what, compiler, schema):
    assert set(compiler) == set(schema), "%s: only the compiler has %s, only the schema %s" % (
        what,
        sorted(set(compiler) - set(schema)),
        sorted(set(schema) - set(compiler)),
    )


def test_members():
    for name, (path, place) in OBJECTS.items():
        said = [m for _, m in compile_policy(at(path, {"zzz": 1})) if "`zzz`" in m]
        assert len(said) == 1 and "it may have " in said[0], "%s: %s" % (name, said)
        same(name, said[0].split("it may have ")[1].split(", "), look_up(place)["properties"])
        assert look_up(place)["additionalProperties"] is False, name


def test_required():
    for name, (path, place) in OBJECTS.items():
        said = [m for _, m in compile_policy(at(path, {}))]
        needed = [re.search(r"needs the member `(\w+)`", message) for message in said]
        same(name, [n.group(1) for n in needed if n], look_up(place).get("required", []))


def test_words():
    enum = look_up(["$defs", "channel", "enum"])
    said = compile_policy({"caps": [{"channels": ["zzz"], "count": 1, "within": "1d"}]})[0][1]
    same("channels", said.split("in quotes: ")[1].split(", "), enum)
    said = compile_policy({"caps": [{"classes": ["zzz"], "count": 1, "within": "1d"}]})[0][1]
    same("classes", said.split("in quotes: ")[1].split(", "), look_up(["$defs", "class", "enum"]))


def test_descriptions():
    def walk(node, path):
        if isinstance(node, list):
            for i, item in enumerate(node):
                walk(item, "%s/%d" % (path, i))
        if not isinstance(node, dict):
            return
        for name, member in node.get("properties", {}).items():
            described = "description" in member or path == ""
            assert described, "%s/properties/%s has no description" % (path, name)
        for name, member in node.items():
            walk(member, path + "/" + name)

    walk(SCHEMA, "")


def test_shipped():
    """The policy that is installed compiles, and so does every one that the schema takes."""
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    shipped = read_json("deploy/rules/policy.json")
    problems = [error.message for error in validator.iter_errors(shipped)]
    assert not problems, problems
    assert compile_policy(shipped["policy"]) == []


def test_refusals():
    """What the schema can see of what the compiler refuses: nearly all."""
    import jsonschema

    validator = jsonschema.Draft202012Validator(SCHEMA)
    files = sorted(glob.glob(ROOT + "/tests/data/rules_bad/policy_*.json"))
    unseen = [os.path.basename(f)[7:-5] for f in files if validator.is_valid(read_json(f))]
    beyond = {
        "holiday_date",  # 30 February
        "holiday_leap",
        "holiday_easter_far",
        "opening_night",  # what follows what
        "opening_order",
        "opening_overlap",
        "cap_within",  # how long
        "window_long",
        "model_time",
        "order_twice",
        "tier_order",
        "percentile_order",
        "model_order",
        "lapse_order",
        "lapse_short",
        "model_part_twice",
        "mute_known",
        "mute_event",  # what conditions mean
        "country_channel",
    }
    assert len(files) >= 50, len(files)
    same("what only the compiler refuses", unseen, beyond)


def main():
    cases = [
        test_members,
        test_required,
        test_words,
        test_descriptions,
        test_shipped,
        test_refusals,
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
