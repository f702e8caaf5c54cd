#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Instants read and written, compared with Python's calendar: random ones, and spoilt texts.

usage: instant_model.py TIME_PROBE      (speaks TAP; WAYMARK_TEST_SEED repeats a run)
"""
import os
import random
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1)
ERA_MS = 146097 * 86400000  # 400 years; Python has no year 0
MS = timedelta(milliseconds=1)

TEXT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?)?"
    r"(?:Z|(?P<sign>[+-])(?P<oh>\d\d):?(?P<om>\d\d))?", re.ASCII)


def parse(text):
    if re.fullmatch(r"\d{10}", text, re.ASCII):
        return int(text) * 1000
    if re.fullmatch(r"\d{13}", text, re.ASCII):
        return int(text)
    m = TEXT.fullmatch(text)
    if not m:
        return None
    shift, date = 0, m["date"]
    if date.startswith("0000"):
        date, shift = "0400" + date[4:], ERA_MS
    second, ms = m["second"] or "00", int(((m["fraction"] or "") + "000")[:3])
    if second == "60":
        second, ms = "59", 999
    try:
        at = datetime.strptime(f"{date} {m['time'] or '00:00'}:{second}", "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    offset = 0
    if m["sign"]:
        if int(m["oh"]) > 23 or int(m["om"]) > 59:
            return None
        offset = (int(m["oh"]) * 60 + int(m["om"])) * 60000
        offset = -offset if m["sign"] == "-" else offset
    return (at - EPOCH) // MS + ms - shift - offset


def write(at):
    shift = 0
    if at < -62135596800000:  # year 0
        at, shift = at + ERA_MS, 400
    when = EPOCH + at * MS
    return (f"{when.year - shift:04}-" + when.strftime("%m-%dT%H:%M:%S")
            + f".{when.microsecond // 1000:03}Z")


def random_text(chance):
    text = write(chance.randrange(-62167219200000, 253402300800000))
    date, clock = text[:10], text[11:23]
    text = date + chance.choice("T ") + clock[:chance.choice([5, 8, 10, 11, 12])]
    text += "".join(chance.choice("0123456789") for _ in range(chance.choice([0, 0, 1, 6])))
    text += chance.choice(["", "Z", "Z", f"{chance.choice('+-')}{chance.randrange(25):02}"
                           f"{chance.choice([':', ''])}{chance.randrange(61):02}"])
    return chance.choice([text, text, text, date, str(chance.randrange(10 ** 10)).zfill(10),
                          str(chance.randrange(10 ** 13)).zfill(13)])


def spoil(chance, text):
    for _ in range(chance.randrange(1, 3)):
        i = chance.randrange(len(text) + 1)
        text = text[:i] + chance.choice(["", *"0123456789TZ:-+. x"]) + text[i + chance.randrange(2):]
    return text


def ask(probe, questions):
    done = subprocess.run([probe], input="".join(q + "\n" for q in questions), text=True,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.splitlines()


def report(number, name, questions, got, want):
    wrong = [row for row in zip(questions, got, want) if row[1] != row[2]]
    if len(got) != len(questions):
        wrong.append(("answers", len(got), len(questions)))
    for question, has, should in wrong[:10]:
        print(f"# {question!r} gives {has}, not {should}")
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}, {len(questions)} questions")
    return not wrong


def main():
    probe = sys.argv[1]
    seed = int(os.environ.get("WAYMARK_TEST_SEED", time.time()))
    chance = random.Random(seed)
    print(f"1..3\n# WAYMARK_TEST_SEED={seed}")

    texts = [random_text(chance) for _ in range(20000)]
    fine = report(1, "instants are read", texts, ask(probe, ["parse " + t for t in texts]),
                  ["-" if parse(t) is None else str(parse(t)) for t in texts])
    texts = [spoil(chance, t) for t in texts]
    fine &= report(2, "spoilt instants are read or refused", texts,
                   ask(probe, ["parse " + t for t in texts]),
                   ["-" if parse(t) is None else str(parse(t)) for t in texts])
    days = [chance.randrange(-719528, 2932897) * 86400000 for _ in range(5000)]
    instants = days + [d - 1 for d in days if d > -719528 * 86400000] + [
        chance.randrange(-62167219200000, 253402300800000) for _ in range(10000)]
    fine &= report(3, "instants are written", instants,
                   ask(probe, [f"format {at}" for at in instants]), [write(at) for at in instants])
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
