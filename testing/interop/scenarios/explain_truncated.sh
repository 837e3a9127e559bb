#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091,SC2153
# FEATURES 4, 7: up, but nothing passes, because the peer truncates SHA2-256 to 96 bits. The peer is a
# cygnet with sha256_96, as charon's kernel-libipsec knows no such algorithm. One child is begun by a
# and one by b, so that both roles share the 120 s after which cygnet judges.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"
# shellcheck source=../explain.sh
. "$(dirname "$0")/../explain.sh"

# Packets that can't be read by the other end, so nobody answers.
send_lost() {
    lab_ns b ping -q -c 4 -i 0.2 -W 1 -I "$1" 10.1.0.1 >"$LAB_DIR/ping.out" 2>&1
    grep -q '100% packet loss' "$LAB_DIR/ping.out"
}

lab_begin explain-truncated
ESP=aes128-sha256
INNER_IP_B="10.2.0.1 10.3.0.1"
pair_defaults
pair_hosts
pair_start b cygnet
pair_start a cygnet
cygnet_sql a "INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals)
        VALUES ('pair', 'theirs', '$INNER_A', '10.3.0.0/16', '$ESP')"
cygnet_sql b "INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals)
        VALUES ('pair', 'theirs', '10.3.0.0/16', '$INNER_A', '$ESP');
    UPDATE children SET sha256_96 = 1"
explain_mark
lab_check "7: our child is up" pair_initiate a cygnet
lab_check "7: the peer's child is up" pair_initiate b cygnet theirs
lab_check "7: nothing passes in ours" send_lost 10.2.0.1
lab_check "7: nothing passes in theirs" send_lost 10.3.0.1
sleep 95
told_nothing() { ! explain_told a SHA256_TRUNCATED; }
lab_check "7: not before its time" told_nothing
sleep 20
lab_check "7: initiator: who truncates, and what to set in which row" explain_tells a \
    SHA256_TRUNCATED "In 120 s 4 packets of 10.1.0.0/16 === 10.2.0.0/16 failed integrity, none passed: the peer probably truncates SHA2-256 to 96 bits." \
    'Try sha256_96 = 1 in the row of child "net"'
lab_check "7: responder: the same of the other child" explain_tells a \
    SHA256_TRUNCATED "In 120 s 4 packets of 10.1.0.0/16 === 10.3.0.0/16 failed integrity, none passed" \
    'Try sha256_96 = 1 in the row of child "theirs"' found
lab_check "7: it neither failed nor was it begun by anybody" explain_shows a \
    "Found later, on a tunnel that is up" "Try sha256_96 = 1"
no_role() { ! grep -qE 'begun by|Failed' "$LAB_DIR/a/text"; }
lab_check "7: no role is made up" no_role

cygnetctl_on a terminate --timeout 5 pair >/dev/null 2>&1
cygnet_sql a "UPDATE children SET sha256_96 = 1"
lab_check "7: what it advises helps" pair_initiate a cygnet
lab_check "7: and carries traffic" lab_ping a 10.1.0.1 10.2.0.1
lab_finish
