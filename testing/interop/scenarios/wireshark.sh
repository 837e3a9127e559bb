#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# The setting wireshark.keys: tshark decrypts IKE and ESP of a capture with the files that it writes;
# without it there is no key anywhere.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

wire_begin() { # whole packets, unlike lab_capture
    lab_ns a tcpdump --immediate-mode -U -s 0 -i to-b -w "$LAB_DIR/a/wire.pcap" \
        >/dev/null 2>"$LAB_DIR/a/tcpdump.out" &
    echo $! >"$LAB_DIR/a/tcpdump.pid"
    lab_wait 10 grep -qs 'listening on' "$LAB_DIR/a/tcpdump.out"
}
shark() { # shark FILTER: packets of the capture that match, decrypted with the files of a
    WIRESHARK_CONFIG_DIR=$keys tshark -nr "$LAB_DIR/a/wire.pcap" -o esp.enable_encryption_decode:TRUE \
        -o esp.enable_authentication_check:TRUE -Y "$1" 2>"$LAB_DIR/tshark.err" | wc -l
}
has_hashes() { [ "$(shark 'isakmp.flag_e == 1 && isakmp.hash')" = 5 ]; } # MM5, MM6, QM1 to QM3
has_identities() {
    [ "$(shark 'isakmp.id.data.fqdn == "a.example"')" = 1 ] &&
        [ "$(shark 'isakmp.id.data.fqdn == "b.example"')" = 1 ]
}
has_pings() {
    [ "$(shark 'esp && icmp.type == 8 && ip.dst == 10.2.0.1')" = 3 ] &&
        [ "$(shark 'esp && icmp.type == 0 && ip.dst == 10.1.0.1')" = 3 ]
}
integrity_right() { [ "$(shark 'esp.icv_good == 1')" = 6 ] && [ "$(shark 'esp.icv_bad == 1')" = 0 ]; }
for_owner_alone() {
    [ "$(stat -c %a "$keys" "$keys"/* | paste -sd' ')" = "700 600 600" ]
}
is_warned() { grep -q 'WARNING: the keys of all SAs are written' "$LAB_DIR/a/log"; }
refuses() { # refuses WORD: cygnetd with the settings that are there does not start
    ! lab_ns a timeout 20 "$LAB_CYGNETD" --settings "$LAB_DIR/a/cygnet.conf" --foreground \
        >"$LAB_DIR/a/refused" 2>&1 && grep -q "No keys can be written.*$1" "$LAB_DIR/a/refused"
}

lab_begin wireshark
for case in aes256gcm16 aes128-sha256 aes256-sha1-udp; do
    unset ESP PEER_EXTRA
    ESP=${case%-udp}
    [ "$ESP" = "$case" ] || PEER_EXTRA="encap = 1"
    pair_defaults
    pair_hosts
    keys=$LAB_DIR/a/keys
    CYGNET_EXTRA="wireshark { keys = \"$keys\" }"
    pair_start a cygnet
    CYGNET_EXTRA=
    pair_start b cygnet
    wire_begin
    lab_check "$case: up" pair_initiate a cygnet
    lab_check "$case: ping" lab_ping a 10.1.0.1 10.2.0.1
    lab_capture_end a
    lab_check "$case: the log warns" is_warned
    lab_check "$case: the files are for their owner alone" for_owner_alone
    lab_check "$case: tshark decrypts main mode and quick mode" has_hashes
    lab_check "$case: with both identities" has_identities
    lab_check "$case: and the pings in ESP" has_pings
    lab_check "$case: whose integrity is right" integrity_right
    [ "$case" = aes256-sha1-udp ] && break
    lab_reset
done

lab_stop "$(cat "$LAB_DIR/a/pid")"
chmod 0644 "$keys/esp_sa"
lab_check "a file that others can read is refused" refuses esp_sa
chmod 0600 "$keys/esp_sa"
mv "$keys/esp_sa" "$keys/elsewhere"
ln -s elsewhere "$keys/esp_sa"
lab_check "a link is refused" refuses esp_sa
rm "$keys/esp_sa"
chmod 0777 "$keys"
lab_check "a folder that others can write to is refused" refuses keys
lab_finish
