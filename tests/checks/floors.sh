#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file includes its own floor or a lower one, and the pure floors include no header of the world outside.
set -u
floors='base lang engine codec io app'
scan() { # ROOT - prints one line an offence
	find "$1/daemon" "$1/include" -name '*.[ch]' 2>/dev/null | LC_ALL=C sort | xargs -r awk -v floors="$floors" '
		BEGIN {
			n = split(floors, name, " ")
			for (i = 1; i <= n; i++) level[name[i]] = i
			outside = "^(event2?|hiredis|curl|openssl/ssl|sys/(socket|time|stat|epoll)|netinet|arpa|netdb|poll|" \
				"unistd|fcntl|pthread|threads|signal|time|dirent|syslog)([./]|$)"
		}
		FNR == 1 {
			m = split(FILENAME, part, "/")
			own = part[m - 1]
			if (!(own in level)) print FILENAME ": stands on no floor (" floors ")"
		}
		/^[ \t]*#[ \t]*include[ \t]*"/ {
			split($0, quoted, "\"")
			if (quoted[2] !~ /\//) { print FILENAME ":" FNR ": \"" quoted[2] "\": write it with its floor"; next }
			split(quoted[2], target, "/")
			if (!(target[1] in level)) print FILENAME ":" FNR ": \"" quoted[2] "\" names no floor"
			else if (level[target[1]] > level[own]) print FILENAME ":" FNR ": " own " may not include " quoted[2]
		}
		/^[ \t]*#[ \t]*include[ \t]*</ {
			split($0, cut, /[<>]/)
			if (cut[2] in level || cut[2] ~ "^(base|lang|engine|codec|io|app)/")
				print FILENAME ":" FNR ": our own headers are included with quotes"
			if (level[own] <= level["codec"] && cut[2] ~ outside)
				print FILENAME ":" FNR ": " own " is a pure floor and may not include <" cut[2] ">"
		}'
}
verdict() { # NUMBER NAME OFFENCES
	if [ -z "$3" ]; then echo "ok $1 - $2"; else sed 's/^/# /' <<<"$3"; echo "not ok $1 - $2"; failed=1; fi
}
failed=0
echo 1..2
verdict 1 "a file includes its own floor or a lower one" "$(scan .)"

# The check itself: a tree with one offence of each kind is refused line by line.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/daemon/lang" "$tree/include/base" "$tree/daemon/attic"
printf '#include "engine/step.h"\n#include "lang/token.h"\n#include <sys/socket.h>\n#include "token.h"\n' >"$tree/daemon/lang/a.c"
printf '#include "lang/token.h"\n#include <time.h>\n#include <base/err.h>\n' >"$tree/include/base/b.h"
printf 'int x;\n' >"$tree/daemon/attic/c.c"
found=$(scan "$tree" | wc -l)
verdict 2 "seven offences in a false tree are seen" "$([ "$found" -eq 7 ] || echo "saw $found of 7")"
exit $failed
