#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark up --archive` writes an archive beside everything else, and stats, doctor and the console's
metrics tell how far it is, and when it stands still."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import harness  # noqa: E402
import upbox  # noqa: E402

tap = harness.Tap()


def finding(up):
    _, out, _ = up.tool("doctor", "--json", "--collector-listen", up.collector,
                        "--console-listen", up.console)
    return {row["check"]: row for row in map(json.loads, out.splitlines())}["archive"]


def figures(up):
    status, out, error = up.tool("stats", "--json")
    assert status == 0, error
    return json.loads(out)["partitions"]


def metrics(up):
    answer = up.get("/metrics")
    tap.equal(answer.status, 200, "metrics")
    text = answer.body.decode()
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()
            if line.startswith("waymark_archive")}


@tap.test
def without_a_directory_there_is_none():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        tap.equal(finding(up)["finding"], "note", "doctor")
        tap.ok("archived" not in figures(up)[0], "stats")
        tap.equal(metrics(up), {}, "metrics")
        tap.ok("archive" not in up.children(), "no process")
        tap.equal(up.terminate(), 0, "exit status")


@tap.test
def up_archives_and_all_who_look_see_it():
    with harness.Place() as place:
        directory = place.path("files")
        up = upbox.Up(place, args=["--archive", directory],
                      env={"WAYMARK_ARCHIVE_EVERY": "100ms"}).wait_up()
        tap.equal(len(up.children()["archive"]), 1, "a process")
        tap.ok(directory in up.banner(), "banner")
        events = "".join(json.dumps({
            "type": "track", "event": "Product Viewed", "userId": "u%d" % i,
            "messageId": "m%d" % i, "properties": {"product_id": "p"}}) + "\n" for i in range(200))
        status, _, error = up.bring(place.write("events.ndjson", events))
        tap.equal(status, 0, "import: " + error)

        def archived():
            return sum(f.get("archived_entries", 0) for f in figures(up))
        harness.wait_until(lambda: archived() >= 200, "all archived")
        tap.equal({f["archive_lag_ms"] for f in figures(up)}, {0}, "no lag")
        tap.equal(finding(up)["finding"], "fine", "doctor: %s" % finding(up))
        status, out, error = up.tool("archive", "cat", "--bare", directory)
        tap.equal((status, len(out.splitlines())), (0, 200), "cat: " + error)
        harness.wait_until(lambda: metrics(up).get("waymark_archived_entries_total", 0) >= 200,
                           "the console's metrics")
        tap.equal(metrics(up)["waymark_archive_stuck_partitions"], 0, "nothing is stuck")
        # The directory goes, as a disk that is no longer there does.
        os.rename(directory, directory + ".away")
        more = place.write("more.ndjson", events.replace('"messageId": "m', '"messageId": "n'))
        tap.equal(up.bring(more)[0], 0, "import goes on")
        harness.wait_until(lambda: finding(up)["finding"] == "wrong", "doctor sees it")
        tap.ok("stands still" in finding(up)["message"], finding(up)["message"])
        harness.wait_until(lambda: metrics(up)["waymark_archive_stuck_partitions"] > 0, "metrics")
        tap.ok("stands still" in up.log(), "and the log")
        tap.equal(up.terminate(), 0, "exit status")


tap.run()
