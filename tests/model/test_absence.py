#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The contract of absence twice: the engine against a naive model of it, on rules and histories by
chance, in its jobs and in all that it decided; and against itself, on one history in several orders of arrival.

WAYMARK_TEST_SEED sets the chance (printed), WAYMARK_MODEL_COUNT the number of customers (600);
absence_check.py runs longer and makes a disagreement small."""

import datetime
import itertools
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
import wait_model  # noqa: E402

SEED = os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6)))
COUNT = int(os.environ.get("WAYMARK_MODEL_COUNT", "600"))
tap = harness.Tap()


def chance(*names):
    return random.Random("/".join([SEED, *map(str, names)]))


@tap.test
def ids_of_the_model_are_those_of_the_specification():
    rule = type("Named", (), {"id": "cart_abandoned", "epoch": 1})
    tap.equal(absence_model.job_id(rule, "cust_42", "cart:C1001", 1, "email1"),
              "6e0a90ade49e49008d98d6bbebe4df83", "vector 1")
    rule.id = "birthday"
    tap.equal(absence_model.job_id(rule, "kundin_ü", "birthday", 2026, "main"),
              "0083237c70bacf82c99f0fc8b645d2e9", "vector 5")


@tap.test
def local_times_of_the_model_are_those_of_the_specification():
    for zone, local, before, instant in (
            ("Europe/Berlin", "02:30", "2025-03-30T00:30", "2025-03-30T01:30"),
            ("Europe/Berlin", "02:30", "2025-10-26T00:00", "2025-10-26T00:30"),
            ("America/New_York", "02:30", "2025-03-09T06:00", "2025-03-09T07:30"),
            ("America/New_York", "01:30", "2025-11-02T05:00", "2025-11-02T05:30"),
            ("Australia/Lord_Howe", "02:15", "2025-10-04T15:00", "2025-10-04T15:45"),
            ("Asia/Kolkata", "09:00", "2025-06-01T03:00", "2025-06-01T03:30")):
        at, expected = (int(datetime.datetime.fromisoformat(text + "+00:00").timestamp()) * 1000
                        for text in (before, instant))
        tap.equal(wait_model.local_after({"tz": zone, "local": local}, at), expected, zone)


@tap.test
def engine_and_model_agree():
    pairs = jobs = retracted = 0
    for number in itertools.count():
        drawn, enough = number * absence_check.CUSTOMERS_AT_ONCE, 20 * retracted > jobs > pairs / 4
        # How much is taken back depends on few rules: where chance drew none of them it goes on.
        if drawn >= COUNT and (enough or drawn >= 8 * COUNT):
            break
        case = absence_check.Case(chance(number))
        wrong, seen = case.compare(harness.waymark())
        pairs += len(case.rules) * len(case.histories)
        jobs += len(seen)
        retracted += sum(job["retracted"] is not None for job in seen)
        for rule, customer, its, mine in wrong[:3]:
            tap.ok(False, "%s/%d, %s of %s: engine %s, model %s; small by absence_check.py --seed"
                   % (SEED, number, rule, customer, json.dumps(its)[:600], json.dumps(mine)[:600]))
    print("# seed %s: %d rules over histories, %d jobs, %d taken back"
          % (SEED, pairs, jobs, retracted))
    tap.ok(jobs > pairs / 4 and retracted > jobs / 20, "there was something to compare")


class CancelLosesTies(absence_model.Run):
    def reaches(self, event, anchor):
        return event.occurred > anchor - self.rule.slack


class DeadlineMovesBack(absence_model.Run):
    def in_force(self, armings):
        return armings[0]


class TouchedIsArmed(absence_model.Run):
    """A cancel is judged by what touched the wait: wrong."""

    def touch(self, event, key):
        super().touch(event, key)
        for i in self.instances.values():
            if i.state == "armed" and i.anchor > i.arming.at:
                i.arming = absence_model.Arming(i.anchor, i.arming.deadline, i.arming.worth,
                                                i.arming.window)


class TouchesAreForgotten(absence_model.Run):
    def wait_from(self, i, arming):
        return arming.at, self.deadline(arming, arming.at)


class NobodyTakesOver(absence_model.Run):
    def offer(self, i, arming, event):
        super().offer(i, arming, event)
        i.others = []


class OnlyTheLatestIsTakenBack(absence_model.Run):
    def end(self, i, event, outcome, terminal=False):
        i.standing = i.standing[-1:]
        super().end(i, event, outcome, terminal)


class BegunIsComeOut(absence_model.Run):
    """What came of the last episode is out of reach as soon as another one has begun: wrong."""

    def end(self, i, event, outcome, terminal=False):
        kept = [job for job in i.standing
                if i.state == "armed" and job["episode"] != i.episode
                and event.occurred > job["deadline"]]
        i.standing = [job for job in i.standing if job not in kept]
        super().end(i, event, outcome, terminal)
        i.standing = kept + i.standing


class LateIsOver(absence_model.Run):
    """What comes late from before the deadline that has fired begins nothing: wrong."""

    def is_part_of(self, job, at, deadline):
        return at <= job["deadline"]


class NoTombstone(absence_model.Run):
    def cancel(self, event, key, entry, outcome):
        super().cancel(event, key, entry, outcome)
        for i in self.instances.values():
            i.closed_until = -wait_model.NEVER


class NothingRemembered(absence_model.Run):
    def cancel(self, event, key, entry, outcome):
        super().cancel(event, key, entry, outcome)
        self.cancelled_all = self.cancelled_any = -wait_model.NEVER
        for i in self.instances.values():
            i.cancelled = -wait_model.NEVER


class TwiceIsTwo(absence_model.Run):
    def learn(self, event):
        super().learn(event)
        self.seen.clear()


class TimersGoFirst(absence_model.Run):
    def pass_time(self, until):
        super().pass_time(until + 1)


class NobodyWaits(absence_model.Run):
    def due(self, i):
        return i.fire_at if i.state == "armed" else wait_model.NEVER


class NothingTakenBack(absence_model.Run):
    def end(self, i, event, outcome, terminal=False):
        jobs, i.standing = i.standing, []
        super().end(i, event, outcome, terminal)
        i.standing = jobs


class StepsFromTheDeadline(absence_model.Run):
    def fire(self, i, now):
        before = i.deadline
        super().fire(i, now)
        if i.state == "armed":
            self.set_deadline(i, self.rule.step_end(i.step, before), now)


class NoCooldown(absence_model.Run):
    def cooled_until(self, i):
        return -wait_model.NEVER


class WindowIsOpen(absence_model.Run):
    """Events exactly `within` apart do not belong together: wrong."""

    def count_one(self, event, key, entry):
        within = wait_model.span(entry["at_least"]["within"]) - 1
        entry = dict(entry, at_least=dict(entry["at_least"], within="%dms" % within))
        super().count_one(event, key, entry)


class NobodyLetsGo(absence_model.Run):
    def rivals(self, i):
        return []


class AlwaysMatches(absence_model.Run):
    def check_matching(self, event):
        pass


class LeavesByWhatIsKnown(absence_model.Run):
    """A condition is asked of what is known then, though it could be told of the instants: wrong."""

    def __init__(self, rule, *others):
        rule.may_return = False
        super().__init__(rule, *others)


class StepsAskNothing(absence_model.Run):
    def fire(self, i, now):
        self.rule.step_if = [None] * len(self.rule.steps)
        super().fire(i, now)


class BeginningsEndNothing(absence_model.Run):
    """Of a key of several values the first of them alone is nothing: wrong."""

    def cancel_above(self, event, entry, outcome):
        pass


class BeginningsAreForgotten(absence_model.Run):
    def cancel_above(self, event, entry, outcome):
        super().cancel_above(event, entry, outcome)
        for beginning in self.beginnings.values():
            beginning.cancelled = beginning.closed_until = -wait_model.NEVER


class BeginningsAreKeys(absence_model.Run):
    """What begins alike is one: wrong."""

    def under(self, beginning):
        return list(self.instances.values())


class StepsHaveNoHours(absence_model.Run):
    """A step's own wait is none: wrong."""

    def __init__(self, rule, *others):
        rule.steps = [(name, wait if isinstance(wait, str) else "1ms") for name, wait in rule.steps]
        super().__init__(rule, *others)


MUTANTS = (CancelLosesTies, DeadlineMovesBack, TouchedIsArmed, TouchesAreForgotten,
           NobodyTakesOver, OnlyTheLatestIsTakenBack, BegunIsComeOut, LateIsOver, NoTombstone,
           NothingRemembered, TwiceIsTwo, TimersGoFirst, NobodyWaits, NothingTakenBack, StepsFromTheDeadline, NoCooldown,
           WindowIsOpen, NobodyLetsGo, AlwaysMatches, LeavesByWhatIsKnown, StepsAskNothing, BeginningsEndNothing,
           BeginningsAreForgotten, BeginningsAreKeys, StepsHaveNoHours)


@tap.test
def a_wrong_model_is_noticed():
    found = dict.fromkeys(MUTANTS, 0)
    for number in range(12):
        case = absence_check.Case(random.Random("mutants/%d" % number), customers=60)
        got = case.engine(harness.waymark())
        for kind in MUTANTS:
            if not found[kind]:
                found[kind] = len(case.compare(got, kind)[0])
        if all(found.values()):
            break
    for kind, times in found.items():
        tap.ok(times > 0, kind.__name__ + " goes unnoticed")
    print("# " + ", ".join("%s %d" % (kind.__name__, times) for kind, times in found.items()))


def untouched(job):
    """A job without what says when news came in."""
    return {name: value for name, value in job.items() if name not in ("retracted", "armed_at")}


def undecided(case, rule, customer):
    """Does something happen between a deadline and its going off, where it is for the order of
    arrival to say what was known?"""
    run = case.model(rule, customer)
    times = [event.occurred for event in case.histories[customer]]
    return any(deadline < at <= due for deadline, due in run.periods for at in times)


def by_law(case, other, waymark):
    """(compared, jobs, differences) of one case and the same events in another order of arrival."""
    compared = jobs = 0
    wrong = []
    one, two = case.engine(waymark), other.engine(waymark)
    for rule in case.rules:
        for customer in case.histories:
            if undecided(case, rule, customer) or undecided(other, rule, customer):
                continue
            where = (rule["id"], customer)
            first, second = ([untouched(job) for job in answer.get(where, ([], []))[0]]
                             for answer in (one, two))
            compared += 1
            jobs += len(first)
            if first != second:
                wrong.append((*where, first, second))
    return compared, jobs, wrong


def reordered(case, maker):
    """The same events, each once, as they might have come in otherwise, and some twice."""
    histories = {}
    for customer, history in case.histories.items():
        once = {event.message: event for event in history}
        histories[customer] = maker.arrive(list(once.values()))
    return case.again(histories)


@tap.test
def order_of_arrival_changes_nothing():
    compared = jobs = 0
    for number in range(-(-COUNT // absence_check.CUSTOMERS_AT_ONCE // 2)):
        maker = absence_histories.Lawful(chance("law", number))
        case = absence_check.Case(maker=maker)
        for _ in range(2):
            once = by_law(case, reordered(case, maker), harness.waymark())
            compared, jobs = compared + once[0], jobs + once[1]
            for rule, customer, first, second in once[2][:3]:
                tap.ok(False, "law %s/%d: %s of %s: %s, then %s" % (
                    SEED, number, rule, customer, json.dumps(first)[:600],
                    json.dumps(second)[:600]))
    print("# seed %s: %d rules over histories in two orders, %d jobs" % (SEED, compared, jobs))
    tap.ok(jobs > 1000, "there was something to compare")


@tap.test
def an_order_that_matters_is_noticed():
    """Later than the grace allows, it does matter: the comparison is not blind."""
    different = 0
    for number in range(3):
        maker = absence_histories.Lawful(random.Random("too late/%d" % number))
        case = absence_check.Case(maker=maker)
        maker.late *= 20
        different += len(by_law(case, reordered(case, maker), harness.waymark())[2])
    tap.ok(different > 10, "%d differ" % different)


tap.run()
