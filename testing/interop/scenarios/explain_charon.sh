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
lab_check "1: initiator: explain: the code, what to change; nothing is said to be the peer's" explain_tells a \
    "initiator: REFUSED_PROPOSALS_HINT: The peer 192.168.77.2[500] answered our IKE proposals with an unprotected NO-PROPOSAL-CHOSEN (not proof); we offered aes256-sha1-modp1024." \
    "ask its administrator what it allows from us" "here: ; peer: ; differs: ; failed"
lab_check "1: initiator: explain: the other offer is ours, too" explain_tells a \
    "initiator: WE_OFFERED: We also offered 3des-md5-modp1024." "here: ; peer: ; differs: ;"
begin "UPDATE peers SET proposals = 'aes256-sha1-modp1024'"
explain_asked b
lab_check "1: responder: both sides, the nearest pair" explain_says a \
    "The peer offered 1 IKE proposal" "nearest: aes128-sha256-modp2048; we allow: aes256-sha1-modp1024"
lab_check "1: responder: what differs, and what to add" explain_says a \
    "cipher, hash and group differ" "Add aes128-sha256-modp2048 to the proposals here"
lab_check "1: responder: explain: both sides, what differs, what to change" explain_tells a \
    "responder: NO_PROPOSAL_IKE: The peer offered 1 IKE proposal, none is allowed here; nearest: aes128-sha256-modp2048; we allow: aes256-sha1-modp1024." \
    "Change: Add the nearest one to the peer's proposals here, or let the peer offer what we allow." \
    "here: aes256-sha1-modp1024; peer: aes128-sha256-modp2048; differs: cipher, hash, group; failed"
lab_check "1: responder: the text: messages, both sides marked, what to change" explain_shows a \
    "begun by the peer" "MM1" "proposals that differ in cipher, hash, group" \
    "aes256-sha1-modp1024 aes128-sha256-modp2048" "What happened" "What to change"

begin "UPDATE children SET esp_proposals = 'aes256-sha1'"
lab_check "2: initiator: what we offered for which flow" explain_fails a \
    "refused our ESP proposals for 10.1.0.0/16 === 10.2.0.0/16 with NO-PROPOSAL-CHOSEN; we offered aes256-sha1"
lab_check "2: initiator: explain: what to ask for" explain_tells a \
    "initiator: ESP_REFUSED: The peer refused our ESP proposals for 10.1.0.0/16 === 10.2.0.0/16 with NO-PROPOSAL-CHOSEN; we offered aes256-sha1." \
    "Ask its administrator for the cipher, hash, PFS group and mode" "set esp_proposals and mode of the child to that" failed
begin "UPDATE children SET esp_proposals = 'aes128gcm16-modp2048'"
explain_asked b
lab_check "2: responder: PFS on one side only" explain_says a \
    "The peer offers aes128gcm16 without PFS; we allow aes128gcm16-modp2048: the child wants PFS"
lab_check "2: responder: for which flow and child" explain_says a \
    "for 10.1.0.0/16 === 10.2.0.0/16, none is allowed by child \"net\""
lab_check "2: responder: explain: PFS, both sides" explain_tells a \
    "responder: PFS_LACKING: The peer offers aes128gcm16 without PFS; we allow aes128gcm16-modp2048: the child wants PFS." \
    "Change: Take the group out of the child's esp_proposals, or let the peer switch PFS on." \
    "here: aes128gcm16-modp2048; peer: aes128gcm16; differs: PFS group;"
lab_check "2: responder: explain: what decided" explain_tells a \
    "responder: NO_PROPOSAL_ESP:" "allowed by child \"net\"" failed
lab_check "2: responder: the text" explain_shows a "QM1" "proposals that differ in PFS group" "switch PFS on"

begin "UPDATE secrets SET secret = 'another one'"
lab_check "3, 4: initiator: it could not decrypt us" explain_fails a "the pre-shared keys differ"
lab_check "3, 4: initiator: whose key we used" explain_says a "we used the key for a.example/b.example"
lab_check "3, 4: initiator: explain: what its answer means" explain_tells a \
    "initiator: REFUSED_UNREADABLE_HINT: The peer 192.168.77.2[4500] answered message 5 under keys that are not ours (not proof): most likely the pre-shared keys differ." \
    "Change: Compare the key letter by letter at both ends; we used the key for a.example/b.example." failed
lab_check "3, 4: initiator: the text" explain_shows a "begun by us" "MM5" "the pre-shared keys differ" "letter by letter"
begin "UPDATE secrets SET secret = 'another one'"
explain_asked b
lab_check "3: responder: message 5 does not decrypt, and whose key we used" explain_says a \
    "Message 5 from 192.168.77.2" "the pre-shared keys differ" "we used the key for a.example/b.example"
lab_check "3: responder: explain: whose key to compare" explain_tells a \
    "responder: KEY_DIFFERS: Message 5 from 192.168.77.2[500] does not decrypt: the pre-shared keys differ, or the wrong one was picked; we used the key for a.example/b.example." \
    "Change: Compare the key letter by letter at both ends, and which identities or addresses own it here." failed

begin "UPDATE children SET remote_ts = '10.3.0.0/16'"
lab_check "5: initiator: the flow that was refused" explain_fails a \
    "The peer refused the flow 10.1.0.0/16 === 10.3.0.0/16 of child \"net\" with INVALID-ID-INFORMATION"
lab_check "5: initiator: explain: what to ask for" explain_tells a \
    "initiator: FLOW_REFUSED: The peer refused the flow 10.1.0.0/16 === 10.3.0.0/16 of child \"net\" with INVALID-ID-INFORMATION" \
    "set local_ts and remote_ts so that both ends say the same" failed
begin "UPDATE children SET remote_ts = '10.2.0.0/24'"
explain_asked b
lab_check "5: responder: both flows, and which side is wider" explain_says a \
    "The peer asks for 10.1.0.0/16 === 10.2.0.0/16; nearest here is 10.1.0.0/16 === 10.2.0.0/24: it asks for a wider remote side"
lab_check "5: responder: the nearest child with both lists" explain_says a \
    "\"net\" comes nearest; local_ts = 10.1.0.0/16; remote_ts = 10.2.0.0/24"
lab_check "5: responder: explain: both flows, the side that is wider" explain_tells a \
    "responder: FLOW_REMOTE_WIDER: The peer asks for 10.1.0.0/16 === 10.2.0.0/16; nearest here is 10.1.0.0/16 === 10.2.0.0/24: it asks for a wider remote side." \
    "Change: Widen remote_ts of the child, or let the peer ask for exactly our flow." \
    "here: 10.1.0.0/16 === 10.2.0.0/24; peer: 10.1.0.0/16 === 10.2.0.0/16; differs: remote; failed"
lab_check "5: responder: the text" explain_shows a "flows that differ in remote" "Widen remote_ts"

begin "UPDATE children SET local_ts = '10.1.0.0/16, 10.9.0.0/16', remote_ts = '10.2.0.0/16, 10.8.0.0/16'"
lab_check "6: one of four pairs is up, three were refused" explain_fails a \
    "Child \"net\": 3 of its 4 flow pairs were refused by the peer with INVALID-ID-INFORMATION"
lab_check "6: the one that is up carries traffic" lab_ping a "$INNER_IP_A" "$INNER_IP_B"
lab_check "6: explain: how many, and what to change" explain_tells a \
    "initiator: FLOWS_REFUSED: Child \"net\": 3 of its 4 flow pairs were refused by the peer with INVALID-ID-INFORMATION, the others are up." \
    "The peer must be configured with the same pairs of local and remote networks"
lab_check "6: explain: which" explain_tells a "initiator: FLOW_REFUSED: The peer refused the flow 10.9.0.0/16 === 10.8.0.0/16"
begin "UPDATE children SET local_ts = '10.9.0.0/16, 10.1.0.0/16', remote_ts = '10.8.0.0/16, 10.2.0.0/16'"
lab_check "6: the same, refused ones first" explain_fails a "3 of its 4 flow pairs were refused"
lab_check "6: it carries traffic, too" lab_ping a "$INNER_IP_A" "$INNER_IP_B"

begin "UPDATE peers SET remote_id = 'vpn.example.org'; UPDATE secrets SET owners = ''"
lab_check "8: initiator: what the peer calls itself" explain_fails a \
    "The peer calls itself b.example, its row expects vpn.example.org."
lab_check "8: initiator: explain: both identities" explain_tells a \
    "initiator: PEER_IDENTITY: The peer calls itself b.example, its row expects vpn.example.org." \
    "Change: Set the remote id of the peer to what it calls itself, or change it there." \
    "here: vpn.example.org; peer: b.example; differs: identity; failed"
begin "UPDATE peers SET remote_id = 'vpn.example.org'; UPDATE secrets SET owners = ''"
explain_asked b
lab_check "17: responder: who asked, and what the rows expect" explain_says a \
    "No peer has the identity b.example: 1 fit the addresses, they expect vpn.example.org."
lab_check "8, 17: responder: explain: whose remote_id to set" explain_tells a \
    "responder: PEER_NO_IDENTITY_FITS: No peer has the identity b.example: 1 fit the addresses, they expect vpn.example.org." \
    "Change: Set the remote_id of one of them to b.example, or let the peer send what its row expects." failed
begin "UPDATE peers SET local_id = 'branch3'; UPDATE secrets SET owners = ''"
lab_check "17: initiator: refused by name" explain_fails a "refused us as branch3"
lab_check "17: initiator: explain: which identity to set" explain_tells a \
    "initiator: REFUSED_IDENTITY: The peer 192.168.77.2[4500] could decrypt us, so the keys agree, but refused us as branch3 (24)." \
    "set local_id here to what it expects" failed

# The reply to swanctl, as charon words it, with our sentence where charon has the child's name only.
charon_wording() {
    swanctl_on b --initiate --child net --timeout 10 >"$LAB_DIR/wording.out" 2>&1
    [ $? = 1 ] && grep -q '^initiate failed: ' "$LAB_DIR/wording.out" && return
    sed 's/^/# /' "$LAB_DIR/wording.out"
    return 1
}
begin "UPDATE peers SET proposals = 'aes256-sha1-modp1024'"
lab_check "reply: charon says initiate failed:, exit code 1" charon_wording
begin "UPDATE peers SET proposals = 'aes256-sha1-modp1024'"
lab_check "reply: no IKE proposal fits" explain_replies a "The peer 192.168.77.2[500] answered our IKE proposals"
begin "UPDATE children SET esp_proposals = 'aes256-sha1'"
lab_check "reply: no ESP proposal fits" explain_replies a "The peer refused our ESP proposals"
begin "UPDATE secrets SET secret = 'another one'"
lab_check "reply: the keys differ" explain_replies a "The peer 192.168.77.2[4500] answered message 5 under keys that are not ours"
begin "UPDATE children SET remote_ts = '10.3.0.0/16'"
lab_check "reply: the flow is refused" explain_replies a "The peer refused the flow"
begin "UPDATE peers SET remote_id = 'vpn.example.org'; UPDATE secrets SET owners = ''"
lab_check "reply: another identity" explain_replies a "The peer calls itself b.example"

begin ""
kill -STOP "$(cat "$LAB_DIR/b/pid")"
lab_check "11: silence, no ICMP" explain_fails a \
    "4 tries to 192.168.77.2[500], no answer to message 1 (ICMP port unreachable seen: no)"
lab_check "11: silence: explain: what may be wrong" explain_tells a \
    "initiator: NO_ANSWER_FIRST: 4 tries to 192.168.77.2[500], no answer to message 1 (ICMP port unreachable seen: no)." \
    "the address is wrong, a firewall drops UDP 500 and 4500, or the peer has no entry for us" failed
kill -CONT "$(cat "$LAB_DIR/b/pid")"
begin ""
lab_stop "$(cat "$LAB_DIR/b/pid")"
sleep 1.1 # ICMP is sent once a second at most
lab_check "11: nobody listens" explain_fails a \
    "4 tries to 192.168.77.2[500], no answer to message 1 (ICMP unreachable seen: yes)"
lab_check "11: said at once" explain_says a "ICMP says that 192.168.77.2[500] can't be reached (not proof)"
lab_check "11: nobody listens: explain" explain_tells a \
    "initiator: NO_ANSWER_UNREACHABLE: 4 tries to 192.168.77.2[500], no answer to message 1 (ICMP unreachable seen: yes)." \
    "it is not running, listens elsewhere, a firewall rejects us, or the address is wrong" failed
lab_check "11: nobody listens: the text" explain_shows a "begun by us" "MM1 again" "What to change"
lab_finish
