# SPDX-License-Identifier: MIT
"""Search by prefix: who is found by what, in which order, how much is shown, and how often."""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import desk
import harness
import openapi

tap = harness.Tap()


def identify(who, message, **traits):
    return {"type": "identify", "userId": who, "messageId": message, "traits": traits}


def order(who, number):
    return {"type": "track", "event": "Order Completed", "userId": who, "messageId": who + number,
            "properties": {"order_id": number, "total": 10, "currency": "EUR"}}


PEOPLE = [
    identify("u1", "m1", email="Jane.Roe@Example.com", name="Jane M\u00fcller", phone="+49301234567"),
    order("u1", "R-2024-17"), order("u1", "R-2024-18"),
    identify("u2", "m2", firstName="Janos", lastName="M\u00dcLLER-Roth"),
    order("u2", "#R-2025-01"),
    {"type": "track", "event": "Product Viewed", "messageId": "g1",
     "identifiers": {"email": "janet@example.org"}},
    {"type": "track", "event": "Product Viewed", "messageId": "c1", "userId": "u3",
     "identifiers": {"card": "77-0001"}},
]


def started(settings=""):
    place = desk.Desk(settings=settings)
    place.post(PEOPLE)
    for name, count in (("u1", 3), ("u2", 2), ("u3", 1), ("email:janet@example.org", 1)):
        place.wait_events(name, count)
    # Their names lead to them.
    for name in ("jane.roe@example.com", "77-0001"):
        harness.wait_until(lambda n=name: place.customer(n).status == 200, name)
    return place


def search(place, prefix, **more):
    query = "&".join("%s=%s" % (k, harness.quote(str(v))) for k, v in dict(more, prefix=prefix).items())
    return place.ask("/v1/customers?" + query)


def found(place, prefix, **more):
    answer = search(place, prefix, reason="a test", **more)
    assert answer.status == 200, answer
    faults = openapi.Description().faults("/v1/customers", "GET", answer)
    assert not faults, faults
    return answer.json()


def names(page):
    return [(c["customer"], sorted((m["kind"], m["text"]) for m in c["matched"])) for c in page["customers"]]


@tap.test
def people_are_found():
    with started() as place:
        rows = (
            ("JANE", [("u1", [("email", "jane.roe@example.com"), ("email", "jane.roe@example.com"),
                              ("name", "jane muller")]),
                      ("email:janet@example.org", [("email", "janet@example.org")])]),
            ("muller", [("u1", [("name", "muller")]), ("u2", [("name", "muller roth")])]),
            ("M\u00dcLLER r", [("u2", [("name", "muller roth")])]),
            ("r-2024", [("u1", [("order", "r-2024-17"), ("order", "r-2024-18")])]),
            ("#R-2025", [("u2", [("order", "r-2025-01")])]),
            ("+49 30 12", [("u1", [("phone", "+49301234567"), ("phone", "+49301234567")])]),
            ("0049 30 12", [("u1", [("phone", "+49301234567"), ("phone", "+49301234567")])]),
            ("77-", [("u3", [("card", "77-0001")])]),
            ("jane.roe@example.com.", []),
            ("nobody", []),
        )
        for prefix, want in rows:
            page = found(place, prefix)
            tap.equal(sorted(names(page)), sorted(want), prefix)
            tap.equal((page["masked"], page["whole"], page["next"]), (False, True, None), "the page")


@tap.test
def what_is_shown_is_masked():
    with started() as place:
        answer = search(place, "jane.r")
        tap.equal(answer.status, 200, "found")
        body = answer.body.decode()
        for text in ("Jane", "jane.roe", "example.com", "ller", "1234567"):
            tap.ok(text not in body, text)
        tap.equal([(c["customer"], c["name"], c["email"], c["phone"], c["orders"])
                   for c in answer.json()["customers"]],
                  [("u1", "J*** M***", "J***@E***.com", "+49***67", 2)], "masked")
        guest = search(place, "janet").json()["customers"][0]
        tap.equal((guest["customer"], guest["name"], guest["matched"]),
                  ("email:j***@e***.org", None, [{"kind": "email", "text": "j***@e***.org"}]), "guest")


@tap.test
def changes_are_followed():
    with started() as place:
        place.post([identify("u1", "m9", name="Jane Abel")])
        place.wait_events("u1", 4)
        tap.equal(names(found(place, "muller")), [("u2", [("name", "muller roth")])], "the old name is gone")
        tap.equal(names(found(place, "abel")), [("u1", [("name", "abel")])], "the new one")
        # A guest's address becomes one of u2's: found under it, as u2.
        place.post([{"type": "identify", "userId": "u2", "messageId": "m10",
                     "identifiers": {"email": "janet@example.org"}}])
        place.wait_events("u2", 4)
        tap.equal(names(found(place, "janet")), [("u2", [("email", "janet@example.org")])], "merged")


@tap.test
def pages_go_on_where_they_ended():
    with started() as place:
        place.post([identify("p%02d" % i, "p%d" % i, name="Pagina Nr%02d" % i) for i in range(45)])
        place.wait_events("p44", 1)
        harness.wait_until(lambda: len(found(place, "pagina")["customers"]) == 20, "all of them")
        for limit, pages in ((20, 3), (7, 7), (1, 45)):
            seen, cursor, n = [], None, 0
            while n == 0 or cursor:
                page = found(place, "pagina", limit=limit, **({"cursor": cursor} if cursor else {}))
                seen += [c["customer"] for c in page["customers"]]
                cursor, n = page["next"], n + 1
                tap.ok(cursor is None or "pagina" not in bytes.fromhex(cursor).decode("latin-1"), "sealed")
            tap.equal(seen, ["p%02d" % i for i in range(45)], "everybody once, in order")
            tap.equal(n, pages, "pages")
        # Found by several terms, and shown once over all pages: one name, six words.
        place.post([identify("w1", "w1", name="Wort Worta Wortb Wortc Wortd Worte")])
        place.wait_events("w1", 1)
        first = found(place, "wort", limit=2)
        tap.equal(names(first), [("w1", [("name", "wort worta wortb wortc wortd worte"),
                                         ("name", "worta wortb wortc wortd worte")])], "the first two")
        tap.equal(names(found(place, "wort", limit=2, cursor=first["next"])), [], "not again")


@tap.test
def what_is_refused():
    with started() as place:
        good = "?prefix=jane"
        for query, place_named in (("", "prefix"), ("?prefix=ja", "prefix"), ("?prefix=" + "x" * 129, "prefix"),
                                   ("?prefix=%FFabc", "prefix"), (good + "&limit=0", "limit"),
                                   (good + "&limit=21", "limit"), (good + "&cursor=zz", "cursor"),
                                   (good + "&cursor=" + "00" * 40, "cursor"), (good + "&reason=x", "reason"),
                                   (good + "&prefix=jane", "prefix"), (good + "&x=1", None)):
            answer = place.ask("/v1/customers" + query)
            tap.equal((answer.status, answer.json().get("pointer")), (400, place_named), query[:40])
        tap.equal(place.ask("/v1/customers" + good, token=None).status, 401, "no token")
        tap.equal(place.ask("/v1/customers?prefix=" + "x" * 128).status, 200, "128 bytes")


@tap.test
def how_often():
    with started(settings="searches = 3") as place:
        answers = [search(place, "jane") for _ in range(7)]
        tap.equal([a.status for a in answers], [200] * 6 + [429], "twice as many as a minute has, at once")
        wait = int(answers[6].fields["retry-after"])
        tap.ok(1 <= wait <= 20, "a third of a minute at most, not %d s" % wait)
        tap.ok("waymark_console_searches_refused_total 1" in place.ask("/metrics").body.decode(), "counted")


@tap.test
def each_is_noted():
    with started() as place:
        search(place, "jane.roe@e")
        search(place, "jane.roe@e", reason="case 4711")
        entries = [dict(zip(fields[::2], fields[1::2]))
                   for _, fields in place.server("XRANGE", "wm:audit", "-", "+")]
        tap.equal([(e[b"what"], e[b"shape"], e.get(b"reason")) for e in entries],
                  [(b"search", b"address of 10 bytes", None),
                   (b"reveal", b"address of 10 bytes", b"case 4711")], "what was done")
        tap.ok(all(e[b"who"].startswith(b"console ") for e in entries), "who")
        tap.ok(entries[0][b"of"] == entries[1][b"of"] and len(entries[0][b"of"]) == 16, "the same is the same")
        log = place.console.log()
        tap.equal(log.count("A search for customers."), 2, "in the log, too")
        for text in (log, repr(entries)):
            tap.ok("jane" not in text, "nothing personal")


tap.run()
