#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The law of identity: people with several names, whose events come in by several doors at once
into several partitions, while workers are killed, put to sleep and started again. Whatever
happened between the partitions, in the end customers, timelines, jobs and their ids are those of a
model (identity_model.py) that reads the same log as one thread.

What is armed falls due only when the trouble is over, so that it does not matter what a job would
have been if it had gone out in the middle of it.

In two of three runs a customer may have but a few identifiers of a kind.

WAYMARK_LAW_SECONDS sets how long the trouble lasts (8), WAYMARK_TEST_SEED the chance (printed)."""

import calendar
import json
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
sys.path.insert(0, HERE)
import harness  # noqa: E402
import identity_model as model  # noqa: E402
import shop  # noqa: E402

SECONDS = float(os.environ.get("WAYMARK_LAW_SECONDS", "8"))
SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
PEOPLE, THREADS = 40, 4
# Visitors' machines on which several users log in, and those users.
MACHINES, USERS = 40, 24
# And such of which more than one thing is known.
DESKS = 12
# And people of too many names.
CROWDS = 32
TOKEN = "live-staff-token-0123456789abcdef"
# Events are an hour old; what they arm is due when all of them have long been applied.
AGO = 3600
WAIT_MS = int((AGO + SECONDS + 14) * 1000)
tap = harness.Tap()

RULE = {"id": "cart", "class": "marketing", "gates": "off", "key": "cart_id", "round": "1ms",
        "arm": ["Product Added"], "wait": "%dms" % WAIT_MS, "grace": "0s", "slack": "0s",
        "stale_after": "1h", "channels": ["email"],
        "cancel": ["Order Completed", {"event": "In-Store Purchase", "match": "customer"}]}


class Person:
    """Somebody and all their names. Each event bears some of these, so that what belongs together
    is learned bit by bit."""

    def __init__(self, number, chance):
        self.number, self.chance, self.sent = number, chance, 0
        self.user = "u%02d" % number if chance.random() < 0.6 else None
        self.anons = ["a%02d-%d" % (number, n) for n in range(chance.randint(1, 3))]
        self.email = "p%02d@example.com" % number if chance.random() < 0.7 else None
        self.card = "4%05d" % number if chance.random() < 0.4 else None
        self.left = [self.event() for _ in range(chance.randint(6, 30))]

    def names(self):
        chance, event, extra = self.chance, {}, {}
        dice = chance.random()
        if self.user and dice < 0.3:
            event["userId"] = self.user
        if dice < 0.75:
            event["anonymousId"] = chance.choice(self.anons)
        if self.email and chance.random() < 0.3:
            extra["email"] = self.email
        if self.card and chance.random() < 0.2:
            extra["card"] = self.card
        if not event and not extra:
            event["anonymousId"] = chance.choice(self.anons)
        if extra:
            event["identifiers"] = extra
        return event

    def event(self):
        chance = self.chance
        self.sent += 1
        cart = "k%02d-%d" % (self.number, chance.randint(1, 4))
        name, properties, late = chance.choices((
            ("Product Added", {"cart_id": cart, "product_id": "p1"}, 0),
            ("Product Viewed", {"product_id": "p2"}, 0),
            ("Order Completed", {"cart_id": cart, "order_id": "o-" + cart}, 60),
            ("In-Store Purchase", {"order_id": "t%02d-%d" % (self.number, self.sent)}, 120),
        ), (8, 5, 1.2, 0.15))[0]
        event = self.names()
        event.update(type="track", event=name, properties=properties,
                     messageId="%02d-%d" % (self.number, self.sent),
                     timestamp=shop.instant(late - AGO + chance.uniform(0, 8)))
        return event


class Machine(Person):
    """A visitor's number that several users are named with, as fast as they can: of those who claim
    it the one whose event was received first has it, and what is done there without a name is
    theirs."""

    def __init__(self, number, chance):
        self.number, self.chance, self.sent = number, chance, 0
        self.anon = "m%02d" % number
        self.users = ["w%02d" % n for n in chance.sample(range(USERS), chance.randint(2, 3))]
        self.left = [self.event() for _ in range(chance.randint(3, 9))]

    def names(self):
        event = {"anonymousId": self.anon}
        if self.chance.random() < 0.7:
            event["userId"] = self.chance.choice(self.users)
        return event


class Desk(Machine):
    """A visitor's number and a guest's address that are one, or become it, and users who are named
    now with this and now with that: who has both follows from links. What contradicts has no order
    within a millisecond, so of these each event is posted alone, in one of its own."""

    def __init__(self, number, chance):
        self.email = "d%02d@example.com" % number
        super().__init__(number, chance)

    def names(self):
        event, chance = {}, self.chance
        dice = chance.random()
        if dice < 0.75:
            event["anonymousId"] = self.anon
        if dice < 0.25 or dice >= 0.75:
            event["identifiers"] = {"email": self.email}
        if dice >= 0.25 and chance.random() < 0.8:
            event["userId"] = chance.choice(self.users)
        return event


class Crowd(Desk):
    """Two users, and more cards, addresses, telephones and visitors than one of them may have, named
    with one another in any pair: who has room goes by the order of events, whichever name of a
    customer they come by."""

    def __init__(self, number, chance):
        self.own = [["c%02d-%d" % (number, n) for n in range(2)],
                    ["5%02d%d" % (number, n) for n in range(3)],
                    ["c%02d-%d@example.com" % (number, n) for n in range(3)],
                    ["+4915123%04d%d" % (number, n) for n in range(3)],
                    ["c%02d-0" % number]]
        super().__init__(number, chance)

    def names(self):
        event, extra, chance = {}, {}, self.chance
        if chance.random() < 0.3:
            kinds = chance.sample(range(5), 2)
        else:
            # By one of three names of a customer, who has too many of these.
            kinds = chance.choice((0, 0, 2, 2, 4)), chance.choice((1, 3))
        for kind in kinds:
            often = kind in (0, 2) and chance.random() < 0.8
            name = self.own[kind][0] if often else chance.choice(self.own[kind])
            if kind in (0, 4):
                event["userId" if kind == 0 else "anonymousId"] = name
            else:
                extra[("card", "email", "phone")[kind - 1]] = name
        if extra:
            event["identifiers"] = extra
        return event


def limits_of(chance):
    """Those of which nobody else has many; two cards and two telephones are nearly always enough."""
    if chance.random() < 1 / 3:
        return {"user": 5}
    limits = {kind: chance.randint(1, 2) for kind in ("card", "email", "phone")}
    if limits["card"] == limits["phone"] == 2:
        limits[chance.choice(("card", "phone"))] = 1
    return limits


class Doors:
    """Threads that post whatever is left of anybody, retrying until it is accepted."""

    def __init__(self, collector, people, seed):
        self.collector, self.lock = collector, threading.Lock()
        self.people = [p for p in people if p.left]
        self.chance, self.machine = random.Random(seed), None
        self.desk = threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(THREADS)]

    def take(self):
        with self.lock:
            if not self.people:
                return None
            # One machine's users come close together, by several doors at once.
            if self.machine in self.people and self.chance.random() < 0.9:
                person = self.machine
            else:
                person = self.chance.choice(self.people)
            self.machine = person if isinstance(person, Machine) else None
            n = 1 if isinstance(person, Desk) else min(len(person.left), self.chance.randint(1, 3))
            items, person.left = person.left[:n], person.left[n:]
            if not person.left:
                self.people.remove(person)
            pause = 0 if self.machine else self.chance.uniform(0, 8 * SECONDS * THREADS / 1500)
            return items, pause, isinstance(person, Desk)

    def run(self):
        while True:
            taken = self.take()
            if taken is None:
                return
            items, pause, alone = taken
            if alone:
                with self.desk:
                    self.post(items)
                    ended = int(time.time() * 1000)
                    while int(time.time() * 1000) == ended:
                        pass
            else:
                self.post(items)
            time.sleep(pause)

    def post(self, items):
        body = json.dumps({"batch": items}).encode()
        while True:
            answer = self.collector.post("/v1/batch", body, {
                "Authorization": harness.basic(shop.KEY), "Content-Type": "application/json"})
            if answer.status == 200:
                return
            assert answer.status in (429, 503), answer


def received(redis):
    """What the collector put into the log, in the order in which it came, as the model wants it.
    Two logs have no order within a millisecond; where two users are named with one visitor, the
    visitor's log has, for it is told in one write with the event."""
    entries, named = [], {}
    for partition in range(harness.PARTITIONS):
        for ident, fields in redis("XRANGE", "wm:{p%d}:in" % partition, "-", "+"):
            pairs = dict(zip(fields[::2], fields[1::2]))
            ms, seq = map(int, ident.decode().split("-"))
            if b"e" in pairs and b"x" not in pairs:
                entries.append((ms, seq, partition, json.loads(pairs[b"e"])))
            head = json.loads(pairs.get(b"x", b"{}"))
            if head.get("kind") == "named":
                named.setdefault((head["of"], head["to"]), (ms, seq))

    def place(entry):
        ms, seq, partition, event = entry
        keys = model.keys_of(event)
        told = named.get((keys[0], keys[-1]), (0, 0))
        return ms, told[1] if told[0] == ms else -1, seq, partition

    entries.sort(key=place)
    for ms, seq, partition, event in entries:
        event["ms"] = ms
        event["received"] = "%d-%d p%d" % (ms, seq, partition)
    events = [event for *_, event in entries]
    for event in events:
        stamp = event["timestamp"]
        base = time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")
        event["occurred"] = int(calendar.timegm(base)) * 1000 + int(stamp[20:23])
    return events


def page_through(http, customer):
    path, cursor, entries = "/v1/customers/%s/timeline?limit=100" % harness.quote(customer), "", []
    while cursor is not None:
        answer = http.request("GET", path + (cursor and "&cursor=" + harness.quote(cursor)),
                              {"Authorization": "Bearer " + TOKEN})
        if answer.status == 404:
            return None
        assert answer.status == 200, answer
        page = answer.json()
        entries += page["entries"]
        cursor = page["next"]
    return entries


class Stage:
    def __init__(self, place, limits):
        self.place, self.redis = place, place.redis()
        kinds = {kind: {"limit": limit} for kind, limit in limits.items()}
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET,
                       "--config", place.write("waymark.ini", "[identity]\nfile = %s\n" % place.write(
                           "identity.json", json.dumps({"identity": {"kinds": kinds}})))]
        place.write("rules/cart.json", json.dumps(RULE))
        keys = place.write("keys.ini", shop.KEYS_INI)
        self.collector = place.role("collector", self.common + [
            "--keys", keys, "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.workers = [place.role("worker", self.common + [
            "--rules", place.path("rules"), "--lease", "400ms", "--batch", "8"],
            name="worker%d" % n) for n in range(3)]

    def trouble(self, chance):
        worker = chance.choice(self.workers)
        what = chance.random()
        if what < 0.5:
            worker.kill()
            time.sleep(chance.uniform(0, 0.4))
        elif what < 0.8:
            worker.pause()
            time.sleep(chance.uniform(0.2, 0.8))
            worker.resume()
        else:
            worker.terminate()
        for worker in self.workers:
            if not worker.is_running():
                worker.start()

    def jobs(self):
        """{(canonical, key): (deadline, id)} of those that were not taken back."""
        found, gone = {}, set()
        for partition in range(harness.PARTITIONS):
            for _, fields in self.redis("XRANGE", "wm:{p%d}:jobs" % partition, "-", "+"):
                pairs = dict(zip(fields[::2], fields[1::2]))
                ident = pairs[b"id"].decode()
                if b"j" not in pairs:
                    gone.add(ident)
                    continue
                job = json.loads(pairs[b"j"])
                assert ident not in found, "a job twice"
                who = job.get("canonical", job["customer"])
                found[ident] = ((who, job["key"]), shop_ms(job["deadline"]))
        left = {k: v for k, v in found.items() if k not in gone}
        jobs = {where: (deadline, ident) for ident, (where, deadline) in left.items()}
        assert len(jobs) == len(left), "two jobs for one cart"
        return jobs


def differences(got, want):
    only_got = sorted(set(got) - set(want))
    only_want = sorted(set(want) - set(got))
    other = sorted(k for k in set(got) & set(want) if got[k] != want[k])
    return ([(k, got[k]) for k in only_got[:3]], [(k, want[k]) for k in only_want[:3]],
            [(k, got[k], want[k]) for k in other[:3]])


@tap.test
def many_partitions_come_to_what_one_thread_says():
    chance = random.Random(SEED)
    with harness.Place() as place:
        limits = limits_of(random.Random(SEED))
        stage = Stage(place, limits)
        people = [Person(n, random.Random(SEED * 100 + n)) for n in range(PEOPLE)]
        people += [Machine(PEOPLE + n, random.Random(SEED * 100 + 50 + n))
                   for n in range(MACHINES)]
        people += [Desk(PEOPLE + MACHINES + n, random.Random(SEED * 100 + 90 + n))
                   for n in range(DESKS)]
        people += [Crowd(PEOPLE + MACHINES + DESKS + n, random.Random(SEED * 100 + 110 + n))
                   for n in range(CROWDS)]
        started = time.monotonic()
        doors = Doors(stage.collector, people, SEED)
        for thread in doors.threads:
            thread.start()
        while time.monotonic() - started < SECONDS:
            # A random moment of the load is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.1, 0.6))
            stage.trouble(chance)
        for thread in doors.threads:
            thread.join(60)
        harness.wait_until(lambda: harness.is_quiet(stage.redis), "everything applied and delivered", 30)
        in_time = time.monotonic() - started
        tap.ok(in_time < SECONDS + 13, "all was applied before anything was due: %.1f s" % in_time)
        events = received(stage.redis)
        count = shop.counters(stage.redis)
        tap.equal(count["applied"] + count["duplicate"] + count["quarantined"], len(events),
                  "log = applied + duplicate + quarantined, messages aside")
        tap.ok(count["forwarded"] > 0 and count["identity_merged"] > 0, "forwarded and merged")
        timelines, jobs, known = model.outcome(events, "cart", WAIT_MS, limits)
        due = max((deadline for deadline, _ in jobs.values()), default=0) / 1000.0
        harness.wait_until(lambda: time.time() > due + 1 and harness.is_quiet(stage.redis),
                           "the last deadline", 60)
        harness.wait_until(lambda: len(stage.jobs()) >= len(jobs), "jobs", 10)
        got = stage.jobs()
        for where, (deadline, idents) in jobs.items():
            ident = got.get(where, (0, ""))[1]
            jobs[where] = (deadline, ident if ident in idents else sorted(idents)[0])
        if got != jobs:
            explain(events, got, jobs)
        tap.equal(differences(got, jobs), ([], [], []), "jobs, their ids and deadlines")
        token = place.write("staff.token", TOKEN + "\n")
        os.chmod(token, 0o600)
        console = place.role("console", stage.common + [
            "--token-file", token, "--hosts", "test", "--listen",
            "unix:" + place.path("console.sock")])
        console.wait_ready()
        seen = {}
        with console.http() as http:
            for customer in timelines:
                entries = page_through(http, customer) or []
                seen[customer] = sorted(e["message_id"] for e in entries if e["kind"] == "event")
            # What nobody had room for, and never came alone, is nobody's name.
            aliases = sorted({key for event in events for key in model.keys_of(event)
                              if known.canonical(key) in timelines})
            lost = [key for key in aliases if not page_through(http, key)]
        tap.equal(differences(seen, timelines), ([], [], []), "each customer's timeline")
        tap.equal(lost[:3], [], "everybody is found by every name")
        merged = sum(len(model.keys_of(e)) > 1 for e in events)
        print("# seed %d: %d events, %d of them with several names, %d customers, %d jobs, limits %s" % (
            SEED, len(events), merged, len(timelines), len(jobs), limits), flush=True)
        tap.ok(len(jobs) > 15 and len(timelines) <= 2 * (PEOPLE + DESKS) + USERS + 15 * CROWDS,
               "something happened")
        tap.ok(known.refused > MACHINES / 2 and count["identity_refused"] >= MACHINES / 2,
               "visitors were claimed by several: %d times" % known.refused)
        tap.ok("card" not in limits or known.full > 0 and count["identity_limit"] > 0,
               "there were too many: %d times" % known.full)
        tap.ok(any(kind != "user" for kind in map(model.kind_of, timelines)), "and guests")


def explain(events, got, jobs):
    """On the terminal, what is known of the first few carts that differ."""
    differ = sorted(k for k in set(got) | set(jobs) if got.get(k) != jobs.get(k))
    for where in differ[:4]:
        print("# %s: got %s, not %s" % (where, got.get(where), jobs.get(where)))
        number = where[1][6:].split("-")[0]
        for event in events:
            if event["messageId"].split("-")[0] == number:
                print("#   %s %s %s %s %d" % (event["received"], event["event"],
                                              event["properties"].get("cart_id", ""),
                                              model.keys_of(event), event["occurred"]))


def shop_ms(deadline):
    if isinstance(deadline, int):
        return deadline
    base = time.strptime(deadline[:19], "%Y-%m-%dT%H:%M:%S")
    return int(calendar.timegm(base)) * 1000 + int(deadline[20:23])


tap.run()
