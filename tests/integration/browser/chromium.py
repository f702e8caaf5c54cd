# SPDX-License-Identifier: MIT
"""A headless Chromium, driven over its DevTools protocol.

The protocol is spoken over two pipes (--remote-debugging-pipe: JSON, ended by NUL), so there is no
port to find, no WebSocket and no package but Chromium itself. One thread asks and reads; events that
come in between are kept for whoever waits for them.

    with chromium.Chromium(place) as browser:
        visitor = browser.visitor()                 # cookies and storage of its own
        page = visitor.open("http://localhost:1234/")
        page.run("document.title")                  # a promise is waited for
        page.wait("window.waymark && waymark.cart")
        page.offline(True)
        tap.equal(page.errors, [], "nothing was thrown")
"""

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

# *.example is this machine; whatever the browser would like to ask the world for, it may not. It sees
# no pages but ours, and its sandbox is not to be had by root, nor in many containers.
FLAGS = [
    "--headless", "--no-sandbox", "--remote-debugging-pipe", "--host-resolver-rules=MAP *.example 127.0.0.1",
    "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps",
    "--disable-dev-shm-usage", "--disable-gpu", "--metrics-recording-only", "--mute-audio",
    "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
    "--password-store=basic", "--use-mock-keychain",
]


class ProtocolError(Exception):
    """What Chromium answered to a command that it could not carry out."""


class ScriptError(Exception):
    """What a page's script threw."""


def program():
    """The path of Chromium; Skip where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise harness.Skip("no chromium; scripts/install-deps test installs it")
    return found


def _high(descriptor):
    """The same pipe under a number that is not 3 or 4."""
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return copy


class Chromium(harness.Process):
    """The browser. Ends with the block, or with the place. PREFERENCES are those of its profile."""

    def __init__(self, place, name="chromium", preferences=None):
        self.folder = place.path(name)
        os.makedirs(self.folder, exist_ok=True)
        if preferences:
            place.write(os.path.join(name, "Default", "Preferences"), json.dumps(preferences))
        self.number, self.answers, self.pages, self.unread = 0, {}, {}, b""
        self.to_browser = self.from_browser = None
        environment = dict(os.environ, HOME=self.folder, XDG_CONFIG_HOME=self.folder,
                           XDG_CACHE_HOME=self.folder)
        super().__init__([program(), *FLAGS, "--user-data-dir=" + self.folder, "about:blank"],
                         os.path.join(self.folder, "log"), environment)
        place.processes.append(self)
        self.call("Browser.getVersion")

    def start(self):
        theirs, ours = os.pipe()
        theirs, self.to_browser = _high(theirs), _high(ours)
        ours, answers = os.pipe()
        self.from_browser, answers = _high(ours), _high(answers)

        def prepare():
            harness._die_with_parent()  # pylint: disable=protected-access
            os.dup2(theirs, 3)
            os.dup2(answers, 4)

        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                pass_fds=(3, 4), preexec_fn=prepare)
        os.close(theirs)
        os.close(answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Asks it to end, so that its own children do; then makes sure."""
        if self.is_running():
            try:
                self.call("Browser.close", within=5)
                self.wait(5)
            except (OSError, AssertionError, ProtocolError, subprocess.TimeoutExpired):
                pass
        self.kill()
        for descriptor in (self.to_browser, self.from_browser):
            if descriptor is not None:
                os.close(descriptor)
        self.to_browser = self.from_browser = None

    def read(self, until):
        """Reads one message and gives it to whom it concerns; whether one came in time."""
        while b"\0" not in self.unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.from_browser], [], [], left)[0]:
                return False
            data = os.read(self.from_browser, 1 << 20)
            if not data:
                raise ConnectionError("Chromium ended:\n" + self.log()[-2000:])
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\0")
        message = json.loads(line)
        if "id" in message:
            self.answers[message["id"]] = message
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].on_event(message["method"], message["params"])
        return True

    def call(self, method, session=None, within=None, **params):
        """Carries out a command and returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to_browser, data):]
        until = time.monotonic() + (within or harness.DEADLINE)
        while self.number not in self.answers:
            if not self.read(until):
                raise AssertionError("Chromium does not answer %s" % method)
        answer = self.answers.pop(self.number)
        if "error" in answer:
            raise ProtocolError("%s: %s" % (method, answer["error"]["message"]))
        return answer["result"]

    def visitor(self):
        return Visitor(self)


class Visitor:
    """Somebody with cookies and storage of their own, in as many pages as they like."""

    def __init__(self, browser):
        self.browser = browser
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]

    def open(self, url=None, prepare=None):
        """A new page. PREPARE is a script that runs before any script of the pages shown in it."""
        target = self.browser.call("Target.createTarget", url="about:blank",
                                   browserContextId=self.context)["targetId"]
        page = Page(self, target)
        if prepare:
            page.call("Page.addScriptToEvaluateOnNewDocument", source=prepare)
        if url:
            page.navigate(url)
        return page

    def leave(self):
        """Closes everything at once and forgets it."""
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)


class Page:
    """A tab."""

    def __init__(self, visitor, target):
        self.visitor, self.browser, self.target = visitor, visitor.browser, target
        browser = self.browser
        self.errors = []   # uncaught exceptions, the texts of
        self.loads = 0
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Network"):
            self.call(domain + ".enable")

    def on_event(self, method, params):
        if method == "Page.loadEventFired":
            self.loads += 1
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def _loaded(self, before):
        until = time.monotonic() + harness.DEADLINE
        while self.loads == before:
            if not self.browser.read(until):
                raise AssertionError("the page does not load")

    def navigate(self, url):
        """Shows another document; returns when it has loaded."""
        before = self.loads
        answer = self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise AssertionError("%s: %s" % (url, answer["errorText"]))
        self._loaded(before)

    def reload(self):
        before = self.loads
        self.call("Page.reload")
        self._loaded(before)

    def leads_away(self, expression):
        """Runs a script that makes the page go elsewhere; returns when that has loaded."""
        before = self.loads
        self.run(expression)
        self._loaded(before)

    def run(self, expression):
        """The value of a script, as JSON knows it. ScriptError if it throws."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True,
                           returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise ScriptError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def wait(self, expression, within=None):
        """Asks until the script's value is true, and returns it."""
        return harness.wait_until(lambda: self.run(expression), expression, within)

    def offline(self, yes):
        """Takes the page's network away, and gives it back."""
        self.call("Network.emulateNetworkConditions", offline=yes, latency=0,
                  downloadThroughput=-1, uploadThroughput=-1)

    def front(self):
        self.call("Page.bringToFront")

    def close(self):
        """As by the button: the page's pagehide runs."""
        self.call("Page.close")
        self.browser.pages.pop(self.session, None)
