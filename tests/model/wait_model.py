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


def openings(at):
    """Of the day that holds AT, in UTC: Monday to Saturday from 10 to 18."""
    day = at - at % DAY
    return [(day + 10 * HOUR, day + 18 * HOUR)] if (day // DAY + 3) % 7 < 6 else []


def business_after(text, at):
    """READ 25, by the policy that holds where there is none."""
    def is_open(at):
        return any(start <= at < end for start, end in openings(at))

    def opens(at):
        while not is_open(at):
            starts = [start for start, _ in openings(at) if start > at]
            at = min(starts) if starts else at - at % DAY + DAY
        return at

    at = opens(at)
    if text.endswith("d"):
        for _ in range(int(text[:-1])):
            at += DAY
            while not openings(at):
                at += DAY
        return at
    left = span(text)
    while left > 0:
        at = opens(at)
        (_, end), = openings(at)
        worked = min(left, end - at)
        at, left = at + worked, left - worked
    return at


def wait_end(wait, at):
    if isinstance(wait, str):
        return at + span(wait)
    return business_after(wait["business"], at) if "business" in wait else local_after(wait, at)
