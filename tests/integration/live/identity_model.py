# SPDX-License-Identifier: MIT
"""What customers there are, said a second time: one thread, one dictionary, every event in the order
in which the log received it, and each link in force at once. No partitions, no messages, no
merging of states: for every question the events are gone through again.

It follows DESIGN section 5 and triggers.md sections 5 and 7, and shares nothing with the engine:

  - who belongs together: identifiers that stood in one event of a trusted source, but never two
    user ids, and so also not what would bring two together; the first to come wins. Whoever has as
    many of a kind as may be is not named one more, but who becomes a part of them brings all;
  - who they are known as: the strongest kind, of one kind the smaller bytes;
  - what is sent: an absence rule with one key per cart, counted from the last addition, ended by an
    order for the cart (a tie goes to the order) or by one in the shop, which ends them all;
  - by whose name: the strongest identifier of the addition that the wait counts from, whoever that
    is known as. Of two additions at one instant either may give the name."""

import hashlib

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
    """Sets of identifiers that are one customer, and how many links were refused: since they would
    have made one of two users, and since there were too many."""

    def __init__(self, limits):
        self.group, self.limits = {}, limits
        self.refused = self.full = 0

    def members(self, key):
        return self.group.setdefault(key, {key})

    def canonical(self, key):
        return min(self.members(key), key=strength)

    def has_room(self, ours, kind):
        return sum(kind_of(k) == kind for k in ours) < self.limits.get(kind, len(ours) + 1)

    def join(self, keys):
        """As many of them as may be."""
        for key in keys[1:]:
            ours, theirs = self.members(keys[0]), self.members(key)
            if ours is theirs:
                continue
            if not self.has_room(ours, kind_of(key)):
                self.full += 1
            elif sum(kind_of(k) == "user" for k in ours | theirs) > 1:
                self.refused += 1
            else:
                ours |= theirs
                for member in theirs:
                    self.group[member] = ours


def netstring(value):
    data = str(value).encode()
    return b"%d:%s," % (len(data), data)


def job_id(rule, customer, key, episode, step, epoch=1):
    parts = (rule, epoch, customer, key, episode, step)
    return hashlib.sha256(b"wm1|" + b"".join(map(netstring, parts))).hexdigest()[:32]


class Wait:
    """One cart of one customer."""

    def __init__(self):
        self.added = []      # under which name it came, when it occurred
        self.ended = []      # occurred_at


def outcome(events, rule, wait_ms, limits):
    """EVENTS: (received order) dicts with `occurred` in ms. LIMITS: of a kind so many identifiers
    may be one customer's. Returns customers, a dictionary of canonical key to the message ids on its
    timeline, the jobs as {(canonical, key): (deadline, ids of which it has one)}, and People."""
    people = People(limits)
    for event in events:
        people.join(keys_of(event))
    timelines, carts, bought = {}, {}, {}
    for event in events:
        name = keys_of(event)[0]
        customer = people.canonical(name)
        timelines.setdefault(customer, []).append(event["messageId"])
        cart = event.get("properties", {}).get("cart_id")
        if event.get("event") == "Product Added":
            carts.setdefault((customer, cart), Wait()).added.append(
                (name, event["occurred"]))
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
        jobs[customer, "cart:" + cart] = (last + wait_ms, {
            job_id(rule, name, "cart:" + cart, 1, "main")
            for name, at in wait.added if at == last})
    return {k: sorted(v) for k, v in timelines.items()}, jobs, people
