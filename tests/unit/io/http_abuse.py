#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients that are slow, endless, many, gone or greedy, against a server with short deadlines.

usage: http_abuse.py ECHO_SERVER
"""

import os
import select
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from http_harness import WAIT, Server, main, request, reset, until

POST = b"POST /echo HTTP/1.1\r\nHost: test\r\n"
GET = b"GET /describe HTTP/1.1\r\nHost: test\r\n"


def drip(client, start, byte, limit):
    """Sends a byte every 10 ms until the server ends it; the seconds it took."""
    began = time.monotonic()
    client.send(start)
    poll = select.poll()
    poll.register(client.sock, select.POLLRDHUP)
    while not poll.poll(10):
        assert time.monotonic() - began < limit, "still open after %d s" % limit
        client.send(byte)
    return time.monotonic() - began


def slow(setting, start, byte):
    """A client that sends a byte now and then does not move its deadline."""

    def run():
        with Server(setting + "=300") as server, server.connect() as client:
            took = drip(client, start, byte, WAIT)
            assert 0.29 <= took < 5, took
            assert [a.status for a in client.answers()] == [408]
            client.sock.close()
            server.wait_alone()
            assert server.stats()["timeouts"] == 1

    return run


def silent():
    """A client that never says anything is closed by the deadline of the head, without answer."""
    with Server("header_ms=200", "idle_ms=60000") as server, server.connect() as client:
        assert client.at_end()


def idle():
    """One that has said something is closed after the idle time."""
    with Server("header_ms=60000", "idle_ms=200") as server, server.connect() as client:
        client.send(request("/describe"))
        assert client.answer().status == 200
        began = time.monotonic()
        assert client.at_end()
        assert time.monotonic() - began > 0.15


def not_idle():
    """A request whose answer is pending has no deadline."""
    with Server("header_ms=50", "body_ms=50", "idle_ms=50") as server, server.connect() as client:
        client.send_pieces(request("/hold"))
        select.select([client.sock], [], [], 0.3)
        server.ask("/release", "POST")
        assert client.answer().status == 200


def slow_reader():
    """One that does not read its answer is closed by the write deadline."""
    with Server("write_ms=300") as server, server.connect() as client:
        client.send(request("/big/20000000"))
        poll = select.poll()
        poll.register(client.sock, select.POLLHUP | select.POLLRDHUP)
        began = time.monotonic()
        assert poll.poll(WAIT * 1000), "still open"
        assert 0.29 <= time.monotonic() - began < 5
        assert server.stats()["timeouts"] == 1


def greedy():
    """One that asks and asks without reading is not read from any more."""
    with Server("max_unsent=100000") as server, server.connect() as client:
        client.sock.settimeout(0.2)
        sent = 0
        try:
            while True:
                client.sock.sendall(request("/big/50000") * 10)
                sent += 10
        except TimeoutError:
            pass
        # What is unsent, what the kernel holds for the client, and those that have asked here.
        assert server.stats()["requests"] < 50, server.stats()
        client.sock.settimeout(WAIT)
        for _ in range(sent):
            assert len(client.answer().body) == 50000


def endless(start, piece, status):
    """What has no end is refused at its limit, not collected."""

    def run():
        with Server("body_ms=60000", "header_ms=60000") as server, server.connect() as client:
            client.send(start)
            sent = len(start)
            while not client.ended():
                sent += len(piece) if client.send(piece) else 0
                assert sent < 4e6, "nothing said after %d bytes" % sent
            assert [a.status for a in client.answers()] == [status]

    return run


def chunk_flood():
    """A body in chunks of one byte is bounded by its own size, and costs no more room."""
    with Server("body_max=100000") as server, server.connect() as client:
        client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        before = server.rss_bytes()
        chunks = b"1\r\nb\r\n" * 1000
        for _ in range(100):
            client.send(chunks)
        client.send(b"0\r\n\r\n")
        assert client.answer().body == b"b" * 100000
        assert server.rss_bytes() - before < 20e6
        client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks * 100 + b"1\r\nb\r\n0\r\n\r\n")
        assert [a.status for a in client.answers()] == [413]


def leftovers():
    """One byte behind a large body does not hold the memory that the body had."""
    # What the address sanitizer keeps of freed memory, to find uses of it, would look as if held.
    os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=1:" + os.environ.get("ASAN_OPTIONS", "")
    body = b"%x\r\n%s\r\n" % (300000, b"b" * 300000) + b"0\r\n\r\n"
    with Server("header_ms=60000") as server:
        before, clients = server.rss_bytes(), [server.connect() for _ in range(100)]
        for client in clients:
            client.send(POST.replace(b"/echo", b"/nowhere") +
                        b"Transfer-Encoding: chunked\r\n\r\n" + body + b"G")
            assert client.answer().status == 404
            client.wait_read()
        held = server.rss_bytes() - before
        assert held < 12e6, held
        for client in clients:
            client.sock.close()


def untaken():
    """Answers that nobody takes are held up to a limit of all; then who holds most is closed, and
    those that read are served."""
    with Server("max_answers=2000000", "write_ms=60000") as server:
        small = server.connect()
        small.send(request("/describe"))
        clients = []
        for i in range(20):
            clients.append(server.connect())
            clients[-1].send_pieces(request("/big/%d" % (400000 + i)))
            assert server.stats()["answers"] <= 2000000
        open_ones = sum(not client.ended() for client in clients)
        assert 4 <= open_ones < 20, open_ones
        assert server.stats()["shed"] == 20 - open_ones
        assert small.answer().status == 200
        assert len(clients[0].answer().body) == 400000, "who holds less is spared"
        for client in clients:
            client.sock.close()
        small.sock.close()
        server.wait_alone()
        assert server.stats()["answers"] == 0


def untaken_behind():
    """Answers that wait for one that is not ready are held too."""
    with Server("max_answers=1100000", "max_unsent=200000") as server:
        clients = []
        for _ in range(3):
            clients.append(server.connect())
            clients[-1].send_pieces(request("/hold") + request("/big/190000") * 2)
        until(lambda: server.stats()["answers"] > 1100000 or server.stats()["shed"], "the limit")
        until(lambda: server.stats()["shed"] == 1, "one is closed")
        left = [client for client in clients if not client.ended()]
        assert len(left) == 2
        until(lambda: 4 * 190000 < server.stats()["answers"] < 1100000, "what is held")
        server.ask("/release", "POST")
        for client in left:
            assert [len(client.answer().body) for _ in range(3)] == [0, 190000, 190000]


def refusal_arrives():
    """A client that is still sending its body gets to read why it was refused."""
    with Server() as server, server.connect() as client:
        client.send(POST + b"Content-Length: 30000000\r\n\r\n")
        piece = b"x" * 65536
        for _ in range(300):
            if not client.send(piece):
                raise AssertionError("reset while sending")
        client.sock.shutdown(socket.SHUT_WR)
        assert [a.status for a in client.answers()] == [413]


def pipelined():
    """Answers come in the order of the requests, however they become ready; beyond the bound no
    more is read."""
    with Server("max_pipeline=16") as server, server.connect() as client:
        bodies = [b"%d" % i for i in range(40)]
        for body in bodies:
            client.send(request("/hold", "POST", body=body))
        server.wait_held(16)
        got = []
        while len(got) < 40:
            server.ask("/release", "POST")
            client.sock.settimeout(0.05)
            try:
                while len(got) < 40:
                    got.append(client.answer().body)
            except TimeoutError:
                pass
        assert got == bodies, got
        client.sock.close()
        server.wait_alone()


def mixed():
    """Answers that are ready wait for those before them."""
    with Server() as server, server.connect() as client:
        client.send_pieces(request("/hold", "POST", body=b"a") + request("/echo", "POST", body=b"b")
            + request("/later", "POST", body=b"c") + request("/hold", "POST", body=b"d")
            + request("/echo", "POST", body=b"e", close=True))
        server.wait_held(2)
        server.ask("/release", "POST")
        assert [a.body for a in client.answers()] == [b"a", b"b", b"c", b"d", b"e"]


def gone(how):
    """A client that goes while its answers are pending costs nothing; the answers go nowhere."""

    def run():
        with Server() as server:
            for _ in range(20):
                client = server.connect()
                client.send_pieces(request("/hold") * 3 + request("/echo") + b"GET /par")
                how(client)
            server.wait_held(60)
            server.ask("/release", "POST")
            server.wait_alone()

    return run


def go_reset(client):
    # A unix socket knows no reset but that of a close with unread answers; go while writing.
    client.sock.shutdown(socket.SHUT_RDWR)
    reset(client.sock)


def gone_tcp():
    with Server(tcp=True) as server:
        clients = [server.connect() for _ in range(20)]
        for client in clients:
            client.send(request("/hold") * 3)
        server.wait_held(60)
        for client in clients:
            reset(client.sock)
        until(lambda: server.ask("/held") == b"60 60", "the server knows that they are gone")
        server.ask("/release", "POST")
        server.wait_alone()


def half_close():
    """One that has shut its side for writing still gets all answers."""
    with Server() as server, server.connect() as client:
        client.send(request("/hold", "POST", body=b"a") + request("/echo", "POST", body=b"b") + b"GET /par")
        client.sock.shutdown(socket.SHUT_WR)
        server.wait_held(1)
        server.ask("/release", "POST")
        assert [a.body for a in client.answers()] == [b"a", b"b"]


def half_close_in_body():
    with Server() as server, server.connect() as client:
        client.send(request("/echo", "POST", body=b"a") + POST + b"Content-Length: 5\r\n\r\nabc")
        client.sock.shutdown(socket.SHUT_WR)
        assert [a.body for a in client.answers()] == [b"a"]


def unanswered_at_exit():
    """Requests may outlive the server."""
    with Server() as server:
        client = server.connect()
        client.send_pieces(request("/hold") * 3)
        server.wait_held(3)


def graceful_stop():
    """Stopping closes idle connections, answers what is under way, and accepts nothing new."""
    with Server() as server:
        idle_one, busy, half = (server.connect() for _ in range(3))
        idle_one.send(request("/describe"))
        assert idle_one.answer().status == 200
        busy.send_pieces(request("/later", "POST", body=b"a") + request("/hold", "POST", body=b"b")
            + request("/hold", "POST", body=b"c"))
        assert busy.answer().body == b"a"
        half.send_pieces(request("/describe")[:-10])
        releaser = server.connect()
        releaser.send_pieces(b"POST /release HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n")
        server.terminate()
        assert idle_one.at_end()
        try:
            server.connect()
            raise AssertionError("still listens")
        except (ConnectionRefusedError, FileNotFoundError):
            pass
        assert not os.path.exists(server.path)
        half.send(request("/describe")[-10:])
        answers = half.answers()
        assert [a.status for a in answers] == [200] and answers[0].headers["connection"] == "close"
        releaser.send(b"x")
        assert [a.status for a in releaser.answers()] == [204]
        answers = busy.answers()
        assert [a.body for a in answers] == [b"b", b"c"], answers
        assert [a.headers.get("connection") for a in answers] == [None, "close"]
        assert server.process.stdout.readline() == "stopped\n"


def too_many():
    """Above the limit of connections the longest idle one makes room; busy ones do not."""
    with Server("max_connections=10", "pause_ms=20") as server:
        clients = [server.connect() for _ in range(10)]
        for client in clients:
            client.send(request("/describe"))
            assert client.answer().status == 200
        clients[0].send(request("/describe"))
        assert clients[0].answer().status == 200
        extra = server.connect()
        extra.send(request("/describe"))
        assert extra.answer().status == 200
        assert clients[1].at_end()  # the first was used since
        clients = [extra, clients[0]] + clients[2:]
        for client in clients:
            client.send_pieces(request("/hold"))
        waiting = server.connect()
        waiting.send(request("/describe"))
        assert server.process.stdout.readline().startswith("trouble 1 0 ")
        assert not select.select([waiting.sock], [], [], 0.1)[0]
        clients[0].send(request("/release", "POST"))
        assert waiting.answer().status == 200
        assert server.stats()["evicted"] >= 2


def many_idle():
    """A thousand idle connections cost little memory and no time, and others are served."""
    with Server("max_connections=2000", "idle_ms=600000", "header_ms=600000") as server:
        server.ask("/describe")
        before = server.rss_bytes()
        clients = []
        for i in range(1000):
            client = server.connect()
            if i % 2:
                client.send(request("/describe"))
                assert client.answer().status == 200
            clients.append(client)
        assert server.stats()["open"] == 1001
        each = (server.rss_bytes() - before) / 1000
        assert each < 8000, each
        began = server.cpu_seconds()
        select.select([], [], [], 0.5)
        assert server.cpu_seconds() - began <= 0.02
        for client in clients:
            client.sock.close()


def accepts(server):
    try:
        return bool(server.ask("/big/1"))
    except (AssertionError, OSError):
        return False


def out_of_files():
    """Without descriptors one client is told so by being closed, the others wait in the queue until
    there are some again; meanwhile the loop does not spin."""
    with Server("pause_ms=3000", "header_ms=60000", files=30, tcp=True) as server:
        busy = server.connect()
        busy.send_pieces(request("/hold"))
        clients = []
        for _ in range(60):
            clients.append(server.connect())
            clients[-1].send(b"GET /par")  # busy, so that it is not closed to make room
        line = server.process.stdout.readline()
        assert line.startswith("trouble 0 24 "), line  # EMFILE
        began, cpu = time.monotonic(), server.cpu_seconds()
        said = 0
        poll = select.poll()
        poll.register(server.process.stdout, select.POLLIN)
        while time.monotonic() - began < 1.0:
            if poll.poll(100):
                said += 1
                server.process.stdout.readline()
        assert server.cpu_seconds() - cpu < 0.2, server.cpu_seconds() - cpu
        assert said <= 1, said
        ended = sum(client.ended() for client in clients)
        assert ended == 1, "%d were closed" % ended
        for client in clients:
            client.sock.close()
        until(lambda: accepts(server), "accepting resumes")
        server.ask("/release", "POST")
        assert busy.answer().status == 200
        assert server.stats()["accept_fails"] > 0


def storm():
    """Connections that come and go in every state leave nothing behind."""
    with Server("linger_ms=50") as server:
        beginnings = [b"", b"G", GET, GET + b"\r\n", POST + b"Content-Length: 9\r\n\r\nabc",
            POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", b"\0\r\n\r\n", request("/big/300000"),
            request("/hold") * 20, POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            POST + b"Content-Length: 99999999\r\n\r\nx"]
        for i in range(2000):
            client = server.connect()
            client.send(beginnings[i % len(beginnings)])
            if i % 3 == 0:
                client.sock.shutdown(socket.SHUT_WR)
            if i % 5 == 0:
                client.wait_read()
            client.sock.close()
            if i % 500 == 499:
                server.ask("/release", "POST")
        until(lambda: not server.ask("/release", "POST") and server.stats()["open"] == 1, "all end")
        server.wait_alone()


main([
    ("a slow head", slow("header_ms", b"GET / HTTP/1.1\r\nX: ", b"a")),
    ("a slow body", slow("body_ms", POST + b"Content-Length: 100000\r\n\r\n", b"a")),
    ("a slow chunked body", slow("body_ms", POST + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"a")),
    ("a slow first line, by empty lines", slow("header_ms", b"\r\n", b"G")),
    ("a silent client", silent),
    ("an idle client", idle),
    ("a pending answer has no deadline", not_idle),
    ("a client that does not read", slow_reader),
    ("a client that asks without reading", greedy),
    ("an endless target", endless(b"GET /", b"a" * 1000, 414)),
    ("an endless method", endless(b"", b"G" * 1000, 414)),
    ("an endless value", endless(GET + b"X: ", b"a" * 1000, 431)),
    ("endless fields", endless(GET, b"a: b\r\n" * 100, 431)),
    ("endless empty lines", endless(b"", b"\r\n" * 100, 400)),
    ("an endless chunk size", endless(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 100, 400)),
    ("endless trailers", endless(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 10, 431)),
    ("an endless body", endless(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"b" * 4096 + b"\r\n", 413)),
    ("a body in the smallest chunks", chunk_flood),
    ("a byte behind a large body", leftovers),
    ("answers that nobody takes", untaken),
    ("answers that nobody can take yet", untaken_behind),
    ("a refusal arrives at a client still sending", refusal_arrives),
    ("pipelined requests", pipelined),
    ("answers in order", mixed),
    ("clients gone, by closing", gone(lambda client: client.sock.close())),
    ("clients gone, by shutdown", gone(go_reset)),
    ("clients gone, by reset", gone_tcp),
    ("half-closed", half_close),
    ("half-closed in a body", half_close_in_body),
    ("unanswered at the end", unanswered_at_exit),
    ("a graceful stop", graceful_stop),
    ("too many connections", too_many),
    ("a thousand idle connections", many_idle),
    ("out of descriptors", out_of_files),
    ("a storm of connections", storm),
])
