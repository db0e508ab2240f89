//! Questionnaires and their frozen versions.

use super::schema::{criteria, elements, levels, questionnaire_versions, questionnaires, scales};
use super::{Conn, corrupt};
use crate::domain::questionnaire::{Criterion, Element, Kind, Level, QuestionnaireVersion, Scale, Wording};
use crate::error::Result;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use std::sync::Arc;

/// Number and content digest of a version, if it is there.
pub async fn version_find(conn: &mut Conn, code: &str, version: i16) -> Result<Option<(i32, Vec<u8>)>> {
    let row = questionnaire_versions::table
        .inner_join(questionnaires::table)
        .filter(questionnaires::code.eq(code))
        .filter(questionnaire_versions::version.eq(version))
        .select((questionnaire_versions::id, questionnaire_versions::content_digest))
        .first(conn)
        .await
        .optional()?;
    Ok(row)
}

/// Codes of a version's criteria.
pub async fn criteria_codes(conn: &mut Conn, version: i32) -> Result<Vec<String>> {
    let codes = criteria::table.filter(criteria::version_id.eq(version)).select(criteria::code);
    Ok(codes.load(conn).await?)
}

/// Kind of a questionnaire, if it is there.
pub async fn kind_find(conn: &mut Conn, code: &str) -> Result<Option<Kind>> {
    let kind: Option<String> = questionnaires::table
        .filter(questionnaires::code.eq(code))
        .select(questionnaires::kind)
        .first(conn)
        .await
        .optional()?;
    kind.map(|kind| Kind::parse(&kind).map_err(|_| corrupt("questionnaires.kind"))).transpose()
}

/// Enters a version with its wording, to be called in a transaction.
pub async fn version_insert(conn: &mut Conn, new: &QuestionnaireVersion, digest: &[u8]) -> Result<()> {
    diesel::insert_into(questionnaires::table)
        .values((questionnaires::code.eq(&new.code), questionnaires::kind.eq(new.kind.as_str())))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let questionnaire: i32 = questionnaires::table
        .filter(questionnaires::code.eq(&new.code))
        .select(questionnaires::id)
        .first(conn)
        .await?;
    let id: i32 = diesel::insert_into(questionnaire_versions::table)
        .values((
            questionnaire_versions::questionnaire_id.eq(questionnaire),
            questionnaire_versions::version.eq(new.version),
            questionnaire_versions::name_vi.eq(&new.name.vi),
            questionnaire_versions::name_en.eq(&new.name.en),
            questionnaire_versions::source.eq(&new.source),
            questionnaire_versions::content_digest.eq(digest),
        ))
        .returning(questionnaire_versions::id)
        .get_result(conn)
        .await?;
    scales_insert(conn, id, new).await?;
    elements_insert(conn, id, new).await
}

async fn scales_insert(conn: &mut Conn, id: i32, new: &QuestionnaireVersion) -> Result<()> {
    for scale in &new.scales {
        diesel::insert_into(scales::table)
            .values((scales::version_id.eq(id), scales::code.eq(&scale.code)))
            .execute(conn)
            .await?;
        let rows: Vec<_> = scale
            .levels
            .iter()
            .zip(1_i16..)
            .map(|(level, ordinal)| {
                (
                    levels::version_id.eq(id),
                    levels::scale_code.eq(&scale.code),
                    levels::ordinal.eq(ordinal),
                    levels::value.eq(level.value),
                    levels::satisfied.eq(level.satisfied),
                    levels::text_vi.eq(&level.text.vi),
                    levels::text_en.eq(&level.text.en),
                )
            })
            .collect();
        diesel::insert_into(levels::table).values(rows).execute(conn).await?;
    }
    Ok(())
}

async fn elements_insert(conn: &mut Conn, id: i32, new: &QuestionnaireVersion) -> Result<()> {
    let mut position = 1_i16;
    for (element, element_position) in new.elements.iter().zip(1_i16..) {
        diesel::insert_into(elements::table)
            .values((
                elements::version_id.eq(id),
                elements::position.eq(element_position),
                elements::code.eq(&element.code),
                elements::text_vi.eq(&element.text.vi),
                elements::text_en.eq(&element.text.en),
            ))
            .execute(conn)
            .await?;
        for criterion in new.criteria.get(element.criteria.clone()).unwrap_or_default() {
            let scale = new.scale_of(criterion).ok_or_else(|| corrupt("criterion without scale"))?;
            diesel::insert_into(criteria::table)
                .values((
                    criteria::version_id.eq(id),
                    criteria::position.eq(position),
                    criteria::element_position.eq(element_position),
                    criteria::scale_code.eq(&scale.code),
                    criteria::code.eq(&criterion.code),
                    criteria::number.eq(&criterion.number),
                    criteria::text_vi.eq(&criterion.text.vi),
                    criteria::text_en.eq(&criterion.text.en),
                    criteria::may_be_not_applicable.eq(criterion.may_be_not_applicable),
                ))
                .execute(conn)
                .await?;
            position += 1;
        }
    }
    Ok(())
}

/// Every version with its wording, by number.
pub async fn versions_all(conn: &mut Conn) -> Result<HashMap<i32, Arc<QuestionnaireVersion>>> {
    type Row = (i32, i16, String, String, String, String, String);
    let rows: Vec<Row> = questionnaire_versions::table
        .inner_join(questionnaires::table)
        .select((
            questionnaire_versions::id,
            questionnaire_versions::version,
            questionnaire_versions::name_vi,
            questionnaire_versions::name_en,
            questionnaire_versions::source,
            questionnaires::code,
            questionnaires::kind,
        ))
        .load(conn)
        .await?;
    let mut versions = HashMap::new();
    for (id, version, vi, en, source, code, kind) in rows {
        let scales = scales_of(conn, id).await?;
        let (elements, criteria) = elements_of(conn, id, &scales).await?;
        let kind = Kind::parse(&kind).map_err(|_| corrupt("questionnaires.kind"))?;
        let name = Wording { vi, en };
        let read = QuestionnaireVersion { code, version, kind, name, source, scales, elements, criteria };
        versions.insert(id, Arc::new(read));
    }
    Ok(versions)
}

async fn scales_of(conn: &mut Conn, version: i32) -> Result<Vec<Scale>> {
    let rows: Vec<(String, i16, bool, String, String)> = levels::table
        .filter(levels::version_id.eq(version))
        .order((levels::scale_code, levels::ordinal))
        .select((levels::scale_code, levels::value, levels::satisfied, levels::text_vi, levels::text_en))
        .load(conn)
        .await?;
    let mut scales: Vec<Scale> = Vec::new();
    for (code, value, satisfied, vi, en) in rows {
        let level = Level { value, satisfied, text: Wording { vi, en } };
        match scales.last_mut() {
            Some(scale) if scale.code == code => scale.levels.push(level),
            _ => scales.push(Scale { code, levels: vec![level] }),
        }
    }
    Ok(scales)
}

async fn elements_of(
    conn: &mut Conn,
    version: i32,
    scales: &[Scale],
) -> Result<(Vec<Element>, Vec<Criterion>)> {
    let heads: Vec<(i16, String, String, String)> = elements::table
        .filter(elements::version_id.eq(version))
        .order(elements::position)
        .select((elements::position, elements::code, elements::text_vi, elements::text_en))
        .load(conn)
        .await?;
    type Row = (i16, String, String, String, String, String, bool);
    let rows: Vec<Row> = criteria::table
        .filter(criteria::version_id.eq(version))
        .order(criteria::position)
        .select((
            criteria::element_position,
            criteria::scale_code,
            criteria::code,
            criteria::number,
            criteria::text_vi,
            criteria::text_en,
            criteria::may_be_not_applicable,
        ))
        .load(conn)
        .await?;
    let (mut elements, mut criteria) = (Vec::new(), Vec::new());
    for (position, code, vi, en) in heads {
        let first = criteria.len();
        for (_, scale, code, number, vi, en, may_be_not_applicable) in
            rows.iter().filter(|row| row.0 == position)
        {
            let scale = scales.iter().position(|known| known.code == *scale);
            criteria.push(Criterion {
                code: code.clone(),
                number: number.clone(),
                text: Wording { vi: vi.clone(), en: en.clone() },
                scale: scale.ok_or_else(|| corrupt("criteria.scale_code"))?,
                may_be_not_applicable: *may_be_not_applicable,
            });
        }
        let text = Wording { vi, en };
        elements.push(Element { code, text, criteria: first..criteria.len() });
    }
    Ok((elements, criteria))
}
