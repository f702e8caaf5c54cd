# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The client libraries that the tests try against a collector: those of
# tests/integration/sdk/package-lock.json, to the byte. Without them (no network, no npm) their
# tests are skipped and say so; nothing else needs them.
#
# Sourced. Offers sdk_install ROOT.

# Fetches them unless what was fetched last is what is wanted.
sdk_install() {
	local folder=$1/tests/integration/sdk log
	if ! command -v npm >/dev/null; then
		printf 'No npm: the tests of client libraries will be skipped\n' >&2
		return 0
	fi
	if cmp -s "$folder/package-lock.json" "$folder/node_modules/.fetched"; then
		return 0
	fi
	printf 'Fetching client libraries\n' >&2
	log=$(mktemp)
	if npm --prefix "$folder" ci </dev/null >"$log" 2>&1; then
		cp "$folder/package-lock.json" "$folder/node_modules/.fetched"
	else
		tail -n 20 "$log" >&2
		printf 'Without them the tests of client libraries will be skipped\n' >&2
	fi
	rm -f "$log"
}
