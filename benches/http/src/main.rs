//! tastyrs beside two servers that were written by hand for the same endpoints and the same bytes.
//!
//! ```sh
//! cargo run --release --manifest-path benches/http/Cargo.toml -- [--quick] [--sqlite] [--postgres] [--only WORD]
//!     [--notes N] [--no-build] [--no-times] [--no-instructions] [--growth] [--kitchen]
//! ```
//!
//! It builds the servers, makes the data, checks that all answer the same, measures, and prints tables in Markdown.

mod client;
mod contender;
mod counting;
mod data;
mod growth;
mod kitchen;
mod process;
mod requests;
mod starts;
mod table;
mod timing;

use std::error::Error;

use contender::Contender;
use data::{Data, Kind};
use requests::Case;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    quick: bool,
    kinds: Vec<Kind>,
    only: Option<String>,
    builds: bool,
    times: bool,
    instructions: bool,
    growth: bool,
    kitchen: bool,
    notes: u32,
}

impl Options {
    fn read() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let has = |name: &str| arguments.iter().any(|argument| argument == name);
        let value = |name: &str| {
            let place = arguments.iter().position(|argument| argument == name)?;
            arguments.get(place + 1).cloned()
        };
        let kinds = match (has("--sqlite"), has("--postgres")) {
            (true, false) => vec![Kind::Sqlite],
            (false, true) => vec![Kind::Postgres],
            _ => vec![Kind::Sqlite, Kind::Postgres],
        };
        Self {
            quick: has("--quick"),
            kinds,
            only: value("--only"),
            builds: !has("--no-build"),
            times: !has("--no-times"),
            instructions: !has("--no-instructions"),
            growth: has("--growth"),
            kitchen: has("--kitchen"),
            notes: value("--notes")
                .and_then(|notes| notes.parse().ok())
                .unwrap_or(10_000),
        }
    }

    fn cases(&self) -> Vec<Case> {
        let wanted = |case: &Case| match &self.only {
            Some(word) => case.name.contains(word.as_str()),
            None => true,
        };
        requests::all().into_iter().filter(wanted).collect()
    }
}

fn main() -> Result<()> {
    let options = Options::read();
    if options.kitchen {
        if options.builds {
            contender::build_kitchen(&options.kinds)?;
        }
        return kitchen::print(&options.kinds);
    }
    if options.builds {
        contender::build(&options.kinds)?;
        if options.growth {
            contender::build_many(&options.kinds)?;
        }
    }
    let all = contender::built();
    for kind in &options.kinds {
        let contenders: Vec<_> = all
            .iter()
            .filter(|one| one.program(*kind).exists())
            .cloned()
            .collect();
        if options.growth {
            println!("\n## {kind}, growing\n");
            growth::print(&contenders, *kind, &options)?;
            continue;
        }
        let data = match Data::make(*kind, options.notes) {
            Ok(data) => data,
            Err(error) => {
                eprintln!("{kind}: left out, {error}");
                continue;
            }
        };
        check(&contenders, &data, &options)?;
        println!("\n## {kind}, {} notes\n", options.notes);
        if options.instructions && *kind == Kind::Sqlite {
            counting::print(&contenders, &data, &options)?;
        }
        if options.times {
            timing::print(&contenders, &data, &options)?;
        }
    }
    Ok(())
}

/// That all answer each request alike.
fn check(contenders: &[Contender], data: &Data, options: &Options) -> Result<()> {
    for case in options.cases() {
        let mut first = None;
        for contender in contenders {
            let copy = data.copy(contender.name)?;
            let server = contender.start(&copy.address, case.throttle_at, 1)?;
            let mut client = client::Client::connect(server.port)?;
            for _ in 0..case.before {
                client.send(&case.request(0))?;
            }
            let answer = client.send(&case.request(0))?;
            // What says where it was sent to differs by the port.
            let answer = answer.in_words(server.port, case.name == "refused");
            match &first {
                None => first = Some(answer),
                Some(wanted) if *wanted != answer => {
                    return Err(format!(
                        "{kind}, {}: {} answers otherwise\n{wanted}\n{answer}",
                        case.name,
                        contender.name,
                        kind = data.kind,
                    )
                    .into());
                }
                Some(_) => {}
            }
        }
    }
    eprintln!("{}: all answer alike", data.kind);
    Ok(())
}
