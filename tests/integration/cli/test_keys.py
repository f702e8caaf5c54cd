# SPDX-License-Identifier: MIT
"""`waymark key`: sources are made, listed, given new keys and switched off; the file keeps what
people wrote in it and no secret that it need not; and a running collector follows."""

import datetime
import hashlib
import json
import os
import re
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()
TEXT = "; mine\n[web]\nkey = wk_abcdefgh\nkind = browser\n\n; last words\n"


class Keys:
    """A file of keys and the tool on it."""

    def __init__(self, place, text=TEXT):
        self.place = place
        self.path = place.write("keys.ini", text)

    def __call__(self, *args):
        return self.place.tool("key", *args, "--keys", self.path)

    def ok(self, *args):
        status, out, err = self(*args, "--json")
        tap.equal((status, "\n" in out[:-1]), (0, False), " ".join(args) + ": " + err)
        return json.loads(out)

    def refused(self, *args, words="", status=1):
        before = self.text()
        got, out, err = self(*args)
        tap.equal((got, out), (status, ""), " ".join(args))
        tap.ok(words in err, "%s in: %s" % (words, err))
        tap.equal(self.text(), before, "the file after " + " ".join(args))

    def list(self):
        status, out, _ = self("list", "--json")
        tap.equal(status, 0, "list")
        return {row["name"]: row for row in map(json.loads, out.splitlines())}

    def text(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def bytes(self):
        with open(self.path, "rb") as file:
            return file.read()

    def section(self, name):
        """The entries of a section."""
        found = {}
        part = re.search(r"^\[%s\]\n(.*?)(?=^\[|\Z)" % name, self.text(), re.M | re.S).group(1)
        for line in part.splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith(";"):
                found[key.strip()] = value.strip()
        return found


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@tap.test
def a_key_is_shown_once_and_kept_as_a_digest():
    with harness.Place() as place:
        keys = Keys(place)
        for kind, channel, rights in (("server", "server", ["traits", "merge", "privileged"]),
                                      ("till", "store", ["traits", "privileged"]),
                                      ("kiosk", "store", [])):
            made = keys.ok("add", "my-" + kind, "--kind", kind)
            tap.equal((made["kind"], made["channel"], made["rights"], made["enabled"],
                       made["rate"], made["old"]), (kind, channel, rights, True, 0, False), kind)
            tap.ok(re.fullmatch("wk_[0-9a-f]{32}", made["key"]), made["key"])
            tap.equal(keys.section("my-" + kind), {"kind": kind, "key_sha256": sha256(made["key"])},
                      "the section of " + kind)
            tap.ok(made["key"] not in keys.text(), "the key is not in the file")
        status, out, err = keys("add", "plain")
        tap.equal((status, keys.section("plain")["key_sha256"]), (0, sha256(out.strip())),
                  "the key alone on standard output")
        tap.ok(out.strip() not in err and "SIGHUP" in err, err)
        made = keys.ok("add", "pages", "--kind", "browser")
        tap.equal(keys.section("pages"), {"kind": "browser", "key": made["key"]},
                  "a page's key can be read again")
        tap.equal(os.stat(keys.path).st_mode & 0o777, 0o600, "mode")
        tap.ok(keys.text().startswith(TEXT), "what was written stays")
        tap.equal(os.listdir(os.path.dirname(keys.path)).count("keys.ini"), 1, "one file")
        tap.ok(not [n for n in os.listdir(os.path.dirname(keys.path)) if "tmp" in n], "no rest")


@tap.test
def a_source_gets_what_was_said():
    with harness.Place() as place:
        keys = Keys(place)
        many = ["https://shop-%d.some-long-name.example" % i for i in range(20)]
        made = keys.ok("add", "app", "--kind", "browser", "--channel", "app", "--rights", "none",
                       "--rate", "200", "--burst", "5000", "--origins", "  ".join(many),
                       "--credentials", "--api-host", "track.shop.example/v1")
        del made["key"]
        tap.equal(made, {
            "name": "app", "kind": "browser", "channel": "app", "enabled": True, "rights": [],
            "class": "browser", "rate": 200, "burst": 5000, "origins": many, "credentials": True,
            "api_host": "track.shop.example/v1", "old": False}, "a page's source")
        tap.equal(keys.list()["app"], made, "the same in the list")
        tap.ok("origins_5" in keys.section("app"), "origins over several lines")
        made = keys.ok("add", "tablet", "--kind", "browser", "--class", "household")
        tap.equal((made["class"], keys.section("tablet")["class"]), ("household", "household"), "class")
        for kind, linked in (("server", "trusted"), ("till", "till"), ("kiosk", "kiosk")):
            tap.equal(keys.ok("add", "by-" + kind, "--kind", kind)["class"], linked, kind)
        place.write("secret", "whsec_1")
        os.chmod(place.path("secret"), 0o600)
        made = keys.ok("add", "orders", "--preset", "shopify", "--secret-file", "secret",
                       "--url", "https://track.shop.example/hooks/orders")
        tap.equal(made, {
            "name": "orders", "kind": "hook", "channel": "order-system", "enabled": True,
            "rights": ["traits", "privileged"], "class": "trusted", "rate": 0, "burst": 0, "preset": "shopify",
            "secret_file": "secret", "url": "https://track.shop.example/hooks/orders",
            "path": "/hooks/orders", "old": False}, "a hook")
        tap.equal(keys.ok("add", "erp", "--mapping", "/etc/erp.json")["mapping"], "/etc/erp.json",
                  "a mapping of one's own")
        status, out, err = keys("add", "calls", "--preset", "shopify", "--secret-file", "secret")
        tap.equal((status, out), (0, "/hooks/calls\n"), "the path to call")
        tap.ok("chmod" not in err, err)
        os.chmod(place.path("secret"), 0o640)
        tap.ok("Others can use" in keys("add", "c2", "--preset", "shopify", "--secret-file",
                                        "secret")[2],
               "a secret that others can read")
        tap.ok("No such file" in keys("add", "c3", "--preset", "shopify", "--secret-file",
                                      "none")[2], "a secret that is not there")
        tap.ok("No such file" in keys("add", "c4", "--mapping", "none")[2],
               "a mapping that is not there")
        status, out, _ = keys("list")
        tap.equal((status, len(out.splitlines())), (0, 13), "a table with its head")
        tap.ok(re.search(r"^app +browser +app +none +200/s +yes", out, re.M), out)
        tap.ok("shopify at /hooks/orders" in out, out)
        for secret in ("whsec_1", "wk_", "sha256"):
            tap.ok(secret not in out, secret + " is not shown")


@tap.test
def wrong_sources_change_nothing():
    with harness.Place() as place:
        keys = Keys(place)
        for args, words in (
                (["add", "web"], "already"),
                (["add", "Bad Name"], "small letters"),
                (["add", "x" * 33], "1 to 32"),
                (["add", "x]\n[y"], "1 to 32"),
                (["add", ""], "1 to 32"),
                (["add", "x", "--kind", "friend"], "browser, server, till, kiosk or hook"),
                (["add", "x", "--kind", "hook"], "preset"),
                (["add", "x", "--preset", "shopfy"], "waymark hook list"),
                (["add", "x", "--kind", "till", "--preset", "shopify"], "kind = hook"),
                (["add", "x", "--channel", "tv"], "order-system"),
                (["add", "x", "--rights", "all"], "privileged"),
                (["add", "x", "--class", "friend"], "trusted, browser, household, till or kiosk"),
                (["add", "x", "--kind", "browser", "--class", "trusted"], "may not link that much"),
                (["add", "x", "--kind", "browser", "--rights", "merge"], "kind server"),
                (["add", "x", "--rate", "fast"], "1000000"),
                (["add", "x", "--burst", "10"], "rate"),
                (["add", "x", "--origins", "https://a.example"], "pages"),
                (["add", "x", "--kind", "browser", "--origins", "*"], "pages of everyone"),
                (["add", "x", "--kind", "browser", "--origins",
                  "https://a.example\nenabled = no"], "control character"),
                (["add", "x", "--kind", "browser", "--origins", "https://a.example ; b"],
                 "comment"),
                (["add", "x", "--kind", "browser", "--credentials"], "origins"),
                (["add", "x", "--preset", "shopify", "--mapping", "f"], "not both"),
                (["add", "x", "--preset", "shopify", "--url", "http://a.example"], "https"),
                (["add", "x", "--secret-file", "f"], "hook"),
                (["add", "x", "--preset", "shopify", "--secret-file", "f" * 161], "160"),
                (["revoke", "nobody"], "waymark key list"),
                (["rotate", "nobody"], "waymark key list"),
                (["rotate", "web", "--secret-file", "f"], "kind = hook")):
            keys.refused(*args, words=words)
        for args in (["list", "--rate", "1"], ["revoke", "web", "--keep", "1h"],
                     ["add", "x", "--keep", "1h"], ["rotate", "web", "--kind", "server"],
                     ["list", "--credentials"], ["rotate", "web", "--keep", "soon"],
                     ["rotate"], ["list", "web"], ["sell", "web"]):
            keys.refused(*args, status=2)
        place.write("keys.ini", "nonsense\n")
        keys.refused("list", words="line 1")
        keys.refused("add", "x", words="line 1")
        tap.equal(place.tool("key", "list", "--keys", place.path("missing.ini"))[0], 1, "no file")


@tap.test
def revoked_for_good():
    with harness.Place() as place:
        keys = Keys(place)
        tap.equal(keys.ok("revoke", "web")["enabled"], False, "revoke")
        tap.equal(keys("revoke", "web")[0], 0, "revoke again")
        tap.equal(keys.text().count("enabled = no"), 1, "revoked once")
        tap.ok("; mine" in keys.text() and "; last words" in keys.text(), "comments stay")
        keys.refused("add", "web", words="not used again")
        keys.refused("rotate", "web", words="revoked")


@tap.test
def a_key_is_replaced_and_the_old_one_ends():
    with harness.Place() as place:
        keys = Keys(place)
        first = keys.ok("add", "shop")["key"]
        before = datetime.datetime.now(datetime.timezone.utc)
        second = keys.ok("rotate", "shop")
        after = datetime.datetime.now(datetime.timezone.utc)
        section = keys.section("shop")
        tap.equal((section["key_sha256"], section["old_key_sha256"]),
                  (sha256(second["key"]), sha256(first)), "digests of both")
        day = datetime.timedelta(days=1)
        tap.ok(before + day <= instant(second["old_until"]) <=
               after + day + datetime.timedelta(seconds=1), "a day if nothing was said")
        tap.equal((second["old"], section["old_until"]), (True, second["old_until"]), "until then")
        tap.ok("old key counts until " + second["old_until"] in keys("list")[1], "in the table")
        status, out, err = keys("rotate", "shop", "--keep", "2h")
        tap.ok("The one before counts until " in err and "before that ends now" in err, err)
        section = keys.section("shop")
        tap.equal((status, section["key_sha256"], section["old_key_sha256"]),
                  (0, sha256(out.strip()), sha256(second["key"])), "again")
        third = keys.ok("rotate", "shop", "--keep", "0")
        tap.equal(keys.section("shop"), {"kind": "server", "key_sha256": sha256(third["key"])},
                  "at once")
        new = keys.ok("rotate", "web", "--keep", "1h")
        section = keys.section("web")
        tap.equal((section["key"], section["old_key"]), (new["key"], "wk_abcdefgh"),
                  "a key that could be read still can")
        tap.ok(keys.text().startswith("; mine\n[web]\n"), "comments stay")
        place.write("keys.ini", re.sub("old_until = .*", "old_until = 2026-01-01T00:00:00Z",
                                       keys.text()))
        tap.equal(keys.list()["web"]["old"], False, "an end that has passed")
        tap.ok("old key ended 2026-01-01" in keys("list")[1], "in the table")


@tap.test
def the_secret_of_a_hook_is_replaced():
    with harness.Place() as place:
        keys = Keys(place)
        keys.ok("add", "orders", "--preset", "shopify", "--secret-file", "one")
        keys.refused("rotate", "orders", words="--secret-file")
        keys.refused("rotate", "orders", "--secret-file", "one", words="already")
        tap.equal(keys.ok("rotate", "orders", "--secret-file", "two", "--keep", "1h")["secret_file"],
                  "two", "the new one")
        section = keys.section("orders")
        tap.equal((section["secret_file"], section["old_secret_file"]), ("two", "one"), "both")
        tap.ok("old secret counts until" in keys("list")[1], "in the table")
        keys.ok("rotate", "orders", "--secret-file", "three", "--keep", "0")
        tap.equal(keys.section("orders"), {"kind": "hook", "preset": "shopify",
                                           "secret_file": "three"}, "at once")
        keys.ok("add", "erp", "--mapping", "erp.json")
        status, out, err = keys("rotate", "erp", "--secret-file", "four")
        tap.equal((status, out, keys.section("erp")), (0, "/hooks/erp\n", {
            "kind": "hook", "mapping": "erp.json", "secret_file": "four"}), "the first secret")
        tap.ok("No other counts but this secret" in err, err)


@tap.test
def what_people_wrote_around_stays():
    with harness.Place() as place:
        text = ("\ufeff; made elsewhere\r\n[shop]\r\n; the key\r\nkey:wk_abcdefgh ; of May\r\n"
                "\r\n[web]\r\nkey = wk_bcdefghi\r\nkind = browser\r\n[shop]\r\nkind = server\r\n"
                "old_key = wk_cdefghij\r\n# the end")
        keys = Keys(place, text)
        made = keys.ok("rotate", "shop", "--keep", "0")["key"]
        tap.equal(keys.bytes(), text.replace("key:wk_abcdefgh ; of May\r\n", "key = %s\n" % made)
                  .replace("old_key = wk_cdefghij\r\n", "").encode() + b"\n", "one line, one less")
        keys.ok("rotate", "shop", "--keep", "1h")
        listed = keys.list()
        tap.equal((listed["shop"]["old"], listed["web"]["old"]), (True, False), "that source only")
        for part in ("\ufeff; made elsewhere\r\n", "; the key\r\n", "# the end"):
            tap.ok(part.encode() in keys.bytes(), part)


@tap.test
def two_at_once_lose_nothing():
    with harness.Place() as place:
        keys = Keys(place)
        threads = [threading.Thread(target=keys, args=("add", "s%d" % i)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tap.equal(sorted(keys.list()), ["s%d" % i for i in range(8)] + ["web"], "all of them")


@tap.test
def a_running_collector_follows():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()

        def key(*args):
            status, out, err = up.tool("key", *args, "--json")
            tap.equal(status, 0, " ".join(args) + ": " + err)
            return json.loads(out)

        def status(secret):
            return up.track("ada", "Product Viewed", key=secret).status

        def becomes(secret, wanted, words):
            harness.wait_until(lambda: status(secret) == wanted, words)

        first = key("add", "erp")["key"]
        becomes(first, 200, "a new source")
        second = key("rotate", "erp", "--keep", "1h")["key"]
        becomes(second, 200, "its second key")
        tap.equal(status(first), 200, "its first key, meanwhile")
        third = key("rotate", "erp", "--keep", "3s")["key"]
        becomes(third, 200, "its third key")
        tap.equal(status(first), 401, "its first key, dropped")
        becomes(second, 401, "its second key, after three seconds without a reload")
        key("revoke", "erp")
        becomes(third, 403, "a revoked source")
        tap.equal(up.post("/v1/track", {}, third).json()["code"], "source_disabled", "by name")
        shop = up.key()
        new = key("rotate", "shop")["key"]
        tap.equal(up.key(), new, "`waymark import` finds the new key of shop")
        becomes(new, 200, "shop")
        tap.equal(status(shop), 200, "and its old one")
        tap.equal(up.stop(), 0, "up")


tap.run()
