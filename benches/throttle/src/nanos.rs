//! Nanoseconds a call, of the processor's time: so the figures hold on a machine that has other things to do.

use std::{hint::black_box, sync::Barrier, thread, time::Duration};

use cpu_time::ThreadTime;

use crate::{
    Outcome,
    contenders::{Admit, Contender, Extensible, Governor, Reserve, THROTTLE_AT, identifiers},
};

/// Calls between two looks at the clock. The identifiers of a batch are copied first, so that they are as near as those
/// of a request that has just been read.
const BATCH: usize = 500;

/// Prints the medians of interleaved rounds: in each, everybody starts anew with each identifier seen once, and then
/// gets the same calls in an order without pattern.
pub fn table(keys: &[usize], threads: &[usize]) -> Outcome<()> {
    println!(
        "{:>9} {:>7}  {:<38} {:>7} {:>18}",
        "keys", "threads", "", "ns", "beside governor"
    );
    for &keys in keys {
        let identifiers = identifiers(keys);
        for &threads in threads {
            let rounds = match keys {
                ..100_000 => 15,
                ..1_000_000 => 7,
                _ => 5,
            };
            let calls = (keys * 100).clamp(100_000, 500_000) / threads;
            let mut rows: [(&str, Vec<f64>, Vec<f64>); 4] = Default::default();
            for round in 0..rounds {
                let run = Run {
                    identifiers: &identifiers,
                    threads,
                    calls,
                    seed: round,
                };
                let governor = run.nanos::<Governor>();
                let all = [
                    (Governor::NAME, governor),
                    (Admit::NAME, run.nanos::<Admit>()),
                    (Reserve::NAME, run.nanos::<Reserve>()),
                    (Extensible::NAME, run.nanos::<Extensible>()),
                ];
                for (row, (name, nanos)) in rows.iter_mut().zip(all) {
                    row.0 = name;
                    row.1.push(nanos);
                    row.2.push(nanos / governor);
                }
            }
            for (name, nanos, ratios) in &mut rows {
                println!(
                    "{keys:>9} {threads:>7}  {name:<38} {:>7.1} {:>18.2}",
                    median(nanos),
                    median(ratios)
                );
            }
        }
    }
    Ok(())
}

/// Calls of one contender, in no table: for callgrind.
pub fn count(name: &str, keys: usize, calls: usize) -> Outcome<()> {
    let identifiers = identifiers(keys);
    let run = Run {
        identifiers: &identifiers,
        threads: 1,
        calls,
        seed: 1,
    };
    let nanos = match name {
        "admit" => run.nanos::<Admit>(),
        "reserve" => run.nanos::<Reserve>(),
        "governor" => run.nanos::<Governor>(),
        "extensible" => run.nanos::<Extensible>(),
        other => return Err(format!("not known: {other}").into()),
    };
    println!("{name}: {nanos:.1} ns");
    Ok(())
}

struct Run<'a> {
    identifiers: &'a [String],
    threads: usize,
    calls: usize,
    seed: u64,
}

impl Run<'_> {
    fn nanos<C: Contender>(&self) -> f64 {
        let contender = C::new(self.identifiers.len());
        for identifier in self.identifiers {
            contender.call(identifier);
        }
        let start = Barrier::new(self.threads);
        let spent: Duration = thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads)
                .map(|thread| {
                    let (contender, start) = (&contender, &start);
                    scope.spawn(move || {
                        start.wait();
                        self.calls(contender, thread as u64)
                    })
                })
                .collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().ok())
                .sum()
        });
        spent.as_nanos() as f64 / (self.calls * self.threads) as f64
    }

    fn calls<C: Contender>(&self, contender: &C, thread: u64) -> Duration {
        let mut draw = Draw(0x9E37_79B9_7F4A_7C15 ^ (self.seed << 32) ^ (thread + 1));
        let mut batch: Vec<String> = vec![String::with_capacity(32); BATCH];
        let mut spent = Duration::ZERO;
        let mut passed = 0;
        for _ in 0..self.calls / BATCH {
            for identifier in &mut batch {
                identifier.clear();
                identifier.push_str(&self.identifiers[draw.below(self.identifiers.len())]);
            }
            let started = ThreadTime::now();
            for identifier in &batch {
                passed += u32::from(contender.call(black_box(identifier)));
            }
            spent += started.elapsed();
        }
        assert!(passed > 0 && THROTTLE_AT > 0);
        spent
    }
}

/// A small generator of numbers that only look random: xorshift.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
