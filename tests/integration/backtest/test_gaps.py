#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`waymark backtest --gaps`: how long customers let pass between two purchases, as a table that the
policy takes, and what follows from it for stages. Shares are counted by hand and by nearest rank."""

import datetime
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

START = datetime.datetime(2024, 1, 1, 12)
DAY = datetime.timedelta(days=1)
tap = harness.Tap()


def at(day, hour=0, more=0):
    return (START + day * DAY + datetime.timedelta(hours=hour, milliseconds=more)).isoformat(
        timespec="milliseconds") + "Z"


def bought(who, day, hour=0, name="Order Completed"):
    line = {"type": "track", "event": name, "timestamp": at(day, hour), "messageId": "%s-%s-%s" % (who, day, hour),
            "properties": {"order_id": "%s-%s-%s" % (who, day, hour), "total": 10, "currency": "EUR"}}
    line["anonymousId" if who.startswith("anonymous") else "userId"] = who
    return line


def run(lines, *arguments, status=0):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "events.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in sorted(lines, key=lambda line: line["timestamp"]))
        done = subprocess.run([harness.waymark(), "backtest", "--events", path, *arguments], capture_output=True,
                              text=True, check=False)
    tap.equal(done.returncode, status, done.stderr)
    return done


def milliseconds(text):
    total, number = 0, ""
    units = {"w": 604800000, "d": 86400000, "h": 3600000, "m": 60000, "s": 1000}
    for c in text:
        if c.isdigit():
            number += c
        else:
            total, number = total + int(number) * units[c], ""
    return total


@tap.test
def counted_by_hand():
    lines = [bought("ada", 0), bought("ada", 10), bought("ada", 30), bought("ada", 30, 5),  # 10, 20
             bought("ben", 0), bought("ben", 40), bought("ben", 100, name="In-Store Purchase"),  # 40, 60
             bought("once", 3),
             # Bought before they said who they are, and after: 5, 65, each once.
             bought("anonymous-1", 0), bought("anonymous-1", 5), bought("eva", 70),
             {"type": "identify", "timestamp": at(71), "messageId": "i", "anonymousId": "anonymous-1", "userId": "eva"}]
    done = run(lines, "--gaps", "--json")
    answer = json.loads(done.stdout)
    tap.equal(list(answer), ["models"], "what the policy takes, and nothing else")
    gap = answer["models"]["store_gap"]
    tap.equal(gap["samples"], 6, "gaps")
    day = 86400000
    want = [(0.05, 5, 0), (0.1, 5, 1), (0.2, 10, 0), (0.25, 10, 1), (0.3, 10, 2), (0.4, 20, 0), (0.5, 20, 1),
            (0.6, 40, 0), (0.7, 60, 0), (0.75, 60, 1), (0.8, 60, 2), (0.9, 65, 0), (0.95, 65, 1), (0.99, 65, 2),
            (1, 65, 3)]
    tap.equal([(share, milliseconds(text)) for share, text in gap["points"]],
              [(share, days * day + 1000 * more) for share, days, more in want], "shares")
    words = run(lines, "--gaps").stdout
    tap.ok("6 gaps of 3 customers" in words and "fewer than 30" in words, words)
    tap.ok("lapsing after 180d, and lapsed after 540d" in words, words)


@tap.test
def into_the_policy_and_back():
    """Forty gaps of 7, 14, … 280 days: three of four take up to 210 days, nineteen of twenty up to 266."""
    lines = [line for k in range(1, 41) for line in (bought("c%d" % k, 0), bought("c%d" % k, 7 * k))]
    lines.append(bought("zoe", 0))
    done = run(lines, "--gaps")
    tap.ok("lapsing after 210d, and lapsed after 266d" in done.stdout and "fewer" not in done.stdout, done.stdout)
    policy = {"policy": {**json.loads(done.stdout.splitlines()[0]), "holdout": {"share": 0}}}
    rule = {"id": "quiet", "class": "task", "stage_changed": {"to": ["lapsing", "lapsed"]}, "grace": "0s",
            "round": "1ms", "channels": ["task"]}
    # Zoe's order has arrived: nobody waits for anything.
    lines.append({**bought("zoe", 0, 1, name="Order Delivered"), "properties": {"order_id": "zoe-0-0"}})
    with tempfile.TemporaryDirectory() as place:
        for name, text in (("policy.json", policy), ("quiet.json", rule)):
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                json.dump(text, file)
        done = run(lines, "--rules", place, "--until", at(300), "--list", "--json")
    jobs = [j for j in json.loads(done.stdout)["jobs"] if j["customer"] == "zoe"]
    tap.equal([j["fire_at"] for j in jobs], [at(210, more=1), at(266, more=1)],
              "lapsing, then lapsed: behind the gap, not with it")


@tap.test
def nothing_to_count():
    done = run([bought("once", 3)], "--gaps", "--json")
    tap.equal(json.loads(done.stdout), {"models": {}}, "no gap at all")
    done = run([bought("once", 3)], "--gaps", "--rules", "x", status=2)
    tap.ok("leave the rules out" in done.stderr, done.stderr)


tap.run()
