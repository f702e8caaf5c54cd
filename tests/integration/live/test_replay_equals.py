#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A busy shop with three workers, whose workers and Redis are killed, put to sleep and started
again, whose rules change while it runs, whose customers buy after the fact, change their minds about
being written to and come in twice: afterwards a replay of the log, with the rules that it names,
comes to the very jobs, retractions and decisions of the live run.

WAYMARK_LIVE_SECONDS sets how long (25), WAYMARK_LIVE_SEED the chance (printed)."""

import collections
import json
import os
import random
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import shop  # noqa: E402

SECONDS = float(os.environ.get("WAYMARK_LIVE_SECONDS", "25"))
SEED = int(os.environ.get("WAYMARK_LIVE_SEED", str(random.SystemRandom().randrange(10**6))))
TOKEN = "live-staff-token-0123456789abcdef"
tap = harness.Tap()


def rules(change):
    """What the shop runs besides the rules of the torture, after so many changes."""
    base = {"round": "1ms", "stale_after": "1h", "channels": ["email", "sms"]}
    return [
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
            "grace": "100ms", "expire": "4s"}),
        dict(base, id="promise", **{
            "class": "service", "key": "order_id", "arm": ["Order Completed"],
            "cancel": ["Order Delivered"], "wait": {"at": "e.promised_at"}, "grace": "0s"}),
    ]


class Customers(shop.Shop):
    """The torture's shop, where people also buy at the till and say what they want to hear."""

    def _event(self, chance, user, counts):
        event = super()._event(chance, user, counts)
        dice = chance.random()
        if dice < 0.04:
            event["event"] = "In-Store Purchase"
            event["properties"] = {"order_id": "t" + event["messageId"]}
        elif dice < 0.10:
            event["event"] = "Consent Updated"
            event["properties"] = {"medium": chance.choice(["email", "sms"]), "status":
                                   chance.choice(["subscribed", "subscribed", "unsubscribed"])}
        elif dice < 0.12:
            event["event"], event["properties"] = "Unsubscribed", {}
        elif dice < 0.16:
            event["type"] = "identify"
            event["traits"] = {"email": user + "@example.com", "phone": "+4930123456"}
            del event["event"], event["properties"]
        elif dice < 0.2:
            # What came late: it happened before something else was decided.
            event["timestamp"] = shop.instant(-chance.uniform(0.5, 3.0))
        return event


class Stage:
    def __init__(self, place, workers=3):
        self.place, self.changes = place, 0
        self.redis = place.redis()
        self.address = "unix:" + self.redis.socket
        self.common = ["--redis", self.address, "--dataset", harness.DATASET]
        with open(os.path.join(shop.RULES, "seconds.json"), encoding="utf-8") as file:
            place.write("rules/seconds.json", file.read())
        self.write_rules()
        keys = place.write("keys.ini", shop.KEYS_INI)
        self.collector = place.role("collector", self.common + [
            "--keys", keys, "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.workers = [place.role("worker", self.common + [
            "--rules", place.path("rules"), "--lease", "400ms", "--batch", "16"],
            name="worker%d" % n) for n in range(workers)]

    def write_rules(self):
        whole = self.place.write("more.json", json.dumps(rules(self.changes)))
        os.replace(whole, self.place.path("rules", "more.json"))

    # What happens to it

    def kill_worker(self, chance):
        worker = chance.choice(self.workers)
        worker.kill()
        time.sleep(chance.uniform(0, 0.3))
        worker.start()

    def sleep_worker(self, chance):
        worker = chance.choice(self.workers)
        worker.pause()
        time.sleep(chance.uniform(0.2, 1.0))
        worker.resume()
        if not worker.is_running():
            worker.start()

    def restart_worker(self, chance):
        worker = chance.choice(self.workers)
        worker.terminate()
        worker.start()

    def kill_redis(self, _):
        self.redis.kill()
        self.redis.restart()

    def change_rules(self, chance):
        self.changes += 1
        self.write_rules()
        for worker in chance.sample(self.workers, chance.randint(1, len(self.workers))):
            worker.signal(signal.SIGHUP)

    def trouble(self, chance):
        what = chance.choices((self.kill_worker, self.sleep_worker, self.restart_worker,
                               self.kill_redis, self.change_rules), (4, 2, 2, 1, 3))[0]
        what(chance)
        for worker in self.workers:
            if not worker.is_running():
                worker.start()

    def settle(self):
        """Everything applied, the timers of the last events gone off, and nobody working on it."""
        def is_applied():
            for partition in range(harness.PARTITIONS):
                last = self.redis("XREVRANGE", "wm:{p%d}:in" % partition, "+", "-", "COUNT", "1")
                at = self.redis("HGET", "wm:{p%d}:pos" % partition, "id")
                if last and last[0][0] != at:
                    return False
            return True
        harness.wait_until(is_applied, "all applied", 60)
        harness.wait_timers(self.redis, 3)
        for worker in self.workers:
            tap.equal(worker.terminate(), 0, "a worker's exit status")

    # What it came to

    def replay(self, *options, rules="--log-rules"):
        status, out, error = self.place.tool(
            "backtest", "--log", rules, "--json", *self.common, *options, within=120)
        if status != 0:
            raise AssertionError(error)
        if "--decisions" in options:
            return [json.loads(line) for line in out.splitlines()]
        return [job for job in json.loads(out)["jobs"] if not job["would_send"]]

    def decisions(self, customers):
        """Of each customer, from the timeline that staff see."""
        token = self.place.write("staff.token", TOKEN + "\n")
        os.chmod(token, 0o600)
        console = self.place.role("console", self.common + [
            "--token-file", token, "--hosts", "test", "--listen",
            "unix:" + self.place.path("console.sock")])
        console.wait_ready()
        found = {}
        with console.http() as http:
            for customer in customers:
                found[customer] = decisions_of(http, customer)
        return found


def decisions_of(http, customer):
    path, cursor, found = "/v1/customers/%s/timeline?limit=200" % customer, "", []
    while cursor is not None:
        answer = http.request("GET", path + (cursor and "&cursor=" + harness.quote(cursor)),
                              {"Authorization": "Bearer " + TOKEN})
        if answer.status == 404:
            break
        assert answer.status == 200, answer
        page = answer.json()
        found += [plain(e) for e in page["entries"] if e["kind"] == "decision"]
        cursor = page["next"]
    return collections.Counter(found)


def plain(decision):
    """All of it but its place on the timeline, and the sentence, which speaks of the rule as it is
    when somebody reads it."""
    return json.dumps({name: value for name, value in decision.items()
                       if name not in ("id", "nth", "customer", "text")}, sort_keys=True)


@tap.test
def replay_comes_to_what_the_live_run_did():
    chance = random.Random(SEED)
    with harness.Place() as place:
        stage = Stage(place)
        market = Customers(stage.collector, SEED)
        market.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            # A random moment of the load is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.1, 1.2))
            stage.trouble(chance)
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
        outcomes = collections.Counter()
        for decision in stage.replay("--decisions"):
            want[decision["customer"]][plain(decision)] += 1
            outcomes[decision["outcome"]] += 1
        customers = ["c%03d" % n for n in range(60)]
        found = stage.decisions(customers)
        for customer in customers:
            if found[customer] != want[customer]:
                tap.equal(sorted((found[customer] - want[customer]).elements())[:1],
                          sorted((want[customer] - found[customer]).elements())[:1], customer)
        print("# seed %d: %d jobs, %d retracted, %d changes of rules; %s" % (
            SEED, len(emitted), len(retracted), stage.changes, dict(outcomes)), flush=True)
        tap.ok(len(emitted) > 100 and retracted and stage.changes, "something happened")
        by_rule = collections.Counter(job["rule"] for job in jobs)
        tap.ok(by_rule["news"] and by_rule["promise"], "jobs behind the gates: %s" % by_rule)
        tap.ok(outcomes["cancelled"] > 50 and outcomes["fired"] == len(emitted), "decisions")
        count = shop.counters(stage.redis)
        tap.ok(count["duplicate"] > 0 and count["held"] > 0, "duplicates, and some were held")


tap.run()
