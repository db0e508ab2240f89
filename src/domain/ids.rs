//! Typed ids: an agency's number can never be passed where a survey's is meant.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Internal number of an agency; the world knows its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgencyId(pub i32);

/// Internal number of a service point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServicePointId(pub i32);

/// Internal number of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SurveyId(pub i32);

/// Id of a client, which is also its `client_id` in OAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientId(pub Uuid);

/// A UUIDv7 (RFC 9562) whose timestamp is the time of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResponseId(Uuid);

impl ResponseId {
    /// Accepts version 7 of the RFC variant only.
    pub fn new(uuid: Uuid) -> Option<Self> {
        (uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122).then_some(Self(uuid))
    }

    /// Makes an id for something answered at `at`; the rest is random.
    pub fn make(at: DateTime<Utc>) -> Self {
        Self(uuid_v7(at))
    }

    /// The smallest UUID that an id made at `at` or later can be: its milliseconds, the rest zero.
    pub fn floor(at: DateTime<Utc>) -> Uuid {
        let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
        Uuid::from_u128(millis << 80)
    }

    /// The UUID itself.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// Time of answering, to the millisecond: the id's first 48 bits.
    pub fn answered_at(self) -> DateTime<Utc> {
        let millis = i64::try_from(self.0.as_u128() >> 80).unwrap_or(i64::MAX);
        DateTime::UNIX_EPOCH
            .checked_add_signed(TimeDelta::milliseconds(millis))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// Number a device gives its responses: 1, 2, 3, … without a gap, so that what is missing can be seen. At most
/// 2^53 - 1, which every JSON reader keeps exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceSeq(i64);

impl DeviceSeq {
    /// Largest number.
    pub const MAX: i64 = (1 << 53) - 1;

    /// A number within its range.
    pub fn new(number: i64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Numbers of a device from the first to the last, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeqRange {
    /// First number.
    pub first: i64,
    /// Last number.
    pub last: i64,
}

/// A fresh UUIDv7 of the given instant, for every id the service makes itself.
pub fn uuid_v7(at: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, at.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_tells_the_time_of_answering() {
        let at = DateTime::parse_from_rfc3339("2026-07-15T09:30:00.123+07:00").unwrap().to_utc();
        assert_eq!(ResponseId::make(at).answered_at(), at);
    }

    #[test]
    fn other_versions_are_refused() {
        let v4 = Uuid::parse_str("3b241101-e2bb-4255-8caf-4136c566a962").unwrap();
        assert_eq!(ResponseId::new(v4), None);
        assert_eq!(ResponseId::new(Uuid::nil()), None);
    }

    #[test]
    fn the_largest_timestamp_does_not_panic() {
        let last = Uuid::parse_str("ffffffff-ffff-7fff-bfff-ffffffffffff").unwrap();
        let _ = ResponseId::new(last).unwrap().answered_at();
    }
}
