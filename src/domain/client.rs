//! Clients: machines and administrators' programs that hold a credential.

use super::ids::{AgencyId, ClientId, ServicePointId};
use super::permission::Permission;
use crate::error::FaultKind;
use chrono::{DateTime, SubsecRound, Utc};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What a client is; decides what it may do (see `auth::policy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// An administrator's program.
    Admin,
    /// Another information system.
    System,
    /// A kiosk or tablet.
    Device,
    /// Somebody who only looks at figures.
    Viewer,
}

impl ClientKind {
    /// The words of the command line, the token and the database.
    pub const WORDS: [&'static str; 4] = ["admin", "system", "device", "viewer"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "admin" => Ok(Self::Admin),
            "system" => Ok(Self::System),
            "device" => Ok(Self::Device),
            "viewer" => Ok(Self::Viewer),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::System => "system",
            Self::Device => "device",
            Self::Viewer => "viewer",
        }
    }
}

/// A client as the service knows it; its secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its id, which is the `client_id` in OAuth.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientKind,
    /// What people call it.
    pub name: String,
    /// Root of the subtree it belongs to; `None` is the whole country.
    pub agency: Option<AgencyId>,
    /// The desk a device stands at.
    pub service_point: Option<ServicePointId>,
    /// When it was ended, if it was.
    pub revoked_at: Option<DateTime<Utc>>,
    /// What narrows it.
    pub terms: Terms,
}

/// Most networks of a client.
pub const MAX_NETWORKS: usize = 100;

/// What narrows a client below what its kind may do; by default nothing does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// When it ends by itself; its tokens never outlive it.
    pub expires_at: Option<DateTime<Utc>>,
    /// What it is permitted at most; `None`: all that its kind is.
    pub permissions: Option<BTreeSet<Permission>>,
    /// Networks it has to come from; none: from anywhere.
    pub networks: Vec<IpNet>,
}

impl Terms {
    /// Whether they leave it this permission.
    pub fn leave(&self, permission: Permission) -> bool {
        self.permissions.as_ref().is_none_or(|permissions| permissions.contains(&permission))
    }

    /// Narrows the permissions to these as well.
    #[must_use]
    pub fn narrowed(mut self, to: Option<BTreeSet<Permission>>) -> Self {
        self.permissions = match (self.permissions, to) {
            (Some(own), Some(to)) => Some(own.intersection(&to).copied().collect()),
            (own, to) => own.or(to),
        };
        self
    }

    /// Whether it is over.
    pub fn are_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it may come from this address. An IPv4 address in the clothes of IPv6 (RFC 4291 section 2.5.5.2) counts
    /// as what it is.
    pub fn admit(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&address))
    }
}

/// Reads a network in CIDR notation (RFC 4632, RFC 4291), or a lone address.
///
/// # Errors
/// [`FaultKind::BadFormat`], also where bits behind the prefix are set: nobody knows which of the two was meant.
pub fn parse_network(text: &str) -> Result<IpNet, FaultKind> {
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let mapped = |network: &IpNet| match network {
        IpNet::V4(_) => false,
        IpNet::V6(network) => network.addr().to_ipv4_mapped().is_some(),
    };
    network
        .filter(|network| network.trunc() == *network && !mapped(network))
        .ok_or(FaultKind::BadFormat { expected: "203.0.113.0/24" })
}

/// Reads an instant (RFC 3339), to the microsecond as the database keeps it.
///
/// # Errors
/// [`FaultKind::BadFormat`].
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, FaultKind> {
    let wrong = |_| FaultKind::BadFormat { expected: "2027-01-01T00:00:00+07:00" };
    Ok(DateTime::parse_from_rfc3339(text).map_err(wrong)?.to_utc().trunc_subsecs(6))
}

/// A client as administrators see it.
#[derive(Debug, Clone)]
pub struct ClientRecord {
    /// The client.
    pub client: Client,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How long the secret before the present one goes on.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// When it was last seen, up to a few minutes behind.
    pub last_used_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_only_as_it_is_meant() {
        for text in ["203.0.113.0/24", "203.0.113.7", "2001:db8::/32", "::1", "0.0.0.0/0"] {
            assert!(parse_network(text).is_ok(), "{text}");
        }
        for text in
            ["", "203.0.113.7/24", "203.0.113.0/33", "2001:db8::1/32", "::ffff:10.0.0.0/104", "host", "1.2.3"]
        {
            assert!(parse_network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_admitted_by_any_network_and_by_none_at_all() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let terms = |networks: &[&str]| Terms {
            networks: networks.iter().map(|text| parse_network(text).unwrap()).collect(),
            ..Terms::default()
        };
        assert!(terms(&[]).admit(address("198.51.100.1")));
        let office = terms(&["203.0.113.0/24", "2001:db8::/32"]);
        for (text, admitted) in [
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("::ffff:203.0.113.1", true),
            ("::ffff:203.0.114.1", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(office.admit(address(text)), admitted, "{text}");
        }
    }

    #[test]
    fn narrowing_never_adds() {
        use Permission::{ReadFigures, ReadReceipts, SubmitResponse};
        let set = |permissions: &[Permission]| Some(permissions.iter().copied().collect::<BTreeSet<_>>());
        let own = Terms { permissions: set(&[SubmitResponse, ReadFigures]), ..Terms::default() };
        assert_eq!(own.clone().narrowed(None), own);
        assert_eq!(own.narrowed(set(&[ReadFigures, ReadReceipts])).permissions, set(&[ReadFigures]));
        assert_eq!(Terms::default().narrowed(set(&[ReadFigures])).permissions, set(&[ReadFigures]));
    }
}
