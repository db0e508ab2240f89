//! Who reads the list of routes: the server, which answers by it, and the contract, which is written from it.
//!
//! The contract's reader builds the schemas of a hundred operations. Each thread of the server built them once for itself
//! and never used them, which took 13 MiB of memory a thread.

use actix_web::dev::HttpServiceFactory;
use actix_web::{Route, web};
use utoipa_actix_web::OpenApiFactory;
use utoipa_actix_web::service_config::ServiceConfig as Contract;

/// Takes routes, one after the other.
pub trait RouteTable {
    /// An operation of the contract.
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self;

    /// A path that is in no contract.
    fn route(&mut self, path: &str, route: Route) -> &mut Self;
}

impl RouteTable for web::ServiceConfig {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }

    fn route(&mut self, path: &str, route: Route) -> &mut Self {
        Self::route(self, path, route)
    }
}

impl RouteTable for Contract<'_> {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }

    fn route(&mut self, path: &str, route: Route) -> &mut Self {
        Self::route(self, path, route)
    }
}
