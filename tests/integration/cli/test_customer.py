# SPDX-License-Identifier: MIT
"""`waymark customer export`: everything held, under every name, as the schema says."""

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


tap.run()
