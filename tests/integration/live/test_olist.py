#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Olist orders imported into a running Waymark: every line accepted, every customer's timeline
complete and in order, nobody written to about the past; and with rules whose stale limit is lifted,
the live run emits exactly the jobs that a backtest of its own log gives."""

import collections
import concurrent.futures
import contextlib
import gzip
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import shop  # noqa: E402

ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))
tap = harness.Tap()


def start(place, rules):
    """(redis, collector address as import wants it)."""
    redis = place.redis()
    address = "unix:" + redis.socket
    common = ["--redis", address, "--dataset", harness.DATASET]
    keys = place.write("keys.ini", shop.KEYS_INI)
    collector = place.role("collector", common + [
        "--keys", keys, "--listen", "unix:" + place.path("collector.sock")])
    collector.wait_ready()
    worker = place.role("worker", common + ["--rules", rules])
    return redis, collector, worker


def post_all(collector, lines):
    """Posts LINES in order in batches; how many were accepted."""
    accepted = 0
    with collector.http() as http:
        for first in range(0, len(lines), 200):
            body = b'{"batch":[' + b",".join(lines[first:first + 200]) + b"]}"
            answer = http.request("POST", "/v1/batch",
                                  {"Authorization": harness.basic(shop.KEY)}, body)
            tap.equal(answer.status, 200, "status")
            accepted += answer.json()["accepted"]
    return accepted


def applied(redis, n):
    harness.wait_until(lambda: shop.counters(redis)["applied"] >= n, "all applied", 120)


def read_lines():
    with gzip.open(harness.shared_data("olist", "events.ndjson.gz"), "rb") as file:
        return [line.strip() for line in file]


def timeline(http, token, customer):
    """All entries of a customer, page after page, newest first."""
    entries, cursor = [], None
    while True:
        path = "/v1/customers/%s/timeline?limit=50" % harness.quote(customer)
        if cursor:
            path += "&cursor=" + harness.quote(cursor)
        answer = http.request("GET", path, {"Authorization": "Bearer " + token})
        assert answer.status == 200, answer
        page = answer.json()
        entries += page["entries"]
        cursor = page["next"]
        if not cursor:
            return entries


def check_customers(place, redis, wanted):
    token = "torture-staff-token-0123456789abcdef"
    token_file = place.write("staff.token", token + "\n")
    os.chmod(token_file, 0o600)
    console = place.role("console", [
        "--redis", "unix:" + redis.socket, "--dataset", harness.DATASET, "--token-file",
        token_file, "--hosts", "test", "--listen", "unix:" + place.path("console.sock")])
    console.wait_ready()
    wrong = []

    def check(customers):
        with console.http() as http:
            for customer in customers:
                got = [(e["at"], e["message_id"]) for e in timeline(http, token, customer)
                       if e["kind"] == "event"]
                if sorted(got) != sorted(wanted[customer]):
                    wrong.append(customer + " is not complete")
                if [at for at, _ in got] != sorted((at for at, _ in got), reverse=True):
                    wrong.append(customer + " is not in order")

    customers = sorted(wanted)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(check, [customers[n::2] for n in range(2)]))
    tap.equal(wrong[:5], [], "timelines")
    return len(customers)


@tap.test
def imported_history_is_complete_and_silent():
    lines = read_lines()
    wanted = collections.defaultdict(list)
    for line in lines:
        event = json.loads(line)
        wanted[event["userId"]].append((event["timestamp"], event["messageId"]))
    with harness.Place() as place:
        redis, collector, _ = start(place, os.path.join(ROOT, "deploy", "rules"))
        tap.equal(post_all(collector, lines), len(lines), "accepted = lines")
        applied(redis, len(lines))
        count = shop.counters(redis)
        tap.equal(count["applied"], len(lines), "applied = lines")
        tap.equal(count["quarantined"] + count["duplicate"], 0, "nothing else")
        tap.ok(count["stale"] > 7000, "the orders were too old to arm")
        tap.equal(shop.jobs_of(redis), ([], []), "jobs about the past")
        tap.equal(check_customers(place, redis, wanted), 7507, "customers looked at")


@tap.test
def live_run_equals_backtest_of_its_log():
    lines = read_lines()
    rules = os.path.join(ROOT, "tests", "data", "rules", "olist")
    with harness.Place() as place:
        redis, collector, _ = start(place, rules)
        tap.equal(post_all(collector, lines), len(lines), "accepted = lines")
        applied(redis, len(lines))
        shop.wait_drained(redis)
        emitted, retracted = shop.jobs_of(redis)
        want, want_retracted = shop.backtest_ids(place, redis, rules)
        tap.equal(len(emitted), len(set(emitted)), "no job twice")
        tap.ok(sorted(emitted) == sorted(want), "live jobs (%d) = backtest's (%d)"
               % (len(emitted), len(want)))
        tap.ok(sorted(set(retracted)) == want_retracted, "retractions")
        tap.ok(len(emitted) > 500, "there were jobs")
        print("# %d jobs, %d retracted" % (len(emitted), len(retracted)))


@tap.test
def late_and_twice_gives_the_same_customers():
    """The same history in a late and doubled order: each customer's timeline is the same."""
    tool = harness.shared_data("tools", "scramble.py")
    lines = read_lines()[:6000]
    with harness.Place() as place:
        source = place.write("part.ndjson", "".join(line.decode() + "\n" for line in lines))
        with gzip.open(source + ".gz", "wb") as file:
            file.write(b"\n".join(lines) + b"\n")
        import subprocess  # pylint: disable=import-outside-toplevel
        done = subprocess.run([sys.executable, tool, source + ".gz", "--seed", "5"],
                              capture_output=True, check=True)
        scrambled = done.stdout.splitlines()
        redis, collector, _ = start(place, os.path.join(ROOT, "deploy", "rules"))
        tap.equal(post_all(collector, scrambled), len(scrambled), "accepted = lines")
        applied(redis, len(lines))
        count = shop.counters(redis)
        tap.equal(count["applied"], len(lines), "applied: each once")
        harness.wait_until(
            lambda: shop.counters(redis)["duplicate"] == len(scrambled) - len(lines),
            "the duplicates counted")
        wanted = collections.defaultdict(list)
        for line in lines:
            event = json.loads(line)
            wanted[event["userId"]].append((event["timestamp"], event["messageId"]))
        check_customers(place, redis, wanted)


with contextlib.suppress(BrokenPipeError):
    tap.run()
