//! Where a request comes from.

use actix_web::HttpRequest;
use std::net::{IpAddr, Ipv4Addr};

/// The address at the other end of the connection.
pub fn peer_address(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}
