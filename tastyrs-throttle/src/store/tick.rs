//! The grain of time in which windows count.

/// The ticks in the longest window that a store knows, at most.
pub(super) const SPAN: u64 = 1 << 30;

/// The length of a tick: a power of ten from a microsecond to a second. It divides the second, so
/// whole seconds stay exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tick(u8);

const NANOS: [u64; 8] = [
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    1_000_000_000,
];

impl Tick {
    /// The finest tick with which the longest window has at most 2^30: 1 µs up to 17 minutes,
    /// 10 µs for an hour, 100 µs for a day.
    pub(super) fn for_window(longest: u64) -> Self {
        (0..6)
            .map(Self)
            .find(|tick| longest / tick.nanos() <= SPAN)
            .unwrap_or(Self(6))
    }

    #[inline]
    pub(super) fn index(self) -> u8 {
        self.0
    }

    #[inline]
    pub(super) fn of_index(index: u8) -> Self {
        Self(index)
    }

    #[inline]
    pub(super) fn nanos(self) -> u64 {
        NANOS[usize::from(self.0 & 7)]
    }

    /// A time in ticks, rounded up.
    #[inline]
    pub(super) fn ceil(self, at: u64) -> u64 {
        // Constants, so that none of them divides.
        match self.0 {
            0 => at.div_ceil(1_000),
            1 => at.div_ceil(10_000),
            2 => at.div_ceil(100_000),
            3 => at.div_ceil(1_000_000),
            4 => at.div_ceil(10_000_000),
            5 => at.div_ceil(100_000_000),
            _ => at.div_ceil(1_000_000_000),
        }
    }
}

/// The time from which the slots of a window count, and their tick, in 32 bits: the time in units
/// of 2^25 ticks, and three bits for the tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base(u32);

const UNIT: u32 = 25;
const TICK_BITS: u32 = 3;

impl Base {
    /// The nearest base at or before a time. Times end at 2^63 nanoseconds, which are 2^29 units.
    pub(super) fn floor(ticks: u64, tick: Tick) -> Self {
        let units = u32::try_from(ticks >> UNIT).unwrap_or(u32::MAX >> TICK_BITS);
        Self(units << TICK_BITS | u32::from(tick.0))
    }

    #[inline]
    pub(super) fn ticks(self) -> u64 {
        u64::from(self.0 >> TICK_BITS) << UNIT
    }

    #[inline]
    pub(super) fn tick(self) -> Tick {
        Tick((self.0 & 7).to_le_bytes()[0])
    }

    /// The time that is so many ticks later, in nanoseconds.
    #[inline]
    pub(super) fn plus(self, offset: u32) -> u64 {
        (self.ticks() + u64::from(offset)) * self.tick().nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_window_has_at_most_two_to_the_thirty_ticks() {
        for (secs, nanos) in [
            (1, 1_000),
            (1_073, 1_000),
            (3_600, 10_000),
            (86_400, 100_000),
            (604_800, 1_000_000),
            (2_592_000, 10_000_000),
            (31_536_000, 100_000_000),
            (1 << 30, 1_000_000_000),
        ] {
            assert_eq!(
                Tick::for_window(secs * 1_000_000_000).nanos(),
                nanos,
                "{secs}"
            );
        }
    }

    #[test]
    fn times_are_rounded_up_to_every_tick() {
        for tick in (0..7).map(Tick) {
            let at = 123 * tick.nanos();

            assert_eq!(tick.ceil(at), 123);
            assert_eq!(tick.ceil(at - 1), 123);
            assert_eq!(tick.ceil(at + 1), 124);
        }
    }

    #[test]
    fn a_base_is_at_most_a_unit_before_its_time() {
        for tick in (0..7).map(Tick) {
            for ticks in [0, 1, (1 << 25) - 1, 1 << 25, u64::MAX / 2 / tick.nanos()] {
                let base = Base::floor(ticks, tick);

                assert_eq!(base.tick(), tick);
                assert!(base.ticks() <= ticks && ticks - base.ticks() < 1 << 25);
            }
        }
    }
}
