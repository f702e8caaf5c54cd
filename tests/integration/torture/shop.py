# SPDX-License-Identifier: MIT
"""A shop that never stops: threads posting events over HTTP with retries, and a ledger of what was
answered, so that afterwards every event can be accounted for."""

import collections
import json
import os
import random
import threading
import time
from datetime import datetime, timedelta, timezone

import harness

KEY = "wk_torture_0123456789"
TILL_KEY = "wk_torture_till_0123456789"
KEYS_INI = ("[shop]\nkey = %s\nkind = server\nchannel = web\n"
            "[till-1]\nkey = %s\nkind = till\nchannel = store\n" % (KEY, TILL_KEY))


def instant(offset=0.0):
    at = datetime.now(timezone.utc) + timedelta(seconds=offset)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at.microsecond // 1000)


class Ledger:
    """What became of every message: accepted (a 2xx), refused, or unknown."""

    def __init__(self):
        self.lock = threading.Lock()
        self.accepted = set()
        self.sent = set()
        self.customer_of = {}

    def note_sent(self, items):
        with self.lock:
            for item in items:
                self.sent.add(item["messageId"])
                self.customer_of[item["messageId"]] = item["userId"]

    def note_accepted(self, items):
        with self.lock:
            self.accepted.update(item["messageId"] for item in items)


class Shop:
    """Customers CUSTOMERS, each owned by one thread, so that a customer's events go out in order."""

    def __init__(self, collector, seed, customers=60, threads=3):
        self.collector, self.ledger = collector, Ledger()
        self.stop_asked = threading.Event()
        self.threads = []
        for number in range(threads):
            owned = ["c%03d" % c for c in range(customers) if c % threads == number]
            thread = threading.Thread(target=self._run, args=(number, owned, seed), daemon=True)
            self.threads.append(thread)
        self.threads.append(threading.Thread(target=self._till, args=(seed,), daemon=True))

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stop_asked.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a customer does not stop shopping"

    def _run(self, number, owned, seed):
        chance = random.Random(seed * 1000 + number)
        counts = collections.Counter()
        while not self.stop_asked.is_set():
            items = [self._event(chance, chance.choice(owned), counts)
                     for _ in range(chance.randint(1, 6))]
            self.ledger.note_sent(items)
            if chance.random() < 0.05:
                items = items + items[:1]
            self._post(items)
            self.stop_asked.wait(chance.uniform(0.0, 0.03))

    def _till(self, seed):
        """A till that says now and then until when it is complete, sometimes too late for a rule."""
        chance = random.Random(seed * 1000 + 999)
        while not self.stop_asked.is_set():
            line = json.dumps({"type": "watermark",
                               "completeUntil": instant(-chance.uniform(0.0, 1.0))})
            try:
                answer = self.collector.post("/v1/import", line.encode(), {
                    "Authorization": harness.basic(TILL_KEY),
                    "Content-Type": "application/x-ndjson"})
                assert answer.status in (200, 429, 500, 502, 503, 504), answer
            except (OSError, ConnectionError):
                pass
            self.stop_asked.wait(chance.uniform(0.05, 2.5))

    def _event(self, chance, user, counts):
        counts[user] += 1
        order = "%s-%d" % (user, counts[user] // 4)
        name, properties = chance.choice((
            ("Product Added", {"cart_id": "k" + order, "product_id": "p1"}),
            ("Product Added", {"product_id": "p2"}),
            ("Cart Viewed", {"cart_id": "k" + order}),
            ("Product Viewed", {"product_id": "p3"}),
            ("Order Completed", {"order_id": order, "cart_id": "k" + order,
                                 "promised_at": instant(chance.uniform(0.5, 3))}),
            ("Order Completed", {"order_id": order, "promised_at": instant(2)}),
            ("Order Delivered", {"order_id": order}),
            ("Cart Emptied", {"cart_id": "k" + order}),
        ))
        late = chance.uniform(0, 0.4) if chance.random() < 0.2 else 0
        return {"type": "track", "event": name, "userId": user, "properties": properties,
                "messageId": "%s-%d" % (user, counts[user]), "timestamp": instant(-late)}

    def _post(self, items):
        """Until it is accepted: no answer and 5xx mean the same messages again."""
        body = json.dumps({"batch": items}).encode()
        while True:
            try:
                answer = self.collector.post("/v1/batch", body, {
                    "Authorization": harness.basic(KEY), "Content-Type": "application/json"})
                if answer.status == 200:
                    self.ledger.note_accepted(items)
                    return
                assert answer.status in (429, 500, 502, 503, 504), answer
            except (OSError, ConnectionError):
                pass
            if self.stop_asked.is_set() and not self.collector.is_running():
                return
            time.sleep(0.02)


def jobs_of(redis, partitions=harness.PARTITIONS):
    """(ids emitted, in order; ids retracted) from the job streams."""
    emitted, retracted = [], []
    for partition in range(partitions):
        for _, fields in redis("XRANGE", "wm:{p%d}:jobs" % partition, "-", "+"):
            pairs = dict(zip(fields[::2], fields[1::2]))
            (emitted if b"j" in pairs else retracted).append(pairs[b"id"].decode())
    return emitted, retracted


def fire_times(redis, partitions=harness.PARTITIONS):
    """id of each emitted job: when it fired."""
    times = {}
    for partition in range(partitions):
        for _, fields in redis("XRANGE", "wm:{p%d}:jobs" % partition, "-", "+"):
            pairs = dict(zip(fields[::2], fields[1::2]))
            if b"j" in pairs:
                times[pairs[b"id"].decode()] = json.loads(pairs[b"j"])["fire_at"]
    return times


def positions(redis, partitions=harness.PARTITIONS):
    return [redis("HGET", "wm:{p%d}:pos" % p, "id") for p in range(partitions)]


def is_drained(redis, partitions=harness.PARTITIONS):
    """Everything in the log is applied, and nothing is due any more."""
    for partition in range(partitions):
        last = redis("XREVRANGE", "wm:{p%d}:in" % partition, "+", "-", "COUNT", "1")
        position = redis("HGET", "wm:{p%d}:pos" % partition, "id")
        if last and last[0][0] != position:
            return False
        if redis("ZCARD", "wm:{p%d}:due" % partition):
            return False
    return True


def wait_drained(redis, what="the log drained"):
    """Until it is, as long as anything is applied or goes off: no timer of these tests is later than
    half a minute."""
    def due():
        return [redis("ZCARD", "wm:{p%d}:due" % p) for p in range(harness.PARTITIONS)]
    harness.wait_moving(lambda: is_drained(redis), what,
                        lambda: (due(), harness.whereabouts(redis)), 60)


def counters(redis, partitions=harness.PARTITIONS):
    """All counters, summed over partitions and days."""
    total = collections.Counter()
    for partition in range(partitions):
        for key in redis("KEYS", "wm:{p%d}:day:*" % partition):
            values = redis("HGETALL", key.decode())
            for name, value in zip(values[::2], values[1::2]):
                total[name.decode()] += int(value)
    return total


def backtest_ids(place, redis, rules):
    """(ids with when they fired, retracted ids) of a backtest of the live log."""
    status, out, error = place.tool("backtest", "--rules", rules, "--log", "--redis",
                                    "unix:" + redis.socket, "--json", within=120)
    if status != 0:
        raise AssertionError(error)
    jobs = json.loads(out)["jobs"]
    return ({j["id"]: j["fire_at"] for j in jobs},
            sorted(j["id"] for j in jobs if j["retracted"]))


RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "rules",
                     "torture")
