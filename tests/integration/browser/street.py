# SPDX-License-Identifier: MIT
"""What lies between a browser and Waymark: a shop with pages of its own, and a gate before the
collector, as a proxy is one.

The shop's pages come from another origin than the collector (localhost, which browsers hold for
secure, or shop.example, which they do not), so that whatever a browser asks of a foreign
server it asks here. The gate hands requests on as they are and writes them down; at will it
answers in the collector's place, or not at all.
"""

import contextlib
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

KEY = "wk_browser_1"
PATH = "/v1/b"


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # An abrupt end of a browser's connection is not worth a word.
    handle_error = staticmethod(lambda request, address: None)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass

    def answer(self, status, fields, body):
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


class _Place:
    """A server on a port of its own."""

    def __init__(self, handler):
        self.server = _Server(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        self.server.owner = self
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Shop(_Place):
    """Pages by path."""

    class _Pages(_Handler):
        def do_GET(self):  # pylint: disable=invalid-name
            page = self.server.owner.pages.get(urllib.parse.urlsplit(self.path).path)
            kind, text = page or ("text/html; charset=utf-8", "<!doctype html><title>Nothing</title>")
            self.answer(200 if page else 404, [("Content-Type", kind), ("Cache-Control", "no-store")],
                        text.encode())

    def __init__(self):
        self.pages = {}
        super().__init__(self._Pages)

    def page(self, path, head="", title="Shop"):
        self.pages[path] = ("text/html; charset=utf-8", (
            "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>%s</title>%s<p>%s</p>"
            % (title, head, title)))

    def script(self, path, text):
        self.pages[path] = ("text/javascript; charset=utf-8", text)

    def url(self, path="/", host="localhost"):
        return "http://%s:%d%s" % (host, self.port, path)


class Gate(_Place):
    """A proxy before a collector that listens on a unix socket."""

    class _Passage(_Handler):
        def pass_on(self):
            gate = self.server.owner
            body = self.body()
            request = (self.command, self.path, dict(self.headers), body)
            with gate.lock:
                gate.requests.append(request)
                gate.times.append(time.monotonic())
                rule = next((r for r in gate.rules if self.path.startswith(r[0])), None)
            if rule:
                rule[1](self, body)
                return
            fields = [(n, v) for n, v in self.headers.items()
                      if n.lower() not in ("connection", "content-length")]
            try:
                with harness.Http(gate.address) as http:
                    answer = http.request(self.command, self.path, fields, body or None)
            except OSError:
                # As proxies do, and none of them says whom the answer is for.
                self.answer(502, [("Content-Type", "text/plain")], b"Bad Gateway")
                return
            self.answer(answer.status, [(n, v) for n, v in answer.fields.items()
                                        if n not in ("connection", "content-length")], answer.body)

        do_GET = do_POST = do_OPTIONS = do_HEAD = pass_on

    def __init__(self, address):
        self.address, self.requests, self.times, self.rules = address, [], [], []
        self.lock, self.opened = threading.Lock(), threading.Event()
        super().__init__(self._Passage)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def posts(self, path=PATH):
        """What was posted to PATH so far: (when, body). Seconds that only grow; JSON, read."""
        with self.lock:
            return [(when, json.loads(body)) for when, (method, target, _, body)
                    in zip(self.times, self.requests)
                    if method == "POST" and target.partition("?")[0] == path]

    def events(self, path=PATH):
        """The events of all those bodies, as often as they came."""
        return [event for _, body in self.posts(path) for event in body["batch"]]

    def answer_with(self, status, path=PATH, **fields):
        """Answers POSTs below PATH itself, for every origin, until open()."""
        pairs = [(n.replace("_", "-"), v) for n, v in fields.items()]
        self.rules = [(path, lambda handler, _: handler.answer(
            status, [("Access-Control-Allow-Origin", "*"),
                     ("Access-Control-Expose-Headers", "Retry-After"), *pairs], b""))]

    def hold(self, path=PATH):
        """Takes requests below PATH and says nothing until open(); then closes."""
        self.opened.clear()
        opened = self.opened

        def wait(handler, _):
            opened.wait(harness.DEADLINE)
            handler.close_connection = True
        self.rules = [(path, wait)]

    def open(self):
        """From now on everything passes."""
        self.rules = []
        self.opened.set()
        self.opened = threading.Event()

    def close(self):
        self.open()
        super().close()


class Street(harness.Place):
    """Redis, collector, gate and shop."""

    def __init__(self, settings=""):
        super().__init__()
        self.stack = contextlib.ExitStack()
        try:
            self.shop = Shop()
            self.stack.callback(self.shop.close)
            self.server = self.redis()
            self.collector = self.role("collector", ["--config", self._configure(settings)])
            self.gate = Gate(self.collector.socket)
            self.stack.callback(self.gate.close)
            self.collector.wait_ready()
        except BaseException:
            self.__exit__()
            raise

    def _configure(self, settings):
        origins = " ".join(self.shop.url("", host) for host in ("localhost", "shop.example", "*.shop.example"))
        keys = self.write("keys.ini", "[web]\nkey = %s\nkind = browser\norigins = %s\n" % (KEY, origins))
        return self.write("collector.ini", "[redis]\naddress = %s\n[collector]\nlisten = %s\nkeys = %s\n%s\n" % (
            self.server.socket, self.path("collector.sock"), keys, settings))

    def __exit__(self, *_):
        self.stack.close()
        super().__exit__()

    def stop_collector(self):
        self.collector.terminate()

    def start_collector(self):
        self.collector.start()
        self.collector.wait_ready()

    def stored(self):
        """The events in the log, in the order of their ids over all partitions."""
        entries = sorted(self.server.log_entries(), key=lambda e: [int(n) for n in e[1].split("-")])
        return [json.loads(raw) for _, _, raw, _ in entries]


def name_of(event):
    return event.get("event") or event["type"]
