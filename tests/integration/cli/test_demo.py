# SPDX-License-Identifier: MIT
"""`waymark up --demo`: a shop day that runs by itself, without a terminal too, and leaves nothing."""

import os
import re
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()


def start(place, *args):
    """The demo, its output in the file that waymark up's log goes to."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
    environment["TMPDIR"] = place.folder
    process = harness.Process(
        [harness.waymark(), "up", "--demo", "--collector-listen", place.path("c.sock"),
         "--console-listen", place.path("k.sock"), *args], place.path("demo.log"), environment)
    place.processes.append(process)
    return process


def folders(place):
    return [name for name in os.listdir(place.folder) if name.startswith("waymark-demo-")]


@tap.test
def the_day_is_played_to_its_end():
    with harness.Place() as place:
        demo = start(place)
        tap.equal(demo.wait(90), 0, "exit status")
        out = demo.log()
        sent = len(re.findall(r"^ *\d+\.\d s  →", out, re.M))
        tap.ok(sent > 150, "events shown")
        tap.ok("%d events went in, 0 were refused." % sent in out, "all of them accepted")
        # demo_day.c: forty customers in five groups. Eight leave their cart; of the eight who buy
        # in the store three have a till that reports too late, so that their reminders are taken
        # back. Sixteen order and then go quiet; eight of them are promised what does not come.
        counts = dict(re.findall(r"^  (\w+|taken back) +(\d+)$", out, re.M))
        tap.equal(counts, {"cart_abandoned": "11", "order_promise_passed": "8",
                           "inactivity_fixed": "16", "taken back": "3"}, "jobs")
        tap.equal(len(re.findall(r"JOB  cart_abandoned", out)), 11, "jobs shown")
        tap.equal(len(re.findall(r"TAKEN BACK +cart_abandoned", out)), 3, "retractions shown")
        tap.ok("\x1b" not in out, "no colours without a terminal")
        tap.ok("order_promise_passed for order:O-1003 fired" in out, "the timeline at the end")
        tap.ok("README.md" in out, "where to go on")
        tap.equal(folders(place), [], "what is left")


@tap.test
def it_can_be_stopped_and_leaves_nothing():
    with harness.Place() as place:
        demo = start(place)
        harness.wait_until(lambda: "JOB" in demo.log(), "the first job")
        demo.signal(signal.SIGINT)
        tap.equal(demo.wait(), 0, "exit status")
        tap.equal(folders(place), [], "what is left")


@tap.test
def it_does_not_play_in_a_shop():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        tap.equal(up.stop(), 0, "a shop")
        demo = start(place, "--data", up.data)
        tap.equal(demo.wait(), 2, "exit status")
        tap.ok("there is a data set in that directory already" in demo.log(), demo.log())


tap.run()
