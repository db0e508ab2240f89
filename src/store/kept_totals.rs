//! Which totals are kept, and of whom: a province's subtree, the whole country. Readers compare digests; only the
//! folder writes.

use super::Conn;
use super::schema::kept_totals;
use crate::domain::ids::AgencyId;
use crate::error::Result;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// The root that stands for the whole country; no agency has this number.
pub const COUNTRY: i32 = 0;

/// Who is added up in the total of a root: agencies, sorted.
pub type Members = Vec<AgencyId>;

/// The totals that are kept.
#[derive(Debug, Default)]
pub struct KeptTotals {
    members: BTreeMap<i32, Members>,
    roots: HashMap<AgencyId, Vec<i32>>,
}

impl KeptTotals {
    /// Of these members by root.
    pub fn new(members: BTreeMap<i32, Members>) -> Self {
        let mut roots: HashMap<AgencyId, Vec<i32>> = HashMap::new();
        for (root, agencies) in &members {
            for agency in agencies {
                roots.entry(*agency).or_default().push(*root);
            }
        }
        Self { members, roots }
    }

    /// The roots whose totals an agency is part of.
    pub fn roots_of(&self, agency: AgencyId) -> &[i32] {
        self.roots.get(&agency).map_or(&[], Vec::as_slice)
    }

    /// Who is added up, by root.
    pub const fn members(&self) -> &BTreeMap<i32, Members> {
        &self.members
    }
}

/// What tells two lists of members apart.
pub fn digest(members: impl IntoIterator<Item = AgencyId>) -> Vec<u8> {
    let mut hash = Sha256::new();
    for agency in members {
        hash.update(agency.0.to_be_bytes());
    }
    hash.finalize().to_vec()
}

/// Everything that is kept.
pub async fn kept_totals_all(conn: &mut Conn) -> Result<KeptTotals> {
    type Row = (i32, Vec<Option<i32>>);
    let rows: Vec<Row> =
        kept_totals::table.select((kept_totals::root_id, kept_totals::members)).load(conn).await?;
    let members = |(root, ids): Row| (root, ids.into_iter().flatten().map(AgencyId).collect());
    Ok(KeptTotals::new(rows.into_iter().map(members).collect()))
}

/// Puts a root's members down; its rows have to be made in the same transaction.
pub async fn kept_total_set(conn: &mut Conn, root: i32, members: &[AgencyId]) -> Result<()> {
    use kept_totals as k;
    let ids: Vec<i32> = members.iter().map(|agency| agency.0).collect();
    let row = (k::digest.eq(digest(members.iter().copied())), k::members.eq(ids));
    diesel::insert_into(k::table)
        .values((k::root_id.eq(root), row.clone()))
        .on_conflict(k::root_id)
        .do_update()
        .set(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a root off the list; its rows have to go in the same transaction.
pub async fn kept_total_remove(conn: &mut Conn, root: i32) -> Result<()> {
    diesel::delete(kept_totals::table.filter(kept_totals::root_id.eq(root))).execute(conn).await?;
    Ok(())
}
