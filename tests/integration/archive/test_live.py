#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A shop whose log is archived while it runs, by an archiver that is killed now and then, beside
workers that are: what the archive holds, alone and with the rest of a trimmed log, replays to the
very jobs of the live run.

WAYMARK_LIVE_SECONDS sets how long (10), WAYMARK_TEST_SEED the chance (printed)."""

import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import shop  # noqa: E402

SECONDS = float(os.environ.get("WAYMARK_LIVE_SECONDS", "10"))
SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
tap = harness.Tap()


class Stage:
    def __init__(self, place):
        self.place = place
        self.redis = place.redis()
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        self.directory = place.path("archive")
        self.collector = place.role("collector", self.common + [
            "--keys", place.write("keys.ini", shop.KEYS_INI),
            "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.workers = [place.role("worker", self.common + [
            "--rules", shop.RULES, "--lease", "400ms", "--batch", "16"], name="worker%d" % n)
            for n in range(2)]
        self.archiver = place.role("archive", [
            "run", "--directory", self.directory, "--every", "100ms", "--segment", "16K",
            *self.common])

    def trouble(self, chance):
        process = chance.choice([self.archiver, self.archiver, *self.workers])
        process.kill()
        time.sleep(chance.uniform(0, 0.2))
        process.start()

    def settle(self):
        shop.wait_drained(self.redis)
        harness.wait_timers(self.redis, 3)
        for process in (*self.workers, self.archiver):
            tap.equal(process.terminate(), 0, "exit status")
        status, _, error = self.archive("run", "--once")
        tap.equal(status, 0, "the rest: " + error)

    def archive(self, *what):
        return self.place.tool("archive", *what, "--directory", self.directory, *self.common)

    def replay(self, *options):
        """(status, the report as JSON or None, standard error)"""
        status, out, error = self.place.tool(
            "backtest", "--log-rules", "--json", *options, *self.common, within=120)
        return status, json.loads(out) if status == 0 else None, error

    def jobs(self, *options):
        status, report, error = self.replay(*options)
        if status != 0:
            raise AssertionError(error)
        return {job["id"]: (job["fire_at"], job["retracted"]) for job in report["jobs"]
                if not job["would_send"]}, report.get("digest")


@tap.test
def the_archive_replays_to_what_the_live_run_did():
    chance = random.Random(SEED)
    with harness.Place() as place:
        stage = Stage(place)
        market = shop.Shop(stage.collector, SEED)
        market.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            # A random moment of the load is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.1, 1.0))
            stage.trouble(chance)
        market.stop()
        stage.settle()

        emitted, retracted = shop.jobs_of(stage.redis)
        whole = stage.jobs("--log")
        tap.equal(sorted(whole[0]), sorted(emitted), "the log's jobs are the live ones")
        tap.equal(sorted(j for j, (_, r) in whole[0].items() if r), sorted(set(retracted)),
                  "retractions")
        tap.equal(stage.jobs("--events", stage.directory), whole, "the archive alone")
        tap.equal(stage.jobs("--log", "--events", stage.directory), whole, "both")
        status, out, _ = stage.archive("check", "--json")
        total = json.loads(out.splitlines()[-1])
        entries = sum(stage.redis("XLEN", "wm:{p%d}:in" % p) for p in range(harness.PARTITIONS))
        tap.equal((status, total["entries"], total["unreadable"]), (0, entries, 0), "check")

        kept = trim(stage, chance)
        tap.ok(0 < kept < entries, "some of the log is gone: %d of %d" % (kept, entries))
        status, _, error = stage.replay("--log")
        tap.ok(status == 1 and "--events" in error, "the log alone is refused: " + error)
        tap.equal(stage.jobs("--log", "--events", stage.directory), whole,
                  "the archive, and the rest of the log")
        print("# seed %d: %d entries in %d files, %d jobs, %d kept in the log" % (
            SEED, entries, total["files"], len(emitted), kept), flush=True)
        tap.ok(len(emitted) > 20, "something happened")

        # One customer's key goes; everybody else's jobs stay what they were.
        names = {json.loads(f[3])["customer"] for p in range(harness.PARTITIONS)
                 for _, f in stage.redis("XRANGE", "wm:{p%d}:jobs" % p, "-", "+") if f[2] == b"j"}
        erased = sorted(names)[0]
        for partition in range(harness.PARTITIONS):
            stage.redis("HDEL", "wm:{p%d}:seal" % partition, erased)
        status, report, error = stage.replay("--events", stage.directory)
        tap.ok(status == 0 and "erased" in error, "said: " + error)
        tap.equal({job["customer"] for job in report["jobs"]}, names - {erased}, "only theirs")


def trim(stage, chance):
    """Takes a part of each log off, of some all, as it goes when it is old; how many entries are
    left."""
    left = 0
    for partition in range(harness.PARTITIONS):
        log = "wm:{p%d}:in" % partition
        entries = stage.redis("XRANGE", log, "-", "+")
        if entries:
            first = chance.choice(entries)[0]
            if partition % 4 == 0:
                # So the archiver does it: up to behind the last that is archived.
                ms, seq = entries[-1][0].split(b"-")
                first = b"%s-%d" % (ms, int(seq) + 1)
            stage.redis("XTRIM", log, "MINID", first)
            stage.redis("HSET", "wm:{p%d}:arch" % partition, "trimmed", first)
        left += stage.redis("XLEN", log)
    return left


tap.run()
