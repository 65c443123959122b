//! 4 processes with 32 clients each.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tastyrs::throttle::{Access, Admission, AnyThrottle, Redis, RedisThrottle};

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
        .map(|client| {
            let (throttle, identifier) = (throttle.clone(), identifier.clone());
            std::thread::spawn(move || calls(client, &throttle, &identifier))
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

/// Calls, and says how many calls passed and how long the slowest took. Half of the clients do so over a connection of
/// their own, once they have it; the others have a runtime for each call.
fn calls(client: usize, throttle: &AnyThrottle, identifier: &str) -> (usize, Duration) {
    let (mut passed, mut worst) = (0, Duration::ZERO);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()
        .filter(|_| client.is_multiple_of(2));
    for _ in 0..CALLS {
        let begun = Instant::now();
        let it = match &runtime {
            Some(runtime) => runtime.block_on(async {
                Redis::connect_in_this_runtime();
                call(throttle, identifier).await
            }),
            None => call_once(throttle, identifier),
        };
        passed += usize::from(it.is_ok_and(|it| it));
        worst = worst.max(begun.elapsed());
        // Meanwhile the connection is made.
        if let Some(runtime) = &runtime {
            runtime.block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
        }
    }
    (passed, worst)
}

fn call_once(throttle: &AnyThrottle, identifier: &str) -> Outcome<bool> {
    tokio::runtime::Builder::new_current_thread()
        .build()?
        .block_on(call(throttle, identifier))
}

async fn call(throttle: &AnyThrottle, identifier: &str) -> Outcome<bool> {
    match throttle.reserve(&Access::new(identifier)).await? {
        Admission::Admitted(mut place) => {
            place.keep();
            place.settle().await?;
            Ok(true)
        }
        Admission::Refused(_) => Ok(false),
    }
}
