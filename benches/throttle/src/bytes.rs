//! Bytes a key.

use crate::{
    ALLOCATOR, Outcome,
    contenders::{Admit, Contender, Extensible, Governor, identifiers},
};

/// Prints what is allocated for each identifier after some calls of it; the allocator's own head of a block, 8 to 16
/// bytes, comes on top where each key has a block of its own, as a `String` has.
pub fn table(keys: &[usize]) -> Outcome<()> {
    println!(
        "{:>9} {:>5}  {:<38} {:>11} {:>13}",
        "keys", "calls", "", "bytes a key", "resident"
    );
    for &keys in keys {
        for calls in [1, 3, 4, 150] {
            if keys * calls > 20_000_000 {
                continue;
            }
            let identifiers = identifiers(keys);
            show::<Admit>(&identifiers, calls);
            show::<Governor>(&identifiers, calls);
            show::<Extensible>(&identifiers, calls);
        }
    }
    Ok(())
}

fn show<C: Contender>(identifiers: &[String], calls: usize) {
    let (before, resident_before) = (ALLOCATOR.allocated(), resident());
    let contender = C::new(identifiers.len());
    for identifier in identifiers {
        for _ in 0..calls {
            contender.call(identifier);
        }
    }
    let keys = identifiers.len();
    let bytes = (ALLOCATOR.allocated() - before) as f64 / keys as f64;
    let resident = resident().saturating_sub(resident_before) as f64 / keys as f64;
    println!(
        "{keys:>9} {calls:>5}  {:<38} {bytes:>11.1} {resident:>13.1}",
        C::NAME
    );
}

/// The bytes of memory that the process has from the system.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
