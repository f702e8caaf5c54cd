#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shared request cases (llhttp's tests) against our server.

Each `error` case must end in a refusal or a closed connection, without a second request. Each
`ok` case is a request to us once it has a Host, and must then be understood, but for those listed
below, which we refuse as a matter of policy (io/http_parser.h).

The cases were cut from a document and have lost the line end they stop with; it is added here,
but for those that stop in the middle of a request.

usage: http_cases.py ECHO_SERVER [DATA]    (DATA: the shared data; else WAYMARK_SHARED_DATA)
"""

import base64
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from http_harness import Server, main

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
DATA = os.environ.get("WAYMARK_SHARED_DATA", os.path.join(ROOT, "..", "shared", "data"))
# Refused although another parser takes them: id, why, and the answers.
POLICY = {
    "method:M-SEARCH request": ("`*` is a target for OPTIONS only", [400]),
    "method:SOURCE request with ICE": ("not HTTP", [400]),
    "method:OPTIONS request with RTSP": ("not HTTP", [400]),
    "method:ANNOUNCE request with RTSP": ("not HTTP", [400]),
    "content-length:Content-Length reset when no body is received": ("a body that never comes", []),
    "sample:No HTTP version": ("HTTP/0.9", [400]),
    "transfer-encoding:Chunk extensions": ("chunk extensions", [400]),
    "transfer-encoding:Chunk extensions quoting": ("chunk extensions", [400]),
    "transfer-encoding:POST with `chunked` as last transfer-encoding": ("codings before chunked", [400]),
    "transfer-encoding:POST with `chunked` as last transfer-encoding (multiple headers)": ("two codings", [400]),
    "uri:Host terminated by a query string": ("another host", [400]),
    "uri:`host:port` terminated by a query string": ("another host", [400]),
    "uri:`host:port` terminated by a space": ("another host", [400]),
    "uri:`host:port` and basic auth": ("another host", [400]),
}


def cases(verdict):
    path = os.path.join(DATA, "http", "request_cases.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return [case for case in json.load(file) if case["verdict"] == verdict]


def with_host(data):
    """Gives each HTTP/1.1 request a Host that has none."""
    if re.search(rb"\r\nhost:", data, re.I):
        return data
    return re.sub(rb"(\S+ \S+ HTTP/1\.1\r\n)", rb"\1Host: test\r\n", data)


def statuses(server, data):
    """What is answered when the client has said all it has to say."""
    with server.connect() as client:
        client.send(data)
        client.sock.shutdown(1)
        methods = re.findall(rb"(?:^|\n)([A-Z-]+) \S+ HTTP", data)
        return [a.status for a in client.answers([m.decode() for m in methods])]


def run(verdict, check):
    def function():
        listed = cases(verdict)
        if listed is None:
            return "no shared data"
        assert listed
        wrong = []
        with Server() as server:
            for case in listed:
                data = base64.b64decode(case["input_b64"])
                if case["messages_complete"] == case["messages_begun"] or verdict == "error":
                    data += b"\r\n"
                got = statuses(server, with_host(data))
                if not check(case, got):
                    wrong.append("%s: %r" % (case["id"], got))
        assert not wrong, "\n".join(wrong)
        return None

    return function


def check_ok(case, got):
    """As many answers as whole requests, none a refusal of the parser (404 and 405 are ours)."""
    if case["id"] in POLICY:
        return got == POLICY[case["id"]][1]
    whole = case["messages_complete"]
    return len(got) >= whole and all(status in (200, 404, 405) for status in got)


def check_error(case, got):
    """One answer, and no success but where the error comes after a whole request."""
    if case["messages_complete"]:
        return got == [404]
    return len(got) <= 1 and all(status >= 400 for status in got)


def check_upgrade(case, got):
    """Upgrade is ignored, CONNECT refused; what follows is not a request."""
    del case
    return len(got) <= 2 and all(status >= 400 for status in got)


def policy_is_used():
    listed = cases("ok")
    if listed is None:
        return "no shared data"
    unknown = set(POLICY) - {case["id"] for case in listed}
    assert not unknown, unknown
    return None


main([
    ("cases that are errors are refused", run("error", check_error)),
    ("cases that are requests are understood, or refused by policy", run("ok", check_ok)),
    ("cases of upgrades do no harm", run("upgrade", check_upgrade)),
    ("every exception is one", policy_is_used),
])
