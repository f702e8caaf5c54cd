#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetches against a server over TLS with certificates of the test's own: what is reached, and what
must not be, whatever a URL, a name server or the server says.

usage: fetch_guard.py FETCH_PROBE
"""

import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import tls_lab
from tls_lab import response

KIB64 = 64 * 1024
REFUSED = "its address is none that may be connected to"


def answer(target, connection):
    if target == "/moved":
        return response(status="302 Found", fields=["Location: /right"])
    if target == "/most":
        return response(b"x" * KIB64)
    if target == "/more":
        return response(b"x" * (KIB64 + 1))
    if target == "/endless":
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b"x" * 4096)
    if target == "/endless-head":
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-Pad: %s\r\n" % (b"x" * 1000))
    if target == "/drip":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.1)
        return None
    if target == "/silent":
        time.sleep(5)
        return None
    if target == "/cookie":
        return response(b"12345", fields=["Set-Cookie: a=b; Path=/"])
    return response(b"right")


class Bench:
    def __init__(self, folder):
        self.lab = tls_lab.Lab(folder)
        self.other = tls_lab.Lab(folder, "other")
        self.server = tls_lab.Server(self.lab.certificate("sns.test"), answer)
        self.old = tls_lab.Server(self.lab.certificate("sns.test", expired=True), answer)
        self.number, self.bad = 0, False

    def fetch(self, *urls, server=None, names="sns.test=127.0.0.1", ca=None, guard=False,
              connect=None, env=None, options=()):
        """What the probe says of URLS, in which PORT stands for the server's."""
        port = str((server or self.server).port)
        command = [sys.argv[1], "--ca", ca or self.lab.ca]
        command += ["--connect", "127.0.0.1:" + port] if connect else ["--port", port]
        command += [] if guard else ["--any"]
        urls = [u.replace("PORT", port) for u in urls]
        # Detached resolver threads hold memory when the probe ends.
        environment = {**os.environ, "NAMES": names, "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
        done = subprocess.run([*command, *options, *urls], env=environment, timeout=30,
                              stdout=subprocess.PIPE, check=True)
        said = dict(line.split(" ", 1) for line in done.stdout.decode().splitlines())
        return [said[url] for url in urls]

    def check(self, name, got, *want):
        """Each of GOT is one of WANT, or has it in it where that ends in an asterisk."""
        self.number += 1
        good = all(any(g == w or (str(w).endswith("*") and w[:-1] in g) for w in want)
                   for g in got)
        self.bad = self.bad or not good
        if not good:
            print("# got %r, not %r" % (got, want))
        print("%s %d - %s" % ("ok" if good else "not ok", self.number, name), flush=True)


def plain(bench):
    bench.check("the right host", bench.fetch("https://sns.test:PORT/x"), "200 5")
    bench.check("nothing of ours is sent", ["Cookie" in bench.server.head.decode() or
                                            "Authorization" in bench.server.head.decode()], False)
    bench.check("64 KiB", bench.fetch("https://sns.test:PORT/most"), "200 %d" % KIB64)
    bench.check("one more is no answer",
                [a[:3] != "200" for a in bench.fetch("https://sns.test:PORT/more",
                                                     "https://sns.test:PORT/endless",
                                                     "https://sns.test:PORT/endless-head")], True)
    bench.check("a redirect is told, not followed", bench.fetch("https://sns.test:PORT/moved"),
                "302 0")
    bench.check("its target was not asked for", ["/right" in bench.server.targets], False)
    bench.check("cookies are not kept", bench.fetch("https://sns.test:PORT/cookie"), "200 5")
    for path in ("/drip", "/silent"):
        began = time.monotonic()
        bench.check(path + ": a deadline for all of it", bench.fetch(
            "https://sns.test:PORT" + path, options=["--deadline", "400"]), "timed out*")
        bench.check(path + ": kept", [time.monotonic() - began < 3], True)
    bench.check("a proxy of the environment", bench.fetch("https://sns.test:PORT/x", env={
        "https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9"}), "200 5")
    before = len(bench.server.targets)
    bench.check("a relay", bench.fetch("https://sns.test/relayed", connect=True, guard=True,
                                       names=""), "200 5")
    bench.check("reached", bench.server.targets[before:], "/relayed")
    bench.check("a relay's certificate names the host still", bench.fetch(
        "https://other.test/x", connect=True), "match*")


def tls(bench):
    bench.check("the certificate of another host", bench.fetch(
        "https://evil.test:PORT/x", names="evil.test=127.0.0.1"), "match*")
    bench.check("an expired certificate", bench.fetch("https://sns.test:PORT/x", server=bench.old),
                "expired*")
    bench.check("an unknown authority", bench.fetch("https://sns.test:PORT/x", ca=bench.other.ca),
                "certificate*")
    bench.check("no authority at all", bench.fetch("https://sns.test:PORT/x", ca="/nonexistent"),
                "certificate*", "error setting*", "Problem with*")


def addresses(bench):
    before = bench.server.connections
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
                    "192.168.1.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1",
                    "fe80::1", "127.0.0.1,::1"):
        bench.check("not to " + address, bench.fetch(
            "https://sns.test:PORT/x", names="sns.test=" + address, guard=True), REFUSED)
    bench.check("not to localhost, nor to numbers however written", bench.fetch(
        "https://localhost:PORT/x", "https://127.0.0.1:PORT/x", "https://0x7f.1:PORT/x",
        "https://2130706433:PORT/x", "https://0177.0.0.1:PORT/x", "https://127.1:PORT/x",
        guard=True), REFUSED)
    bench.check("nothing was connected to", [bench.server.connections - before], 0)
    began = time.monotonic()
    bench.check("a name server that is silent", bench.fetch(
        "https://sns.test:PORT/x", names="sns.test=slow", guard=True,
        options=["--deadline", "300"]), "timed out*", "Resolving timed out*")
    bench.check("does not hold up the loop", [time.monotonic() - began < 3], True)
    bench.check("a name that is none", bench.fetch("https://none.invalid:PORT/x", guard=True),
                "not resolve*")


def urls(bench):
    before = bench.server.connections
    bad = ["http://sns.test:PORT/", "https:/sns.test:PORT/", "HTTPS://sns.test:PORT/",
           "https://user@sns.test:PORT/", "https://sns.test:PORT@evil.test/",
           "https://sns.test\\@evil.test:PORT/", "https://[::1]:PORT/", "https://:PORT/",
           "https://sns.test:1/", "https://sns.test/", "https://sns.test:/",
           "https://sns.test:PORTx/", "https://sns.test:PORT?x", "https://sns.test:PORT/a\tb",
           "https://sns.test:PORT/#x", "https://sns.test:PORT/a\\b", "https://sns_.test:PORT/",
           "https://sns.t%65st:PORT/", "https://sns.test:PORT/\x7f", "file:///etc/passwd",
           "gopher://sns.test:PORT/", "", "https://", "https://sns.test:99999/"]
    bench.check("no such URL", bench.fetch(*[u for u in bad if u]), "bad_url")
    path = "https://sns.test:PORT/".replace("PORT", str(bench.server.port))
    bench.check("2048 bytes", bench.fetch(path + "a" * (2048 - len(path))), "200 5")
    bench.check("2049", bench.fetch(path + "a" * (2049 - len(path))), "bad_url")
    bench.check("a host that is not asked", bench.fetch(
        "https://evil.test:PORT/", "https://sns.test.evil.test:PORT/", "https://SNS.test:PORT/",
        options=["--host", "sns.test"]), "bad_host")
    bench.check("without a path", bench.fetch("https://sns.test:PORT"), "200 5")
    bench.check("two went out", [bench.server.connections - before], 2)
    got = bench.fetch("https://sns.test:PORT/1", "https://sns.test:PORT/2",
                      "https://sns.test:PORT/3", options=["--max", "2"])
    bench.check("as many at once as may be", [sorted(got)], ["200 5", "200 5", "busy"])


def main():
    if not tls_lab.available():
        print("1..0 # SKIP no openssl")
        return
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        for part in (plain, tls, addresses, urls):
            part(bench)
        print("1..%d" % bench.number)
        sys.exit(1 if bench.bad else 0)


if __name__ == "__main__":
    main()
