#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every source says its licence in the first lines and its purpose next; no room is larger than 600 lines;
# nothing that was built, and no path of somebody's machine, lies in the tree.
set -u
verdict() { # NUMBER NAME OFFENCES
	if [ -z "$3" ]; then echo "ok $1 - $2"; else sed 's/^/# /' <<<"$3"; echo "not ok $1 - $2"; failed=1; fi
}
failed=0
echo 1..6
# What would be committed: the same inside a clone and inside an unpacked archive.
files=$(find . -path ./.git -prune -o -path ./build -prune -o -path "./${BUILD:-build}" -prune -o -name __pycache__ -prune -o -type f -print |
	sed 's,^\./,,' | LC_ALL=C sort)
sources=$(grep -E '\.([ch]|sh|py|ya?ml|service)$|^(Makefile|\.clang-.*|\.ci/run|tests/.*/[a-z_-]+|tests/[a-z]+)$' <<<"$files" |
	grep -vE '^tests/.*(\.ya?ml$|/corpus/)') # the tests' data are no sources
c_files=$(grep -E '\.[ch]$' <<<"$sources")

verdict 1 "every source carries its licence" "$(for f in $sources; do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f: no SPDX line in its first three lines"; done)"
verdict 2 "a C file begins with its licence and a sentence" "$(for f in $c_files; do
	awk -v f="$f" 'NR == 1 && $0 != "/* SPDX-License-Identifier: Apache-2.0 */" { print f ": line 1 is not the licence" }
		NR == 2 && $0 !~ /^\/\*/ { print f ": line 2 does not begin the sentence on its door" } NR == 2 { exit }' "$f"; done)"
verdict 3 "no room is larger than 600 lines" "$(for f in $c_files; do
	n=$(wc -l <"$f"); [ "$n" -le 600 ] || echo "$f: $n lines"; done)"
verdict 4 "file names are lower case, digits, _ - and dots" "$(grep -vE '^[a-z0-9_./-]+$|^(Makefile|LICENSE|README(\.[a-zA-Z-]+)?\.md)$|^tests/CAMPAIGN\.md$|/corpus/|/README\.md$' <<<"$files")"
verdict 5 "nothing that was built lies in the tree" \
	"$(grep -E '\.(o|a|d|so|pyc|orig|rej|log|rdb|aof|core)$|(^|/)core(\.[0-9]+)?$' <<<"$files")"
verdict 6 "no path of somebody's machine in a source" \
	"$(grep -nE '(^|[^A-Za-z0-9_.])/(home|work|root|Users)/[a-z]' $sources /dev/null | grep -v 'tests/checks/sources.sh:')"
exit $failed
