#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit is confined (at most 1.5 of 10 by systemd's own count), and names what `make install` installs.
set -u
unit=systemd/churnd.service
build=${BUILD:-build}
n=0
failed=0
verdict() { # NAME OFFENCES
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else sed 's/^/# /' <<<"$2"; echo "not ok $n - $1"; failed=1; fi
}
exposure() { systemd-analyze security --offline=true --no-pager "$1" 2>&1; }
score() { exposure "$1" | sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'; }

got=$(score $unit)
verdict "exposure level is at most 1.5 (${got:-unknown})" "$(awk -v s="${got:-10}" 'BEGIN { exit !(s > 1.5) }' && exposure $unit)"

# The measure itself: the unit without its confinement is found wanting.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
grep -vE '^(Protect|Private|Restrict|SystemCall|Capability)' $unit >"$dir/churnd.service"
loose=$(score "$dir/churnd.service")
verdict "a unit without its confinement is refused" "$(awk -v s="${loose:-0}" 'BEGIN { exit !(s <= 1.5) }' && echo "scored ${loose:-nothing}")"

# The programs it names are not installed here, and need not be: only what systemd does not understand counts.
unknown() { systemd-analyze verify --man=no "$1" 2>&1 | grep -iE "unknown|invalid|failed to parse|ignoring"; }
sed 's/^WatchdogSec=/WatchdogSecs=/' $unit >"$dir/churnd.service"
verdict "systemd understands every line" "$(unknown $unit; [ -n "$(unknown "$dir/churnd.service")" ] || echo "a wrong line was not seen")"

verdict "it tells systemd when it is ready, alive and reloading" "$(for line in Type=notify 'WatchdogSec=[0-9]+s?' DynamicUser=yes \
	StateDirectory=churnd ConfigurationDirectory=churnd 'LoadCredential=.+' 'ExecReload=.*-HUP.*'; do
	grep -qE "^$line\$" $unit || echo "no line $line"; done)"

stop=$(sed -n 's/.*->stop_timeout = \([0-9]*\) \* SECOND_MS;/\1/p' daemon/codec/config.c)
verdict "systemd waits longer for the end than stop_timeout (${stop:-unknown} s), and says that both go together" "$(
	[ "$(sed -n 's/^TimeoutStopSec=\([0-9]*\)s$/\1/p' $unit)" -gt "${stop:-999}" ] 2>&1 || echo "not longer"
	grep -B 1 '^TimeoutStopSec=' $unit | grep -q "^#.*stop_timeout.*(${stop}s " || echo "not a word of stop_timeout's ${stop} s")"

make --no-print-directory install DESTDIR="$dir/root" PREFIX=/opt/churn SYSCONFDIR=/etc >"$dir/log" 2>&1 || cat "$dir/log" >&2
installed=$dir/root/opt/churn
verdict "make install puts the unit where systemd looks and makes it name the installed program" "$(
	grep -qE '^ExecStart=/opt/churn/bin/churnd( |$)' "$installed/lib/systemd/system/churnd.service" || cat "$dir/log")"
verdict "make install brings licence, rules, connectors, an example configuration, a private place for secrets" "$(
	for f in share/doc/churnd/LICENSE share/churnd/churnd.yaml; do [ -s "$installed/$f" ] || echo "no $f"; done
	for f in rules/*.yaml rules/README.md rules/tests/*.yaml connectors/*; do [ ! -e "$f" ] || cmp "$f" "$installed/share/churnd/$f" 2>&1; done
	for f in $build/churnd $build/churnctl; do [ ! -e "$f" ] || cmp "$f" "$installed/bin/${f##*/}" 2>&1; done
	[ -s "$dir/root/etc/churnd/churnd.yaml" ] || echo "no /etc/churnd/churnd.yaml"
	[ "$(stat -c %a "$dir/root/etc/churnd/secrets")" = 700 ] || echo "secrets can be read by others")"
verdict "the installed README's links to rules and connectors lead there" "$(
	links=$(grep -oE '\]\((rules|connectors)/[^)#]*' README.md | sed 's/^](//' | sort -u)
	[ -n "$links" ] || echo "README.md has none"
	for f in $links; do cmp "$f" "$installed/share/doc/churnd/$f"; done 2>&1)"
if [ -x $build/churnctl ] && [ -e rules/saas.yaml ]; then
	said=$($build/churnctl test "$installed"/share/churnd/rules/tests/*.yaml 2>&1) && said= || said="exit status $?: $said"
	verdict "the installed rules pass the tests installed beside them" "$said"
fi
if [ -x $build/churnd ] && [ -e rules/saas.yaml ]; then
	sed "s,/opt/churn,$installed,g" "$dir/root/etc/churnd/churnd.yaml" >"$dir/churnd.yaml"
	said=$($build/churnd -c "$dir/churnd.yaml" -t 2>&1) && said= || said="exit status $?: $said"
	verdict "churnd accepts the example configuration" "$said"
fi
echo mine >"$dir/root/etc/churnd/churnd.yaml"
make --no-print-directory install DESTDIR="$dir/root" PREFIX=/opt/churn SYSCONFDIR=/etc >"$dir/log" 2>&1
verdict "make install leaves an admin's configuration alone" "$(grep -qx mine "$dir/root/etc/churnd/churnd.yaml" || echo overwritten)"
echo "1..$n"
exit $failed
