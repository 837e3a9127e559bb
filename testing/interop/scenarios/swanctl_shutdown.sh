#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# SIGTERM while clients ask for everything at once: cygnetd ends in time, cleanly. With a build under
# a sanitizer (thread above all) its findings fail this. What the peer hears of it is the business of
# daemon.sh: here a handshake may be under way, of which only one side knows that it is done.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

lab_begin swanctl-shutdown
pair_defaults
pair_hosts
pair_start b cygnet
pair_start a cygnet

conf() {
    local i
    echo "connections {"
    for ((i = 0; i < 10; i++)); do
        cat <<-CONF
		load$i {
		  remote_addrs = 203.0.113.$i
		  version = 1
		  local { auth = psk }
		  remote { auth = psk }
		  children { c { life_time = $1 } }
		}
		CONF
    done
    echo "}"
}
conf 7200 >"$LAB_DIR/one.conf"
conf 7300 >"$LAB_DIR/two.conf"

# Clients of one kind each, until the daemon is gone.
ask() {
    while lab_alive a; do
        "$@"
    done >/dev/null 2>&1
}
load() {
    swanctl_on a --load-conns --file "$LAB_DIR/one.conf"
    swanctl_on a --load-conns --file "$LAB_DIR/two.conf"
}
up_and_down() {
    swanctl_on a --initiate --child net --timeout 2
    swanctl_on a --terminate --ike pair --timeout 2
}
clients() {
    ask swanctl_on a --list-sas &
    ask swanctl_on a --list-conns &
    ask swanctl_on a --stats &
    ask load &
    ask up_and_down &
    ask timeout 2 "$LAB_CYGNETCTL" --uri "unix://$LAB_DIR/a/vici" log &
}

# Its exit status, within ten seconds of the signal.
ends() {
    local pid begin=$SECONDS status
    pid=$(cat "$LAB_DIR/a/pid")
    clients
    sleep "$1"
    kill -TERM "$pid"
    wait "$pid"
    status=$?
    echo "# status $status after $((SECONDS - begin)) s"
    [ $((SECONDS - begin)) -lt 14 ] && [ "$status" = 0 ]
}
clean() {
    ! grep -E 'Sanitizer|runtime error' "$LAB_DIR/a/out" | sed 's/^/# /' | grep .
}

for seconds in 0.5 1.3 2.1; do
    lab_check "it ends under load after $seconds s" ends $seconds
    lab_check "cleanly" clean
    lab_check "nothing is left" test ! -e "$LAB_DIR/a/vici"
    cygnet_run a
done
lab_check "and it begins again" lab_alive a
lab_finish
