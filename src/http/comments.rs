//! What citizens wrote: `GET /v1/comments`.

use super::extract::{App, Caller, Query, number};
use super::fields::Fields;
use super::openapi::{NotPermitted, Refused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::redaction;
use crate::domain::text;
use crate::error::FaultKind;
use crate::service::comments::{
    self, Comment, CommentPage, CommentQuery, DEFAULT_LIMIT, MAX_LIMIT, parse_month,
};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A comment. Neither the response, nor when, where and by whom it was written is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentBody {
    /// What the comment is known by where an undertaking answers it; tells nothing else.
    #[schema(min_length = 64, max_length = 64)]
    handle: String,
    /// The words; what could name or reach a person is replaced by what was there, for example `[điện thoại]`.
    #[schema(example = "Chờ lâu, gọi [điện thoại] không ai nghe")]
    text: String,
    /// How often what was replaced: `dossier`, `email`, `link`, `account`, `phone`, `identity`, `number`.
    #[schema(example = json!({"phone": 1}))]
    redactions: BTreeMap<&'static str, usize>,
}

/// One page of comments.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentPageBody {
    /// Whether too few people answered there in that month for anything to be shown.
    suppressed: bool,
    /// Comments, in an order that says nothing of when they came.
    items: Vec<CommentBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl From<CommentPage> for CommentPageBody {
    fn from(page: CommentPage) -> Self {
        let body = |Comment { handle, words: text }| {
            let counts = redaction::count(&text).into_iter().map(|(kind, count)| (kind.as_str(), count));
            CommentBody { handle: handle.text(), redactions: counts.collect(), text }
        };
        Self {
            suppressed: page.suppressed,
            items: page.items.into_iter().map(body).collect(),
            next_cursor: page.next_cursor,
        }
    }
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListCommentsParams {
    /// About this agency itself, without those below it.
    #[param(example = "H56.C1")]
    agency: String,
    /// To this survey.
    #[param(example = "demo-service")]
    survey: String,
    /// Answered in this calendar month, which has to be over.
    #[param(example = "2026-06")]
    month: String,
    /// `no`: those that no undertaking answers yet; `yes`: the others.
    #[param(example = "no")]
    answered: Option<String>,
    /// Most comments of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists what citizens wrote about an agency in a month
///
/// For administrators, of their own subtree. Only when the month is over, and only if at least as many people answered
/// there as the service is set to (10 by default). Each page is written into the audit log.
#[utoipa::path(tag = "feed", security(("bearer" = [])), params(ListCommentsParams),
    responses((status = 200, description = "One page of comments", body = CommentPageBody), Refused, NotPermitted))]
#[get("/v1/comments")]
pub async fn list_comments(app: App, Caller(actor): Caller, query: Query) -> Result<HttpResponse, Problem> {
    let (query, faults) = query.draft(read);
    let page = CommentPageBody::from(comments::list(&app, &actor, query, faults).await?);
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

fn read(fields: &mut Fields<'_>) -> CommentQuery {
    CommentQuery {
        agency: fields.required("agency", AgencyCode::parse),
        survey: fields.required("survey", |raw| text::clean(raw, 60).map(Option::unwrap_or_default)),
        month: fields.required("month", parse_month),
        answered: fields.optional("answered", yes_or_no),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    }
}

fn yes_or_no(raw: &str) -> Result<bool, FaultKind> {
    match raw {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(FaultKind::NotAllowed { allowed: &["yes", "no"] }),
    }
}
