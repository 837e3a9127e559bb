#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A plugin outside the tree: built with what pkg-config says about an installed cygnet, loaded by
# the loader, used. "make installcheck" names the installation by CYG_PREFIX; else headers, library
# and cygnet.pc are installed into a folder of our own.
set -euo pipefail

number=0 failed=0
result() {
    number=$((number + 1))
    echo "$1 $number - $2"
    [ "$1" = ok ] || failed=1
}
check() { # NAME COMMAND...
    local name=$1 log
    shift
    if log=$("$@" 2>&1); then
        result ok "$name"
    else
        result "not ok" "$name"
        printf '%s\n' "$log" | sed 's/^/# /'
    fi
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
source=$CYG_SRCDIR/testing/plugin_example

if [ -z "${CYG_PREFIX:-}" ]; then
    unset MAKEFLAGS MFLAGS MAKELEVEL # not a part of the make that runs the tests
    check "headers, library and cygnet.pc are installed" make -s -C "$CYG_BUILDDIR" \
        install-libLTLIBRARIES install-pkgincludeHEADERS install-pkgconfigDATA DESTDIR="$scratch/root"
    PKG_CONFIG_PATH=$(dirname "$(find "$scratch/root" -name cygnet.pc)")
    export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$scratch/root
    CFLAGS=$(sed -n 's/^SANITIZE_CFLAGS = //p' "$CYG_BUILDDIR/Makefile")
fi
read -ra cc <<<"${CC:-cc}"
read -ra cflags <<<"-Wall -Wextra -Werror ${CFLAGS:-}"
read -ra cygnet_cflags <<<"$(pkg-config --cflags cygnet)"
read -ra cygnet_libs <<<"$(pkg-config --libs cygnet)"
libdir=$(pkg-config --libs-only-L cygnet | sed 's/^-L//; s/ *$//')
export LD_LIBRARY_PATH="${libdir:+$libdir:}${LD_LIBRARY_PATH:-}"

mkdir -m 755 "$scratch/plugins"
umask 022
lines=$(wc -l <"$source/fetch_file.c")
check "the plugin has less than 40 lines ($lines)" test "$lines" -lt 40
check "it builds with pkg-config --cflags cygnet" "${cc[@]}" "${cflags[@]}" -shared -fPIC \
    -fvisibility=hidden "${cygnet_cflags[@]}" "$source/fetch_file.c" \
    -o "$scratch/plugins/cygnet-fetch-file.so" "${cygnet_libs[@]}"
check "a program that loads plugins builds too" "${cc[@]}" "${cflags[@]}" "${cygnet_cflags[@]}" \
    "$source/use.c" -o "$scratch/use" "${cygnet_libs[@]}"

exported=$(nm -D --defined-only "$scratch/plugins/cygnet-fetch-file.so" | awk '{ print $NF }' |
    grep -vE '^__(odr_)?(asan|ubsan|tsan)' | xargs)
check "it exports cyg_plugin only" test "$exported" = cyg_plugin

printf 'a CRL\n' >"$scratch/crl"
fetched=$("$scratch/use" "$scratch/plugins" "file:$scratch/crl" 2>&1 || true)
check "the loader takes it and it fetches" grep -x "a CRL" <<<"$fetched"
fetched=$("$scratch/use" "$scratch/plugins" "file:$scratch/none" 2>&1 || true)
check "its failure is a reason of ours" test "${fetched#fetch-file: Internal failure}" != "$fetched"
chmod o+w "$scratch/plugins/cygnet-fetch-file.so"
fetched=$("$scratch/use" "$scratch/plugins" "file:$scratch/crl" 2>&1 || true)
check "it is refused when others may write it" grep -q "can be changed by others" <<<"$fetched"

echo "1..$number"
exit "$failed"
