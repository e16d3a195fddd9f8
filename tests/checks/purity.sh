#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pure floors import no clock, randomness, descriptors, stdio, environment, processes or threads.
set -u
build=${BUILD:-build}
clock='time|clock|clock_gettime|clock_getres|gettimeofday|ftime|timespec_get|localtime|localtime_r|tzset|mktime|strftime'
chance='rand|rand_r|srand|random|srandom|initstate|[a-z]rand48|getrandom|getentropy|arc4random.*|RAND_.*'
files='open|openat|creat|close|read|pread|readv|write|pwrite|writev|lseek|stat|lstat|fstat|fstatat|access|unlink'
files+='|rename|mkdir|mkstemp|mmap|opendir|readdir|fcntl|ioctl|pipe|dup2?|chdir|getcwd'
net='socket|connect|bind|listen|accept|accept4|send|sendto|sendmsg|recv|recvfrom|recvmsg|getaddrinfo|gethostby.*'
net+='|poll|ppoll|select|epoll_.*'
stdio='fopen|fdopen|freopen|fclose|fread|fwrite|fflush|fgets|fgetc|getc|getchar|getline|fputs|fputc|putc|putchar|puts'
stdio+='|printf|fprintf|vprintf|vfprintf|dprintf|vdprintf|perror|scanf|fscanf|std(in|out|err)|tmpfile|popen|open_memstream'
world='getenv|secure_getenv|setenv|putenv|setlocale|system|exec.*|fork|vfork|kill|raise|signal|sigaction|exit|_exit|atexit'
world+='|getpid|sleep|usleep|nanosleep|syslog|openlog|dlopen'
threads='pthread_.*|thrd_.*|mtx_.*'
libraries='event_(base_.*|new|add|del|free|assign|active|pending)|evbuffer_.*|bufferevent_.*|evhttp_.*|redis.*|curl_.*|SSL_.*|json_load_file|json_loadf|json_dump_file'
libraries+='|yaml_parser_set_input_file|yaml_emitter_set_output_file|gzopen'
forbidden="^($clock|$chance|$files|$net|$stdio|$world|$threads|$libraries)\$"

# printf is linked as __printf_chk, fscanf as __isoc99_fscanf, fopen as fopen64 where headers say so.
imports() { # ARCHIVE OR OBJECT - prints "symbol object"
	nm -A -u "$1" 2>/dev/null | awk '{ s = $NF; sub(/@.*/, "", s); sub(/^__isoc[0-9]+_/, "", s)
		if (sub(/_chk$/, "", s)) sub(/^__/, "", s); sub(/64$/, "", s)
		o = $1; sub(/:$/, "", o); sub(/.*:/, "", o); print s, o }'
}
offences() { imports "$1" | awk -v forbidden="$forbidden" '$1 ~ forbidden { print $2 " imports " $1 }' | sort -u; }
verdict() { # NUMBER NAME OFFENCES
	if [ -z "$3" ]; then echo "ok $1 - $2"; else sed 's/^/# /' <<<"$3"; echo "not ok $1 - $2"; failed=1; fi
}
failed=0
echo 1..3
library=$build/release/libchurn.a
objects=$(ar t "$library" 2>/dev/null | wc -l)
sources=$(find daemon/base daemon/lang daemon/engine daemon/codec -name '*.c' 2>/dev/null | wc -l)
verdict 1 "libchurn.a holds every source of the pure floors" \
	"$([ "$objects" -gt 0 ] && [ "$objects" -eq "$sources" ] || echo "$objects objects of $sources sources in $library")"
verdict 2 "the pure floors import nothing of the world outside" "$(offences "$library")"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/a.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
long a(char *b, size_t n) { printf("%s%ld", getenv("A"), (long)time(NULL)); fputs(b, stderr); snprintf(b, n, "x"); return random() + read(0, b, n); }
C
found=$(gcc -O2 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -w -c -o "$dir/a.o" "$dir/a.c" && offences "$dir/a.o" |
	sed 's/.* imports //' | tr '\n' ' ')
missing=$(for s in printf getenv time stderr random read; do [[ " $found" == *" $s "* ]] || echo "$s passed unseen"; done
	[[ " $found" != *snprintf* ]] || echo "snprintf is allowed")
verdict 3 "a false object that imports them is refused" "$missing"
exit $failed
