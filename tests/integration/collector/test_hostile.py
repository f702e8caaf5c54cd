#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What strangers try: each attack gets a clear answer or a closed connection, memory stays within
its bound, and who sends beside it is not hurt.

usage: test_hostile.py WAYMARK [TEST...]
"""

import base64
import json
import select
import socket
import time
import urllib.parse
import zlib

from door import body, event, harness
from siege import (MIB, SECRET, SERVER, TILL, WEB, Fort, chunk, close_all, connections, head_of, pour,
                   push, raise_files, siege)

tap = harness.Tap()
ITEM = 32 * 1024


def is_refused(answer, status, code, name):
    """A refusal as all are: a problem with its code."""
    if not tap.equal((answer.status, answer.fields.get("content-type")),
                     (status, "application/problem+json"), name):
        return
    tap.equal(answer.json()["code"], code, name)


def gzip_of_zeros(size, member_size=None):
    """SIZE zeros as gzip, a thousandth as large, made from one piece that repeats."""
    piece = bytes(min(size, 16 * MIB, member_size or size))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    if len(piece) == size:
        return packer.compress(piece) + packer.flush()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(size // len(piece)):
        crc = zlib.crc32(piece, crc)
    return (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed * (size // len(piece)) + b"\x03\0" +
            crc.to_bytes(4, "little") + (size & 0xffffffff).to_bytes(4, "little"))


@tap.test
def gzip_bombs():
    large, small = gzip_of_zeros(1 << 30), gzip_of_zeros(256 * MIB)
    tap.ok(len(large) < 1.1 * MIB and len(small) < 512 * 1024, "bombs are small")
    gzip = {"Content_Encoding": "gzip"}
    with Fort() as fort, siege(tap, fort, "gzip bombs", 80 * MIB):
        for path, data, key in (("/v1/track", large, SERVER), ("/v1/batch", large, SERVER),
                                ("/v1/batch", small, WEB), ("/v1/import", large, TILL),
                                ("/batch/", large, SERVER), ("/beacon/v1/batch", small, None)):
            is_refused(fort.ask("POST", path, data, key, **gzip), 413, "body_too_large", path)
        for path in ("/e/?compression=gzip-js", "/batch/?compression=gzip-js"):
            is_refused(fort.ask("POST", path, small), 413, "body_too_large", path)
        is_refused(fort.shopify(large, **gzip), 413, "body_too_large", "a hook")
        # What is inside is not looked into again, and one member is all there may be.
        nested = harness.gzipped(large)
        is_refused(fort.ask("POST", "/v1/batch", nested, SERVER, **gzip), 400, "malformed_json",
                   "a bomb in a wrapper")
        is_refused(fort.ask("POST", "/v1/batch", nested, SERVER, Content_Encoding="gzip, gzip"),
                   415, "unsupported_encoding", "packed twice, as it says")
        members = harness.gzipped(bytes(MIB)) * 400
        is_refused(fort.ask("POST", "/v1/batch", members, SERVER, **gzip), 400, "bad_gzip",
                   "a chain of members")
        is_refused(fort.ask("POST", "/v1/import", members, TILL, **gzip), 400, "bad_gzip",
                   "a chain of members as lines")


def keys(count, name=b"k"):
    return b",".join(b'"%s%d":%d' % (name, i, i) for i in range(count))


@tap.test
def objects_of_ten_thousand_keys():
    track = b'{"type":"track","event":"E","userId":"u","messageId":"%s",%s}'
    with Fort() as fort, siege(tap, fort, "10,000 keys", 16 * MIB) as rounds:
        for where in (b'"properties":{%s}', b'"traits":{%s}', b'"context":{%s}', b"%s"):
            data = track % (b"m", where % keys(10000))
            is_refused(fort.ask("POST", "/v1/track", data, SERVER), 400, "item_too_large", where)
        fits = track % (b"fits", b'"properties":{%s}' % keys(2650))
        tap.ok(0.9 * ITEM < len(fits) <= ITEM, "an event of 2,650 keys fits: %d" % len(fits))
        tap.equal(fort.ask("POST", "/v1/track", fits, SERVER).status, 200, "2,650 keys")
        same = track % (b"same", b'"properties":{%s}' % b",".join([b'"a":1'] * 5000))
        tap.equal(fort.ask("POST", "/v1/track", same, SERVER).status, 200, "5,000 times one key")
        is_refused(fort.ask("POST", "/v1/track", track % (b"m", b",".join([b'"event":"E"'] * 2000)),
                            SERVER), 400, "duplicate_field", "2,000 times event")
        around = b'{%s,"batch":[%s]}' % (keys(10000), body(event()))
        tap.equal(fort.ask("POST", "/v1/batch", around, SERVER).json()["accepted"], 1,
                  "beside the batch")
        order = b'{"id":1,"email":"a@example.com",%s,"line_items":[{%s}]}' % (keys(10000), keys(10000))
        posthog = b'{"api_key":"%s","event":"e","distinct_id":"d","properties":{%s}}' % (
            WEB.encode(), keys(10000))
        for number in rounds:
            tap.equal(fort.shopify(order).status, 200, "a hook passes over them")
            tap.equal(fort.ask("POST", "/e/", posthog).json(), {"status": 1}, "PostHog's door")
            tap.equal(fort.kept("bad"), number + 1, "what became too large is put aside")


@tap.test
def nesting_ten_thousand_deep():
    opens = {"arrays": b"[" * 10000 + b"]" * 10000,
             "objects": b'{"a":' * 10000 + b"1" + b"}" * 10000, "never closed": b"[" * 10000}
    with Fort() as fort, siege(tap, fort, "depth 10,000", 16 * MIB) as rounds:
        for name, deep in ((name, deep) for _ in rounds for name, deep in opens.items()):
            item = b'{"type":"track","event":"E","userId":"u","properties":{"a":%s}}' % deep
            for path, data in (("/v1/track", item), ("/v1/batch", b'{"batch":[%s]}' % item),
                               ("/v1/batch", deep), ("/v1/track", deep)):
                is_refused(fort.ask("POST", path, data, SERVER), 400, "malformed_json",
                           "%s at %s" % (name, path))
            lines = b"\n".join([body(event()), item, deep, body(event())])
            verdict = fort.ask("POST", "/v1/import", lines, TILL).json()
            tap.equal((verdict["accepted"], [e["code"] for e in verdict["errors"]]),
                      (2, ["malformed_json"] * 2), name + " as lines")
            for path in ("/e/", "/batch/", "/com.snowplowanalytics.snowplow/tp2"):
                is_refused(fort.ask("POST", path, item), 400, "malformed_json", path)
            before = fort.kept("bad")
            tap.equal(fort.shopify(item).status, 200, name + " from a shop that has signed it")
            tap.equal(fort.kept("bad"), before + 1, "put aside")
            is_refused(fort.ask("POST", "/hooks/shopify", item), 401, "missing_header",
                       name + " from nobody")
        query = base64.b64encode(b"[" * 5000).decode()
        answer = fort.ask("GET", "/v1/pixel/track?data=" + urllib.parse.quote(query))
        tap.equal((answer.status, answer.fields["content-type"]), (200, "image/gif"), "a pixel")


@tap.test
def a_line_of_a_hundred_megabytes():
    size, piece = 100 * MIB, b"x" * 65536
    line = chunk(piece)
    with Fort() as fort, siege(tap, fort, "100 MB in a line", 120 * MIB):
        for path, key in (("/v1/track", SERVER), ("/v1/batch", WEB), ("/v1/import", TILL),
                          ("/hooks/shopify", None), ("/e/", None)):
            for length, pieces in ((size, [piece] * (size // len(piece))),
                                   (None, [line] * (size // len(piece)))):
                with fort.collector.http() as http:
                    answer = pour(http, head_of(path, key, length), pieces)
                    is_refused(answer, 413, "http_request", "%s, %s" % (path, length))
        # As much as may come is one line of it, and refuses itself alone.
        lines = b"\n".join([body(event()), b'{"a":"%s"}' % (b"x" * 31 * MIB), body(event())])
        verdict = fort.ask("POST", "/v1/import", lines, TILL).json()
        tap.equal((verdict["accepted"], [(e["index"], e["code"]) for e in verdict["errors"]]),
                  (2, [(1, "item_too_large")]), "a line of 31 MB among others")


@tap.test
def files_of_millions_of_lines():
    gzip = {"Content_Encoding": "gzip"}
    with Fort() as fort, siege(tap, fort, "millions of lines", 160 * MIB):
        for name, line in (("numbers", b"7\n"), ("brackets", b"[\n")):
            data = harness.gzipped(line * (15 * MIB))
            is_refused(fort.ask("POST", "/v1/import", data, TILL, **gzip), 413, "too_many_items",
                       "15 million lines of %s" % name)
        answer = fort.ask("POST", "/v1/import", harness.gzipped(b"\n" * (31 * MIB)), TILL, **gzip)
        tap.equal(answer.json()["accepted"], 0, "32 million blank lines")
        answer = fort.ask("POST", "/v1/import", harness.gzipped(b"7\n" * 100000), TILL, **gzip)
        tap.equal(len(answer.json()["errors"]), 100000, "as many verdicts as there may be lines")


# ---- slowness -------------------------------------------------------------------------------


@tap.test
def slow_heads_and_bodies_end_at_their_deadline():
    """A byte a second, from many at once: no byte moves the deadline."""
    heads = [b"POST /v1/track HTTP/1.1\r\nHost: x\r\nX: ",
             head_of("/v1/track", SERVER, 1000), head_of("/v1/batch") + b"ff\r\n"]
    with Fort("header_time = 2500ms\nbody_time = 2500ms") as fort, \
            siege(tap, fort, "300 slow clients", 16 * MIB):
        began = time.monotonic()
        clients = connections(fort, 300)
        for number, client in enumerate(clients):
            client.send(heads[number % 3])
        waiting = {client.socket: client for client in clients}
        while waiting and time.monotonic() - began < 10:
            ready, _, _ = select.select(waiting, [], [], 1.0)
            for sock in ready:
                client = waiting.pop(sock)
                tap.equal(client.read_answer().status, 408, "what is too slow")
                tap.ok(client.is_closed(), "closed after 408")
            for sock in list(waiting):
                push(sock, b"1")
        took = time.monotonic() - began
        tap.ok(2.4 < took < 6, "ended after %.1f s" % took)
        close_all(clients)


@tap.test
def ten_thousand_idle_connections():
    raise_files(13000)
    with Fort() as fort, siege(tap, fort, "10,000 idle connections", 40 * MIB):
        clients = connections(fort, 10000)
        for client in clients[::2]:
            client.send_request("GET", "/healthz")
        for client in clients[::2]:
            tap.equal(client.read_answer().status, 200, "one that will be idle")
        tap.ok(fort.metrics()["waymark_http_connections"] > 10000, "all are open")
        cpu, began = fort.collector.cpu_seconds(), time.monotonic()
        for number in range(200):
            tap.equal(fort.ask("POST", "/v1/track", body(event()), SERVER).status, 200, "a new one")
        spent = fort.collector.cpu_seconds() - cpu
        tap.ok(spent < 0.5 + (time.monotonic() - began) / 2, "%.2f s of processor time" % spent)
        clients[4998].send_request("GET", "/healthz")
        tap.equal(clients[4998].read_answer().status, 200, "an idle one wakes up")
        close_all(clients)


@tap.test
def a_thousand_half_heads():
    """What a connection holds between requests: a head that may yet end, or a byte behind a body
    that was large."""
    raise_files(4000)
    half = (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ").ljust(16000, b"x")
    large = head_of("/nowhere") + chunk(b"x" * 400000) + b"0\r\n\r\nG"
    each = {"half a head": (half, 40 * 1024), "a byte behind a body": (large, 12 * 1024)}
    for name, (data, cost) in each.items():
        with Fort() as fort, siege(tap, fort, "1,000 times " + name, 1000 * cost + 4 * MIB):
            clients = connections(fort, 1000)
            for client in clients:
                client.send(data)
                if data is large:
                    tap.equal(client.read_answer().status, 404, name)
            harness.wait_until(lambda: fort.metrics()["waymark_http_received_bytes_total"] >=
                               1000 * len(data), "all is read")
            close_all(clients)


@tap.test
def bodies_that_never_end():
    """What is promised to bodies is bounded, and so is what they have sent."""
    part = b"x" * 400000
    with Fort("body_time = 20s") as fort, siege(tap, fort, "500 bodies that do not end", 128 * MIB,
                                               neighbour=False):
        clients, turned_away = [], 0
        for number in range(500):
            client = fort.collector.http()
            clients.append(client)
            client.send(head_of("/v1/track", None, 500000) if number % 2 else
                        head_of("/v1/track") + b"7a120\r\n")
            sent = 0
            while sent < len(part) and not select.select([client.socket], [], [], 0)[0]:
                sent += push(client.socket, part[sent:sent + 65536])
        for client in clients:
            if select.select([client.socket], [], [], 0)[0]:
                answer = client.read_answer()
                is_refused(answer, 503, "unavailable", "one body too many")
                tap.equal(answer.fields.get("retry-after"), "2", "when to come back")
                turned_away += 1
        tap.ok(340 <= turned_away <= 400, "%d of 500 turned away" % turned_away)
        tap.equal(fort.ask("GET", "/readyz").status, 200, "those without a body are served")
        close_all(clients)
        harness.wait_until(lambda: fort.metrics()["waymark_http_bodies_bytes"] == 0, "room again")
        tap.equal(fort.ask("POST", "/v1/track", body(event()), SERVER).status, 200, "after it")


@tap.test
def answers_that_nobody_reads():
    """Requests in a pipeline whose answers are left: questions of few bytes with long answers."""
    bad = b'{"writeKey":"%s","batch":[%s]}' % (WEB.encode(), b",".join([b"7"] * 2500))
    ask = {"figures": b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200,
           "verdicts": (head_of("/v1/batch", None, len(bad)) + bad) * 8,
           "nothing": b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" * 2000}
    with Fort() as fort, siege(tap, fort, "200 that read no answers", 48 * MIB):
        clients, taken = [], 0
        for number in range(200):
            client = fort.collector.http()
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            clients.append((client, ask[list(ask)[number % 3]]))
        for _ in range(8):
            taken += sum(push(client.socket, data) for client, data in clients)
        harness.wait_until(lambda: fort.metrics()["waymark_http_shed_total"] > 0, "some closed")
        tap.ok(fort.metrics()["waymark_http_answers_bytes"] <= 16 * MIB, "what is held")
        # Those that hold little are still there, and get the answers that they asked for.
        for client, data in clients[2:60:3]:
            tap.equal(client.read_answer().status, 404, "one that reads at last")
        close_all(client for client, _ in clients)
        harness.wait_until(lambda: fort.metrics()["waymark_http_answers_bytes"] == 0, "none held")


@tap.test
def requests_that_wait_for_a_slow_redis():
    """Little to store, much to hold: what waits is counted by what it holds."""
    pad = b"x" * 400000
    with Fort("redis_time = 20s") as fort, siege(tap, fort, "300 that wait for Redis", 128 * MIB,
                                                neighbour=False):
        fort.server.pause()
        try:
            clients = [fort.collector.http() for _ in range(300)]
            waits = []
            for client in clients:
                data = b'{"writeKey":"%s","batch":[%s],"pad":"%s"}' % (
                    WEB.encode(), body(event()), pad)
                client.send(head_of("/v1/batch", None, len(data)) + data)
                if select.select([client.socket], [], [], 0)[0]:
                    continue
                waits.append(client)
            harness.wait_until(
                lambda: fort.metrics()["waymark_http_unanswered"] <= 32 * MIB // 400000 + 1,
                "those that are too many")
        finally:
            fort.server.resume()
        answers = [client.read_answer() for client in clients]
        kept = sum(answer.status == 200 for answer in answers)
        tap.ok(70 <= kept <= 83, "%d could wait" % kept)
        for answer in answers:
            if answer.status != 200:
                is_refused(answer, 503, "unavailable", "one too many")
                tap.ok(1 <= int(answer.fields["retry-after"]) <= 5, "when to come back")
        tap.equal(fort.kept("in"), kept, "in the log is what was accepted")
        close_all(clients)


# ---- shapes ---------------------------------------------------------------------------------


@tap.test
def forms_of_a_hundred_thousand_fields():
    pairs = "&".join("f%d=%d" % (i, i) for i in range(100000)).encode()
    few = b"kind=k&user=u&id=%s&" + b"&".join(b"f%d=%d" % (i, i) for i in range(996)) + b"&last=%s"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    with Fort() as fort, siege(tap, fort, "forms of 100,000 fields", 96 * MIB) as rounds:
        path = "/hooks/form?token=" + SECRET
        tap.equal(fort.ask("POST", path, pairs, **form).status, 200, "100,000 fields")
        tap.equal(fort.kept("bad"), 1, "put aside")
        tap.equal(fort.ask("POST", path, few % (b"a", b"z"), **form).status, 200, "1,000 fields")
        tap.equal(fort.ask("POST", path, few % (b"b", b"z&one=more"), **form).status, 200, "1,001")
        tap.equal(fort.kept("bad"), 2, "1,001 are too many, 1,000 are not")
        for name, data in (("signs alone", b"&" * 4000000), ("escapes", b"a=" + b"%00" * 1300000),
                           ("controls", b"a=" + b"\x01" * 4000000)):
            tap.equal(fort.ask("POST", path, data, **form).status, 200, name)
        for _ in rounds:
            is_refused(fort.ask("POST", "/hooks/form?token=wrong", pairs, **form), 401,
                       "wrong_signature", "from nobody")
            is_refused(fort.ask("POST", "/e/?compression=base64", pairs[:500000], **form), 400,
                       "bad_form", "PostHog's form without data")
        tap.equal(sum(b'"Form Sent"' in raw for raw in fort.stored()), 1, "one was a form")


@tap.test
def queries_of_eight_kilobytes():
    def path_of(query, size=8192, path="/v1/pixel/track?"):
        return (path + query).ljust(size, "x")[:size]

    named = "writeKey=%s&userId=u&event=E&" % WEB
    with Fort() as fort, siege(tap, fort, "queries of 8 KB", 16 * MIB) as rounds:
        rows = [("one value", named + "properties.a=", 1), ("fields", named + "&".join(
            "properties.p%d=1" % i for i in range(600)), 0), ("signs", named + "&=" * 4000, 1),
            ("escapes", named + "a=" + "%41" * 2600 + "&b=", 1),
            ("half an escape", named + "%4" * 3900, 0), ("dots", named + "." * 8000 + "=1&b=", 0),
            ("data", "data=" + "A" * 8000 + "&b=", 0)]
        for name, query, _ in rows:
            answer = fort.ask("GET", path_of(query))
            tap.equal((answer.status, answer.fields.get("content-type")), (200, "image/gif"), name)
        ours = [raw for raw in fort.stored() if b"neighbour" not in raw]
        tap.equal(len(ours), sum(kept for _, _, kept in rows), "kept")
        tap.ok(all(len(raw) < 9000 for raw in ours), "no larger than what was asked")
        paths = ("/v1/pixel/track?", "/e/?", "/hooks/shopify?", "/v1/import?complete_until=")
        for path in (path for _ in rounds for path in paths):
            answer = fort.ask("GET", path_of("", 8193, path))
            is_refused(answer, 414, "http_request", "a byte more at " + path)
        answer = fort.ask("POST", path_of("", 8192, "/v1/import?complete_until="), b"", TILL)
        is_refused(answer, 400, "bad_watermark", "a time of 8 KB")
        is_refused(fort.ask("POST", path_of("", 8192, "/e/?compression="), b"{}"), 401,
                   "missing_key", "a packing of 8 KB")


@tap.test
def floods_of_header_fields():
    start = b"POST /v1/track HTTP/1.1\r\nHost: x\r\n"
    floods = {"fields": b"A: 1\r\n" * 10000, "a value": b"A: " + b"x" * 1000000,
              "a name": b"A" * 1000000, "Cookie": b"Cookie: a=1\r\n" * 10000,
              "folds": b"A: 1\r\n" + b" x\r\n" * 100000}
    with Fort() as fort, siege(tap, fort, "floods of header fields", 16 * MIB) as rounds:
        for _ in rounds:
            for name, flood in floods.items():
                with fort.collector.http() as http:
                    pieces = [flood[at:at + 8192] for at in range(0, len(flood), 8192)]
                    answer = pour(http, start, pieces)
                    status = 400 if name == "folds" else 431
                    is_refused(answer, status, "http_request", name)
        for length in ("9" * 5000, "-1", "1, 1", "0x10"):
            with fort.collector.http() as http:
                answer = pour(http, start + b"Content-Length: %s\r\n\r\n" % length.encode(), [])
                tap.ok(answer.status in (400, 413), "%d for a length of %s" % (answer.status, length[:9]))


@tap.test
def hooks_with_huge_signatures():
    data = json.dumps({"id": 1}).encode()
    now = int(time.time())
    rows = [
        ("shopify", {"X_Shopify_Hmac_Sha256": "A" * 15000, "X_Shopify_Topic": "orders/create"}),
        ("shopify", {"X_Shopify_Hmac_Sha256": "=" * 15000, "X_Shopify_Topic": "x" * 900}),
        ("stripe", {"Stripe_Signature": "t=%d" % now + ",v1=" + "0" * 14000}),
        ("stripe", {"Stripe_Signature": "t=%d" % now + (",v1=" + "0" * 64) * 200}),
        ("stripe", {"Stripe_Signature": ",".join(["t=%d" % now] * 1000)}),
        ("stripe", {"Stripe_Signature": "t=" + "9" * 15000}),
        ("parcels", {"Webhook_Id": "m", "Webhook_Timestamp": now,
                     "Webhook_Signature": " ".join(["v1," + "A" * 44] * 300)}),
        ("parcels", {"Webhook_Id": "m" * 14000, "Webhook_Timestamp": now,
                     "Webhook_Signature": "v1,AAAA"}),
        ("parcels", {"Webhook_Id": "m", "Webhook_Timestamp": now, "Webhook_Signature": "v1 " * 5000}),
    ]
    with Fort() as fort, siege(tap, fort, "huge signatures", 24 * MIB) as rounds:
        for name, fields in (row for _ in rounds for row in rows):
            answer = fort.ask("POST", "/hooks/" + name, data, **fields)
            tap.equal((answer.status, answer.fields["content-type"]),
                      (401, "application/problem+json"), "%s %.60r" % (name, fields))
        is_refused(fort.ask("POST", "/hooks/form?token=" + "x" * 8000, b"a=b"), 401,
                   "bad_format", "a token of 8 KB")
        is_refused(fort.ask("POST", "/v1/track", body(event()),
                            Authorization="Basic " + "A" * 15000), 401, "bad_authorization", "a key")
        is_refused(fort.ask("POST", "/hooks/" + "x" * 8000, data), 404, "unknown_hook", "a name")
        # Pings may come unsigned, as far as they are short: what is long costs no more than to
        # find out that it cannot be believed.
        for size, status in ((16384, 200), (16385, 401)):
            answer = fort.ask("POST", "/hooks/shopify", b'{"a":"%s"}' % (b"x" * (size - 8)),
                              X_Shopify_Topic="products/update", X_Shopify_Hmac_Sha256="AAAA")
            tap.equal(answer.status, status, "%d bytes of a topic that is passed over" % size)
        large = b'{"line_items":[%s]}' % b",".join([b'{"id":1,"price":"1.00"}'] * 150000)
        for _ in range(10):
            answer = fort.ask("POST", "/hooks/shopify", large, X_Shopify_Topic="orders/create",
                              X_Shopify_Hmac_Sha256=base64.b64encode(bytes(32)).decode())
            is_refused(answer, 401, "wrong_signature", "megabytes that nobody signed")
        tap.equal(fort.kept("bad"), 0, "nothing is put aside")


@tap.test
def base_64_that_is_none():
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    coded = base64.b64encode(b"\xff\x00" * 100000).decode()
    rows = [("no base 64", "data=!!!", "bad_base64"), ("no escape", "data=%%%", "bad_form"),
            ("nothing", "data=", "malformed_json"), ("no member", "x=1", "bad_form"),
            ("an empty body", "", "bad_form"), ("cut", "data=eyJ", "bad_base64"),
            ("one digit", "data=A", "bad_base64"),
            ("bytes", "data=" + urllib.parse.quote(coded), "malformed_json"),
            ("400 KB of it", "data=" + "A" * 400000, "malformed_json"),
            ("400 KB of signs", "data=" + "=" * 400000, "bad_base64"),
            ("base 64 twice", "data=" + base64.b64encode(b"eyJhIjoxfQ==").decode(),
             "malformed_json")]
    with Fort() as fort, siege(tap, fort, "base 64 that is none", 16 * MIB) as rounds:
        for number in rounds:
            path = ("/e/?compression=base64", "/batch/?compression=base64",
                    "/capture/?compression=base64&ip=1")[number % 3]
            for name, data, code in rows:
                is_refused(fort.ask("POST", path, data.encode(), **form), 400, code,
                           "%s at %s" % (name, path))
        for data in (b"", b"\x1f\x8b", b"\x1f\x8b\x08" + bytes(1000), b"no gzip at all"):
            is_refused(fort.ask("POST", "/e/?compression=gzip-js", data), 400, "bad_gzip",
                       "%r as gzip" % data[:9])
        tap.equal(fort.kept("bad"), 0, "nothing is put aside")


if __name__ == "__main__":
    tap.run()
