#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Makefile on a tiny tree of its own: what must be built again is, what need not be is not, nothing old stays.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
top=$PWD
n=0
failed=0
unset BUILD MAKEFLAGS CFLAGS CPPFLAGS LDFLAGS

say() { # FILE TEXT - writes it as of the past, so that the next writing is newer
	mkdir -p "$dir/$(dirname "$1")"
	printf '%s\n' "$2" >"$dir/$1"
	touch -d '1 minute ago' "$dir/$1"
}
made() { # ARGUMENT... - runs make there; what was compiled (once or as a part of the whole too) or linked, or the first error, in one line
	local out
	out=$(make --no-print-directory -C "$dir" "$@" 2>&1) || { grep -m 1 -E 'error|\*\*\*' <<<"$out"; return 1; }
	awk '{ print $2 }' <<<"$out" | LC_ALL=C sort -u | paste -sd ' '
}
check() { # WHAT WANTED GOT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		printf '# wanted: %s\n# got:    %s\nnot ok %s - %s\n' "$2" "$3" $n "$1"
		failed=1
	fi
}
members() { ar t "$dir/build/release/libchurn.a" | LC_ALL=C sort | paste -sd ' '; }

cp "$top/Makefile" "$dir/"
check "an empty tree builds" "" "$(made FLAVOUR=release everything)"

say include/base/one.h 'int one_value(void);'
say daemon/base/one.c '#include "base/one.h"
int one_value(void) { return 1; }'
say daemon/base/two.c 'int two_value(void); int two_value(void) { return 2; }'
say daemon/app/churnd.c '#include "base/one.h"
int main(void) { return one_value() - 1; }'
check "the libraries and the program are built" "build/churnd daemon/app/churnd.c daemon/base/one.c daemon/base/two.c" \
	"$(made FLAVOUR=release everything)"
check "the program runs" 0 "$("$dir/build/churnd"; echo $?)"
check "nothing is built twice" "" "$(made FLAVOUR=release everything)"
touch "$dir/include/base/one.h"
check "a header rebuilds those who read it" "build/churnd daemon/app/churnd.c daemon/base/one.c" \
	"$(made FLAVOUR=release everything)"
rm "$dir/daemon/base/two.c"
check "a source that went away" "build/churnd" "$(made FLAVOUR=release everything)"
check "is in no library any more" "one.o" "$(members)"
say daemon/app/churnd.c '#include "base/two.h"
int main(void) { return 0; }'
say include/base/two.h ''
touch "$dir/daemon/app/churnd.c"
made FLAVOUR=release everything >/dev/null
rm "$dir/include/base/two.h"
say daemon/app/churnd.c 'int main(void) { return 0; }'
touch "$dir/daemon/app/churnd.c"
check "a header that went away with its readers stops nothing" "build/churnd daemon/app/churnd.c" \
	"$(made FLAVOUR=release everything)"
check "other flags rebuild all" "build/churnd daemon/app/churnd.c daemon/base/one.c" \
	"$(made FLAVOUR=release everything CFLAGS=-O0)"
say daemon/base/one.c '#include "base/one.h"
int one_value(void) { int unused; return 1; }'
check "a warning is none of a user's errors" 0 "$(CI='' made FLAVOUR=release everything >/dev/null; echo $?)"
check "but one in CI" 1 "$(CI=true made FLAVOUR=release everything | grep -c 'unused')"
check "a flavour that does not exist is refused" 1 "$(made FLAVOUR=mint everything | grep -c 'no flavour "mint"')"

wanted=$(sed -n 's/^\.PHONY: help /help /p' Makefile | tr ' ' '\n' | grep -v '^deps-build$' | sort | paste -sd ' ')
check "make help names every target" "$wanted" "$(make --no-print-directory help | awk '$1 == "make" { print $2 }' |
	sort | paste -sd ' ')"
make --no-print-directory -C "$dir" clean >/dev/null
check "make clean leaves nothing that was built" no "$([ -e "$dir/build" ] && echo yes || echo no)"
echo "1..$n"
exit $failed
