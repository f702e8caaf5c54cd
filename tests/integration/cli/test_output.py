#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A result that could not be written is no success: a full disk is told, a closed pipe is not."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

tap = harness.Tap()
EVENT = (
    '{"type":"track","event":"Product Added","messageId":"m","userId":"u",'
    '"timestamp":"2026-01-01T00:00:00Z"}\n'
)
RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "rules", "otto")
BACKTEST = ["backtest", "--rules", RULES, "--events", "-", "--until", "2026-01-02T00:00:00Z"]
VERBS = [["help"], ["version"], ["backtest", "--help"], BACKTEST, BACKTEST + ["--json"]]


def run(words, out):
    done = subprocess.run([harness.waymark()] + words, input=EVENT.encode(), stdout=out,
                          stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stderr.decode()


@tap.test
def results_that_arrive_are_success():
    for words in VERBS:
        with open(os.devnull, "wb") as out:
            tap.equal(run(words, out), (0, ""), words)


@tap.test
def a_full_disk_is_told():
    for words in VERBS:
        with open("/dev/full", "wb") as out:
            status, said = run(words, out)
        tap.equal(status, 1, words)
        tap.ok("No space left on device" in said, "%s says why: %s" % (words, said))


@tap.test
def a_reader_may_leave():
    for words in VERBS:
        reader, writer = os.pipe()
        os.close(reader)
        status, said = run(words, writer)
        os.close(writer)
        # Killed as by any closed pipe, or, where that signal is ignored, ended by itself.
        tap.ok(status in (1, -13), "%s ends with %d" % (words, status))
        tap.equal(said, "", words)


tap.run()
