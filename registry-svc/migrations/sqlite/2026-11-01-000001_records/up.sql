-- Times are microseconds since 1970 in UTC. No column holds a personal value: sealed_fields.value is COSE_Encrypt0,
-- index_terms.term a truncated HMAC, clear a JSON object of what the definition allows in clear.

CREATE TABLE records (
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  clear TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  erased BIGINT,
  certificate TEXT,
  PRIMARY KEY (tenant, register, record)
) WITHOUT ROWID;

CREATE TABLE record_versions (
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  clear TEXT NOT NULL,
  sealed_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, register, record, version),
  FOREIGN KEY (tenant, register, record) REFERENCES records (tenant, register, record)
) WITHOUT ROWID;

CREATE TABLE sealed_fields (
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  field TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (tenant, register, record, version, field),
  FOREIGN KEY (tenant, register, record, version) REFERENCES record_versions (tenant, register, record, version)
) WITHOUT ROWID;

CREATE TABLE index_terms (
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  field TEXT NOT NULL,
  kind TEXT NOT NULL,
  key_version INTEGER NOT NULL,
  term BLOB NOT NULL,
  record TEXT NOT NULL,
  uniqueness TEXT NOT NULL CHECK (uniqueness IN ('no', 'warn', 'refuse')),
  PRIMARY KEY (tenant, register, field, kind, key_version, term, record),
  FOREIGN KEY (tenant, register, record) REFERENCES records (tenant, register, record)
) WITHOUT ROWID;
CREATE INDEX index_terms_of_record ON index_terms (tenant, register, record);
-- The database itself refuses a second record with the same value of a unique field.
CREATE UNIQUE INDEX index_terms_unique ON index_terms (tenant, register, field, kind, key_version, term)
  WHERE uniqueness = 'refuse';

-- What was asked of the key manager and is not settled with it: written before a seal is asked for, removed when the key
-- manager knows whether it was stored.
CREATE TABLE seal_intents (
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('asked', 'stored', 'dropped')),
  instance TEXT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (tenant, register, record, version)
) WITHOUT ROWID;
CREATE INDEX seal_intents_by_state ON seal_intents (state, created);

CREATE TABLE checkpoints (
  origin TEXT NOT NULL,
  size BIGINT NOT NULL,
  note TEXT NOT NULL,
  seen BIGINT NOT NULL,
  cosigned BIGINT,
  PRIMARY KEY (origin, size)
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  tenant TEXT NOT NULL,
  caller TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  digest BLOB NOT NULL,
  status INTEGER,
  answer TEXT,
  expires BIGINT NOT NULL,
  PRIMARY KEY (tenant, caller, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires);

CREATE TABLE job_positions (
  job TEXT NOT NULL PRIMARY KEY,
  position TEXT NOT NULL,
  updated BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE definitions (
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  first_seen BIGINT NOT NULL,
  PRIMARY KEY (tenant, register, schema_version)
) WITHOUT ROWID;
