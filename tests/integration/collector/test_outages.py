#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a collector answers when Redis dies, hangs, is full, is a replica or is another one: never
200 for what is not kept, never silence, and nothing that was acknowledged is missing afterwards.

usage: test_outages.py WAYMARK [TEST...]
"""

import collections
import json
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "unit", "store"))
import partition_model  # noqa: E402
from door import SERVER, Door, body, event, harness

tap = harness.Tap()


def is_unavailable(answer, name):
    tap.equal(answer.status, 503, name)
    if answer.status == 503:
        tap.ok(1 <= int(answer.fields.get("retry-after", 0)) <= 5, "Retry-After: %r" % answer)
        tap.equal(answer.json()["code"], "unavailable", name)


class Load:
    """Clients that send events one after the other and write down what they were told: the ids of
    events by status, 0 where no answer came."""

    def __init__(self, door, n_clients, make_request):
        self.door, self.make_request = door, make_request
        self.lock, self.ledger, self.longest = threading.Lock(), {}, 0
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(n,)) for n in range(n_clients)]
        for thread in self.threads:
            thread.start()

    def _client(self, number):
        http, count = None, 0
        while not self.ending.is_set():
            ids = ["%d-%d-%d" % (number, count, i) for i in range(1 + count % 4)]
            path, data = self.make_request(ids)
            count += 1
            begun = time.monotonic()
            status = 0
            try:
                http = http or self.door.collector.http(timeout=60)
                status = http.request("POST", path, {"Authorization": harness.basic(SERVER)},
                                      data).status
            except (OSError, ConnectionError, socket.timeout):
                http = None
            with self.lock:
                self.ledger.setdefault(status, []).extend(ids)
                self.longest = max(self.longest, time.monotonic() - begun)
            if status != 200:
                time.sleep(0.02)

    def count(self, status):
        with self.lock:
            return len(self.ledger.get(status, ()))

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        return self.ledger


def batch(ids):
    return "/v1/batch", body({"batch": [event(messageId=i) for i in ids]})


@tap.test
def redis_killed_under_load_loses_nothing_acknowledged():
    with Door() as door:
        load = Load(door, 8, batch)
        try:
            for _ in range(4):
                goal = load.count(200) + 400
                harness.wait_until(lambda: load.count(200) >= goal, "load")
                refused = load.count(503)
                door.server.kill()
                harness.wait_until(lambda: load.count(503) > refused, "503")
                tap.equal(door.collector.status_of("/readyz"), 503, "ready while Redis is dead")
                tap.equal(door.collector.status_of("/healthz"), 200, "alive meanwhile")
                door.server.restart()
                door.collector.wait_ready()
        finally:
            ledger = load.stop()
        stored = set(door.stored_ids())
        missing = [i for i in ledger[200] if i not in stored]
        tap.equal(missing, [], "acknowledged, but not in the log")
        tap.equal(ledger.get(0, []), [], "requests without an answer")
        tap.equal(set(ledger) - {200, 503}, set(), "other answers")
        sent = {i for ids in ledger.values() for i in ids}
        tap.equal(stored - sent, set(), "in the log, but never sent")
        figures = door.metrics()
        tap.equal(figures["waymark_events_accepted_total"], len(ledger[200]), "accepted")
        # What comes while Redis is known to be away is not even read.
        tap.ok(0 < figures["waymark_events_deferred_total"] <= len(ledger[503]), "deferred")
        tap.equal(door.collector.log().count("Redis is away"), 4, "told once for each time")


@tap.test
def a_hanging_redis_is_noticed_in_time():
    with Door("redis_time = 500ms") as door:
        load = Load(door, 8, batch)
        try:
            harness.wait_until(lambda: load.count(200) > 200, "load")
            files = door.collector.open_files()
            door.server.pause()
            begun = time.monotonic()
            harness.wait_until(lambda: load.count(503) > 20, "503")
            tap.ok(time.monotonic() - begun < 10, "503 before long")
            tap.equal(door.collector.status_of("/readyz"), 503, "ready")
            harness.wait_until(lambda: load.count(503) > 200, "more 503")
            tap.ok(door.collector.open_files() <= files + 4, "no pile of descriptors")
            door.server.resume()
            door.collector.wait_ready()
            goal = load.count(200) + 200
            harness.wait_until(lambda: load.count(200) >= goal, "load again")
        finally:
            door.server.resume()
            ledger = load.stop()
        tap.ok(load.longest < 12, "the longest wait was %.1f s" % load.longest)
        stored = set(door.stored_ids())
        tap.equal([i for i in ledger[200] if i not in stored], [], "missing")
        tap.equal(ledger.get(0, []), [], "requests without an answer")


@tap.test
def a_full_redis_is_told_as_unavailable():
    with Door(redis_extra=("--maxmemory", "100mb", "--maxmemory-policy", "noeviction")) as door:
        tap.equal(door.post("/v1/track", event(messageId="first")).status, 200, "before")
        door.server("CONFIG", "SET", "maxmemory", "1")
        is_unavailable(door.post("/v1/track", event()), "full")
        answer = door.collector.get("/readyz")
        tap.equal(answer.status, 503, "ready")
        tap.ok(answer.json()["reason"].startswith("OOM"), "reason: %r" % answer)
        is_unavailable(door.post("/v1/batch", {"batch": [event(), {"type": "page"}]}), "batch")
        door.server("CONFIG", "SET", "maxmemory", "0")
        tap.equal(door.post("/v1/track", event(messageId="last")).status, 200, "after")
        door.collector.wait_ready()
        tap.equal(door.stored_ids(), ["first", "last"], "stored")
        tap.ok(door.metrics()["waymark_log_errors_total"] >= 2, "errors counted")


PAIR = {"userId": "two-names", "anonymousId": "visitor"}


def log_of(key):
    return "wm:{p%d}:in" % (
        partition_model.siphash24(b"waymark:customer", key.encode()) % harness.PARTITIONS)


def told(door):
    """What the logs were told of who is named with whom, and how many entries there are."""
    heads, n = [], 0
    for partition in range(harness.PARTITIONS):
        for _, fields in door.server("XRANGE", "wm:{p%d}:in" % partition, "-", "+"):
            n += 1
            if fields[0] == b"x":
                head = json.loads(fields[1])
                heads.append((head["kind"], head["of"], head["to"]))
    return heads, n


@tap.test
def of_an_event_with_two_names_nothing_is_half_there():
    assert log_of("two-names") != log_of("anon:visitor")
    with Door(redis_extra=("--maxmemory", "100mb", "--maxmemory-policy", "noeviction")) as door:
        door.server("CONFIG", "SET", "maxmemory", "1")
        is_unavailable(door.post("/v1/track", event(**PAIR)), "full")
        tap.ok(door.collector.get("/readyz").json()["reason"].startswith("OOM"), "the reason is told")
        is_unavailable(door.post("/v1/batch", {"batch": [event(**PAIR), event(), event(**PAIR)]}), "batch")
        tap.equal(told(door), ([], 0), "nothing")
        door.server("CONFIG", "SET", "maxmemory", "0")
        # The connection is not left in the middle of anything, and the pair is news still.
        tap.equal(door.post("/v1/batch", {"batch": [event(**PAIR), event(messageId="last")]}).status, 200,
                  "after")
        tap.equal(told(door), ([("named", "two-names", "anon:visitor")], 3), "all of it")
        tap.equal(door.post("/v1/track", event(**PAIR)).status, 200, "known")
        tap.equal(told(door), ([("named", "two-names", "anon:visitor")], 4), "told once")


@tap.test
def a_log_that_takes_no_word_keeps_no_event_out():
    with Door() as door:
        door.server("SET", log_of("anon:visitor"), "no log")
        tap.equal(door.post("/v1/track", event(**PAIR, messageId="one")).status, 200, "taken")
        tap.equal(door.collector.status_of("/readyz"), 200, "ready")
        door.server("DEL", log_of("anon:visitor"))
        tap.equal((told(door), door.stored_ids()), (([], 1), ["one"]), "the event alone")
        tap.equal(door.metrics()["waymark_log_errors_total"], 1, "errors counted")
        tap.ok("in which order events name somebody" in door.collector.log(), "logged")
        # It is told with the next.
        tap.equal(door.post("/v1/track", event(**PAIR, messageId="two")).status, 200, "taken")
        tap.equal(told(door), ([("named", "two-names", "anon:visitor")], 3), "told")


@tap.test
def what_has_no_room_ends_between_two_events():
    """As many bytes are on the way to Redis as may be, in the middle of an event with many names."""
    with Door("waiting = 65536") as door:
        for number in range(6):
            events = [{"type": "track", "event": "E", "userId": "%d-u%d" % (number, i),
                       "identifiers": {"card": "%d%05d" % (4 + number, i), "order": "%d-o%d" % (number, i),
                                       "phone": "+49151%d%06d" % (number, i), "email": "%d@y%d.de" % (i, number),
                                       "device": "%d-d%d-%s" % (number, i, "x" * (i % (number + 1)))}}
                      for i in range(110 + number)]
            is_unavailable(door.post("/v1/batch", {"batch": events}), "no room")
            harness.wait_until(lambda: door.post(
                "/v1/track", event(messageId="after-%d" % number)).status == 200, "room again")
        heads, n = told(door)
        # Each event that is there has all its words there, and no other has any.
        stored = [raw for raw in map(json.loads, door.stored()) if "identifiers" in raw]
        after = [raw["messageId"] for raw in map(json.loads, door.stored()) if "messageId" in raw]
        tap.ok(100 < len(stored) < 600, "some had room: %d" % len(stored))
        words = collections.Counter(of for _, of, _ in heads)
        whole = collections.Counter({raw["userId"]: 5 for raw in stored})
        tap.equal(sorted(((words - whole) + (whole - words)).items())[:3], [], "whole")
        tap.equal(n, len(heads) + len(stored) + 6, "entries")
        tap.equal(sorted(after), ["after-%d" % i for i in range(6)], "those after")


@tap.test
def a_replica_is_no_place_to_write():
    with Door() as door:
        other = door.redis("other", dataset=None)
        door.server("REPLICAOF", "127.0.0.1", "1")
        is_unavailable(door.post("/v1/track", event()), "replica")
        harness.wait_until(lambda: door.post("/v1/track", event(**PAIR)).status == 503, "two names")
        door.server("REPLICAOF", "NO", "ONE")
        harness.wait_until(lambda: door.post("/v1/track", event()).status == 200, "a master again")
        other.kill()


@tap.test
def a_loading_redis_is_waited_for():
    with Door() as door:
        big = {"batch": [event(properties={"pad": "x" * 20000}) for _ in range(100)]}
        for _ in range(10):
            tap.equal(door.post("/v1/batch", big).status, 200, "stored")
        door.server("CONFIG", "SET", "key-load-delay", "1000")
        door.server.kill()
        door.server.command += ["--key-load-delay", "2000", "--loading-process-events-interval-bytes",
                                "1024"]
        door.server.start()
        statuses = set()
        harness.wait_until(lambda: (statuses.add(door.post("/v1/track", event()).status),
                                    200 in statuses)[1], "loaded")
        tap.equal(statuses - {503, 200}, set(), "statuses")
        tap.ok(door.collector.is_running(), "alive")
        tap.ok(len(door.stored_ids()) >= 1001, "all is back")


@tap.test
def an_emptied_redis_stops_the_role():
    with Door() as door:
        tap.equal(door.post("/v1/track", event()).status, 200, "before")
        door.server("FLUSHALL")
        door.server.kill()
        door.server.restart()
        tap.equal(door.collector.wait(), 1, "exit status")
        log = door.collector.log()
        tap.ok("Redis does not hold our data set." in log, log)
        tap.ok("This Redis is empty" in log, "what to do")
        tap.equal(door.server("DBSIZE"), 0, "nothing was written")


@tap.test
def a_foreign_redis_stops_the_role():
    with harness.Place() as place:
        keys = place.write("keys.ini", "[shop]\nkey = wk_server_1\nkind = server\n")

        def start(redis, *more):
            name = "role%d" % len(place.processes)
            return place.role("collector", ["--listen", place.path(name + ".sock"), "--keys", keys,
                                            "--redis", redis.socket, *more], name=name)

        ours = place.redis("ours")
        rows = [
            (place.redis("empty", dataset=None), (), "waymark up"),
            (place.redis("theirs", dataset=None), (), "no data set"),
            (ours, ("--dataset", "f" * 32), harness.DATASET),
        ]
        rows[1][0]("SET", "somebody", "else")
        for redis, more, words in rows:
            before = redis("DBSIZE")
            role = start(redis, *more)
            tap.equal(role.wait(), 1, "exit status of %s" % words)
            tap.ok(words in role.log(), "%s in %s" % (words, role.log()))
            tap.equal(redis("DBSIZE"), before, "nothing was written")
        newer = place.redis("newer")
        newer("HSET", "wm:meta", "format", 2)
        role = start(newer)
        tap.equal(role.wait(), 1, "exit status of a newer format")
        tap.ok("version" in role.log(), role.log())


@tap.test
def redis_may_come_later():
    with Door() as door:
        door.server.kill()
        late = door.start(name="late")
        late.wait_status("/healthz", 200)
        tap.equal(late.status_of("/readyz"), 503, "ready")
        is_unavailable(late.post("/v1/track", body(event()),
                                 {"Authorization": harness.basic(SERVER)}), "away")
        door.server.restart()
        late.wait_ready()
        tap.equal(late.post("/v1/track", body(event()),
                            {"Authorization": harness.basic(SERVER)}).status, 200, "there")
        tap.equal(late.log().count("Redis is away"), 1, "told once")


@tap.test
def the_collector_killed_under_load_loses_nothing_acknowledged():
    with Door() as door:
        load = Load(door, 8, batch)
        try:
            for _ in range(10):
                goal = load.count(200) + 100
                harness.wait_until(lambda: load.count(200) >= goal, "load")
                door.collector.kill()
                door.collector.start()
                door.collector.wait_ready()
        finally:
            ledger = load.stop()
        stored = set(door.stored_ids())
        tap.equal([i for i in ledger[200] if i not in stored], [], "missing")
        tap.equal(set(ledger) - {0, 200, 503}, set(), "other answers")


@tap.test
def asked_to_stop_it_finishes_what_it_began():
    with Door() as door:
        load = Load(door, 8, batch)
        try:
            harness.wait_until(lambda: load.count(200) > 200, "load")
            tap.equal(door.collector.terminate(), 0, "exit status")
        finally:
            ledger = load.stop()
        stored = door.stored_ids()
        tap.equal([i for i in ledger[200] if i not in set(stored)], [], "missing")
        # Whoever has no answer had no request in the log either: what was begun was answered.
        tap.equal(sorted(set(stored) - set(ledger[200])), [], "stored without an answer")
        tap.ok(json.loads(door.collector.log().splitlines()[-1])["message"] == "Stopping.", "log")


tap.run()
