#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What one rule hands over to another when an event ends it (`to`), in every order of arrival:
rules by chance that hand over to each other in chains, histories by chance. What must come out is
what a naive model says of the events in the order in which they happened; and the engine is given
them in two orders in which they might have come in.

Readings, besides those of absence_model:

40. What ends a wait hands over, as if the event armed the other rule, unless it does so anyway;
    the beginning of a key, all that it ends (READ 26).
41. It hands over where the rule waited when it happened, whatever came in when; at one instant
    what arms comes before what ends, and of two that end each hands over.
42. A rule that ends where its condition does not hold (`not_matching`) did not wait from then on.
    That is false for good: another condition is refused (codec/test_rule_exit.c).

WAYMARK_TEST_SEED sets the chance (printed), WAYMARK_MODEL_COUNT the number of customers (600).
By hand:  test_handover.py --seed 7 --count 20000"""

import argparse
import copy
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
sys.path.insert(0, HERE)
import absence_check  # noqa: E402
import absence_histories  # noqa: E402
import absence_model  # noqa: E402
import harness  # noqa: E402

RULES, CUSTOMERS = 4, 150
ORDERS = {"var": "s.orders"}
tap = harness.Tap()


class Giver(absence_model.Run):
    """A rule among those of its customer."""

    def __init__(self, members, customer, others):
        super().__init__(absence_model.Rule(members), customer, [])
        self.others, self.ended = others, False

    def decide(self, i, outcome, at, job=None):
        super().decide(i, outcome, at, job)
        self.ended = self.ended or outcome == "cancelled"

    def cancel(self, event, key, entry, outcome):
        self.ended = False
        super().cancel(event, key, entry, outcome)
        self.ended_by(event, entry)

    def cancel_above(self, event, entry, outcome):
        self.ended = False
        super().cancel_above(event, entry, outcome)
        if entry.get("match") != "customer":  # else it went the other way
            self.ended_by(event, entry)

    def ended_by(self, event, entry):
        if self.ended and "to" in entry:
            self.others[entry["to"]].take_over(event)

    def take_over(self, event):
        """READ 40."""
        if any(self.rule.names(entry, event, self.facts) for entry in self.rule.arm):
            return
        key = self.rule.key_of(event) or ("customer" if self.rule.key_else else None)
        if key is not None:
            self.arm(event, key)


def run(rules, customer, events, until, kind=Giver):
    """All rules over what happened to a customer, in the order in which it did."""
    runs = {}
    for members in rules:
        runs[members["id"]] = kind(members, customer, runs)
    seen = set()
    for event in sorted(events, key=lambda e: e.occurred):
        if event.message in seen:
            continue
        seen.add(event.message)
        event = copy.copy(event)
        event.at = event.occurred
        for one in runs.values():
            one.pass_time(event.at - 1)
        for one in runs.values():
            one.learn(event)
            one.apply(event)
        for one in runs.values():
            one.check_matching(event)
    for one in runs.values():
        one.pass_time(until)
    return runs


class Chains(absence_histories.Lawful):
    """Rules that hand over to those behind them. TIES: may several things happen at one instant?"""

    def __init__(self, chance, ties):
        super().__init__(chance)
        self.ties = ties

    def rules(self, count):
        rules = super().rules(count)
        for place, rule in enumerate(rules[:-1]):
            if self.chance.random() < 0.3:
                rule.update(fire_if=self.asked(), exit_policy="not_matching")
            rule.pop("wait_for", None)
            later = [other["id"] for other in rules[place + 1:]]
            ends = rule.get("cancel", [])
            for n, entry in enumerate(ends):
                if self.chance.random() < 0.7:
                    entry = dict(entry) if isinstance(entry, dict) else {"event": entry}
                    ends[n] = dict(entry, to=self.chance.choice(later))
            if any("to" in entry for entry in ends) and "exit_policy" in rule:
                rule["fire_if"] = self.asked()
        return rules

    def asked(self):
        some = [{"<": [ORDERS, 1]}, {"!": [{">=": [ORDERS, 2]}]}, {"<=": [ORDERS, 1]},
                {"==": [ORDERS, 0]}, {"<": [ORDERS, 3]}]
        one, other = self.chance.sample(some, 2)
        return self.some((4, one), (1, {"or": [one, other]}), (1, {"and": [one, other]}))

    def rule(self, name):
        rule = super().rule(name)
        for member in ("wait_for", "max_hold", "on_hold_end"):
            rule.pop(member, None)
        return rule

    def history(self, user):
        events = {event.message: event for event in super().history(user)}.values()
        if not self.ties:
            events = {event.occurred: event for event in events}.values()
        return self.arrive(list(events))


def untouched(jobs):
    """Jobs without what says when news came in."""
    return [{name: value for name, value in job.items() if name not in ("retracted", "armed_at")}
            for job in jobs]


class Case:
    def __init__(self, chance, ties):
        self.maker = Chains(chance, ties)
        self.rules, self.until = self.maker.rules(RULES), self.maker.horizon()
        self.histories = {user: self.maker.history(user)
                          for user in ("u%d" % n for n in range(CUSTOMERS))}

    def other_order(self):
        other = copy.copy(self)
        other.histories = {user: self.maker.arrive(list({e.message: e for e in history}.values()))
                           for user, history in self.histories.items()}
        return other

    def engine(self):
        """Jobs, by customer."""
        log = absence_check.log_of(self.histories, [])
        got = absence_check.engine(harness.waymark(), self.rules, log, self.until)
        return {user: [job for rule in self.rules
                       for job in untouched(got.get((rule["id"], user), ([], []))[0])]
                for user in self.histories}

    def model(self, user, kind=Giver):
        """The same."""
        runs = run(self.rules, user, self.histories[user], self.until, kind)
        return [job for one in runs.values() for job in untouched(
            absence_check.in_order(absence_check.plain(j) for j in one.jobs))]

    def is_undecided(self, user, kind=Giver):
        """Is it for the order of arrival to say what was known between a deadline and its going
        off? Of things of one instant, whichever of them comes first."""
        events = self.histories[user]
        times = [event.occurred for event in events]
        return any(deadline < at <= due for order in (events, events[::-1])[:1 + self.maker.ties]
                   for one in run(self.rules, user, order, self.until, kind).values()
                   for deadline, due in one.periods for at in times)


def show(case, user, answers):
    for rule in case.rules:
        print("# rule", json.dumps({k: v for k, v in rule.items() if k not in (
            "class", "channels", "gates", "stale_after", "slack", "tombstone")}))
    start = absence_histories.START
    for event in case.histories[user]:
        print("# %12d  happened %12d  %s %s" % (
            event.at - start, event.occurred - start, event.name,
            json.dumps(event.properties)))
    for name, jobs in answers:
        print("#", name)
        for job in jobs:
            print("#    ", *(job[k] for k in ("rule", "key", "episode", "step", "anchor", "fire_at")))


def compare(case, kind=Giver):
    """(compared, jobs, [(customer, answers)] that differ)."""
    other = case.other_order()
    one, two = case.engine(), other.engine()
    compared = jobs = 0
    wrong = []
    for user in case.histories:
        if case.is_undecided(user, kind) or case.maker.ties and other.is_undecided(user, kind):
            continue
        mine = case.model(user, kind)
        compared, jobs = compared + 1, jobs + len(one[user])
        if one[user] != two[user] or not case.maker.ties and mine != one[user]:
            wrong.append((user, other, (("so", one[user]), ("otherwise", two[user]),
                                        ("model", mine))))
    return compared, jobs, wrong


def all_of(seed, count, ties, shown=2, first=0):
    compared = jobs = differ = 0
    for number in range(first, first + -(-count // CUSTOMERS)):
        case = Case(random.Random("%s/%s/%d" % (seed, ties, number)), ties)
        once = compare(case)
        compared, jobs, differ = compared + once[0], jobs + once[1], differ + len(once[2])
        for user, other, answers in once[2]:
            if shown > 0:
                print("# %s/%s/%d %s" % (seed, ties, number, user))
                show(case, user, answers)
                show(other, user, ())
            shown -= 1
    print("# seed %s: %d customers in two orders, %d jobs, %d differ" % (
        seed, compared, jobs, differ))
    return compared, jobs, differ


SEED = os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6)))
COUNT = int(os.environ.get("WAYMARK_MODEL_COUNT", "600"))


@tap.test
def as_it_happened_whatever_came_in_when():
    compared, jobs, differ = all_of(SEED, COUNT, False)
    tap.ok(differ == 0, "%d of %d differ" % (differ, compared))
    tap.ok(compared > COUNT / 20 and jobs > COUNT / 20, "there was something to compare")


@tap.test
def what_happens_at_one_instant():
    compared, jobs, differ = all_of(SEED, COUNT, True)
    tap.ok(differ == 0, "%d of %d differ" % (differ, compared))
    tap.ok(compared > COUNT / 20 and jobs > COUNT / 20, "there was something to compare")


class NobodyTakesOver(Giver):
    def take_over(self, event):
        pass


class HandsOverAlways(Giver):
    """Whether it waited or not: wrong."""

    def cancel(self, event, key, entry, outcome):
        super().cancel(event, key, entry, outcome)
        if not self.ended and "to" in entry:
            self.others[entry["to"]].take_over(event)


class StaysWhateverItAsks(Giver):
    def check_matching(self, event):
        pass


@tap.test
def a_wrong_model_is_noticed():
    for kind in (NobodyTakesOver, HandsOverAlways, StaysWhateverItAsks):
        found = 0
        for number in range(16):
            found = found or len(compare(Case(random.Random("wrong/%d" % number), False), kind)[2])
        tap.ok(found > 0, kind.__name__ + " goes unnoticed")


if len(sys.argv) > 2:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("waymark")
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--count", type=int, default=3000)
    options = parser.parse_args()
    sys.exit(any([all_of(options.seed, options.count, ties)[2] for ties in (False, True)]))
tap.run()
