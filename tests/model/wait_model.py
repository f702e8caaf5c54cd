# SPDX-License-Identifier: MIT
"""When a wait is over, a second time: lengths, local times on clocks that change, the shop's hours."""

import datetime
import re
import zoneinfo

NEVER = 1 << 62
SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000
UNITS = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": 1}


def span(text):
    """A length of time such as `1h30m`."""
    if text == "never":
        return NEVER
    sign = -1 if text.startswith("-") else 1
    parts = re.findall(r"(\d+)(ms|[wdhms])?", text.lstrip("-"))
    return sign * sum(int(number) * UNITS[unit or "ms"] for number, unit in parts)


WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def local_after(wait, at):
    """The next local time of WAIT behind AT: what the clock on the wall shows on that date. Of two
    such instants the first; of none the one with the offset from before (triggers, section 9)."""
    zone = zoneinfo.ZoneInfo(wait["tz"])
    today = datetime.datetime.fromtimestamp(at // 1000, zone).date()
    days = wait.get("days", 0)
    while True:
        day = today + datetime.timedelta(days)
        shown, hour, minute = day, 0, 0
        if wait["local"] == "day_end":
            shown = day + datetime.timedelta(1)
        else:
            hour, minute = map(int, wait["local"].split(":"))
        moment = datetime.datetime(shown.year, shown.month, shown.day, hour, minute, tzinfo=zone)
        instant = int(moment.timestamp()) * 1000
        if instant > at and WEEK[day.weekday()] in wait.get("weekdays", WEEK):
            return instant + span(wait.get("plus", "0s"))
        days += 1


# The opening hours that hold where the policy says nothing.
SHOP = {day: [] if day == "sun" else ["10:00-18:00"] for day in WEEK}


def easter(year):
    """Sunday after the full moon: the rule of 1876 that is printed everywhere."""
    century, of_19 = year // 100, year % 19
    moon = (19 * of_19 + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (year % 100 // 4) - moon - year % 100 % 4) % 7
    later = (of_19 + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * later + 114, 31)
    return datetime.date(year, month, day + 1)


def is_holiday(holidays, date):
    """`12-25`, each year; `easter+1`: so many days behind Easter Sunday; `2026-04-01`: once."""
    since = (date - easter(date.year)).days
    return any(day in (date.isoformat(), date.strftime("%m-%d")) or
               day.startswith("easter") and int(day.removeprefix("easter") or 0) == since
               for day in holidays)


def openings(at, opening):
    """Of the day that holds AT, in UTC."""
    start = at - at % DAY
    date = datetime.datetime.fromtimestamp(start // 1000, datetime.timezone.utc).date()
    if is_holiday(opening.get("holidays", []), date):
        return []
    hours = [hour.split("-") for hour in opening.get(WEEK[date.weekday()], [])]
    return [tuple(start + HOUR * int(clock[:2]) + MINUTE * int(clock[3:]) for clock in pair)
            for pair in hours]


def shop_is_open(at, opening):
    return any(start <= at < end for start, end in openings(at, opening))


def opens_next(at, opening):
    while not shop_is_open(at, opening):
        starts = [start for start, _ in openings(at, opening) if start > at]
        at = min(starts) if starts else at - at % DAY + DAY
    return at


def business_after(text, at, opening):
    """READ 25."""
    at = opens_next(at, opening)
    if text.endswith("d"):
        for _ in range(int(text[:-1])):
            at += DAY
            while not openings(at, opening):
                at += DAY
        if shop_is_open(at, opening):
            return at
        hours = openings(at, opening)
        return min([start for start, _ in hours if start > at], default=hours[-1][1])
    left = span(text)
    while left > 0:
        at = opens_next(at, opening)
        end = next(end for start, end in openings(at, opening) if start <= at < end)
        worked = min(left, end - at)
        at, left = at + worked, left - worked
    return at


def wait_end(wait, at, opening):
    if isinstance(wait, str):
        return at + span(wait)
    if "business" in wait:
        return business_after(wait["business"], at, opening)
    return local_after(wait, at)
