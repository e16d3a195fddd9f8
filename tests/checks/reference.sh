#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rules/README.md holds the tables that the program runs on, and its examples are rules that load. `--write` renews the tables.
set -u
build=${BUILD:-build}
readme=rules/README.md
tool=$build/release/tools/reference
parts='functions messages limits'
verdict() { # NUMBER NAME OFFENCES
	if [ -z "$3" ]; then echo "ok $1 - $2"; else sed 's/^/# /' <<<"$3"; echo "not ok $1 - $2"; failed=1; fi
}
# What stands between <!-- NAME --> and <!-- end of NAME -->.
part() { awk -v n="$1" '$0 == "<!-- end of " n " -->" { on = 0 } on { print } $0 == "<!-- " n " -->" { on = 1 }' "$2"; }
if [ "${1:-}" = --write ]; then
	for name in $parts; do
		"$tool" "$name" >"$build/reference.$name" || exit 1
		awk -v n="$name" -v table="$build/reference.$name" '
			$0 == "<!-- end of " n " -->" { skip = 0 }
			!skip { print }
			$0 == "<!-- " n " -->" { while ((getline line <table) > 0) print line; skip = 1 }' "$readme" >"$build/reference.md" &&
			cat "$build/reference.md" >"$readme"
	done
	exit 0
fi
failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo 1..4
verdict 1 "the tables of $readme are those of the program" "$(for name in $parts; do
	diff <("$tool" "$name") <(part "$name" "$readme") >"$folder/diff" || { echo "$name: run tests/checks/reference.sh --write"; head -n 6 "$folder/diff"; }; done)"
# The tour is one file, told in pieces.
awk '/^```yaml$/ { on = 1; next } /^```$/ { on = 0 } on' <(part tour "$readme") >"$folder/tour.yaml"
verdict 2 "the tour's rules load without a warning" "$("$build/churnctl" check "$folder/tour.yaml" 2>&1 | grep -E ': (error|warning)'
	[ "$("$build/churnctl" check "$folder/tour.yaml" 2>/dev/null | grep -c '')" -gt 0 ] || echo "churnctl check said nothing of $folder/tour.yaml")"
awk '/^```json$/ { on = 1; next } /^```$/ { on = 0 } on' <(part tour "$readme") >"$folder/events.ndjson"
verdict 3 "the tour's events fire the rules it says" "$(diff \
	<("$build/churnctl" replay --rules "$folder/tour.yaml" --events "$folder/events.ndjson" --until 2026-03-31 --only rule.fired 2>&1 |
		grep -oE '"rule":"[a-z_]+","points":[0-9]+' | sed 's/"rule":"\(.*\)","points":\(.*\)/\1 \2/') \
	<(awk '/^```fired$/ { on = 1; next } /^```$/ { on = 0 } on' <(part tour "$readme")))"
# The check itself.
sed 's/p_drop/p_dropp/' "$readme" >"$folder/wrong.md"
verdict 4 "a table that differs is seen" "$(diff -q <("$tool" functions) <(part functions "$folder/wrong.md") >/dev/null && echo "it is not")"
exit $failed
