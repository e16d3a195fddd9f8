#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every flavour builds: gcc, gcc with sanitizers, clang, clang for fuzzing; in CI a warning is an error.
set -u
jobs=$(nproc 2>/dev/null || echo 2)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0
failed=0

build() { # FLAVOUR TARGET... - what it shows
	local flavour=$1 what=${*: -1}
	n=$((n + 1))
	if make --no-print-directory -k -j"$jobs" FLAVOUR="$flavour" "${@:2:$#-2}" >"$log" 2>&1; then
		echo "ok $n - $what"
	else
		failed=1
		grep -v "^  $flavour  " "$log" | sed 's/^/# /'
		echo "not ok $n - $what"
	fi
}

echo 1..4
build release everything "gcc builds everything"
build asan everything "gcc builds everything with ASan and UBSan"
build clang everything "clang builds everything"
build fuzz fuzzers "clang builds the fuzz targets"
exit $failed
