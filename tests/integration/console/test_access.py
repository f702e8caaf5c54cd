#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who is let in to the console, who is not, and what the hostile and the unlucky get.

usage: test_access.py WAYMARK [TEST...]
"""

import contextlib
import os
import time

from desk import TOKEN, Desk, harness

tap = harness.Tap()

HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
EVENT = {"type": "track", "event": "E", "userId": "u1", "messageId": "m1"}
HUNDRED = [dict(EVENT, messageId="m%d" % n, timestamp="2026-11-01T12:%02d:%02dZ" % divmod(n, 60))
           for n in range(100)]


def is_problem(answer, status, code, name):
    if tap.equal(answer.status, status, name):
        tap.equal(answer.fields.get("content-type"), "application/problem+json", name)
        tap.equal(answer.json()["code"], code, name)


def are_headers_there(answer, name):
    tap.equal({k: answer.fields.get(k) for k in HEADERS}, HEADERS, "headers of " + name)
    for field in answer.fields:
        tap.ok(not field.startswith("access-control-"), "no CORS: " + name)


@tap.test
def the_token_opens_and_nothing_else_does():
    with Desk() as desk:
        desk.post([EVENT])
        desk.wait_events("u1", 1)
        for path in ("/v1/customers/u1", "/v1/customers/u1/timeline"):
            tap.equal(desk.ask(path).status, 200, path)
        rows = [None, "", "Bearer", "Bearer ", "Bearer x", "Bearer " + TOKEN[:-1],
                "Bearer " + TOKEN + "0", "Bearer " + TOKEN.upper(), "Basic " + TOKEN, TOKEN,
                harness.basic(TOKEN), harness.basic("", TOKEN), "Bearer \u00e4" + TOKEN,
                "Bearer " + "x" * 8000]
        for row in rows:
            for path in ("/v1/customers/u1", "/v1/customers/u1/timeline?limit=0", "/v1/",
                         "/v1/customers/nobody", "/v1/customers/%zz", "/v1/nothing/at/all"):
                fields = {"Host": "localhost"}
                if row is not None:
                    fields["Authorization"] = row
                with desk.console.http() as http:
                    answer = http.request("GET", path, fields)
                code = "no_token" if row is None else "wrong_token"
                is_problem(answer, 401, code, "%s with %r" % (path, row))
                tap.ok(answer.fields.get("www-authenticate", "").startswith("Bearer realm="),
                       "WWW-Authenticate")
        with desk.console.http() as http:
            fields = [("Authorization", "Bearer " + TOKEN), ("Authorization", "Bearer " + TOKEN)]
            tap.equal(http.request("GET", "/v1/customers/u1", fields).status, 400, "two tokens")
        for path in ("/healthz", "/readyz", "/metrics"):
            tap.equal(desk.ask(path, token=None).status, 200, path + " without a token")
        for secret in (TOKEN, TOKEN.upper()):
            tap.ok(secret not in desk.console.log(), "the log keeps no token")
        told = [line for line in desk.console.log().splitlines() if "no token" in line]
        tap.ok(1 <= len(told) <= 20, "%d lines for %d refusals" % (len(told), 6 * len(rows)))


@tap.test
def it_answers_under_its_own_names_only():
    with Desk(live=False) as desk:
        ours = ("localhost", "LOCALHOST", "localhost:8481", "127.0.0.1", "127.0.0.1:1", "[::1]",
                "[::1]:8481", "desk.example", "Desk.Example:443", "test", "localhost:")
        others = ("evil.example", "localhost.evil.example", "evil-localhost", "localhost:x",
                  "127.0.0.2", "10.0.0.1:8481", "[::1]evil", "127.0.0.1.evil.example", "desk.example.", "desk.example,test", "", ":8481",
                  "[::2]", "[", "localhost:99999", "0.0.0.0", "localhost:8481:1")
        for host in ours:
            tap.equal(desk.ask("/healthz", host=host).status, 200, host)
        for host in others:
            for path in ("/healthz", "/readyz", "/metrics", "/v1/customers/u1", "/nothing"):
                is_problem(desk.ask(path, host=host), 421, "unknown_host", "%s of %r" % (path, host))
        tap.equal(desk.ask("/healthz", host="localhost:1@evil.example").status, 400, "no host")
        with desk.console.http() as http:
            http.send(b"GET /healthz HTTP/1.0\r\n\r\n")
            tap.equal(http.read_answer().status, 421, "no host at all")


@tap.test
def all_interfaces_answer_to_every_address_and_no_name():
    with Desk(live=False) as desk:
        for listen, own in (("127.0.0.1:0", "127.0.0.1"), ("0.0.0.0:0", None), (":0", None)):
            role = desk.role("console", ["--config", desk.config, "--listen", listen], name="tcp")
            role.wait_log("Listening")
            port = int(role.log().rpartition('"port":')[2].partition("}")[0])
            for host in ("127.0.0.1", "10.1.2.3", "[2001:db8::1]:80", "evil.example", "1.2.3"):
                is_ip = host in ("10.1.2.3", "[2001:db8::1]:80")
                wanted = 200 if host == "127.0.0.1" or (is_ip and own is None) else 421
                with harness.Http(("127.0.0.1", port)) as http:
                    answer = http.request("GET", "/healthz", {"Host": host})
                tap.equal(answer.status, wanted, "%s on %s" % (host, listen))
            tap.equal(role.terminate(), 0, "end")
            os.unlink(role.log_path)


@tap.test
def every_answer_bears_the_headers():
    with Desk(live=False) as desk:
        for path in ("/healthz", "/readyz", "/metrics", "/v1/customers/u1", "/nothing", "/"):
            are_headers_there(desk.ask(path), path)
            are_headers_there(desk.ask(path, token=None), path)
            are_headers_there(desk.ask(path, host="evil.example"), path)
            are_headers_there(desk.ask(path, method="HEAD"), "HEAD " + path)
        are_headers_there(desk.ask("/v1/customers/u1", method="DELETE"), "405")
        for text in (b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                     b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            with desk.console.http() as http:
                http.send(text)
                answer = http.read_answer()
                tap.ok(400 <= answer.status < 600, "refused")
                are_headers_there(answer, repr(text[:20]))


@tap.test
def nothing_can_be_changed():
    with Desk() as desk:
        desk.post([EVENT])
        desk.wait_events("u1", 1)
        def stored():
            keys = sorted(desk.server("KEYS", "*"))
            return [(key, desk.server("DUMP", key)) for key in keys
                    if b"lease" not in key and b"workers" not in key]
        # The worker writes its place and clock on its own.
        desk.worker.kill()
        before = stored()
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"):
            for path in ("/v1/customers/u1", "/v1/customers/u1/timeline?limit=1"):
                answer = desk.ask(path, method=method)
                wanted = 200 if method in ("GET", "HEAD") else 405
                tap.equal(answer.status, wanted, "%s %s" % (method, path))
        tap.ok(stored() == before, "the same bytes in Redis")


@tap.test
def hostile_ids_find_nobody():
    with Desk() as desk:
        strange = "a/../b}:{p1}?&#%<script>\"'\\ \u202e\U0001f600\u2028"
        desk.post([dict(EVENT, userId=strange), dict(EVENT, userId="x" * 256, messageId="m2")])
        desk.wait_events(strange, 1)
        tap.equal(desk.customer(strange).json()["customer"], strange, "found exactly")
        tap.equal(desk.page(strange)["customer"], strange, "its timeline")
        tap.equal(desk.customer("x" * 256).status, 200, "as long as an id may be")
        missing = desk.customer("nobody")
        ids = ["x" * 255, "x" * 257, "x" * 512, "x" * 513, "x" * 2000, strange + " ", strange[:-1],
               "..", "%2e%2e", "wm:meta", "\r\nGET", "\x7f", "{p1}", "*", "u1\n", "anon:", "-"]
        for name in ids:
            for answer in (desk.customer(name),
                           desk.ask("/v1/customers/%s/timeline" % harness.quote(name))):
                tap.equal(answer.status, 404, repr(name))
                tap.equal((answer.body, answer.fields), (missing.body, missing.fields),
                          "the same for all: %r" % name)
        for raw in ("%", "%4", "%zz", "u1%00", "%00", "%u0041", "u%"):
            is_problem(desk.ask("/v1/customers/" + raw), 400, "bad_parameter", raw)
            is_problem(desk.ask("/v1/customers/%s/timeline" % raw), 400, "bad_parameter", raw)
        for raw in ("%ff%fe", "%c0%af", "%ed%a0%80", "+", ";", "a=b&c"):
            tap.equal(desk.ask("/v1/customers/" + raw).status, 404, raw)
        for path in ("/v1/customers/", "/v1//customers/u1", "/v1/customers/u1/",
                     "/v1/customers/u1/timeline/", "/v1/customers//timeline", "/V1/customers/u1",
                     "/v1/customers/u1/x", "//v1/customers/u1", "/%761/customers/u1"):
            is_problem(desk.ask(path), 404, "not_found", path)


@tap.test
def hostile_cursors_are_refused():
    with Desk() as desk:
        desk.post(HUNDRED)
        desk.post([dict(EVENT, userId="u2", messageId="n%d" % n) for n in range(3)])
        desk.wait_events("u1", 100)
        desk.wait_events("u2", 3)
        good = desk.page("u1", limit=40)["next"]
        rows = [good[:-1], good + "A", good[::-1], good.swapcase(), "A" * 127, "A" * 128, "A" * 7000,
                "null", "0", "-1", "../..", "%00", "%ff", "'", good + "%0a", "+" + good, good + "=="]
        for raw in rows:
            answer = desk.ask("/v1/customers/u1/timeline?cursor=" + raw)
            is_problem(answer, 400, "bad_parameter", raw[:40])
            tap.equal(answer.json()["pointer"], "cursor", "what is at fault")
        tap.equal(desk.ask("/v1/customers/u1/timeline?cursor=" + good).status, 200, "the good one")
        # Of somebody else, as whoever was merged since: a place in time, of their own timeline.
        other = desk.ask("/v1/customers/u2/timeline?cursor=" + good)
        tap.equal(other.status, 200, "u2")
        names = {entry["message_id"] for entry in other.json()["entries"]}
        tap.ok(names <= {"n0", "n1", "n2"}, "nobody else's: %s" % names)


@tap.test
def redis_away_is_503_until_it_is_back():
    with Desk() as desk:
        desk.post([EVENT])
        desk.wait_events("u1", 1)
        desk.server.kill()
        desk.console.wait_status("/readyz", 503)
        tap.equal(desk.ask("/healthz").status, 200, "alive")
        for path in ("/v1/customers/u1", "/v1/customers/u1/timeline", "/v1/customers/nobody"):
            answer = desk.ask(path)
            is_problem(answer, 503, "unavailable", path)
            tap.equal(answer.fields.get("retry-after"), "1", "Retry-After")
        is_problem(desk.ask("/v1/customers/u1/timeline?limit=0"), 400, "bad_parameter", "still told")
        is_problem(desk.ask("/v1/customers/u1", token="x"), 401, "wrong_token", "still asked")
        desk.server.restart()
        desk.console.wait_ready()
        tap.equal(desk.customer("u1").status, 200, "back")
        desk.server.pause()
        began = time.monotonic()
        is_problem(desk.ask("/v1/customers/u1"), 503, "unavailable", "Redis hangs")
        tap.ok(time.monotonic() - began < 10, "told in time")
        desk.server.resume()
        desk.console.wait_ready()
        tap.equal(desk.customer("u1").status, 200, "back again")


def answers_of(desk, status):
    """How many answers of STATUS the console says it has given."""
    name = 'waymark_console_answers_total{status="%d"} ' % status
    lines = desk.ask("/metrics").body.decode().splitlines()
    return sum(int(line[len(name):]) for line in lines if line.startswith(name))


@tap.test
def questions_under_way_are_bounded():
    with Desk(settings="questions = 3\nredis_time = 10s") as desk:
        desk.post([EVENT])
        desk.wait_events("u1", 1)
        before = answers_of(desk, 503)  # some may have come before Redis was there
        request = ("GET /v1/customers/u1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s"
                   "\r\n\r\n" % TOKEN).encode()
        desk.server.pause()
        with contextlib.ExitStack() as stack:
            askers = [stack.enter_context(desk.console.http()) for _ in range(3)]
            for asker in askers:
                asker.send(request)
            harness.wait_until(lambda: b"waymark_console_questions 3\n" in desk.ask("/metrics").body,
                               "three questions")
            is_problem(desk.ask("/v1/customers/u1"), 503, "unavailable", "the fourth")
            # One who goes away before the answer spoils nothing.
            askers[0].close()
            desk.server.resume()
            for asker in askers[1:]:
                tap.equal(asker.read_answer().status, 200, "answered")
        harness.wait_until(lambda: b"waymark_console_questions 0\n" in desk.ask("/metrics").body,
                           "no question")
        metrics = desk.ask("/metrics").body.decode()
        tap.ok("waymark_console_busy_total 1\n" in metrics, "counted")
        tap.equal(answers_of(desk, 503), before + 1, "as an answer too")


@tap.test
def corrupt_data_is_500_and_says_no_more():
    with Desk() as desk:
        desk.post(HUNDRED)
        desk.wait_events("u1", 100)
        desk.worker.kill()
        key = [k for k in desk.server("KEYS", "*") if k.endswith(b":t:u1")][0]
        chunk = desk.server("LINDEX", key, 0)
        desk.server("LSET", key, 0, chunk[:-1] + bytes([chunk[-1] ^ 1]))
        tap.equal(len(desk.page("u1", limit=20)["entries"]), 20, "what is whole is shown")
        answer = desk.ask("/v1/customers/u1/timeline?limit=200")
        is_problem(answer, 500, "corrupt", "a flipped bit")
        desk.server("RPOP", key)
        is_problem(desk.ask("/v1/customers/u1/timeline?limit=200"), 500, "corrupt", "a lost chunk")
        record = [k for k in desk.server("KEYS", "*") if k.endswith(b":c:u1")][0]
        desk.server("DEL", record)
        desk.server("RPUSH", record, "x")
        is_problem(desk.customer("u1"), 503, "unavailable", "another type")
        tap.ok("WRONGTYPE" in desk.console.log(), "the log says what Redis said")
        tap.ok("WRONGTYPE" not in desk.customer("u1").body.decode(), "the answer does not")


@tap.test
def a_token_file_that_will_not_do_keeps_it_from_starting():
    with Desk(live=False) as desk:
        rows = [("missing", None, 0, "No such file"), ("empty", "", 0o600, "it is empty"),
                ("line", "\n", 0o600, "it is empty"), ("short", "x" * 15, 0o600, "16 to 256"),
                ("long", "x" * 257, 0o600, "16 to 256"), ("two", TOKEN + "\n" + TOKEN, 0o600, "one line"),
                ("large", "x" * 5000, 0o600, "too large"),
                ("group", TOKEN, 0o640, "others than its owner"),
                ("world", TOKEN, 0o604, "others than its owner"),
                ("writable", TOKEN, 0o622, "others than its owner")]
        for name, text, mode, reason in rows:
            path = desk.path(name) if text is None else desk.write_token(text, name, mode)
            status, out, err = desk.tool("console", "--config", desk.config, "--token-file", path,
                                         "--listen", desk.path("other.sock"))
            tap.equal((status, out), (2, ""), name)
            tap.ok(reason in err and path in err, "%s: %s" % (name, err))
            tap.ok("Listening" not in err, name + " does not listen")
            tap.ok(TOKEN not in err, name + " is not shown")
        status, _, err = desk.tool("console", "--config", desk.config, "--token-file", desk.folder)
        tap.equal(status, 2, "a directory")
        tap.ok("no regular file" in err, err)
        status, _, err = desk.tool("console", "--config", desk.config, "--token-file", "")
        tap.ok(status == 2 and "no file is named" in err, err)


@tap.test
def a_new_token_counts_after_a_hangup():
    other = "f" * 32
    with Desk() as desk:
        def statuses():
            return [desk.ask("/v1/customers/u1", token=t).status for t in (TOKEN, other)]

        tap.equal(statuses(), [404, 401], "before")
        desk.write_token(other)
        tap.equal(statuses(), [404, 401], "written only")
        desk.console.signal(1)
        desk.console.wait_log("Read the staff token")
        tap.equal(statuses(), [401, 404], "after the hangup")
        desk.write_token("short")
        desk.console.signal(1)
        desk.console.wait_log("The token of before stays in force")
        tap.equal(statuses(), [401, 404], "a bad file changes nothing")
        os.chmod(desk.write_token(TOKEN), 0o644)
        desk.console.signal(1)
        harness.wait_until(lambda: desk.console.log().count("stays in force") == 2, "the second")
        tap.equal(statuses(), [401, 404], "nor does an open one")


@tap.test
def it_stops_when_it_is_told_to():
    with Desk(settings="redis_time = 1s") as desk:
        desk.post([EVENT])
        desk.wait_events("u1", 1)
        desk.server.pause()
        with desk.console.http() as http:
            http.send_request("GET", "/v1/customers/u1",
                              {"Host": "localhost", "Authorization": "Bearer " + TOKEN})
            harness.wait_until(lambda: b"waymark_console_questions 1\n" in desk.ask("/metrics").body,
                               "the question")
            desk.console.signal(15)
            tap.equal(http.read_answer().status, 503, "who waits is answered")
        tap.equal(desk.console.wait(), 0, "exit status")
        desk.server.resume()


tap.run()
