#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A replay comes to what the live run did, where everything happens at once: people with several
names become one, by what they send and by staff, and are taken apart again; some are erased and come
again; the shop tells of products and of its site; days of the year come; jobs are fetched, sent,
refused and answered; the log is archived and trimmed, all while workers, Redis and the archiver are
killed and the rules change. The replay has what is left of the log and the archive, no more.

Of those who were taken apart the timelines are what each would have seen, and not what was decided
at the time, and an id that was spent while they were one may be one's again: of them jobs are
compared. What comes in again of those who were erased the live run keeps out, and so does the replay.

WAYMARK_LIVE_SECONDS sets how long (25), WAYMARK_TEST_SEED the chance (printed)."""

import collections
import json
import os
import random
import re
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import replay_stage  # noqa: E402
import shop  # noqa: E402

SECONDS = float(os.environ.get("WAYMARK_LIVE_SECONDS", "25"))
SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
PEOPLE = 48
STAFFED = 8  # the first of them, of whom staff may make one of two
KEYS = shop.KEYS_INI.replace("kind = server\n", "kind = server\nrate = 0\n"
                             "rights = traits merge privileged\n")
CONSUMER = "live-consumer-token-0123456789abcdef"
# What jobs there are of all, and what is counted besides.
RULES = ("cart", "checkout", "looked", "errors", "line", "promise", "stock", "price", "stage",
         "day", "told", "letter", "cart_seconds", "held_seconds")
COUNTED = ("news_told", "forwarded", "identity_merged", "erased", "kept_out", "duplicate", "held",
           "jobs_done", "jobs_retried", "superseded", "replaced",
           "suppressed", "deferred", "would_send")
OUTCOMES = ("delivered", "opened", "clicked", "bounced", "unsubscribed", "converted")
tap = harness.Tap()


def base(id, kind="marketing", **more):
    return dict({"id": id, "class": kind, "round": "1ms", "grace": "0s", "stale_after": "1h",
                 "gates": "off", "channels": ["email", "sms"]}, **more)


def rules(dawn):
    """DAWN is the instant at which it is time to congratulate those whose day it is."""
    day = {"date": "birthday", "local": time.strftime("%H:%M", time.gmtime(dawn))}
    dawn_comes = [{"id": "main", "after": "%ds" % (dawn % 60)}]

    def after(change):
        return [
            base("day", stale_after=None, calendar=dict(day, tz="UTC"), steps=dawn_comes),
            base("day_letter", stale_after=None, calendar=dict(day, tz="store"), steps=dawn_comes,
                 gates=None, quiet="ignore", expire="5s", fire_if={"<": [{"var": "s.orders"}, 9]}),
            base("cart", key="cart_id", arm=["Product Added"], touch=["Cart Viewed"],
                 cancel=["Order Completed", {"event": "In-Store Purchase", "match": "customer"},
                         {"event": "Checkout Started", "to": "checkout"}],
                 wait="%dms" % (700 + 150 * (change % 3)), slack="50ms", tombstone="4s",
                 supersedes=["looked"], episode={"cooldown": "900ms", "scope": "customer",
                                                 "replace": "latest"},
                 steps=[{"id": "one", "after": "0s"}, {"id": "two", "after": "400ms"}]),
            base("checkout", key="cart_id", arm=[{"event": "Checkout Started", "when": {
                "==": [{"var": "e.paid"}, True]}}], cancel=["Order Completed"], wait="600ms"),
            base("looked", kind="task", anchor="first", arm=["Product Viewed"], wait="800ms",
                 cancel=["Order Completed"], epoch=1 + change // 4,
                 episode={"max_per_key": 9},
                 fire_if={"<": [{"var": "s.orders"}, 30 + change]}),
            base("errors", kind="service", arm=[{"event": "Client Error", "at_least": {
                "count": 2, "within": "4s"}}], wait="200ms", cancel=["Order Completed"],
                 episode={"cooldown": "2s"}),
            base("line", kind="service", key=["order_id", "line_id"], arm=["Item Unavailable"],
                 cancel=["Order Completed"], wait="900ms", once={"group": "trouble"}),
            base("promise", kind="service", key=["order_id", "line_id"], once={"group": "trouble"},
                 arm=["Order Completed"], cancel=["Order Delivered"],
                 wait={"at": "e.promised_at"}),
            base("stock", kind="service", key="sku", wait="100ms", fire_if={
                "==": [{"var": "s.watch.open"}, True]}, arm=[{"event": "Stock Changed", "when": {
                    ">=": [{"var": "e.stock"}, 1]}}]),
            base("price", key="sku", wait="300ms", arm=[{"event": "Price Changed", "when": {
                "<": [{"var": "e.price"}, {"var": "s.view.value"}]}}],
                cancel=[{"event": "Stock Changed", "when": {"<=": [{"var": "e.stock"}, 0]}}]),
            base("stage", kind="task", stage_changed={"to": ["active_shopper", "customer_awaiting"]},
                 wait="500ms", episode={"cooldown": "300ms"}),
            base("letter", key="cart_id", arm=["Product Added"], cancel=["Order Completed"],
                 wait="500ms", gates=None, expire="4s", quiet="ignore", cap={
                     "count": 2, "within": "3s"}, holdout=0.2, mute=["case_open"]),
            base("told", kind="service", key="order_id", arm=["Order Completed"], gates=None,
                 cancel=["Order Delivered"], wait="500ms", quiet="ignore", expire="5m",
                 fallback_after="1m", channels=["email", "sms", "mail"]),
        ]
    return lambda change: [{k: v for k, v in rule.items() if v is not None}
                           for rule in after(change)]


def policy(change):
    return {"policy": {"caps": [{"count": 2 + change % 2, "within": "5s"}],
                       "arbitration": {"window": "1s"}, "holdout": {"share": 0.1}}}


class Person:
    """Somebody and all their names, which end in their number; each event has some of them."""

    def __init__(self, number, chance, born):
        self.number, self.chance, self.sent, self.rests = number, chance, 0, False
        self.user = "u%02d" % number if number < STAFFED or chance.random() < 0.7 else None
        # What binds those whom staff may take apart is said at once, and never again.
        staffed = number < STAFFED
        anons = 1 if staffed else chance.randint(1, 3)
        self.anons = ["a%d-%02d" % (n, number) for n in range(anons)]
        has_mail = not staffed and chance.random() < 0.6
        self.mail = "mail-%02d@example.org" % number if has_mail else None
        self.traits = {"phone": "+49301234%02d" % number}
        if chance.random() < 0.4:
            self.traits["birthday"] = born

    def names(self):
        chance, event, extra = self.chance, {}, {}
        if self.number < STAFFED:
            return dict({"userId": self.user}, **({"anonymousId": self.anons[0]}
                                                  if self.sent == 1 else {}))
        if self.user and chance.random() < 0.5:
            event["userId"] = self.user
        elif self.mail and chance.random() < 0.4:
            extra["email"] = self.mail
        else:
            event["anonymousId"] = chance.choice(self.anons)
        # What makes them one, bit by bit.
        if chance.random() < 0.06 and self.user:
            event.update(userId=self.user, anonymousId=chance.choice(self.anons))
        if chance.random() < 0.04 and self.mail:
            extra["email"] = self.mail
        if extra:
            event["identifiers"] = extra
        return event

    def event(self):
        chance = self.chance
        self.sent += 1
        order = "o%d-%02d" % (self.sent // 5, self.number)
        cart = {"cart_id": "k" + order}
        ring = {"sku": "R%d" % chance.randint(1, 3), "product_id": "P%d" % chance.randint(1, 3)}
        name, properties = chance.choices((
            ("Product Added", dict(cart, **ring)), ("Cart Viewed", cart),
            ("Product Viewed", dict(ring, price=chance.randint(50, 150))),
            ("Checkout Started", dict(cart, paid=chance.random() < 0.5)),
            ("Order Completed", dict(cart, order_id=order, line_id="1", promised_at=shop.instant(
                chance.uniform(0.5, 3)))),
            ("Order Delivered", {"order_id": order, "line_id": "1"}),
            ("In-Store Purchase", {"order_id": "t" + order}), ("Client Error", {}),
            ("Item Unavailable", {"order_id": order, "line_id": str(chance.randint(1, 2))}),
            ("Stock Alert Requested", ring), ("Case Opened", {"case_id": "c" + order}),
            ("Case Solved", {"case_id": "c" + order}),
            ("Consent Updated", {"medium": chance.choice(["email", "sms"]), "status": chance.choice(
                ["subscribed", "subscribed", "unsubscribed"])}), ("identify", {})),
            (8, 3, 4, 2, 2, 1, 0.4, 2, 1, 1, 0.3, 0.5, 1.5, 1))[0] if self.sent > 1 else (
                "identify", {})
        event = dict(self.names(), type="track", event=name, properties=properties,
                     messageId="m%d-%02d" % (self.sent, self.number), timestamp=shop.instant(
                         -chance.uniform(0, 2) if chance.random() < 0.15 else 0))
        if name == "identify":
            del event["event"], event["properties"]
            event["type"], event["traits"] = "identify", self.traits
        return event


class Crowd(shop.Shop):
    """The people, posting from several threads, and a shop that tells of its products."""

    def __init__(self, collector, seed, dawn, threads=2):
        super().__init__(collector, seed, 0, 0)
        born = time.strftime("1990-%m-%d", time.gmtime(dawn))
        self.said, self.pause = collections.Counter(), 1
        self.people = [Person(n, random.Random(seed * 100 + n), born) for n in range(PEOPLE)]
        for number in range(threads):
            self.threads.append(threading.Thread(
                target=self.run, args=(random.Random(seed * 10 + number), number, threads),
                daemon=True))
        self.threads.append(threading.Thread(target=self.tell, args=(seed,), daemon=True))

    def run(self, chance, number, threads):
        own = self.people[number::threads]
        while not self.stop_asked.is_set():
            awake = [person for person in own if not person.rests]
            items = [chance.choice(awake).event() for _ in range(chance.randint(1, 5))]
            self.said.update(item["properties"]["status"] for item in items
                             if item.get("event") == "Consent Updated")
            if chance.random() < 0.05:
                items = items + items[:1]
            self._post(items)
            self.stop_asked.wait(self.pause * chance.uniform(0.02, 0.15))

    def tell(self, seed):
        chance, count = random.Random(seed + 7), 0
        while not self.stop_asked.is_set():
            count += 1
            ring = {"sku": "R%d" % chance.randint(1, 3)}
            event, properties = chance.choice((
                ("Stock Changed", dict(ring, stock=chance.randint(0, 2))),
                ("Price Changed", dict(ring, price=chance.randint(40, 120))),
                ("Item Unavailable", ring), ("Incident Started", {}), ("Incident Ended", {})))
            self._post([{"type": "track", "event": event, "properties": properties,
                         "messageId": "news-%d" % count, "timestamp": shop.instant()}])
            self.stop_asked.wait(self.pause * chance.uniform(0.2, 0.8))


class Senders:
    """Consumers of jobs: what they fetch they send, or fail to, or forget; and hear what came of it."""

    def __init__(self, stage, seed, n=2):
        self.stage, self.stop_asked, self.told = stage, threading.Event(), collections.Counter()
        self.threads = [threading.Thread(target=self.run, args=(random.Random(seed + k), k),
                                         daemon=True) for k in range(n)]
        for thread in self.threads:
            thread.start()

    def say(self, path, **body):
        with self.stage.console.http() as http:
            return http.request("POST", "/v1/jobs/" + path, {
                "Authorization": "Bearer " + CONSUMER}, json.dumps(body).encode())

    def run(self, chance, number):
        while not self.stop_asked.is_set():
            try:
                answer = self.say("lease", consumer="s%d" % number, wait="200ms", lease="1s",
                                  max=chance.randint(1, 5))
                for leased in answer.json().get("jobs", []) if answer.status == 200 else []:
                    self.answer(chance, leased)
            except (OSError, ConnectionError):
                self.stop_asked.wait(0.05)

    def answer(self, chance, leased):
        dice, at = chance.random(), leased["job"]["id"]
        if dice < 0.1:
            return
        if dice < 0.2:
            self.say(at + "/fail", token=leased["token"], reason="the gateway is busy")
            return
        if self.say(at + "/ack", token=leased["token"]).status != 200:
            return
        outcome = chance.choice(["delivered", "delivered", "opened", "clicked", "bounced",
                                 "unsubscribed", "converted", "failed"])
        if chance.random() < 0.6 and self.say(at + "/outcome", outcome=outcome).status == 200:
            self.told[outcome] += 1

    def stop(self):
        self.stop_asked.set()
        for thread in self.threads:
            thread.join(60)


# As archive_log's own, but for how old an entry has to be.
TRIM = """
local function parts(id)
  local ms, seq = string.match(id or '0-0', '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
local ms, seq = parts(redis.call('HGET', KEYS[1], 'id'))
local pms, pseq = parts(redis.call('HGET', KEYS[2], 'id'))
if pms < ms or (pms == ms and pseq < seq) then ms, seq = pms, pseq end
local cut = string.format('%.0f-%.0f', ms, seq + 1)
local n = redis.call('XTRIM', KEYS[3], 'MINID', '=', cut)
if n > 0 then redis.call('HSET', KEYS[1], 'trimmed', cut) end
return n
"""


class Whole(replay_stage.Stage):
    """With staff, an archiver, and consumers."""

    def __init__(self, place, dawn):
        super().__init__(place, tap, rules(dawn), policy, keys=KEYS)
        self.directory, self.trimmed = place.path("archive"), 0
        self.erased, self.apart, self.merged, self.refused = set(), set(), [], []
        self.crowd, self.staff, self.failures = None, [], []
        self.archiver = place.role("archive", ["run", "--directory", self.directory, "--every",
                                               "100ms", "--segment", "64K", *self.common])
        token = place.write("consumer.token", CONSUMER + "\n")
        os.chmod(token, 0o600)
        self.start_console("--consumer-token-file", token)

    # What happens to it, besides

    def kill_archiver(self, chance):
        self.archiver.kill()
        time.sleep(chance.uniform(0, 0.2))
        self.archiver.start()

    def trim(self, chance):
        for p in chance.sample(range(harness.PARTITIONS), 10):
            self.trimmed += self.redis("EVAL", TRIM, "3", *(
                "wm:{p%d}:%s" % (p, name) for name in ("arch", "pos", "in")))

    def aside(self, what, *people):
        """By staff, while all the rest goes on but for the PEOPLE it is about."""
        def run():
            for number in people:
                self.crowd.people[number].rests = True
            try:
                what(*people)
            except Exception:  # pylint: disable=broad-except
                self.failures.append(traceback.format_exc())
            for number in people:
                self.crowd.people[number].rests = False
        self.staff.append(threading.Thread(target=run, daemon=True))
        self.staff[-1].start()

    def tool(self, verb, *args):
        return self.place.tool("customer", verb, *args, "--by", "Eva", *self.common, within=150)

    def erase(self, chance):
        """Somebody, who comes again when it is done, as if nothing were."""
        number = chance.choice([n for n in range(STAFFED, PEOPLE) if n not in self.erased])
        self.erased.add(number)
        self.aside(self.erase_names, number)

    def erase_names(self, number):
        for who in ("u%02d", "anon:a0-%02d", "email:mail-%02d@example.org"):
            def is_over(who=who % number):
                status, _, error = self.tool("erase", who, "--yes")
                return status == 0 or "nothing is known" in error
            harness.wait_until(is_over, "%d is erased" % number, 150)

    def merge(self, chance):
        """Two who are neighbours."""
        number = chance.choice([n for n in range(0, STAFFED, 2) if n not in self.merged])
        self.merged.append(number)
        self.aside(lambda: harness.wait_until(lambda: self.tool(
            "merge", "u%02d" % (number + 1), "u%02d" % number, "--yes", "--reason",
            "one hand")[0] == 0, "%d and the next are known, and one" % number))

    def unmerge(self, _):
        number = self.merged.pop(0)
        self.aside(self.part, number, number + 1)

    def part(self, one, two):
        said = []

        def is_done():
            status, _, error = self.tool("unmerge", "u%02d" % two, "--yes", "--reason",
                                         "two sisters", "--archive", self.directory)
            said.append(error)
            return status == 0
        try:
            harness.wait_until(is_done, "they are two")
            self.apart.add(one)
        except AssertionError:
            self.refused.append(one)
            print("# not taken apart: " + said[-1].strip().replace("\n", " ")[:160], flush=True)

    def trouble(self, chance):
        what = chance.choices((super().trouble, self.kill_archiver, self.trim), (8, 2, 3))[0]
        what(chance)

    def plan(self, seconds):
        """What has to happen once at least, and when."""
        return collections.deque((seconds * share, what) for share, what in (
            (0.1, self.merge), (0.15, self.merge), (0.2, self.erase), (0.25, self.change_rules),
            (0.35, self.unmerge), (0.4, self.merge), (0.5, self.trim), (0.55, self.erase),
            (0.6, self.change_rules), (0.65, self.unmerge), (0.7, self.erase), (0.8, self.merge),
            (0.95, self.trim)))

    def archived(self):
        return [self.redis("HGET", "wm:{p%d}:arch" % p, "id") or b"0-0"
                for p in range(harness.PARTITIONS)]

    def customers(self):
        """The keys of all who are somebody, and no link to one."""
        return sorted(key.decode().split(":c:", 1)[1] for key in self.redis("KEYS", "wm:*:c:*")
                      if not self.redis("GET", key).startswith(b"L1 "))


def number_of(name):
    """Whose name it is; all of a person's end in their number."""
    found = re.search(r"-?(\d\d)(@.*)?$", name)
    return int(found.group(1)) if found else -1


def group_of(name):
    """Those whom staff may make one count together."""
    number = number_of(name)
    return number // 2 * 2 if 0 <= number < STAFFED else number


def differences(got, want):
    """Per group of people: what only the one has, and what only the other."""
    found = {}
    for group in sorted(set(got) | set(want)):
        one, two = got.get(group, collections.Counter()), want.get(group, collections.Counter())
        if one != two:
            found[group] = sorted((one - two).elements())[:2], sorted((two - one).elements())[:2]
    return found


def live_jobs(stage):
    """(jobs as they were made, ids of those that were taken back)"""
    jobs, gone = [], []
    for p in range(harness.PARTITIONS):
        for _, fields in stage.redis("XRANGE", "wm:{p%d}:jobs" % p, "-", "+"):
            pairs = dict(zip(fields[::2], fields[1::2]))
            if b"j" in pairs:
                jobs.append(json.loads(pairs[b"j"]))
            else:
                gone.append(pairs[b"id"].decode())
    return jobs, gone


def outline(job):
    what = tuple(job[name] for name in ("id", "rule", "customer", "key", "episode", "fire_at"))
    # Of what went another way a replay names the way with the step.
    return what + (job["step"].partition("@")[0],)


def by_group(stage, jobs):
    """Of those who were taken apart, which jobs there are at all."""
    found = collections.defaultdict(collections.Counter)
    for job in jobs:
        group = group_of(job["customer"])
        if group in stage.apart:
            found[group][job["id"]] = 1
        else:
            found[group][json.dumps(outline(job))] += 1
    return found


def is_open(stage, job):
    """Can it still be taken back? What was sent, failed or came to its end is left as it is."""
    states = [stage.redis("HGET", "wm:{p%d}:job:%s" % (p, job), "s") for p in
              range(harness.PARTITIONS)]
    return any(state in (b"ready", b"leased") for state in states)


def compare_jobs(stage, replayed):
    jobs, gone = live_jobs(stage)
    counted = collections.Counter(job["id"] for job in jobs
                                  if group_of(job["customer"]) not in stage.apart)
    tap.equal([ident for ident, n in counted.items() if n > 1], [], "jobs twice")
    known = {job["id"] for job in jobs}
    gone = [ident for ident in gone if ident in known]
    tap.equal(differences(by_group(stage, jobs), by_group(stage, replayed)), {},
              "jobs: live, replay")
    taken = {job["id"] for job in replayed if job["retracted"]}
    tap.equal(set(gone) - taken, set(), "taken back by the live run alone")
    tap.equal([job for job in taken - set(gone) if is_open(stage, job)], [],
              "taken back by the replay alone, though it is not over")
    return len(jobs), len(set(gone))


def compare_decisions(stage, replayed):
    want, outcomes = collections.defaultdict(collections.Counter), collections.Counter()
    for decision in replayed:
        outcomes[decision["outcome"]] += 1
        want[group_of(decision["customer"])][replay_stage.plain(decision)] += 1
    got = collections.defaultdict(collections.Counter)
    for customer, counted in stage.decisions(stage.customers()).items():
        got[group_of(customer)] += counted
    for group in stage.apart:
        got.pop(group, None)
        want.pop(group, None)
    tap.equal(differences(got, want), {}, "decisions: live, replay")
    tap.equal(unmade(stage, replayed), [], "taken back, and nobody made it")
    return outcomes


def unmade(stage, decisions):
    """Which jobs are said to be taken back that never were; of rules that hold nobody out, and not
    of those who were taken apart, whose timelines are what each would have seen."""
    ungated = {rule["id"] for rule in stage.rules(0) if rule.get("gates") == "off"}
    ids = {what: {d["job"] for d in decisions if d["outcome"] == what and
                  d["rule"] in ungated and group_of(d["customer"]) not in stage.apart}
           for what in ("fired", "retracted")}
    return sorted(ids["retracted"] - ids["fired"])


def missing(stage, crowd, senders):
    """What has to have happened at the end and has not happened yet."""
    jobs, gone = live_jobs(stage)
    rules_of, count = collections.Counter(job["rule"] for job in jobs), shop.counters(stage.redis)
    found = ["a job of " + name for name in RULES if not rules_of[name]]
    found += [name for name in COUNTED if not count[name]]
    found += [name for name in OUTCOMES if not senders.told[name]]
    found += [name for name in ("subscribed", "unsubscribed") if not crowd.said[name]]
    if len(jobs) <= 200 or len(gone) <= 20 or not stage.trimmed:
        found.append("enough jobs, some taken back, some of the log trimmed")
    return found + stage.untroubled()


def lose_some(stage):
    """Takes from the log what was put into carts and is not in the archive; how many entries."""
    n = 0
    for p, archived in enumerate(stage.archived()):
        log = "wm:{p%d}:in" % p
        for entry, fields in stage.redis("XRANGE", log, b"(" + archived, "+"):
            if any(b'"Product Added"' in field for field in fields):
                n += stage.redis("XDEL", log, entry)
    return n


@tap.test
def replay_comes_to_what_became_of_the_people():
    chance = random.Random(SEED)
    with harness.Place() as place:
        dawn = int(time.time() + 0.8 * SECONDS)
        stage = Whole(place, dawn)
        crowd, senders = Crowd(stage.collector, SEED, dawn), Senders(stage, SEED)
        stage.crowd = crowd
        crowd.start()
        plan = stage.plan(SECONDS)

        def trouble(passed):
            # A random moment of the load is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.1, 0.8))
            if plan and passed > plan[0][0]:
                plan.popleft()[1](chance)
            else:
                stage.trouble(chance)
        stage.go_on(SECONDS, trouble, lambda: missing(stage, crowd, senders))
        for _, what in plan:
            what(chance)
        # On a slow machine more comes than workers can follow, and staff wait behind all of it: they
        # go on while less comes.
        crowd.pause = 10
        for one in stage.staff:
            one.join(400)
        tap.equal(stage.failures, [], "what staff did")
        stage.archiver.terminate()
        rest = time.monotonic() + 3
        harness.wait_until(lambda: time.monotonic() > rest, "a log behind the archive")
        crowd.stop()
        senders.stop()
        stage.settle()
        archive = "--events=" + stage.directory
        replayed = stage.replay(archive)
        made, gone = compare_jobs(stage, replayed)
        outcomes = compare_decisions(stage, stage.replay(archive, "--decisions"))
        rules_of = collections.Counter(job["rule"] for job in replayed)
        count = shop.counters(stage.redis)
        print("# seed %d: %d jobs, %d taken back, %s; erased %s, one %s, apart %s; %d trimmed, %d "
              "changes of rules; %s" % (
                  SEED, made, gone, dict(rules_of), sorted(stage.erased), sorted(stage.merged),
                  sorted(stage.apart), stage.trimmed, stage.changes, dict(outcomes)), flush=True)
        print("# " + json.dumps(dict(senders.told, **{name: count[name] for name in COUNTED})),
              flush=True)
        tap.equal(missing(stage, crowd, senders), [], "what has to have happened")
        tap.ok(len(stage.erased) == 3 and stage.apart | set(stage.refused), "by staff, too")
        tap.ok(lose_some(stage) > 0, "some entries are only in the log")
        live, lost = by_group(stage, live_jobs(stage)[0]), by_group(stage, stage.replay(archive))
        tap.ok(differences(live, lost) != {},
               "without them it comes to something else: the comparison is not blind")


tap.run()
