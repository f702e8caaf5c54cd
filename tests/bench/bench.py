#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The first figures: what the collector and the worker do in a second, what an event costs in
processor time, and what a customer costs in Redis's memory. Each stands beside a bare reference
that was measured in the same run, in turns with ours, so that the ratio says what our features
cost, whatever else the machine does; medians, with the least and the greatest in brackets.

    events/s   events accepted or applied in a second; ratio: ours / reference
    us/event   the program's own processor time for an event; ratio: reference / ours
    Redis us   Redis's processor time for an event; ratio: reference / ours

A ratio of 0.67 is a third behind the reference. The measured program has one core, everything else
the other. Where the reference waits (for the load, for the disk) the line says how busy it was:
then only processor time counts. What was sent is counted in Redis after every slice, so that a
figure cannot come from answers without deeds.

usage: bench.py [--quick] [--json | --tap] [--only PART]... WAYMARK TOOLS

WAYMARK is the binary, TOOLS the directory of load, fill, bare_server and bare_worker.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
sys.path.insert(0, HERE)
import bench_doors as doors
import bench_erase as erase
import bench_identity as identity
import harness

KEY = "wk_bench_0123456789"
KEYS_INI = "[shop]\nkey = %s\nkind = server\nchannel = web\n" % KEY
EVENT_SIZE = 500
BATCH = 50
CONNECTIONS = 64
CUSTOMERS = 50000
RULES = os.path.join(HERE, "..", "..", "deploy", "rules")
THREE_RULES = os.path.join(HERE, "..", "data", "rules", "contract")

# A worker wants at least one: this waits for what never happens.
NO_RULE = json.dumps({
    "id": "none", "description": "Waits for what never happens.", "class": "service",
    "key": "customer", "arm": ["Nothing Of The Kind"], "wait": "1h", "channels": ["email"],
    "priority": {"likelihood": 1, "impact": 1}})

FULL = {"rounds": 4, "slice_ms": 1500, "worker_rounds": 3, "each": 4, "customers": CUSTOMERS,
        "hop_rounds": 500, "names": 10000, "events": 100000,
        "erase_customers": 5000, "erase_before": 5,
        "memory_customers": 5000, "pending": 1000000, "pending_wait": 150}
QUICK = {"rounds": 1, "slice_ms": 300, "worker_rounds": 1, "each": 2, "customers": 1000,
         "hop_rounds": 3, "names": 40, "events": 300,
         "erase_customers": 50, "erase_before": 0.2,
         "memory_customers": 50, "pending": 1000, "pending_wait": 6}
# Of a log's entries; another log may have been told of an event, and that is none.
COUNT_EVENTS = """
local n, from = 0, '-'
repeat
  local page = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1000)
  for _, entry in ipairs(page) do
    n = n + (entry[2][1] == 'e' and 1 or 0)
    from = '(' .. entry[1]
  end
until #page < 1000
return n
"""
FSYNC = {"no AOF": ("--appendonly", "no"),
         "always": ("--appendonly", "yes", "--appendfsync", "always")}


# ---- processes ------------------------------------------------------------------------------

def cores():
    """(the measured program's, everything else's)"""
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


def pin(pid, core):
    """All threads of a process that runs already."""
    for thread in os.listdir("/proc/%d/task" % pid):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), {core})


def cpu_seconds(pid):
    """Of all threads; schedstat counts nanoseconds where stat counts ticks."""
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread), encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


class Bench:
    """Where the tools are, how long to measure, and what was found."""

    def __init__(self, args):
        self.args = args
        self.size = QUICK if args.quick else FULL
        self.rows = []
        self.core, self.other_core = cores()

    def tool(self, name, *args):
        """Runs a tool to its end; the JSON that it prints."""
        command = [os.path.join(self.args.tools, name), *map(str, args)]
        core = self.core if name.startswith("bare") else self.other_core
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=300,
                              preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        return json.loads(done.stdout)

    def redis(self, place, fsync, name="redis"):
        process = place.redis(name, extra=(*FSYNC[fsync], "--auto-aof-rewrite-percentage", "0"))
        pin(process.pid, self.other_core)
        return process

    def row(self, part, name, unit, pairs, lower_is_better=False, note=""):
        """PAIRS of ours and the reference's, one for each round."""
        ratios = [(b / a if lower_is_better else a / b) for a, b in pairs]
        self.rows.append({
            "part": part, "name": name, "unit": unit,
            "ours": statistics.median(a for a, _ in pairs),
            "reference": statistics.median(b for _, b in pairs),
            "ratio": statistics.median(ratios), "min": min(ratios), "max": max(ratios),
            "note": note})


def count_and_clear(redis):
    """How many events stand in the logs, which are empty then."""
    streams = ["wm:{p%d}:in" % p for p in range(harness.PARTITIONS)]
    n = sum(redis("EVAL", COUNT_EVENTS, 1, stream) for stream in streams)
    redis("UNLINK", *streams)
    return n


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- the collector --------------------------------------------------------------------------

def single_event():
    """Of exactly EVENT_SIZE bytes; the load replaces the @ and the #."""
    event = {
        "type": "track", "event": "Product Added", "messageId": "@" * 16, "userId": "c" + "#" * 8,
        "anonymousId": "5f0c9d3e-8a1b-4c2d-9e3f-7a6b5c4d3e2f",
        "timestamp": "2026-02-11T17:42:09.127Z",
        "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"},
        "properties": {"cart_id": "K-" + "#" * 8, "product_id": "R-1107", "price": 1249.00,
                       "name": "Solitaire ring, white gold 585", "quantity": 1,
                       "currency": "EUR", "category": "rings", "url": ""}}
    text = json.dumps(event, separators=(",", ":"))
    url = "https://shop.example/p/R-1107?from="
    pad = "x" * (EVENT_SIZE - len(text) - len(url))
    return text.replace('"url":""', '"url":"%s"' % (url + pad)).encode()


BODIES = {
    "single": ("/v1/track", single_event(), 1),
    "batch of %d" % BATCH: ("/v1/batch", b'{"batch":[' + b",".join([single_event()] * BATCH) + b"]}",
                            BATCH),
}


def wait_port(port, process):
    def answers():
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        return not process.is_running()
    harness.wait_until(answers, "port %d" % port)


class Doors:
    """Our collector and the bare server on one Redis."""

    def __init__(self, bench, place, fsync):
        self.bench = bench
        self.redis = bench.redis(place, fsync)
        self.ports = {"ours": free_port(), "reference": free_port()}
        keys = place.write("keys.ini", KEYS_INI)
        config = place.write("collector.ini", "[redis]\naddress = %s\n[collector]\nlisten = "
                             "127.0.0.1:%d\nkeys = %s\n" % (
                                 self.redis.socket, self.ports["ours"], keys))
        bare = harness.Process([os.path.join(bench.args.tools, "bare_server"),
                                str(self.ports["reference"]), self.redis.socket],
                               place.path("bare.log"))
        place.processes.append(bare)
        self.servers = {"ours": place.role("collector", ["--config", config]), "reference": bare}
        for who, process in self.servers.items():
            wait_port(self.ports[who], process)
            pin(process.pid, bench.core)
        harness.wait_until(self._is_ready, "the collector")
        self.next = time.time_ns()
        self.bodies = {}
        for name, (_, body, _) in BODIES.items():
            self.bodies[name] = place.path("body." + name.replace(" ", "-"))
            with open(self.bodies[name], "wb") as file:
                file.write(body)

    def _is_ready(self):
        with harness.Http(("127.0.0.1", self.ports["ours"])) as http:
            return http.request("GET", "/readyz").status == 200

    def measure(self, who, kind):
        """One slice: events a second, µs of the server and of Redis an event."""
        path, _, items = BODIES[kind]
        pids = self.servers[who].pid, self.redis.pid
        before = [cpu_seconds(pid) for pid in pids]
        load = self.bench.tool(
            "load", self.ports[who], path, self.bodies[kind], self.next, CONNECTIONS,
            CUSTOMERS, self.bench.size["slice_ms"],
            "Authorization: " + harness.basic(KEY), "Content-Type: application/json")
        cpu = [cpu_seconds(pid) - b for pid, b in zip(pids, before)]
        self.next = load["next"]
        events = load["requests"] * items
        stored = count_and_clear(self.redis)
        if load["bad"] or stored != events:
            raise AssertionError("%s: %d bad answers, %d of %d events stored" % (
                who, load["bad"], stored, events))
        return {"rate": events / load["seconds"], "us": cpu[0] / events * 1e6,
                "redis_us": cpu[1] / events * 1e6, "p99_us": load["p99_us"],
                "load_busy": load["cpu_seconds"] / load["seconds"],
                "busy": cpu[0] / load["seconds"]}


def turns(rounds, ours, reference):
    """Measures in turns: pairs of what both say. The first pair only warms up."""
    if rounds > 1:
        ours()
        reference()
    return [(ours(), reference()) for _ in range(rounds)]


def add_rows(bench, part, name, pairs, note=""):
    for unit, key, lower in (("events/s", "rate", False), ("us/event", "us", True),
                             ("Redis us", "redis_us", True)):
        bench.row(part, name, unit, [(a[key], b[key]) for a, b in pairs], lower,
                  note if key == "rate" else "")


def bench_collector(bench):
    for fsync in FSYNC:
        with harness.Place() as place:
            pair = Doors(bench, place, fsync)
            for kind in BODIES:
                pairs = turns(bench.size["rounds"], lambda: pair.measure("ours", kind),
                              lambda: pair.measure("reference", kind))
                busy = statistics.median(b["busy"] for _, b in pairs)
                note = "p99 %.1f and %.1f ms" % tuple(
                    statistics.median(p[i]["p99_us"] for p in pairs) / 1000 for i in (0, 1))
                if busy < 0.9:
                    note += "; reference waits, %d %% busy" % (100 * busy)
                add_rows(bench, "collector", "%s, %s" % (kind, fsync), pairs, note)


def bench_doors(bench):
    doors.bench_doors(bench, single_event(), sys.modules[__name__])


def bench_erase(bench):
    erase.bench_erase(bench, sys.modules[__name__])


def bench_identity(bench):
    identity.bench_identity(bench, sys.modules[__name__])


# ---- the worker -----------------------------------------------------------------------------

class Log:
    """A Redis of its own with full streams, unless whoever asks fills them himself."""

    def __init__(self, bench, place, fsync, customers=0, each=0, *mixed):
        self.bench, self.place = bench, place
        self.redis = bench.redis(place, fsync)
        self.n_events = 0
        if customers:
            self.n_events = bench.tool("fill", "streams", self.redis.socket, harness.PARTITIONS,
                                       customers, each, *mixed)["events"]

    def applied(self, client):
        """How many events are committed, by the counters."""
        day = time.strftime("%Y-%m-%d", time.gmtime())
        client.socket.sendall(b"".join(
            b"HGET wm:{p%d}:day:%s applied\r\n" % (partition, day.encode())
            for partition in range(harness.PARTITIONS)))
        return sum(int(client.read() or 0) for _ in range(harness.PARTITIONS))

    def counter(self, client, name):
        """The sum of a counter over today and yesterday, in case it is midnight."""
        days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago)) for ago in (0, 86400)]
        client.socket.sendall(b"".join(
            b"HGET wm:{p%d}:day:%s %s\r\n" % (partition, day.encode(), name.encode())
            for day in days for partition in range(harness.PARTITIONS)))
        return sum(int(client.read() or 0) for _ in range(2 * harness.PARTITIONS))

    def drain(self, rules, settings=""):
        """Starts a worker, and measures from just before its first commit to its last; where it
        takes long enough, to the last look before, since then it may have rested a while."""
        config = self.place.write(
            "worker.ini", "[redis]\naddress = %s\n[worker]\nrules = %s\n%s" % (
                self.redis.socket, rules, settings))
        worker = self.place.role("worker", ["--config", config])
        pin(worker.pid, self.bench.core)
        samples = []
        with contextlib.closing(self.redis.client()) as client:
            while not samples or samples[-1][0] < self.n_events:
                if not worker.is_running():
                    raise AssertionError("the worker ended:\n" + worker.log())
                n = self.applied(client)
                if samples and samples[0][0] == n == 0:
                    samples.pop()
                samples.append((n, time.monotonic(), cpu_seconds(worker.pid),
                                cpu_seconds(self.redis.pid)))
                time.sleep(0.02)
        worker.terminate()
        return between(samples[0], samples[-2 if len(samples) > 8 else -1])


def between(first, last):
    n = last[0] - first[0]
    return {"rate": n / (last[1] - first[1]), "us": (last[2] - first[2]) / n * 1e6,
            "redis_us": (last[3] - first[3]) / n * 1e6}


def drain_ours(bench, fsync, rules):
    with harness.Place() as place:
        log = Log(bench, place, fsync, bench.size["customers"], bench.size["each"])
        return log.drain(rules or place.write("rules/none.json", NO_RULE))


def drain_bare(bench, fsync):
    with harness.Place() as place:
        log = Log(bench, place, fsync, bench.size["customers"], bench.size["each"])
        before = cpu_seconds(log.redis.pid)
        done = bench.tool("bare_worker", log.redis.socket, harness.PARTITIONS, log.n_events)
        redis = cpu_seconds(log.redis.pid) - before
        return {"rate": done["events"] / done["seconds"],
                "us": done["cpu_seconds"] / done["events"] * 1e6,
                "redis_us": redis / done["events"] * 1e6}


def bench_worker(bench):
    for fsync in FSYNC:
        for name, rules in (("the rule pack", RULES), ("three rules", THREE_RULES),
                            ("no rules", None)):
            pairs = [(drain_ours(bench, fsync, rules), drain_bare(bench, fsync))
                     for _ in range(bench.size["worker_rounds"])]
            add_rows(bench, "worker", "%s, %s" % (name, fsync), pairs)


# ---- memory ---------------------------------------------------------------------------------

def used_memory(redis):
    """After everything that was unlinked is gone."""
    def settled():
        return b"lazyfree_pending_objects:0\r\n" in redis("INFO", "memory")
    harness.wait_until(settled, "memory to be freed")
    for line in redis("INFO", "memory").decode().splitlines():
        if line.startswith("used_memory:"):
            return int(line.partition(":")[2])
    raise AssertionError("INFO says nothing of memory")


def memory_by_kind(redis, customers):
    """Bytes a customer by kind of key, as Redis reckons them."""
    kinds = {}
    with contextlib.closing(redis.client()) as client:
        cursor = b"0"
        while True:
            cursor, keys = client("SCAN", cursor, "COUNT", 1000)
            for key in keys:
                client.send("MEMORY", "USAGE", key, "SAMPLES", 0)
            for key in keys:
                kind = key.decode().split(":")[2] if key.count(b":") > 1 else "meta"
                kinds[kind] = kinds.get(kind, 0) + (client.read() or 0)
            if cursor == b"0":
                return {k: round(v / customers) for k, v in sorted(kinds.items())}


def memory_row(bench, name, each, *mixed):
    customers = bench.size["memory_customers"]
    with harness.Place() as place:
        empty = bench.redis(place, "no AOF", "empty")
        base = used_memory(empty)
        raw = bench.tool("fill", "lists", empty.socket, harness.PARTITIONS, customers, each, *mixed)
        lists = (used_memory(empty) - base) / customers
    with harness.Place() as place:
        log = Log(bench, place, "no AOF", customers, each, *mixed)
        log.drain(RULES)
        log.redis("UNLINK", *["wm:{p%d}:in" % p for p in range(harness.PARTITIONS)])
        ours = (used_memory(log.redis) - base) / customers
        kinds = memory_by_kind(log.redis, customers)
    note = "%d raw; " % (raw["bytes"] / customers)
    note += ", ".join("%s %d" % (k, v) for k, v in kinds.items() if v >= 10)
    bench.row("memory", name, "bytes", [(ours, lists)], True, note)


def bench_memory(bench):
    memory_row(bench, "customer of 20 events", 20)
    # No number of events is luckier than another here: entries are packed a few at a time.
    memory_row(bench, "customers of 1 to 40", 40, "mixed")


# ---- what waits -------------------------------------------------------------------------------

def pending_rule(seconds):
    return json.dumps({
        "id": "pending", "description": "Everything makes it wait.", "class": "task",
        "key": "customer", "arm": ["*"], "wait": "%ds" % seconds, "grace": "0s",
        "stale_after": "never", "episode": {"cooldown": "1h"}, "gates": "off",
        "channels": ["task"], "priority": {"likelihood": 1, "impact": 1}})


def pending_memory(bench, rule):
    """(bytes a customer, the log, when its last event came, how fast it was applied)"""
    customers = bench.size["pending"]
    place = harness.Place()
    empty = bench.redis(place, "no AOF", "empty")
    base = used_memory(empty)
    log = Log(bench, place, "no AOF", customers, 1)
    filled = time.monotonic()
    applied = log.drain(place.write("rules/pending.json", rule))
    for partition in range(harness.PARTITIONS):
        # The log stays, without its entries: a worker wants to see how far it has come.
        log.redis("XTRIM", "wm:{p%d}:in" % partition, "MAXLEN", "0")
    return place, (used_memory(log.redis) - base) / customers, log, filled, applied


def fire(bench, log, rule):
    """A worker finds them all due: how many jobs a second come of it."""
    config = log.place.write("fire.ini", "[redis]\naddress = %s\n[worker]\nrules = %s\n" % (
        log.redis.socket, rule))
    worker = log.place.role("worker", ["--config", config])
    pin(worker.pid, bench.core)
    samples = []
    with contextlib.closing(log.redis.client()) as client:
        while not samples or samples[-1][0] < bench.size["pending"]:
            if not worker.is_running():
                raise AssertionError("the worker ended:\n" + worker.log())
            n = log.counter(client, "fired")
            if samples and samples[0][0] == n == 0:
                samples.pop()
            samples.append((n, time.monotonic(), cpu_seconds(worker.pid),
                            cpu_seconds(log.redis.pid)))
            time.sleep(0.02)
    worker.terminate()
    return between(samples[0], samples[-2 if len(samples) > 8 else -1])


def bench_pending(bench):
    place, bare, _, _, _ = pending_memory(bench, NO_RULE)
    with place:
        pass
    wait = bench.size["pending_wait"]
    place, ours, log, filled, applied = pending_memory(bench, pending_rule(wait))
    with place:
        with contextlib.closing(log.redis.client()) as client:
            early = log.counter(client, "fired")
        if early:
            raise AssertionError("%d fired while others were still armed" % early)
        bench.row("pending", "an instance", "bytes", [(ours - bare, bare)], True,
                  "beside a customer's of one event, %d of them" % bench.size["pending"])
        # What was armed must be due; nothing tells when but the clock.
        time.sleep(max(0, filled + wait + 2 - time.monotonic()))
        fired = fire(bench, log, os.path.join(place.folder, "rules", "pending.json"))
        bench.row("pending", "jobs as they fire", "jobs/s", [(fired["rate"], applied["rate"])],
                  False, "beside events as they are applied")
        bench.row("pending", "jobs as they fire", "us/job", [(fired["us"], applied["us"])], True)


# ---- the account ----------------------------------------------------------------------------

PARTS = {"collector": bench_collector, "doors": bench_doors, "worker": bench_worker,
         "memory": bench_memory, "pending": bench_pending, "identity": bench_identity,
         "erase": bench_erase}


def figure(value):
    return "%.2f" % value if value < 100 else "{:,.0f}".format(value)


def print_table(rows):
    line = "%-10s %-24s %-9s %10s %10s  %5s %-13s  %s"
    print(line % ("", "", "", "Waymark", "reference", "ratio", "(min-max)", ""))
    for row in rows:
        print((line % (row["part"], row["name"], row["unit"], figure(row["ours"]),
                       figure(row["reference"]), "%.2f" % row["ratio"],
                       "(%.2f-%.2f)" % (row["min"], row["max"]), row["note"])).rstrip())


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("waymark")
    parser.add_argument("tools")
    parser.add_argument("--quick", action="store_true", help="little of everything, in seconds")
    parser.add_argument("--json", action="store_true", help="rows as JSON, not as a table")
    parser.add_argument("--tap", action="store_true", help="a test: whether there are figures")
    parser.add_argument("--only", action="append", choices=sorted(PARTS), help="one part")
    return parser.parse_args()


def main():
    args = parse()
    args.tools = os.path.abspath(args.tools)
    sys.argv[1:] = [args.waymark]  # where the harness looks
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench = Bench(args)
    for name, function in PARTS.items():
        if not args.only or name in args.only:
            function(bench)
    if args.json:
        json.dump(bench.rows, sys.stdout, indent=1)
        print()
    elif args.tap:
        good = len(bench.rows) == 91 and all(row["ours"] > 0 for row in bench.rows)
        print("1..1\n%s 1 - every figure has its reference" % ("ok" if good else "not ok"))
    else:
        print_table(bench.rows)


if __name__ == "__main__":
    main()
