#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034,SC1091
# The history of negotiations of two real daemons: what succeeds and what is refused, from both
# ends, over a restart; and a daemon whose history is broken.
# shellcheck source=../lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck source=../pair.sh
. "$(dirname "$0")/../pair.sh"

# rows HOST SQL: of the history, what is still in the daemon first written.
rows() {
    cygnetctl_on "$1" explain --json >/dev/null 2>&1
    sqlite3 -readonly "$LAB_DIR/$1/history.db" "$2"
}

results() { # results HOST: of all negotiations, newest first
    rows "$1" "SELECT peer || ' ' || initiator || ' ' || result FROM negotiations ORDER BY id DESC" | tr '\n' ,
}

sentence() { # sentence HOST WORDS: the newest negotiation was decided by a sentence with these words
    rows "$1" "SELECT text FROM negotiations ORDER BY id DESC LIMIT 1" | grep -q "$2"
}

is_mode_0600() { [ "$(stat -c %a "$LAB_DIR/$1/history.db")" = 600 ]; }

no_secret() {
    ! sqlite3 -readonly "$LAB_DIR/$1/history.db" .dump | grep -q "$PSK"
}

lab_begin history
pair_defaults
pair_hosts
pair_start a cygnet
pair_start b cygnet

lab_check "up" pair_initiate a cygnet
lab_check "the initiator has recorded it" [ "$(results a)" = "pair 1 up," ]
lab_check "the responder has recorded it" [ "$(results b)" = "pair 0 up," ]
lab_check "nine messages, in order" [ "$(rows b "SELECT group_concat(sent, '') FROM entries WHERE kind = 'message'")" = 010101010 ]
lab_check "with what was in them" [ "$(rows b "SELECT count(*) FROM entries WHERE payloads LIKE '%AES_CBC%'")" -ge 1 ]
lab_check "0600" is_mode_0600 a
lab_check "no secret in it" no_secret a

cygnetctl_on a terminate --ike pair >/dev/null 2>&1
cygnet_sql b "UPDATE peers SET proposals = 'aes256-sha512-modp3072'"
sleep 2
cygnetctl_on a initiate --child net >/dev/null 2>&1
lab_check "refused: the responder says why" sentence b "offered 1 IKE proposal"
lab_check "and shows both sides" [ "$(rows b "SELECT theirs || ' / ' || ours || ' / ' || replace(differs, char(10), ' ') FROM entries WHERE what = 'proposals' ORDER BY negotiation DESC LIMIT 1")" = "aes128-sha256-modp2048 / aes256-sha512-modp3072 / cipher hash group" ]
lab_check "refused: the initiator says so" sentence a "NO-PROPOSAL-CHOSEN"
lab_check "the peer's, by its address" grep -q NO_PROPOSAL_IKE <(cygnetctl_on b explain --json pair)

restart() {
    lab_stop "$(cat "$LAB_DIR/a/pid")"
    cygnet_run a
}
before=$(cygnetctl_on a explain --json --last 10 pair | jq length)
restart
lab_check "a restart keeps all of it" [ "$(cygnetctl_on a explain --json --last 10 pair | jq length)" = "$before" ]
lab_check "there was something to keep" [ "$before" -ge 10 ]
cygnetctl_on a initiate --child net >/dev/null 2>&1
numbers_grow() {
    rows a "SELECT group_concat(id) FROM negotiations" | jq -esR 'split(",") | map(tonumber) | . == unique' >/dev/null
}
lab_check "and goes on behind it" numbers_grow
lab_check "with the refusal of now" sentence a "NO-PROPOSAL-CHOSEN"

cygnet_sql b "UPDATE peers SET proposals = '$IKE'"
lab_stop "$(cat "$LAB_DIR/a/pid")"
rm -f "$LAB_DIR/a/history.db-wal" "$LAB_DIR/a/history.db-shm"
head -c 8192 /dev/urandom >"$LAB_DIR/a/history.db"
cp "$LAB_DIR/a/history.db" "$LAB_DIR/a/broken"
cygnet_run a
lab_check "a broken file: the daemon works on" pair_initiate a cygnet
lab_check "it says which file and why" grep -q "$LAB_DIR/a/history.db.*file is not a database" "$LAB_DIR/a/log"
lab_check "the file is left as it was" cmp "$LAB_DIR/a/history.db" "$LAB_DIR/a/broken"
has_no_history() {
    cygnetctl_on a explain >"$LAB_DIR/a/explain" 2>&1 && return 1
    grep -q 'could not be opened, the log says why' "$LAB_DIR/a/explain"
}
lab_check "explain says that there is none" has_no_history
lab_finish
