//! Devices: which of the responses that a device numbered are held here, and which are missing.

use super::Services;
use super::catalogue::current;
use crate::auth::{Actor, policy};
use crate::domain::ids::{ClientId, DeviceSeq, SeqRange};
use crate::error::{Error, ErrorCode, Result};
use crate::store::clients::client_find;
use crate::store::device_seqs::{device_seqs_count, device_seqs_ranges};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::{Conn, SILENCE};
use uuid::Uuid;

/// What is held from a device.
#[derive(Debug)]
pub struct Holdings {
    /// How many numbers.
    pub held: i64,
    /// The highest of them.
    pub highest: Option<i64>,
    /// Numbers held without a gap, in order; one page of them.
    pub ranges: Vec<SeqRange>,
    /// What lies between those ranges, and before the first.
    pub gaps: Vec<SeqRange>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// What is held from a device (`None`: of an id that is none), for itself and for whoever is in charge of it.
///
/// # Errors
/// [`ErrorCode::TokenMissing`]; [`ErrorCode::DeviceNotFound`] also where the reader may not know of it;
/// [`ErrorCode::InvalidCursor`].
pub async fn receipts(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Holdings> {
    let reader = policy::receipt_reader(actor)?;
    let catalogue = current(services).await?;
    let found = match id {
        Some(id) => services.db.within(SILENCE, async |conn| client_find(conn, ClientId(id)).await).await?,
        None => None,
    };
    let device = found.map(|(client, _)| client).filter(|device| {
        policy::may_number(device) && policy::may_read_receipts(reader, &catalogue.tree, device)
    });
    let device = device.ok_or_else(|| Error::new(ErrorCode::DeviceNotFound))?;
    let page = Page::new(limit, cursor, &device.id.0.to_string())?;
    let after = match &page.after {
        None => 0,
        Some(last) => last.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?,
    };
    // One snapshot: what arrives in between must not be missing from one and there in the other.
    let read = async |conn: &mut Conn| {
        let (held, highest) = device_seqs_count(conn, device.id).await?;
        let ranges = device_seqs_ranges(conn, device.id, after, limit + 1).await?;
        Ok::<_, Error>((held, highest, ranges))
    };
    let fetch =
        async |conn: &mut Conn| conn.build_transaction().read_only().repeatable_read().run(read).await;
    let (held, highest, mut ranges) = services.db.within(SILENCE, fetch).await?;
    let next_cursor = page.cut(&mut ranges, |range| range.last.to_string());
    let gaps = gaps(after, &ranges);
    Ok(Holdings { held, highest: highest.map(DeviceSeq::get), ranges, gaps, next_cursor })
}

fn gaps(after: i64, ranges: &[SeqRange]) -> Vec<SeqRange> {
    let ends = std::iter::once(after).chain(ranges.iter().map(|range| range.last));
    let pairs = ends.zip(ranges);
    let gap = |(end, next): (i64, &SeqRange)| SeqRange { first: end + 1, last: next.first - 1 };
    pairs.map(gap).filter(|gap| gap.first <= gap.last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_before_and_between_ranges() {
        let range = |first, last| SeqRange { first, last };
        assert_eq!(gaps(0, &[]), []);
        assert_eq!(gaps(0, &[range(1, 4)]), []);
        assert_eq!(
            gaps(0, &[range(3, 4), range(6, 6), range(9, 12)]),
            [range(1, 2), range(5, 5), range(7, 8)]
        );
        assert_eq!(gaps(4, &[range(6, 6)]), [range(5, 5)]);
    }
}
