#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Somebody asks to be forgotten while what is known of them is on its way: in an outbox, in the hands
of whoever sends, given up, in a file of the archive that was never finished, in the folder of
`waymark up`; and while everybody speaks of them to programs that write logs. Each of these places has
their address before, and none after, in no spelling (traces.py).

usage: test_erase_places.py WAYMARK [TEST...]
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import harness  # noqa: E402
from erase_shop import (EMAIL, KEYS, PHONE, SERVER, TOKEN, TRACES, USER, Shop, n_jobs, person,  # noqa: E402
                        track)
from upbox import Up  # noqa: E402

tap = harness.Tap()
FRIENDS = ["friend-%s" % what for what in ("failed", "tried", "cancelled", "leased", "bounced")]
# As a mail server says it, and as somebody types it.
BOUNCE = "550 5.1.1 <%s>: user unknown" % EMAIL.upper()
TYPED = "asked by %s, call %s" % (EMAIL, PHONE)


def nowhere(shop, what):
    found = {}

    def is_clean():
        found.clear()
        found.update(TRACES.search(shop))
        # Redis removes the files that it wrote anew by a thread of its own.
        return not found or set(found) - {"aof", "rdb", "other file"}
    harness.wait_until(is_clean, "files that are written anew")
    tap.equal(found, {}, what)


def ask(shop, method, path, body=None, host="localhost", **fields):
    """The console's answer; nobody has to be pleased with it."""
    fields = {"Host": host, "Authorization": "Bearer " + TOKEN, **fields}
    with shop.console.http() as http:
        return http.request(method, path, fields, body)


def say(shop, path, **body):
    return ask(shop, "POST", path, json.dumps(body).encode())


def lease_all(shop, consumer):
    """cart → the job and what it was leased with."""
    leased = {}
    while True:
        answer = say(shop, "/v1/jobs/lease", consumer=consumer, max=100, lease="1h", wait="0s")
        tap.equal(answer.status, 200, "leased")
        if not answer.json()["jobs"]:
            return leased
        for job in answer.json()["jobs"]:
            leased[job["job"]["key"]] = job


def report(shop, leased, what, **more):
    if what in ("fail", "ack"):
        more["token"] = leased["token"]
    answer = say(shop, "/v1/jobs/%s/%s" % (leased["job"]["id"], what), **more)
    tap.equal(answer.status, 200, "%s: %r" % (what, answer))


def jobs_of(shop):
    """id → the hash, of all jobs."""
    found = {}
    for key in shop.redis("KEYS", "wm:*:job:*"):
        flat = shop.redis("HGETALL", key)
        found[key.decode().rpartition(":")[2]] = dict(zip(flat[::2], flat[1::2]))
    return found


def in_line(shop):
    return sum(shop.redis("ZCARD", key) for key in shop.redis("KEYS", "wm:*:held:line:*"))


@tap.test
def jobs_in_all_hands():
    """Theirs are leased, tried in vain, given up, sent, bounced and taken back; so are others', with
    words that name them."""
    with harness.Place() as place:
        shop = Shop(place, tap, renew="300ms")
        person(shop)
        what = ["ready", "leased", "failed", "tried", "sent", "cancelled"]
        for name in what:
            shop.post(SERVER, track("Product Added", {"userId": USER}, cart_id=name, note=EMAIL))
        for name in FRIENDS:
            shop.post(SERVER, track("Product Added", {"userId": name}, cart_id=name))
        # A place in line is kept with the product, under a number that follows from a name.
        for name in (USER, FRIENDS[0]):
            shop.post(SERVER, track("Stock Alert Requested", {"userId": name}, sku="S-77"))
        shop.settle()
        tap.equal(in_line(shop), 2, "two stand in line")
        harness.wait_until(lambda: n_jobs(shop) >= 2 + len(what) + len(FRIENDS), "their jobs", 60)
        leased = lease_all(shop, "mailer of " + EMAIL)
        theirs = {name: leased["cart:" + name] for name in what}
        others = {name: leased["cart:" + name] for name in FRIENDS}
        report(shop, theirs["failed"], "fail", reason=BOUNCE, final=True)
        report(shop, theirs["tried"], "fail", reason=BOUNCE, retry_after="1h")
        report(shop, theirs["sent"], "ack")
        report(shop, theirs["sent"], "outcome", outcome="bounced", bounce="hard", reason=BOUNCE)
        report(shop, theirs["cancelled"], "cancel", reason=TYPED)
        report(shop, others["friend-failed"], "fail", reason=BOUNCE, final=True)
        report(shop, others["friend-tried"], "fail", reason=BOUNCE, retry_after="1h")
        report(shop, others["friend-cancelled"], "cancel", reason=TYPED)
        report(shop, others["friend-bounced"], "ack")
        report(shop, others["friend-bounced"], "outcome", outcome="bounced", bounce="soft", reason=BOUNCE)
        shop.settle()
        before = jobs_of(shop)
        states = {name: before[job["job"]["id"]][b"s"] for name, job in theirs.items()}
        tap.equal(states, {"ready": b"leased", "leased": b"leased", "failed": b"failed", "tried": b"ready",
                           "sent": b"done", "cancelled": b"retracting"}, "their jobs")
        for name, job in {**theirs, **others}.items():
            flat = before[job["job"]["id"]]
            tap.ok(EMAIL in TRACES.within(b"\n".join(flat.values())), "found before in the job " + name)
            if name in ("failed", "tried", "cancelled", "friend-failed", "friend-tried", "friend-cancelled"):
                tap.ok(EMAIL in TRACES.within(flat[b"r"]), "and in why it was not sent: " + name)
        tap.ok("redis jobs" in TRACES.search(shop), "found before in the stream of jobs")
        _, tries = shop.erase(USER)
        tap.equal(tries, 1, "at once")
        nowhere(shop, "nowhere after")
        tap.equal(in_line(shop), 1, "and have no place in line")
        after = jobs_of(shop)
        tap.equal(set(after), {job["job"]["id"] for job in others.values()}, "others' jobs are there, theirs not")
        for name, job in others.items():
            old, new = before[job["job"]["id"]], after[job["job"]["id"]]
            told = (b"r", b"by")
            tap.equal({k: v for k, v in new.items() if k not in told}, {k: v for k, v in old.items() if k not in told},
                      "all else of the job is as it was: " + name)
        tap.equal(after[others["friend-failed"]["job"]["id"]][b"r"], b"550 5.1.1 <[erased]>: user unknown",
                  "why it was not sent, but for whom")
        # Who still has one of theirs is told that there is no such job, and nothing comes of it.
        for name, words in {"leased": "ack", "ready": "fail", "cancelled": "ack"}.items():
            answer = say(shop, "/v1/jobs/%s/%s" % (theirs[name]["job"]["id"], words), token=theirs[name]["token"],
                         **({"reason": BOUNCE} if words == "fail" else {}))
            tap.equal(answer.status, 404, "there is no such job: %s" % name)
        report(shop, others["friend-leased"], "ack")
        shop.settle()
        nowhere(shop, "nor of what is said of them later")


@tap.test
def waiting_in_an_outbox():
    """What they did under their address is on its way to their user id, whose log takes nothing."""
    with harness.Place() as place:
        shop = Shop(place, tap, renew="300ms")
        person(shop)
        shop.settle()
        here, there = (shop.redis("KEYS", "wm:*:c:%s" % key)[0].decode().split(":")[1]
                       for key in ("email:" + EMAIL, USER))
        tap.ok(here != there, "two partitions")
        shop.redis("RENAME", "wm:%s:in" % there, "aside")
        shop.redis("SET", "wm:%s:in" % there, "not a log")
        shop.post(SERVER, track("Product Added", {"identifiers": {"email": EMAIL}}, cart_id="outbox"))
        harness.wait_until(lambda: shop.redis("XLEN", "wm:%s:out" % here) > 0, "what is on its way")
        for worker in shop.workers:
            worker.kill()
        shop.redis("DEL", "wm:%s:in" % there)
        shop.redis("RENAME", "aside", "wm:%s:in" % there)
        before = TRACES.search(shop)
        tap.ok({EMAIL, USER} <= before.get("redis out", set()), "found before in the outbox")
        tap.ok("log" not in before, "no log has it: %s" % before.get("log"))
        answers = []
        erasing = threading.Thread(target=lambda: answers.append(shop.erase(USER)))
        erasing.start()
        harness.wait_until(lambda: shop.redis("EXISTS", "wm:erasing"), "it is asked for")
        tap.ok(shop.redis("XLEN", "wm:%s:out" % here) > 0, "and the touchpoint waits there still")
        for worker in shop.workers:
            worker.start()
        erasing.join()
        receipt, _ = answers[0]
        tap.equal(receipt["state"], "erased", "erased")
        harness.wait_until(lambda: not shop.redis("KEYS", "wm:*:stale"), "what came in has left the log", 90)
        nowhere(shop, "nowhere after")
        tap.equal(jobs_of(shop), {}, "nothing is sent")
        tap.equal(shop.customer("export", EMAIL)[0], 1, "no customer")


def speak_of(shop):
    """Requests, most of them bad, whose path, query, head or body names them."""
    plain, coded = EMAIL, harness.quote(EMAIL)
    rude = {"User-Agent": plain, "Referer": "https://x.example/?e=" + coded, "Cookie": "id=" + plain,
            "X-Forwarded-For": plain}
    for path in ("/v1/customers?email=" + coded, "/v1/customers?prefix=" + coded,
                 "/v1/customers?prefix=%s&reason=%s" % (coded, coded), "/v1/customers/" + coded,
                 "/v1/customers/%s/timeline?from=%s" % (coded, coded), "/v1/customers/%s/why?rule=%s" % (coded, coded),
                 "/v1/customers/%s/timeline?cursor=%s" % (USER, coded), "/v1/jobs/" + coded, "/no/" + coded,
                 "/v1/customers/%zz" + coded):
        ask(shop, "GET", path, **rude)
        ask(shop, "GET", path, **{**rude, "Authorization": "Bearer " + plain})
        ask(shop, "DELETE", path, **rude)
        ask(shop, "GET", path, host=plain, **rude)
    for body in (b'{"consumer":"%s"}' % plain.encode(), b'{"%s":1}' % plain.encode(), b"{" + plain.encode()):
        ask(shop, "POST", "/v1/jobs/lease", body, **rude)
    body = json.dumps({"userId": plain, "event": plain, "type": plain}).encode()
    for path in ("/v1/track", "/v1/batch", "/v1/track?writeKey=" + coded, "/v1/pixel/track?data=" + coded,
                 "/hooks/" + coded, "/m/o/" + coded, "/v1/" + coded, "/capture?ip=" + coded, "/v1/import"):
        for key in (SERVER, plain, USER):
            for data in (body, body[:-3], b"\xff" + body):
                shop.collector.post(path, data, {"Authorization": harness.basic(key), **rude})
        shop.collector.get(path, rude)


@tap.test
def what_programs_write_down():
    """Into their logs, with the verbosest level: of requests, of staff, of records that nobody can
    read, of a log that is none."""
    with harness.Place() as place:
        shop = Shop(place, tap, renew="300ms")
        place.write("control.log", "GET /v1/customers?email=" + harness.quote(EMAIL))
        tap.ok(EMAIL in TRACES.search(shop).get("log", set()), "a line that names them would be found")
        os.unlink(place.path("control.log"))
        person(shop)
        shop.settle()
        harness.wait_until(lambda: n_jobs(shop) >= 2, "their jobs", 60)
        leased = lease_all(shop, EMAIL)
        speak_of(shop)
        shop.settle()
        report(shop, leased["cart:cj1"], "cancel", reason=TYPED)
        shop.console.wait_log("Staff cancel a job.")
        key = shop.redis("KEYS", "wm:*:c:" + USER)[0]
        record = shop.redis("GET", key)
        shop.redis("SET", key, record[:2])
        answer = ask(shop, "GET", "/v1/customers/" + harness.quote(EMAIL))
        tap.equal(answer.status, 500, "nobody can read that")
        shop.console.wait_log("cannot be read")
        shop.redis("SET", key, record)
        for worker in shop.workers:
            worker.terminate()
            worker.start()
        harness.wait_until(lambda: EMAIL in TRACES.within(
            b"\n".join(v for key in shop.redis("KEYS", "wm:*:bad") for _, fields in shop.redis("XRANGE", key, "-", "+")
                       for v in fields)), "what could not be understood is put aside")
        before = TRACES.search(shop)
        tap.ok("log" not in before, "no log has it: %s" % before.get("log"))
        for name in ("collector", "console", "worker0", "worker1"):
            tap.ok(os.path.getsize(place.path(name + ".log")) > 0, "%s has written something" % name)
        shop.erase(USER)
        # What came in without being theirs, and names them, is others'.
        shop.erase(EMAIL)
        harness.wait_until(lambda: not shop.redis("KEYS", "wm:*:stale"), "what came in has left the log", 90)
        nowhere(shop, "nowhere after")


@tap.test
def files_that_were_never_finished():
    """The archive dies while it writes: others' lines in what it leaves name them, and the keys to these
    are kept."""
    with harness.Place() as place:
        shop = Shop(place, tap, renew="300ms")
        person(shop)
        for n in range(40):
            shop.post(SERVER, track("Product Viewed", {"userId": "friend-%d" % n}, note=EMAIL))
        shop.settle()
        shop.archive("run", "--once")
        files = [os.path.join(root, name) for root, _, names in os.walk(place.path("archive"))
                 for name in names if name.endswith(".gz")]
        # What a process leaves that dies just before it gives a file its name: the same bytes.
        drafts = [os.path.join(os.path.dirname(path), ".%s.tmp" % os.path.basename(path)) for path in files]
        for path, draft in zip(files, drafts):
            with open(path, "rb") as old, open(draft, "wb") as new:
                new.write(old.read())
        # They are as readable as what has a name.
        tap.ok(EMAIL in TRACES.within(shop.archive("cat").encode()), "found before, with the keys")
        tap.ok(len(drafts) > 3, "files that were never finished: %d" % len(drafts))
        receipt, _ = shop.erase(USER)
        tap.equal(receipt["archive"]["state"], "pending", "the archive is asked")
        shop.archive("run", "--once")
        receipt = json.loads(shop.customer("receipt", receipt["receipt"], "--json")[1])
        tap.equal(receipt["state"], "erased", "it says that all is done")
        tap.equal([path for path in drafts if os.path.exists(path)], [], "nothing is left that was never finished")
        tap.equal(TRACES.within(shop.archive("cat").encode()), [], "nobody can read it in the archive")
        nowhere(shop, "nowhere after")


class UpShop:
    """What traces.py looks at, of a `waymark up`: all of its folder, and its Redis."""

    class Server:
        def __init__(self, up):
            self.up, self.folder = up, up.data

        def client(self):
            return self.up.redis()

        def __call__(self, *args):
            with contextlib.closing(self.client()) as client:
                return client(*args)

    def __init__(self, place, up):
        self.place, self.redis, self.pages = place, UpShop.Server(up), ()


def files_of(folder):
    return {os.path.join(root, name) for root, _, names in os.walk(folder) for name in names}


@tap.test
def the_folder_of_waymark_up():
    """All that `waymark up` keeps: Redis' files and what Redis leaves when it dies, logs, the archive;
    and nothing is left by those who look at them, a backtest among them."""
    with harness.Place() as place:
        up = Up(place, args=["--archive", place.path("archive"), "--log-level", "debug"],
                env={"WAYMARK_ARCHIVE_EVERY": "100ms", "WAYMARK_WORKER_RENEW": "300ms"}).wait_up()
        shop = UpShop(place, up)
        shop.redis("CONFIG", "SET", "rdbcompression", "no")
        answer = up.post("/v1/identify", {"userId": USER, "identifiers": {"email": EMAIL}, "traits": {"email": EMAIL}})
        tap.equal(answer.status, 200, "kept")
        for n in range(40):
            up.accept(USER, "Product Viewed", "v%d" % n, note=EMAIL)
            up.accept("friend-%d" % n, "Product Viewed", "f%d" % n, gift_to=EMAIL)
        up.accept(USER, "Product Added", "a", cart_id="c1", email=EMAIL)
        harness.wait_quiet(shop.redis)
        harness.wait_until(lambda: up.tool("archive", "cat", "--bare", place.path("archive"))[1].count("\n") >= 81,
                           "all archived")
        kept = files_of(place.folder)
        rules, config = os.path.join(HERE, "..", "..", "..", "deploy", "rules"), os.path.join(up.data, "waymark.ini")
        for tool, *words in ((place.tool, "backtest", "--config", config, "--log", "--rules", rules),
                             (place.tool, "backtest", "--config", config, "--rules", rules, "--events",
                              place.path("archive"), "--list"),
                             (up.tool, "timeline", USER), (up.tool, "why", USER), (up.tool, "jobs", "--customer", USER),
                             (up.tool, "stats"), (up.tool, "customer", "export", USER),
                             (up.tool, "customer", "find", EMAIL[:8])):
            status, _, error = tool(*words)
            tap.equal(status, 0, "%s: %s" % (" ".join(words[:2]), error))
        made = {path for path in files_of(place.folder) - kept if "appendonly" not in path}
        tap.equal({path for path in made if not path.startswith(place.path("archive"))}, set(), "no file is left by who looks")
        folder = os.path.dirname(next(path for path in kept if path.endswith(".manifest")))
        with open(os.path.join(os.path.dirname(folder), "temp-4711.rdb"), "w", encoding="utf-8") as file:
            file.write(EMAIL)
        before = TRACES.search(shop)
        for kind in ("aof", "rdb", "redis in", "redis c"):
            tap.ok(EMAIL in before.get(kind, ()), "found before in " + kind)
        tap.ok("log" not in before, "no log has it: %s" % before.get("log"))
        up.kill_child("redis")
        harness.wait_until(lambda: up.tool("timeline", USER)[0] == 0, "Redis is back")
        status, out, error = up.tool("customer", "erase", USER, "--yes", "--json", within=90)
        tap.equal(status, 0, error)
        receipt = json.loads(out)["receipt"]
        harness.wait_until(lambda: json.loads(up.tool("customer", "receipt", receipt, "--json")[1])["state"] == "erased",
                           "the archive, too")
        nowhere(shop, "nowhere after")
        up.signal(signal.SIGINT)
        up.wait()
        found = {path for path in files_of(place.folder)
                 if TRACES.within(subprocess.run(["cat", path], stdout=subprocess.PIPE, check=True).stdout)}
        tap.equal(found, set(), "nor when all of it has stopped")


tap.run()
