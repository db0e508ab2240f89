//! HTTP: reads requests into domain types, writes answers. Handlers are a few lines; the work is in
//! [`crate::service`]. The route table below is the contract's table of contents: paths and methods come
//! from the handlers' own attributes, and the OpenAPI file is collected from the same registration.

mod agencies;
mod agency_events;
mod agency_imports;
mod breakdowns;
mod bulk;
mod clients;
mod comparisons;
mod devices;
mod dossier_counts;
mod extract;
mod feed;
pub mod fields;
mod figures;
mod flags;
mod format;
mod formulas;
mod framing;
mod health;
mod indexes;
mod lines;
pub mod openapi;
mod problem;
mod provenance;
mod rankings;
mod receipts;
mod reply;
pub mod responses;
mod series;
mod sharing;
mod sheet;
mod surveys;
mod voids;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

/// Everything the service answers.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        // Taking in
        .service(responses::submit_response)
        .service(bulk::submit_batch)
        .service(receipts::get_receipt)
        .service(devices::list_device_receipts)
        // Changing the tree of agencies
        .service(agency_events::record_agency_event)
        .service(agency_imports::import_agencies)
        .service(dossier_counts::put_dossier_count)
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
        .service(feed::list_responses)
        .service(feed::export_responses)
        // What counts
        .service(flags::list_flags)
        .service(flags::review_flags)
        .service(voids::list_voids)
        .service(voids::request_void)
        .service(voids::confirm_void)
        .service(voids::refuse_void)
        // Credentials
        .service(clients::issue_token)
        .service(clients::list_keys)
        // Operation
        .service(health::live)
        .service(health::ready)
        .service(health::get_metrics);
}

/// What every route shares: limits, the problem document for whatever is not found, middleware state.
pub fn shared(config: &mut web::ServiceConfig, max_body_bytes: usize) {
    config
        .app_data(web::PayloadConfig::new(max_body_bytes))
        // The documentation page refers to its parts relatively and needs the slash.
        .service(web::redirect("/docs", "/docs/"))
        .default_service(web::to(problem::no_such_route));
}

pub use problem::{Paths, frame};

/// Answers that many wait for at the same time, by who asks what.
pub type SharedAnswers = sharing::Sharing<(crate::auth::Actor, String), reply::Rendered>;
