#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# The hostile suite against a running cygnetd over UDP, a fresh one for every few groups; its sanitizers
# count. After each group: the daemon lives, the tunnel from before carries traffic, a new one comes
# up in its usual time, the log has no raw control character, no sanitizer has complained, memory is
# told.
#   HOSTILE_GROUPS="AB C"   HOSTILE_VARIANTS=3 of each row
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
build=${CYG_BUILDDIR:?}

lab_begin hostile
if ! make -s -C "$build" testing/hostile/live >"$LAB_DIR/make.out" 2>&1; then
    sed 's/^/# /' "$LAB_DIR/make.out"
    echo "ok 1 - hostile # SKIP testing/hostile/live can't be built: needs crypto-gnutls and auth-psk"
    echo "1..1"
    exit 0
fi

# The daemon "b" at 192.0.2.1; behind "peers" everybody of 10.0.0.0/8; an honest gateway "c".
start() {
    lab_hosts b peers c
    lab_link b 192.0.2.1/24 peers 192.0.2.2/24
    lab_link b 192.0.3.1/24 c 192.0.3.2/24
    lab_addr b 192.168.0.1
    lab_addr c 10.77.0.1
    ip -n "$LAB_NS-b" route add 10.0.0.0/8 via 192.0.2.2
    ip -n "$LAB_NS-peers" route add local 10.0.0.0/8 dev lo
    ip -n "$LAB_NS-b" link set to-peers mtu 65535
    ip -n "$LAB_NS-peers" link set to-b mtu 65535
    cygnet_start b <<-'SQL'
	WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
	    INSERT INTO peers (name, remote_addrs, proposals, local_id, remote_id)
	    SELECT printf('p%d', i), printf('10.0.%d.%d', i >> 8, i & 255), 'aes256-sha256-modp2048',
	        'gw.bench', printf('p%d.bench', i) FROM n;
	INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals)
	    SELECT name, 'net', '192.168.0.0/16',
	        printf('100.64.%d.%d', substr(name, 2) >> 8, substr(name, 2) & 255), 'aes128-sha256'
	    FROM peers;
	UPDATE children SET esp_proposals = 'aes128-sha256-modp2048'
	    WHERE CAST(substr(peer, 2) AS INTEGER) BETWEEN 701 AND 850;
	UPDATE peers SET encap = 1 WHERE CAST(substr(name, 2) AS INTEGER) > 850;
	INSERT INTO peers (name, remote_addrs, proposals, local_id, remote_id) VALUES
	    ('any', '%any', 'aes256-sha256-modp2048', 'gw.bench', 'other.example.org'),
	    ('c', '192.0.3.2', 'aes256-sha256-modp2048', 'gw.bench', 'c.bench');
	INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals) VALUES
	    ('c', 'net', '192.168.0.0/16', '10.77.0.0/16', 'aes128-sha256');
	INSERT INTO secrets (name, owners, secret) VALUES ('all', '', 'secret');
	SQL
    LAB_PLUGIN_LIST="crypto-gnutls, auth-psk, store-sqlite, kernel-tun, control-vici" \
        cygnet_start c <<-'SQL'
	INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id) VALUES
	    ('gw', '192.0.3.2', '192.0.3.1', 'aes256-sha256-modp2048', 'c.bench', 'gw.bench');
	INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals) VALUES
	    ('gw', 'net', '10.77.0.0/16', '192.168.0.0/16', 'aes128-sha256');
	INSERT INTO secrets (name, owners, secret) VALUES ('all', '', 'secret');
	SQL
}
memory() {
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(cat "$LAB_DIR/b/pid")/status"
}
play() {
    lab_ns peers timeout 240 "$build/testing/hostile/live" --variants "${HOSTILE_VARIANTS:-2}" "$1" \
        >"$LAB_DIR/play.out" 2>&1
    local status=$?
    grep -vE '^(pass|secret)' "$LAB_DIR/play.out" | sed 's/^/# /'
    return $status
}
complained() {
    grep -E "ERROR: .*Sanitizer|runtime error" "$LAB_DIR/b/out" "$LAB_DIR/b/log"
}
no_secret_told() {
    sed -n 's/^secret //p' "$LAB_DIR/play.out" | sort -u >"$LAB_DIR/secrets"
    [ -s "$LAB_DIR/secrets" ] && ! grep -qiFf "$LAB_DIR/secrets" "$LAB_DIR/b/log" "$LAB_DIR/b/out"
}
log_is_clean() {
    ! LC_ALL=C grep -q '[^[:print:][:space:]]' "$LAB_DIR/b/log"
}
not() {
    ! "$@"
}
up() {
    cygnetctl_on c initiate --child net --timeout 4 >/dev/null
}
lists() {
    cygnetctl_on b sas >/dev/null
}

for group in ${HOSTILE_GROUPS:-AB CD EF HMQ}; do
    start
    lab_check "$group: an honest gateway comes up" up
    lab_check "$group: every row" play "$group"
    before=$(memory)
    lab_check "$group: the daemon lives" lab_alive b
    lab_check "$group: it lists its SAs" lists
    lab_check "$group: the tunnel from before carries traffic" lab_ping c 10.77.0.1 192.168.0.1
    cygnetctl_on c terminate gw >/dev/null
    lab_check "$group: it comes up again in its usual time" up
    lab_check "$group: and carries traffic" lab_ping c 10.77.0.1 192.168.0.1
    lab_check "$group: the log is one of lines" log_is_clean
    lab_check "$group: and holds no key of the SAs" no_secret_told
    echo "# $group: $(tail -n 1 "$LAB_DIR/play.out"); resident $before kB, now $(memory) kB"
    lab_stop "$(cat "$LAB_DIR/b/pid")"
    lab_check "$group: no sanitizer has complained, at its end neither" not complained
    lab_reset
done
lab_finish
