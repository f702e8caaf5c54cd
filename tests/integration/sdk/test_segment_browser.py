#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Segment's library for browsers, unmodified, in a real Chromium, from pages of another origin: it asks
for leave, fetches its settings, talks to nobody else, and every call arrives once and as meant, also
when the collector is restarted or killed midway, limits the source, has no Redis, and when the page is
loaded again with a queue.

usage: test_segment_browser.py WAYMARK [TEST...]
"""

import glob
import json
import os
import re
import sys
import urllib.parse

import sdk
from sdk import harness

sys.path.insert(0, os.path.join(sdk.HERE, "..", "browser"))
import chromium
from street import Shop

tap = harness.Tap()
PACKAGE, SENDER = "@segment/analytics-next", "segment"
WEB, SLOW, RATE = "wk_browser_1", "wk_browser_slow_1", 6
KEYS = """\
[web]
key = %s
kind = browser
origins = %s

[slow]
key = %s
kind = browser
origins = %s
rate = %d
burst = %d
"""
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
BATCHING = "deliveryStrategy: { strategy: 'batching', config: { size: 10, timeout: 500 } }, protocol:"


class Street(sdk.Line):
    """A line with a browser on it, and a shop whose pages carry the lines to paste."""

    def __init__(self, key=WEB, settings="", change=lambda lines: lines):
        folder = sdk.package(PACKAGE)
        chromium.program()
        self.shop = Shop()
        try:
            super().__init__(KEYS % (WEB, self.shop.url(""), SLOW, self.shop.url(""), RATE, RATE), settings)
            for path in glob.glob(os.path.join(folder, "dist", "umd", "*.js")):
                with open(path, encoding="utf-8") as file:
                    self.shop.script("/analytics-next/" + os.path.basename(path), file.read())
            lines = change(self.own(sdk.lines_to_paste(SENDER, "html")[0], key))
            self.shop.page("/", lines)
            self.browser = chromium.Chromium(self)
            self.asked, self.posted = set(), []   # by all pages: hosts, and URLs of POSTs
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.shop.close()
        if hasattr(self, "processes"):
            super().__exit__()

    def visit(self, host="localhost"):
        """A page of a new visitor, of whom is known who he is."""
        page = self.browser.visitor().open()
        heard = page.on_event

        def hear(method, params):
            if method == "Network.requestWillBeSent":
                request = params["request"]
                self.asked.add(urllib.parse.urlsplit(request["url"]).netloc)
                if request["method"] == "POST":
                    self.posted.append(request["url"])
            heard(method, params)
        page.on_event = hear
        page.navigate(self.shop.url("/?utm_source=mail&utm_campaign=spring", host))
        return page

    def shopper(self):
        before = len(self.events())
        page = self.visit()
        self.wait_events(before + 1)   # the page itself
        page.run("void analytics.identify('ann')")
        self.wait_events(before + 2)
        return page

    def wait_posted(self, page, count):
        """Until the browser has begun that many POSTs."""
        harness.wait_until(lambda: page.run("1") and len(self.posted) >= count, "%d requests" % count)

    def wait_products(self, count, within=None):
        def products():
            return {e["properties"]["product_id"] for e in self.events() if e["type"] == "track"}
        harness.wait_until(lambda: len(products()) >= count, "%d products" % count, within)


def track(page, first, behind):
    """Products FIRST to BEHIND, and does not wait for any."""
    page.run("".join("void analytics.track('Product Added', %s);" % json.dumps(sdk.product_of(n))
                     for n in range(first, behind)))


@tap.test
def every_call_arrives_as_it_was_meant():
    with Street() as street:
        page = street.visit()
        street.wait_events(1)
        page.run("""(async () => {
            await analytics.alias('ann');
            await analytics.identify('ann', {email: 'ann@example.com', firstName: 'Ann'});
            await analytics.track('Product Added', %s);
            await analytics.page('Help', 'Sizes', {ring: true});
            await analytics.screen('Start', {variant: 'b'});
            await analytics.group('club', {name: 'The club'});
            await analytics.track('Wish \\u2028 \\u00fc \\ud83d\\udc8d', {});
        })()""" % json.dumps(sdk.product_of(7)))
        entries = street.wait_events(8) and street.entries()
        events = [entry["e"] for entry in entries]
        tap.equal([(e["type"], e.get("event"), e.get("userId")) for e in events], [
            ("page", None, None), ("alias", None, "ann"), ("identify", None, "ann"), ("track", "Product Added", "ann"),
            ("page", None, "ann"), ("screen", None, "ann"), ("group", None, "ann"),
            ("track", "Wish \u2028 \u00fc \U0001f48d", "ann")], "in their order")
        tap.equal({tuple(entry["m"][0].split("/")[:2]) for entry in entries}, {("web", "web")}, "source and channel")
        tap.equal(events[2]["traits"], {"email": "ann@example.com", "firstName": "Ann"}, "traits")
        tap.equal(events[3]["properties"], sdk.product_of(7), "properties")
        tap.equal({k: events[4]["properties"].get(k) for k in ("category", "name", "ring", "path")},
                  {"category": "Help", "name": "Sizes", "ring": True, "path": "/"}, "page")
        tap.equal((events[4]["name"], events[5]["name"]), ("Sizes", "Start"), "names")
        tap.equal(events[5]["properties"]["variant"], "b", "screen")
        tap.equal((events[6]["groupId"], events[6]["traits"]), ("club", {"name": "The club"}), "group")
        tap.equal(events[1]["previousId"], events[0]["anonymousId"], "alias")
        tap.equal(len({e["anonymousId"] for e in events}), 1, "one visitor")
        for event, entry in zip(events, entries):
            tap.ok(re.fullmatch(r"ajs-next-\d{13}-" + UUID, event["messageId"]), "messageId: %s" % event["messageId"])
            tap.equal(event["context"]["campaign"], {"source": "mail", "name": "spring"}, "campaign")
            tap.ok(event["timestamp"] <= event["sentAt"], "times")
        tap.ok(street.answers(204) > 0, "the browser asked for leave")
        tap.equal(street.asked, {"127.0.0.1:%d" % street.port, "localhost:%d" % street.shop.port}, "who was asked at all")
        times, bad = street.count_applied()
        tap.equal((set(times.values()), len(times), bad), ({1}, 8, 0), "in timelines")
        tap.equal(page.errors, [], "thrown")


@tap.test
def a_page_of_an_origin_that_is_not_named_sends_nothing():
    with Street() as street:
        page = street.visit("other.example")
        harness.wait_until(lambda: street.answers(200) or street.answers(404), "its request for settings")
        track(page, 0, 3)
        allowed = street.shopper()
        track(allowed, 0, 1)
        street.wait_products(1)
        tap.equal({e["context"]["page"]["url"].partition("/?")[0] for e in street.events()},
                  {street.shop.url("")}, "whose events are in the log")


def outlive_restarts(kill):
    with Street() as street:
        page = street.shopper()
        for number in range(3):
            track(page, 20 * number, 20 * number + 15)
            street.wait_products(20 * number + 1)
            street.stop(kill)
            track(page, 20 * number + 15, 20 * number + 20)
            street.turn_away()
            street.go_on()
            street.wait_products(20 * number + 20, 90)
        sdk.each_once(tap, street, 60, "after kill -9" if kill else "after SIGTERM", "ann")
        tap.equal(page.errors, [], "thrown")


@tap.test
def it_outlives_restarts():
    outlive_restarts(False)


@tap.test
def it_outlives_kill_9():
    outlive_restarts(True)


@tap.test
def it_waits_when_it_is_too_fast():
    with Street(SLOW) as street:
        page = street.shopper()
        track(page, 0, 4 * RATE)
        street.wait_products(4 * RATE, 90)
        tap.ok(street.answers(429) > 0, "429 was answered")
        sdk.each_once(tap, street, 4 * RATE, "above its rate", "ann")
        tap.equal(page.errors, [], "thrown")


@tap.test
def it_outlives_an_outage_of_redis():
    with Street() as street:
        page = street.shopper()
        track(page, 0, 10)
        street.wait_products(1)
        street.server.kill()
        track(page, 10, 20)
        harness.wait_until(lambda: street.answers(503), "an answer 503")
        street.server.restart()
        street.wait_products(20, 90)
        sdk.each_once(tap, street, 20, "after an outage of Redis", "ann")
        tap.equal(page.errors, [], "thrown")


@tap.test
def a_queue_outlives_the_page():
    with Street() as street:
        page = street.shopper()
        street.stop()
        before = len(street.posted)
        track(page, 0, 8)
        street.turn_away()
        # What the library is about to send when a page is left, it loses; what it has tried, it keeps.
        street.wait_posted(page, before + 8)
        # The settings are in the browser's cache; what was not sent is in its storage.
        page.reload()
        street.go_on()
        street.wait_products(8, 90)
        # A page that is left while its requests are under way sends them again, and may have sent them.
        street.collector.pause()
        before = len(street.posted)
        track(page, 8, 12)
        street.wait_posted(page, before + 4)
        page.call("Page.reload")
        street.collector.resume()
        street.wait_products(12, 90)
        sdk.each_once(tap, street, 12, "after a reload", "ann")
        tap.equal(page.errors, [], "thrown")


@tap.test
def in_batches_too():
    with Street(change=lambda lines: lines.replace("protocol:", BATCHING)) as street:
        page = street.shopper()
        track(page, 0, 25)
        street.wait_products(25)
        street.stop()
        track(page, 25, 30)
        street.turn_away()
        street.go_on()
        street.wait_products(30, 90)
        # What is waiting when the page is left goes with it.
        track(page, 30, 34)
        page.leads_away("location.href = '/elsewhere'")
        street.wait_products(34)
        sdk.each_once(tap, street, 34, "in batches", "ann")


@tap.test
def paths_of_ones_own_hide_from_blockers():
    def change(lines):
        return re.sub(r"(cdnURL: '[^']+)'", r"\1/js'", lines).replace("/v1'", "/js/v1'")
    with Street(settings="prefix = /js", change=change) as street:
        page = street.shopper()
        track(page, 0, 2)
        street.wait_products(2)
        page.run("1")   # reads what the browser has to tell
        tap.equal({urllib.parse.urlsplit(url).path for url in street.posted}, {"/js/v1/p", "/js/v1/i", "/js/v1/t"}, "paths")
        sdk.each_once(tap, street, 2, "below a prefix", "ann")
        tap.equal(page.errors, [], "thrown")


if __name__ == "__main__":
    tap.run()
