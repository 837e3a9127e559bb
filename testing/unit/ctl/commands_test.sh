#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The real cygnetctl, and Debian's swanctl where it is installed, against control-vici as it runs in
# cygnetd (vici_server): output, JSON, exit status.
set -uo pipefail

ctl=$CYG_BUILDDIR/cygnetctl
server=$CYG_BUILDDIR/testing/unit/control_vici/vici_server
dir=$(mktemp -d /tmp/cygnet-ctl-test.XXXXXX)
uri=unix://$dir/run/vici
mkdir -m 0700 "$dir/run"
mkfifo "$dir/input"
"$server" "$dir/run" <"$dir/input" >"$dir/out" 2>"$dir/err" &
pid=$!
exec 9>"$dir/input" # the server ends when this is closed
for ((i = 0; i < 200; i++)); do
    grep -q ready "$dir/out" && break
    sleep 0.05
done

number=0 failed=0
# check CLAIM STATUS [PATTERN...]: of the last run.
check() {
    local claim=$1 want=$2 pattern good=yes
    shift 2
    [ "$status" = "$want" ] || good="status $status"
    for pattern in "$@"; do
        grep -qE -- "$pattern" "$dir/got" || good="no $pattern"
    done
    number=$((number + 1))
    if [ "$good" = yes ]; then
        echo "ok $number - $claim"
    else
        echo "not ok $number - $claim"
        echo "# $good"
        sed 's/^/# /' "$dir/got"
        failed=1
    fi
}

run() {
    timeout 20 "$@" >"$dir/got" 2>&1
    status=$?
}

c() {
    run "$ctl" --uri "$uri" "$@"
}

c version
check "version" 0 '^cygnetd [0-9.]+, Linux'
c --json version
check "version as JSON" 0 '"daemon": "cygnetd"' '"cygnetctl":'
c plugins
check "plugins, what is missing and why" 0 'crypto-test .*aes128 .*used' 'kernel-test .*missing.*there is none'
c sas
check "SAs as a table" 0 '^PEER +ID +STATE' \
    '^branch +1 +ESTABLISHED +198.51.100.7\[4500\] +net-1 +INSTALLED +10.1.0.0/16 +10.2.0.0/16 +AES_GCM_16-128 +168 +0' \
    '^other +2 +CONNECTING'
c --json sas branch
check "the SAs of one peer as JSON" 0 '"spi-in": "f3460e8b"' '"10.1.0.0/16"'
jq -e . "$dir/got" >/dev/null 2>&1
status=$?
check "it is JSON" 0
c sas nobody
check "no SA of that peer: status 3" 3 'no SA of peer nobody'
c peers
check "no peers" 0
c peers nobody
check "no such peer: status 3" 3 'no peer is called nobody'
c initiate --child net gw
check "initiate shows progress" 0 '^\[IKE\] ' '^initiate: done'
c --json initiate --child net
check "initiate as JSON" 0 '"success": "yes"'
c initiate --child nothing
check "initiate what is not there: status 3" 3 'There is no child "nothing"'
c initiate --child slow --timeout 1
check "initiate times out: status 124" 124 'not done within 1000 ms'
c terminate branch
check "terminate" 0 '^terminate: done'
c terminate --ike-id 1
check "terminate by id" 0
c terminate nobody
check "terminate what is not there: status 3" 3 'No SA fits "nobody"'
c initiate
check "initiate without a name: status 2" 2 'takes'
c terminate
check "terminate without a name: status 2" 2 'takes'
c initiate --child net --timeout x
check "a timeout that is none: status 2" 2 'seconds'
c frobnicate
check "an unknown command: status 2" 2 'no command frobnicate' 'Usage'
c version extra
check "arguments too many: status 2" 2 'no arguments'
run "$ctl" --uri "unix://$dir/nothing" version
check "no daemon: status 3" 3 'does cygnetd run'
run "$ctl" --uri "tcp://localhost" version
check "a uri that is none: status 2" 2 'must be unix://'
c explain branch
check "explain: the ladder of a peer and what to change" 0 '^branch, negotiation 1, .*begun by the peer' \
    'MM1  SA, VID .* 204 bytes' 'The cipher differs' 'Failed after 0.500 s' 'proposals that differ in cipher' \
    'What happened +None is allowed' 'What to change +Allow it'
! grep -q Dropped "$dir/got"
status=$?
check "explain of a peer: not what belongs to nobody" 0
c explain
check "explain: all of them" 0 '^branch, negotiation 1' '^unknown peer at 203.0.113.9, negotiation 2' 'Nobody knows it' \
    "^Dropped, without a negotiation:" "412 +203.0.113.0/24 +A message of exchange type ... belongs to no IKE SA"
! grep -q 'unknown peer.*begun' "$dir/got"
status=$?
check "explain: who began is not made up" 0
c explain --unknown
check "explain --unknown" 0 '^unknown peer at 203.0.113.9'
! grep -q branch "$dir/got"
status=$?
check "explain --unknown: nobody else" 0
c explain --source 203.0.113.9 --json
check "explain --source as JSON" 0 '"negotiation": "2"' '"result": "failed"'
jq -e 'length == 1 and (.[0] | has("role") | not)' "$dir/got" >/dev/null 2>&1
status=$?
check "explain --json is JSON, without a role that nobody has" 0
c explain nobody
check "explain of a peer without negotiations: status 3" 3 'no negotiation with nobody is recorded'
c explain --last 0
check "explain --last 0: status 2" 2 'takes'
c explain --unknown branch
check "explain --unknown PEER: status 2" 2 'takes'
timeout 2 "$ctl" --uri "$uri" explain --follow branch >"$dir/got" 2>&1
status=0
check "explain --follow of a peer" 0 '^branch, negotiation 1' 'Failed after'
! grep -q 'unknown peer' "$dir/got"
status=$?
check "explain --follow: nobody else" 0
timeout 2 "$ctl" --uri "$uri" explain --follow --json >"$dir/got" 2>&1
jq -es 'length >= 4 and all(.[]; has("negotiation"))' "$dir/got" >/dev/null 2>&1
status=$?
check "explain --follow --json: an entry on each line" 0

c capture --count 1 branch "$dir/capture"
check "capture" 0 'the messages are in clear' '^cygnetctl: 1 messages'
[ "$(od -An -tx4 -N4 --endian=big "$dir/capture" | tr -d ' ')" = a1b2c3d4 ] ||
    [ "$(od -An -tx4 -N4 --endian=little "$dir/capture" | tr -d ' ')" = a1b2c3d4 ]
status=$?
check "capture writes a pcap" 0
[ "$(stat -c %a "$dir/capture")" = 600 ]
status=$?
check "capture: for its owner only" 0
c capture --time 1 nobody "$dir/capture"
check "capture of somebody else has nothing" 0 '^cygnetctl: 0 messages'
c capture branch
check "capture without a file: status 2" 2 'takes'
c capture branch "$dir/nothing/file"
check "capture into no folder: status 1" 1 'No such file'

timeout 2 "$ctl" --uri "$uri" log >"$dir/got" 2>&1
status=0
check "log follows" 0 'IKE.* is ready'

if command -v swanctl >/dev/null; then
    mkdir -p "$dir/swanctl"
    : >"$dir/strongswan.conf"
    export STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir/swanctl
    s() {
        run swanctl "$@" --uri "$uri"
    }
    cat >"$dir/swanctl/swanctl.conf" <<-'CONF'
	connections {
	  branch {
	    version = 1
	    remote_addrs = 198.51.100.7
	    proposals = aes256-sha256-modp2048,aes128-sha1-modp2048
	    dpd_delay = 30s
	    local {
	      auth = psk
	      id = a.example
	    }
	    remote {
	      auth = psk
	      id = b.example
	    }
	    children {
	      net {
	        local_ts = 10.1.0.0/16,10.3.0.0/16
	        remote_ts = 10.2.0.0/16
	        esp_proposals = aes128gcm16
	        start_action = start
	        close_action = start
	      }
	    }
	  }
	  roadwarrior {
	    version = 1
	    remote_addrs = %any
	    local {
	      auth = psk
	    }
	    remote {
	      auth = psk
	    }
	    children {
	      any {
	      }
	    }
	  }
	}
	secrets {
	  ike-branch {
	    id-1 = a.example
	    id-2 = b.example
	    secret = 0sMTIz
	  }
	}
	CONF
    s --load-all
    check "swanctl --load-all" 0 "loaded ike secret 'ike-branch'" "loaded connection 'branch'" \
        'successfully loaded 2 connections, 0 unloaded'
    s --list-conns
    check "swanctl --list-conns" 0 '^branch: IKEv1, reauthentication every 14400s, dpd delay 30s' \
        '^  net: TUNNEL, rekeying every 3600s' '10.1.0.0/16 10.3.0.0/16' '^roadwarrior: IKEv1'
    c peers branch
    check "cygnetctl peers shows what swanctl loaded" 0 '^branch .*10.1.0.0/16,10.3.0.0/16 === 10.2.0.0/16'
    sed -i '/^  roadwarrior {/,/^  }/d' "$dir/swanctl/swanctl.conf"
    s --load-conns
    check "swanctl unloads what its files do not have" 0 'loaded 1 connections, 1 unloaded'
    sed -i 's/version = 1/version = 2/' "$dir/swanctl/swanctl.conf"
    s --load-conns
    check "a refused connection is said so" 22 "loading connection 'branch' failed: version = 2 is IKEv2 only"
    rm "$dir/swanctl/swanctl.conf"
    : >"$dir/swanctl/swanctl.conf"
    s --load-all
    check "swanctl --load-all of nothing unloads all" 0
    s --list-conns
    # Without privileges swanctl complains of plugins of its own.
    grep -q 'IKEv1' "$dir/got" && status=not-empty
    check "nothing is left" 0
    s --list-sas
    check "swanctl --list-sas" 0 '^branch: #1, ESTABLISHED, IKEv1, 5401020304050607_i\* 8501020304050607_r' \
        'net: #1, reqid 1, INSTALLED, TUNNEL-in-UDP, ESP:AES_GCM_16-128'
    s --list-sas --raw
    check "swanctl --list-sas --raw" 0 'nat-remote=yes nat-any=yes encr-alg=AES_CBC encr-keysize=128 integ-alg=HMAC_SHA2_256_128 prf-alg=PRF_HMAC_SHA2_256 dh-group=MODP_2048 established=[0-9]+ rekey-time=[0-9]+ child-sas \{net-1 \{name=net uniqueid=1 reqid=1 state=INSTALLED mode=TUNNEL protocol=ESP encap=yes spi-in=f3460e8b'
    s --initiate --child net
    check "swanctl --initiate" 0 'initiate completed successfully'
    s --initiate --child nothing
    check "swanctl --initiate says why not" 1 'initiate failed: There is no child "nothing"'
    s --terminate --ike branch
    check "swanctl --terminate" 0 'terminate completed successfully'
    s --terminate --ike nobody
    check "swanctl --terminate of nothing" 1 'terminate failed: No SA fits'
    s --rekey --child net
    check "swanctl --rekey is refused by name" 1 'The command "rekey" is not built yet'
    s --stats
    check "swanctl --stats" 0 '^uptime: .* since' '^worker threads: 8 total' '^IKE_SAs: 2 total, 1 half-open'
    s --list-algs
    check "swanctl --list-algs" 0 'AES_CBC\[crypto-test\]'
    s --counters
    check "swanctl --counters" 0 '^global:' 'invalid +: 3'
    s --list-pols
    check "swanctl --list-pols" 0
    s --version --daemon
    check "swanctl --version --daemon" 0 'cygnetd'
    s --reload-settings
    check "swanctl --reload-settings" 0
    timeout 3 stdbuf -oL swanctl --monitor-sa --uri "$uri" >"$dir/got" 2>&1
    status=0
    check "swanctl --monitor-sa" 0 'net: #1, reqid 1, INSTALLED' 'net: #1, reqid 1, DELETED'
    timeout 3 stdbuf -oL swanctl --log --uri "$uri" >"$dir/got" 2>&1
    status=0
    check "swanctl --log" 0 '^[0-9]+\[IKE\] .* is ready'
else
    number=$((number + 1))
    echo "ok $number - swanctl # SKIP strongswan-swanctl is not installed"
fi

# Every key that strongSwan's manual page has stands in ours (cert<suffix> are sections).
page=/usr/share/man/man5/swanctl.conf.5.gz
if [ -e $page ]; then
    zcat $page | sed -n 's/^\.BR connections\.<conn>\.\([^ ]*\) .*/\1/p' |
        sed 's/<suffix>\././' | grep -v '\(ca\)\?cert<suffix>' | while read -r key; do
        grep -q "^$key	" "$CYG_SRCDIR/doc/cygnet-swanctl.7" || echo "missing: $key"
    done >"$dir/got"
    [ ! -s "$dir/got" ]
    status=$?
    check "the table has every key of swanctl.conf(5)" 0
else
    number=$((number + 1))
    echo "ok $number - every key of swanctl.conf(5) # SKIP its manual page is not installed"
fi

exec 9>&-
wait "$pid"
status=$?
cp "$dir/err" "$dir/got"
check "the server ends without a word of a sanitizer" 0
[ -z "$(ls -A "$dir/run")" ]
status=$?
check "nothing is left behind" 0
rm -rf "$dir"
echo "1..$number"
exit "$failed"
