# SPDX-License-Identifier: MIT
"""Rules and histories by chance. Times stand on a coarse grid whose step is also the unit of the
rules' waits, so that almost everything happens at the very millisecond of something else."""

from absence_model import FUTURE, TERMINAL, Event, Mark
from wait_model import DAY, HOUR, MINUTE, SECOND, WEEK

START = 1772445600000  # 2026-03-02T10:00:00Z
GRIDS = (7, SECOND, MINUTE, 10 * MINUTE, HOUR, DAY)
SOURCES = ("till-1", "till-2")
# Clocks that change, by an hour or half of one, and such that do not.
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
ADDED, VIEWED, SEEN = "Product Added", "Cart Viewed", "Product Viewed"
EMPTIED, ORDERED, TILL = "Cart Emptied", "Order Completed", "In-Store Purchase"
ORDERS = {"var": "s.orders"}
OWN = "Ring Polished"  # a name that no vocabulary has
NAMES = (ADDED, ADDED, ADDED, VIEWED, SEEN, EMPTIED, ORDERED, TILL, OWN)


def text(milliseconds):
    return "%dms" % milliseconds


class Maker:
    """CHANCE decides; the same seed makes the same rules and histories."""

    def __init__(self, chance):
        self.chance = chance
        self.grid = chance.choice(GRIDS)
        self.start = START

    def some(self, *weighted):
        """One of (weight, value)."""
        values = [value for _, value in weighted]
        return self.chance.choices(values, [weight for weight, _ in weighted])[0]

    def units(self, low, high):
        return text(self.grid * self.chance.randint(low, high))

    # Rules

    def rules(self, count):
        return [self.rule("rule_%c" % (ord("a") + n)) for n in range(count)]

    def rule(self, name):
        chance = self.chance
        rule = {"id": name, "class": self.some((3, "marketing"), (2, "service"), (1, "task")),
                "key": self.some((3, "cart_id"), (2, "customer"), (1, "order_id"),
                                 (1, ["order_id", "cart_id"])),
                "channels": ["task"], "gates": "off"}
        if rule["key"] not in ("customer", ["order_id", "cart_id"]) and chance.random() < 0.5:
            rule["key_else"] = "customer"
        self.spans(rule)
        if chance.random() < 0.25:
            rule["anchor"] = "first"
        self.matches(rule)
        rule["wait"] = self.wait()
        self.repetition(rule)
        self.windows(rule)
        if chance.random() < 0.25:
            rule["fire_if"] = chance.choice((
                {">=": [{"var": "s.orders"}, chance.randint(1, 2)]},
                {"!": [{">": [{"var": "s.orders"}, 1]}]},
                {"<": [{"var": "s.events"}, chance.randint(2, 9)]},
                {"and": [{"var": "s.identified"}, {">": [{"var": "s.events"}, 3]}]}))
            if chance.random() < 0.3:
                rule["exit_policy"] = "not_matching"
        elif chance.random() < 0.1:
            rule.update(fire_if=self.of_orders(), exit_policy="not_matching")
        if chance.random() < 0.3:
            rule["wait_for"] = list(SOURCES[:chance.randint(1, 2)])
            rule["max_hold"] = self.units(1, 12)
            rule["on_hold_end"] = chance.choice(("fire", "drop"))
        return rule

    def of_orders(self):
        """What may be false for a while, or for good: how many there were at any instant is known."""
        few, many = self.chance.choice(((1, 2), (1, 3), (2, 3)))
        at_least, fewer = {">=": [ORDERS, few]}, {"<": [ORDERS, many]}
        return self.some((3, at_least), (2, {"==": [ORDERS, few]}), (1, {"and": [at_least, fewer]}),
                         (2, {"or": [{"<": [ORDERS, few]}, {">=": [ORDERS, many]}]}), (1, fewer))

    def matches(self, rule):
        chance = self.chance
        kinds = [ADDED, VIEWED, SEEN, EMPTIED, ORDERED, TILL, OWN]
        chance.shuffle(kinds)
        arm = self.some((3, [ADDED]), (2, kinds[:1]), (2, kinds[:2]), (1, ["@engagement"]))
        rule["arm"] = [self.narrowed(name) for name in arm]
        ends = [k for k in kinds if k not in arm][:chance.randint(0, 3)]
        if ORDERED not in arm + ends and chance.random() < 0.5:
            ends.append(ORDERED)
        if ends:
            rule["cancel"] = [self.cancel(name, rule) for name in ends]
        if len(ends) > 1 and chance.random() < 0.3:
            rule["goal"] = [rule["cancel"].pop()]
        others = [k for k in kinds if k not in arm + ends]
        if chance.random() < 0.3 and others:
            rule["touch"] = chance.choice((others[:1], others, ["*"]))
        if chance.random() < 0.2:
            names = chance.choice(([VIEWED, SEEN], ["*"], ["@engagement"], [ADDED, EMPTIED]))
            narrow = [t for t in rule.get("touch", []) if t not in names and names != ["*"]]
            rule["touch"] = narrow + [{"event": names, "match": "customer"}]

    def narrowed(self, name):
        if self.chance.random() < 0.8:
            return name
        return {"event": name, "when": self.chance.choice((
            {">": [{"var": "e.n"}, 2]}, {"==": [{"var": "e.word"}, "a"]},
            {"or": [{"<=": [{"var": "e.n"}, 1]}, {"!": [{"==": [{"var": "e.word"}, "b"]}]}]},
            {"in": [{"var": "e.word"}, ["a", "c"]]}))}

    def cancel(self, name, rule):
        chance = self.chance
        entry = self.narrowed(name)
        if chance.random() < 0.4:
            entry = dict(entry) if isinstance(entry, dict) else {"event": name}
            if chance.random() < 0.5:
                entry["match"] = chance.choice(("key", "customer"))
            elif rule["key"] != "customer" and rule.get("tombstone") != "0s":
                entry["terminal"] = name not in TERMINAL or chance.random() < 0.2
        return entry

    def local(self):
        chance = self.chance
        wait = {"local": chance.choice(("09:00", "00:00", "02:30", "23:59", "day_end")),
                "tz": chance.choice(ZONES)}
        if chance.random() < 0.4:
            wait["days"] = chance.randint(0, 2)
        if chance.random() < 0.4:
            wait["weekdays"] = chance.sample(WEEK, chance.randint(1, 6))
        if chance.random() < 0.3:
            wait["plus"] = self.units(1, 3)
        return wait

    def wait(self):
        kind = self.chance.random()
        if kind < 0.65:
            return self.units(1, 8)
        if kind < 0.75:
            return self.local()
        if kind < 0.8:
            return {"business": self.chance.choice(("1d", "2d", "3h", "17h", "30m"))}
        wait = {"at": self.chance.choice(("e.due", ["e.due", "e.also"]))}
        if self.chance.random() < 0.5:
            wait["plus"] = self.chance.choice(("", "-")) + self.units(1, 3)
        return wait

    def step_wait(self):
        """Of a step, from when the one before it was done with."""
        if self.chance.random() < 0.6:
            return self.local()
        return {"business": self.chance.choice(("1d", "2d", "3h", "17h"))}

    def opening(self):
        """Shop hours of every sort."""
        chance = self.chance
        days = {day: chance.choice((["10:00-18:00"], ["09:30-12:00", "13:30-18:30"], [],
                                    ["00:00-23:30"])) for day in WEEK}
        days[chance.choice(WEEK)] = ["10:00-13:00", "15:00-19:00"]
        days["holidays"] = ["2026-03-03", "easter+1", "05-01", "12-25"]
        return days

    def spans(self, rule):
        rule["grace"] = self.some((4, "0s"), (2, self.units(1, 1)), (3, self.units(1, 4)))
        rule["slack"] = self.some((3, "0s"), (2, self.units(1, 3)))
        rule["round"] = self.some((4, "1ms"), (2, text(self.grid)), (1, "1s"))
        rule["stale_after"] = self.some((3, "never"), (2, self.units(0, 4)), (2, self.units(5, 30)))
        rule["tombstone"] = self.some((3, "45d"), (2, "0s"), (3, self.units(1, 15)))
        if self.chance.random() < 0.15:
            for member in ("grace", "slack", "round", "stale_after", "tombstone"):
                if self.chance.random() < 0.5:
                    del rule[member]

    def repetition(self, rule):
        chance = self.chance
        episode = {}
        if chance.random() < 0.4:
            episode["cooldown"] = self.units(1, 12)
            episode["scope"] = chance.choice(("key", "customer"))
        if rule["key"] != "customer" and chance.random() < 0.2:
            episode["scope"] = "customer"
            episode["replace"] = chance.choice(("latest", "greatest:e.n"))
        if chance.random() < 0.25:
            episode["max_per_key"] = chance.randint(1, 2)
        if rule["key"] == "customer":
            # Without a bound some of them are refused: a job for every event.
            episode.setdefault("max_per_key", 99)
        if episode:
            rule["episode"] = episode
        if chance.random() < 0.3:
            rule["steps"] = [{"id": "s%d" % n, "after": self.units(1 if n else 0, 4)}
                             for n in range(chance.randint(1, 3))]
            for step in rule["steps"][1:]:
                if chance.random() < 0.25:
                    del step["after"]
                    step["wait"] = self.step_wait()
            if chance.random() < 0.3:
                # Not below five: with a fire_if of more than three that could never be true.
                chance.choice(rule["steps"])["if"] = {
                    "<": [{"var": "s.events"}, chance.randint(5, 9)]}

    def windows(self, rule):
        """Some arming events only count."""
        chance = self.chance
        for n, entry in enumerate(rule["arm"]):
            if chance.random() < 0.15:
                entry = dict(entry) if isinstance(entry, dict) else {"event": entry}
                entry["at_least"] = {"count": chance.randint(2, 3), "within": self.units(1, 8)}
                rule["arm"][n] = entry

    # Histories

    def history(self, user):
        """(events in order of receipt, the instant they end at)."""
        chance = self.chance
        count, length = chance.randint(1, 14), chance.choice((6, 12, 30))
        late = chance.choice((0, 0, 1, 3, length))
        keys, again = chance.randint(1, 3), []
        events = []
        for number in range(count):
            occurred = self.start + self.grid * chance.randint(0, length)
            if chance.random() < 0.05:
                occurred += chance.choice((-1, 1))
            at = max(occurred, self.start)
            if late and chance.random() < 0.4:
                # The engine promises to remember for a day what came before.
                at += min(self.grid * chance.randint(0, late), DAY - 2)
            elif chance.random() < 0.03:
                occurred = at + chance.choice((self.grid, FUTURE, FUTURE + 1, HOUR))
            name = chance.choice(NAMES)
            event = Event(at, occurred, name, self.properties(name, user, keys), user,
                          "%s-%d" % (user, number))
            events.append(event)
            if chance.random() < 0.1:
                twice = Event(at + min(self.grid * chance.randint(0, 6), DAY), occurred, name,
                              event.properties, user, event.message)
                again.append(twice)
        events += again
        # The sort is stable: what was received in one millisecond stays as the dice fell.
        events.sort(key=lambda e: e.at)
        return events

    def properties(self, name, user, keys):
        """What an event says."""
        chance = self.chance
        found = {}
        if chance.random() < 0.85:
            found["cart_id"] = "C%d" % chance.randint(1, keys)
        if name in (ORDERED, TILL) or chance.random() < 0.5:
            found["order_id"] = "%s-O%d" % (user, chance.randint(1, keys))
        if chance.random() < 0.5:
            found["n"] = chance.randint(0, 4)
        if chance.random() < 0.5:
            found["word"] = chance.choice("abc")
        if chance.random() < 0.7:
            found["due"] = self.start + self.grid * chance.randint(0, 14)
        if chance.random() < 0.3:
            found["also"] = self.start + self.grid * chance.randint(0, 14)
        return found

    def marks(self):
        """What the sources say, in order of receipt."""
        chance = self.chance
        marks = []
        for source in SOURCES + ("till-9",):
            for _ in range(chance.randint(0, 5)):
                at = self.start + self.grid * chance.randint(0, 30)
                marks.append(Mark(at, source, max(at - self.grid * chance.randint(-1, 6), 0)))
        marks.sort(key=lambda m: m.at)
        return marks

    def horizon(self):
        return self.start + self.grid * self.chance.choice((100, 400)) + 7 * DAY


class Lawful(Maker):
    """Rules and histories under which the order of arrival must not matter: nothing is later than
    the grace allows, nothing that is measured from arrival decides (cooldowns and tombstones of
    days, nothing stale), clocks agree (no slack), and what is asked at the deadline does not count
    what came in meanwhile."""

    def __init__(self, chance):
        super().__init__(chance)
        self.grid = chance.choice(GRIDS[:-1])
        self.late = self.grid * chance.randint(1, 6)

    def rule(self, name):
        rule = super().rule(name)
        for member in ("fire_if", "exit_policy"):
            rule.pop(member, None)
        for step in rule.get("steps", []):
            step.pop("if", None)
        if self.chance.random() < 0.3:
            rule.update(fire_if=self.of_orders(), exit_policy="not_matching")
        rule["slack"], rule["stale_after"], rule["tombstone"] = "0s", "never", "3650d"
        rule["grace"] = text(self.late + self.grid * self.chance.randint(0, 2))
        wait = rule["wait"]
        if isinstance(wait, str):
            rule["wait"] = text(self.late + self.grid * self.chance.randint(1, 20))
        elif "at" in wait:
            wait.pop("plus", None)
        elif "business" in wait:
            # Longer than anything comes late, however short the shop's day.
            wait["business"] = "%dd" % (2 + self.late // DAY)
        else:
            wait["plus"] = text(self.late)
        episode = rule.get("episode", {})
        if "cooldown" in episode:
            episode["cooldown"] = "3000d"
        return rule

    def horizon(self):
        return self.start + self.grid * 1000 + 30 * DAY

    def history(self, user):
        chance = self.chance
        keys, events = chance.randint(1, 2), []
        for number in range(chance.randint(2, 9)):
            occurred = self.start + self.grid * chance.randint(0, 120)
            if events and chance.random() < 0.6:
                # Close to another one, so that they can overtake each other.
                occurred = events[-1].occurred + self.grid * chance.randint(0, 4)
            name = chance.choice(NAMES)
            events.append(Event(occurred, occurred, name, self.at(user, name, keys, occurred),
                                user, "%s-%d" % (user, number)))
        return self.arrive(events)

    def at(self, user, name, keys, occurred):
        """What it says; an instant that it gives is further off than anything comes late."""
        found = self.properties(name, user, keys)
        for way in ("due", "also"):
            if way in found:
                found[way] = occurred + self.late + self.grid * self.chance.randint(1, 11)
        return found

    def arrive(self, events):
        """The same events as they might come in, some of them twice."""
        chance, found = self.chance, []
        for event in events:
            for again in range(1 + (chance.random() < 0.2)):
                late = self.grid * chance.randint(0, self.late // self.grid)
                if again:
                    late += self.grid * chance.randint(0, 8)
                found.append(Event(event.occurred + late, event.occurred, event.name,
                                   event.properties, event.user, event.message))
        chance.shuffle(found)
        found.sort(key=lambda e: e.at)
        return found
