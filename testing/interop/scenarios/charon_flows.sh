#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# charon on the other end, several flows: one SA pair for each pair of selectors, in both roles.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

lab_begin charon-flows
INNER_A=10.1.0.0/24,10.1.1.0/24 INNER_IP_A="10.1.0.1 10.1.1.1"
INNER_B=10.2.0.0/24,10.2.1.0/24 INNER_IP_B="10.2.0.1 10.2.1.1"
pair_defaults

all_flows() {
    local l r
    for l in $INNER_IP_A; do
        for r in $INNER_IP_B; do
            lab_ping a "$l" "$r" || { echo "# $l to $r fails"; return 1; }
        done
    done
}

pair_hosts
pair_start b charon
pair_start a cygnet
lab_check "cygnet brings all four flows up with one order" pair_initiate a cygnet
lab_check "cygnet initiates: each flow carries traffic" all_flows
installed() {
    [ "$(swanctl_on b --list-sas --raw | grep -o 'state=INSTALLED' | wc -l)" = 4 ]
}
lab_check "charon has four child SAs under one IKE SA" installed
lab_reset

pair_hosts
pair_start b charon
pair_start a cygnet
for child in net net2 net3 net4; do
    lab_check "charon brings $child up" pair_initiate b charon $child
done
lab_check "charon initiates: each flow carries traffic" all_flows
lab_finish
