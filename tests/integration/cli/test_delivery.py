#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `waymark jobs` gives out reaches its reader: whole, once, at once; else it is not taken."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()
CARTS = 300
SLOW_READ = 97  # bytes: every line arrives in pieces


def command(up, *words):
    return [harness.waymark(), "jobs", *words, "--data", up.data]


def kept(up):
    """{job id: its state} as Redis has it, past our own tool."""
    redis = up.redis()
    jobs = {key.decode().rpartition(":")[2]: redis("HGET", key, "s").decode()
            for key in redis("KEYS", "wm:{p*}:job:*")}
    redis.close()
    return jobs


def wait_carts(up, first, n):
    """N abandoned carts, each of a customer of its own, so that all partitions have some."""
    text = "".join(json.dumps({
        "type": "track", "userId": "u%d" % i, "event": "Product Added", "messageId": "add-%d" % i,
        "properties": {"cart_id": "C%d" % i}}) + "\n" for i in range(first, first + n))
    status, account, _ = up.bring("-", stdin=text.encode())
    assert status == 0, account
    harness.wait_until(lambda: len(kept(up)) == first + n, "the jobs")


def read_slowly(words):
    child = subprocess.Popen(words, stdout=subprocess.PIPE)
    pieces = []
    while True:
        piece = os.read(child.stdout.fileno(), SLOW_READ)
        if not piece:
            return child.wait(timeout=20), b"".join(pieces).decode()
        pieces.append(piece)


@tap.test
def a_slow_reader_gets_every_job_whole_and_once():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        wait_carts(up, 0, CARTS)
        for words in (["--json"], ["take", "--count", str(2 * CARTS)]):
            status, out = read_slowly(command(up, *words))
            tap.equal((status, out[-1:]), (0, "\n"), "%s: status, last byte" % words)
            tap.equal(sorted(json.loads(line)["id"] for line in out.splitlines()),
                      sorted(kept(up)), "%s: ids" % words)
        tap.equal(set(kept(up).values()), {"done"}, "states")
        tap.equal(up.stop(), 0, "up")


@tap.test
def a_follower_on_a_pipe_is_told_at_once():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        child = subprocess.Popen(command(up, "--follow", "--json"), stdout=subprocess.PIPE)
        told = []
        for n in range(3):
            wait_carts(up, n, 1)
            # Blocks until the line is there: the follower goes on running meanwhile.
            told.append(json.loads(child.stdout.readline())["id"])
        tap.equal(child.poll(), None, "still following")
        tap.equal(sorted(told), sorted(kept(up)), "told")
        child.terminate()
        tap.equal(child.communicate(timeout=20)[0], b"", "nothing is told twice")
        tap.equal(up.stop(), 0, "up")


@tap.test
def what_cannot_be_written_is_not_taken_on():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        wait_carts(up, 0, CARTS)
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command(up, "take", "--count", str(CARTS)), stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        tap.equal(done.returncode, 1, "status")
        tap.ok(b"No space left on device" in done.stderr, "says why: %s" % done.stderr)
        states = list(kept(up).values())
        # What was under way is leased, and comes back; nothing counts as sent.
        tap.equal(set(states), {"leased", "ready"}, "states")
        tap.ok(states.count("leased") <= 100, "%d were leased" % states.count("leased"))
        status, out = read_slowly(command(up, "take", "--count", str(CARTS)))
        tap.equal((status, len(out.splitlines())), (0, states.count("ready")), "the rest")
        tap.equal(up.stop(), 0, "up")


tap.run()
