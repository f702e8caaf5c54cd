# SPDX-License-Identifier: MIT
"""What others notice of it while somebody is erased: one customer with very many events and ten
thousand names, among many others.

    an event      from XADD until it is applied, of other customers, one after the other while the erasure
                  goes on; the reference are the same events just before it begins
    Redis         how long Redis takes to answer a PING meanwhile, and before: what of it is Redis's own
"""

import contextlib
import os
import subprocess
import threading
import time

import harness
from bench_identity import Lone, add_events, key_of, order, quantile, settings

BIG = "big"  # who is erased
QUANTILES = ((0.5, "p50"), (0.99, "p99"), (1, "max"))


class Pings:
    """Milliseconds of each PING, on a connection of its own, from one word to the next."""

    def __init__(self, redis):
        self.client, self.times, self.over = redis.client(), [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.002):
            start = time.perf_counter()
            self.client("PING")
            self.times.append((time.perf_counter() - start) * 1000)

    def end(self):
        self.over.set()
        self.thread.join()
        self.client.close()
        return self.times


def crowd(bench, m, place, fsync):
    """A data set with the big one in it, and its worker, which is pinned."""
    log = m.Log(bench, place, fsync, bench.size["erase_customers"], 4)
    add_events(log, [({"userId": BIG}, BIG)] * bench.size["events"])
    add_events(log, [({"userId": BIG, **order(i)}, BIG) for i in range(bench.size["names"])])
    log.drain(m.THREE_RULES, settings(place))
    worker = place.role("worker", ["--config", place.path("worker.ini")])
    m.pin(worker.pid, bench.core)
    return log, worker


class Probe(Lone):
    """Single events of others in the data set of a LOG, whose WORKER runs."""

    def __init__(self, log, worker):
        self.redis, self.worker, self.number = log.redis, worker, log.n_events
        self.client = log.redis.client()
        self.wait(log.n_events, "what was there")

    def rounds(self, go_on):
        """Milliseconds of each event while GO_ON() says so."""
        pings, times = Pings(self.redis), []
        while go_on() or len(times) < 16:
            user = "probe%d" % (self.number % 64)
            times.append(self.one({"userId": user}, user))
        return times, pings.end()


def erase(bench, m, fsync):
    """(events' ms, pings' ms) meanwhile, and before."""
    with harness.Place() as place:
        log, worker = crowd(bench, m, place, fsync)
        probe = Probe(log, worker)
        with contextlib.closing(probe.client):
            ends = time.monotonic() + bench.size["erase_before"]
            before = probe.rounds(lambda: time.monotonic() < ends)
            with subprocess.Popen(
                    [harness.waymark(), "customer", "erase", BIG, "--yes", "--config", place.path("worker.ini")],
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                    preexec_fn=lambda: os.sched_setaffinity(0, {bench.other_core})) as tool:
                meanwhile = probe.rounds(lambda: tool.poll() is None)
                words = tool.stderr.read().decode()
            if tool.returncode != 0 or probe.client("EXISTS", key_of("c", BIG)):
                raise AssertionError("not erased: " + words)
        return meanwhile, before


def bench_erase(bench, m):
    for fsync in m.FSYNC:
        rounds = [erase(bench, m, fsync) for _ in range(bench.size["worker_rounds"])]
        for i, what in enumerate(("an event", "Redis")):
            for q, name in QUANTILES:
                bench.row("erase", "%s, %s" % (what, fsync), "ms " + name,
                          [(quantile(during[i], q), quantile(before[i], q)) for during, before in rounds], True,
                          "while {:,} events and {:,} names of one go".format(
                              bench.size["events"], bench.size["names"]) if q == 0.5 and i == 0 else "")
