# SPDX-License-Identifier: MIT
"""`waymark up`: one command for everything, that nothing and nobody can make lose what was
accepted, and that says what to do when it will not start."""

import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import upbox
import harness

tap = harness.Tap()


def stored(up):
    """messageIds in the log."""
    found = []
    client = up.redis()
    for partition in range(harness.PARTITIONS):
        for _, fields in client("XRANGE", "wm:{p%d}:in" % partition, "-", "+"):
            found.append(json.loads(fields[fields.index(b"e") + 1]).get("messageId"))
    client.close()
    return found


def rule_sets(up):
    client = up.redis()
    try:
        found = client("HGETALL", "wm:rules")
    finally:
        client.close()
    return dict(zip(found[::2], found[1::2]))


class Load(threading.Thread):
    """Posts events one after the other until told to stop; knows which were acknowledged."""

    def __init__(self, up):
        super().__init__(daemon=True)
        self.up, self.acknowledged, self.ended = up, [], False
        self.key = up.key()

    def run(self):
        number = 0
        while not self.ended:
            name = "load-%d" % number
            try:
                answer = self.up.track("load-%d" % (number % 50), "Product Viewed", name, self.key)
                if answer.status == 200:
                    self.acknowledged.append(name)
            except (OSError, ConnectionError):
                time.sleep(0.02)
            number += 1

    def stop(self):
        self.ended = True
        self.join()
        return self.acknowledged


@tap.test
def everything_starts_and_stops_and_keeps_its_data():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        tap.equal(sorted(up.children()), ["collector", "console", "redis", "worker"], "children")
        banner = up.banner()
        tap.ok(up.key("web") in banner and up.key("shop") in banner, "keys are told")
        tap.equal(up.track("ada", "Product Added", "m1", cart_id="C1").status, 200, "track")
        harness.wait_until(lambda: up.timeline("ada") == ["Product Added"], "the timeline")
        mode = os.stat(up.data).st_mode & 0o777
        tap.equal(mode, 0o700, "mode of the directory")
        for name in ("keys.ini", "staff-token", "dataset", "waymark.ini", "redis.conf"):
            tap.equal(os.stat(os.path.join(up.data, name)).st_mode & 0o777, 0o600, name)
        tap.equal(up.stop(), 0, "exit status after Ctrl-C")
        tap.ok(not os.path.exists(up.collector), "the collector's socket is gone")
        up.start()
        up.wait_up()
        tap.ok(up.key("shop") not in up.banner(), "keys are told once")
        tap.equal(up.timeline("ada"), ["Product Added"], "the timeline after a restart")
        tap.equal(up.stop(signal.SIGTERM), 0, "exit status after SIGTERM")


@tap.test
def the_door_is_closed_first():
    with harness.Place() as place:
        up = upbox.Up(place, args=["--log-level", "debug", "--workers", "2"]).wait_up()
        tap.equal(len(up.children()["worker"]), 2, "workers")
        tap.equal(up.stop(), 0, "exit status")
        ends = [line for line in up.log().splitlines() if '"Ended."' in line]
        names = [line.partition('"child":"')[2].partition('"')[0] for line in ends]
        tap.equal(names[0], "collector", "who ends first")
        tap.equal(names[-1], "redis-server", "who ends last")
        tap.equal(len(names), 5, "how many end")


@tap.test
def whatever_is_killed_comes_back_and_nothing_is_lost():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        load = Load(up)
        load.start()
        for name in ("collector", "worker", "console", "redis", "collector", "redis"):
            up.kill_child(name)
            # Counted from here: what was acknowledged before the kill says nothing of the new one.
            before = len(load.acknowledged)
            harness.wait_until(lambda: len(load.acknowledged) > before + 20, "events after " + name)
        acknowledged = load.stop()
        tap.ok(len(acknowledged) > 100, "some load")
        kept = set(stored(up))
        tap.equal([m for m in acknowledged if m not in kept], [], "acknowledged and not kept")
        status, account, _ = up.bring("-", "--wait", stdin=b"")
        tap.equal((status, account and account["lines"]), (0, 0), "waiting for the workers")
        stats = up.tool("stats", "--json")
        today = json.loads(stats[1])["today"]
        tap.equal(today["applied"] + today["duplicate"], len(stored(up)), "applied and duplicate")
        tap.equal(today["applied"], len(kept), "applied once")
        tap.equal(up.stop(), 0, "exit status")


@tap.test
def what_names_a_customer_is_the_same_for_roles_and_tools():
    """A tool that read by other settings would miss names, and an erasure of half a customer."""
    with harness.Place() as place:
        settings = place.write("identity.json", '{"identity": {"country": "DE"}}')
        up = upbox.Up(place, args=["--identity", settings]).wait_up()
        body = {"userId": "ada", "messageId": "i1", "traits": {"phone": "030 5550101"}}
        tap.equal(up.post("/v1/identify", body).status, 200, "identify")
        harness.wait_until(lambda: up.get("/v1/customers/phone:+49305550101").status == 200,
                           "the number with its country")
        status, out, _ = up.tool("timeline", "--identity", settings, "(030) 555 01-01")
        tap.ok(status == 0 and "ada" in out, "found by another form of the number: " + out)
        for verb in (("timeline", "ada"), ("customer", "export", "ada"),
                     ("customer", "erase", "ada", "--yes"), ("jobs",)):
            status, out, err = up.tool(*verb)
            tap.equal((status, out), (1, ""), verb)
            tap.ok("other settings of identity" in err and "--identity FILE" in err, err)
        status, out, _ = up.tool("doctor", "--json")
        found = [json.loads(line) for line in out.splitlines()]
        tap.equal([f for f in found if f["check"] == "identity" and f["finding"] != "fine"] != [], True,
                  "the doctor sees it")
        tap.equal(up.tool("stats")[0], 0, "counters name nobody")
        tap.equal(up.stop(), 0, "exit status")
        other = upbox.Up(place)
        harness.wait_until(lambda: "other settings of identity" in other.log(), "another start without")
        tap.equal(up.tool("identity", "adopt")[0], 0, "which may be meant")
        other.wait_up()
        harness.wait_until(lambda: other.get("/v1/customers/ada").status == 200, "the roles")


@tap.test
def rules_that_are_broken_meanwhile_harm_nothing():
    with harness.Place() as place:
        folder = upbox.rules(place)
        up = upbox.Up(place, args=["--rules", folder]).wait_up()
        harness.wait_until(lambda: len(rule_sets(up)) == 2, "a set, and which one it is")
        kept = rule_sets(up)
        place.write("rules/cart.json", '{"id": "cart"')
        # The worker reads its files again for the server that is back.
        up.kill_child("redis")
        harness.wait_until(lambda: "The rules stay as they were" in up.log(), "the sentence")
        up.accept("ada", "Product Added", "m1", cart_id="C1")
        harness.wait_until(lambda: up.timeline("ada") == ["Product Added"], "the timeline")
        tap.equal(rule_sets(up), kept, "the set that is kept")
        tap.equal(up.stop(), 0, "exit status")


@tap.test
def no_child_outlives_a_killed_supervisor():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        up.accept("ada", "Product Added", "m1")
        pids = [pid for pids in up.children().values() for pid in pids]
        tap.equal(len(pids), 4, "children")
        up.kill()
        harness.wait_until(lambda: all(upbox.gone(pid) for pid in pids), "the end of all children")
        up.start()
        up.wait_up()
        harness.wait_until(lambda: up.timeline("ada") == ["Product Added"], "the timeline")
        tap.equal(up.stop(), 0, "exit status")


@tap.test
def a_server_that_is_still_ending_is_waited_for():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        name = os.path.join(up.data, "redis.lock")
        with open("/proc/locks", encoding="ascii") as locks:
            held = [line.split()[4] for line in locks
                    if ":%d " % os.stat(name).st_ino in line and "POSIX" in line]
        tap.equal(held, [str(up.pid_of("redis"))], "who holds the lock: the server itself")
        up.stop()
        # In the place of a server of an earlier run that takes its time.
        with open(name, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            up.start()
            harness.wait_until(lambda: "still ending; waiting" in up.log(), "the sentence")
            tap.ok('"pid":%d' % os.getpid() in up.log(), "who is waited for")
            upbox.pause(0.5)
            tap.equal(up.children(), {}, "nothing was started beside it")
        up.wait_up()
        tap.equal(up.stop(), 0, "exit status")


@tap.test
def a_second_one_refuses():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        status, _, err = place.tool("up", "--data", up.data)
        tap.equal(status, 1, "exit status")
        tap.ok("another `waymark up` (process %d)" % up.pid in err, err)
        tap.equal(up.stop(), 0, "exit status of the first")


@tap.test
def another_data_set_is_refused():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        up.stop()
        name = os.path.join(up.data, "dataset")
        with open(name, encoding="ascii") as file:
            own = file.read()
        for text, sentence in (("0" * 32 + "\n", "belong to another data set"),
                               ("0" * 31 + "\n", "holds the id of the data set")):
            with open(name, "w", encoding="ascii") as file:
                file.write(text)
            up.start()
            tap.equal(up.wait(), 1, "exit status with " + text)
            tap.ok(sentence in up.log(), "the sentence: " + sentence)
        os.unlink(name)
        up.start()
        tap.equal(up.wait(), 1, "exit status without the file")
        tap.ok("write its id into that file" in up.log(), "the sentence without the file")
        with open(name, "w", encoding="ascii") as file:
            file.write(own)
        up.start()
        up.wait_up()
        tap.equal(up.stop(), 0, "exit status with its own")


@tap.test
def an_emptied_redis_is_refused():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        up.stop()
        shutil.rmtree(os.path.join(up.data, "redis", "appendonlydir"))
        up.start()
        tap.equal(up.wait(), 1, "exit status")
        tap.ok("Its files were removed or replaced." in up.log(), "the sentence")


@tap.test
def a_start_that_was_cut_short_is_taken_up():
    with harness.Place() as place:
        os.makedirs(place.path("data"), 0o700)
        chosen = "fedcba9876543210" * 2
        place.write("data/dataset.new", chosen + "\n")
        up = upbox.Up(place).wait_up()
        with open(os.path.join(up.data, "dataset"), encoding="ascii") as file:
            tap.equal(file.read().strip(), chosen, "the id")
        tap.ok(not os.path.exists(os.path.join(up.data, "dataset.new")), "the pending id is gone")
        up.stop()
        # Created, but not yet renamed.
        os.rename(os.path.join(up.data, "dataset"), os.path.join(up.data, "dataset.new"))
        up.start()
        up.wait_up()
        tap.equal(up.stop(), 0, "exit status")


@tap.test
def a_path_too_long_for_a_socket_will_do():
    with harness.Place() as place:
        up = upbox.Up(place, data="d" * 60 + "/" + "e" * 60,
                      env={"XDG_RUNTIME_DIR": place.folder}).wait_up()
        tap.ok("too long for a unix socket" in up.log(), "the sentence")
        up.accept("ada", "Product Added", "m1")
        harness.wait_until(lambda: up.tool("timeline", "ada")[0] == 0, "the tools find it")
        tap.equal(up.stop(), 0, "exit status")


@tap.test
def a_moved_directory_is_found_again():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        up.accept("ada", "Product Added", "m1")
        harness.wait_until(lambda: up.timeline("ada"), "the timeline")
        up.stop()
        os.rename(up.data, place.path("moved"))
        moved = upbox.Up(place, data="moved").wait_up()
        tap.equal(moved.tool("timeline", "ada")[0], 0, "the tools find the new place")
        tap.equal(moved.stop(), 0, "exit status")


@tap.test
def an_address_in_use_is_named():
    with harness.Place() as place:
        import socket  # pylint: disable=import-outside-toplevel
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for option in ("--collector-listen", "--console-listen"):
                other = {"--collector-listen": "--console-listen",
                         "--console-listen": "--collector-listen"}[option]
                status, _, err = place.tool("up", "--data", place.path("data"), option, address,
                                            other, place.path("free.sock"))
                tap.equal(status, 1, option)
                tap.ok(address in err and "in use" in err and option in err, err)
                tap.ok(not os.path.exists(place.path("data", "keys.ini")), "nothing was made")


@tap.test
def bad_rules_keep_it_from_starting():
    with harness.Place() as place:
        bad = upbox.rules(place, wait="soon")
        status, _, err = place.tool("up", "--data", place.path("data"), "--rules", bad)
        tap.equal(status, 1, "exit status")
        tap.ok("cart.json" in err and "wait" in err, err)


@tap.test
def a_damaged_file_is_explained():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        for i in range(50):
            up.accept("ada", "Product Viewed", "m%d" % i)
        up.stop()
        folder = os.path.join(up.data, "redis", "appendonlydir")
        name = [n for n in os.listdir(folder) if n.endswith(".incr.aof")][0]
        with open(os.path.join(folder, name), "r+b") as file:
            file.seek(200)
            file.write(b"\xff" * 40)
        up.start()
        tap.equal(up.wait(), 1, "exit status")
        tap.ok("redis-check-aof" in up.log(), "advice")


@tap.test
def a_torn_tail_is_no_reason_not_to_start():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        up.accept("ada", "Product Added", "m1")
        harness.wait_until(lambda: up.timeline("ada"), "the timeline")
        up.kill_child("redis")
        up.stop()
        folder = os.path.join(up.data, "redis", "appendonlydir")
        name = sorted(n for n in os.listdir(folder) if n.endswith(".incr.aof"))[-1]
        with open(os.path.join(folder, name), "ab") as file:
            file.write(b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$4\r\ntorn\r\n"
                       b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$100\r\nhalf")
        up.start()
        up.wait_up()
        tap.ok("ended within a write" in up.log(), "the sentence")
        tap.equal(up.timeline("ada"), ["Product Added"], "the timeline")
        up.accept("ada", "Product Viewed", "m2")
        harness.wait_until(lambda: len(up.timeline("ada")) == 2, "the next event")
        tap.equal(up.stop(), 0, "exit status")
        # What was torn did not wait in the file for the end of another transaction.
        up.start()
        up.wait_up()
        client = up.redis()
        tap.equal(client("GET", "torn"), None, "the half of a transaction")
        client.close()
        tap.equal(up.stop(), 0, "exit status")


@tap.test
def without_redis_server_it_says_what_to_install():
    with harness.Place() as place:
        os.makedirs(place.path("empty"))
        up = upbox.Up(place, env={"PATH": place.path("empty")})
        tap.equal(up.wait(), 1, "exit status")
        tap.ok("apt-get install redis-server" in up.log(), up.log())


@tap.test
def a_role_that_cannot_use_its_settings_ends_everything():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        up.stop()
        with open(os.path.join(up.data, "waymark.ini"), "a", encoding="utf-8") as file:
            file.write("\n[console]\nquestions = none\n")
        up.start()
        tap.equal(up.wait(), 2, "exit status")
        tap.ok("Cannot use its settings" in up.log(), "the sentence")


@tap.test
def keys_that_change_are_taken_up_at_once():
    with harness.Place() as place:
        up = upbox.Up(place).wait_up()
        status, out, _ = up.tool("key", "add", "till-1", "--kind", "till")
        key = out.strip()
        tap.equal((status, key[:3], len(key)), (0, "wk_", 35), "key add")
        harness.wait_until(lambda: up.track("ada", "In-Store Purchase", key=key).status == 200,
                           "the new key to be known", 5)
        tap.equal(up.tool("key", "revoke", "till-1")[0], 0, "key revoke")
        harness.wait_until(lambda: up.track("ada", "In-Store Purchase", key=key).status in (401, 403),
                           "the revoked key to be refused", 5)
        tap.equal(up.track("ada", "Product Viewed").status, 200, "the other keys")
        tap.equal(up.stop(), 0, "exit status")


tap.run()
