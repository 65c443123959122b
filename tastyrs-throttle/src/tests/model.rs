//! Against a sequential model of tastypie's algorithm, fed by the same clock.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::journal::block_on;
use crate::{Rate, Throttle};

/// `CacheThrottle`, `throttle.py:74`, with Django's cache of one key.
struct Tastypie {
    throttle_at: usize,
    timeframe: i64,
    expiration: i64,
    cached: Vec<i64>,
    expires: i64,
}

impl Tastypie {
    fn get(&self, now: i64) -> Vec<i64> {
        if self.expires <= now {
            Vec::new()
        } else {
            self.cached.clone()
        }
    }

    fn set(&mut self, times: Vec<i64>, now: i64) {
        self.cached = times;
        self.expires = now + self.expiration;
    }

    /// The seconds to wait; 0, as `False`, lets the caller through.
    fn should_be_throttled(&mut self, now: i64) -> i64 {
        let mut times = self.get(now);
        times.retain(|access| *access >= now - self.timeframe);
        let wait = if times.len() >= self.throttle_at {
            self.timeframe - (now - times[times.len() - self.throttle_at])
        } else {
            0
        };
        self.set(times, now);
        wait
    }

    fn accessed(&mut self, now: i64) {
        let mut times = self.get(now);
        times.push(now);
        self.set(times, now);
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// How many sequences are tried: `PROPTEST_CASES`, or as many as are quick.
fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").map_or(1_000, |cases| cases.parse().unwrap());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

/// A call, so long after the one before.
#[derive(Clone, Copy, Debug)]
enum Call {
    /// Asks, and calls where it may.
    Obedient,
    /// Asks, and calls all the same, as a throttle of one's own might count.
    Stubborn,
}

/// Pauses of every size that a timeframe makes interesting.
fn pause(timeframe: u64, throttle_at: u64) -> impl Strategy<Value = u64> {
    prop_oneof![
        0..=timeframe * 2,
        0..=timeframe.div_ceil(throttle_at),
        0..=1_u64,
        0..=1_u64,
        Just(timeframe),
    ]
}

#[derive(Clone, Debug)]
struct Sequence {
    throttle_at: u32,
    timeframe: u64,
    expiration: u64,
    calls: Vec<(u64, Call, Option<i64>)>,
}

fn whole_seconds() -> impl Strategy<Value = Sequence> {
    let timeframe = select(vec![1, 2, 10, 60, 3_600, 86_400, 2_592_000]);
    (1..=12_u32, timeframe, 0..4_u8).prop_flat_map(|(throttle_at, timeframe, kind)| {
        let call = prop_oneof![7 => Just(Call::Obedient), 1 => Just(Call::Stubborn)];
        // Now and then an administrator sets the clock.
        let step = prop_oneof![9 => Just(None), 1 => (-100_000..=100_000_i64).prop_map(Some)];
        vec((pause(timeframe, throttle_at.into()), call, step), 1..100).prop_map(move |calls| {
            Sequence {
                throttle_at,
                timeframe,
                expiration: match kind {
                    0 => timeframe.div_ceil(2),
                    1 => timeframe,
                    _ => 604_800,
                },
                calls,
            }
        })
    })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn at_whole_seconds_every_verdict_and_wait_is_tastypies(sequence in whole_seconds()) {
        let clock = Clock::manual();
        let throttle = CacheThrottle::new()
            .throttle_at(sequence.throttle_at)
            .timeframe(seconds(sequence.timeframe))
            .expiration(seconds(sequence.expiration))
            .clock(clock.clone());
        let mut model = Tastypie {
            throttle_at: usize::try_from(sequence.throttle_at).unwrap(),
            timeframe: i64::try_from(sequence.timeframe).unwrap(),
            expiration: i64::try_from(sequence.expiration).unwrap(),
            cached: Vec::new(),
            expires: 0,
        };
        for (step, (pause, caller, wall)) in sequence.calls.into_iter().enumerate() {
            clock.advance_secs(pause);
            if let Some(secs) = wall {
                clock.step_wall(secs);
            }
            let now = i64::try_from(clock.monotonic().as_secs()).unwrap();
            let expected = match model.should_be_throttled(now) {
                0 => Verdict::Allowed,
                wait => retry_in(wait.unsigned_abs()),
            };

            let verdict = block_on(throttle.should_be_throttled(&call())).unwrap();

            prop_assert_eq!(verdict, expected, "step {}", step);
            if verdict == Verdict::Allowed || matches!(caller, Call::Stubborn) {
                model.accessed(now);
                match (verdict, step % 3) {
                    (Verdict::Allowed, 0) => {
                        let handle = AnyThrottle::new(throttle.clone());
                        prop_assert!(block_on(passes(&handle, &call())).unwrap());
                    }
                    (Verdict::Allowed, 1) => {
                        prop_assert_eq!(throttle.admit(&call()).unwrap(), Verdict::Allowed);
                    }
                    _ => block_on(throttle.accessed(&call())).unwrap(),
                }
            }
        }
    }

    #[test]
    fn at_milliseconds_no_window_of_several_ever_holds_too_many(
        (rates, pauses) in milliseconds(),
    ) {
        let clock = Clock::manual();
        let named = rates.iter().enumerate().map(|(index, (throttle_at, timeframe))| {
            Rate::new(*throttle_at, *timeframe).named(format!("rate {index}"))
        });
        let throttle = CacheThrottle::new().rates(named).clock(clock.clone());
        let handle = AnyThrottle::new(throttle.clone());
        let mut passed: Vec<Duration> = Vec::new();
        for (step, pause) in pauses.into_iter().enumerate() {
            clock.advance(Duration::from_millis(pause));
            let now = clock.monotonic();
            let may_pass = rates.iter().all(|(throttle_at, timeframe)| {
                let in_window = passed.iter().filter(|then| **then + *timeframe > now);
                in_window.count() < usize::try_from(*throttle_at).unwrap()
            });

            let has_passed = if step % 2 == 0 {
                block_on(passes(&handle, &call())).unwrap()
            } else {
                throttle.admit(&call()).unwrap() == Verdict::Allowed
            };

            prop_assert_eq!(has_passed, may_pass, "step {}", step);
            if has_passed {
                passed.push(now);
            }
        }
    }
}

type Limits = Vec<(u32, Duration)>;

fn milliseconds() -> impl Strategy<Value = (Limits, Vec<u64>)> {
    let timeframe = select(vec![1, 7, 100, 1_000, 1_500, 60_000, 3_600_000]);
    vec((1..=8_u32, timeframe), 1..=3).prop_flat_map(|rates| {
        let (throttle_at, timeframe) = rates[0];
        let rates: Limits = rates
            .into_iter()
            .map(|(throttle_at, millis)| (throttle_at, Duration::from_millis(millis)))
            .collect();
        (
            Just(rates),
            vec(pause(timeframe, throttle_at.into()), 1..150),
        )
    })
}

#[test]
fn at_nanoseconds_no_window_ever_holds_too_many_and_waits_are_honoured() {
    let mut draw = Draw(0x5EED_0003);
    for sequence in 0..400 {
        let throttle_at = usize::try_from(draw.below(8) + 1).unwrap();
        let timeframe = Duration::from_nanos(draw.below(3_700_000_000_000) + 1_000_000_000);
        let nanos = u64::try_from(timeframe.as_nanos()).unwrap();
        let clock = Clock::manual();
        let throttle = CacheThrottle::new()
            .throttle_at(u32::try_from(throttle_at).unwrap())
            .timeframe(timeframe)
            .clock(clock.clone());
        let throttle = AnyThrottle::new(throttle);
        let mut passed: Vec<Duration> = Vec::new();
        for _ in 0..300 {
            clock.advance(Duration::from_nanos(draw.below(nanos / 4)));
            let now = clock.monotonic();
            match block_on(throttle.should_be_throttled(&call())).unwrap() {
                Verdict::Allowed => {
                    assert!(block_on(passes(&throttle, &call())).unwrap());
                    passed.push(now);
                }
                Verdict::Throttled(RetryAfter::After(wait)) => {
                    assert!(
                        !wait.is_zero() && wait <= timeframe,
                        "sequence {sequence}: {wait:?}"
                    );
                    // Ten ticks at most are lost to the rounding.
                    clock.advance(wait + Duration::from_micros(10));
                    assert!(
                        block_on(passes(&throttle, &call())).unwrap(),
                        "sequence {sequence}"
                    );
                    passed.push(clock.monotonic());
                }
                Verdict::Throttled(other) => panic!("{other:?}"),
            }
        }
        for window in passed.windows(throttle_at + 1) {
            assert!(
                window[0] + timeframe <= window[throttle_at],
                "sequence {sequence}"
            );
        }
    }
}

/// One access of a naive log that keeps everything.
#[derive(Clone, Copy)]
struct Logged {
    at: Duration,
    cost: usize,
    is_given_back: bool,
}

#[test]
fn places_given_back_late_and_in_any_order_leave_the_count_exact() {
    let mut draw = Draw(0x5EED_0004);
    for sequence in 0..600 {
        let throttle_at = usize::try_from(draw.below(9) + 1).unwrap();
        let timeframe = seconds(60);
        let clock = Clock::manual();
        let throttle = CacheThrottle::new()
            .throttle_at(u32::try_from(throttle_at).unwrap())
            .timeframe(timeframe)
            .clock(clock.clone());
        let throttle = AnyThrottle::new(throttle);
        let mut log: Vec<Logged> = Vec::new();
        let mut held: Vec<(usize, Reservation)> = Vec::new();
        for step in 0..250 {
            clock.advance_secs(draw.below(14));
            if !held.is_empty() && draw.below(2) == 0 {
                let index =
                    usize::try_from(draw.below(u64::try_from(held.len()).unwrap())).unwrap();
                let (entry, mut place) = held.swap_remove(index);
                if draw.below(2) == 0 {
                    place.keep();
                } else {
                    log[entry].is_given_back = true;
                }
                if draw.below(2) == 0 {
                    block_on(place.settle()).unwrap();
                }
                continue;
            }
            let cost = if draw.below(4) == 0 { draw.below(3) } else { 1 };
            let now = clock.monotonic();
            let in_window: usize = log
                .iter()
                .filter(|entry| !entry.is_given_back && entry.at + timeframe > now)
                .map(|entry| entry.cost)
                .sum();
            let cost_places = usize::try_from(cost).unwrap();

            let admission =
                block_on(throttle.reserve(&call().cost(u32::try_from(cost).unwrap()))).unwrap();

            let may_pass = cost == 0 || in_window + cost_places <= throttle_at;
            match admission {
                Admission::Admitted(place) => {
                    assert!(may_pass, "sequence {sequence}, step {step}");
                    held.push((log.len(), place));
                    log.push(Logged {
                        at: now,
                        cost: cost_places,
                        is_given_back: false,
                    });
                }
                Admission::Refused(_) => assert!(!may_pass, "sequence {sequence}, step {step}"),
            }
        }
    }
}

#[test]
fn two_windows_over_one_store_are_each_exact() {
    let mut draw = Draw(0x5EED_0005);
    for sequence in 0..400 {
        let limits = [
            (3, seconds(10)),
            (usize::try_from(draw.below(12) + 1).unwrap(), seconds(600)),
        ];
        let clock = Clock::manual();
        let store = crate::Store::new();
        let throttles = limits.map(|(throttle_at, timeframe)| {
            AnyThrottle::new(
                CacheThrottle::new()
                    .throttle_at(u32::try_from(throttle_at).unwrap())
                    .timeframe(timeframe)
                    .clock(clock.clone())
                    .store(store.clone()),
            )
        });
        for throttle in &throttles {
            throttle.bind(&crate::Binding::new("notes")).unwrap();
        }
        let mut log: Vec<Duration> = Vec::new();
        for step in 0..250 {
            clock.advance_secs(draw.below(9));
            let which = usize::try_from(draw.below(2)).unwrap();
            let (throttle_at, timeframe) = limits[which];
            let now = clock.monotonic();
            let in_window = log.iter().filter(|then| **then + timeframe > now).count();

            let has_passed = block_on(passes(&throttles[which], &call())).unwrap();

            assert_eq!(
                has_passed,
                in_window < throttle_at,
                "sequence {sequence}, step {step}"
            );
            if has_passed {
                log.push(now);
            }
        }
    }
}
