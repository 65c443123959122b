//! Who calls most and who is turned away, for those who run a server.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::access_row::boundary;
use crate::clock::Clock;

/// What was decided about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It was let through.
    Allowed,
    /// It was turned away.
    Refused,
    /// It was let through, and would have been turned away but for a dry run.
    WouldRefuse,
    /// The throttle failed.
    Failed,
}

impl Decision {
    /// The decision as metrics are labelled: `allowed`, `refused`, `would_refuse` or `failed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::WouldRefuse => "would_refuse",
            Self::Failed => "failed",
        }
    }
}

/// Follows the identifiers that call most and those that are turned away most; a clone is the same
/// watch. It is given to a throttle by [`AnyThrottle::watched`](crate::AnyThrottle::watched).
///
/// It follows 256 identifiers of each kind and forgets the least for a newcomer, so that however
/// many call, whoever makes more than a small part of the calls is there, and memory stays under
/// 200 KiB. Of one that was forgotten in between, [`Watched::missed`] says how many calls at most
/// are not told.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Access, AnyThrottle, CacheThrottle, Result, Watch};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let watch = Watch::new();
/// let throttle = AnyThrottle::new(CacheThrottle::new().rate("0/m")).watched(&watch);
///
/// let _ = throttle.reserve(&Access::new("daniel")).await?;
///
/// let report = watch.report(10);
/// assert_eq!(report.total.refused, 1);
/// assert_eq!(report.refused[0].identifier, "daniel");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Watch(Arc<Inner>);

struct Inner {
    hasher: RandomState,
    clock: Clock,
    started: Duration,
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 8;
/// How many identifiers of each kind a shard follows.
const FOLLOWED: usize = 32;
/// The most bytes of an identifier that are kept.
const MOST_BYTES: usize = 255;
/// What is told of lately began at most two of these ago, in seconds, and at least one.
const PERIOD: u64 = 300;

impl Watch {
    /// Has seen nobody yet.
    pub fn new() -> Self {
        Self::by(Clock::system())
    }

    /// Tells the time by this clock.
    pub fn by(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            hasher: RandomState::new(),
            started: clock.monotonic(),
            clock,
            shards: Default::default(),
        }))
    }

    pub(crate) fn saw(&self, identifier: &str, decision: Decision) {
        let hash = self.0.hasher.hash_one(identifier);
        let now = self.0.clock.monotonic().as_secs();
        let shards = self.0.shards.len() as u64;
        let shard = usize::try_from(hash % shards).unwrap_or(0);
        if let Some(shard) = self.0.shards.get(shard) {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.saw(hash, identifier, decision, now);
        }
    }

    /// Tells what was seen: of each kind, up to `most` identifiers, those with the most first.
    pub fn report(&self, most: usize) -> Report {
        let now = self.0.clock.monotonic();
        let period = now.as_secs() / PERIOD;
        let mut report = Report {
            watched_for: now.saturating_sub(self.0.started),
            ..Report::default()
        };
        for shard in &self.0.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (tally, (total, lately)) in shard.tallies.iter().zip([
                (&mut report.total.allowed, &mut report.lately.allowed),
                (&mut report.total.refused, &mut report.lately.refused),
                (
                    &mut report.total.would_refuse,
                    &mut report.lately.would_refuse,
                ),
                (&mut report.total.failed, &mut report.lately.failed),
            ]) {
                *total += tally.total;
                *lately += tally.lately(period);
            }
            let told = |entry: &Entry| entry.told(now.as_secs(), period);
            report
                .busiest
                .extend(shard.busiest.entries.iter().map(told));
            for (hash, entry) in shard.refused.hashes.iter().zip(&shard.refused.entries) {
                let mut refused = told(entry);
                // It may have been let through before it was ever turned away.
                if let Some(known) = shard.busiest.get(*hash).map(told) {
                    refused.admitted = refused.admitted.max(known.admitted);
                    refused.admitted_lately = refused.admitted_lately.max(known.admitted_lately);
                }
                if refused.refused > 0 {
                    report.refused.push(refused);
                }
            }
        }
        let calls = |watched: &Watched| watched.admitted + watched.refused;
        report.busiest.sort_unstable_by_key(|watched| {
            (u64::MAX - calls(watched), watched.identifier.clone())
        });
        report.refused.sort_unstable_by_key(|watched| {
            (u64::MAX - watched.refused, watched.identifier.clone())
        });
        report.busiest.truncate(most);
        report.refused.truncate(most);
        report
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// What a [`Watch`] has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// For how long it watched.
    pub watched_for: Duration,
    /// The decisions of all that time.
    pub total: Decisions,
    /// The decisions of the last minutes, five at least and ten at most.
    pub lately: Decisions,
    /// Who called most.
    pub busiest: Vec<Watched>,
    /// Who was turned away most.
    pub refused: Vec<Watched>,
}

/// How many requests were decided in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decisions {
    /// Those that were let through.
    pub allowed: u64,
    /// Those that were turned away.
    pub refused: u64,
    /// Those that a dry run would have turned away.
    pub would_refuse: u64,
    /// Those of which the throttle could not decide.
    pub failed: u64,
}

/// What a [`Watch`] knows of an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Watched {
    /// Its first 255 bytes.
    pub identifier: String,
    /// How many of its requests were let through since it was followed.
    pub admitted: u64,
    /// How many were turned away, or would have been but for a dry run.
    pub refused: u64,
    /// Those of the last minutes, five at least and ten at most.
    pub admitted_lately: u64,
    /// The same of those that were turned away.
    pub refused_lately: u64,
    /// How many it may have made at most before it was followed.
    pub missed: u64,
    /// How long ago it was last seen.
    pub last_seen: Duration,
}

#[derive(Default)]
struct Shard {
    /// Of each decision, in the order in which they are declared.
    tallies: [Tally; 4],
    busiest: Sketch,
    refused: Sketch,
}

impl Shard {
    fn saw(&mut self, hash: u64, identifier: &str, decision: Decision, now: u64) {
        let period = now / PERIOD;
        let [allowed, refused, would_refuse, failed] = &mut self.tallies;
        let (tally, is_refused) = match decision {
            Decision::Allowed => (allowed, false),
            Decision::Refused => (refused, true),
            Decision::WouldRefuse => (would_refuse, true),
            Decision::Failed => return failed.add(period),
        };
        tally.add(period);
        let entry = self.busiest.follow(hash, identifier, Entry::calls);
        entry.saw(is_refused, now, period);
        let entry = if is_refused {
            Some(self.refused.follow(hash, identifier, Entry::refusals))
        } else {
            self.refused.find(hash)
        };
        if let Some(entry) = entry {
            entry.saw(is_refused, now, period);
        }
    }
}

/// Those who have the most of something, found as "space-saving" does: a newcomer takes the place
/// of the one with the least and inherits its number as what may have been missed.
#[derive(Default)]
struct Sketch {
    hashes: Vec<u64>,
    entries: Vec<Entry>,
}

impl Sketch {
    fn place(&self, hash: u64) -> Option<usize> {
        self.hashes.iter().position(|other| *other == hash)
    }

    fn get(&self, hash: u64) -> Option<&Entry> {
        self.entries.get(self.place(hash)?)
    }

    fn find(&mut self, hash: u64) -> Option<&mut Entry> {
        let place = self.place(hash)?;
        self.entries.get_mut(place)
    }

    fn follow(&mut self, hash: u64, identifier: &str, weight: fn(&Entry) -> u64) -> &mut Entry {
        let place = self.place(hash).unwrap_or_else(|| {
            let (place, missed) = if self.entries.len() < FOLLOWED {
                self.hashes.push(hash);
                self.entries.push(Entry::default());
                (self.entries.len() - 1, 0)
            } else {
                let least = |place: &usize| weight(&self.entries[*place]);
                let place = (0..FOLLOWED).min_by_key(least).unwrap_or(0);
                (place, weight(&self.entries[place]))
            };
            self.hashes[place] = hash;
            self.entries[place].name(identifier, missed);
            place
        });
        &mut self.entries[place]
    }
}

#[derive(Default)]
struct Entry {
    identifier: String,
    admitted: Tally,
    refused: Tally,
    missed: u64,
    /// In seconds of the clock.
    last_seen: u64,
}

impl Entry {
    /// Begins anew for another identifier; the memory of the name is used again.
    fn name(&mut self, identifier: &str, missed: u64) {
        let mut name = std::mem::take(&mut self.identifier);
        name.clear();
        let end = boundary(identifier, MOST_BYTES);
        name.push_str(identifier.get(..end).unwrap_or_default());
        *self = Self {
            identifier: name,
            missed,
            ..Self::default()
        };
    }

    fn saw(&mut self, is_refused: bool, now: u64, period: u64) {
        self.last_seen = now;
        if is_refused {
            self.refused.add(period);
        } else {
            self.admitted.add(period);
        }
    }

    fn calls(&self) -> u64 {
        self.admitted.total + self.refused.total + self.missed
    }

    fn refusals(&self) -> u64 {
        self.refused.total + self.missed
    }

    fn told(&self, now: u64, period: u64) -> Watched {
        Watched {
            identifier: self.identifier.clone(),
            admitted: self.admitted.total,
            refused: self.refused.total,
            admitted_lately: self.admitted.lately(period),
            refused_lately: self.refused.lately(period),
            missed: self.missed,
            last_seen: Duration::from_secs(now.saturating_sub(self.last_seen)),
        }
    }
}

/// A number in all, and of the last periods.
#[derive(Default)]
struct Tally {
    total: u64,
    period: u64,
    this: u64,
    before: u64,
}

impl Tally {
    fn add(&mut self, period: u64) {
        if period != self.period {
            self.before = if period == self.period + 1 {
                self.this
            } else {
                0
            };
            self.this = 0;
            self.period = period;
        }
        self.total += 1;
        self.this += 1;
    }

    fn lately(&self, period: u64) -> u64 {
        match period.saturating_sub(self.period) {
            0 => self.this + self.before,
            1 => self.this,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, AnyThrottle, CacheThrottle, Result, Throttle};

    fn names(watched: &[Watched]) -> Vec<&str> {
        watched
            .iter()
            .map(|watched| watched.identifier.as_str())
            .collect()
    }

    #[test]
    fn who_calls_most_stays_in_sight_while_a_flood_passes_by() {
        let watch = Watch::by(Clock::manual());
        for call in 0..100_000 {
            watch.saw(&format!("stranger {call}"), Decision::Allowed);
            if call % 100 == 0 {
                watch.saw("robot", Decision::Allowed);
                watch.saw("robot", Decision::Refused);
                watch.saw("refused", Decision::Refused);
            }
        }

        let report = watch.report(3);

        assert_eq!(report.busiest[0].identifier, "robot");
        let robot = &report.busiest[0];
        assert!((1_000..=2_000).contains(&(robot.admitted + robot.refused)));
        assert!(robot.admitted + robot.refused + robot.missed >= 2_000);
        assert_eq!(names(&report.refused), ["refused", "robot"]);
        assert_eq!(report.refused[0].refused, 1_000);
        assert_eq!(report.total.allowed, 101_000);
        assert_eq!(report.total.refused, 2_000);
        let followed = watch.report(usize::MAX).busiest.len();
        assert_eq!(followed, SHARDS * FOLLOWED);
    }

    #[test]
    fn what_was_lately_is_told_apart_from_what_was_ever() {
        let clock = Clock::manual();
        let watch = Watch::by(clock.clone());
        let told = || {
            let report = watch.report(1);
            let ada = &report.busiest[0];
            (
                ada.admitted,
                ada.admitted_lately,
                ada.last_seen.as_secs(),
                report.lately.allowed,
            )
        };

        watch.saw("ada", Decision::Allowed);
        assert_eq!(told(), (1, 1, 0, 1));
        clock.advance_secs(300);
        watch.saw("ada", Decision::Allowed);
        assert_eq!(told(), (2, 2, 0, 2));
        clock.advance_secs(310);
        assert_eq!(told(), (2, 1, 310, 1));
        clock.advance_secs(300);
        assert_eq!(told(), (2, 0, 610, 0));
    }

    #[test]
    fn an_identifier_of_any_length_takes_255_bytes() {
        let watch = Watch::by(Clock::manual());
        let long = "é".repeat(1 << 16);

        watch.saw(&long, Decision::Refused);

        assert_eq!(watch.report(1).refused[0].identifier, "é".repeat(127));
    }

    #[tokio::test]
    async fn a_dry_run_is_seen_as_what_it_would_refuse() -> Result<()> {
        let watch = Watch::by(Clock::manual());
        let closed = || CacheThrottle::new().throttle_at(0);
        let trial = closed().dry_run().watched(&watch);
        let part = CacheThrottle::new().and(closed().dry_run()).watched(&watch);
        let real = AnyThrottle::new(closed()).watched(&watch);

        for throttle in [trial, part, real] {
            let _ = throttle.reserve(&Access::new("ada")).await?;
        }

        let report = watch.report(1);
        assert_eq!(
            (
                report.total.allowed,
                report.total.would_refuse,
                report.total.refused
            ),
            (0, 2, 1)
        );
        assert_eq!(report.refused[0].refused, 3);
        Ok(())
    }
}
