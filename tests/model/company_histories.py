# SPDX-License-Identifier: MIT
"""Rules that get into each other's way, by chance, and customers who live by their own clocks."""

import copy

from absence_histories import ZONES, Lawful, Maker
from absence_model import Event
from wait_model import HOUR, MINUTE

# Days on which the clocks of Berlin, New York and Lord Howe change are near.
STARTS = (1772445600000,  # 2026-03-02T10:00Z
          1772892000000,  # 2026-03-07T14:00Z
          1774717200000,  # 2026-03-28T17:00Z
          1775296800000,  # 2026-04-04T10:00Z
          1792857600000,  # 2026-10-24T16:00Z
          1793484000000)  # 2026-10-31T22:00Z
RANKS = ("first", "second", "third")


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
        return {"caps": caps if chance.random() < 0.8 else [], "holdout": {"share": 0, "salt": "x"},
                "arbitration": {"window": "1h", "order": list(RANKS)}}

    def zone(self):
        return self.chance.choice(ZONES)

    def rules(self, count):
        rules = super().rules(count)
        for number, rule in enumerate(rules):
            if self.chance.random() < 0.5 and number + 1 < count:
                others = [r["id"] for r in rules[number + 1:]]
                rule["supersedes"] = self.chance.sample(others, 1)
        if self.chance.random() < 0.4:
            for rule in self.chance.sample(rules, min(2, count)):
                rule["key"] = self.keys
                self.by_key(rule)
                rule["once"] = {"group": "word"}
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
        for member in ("gates", "wait_for", "max_hold", "on_hold_end", "exit_policy", "fire_if"):
            rule.pop(member, None)
        rule["class"] = self.some((4, "marketing"), (1, "task"))
        rule["channels"] = [self.some((1, "email"), (1, "sms"))]
        for entries in ("arm", "touch"):
            rule[entries] = [e for e in rule.get(entries, []) if "*" not in str(e) and "@" not in str(e)]
        rule["arm"] = rule["arm"] or ["Product Added"]
        for entries in ("cancel", "goal"):
            rule[entries] = [e for e in rule.get(entries, []) if "Product Added" not in str(e)]
        for entries in ("touch", "cancel", "goal"):
            if not rule[entries] or entries == "touch" and "Product Added" in str(rule["touch"]):
                del rule[entries]
        for step in rule.get("steps", []):
            step.pop("if", None)
        if chance.random() < 0.25:
            rule["fire_if"] = order_asked(chance)
        rule["quiet"] = self.some((3, "defer"), (1, "drop"), (1, "ignore"))
        rule["on_cap"] = self.some((3, "defer"), (1, "drop"), (1, "ignore"))
        if chance.random() < 0.4:
            rule["send_at"] = {"local": chance.choice(("09:00-21:00", "06:30-20:00", "20:00-09:00"))}
        rule["expire"] = chance.choice(("14h", "26h", "3d", "never"))
        if chance.random() < 0.3:
            rule["cap"] = {"count": chance.randint(1, 2), "within": self.units(4, 40)}
            if rule["on_cap"] == "ignore":
                rule["on_cap"] = "defer"
        rule["rank"] = self.some(*((1, rank) for rank in RANKS), (2, "none"))
        rule["mute"] = []
        return rule

    def history(self, user):
        """What they are comes first; and now and then they change their mind."""
        chance, events = self.chance, []
        first = self.start - HOUR
        self.lives_in[user] = self.zone()
        events.append(Event(first, first, "identify", {
            "email": user + "@example.com", "phone": "+491701234567",
            "timezone": self.lives_in[user]}, user, user + "-is"))
        for medium in ("email", "sms"):
            events.append(self.word(user, medium, first, "given" if chance.random() < 0.9 else
                                    "withdrawn"))
        rest = super().history(user)
        if chance.random() < 0.25:
            at = self.start + self.grid * chance.randint(0, 30)
            rest.append(self.word(user, chance.choice(("email", "sms")), at,
                                  chance.choice(("given", "withdrawn"))))
        rest.sort(key=lambda e: e.at)
        return events + rest

    lives_in = {}

    def word(self, user, medium, at, status):
        return Event(at, at, "Consent Updated", {"medium": medium, "status": status}, user,
                     "%s-%s-%d-%s" % (user, medium, at, status))


class Neighbours(Street, Lawful):
    """The same where the order of arrival must not matter."""

    def __init__(self, chance):
        Street.__init__(self, chance)
        self.late = self.grid * chance.randint(1, 3)

    def rule(self, name):
        rule = super().rule(name)
        rule.pop("fire_if", None)
        return rule

    def history(self, user):
        self.lives_in[user] = self.zone()
        first = self.start - HOUR
        about = [Event(first, first, "identify", {
            "email": user + "@example.com", "phone": "+491701234567",
            "timezone": self.lives_in[user]}, user, user + "-is")]
        about += [self.word(user, medium, first, "given") for medium in ("email", "sms")]
        return about + Lawful.history(self, user)

    def arrive(self, events):
        about = [copy.copy(e) for e in events if e.occurred < self.start]
        return about + super().arrive([e for e in events if e.occurred >= self.start])
