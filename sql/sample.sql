-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Three peers as examples. Into a new database:
--     cygnetctl db init peers.db && sqlite3 peers.db <sample.sql
-- Columns that are left out have swanctl.conf's defaults; cygnet-schema(5) lists them.

BEGIN;

-- A site with a fixed address: two subnets there, one here. Either side may begin, and it is brought
-- up at start.
INSERT INTO peers (name, local_addrs, remote_addrs, proposals, local_id, remote_id)
    VALUES ('branch1', '192.0.2.1', '198.51.100.7', 'aes256-sha256-modp2048',
            'gw.example.org', 'branch1.example.org');
INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals, start_action)
    VALUES ('branch1', 'net', '10.0.0.0/16', '10.1.0.0/24, 10.1.1.0/24',
            'aes256-sha256-modp2048', 'start');
INSERT INTO secrets (name, owners, secret)
    VALUES ('branch1', 'gw.example.org, branch1.example.org', 'change me: branch1');

-- Dial-up sites of one domain behind changing addresses. In main mode they share one secret, as it
-- has to be chosen by address, before their identity is known.
INSERT INTO peers (name, remote_addrs, local_id, remote_id)
    VALUES ('dialup', '%any', 'gw.example.org', '*.dialup.example.org');
INSERT INTO children (peer, name, local_ts, remote_ts)
    VALUES ('dialup', 'net', '10.0.0.0/16', '10.64.0.0/10');
INSERT INTO secrets (name, owners, secret)
    VALUES ('dialup', 'gw.example.org, *.dialup.example.org', '0x00112233445566778899aabbccddeeff');

-- Old equipment that knows no better; its algorithms are used only where they are named. Switched
-- off: UPDATE peers SET enabled = 1 WHERE name = 'oldbox'.
INSERT INTO peers (name, enabled, remote_addrs, proposals, nat_vids)
    VALUES ('oldbox', 0, '203.0.113.20', 'aes128-sha1-modp1024, 3des-md5-modp1024', 'drafts');
INSERT INTO children (peer, name, local_ts, remote_ts, esp_proposals, rekey_time, life_time)
    VALUES ('oldbox', 'lan', '10.0.0.0/24', '192.168.20.0/24', 'aes128-sha1, 3des-md5', 3240, 3600);
INSERT INTO secrets (name, owners, secret)
    VALUES ('oldbox', '203.0.113.20', 'change me: oldbox');

COMMIT;
