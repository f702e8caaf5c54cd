# SPDX-License-Identifier: MIT
"""Shops by chance in which everything there is happens: every name of an event, rules of every kind, and orders in which the same events might have come in.

What the contract measures by when something came in (triggers, section 6: cooldowns, tombstones,
caps, what is stale, how long is held; and who followed a product when news of it came) would depend
on the order by definition. So a day here has two halves. Events happen between 00:00 and 06:00 and
are late by less than two hours; whatever is decided is decided between 08:00 and midnight: waits,
pauses and spans are so long that their ends lie there, quiet hours end there, sources say there what
they have told, and news of a product comes on other days than somebody begins to follow it. Nothing
else is left out but what the contract itself says of one order alone: the slack, by which a cancel
ends a wait that runs and is not remembered, is less than events are apart; conditions on who the
customer is (`s.`) are asked when something is due, not when it comes in; and what no longer matches
ends (`not_matching`) by the number of orders, which is known of any instant; with several names by
fewer than so many, which does not come back.

Everybody has one name, besides the address and the number that they give. With SEVERAL names that
become one in the middle of it the order of arrival shows in a few places still."""

import json
import os

from wait_model import DAY, HOUR, MINUTE

START = 1772409600000  # 2026-03-02T00:00Z, a Monday
DAYS, HORIZON = 6, 45
GRID = 30 * MINUTE
LATE = 2 * HOUR - 1
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "event_examples")
SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas", "events")
# Zones in which the hours of the rules lie in the quiet half of the day.
ZONES = ("UTC", "Europe/Berlin", "Europe/London", "Asia/Kolkata")
KEYS = ("cart_id", "order_id", ["order_id", "line_id"], "customer", "case_id", "product_id")
ENDS = ("Order Completed", "In-Store Purchase", "Cart Emptied", "Order Cancelled", "Order Delivered",
        "Case Solved", "Ring Polished")
BEGINS = ("Product Added", "Product Viewed", "Cart Viewed", "Checkout Started", "Order Completed",
          "Client Error", "Payment Failed", "Case Opened", "Item Unavailable")
ORDERS = {"var": "s.orders"}
# Where an order is on its way, and beside it.
WAY = ("placed", "paid", "in_production", "quality_check", "packed", "shipped", "out_for_delivery",
       "ready_for_pickup", "delivered", "return_requested", "returned", "refunded", "cancelled",
       "payment_pending", "backordered", "on_hold", "exception")
MOVES = ("Order Stage Entered", "Order Updated", "Payment Failed", "Payment Approved",
         "Shipment Delivered", "Order Shipped")
NEWS = ("Stock Changed", "Price Changed", "Item Unavailable")


def examples():
    """name: what an event of that name says; all names of the vocabulary."""
    found = {}
    for file in sorted(os.listdir(SCHEMAS)):
        if not file.endswith(".schema.json"):
            continue
        with open(os.path.join(SCHEMAS, file), encoding="utf-8") as whole:
            title = json.load(whole).get("title")
        path = os.path.join(EXAMPLES, file.replace(".schema.json", ".json"))
        if title and os.path.exists(path):
            with open(path, encoding="utf-8") as whole:
                found[title] = json.load(whole)["good"]
    return found


def hours(chance, low, high):
    return "%dh" % (24 * chance.randint(low, high))


class Shop:
    """Rules, a policy, and people with what they did; SEVERAL: under several names, which become one.
    CHANCE decides."""

    def __init__(self, chance, several=False, people=40):
        self.several = several
        self.chance, self.examples = chance, examples()
        self.rules = [rule for n in range(9) for rule in [self.plain("rule_%d" % n)]]
        self.tie()
        self.rules += self.special()
        chance.shuffle(self.rules)
        self.policy = self.made_policy()
        self.marks = [{"type": "watermark", "source": source, "completeUntil": START + day * DAY +
                       20 * HOUR + GRID, "receivedAt": START + day * DAY + 20 * HOUR + GRID + 1}
                      for day in range(HORIZON) for source in ("till-1", "till-2")
                      if chance.random() < 0.7]
        self.events = [event for n in range(people) for event in self.person(n)] + self.news()
        if not several:
            self.let_return()

    def some(self, *weighted):
        return self.chance.choices([v for _, v in weighted], [w for w, _ in weighted])[0]

    # Rules

    def wait(self):
        chance = self.chance
        return self.some(
            (6, "%dh" % (24 * chance.randint(0, 2) + chance.randint(12, 13))),
            (2, {"at": chance.choice(("e.due", ["e.due", "e.also"]))}),
            (1, {"at": "e.due", "plus": chance.choice(("1h", "-1h", "24h"))}),
            (1, {"at": "e.due", "else": "13h"}),
            (1, {"local": chance.choice(("14:00", "15:30")), "tz": chance.choice(ZONES[:3])}),
            (1, {"local": "15:30", "tz": "Asia/Kolkata", "days": chance.randint(0, 2)}),
            (1, {"local": "day_end", "tz": "Asia/Tokyo"}),
            (1, {"local": "14:00", "tz": "UTC", "weekdays": chance.sample(
                ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 3)}),
            (1, {"business": chance.choice(("1d", "2d", "3h", "17h"))}),
            (1, {"for": "e.length", "min": "12h", "max": "13h", "else": "12h"}))

    def plain(self, name):
        chance = self.chance
        key = chance.choice(KEYS)
        rule = {"id": name, "class": self.some((4, "marketing"), (1, "service"), (1, "task")),
                "key": key, "channels": self.some((3, ["email", "sms"]), (1, ["sms", "email"]),
                                                  (1, ["task"]), (1, ["email"])),
                "grace": "2h", "slack": chance.choice(("0s", "10m")),
                "round": chance.choice(("1ms", "1s")), "wait": self.wait(),
                "stale_after": chance.choice(("never", hours(chance, 1, 2))),
                "tombstone": chance.choice(("45d", "0s", "36h", "60h"))}
        if key != "customer" and not isinstance(key, list) and chance.random() < 0.4:
            rule["key_else"] = "customer"
        if chance.random() < 0.25:
            rule["anchor"] = "first"
        self.matches(rule)
        self.repetition(rule)
        if chance.random() < 0.5:
            rule["gates"] = "off"
        else:
            self.gates(rule)
        if chance.random() < 0.3:
            rule["fire_if"] = self.asked()
            if chance.random() < 0.3:
                rule["fire_if"] = {"<": [ORDERS, chance.randint(1, 3)]}
                rule["exit_policy"] = "not_matching"
            last = rule.get("steps", [{}])[-1]
            # Never true together, which is refused.
            if last.get("if") == {">=": [ORDERS, 1]} and rule["fire_if"] == {"<": [ORDERS, 1]}:
                del last["if"]
        if chance.random() < 0.2:
            rule.update(wait_for=["till-1", "till-2"][:chance.randint(1, 2)],
                        max_hold=hours(chance, 1, 2), on_hold_end=chance.choice(("fire", "drop")))
        if chance.random() < 0.3:
            rule["data"] = {"n": "e.n", "word": "e.word", "orders": "s.orders"}
        rule["priority"] = {"likelihood": chance.choice((0.4, 0.5, 1)),
                            "impact": chance.choice((0.69, 0.7, 1))}
        return rule

    def let_return(self):
        """What ends rules may be false for a while, too, as far as it asks of orders alone."""
        for rule in self.rules:
            over = any("to" in end for end in rule.get("cancel", []))  # that must be for good
            if rule.get("exit_policy") != "not_matching" or over:
                continue
            rule["fire_if"] = self.chance.choice((
                {">=": [ORDERS, self.chance.randint(1, 2)]}, {"==": [ORDERS, 1]},
                {"or": [{"<": [ORDERS, 1]}, {">": [ORDERS, 1]}]}))
            for step in rule.get("steps", []):
                if "s.orders" in json.dumps(step.get("if")):  # never true together is refused
                    del step["if"]

    def asked(self):
        # Of each list so much that any three have something in common: never true together is refused.
        return self.chance.choice((
            {">=": [ORDERS, 1]}, {"!": [{">": [ORDERS, 1]}]},
            {"==": [{"var": "s.case.open"}, False]}, {"var": "s.has_email"},
            {"<": [{"var": "s.events"}, 9]}, {"!": [{"var": "s.order.late"}]},
            {"in": [{"var": "s.order.status"}, self.chance.sample(WAY[:13], 10)]},
            {"in": [{"var": "s.order.side"}, self.chance.sample(WAY[13:], 3)]}))

    def narrowed(self, name):
        if self.chance.random() < 0.8:
            return name
        return {"event": name, "when": self.chance.choice((
            {">": [{"var": "e.n"}, 2]}, {"==": [{"var": "e.word"}, "a"]},
            {"or": [{"<=": [{"var": "e.n"}, 1]}, {"!": [{"==": [{"var": "e.word"}, "b"]}]}]}))}

    def matches(self, rule):
        chance = self.chance
        arm = chance.sample(BEGINS, chance.randint(1, 2))
        rule["arm"] = [self.narrowed(name) for name in arm]
        if chance.random() < 0.25:
            rule["arm"][0] = {"event": arm[0], "at_least": {
                "count": chance.randint(2, 3), "within": chance.choice(("1h", "2h", "24h", "26h"))}}
        ends = [name for name in ENDS if name not in arm]
        rule["cancel"] = []
        for name in chance.sample(ends, chance.randint(1, 3)):
            entry = self.narrowed(name)
            if chance.random() < 0.3:
                entry = dict(entry) if isinstance(entry, dict) else {"event": name}
                entry["match"] = chance.choice(("key", "customer"))
            rule["cancel"].append(entry)
        if len(rule["cancel"]) > 1 and chance.random() < 0.3:
            rule["goal"] = [rule["cancel"].pop()]
        others = [name for name in BEGINS + ("Ring Polished",) if name not in arm + [
            e["event"] if isinstance(e, dict) else e for e in rule["cancel"] + rule.get("goal", [])]]
        if chance.random() < 0.4:
            rule["touch"] = chance.sample(others, 2)
            if rule["key"] != "customer" and chance.random() < 0.3:
                rule["touch"] = [{"event": rule["touch"], "match": "customer"}]

    def repetition(self, rule):
        chance, episode = self.chance, {}
        if chance.random() < 0.4:
            episode.update(cooldown=hours(chance, 1, 3), scope=chance.choice(("key", "customer")))
        if rule["key"] != "customer" and chance.random() < 0.2:
            episode.update(scope="customer", replace=chance.choice(("latest", "greatest:e.n")))
        if chance.random() < 0.25:
            episode["max_per_key"] = chance.randint(1, 2)
        if rule["key"] == "customer":
            episode.setdefault("max_per_key", 99)
        if episode:
            rule["episode"] = episode
        if chance.random() < 0.4:
            rule["steps"] = [{"id": "s0", "after": "0s"}] + [
                {"id": "s%d" % n, **self.some((3, {"after": hours(chance, 1, 2)}),
                                              (1, {"wait": {"local": "15:00", "tz": "UTC",
                                                            "days": 1}}),
                                              (1, {"wait": {"business": "1d"}}))}
                for n in range(1, 2)]
            if chance.random() < 0.3:
                rule["steps"][-1]["if"] = self.asked()
            if chance.random() < 0.3:
                rule["steps"][-1]["channels"] = ["sms"]

    def gates(self, rule):
        chance = self.chance
        rule["quiet"] = self.some((3, "defer"), (1, "drop"), (1, "ignore"))
        rule["on_cap"] = self.some((3, "defer"), (1, "drop"))
        rule["expire"] = chance.choice((hours(chance, 1, 3), "never"))
        if chance.random() < 0.3:
            rule["send_at"] = {"local": "14:00-20:00"}
        if chance.random() < 0.3:
            rule["cap"] = {"count": chance.randint(1, 2), "within": hours(chance, 1, 4)}
        if rule["class"] == "marketing":
            rule["mute"] = chance.choice(([], ["case_open"]))
            rule["holdout"] = chance.choice((0, 0, 0.3))
        if rule["class"] != "task" and chance.random() < 0.4:
            rule["topic"] = "news"
        rule["rank"] = chance.choice(("cart", "browse", "none"))

    def tie(self):
        """What rules are to each other."""
        chance, rules = self.chance, self.rules
        for place, rule in enumerate(rules[:-1]):
            later = [other["id"] for other in rules[place + 1:]]
            if chance.random() < 0.3:
                rule["supersedes"] = [chance.choice(later)]
            for n, entry in enumerate(rule["cancel"]):
                if chance.random() < 0.25 and "wait_for" not in rule:
                    entry = dict(entry) if isinstance(entry, dict) else {"event": entry}
                    rule["cancel"][n] = dict(entry, to=chance.choice(later))
        same = [rule for rule in rules if rule["key"] == "cart_id"]
        if len(same) > 1:
            for rule in same[:2]:
                rule["once"] = {"group": "word"}

    def special(self):
        chance = self.chance
        day = {"class": "task", "channels": ["task"], "gates": "off", "grace": "2h"}
        # What is heard behind its deadline waits for the grace from there (triggers, section 5), so
        # no deadline lies before the last of a day has come in.
        # A correction of a later day puts the beginning of a stage before it: by then that is stale.
        stage = dict(day, wait="8h", episode={"cooldown": "24h"}, stale_after="9h")
        return [
            dict(day, id="birthday", calendar={"date": "birthday", "local": "15:00",
                                               "tz": "customer", "lead": chance.choice(("0d", "2d"))}),
            dict(day, id="first", calendar={"date": "first_order", "local": "15:00", "tz": "UTC"}),
            dict(stage, id="stage_a", stage_changed={"to": ["active_shopper", "customer_awaiting"]}),
            dict(stage, id="stage_b", stage_changed={"to": ["at_risk"]}),
            dict(day, id="stock", key="sku", wait="13h", fire_if={"==": [
                {"var": "s.watch.open"}, True]}, arm=[{"event": "Stock Changed", "when": {
                    ">=": [{"var": "e.stock"}, 1]}}], cancel=[{"event": "Stock Changed", "when": {
                        "<=": [{"var": "e.stock"}, 0]}}]),
            dict(day, id="price", key="sku", wait="37h", arm=[{"event": "Price Changed", "when": {
                "<": [{"var": "e.price"}, 100]}}], cancel=[{"event": "Price Changed", "when": {
                    ">=": [{"var": "e.price"}, 100]}}])]

    def made_policy(self):
        chance = self.chance
        caps = [{"count": chance.randint(1, 2), "within": hours(chance, 1, 3)}]
        quiet = {"quiet": "13:00-19:00"}
        return {"caps": caps if chance.random() < 0.7 else [],
                "holdout": {"share": chance.choice((0, 0.2))},
                "arbitration": {"window": "1h", "order": ["cart", "browse"]},
                "channels": {"email": {"quiet": None}, "sms": quiet, "task": {"quiet": None}},
                "countries": {}, "opening": {day: ["10:00-18:00"] for day in (
                    "mon", "tue", "wed", "thu", "fri", "sat")}}

    # What happens

    def instant(self, first=0, last=DAYS - 1):
        chance = self.chance
        return START + chance.randint(first, last) * DAY + GRID * chance.randint(0, 11)

    def event(self, at, name, properties, message, **who):
        event = {"type": "track", "event": name, "properties": properties, "messageId": message,
                 "at": at, **who}
        if name == "identify":
            del event["event"], event["properties"]
            event.update(type="identify", traits=properties)
        return event

    def person(self, number):
        """Names that belong together, which is learned bit by bit, and what was done under them."""
        chance, tag = self.chance, "%02d" % number
        names = [{"anonymousId": "a%d-%s" % (n, tag)} for n in range(chance.randint(1, 2))]
        if chance.random() < 0.7:
            names.append({"userId": "u" + tag})
        if chance.random() < 0.5:
            names.append({"identifiers": {"email": "m%s@example.org" % tag}})
        if not self.several:
            names = names[-1:]
        # What ended something is remembered for a day, from when it came in: of the day before the
        # names become one nothing is told.
        link = chance.randint(0, DAYS - 1)
        events = [self.about(tag, n, names, link) for n in range(chance.randint(2, 5))]
        if chance.random() < 0.4:
            events.append(self.event(self.instant(0, 1), "Stock Alert Requested", {
                "sku": "N%d" % chance.randint(1, 3)}, tag + "-asks", **chance.choice(names)))
        for n in range(chance.randint(6, 22)):
            at = self.instant()
            if chance.random() < 0.5:
                at = chance.choice(events)["at"] + GRID * chance.randint(-1, 1)
                at = at - at % DAY + min(at % DAY, 11 * GRID)
            if (at - START) // DAY == link - 1:
                at += DAY
            events.append(self.deed(at, tag, n, chance.choice(names)))
        if chance.random() < 0.4:
            events += self.way(tag, names, link)
        for n in range(len(names) - 1):
            if chance.random() < 0.8:
                who = {}
                for name in (names[n], names[n + 1]):
                    who.update(name)
                events.append(self.event(self.instant(link, link), "identify", {}, "%s-one-%d" % (tag, n), **who))
        return events

    def about(self, tag, n, names, link):
        """What decides whether and how they may be written to; an address makes names one, on that day."""
        chance = self.chance
        at, who = self.instant(0, chance.choice((0, DAYS - 1))), chance.choice(names)
        name, properties = self.some(
            (4, ("Consent Updated", {"medium": chance.choice(("email", "sms")), "status": self.some(
                (4, "given"), (1, "withdrawn")), **self.some((2, {}), (1, {"topic": "news"}))})),
            (2, ("Preference Updated", {"timezone": chance.choice(ZONES)})),
            (1, ("Preference Updated", {"channels": "sms,email"})),
            (3, ("identify", {"phone": "+4930123456" + tag, "email": "m%s@example.org" % tag})),
            (1, ("Important Date Set", {"name": "birthday", "date": "1990-03-%02d" % (
                chance.randint(1, 28))})),
            (0.4, ("Important Date Removed", {"name": "birthday"})),
            (1, ("Email Bounced", {"bounce_type": chance.choice(("hard", "soft"))})),
            (0.5, ("Email Delivered", {})), (0.3, ("Unsubscribed", {})),
            (0.5, ("Notification Bounced", {"channel": "email", "bounce": "hard"})),
            (0.5, ("Notification Clicked", {"channel": "email"})))
        if name == "identify" and self.several:
            at = self.instant(link, link)
        return self.event(at, name, dict(properties), "%s-is-%d" % (tag, n), **who)

    def deed(self, at, tag, n, who):
        chance = self.chance
        things = {"cart_id": "C%s-%d" % (tag, chance.randint(1, 2)), "order_id": "O%s-%d" % (
            tag, chance.randint(1, 2)), "line_id": str(chance.randint(1, 2)),
                  "case_id": "K" + tag, "product_id": "P%d" % chance.randint(1, 2)}
        found = {key: value for key, value in things.items() if chance.random() < 0.75}
        day = at - at % DAY
        found.update({"n": chance.randint(0, 4), "word": chance.choice("abc"),
                      "length": chance.choice(("12h", "14h", "1h")), "due": day + 12 * HOUR + GRID *
                      chance.randint(0, 6) + DAY * chance.randint(0, 2)})
        if chance.random() < 0.3:
            found["also"] = day + 14 * HOUR
        for key in ("due", "length"):
            if chance.random() < 0.3:
                del found[key]
        name = self.some((5, chance.choice(BEGINS)), (3, chance.choice(ENDS)),
                         (2, chance.choice(sorted(self.examples))), (2, chance.choice(MOVES)))
        if name in self.examples and name not in BEGINS + ENDS + NEWS:
            found = dict({k: v for k, v in self.examples[name].items() if k not in things}, **found)
        if "quiet_to" in found:
            found["quiet_to"] = "14:30"  # in the quiet half of the day in each of the zones
        if name == "Order Completed":
            found["promised_at"] = day + 12 * HOUR + DAY * chance.randint(1, 3)
        if name in MOVES[:2]:
            found["stage" if name == MOVES[0] else "status"] = chance.choice(WAY)
            if chance.random() < 0.3:
                found["correction"] = True
        if name in ("Stock Alert Requested", "Product Viewed") and at < START + 2 * DAY:
            found["sku"] = "N%d" % chance.randint(1, 3)
        elif name in NEWS:
            found.pop("sku", None)
        return self.event(at, name, found, "%s-%d" % (tag, n), **who)

    def way(self, tag, names, link):
        """An order of which much is said within two hours of a day, some of it wrong."""
        chance, at = self.chance, self.instant()
        at -= max(0, at % DAY - 7 * GRID)
        if (at - START) // DAY == link - 1:
            at += DAY
        moves = [("Order Completed", {"order_id": "O" + tag})]
        for _ in range(chance.randint(2, 6)):
            word = {"order_id": "O" + tag, "stage": chance.choice(WAY)}
            if chance.random() < 0.4:
                word["correction"] = True
            moves.append((MOVES[0], word))
        return [self.event(at + GRID * chance.randint(0, 4), name, said, "%s-way-%d" % (tag, n),
                           **chance.choice(names)) for n, (name, said) in enumerate(moves)]

    def news(self):
        chance = self.chance
        return [self.event(self.instant(DAYS, DAYS + 2), *chance.choice((
            ("Stock Changed", {"sku": "N%d" % chance.randint(1, 3), "stock": chance.randint(0, 2)}),
            ("Price Changed", {"sku": "N%d" % chance.randint(1, 3),
                               "price": chance.choice((60, 99, 100, 130))}))),
            "news-%d" % n) for n in range(12)]

    # Orders of arrival

    def arrive(self, chance):
        """The same events as they might come in, some of them twice."""
        found = [(mark["receivedAt"], mark) for mark in self.marks]
        coming = []
        for event in self.events:
            for _ in range(1 + (chance.random() < 0.15)):
                coming.append((event["at"] + chance.choice((0, 0, LATE, chance.randint(0, LATE))),
                               event))
        chance.shuffle(coming)
        return sorted(found + coming, key=lambda pair: pair[0])
