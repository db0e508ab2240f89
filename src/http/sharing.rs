//! One answer for all who ask the same at the same time: a ranking of thousands is worked out once for everybody who
//! waits for it. Nothing is kept longer than somebody waits.
//!
//! Whoever gets an answer asked before the work on it began, so the answer knows everything that was stored before
//! the question: sharing makes no answer older.
//!
//! That the database is away is shared too, with all who waited meanwhile: tried again by one after the other, each for
//! its twenty seconds, the last of them would be told minutes later.

use crate::error::{Error, ErrorCode, Result};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// How long somebody waits for a turn; as long as a question may take the database.
const PATIENCE: Duration = Duration::from_secs(20);

/// Questions under way.
#[derive(Debug)]
pub struct Sharing<K, T> {
    lines: Mutex<HashMap<K, Weak<Line<T>>>>,
}

/// Those who ask the same, in the order they came. One of them works.
#[derive(Debug)]
struct Line<T> {
    turn: tokio::sync::Mutex<()>,
    works: Mutex<Works<T>>,
}

#[derive(Debug)]
struct Works<T> {
    /// How many were begun.
    begun: u64,
    /// The number of the last that was finished, and what came of it.
    last: Option<(u64, T)>,
    /// How many ended because the database was away.
    failures: u64,
}

impl<K, T> Default for Sharing<K, T> {
    fn default() -> Self {
        Self { lines: Mutex::default() }
    }
}

impl<K: Hash + Eq + Clone, T: Clone> Sharing<K, T> {
    /// Works it out, or takes what somebody else has begun to work out after this was called.
    ///
    /// # Errors
    /// Those of the work; [`ErrorCode::Unavailable`] also of somebody else's during which this waited, or if its turn
    /// does not come in time. Others are not shared: the next in the line tries again.
    pub async fn share(&self, key: K, work: impl AsyncFnOnce() -> Result<T>) -> Result<T> {
        let line = self.line(key);
        let away = |why: &str| Error::new(ErrorCode::Unavailable).because(why);
        // What is under way now may have missed what was stored a moment ago; the next will not.
        let (wanted, failures) = {
            let works = line.works();
            (works.begun + 1, works.failures)
        };
        let turn = tokio::time::timeout(PATIENCE, line.turn.lock()).await;
        let _turn = turn.map_err(|_| away("those who asked the same before are not done"))?;
        let number = {
            let mut works = line.works();
            match &works.last {
                Some((number, found)) if *number >= wanted => return Ok(found.clone()),
                _ if works.failures > failures => {
                    return Err(away("it was away for somebody who asked the same just before"));
                }
                _ => works.begun += 1,
            }
            works.begun
        };
        let found = work().await;
        let mut works = line.works();
        match &found {
            Ok(found) => works.last = Some((number, found.clone())),
            Err(error) if error.code == ErrorCode::Unavailable => works.failures += 1,
            Err(_) => {}
        }
        found
    }

    fn line(&self, key: K) -> Arc<Line<T>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(&key).and_then(Weak::upgrade) {
            return line;
        }
        lines.retain(|_, line| line.strong_count() > 0);
        let works = Mutex::new(Works { begun: 0, last: None, failures: 0 });
        let line = Arc::new(Line { turn: tokio::sync::Mutex::new(()), works });
        lines.insert(key, Arc::downgrade(&line));
        line
    }
}

impl<T> Line<T> {
    fn works(&self) -> std::sync::MutexGuard<'_, Works<T>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn those_who_wait_share_what_began_after_they_came() {
        let (sharing, works) = (Sharing::<&str, u32>::default(), AtomicU32::new(0));
        let ask = async |after: u64| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            let work = async || {
                let number = works.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(400)).await;
                Ok(number)
            };
            sharing.share("same", work).await.unwrap()
        };
        // The second and third come while the first is under way, the fourth while theirs is.
        let found = tokio::join!(ask(0), ask(100), ask(200), ask(600));
        assert_eq!(found, (0, 1, 1, 2));
        assert_eq!(ask(0).await, 3, "nothing is kept");
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_work_to_the_next() {
        let sharing = Sharing::<&str, u32>::default();
        let slow = async || {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(1)
        };
        let gone = tokio::time::timeout(Duration::from_millis(50), sharing.share("same", slow));
        let next = sharing.share("same", async || Ok(2));
        let (gone, next) = tokio::join!(gone, next);
        assert!(gone.is_err());
        assert_eq!(next.unwrap(), 2);
    }

    #[tokio::test]
    async fn that_the_database_is_away_is_told_to_all_who_waited_meanwhile_and_nothing_else_is() {
        let (sharing, works) = (Sharing::<&str, u32>::default(), AtomicU32::new(0));
        let ask = async |code: ErrorCode, after: u64| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            let work = async || {
                works.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(300)).await;
                Err::<u32, _>(Error::new(code))
            };
            sharing.share("same", work).await.unwrap_err().code
        };
        let away = ErrorCode::Unavailable;
        let told = tokio::join!(ask(away, 0), ask(away, 100), ask(away, 200));
        assert_eq!((told, works.swap(0, Ordering::Relaxed)), ((away, away, away), 1));
        let told = ask(away, 0).await;
        assert_eq!((told, works.swap(0, Ordering::Relaxed)), (away, 1), "who comes afterwards tries");
        let other = ErrorCode::Internal;
        let told = tokio::join!(ask(other, 0), ask(other, 100));
        assert_eq!((told, works.load(Ordering::Relaxed)), ((other, other), 2));
    }
}
