#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Coverage of branches: the way past a switch is left out where the switch names all of an enum, and nowhere else.
set -u
coverage=$PWD/tests/coverage
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
mkdir -p daemon/base build/release/obj/daemon/base
printf 'flags:\n\t@echo -O0 -Iinclude -Wall\n' >Makefile
cat >daemon/base/sign.c <<'C'
enum sign { MINUS, ZERO, PLUS, };
struct enum_of { enum sign sign; };
static int seen[4];
static void names_all(enum sign sign)
{
	switch (sign) {
	case MINUS: seen[0]++; break;
	case ZERO:
	case PLUS: seen[1]++; break;
	}
}
static void lacks_one(enum sign sign)
{
	switch (sign) {
	case MINUS: seen[0]++; break;
	case ZERO: seen[1]++; break;
	}
}
static void has_default(enum sign sign)
{
	switch (sign) {
	case MINUS: case ZERO: case PLUS: seen[0]++; break;
	default: seen[1]++;
	}
}
static void is_no_enum(int sign)
{
	switch (sign) {
	case 0: seen[0]++; break;
	case 1: seen[1]++; break;
	}
}
int main(int argc, char **argv)
{
	struct enum_of of = {MINUS};
	(void)argv;
	names_all(argc > 1 ? (enum sign)7 : of.sign);
	lacks_one(MINUS);
	has_default(MINUS);
	is_no_enum(0);
	return 0;
}
C
gcc -w -O0 --coverage -c -o build/release/obj/daemon/base/sign.o daemon/base/sign.c &&
	gcc --coverage -o sign build/release/obj/daemon/base/sign.o || exit 1
n=0
failed=0
check() { # WHAT PATTERN - a line of what was said
	n=$((n + 1))
	if grep -qE -e "$2" <<<"$said"; then
		echo "ok $n - $1"
	else
		sed 's/^/# /' <<<"$said"
		echo "not ok $n - $1"
		failed=1
	fi
}
./sign && said=$("$coverage" build)
check "one switch names all of its enum" '^1 ways past a switch over a whole enum are left out$'
check "its cases and all ways of the others are counted" '^base .* 7 of 12$'
check "those that were never taken are shown with their lines" '^ +7  daemon/base/sign.c: 6 14 21 28 37$'
./sign one_more && said=$("$coverage" build)
check "a value that is none of the enum is told" '^daemon/base/sign.c:6: a value that is none of its enum came here$'
said=$("$coverage" build 12 90; echo "status $?")
check "fewer branches than asked for are a failure" '^status 1$'
echo "1..$n"
exit $failed
