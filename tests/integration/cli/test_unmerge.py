# SPDX-License-Identifier: MIT
"""`waymark customer merge` and `unmerge`: two are one, and two again, with the real store."""

import json
import os
import re
import signal
import sys
import threading

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import upbox
import harness

tap = harness.Tap()

RULE = {"id": "cart", "description": "x", "class": "task", "key": "cart_id", "arm": ["Product Added"],
        "cancel": ["Order Completed"], "wait": "1s", "grace": "0s", "slack": "0s", "round": "1ms",
        "channels": ["task"]}


def export(up, who):
    status, out, _ = up.tool("customer", "export", who)
    return json.loads(out) if status == 0 else None


def names(up, who):
    document = export(up, who)
    if document is None:
        return None
    return document["customer"], sorted(e["message_id"] for e in document["timeline"]
                                        if e["kind"] == "event" and "message_id" in e)


def said(up, who):
    return [e for e in export(up, who)["timeline"]
            if e["kind"] == "decision" and e.get("outcome") == "unmerged"]


def sends(up, *events):
    batch = [{"type": "track", "event": "Product Viewed", "messageId": name, "userId": who,
              "properties": {"product_id": name}} for who, name in events]
    answer = up.post("/v1/batch", {"batch": batch})
    assert answer.status == 200, answer.body


@tap.test
def one_and_two_again():
    with harness.Place() as place:
        folder = os.path.dirname(place.write("rules/cart.json", json.dumps(RULE)))
        up = upbox.Up(place, args=["--rules", folder]).wait_up()
        sends(up, ("ada", "a1"), ("bob", "b1"))
        harness.wait_until(lambda: names(up, "ada") == ("ada", ["a1"]) and
                           names(up, "bob") == ("bob", ["b1"]), "both")
        tap.equal(up.tool("customer", "merge", "ada", "bob", "--yes")[0], 2, "not without a reason")
        status, out, err = up.tool("customer", "merge", "bob", "ada", "--yes", "--reason", "one hand",
                                   "--by", "Eva")
        tap.ok(status == 0, err + out)
        harness.wait_until(lambda: names(up, "bob") == ("ada", ["a1", "b1"]), "they are one")
        sends(up, ("bob", "b2"), ("ada", "a2"))
        harness.wait_until(lambda: names(up, "ada") == ("ada", ["a1", "a2", "b1", "b2"]), "events")
        status, out, err = up.tool("customer", "unmerge", "bob")
        tap.ok(status == 0 and "Nothing was changed" in out and "1 event came by bob" in out, out + err)
        tap.equal(names(up, "bob")[0], "ada", "a preview changes nothing")
        status, out, err = up.tool("customer", "unmerge", "bob", "--yes", "--reason", "two sisters",
                                   "--by", "Eva")
        tap.ok(status == 0 and "two again" in out, out + err)
        harness.wait_until(lambda: names(up, "bob") == ("bob", ["b1", "b2"]), "bob again")
        tap.equal(names(up, "ada"), ("ada", ["a1", "a2"]), "and ada")
        tap.equal([len(said(up, who)) for who in ("ada", "bob")], [1, 1], "both timelines say so")
        sends(up, ("bob", "b2"), ("bob", "b3"), ("ada", "a2"))
        harness.wait_until(lambda: names(up, "bob") == ("bob", ["b1", "b2", "b3"]), "and goes on")
        tap.equal(names(up, "ada"), ("ada", ["a1", "a2"]), "what came before is known again")
        status, out, err = up.tool("customer", "unmerge", "bob")
        tap.ok(status == 1 and "nothing to take apart" in err and "became a part" in err, err)
        tap.equal(up.stop(), 0, "up")


@tap.test
def by_plain_names():
    """As people type them: an address is found as `customer export` finds it, and what may be two is not."""
    with harness.Place() as place:
        folder = os.path.dirname(place.write("rules/cart.json", json.dumps(RULE)))
        up = upbox.Up(place, args=["--rules", folder]).wait_up()
        batch = [dict(type="track", event="Product Viewed", messageId="m%d" % n, properties={"product_id": "p"}, **who)
                 for n, who in enumerate((
                     {"identifiers": {"email": "ada@example.org"}}, {"identifiers": {"email": "bob@example.org"}},
                     {"anonymousId": "twin"}, {"identifiers": {"card": "twin"}}))]
        assert up.post("/v1/batch", {"batch": batch}).status == 200
        keys = ("email:ada@example.org", "email:bob@example.org", "anon:twin", "card:twin")
        harness.wait_until(lambda: all((names(up, key) or [""])[0] == key for key in keys), "all four")
        because = ("--yes", "--reason", "one hand", "--by", "Eva")
        status, out, err = up.tool("customer", "merge", "ada@example.org", "twin", *because)
        tap.ok(status == 1 and "twin may be any of card:twin, anon:twin; say which" in err, err)
        status, out, err = up.tool("customer", "unmerge", "twin", *because)
        tap.ok(status == 1 and "say which" in err, err)
        status, out, err = up.tool("customer", "merge", "ada@example.org", "eve@example.org", *because)
        tap.ok(status == 1 and "nobody is known by eve@example.org" in err, err)
        status, out, err = up.tool("customer", "merge", "ADA@example.org", "email:ada@example.org", *because)
        tap.ok(status == 2 and "one name" in err, err)
        status, out, err = up.tool("customer", "merge", " Bob@Example.ORG", "ada@example.org", *because)
        tap.ok(status == 0 and "email:bob@example.org becomes a part of email:ada@example.org" in out, err + out)
        harness.wait_until(lambda: names(up, keys[1]) == (keys[0], ["m0", "m1"]), "they are one")
        status, out, err = up.tool("customer", "merge", "bob@example.org", "ada@example.org", *because)
        tap.ok(status == 0 and "one customer already (email:ada@example.org)" in err, err + out)
        status, out, err = up.tool("customer", "unmerge", "eve@example.org")
        tap.ok(status == 1 and "nothing to take apart" in err, err)
        status, out, err = up.tool("customer", "unmerge", "BOB@example.org", *because)
        tap.ok(status == 0 and "two again" in out, out + err)
        harness.wait_until(lambda: names(up, keys[1]) == (keys[1], ["m1"]), "bob again")
        tap.equal(up.stop(), 0, "up")


# Of something seen: nothing more for an hour. It is there to wait.
LOOK = dict(RULE, id="look", key="product_id", arm=["Product Viewed"], wait="1h")


def rules(place):
    place.write("rules/cart.json", json.dumps(RULE))
    return os.path.dirname(place.write("rules/look.json", json.dumps(LOOK)))


def say(up, who, name, event, **properties):
    assert up.track(who, event, message_id=name, **properties).status == 200


def jobs(up):
    """{cart: job} of all that the tool lists."""
    listed = [json.loads(line) for line in up.tool("jobs", "list", "--json")[1].splitlines()]
    return {j["key"]: j for j in listed if "key" in j}


def one_of_two(place):
    """Each has had a cart, they become one, and each goes on: bob's cart c3 is ada's then."""
    up = upbox.Up(place, args=["--rules", rules(place)]).wait_up()
    say(up, "ada", "a1", "Product Added", cart_id="c1", product_id="p1")
    say(up, "bob", "b1", "Product Added", cart_id="c2", product_id="p2")
    harness.wait_until(lambda: len(jobs(up)) == 2, "a job of each")
    status, out, err = up.tool("customer", "merge", "bob", "ada", "--yes", "--reason", "one hand",
                               "--by", "Eva")
    assert status == 0, out + err
    harness.wait_until(lambda: names(up, "bob")[0] == "ada", "they are one")
    say(up, "bob", "b2", "Product Added", cart_id="c3", product_id="p3")
    say(up, "ada", "a2", "Product Added", cart_id="c4", product_id="p4")
    say(up, "bob", "b3", "Product Viewed", product_id="p5")
    say(up, "bob", "b4", "Unsubscribed", medium="email")
    harness.wait_until(lambda: len(jobs(up)) == 4 and len(names(up, "ada")[1]) == 6, "two more")
    return up


def carts(side):
    return sorted(c["key"] for c in side["journey"]["carts"])


@tap.test
def what_each_would_be():
    with harness.Place() as place:
        up = one_of_two(place)
        status, out, err = up.tool("customer", "unmerge", "bob", "--json")
        tap.equal(status, 0, err)
        seen = json.loads(out)
        stays, goes = seen["stays"], seen["goes"]
        tap.equal((seen["through"], stays["key"], goes["key"]), (3, "ada", "bob"), "who")
        tap.equal([side["journey"]["totals"]["events"] for side in (stays, goes)], [2, 4], "events")
        tap.equal((carts(stays), carts(goes)), (["cart:c1", "cart:c4"], ["cart:c2", "cart:c3"]), "carts")
        tap.equal([e["message_id"] for e in stays["latest"]], ["a2", "a1"], "the latest of ada")
        tap.equal(sorted(e["message_id"] for e in goes["latest"]), ["b1", "b2", "b3", "b4"], "of bob")
        # By hand: a send for each cart that was left, and ada's own two stay hers.
        two = [{"class": "task", "channel": "task", "sends": 2}]
        tap.equal((stays["caps"], goes["caps"]), (two, two), "what counts for caps")
        due = [(d["rule"], d["key"]) for d in goes["journey"]["due"]]
        tap.equal((due, stays["journey"]["due"]), ([("look", "product:p5")], []), "timers")
        tap.equal(seen["consents"], [{"topic": "all", "channel": "email", "stays": None,
                                      "goes": "withdrawn"}], "consents")
        made = jobs(up)
        tap.equal(sorted((j["id"], j["rule"], j["channel"], j["state"], j["customer"], j["fate"])
                         for j in seen["jobs"]),
                  sorted([(made["cart:c3"]["id"], "cart", "task", "ready", "bob", "moves"),
                          (made["cart:c4"]["id"], "cart", "task", "ready", "ada", "stays")]), "jobs")
        tap.equal((stays["ids"], goes["ids"]), ([], []), "identifiers")
        status, out, err = up.tool("customer", "unmerge", "bob")
        tap.equal(status, 0, err)
        for row in (r"waits +look +product:p5 +\d{4}-", r"all +email +- +withdrawn",
                    r"task +task +2 +2\b", r"moves +%s +cart +cart:c3 +task +ready +bob\n" %
                    made["cart:c3"]["id"], r"stays +%s +cart +cart:c4 " % made["cart:c4"]["id"],
                    r"open cart +cart:c3", r"bob, \w+: 4 events, 0 orders ever", r"Nothing was changed"):
            tap.ok(re.search(row, out), "%s in:\n%s" % (row, out))
        redis = up.redis()
        for key in redis("KEYS", "wm:{*}:in"):
            redis("XTRIM", key, "MAXLEN", "1")
        status, out, err = up.tool("customer", "unmerge", "bob")
        tap.ok(status == 1 and re.search(r"became one at 2\S+Z, and the log was trimmed up to 2\S+Z,", err),
               out + err)
        tap.equal(up.stop(), 0, "up")


@tap.test
def a_job_that_is_leased():
    with harness.Place() as place:
        up = one_of_two(place)
        leased = [json.loads(line) for line in
                  up.tool("jobs", "lease", "--count", "9", "--lease", "5m", "--consumer", "me")[1].splitlines()]
        by_cart = {j["job"]["key"]: (j["job"]["id"], j["token"]) for j in leased}
        tap.equal(sorted(by_cart), ["cart:c1", "cart:c2", "cart:c3", "cart:c4"], "all are leased")
        seen = json.loads(up.tool("customer", "unmerge", "bob", "--json")[1])
        tap.equal([j["state"] for j in seen["jobs"]], ["leased", "leased"], "the preview says so")
        status, out, err = up.tool("customer", "unmerge", "bob", "--yes", "--reason", "two sisters")
        tap.equal(status, 0, out + err)
        harness.wait_until(lambda: names(up, "bob")[0] == "bob", "bob again")
        for cart in by_cart:
            job, token = by_cart[cart]
            tap.equal(up.tool("jobs", "ack", job, "--token", token)[:2], (0, "done\n"), "ack " + cart)
        sent = {cart: "job:%s:sent" % by_cart[cart][0] for cart in by_cart}
        ada, bob = (["a1", "a2", sent["cart:c1"], sent["cart:c4"]],
                    ["b1", "b2", "b3", "b4", sent["cart:c2"], sent["cart:c3"]])
        harness.wait_until(lambda: len(names(up, "ada")[1]) == 4 and len(names(up, "bob")[1]) == 6,
                           "what became of them")
        tap.equal((names(up, "ada"), names(up, "bob")), (("ada", sorted(ada)), ("bob", sorted(bob))),
                  "each to whom it belongs")
        tap.equal(up.stop(), 0, "up")


@tap.test
def a_job_that_was_sent():
    """To the one that they were. By hand: c3 is bob's and c4 ada's, and each counts for whose it is."""
    with harness.Place() as place:
        up = one_of_two(place)
        leased = [json.loads(line) for line in
                  up.tool("jobs", "lease", "--count", "9", "--lease", "5m", "--consumer", "me")[1].splitlines()]
        by_cart = {j["job"]["key"]: (j["job"]["id"], j["token"]) for j in leased}
        for cart in ("cart:c3", "cart:c4"):
            job, token = by_cart[cart]
            tap.equal(up.tool("jobs", "ack", job, "--token", token)[:2], (0, "done\n"), "ack " + cart)
        harness.wait_until(lambda: len(names(up, "ada")[1]) == 8, "both are known to be sent")
        seen = json.loads(up.tool("customer", "unmerge", "bob", "--json")[1])
        tap.equal(seen["sent"], [{"class": "task", "channel": "task", "stays": 1, "goes": 1, "neither": 0}], "sent")
        tap.equal(sorted((j["key"], j["state"], j["fate"]) for j in seen["jobs"]),
                  [("cart:c3", "done", "moves"), ("cart:c4", "done", "stays")], "jobs")
        two = [{"class": "task", "channel": "task", "sends": 2}]
        tap.equal((seen["stays"]["caps"], seen["goes"]["caps"]), (two, two), "each is counted once")
        out = up.tool("customer", "unmerge", "bob")[1]
        tap.ok(re.search(r"SENT SINCE THEN\n.*neither *\n *task +task +1 +1 +0 *\n.* beside the jobs of ada,", out), out)
        status, out, err = up.tool("customer", "unmerge", "bob", "--yes", "--reason", "two sisters")
        tap.equal(status, 0, out + err)
        harness.wait_until(lambda: names(up, "bob")[0] == "bob", "bob again")
        sent = {cart: "job:%s:sent" % by_cart[cart][0] for cart in ("cart:c3", "cart:c4")}
        tap.equal((names(up, "ada"), names(up, "bob")),
                  (("ada", sorted(["a1", "a2", sent["cart:c4"]])),
                   ("bob", sorted(["b1", "b2", "b3", "b4", sent["cart:c3"]]))), "on whose timeline it is")
        tap.equal({cart: j["customer"] for cart, j in jobs(up).items() if cart in sent},
                  {"cart:c3": "bob", "cart:c4": "ada"}, "the list names whom they came under")

        def told(who):
            return sorted(j["job"]["key"] for j in export(up, who)["jobs"])
        tap.equal((told("ada"), told("bob")), (["cart:c1", "cart:c4"], ["cart:c2", "cart:c3"]),
                  "whoever's it is, it is told of them, wherever it lies")
        # One that came under ada's name and was bob's all the same.
        redis, taken = up.redis(), by_cart["cart:c4"][0]
        place_of = [key for key in redis("KEYS", "wm:{p*}:job:" + taken)][0]
        redis("HSET", place_of, "c", "bob")
        tap.equal((told("ada"), told("bob")), (["cart:c1"], ["cart:c2", "cart:c3", "cart:c4"]), "whose it says that it is")
        status, out, err = up.tool("customer", "erase", "bob", "--yes")
        tap.equal(status, 0, out + err)
        tap.equal(sorted(jobs(up)), ["cart:c1"], "and goes with them")
        tap.equal((redis("EXISTS", place_of), told("ada")), (0, ["cart:c1"]), "nothing is left of it")
        tap.equal(up.stop(), 0, "up")


def outline(up, who):
    """What is the same in every run, whatever the clock says."""
    document = export(up, who)
    state = document["state"]
    return (names(up, who), sorted(c["key"] for c in state["carts"]),
            sorted((i["rule"], i["key"], i["state"], i["outcome"]) for i in state["instances"]),
            sorted((e["outcome"], e["rule"], e["key"]) for e in document["timeline"] if e["kind"] == "decision"),
            sorted((j["job"]["key"], j["job"]["id"], j["state"]) for j in document["jobs"]))


def is_posted(redis):
    return any(b'"kind":"unmerge"' in field
               for key in redis("KEYS", "wm:{*}:in")
               for entry in redis("XREVRANGE", key, "+", "-", "COUNT", "3") for field in entry[1])


def taken_apart(place, disturbed):
    up = one_of_two(place)
    answer = []
    run = threading.Thread(target=lambda: answer.append(up.tool(
        "customer", "unmerge", "bob", "--yes", "--reason", "two sisters", "--by", "Eva")))
    if disturbed:
        worker = up.pid_of("worker")
        os.kill(worker, signal.SIGSTOP)
        run.start()
        harness.wait_until(lambda: is_posted(up.redis()), "the word is in the log")
        os.kill(worker, signal.SIGKILL)
        harness.wait_until(lambda: up.pid_of("worker") not in (None, worker), "another worker")
    else:
        run.start()
    run.join()
    tap.equal(answer[0][0], 0, answer[0][1] + answer[0][2])
    harness.wait_until(lambda: names(up, "bob")[0] == "bob", "bob again")
    sends(up, ("bob", "b5"))
    harness.wait_until(lambda: "b5" in names(up, "bob")[1], "and goes on")
    result = [outline(up, who) for who in ("ada", "bob")]
    tap.equal(up.stop(), 0, "up")
    return result


@tap.test
def a_worker_that_dies_over_it():
    with harness.Place() as calm, harness.Place() as rough:
        tap.equal(taken_apart(rough, True), taken_apart(calm, False), "as if nothing had been")


def entries(redis, log):
    return [dict(zip(fields[::2], fields[1::2])) for _, fields in redis("XRANGE", log, "-", "+")]


def log_of(redis, who):
    return next(key for key in redis("KEYS", "wm:{p*}:c:" + who)).replace(b":c:" + who.encode(), b":in")


def heard(up, who):
    return sorted(e["message_id"] for e in export(up, who)["timeline"] if e.get("event") == "Price Changed")


def price(number):
    return {"type": "track", "event": "Price Changed", "messageId": "price%d" % number,
            "properties": {"product_id": "ring", "price": 100 - number}}


@tap.test
def news_before_the_word():
    """Who leaves follows a product that the two together do not: what is told of it between the fold and the
    word is heard, though the customer is the same as before."""
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", rules(place)]).wait_up()
        redis = up.redis()
        say(up, "ada", "a1", "Product Viewed", product_id="p")
        say(up, "bob", "b1", "Product Added to Wishlist", product_id="ring", price=100)
        harness.wait_until(lambda: names(up, "ada") and names(up, "bob"), "both")
        here, there = log_of(redis, "ada"), log_of(redis, "bob")
        tap.ok(here != there, "in two partitions")
        status, out, err = up.tool("customer", "merge", "bob", "ada", "--yes", "--reason", "one hand", "--by", "Eva")
        tap.equal(status, 0, out + err)
        harness.wait_until(lambda: names(up, "bob") == ("ada", ["a1", "b1"]), "they are one")
        up.post("/v1/batch", {"batch": [price(1)]})
        harness.wait_until(lambda: heard(up, "ada") == ["price1"], "news")
        say(up, "ada", "a2", "Product Removed from Wishlist", product_id="ring")
        harness.wait_until(lambda: "a2" in names(up, "ada")[1], "ada wants it no more")
        # The second come to their log while no worker reads it, as the owner of the product says them.
        first = next(e for e in reversed(entries(redis, here)) if b'"kind":"news"' in e.get(b"x", b""))
        head = json.loads(first[b"x"])
        at = head["at"].partition("-")
        head.update(seq=head["seq"] + 1, at="%d-%s" % (int(at[0]) + 1, at[2]))
        worker = up.pid_of("worker")
        os.kill(worker, signal.SIGSTOP)
        redis("XADD", here, "*", "x", json.dumps(head, separators=(",", ":")),
              "e", json.dumps(price(2)), "m", first[b"m"])
        redis("CONFIG", "RESETSTAT")
        answer = []
        run = threading.Thread(target=lambda: answer.append(up.tool(
            "customer", "unmerge", "bob", "--yes", "--reason", "two sisters", "--by", "Eva")))
        run.start()
        harness.wait_until(lambda: any(int(part.partition("calls=")[2].partition(",")[0]) > 5 for part in
                                       redis("INFO", "commandstats").decode().split() if "_hget:" in part),
                           "it waits for the worker")
        tap.ok(not is_posted(redis), "the word is not said before they were read")
        os.kill(worker, signal.SIGCONT)
        run.join()
        tap.equal(answer[0][0], 0, answer[0][1] + answer[0][2])
        harness.wait_until(lambda: names(up, "bob")[0] == "bob", "bob again")
        tap.equal((heard(up, "ada"), heard(up, "bob")), ([], ["price1", "price2"]), "who follows it hears of it")
        tap.equal(up.stop(), 0, "up")


def joined(up, who):
    return {e["key"]: e.get("words") for e in export(up, who)["timeline"]
            if e["kind"] == "decision" and e.get("outcome") == "joined"}


@tap.test
def who_said_it_where_the_key_is_a_link():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", rules(place)]).wait_up()
        sends(up, *((who, "m-" + who) for who in ("aaron", "ada", "bert", "bob")))
        harness.wait_until(lambda: all(export(up, who) for who in ("aaron", "ada", "bert", "bob")), "four")
        for other, reason, winner, key in (("ada", "one hand", "ada", "bob"),
                                           ("bert", "a second", "ada", "bert"),
                                           ("aaron", "a third", "aaron", "ada")):
            status, out, err = up.tool("customer", "merge", "bob", other, "--yes", "--reason", reason,
                                       "--by", "Eva")
            tap.equal(status, 0, out + err)
            harness.wait_until(lambda: names(up, key)[0] == winner, "%s is %s" % (key, winner))
            # The link is there before the winner hears of it.
            harness.wait_until(lambda: joined(up, winner).get(key), "%s has heard" % winner)
            tap.equal(joined(up, winner).get(key), "Eva: " + reason, "%s and %s" % (key, winner))
        tap.equal(up.stop(), 0, "up")


@tap.test
def what_it_says_that_cannot_be():
    """Why it cannot, and what to do next."""
    with harness.Place() as place:
        up = one_of_two(place)
        redis = up.redis()
        kept = redis("HGETALL", "wm:rules")
        for name, text in zip(kept[::2], kept[1::2]):
            redis("HDEL", "wm:rules", name)
            redis("HSET", "wm:rules", "0123456789abcdef", text)
        status, out, err = up.tool("customer", "unmerge", "bob", "--yes", "--reason", "two sisters")
        tap.ok(status == 1 and re.search("rules that were in force .* are not kept .* Nothing was changed."
                                         " Take them apart with the version", err), out + err)
        for name, text in zip(kept[::2], kept[1::2]):
            redis("HSET", "wm:rules", name, text)
        tap.equal(up.tool("customer", "unmerge", "bob")[0], 0, "with them it can")
        for key in redis("KEYS", "wm:{*}:in"):
            for place_of, fields in redis("XRANGE", key, "-", "+"):
                if any(b'"a2"' in field for field in fields):
                    redis("XDEL", key, place_of)
        status, out, err = up.tool("customer", "unmerge", "bob", "--yes", "--reason", "two sisters")
        tap.ok(status == 1 and re.search("is not what the customer is: entries of theirs were taken out .*"
                                         " Nothing was changed. .* please report it", err), out + err)
        tap.equal(names(up, "bob")[0], "ada", "they are one still")
        tap.equal(up.stop(), 0, "up")


tap.run()
