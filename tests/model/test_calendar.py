#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Days of the year twice: the engine against a naive model, on dates that are told, changed and
taken back around the day itself, also late and twice, by customers who move between zones.

WAYMARK_TEST_SEED sets the chance (printed), WAYMARK_MODEL_COUNT the number of customers (600)."""

import collections
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
sys.path.insert(0, HERE)
import absence_check  # noqa: E402
import absence_model  # noqa: E402
import calendar_model  # noqa: E402
import harness  # noqa: E402
from absence_histories import ZONES  # noqa: E402
from wait_model import DAY, HOUR, MINUTE  # noqa: E402

SEED = os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6)))
COUNT = int(os.environ.get("WAYMARK_MODEL_COUNT", "600"))
START = 1803859200000  # 2027-03-01T00:00Z; 2028 is the leap year
LENGTH = 1100 * DAY
# Days before the end of February, around changes of clocks, and around the end of the year.
DAYS = ("02-28", "02-29", "03-01", "03-12", "03-28", "10-31", "11-07", "12-31", "01-01")
tap = harness.Tap()


def rules(chance):
    return [{
        "id": "day_%d" % number, "class": "task", "channels": ["task"], "gates": "off",
        "calendar": {"date": "birthday", "lead": "%dd" % chance.choice((0, 0, 1, 14, 59)),
                     "local": chance.choice(("09:00", "00:00", "02:30", "23:59")),
                     "tz": chance.choice(("customer", "customer", "America/New_York")),
                     "leap": chance.choice(("feb28", "mar1"))},
        "grace": chance.choice(("0s", "2m", "5h")), "round": chance.choice(("1ms", "1s"))}
        for number in range(6)]


def history(chance, user):
    """Words on a grid of hours, many of them on the day itself."""
    events, day = [], chance.choice(DAYS)
    for number in range(chance.randint(1, 7)):
        said = START + HOUR * chance.randint(0, LENGTH // HOUR)
        if chance.random() < 0.6:
            month, date = map(int, day.split("-"))
            year = chance.choice((2027, 2028, 2029))
            near = absence_check.datetime.datetime(year, month, min(date, 28),
                                                   tzinfo=absence_check.datetime.timezone.utc)
            said = int(near.timestamp()) * 1000 + HOUR * chance.randint(-30, 60)
        said += number  # no two words of one instant
        at = said + chance.choice((0, 0, MINUTE, 3 * HOUR, 30 * HOUR))
        kind = chance.random()
        if kind < 0.5:
            name, born = "Important Date Set", chance.choice(("1990-", "2000-", "2028-", "--"))
            day = chance.choice((day, day, chance.choice(DAYS)))
            if day == "02-29" and born == "1990-":
                born = "2000-"
            properties = {"name": "birthday", "date": born + day}
        elif kind < 0.65:
            name, properties = "Important Date Removed", {"name": "birthday"}
        else:
            name, properties = "Preference Updated", {"timezone": chance.choice(ZONES)}
        message = "%s-%d" % (user, number)
        for again in range(1 + (chance.random() < 0.1)):
            events.append(absence_model.Event(at + again * HOUR, said, name, properties, user,
                                              message))
    return sorted(events, key=lambda e: e.at)


class Case:
    def __init__(self, chance):
        self.rules, self.until = rules(chance), START + LENGTH
        self.histories = {user: history(chance, user) for user in ("u%d" % n for n in range(100))}

    def engine(self):
        return absence_check.engine(harness.waymark(), self.rules,
                                    absence_check.log_of(self.histories, []), self.until)

    def compare(self, got, kind=calendar_model.Dated):
        wrong, outcomes = [], collections.Counter()
        for rule in self.rules:
            for user, events in self.histories.items():
                run = kind(rule, user).go(events, self.until)
                mine = ([absence_check.plain(job) for job in run.jobs], absence_check.decided(run))
                outcomes.update(one[2] for one in run.decisions)
                if mine != got.get((rule["id"], user), ([], [])):
                    wrong.append((rule, user, got.get((rule["id"], user)), mine))
        return wrong, outcomes


@tap.test
def engine_and_model_agree():
    outcomes = collections.Counter()
    for number in range(-(-COUNT // 100)):
        case = Case(random.Random("%s/calendar/%d" % (SEED, number)))
        wrong, seen = case.compare(case.engine())
        outcomes += seen
        for rule, user, its, mine in wrong[:2]:
            tap.ok(False, "%s/%d, %s of %s: %s; engine %s, model %s" % (
                SEED, number, json.dumps(rule["calendar"]), user, [
                    absence_check.line_of(e) for e in case.histories[user]],
                json.dumps(its)[:900], json.dumps(mine)[:900]))
    print("# seed %s: %d customers under 6 rules; %s" % (SEED, COUNT, dict(outcomes)))
    tap.ok(outcomes["fired"] > COUNT and outcomes["cancelled"] > COUNT / 10, "something happened")


class LeapMoves(calendar_model.Dated):
    """The other way of 29 February."""

    def day(self, year):
        self.how = dict(self.how, leap="feb28" if self.how["leap"] == "mar1" else "mar1")
        day = super().day(year)
        self.how = dict(self.how, leap="feb28" if self.how["leap"] == "mar1" else "mar1")
        return day


class OneOffset(calendar_model.Dated):
    """The offset of 1 January all year: wrong."""

    def due(self, year):
        january = calendar_model.datetime.datetime(year, 1, 1, tzinfo=self.clock()).utcoffset()
        day, (hour, minute) = self.day(year), map(int, self.how["local"].split(":"))
        moment = calendar_model.datetime.datetime(
            day.year, day.month, day.day, hour, minute,
            tzinfo=calendar_model.datetime.timezone(january))
        return int(moment.timestamp()) * 1000


class AlwaysToday(calendar_model.Dated):
    """Told on the day, and the hour is over: kept the next year, not today."""

    def next_year(self, now):
        here = calendar_model.datetime.datetime.fromtimestamp(now // 1000, self.clock()).year
        return max(here, self.date[0], self.used + 1)


class TwiceAYear(calendar_model.Dated):
    def next_year(self, now):
        self.used = 0
        return super().next_year(now)


class NeverTakenBack(calendar_model.Dated):
    def hear(self, event):
        if event.name != "Important Date Removed":
            super().hear(event)


class LastToArrive(calendar_model.Dated):
    def hear(self, event):
        self.said, self.zone_said = (min(at, event.occurred - 1) for at in (self.said, self.zone_said))
        super().hear(event)


class NeverMoves(calendar_model.Dated):
    """A customer who moves keeps the hour of the old place."""

    def look(self, now):
        if not self.year or self.said != self.anchor or not self.date:
            super().look(now)


MUTANTS = (LeapMoves, OneOffset, AlwaysToday, TwiceAYear, NeverTakenBack, LastToArrive, NeverMoves)


@tap.test
def a_wrong_model_is_noticed():
    case = Case(random.Random("calendar mutants"))
    got = case.engine()
    found = {kind.__name__: len(case.compare(got, kind)[0]) for kind in MUTANTS}
    print("#", found)
    for name, times in found.items():
        tap.ok(times > 0, name + " goes unnoticed")


tap.run()
