-- The MOSIP dialect: the random keys from which the keys of zkEncrypt's values come, and license keys. Both decide, so both carry
-- `integrity`.

CREATE TABLE mosip_zk_key (
    tenant      TEXT NOT NULL,
    number      INTEGER NOT NULL,       -- which of the random keys: 0 to 2147483647
    active      INTEGER NOT NULL,       -- 1: values are sealed with it; 0: opened only
    key_id      TEXT NOT NULL,          -- key and version under which it is wrapped
    version     INTEGER NOT NULL,
    wrapped     BLOB NOT NULL,          -- RFC 3394
    log_index   INTEGER NOT NULL,       -- the event that made the row what it is
    integrity   BLOB NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT;

CREATE TABLE mosip_license (
    tenant      TEXT NOT NULL,
    digest      TEXT NOT NULL,          -- lower-case hexadecimal SHA-256 of the license key, which is kept nowhere
    provider    TEXT NOT NULL,          -- whose it is
    expires     INTEGER NOT NULL,
    permissions TEXT NOT NULL,          -- names with commas between
    log_index   INTEGER NOT NULL,
    integrity   BLOB NOT NULL,
    PRIMARY KEY (tenant, digest)
) STRICT;
