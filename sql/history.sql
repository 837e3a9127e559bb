-- SPDX-License-Identifier: LGPL-2.1-or-later
-- The history of negotiations: cygnetd writes it, cygnetctl explain shows it, see cygnet-schema(5).
-- A file of its own, so that writing it is no change of peers. Times are microseconds since 1970;
-- lists have an item a line; all text is printable ASCII.

PRAGMA application_id = 0x63796768; -- "cygh"
PRAGMA user_version = 1;

-- One attempt with a peer: phase 1 and what follows at once, a later quick mode, or an SA's end.
CREATE TABLE negotiations (
    id INTEGER PRIMARY KEY,
    peer TEXT NOT NULL,            -- '': not known
    source TEXT NOT NULL,          -- the remote address, without port
    remote_id TEXT NOT NULL,
    initiator INTEGER NOT NULL,    -- 1: we began, 0: the peer, 2: nobody, or not known
    ike_uniqueid INTEGER NOT NULL,
    cookie_i TEXT NOT NULL,
    cookie_r TEXT NOT NULL,
    started INTEGER NOT NULL,
    result TEXT NOT NULL,          -- '': going on; up, failed, down, replaced, found
    text TEXT NOT NULL             -- the sentence that decided
) STRICT;
CREATE INDEX negotiations_by_peer ON negotiations (peer, id);
CREATE INDEX negotiations_by_result ON negotiations (peer, result, id);

CREATE TABLE entries (
    negotiation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,            -- message, decision, up, down, end
    phase INTEGER NOT NULL,        -- 1, 2; 0: informational
    sent INTEGER NOT NULL,
    resent INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    code TEXT NOT NULL,            -- name of the reason
    grp INTEGER NOT NULL,          -- of the log
    level INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    local TEXT NOT NULL,
    remote TEXT NOT NULL,
    exchange TEXT NOT NULL,
    text TEXT NOT NULL,
    mend TEXT NOT NULL,            -- what to change
    payloads TEXT NOT NULL,
    what TEXT NOT NULL,            -- the two sides are compared: proposals, identity, flows
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    differs TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (negotiation, seq)
) STRICT, WITHOUT ROWID;

-- Messages that belong to no negotiation.
CREATE TABLE dropped (
    code TEXT NOT NULL,
    network TEXT NOT NULL,         -- /24 or /48
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (code, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX dropped_by_last ON dropped (last);
