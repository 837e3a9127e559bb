#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# H-097, H-098, H-104, H-156: fifty honest peers come up while strangers flood the gateway. Small, as
# builds with sanitizers are slow; the numbers of HOSTILE.md: testing/bench/lab flood sources 20000 10.
#   FLOOD_RATE=1000 first messages a second; FLOOD_SECONDS=4
set -u
# The sanitizer keeps freed memory back; as little as it can, so that what grows is what leaks.
export ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64:${ASAN_OPTIONS:-}"
here=$(cd "$(dirname "$0")" && pwd)
rate=${FLOOD_RATE:-1000} seconds=${FLOOD_SECONDS:-4}
build=${CYG_BUILDDIR:?}
out=$(mktemp /tmp/cygnet-flood.XXXXXX)
trap 'rm -f "$out"' EXIT
tests=0 failed=0

check() {
    local claim=$1
    shift
    tests=$((tests + 1))
    if "$@"; then
        echo "ok $tests - $claim"
    else
        echo "not ok $tests - $claim"
        sed 's/^/# /' "$out"
        failed=$((failed + 1))
    fi
}
# figure NAME: its value; is NAME OPERATOR NUMBER
figure() {
    awk -F '\t' -v name="flood.$mode.$1" '$1 == name { print $2 }' "$out"
}
is() {
    awk -v value="$(figure "$1")" -v operator="$2" -v want="$3" 'BEGIN {
        exit !(value != "" && (operator == ">=" ? value + 0 >= want + 0 : value + 0 <= want + 0)) }'
}
# flood MODE RATE
flood() {
    mode=$1
    timeout 100 "$here/../../bench/lab" flood "$1" "$2" "$seconds" >"$out" 2>&1
}

if ! make -s -C "$build" testing/bench/flood >"$out" 2>&1; then
    sed 's/^/# /' "$out"
    echo "ok 1 - a flood # SKIP testing/bench/flood can't be built: needs crypto-gnutls and auth-psk"
    echo "1..1"
    exit 0
fi
for kind in none sources source silent keepalives bytes; do
    case $kind in
    silent) check "$kind: the gateway lives" flood $kind 100 ;;
    *) check "$kind: the gateway lives" flood $kind "$rate" ;;
    esac
    check "$kind: all known peers come up" is known_up '>=' 100
    check "$kind: 95 of 100 unknown ones do" is unknown_up '>=' 95
    # 4096 entries of 1 KiB, and what malloc and the candidates' cache keep beside them.
    check "$kind: memory is bounded" is memory_during '<=' 65536
    check "$kind: the log is bounded" is log '<=' $((1200 + 200 * seconds))
    echo "# $kind: known $(figure known_up) % in $(figure known_median) ms (longest $(figure known_longest))," \
        "unknown $(figure unknown_up) % in $(figure unknown_median) ms," \
        "$(figure per_message) us of CPU for each message, $(figure overflow) % lost in the socket"
done
echo "1..$tests"
[ "$failed" = 0 ]
