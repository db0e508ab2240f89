//! Hearing at once of what changed in the database (LISTEN).

use super::{Conn, Db, establish};
use crate::error::{Error, ErrorCode, Result};
use diesel_async::SimpleAsyncConnection;
use futures_util::StreamExt;
use std::time::Duration;

/// Channel on which the database tells that the catalogue's revision grew; see `bump_catalogue_revision`.
const CATALOGUE: &str = "LISTEN sipas_catalogue";

/// Longest time to wait for the connection that listens.
const WAIT: Duration = Duration::from_secs(5);

/// Calls `heard` whenever the catalogue's revision grew, and once when listening begins, for what was said before. Goes
/// on, with a connection of its own, until the connection is lost. One that a network holds without a word is not
/// noticed: whoever listens has to look now and then all the same.
///
/// # Errors
/// [`ErrorCode::Unavailable`] when it ends.
pub async fn catalogue_listen(db: &Db, mut heard: impl FnMut()) -> Result<()> {
    let away = |cause: String| Error::new(ErrorCode::Unavailable).because(cause);
    let opened = tokio::time::timeout(WAIT, open(db.url.to_string())).await;
    let mut conn = opened.map_err(|late| away(late.to_string()))??;
    heard();
    let mut notifications = std::pin::pin!(conn.notifications_stream());
    while let Some(notification) = notifications.next().await {
        notification?;
        heard();
    }
    Err(away("the connection that listens was lost".into()))
}

async fn open(url: String) -> Result<Conn> {
    let opened = establish(url).await;
    let mut conn = opened.map_err(|error| Error::new(ErrorCode::Unavailable).because(error))?;
    conn.batch_execute(CATALOGUE).await?;
    Ok(conn)
}
