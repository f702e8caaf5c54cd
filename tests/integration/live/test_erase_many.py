#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Somebody of very many names is erased: all owners are told the names a slice at a time, each when the
one before was heard, so that others' events stand behind one at most. Whoever does it is killed between
two slices and begun again: nobody is made anew meanwhile, and nothing is forgotten."""

import collections
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import harness  # noqa: E402
from erase_shop import SERVER, Shop, track  # noqa: E402

BIG, NAMES, SLICE = "many-names", 1000, 500
KEPT_OUT = NAMES + 2  # with their own, and the digest by which others may know it
tap = harness.Tap()


def said(redis, kind):
    """How many words of KIND wait in each log."""
    found = collections.Counter()
    for p in range(harness.PARTITIONS):
        for _, fields in redis("XRANGE", "wm:{p%d}:in" % p, "-", "+"):
            head = dict(zip(fields[::2], fields[1::2])).get(b"x")
            found[p] += bool(head) and json.loads(head)["kind"] == kind
    return found


def kept_out(shop):
    """Names that every owner knows to be kept out."""
    return min(shop.redis("HLEN", "wm:{p%d}:gone" % p) for p in range(harness.PARTITIONS)) - 1


def begin(shop, verb):
    return shop.place.role("customer", [verb, BIG, *(["--yes"] if verb == "erase" else []), "--by", "tester",
                                        *shop.common], name=verb)


def many(shop):
    who = {"userId": BIG}
    for start in range(0, NAMES, 250):
        shop.post(SERVER, *({"type": "identify", **who, "identifiers": {"order": "O-%d" % n}}
                            for n in range(start, start + 250)))
    shop.post(SERVER, track("Product Added", {"userId": "neighbour"}, cart_id="n"))
    shop.settle()


@tap.test
def a_slice_at_a_time():
    with harness.Place() as place:
        shop = Shop(place, tap)
        many(shop)
        for worker in shop.workers:
            worker.terminate()
        for verb, kind in (("erase", "suppress"), ("unsuppress", "lift")):
            tool = begin(shop, verb)
            harness.wait_until(lambda: len(+said(shop.redis, kind)) == harness.PARTITIONS,
                               "words to all owners")
            tool.kill()
            tap.equal(set(said(shop.redis, kind).values()), {1}, verb + ": one word to each")
            shop.workers[0].start()
            shop.settle()
            shop.workers[0].terminate()
            if verb == "erase":
                tap.equal(kept_out(shop), SLICE, "the first slice is heard")
                finish(shop)
        tap.equal(kept_out(shop), KEPT_OUT - SLICE, "the first slice may come back")


def finish(shop):
    shop.workers[0].start()
    shop.post(SERVER, track("Product Added", {"userId": BIG}, cart_id="k"),
              track("Product Added", {"identifiers": {"order": "O-%d" % (NAMES - 1)}}, cart_id="k"))
    shop.settle()
    receipt, _ = shop.erase(BIG)
    tap.equal(receipt["removed"]["identifiers"], NAMES + 1, "all of the names")
    tap.equal(sorted(k.decode().split(":", 3)[-1] for k in shop.redis("KEYS", "wm:*:c:*")), ["neighbour"],
              "nobody else is there")
    tap.equal(kept_out(shop), KEPT_OUT, "all of them are kept out")
    shop.workers[0].terminate()


tap.run()
