//! Nanoseconds a call, of the processor's time: so the figures hold on a machine that has other things to do.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use cpu_time::ThreadTime;

use crate::Outcome;
use crate::contenders::{
    Admit, Contender, Extensible, Governor, Reserve, THROTTLE_AT, identifiers,
};

/// Calls between two looks at the clock. The identifiers of a batch are copied first, so that they are as near as those
/// of a request that has just been read.
const BATCH: usize = 500;

/// Prints the medians of interleaved rounds: in each, everybody gets the same calls, in an order without pattern. Each has
/// a process of its own, so that nobody meets the memory that another has left in pieces.
pub fn table(keys: &[usize], threads: &[usize]) -> Outcome<()> {
    println!(
        "{:>9} {:>7}  {:<38} {:>7} {:>18}",
        "keys", "threads", "", "ns", "beside governor"
    );
    for &keys in keys {
        for &threads in threads {
            let rounds = match keys {
                ..100_000 => 15,
                ..1_000_000 => 7,
                _ => 5,
            };
            let mut rows = NAMES.map(|name| (name, Vec::new(), Vec::new()));
            for _ in 0..rounds {
                let mut governor = None;
                for (name, nanos, ratios) in &mut rows {
                    let counted = apart(name, keys, threads)?;
                    nanos.push(counted);
                    ratios.push(counted / *governor.get_or_insert(counted));
                }
            }
            for (name, mut nanos, mut ratios) in rows {
                println!(
                    "{keys:>9} {threads:>7}  {name:<38} {:>7.1} {:>18.2}",
                    median(&mut nanos),
                    median(&mut ratios)
                );
            }
        }
    }
    Ok(())
}

/// Those of the table, and the first whom they are set beside.
const NAMES: [&str; 4] = [Governor::NAME, Admit::NAME, Reserve::NAME, Extensible::NAME];

/// What a process of its own measures.
fn apart(name: &str, keys: usize, threads: usize) -> Outcome<f64> {
    let calls = ((keys * 100).clamp(100_000, 500_000) / threads).to_string();
    let output = Command::new(std::env::current_exe()?)
        .args(["count", name, &keys.to_string(), &calls])
        .args([&threads.to_string(), ROUNDS])
        .stderr(Stdio::inherit())
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// In a process. The first is not shown: before it a clock may have to be measured, and pages to be had.
const ROUNDS: &str = "4";

/// Prints the median of a contender's rounds, in each of which it starts anew with each identifier seen once; for
/// callgrind, too, where one round of one thread is best.
pub fn count(name: &str, keys: usize, calls: usize, threads: usize, rounds: u64) -> Outcome<()> {
    let identifiers = identifiers(keys);
    let mut all = Vec::new();
    for seed in 0..rounds {
        let run = Run {
            identifiers: &identifiers,
            threads,
            calls,
            seed,
        };
        let nanos = match name {
            Governor::NAME => run.nanos::<Governor>(),
            Admit::NAME => run.nanos::<Admit>(),
            Reserve::NAME => run.nanos::<Reserve>(),
            Extensible::NAME => run.nanos::<Extensible>(),
            other => return Err(format!("not known: {other}").into()),
        };
        if seed > 0 || rounds == 1 {
            all.push(nanos);
        }
    }
    println!("{:.1}", median(&mut all));
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
