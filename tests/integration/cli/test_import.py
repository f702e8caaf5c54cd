# SPDX-License-Identifier: MIT
"""`waymark import`: every line is accounted for, order is kept, and nothing counts twice."""

import gzip
import json
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()
LINE_MAX = 1 << 20  # src/cli/event_file.h
BATCH_BYTES = 480 * 1000
BATCH_ITEMS = 500


def event(user, name="Product Viewed", message_id=None, **more):
    body = {"type": "track", "userId": user, "event": name, **more}
    if message_id:
        body["messageId"] = message_id
    return json.dumps(body)


def lines(*texts):
    return "".join(text + "\n" for text in texts).encode()


def reasons(account):
    return {r["code"]: (r["count"], [e["line"] for e in r["examples"]]) for r in account["reasons"]}


@tap.test
def real_events_all_arrive_in_order_and_once():
    source = harness.shared_data("olist", "events.ndjson.gz")
    with gzip.open(source, "rt", encoding="utf-8") as file:
        sent = [json.loads(line) for line in file]
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        status, account, _ = up.bring(source, "--wait")
        tap.equal(status, 0, "exit status")
        tap.equal([account[k] for k in ("lines", "accepted", "refused", "applied", "duplicates")],
                  [len(sent), len(sent), 0, len(sent), 0], "account")
        by_user = {}
        for item in sent:
            by_user.setdefault(item["userId"], []).append(item["messageId"])
        got = {}
        client = up.redis()
        for partition in range(harness.PARTITIONS):
            for _, fields in client("XRANGE", "wm:{p%d}:in" % partition, "-", "+"):
                item = json.loads(fields[fields.index(b"e") + 1])
                got.setdefault(item["userId"], []).append(item["messageId"])
        tap.equal(got == by_user, True, "each customer's events in the order of the file")
        status, account, _ = up.bring(source, "--wait")
        tap.equal([account[k] for k in ("accepted", "applied", "duplicates")],
                  [len(sent), 0, len(sent)], "account of the second time")
        tap.equal(up.stop(), 0, "up")


@tap.test
def bad_lines_are_told_with_their_numbers():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        status, account, _ = up.bring("-", stdin=lines(
            event("u"), "{", "", event("u"), "[1]", '{"type":"track","userId":"u"}',
            '{"a":1,}', event(""), event("u", "\ud800"), "nope", event("u")))
        tap.equal(status, 1, "exit status")
        tap.equal([account[k] for k in ("lines", "accepted", "refused")], [10, 3, 7], "account")
        tap.equal(reasons(account), {
            "malformed_json": (2, [2, 7]), "not_object": (2, [5, 10]), "missing_event": (1, [6]),
            "no_user_anon_id": (1, [8]), "lone_surrogate": (1, [9])}, "reasons")
        tap.equal(up.stop(), 0, "up")


@tap.test
def lengths_at_their_limits():
    def padded(size):
        empty = len(event("u", pad=""))
        return event("u", pad="x" * (size - empty))

    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        status, account, _ = up.bring("-", stdin=lines(
            padded(32768), padded(32769), padded(BATCH_BYTES - 20), padded(BATCH_BYTES),
            padded(LINE_MAX), padded(LINE_MAX + 1), padded(3 * LINE_MAX), event("u")))
        tap.equal(status, 1, "exit status")
        tap.equal([account[k] for k in ("lines", "accepted", "refused")], [8, 2, 6], "account")
        tap.equal(reasons(account), {"item_too_large": (6, [2, 3, 4])}, "reasons")
        for n, batches in ((1, 1), (BATCH_ITEMS, 1), (BATCH_ITEMS + 1, 2), (0, 0)):
            status, account, _ = up.bring("-", stdin=lines(*[event("u%d" % i) for i in range(n)]))
            tap.equal((status, account["accepted"], account["batches"]), (0, n, batches),
                      "%d lines" % n)
        # As many as fit by their bytes: 15 of 32000.
        status, account, _ = up.bring("-", stdin=lines(*[padded(32000)] * 30))
        tap.equal((account["accepted"], account["batches"]), (30, 3), "batches by bytes")
        tap.equal(up.stop(), 0, "up")


@tap.test
def damaged_gzip_counts_as_far_as_it_can_be_read():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        plain = lines(*[event("u%d" % i, message_id="m%d" % i) for i in range(5000)])
        packed = gzip.compress(plain)
        path = place.path("events.gz")
        with open(path, "wb") as file:
            file.write(packed[:len(packed) // 2])
        status, account, err = up.bring(path)
        tap.equal(status, 1, "exit status of a file cut off")
        tap.ok(100 < account["lines"] < 5000, "lines")
        tap.ok(account["accepted"] >= account["lines"] - 1, "accepted")
        tap.ok("damaged or cut off" in err, err)
        with open(path, "wb") as file:
            file.write(packed)
        tap.equal(up.bring(path, "--wait")[1]["accepted"], 5000, "the whole file")
        tap.equal(up.stop(), 0, "up")


@tap.test
def a_collector_that_dies_on_the_way_costs_nothing():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        path = place.path("events.ndjson")
        with open(path, "wb") as file:
            file.write(lines(*[event("u%d" % (i % 100), message_id="m%d" % i)
                               for i in range(60000)]))
        done = []
        thread = threading.Thread(target=lambda: done.append(up.bring(path, "--wait")))
        thread.start()
        client = up.redis()
        harness.wait_until(lambda: client("XLEN", "wm:{p3}:in") > 50, "the first events")
        for name in ("collector", "redis", "worker"):
            up.kill_child(name)
        thread.join()
        status, account, _ = done[0]
        tap.equal(status, 0, "exit status")
        tap.equal([account[k] for k in ("lines", "accepted", "refused")], [60000, 60000, 0],
                  "account")
        tap.equal(account["applied"], 60000, "applied once")
        tap.equal(account["conflicts"] + account["quarantined"], 0, "nothing odd")
        tap.equal(up.stop(), 0, "up")


@tap.test
def lines_without_an_id_are_said_to_be_doubtful():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        os.kill(up.pid_of("collector"), 19)
        done = []
        thread = threading.Thread(target=lambda: done.append(up.bring(
            "-", stdin=lines(event("u"), event("u", message_id="m")))))
        thread.start()
        upbox.pause(1)  # so that the request is under way when the collector dies
        up.kill_child("collector")
        thread.join()
        status, account, _ = done[0]
        tap.equal((status, account["accepted"]), (0, 2), "accepted")
        tap.equal((account["sent_again"], account["doubtful"]), (1, 1), "sent again, doubtful")
        tap.equal(up.stop(), 0, "up")


@tap.test
def no_collector_and_no_key_are_told():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        status, account, err = up.bring("-", "--key", "wk_nobody_has_this", stdin=lines(event("u")))
        tap.equal(status, 1, "exit status with a wrong key")
        tap.equal(account["accepted"], 0, "accepted with a wrong key")
        tap.ok("does not take this write key" in err, err)
        status, _, err = place.tool("import", "--url", "unix:" + place.path("nobody.sock"),
                                    "--data", up.data, "--patience", "500ms", "-",
                                    stdin=lines(event("u")))
        tap.equal(status, 1, "exit status without a collector")
        tap.ok("trying again" in err and "Is `waymark up` running?" in err, err)
        status, _, err = place.tool("import", "--data", place.path("nothing"), "-", stdin=b"")
        tap.equal(status, 2, "exit status without a key")
        tap.ok("--key" in err, err)
        status, _, err = up.tool("import", place.path("missing"))
        tap.equal(status, 2, "exit status without a file")
        tap.equal(up.stop(), 0, "up")


tap.run()
