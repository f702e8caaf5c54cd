#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A shop that gets a birthday rule when it has known its customers for a while: each of them hears of
their day though nothing happens to them, once, whatever becomes of the worker in between; and a
replay of the log says the same. Waits for the next full minute but one."""

import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import shop  # noqa: E402

CUSTOMERS = 3000
tap = harness.Tap()

CART = {"id": "cart", "class": "task", "gates": "off", "arm": ["Cart Viewed"], "wait": "3s",
        "channels": ["task"]}


def birthday(local):
    return {"id": "birthday", "class": "task", "gates": "off", "grace": "0s", "slack": "0s",
            "round": "1ms", "calendar": {"date": "birthday", "local": local, "tz": "store"},
            "channels": ["task"]}


def jobs_of(redis):
    return [dict(zip(fields[0::2], fields[1::2]))
            for p in range(harness.PARTITIONS)
            for _, fields in redis("XRANGE", "wm:{p%d}:jobs" % p, "-", "+")]


def in_force(redis):
    return {redis("HGET", "wm:{p%d}:pos" % p, "rules") for p in range(harness.PARTITIONS)}


@tap.test
def known_customers_are_congratulated():
    with harness.Place() as place:
        redis = place.redis()
        common = ["--redis", "unix:" + redis.socket, "--dataset", harness.DATASET]
        collector = place.role("collector", common + [
            "--keys", place.write("keys.ini", shop.KEYS_INI),
            "--listen", "unix:" + place.path("collector.sock")])
        collector.wait_ready()
        place.write("rules/rules.json", json.dumps([CART]))
        worker = place.role("worker", common + ["--rules", place.path("rules"), "--lease", "400ms"])
        # A minute that begins in 20 s at the earliest, and not on another day by then.
        day = time.gmtime(time.time() + 95)
        born = time.strftime("1990-%m-%d", day)
        if time.gmtime().tm_mday != day.tm_mday:
            time.sleep(100)
        with collector.http() as http:
            for start in range(0, CUSTOMERS, 500):
                batch = [{"type": "identify", "userId": "u%d" % n, "messageId": "m%d" % n,
                          "traits": {"birthday": born}} for n in range(start, start + 500)]
                answer = http.request(
                    "POST", "/v1/batch", {"Authorization": harness.basic(shop.KEY)},
                    json.dumps({"batch": batch}).encode())
                tap.equal((answer.status, answer.json()["accepted"]), (200, 500), "accepted")
        harness.wait_until(lambda: sum(redis("ZCARD", "wm:{p%d}:held:@rules" % p) for p in
                                       range(harness.PARTITIONS)) == CUSTOMERS, "all are known")
        before = in_force(redis)
        at = int(time.time() + 20 + 59) // 60 * 60
        place.write("rules/rules.json", json.dumps([CART, birthday(
            time.strftime("%H:%M", time.gmtime(at)))]))
        worker.signal(1)
        time.sleep(0.02)
        worker.kill()
        worker.start()
        harness.wait_until(lambda: not in_force(redis) & before, "the rule is in force", 60)
        tap.ok(time.time() < at, "in force before the minute")
        worker.kill()
        worker.start()
        harness.wait_until(lambda: len(jobs_of(redis)) >= CUSTOMERS, "the jobs", 120)
        time.sleep(1)
        live = [json.loads(job[b"j"]) for job in jobs_of(redis)]
        tap.equal(len(live), CUSTOMERS, "one each")
        tap.equal({job["customer"] for job in live}, {"u%d" % n for n in range(CUSTOMERS)}, "whose")
        tap.equal({job["fire_at"] for job in live},
                  {time.strftime("%Y-%m-%dT%H:%M:00.000Z", time.gmtime(at))}, "when")
        tap.equal(worker.terminate(), 0, "exit status")
        status, out, error = place.tool(
            "backtest", "--log", "--log-rules", "--json", *common, within=120)
        tap.equal((status, error), (0, ""), "replay")
        tap.equal(sorted(job["id"] for job in json.loads(out)["jobs"]),
                  sorted(job["id"] for job in live), "a replay comes to the same jobs")


tap.run()
