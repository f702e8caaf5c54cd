# SPDX-License-Identifier: MIT
"""Other people's client libraries, as their authors publish them, against a running collector.

A library is set up by the lines that deploy/senders/NAME.md tells a shop to paste: they are cut out
of that page and run. A driver (NAME.mjs) then calls it as it is told, command by command, so that a
test can stop the collector between two of them. Packages are those of package-lock.json; scripts/test
fetches them, and a test says so and is skipped where they are not. A node is among them, for systems
whose own is older than what the libraries run on (Debian 12 has 18).
"""

import functools
import glob
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import harness

TOP = os.path.join(HERE, "..", "..", "..")
PACKAGES = os.path.join(HERE, "node_modules")
SERVER, LIMITED = "wk_server_1", "wk_limited_1"
RATE = 60

KEYS = """\
[shop]
key = %s
kind = server

[limited]
key = %s
kind = server
rate = %d
burst = %d
""" % (SERVER, LIMITED, RATE, RATE)


def major(version):
    """The first number in v20.1.2, >=18.0.0, ^20 or the like; 0: none."""
    found = re.search(r"\d+", version)
    return int(found.group()) if found else 0


def about_package(name):
    with open(os.path.join(PACKAGES, *name.split("/"), "package.json"), encoding="utf-8") as file:
        return json.load(file)


def oldest_node(about):
    return major(about.get("engines", {}).get("node", ""))


def pinned_packages():
    with open(os.path.join(HERE, "package.json"), encoding="utf-8") as file:
        return json.load(file)["dependencies"]


@functools.lru_cache(maxsize=None)
def find_node():
    """(path, version): the system's node if all packages run on it, else the fetched one; or the system's
    if there is no other. Skip if there is none at all."""
    wanted = max((oldest_node(about_package(name)) for name in pinned_packages()
                  if os.path.isdir(os.path.join(PACKAGES, *name.split("/")))), default=0)
    found = []
    for path in [shutil.which("node")] + sorted(glob.glob(os.path.join(PACKAGES, "node-linux-*", "bin", "node"))):
        if path:
            done = subprocess.run([path, "--version"], stdout=subprocess.PIPE, check=False)
            found += [(path, done.stdout.decode().strip())] if done.returncode == 0 else []
    if not found:
        raise harness.Skip("no node; scripts/install-deps test installs it")
    return next((node for node in found if major(node[1]) >= wanted), found[0])


def package(name):
    """The folder of an installed package; Skip if it, or a node that can run it, is not there."""
    folder = os.path.join(PACKAGES, *name.split("/"))
    try:
        about = about_package(name)
    except FileNotFoundError as error:
        raise harness.Skip("no package %s; `npm ci` in tests/integration/sdk fetches it" % name) from error
    pinned = pinned_packages()[name]
    if about["version"] != pinned:
        raise harness.Skip("%s is %s, not %s; run `npm ci` in tests/integration/sdk" % (
            name, about["version"], pinned))
    _, version = find_node()
    if major(version) < oldest_node(about):
        raise harness.Skip("%s wants node %s; this is %s" % (name, about["engines"]["node"], version))
    return folder


def lines_to_paste(sender, language="js"):
    """The blocks of a language in deploy/senders/SENDER.md."""
    with open(os.path.join(TOP, "deploy", "senders", sender + ".md"), encoding="utf-8") as file:
        return re.findall(r"^```%s\n(.*?)^```$" % language, file.read(), re.M | re.S)


class Driver(harness.Process):
    """A program with a library in it. Commands and answers are JSON, one a line."""

    def __init__(self, place, name, setup):
        """SETUP is what a shop would paste."""
        folder = place.path("driver-" + name)
        os.makedirs(folder)
        for file in ("driver.mjs", name + ".mjs"):
            shutil.copy(os.path.join(HERE, file), folder)
        os.symlink(PACKAGES, os.path.join(folder, "node_modules"))
        with open(os.path.join(folder, "setup.mjs"), "w", encoding="utf-8") as file:
            file.write(setup)
        self.unread = b""
        super().__init__([find_node()[0], os.path.join(folder, name + ".mjs")], os.path.join(folder, "log"),
                         dict(os.environ, NODE_NO_WARNINGS="1"))
        place.processes.append(self)

    def start(self):
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self.env,
                preexec_fn=harness._die_with_parent)  # pylint: disable=protected-access

    def read_line(self, until):
        while b"\n" not in self.unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                raise AssertionError("%s does not answer:\n%s" % (self.command[1], self.log()))
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                raise AssertionError("%s ended:\n%s" % (self.command[1], self.log()))
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\n")
        return json.loads(line)

    def ask(self, command, *args, within=None):
        """Carries out a command and returns its value."""
        self.child.stdin.write(json.dumps([command, *args]).encode() + b"\n")
        self.child.stdin.flush()
        answer = self.read_line(time.monotonic() + (within or harness.DEADLINE))
        if "error" in answer:
            raise AssertionError("%s: %s" % (command, answer["error"]))
        return answer["value"]

    def calls(self, calls):
        """Calls of the library: pairs of a method and its arguments."""
        return self.ask("calls", calls)


class Line(harness.Place):
    """Redis and a collector on a port that stays its own while it is stopped."""

    def __init__(self, keys=KEYS, settings=""):
        super().__init__()
        try:
            # Bound and not listening, it keeps the port from others and takes no connection.
            self.reserved = socket.socket()
            self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.reserved.bind(("127.0.0.1", 0))
            self.port = self.reserved.getsockname()[1]
            self.server = self.redis()
            self.config = self.write("waymark.ini", (
                "[redis]\naddress = %s\n[collector]\nlisten = 127.0.0.1:%d\nshare_port = yes\nkeys = %s\n%s\n"
                "[worker]\nrules = %s\n") % (
                    self.server.socket, self.port, self.write("keys.ini", keys), settings,
                    os.path.join(TOP, "deploy", "rules")))
            self.collector = self.role("collector", ["--config", self.config])
            self.collector.socket = ("127.0.0.1", self.port)
            self.collector.wait_ready()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        super().__exit__()
        self.reserved.close()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def own(self, text, key=SERVER):
        """Lines to paste with this collector's address and a key in them."""
        changed = text.replace("https://track.shop.example", self.url).replace(
            "track.shop.example", "127.0.0.1:%d" % self.port).replace(
            "protocol: 'https'", "protocol: 'http'").replace("WRITE_KEY", key)
        assert changed != text and "shop.example" not in changed, text
        return changed

    def driver(self, sender, key=SERVER, name=None):
        setup = lines_to_paste(sender)[0]
        return Driver(self, name or sender, self.own(setup, key))

    # Faults.

    def stop(self, kill=False):
        """By SIGTERM, after which it answers what it has begun; or at once, whatever it is doing."""
        if kill:
            self.collector.kill()
        else:
            assert self.collector.terminate() == 0, self.collector.log()

    def turn_away(self):
        """In the place of the stopped collector: takes a connection and hangs up, so that whoever
        sends has certainly tried."""
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen()
            listener.settimeout(harness.DEADLINE)
            listener.accept()[0].close()

    def go_on(self):
        self.collector.start()
        self.collector.wait_ready()

    def figure(self, pattern):
        """What /metrics says behind PATTERN."""
        found = re.search("^" + pattern + r" (\d+)$", self.collector.get("/metrics").body.decode(), re.M)
        assert found, "no metric " + pattern
        return int(found.group(1))

    def answers(self, status):
        """How often the collector has answered so since it runs."""
        return self.figure(r'waymark_collector_answers_total\{status="%d"\}' % status)

    def waiting_bytes(self):
        return self.figure("waymark_log_waiting_bytes")

    # What lies in the log.

    def entries(self):
        """[{e: event, m: words of the meta, …}] in the order of their ids."""
        found = []
        client = self.server.client()
        for partition in range(harness.PARTITIONS):
            for entry, fields in client("XRANGE", "wm:{p%d}:in" % partition, "-", "+"):
                pairs = {fields[i].decode(): fields[i + 1] for i in range(0, len(fields), 2)}
                if "x" in pairs:
                    continue  # what partitions say to each other
                found.append(([int(n) for n in entry.split(b"-")], pairs))
        client.close()
        return [dict(pairs, e=json.loads(pairs["e"]), m=pairs["m"].decode().split(" ", 3))
                for _, pairs in sorted(found, key=lambda pair: pair[0])]

    def events(self):
        return [entry["e"] for entry in self.entries()]

    def message_ids(self):
        return {event["messageId"] for event in self.events()}

    def wait_events(self, count, within=None):
        """Until that many different events are in the log; all that is in it."""
        harness.wait_until(lambda: len(self.message_ids()) >= count, "%d events in the log" % count, within)
        return self.events()

    # What the worker makes of it.

    def count_applied(self):
        """Runs a worker over the log: ({messageId: times it stands in a timeline}, quarantined)."""
        worker = self.role("worker", ["--config", self.config])
        client = self.server.client()

        harness.wait_until(lambda: not worker.is_running() or harness.is_quiet(client), "the worker")
        assert worker.terminate() == 0, worker.log()
        bad = sum(client("XLEN", "wm:{p%d}:bad" % partition) for partition in range(harness.PARTITIONS))
        client.close()
        times, seen = {}, set()
        for customer in sorted({customer_of(event) for event in self.events()}):
            for item in self.timeline(customer):
                # Who was linked is found under each of their names.
                place = item["id"], item.get("message_id")
                if item.get("message_id") and place not in seen:
                    seen.add(place)
                    times[item["message_id"]] = times.get(item["message_id"], 0) + 1
        return times, bad

    def timeline(self, customer):
        status, out, err = self.tool("timeline", "--config", self.config, "--json", "--limit", "200", customer)
        assert status == 0, (customer, out, err)
        return [json.loads(text) for text in out.splitlines()]


def customer_of(event):
    return event.get("userId") or "anon:" + event["anonymousId"]


def product(number):
    """A call that can be told from all others by its properties."""
    return ["track", {"userId": buyer(number), "event": "Product Added", "properties": product_of(number)}]


def product_of(number):
    return {"product_id": "p-%d" % number, "name": "Ring \u201e\u00c9lise\u201c \U0001f48d", "price": 19.99,
            "quantity": number, "gift": number % 2 == 0, "tags": ["gold", "18 k"], "note": None}


def buyer(number):
    return "customer-%d" % (number % 9)


class Goods:
    """Calls that can be told apart: of the library, of what arrives as their properties, and by which of
    these."""

    def __init__(self, call=product, properties=product_of, key="product_id"):
        self.call, self.properties, self.key = call, properties, key

    def calls(self, first, behind):
        return [self.call(n) for n in range(first, behind)]


def each_once(tap, line, count, what, user=None, goods=Goods()):
    """Products 0 to COUNT are in the log as they were meant, each under one messageId, and the worker has
    used each of these once, whatever was sent twice. USER: whose all of them are."""
    ids, other = {}, []
    for event in line.events():
        if event["type"] != "track":
            continue
        given = event.get("properties") or {}
        number = int(given.get(goods.key, "p--1")[2:])
        wanted = goods.properties(number)
        if not tap.equal({k: given.get(k) for k in wanted}, wanted, what + ": properties"):
            continue
        if event["event"] != "Product Added" or event.get("userId") != (user or buyer(number)):
            other.append(event)
        ids.setdefault(number, set()).add(event["messageId"])
    tap.equal(other, [], what + ": not what was sent")
    tap.equal(sorted(ids), list(range(count)), what + ": products in the log")
    tap.equal([n for n, found in ids.items() if len(found) != 1], [], what + ": products of several messageIds")
    times, bad = line.count_applied()
    tap.equal({i: n for i, n in times.items() if n != 1}, {}, what + ": not once in a timeline")
    tap.equal(set().union(*ids.values()) - set(times), set(), what + ": not in a timeline")
    tap.equal(bad, 0, what + ": in quarantine")


# What every library has to outlive.

def outlive_restarts(tap, sender, kill, goods=Goods(), rounds=3, size=40):
    """The collector is stopped while events are coming, and started again after some were refused."""
    with Line() as line:
        driver = line.driver(sender)
        for number in range(rounds):
            driver.calls(goods.calls(number * size, (number + 1) * size - 10))
            line.wait_events(number * size + 1)
            line.stop(kill)
            driver.calls(goods.calls((number + 1) * size - 10, (number + 1) * size))
            line.turn_away()
            line.go_on()
            line.wait_events((number + 1) * size, 60)
        driver.ask("close", within=60)
        each_once(tap, line, rounds * size, "after kill -9" if kill else "after SIGTERM", goods=goods)


def outlive_a_lost_answer(tap, sender, goods=Goods(), count=40):
    """The collector is killed when all is on its way into the log and nothing was answered: what is there
    already comes again."""
    with Line(settings="redis_time = 60s") as line:
        driver = line.driver(sender)
        line.server.pause()
        driver.calls(goods.calls(0, count))
        harness.wait_until(line.waiting_bytes, "events on their way to Redis")
        line.stop(kill=True)
        line.server.resume()
        line.wait_events(1)
        line.go_on()
        line.wait_events(count, 60)
        driver.ask("close", within=60)
        tap.ok(len(line.events()) > count, "nothing came twice")
        each_once(tap, line, count, "after a lost answer", goods=goods)


def outlive_its_rate(tap, sender, goods=Goods(), count=4 * RATE):
    """A source that sends faster than it may is told 429, and when to come again."""
    with Line() as line:
        driver = line.driver(sender, LIMITED)
        driver.calls(goods.calls(0, count))
        line.wait_events(count, 90)
        driver.ask("close", within=60)
        tap.ok(line.answers(429) > 0, "429 was answered")
        each_once(tap, line, count, "above its rate", goods=goods)


def outlive_redis(tap, sender, goods=Goods(), count=60):
    """The log is away for a while: 503."""
    with Line() as line:
        driver = line.driver(sender)
        driver.calls(goods.calls(0, count // 2))
        line.wait_events(1)
        line.server.kill()
        driver.calls(goods.calls(count // 2, count))
        harness.wait_until(lambda: line.answers(503), "an answer 503")
        line.server.restart()
        line.wait_events(count, 60)
        driver.ask("close", within=60)
        each_once(tap, line, count, "after an outage of Redis", goods=goods)


def outlives(tap, name, sender, goods=Goods()):
    """What every library must outlive, as tests of the program whose TAP it is."""
    @tap.test
    def it_outlives_restarts():
        package(name)
        outlive_restarts(tap, sender, False, goods)

    @tap.test
    def it_outlives_kill_9():
        package(name)
        outlive_restarts(tap, sender, True, goods)

    @tap.test
    def what_is_sent_again_for_want_of_an_answer_counts_once():
        package(name)
        outlive_a_lost_answer(tap, sender, goods)

    @tap.test
    def it_waits_when_it_is_too_fast():
        package(name)
        outlive_its_rate(tap, sender, goods)

    @tap.test
    def it_outlives_an_outage_of_redis():
        package(name)
        outlive_redis(tap, sender, goods)
