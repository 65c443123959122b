//! What a check and a record of it cost: `CacheThrottle` and governor, 150 requests in an hour.
//!
//! The two do not do the same. `CacheThrottle` remembers each access and holds an exact window, as tastypie does, and
//! a request that fails gives its place back; governor keeps one number for an identifier (GCRA), lets as many through
//! at once, and earns them back one after another.

use std::{
    hint::black_box,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tastyrs_throttle::{Access, Admission, AnyThrottle, CacheThrottle};

const THROTTLE_AT: u32 = 150;
const IDENTIFIERS: usize = 10_000;
/// Calls of each identifier that are let through.
const CALLS: usize = 100;
const REPEATS: usize = 5;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let identifiers: Vec<String> = (0..IDENTIFIERS)
        .map(|number| format!("10.0.{}.{}_nohost", number / 256, number % 256))
        .collect();

    println!(
        "{:<44} {:>14} {:>10} {:>7}",
        "ns a call, the best of 5", "CacheThrottle", "governor", "ratio"
    );
    let many: Vec<&str> = identifiers.iter().map(String::as_str).collect();
    let ours = best(|| runtime.block_on(ours(&many, CALLS, true)))?;
    let peer = best(|| governor(&many, CALLS, true))?;
    show("let through, 10,000 identifiers in turn", ours, peer);

    let one = vec![many[0]; IDENTIFIERS];
    let ours = best(|| runtime.block_on(self::ours(&one, CALLS, false)))?;
    let peer = best(|| governor(&one, CALLS, false))?;
    show("turned away, one identifier", ours, peer);
    Ok(())
}

fn show(what: &str, ours: f64, peer: f64) {
    println!("{what:<44} {ours:>14.1} {peer:>10.1} {:>7.2}", ours / peer);
}

/// The fewest nanoseconds a call.
fn best(mut run: impl FnMut() -> Outcome<Duration>) -> Outcome<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..REPEATS {
        let nanos = run()?.as_nanos() as f64;
        best = best.min(nanos / (IDENTIFIERS * CALLS) as f64);
    }
    Ok(best)
}

async fn ours(identifiers: &[&str], calls: usize, pass: bool) -> Outcome<Duration> {
    let throttle = AnyThrottle::new(CacheThrottle::new().throttle_at(THROTTLE_AT));
    if !pass {
        for _ in 0..THROTTLE_AT {
            throttle.accessed(&Access::new(identifiers[0])).await?;
        }
    }
    let started = Instant::now();
    for _ in 0..calls {
        for identifier in identifiers {
            let access = Access::new(black_box(identifier));
            match throttle.reserve(&access).await? {
                Admission::Admitted(mut place) => {
                    place.keep();
                    assert!(pass);
                }
                Admission::Refused(_) => assert!(!pass),
            }
        }
    }
    Ok(started.elapsed())
}

fn governor(identifiers: &[&str], calls: usize, pass: bool) -> Outcome<Duration> {
    let quota = Quota::per_hour(NonZeroU32::new(THROTTLE_AT).ok_or("a limit of 0")?);
    let limiter: DefaultKeyedRateLimiter<String> = RateLimiter::keyed(quota);
    // It wants an owned key to look with, as a server would have made of the request.
    let keys: Vec<String> = identifiers.iter().map(|&key| key.to_owned()).collect();
    if !pass {
        while limiter.check_key(&keys[0]).is_ok() {}
    }
    let started = Instant::now();
    for _ in 0..calls {
        for key in &keys {
            assert_eq!(limiter.check_key(black_box(key)).is_ok(), pass);
        }
    }
    Ok(started.elapsed())
}
