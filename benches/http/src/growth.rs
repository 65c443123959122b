//! What becomes of the cost while the work grows: more rows, longer pages, more connections, more resources.
//!
//! Nobody writes, so all servers read one database.

use crate::{
    Options, Result,
    contender::{self, Contender},
    data::{Address, Data, Kind},
    process::Server,
    requests::Case,
    starts::Starts,
    table::{Table, micros},
    timing::{CONNECTIONS, median, rounds},
};

/// Prints a table for each way in which the work grows.
pub fn print(contenders: &[Contender], kind: Kind, options: &Options) -> Result<()> {
    println!("Microseconds of CPU a request, and in brackets requests a second beside tastyrs.\n");
    rows(contenders, kind, options)?;
    let data = Data::make(kind, options.notes)?;
    let on = data.address();
    pages(contenders, &on, options)?;
    connections(contenders, &on, options)?;
    resources(contenders, &on, options)
}

fn rows(contenders: &[Contender], kind: Kind, options: &Options) -> Result<()> {
    let cases = [
        Case::get("first page", "/api/v1/notes/?limit=20", 4),
        Case::get("page in the middle, by offset", "", 4),
        Case::get("detail", "/api/v1/notes/7/", 1),
        Case::get(
            "filter by a relation",
            "/api/v1/notes/?author__username=user7",
            4,
        ),
    ];
    // The servers by hand have no such pages.
    let behind = Case::get("page in the middle, by `after`", "", 4);
    let mut table = Table::new(&columns("rows", contenders));
    for notes in if options.quick {
        &[1_000, 100_000][..]
    } else {
        &[1_000, 100_000, 1_000_000]
    } {
        let data = Data::make(kind, *notes)?;
        let servers = all(contenders, &data.address())?;
        for case in &cases {
            let case = match case.name {
                "page in the middle, by offset" => {
                    case.at(format!("/api/v1/notes/?limit=20&offset={}", notes / 2))
                }
                _ => case.clone(),
            };
            let cells = cpu(&servers, &case, CONNECTIONS, options)?;
            table.row(row(&format!("{notes}, {}", case.name), cells));
        }
        let case = behind.at(format!("/api/v1/notes/?limit=20&after={}", notes / 2));
        let mut cells = cpu(&servers[..1], &case, CONNECTIONS, options)?;
        cells.resize(contenders.len(), String::new());
        table.row(row(&format!("{notes}, {}", behind.name), cells));
    }
    println!("{table}");
    Ok(())
}

fn pages(contenders: &[Contender], on: &Address, options: &Options) -> Result<()> {
    let mut table = Table::new(&columns("objects on a page", contenders));
    let servers = all(contenders, on)?;
    for limit in [20, 200, 1_000] {
        let case = Case::get("page", "", 4).at(format!("/api/v1/notes/?limit={limit}"));
        let cells = cpu(&servers, &case, CONNECTIONS, options)?;
        table.row(row(&limit.to_string(), cells));
    }
    println!("{table}");
    Ok(())
}

fn connections(contenders: &[Contender], on: &Address, options: &Options) -> Result<()> {
    let mut table = Table::new(&columns("connections", contenders));
    let servers = all(contenders, on)?;
    let case = Case::get("list", "/api/v1/notes/?limit=20", 4);
    for connections in [1, 8, 64, 512] {
        let cells = cpu(&servers, &case, connections, options)?;
        table.row(row(&connections.to_string(), cells));
    }
    println!("{table}");
    Ok(())
}

/// The servers by hand have the addresses of so many resources, and one set of handlers for all.
fn resources(contenders: &[Contender], on: &Address, options: &Options) -> Result<()> {
    let many = contender::many();
    if !many.program(on.kind).exists() {
        eprintln!(
            "resources: left out, {} was never built",
            many.program(on.kind).display()
        );
        return Ok(());
    }
    let mut contenders = contenders.to_vec();
    contenders[0] = many;
    let mut costs = Table::new(&columns("resources", &contenders));
    let mut of_starts = vec!["resources", "server"];
    of_starts.extend(Starts::COLUMNS);
    let mut of_starts = Table::new(&of_starts);
    for resources in [1, 10, 100] {
        let command = |contender: &Contender| {
            let mut command = contender.command(on, 2);
            command.args(["--resources", &resources.to_string()]);
            command
        };
        for contender in &contenders {
            let starts = Starts::of(|| command(contender))?;
            let first = [resources.to_string(), contender.name.to_owned()];
            of_starts.row(first.into_iter().chain(starts.cells()).collect());
        }
        let servers = contenders.iter().map(|one| Server::start(command(one)));
        let servers: Vec<Server> = servers.collect::<Result<_>>()?;
        let mut cases = vec![
            Case::get("list of 20", "/api/v1/notes/?limit=20", 4),
            Case::get("detail", "/api/v1/notes/7/", 1),
        ];
        if resources > 1 {
            let last = Case::get("detail of the last", "", 1);
            cases.push(last.at(format!("/api/v1/notes{}/7/", resources - 1)));
        }
        for case in cases {
            let cells = cpu(&servers, &case, CONNECTIONS, options)?;
            costs.row(row(&format!("{resources}, {}", case.name), cells));
        }
    }
    println!("{costs}\n{of_starts}");
    Ok(())
}

fn columns<'c>(first: &'c str, contenders: &'c [Contender]) -> Vec<&'c str> {
    let names = contenders.iter().map(|contender| contender.name);
    std::iter::once(first).chain(names).collect()
}

fn row(first: &str, cells: Vec<String>) -> Vec<String> {
    let row: Vec<String> = std::iter::once(first.to_owned()).chain(cells).collect();
    eprintln!("{}", row.join("  "));
    row
}

fn all(contenders: &[Contender], on: &Address) -> Result<Vec<Server>> {
    let started = contenders.iter().map(|one| one.start(on, None, 2));
    started.collect()
}

/// Microseconds of CPU a request, and for all but the first how many requests a second they answer beside it.
fn cpu(
    servers: &[Server],
    case: &Case,
    connections: u32,
    options: &Options,
) -> Result<Vec<String>> {
    let rounds = rounds(servers, case, connections, options)?;
    let cells = rounds.iter().enumerate().map(|(place, of_one)| {
        let cpu = micros(median(of_one.iter().map(|round| round.cpu_micros)));
        if place == 0 {
            return cpu;
        }
        let beside = of_one.iter().zip(&rounds[0]);
        let rate = median(beside.map(|(round, ours)| round.per_second / ours.per_second));
        format!("{cpu} ({rate:.2})")
    });
    Ok(cells.collect())
}
