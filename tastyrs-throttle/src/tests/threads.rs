//! Many at once.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;
use crate::journal::block_on;

const RUNS: usize = 1_000;
const THREADS: usize = 32;
const CALLS: usize = 500;

/// Runs `ask` 500 times from 32 threads, a thousand times over, and says how many passed in each
/// run.
fn passed(ask: impl Fn(usize) -> bool + Sync) -> Vec<u32> {
    let passed: Vec<_> = (0..RUNS).map(|_| AtomicU32::new(0)).collect();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (ask, passed, start) = (&ask, &passed, &start);
            scope.spawn(move || {
                for (run, passed) in passed.iter().enumerate() {
                    start.wait();
                    for _ in (thread..CALLS).step_by(THREADS) {
                        if ask(run) {
                            passed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    passed.into_iter().map(AtomicU32::into_inner).collect()
}

#[test]
fn of_500_calls_from_32_threads_exactly_100_pass_in_each_of_1000_runs() {
    let throttle = AnyThrottle::new(CacheThrottle::new().throttle_at(100));

    let passed =
        passed(|run| block_on(passes(&throttle, &Access::new(&format!("run {run}")))).unwrap());

    assert_eq!(passed, [100; RUNS]);
}

#[test]
fn places_given_back_meanwhile_are_taken_by_others_and_by_no_more() {
    let throttle = AnyThrottle::new(CacheThrottle::new().throttle_at(100));
    let turn = AtomicU32::new(0);

    let passed = passed(|run| {
        let identifier = format!("run {run}");
        let access = Access::new(&identifier);
        match block_on(throttle.reserve(&access)).unwrap() {
            Admission::Refused(_) => false,
            Admission::Admitted(mut place) => {
                let is_kept = !turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(5);
                if is_kept {
                    place.keep();
                }
                block_on(place.settle()).unwrap();
                is_kept
            }
        }
    });

    assert!(passed.iter().all(|passed| *passed <= 100), "{passed:?}");
    // Of 500 draws at least 400 would be kept, so who comes last finds every place taken.
    for (run, passed) in passed.into_iter().enumerate() {
        let identifier = format!("run {run}");
        let left = (0..101)
            .take_while(|_| block_on(passes(&throttle, &Access::new(&identifier))).unwrap())
            .count();
        assert_eq!(left + usize::try_from(passed).unwrap(), 100);
    }
}

#[test]
fn a_flood_from_many_threads_keeps_the_store_bounded() {
    let store = crate::Store::new().max_keys(500);
    let throttle = AnyThrottle::new(CacheThrottle::new().throttle_at(3).store(store.clone()));
    while block_on(passes(&throttle, &call())).unwrap() {}

    thread::scope(|scope| {
        for thread in 0..8 {
            let throttle = &throttle;
            scope.spawn(move || {
                for number in 0..5_000 {
                    let identifier = format!("{thread} {number}");
                    assert!(block_on(passes(throttle, &Access::new(&identifier))).unwrap());
                }
            });
        }
    });

    assert!(store.len() <= 508, "{}", store.len());
    assert!(!block_on(passes(&throttle, &call())).unwrap());
}

/// Counts with the two questions alone, and with an atomic number, as a user might.
#[derive(Default)]
struct TwoQuestions {
    counted: AtomicU32,
}

impl crate::Throttle for TwoQuestions {
    async fn should_be_throttled(&self, _: &Access<'_>) -> Result<Verdict> {
        Ok(if self.counted.load(Ordering::SeqCst) < 100 {
            Verdict::Allowed
        } else {
            Verdict::Throttled(RetryAfter::Unknown)
        })
    }

    async fn accessed(&self, _: &Access<'_>) -> Result<()> {
        self.counted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn a_throttle_of_two_questions_passes_at_most_one_too_many_for_each_other_client() {
    let throttles: Vec<_> = (0..RUNS)
        .map(|_| AnyThrottle::new(TwoQuestions::default()))
        .collect();

    let passed = passed(|run| block_on(passes(&throttles[run], &call())).unwrap());

    let most = 100 + u32::try_from(THREADS).unwrap() - 1;
    for passed in passed {
        assert!((100..=most).contains(&passed), "{passed}");
    }
}
