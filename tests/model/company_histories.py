# SPDX-License-Identifier: MIT
"""Rules that get into each other's way, by chance, and customers who live by their own clocks, want
to hear of this and not of that, and cannot always be reached."""

import copy

from absence_histories import ZONES, Lawful, Maker
from absence_model import Event
from wait_model import HOUR, MINUTE

# Days on which the clocks of Berlin, New York and Lord Howe change are near, and days off.
STARTS = (1772445600000,  # 2026-03-02T10:00Z
          1772892000000,  # 2026-03-07T14:00Z
          1774717200000,  # 2026-03-28T17:00Z
          1775296800000,  # 2026-04-04T10:00Z, the day before Easter
          1777629600000,  # 2026-05-01T10:00Z
          1792857600000,  # 2026-10-24T16:00Z
          1793484000000)  # 2026-10-31T22:00Z
RANKS = ("first", "second")
DAYS_OFF = ["01-01", "easter-2", "easter+1", "05-01", "2026-10-26", "11-01"]
WORDS = ("email", "sms", "call")
# Who they are comes this long before the first that they do.
BEFORE = HOUR


def order_asked(chance):
    return chance.choice(({">=": [{"var": "s.orders"}, 1]}, {"!": [{">": [{"var": "s.orders"}, 1]}]}))


class Street(Maker):
    """Few rules, all about the same customers."""

    def __init__(self, chance):
        super().__init__(chance)
        self.grid = chance.choice((10 * MINUTE, HOUR, HOUR))
        self.start = chance.choice(STARTS)
        self.keys = chance.choice(("cart_id", "customer", "order_id"))

    def policy(self):
        chance = self.chance
        caps = [{"count": chance.randint(1, 2), "within": self.units(2, 30)}]
        if chance.random() < 0.5:
            caps.append({"count": 1, "within": self.units(20, 60), "channels": ["sms"]})
        if chance.random() < 0.3:
            caps.append({"count": 1, "within": self.units(2, 20), "counts": ["marketing"],
                         "classes": ["marketing", "task", "service"]})
        quiet = {"channels": ["sms", "call"], "quiet": "21:00-08:00"}
        france = {"channels": ["sms", "call"], "quiet": "22:00-08:00", "sundays": True,
                  "holidays": DAYS_OFF}
        return {"caps": caps if chance.random() < 0.8 else [],
                "holdout": {"share": self.some((3, 0), (1, 0.2)), "salt": chance.choice("xyz")},
                "arbitration": {"window": "1h", "order": list(RANKS)},
                "countries": {"DE": quiet, "FR": france},
                "channels": {"email": {"quiet": None}, "sms": {"quiet": "21:00-08:00"},
                             "call": {"quiet": "21:00-08:00", "priority": "high", "opening": True},
                             "task": {"quiet": None, "opening": chance.random() < 0.5}},
                "opening": self.opening()}

    def zone(self):
        return self.chance.choice(ZONES)

    # Rules

    def rules(self, count):
        rules = super().rules(count)
        for number, rule in enumerate(rules):
            if self.chance.random() < 0.5 and number + 1 < count:
                others = [r["id"] for r in rules[number + 1:]]
                rule["supersedes"] = self.chance.sample(others, 1)
        if self.chance.random() < 0.5:
            per = self.some((1, {}), (1, {"per": "s.orders"}))
            for rule in self.chance.sample(rules, min(2, count)):
                rule["key"] = self.keys
                self.by_key(rule)
                rule["once"] = dict(per, group="word")
        self.chance.shuffle(rules)
        return rules

    def by_key(self, rule):
        """What a rule may only say with a key, or without."""
        if rule["key"] == "customer":
            for name in ("key_else",):
                rule.pop(name, None)
            rule.setdefault("episode", {}).setdefault("max_per_key", 99)
            rule["episode"].pop("replace", None)
            for entry in rule.get("cancel", []) + rule.get("goal", []):
                if isinstance(entry, dict):
                    entry.pop("terminal", None)

    def rule(self, name):
        chance, rule = self.chance, super().rule(name)
        for member in ("gates", "exit_policy", "fire_if"):
            rule.pop(member, None)
        if chance.random() < 0.6:
            for member in ("wait_for", "max_hold", "on_hold_end"):
                rule.pop(member, None)
        rule["class"] = self.some((4, "marketing"), (1, "service"), (1, "task"))
        rule["channels"] = self.ways()
        self.events_of(rule)
        for step in rule.get("steps", []):
            step.pop("if", None)
            if chance.random() < 0.2:
                step["channels"] = self.ways()
            if chance.random() < 0.2:
                step["class"] = "task"
        if chance.random() < 0.25:
            rule["fire_if"] = order_asked(chance)
        self.hours_of(rule)
        self.worth_of(rule)
        if rule["class"] != "task" and chance.random() < 0.5:
            rule["topic"] = self.some((3, "news"), (1, "care"))
            if "cap" in rule:
                rule["cap"]["topic"] = True
        if rule["class"] == "marketing":
            rule["mute"] = chance.choice(([], [], ["case_open"]))
            if chance.random() < 0.4:
                rule["holdout"] = chance.choice((0, 0.3, 0.3))
        rule["rank"] = self.some(*((1, rank) for rank in RANKS), (1, "none"))
        rule["priority"] = {"likelihood": chance.choice((0.4, 0.5, 1)),
                            "impact": chance.choice((0.69, 0.7, 1))}
        return rule

    def ways(self):
        ways = self.chance.sample(("email", "sms", "call"), self.chance.randint(1, 3))
        if self.chance.random() < 0.15:
            ways.insert(self.chance.randint(0, len(ways)), "inapp")
        return self.some((5, ways), (1, ["task"]), (1, ["email"]), (1, ["sms"]))

    def events_of(self, rule):
        for entries in ("arm", "touch"):
            rule[entries] = [e for e in rule.get(entries, []) if "*" not in str(e) and "@" not in str(e)]
        rule["arm"] = rule["arm"] or ["Product Added"]
        for entries in ("cancel", "goal"):
            rule[entries] = [e for e in rule.get(entries, []) if "Product Added" not in str(e)]
        for entries in ("touch", "cancel", "goal"):
            if not rule[entries] or entries == "touch" and "Product Added" in str(rule["touch"]):
                del rule[entries]

    def hours_of(self, rule):
        chance = self.chance
        rule["quiet"] = self.some((3, "defer"), (1, "drop"), (1, "ignore"))
        if chance.random() < 0.4:
            rule["send_at"] = {"local": chance.choice(("09:00-21:00", "06:30-20:00", "20:00-09:00"))}

    def worth_of(self, rule):
        chance = self.chance
        rule["on_cap"] = self.some((3, "defer"), (1, "drop"), (1, "ignore"))
        rule["expire"] = chance.choice(("14h", "26h", "3d", "never"))
        if "send_at" not in rule and chance.random() < 0.4:
            rule["expire"] = self.units(2, 20)
        if chance.random() < 0.4:
            rule["cap"] = {"count": chance.randint(1, 2), "within": self.units(4, 40)}
            if rule["on_cap"] == "ignore":
                rule["on_cap"] = "defer"

    # Histories

    def history(self, user):
        """What they are comes first; and now and then they change their mind."""
        chance = self.chance
        rest = super().history(user)
        rest += [self.news(user, number) for number in range(chance.choice((0, 0, 1, 1, 2, 3)))]
        rest.sort(key=lambda e: e.at)
        return self.about(user) + rest

    def about(self, user):
        """What is known of them."""
        chance, first = self.chance, self.start - BEFORE
        traits = {"timezone": self.zone()}
        for name, value, share in (("email", user + "@example.com", 0.9),
                                   ("phone", "+491701234567", 0.85),
                                   ("country", chance.choice(("FR", "DE")), 0.4),
                                   ("blocked", True, 0.02), ("minor", True, 0.02),
                                   ("deceased", True, 0.02)):
            if chance.random() < share:
                traits[name] = value
        about = [Event(first, first, "identify", traits, user, user + "-is")]
        for medium in WORDS:
            if chance.random() < 0.85:
                about.append(self.word(user, first, {"medium": medium, "status": self.some(
                    (9, "given"), (1, "withdrawn"))}))
        if chance.random() < 0.3:
            about.append(self.wishes(user, first))
        return about

    def wishes(self, user, at):
        chance, wishes = self.chance, {}
        if chance.random() < 0.6:
            wishes["quiet_from"], wishes["quiet_to"] = chance.choice((
                ("18:00", "10:30"), ("12:00", "14:00"), ("00:00", "07:00")))
        if chance.random() < 0.6:
            wishes["channels"] = ",".join(chance.sample(WORDS, chance.randint(1, 3)))
        wishes = wishes or {"country": "FR"}
        return Event(at, at, "Preference Updated", wishes, user, "%s-likes-%d" % (user, at))

    def word(self, user, at, properties):
        return Event(at, at, "Consent Updated", properties, user,
                     "%s-%d-%s" % (user, at, "-".join(properties.values())))

    def news(self, user, number):
        """Something else that decides whether and how they may be written to."""
        chance = self.chance
        at = self.start + self.grid * chance.randint(0, 30)
        late = self.grid * chance.choice((0, 0, 0, 2))
        kind = self.some((6, "word"), (2, "wishes"), (2, "bounce"), (1, "Email Delivered"),
                         (1, "Email Marked as Spam"), (1, "Unsubscribed"), (2, "case"), (1, "flag"))
        if kind == "word":
            properties = {"status": chance.choice(("given", "withdrawn"))}
            if chance.random() < 0.8:
                properties["medium"] = chance.choice(WORDS)
            if chance.random() < 0.5:
                properties["topic"] = chance.choice(("news", "care", "marketing"))
            event = self.word(user, at, properties)
        elif kind == "wishes":
            event = self.wishes(user, at)
        elif kind == "case":
            event = Event(at, at, chance.choice(("Case Opened", "Case Opened", "Case Solved")),
                          {"case_id": user + "-1"}, user, "%s-case-%d" % (user, number))
        elif kind == "flag":
            event = Event(at, at, "identify", {"blocked": chance.random() < 0.7}, user,
                          "%s-flag-%d" % (user, number))
        else:
            name = "Email Bounced" if kind == "bounce" else kind
            event = Event(at, at, name, {"bounce_type": "hard"} if kind == "bounce" else {}, user,
                          "%s-mail-%d" % (user, number))
        event.at += late
        return event


class Neighbours(Street, Lawful):
    """The same where the order of arrival must not matter."""

    def __init__(self, chance):
        Street.__init__(self, chance)
        self.late = self.grid * chance.randint(1, 3)

    def marks(self):
        return []

    def rule(self, name):
        rule = super().rule(name)
        for member in ("fire_if", "wait_for", "max_hold", "on_hold_end"):
            rule.pop(member, None)
        return rule

    def about(self, user):
        first = self.start - BEFORE
        about = [Event(first, first, "identify", {
            "email": user + "@example.com", "phone": "+491701234567", "timezone": self.zone()},
            user, user + "-is")]
        return about + [self.word(user, first, {"medium": medium, "status": "given"})
                        for medium in WORDS]

    def history(self, user):
        return self.about(user) + Lawful.history(self, user)

    def arrive(self, events):
        about = [copy.copy(e) for e in events if e.occurred < self.start]
        return about + super().arrive([e for e in events if e.occurred >= self.start])
