#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""News of a product, with everything running: the shop's stock system names no customer, and those
who asked hear of it in whichever partition they are kept, once, though it is sent twice.

usage: test_news.py WAYMARK [TEST...]
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("..", "../console", "../torture", "../../unit/store"):
    sys.path.insert(0, os.path.join(HERE, folder))
import partition_model  # noqa: E402
import shop  # noqa: E402
from desk import Desk, harness  # noqa: E402

tap = harness.Tap()

KEY = "wk_trusted_0123456789"
PAGE = "wk_page_0123456789"
KEYS = ("[shop]\nkey = %s\nkind = server\nchannel = web\nrate = 0\nrights = traits merge privileged\n"
        "[page]\nkey = %s\nkind = browser\nrate = 0\n" % (KEY, PAGE))
RULE = {"id": "back_in_stock", "description": "What was asked for is there.", "class": "task",
        "key": "sku", "arm": [{"event": "Stock Changed", "when": {">=": [{"var": "e.stock"}, 1]}}],
        "wait": "10ms", "grace": "0s", "slack": "0s", "round": "1ms", "channels": ["email"],
        "fire_if": {"==": [{"var": "s.watch.open"}, True]}, "gates": "off"}
RING = {"sku": "R-54", "product_id": "R"}


class Shop(Desk):
    """A desk with one rule, the shop's own source, and one of its pages."""

    def config_text(self, settings=""):
        self.write("rules/back_in_stock.json", json.dumps(RULE))
        keys = self.write("keys-of-shop.ini", KEYS)
        lines = super().config_text(settings).splitlines(True)
        swap = {"rules =": self.path("rules"), "keys =": keys}
        return "".join(next((start + " " + value + "\n" for start, value in swap.items()
                             if line.startswith(start)), line) for line in lines)

    def track(self, name, message, properties, **who):
        return {"type": "track", "event": name, "messageId": message, "properties": properties,
                **who}


@tap.test
def who_asked_hears_of_it():
    users = ["u%d" % n for n in range(12)]
    parts = {partition_model.siphash24(b"waymark:customer", user.encode()) % harness.PARTITIONS
             for user in users}
    tap.ok(len(parts) > 1, "in several partitions")
    with Shop() as desk:
        desk.post([desk.track("Stock Alert Requested", "ask-" + user, RING, userId=user)
                   for user in users] +
                  [desk.track("Product Viewed", "see", RING, userId="eve")], KEY)
        for user in users + ["eve"]:
            desk.wait_events(user, 1)
        for _ in range(2):
            desk.post([desk.track("Stock Changed", "stock-1", dict(RING, stock=2))], KEY)
        ready = 'waymark_jobs{class="task",state="ready"} %d\n' % len(users)
        harness.wait_until(lambda: ready.encode() in desk.ask("/metrics").body, "a job for each")
        for user in users + ["eve"]:
            desk.wait_events(user, 2)
        harness.wait_until(lambda: shop.counters(desk.server).get("duplicate") == 1,
                           "the second delivery")
        counters = shop.counters(desk.server)
        tap.equal((counters.get("news"), counters.get("news_told")), (1, len(users) + 1),
                  "each was told once")


tap.run()
