//! Webhooks: what is sent, when it is sent again, and where nothing is sent to.

use super::alert::words;
use super::ids::AgencyId;
use crate::error::FaultKind;
use chrono::{DateTime, TimeDelta, Utc};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use uuid::Uuid;

words! {
    /// What happened.
    EventType {
        /// An alert was opened.
        AlertOpened = "alert.opened",
        /// An alert was closed.
        AlertClosed = "alert.closed",
        /// A release was sealed.
        ReleaseSealed = "release.sealed",
        /// The service paused a webhook; sent to the others.
        WebhookPaused = "webhook.paused",
    }
}

words! {
    /// Whether a webhook is sent to.
    WebhookState {
        /// It is.
        Active = "active",
        /// Not for the time being; events wait.
        Paused = "paused",
        /// Never again.
        Ended = "ended",
    }
}

words! {
    /// Why a webhook is paused.
    PauseReason {
        /// An administrator asked for it.
        Asked = "asked",
        /// The receiver said that it is gone (410).
        Gone = "gone",
        /// An event was given up.
        Failing = "failing",
    }
}

words! {
    /// What became of an event at a webhook.
    DeliveryState {
        /// It waits, or waits for another attempt.
        Pending = "pending",
        /// The receiver said that it has it.
        Delivered = "delivered",
        /// Every attempt failed, or it is too old.
        GivenUp = "given_up",
    }
}

/// A webhook; its secrets are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Events of this agency and below it; `None`: of the whole country.
    pub agency: Option<AgencyId>,
    /// Where events are sent.
    pub url: String,
    /// Which events.
    pub events: Vec<EventType>,
    /// Whether it is sent to.
    pub state: WebhookState,
    /// Why not, while it is paused.
    pub pause_reason: Option<PauseReason>,
    /// How long the secret before the present one signs as well.
    pub previous_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An event at a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Number of the event, in the order of happening.
    pub seq: i64,
    /// Id of the event.
    pub event: Uuid,
    /// What happened.
    pub kind: EventType,
    /// Whose affair it is.
    pub agency: Option<AgencyId>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// What became of it.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: i32,
    /// The last of them.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// Status of the receiver's last answer.
    pub last_status: Option<i16>,
    /// Why the last attempt failed.
    pub last_failure: Option<String>,
    /// When it is due, while it waits.
    pub due_at: DateTime<Utc>,
}

/// The id of an event as receivers see it (`webhook-id`): the same at every attempt.
pub fn message_id(event: Uuid) -> String {
    format!("msg_{}", event.simple())
}

/// Reads a [`message_id`].
pub fn parse_message_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text.strip_prefix("msg_")?).ok().filter(|event| message_id(*event) == text)
}

/// Longest time until the next attempt, by the number of those that failed: the example schedule of Standard Webhooks
/// (version 1.0.0, "Deliverability and reliability").
const DELAYS: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// Time from the first attempt during which nothing is given up: the whole of that schedule, 75 hours and 35 minutes.
/// With full jitter ten attempts may be over in half of it.
pub const NOT_GIVEN_UP: TimeDelta = TimeDelta::seconds(75 * 3600 + 35 * 60 + 5);

/// When to try again after so many failed attempts: a random part of the schedule's delay ("full jitter"), so that
/// receivers that were away at once are not sent to at once. `chance` is any number; `None`: give up.
pub fn next_attempt(
    failed: i32,
    first: DateTime<Utc>,
    now: DateTime<Utc>,
    chance: u32,
) -> Option<DateTime<Utc>> {
    let done = usize::try_from(failed).unwrap_or_default();
    if done > DELAYS.len() && now - first >= NOT_GIVEN_UP {
        return None;
    }
    let longest = DELAYS.get(done.saturating_sub(1)).or(DELAYS.last()).copied().unwrap_or_default();
    let part = longest.num_milliseconds() * i64::from(chance) / i64::from(u32::MAX);
    Some(now + TimeDelta::milliseconds(part).max(TimeDelta::seconds(1)))
}

/// Whether an address is one of the public internet, by the IANA registries of special-purpose addresses (RFC 6890).
/// Nothing is sent to others unless that is allowed: a webhook must not reach what stands beside the service.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // "This network", carrier-grade NAT (RFC 6598), IETF protocols and 6to4 relays, benchmarks, reserved.
        [0 | 240..=255, ..]
        | [100, 64..=127, ..]
        | [192, 0, 0, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..] => true,
        _ => false,
    };
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        // NAT64 and 6to4 lead to the address of version 4 that is in them.
        [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        [0x2002, ..] => v4(b, c),
        // Teredo and other IETF protocols, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is 2000::/3; the rest is loopback, mapped, unique local, link-local, multicast or nobody's.
        _ => (0x2000..0x4000).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_beside_the_service_are_not_public() {
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2002:c0a8:101::",
            "2001:db8::1",
            "2001::1",
            "fec0::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "203.162.0.1",
            "2606:4700::1",
            "2405:4800::1",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_given_up_before_three_days_and_ten_attempts(
            failed in 1..40_i32, hours in 0..200_i64, chance in any::<u32>(),
        ) {
            let first = DateTime::from_timestamp(1_750_000_000, 0).unwrap();
            let now = first + TimeDelta::hours(hours);
            match next_attempt(failed, first, now, chance) {
                None => prop_assert!(failed >= 10 && hours >= 75),
                Some(next) => prop_assert!(next > now && next <= now + TimeDelta::hours(24)),
            }
            prop_assert_eq!(next_attempt(failed, first, now, chance).is_none(), failed >= 10 && hours >= 76);
        }

        #[test]
        fn an_id_is_read_as_it_was_written(number in any::<u128>(), text in "(msg_)?[0-9a-f-]{0,36}") {
            let event = Uuid::from_u128(number);
            prop_assert_eq!(parse_message_id(&message_id(event)), Some(event));
            prop_assert_eq!(parse_message_id(&text).map(message_id).unwrap_or(text.clone()), text);
        }
    }
}
