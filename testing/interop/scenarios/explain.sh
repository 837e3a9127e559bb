#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# cygnetctl explain between two cygnets: what it says at both ends when something does not fit, and
# when all does.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

# says HOST PATTERN...: the text of explain has them all, across its line breaks.
says() {
    local host=$1 pattern
    shift
    cygnetctl_on "$host" explain pair >"$LAB_DIR/$host/explain" 2>&1 || { cat "$LAB_DIR/$host/explain"; return 1; }
    for pattern in "$@"; do
        tr -s ' \n' '  ' <"$LAB_DIR/$host/explain" | grep -qE -- "$pattern" || {
            echo "# no $pattern in:"
            sed 's/^/# /' "$LAB_DIR/$host/explain"
            return 1
        }
    done
}
# begin CASE: two hosts; b is what the variables said before it, a what they say at start_a.
start_a() { pair_defaults; pair_start a cygnet; }
start_b() { pair_defaults; pair_hosts; pair_start b cygnet; }
json_is_whole() {
    cygnetctl_on "$1" explain --json pair | jq -e '.[-1].kind == "end" and .[-1].result == "up"
        and [.[].seq] == [range(1; length + 1) | tostring]
        and ([.[] | select(.kind == "message")] | length) >= 9
        and all(.[]; (.time | tonumber) > 1e9 and .negotiation != "")' >/dev/null
}
is_unknown() {
    cygnetctl_on a explain nobody >"$LAB_DIR/a/explain" 2>&1
    [ $? = 3 ] && grep -q 'no negotiation with nobody' "$LAB_DIR/a/explain"
}

lab_begin explain
start_b
start_a
cygnetctl_on b explain --follow pair >"$LAB_DIR/b/follow" 2>&1 &
echo $! >"$LAB_DIR/b/follow.pid"
sleep 0.5
lab_check "all fits: up" pair_initiate a cygnet
sleep 1
lab_check "all fits: the initiator tells nine messages" says a 'begun by us' 'MM1 .*MM6 .*QM1 .*QM3' 'Up after'
lab_check "all fits: the responder too" says b 'begun by the peer' 'MM1 .*MM6 .*QM1 .*QM3'
lab_check "all fits: --follow told it live" grep -q QM3 "$LAB_DIR/b/follow"
lab_check "all fits: JSON is whole" json_is_whole a
lab_check "nothing known of a peer: status 3" is_unknown
lab_reset

IKE=aes128-sha256-modp2048
start_b
IKE=aes256-sha256-modp3072
start_a
lab_check "proposals differ: not up" eval '! pair_initiate a cygnet'
lab_check "proposals differ: the responder shows both" says b 'Failed after' \
    'proposals that differ in cipher, group' \
    'aes128-sha256-modp2048 aes256-sha256-modp3072' 'we allow: aes128-sha256-modp2048' 'What to change'
lab_check "proposals differ: our refusal in clear is a step" says b 'MM1 .*INFO +N NO-PROPOSAL-CHOSEN .*▶.*Failed|MM1 .*INFO +N NO-PROPOSAL-CHOSEN .*>.*Failed'
lab_check "proposals differ: the initiator knows the notify" says a 'NO-PROPOSAL-CHOSEN' 'What to change'
lab_check "proposals differ: and shows its message" says a '<- INFO +N NO-PROPOSAL-CHOSEN|◀─ INFO +N NO-PROPOSAL-CHOSEN'
unset IKE
lab_reset

PSK=one
start_b
PSK=another
start_a
lab_check "keys differ: not up" eval '! pair_initiate a cygnet'
lab_check "keys differ: the responder suspects them" says b 'MM4' 'the pre-shared keys differ' 'What to change'
unset PSK
lab_reset

start_b
INNER_B=10.2.0.0/24
start_a
pair_initiate a cygnet
lab_check "flows differ: the responder shows both" says b 'flows that differ' '10.2.0.0/16' '10.2.0.0/24' 'What to change'
unset INNER_B
lab_reset
lab_finish
