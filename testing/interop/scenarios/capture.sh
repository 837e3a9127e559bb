#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# cygnetctl capture: the IKE messages of a peer, decrypted, as Wireshark reads them. As responder the
# peer is not known at the first message: it must not be missing.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

# fields HOST FIELD...: of each ISAKMP message in the capture of that host.
fields() {
    local host=$1 field args=()
    shift
    for field in "$@"; do args+=(-e "$field"); done
    tshark -nr "$LAB_DIR/$host/ike.pcap" -Y isakmp -T fields "${args[@]}" 2>"$LAB_DIR/tshark.err"
}

capture() {
    cygnetctl_on "$1" capture --count 9 --time 30 "$2" "$LAB_DIR/$1/ike.pcap" \
        >"$LAB_DIR/$1/capture.out" 2>&1 &
    echo $! >"$LAB_DIR/$1/capture.pid"
    lab_wait 10 grep -qs 'capturing' "$LAB_DIR/$1/capture.out"
    sleep 0.5 # it registers behind that word
}

# has_clear HOST: nine messages, none encrypted, with both identities and both flows.
has_nine() { [ "$(fields "$1" isakmp.length | wc -l)" = 9 ]; }
none_encrypted() { [ "$(fields "$1" isakmp.flag_e | sort -u)" = 0 ]; }
none_malformed() {
    ! tshark -nr "$LAB_DIR/$1/ike.pcap" -Y '_ws.malformed || _ws.expert.severity == error' \
        2>/dev/null | grep .
}
checksums_right() {
    ! tshark -nr "$LAB_DIR/$1/ike.pcap" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -Y 'ip.checksum.status == 0 || udp.checksum.status == 0' 2>/dev/null | grep .
}
has_identities() {
    fields "$1" isakmp.id.data.fqdn | tr ',' '\n' | sort -u | grep . | paste -sd' ' |
        grep -qx 'a.example b.example'
}
has_ports() { [ "$(fields "$1" udp.srcport | sort -u | paste -sd' ')" = "$2" ]; }
has_way() { # sent and received
    [ "$(fields "$1" "$2" | sort -u | paste -sd' ')" = "$OUTER_A $OUTER_B" ]
}

# PSK and keys never stand in it.
has_no_secret() {
    ! grep -qa "$PSK" "$LAB_DIR/$1/ike.pcap"
}

lab_begin capture
for case in ipv4 nat ipv6; do
    unset OUTER_A OUTER_B INNER_A INNER_B INNER_IP_A INNER_IP_B PEER_EXTRA
    field=ip.src ports=500
    case $case in
    ipv6) OUTER_A=fd77::1 OUTER_B=fd77::2 INNER_A=fd01::/64 INNER_B=fd02::/64
          INNER_IP_A=fd01::1 INNER_IP_B=fd02::1 field=ipv6.src ;;
    nat) PEER_EXTRA="encap = 1" ports="4500 500" ;;
    esac
    pair_defaults
    pair_hosts
    pair_start a cygnet
    pair_start b cygnet
    capture a pair
    capture b pair
    lab_check "$case: up" pair_initiate a cygnet
    for host in a b; do
        wait "$(cat "$LAB_DIR/$host/capture.pid")"
        rm "$LAB_DIR/$host/capture.pid"
        lab_check "$case: $host has nine messages" has_nine $host
        lab_check "$case: $host: none is encrypted" none_encrypted $host
        lab_check "$case: $host: none is malformed" none_malformed $host
        lab_check "$case: $host: checksums are right" checksums_right $host
        lab_check "$case: $host: both identities" has_identities $host
        lab_check "$case: $host: both ways" has_way $host $field
        lab_check "$case: $host: the ports of the wire" has_ports $host "$ports"
        lab_check "$case: $host: no pre-shared key" has_no_secret $host
    done
    lab_reset
done
lab_finish
