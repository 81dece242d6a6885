//! The tables as diesel knows them; `migrations/` makes them.

diesel::table! {
    tenant (name) {
        name -> Text,
        created -> BigInt,
    }
}

diesel::table! {
    key (tenant, id) {
        tenant -> Text,
        id -> Text,
        purpose -> Text,
        algorithm -> Text,
        roles -> Text,
        register -> Text,
        field -> Text,
        index_kind -> Text,
        created -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    key_version (tenant, key_id, version) {
        tenant -> Text,
        key_id -> Text,
        version -> BigInt,
        state -> Text,
        residence -> Text,
        object -> Binary,
        mechanism -> Text,
        blob -> Binary,
        public_key -> Binary,
        certificates -> Binary,
        created -> BigInt,
        activated -> BigInt,
        deactivated -> Nullable<BigInt>,
        born_at -> BigInt,
        log_index -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    gcm_reservation (tenant, key_id, version) {
        tenant -> Text,
        key_id -> Text,
        version -> BigInt,
        reserved -> BigInt,
    }
}

diesel::table! {
    subject (tenant, register, record) {
        tenant -> Text,
        register -> Text,
        record -> Binary,
        handle -> Binary,
        kek_version -> BigInt,
        wrapped -> Binary,
        version -> BigInt,
        digest -> Binary,
        confirmed -> BigInt,
        previous -> Binary,
        updated -> BigInt,
    }
}

diesel::table! {
    subject_history (tenant, register, record, version) {
        tenant -> Text,
        register -> Text,
        record -> Binary,
        version -> BigInt,
        digest -> Binary,
    }
}

diesel::table! {
    tombstone (tenant, register, record) {
        tenant -> Text,
        register -> Text,
        record -> Binary,
        erased -> BigInt,
        certificate -> Text,
    }
}

diesel::table! {
    event (log_index) {
        log_index -> BigInt,
        log_time -> BigInt,
        leaf -> Binary,
    }
}

diesel::table! {
    open_intent (log_index) {
        log_index -> BigInt,
        instance -> Text,
        log_time -> BigInt,
    }
}

diesel::table! {
    log_tile (level, position) {
        level -> BigInt,
        position -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    log_head (id) {
        id -> BigInt,
        size -> BigInt,
        log_time -> BigInt,
        frontier -> Binary,
        epoch -> BigInt,
    }
}

diesel::table! {
    checkpoint (size) {
        size -> BigInt,
        note -> Text,
        created -> BigInt,
    }
}

diesel::table! {
    cosignature (size, witness) {
        size -> BigInt,
        witness -> Text,
        note -> Text,
        created -> BigInt,
    }
}

diesel::table! {
    used_nonce (principal, nonce) {
        principal -> Text,
        nonce -> Text,
        expires -> BigInt,
    }
}

diesel::table! {
    reader_key (tenant, thumbprint) {
        tenant -> Text,
        thumbprint -> Text,
        principal -> Text,
        public_key -> Binary,
        state -> Text,
        approved_by -> Text,
        created -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    invitation (token_digest) {
        token_digest -> Binary,
        identity -> Text,
        expires -> BigInt,
    }
}

diesel::table! {
    certificate (serial) {
        serial -> Text,
        identity -> Text,
        issued -> BigInt,
        expires -> BigInt,
        revoked -> Nullable<BigInt>,
    }
}

diesel::table! {
    export (id) {
        id -> Text,
        tenant -> Text,
        requester -> Text,
        created -> BigInt,
        bundle -> Binary,
    }
}

diesel::table! {
    idempotency (principal, key) {
        principal -> Text,
        key -> Text,
        body_digest -> Binary,
        status -> BigInt,
        answer -> Binary,
        expires -> BigInt,
    }
}

diesel::table! {
    job (name) {
        name -> Text,
        holder -> Text,
        lease_ends -> BigInt,
        position -> Text,
    }
}

// An intent is an event of the log.
diesel::joinable!(open_intent -> event (log_index));
diesel::allow_tables_to_appear_in_same_query!(open_intent, event);

diesel::table! {
    mosip_policy (tenant, application) {
        tenant -> Text,
        application -> Text,
        valid_days -> BigInt,
        early_days -> BigInt,
        active -> BigInt,
        access -> Text,
        log_index -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    mosip_alias (tenant, id) {
        tenant -> Text,
        id -> Text,
        application -> Text,
        reference -> Text,
        kind -> Text,
        key_id -> Text,
        version -> BigInt,
        generated -> BigInt,
        expires -> BigInt,
        thumbprint -> Text,
        unique_id -> Nullable<Text>,
        certificate -> Binary,
        log_index -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    mosip_authority (tenant, id) {
        tenant -> Text,
        id -> Text,
        domain -> Text,
        kind -> Text,
        issuer_id -> Text,
        thumbprint -> Text,
        certificate -> Binary,
        created -> BigInt,
        log_index -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    mosip_partner (tenant, id) {
        tenant -> Text,
        id -> Text,
        domain -> Text,
        organization -> Text,
        issuer_id -> Text,
        thumbprint -> Text,
        certificate -> Binary,
        issued -> Binary,
        created -> BigInt,
        log_index -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    mosip_revocation_list (tenant, domain, issuer, scope) {
        tenant -> Text,
        domain -> Text,
        issuer -> Text,
        scope -> Text,
        list -> Binary,
        this_update -> BigInt,
        log_index -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    mosip_zk_key (tenant, number) {
        tenant -> Text,
        number -> BigInt,
        active -> BigInt,
        key_id -> Text,
        version -> BigInt,
        wrapped -> Binary,
        log_index -> BigInt,
        integrity -> Binary,
    }
}

diesel::table! {
    mosip_license (tenant, digest) {
        tenant -> Text,
        digest -> Text,
        provider -> Text,
        expires -> BigInt,
        permissions -> Text,
        log_index -> BigInt,
        integrity -> Binary,
    }
}
