//! Limits that processes share in a Redis of the test's own: how exact they are, and what becomes of them while it is
//! dead, frozen or slow.

mod exact;
mod faults;
mod server;

pub use exact::{CLIENT, client};

use crate::{Outcome, table::Row};

pub fn run() -> Outcome<Vec<Row>> {
    let mut rows = vec![exact::four_processes()?];
    rows.extend(faults::under_load()?);
    Ok(rows)
}
