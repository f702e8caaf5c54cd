#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/torture with a meson that says what the seed decides: what it runs, what it keeps of
what is red, and how it ends."""

import json
import os
import stat

import control

# `even` is red with an odd seed; `slow` is of another suite; `gone` says nothing in round 2.
MESON = r'''#!/usr/bin/env python3
import json, os, sys
tests = [("even", ["waymark:unit", "waymark:chance"]), ("slow", ["waymark:unit"]),
         ("live/gone", ["waymark:chance"])]
if sys.argv[1] == "introspect":
    print(json.dumps([{"name": name, "suite": suite} for name, suite in tests]))
    sys.exit()
seed = int(os.environ["WAYMARK_TEST_SEED"])
build = sys.argv[sys.argv.index("-C") + 1]
names = [name for name, _ in tests if name in sys.argv]
os.makedirs(build + "/meson-logs", exist_ok=True)
with open(build + "/meson-logs/%s.json" % sys.argv[sys.argv.index("--logbase") + 1], "w") as log:
    for name in names:
        red = name == "even" and seed % 2
        if name == "live/gone" and os.path.exists(build + "/silent"):
            continue
        log.write(json.dumps({
            "name": "waymark:unit / " + name, "result": "ERROR" if red else "OK",
            "returncode": int(bool(red)), "stderr": "because of %d\n" % seed,
            "stdout": "1..2\nok 1 - a\n%s 2 - b\n" % ("not ok" if red else "ok")}) + "\n")
sys.exit(1)
'''


def torture(root, *args):
    control.write(root, {"bin/meson": MESON})
    meson = os.path.join(root, "bin", "meson")
    os.chmod(meson, os.stat(meson).st_mode | stat.S_IXUSR)
    build = os.path.join(root, "build")
    os.makedirs(build, exist_ok=True)
    command = ["python3", os.path.join(control.SCRIPTS, "lib", "torture.py"), *args, build]
    return control.run(command, env=dict(os.environ, MESON=meson))


def closing(done):
    return done[1].rstrip("\n").split("\n")[-1]


def green(root):
    """A step is odd: of two rounds one is green."""
    done = torture(root, "--rounds", "1", "--seed", "4")
    control.expect(done, 0, "round 1, seed 4: all green")
    assert closing(done) == "2 runs, 0 red", done


def red(root):
    done = torture(root, "--rounds", "2", "--seed", "4")
    control.expect(done, 1, "round 2, seed 100007: 1 red")
    assert closing(done) == "4 runs, 1 red", done
    assert "again: scripts/torture --rounds 1 --seed 100007 --only even" in done[1], done
    with open(os.path.join(root, "build", "torture", "even-100007.log"), encoding="utf-8") as log:
        assert "because of 100007" in log.read()


def again(root):
    """The command that it told shows it."""
    control.expect(torture(root, "--rounds", "1", "--seed", "100007", "--only", "even"), 1,
                   "seed 100007: 1 red")


def time_is_up(root):
    done = torture(root, "--minutes", "0", "--seed", "4")
    control.expect(done, 0, "2 runs, 0 red")


def silent(root):
    """What was to run and did not is not green."""
    control.write(root, {"build/silent": ""})
    control.expect(torture(root, "--rounds", "1", "--seed", "4"), 1, "Never ran: live/gone")


def listed(root):
    done = torture(root, "--list")
    control.expect(done, 0, "even\nlive/gone\n")
    assert "slow" not in done[1], done


def refused(root):
    control.expect(torture(root, "--only", "nothing"), 2, "has nothing in its name")
    control.expect(torture(root, "--seed", "1000000"), 2, "--seed is from 0 to 999999")
    control.expect(torture(root, "--rounds", "0"), 2, "--rounds is 1 or more")


control.main([
    ("a green round", green), ("a red round", red), ("red again", again),
    ("time is up", time_is_up), ("a silent program", silent), ("the list", listed),
    ("what it refuses", refused),
])
