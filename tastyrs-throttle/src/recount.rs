//! Counting on from the rows of an access log.

use std::time::Duration;

use crate::access_log::{AccessLog, Recorded};
use crate::access_row::key_in;
use crate::counter::{Counter, Joined};
use crate::errors::Result;
use crate::identifier::Key;
use crate::store::now;

const SECOND: u64 = 1_000_000_000;

/// Counts the rows that are younger than the window, those of each address once.
///
/// Rows come one by one and oldest first, as their requests came, so that a store with more
/// callers than it holds ends up with those that it would hold.
pub(crate) fn count_rows(
    counter: &Counter,
    addresses: &[String],
    log: &dyn AccessLog,
) -> Result<()> {
    let Joined { limits, clock } = counter.joined()?;
    let store = counter.store();
    let longest = store.longest();
    log.must_keep(Duration::from_nanos(longest));
    let (fresh, before) = store.uncounted(addresses);
    if fresh.is_empty() {
        return Ok(());
    }
    let (now, now_secs) = (now(clock), clock.wall_secs());
    let window_secs = i64::try_from(longest.div_ceil(SECOND)).unwrap_or(i64::MAX);
    let mut count = |row: Recorded<'_>| {
        if before.iter().any(|address| row.is_at(address)) {
            return;
        }
        // The end of the row's second, unless that is still to come.
        let age_secs = now_secs.saturating_sub(row.accessed_secs).saturating_sub(1);
        let age = u64::try_from(age_secs).unwrap_or(0).saturating_mul(SECOND);
        let at = now.saturating_sub(age);
        if at.saturating_add(longest) <= now {
            return;
        }
        let terms = limits.terms();
        store.record(Key::of(row.identifier), at, now, &terms, 1);
        // Whose identifier could not be written as it is; nobody else's has this form but on purpose.
        if let Some(key) = key_in(row.identifier) {
            store.record(key, at, now, &terms, 1);
        }
    };
    log.recent(now_secs.saturating_sub(window_secs), &fresh, &mut count)
        .inspect_err(|_| store.recount(&fresh))
}
