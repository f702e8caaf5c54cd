#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Olist orders and the OTTO carts through `waymark backtest` with rules of the reference
profile: every fire must be the one that was computed independently, in order and after late and
duplicate delivery, with nothing added and nothing missing."""

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
OLIST = ("delay0", "delay24", "handover", "stuck5d")
tap = harness.Tap()


def backtest(rules, events, *options):
    done = subprocess.run(
        [harness.waymark(), "backtest", "--rules", os.path.join(ROOT, "tests/data/rules", rules),
         "--events", events, "--json", *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)["jobs"]


def check_olist(events, *options):
    jobs = backtest("olist", events, *options)
    with gzip.open(harness.shared_data("olist", "truth_orders.csv.gz"), "rt") as file:
        truth = list(csv.DictReader(file))
    for rule in OLIST:
        wanted = sorted((row["order_id"], row["user_id"], row["fire_%s_at" % rule])
                        for row in truth if row["fire_" + rule] == "1")
        got = sorted((job["key"].removeprefix("order:"), job["customer"], job["deadline"])
                     for job in jobs if job["rule"] == rule)
        tap.equal(len(got), len(wanted), rule + " fires")
        tap.ok(got == wanted, rule + ": each order and instant")
        tap.ok(all(job["fire_at"] == job["deadline"] for job in jobs), "fired at the deadline")
    tap.equal({job["rule"] for job in jobs}, set(OLIST), "rules that fired")


def check_otto(events, *options):
    jobs = backtest("otto", events, *options)
    folder = harness.shared_data("otto")
    truths = [name for name in os.listdir(folder) if name.startswith("truth_")]
    tap.equal(len(truths), 9, "answers")
    for name in truths:
        rule = name.removeprefix("truth_").removesuffix(".csv.gz").lower()
        with gzip.open(os.path.join(folder, name), "rt") as file:
            wanted = sorted(tuple(row) for row in list(csv.reader(file))[1:])
        got = sorted((job["customer"], job["anchor"], job["deadline"])
                     for job in jobs if job["rule"] == rule)
        tap.equal(len(got), len(wanted), rule + " fires")
        tap.ok(got == wanted, rule + ": each customer, anchor and instant")


def scrambled(name, seed, check):
    tool = harness.shared_data("tools", "scramble.py")
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        subprocess.run([sys.executable, tool, harness.shared_data(name, "events.ndjson.gz"),
                        "--seed", str(seed)], stdout=file, check=True)
        check(file.name, "--lateness", "1h")


@tap.test
def olist_in_order():
    check_olist(harness.shared_data("olist", "events.ndjson.gz"))


@tap.test
def otto_in_order():
    check_otto(harness.shared_data("otto", "events.ndjson.gz"))


@tap.test
def olist_late_and_twice():
    for seed in (1, 2):
        scrambled("olist", seed, check_olist)


@tap.test
def otto_late_and_twice():
    for seed in (1, 2, 3, 4, 5):
        scrambled("otto", seed, check_otto)


@tap.test
def the_check_can_fail():
    """An event left out must show: the suite is not blind."""
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
        with gzip.open(harness.shared_data("olist", "events.ndjson.gz"), "rt") as source:
            lines = source.readlines()
        delivered = next(i for i, line in enumerate(lines) if '"Order Delivered"' in line)
        file.writelines(lines[:delivered] + lines[delivered + 1:])
        file.flush()
        jobs = backtest("olist", file.name)
    order = json.loads(lines[delivered])["properties"]["order_id"]
    with gzip.open(harness.shared_data("olist", "truth_orders.csv.gz"), "rt") as file:
        row = next(r for r in csv.DictReader(file) if r["order_id"] == order)
    fired = {job["rule"] for job in jobs if job["key"] == "order:" + order}
    tap.equal(row["fire_delay0"], "0", "in truth it was in time")
    tap.ok("delay0" in fired, "without its delivery it is late")


tap.run()
