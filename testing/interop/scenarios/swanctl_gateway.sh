#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# A swanctl.conf as gateways have it, loaded into cygnetd by Debian's swanctl: site to site with
# three subnets and two proposals, road warriors at %any, start_action = start. charon is the peer,
# in both roles. What swanctl shows of cygnetd is compared with what it shows of charon: of one
# tunnel in --list-sas --raw and --monitor-sa --raw, and the form of the other listings. What
# becomes of SAs when a connection is changed or unloaded was seen at charon in the same steps.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"

lab_begin swanctl-gateway
lab_hosts a b c
lab_link a 192.168.77.1/24 b 192.168.77.2/24
lab_link a 192.168.78.1/24 c 192.168.78.77/24
for i in 1 2 3; do
    lab_addr a "10.1.$i.1/32"
done
lab_addr a 10.99.0.1/32
lab_addr b 10.2.0.1/32

# conf SELF PEER ID PEER-ID START: the same file for both, seen from either side.
conf() {
    local self=$1 peer=$2 id=$3 peer_id=$4 start=$5 mine=$6 its=$7 i
    cat <<-CONF
	connections {
	  site {
	    version = 1
	    local_addrs = $self
	    remote_addrs = $peer
	    proposals = aes256-sha256-modp2048,aes128-sha256-modp2048
	    dpd_delay = 30s
	    rekey_time = 4h
	    local {
	      auth = psk
	      id = $id
	    }
	    remote {
	      auth = psk
	      id = $peer_id
	    }
	    children {
	CONF
    for i in 1 2 3; do
        cat <<-CONF
	      net$i {
	        local_ts = ${mine//N/$i}
	        remote_ts = ${its//N/$i}
	        esp_proposals = aes128gcm16,aes256gcm16
	        start_action = $start
	        close_action = none
	      }
	CONF
    done
    cat <<-CONF
	    }
	  }
	  warriors {
	    version = 1
	    local_addrs = %any
	    remote_addrs = %any
	    proposals = aes128-sha256-modp2048
	    local {
	      auth = psk
	      id = $id
	    }
	    remote {
	      auth = psk
	      id = *@warriors.example
	    }
	    children {
	      all {
	        local_ts = 10.99.0.0/16
	        esp_proposals = aes128gcm16
	      }
	    }
	  }
	}
	secrets {
	  ike-site {
	    id-1 = $id
	    id-2 = $peer_id
	    secret = "secret of the site"
	  }
	  ike-warriors {
	    secret = "secret of the warriors"
	  }
	}
	CONF
}

warrior() {
    cat <<-CONF
	connections {
	  home {
	    version = 1
	    remote_addrs = 192.168.78.1
	    proposals = aes128-sha256-modp2048
	    local {
	      auth = psk
	      id = joan@warriors.example
	    }
	    remote {
	      auth = psk
	      id = a.example
	    }
	    children {
	      all {
	        remote_ts = 10.99.0.0/16
	        esp_proposals = aes128gcm16
	      }
	    }
	  }
	}
	secrets {
	  ike-home {
	    secret = "secret of the warriors"
	  }
	}
	CONF
}

charon_start b < <(conf 192.168.77.2 192.168.77.1 b.example a.example none 10.2.0.0/16 10.1.N.0/24)
charon_start c < <(warrior)
: | cygnet_start a
conf 192.168.77.1 192.168.77.2 a.example b.example start 10.1.N.0/24 10.2.0.0/16 \
    >"$LAB_DIR/a/swanctl/swanctl.conf"

shows() {
    local host=$1 pattern=$2
    shift 2
    swanctl_on "$host" "$@" >"$LAB_DIR/swanctl.out" 2>&1
    grep -Eq "$pattern" "$LAB_DIR/swanctl.out" || {
        sed 's/^/# /' "$LAB_DIR/swanctl.out"
        return 1
    }
}

raw() {
    swanctl_on "$1" --list-sas --raw | grep 'list-sa event {site '
}

children_up() {
    [ "$(raw "$1" | grep -o 'state=INSTALLED' | wc -l)" = "$2" ]
}

none_up() {
    ! raw "$1" | grep -q 'state='
}

lab_check "--load-all loads it" shows a "successfully loaded 2 connections, 0 unloaded" --load-all
lab_check "what start_action says comes up" lab_wait 20 children_up a 3
lab_check "charon has the three too" children_up b 3
for i in 1 2 3; do
    lab_check "subnet $i carries traffic" lab_ping a "10.1.$i.1" 10.2.0.1
done
lab_check "loading the same again changes nothing" shows a "successfully loaded 2 connections" --load-all
lab_check "the three are still up" children_up a 3

# --- Road warriors ---

lab_check "a road warrior gets in" shows c "initiate completed successfully" \
    --initiate --child all --timeout 20
lab_check "it is shown by its connection" shows a "^warriors: #.*ESTABLISHED" --list-sas
lab_check "with its identity" shows a "remote 'joan@warriors.example' @ 192.168.78.77" --list-sas
lab_check "with its own address as selector" shows a "remote 192.168.78.77/32" --list-sas --ike warriors
lab_check "it carries traffic" lab_ping c 192.168.78.77 10.99.0.1
lab_check "the site is still up" children_up a 3
lab_check "the road warrior leaves" shows c "terminate completed successfully" --terminate --ike home

# --- The same things said in the same way ---

# Keys and values but for what differs by nature: SPIs, ids, times, counters, sides.
skeleton() {
    # shellcheck disable=SC2020
    tr ' {}' '\n\n\n' | sed -E \
        -e 's/^((uniqueid|reqid|initiator-spi|responder-spi|spi-in|spi-out)=).*/\1/' \
        -e 's/^((established|rekey-time|life-time|install-time|use-in|use-out)=).*/\1/' \
        -e 's/^((bytes|packets)-(in|out)=).*/\1/' -e 's/^net([0-9])-[0-9]+$/net\1-/' \
        -e 's/^(local|remote)-(host|id|ts)=.*/\1-\2=/' -e '/^(initiator|nat-[a-z]+)=yes$/d' \
        -e '/^tasks-[a-z]+=/d' -e 's/^[A-Z_]+\]$//' | sed '/^$/d'
}

# differ_in FILE-A FILE-B [KEY]: whether that key, which only charon has, is the only difference.
# cygnetd does not renew yet (M4), so it has no time to tell for it.
differ_in() {
    diff "$1" "$2" | grep '^[<>]' | grep -vx "> ${3:-}" >"$LAB_DIR/diff"
    sed 's/^/# /' "$LAB_DIR/diff"
    [ -s "$1" ] && [ -s "$2" ] && [ ! -s "$LAB_DIR/diff" ]
}

same_raw() {
    raw a | skeleton >"$LAB_DIR/raw.a"
    raw b | skeleton >"$LAB_DIR/raw.b"
    differ_in "$LAB_DIR/raw.a" "$LAB_DIR/raw.b" "$@"
}
only_one() {
    swanctl_on a --terminate --child net2 --timeout 10 >/dev/null 2>&1
    swanctl_on a --terminate --child net3 --timeout 10 >/dev/null 2>&1
    lab_wait 5 children_up a 1 && lab_wait 5 children_up b 1 && lab_ping a 10.1.1.1 10.2.0.1
}
lab_check "one child is left" only_one
lab_check "--list-sas --raw is charon's, but for rekey-time" same_raw rekey-time=

# The output of a command on both.
both() {
    local host
    for host in a b; do
        swanctl_on $host "$@" >"$LAB_DIR/both.$host" 2>&1
    done
}
same_output() {
    both "$@"
    sed -i -E 's/: "site"\.$//' "$LAB_DIR/both.a" # cygnetd says which
    diff "$LAB_DIR/both.a" "$LAB_DIR/both.b" | sed 's/^/# /' >"$LAB_DIR/diff"
    [ ! -s "$LAB_DIR/diff" ] || { cat "$LAB_DIR/diff"; return 1; }
}
# Numbers and names of plugins differ; what we count besides has our name.
same_form() {
    both "$@"
    for host in a b; do
        sed -E -i -e '/^ +cygnet-/d' -e 's/[0-9]+/N/g' -e 's/(since ).*/\1/' -e 's/(plugins: ).*/\1/' \
            -e 's/N (second|minute)s?/N seconds/' "$LAB_DIR/both.$host"
    done
    diff "$LAB_DIR/both.a" "$LAB_DIR/both.b" | sed 's/^/# /' >"$LAB_DIR/diff"
    [ ! -s "$LAB_DIR/diff" ] || { cat "$LAB_DIR/diff"; return 1; }
}
# Each algorithm under a section and a name that charon has, too.
known_algorithms() {
    both --list-algs
    for host in a b; do
        awk -F'[' '/:$/ { section = $1; next } { print section $1 }' "$LAB_DIR/both.$host" |
            sort -u >"$LAB_DIR/algs.$host"
    done
    [ "$(wc -l <"$LAB_DIR/algs.a")" -gt 15 ] || return 1
    comm -23 "$LAB_DIR/algs.a" "$LAB_DIR/algs.b" | sed 's/^/# /' >"$LAB_DIR/diff"
    [ ! -s "$LAB_DIR/diff" ] || { cat "$LAB_DIR/diff"; return 1; }
}
lab_check "--list-pols: of tunnels that are up charon shows none" same_output --list-pols
lab_check "--counters" same_form --counters
lab_check "--counters --all: IKEv1 has none" same_output --counters --all
lab_check "--counters --name: the same" same_output --counters --name site
lab_check "--counters --reset" same_output --counters --reset
lab_check "--counters --reset --name" same_output --counters --reset --name site
lab_check "--stats" same_form --stats
lab_check "--list-algs" known_algorithms
lab_check "--rekey is refused by name" shows a "rekey failed: .*rekey.*is not built yet" --rekey --ike site

monitor() {
    # Into a file it would write a block at a time.
    lab_ns "$1" env STRONGSWAN_CONF="$LAB_DIR/$1/strongswan.conf" stdbuf -oL \
        swanctl --monitor-sa --raw --uri "unix://$LAB_DIR/$1/vici" >"$LAB_DIR/monitor.$1" 2>&1 &
    echo $! >"$LAB_DIR/$1/monitor.pid"
}
same_events() {
    local host what
    for what in 'child-updown event {up=yes site ' 'child-updown event {site ' 'ike-updown event {site '; do
        for host in a b; do
            lab_wait 5 grep -q "^$what" "$LAB_DIR/monitor.$host" || return 1
            grep "^$what" "$LAB_DIR/monitor.$host" | head -n 1 | skeleton >"$LAB_DIR/event.$host"
        done
        differ_in "$LAB_DIR/event.a" "$LAB_DIR/event.b" rekey-time= || return 1
    done
}
monitor a
monitor b
sleep 0.5
swanctl_on a --initiate --child net2 --timeout 10 >/dev/null 2>&1
lab_check "a second child is up" children_up a 2
lab_check "charon ends it" shows b "terminate completed successfully" --terminate --ike site
lab_check "nothing is up" lab_wait 10 none_up a
lab_check "--monitor-sa --raw of both is the same" same_events
lab_stop "$(cat "$LAB_DIR/a/monitor.pid")"
lab_stop "$(cat "$LAB_DIR/b/monitor.pid")"

lab_check "responder: charon initiates" shows b "initiate completed successfully" \
    --initiate --child net2 --timeout 20
lab_check "responder: it is up" lab_wait 5 children_up a 1
lab_check "responder: it carries traffic" lab_ping b 10.2.0.1 10.1.2.1
lab_check "responder: --list-sas --raw is charon's, but for rekey-time" same_raw rekey-time=

# --- Changing and unloading ---

change() {
    sed -i -E "$1" "$LAB_DIR/a/swanctl/swanctl.conf"
    swanctl_on a --load-conns 2>&1 | grep -q "successfully loaded 2 connections"
}
# id NAME: of the child that is up.
id() {
    raw a | grep -oE "$1-[0-9]+ \\{" | head -n 1
}
began_anew() {
    [ -n "$(id "$1")" ] && [ "$(id "$1")" != "$2" ]
}
lab_check "loading what says start brings the others up" change 's/dpd_delay = 30s/dpd_delay = 40s/'
lab_check "three are up" lab_wait 20 children_up a 3
net1=$(id net1) net2=$(id net2)
lab_check "net1 alone is changed" change '/net1 \{/,/\}/ s/close_action = none/life_time = 2h/'
lab_check "it begins anew" lab_wait 10 began_anew net1 "$net1"
lab_check "the others stay" test "$(id net2)" = "$net2"
lab_check "start_action is taken back" change 's/start_action = start/start_action = none/'
lab_check "what it has brought up ends" lab_wait 10 none_up a
lab_check "and at charon's side" lab_wait 10 none_up b
lab_check "charon initiates again" shows b "initiate completed successfully" \
    --initiate --child net2 --timeout 20
lab_check "what did not start is changed" change 's/close_action = none/life_time = 3h/'
lab_check "its SA stays" children_up a 1
: >"$LAB_DIR/a/swanctl/swanctl.conf"
lab_check "what the file lost is unloaded" shows a "2 unloaded" --load-conns
sleep 2 # longer than the engine's interval for looking
lab_check "its SA stays until it ends, as with charon" children_up a 1
lab_check "it carries traffic" lab_ping b 10.2.0.1 10.1.2.1
lab_check "it can be ended" shows a "terminate completed successfully" --terminate --ike site
lab_check "nothing is left" lab_wait 10 none_up b
lab_check "an unloaded connection is not taken any more" shows b "initiate failed" \
    --initiate --child net2 --timeout 5

lab_finish
