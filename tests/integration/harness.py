# SPDX-License-Identifier: MIT
"""What the integration tests share: a redis-server and roles of the test's own, an HTTP client that
sends exactly what it is told, and TAP.

Nothing here sleeps for luck: whatever is waited for is asked for again and again until a deadline.
Everything listens on unix sockets in one new directory, so that tests may run side by side, and
everything that was started dies with the test, however that ends.

    import harness
    tap = harness.Tap()

    @tap.test
    def a_track_is_kept():
        with harness.Place() as place:
            redis = place.redis()
            collector = place.role("collector", ...)
            answer = collector.http().request("POST", "/v1/track", body=...)
            tap.equal(answer.status, 200, "status")

    tap.run()
"""

import contextlib
import ctypes
import glob
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

DEADLINE = float(os.environ.get("WAYMARK_TEST_DEADLINE", "30"))
DATASET = "0123456789abcdef0123456789abcdef"
PARTITIONS = 16


class Skip(Exception):
    """Raised by a test that cannot be run here."""


def wait_until(question, what, within=None):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + (within or DEADLINE)
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("in vain waited for: %s" % what)
        time.sleep(0.01)


def place_of(entry):
    """Of a stream's id: (ms, seq)."""
    return tuple(map(int, entry.split(b"-")))


def is_quiet(redis, partitions=range(PARTITIONS)):
    """Everything in the logs of these PARTITIONS is applied, and nothing on its way from one of them
    to another. What came in between the questions shows: the logs end elsewhere then. A log may end
    before what is applied, since entries are removed."""
    def ends():
        found = {p: redis("XREVRANGE", "wm:{p%d}:in" % p, "+", "-", "COUNT", "1") for p in partitions}
        return {p: place_of(last[0][0]) for p, last in found.items() if last}
    last = ends()
    return all(place_of(redis("HGET", "wm:{p%d}:pos" % p, "id")) >= end for p, end in last.items()) \
        and not any(redis("XLEN", "wm:{p%d}:out" % p) for p in partitions) and ends() == last


def wait_moving(question, what, moved, within=None):
    """Asks until the answer is true, and returns it, however long that takes: in vain is what does not
    get on. MOVED says where everything is; nothing may stay there for longer than WITHIN."""
    seen, since, told = None, time.monotonic(), time.monotonic()
    while True:
        try:
            answer, here = question(), moved()
        except (OSError, RedisError):
            answer, here = None, None  # it is down for a moment
        if answer:
            return answer
        now = time.monotonic()
        if here != seen:
            seen, since = here, now
        if now > since + (within or DEADLINE):
            raise AssertionError("in vain waited for: %s; nothing moved for %.0f s from %s" % (
                what, now - since, repr(here)[:1000]))
        if now > told + 30:
            print("# still waiting for: %s" % what, flush=True)
            told = now
        time.sleep(0.01)


def whereabouts(redis, partitions=range(PARTITIONS)):
    """Of each of these PARTITIONS: how far it is applied, and what it says to others next."""
    with contextlib.closing(redis.client()) as client:
        return {p: (client("HGET", "wm:{p%d}:pos" % p, "id").decode(),
                    client("XRANGE", "wm:{p%d}:out" % p, "-", "+", "COUNT", "1")) for p in partitions}


def wait_quiet(redis, what="all applied", partitions=range(PARTITIONS)):
    """Until is_quiet, as long as anything is applied or said."""
    try:
        wait_moving(lambda: is_quiet(redis, partitions), what, lambda: whereabouts(redis, partitions))
    except AssertionError as vain:
        behind = {p: len(redis("XRANGE", "wm:{p%d}:in" % p, b"(" + redis(
            "HGET", "wm:{p%d}:pos" % p, "id"), "+")) for p in partitions}
        raise AssertionError("%s; behind are %s" % (vain, {p: n for p, n in behind.items() if n})) \
            from vain


def wait_timers(redis, seconds):
    """Until all that comes due within SECONDS from now has been worked off, however long it takes."""
    end = time.time() + seconds

    def due():
        return [redis("ZCOUNT", "wm:{p%d}:due" % p, "-inf", "%d" % (end * 1000))
                for p in range(PARTITIONS)]
    wait_moving(lambda: time.time() > end and not any(due()), "the timers of the next %s s" % seconds,
                lambda: (time.time() > end, due(), whereabouts(redis)))


def shared_data(*path):
    """A path below the shared data sets; Skip if they are not on this machine."""
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.environ.get("WAYMARK_SHARED_DATA") or os.path.join(here, "..", "..", "..", "shared", "data")
    if not os.path.isdir(root):
        raise Skip("no shared data")
    return os.path.join(root, *path)


class Tap:
    """Test functions in their order of definition, each a test point that fails by exception or by
    a check; all checks of one function run, so that a failure shows everything that is wrong."""

    def __init__(self):
        self.tests = []
        self.failures = []

    def test(self, function):
        self.tests.append(function)
        return function

    def ok(self, condition, name):
        if not condition:
            self.failures.append("not so: %s" % name)
        return bool(condition)

    def equal(self, got, expected, name):
        if got != expected:
            self.failures.append("%s: got %r, not %r" % (name, got, expected))
        return got == expected

    def run(self):
        if not shutil.which("redis-server"):
            print("1..0 # SKIP no redis-server")
            return
        wanted = sys.argv[2:]
        tests = [t for t in self.tests if not wanted or t.__name__ in wanted]
        failed = False
        print("1..%d" % len(tests), flush=True)
        for number, function in enumerate(tests, 1):
            name = function.__name__.replace("_", " ")
            self.failures = []
            try:
                function()
            except Skip as reason:
                print("ok %d - %s # SKIP %s" % (number, name, reason), flush=True)
                continue
            except Exception:  # pylint: disable=broad-except
                self.failures.append(traceback.format_exc())
            for failure in self.failures[:20]:
                for line in failure.rstrip().splitlines():
                    print("# " + line)
            print("%s %d - %s" % ("not ok" if self.failures else "ok", number, name), flush=True)
            failed = failed or bool(self.failures)
        sys.exit(1 if failed else 0)


def waymark():
    """The binary: the first argument of every test."""
    return os.path.abspath(sys.argv[1])


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A child whose output goes to a file."""

    def __init__(self, command, log, env=None):
        self.command, self.log_path, self.env = command, log, env
        self.child = None
        self.start()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self.child.pid

    def signal(self, number):
        self.child.send_signal(number)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """kill -9; returns once it is gone."""
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def terminate(self, within=None):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(within)

    def wait(self, within=None):
        return self.child.wait(within or DEADLINE)

    def is_running(self):
        return self.child.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self):
        with open("/proc/%d/statm" % self.pid, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))


class RedisError(Exception):
    """An error that Redis answered."""


class RedisClient:
    """Just enough of RESP2 to ask questions."""

    def __init__(self, path, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *args):
        parts = [b"*%d\r\n" % len(args)]
        for arg in args:
            data = arg if isinstance(arg, bytes) else str(arg).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(parts))

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis hung up")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        return None if rest == b"-1" else [self.read() for _ in range(int(rest))]

    def __call__(self, *args):
        self.send(*args)
        return self.read()


class Redis(Process):
    """A redis-server on a unix socket, with every write synced unless EXTRA says otherwise."""

    def __init__(self, place, name="redis", extra=(), dataset=DATASET):
        self.folder = os.path.join(place.folder, name)
        os.makedirs(self.folder, exist_ok=True)
        self.socket = os.path.join(self.folder, "s")
        super().__init__(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.folder,
             "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--daemonize", "no",
             *extra], os.path.join(self.folder, "log"))
        self.wait_ready()
        if dataset:
            self.create_dataset(dataset)

    def client(self, timeout=10):
        return RedisClient(self.socket, timeout)

    def __call__(self, *args):
        with contextlib.closing(self.client()) as client:
            return client(*args)

    def answers(self):
        try:
            return self("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def wait_ready(self):
        wait_until(lambda: self.answers() or not self.is_running(), "redis-server")
        if not self.is_running():
            raise AssertionError("redis-server ended:\n" + self.log())

    def restart(self):
        """Again on the same files, after kill(), with what was torn cut off, and without what was
        half written anew (io/aof.h)."""
        self.mend()
        for name in glob.glob(os.path.join(self.folder, "temp-*.[ar][od][fb]")):
            os.unlink(name)
        self.start()
        self.wait_ready()

    def mend(self):
        manifest = os.path.join(self.folder, "appendonlydir", "appendonly.aof.manifest")
        if os.path.exists(manifest):
            subprocess.run(["redis-check-aof", "--fix", manifest], input=b"y\n", check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def create_dataset(self, dataset=DATASET, partitions=PARTITIONS):
        """What `waymark up` writes into an empty Redis (store/redis_dataset.c)."""
        with contextlib.closing(self.client()) as client:
            for partition in range(partitions):
                client("HSET", "wm:{p%d}:pos" % partition, "epoch", 0, "seq", 0, "id", "0-0",
                       "clock", 0)
            client("HSET", "wm:meta", "dataset", dataset, "partitions", partitions, "format", 1,
                   "find", 1, "created_at", int(time.time() * 1000))

    def log_entries(self, partitions=PARTITIONS):
        """All events of all partitions: (partition, id, raw event, meta). Watermarks are none, nor
        is what one log is told of another's event."""
        found = []
        with contextlib.closing(self.client()) as client:
            for partition in range(partitions):
                for entry, fields in client("XRANGE", "wm:{p%d}:in" % partition, "-", "+"):
                    pairs = dict(zip(fields[::2], fields[1::2]))
                    if b"w" not in pairs and (b"e" in pairs or b"x" not in pairs):
                        found.append((partition, entry.decode(), pairs[b"e"], pairs[b"m"].decode()))
        return found


class Answer:
    """A response: status, fields in lower case, body."""

    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %r %r" % (self.status, self.fields, self.body[:500])


class Http:
    """One connection to a unix socket path or a (host, port). Bytes go out as given."""

    def __init__(self, address, timeout=20):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_request(self, method, path, fields=None, body=None):
        """FIELDS is a dictionary or a list of pairs. Content-Length is added to a body, unless
        FIELDS already say how long it is."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields or [])
        names = {name.lower() for name, _ in pairs}
        if "host" not in names:
            pairs.insert(0, ("Host", "test"))
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            pairs.append(("Content-Length", str(len(body))))
        head = "%s %s HTTP/1.1\r\n" % (method, path)
        head += "".join("%s: %s\r\n" % pair for pair in pairs) + "\r\n"
        self.send(head.encode("latin-1") + (body or b""))

    def read_answer(self, head_only=False):
        """The next response; ConnectionError if there is none."""
        line = self.file.readline()
        if not line.startswith(b"HTTP/1.1 "):
            raise ConnectionError("no answer: %r" % line)
        status, fields = int(line.split()[1]), {}
        while True:
            line = self.file.readline().rstrip(b"\r\n")
            if not line:
                break
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        length = 0 if head_only or status in (204, 304) else int(fields.get("content-length", "0"))
        body = self.file.read(length)
        if len(body) != length:
            raise ConnectionError("the answer ends early")
        return Answer(status, fields, body)

    def request(self, method, path, fields=None, body=None):
        self.send_request(method, path, fields, body)
        return self.read_answer(method == "HEAD")

    def is_closed(self, within=None):
        """Whether the other end closes the connection in time, without another byte."""
        self.socket.settimeout(within or DEADLINE)
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def basic(key, password=""):
    """The Authorization field for a write key."""
    import base64  # pylint: disable=import-outside-toplevel
    return "Basic " + base64.b64encode(("%s:%s" % (key, password)).encode()).decode()


def chunked(body, size):
    """BODY in chunks of at most SIZE."""
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


def gzipped(body):
    return gzip.compress(body, 6, mtime=0)


class Role(Process):
    """A running `waymark VERB`. Listens on `socket` if its settings say so."""

    def __init__(self, place, verb, args=(), env=None, name=None):
        self.verb = verb
        self.socket = os.path.join(place.folder, (name or verb) + ".sock")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
        environment.update(env or {})
        super().__init__([waymark(), verb, "--log-format", "json", *args],
                         os.path.join(place.folder, (name or verb) + ".log"), environment)

    def http(self, timeout=20):
        return Http(self.socket, timeout)

    def get(self, path, fields=None):
        with self.http() as http:
            return http.request("GET", path, fields)

    def post(self, path, body, fields=None):
        with self.http() as http:
            return http.request("POST", path, fields, body)

    def status_of(self, path):
        """The status that GET PATH answers, or None if nobody answers."""
        try:
            return self.get(path).status
        except (OSError, ConnectionError):
            return None

    def wait_status(self, path, status, within=None):
        wait_until(lambda: self.status_of(path) == status or not self.is_running(),
                   "%s %s: %d" % (self.verb, path, status), within)
        if not self.is_running():
            raise AssertionError("waymark %s ended with %s:\n%s" % (
                self.verb, self.child.returncode, self.log()))

    def wait_ready(self, within=None):
        self.wait_status("/readyz", 200, within)
        return self

    def wait_log(self, text, within=None):
        wait_until(lambda: text in self.log(), "%r in the log of %s" % (text, self.verb), within)


class Place:
    """A directory, and everything that runs in it; all of it ends with the block."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="wm-")
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def redis(self, name="redis", extra=(), dataset=DATASET):
        process = Redis(self, name, extra, dataset)
        self.processes.append(process)
        return process

    def role(self, verb, args=(), env=None, name=None):
        """Starts `waymark VERB ARGS`; does not wait."""
        process = Role(self, verb, args, env, name)
        self.processes.append(process)
        return process

    def tool(self, verb, *args, stdin=None, within=None, stdout=subprocess.PIPE):
        """Runs `waymark VERB ARGS` to its end: (status, standard output, standard error)."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
        done = subprocess.run([waymark(), verb, *args], input=stdin, stdout=stdout,
                              stderr=subprocess.PIPE, env=environment, check=False,
                              timeout=within or DEADLINE, cwd=self.folder)
        return done.returncode, (done.stdout or b"").decode(), done.stderr.decode()


def unread(tool, *words):
    """What `tool` says when it writes onto a pipe that nobody reads any more, as `head` leaves it."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return tool(*words, stdout=writer)
    finally:
        os.close(writer)


def quote(text):
    return urllib.parse.quote(text, safe="")
