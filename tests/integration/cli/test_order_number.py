# SPDX-License-Identifier: MIT
"""Whose order is that? A customer by the number of an order that came in an ordinary event of theirs."""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import upbox
import harness

tap = harness.Tap()

BECAUSE = ("--yes", "--reason", "a test", "--by", "Eva")


def buys(up, who, order, event="Order Completed"):
    assert up.track(who, event, message_id=who + order, order_id=order, total=10, currency="EUR").status == 200


def whose(up, number):
    """(status, customer, matched) as the console says."""
    answer = up.get("/v1/customers/%s" % harness.quote(number))
    body = answer.json()
    return answer.status, body.get("customer"), body.get("matched") or body.get("code")


def becomes(up, number, want):
    harness.wait_until(lambda: whose(up, number) == want, "%s: %s" % (number, want))


@tap.test
def by_any_order():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        # One that was placed, one of which only the parcel is known, a number that is a number.
        buys(up, "ada", "4711")
        buys(up, "bob", "R-17", "Order Shipped")
        assert up.track("eve", "Order Completed", message_id="e", order_id=815, total=1, currency="EUR").status == 200
        becomes(up, "order:4711", (200, "ada", "order:4711"))
        becomes(up, "#r-17", (200, "bob", "order:#r-17"))
        becomes(up, "815", (200, "eve", "order:815"))
        tap.equal(whose(up, "order:471"), (404, None, "no_customer"), "a beginning is nobody's")
        status, out, err = up.tool("timeline", "order:4711")
        tap.ok(status == 0 and "order:4711 goes by ada" in out, out + err)
        status, out, err = up.tool("why", "4711")
        tap.ok(status == 0 and "ada, " in out, out + err)
        status, out, err = up.tool("jobs", "list", "--customer", "4711", "--json")
        tap.equal(status, 0, out + err)
        for path in ("timeline", "why"):
            tap.equal(up.get("/v1/customers/order:4711/" + path).json()["customer"], "ada", path)
        # Two systems number their orders alike: neither is shown, the search has both.
        buys(up, "bob", "4711")
        becomes(up, "order:4711", (409, None, "several_customers"))
        for verb in (("timeline", "order:4711"), ("why", "4711"), ("customer", "export", "order:4711")):
            status, out, err = up.tool(*verb)
            tap.ok(status == 1 and "several customers have an order of that number" in err, err)
        status, out, err = up.tool("customer", "find", "4711")
        tap.ok(status == 0 and "ada" in out and "bob" in out, out + err)
        # What changes somebody asks for a name of theirs.
        status, out, err = up.tool("customer", "merge", "order:R-17", "eve", *BECAUSE)
        tap.ok(status == 1 and "nobody is known by order:R-17" in err, err)
        tap.equal(up.tool("customer", "erase", "order:815", *BECAUSE[:-2])[0], 1, "nobody is erased by it")
        tap.equal(whose(up, "815")[:2], (200, "eve"), "and is there")
        tap.equal(up.stop(), 0, "up")


@tap.test
def of_who_they_are_now():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--rules", upbox.rules(place)]).wait_up()
        buys(up, "ada", "A1")
        for number in ("B1", "B2"):
            buys(up, "bob", number)
        becomes(up, "A1", (200, "ada", "order:A1"))
        becomes(up, "B2", (200, "bob", "order:B2"))
        status, out, err = up.tool("customer", "merge", "bob", "ada", *BECAUSE)
        tap.ok(status == 0, err + out)
        for number in ("A1", "B1", "B2"):
            becomes(up, number, (200, "ada", "order:" + number))
        # Two who have a number in common are one: it is theirs.
        buys(up, "bob", "A1")
        buys(up, "bob", "B3")
        becomes(up, "B3", (200, "ada", "order:B3"))
        tap.equal(whose(up, "A1"), (200, "ada", "order:A1"), "one customer, however often")
        status, out, err = up.tool("customer", "unmerge", "bob", *BECAUSE)
        tap.ok(status == 0 and "two again" in out, out + err)
        becomes(up, "A1", (409, None, "several_customers"))
        for number in ("B1", "B2", "B3"):
            becomes(up, number, (200, "bob", "order:" + number))
        # Who was erased is found by nothing, and what still comes of them brings nobody back.
        status, out, err = up.tool("customer", "erase", "bob", *BECAUSE[:-2])
        tap.equal(status, 0, out + err)
        for number in ("B1", "b2", "order:B3"):
            tap.equal(whose(up, number), (404, None, "no_customer"), number)
        tap.equal(whose(up, "A1"), (200, "ada", "order:A1"), "the other's is left")
        buys(up, "bob", "B4")
        buys(up, "ada", "A2")
        becomes(up, "A2", (200, "ada", "order:A2"))
        tap.equal(whose(up, "B4"), (404, None, "no_customer"), "suppressed")
        tap.equal(up.stop(), 0, "up")


tap.run()
