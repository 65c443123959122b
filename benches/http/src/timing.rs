//! What takes time: the processor's, and requests a second, as ratios of rounds that take turns.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{
    Options, Result,
    client::Client,
    contender::Contender,
    data::Data,
    process::Server,
    requests::Case,
    table::{Table, micros},
};

/// How many ask at once, unless that is what is looked at.
pub const CONNECTIONS: u32 = 8;

/// What one round of a server cost.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    pub per_second: f64,
    pub cpu_micros: f64,
}

pub fn print(contenders: &[Contender], data: &Data, options: &Options) -> Result<()> {
    let mut columns = vec!["microseconds of CPU a request"];
    columns.extend(contenders.iter().map(|contender| contender.name));
    let mut cpu = Table::new(&columns);
    columns[0] = "requests a second, beside tastyrs";
    let mut rates = Table::new(&columns);
    let mut memory = Table::new(&["server", "MiB idle", "MiB loaded", "ms to the first answer"]);
    let mut loaded = vec![(0.0_f64, 0.0_f64, f64::MAX); contenders.len()];
    for case in options.cases() {
        let mut copies = Vec::new();
        let mut servers = Vec::new();
        for contender in contenders {
            let copy = data.copy(contender.name)?;
            servers.push(contender.start(&copy.address, case.throttle_at, 2)?);
            copies.push(copy);
        }
        for (server, loaded) in servers.iter().zip(&mut loaded) {
            if loaded.0 == 0.0 {
                loaded.0 = server.resident()?;
            }
            loaded.2 = loaded.2.min(server.started_in.as_secs_f64() * 1000.0);
        }
        let rounds = rounds(&servers, &case, CONNECTIONS, options)?;
        let mut cpu_row = vec![case.name.to_owned()];
        let mut rate_row = vec![case.name.to_owned()];
        for of_one in &rounds {
            cpu_row.push(micros(median(of_one.iter().map(|round| round.cpu_micros))));
            let ratios = of_one
                .iter()
                .zip(&rounds[0])
                .map(|(round, ours)| round.per_second / ours.per_second);
            rate_row.push(format!("{:.2}", median(ratios)));
        }
        eprintln!("{}  {}", cpu_row.join("  "), rate_row[1..].join("  "));
        cpu.row(cpu_row);
        rates.row(rate_row);
        for (server, loaded) in servers.iter().zip(&mut loaded) {
            loaded.1 = loaded.1.max(server.resident()?);
        }
        drop(servers);
        drop(copies);
    }
    for (contender, (idle, full, start)) in contenders.iter().zip(loaded) {
        memory.row(vec![
            contender.name.to_owned(),
            format!("{idle:.0}"),
            format!("{full:.0}"),
            format!("{start:.0}"),
        ]);
    }
    println!("{cpu}\n{rates}\n{memory}");
    Ok(())
}

/// What ends a round, whichever comes first.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    requests: u32,
    time: Duration,
}

/// Rounds of all servers in turn, each server's rounds for itself.
pub fn rounds(
    servers: &[Server],
    case: &Case,
    connections: u32,
    options: &Options,
) -> Result<Vec<Vec<Round>>> {
    let (times, millis, count) = if options.quick {
        (4_000, 250, 3)
    } else {
        (20_000, 500, 7)
    };
    let bounds = Bounds {
        requests: (times / case.weight).max(2 * connections),
        time: Duration::from_millis(millis),
    };
    let warming = Bounds {
        requests: bounds.requests / 4 + 1,
        time: bounds.time / 4,
    };
    for server in servers {
        round(server, case, connections, warming)?;
    }
    let mut rounds = vec![Vec::new(); servers.len()];
    for turn in 0..count {
        for step in 0..servers.len() {
            let place = (turn + step) % servers.len();
            rounds[place].push(round(&servers[place], case, connections, bounds)?);
        }
    }
    Ok(rounds)
}

/// At least one request over each connection, and no more than its bounds allow.
fn round(server: &Server, case: &Case, connections: u32, bounds: Bounds) -> Result<Round> {
    let ready = Barrier::new(connections as usize + 1);
    let next = AtomicU32::new(0);
    let (elapsed, cpu) = std::thread::scope(|scope| -> Result<_> {
        let askers: Vec<_> = (0..connections)
            .map(|_| {
                let (ready, next) = (&ready, &next);
                scope.spawn(move || -> std::result::Result<(), String> {
                    let client = Client::connect(server.port);
                    ready.wait();
                    let start = Instant::now();
                    let mut client = client.map_err(|error| error.to_string())?;
                    loop {
                        let number = next.fetch_add(1, Relaxed);
                        client
                            .expect(&case.request(number), case.status)
                            .map_err(|error| error.to_string())?;
                        if number + connections >= bounds.requests || start.elapsed() >= bounds.time
                        {
                            return Ok(());
                        }
                    }
                })
            })
            .collect();
        ready.wait();
        let (start, cpu) = (Instant::now(), server.cpu()?);
        for asker in askers {
            asker.join().map_err(|_| "an asker panicked")??;
        }
        Ok((start.elapsed(), server.cpu()? - cpu))
    })?;
    let all = f64::from(next.into_inner());
    Ok(Round {
        per_second: all / elapsed.as_secs_f64(),
        cpu_micros: cpu.as_secs_f64() * 1e6 / all,
    })
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
