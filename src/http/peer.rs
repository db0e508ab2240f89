//! The address of the client behind a request: the peer of the connection, or what a trusted proxy says.
//! What is done with the address (limits, allow lists) is decided elsewhere.

use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{HttpRequest, web};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Proxies whose word is believed, and the header they write it in. Only that header is read: a proxy passes
/// the one it does not know on as the client wrote it.
#[derive(Debug, Clone)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    header: HeaderName,
}

impl Proxies {
    /// `header` is `Forwarded` (RFC 7239) or one that lists addresses as `X-Forwarded-For` does.
    pub const fn new(trusted: Vec<IpNet>, header: HeaderName) -> Self {
        Self { trusted, header }
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// Read from the right: each proxy appends whom it got the request from, so whatever stands to the left of
    /// the first address that is not trusted is the client's own invention.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trust(peer) {
            return peer;
        }
        let mut nearest = peer;
        let lines: Vec<_> = headers.get_all(&self.header).collect();
        for line in lines.into_iter().rev() {
            for hop in from_right(line.to_str().unwrap_or_default(), ',') {
                let hop = if self.header == header::FORWARDED { forwarded_for(hop) } else { Some(hop) };
                match hop.and_then(address) {
                    Some(hop) if self.trust(hop) => nearest = hop,
                    Some(hop) => return hop,
                    // Hidden, unknown or garbled: nobody further left can be believed.
                    None => return nearest,
                }
            }
        }
        nearest
    }
}

/// The client's address; IPv4 in IPv6 notation as IPv4. `0.0.0.0` where there is no network at all, as in a test
/// without a connection.
pub fn peer_address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    match request.app_data::<web::Data<Proxies>>() {
        Some(proxies) => proxies.client(peer, request.headers()),
        None => peer,
    }
}

/// What one subscriber holds at least: an IPv4 address, or the /64 of an IPv6 address (RFC 6177), in which anybody
/// may take a new address for every request.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

/// The parts of a list from the last to the first. A separator in quotes does not count; quotes are matched from the
/// right, so that one left open by the client hides nothing that a proxy appended.
fn from_right(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut end, mut quoted) = (Vec::new(), text.len(), false);
    for (place, c) in text.char_indices().rev() {
        quoted ^= c == '"';
        if c == separator && !quoted {
            parts.push(text.get(place + c.len_utf8()..end).unwrap_or_default());
            end = place;
        }
    }
    parts.push(text.get(..end).unwrap_or_default());
    parts
}

/// The node of `for=` in an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    let node = from_right(element, ';').into_iter().find_map(|pair| {
        let (name, node) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(node.trim())
    })?;
    Some(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']')).unwrap_or(node);
    let parsed = bare.parse().or_else(|_| node.parse::<SocketAddr>().map(|address| address.ip()));
    parsed.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn client(header: &'static str, peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8:f::/48"].map(|network| network.parse().unwrap());
        let proxies = Proxies::new(trusted.to_vec(), HeaderName::from_static(header));
        let mut request = TestRequest::default()
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 4711))
            .app_data(web::Data::new(proxies));
        for line in lines {
            request = request.append_header((header, *line));
        }
        peer_address(&request.to_http_request()).to_string()
    }

    #[test]
    fn a_list_of_addresses_is_believed_from_the_right_as_far_as_the_proxies_are_trusted() {
        for (peer, lines, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1 , 10.9.9.9:443"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 10.2.2.2", "10.9.9.9"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, unknown, 10.9.9.9"], "10.9.9.9"),
            ("10.0.0.1", &["1.1.1.1,"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.7"], "10.0.0.7"),
            ("10.0.0.1", &["\"1.1.1.1, 198.51.100.1:55"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["[2001:db8::1]:8080"], "2001:db8::1"),
            ("2001:db8:f::2", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ] {
            assert_eq!(client("x-forwarded-for", peer, lines), expected, "{lines:?}");
        }
    }

    proptest::proptest! {
        /// Whatever a client writes: the peer, or an address that stands in the header; never a panic.
        #[test]
        fn any_forwarding_header_gives_the_peer_or_an_address_that_stands_in_it(
            line in "([ -~]{0,12}|for=|10\\.0\\.0\\.[0-9]|198\\.51\\.100\\.[0-9]|[\",;=\\[\\]:]){0,12}",
        ) {
            for header in ["x-forwarded-for", "forwarded"] {
                let found = client(header, "10.0.0.1", &[line.trim()]);
                proptest::prop_assert!(found == "10.0.0.1" || line.contains(&found) || found.contains(':'), "{found}");
                proptest::prop_assert_eq!(client(header, "203.0.113.9", &[line.trim()]), "203.0.113.9");
            }
        }
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_has_it() {
        for (lines, expected) in [
            (&["for=198.51.100.1"][..], "198.51.100.1"),
            (&["for=1.1.1.1, FOR=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1"], "2001:db8::1"),
            (&["by=10.0.0.1 ; for=198.51.100.1;host=\"a,b;for=1.1.1.1\""], "198.51.100.1"),
            (&["for=\"1.1.1.1, for=198.51.100.1, for=10.5.5.5"], "198.51.100.1"),
            (&["for=1.1.1.1, for=_hidden"], "10.0.0.1"),
            (&["for=1.1.1.1, proto=https"], "10.0.0.1"),
        ] {
            assert_eq!(client("forwarded", "10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_subscriber_is_an_ipv4_address_or_a_64_of_ipv6() {
        for (of, expected) in
            [("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("198.51.100.1", "198.51.100.1"), ("::1", "::")]
        {
            assert_eq!(network(of.parse().unwrap()).to_string(), expected);
        }
    }
}
