//! The decisions under shuttle, which tries the orders in which threads may come.
//!
//!     RUSTFLAGS="--cfg shuttle" cargo test -p tastyrs-throttle --release --target-dir target/shuttle schedules
//!
//! `TASTYRS_SCHEDULES` says how many orders each test tries; without it, 2,000.

use std::panic::catch_unwind;

use shuttle::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use shuttle::thread;

use super::*;
use crate::journal::block_on;
use crate::{Store, Throttle};

fn in_all_orders(act: impl Fn() + Send + Sync + 'static) {
    let schedules = std::env::var("TASTYRS_SCHEDULES");
    let schedules = schedules.map_or(2_000, |count| count.parse().unwrap());
    // Half of them at random, half with few changes of the thread that runs, at any step.
    let act = Arc::new(act);
    let again = Arc::clone(&act);
    shuttle::check_random(move || act(), schedules / 2);
    shuttle::check_pct(move || again(), schedules - schedules / 2, 3);
}

/// Asks from several threads at once by `ask`, and says how many passed.
fn passed(threads: usize, ask: impl Fn(usize) -> bool + Send + Sync + 'static) -> u32 {
    let passed = Arc::new(AtomicU32::new(0));
    let ask = Arc::new(ask);
    let threads: Vec<_> = (0..threads)
        .map(|thread| {
            let (passed, ask) = (Arc::clone(&passed), Arc::clone(&ask));
            thread::spawn(move || {
                if ask(thread) {
                    passed.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    passed.load(Ordering::SeqCst)
}

fn limit(throttle_at: u32, store: &Store) -> CacheThrottle {
    CacheThrottle::new()
        .throttle_at(throttle_at)
        .store(store.clone())
        .clock(Clock::manual())
}

/// Four threads ask for two places; whatever the order, two of them pass.
fn two_of_four_pass(ask: fn(&CacheThrottle) -> bool) -> impl Fn() + Send + Sync {
    move || {
        let throttle = limit(2, &Store::new());

        let passed = passed(4, move |_| ask(&throttle));

        assert_eq!(passed, 2);
    }
}

fn keeps_a_place(throttle: &CacheThrottle) -> bool {
    block_on(passes(&throttle.clone().into(), &call())).unwrap()
}

fn is_admitted(throttle: &CacheThrottle) -> bool {
    throttle.admit(&call()).unwrap() == Verdict::Allowed
}

/// Tastypie's way.
fn asks_and_then_counts(throttle: &CacheThrottle) -> bool {
    let verdict = block_on(throttle.should_be_throttled(&call())).unwrap();
    if verdict == Verdict::Allowed {
        block_on(throttle.accessed(&call())).unwrap();
    }
    verdict == Verdict::Allowed
}

#[test]
fn in_every_order_exactly_the_limit_passes() {
    in_all_orders(two_of_four_pass(keeps_a_place));
    in_all_orders(two_of_four_pass(is_admitted));
}

#[test]
fn asking_first_and_counting_later_is_found_to_let_too_many_through() {
    let found = catch_unwind(|| in_all_orders(two_of_four_pass(asks_and_then_counts)));

    assert!(found.is_err());
}

#[test]
fn in_every_order_a_place_given_back_is_taken_by_one_at_most() {
    in_all_orders(|| {
        let throttle = AnyThrottle::new(limit(2, &Store::new()));
        let asked = throttle.clone();

        // Two of five give their place back, one of them by hanging up.
        let kept = passed(5, move |thread| {
            let Admission::Admitted(mut place) = block_on(asked.reserve(&call())).unwrap() else {
                return false;
            };
            match thread {
                0 => drop(place),
                1 => place.release(),
                _ => {
                    place.keep();
                    block_on(place.settle()).unwrap();
                    return true;
                }
            }
            false
        });

        let left = (0..3).take_while(|_| block_on(passes(&throttle, &call())).unwrap());
        assert_eq!(left.count(), 2 - usize::try_from(kept).unwrap());
    });
}

#[test]
fn in_every_order_a_full_store_keeps_whom_it_must() {
    in_all_orders(|| {
        let store = Store::new().max_keys(2);
        let throttle = AnyThrottle::new(limit(1, &store));
        assert!(block_on(passes(&throttle, &call())).unwrap());
        let (asked, held) = (throttle.clone(), store.clone());

        // Strangers who each give their place back, and the limited one.
        let passed = passed(4, move |thread| {
            if thread == 0 {
                return block_on(passes(&asked, &call())).unwrap();
            }
            let stranger = thread.to_string();
            let place = block_on(asked.reserve(&Access::new(&stranger))).unwrap();
            // One more while a newcomer sees that there is no room for it.
            assert!(held.len() <= 2 + 3);
            drop(place);
            false
        });

        assert_eq!(passed, 0);
        assert!(!block_on(passes(&throttle, &call())).unwrap());
        assert!(store.len() <= 2);
    });
}

#[test]
fn in_every_order_shards_make_room_for_one_another() {
    in_all_orders(|| {
        // Shards for six hundred keys, and then a cap of two.
        let store = Store::new().max_keys(600);
        let throttle = AnyThrottle::new(limit(1, &store));
        assert!(block_on(passes(&throttle, &call())).unwrap());
        let store = store.max_keys(2);
        let asked = throttle.clone();

        let passed = passed(4, move |thread| {
            let identifier = format!("stranger {}", thread % 3);
            let access = Access::new(&identifier);
            match block_on(asked.reserve(&access)).unwrap() {
                Admission::Admitted(mut place) => {
                    place.keep();
                    true
                }
                Admission::Refused(_) => false,
            }
        });

        assert!(passed <= 3);
        assert!(!block_on(passes(&throttle, &call())).unwrap());
        assert!(store.len() <= 2, "{}", store.len());
    });
}
