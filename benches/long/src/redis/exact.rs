//! 4 processes with 32 clients each.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tastyrs::throttle::{Access, Admission, AnyThrottle, RedisThrottle};

use super::server::Server;
use crate::{Outcome, table::Row};

const RUNS: usize = 50;
const PROCESSES: usize = 4;
const CLIENTS: usize = 32;
/// How many calls each client makes.
const CALLS: usize = 10;
const LIMIT: usize = 500;

/// What a process of the test is started with.
pub const CLIENT: &str = "redis-client";

pub fn four_processes() -> Outcome<Row> {
    let server = Server::start()?;
    let mut row = Row {
        test: format!("{PROCESSES} processes, {CLIENTS} clients each: {LIMIT} pass"),
        runs: RUNS,
        ..Row::default()
    };
    for run in 0..RUNS {
        let children = (0..PROCESSES)
            .map(|_| start(&server.url(), &format!("run {run}")))
            .collect::<Outcome<Vec<_>>>()?;
        // All are ready before the first begins.
        for child in &children {
            child.stdin.as_ref().ok_or("no stdin")?.write_all(b"go\n")?;
        }
        let mut passed = 0;
        for child in children {
            let output = child.wait_with_output()?;
            let text = String::from_utf8(output.stdout)?;
            let mut words = text.split_whitespace();
            passed += words
                .next()
                .ok_or("a process said nothing")?
                .parse::<usize>()?;
            let worst = words.next().ok_or("no latency")?.parse()?;
            row.worst_latency = row.worst_latency.max(Duration::from_micros(worst));
        }
        row.passed += usize::from(passed == LIMIT);
        row.overshoot += passed.saturating_sub(LIMIT);
    }
    Ok(row)
}

fn start(url: &str, identifier: &str) -> Outcome<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([CLIENT, url, identifier])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.as_mut().ok_or("no stdout")?;
    let mut ready = [0];
    stdout.read_exact(&mut ready)?;
    Ok(child)
}

/// One process: says that it is ready, waits for a line, and says how many calls passed and how long the slowest took.
pub fn client(arguments: &[String]) -> Outcome<()> {
    let [url, identifier] = arguments else {
        return Err("a client wants an address and an identifier".into());
    };
    let throttle = RedisThrottle::open(url)?
        .throttle_at(LIMIT as u32)
        // It is counted how many pass, not how fast.
        .budget(Duration::from_secs(20));
    let health = throttle.clone();
    let throttle = AnyThrottle::new(throttle);
    call_once(&throttle, "somebody else")?;
    print!("r");
    std::io::stdout().flush()?;
    BufReader::new(std::io::stdin()).read_line(&mut String::new())?;

    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (throttle, identifier) = (throttle.clone(), identifier.clone());
            std::thread::spawn(move || {
                let (mut passed, mut worst) = (0, Duration::ZERO);
                for _ in 0..CALLS {
                    let begun = Instant::now();
                    passed += usize::from(call_once(&throttle, &identifier).is_ok_and(|it| it));
                    worst = worst.max(begun.elapsed());
                }
                (passed, worst)
            })
        })
        .collect();
    let (mut passed, mut worst) = (0, Duration::ZERO);
    for client in clients {
        let (its, longest) = client.join().map_err(|_| "a client panicked")?;
        passed += its;
        worst = worst.max(longest);
    }
    if health.health().fallbacks > 0 {
        return Err("Redis was late".into());
    }
    println!(" {passed} {}", worst.as_micros());
    Ok(())
}

fn call_once(throttle: &AnyThrottle, identifier: &str) -> Outcome<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        match throttle.reserve(&Access::new(identifier)).await? {
            Admission::Admitted(mut place) => {
                place.keep();
                place.settle().await?;
                Ok(true)
            }
            Admission::Refused(_) => Ok(false),
        }
    })
}
