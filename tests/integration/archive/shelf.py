# SPDX-License-Identifier: MIT
"""What the tests of the archive share: a log that is written by hand and taken for applied, the files
as any tool reads them, and a Redis that lets somebody die at any command."""

import contextlib
import glob
import gzip
import json
import os
import socket
import threading

import harness

DAY = 86400 * 1000
MAIL = "jane.roe@example.com"


class Shelf:
    """A Redis with a log of our own making, and an archive of it."""

    def __init__(self, place, partitions=3):
        self.place = place
        self.redis = place.redis(dataset=None)
        self.redis.create_dataset(harness.DATASET, partitions)
        self.partitions = partitions
        self.common = ["--redis", "unix:" + self.redis.socket, "--dataset", harness.DATASET]
        self.directory = place.path("archive")
        self.log = []  # (partition, id, kind, customer, fields)

    def add(self, partition, entry, kind, customer, fields):
        with contextlib.closing(self.redis.client()) as client:
            client("XADD", "wm:{p%d}:in" % partition, entry,
                   *[part for pair in fields.items() for part in pair])
        self.log.append((partition, entry, kind, customer, fields))

    def event(self, partition, entry, user, name="Order Completed", **more):
        event = {"type": "track", "event": name, "userId": user, "messageId": "m" + entry,
                 "properties": {"order_id": "o" + entry}, "traits": {"email": MAIL}}
        self.add(partition, entry, "event", user, {
            "e": json.dumps(event), "m": "web/web/track %s -" % entry.split("-")[0], **more})

    def apply(self, partition, entry=None):
        """As if a worker had come so far (all of it)."""
        entry = entry or max(((p, i) for p, i, *_ in self.log if p == partition),
                             key=lambda e: split(e[1]))[1]
        self.redis("HSET", "wm:{p%d}:pos" % partition, "id", entry,
                   "clock", entry.split("-")[0])

    def fill(self, at, days=2, n=40):
        """Events of five customers, and one of each other kind, in every partition and day."""
        for day in range(days):
            for partition in range(self.partitions):
                start = at + day * DAY + partition
                for i in range(n):
                    self.event(partition, "%d-%d" % (start + i // 3 * 1000, i % 3),
                               "u%d" % (i % 5), name=("Order Completed", "Product Viewed",
                                                      "Called " + MAIL)[i % 3])
                late = start + n * 1000
                self.add(partition, "%d-0" % late, "watermark", None, {
                    "w": "till-3", "t": str(late), "m": "till-3/store %d -" % late})
                self.add(partition, "%d-1" % late, "rules", None, {"r": "0123456789abcdef"})
                self.add(partition, "%d-2" % late, "message", "u1", {
                    "x": json.dumps({"from": 0, "seq": 1 + day, "kind": "claim", "to": "u1",
                                     "of": "email:" + MAIL, "rights": 1, "linked_at": 1,
                                     "said_at": 1})})
                self.event(partition, "%d-3" % late, "u2", o=b"\x00\xff raw \n")
                self.add(partition, "%d-4" % late, "event", None, {
                    "e": '{"event":"%s"' % MAIL, "m": "web/web/track 1 -"})
        for partition in range(self.partitions):
            self.apply(partition)

    # The archive

    def options(self, directory=None):
        return ["--directory", directory or self.directory]

    def once(self, *more, directory=None, redis=None):
        common = ["--redis", redis, "--dataset", harness.DATASET] if redis else self.common
        return self.place.tool("archive", "run", "--once", *self.options(directory), *common, *more)

    def role(self, *more, **named):
        return self.place.role("archive", ["run", *self.options(), *self.common, *more], **named)

    def check(self, *more):
        """(status, the faults, the last line)"""
        status, out, error = self.place.tool(
            "archive", "check", "--json", *self.options(), *self.common, *more)
        lines = [json.loads(line) for line in out.splitlines()]
        assert lines, error
        return status, [line["fault"] for line in lines[:-1]], lines[-1]

    def cat(self, *more):
        """(the entries, standard error)"""
        status, out, error = self.place.tool(
            "archive", "cat", *self.options(), *self.common, *more)
        assert status == 0, error
        return [json.loads(line) for line in out.splitlines()], error

    def files(self, directory=None):
        return sorted(glob.glob(os.path.join(directory or self.directory, "dt=*", "*.ndjson.gz")),
                      key=place_of)

    def lines(self, directory=None):
        """The entries' lines, as they stand in the files, by partition."""
        found = {}
        for path in self.files(directory):
            for line in read(path)[1:-1]:
                found.setdefault(place_of(path)[0], []).append(line)
        return found

    def arch(self, partition):
        pairs = self.redis("HGETALL", "wm:{p%d}:arch" % partition)
        return {k.decode(): v.decode() for k, v in zip(pairs[::2], pairs[1::2])}

    def expected(self):
        """What cat says of all that was applied, but for what came along with it."""
        return sorted(((split(entry), partition, kind, customer)
                       for partition, entry, kind, customer, _ in self.log))


def split(entry):
    ms, seq = entry.split("-")
    return int(ms), int(seq)


def place_of(path):
    partition, _, entry = os.path.basename(path)[1:-len(".ndjson.gz")].partition("-")
    return int(partition), split(entry)


def read(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def seen(entries):
    """Of what cat printed, the part that expected() has."""
    return [(split(e["id"]), e["partition"], e["kind"], e.get("customer")) for e in entries]


class Bridge:
    """A unix socket that passes commands on to Redis, and calls ACT(n, command) before the n-th one
    from when it is armed; what it returns false for is not passed on."""

    def __init__(self, place, redis):
        self.path, self.redis = place.path("bridge"), redis
        self.act, self.count, self.mute = None, 0, False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, act):
        self.act, self.count, self.mute = act, 0, False

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.redis.socket)
        threading.Thread(target=self._answers, args=(server, client), daemon=True).start()
        source = client.makefile("rb")
        with contextlib.suppress(OSError, ValueError):
            while True:
                head = source.readline()
                if not head:
                    break
                parts, raw = [], [head]
                for _ in range(int(head[1:])):
                    length = source.readline()
                    body = source.read(int(length[1:]) + 2)
                    raw += [length, body]
                    parts.append(body[:-2])
                self.count += 1
                if not self.act or self.act(self.count, parts):
                    server.sendall(b"".join(raw))
        server.close()
        client.close()

    def _answers(self, server, client):
        with contextlib.suppress(OSError):
            while True:
                data = server.recv(65536)
                if not data:
                    break
                if not self.mute:
                    client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
