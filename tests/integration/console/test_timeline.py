#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Timelines through the whole line: posted to the collector, applied by a worker, read page by page
from the console, and compared with a plain sorted list of what was sent.

usage: test_timeline.py WAYMARK [TEST...]
"""

import json
import os
import random
import time
from datetime import datetime, timedelta, timezone

from desk import WEB_KEY, Desk, harness

tap = harness.Tap()

SEED = int(os.environ.get("WAYMARK_TEST_SEED", time.time()))
NOW = datetime.now(timezone.utc).replace(microsecond=0)


def instant(seconds):
    """So many seconds before now."""
    at = NOW - timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def draw_history(chance, user, count):
    """COUNT events in the order in which they will be sent: mostly in order of time, sometimes
    long before, sometimes several at one instant."""
    names = ("Product Viewed", "Product Added", "Page Viewed", "own thing", "Viewed Product")
    age, result = 2 * count, []
    for number in range(count):
        age = max(age - chance.choice((0, 1, 1, 2)), 0)
        late = chance.randint(1, 20 * count) if chance.random() < 0.15 else 0
        result.append({
            "type": "track", "event": chance.choice(names), "userId": user,
            "messageId": "%s-%d" % (user, number), "timestamp": instant(age + late),
            "properties": {"product_id": "p%d" % number, "text": "\u2028</script>\U0001f600"[:number % 4]}})
    return result


def canonical(name):
    return {"Viewed Product": "Product Viewed"}.get(name, name)


def is_sorted(entries):
    """Newest first, by time, then by place in the log."""
    def place(entry):
        ms, _, seq = entry["id"].partition("-")
        return entry["at"], int(ms), int(seq) if seq else 2**64 - 1, entry["nth"]
    places = [place(entry) for entry in entries]
    return places == sorted(set(places), reverse=True)


class Told(Desk):
    """A desk where USER has the given history, half of it from another source."""

    def __init__(self, user, history):
        super().__init__()
        self.user, self.history = user, history
        half = len(history) // 2
        self.post(history[:half])
        self.post(history[half:], WEB_KEY)
        self.wait_events(user, len(history))

    def chunks(self):
        """How many sealed chunks the customer has."""
        return max(self.server("LLEN", "wm:{p%d}:t:%s" % (partition, self.user))
                   for partition in range(harness.PARTITIONS))


def check_events(desk, entries, expected, name):
    """Are the ENTRIES those events, each once, whole, and in order?"""
    got = {entry["message_id"]: entry for entry in entries if entry["kind"] == "event"}
    tap.equal(sorted(got), sorted(e["messageId"] for e in expected), name + ": which")
    tap.equal(len(got), sum(entry["kind"] == "event" for entry in entries), name + ": once")
    tap.ok(is_sorted(entries), name + ": in order")
    for event in expected:
        entry = got.get(event["messageId"])
        if entry and (entry["at"], entry["event"], entry["properties"]) != (
                event["timestamp"], canonical(event["event"]), event["properties"]):
            tap.ok(False, "%s: %r is not %r" % (name, entry, event))
    del desk


@tap.test
def pages_are_the_whole_history_at_any_size():
    print("# WAYMARK_TEST_SEED=%d" % SEED)
    history = draw_history(random.Random(SEED), "u/1 \u00e4%2F", 700)
    with Told(history[0]["userId"], history) as desk:
        tap.ok(desk.chunks() >= 20, "%d chunks" % desk.chunks())
        every = desk.entries(desk.user, limit=200)
        check_events(desk, every, history, "all")
        total = desk.customer(desk.user).json()["totals"]
        tap.equal((total["events"], total["entries"]), (700, len(every)), "totals")
        for limit in (1, 7, 16, 50, 199):
            pages = list(desk.pages(desk.user, limit=limit))
            entries = [entry for page in pages for entry in page["entries"]]
            tap.ok(entries == every, "pages of %d" % limit)
            sizes = {len(page["entries"]) for page in pages[:-1]}
            tap.equal(sizes, {limit}, "sizes of pages of %d" % limit)
        tap.equal(len(desk.page(desk.user)["entries"]), 50, "entries if nobody says how many")


@tap.test
def a_late_event_stands_at_its_own_time():
    history = draw_history(random.Random(SEED + 1), "u1", 120)
    late = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "late",
            "properties": {"order_id": "O1"}, "timestamp": "2024-02-29T12:00:00.000Z"}
    early = dict(late, messageId="first", timestamp="2020-01-01T00:00:00.000Z")
    with Told("u1", history) as desk:
        first = desk.page("u1", limit=30)
        desk.post([late, early])
        desk.wait_events("u1", 122)
        newest = desk.page("u1", limit=30)
        shown = [entry.get("message_id") for entry in newest["entries"]]
        tap.ok("late" not in shown and "first" not in shown, "not among the newest")
        # Turning on from a page that was taken before the late events came: nothing is shifted.
        rest, cursor = [], first["next"]
        while cursor:
            page = desk.page("u1", limit=30, cursor=cursor)
            rest += page["entries"]
            cursor = page["next"]
        check_events(desk, first["entries"] + rest, history + [late, early], "walk")
        tap.equal([e["message_id"] for e in rest if e["kind"] == "event"][-2:], ["late", "first"],
                  "at the end")
        around = desk.entries("u1", from_="2024-02-29", to="2024-03-01")
        tap.equal([e["message_id"] for e in around], ["late"], "found at its time")


@tap.test
def filters_are_those_of_a_plain_list():
    chance = random.Random(SEED + 2)
    history = draw_history(chance, "u1", 400)
    for number in range(0, 400, 50):
        history[number].update(event="Order Completed", properties={"order_id": "O%d" % number})
    with Told("u1", history) as desk:
        every = desk.entries("u1", limit=200)

        def check(name, wanted, **params):
            for limit in (9, 200):
                got = desk.entries("u1", limit=limit, **params)
                tap.ok(got == [e for e in every if wanted(e)], "%s by %d" % (name, limit))

        check("web", lambda e: e.get("channel") == "web", channel="web")
        check("server", lambda e: e.get("channel") == "server", channel="server")
        check("nothing", lambda e: False, channel="phone")
        check("events", lambda e: e["kind"] == "event", kind="event")
        check("decisions", lambda e: e["kind"] == "decision", kind="decision")
        tap.ok(any(e["kind"] == "decision" for e in every), "there are decisions")
        for name in ("Product Viewed", "own thing", "Viewed Product"):
            check(name, lambda e, n=name: e.get("event") == canonical(n) or e.get("original") == n,
                  event=name)
        for _ in range(6):
            low, high = sorted(chance.choice(every)["at"] for _ in range(2))
            check("%s to %s" % (low, high), lambda e, a=low, b=high: a <= e["at"] < b,
                  from_=low, to=high)
        check("both", lambda e: e["kind"] == "event" and e.get("channel") == "web" and
              e["event"] == "Product Added", channel="web", event="Product Added", kind="event")


@tap.test
def people_without_a_name_are_found_by_their_anonymous_id():
    with Desk() as desk:
        desk.post([{"type": "track", "event": "E", "anonymousId": "a:1", "messageId": "m1"}])
        desk.wait_events("a:1", 1)
        tap.equal(desk.page("a:1")["customer"], "anon:a:1", "key")
        tap.equal(desk.page("anon:a:1")["entries"], desk.page("a:1")["entries"], "the same")
        # A user of that very id comes first.
        desk.post([{"type": "track", "event": "E", "userId": "a:1", "messageId": "m2"}])
        harness.wait_until(lambda: desk.page("a:1")["customer"] == "a:1", "the user")
        tap.equal(desk.page("anon:a:1")["customer"], "anon:a:1", "the visitor")


@tap.test
def large_events_make_short_pages():
    with Desk() as desk:
        events = [{"type": "track", "event": "E", "userId": "u1", "messageId": "m%d" % n,
                   "timestamp": instant(100 - n), "properties": {"pad": "<" * 32000}}
                  for n in range(80)]
        desk.post(events)
        desk.wait_events("u1", 80)
        pages = list(desk.pages("u1", limit=200, kind="event"))
        ids = [e["message_id"] for page in pages for e in page["entries"]]
        tap.equal(ids, ["m%d" % n for n in range(79, -1, -1)], "all of them")
        tap.equal([len(page["entries"]) for page in pages], [31, 31, 18], "entries a page")
        tap.ok(all(len(json.dumps(page)) < 3 << 20 for page in pages), "bytes a page")


tap.run()
