#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who asked for a product hears in turn that it is there again: the engine against a naive model of
the line, in Python, from the rule's text alone; in the order in which things happened, and as they
may come in late. Then a line that is longer than places are given.

Readings:

1. In line stand those whose asking is in force and who were not told since; by when they asked last.
2. What comes in is judged by when it happened, as long as it came in before the stock's news.
   A job that a cancel from before it disproves when it comes in is none.
3. Who has a place keeps it: the line moves on with the next time that the product is back.

WAYMARK_TEST_SEED sets the chance (printed), WAYMARK_MODEL_COUNT the number of shops (12)."""

import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
import harness  # noqa: E402

SEED = os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6)))
SHOPS = int(os.environ.get("WAYMARK_MODEL_COUNT", "12"))
SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000
START = 1767225600000  # 2026-01-01
LIMIT = 16384
tap = harness.Tap()


def rule(unit):
    return {"id": "again", "description": "It is there again.", "class": "service", "gates": "off",
            "key": "sku", "grace": "0s", "round": "1ms", "stale_after": "never",
            "channels": ["email"],
            "arm": [{"event": "Stock Changed", "when": {"and": [
                {">=": [{"var": "e.stock"}, 1]}, {"<=": [{"var": "e.before"}, 0]},
                {"==": [{"var": "s.watch.open"}, True]},
                {"or": [{"missing": ["s.watch.told_at"]},
                        {"before": [{"var": "s.watch.told_at"}, {"var": "s.watch.requested_at"}]}]}]}}],
            "cancel": [{"event": "Stock Changed", "when": {"<=": [{"var": "e.stock"}, 0]}},
                       "Stock Alert Cancelled"],
            "wait": {"for": "e.turn", "per": "e.stock", "times": 3, "unit": unit, "plus": "10m",
                     "else": "0s"}}


def text(at):
    return datetime.datetime.fromtimestamp(at / 1000, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at % 1000)


class Line:
    """The rule, told what happens in order of time."""

    def __init__(self, unit):
        self.unit = unit
        self.asked, self.told, self.due, self.jobs = {}, {}, {}, []

    def until(self, at):
        for who in [who for who, due in self.due.items() if due < at]:
            self.told[who] = self.due.pop(who)
            self.jobs.append((*who, self.told[who]))

    def take(self, at, name, user, sku, stock, before):
        self.until(at)
        if name == "Stock Alert Requested":
            self.asked[user, sku] = at
        elif name == "Stock Alert Cancelled":
            self.asked.pop((user, sku), None)
            self.due.pop((user, sku), None)
        elif stock <= 0:
            self.due = {who: due for who, due in self.due.items() if who[1] != sku}
        elif stock >= 1 and before <= 0:
            line = sorted((since, who) for who, since in self.asked.items()
                          if who[1] == sku and self.told.get(who, 0) < since)
            for place, (_, who) in enumerate(line):
                place = min(place, LIMIT)
                self.due[who] = at + 10 * MINUTE + place // (int(stock) * 3) * self.unit


def history(chance):
    """[(when, event, user, sku, stock, before)], no two at one instant."""
    at, level, told = START, {"A": 0, "B": 0}, []
    for _ in range(chance.randint(60, 200)):
        sku = chance.choice("AB")
        if chance.random() < 0.8:
            at += chance.randint(1, 90 * SECOND)
            name = chance.choice(["Requested"] * 4 + ["Cancelled"])
            told.append((at, "Stock Alert " + name, "u%d" % chance.randint(1, 30), sku, None, None))
        else:
            # Until then all has come in.
            at += chance.randint(11 * MINUTE, 5 * HOUR)
            before, level[sku] = level[sku], chance.choice([0, 0, 1, 1, 2, 2.5, 4])
            told.append((at, "Stock Changed", None, sku, level[sku], before))
    return told


def lines_of(told, late):
    """NDJSON, each with when it was received: LATE of a thing of one's own."""
    lines = []
    for number, (at, name, user, sku, stock, before) in enumerate(told):
        received = at + (late(number) if user else 0)
        line = {"type": "track", "event": name, "messageId": "m%d" % number, "timestamp": text(at),
                "receivedAt": text(received), "properties": {"sku": sku}}
        if user:
            line["userId"] = user
        else:
            line["properties"].update(stock=stock, before=before)
        lines.append((received, number, json.dumps(line)))
    return [line for _, _, line in sorted(lines)]


def engine(lines, unit, until):
    with tempfile.TemporaryDirectory() as place:
        rules = os.path.join(place, "rules.json")
        with open(rules, "w", encoding="utf-8") as file:
            json.dump(rule(unit), file)
        events = os.path.join(place, "events.ndjson")
        with open(events, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        done = subprocess.run(
            [harness.waymark(), "backtest", "--rules", rules, "--events", events, "--until",
             text(until), "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError("backtest: %d %s" % (done.returncode, done.stderr))
    return sorted((job["customer"], job["key"].removeprefix("sku:"), job["fire_at"])
                  for job in json.loads(done.stdout)["jobs"]
                  if not (job["retracted"] or {}).get("late"))


def model(told, unit, until, kind=Line):
    line = kind(unit)
    for one in told:
        line.take(*one)
    line.until(until)
    return sorted((user, sku, text(at)) for user, sku, at in line.jobs)


@tap.test
def in_turn():
    jobs = 0
    for shop in range(SHOPS):
        chance = random.Random("%s/%d" % (SEED, shop))
        told = history(chance)
        until = told[-1][0] + 30 * DAY
        mine = model(told, HOUR, until)
        for name, late in (("in order", lambda _: 0),
                           ("late", lambda _: chance.randint(0, 10 * MINUTE))):
            its = engine(lines_of(told, late), "h", until)
            if its != mine:
                tap.ok(False, "%s/%d, %s: engine %s, model %s" % (
                    SEED, shop, name, [j for j in its if j not in mine][:3],
                    [j for j in mine if j not in its][:3]))
        jobs += len(mine)
    print("# seed %s: %d shops, %d jobs" % (SEED, SHOPS, jobs))
    tap.ok(jobs > 10 * SHOPS, "there were jobs")


class ByName(Line):
    """The line is that of the names: wrong."""

    def take(self, at, name, user, sku, stock, before):
        asked = self.asked
        if name == "Stock Changed":
            self.asked = {who: START + n for n, who in enumerate(sorted(asked))}
        super().take(at, name, user, sku, stock, before)
        if name == "Stock Changed":
            self.asked = asked


class AllAtOnce(Line):
    def take(self, at, name, user, sku, stock, before):
        super().take(at, name, user, sku, stock and stock * 1000, before)


class ToldForEver(Line):
    """Who was told stays in line: wrong."""

    def until(self, at):
        super().until(at)
        self.told = {}


@tap.test
def the_model_can_be_wrong():
    for kind in (ByName, AllAtOnce, ToldForEver):
        wrong = 0
        for shop in range(SHOPS):
            told = history(random.Random("%s/%d" % (SEED, shop)))
            until = told[-1][0] + 30 * DAY
            wrong += model(told, HOUR, until, kind) != model(told, HOUR, until)
        tap.ok(wrong > 0, "%s differs" % kind.__name__)


@tap.test
def longer_than_places_are_given():
    told = [(START + n * SECOND, "Stock Alert Requested", "u%d" % n, "A", None, None)
            for n in range(LIMIT + 6)]
    told.append((START + DAY, "Stock Changed", None, "A", 1, 0))
    until = START + 10 * DAY
    its, mine = engine(lines_of(told, lambda _: 0), "m", until), model(told, MINUTE, until)
    tap.equal(len(its), LIMIT + 6, "everybody is told")
    tap.ok(its == mine, "those behind have the place behind: %s" % [j for j in its if j not in mine][:3])


tap.run()
