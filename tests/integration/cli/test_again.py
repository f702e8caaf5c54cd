# SPDX-License-Identifier: MIT
"""A thousand events of which a hundred are bad: nine hundred take effect, a hundred get a verdict
each, and the same thousand sent again change nothing. And a client that sends its batches again and
again while the collector is killed: what was accepted is there, and once.

usage: test_again.py WAYMARK [TEST...]
"""

import gzip
import itertools
import json
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()
CUSTOMERS = 60
PLAN = {"events": {"Ring Engraved": {"mode": "refuse", "schema": "ring.json"}}}
RING = {"type": "object", "required": ["text"]}

# What is wrong with each item, in the words of include/codec/envelope.h: all that can be wrong with
# one item of a batch that a page sends.
BAD = [
    (b"7", "not_object"),
    (b"[]", "not_object"),
    (b"{}", "missing_type"),
    (b'{"type":"purchase","userId":"u"}', "unknown_type"),
    (b'{"type":"track","userId":"u"}', "missing_event"),
    (b'{"type":"track","event":"E","userId":"u","properties":[]}', "wrong_type"),
    (b'{"type":"page"}', "no_user_anon_id"),
    (b'{"type":"page","userId":"u","timestamp":"yesterday"}', "bad_timestamp"),
    (b'{"type":"page","userId":"u","userId":"v"}', "duplicate_field"),
    (b'{"type":"page","userId":"%s"}' % (b"u" * 257), "too_long"),
    (b'{"type":"page","userId":"a\\u0000b"}', "nul_in_text"),
    (b'{"type":"page","userId":"\\ud83d"}', "lone_surrogate"),
    (b'{"type":"page","userId":"\xff"}', "invalid_utf8"),
    (b'{"type":"page","userId":"u","properties":%s1%s}' % (b'{"a":' * 17, b"}" * 17), "too_deep"),
    (b'{"type":"page","userId":"u","properties":{"a":"%s"}}' % (b"x" * 32768), "item_too_large"),
    (b'{"type":"track","event":"Order Delivered","userId":"u"}', "not_allowed"),
    (b'{"type":"track","event":"Ring Engraved","userId":"u","properties":{}}', "schema"),
]


def track(number, **more):
    """An event of one of the customers; every seventh fills a cart, and some carts are bought."""
    name, properties = "Product Viewed", {"product_id": "p%d" % number}
    if number % 7 == 0:
        name, properties = "Product Added", {"cart_id": "C%d" % number, "product_id": "p"}
    elif number % 7 == 1 and number % 3 == 0:
        name, properties = "Order Completed", {"cart_id": "C%d" % (number - 1),
                                               "order_id": "O%d" % number}
    return {"type": "track", "userId": "c%02d" % (number // 7 % CUSTOMERS), "event": name,
            "properties": properties, "messageId": "m%04d" % number, **more}


def thousand():
    """(items as bytes, {index: code}): a hundred bad ones among nine hundred good ones. One is
    large, since all must fit what a page may send."""
    kinds = itertools.chain(BAD, itertools.cycle([row for row in BAD if row[1] != "item_too_large"]))
    items, codes = [], {}
    for index in range(1000):
        if index % 10 == 3:
            bad, codes[index] = next(kinds)
            items.append(bad)
        else:
            items.append(json.dumps(track(index)).encode())
    return items, codes


class Box(upbox.Up):
    """A running Waymark whose plan refuses an event, with one cart rule."""

    def __init__(self, place):
        place.write("plan/plan.json", json.dumps(PLAN))
        place.write("plan/ring.json", json.dumps(RING))
        super().__init__(place, args=["--rules", upbox.rules(place)],
                         env={"WAYMARK_COLLECTOR_PLAN": place.path("plan")})
        self.wait_up()

    def send(self, path, data, key="web", **fields):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        if key:
            headers["Authorization"] = harness.basic(self.key(key))
        with harness.Http(self.collector) as http:
            return http.request("POST", path, headers, data)

    def settle(self):
        """Until the workers have applied all that is in the log."""
        status, _, err = self.bring("-", "--wait", stdin=b"")
        assert status == 0, err

    def today(self):
        return json.loads(self.tool("stats", "--json")[1])["today"]

    def jobs(self):
        """{id: key} of all jobs."""
        status, out, err = self.tool("jobs", "--json")
        assert status == 0, err
        return {job["id"]: job["key"] for job in map(json.loads, out.splitlines())}

    def timelines(self):
        """{customer: names of events}."""
        return {name: self.timeline(name)
                for name in ("c%02d" % number for number in range(CUSTOMERS))}

    def entries(self, stream):
        """Fields of all entries of the streams of that name."""
        found, client = [], self.redis()
        for partition in range(harness.PARTITIONS):
            for _, fields in client("XRANGE", "wm:{p%d}:%s" % (partition, stream), "-", "+"):
                found.append(dict(zip(fields[::2], fields[1::2])))
        client.close()
        return found


def carts_left(numbers):
    """Keys of the jobs that the events of these numbers lead to."""
    bought = {"cart:C%d" % (n - 1) for n in numbers if n % 7 == 1 and n % 3 == 0}
    return sorted({"cart:C%d" % n for n in numbers if n % 7 == 0} - bought)


def expected_timelines(numbers):
    found = {"c%02d" % number: [] for number in range(CUSTOMERS)}
    for item in map(track, numbers):
        found[item["userId"]].insert(0, item["event"])
    return found


def check_verdict(answer, codes, name):
    verdict = answer.json()
    tap.equal((answer.status, verdict["accepted"], verdict["refused"]), (200, 900, 100), name)
    tap.equal({e["index"]: e["code"] for e in verdict["errors"]}, codes, "verdicts: " + name)
    tap.equal([e["index"] for e in verdict["errors"]], sorted(codes), "in order: " + name)
    tap.ok(all(e["message"] and e["offset"] > 0 for e in verdict["errors"]), "reasons: " + name)


@tap.test
def a_thousand_with_a_hundred_bad_ones_and_again():
    items, codes = thousand()
    tap.equal(set(codes.values()), {code for _, code in BAD}, "every code is among them")
    batch = b'{"batch":[%s]}' % b",".join(items)
    lines = b"\n".join(items)
    good = [n for n in range(1000) if n not in codes]
    with harness.Place() as place:
        up = Box(place)
        check_verdict(up.send("/v1/batch", batch), codes, "the batch")
        up.settle()
        harness.wait_until(lambda: sorted(up.jobs().values()) == carts_left(good), "the jobs")
        jobs, timelines = up.jobs(), up.timelines()
        tap.equal(timelines, expected_timelines(good), "timelines")
        tap.equal([up.today()[k] for k in ("applied", "duplicate", "conflict")], [900, 0, 0],
                  "what the workers did")
        again = [("the batch again", "/v1/batch", batch, {}),
                 ("the batch, compressed", "/v1/batch", gzip.compress(batch),
                  {"Content_Encoding": "gzip"}),
                 ("as a file of lines", "/v1/import", lines, {}),
                 ("as a batch for /v1/import", "/v1/import", batch, {})]
        for times, (name, path, data, fields) in enumerate(again, 1):
            check_verdict(up.send(path, data, **fields), codes, name)
            up.settle()
            tap.equal([up.today()[k] for k in ("applied", "duplicate", "conflict")],
                      [900, 900 * times, 0], name)
        # A rule's wait after the last of them: what it could have armed would have fired by now.
        up.track("witness", "Product Added", "witness", up.key("web"), cart_id="Z")
        harness.wait_until(lambda: "cart:Z" in up.jobs().values(), "the witness's job")
        left = {job: key for job, key in up.jobs().items() if key != "cart:Z"}
        tap.equal(left, jobs, "jobs afterwards")
        tap.equal(up.timelines(), timelines, "timelines afterwards")
        tap.equal(up.entries("bad"), [], "nothing is in quarantine")
        tap.equal(up.stop(), 0, "up")


@tap.test
def a_thousand_through_the_door_of_posthog_and_again():
    """It says of a payload only that it came; what is of no use in it is put aside."""
    items = []
    for number in range(1000):
        item = {"event": "$pageview", "uuid": "018f0000-0000-7000-8000-%012d" % number,
                "distinct_id": "c%02d" % (number % CUSTOMERS),
                "properties": {"$current_url": "https://shop.example/%d" % number},
                "timestamp": "2026-11-20T10:00:00.000Z"}
        if number % 10 == 3:
            del item["distinct_id"]
        items.append(item)
    with harness.Place() as place:
        up = Box(place)
        data = json.dumps({"api_key": up.key("web"), "batch": items}).encode()
        timelines = None
        for times in range(3):
            answer = up.send("/batch/", data, None)
            tap.equal((answer.status, answer.json()), (200, {"status": 1}), "the answer")
            up.settle()
            tap.equal([up.today()[k] for k in ("applied", "duplicate", "conflict")],
                      [900, 900 * times, 0], "what the workers did, time %d" % times)
            kept = up.entries("bad")
            tap.equal(len(kept), times + 1, "put aside, once each time")
            tap.equal([(e[b"c"], e[b"e"] == data) for e in kept], [(b"no_customer", True)] * len(kept),
                      "whole, and why")
            tap.equal([len(json.loads(e[b"k"])) for e in kept], [900] * len(kept),
                      "with what is known of it")
            timelines = timelines or up.timelines()
            tap.equal(up.timelines(), timelines, "timelines, time %d" % times)
        tap.equal(sum(map(len, timelines.values())), 900, "events of all customers")
        tap.equal(up.jobs(), {}, "jobs")
        tap.equal(up.stop(), 0, "up")


# ---- killed in the middle -------------------------------------------------------------------


class Client(threading.Thread):
    """Sends batches, each again until it is answered with 2xx."""

    def __init__(self, up, numbers, path):
        super().__init__(daemon=True)
        self.up, self.numbers, self.path = up, numbers, path
        self.accepted, self.attempts, self.ended = set(), 0, threading.Event()
        self.fields = {"Authorization": harness.basic(up.key("shop"))}

    def body(self, numbers):
        events = [track(number) for number in numbers]
        if self.path == "/v1/import":
            return "\n".join(map(json.dumps, events)).encode()
        return json.dumps({"batch": events}).encode()

    def post(self, data):
        try:
            with harness.Http(self.up.collector) as http:
                return http.request("POST", self.path, self.fields, data).status
        except (OSError, ConnectionError):
            return None

    def run(self):
        while not self.ended.is_set():
            numbers = list(itertools.islice(self.numbers, 20))
            data = self.body(numbers)
            while not self.ended.is_set():
                self.attempts += 1
                if self.post(data) == 200:
                    self.accepted.update("m%04d" % number for number in numbers)
                    break
                self.ended.wait(0.01)


@tap.test
def a_collector_killed_in_the_middle_loses_and_repeats_nothing():
    with harness.Place() as place:
        up = Box(place)
        clients = [Client(up, itertools.count(10000 * part), path)
                   for part, path in enumerate(("/v1/batch", "/v1/batch", "/v1/import"))]
        for client in clients:
            client.start()
        for kills in range(7):
            before = [len(client.accepted) for client in clients]
            harness.wait_until(lambda: all(len(client.accepted) > count + 40
                                           for client, count in zip(clients, before)), "some load")
            if kills < 6:
                up.kill_child("collector")
        for client in clients:
            client.ended.set()
        for client in clients:
            client.join(harness.DEADLINE)
        accepted = set().union(*(client.accepted for client in clients))
        up.settle()
        stored = [json.loads(entry[b"e"])["messageId"] for entry in up.entries("in")]
        tap.equal(sorted(accepted - set(stored)), [], "accepted and not in the log")
        today = up.today()
        tap.equal(today["applied"], len(set(stored)), "each applied once")
        tap.equal(today["duplicate"], len(stored) - len(set(stored)), "and the others counted")
        numbers = {int(message[1:]) for message in stored}
        # A page of a timeline has 200 entries.
        counts = {name: min(len(events), 200)
                  for name, events in expected_timelines(numbers).items()}
        tap.equal({name: len(events) for name, events in up.timelines().items()}, counts,
                  "events of each customer")
        harness.wait_until(lambda: len(up.jobs()) >= len(carts_left(numbers)), "the jobs")
        keys = sorted(up.jobs().values())
        tap.equal(len(keys), len(set(keys)), "no cart twice")
        print("# %d accepted in %d attempts, %d in the log, %d of them again" % (
            len(accepted), sum(client.attempts for client in clients), len(stored),
            today["duplicate"]), flush=True)
        tap.ok(len(accepted) > 600, "a load")
        tap.equal(up.stop(), 0, "up")


if __name__ == "__main__":
    tap.run()
