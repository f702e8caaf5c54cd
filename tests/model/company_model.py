# SPDX-License-Identifier: MIT
"""A second opinion on what rules are to each other and on when they may send: superseding, groups
that say one thing once, consent, quiet hours and send windows on the customer's clock, caps and
what gives them room again, arbitration. Written down from triggers.md (sections 4, 8 and 9), on
top of the naive model of one rule.

Readings, besides those of absence_model:

30. Which of two rules goes is decided when the lesser is due: it ends if the greater waits. When
    the greater sends, all that the lesser waits for ends.
31. Of a group the first that is due says it, for each key; what is due later ends, unless that job
    was taken back. The steps of one episode are one.
32. A job put off is asked everything again, at the first instant at which no hours forbid it, or
    when the cap has room; its worth counts from when it came due. An event that moves the deadline
    lets go of the putting off.
33. Hours: quiet ones are dropped by a rule that says so if they are why it may not go now; its own
    window always waits.
34. Of caps that are full the last to open decides; the rule's own cap is asked behind those of the
    policy. What was taken back counts nowhere.
35. What another rule sent within the hour wins where its place is as good; what is due within the
    hour where it is better, if nothing but the hour stands in its way. A rule of no place takes no
    part.
36. Of two words of consent of one instant that which withdraws it counts.
"""

import datetime
import zoneinfo

from absence_model import Rule, Run
from cond_model import holds
from wait_model import HOUR, MINUTE, NEVER, span

HALF = 30 * MINUTE
SMS_QUIET = ("21:00", "08:00")


def clock(zone, at):
    return datetime.datetime.fromtimestamp(at // 1000, zoneinfo.ZoneInfo(zone)).strftime("%H:%M")


def is_within(hours, shown):
    start, end = hours
    return start <= shown < end if start < end else shown >= start or shown < end


class Gated(Run):
    """One rule among others."""

    def __init__(self, members, company):
        super().__init__(Rule(members), company.customer, [])
        get = members.get
        self.company, self.channel = company, members["channels"][0]
        self.quiet, self.on_cap = get("quiet", "defer"), get("on_cap", "defer")
        self.window = tuple(members["send_at"]["local"].split("-")) if "send_at" in members else None
        self.cap, self.expire = get("cap"), span(get("expire", "never"))
        self.supersedes = get("supersedes", [])
        self.group = get("once", {}).get("group")
        order = company.policy["arbitration"]["order"]
        self.place = order.index(members["rank"]) if members["rank"] in order else None

    # What another rule has ended

    def superiors(self):
        return [run for run in self.company.runs if self.rule.id in run.supersedes]

    def waits(self):
        return any(i.state == "armed" for i in self.instances.values())

    def give_up(self, i, outcome, now):
        self.decide(i, outcome, now)
        self.rest(i)

    def is_outdone(self, i, now):
        if not self.was_said(i) and not any(run.waits() for run in self.superiors()):
            return False
        self.give_up(i, "superseded", now)
        return True

    def was_said(self, i):
        """READ 31."""
        if not self.group or any(job["episode"] == i.episode for job in i.jobs):
            return False
        return any(run.instances[i.key].standing for run in self.company.runs
                   if run.group == self.group and i.key in run.instances)

    def emitted(self, i, job):
        job["kind"], job["channel"], job["came_due"] = self.rule.kind, self.channel, i.was_due
        self.company.sends.append(job)
        for run in self.company.runs:
            for other in run.instances.values():
                if run.rule.id in self.supersedes and other.state == "armed":
                    run.give_up(other, "superseded", job["fire_at"])

    # When it may go

    def due(self, i):
        put_off = getattr(i, "put_off", None)
        return put_off if put_off and i.state == "armed" else super().due(i)

    def rest(self, i, keep=False):
        i.put_off = i.came_due = None
        super().rest(i, keep)

    def set_deadline(self, i, deadline, at):
        i.put_off = i.came_due = None
        super().set_deadline(i, deadline, at)

    def may_go(self, i, now):
        came_due = getattr(i, "came_due", None) or now
        worthless = came_due + self.expire
        if now >= worthless:
            self.give_up(i, "expired", now)
            return False
        if not self.would_go(now):
            self.give_up(i, "suppressed", now)
            return False
        for until, waits in (self.hours(now), self.caps(now)):
            if until == now:
                continue
            if not waits or until >= worthless:
                self.give_up(i, "suppressed", now)
            else:
                self.decide(i, "deferred", now)
                self.periods.append((i.deadline, until))
                i.put_off, i.came_due = until, came_due
            return False
        if self.loses(now):
            self.give_up(i, "superseded", now)
            return False
        i.put_off, i.came_due, i.was_due = None, None, came_due
        return True

    def would_go(self, now):
        if self.rule.kind == "marketing" and not self.company.agrees(self.channel):
            return False
        return not self.rule.fire_if or holds(self.rule.fire_if, None, self.facts)

    def hours(self, now):
        """(from when on nothing forbids it, does the rule wait for that)."""
        def forbids(at):
            shown = clock(self.company.zone, at)
            if self.channel == "sms" and self.quiet != "ignore" and is_within(SMS_QUIET, shown):
                return "quiet"
            return "window" if self.window and not is_within(self.window, shown) else None

        first = forbids(now)
        at = now
        while forbids(at):
            at += HALF - at % HALF
        return at, first != "quiet" or self.quiet == "defer"

    def opens(self, now, count, within, counts):
        sent = sorted(s["fire_at"] for s in self.company.sends
                      if s["retracted"] is None and s["fire_at"] > now - within and counts(s))
        return sent[-count] + within if len(sent) >= count else now

    def caps(self, now):
        """READ 34."""
        until = now
        for cap in self.company.policy["caps"]:
            ways = cap.get("channels", [self.channel])
            if self.rule.kind != "marketing" or self.on_cap == "ignore" or self.channel not in ways:
                continue
            until = max(until, self.opens(
                now, cap["count"], span(cap["within"]),
                lambda s, ways=cap.get("channels"): not ways or s["channel"] in ways))
        if until > now or not self.cap:
            return until, self.on_cap == "defer"
        return self.opens(now, self.cap["count"], span(self.cap["within"]),
                          lambda s: s["rule"] == self.rule.id), self.on_cap == "defer"

    def loses(self, now):
        """READ 35."""
        if self.place is None:
            return False
        for run in self.company.runs:
            if run is self or run.place is None:
                continue
            if run.place <= self.place and any(
                    s["rule"] == run.rule.id and s["retracted"] is None and
                    s["fire_at"] > now - HOUR for s in self.company.sends):
                return True
            if run.place < self.place and run.would_go(now) and not any(
                    s.waits() for s in run.superiors()) and any(
                        run.due(i) < now + HOUR for i in run.instances.values()):
                return True
        return False


class Company:
    """All rules of one customer."""

    def __init__(self, rules, policy, customer, zone, kind=Gated):
        self.policy, self.customer, self.zone = policy, customer, zone
        self.sends, self.seen, self.words = [], set(), {}
        self.runs = []
        self.runs += [kind(members, self) for members in rules]

    def agrees(self, channel):
        given, at = self.words.get(channel, (False, -NEVER))
        return given

    def hear(self, event):
        """READ 36."""
        if event.name != "Consent Updated":
            return
        channel, given = event.properties["medium"], event.properties["status"] == "given"
        _, at = self.words.get(channel, (False, -NEVER))
        if event.occurred > at or (event.occurred == at and not given):
            self.words[channel] = given, event.occurred

    def go(self, events, until):
        for event in events:
            if event.message in self.seen:
                continue
            self.seen.add(event.message)
            self.pass_time(event.at - 1)
            self.hear(event)
            for run in self.runs:
                run.learn(event)
                run.apply(event)
            for run in self.runs:
                run.check_matching(event)
        self.pass_time(until)
        return self

    def pass_time(self, until):
        """In order of time, rule and key (triggers, section 5, 8)."""
        while True:
            waiting = [(run.due(i), place, i.key) for place, run in enumerate(self.runs)
                       for i in run.instances.values() if i.state == "armed"]
            at, place, key = min(waiting, default=(NEVER, 0, ""))
            if at > until:
                return
            self.runs[place].fire(self.runs[place].instances[key], at)
