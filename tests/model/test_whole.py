#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The law over all there is at once: whatever the order in which the same events come in, within the
allowed lateness, jobs and the final state of every customer are the same. whole_histories.py says
what happens and what little is left out.

WAYMARK_TEST_SEED sets the chance (drawn and printed), WAYMARK_MODEL_COUNT the number of shops (6).
By hand:  test_whole.py WAYMARK --seed 7 --count 200 [--several]
A disagreement is made as small as it gets and printed, and written to --keep DIR."""

import argparse
import collections
import copy
import datetime
import json
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
sys.path.insert(0, HERE)
import harness  # noqa: E402
import whole_histories as histories  # noqa: E402
from wait_model import DAY, HOUR  # noqa: E402

SEED = os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6)))
COUNT = int(os.environ.get("WAYMARK_MODEL_COUNT", "6"))
ORDERS = 2  # besides the first
INSTANTS = ("due", "also", "promised_at")
# Of a job or a state what says when something came in.
ARRIVAL = ("armed_at", "received_at", "reason", "version", "until_at", "by")
# Rules that no event of a certain name begins: their jobs are named after whoever the customer was.
UNNAMED = ("birthday", "first", "stage_a", "stage_b")
tap = harness.Tap()


def instant(at):
    moment = datetime.datetime.fromtimestamp(at // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at % 1000)


def line(at, item):
    if item["type"] == "watermark":
        item = dict(item, completeUntil=instant(item["completeUntil"]))
    else:
        item = dict(item, timestamp=instant(item["at"]))
        del item["at"]
        if "properties" in item:
            item["properties"] = {name: instant(value) if name in INSTANTS and isinstance(value, int)
                                  else value for name, value in item["properties"].items()}
    return json.dumps(dict(item, receivedAt=instant(at)))


def ask(place, *more):
    done = subprocess.run(
        [harness.waymark(), "backtest", "--rules", os.path.join(place, "rules"), "--events",
         os.path.join(place, "events.ndjson"), "--until",
         instant(histories.START + histories.HORIZON * DAY), *more],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError("backtest: %d %s" % (done.returncode, done.stderr))
    return done.stdout


def without_arrival(value):
    if isinstance(value, dict):
        return {k: without_arrival(v) for k, v in value.items() if k not in ARRIVAL}
    return [without_arrival(v) for v in value] if isinstance(value, list) else value


def state_of(state):
    """Without what waits for nothing any more, and what is closed: of that the jobs speak, and it is
    remembered for as long as something can still come late, which begins when it came in."""
    state = without_arrival(state)
    del state["totals"]["entries"]
    state["instances"] = [one for one in state["instances"] if one["state"] == "armed"]
    state["things"] = [one for one in state["things"] if one["open"]]
    return state


def job_of(job):
    job = without_arrival(job)
    job["retracted"] = bool(job["retracted"])  # when, is when it was heard of
    if job["rule"] in UNNAMED:
        del job["id"]
    job["customer"] = job.pop("canonical", job["customer"])
    return job


def name_of(job):
    """What tells it from others."""
    who = job.get("canonical", job["customer"]) if job["rule"] in UNNAMED else job["customer"]
    return " ".join(map(str, (who, *(job[k] for k in ("rule", "epoch", "key", "episode", "step")))))


def outcome(shop, order, keep=None):
    """(jobs by id, states by customer)"""
    with tempfile.TemporaryDirectory() as folder:
        place = keep or folder
        os.makedirs(os.path.join(place, "rules"), exist_ok=True)
        for name, whole in (("rules", shop.rules), ("policy", {"policy": shop.policy})):
            with open(os.path.join(place, "rules", name + ".json"), "w", encoding="utf-8") as file:
                json.dump(whole, file, indent=1)
        with open(os.path.join(place, "events.ndjson"), "w", encoding="utf-8") as file:
            file.writelines(line(at, item) + "\n" for at, item in order)
        jobs = json.loads(ask(place, "--json"))["jobs"]
        for job in jobs:
            # Each name counts its own episodes; whose this one is depends on who they were by then.
            if shop.several and job["rule"] in UNNAMED:
                job["episode"] = job["anchor"]
        states = [json.loads(text) for text in ask(place, "--states").splitlines()]
    return ({name_of(job): job_of(job) for job in jobs},
            {state["customer"]: state_of(state) for state in states})


def paths(one, two, at=""):
    """Where two values differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        for name in sorted(set(one) | set(two)):
            yield from paths(one.get(name), two.get(name), at + "/" + name)
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for n, pair in enumerate(zip(one, two)):
            yield from paths(*pair, at + "/%d" % n)
    elif one != two:
        yield at, one, two


def differences(one, two):
    """[(what, where, so, otherwise)]"""
    found = []
    for what, a, b in (("job", one[0], two[0]), ("state", one[1], two[1])):
        for name in sorted(set(a) | set(b)):
            if a.get(name) != b.get(name):
                found += [(what, name, *path) for path in paths(a.get(name), b.get(name))][:3]
    return found


def compare(shop, seed, keep=None):
    """(differences, jobs, states) over several orders of arrival."""
    first = outcome(shop, shop.arrive(random.Random(seed)), keep and keep + "/0")
    wrong = []
    for n in range(1, 1 + ORDERS):
        other = outcome(shop, shop.arrive(random.Random("%s/%d" % (seed, n))),
                        keep and keep + "/%d" % n)
        wrong += differences(first, other)
    return wrong, first


def smaller(shop):
    """Shops with less in them, what takes most away first."""
    tags = sorted({event["messageId"].split("-")[0] for event in shop.events} - {"news"})
    for tag in tags if len(tags) > 1 else ():
        less = copy.copy(shop)
        less.events = [event for event in shop.events if event["messageId"].split("-")[0] in (
            tag, "news")]
        yield less
    for name in ("events", "rules", "marks"):
        items = getattr(shop, name)
        size = len(items)
        while size:
            for start in range(0, len(items), size):
                less = copy.copy(shop)
                setattr(less, name, items[:start] + items[start + size:])
                yield less
            size //= 2
    for n, rule in enumerate(shop.rules):
        for member in sorted(set(rule) - {"id", "class", "arm", "wait", "channels", "calendar",
                                          "stage_changed"}):
            less = copy.copy(shop)
            less.rules = shop.rules[:n] + [{k: v for k, v in rule.items() if k != member}] + \
                shop.rules[n + 1:]
            yield less


def shrink(shop, seed, tries=400):
    """Each event that stays is late by its own chance, so that it matters little what else goes."""
    what, found = compare(shop, seed)[0][0][0], True
    while found and tries > 0:
        found = False
        for less in smaller(shop):
            tries -= 1
            try:
                if tries > 0 and what in {one[0] for one in compare(less, seed)[0]}:
                    shop, found = less, True
                    break
            except AssertionError:
                continue
    return shop


def show(shop, seed, keep):
    shop = shrink(shop, seed)
    for rule in shop.rules:
        print("# rule", json.dumps(rule))
    print("# policy", json.dumps(shop.policy))
    for n in range(1 + ORDERS):
        for at, item in shop.arrive(random.Random(seed if n == 0 else "%s/%d" % (seed, n))):
            print("# order %d: %s" % (n, line(at, item)))
    for one in compare(shop, seed, keep)[0][:12]:
        print("#", *one)


def all_of(seed, count, first=0, shown=0, keep=None, several=False):
    jobs, rules, differ = 0, collections.Counter(), 0
    states = 0
    for number in range(first, first + count):
        name = "%s/whole/%d" % (seed, number)
        shop = histories.Shop(random.Random(name), several)
        wrong, (some, customers) = compare(shop, name)
        jobs, states = jobs + len(some), states + len(customers)
        rules.update(re.sub(r"_\d$", "", job["rule"]) for job in some.values())
        differ += bool(wrong)
        for one in wrong[:3]:
            print("# %s: %s %s%s: %.300r, then %.300r" % ((name,) + one))
        if wrong and shown > 0:
            shown -= 1
            show(shop, name, keep)
    print("# seed %s: %d shops in %d orders each, %d jobs %s, %d customers, %d differ" % (
        seed, count, 1 + ORDERS, jobs, dict(rules), states, differ), flush=True)
    return differ, rules


@tap.test
def order_of_arrival_changes_nothing():
    differ, rules = all_of(SEED, COUNT)
    tap.equal(differ, 0, "shops that differ")
    for name in ("rule", "birthday", "stage_a", "stage_b", "stock", "price"):
        tap.ok(rules[name] > 0, "jobs of " + name)


@tap.test
def an_order_that_matters_is_noticed():
    """Later than everything allows, it does matter: the comparison is not blind."""
    shop = histories.Shop(random.Random("too late"))
    late, histories.LATE = histories.LATE, 30 * HOUR
    wrong, _ = compare(shop, "too late")
    histories.LATE = late
    tap.ok({what for what, *_ in wrong} == {"job", "state"}, "%d differences" % len(wrong))


if len(sys.argv) > 2:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("waymark")
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--shown", type=int, default=1)
    parser.add_argument("--keep")
    parser.add_argument("--several", action="store_true")
    options = parser.parse_args()
    sys.exit(bool(all_of(options.seed, options.count, options.first, options.shown,
                         options.keep, options.several)[0]))
tap.run()
