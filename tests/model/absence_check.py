#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The engine against the model: rules and histories by chance through `waymark backtest`, and what
came out compared with what the contract says, job by job.

By hand:  absence_check.py WAYMARK --seed 7 --count 100000
A disagreement is made as small as it gets (--shrink) and printed as a rule, a history and the two
answers; what is printed can be given to the backtest as it stands (--keep DIR writes the files)."""

import argparse
import copy
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import absence_histories  # noqa: E402
import absence_model  # noqa: E402

RULES_AT_ONCE = 12
CUSTOMERS_AT_ONCE = 150
FIELDS = ("rule", "customer", "key", "episode", "step", "anchor", "armed_at", "deadline", "fire_at",
          "retracted", "id")
DECISION = ("key", "at", "outcome", "episode", "step", "anchor_at", "deadline")


def instant(at):
    moment = datetime.datetime.fromtimestamp(at // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at % 1000)


def event_line(event):
    properties = {name: instant(value) if name in ("due", "also") else value
                  for name, value in event.properties.items()}
    if event.name == "identify":
        return json.dumps({
            "type": "identify", "userId": event.user, "messageId": event.message,
            "timestamp": instant(event.said), "receivedAt": instant(event.at),
            "traits": event.properties})
    return json.dumps({
        "type": "track", "event": event.name, "userId": event.user, "messageId": event.message,
        "timestamp": instant(event.said), "receivedAt": instant(event.at),
        "properties": properties})


def mark_line(mark):
    return json.dumps({"type": "watermark", "source": mark.source,
                       "completeUntil": instant(mark.said), "receivedAt": instant(mark.at)})


def line_of(item):
    return mark_line(item) if isinstance(item, absence_model.Mark) else event_line(item)


def log_of(histories, marks):
    """Everything in one log in order of receipt, the marks of a millisecond first."""
    return sorted(list(marks) + [e for h in histories.values() for e in h], key=lambda i: i.at)


def plain(job):
    """A job of the model as the backtest prints it."""
    job = dict(job)
    # Of one that was put off it says when it came due.
    job["fire_at"] = job.pop("came_due", job["fire_at"])
    for name in ("arming", "kind", "channel", "told", "unsent"):
        job.pop(name, None)
    for name in ("anchor", "armed_at", "deadline", "fire_at"):
        job[name] = instant(job[name])
    if job["retracted"]:
        job["retracted"] = dict(job["retracted"], at=instant(job["retracted"]["at"]))
    return job


def engine(waymark, rules, log, until, keep=None, policy=None, said=DECISION):
    """What a backtest comes to, by (rule, customer): jobs, and all that was decided."""
    with tempfile.TemporaryDirectory() as place:
        place = keep or place
        os.makedirs(place, exist_ok=True)
        os.makedirs(os.path.join(place, "rules"), exist_ok=True)
        for name, whole in (("rules", rules), ("policy", {"policy": policy})):
            if whole != {"policy": None}:
                with open(os.path.join(place, "rules", name + ".json"), "w",
                          encoding="utf-8") as file:
                    json.dump(whole, file, indent=1)
        with open(os.path.join(place, "events.ndjson"), "w", encoding="utf-8") as file:
            file.writelines(line_of(item) + "\n" for item in log)
        command = [waymark, "backtest", "--rules", os.path.join(place, "rules"), "--events",
                   file.name, "--until", instant(until), "--json"]
        jobs, decisions = by_customer(command), by_customer(command + ["--decisions"])
    return {where: (in_order({name: job[name] for name in FIELDS} for job in jobs.get(where, [])),
                    sorted(tuple(one.get(name, "-") for name in said) for one in decisions[where]))
            for where in decisions}


def by_customer(command):
    """The jobs of the report that COMMAND prints, or its lines, by (rule, customer)."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError("backtest: %d %s" % (done.returncode, done.stderr))
    if "--decisions" in command:
        listed = [json.loads(line) for line in done.stdout.splitlines()]
    else:
        listed = [job for job in json.loads(done.stdout)["jobs"] if not job["would_send"]]
    found = {}
    for one in listed:
        found.setdefault((one["rule"], one["customer"]), []).append(one)
    return found


def decided(run, said=()):
    """The decisions of the model as the backtest prints them, with what it has SAID of them."""
    found = []
    for key, at, outcome, episode, step, anchor, deadline, *rest in run.decisions:
        more = [instant(value) if name == "until" and value else value or "-"
                for name, value in zip(said, rest)]
        found.append((key, instant(at), outcome, episode, step, instant(anchor), instant(deadline),
                      *more))
    return sorted(found)


def in_order(jobs):
    return sorted(jobs, key=lambda j: (j["fire_at"], j["key"], j["id"]))


class Case:
    """Rules, customers' histories and marks: one call of the backtest."""

    def __init__(self, chance=None, maker=None, rules=RULES_AT_ONCE, customers=CUSTOMERS_AT_ONCE):
        maker = maker or absence_histories.Maker(chance)
        self.rules = maker.rules(rules)
        self.marks = maker.marks()
        self.until = maker.horizon()
        self.histories = {}
        for number in range(customers):
            user = "u%d" % number
            self.histories[user] = maker.history(user)

    def again(self, histories):
        """The same rules over other histories."""
        other = copy.copy(self)
        other.histories = histories
        return other

    def only(self, rule, customer):
        one = self.again({customer: self.histories[customer]})
        one.rules = [r for r in self.rules if r["id"] == rule]
        return one

    def engine(self, waymark, keep=None):
        log = log_of(self.histories, self.marks)
        return engine(waymark, self.rules, log, self.until, keep)

    def model(self, rule, customer, kind=absence_model.Run):
        return absence_model.run(rule, customer, self.histories[customer], self.marks, self.until,
                                 kind)

    def compare(self, waymark, kind=absence_model.Run, keep=None):
        """All (rule, customer, what the engine did, what the model) on which they differ, and all
        jobs of the model. WAYMARK is the program, or what it has answered already."""
        got = self.engine(waymark, keep) if isinstance(waymark, str) else waymark
        wrong, seen = [], []
        for rule in self.rules:
            for customer in self.histories:
                run = self.model(rule, customer, kind)
                mine = (in_order(plain(job) for job in run.jobs), decided(run))
                its = got.get((rule["id"], customer), ([], []))
                seen += mine[0]
                if mine != its:
                    wrong.append((rule["id"], customer, its, mine))
        return wrong, seen


def smaller(case):
    """Cases with a little less in them, what takes most away first."""
    (customer, history), = case.histories.items()
    for index in range(len(history)):
        one = copy.copy(case)
        one.histories = {customer: history[:index] + history[index + 1:]}
        yield one
    for index in range(len(case.marks)):
        one = copy.copy(case)
        one.marks = case.marks[:index] + case.marks[index + 1:]
        yield one
    plain_values = {"grace": "0s", "slack": "0s", "round": "1ms", "stale_after": "never",
                    "tombstone": "0s", "class": "task", "key": "customer"}
    rule = case.rules[0]
    for member in sorted(set(rule) - {"id", "class", "arm", "wait", "channels", "gates"}):
        for value in (plain_values.get(member), None):
            less = {k: v for k, v in rule.items() if k != member}
            if value is not None:
                less[member] = value
            if less != rule and not (value is None and member in plain_values):
                one = copy.copy(case)
                one.rules = [less]
                yield one
    for member in ("arm", "touch", "cancel", "steps"):
        entries = rule.get(member, [])
        for index in range(len(entries) if len(entries) > 1 else 0):
            one = copy.copy(case)
            one.rules = [dict(rule, **{member: entries[:index] + entries[index + 1:]})]
            yield one
    for number, event in enumerate(history):
        for name in event.properties:
            less = copy.copy(event)
            less.properties = {k: v for k, v in event.properties.items() if k != name}
            one = copy.copy(case)
            one.histories = {customer: history[:number] + [less] + history[number + 1:]}
            yield one


def shrink(waymark, case, kind=absence_model.Run):
    """The smallest case that still fails and can be reached by taking away one thing at a time."""
    found = True
    while found:
        found = False
        for one in smaller(case):
            try:
                wrong, _ = one.compare(waymark, kind)
            except AssertionError:
                continue  # no rule any more
            if wrong:
                case, found = one, True
                break
    return case


def show(waymark, case, kind=absence_model.Run, keep=None):
    wrong, _ = case.compare(waymark, kind, keep)
    print("rule     ", json.dumps(case.rules[0]))
    for item in log_of(case.histories, case.marks):
        start = absence_histories.START
        if isinstance(item, absence_model.Mark):
            print("%12d  mark %s until %d" % (item.at - start, item.source, item.until - start))
        else:
            print("%12d  happened %d  %s %s %s" % (
                item.at - start, item.said - start, item.name, json.dumps({
                    k: v - start if k in ("due", "also") else v
                    for k, v in item.properties.items()}), item.message))
    for _, _, its, mine in wrong:
        for name, jobs in (("engine", its), ("model", mine)):
            print(name)
            for job in jobs[0]:
                print("   ", json.dumps({k: v for k, v in job.items() if k not in (
                    "rule", "customer", "id")}))
            for one in jobs[1]:
                print("   ", *one)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("waymark")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--count", type=int, default=3000, help="histories")
    parser.add_argument("--shrink", type=int, default=3, help="disagreements to make small")
    parser.add_argument("--keep", help="write what was shrunk last into this directory")
    options = parser.parse_args()
    print("seed %d" % options.seed, flush=True)
    failures = pairs = jobs = 0
    for number in range(-(-options.count // CUSTOMERS_AT_ONCE)):
        case = Case(random.Random("%d/%d" % (options.seed, number)))
        wrong, seen = case.compare(options.waymark)
        pairs += len(case.rules) * len(case.histories)
        jobs += len(seen)
        for rule, customer, _, _ in wrong:
            failures += 1
            if failures <= options.shrink:
                print("\n%d/%d: %s of %s" % (options.seed, number, rule, customer))
                show(options.waymark, shrink(options.waymark, case.only(rule, customer)),
                     keep=options.keep)
    print("%d histories under rules, %d jobs, %d differ" % (pairs, jobs, failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
