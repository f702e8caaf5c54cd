# SPDX-License-Identifier: MIT
"""A running `waymark up` in a directory of its own, on unix sockets, and what it has started."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "deploy", "rules")


class Up(harness.Process):
    """`waymark up` with its standard output (the banner) and its log in files."""

    def __init__(self, place, data="data", args=(), env=None):
        self.place = place
        self.data = data if os.path.isabs(data) else place.path(data)
        self.collector = place.path("collector.sock")
        self.console = place.path("console.sock")
        self.banner_path = place.path("banner")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
        environment.update(env or {})
        command = [harness.waymark(), "up", "--data", self.data, "--log-format", "json",
                   "--collector-listen", self.collector, "--console-listen", self.console, *args]
        super().__init__(command, place.path("up.log"), environment)
        place.processes.append(self)

    def start(self):
        open(self.banner_path, "wb").close()
        with open(self.log_path, "ab") as log, open(self.banner_path, "wb") as banner:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=banner, stderr=log, env=self.env,
                preexec_fn=harness._die_with_parent, cwd=self.place.folder)

    def banner(self):
        with open(self.banner_path, encoding="utf-8") as file:
            return file.read()

    def wait_up(self):
        harness.wait_until(lambda: "Ctrl-C stops" in self.banner() or not self.is_running(),
                           "the banner of waymark up")
        if not self.is_running():
            raise AssertionError("waymark up ended with %s:\n%s" % (
                self.child.returncode, self.log()))
        return self

    def children(self):
        """{name: [pid]} of what it has started, by verb."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open("/proc/%s/stat" % entry, encoding="ascii", errors="replace") as file:
                    state, parent = file.read().rpartition(")")[2].split()[:2]
                with open("/proc/%s/cmdline" % entry, "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if int(parent) == self.pid and state != "Z" and len(words) > 1:
                name = "redis" if b"redis-server" in words[0] else words[1].decode()
                found.setdefault(name, []).append(int(entry))
        return found

    def pid_of(self, name):
        pids = self.children().get(name)
        return pids[0] if pids else None

    def kill_child(self, name):
        """kill -9, and waits until another has taken its place."""
        old = harness.wait_until(lambda: self.pid_of(name), name)
        os.kill(old, signal.SIGKILL)
        harness.wait_until(lambda: self.pid_of(name) not in (None, old), "another " + name)

    def stop(self, number=signal.SIGINT, within=None):
        self.signal(number)
        return self.wait(within)

    def key(self, source="shop"):
        section, found = "", None
        with open(os.path.join(self.data, "keys.ini"), encoding="utf-8") as file:
            for line in file:
                line = line.strip()
                if line.startswith("["):
                    section = line[1:-1]
                elif section == source and line.startswith("key"):
                    found = line.partition("=")[2].strip()
        return found

    def redis(self):
        """A client of its redis-server."""
        with open(os.path.join(self.data, "waymark.ini"), encoding="utf-8") as file:
            for line in file:
                if line.startswith("address"):
                    return harness.RedisClient(line.partition("=")[2].strip())
        raise AssertionError("no address in waymark.ini")

    def post(self, path, body, key=None):
        with harness.Http(self.collector) as http:
            return http.request("POST", path, {"Authorization": harness.basic(key or self.key())},
                                json.dumps(body).encode())

    def track(self, user, event, message_id=None, key=None, **properties):
        body = {"userId": user, "event": event, "properties": properties}
        if message_id:
            body["messageId"] = message_id
        return self.post("/v1/track", body, key)

    def accept(self, *args, **kwargs):
        """Says it until it is accepted: the collector may still be on its way to a server that
        the worker has found again already, and then asks its clients to come back."""
        harness.wait_until(lambda: self.track(*args, **kwargs).status == 200, "an acceptance")

    def get(self, path):
        with open(os.path.join(self.data, "staff-token"), encoding="ascii") as file:
            token = file.read().strip()
        with harness.Http(self.console) as http:
            return http.request("GET", path, {"Authorization": "Bearer " + token,
                                              "Host": "localhost"})

    def timeline(self, customer):
        """The names of a customer's events, newest first; empty if nothing is known of them."""
        answer = self.get("/v1/customers/%s/timeline?kind=event&limit=200" % customer)
        if answer.status != 200:
            return []
        return [entry["event"] for entry in answer.json()["entries"]]

    def tool(self, verb, *args, **kwargs):
        return self.place.tool(verb, "--data", self.data, *args, **kwargs)

    def bring(self, file, *args, stdin=None, within=120):
        """`waymark import --json FILE`: (status, account, standard error)."""
        status, out, err = self.tool("import", "--json", "--url", "unix:" + self.collector, *args,
                                     file, stdin=stdin, within=within)
        return status, json.loads(out) if out.strip() else None, err


def rules(place, **changes):
    """A directory with one cart rule of short waits, changed as told."""
    rule = {
        "id": "cart", "description": "A cart left for a second.", "class": "marketing", "gates": "off",
        "key": "cart_id", "arm": ["Product Added"], "cancel": ["Order Completed"], "wait": "1s",
        "grace": "0s", "slack": "0s", "round": "1ms", "channels": ["email"],
    }
    rule.update(changes)
    return os.path.dirname(place.write("rules/cart.json", json.dumps(rule)))


def gone(pid):
    """Has that process ended (or is it only waiting to be reaped by whoever inherited it)?"""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def pause(seconds):
    """For what has no sign to wait for: that something does NOT happen."""
    time.sleep(seconds)
