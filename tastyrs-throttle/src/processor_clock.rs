//! The system's monotonic clock, by the processor's counter between two looks at it.
//!
//! A look costs 25 nanoseconds, most of them a counter that is read with a barrier; the counter
//! alone costs 10. So a thread looks once in a millisecond, and counts on from there. The counter
//! is believed where Linux goes by it itself, and for as long as both agree.
//!
//! Here is all that is `unsafe` in the project: the instruction that reads the counter, which the
//! standard library wraps so. See [`counter`].

use std::arch::x86_64::_rdtsc;
use std::cell::Cell;
use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::settings::nanos;

/// Counts nanoseconds since it was made.
#[derive(Debug)]
pub(crate) struct ProcessorClock {
    epoch: Instant,
    /// What both showed when it was made, from where the pace is measured.
    first: Look,
    /// Nanoseconds in 2^32 steps of the counter.
    pace: AtomicU64,
}

/// What a thread saw when it looked at the clock.
#[derive(Clone, Copy, Debug)]
struct Look {
    counter: u64,
    nanos: u64,
}

/// So long ago that it is not believed.
const NONE: Look = Look {
    counter: 0,
    nanos: 0,
};

thread_local! {
    static LAST: Cell<Look> = const { Cell::new(NONE) };
}

/// A pace that is not measured yet: with it every step is too long to be believed.
const UNKNOWN: u64 = u64::MAX;
/// The pace of a counter that went otherwise than the clock: no step of it is believed again.
const GIVEN_UP: u64 = UNKNOWN - 1;
/// After how many nanoseconds the pace is taken, so that what a look is off makes no more of it than a
/// ten-thousandth.
const MEASURED: u64 = 10_000_000;
/// For how long a look is believed, in nanoseconds. A counter that is wrong by a thousandth is
/// wrong by a microsecond after it, the finest tick.
const BELIEVED: u64 = 1_000_000;
/// How far apart the counter is read before the clock and after it, at most, in nanoseconds.
const NEAR: u64 = 1_000;

/// The processor's counter.
#[expect(
    unsafe_code,
    reason = "the standard library has no other name for the instruction"
)]
#[inline]
fn counter() -> u64 {
    // SAFETY: RDTSC takes nothing, touches no memory and writes the registers that it is said to write
    // (Intel SDM, volume 2B). Each processor of this architecture has it. Linux can forbid it to a
    // process (`PR_SET_TSC`), which then ends with a signal and not with a wrong value.
    unsafe { _rdtsc() }
}

impl ProcessorClock {
    /// The counter of this machine, where Linux itself goes by it.
    pub(crate) fn of_this_machine() -> Option<&'static Self> {
        static CLOCK: OnceLock<Option<ProcessorClock>> = OnceLock::new();
        CLOCK.get_or_init(Self::new).as_ref()
    }

    fn new() -> Option<Self> {
        let name = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        if fs::read_to_string(name).ok()?.trim() != "tsc" {
            return None;
        }
        let epoch = Instant::now();
        // Of a few looks the one that was held up least.
        let looks = (0..4).map(|_| looked_at(epoch));
        let (first, _) = looks.min_by_key(|(_, between)| *between)?;
        Some(Self {
            epoch,
            first,
            pace: AtomicU64::new(UNKNOWN),
        })
    }

    /// What it showed at an instant.
    pub(crate) fn at(&self, instant: Instant) -> u64 {
        nanos(instant.saturating_duration_since(self.epoch))
    }

    #[inline]
    pub(crate) fn nanos(&self) -> u64 {
        let last = LAST.get();
        let steps = counter().wrapping_sub(last.counter);
        let counted = in_nanos(steps, self.pace.load(Ordering::Relaxed));
        if counted < BELIEVED {
            last.nanos + counted
        } else {
            self.look()
        }
    }

    #[cold]
    fn look(&self) -> u64 {
        let (look, between) = looked_at(self.epoch);
        let pace = self.measured(look);
        if pace < GIVEN_UP && in_nanos(between, pace) < NEAR {
            let last = LAST.replace(look);
            if last.counter > 0 && !agree(last, look, pace) {
                self.pace.store(GIVEN_UP, Ordering::Relaxed);
            }
        }
        look.nanos
    }

    /// The pace, which is taken once there was time enough to measure it.
    fn measured(&self, look: Look) -> u64 {
        let pace = self.pace.load(Ordering::Relaxed);
        let passed = look.nanos.saturating_sub(self.first.nanos);
        if pace != UNKNOWN || passed < MEASURED {
            return pace;
        }
        let steps = look.counter.wrapping_sub(self.first.counter).max(1);
        let pace = (u128::from(passed) << 32) / u128::from(steps);
        let pace = u64::try_from(pace).unwrap_or(UNKNOWN);
        // Who was held up meanwhile measures a pace that is wrong by that, and is found out at the next look.
        let first = self
            .pace
            .compare_exchange(UNKNOWN, pace, Ordering::Relaxed, Ordering::Relaxed);
        first.map_or_else(|other| other, |_| pace)
    }
}

/// What counter and clock show, and how many steps were between the counter before it and behind it.
fn looked_at(epoch: Instant) -> (Look, u64) {
    let before = counter();
    let now = Instant::now();
    let between = counter().wrapping_sub(before);
    let look = Look {
        counter: before.wrapping_add(between / 2),
        nanos: nanos(now.saturating_duration_since(epoch)),
    };
    (look, between)
}

/// So many steps in nanoseconds; where they are too many, some that are never believed.
#[inline]
fn in_nanos(steps: u64, pace: u64) -> u64 {
    steps.saturating_mul(pace) >> 32
}

/// Says whether the counter went as the clock did, within a thousandth.
fn agree(last: Look, look: Look, pace: u64) -> bool {
    let counted = u128::from(look.counter.wrapping_sub(last.counter)) * u128::from(pace);
    let passed = look.nanos.saturating_sub(last.nanos);
    (counted >> 32).abs_diff(passed.into()) <= u128::from(passed / 1_000 + NEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half a nanosecond a step.
    const PACE: u64 = 1 << 31;

    fn look(counter: u64, nanos: u64) -> Look {
        Look { counter, nanos }
    }

    fn clock(first: Look) -> ProcessorClock {
        ProcessorClock {
            epoch: Instant::now(),
            first,
            pace: AtomicU64::new(UNKNOWN),
        }
    }

    #[test]
    fn nothing_is_counted_before_the_pace_is_measured() {
        let clock = clock(look(1_000, 0));

        assert_eq!(
            clock.measured(look(1_000 + 2 * 9_999_999, 9_999_999)),
            UNKNOWN
        );
        assert!(in_nanos(1, UNKNOWN) >= BELIEVED);
        assert_eq!(clock.measured(look(1_000 + 2 * MEASURED, MEASURED)), PACE);
        // It stays what it is.
        assert_eq!(clock.measured(look(1_000, 3 * MEASURED)), PACE);
    }

    #[test]
    fn a_counter_that_was_given_up_is_not_measured_again() {
        let clock = clock(look(1_000, 0));
        clock.pace.store(GIVEN_UP, Ordering::Relaxed);

        assert_eq!(
            clock.measured(look(1_000 + 2 * MEASURED, MEASURED)),
            GIVEN_UP
        );
        assert!(in_nanos(1, GIVEN_UP) >= BELIEVED);
    }

    #[test]
    fn a_counter_that_stood_still_is_never_believed() {
        let clock = clock(look(1_000, 0));
        let pace = clock.measured(look(1_000, MEASURED));

        assert!(in_nanos(1, pace) >= BELIEVED);
    }

    #[test]
    fn a_counter_that_goes_otherwise_than_the_clock_is_found_out() {
        let last = look(5_000, 1_000_000);

        assert!(agree(last, look(5_000 + 2_000_000, 2_000_000), PACE));
        assert!(agree(last, look(5_000 + 2_003_000, 2_000_000), PACE));
        for steps in [1_990_000, 2_010_000, 0, 20_000_000] {
            assert!(
                !agree(last, look(5_000 + steps, 2_000_000), PACE),
                "{steps}"
            );
        }
        // It was set back.
        assert!(!agree(last, look(4_000, 2_000_000), PACE));
    }
}
