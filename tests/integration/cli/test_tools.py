# SPDX-License-Identifier: MIT
"""The small tools: timeline, rules, quarantine, stats, doctor; and that the manual knows them
all, with all their options."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def verbs(place):
    status, out, _ = place.tool("help")
    assert status == 0
    return re.findall(r"^  (\w+) +\S", out, re.M)


@tap.test
def the_manual_knows_every_verb_and_option():
    manual = read("deploy", "man", "waymark.1").replace("\\-", "-")
    with harness.Place() as place:
        found = verbs(place)
        tap.ok(len(found) >= 13, "verbs")
        for verb in found:
            section = "".join(re.findall(r"^\.SS waymark %s\b(.*?)(?=^\.S[SH] )" % verb, manual,
                                         re.M | re.S))
            if not tap.ok(section, "a section for " + verb):
                continue
            common = manual[manual.index(".SH OPTIONS OF ALL VERBS"):]
            status, out, err = place.tool(verb, "--help")
            tap.equal((status, err), (0, ""), verb + " --help")
            for option in re.findall(r"^  (--[a-z-]+)", out, re.M):
                word = re.compile(r"%s(?![a-z-])" % option)
                tap.ok(word.search(section) or word.search(common),
                       "%s %s in the manual" % (verb, option))
            for part, key in re.findall(r"^  \[(\w+)\] (\w+)", out, re.M):
                rows = re.search(r"\[%s\]\n(.*?)(?=^\.TP|^\.SH)" % part, manual, re.M | re.S)
                tap.ok(rows and re.search(r"\b%s\b" % key, rows.group(1)),
                       "[%s] %s in the manual" % (part, key))


@tap.test
def the_readme_leads_to_every_sender():
    linked = set(re.findall(r"\]\(deploy/senders/([\w-]+)\.md\)", read("README.md")))
    pages = {name[:-3] for name in os.listdir(os.path.join(ROOT, "deploy", "senders"))}
    tap.equal(linked, pages, "pages of senders")
    with harness.Place() as place:
        status, out, _ = place.tool("hook", "list", "--json")
        tap.equal(status, 0, "hook list")
        presets = {json.loads(line)["preset"] for line in out.splitlines()}
    tap.ok(len(presets) >= 22, "presets")
    for preset in presets:
        names = {preset, preset + "-webhooks"} & pages
        texts = [read("deploy", "senders", name + ".md") for name in names]
        tap.ok(preset in ("generic", "posthog", "snowplow")
               or any("--preset %s " % preset in text for text in texts), "a page for " + preset)


@tap.test
def wrong_use_is_2_with_a_sentence():
    with harness.Place() as place:
        for words in (["nonsense"], [], ["timeline"], ["timeline", "a", "b"], ["rules"],
                      ["rules", "paint"], ["key"], ["key", "add"], ["key", "sell", "x"],
                      ["quarantine"], ["quarantine", "show"], ["stats", "x"], ["doctor", "--loud"],
                      ["up", "--workers", "0"], ["up", "--workers", "65"], ["import"],
                      ["jobs", "--state"], ["timeline", "--limit", "201", "a"],
                      ["timeline", "--from", "soon", "a"], ["timeline", "--channel", "tv", "a"]):
            status, _, err = place.tool(*words) if words else (2, "", "usage")
            tap.equal(status, 2, "status of " + " ".join(words))
            tap.ok(err.strip(), "words about " + " ".join(words))


@tap.test
def a_timeline_is_shown_and_filtered():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        up.post("/v1/identify", {"userId": "ada", "messageId": "m0",
                                 "timestamp": "2026-01-01T00:00:00Z",
                                 "traits": {"email": "ada@example.com"}})
        up.track("ada", "Product Added", "m1", cart_id="C1", name="Ring")
        up.track("ada", "Order Completed", "m2", cart_id="C1", order_id="O1", channel="store")
        harness.wait_until(lambda: len(up.timeline("ada")) == 3, "the timeline")
        status, out, _ = up.tool("timeline", "ada")
        tap.equal(status, 0, "exit status")
        tap.ok("ada, customer_awaiting" in out and "cancelled by Order Completed" in out, out)
        up.track("eve", "\x1b]0;title\x07 \x9b31m \u202e\u200b Größe \u2028")
        harness.wait_until(lambda: up.timeline("eve"), "the odd one")
        status, out, _ = up.tool("timeline", "eve")
        tap.ok("?]0;title? ?31m ?? Größe ?" in out, out)

        def names(*args):
            status, out, err = up.tool("timeline", "--json", *args, "ada")
            assert status == 0, err
            entries = [json.loads(line) for line in out.splitlines()]
            return [e["event"] for e in entries if e["kind"] == "event"], err

        tap.equal(names()[0], ["Order Completed", "Product Added", "Customer Identified"], "all")
        tap.equal(names("--channel", "store")[0], ["Order Completed"], "by channel")
        tap.equal(names("--event", "Product Added")[0], ["Product Added"], "by event")
        tap.equal(names("--to", "2026-02-01")[0], ["Customer Identified"], "to")
        tap.equal(len(names("--from", "2026-02-01")[0]), 2, "from")
        seen, cursor = [], None
        for _ in range(10):
            page, err = names("--limit", "1", *(["--cursor", cursor] if cursor else []))
            seen += page
            more = re.search(r"--cursor (\S+)", err)
            if not more:
                break
            cursor = more.group(1)
        tap.equal(seen, names()[0], "page by page")
        tap.equal(up.tool("timeline", "--cursor", "nonsense", "ada")[0], 1, "a bad cursor")
        status, _, err = up.tool("timeline", "nobody")
        tap.ok(status == 1 and "nothing is known" in err, err)
        tap.equal(up.stop(), 0, "up")


@tap.test
def rules_are_checked_and_listed():
    with harness.Place() as place:
        good = upbox.rules(place)
        tap.equal(place.tool("rules", "check", good)[0], 0, "good ones")
        status, out, _ = place.tool("rules", "list", "--json", good)
        tap.equal((status, [json.loads(line)["id"] for line in out.splitlines()]), (0, ["cart"]),
                  "list")
        status, out, _ = place.tool("rules", "list", good)
        tap.ok(status == 0 and "cart" in out and "1s" in out, out)
        bad = upbox.rules(place, wait="soon", colour="red")
        status, out, _ = place.tool("rules", "check", bad)
        tap.ok(status == 1 and "/wait" in out and "/colour" in out, out)
        status, out, _ = place.tool("rules", "check", "--json", bad)
        tap.equal((status, sorted(json.loads(line)["pointer"] for line in out.splitlines())),
                  (1, ["/colour", "/wait"]), "problems as JSON")
        tap.equal(place.tool("rules", "check", place.path("missing"))[0], 1, "no such directory")
        tap.equal(place.tool("rules", "check", upbox.RULES)[0], 0, "those that come with Waymark")
        demo = os.path.join(upbox.RULES, "..", "demo", "rules")
        tap.equal(place.tool("rules", "check", demo)[0], 0, "those of the demo")


@tap.test
def quarantine_shows_what_could_not_be_used():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        tap.equal(up.tool("quarantine", "list")[0], 0, "empty")
        up.track("ada", "Product Viewed", "m1", n=1)
        up.track("ada", "Product Viewed", "m1", n=2)
        status, out, _ = harness.wait_until(
            lambda: (lambda r: r[0] == 1 and r)(up.tool("quarantine", "list", "--json")),
            "the conflict")
        entry = json.loads(out)
        tap.equal((entry["code"], entry["source"]), ("message_id_conflict", "shop"), "what and whose")
        status, out, _ = up.tool("quarantine", "show", entry["id"], "--json")
        tap.equal(json.loads(json.loads(out)["event"])["properties"], {"n": 2}, "original bytes")
        status, out, _ = up.tool("quarantine", "show", entry["id"])
        tap.ok(status == 0 and "conflict" in out, out)
        for wrong in ("1/0-1", "99/1-1", "x", "1/x"):
            tap.equal(up.tool("quarantine", "show", wrong)[0], 1, wrong)
        tap.equal(up.stop(), 0, "up")


@tap.test
def stats_count_and_doctor_looks():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()

        def doctor():
            status, out, _ = up.tool("doctor", "--json", "--collector-listen", up.collector,
                                     "--console-listen", up.console)
            rows = {r["check"]: r for r in map(json.loads, out.splitlines())}
            return status, {name for name, r in rows.items() if r["finding"] == "wrong"}, rows

        for i in range(10):
            up.track("u%d" % i, "Product Viewed", "m%d" % i)
        harness.wait_until(lambda: json.loads(up.tool("stats", "--json")[1])["today"]["applied"]
                           == 10, "ten applied")
        status, out, _ = up.tool("stats")
        tap.ok(status == 0 and re.search(r"applied +10\b", out), out)
        parts = json.loads(up.tool("stats", "--json")[1])["partitions"]
        tap.equal((len(parts), sum(p["entries"] for p in parts), {p["waiting_ms"] for p in parts}),
                  (16, 10, {0}), "partitions")
        harness.wait_until(lambda: doctor()[0] == 0, "everything fine")
        tap.equal(len(doctor()[2]), 18, "checks")
        client = up.redis()
        client("CONFIG", "SET", "appendfsync", "everysec")
        client("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        status, wrong, rows = doctor()
        tap.equal((status, wrong), (1, {"durability"}), "settings of Redis")
        tap.ok("appendfsync" in rows["durability"]["message"], "which one")
        client("CONFIG", "SET", "appendfsync", "always")
        client("CONFIG", "SET", "maxmemory-policy", "noeviction")
        client("CONFIG", "SET", "maxmemory", "1500000")
        tap.equal(doctor()[1], {"memory"}, "memory")
        client("CONFIG", "SET", "maxmemory", "0")
        os.chmod(os.path.join(up.data, "keys.ini"), 0o644)
        tap.equal(doctor()[1], {"keys"}, "keys that others can read")
        os.chmod(os.path.join(up.data, "keys.ini"), 0o600)
        status, out, _ = place.tool("doctor", "--data", up.data, "--collector-listen",
                                    place.path("x"), "--console-listen", up.console, "--json")
        tap.equal(status, 1, "a collector that is not there")
        tap.equal(up.stop(), 0, "up")
        status, _, err = up.tool("doctor")
        tap.ok(status == 1 and "Redis does not answer" in err, err)
        status, _, err = place.tool("stats", "--data", place.path("nowhere"))
        tap.ok(status == 2 and "waymark.ini" in err, err)


tap.run()
