#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The doors besides /v1/batch: preflights, settings, pixels, imports with watermarks, mails; and
what a source may say, by its rights, rate and origins.

usage: test_doors.py WAYMARK [TEST...]
"""

import base64
import gzip
import json
import os
import sys
import urllib.parse

from door import Door, body, event, harness

tap = harness.Tap()

PAGE = "https://shop.example"
KEYS = """\
[web]
key = wk_web_12345
kind = browser
origins = https://shop.example https://*.shop.example
api_host = track.shop.example/v1

[cookies]
key = wk_cookies_12345
kind = browser
origins = https://cookies.example
credentials = yes

[shop]
key = wk_shop_12345
kind = server

[till-3]
key = wk_till_12345
kind = till

[kiosk]
key = wk_kiosk_12345
kind = kiosk

[slow]
key = wk_slow_12345
kind = server
rate = 10
burst = 20

[gone]
key = wk_gone_12345
kind = browser
origins = https://shop.example
enabled = no
"""
WEB, SHOP, TILL, SLOW, GONE = ("wk_web_12345", "wk_shop_12345", "wk_till_12345", "wk_slow_12345",
                               "wk_gone_12345")
KIOSK = "wk_kiosk_12345"


class Doors(Door):
    """A collector with the sources above."""

    def start(self, settings="", name="collector", redis=None):
        keys = self.write("keys.ini", KEYS)
        self.secret = self.write("mail-secret", "0123456789abcdef" * 4 + "\n")
        text = ("[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\nmail_secret = %s\n%s\n"
                % ((redis or self.server).socket, self.path(name + ".sock"), keys, self.secret,
                   settings))
        return self.role("collector", ["--config", self.write(name + ".ini", text)], name=name)

    def ask(self, method, path, data=None, key=None, **fields):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        if key:
            headers["Authorization"] = harness.basic(key)
        with self.collector.http() as http:
            return http.request(method, path, headers, data)

    def metas(self):
        return [entry[3] for entry in self.server.log_entries()]

    def marks(self):
        """[(partition, source, until)] of all watermarks in the log."""
        found, client = [], self.server.client()
        for partition in range(harness.PARTITIONS):
            for _, fields in client("XRANGE", "wm:{p%d}:in" % partition, "-", "+"):
                pairs = dict(zip(fields[::2], fields[1::2]))
                if b"w" in pairs:
                    found.append((partition, pairs[b"w"].decode(), int(pairs[b"t"])))
        client.close()
        return found


# ---- pages of other origins -----------------------------------------------------------------


@tap.test
def a_preflight_is_granted_to_origins_that_a_source_knows():
    with Doors() as door:
        for path in ("/v1/t", "/v1/batch", "/v1/m", "/v1/projects/x/settings", "/batch/", "/e/"):
            answer = door.ask("OPTIONS", path, Origin=PAGE,
                              Access_Control_Request_Method="POST",
                              Access_Control_Request_Headers="authorization,x-retry-count")
            tap.equal(answer.status, 204, path)
            tap.equal(answer.fields.get("access-control-allow-origin"), PAGE, path)
            tap.equal(answer.fields.get("vary"), "Origin", path)
            tap.equal(answer.fields.get("access-control-allow-headers"),
                      "authorization,x-retry-count", path)
            tap.ok("POST" in answer.fields.get("access-control-allow-methods", ""), path)
            tap.ok("access-control-allow-credentials" not in answer.fields, path)
        for origin in ("https://evil.example", "http://shop.example", "null",
                       "https://shop.example.evil.example", "https://shop.example:444"):
            answer = door.ask("OPTIONS", "/v1/t", Origin=origin,
                              Access_Control_Request_Method="POST")
            tap.equal(answer.status, 204, origin)
            tap.ok("access-control-allow-origin" not in answer.fields, origin)
        answer = door.ask("OPTIONS", "/v1/t", Origin="https://www.shop.example")
        tap.equal(answer.fields.get("access-control-allow-origin"), "https://www.shop.example",
                  "a label")
        answer = door.ask("OPTIONS", "/v1/t", Origin="https://cookies.example")
        tap.equal(answer.fields.get("access-control-allow-credentials"), "true", "with cookies")
        answer = door.ask("OPTIONS", "/v1/t", Origin=PAGE,
                          Access_Control_Request_Headers="a: b\tc")
        tap.ok("access-control-allow-headers" not in answer.fields, "no names")


@tap.test
def a_page_reads_every_answer_and_sends_only_with_its_own_key():
    with Doors() as door:
        one = body(event(writeKey=WEB))
        answer = door.ask("POST", "/v1/t", one, Origin=PAGE)
        tap.equal(answer.status, 200, "its own key")
        tap.equal(answer.fields.get("access-control-allow-origin"), PAGE, "may read")
        answer = door.ask("POST", "/v1/t", one, Origin="https://cookies.example")
        tap.equal((answer.status, answer.json()["code"]), (403, "origin_not_allowed"), "another's")
        tap.equal(answer.fields.get("access-control-allow-origin"), "https://cookies.example",
                  "may read why")
        answer = door.ask("POST", "/v1/t", one, Origin="https://evil.example")
        tap.equal(answer.status, 403, "a stranger")
        tap.ok("access-control-allow-origin" not in answer.fields, "may not read")
        for name, data, status in (("broken", b"{", 400), ("disabled", body(event(writeKey=GONE)), 403),
                                   ("unknown", body(event(writeKey="wk_nobody_0")), 401)):
            answer = door.ask("POST", "/v1/t", data, Origin=PAGE)
            tap.equal(answer.status, status, name)
            tap.equal(answer.fields.get("access-control-allow-origin"), PAGE, name)
        answer = door.ask("POST", "/v1/t", b" " * 600000, Origin=PAGE)
        tap.equal((answer.status, answer.fields.get("access-control-allow-origin")), (413, PAGE),
                  "too large")
        answer = door.ask("POST", "/v1/t", one, Origin="https://track.example",
                          Host="track.example")
        tap.equal(answer.status, 200, "a page that we have served")
        tap.equal(len(door.stored()), 2, "stored")


@tap.test
def short_paths_and_the_prefix_are_the_same_doors():
    with Doors("prefix = /js7") as door:
        types = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group",
                 "a": "alias"}
        for short, name in types.items():
            for path in ("/v1/" + short, "/js7/v1/" + short, "/js7/v1/" + name):
                answer = door.post(path, event(type=name), key=SHOP)
                tap.equal(answer.status, 200, path)
        tap.equal(door.post("/v1/b", {"batch": [event()]}, key=SHOP).status, 200, "batch")
        tap.equal(door.ask("GET", "/js7/healthz").status, 200, "others too")
        tap.equal(door.ask("GET", "/js7").status, 404, "the prefix alone")
        tap.equal(door.ask("GET", "/js77/healthz").status, 404, "a longer one")
        tap.equal(len(door.stored()), 19, "stored")


@tap.test
def analytics_js_gets_its_settings():
    with Doors() as door:
        for path in ("/v1/projects/%s/settings", "/projects/%s/settings"):
            answer = door.ask("GET", path % WEB, Origin=PAGE)
            tap.equal(answer.status, 200, path)
            settings = answer.json()
            tap.equal(list(settings["integrations"]), ["Segment.io"], "no others are loaded")
            tap.equal(settings["integrations"]["Segment.io"]["apiKey"], WEB, "key")
            tap.equal(settings["integrations"]["Segment.io"]["apiHost"], "track.shop.example/v1",
                      "host")
            tap.equal(settings["metrics"], {"sampleRate": 0}, "metrics")
            tap.equal(answer.fields.get("access-control-allow-origin"), PAGE, "may read")
            tap.equal(answer.fields.get("cache-control"), "public, max-age=300", "cached")
        answer = door.ask("GET", "/v1/projects/%s/settings" % SHOP, Host="h.example:8480")
        tap.equal(answer.json()["integrations"]["Segment.io"]["apiHost"], "h.example:8480/v1",
                  "the host that was asked")
        tap.equal(door.ask("GET", "/v1/projects/wk_nobody_0/settings").status, 404, "unknown")
        tap.equal(door.ask("POST", "/v1/m", b'{"series":[]}').status, 200, "metrics")
        tap.equal(door.stored(), [], "nothing is stored")


# ---- pixels ---------------------------------------------------------------------------------


@tap.test
def a_pixel_is_a_picture_and_an_event():
    with Doors() as door:
        data = json.dumps({"event": "Email Opened", "userId": "ü?>", "writeKey": WEB,
                           "messageId": "m1"}, ensure_ascii=False).encode()
        plain = base64.b64encode(data).decode()
        forms = [urllib.parse.quote(plain), plain.rstrip("="), plain,
                 base64.urlsafe_b64encode(data).decode()]
        for form in forms:
            answer = door.ask("GET", "/v1/pixel/track?data=" + form)
            tap.equal((answer.status, answer.fields["content-type"]), (200, "image/gif"), form)
            tap.equal((answer.body[:6], len(answer.body)), (b"GIF89a", 43), "a picture")
            tap.ok("no-store" in answer.fields["cache-control"], "never cached")
        tap.equal(door.stored(), [data] * len(forms), "as sent")
        dotted = ("userId=7&event=Email+Opened&properties.subject=A%20%26%20B"
                  "&properties.a.b=1&properties.a.c=2&context.campaign.name=n&writeKey=" + WEB)
        tap.equal(door.ask("GET", "/v1/pixel/track?" + dotted).status, 200, "dotted")
        tap.equal(json.loads(door.stored()[-1] if b"subject" in door.stored()[-1] else
                             next(s for s in door.stored() if b"subject" in s)),
                  {"userId": "7", "event": "Email Opened",
                   "properties": {"subject": "A & B", "a": {"b": "1", "c": "2"}},
                   "context": {"campaign": {"name": "n"}}}, "dotted")
        tap.equal(door.ask("GET", "/v1/pixel.gif?key=%s&anonymousId=a&type=page" % WEB).status, 200,
                  "noscript")
        tap.equal(len(door.stored()), 6, "stored")
        for path in ("/v1/pixel/track?data=%%%", "/v1/pixel/track", "/v1/pixel/nothing?userId=1",
                     "/v1/pixel/track?data=e30", "/v1/pixel.gif?key=wk_nobody_0&userId=1",
                     "/v1/pixel/track?userId=1&event=E&" + "&".join("p%d=1" % i for i in range(70))):
            answer = door.ask("GET", path)
            tap.equal((answer.status, answer.fields["content-type"]), (200, "image/gif"), path)
        tap.equal(len(door.stored()), 6, "nothing more")


# ---- what a source may say ------------------------------------------------------------------


@tap.test
def only_the_shops_own_systems_say_what_only_they_can_know():
    with Doors() as door:
        rows = [("Order Completed", True), ("Product Added", True), ("My Own", True),
                ("Order Delivered", False), ("Order Cancelled", False),
                ("Payment Approved", False), ("Repair Ready", False), ("Email Bounced", False)]
        for name, allowed in rows:
            answer = door.post("/v1/track", event(event=name), key=WEB)
            tap.equal(answer.status, 200 if allowed else 403, name)
            if not allowed:
                tap.equal(answer.json()["code"], "not_allowed", name)
            tap.equal(door.post("/v1/track", event(event=name), key=SHOP).status, 200, name)
        batch = [event(event=name) for name, _ in rows]
        verdict = door.post("/v1/batch", {"batch": batch}, key=WEB).json()
        tap.equal((verdict["accepted"], verdict["refused"]), (3, 5), "in a batch")
        tap.equal({e["code"] for e in verdict["errors"]}, {"not_allowed"}, "why")


@tap.test
def traits_of_a_kiosk_and_robots_are_marked():
    with Doors() as door:
        agents = {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "b",
                  "Mozilla/5.0 (X11; Linux) HeadlessChrome/120": "b", "Storebot-Google/1.0": "b",
                  "Mozilla/5.0 (Linux; Android 9; CUBOT X19) Chrome/120": "",
                  "Mozilla/5.0 (iPhone)": ""}
        for agent, flag in agents.items():
            door.post("/v1/page", event(type="page"), key=WEB, User_Agent=agent)
            meta = door.metas()
            tap.equal(len([m for m in meta if m.split()[0] == "web/web/page/" + flag + "w"]),
                      sum(f == flag for f in list(agents.values())[:len(meta)]), agent)
        door.post("/v1/page", event(type="page"), key=SHOP, User_Agent="bot/1")
        door.post("/v1/identify", event(type="identify", traits={"email": "x@y"}), key=KIOSK)
        words = [m.split()[0] for m in door.metas()]
        tap.ok("shop/server/page/lx" in words, "a server is no robot: %r" % words)
        tap.ok("kiosk/store/identify/t" in words, "a kiosk's traits: %r" % words)


@tap.test
def a_page_links_its_own_visitor_and_nobody_else():
    """What it tries beyond that is let in, links nothing and is counted."""
    def ignored(door, source, what):
        return door.metrics().get('waymark_events_links_ignored_total{source="%s",reason="%s"}'
                                  % (source, what), 0)
    with Doors() as door:
        rows = [(WEB, "web", {"userId": "u", "anonymousId": "a"}, 0),
                (WEB, "web", {"anonymousId": "a", "identifiers": {"device": "d"}}, 0),
                (WEB, "web", {"userId": "u", "identifiers": {"email": "victim@x.example"}}, 1),
                (WEB, "web", {"anonymousId": "a", "identifiers": {"order": "O1"}}, 1),
                (SHOP, "shop", {"userId": "u", "identifiers": {"email": "u@x.example"}}, 0),
                (KIOSK, "kiosk", {"userId": "u", "anonymousId": "a"}, 1)]
        for key, source, who, more in rows:
            before = ignored(door, source, "identifiers")
            sent = {k: v for k, v in event(type="page").items() if k not in ("userId", "anonymousId")}
            tap.equal(door.post("/v1/page", dict(sent, **who), key=key).status, 200, "let in")
            tap.equal(ignored(door, source, "identifiers") - before, more, "%s %r" % (source, who))


@tap.test
def a_source_that_is_too_fast_is_told_when_to_come_back():
    with Doors() as door:
        answer = door.post("/v1/batch", {"batch": [event() for _ in range(20)]}, key=SLOW)
        tap.equal(answer.status, 200, "its burst")
        refused = 0
        for _ in range(5):
            answer = door.post("/v1/batch", {"batch": [event() for _ in range(20)]}, key=SLOW)
            if answer.status == 429:
                refused += 1
                tap.ok(1 <= int(answer.fields["retry-after"]) <= 3, "an integer of seconds")
                tap.ok(answer.json()["code"] == "too_many_events", "code")
        tap.ok(refused >= 4, "%d of 5 refused" % refused)
        tap.equal(door.post("/v1/track", event(), key=SHOP).status, 200, "others are not hurt")


# ---- imports --------------------------------------------------------------------------------


@tap.test
def lines_are_judged_one_by_one():
    with Doors() as door:
        good = [body(event()) for _ in range(5)]
        lines = b"\xef\xbb\xbf" + good[0] + b"\r\n\n" + good[1] + b"\n{\"type\":\n" + good[2] + \
            b"\n7\n" + good[3] + b" {}\n{\"type\":\"track\"}\n" + good[4]
        for data, fields in ((lines, {}), (gzip.compress(lines), {"Content_Encoding": "gzip"})):
            answer = door.post("/v1/import", data, key=TILL, **fields)
            tap.equal(answer.status, 200, "status")
            verdict = answer.json()
            tap.equal((verdict["accepted"], verdict["refused"]), (4, 4), "counts")
            tap.equal([(e["index"], e["code"]) for e in verdict["errors"]],
                      [(2, "malformed_json"), (4, "not_object"), (5, "malformed_json"),
                       (6, "missing_event")], "errors")
            for error in verdict["errors"]:
                tap.ok(lines.count(b"\n", 0, error["offset"]) >= error["index"], "place")
        tap.equal(sorted(door.stored()), sorted((good[:3] + good[4:]) * 2), "stored")
        batch = door.post("/v1/import", {"batch": [event()]}, key=SHOP)
        tap.equal((batch.status, batch.json()["accepted"]), (200, 1), "Segment's own shape")
        many = b"\n".join(body(event()) for _ in range(3000))
        tap.equal(door.post("/v1/import", many, key=TILL).json()["accepted"], 3000,
                  "more than a batch may hold")
        tap.equal(door.post("/v1/import", b"", key=TILL).json()["accepted"], 0, "nothing")


@tap.test
def a_source_says_that_it_is_complete():
    with Doors() as door:
        at = 1795262400000  # 2026-11-21T12:00:00Z
        lines = body(event()) + b'\n{"type":"watermark","completeUntil":"2026-11-21T12:00:00Z"}\n'
        answer = door.post("/v1/import", lines, key=TILL)
        tap.equal((answer.status, answer.json()["accepted"]), (200, 1), "a line")
        tap.equal(sorted(door.marks()), [(p, "till-3", at) for p in range(harness.PARTITIONS)],
                  "in every partition")
        answer = door.post("/v1/import?complete_until=2026-11-21T13:00:00%2B01:00", b"", key=TILL)
        tap.equal(answer.status, 200, "in the query")
        tap.equal(len(door.marks()), 2 * harness.PARTITIONS, "again")
        rows = [("?complete_until=today", b"", TILL), ("?complete_until=2999-01-01T00:00:00Z", b"", TILL),
                ("?complete_until=2026-11-21T12:00:00Z", b"", WEB),
                ("", b'{"type":"watermark"}', TILL),
                ("", b'{"type":"watermark","completeUntil":"soon"}', TILL),
                ("", b'{"type":"watermark","completeUntil":"2026-11-21T12:00:00Z","source":"x"}',
                 TILL)]
        for query, data, key in rows:
            answer = door.post("/v1/import" + query, data, key=key)
            tap.equal((answer.status, answer.json()["code"]), (400, "bad_watermark"),
                      "%s %s" % (query, data))
        own = b'{"type":"watermark","completeUntil":"2026-11-21T12:00:00Z","source":"till-3"}'
        tap.equal(door.post("/v1/import", own, key=TILL).status, 200, "its own name")
        tap.equal(len(door.marks()), 3 * harness.PARTITIONS, "none of the bad ones")


if __name__ == "__main__":
    tap.run()
