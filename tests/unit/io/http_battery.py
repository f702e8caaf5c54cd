#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Requests that servers have been seen to misread, each sent whole and cut in two at every byte.

A refused one must get exactly one answer with the status named, then the end of the connection;
the request that is hidden in it (for /evil) must never be seen. An understood one must get its
answer, and so must a harmless request after it.

usage: http_battery.py ECHO_SERVER
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from http_harness import Server, main, request

EVIL = b"GET /evil HTTP/1.1\r\nHost: test\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: test\r\n"
GET = b"GET /describe HTTP/1.1\r\nHost: test\r\n"
LAST = request("/describe", close=True)

# name, bytes, status (or the body of a 200)
REFUSED = [
    ("length and chunked", POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + EVIL, 400),
    ("chunked and length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 35\r\n\r\n0\r\n\r\n" + EVIL, 400),
    ("gzip, chunked and length", POST + b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\nabc" + EVIL, 400),
    ("xchunked", POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + EVIL, 400),
    ("two codings", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + EVIL, 400),
    ("identity without length", POST + b"Transfer-Encoding: identity\r\n\r\n" + EVIL, 400),
    ("two different lengths", POST + b"Content-Length: 3\r\nContent-Length: 38\r\n\r\nabc" + EVIL, 400),
    ("length +3", POST + b"Content-Length: +3\r\n\r\nabc" + EVIL, 400),
    ("length 0x3", POST + b"Content-Length: 0x3\r\n\r\nabc" + EVIL, 400),
    ("length -1", POST + b"Content-Length: -1\r\n\r\nabc" + EVIL, 400),
    ("length 3, 3", POST + b"Content-Length: 3, 3\r\n\r\nabc" + EVIL, 400),
    ("length of 11 digits", POST + b"Content-Length: 00000000003\r\n\r\nabc" + EVIL, 400),
    ("blank before the colon", POST + b"Content-Length : 3\r\n\r\nabc" + EVIL, 400),
    ("folded field", GET + b"X-Test: a\r\n b\r\n\r\n" + EVIL, 400),
    ("bare LF", b"GET /describe HTTP/1.1\nHost: test\n\n" + EVIL, 400),
    ("bare LF after a field", GET + b"X-Test: a\nX: b\r\n\r\n" + EVIL, 400),
    ("bare CR in the target", b"GET /a\rb HTTP/1.1\r\nHost: test\r\n\r\n" + EVIL, 400),
    ("NUL in the target", b"GET /a\0b HTTP/1.1\r\nHost: test\r\n\r\n" + EVIL, 400),
    ("NUL in a value", GET + b"X-Test: ab\0cd\r\n\r\n" + EVIL, 400),
    ("chunk size 3 zz", POST + b"Transfer-Encoding: chunked\r\n\r\n3 zz\r\nabc\r\n0\r\n\r\n" + EVIL, 400),
    ("chunk size 0x3", POST + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" + EVIL, 400),
    ("chunk size +3", POST + b"Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n" + EVIL, 400),
    ("no CRLF after a chunk", POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n" + EVIL, 400),
    ("chunk extension", POST + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n" + EVIL, 400),
    ("no Host", b"GET /describe HTTP/1.1\r\n\r\n" + EVIL, 400),
    ("two Hosts", GET + b"Host: evil\r\n\r\n" + EVIL, 400),
    ("absolute target", b"GET http://evil/ HTTP/1.1\r\nHost: evil\r\n\r\n" + EVIL, 400),
    ("expectation unknown", POST + b"Expect: foo\r\nContent-Length: 3\r\n\r\nabc" + EVIL, 417),
    ("body too large", POST + b"Content-Length: 1001\r\n\r\n" + EVIL, 413),
    ("body too large, expecting 100", POST + b"Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n" + EVIL, 413),
    ("chunk too large", POST + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + EVIL, 413),
    ("body over the handler's limit", b"POST /small HTTP/1.1\r\nHost: test\r\nContent-Length: 34\r\n\r\n" + EVIL, 413),
    ("refused by the handler at the head", b"POST /head401 HTTP/1.1\r\nHost: test\r\nContent-Length: 34\r\n\r\n" + EVIL, 401),
    ("2000 fields", GET + b"a:b\r\n" * 2000 + b"\r\n" + EVIL, 431),
    ("target too long", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: test\r\n\r\n" + EVIL, 414),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + EVIL, 400),
    ("TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n" + EVIL, 400),
]
UNDERSTOOD = [
    ("length 003", POST + b"Content-Length: 003\r\n\r\nabc", b"abc"),
    ("chunked", POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n000\r\n\r\n", b"abc0123456789"),
    ("trailers are dropped", POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Test: evil\r\nContent-Length: 9\r\n\r\n", b"abc"),
    ("hidden request in a body", POST + b"Content-Length: 34\r\n\r\n" + EVIL, EVIL),
    ("answered later", b"POST /later HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    ("body at the limit", POST + b"Content-Length: 1000\r\n\r\n" + b"b" * 1000, b"b" * 1000),
    ("body at the handler's limit", b"POST /small HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n0123456789", b"0123456789"),
    ("empty line before", b"\r\n" + GET + b"X-Test: a \t\r\n\r\n", b"GET\n/describe\n\n2 fields\npeer unix\nX-Test: a\n"),
    ("query and fragment", b"GET /describe?a=b|c?d#e HTTP/1.1\r\nHost: test\r\n\r\n", b"GET\n/describe\na=b|c?d\n1 fields\npeer unix\nX-Test: \n"),
]


def cuts(data):
    """All places to cut a short request; for long ones, those near the ends and some between."""
    if len(data) <= 400:
        return range(1, len(data))
    return list(range(1, 120)) + list(range(120, len(data) - 120, 509)) + list(range(len(data) - 120, len(data)))


def check_refused(server, pieces, status):
    with server.connect() as client:
        client.send_pieces(*pieces)
        answers = client.answers()
    assert [a.status for a in answers] == [status], "%r gives %r" % (pieces, answers)
    answer = answers[0]
    assert answer.headers["connection"] == "close", answer.headers
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    assert b'"status":%d,' % status in answer.body, answer.body


def check_understood(server, pieces, body):
    with server.connect() as client:
        client.send_pieces(*pieces)
        client.send(LAST)
        answers = client.answers()
    assert [a.status for a in answers] == [200, 200], "%r gives %r" % (pieces, answers)
    assert answers[0].body == body, answers[0].body


def battery(rows, check):
    def run():
        with Server("body_max=1000") as server:
            before = None
            for name, data, want in rows:
                try:
                    check(server, [data], want)
                    for at in cuts(data):
                        check(server, [data[:at], data[at:]], want)
                except AssertionError as error:
                    raise AssertionError("%s: %s" % (name, error)) from error
            stats = server.stats()
            assert stats["open"] == 1, stats  # the one that asks
            return before

    return run


def unknown_method():
    with Server() as server, server.connect() as client:
        client.send(b"BREW /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc" + LAST)
        answers = client.answers()
        assert [a.status for a in answers] == [405, 200], answers
        assert answers[0].headers["allow"] == "GET, HEAD, POST, PUT", answers[0].headers


def own_host():
    with Server("host=shop.example") as server, server.connect() as client:
        client.send(b"GET http://shop.example/describe?a HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
        assert client.answers()[0].body.startswith(b"GET\n/describe\na\n")


def continue_sent():
    """100 when the body is awaited; and in its turn, when an earlier answer is."""
    with Server() as server, server.connect() as client:
        client.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert client.answer().status == 100
        client.send(b"abc")
        assert client.answer().body == b"abc"
        client.send_pieces(request("/hold") + POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        server.ask("/release", "POST")
        assert [client.answer().status, client.answer().status] == [200, 100]
        client.send(b"def")
        assert client.answer().body == b"def"


def continue_not_sent():
    """Not when the body is there already, nor to HTTP/1.0."""
    with Server() as server:
        with server.connect() as client:
            client.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc" + LAST)
            assert [a.status for a in client.answers()] == [200, 200]
        with server.connect() as client:
            client.send_pieces(b"POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", b"abc")
            assert [a.status for a in client.answers()] == [200]


def http10():
    """Closes after the answer, unless asked to keep the connection, and says so."""
    post = b"POST /echo HTTP/1.0\r\nContent-Length: 3\r\n"
    with Server() as server:
        with server.connect() as client:
            client.send(post + b"\r\nabc" + EVIL)
            answers = client.answers()
            assert [(a.status, a.body) for a in answers] == [(200, b"abc")], answers
            assert answers[0].headers["connection"] == "close"
        with server.connect() as client:
            client.send(post + b"Connection: keep-alive\r\n\r\nabc" + post + b"\r\nabc")
            answers = client.answers()
            assert [a.headers["connection"] for a in answers] == ["keep-alive", "close"], answers


def head_method():
    with Server() as server, server.connect() as client:
        client.send(request("/describe", "HEAD") + LAST)
        answers = client.answers(["HEAD", "GET"])
        assert [a.status for a in answers] == [200, 200]
        assert int(answers[0].headers["content-length"]) > 0


main([
    ("refused, whole and cut at every byte", battery(REFUSED, check_refused)),
    ("understood, whole and cut at every byte", battery(UNDERSTOOD, check_understood)),
    ("an unknown method is 405 with Allow", unknown_method),
    ("an absolute target with our own host", own_host),
    ("100 Continue is sent in its turn", continue_sent),
    ("100 Continue is not sent needlessly", continue_not_sent),
    ("HTTP/1.0", http10),
    ("HEAD has the length and no body", head_method),
])
