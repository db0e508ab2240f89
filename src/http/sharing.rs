//! One answer for all who ask the same at the same time: a ranking of thousands is worked out once for everybody who
//! waits for it. Nothing is kept longer than somebody waits.
//!
//! Whoever gets an answer asked before the work on it began, so the answer knows everything that was stored before
//! the question: sharing makes no answer older.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

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
    /// Those of the work, which are not shared: the next in the line tries again.
    pub async fn share<E>(&self, key: K, work: impl AsyncFnOnce() -> Result<T, E>) -> Result<T, E> {
        let line = self.line(key);
        // What is under way now may have missed what was stored a moment ago; the next will not.
        let wanted = line.works().begun + 1;
        let _turn = line.turn.lock().await;
        let number = {
            let mut works = line.works();
            match &works.last {
                Some((number, found)) if *number >= wanted => return Ok(found.clone()),
                _ => works.begun += 1,
            }
            works.begun
        };
        let found = work().await?;
        line.works().last = Some((number, found.clone()));
        Ok(found)
    }

    fn line(&self, key: K) -> Arc<Line<T>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(&key).and_then(Weak::upgrade) {
            return line;
        }
        lines.retain(|_, line| line.strong_count() > 0);
        let works = Mutex::new(Works { begun: 0, last: None });
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
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[tokio::test]
    async fn those_who_wait_share_what_began_after_they_came() {
        let (sharing, works) = (Sharing::<&str, u32>::default(), AtomicU32::new(0));
        let ask = async |after: u64| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            let work = async || {
                let number = works.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(400)).await;
                Ok::<_, Infallible>(number)
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
            Ok::<_, Infallible>(1)
        };
        let gone = tokio::time::timeout(Duration::from_millis(50), sharing.share("same", slow));
        let next = sharing.share("same", async || Ok::<_, Infallible>(2));
        let (gone, next) = tokio::join!(gone, next);
        assert!(gone.is_err());
        assert_eq!(next, Ok(2));
        let failed = sharing.share("same", async || Err::<u32, _>("no")).await;
        assert_eq!(failed, Err("no"));
    }
}
