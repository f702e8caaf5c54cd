# SPDX-License-Identifier: MIT
"""A second opinion on what rules are to each other: superseding, groups that say one thing once,
arbitration. Written down from triggers.md (sections 4, 8 and 9), on top of the naive model of one
rule (absence_model) and of what it is asked before it may write to somebody (gate_model).

Readings, besides those of the others:

30. Which of two rules goes is decided when the lesser is due: it ends if the greater waits. When
    the greater sends, all that the lesser waits for ends.
31. Of a group the first that is due says it, for each key and each value of what it is `per`; what
    is due later ends, unless that job was taken back. The steps of one episode are one.
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
50. What waits for a source is due when its own wait is over, and once it is held, when that ends:
    nobody knows when the source will speak. If it speaks at the very instant, that is known: what
    comes in goes before what is due (contract 3).
36. Of two words of consent of one instant that which withdraws it counts.
"""

from gate_model import Asked
from person_model import Person
from wait_model import HOUR, NEVER


class Gated(Asked):
    """One rule among others."""

    def __init__(self, members, company):
        super().__init__(members, company)
        self.supersedes = members.get("supersedes", [])
        once = members.get("once", {})
        self.group, self.per = once.get("group"), once.get("per", "").removeprefix("s.")
        order = company.policy["arbitration"]["order"]
        self.place = order.index(members["rank"]) if members["rank"] in order else None

    def superiors(self):
        return [run for run in self.company.runs if self.rule.id in run.supersedes]

    def waits(self):
        return any(i.state == "armed" for i in self.instances.values())

    def is_outdone(self, i, now):
        if not self.was_said(i) and not any(run.waits() for run in self.superiors()):
            return False
        self.decide(i, "superseded", now)
        self.rest(i)
        return True

    def was_said(self, i):
        """READ 31."""
        if not self.group or any(job["episode"] == i.episode for job in i.jobs):
            return False
        told = self.facts.get(self.per)
        return any(job["told"] == told and not job["unsent"] for run in self.company.runs
                   if run.group == self.group and i.key in run.instances
                   for job in run.instances[i.key].standing)

    def emitted(self, i, job):
        job["told"] = self.facts.get(self.per)
        for run in self.company.runs:
            for other in run.instances.values():
                if run.rule.id in self.supersedes and other.state == "armed":
                    run.decide(other, "superseded", job["fire_at"])
                    run.rest(other)

    def loses(self, i, now):
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
            if run.place < self.place and not any(s.waits() for s in run.superiors()) and any(
                    self.due_of(run, other, i, now) < now + HOUR and run.would_go(other, now).goes
                    for other in run.instances.values()):
                return True
        return False

    def due_of(self, run, other, i, now):
        """When OTHER of RUN is due as far as is known now, while I is asked: READ 50."""
        if other.state != "armed" or not run.rule.sources or getattr(other, "put_off", None) or (
                run.has_word(other, now)):
            return run.due(other)
        places = self.company.runs.index(run), self.company.runs.index(self)
        begun = (other.fire_at, places[0], other.key) < (now, places[1], i.key)
        return other.fire_at + run.rule.max_hold * begun


class Company:
    """All rules of one customer."""

    def __init__(self, rules, policy, customer, marks, kind=Gated, person=Person):
        self.policy, self.customer, self.marks = policy, customer, marks
        self.person = person(customer)
        self.sends, self.seen = [], set()
        self.runs = []
        self.runs += [kind(members, self) for members in rules]

    def go(self, events, until):
        for event in events:
            if event.message in self.seen:
                continue
            self.seen.add(event.message)
            self.pass_time(event.at - 1)
            self.person.hear(event)
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
