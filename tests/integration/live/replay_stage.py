# SPDX-License-Identifier: MIT
"""A shop with several workers whose live run is held against a replay of its log: what happens to it
while it runs, when it is quiet, and what it came to."""

import collections
import json
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "torture"))
import harness  # noqa: E402
import shop  # noqa: E402

TOKEN = "live-staff-token-0123456789abcdef"


class Stage:
    """RULES says what the shop runs after so many changes, besides the rules of the torture, and
    POLICY what holds for all of them."""

    def __init__(self, place, tap, rules, policy, keys=shop.KEYS_INI, workers=3):
        self.place, self.tap, self.changes = place, tap, 0
        self.rules, self.policy = rules, policy
        self.troubles = collections.Counter()
        self.console = None
        self.redis = place.redis()
        self.address = "unix:" + self.redis.socket
        self.common = ["--redis", self.address, "--dataset", harness.DATASET]
        with open(os.path.join(shop.RULES, "seconds.json"), encoding="utf-8") as file:
            place.write("rules/seconds.json", file.read())
        self.write_rules()
        keys = place.write("keys.ini", keys)
        self.collector = place.role("collector", self.common + [
            "--keys", keys, "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        self.workers = [place.role("worker", self.common + [
            "--rules", place.path("rules"), "--lease", "400ms", "--batch", "16"],
            name="worker%d" % n) for n in range(workers)]

    def write_rules(self):
        for name, said in (("more.json", self.rules), ("policy.json", self.policy)):
            whole = self.place.write(name, json.dumps(said(self.changes)))
            os.replace(whole, self.place.path("rules", name))

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

    def kinds(self):
        return (self.kill_worker, self.sleep_worker, self.restart_worker, self.kill_redis,
                self.change_rules)

    def untroubled(self):
        """What has not happened to it yet."""
        return [kind.__name__ for kind in self.kinds() if not self.troubles[kind.__name__]]

    def trouble(self, chance):
        """Each kind once, before it is left to chance."""
        kinds = self.kinds()
        left = [kind for kind in kinds if not self.troubles[kind.__name__]]
        what = chance.choice(left) if left else chance.choices(kinds, (4, 2, 2, 1, 3))[0]
        self.troubles[what.__name__] += 1
        what(chance)
        for worker in self.workers:
            if not worker.is_running():
                worker.start()

    def go_on(self, seconds, trouble, missing):
        """For so many SECONDS, and longer as long as there is something MISSING that has to be seen:
        how much there is of it depends on the machine. Up to six times as long."""
        begin, asked = time.monotonic(), 0
        while time.monotonic() < begin + seconds:
            trouble(time.monotonic() - begin)
        while time.monotonic() < begin + 6 * seconds:
            if time.monotonic() > asked + 3:
                left, asked = missing(), time.monotonic()
                if not left:
                    break
                print("# %.0f s, and not yet: %s" % (asked - begin, ", ".join(left)), flush=True)
            trouble(time.monotonic() - begin)

    def settle(self):
        """Everything applied, the timers of the last events gone off, and nobody working on it."""
        harness.wait_quiet(self.redis)
        harness.wait_timers(self.redis, 3)
        harness.wait_quiet(self.redis, "what the timers said is applied")
        for worker in self.workers:
            self.tap.equal(worker.terminate(), 0, "a worker's exit status")

    # What it came to

    def replay(self, *options, rules="--log-rules"):
        status, out, error = self.place.tool(
            "backtest", "--log", rules, "--json", *self.common, *options, within=120)
        if status != 0:
            raise AssertionError(error)
        if "--decisions" in options:
            return [json.loads(line) for line in out.splitlines()]
        return [job for job in json.loads(out)["jobs"] if not job["would_send"]]

    def start_console(self, *options):
        token = self.place.write("staff.token", TOKEN + "\n")
        os.chmod(token, 0o600)
        self.console = self.place.role("console", self.common + [
            "--token-file", token, "--hosts", "test", "--listen",
            "unix:" + self.place.path("console.sock"), *options])
        self.console.wait_ready()

    def decisions(self, customers):
        """Of each customer, from the timeline that staff see."""
        if not self.console:
            self.start_console()
        with self.console.http() as http:
            return {customer: decisions_of(http, customer) for customer in customers}


def decisions_of(http, customer):
    path, cursor, found = "/v1/customers/%s/timeline?limit=200" % harness.quote(customer), "", []
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
