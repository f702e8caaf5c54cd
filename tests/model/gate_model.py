# SPDX-License-Identifier: MIT
"""A second opinion on the gates of one rule: from triggers.md (sections 8 to 10 and 14), on top of
the naive model of absence. What rules are to each other is company_model's.

Readings, besides those of person_model:

42. The reason is that of the first gate that says no, of ways that of the first that was struck
    out. With another way left that is where it goes, and the reason says why not the first.
43. Whom a mail came back from, or who complained, is not followed to another way with marketing.
44. Quiet hours of a country are in place of the channel's own, the customer's own besides; who
    ignores quiet hours ignores days off too. The rule's window and the shop's hours always wait.
45. Who is held out is asked everything, and then nothing goes; it takes no room in any cap and says
    nothing for others, but what comes of it (cooldown, steps, what it supersedes) comes of it.
46. Its worth counts from when it came due, also while it is held for a source. What could only go
    when it is worth nothing has expired as soon as that is known; who does not wait at all is told
    why it may not go now.
47. A cap counts what its `counts` say, and stops what its `classes` say.
48. A step that is work for staff in a rule that is not goes to them, if it names no way.
49. Service of a topic of its own is what the customer has asked for: it needs no word, and heeds
    one that takes back the topic, or all.
"""

import datetime
import zoneinfo

from absence_model import Rule, Run
from cond_model import holds
from wait_model import DAY, MINUTE, NEVER, is_holiday, span, shop_is_open

HALF = 30 * MINUTE
AHEAD = 366 * DAY  # hours that are free in summer time alone
FREE = {}  # what is looked for so far ahead: (since when, from when on) of those who are alike
QUIET = {"sms": ("21:00", "08:00"), "call": ("21:00", "08:00"), "push": ("21:00", "08:00")}
OWN_QUIET = ("email", "sms", "push", "call")


def local(zone, at):
    return datetime.datetime.fromtimestamp(at // 1000, zoneinfo.ZoneInfo(zone))


def is_within(hours, shown):
    start, end = hours
    return start <= shown < end if start < end else shown >= start or shown < end


def pair(text):
    return tuple(text.split("-"))


class Verdict:
    """May it go? If not: from when on, if ever."""

    def __init__(self, goes, reason=None, until=None, outcome="suppressed", channel=None):
        self.goes, self.reason, self.until = goes, reason, until
        self.outcome, self.channel = outcome, channel


class Asked(Run):
    """One rule whose jobs are asked whether they may go."""

    def __init__(self, members, company):
        super().__init__(Rule(members, company.policy), company.customer, company.marks)
        get = members.get
        self.company, self.person, self.policy = company, company.person, company.policy
        self.channels, self.topic = members["channels"], get("topic", members["class"])
        self.step_list = get("steps", [{}])
        self.quiet, self.on_cap = get("quiet", "defer"), get("on_cap", "defer")
        self.window = pair(members["send_at"]["local"]) if "send_at" in members else None
        self.cap, self.expire = get("cap"), span(get("expire", "never"))
        self.mutes, self.share = get("mute", []), get("holdout", self.policy["holdout"]["share"])
        rank = get("priority", {"likelihood": 1, "impact": 0})
        self.is_grave = rank["likelihood"] >= 0.5 and rank["impact"] >= 0.7
        self.verdict = None

    def kind_of(self, i):
        return self.step_list[i.step].get("class", self.rule.kind)

    def ways_of(self, i):
        """READ 48."""
        step = self.step_list[i.step]
        usual = ["task"] if step.get("class") == "task" else self.channels
        return self.person.ranked(step.get("channels", usual))

    # The gates in their order

    def flagged(self, i, now):
        return self.person.flag()

    def consent(self, i, ways):
        """(the ways on which we may, why not on the first of those on which we may not)."""
        kind = self.kind_of(i)
        if kind == "task":
            return ways, None
        if kind == "service" and self.topic == "service":
            return (ways, None) if self.person.has_matter() else ([], "no_contract")
        refused = {way: self.person.refusal(self.topic, way) for way in ways}
        if kind == "service":  # asked for by the customer: READ 49
            objects = {way: self.person.refusal(None, way) for way in ways}
            refused = {way: "withdrawn" if "withdrawn" in (refused[way], objects[way]) else None
                       for way in ways}
        return [way for way in ways if not refused[way]], refused[ways[0]]

    def reach(self, i, ways):
        """(the way that leads to them or None, why not the first)."""
        first = None
        for way in ways:
            reason = self.person.obstacle(way)
            if not reason and way == "call" and not self.is_grave:
                reason = "too_costly"
            if not reason:
                return way, first
            first = first or reason
            if self.kind_of(i) == "marketing" and reason in ("bounced", "complained"):
                return None, reason  # READ 43
        return None, first

    def would_go(self, i, now):
        """What is asked before anything that is about when."""
        flag = self.flagged(i, now)
        if flag:
            return Verdict(False, flag)
        ways, refusal = self.consent(i, self.ways_of(i))
        if not ways:
            return Verdict(False, refusal)
        way, reason = self.reach(i, ways)
        if not way:
            return Verdict(False, reason)
        if self.rule.fire_if and not holds(self.rule.fire_if, None, self.facts):
            return Verdict(False, "fire_if")
        return Verdict(True, refusal or reason, channel=way)

    def is_held_out(self, i):
        return self.kind_of(i) == "marketing" and self.person.is_held_out(
            self.share, self.policy["holdout"]["salt"])

    def forbidden(self, channel, at):
        """Why it may not go at that hour (READ 44)."""
        clock = local(self.person.zone(), at)
        shown = clock.strftime("%H:%M")
        country = self.policy["countries"].get(self.person.about.get("country"))
        country = country if country and channel in country["channels"] else None
        if self.quiet != "ignore":
            hours = pair(country["quiet"]) if country else QUIET.get(channel)
            if hours and is_within(hours, shown):
                return "quiet_hours"
            own = tuple(self.person.about.get("quiet_" + end) for end in ("from", "to"))
            if channel in OWN_QUIET and all(own) and is_within(own, shown):
                return "quiet_hours"
            if country and (country.get("sundays") and clock.weekday() == 6 or
                            is_holiday(country.get("holidays", []), clock.date())):
                return "day_off"
        if self.window and not is_within(self.window, shown):
            return "outside_window"
        if self.policy["channels"].get(channel, {}).get("opening") and not shop_is_open(
                at, self.policy["opening"]):
            return "closed"
        return None

    def hours(self, channel, now):
        """(from when on nothing forbids it, why not now)."""
        about = self.person.about
        facts = (type(self).forbidden, str(self.policy), self.quiet, self.window, channel,
                 self.person.zone(), about.get("country"), about.get("quiet_from"),
                 about.get("quiet_to"))
        since, at = FREE.get(facts, (now, now))
        if not since <= now < at:
            since = at = now
            while at != NEVER and self.forbidden(channel, at):
                at += HALF - at % HALF
                at = at if at <= now + AHEAD else NEVER
            FREE[facts] = since, at
        return at, self.forbidden(channel, now)

    def opens(self, now, count, within, counts):
        sent = sorted(s["fire_at"] for s in self.company.sends
                      if s["retracted"] is None and s["fire_at"] > now - within and counts(s))
        return sent[-count] + within if len(sent) >= count else now

    def policy_cap(self, i, channel, now):
        """When all caps of the policy have room: READ 34 and 47."""
        until = now
        for cap in self.policy["caps"]:
            if self.kind_of(i) not in cap.get("classes", ["marketing"]) or self.on_cap == "ignore" \
                    or channel not in cap.get("channels", [channel]):
                continue
            until = max(until, self.opens(
                now, cap["count"], span(cap["within"]),
                lambda s, cap=cap: s["channel"] in cap.get("channels", [s["channel"]]) and
                s["kind"] in cap.get("counts", [s["kind"]])))
        return until

    def own_cap(self, now):
        if not self.cap:
            return now
        within = span(self.cap["within"])
        until = self.opens(now, self.cap["count"], within, lambda s: s["rule"] == self.rule.id)
        for run in self.company.runs:
            if self.cap.get("topic") and run is not self and run.topic == self.topic:
                until = max(until, self.opens(now, 1, within,
                                              lambda s, run=run: s["rule"] == run.rule.id))
        return until

    def caps(self, i, channel, now):
        """(from when on there is room, why not now)."""
        until = self.policy_cap(i, channel, now)
        if until > now:
            return until, "cap_full"
        return self.own_cap(now), "rule_cap_full"

    def waits_for(self, reason):
        return {"quiet_hours": self.quiet, "day_off": self.quiet, "cap_full": self.on_cap,
                "rule_cap_full": self.on_cap}.get(reason, "defer") == "defer"

    def muted(self, i):
        if "case_open" in self.mutes and self.person.has_case():
            return "muted_case_open"
        return None

    def worth_from(self, i, now):
        """READ 46."""
        return i.fire_at

    def judge(self, i, now):
        worthless = min(self.worth_from(i, now) + self.expire, NEVER)
        if now >= worthless:
            return Verdict(False, "expired", outcome="expired")
        verdict = self.would_go(i, now)
        if not verdict.goes:
            return verdict
        channel = verdict.channel
        for until, reason in (self.hours(channel, now), self.caps(i, channel, now)):
            if until == now:
                continue
            if not self.waits_for(reason) or until == NEVER:
                return Verdict(False, reason)
            if until >= worthless:
                return Verdict(False, "expired", outcome="expired")
            return Verdict(False, reason, until)
        muted = self.muted(i)
        if muted:
            return Verdict(False, muted)
        if self.loses(i, now):
            return Verdict(False, "superseded", outcome="superseded")
        if self.is_held_out(i):
            return Verdict(True, "holdout", channel=channel)
        return verdict

    def loses(self, i, now):
        """Does another message go first?"""
        return False

    # What comes of it

    def due(self, i):
        put_off = getattr(i, "put_off", None)
        return put_off if put_off and i.state == "armed" else super().due(i)

    def rest(self, i, keep=False):
        i.put_off = None
        super().rest(i, keep)

    def set_deadline(self, i, deadline, at):
        i.put_off = None
        super().set_deadline(i, deadline, at)

    def may_go(self, i, now):
        verdict = self.verdict = self.judge(i, now)
        if verdict.goes:
            i.was_due = i.fire_at if getattr(i, "put_off", None) else now
            i.put_off = None
        elif verdict.until:
            self.decide(i, "deferred", now)
            self.periods.append((i.deadline, verdict.until))
            i.put_off = verdict.until
        else:
            self.decide(i, verdict.outcome, now)
            self.rest(i)
        return verdict.goes

    def come_out(self, i, job, now):
        """READ 45."""
        job["kind"], job["channel"], job["came_due"] = self.kind_of(i), self.verdict.channel, i.was_due
        job["unsent"] = self.verdict.reason == "holdout"
        if job["unsent"]:
            self.decide(i, "would_send", now)
            return
        super().come_out(i, job, now)
        self.company.sends.append(job)

    def decide(self, i, outcome, at, job=None):
        """With why, on which way and until when. What nobody got is not taken back."""
        if outcome == "retracted" and job["unsent"]:
            return
        super().decide(i, outcome, at, job)
        said = self.verdict if outcome in ("fired", "would_send", "deferred", "suppressed",
                                           "expired") else None
        self.decisions[-1] += (said and said.reason, said and said.channel if said and said.goes
                               else None, said and said.until)
