#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# Why it failed, in plain words, with charon as peer, in both roles. Numbers: FEATURES 4.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"
# shellcheck source=../explain.sh
. "$(dirname "$0")/../explain.sh"

lab_begin explain-charon
pair_defaults
pair_hosts
CHARON_RETRANSMIT=1.0
CYGNET_EXTRA=$EXPLAIN_EXTRA
pair_start b charon
pair_start a cygnet

# begin SQL: the rows as they are for a case; undone by the next one.
right="UPDATE peers SET proposals = '$IKE', local_id = 'a.example', remote_id = 'b.example';
    UPDATE children SET esp_proposals = '$ESP', mode = 'tunnel',
        local_ts = '$INNER_A', remote_ts = '$INNER_B';
    UPDATE secrets SET secret = '$PSK', owners = 'a.example, b.example';"
begin() {
    explain_end
    explain_rows a "$right $1"
    explain_mark
}

begin "UPDATE peers SET proposals = 'aes256-sha1-modp1024, 3des-md5-modp1024'"
lab_check "1: initiator: what we offered, and whom to ask" explain_fails a \
    "unprotected NO-PROPOSAL-CHOSEN (not proof); we offered aes256-sha1-modp1024. It allows none of them"
lab_check "1: initiator: all that we offered" explain_says a "We also offered 3des-md5-modp1024."
begin "UPDATE peers SET proposals = 'aes256-sha1-modp1024'"
explain_asked b
lab_check "1: responder: both sides, the nearest pair" explain_says a \
    "The peer offered 1 IKE proposals" "nearest: aes128-sha256-modp2048; we allow: aes256-sha1-modp1024"
lab_check "1: responder: what differs, and what to add" explain_says a \
    "cipher, hash and group differ" "Add aes128-sha256-modp2048 to the proposals here"

begin "UPDATE children SET esp_proposals = 'aes256-sha1'"
lab_check "2: initiator: what we offered for which flow" explain_fails a \
    "refused our ESP proposals for 10.1.0.0/16 === 10.2.0.0/16 with NO-PROPOSAL-CHOSEN; we offered aes256-sha1"
begin "UPDATE children SET esp_proposals = 'aes128gcm16-modp2048'"
explain_asked b
lab_check "2: responder: PFS on one side only" explain_says a \
    "The peer offers aes128gcm16 without PFS; we allow aes128gcm16-modp2048: the child wants PFS"
lab_check "2: responder: for which flow and child" explain_says a \
    "for 10.1.0.0/16 === 10.2.0.0/16, none of them is allowed by child \"net\""

begin "UPDATE secrets SET secret = 'another one'"
lab_check "3, 4: initiator: it could not decrypt us" explain_fails a "the pre-shared keys differ"
lab_check "3, 4: initiator: whose key we used" explain_says a "we used the key for a.example/b.example"
begin "UPDATE secrets SET secret = 'another one'"
explain_asked b
lab_check "3: responder: message 5 does not decrypt, and whose key we used" explain_says a \
    "Message 5 from 192.168.77.2" "the pre-shared keys differ" "we used the key for a.example/b.example"

begin "UPDATE children SET remote_ts = '10.3.0.0/16'"
lab_check "5: initiator: the flow that was refused" explain_fails a \
    "The peer refused the flow 10.1.0.0/16 === 10.3.0.0/16 of child \"net\" with INVALID-ID-INFORMATION"
begin "UPDATE children SET remote_ts = '10.2.0.0/24'"
explain_asked b
lab_check "5: responder: both flows, and which side is wider" explain_says a \
    "The peer asks for 10.1.0.0/16 === 10.2.0.0/16; nearest here is 10.1.0.0/16 === 10.2.0.0/24: it asks for a wider remote side"
lab_check "5: responder: the nearest child with both lists" explain_says a \
    "\"net\" comes nearest; local_ts = 10.1.0.0/16; remote_ts = 10.2.0.0/24"

begin "UPDATE children SET local_ts = '10.1.0.0/16, 10.9.0.0/16', remote_ts = '10.2.0.0/16, 10.8.0.0/16'"
lab_check "6: one of four pairs is up, three were refused" explain_fails a \
    "Child \"net\": 3 of its 4 flow pairs were refused by the peer with INVALID-ID-INFORMATION"
lab_check "6: the one that is up carries traffic" lab_ping a "$INNER_IP_A" "$INNER_IP_B"
begin "UPDATE children SET local_ts = '10.9.0.0/16, 10.1.0.0/16', remote_ts = '10.8.0.0/16, 10.2.0.0/16'"
lab_check "6: the same, refused ones first" explain_fails a "3 of its 4 flow pairs were refused"
lab_check "6: it carries traffic, too" lab_ping a "$INNER_IP_A" "$INNER_IP_B"

begin "UPDATE peers SET remote_id = 'vpn.example.org'; UPDATE secrets SET owners = ''"
lab_check "8: initiator: what the peer calls itself" explain_fails a \
    "The peer calls itself b.example, its row expects vpn.example.org."
begin "UPDATE peers SET remote_id = 'vpn.example.org'; UPDATE secrets SET owners = ''"
explain_asked b
lab_check "17: responder: who asked, and what the rows expect" explain_says a \
    "No peer has the identity b.example: 1 fit the addresses, they expect vpn.example.org."
begin "UPDATE peers SET local_id = 'branch3'; UPDATE secrets SET owners = ''"
lab_check "17: initiator: refused by name" explain_fails a "refused us as branch3"

begin ""
kill -STOP "$(cat "$LAB_DIR/b/pid")"
lab_check "11: silence, no ICMP" explain_fails a \
    "4 tries to 192.168.77.2[500], no answer to message 1 (ICMP port unreachable seen: no)"
kill -CONT "$(cat "$LAB_DIR/b/pid")"
begin ""
lab_stop "$(cat "$LAB_DIR/b/pid")"
sleep 1.1 # ICMP is sent once a second at most
lab_check "11: nobody listens" explain_fails a \
    "4 tries to 192.168.77.2[500], no answer to message 1 (ICMP unreachable seen: yes)"
lab_check "11: said at once" explain_says a "ICMP says that 192.168.77.2[500] can't be reached (not proof)"
lab_finish
