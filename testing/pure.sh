#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What check-layers can't see in includes, from the compiled objects: codec and engine call nothing
# that does I/O, tells time, starts a thread or gives randomness; and no library has a variable that
# can change, as state belongs to who created it.
set -euo pipefail

number=0 failed=0
result() {
    number=$((number + 1))
    echo "$1 $number - $2"
    [ "$1" = ok ] || failed=1
}

if [ "${CYG_INSTRUMENTED:-no}" = yes ]; then
    echo "1..0 # SKIP sanitizers and coverage bring calls and variables of their own"
    exit 0
fi

impure='(socket|bind|connect|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|accept4?'
impure+='|read|write|open|open64|openat|close|fopen|fopen64|fread|fwrite|fputs|puts|printf|fprintf'
impure+='|perror|syslog|getenv|time|clock|clock_gettime|gettimeofday|getrandom|getentropy|rand'
impure+='|random|srand|arc4random[a-z_]*|pthread_[a-z_]+|thrd_[a-z]+|mtx_[a-z]+|fork|exec[a-z]+'
impure+='|system|dlopen|dlsym|poll|epoll_[a-z0-9]+|uv_[a-z_]+|sqlite3_[a-z0-9_]+|cyg_time_[a-z]+)'

calls_impure() { # what an archive or object needs of the forbidden
    nm -u "$1" 2>/dev/null | awk '{ print $NF }' | sed 's/@.*//; s/^__//; s/_chk$//' |
        grep -xE "$impure" | sort -u || true
}
# Variables in writable sections. Constants with addresses lie in .data.rel.ro, and are no such.
variables() {
    # Before the tab "address flags section", behind it "size [.hidden] name".
    objdump -t "$1" 2>/dev/null | awk -F '\t' '
        NF == 2 {
            n = split($1, left, " ")
            m = split($2, right, " ")
            if (left[n] ~ /^(\.data(\.rel(\.local)?)?|\.bss|\.tdata|\.tbss|\*COM\*)$/ &&
                right[m] !~ /^\./) {
                print right[m]
            }
        }' | sort -u
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/bad.c" <<'C'
#include <stdio.h>
#include <time.h>
static int counter;
static const char *const names[] = { "a", "b" };
static const char *current = "x";
static int preset = 3;
long bad(int i)
{
    current = names[i];
    preset += i;
    return puts(current) + time(NULL) + counter++ + preset;
}
C
${CC:-cc} -O0 -fPIC -c -o "$scratch/bad.o" "$scratch/bad.c"
for name in puts time; do
    if calls_impure "$scratch/bad.o" | grep -qx "$name"; then
        result ok "self-test: a call of $name is found"
    else
        result "not ok" "self-test: a call of $name is found"
    fi
done
if [ "$(variables "$scratch/bad.o" | xargs)" = "counter current preset" ]; then
    result ok "self-test: variables are found, constants are none"
else
    result "not ok" "self-test: variables are found, constants are none"
    variables "$scratch/bad.o" | sed 's/^/# /'
fi

for library in libcodec libengine; do
    found=$(calls_impure "$CYG_BUILDDIR/.libs/$library.a")
    if [ -z "$found" ]; then
        result ok "$library does no I/O"
    else
        result "not ok" "$library does no I/O"
        printf '%s\n' "$found" | sed 's/^/# it calls /'
    fi
done
# "nothing" of writer.c is an address for a writer without room, which therefore never writes there.
for library in libcore libcodec libengine; do
    found=$(variables "$CYG_BUILDDIR/.libs/$library.a" | grep -vxE '([a-z_]+\.)?nothing(\.[0-9]+)?' || true)
    if [ -z "$found" ]; then
        result ok "$library has no variables"
    else
        result "not ok" "$library has no variables"
        printf '%s\n' "$found" | sed 's/^/# /'
    fi
done
echo "1..$number"
exit "$failed"
