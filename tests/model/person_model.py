# SPDX-License-Identifier: MIT
"""What a shop knows of somebody, as far as it decides whether and how they may be written to: a
second time, from triggers.md (sections 8, 9 and 14).

Readings, besides those of company_model:

37. Of what somebody says of themselves the latest counts, by the time at which it happened.
38. A word about no topic is about all, one about no channel about all. Who withdrew a topic has
    withdrawn it, whatever they say of all; who withdrew all may give a single topic anew.
39. Of who never said a word: who bought may be written to by mail and text at the address that the
    shop has of them (soft opt-in); in the shop's own pages anybody may.
40. An order is a matter that service is about, for as long as these histories are, and so is a case
    that is open.
41. A hard bounce holds until something was delivered; a complaint for good.
"""

import sys
import os

from wait_model import NEVER

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unit", "store"))
from partition_model import siphash24  # noqa: E402

FLAGS = ("erased", "blocked", "minor", "deceased")
ADDRESSES = {"email": "email", "sms": "phone", "call": "phone"}


class Latest:
    """Things said, each by the time it happened."""

    def __init__(self):
        self.said = {}

    def say(self, name, at, value):
        if at >= self.said.get(name, (-NEVER,))[0]:
            self.said[name] = at, value

    def get(self, name, default=None):
        return self.said.get(name, (None, default))[1]


class Person:
    def __init__(self, customer):
        self.customer = customer
        self.about = Latest()
        self.words = {}  # (topic or None, channel or None): (at, given)
        self.bounced, self.delivered, self.complained = {}, {}, set()
        self.has_ordered = False
        self.cases = {}  # id: when what happened to it last

    def hear(self, event):
        does = {"identify": self.tell, "Preference Updated": self.tell,
                "Consent Updated": self.consent, "Unsubscribed": self.consent,
                "Email Bounced": self.bounce, "SMS Failed": self.bounce,
                "Email Delivered": self.deliver, "SMS Delivered": self.deliver,
                "Email Marked as Spam": self.complain, "Order Completed": self.order,
                "In-Store Purchase": self.order, "Case Opened": self.case,
                "Case Solved": self.case}.get(event.name)
        if does:
            does(event)

    def tell(self, event):
        """READ 37."""
        for name, value in event.properties.items():
            self.about.say(name, event.occurred, value)

    def consent(self, event):
        """READ 36 and 38."""
        which = event.properties.get("topic"), event.properties.get("medium")
        given = event.properties.get("status") == "given"
        if event.name == "Unsubscribed":
            which = None, "email"
        at, _ = self.words.get(which, (-NEVER, None))
        if event.occurred > at or (event.occurred == at and not given):
            self.words[which] = event.occurred, given

    def channel_of(self, event):
        return "sms" if event.name.startswith("SMS") else "email"

    def bounce(self, event):
        channel = self.channel_of(event)
        self.bounced[channel] = max(self.bounced.get(channel, -NEVER), event.occurred)

    def deliver(self, event):
        channel = self.channel_of(event)
        self.delivered[channel] = max(self.delivered.get(channel, -NEVER), event.occurred)

    def complain(self, event):
        self.complained.add("email")
        at, _ = self.words.get((None, "email"), (-NEVER, None))
        if event.occurred >= at:
            self.words[None, "email"] = event.occurred, False

    def order(self, event):
        self.has_ordered = self.has_ordered or "order_id" in event.properties

    def case(self, event):
        case = self.cases.setdefault(event.properties["case_id"], {})
        case[event.name] = max(case.get(event.name, -NEVER), event.occurred)

    # What follows from it

    def flag(self):
        return next((name for name in FLAGS if self.about.get(name)), None)

    def zone(self):
        return self.about.get("timezone", "UTC")

    def address(self, channel):
        return self.about.get(ADDRESSES.get(channel))

    def latest(self, topic, channel):
        words = [self.words[which] for which in ((topic, channel), (topic, None))
                 if which in self.words]
        return max(words, key=lambda word: (word[0], not word[1]), default=None)

    def refusal(self, topic, channel):
        """Why nothing about TOPIC may go on CHANNEL; None: it may."""
        if channel == "task":
            return None
        every, one = self.latest(None, channel), self.latest(topic, channel)
        if one and not one[1]:
            return "withdrawn"
        if every and not every[1] and (not one or every[0] >= one[0]):
            return "withdrawn"
        if one or every or channel == "inapp":
            return None
        bought = self.has_ordered and self.address(channel) and channel in ("email", "sms")
        return None if bought else "no_consent"  # READ 39

    def obstacle(self, channel):
        """Why CHANNEL does not lead to them; None: it does. Nobody here was on a screen."""
        if channel == "inapp":
            return "not_active"
        if channel in ADDRESSES and not self.address(channel):
            return "unreachable"
        if channel in self.complained:
            return "complained"
        if channel in self.bounced and self.bounced[channel] > self.delivered.get(channel, -NEVER):
            return "bounced"
        return None

    def has_case(self):
        """One that was opened again behind its solution is open."""
        return any(case.get("Case Opened", -NEVER) > case.get("Case Solved", -NEVER)
                   for case in self.cases.values())

    def has_matter(self):
        return self.has_ordered or self.has_case()

    def is_held_out(self, share, salt):
        """In which of 10,000 parts of all customers: by SipHash-2-4 (policy.schema.json)."""
        text = salt.encode() + b"\0" + self.customer.encode()
        return siphash24(b" kramyawtuo dloh", text) % 10000 < round(share * 10000)

    def ranked(self, channels):
        """The ways of CHANNELS that they like, the best first, and then the others."""
        liked = [c for c in (self.about.get("channels") or "").split(",") if c in channels]
        return liked + [c for c in channels if c not in liked]
