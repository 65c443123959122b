//! What becomes of the cost while the work grows: more rows, longer pages, more connections.

use crate::{
    Options, Result,
    contender::Contender,
    data::{Data, Kind},
    process::Server,
    requests::Case,
    table::{Table, micros},
    timing::{CONNECTIONS, median, rounds},
};

/// Prints a table for each way in which the work grows.
pub fn print(contenders: &[Contender], kind: Kind, options: &Options) -> Result<()> {
    rows(contenders, kind, options)?;
    let data = Data::make(kind, options.notes)?;
    pages(contenders, &data, options)?;
    connections(contenders, &data, options)
}

fn rows(contenders: &[Contender], kind: Kind, options: &Options) -> Result<()> {
    let cases = [
        Case::get("first page", "/api/v1/notes/?limit=20", 4),
        Case::get("page in the middle, by offset", "", 400),
        Case::get("detail", "/api/v1/notes/7/", 1),
        Case::get(
            "filter by a relation",
            "/api/v1/notes/?author__username=user7",
            100,
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
        let (copies, servers) = all(contenders, &data)?;
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
        drop((servers, copies));
    }
    println!("{table}");
    Ok(())
}

fn pages(contenders: &[Contender], data: &Data, options: &Options) -> Result<()> {
    let mut table = Table::new(&columns("objects on a page", contenders));
    let (_copies, servers) = all(contenders, data)?;
    for (limit, weight) in [(20, 4), (200, 40), (1_000, 200)] {
        let case = Case::get("page", "", weight).at(format!("/api/v1/notes/?limit={limit}"));
        let cells = cpu(&servers, &case, CONNECTIONS, options)?;
        table.row(row(&limit.to_string(), cells));
    }
    println!("{table}");
    Ok(())
}

fn connections(contenders: &[Contender], data: &Data, options: &Options) -> Result<()> {
    let mut table = Table::new(&columns("connections", contenders));
    let (_copies, servers) = all(contenders, data)?;
    let case = Case::get("list", "/api/v1/notes/?limit=20", 4);
    for connections in [1, 8, 64, 512] {
        let cells = cpu(&servers, &case, connections, options)?;
        table.row(row(&connections.to_string(), cells));
    }
    println!("{table}");
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

fn all(contenders: &[Contender], data: &Data) -> Result<(Vec<crate::data::Copy>, Vec<Server>)> {
    let mut started = (Vec::new(), Vec::new());
    for contender in contenders {
        let copy = data.copy(contender.name)?;
        started.1.push(contender.start(&copy, None, 2)?);
        started.0.push(copy);
    }
    Ok(started)
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
