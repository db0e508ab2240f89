// @generated automatically by Diesel CLI.

diesel::table! {
    agencies (id) {
        id -> Int4,
        code -> Text,
        level -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        sample -> Bool,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    agency_event_agencies (event_id, agency_id, role) {
        event_id -> Uuid,
        agency_id -> Int4,
        role -> Text,
    }
}

diesel::table! {
    agency_events (id) {
        id -> Uuid,
        seq -> Int8,
        kind -> Text,
        effective_on -> Date,
        basis -> Text,
        client_id -> Nullable<Uuid>,
        recorded_at -> Timestamptz,
        content_digest -> Bytea,
    }
}

diesel::table! {
    agency_successions (predecessor_id, successor_id, effective_on) {
        predecessor_id -> Int4,
        successor_id -> Int4,
        effective_on -> Date,
        numerator -> Int8,
        denominator -> Int8,
        event_id -> Uuid,
    }
}

diesel::table! {
    agency_versions (id) {
        id -> Int4,
        agency_id -> Int4,
        valid_from -> Date,
        name -> Text,
        parent_id -> Nullable<Int4>,
        unit_code -> Nullable<Text>,
        event_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    alert_rules (id) {
        id -> Uuid,
        name -> Text,
        agency_id -> Int4,
        each_child -> Bool,
        kind -> Text,
        survey_id -> Nullable<Int4>,
        period -> Nullable<Text>,
        formula -> Nullable<Text>,
        confidence -> Nullable<Int2>,
        threshold -> Int4,
        created_by -> Uuid,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    alerts (seq) {
        seq -> Int8,
        kind -> Text,
        rule_id -> Nullable<Uuid>,
        webhook_id -> Nullable<Uuid>,
        agency_id -> Nullable<Int4>,
        subject -> Text,
        period -> Nullable<Text>,
        client_id -> Nullable<Uuid>,
        evidence -> Text,
        opened_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        close_reason -> Nullable<Text>,
    }
}

diesel::table! {
    audit_chain (singleton) {
        singleton -> Bool,
        seq -> Int8,
        hash -> Bytea,
        month -> Date,
        kept_after_seq -> Int8,
        kept_after_hash -> Bytea,
    }
}

diesel::table! {
    audit_entries (month, seq) {
        month -> Date,
        seq -> Int8,
        at -> Timestamptz,
        actor -> Text,
        action -> Text,
        agency_id -> Nullable<Int4>,
        object -> Text,
        details -> Text,
        hash -> Bytea,
    }
}

diesel::table! {
    catalogue_revision (singleton) {
        singleton -> Bool,
        revision -> Int8,
    }
}

diesel::table! {
    client_uses (client_id) {
        client_id -> Uuid,
        last_used_at -> Timestamptz,
    }
}

diesel::table! {
    clients (id) {
        id -> Uuid,
        kind -> Text,
        name -> Text,
        agency_id -> Nullable<Int4>,
        service_point_id -> Nullable<Int4>,
        secret_hash -> Text,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        permissions -> Nullable<Array<Nullable<Text>>>,
        networks -> Array<Nullable<Text>>,
        secret_hint -> Nullable<Text>,
        previous_secret_hash -> Nullable<Text>,
        previous_secret_until -> Nullable<Timestamptz>,
        survey_id -> Nullable<Int4>,
        suspended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    commented_months (agency_id, survey_id, month) {
        agency_id -> Int4,
        survey_id -> Int4,
        month -> Date,
    }
}

diesel::table! {
    comments (response_id) {
        response_id -> Uuid,
        body -> Text,
        rules -> Int2,
    }
}

diesel::table! {
    criteria (version_id, position) {
        version_id -> Int4,
        position -> Int2,
        element_position -> Int2,
        scale_code -> Text,
        code -> Text,
        number -> Text,
        text_vi -> Text,
        text_en -> Text,
        may_be_not_applicable -> Bool,
    }
}

diesel::table! {
    device_facts (client_id) {
        client_id -> Uuid,
        model -> Text,
        app_version -> Text,
        os -> Nullable<Text>,
        os_version -> Nullable<Text>,
        screen_width -> Nullable<Int4>,
        screen_height -> Nullable<Int4>,
    }
}

diesel::table! {
    device_places (id) {
        id -> Int8,
        client_id -> Uuid,
        since -> Nullable<Timestamptz>,
        until -> Timestamptz,
        agency_id -> Int4,
        service_point_id -> Nullable<Int4>,
        survey_id -> Nullable<Int4>,
    }
}

diesel::table! {
    device_seqs (client_id, seq) {
        client_id -> Uuid,
        seq -> Int8,
        response_id -> Uuid,
    }
}

diesel::table! {
    device_signs (client_id) {
        client_id -> Uuid,
        heartbeat_at -> Nullable<Timestamptz>,
        clock_offset_ms -> Nullable<Int8>,
        backlog -> Nullable<Int4>,
        oldest_answered_at -> Nullable<Timestamptz>,
        app_version -> Nullable<Text>,
        survey -> Nullable<Text>,
        questionnaire_version -> Nullable<Int2>,
        battery_percent -> Nullable<Int2>,
        storage_free_mb -> Nullable<Int4>,
        received_on -> Nullable<Date>,
        received -> Int8,
        last_response_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    dossier_counts (agency_id, period, id) {
        agency_id -> Int4,
        period -> Text,
        id -> Int8,
        from_day -> Date,
        to_day -> Date,
        count -> Int8,
        source -> Text,
        client_id -> Uuid,
        reported_at -> Timestamptz,
    }
}

diesel::table! {
    elements (version_id, position) {
        version_id -> Int4,
        position -> Int2,
        code -> Text,
        text_vi -> Text,
        text_en -> Text,
    }
}

diesel::table! {
    enrolments (id) {
        id -> Uuid,
        code_hash -> Bytea,
        agency_id -> Int4,
        service_point_id -> Int4,
        survey_id -> Nullable<Int4>,
        name -> Nullable<Text>,
        invited_by -> Uuid,
        invited_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        client_id -> Nullable<Uuid>,
        enrolled_at -> Nullable<Timestamptz>,
        attempt -> Nullable<Uuid>,
    }
}

diesel::table! {
    flag_reviews (seq) {
        seq -> Int8,
        response_id -> Uuid,
        decision -> Text,
        reason -> Text,
        client_id -> Uuid,
        reviewed_at -> Timestamptz,
    }
}

diesel::table! {
    foreign_subjects (client_id) {
        client_id -> Uuid,
        issuer -> Text,
        subject -> Text,
    }
}

diesel::table! {
    imports (digest, client_id) {
        digest -> Bytea,
        client_id -> Uuid,
        name -> Text,
        bytes_done -> Int8,
        rows_done -> Int8,
        created -> Int8,
        replayed -> Int8,
        rejected -> Int8,
        rejects_bytes -> Int8,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    ingest_batches (id) {
        id -> Int8,
        received_at -> Timestamptz,
        response_ids -> Array<Nullable<Uuid>>,
        survey_ids -> Array<Nullable<Int4>>,
        agency_ids -> Array<Nullable<Int4>>,
        packed -> Bytea,
    }
}

diesel::table! {
    installation (singleton) {
        singleton -> Bool,
        demonstration -> Bool,
        kept_from -> Nullable<Date>,
        comments_key -> Bytea,
    }
}

diesel::table! {
    judged_responses (client_id, response_id) {
        client_id -> Uuid,
        response_id -> Uuid,
        pattern -> Int8,
        answered -> Int2,
    }
}

diesel::table! {
    judging (singleton) {
        singleton -> Bool,
        judged_seq -> Int8,
    }
}

diesel::table! {
    kept_totals (root_id) {
        root_id -> Int4,
        digest -> Bytea,
        members -> Array<Nullable<Int4>>,
    }
}

diesel::table! {
    levels (version_id, scale_code, ordinal) {
        version_id -> Int4,
        scale_code -> Text,
        ordinal -> Int2,
        value -> Int2,
        satisfied -> Bool,
        text_vi -> Text,
        text_en -> Text,
    }
}

diesel::table! {
    measure_duties (id) {
        id -> Int8,
        measure -> Text,
        agency_id -> Nullable<Int4>,
        from_day -> Date,
        unit_vi -> Nullable<Text>,
        unit_en -> Nullable<Text>,
        unit_agency_id -> Nullable<Int4>,
        client_id -> Uuid,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    measure_values (id) {
        id -> Int8,
        measure -> Text,
        version -> Int2,
        agency_id -> Nullable<Int4>,
        period -> Text,
        revision -> Int4,
        value -> Nullable<Numeric>,
        rank -> Nullable<Int4>,
        out_of -> Nullable<Int4>,
        source_title -> Text,
        source_number -> Nullable<Text>,
        source_date -> Nullable<Date>,
        source_link -> Nullable<Text>,
        assumed_because -> Nullable<Text>,
        client_id -> Uuid,
        entered_at -> Timestamptz,
    }
}

diesel::table! {
    questionnaire_versions (id) {
        id -> Int4,
        questionnaire_id -> Int4,
        version -> Int2,
        name_vi -> Text,
        name_en -> Text,
        source -> Text,
        content_digest -> Bytea,
        published_at -> Timestamptz,
    }
}

diesel::table! {
    questionnaires (id) {
        id -> Int4,
        code -> Text,
        kind -> Text,
    }
}

diesel::table! {
    receipts (id) {
        id -> Uuid,
        client_id -> Uuid,
        received_at -> Timestamptz,
        response_ids -> Array<Nullable<Uuid>>,
        outcomes -> Bytea,
        problems -> Text,
    }
}

diesel::table! {
    release_files (release_id, name) {
        release_id -> Uuid,
        name -> Text,
        content -> Bytea,
    }
}

diesel::table! {
    release_keys (kid) {
        kid -> Text,
        public_key -> Bytea,
        first_used_at -> Timestamptz,
    }
}

diesel::table! {
    release_reviews (release_id) {
        release_id -> Uuid,
        decision -> Text,
        reason -> Text,
        client_id -> Uuid,
        reviewed_at -> Timestamptz,
    }
}

diesel::table! {
    release_seals (release_id) {
        release_id -> Uuid,
        series -> Text,
        revision -> Int4,
        kid -> Text,
        client_id -> Uuid,
        sealed_at -> Timestamptz,
        manifest -> Text,
        package -> Bytea,
        package_digest -> Bytea,
    }
}

diesel::table! {
    releases (id) {
        id -> Uuid,
        seq -> Int8,
        agency_id -> Nullable<Int4>,
        series -> Text,
        title_vi -> Text,
        title_en -> Text,
        corrects -> Nullable<Int4>,
        correction_reason -> Nullable<Text>,
        draft -> Text,
        digest -> Bytea,
        drafted_by -> Uuid,
        drafted_at -> Timestamptz,
    }
}

diesel::table! {
    report_schedules (id) {
        id -> Int8,
        agency_id -> Int4,
        survey_id -> Int4,
        cadence -> Text,
        languages -> Array<Nullable<Text>>,
        from_day -> Date,
        created_by -> Uuid,
        created_at -> Timestamptz,
        ended_by -> Nullable<Uuid>,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    reports (seq) {
        seq -> Int8,
        id -> Uuid,
        agency_id -> Int4,
        survey_id -> Int4,
        period -> Text,
        language -> Text,
        format -> Text,
        watermark -> Nullable<Timestamptz>,
        digest -> Bytea,
        bytes -> Int4,
        content -> Bytea,
        made_at -> Timestamptz,
    }
}

diesel::table! {
    response_flags (seq) {
        seq -> Int8,
        response_id -> Uuid,
        rule -> Text,
        survey_id -> Int4,
        agency_id -> Int4,
        client_id -> Uuid,
        parameters -> Text,
        from_at -> Timestamptz,
        to_at -> Timestamptz,
        count -> Int4,
        flagged_at -> Timestamptz,
        state -> Text,
    }
}

diesel::table! {
    response_log (first_seq) {
        first_seq -> Int8,
        response_ids -> Array<Nullable<Uuid>>,
        survey_ids -> Array<Nullable<Int4>>,
        agency_ids -> Array<Nullable<Int4>>,
    }
}

diesel::table! {
    response_voids (seq) {
        seq -> Int8,
        response_id -> Uuid,
        survey_id -> Int4,
        agency_id -> Int4,
        reason -> Text,
        requested_by -> Uuid,
        requested_at -> Timestamptz,
        state -> Text,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    responses (id) {
        id -> Uuid,
        survey_id -> Int4,
        rated_agency_id -> Int4,
        service_point_id -> Nullable<Int4>,
        client_id -> Uuid,
        answers -> Bytea,
        channel -> Nullable<Text>,
        procedure -> Nullable<Text>,
        gender -> Nullable<Text>,
        age_band -> Nullable<Text>,
        assisted_by_staff -> Nullable<Bool>,
        commented -> Bool,
        received_at -> Timestamptz,
        device_seq -> Nullable<Int8>,
    }
}

diesel::table! {
    scales (version_id, code) {
        version_id -> Int4,
        code -> Text,
    }
}

diesel::table! {
    service_points (id) {
        id -> Int4,
        code -> Text,
        agency_id -> Int4,
        name -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        sample -> Bool,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        public_key -> Bytea,
        created_at -> Timestamptz,
        signs_until -> Timestamptz,
        token_seconds -> Int4,
        withdrawn_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    standing_log (seq) {
        seq -> Int8,
        response_id -> Uuid,
        standing -> Text,
    }
}

diesel::table! {
    survey_agencies (survey_id, agency_id) {
        survey_id -> Int4,
        agency_id -> Int4,
    }
}

diesel::table! {
    surveys (id) {
        id -> Int4,
        code -> Text,
        version_id -> Int4,
        name_vi -> Text,
        name_en -> Text,
        opens_on -> Date,
        closes_on -> Nullable<Date>,
        sample -> Bool,
        visits -> Text,
        short_form -> Nullable<Array<Nullable<Text>>>,
    }
}

diesel::table! {
    tallies (survey_id, facet, grain, reach, starts_on, agency_id, value) {
        survey_id -> Int4,
        facet -> Int2,
        grain -> Int2,
        reach -> Int2,
        starts_on -> Date,
        agency_id -> Int4,
        value -> Text,
        people -> Int8,
        numbers -> Bytea,
        last_received_at -> Timestamptz,
    }
}

diesel::table! {
    tally_shapes (survey_id) {
        survey_id -> Int4,
        revision -> Int8,
    }
}

diesel::table! {
    tally_states (only_one) {
        only_one -> Bool,
        state -> Uuid,
    }
}

diesel::table! {
    targets (seq) {
        seq -> Int8,
        agency_id -> Int4,
        survey_id -> Nullable<Int4>,
        formula -> Nullable<Text>,
        measure -> Nullable<Text>,
        period -> Text,
        from_day -> Date,
        to_day -> Date,
        at_least -> Nullable<Int4>,
        rank_at_most -> Nullable<Int4>,
        basis -> Nullable<Text>,
        replaces -> Nullable<Int8>,
        client_id -> Uuid,
        set_at -> Timestamptz,
    }
}

diesel::table! {
    undertaking_comments (seq, revision, handle) {
        seq -> Int8,
        revision -> Int2,
        handle -> Bytea,
    }
}

diesel::table! {
    undertaking_revisions (seq, revision) {
        seq -> Int8,
        revision -> Int2,
        state -> Text,
        topic -> Nullable<Text>,
        you_said_vi -> Nullable<Text>,
        you_said_en -> Nullable<Text>,
        we_did_vi -> Nullable<Text>,
        we_did_en -> Nullable<Text>,
        due_on -> Nullable<Date>,
        reason -> Nullable<Text>,
        client_id -> Uuid,
        published_at -> Timestamptz,
    }
}

diesel::table! {
    undertakings (seq) {
        seq -> Int8,
        id -> Uuid,
        agency_id -> Int4,
        survey_id -> Int4,
        month -> Date,
        published_at -> Timestamptz,
    }
}

diesel::table! {
    visit_keys (id) {
        id -> Int4,
        public_key -> Bytea,
        created_at -> Timestamptz,
        withdrawn_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    visit_uses (visit_id) {
        visit_id -> Uuid,
        response_id -> Uuid,
    }
}

diesel::table! {
    webhook_deliveries (webhook_id, event_seq) {
        webhook_id -> Uuid,
        event_seq -> Int8,
        agency_id -> Nullable<Int4>,
        state -> Text,
        attempts -> Int4,
        first_attempt_at -> Nullable<Timestamptz>,
        last_attempt_at -> Nullable<Timestamptz>,
        last_status -> Nullable<Int2>,
        last_failure -> Nullable<Text>,
        due_at -> Timestamptz,
        leased_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhook_events (seq) {
        seq -> Int8,
        id -> Uuid,
        #[sql_name = "type"]
        type_ -> Text,
        agency_id -> Nullable<Int4>,
        occurred_at -> Timestamptz,
        payload -> Bytea,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Uuid,
        name -> Text,
        agency_id -> Nullable<Int4>,
        url -> Text,
        events -> Array<Nullable<Text>>,
        secret -> Bytea,
        previous_secret -> Nullable<Bytea>,
        previous_until -> Nullable<Timestamptz>,
        state -> Text,
        pause_reason -> Nullable<Text>,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::joinable!(agency_event_agencies -> agencies (agency_id));
diesel::joinable!(agency_event_agencies -> agency_events (event_id));
diesel::joinable!(agency_events -> clients (client_id));
diesel::joinable!(agency_successions -> agency_events (event_id));
diesel::joinable!(agency_versions -> agency_events (event_id));
diesel::joinable!(alert_rules -> agencies (agency_id));
diesel::joinable!(alert_rules -> clients (created_by));
diesel::joinable!(alert_rules -> surveys (survey_id));
diesel::joinable!(alerts -> agencies (agency_id));
diesel::joinable!(alerts -> alert_rules (rule_id));
diesel::joinable!(alerts -> clients (client_id));
diesel::joinable!(alerts -> webhooks (webhook_id));
diesel::joinable!(client_uses -> clients (client_id));
diesel::joinable!(clients -> agencies (agency_id));
diesel::joinable!(clients -> service_points (service_point_id));
diesel::joinable!(clients -> surveys (survey_id));
diesel::joinable!(commented_months -> agencies (agency_id));
diesel::joinable!(commented_months -> surveys (survey_id));
diesel::joinable!(device_facts -> clients (client_id));
diesel::joinable!(device_places -> agencies (agency_id));
diesel::joinable!(device_places -> clients (client_id));
diesel::joinable!(device_places -> service_points (service_point_id));
diesel::joinable!(device_places -> surveys (survey_id));
diesel::joinable!(device_signs -> clients (client_id));
diesel::joinable!(dossier_counts -> agencies (agency_id));
diesel::joinable!(dossier_counts -> clients (client_id));
diesel::joinable!(elements -> questionnaire_versions (version_id));
diesel::joinable!(enrolments -> agencies (agency_id));
diesel::joinable!(enrolments -> service_points (service_point_id));
diesel::joinable!(enrolments -> surveys (survey_id));
diesel::joinable!(flag_reviews -> clients (client_id));
diesel::joinable!(foreign_subjects -> clients (client_id));
diesel::joinable!(measure_duties -> clients (client_id));
diesel::joinable!(measure_values -> agencies (agency_id));
diesel::joinable!(measure_values -> clients (client_id));
diesel::joinable!(questionnaire_versions -> questionnaires (questionnaire_id));
diesel::joinable!(release_files -> releases (release_id));
diesel::joinable!(release_reviews -> clients (client_id));
diesel::joinable!(release_reviews -> releases (release_id));
diesel::joinable!(release_seals -> clients (client_id));
diesel::joinable!(release_seals -> release_keys (kid));
diesel::joinable!(release_seals -> releases (release_id));
diesel::joinable!(releases -> agencies (agency_id));
diesel::joinable!(releases -> clients (drafted_by));
diesel::joinable!(report_schedules -> agencies (agency_id));
diesel::joinable!(report_schedules -> surveys (survey_id));
diesel::joinable!(reports -> agencies (agency_id));
diesel::joinable!(reports -> surveys (survey_id));
diesel::joinable!(response_flags -> agencies (agency_id));
diesel::joinable!(response_voids -> agencies (agency_id));
diesel::joinable!(scales -> questionnaire_versions (version_id));
diesel::joinable!(service_points -> agencies (agency_id));
diesel::joinable!(survey_agencies -> agencies (agency_id));
diesel::joinable!(survey_agencies -> surveys (survey_id));
diesel::joinable!(surveys -> questionnaire_versions (version_id));
diesel::joinable!(targets -> agencies (agency_id));
diesel::joinable!(targets -> clients (client_id));
diesel::joinable!(targets -> surveys (survey_id));
diesel::joinable!(undertaking_revisions -> clients (client_id));
diesel::joinable!(undertaking_revisions -> undertakings (seq));
diesel::joinable!(undertakings -> agencies (agency_id));
diesel::joinable!(undertakings -> surveys (survey_id));
diesel::joinable!(webhook_deliveries -> agencies (agency_id));
diesel::joinable!(webhook_deliveries -> webhook_events (event_seq));
diesel::joinable!(webhook_deliveries -> webhooks (webhook_id));
diesel::joinable!(webhook_events -> agencies (agency_id));
diesel::joinable!(webhooks -> agencies (agency_id));
diesel::joinable!(webhooks -> clients (created_by));

diesel::allow_tables_to_appear_in_same_query!(
    agencies,
    agency_event_agencies,
    agency_events,
    agency_successions,
    agency_versions,
    alert_rules,
    alerts,
    audit_chain,
    audit_entries,
    catalogue_revision,
    client_uses,
    clients,
    commented_months,
    comments,
    criteria,
    device_facts,
    device_places,
    device_seqs,
    device_signs,
    dossier_counts,
    elements,
    enrolments,
    flag_reviews,
    foreign_subjects,
    imports,
    ingest_batches,
    installation,
    judged_responses,
    judging,
    kept_totals,
    levels,
    measure_duties,
    measure_values,
    questionnaire_versions,
    questionnaires,
    receipts,
    release_files,
    release_keys,
    release_reviews,
    release_seals,
    releases,
    report_schedules,
    reports,
    response_flags,
    response_log,
    response_voids,
    responses,
    scales,
    service_points,
    signing_keys,
    standing_log,
    survey_agencies,
    surveys,
    tallies,
    tally_shapes,
    tally_states,
    targets,
    undertaking_comments,
    undertaking_revisions,
    undertakings,
    visit_keys,
    visit_uses,
    webhook_deliveries,
    webhook_events,
    webhooks,
);
