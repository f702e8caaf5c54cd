#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The beacon in a real browser, against a real collector: what arrives, once and as meant, also
when pages close, networks go and collectors stop; and what must not happen: storage before consent,
exceptions in the shop's page, two tabs that both send.

usage: test_beacon.py WAYMARK [TEST...]
"""

import os
import re
import time

import chromium
from street import KEY, Street, harness, name_of

tap = harness.Tap()
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
READY = "!!window.waymark && !Array.isArray(window.waymark)"
QUEUE = "Object.keys(localStorage).filter(name => name.startsWith('wm.q.')).length"


class Web(Street):
    """A street with a browser on it, and a shop whose pages have the beacon."""

    def __init__(self, settings="", preferences=None):
        chromium.program()
        super().__init__(settings)
        try:
            self.browser = self.stack.enter_context(chromium.Chromium(self, preferences=preferences))
            self.add_page("/")
        except BaseException:
            self.__exit__()
            raise

    def add_page(self, path, attributes="", before="", title="Shop"):
        self.shop.page(path, (
            '<script>window.waymark=window.waymark||[];%s</script>'
            '<script async src="%s/waymark.js" data-key="%s" %s></script>')
            % (before, self.gate.url, KEY, attributes), title)

    def visit(self, path="/", host="localhost", visitor=None, prepare=None):
        page = (visitor or self.browser.visitor()).open(self.shop.url(path, host), prepare)
        page.wait(READY)
        return page

    def wait_stored(self, count):
        harness.wait_until(lambda: len(self.stored()) >= count, "%d events in the log" % count)
        return self.stored()


def names(events):
    return [name_of(event) for event in events]


def said(event):
    """What the page said of it: the visit is ours."""
    return {name: value for name, value in event["properties"].items() if name != "session_id"}


def once(events):
    """Without the later copies."""
    first = {}
    for event in events:
        first.setdefault(event["messageId"], event)
    return list(first.values())


def track_many(page, first, last):
    page.run("for (let n = %d; n <= %d; n++) waymark.track('Step ' + n)" % (first, last))


def send_away(web, page, name):
    """Nothing is under way for the next seconds: what is, could pass a gate that opens meanwhile,
    though the queue has lost it since."""
    web.gate.answer_with(503, Retry_After="6")
    page.run("waymark.track('%s')" % name)
    page.wait("localStorage.getItem('wm.wait')")


def steps(first, last):
    return ["Step %d" % n for n in range(first, last + 1)]


@tap.test
def page_track_and_identify_arrive_once_and_as_meant():
    with Web() as web:
        web.add_page("/ring", title="Ring & more", before=(
            "waymark.push(['track', 'Product Viewed', {product_id: 7, price: 19.99}])"))
        page = web.visit("/ring?utm_source=mail&utm_campaign=spring&x=1#top")
        page.run("waymark.identify(42, {email: 'jon@shop.example'})")
        page.run("waymark.track('Product Clicked', {text: 'Gr\\u00fc\\u00dfe \\u{1f48d}'})")
        web.wait_stored(4)
        page.wait(QUEUE + " === 0")
        events = {name_of(event): event for event in web.stored()}
        tap.equal(sorted(names(web.stored())), ["Product Clicked", "Product Viewed", "identify", "page"], "stored")
        tap.equal(names(web.gate.events()), ["page", "Product Viewed", "identify", "Product Clicked"], "order")
        tap.equal(len({event["messageId"] for event in events.values()}), 4, "ids")
        tap.equal(len({event["anonymousId"] for event in events.values()}), 1, "one visitor")
        for event in events.values():
            tap.ok(UUID4.fullmatch(event["messageId"]), "messageId")
            tap.ok(UUID4.fullmatch(event["anonymousId"]), "anonymousId")
            tap.ok(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", event["timestamp"]), "timestamp")
        viewed, shown = events["Product Viewed"], events["page"]["context"]
        tap.equal(said(viewed), {"product_id": 7, "price": 19.99}, "properties")
        tap.ok("userId" not in viewed, "nobody yet")
        tap.equal(events["identify"]["userId"], "42", "userId")
        tap.equal(events["identify"]["traits"], {"email": "jon@shop.example"}, "traits")
        tap.equal(events["Product Clicked"]["userId"], "42", "userId afterwards")
        tap.equal(said(events["Product Clicked"]), {"text": "Gr\u00fc\u00dfe \U0001f48d"}, "text")
        tap.equal(shown["page"], {"url": web.shop.url("/ring?utm_source=mail&utm_campaign=spring&x=1"),
                                  "path": "/ring", "search": "?utm_source=mail&utm_campaign=spring&x=1",
                                  "title": "Ring & more", "referrer": ""}, "context.page")
        tap.equal(shown["campaign"], {"source": "mail", "name": "spring"}, "campaign")
        tap.equal(shown["userAgent"], page.run("navigator.userAgent"), "userAgent")
        tap.equal(shown["locale"], page.run("navigator.language"), "locale")
        tap.equal(shown["timezone"], page.run("Intl.DateTimeFormat().resolvedOptions().timeZone"), "zone")
        tap.equal(shown["screen"], page.run("({width: screen.width, height: screen.height, density: devicePixelRatio})"),
                  "screen")
        for _, body in web.gate.posts():
            tap.equal(sorted(body), ["batch", "sentAt", "writeKey"], "body")
            tap.equal(body["writeKey"], KEY, "key")
        with web.gate.lock:
            methods = {r[0] for r in web.gate.requests}
        tap.equal(methods, {"GET", "POST"}, "no preflight")
        tap.equal(page.run("document.cookie"), "", "no cookie")
        tap.equal(page.errors, [], "thrown")


@tap.test
def a_visitor_stays_the_same_until_reset():
    with Web() as web:
        visitor = web.browser.visitor()
        page = web.visit(visitor=visitor)
        page.run("waymark.identify('ann')")
        web.wait_stored(2)
        page.reload()
        page.wait(READY)
        page.run("waymark.track('A')")
        page.run("waymark.reset()")
        page.run("waymark.track('B')")
        page.run("waymark.identify('ben')")
        page.run("waymark.identify('cleo')")
        web.wait_stored(7)
        events = {(name_of(e), e.get("userId")): e["anonymousId"] for e in web.stored()}
        tap.equal(sorted(events, key=str), sorted([
            ("page", None), ("identify", "ann"), ("page", "ann"), ("A", "ann"), ("B", None),
            ("identify", "ben"), ("identify", "cleo")], key=str), "who")
        ann = {events[key] for key in events if key in [("page", None), ("page", "ann"), ("A", "ann")]}
        tap.equal(len(ann), 1, "one visitor over a reload")
        tap.ok(events["B", None] not in ann, "another one after reset")
        tap.equal(events["identify", "ben"], events["B", None], "who says a name stays the same")
        tap.ok(events["identify", "cleo"] != events["identify", "ben"], "nobody is two people")


@tap.test
def cart_helpers_name_one_cart_until_the_order():
    with Web() as web:
        page = web.visit()
        page.run("waymark.cart.add({product_id: 1})")
        page.run("waymark.cart.remove({product_id: 1})")
        page.run("waymark.push(['cart.view'])")
        page.reload()
        page.wait(READY)
        page.run("waymark.checkout({value: 5})")
        page.run("waymark.order({order_id: 'o1', total: 5})")
        page.run("waymark.cart.add({product_id: 2})")
        page.run("waymark.cart.add({product_id: 3, cart_id: 'theirs'})")
        page.wait(QUEUE + " === 0")
        events = [event for event in once(web.gate.events()) if event["type"] == "track"]
        tap.equal(names(events), ["Product Added", "Product Removed", "Cart Viewed", "Checkout Started",
                                  "Order Completed", "Product Added", "Product Added"], "names")
        carts = [event["properties"]["cart_id"] for event in events]
        tap.equal(len(set(carts[:5])), 1, "one cart, over a reload")
        tap.ok(UUID4.fullmatch(carts[0]), "its id")
        tap.ok(carts[5] not in carts[:5], "a new one after the order")
        tap.equal(carts[6], "theirs", "the shop knows better")
        tap.equal(said(events[4]), {"cart_id": carts[0], "order_id": "o1", "total": 5}, "order")


@tap.test
def a_visit_is_of_one_tab_until_half_an_hour_of_nothing():
    ago = "sessionStorage.setItem('wm.visit', sessionStorage.getItem('wm.visit').replace(/ .*/, ' ' + (Date.now() - %d)))"
    with Web() as web:
        web.add_page("/", 'data-auto="off"')
        visitor = web.browser.visitor()
        page = web.visit(visitor=visitor)

        def again(prepare):
            page.wait(QUEUE + " === 0")
            page.run(prepare)
            page.reload()
            page.wait(READY)

        page.run("waymark.track('A')")
        page.run("waymark.cart.add({product_id: 1})")
        again("0")
        page.run("waymark.page('B')")
        again(ago % (28 * 60 * 1000))
        page.run("waymark.track('C')")
        again(ago % (30 * 60 * 1000))
        page.run("waymark.track('D')")
        page.run("waymark.track('E', {session_id: 'theirs'})")
        page.run("waymark.reset()")
        page.run("waymark.track('F')")
        other = web.visit(visitor=visitor)
        other.run("waymark.track('G')")
        other.wait(QUEUE + " === 0")
        web.wait_stored(8)
        visits = {name_of(event): event["properties"]["session_id"] for event in once(web.gate.events())}
        first = visits["A"]
        tap.ok(UUID4.fullmatch(first), "its id")
        tap.equal([visits[name] for name in ("Product Added", "page", "C")], [first] * 3, "pages of one visit")
        tap.ok(visits["D"] != first, "another one after half an hour")
        tap.equal(visits["E"], "theirs", "the shop knows better")
        tap.equal(len({visits[name] for name in "ADFG"}), 4, "after a reset, and in another tab")


# With this no timer ever fires, so that only what happens at once, as a page goes, can send.
NO_TIMERS = "window.setTimeout = () => 1;"


@tap.test
def what_is_tracked_while_the_page_goes_away_arrives():
    with Web() as web:
        web.shop.page("/elsewhere")
        web.add_page("/", 'data-auto="off"')
        visitor = web.browser.visitor()
        page = web.visit(visitor=visitor, prepare=NO_TIMERS)
        page.leads_away("waymark.track('Left'); location.href = '/elsewhere'")
        web.wait_stored(1)
        closing = web.visit(prepare=NO_TIMERS)
        closing.run("waymark.track('Closed')")
        closing.close()
        web.wait_stored(2)
        hidden = web.visit(prepare=NO_TIMERS)
        hidden.run("waymark.track('Hidden')")
        tap.equal(names(web.stored()), ["Left", "Closed"], "not sent yet")
        hidden.visitor.open(web.shop.url("/elsewhere")).front()
        hidden.wait("document.visibilityState === 'hidden'")
        web.wait_stored(3)
        tap.equal(names(web.stored()), ["Left", "Closed", "Hidden"], "each once")
        # The next page cannot know that it arrived, and says so again; under the same name.
        again = web.visit(visitor=visitor)
        tap.equal(again.run(QUEUE), 1, "kept")
        web.wait_stored(4)
        again.wait(QUEUE + " === 0")
        tap.equal(names(once(web.stored())), ["Left", "Closed", "Hidden"], "different ones")
        tap.equal([web.stored()[3]], [web.stored()[0]], "the same, byte by byte")


@tap.test
def a_page_that_goes_while_its_request_is_under_way_loses_nothing():
    with Web() as web:
        web.gate.hold()
        page = web.visit()
        harness.wait_until(web.gate.posts, "the first attempt")
        page.reload()
        page.wait(READY)
        # It has left, who knows whether it arrived; the new page's own event is not kept waiting.
        tap.equal(page.run("Object.keys(localStorage).filter(n => n.startsWith('wm.q.')).sort().map(n => /^\\d+{/.test(localStorage[n]))"),
                  [True, False], "one has left")
        harness.wait_until(lambda: len(web.gate.posts()) > 1, "the second page's attempt")
        tap.equal(len(web.gate.posts()[1][1]["batch"]), 1, "its own event")
        web.gate.open()
        page.wait(QUEUE + " === 0")
        tap.equal(len(once(web.stored())), 2, "both")


@tap.test
def more_than_a_browser_lets_outlive_a_page_waits_for_the_next():
    with Web() as web:
        web.shop.page("/elsewhere")
        web.add_page("/", 'data-auto="off"')
        visitor = web.browser.visitor()
        page = web.visit(visitor=visitor, prepare=NO_TIMERS)
        page.run("for (let n = 1; n <= 7; n++) waymark.track('Step ' + n, {pad: 'x'.repeat(25000)})")
        page.leads_away("location.href = '/elsewhere'")
        web.wait_stored(2)
        tap.equal(names(web.stored()), steps(1, 2), "what fits")
        page = web.visit(visitor=visitor)
        page.wait(QUEUE + " === 0")
        tap.equal(names(once(web.stored())), steps(1, 7), "all, in order")
        tap.ok(max(len(r[3]) for r in web.gate.requests) <= 60000, "no body over 60,000 bytes")


@tap.test
def what_has_left_half_a_day_ago_is_not_repeated():
    with Web() as web:
        web.add_page("/", 'data-auto="off"')
        page = web.visit(prepare=NO_TIMERS)
        track_many(page, 1, 3)
        # All but the marks is as it would be: half a day, and a minute less.
        page.run("""Object.keys(localStorage).filter(name => name.startsWith('wm.q.')).sort().forEach((name, n) => {
            const age = [12 * 3600e3 + 1e3, 12 * 3600e3 - 60e3, 0][n];
            localStorage[name] = (age ? Date.now() - age : '') + localStorage[name]; })""")
        page.run("localStorage.setItem('wm.wait', Date.now() + 1000 + ' 1')")
        page.navigate(web.shop.url("/?again"))
        page.wait(READY)
        other = web.visit(visitor=page.visitor)
        other.wait(QUEUE + " === 0")
        tap.equal(names(web.stored()), steps(2, 3), "not the first")


@tap.test
def a_clock_that_was_wrong_holds_nothing_up():
    with Web() as web:
        web.add_page("/", 'data-auto="off"')
        page = web.visit(prepare=NO_TIMERS)
        track_many(page, 1, 2)
        page.run("""const name = Object.keys(localStorage).filter(name => name.startsWith('wm.q.')).sort()[0];
            const future = Date.now() + 864e5;
            localStorage[name] = future + localStorage[name];
            localStorage.setItem('wm.wait', future + ' 0');
            localStorage.setItem('wm.claim', future + ' somebody')""")
        other = web.visit(visitor=page.visitor)
        other.wait(QUEUE + " === 0", within=15)
        tap.equal(names(once(web.stored())), steps(1, 2), "sent")


@tap.test
def what_is_tracked_while_the_browser_is_offline_arrives_once_and_in_order():
    with Web() as web:
        page = web.visit()
        web.wait_stored(1)
        page.offline(True)
        track_many(page, 1, 5)
        # It has tried in vain.
        page.wait("(localStorage.getItem('wm.wait') || '').endsWith(' 1')")
        track_many(page, 6, 9)
        tap.equal(page.run(QUEUE), 9, "waiting")
        # As after many attempts: only the news of a network can end this soon enough.
        page.run("localStorage.setItem('wm.wait', Date.now() + 600e3 + ' 9')")
        page.offline(False)
        web.wait_stored(10)
        page.wait(QUEUE + " === 0")
        tap.equal(names(web.gate.events()), ["page"] + steps(1, 9), "once, in order")
        tap.equal(names(web.stored()), ["page"] + steps(1, 9), "in the log")


@tap.test
def what_is_tracked_while_the_collector_is_away_arrives_once_and_in_order():
    with Web() as web:
        page = web.visit()
        web.wait_stored(1)
        page.wait(QUEUE + " === 0")
        web.stop_collector()
        track_many(page, 1, 20)
        page.wait("localStorage.getItem('wm.wait')")
        # The script itself comes from the browser's cache, as it would.
        page.reload()
        page.wait(READY)
        tap.equal(page.run(QUEUE), 21, "kept over a reload")
        track_many(page, 21, 30)
        page.close()
        # Nobody there for a while; another tab finds it all.
        other = web.visit(visitor=page.visitor)
        tap.equal(other.run(QUEUE), 32, "kept over the end of the tab")
        web.start_collector()
        web.wait_stored(33)
        other.wait(QUEUE + " === 0")
        tracked = [n for n in names(web.stored()) if n != "page"]
        tap.equal(tracked, steps(1, 30), "once, in order")
        tap.equal(len({e["messageId"] for e in web.stored()}), 33, "different ones")
        tap.equal(page.errors + other.errors, [], "thrown")


@tap.test
def before_consent_nothing_is_stored_or_sent():
    spy = """window.seen = [];
        for (const name of ['getItem', 'setItem', 'removeItem', 'key']) {
            const real = Storage.prototype[name];
            Storage.prototype[name] = function (...args) { seen.push(name); return real.apply(this, args); };
        }
        const keys = Object.keys;
        Object.keys = what => { if (what instanceof Storage) seen.push('keys'); return keys(what); };
        const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
        Object.defineProperty(document, 'cookie', {get() { seen.push('cookie'); return cookie.get.call(document); },
            set(value) { seen.push('cookie'); cookie.set.call(document, value); }});"""
    attributes = 'data-consent="required" data-cookie="localhost"'
    with Web() as web:
        web.add_page("/", attributes, "waymark.push(['track', 'Early'])")
        page = web.visit(prepare=spy)
        page.run("waymark.identify('ann'); waymark.cart.add({product_id: 1}); void dispatchEvent(new Event('online'))")
        begun = time.time()
        page.wait("performance.now() > 1000")
        tap.equal(page.run("seen"), [], "storage touched")
        # A page that is left without an answer takes it all along.
        page.reload()
        page.wait(READY)
        tap.equal(page.run("seen"), [], "storage touched by the next one")
        page.wait("performance.now() > 1000")
        page.run("waymark.track('Late')")
        tap.equal((page.run("seen"), page.run("localStorage.length")), ([], 0), "storage touched at last")
        tap.equal(web.gate.posts(), [], "sent")
        page.run("waymark.consent(true)")
        web.wait_stored(3)
        page.wait(QUEUE + " === 0")
        events = web.gate.events()
        tap.equal(names(events), ["page", "Early", "Late"], "sent after consent")
        tap.equal(len({event["anonymousId"] for event in events}), 1, "one visitor")
        tap.ok(events[0]["timestamp"] < events[2]["timestamp"], "each at its own time")
        tap.ok(begun < time.time(), "clock")
        # No, after yes: all that was stored goes, and nothing is kept of what follows.
        page.run("waymark.track('Undecided'); waymark.consent(false); waymark.track('Refused')")
        tap.equal(page.run("localStorage.length"), 0, "left behind")
        page.wait("performance.now() > 2000")
        page.run("waymark.consent(true); waymark.track('Again')")
        web.wait_stored(4)
        page.wait(QUEUE + " === 0")
        tap.equal(names(web.gate.events()), ["page", "Early", "Late", "Again"], "after a no and a yes")
        tap.ok(web.gate.events()[3]["anonymousId"] != events[0]["anonymousId"], "somebody new")
        refusing = web.visit()
        refusing.run("waymark.consent(false); waymark.consent(true); waymark.track('Fresh')")
        web.wait_stored(5)
        tap.equal(names(web.gate.events())[4:], ["Fresh"], "what was held is dropped by a no")
        tap.equal(page.errors + refusing.errors, [], "thrown")


@tap.test
def without_local_storage_it_works_from_memory():
    full = """Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"""
    # As a visitor does who forbids cookies; Chromium then takes storage and locks away.
    deny = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    for what, preferences, prepare in (("denied", deny, None), ("full", None, full)):
        with Web(preferences=preferences) as web:
            web.shop.page("/elsewhere")
            page = web.visit(prepare=prepare)
            tap.equal(page.run("(() => { try { localStorage.setItem('a', 1); } catch (e) { return true; } })()"), True, what)
            page.run("waymark.cart.add({product_id: 1})")
            web.gate.answer_with(503, Retry_After="1")
            page.run("waymark.identify('ann')")
            harness.wait_until(lambda: "identify" in names(web.gate.events()), "an attempt")  # pylint: disable=cell-var-from-loop
            web.gate.open()
            page.run("waymark.track('Last')")
            web.wait_stored(4)
            events = web.stored()
            tap.equal(sorted(names(events)), ["Last", "Product Added", "identify", "page"], what)
            tap.equal(len({event["anonymousId"] for event in events}), 1, what + ": one visitor")
            page.leads_away("waymark.track('Gone'); location.href = '/elsewhere'")
            web.wait_stored(5)
            tap.equal(page.errors, [], what + ": thrown")


@tap.test
def retry_after_is_honoured():
    with Web() as web:
        web.add_page("/", 'data-auto="off"')
        web.gate.answer_with(429, Retry_After="3")
        visitor = web.browser.visitor()
        page = web.visit(visitor=visitor)
        page.run("waymark.track('One')")
        harness.wait_until(web.gate.posts, "the first attempt")
        page.wait("localStorage.getItem('wm.wait')")
        # Nothing of this is a reason to come earlier: more events, news of a network, another page.
        page.run("waymark.track('Two'); void dispatchEvent(new Event('online'))")
        page.reload()
        page.wait(READY)
        other = web.visit(visitor=visitor)
        other.run("waymark.track('Three'); void dispatchEvent(new Event('online'))")
        web.gate.open()
        web.wait_stored(3)
        first, second = web.gate.posts()[:2]
        tap.ok(3 <= second[0] - first[0] < 10, "came back after %.1f s" % (second[0] - first[0]))
        tap.equal(names(second[1]["batch"]), ["One", "Two", "Three"], "what it brought")
        tap.equal(first[1]["batch"][0]["messageId"], second[1]["batch"][0]["messageId"], "the same messageId")
        tap.ok(first[1]["sentAt"] < second[1]["sentAt"], "sentAt is of the attempt")


@tap.test
def it_backs_off_and_gives_up_only_what_can_never_pass():
    with Web() as web:
        web.add_page("/", 'data-auto="off"')
        page = web.visit()
        web.gate.answer_with(500)
        page.run("waymark.track('Patient')")
        harness.wait_until(lambda: len(web.gate.posts()) >= 3, "three attempts")
        times = [when for when, _ in web.gate.posts()]
        # 1 s, 2 s, 4 s …, and up to a quarter more; then up to a second in which tabs take turns, and
        # half a second for a slow machine.
        tap.ok(1 <= times[1] - times[0] < 1.25 + 1.5, "first pause: %.2f s" % (times[1] - times[0]))
        tap.ok(2 <= times[2] - times[1] < 2.5 + 1.5, "second pause: %.2f s" % (times[2] - times[1]))
        web.gate.answer_with(408)
        tried = len(web.gate.posts())
        page.run("localStorage.setItem('wm.wait', '0 1'); void dispatchEvent(new Event('online'))")
        harness.wait_until(lambda: len(web.gate.posts()) > tried, "an attempt")
        page.wait("(localStorage.getItem('wm.wait') || '0 ') > '1'")
        tap.equal(page.run(QUEUE), 1, "408 may pass")
        web.gate.answer_with(400)
        page.run("void dispatchEvent(new Event('online'))")
        page.wait(QUEUE + " === 0")
        tap.equal(page.run("localStorage.getItem('wm.wait')"), None, "400 never will, and is no reason to wait")


@tap.test
def two_tabs_do_not_send_twice():
    # Where browsers have locks for pages (secure ones), and where they have not.
    for host in ("localhost", "shop.example"):
        with Web() as web:
            web.add_page("/", 'data-auto="off"')
            visitor = web.browser.visitor()
            tabs = [web.visit(host=host, visitor=visitor) for _ in range(3)]
            tap.equal([page.run("!!navigator.locks") for page in tabs], [host == "localhost"] * 3, host)
            # One of them finds out for all that the collector does not answer.
            web.gate.hold()
            for number, page in enumerate(tabs):
                track_many(page, 10 * number, 10 * number + 9)
                if host == "localhost" and number < 2:
                    continue
                harness.wait_until(web.gate.posts, "an attempt")  # pylint: disable=cell-var-from-loop
                # Without locks a tab minds another's claim from when it can see it.
                for other in tabs:
                    other.wait("localStorage.getItem('wm.claim')")
            # Time enough for each to send, if it would.
            tabs[0].run("window.then = performance.now() + 600")
            tabs[0].wait("performance.now() > then")
            tap.equal(len(web.gate.posts()), 1, host + ": requests under way")
            web.gate.open()
            for page in tabs:
                page.wait(QUEUE + " === 0")
            tap.equal(sorted(names(web.stored())), sorted(steps(0, 29)), host + ": each once in the log")
            tap.ok(len({e["messageId"] for e in web.stored()}) == 30, host + ": ids")
            tap.equal([page.errors for page in tabs], [[]] * 3, host + ": thrown")


@tap.test
def the_queue_is_bounded_and_loses_the_oldest():
    with Web() as web:
        web.add_page("/", 'data-auto="off"')
        page = web.visit()
        send_away(web, page, "Step 1")
        track_many(page, 2, 200)
        tap.equal(page.run(QUEUE), 200, "as many as fit")
        track_many(page, 201, 205)
        tap.equal(page.run(QUEUE), 200, "no more than fit")
        web.gate.open()
        page.wait(QUEUE + " === 0")
        tap.equal(names(web.stored()), steps(6, 205), "the newest")
        # By bytes, too, and none that the collector could not take.
        send_away(web, page, "Opener")
        page.run("for (let n = 1; n <= 12; n++) waymark.track('Big', {n: n, pad: 'x'.repeat(30000)})")
        sizes = page.run("Object.keys(localStorage).filter(n => n.startsWith('wm.q.')).map(n => localStorage[n].length)")
        tap.ok(262144 - 32768 < sum(sizes) <= 262144, "%d bytes" % sum(sizes))
        page.run("waymark.track('Too big', {pad: 'x'.repeat(32768)})")
        page.run("waymark.track('Too big', {pad: '\\u20ac'.repeat(10923)})")
        web.gate.open()
        page.wait(QUEUE + " === 0")
        big = web.stored()[200:]
        tap.equal([event["properties"]["n"] for event in big], list(range(13 - len(sizes), 13)), "the newest big ones")
        tap.ok(max(len(r[3]) for r in web.gate.requests) <= 60000, "no body over 60,000 bytes")


@tap.test
def it_never_throws_into_the_page():
    calls = [
        "waymark.track()", "waymark.track(null)", "waymark.track('A', 5)", "waymark.page(1, 2, 3)",
        "waymark.identify()", "waymark.identify({a: 1})", "waymark.identify('x', null)",
        "{const o = {}; o.o = o; waymark.track('B', o);}", "waymark.track('C', {n: 10n})",
        "waymark.track('D', {f() {}, s: Symbol('s'), u: undefined})",
        "waymark.track('E', {get x() { throw 1; }})", "waymark.track('F', {toJSON() { throw 1; }})",
        "waymark.push()", "waymark.push(null)", "waymark.push(5, [], [null], ['nothing'], ['constructor'])",
        "waymark.push(['cart.nothing'], ['__proto__'], {})", "waymark.cart.add()", "waymark.order(null)",
        "waymark.track('G', JSON.parse('{\"__proto__\": 1}'))",
    ]
    with Web() as web:
        web.add_page("/", 'data-auto="off"', "waymark.push(null, 7, ['nothing'], ['track', 'Stub'])")
        page = web.visit()
        for call in calls:
            try:
                page.run("void (() => {%s})()" % call)
            except chromium.ScriptError as error:
                tap.ok(False, "%s: %s" % (call, error))
        page.run("waymark.track('Half', {text: '\\ud83d', nul: 'a\\0b', back: '\\\\ud83d'})")
        page.run("delete window.Intl; void waymark.track('Strange')")
        page.wait(QUEUE + " === 0")
        stored = {name_of(event): event for event in web.stored()}
        tap.equal(said(stored["Half"]), {"text": "\ufffd", "nul": "a\ufffdb", "back": "\\ufffd"},
                  "what the collector would refuse")
        tap.ok({"Stub", "D", "Product Added", "Order Completed"} <= set(stored), "others: %s" % sorted(stored))
        tap.ok(not {"B", "C", "E", "F"} & set(stored), "what cannot be written")
        tap.equal(page.errors, [], "thrown")
        for broken in ("delete window.crypto", "delete window.fetch", "window.fetch = () => { throw 1; }",
                       "delete navigator.__proto__.sendBeacon", "window.Blob = null"):
            other = web.visit(prepare=broken)
            other.run("void waymark.track('X'); void waymark.cart.add({})")
            other.wait("performance.now() > 500")
            other.leads_away("location.href = '/elsewhere'")
            tap.equal(other.errors, [], broken)


@tap.test
def included_twice_it_runs_once():
    with Web() as web:
        page = web.visit()
        page.run("new Promise(done => { const s = document.createElement('script'); s.onload = done;"
                 " s.dataset.key = '%s'; s.src = '%s/waymark.js'; document.head.append(s); })" % (KEY, web.gate.url))
        page.run("waymark.track('Last')")
        page.wait(QUEUE + " === 0")
        tap.equal(names(web.stored()), ["page", "Last"], "stored")


@tap.test
def a_page_prepared_in_advance_is_seen_when_it_is_shown():
    with Web() as web:
        page = web.visit(prepare="Object.defineProperty(document, 'prerendering', {value: true});")
        page.run("waymark.track('First')")
        web.wait_stored(1)
        page.run("void document.dispatchEvent(new Event('prerenderingchange'))")
        web.wait_stored(2)
        tap.equal(names(web.gate.events()), ["First", "page"], "stored")


@tap.test
def a_cookie_carries_the_visitor_over_subdomains():
    with Web() as web:
        web.add_page("/", 'data-cookie="shop.example"')
        visitor = web.browser.visitor()
        first = web.visit(host="www.shop.example", visitor=visitor)
        second = web.visit(host="my.shop.example", visitor=visitor)
        web.wait_stored(2)
        ids = {event["anonymousId"] for event in web.stored()}
        tap.equal(len(ids), 1, "one visitor")
        tap.equal(second.run("document.cookie"), "wm_id=" + ids.pop(), "the cookie")
        second.run("waymark.consent(false)")
        tap.equal(second.run("document.cookie"), "", "gone")
        tap.equal(first.errors + second.errors, [], "thrown")


def manual(web, language):
    """The examples of the page for shops, as they would stand in this one."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../deploy/senders/beacon.md")
    with open(path, encoding="utf-8") as file:
        blocks = re.findall(r"```%s\n(.*?)```" % language, file.read(), re.DOTALL)
    return [block.replace("https://track.shop.example", web.gate.url).replace("WRITE_KEY", KEY) for block in blocks]


@tap.test
def the_lines_of_the_manual_do_what_they_say():
    with Web() as web:
        plain, consent, pixel = manual(web, "html")
        calls, = manual(web, "js")
        web.shop.page("/", plain)
        page = web.visit()
        page.run(calls)
        page.wait(QUEUE + " === 0")
        tap.equal(names(web.gate.events()), [
            "page", "Product Viewed", "identify", "page", "Product Added", "Product Removed", "Cart Viewed",
            "Checkout Started", "Order Completed"], "calls")
        web.shop.page("/consent", "<script>window.waymark = window.waymark || [];</script>" + consent)
        asked = web.visit("/consent")
        tap.equal(asked.run("localStorage.length"), 0, "before consent")
        asked.run("waymark.push(['consent', true])")
        asked.wait(QUEUE + " === 0 && localStorage.length > 0")
        web.shop.page("/plain", pixel)
        silent = web.browser.visitor().open()
        silent.call("Emulation.setScriptExecutionDisabled", value=True)
        silent.navigate(web.shop.url("/plain"))
        web.wait_stored(11)
        seen = [event["properties"] for event in web.stored() if event["anonymousId"] == "VISITOR"]
        tap.equal(seen, [{"path": "/ring"}], "pixel")
        tap.equal(page.errors + asked.errors, [], "thrown")


@tap.test
def events_follow_the_script_to_another_path_or_host():
    with Web("prefix = /js") as web:
        web.shop.page("/", '<script async src="%s/js/waymark.js?v=1#x" data-key="%s"></script>' % (web.gate.url, KEY))
        web.visit()
        web.wait_stored(1)
        tap.equal(len(web.gate.posts("/js/v1/b")), 1, "beside the script")
        web.shop.script("/mine/w.js", web.collector.get("/waymark.js").body.decode())
        web.shop.page("/", '<script async src="/mine/w.js" data-key="%s" data-host="%s"></script>' % (KEY, web.gate.url))
        web.visit()
        web.wait_stored(2)
        tap.equal(len(web.gate.posts("/v1/b")), 1, "where data-host says")


if __name__ == "__main__":
    tap.run()
