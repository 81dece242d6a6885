-- The key manager's tables. Times are microseconds since 1970 in UTC. Rows that decide something carry `integrity`, an
-- HMAC under a token key over the whole row and the log index that made it.

CREATE TABLE tenant (
    name        TEXT PRIMARY KEY NOT NULL,
    created     BIGINT NOT NULL
);

CREATE TABLE key (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    algorithm   TEXT NOT NULL,
    roles       TEXT NOT NULL,          -- JSON list of the roles that may use it
    register    TEXT NOT NULL,          -- index keys: what they index; otherwise empty
    field       TEXT NOT NULL,
    index_kind  TEXT NOT NULL,
    created     BIGINT NOT NULL,
    integrity   BYTEA NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE key_version (
    tenant      TEXT NOT NULL,
    key_id      TEXT NOT NULL,
    version     BIGINT NOT NULL,
    state       TEXT NOT NULL,
    residence   TEXT NOT NULL,          -- resident | wrapped
    object      BYTEA NOT NULL,         -- CKA_ID of the object, or of the root that wraps it
    mechanism   TEXT NOT NULL,          -- how it is wrapped; empty for a resident key
    blob        BYTEA NOT NULL,         -- the wrapped key; empty for a resident key
    public_key  BYTEA NOT NULL,         -- SubjectPublicKeyInfo, DER; empty for a symmetric key
    certificates BYTEA NOT NULL,        -- DER certificates one after the other, leaf first; empty where there is none
    created     BIGINT NOT NULL,
    activated   BIGINT NOT NULL,
    deactivated BIGINT,
    born_at     BIGINT NOT NULL,        -- the event that made the version: its proof of birth
    log_index   BIGINT NOT NULL,        -- the event that made the row what it is
    integrity   BYTEA NOT NULL,
    PRIMARY KEY (tenant, key_id, version)
);

-- AES-GCM calls that processes have reserved under a key version; never less than were made.
CREATE TABLE gcm_reservation (
    tenant      TEXT NOT NULL,
    key_id      TEXT NOT NULL,
    version     BIGINT NOT NULL,
    reserved    BIGINT NOT NULL,
    PRIMARY KEY (tenant, key_id, version)
);

CREATE TABLE subject (
    tenant      TEXT NOT NULL,
    register    TEXT NOT NULL,
    record      BYTEA NOT NULL,         -- 16 bytes
    handle      BYTEA NOT NULL,         -- 16 random bytes: the person's only name in the log
    kek_version BIGINT NOT NULL,
    wrapped     BYTEA NOT NULL,
    version     BIGINT NOT NULL,        -- the record's current version
    digest      BYTEA NOT NULL,         -- over its sealed and clear values
    confirmed   BIGINT NOT NULL,        -- 1 once the registry said that it stored the version
    previous    BYTEA NOT NULL,         -- digest of the version before, for a withdrawal; empty for version 1
    updated     BIGINT NOT NULL,
    PRIMARY KEY (tenant, register, record)
);
CREATE INDEX subject_by_kek ON subject (tenant, kek_version);

-- Digests of earlier versions, for reading history.
CREATE TABLE subject_history (
    tenant      TEXT NOT NULL,
    register    TEXT NOT NULL,
    record      BYTEA NOT NULL,
    version     BIGINT NOT NULL,
    digest      BYTEA NOT NULL,
    PRIMARY KEY (tenant, register, record, version)
);

CREATE TABLE tombstone (
    tenant      TEXT NOT NULL,
    register    TEXT NOT NULL,
    record      BYTEA NOT NULL,
    erased      BIGINT NOT NULL,
    certificate TEXT NOT NULL,
    PRIMARY KEY (tenant, register, record)
);

CREATE TABLE event (
    log_index   BIGINT PRIMARY KEY NOT NULL,
    log_time    BIGINT NOT NULL,
    leaf        BYTEA NOT NULL
);

-- Intents whose outcome is not in the log yet. A start closes those that its own state folder left behind.
CREATE TABLE open_intent (
    log_index   BIGINT PRIMARY KEY NOT NULL REFERENCES event (log_index),
    instance    TEXT NOT NULL,          -- the state folder that began it
    log_time    BIGINT NOT NULL
);

CREATE TABLE log_tile (
    level       BIGINT NOT NULL,
    position    BIGINT NOT NULL,
    hashes      BYTEA NOT NULL,         -- 256 hashes of 32 bytes
    PRIMARY KEY (level, position)
);

-- One row: the end of the log, and the epoch of everything that decides who may do what.
CREATE TABLE log_head (
    id          BIGINT PRIMARY KEY NOT NULL,
    size        BIGINT NOT NULL,
    log_time    BIGINT NOT NULL,
    frontier    BYTEA NOT NULL,
    epoch       BIGINT NOT NULL
);
INSERT INTO log_head (id, size, log_time, frontier, epoch) VALUES (1, 0, 0, ''::bytea, 0);

CREATE TABLE checkpoint (
    size        BIGINT PRIMARY KEY NOT NULL,
    note        TEXT NOT NULL,
    created     BIGINT NOT NULL
);

CREATE TABLE cosignature (
    size        BIGINT NOT NULL,
    witness     TEXT NOT NULL,
    note        TEXT NOT NULL,
    created     BIGINT NOT NULL,
    PRIMARY KEY (size, witness)
);

CREATE TABLE used_nonce (
    principal   TEXT NOT NULL,
    nonce       TEXT NOT NULL,
    expires     BIGINT NOT NULL,
    PRIMARY KEY (principal, nonce)
);
CREATE INDEX used_nonce_by_expiry ON used_nonce (expires);

CREATE TABLE reader_key (
    tenant      TEXT NOT NULL,
    thumbprint  TEXT NOT NULL,
    principal   TEXT NOT NULL,
    public_key  BYTEA NOT NULL,
    state       TEXT NOT NULL,          -- waiting | active | revoked
    approved_by TEXT NOT NULL,
    created     BIGINT NOT NULL,
    integrity   BYTEA NOT NULL,
    PRIMARY KEY (tenant, thumbprint)
);
CREATE INDEX reader_key_by_principal ON reader_key (tenant, principal);

CREATE TABLE invitation (
    token_digest BYTEA PRIMARY KEY NOT NULL,
    identity    TEXT NOT NULL,          -- URI name of the certificate that the token is good for, once
    expires     BIGINT NOT NULL
);

CREATE TABLE certificate (
    serial      TEXT PRIMARY KEY NOT NULL,
    identity    TEXT NOT NULL,
    issued      BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    revoked     BIGINT
);

CREATE TABLE export (
    id          TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    requester   TEXT NOT NULL,
    created     BIGINT NOT NULL,
    bundle      BYTEA NOT NULL
);

CREATE TABLE idempotency (
    principal   TEXT NOT NULL,
    key         TEXT NOT NULL,
    body_digest BYTEA NOT NULL,
    status      BIGINT NOT NULL,
    answer      BYTEA NOT NULL,
    expires     BIGINT NOT NULL,
    PRIMARY KEY (principal, key)
);

CREATE TABLE job (
    name        TEXT PRIMARY KEY NOT NULL,
    holder      TEXT NOT NULL,
    lease_ends  BIGINT NOT NULL,
    position    TEXT NOT NULL
);
