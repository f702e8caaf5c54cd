#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rules that get into each other's way, twice: the engine against a naive model of what they are to
each other and of whether, when and how they may send, in jobs and in decisions with their reasons;
and against itself, on one history in several orders of arrival.

WAYMARK_TEST_SEED sets the chance (printed), WAYMARK_MODEL_COUNT the number of customers (300);
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
import harness  # noqa: E402
import wait_model  # noqa: E402

SEED = os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6)))
COUNT = int(os.environ.get("WAYMARK_MODEL_COUNT", "300"))
CASES = -(-COUNT // company_check.CUSTOMERS)
tap = harness.Tap()


def chance(*names):
    return random.Random("/".join([SEED, *map(str, names)]))


def told(where, wrong):
    for user, its, mine in wrong[:3]:
        tap.ok(False, "%s, %s: engine %s, model %s" % (
            where, user, json.dumps(its)[:900], json.dumps(mine)[:900]))


@tap.test
def engine_and_model_agree():
    outcomes = collections.Counter()
    for number in range(CASES):
        case = company_check.Case(chance("company", number))
        wrong, seen = case.compare(case.engine(harness.waymark()))
        outcomes += seen
        told("%s/%d" % (SEED, number), wrong)
    print("# seed %s: %d customers; %s" % (SEED, CASES * company_check.CUSTOMERS, dict(outcomes)))
    for outcome in ("fired", "deferred", "superseded", "suppressed", "cancelled"):
        tap.ok(outcomes[outcome] > COUNT / 100, "some were " + outcome)


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


class StepsAreSeveral(company_model.Gated):
    """Each step of an episode must be the first to say it: wrong."""

    def was_said(self, i):
        jobs, i.jobs = i.jobs, []
        answer = super().was_said(i)
        i.jobs = jobs
        return answer


class SaidWhateverItWas(company_model.Gated):
    """A new value of what it is `per` is not told anew: wrong."""

    def was_said(self, i):
        self.per = ""
        return super().was_said(i)


class NeverQuiet(company_model.Gated):
    def forbidden(self, channel, at):
        reason = super().forbidden(channel, at)
        return None if reason == "quiet_hours" else reason


class QuietFromTheNextMinute(company_model.Gated):
    """The instant at which quiet hours begin is not quiet: wrong."""

    def forbidden(self, channel, at):
        reason = super().forbidden(channel, at)
        if reason == "quiet_hours" and super().forbidden(channel, at - 1) != reason:
            return None
        return reason


class NoWishes(company_model.Gated):
    """Their own quiet hours count for nothing: wrong."""

    def forbidden(self, channel, at):
        said, self.person.about.said = self.person.about.said, {
            name: value for name, value in self.person.about.said.items()
            if not name.startswith("quiet")}
        answer = super().forbidden(channel, at)
        self.person.about.said = said
        return answer


class NoDaysOff(company_model.Gated):
    def forbidden(self, channel, at):
        reason = super().forbidden(channel, at)
        return None if reason == "day_off" else reason


class OneCountry(company_model.Gated):
    """The country's hours are not asked: wrong."""

    def forbidden(self, channel, at):
        kept, self.policy = self.policy, dict(self.policy, countries={})
        answer = super().forbidden(channel, at)
        self.policy = kept
        return answer


class AlwaysOpen(company_model.Gated):
    def forbidden(self, channel, at):
        reason = super().forbidden(channel, at)
        return None if reason == "closed" else reason


class AnyHour(company_model.Gated):
    def forbidden(self, channel, at):
        self.window, window = None, self.window
        answer = super().forbidden(channel, at)
        self.window = window
        return answer


class ClocksStandStill(company_model.Gated):
    """Another zone's hours."""

    def forbidden(self, channel, at):
        zone, self.person.zone = self.person.zone, lambda: "UTC"
        answer = super().forbidden(channel, at)
        self.person.zone = zone
        return answer


class DroppedAtNight(company_model.Gated):
    def waits_for(self, reason):
        return reason not in ("quiet_hours", "outside_window") and super().waits_for(reason)


class NoCaps(company_model.Gated):
    def caps(self, i, channel, now):
        return now, None


class CapsHoldTheirEnd(company_model.Gated):
    """A send exactly as long ago as the window still counts: wrong."""

    def opens(self, now, count, within, counts):
        return super().opens(now, count, within + 1, counts)


class TakenBackCounts(company_model.Gated):
    def opens(self, now, count, within, counts):
        sent = sorted(s["fire_at"] for s in self.company.sends
                      if s["fire_at"] > now - within and counts(s))
        return sent[-count] + within if len(sent) >= count else now


class TopicsAreNothing(company_model.Gated):
    """What others of the topic have sent leaves room: wrong."""

    def own_cap(self, now):
        self.cap = self.cap and dict(self.cap, topic=False)
        return super().own_cap(now)


class NoArbitration(company_model.Gated):
    def loses(self, i, now):
        return False


class SentLosesTies(company_model.Gated):
    """Of two of one place the one that was sent does not win: wrong."""

    def loses(self, i, now):
        place = self.place
        others = [run for run in self.company.runs if run is not self and run.place == place]
        for run in others:
            run.place = None
        answer = super().loses(i, now)
        for run in others:
            run.place = place
        return answer


class WorthForEver(company_model.Gated):
    def judge(self, i, now):
        self.expire = wait_model.NEVER
        return super().judge(i, now)


class WorthAtItsEnd(company_model.Gated):
    def judge(self, i, now):
        self.expire, kept = self.expire + 1, self.expire
        answer = super().judge(i, now)
        self.expire = kept
        return answer


class WorthFromTheLast(company_model.Gated):
    """Each putting off begins its worth anew: wrong."""

    def worth_from(self, i, now):
        return now


class AgreedForEver(company_model.Gated):
    def consent(self, i, ways):
        return ways, None


class WordsAreWhole(company_model.Gated):
    """What they said of one topic is not heard: wrong."""

    def consent(self, i, ways):
        kept, self.topic = self.topic, self.rule.kind
        answer = super().consent(i, ways)
        self.topic = kept
        return answer


class ServiceAlways(company_model.Gated):
    def consent(self, i, ways):
        return (ways, None) if self.kind_of(i) == "service" else super().consent(i, ways)


class OneWay(company_model.Gated):
    """There is no other way than the first: wrong."""

    def ways_of(self, i):
        return super().ways_of(i)[:1]


class NobodyRanks(company_model.Gated):
    """Their own order of ways counts for nothing: wrong."""

    def ways_of(self, i):
        ranked, self.person.ranked = self.person.ranked, lambda channels: channels
        answer = super().ways_of(i)
        self.person.ranked = ranked
        return answer


class FollowedEverywhere(company_model.Gated):
    """Marketing goes another way when a mail came back: wrong."""

    def reach(self, i, ways):
        kept, self.kind_of = self.kind_of, lambda i: "service"
        answer = super().reach(i, ways)
        self.kind_of = kept
        return answer


class CallsAreCheap(company_model.Gated):
    def reach(self, i, ways):
        kept, self.is_grave = self.is_grave, True
        answer = super().reach(i, ways)
        self.is_grave = kept
        return answer


class NobodyIsBlocked(company_model.Gated):
    def flagged(self, i, now):
        return None


class NobodyIsHeldOut(company_model.Gated):
    def is_held_out(self, i):
        return False


class ServiceIsHeldOut(company_model.Gated):
    def is_held_out(self, i):
        kept, self.kind_of = self.kind_of, lambda i: "marketing"
        answer = super().is_held_out(i)
        self.kind_of = kept
        return answer


class ShareOfTheShop(company_model.Gated):
    """The rule's own hold-out counts for nothing: wrong."""

    def is_held_out(self, i):
        self.share = self.policy["holdout"]["share"]
        return super().is_held_out(i)


class NeverMuted(company_model.Gated):
    def muted(self, i):
        return None


class AskedOnce(company_model.Gated):
    def would_go(self, i, now):
        self.rule.fire_if = None
        return super().would_go(i, now)


class PutOffForGood(company_model.Gated):
    """An event that moves the deadline leaves it put off: wrong."""

    def set_deadline(self, i, deadline, at):
        kept = getattr(i, "put_off", None)
        super().set_deadline(i, deadline, at)
        i.put_off = kept


MUTANTS = (NobodyGoesFirst, SendingEndsNothing, SaidTwice, StepsAreSeveral, SaidWhateverItWas,
           NeverQuiet, QuietFromTheNextMinute, NoWishes, NoDaysOff, OneCountry, AlwaysOpen, AnyHour,
           ClocksStandStill, DroppedAtNight, NoCaps, CapsHoldTheirEnd, TakenBackCounts,
           TopicsAreNothing, NoArbitration, SentLosesTies, WorthForEver, WorthAtItsEnd,
           WorthFromTheLast, AgreedForEver, WordsAreWhole, ServiceAlways, OneWay, NobodyRanks,
           FollowedEverywhere, CallsAreCheap, NobodyIsBlocked, NobodyIsHeldOut, ServiceIsHeldOut,
           ShareOfTheShop, NeverMuted, AskedOnce, PutOffForGood)
# Together they show every mutant and meet all there is to meet.
SHOWN = range(12)
MET = ("fired", "would_send", "deferred", "suppressed", "superseded", "cancelled", "goal",
       "retracted", "replaced", "source_late", "blocked", "minor", "deceased", "no_consent",
       "withdrawn", "no_contract", "unreachable", "bounced", "complained", "not_active",
       "too_costly", "fire_if", "holdout", "quiet_hours", "outside_window", "day_off", "closed",
       "cap_full", "rule_cap_full", "muted_case_open")


@tap.test
def a_wrong_model_is_noticed():
    """These customers are always the same, so that nothing here is left to chance: engine and model
    agree about them, every wrong model does not, and every answer is given to some of them."""
    found, outcomes = dict.fromkeys(MUTANTS, 0), collections.Counter()
    for number in SHOWN:
        case = company_check.Case(random.Random("mutants/%d" % number))
        got = case.engine(harness.waymark())
        wrong, seen = case.compare(got)
        outcomes += seen
        told("shown %d" % number, wrong)
        for kind in MUTANTS:
            if not found[kind]:
                found[kind] = len(case.compare(got, kind)[0])
    for kind, times in found.items():
        tap.ok(times > 0, kind.__name__ + " goes unnoticed")
    for outcome in MET:
        tap.ok(outcomes[outcome] > 0, "nobody meets " + outcome)
    print("# %s; %s" % (", ".join("%s %d" % (kind.__name__, times) for kind, times in found.items()),
                        dict(outcomes)))


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
