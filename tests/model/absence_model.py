# SPDX-License-Identifier: MIT
"""A second opinion on absence: what the contract says of a rule and a history, written down as
naively as it reads, and from the contract alone, so that it can be held against the engine.

One rule and one customer at a time; whole histories in a list; nothing is kept, indexed or bounded.
Times are milliseconds since 1970. An input is applied at its time of receipt; a timer due at F goes
off behind every input received at or before F and before every later one.

Readings, where the contract leaves a choice (READ n in the code):

 1. An event that a rule's cancels name is a cancel of it and nothing else; one that its arms name
    arms or moves and does not touch.
 2. A cancel is remembered although nothing is armed: what happened at or before it and comes in
    later does not arm. The slack is for a wait that runs, not for this memory. Of a cancel that
    speaks of the whole customer the memory holds for keys that nobody has heard of yet.
 3. Of the arming events the last counts, with anchor `first` the earliest, in whatever order they
    come in; a cancel that reaches the one in force leaves those that it does not reach.
 4. fire_at follows the deadline: an event that does not move the deadline does not move fire_at.
 5. A cancel that comes in after jobs came out takes back those of the key that it disproves:
    always one that is late news (not later than that job's deadline), else what came of the last
    episode of which anything did. One that has begun since and come to nothing yet does not count:
    contract 3 knows event times only, and what began it may come in before or behind the cancel.
    Whether it reaches a job is judged by what armed that job. The last nine that were not taken
    back are remembered.
 6. The cooldown runs from the latest job of the key (of the customer), however its episode ended.
    It holds back arming; what runs already under another key still fires.
 7. Each step is asked everything again: fire_if, the sources waited for, the grace.
 8. `match: customer`, and a cancel without a key under key_else, never close for good.
 9. A touch without a key under key_else moves every running wait; an arming event without one is
    about the key `customer`.
10. Where a rule does not name In-Store Purchase itself, Order Completed means that too.
11. Between steps, activity moves the next one to the wait after it, never back, and in whatever order
    it comes in; an earlier first anchor has nothing to move any more.
12. What was armed without a key may be any cart: every cancel of the rule ends it, and is
    remembered against it.
13. What came late and would not have moved the deadline of a job belongs to that: it does not
    arm. What would have is a wait of its own (contract 1, 2 and 7). A job taken back is none.
14. An instant that is given does not move by a touch; the anchor does.
15. A touch is remembered although nothing is armed: one that overtook the arming event moves it,
    unless the deadline was over by then. A cancel is judged by the arming event, not by touches.
16. An episode is used up by a job: what was cancelled or suppressed before its first is counted
    neither in the number nor for max_per_key.
17. A key stays closed for at least as long as its last job cools.
18. Without a tombstone (`0s`) no cancel is terminal.
19. What a cancel or a job has settled counts towards no window of at_least any more.
    An event arms by the windows that it is in.
20. An event of a name that is not in the vocabulary is a deed of the customer (`@engagement`).
21. Of two arming events at one instant the later one gives the later deadline, or is worth more.
22. Of two keys that wait, where the rule lets one go, it is decided when the first of them comes
    due: the one that is worth more stays, of equal ones that which a later event armed, at one
    instant that of the greater key.
23. An arming event between the steps makes the next one wait, and is no episode of its own; but
    where a cancel between the two comes to be known, that ends the one, and the other begins.
24. A touch that matches the customer moves every running wait and is remembered for all keys,
    whatever else the event does to one of them.
25. A wait in business time begins when the shop is open next. So many days on are at that time of
    day on the next days with openings: where it is not open then, at its next opening of that day,
    or, behind the last one, at its end.
26. Of a key of several values an event that has only the first of them ends or moves all that
    begin with these, and that is remembered for those that come to be known later; it arms nothing,
    and neither does one that has only others.
27. A rule that ends where its condition does not hold (`not_matching`), and whose condition asks of
    nothing but the number of orders and may come true again, is asked of the instants themselves:
    what armed at or before one at which it was false is over. That is known when the grace is over
    behind that instant, as with what fires; and when it is due, of all that is known then, which
    is soon enough for what was armed behind its deadline. What it
    counts (at_least) it counts all the same. Any other condition is asked behind every event, of
    what is known then.
"""

import hashlib
import json

from cond_model import holds
from wait_model import MINUTE, NEVER, SHOP, span, wait_end

FUTURE = 5 * MINUTE

# Facts that close what they name for good (the vocabulary's terminal facts).
TERMINAL = {"Order Completed", "Order Cancelled", "Order Refunded", "Order Shipped",
            "Order Delivered", "Shipment Delivered", "In-Store Purchase", "Repair Collected"}
# Of the names that the histories use: what the customer did themselves.
ENGAGED = {"Product Added", "Product Viewed", "Cart Viewed", "Cart Emptied", "Checkout Started",
           "Order Completed", "In-Store Purchase", "Ring Polished"}


ORDER, TILL = "Order Completed", "In-Store Purchase"
class Event:
    """One touchpoint: received at `at`, and when it happened as far as its sender's clock goes."""

    def __init__(self, at, occurred, name, properties, user, message):
        self.at, self.said, self.name = at, occurred, name
        self.properties, self.user, self.message = properties, user, message
        self.occurred = min(occurred, at + FUTURE)


class Mark:
    """SOURCE has told everything up to `until`, said at `at`."""

    def __init__(self, at, source, until):
        self.at, self.source, self.said = at, source, until
        self.until = min(until, at + FUTURE)


class Rule:
    """A rule's JSON, with the defaults that the schema states."""

    def __init__(self, members, policy=None):
        get = members.get
        self.opening = (policy or {}).get("opening", SHOP)
        self.id, self.kind, self.epoch = members["id"], members["class"], get("epoch", 1)
        self.key, self.key_else = get("key", "customer"), get("key_else")
        self.fields = self.key if isinstance(self.key, list) else [self.key]
        self.arm = [self.entry(e) for e in members["arm"]]
        self.touch = [self.entry(e) for e in get("touch", [])]
        self.ends = [("goal", self.entry(e)) for e in get("goal", [])]
        self.ends += [("cancelled", self.entry(e)) for e in get("cancel", [])]
        self.not_matching = get("exit_policy") == "not_matching"
        self.may_return = self.not_matching and may_return(members["fire_if"])
        self.first = get("anchor", "last") == "first"
        self.wait = members["wait"]
        self.given = "at" in self.wait if isinstance(self.wait, dict) else False
        self.fire_if = get("fire_if")
        self.grace = span(get("grace", "2m" if self.kind == "marketing" else "0s"))
        self.slack = span(get("slack", "10m"))
        self.round = span(get("round", "1s"))
        self.stale = span(get("stale_after", "12h"))
        self.tombstone = span(get("tombstone", "45d"))
        self.sources, self.max_hold = get("wait_for", []), span(get("max_hold", "12h"))
        self.hold_fires = get("on_hold_end", "drop") == "fire"
        episode = get("episode", {})
        self.max_per_key = episode.get("max_per_key", 0)
        self.cooldown = span(episode.get("cooldown", "0s"))
        self.cooldown_customer = episode.get("scope", "key") == "customer"
        self.replace = episode.get("replace")
        steps = get("steps", [{"id": "main", "after": "0s"}])
        self.steps = [(s["id"], s.get("wait", s.get("after"))) for s in steps]
        self.step_if = [s.get("if") for s in steps]
        self.says_till = any(TILL in e["event"]
                             for e in self.arm + self.touch + [e for _, e in self.ends])

    def entry(self, entry):
        entry = {"event": entry} if isinstance(entry, str) else dict(entry)
        names = entry["event"]
        entry["event"] = [names] if isinstance(names, str) else names
        return entry

    def names(self, entry, event, facts):
        """Does this entry of arm, touch or cancel speak of EVENT?"""
        for name in entry["event"]:
            if name in ("*", event.name) or (
                    name == "@engagement" and event.name in ENGAGED) or (
                    name == ORDER and event.name == TILL and not self.says_till):  # READ 10
                return "when" not in entry or holds(entry["when"], event, facts)
        return False

    def values_of(self, event):
        """As many of the values that make the key as EVENT has, one behind the other."""
        values = [event.properties.get(field) for field in self.fields]
        return tuple(values[:values.index(None)] if None in values else values)

    def key_of(self, event):
        """The key of the instance that EVENT is about; None: of none."""
        if self.key == "customer":
            return "customer"
        values = self.values_of(event)
        if len(values) < len(self.fields):
            return None
        if len(values) > 1:
            values = [v.replace("%", "%25").replace("/", "%2F") for v in values]
        return "+".join(f.removesuffix("_id") for f in self.fields) + ":" + "/".join(values)

    def step_end(self, step, at):
        """When STEP is due whose wait begins AT."""
        wait = self.steps[step][1]
        return at + span(wait) if isinstance(wait, str) else wait_end(wait, at, self.opening)


def may_return(condition):
    """READ 27. How often there is one of them decides."""
    text = json.dumps(condition)
    if text.count('"s.') != text.count('"s.orders"'):
        return False
    said = [holds(condition, None, {"orders": n}) for n in range(9)]
    return any(before < then for before, then in zip(said, said[1:]))


def job_id(rule, customer, key, episode, step):
    text = b"wm1|"
    for part in (rule.id, str(rule.epoch), customer, key, str(episode), step):
        part = part.encode()
        text += b"%d:%s," % (len(part), part)
    return hashlib.sha256(text).hexdigest()[:32]


class Arming:
    """An event that arms, or the last one that a window needs."""

    def __init__(self, at, deadline, worth, window):
        self.at, self.deadline, self.worth, self.window = at, deadline, worth, window

    def order(self):
        return self.at, self.deadline or 0, self.worth


class Beginning:
    """What is known of all keys that begin with these values (READ 26)."""

    def __init__(self):
        self.closed_until = self.cancelled = self.touched = -NEVER


class Instance:
    """What is known of one key of one rule."""

    def __init__(self, key, above=()):
        self.key, self.above = key, above
        self.state = "idle"  # or armed
        self.episode = 0
        self.step = 0
        self.anchor = self.armed_at = self.deadline = self.fire_at = None
        self.closed_until = -NEVER  # by a terminal fact
        self.cancelled = -NEVER  # latest cancel, by the time it happened
        self.touched = -NEVER  # latest touch of this key alone
        self.jobs = []  # all that came out
        self.worth = 0
        self.standing = []  # the last nine of them that were not taken back
        self.arming = None  # the one in force
        self.others = []  # those that a cancel may yet leave the only ones
        self.counted = {}  # by entry of arm: what it counts


class Run:
    """One rule over one customer's history. `jobs` and `decisions` are the result."""

    def __init__(self, rule, customer, marks):
        self.rule, self.customer, self.marks = rule, customer, marks
        self.instances = {}
        self.jobs = []
        self.made = []  # with those that nobody was to get
        self.decisions = []  # (key, at, outcome, episode, step, anchor, deadline)
        self.cancelled_all = -NEVER  # latest cancel that spoke of the whole customer
        self.cancelled_any = -NEVER  # latest cancel of any key
        self.touched_all = -NEVER  # latest touch that spoke of the whole customer
        self.beginnings = {}  # of keys of several values
        self.periods = []  # (deadline, when it goes off) of all waits there ever were
        self.facts = {"events": 0, "orders": 0, "identified": True}
        self.orders, self.seen = {}, set()
        self.now = -NEVER

    def go(self, events, until):
        for event in events:
            if event.message in self.seen:
                continue
            self.seen.add(event.message)
            self.pass_time(event.at - 1)
            self.learn(event)
            self.apply(event)
            self.check_matching(event)
        self.pass_time(until)
        return self

    def decide(self, i, outcome, at, job=None):
        """OUTCOME of an instance, or of a JOB of its."""
        one = job or {"episode": i.episode, "step": self.rule.steps[i.step][0],
                      "anchor": i.anchor, "deadline": i.deadline}
        self.decisions.append((i.key, at, outcome, one["episode"], one["step"], one["anchor"],
                               one["deadline"]))

    def check_matching(self, event):
        """What does not match any more waits no more, where the rule says so."""
        for i in self.instances.values():
            if self.rule.not_matching and not self.rule.may_return and i.state == "armed" and not holds(
                    self.rule.fire_if, event, self.facts):
                self.rest(i)
                self.decide(i, "not_matching", event.at)

    # READ 27

    def held(self, at):
        orders = sum(first <= at for first in self.orders.values())
        return holds(self.rule.fire_if, None, {"orders": orders})

    def left_at(self, i):
        """The first instant, from what armed it on, at which its condition was false."""
        if not self.rule.may_return or i.state != "armed":
            return NEVER
        times = [i.arming.at] + [first for first in self.orders.values() if first > i.arming.at]
        return min((at for at in times if not self.held(at)), default=NEVER)

    def out_at(self, i):
        """When that is known."""
        left = self.left_at(i)
        return self.round(left + self.rule.grace) if left < NEVER else NEVER

    def leave(self, i, now):
        until = now - self.rule.grace
        times = [i.arming.at, until] + [first - more for first in self.orders.values()
                                        for more in (0, 1)]
        over = max(at for at in times if i.arming.at <= at <= max(until, i.arming.at) and (
            at == i.arming.at or not self.held(at)))
        self.decide(i, "not_matching", now)
        self.rest(i, keep=True)
        i.others = [a for a in i.others if a.at > over]
        after = self.settled(i)
        left = [a for a in i.others + self.windows(i, after) if a.at > max(over, after)]
        if left:
            one = self.in_force(left)
            if one in i.others:
                i.others.remove(one)
            self.begin(i, one, Event(now, now, "", {}, "", ""))
        if i.state != "armed":
            i.others = []

    def learn(self, event):
        """What conditions ask of the customer."""
        self.facts["events"] += 1
        if event.name in (ORDER, TILL):
            name = event.properties.get("order_id")
            self.orders[name] = min(self.orders.get(name, NEVER), event.occurred)
        self.orders.pop(None, None)
        self.facts["orders"] = len(self.orders)

    # Inputs

    def apply(self, event):
        rule, self.now = self.rule, event.at
        key = rule.key_of(event)
        ended = False
        for outcome, entry in rule.ends:
            if rule.names(entry, event, self.facts):
                ended = True
                if key is None and self.above(event):
                    self.cancel_above(event, entry, outcome)
                else:
                    self.cancel(event, key, entry, outcome)
        self.touch_all(event)
        if ended:
            return  # READ 1
        entries = [entry for entry in rule.arm if rule.names(entry, event, self.facts)]
        if entries:
            if key is None and rule.key_else:
                key = "customer"
            if key is None:
                return
            for entry in entries:
                if "at_least" in entry:
                    self.count_one(event, key, entry)
            if any("at_least" not in entry for entry in entries):
                self.arm(event, key)
        elif any(rule.names(entry, event, self.facts) for entry in rule.touch):
            self.touch(event, key)

    def touch_all(self, event):
        """READ 24. What it arms it does not move back by that."""
        if any(e.get("match") == "customer" and self.rule.names(e, event, self.facts)
               for e in self.rule.touch) and self.rule.key != "customer":
            self.touched_all = max(self.touched_all, event.occurred)
            self.move_on(self.instances.values(), event)

    def count_one(self, event, key, entry):
        """One more of what arms it in numbers: it does at the end of the last window that is full
        and has the event in it, both ends of the window counting."""
        i = self.instance(key, event)
        i.counted.setdefault(str(entry["event"]), []).append(self.arming(event, window=True))
        ends = [a for a in self.windows(i, self.settled(i), entry)
                if 0 <= a.at - event.occurred <= span(entry["at_least"]["within"])]
        if not ends:
            return
        if i.state == "armed":
            self.offer(i, self.in_force(ends), event)
        else:
            self.begin(i, self.in_force(ends), event)

    def windows(self, i, after, only=None):
        """The ends of all full windows of what happened behind AFTER."""
        ends = []
        for entry in self.rule.arm:
            if "at_least" not in entry or only not in (None, entry):
                continue
            within, count = span(entry["at_least"]["within"]), entry["at_least"]["count"]
            ones = [a for a in i.counted.get(str(entry["event"]), []) if a.at > after]
            ends += [end for end in ones if self.is_told(end) and
                     sum(end.at - within <= a.at <= end.at for a in ones) >= count]
        return ends

    def instance(self, key, event):
        if key not in self.instances:
            self.instances[key] = Instance(key, self.above(event))
        return self.instances[key]

    def above(self, event):
        """The beginnings of the key that EVENT speaks of, but for the whole of it."""
        values = self.rule.values_of(event) if self.rule.key != "customer" else ()
        return [self.beginnings.setdefault(values[:n], Beginning())
                for n in range(1, min(len(values) + 1, len(self.rule.fields)))]

    def cancelled_at(self, i):
        return max([i.cancelled, self.cancelled_all] + [b.cancelled for b in i.above])

    def settled(self, i):
        return max([self.cancelled_at(i)] + [j["deadline"] for j in i.standing])  # READ 19

    def arming(self, event, window=False):
        deadline = self.instant_of(event) if self.rule.given else None
        return Arming(event.occurred, deadline, self.worth_of(event), window)

    def is_told(self, arming):
        """Is there an instant to wait for?"""
        return not self.rule.given or arming.deadline is not None

    def in_force(self, armings):
        """READ 3 and 21."""
        return (min if self.rule.first else max)(armings, key=Arming.order)

    def arm(self, event, key):
        """Contract 1 and 2: KEY is armed by EVENT alone."""
        i, arming = self.instance(key, event), self.arming(event)
        if not self.is_told(arming):
            return
        if i.state == "armed":
            self.offer(i, arming, event)
        else:
            self.begin(i, arming, event)

    def wait_from(self, i, arming):
        """(anchor, deadline) of a wait that ARMING begins."""
        deadline = self.deadline(arming, arming.at)
        touched = max([i.touched, self.touched_all] + [b.touched for b in i.above])
        if arming.at < touched <= deadline:
            return touched, self.deadline(arming, touched)  # READ 15
        return arming.at, deadline

    def deadline(self, arming, anchor):
        wait = self.rule.wait
        if self.rule.given:
            end = arming.deadline
        else:
            end = wait_end(wait, anchor, self.rule.opening)
        return self.rule.step_end(0, end)

    def begin(self, i, arming, event):
        rule, at = self.rule, arming.at
        anchor, deadline = self.wait_from(i, arming)
        if event.at < max([i.closed_until, self.cooled_until(i)] + [
                b.closed_until for b in i.above]):
            return
        if self.is_cancelled(i, at):
            return
        if rule.max_per_key and len({j["episode"] for j in i.jobs}) >= rule.max_per_key:
            return
        if any(self.is_part_of(job, at, deadline) for job in i.standing):
            return  # READ 13
        if deadline + rule.stale < event.at:
            return
        i.state, i.step = "armed", 0
        i.episode = len({j["episode"] for j in i.jobs}) + 1  # READ 16
        i.arming, i.anchor, i.armed_at = arming, anchor, event.at
        i.worth = arming.worth
        self.set_deadline(i, deadline, event.at)

    def is_cancelled(self, i, at):
        """READ 2 and 12."""
        return at <= self.cancelled_at(i) or (
            i.key == "customer" and at <= self.cancelled_any)

    def is_part_of(self, job, at, deadline):
        return (at <= job["anchor"] or deadline <= job["deadline"] or
                (self.rule.first and at <= job["deadline"]))

    def worth_of(self, event):
        if not (self.rule.replace or "").startswith("greatest:"):
            return 0
        return event.properties.get(self.rule.replace.removeprefix("greatest:e."), 0)

    def rivals(self, i):
        """Other keys that wait at the same time, where the rule lets one of them go."""
        if not self.rule.replace:
            return []
        return [o for o in self.instances.values() if o is not i and o.state == "armed" and
                self.left_at(o) > self.now]

    def rank(self, i):
        """The one that is worth more stays, of equal ones the one that was armed by the later
        event (READ 22)."""
        return i.worth, i.arming.at, i.key.encode()

    def cooled_until(self, i):
        jobs = self.made if self.rule.cooldown_customer else i.jobs  # READ 6
        return max((job["fire_at"] + self.rule.cooldown for job in jobs), default=-NEVER)

    def instant_of(self, event):
        """The first instant that EVENT gives of those that the rule asks for."""
        wait = self.rule.wait
        for way in [wait["at"]] if isinstance(wait["at"], str) else wait["at"]:
            instant = event.properties.get(way.removeprefix("e."))
            if isinstance(instant, int):
                return instant + span(wait.get("plus", "0s"))
        return None

    def set_deadline(self, i, deadline, at):
        i.deadline = deadline
        i.fire_at = self.round(max(i.deadline, at) + self.rule.grace)
        self.periods.append((i.deadline, self.fires_at(i)))

    def round(self, at):
        return -(-at // self.rule.round) * self.rule.round

    def offer(self, i, arming, event):
        """ARMING is another one that arms I while it runs."""
        order, now = Arming.order(arming), Arming.order(i.arming)
        if order == now or i.step and (
                order < now if self.rule.first else arming.at == i.arming.at):
            return  # READ 11
        if self.is_cancelled(i, arming.at):
            return
        if i.step and not self.rule.first:
            self.join_steps(i, arming, event)
            return
        one = self.in_force([arming, i.arming])
        other = i.arming if one is arming else arming
        if not other.window:
            i.others.append(other)
        if one is arming:
            i.arming = one
            self.carry(i, one, event, i.anchor if i.anchor > now[0] else -NEVER)

    def carry(self, i, arming, event, touched):
        i.worth = arming.worth
        i.anchor, deadline = self.wait_from(i, arming)
        if touched > i.anchor:
            i.anchor, deadline = touched, self.deadline(arming, touched)
        self.move(i, deadline, event)

    def join_steps(self, i, arming, event):
        """READ 23."""
        if Arming.order(arming) <= Arming.order(i.arming):
            return
        if Arming.order(arming) <= max(Arming.order(a) for a in i.others + [i.arming]):
            self.move(i, self.wait_from(i, arming)[1], event)
            return
        if not arming.window:
            i.others = [arming]
        self.carry(i, arming, event, i.anchor)

    def move(self, i, deadline, event):
        if i.step:
            deadline = max(i.deadline, deadline)  # READ 11
        if deadline != i.deadline:  # READ 4
            self.set_deadline(i, deadline, event.at)

    def touch(self, event, key):
        if key is not None and key != "customer":
            i = self.instance(key, event)
            i.touched = max(i.touched, event.occurred)
            running = [i]
        elif key is None and self.above(event):
            beginning = self.above(event)[-1]
            beginning.touched = max(beginning.touched, event.occurred)
            running = self.under(beginning)
        elif key is not None or self.rule.key_else:
            self.touched_all = max(self.touched_all, event.occurred)
            running = self.instances.values()  # READ 9
        else:
            running = []
        self.move_on(running, event)

    def move_on(self, running, event):
        for i in running:
            if i.state == "armed" and event.occurred > i.anchor:
                i.anchor = event.occurred
                if i.arming.deadline is None:  # READ 14
                    self.move(i, self.deadline(i.arming, i.anchor), event)

    def cancel(self, event, key, entry, outcome):
        """Contract 3 and 5."""
        rule = self.rule
        whole = entry.get("match", "key") == "customer" or key is None
        if whole:
            if key is None and not rule.key_else and entry.get("match") != "customer":
                return
            self.cancelled_all = max(self.cancelled_all, event.occurred)
            for i in list(self.instances.values()):
                self.end(i, event, outcome)  # READ 8
            return
        if rule.key_else:
            self.cancelled_any = max(self.cancelled_any, event.occurred)
            if "customer" in self.instances:
                self.end(self.instances["customer"], event, outcome)  # READ 12
        i = self.instance(key, event)
        i.cancelled = max(i.cancelled, event.occurred)
        self.end_key(i, event, outcome, self.is_terminal(event, entry))

    def is_terminal(self, event, entry):
        usual = self.rule.key != "customer" and event.name in TERMINAL
        return entry.get("terminal", usual) and self.rule.tombstone > 0  # READ 18

    def end_key(self, i, event, outcome, terminal):
        self.end(i, event, outcome, terminal)
        if terminal:
            until = [event.at + self.rule.tombstone, i.closed_until]
            until += [job["fire_at"] + self.rule.cooldown for job in i.jobs]  # READ 17
            i.closed_until = max(until)

    def under(self, beginning):
        return [i for i in self.instances.values() if beginning in i.above]

    def cancel_above(self, event, entry, outcome):
        """READ 26."""
        if entry.get("match", "key") == "customer":
            self.cancel(event, None, entry, outcome)
            return
        beginning, terminal = self.above(event)[-1], self.is_terminal(event, entry)
        beginning.cancelled = max(beginning.cancelled, event.occurred)
        for i in self.under(beginning):
            self.end_key(i, event, outcome, terminal)
        if terminal:
            beginning.closed_until = max(beginning.closed_until, event.at + self.rule.tombstone)

    def end(self, i, event, outcome, terminal=False):
        """EVENT cancels what runs, and takes back what came out."""
        last = max((job["episode"] for job in i.jobs), default=0)
        for job in list(i.standing):
            late = event.occurred <= job["deadline"]
            if (late or job["episode"] == last) and (
                    terminal or self.reaches(event, job["arming"])):
                job["retracted"] = {"late": late, "at": event.at, "by": event.name}  # READ 5
                i.standing.remove(job)
                self.decide(i, "retracted", event.at, job)
        i.others = [] if terminal else [a for a in i.others if not self.reaches(event, a.at)]
        if i.state != "armed" or not (terminal or self.is_reached(i, event)):
            return
        self.decide(i, outcome, event.at)
        self.rest(i, keep=True)
        after = self.settled(i)
        left = [] if terminal else [
            a for a in i.others + self.windows(i, after)
            if a.at > after and not self.reaches(event, a.at)]
        if left:
            one = self.in_force(left)
            if one in i.others:
                i.others.remove(one)
            self.begin(i, one, event)
        if i.state != "armed":
            i.others = []

    def is_reached(self, i, event):
        """Does it end what armed I, or one of the several events that did?"""
        after = self.cancelled_at(i)
        return self.reaches(event, i.arming.at) or (
            i.arming.window and all(Arming.order(a) != Arming.order(i.arming)
                                    for a in self.windows(i, after)))

    def rest(self, i, keep=False):
        i.state = "idle"
        if not keep:
            i.others = []

    def reaches(self, event, anchor):
        return event.occurred >= anchor - self.rule.slack

    # Time

    def due(self, i):
        """When this instance goes off if nothing else comes: it fires, or leaves before that."""
        if i.state != "armed":
            return NEVER
        out = self.out_at(i)
        if i.fire_at > self.round(i.deadline + self.rule.grace):
            out = max(out, i.fire_at)
        return min(self.fires_at(i), max(out, self.now))

    def fires_at(self, i):
        """At fire_at, or as soon after it as all the sources it waits for have said enough, or when
        it has been held long enough."""
        end = i.fire_at + self.rule.max_hold
        at = i.fire_at
        for source in self.rule.sources:
            said = [m.at for m in self.marks if m.source == source and m.until >= i.deadline]
            at = max(at, min(said, default=NEVER))
        return min(at, end)

    def has_word(self, i, now):
        return all(any(m.source == source and m.at <= now and m.until >= i.deadline
                       for m in self.marks) for source in self.rule.sources)

    def pass_time(self, until):
        while True:
            i = min(self.instances.values(), key=lambda i: (self.due(i), i.key), default=None)
            if i is None or self.due(i) > until:
                return
            self.fire(i, self.due(i))

    def fire(self, i, now):
        """Contract 4 and 6."""
        rule, self.now = self.rule, now
        if self.out_at(i) <= now:
            self.leave(i, now)
            return
        if not self.has_word(i, now) and not rule.hold_fires:
            self.decide(i, "source_late", now)
            self.rest(i)
            return
        if self.left_at(i) <= now:
            self.leave(i, now)
            return
        if self.is_outdone(i, now):
            return
        if any(self.rank(other) > self.rank(i) for other in self.rivals(i)):
            self.decide(i, "replaced", now)
            self.rest(i)
            return
        if rule.step_if[i.step] and not holds(rule.step_if[i.step], None, self.facts):
            self.decide(i, "step_skipped", now)
            self.next_step(i, now)
            return
        if not self.may_go(i, now):
            return
        step = rule.steps[i.step][0]
        job = {"id": job_id(rule, self.customer, i.key, i.episode, step), "rule": rule.id,
               "customer": self.customer, "key": i.key, "episode": i.episode, "step": step,
               "anchor": i.anchor, "armed_at": i.armed_at, "deadline": i.deadline, "fire_at": now,
               "retracted": None, "arming": i.arming.at}
        self.made.append(job)
        self.come_out(i, job, now)
        self.emitted(i, job)
        for other in self.rivals(i):
            self.decide(other, "replaced", now)
            self.rest(other)
        i.jobs.append(job)
        i.standing = i.standing[-8:] + [job]
        self.next_step(i, now)

    def is_outdone(self, i, now):
        """Has another rule ended it? Here there is none."""
        return False

    def may_go(self, i, now):
        if self.rule.fire_if and not holds(self.rule.fire_if, None, self.facts):
            self.decide(i, "suppressed", now)
            self.rest(i)
            return False
        return True

    def come_out(self, i, job, now):
        self.jobs.append(job)
        self.decide(i, "fired", now)

    def emitted(self, i, job):
        pass

    def next_step(self, i, now):
        rule = self.rule
        i.step += 1
        if i.step < len(rule.steps):
            self.set_deadline(i, rule.step_end(i.step, now), now)  # READ 7
        else:
            self.rest(i)


def run(members, customer, events, marks, until, kind=Run):
    """One rule (its JSON) over a customer's history in order of receipt."""
    return kind(Rule(members), customer, marks).go(events, until)
