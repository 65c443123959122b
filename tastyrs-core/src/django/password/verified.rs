//! Passwords that were found right lately.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How long a password that was found right is remembered.
pub(super) const REMEMBERED: Duration = Duration::from_secs(60);

/// What stands for a password and the stored one that it matches; it tells neither.
pub(super) type Mark = [u8; 32];

/// Passwords that were found right lately.
///
/// Kept by a hash whose key only this process knows. The stored password goes in, so a password that was
/// changed, or a user who was taken away, is forgotten at once.
pub(super) struct Verified {
    key: [u8; 64],
    /// When each was found right.
    since: Mutex<HashMap<Mark, Instant>>,
    limit: usize,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Verified {
    pub(super) fn new(limit: usize) -> Self {
        let mut key = [0; 64];
        // A key that others may guess is none: nothing is remembered then.
        let limit = if getrandom::fill(&mut key).is_ok() {
            limit
        } else {
            0
        };
        Self {
            key,
            since: Mutex::default(),
            limit,
        }
    }

    pub(super) fn mark(&self, password: &str, stored: &str) -> Mark {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(&stored.len().to_le_bytes());
        mac.update(stored.as_bytes());
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub(super) fn holds(&self, mark: &Mark, now: Instant) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get(mark).is_some_and(|since| fresh(*since, now))
    }

    pub(super) fn keep(&self, mark: Mark, now: Instant) {
        if self.limit == 0 {
            return;
        }
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.retain(|_, since| fresh(*since, now));
        if since.len() >= self.limit && !since.contains_key(&mark) {
            let oldest = since
                .iter()
                .min_by_key(|(_, since)| **since)
                .map(|(mark, _)| *mark);
            oldest.map(|oldest| since.remove(&oldest));
        }
        since.insert(mark, now);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.since.lock().unwrap().len()
    }
}

fn fresh(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = "pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=";

    #[test]
    fn the_oldest_is_forgotten_where_there_are_too_many() {
        let verified = Verified::new(2);
        let now = Instant::now();
        let marks = ["a", "b", "c"].map(|password| verified.mark(password, STORED));

        for (mark, second) in marks.iter().zip(0..) {
            verified.keep(*mark, now + Duration::from_secs(second));
        }

        let held = marks.map(|mark| verified.holds(&mark, now + Duration::from_secs(3)));
        assert_eq!(held, [false, true, true]);
        assert_eq!(verified.len(), 2);
    }

    #[test]
    fn what_is_too_old_is_thrown_away() {
        let verified = Verified::new(8);
        let now = Instant::now();
        verified.keep(verified.mark("a", STORED), now);

        verified.keep(verified.mark("b", STORED), now + REMEMBERED);

        assert_eq!(verified.len(), 1);
    }

    #[test]
    fn no_part_of_one_is_taken_for_a_part_of_the_other() {
        let verified = Verified::new(8);

        assert_ne!(verified.mark("bc", "a"), verified.mark("c", "ab"));
    }
}
