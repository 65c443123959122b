//! The time, read in one place so that tests can move it by hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use crate::processor_clock::ProcessorClock;
use crate::settings::nanos;

/// Tells the time to throttles.
///
/// It has two hands. The monotonic one never steps back and alone decides who is let through;
/// the wall clock is read for rows and headers only, so an administrator or a time server that
/// sets it changes no verdict. A clone shows the same time as its original.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_throttle::Clock;
///
/// let clock = Clock::manual();
/// clock.advance_secs(10);
/// clock.step_wall(-3600);
///
/// assert_eq!(clock.monotonic(), Duration::from_secs(10));
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System {
        started: Instant,
        /// Tells the same time for less, and what it showed at the start.
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        processor: Option<(&'static ProcessorClock, u64)>,
    },
    Manual(Arc<Mutex<Hands>>),
}

#[derive(Debug)]
struct Hands {
    monotonic: Duration,
    wall: SystemTime,
}

/// What the wall clock of [`Clock::manual`] shows first: 2024-01-01T00:00:00Z.
const MANUAL_START: Duration = Duration::from_secs(1_704_067_200);

impl Clock {
    /// Reads the machine's clocks.
    pub fn system() -> Self {
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        let processor = ProcessorClock::of_this_machine();
        let started = Instant::now();
        Self(Source::System {
            started,
            #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
            processor: processor.map(|processor| (processor, processor.at(started))),
        })
    }

    /// Stands still until it is moved; it begins on 2024-01-01T00:00:00Z.
    pub fn manual() -> Self {
        let hands = Hands {
            monotonic: Duration::ZERO,
            wall: UNIX_EPOCH + MANUAL_START,
        };
        Self(Source::Manual(Arc::new(Mutex::new(hands))))
    }

    /// Says how long ago the clock was made.
    #[inline]
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::System { started, .. } => started.elapsed(),
            Source::Manual(hands) => lock(hands).monotonic,
        }
    }

    /// The monotonic hand in nanoseconds, which ends after 584 years; on the system's clock it may
    /// be some ten of them off.
    #[inline]
    pub(crate) fn nanos(&self) -> u64 {
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        if let Source::System {
            processor: Some((processor, started)),
            ..
        } = &self.0
        {
            return processor.nanos().saturating_sub(*started);
        }
        self.looked_at()
    }

    /// Apart, so that what most machines need is a straight line.
    #[inline(never)]
    fn looked_at(&self) -> u64 {
        nanos(self.monotonic())
    }

    /// Says what the wall clock shows.
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the Clock that others read"
            )]
            Source::System { .. } => SystemTime::now(),
            Source::Manual(hands) => lock(hands).wall,
        }
    }

    /// Says what the wall clock shows, in whole seconds since 1970, rounded down.
    pub fn wall_secs(&self) -> i64 {
        match self.wall().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => {
                let before = before.duration();
                let secs = before.as_secs() + u64::from(before.subsec_nanos() > 0);
                i64::try_from(secs).map_or(i64::MIN, |secs| -secs)
            }
        }
    }

    /// Moves both hands of a manual clock forward; the system's clock is not moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(hands) = &self.0 {
            let mut hands = lock(hands);
            hands.monotonic = hands.monotonic.saturating_add(by);
            hands.wall = hands.wall.checked_add(by).unwrap_or(hands.wall);
        }
    }

    /// Moves both hands of a manual clock forward by whole seconds.
    pub fn advance_secs(&self, secs: u64) {
        self.advance(Duration::from_secs(secs));
    }

    /// Sets the wall clock of a manual clock forward, or back where `secs` is negative, as an
    /// administrator or a time server would; the monotonic hand stays where it is.
    pub fn step_wall(&self, secs: i64) {
        if let Source::Manual(hands) = &self.0 {
            let mut hands = lock(hands);
            let by = Duration::from_secs(secs.unsigned_abs());
            let wall = if secs < 0 {
                hands.wall.checked_sub(by)
            } else {
                hands.wall.checked_add(by)
            };
            hands.wall = wall.unwrap_or(hands.wall);
        }
    }

    /// Says whether both read the same monotonic hand, so that their times can be compared.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (
                Source::System { started, .. },
                Source::System {
                    started: others, ..
                },
            ) => started == others,
            (Source::Manual(hands), Source::Manual(others)) => Arc::ptr_eq(hands, others),
            _ => false,
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

fn lock(hands: &Mutex<Hands>) -> MutexGuard<'_, Hands> {
    hands.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_before_1970_are_rounded_down() {
        let clock = Clock::manual();
        clock.step_wall(-1_704_067_201);
        clock.advance(Duration::from_millis(500));

        let secs = clock.wall_secs();

        assert_eq!(secs, -1);
    }

    #[test]
    fn what_stores_count_by_goes_with_the_systems_clock() {
        let clock = Clock::system();
        // More than a few looks at the system's clock, and what is counted between them.
        while clock.monotonic() < Duration::from_millis(20) {
            let earlier = nanos(clock.monotonic());
            let counted = clock.nanos();
            let later = nanos(clock.monotonic());

            assert!(
                (earlier.saturating_sub(10_000)..later + 10_000).contains(&counted),
                "{counted} is not between {earlier} and {later}"
            );
        }
    }

    #[test]
    fn the_systems_clock_never_steps_back() {
        let clock = Clock::system();

        let (earlier, later) = (clock.monotonic(), clock.monotonic());

        assert!(earlier <= later);
        assert!(clock.wall_secs() > 1_704_067_200);
    }
}
