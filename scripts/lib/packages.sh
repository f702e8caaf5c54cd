# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A newcomer's machine has git and a shell; everything else is in Debian 12. What is already there
# costs one dpkg-query, so every script may ask each time it runs.
#
# Sourced. Offers packages_install SET, where SET is build, test or fuzz.

# To build and run.
# ca-certificates: whom to believe that they are who they say, when something is fetched over https.
packages_build=(
	gcc libc6-dev meson ninja-build pkgconf
	libevent-dev libhiredis-dev libjansson-dev zlib1g-dev libzstd-dev libssl-dev libcurl4-openssl-dev libinih-dev
	libpcre2-dev libidn2-dev libunistring-dev
	ca-certificates redis-server redis-tools tzdata
)
# To check and test as well.
# libclang-rt: the sanitizer headers that clang-tidy reads.
# chromium: the browser in which the beacon and browser SDKs are tried.
# openssl: makes the certificates of servers that are fetched from.
packages_test=(
	git python3 python3-yaml python3-jsonschema binutils openssl
	clang clang-format clang-tidy libclang-rt-14-dev shellcheck
	chromium
)
# To search for inputs that break a parser.
packages_fuzz=(clang libclang-rt-14-dev llvm)

# dpkg starts no service while this file says so (invoke-rc.d(8)).
packages_policy_file=/usr/sbin/policy-rc.d

packages_as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Prints those of its arguments that are not installed.
packages_missing() {
	local name
	for name in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status} ' "$name" 2>/dev/null) in
		installed\ * | *\ installed\ *) ;;
		*) printf '%s\n' "$name" ;;
		esac
	done
}

packages_apt() {
	packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Runs packages_apt install with no service started by it: redis-server's package would start one
# on port 6379, now and at each boot, and Waymark runs a private one.
packages_install_quietly() {
	local policy='' result=0
	if [ ! -e "$packages_policy_file" ]; then
		policy=$packages_policy_file
		printf '#!/bin/sh\nexit 101\n' | packages_as_root tee "$policy" >/dev/null
		packages_as_root chmod 755 "$policy"
		# shellcheck disable=SC2064 # the name as it is now
		trap "packages_as_root rm -f '$policy'" EXIT
	fi
	packages_apt install --no-install-recommends "$@" || result=$?
	if [ -n "$policy" ]; then
		packages_as_root rm -f "$policy"
		trap - EXIT
	fi
	case " $* " in
	*' redis-server '*)
		if command -v systemctl >/dev/null; then
			packages_as_root systemctl disable redis-server || :
		else
			packages_as_root deb-systemd-helper disable redis-server.service || :
			packages_as_root update-rc.d redis-server disable || :
		fi
		;;
	esac
	return "$result"
}

# Installs what is missing of a set. 0, or 1 with the reason on stderr.
packages_install() {
	local wanted=("${packages_build[@]}") missing log
	case $1 in
	build) ;;
	test)
		wanted+=("${packages_test[@]}")
		# For client libraries. Where node does not come from Debian it brings npm, and would be
		# removed for Debian's.
		command -v node >/dev/null || wanted+=(nodejs)
		command -v npm >/dev/null || wanted+=(npm)
		;;
	fuzz) wanted+=("${packages_fuzz[@]}") ;;
	*)
		printf 'No set of packages is called %s\n' "$1" >&2
		return 1
		;;
	esac
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		printf 'This is not Debian: make sure yourself that there is %s\n' "${wanted[*]}" >&2
		return 0
	fi
	mapfile -t missing < <(packages_missing "${wanted[@]}")
	if [ "${#missing[@]}" -eq 0 ]; then
		return 0
	fi
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		printf 'Some packages are missing. As root, run:\n  apt-get install --no-install-recommends %s\n' \
			"${missing[*]}" >&2
		return 1
	fi
	printf 'Installing %s\n' "${missing[*]}" >&2
	log=$(mktemp)
	# An old list may still do, so only the installation decides.
	packages_apt update >"$log" 2>&1 || :
	if ! packages_install_quietly "${missing[@]}" >>"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		printf 'Installing packages failed. As root, try:\n  apt-get update && apt-get install --no-install-recommends %s\n' \
			"${missing[*]}" >&2
		return 1
	fi
	rm -f "$log"
}
