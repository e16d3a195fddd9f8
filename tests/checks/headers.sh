#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone, and twice.
set -u
flags=$(make --no-print-directory FLAVOUR=release flags) || exit 1
headers=$(find include tests -name '*.h' | LC_ALL=C sort)
n=0
failed=0
for header in $headers; do
	n=$((n + 1))
	if said=$(printf '#include "%s"\n#include "%s"\n' "$PWD/$header" "$PWD/$header" |
		eval "gcc $flags -Werror -fsyntax-only -x c -" 2>&1); then
		echo "ok $n - $header compiles alone"
	else
		sed 's/^/# /' <<<"$said"
		echo "not ok $n - $header compiles alone"
		failed=1
	fi
done
echo "1..$n"
exit $failed
