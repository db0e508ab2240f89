//! Who is asking, and what they may do. Pure: no database, no HTTP. Role names appear in [`policy`] only.

pub mod enrolment_code;
pub mod issuer;
pub mod policy;
pub mod secret;
pub mod token;
pub mod visit;
pub mod visitor;

use crate::domain::client::Client;

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody in particular: no token was sent.
    Anonymous,
    /// A client with a valid token.
    Client(Client),
}
