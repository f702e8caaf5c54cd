# SPDX-License-Identifier: MIT
"""Runs the tests that draw by chance, round after round, each round with a seed of its own.

A seed that is green once says little about the next one. Which tests draw is said where they are
declared: they are of the suite `chance`, and take WAYMARK_TEST_SEED. The first round has the seed
that is asked for, so that what was red is seen again; those of the others follow from it. What a
red program said is kept in DIR/torture. A round that has begun is finished.

usage: scripts/torture [--minutes N] [--rounds N] [--seed S] [--only PART]... [--list]
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import summary

MESON = os.environ.get("MESON", "meson")
SEEDS = 10**6
STEP = 100_003  # prime to SEEDS, and more than a test takes of seeds that follow each other
LOG = "torture"


def chance_tests(build, parts):
    """The names of the tests that draw, those in whose name one of PARTS is; all without."""
    listed = subprocess.run([MESON, "introspect", "--tests", build], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    names = [test["name"] for test in json.loads(listed)
             if any(suite.split(":")[-1] == "chance" for suite in test["suite"])]
    return [name for name in names if not parts or any(part in name for part in parts)]


def run_round(build, names, seed):
    """Runs them once; what meson noted of each."""
    log = os.path.join(build, "meson-logs", LOG + ".json")
    if os.path.exists(log):
        os.remove(log)
    command = [MESON, "test", "-C", build, "--no-rebuild", "--timeout-multiplier", "4",
               "--logbase", LOG, "--num-processes", str(2 * (os.cpu_count() or 1)), *names]
    subprocess.run(command, env=dict(os.environ, WAYMARK_TEST_SEED=str(seed)), check=False,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return summary.read_log(log)


def count(test):
    output = test.get("stdout") or ""
    return summary.count_tap(test, output) if summary.PLAN.search(output) else \
        summary.count_plain(test)


class Tally:
    """What became of a program over all rounds."""

    def __init__(self):
        self.runs = self.cases = self.skipped = 0
        self.red = []  # seeds

    def add(self, cases, seed):
        self.runs += 1
        self.cases += cases.passed
        self.skipped += cases.skipped
        if cases.failed:
            self.red.append(seed)


def keep(build, test, name, seed):
    """Writes down what a red program said; the path."""
    folder = os.path.join(build, LOG)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "%s-%d.log" % (name.replace("/", "-"), seed))
    with open(path, "w", encoding="utf-8") as file:
        for stream in ("stdout", "stderr"):
            file.write(test.get(stream) or "")
    return path


def take_round(build, number, names, seed, tallies):
    """One round, and what is said of it. How many programs were red."""
    began = time.monotonic()
    red = []
    for test in run_round(build, names, seed):
        name = test["name"].split(" / ")[-1]
        cases = count(test)
        tallies.setdefault(name, Tally()).add(cases, seed)
        if cases.failed:
            red.append((name, cases.failed[0], keep(build, test, name, seed)))
    print("round %d, seed %d: %s in %d s" % (
        number, seed, "%d red" % len(red) if red else "all green", time.monotonic() - began))
    for name, case, path in red:
        print("  %s: %s\n    what it said: %s\n    again: scripts/torture --rounds 1 --seed %d "
              "--only %s" % (name, case, path, seed, name))
    sys.stdout.flush()
    return len(red)


def show(names, tallies):
    """The table at the end; whether all is well."""
    width = max(len(name) for name in names)
    print("\n%-*s  %5s  %7s  %s" % (width, "PROGRAM", "RUNS", "CASES", "RED WITH"))
    for name in names:
        tally = tallies.get(name, Tally())
        print("%-*s  %5d  %7d  %s" % (width, name, tally.runs, tally.cases,
                                      " ".join(map(str, tally.red)) or "-"))
    silent = [name for name in names if name not in tallies]
    red = sum(len(tally.red) for tally in tallies.values())
    skipped = sum(tally.skipped for tally in tallies.values())
    if silent:
        print("\nNever ran: %s" % " ".join(silent))
    print("\n%d runs, %d red%s" % (sum(tally.runs for tally in tallies.values()), red,
                                   ", %d cases skipped" % skipped if skipped else ""))
    return not red and not silent


def parse():
    parser = argparse.ArgumentParser(prog="scripts/torture",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30,
                        help="no round begins later (30)")
    parser.add_argument("--rounds", type=int, help="so many rounds, however long they take")
    parser.add_argument("--seed", type=int, help="of the first round, from 0 (drawn)")
    parser.add_argument("--only", action="append", default=[], metavar="PART",
                        help="programs with that in their name")
    parser.add_argument("--list", action="store_true", help="which programs there are")
    parser.add_argument("build", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.seed is not None and not 0 <= args.seed < SEEDS:
        parser.error("--seed is from 0 to %d" % (SEEDS - 1))
    if args.rounds is not None and args.rounds < 1:
        parser.error("--rounds is 1 or more")
    return args


def main():
    args = parse()
    names = chance_tests(args.build, args.only)
    if not names:
        print("No program that draws by chance has %s in its name; --list shows them." %
              " or ".join(args.only), file=sys.stderr)
        return 2
    if args.list:
        print("\n".join(names))
        return 0
    seed = random.SystemRandom().randrange(SEEDS) if args.seed is None else args.seed
    shutil.rmtree(os.path.join(args.build, LOG), ignore_errors=True)
    tallies, number = {}, 0
    until = time.monotonic() + 60 * args.minutes
    try:
        while number < args.rounds if args.rounds else number == 0 or time.monotonic() < until:
            number += 1
            take_round(args.build, number, names, seed, tallies)
            seed = (seed + STEP) % SEEDS
    except KeyboardInterrupt:
        print("Stopped in round %d." % number)
    return 0 if show(names, tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
