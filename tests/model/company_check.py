#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The engine against the model where rules get into each other's way (company_model.py).

By hand:  company_check.py WAYMARK --seed 7 --count 20000"""

import argparse
import collections
import copy
import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import absence_check  # noqa: E402
import company_histories  # noqa: E402
import company_model  # noqa: E402

RULES, CUSTOMERS = 4, 100
# What is said of why, how and when again, besides what absence_check compares.
SAID = ("reason", "channel", "until")
SAYING = ("fired", "would_send", "deferred", "suppressed", "expired")
DECISION = absence_check.DECISION + SAID


class Case:
    """Rules, a policy and customers' histories: one call of the backtest."""

    def __init__(self, chance=None, maker=None):
        maker = maker or company_histories.Street(chance)
        self.rules, self.policy, self.until = maker.rules(RULES), maker.policy(), maker.horizon()
        self.marks = maker.marks()
        self.histories = {user: maker.history(user) for user in ("u%d" % n for n in range(CUSTOMERS))}

    def but(self, **others):
        case = copy.copy(self)
        for name, value in others.items():
            setattr(case, name, value)
        return case

    def engine(self, waymark, keep=None):
        log = absence_check.log_of(self.histories, self.marks)
        got = absence_check.engine(waymark, self.rules, log, self.until, keep, self.policy, DECISION)
        return {user: self.merged([got.get((rule["id"], user), ([], [])) for rule in self.rules])
                for user in self.histories}

    def merged(self, answers):
        jobs = [job for its, _ in answers for job in its]
        decided = [[rule["id"], *one[:7], *(one[7:] if one[2] in SAYING else "---")]
                   for rule, (_, its) in zip(self.rules, answers) for one in its]
        return sorted(jobs, key=lambda j: (j["fire_at"], j["id"])), sorted(decided)

    def company(self, user, kind=company_model.Gated):
        return company_model.Company(self.rules, self.policy, user, self.marks, kind).go(
            self.histories[user], self.until)

    def model(self, user, kind=company_model.Gated):
        return self.merged([(absence_check.in_order(absence_check.plain(j) for j in run.jobs),
                             absence_check.decided(run, SAID)) for run in self.company(user, kind).runs])

    def compare(self, got, kind=company_model.Gated):
        """([(customer, what the engine did, what the model)] where they differ, outcomes)."""
        wrong, outcomes = [], collections.Counter()
        for user in self.histories:
            mine = self.model(user, kind)
            outcomes.update(one[3] for one in mine[1])
            outcomes.update(one[8] for one in mine[1] if one[8] != "-")
            if mine != got[user]:
                wrong.append((user, got[user], mine))
        return wrong, outcomes


def shrink(waymark, case, user):
    """The smallest case that can be reached by taking away one thing at a time and still fails."""
    case, found = case.but(histories={user: case.histories[user]}), True

    def smaller():
        history = case.histories[user]
        for n in range(len(history)):
            yield case.but(histories={user: history[:n] + history[n + 1:]})
        for n in range(len(case.rules) if len(case.rules) > 1 else 0):
            left = case.rules[:n] + case.rules[n + 1:]
            ids = [rule["id"] for rule in left]
            yield case.but(rules=[{k: v for k, v in rule.items() if k != "supersedes" or v[0] in ids}
                                  for rule in left])
        for n in range(len(case.marks)):
            yield case.but(marks=case.marks[:n] + case.marks[n + 1:])
        for n in range(len(case.policy["caps"])):
            caps = case.policy["caps"]
            yield case.but(policy=dict(case.policy, caps=caps[:n] + caps[n + 1:]))
        for n, rule in enumerate(case.rules):
            for name in ("supersedes", "once", "cap", "send_at", "fire_if", "touch", "cancel", "goal",
                         "steps", "episode", "anchor", "key_else", "wait_for", "topic", "holdout",
                         "expire", "priority", "on_cap", "quiet"):
                if name in rule:
                    if name == "episode" and rule["key"] == "customer":
                        continue
                    less = {k: v for k, v in rule.items() if k != name}
                    yield case.but(rules=case.rules[:n] + [less] + case.rules[n + 1:])

    while found:
        found = False
        for one in smaller():
            try:
                wrong, _ = one.compare(one.engine(waymark))
            except AssertionError:
                continue  # no rules any more
            if wrong:
                case, found = one, True
                break
    return case


def show(waymark, case):
    (user, its, mine), = case.compare(case.engine(waymark))[0]
    for rule in case.rules:
        print("rule  ", json.dumps(rule))
    print("caps  ", json.dumps(case.policy["caps"]), "opening",
          json.dumps(case.policy["opening"]), "held out", case.policy["holdout"])
    for mark in case.marks:
        print("    mark", absence_check.instant(mark.at), mark.source, absence_check.instant(mark.until))
    for event in case.histories[user]:
        print("   ", absence_check.instant(event.at), absence_check.instant(event.said), event.name,
              json.dumps(event.properties))
    for name, answer in (("engine", its), ("model", mine)):
        print(name)
        for job in answer[0]:
            print("   ", *(job[k] for k in ("rule", "key", "episode", "step", "deadline", "fire_at",
                                            "retracted")))
        for one in answer[1]:
            print("   ", *one)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("waymark")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--count", type=int, default=2000, help="histories")
    parser.add_argument("--shrink", type=int, default=2, help="disagreements to make small")
    options = parser.parse_args()
    print("seed %d" % options.seed, flush=True)
    failures, outcomes = 0, collections.Counter()
    for number in range(-(-options.count // CUSTOMERS)):
        case = Case(random.Random("%d/%d" % (options.seed, number)))
        wrong, seen = case.compare(case.engine(options.waymark))
        outcomes += seen
        for user, _, _ in wrong:
            failures += 1
            if failures <= options.shrink:
                print("\n%d/%d: %s" % (options.seed, number, user))
                show(options.waymark, shrink(options.waymark, case, user))
    print("%s; %d differ" % (dict(outcomes), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
