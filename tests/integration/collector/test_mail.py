#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Links in mails: opened, followed, unsubscribed; made by `waymark mail`, believed by nobody else.

usage: test_mail.py WAYMARK [TEST...]
"""

import json
import subprocess
import time

from door import harness
from test_doors import Doors

tap = harness.Tap()
ONE_CLICK = b"List-Unsubscribe=One-Click"
READER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1"


def made(door, kind, *words, customer="c-7"):
    """What `waymark mail` prints, without its base."""
    return subprocess.run(
        [harness.waymark(), "mail", kind, "--secret", door.secret, "--base", "http://b",
         "--customer", customer, "--message", "job-1", *words],
        check=True, stdout=subprocess.PIPE).stdout.decode().replace("http://b/", "/").strip()


def events(door):
    return [json.loads(raw) for raw in door.stored()]


def wait_events(door, n):
    harness.wait_until(lambda: len(door.stored()) == n, "%d events" % n)
    return events(door)


@tap.test
def an_open_is_a_picture_and_an_event():
    with Doors() as door:
        path = made(door, "open")
        tap.ok("c-7" not in path and path.endswith(".gif"), "tells nothing: " + path)
        for _ in range(2):
            answer = door.ask("GET", path, User_Agent=READER)
            tap.equal((answer.status, answer.body[:3]), (200, b"GIF"), "a picture")
            time.sleep(0.002)  # two touches are told apart by their millisecond
        first, second = wait_events(door, 2)
        tap.equal(first["event"], "Email Opened", "name")
        tap.equal((first["userId"], first["properties"]["email_id"]), ("c-7", "job-1"), "whose")
        tap.ok(first["messageId"] != second["messageId"], "two touches are two")
        tap.equal(first["properties"].get("machine"), True, "seconds after it was made: a machine")
        tap.equal({m.split()[0] for m in door.metas()}, {"mail/email"}, "source and channel")
        door.ask("HEAD", path)
        tap.equal(door.ask("GET", path[:-8] + "AAAA.gif").status, 200, "altered: still a picture")
        tap.equal(door.ask("GET", "/e/o/x.gif").body[:3], b"GIF", "no token: still a picture")
        tap.equal(len(door.stored()), 2, "and no event")


@tap.test
def a_click_leads_where_its_maker_said_and_nowhere_else():
    with Doors() as door:
        target = "https://shop.example/ring?size=7&a=%20"
        path = made(door, "click", "--url", target, "--link", "3", customer="email:a@b.example")
        answer = door.ask("GET", path, User_Agent=READER)
        tap.equal((answer.status, answer.fields["location"]), (302, target), "there")
        tap.ok("no-store" in answer.fields["cache-control"], "each time anew")
        event = wait_events(door, 1)[0]
        tap.equal(event["event"], "Email Link Clicked", "name")
        tap.equal(event["identifiers"], {"email": "a@b.example"}, "whose")
        tap.equal((event["properties"]["link_url"], event["properties"]["link_id"]), (target, 3),
                  "which")
        tap.equal(event["context"]["userAgent"], READER, "by what")
        tap.equal(door.ask("HEAD", path).status, 302, "HEAD leads there too")
        for i in range(5, len(path)):
            altered = path[:i] + ("A" if path[i] != "A" else "B") + path[i + 1:]
            answer = door.ask("GET", altered)
            if answer.status != 404 or "location" in answer.fields:
                tap.ok(False, "byte %d altered: %r" % (i, answer))
        tap.equal(door.ask("GET", path.replace("/e/c/", "/e/u/")).status, 404, "another kind")
        tap.equal(len(door.stored()), 1, "no other event")
        door.server.kill()
        answer = door.ask("GET", path)
        tap.equal((answer.status, answer.fields["location"]), (302, target),
                  "the reader gets there without Redis")


@tap.test
def only_a_post_unsubscribes():
    with Doors() as door:
        header, how = made(door, "unsubscribe", "--list", "news").splitlines()
        tap.equal(how, "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "the second field")
        path = header.partition("<")[2].rstrip(">")
        page = door.ask("GET", path)
        tap.equal(page.status, 200, "a page")
        tap.ok("default-src 'none'" in page.fields["content-security-policy"], "that runs nothing")
        tap.ok(b"<form method=\"post\"" in page.body, "with a button")
        tap.equal(door.ask("POST", path, b"").status, 400, "no word")
        tap.equal(door.ask("POST", path, b"List-Unsubscribe=Maybe").status, 400, "another word")
        tap.equal(door.stored(), [], "nothing happened yet")
        for _ in range(2):
            answer = door.ask("POST", path, ONE_CLICK,
                              Content_Type="application/x-www-form-urlencoded")
            tap.equal(answer.status, 200, "done")
        first, second = wait_events(door, 2)
        tap.equal((first["event"], first["userId"], first["properties"]["list_id"]),
                  ("Unsubscribed", "c-7", "news"), "whose and what")
        tap.equal(first["messageId"], second["messageId"], "again is the same event")
        door.server.kill()
        answer = door.ask("POST", path, ONE_CLICK)
        tap.equal(answer.status, 503, "not promised while it cannot be kept")
        tap.ok(int(answer.fields["retry-after"]) > 0, "when to come back")


@tap.test
def tools_say_what_is_missing():
    with Doors() as door:
        for words in ([], ["open"], ["open", "--secret", door.secret], ["send"],
                      ["click", "--secret", door.secret, "--customer", "c", "--message", "m",
                       "--url", "mailto:a@b"],
                      ["open", "--secret", door.path("none"), "--customer", "c", "--message", "m"]):
            done = subprocess.run([harness.waymark(), "mail"] + words, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            tap.ok(done.returncode in (1, 2) and done.stderr and not done.stdout,
                   "%s: %s" % (words, done.stderr))


if __name__ == "__main__":
    tap.run()
