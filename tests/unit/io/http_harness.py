# SPDX-License-Identifier: MIT
"""A server under attack and the means to attack it: raw sockets, whose bytes arrive in the pieces
that a test wants. Nothing here sleeps to wait for something: a piece counts as arrived when the
kernel says that the server has read it.
"""

import array
import fcntl
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

WAIT = 20.0  # seconds until a test gives up; no test waits this long unless it fails


class Server:
    """echo_server on a unix socket (and, when asked for, on TCP)."""

    def __init__(self, *settings, tcp=False, files=None):
        self.dir = tempfile.TemporaryDirectory(prefix="waymark-http-")
        self.path = os.path.join(self.dir.name, "socket")
        self.tcp = tcp
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None
        address = "127.0.0.1:0" if tcp else self.path
        self.process = subprocess.Popen(
            [sys.argv[1], address] + list(settings), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, preexec_fn=limit, text=True
        )
        self.port = int(self.process.stdout.readline().split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        """Ends it at once, and sees that it ended well (no sanitizer has complained)."""
        self.process.stdin.close()
        status = self.process.wait(WAIT)
        self.process.stdout.close()
        self.dir.cleanup()
        assert status == 0, "the server ended with %d" % status

    def connect(self):
        if self.tcp:
            sock = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(WAIT)
            sock.connect(self.path)
        return Client(sock)

    def ask(self, path, method="GET"):
        """One request on a connection of its own; the body of the answer."""
        with self.connect() as client:
            client.send(request(path, method=method, close=True))
            answers = client.answers()
        assert len(answers) == 1, answers
        return answers[0].body

    def stats(self):
        return json.loads(self.ask("/stats"))

    def wait_held(self, count):
        until(lambda: int(self.ask("/held").split()[0]) == count, "%d are held" % count)

    def wait_alone(self):
        """Until no connection and no request is left but those of the asking."""
        until(lambda: self.stats()["open"] == 1, "all others are closed")
        assert self.stats()["unanswered"] == 1

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self):
        with open("/proc/%d/statm" % self.process.pid, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return "%d %r" % (self.status, self.body[:60])


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.sock.close()

    def send(self, data):
        """Sends all; a server that has closed already is no error here."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def is_read(self):
        """Whether the server has read all that was sent (unix sockets), or its kernel has it."""
        count = array.array("i", [0])
        fcntl.ioctl(self.sock, termios.TIOCOUTQ, count)
        return count[0] == 0

    def wait_read(self):
        until(lambda: self.is_read() or self.ended(), "the server reads")

    def ended(self):
        """Whether the server has closed, without taking anything."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        return bool(poll.poll(0))

    def send_pieces(self, *pieces):
        """Sends each piece once the one before has been read."""
        for piece in pieces:
            if not self.send(piece):
                return
            self.wait_read()

    def receive(self):
        """All bytes until the server closes."""
        data = self.left
        self.left = b""
        while True:
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return data
            data += more

    def answers(self, methods=()):
        """The answers until the server closes. METHODS are those of the requests, to know which
        answers have no body."""
        return parse_answers(self.receive(), list(methods))

    def answer(self, method="GET"):
        """The next answer, on a connection that stays open."""
        while True:
            found = parse_one(self.left, method)
            if found:
                answer, self.left = found
                return answer
            more = self.sock.recv(65536)
            assert more, "closed after %r" % self.left
            self.left += more

    def at_end(self):
        """True if nothing follows and the server has closed."""
        return self.receive() == b""


def request(path, method="GET", headers=(), body=b"", close=False):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: test"]
    lines += ["%s: %s" % pair for pair in headers]
    if body or method == "POST":
        lines.append("Content-Length: %d" % len(body))
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def parse_one(data, method):
    """The first answer in DATA and what follows it, or None if it is not whole."""
    head, mark, rest = data.partition(b"\r\n\r\n")
    if not mark:
        return None
    lines = head.decode().split("\r\n")
    match = re.fullmatch(r"HTTP/1\.1 (\d\d\d) [A-Za-z ]+", lines[0])
    assert match, lines[0]
    status = int(match.group(1))
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(": ")
        assert colon and name.lower() not in headers, line
        headers[name.lower()] = value
    if status < 200 or status in (204, 304) or method == "HEAD":
        return Answer(status, headers, b""), rest
    length = int(headers["content-length"])
    if len(rest) < length:
        return None
    return Answer(status, headers, rest[:length]), rest[length:]


def parse_answers(data, methods=()):
    answers = []
    methods = list(methods)
    while data:
        found = parse_one(data, methods.pop(0) if methods else "GET")
        assert found, "half an answer: %r" % data
        answers.append(found[0])
        data = found[1]
    return answers


def until(condition, what):
    """Waits for a condition that others bring about."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "in vain: " + what
        os.sched_yield()


def reset(sock):
    """Closes with a reset instead of an orderly end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def main(cases):
    """Runs (name, function) pairs and speaks TAP; a function raises to fail, and returns a text
    to be skipped."""
    failed = 0
    print("1..%d" % len(cases))
    for number, (name, function) in enumerate(cases, 1):
        skip = None
        try:
            skip = function()
            verdict = "ok"
        except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
            failed += 1
            verdict = "not ok"
            for line in ("%s: %s" % (type(error).__name__, error)).splitlines():
                print("# %s" % line)
        print("%s %d - %s%s" % (verdict, number, name, " # SKIP %s" % skip if skip else ""))
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
