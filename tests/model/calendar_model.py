# SPDX-License-Identifier: MIT
"""A second opinion on days of the year (triggers, sections 9 and 11): one date of one customer, one
occasion a local year, 29 February on the 28th in common years or, by choice, on 1 March; at a local
hour of the customer's, by the offset of that day. A date that is told, changed or taken back counts
from its word on, the latest word by when it was said; what is told on the day is kept that day if
the hour is still ahead. The year is the episode: whatever is edited, there is one job for each. Who is
waited for that day and moves to where the hour is over, but not the day, is written to at once.

An occasion in its grace stays as it is unless its own instant moves. It counts from the latest word
that told it, also where that says the same again: which of the two came in first decides nothing."""

import calendar
import datetime
import zoneinfo

from absence_model import job_id
from wait_model import DAY, NEVER, span


class Named:
    """What names its jobs."""

    def __init__(self, rule):
        self.id, self.epoch = rule["id"], 1


class Dated:
    """One rule of the calendar over one customer's words."""

    def __init__(self, rule, customer):
        self.rule, self.customer, self.how = Named(rule), customer, rule["calendar"]
        self.lead, self.grace = span(self.how.get("lead", "0s")) // DAY, span(rule["grace"])
        self.round = span(rule["round"])
        self.date, self.said = None, -NEVER
        self.zone, self.zone_said = "UTC", -NEVER
        self.year = None  # waited for
        self.used = 0
        self.jobs, self.decisions, self.seen = [], [], set()

    def day(self, year):
        _, month, day = self.date
        if (month, day) == (2, 29) and not calendar.isleap(year):
            month, day = (3, 1) if self.how.get("leap") == "mar1" else (2, 28)
        return datetime.date(year, month, day) - datetime.timedelta(self.lead)

    def clock(self):
        return zoneinfo.ZoneInfo(self.zone if self.how["tz"] == "customer" else self.how["tz"])

    def due(self, year):
        day, (hour, minute) = self.day(year), map(int, self.how["local"].split(":"))
        moment = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.clock())
        return int(moment.timestamp()) * 1000

    def hear(self, event):
        if event.name == "Preference Updated" and event.occurred > self.zone_said:
            self.zone, self.zone_said = event.properties["timezone"], event.occurred
        if event.name.startswith("Important Date") and event.occurred > self.said:
            self.date, self.said = event.properties.get("date"), event.occurred
            if self.date:
                year, month, day = ("0" + self.date).rsplit("-", 2) if self.date[0] != "-" else (
                    0, *self.date[2:].split("-"))
                self.date = int(year), int(month), int(day)

    def next_year(self, now):
        here = datetime.datetime.fromtimestamp(now // 1000, self.clock()).year
        start = max(here, self.date[0], self.used + 1)
        return next(year for year in range(start, start + 12) if self.due(year) > now)

    def passed(self, now):
        """Is the hour waited for over, and the day not?"""
        due = self.due(self.year)
        return due <= now and self.date[1:] == self.awaited and (
            datetime.datetime.fromtimestamp(now // 1000, self.clock()).date()
            == datetime.datetime.fromtimestamp(due // 1000, self.clock()).date())

    def look(self, now):
        if not self.date:
            if self.year:
                self.decide("cancelled", now)
                self.year = None
            return
        if self.year and self.due(self.year) == self.deadline:
            self.anchor, self.awaited = self.said, self.date[1:]
            return
        if not self.year:
            self.armed_at = now
        if not self.year or not self.passed(now):
            self.year = self.next_year(now)
        self.anchor, self.awaited = self.said, self.date[1:]
        self.deadline = self.due(self.year)
        self.fire_at = -(-(max(self.deadline, now) + self.grace) // self.round) * self.round

    def decide(self, outcome, at):
        self.decisions.append(("birthday", at, outcome, self.year, "main", self.anchor,
                               self.deadline))

    def pass_time(self, until):
        while self.year and self.fire_at <= until:
            now = self.fire_at
            self.decide("fired", now)
            self.jobs.append({
                "id": job_id(self.rule, self.customer, "birthday", self.year, "main"),
                "rule": self.rule.id, "customer": self.customer, "key": "birthday",
                "episode": self.year, "step": "main", "anchor": self.anchor,
                "armed_at": self.armed_at, "deadline": self.deadline, "fire_at": now,
                "retracted": None})
            self.used, self.year = self.year, None
            self.look(now)

    def go(self, events, until):
        for event in events:
            if event.message in self.seen:
                continue
            self.seen.add(event.message)
            self.pass_time(event.at - 1)
            self.hear(event)
            self.look(event.at)
        self.pass_time(until)
        return self
