-- The MOSIP dialect: policies of application ids, and aliases: one version of the key of an application id and a reference id,
-- with its certificate. Both decide, so both carry `integrity`.

CREATE TABLE mosip_policy (
    tenant      TEXT NOT NULL,
    application TEXT NOT NULL,
    valid_days  INTEGER NOT NULL,       -- life of a new key
    early_days  INTEGER NOT NULL,       -- how long before its end a key is no longer current
    active      INTEGER NOT NULL,
    access      TEXT NOT NULL,          -- user names with commas between; NA: everybody; empty: nobody
    log_index   INTEGER NOT NULL,       -- the event that made the row what it is
    integrity   BLOB NOT NULL,
    PRIMARY KEY (tenant, application)
) STRICT;

CREATE TABLE mosip_alias (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,          -- a UUID
    application TEXT NOT NULL,
    reference   TEXT NOT NULL,          -- empty for master keys
    kind        TEXT NOT NULL,          -- master | base | foreign | symmetric
    key_id      TEXT NOT NULL,          -- key and version that hold the private key; empty for a foreign certificate
    version     INTEGER NOT NULL,
    generated   INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    thumbprint  TEXT NOT NULL,          -- upper-case hexadecimal SHA-256 of the certificate; empty for a symmetric key
    unique_id   TEXT,                   -- from which kid is made; none for a symmetric key
    certificate BLOB NOT NULL,        -- DER; empty for a symmetric key
    log_index   INTEGER NOT NULL,
    integrity   BLOB NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, unique_id)
) STRICT;
CREATE INDEX mosip_alias_by_name ON mosip_alias (tenant, application, reference);
