//! What takes minutes to show, in one table. `cargo run --release -- [NAME..]` runs all, or those that are named.

mod export;
mod flood;
mod kill9;
mod proofs;
mod recount;
mod redis;
mod slow;
mod table;
mod writers;

use table::Row;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A subject's name, and what runs it.
type Subject = (&'static str, fn() -> Outcome<Vec<Row>>);

const SUBJECTS: [Subject; 9] = [
    ("kill9", kill9::run),
    ("recount", recount::run),
    ("export", export::run),
    ("writers", writers::run),
    ("slow", slow::run),
    ("flood", flood::run),
    ("schedules", proofs::schedules),
    ("sequences", proofs::sequences),
    ("redis", redis::run),
];

fn main() -> Outcome<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // A server that a subject starts is this program, too.
    if arguments.first().is_some_and(|word| word == "serve") {
        return kill9::server::serve(&arguments.split_off(1));
    }
    if arguments.first().is_some_and(|word| word == redis::CLIENT) {
        return redis::client(&arguments.split_off(1));
    }
    if let Some(unknown) = arguments
        .iter()
        .find(|name| SUBJECTS.iter().all(|(known, _)| known != name))
    {
        let known = SUBJECTS.map(|(name, _)| name).join(", ");
        return Err(format!("there is no subject {unknown}, but: {known}").into());
    }
    let mut rows = Vec::new();
    for (name, run) in SUBJECTS {
        if arguments.is_empty() || arguments.iter().any(|asked| asked == name) {
            eprintln!("{name} ...");
            rows.extend(run()?);
        }
    }
    table::print(&rows);
    if rows.iter().all(Row::holds) {
        Ok(())
    } else {
        Err("not all of it held".into())
    }
}
