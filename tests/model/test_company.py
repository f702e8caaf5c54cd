#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rules that get into each other's way, twice: the engine against a naive model of what they are to
each other and of when they may send, in jobs and decisions; and against itself, on one history in
several orders of arrival.

WAYMARK_MODEL_SEED sets the chance (printed), WAYMARK_MODEL_COUNT the number of customers (600);
company_check.py runs longer and makes a disagreement small."""

import collections
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
sys.path.insert(0, HERE)
import company_check  # noqa: E402
import company_histories  # noqa: E402
import company_model  # noqa: E402
import cond_model  # noqa: E402
import harness  # noqa: E402
import wait_model  # noqa: E402

SEED = os.environ.get("WAYMARK_MODEL_SEED", str(random.SystemRandom().randrange(10**6)))
COUNT = int(os.environ.get("WAYMARK_MODEL_COUNT", "600"))
CASES = -(-COUNT // company_check.CUSTOMERS)
tap = harness.Tap()


def chance(*names):
    return random.Random("/".join([SEED, *map(str, names)]))


@tap.test
def engine_and_model_agree():
    outcomes = collections.Counter()
    for number in range(CASES):
        case = company_check.Case(chance("company", number))
        wrong, seen = case.compare(case.engine(harness.waymark()))
        outcomes += seen
        for user, its, mine in wrong[:3]:
            tap.ok(False, "%s/%d, %s: engine %s, model %s" % (
                SEED, number, user, json.dumps(its)[:600], json.dumps(mine)[:600]))
    print("# seed %s: %d customers; %s" % (SEED, CASES * company_check.CUSTOMERS, dict(outcomes)))
    for outcome in ("fired", "deferred", "superseded", "suppressed", "cancelled", "retracted"):
        tap.ok(outcomes[outcome] > COUNT / 30, "some were " + outcome)


class NobodyGoesFirst(company_model.Gated):
    def superiors(self):
        return []


class SendingEndsNothing(company_model.Gated):
    def emitted(self, i, job):
        others, self.supersedes = self.supersedes, []
        super().emitted(i, job)
        self.supersedes = others


class SaidTwice(company_model.Gated):
    def was_said(self, i):
        return False


class NeverQuiet(company_model.Gated):
    def hours(self, now):
        self.channel, channel = "email", self.channel
        answer = super().hours(now)
        self.channel = channel
        return answer


class AnyHour(company_model.Gated):
    def hours(self, now):
        self.window, window = None, self.window
        answer = super().hours(now)
        self.window = window
        return answer


class ClocksStandStill(company_model.Gated):
    """Another zone's hours."""

    def hours(self, now):
        self.company.zone, zone = "UTC", self.company.zone
        answer = super().hours(now)
        self.company.zone = zone
        return answer


class DroppedAtNight(company_model.Gated):
    def hours(self, now):
        return super().hours(now)[0], False


class NoCaps(company_model.Gated):
    def caps(self, now):
        return now, True


class CapsHoldTheirEnd(company_model.Gated):
    """A send exactly as long ago as the window still counts: wrong."""

    def opens(self, now, count, within, counts):
        return super().opens(now, count, within + 1, counts)


class TakenBackCounts(company_model.Gated):
    def opens(self, now, count, within, counts):
        sent = sorted(s["fire_at"] for s in self.company.sends
                      if s["fire_at"] > now - within and counts(s))
        return sent[-count] + within if len(sent) >= count else now


class NoArbitration(company_model.Gated):
    def loses(self, now):
        return False


class WorthForEver(company_model.Gated):
    def may_go(self, i, now):
        self.expire = wait_model.NEVER
        return super().may_go(i, now)


class WorthFromTheLast(company_model.Gated):
    """Each putting off begins its worth anew: wrong."""

    def may_go(self, i, now):
        i.came_due = None
        return super().may_go(i, now)


class AgreedForEver(company_model.Gated):
    def would_go(self, now):
        return not self.rule.fire_if or cond_model.holds(self.rule.fire_if, None, self.facts)


class AskedOnce(company_model.Gated):
    def would_go(self, now):
        return self.rule.kind != "marketing" or self.company.agrees(self.channel)


class PutOffForGood(company_model.Gated):
    """An event that moves the deadline leaves it put off: wrong."""

    def set_deadline(self, i, deadline, at):
        kept = getattr(i, "put_off", None), getattr(i, "came_due", None)
        super().set_deadline(i, deadline, at)
        i.put_off, i.came_due = kept


MUTANTS = (NobodyGoesFirst, SendingEndsNothing, SaidTwice, NeverQuiet, AnyHour, ClocksStandStill,
           DroppedAtNight, NoCaps, CapsHoldTheirEnd, TakenBackCounts, NoArbitration, WorthForEver,
           WorthFromTheLast, AgreedForEver, AskedOnce, PutOffForGood)


@tap.test
def a_wrong_model_is_noticed():
    found = dict.fromkeys(MUTANTS, 0)
    for number in range(20):
        case = company_check.Case(random.Random("mutants/%d" % number))
        got = case.engine(harness.waymark())
        for kind in MUTANTS:
            if not found[kind]:
                found[kind] = len(case.compare(got, kind)[0])
        if all(found.values()):
            break
    for kind, times in found.items():
        tap.ok(times > 0, kind.__name__ + " goes unnoticed")
    print("# " + ", ".join("%s %d" % (kind.__name__, times) for kind, times in found.items()))


def reordered(case, maker):
    """The same events, each once, as they might have come in otherwise, and some twice."""
    return case.but(histories={
        user: maker.arrive(list({event.message: event for event in history}.values()))
        for user, history in case.histories.items()})


def undecided(case, user):
    """Does something happen between a deadline and its going off, where it is for the order of
    arrival to say what was known?"""
    times = [event.occurred for event in case.histories[user]]
    return any(deadline < at <= due for run in case.company(user).runs
               for deadline, due in run.periods for at in times)


def untouched(job):
    return {name: value for name, value in job.items() if name not in ("retracted", "armed_at")}


@tap.test
def order_of_arrival_changes_nothing():
    compared = jobs = 0
    for number in range(CASES):
        maker = company_histories.Neighbours(chance("neighbours", number))
        case = company_check.Case(maker=maker)
        other = reordered(case, maker)
        one, two = case.engine(harness.waymark()), other.engine(harness.waymark())
        for user in case.histories:
            if undecided(case, user) or undecided(other, user):
                continue
            first, second = ([untouched(job) for job in answer[user][0]] for answer in (one, two))
            compared, jobs = compared + 1, jobs + len(first)
            if first != second:
                tap.ok(False, "law %s/%d, %s: %s, then %s" % (
                    SEED, number, user, json.dumps(first)[:600], json.dumps(second)[:600]))
    print("# seed %s: %d customers in two orders, %d jobs" % (SEED, compared, jobs))
    tap.ok(compared > COUNT / 20 and jobs > COUNT / 20, "there was something to compare")


tap.run()
