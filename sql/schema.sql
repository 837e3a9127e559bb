-- SPDX-License-Identifier: LGPL-2.1-or-later
-- The peers of cygnet and their secrets, version 1. Any SQLite client may write the tables peers,
-- children and secrets while cygnetd runs; what it writes counts from the next negotiation on.
-- Names and units are swanctl.conf's: times in seconds, sizes in bytes, lists in one text with
-- commas. Described column by column in cygnet-schema(5); examples in sample.sql.
--
-- Nothing here needs a function of cygnet's, foreign_keys or recursive_triggers. What no CHECK or
-- trigger sees (they can be switched off), cygnetd finds when it reads the row: that peer alone is
-- out of use then, and the table problem says why. Tables that begin with lookup_ are derived by
-- cygnetd, which finds peers by them; nobody else writes there.

PRAGMA application_id = 1668900718; -- "cygn"
PRAGMA user_version = 1;

-- ---- what people write ----------------------------------------------------------------------

CREATE TABLE peers (
    name TEXT PRIMARY KEY NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1,
    local_addrs TEXT NOT NULL DEFAULT '%any',
    remote_addrs TEXT NOT NULL DEFAULT '%any',
    local_port INTEGER NOT NULL DEFAULT 0,
    remote_port INTEGER NOT NULL DEFAULT 0,
    proposals TEXT NOT NULL DEFAULT 'default',
    auth TEXT NOT NULL DEFAULT 'psk',
    local_id TEXT NOT NULL DEFAULT '%any',
    remote_id TEXT NOT NULL DEFAULT '%any',
    aggressive INTEGER NOT NULL DEFAULT 0,
    prefer_own INTEGER NOT NULL DEFAULT 0,
    encap INTEGER NOT NULL DEFAULT 0,
    uniqueids TEXT NOT NULL DEFAULT 'replace',
    nat_vids TEXT NOT NULL DEFAULT 'both',
    keyingtries INTEGER NOT NULL DEFAULT 1,
    rekey_time INTEGER NOT NULL DEFAULT 14400,
    reauth_time INTEGER NOT NULL DEFAULT 0,
    over_time INTEGER,
    rand_time INTEGER,
    dpd_delay INTEGER NOT NULL DEFAULT 0,
    dpd_timeout INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "a peer's name has 1 to 63 of the characters A-Z a-z 0-9 . _ @ : + -"
        CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 63
               AND length(CAST(name AS BLOB)) = length(name)
               AND name NOT GLOB '*[^A-Za-z0-9._@:+-]*'),
    CONSTRAINT "enabled is 0 or 1" CHECK (enabled IN (0, 1)),
    CONSTRAINT "local_addrs is a list of addresses, prefixes or %any, with commas, up to 4000 characters"
        CHECK (length(CAST(local_addrs AS BLOB)) BETWEEN 1 AND 4000
               AND length(CAST(local_addrs AS BLOB)) = length(local_addrs)
               AND local_addrs NOT GLOB '*[^A-Za-z0-9.:/%, _-]*'),
    CONSTRAINT "remote_addrs is a list of addresses, prefixes, names or %any, with commas, up to 4000 characters"
        CHECK (length(CAST(remote_addrs AS BLOB)) BETWEEN 1 AND 4000
               AND length(CAST(remote_addrs AS BLOB)) = length(remote_addrs)
               AND remote_addrs NOT GLOB '*[^A-Za-z0-9.:/%, _-]*'),
    CONSTRAINT "local_port is 0 (the daemon's own) to 65535" CHECK (local_port BETWEEN 0 AND 65535),
    CONSTRAINT "remote_port is 0 (500) to 65535" CHECK (remote_port BETWEEN 0 AND 65535),
    CONSTRAINT "proposals is a list like aes256-sha256-modp2048, aes128-sha1-modp2048"
        CHECK (length(CAST(proposals AS BLOB)) BETWEEN 1 AND 2000
               AND length(CAST(proposals AS BLOB)) = length(proposals)
               AND proposals NOT GLOB '*[^A-Za-z0-9_, -]*'),
    CONSTRAINT "auth is psk" CHECK (auth IN ('psk')),
    CONSTRAINT "local_id is an identity: address, name, user@name, @#hex, or %any, up to 512 bytes"
        CHECK (length(CAST(local_id AS BLOB)) BETWEEN 1 AND 512 AND instr(local_id, char(0)) = 0
               AND local_id NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'),
    CONSTRAINT "local_id is sent as our own, so it can't have a *"
        CHECK (instr(local_id, '*') = 0),
    CONSTRAINT "remote_id is an identity: address, name, *.domain, user@name, *@domain, @#hex, or %any, up to 512 bytes"
        CHECK (length(CAST(remote_id AS BLOB)) BETWEEN 1 AND 512 AND instr(remote_id, char(0)) = 0
               AND remote_id NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'),
    CONSTRAINT "aggressive is 0 or 1" CHECK (aggressive IN (0, 1)),
    CONSTRAINT "prefer_own is 0 or 1" CHECK (prefer_own IN (0, 1)),
    CONSTRAINT "encap is 0 or 1" CHECK (encap IN (0, 1)),
    CONSTRAINT "uniqueids is replace, no, keep or never"
        CHECK (uniqueids IN ('replace', 'no', 'keep', 'never')),
    CONSTRAINT "nat_vids is both, rfc, drafts or none"
        CHECK (nat_vids IN ('both', 'rfc', 'drafts', 'none')),
    CONSTRAINT "keyingtries is 0 (for ever) to 1000" CHECK (keyingtries BETWEEN 0 AND 1000),
    CONSTRAINT "rekey_time is 0 (never) to 31536000 seconds (a year)"
        CHECK (rekey_time BETWEEN 0 AND 31536000),
    CONSTRAINT "reauth_time is 0 (never) to 31536000 seconds (a year)"
        CHECK (reauth_time BETWEEN 0 AND 31536000),
    CONSTRAINT "over_time is 0 to 31536000 seconds (a year), or NULL for a tenth of rekey_time"
        CHECK (over_time BETWEEN 0 AND 31536000),
    CONSTRAINT "rand_time is 0 to 31536000 seconds (a year), or NULL for over_time"
        CHECK (rand_time BETWEEN 0 AND 31536000),
    CONSTRAINT "dpd_delay is 0 (off) to 86400 seconds (a day)" CHECK (dpd_delay BETWEEN 0 AND 86400),
    CONSTRAINT "dpd_timeout is 0 (by retransmission) to 86400 seconds (a day)"
        CHECK (dpd_timeout BETWEEN 0 AND 86400)
) STRICT;

-- The 17th policy of an address group is refused by this index without reading a million rows.
CREATE INDEX peers_policy ON peers (
    remote_addrs, local_addrs, proposals, auth, aggressive, prefer_own, encap, nat_vids,
    rekey_time, reauth_time, over_time);

CREATE TABLE children (
    peer TEXT NOT NULL,
    name TEXT NOT NULL,
    local_ts TEXT NOT NULL DEFAULT 'dynamic',
    remote_ts TEXT NOT NULL DEFAULT 'dynamic',
    esp_proposals TEXT NOT NULL DEFAULT 'default',
    ah_proposals TEXT NOT NULL DEFAULT '',
    mode TEXT NOT NULL DEFAULT 'tunnel',
    start_action TEXT NOT NULL DEFAULT 'none',
    prefer_own INTEGER NOT NULL DEFAULT 0,
    sha256_96 INTEGER NOT NULL DEFAULT 0,
    rekey_time INTEGER NOT NULL DEFAULT 3600,
    life_time INTEGER,
    rand_time INTEGER,
    rekey_bytes INTEGER NOT NULL DEFAULT 0,
    life_bytes INTEGER,
    replay_window INTEGER NOT NULL DEFAULT 64,

    PRIMARY KEY (peer, name),
    CONSTRAINT "a child's name has 1 to 63 of the characters A-Z a-z 0-9 . _ @ : + -"
        CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 63
               AND length(CAST(name AS BLOB)) = length(name)
               AND name NOT GLOB '*[^A-Za-z0-9._@:+-]*'),
    CONSTRAINT "local_ts is a list like 10.0.0.0/8, 192.168.1.1[udp/1701], dynamic"
        CHECK (length(CAST(local_ts AS BLOB)) BETWEEN 1 AND 8000
               AND length(CAST(local_ts AS BLOB)) = length(local_ts)
               AND local_ts NOT GLOB '*[^]A-Za-z0-9.:/%, [_-]*'),
    CONSTRAINT "remote_ts is a list like 10.0.0.0/8, 192.168.1.1[udp/1701], dynamic"
        CHECK (length(CAST(remote_ts AS BLOB)) BETWEEN 1 AND 8000
               AND length(CAST(remote_ts AS BLOB)) = length(remote_ts)
               AND remote_ts NOT GLOB '*[^]A-Za-z0-9.:/%, [_-]*'),
    CONSTRAINT "esp_proposals is a list like aes256-sha256-modp2048, aes128gcm16"
        CHECK (length(CAST(esp_proposals AS BLOB)) BETWEEN 0 AND 2000
               AND length(CAST(esp_proposals AS BLOB)) = length(esp_proposals)
               AND esp_proposals NOT GLOB '*[^A-Za-z0-9_, -]*'),
    CONSTRAINT "ah_proposals is a list like sha256-modp2048, or empty for ESP"
        CHECK (length(CAST(ah_proposals AS BLOB)) BETWEEN 0 AND 2000
               AND length(CAST(ah_proposals AS BLOB)) = length(ah_proposals)
               AND ah_proposals NOT GLOB '*[^A-Za-z0-9_, -]*'),
    CONSTRAINT "a child has ESP or AH proposals, not both: leave the default in one, and '' in the other"
        CHECK (ah_proposals = '' AND esp_proposals <> ''
               OR ah_proposals <> '' AND esp_proposals IN ('', 'default')),
    CONSTRAINT "mode is tunnel or transport" CHECK (mode IN ('tunnel', 'transport')),
    CONSTRAINT "start_action is none, trap or start" CHECK (start_action IN ('none', 'trap', 'start')),
    CONSTRAINT "prefer_own is 0 or 1" CHECK (prefer_own IN (0, 1)),
    CONSTRAINT "sha256_96 is 0 or 1" CHECK (sha256_96 IN (0, 1)),
    CONSTRAINT "rekey_time is 0 (never) to 31536000 seconds (a year)"
        CHECK (rekey_time BETWEEN 0 AND 31536000),
    CONSTRAINT "life_time is 0 (no limit) to 31536000 seconds (a year), or NULL for rekey_time and a tenth"
        CHECK (life_time BETWEEN 0 AND 31536000),
    CONSTRAINT "life_time is longer than rekey_time" CHECK (life_time = 0 OR life_time >= rekey_time),
    CONSTRAINT "rand_time is 0 to 31536000 seconds (a year), or NULL for life_time less rekey_time"
        CHECK (rand_time BETWEEN 0 AND 31536000),
    CONSTRAINT "rekey_bytes is 0 (never) to 2 to the power of 60" CHECK (rekey_bytes BETWEEN 0 AND 1 << 60),
    CONSTRAINT "life_bytes is 0 (no limit) to 2 to the power of 60, or NULL for rekey_bytes and a tenth"
        CHECK (life_bytes BETWEEN 0 AND 1 << 60),
    CONSTRAINT "life_bytes is more than rekey_bytes"
        CHECK (life_bytes = 0 OR life_bytes >= rekey_bytes),
    CONSTRAINT "replay_window is 64 to 4096 packets: it is always on"
        CHECK (replay_window BETWEEN 64 AND 4096)
) STRICT;

CREATE INDEX children_name ON children (name);

-- owners: the identities that a pre-shared key belongs to, as id-1, id-2 … of swanctl.conf's
-- secrets; empty: everybody's. secret: text, or 0x and hex, or 0s and base64.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY NOT NULL,
    owners TEXT NOT NULL DEFAULT '',
    secret TEXT NOT NULL,

    CONSTRAINT "a secret's name has 1 to 63 of the characters A-Z a-z 0-9 . _ @ : + -"
        CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 63
               AND length(CAST(name AS BLOB)) = length(name)
               AND name NOT GLOB '*[^A-Za-z0-9._@:+-]*'),
    CONSTRAINT "owners is a list of identities with commas, up to 2000 bytes"
        CHECK (length(CAST(owners AS BLOB)) <= 2000 AND instr(owners, char(0)) = 0
               AND owners NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || ']*'),
    CONSTRAINT "a secret is not empty" CHECK (length(CAST(secret AS BLOB)) > 0),
    CONSTRAINT "a secret is text of up to 256 bytes, or 0x and up to 512 hex digits, or 0s and up to 344 characters of base64"
        CHECK (length(CAST(secret AS BLOB)) <= 256
               OR secret GLOB '0x*' AND length(CAST(secret AS BLOB)) <= 514
               OR secret GLOB '0s*' AND length(CAST(secret AS BLOB)) <= 346),
    CONSTRAINT "after 0x a secret has hex digits, two for each byte"
        CHECK (secret NOT GLOB '0x*'
               OR length(secret) > 2 AND length(secret) % 2 = 0
                  AND length(CAST(secret AS BLOB)) = length(secret)
                  AND substr(secret, 3) NOT GLOB '*[^0-9A-Fa-f]*'),
    CONSTRAINT "after 0s a secret has base64: A-Z a-z 0-9 + / ="
        CHECK (secret NOT GLOB '0s*'
               OR length(secret) > 2 AND length(CAST(secret AS BLOB)) = length(secret)
                  AND substr(secret, 3) NOT GLOB '*[^A-Za-z0-9+/=]*')
) STRICT;

-- The words that proposals may have, with the other spellings that swanctl.conf allows.
CREATE TABLE algorithms (
    keyword TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('cipher', 'integrity', 'group', 'all'))
) STRICT, WITHOUT ROWID;

INSERT INTO algorithms (kind, keyword) VALUES
    ('cipher', 'null'), ('cipher', 'des'), ('cipher', '3des'),
    ('cipher', 'aes'), ('cipher', 'aes128'), ('cipher', 'aes192'), ('cipher', 'aes256'),
    ('cipher', 'aes128gcm16'), ('cipher', 'aes128gcm'), ('cipher', 'aes128gcm128'),
    ('cipher', 'aes192gcm16'), ('cipher', 'aes192gcm'), ('cipher', 'aes192gcm128'),
    ('cipher', 'aes256gcm16'), ('cipher', 'aes256gcm'), ('cipher', 'aes256gcm128'),
    ('integrity', 'md5'), ('integrity', 'sha1'), ('integrity', 'sha'),
    ('integrity', 'sha256'), ('integrity', 'sha2_256'),
    ('integrity', 'sha256_96'), ('integrity', 'sha2_256_96'),
    ('integrity', 'sha384'), ('integrity', 'sha2_384'),
    ('integrity', 'sha512'), ('integrity', 'sha2_512'),
    ('group', 'modp768'), ('group', 'modp1024'), ('group', 'modp1536'), ('group', 'modp2048'),
    ('group', 'modp3072'), ('group', 'modp4096'), ('group', 'modp6144'), ('group', 'modp8192'),
    ('group', 'ecp256'), ('group', 'ecp384'), ('group', 'ecp521'),
    ('group', 'curve25519'), ('group', 'x25519'),
    ('all', 'default');

-- ---- refusing nonsense in lists -------------------------------------------------------------
-- CHECK can't look into a list, and WITH is not allowed in triggers; json_each takes a list apart
-- after the CHECKs above have kept quotes out. The triggers ask these views for one row.


CREATE VIEW list_words (peer, child, list, word) AS
    SELECT name, '', 'local_addrs', trim(value)
        FROM peers, json_each('["' || replace(local_addrs, ',', '","') || '"]')
    UNION ALL
    SELECT name, '', 'remote_addrs', trim(value)
        FROM peers, json_each('["' || replace(remote_addrs, ',', '","') || '"]')
    UNION ALL
    SELECT peer, name, 'local_ts', trim(value)
        FROM children, json_each('["' || replace(local_ts, ',', '","') || '"]')
    UNION ALL
    SELECT peer, name, 'remote_ts', trim(value)
        FROM children, json_each('["' || replace(remote_ts, ',', '","') || '"]');

-- The same words in parts: 10.0.0.0/8[tcp/80] has the host 10.0.0.0, bits 8, the tail [tcp/80].
CREATE VIEW list_parts (peer, child, list, word, host, bits, tail) AS
    SELECT peer, child, list, word,
           CASE WHEN instr(net, '/') THEN substr(net, 1, instr(net, '/') - 1) ELSE net END,
           CASE WHEN instr(net, '/') THEN substr(net, instr(net, '/') + 1) ELSE '0' END,
           tail
        FROM (SELECT peer, child, list, word,
                     CASE WHEN instr(word, '[') THEN substr(word, 1, instr(word, '[') - 1)
                          ELSE word END AS net,
                     CASE WHEN instr(word, '[') THEN substr(word, instr(word, '[')) ELSE '' END
                         AS tail
                  FROM list_words);

-- The words that are neither address, prefix, range, %any nor, where that may stand, dynamic or a
-- name of DNS. fault: what is wrong.
CREATE VIEW list_faults (peer, child, list, word, fault) AS
    SELECT * FROM (
        SELECT peer, child, list, word,
            CASE
            WHEN tail <> '' AND child = '' THEN 'address'
            WHEN tail <> '' AND (tail NOT GLOB '[[]?*]' OR tail GLOB '?*[[]*' OR tail GLOB '*]?*'
                                 OR tail GLOB '*/*/*') THEN 'port'
            WHEN host IN ('%any', '%any4', '%any6', '%dynamic', 'dynamic')
                THEN CASE WHEN (host IN ('dynamic', '%dynamic')) = (child <> '') AND bits = '0'
                     THEN NULL ELSE 'address' END
            WHEN length(bits) NOT BETWEEN 1 AND 3 OR bits GLOB '*[^0-9]*' THEN 'bits'
            WHEN instr(host, ':')
                THEN CASE
                     WHEN CAST(bits AS INTEGER) > 128 THEN 'bits'
                     WHEN host GLOB '*[^0-9A-Fa-f:.-]*' OR host GLOB '*:::*' OR host GLOB '*::*::*'
                              AND host NOT GLOB '*-*'
                          OR host GLOB '*[^-:.][^-:.][^-:.][^-:.][^-:.]*'
                          OR host NOT GLOB '*-*' AND instr(host, '::') = 0
                             AND length(host) - length(replace(host, ':', ''))
                                 <> 7 - (instr(host, '.') > 0)
                          OR host NOT GLOB '*-*' AND length(host) - length(replace(host, ':', '')) > 7
                         THEN 'address'
                     END
            WHEN host NOT GLOB '*[^0-9.-]*'
                THEN CASE
                     WHEN CAST(bits AS INTEGER) > 32 THEN 'bits'
                     WHEN (SELECT count(*) FROM json_each(
                               '["' || replace(replace(host, '-', '.'), '.', '","') || '"]')
                               WHERE length(value) BETWEEN 1 AND 3 AND trim(value) = value
                                     AND CAST(value AS INTEGER) <= 255)
                          <> CASE WHEN instr(host, '-') THEN 8 ELSE 4 END
                          OR length(host) - length(replace(host, '.', ''))
                             <> CASE WHEN instr(host, '-') THEN 6 ELSE 3 END
                         THEN 'address'
                     END
            WHEN list <> 'remote_addrs' OR bits <> '0' OR host NOT GLOB '[A-Za-z0-9]*'
                 OR host GLOB '*[^A-Za-z0-9.-]*' OR host GLOB '*..*' OR length(host) > 253
                THEN 'address'
            END AS fault
            FROM list_parts)
    WHERE fault IS NOT NULL;

-- Words of proposals that are not in the table algorithms.
CREATE VIEW proposal_faults (peer, child, list, word) AS
    SELECT name, '', 'proposals', value
        FROM peers, json_each(
            '["' || replace(replace(replace(proposals, ' ', ''), ',', '","'), '-', '","') || '"]')
        WHERE NOT EXISTS (SELECT 1 FROM algorithms WHERE keyword = lower(value))
    UNION ALL
    SELECT peer, name, 'esp_proposals', value
        FROM children, json_each(
            '["' || replace(replace(replace(esp_proposals, ' ', ''), ',', '","'), '-', '","')
            || '"]')
        WHERE esp_proposals <> ''
              AND NOT EXISTS (SELECT 1 FROM algorithms WHERE keyword = lower(value))
    UNION ALL
    SELECT peer, name, 'ah_proposals', value
        FROM children, json_each(
            '["' || replace(replace(replace(ah_proposals, ' ', ''), ',', '","'), '-', '","')
            || '"]')
        WHERE ah_proposals <> ''
              AND NOT EXISTS (SELECT 1 FROM algorithms WHERE keyword = lower(value));

-- ---- what changed, and what is wrong --------------------------------------------------------

-- Written by the triggers below, emptied by cygnetd. kind: peer or secret.
CREATE TABLE changed (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- Rows that cygnetd can't use, and why. kind: peer or secret. Written by cygnetd alone.
CREATE TABLE problem (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- A peer's row. INSERT OR REPLACE fires no delete trigger, so a replaced peer keeps its children.
CREATE TRIGGER peers_insert AFTER INSERT ON peers BEGIN
    SELECT RAISE(ABORT, 'proposals has an unknown algorithm: the table algorithms has those there are')
        FROM proposal_faults WHERE peer = NEW.name AND child = '';
    SELECT CASE
        WHEN fault = 'bits' THEN RAISE(ABORT, 'a prefix length is 0 to 32, for IPv6 0 to 128')
        WHEN list = 'local_addrs' THEN RAISE(ABORT, 'local_addrs has a word that is no address, prefix, range or %any')
        ELSE RAISE(ABORT, 'remote_addrs has a word that is no address, prefix, range, name or %any')
        END
        FROM list_faults WHERE peer = NEW.name AND child = '';
    SELECT RAISE(ABORT, 'peers with the same local_addrs and remote_addrs have at most 16 different policies (proposals, auth, aggressive, prefer_own, encap, nat_vids, times)')
        WHERE NOT EXISTS (
                SELECT 1 FROM peers
                    WHERE remote_addrs = NEW.remote_addrs AND local_addrs = NEW.local_addrs
                          AND proposals = NEW.proposals AND auth = NEW.auth
                          AND aggressive = NEW.aggressive AND prefer_own = NEW.prefer_own
                          AND encap = NEW.encap AND nat_vids = NEW.nat_vids
                          AND rekey_time = NEW.rekey_time AND reauth_time = NEW.reauth_time
                          AND over_time IS NEW.over_time AND name <> NEW.name)
            AND (SELECT count(*) FROM (
                    SELECT DISTINCT proposals, auth, aggressive, prefer_own, encap, nat_vids,
                                    rekey_time, reauth_time, over_time
                        FROM peers
                        WHERE remote_addrs = NEW.remote_addrs AND local_addrs = NEW.local_addrs
                        LIMIT 17)) > 16;
    INSERT INTO changed (kind, name) SELECT 'peer', NEW.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = NEW.name);
END;

CREATE TRIGGER peers_update AFTER UPDATE ON peers BEGIN
    SELECT RAISE(ABORT, 'proposals has an unknown algorithm: the table algorithms has those there are')
        FROM proposal_faults WHERE peer = NEW.name AND child = '';
    SELECT CASE
        WHEN fault = 'bits' THEN RAISE(ABORT, 'a prefix length is 0 to 32, for IPv6 0 to 128')
        WHEN list = 'local_addrs' THEN RAISE(ABORT, 'local_addrs has a word that is no address, prefix, range or %any')
        ELSE RAISE(ABORT, 'remote_addrs has a word that is no address, prefix, range, name or %any')
        END
        FROM list_faults WHERE peer = NEW.name AND child = '';
    SELECT RAISE(ABORT, 'peers with the same local_addrs and remote_addrs have at most 16 different policies (proposals, auth, aggressive, prefer_own, encap, nat_vids, times)')
        WHERE NOT EXISTS (
                SELECT 1 FROM peers
                    WHERE remote_addrs = NEW.remote_addrs AND local_addrs = NEW.local_addrs
                          AND proposals = NEW.proposals AND auth = NEW.auth
                          AND aggressive = NEW.aggressive AND prefer_own = NEW.prefer_own
                          AND encap = NEW.encap AND nat_vids = NEW.nat_vids
                          AND rekey_time = NEW.rekey_time AND reauth_time = NEW.reauth_time
                          AND over_time IS NEW.over_time AND name <> NEW.name)
            AND (SELECT count(*) FROM (
                    SELECT DISTINCT proposals, auth, aggressive, prefer_own, encap, nat_vids,
                                    rekey_time, reauth_time, over_time
                        FROM peers
                        WHERE remote_addrs = NEW.remote_addrs AND local_addrs = NEW.local_addrs
                        LIMIT 17)) > 16;
    INSERT INTO changed (kind, name) SELECT 'peer', OLD.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = OLD.name);
    INSERT INTO changed (kind, name) SELECT 'peer', NEW.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = NEW.name);
    UPDATE children SET peer = NEW.name WHERE peer = OLD.name AND NEW.name <> OLD.name;
END;

CREATE TRIGGER peers_delete AFTER DELETE ON peers BEGIN
    DELETE FROM children WHERE peer = OLD.name;
    INSERT INTO changed (kind, name) SELECT 'peer', OLD.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = OLD.name);
END;

CREATE TRIGGER children_insert AFTER INSERT ON children BEGIN
    SELECT RAISE(ABORT, 'there is no such peer: add its row to peers before its children')
        WHERE NOT EXISTS (SELECT 1 FROM peers WHERE name = NEW.peer);
    SELECT RAISE(ABORT, 'esp_proposals or ah_proposals has an unknown algorithm: the table algorithms has those there are')
        FROM proposal_faults WHERE peer = NEW.peer AND child = NEW.name;
    SELECT CASE
        WHEN fault = 'bits' THEN RAISE(ABORT, 'a prefix length is 0 to 32, for IPv6 0 to 128')
        WHEN fault = 'port' THEN RAISE(ABORT, 'behind an address of local_ts or remote_ts stands nothing, or [protocol/port] such as [tcp/80] or [udp]')
        WHEN list = 'local_ts' THEN RAISE(ABORT, 'local_ts has a word that is no address, prefix, range or dynamic')
        ELSE RAISE(ABORT, 'remote_ts has a word that is no address, prefix, range or dynamic')
        END
        FROM list_faults WHERE peer = NEW.peer AND child = NEW.name;
    INSERT INTO changed (kind, name) SELECT 'peer', NEW.peer
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = NEW.peer);
END;

CREATE TRIGGER children_update AFTER UPDATE ON children BEGIN
    SELECT RAISE(ABORT, 'there is no such peer: add its row to peers before its children')
        WHERE NOT EXISTS (SELECT 1 FROM peers WHERE name = NEW.peer);
    SELECT RAISE(ABORT, 'esp_proposals or ah_proposals has an unknown algorithm: the table algorithms has those there are')
        FROM proposal_faults WHERE peer = NEW.peer AND child = NEW.name;
    SELECT CASE
        WHEN fault = 'bits' THEN RAISE(ABORT, 'a prefix length is 0 to 32, for IPv6 0 to 128')
        WHEN fault = 'port' THEN RAISE(ABORT, 'behind an address of local_ts or remote_ts stands nothing, or [protocol/port] such as [tcp/80] or [udp]')
        WHEN list = 'local_ts' THEN RAISE(ABORT, 'local_ts has a word that is no address, prefix, range or dynamic')
        ELSE RAISE(ABORT, 'remote_ts has a word that is no address, prefix, range or dynamic')
        END
        FROM list_faults WHERE peer = NEW.peer AND child = NEW.name;
    INSERT INTO changed (kind, name) SELECT 'peer', OLD.peer
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = OLD.peer);
    INSERT INTO changed (kind, name) SELECT 'peer', NEW.peer
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = NEW.peer);
END;

CREATE TRIGGER children_delete AFTER DELETE ON children BEGIN
    INSERT INTO changed (kind, name) SELECT 'peer', OLD.peer
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'peer' AND name = OLD.peer);
END;

CREATE TRIGGER secrets_insert AFTER INSERT ON secrets BEGIN
    INSERT INTO changed (kind, name) SELECT 'secret', NEW.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'secret' AND name = NEW.name);
END;

CREATE TRIGGER secrets_update AFTER UPDATE ON secrets BEGIN
    INSERT INTO changed (kind, name) SELECT 'secret', OLD.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'secret' AND name = OLD.name);
    INSERT INTO changed (kind, name) SELECT 'secret', NEW.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'secret' AND name = NEW.name);
END;

CREATE TRIGGER secrets_delete AFTER DELETE ON secrets BEGIN
    INSERT INTO changed (kind, name) SELECT 'secret', OLD.name
        WHERE NOT EXISTS (SELECT 1 FROM changed WHERE kind = 'secret' AND name = OLD.name);
END;

-- ---- derived by cygnetd ---------------------------------------------------------------------

-- generation grows with each derivation; secrets_generation is that of the last change of a secret
-- that may concern any peer; format tells which cygnetd derived.
CREATE TABLE lookup_state (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    generation INTEGER NOT NULL,
    secrets_generation INTEGER NOT NULL,
    format INTEGER NOT NULL
) STRICT;
INSERT INTO lookup_state (id, generation, secrets_generation, format) VALUES (1, 0, 0, 0);

-- One row for each peer that was ever derived and not yet reported as gone (deleted or disabled).
-- id is the peer's for as long as it has its name. generation: of its last change. A row of
-- lookup_member counts only with the generation that stands in members. groups: ids of lookup_group.
CREATE TABLE lookup_peer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    members INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    policy INTEGER,
    psk INTEGER,
    remote_id BLOB,
    groups TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX lookup_peer_generation ON lookup_peer (generation);
CREATE INDEX lookup_peer_remote_id ON lookup_peer (remote_id);

-- Address groups. family 0, 4, 6; prefixes are blobs of 0, 4 or 16 bytes.
CREATE TABLE lookup_group (
    id INTEGER PRIMARY KEY,
    remote_family INTEGER NOT NULL,
    remote_bits INTEGER NOT NULL,
    remote BLOB NOT NULL,
    local_family INTEGER NOT NULL,
    local_bits INTEGER NOT NULL,
    local BLOB NOT NULL,
    n_peers INTEGER NOT NULL,
    UNIQUE (remote_family, remote_bits, remote, local_family, local_bits, local)
) STRICT;

-- Distinct phase 1 policies.
CREATE TABLE lookup_policy (
    id INTEGER PRIMARY KEY,
    proposals TEXT NOT NULL,
    auth_method INTEGER NOT NULL,
    aggressive INTEGER NOT NULL,
    prefer_own INTEGER NOT NULL,
    encap INTEGER NOT NULL,
    nat_vids INTEGER NOT NULL,
    lifetime INTEGER NOT NULL,
    n_peers INTEGER NOT NULL,
    UNIQUE (proposals, auth_method, aggressive, prefer_own, encap, nat_vids, lifetime)
) STRICT;

-- Distinct ways to find a secret, identities in matching form: local_id, and remote_id where it is
-- %any, a pattern, or the owner of a secret, else an empty blob.
CREATE TABLE lookup_psk (
    id INTEGER PRIMARY KEY,
    local_id BLOB NOT NULL,
    remote_id BLOB NOT NULL,
    n_peers INTEGER NOT NULL,
    UNIQUE (local_id, remote_id)
) STRICT;

-- What a group holds, counted.
CREATE TABLE lookup_entry (
    grp INTEGER NOT NULL,
    policy INTEGER NOT NULL,
    psk INTEGER NOT NULL,
    n_peers INTEGER NOT NULL,
    PRIMARY KEY (grp, policy, psk)
) STRICT, WITHOUT ROWID;

-- remote_id: identity in matching form, with 0xff before it where it is a pattern.
CREATE TABLE lookup_member (
    grp INTEGER NOT NULL,
    policy INTEGER NOT NULL,
    name TEXT NOT NULL,
    psk INTEGER NOT NULL,
    remote_id BLOB NOT NULL,
    peer INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (grp, policy, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookup_member_psk ON lookup_member (grp, policy, psk, name);
CREATE INDEX lookup_member_remote_id ON lookup_member (grp, policy, remote_id, name);

-- Distinct patterns of remote_id, at most 1000, as they stand in lookup_member.
CREATE TABLE lookup_pattern (
    remote_id BLOB PRIMARY KEY NOT NULL,
    n_peers INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Owners of secrets in matching form; an empty blob for a secret that has none.
CREATE TABLE lookup_owner (
    owner BLOB NOT NULL,
    n_owners INTEGER NOT NULL,
    secret TEXT NOT NULL,
    PRIMARY KEY (owner, n_owners, secret)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookup_owner_secret ON lookup_owner (secret);
