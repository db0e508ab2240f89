//! Types that cannot be wrong: once a value exists, its rules hold.
//!
//! What belongs here: the nouns of the service and the rules that need nothing but the value itself.
//! What may not: IO, clocks, SQL, HTTP, serialisation to the wire. Knows nothing but [`crate::error`].

pub mod agency;
pub mod agency_event;
pub mod agency_plan;
pub mod agency_register;
pub mod agency_rows;
pub mod agency_scope;
pub mod alert;
pub mod amount;
pub mod audit;
pub mod audit_chain;
pub mod bucket;
pub mod cell;
pub mod client;
pub mod comment;
pub mod device;
pub mod distribution;
pub mod dossiers;
pub mod facet;
pub mod feed;
pub mod flagging;
pub mod ids;
pub mod measure;
pub mod measure_value;
pub mod office_hours;
pub mod period;
pub mod permission;
pub mod questionnaire;
pub mod quotation;
pub mod receipt;
pub mod redaction;
pub mod release;
pub mod report;
pub mod response;
pub mod signing_key;
pub mod standing;
#[cfg(test)]
mod strangers;
pub mod subject;
pub mod survey;
pub mod tally;
pub mod target;
pub mod text;
pub mod tree;
mod tree_day;
pub mod undertaking;
pub mod visit;
pub mod webhook;
