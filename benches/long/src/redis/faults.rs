//! A Redis that dies, freezes or is slow while 64 clients call.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use tastyrs::throttle::{Access, Admission, AnyThrottle, RedisThrottle};

use super::server::Server;
use crate::{Outcome, table::Row};

const RUNS: usize = 10;
const WORKERS: usize = 2;
const CLIENTS: usize = 32;
const BUDGET: Duration = Duration::from_millis(100);
/// No answer may be later than the budget by more than this.
const LATE: Duration = Duration::from_millis(50);
/// Within so long of its return, Redis is asked again.
const BACK: Duration = Duration::from_secs(1);
/// How many calls of the one caller who is counted pass.
const LIMIT: u32 = 1_000;

/// What is done to Redis. It returns when Redis is back.
type Fault = fn(&mut Server) -> Outcome<()>;

const AWAY: Duration = Duration::from_millis(1_500);

const FAULTS: [(&str, Fault, bool); 4] = [
    (
        "killed under load, and started again",
        |server| {
            server.kill()?;
            sleep(AWAY);
            server.restart()
        },
        // It starts empty, so the limit begins anew.
        false,
    ),
    (
        "frozen under load (SIGSTOP)",
        |server| {
            server.signal("-STOP")?;
            sleep(AWAY);
            server.signal("-CONT")
        },
        true,
    ),
    (
        "slow under load (DEBUG SLEEP)",
        |server| server.command(&["DEBUG", "SLEEP", "1.5"]),
        true,
    ),
    (
        "slow under load (CLIENT PAUSE)",
        |server| {
            server.command(&["CLIENT", "PAUSE", "1500", "ALL"])?;
            sleep(AWAY);
            Ok(())
        },
        true,
    ),
];

/// What the clients saw.
#[derive(Default)]
struct Seen {
    calls: AtomicUsize,
    errors: AtomicUsize,
    passed: AtomicUsize,
    worst_micros: AtomicU64,
    ended: AtomicBool,
}

pub fn under_load() -> Outcome<Vec<Row>> {
    FAULTS
        .into_iter()
        .map(|(name, fault, counts)| {
            let mut row = Row {
                test: format!("Redis {name}"),
                runs: RUNS,
                ..Row::default()
            };
            for _ in 0..RUNS {
                let held = one(fault, counts, &mut row)?;
                row.passed += usize::from(held);
            }
            Ok(row)
        })
        .collect()
}

fn one(fault: Fault, counts: bool, row: &mut Row) -> Outcome<bool> {
    let mut server = Server::start()?;
    let throttle = RedisThrottle::open(&server.url())?
        .throttle_at(LIMIT)
        .budget(BUDGET);
    let seen = Arc::new(Seen::default());
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (throttle, seen) = (AnyThrottle::new(throttle.clone()), Arc::clone(&seen));
            std::thread::spawn(move || work(worker, &throttle, &seen))
        })
        .collect();
    sleep(Duration::from_millis(1_500));
    let before = throttle.health();

    fault(&mut server)?;
    let returned = Instant::now();
    while !throttle.health().is_there && returned.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(1));
    }
    let back = returned.elapsed();
    let after = throttle.health();
    sleep(Duration::from_millis(1_000));

    seen.ended.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.join().map_err(|_| "a worker panicked")?;
    }
    let worst = Duration::from_micros(seen.worst_micros.load(Ordering::Relaxed));
    let errors = seen.errors.load(Ordering::Relaxed);
    let over = seen
        .passed
        .load(Ordering::Relaxed)
        .saturating_sub(LIMIT as usize);
    row.worst_latency = row.worst_latency.max(worst);
    row.overshoot += if counts { over } else { 0 };
    let was_away = after.times_away > before.times_away;
    eprintln!(
        "  {}: {} calls, {errors} errors, worst {worst:?}, back after {back:?}, {} decided without Redis{}",
        row.test,
        seen.calls.load(Ordering::Relaxed),
        after.fallbacks,
        if was_away { "" } else { "; nobody noticed" },
    );
    Ok(was_away && errors == 0 && worst <= BUDGET + LATE && back <= BACK && !(counts && over > 0))
}

/// A worker of a server: one runtime, and clients that call again a little after each answer.
fn work(worker: usize, throttle: &AnyThrottle, seen: &Seen) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let Ok(runtime) = runtime else {
        seen.errors.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let clients = (0..CLIENTS).map(|client| async move {
        let mut call = 0;
        while !seen.ended.load(Ordering::Relaxed) {
            call += 1;
            // Every fourth call is of the one who is counted.
            let counted = call % 4 == 0;
            let identifier = if counted {
                "daniel".to_owned()
            } else {
                format!("caller {worker} {client} {}", call % 100)
            };
            let begun = Instant::now();
            let admission = throttle.reserve(&Access::new(&identifier)).await;
            let waited = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            seen.worst_micros.fetch_max(waited, Ordering::Relaxed);
            seen.calls.fetch_add(1, Ordering::Relaxed);
            match admission {
                Ok(Admission::Admitted(mut place)) => {
                    place.keep();
                    if place.settle().await.is_err() {
                        seen.errors.fetch_add(1, Ordering::Relaxed);
                    }
                    seen.passed
                        .fetch_add(usize::from(counted), Ordering::Relaxed);
                }
                Ok(Admission::Refused(_)) => {}
                Err(_) => {
                    seen.errors.fetch_add(1, Ordering::Relaxed);
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    runtime.block_on(futures_util::future::join_all(clients));
}
