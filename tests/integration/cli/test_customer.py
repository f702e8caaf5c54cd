# SPDX-License-Identifier: MIT
"""`waymark customer`: everything held, under every name, as the schema says."""

import datetime
import json
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
sys.path.insert(0, os.path.join(FOLDER, "..", "console"))
import upbox
import harness
import openapi

tap = harness.Tap()

RULE = {"id": "cart", "description": "x", "class": "task", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "1s", "grace": "0s", "slack": "0s", "round": "1ms",
        "channels": ["task"]}
VIEWS = 230
SCHEMA = "customer-export.schema.json"


def description():
    known = openapi.Description()
    with open(os.path.join(openapi.SCHEMAS, SCHEMA), encoding="utf-8") as file:
        known.files[SCHEMA] = json.load(file)
    return known


def faults(document):
    """All in which a document is not what the schema says, and what it refers to in words."""
    known = description()
    found = known.errors(document, known.files[SCHEMA], "", SCHEMA)
    state = dict(document["state"], matched=document["matched"])
    found += known.errors(state, {"$ref": "openapi.yaml#/components/schemas/Customer"}, "/state")
    for entry in document["timeline"]:
        kind = "Event" if entry["kind"] == "event" else "Decision"
        found += known.errors(entry, {"$ref": "openapi.yaml#/components/schemas/" + kind}, "/timeline")
    for job in document["jobs"]:
        found += known.errors(job["job"], {"$ref": "job.schema.json#"}, "/jobs", "job.schema.json")
    return found


def export(up, who):
    status, out, err = up.tool("customer", "export", who)
    assert status == 0, err
    return json.loads(out)


def messages(document):
    return sorted(e["message_id"] for e in document["timeline"] if e["kind"] == "event"
                  and "message_id" in e and e["source"] != "jobs")


def started(place):
    folder = os.path.dirname(place.write("rules/cart.json", json.dumps(RULE)))
    up = upbox.Up(place, args=["--rules", folder]).wait_up()
    events = [{"type": "track", "event": "Product Viewed", "properties": {"product_id": "P%d" % i},
               "userId": "ada", "messageId": "v%03d" % i} for i in range(VIEWS)]
    events += [{"type": "track", "event": "Product Added", "properties": {"cart_id": "C1"},
                "userId": "ada", "messageId": "added"},
               {"type": "track", "event": "Product Viewed", "userId": "bob", "messageId": "bobs"}]
    answer = up.post("/v1/batch", {"batch": events})
    assert answer.status == 200, answer.body
    return up


def fired(up):
    return up.tool("jobs", "--json", "--customer", "ada")[1] != ""


@tap.test
def everything_is_there():
    with harness.Place() as place:
        up = started(place)
        harness.wait_until(lambda: fired(up), "the job")
        document = export(up, "ada")
        tap.equal(faults(document), [], "as described")
        tap.equal((document["customer"], document["matched"], document["asked"]), ("ada",) * 3, "who")
        tap.equal(messages(document), ["added"] + ["v%03d" % i for i in range(VIEWS)],
                  "all events over several pages, each once")
        times = [e["at"] for e in document["timeline"]]
        tap.equal(times, sorted(times, reverse=True), "newest first")
        jobs = document["jobs"]
        tap.equal([(j["job"]["rule"], j["job"]["customer"], j["state"]) for j in jobs],
                  [("cart", "ada", "ready")], "the job and its state")
        decided = [e for e in document["timeline"] if e["kind"] == "decision" and "job" in e]
        tap.equal([e["job"] for e in decided], [jobs[0]["job"]["id"]], "and why there is one")
        tap.equal([(n["key"], n["state"]) for n in document["identifiers"]], [("ada", "customer")], "names")
        tap.equal(messages(export(up, "bob")), ["bobs"], "somebody else")
        # A name that is only in the set of all that ever led to somebody.
        tap.equal(up.tool("jobs", "--json", "--customer", "bob")[1], "", "he has no job")
        (home,) = up.redis()("KEYS", "wm:{p*}:c:bob")
        up.redis()("SADD", home.replace(b":c:", b":ids:"), "ada")
        (job,) = up.tool("jobs", "--json", "--customer", "bob")[1].splitlines()
        tap.ok(jobs[0]["job"]["id"] in job, "under every name: " + job)
        tap.equal(harness.unread(up.tool, "customer", "export", "ada"), (1, "", ""), "a reader may leave")
        at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        page = {"type": "page", "userId": "cid", "messageId": "cids", "timestamp": at}
        tap.equal(up.post("/v1/batch", {"batch": [page]}).status, 200, "a page")
        harness.wait_until(lambda: "cids" in messages(export(up, "cid")), "who looks at it")
        state = up.get("/v1/customers/cid").json()
        tap.equal([state[name] for name in ("identified_at", "session", "session_since")],
                  [at, "browsing", at], "is there")
        for who, line in (("cid", "cid, prospect, browsing: "), ("ada", "ada, active_shopper: ")):
            out = up.tool("timeline", who)[1]
            tap.ok(out.startswith(line), out[:80])
        status, out, err = up.tool("customer", "export", "nobody")
        tap.ok(status == 1 and "nothing is known" in err, err)
        tap.equal(up.tool("customer", "forget", "ada")[0], 2, "a word that is none")
        tap.equal(up.tool("customer", "export")[0], 2, "without a customer")
        tap.equal(up.stop(), 0, "up")


@tap.test
def every_name_is_covered():
    with harness.Place() as place:
        up = started(place)
        harness.wait_until(lambda: fired(up), "the job")
        before = [{"type": "track", "event": "Product Viewed", "properties": {"product_id": "P%d" % i},
                   "anonymousId": "a1", "messageId": "a%03d" % i} for i in range(60)]
        link = [{"type": "identify", "userId": "ada", "anonymousId": "a1", "messageId": "link"}]
        for batch in (before, link):
            answer = up.post("/v1/batch", {"batch": batch})
            assert answer.status == 200, answer.body
        harness.wait_until(lambda: "link" in messages(export(up, "ada")) and
                           "a000" in messages(export(up, "ada")), "the merge")
        document = export(up, "a1")
        tap.equal(faults(document), [], "as described")
        tap.equal((document["customer"], document["matched"]), ("ada", "anon:a1"), "who")
        tap.equal(messages(document), sorted(["added", "link"] + ["v%03d" % i for i in range(VIEWS)] +
                                             ["a%03d" % i for i in range(60)]), "both, each once")
        names = {n["key"]: n["state"] for n in document["identifiers"]}
        tap.equal(names, {"ada": "customer", "anon:a1": "linked"}, "both names")
        tap.equal([m["customer"] for m in document["merged"]], ["anon:a1"], "who became part")
        tap.equal(messages(export(up, "ada")), messages(document), "by whatever name")
        answer = up.get("/v1/customers/a1/timeline?limit=1")
        tap.equal((answer.json()["customer"], answer.json()["matched"]), ("ada", "anon:a1"), "the console")
        status, out, _ = up.tool("timeline", "a1")
        tap.ok(status == 0 and "goes by" in out, out[:200])
        tap.equal(up.stop(), 0, "up")


# Everything that is put in by a customer of three names; each text stands nowhere else.
OWN = ["vera", "anon:v-phone", "anon:v-phone-2", "Vera.Quist@Example.com", "vera.quist@example.com",
       "+46701234567", "Vera Zephyrine", "Quist-Only", "ring-ember-901", "ring-frost-902",
       "cart-velvet-77", "order-opal-55", "msg-view-1", "msg-guest-1", "msg-buy-1", "msg-link",
       "note-with-\u00fcmlaut", "bad-time-vera", "TRACK-77-X"]
OTHERS = ["niels", "nora.neighbour@example.com", "ring-other-903", "msg-other-1", "bad-time-niels"]


def track(event, message, who, **properties):
    return dict({"type": "track", "event": event, "messageId": message, "properties": properties}, **who)


def scripted(up):
    """A phone, a guest's order, a login that makes them one; and a neighbour."""
    phone, user, guest = ({"anonymousId": "v-phone"}, {"userId": "vera"},
                          {"identifiers": {"email": "Vera.Quist@Example.com"}})
    steps = (
        [track("Product Viewed", "msg-view-1", phone, product_id="ring-ember-901", note="note-with-\u00fcmlaut"),
         track("Product Added", "msg-cart-1", user, product_id="ring-ember-901", cart_id="cart-velvet-77"),
         track("Product Viewed", "msg-view-2", {"anonymousId": "v-phone-2"}, product_id="ring-frost-902")],
        [track("Order Completed", "msg-buy-1", guest, order_id="order-opal-55", total=12, currency="EUR",
               tracking_number="TRACK-77-X"),
         track("Product Viewed", "msg-guest-1", guest, product_id="ring-frost-902"),
         track("Product Viewed", "msg-other-1", {"userId": "niels"}, product_id="ring-other-903"),
         {"type": "identify", "userId": "niels", "messageId": "msg-other-2",
          "traits": {"email": "nora.neighbour@example.com"}}],
        [{"type": "identify", "userId": "vera", "anonymousId": "v-phone", "messageId": "msg-link",
          "traits": {"email": "Vera.Quist@Example.com", "phone": "+46701234567",
                     "firstName": "Vera Zephyrine", "lastName": "Quist-Only"}},
         {"type": "identify", "userId": "vera", "anonymousId": "v-phone-2", "messageId": "msg-link-2"}],
        # The same id with other content is not taken.
        [track("Product Added", "msg-cart-2", user, product_id="ring-frost-902", cart_id="cart-later-78"),
         track("Product Viewed", "msg-cart-1", user, product_id="bad-time-vera"),
         track("Product Viewed", "msg-other-1", {"userId": "niels"}, product_id="bad-time-niels")],
    )
    for events in steps:
        answer = up.post("/v1/batch", {"batch": events})
        assert answer.status == 200, answer.body


def texts(value):
    """Every text of a document, names of members too, one a line."""
    return json.dumps(value, ensure_ascii=False)


def all_in(up):
    status, out, _ = up.tool("customer", "export", "vera")
    document = json.loads(out) if status == 0 else None
    return document and document["quarantine"] and document["jobs"] and \
        {l["key"] for l in document["links"]} >= {"anon:v-phone", "anon:v-phone-2",
                                                  "email:vera.quist@example.com"}


@tap.test
def all_that_was_put_in_comes_out():
    with harness.Place() as place:
        up = started(place)
        scripted(up)
        harness.wait_until(lambda: all_in(up), "all of it")
        job = [j["job"]["id"] for j in export(up, "vera")["jobs"]][0]
        lease = up.tool("jobs", "lease", "--consumer", "test", "--json")
        document = export(up, "vera.quist@example.com")
        tap.equal(faults(document), [], "as described")
        whole = texts(document)
        for text in OWN:
            tap.ok(text in whole, "%s comes out" % text)
        for text in OTHERS:
            tap.ok(text not in whole, "%s does not" % text)
        theirs = ["vera", "anon:v-phone", "anon:v-phone-2", "email:vera.quist@example.com"]
        links = {l["key"]: l["to"] for l in document["links"]}
        tap.equal({k: links.get(k) for k in theirs[1:]}, {k: "vera" for k in theirs[1:]}, "who led to whom")
        tap.ok(all(l["linked_at"] and l["said_at"] for l in document["links"]), "since when")
        frozen = {l["key"]: l["state"] and l["state"]["totals"]["events"] for l in document["links"]}
        tap.equal((frozen["anon:v-phone"], frozen["email:vera.quist@example.com"]), (1, 2), "what they were")
        tap.equal(sorted(s["before"] for s in document["snapshots"]), sorted(theirs[1:]), "and what vera was")
        # Byte by byte, as they were accepted.
        events = [o["event"] for o in document["originals"] if "message" not in o and "event" in o]
        tap.equal(sorted(json.loads(e)["messageId"] for e in events if '"jobs"' not in e and "msg-" in e),
                  sorted(["msg-view-1", "msg-cart-1", "msg-cart-2", "msg-view-2", "msg-buy-1", "msg-guest-1", "msg-link",
                          "msg-link-2", "msg-cart-1"]), "every original, the one that was not taken too")
        tap.equal([json.loads(q["event"])["properties"]["product_id"] for q in document["quarantine"]],
                  ["bad-time-vera"], "the quarantine")
        tap.equal(document["suppressed"], [], "nobody was erased")
        tap.ok(job in [j["job"]["id"] for j in document["jobs"]], "the job")
        tap.equal(lease[0], 0, "leased")
        other = texts(export(up, "niels"))
        for text in OWN:
            tap.ok(text not in other, "%s is not the neighbour's" % text)
        for text in OTHERS:
            tap.ok(text in other, "%s is" % text)
        tap.equal(up.stop(), 0, "up")


def find(up, *args):
    status, out, err = up.tool("customer", "find", "--json", *args)
    return status, [json.loads(line) for line in out.splitlines()], err


def people(pages):
    return [(c["customer"], c["email"]) for page in pages for c in page["customers"]]


@tap.test
def who_is_it():
    with harness.Place() as place:
        up = started(place)
        scripted(up)
        harness.wait_until(lambda: find(up, "vera.q")[0] == 0 and
                           people(find(up, "vera.q", "--reason", "a test")[1]) ==
                           [("vera", "Vera.Quist@Example.com")], "both names")
        status, pages, _ = find(up, "Quist-O")
        tap.equal((status, people(pages), pages[0]["masked"]), (0, [("vera", "V***@E***.com")], True), "masked")
        tap.equal(people(find(up, "nora", "--reason", "case 1")[1]),
                  [("niels", "nora.neighbour@example.com")], "whole, with a reason")
        status, pages, err = find(up, "nobody")
        tap.ok(status == 1 and pages[0]["customers"] == [] and "begins like that" in err, err)
        status, _, err = find(up, "ve")
        tap.ok(status == 2 and "3 characters" in err, err)
        tap.equal(up.tool("customer", "find")[0], 2, "no prefix")
        tap.equal(up.tool("customer", "reindex", "x")[0], 2, "too much")
        status, out, _ = up.tool("customer", "find", "Quist-O", "--reason", "case 1")
        tap.ok(status == 0 and "Vera Zephyrine Quist" in out and "quist only" in out, out)
        tap.equal(out.split()[:3], ["CUSTOMER", "NAME", "EMAIL"], "what the columns are")
        # A data set of before there was an index.
        redis = up.redis()
        sets = sorted(redis("KEYS", "wm:{p*}:find"))
        before = {key: redis("ZRANGE", key, 0, -1) for key in sets}
        redis("DEL", *sets)
        redis("HDEL", "wm:meta", "find")
        tap.equal(find(up, "Quist-O")[1][0]["whole"], False, "not whole")
        status, out, err = up.tool("customer", "reindex", "--json")
        tap.equal((status, json.loads(out)["terms"]), (0, sum(len(v) for v in before.values())), err)
        tap.equal({key: redis("ZRANGE", key, 0, -1) for key in sorted(redis("KEYS", "wm:{p*}:find"))}, before,
                  "the same as the workers kept")
        tap.equal(find(up, "Quist-O")[1][0]["whole"], True, "whole again")
        done = [dict(zip(f[::2], f[1::2])) for _, f in redis("XRANGE", "wm:audit", "-", "+")]
        tap.ok({(e[b"what"], e.get(b"reason")) for e in done} >= {(b"search", None), (b"reveal", b"case 1")}, done)
        for verb, why in (("erase", "case 2"), ("unsuppress", "case 3")):
            status, _, err = up.tool("customer", verb, "niels", "--yes", "--reason", why)
            tap.equal(status, 0, "%s: %s" % (verb, err))
        entries = [dict(zip(f[::2], f[1::2])) for _, f in redis("XRANGE", "wm:audit", "-", "+")]
        tap.equal([(e[b"what"], e[b"reason"]) for e in entries[len(done):]],
                  [(b"erase", b"case 2"), (b"unsuppress", b"case 3")], "noted, too")
        tap.equal(len({e[b"of"] for e in entries[len(done):]}), 1, "the same somebody")
        done = entries
        tap.ok(b"niels" not in repr(done).encode(), "who is not told")
        tap.ok(all(e[b"who"] == b"tool %d" % os.getuid() for e in done), "by whom")
        tap.ok(b"uist" not in repr(done).encode(), "nothing personal")
        tap.equal(up.stop(), 0, "up")


@tap.test
def ids_that_look_like_keys():
    """Somebody whose id is made so that their keys match patterns of others' stands in nobody's way."""
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        hostile = ("x}:t:y", "x}:m:y", "x}:c:y")
        batch = [{"type": "identify", "messageId": "m" + who, "userId": who,
                  "identifiers": {"email": "%d@x.example" % n}} for n, who in enumerate(("ada",) + hostile)]
        assert up.post("/v1/batch", {"batch": batch}).status == 200
        redis = up.redis()
        harness.wait_until(lambda: all(redis("KEYS", "wm:{p*}:ids:" + who) for who in hostile), "their names")
        for verb in (("reindex",), ("erase", "ada", "--yes", "--reason", "asked for")):
            status, out, err = up.tool("customer", *verb)
            tap.equal(status, 0, out + err)
        for who in hostile:
            tap.equal(up.get("/v1/customers/%s" % harness.quote(who)).status, 200, who)
        tap.equal(up.get("/v1/customers/ada").status, 404, "who was erased")
        tap.equal(up.stop(), 0, "up")


tap.run()
