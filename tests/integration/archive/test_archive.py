#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The archive: what was applied is in files, once and whole, whatever dies; each customer's lines are
readable as long as their key is kept; the log loses only what is archived and old."""

import collections
import gzip
import hashlib
import json
import os
import resource
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, HERE)
import harness  # noqa: E402
import shelf  # noqa: E402

tap = harness.Tap()
# Noon of a day not long ago: files of two days, whatever the time is now, and nothing of it so old
# that it leaves the log.
NOON = int(time.time() * 1000) // shelf.DAY * shelf.DAY - 5 * shelf.DAY // 2


@tap.test
def what_was_applied_is_in_the_files():
    with harness.Place() as place:
        s = shelf.Shelf(place)
        s.fill(NOON)
        want = s.expected()
        # Not applied yet.
        s.event(0, "%d-0" % (NOON + 9 * shelf.DAY), "u1")
        status, _, error = s.once()
        tap.equal(status, 0, "status: " + error)
        entries, error = s.cat()
        tap.equal(error, "", "all of it can be read")
        tap.equal(seen_order(entries), want, "the entries, in order")
        by_id = {(e["partition"], e["id"]): e for e in entries}
        for partition, entry, kind, _, fields in s.log[:-1]:
            got = by_id[partition, entry]
            if kind == "event" and "u" in fields["e"][:60]:
                tap.equal(got.get("meta"), fields["m"], "meta of " + entry)
            if kind == "event" and fields["e"].endswith("}"):
                tap.equal(got["event"], json.loads(fields["e"]), "event " + entry)
            if "o" in fields:
                tap.equal(got["original"], {"base64": "AP8gcmF3IAo="}, "bytes")
        tap.equal(s.check()[:2], (0, []), "check")
        names = [os.path.relpath(path, s.directory) for path in s.files()]
        day = time.strftime("%Y-%m-%d", time.gmtime(NOON / 1000))
        tap.equal(names[0], "dt=%s/p00-%d-0.ndjson.gz" % (day, NOON), "a file's name")
        tap.equal(len(names), 6, "a file of each partition and day: %s" % names)


def seen_order(entries):
    found = shelf.seen(entries)
    tap.equal(found, sorted(found, key=lambda e: (e[0], e[1])), "in order of receipt")
    return sorted(found)


@tap.test
def anybody_can_count_and_nobody_can_read():
    with harness.Place() as place:
        s = shelf.Shelf(place)
        s.fill(NOON)
        tap.equal(s.once()[0], 0, "status")
        count = collections.Counter()
        for lines in s.lines().values():
            for line in lines:
                entry = json.loads(line)
                count[entry["kind"], entry.get("source"), entry.get("name")] += 1
                tap.ok("plain" in entry or len(entry["key"]) == 32, "sealed: " + line)
        # 40 events a partition and day: of every three, one of each name; u2's with an original
        tap.equal(count["event", "web", "Order Completed"], 6 * (14 + 1), "orders")
        tap.equal(count["event", "web", "Product Viewed"], 6 * 13, "views")
        tap.equal(count["event", "web", None], 6 * (13 + 1), "names of its own are not told")
        tap.equal(count["message", None, "claim"], 6, "messages")
        tap.equal((count["watermark", None, None], count["rules", None, None]), (6, 6), "others")
        for path in s.files():
            with gzip.open(path) as file:
                data = file.read()
            tap.ok(b"jane" not in data and b'"u1"' not in data, "nobody is named in " + path)
            first, last = shelf.read(path)[0], shelf.read(path)[-1]
            tap.equal(json.loads(first)["kind"], "file", "first line")
            digest = hashlib.sha256(data[:-len(last) - 1]).hexdigest()
            tap.equal(json.loads(last)["sha256"], digest, "digest of " + path)
        tap.equal(s.check("--offline")[:2], (0, []), "check without Redis")
        one, _ = s.cat("--customer", "u3")
        tap.equal({e["customer"] for e in one}, {"u3"}, "of one customer")
        some, _ = s.cat("--from", str(NOON + 5000), "--to", str(NOON + 9000))
        tap.equal(len(some), len([e for e in s.expected() if NOON + 5000 <= e[0][0] < NOON + 9000]),
                  "of some time")
        status, out, _ = s.place.tool("archive", "cat", "--bare", *s.options(), *s.common)
        tap.equal((status, len([json.loads(line) for line in out.splitlines()])),
                  (0, 6 * 41), "bare events, but for those that are none")


@tap.test
def nothing_is_lost_or_twice_whatever_step_it_dies_at():
    with harness.Place() as place:
        s = shelf.Shelf(place, partitions=2)
        s.fill(NOON, n=60)
        tap.equal(s.once("--segment", "4K")[0], 0, "undisturbed")
        want = s.lines()
        bridge = shelf.Bridge(place, s.redis)
        steps, died = 1, 0
        while True:
            directory = place.path("again%d" % steps)
            for partition in range(2):
                s.redis("DEL", "wm:{p%d}:arch" % partition)
            # Die before every command, and after it with the answer lost.
            for late in (False, True):
                died += die_at(s, bridge, steps, late, directory)
            status, _, error = s.once("--segment", "4K", directory=directory)
            tap.equal(status, 0, "afterwards: " + error)
            tap.equal(s.lines(directory), want, "after step %d: the same lines" % steps)
            old, s.directory = s.directory, directory
            tap.equal(s.check()[:2], (0, []), "check after step %d" % steps)
            s.directory = old
            left = [n for _, _, names in os.walk(directory) for n in names if n.startswith(".")]
            tap.equal(left, [], "no drafts are left")
            if not bridge.mute or tap.failures:
                break
            steps += 1 if steps < 24 else 7
        print("# %d steps, died %d times" % (steps, died), flush=True)
        tap.ok(steps > 24, "steps: %d" % steps)


def die_at(s, bridge, step, late, directory):
    """Kills an archiver at its STEP-th command; 1 if it came so far."""
    child = []

    def act(n, _):
        if n == step:
            bridge.mute = True
            if not late:
                child[0].kill()
        return n < step or (late and n == step)

    bridge.arm(act)
    child.append(harness.Process(
        [harness.waymark(), "archive", "run", "--once", "--directory", directory, "--segment", "4K",
         "--redis", "unix:" + bridge.path, "--dataset", harness.DATASET], s.place.path("died.log")))
    harness.wait_until(lambda: bridge.mute or not child[0].is_running(), "its step")
    if bridge.mute and late:
        # What was passed on has been done when Redis answers a later question.
        s.redis("PING")
    came = bridge.mute
    child[0].kill()
    return int(came)


@tap.test
def whose_key_is_gone_cannot_be_read_and_nobody_else_is_touched():
    with harness.Place() as place:
        s = shelf.Shelf(place, partitions=1)
        s.fill(NOON, days=1)
        tap.equal(s.once()[0], 0, "status")
        before, _ = s.cat()
        key = s.redis("HGET", "wm:{p0}:seal", "u1").decode()
        tap.equal(len(key), 96, "a key as text")
        s.redis("HDEL", "wm:{p0}:seal", "u1")
        after, error = s.cat()
        lost = [e for e in before if e.get("customer") == "u1"]
        tap.equal(after, [e for e in before if e not in lost], "only theirs")
        tap.ok("%d entries" % len(lost) in error, "said: " + error)
        status, faults, total = s.check()
        tap.equal((status, faults, total["unreadable"]), (0, [], len(lost)), "check")
        # Erased for good: what still comes in of them gets no key; of others it does.
        import hmac  # pylint: disable=import-outside-toplevel
        salt = "ab" * 32
        s.redis("HSET", "wm:meta", "salt", salt)
        name = hmac.new(salt.encode(), b"u1", hashlib.sha256).hexdigest()
        s.redis("HSET", "wm:{p0}:gone", name, "1", "salt", salt)
        s.event(0, "%d-0" % (NOON + 100000), "u1")
        s.event(0, "%d-1" % (NOON + 100000), "new")
        s.apply(0)
        tap.equal(s.once()[0], 0, "again")
        tap.equal(s.redis("HEXISTS", "wm:{p0}:seal", "u1"), 0, "no new key")
        tap.equal(s.redis("HEXISTS", "wm:{p0}:seal", "new"), 1, "a key for others")
        last, _ = s.cat()
        tap.equal(len(last), len(after) + 1, "their new entry cannot be read either")
        tap.equal(s.check()[2]["unreadable"], len(lost) + 1, "and is counted")


@tap.test
def damage_is_found():
    with harness.Place() as place:
        s = shelf.Shelf(place, partitions=1)
        s.fill(NOON)
        tap.equal(s.once("--segment", "4K")[0], 0, "status")
        files = s.files()
        tap.ok(len(files) > 4, "files: %d" % len(files))
        good = [open(path, "rb").read() for path in files]

        def damaged(number, data, what, *words):
            if data is None:
                os.unlink(files[number])
            else:
                with open(files[number], "wb") as file:
                    file.write(data)
            status, faults, _ = s.check()
            tap.equal(status, 1, what)
            tap.ok(any(all(w in f for w in words) for f in faults), "%s: %s" % (what, faults))
            with open(files[number], "wb") as file:
                file.write(good[number])

        flipped = bytearray(good[1])
        flipped[len(flipped) // 2] ^= 4
        name = os.path.basename(files[1])
        damaged(1, bytes(flipped), "a bit", name)
        damaged(1, good[1][:-20], "a cut end", name)
        damaged(1, b"", "an empty file", name)
        damaged(1, None, "a missing file", os.path.basename(files[2]), "goes on from")
        damaged(len(files) - 1, None, "the last one missing", "up to")
        lines = shelf.read(files[1])
        less = "\n".join(lines[:1] + lines[2:]) + "\n"
        damaged(1, gzip.compress(less.encode()), "a line less", name)
        # Somebody who knows how the files are made, but has no key.
        entry = json.loads(lines[2])
        swapped = lines[2].replace('"source":"%s"' % entry["source"], '"source":"vip"')
        lines = lines[:2] + [swapped] + lines[3:]
        body = "".join(line + "\n" for line in lines[:-1])
        end = json.loads(lines[-1])
        end["sha256"] = hashlib.sha256(body.encode()).hexdigest()
        body += json.dumps(end, separators=(",", ":")) + "\n"
        damaged(1, gzip.compress(body.encode()), "a forged line", "not what was sealed")
        tap.equal(s.check()[:2], (0, []), "and nothing else")


@tap.test
def a_full_disk_stops_the_archive_and_loses_nothing():
    with harness.Place() as place:
        s = shelf.Shelf(place, partitions=2)
        s.fill(NOON, n=100)
        role = full_disk(s)
        harness.wait_until(lambda: "The archive stands still" in role.log(), "its words")
        tap.equal([s.arch(p).get("id") for p in range(2)], [None, None], "nothing moved")
        harness.wait_until(lambda: "trouble" in s.arch(0), "what is wrong, in Redis")
        tap.equal(s.files(), [], "no file")
        resource.prlimit(role.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        harness.wait_until(lambda: "The archive goes on" in role.log(), "good news")
        tap.equal(seen_order(s.cat()[0]), s.expected(), "all of it")
        tap.equal([s.arch(p).get("trouble") for p in range(2)], [None, None], "no trouble left")
        tap.equal(role.terminate(), 0, "exit status")
        tap.equal(role.log().count("stands still"), 1, "said once")


def full_disk(s):
    """An archiver none of whose files may have more than 5 KiB."""
    role = harness.Process(
        ["sh", "-c", "trap '' XFSZ; ulimit -S -f 10; exec \"$@\"", "sh", harness.waymark(),
         "archive", "run", "--log-format", "json", "--every", "100ms", *s.options(), *s.common],
        s.place.path("full.log"))
    s.place.processes.append(role)
    return role


@tap.test
def the_log_loses_what_is_archived_and_old():
    now = int(time.time() * 1000)
    with harness.Place() as place:
        s = shelf.Shelf(place, partitions=1)
        for day, n in ((40, 350), (10, 20), (0, 5)):
            for i in range(n):
                s.event(0, "%d-0" % (now - day * shelf.DAY - 10000 + i), "u%d" % (i % 7))
        s.apply(0, "%d-0" % (now - 40 * shelf.DAY - 10000 + 199))
        tap.equal(s.once()[0], 0, "half of the old")
        tap.equal(s.redis("XLEN", "wm:{p0}:in"), 375 - 200, "no more than is applied goes")
        s.apply(0)
        tap.equal(s.once("--keep", "11d")[0], 0, "all")
        tap.equal(s.redis("XLEN", "wm:{p0}:in"), 25, "what is younger than it is kept for stays")
        tap.equal(s.once("--keep", "25h")[0], 0, "shorter")
        tap.equal(s.redis("XLEN", "wm:{p0}:in"), 5, "the least")
        tap.equal(s.once("--keep", "24h")[0], 2, "less than duplicates are recognised for")
        tap.equal(seen_order(s.cat()[0]), s.expected(), "all of it is in the archive")


@tap.test
def one_writes():
    with harness.Place() as place:
        s = shelf.Shelf(place, partitions=2)
        s.fill(NOON)
        role = s.role("--every", "100ms")
        harness.wait_until(lambda: "id" in s.arch(1), "the first round")
        status, _, error = s.once()
        tap.ok(status == 1 and "another" in error, "the same directory: %s" % error)
        status, _, error = s.once(directory=place.path("other"))
        tap.ok(status == 1 and "--moved" in error, "another directory: %s" % error)
        tap.equal(role.terminate(), 0, "exit status")
        s.event(0, "%d-0" % (NOON + 3 * shelf.DAY), "u1")
        s.apply(0)
        status, _, error = s.once("--moved", directory=place.path("other"))
        tap.equal(status, 0, "moved: " + error)
        tap.equal(len(s.files(place.path("other"))), 1, "it goes on there")
        # One that slept while somebody else took over moves nothing.
        s.event(0, "%d-0" % (NOON + 4 * shelf.DAY), "u1")
        s.apply(0)
        bridge = shelf.Bridge(place, s.redis)

        def act(_, parts):
            if parts[0] == b"EVAL" and b"'lines'" in parts[1]:
                s.redis("HINCRBY", "wm:{p0}:arch", "epoch", 1)
            return True

        bridge.arm(act)
        before = s.arch(0)["id"]
        status, _, error = s.once(directory=place.path("other"), redis="unix:" + bridge.path)
        tap.ok(status == 1 and "another process" in error, "fenced: %s" % error)
        tap.equal(s.arch(0)["id"], before, "nothing moved")
        status, _, error = s.once(directory=place.path("other"))
        tap.equal(status, 0, "the next one counts its file: " + error)
        tap.equal([len(lines) for lines in s.lines(place.path("other")).values()], [2], "once")


@tap.test
def files_that_the_log_does_not_know_are_not_touched():
    with harness.Place() as place:
        s = shelf.Shelf(place, partitions=1)
        s.fill(NOON)
        tap.equal(s.once()[0], 0, "status")
        files = s.files()
        # Redis comes back from a backup of before.
        s.redis("DEL", "wm:{p0}:arch")
        s.apply(0, "%d-0" % (NOON + 2000))
        status, _, error = s.once()
        tap.ok(status == 1 and "backup" in error, "said: %s" % error)
        tap.equal(s.files(), files, "all files are there")
        tap.equal(s.arch(0).get("id"), None, "nothing moved")


tap.run()
