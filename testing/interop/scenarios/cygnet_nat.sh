#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# Two cygnets with a NAT between: the float to 4500, UDP encapsulation, keepalives keep the mapping.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

lab_begin cygnet-nat
pair_defaults
lab_hosts a nat b
lab_link a 192.168.1.2/24 nat 192.168.1.1/24
lab_link nat 198.51.100.1/24 b 198.51.100.2/24
ip -n "$LAB_NS-a" route add default via 192.168.1.1
lab_ns nat nft -f - <<-NFT
	table ip nat {
	    chain post {
	        type nat hook postrouting priority srcnat;
	        ip saddr 192.168.1.0/24 ip protocol udp oifname "to-b" masquerade to :20000-29999
	        oifname "to-b" masquerade
	    }
	}
NFT
lab_addr a 10.1.0.1
lab_addr b 10.2.0.1
OUTER_A=192.168.1.2 OUTER_B=198.51.100.2
pair_start a cygnet
OUTER_A=198.51.100.1 REMOTE_ADDRS=%any pair_start b cygnet
lab_check "up from behind the NAT" pair_initiate a cygnet

lab_capture b to-nat
lab_check "ping from behind the NAT" lab_ping a 10.1.0.1 10.2.0.1
lab_check "ping to behind the NAT" lab_ping b 10.2.0.1 10.1.0.1
lab_check "transfer out" lab_transfer a 10.1.0.1 b 10.2.0.1 2
lab_check "transfer in" lab_transfer b 10.2.0.1 a 10.1.0.1 2
sleep 21
lab_capture_end b
lab_check "UDP-encapsulated from a translated port" \
    test "$(lab_bytes b 'udp dst port 4500 and src portrange 20000-29999')" -gt 2000000
lab_check "a keepalive was sent" test "$(lab_count b 'udp port 4500 and udp[4:2] = 9')" -gt 0
lab_check "no clear text on the wire" test "$(lab_clear b)" -eq 0
nat_seen() {
    swanctl_on "$1" --list-sas --raw | grep -q "$2=yes"
}
lab_check "a knows that it is behind a NAT" nat_seen a nat-local
lab_check "b knows that its peer is" nat_seen b nat-remote
lab_finish
