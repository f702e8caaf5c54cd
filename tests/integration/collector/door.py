# SPDX-License-Identifier: MIT
"""A collector with its Redis and write keys, and events to send through it."""

import itertools
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

BROWSER, SERVER, DISABLED = "wk_browser_1", "wk_server_1", "wk_disabled_1"

KEYS = """\
[web]
key = %s
kind = browser

[shop]
key = %s
kind = server

[gone]
key = %s
kind = server
enabled = no
""" % (BROWSER, SERVER, DISABLED)

_numbers = itertools.count(1)


def event(**members):
    """A track with a messageId of its own; members given replace or add to it."""
    number = next(_numbers)
    result = {"type": "track", "event": "Product Viewed", "userId": "user-%d" % number,
              "messageId": "message-%d" % number}
    result.update(members)
    return result


def sized_event(size):
    """An event of exactly SIZE bytes, as bytes."""
    text = json.dumps(event(properties={"pad": ""}))
    return text.replace('"pad": ""', '"pad": "%s"' % ("x" * (size - len(text)))).encode()


def sized_batch(size):
    """A batch body of exactly SIZE bytes, of small events and blanks."""
    items = ",".join(json.dumps(event()) for _ in range(10))
    text = '{"batch":[%s]}' % items
    return (text + " " * (size - len(text))).encode()


def body(value):
    return json.dumps(value).encode()


class Door(harness.Place):
    """Collector and Redis in one place, ready."""

    def __init__(self, settings="", redis_extra=()):
        super().__init__()
        try:
            self.server = self.redis(extra=redis_extra)
            self.collector = self.start(settings)
            self.collector.wait_ready()
        except BaseException:
            self.__exit__()
            raise

    def start(self, settings="", name="collector", redis=None):
        """Another collector on the same Redis; does not wait."""
        keys = self.write("keys.ini", KEYS)
        text = "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n%s\n" % (
            (redis or self.server).socket, self.path(name + ".sock"), keys, settings)
        config = self.write(name + ".ini", text)
        return self.role("collector", ["--config", config], name=name)

    def post(self, path, data, key=SERVER, **fields):
        """POST of bytes, or of a value as JSON; fields with _ for -."""
        if not isinstance(data, bytes):
            data = body(data)
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        if key:
            headers["Authorization"] = harness.basic(key)
        return self.collector.post(path, data, headers)

    def stored(self):
        """The raw events in the log."""
        return [entry[2] for entry in self.server.log_entries()]

    def stored_ids(self):
        return sorted(json.loads(raw)["messageId"] for raw in self.stored())

    def metrics(self):
        """The figures of /metrics by name and labels."""
        text = self.collector.get("/metrics").body.decode()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in lines}

    def entries(self, stream="in"):
        """The fields of all entries, in the order of their partitions."""
        found, client = [], self.server.client()
        for partition in range(harness.PARTITIONS):
            for _, fields in client("XRANGE", "wm:{p%d}:%s" % (partition, stream), "-", "+"):
                if fields[0] != b"x":  # what one log is told of another's event
                    found.append({k.decode(): v for k, v in zip(fields[::2], fields[1::2])})
        client.close()
        return found
