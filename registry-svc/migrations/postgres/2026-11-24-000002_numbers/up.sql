-- Numbers for registers and index keys. Three dozen rows a person repeated their names, in their own keys and again in
-- every other index: a third of the tables, and of the time that an import takes.

CREATE TABLE registers (
  id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant TEXT NOT NULL,
  register TEXT NOT NULL,
  UNIQUE (tenant, register)
);
INSERT INTO registers (tenant, register) SELECT DISTINCT tenant, register FROM records;

CREATE TABLE index_keys (
  id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  register INTEGER NOT NULL REFERENCES registers (id),
  field TEXT NOT NULL,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  UNIQUE (register, field, kind, version)
);
INSERT INTO index_keys (register, field, kind, version)
  SELECT DISTINCT registers.id, field, kind, key_version FROM index_terms JOIN registers USING (tenant, register);

-- The tables as they were, their partitions and their indexes make room.
DO $$
DECLARE
  old RECORD;
BEGIN
  FOR old IN
    SELECT relname, CASE WHEN relkind IN ('i', 'I') THEN 'INDEX' ELSE 'TABLE' END AS kind FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'i', 'I')
      AND relname ~ '^(records|record_versions|sealed_fields|index_terms)(_|$)'
  LOOP
    EXECUTE format('ALTER %s %I RENAME TO %I', old.kind, old.relname, 'old_' || old.relname);
  END LOOP;
END $$;

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
  -- Filters of a listing ask for `clear @> object`.
  clear_json JSONB GENERATED ALWAYS AS (clear::jsonb) STORED,
  PRIMARY KEY (register, record)
) PARTITION BY HASH (record);

CREATE TABLE record_versions (
  register INTEGER NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  clear TEXT NOT NULL,
  sealed_at BIGINT NOT NULL,
  PRIMARY KEY (register, record, version),
  FOREIGN KEY (register, record) REFERENCES records (register, record)
) PARTITION BY HASH (record);

CREATE TABLE sealed_fields (
  register INTEGER NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  field TEXT NOT NULL,
  value BYTEA NOT NULL,
  PRIMARY KEY (register, record, version, field),
  FOREIGN KEY (register, record, version) REFERENCES record_versions (register, record, version)
) PARTITION BY HASH (record);

CREATE TABLE index_terms (
  index_key INTEGER NOT NULL REFERENCES index_keys (id),
  term BYTEA NOT NULL,
  register INTEGER NOT NULL,
  record TEXT NOT NULL,
  uniqueness TEXT NOT NULL CHECK (uniqueness IN ('no', 'warn', 'refuse')),
  PRIMARY KEY (index_key, term, record),
  FOREIGN KEY (register, record) REFERENCES records (register, record)
);

DO $$
DECLARE
  parent TEXT;
BEGIN
  FOREACH parent IN ARRAY ARRAY['records', 'record_versions', 'sealed_fields'] LOOP
    FOR part IN 0..7 LOOP
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
        parent || '_' || part, parent, part);
    END LOOP;
  END LOOP;
END $$;

INSERT INTO records (register, record, version, schema_version, clear, created, updated, erased, certificate)
  SELECT registers.id, record, version, schema_version, clear, created, updated, erased, certificate
  FROM old_records JOIN registers USING (tenant, register);
INSERT INTO record_versions
  SELECT registers.id, record, version, schema_version, clear, sealed_at
  FROM old_record_versions JOIN registers USING (tenant, register);
INSERT INTO sealed_fields
  SELECT registers.id, record, version, field, value FROM old_sealed_fields JOIN registers USING (tenant, register);
INSERT INTO index_terms
  SELECT index_keys.id, term, registers.id, record, uniqueness
  FROM old_index_terms AS old JOIN registers USING (tenant, register)
  JOIN index_keys ON index_keys.register = registers.id AND index_keys.field = old.field AND index_keys.kind = old.kind
    AND index_keys.version = key_version;

CREATE INDEX records_by_clear ON records USING gin (clear_json jsonb_path_ops);
CREATE INDEX index_terms_of_record ON index_terms (register, record);
-- The database itself refuses a second record with the same value of a unique field.
CREATE UNIQUE INDEX index_terms_unique ON index_terms (index_key, term) WHERE uniqueness = 'refuse';

DROP TABLE old_index_terms, old_sealed_fields, old_record_versions, old_records;
