# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC1091
# A laboratory of hosts in network namespaces, for the demo and the interoperability tests: hosts,
# links, cygnetd and charon on them, traffic and what the wire shows of it. Sourced, not run.
# Needs root, namespaces, veth and /dev/net/tun; neither ESP nor XFRM in the kernel.
#
#   lab_begin NAME             a folder and a prefix of its own; removed at exit with all processes
#   lab_hosts a b              namespaces
#   lab_link a 192.168.77.1/24 b 192.168.77.2/24    a veth pair; devices are named to-b, to-a
#   lab_addr a 10.1.0.1        an inner address, on lo (dummy devices are not everywhere)
#   lab_ns a COMMAND           a command on host a
#   cygnet_start a <SQL        cygnetd with peers from SQL on standard input
#   cygnetctl_on a ARGS        cygnetctl; swanctl_on a ARGS: Debian's swanctl, unmodified
#   charon_start a <CONF       charon (kernel-libipsec) with a swanctl.conf on standard input
#   lab_ping a 10.1.0.1 10.2.0.1        lab_transfer a 10.1.0.1 b 10.2.0.1 MEGABYTES
#   lab_capture a to-b         starts tcpdump; lab_captured prints what it saw, lab_clear counts
#                              packets that are neither IKE nor ESP nor ARP/ND
#
# Settings: LAB_CYGNETD, LAB_CYGNETCTL, LAB_PLUGINS, LAB_SCHEMA: what to test; LAB_KEEP=yes keeps
# the folder.

LAB_PLUGIN_LIST=${LAB_PLUGIN_LIST:-"crypto-gnutls, auth-psk, store-sqlite, kernel-tun, control-vici"}

lab_die() {
    echo "lab: $*" >&2
    exit 1
}

lab_begin() {
    [ "$(id -u)" = 0 ] || lab_die "must be root"
    [ -c /dev/net/tun ] || lab_die "no /dev/net/tun"
    # A process id is not reused while its owner lives, so names are unique on this machine.
    LAB_NS=cyg$$
    LAB_DIR=$(mktemp -d "/tmp/cygnet-lab-$1.XXXXXX")
    chmod 0755 "$LAB_DIR"
    LAB_HOSTS=()
    LAB_REMOVE=() # more to remove at the end
    trap lab_end EXIT
    trap 'exit 130' INT TERM
}

# End a process by its id, first asking, then not.
lab_stop() {
    local pid=$1 i
    kill "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -9 "$pid" 2>/dev/null || true
}

# End what was started, in the order of its pid files, then whatever else runs on the hosts (what a
# program or a function in the background has started), and the hosts themselves.
lab_end_hosts() {
    local file host pid
    for file in "$LAB_DIR"/*/pid "$LAB_DIR"/*/*.pid; do
        [ -e "$file" ] && lab_stop "$(cat "$file")"
    done
    for host in "${LAB_HOSTS[@]}"; do
        for pid in $(ip netns pids "$LAB_NS-$host" 2>/dev/null); do
            lab_stop "$pid"
        done
        ip netns del "$LAB_NS-$host" 2>/dev/null || true
    done
}

lab_end() {
    local status=$?
    lab_end_hosts
    if [ "${LAB_KEEP:-no}" = yes ]; then
        echo "lab: kept $LAB_DIR" >&2
    else
        rm -rf "$LAB_DIR" "${LAB_REMOVE[@]}"
    fi
    exit "$status"
}

# End all processes and hosts and begin afresh, for the next case of a scenario.
lab_reset() {
    local host
    lab_end_hosts
    for host in "${LAB_HOSTS[@]}"; do
        rm -rf "${LAB_DIR:?}/$host"
    done
    LAB_HOSTS=()
}

lab_ns() {
    ip netns exec "$LAB_NS-$1" "${@:2}"
}

lab_hosts() {
    local host
    for host in "$@"; do
        ip netns add "$LAB_NS-$host"
        LAB_HOSTS+=("$host")
        mkdir -p "$LAB_DIR/$host"
        ip -n "$LAB_NS-$host" link set lo up
        lab_ns "$host" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
            echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
            echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
            echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
            echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter'
    done
}

lab_link() {
    local a=$1 address_a=$2 b=$3 address_b=$4
    ip -n "$LAB_NS-$a" link add "to-$b" type veth peer name "to-$a" netns "$LAB_NS-$b"
    ip -n "$LAB_NS-$a" addr add "$address_a" dev "to-$b"
    ip -n "$LAB_NS-$b" addr add "$address_b" dev "to-$a"
    ip -n "$LAB_NS-$a" link set "to-$b" up
    ip -n "$LAB_NS-$b" link set "to-$a" up
}

lab_addr() {
    ip -n "$LAB_NS-$1" addr add "$2" dev "${3:-lo}"
}

# lab_wait SECONDS COMMAND: until the command succeeds.
lab_wait() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

lab_alive() {
    kill -0 "$(cat "$LAB_DIR/$1/pid")" 2>/dev/null
}

# --- cygnet --------------------------------------------------------------------------------------

cygnet_start() {
    local host=$1 dir=$LAB_DIR/$1
    "$LAB_CYGNETCTL" db init "$dir/cygnet.db" >/dev/null || lab_die "no database for $host"
    sqlite3 -bail "$dir/cygnet.db" || lab_die "the database of $host refused its peers"
    cygnet_run "$host"
}

# With the database that is there; CYGNET_EXTRA: more lines of settings, CYGNET_LOG: of their section log.
cygnet_run() {
    local host=$1 dir=$LAB_DIR/$1
    mkdir -p "$dir/swanctl"
    : >"$dir/strongswan.conf" # swanctl wants one
    cat >"$dir/cygnet.conf" <<-CONF
	plugins = { $LAB_PLUGIN_LIST }
	plugin_dir = "$LAB_PLUGINS"
	worker_threads = 2
	listen { port = 500
	         nat_t_port = 4500
	         addresses = { "%any" } }
	log { target = "$dir/log"
	      level = 1
	      ${CYGNET_LOG:-} }
	store-sqlite { database = "$dir/cygnet.db" }
	control-vici { socket = "unix://$dir/vici" }
	kernel-tun { device = "cygnet0"
	             ${CYGNET_TUN:-} }
	${CYGNET_EXTRA:-}
	CONF
    # "exec" all the way down, so that $! is the daemon itself.
    ip netns exec "$LAB_NS-$host" "$LAB_CYGNETD" --settings "$dir/cygnet.conf" --foreground \
        >"$dir/out" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    lab_wait "${LAB_UP:-20}" cygnet_is_up "$host" || {
        cat "$dir/out" "$dir/log" >&2
        lab_die "cygnetd of $host did not come up"
    }
}

# Up, or gone: the caller of lab_wait must not wait for the dead.
cygnet_is_up() {
    lab_alive "$1" || return 0
    [ -S "$LAB_DIR/$1/vici" ] && cygnetctl_on "$1" version >/dev/null 2>&1
}

cygnetctl_on() {
    lab_ns "$1" "$LAB_CYGNETCTL" --uri "unix://$LAB_DIR/$1/vici" "${@:2}"
}

cygnet_sql() {
    sqlite3 -bail -cmd '.timeout 5000' "$LAB_DIR/$1/cygnet.db" "${@:2}"
}

# --- charon --------------------------------------------------------------------------------------

# kernel-libipsec does UDP-encapsulated tunnel mode only, hence always NAT traversal. charon-systemd,
# because /usr/lib/ipsec/charon insists on one /run/charon.pid.
charon_start() {
    local host=$1 dir=$LAB_DIR/$1
    mkdir -p "$dir/swanctl"
    cat >"$dir/swanctl/swanctl.conf"
    cat >"$dir/strongswan.conf" <<-CONF
	charon-systemd { journal { default = -1 } }
	charon {
	  load_modular = yes
	  retransmit_timeout = ${CHARON_RETRANSMIT:-4.0}
	  ${CHARON_EXTRA:-}
	  filelog { file { path = $dir/log
	                   append = no
	                   flush_line = yes
	                   time_format = %H:%M:%S
	                   default = ${CHARON_LOG:-1} } }
	  plugins {
	    include /etc/strongswan.d/charon/*.conf
	    kernel-libipsec { load = yes }
	    bypass-lan { load = no }
	    vici { socket = unix://$dir/vici }
	    stroke { load = no }
	    resolve { load = no }
	    forecast { load = no }
	    dhcp { load = no }
	    farp { load = no }
	    tpm { load = no }
	  }
	}
	swanctl { socket = unix://$dir/vici }
	CONF
    STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir/swanctl \
        ip netns exec "$LAB_NS-$host" /usr/sbin/charon-systemd >"$dir/out" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    lab_wait 20 test -S "$dir/vici" || {
        cat "$dir/out" "$dir/log" >&2
        lab_die "charon of $host did not come up"
    }
    swanctl_on "$host" --load-all >"$dir/load.out" 2>&1 || {
        cat "$dir/load.out" >&2
        lab_die "swanctl --load-all failed on $host"
    }
}

# Debian's swanctl, against charon and cygnetd alike.
swanctl_on() {
    local dir=$LAB_DIR/$1
    lab_ns "$1" env STRONGSWAN_CONF="$dir/strongswan.conf" SWANCTL_DIR="$dir/swanctl" \
        swanctl "${@:2}" --uri "unix://$dir/vici"
}

# --- Traffic -------------------------------------------------------------------------------------

# lab_ping HOST FROM TO: three pings, all answered.
lab_ping() {
    lab_ns "$1" ping -q -c 3 -i 0.2 -W 2 -I "$2" "$3" >"$LAB_DIR/ping.out" 2>&1
}

# An address as socat wants it.
lab_bracket() {
    case $1 in
    *:*) echo "[$1]" ;;
    *) echo "$1" ;;
    esac
}

# lab_transfer FROM-HOST FROM-ADDRESS TO-HOST TO-ADDRESS MEGABYTES: over TCP, compared by digest.
lab_transfer() {
    local port=5001 family=4 pid status=0
    [[ $4 == *:* ]] && family=6
    head -c "$5M" /dev/urandom >"$LAB_DIR/sent"
    lab_ns "$3" timeout 120 socat -u \
        "TCP$family-LISTEN:$port,bind=$(lab_bracket "$4"),reuseaddr" "CREATE:$LAB_DIR/got" &
    pid=$!
    if lab_wait 5 lab_listens "$3" $port; then
        lab_ns "$1" timeout 120 socat -u "OPEN:$LAB_DIR/sent" \
            "TCP$family:$(lab_bracket "$4"):$port,bind=$(lab_bracket "$2"),connect-timeout=10" ||
            status=1
    else
        status=1
    fi
    [ $status = 0 ] || kill $pid
    wait $pid || status=1
    [ $status = 0 ] && [ "$(sha256sum <"$LAB_DIR/sent")" = "$(sha256sum <"$LAB_DIR/got")" ]
}

lab_listens() {
    lab_ns "$1" ss -Hltn "sport = :$2" | grep -q .
}

# Immediately: else what stands in the kernel's buffer at the end, up to a second of it, is lost.
lab_capture() {
    lab_ns "$1" tcpdump --immediate-mode -U -s 200 -i "$2" -w "$LAB_DIR/$1/wire.pcap" >/dev/null \
        2>"$LAB_DIR/$1/tcpdump.out" &
    echo $! >"$LAB_DIR/$1/tcpdump.pid"
    lab_wait 10 grep -qs 'listening on' "$LAB_DIR/$1/tcpdump.out"
}

lab_capture_end() {
    sleep 0.3
    lab_stop "$(cat "$LAB_DIR/$1/tcpdump.pid")"
    rm -f "$LAB_DIR/$1/tcpdump.pid"
}

# lab_count HOST FILTER: packets of the capture that match.
lab_count() {
    tcpdump -nr "$LAB_DIR/$1/wire.pcap" "$2" 2>/dev/null | wc -l
}

# lab_bytes HOST FILTER: bytes of the frames that match. On a veth pair a batch of UDP segments is one
# packet of up to 64 kB, so packets say little.
lab_bytes() {
    tcpdump -enr "$LAB_DIR/$1/wire.pcap" "$2" 2>/dev/null |
        awk 'match($0, /length [0-9]+:/) { n += substr($0, RSTART + 7, RLENGTH - 8) } END { print n + 0 }'
}

# ESP, raw or in UDP (first four bytes behind the UDP header not zero).
LAB_ESP='ip proto 50 or ip6 proto 50
    or (ip and udp port 4500 and udp[4:2] > 20 and udp[8:4] != 0)
    or (ip6 and ip6[6] == 17 and ip6[42:2] == 4500 and ip6[48:4] != 0)'

# Packets that are neither IKE, ESP (raw or in UDP) nor what a link has by itself: neighbour
# discovery, group membership.
lab_clear() {
    lab_count "$1" 'not (udp port 500 or udp port 4500 or ip proto 50 or ip6 proto 50 or arp or igmp
        or (icmp6 and ip6[40] >= 130 and ip6[40] <= 143) or (ip6 proto 0))'
}

# --- Results -------------------------------------------------------------------------------------

LAB_TESTS=0
LAB_FAILED=0

# lab_check "claim" COMMAND: one line of TAP.
lab_check() {
    local claim=$1
    shift
    LAB_TESTS=$((LAB_TESTS + 1))
    if "$@"; then
        echo "ok $LAB_TESTS - $claim"
    else
        echo "not ok $LAB_TESTS - $claim"
        LAB_FAILED=$((LAB_FAILED + 1))
        lab_story
    fi
}

# What is known when a check fails, as diagnostics.
lab_story() {
    local host
    for host in "${LAB_HOSTS[@]}"; do
        [ -e "$LAB_DIR/$host/log" ] || continue
        echo "# log of $host:"
        tail -n 40 "$LAB_DIR/$host/log" | sed 's/^/#   /'
    done
}

lab_finish() {
    echo "1..$LAB_TESTS"
    [ "$LAB_FAILED" = 0 ]
}
