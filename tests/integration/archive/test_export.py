#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a person asks to see of themselves when the log has gone into the archive: the same bytes as
before, under all of their names, nothing of a neighbour; and said so where something is not in it."""

import glob
import gzip
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
sys.path.insert(0, os.path.join(HERE, "..", "console"))
import harness  # noqa: E402
import openapi  # noqa: E402
import upbox  # noqa: E402

tap = harness.Tap()
SCHEMA = "customer-export.schema.json"


class Desk:
    """Vera of two names and her neighbour; an archive of what they did."""

    def __init__(self, place):
        self.up = upbox.Up(place).wait_up()
        self.redis = self.up.redis()
        self.directory = place.path("files")
        for batch in ([view("v1", anonymousId="phone"), view("n1", userId="niels")],
                      [view("v2", userId="vera"), view("n2", userId="niels")],
                      [{"type": "identify", "userId": "vera", "anonymousId": "phone", "messageId": "v3"}]):
            self.post(batch)
        harness.wait_until(self.has_all, "the merge")

    def has_all(self):
        """All is applied, the phone is hers and nothing is on its way."""
        for who, messages in (("vera", {"v1", "v2", "v3"}), ("niels", {"n1", "n2"})):
            status, out, _ = self.up.tool("customer", "export", who)
            document = json.loads(out) if status == 0 else {"timeline": [], "links": []}
            if not messages <= {e.get("message_id") for e in document["timeline"]} or \
                    (who == "vera" and not document["links"]):
                return False
        return all(entries and entries[-1][0] == self.redis("HGET", key.replace(b":in", b":pos"), "id")
                   for key in self.redis("KEYS", "wm:{p*}:in")
                   for entries in [self.redis("XRANGE", key, "-", "+")])

    def post(self, batch):
        answer = self.up.post("/v1/batch", {"batch": batch})
        assert answer.status == 200, answer.body

    def file(self):
        """Writes all there is into files; they take what is applied, so more than once."""
        def whole():
            status, _, error = self.up.tool("archive", "run", "--once", "--directory", self.directory)
            tap.equal(status, 0, "archived: " + error)
            return sum(int(self.redis("HGET", key, "lines") or 0) for key in self.redis("KEYS", "wm:{p*}:arch")) == \
                sum(self.redis("XLEN", key) for key in self.redis("KEYS", "wm:{p*}:in"))
        harness.wait_until(whole, "all archived")

    def trim(self, keep=0):
        """As when the log has become old."""
        for key in self.redis("KEYS", "wm:{p*}:in"):
            entries = [entry for entry, _ in self.redis("XRANGE", key, "-", "+")]
            last, number = entries[-1].split(b"-")
            cut = entries[-keep] if keep else b"%s-%d" % (last, int(number) + 1)
            if not keep or len(entries) > keep:
                self.redis("XTRIM", key, "MINID", cut)
                self.redis("HSET", key.replace(b":in", b":arch"), "trimmed", cut)

    def export(self, who, *args, status=0):
        got, out, error = self.up.tool("customer", "export", who, *args)
        tap.equal(got, status, "status: " + error)
        return json.loads(out), error

    def archived(self, who, **more):
        return self.export(who, "--archive", self.directory, **more)


def view(message, **who):
    return dict({"type": "track", "event": "Product Viewed", "messageId": message,
                 "properties": {"product_id": "ring-" + message, "note": "\u00fc 1.50"}}, **who)


def faults(document):
    known = openapi.Description()
    with open(os.path.join(openapi.SCHEMAS, SCHEMA), encoding="utf-8") as file:
        known.files[SCHEMA] = json.load(file)
    return known.errors(document, known.files[SCHEMA], "", SCHEMA)


def entries(part):
    return sorted(json.dumps(entry, sort_keys=True) for entry in part)


@tap.test
def what_only_the_archive_holds_comes_out():
    with harness.Place() as place:
        desk = Desk(place)
        before, error = desk.export("vera")
        tap.equal((before["archived"], before["archive"], error),
                  ([], {"trimmed": False, "read": False, "faults": 0}, ""), "nothing has left the log")
        tap.equal({json.loads(e["event"])["messageId"] for e in before["originals"] if "event" in e} & {
            "v1", "v2", "v3"}, {"v1", "v2", "v3"}, "what she did")
        desk.file()
        still, error = desk.archived("phone")
        tap.equal((still["archived"], still["archive"], error),
                  ([], {"trimmed": False, "read": True, "faults": 0}, ""), "all of it is in the log, too")

        desk.trim(keep=1)
        both, error = desk.archived("phone")
        tap.equal((both["archive"], error), ({"trimmed": True, "read": True, "faults": 0}, ""), "a part has left")
        tap.ok(both["archived"] and both["originals"], "something is here, something there")
        tap.equal(entries(both["archived"] + both["originals"]), entries(before["originals"]), "each once")

        desk.trim()
        after, error = desk.archived("phone")
        tap.equal(faults(after), [], "as described")
        tap.equal((after["originals"], after["archive"], error),
                  ([], {"trimmed": True, "read": True, "faults": 0}, ""), "the log is empty")
        tap.equal(entries(after["archived"]), entries(before["originals"]), "byte by byte what the log had")
        tap.ok("niels" not in json.dumps(after) and "ring-n" not in json.dumps(after), "nothing of a neighbour")
        other = json.dumps(desk.archived("niels")[0])
        tap.ok("ring-n1" in other and "ring-n2" in other and "ring-v" not in other, "who has his own")

        def cat(*args):
            _, out, _ = desk.up.tool("archive", "cat", "--bare", "--directory", desk.directory, *args)
            return sorted({json.loads(line)["messageId"] for line in out.splitlines()})
        tap.equal(cat("--customer", "phone"), ["v1", "v2", "v3"], "cat: under every name")
        tap.equal(cat("--customer", "anon:phone", "--exact"), ["v1"], "cat: one key")
        tap.equal(cat("--customer", "niels"), ["n1", "n2"], "cat: a neighbour")

        bare, error = desk.export("vera")
        tap.equal(faults(bare), [], "as described")
        tap.equal((bare["archived"], bare["archive"]["trimmed"], bare["archive"]["read"]), ([], True, False), "without")
        tap.ok("only in the archive" in error and "--archive" in error, "said: " + error)
        status, out, error = desk.up.tool("customer", "export", "vera", "--archive", place.path("nowhere"))
        tap.ok(status == 1 and out == "" and "no archive" in error, "said: " + error)
        tap.equal(desk.up.stop(), 0, "up")


@tap.test
def what_cannot_be_read_is_not_there():
    with harness.Place() as place:
        desk = Desk(place)
        desk.file()
        desk.trim()
        whole = desk.archived("vera")[0]["archived"]
        # The keys go, as when somebody is erased: of one name, then of the other.
        lost = {"vera": ["v2", "v3"], "anon:phone": ["v1"]}
        for name in ("anon:phone", "vera"):
            for key in desk.redis("KEYS", "wm:{p*}:seal"):
                desk.redis("HDEL", key, name)
            left = desk.archived("vera")[0]
            text = json.dumps([json.loads(e["event"]) for e in left["archived"] if "message" not in e])
            tap.equal([m for m in lost[name] if '"%s"' % m in text], [], "nothing without " + name)
            tap.ok(len(left["archived"]) < len(whole), "less than it was")
        tap.equal(left["archived"], [], "nothing is left")
        tap.ok("ring-n1" in json.dumps(desk.archived("niels")[0]), "his are what they were")
        # A file is cut off: what is before that comes out, and it is said.
        for path in glob.glob(os.path.join(desk.directory, "dt=*", "*.ndjson.gz")):
            with gzip.open(path) as file:
                lines = file.read().splitlines(keepends=True)
            with gzip.open(path, "wb") as file:
                file.write(b"".join(lines[:-1]))
        broken, error = desk.archived("niels", status=1)
        tap.equal(faults(broken), [], "as described")
        tap.ok(broken["archive"]["faults"] > 0 and "ends early" in error, "said: " + error)
        tap.ok("ring-n2" in json.dumps(broken["archived"]), "what can be read is there")
        tap.equal(desk.up.stop(), 0, "up")


tap.run()
