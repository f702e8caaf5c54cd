# SPDX-License-Identifier: MIT
"""A collector with a hook for each of some presets, and what the tests of presets ask of its log."""

import json
import re

from door import Door

SOURCE = """\
[%(hook)s]
kind = hook
preset = %(preset)s
url = %(url)s
secret_file = %(preset)s.secret
old_secret_file = %(preset)s.old
old_until = %(until)s

"""


class Hooks(Door):
    """A hook for each of PRESETS at url(NAME), and one whose former secret counts no longer."""

    PRESETS = []

    def url(self, name):
        raise NotImplementedError

    def start(self, settings="", name="collector", redis=None):
        text = ""
        for p in self.PRESETS:
            self.write(p.name + ".secret", p.secret + "\n")
            self.write(p.name + ".old", p.old + "\n")
            for hook, until in ((p.name, "2999-01-01T00:00:00Z"),
                                (p.name + "-later", "2020-01-01T00:00:00Z")):
                text += SOURCE % {
                    "hook": hook, "preset": p.name, "url": self.url(p.name), "until": until}
        config = "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n%s\n" % (
            (redis or self.server).socket, self.path(name + ".sock"), self.write("keys.ini", text),
            settings)
        return self.role("collector", ["--config", self.write(name + ".ini", config)], name=name)


def known(entries):
    events = [json.loads(entry["e"]) for entry in entries]
    return sorted((e.get("event") or "", e["messageId"]) for e in events)


def source_of(entry):
    return re.split(rb"[/ ]", entry["m"])[0].decode()
