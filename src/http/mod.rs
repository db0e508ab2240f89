//! HTTP: reads requests into domain types, writes answers. Handlers are a few lines; the work is in
//! [`crate::service`]. The route table below is the contract's table of contents: paths and methods come
//! from the handlers' own attributes, and the OpenAPI file is collected from the same registration.

mod agencies;
mod agency_events;
mod agency_imports;
mod alert_rules;
mod alerts;
mod audit;
mod breakdowns;
mod bulk;
mod clients;
mod comments;
mod comparisons;
mod cors;
mod credentials;
mod deliveries;
mod device_changes;
mod devices;
mod dossier_counts;
mod drags;
mod enrolments;
mod extract;
mod feed;
pub mod fields;
mod figures;
mod flags;
mod fleet;
mod format;
mod formulas;
mod framing;
mod guard;
mod headers;
mod health;
mod heartbeats;
mod indexes;
mod limits;
mod lines;
mod measure_duties;
mod measure_imports;
mod measure_values;
mod measures;
pub mod openapi;
mod pages;
mod peer;
mod problem;
mod provenance;
mod qr;
mod rankings;
mod receipts;
mod releases;
mod reply;
mod report_schedules;
pub mod reports;
pub mod responses;
mod route_table;
mod scalar;
mod series;
mod sharing;
mod sheet;
mod signing_keys;
#[cfg(test)]
mod strangers;
mod surveys;
mod tables;
mod targets;
mod tracker;
mod undertakings;
mod visits;
mod voids;
mod webhooks;

use actix_web::{guard as only, web};
use route_table::RouteTable;

/// Everything the service answers.
pub fn routes(table: &mut impl RouteTable) {
    table
        // Taking in
        .service(responses::submit_response)
        .service(bulk::submit_batch)
        .service(receipts::get_receipt)
        .service(devices::list_device_receipts)
        .service(visits::issue_visits)
        .service(visits::get_visit)
        // Devices; paths with fixed words before those with an id
        .service(enrolments::invite_device)
        .service(enrolments::list_invitations)
        .service(enrolments::revoke_invitation)
        .service(enrolments::enrol_device)
        // Words, not ids: what these paths do not do is not left to the paths with an id below.
        .route("/v1/devices/invitations", web::route().to(problem::no_such_route))
        .route("/v1/devices/enrol", web::route().to(problem::no_such_route))
        .service(heartbeats::put_heartbeat)
        .service(fleet::list_devices)
        .service(fleet::get_device)
        .service(device_changes::rename_device)
        .service(device_changes::move_device)
        .service(device_changes::suspend_device)
        .service(device_changes::resume_device)
        .service(device_changes::revoke_device)
        // Changing the tree of agencies
        .service(agency_events::record_agency_event)
        .service(agency_imports::import_agencies)
        .service(dossier_counts::put_dossier_count)
        // Targets
        .service(targets::put_target)
        .service(targets::end_target)
        .service(targets::get_target)
        .service(targets::list_targets)
        .service(drags::get_drags)
        // Indices that others publish
        .service(measures::list_measures)
        .service(measures::get_measure)
        .service(tracker::get_tracker)
        .service(measure_values::get_measure_series)
        .service(measure_values::put_measure_value)
        .service(measure_duties::put_measure_duty)
        .service(measure_imports::import_measures)
        // Reading
        .service(surveys::list_surveys)
        .service(surveys::get_survey)
        .service(agencies::list_agencies)
        .service(agencies::get_agency)
        .service(agency_events::list_agency_events)
        .service(dossier_counts::list_dossier_counts)
        .service(formulas::list_formulas)
        .service(formulas::get_formula)
        .service(indexes::get_index)
        .service(series::get_series)
        .service(breakdowns::get_breakdown)
        .service(comparisons::get_comparison)
        .service(rankings::get_ranking)
        .service(reports::get_report)
        .service(reports::list_reports)
        .service(reports::download_report)
        .service(report_schedules::list_report_schedules)
        .service(report_schedules::put_report_schedule)
        .service(report_schedules::end_report_schedule)
        .service(feed::list_responses)
        .service(feed::export_responses)
        .service(comments::list_comments)
        // What agencies make of comments
        .service(undertakings::list_undertakings)
        .service(undertakings::publish_undertaking)
        .service(undertakings::correct_undertaking)
        .service(undertakings::withdraw_undertaking)
        // Publishing figures for good; the list of keys before paths with an id
        .service(releases::list_release_keys)
        .service(releases::list_releases)
        .service(releases::draft_release)
        .service(releases::get_draft)
        .service(releases::review_release)
        .service(releases::seal_release)
        .service(releases::get_release_package)
        .service(releases::get_release)
        // Who did what
        .service(audit::list_audit)
        .service(audit::export_audit)
        // What counts
        .service(flags::list_flags)
        .service(flags::review_flags)
        .service(voids::list_voids)
        .service(voids::request_void)
        .service(voids::confirm_void)
        .service(voids::refuse_void)
        // Being told
        .service(alert_rules::create_alert_rule)
        .service(alert_rules::list_alert_rules)
        .service(alert_rules::change_alert_rule)
        .service(alert_rules::end_alert_rule)
        .service(alerts::list_alerts)
        .service(webhooks::create_webhook)
        .service(webhooks::list_webhooks)
        .service(webhooks::get_webhook)
        .service(webhooks::change_webhook)
        .service(webhooks::pause_webhook)
        .service(webhooks::resume_webhook)
        .service(webhooks::rotate_webhook)
        .service(webhooks::end_webhook)
        .service(deliveries::list_deliveries)
        .service(deliveries::replay_deliveries)
        // Credentials
        .service(clients::issue_token)
        .service(clients::list_keys)
        .service(signing_keys::list_signing_keys)
        .service(signing_keys::rotate_signing_keys)
        .service(signing_keys::withdraw_signing_key)
        .service(credentials::create_client)
        .service(credentials::list_clients)
        .service(credentials::get_client)
        .service(credentials::change_client)
        .service(credentials::rotate_client)
        .service(credentials::revoke_client)
        // Operation
        .service(health::live)
        .service(health::ready)
        .service(health::get_metrics);
}

/// What every route shares: limits, the problem document for whatever is not found, middleware state.
pub fn shared(config: &mut web::ServiceConfig, max_body_bytes: usize) {
    config
        .app_data(web::PayloadConfig::new(max_body_bytes))
        .service(web::resource("/openapi.json").guard(only::Get()).to(openapi::get_contract))
        .service(openapi::page())
        // The documentation page refers to its parts relatively and needs the slash.
        .service(web::redirect("/docs", "/docs/"))
        .configure(pages::routes)
        .default_service(web::to(problem::no_such_route));
}

pub use cors::Cors;
pub use guard::{Guard, guard};
pub use limits::{Limits, Quotas};
pub use peer::{Proxies, peer_address};
pub use problem::{Paths, frame};

/// Answers that many wait for at the same time, by who asks what.
pub type SharedAnswers = sharing::Sharing<(crate::auth::Actor, String), reply::Rendered>;
