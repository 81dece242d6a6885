//! The tables, as diesel sees them. What a column means is said in the migrations.

diesel::table! {
    registers (id) {
        id -> Integer,
        tenant -> Text,
        register -> Text,
    }
}

diesel::table! {
    index_keys (id) {
        id -> Integer,
        register -> Integer,
        field -> Text,
        kind -> Text,
        version -> Integer,
    }
}

diesel::table! {
    records (register, record) {
        register -> Integer,
        record -> Text,
        version -> Integer,
        schema_version -> Integer,
        clear -> Text,
        created -> BigInt,
        updated -> BigInt,
        erased -> Nullable<BigInt>,
        certificate -> Nullable<Text>,
    }
}

diesel::table! {
    record_versions (register, record, version) {
        register -> Integer,
        record -> Text,
        version -> Integer,
        schema_version -> Integer,
        clear -> Text,
        sealed_at -> BigInt,
    }
}

diesel::table! {
    sealed_fields (register, record, version, field) {
        register -> Integer,
        record -> Text,
        version -> Integer,
        field -> Text,
        value -> Binary,
    }
}

diesel::table! {
    index_terms (index_key, term, record) {
        index_key -> Integer,
        term -> Binary,
        register -> Integer,
        record -> Text,
        uniqueness -> Text,
    }
}

diesel::table! {
    seal_intents (tenant, register, record, version) {
        tenant -> Text,
        register -> Text,
        record -> Text,
        version -> Integer,
        state -> Text,
        instance -> Text,
        created -> BigInt,
    }
}

diesel::table! {
    checkpoints (origin, size) {
        origin -> Text,
        size -> BigInt,
        note -> Text,
        seen -> BigInt,
        cosigned -> Nullable<BigInt>,
    }
}

diesel::table! {
    idempotency_keys (tenant, caller, idempotency_key) {
        tenant -> Text,
        caller -> Text,
        idempotency_key -> Text,
        digest -> Binary,
        status -> Nullable<Integer>,
        answer -> Nullable<Text>,
        expires -> BigInt,
    }
}

diesel::table! {
    job_positions (job) {
        job -> Text,
        position -> Text,
        updated -> BigInt,
    }
}

diesel::table! {
    definitions (tenant, register, schema_version) {
        tenant -> Text,
        register -> Text,
        schema_version -> Integer,
        digest -> Text,
        first_seen -> BigInt,
    }
}

diesel::joinable!(index_terms -> index_keys (index_key));
// Rows are found by the names of their register, and a found term is joined with the version of its record.
diesel::allow_tables_to_appear_in_same_query!(
    registers,
    index_keys,
    records,
    record_versions,
    sealed_fields,
    index_terms
);
