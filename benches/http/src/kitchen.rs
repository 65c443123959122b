//! The example of 30 resources: its memory, and its start.

use std::process::Command;

use crate::{
    Result, contender,
    data::{Data, Kind},
    starts::Starts,
    table::Table,
};

pub fn print(kinds: &[Kind]) -> Result<()> {
    let mut columns = vec!["kitchen"];
    columns.extend(Starts::COLUMNS);
    let mut table = Table::new(&columns);
    for kind in kinds {
        let data = match Data::of_the_kitchen(*kind) {
            Ok(data) => data,
            Err(error) => {
                eprintln!("{kind}: left out, {error}");
                continue;
            }
        };
        let (program, on) = (contender::kitchen(), data.address());
        // It takes a file by its path, and has two workers of its own.
        let database = on.url.strip_prefix("sqlite://").unwrap_or(&on.url);
        let starts = Starts::of(|| {
            let mut command = Command::new(program.program(*kind));
            command.args(["--database", database]);
            command
        })?;
        let mut row = vec![kind.to_string()];
        row.extend(starts.cells());
        table.row(row);
    }
    println!("{table}");
    Ok(())
}
