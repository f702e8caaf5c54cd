# SPDX-License-Identifier: MIT
"""Where somebody may have left traces, and in how many spellings: every key and value of Redis, all
of its files, what programs write into their logs and tell whoever watches them, what was archived."""

import base64
import gzip
import hashlib
import os
import re
import urllib.parse


def spellings(name):
    """The names of a secret, in small letters: as it is, percent-coded once and twice, as JSON escapes
    it, in hex, as base 64 wherever it may begin within a text; and its digests, which whoever has a
    list of addresses could look up: half of one is enough."""
    raw, percent = name.encode(), urllib.parse.quote(name, safe="")
    codes = {name.lower(), percent.lower(), urllib.parse.quote(percent, safe="").lower(), raw.hex(),
             name.replace("@", "\\u0040").replace("+", "\\u002b").lower()}
    digests = [hashlib.new(kind, raw).digest() for kind in ("sha256", "sha1", "md5")]
    codes |= {digest.hex()[:16] for digest in digests}
    for lead in range(3):
        # What comes before and behind it shares a character with it.
        text = base64.b64encode(b"\0" * lead + raw).decode()
        text = text[(8 * lead + 5) // 6:8 * (lead + len(raw)) // 6]
        codes |= {text.lower(), text.replace("+", "-").replace("/", "_").lower()}
    return {code.encode() for code in codes} | {digest[:8].lower() for digest in digests}


class Traces:
    """What is looked for: label → what of it counts."""

    def __init__(self, secrets, coded=()):
        self.codes = {s: {s.lower().encode()} for s in secrets}
        for name in coded:
            self.codes[name] = spellings(name)

    def within(self, data):
        """The labels of what DATA has."""
        small = data.lower()
        return [s for s, codes in self.codes.items() if any(code in small for code in codes)]

    def search(self, shop, told=()):
        """kind of place: what was found there; in entries too that are removed, whose bytes Redis
        keeps until their whole block is."""
        found = {}

        def look(kind, *values):
            for value in values:
                hits = self.within(value)
                if hits:
                    found.setdefault(kind, set()).update(hits)

        for key in sorted(shop.redis("KEYS", "*")):
            kind = re.sub(r"wm:(\{p\d+\}:)?([a-z]+).*", r"\2", key.decode())
            look("redis " + kind, key, shop.redis("DUMP", key) or b"",
                 *flat(values_of(shop.redis, key)))
        for path, data in read_all(shop.redis.folder):
            look("aof" if "appendonly" in path else "rdb" if path.endswith(".rdb") else
                 "other file", data)
        for name in os.listdir(shop.place.folder):
            if name.endswith(".log"):
                with open(shop.place.path(name), "rb") as file:
                    look("log", file.read())
        for path, data in read_all(shop.place.path("archive")):
            look("archive", path.encode(), data, gzip.decompress(data) if path.endswith(".gz") else b"")
        for role in shop.pages:
            answer = role.get("/metrics")
            assert answer.status == 200, answer
            look("metrics", answer.body)
        for name, out in told:
            look("told of " + name, out)
        look("slowlog", *flat(shop.redis("SLOWLOG", "GET", "100000")))
        return found


def read_all(folder):
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                with open(os.path.join(root, name), "rb") as file:
                    yield os.path.join(root, name), file.read()
            except OSError:
                pass


def values_of(redis, key):
    kind = redis("TYPE", key)
    if kind == b"none":
        return []  # a lease that ran out since the keys were listed
    ask = {b"string": ("GET", key), b"hash": ("HGETALL", key), b"set": ("SMEMBERS", key),
           b"list": ("LRANGE", key, "0", "-1"), b"zset": ("ZRANGE", key, "0", "-1"),
           b"stream": ("XRANGE", key, "-", "+")}[kind]
    return redis(*ask)


def flat(value):
    if isinstance(value, list):
        for item in value:
            yield from flat(item)
    elif isinstance(value, bytes):
        yield value
