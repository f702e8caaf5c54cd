#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark rules test`: the scenarios of the rules that come with Waymark, those of the contract, and
that the runner sees what is wrong: every way in which something can differ from what is expected."""

import copy
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
RULE = {"id": "cart", "class": "service", "gates": "off", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "4h", "grace": "2m", "channels": ["email"],
        "data": {"price": "e.price", "promised_at": "e.promised_at"}}
GOOD = {
    "about": "one cart",
    "rules": RULE,
    "start": "2026-03-02T10:00:00Z",
    "until": "+1d",
    "events": [
        {"at": "+0", "event": "Product Added", "user": "ada",
         "properties": {"cart_id": "C1", "price": 10.50, "promised_at": "@+3d"}},
        {"at": "+1h", "event": "Product Added", "user": "bob", "properties": {"cart_id": "C2"}},
        {"at": "+2h", "event": "Order Completed", "user": "bob",
         "properties": {"cart_id": "C2", "order_id": "O2"}},
    ],
    "jobs": [{"rule": "cart", "customer": "ada", "key": "cart:C1", "episode": 1, "channel": "email",
              "deadline": "+4h", "fire_at": "2026-03-02T14:02:00.000Z",
              "data": {"price": 10.5, "promised_at": "2026-03-05T10:00:00.000Z"}}],
    "decisions": [{"customer": "bob", "outcome": "cancelled", "by": "Order Completed", "at": "+2h"},
                  {"customer": "ada", "outcome": "fired", "at": "+4h2m"}],
    "never": [{"customer": "bob", "outcome": "fired"}],
    "state": [{"customer": "bob", "totals": {"orders": 1}, "instances": [{"key": "cart:C2", "state": "closed"}]}],
    "shuffle": {"runs": 5, "lateness": "2m"},
}
tap = harness.Tap()


def run(*arguments):
    return subprocess.run([harness.waymark(), "rules", "test", *arguments],
                          capture_output=True, text=True, check=False)


def judge(scenario):
    """Exit status, and what is said to be wrong."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(scenario if isinstance(scenario, str) else json.dumps(scenario))
        file.flush()
        done = run(file.name, "--json")
    if not done.stdout:
        return done.returncode, done.stderr
    answer = json.loads(done.stdout)
    tap.equal(answer["passed"], done.returncode == 0, "passed and the status agree")
    return done.returncode, "\n".join(answer["problems"])


def changed(change):
    scenario = copy.deepcopy(GOOD)
    change(scenario)
    return judge(scenario)


@tap.test
def the_pack_does_what_its_scenarios_say():
    done = run()
    tap.equal(done.stderr, "", "standard error")
    tap.equal(done.returncode, 0, done.stdout)


@tap.test
def the_contract():
    done = run(os.path.join(ROOT, "tests", "data", "scenarios"))
    tap.equal(done.returncode, 0, done.stdout)


@tap.test
def the_language():
    """Each turn of the language of rules, with rules made for it."""
    done = run(os.path.join(ROOT, "tests", "data", "scenarios_language"))
    tap.equal(done.returncode, 0, done.stdout)


@tap.test
def another_way():
    """What was sent and is not known to have been delivered."""
    done = run(os.path.join(ROOT, "tests", "data", "scenarios_fallback"))
    tap.equal(done.returncode, 0, done.stdout)


@tap.test
def the_thirty_five():
    """What waits for a feature is named with it, a number or a file; files are run all the same."""
    folder = os.path.join(ROOT, "tests", "data", "scenarios35")
    with open(os.path.join(folder, "waiting.txt"), encoding="utf-8") as file:
        waiting = {line.split(":")[0] for line in file if line.strip()}
    done = run(folder, "--json")
    seen = {os.path.basename(a["file"]): a for a in map(json.loads, done.stdout.splitlines())}
    for name, answer in seen.items():
        if name in waiting and answer["passed"]:
            print("# %s need not wait any longer" % name)
        elif name not in waiting:
            tap.ok(answer["passed"], "%s: %s" % (name, "\n".join(answer["problems"])))
    tap.equal([name for name in waiting if name.endswith(".json") and name not in seen], [], "what waits is there")
    numbers = {int(name[:2]) for name in seen} | {int(name) for name in waiting if name.isdigit()}
    tap.equal(sorted(set(range(1, 36)) - numbers - {14, 15, 16, 35}), [], "none of the thirty-five is missing")


@tap.test
def a_good_one():
    tap.equal(judge(GOOD), (0, ""), "all of it is as expected")


@tap.test
def what_is_different_is_seen():
    cases = [
        ("instant", lambda s: s["jobs"][0].update(fire_at="+4h2m1ms"), "/fire_at: expected \"+4h2m1ms\""),
        ("offset", lambda s: s["jobs"][0].update(fire_at="+4h1m"), "which is +4h2m"),
        ("number", lambda s: s["jobs"][0]["data"].update(price=10.51), "/data/price"),
        ("no such member", lambda s: s["jobs"][0]["data"].update(size=4), "/data/size"),
        ("a job too few", lambda s: s["jobs"].clear(), "job 1 was not expected"),
        ("a job too many", lambda s: s["jobs"].append({"rule": "cart"}), "job 2 did not come"),
        ("none", lambda s: (s.pop("jobs"), s.update(none=True)), "job 1 was not expected"),
        ("decision", lambda s: s["decisions"][0].update(by="Cart Emptied"), "decision 1 was not made"),
        ("order", lambda s: s["decisions"].reverse(), "decision 2 was not made (in this order)"),
        ("never", lambda s: s["never"][0].update(customer="ada"), "never 1 was decided"),
        ("state", lambda s: s["state"][0]["totals"].update(orders=2), "/totals/orders: expected 2, got 1"),
        ("item", lambda s: s["state"][0]["instances"][0].update(state="armed"), "/instances/0"),
        ("customer", lambda s: s["state"][0].update(customer="eve"), "no such customer"),
        ("taken back", lambda s: s["events"].append(
            {"at": "+3h", "received": "+5h", "event": "Order Completed", "user": "ada",
             "properties": {"cart_id": "C1", "order_id": "O1"}}), "job 1 was taken back"),
        ("shuffled", lambda s: s["shuffle"].update(lateness="10h", runs=20), "shuffled, run"),
        ("not an event", lambda s: s["events"][0].pop("user"), "cannot be used"),
    ]
    for name, change, words in cases:
        status, problems = changed(change)
        tap.equal(status, 1, name + ": status")
        tap.ok(words in problems, "%s: %r in %r" % (name, words, problems))


@tap.test
def what_is_no_scenario_is_refused():
    cases = [
        ("misspelt", lambda s: s.update(job=[]), 'has no member "job"'),
        ("misspelt in an event", lambda s: s["events"][1].update(recieved="+1h"), 'event 2 has no member "recieved"'),
        ("no time", lambda s: s["events"][2].pop("at"), "event 3 does not say when"),
        ("no instant", lambda s: s["events"][0].update(at="noon"), '"at" is no instant: noon'),
        ("nothing expected", lambda s: [s.pop(k) for k in ("jobs", "decisions", "never", "state")],
         "nothing is expected"),
        ("contradiction", lambda s: s.update(none=True), "contradict"),
        ("bad rule", lambda s: s["rules"].update(wait="4 hours"), "the rules are refused"),
        ("no rules", lambda s: s.pop("rules"), '"rules" is missing'),
        ("no events", lambda s: s.pop("events"), '"events" is missing'),
        ("not refused", lambda s: s.update(refused="x"), "the rules are taken, and should be refused"),
        ("other words", lambda s: (s["rules"].update(arm=[]), s.update(refused="/cancel")), "with other words"),
    ]
    for name, change, words in cases:
        status, problems = changed(change)
        tap.equal(status, 1, name + ": status")
        tap.ok(words in problems, "%s: %r in %r" % (name, words, problems))
    tap.equal(judge("{\n\n]")[1], "line 3 is not JSON: this byte cannot stand here", "line")


@tap.test
def the_limits():
    event = {"at": "+0", "event": "Seen", "user": "ada"}
    base = {"rules": RULE, "none": True, "until": "+1m"}
    tap.equal(judge(dict(base, events=[dict(event, id="x")] * 10000)), (0, ""), "as many as are allowed")
    status, problems = judge(dict(base, events=[dict(event, id="x")] * 10001))
    tap.equal((status, problems), (1, "more than 10000 events"), "one more")
    text = json.dumps(dict(base, events=[event]))
    tap.equal(judge(text + " " * (1024 * 1024 - len(text))), (0, ""), "a megabyte")
    tap.ok("larger than a megabyte" in judge(text + " " * (1024 * 1024 - len(text) + 1))[1], "one byte more")


@tap.test
def used_wrongly():
    with tempfile.TemporaryDirectory() as empty:
        done = run(empty)
        tap.equal(done.returncode, 2, "nothing to test")
        tap.ok("no scenario" in done.stderr, done.stderr)
        tap.equal(run(os.path.join(empty, "gone")).returncode, 2, "no such path")


@tap.test
def explained():
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(GOOD, file)
        file.flush()
        done = run(file.name, "--explain")
    tap.equal(done.returncode, 0, "status")
    for words in ("2026-03-02T11:00:00.000Z  Product Added of bob",
                  "cart for cart:C2 waits until 2026-03-02T15:02:00.000Z",
                  "cart for cart:C2 was cancelled by Order Completed",
                  "2026-03-02T14:02:00.000Z    cart for cart:C1 fired"):
        tap.ok(words in done.stdout, "%s in:\n%s" % (words, done.stdout))


@tap.test
def a_directory_of_rules_and_scenarios():
    """Rules may lie beside scenarios; the rule is the one that the directory is called after."""
    with tempfile.TemporaryDirectory() as place:
        os.makedirs(os.path.join(place, "scenarios", "cart"))
        with open(os.path.join(place, "cart.json"), "w", encoding="utf-8") as file:
            json.dump(RULE, file)
        with open(os.path.join(place, "scenarios", "cart", "one.json"), "w", encoding="utf-8") as file:
            json.dump({k: v for k, v in GOOD.items() if k != "rules"}, file)
        done = run(place)
        tap.equal(done.returncode, 0, done.stdout + done.stderr)
        tap.ok("1 of 1 scenario is as expected" in done.stdout, done.stdout)
        loaded = subprocess.run([harness.waymark(), "rules", "check", place], capture_output=True, text=True,
                                check=False)
        tap.equal(loaded.returncode, 0, "subdirectories hold no rules: " + loaded.stdout)
        given = run(os.path.join(place, "scenarios"), "--rules", os.path.join(place, "cart.json"))
        tap.equal(given.returncode, 0, given.stdout + given.stderr)


@tap.test
def rules_change_in_the_middle():
    def add(at, channel):
        def change(scenario):
            scenario["events"].append({"at": at, "rules": dict(RULE, channels=["sms"])})
            scenario["jobs"][0]["channel"] = channel
        return change
    tap.equal(changed(add("+3h", "email"))[0], 0, "what is armed keeps its text")
    tap.equal(changed(add("+3h", "sms"))[0], 1, "which the other text is not")
    tap.equal(changed(add("-1h", "sms"))[0], 0, "another channel before it is armed")
    tap.equal(changed(lambda s: s["events"].append({"at": "+3h", "rules": dict(RULE, id="other")}))[0], 1,
              "a rule that is gone does not fire")
    many = [{"at": "+3h", "rules": RULE}] * 15
    tap.equal(changed(lambda s: s["events"].extend(many)), (0, ""), "fifteen changes")
    status, problems = changed(lambda s: s["events"].extend(many + many[:1]))
    tap.equal((status, problems), (1, "the rules change more than 15 times"), "sixteen")


@tap.test
def the_schema_takes_them():
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/data/scenarios*/[0-9]*.json")) +
                       glob.glob(os.path.join(ROOT, "deploy/rules/scenarios/*/*.json"))):
        done = subprocess.run([harness.waymark(), "schema", "test",
                               os.path.join(ROOT, "schemas", "scenario.schema.json"), path],
                              capture_output=True, text=True, check=False)
        tap.equal(done.returncode, 0, path + done.stdout + done.stderr)


tap.run()
