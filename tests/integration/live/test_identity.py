#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""People who are known by several names, in a shop with three workers that are killed, put to sleep
and started again with Redis beside them: carts without a name, names that come late or first, guests
with two addresses, two devices, users whom the shop says are one, each way round at the same time.
Afterwards every name leads to one customer with one history, nobody is written to about what they
bought under another name, and a replay of the log comes to the very same jobs.

WAYMARK_LIVE_PEOPLE sets how many (36), WAYMARK_TEST_SEED the chance (printed)."""

import json
import os
import random
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import shop  # noqa: E402

PEOPLE = int(os.environ.get("WAYMARK_LIVE_PEOPLE", "36"))
SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
PAGE, SERVER = "wk_page_0123456789", "wk_server_0123456789"
KEYS = ("[page]\nkey = %s\nkind = browser\nrate = 0\n"
        "[server]\nkey = %s\nkind = server\nrights = traits merge privileged\n" % (PAGE, SERVER))
# The wait is longer than the story of a person with its troubles, so that what is said in it counts.
WAIT = 25
RULES = [{"id": "cart", "class": "marketing", "key": "cart_id", "gates": "off", "round": "1ms",
          "arm": ["Product Added"], "cancel": [{"event": "Order Completed", "match": "customer"}],
          "wait": "%ds" % WAIT, "grace": "0s", "stale_after": "never", "tombstone": "0s",
          "channels": ["email"]}]
tap = harness.Tap()


class Person:
    """What one of them does, in order: (key, item)."""

    def __init__(self, number):
        self.number, self.items, self.names = number, [], set()
        self.story = STORIES[number % len(STORIES)]
        self.story(self)

    def name(self, text):
        name = "%s%d" % (text, self.number)
        return name

    def say(self, key, what, who, **properties):
        item = {"type": "track", "event": what, "properties": properties}
        if what == "identify":
            item = {"type": "identify"}
        if what == "alias":
            item = {"type": "alias"}
        item.update(who)
        item["messageId"] = "p%d-%d" % (self.number, len(self.items))
        self.items.append((key, item))

    def anon(self, text):
        self.names.add("anon:" + self.name(text))
        return {"anonymousId": self.name(text)}

    def user(self, text):
        self.names.add(self.name(text))
        return {"userId": self.name(text)}

    def mail(self, text):
        self.names.add("email:%s@example.org" % self.name(text))
        return {"identifiers": {"email": self.name(text) + "@example.org"}}

    def cart(self, text):
        return {"cart_id": self.name(text), "product_id": "ring"}


def buyer(p):
    """A cart without a name, the name, the purchase under it."""
    p.say(PAGE, "Product Added", p.anon("a"), **p.cart("k"))
    p.say(PAGE, "identify", {**p.user("u"), **p.anon("a")})
    p.say(SERVER, "Order Completed", p.user("u"), order_id=p.name("o"))
    p.jobs = 0


def named_first(p):
    """The name is there before anything else, and the cart is filled by both."""
    p.say(PAGE, "identify", {**p.user("u"), **p.anon("a")})
    p.say(PAGE, "Product Added", p.anon("a"), **p.cart("k"))
    p.say(PAGE, "Product Added", p.user("u"), **p.cart("k"))
    p.jobs = 1


def guest(p):
    """A guest who checks out with another address than the one they had given."""
    p.say(SERVER, "Product Added", p.anon("a"), **p.cart("k"))
    p.say(SERVER, "identify", {**p.mail("y"), **p.anon("a")})
    p.say(SERVER, "Order Completed", {**p.mail("x"), **p.anon("a")}, order_id=p.name("o"))
    p.jobs = 0


def devices(p):
    """Two devices, two carts, and nothing bought."""
    p.say(PAGE, "Product Added", p.anon("a"), **p.cart("k"))
    p.say(PAGE, "Product Added", p.anon("b"), **p.cart("l"))
    p.say(PAGE, "identify", {**p.user("u"), **p.anon("a")})
    p.say(PAGE, "identify", {**p.user("u"), **p.anon("b")})
    p.say(PAGE, "Product Added", p.anon("b"), **p.cart("l"))
    p.jobs = 2


def one_user(p):
    """Two users whom the shop says are one, one way and the other."""
    p.say(SERVER, "Product Added", p.user("v"), **p.cart("k"))
    p.say(SERVER, "Product Added", p.user("w"), **p.cart("l"))
    p.say(SERVER, "alias", {**p.user("w"), "previousId": p.name("v")})
    p.say(SERVER, "alias", {**p.user("v"), "previousId": p.name("w")})
    p.jobs = 2


def circle(p):
    """Addresses that have visitors in common, all around."""
    for mail, anon, cart in ("dac", "cad", "cbe", "bbf", "acg", "bch", "dci"):
        p.say(SERVER, "Product Added", {**p.mail(mail), **p.anon(anon)}, **p.cart(cart))
    p.jobs = 7


STORIES = [buyer, named_first, guest, devices, one_user, circle]


class Stage:
    def __init__(self, place):
        self.place = place
        self.redis = place.redis()
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        place.write("rules/cart.json", json.dumps(RULES))
        self.collector = place.role("collector", self.common + [
            "--keys", place.write("keys.ini", KEYS),
            "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.workers = [place.role("worker", self.common + [
            "--rules", place.path("rules"), "--lease", "400ms", "--batch", "8"],
            name="worker%d" % n) for n in range(3)]

    def post(self, key, item):
        """Until it is accepted."""
        body = json.dumps({"batch": [item]}).encode()
        while True:
            try:
                answer = self.collector.post("/v1/batch", body, {
                    "Authorization": harness.basic(key), "Content-Type": "application/json"})
                if answer.status == 200:
                    assert answer.json().get("accepted", 1) == 1, answer
                    return
                assert answer.status in (429, 500, 502, 503, 504), answer
            except (OSError, ConnectionError):
                pass
            time.sleep(0.02)

    def walk(self, people, chance):
        for person in people:
            person.rest = list(person.items)
        while any(person.rest for person in people):
            person = chance.choice([p for p in people if p.rest])
            self.post(*person.rest.pop(0))
            if chance.random() < 0.1:
                time.sleep(chance.uniform(0, 0.05))

    def trouble(self, chance):
        what = chance.randrange(10)
        worker = chance.choice(self.workers)
        if what < 5:
            worker.kill()
            time.sleep(chance.uniform(0, 0.3))
            worker.start()
        elif what < 8:
            worker.pause()
            time.sleep(chance.uniform(0.2, 0.9))
            worker.resume()
        else:
            self.redis.kill()
            self.redis.restart()
        for worker in self.workers:
            if not worker.is_running():
                worker.start()

    def values(self):
        """key of a customer or a link: its value."""
        found = {}
        for partition in range(harness.PARTITIONS):
            prefix = "wm:{p%d}:c:" % partition
            for key in self.redis("KEYS", prefix + "*"):
                found[key.decode()[len(prefix):]] = self.redis("GET", key.decode())
        return found

    def live_jobs(self):
        """id: the job, of those that were not taken back."""
        jobs, gone = {}, set()
        for partition in range(harness.PARTITIONS):
            for _, fields in self.redis("XRANGE", "wm:{p%d}:jobs" % partition, "-", "+"):
                pairs = dict(zip(fields[::2], fields[1::2]))
                if b"j" in pairs:
                    assert pairs[b"id"] not in jobs, "a job twice"
                    jobs[pairs[b"id"]] = json.loads(pairs[b"j"])
                else:
                    gone.add(pairs[b"id"])
        return jobs, gone


def link_of(value):
    """Whom a link leads to; None for a record."""
    head = re.match(rb"L1 [0-9a-f]{8} \d+ -?\d+ -?\d+ (\d+):", value)
    return value[head.end():head.end() + int(head.group(1))].decode() if head else None


def canonical(values, name):
    seen = []
    while name in values and link_of(values[name]) is not None:
        assert name not in seen, "a circle: %s" % seen
        seen.append(name)
        name = link_of(values[name])
    return name


def check_people(stage, people):
    values, (jobs, gone) = stage.values(), stage.live_jobs()
    wrong = []
    for person in people:
        roots = {canonical(values, name) for name in person.names}
        carts = [job for identity, job in jobs.items() if identity not in gone and
                 any(job["key"] == "cart:" + person.name(c) for c in "kldefghi"
                     if person.name(c) in json.dumps(person.items))]
        if len(roots) != 1 or not roots <= set(values):
            wrong.append((person.story.__name__, person.number, "names", sorted(roots)))
        keys = [job["key"] for job in carts]
        if len(set(keys)) != len(keys):
            wrong.append((person.story.__name__, person.number, "written to twice", keys))
    tap.equal(wrong, [], "people who are one customer, written to once for each cart")
    return values, jobs, gone


def check_histories(stage, values, people):
    """Every event of a person stands on the timeline that any of their names leads to, once."""
    wrong = []
    for person in people:
        status, out, error = stage.place.tool("timeline", sorted(person.names)[0], "--json",
                                              "--limit", "200", *stage.common, within=60)
        assert status == 0, error
        found = re.findall(r'"message_id": ?"(p%d-\d+)"' % person.number, out)
        want = [item["messageId"] for _, item in person.items]
        if sorted(found) != sorted(want):
            wrong.append((person.story.__name__, person.number, sorted(found)))
    tap.equal(wrong, [], "every event once on the timeline of any name")


@tap.test
def one_customer_whatever_dies():
    chance = random.Random(SEED)
    with harness.Place() as place:
        stage = Stage(place)
        people = [Person(n) for n in range(PEOPLE)]
        walks = [threading.Thread(target=stage.walk, daemon=True,
                                  args=(people[n::3], random.Random(SEED * 10 + n)))
                 for n in range(3)]
        began = time.monotonic()
        for walk in walks:
            walk.start()
        while any(walk.is_alive() for walk in walks):
            # A random moment of the load is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.05, 0.6))
            stage.trouble(chance)
        harness.wait_quiet(stage.redis, "everything said and heard")
        # However fast or slow the workers were, these come by a name that is a link by now.
        for person in (p for p in people if p.story is buyer):
            person.say(PAGE, "Product Viewed", person.anon("a"))
            stage.post(*person.items[-1])
        harness.wait_quiet(stage.redis, "what came by links heard")
        took = time.monotonic() - began
        values, _, _ = check_people(stage, people)
        check_histories(stage, values, people)
        shop.wait_drained(stage.redis, "all timers")
        harness.wait_quiet(stage.redis)
        for worker in stage.workers:
            tap.equal(worker.terminate(), 0, "a worker's exit status")
        _, jobs, gone = check_people(stage, people)
        if took < WAIT - 5:
            for person in people:
                mine = [j for i, j in jobs.items() if i not in gone and
                        re.fullmatch(r"cart:[a-z]%d" % person.number, j["key"])]
                if len(mine) != person.jobs:
                    tap.equal(len(mine), person.jobs, "%s %d" % (
                        person.story.__name__, person.number))
        status, out, error = place.tool("backtest", "--log", "--log-rules", "--json",
                                        *stage.common, within=120)
        assert status == 0, error
        again = {job["id"].encode(): job for job in json.loads(out)["jobs"]}
        tap.equal(sorted(again), sorted(jobs), "a replay comes to the same jobs")
        tap.equal(sorted(i for i, j in again.items() if j["retracted"]), sorted(gone),
                  "and takes back the same")
        count = shop.counters(stage.redis)
        print("# seed %d: %.1f s, %d jobs, %d taken back; %s" % (SEED, took, len(jobs), len(gone), {
            name: count[name] for name in ("applied", "forwarded", "redelivered", "duplicate",
                                           "identity_linked", "identity_merged",
                                           "identity_refused")}), flush=True)
        tap.equal(count["applied"], sum(len(p.items) for p in people), "each event applied once")
        tap.equal(count["quarantined"], 0, "nothing in quarantine")
        tap.ok(count["identity_merged"] > 0 and count["forwarded"] > 0, "something happened")


tap.run()
