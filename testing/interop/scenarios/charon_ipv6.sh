#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# charon on the other end, IPv6: inside IPv4, IPv4 inside IPv6, IPv6 inside IPv6.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

lab_begin charon-ipv6
for initiator in cygnet charon; do
    from=a
    [ "$initiator" = cygnet ] || from=b
    for case in 6in4 4in6 6in6; do
        unset OUTER_A OUTER_B INNER_A INNER_B INNER_IP_A INNER_IP_B
        case $case in
        *in6) OUTER_A=fd77::1 OUTER_B=fd77::2 ;;
        esac
        case $case in
        6in*) INNER_A=fd01::/64 INNER_B=fd02::/64 INNER_IP_A=fd01::1 INNER_IP_B=fd02::1 ;;
        esac
        pair_defaults
        PAIR_MB=1
        pair_hosts
        pair_start b charon
        pair_start a cygnet
        lab_check "$initiator initiates, $case: up" pair_initiate "$from" "$initiator"
        pair_traffic "$initiator initiates, $case"
        lab_reset
    done
done
lab_finish
