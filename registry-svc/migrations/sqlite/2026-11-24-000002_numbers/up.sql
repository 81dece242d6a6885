-- Numbers for registers and index keys. Three dozen rows a person repeated their names, in their own keys and again in
-- every other index: a third of the file, and of the time that an import takes.

CREATE TABLE registers (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  UNIQUE (tenant, register)
);
INSERT INTO registers (tenant, register) SELECT DISTINCT tenant, register FROM records;

CREATE TABLE index_keys (
  id INTEGER PRIMARY KEY,
  register INTEGER NOT NULL REFERENCES registers (id),
  field TEXT NOT NULL,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  UNIQUE (register, field, kind, version)
);
INSERT INTO index_keys (register, field, kind, version)
  SELECT DISTINCT registers.id, field, kind, key_version FROM index_terms JOIN registers USING (tenant, register);

DROP INDEX index_terms_of_record;
DROP INDEX index_terms_unique;
ALTER TABLE records RENAME TO old_records;
ALTER TABLE record_versions RENAME TO old_record_versions;
ALTER TABLE sealed_fields RENAME TO old_sealed_fields;
ALTER TABLE index_terms RENAME TO old_index_terms;

CREATE TABLE records (
  register INTEGER NOT NULL REFERENCES registers (id),
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  clear TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  erased BIGINT,
  certificate TEXT,
  PRIMARY KEY (register, record)
) WITHOUT ROWID;
INSERT INTO records
  SELECT registers.id, record, version, schema_version, clear, created, updated, erased, certificate
  FROM old_records JOIN registers USING (tenant, register) ORDER BY 1, 2;

CREATE TABLE record_versions (
  register INTEGER NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  clear TEXT NOT NULL,
  sealed_at BIGINT NOT NULL,
  PRIMARY KEY (register, record, version),
  FOREIGN KEY (register, record) REFERENCES records (register, record)
) WITHOUT ROWID;
INSERT INTO record_versions
  SELECT registers.id, record, version, schema_version, clear, sealed_at
  FROM old_record_versions JOIN registers USING (tenant, register) ORDER BY 1, 2, 3;

CREATE TABLE sealed_fields (
  register INTEGER NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  field TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (register, record, version, field),
  FOREIGN KEY (register, record, version) REFERENCES record_versions (register, record, version)
) WITHOUT ROWID;
INSERT INTO sealed_fields
  SELECT registers.id, record, version, field, value
  FROM old_sealed_fields JOIN registers USING (tenant, register) ORDER BY 1, 2, 3, 4;

CREATE TABLE index_terms (
  index_key INTEGER NOT NULL REFERENCES index_keys (id),
  term BLOB NOT NULL,
  register INTEGER NOT NULL,
  record TEXT NOT NULL,
  uniqueness TEXT NOT NULL CHECK (uniqueness IN ('no', 'warn', 'refuse')),
  PRIMARY KEY (index_key, term, record),
  FOREIGN KEY (register, record) REFERENCES records (register, record)
) WITHOUT ROWID;
INSERT INTO index_terms
  SELECT index_keys.id, term, registers.id, record, uniqueness
  FROM old_index_terms AS old JOIN registers USING (tenant, register)
  JOIN index_keys ON index_keys.register = registers.id AND index_keys.field = old.field AND index_keys.kind = old.kind
    AND index_keys.version = key_version
  ORDER BY 1, 2, 4;
CREATE INDEX index_terms_of_record ON index_terms (register, record);
-- The database itself refuses a second record with the same value of a unique field.
CREATE UNIQUE INDEX index_terms_unique ON index_terms (index_key, term) WHERE uniqueness = 'refuse';

DROP TABLE old_index_terms;
DROP TABLE old_sealed_fields;
DROP TABLE old_record_versions;
DROP TABLE old_records;
