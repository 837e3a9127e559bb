#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# Two cygnets: tunnel and transport, raw ESP and UDP encapsulation, IPv4 and IPv6.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

lab_begin cygnet-pair
for case in tunnel-raw tunnel-udp transport-raw transport-udp tunnel-raw-ipv6 transport-raw-ipv6; do
    unset OUTER_A OUTER_B INNER_A INNER_B INNER_IP_A INNER_IP_B PEER_EXTRA
    case $case in
    *-ipv6) OUTER_A=fd77::1 OUTER_B=fd77::2 INNER_A=fd01::/64 INNER_B=fd02::/64
            INNER_IP_A=fd01::1 INNER_IP_B=fd02::1 ;;
    esac
    case $case in
    transport-*) INNER_A=dynamic INNER_B=dynamic INNER_IP_A="" INNER_IP_B="" MODE=transport ;;
    *) MODE=tunnel ;;
    esac
    case $case in
    *-udp*) PEER_EXTRA="encap = 1" ;;
    esac
    pair_defaults
    PAIR_MB=1
    if [ $MODE = transport ]; then
        INNER_IP_A="" INNER_IP_B=""
        pair_hosts
        INNER_IP_A=$OUTER_A INNER_IP_B=$OUTER_B
    else
        pair_hosts
    fi
    pair_start a cygnet
    pair_start b cygnet
    lab_check "$case: up" pair_initiate a cygnet
    pair_traffic "$case"
    case $case in
    *-raw*) filter='ip proto 50 or ip6 proto 50' ;;
    *) filter='udp port 4500' ;;
    esac
    lab_check "$case: the wire shows $filter" pair_bytes "$filter"
    lab_reset
done
lab_finish
