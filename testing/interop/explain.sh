# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# What cygnet says when a negotiation fails: cases for the scenarios explain_*. Sourced behind
# lab.sh and pair.sh. One laboratory and one pair of daemons serve all cases; a case changes rows of
# the database (they count from the next negotiation on), lets one end initiate, and reads what was
# said since.
#
#   explain_mark                 from here on things are said
#   explain_says a TEXT...       host a has said all of it, within five seconds, in one line
#   explain_fails a REASON       initiates at a; it fails, and the reply holds this sentence
#   explain_tells a TEXT...      explain --json of host a tells all of it since then, in one entry:
#                                "ROLE: CODE: sentence Change: what; here: ours; peer: theirs;
#                                differs: in what;", of an end also the result
#   explain_replies a PREFIX     swanctl --initiate at a fails as it does with charon: exit code 1,
#                                "initiate failed: ", and behind it the sentence that explain tells
#   explain_shows a TEXT...      the text of explain for the newest negotiation has all of it
#   explain_end                  no SA is left at either end

EXPLAIN_EXTRA='ike { retransmit_timeout = 1s
      retransmit_base = 100
      retransmit_tries = 3
      half_open_timeout = 4s }'

explain_mark() {
    local host
    for host in "${LAB_HOSTS[@]}"; do
        wc -l <"$LAB_DIR/$host/log" >"$LAB_DIR/$host/mark"
    done
    date +%s.%N >"$LAB_DIR/mark"
}

# All of it in one line of what the host has said since the mark.
explain_said() {
    local host=$1 text
    shift
    tail -n "+$(($(cat "$LAB_DIR/$host/mark") + 1))" "$LAB_DIR/$host/log" >"$LAB_DIR/$host/said"
    cp "$LAB_DIR/$host/said" "$LAB_DIR/$host/left"
    for text in "$@"; do
        grep -F -- "$text" "$LAB_DIR/$host/left" >"$LAB_DIR/$host/next"
        mv "$LAB_DIR/$host/next" "$LAB_DIR/$host/left"
    done
    [ -s "$LAB_DIR/$host/left" ]
}

explain_says() {
    lab_wait 12 explain_said "$@" && return
    sed 's/^/# said: /' "$LAB_DIR/$1/said"
    return 1
}

# The deciding sentence is in the reply, and the exit code is 1 (cygnetctl(1)).
explain_fails() {
    local host=$1 status=0
    shift
    cygnetctl_on "$host" initiate --child "${EXPLAIN_CHILD:-net}" --timeout 30 \
        >"$LAB_DIR/initiate.out" 2>&1 || status=$?
    if [ $status != 1 ] || ! grep -qF -- "$1" "$LAB_DIR/initiate.out"; then
        sed "s/^/# exit code $status: /" "$LAB_DIR/initiate.out"
        return 1
    fi
}

# charon initiates; whatever it thinks of the result.
explain_asked() {
    swanctl_on "$1" --initiate --child "${2:-net}" --timeout 3 >"$LAB_DIR/asked.out" 2>&1
    return 0
}

explain_end() {
    cygnetctl_on a terminate --timeout 5 pair >/dev/null 2>&1
    swanctl_on b --terminate --ike pair --timeout 3 >/dev/null 2>&1
    return 0
}

# What cygnetctl explain --json has told since the mark, a line for each decision and end: who began,
# the reason's code, the sentence, what to change, and both sides.
explain_lines() {
    cygnetctl_on "$1" explain --json --last 20 >"$LAB_DIR/$1/json" 2>"$LAB_DIR/$1/json.err"
    jq -r --argjson mark "$(cat "$LAB_DIR/mark")" '
        def list: . // [] | join(", ");
        .[] | select(.kind == "decision" or .kind == "end")
            | select((.time | tonumber) >= $mark)
            | "\(.role): \(.reason): \(.text) Change: \(.mend // ""); "
              + "here: \(.compare.ours | list); peer: \(.compare.theirs | list); "
              + "differs: \(.compare.differs | list);"
              + (if .kind == "end" then " \(.result)" else "" end)' "$LAB_DIR/$1/json"
}

explain_told() {
    local host=$1 text
    shift
    explain_lines "$host" >"$LAB_DIR/$host/told"
    cp "$LAB_DIR/$host/told" "$LAB_DIR/$host/left"
    for text in "$@"; do
        grep -F -- "$text" "$LAB_DIR/$host/left" >"$LAB_DIR/$host/next"
        mv "$LAB_DIR/$host/next" "$LAB_DIR/$host/left"
    done
    [ -s "$LAB_DIR/$host/left" ]
}

explain_tells() {
    lab_wait 12 explain_told "$@" && return
    sed 's/^/# told: /' "$LAB_DIR/$1/told"
    return 1
}

explain_shown() {
    local host=$1 text
    shift
    cygnetctl_on "$host" explain --last 1 2>&1 | tee "$LAB_DIR/$host/text" | tr '|' ' ' |
        tr -s ' \n' '  ' >"$LAB_DIR/$host/shown"
    for text in "$@"; do
        grep -qF -- "$text" "$LAB_DIR/$host/shown" || return
    done
}

explain_shows() {
    lab_wait 12 explain_shown "$@" && return
    sed 's/^/# shown: /' "$LAB_DIR/$1/text"
    return 1
}

# The sentence of the end of the newest negotiation that failed since the mark.
explain_verdict() {
    cygnetctl_on "$1" explain --json --last 20 | jq -r --argjson mark "$(cat "$LAB_DIR/mark")" \
        '[.[] | select(.kind == "end" and .result == "failed" and (.time | tonumber) >= $mark)]
            | last | .text // ""'
}

explain_ended() {
    [ -n "$(explain_verdict "$1")" ]
}

explain_replies() {
    local status=0 verdict
    swanctl_on "$1" --initiate --child net --timeout 30 >"$LAB_DIR/reply.out" 2>&1 || status=$?
    lab_wait 12 explain_ended "$1"
    verdict=$(explain_verdict "$1")
    case $verdict in "$2"*) ;; *) status="$status, verdict: $verdict" ;; esac
    grep -qF -- "initiate failed: $verdict" "$LAB_DIR/reply.out" && [ "$status" = 1 ] && return
    sed "s/^/# exit code $status: /" "$LAB_DIR/reply.out"
    return 1
}

# Rows of host a as they were, then this SQL.
explain_rows() {
    cygnet_sql "$1" "$2"
}

# explain_child NAME COMMAND: with another child than net.
explain_child() {
    local EXPLAIN_CHILD=$1
    shift
    "$@"
}
