-- The key manager's tables. Times are microseconds since 1970 in UTC. Rows that decide something carry `integrity`, an
-- HMAC under a token key over the whole row and the log index that made it.

CREATE TABLE tenant (
    name        TEXT PRIMARY KEY NOT NULL,
    created     INTEGER NOT NULL
) STRICT;

CREATE TABLE key (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    algorithm   TEXT NOT NULL,
    roles       TEXT NOT NULL,          -- JSON list of the roles that may use it
    register    TEXT NOT NULL,          -- index keys: what they index; otherwise empty
    field       TEXT NOT NULL,
    index_kind  TEXT NOT NULL,
    created     INTEGER NOT NULL,
    integrity   BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE key_version (
    tenant      TEXT NOT NULL,
    key_id      TEXT NOT NULL,
    version     INTEGER NOT NULL,
    state       TEXT NOT NULL,
    residence   TEXT NOT NULL,          -- resident | wrapped
    object      BLOB NOT NULL,         -- CKA_ID of the object, or of the root that wraps it
    mechanism   TEXT NOT NULL,          -- how it is wrapped; empty for a resident key
    blob        BLOB NOT NULL,         -- the wrapped key; empty for a resident key
    public_key  BLOB NOT NULL,         -- SubjectPublicKeyInfo, DER; empty for a symmetric key
    certificates BLOB NOT NULL,        -- DER certificates one after the other, leaf first; empty where there is none
    created     INTEGER NOT NULL,
    activated   INTEGER NOT NULL,
    deactivated INTEGER,
    born_at     INTEGER NOT NULL,       -- the event that made the version: its proof of birth
    log_index   INTEGER NOT NULL,       -- the event that made the row what it is
    integrity   BLOB NOT NULL,
    PRIMARY KEY (tenant, key_id, version)
) STRICT;

-- AES-GCM calls that processes have reserved under a key version; never less than were made.
CREATE TABLE gcm_reservation (
    tenant      TEXT NOT NULL,
    key_id      TEXT NOT NULL,
    version     INTEGER NOT NULL,
    reserved    INTEGER NOT NULL,
    PRIMARY KEY (tenant, key_id, version)
) STRICT;

CREATE TABLE subject (
    tenant      TEXT NOT NULL,
    register    TEXT NOT NULL,
    record      BLOB NOT NULL,         -- 16 bytes
    handle      BLOB NOT NULL,         -- 16 random bytes: the person's only name in the log
    kek_version INTEGER NOT NULL,
    wrapped     BLOB NOT NULL,
    version     INTEGER NOT NULL,        -- the record's current version
    digest      BLOB NOT NULL,         -- over its sealed and clear values
    confirmed   INTEGER NOT NULL,        -- 1 once the registry said that it stored the version
    previous    BLOB NOT NULL,         -- digest of the version before, for a withdrawal; empty for version 1
    updated     INTEGER NOT NULL,
    PRIMARY KEY (tenant, register, record)
) STRICT;
CREATE INDEX subject_by_kek ON subject (tenant, kek_version);

-- Digests of earlier versions, for reading history.
CREATE TABLE subject_history (
    tenant      TEXT NOT NULL,
    register    TEXT NOT NULL,
    record      BLOB NOT NULL,
    version     INTEGER NOT NULL,
    digest      BLOB NOT NULL,
    PRIMARY KEY (tenant, register, record, version)
) STRICT;

CREATE TABLE tombstone (
    tenant      TEXT NOT NULL,
    register    TEXT NOT NULL,
    record      BLOB NOT NULL,
    erased      INTEGER NOT NULL,
    certificate TEXT NOT NULL,
    PRIMARY KEY (tenant, register, record)
) STRICT;

CREATE TABLE event (
    log_index   INTEGER PRIMARY KEY NOT NULL,
    log_time    INTEGER NOT NULL,
    leaf        BLOB NOT NULL
) STRICT;

-- Intents whose outcome is not in the log yet. A start closes those that its own state folder left behind.
CREATE TABLE open_intent (
    log_index   INTEGER PRIMARY KEY NOT NULL REFERENCES event (log_index),
    instance    TEXT NOT NULL,          -- the state folder that began it
    log_time    INTEGER NOT NULL
) STRICT;

CREATE TABLE log_tile (
    level       INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    hashes      BLOB NOT NULL,         -- 256 hashes of 32 bytes
    PRIMARY KEY (level, position)
) STRICT;

-- One row: the end of the log, and the epoch of everything that decides who may do what.
CREATE TABLE log_head (
    id          INTEGER PRIMARY KEY NOT NULL,
    size        INTEGER NOT NULL,
    log_time    INTEGER NOT NULL,
    frontier    BLOB NOT NULL,
    epoch       INTEGER NOT NULL
) STRICT;
INSERT INTO log_head (id, size, log_time, frontier, epoch) VALUES (1, 0, 0, x'', 0);

CREATE TABLE checkpoint (
    size        INTEGER PRIMARY KEY NOT NULL,
    note        TEXT NOT NULL,
    created     INTEGER NOT NULL
) STRICT;

CREATE TABLE cosignature (
    size        INTEGER NOT NULL,
    witness     TEXT NOT NULL,
    note        TEXT NOT NULL,
    created     INTEGER NOT NULL,
    PRIMARY KEY (size, witness)
) STRICT;

CREATE TABLE used_nonce (
    principal   TEXT NOT NULL,
    nonce       TEXT NOT NULL,
    expires     INTEGER NOT NULL,
    PRIMARY KEY (principal, nonce)
) STRICT;
CREATE INDEX used_nonce_by_expiry ON used_nonce (expires);

CREATE TABLE reader_key (
    tenant      TEXT NOT NULL,
    thumbprint  TEXT NOT NULL,
    principal   TEXT NOT NULL,
    public_key  BLOB NOT NULL,
    state       TEXT NOT NULL,          -- waiting | active | revoked
    approved_by TEXT NOT NULL,
    created     INTEGER NOT NULL,
    integrity   BLOB NOT NULL,
    PRIMARY KEY (tenant, thumbprint)
) STRICT;
CREATE INDEX reader_key_by_principal ON reader_key (tenant, principal);

CREATE TABLE invitation (
    token_digest BLOB PRIMARY KEY NOT NULL,
    identity    TEXT NOT NULL,          -- URI name of the certificate that the token is good for, once
    expires     INTEGER NOT NULL
) STRICT;

CREATE TABLE certificate (
    serial      TEXT PRIMARY KEY NOT NULL,
    identity    TEXT NOT NULL,
    issued      INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    revoked     INTEGER
) STRICT;

CREATE TABLE export (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    requester   TEXT NOT NULL,
    created     INTEGER NOT NULL,
    bundle      BLOB NOT NULL
) STRICT;

CREATE TABLE idempotency (
    principal   TEXT NOT NULL,
    key         TEXT NOT NULL,
    body_digest BLOB NOT NULL,
    status      INTEGER NOT NULL,
    answer      BLOB NOT NULL,
    expires     INTEGER NOT NULL,
    PRIMARY KEY (principal, key)
) STRICT;

CREATE TABLE job (
    name        TEXT PRIMARY KEY NOT NULL,
    holder      TEXT NOT NULL,
    lease_ends  INTEGER NOT NULL,
    position    TEXT NOT NULL
) STRICT;
