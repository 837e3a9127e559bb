#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# Why it failed, in plain words, between two cygnets: what charon can't be made to do. Numbers:
# FEATURES 4.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"
# shellcheck source=../explain.sh
. "$(dirname "$0")/../explain.sh"

lab_begin explain-cygnet
pair_defaults
pair_hosts
CYGNET_EXTRA=$EXPLAIN_EXTRA
pair_start b cygnet
pair_start a cygnet

no_sa() {
    ! swanctl_on "$1" --list-sas --raw | grep -q "state="
}

# begin SQL-OF-A SQL-OF-B: the rows as they are for a case; undone by the next one.
begin() {
    cygnetctl_on a terminate --timeout 5 pair >"$LAB_DIR/end.out" 2>&1
    cygnetctl_on b terminate --timeout 5 pair >>"$LAB_DIR/end.out" 2>&1
    if ! lab_wait 5 no_sa a || ! lab_wait 5 no_sa b; then
        sed 's/^/# /' "$LAB_DIR/end.out"
    fi
    explain_rows a "DELETE FROM peers WHERE name <> 'pair';
        UPDATE peers SET local_id = 'a.example', remote_id = 'b.example', remote_addrs = '$OUTER_B';
        UPDATE children SET local_ts = '$INNER_A', remote_ts = '$INNER_B', esp_proposals = '$ESP',
            sha256_96 = 0;
        UPDATE secrets SET secret = '$PSK', owners = ''; $1"
    explain_rows b "DELETE FROM peers WHERE name <> 'pair';
        UPDATE peers SET local_id = 'b.example', remote_id = 'a.example', remote_addrs = '$OUTER_A';
        UPDATE children SET local_ts = '$INNER_B', remote_ts = '$INNER_A', esp_proposals = '$ESP',
            sha256_96 = 0;
        UPDATE secrets SET secret = '$PSK', owners = ''; DELETE FROM secrets WHERE name <> 'pair'; $2"
    explain_mark
}

begin "UPDATE secrets SET secret = 'another one'" ""
lab_check "4: initiator: silence behind message 5" explain_fails a \
    "answered up to message 4, but not message 5, sent 4 times: it probably can't decrypt it, because the pre-shared keys differ"
lab_check "3: responder: which message, whose key" explain_says b \
    "Message 5 from 192.168.77.1" "does not decrypt: the pre-shared keys differ" \
    "we used the key for %any/%any"
lab_check "4: initiator: explain" explain_tells a \
    "initiator: NO_ANSWER_PROOF: 192.168.77.2[500] answered up to message 4, but not message 5, sent 4 times" \
    "Change: Compare the key at both ends (we used the key for %any/%any)" failed
lab_check "3: responder: explain" explain_tells b "responder: KEY_DIFFERS: Message 5 from 192.168.77.1[500] does not decrypt" \
    "Change: Compare the key letter by letter at both ends" failed

lab_check "3: responder: explain: message 5 is a step" explain_shows b "MM5 can't be read" "MM5 again can't be read"

begin "UPDATE children SET local_ts = '10.1.0.0/16, 10.9.0.0/16', remote_ts = '10.2.0.0/16, 10.8.0.0/16'" ""
lab_check "6: one of four pairs is up, three were refused" explain_fails a \
    "Child \"net\": 3 of its 4 flow pairs were refused by the peer with INVALID-ID-INFORMATION"
lab_check "6: the one that is up carries traffic" lab_ping a 10.1.0.1 10.2.0.1
lab_check "6: initiator: explain" explain_tells a "initiator: FLOWS_REFUSED: Child \"net\": 3 of its 4 flow pairs were refused"
lab_check "6: responder: explain: the side that lacks a network" explain_tells b \
    "responder: FLOW_LOCAL_OTHER: The peer asks for 10.8.0.0/16 === 10.1.0.0/16; nearest here is 10.2.0.0/16 === 10.1.0.0/16: it asks for another local side." \
    "Change: Add it to local_ts of the child" "here: 10.2.0.0/16 === 10.1.0.0/16; peer: 10.8.0.0/16 === 10.1.0.0/16; differs: local;"
lab_check "6: responder: explain: both sides" explain_tells b "responder: NO_FLOW: The peer asks for 10.8.0.0/16 === 10.9.0.0/16" "differs: local, remote;"

begin "" "UPDATE peers SET local_id = '192.168.1.2'"
lab_check "8: initiator: the peer's private address" explain_fails a \
    "The peer calls itself 192.168.1.2, the private address that it has behind a NAT; its row expects b.example."
lab_check "8: initiator: explain: both identities" explain_tells a \
    "initiator: PEER_IDENTITY_PRIVATE: The peer calls itself 192.168.1.2, the private address that it has behind a NAT; its row expects b.example." \
    "Change: Set the remote id of the peer to 192.168.1.2 or %any" "here: b.example; peer: 192.168.1.2; differs: identity; failed"
lab_check "8: responder: refused behind its last message: explain" explain_tells b \
    "responder: PEER_REFUSED: The peer 192.168.77.1" "refused with AUTHENTICATION-FAILED (24)." failed
begin "UPDATE peers SET local_id = '192.168.1.3'" ""
lab_check "8: initiator: refused by name" explain_fails a "refused us as 192.168.1.3 (18)"
lab_check "8: responder: the peer's private address" explain_says b \
    "No peer has the identity 192.168.1.3, the private address" "they expect a.example."
lab_check "8: initiator: refused: explain" explain_tells a "initiator: REFUSED_IDENTITY:" "refused us as 192.168.1.3 (18)" "set local_id here" failed
lab_check "8: responder: explain" explain_tells b \
    "responder: PEER_PRIVATE_IDENTITY: No peer has the identity 192.168.1.3, the private address" \
    "Change: Set the remote_id of its row to 192.168.1.3 or %any" failed

begin "UPDATE peers SET local_id = 'branch3'" \
    "INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id)
         VALUES ('two', '$OUTER_B', '$OUTER_A', '$IKE', 'b.example', 'branch2')"
explain_fails a "refused us as branch3" >/dev/null
lab_check "17: responder: how many fit, and what all of them expect" explain_says b \
    "No peer has the identity branch3: 2 fit the addresses, they expect a.example, branch2."
lab_check "17: responder: explain" explain_tells b \
    "responder: PEER_NO_IDENTITY_FITS: No peer has the identity branch3: 2 fit the addresses, they expect a.example, branch2." \
    "Change: Set the remote_id of one of them to branch3" failed
lab_check "17: initiator: explain" explain_tells a "initiator: REFUSED_IDENTITY:" "refused us as branch3 (18)" failed

begin "UPDATE secrets SET secret = 'second'" \
    "UPDATE peers SET remote_addrs = '%any', remote_id = 'x.example';
     UPDATE secrets SET owners = 'x.example';
     INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id)
         VALUES ('two', '$OUTER_B', '%any', '$IKE', 'b.example', 'a.example');
     INSERT INTO secrets (name, owners, secret) VALUES ('two', 'a.example', 'second')"
explain_fails a "message 5" >/dev/null
lab_check "21: responder: several keys for one address" explain_says b \
    "2 peers fit the address and the proposal with different keys" "that of \"pair\" was taken, not that of two"
lab_check "21: responder: explain: the two ways out" explain_tells b "responder: KEY_AMBIGUOUS: 2 peers fit the address and the proposal with different keys" \
    "Give these peers fixed addresses or one common key, or use aggressive mode or certificates."
lab_check "21: initiator: explain" explain_tells a "initiator: NO_ANSWER_PROOF:" "the pre-shared keys differ" failed

begin "" "INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id)
         VALUES ('two', '$OUTER_B', '$OUTER_A', '$IKE', 'b.example', 'c.example');
     INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals)
         VALUES ('two', 'other', '$INNER_B', '$INNER_A', '$ESP')"
cygnetctl_on a initiate --child net --timeout 20 >/dev/null 2>&1
explain_rows a "INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id)
         VALUES ('two', '$OUTER_A', '$OUTER_B', '$IKE', 'c.example', 'b.example');
     INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals)
         VALUES ('two', 'other', '$INNER_A', '$INNER_B', '$ESP')"
explain_mark
lab_check "18: initiator: who holds the flow" explain_child other explain_fails a \
    "The flow 10.1.0.0/16 === 10.2.0.0/16 is already held by peer pair, child net."
lab_check "18: initiator: explain" explain_tells a \
    "initiator: POLICY_HELD_BY: The flow 10.1.0.0/16 === 10.2.0.0/16 is already held by peer pair, child net." \
    "Change: Give this child other selectors, or end that one first." failed
lab_finish
