#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/lib/packages.sh against a pretended machine: what it would install, how and when."""

import os

import control

PACKAGES = os.path.join(control.SCRIPTS, "lib", "packages.sh")

# Stand-ins note how they were called. $root/has lists what is installed.
TOOLS = {
    "dpkg-query": 'for name; do :; done\n'
                  'grep -qx "$name" "$root/has" && { printf "installed "; exit 0; }\n'
                  'grep -qx "$name" "$root/removed" && { printf "not-installed "; exit 0; }\nexit 1\n',
    "apt-get": 'echo "apt-get $*" >>"$root/calls"\n'
               '[ -e "$root/policy" ] && echo "policy holds" >>"$root/calls"\n'
               'case "$*" in *install*) [ ! -e "$root/offline" ];; esac\n',
    "id": 'cat "$root/uid"\n',
    "systemctl": 'echo "systemctl $*" >>"$root/calls"\n',
    "deb-systemd-helper": 'echo "deb-systemd-helper $*" >>"$root/calls"\n',
    "update-rc.d": 'echo "update-rc.d $*" >>"$root/calls"\n',
}
SUDO = 'echo "sudo $1" >>"$root/calls"\nexec "$@"\n'
LINKED = ["bash", "cat", "chmod", "env", "grep", "mktemp", "rm", "tee"]
BUILD = ("gcc libc6-dev meson ninja-build pkgconf libevent-dev libhiredis-dev libjansson-dev zlib1g-dev"
         " libzstd-dev libssl-dev libcurl4-openssl-dev libinih-dev libpcre2-dev libidn2-dev libunistring-dev"
         " ca-certificates redis-server redis-tools tzdata").split()


def machine(root, has, uid="0", sudo=False, **others):
    """A machine with the packages in has, seen by the user uid."""
    tools = dict(TOOLS, **({"sudo": SUDO} if sudo else {}))
    for name, text in tools.items():
        control.write(root, {"bin/" + name: '#!/bin/bash\nroot=%s\n%s' % (root, text)})
        os.chmod(os.path.join(root, "bin", name), 0o755)
    for name in LINKED:
        where = next(p for p in ("/usr/bin/", "/bin/") if os.path.exists(p + name))
        os.symlink(where + name, os.path.join(root, "bin", name))
    control.write(root, {"has": "\n".join(has) + "\n", "uid": uid, "removed": "", "calls": "", **others})


def install(root, what="build"):
    """Installs a set there; returns status, output and what was called."""
    script = '. "%s"\npackages_policy_file=%s/policy\npackages_install %s\n' % (PACKAGES, root, what)
    env = {"PATH": os.path.join(root, "bin"), "TMPDIR": root}
    done = control.run(["/bin/bash", "-eu", "-o", "pipefail", "-c", script], env=env)
    with open(os.path.join(root, "calls"), encoding="utf-8") as calls:
        return done, calls.read()


def nothing_missing(root):
    machine(root, BUILD)
    done, calls = install(root)
    control.expect(done, 0)
    assert calls == "" and done[1] == "", calls + done[1]


def one_missing(root):
    machine(root, [name for name in BUILD if name != "libinih-dev"])
    done, calls = install(root)
    control.expect(done, 0, "Installing libinih-dev\n")
    lines = [line for line in calls.splitlines() if line.startswith("apt-get")]
    assert len(lines) == 2 and lines[0].endswith(" update"), calls
    assert lines[1].endswith(" install --no-install-recommends libinih-dev"), calls
    assert "systemctl" not in calls and not os.path.exists(root + "/policy"), calls


def removed_counts_as_missing(root):
    machine(root, [name for name in BUILD if name != "gcc"], removed="gcc\n")
    control.expect(install(root)[0], 0, "Installing gcc\n")


def server_does_not_start(root):
    machine(root, [name for name in BUILD if name != "redis-server"])
    done, calls = install(root)
    control.expect(done, 0)
    assert "policy holds" in calls, calls
    assert "systemctl disable redis-server" in calls, calls
    assert not os.path.exists(root + "/policy")


def server_does_not_start_without_systemd(root):
    machine(root, [])
    os.remove(root + "/bin/systemctl")
    done, calls = install(root)
    control.expect(done, 0)
    assert "deb-systemd-helper disable redis-server.service" in calls, calls
    assert "update-rc.d redis-server disable" in calls, calls


def policy_of_others_stays(root):
    machine(root, [], policy="#!/bin/sh\nexit 104\n")
    control.expect(install(root)[0], 0)
    with open(root + "/policy", encoding="utf-8") as policy:
        assert "104" in policy.read()


def with_sudo(root):
    machine(root, BUILD[1:], uid="1000", sudo=True)
    done, calls = install(root)
    control.expect(done, 0)
    assert "sudo env\napt-get" in calls, calls


def without_rights(root):
    machine(root, BUILD[2:], uid="1000")
    done, calls = install(root)
    control.expect(done, 1, "As root, run:\n  apt-get install --no-install-recommends gcc libc6-dev\n")
    assert calls == "", calls


def offline(root):
    machine(root, BUILD[1:], offline="")
    control.expect(install(root)[0], 1, "Installing packages failed")
    assert not os.path.exists(root + "/policy")


def not_debian(root):
    machine(root, BUILD)
    os.remove(root + "/bin/apt-get")
    control.expect(install(root)[0], 0, "not Debian")


def tests_need_more(root):
    machine(root, BUILD)
    control.expect(install(root, "test")[0], 0, "clang-tidy")


if __name__ == "__main__":
    control.main([
        ("nothing missing: nothing called, nothing said", nothing_missing),
        ("one missing: one update, one install", one_missing),
        ("removed counts as missing", removed_counts_as_missing),
        ("redis-server is installed without being started", server_does_not_start),
        ("also where there is no systemd", server_does_not_start_without_systemd),
        ("the policy of others stays", policy_of_others_stays),
        ("another user with sudo", with_sudo),
        ("another user without: says what to do", without_rights),
        ("no network: says so, cleans up", offline),
        ("another system: says what it needs", not_debian),
        ("the tests need more", tests_need_more),
    ])
