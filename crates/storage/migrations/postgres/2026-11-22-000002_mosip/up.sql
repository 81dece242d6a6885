-- The MOSIP dialect: policies of application ids, and aliases: one version of the key of an application id and a reference id,
-- with its certificate. Both decide, so both carry `integrity`.

CREATE TABLE mosip_policy (
    tenant      TEXT NOT NULL,
    application TEXT NOT NULL,
    valid_days  BIGINT NOT NULL,       -- life of a new key
    early_days  BIGINT NOT NULL,       -- how long before its end a key is no longer current
    active      BIGINT NOT NULL,
    access      TEXT NOT NULL,          -- user names with commas between; NA: everybody; empty: nobody
    log_index   BIGINT NOT NULL,       -- the event that made the row what it is
    integrity   BYTEA NOT NULL,
    PRIMARY KEY (tenant, application)
);

CREATE TABLE mosip_alias (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,          -- a UUID
    application TEXT NOT NULL,
    reference   TEXT NOT NULL,          -- empty for master keys
    kind        TEXT NOT NULL,          -- master | base | foreign | symmetric
    key_id      TEXT NOT NULL,          -- key and version that hold the private key; empty for a foreign certificate
    version     BIGINT NOT NULL,
    generated   BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    thumbprint  TEXT NOT NULL,          -- upper-case hexadecimal SHA-256 of the certificate; empty for a symmetric key
    unique_id   TEXT,                   -- from which kid is made; none for a symmetric key
    certificate BYTEA NOT NULL,        -- DER; empty for a symmetric key
    log_index   BIGINT NOT NULL,
    integrity   BYTEA NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, unique_id)
);
CREATE INDEX mosip_alias_by_name ON mosip_alias (tenant, application, reference);
