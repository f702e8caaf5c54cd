# SPDX-License-Identifier: MIT
"""`waymark jobs`: listed in order, followed live, and taken by one taker only."""

import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()


def listed(up, *args):
    status, out, err = up.tool("jobs", "--json", *args)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


def carts(up, numbers):
    """One abandoned cart for each number."""
    text = "".join(json.dumps({
        "type": "track", "userId": "u%d" % (n % 40), "event": "Product Added",
        "messageId": "add-%d" % n, "properties": {"cart_id": "C%d" % n}}) + "\n" for n in numbers)
    status, account, _ = up.bring("-", stdin=text.encode())
    assert status == 0, account


class Follower:
    """`waymark jobs --follow --json`, its lines as they come."""

    def __init__(self, up, *args):
        self.path = up.place.path("followed")
        with open(self.path, "wb") as out:
            self.child = subprocess.Popen(
                [harness.waymark(), "jobs", "--data", up.data, "--follow", "--json", *args],
                stdout=out, stderr=subprocess.PIPE)

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def stop(self):
        self.child.send_signal(signal.SIGINT)
        _, err = self.child.communicate(timeout=20)
        return self.child.returncode, err.decode()


@tap.test
def jobs_are_listed_oldest_first():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        carts(up, range(500))
        harness.wait_until(lambda: len(listed(up)) == 500, "all jobs")
        jobs = listed(up)
        tap.equal(sorted(j["key"] for j in jobs), sorted("cart:C%d" % n for n in range(500)), "keys")
        tap.equal({j["state"] for j in jobs}, {"ready"}, "states")
        times = [j["emitted_at"] for j in jobs]
        tap.equal(times, sorted(times), "order")
        tap.equal(len({j["id"] for j in jobs}), 500, "ids")
        tap.equal(len(listed(up, "--customer", "u7")), 13, "of one customer")
        tap.equal(len(listed(up, "--rule", "cart")), 500, "of the rule")
        tap.equal(len(listed(up, "--rule", "other")), 0, "of no rule")
        tap.equal(len(listed(up, "--state", "taken")), 0, "taken")
        status, out, _ = up.tool("jobs")
        tap.equal((status, len(out.splitlines())), (0, 501), "the table")
        tap.equal(up.tool("jobs", "--state", "lost")[0], 2, "a state that is none")
        tap.equal(up.tool("jobs", "give")[0], 2, "a word that is none")
        tap.equal(up.stop(), 0, "up")


@tap.test
def each_job_is_taken_once():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        carts(up, range(400))
        harness.wait_until(lambda: len(listed(up)) == 400, "all jobs")
        takers = [subprocess.Popen(
            [harness.waymark(), "jobs", "take", "--data", up.data, "--count", "150",
             "--consumer", "taker-%d" % i], stdout=subprocess.PIPE) for i in range(4)]
        taken = [json.loads(line) for taker in takers
                 for line in taker.communicate()[0].decode().splitlines()]
        tap.equal([taker.returncode for taker in takers], [0] * 4, "exit statuses")
        tap.equal(len(taken), 400, "taken in all")
        tap.equal(len({job["id"] for job in taken}), 400, "taken once each")
        tap.ok("state" not in taken[0], "a job is printed as it is")
        tap.equal({j["state"] for j in listed(up)}, {"done"}, "states")
        tap.equal(up.tool("jobs", "take")[:2], (0, ""), "nothing is left")
        carts(up, range(400, 403))
        harness.wait_until(lambda: len(listed(up, "--state", "ready")) == 3, "new jobs")
        status, out, _ = up.tool("jobs", "take", "--count", "2")
        tap.equal((status, len(out.splitlines())), (0, 2), "two of three")
        tap.equal(len(listed(up, "--state", "ready")), 1, "one is left")
        tap.equal(up.stop(), 0, "up")


def order(up, cart, at):
    """An order for a cart that became known late."""
    return up.post("/v1/track", {
        "userId": "u1", "event": "Order Completed", "messageId": "order-" + cart, "timestamp": at,
        "properties": {"cart_id": cart, "order_id": "O-" + cart}})


@tap.test
def what_is_taken_is_not_retracted_and_what_is_retracted_not_taken():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        carts(up, (1, 41))
        jobs = harness.wait_until(lambda: len(listed(up)) == 2 and listed(up), "two jobs")
        first, second = sorted(jobs, key=lambda job: job["key"])
        order(up, "C1", first["armed_at"])
        harness.wait_until(lambda: len(listed(up, "--state", "retracted")) == 1, "the retraction")
        status, out, _ = up.tool("jobs", "take", "--count", "10")
        tap.equal([json.loads(line)["id"] for line in out.splitlines()], [second["id"]], "taken")
        order(up, "C41", second["armed_at"])
        harness.wait_until(lambda: json.loads(up.tool("stats", "--json")[1])["today"]
                           ["late_cancel_after_send"] == 1, "the late cancel to be counted")
        tap.equal(sorted((j["key"], j["state"]) for j in listed(up)),
                  [("cart:C1", "retracted"), ("cart:C41", "done")], "states")
        tap.equal(up.stop(), 0, "up")


@tap.test
def following_shows_what_comes_and_what_is_taken_back():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        carts(up, (1,))
        harness.wait_until(lambda: len(listed(up)) == 1, "a job")
        follower = Follower(up)
        harness.wait_until(lambda: len(follower.lines()) == 1, "what was there")
        carts(up, (2,))
        harness.wait_until(lambda: len(follower.lines()) == 2, "what comes")
        up.kill_child("redis")
        armed_at = follower.lines()[0]["armed_at"]
        harness.wait_until(lambda: order(up, "C1", armed_at).status == 200, "the door to open")
        harness.wait_until(lambda: len(follower.lines()) == 3, "what is taken back")
        tap.equal(follower.lines()[2]["id"], follower.lines()[0]["id"], "its id")
        tap.equal(follower.lines()[2]["state"], "retracted", "its state")
        tap.equal(follower.stop()[0], 0, "exit status")
        tap.equal(up.stop(), 0, "up")


@tap.test
def a_consumer_on_the_command_line():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        carts(up, (1, 2, 3))
        harness.wait_until(lambda: len(listed(up)) == 3, "three jobs")
        tap.equal(up.tool("jobs", "lease", "--channels", "sms")[:2], (0, ""), "another channel")
        status, out, _ = up.tool("jobs", "lease", "--count", "3", "--consumer", "me", "--lease", "5m")
        leased = [json.loads(line) for line in out.splitlines()]
        tap.equal((status, len(leased)), (0, 3), "leased")
        tap.equal({j["state"] for j in listed(up)}, {"leased"}, "states")
        one, two, three = [job["job"]["id"] for job in leased]
        tokens = [job["token"] for job in leased]
        shown = json.loads(up.tool("jobs", "show", one, "--json")[1])
        tap.equal((shown["state"], shown["consumer"], shown["tries"]), ("leased", "me", 1), "shown")
        tap.ok("consumer     me\n" in up.tool("jobs", "show", one)[1], "for people")
        tap.equal(up.tool("jobs", "ack", one, "--token", tokens[1])[0], 1, "a token of another")
        tap.equal(up.tool("jobs", "ack", one, "--token", tokens[0])[:2], (0, "done\n"), "ack")
        status, out, _ = up.tool("jobs", "fail", two, "--token", tokens[1], "--reason", "no route",
                                 "--retry-after", "1h", "--json")
        tap.equal((status, json.loads(out)["state"]), (0, "ready"), "fail")
        tap.equal(up.tool("jobs", "extend", two, "--token", tokens[1])[0], 1, "lost")
        tap.equal(up.tool("jobs", "extend", three, "--token", tokens[2])[0], 0, "extend")
        status, out, _ = up.tool("jobs", "fail", three, "--token", tokens[2], "--final")
        tap.equal((status, out), (0, "failed\n"), "given up")
        for again in (False, True):
            status, out, _ = up.tool("jobs", "outcome", one, "bounced", "--bounce", "hard", "--json")
            tap.equal((status, json.loads(out)["again"]), (0, again), "an outcome")
        tap.equal(len(listed(up, "list", "--state", "failed")), 1, "listed by state")
        status, out, _ = up.tool("jobs", "cancel", two, "--reason", "the shop is closed", "--json")
        tap.equal((status, json.loads(out)["state"]), (0, "cancelled"), "cancel")
        tap.equal(up.tool("jobs", "cancel", one, "--reason", "late")[0], 1, "too late")
        figures = json.loads(up.tool("stats", "--json")[1])["jobs"]
        tap.equal([(f["class"], f["state"], f["n"]) for f in figures],
                  [("marketing", "cancelled", 1), ("marketing", "done", 1),
                   ("marketing", "failed", 1)], "counted")
        tap.ok(re.search(r"marketing +failed +1 *\n", up.tool("stats")[1]), "for people")
        rows = [("cancel", one), ("outcome", one, "sent"), ("outcome", one), ("ack", one), ("ack",),
                ("show",), ("lease", "x"), ("lease", "--channels", ",")]
        for row in rows:
            tap.equal(up.tool("jobs", *row)[0], 2, " ".join(row))
        tap.equal(up.tool("jobs", "show", "0" * 32)[0], 1, "no such job")
        tap.equal(up.stop(), 0, "up")


tap.run()
