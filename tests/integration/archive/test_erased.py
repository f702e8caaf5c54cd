#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Somebody was erased, and others' archived lines speak of them, sealed under those others' keys. The
erasure leaves an order, and whoever archives takes it out of the files: all that the lines decrypt to
is searched, before and after. Whoever carries it out dies at any step; the order outlives Redis and
whoever was erased being let back; and for all others nothing has changed: what a backtest, an export
and an unmerge make of the archive."""

import contextlib
import glob
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import harness  # noqa: E402
import shelf  # noqa: E402

KEYS = ("[page]\nkey = wk_page_0123456789\nkind = browser\nrate = 0\n"
        "[server]\nkey = wk_server_0123456789\nkind = server\nrights = traits merge privileged\n")
PAGE, SERVER = "wk_page_0123456789", "wk_server_0123456789"
RULE = {"id": "cart", "class": "marketing", "key": "cart_id", "gates": "off", "round": "1ms",
        "arm": ["Product Added"], "cancel": [{"event": "Order Completed", "match": "customer"}],
        "wait": "1s", "grace": "0s", "stale_after": "never", "tombstone": "0s", "channels": ["email"]}
PARTITIONS = 4
EMAIL, PHONE, USER, ANON = "janeth.doe77@example.org", "+4915112345677", "shopper-erase-77", "anon-erase-77"
# However it is written; what only the shop could know of them is not theirs to be found.
SECRETS = ["janeth.doe77", "15112345677", "(1511) 23456-77", USER, ANON]
WRITTEN = ["for %s, with love" % EMAIL, "https://x.example/?to=janeth.doe77%40example.org&a=1",
           "<Janeth.Doe77@EXAMPLE.org>", "call +49 (1511) 23456-77", "/u/%s/wishes" % USER,
           '{"to":"janeth.doe77\\u0040example.org"}']
FRIENDS = ["friend-%d" % n for n in range(1, 7)]
tap = harness.Tap()


def secret(text):
    small = text.lower()
    return [s for s in SECRETS if s.lower() in small]


def track(event, who, **properties):
    return {"type": "track", "event": event, "properties": properties, **who}


class Shop:
    def __init__(self, place):
        self.place, self.n = place, 0
        self.redis = place.redis(dataset=None)
        self.redis.create_dataset(harness.DATASET, PARTITIONS)
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        self.rules = os.path.dirname(place.write("rules/cart.json", json.dumps([RULE])))
        self.collector = place.role("collector", self.common + [
            "--keys", place.write("keys.ini", KEYS), "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.worker = place.role("worker", self.common + ["--rules", self.rules, "--lease", "400ms"])
        self.directory = place.path("archive")

    def post(self, key, *items):
        for item in items:
            self.n += 1
            item.setdefault("messageId", "m%d" % self.n)
        answer = self.collector.post("/v1/batch", json.dumps({"batch": list(items)}).encode(), {
            "Authorization": harness.basic(key), "Content-Type": "application/json"})
        assert answer.status == 200, answer

    def settle(self):
        harness.wait_quiet(self.redis, "everything said and heard", range(PARTITIONS))

    def tool(self, *args, status=0):
        done, out, error = self.place.tool(*args, *self.common, within=90)
        tap.equal(done, status, "%s: %s" % (" ".join(args), error))
        return out

    def archive(self, verb, *args, directory=None, status=0):
        return self.tool("archive", verb, *args, "--directory", directory or self.directory, status=status)

    def run(self, *args, directory=None, status=0):
        return self.archive("run", "--once", "--segment", "4K", *args, directory=directory, status=status)

    def cat(self, directory=None):
        """Every archived line whose key is kept, opened."""
        return self.archive("cat", directory=directory).splitlines()

    def check(self, directory=None):
        return json.loads(self.archive("check", "--json", directory=directory).splitlines()[-1])

    def raw(self, directory=None):
        """name: bytes, of every file"""
        found = {}
        for root, _, names in os.walk(directory or self.directory):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    found[name] = file.read()
        return found

    def erase(self, who=EMAIL):
        return json.loads(self.tool("customer", "erase", who, "--yes", "--json"))

    def receipt(self, receipt):
        return json.loads(self.tool("customer", "receipt", receipt["receipt"], "--json"))

    def jobs(self):
        """What a backtest of the archive says, but for who is erased and theirs."""
        report = json.loads(self.tool("backtest", "--rules", self.rules, "--events", self.directory, "--json"))
        return sorted((j["id"], j["customer"], j["fire_at"]) for j in report["jobs"]
                      if not secret(j["customer"]))

    def doctor(self):
        """What it says of erasures; of roles that this shop has not it says more."""
        status, out, error = self.place.tool("doctor", "--json", "--rules", self.rules, *self.common)
        assert status in (0, 1), error
        found = {row["check"]: row for row in map(json.loads, out.splitlines())}["erasures"]
        tap.equal(secret(found["message"]), [], "it names nobody")
        return found["finding"], found["message"]

    def orders(self):
        return self.redis("SMEMBERS", "wm:orders")


def person(shop):
    shop.post(PAGE, track("Product Added", {"anonymousId": ANON}, cart_id="cj1"))
    shop.post(SERVER, {"type": "identify", "userId": USER, "anonymousId": ANON,
                       "traits": {"email": EMAIL, "phone": PHONE}})
    shop.post(SERVER, track("Product Added", {"identifiers": {"email": EMAIL}}, cart_id="cj2"))
    shop.settle()


def friends(shop):
    """Those who speak of them, and some who do not."""
    for friend in FRIENDS:
        who = {"userId": friend}
        shop.post(SERVER, track("Product Added", who, cart_id="c" + friend),
                  {"type": "identify", **who, "traits": {"email": friend + "@example.net"}})
        shop.post(SERVER, *[track("Product Viewed", who, product_id="p%d" % n, note="%d times" % n)
                            for n in range(20)])
    for n, text in enumerate(WRITTEN):
        shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[0]}, gift_to=EMAIL.upper(), note=text))
        shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[1]}, product_id="g%d" % n, note=text))
    shop.post(PAGE, {"type": "identify", "userId": FRIENDS[2], "traits": {"email": EMAIL, "phone": PHONE}})
    shop.post(PAGE, {"type": "identify", "userId": FRIENDS[2], "anonymousId": ANON})
    shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[3], "messageId": "present:" + EMAIL}, note="a name"))
    shop.settle()


def opened(shop):
    """Of others, the lines that speak of them, and those that do not."""
    lines = shop.cat()
    return [line for line in lines if secret(line)], [line for line in lines if not secret(line)]


def filled(place):
    shop = Shop(place)
    person(shop)
    friends(shop)
    harness.wait_until(lambda: sum(shop.redis("XLEN", "wm:{p%d}:jobs" % p) for p in range(PARTITIONS)) >=
                       len(FRIENDS) + 1, "carts that are written about", 60)
    # Time goes on in each partition after what is waited for.
    for friend in FRIENDS:
        shop.post(SERVER, track("Product Viewed", {"userId": friend}, note="later"))
    shop.settle()
    shop.run()
    return shop


@tap.test
def taken_out_of_what_others_lines_say():
    with harness.Place() as place:
        shop = filled(place)
        tap.equal(shop.doctor(), ("fine", "No erasure waits for anything."), "doctor, before")
        shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[4]}, note="not archived yet: " + EMAIL))
        shop.settle()
        jobs, files = shop.jobs(), shop.raw()
        receipt = shop.erase()
        tap.equal((receipt["state"], receipt["archive"]["state"]), ("waiting", "pending"), "it waits for the archive")
        finding, said = shop.doctor()
        tap.ok(finding == "note" and said.startswith("1 erasure waits for the archive, the first since ") and
               receipt["receipt"] in said and "`waymark archive run`" in said, "doctor: %s: %s" % (finding, said))
        # Four hours later, nobody having archived.
        kept = shop.redis("HGET", "wm:erasure:" + receipt["receipt"], "finished_at")
        shop.redis("HSET", "wm:erasure:" + receipt["receipt"], "finished_at", int(kept) - 4 * 3600 * 1000)
        finding, said = shop.doctor()
        tap.ok(finding == "wrong" and "since 4h" in said and "running?" in said, "doctor: %s: %s" % (finding, said))
        shop.redis("HSET", "wm:erasure:" + receipt["receipt"], "finished_at", kept)
        order = b" ".join(shop.redis("HVALS", "wm:order:" + receipt["receipt"]))
        tap.equal(secret(order.decode("latin-1")), [], "the order names nobody")
        theirs, others = opened(shop)
        print("# %d lines of others speak of them, %d do not" % (len(theirs), len(others)), flush=True)
        tap.ok(len(theirs) >= 2 * len(WRITTEN) + 3, "others' lines speak of them: %d" % len(theirs))
        tap.equal(shop.jobs(), jobs, "a backtest before")

        shop.redis.kill()
        shop.redis.restart()
        tap.equal(shop.receipt(receipt)["archive"]["state"], "pending", "the order outlives Redis")
        shop.run()
        tap.equal(opened(shop)[0], [], "nobody's line speaks of them")
        now = shop.receipt(receipt)
        tap.equal((now["state"], now["archive"]["state"], now["archive"]["partitions_left"]), ("erased", "done", 0), "done")
        tap.equal(now["archive"]["lines"] + now["archive"]["sealed"], len(theirs), "so many lines: %s" % now)
        tap.ok(0 < now["archive"]["files"] < now["archive"]["looked_at"], "some files: %s" % now)
        tap.equal(secret(json.dumps(now)), [], "the receipt names nobody")
        tap.equal(shop.orders(), [], "no order is left")
        tap.equal(shop.doctor()[0], "fine", "doctor, after")
        now_open = set(opened(shop)[1])
        tap.equal([line for line in others if line not in now_open], [], "others' lines are what they were")
        after = shop.raw()
        changed = [name for name in files if files[name] != after[name]]
        tap.equal(len(changed), now["archive"]["files"], "only those files were written anew")
        tap.equal([n for n in after if n.startswith(".")], [], "no drafts")
        tap.equal(shop.check()["faults"], 0, "check")
        tap.equal(shop.jobs(), jobs, "a backtest after")
        shop.run()
        tap.equal(shop.raw(), after, "nothing more is done")
        status, out, _ = shop.place.tool("customer", "receipt", receipt["receipt"], *shop.common)
        tap.ok(status == 0 and re.search(r"(?m)^archive +done$", out), out)


@tap.test
def what_doctor_says_of_several():
    """By their receipts alone: an hour is long for an erasure, two hours and five minutes for the archive."""
    with harness.Place() as place:
        shop = Shop(place)

        def put(where, name, minutes, field, **more):
            at = int(time.time() * 1000) - minutes * 60000
            shop.redis("SADD", "wm:" + where, name * 16)
            shop.redis("HSET", "wm:erasure:" + name * 16, field, at, *[x for pair in more.items() for x in pair])

        def says(finding, *sentences):
            found, said = shop.doctor()
            tap.ok(found == finding and all(re.search(one, said) for one in sentences), "%s: %s" % (found, said))

        one = r"1 erasure is not finished, the first since 50m(\d+s)? \(receipt 1{16}\)\."
        put("erasing", "1", 50, "asked_at")
        says("note", "^" + one + "$")
        put("erasing", "2", 70, "asked_at")
        says("wrong", r"^2 erasures are not finished, the first since 70m(\d+s)? \(receipt 2{16}\): ask for it again")
        put("orders", "3", 10, "finished_at", asked_at=1)
        says("wrong", "^2 erasures are", r"1 erasure waits for the archive, the first since 10m.* carries them out\.$")
        shop.redis("SREM", "wm:erasing", "2" * 16)
        says("note", "^" + one + " 1 erasure waits for the archive, ")
        put("orders", "4", 124, "finished_at")
        says("note", r"2 erasures wait for the archive, the first since 2h4m(\d+s)? \(receipt 4{16}\); ")
        put("orders", "5", 3, "finished_at", **{"a:elsewhere": 2})
        says("wrong", "3 erasures wait for the archive, the first since 2h4m.*: of 1 there are files")
        shop.redis("DEL", "wm:orders")
        says("note", "^" + one + "$")
        put("orders", "6", 126, "finished_at")
        says("wrong", r"1 erasure waits for the archive, .*running\?")


@tap.test
def read_by_who_needs_the_past():
    """Two who were one are two again, and an export has all of it, from the archive alone."""
    with harness.Place() as place:
        shop = filled(place)
        archive = ("--archive", shop.directory)
        shop.tool("customer", "merge", FRIENDS[1], FRIENDS[0], "--yes", "--reason", "one hand")
        shop.settle()
        shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[1]}, note="since then"))
        shop.settle()
        shop.run()
        for p in range(PARTITIONS):
            last = shop.redis("XREVRANGE", "wm:{p%d}:in" % p, "+", "-", "COUNT", "1")[0][0].decode()
            cut = "%d-%d" % (shelf.split(last)[0], shelf.split(last)[1] + 1)
            shop.redis("XTRIM", "wm:{p%d}:in" % p, "MINID", cut)
            shop.redis("HSET", "wm:{p%d}:arch" % p, "trimmed", cut)
        shop.tool("customer", "unmerge", FRIENDS[1], "--json", *archive)
        before = json.loads(shop.tool("customer", "export", FRIENDS[0], *archive))
        tap.ok(secret(json.dumps(before)), "the export speaks of them")
        shop.erase()
        half = json.loads(shop.tool("customer", "export", FRIENDS[0], *archive))
        tap.ok(secret(json.dumps(half["archived"])), "what is archived still does")
        shop.run()
        after = json.loads(shop.tool("customer", "export", FRIENDS[0], *archive))
        tap.equal(secret(json.dumps(after)), [], "the export does not any more")
        tap.equal((len(after["archived"]), after["archive"]), (len(before["archived"]), before["archive"]),
                  "as many entries, and no fault")
        shop.tool("customer", "unmerge", FRIENDS[1], "--json", *archive)
        shop.tool("customer", "unmerge", FRIENDS[1], "--yes", "--reason", "two sisters", *archive)
        shop.settle()
        for friend, n in ((FRIENDS[0], 21 + len(WRITTEN)), (FRIENDS[1], 21 + len(WRITTEN) + 1)):
            views = [e for e in json.loads(shop.tool("customer", "export", friend))["timeline"]
                     if e.get("event") == "Product Viewed"]
            tap.equal(len(views), n, "their own again: " + friend)


class Stage:
    """What stands when the order was put down, to be put back before each try."""

    def __init__(self, shop):
        self.shop, self.files = shop, shop.place.path("kept")
        shutil.copytree(shop.directory, self.files)
        self.values = {key: shop.redis("DUMP", key) for key in self.keys()}

    def keys(self):
        return [key for pattern in ("wm:order*", "wm:erasure:*", "wm:{p*}:arch")
                for key in self.shop.redis("KEYS", pattern)]

    def put_back(self):
        for key in self.keys():
            self.shop.redis("DEL", key)
        for key, value in self.values.items():
            self.shop.redis("RESTORE", key, "0", value)
        shutil.rmtree(self.shop.directory)
        shutil.copytree(self.files, self.shop.directory)

    def outcome(self, receipt):
        """What is in the archive in the end, and what the receipt counts."""
        shop = self.shop
        now = shop.receipt(receipt)["archive"]
        drafts = [name for name in shop.raw() if name.startswith(".")]
        return (sorted(shop.cat()), shop.check()["entries"], shop.check()["faults"], drafts,
                {k: now[k] for k in ("state", "files", "lines", "sealed", "looked_at")}, shop.orders())


def archiver(shop, redis):
    return harness.Process(
        [harness.waymark(), "archive", "run", "--once", "--directory", shop.directory, "--segment", "4K",
         "--redis", "unix:" + redis, "--dataset", harness.DATASET], shop.place.path("died.log"))


def dies_at(shop, bridge, step, late):
    """Kills an archiver at the STEP-th command about orders; whether it came so far."""
    child, seen = [], []

    def act(_, parts):
        if seen or b"wm:orders" in parts:
            seen.append(parts)
        if len(seen) == step:
            bridge.mute = True
            if not late:
                child[0].kill()
        return len(seen) < step or (late and len(seen) == step)

    bridge.arm(act)
    child.append(archiver(shop, bridge.path))
    harness.wait_until(lambda: bridge.mute or not child[0].is_running(), "its step")
    if bridge.mute and late:
        # What was passed on has been done when Redis answers a later question.
        shop.redis("PING")
    child[0].kill()
    return bridge.mute


def at_each_step(shop, stage):
    """One dies before the first command about orders, after it, before the second …"""
    bridge = shelf.Bridge(shop.place, shop.redis)
    step, came = 0, True
    while came:
        step += 1
        late = step % 2 == 0
        stage.put_back()
        came = dies_at(shop, bridge, step, late)
        yield "step %d%s" % (step, " and a half" if late else "")
    print("# %d steps" % step, flush=True)
    tap.ok(step > 40, "steps: %d" % step)


def drafts(shop):
    return glob.glob(os.path.join(shop.directory, "dt=*", ".*"))


def in_a_file(shop, stage):
    """One dies while a file is being written anew, three times."""
    half = 0
    for _ in range(60):
        stage.put_back()
        child = archiver(shop, shop.redis.socket)
        while child.is_running() and not drafts(shop):
            pass  # it is there for a moment
        child.kill()
        half += bool(drafts(shop))
        yield "the middle of a file"
        if half == 3:
            break
    tap.ok(half > 0, "died in the middle of a file: %d times" % half)


def outlived(deaths, *calmly):
    """Whoever archives after somebody died comes to what one does that lives (CALMLY)."""
    with harness.Place() as place:
        shop = filled(place)
        receipt = shop.erase()
        stage = Stage(shop)
        shop.run(*calmly)
        want = stage.outcome(receipt)
        tap.equal((want[2:4], want[4]["state"]), ((0, []), "done"), "calm")
        tap.equal(secret(json.dumps(want[0])), [], "calm: nobody speaks of them")
        for where in deaths(shop, stage):
            shop.run()
            outcome = stage.outcome(receipt)
            tap.ok(outcome == want, "after %s: %s" % (where, outcome[1:]))
            if tap.failures:
                break


@tap.test
def whatever_step_it_dies_at():
    outlived(at_each_step)


@tap.test
def in_the_middle_of_a_file():
    outlived(in_a_file, "--scrub", "1ms")  # file by file, with a round of archiving between


@tap.test
def wherever_the_files_are():
    """A second directory has what came since; the first is looked at where it is, or is no more."""
    with harness.Place() as place:
        shop = filled(place)
        first, shop.directory = shop.directory, place.path("second")
        shop.post(SERVER, *[track("Product Viewed", {"userId": friend}, note="again " + EMAIL) for friend in FRIENDS])
        shop.settle()
        shop.run("--moved")
        receipt = shop.erase()
        shop.run()
        now = shop.receipt(receipt)
        tap.equal((now["state"], now["archive"]["state"]), ("waiting", "pending"), "files are missing")
        tap.ok(now["archive"]["partitions_elsewhere"] > 0, "in another directory: %s" % now["archive"])
        tap.equal([line for line in shop.cat() if secret(line)], [], "those that are here are done")
        text = shop.tool("customer", "receipt", receipt["receipt"])
        tap.ok("waymark archive scrub DIR" in text, "it says what to do: " + text)
        finding, said = shop.doctor()
        tap.ok(finding == "wrong" and "`waymark archive scrub DIR` where they are" in said, "doctor: " + said)
        tap.ok([line for line in shop.cat(first) if secret(line)], "the others are not")
        stage = Stage(shop)
        shop.run("--all-here")
        tap.equal(shop.receipt(receipt)["state"], "erased", "if they are nowhere, it is done")
        stage.put_back()
        shop.archive("scrub", directory=first)
        tap.equal([line for line in shop.cat(first) if secret(line)], [], "there, too")
        shop.run()
        tap.equal(shop.receipt(receipt)["state"], "erased", "that is all")
        tap.equal(shop.orders(), [], "no order is left")
        shop.archive("check", "--offline", directory=first)


@tap.test
def let_back_before_it_is_done():
    """What was said before goes; what is said of them afterwards stays."""
    with harness.Place() as place:
        shop = filled(place)
        receipt = shop.erase()
        shop.tool("customer", "unsuppress", EMAIL)
        shop.settle()
        shop.post(SERVER, track("Product Viewed", {"userId": FRIENDS[5]}, note="welcome back, " + EMAIL))
        shop.settle()
        shop.run()
        speak = [line for line in shop.cat() if secret(line)]
        tap.ok(len(speak) == 1 and "welcome back" in speak[0], str(speak)[:400])
        now = shop.receipt(receipt)
        tap.equal((now["state"], now["archive"]["state"]), ("lifted", "done"), "the receipt")


@tap.test
def a_damaged_file_is_left_alone():
    with harness.Place() as place:
        shop = filled(place)
        shop.run()
        receipt = shop.erase()
        theirs = opened(shop)[0]
        path = max(glob.glob(os.path.join(shop.directory, "dt=*", "*.gz")), key=os.path.getsize)
        with open(path, "rb") as file:
            good = file.read()
        with open(path, "wb") as file:
            file.write(good[:len(good) // 2])
        status, _, error = shop.place.tool("archive", "run", "--once", "--directory", shop.directory, *shop.common)
        tap.ok(status == 1 and os.path.basename(path) in error, "it says which: " + error)
        now = shop.receipt(receipt)["archive"]
        tap.ok(now["state"] == "pending" and now["partitions_left"] == 1, "it waits: %s" % now)
        with open(path, "wb") as file:
            file.write(good)
        shop.run()
        tap.equal(opened(shop)[0], [], "mended, it is done")
        now = shop.receipt(receipt)["archive"]
        tap.equal((now["state"], now["lines"] + now["sealed"]), ("done", len(theirs)), "all of it")


def at_a_terminal(shop, *args):
    """(status, what was seen on standard error, which is a terminal, standard output)"""
    ours, theirs = pty.openpty()
    done = subprocess.run([harness.waymark(), *args, *shop.common], stdout=subprocess.PIPE, stderr=theirs,
                          stdin=subprocess.DEVNULL, timeout=90, check=False)
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # its end
        while True:
            piece = os.read(ours, 65536)
            if not piece:
                break
            seen += piece
    os.close(ours)
    return done.returncode, seen.decode(), done.stdout.decode()


@tap.test
def where_nothing_was_archived():
    with harness.Place() as place:
        shop = Shop(place)
        person(shop)
        status, seen, out = at_a_terminal(shop, "customer", "erase", EMAIL, "--yes")
        tap.ok(status == 0 and re.search(r"(?m)^archive +nothing was ever archived", out), "nothing to wait for: " + out)
        tap.ok(re.search(r"\[[#.]{30}\] +\d+%  \d+ entries looked at, ", seen) and " customers looked at, " in seen and
               seen.endswith("\r\033[K"), "how far it is, and no line is left: %r" % seen)
        receipt = json.loads(shop.tool("customer", "receipt", re.search(r"[0-9a-f]{16}", out).group(), "--json"))
        tap.equal((receipt["state"], receipt["archive"]["state"]), ("erased", "none"), "the receipt")
        tap.equal(shop.orders(), [], "no order")
        person(shop)
        shop.tool("customer", "unsuppress", EMAIL)
        person(shop)
        tap.equal(at_a_terminal(shop, "customer", "erase", EMAIL, "--yes", "--json")[:2], (0, ""),
                  "for a program nothing is shown")


tap.run()
