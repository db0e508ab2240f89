//! Reading the months of every agency, for what may be shown to the public.

use super::packing::unpack_into;
use super::{Reach, Tallied, facet_number, reach_number};
use crate::domain::ids::AgencyId;
use crate::domain::period::Grain;
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::error::Result;
use crate::store::schema::tallies as t;
use crate::store::tally_shapes::Leaf;
use crate::store::{Conn, corrupt};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// What each agency itself was told in each month from..to by those who count, without the tail. No scope: nothing of it leaves the
/// service but which cells are hidden.
pub async fn tallies_of_leaves(
    conn: &mut Conn,
    survey: &Survey,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Leaf>> {
    let leaf = t::survey_id
        .eq(survey.id.0)
        .and(t::facet.eq(facet_number(None)))
        .and(t::grain.eq(Grain::Month.number()));
    let rows: Vec<(i32, NaiveDate, Vec<u8>)> = t::table
        .filter(
            leaf.and(t::reach.eq(reach_number(Reach::Itself, Tallied::Counted)))
                .and(t::starts_on.ge(from))
                .and(t::starts_on.lt(to)),
        )
        .select((t::agency_id, t::starts_on, t::numbers))
        .load(conn)
        .await?;
    let leaf = |(agency, month, numbers): (i32, NaiveDate, Vec<u8>)| {
        let mut tally = Tally::empty(&survey.questionnaire);
        unpack_into(&mut tally, &numbers).ok_or_else(|| corrupt("tallies.numbers"))?;
        Ok(Leaf { agency: AgencyId(agency), month, tally: tally.into() })
    };
    rows.into_iter().map(leaf).collect()
}
