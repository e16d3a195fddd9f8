#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every promise of the rule language names tests that exist and run (tests/language.txt), and every function is promised.
set -u
index=tests/language.txt
# What a word of the index may be: a test that its program runs, one of a scenario, a wrong rule file.
known() {
	cat tests/unit/test_*.c | tr '\n\t' '  ' | grep -oE '\b(cmocka_unit_test[a-z_]*|TEST)\( *[a-z0-9_]+' | sed 's/.*( *//'
	grep -hoE '^def test_[a-z0-9_]+' tests/scenario/*.py tests/fault/*.py | sed 's/^def //'
	for file in tests/wrong/*.expected; do basename "$file" .expected | sed 's|^|wrong/|'; done
}
promised() { grep -vE '^(#|$)' "$1" | grep -E "$2"; }
missing() { # INDEX - prints the tests that are not there
	promised "$1" $'^\t' | tr -s ' \t' '\n\n' | grep . | LC_ALL=C sort -u | LC_ALL=C comm -23 - <(known | LC_ALL=C sort -u)
}
bare() { # INDEX - prints the promises without a test
	awk '/^(#|$)/ { next } /^\t/ { held = ""; next } held { print held } { held = $0 ~ /^==/ ? "" : $0 } END { if (held) print held }' "$1"
}
unpromised() { # INDEX - prints the functions that stand under no promise
	sed -n 's/^\t{\.name = "\([a-z_]*\)", \.op = .*/\1/p' daemon/lang/builtin.c | while read -r function; do
		awk '/^== / { on = $0 == "== Functions" } on && !/^\t/' "$1" | grep -qE "(^|[^a-z_])$function\(" || echo "$function()"
	done
}
verdict() { # NUMBER NAME OFFENCES
	if [ -z "$3" ]; then echo "ok $1 - $2"; else sed 's/^/# /' <<<"$3"; echo "not ok $1 - $2"; failed=1; fi
}
failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo 1..5
verdict 1 "every test that $index names is there" "$(missing $index)"
verdict 2 "every promise has a test" "$(bare $index)"
verdict 3 "every function has a promise" "$(unpromised $index)"
verdict 4 "no promise stands twice" "$(promised $index '^[^	]' | LC_ALL=C sort | uniq -d)"
# The check itself: a misspelt test, a promise without one, a function that nobody promises.
sed -e '0,/^\t/s/^\t/\tno_such_test /' -e '$d' -e 's/^ewma(s, d)/smooth(s, d)/; s/ ewma(s, d)//' $index >"$folder/wrong.txt"
verdict 5 "what is missing is seen" "$([ "$(missing "$folder/wrong.txt")" = no_such_test ] || echo "not the misspelt test"
	[ -n "$(bare "$folder/wrong.txt")" ] || echo "not the bare promise"
	[ "$(unpromised "$folder/wrong.txt")" = "ewma()" ] || echo "not the function")"
exit $failed
