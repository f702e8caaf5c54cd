#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every limit of the front door, met exactly and passed by one, and every status it answers with.

usage: test_limits.py WAYMARK [TEST...]
"""

import base64

from door import BROWSER, DISABLED, SERVER, Door, body, event, sized_batch, sized_event, harness

tap = harness.Tap()

BROWSER_BODY, SERVER_BODY, ITEM = 512 * 1024, 4 * 1024 * 1024, 32 * 1024
MIB = 1 << 20


def is_problem(answer, status, code):
    """The form of all refusals: RFC 9457 with code and message."""
    fine = tap.equal(answer.status, status, "status of %s" % code)
    fine = tap.equal(answer.fields.get("content-type"), "application/problem+json", code) and fine
    if not fine:
        return
    problem = answer.json()
    tap.equal(problem["code"], code, "code")
    tap.equal(problem["status"], status, "status in the problem")
    tap.ok(problem["message"] and problem["message"] == problem["detail"], "message of %s" % code)


@tap.test
def an_event_is_answered_when_it_is_in_the_log():
    with Door() as door:
        sent = event()
        answer = door.post("/v1/track", sent)
        tap.equal(answer.status, 200, "status")
        tap.equal(answer.body, b'{"success":true,"accepted":1,"refused":0}', "body")
        tap.equal(door.stored(), [body(sent)], "stored bytes")


@tap.test
def the_body_of_a_browser_ends_at_its_limit():
    with Door() as door:
        for key in (BROWSER, None):
            fields = {} if key else {"Content-Type": "text/plain"}
            data = sized_batch(BROWSER_BODY)
            if not key:
                data = data.rstrip()[:-1] + b',"writeKey":"%s"}' % BROWSER.encode()
                data = data.ljust(BROWSER_BODY)
            tap.equal(len(data), BROWSER_BODY, "length")
            tap.equal(door.post("/v1/batch", data, key, **fields).status, 200, "at the limit")
            answer = door.post("/v1/batch", data + b" ", key, **fields)
            tap.equal(answer.status, 413, "one past")
            tap.equal(answer.fields.get("content-type"), "application/problem+json", "form")
        tap.equal(len(door.stored()), 20, "stored")


@tap.test
def the_body_of_a_server_ends_at_its_limit():
    with Door() as door:
        for past, status in ((0, 200), (1, 413)):
            plain = sized_batch(SERVER_BODY + past)
            with door.collector.http() as http:
                fields = {"Authorization": harness.basic(SERVER)}
                tap.equal(http.request("POST", "/v1/batch", fields, plain).status, status,
                          "plain, %d past" % past)
            with door.collector.http() as http:
                fields["Transfer-Encoding"] = "chunked"
                answer = http.request("POST", "/v1/batch", fields, harness.chunked(plain, 65536))
                tap.equal(answer.status, status, "chunked, %d past" % past)


@tap.test
def a_compressed_body_is_limited_by_what_it_becomes():
    with Door() as door:
        for key, limit in ((BROWSER, BROWSER_BODY), (SERVER, SERVER_BODY)):
            fields = {"Content_Encoding": "gzip"}
            at = harness.gzipped(sized_batch(limit))
            past = harness.gzipped(sized_batch(limit + 1))
            tap.equal(door.post("/v1/batch", at, key, **fields).status, 200, "at the limit")
            is_problem(door.post("/v1/batch", past, key, **fields), 413, "body_too_large")
        bomb = harness.gzipped(b" " * 256 * 1024 * 1024)
        is_problem(door.post("/v1/batch", bomb, SERVER, **fields), 413, "body_too_large")
        tap.ok(door.collector.rss_bytes() < 400 << 20, "memory after a bomb")


@tap.test
def broken_gzip_is_told_apart_and_nothing_of_it_stored():
    with Door() as door:
        good = harness.gzipped(body(event()))
        wrong_sum = good[:-8] + bytes([good[-8] ^ 1]) + good[-7:]
        rows = [("truncated", good[:-1]), ("corrupt", wrong_sum), ("trailing", good + good),
                ("corrupt", body(event())), ("truncated", b"")]
        for word, data in rows:
            answer = door.post("/v1/track", data, Content_Encoding="gzip")
            is_problem(answer, 400, "bad_gzip")
            tap.ok(word in answer.json()["message"], "%s in %s" % (word, answer.json()["message"]))
        answer = door.post("/v1/track", body(event()), Content_Encoding="br")
        is_problem(answer, 415, "unsupported_encoding")
        tap.equal(answer.fields.get("accept-encoding"), "gzip", "what would be taken")
        tap.equal(door.stored(), [], "stored")
        for coding in ("gzip", "GZIP", "x-gzip"):
            tap.equal(door.post("/v1/track", good, Content_Encoding=coding).status, 200, coding)
        tap.equal(door.post("/v1/track", event(), Content_Encoding="identity").status, 200, "id")


@tap.test
def an_event_ends_at_its_limit():
    with Door() as door:
        tap.equal(door.post("/v1/track", sized_event(ITEM)).status, 200, "at the limit")
        is_problem(door.post("/v1/track", sized_event(ITEM + 1)), 400, "item_too_large")
        both = b'{"batch":[%s,%s]}' % (sized_event(ITEM), sized_event(ITEM + 1))
        verdict = door.post("/v1/batch", both).json()
        tap.equal((verdict["accepted"], verdict["refused"]), (1, 1), "in a batch")
        tap.equal(verdict["errors"][0]["code"], "item_too_large", "code")
        tap.ok("32768" in verdict["errors"][0]["message"], "the limit is named")


@tap.test
def nesting_ends_at_its_limit():
    def nested(depth):
        return b'{"userId":"u","event":"E","properties":' + b'{"a":' * (depth - 1) + b"1" + \
            b"}" * (depth - 1) + b"}"

    with Door() as door:
        tap.equal(door.post("/v1/track", nested(16)).status, 200, "16")
        is_problem(door.post("/v1/track", nested(17)), 400, "too_deep")
        # Beyond what the scanner walks, it is the body that is refused.
        is_problem(door.post("/v1/track", nested(600)), 400, "malformed_json")


@tap.test
def a_batch_ends_at_its_limit():
    item = b'{"type":"page","userId":"u"}'
    with Door() as door:
        at = b'{"batch":[' + b",".join([item] * 2500) + b"]}"
        past = b'{"batch":[' + b",".join([item] * 2501) + b"]}"
        answer = door.post("/v1/batch", at)
        tap.equal((answer.status, answer.json()["accepted"]), (200, 2500), "2500 events")
        is_problem(door.post("/v1/batch", past), 413, "too_many_items")
        tap.equal(len(door.stored()), 2500, "stored")
        answer = door.post("/v1/batch", b'{"batch":[]}')
        tap.equal((answer.status, answer.json()), (
            200, {"success": True, "accepted": 0, "refused": 0}), "an empty batch")


@tap.test
def a_file_of_lines_ends_at_its_limit():
    line = b'{"type":"page","userId":"u"}\n'
    with Door("import_items = 3000") as door:
        answer = door.post("/v1/import", line * 3000 + b"\n \n")
        tap.equal((answer.status, answer.json()["accepted"]), (200, 3000), "3000 lines")
        answer = door.post("/v1/import", line * 3000 + b"7\n")
        is_problem(answer, 413, "too_many_items")
        tap.ok("3000" in answer.json()["message"], "the limit is named")
        tap.equal(answer.json()["pointer"], "offset %d" % (3000 * len(line)), "where")
        mark = b'{"type":"watermark","completeUntil":"2026-11-21T12:00:00Z"}\n'
        is_problem(door.post("/v1/import", line * 3000 + mark), 413, "too_many_items")
        tap.equal(len(door.stored()), 3000, "stored")


@tap.test
def the_largest_file_can_be_kept():
    """What may be sent may also wait for Redis: else it would be sent for ever, and refused."""
    line = b'{"type":"page","userId":"u%05d","properties":{"a":"'
    lines = [(line % n).ljust(331, b"x") + b'"}}\n' for n in range(100000)]
    data = b"".join(lines)
    tap.ok(32 * MIB - len(data) < 200000, "as large as a file may be: %d" % len(data))
    # Of the limits of a collector alone, not of the disk's pace.
    with Door(redis_extra=("--appendfsync", "no")) as door, door.collector.http(60) as http:
        answer = http.request("POST", "/v1/import", {"Authorization": harness.basic(SERVER)}, data)
        tap.equal((answer.status, answer.json().get("accepted")), (200, 100000), "kept")


@tap.test
def a_shared_context_cannot_multiply():
    item = b'{"type":"page","userId":"u"}'

    def batch(context, n):
        pad = b"x" * (context - len(b'{"a":""}'))
        return b'{"context":{"a":"%s"},"batch":[%s]}' % (pad, b",".join([item] * n))

    with Door() as door:
        tap.equal(door.post("/v1/batch", batch(ITEM, 128)).status, 200, "4 MiB together")
        is_problem(door.post("/v1/batch", batch(ITEM, 129)), 413, "context_too_large")
        is_problem(door.post("/v1/batch", batch(ITEM + 1, 1)), 413, "context_too_large")


@tap.test
def ids_end_at_their_limits():
    with Door() as door:
        rows = [("userId", "u" * 256, 200), ("userId", "u" * 257, 400),
                ("anonymousId", "ä" * 128, 200), ("anonymousId", "ä" * 128 + "a", 400),
                ("messageId", "m" * 100, 200), ("messageId", "m" * 101, 400)]
        for name, value, status in rows:
            answer = door.post("/v1/track", event(**{name: value}))
            tap.equal(answer.status, status, "%s of %d" % (name, len(value)))
            if status == 400:
                tap.equal(answer.json()["code"], "too_long", "code")
                tap.ok(name in answer.json()["message"], "the field is named")


@tap.test
def the_head_of_a_request_ends_at_its_limits():
    def head(fields, size=None, path="/healthz"):
        text = "GET %s HTTP/1.1\r\nHost: x\r\n" % path
        text += "".join("F%d: 1\r\n" % i for i in range(fields - 1))
        if size:
            text += "G: %s\r\n" % ("y" * (size - len(text) - len("G: \r\n\r\n")))
        return (text + "\r\n").encode()

    with Door() as door:
        rows = [(head(64), 200), (head(65), 431), (head(2, 16384), 200), (head(2, 16385), 431),
                (head(1, path="/healthz?" + "q" * (8192 - 9)), 200),
                (head(1, path="/healthz?" + "q" * (8193 - 9)), 414)]
        for data, status in rows:
            with door.collector.http() as http:
                http.send(data)
                answer = http.read_answer()
                tap.equal(answer.status, status, "head of %d bytes" % len(data))
                if status != 200:
                    tap.equal(answer.fields.get("content-type"), "application/problem+json", "form")
                    tap.ok(http.is_closed(), "closed after %d" % status)


@tap.test
def unknown_paths_and_methods():
    with Door() as door:
        for path in ("/", "/v1", "/v1/", "/v1/track/", "/v1/tracks", "/v1/Track", "/v2/track"):
            is_problem(door.post(path, event()), 404, "not_found")
        for path in ("track", "identify", "page", "screen", "group", "alias", "batch"):
            with door.collector.http() as http:
                for method in ("GET", "PUT", "DELETE", "PATCH"):
                    answer = http.request(method, "/v1/" + path)
                    is_problem(answer, 405, "method_not_allowed")
                    tap.equal(answer.fields.get("allow"), "POST", "Allow of " + path)
        answer = door.post("/healthz", b"")
        is_problem(answer, 405, "method_not_allowed")
        tap.equal(answer.fields.get("allow"), "GET, HEAD", "Allow of /healthz")
        tap.equal(door.collector.get("/healthz").status, 200, "alive")
        tap.equal(door.stored(), [], "stored")


@tap.test
def who_may_send():
    basic = harness.basic
    with Door() as door:
        def post(data, authorization=None, path="/v1/track"):
            fields = {"Authorization": authorization} if authorization else {}
            return door.collector.post(path, body(data), fields)

        bare = "Basic " + base64.b64encode(SERVER.encode()).decode()
        for good in (basic(SERVER), bare, bare.rstrip("="), basic(SERVER).replace("Basic", "bAsIc"),
                     basic(BROWSER)):
            tap.equal(post(event(), good).status, 200, good)
        tap.equal(post(event(writeKey=SERVER)).status, 200, "key in the body")
        tap.equal(post(event(writeKey=SERVER), basic(SERVER)).status, 200, "the same in both")
        tap.equal(post({"batch": [event()], "writeKey": SERVER}, None, "/v1/batch").status, 200,
                  "key in the body of a batch")
        tap.equal(post(event(writeKey=SERVER), "Bearer abc").status, 200, "another scheme")
        rows = [
            (event(), None, "missing_key"), (event(), "Bearer abc", "missing_key"),
            (event(), basic("wk_nobody_1"), "unknown_key"),
            (event(writeKey="wk_nobody_1"), None, "unknown_key"),
            (event(writeKey=""), None, "missing_key"),
            (event(), basic(SERVER, "secret"), "bad_authorization"),
            (event(), "Basic %%%", "bad_authorization"),
            (event(), "Basic " + "A" * 257, "bad_authorization"),
            (event(), "Basic " + "A" * 256, "unknown_key"),
            (event(writeKey=BROWSER), basic(SERVER), "key_mismatch"),
            (event(writeKey="wk_nobody_1"), basic(SERVER), "key_mismatch"),
            (event(), basic(""), "unknown_key"),
        ]
        for data, authorization, code in rows:
            answer = post(data, authorization)
            is_problem(answer, 401, code)
            tap.equal(answer.fields.get("www-authenticate"), 'WriteKey realm="waymark"', code)
        is_problem(post(event(), basic(DISABLED)), 403, "source_disabled")
        tap.equal(len(door.stored()), 9, "stored")
        sources = {entry[3].split("/")[0] for entry in door.server.log_entries()}
        tap.equal(sources, {"shop", "web"}, "sources")


@tap.test
def malformed_bodies_name_the_place():
    with Door() as door:
        rows = [(b"", 0), (b"{", 1), (b'{"event":}', 9), (b'{"a":01}', 6), (b"\xef\xbb\xbf{}", 0),
                (b'{"a":NaN}', 5), (b'{"userId":"u"} x', 15), (b'{"a":"\n"}', 6)]
        for data, offset in rows:
            answer = door.post("/v1/track", data)
            is_problem(answer, 400, "malformed_json")
            tap.equal(answer.json()["pointer"], "offset %d" % offset, "place in %r" % data)
        for data in (b"[]", b"1", b"null", b"{}", b'{"batch":{}}'):
            is_problem(door.post("/v1/batch", data), 400, "missing_batch")
        tap.equal(door.stored(), [], "stored")


@tap.test
def what_arrives_too_slowly_is_given_up():
    with Door("header_time = 300ms\nbody_time = 400ms\nidle_time = 300ms") as door:
        with door.collector.http() as http:
            http.send(b"POST /v1/track HTTP/1.1\r\nHost: x\r\n")
            tap.equal(http.read_answer().status, 408, "a head that does not end")
        with door.collector.http() as http:
            http.send(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            tap.equal(http.read_answer().status, 408, "a body that does not end")
        with door.collector.http() as http:
            tap.equal(http.request("GET", "/healthz").status, 200, "a request")
            tap.ok(http.is_closed(10), "closed when idle")


@tap.test
def connections_have_a_limit():
    with Door("connections = 4") as door:
        held = [door.collector.http() for _ in range(4)]
        try:
            # An idle one would make room. These are known to be busy once they are told to go on,
            # so the fifth waits until one of them goes.
            for http in held:
                http.send(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                          b"Expect: 100-continue\r\n\r\n")
                tap.equal(http.read_answer(True).status, 100, "busy")
            fifth = door.collector.http()
            fifth.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            door.collector.wait_log("All connections are busy")
            held.pop().close()
            tap.equal(fifth.read_answer().status, 200, "the fifth")
            fifth.close()
        finally:
            for http in held:
                http.close()


@tap.test
def bodies_under_way_have_a_limit_together():
    """A chunked body may become as long as any, so two of a browser's fill 1 MiB."""
    def begin(door, length="Transfer-Encoding: chunked"):
        http = door.collector.http()
        http.send(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" +
                  length.encode() + b"\r\n\r\n")
        return http, http.read_answer()

    def is_refused(http, answer, name):
        tap.equal((answer.status, answer.fields.get("retry-after")), (503, "2"), name)
        tap.ok(http.is_closed(), "closed: " + name)
        http.close()

    with Door("bodies = 1M") as door:
        first, answer = begin(door)
        tap.equal(answer.status, 100, "first")
        second, answer = begin(door)
        tap.equal(answer.status, 100, "second")
        tap.equal(door.metrics()["waymark_http_bodies_bytes"], 1 << 20, "promised")
        is_refused(*begin(door), "third")
        is_refused(*begin(door, "Content-Length: 1"), "a small one")
        tap.equal(door.collector.get("/readyz").status, 200, "without a body")
        first.close()
        harness.wait_until(lambda: door.metrics()["waymark_http_bodies_bytes"] == 512 * 1024, "gone")
        third, answer = begin(door, "Content-Length: 524288")
        tap.equal(answer.status, 100, "exactly what is left")
        is_refused(*begin(door, "Content-Length: 1"), "one more")
        third.close()
        harness.wait_until(lambda: door.metrics()["waymark_http_bodies_bytes"] == 512 * 1024, "gone")
        tap.equal(door.post("/v1/track", event()).status, 200, "room again")
        second.send(harness.chunked(body(event(writeKey=SERVER)), 9))
        tap.equal(second.read_answer().status, 200, "the one that waited")
        second.close()
        tap.equal(door.metrics()["waymark_http_bodies_bytes"], 0, "nothing is promised any more")


@tap.test
def what_waits_for_redis_is_bounded():
    with Door("waiting = 64K\nredis_time = 20s") as door:
        door.server.pause()
        try:
            first, second = door.collector.http(), door.collector.http()
            fields = {"Authorization": harness.basic(SERVER)}
            first.send_request("POST", "/v1/track", fields, sized_event(30000))
            harness.wait_until(lambda: door.metrics()["waymark_log_waiting_bytes"] > 30000, "first")
            second.send_request("POST", "/v1/track", fields, sized_event(30000))
            harness.wait_until(lambda: door.metrics()["waymark_log_waiting_bytes"] > 60000, "second")
            answer = door.post("/v1/track", sized_event(30000))
            is_problem(answer, 503, "unavailable")
            tap.ok(1 <= int(answer.fields["retry-after"]) <= 5, "Retry-After")
        finally:
            door.server.resume()
        for http in (first, second):
            tap.equal(http.read_answer().status, 200, "those that waited")
            http.close()
        tap.equal(door.metrics()["waymark_log_waiting_bytes"], 0, "nothing waits any more")


@tap.test
def what_waits_counts_by_what_it_holds():
    """A request is held whole until it is answered, and so is the verdict that it will get."""
    def waits(door):
        return door.metrics()["waymark_log_waiting_bytes"]

    pad = b'"pad":"%s"' % (b"x" * 200000)
    long_name = bytearray(harness.gzipped(body(event())))
    long_name[3] = 8  # the name of a file follows (RFC 1952, section 2.3.1)
    long_name[10:10] = b"n" * 200000 + b"\0"
    rows = [("a body of which little is an event", b'{"batch":[%s],%s}' % (body(event()), pad), {}),
            ("a gzip header", bytes(long_name), {"Content-Encoding": "gzip"}),
            ("a verdict", b'{"batch":[%s%s]}' % (body(event()), b",7" * 2000), {})]
    with Door("redis_time = 20s") as door:
        for name, data, fields in rows:
            path = "/v1/track" if data[:1] == b"\x1f" else "/v1/batch"
            door.server.pause()
            try:
                http = door.collector.http()
                http.send_request("POST", path, {"Authorization": harness.basic(SERVER), **fields},
                                  data)
                harness.wait_until(lambda: waits(door) > 200000, name)
            finally:
                door.server.resume()
            tap.equal(http.read_answer().json()["accepted"], 1, name)
            http.close()
            tap.equal(waits(door), 0, "nothing waits after " + name)


@tap.test
def figures_add_up():
    with Door() as door:
        door.post("/v1/track", event())
        door.post("/v1/batch", {"batch": [event(), event(), {"type": "track"}, 7]})
        door.post("/v1/track", {"event": "E"})
        door.post("/v1/track", b"{")
        door.post("/v1/track", event(), None)
        door.post("/nowhere", event())
        found = door.metrics()
        expected = {
            "waymark_events_accepted_total": 3,
            "waymark_log_entries_total": 3,
            "waymark_events_deferred_total": 0,
            'waymark_events_refused_total{code="missing_event"}': 1,
            'waymark_events_refused_total{code="not_object"}': 1,
            'waymark_events_refused_total{code="no_user_anon_id"}': 1,
            'waymark_bodies_refused_total{code="malformed_json"}': 1,
            'waymark_collector_answers_total{status="200"}': 2,
            'waymark_collector_answers_total{status="400"}': 2,
            'waymark_collector_answers_total{status="401"}': 1,
            'waymark_collector_answers_total{status="404"}': 1,
            "waymark_redis_up": 1,
            "waymark_log_waiting_bytes": 0,
        }
        for name, value in expected.items():
            tap.equal(found.get(name), value, name)


tap.run()
