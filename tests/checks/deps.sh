#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/deps against a make-believe Debian: what is missing is installed, and only that; who cannot is told how.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
n=0
failed=0

program() { # NAME BODY
	printf '#!/bin/bash\n%s\n' "$2" >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}
# The make-believe machine: $dir/installed holds its packages, $dir/lists says that apt-get update ran.
program dpkg-query 'sed "s/^/installed /" '"$dir"'/installed'
program apt-cache '[ -e '"$dir"'/lists ] && printf "clang\n  Depends: clang-19\n"; exit 0'
program apt-get 'echo "apt-get $*" >>'"$dir"'/calls
for word; do
	case $word in
	update) touch '"$dir"'/lists; exit 0 ;;
	install) [ -e '"$dir"'/lists ] || exit 100; [ ! -e '"$dir"'/broken ] || { echo "no such mirror"; exit 100; } ;;
	esac
done
cp '"$dir"'/policy '"$dir"'/policy_during 2>/dev/null || :'
program sudo 'exit 1'

run() { # UID GROUP... - sets out and status
	program id "echo $1"
	out=$(PATH="$dir/bin:$PATH" POLICY_RC_D="$dir/policy" tests/deps "${@:2}" 2>&1 </dev/null)
	status=$?
}
machine() { # PACKAGE... missing from it
	rm -f "$dir/calls" "$dir/lists" "$dir/broken" "$dir/policy_during"
	: >"$dir/calls"
	awk '!/^#/ { sub(/\*/, "19", $2); print $2 }' tests/deps.txt >"$dir/installed"
	for package; do sed -i "/^$package\$/d" "$dir/installed"; done
}
verdict() { # WHAT CONDITION - fails with what was said and called
	n=$((n + 1))
	if eval "$2"; then echo "ok $n - $1"; return; fi
	printf 'status %s, said: %s\ncalled: %s\n' $status "$out" "$(cat "$dir/calls")" | sed 's/^/# /'
	echo "not ok $n - $1"
	failed=1
}
installs() { # exactly these packages
	[ "$(sed -n 's/.* install .*--no-install-recommends //p' "$dir/calls" | tail -n 1)" = "$1" ]
}

machine; run 0 build check
verdict "nothing missing: nothing said, nothing called" '[ $status = 0 ] && [ -z "$out" ] && [ ! -s "$dir/calls" ]'

machine jq gcc; touch "$dir/lists"; run 0 build check
verdict "root installs what is missing" '[ $status = 0 ] && installs "gcc jq"'
verdict "and says so" '[[ $out == *"installing Debian packages: gcc jq" ]]'
verdict "no service is started meanwhile, and the bar is lifted after" \
	'grep -qx "exit 101" "$dir/policy_during" && [ ! -e "$dir/policy" ]'

machine jq gcc; touch "$dir/lists"; run 0 build
verdict "only the groups asked for" '[ $status = 0 ] && installs gcc'

machine libclang-rt-19-dev; run 0 check
verdict "the sanitizers' runtime is that of the distribution's clang" '[ $status = 0 ] && installs libclang-rt-19-dev'

machine gcc; touch "$dir/lists" "$dir/broken"; run 0 build
verdict "what apt-get said is shown when it fails" '[ $status = 1 ] && [[ $out == *"no such mirror"* ]]'
verdict "with the command to run" '[[ $out == *"apt-get install gcc"* ]]'

machine libclang-rt-19-dev gcc; run 0 build check
verdict "lists that were never fetched are fetched first" '[ $status = 0 ] && installs "gcc libclang-rt-19-dev"'

machine gcc jq; run 1000 build check
verdict "who is not root and has no sudo is told the one command" \
	'[ $status = 1 ] && [[ $out == *"apt-get install gcc jq"* ]] && ! grep -q install "$dir/calls"'

machine gcc; touch "$dir/lists"; program sudo 'echo "sudo $*" >>'"$dir"'/calls; [ "$1" = -n ] && shift; exec "$@"'
run 1000 build
verdict "sudo is used, and said" '[ $status = 0 ] && installs gcc && [[ $out == *"through sudo"* ]] && [ ! -e "$dir/policy" ]'
echo "1..$n"
exit $failed
