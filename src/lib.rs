//! SIPAS: what citizens answer at the one-stop desk, stored once, counted right.
//!
//! Architecture, in the order a request passes through it (nothing may import upwards):
//!
//! 1. [`http`] reads the request into domain types and writes the answer; thin handlers, DTOs, OpenAPI.
//! 2. [`service`] has one public function for each use case; asks [`auth`] for a scope, then works.
//! 3. [`store`] is the only place that speaks SQL; it demands that scope.
//! 4. PostgreSQL has the last word through named constraints.
//!
//! On the side, pure and without IO: [`domain`] (types that cannot be wrong) and [`index`] (the
//! mathematics: counts in, figures out) and [`chart`] (figures in, SVG out). [`web`] holds the files that pages are made of,
//! [`release`] the bytes that are published and how they are checked.
//! [`app`] is the one file that wires all of it together; `tests/layers.rs` fails on a forbidden import.

pub mod app;
pub mod audit;
pub mod auth;
pub mod catalogue;
pub mod chart;
pub mod config;
pub mod demo;
pub mod domain;
pub mod error;
pub mod http;
pub mod import;
pub mod index;
pub mod postgres;
pub mod privacy;
pub mod release;
pub mod service;
pub mod store;
pub mod tls;
pub mod web;
