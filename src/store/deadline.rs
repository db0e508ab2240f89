//! When work has to be done, and what becomes of a statement nobody waits for any more.
//!
//! Dropping the future of a query does not end the query: the server works on, and whoever takes the connection
//! next waits for it. So a connection that is left in the midst of its work does not go back to the pool, and its
//! statement is cancelled.

use super::{Conn, WAIT};
use diesel_async::pooled_connection::deadpool::Object;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio_postgres::NoTls;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Does the work with a deadline: every use of the database in it ends by then with
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable). What it spawns is not bound by it.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(Instant::now() + limit, work).await
}

/// Time that is left; `None` without a deadline.
pub fn left() -> Option<Duration> {
    DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now())).ok()
}

/// A connection at work. Dropped before [`Busy::done`], its statement is cancelled and it is closed: the request is
/// late, or its sender has gone.
pub struct Busy(Option<Object<Conn>>);

impl Busy {
    /// Takes a connection to work.
    pub const fn new(conn: Object<Conn>) -> Self {
        Self(Some(conn))
    }

    /// The connection.
    pub fn conn(&mut self) -> Option<&mut Conn> {
        self.0.as_deref_mut()
    }

    /// Nothing is under way any more: it goes back to the pool.
    pub fn done(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let Some(conn) = self.0.take() else { return };
        let conn = Object::take(conn);
        let cancel = conn.cancel_token();
        drop(conn);
        // A server that is frozen answers this no more than it did the statement.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(WAIT, async move { cancel.cancel_query(NoTls).await }));
        }
    }
}
