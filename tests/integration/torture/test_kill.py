#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kill -9 under live load. Waits of seconds run all the while, and afterwards the jobs must be
exactly those of a backtest of the log: nothing lost, nothing twice, nothing else.

WAYMARK_TORTURE_KILLS sets how often (20), WAYMARK_TEST_SEED the chance (printed)."""

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import shop  # noqa: E402

KILLS = int(os.environ.get("WAYMARK_TORTURE_KILLS", "20"))
SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
tap = harness.Tap()


class Stage:
    """Redis, a collector and workers in a place of their own."""

    def __init__(self, place, workers=1, redis_extra=()):
        self.place = place
        self.redis = place.redis(extra=redis_extra)
        self.address = "unix:" + self.redis.socket
        keys = place.write("keys.ini", shop.KEYS_INI)
        socket = place.path("collector.sock")
        self.collector = place.role("collector", [
            "--redis", self.address, "--dataset", harness.DATASET, "--keys", keys,
            "--listen", "unix:" + socket])
        self.collector.wait_ready()
        self.workers = [self.start_worker(n) for n in range(workers)]

    def start_worker(self, number):
        return self.place.role("worker", [
            "--redis", self.address, "--dataset", harness.DATASET, "--rules", shop.RULES,
            "--lease", "400ms", "--batch", "16"], name="worker%d" % number)

    def drain(self):
        shop.wait_drained(self.redis)

    def check(self, ledger):
        """Every accepted event applied once; jobs as in the backtest."""
        ids = {}
        for partition, entry, event, _ in self.redis.log_entries():
            message = event.decode().split('"messageId": "')[1].split('"')[0]
            ids.setdefault(message, []).append((partition, entry))
        tap.equal(sorted(ledger.accepted - set(ids)), [], "accepted and not in the log")
        tap.equal(sorted(set(ids) - ledger.sent), [], "in the log and never sent")
        entries = sum(len(places) for places in ids.values())
        count = shop.counters(self.redis)
        tap.equal(count["applied"], len(ids), "applied: each message once")
        tap.equal(count["applied"] + count["duplicate"] + count["quarantined"], entries,
                  "log = applied + duplicate + quarantined")
        emitted, retracted = shop.jobs_of(self.redis)
        tap.equal(len(emitted), len(set(emitted)), "no job twice")
        want, want_retracted = shop.backtest_ids(self.place, self.redis, shop.RULES)
        tap.equal(sorted(set(emitted) - set(want)), [], "jobs that the backtest has not")
        tap.equal(sorted(set(want) - set(emitted)), [], "jobs that only the backtest has")
        tap.equal(shop.fire_times(self.redis), want, "each at its instant")
        tap.equal(sorted(set(retracted)), want_retracted, "retractions")
        print("# seed %d: %d events in the log, %d applied, %d duplicates, %d jobs, %d retracted"
              % (SEED, entries, count["applied"], count["duplicate"], len(emitted),
                 len(retracted)), flush=True)
        tap.ok(len(emitted) > 20, "the run emitted jobs")
        tap.ok(count["duplicate"] > 0, "the run had duplicates")
        tap.ok(count["held"] > 0 and count["marks"] > 0, "instances were held for the till")


@tap.test
def worker_killed_under_load():
    chance = random.Random(SEED)
    with harness.Place() as place:
        stage = Stage(place)
        market = shop.Shop(stage.collector, SEED)
        market.start()
        worker = stage.workers[0]
        for _ in range(KILLS):
            # A random moment of the load is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.05, 0.9))
            worker.kill()
            worker.start()
        market.stop()
        stage.drain()
        stage.check(market.ledger)


@tap.test
def workers_share_and_take_over():
    chance = random.Random(SEED + 1)
    with harness.Place() as place:
        stage = Stage(place, workers=3)
        market = shop.Shop(stage.collector, SEED + 1)
        market.start()
        for _ in range(max(KILLS // 4, 2)):
            time.sleep(chance.uniform(0.3, 1.2))
            victim = chance.choice(stage.workers)
            if chance.random() < 0.5:
                victim.kill()
            else:
                # Asleep for longer than its lease: what it then commits must be refused.
                victim.pause()
                time.sleep(0.9)
                victim.resume()
            if not victim.is_running():
                victim.start()
        market.stop()
        stage.drain()
        stage.check(market.ledger)
        for worker in stage.workers:
            tap.equal(worker.terminate(), 0, "a worker's exit status")


@tap.test
def redis_killed_under_load():
    chance = random.Random(SEED + 2)
    with harness.Place() as place:
        stage = Stage(place)
        market = shop.Shop(stage.collector, SEED + 2)
        market.start()
        for _ in range(max(KILLS // 4, 2)):
            time.sleep(chance.uniform(0.3, 1.0))
            stage.redis.kill()
            stage.redis.restart()
        market.stop()
        stage.drain()
        stage.check(market.ledger)


tap.run()
