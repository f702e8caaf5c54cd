#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scenario 16 of the conformance list: a Redis that syncs once a second goes down with its machine and
comes back without its last second. The producer, who cannot know what was kept, sends all of it again:
every cart has its one job, and a job that was there before is the same afterwards."""

import glob
import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import harness  # noqa: E402
import shop  # noqa: E402

CARTS = 300
SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
tap = harness.Tap()

RULE = {"id": "cart", "class": "task", "gates": "off", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "700ms", "grace": "0s", "slack": "0s", "round": "1ms",
        "stale_after": "1h", "channels": ["task"]}


def jobs_of(redis):
    """Every entry about a job: (id, key or None of a retraction)."""
    return [(fields[1].decode(), json.loads(fields[3])["key"] if fields[2] == b"j" else None)
            for p in range(harness.PARTITIONS)
            for _, fields in redis("XRANGE", "wm:{p%d}:jobs" % p, "-", "+")]


def post(collector, events):
    with collector.http() as http:
        for start in range(0, len(events), 100):
            batch = events[start:start + 100]
            answer = http.request("POST", "/v1/batch", {"Authorization": harness.basic(shop.KEY)},
                                  json.dumps({"batch": batch}).encode())
            assert answer.status == 200 and answer.json()["accepted"] == len(batch), answer


def carts(numbers):
    at = shop.instant(0)
    return [{"type": "track", "event": "Product Added", "userId": "u%d" % (n % 50),
             "messageId": "add-%d" % n, "timestamp": at, "properties": {"cart_id": "C%d" % n}}
            for n in numbers]


def lose_the_end(redis, kept, chance):
    """The file as it was at some moment after it had KEPT bytes, perhaps in the middle of a write."""
    path = glob.glob(os.path.join(redis.folder, "appendonlydir", "*.incr.aof"))[0]
    size = os.path.getsize(path)
    cut = chance.randrange(kept, size)
    os.truncate(path, cut)
    return size - cut


@tap.test
def what_the_last_second_took_comes_again_and_nothing_twice():
    chance = random.Random(SEED)
    with harness.Place() as place:
        redis = place.redis(extra=("--appendfsync", "everysec", "--aof-load-truncated", "yes"))
        common = ["--redis", "unix:" + redis.socket, "--dataset", harness.DATASET]
        collector = place.role("collector", common + [
            "--keys", place.write("keys.ini", shop.KEYS_INI),
            "--listen", "unix:" + place.path("collector.sock")])
        collector.wait_ready()
        place.write("rules/rule.json", json.dumps(RULE))
        worker = place.role("worker", common + ["--rules", place.path("rules"), "--lease", "400ms"])

        first = carts(range(CARTS))
        post(collector, first)
        harness.wait_until(lambda: len(jobs_of(redis)) == CARTS, "the first jobs")
        time.sleep(1.2)  # on disk by now, whatever comes
        path = glob.glob(os.path.join(redis.folder, "appendonlydir", "*.incr.aof"))[0]
        kept = os.path.getsize(path)
        before = dict(jobs_of(redis))
        second = carts(range(CARTS, 2 * CARTS))
        post(collector, second)
        harness.wait_until(lambda: len(jobs_of(redis)) > CARTS, "some of the second")
        handed = dict(jobs_of(redis))
        redis.kill()
        lost = lose_the_end(redis, kept, chance)
        redis.restart()
        there = dict(jobs_of(redis))
        tap.ok(set(before) <= set(there), "what was on disk is there")
        print("# seed %d: %d bytes lost, %d of %d jobs left" % (SEED, lost, len(there), len(handed)))
        collector.wait_ready()
        post(collector, first + second)

        harness.wait_until(lambda: len(set(jobs_of(redis))) >= 2 * CARTS, "all jobs", 60)
        time.sleep(1.5)
        jobs = jobs_of(redis)
        tap.equal(sorted(key for _, key in jobs), sorted("cart:C%d" % n for n in range(2 * CARTS)),
                  "one job each")
        tap.equal({id: dict(jobs).get(id) for id in handed}, handed,
                  "what somebody may have seen before has the same id again")
        tap.equal(worker.terminate(), 0, "exit status")
        status, out, error = place.tool("backtest", "--log", "--log-rules", "--json", *common,
                                        within=120)
        tap.equal((status, error), (0, ""), "replay")
        tap.equal(sorted(job["id"] for job in json.loads(out)["jobs"]), sorted(dict(jobs)),
                  "a replay comes to the same jobs")


tap.run()
