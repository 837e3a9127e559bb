#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# The daemon as such: privileges, settings, signals, peers that change while it runs.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

lab_begin daemon
pair_defaults
pair_hosts
pair_start a cygnet
pair_start b cygnet
pid=$(cat "$LAB_DIR/a/pid")

# H-185: CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW and nothing else, in every thread.
least_privilege() {
    [ "$(cat /proc/"$pid"/task/*/status | sed -n 's/^CapEff:\t//p' | sort -u)" = 0000000000003400 ]
}
installed() {
    [ "$(swanctl_on "$1" --list-sas --raw | grep -o 'state=INSTALLED' | wc -l)" = "$2" ]
}
status_of() {
    local want=$1
    shift
    "$@" >"$LAB_DIR/command.out" 2>&1
    local got=$?
    [ $got = "$want" ] || { echo "# status $got"; sed 's/^/# /' "$LAB_DIR/command.out"; return 1; }
}
says() {
    grep -q "$1" "$LAB_DIR/command.out"
}

lab_check "every thread has the least privilege" lab_wait 5 least_privilege
lab_check "good settings pass the check" status_of 0 \
    "$LAB_CYGNETD" --settings "$LAB_DIR/a/cygnet.conf" --check-settings
sed 's/worker_threads/worker_thread/' "$LAB_DIR/a/cygnet.conf" >"$LAB_DIR/wrong.conf"
lab_check "a misspelt key gives status 78" status_of 78 \
    "$LAB_CYGNETD" --settings "$LAB_DIR/wrong.conf" --check-settings
lab_check "and the place and the right key" says "wrong.conf:3.*worker_threads"
lab_check "a port that is held is named" status_of 1 \
    lab_ns a "$LAB_CYGNETD" --settings "$LAB_DIR/a/cygnet.conf" --foreground
lab_check "with its number" says "port 500"

lab_check "up" pair_initiate a cygnet
lab_check "SIGHUP leaves the tunnel alone" kill -HUP "$pid"
lab_check "it carries traffic" lab_ping a 10.1.0.1 10.2.0.1
cygnet_sql a "INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals)
    VALUES ('pair', 'more', '10.1.0.0/16', '10.3.0.0/16', 'aes128gcm16')"
cygnet_sql b "INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals)
    VALUES ('pair', 'more', '10.3.0.0/16', '10.1.0.0/16', 'aes128gcm16')"
lab_check "a child that was added counts at once" pair_initiate a cygnet more
lab_check "both children are up" installed b 2
cygnet_sql a "DELETE FROM children WHERE name = 'more'"
lab_check "a deleted child loses its SAs" lab_wait 4 installed b 1
lab_check "the other one still carries traffic" lab_ping a 10.1.0.1 10.2.0.1
lab_check "an unknown child is told, status 3" status_of 3 cygnetctl_on a initiate --child nobody
cygnet_sql a "DELETE FROM peers"
lab_check "a deleted peer loses its SAs at both ends" lab_wait 4 installed b 0
lab_check "a, too" installed a 0

kill "$pid"
lab_check "SIGTERM ends it" lab_wait 10 sh -c "! kill -0 $pid 2>/dev/null"
nothing_left() {
    [ -z "$(lab_ns a ip -o link show cygnet0 2>/dev/null)" ] &&
        [ -z "$(lab_ns a nft list tables)" ] && [ ! -e "$LAB_DIR/a/vici" ]
}
lab_check "no device, filter or socket is left" nothing_left
lab_check "cygnetctl says that nobody is there, status 3" status_of 3 cygnetctl_on a sas
lab_finish
