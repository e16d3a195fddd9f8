#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The runner itself: fake tests that fail, crash, hang, skip or say nothing get the verdict they deserve.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

fake() { # NAME BODY - writes a fake test
	printf '#!/usr/bin/env bash\n%s\n' "$2" >"$dir/$1"
	chmod +x "$dir/$1"
}
check() { # WHAT CLOSING STATUS PATTERN ENTRY... - the runner's last line, its status, a line it must print
	local what=$1 closing=$2 status=$3 pattern=$4 got out
	n=$((n + 1))
	out=$(tests/run --logs "$dir/logs" --timeout 20 "${@:5}" 2>&1)
	got=$?
	if [ "$(tail -n 1 <<<"$out")" = "$closing" ] && [ $got -eq "$status" ] && grep -q -e "$pattern" <<<"$out"; then
		echo "ok $n - $what"
	else
		printf 'wanted status %s, "%s", /%s/; got status %s and:\n%s\n' "$status" "$closing" "$pattern" $got "$out" |
			sed 's/^/# /'
		echo "not ok $n - $what"
		failed=1
	fi
}

fake passes 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
fake fails 'echo "ok 1 - a"; echo "the reason"; echo "not ok 2 - b"; exit 1'
fake fails_quietly 'echo "ok 1 - a"; echo "not ok 2 - b"'
fake crashes 'echo "ok 1 - a"; kill -SEGV $$'
fake crashes_after_failing 'echo "not ok 1 - a"; kill -SEGV $$'
fake errs 'echo "ok 1 - a"; exit 3'
fake silent 'echo "all is well"'
fake skips 'echo "ok 1 - a"; echo "ok 2 - b # SKIP no reason"'
fake skips_all 'echo "1..0 # SKIP nothing to do here"'
fake skips_as_cmocka 'echo "not ok 1 # SKIP a"; echo "ok 2 - b"'
fake stops_short 'echo 1..3; echo "ok 1 - a"'
fake bails 'echo "ok 1 - a"; echo "Bail out! no disk"'
# Its child keeps the output open and would hang on for an hour; both must be gone.
fake hangs "echo \"ok 1 - a\"; sleep 3600 & echo \$! >$dir/child; wait"
fake lingers "echo \"ok 1 - a\"; sleep 3600 & echo \$! >$dir/lingering"
fake takes_word 'echo "ok 1 - $1"; [ "$1" = word ]'
fake sees_tap 'echo "ok 1 - a"; [ "$CMOCKA_MESSAGE_OUTPUT" = TAP ]'
fake second "[ -e $dir/first_ended ] && echo 'ok 1 - a'"
fake first "echo 'ok 1 - a'; : >$dir/first_ended"

check "passing tests are counted" "2 passed, 0 failed" 0 '^ok .*passes .*2 passed' "$dir/passes"
check "a failing test fails the run" "1 passed, 1 failed" 1 'fails: 2 - b' "$dir/fails"
check "its output is shown in full" "1 passed, 1 failed" 1 '| the reason' "$dir/fails"
check "not ok counts though the program exits 0" "1 passed, 1 failed" 1 'fails_quietly: 2 - b' "$dir/fails_quietly"
check "a crash is a failure" "1 passed, 1 failed" 1 'crashes: killed by SIGSEGV' "$dir/crashes"
check "a crash after a failure counts too" "0 passed, 2 failed" 1 'killed by SIGSEGV' "$dir/crashes_after_failing"
check "an exit status without not ok is a failure" "1 passed, 1 failed" 1 'errs: exit status 3' "$dir/errs"
check "a program that ran no test is a failure" "0 passed, 1 failed" 1 'silent: ran no test' "$dir/silent"
check "a skipped test is counted apart" "1 passed, 0 failed, 1 skipped" 0 '1 skipped' "$dir/skips"
check "a wholly skipped program is one skip" "0 passed, 0 failed, 1 skipped" 0 '1 skipped' "$dir/skips_all"
check "a skip in cmocka's words is no failure" "1 passed, 0 failed, 1 skipped" 0 '1 skipped' "$dir/skips_as_cmocka"
check "a plan that was not kept is a failure" "1 passed, 1 failed" 1 'planned 3 tests but ran 1' "$dir/stops_short"
check "bailing out is a failure" "1 passed, 1 failed" 1 'Bail out! no disk' "$dir/bails"
check "a hanging test is ended" "1 passed, 1 failed" 1 'timed out after 1 s' --timeout 1 "$dir/hangs"
check "a program that is not there is a failure" "0 passed, 1 failed" 1 'cannot be started' "$dir/absent"
check "an entry may carry arguments" "1 passed, 0 failed" 0 'takes_word word' "$dir/takes_word word"
check "cmocka is asked for TAP" "1 passed, 0 failed" 0 'sees_tap' "$dir/sees_tap"
check "nothing to run is a failure" "0 passed, 1 failed" 1 'nothing to run' --only nothing "$dir/passes"
check "only what is named runs" "2 passed, 0 failed" 0 '^1 programs' --only pass "$dir/passes" "$dir/fails"
check "a stage waits for the one before" "2 passed, 0 failed" 0 'late/second' --jobs 2 --stage early "$dir/first" \
	--stage late "$dir/second"
check "all verdicts add up" "5 passed, 3 failed, 1 skipped" 1 '^5 programs' --jobs 2 "$dir/passes" "$dir/fails" \
	"$dir/skips" "$dir/errs" "$dir/silent"
check "what a test leaves running does not hold up the run" "1 passed, 0 failed" 0 'lingers' "$dir/lingers"

gone() { # FILE - is the process whose number stands there gone (or a zombie)?
	! grep -qsE "^State:[[:space:]]+[^Z[:space:]]" "/proc/$(cat "$1")/status"
}
n=$((n + 1))
if gone "$dir/child" && gone "$dir/lingering"; then
	echo "ok $n - no process outlives the run"
else
	echo "not ok $n - no process outlives the run"
	failed=1
fi
echo "1..$n"
exit $failed
