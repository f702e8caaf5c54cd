#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All time zones of this machine, compared with Python's zoneinfo: around every change that the
files list, at random, and in far years that only the footer covers.

usage: zone_model.py TIME_PROBE      (speaks TAP; WAYMARK_TEST_SEED repeats a run)
"""
import os
import random
import struct
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

try:
    from zoneinfo import ZoneInfo
except ImportError:
    print("1..0 # SKIP this Python has no zoneinfo")
    sys.exit(0)

ZONES = Path("/usr/share/zoneinfo")
EPOCH = datetime(1970, 1, 1)
SECOND = timedelta(seconds=1)
FIRST, LAST = -62135596800 + 400 * 86400, 253402300799 - 400 * 86400
FAR_YEARS = (2038, 2100, 2400, 9990)


def zone_names():
    for path in sorted(ZONES.rglob("*")):
        name = str(path.relative_to(ZONES))
        if path.is_file() and not name.startswith(("right/", "posix/")):
            with path.open("rb") as file:
                if file.read(4) == b"TZif":
                    yield name


def listed_changes(name):
    """The times in the second block of a file; only to know where to look."""
    data = (ZONES / name).read_bytes()
    isut, std, leap, times, types, chars = struct.unpack(">6L", data[20:44])
    start = 44 + times * 5 + types * 6 + chars + leap * 8 + std + isut
    times = struct.unpack(">L", data[start + 32:start + 36])[0]
    return struct.unpack(f">{times}q", data[start + 44:start + 44 + 8 * times])


def offset_at(zone, second):
    return (EPOCH + second * SECOND).replace(tzinfo=timezone.utc).astimezone(zone).utcoffset() // SECOND


def instant_of_local(zone, second):
    local = EPOCH + second * SECOND
    return second - local.replace(tzinfo=zone).utcoffset() // SECOND


def far_changes(zone, year):
    """Where the offset changes in YEAR, by halving the weeks in which it does."""
    start = (datetime(year, 1, 1) - EPOCH) // SECOND
    for low in range(start, start + 366 * 86400, 7 * 86400):
        high = low + 7 * 86400
        if offset_at(zone, low) == offset_at(zone, high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if offset_at(zone, middle) == offset_at(zone, low):
                low = middle
            else:
                high = middle
        yield high


def day_end(zone, at, changes):
    """The first second after AT with a later local date: a local midnight, or a change over it."""
    def date(second):
        return (second + offset_at(zone, second)) // 86400

    near = [c for c in changes if at < c <= at + 3 * 86400]
    midnight = (date(at) + 1) * 86400
    offsets = {offset_at(zone, at)} | {offset_at(zone, c) for c in near}
    candidates = near + [midnight - offset for offset in offsets]
    return min(c for c in candidates if c > at and date(c) > date(at))


def questions_of(name, chance):
    with (ZONES / name).open("rb") as file:
        zone = ZoneInfo.from_file(file)
    changes = [c for c in listed_changes(name) if FIRST < c < LAST]
    for year in FAR_YEARS:
        changes.extend(far_changes(zone, year))
    asked = changes if len(changes) < 60 else chance.sample(changes[:-30], 30) + changes[-30:]
    yield f"zone {name}", "ok"
    seconds = [chance.randrange(FIRST, LAST) for _ in range(10)]
    seconds += [chance.randrange(0, 4102444800) for _ in range(20)]
    for change in asked:
        seconds += [change - 1, change, change + 1]
        before, after = offset_at(zone, change - 1), offset_at(zone, change)
        for wall in {change + before, change + after, change + (before + after) // 2}:
            for second in (wall - 1, wall, wall + 1):
                yield f"local {second * 1000}", str(instant_of_local(zone, second) * 1000)
        for at in (change - 86400, change - 3600, change - 1, change, change + 1800, change + 7200):
            yield f"end {at * 1000}", str(day_end(zone, at, changes) * 1000)
    for second in seconds:
        yield f"offset {second * 1000}", str(offset_at(zone, second))
        yield f"offset {second * 1000 + 999}", str(offset_at(zone, second))
        yield f"local {second * 1000 + 1}", str(instant_of_local(zone, second) * 1000 + 1)


def main():
    probe = sys.argv[1]
    names = list(zone_names())
    if not names:
        print("1..0 # SKIP no time zones on this machine")
        return 0
    seed = int(os.environ.get("WAYMARK_TEST_SEED", time.time()))
    chance = random.Random(seed)
    print(f"1..1\n# WAYMARK_TEST_SEED={seed}")
    rows = [(name, *row) for name in names for row in questions_of(name, chance)]
    done = subprocess.run([probe], input="".join(f"{row[1]}\n" for row in rows), text=True,
                          stdout=subprocess.PIPE, check=True)
    answers = done.stdout.splitlines()
    wrong = [(row, got) for row, got in zip(rows, answers) if row[2] != got]
    for (name, question, want), got in wrong[:20]:
        print(f"# {name}: {question} gives {got}, not {want}")
    fine = not wrong and len(answers) == len(rows)
    print(f"{'ok' if fine else 'not ok'} 1 - {len(names)} zones, {len(rows)} questions, "
          f"{len(wrong)} wrong")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
