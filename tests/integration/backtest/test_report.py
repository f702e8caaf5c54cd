#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `waymark backtest` tells beside the jobs: figures of rules, what other waits would have done,
other rules beside these, the same run twice. What is expected is worked out here from the events,
never from our own output."""

import bisect
import collections
import csv
import datetime
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
HOUR, DAY = 3600000, 86400000
START = 1772445600000  # 2026-03-02T10:00:00Z
REFERENCE = {"gates": "off", "grace": "0s", "slack": "0s", "round": "1ms", "stale_after": "never", "tombstone": "0s"}
WAITS = {"15m": HOUR // 4, "30m": HOUR // 2, "1h": HOUR, "2h": 2 * HOUR, "4h": 4 * HOUR, "8h": 8 * HOUR,
         "12h": 12 * HOUR, "1d": DAY, "2d": 2 * DAY, "3d": 3 * DAY, "1w": 7 * DAY, "2w": 14 * DAY, "30d": 30 * DAY,
         "60d": 60 * DAY, "90d": 90 * DAY, "180d": 180 * DAY}
tap = harness.Tap()


def instant(ms):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds") + "Z"


def millis(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def cart(name, wait, **more):
    return {"id": name, "class": "service", "arm": ["Product Added"], "cancel": [{"event": "Order Completed"}],
            "wait": wait, "channels": ["email"], **REFERENCE, **more}


class Bench:
    """A directory with rules and events."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory()
        self.sets = 0

    def rules(self, *rules):
        self.sets += 1
        path = os.path.join(self.place.name, "rules-%d.json" % self.sets)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(list(rules), file)
        return path

    def write(self, name, lines):
        path = os.path.join(self.place.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with (gzip.open if name.endswith(".gz") else open)(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        return path


def run(*arguments, status=0, data=None):
    done = subprocess.run([harness.waymark(), "backtest", *arguments], capture_output=True, text=True, check=False,
                          input=data)
    if done.returncode != status:
        raise AssertionError("status %d: %s%s" % (done.returncode, done.stdout, done.stderr))
    return done


def report(rules, *arguments):
    return json.loads(run("--rules", rules, *arguments, "--json").stdout)


def random_events(seed, customers=60, count=3000):
    """(time, customer, is it a purchase), in order of time."""
    chance = random.Random(seed)
    events = []
    for _ in range(count):
        at = START + chance.randrange(0, 40 * DAY, 1000)
        events.append((at, "c%02d" % chance.randrange(customers), chance.random() < 0.3))
    return sorted(set(events), key=lambda e: (e[0], e[2]))


def lines(events):
    return [{"type": "track", "event": "Order Completed" if bought else "Product Added", "userId": customer,
             "messageId": "m%d" % i, "timestamp": instant(at),
             "properties": {"order_id": "o%d" % i} if bought else {}}
            for i, (at, customer, bought) in enumerate(events)]


def fires(events, wait):
    """(customer, anchor) of each cart that nothing followed within WAIT: triggers.md, section 5.1."""
    times = collections.defaultdict(list)
    for at, customer, bought in events:
        times[customer].append((at, bought))
    horizon, found = events[-1][0], []
    for customer, own in times.items():
        for i, (at, bought) in enumerate(own):
            if bought or at + wait > horizon:
                continue
            later = own[i + 1:]
            if not any(t <= at + wait for t, _ in later):
                found.append((customer, at))
    return found


@tap.test
def the_curve_is_that_of_the_events():
    """One pass, whatever its wait, answers for all waits."""
    bench = Bench()
    for seed in (1, 2, 3):
        events = random_events(seed)
        path = bench.write("events.ndjson", lines(events))
        for own in ("1h", "12h", "3d"):
            found = report(bench.rules(cart("cart", own)), "--events", path)
            curve = {p["wait"]: p for p in found["rules"][0]["curve"]}
            tap.equal(sorted(curve), sorted(WAITS), "waits")
            for wait, ms in WAITS.items():
                tap.equal(curve[wait]["due"], len(fires(events, ms)), "seed %d, %s asked for %s" % (seed, own, wait))
            tap.equal(len(found["jobs"]), curve[own]["due"], "the point of its own wait is the run")
            tap.equal(sorted((j["customer"], millis(j["anchor"])) for j in found["jobs"]),
                      sorted(fires(events, WAITS[own])), "each of them")


@tap.test
def the_curve_against_the_answers_of_otto():
    folder = harness.shared_data("otto")
    found = report(os.path.join(ROOT, "tests/data/rules/otto"), os.path.join(folder, "events.ndjson.gz"))
    for rule in found["rules"]:
        curve = {p["wait"]: p["due"] for p in rule["curve"]}
        family = rule["rule"].rsplit("_", 1)[0].replace("cart_v", "cart_V")
        for wait in ("1h", "4h", "24h") if "cart" in family else ("1d", "3d", "7d"):
            with gzip.open(os.path.join(folder, "truth_%s_%s.csv.gz" % (family, wait)), "rt") as file:
                truth = len(list(csv.reader(file))) - 1
            tap.equal(curve[{"24h": "1d", "7d": "1w"}.get(wait, wait)], truth, "%s asked for %s" % (rule["rule"], wait))


@tap.test
def cdnow_inactivity():
    """Customers of CDNOW who bought nothing for so many days (plus twelve hours, as purchases bear noon
    and nothing is known of the hour), counted from the file."""
    path = harness.shared_data("cdnow", "events.ndjson.gz")
    times = collections.defaultdict(list)
    with gzip.open(path, "rt") as file:
        for line in file:
            event = json.loads(line)
            times[event["userId"]].append(millis(event["timestamp"]))
    horizon = max(max(own) for own in times.values())
    days = (30, 60, 90, 180)
    bench = Bench()
    rules = bench.rules(*({"id": "quiet_%d" % d, "class": "service", "arm": ["@engagement"], "wait": "%dd12h" % d,
                           "channels": ["email"], **REFERENCE} for d in days))
    found = report(rules, path)
    for d in days:
        wait = d * DAY + DAY // 2
        wanted = []
        for customer, own in times.items():
            own.sort()
            for i, at in enumerate(own):
                later = own[bisect.bisect_right(own, at):]
                # A second purchase of the same instant does not make a second silence.
                if i + 1 < len(own) and own[i + 1] == at:
                    continue
                if at + wait <= horizon and not (later and later[0] <= at + wait):
                    wanted.append((customer, at + wait))
        got = [(j["customer"], millis(j["deadline"])) for j in found["jobs"] if j["rule"] == "quiet_%d" % d]
        print("# %3d days: %d silences of %d customers" % (d, len(wanted), len({c for c, _ in wanted})))
        tap.equal(len(got), len(wanted), "%d days" % d)
        tap.ok(sorted(got) == sorted(wanted), "%d days: each customer and instant" % d)


@tap.test
def twice_the_same():
    bench = Bench()
    path = bench.write("events.ndjson.gz", lines(random_events(7)))
    rules = bench.rules(cart("cart", "4h"), cart("later", "1d"))
    first, second = report(rules, path), report(rules, path)
    tap.ok(first == second, "two runs are one")
    tap.equal(len(first["digest"]), 64, "a digest")
    tap.ok(len(first["jobs"]) > 100, "of something")
    other = report(bench.rules(cart("cart", "4h"), cart("later", "1d1ms")), path)
    tap.ok(other["digest"] != first["digest"], "another one of other jobs")


@tap.test
def other_rules_beside_these():
    bench = Bench()
    events = random_events(11)
    path = bench.write("events.ndjson", lines(events))
    now, before = bench.rules(cart("cart", "4h")), bench.rules(cart("cart", "2h"), cart("gone", "1d"))
    both = report(now, "--against", before, "--events", path)
    alone = {j["id"]: j for j in report(now, path)["jobs"]}
    other = {j["id"]: j for j in report(before, path)["jobs"]}
    tap.ok(both["jobs"] == list(alone.values()), "the run is what it is alone")
    changes = both["against"]
    tap.equal(changes["added"], len(set(alone) - set(other)), "added")
    tap.equal(changes["removed"], len(set(other) - set(alone)), "removed")
    tap.equal(changes["moved"], len([i for i in alone if i in other and alone[i]["fire_at"] != other[i]["fire_at"]]),
              "moved")
    tap.equal(changes["same"], len([i for i in alone if i in other and alone[i]["fire_at"] == other[i]["fire_at"]]),
              "the same")
    tap.ok(changes["removed"] > 0 and changes["moved"] > 0, "something did change")
    # From the events: what two hours found and four did not.
    lost = len(set(fires(events, 2 * HOUR))) - len(set(fires(events, 4 * HOUR)))
    mine = [j for j in changes["jobs"] if (j["now"] or j["before"])["rule"] == "cart"]
    tap.equal(len([j for j in mine if j["change"] == "removed"]) - len([j for j in mine if j["change"] == "added"]),
              lost, "as many fewer as the events say")
    same = report(now, "--against", now, path)["against"]
    tap.equal((same["added"], same["removed"], same["moved"], same["jobs"]), (0, 0, 0, []), "against itself")
    text = run("--rules", now, "--against", before, path, "--list").stdout
    tap.ok("- %d removed" % changes["removed"] in text and "~ %d moved" % changes["moved"] in text, text[-400:])


@tap.test
def from_and_to():
    bench = Bench()
    events = random_events(13)
    path = bench.write("events.ndjson", lines(events))
    rules = bench.rules(cart("cart", "4h"))
    whole = report(rules, path)["jobs"]
    first, last = START + 10 * DAY, START + 20 * DAY
    part = report(rules, path, "--from", instant(first), "--to", instant(last))
    # What comes after the end is not known yet; what came before the beginning is.
    wanted = [(c, a) for c, a in fires([e for e in events if e[0] < last] + [(last - 1, "nobody", True)], 4 * HOUR)
              if first <= a + 4 * HOUR < last]
    tap.equal(sorted((j["customer"], millis(j["anchor"])) for j in part["jobs"]), sorted(wanted), "of those days")
    tap.ok(0 < len(part["jobs"]) < len(whole), "some")
    tap.equal(part["events"]["left_out"], len([e for e in events if e[0] >= last]), "left out")
    tap.equal(sum(part["rules"][0]["days"].values()), len(part["jobs"]), "by day")
    run("--rules", rules, path, "--from", "noon", status=2)


@tap.test
def figures_of_rules():
    bench = Bench()
    path = bench.write("events.ndjson", lines(random_events(17)))
    rules = bench.rules(cart("cart", "4h", channels=["sms"]), cart("day", "1d", priority={"likelihood": 1, "impact": 0.9}),
                        cart("off", "4h", mode="off"))
    found = report(rules, path)
    for rule in found["rules"]:
        own = [j for j in found["jobs"] if j["rule"] == rule["rule"]]
        tap.equal(rule["jobs"], len(own), rule["rule"])
        days = collections.Counter(j["fire_at"][:10] for j in own)
        tap.equal(rule["days"], dict(days), "by day")
        tap.equal(rule["channels"], dict(collections.Counter(j["channel"] for j in own)), "by channel")
        tap.equal(rule["priorities"], dict(collections.Counter(j["priority"]["class"] for j in own)), "by priority")
        tap.equal(rule["retracted"], len([j for j in own if j["retracted"]]), "taken back")
    tap.equal(found["rules"][2]["jobs"], 0, "one that is off does nothing")
    tap.ok(found["rules"][0]["outcomes"]["cancelled"] > 0, "cancels")
    people = [{j["customer"] for j in found["jobs"] if j["rule"] == r} for r in ("cart", "day")]
    near = sum(1 for a in found["jobs"] if a["rule"] == "cart" for b in found["jobs"] if b["rule"] == "day" and
               a["customer"] == b["customer"] and abs(millis(a["fire_at"]) - millis(b["fire_at"])) < DAY)
    tap.equal(found["overlaps"], [{"rules": ["cart", "day"], "customers": len(people[0] & people[1]),
                                   "within_a_day": near}], "the same customers")


@tap.test
def lists_and_stories():
    bench = Bench()
    events = [(START, "ada", False), (START + HOUR, "ada", True), (START + 2 * HOUR, "bob", False)]
    path = bench.write("events.ndjson", lines(events))
    rules = bench.rules(cart("cart", "4h"))
    until = ("--until", instant(START + DAY))
    text = run("--rules", rules, path, "--list", *until).stdout
    tap.ok("bob" in text and "nothing cancelled it within 4h" in text and "ada" not in text, text)
    text = run("--rules", rules, path, "--customer", "ada", *until).stdout
    tap.ok("cart for customer was cancelled by Order Completed" in text and "bob" not in text, text)
    tap.ok("cart for customer waits until 2026-03-02T14:00:00.000Z" in text, text)
    text = run("--rules", rules, path, "--curve", "cart", *until).stdout
    tap.ok("as it is:" in text and "100.0 %" in text, text)
    tap.ok("names none of the rules" in run("--rules", rules, path, "--curve", "cat", status=2).stderr, "no such rule")


@tap.test
def where_events_come_from():
    bench = Bench()
    events = random_events(19, count=900)
    rules = bench.rules(cart("cart", "4h"))
    every = lines(events)
    for line in every:
        line["receivedAt"] = line["timestamp"]
    whole = report(rules, bench.write("all.ndjson", every))
    third = len(every) // 3
    parts = [bench.write("part-%d.ndjson.gz" % i, every[i * third:(i + 1) * third if i < 2 else None]) for i in range(3)]
    tap.equal(report(rules, *parts)["digest"], whole["digest"], "several files")
    tap.equal(report(rules, "--events", parts[0], parts[1], parts[2])["digest"], whole["digest"], "--events and more")
    with open(os.path.join(bench.place.name, "all.ndjson"), encoding="utf-8") as file:
        done = run("--rules", rules, "--events", "-", "--json", data=file.read())
    tap.equal(json.loads(done.stdout)["digest"], whole["digest"], "standard input")
    # An archive: days, and in each the files of several partitions, which are merged.
    days = collections.defaultdict(list)
    for line in every:
        days[line["receivedAt"][:10], hash(line["userId"]) % 4].append(line)
    for (day, partition), own in days.items():
        bench.write("archive/dt=%s/p%02d-1.ndjson.gz" % (day, partition), own)
    archive = report(rules, os.path.join(bench.place.name, "archive"))
    tap.equal(archive["events"]["applied"], len(every), "all of the archive")
    tap.equal(archive["digest"], whole["digest"], "an archive")
    said = run("--rules", rules, os.path.join(bench.place.name, "gone"), status=1).stderr
    tap.ok("gone: No such file" in said, said)


@tap.test
def a_rule_in_shadow():
    bench = Bench()
    path = bench.write("events.ndjson", lines(random_events(23, count=300)))
    live = report(bench.rules(cart("cart", "4h")), path)
    shadow = report(bench.rules(cart("cart", "4h", mode="shadow")), path)
    tap.equal([j["id"] for j in shadow["jobs"]], [j["id"] for j in live["jobs"]], "the same ones")
    tap.ok(all(j["would_send"] for j in shadow["jobs"]), "none of them sent")
    tap.equal((shadow["rules"][0]["jobs"], shadow["rules"][0]["would_send"]), (0, len(live["jobs"])), "apart")


tap.run()
