# SPDX-License-Identifier: MIT
"""What customers there are, said a second time: one thread, one dictionary, every event in the order
in which the log received it, and each link in force at once. No partitions, no messages, no
merging of states: for every question the events are gone through again.

It follows DESIGN section 5 and triggers.md sections 5 and 7, and shares nothing with the engine:

  - who belongs together: identifiers that stood in one event of a trusted source, but never two
    user ids, and so also not what would bring two together; the first to come wins;
  - who they are known as: the strongest kind, of one kind the smaller bytes;
  - what is sent: an absence rule with one key per cart, counted from the last addition, ended by an
    order for the cart (a tie goes to the order) or by one in the shop, which ends them all;
  - by whose name: the customer as known when the addition that began the wait was received. Logs
    of two partitions have no order within a millisecond: links count from its beginning, and of two
    first additions either may give the name."""

import hashlib
import itertools

KINDS = ("user", "card", "email", "phone", "anon", "order", "device")


def kind_of(key):
    head, colon, _ = key.partition(":")
    return head if colon and head in KINDS else "user"


def strength(key):
    return KINDS.index(kind_of(key)), key.encode()


def keys_of(event):
    """All that name somebody in it, the strongest first."""
    keys = []
    if event.get("userId"):
        keys.append(event["userId"])
    for kind, value in event.get("identifiers", {}).items():
        keys.append("%s:%s" % (kind, value))
    if event.get("anonymousId"):
        keys.append("anon:" + event["anonymousId"])
    return sorted(keys, key=strength)


class People:
    """Sets of identifiers that are one customer."""

    def __init__(self):
        self.group = {}

    def members(self, key):
        return self.group.setdefault(key, {key})

    def canonical(self, key):
        return min(self.members(key), key=strength)

    def join(self, keys):
        """As many of them as may be; returns how many were refused."""
        refused, first = 0, keys[0]
        for key in keys[1:]:
            ours, theirs = self.members(first), self.members(key)
            if ours is theirs:
                continue
            if sum(kind_of(k) == "user" for k in ours | theirs) > 1:
                refused += 1
                continue
            ours |= theirs
            for member in theirs:
                self.group[member] = ours
        return refused


def netstring(value):
    data = str(value).encode()
    return b"%d:%s," % (len(data), data)


def job_id(rule, customer, key, episode, step, epoch=1):
    parts = (rule, epoch, customer, key, episode, step)
    return hashlib.sha256(b"wm1|" + b"".join(map(netstring, parts))).hexdigest()[:32]


class Wait:
    """One cart of one customer."""

    def __init__(self):
        # When received, for whom as then known, when it occurred.
        self.added = []
        self.ended = []      # occurred_at


def outcome(events, rule, wait_ms):
    """EVENTS: (received order) dicts with `occurred` in ms. Returns customers, a dictionary of
    canonical key to the message ids on its timeline, the jobs as {(canonical, key): (deadline, ids
    of which it has one)}, and how many links were refused."""
    people, subjects, refused = People(), [], 0
    for _, at_once in itertools.groupby(events, key=lambda event: event["ms"]):
        at_once = list(at_once)
        for event in at_once:
            refused += people.join(keys_of(event))
        subjects += [people.canonical(keys_of(event)[0]) for event in at_once]
    timelines, carts, bought = {}, {}, {}
    for event, subject in zip(events, subjects):
        customer = people.canonical(keys_of(event)[0])
        timelines.setdefault(customer, []).append(event["messageId"])
        cart = event.get("properties", {}).get("cart_id")
        if event.get("event") == "Product Added":
            carts.setdefault((customer, cart), Wait()).added.append(
                (event["ms"], subject, event["occurred"]))
        elif event.get("event") == "Order Completed" and cart:
            carts.setdefault((customer, cart), Wait()).ended.append(event["occurred"])
        elif event.get("event") == "In-Store Purchase":
            bought.setdefault(customer, []).append(event["occurred"])
    jobs = {}
    for (customer, cart), wait in carts.items():
        if not wait.added:
            continue
        last = max(at for *_, at in wait.added)
        if any(at >= last for at in wait.ended + bought.get(customer, [])):
            continue
        began = min(ms for ms, *_ in wait.added)
        jobs[customer, "cart:" + cart] = (last + wait_ms, {
            job_id(rule, subject, "cart:" + cart, 1, "main")
            for ms, subject, _ in wait.added if ms == began})
    return {k: sorted(v) for k, v in timelines.items()}, jobs, refused
