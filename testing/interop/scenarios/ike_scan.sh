#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# ike-scan in its usual modes, from four addresses: a peer whose proposal ike-scan's default fits
# (.2), one whose does not (.3), an honest one that comes up afterwards (.4), and nobody's (.9).
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"

command -v ike-scan >/dev/null || {
    echo "ok 1 - ike-scan # SKIP no ike-scan (Debian: ike-scan)"
    echo "1..1"
    exit 0
}
lab_begin ike-scan
lab_hosts a b
lab_link a 192.168.77.1/24 b 192.168.77.2/24
for n in 3 4 9; do lab_addr b 192.168.77.$n/24 to-a; done
lab_addr a 10.1.0.1
lab_addr b 10.2.0.1
cygnet_start a <<'SQL'
INSERT INTO peers (name, remote_addrs, proposals, local_id, remote_id) VALUES
    ('old', '192.168.77.2', '3des-sha1-modp1024, aes256-sha256-modp2048', 'a.example', 'old.example'),
    ('new', '192.168.77.3', 'aes256-sha256-modp2048', 'a.example', 'new.example'),
    ('honest', '192.168.77.4', 'aes256-sha256-modp2048', 'a.example', 'b.example');
INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals) VALUES
    ('honest', 'net', '10.1.0.0/16', '10.2.0.0/16', 'aes128gcm16');
INSERT INTO secrets (name, owners, secret) VALUES ('all', 'a.example, b.example, old.example, new.example', 'secret');
SQL
cygnet_start b <<'SQL'
INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id) VALUES
    ('a', '192.168.77.4', '192.168.77.1', 'aes256-sha256-modp2048', 'b.example', 'a.example');
INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals) VALUES
    ('a', 'net', '10.2.0.0/16', '10.1.0.0/16', 'aes128gcm16');
INSERT INTO secrets (name, owners, secret) VALUES ('all', 'a.example, b.example', 'secret');
SQL

# scan SOURCE OPTIONS...: a probe from that address, another
# one if there is no answer: notifies to strangers are rate-limited; what it says is in scan.out. Sockets of
# cygnetd hold ports 500 and 4500 of the whole host, hence another source port, unless one is given.
scan() {
    local source=$1
    shift
    lab_ns b ike-scan --nodns --bindip=192.168.77."$source" --sport=0 --retry=2 --timeout=1100 \
        "$@" 192.168.77.1 >"$LAB_DIR/scan.out" 2>&1
}
# answered PATTERN SOURCE OPTIONS...: whether the answer to the scan matches; "" for silence.
answered() {
    local pattern=$1
    shift
    scan "$@"
    if [ -n "$pattern" ]; then
        grep -qE "$pattern" "$LAB_DIR/scan.out"
    else
        grep -q '0 returned handshake; 0 returned notify' "$LAB_DIR/scan.out"
    fi || { sed 's/^/# /' "$LAB_DIR/scan.out"; return 1; }
}
# The log names the reason.
logged() {
    lab_wait 3 grep -qE "$1" "$LAB_DIR/a/log"
}
HANDSHAKE='Main Mode Handshake returned.*'
REFUSED='Notify message 14 \(NO-PROPOSAL-CHOSEN\)'
AES='(1=7,14=256,2=4,3=1,4=14,11=1,12=0x00007080)'

lab_check "the default scan: handshake" answered "${HANDSHAKE}Enc=3DES Hash=SHA1 .*Group=2:modp1024" 2
lab_check "with the transform as it was offered" answered \
    "Enc=3DES Hash=SHA1 Auth=PSK Group=2:modp1024 LifeType=Seconds LifeDuration\(4\)=0x00007080" 2
lab_check "no proposal fits: NO-PROPOSAL-CHOSEN" answered "$REFUSED" 3
lab_check "and the log says so" logged '192\.168\.77\.3.*(proposal|offers)'
lab_check "nobody's address: NO-PROPOSAL-CHOSEN" answered "$REFUSED" 9
lab_check "and the log says so" logged 'No peer is configured for 192\.168\.77\.9'

lab_check "--trans: one that fits" answered "$HANDSHAKE.*Enc=AES.*KeyLength=256.*modp2048" 3 --trans="$AES"
lab_check "--trans, the short form" answered "$HANDSHAKE.*Enc=3DES" 2 --trans=5,2,1,2
lab_check "--trans: none that fits" answered "$REFUSED" 2 --trans=1,1,1,1
lab_check "--trans: RSA signatures" answered "$REFUSED" 2 --trans=5,2,3,2
lab_check "--trans: only the third fits" answered "$HANDSHAKE.*Enc=AES" 3 \
    --trans='(1=5,2=2,3=1,4=2)' --trans='(1=1,2=1,3=1,4=1)' --trans="$AES"
lab_check "--trans: AES without a key length" answered "$REFUSED" 3 --trans='(1=7,2=4,3=1,4=14)'
many=()
for i in {1..60}; do many+=(--trans="(1=5,2=1,3=$((i % 5 + 2)),4=2)"); done
lab_check "--trans: sixty, none that fits" answered "$REFUSED" 2 "${many[@]}"
lab_check "--trans: sixty, then one that fits" answered "$HANDSHAKE" 2 "${many[@]}" --trans='(1=5,2=2,3=1,4=2)'

# H-008: unsupported exchanges at most get a notify (29), and no state.
quiet_or='0 returned handshake; (0 returned notify|1 returned notify)'
lab_check "--aggressive: no handshake" answered "$quiet_or" 2 --aggressive --id=x
lab_check "--aggressive: silence, or UNSUPPORTED-EXCHANGE-TYPE" answered \
    '0 returned notify|Notify message 29 \(UNSUPPORTED-EXCHANGE-TYPE\)' 2 --aggressive --id=x
lab_check "--aggressive, from nobody's address" answered \
    '0 returned notify|Notify message 29 \(UNSUPPORTED-EXCHANGE-TYPE\)' 9 --aggressive --id=x
lab_check "--ikev2: silence, or INVALID-MAJOR-VERSION" answered \
    '0 returned handshake; 0 returned notify|Notify message 5 \(INVALID-MAJOR-VERSION\)' 2 --ikev2
lab_check "--ikev2: no handshake" answered "$quiet_or" 2 --ikev2
lab_check "--headerver=32, the same" answered "$quiet_or" 2 --headerver=32
lab_check "--headerver=17: silence" answered '' 2 --headerver=17

lab_check "--vendor: known and unknown ones are no harm" answered "$HANDSHAKE" 2 \
    --vendor=4a131c81070358455c5728f20e95452f --vendor=00 --vendor=1122334455667788
echoed() {
    grep -q "VID=1122334455667788" "$LAB_DIR/scan.out"
}
not() {
    ! "$@"
}
lab_check "--vendor: none is echoed" not echoed
lab_check "--sport" answered "$HANDSHAKE" 2 --sport=12345
lab_check "--nat-t: port 4500, with the marker" answered "$HANDSHAKE" 2 --nat-t --sport=12346
lab_check "--lifetime=1: refused" answered "$REFUSED" 2 --lifetime=1
lab_check "--lifetime=none" answered "$HANDSHAKE" 2 --lifetime=none
lab_check "--doi=2" answered '0 returned handshake' 2 --doi=2
lab_check "--situation=2" answered '0 returned handshake' 2 --situation=2
lab_check "--protocol=3" answered '0 returned handshake' 2 --protocol=3
lab_check "--spisize=8 is allowed" answered "$HANDSHAKE" 2 --spisize=8
lab_check "--headerlen=-1: silence" answered '' 2 --headerlen=-1
lab_check "--headerlen=+1: silence" answered '' 2 --headerlen=+1
lab_check "--mbz=255: no handshake" answered '0 returned handshake' 2 --mbz=255
lab_check "--rcookie of nothing: silence" answered '' 2 --rcookie=0102030405060708
lab_check "--hdrflags=1: silence" answered '' 2 --hdrflags=1
lab_check "--hdrmsgid=7: silence" answered '' 2 --hdrmsgid=7

# A responder of ours does not retransmit before it has seen MM5: there is one answer.
one_answer() {
    lab_ns b ike-scan --nodns --bindip=192.168.77.2 --sport=0 --retry=1 --timeout=1000 \
        --showbackoff=12 192.168.77.1 >"$LAB_DIR/scan.out" 2>&1
    [ "$(grep -cE '^192.168.77.1[[:space:]]+[0-9]+[[:space:]]' "$LAB_DIR/scan.out")" = 1 ] ||
        { sed 's/^/# /' "$LAB_DIR/scan.out"; return 1; }
}
lab_check "--showbackoff: one answer, not repeated" one_answer

# Afterwards: it lives, nothing stands, and an honest peer comes up.
lab_check "the daemon lives" lab_alive a
none_up() {
    ! cygnetctl_on a sas | grep -qiE 'established|installed'
}
lab_check "no SA stands" none_up
lab_check "an honest peer comes up" cygnetctl_on b initiate --child net --timeout 4
lab_check "and carries traffic" lab_ping b 10.2.0.1 10.1.0.1
complained() {
    grep -E "ERROR: .*Sanitizer|runtime error" "$LAB_DIR"/*/out "$LAB_DIR"/*/log
}
lab_check "no sanitizer has complained" not complained
lab_finish
