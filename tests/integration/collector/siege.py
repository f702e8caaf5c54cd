# SPDX-License-Identifier: MIT
"""A collector under attack, beside a neighbour who only wants to send events.

The neighbour posts from a process of its own, first alone, then during the attack: every event must
be accepted, and none may take long. Meanwhile the peak of the collector's memory is watched.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import multiprocessing
import resource
import select
import time

from door import Door, harness

SERVER, WEB, TILL = "wk_server_12345", "wk_web_12345", "wk_till_12345"
SECRET = "shpss_present_secret"
MIB = 1 << 20
KEYS = """\
[shop]
key = %s
kind = server

[web]
key = %s
kind = browser

[till-3]
key = %s
kind = till

[shopify]
kind = hook
preset = shopify
secret_file = secret

[stripe]
kind = hook
preset = stripe
secret_file = secret

[parcels]
kind = hook
preset = standard
secret_file = whsec

[form]
kind = hook
mapping = form.json
secret_file = secret
""" % (SERVER, WEB, TILL)
FORM = {"preset": "form", "about": "A form of the shop's own.", "kind": "form",
        "verify": {"scheme": "token", "in": "query.token"}, "topic": "{kind}",
        "events": [{"event": "Form Sent", "user": "{user}", "id": "{id}",
                    "properties": {"last": "{last}"}}]}

# A neighbour who waits longer than this has been hurt. Far above what is seen, since the machine
# may be busy with other things.
PATIENCE = 3.0
ALONE = 100  # events before the attack, to compare with
ROUNDS = 0.8  # seconds for which a short attack is repeated


def limits(**changes):
    """Settings small enough that an attack meets them, as a dictionary."""
    return {"connections": 12000, "bodies": 64 * MIB, "answers": 16 * MIB, "waiting": 32 * MIB,
            "body_import": 32 * MIB, **changes}


def memory_bound(connections, bodies, answers, waiting, body_import):
    """What the collector may take at most, as the README says it."""
    return (32 * MIB + 80 * 1024 * connections + 2 * bodies + 2 * answers + 4 * waiting +
            6 * body_import)


def raise_files(wanted):
    """Lets this process, and those it starts, open that many files; Skip if it may not."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise harness.Skip("no more than %d files may be open" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Fort(Door):
    """A collector with sources and hooks of all kinds, and small limits."""

    def __init__(self, settings="", **changes):
        self.limits = limits(**changes)
        lines = ["%s = %d" % pair for pair in self.limits.items()]
        super().__init__("\n".join([*lines, settings]))
        with open("/proc/%d/maps" % self.collector.pid, encoding="ascii") as file:
            self.sanitized = "libasan" in file.read()

    def start(self, settings="", name="collector", redis=None):
        self.write("secret", SECRET + "\n")
        self.write("whsec", "whsec_" + base64.b64encode(b"0123456789abcdef" * 2).decode())
        self.write("form.json", json.dumps(FORM))
        text = "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n%s\n" % (
            (redis or self.server).socket, self.path(name + ".sock"), self.write("keys.ini", KEYS),
            settings)
        return self.role("collector", ["--config", self.write(name + ".ini", text)], name=name)

    def ask(self, method, path, data=None, key=None, **fields):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        if key:
            headers["Authorization"] = harness.basic(key)
        with self.collector.http() as http:
            return http.request(method, path, headers, data)

    def shopify(self, data, topic="orders/create", **fields):
        """A payload that Shopify has signed."""
        mark = hmac.new(SECRET.encode(), data, hashlib.sha256).digest()
        return self.ask("POST", "/hooks/shopify", data, **{
            "X_Shopify_Topic": topic, "X_Shopify_Hmac_Sha256": base64.b64encode(mark).decode(),
            **fields})

    def kept(self, stream):
        """How many entries the streams of that name have."""
        with contextlib.closing(self.server.client()) as client:
            return sum(client("XLEN", "wm:{p%d}:%s" % (partition, stream))
                       for partition in range(harness.PARTITIONS))

    # ---- memory ----

    def peak_bytes(self):
        """The most that was resident since forget_peak."""
        with open("/proc/%d/status" % self.collector.pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")

    def forget_peak(self):
        with open("/proc/%d/clear_refs" % self.collector.pid, "w", encoding="ascii") as file:
            file.write("5")


# ---- the neighbour --------------------------------------------------------------------------


def _post_until_told(address, pipe):
    harness._die_with_parent()  # pylint: disable=protected-access
    fields = {"Authorization": harness.basic(SERVER)}
    times, refused, marked, number = [], [], 0, 0
    with harness.Http(address) as http:
        while True:
            # The pipe is also the clock: a word from the test ends the pause.
            if pipe.poll(0.004):
                if pipe.recv() == "attack":
                    marked = len(times)
                    pipe.send(marked)
                    continue
                break
            data = json.dumps({"userId": "neighbour", "event": "Product Viewed",
                               "messageId": "neighbour-%d" % number}).encode()
            number += 1
            began = time.monotonic()
            try:
                answer = http.request("POST", "/v1/track", fields, data)
                if answer.status != 200:
                    refused.append(repr(answer))
            except (OSError, ConnectionError) as error:
                refused.append(repr(error))
                break
            times.append(time.monotonic() - began)
            if len(times) == ALONE:
                pipe.send("alone")
    pipe.send((times[:marked], times[marked:], refused))


class Neighbour:
    """Posts in a process of its own, so that what attacks here does not slow it down there."""

    def __init__(self, address):
        fork = multiprocessing.get_context("fork")
        self.pipe, far = fork.Pipe()
        self.process = fork.Process(target=_post_until_told, args=(address, far), daemon=True)
        self.process.start()
        far.close()

    def _read(self):
        if not self.pipe.poll(harness.DEADLINE):
            raise AssertionError("the neighbour is silent")
        return self.pipe.recv()

    def wait_alone(self):
        self._read()
        self.pipe.send("attack")
        self._read()

    def stop(self):
        """(seconds of each event alone, during the attack, what was refused)."""
        self.pipe.send("stop")
        result = self._read()
        self.process.join(harness.DEADLINE)
        return result


def percentile(times, part):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000 if ordered else 0.0


def _rounds():
    end, number = time.monotonic() + ROUNDS, 0
    while number == 0 or time.monotonic() < end:
        yield number
        number += 1


@contextlib.contextmanager
def siege(tap, fort, name, most=None, neighbour=True):
    """Around an attack: MOST is what the collector's memory may grow by, beside the bound of all.
    Gives rounds for an attack that is over soon: long enough for the neighbour to be hurt."""
    other = Neighbour(fort.collector.socket) if neighbour else None
    if other:
        other.wait_alone()
    fort.forget_peak()
    before = fort.collector.rss_bytes()
    yield _rounds()
    tap.ok(fort.collector.is_running(), "%s: the collector lives" % name)
    peak = fort.peak_bytes()
    text = "%s: memory grew by %.1f MB to %.1f" % (name, (peak - before) / 1e6, peak / 1e6)
    # The address sanitizer keeps what was freed, and notes on every byte.
    if not fort.sanitized:
        tap.ok(peak <= memory_bound(**fort.limits), text)
        tap.ok(most is None or peak - before <= most, text)
    if other:
        alone, during, refused = other.stop()
        tap.equal(refused, [], "%s: the neighbour's events" % name)
        tap.ok(during, "%s: the neighbour has sent" % name)
        stored = sum(b'"neighbour-' in raw for raw in fort.stored())
        tap.equal(stored, len(alone) + len(during), "%s: the neighbour's in the log" % name)
        tap.ok(max(during, default=0) < PATIENCE * (5 if fort.sanitized else 1), "%s: a neighbour waited %.1f s" % (
            name, max(during, default=0)))
        text += "; a neighbour's events: %d, p50 %.1f ms (alone %.1f), p99 %.1f ms (alone %.1f)" % (
            len(during), percentile(during, 0.5), percentile(alone, 0.5), percentile(during, 0.99),
            percentile(alone, 0.99))
    print("# " + text, flush=True)


# ---- attackers ------------------------------------------------------------------------------


def pour(http, head, pieces):
    """Sends a head and the pieces of its body until there is an answer; the answer."""
    http.send(head)
    try:
        for piece in pieces:
            if select.select([http.socket], [], [], 0)[0]:
                break
            http.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return http.read_answer()


def connections(fort, count):
    """That many, however many of them the queue of those not yet accepted takes at once."""
    def one():
        try:
            return fort.collector.http()
        except BlockingIOError:
            return None
    return [harness.wait_until(one, "a connection") for _ in range(count)]


def push(sock, data):
    """Sends as much as the other end takes at once; the bytes that it took."""
    sock.settimeout(0)
    try:
        return sock.send(data)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        return 0
    finally:
        sock.settimeout(harness.DEADLINE)


def head_of(path, key=None, length=None, fields=()):
    lines = ["POST %s HTTP/1.1" % path, "Host: test", *fields]
    if key:
        lines.append("Authorization: " + harness.basic(key))
    lines.append("Transfer-Encoding: chunked" if length is None else "Content-Length: %d" % length)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def close_all(clients):
    for client in clients:
        client.close()
