#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What all programs share, looked at through the collector: where settings come from and which one
wins, what is said of a wrong one, signals, and keys that change while it runs.

usage: test_program.py WAYMARK [TEST...]
"""

import json
import os
import signal
import subprocess
import time

from door import KEYS, Door, body, event, harness

tap = harness.Tap()


def run(*args, env=None, cwd=None):
    """(status, standard output, standard error) of the binary with ARGS."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
    environment.update(env or {})
    done = subprocess.run([harness.waymark(), *args], stdout=subprocess.PIPE, cwd=cwd, check=False,
                          stderr=subprocess.PIPE, env=environment, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@tap.test
def help_and_version():
    for words in (("help",), ("--help",), ("-h",)):
        status, out, err = run(*words)
        tap.equal((status, err), (0, ""), str(words))
        tap.ok("collector" in out, "the verbs are listed")
    status, out, _ = run("--version")
    tap.ok(status == 0 and out.startswith("waymark "), out)
    for words in ((), ("nonsense",)):
        status, out, err = run(*words)
        tap.equal((status, out), (2, ""), str(words))
        tap.ok("waymark" in err, err)
    # Help is for those whose configuration is broken.
    status, out, err = run("collector", "--config", "/nowhere", "--help")
    tap.equal((status, err), (0, ""), "help of a verb")
    for word in ("--listen ADDRESS", "--redis ADDRESS", "[collector] body_server", "(4M)"):
        tap.ok(word in out, "%s in the help" % word)


@tap.test
def a_wrong_setting_is_named_with_its_place():
    with harness.Place() as place:
        config = place.write("w.ini", "[collector]\nconnections = many\n")
        unknown = place.write("u.ini", "; a comment\n[collector]\nlisten = :1\nconections = 7\n")
        broken = place.write("b.ini", "[collector]\nlisten\n")
        keys = place.write("keys.ini", KEYS)
        bad_keys = place.write("bad.ini", "[web]\nkey = short\nkind = browser\n")
        rows = [
            (("--config", config), {}, ['w.ini:2: [collector] connections: "many" is not a whole '
                                        'number between 1 and 1000000.']),
            (("--config", unknown), {}, ["u.ini:4: [collector] conections", "no such setting"]),
            (("--config", broken), {}, ["b.ini:2"]),
            (("--config", place.path("none.ini")), {}, ["none.ini", "No such file"]),
            ((), {"WAYMARK_CONFIG": place.path("none.ini")}, ["none.ini"]),
            ((), {"WAYMARK_COLLECTOR_BODY_TIME": "soon"},
             ['WAYMARK_COLLECTOR_BODY_TIME: "soon" is not a duration between 100ms and 1h.']),
            ((), {"WAYMARK_COLLECTOR_ITEM_SIZE": "2M"},
             ['WAYMARK_COLLECTOR_ITEM_SIZE: "2M" is not a size between 256 and 1M.']),
            ((), {"WAYMARK_COLLECTOR_SHARE_PORT": "maybe"}, ["neither yes nor no"]),
            (("--listen",), {}, ["--listen needs a value."]),
            (("--lisen", "x"), {}, ["--lisen is no option here"]),
            (("-x",), {}, ["-x is no option here"]),
            (("--json=perhaps",), {}, ["--json", "neither yes nor no"]),
            (("operand",), {}, ["too many words"]),
            (("--log-level", "loud"), {}, ["error, warn, info or debug"]),
            (("--log-format", "xml"), {}, ["auto, text or json"]),
            (("--listen", "x" * 256), {}, ["longer than 255 bytes"]),
            (("--keys", place.path("none")), {}, ["Cannot read the write keys.", "No such file"]),
            (("--keys", bad_keys), {}, ["The file of write keys is wrong."]),
            (("--keys", keys, "--listen", place.path("s"), "--redis", "redis://:::"), {},
             ["address of Redis"]),
            (("--keys", keys, "--listen", place.path("s"), "--dataset", "X" * 32), {},
             ["id of the data set"]),
        ]
        for args, env, words in rows:
            status, out, err = run("collector", *args, env=env, cwd=place.folder)
            tap.equal((status, out), (2, ""), "%s %s: %s" % (args, env, err))
            for word in words:
                tap.ok(word in err, "%r in %r" % (word, err))
        status, _, err = run("collector", "--keys", keys, "--listen", "/nowhere/s")
        tap.equal(status, 1, "an address that cannot be had")
        tap.ok("Cannot listen." in err, err)


@tap.test
def the_later_place_wins():
    with Door() as door:
        config = door.write("order.ini", "[redis]\naddress = %s\n[collector]\nkeys = %s\nlisten = %s\n"
                            "[another]\nunknown = to us\n" % (
                                door.server.socket, door.path("keys.ini"), door.path("file.sock")))
        rows = [
            ("file.sock", {}, []),
            ("env.sock", {"WAYMARK_COLLECTOR_LISTEN": door.path("env.sock")}, []),
            ("file.sock", {"WAYMARK_COLLECTOR_LISTEN": ""}, []),
            ("words.sock", {"WAYMARK_COLLECTOR_LISTEN": door.path("env.sock")},
             ["--listen", door.path("words.sock")]),
            ("words.sock", {}, ["--listen=" + door.path("words.sock")]),
            ("last.sock", {}, ["--listen", door.path("first.sock"), "--listen",
                               door.path("last.sock")]),
        ]
        for number, (name, env, args) in enumerate(rows):
            role = door.role("collector", args, {"WAYMARK_CONFIG": config, **env},
                             name="order%d" % number)
            role.socket = door.path(name)
            role.wait_ready()
            tap.equal(role.terminate(), 0, name)


@tap.test
def a_configuration_lies_where_one_works():
    with Door() as door:
        door.write("waymark-data/waymark.ini",
                   "[redis]\naddress = %s\n[collector]\nkeys = %s\nlisten = %s\n" % (
                       door.server.socket, door.path("keys.ini"), door.path("found.sock")))
        child = subprocess.Popen([harness.waymark(), "collector"], cwd=door.folder,
                                 stderr=subprocess.DEVNULL)
        try:
            def is_ready():
                try:
                    with harness.Http(door.path("found.sock")) as http:
                        return http.request("GET", "/readyz").status == 200
                except (OSError, ConnectionError):
                    return False
            harness.wait_until(is_ready, "ready")
        finally:
            child.terminate()
            tap.equal(child.wait(), 0, "exit status")


@tap.test
def a_data_set_keeps_to_its_settings_of_identity():
    """Keys follow from them: a role with others stops and says what to do."""
    with Door() as door:
        was = door.server("HGET", "wm:meta", "identity").decode()
        tap.equal(len(was), 16, "the first role wrote their digest")
        door.write("identity.json", '{"identity": {"country": "DE"}}')
        config = door.write("other.ini", "[redis]\naddress = %s\n[identity]\nfile = %s\n"
                            "[collector]\nkeys = %s\n" % (
                                door.server.socket, door.path("identity.json"), door.path("keys.ini")))
        status, _, err = run("collector", "--config", config, "--listen", door.path("other.sock"))
        tap.equal(status, 1, "stopped")
        for words in ("other settings of identity", was, "[identity] file"):
            tap.ok(words in err, "%s: %s" % (words, err))
        tap.equal(door.server("HGET", "wm:meta", "identity").decode(), was, "nothing was changed")
        # It is meant.
        door.server("HSET", "wm:meta", "find", 1)
        door.server("ZADD", "wm:workers", int(time.time() * 1000) + 60000, "w1")
        status, _, err = run("identity", "adopt", "--config", config)
        tap.ok(status == 1 and "stop all roles" in err, err)
        tap.equal(door.server("HGET", "wm:meta", "identity").decode(), was, "not while workers run")
        door.server("ZADD", "wm:workers", int(time.time() * 1000) - 1, "w1")
        status, out, err = run("identity", "adopt", "--config", config)
        now = door.server("HGET", "wm:meta", "identity").decode()
        tap.ok(status == 0 and was in out and now in out and now != was, (out, err))
        tap.equal(door.server("HGET", "wm:meta", "find"), None, "the index is to be made again")
        status, out, err = run("identity", "adopt", "--config", config)
        tap.ok(status == 0 and "already" in out, (out, err))
        own = door.write("own.ini", "[redis]\naddress = %s\n" % door.server.socket)
        status, _, err = run("identity", "adopt", "--config", own)
        tap.equal((status, door.server("HGET", "wm:meta", "identity").decode()), (0, was), "and back")
        door.write("identity.json", '{"identity": {"country": "Germany"}}')
        status, _, err = run("collector", "--config", config)
        tap.equal(status, 2, "a bad file")
        tap.ok("/identity/country" in err and "two letters" in err, err)


@tap.test
def keys_change_while_it_runs():
    with Door() as door:
        def status(key):
            return door.post("/v1/track", event(), key).status

        tap.equal((status("wk_server_1"), status("wk_server_2")), (200, 401), "at first")
        door.write("keys.ini", KEYS.replace("wk_server_1", "wk_server_2"))
        door.collector.signal(signal.SIGHUP)
        harness.wait_until(lambda: status("wk_server_2") == 200, "the new key")
        tap.equal(status("wk_server_1"), 401, "the old key")
        door.write("keys.ini", "[web]\nkind = nonsense\n")
        door.collector.signal(signal.SIGHUP)
        door.collector.wait_log("The keys of before stay in force.")
        tap.equal(status("wk_server_2"), 200, "after a broken file")


@tap.test
def a_second_signal_does_not_wait():
    with Door("redis_time = 1h") as door:
        with door.collector.http() as http:
            door.server.pause()
            try:
                http.send_request("POST", "/v1/track", {"Authorization": harness.basic("wk_server_1")},
                                  body(event()))
                harness.wait_until(lambda: door.metrics()["waymark_log_waiting_bytes"] > 0, "sent")
                door.collector.signal(signal.SIGTERM)
                door.collector.wait_log("Stopping.")
                tap.ok(door.collector.is_running(), "waits for the answer it owes")
                door.collector.signal(signal.SIGTERM)
                tap.equal(door.collector.wait(10), 0, "exit status")
            finally:
                door.server.resume()


@tap.test
def logs_are_lines_of_json_or_text():
    with Door() as door:
        lines = [json.loads(line) for line in door.collector.log().splitlines()]
        tap.ok(all(line["role"] == "collector" and line["level"] and line["at"] for line in lines),
               "members")
        tap.ok("wk_server_1" not in door.collector.log(), "no keys in the log")
    status, _, err = run("collector", "--log-format", "text", "--keys", "/nowhere")
    tap.equal(status, 2, "status")
    tap.ok(not err.startswith("{") and "Cannot read the write keys." in err, err)


tap.run()
