-- The MOSIP dialect: of each partner domain the certificates of its authorities, the certificates of partners, and the revocation
-- lists of its authorities. All three decide, so all carry `integrity`.

CREATE TABLE mosip_authority (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,          -- a UUID
    domain      TEXT NOT NULL,          -- in capitals
    kind        TEXT NOT NULL,          -- ROOT | INTERMEDIATE
    issuer_id   TEXT NOT NULL,          -- id of the authority that issued it; a root's is its own
    thumbprint  TEXT NOT NULL,          -- lower-case hexadecimal SHA-1 of the certificate
    certificate BYTEA NOT NULL,          -- DER
    created     BIGINT NOT NULL,
    log_index   BIGINT NOT NULL,       -- the event that made the row what it is
    integrity   BYTEA NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, domain, thumbprint)
);

CREATE TABLE mosip_partner (
    tenant       TEXT NOT NULL,
    id           TEXT NOT NULL,         -- a UUID
    domain       TEXT NOT NULL,
    organization TEXT NOT NULL,
    issuer_id    TEXT NOT NULL,         -- id of the authority that issued the partner's own certificate
    thumbprint   TEXT NOT NULL,
    certificate  BYTEA NOT NULL,         -- the partner's own, DER
    issued       BYTEA NOT NULL,         -- the one that we issued for the same key, DER; or the partner's own again
    created      BIGINT NOT NULL,
    log_index    BIGINT NOT NULL,
    integrity    BYTEA NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX mosip_partner_by_thumbprint ON mosip_partner (tenant, domain, thumbprint);

CREATE TABLE mosip_revocation_list (
    tenant      TEXT NOT NULL,
    domain      TEXT NOT NULL,
    issuer      TEXT NOT NULL,          -- upper-case hexadecimal SHA-256 of the issuer's name and key
    scope       TEXT NOT NULL,          -- the same of what part of its certificates the list is about
    list        BYTEA NOT NULL,          -- DER
    this_update BIGINT NOT NULL,
    log_index   BIGINT NOT NULL,
    integrity   BYTEA NOT NULL,
    PRIMARY KEY (tenant, domain, issuer, scope)
);
