# SPDX-License-Identifier: MIT
"""What it costs that a customer has several names.

    forwarded     events that come by a name that is a link go from its partition to the customer's:
                  what that costs when all do and when a tenth does; the reference are the same
                  events under the customer's own name, in the same run
    the hop       how long one such event takes from XADD to being applied, with nothing else to
                  do; the reference are events that need no hop, in turns with them
    crowded       one customer with ten thousand names, one with very many events, and two with ten
                  thousand names each becoming one: time an event and bytes; the reference are as
                  many events of customers who each have few
"""

import contextlib
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "unit", "store"))
import harness
import partition_model

SHARES = ((100, "all forwarded"), (10, "a tenth forwarded"))
IDENTITY = {"identity": {"kinds": {"order": {"limit": 10000}}}}


def drain(bench, m, fsync, *mixed):
    with harness.Place() as place:
        log = m.Log(bench, place, fsync, bench.size["customers"], bench.size["each"], *mixed)
        return log.drain(m.THREE_RULES)


def bench_forwarded(bench, m):
    for fsync in m.FSYNC:
        for share, name in SHARES:
            pairs = [(drain(bench, m, fsync, share), drain(bench, m, fsync))
                     for _ in range(bench.size["worker_rounds"])]
            m.add_rows(bench, "identity", "%s, %s" % (name, fsync), pairs,
                       "beside none forwarded; three rules")


# ---- the hop --------------------------------------------------------------------------------

def event(number, **who):
    return json.dumps({"type": "track", "event": "Product Viewed", "messageId": "m%d" % number,
                       "properties": {"product_id": "R-1107"}, **who}).encode()


def partition(key):
    return partition_model.siphash24(b"waymark:customer", key.encode()) % harness.PARTITIONS


def key_of(name, key):
    return "wm:{p%d}:%s:%s" % (partition(key), name, key)


class Lone:
    """A worker with nothing to do, and single events for it."""

    def __init__(self, bench, m, place, fsync):
        self.redis = bench.redis(place, fsync)
        self.number = 0
        config = "[redis]\naddress = %s\n[worker]\nrules = %s\n" % (
            self.redis.socket, place.write("rules/none.json", m.NO_RULE))
        self.worker = place.role("worker", ["--config", place.write("worker.ini", config)])
        m.pin(self.worker.pid, bench.core)
        self.client = self.redis.client()

    def add(self, who, key, flags=""):
        """Into the log of KEY's partition; the meta as the collector writes it."""
        self.number += 1
        self.client.send("XADD", "wm:{p%d}:in" % partition(key), "*",
                         "e", event(self.number, **who),
                         "m", "shop/web%s %d -" % (flags and "//" + flags, time.time() * 1000))

    def applied(self):
        days = {time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago)) for ago in (0, 60)}
        n = 0
        for day in days:
            for p in range(harness.PARTITIONS):
                self.client.send("HGET", "wm:{p%d}:day:%s" % (p, day), "applied")
        for _ in range(len(days) * harness.PARTITIONS):
            n += int(self.client.read() or 0)
        return n

    def wait(self, n, what):
        harness.wait_until(lambda: self.applied() >= n, what)

    def one(self, who, key):
        """Milliseconds from XADD until it is applied."""
        before = self.applied()
        start = time.perf_counter()
        self.add(who, key)
        self.client.read()
        while self.applied() == before:
            if time.perf_counter() - start > 10:
                raise AssertionError("not applied in ten seconds:\n" + self.worker.log())
        return (time.perf_counter() - start) * 1000


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def bench_hop(bench, m):
    rounds = bench.size["hop_rounds"]
    for fsync in m.FSYNC:
        with harness.Place() as place:
            lone = Lone(bench, m, place, fsync)
            names = [("u%d" % i, "anon:h%d" % i) for i in range(16)]
            for user, other in names:
                lone.add({"userId": user, "anonymousId": other[5:]}, user, "l")
                lone.client.read()
            lone.wait(len(names), "the customers")
            harness.wait_until(lambda: all(
                lone.client("GETRANGE", key_of("c", other), 0, 1) == b"L1"
                for _, other in names), "the links")
            direct, hop = [], []
            for i in range(rounds):
                user, other = names[i % len(names)]
                direct.append(lone.one({"userId": user}, user))
                hop.append(lone.one({"anonymousId": other[5:]}, other))
            for q, name in ((0.5, "p50"), (0.99, "p99")):
                bench.row("identity", "the hop, %s" % fsync, "ms %s" % name,
                          [(quantile(hop, q), quantile(direct, q))], True,
                          "from XADD to applied, beside no hop; %d of each" % rounds)


# ---- crowded customers ----------------------------------------------------------------------

def add_events(log, events):
    """EVENTS are (who, key): into the log as a trusted source says them."""
    with contextlib.closing(log.redis.client(60)) as client:
        for start in range(0, len(events), 500):
            some = events[start:start + 500]
            for i, (who, key) in enumerate(some):
                client.send("XADD", "wm:{p%d}:in" % partition(key), "*",
                            "e", event(log.n_events + i, **who),
                            "m", "shop/web//lx %d -" % (time.time() * 1000))
            for _ in some:
                client.read()
            log.n_events += len(some)


def order(i):
    return {"identifiers": {"order": "O-%s" % i}}


def settings(place):
    return "[identity]\nfile = %s\n" % place.write("identity.json", json.dumps(IDENTITY))


def drain_names(bench, m, crowded):
    """As many events as names, each with a name of its own, of one customer or of as many."""
    with harness.Place() as place:
        log = m.Log(bench, place, "no AOF")
        add_events(log, [({"userId": "u" if crowded else "u%d" % i, **order(i)},
                          "u" if crowded else "u%d" % i) for i in range(bench.size["names"])])
        result = log.drain(place.write("rules/none.json", m.NO_RULE), settings(place))
        result["bytes"] = log.redis("STRLEN", key_of("c", "u" if crowded else "u1"))
        return result


def bench_names(bench, m):
    pairs = [(drain_names(bench, m, True), drain_names(bench, m, False))
             for _ in range(bench.size["worker_rounds"])]
    name = "{:,} names".format(bench.size["names"])
    for unit, key, lower in (("events/s", "rate", False), ("us/event", "us", True),
                             ("bytes", "bytes", True)):
        bench.row("identity", name, unit, [(a[key], b[key]) for a, b in pairs], lower,
                  "of one customer, beside one name each" if key == "rate" else "")


def merge_bytes(redis, winner, loser):
    """The size of the message with the loser's record, and of what is kept of the winner."""
    for _, fields in redis("XREVRANGE", "wm:{p%d}:in" % partition(winner), "+", "-"):
        pairs = dict(zip(fields[::2], fields[1::2]))
        if b"b" in pairs:
            return len(pairs[b"b"]), redis("HSTRLEN", key_of("m", winner), loser)
    raise AssertionError("no customer was merged")


def merge(bench, m, names):
    """Two customers with NAMES each are said to be one: milliseconds, and bytes on the way."""
    with harness.Place() as place:
        log = m.Log(bench, place, "no AOF")
        for user in ("w", "x"):
            add_events(log, [({"userId": user, **order("%s-%d" % (user, i))}, user)
                             for i in range(names)])
        rules = place.write("rules/none.json", m.NO_RULE)
        log.drain(rules, settings(place))
        worker = place.role("worker", ["--config", place.path("worker.ini")])
        m.pin(worker.pid, bench.core)
        with contextlib.closing(log.redis.client()) as client:
            # It is at work when what is new to it is applied.
            add_events(log, [({"userId": "y"}, "y")])
            harness.wait_until(lambda: log.applied(client) >= log.n_events, "the worker")
            harness.wait_until(lambda: log.counter(client, "identity_linked") >= 2 * names,
                               "the names")
            start = time.perf_counter()
            client("XADD", "wm:{p%d}:in" % partition("x"), "*", "e", json.dumps(
                {"type": "alias", "messageId": "same", "previousId": "x", "userId": "w"}),
                "m", "shop/web//lx %d -" % (time.time() * 1000))
            harness.wait_until(lambda: log.counter(client, "identity_merged") >= 1, "the merge")
            took = (time.perf_counter() - start) * 1000
        return (took, *merge_bytes(log.redis, "w", "x"))


def bench_merge(bench, m):
    pairs = [(merge(bench, m, bench.size["names"] // 2), merge(bench, m, 1))
             for _ in range(bench.size["worker_rounds"])]
    name = "merge of {:,} names".format(bench.size["names"])
    for i, unit in enumerate(("ms", "message bytes", "kept bytes")):
        bench.row("identity", name, unit, [(a[i], b[i]) for a, b in pairs], True,
                  "two customers, beside two with one each" if i == 0 else "")


TOKEN = "bench-staff-token-0123456789"


def console(place, redis):
    token = place.write("token", TOKEN)
    os.chmod(token, 0o600)
    config = place.write("console.ini", "[redis]\naddress = %s\n[console]\nlisten = %s\n"
                         "token_file = %s\nhosts = test\n" % (redis.socket, place.path("console.sock"), token))
    return place.role("console", ["--config", config]).wait_ready()


def walk(place, redis, user):
    """Milliseconds of each page of the whole timeline, the newest first; and how many entries."""
    times, entries, cursor = [], 0, ""
    with console(place, redis).http(60) as http:
        while not times or cursor:
            path = "/v1/customers/%s/timeline?limit=200%s" % (
                user, "&cursor=" + cursor if cursor else "")
            start = time.perf_counter()
            answer = http.request("GET", path, {"Host": "localhost",
                                                "Authorization": "Bearer " + TOKEN})
            times.append((time.perf_counter() - start) * 1000)
            page = answer.json()
            entries += sum(entry["kind"] == "event" for entry in page["entries"])
            cursor = page.get("next") or ""
    return times, entries


def drain_events(bench, m, customers, each):
    with harness.Place() as place:
        log = m.Log(bench, place, "no AOF", customers, each)
        result = log.drain(m.THREE_RULES)
        user = "c%08d" % 0
        result["bytes"] = log.redis("STRLEN", key_of("c", user))
        times, entries = walk(place, log.redis, user)
        if entries != each:
            raise AssertionError("%d entries of %d events" % (entries, each))
        result.update(newest=times[0], middle=times[len(times) // 2], oldest=times[-1],
                      slowest=max(times))
        return result


def bench_events(bench, m):
    n = bench.size["events"]
    pairs = [(drain_events(bench, m, 1, n), drain_events(bench, m, n // 20, 20))
             for _ in range(bench.size["worker_rounds"])]
    for unit, key, lower in (("events/s", "rate", False), ("us/event", "us", True),
                             ("bytes", "bytes", True)):
        bench.row("identity", "{:,} events".format(n), unit, [(a[key], b[key]) for a, b in pairs],
                  lower, "of one customer, beside 20 each" if key == "rate" else "")
    for key in ("newest", "middle", "oldest", "slowest"):
        bench.row("identity", "{:,} events".format(n), "ms " + key,
                  [(a[key], b[key]) for a, b in pairs], True,
                  "a page of 200 entries, beside all 20" if key == "newest" else "")


def bench_identity(bench, m):
    bench_forwarded(bench, m)
    bench_hop(bench, m)
    bench_names(bench, m)
    bench_merge(bench, m)
    bench_events(bench, m)
