//! 10 million identifiers against a cap of 100,000.

use std::{
    fs,
    time::{Duration, Instant},
};

use tastyrs::throttle::{Access, CacheThrottle, Store, Verdict};

use crate::{Outcome, Row};

const IDENTIFIERS: u32 = 10_000_000;
const MAX_KEYS: usize = 100_000;
/// By how much memory may grow.
const MOST_KIB: u64 = 64 * 1024;

/// Each identifier calls once; the limited one asks again after every thousand.
pub fn run() -> Outcome<Vec<Row>> {
    let store = Store::new().max_keys(MAX_KEYS);
    let throttle = CacheThrottle::new().throttle_at(150).store(store.clone());
    let limited = Access::new("the limited one");
    while throttle.admit(&limited)? == Verdict::Allowed {}
    let before = resident_kib()?;

    let mut worst = Duration::ZERO;
    let mut overshoot = 0;
    let mut most = before;
    for number in 0..IDENTIFIERS {
        let identifier = format!("10.{}.{}_nohost", number >> 16, number & 0xFFFF);
        let asked = Instant::now();
        let verdict = throttle.admit(&Access::new(&identifier))?;
        worst = worst.max(asked.elapsed());
        if verdict != Verdict::Allowed {
            return Err(format!("{identifier} was refused").into());
        }
        if number % 1_000 == 0 {
            overshoot += usize::from(throttle.admit(&limited)? == Verdict::Allowed);
            most = most.max(resident_kib()?);
        }
    }

    let grown = most - before;
    let holds = overshoot == 0 && grown <= MOST_KIB && store.len() <= MAX_KEYS;
    eprintln!(
        "flood: {} identifiers held, {grown} KiB more resident",
        store.len()
    );
    Ok(vec![Row {
        test: format!(
            "10 million identifiers against 100,000, +{} MiB",
            grown.div_ceil(1024)
        ),
        runs: 1,
        passed: usize::from(holds),
        overshoot,
        worst_latency: worst,
        ..Row::default()
    }])
}

fn resident_kib() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib
        .ok_or("the system does not say how much memory is resident")?
        .trim()
        .parse()?)
}
