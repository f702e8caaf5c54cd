#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The scenarios of the contract through `waymark backtest` (test_rules_test.py has them through
`waymark rules test`): rules, events with both their times, and the jobs that the contract of absence
asks for, worked out by hand. Those that need more than a file of events are left to the other."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
FOLDERS = [os.path.join(ROOT, "tests", "data", name) for name in ("scenarios35", "scenarios")]


def event_line(number, spec):
    """The Segment shape of one event of a scenario, or a watermark."""
    if "watermark" in spec:
        return json.dumps({"type": "watermark", "source": spec["watermark"],
                           "completeUntil": spec["until"], "receivedAt": spec["received"]})
    line = {
        "type": "track",
        "event": spec["event"],
        "messageId": spec.get("id", "m-%d" % number),
        "timestamp": spec["at"],
        "receivedAt": spec.get("received", spec["at"]),
        "properties": spec.get("properties", {}),
    }
    if spec["user"]:
        line["userId"] = spec["user"]
    if "anonymous" in spec:
        line["anonymousId"] = spec["anonymous"]
    return json.dumps(line)


def run(scenario, tap):
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
        # The numbers are in order of the file, but the log is in order of receipt.
        events = [(spec.get("received") or spec["at"], event_line(i, spec))
                  for i, spec in enumerate(scenario["events"])]
        file.write("".join(line + "\n" for _, line in sorted(events, key=lambda e: e[0])))
        file.flush()
        done = subprocess.run(
            [harness.waymark(), "backtest", "--rules", os.path.join(FOLDERS[0], scenario["rules"]),
             "--events", file.name, "--store-zone", scenario["zone"],
             "--until", scenario["until"], "--json"], capture_output=True, text=True, check=False)
    tap.equal(done.returncode, 0, "exit status")
    tap.equal(done.stderr, "", "standard error")
    got = json.loads(done.stdout)["jobs"] if done.stdout else []
    tap.equal(len(got), len(scenario["jobs"]), "number of jobs")
    for job, wanted in zip(got, scenario["jobs"]):
        for member, value in wanted.items():
            tap.equal(job[member], value, member)


def is_plain(scenario):
    """Rules from a file, and instants in full."""
    return isinstance(scenario.get("rules"), str) and "zone" in scenario


def main():
    tap = harness.Tap()
    for path in sorted(os.path.join(folder, name) for folder in FOLDERS for name in os.listdir(folder)):
        if not path.endswith(".json"):
            continue
        with open(path, encoding="utf-8") as file:
            scenario = json.load(file)
        if not is_plain(scenario):
            continue

        def test(scenario=scenario):
            run(scenario, tap)
        test.__name__ = os.path.basename(path)[:-5] + ": " + scenario["about"]
        tap.test(test)
    tap.run()


main()
