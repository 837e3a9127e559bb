#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# charon on the other end, in both roles: groups, ciphers, with and without PFS.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

# initiator, IKE proposal, ESP proposal
table="
cygnet aes128-sha256-modp2048    aes128gcm16
charon aes128-sha256-modp2048    aes128gcm16
cygnet aes256-sha512-modp3072    aes256-sha256-modp3072
charon aes256-sha512-modp3072    aes256-sha256-modp3072
cygnet aes256-sha384-ecp256      aes256gcm16-ecp256
charon aes256-sha384-ecp256      aes256gcm16-ecp256
cygnet aes128-sha256-curve25519  aes128-sha1
charon aes128-sha256-curve25519  aes128-sha1
cygnet aes256-sha1-modp2048      aes192-sha384-curve25519
charon aes256-sha1-modp2048      aes192-sha384-curve25519
cygnet 3des-md5-modp1024         3des-md5-modp1024
charon 3des-md5-modp1024         3des-md5-modp1024
"

lab_begin charon-proposals
n=0
while read -r initiator IKE ESP; do
    [ -n "$initiator" ] || continue
    n=$((n + 1))
    pair_defaults
    PAIR_MB=1
    pair_hosts
    pair_start b charon
    pair_start a cygnet
    from=a
    [ "$initiator" = cygnet ] || from=b
    what="$initiator initiates, $IKE, $ESP"
    lab_check "$what: up" pair_initiate "$from" "$initiator"
    pair_traffic "$what"
    lab_reset
done <<<"$table"
lab_finish
