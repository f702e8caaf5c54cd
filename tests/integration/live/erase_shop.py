# SPDX-License-Identifier: MIT
"""A shop in which somebody asks to be forgotten: everything that runs there, who they are, what they
did, and what of them must be nowhere afterwards (traces.py)."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402
import traces  # noqa: E402

TOKEN = "staff-token-0123456789abcdef"
PAGE, SERVER = "wk_page_0123456789", "wk_server_0123456789"
KEYS = ("[page]\nkey = %s\nkind = browser\nrate = 0\n"
        "[server]\nkey = %s\nkind = server\nrights = traits merge privileged\n" % (PAGE, SERVER))
RULES = [{"id": "cart", "class": "marketing", "key": "cart_id", "gates": "off", "round": "1ms",
          "arm": ["Product Added"], "cancel": [{"event": "Order Completed", "match": "customer"}],
          "wait": "1s", "grace": "0s", "stale_after": "never", "tombstone": "0s",
          "channels": ["email"], "data": {"gift_to": "e.gift_to",
                                          "note": "e.note"}},
         {"id": "later", "class": "marketing", "key": "cart_id", "gates": "off", "round": "1ms",
          "arm": ["Product Added"], "cancel": [{"event": "Order Completed", "match": "customer"}],
          "wait": "300d", "grace": "0s", "stale_after": "never", "tombstone": "0s",
          "channels": ["email"]}]

EMAIL, PHONE, USER = "janeth.doe77@example.org", "+4915112345677", "shopper-erase-77"
ANON, OTHER_ANON = "anon-erase-77", "anon-tablet-77"
NAME, STREET = "Doewinkle", "Blumenweg"
# What must be nowhere; phone numbers are told in several forms.
SECRETS = [EMAIL, "janeth.doe77%40", PHONE, "15112345677", USER, ANON, OTHER_ANON, NAME, STREET]
TRACES = traces.Traces(SECRETS, coded=(EMAIL, PHONE, PHONE[1:], USER))


def n_jobs(shop):
    return sum(shop.redis("XLEN", "wm:{p%d}:jobs" % p) for p in range(harness.PARTITIONS))


class Shop:
    """Redis, collector, console and two workers, all of them as loud as they can be; TAP is told what
    goes wrong."""

    def __init__(self, place, tap, lease="400ms", renew="1d", redis=()):
        self.place, self.tap, self.n = place, tap, 0
        # What is packed could not be looked into.
        self.redis = place.redis(extra=("--rdbcompression", "no", *redis))
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        place.write("rules/cart.json", json.dumps(RULES))
        loud = self.common + ["--log-level", "debug"]
        self.collector = place.role("collector", loud + [
            "--keys", place.write("keys.ini", KEYS),
            "--listen", "unix:" + place.path("collector.sock")])
        self.collector.wait_ready()
        token = place.write("staff.token", TOKEN + "\n")
        os.chmod(token, 0o600)
        self.console = place.role("console", loud + [
            "--token-file", token, "--hosts", "test", "--listen", "unix:" + place.path("console.sock")])
        self.console.wait_ready()
        self.pages = [self.collector, self.console]
        self.workers = [place.role("worker", loud + [
            "--rules", place.path("rules"), "--lease", lease, "--batch", "8", "--renew", renew],
            name="worker%d" % n) for n in range(2)]

    def post(self, key, *items):
        for item in items:
            self.n += 1
            item.setdefault("messageId", "m%d" % self.n)
        body = json.dumps({"batch": list(items)}).encode()
        while True:
            try:
                answer = self.collector.post("/v1/batch", body, {
                    "Authorization": harness.basic(key), "Content-Type": "application/json"})
                if answer.status == 200:
                    return answer
                assert answer.status in (429, 500, 502, 503, 504), answer
            except (OSError, ConnectionError):
                pass
            time.sleep(0.02)

    def settle(self):
        harness.wait_quiet(self.redis, "everything said and heard")

    def customer(self, *args, within=90):
        status, out, error = self.place.tool("customer", *args, *self.common, within=within)
        return status, out, error

    def erase(self, who, within=90):
        """Until it is over; the receipt, and how often it was asked for."""
        for tries in range(1, 40):
            status, out, error = self.customer("erase", who, "--yes", "--json", "--by", "tester",
                                               within=within)
            if status == 0:
                return json.loads(out), tries
            print("# " + error.strip().replace("\n", " "), flush=True)
            assert "not finished" in error or "Redis" in error or "redis" in error, error
        raise AssertionError("never over: " + error)

    def archive(self, verb, *args):
        status, out, error = self.place.tool("archive", verb, *args, "--directory",
                                             self.place.path("archive"), *self.common, within=90)
        self.tap.equal(status, 0, "archive %s: %s" % (verb, error))
        return out

    def keys(self):
        return sorted(self.redis("KEYS", "*"))

    def dump(self, pick):
        """name: DUMP of the keys that PICK takes."""
        return {key: self.redis("DUMP", key) for key in self.keys() if pick(key.decode())}


def track(event, who, **properties):
    return {"type": "track", "event": event, "properties": properties, **who}


def person(shop):
    """A visitor, a guest, a user; a chain, a tree, timers that wait, a job, a long history, and
    something that could not be understood."""
    shop.post(PAGE, track("Product Added", {"anonymousId": ANON}, cart_id="cj1"))
    shop.post(SERVER, {"type": "identify", "anonymousId": ANON, "identifiers": {"email": EMAIL}})
    shop.settle()
    shop.post(SERVER, {"type": "identify", "userId": USER, "identifiers": {"email": EMAIL},
                       "traits": {"email": " Janeth.Doe77@Example.ORG ", "phone": PHONE,
                                  "lastName": NAME}})
    shop.post(PAGE, {"type": "identify", "userId": USER, "anonymousId": OTHER_ANON})
    for n in range(60):
        shop.post(SERVER, track("Product Viewed", {"userId": USER}, product_id="p%d" % n,
                                address={"street": STREET, "email": EMAIL}))
    shop.post(SERVER, track("Product Added", {"identifiers": {"email": EMAIL}}, cart_id="cj2"))
    shop.post(SERVER, track("Product Viewed", {"userId": USER, "messageId": "twice"}, note=NAME))
    shop.post(SERVER, track("Product Viewed", {"userId": USER, "messageId": "twice"}, note=STREET))
