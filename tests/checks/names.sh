#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a file exports is declared in a header of its own floor, once, as module_verb_object (or as the file's name).
set -u
build=${BUILD:-build}
n=0
failed=0
verdict() { # NAME OFFENCES
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else sed 's/^/# /' <<<"$2"; echo "not ok $n - $1"; failed=1; fi
}
exports() { # FLOOR - prints "symbol source"
	find "daemon/$1" -name '*.c' 2>/dev/null | LC_ALL=C sort | while read -r source; do
		object=$build/release/obj/${source%.c}.o
		[ -e "$object" ] && nm -g --defined-only "$object" | awk -v f="$source" '$3 != "main" { print $3, f }'
	done
}
all=
for floor in base lang engine codec io app; do
	declared=$(cat include/$floor/*.h 2>/dev/null | grep -oE '[A-Za-z_][A-Za-z0-9_]*' | sort -u)
	exported=$(exports $floor)
	all+=$exported$'\n'
	verdict "$floor exports what its headers declare" "$(awk 'NR == FNR { declared[$1]; next }
		NF == 2 && !($1 in declared) { print $2 ": " $1 " stands in no header of its floor" }
		NF == 2 && $2 !~ "/" $1 "\\.c$" && $1 !~ /^[a-z][a-z0-9]*_[a-z0-9_]+$/ { print $2 ": " $1 " is not a name like module_verb_object" }
		' <(echo "$declared") <(echo "$exported"))"
done
verdict "no name is exported twice" "$(sort <<<"$all" | awk 'NF == 2 && seen[$1]++ { print $2 " exports " $1 " again" }')"
echo "1..$n"
exit $failed
