# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Several build trees stand side by side (optimised, sanitized, by the other compiler), each made
# with its own options; a tree is made anew only when its options change.
#
# Sourced. Offers build_tree.

# build_tree DIR COMPILER "OPTION..." [TARGET...]: configures DIR and builds TARGETs (all if none).
# Quiet as long as all is well. 0, or 1 after printing what the compiler said.
build_tree() {
	local dir=$1 compiler=$2 options=$3 log wanted root result=0
	shift 3
	root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
	log=$(mktemp)
	wanted="$compiler $options"
	if [ ! -e "$dir/build.ninja" ] || [ "$(cat "$dir/options" 2>/dev/null)" != "$wanted" ]; then
		rm -rf "$dir"
		# shellcheck disable=SC2086 # options are words
		CC=$compiler meson setup "$dir" "$root" $options >"$log" 2>&1 || result=1
		if [ "$result" -eq 0 ]; then
			printf '%s\n' "$wanted" >"$dir/options"
		fi
	fi
	if [ "$result" -eq 0 ]; then
		if [ -t 1 ]; then
			ninja -k 20 -C "$dir" "$@" || return 1
		else
			ninja -k 20 -C "$dir" "$@" >"$log" 2>&1 || result=1
		fi
	fi
	if [ "$result" -ne 0 ]; then
		# Without progress, what was found, and the compiler's command lines, which hide the reason.
		grep -v -e '^\[[0-9]*/[0-9]*\] [A-Z]' -e ' -o [^ ]* .*-c [^ ]*$' -e ': YES' \
			-e '^ninja: Entering' "$log" |
			tail -n 200 >&2
	fi
	rm -f "$log"
	return "$result"
}
