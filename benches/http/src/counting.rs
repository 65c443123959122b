//! Instructions a request, counted by valgrind: the same at every run, whatever else the machine does.

use std::process::Command;

use crate::{
    Options, Result,
    client::Client,
    contender::{Contender, arguments},
    data::{Copy, Data},
    process::Server,
    requests::Case,
    table::Table,
};

pub fn print(contenders: &[Contender], data: &Data, options: &Options) -> Result<()> {
    let mut columns = vec!["thousand instructions a request"];
    columns.extend(contenders.iter().map(|contender| contender.name));
    let mut table = Table::new(&columns);
    for case in options.cases() {
        let mut row = vec![case.name.to_owned()];
        for contender in contenders {
            row.push(format!(
                "{:.1}",
                of_one(contender, data, &case, options)? / 1000.0
            ));
        }
        eprintln!("{}", row.join("  "));
        table.row(row);
    }
    println!("{table}");
    Ok(())
}

/// The difference of two runs, so that what the start costs drops out.
fn of_one(contender: &Contender, data: &Data, case: &Case, options: &Options) -> Result<f64> {
    let (few, many) = match (options.quick, case.weight) {
        (true, 40..) => (4, 12),
        (true, _) => (20, 70),
        (false, 40..) => (10, 40),
        (false, _) => (50, 250),
    };
    // Caches and connections are filled by the first few.
    let first = counted(contender, &data.copy(contender.name)?, case, few)?;
    let both = counted(contender, &data.copy(contender.name)?, case, many)?;
    Ok((both - first) / f64::from(many - few))
}

fn counted(contender: &Contender, copy: &Copy, case: &Case, times: u32) -> Result<f64> {
    let out = std::env::temp_dir().join(format!("tastyrs-bench-{}.callgrind", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(contender.program(copy.address.kind));
    arguments(&mut command, &copy.address, case.throttle_at, 1);
    let server = Server::start(command)?;
    let mut client = Client::connect(server.port)?;
    for number in 0..case.before {
        client.send(&case.request(number))?;
    }
    for number in 0..times {
        client.expect(&case.request(number), case.status)?;
    }
    server.stop()?;
    let text = std::fs::read_to_string(&out)?;
    let _ = std::fs::remove_file(&out);
    let total = text.lines().rev().find_map(|line| {
        line.strip_prefix("totals: ")
            .or_else(|| line.strip_prefix("summary: "))
    });
    Ok(total.ok_or("callgrind says no total")?.trim().parse()?)
}
