#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Somebody asks to be forgotten, in a shop that goes on. Before it, what they are called is found in
every kind of place; after it, nowhere, and in no spelling (traces.py): no key, no value, no entry, no
file of Redis, no line of a log, no page of figures. Others are what they were, byte for byte. Who
comes again under one of the names is kept out, until somebody says that they may come back. All that
while workers and Redis are killed, too.

WAYMARK_TEST_SEED sets the chance (printed)."""

import base64
import contextlib
import hashlib
import json
import os
import pty
import random
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import harness  # noqa: E402
from erase_shop import (ANON, EMAIL, OTHER_ANON, PAGE, PHONE, SERVER, TRACES, USER, Shop,  # noqa: E402
                        n_jobs, person, track)

SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
NEIGHBOURS = 48
tap = harness.Tap()


def neighbours(shop):
    for n in range(NEIGHBOURS):
        who = {"userId": "neighbour-%d" % n}
        shop.post(SERVER, track("Product Added", who, cart_id="n%d" % n),
                  {"type": "identify", **who, "traits": {"email": "n%d@example.net" % n}})
        for k in range(24 if n % 8 == 0 else 1):
            shop.post(SERVER, track("Product Viewed", who, product_id="q%d" % k))


FRIENDS = ["friend-%d" % n for n in range(1, 6)] + ["anon:friend-visitor"]
# The address, as others write it.
WRITTEN = ["for %s, with love" % EMAIL, "https://x.example/?to=janeth.doe77%40example.org&a=1",
           "<Janeth.Doe77@EXAMPLE.org>", "call +49 (1511) 23456-77", "/u/%s/wishes" % USER,
           '{"to":"janeth.doe77\\u0040example.org"}',
           # As pixels, links in mails and audiences carry it.
           "em=" + hashlib.sha256(EMAIL.encode()).hexdigest(),
           "ph: " + hashlib.sha256(PHONE[1:].encode()).hexdigest().upper(),
           "https://x.example/?t=%s&a=1" % base64.b64encode(EMAIL.encode()).decode(),
           "hex " + USER.encode().hex()]


def friends(shop):
    """Others who speak of them: what a present says, a claim that was refused, a visitor who is
    somebody now, a long history, a job, and what staff have typed."""
    for n, text in enumerate(WRITTEN):
        shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[0]}, gift_to=EMAIL.upper(),
                                note=text, product_id="g%d" % n))
    for n in range(60):
        shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[1]}, gift_to=EMAIL,
                                product_id="g%d" % n))
    shop.post(PAGE, {"type": "identify", "userId": FRIENDS[2],
                     "traits": {"email": " Janeth.Doe77@Example.ORG ", "phone": PHONE}})
    shop.post(PAGE, {"type": "identify", "userId": FRIENDS[2], "anonymousId": ANON})
    shop.post(SERVER, track("Product Added", {"userId": FRIENDS[3]}, cart_id="f4", gift_to=EMAIL,
                            note=WRITTEN[0]))
    for n in range(3):
        shop.post(PAGE, track("Product Viewed", {"anonymousId": "friend-visitor"}, gift_to=EMAIL,
                              product_id="v%d" % n))
    shop.settle()
    shop.post(PAGE, {"type": "identify", "userId": FRIENDS[4], "anonymousId": "friend-visitor",
                     "context": {"referrer": {"url": WRITTEN[1]}}})
    shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[4], "messageId": "present:" + EMAIL},
                            note="a name"))
    shop.settle()
    status, _, error = shop.customer("export", FRIENDS[0], "--reason", "asked for by " + EMAIL)
    tap.equal(status, 0, error)


def told(shop):
    """What the programs tell of each of them."""
    for name in FRIENDS:
        status, out, error = shop.customer("export", name)
        tap.equal(status, 0, error)
        yield name, out.encode()


def has_secret(data):
    return TRACES.within(data)


def search(shop, tell=False):
    return TRACES.search(shop, told(shop) if tell else ())


def is_neighbours(key):
    return "neighbour-" in key


def counter(shop, name):
    total = 0
    for key in shop.redis("KEYS", "wm:*:day:*"):
        total += int(shop.redis("HGET", key, name) or 0)
    return total


def nowhere(shop, what, tell=False):
    # Redis removes the files that it wrote anew by a thread of its own.
    found = {}
    for _ in range(300):
        found = search(shop, tell)
        if not set(found) or set(found) - {"aof", "rdb", "other file"}:
            break
        time.sleep(0.02)
    tap.equal(found, {}, what)


@tap.test
def nothing_is_left():
    with harness.Place() as place:
        shop = Shop(place, tap, renew="300ms", redis=("--save", "86400 1000000000"))
        shop.redis("CONFIG", "SET", "slowlog-log-slower-than", "0")
        shop.redis("CONFIG", "SET", "slowlog-max-len", "100000")
        neighbours(shop)
        person(shop)
        shop.settle()
        harness.wait_until(lambda: n_jobs(shop) >= NEIGHBOURS + 2, "carts that are written about",
                           60)
        shop.redis("XADD", "wm:{p3}:bad", "*", "id", "1-1", "e", '{"email":"%s"' % EMAIL, "m", "?",
                   "c", "json", "w", "no JSON")
        shop.redis("XADD", "wm:{p4}:bad", "*", "id", "1-2", "e",
                   "mail=janeth.doe77%40example.org&x=1", "m", "?", "c", "json", "w", "no JSON")
        shop.archive("run", "--once")
        tap.equal(sorted(has_secret(shop.archive("cat").encode())), sorted(
            [s for s in TRACES.codes if "%" not in s]), "with the keys all of it is in the archive")
        friends(shop)
        shop.archive("run", "--once")
        n_lines = shop.archive("cat").count("\n")
        saved = shop.redis("LASTSAVE")
        shop.redis("BGSAVE")
        harness.wait_until(lambda: shop.redis("LASTSAVE") > saved, "a snapshot")
        before = search(shop, tell=True)
        print("# before: %s" % {k: sorted(v) for k, v in sorted(before.items())}, flush=True)
        for name in FRIENDS:
            tap.ok("told of " + name in before, "found before in what is told of " + name)
        tap.ok("redis audit" in before, "found before in what staff typed")
        tap.ok("archive" not in before, "without keys the archive names nobody")
        for kind in ("in", "c", "t", "m", "ids", "due", "jobs", "job", "bad", "find"):
            tap.ok("redis " + kind in before, "found before in " + kind)
        tap.ok({"aof", "rdb"} <= set(before), "found before in the files")
        tap.ok("slowlog" in before, "found before among slow commands")
        for kind in ("log", "metrics"):
            tap.ok(kind not in before, "no %s has it: %s" % (kind, before.get(kind)))
        for coded in (EMAIL, PHONE[1:], USER):
            tap.ok(coded in before["told of " + FRIENDS[0]], "found before: " + coded)
        others = shop.dump(is_neighbours)
        shop.redis("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        receipt, tries = shop.erase(EMAIL.upper())
        tap.equal(tries, 1, "at once")
        nowhere(shop, "nowhere after", tell=True)
        tap.equal(shop.dump(is_neighbours), others, "others are what they were")
        tap.equal((receipt["state"], receipt["archive"]["state"]), ("waiting", "pending"), "but for the archive")
        tap.ok(has_secret(shop.archive("cat").encode()), "others' archived lines speak of them")
        shop.archive("run", "--once")
        receipt = json.loads(shop.customer("receipt", receipt["receipt"], "--json")[1])
        nowhere(shop, "nowhere after that, too", tell=True)
        left = shop.archive("cat")
        tap.equal(has_secret(left.encode()), [], "nobody can read it in the archive any more")
        tap.ok(0 < left.count("\n") < n_lines, "others' lines can be read")
        tap.equal(receipt["state"], "erased", "the receipt says so")
        tap.equal(receipt["by"], "tester", "and by whom")
        tap.equal(receipt["removed"]["identifiers"], 5, "names")
        tap.equal(receipt["removed"]["records"], 1, "records")
        tap.equal(receipt["removed"]["links"], 4, "links")
        tap.equal(receipt["removed"]["jobs"], 2, "jobs")
        tap.ok(receipt["removed"]["quarantined"] >= 3, "what was put aside: %s" % receipt)
        tap.equal(receipt["files"], "aof rdb", "files")
        # Those whose events said it, and what the visitor was; one of them has sealed chunks,
        # another a record of before a merge.
        tap.ok(receipt["others"]["customers"] == 5, "others' records: %s" % receipt)
        tap.ok(receipt["others"]["chunks"] >= 2, "their chunks: %s" % receipt)
        tap.ok(receipt["others"]["entries"] >= 70, "their entries: %s" % receipt)
        tap.equal(has_secret(json.dumps(receipt).encode()), [], "the receipt names nobody")
        status, out, _ = shop.customer("receipt", receipt["receipt"], "--json")
        tap.equal((status, json.loads(out)), (0, receipt), "the receipt is kept")
        status, out, error = shop.customer("erase", USER, "--yes", "--json")
        tap.equal(json.loads(out)["receipt"], receipt["receipt"], "asked again: the same")
        tap.ok("already" in error, error)
        comes_again(shop, others, receipt)


def shown(shop, kind):
    """The figure on the console's page."""
    line = 'waymark_today_total{kind="%s"} ' % kind
    page = shop.console.get("/metrics").body.decode()
    return int(page.partition(line)[2].split()[0]) if line in page else None


def comes_again(shop, others, receipt):
    """Under any name: not kept, nothing sent. After a restart of all likewise."""
    jobs, out = n_jobs(shop), counter(shop, "kept_out")
    for worker in shop.workers:
        worker.terminate()
    for worker in shop.workers:
        worker.start()
    shop.post(SERVER, track("Product Added", {"identifiers": {"email": EMAIL}}, cart_id="x1"),
              track("Product Added", {"userId": USER}, cart_id="x2"))
    shop.post(PAGE, track("Product Added", {"anonymousId": ANON}, cart_id="x3"),
              track("Product Added", {"anonymousId": OTHER_ANON}, cart_id="x4"))
    shop.settle()
    tap.equal(counter(shop, "kept_out"), out + 4, "kept out")
    # The day's figures, and so not those of a day that began meanwhile.
    names = {key.decode()[-10:] for key in shop.redis("KEYS", "wm:*:day:*")}
    harness.wait_until(lambda: len(names) > 1 or (shown(shop, "kept_out"), shown(shop, "erased")) ==
                       (out + 4, counter(shop, "erased")), "the console's figures", 60)
    tap.ok(counter(shop, "erased") >= 5, "as many names as were erased")
    tap.equal(n_jobs(shop), jobs, "no job")
    # What came in stands among what was removed until it is written anew.
    harness.wait_until(lambda: not shop.redis("KEYS", "wm:*:stale"), "what came in has left the log", 30)
    nowhere(shop, "nothing of who comes again is kept")
    tap.equal(shop.dump(is_neighbours), others, "others still are")
    status, _, error = shop.customer("export", EMAIL)
    tap.equal(status, 1, "no customer: " + error)
    status, out, error = shop.customer("unsuppress", EMAIL, "--json", "--by", "tester two")
    tap.equal(status, 0, error)
    tap.equal(json.loads(out)["state"], "lifted", "they may come back")
    tap.equal(json.loads(out)["receipt"], receipt["receipt"], "the same receipt")
    shop.post(SERVER, track("Product Viewed", {"userId": USER}, product_id="x"))
    shop.settle()
    status, out, error = shop.customer("export", USER)
    tap.equal(status, 0, "a customer again: " + error)


def on_a_terminal(shop, *words):
    """The status of `waymark customer WORDS`, and what it draws there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([harness.waymark(), "customer", *words, *shop.common], stderr=theirs,
                          stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as tool:
        os.close(theirs)
        drawn = b""
        # The other end is gone when the tool is: that is an error here, and not an end.
        with contextlib.suppress(OSError), open(ours, "rb", buffering=0) as terminal:
            while piece := terminal.read(4096):
                drawn += piece
    return tool.returncode, drawn.decode()


@tap.test
def how_far_it_is_shows_on_a_terminal():
    with harness.Place() as place:
        shop = Shop(place, tap)
        person(shop)
        shop.settle()
        status, drawn = on_a_terminal(shop, "erase", USER, "--yes", "--by", "tester")
        tap.equal(status, 0, drawn)
        lines = drawn.split("\r\033[K")
        bars = [re.fullmatch(r"(\[(#*)(\.*)\] +(\d+)%  )?(\d+) ([a-z' ]+), \d+/s", line) for line in lines]
        bars = [bar for bar in bars if bar]
        tap.ok({"entries looked at", "customers looked at"} <= {bar[6] for bar in bars}, "drawn: %r" % drawn)
        full = [(len(bar[2]), len(bar[3]), int(bar[4])) for bar in bars if bar[1]]
        tap.ok(full, "some know how much there is: %r" % drawn)
        tap.ok(all(done + rest == 30 and abs(done / 0.3 - percent) < 4 for done, rest, percent in full),
               "as full as they say: %s" % full)
        tap.equal((lines[0], "/s" in lines[-1]), ("", False), "the line is taken away: %r" % drawn)
        tap.equal(has_secret(drawn.encode()), [], "it names nobody")
        shop.post(SERVER, track("Product Viewed", {"userId": "another"}))
        shop.settle()
        status, drawn = on_a_terminal(shop, "erase", "another", "--yes", "--json")
        tap.equal((status, "/s" in drawn), (0, False), "none with --json: %r" % drawn)


@tap.test
def at_any_time_whatever_dies():
    chance = random.Random(SEED)
    print("# seed %d" % SEED, flush=True)
    with harness.Place() as place:
        shop = Shop(place, tap)
        neighbours(shop)
        harness.wait_until(lambda: n_jobs(shop) >= NEIGHBOURS, "their carts", 60)
        shop.settle()
        others = shop.dump(lambda k: is_neighbours(k) and ":job" not in k)
        told_all, stop = threading.Event(), threading.Event()

        def story():
            person(shop)
            while not told_all.is_set():
                shop.post(SERVER, track("Product Added", {"userId": USER}, cart_id="cz"),
                          track("Product Viewed", {"identifiers": {"email": EMAIL}}))
                time.sleep(0.01)

        def trouble():
            while not stop.is_set():
                time.sleep(chance.uniform(0.1, 0.5))
                if chance.random() < 0.2:
                    shop.redis.kill()
                    shop.redis.restart()
                else:
                    chance.choice(shop.workers).kill()
                for worker in shop.workers:
                    if not worker.is_running():
                        worker.start()

        threads = [threading.Thread(target=f, daemon=True) for f in (story, trouble)]
        threads[0].start()
        time.sleep(chance.uniform(0.3, 2.5))
        threads[1].start()
        harness.wait_until(lambda: is_there(shop), "somebody to erase", 60)
        receipt, tries = shop.erase(USER, within=200)
        # What a thread has started ends with it, and nobody can tell a Redis that is gone anything.
        for event, thread in zip((told_all, stop), threads):
            event.set()
            thread.join()
        shop.redis.kill()
        shop.redis.restart()
        for worker in shop.workers:
            worker.kill()
            worker.command[worker.command.index("--renew") + 1] = "300ms"
            worker.start()
        shop.settle()
        # Names that were not theirs yet are customers of their own now; they are asked for too.
        for name in (USER, EMAIL, ANON, OTHER_ANON):
            if shop.customer("export", name)[0] == 0:
                shop.erase(name)
        shop.settle()
        # What came in behind the erasure stands among what was removed until it is written anew; who
        # died of that holds it for a minute.
        harness.wait_until(lambda: not shop.redis("KEYS", "wm:*:stale"), "what came in has left the log", 90)
        harness.wait_until(lambda: writes_anew(shop), "Redis' files are written anew")
        nowhere(shop, "nowhere after, seed %d" % SEED)
        tap.equal(shop.dump(lambda k: is_neighbours(k) and ":job" not in k), others,
                  "others are what they were")
        tap.equal(shop.redis("EXISTS", "wm:erasing"), 0, "none is left unfinished")
        print("# asked for %d times; %s" % (tries, receipt["removed"]), flush=True)


def writes_anew(shop):
    """False while Redis does so already: a worker that took away what had come in asked for that."""
    try:
        return bool(shop.redis("BGREWRITEAOF"))
    except harness.RedisError:
        return False


def is_there(shop):
    try:
        return bool(shop.redis("KEYS", "wm:*:c:" + USER))
    except (OSError, ConnectionError, harness.RedisError):
        return False


tap.run()
