#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules that come with Waymark: they load together, every file says what it is for and whom it
serves, every one has scenarios of every kind, all of which hold, and no rule goes without one."""

import glob
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
PACK = os.path.join(ROOT, "deploy", "rules")
tap = harness.Tap()


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def files():
    """{file's name without .json: its rules}"""
    found = {}
    for path in sorted(glob.glob(os.path.join(PACK, "*.json"))):
        name = os.path.basename(path)[:-5]
        rules = read(path)
        if name != "policy":
            found[name] = rules if isinstance(rules, list) else [rules]
    return found


def scenarios(name):
    return {path: read(path)
            for path in sorted(glob.glob(os.path.join(PACK, "scenarios", name, "*.json")))}


def waymark(*arguments):
    return subprocess.run([harness.waymark(), *arguments], capture_output=True, text=True, check=False)


@tap.test
def it_loads_as_a_whole():
    done = waymark("rules", "check", PACK)
    tap.equal(done.returncode, 0, done.stdout + done.stderr)


@tap.test
def its_scenarios_hold():
    done = waymark("rules", "test", os.path.join(PACK, "scenarios"))
    tap.equal(done.returncode, 0, done.stdout + done.stderr)


@tap.test
def a_file_is_called_as_a_rule_of_it_and_says_what_it_is_for():
    for name, rules in files().items():
        tap.ok(name in [rule["id"] for rule in rules], name + " has no rule of its name")
        named, told = set(), set()
        for rule in rules:
            tap.ok(len(rule.get("description", "")) > 40, rule["id"] + " has no description")
            named |= set(rule.get("requires", []))
            tap.ok(rule.get("requires"), rule["id"] + " serves no requirement")
            told |= set(re.findall(r"\b[PCLA]\d{1,2}\b", rule["description"]))
        tap.equal(sorted(named - told), [], name + ": what it serves and does not say")


@tap.test
def every_file_has_scenarios_of_every_kind():
    for name in files():
        found = scenarios(name)
        tap.ok(len(found) >= 4, "%s has %d scenarios" % (name, len(found)))
        fires = [s for s in found.values() if s.get("jobs")]
        silent = [s for s in found.values() if s.get("none")]
        tap.ok(fires and silent, name + ": one that fires, one that does not")
        for path, scenario in found.items():
            tap.ok(len(scenario.get("about", "")) > 8, path + " does not say what it shows")


@tap.test
def every_rule_is_seen_to_fire():
    for name, rules in files().items():
        fired = set()
        for scenario in scenarios(name).values():
            fired |= {job["rule"] for job in scenario.get("jobs", [])}
        for rule in rules:
            if rule.get("mode") != "off":
                tap.ok(rule["id"] in fired, rule["id"] + " fires in no scenario")


@tap.test
def no_scenario_is_left_over():
    names = set(os.listdir(os.path.join(PACK, "scenarios")))
    tap.equal(sorted(names - set(files())), [], "directories without a rule")


tap.run()
