# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034
# Two hosts a and b on one link, the same peer seen from either side, for cygnetd and charon.
# Sourced after lab.sh. The variables say what the pair is like; each has a default.
#
#   IKE, ESP       proposals            MODE        tunnel or transport
#   INNER_A/B      selectors, comma separated; one address of each is put on lo (INNER_IP_A/B)
#   OUTER_A/B      outer addresses      PSK         pre-shared key
#   CHILD_EXTRA    more columns of the child, as "name = value" in SQL; PEER_EXTRA of the peer

pair_defaults() {
    IKE=${IKE:-aes128-sha256-modp2048}
    ESP=${ESP:-aes128gcm16}
    MODE=${MODE:-tunnel}
    OUTER_A=${OUTER_A:-192.168.77.1}
    OUTER_B=${OUTER_B:-192.168.77.2}
    INNER_A=${INNER_A:-10.1.0.0/16}
    INNER_B=${INNER_B:-10.2.0.0/16}
    INNER_IP_A=${INNER_IP_A:-10.1.0.1}
    INNER_IP_B=${INNER_IP_B:-10.2.0.1}
    PSK=${PSK:-secret-of-the-pair}
    PEER_EXTRA=${PEER_EXTRA:-}
    CHILD_EXTRA=${CHILD_EXTRA:-}
}

# Both hosts, the link, the inner addresses.
pair_hosts() {
    local bits=24 ip
    [[ $OUTER_A == *:* ]] && bits=64
    lab_hosts a b
    lab_link a "$OUTER_A/$bits" b "$OUTER_B/$bits"
    for ip in $INNER_IP_A; do lab_addr a "$ip"; done
    for ip in $INNER_IP_B; do lab_addr b "$ip"; done
}

# pair_side a|b: sets me, my_outer, my_inner and the peer's.
pair_side() {
    if [ "$1" = a ]; then
        me=a other=b my_outer=$OUTER_A other_outer=$OUTER_B my_inner=$INNER_A other_inner=$INNER_B
    else
        me=b other=a my_outer=$OUTER_B other_outer=$OUTER_A my_inner=$INNER_B other_inner=$INNER_A
    fi
}

pair_cygnet() {
    local me other my_outer other_outer my_inner other_inner
    pair_side "$1"
    cygnet_start "$1" <<-SQL
	INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id)
	    VALUES ('pair', '$my_outer', '${REMOTE_ADDRS:-$other_outer}', '$IKE', '$me.example', '$other.example');
	INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals, mode)
	    VALUES ('pair', 'net', '$my_inner', '$other_inner', '$ESP', '$MODE');
	INSERT INTO secrets (name, owners, secret) VALUES ('pair', 'a.example, b.example', '$PSK');
	${PEER_EXTRA:+UPDATE peers SET $PEER_EXTRA;}
	${CHILD_EXTRA:+UPDATE children SET $CHILD_EXTRA;}
	SQL
}

# charon takes one pair of selectors for each child: several flows are several children.
pair_charon() {
    local me other my_outer other_outer my_inner other_inner l r n=0 children=""
    pair_side "$1"
    for l in ${my_inner//,/ }; do
        for r in ${other_inner//,/ }; do
            n=$((n + 1))
            children+="net$([ $n = 1 ] || echo $n) {
                local_ts = $l
                remote_ts = $r
                mode = $MODE
                esp_proposals = $ESP
            }
            "
        done
    done
    charon_start "$1" <<-CONF
	connections {
	  pair {
	    version = 1
	    local_addrs = $my_outer
	    remote_addrs = ${REMOTE_ADDRS:-$other_outer}
	    proposals = $IKE
	    local { auth = psk
	            id = $me.example }
	    remote { auth = psk
	             id = $other.example }
	    children { $children }
	  }
	}
	secrets { ike-pair { id-1 = a.example
	                     id-2 = b.example
	                     secret = "$PSK" } }
	CONF
}

# pair_start a charon|cygnet
pair_start() {
    "pair_$2" "$1"
}

# Bring child net up from one end, by that end's own tool.
pair_initiate() {
    local host=$1 kind=$2 child=${3:-net}
    if [ "$kind" = charon ]; then
        swanctl_on "$host" --initiate --child "$child" --timeout 20 >"$LAB_DIR/initiate.out" 2>&1
    else
        cygnetctl_on "$host" initiate --child "$child" --timeout 20 >"$LAB_DIR/initiate.out" 2>&1
    fi
}

# Pings both ways, a transfer both ways, and nothing but ESP and IKE on the wire.
pair_traffic() {
    local a=${INNER_IP_A%% *} b=${INNER_IP_B%% *} what=$1
    lab_capture a to-b
    lab_check "$what: ping from a" lab_ping a "$a" "$b"
    lab_check "$what: ping from b" lab_ping b "$b" "$a"
    lab_check "$what: transfer a to b" lab_transfer a "$a" b "$b" "${PAIR_MB:-4}"
    lab_check "$what: transfer b to a" lab_transfer b "$b" a "$a" "${PAIR_MB:-4}"
    lab_capture_end a
    lab_check "$what: all of it in ESP on the wire" pair_bytes "$LAB_ESP"
    lab_check "$what: no clear text on the wire" test "$(lab_clear a)" -eq 0
}

# pair_bytes FILTER: whether the capture has as many bytes of this as pair_traffic has transferred.
pair_bytes() {
    local bytes
    bytes=$(lab_bytes a "$1")
    [ "$bytes" -gt $((${PAIR_MB:-4} * 2 * 1000 * 1000)) ] || { echo "# $bytes bytes"; return 1; }
}
