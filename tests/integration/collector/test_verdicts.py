#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is accepted of a body and what becomes of it: item by item, byte for byte, however the
request was cut, compressed or pipelined; and the real requests of client SDKs.

usage: test_verdicts.py WAYMARK [TEST...]
"""

import glob
import json
import os

from door import BROWSER, SERVER, Door, body, event, harness

tap = harness.Tap()

# (item, code): what is wrong with each, in the words of include/codec/envelope.h.
BAD_ITEMS = [
    (b'7', "not_object"),
    (b'null', "not_object"),
    (b'[]', "not_object"),
    (b'{}', "missing_type"),
    (b'{"type":null,"userId":"u"}', "missing_type"),
    (b'{"type":"purchase","userId":"u"}', "unknown_type"),
    (b'{"type":"track","userId":"u"}', "missing_event"),
    (b'{"type":"track","event":"","userId":"u"}', "missing_event"),
    (b'{"type":"track","event":7,"userId":"u"}', "wrong_type"),
    (b'{"type":"page"}', "no_user_anon_id"),
    (b'{"type":"page","userId":"","anonymousId":null}', "no_user_anon_id"),
    (b'{"type":"page","userId":1.5}', "wrong_type"),
    (b'{"type":"page","userId":"u","properties":[]}', "wrong_type"),
    (b'{"type":"page","userId":"u","timestamp":"yesterday"}', "bad_timestamp"),
    (b'{"type":"page","userId":"u","userId":"v"}', "duplicate_field"),
    (b'{"type":"page","userId":"a\\u0000b"}', "nul_in_text"),
    (b'{"type":"page","userId":"u","properties":{"t":"\\ud83d"}}', "lone_surrogate"),
    (b'{"type":"page","userId":"u","properties":{"t":"\xff"}}', "invalid_utf8"),
]


@tap.test
def one_bad_event_of_a_hundred_fails_nobody_else():
    with Door() as door:
        good = []
        for bad, code in BAD_ITEMS:
            events = [body(event()) for _ in range(99)]
            before = b'{"batch":[' + b",".join(events[:50]) + b","
            answer = door.post("/v1/batch", before + bad + b"," + b",".join(events[50:]) + b"]}")
            tap.equal(answer.status, 200, code)
            verdict = answer.json()
            tap.equal((verdict["accepted"], verdict["refused"]), (99, 1), code)
            tap.equal(len(verdict["errors"]), 1, "errors")
            error = verdict["errors"][0]
            tap.equal((error["index"], error["code"]), (50, code), "the error")
            tap.ok(len(before) <= error["offset"] < len(before + bad), "its place: %r" % error)
            good += events
        tap.equal(sorted(door.stored()), sorted(good), "stored bytes")


@tap.test
def a_batch_of_only_bad_events_is_still_answered():
    with Door() as door:
        data = b'{"batch":[' + b",".join(bad for bad, _ in BAD_ITEMS) + b"]}"
        answer = door.post("/v1/batch", data)
        verdict = answer.json()
        tap.equal(answer.status, 200, "status")
        tap.equal((verdict["accepted"], verdict["refused"]), (0, len(BAD_ITEMS)), "counts")
        tap.equal([(e["index"], e["code"]) for e in verdict["errors"]],
                  [(i, code) for i, (_, code) in enumerate(BAD_ITEMS)], "errors")
        tap.equal(door.stored(), [], "stored")


@tap.test
def an_event_alone_is_refused_as_the_request():
    with Door() as door:
        rows = [("track", b'{"userId":"u"}', "missing_event"),
                ("track", b'{"event":"E"}', "no_user_anon_id"),
                ("track", b'{"type":"page","event":"E","userId":"u"}', "type_mismatch"),
                ("page", b'{"userId":"u","userId":"v"}', "duplicate_field"),
                ("page", b"7", "not_object")]
        for path, data, code in rows:
            answer = door.post("/v1/" + path, data)
            tap.equal((answer.status, answer.json()["code"]), (400, code), code)
        tap.equal(door.stored(), [], "stored")


@tap.test
def the_path_says_the_type():
    with Door() as door:
        paths = ("alias", "group", "identify", "page", "screen", "track")
        for path in paths:
            data = {"event": "E", "userId": path}
            tap.equal(door.post("/v1/" + path, data).status, 200, path)
        tap.equal(door.post("/v1/batch", {"batch": [event(userId="batch")]}).status, 200, "batch")
        found = {json.loads(raw)["userId"]: meta.split(" ")[0]
                 for _, _, raw, meta in door.server.log_entries()}
        expected = {path: "shop/server/" + path + "/lx" for path in paths}
        tap.equal(found, {**expected, "batch": "shop/server//lx"}, "what stands beside the events")


@tap.test
def bytes_are_kept_as_they_came():
    raw = ('{"type":"track", "event":"Order Completed",\t"userId":"käthe", "properties":'
           '{"total":19.990, "id":820982911946154508, "big":1e400, "a":1, "a":2, '
           '"emoji":"\\ud83d\\ude00"}}').encode()
    with Door() as door:
        for n, coding in enumerate((lambda b: (b, {}), lambda b: (
                harness.gzipped(b), {"Content_Encoding": "gzip"}))):
            data, fields = coding(raw)
            tap.equal(door.post("/v1/track", data, **fields).status, 200, "status")
            tap.equal(door.stored(), [raw] * (n + 1), "stored")


@tap.test
def what_all_events_of_a_batch_share_is_kept_beside_them():
    with Door() as door:
        data = (b'{"context":{"app":"till, 7"},"sentAt":"2026-11-21T19:58:00.500Z",'
                b'"batch":[{"type":"page","userId":"a"},{"type":"page","userId":"b"}]}')
        tap.equal(door.post("/v1/batch", data).status, 200, "status")
        for _, entry, _, meta in door.server.log_entries():
            source, received, sent, context = meta.split(" ", 3)
            tap.equal((source, sent, context),
                      ("shop/server//lx", "1795291080500", '{"app":"till, 7"}'), "meta")
            tap.ok(abs(int(received) - int(entry.split("-")[0])) < 60000, "receive time")


@tap.test
def one_customer_has_one_partition_and_one_order():
    with Door() as door:
        numbers = [{"type": "track", "event": "E", "userId": "u%d" % (i % 7), "properties": {"n": i}}
                   for i in range(200)]
        tap.equal(door.post("/v1/batch", {"batch": numbers[:150]}).status, 200, "batch")
        for one in numbers[150:]:
            tap.equal(door.post("/v1/track", one).status, 200, "single")
        seen = {}
        for partition, _, raw, _ in door.server.log_entries():
            entry = json.loads(raw)
            seen.setdefault(entry["userId"], []).append((partition, entry["properties"]["n"]))
        for user, found in seen.items():
            tap.equal(len({p for p, _ in found}), 1, "partitions of " + user)
            order = [n for _, n in found]
            tap.equal(order, sorted(order), "order of " + user)
        tap.ok(len({found[0][0] for found in seen.values()}) > 1, "more than one partition")


@tap.test
def duplicates_are_the_affair_of_the_worker():
    with Door() as door:
        same = event()
        for _ in range(2):
            tap.equal(door.post("/v1/track", same).status, 200, "status")
        tap.equal(door.stored(), [body(same)] * 2, "stored")


@tap.test
def chunks_of_any_size_make_one_body():
    data = body({"batch": [event() for _ in range(40)]})
    with Door() as door:
        for encode, fields in ((lambda b: b, {}), (harness.gzipped, {"Content-Encoding": "gzip"})):
            for size in (1, 7, 4096, 1 << 20):
                with door.collector.http() as http:
                    headers = {"Authorization": harness.basic(SERVER), **fields,
                               "Transfer-Encoding": "chunked"}
                    answer = http.request("POST", "/v1/batch", headers,
                                          harness.chunked(encode(data), size))
                    tap.equal((answer.status, answer.json()["accepted"]), (200, 40), str(size))
        tap.equal(len(door.stored()), 320, "stored")


@tap.test
def pipelined_requests_are_answered_in_their_order():
    with Door() as door:
        with door.collector.http() as http:
            head = "POST /v1/%s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n"
            expected = []
            out = b""
            for i in range(300):
                good = i % 3 != 1
                data = body(event() if good else {"event": "E"})
                out += (head % ("track", harness.basic(SERVER), len(data))).encode() + data
                expected.append(200 if good else 400)
            http.send(out)
            tap.equal([http.read_answer().status for _ in expected], expected, "statuses")
        tap.equal(len(door.stored()), 200, "stored")


# Nothing at all is no JSON, but a batch of nothing is one.
NOTHING = ("n_single_space.json", "n_structure_no_data.json")


@tap.test
def what_is_no_json_is_refused_at_every_door():
    """The shared parsing suite (n_ must be refused, y_ is JSON, i_ is open) as a body, as an event of
    a batch and inside one."""
    folder = harness.shared_data("jsontestsuite", "test_parsing")
    counts = {"y": 0, "n": 0, "i": 0}
    # Behind the closing bracket of a batch nothing of an item may stand, so what ends early there
    # is no JSON either.
    ways = [("/v1/track", b"%s"), ("/v1/identify", b"%s"), ("/v1/batch", b"%s"), ("/e/", b"%s"),
            ("/v1/batch", b'{"batch":[%s]}'),
            ("/v1/track", b'{"event":"E","userId":"u","properties":{"a":%s}}')]
    with Door() as door:
        with door.collector.http() as http:
            for name in sorted(os.listdir(folder)):
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                counts[name[0]] += 1
                for path, frame in ways:
                    answer = http.request("POST", path, {"Authorization": harness.basic(SERVER)},
                                          frame % data)
                    what = "%s as %r at %s" % (name, frame[:12], path)
                    tap.ok(answer.status in (200, 400), "%s: %d" % (what, answer.status))
                    said = answer.json().get("code")
                    if name[0] == "n" and not (name in NOTHING and b"batch" in frame):
                        tap.equal((answer.status, said), (400, "malformed_json"), what)
                    if name[0] == "y":
                        tap.ok(said != "malformed_json", what)
        tap.equal(counts, {"y": 95, "n": 188, "i": 35}, "files")
        tap.ok(door.collector.is_running(), "the collector lives")


@tap.test
def any_content_type_is_read_as_json():
    with Door() as door:
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded",
                     "application/json; charset=utf-8", ""):
            tap.equal(door.post("/v1/track", event(), Content_Type=kind).status, 200, kind)


# What the short paths of analytics.js stand for.
LONG = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias",
        "b": "batch"}


def captured_requests():
    """(file, path, fields, body) of every capture that sends Segment-shaped events."""
    for path in sorted(glob.glob(harness.shared_data("sdk", "*.ndjson"))):
        name = os.path.basename(path)
        if name.startswith(("posthog", "snowplow")):
            continue
        with open(path, encoding="utf-8") as file:
            for line in file:
                capture = json.loads(line)
                raw = capture["rawHeaders"]
                last = capture["url"].split("?")[0].rstrip("/").rpartition("/")[2]
                if capture["method"] == "POST" and LONG.get(last, last) in LONG.values():
                    yield name, LONG.get(last, last), list(zip(raw[::2], raw[1::2])), capture["body"]


@tap.test
def real_sdks_are_understood():
    """Each capture again as its SDK sent it (compressed where that did), but to the long path and
    with our write key in the place of theirs."""
    with Door() as door:
        count = 0
        for name, path, fields, text in captured_requests():
            parsed = json.loads(text)
            key = parsed.get("writeKey")
            text = text.replace('"writeKey":"%s"' % key, '"writeKey":"%s"' % BROWSER)
            data, headers = text.encode(), []
            for field, value in fields:
                if field.lower() in ("host", "content-length", "connection", "transfer-encoding"):
                    continue
                if field.lower() == "authorization":
                    value = harness.basic(BROWSER)
                if field.lower() == "content-encoding":
                    data = harness.gzipped(data)
                headers.append((field, value))
            before = len(door.stored())
            with door.collector.http() as http:
                answer = http.request("POST", "/v1/" + path, headers, data)
            items = parsed.get("batch", [parsed])
            tap.equal((answer.status, answer.json().get("accepted"), answer.json().get("refused")),
                      (200, len(items), 0), "%s %s: %r" % (name, path, answer))
            tap.equal(len(door.stored()) - before, len(items), "stored of " + name)
            count += 1
        tap.ok(count >= 10, "%d captures were played" % count)


tap.run()
