#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# What is said of strangers: who fits no peer, and who asks for another mode or for IKEv2. And that a
# log in JSON has the sentence of explain, with the reason's code: a refusal of either phase, from
# both roles. Numbers: FEATURES 4.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"
# shellcheck source=../explain.sh
. "$(dirname "$0")/../explain.sh"

# The sentence and the advice of explain's newest entry of this reason.
told() {
    cygnetctl_on "$1" explain --json --last 20 | jq -r --arg reason "$2" --argjson mark "$(cat "$LAB_DIR/mark")" \
        '[.[] | select(.kind == "decision" and .reason == $reason and (.time | tonumber) >= $mark)]
            | last | if . == null then "" else "\(.text) \(.mend)" end'
}
# logs_as_told HOST REASON: a line of the log since the mark has the same text under the same code.
logs_as_told() {
    local text
    text=$(told "$1" "$2")
    explain_said "$1" ""
    [ -n "$text" ] && jq -e -s --arg reason "$2" --arg text "$text" \
        'any(.[]; .reason == $reason and .text == $text)' "$LAB_DIR/$1/said" >/dev/null && return
    echo "# told: $text"
    sed 's/^/# said: /' "$LAB_DIR/$1/said"
    return 1
}
# logged REASON TEXT: host b has said it of a message that makes no negotiation.
logged() {
    lab_wait 5 explain_said b "\"reason\":\"$1\"" "$2"
}
# What the newest stranger offered, as explain --json tells it.
offered() {
    cygnetctl_on b explain --json --unknown | jq -e --arg what "$1" \
        'any(.[] | select(.kind == "message") | .payloads[]; contains($what))' >/dev/null
}
is_a_strangers() {
    cygnetctl_on b explain --json --last 1 | jq -e 'all(.[]; (.peer // "") == "")' >/dev/null
}

command -v ike-scan >/dev/null || {
    echo "ok 1 - explain_strangers # SKIP no ike-scan (Debian: ike-scan)"
    echo "1..1"
    exit 0
}
lab_begin explain-strangers
pair_defaults
pair_hosts
CYGNET_EXTRA=$EXPLAIN_EXTRA
CYGNET_LOG="json = yes"
pair_start b cygnet
pair_start a cygnet

explain_mark
cygnet_sql b "UPDATE peers SET remote_addrs = '192.168.77.9'"
lab_check "17: initiator: no entry for our address" explain_fails a "or has no entry for our address"
lab_check "17: responder: explain without a peer: why, and what to change" explain_tells b \
    "responder: NO_PEER_FOR_ADDRESS: No peer is configured for 192.168.77.1[500] at our address 192.168.77.2[500]." \
    "Change: Add a peer whose remote_addrs contains that address." failed
lab_check "17: responder: what the stranger offered" offered "Encryption Algorithm=AES-CBC, Key Length=128"
lab_check "17: responder: it is no peer's" is_a_strangers
lab_check "17: responder: the text" explain_shows b "unknown peer at 192.168.77.1" "MM1 SA" "What to change"
lab_check "phase 1: initiator: the log has explain's sentence and code" logs_as_told a REFUSED_PROPOSALS_HINT
lab_check "phase 1: responder: the log, too" logs_as_told b NO_PEER_FOR_ADDRESS

# Sockets of cygnetd hold port 500 of the whole host.
scan() {
    lab_ns a ike-scan --nodns --sport=5500 --retry=1 --timeout=1000 "$@" "$OUTER_B" >"$LAB_DIR/scan.out" 2>&1
}
explain_mark
scan --aggressive --id=me
lab_check "16: aggressive mode asked of us: which modes there are" logged EXCHANGE_UNSUPPORTED \
    "The peer begins an exchange of type 4, which cygnet does not do. Let the peer use main mode and quick mode."
scan --ikev2
lab_check "IKEv2 asked of us: which version there is" logged VERSION_MAJOR \
    "The peer speaks version 2 of the protocol, we speak 1. Set the peer to IKEv1."

explain_mark
cygnet_sql a "UPDATE children SET local_ts = '$OUTER_A', remote_ts = '$OUTER_B'"
cygnet_sql b "UPDATE peers SET remote_addrs = '$OUTER_A';
    UPDATE children SET local_ts = '$OUTER_B', remote_ts = '$OUTER_A', mode = 'transport'"
lab_check "2: initiator: ask for the mode" explain_fails a "mode (tunnel or transport)"
lab_check "2: responder: both modes" explain_tells b \
    "responder: DIFFERS_MODE: The peer offers aes128gcm16 in mode 1, the child has mode 2 (1 tunnel, 2 transport)." \
    "Change: Set the same mode at both ends." "differs: mode;"
lab_check "phase 2: initiator: the log has explain's sentence and code" logs_as_told a ESP_REFUSED
lab_check "phase 2: responder: the log, too" logs_as_told b DIFFERS_MODE
lab_finish
