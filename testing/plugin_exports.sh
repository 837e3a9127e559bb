#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A plugin exports its descriptor, cyg_plugin, and nothing else: two plugins in one process must not
# meet by the names of their functions. $CYG_PLUGINS are the plugins of this build (*.la).
set -euo pipefail

# Names that a shared object exports, but for those of the compiler's own instrumentation.
exports() {
    nm -D --defined-only "$1" | awk '{ print $NF }' |
        grep -vE '^__(odr_)?(asan|ubsan|tsan|msan|sancov|sanitizer|gcov|llvm)|^__(start|stop)___' || true
}

number=0 failed=0
result() {
    number=$((number + 1))
    echo "$1 $number - $2"
    [ "$1" = ok ] || failed=1
}

# The library exports much: what is meant to find it must find it there.
if [ "$(exports "$CYG_BUILDDIR/.libs/libcygnet.so")" != cyg_plugin ]; then
    result ok "self-test: a shared object that exports more is found"
else
    result "not ok" "self-test: a shared object that exports more is found"
fi
for plugin in ${CYG_PLUGINS:-}; do
    names=$(exports "$CYG_BUILDDIR/.libs/${plugin%.la}.so")
    if [ "$names" = cyg_plugin ]; then
        result ok "${plugin%.la} exports cyg_plugin only"
    else
        result "not ok" "${plugin%.la} exports cyg_plugin only"
        printf '%s\n' "$names" | sed 's/^/# it exports /'
    fi
done
echo "1..$number"
exit "$failed"
