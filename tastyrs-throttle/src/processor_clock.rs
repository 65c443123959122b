//! The system's monotonic clock, by the processor's counter between two looks at it.
//!
//! A look costs 25 nanoseconds, most of them a counter that is read with a barrier; the counter
//! alone costs 10. So a thread looks once in a millisecond, and counts on from there. The counter
//! is believed where Linux goes by it itself, and for as long as both agree.

use std::cell::Cell;
use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::settings::nanos;

/// Counts nanoseconds since it was made.
#[derive(Debug)]
pub(crate) struct ProcessorClock {
    counter: quanta::Clock,
    /// Nanoseconds in 2^32 steps of the counter.
    pace: u64,
    epoch: Instant,
    is_believed: AtomicBool,
}

/// What a thread saw when it looked at the clock.
#[derive(Clone, Copy)]
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

/// For how long a look is believed, in nanoseconds. A counter that is wrong by a thousandth is
/// wrong by a microsecond after it, the finest tick.
const BELIEVED: u64 = 1_000_000;
/// How far apart the counter is read before the clock and after it, at most, in nanoseconds.
const NEAR: u64 = 1_000;

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
        // Measures the pace, in a millisecond, or up to 200 on a busy machine.
        let counter = quanta::Clock::new();
        let pace = counter.delta_as_nanos(0, 1 << 32);
        Some(Self {
            counter,
            pace,
            epoch: Instant::now(),
            is_believed: AtomicBool::new(true),
        })
    }

    /// What it showed at an instant.
    pub(crate) fn at(&self, instant: Instant) -> u64 {
        nanos(instant.saturating_duration_since(self.epoch))
    }

    #[inline]
    pub(crate) fn nanos(&self) -> u64 {
        let last = LAST.get();
        let counted = self.nanos_of(self.counter.raw().wrapping_sub(last.counter));
        if counted < BELIEVED {
            last.nanos + counted
        } else {
            self.look()
        }
    }

    /// So many steps in nanoseconds; where they are too many, some that are never believed.
    #[inline]
    fn nanos_of(&self, steps: u64) -> u64 {
        steps.saturating_mul(self.pace) >> 32
    }

    #[cold]
    fn look(&self) -> u64 {
        let before = self.counter.raw();
        let nanos = self.at(Instant::now());
        let between = self.counter.raw().wrapping_sub(before);
        if self.is_believed.load(Ordering::Relaxed) && self.nanos_of(between) < NEAR {
            let look = Look {
                counter: before + between / 2,
                nanos,
            };
            let last = LAST.replace(look);
            if last.counter > 0 && !self.agree(last, look) {
                self.is_believed.store(false, Ordering::Relaxed);
                LAST.set(NONE);
            }
        }
        nanos
    }

    /// Says whether the counter went as the clock did, within a thousandth.
    fn agree(&self, last: Look, look: Look) -> bool {
        let counted = u128::from(look.counter.wrapping_sub(last.counter)) * u128::from(self.pace);
        let passed = look.nanos - last.nanos;
        (counted >> 32).abs_diff(passed.into()) <= u128::from(passed / 1_000 + NEAR)
    }
}
