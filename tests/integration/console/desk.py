# SPDX-License-Identifier: MIT
"""A console with all that it speaks of: Redis, collector, worker; and the token to ask it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

WRITE_KEY = "wk_console_0123456789"
KEYS = """\
[shop]
key = %s
kind = server
channel = server

[web]
key = wk_web_0123456789
kind = server
channel = web
""" % WRITE_KEY
WEB_KEY = "wk_web_0123456789"
TOKEN = "5taff-t0ken.of_the~test+00/11=="
RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "deploy", "rules")


class Desk(harness.Place):
    """Redis and a console, ready; collector and worker too if LIVE."""

    def __init__(self, live=True, settings=""):
        super().__init__()
        try:
            self.server = self.redis()
            self.token_file = self.write_token(TOKEN + "\n")
            self.config = self.write("waymark.ini", self.config_text(settings))
            self.console = self.role("console", ["--config", self.config])
            self.console.wait_ready()
            if live:
                self.collector = self.role("collector", ["--config", self.config])
                self.worker = self.role("worker", ["--config", self.config])
                self.collector.wait_ready()
        except BaseException:
            self.__exit__()
            raise

    def write_token(self, text, name="staff-token", mode=0o600):
        path = self.write(name, text)
        os.chmod(path, mode)
        return path

    def config_text(self, settings=""):
        return """\
[redis]
address = %s
[collector]
listen = %s
keys = %s
[worker]
rules = %s
[console]
listen = %s
token_file = %s
hosts = test, desk.example
%s
""" % (self.server.socket, self.path("collector.sock"), self.write("keys.ini", KEYS),
            os.path.abspath(RULES), self.path("console.sock"), self.token_file, settings)

    # Asking.

    def ask(self, path, token=TOKEN, host="localhost", method="GET"):
        fields = {"Host": host}
        if token is not None:
            fields["Authorization"] = "Bearer " + token
        with self.console.http() as http:
            return http.request(method, path, fields)

    def customer(self, name):
        return self.ask("/v1/customers/" + harness.quote(name))

    def page(self, name, **params):
        """One page, as JSON; parameters with from_ for from."""
        query = "&".join("%s=%s" % (key.rstrip("_"), harness.quote(str(value)))
                         for key, value in params.items() if value is not None)
        answer = self.ask("/v1/customers/%s/timeline?%s" % (harness.quote(name), query))
        if answer.status != 200:
            raise AssertionError("no page: %r" % answer)
        return answer.json()

    def pages(self, name, **params):
        """All pages from the first to the last."""
        cursor = None
        while True:
            page = self.page(name, cursor=cursor, **params)
            yield page
            cursor = page["next"]
            if cursor is None:
                return

    def entries(self, name, **params):
        return [entry for page in self.pages(name, **params) for entry in page["entries"]]

    # Living.

    def post(self, events, key=WRITE_KEY):
        """Posts EVENTS in batches, all of which must be accepted."""
        with self.collector.http() as http:
            for start in range(0, len(events), 500):
                batch = events[start:start + 500]
                fields = {"Authorization": harness.basic(key)}
                answer = http.request("POST", "/v1/batch", fields,
                                      json.dumps({"batch": batch}).encode())
                if answer.status != 200 or answer.json()["accepted"] != len(batch):
                    raise AssertionError("not accepted: %r" % answer)

    def wait_events(self, name, count):
        """Until COUNT events of the customer were applied; their journey."""
        def all_there():
            answer = self.customer(name)
            return answer.status == 200 and answer.json()["totals"]["events"] >= count and answer
        return harness.wait_moving(all_there, "%d events of %s" % (count, name),
                                   lambda: harness.whereabouts(self.server)).json()
