#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# Debian's swanctl, unmodified, drives cygnetd with charon as peer, in both roles.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

lab_begin swanctl
pair_defaults
pair_hosts
pair_start b charon
pair_start a cygnet

shows() {
    local host=$1 pattern=$2
    shift 2
    swanctl_on "$host" "$@" >"$LAB_DIR/swanctl.out" 2>&1
    grep -Eq "$pattern" "$LAB_DIR/swanctl.out" || { sed 's/^/# /' "$LAB_DIR/swanctl.out"; return 1; }
}
no_sa() {
    ! swanctl_on "$1" --list-sas --raw | grep -q "state="
}

lab_check "--list-conns shows the peer of SQLite" shows a "^pair: IKEv1" --list-conns
lab_check "--list-conns shows its child" shows a "net: TUNNEL" --list-conns
lab_check "--initiate --child succeeds" shows a "initiate completed successfully" \
    --initiate --child net --timeout 20
lab_check "--list-sas shows the IKE SA" shows a "pair: #[0-9]+, ESTABLISHED, IKEv1" --list-sas
lab_check "--list-sas shows the child SA" shows a "net: #[0-9]+.*INSTALLED, TUNNEL" --list-sas
lab_check "it carries traffic" lab_ping a 10.1.0.1 10.2.0.1
lab_check "counters count" lab_wait 5 shows a "(in|out).* 3 packets|packets-out=3" --list-sas --raw
lab_check "--terminate --child ends the child" shows a "terminate completed successfully" \
    --terminate --child net --timeout 10
lab_check "charon's child is gone too" lab_wait 5 shows b "^$|IKE_SA|ESTABLISHED" --list-sas
lab_check "--terminate --ike ends the IKE SA" shows a "terminate completed successfully" \
    --terminate --ike pair --timeout 10
lab_check "cygnetd has no SA" lab_wait 5 no_sa a
lab_check "charon has no SA" lab_wait 5 no_sa b

lab_check "responder: charon initiates" shows b "initiate completed successfully" \
    --initiate --child net --timeout 20
lab_check "responder: --list-sas shows the child SA" shows a "INSTALLED, TUNNEL" --list-sas
lab_check "responder: it carries traffic" lab_ping b 10.2.0.1 10.1.0.1
lab_check "responder: charon's terminate is obeyed" shows b "terminate completed successfully" \
    --terminate --ike pair --timeout 10
lab_check "responder: cygnetd has no SA" lab_wait 5 no_sa a

# The peer stands in SQLite, only its secret comes over VICI.
secret_over_vici() {
    cygnet_sql a "DELETE FROM secrets"
    cat >"$LAB_DIR/a/swanctl/swanctl.conf" <<-CONF
	secrets { ike-pair { id-1 = b.example
	                     secret = "$PSK" } }
	CONF
    shows a "loaded ike secret 'ike-pair'" --load-creds
}
lab_check "the secret alone is loaded" secret_over_vici
lab_check "secret over VICI: charon initiates" shows b "initiate completed successfully" \
    --initiate --child net --timeout 20
lab_check "secret over VICI: it carries traffic" lab_ping b 10.2.0.1 10.1.0.1
lab_check "secret over VICI: charon ends it" shows b "terminate completed successfully" \
    --terminate --ike pair --timeout 10
lab_check "secret over VICI: cygnetd initiates" shows a "initiate completed successfully" \
    --initiate --child net --timeout 20
lab_check "secret over VICI: and ends it" shows a "terminate completed successfully" \
    --terminate --ike pair --timeout 10

follow_log() {
    local pid
    # Into a file it would write a block at a time.
    lab_ns a env STRONGSWAN_CONF="$LAB_DIR/a/strongswan.conf" stdbuf -oL \
        swanctl --log --uri "unix://$LAB_DIR/a/vici" >"$LAB_DIR/log.out" 2>&1 &
    pid=$!
    sleep 0.5
    swanctl_on a --initiate --child net --timeout 20 >/dev/null 2>&1
    lab_wait 5 grep -q "\[IKE\]" "$LAB_DIR/log.out"
    local found=$?
    kill $pid
    wait $pid 2>/dev/null
    return $found
}
lab_check "--log shows the negotiation" follow_log
lab_finish
