#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A busy shop with three workers, whose workers and Redis are killed, put to sleep and started
again, whose rules and policy change while it runs, whose customers buy after the fact, change their
minds about being written to and come in twice, and whose messages arrive, bounce or get lost:
afterwards a replay of the log, with the rules that it names, comes to the very jobs, retractions and
decisions of the live run, whatever the gates answered and why.

WAYMARK_LIVE_SECONDS sets how long (25), WAYMARK_TEST_SEED the chance (printed)."""

import collections
import json
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import replay_stage  # noqa: E402
import shop  # noqa: E402

SECONDS = float(os.environ.get("WAYMARK_LIVE_SECONDS", "25"))
SEED = int(os.environ.get("WAYMARK_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
# What the gates must have said at least once, and why; "fired" with a reason is another way than the
# first choice.
ANSWERS = (("fired", "bounced"), ("fired", "not_delivered"), ("deferred", "quiet_hours"),
           ("deferred", "cap_full"), ("suppressed", "withdrawn"), ("suppressed", "no_consent"),
           ("suppressed", "bounced"), ("would_send", "holdout"), ("expired", "expired"))
LEAST = {"fired": 110, "retracted": 1, "cancelled": 51}
COUNTED = ("duplicate", "held")
RULES = ("news", "promise", "told")
tap = harness.Tap()


def quiet_hours():
    """Of text messages: they begin before now and last for a minute at least and two at most, so
    that what is put off may still go in a longer run."""
    now = time.time()
    return "%s-%s" % tuple(time.strftime("%H:%M", time.gmtime(at)) for at in (now - 3600, now + 120))


QUIET = quiet_hours()


def policy(change):
    """Hours of countries are left out: the test runs by night and by day."""
    return {"policy": {
        "channels": {"sms": {"quiet": QUIET}}, "countries": {},
        "caps": [{"count": 2 + change % 2, "within": "3s"}], "holdout": {"share": 0.3},
        "arbitration": {"window": "1s", "order": ["news", "evening"]}}}


def rules(change):
    """What the shop runs besides the rules of the torture, after so many changes."""
    base = {"round": "1ms", "stale_after": "1h", "channels": ["email", "sms"]}
    found = [
        dict(base, id="cart_again", gates="off", **{
            "class": "marketing", "key": "cart_id", "key_else": "customer",
            "arm": ["Product Added", {"event": "Product Viewed",
                                      "when": {"==": [{"var": "e.product_id"}, "p3"]}}],
            "cancel": ["Order Completed", {"event": "Cart Emptied", "match": "customer"}],
            "wait": "%dms" % (600 + 150 * (change % 3)), "grace": "200ms", "slack": "50ms",
            "tombstone": "3s", "episode": {"cooldown": "700ms", "scope": "customer"},
            "steps": [{"id": "one", "after": "0s"}, {"id": "two", "after": "400ms"}],
            "fire_if": {"<": [{"var": "s.orders"}, 40 + change]}}),
        dict(base, id="first_view", gates="off", epoch=1 + change // 4, **{
            "class": "task", "anchor": "first", "arm": ["Product Viewed"],
            "cancel": [{"event": "In-Store Purchase", "match": "customer"}],
            "wait": "900ms", "grace": "0s", "episode": {"max_per_key": 6}}),
        dict(base, id="news", **{
            "class": "marketing", "key": "cart_id", "key_else": "customer",
            "arm": ["Product Added"], "cancel": ["Order Completed"], "wait": "500ms",
            "grace": "100ms", "expire": "3s", "mute": ["case_open"]}),
        dict(base, id="promise", **{
            "class": "service", "key": "order_id", "arm": ["Order Completed"],
            "cancel": ["Order Delivered"], "wait": {"at": "e.promised_at"}, "grace": "0s"}),
        dict(base, id="told", **{
            "class": "service", "key": "order_id", "arm": ["Order Completed"],
            "cancel": ["Order Delivered"], "wait": "%dms" % (700 + 200 * (change % 2)),
            "grace": "0s", "expire": "5m", "fallback_after": "1m", "quiet": "ignore",
            "channels": ["email", "sms", "mail"]}),
    ]
    if change % 3 != 2:
        found.append(dict(base, id="evening", **{
            "class": "marketing", "arm": ["Product Viewed"], "wait": "400ms", "grace": "0s",
            "episode": {"cooldown": "300ms"},
            "cancel": ["Order Completed"], "expire": "2m", "quiet": "defer",
            "channels": ["sms", "email"], "mode": "shadow" if change % 5 == 4 else "live",
            "fire_if": {"<": [{"var": "s.orders"}, 25 + 2 * change]}}))
    return found


class Customers(shop.Shop):
    """The torture's shop, where people also buy at the till and say what they want to hear."""

    def _event(self, chance, user, counts):
        event = super()._event(chance, user, counts)
        dice = chance.random()
        if counts[user] == 1:
            dice = 0.15  # what can be known of them, and some never say it again
        if dice < 0.04:
            event["event"] = "In-Store Purchase"
            event["properties"] = {"order_id": "t" + event["messageId"]}
        elif dice < 0.11:
            event["event"] = "Consent Updated"
            event["properties"] = {"medium": chance.choice(["email", "sms"]), "status":
                                   chance.choice(["subscribed", "subscribed", "unsubscribed"])}
        elif dice < 0.115:
            event["event"], event["properties"] = "Unsubscribed", {}
        elif dice < 0.16:
            event["type"] = "identify"
            event["traits"] = {"email": user + "@example.com", "phone": "+3545812345"}
            del event["event"], event["properties"]
        elif dice < 0.2:
            # What came late: it happened before something else was decided.
            event["timestamp"] = shop.instant(-chance.uniform(0.5, 3.0))
        return event


class Provider(threading.Thread):
    """Sends what is not asked for by others, and says what became of it, not of all and not in
    order. Its word of having sent something comes a minute late, so that the shortest wait there is
    for word of an arrival is over soon."""

    FATES = (("Delivered", {}), ("Opened", {}), ("Clicked", {}), ("Converted", {}),
             ("Delivered", {}), ("Opened", {}), ("Bounced", {"bounce": "hard", "reason": "550"}),
             ("Bounced", {"bounce": "soft"}), ("Failed", {"reason": "the gateway is busy"}))

    def __init__(self, stage, market, seed):
        super().__init__(daemon=True)
        self.stage, self.market, self.chance = stage, market, random.Random(seed + 5)
        self.told, self.stop_asked = collections.Counter(), threading.Event()
        self.read = ["-"] * harness.PARTITIONS
        self.later = []

    def news_of(self, job, fate, properties, ago):
        self.told[fate] += 1
        return {"type": "track", "event": "Notification " + fate, "userId": job["customer"],
                "messageId": "job:%s:%s" % (job["id"], fate), "timestamp": shop.instant(-ago),
                "properties": dict(properties, job_id=job["id"], channel=job["channel"])}

    def hear(self, job):
        """What there is to say of it, some of it after a while."""
        now, chance = time.monotonic(), self.chance
        if chance.random() < 0.7:
            self.later.append((now + chance.uniform(0, 1), job, "Sent", {}, chance.uniform(55, 62)))
        if chance.random() < 0.6:
            self.later.append((now + chance.uniform(0, 5), job, *chance.choice(self.FATES), 0))
        if chance.random() < 0.02:
            self.later.append((now, job, "Unsubscribed", {}, 0))

    def look(self):
        for partition in range(harness.PARTITIONS):
            for entry, fields in self.stage.redis("XRANGE", "wm:{p%d}:jobs" % partition,
                                                  self.read[partition], "+"):
                self.read[partition] = b"(" + entry
                pairs = dict(zip(fields[::2], fields[1::2]))
                if b"j" in pairs:
                    job = json.loads(pairs[b"j"])
                    if job["rule"] in ("told", "news", "evening"):
                        self.hear(job)
        due = [item for item in self.later if item[0] <= time.monotonic()]
        self.later = [item for item in self.later if item not in due]
        if due:
            self.market._post([self.news_of(*item[1:]) for item in due[:50]])
            self.later += due[50:]

    def run(self):
        while not self.stop_asked.is_set():
            try:
                self.look()
            except (OSError, harness.RedisError):
                pass  # Redis was killed
            self.stop_asked.wait(0.1)

    def stop(self):
        self.stop_asked.set()
        self.join(60)


def missing(stage):
    """What has to have happened at the end and has not happened yet, by what a replay decides of what
    is in the log so far: a longer log decides the same of it."""
    seen = collections.Counter()
    try:
        for decision in stage.replay("--decisions"):
            seen[decision["outcome"]] += 1
            seen[decision["outcome"], decision.get("reason")] += 1
            seen[decision["outcome"], "of", decision.get("rule")] += 1
    except (AssertionError, OSError):
        pass  # Redis was killed
    found = ["%s, %s" % answer for answer in ANSWERS if not seen[answer]]
    found += [name for name, least in LEAST.items() if seen[name] < least]
    found += ["a job of " + name for name in RULES if not seen["fired", "of", name]]
    count = shop.counters(stage.redis)
    return found + [name for name in COUNTED if not count[name]] + stage.untroubled()


@tap.test
def replay_comes_to_what_the_live_run_did():
    chance = random.Random(SEED)
    with harness.Place() as place:
        stage = replay_stage.Stage(place, tap, rules, policy)
        market = Customers(stage.collector, SEED)
        market.start()
        provider = Provider(stage, market, SEED)
        provider.start()

        def trouble(_):
            # A random moment of the load is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.1, 1.2))
            stage.trouble(chance)
        stage.go_on(SECONDS, trouble, lambda: missing(stage))
        provider.stop()
        market.stop()
        stage.settle()
        emitted, retracted = shop.jobs_of(stage.redis)
        jobs = stage.replay()
        tap.equal(len(emitted), len(set(emitted)), "no job twice")
        ids = {job["id"] for job in jobs}
        tap.equal(len(set(emitted) - ids), 0, "jobs that only the live run has")
        tap.equal(len(ids - set(emitted)), 0, "jobs that only the replay has")
        tap.equal(shop.fire_times(stage.redis), {j["id"]: j["fire_at"] for j in jobs},
                  "each at its instant")
        tap.equal(sorted(set(retracted)), sorted(j["id"] for j in jobs if j["retracted"]),
                  "retractions")
        last = stage.replay(rules="--rules=" + place.path("rules"))
        tap.ok({(j["id"], j["fire_at"]) for j in last} != {(j["id"], j["fire_at"]) for j in jobs},
               "the last rules alone come to something else: the comparison is not blind")
        want = collections.defaultdict(collections.Counter)
        outcomes, answers = collections.Counter(), collections.Counter()
        for decision in stage.replay("--decisions"):
            want[decision["customer"]][replay_stage.plain(decision)] += 1
            outcomes[decision["outcome"]] += 1
            if decision.get("reason"):
                answers[decision["outcome"], decision["reason"]] += 1
        customers = ["c%03d" % n for n in range(60)]
        found = stage.decisions(customers)
        for customer in customers:
            if found[customer] != want[customer]:
                tap.equal(sorted((found[customer] - want[customer]).elements())[:1],
                          sorted((want[customer] - found[customer]).elements())[:1], customer)
        by_rule = collections.Counter(job["rule"] for job in jobs)
        print("# seed %d: %s, %d retracted, %s; %s" % (
            SEED, dict(by_rule), len(retracted), dict(stage.troubles), dict(outcomes)), flush=True)
        print("# %s; %s" % (dict(answers), dict(provider.told)), flush=True)
        tap.equal(outcomes["fired"], len(emitted), "decisions")
        tap.equal(missing(stage), [], "what has to have happened")


tap.run()
